"""Pictures of mails in a real browser: black lines on nothing are seen in the dark, too."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PIL import Image as Drawing
from PIL import ImageDraw

from browser import needs_browser, open_page
from digest.model import Image, KeptPicture, Section
from digest.render import Gallery, Layout, Links
from digest.settings import Brand, Newsletter
from make import make_edition, make_item, make_story
from painted import octets, paint, seen

pytestmark = needs_browser

LayOut = Callable[..., Layout]
_AT = "https://pictures.example/chart.png"


def _chart() -> Drawing.Image:
    """A black frame, and nothing in it."""
    chart = Drawing.new("RGBA", (600, 300), (0, 0, 0, 0))
    ImageDraw.Draw(chart).rectangle((100, 50, 500, 250), outline=(0, 0, 0, 255), width=8)
    return chart


def _mail(
    lay_out: LayOut, daily: Newsletter, links: Links, folder: Path, file: str, theme: str
) -> Path:
    kept = KeptPicture(
        source_url=_AT, file=file, media_type="image/png", width=600, height=300, size=300
    )
    item = make_item(image=Image(url=_AT, alt="Turnout, by year"))
    layout = lay_out(
        make_edition(Section(slug="a", title="A", stories=(make_story(item),))),
        newsletter=daily.model_copy(update={"theme": theme}),
        gallery=Gallery(show="hosted", kept={_AT: kept}),
    )
    page = folder / "mail.html"
    page.write_text(layout.html.replace(links.picture_url(""), ""), encoding="utf-8")
    return page


async def _look(file: Path) -> tuple[Drawing.Image, Any]:
    """The first picture as a dark screen shows it, and how its words would look."""
    async with open_page(800, "dark") as (page, _):
        await page.goto(file.as_uri())
        picture = page.locator("img").first
        style = await picture.evaluate(
            "e => ((s) => [s.color, s.backgroundColor,"
            " parseFloat(s.lineHeight) / parseFloat(s.fontSize)])(getComputedStyle(e))"
        )
        return seen(await picture.screenshot()).convert("RGB"), style


def _rgb(colour: str) -> tuple[int, ...]:
    return tuple(bytes.fromhex(colour.removeprefix("#")))


@pytest.mark.parametrize("theme", ["newspaper", "plain"])
async def test_a_transparent_picture_stands_on_a_light_plate(
    lay_out: LayOut, daily: Newsletter, links: Links, tmp_path: Path, theme: str
) -> None:
    (tmp_path / "chart.png").write_bytes(octets(_chart(), "PNG"))
    shown, (colour, _, _) = await _look(_mail(lay_out, daily, links, tmp_path, "chart.png", theme))
    light = Brand().palette(daily.accent).light
    middle = (shown.width // 2, shown.height // 2)
    assert shown.getpixel(middle) == _rgb(light.paper)
    assert any(shown.convert("L").histogram()[:30])
    # Where it is not loaded, its words stand on the plate.
    assert colour == f"rgb{_rgb(light.quiet)}"


async def test_a_photograph_has_no_plate_that_would_shine_where_it_is_not_loaded(
    lay_out: LayOut, daily: Newsletter, links: Links, tmp_path: Path
) -> None:
    (tmp_path / "quay.jpg").write_bytes(octets(paint(600, 300)))
    file = _mail(lay_out, daily, links, tmp_path, "quay.jpg", "newspaper")
    _, (colour, ground, spacing) = await _look(file)
    assert ground == "rgba(0, 0, 0, 0)"
    assert colour == f"rgb{_rgb(Brand().palette(daily.accent).dark.quiet)}"
    # Its words, where it is not loaded, do not touch each other.
    assert spacing >= 1.4
