"""Colours are checked before anybody has to read them."""

import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from digest.errors import ConfigError
from digest.settings import Brand, load
from digest.settings.colours import TEXT_CONTRAST, contrast, legible, palette

COLOUR = st.integers(0, 0xFFFFFF).map(lambda number: f"#{number:06x}")


def test_contrast_is_that_of_the_standard() -> None:
    assert contrast("#000000", "#ffffff") == 21
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)
    assert contrast("#767676", "#ffffff") == pytest.approx(4.54, abs=0.01)


@settings(max_examples=40)
@given(COLOUR, COLOUR)
def test_a_colour_can_be_made_legible_on_any_ground(colour: str, ground: str) -> None:
    assert contrast(legible(colour, ground) or ground, ground) >= TEXT_CONTRAST


def test_on_grounds_too_far_apart_nothing_is_legible() -> None:
    assert legible("#ffffff", "#111111", "#f1eee6") is None
    assert legible("#9b1d20", "#fffefb", "#000000") is None


@settings(max_examples=40)
@given(COLOUR)
def test_every_accent_is_legible_in_the_dark(accent: str) -> None:
    dark = palette(accent=accent, ink="#000000", paper="#ffffff", ground="#f0f0f0").dark
    for text in (dark.accent, dark.quiet, dark.body, dark.ink):
        assert min(contrast(text, dark.paper), contrast(text, dark.ground)) >= TEXT_CONTRAST


def test_quiet_words_are_legible_on_both_grounds() -> None:
    light = Brand().palette().light
    for text in (light.accent, light.quiet, light.body, light.ink):
        assert min(contrast(text, light.paper), contrast(text, light.ground)) >= TEXT_CONTRAST


@pytest.mark.parametrize("fonts", ["url(x)", "a;b", "", '"x"', "</style>"])
def test_fonts_are_names_and_nothing_else(fonts: str) -> None:
    with pytest.raises(ValidationError):
        Brand(text_font=fonts)


def loaded(tmp_path: Path, text: str) -> ConfigError:
    path = tmp_path / "config.toml"
    path.write_text(text + '\n[[newsletters]]\nslug = "daily"\ntitle = "The Daily"\n')
    with pytest.raises(ConfigError) as caught:
        load(path, environ={})
    return caught.value


def test_the_fault_names_the_table_and_its_line(tmp_path: Path) -> None:
    error = loaded(tmp_path, '[brand]\naccent = "#ffee99"')
    assert "line 2: brand.accent is hard to read on #f1eee6: a contrast of 1.0" in str(error)
    assert re.search(r"4\.5 is needed; #[0-9a-f]{6} would do", str(error))


def test_a_colour_that_is_none_is_a_fault(tmp_path: Path) -> None:
    told = str(loaded(tmp_path, '[brand]\nink = "black"'))
    assert told.endswith('brand.ink wants a colour such as "#9b1d20"; it is "black"')


@pytest.mark.parametrize(
    "given",
    [
        {"paper": "#111111", "ink": "#ffffff"},
        {"ground": "#000000"},
        {"paper": "#000000", "ground": "#ffffff"},
        {"paper": "#767676"},
        {"paper": "#ffe0e0", "ground": "#301010", "accent": "#ff0000"},
    ],
    ids=str,
)
def test_whoever_does_what_the_faults_say_has_colours_that_are_taken(
    tmp_path: Path, given: dict[str, str]
) -> None:
    path, brand = tmp_path / "config.toml", dict(given)
    for _ in range(3):
        lines = "\n".join(f'{name} = "{colour}"' for name, colour in brand.items())
        path.write_text(f'[brand]\n{lines}\n[[newsletters]]\nslug = "daily"\ntitle = "D"\n')
        try:
            load(path, environ={})
            return
        except ConfigError as error:
            for fault in error.faults:
                advice = re.search(
                    r"brand\.(\w+) .*(?:change ground, to \"(#\w{6})\"|; (#\w{6}) would)", fault
                )
                assert advice, fault
                brand[advice[1]] = advice[2] or advice[3]
    pytest.fail(f"it goes on: {brand}")


def test_of_grounds_too_far_apart_only_that_is_said(tmp_path: Path) -> None:
    error = loaded(tmp_path, '[brand]\npaper = "#111111"\nink = "#ffffff"')
    (told,) = error.faults
    assert 'brand.ground is too far from paper, which is "#111111"' in told


def test_a_newsletters_own_accent_must_read_on_the_brands_paper(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_text('[[newsletters]]\nslug = "daily"\ntitle = "The Daily"\naccent = "#ffee99"\n')
    with pytest.raises(ConfigError, match=r"newsletters\[0\].accent is hard to read"):
        load(path, environ={})
