import random

import numpy as np
import pytest

from digest.editorial.space import WINDOW_H, near_pairs, weigh
from digest.editorial.text import Reading, read
from make import make_item

WORDS = [
    f"{a}{b}" for a in ("har", "kel", "mor", "pan", "sul") for b in ("bor", "den", "fin", "gat")
]


def readings(number: int, seed: int) -> list[Reading]:
    dice = random.Random(seed)
    made = []
    for n in range(number):
        words = dice.choices(WORDS, k=30) + [f"rare{dice.randrange(number)}" for _ in range(6)]
        text = " ".join(words)
        made.append(make_item(" ".join(words[:6]), text, hours=dice.uniform(0, 90), id=str(n)))
    return [read(item) for item in made]


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("cut", [0.13, 0.4])
@pytest.mark.parametrize("many", [0, 50_000])
def test_near_pairs_are_those_of_the_whole_matrix(seed: int, cut: float, many: int) -> None:
    space = weigh(readings(40, seed))
    likeness = np.triu((space.matrix @ space.matrix.T).toarray().round(9), k=1)
    apart = np.abs(space.hours[:, None] - space.hours[None, :])
    wanted = np.argwhere((likeness >= cut) & (apart <= WINDOW_H)).tolist()
    told = near_pairs(space, range(40), cut, rows_at_once=7, many_pairs=many)
    found = {(min(i, j), max(i, j)): cosine for i, j, cosine in told}
    assert found.keys() == {(i, j) for i, j in wanted}
    assert all(cosine == pytest.approx(likeness[pair]) for pair, cosine in found.items())


def test_only_the_rows_named_are_compared() -> None:
    space = weigh(readings(20, 1))
    assert {row for i, j, _ in near_pairs(space, [3, 5, 8], 0.0) for row in (i, j)} <= {3, 5, 8}


def test_every_row_has_length_one_or_no_words() -> None:
    space = weigh([*readings(5, 2), read(make_item("…", ""))])
    lengths = np.sqrt(space.matrix.multiply(space.matrix).sum(axis=1)).A1
    assert lengths.round(9).tolist() == [1, 1, 1, 1, 1, 0]


def test_headlines_weigh_more_than_text_and_names_more_than_other_words() -> None:
    sale = read(make_item("Sale of wood", "a buoy and the Orrin quay"))
    for other, told in (("Sale at noon", "Buoy off at noon"), ("In Orrin", "On the quay")):
        more, less = (read(make_item(title, "nothing else is known")) for title in (other, told))
        likeness = weigh([sale, more, less]).likeness([0], [1, 2])[0]
        assert likeness[0] > likeness[1] > 0


def test_of_a_feed_of_one_mould_only_the_nearest_are_told() -> None:
    space = weigh(readings(30, 3))
    every = list(near_pairs(space, range(30), 0.05))
    few = list(near_pairs(space, range(30), 0.05, most_near=2))
    firsts = [one for one, *_ in few]
    assert max(map(firsts.count, firsts)) == 2 < len(every) / 30
    assert set(few) < set(every)
