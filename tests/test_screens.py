"""A real browser takes pictures of pages; it fetches nothing, and a broken one is an error."""

from pathlib import Path

import pytest
from PIL import Image

from digest.errors import BrowserError
from digest.screens import Shot, find_browser, photograph

PAGE = """<!doctype html><meta name="viewport" content="width=device-width"><style>
body { margin: 0; background: #ffffff; height: 3000px }
@media (prefers-color-scheme: dark) { body { background: #101010 } }
</style><img src="https://pictures.example/a.png" alt="">"""


def no_browser() -> Path:
    browser = find_browser()
    if browser is None:
        pytest.skip("no Chromium is installed here")
    return browser


def test_a_page_is_taken_whole_in_light_and_dark(tmp_path: Path) -> None:
    browser = no_browser()
    page = tmp_path / "page.html"
    page.write_text(PAGE)
    shots = [
        Shot(page=page, width=375, dark=dark, into=tmp_path / f"{dark}.png")
        for dark in (False, True)
    ]
    photograph(browser, shots)
    light, dark = (Image.open(shot.into).convert("RGB") for shot in shots)
    assert light.size == dark.size == (375, 3000)
    assert light.getpixel((300, 2900)) == (255, 255, 255)
    assert dark.getpixel((300, 2900)) == (16, 16, 16)


def test_a_browser_that_is_none_is_an_error(tmp_path: Path) -> None:
    shot = Shot(page=tmp_path / "page.html", width=375, dark=False, into=tmp_path / "a.png")
    with pytest.raises(BrowserError, match="does not start"):
        photograph(tmp_path / "nothing", [shot])
    false = Path("/bin/false")
    with pytest.raises(BrowserError, match="has died"):
        photograph(false, [shot])


def test_a_browser_that_says_nothing_is_given_up(tmp_path: Path) -> None:
    silent = tmp_path / "browser"
    silent.write_text("#!/bin/sh\nexec sleep 60\n")
    silent.chmod(0o755)
    shot = Shot(page=tmp_path / "page.html", width=375, dark=False, into=tmp_path / "a.png")
    with pytest.raises(BrowserError, match="too long"):
        photograph(silent, [shot], timeout_s=0.5)
