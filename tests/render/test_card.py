"""The card of a newsletter: its title where it can be written, its colours always."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from digest.render.cards import card, icon
from digest.render.frame import CARD_HEIGHT as HEIGHT
from digest.render.frame import CARD_WIDTH as WIDTH
from painted import seen

INK = (29, 27, 24)


def drawn(title: str, *, accent: str = "#9b1d20") -> Image.Image:
    octets = card(title, accent=accent, paper="#fffefb", ink="#1d1b18")
    assert len(octets) < 60_000
    return seen(octets).convert("RGB")


def inked(image: Image.Image) -> int:
    """Pixels of the title's ink above the sheet's own lines."""
    upper = image.crop((0, 40, WIDTH, 190))
    found = {colour: number for number, colour in upper.getcolors(100_000) or ()}
    return found.get(INK, 0)


def test_a_card_has_the_size_and_the_colours_that_were_asked_for() -> None:
    image = drawn("The Sallow Coast Morning", accent="#1d5a9b")
    assert image.size == (WIDTH, HEIGHT) == (1200, 630)
    assert image.getpixel((600, 5)) == (0x1D, 0x5A, 0x9B)
    assert image.getpixel((20, 100)) == (0xFF, 0xFE, 0xFB)


def test_a_title_is_written() -> None:
    assert inked(drawn("The Sallow Coast Morning")) > 2_000


@pytest.mark.parametrize("title", ["Морський ранок", "صباح الساحل", "海岸の朝", "Łódź", "", " "])
def test_a_title_in_letters_that_the_font_has_not_is_left_out(title: str) -> None:
    assert drawn(title).tobytes() == drawn("").tobytes()
    assert inked(drawn(title)) == 0


def test_the_same_title_gives_the_same_octets() -> None:
    colours = {"accent": "#9b1d20", "paper": "#fffefb", "ink": "#1d1b18"}
    first = card("The Daily", **colours)
    card.cache_clear()
    assert card("The Daily", **colours) == first


@settings(max_examples=15, deadline=None)
@given(title=st.text(st.characters(codec="utf-8"), max_size=200) | st.text("WMil. ", max_size=300))
def test_whatever_the_title_there_is_a_card_within_its_margins(title: str) -> None:
    image = drawn(title)
    paper = (0xFF, 0xFE, 0xFB)
    for edge in ((0, 40, 80, 600), (1125, 40, 1200, 600)):
        assert [colour for _, colour in image.crop(edge).getcolors() or ()] == [paper]


def test_an_icon_is_a_square_in_the_brands_colours() -> None:
    image = seen(icon("#9b1d20", "#fffefb")).convert("RGB")
    assert image.size == (512, 512)
    assert image.getpixel((5, 5)) == (0x9B, 0x1D, 0x20)
    assert icon("#9b1d20", "#fffefb") == icon("#9b1d20", "#fffefb")
