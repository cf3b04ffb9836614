from digest.editorial.bundles import bundles
from digest.editorial.passages import passages
from digest.editorial.text import tokens
from digest.model import Block, BlockKind
from make import make_item


def together(*sentences: str, title: str = "Fog at sea", as_it_opens: bool = False) -> list[object]:
    found = passages(make_item(title, blocks=tuple(Block(text=text) for text in sentences)))
    assert [one.text for one in found] == list(sentences)
    return list(bundles(found, tokens(title), as_it_opens=as_it_opens))


NAMED = "The town sent for harbour master Edda Quill at dawn on Sunday."
PLAIN = "Buses go around the bay until the channel is open again."


def test_he_comes_with_whoever_he_is() -> None:
    chain = together(NAMED, "She closed the channel at once for a week.", PLAIN)
    assert chain == [(0,), (0, 1), (2,)]


def test_a_chain_too_long_is_never_shown() -> None:
    chain = together(NAMED, *[f"She closed channel number {n} after that." for n in range(5)])
    assert chain[-1] is None


def test_a_surname_comes_with_the_sentence_that_introduces_it() -> None:
    assert together(NAMED, PLAIN, "Buses are cheap, Quill told the council.")[2] == (0, 2)


def test_a_surname_in_the_headline_needs_no_introduction() -> None:
    told = together(NAMED, PLAIN, "Buses are cheap, Quill told the council.", title="Quill is mild")
    assert told[2] == (2,)


def test_a_name_first_met_alone_needs_no_introduction() -> None:
    assert together("Orrin has four ferries and a bus.", PLAIN, "Orrin Council met twice today.")[
        2
    ] == (2,)


def test_the_ship_comes_with_the_sentence_that_told_of_it_first() -> None:
    told = together(
        "A small ship struck a rock near Orrin.", PLAIN, "The ship sank within an hour."
    )
    assert told[2] == (0, 2)


def test_the_police_need_no_sentence_before_them() -> None:
    assert together(NAMED, PLAIN, "The police closed two roads for an hour.")[2] == (2,)


def test_what_somebody_says_answers_to_what_stands_before_it() -> None:
    told = together(
        NAMED, PLAIN, "“Nobody will walk home in the fog tonight,” said driver Tove Lind."
    )
    assert told[2] == (1, 2)


def test_a_quotation_without_a_speaker_is_never_shown_alone() -> None:
    told = together(PLAIN, "“Nobody will walk home in the fog tonight, not one of us.”")
    assert told[1] is None


def test_a_set_off_quotation_comes_with_who_speaks() -> None:
    quoted = Block(kind=BlockKind.QUOTATION, text="Nobody will walk home in the fog tonight.")
    item = make_item(blocks=(Block(text="Driver Tove Lind said on Sunday:"), quoted))
    found = passages(item)
    assert bundles(found, [])[1] in (None, (0, 1))


def test_what_opens_an_item_may_lean_when_nothing_else_can_be_told() -> None:
    opening = "It was the fog that put the ferry on the bank."
    assert together(opening, PLAIN)[0] is None
    assert together(opening, PLAIN, as_it_opens=True)[0] == (0,)
