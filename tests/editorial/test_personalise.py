import pytest

from digest.editorial import pick
from digest.model import Picks, Section
from make import make_edition, make_story, make_subscriber

SECTIONS = tuple(
    Section(slug=slug, title=slug.title(), stories=(make_story(),))
    for slug in ("sea", "sport", "money")
)


@pytest.mark.parametrize(
    ("chosen", "expected"),
    [
        ((), ("sea", "sport", "money")),
        (("money", "sea"), ("sea", "money")),
        (("sport", "gone"), ("sport",)),
        (("gone",), ()),
    ],
)
def test_a_reader_gets_the_chosen_sections_in_the_editions_order(
    chosen: tuple[str, ...], expected: tuple[str, ...]
) -> None:
    picks = pick(make_edition(*SECTIONS), make_subscriber(sections=chosen))
    assert picks == Picks(sections=expected, briefs=True)


def test_equal_choices_give_equal_picks() -> None:
    made = make_edition(*SECTIONS)
    one = pick(made, make_subscriber(1, sections=("sea", "sport")))
    assert one == pick(made, make_subscriber(2, sections=("sport", "sea", "gone")))
