import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from digest.editorial.passages import Passage, Place, passages
from digest.editorial.text import fold_space
from digest.model import Block, BlockKind
from make import make_item


def passage(text: str, language: str = "en") -> Passage:
    place = Place(item_id="i", start=0, end=len(text), block=BlockKind.PARAGRAPH)
    return Passage(place, text, language)


def texts(*blocks: str, language: str = "en") -> list[str]:
    item = make_item(blocks=tuple(Block(text=text) for text in blocks), language=language)
    return [found.text for found in passages(item)]


@pytest.mark.parametrize(
    "text",
    [
        "However, the ferry went back to Lower Quay that night.",
        "In a letter pinned up on the quay it promises free rides.",
        "A cousin of the pilot of Lower Quay, he has sailed since 1990.",
        "Vesmark has ordered 46 of them from the yard at Orrin.",
        "Nobody on the quay could believe it.",
        "According to him the tide was high.",
        "On Monday he put the chart away.",
        "By Sunday noon his team had counted nine seals.",
        "The court acquitted his superior at the yard.",
        "The pilots, however, stayed on the quay at Orrin.",
        "Captain Nils Arden had seen it too, he said.",
    ],
)
def test_what_points_to_somebody_unnamed_leans(text: str) -> None:
    assert passage(text).leans


@pytest.mark.parametrize(
    "text",
    [
        "After Captain Arden left the bridge, he called the harbour.",
        "Harbour master Edda Quill says she will close the channel.",
        "In the fog the pilot did not see that it was low tide at the quay.",
        "There were four ferries at the quay when the fog came.",
        "A pilot from Orrin has lost his chart in the fog.",
        "The ferry ran aground because it was foggy at the quay.",
    ],
)
def test_what_names_whom_it_means_does_not_lean(text: str) -> None:
    assert not passage(text).leans


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("Er will im Mai wieder fahren, sagte der Kapitän.", "de"),
        ("Il veut repartir au mois de mai avec le bac.", "fr"),
        ("Він хоче знову вийти в море у травні.", "uk"),
        ("Pero el barco no salió del puerto ese día.", "es"),
        ("Tuttavia il traghetto non ha lasciato il porto.", "it"),
        ("Jednak prom nie wypłynął tego dnia z portu.", "pl"),
    ],
)
def test_every_language_has_openings_that_lean(text: str, language: str) -> None:
    assert passage(text, language).leans


@pytest.mark.parametrize(
    "text",
    [
        "Overall: 1. Arden 17:22:40; 2.",
        "The ferry ran and ran and ran…",
        "Odd “mark in the fog here.",
    ],
)
def test_a_piece_of_a_sentence_is_not_whole(text: str) -> None:
    assert not passage(text).is_whole


def test_words_inside_an_unclosed_quotation_are_nobodys_sentence() -> None:
    item = make_item(
        blocks=(
            Block(text="“The fog came in at noon. Nobody saw the bank until it was too late."),
            Block(text="“Then the tug came for all of us,” said Captain Nils Arden."),
        )
    )
    assert [found.is_whole for found in passages(item)] == [False, False, True]


def test_pages_words_and_subheads_are_left_out() -> None:
    item = make_item(
        blocks=(
            Block(text="Read also: the other ferry"),
            Block(kind=BlockKind.SUBHEAD, text="What the pilot saw."),
            Block(text="The ferry left. Photo: Ida Berg / Coast Pictures"),
        )
    )
    assert [found.text for found in passages(item)] == ["The ferry left."]


@pytest.mark.parametrize(
    ("dateline", "language"),
    [
        ("LOWER QUAY, May 17 (Coast Wire) — ", "en"),
        ("LOWER QUAY — ", "en"),
        ("Orrin (kpa) - ", "de"),
        ("مرسى تل (خارون) 14 مايو (وكالة الساحل) – ", "ar"),
    ],
)
def test_a_dateline_is_no_part_of_its_sentence(dateline: str, language: str) -> None:
    text = "Die Fähre fährt wieder nach Lower Quay."
    assert texts(dateline + text, language=language) == [text]


def test_only_as_many_as_asked_for_are_read() -> None:
    item = make_item(text=" ".join(f"The ferry ran on day {n}." for n in range(500)))
    assert len(passages(item, 7)) == 7


@settings(max_examples=40)
@given(st.lists(st.text(max_size=80), max_size=6))
def test_a_passage_is_where_it_says(blocks: list[str]) -> None:
    item = make_item(blocks=tuple(Block(text=text) for text in blocks))
    last = 0
    for found in passages(item):
        assert found.place.start >= last
        assert fold_space(item.text[found.place.start : found.place.end]) == found.text
        last = found.place.end
