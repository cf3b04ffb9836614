"""Pages in a real browser: what has room, where things stand, and what a printer makes of it."""

import asyncio
from collections.abc import Callable

import pytest
from playwright.async_api import Page, Route

from browser import needs_browser, open_page
from digest.model import Edition, Image, Section, Story
from digest.render.pages import edition_page, story_pages
from digest.render.press import Press
from digest.render.shelves import Front, Line, front_page, year_page
from digest.settings import Newsletter
from make import MORNING, make_edition, make_item, make_story
from painted import octets, paint
from public_page import SITE, told

pytestmark = needs_browser

#: More than `parts.html` takes for few words.
LONG = "The council voted late on Sunday, and two boats are to run from October. " * 7
COMPOUND = "Küstenkreisnachrichtenüberblick"
PICTURE = Image(
    url="https://pictures.example/ferry.jpg",
    alt="A ferry",
    caption="At noon",
    width=960,
    height=640,
)


def edition_of(*stories: Story, **fields: str) -> Edition:
    return make_edition(Section(slug="sea", title="At sea", stories=stories), **fields)


def long_story(n: int = 1, image: Image | None = None, **fields: str) -> Story:
    return make_story(make_item(f"Ferry runs again {n}", LONG, image=image), **fields)


@pytest.fixture
def page_of(press: Press, daily: Newsletter) -> Callable[[Edition], str]:
    """The edition's page."""
    return lambda edition: edition_page(told(edition, press), press=press, newsletter=daily)


async def visit(page: Page, text: str, *, held: asyncio.Event | None = None) -> None:
    """Show *text* as a page of the site; its pictures come once *held* is set."""

    async def answer(route: Route) -> None:
        if "pictures" not in route.request.url:
            await route.fulfill(body=text, content_type="text/html; charset=utf-8")
            return
        if held is not None:
            await held.wait()
        await route.fulfill(body=octets(paint(960, 640)), content_type="image/jpeg")

    await page.route("**/*", answer)
    await page.goto(f"{SITE}/page/", wait_until="domcontentloaded" if held else "load")


#: Words of headings that are torn over two lines.
TORN = """() => [...document.querySelectorAll('h1, h2, h3, .small-plate')].flatMap(heading => {
    const torn = [], texts = document.createTreeWalker(heading, NodeFilter.SHOW_TEXT);
    while (texts.nextNode())
        for (const word of texts.currentNode.data.matchAll(/\\S+/g)) {
            const range = document.createRange();
            range.setStart(texts.currentNode, word.index);
            range.setEnd(texts.currentNode, word.index + word[0].length);
            const tops = new Set([...range.getClientRects()].map(one => Math.round(one.top)));
            if (tops.size > 1) torn.push(word[0]);
        }
    return torn;
})"""


async def test_no_word_of_a_heading_is_torn(press: Press, daily: Newsletter) -> None:
    stories = [make_story(make_item(f"{COMPOUND} {n}", LONG)) for n in range(4)]
    edition = edition_of(*stories, title=COMPOUND)
    named = daily.model_copy(update={"title": COMPOUND})
    shown = told(edition, press)
    front = Front(newsletter=named, latest=shown, lines=())
    other = Front(newsletter=daily, latest=told(edition_of(long_story()), press), lines=())
    pages = [
        edition_page(shown, press=press, newsletter=named),
        next(story_pages(shown, press=press, newsletter=named))[1],
        front_page([front], press=press),
        front_page([front, other], press=press),
    ]
    wide = "document.documentElement.scrollWidth > document.documentElement.clientWidth"
    async with open_page(1280) as (page, _):
        for text in pages:
            await visit(page, text)
            for width in (1280, 800, 375):
                await page.set_viewport_size({"width": width, "height": 900})
                assert await page.evaluate(TORN) == []
                assert not await page.evaluate(wide)
            await page.unroute_all()


@pytest.mark.parametrize("width", [375, 1280])
async def test_nothing_moves_while_a_storys_picture_loads(
    press: Press, daily: Newsletter, width: int
) -> None:
    shown = told(edition_of(long_story(image=PICTURE)), press)
    ((_, text),) = story_pages(shown, press=press, newsletter=daily)
    held = asyncio.Event()
    async with open_page(width) as (page, _):
        await visit(page, text, held=held)
        box = "() => JSON.stringify(document.querySelector('figure img').getBoundingClientRect())"
        before = await page.evaluate(box)
        held.set()
        await page.locator("figure img").evaluate("image => image.decode()")
        assert await page.evaluate(box) == before
        size = await page.evaluate(
            "(image => image.width / image.height)(document.querySelector('figure img'))"
        )
    assert size == pytest.approx(1.5, abs=0.02)


async def test_many_words_stand_in_two_columns_below_their_picture(
    page_of: Callable[[Edition], str],
) -> None:
    text = page_of(edition_of(long_story(image=PICTURE), long_story(2), long_story(3)))
    async with open_page(800) as (page, _):
        await visit(page, text)
        lead = page.locator(".lead")
        picture, headline, words = [
            await lead.locator(name).bounding_box() for name in ("img", "h3", ".told")
        ]
        columns = "e => new Set([...e.getClientRects()].map(one => one.left)).size"
        assert await lead.locator(".summary").evaluate(columns) == 2
    assert picture
    assert headline
    assert words
    assert picture["width"] > 700
    assert headline["y"] > picture["y"] + picture["height"]
    assert words["width"] > 700


async def test_few_words_stand_in_one_column(page_of: Callable[[Edition], str]) -> None:
    short = make_story(make_item("Ferry runs again", "Two boats are to run from October."))
    async with open_page(1280) as (page, _):
        await visit(page, page_of(edition_of(short, long_story())))
        assert await page.locator(".lead .summary").evaluate("e => e.getClientRects().length") == 1


async def test_drawings_on_nothing_have_a_light_plate_in_the_dark(
    page_of: Callable[[Edition], str],
) -> None:
    drawing = Image(url="https://pictures.example/chart.png", alt="A chart", width=960, height=640)
    async with open_page(800, "dark") as (page, _):
        for image, ground in ((drawing, "rgb(255, 255, 255)"), (PICTURE, "rgb(18, 17, 16)")):
            await visit(page, page_of(edition_of(long_story(image=image))))
            seen = "e => getComputedStyle(e).backgroundColor"
            assert await page.locator("figure img").evaluate(seen) == ground
            await page.unroute_all()


async def test_links_at_the_foot_stay_apart_where_words_run_from_the_right(
    press: Press, daily: Newsletter
) -> None:
    arabic = daily.model_copy(update={"language": "ar"})
    shown = told(edition_of(long_story(), language="ar"), press)
    async with open_page(800) as (page, _):
        await visit(page, edition_page(shown, press=press, newsletter=arabic))
        links = page.locator(".foot nav li").first.locator("a")
        rss, atom = [await links.nth(n).bounding_box() for n in (0, 1)]
    assert rss
    assert atom
    # The first is on the right.
    assert rss["x"] - (atom["x"] + atom["width"]) >= 8


async def test_days_with_an_edition_are_underlined(press: Press, daily: Newsletter) -> None:
    line = Line(edition_id="daily@2026-05-18T0700", slot_at=MORNING, headlines=("Ferry",))
    text = year_page(daily, 2026, [line], press=press, years=[2026])
    async with open_page(375, "dark") as (page, _):
        await visit(page, text)
        underlined = "e => getComputedStyle(e).textDecorationLine"
        assert await page.locator(".calendar a").evaluate(underlined) == "underline"


# ---------------------------------------------------------------------- paper


async def test_on_paper_stories_stand_in_two_columns_and_fill_them(
    page_of: Callable[[Edition], str],
) -> None:
    text = page_of(edition_of(*(long_story(n) for n in range(5))))
    # A4 between its margins.
    async with open_page(680) as (page, _):
        await visit(page, text)
        await page.emulate_media(media="print")
        widths = await page.evaluate(
            """() => Object.fromEntries(['.sheet', '.lead', '.story:nth-child(2)',
                '.story:nth-child(2) .summary'].map(name => [name,
                document.querySelector(name).getBoundingClientRect().width]))"""
        )
    sheet, lead, story, words = widths.values()
    assert sheet == lead == 680
    assert 300 < story < 340
    assert words == story


async def test_an_address_on_paper_is_read_from_the_left(press: Press, daily: Newsletter) -> None:
    arabic = daily.model_copy(update={"language": "ar"})
    shown = told(edition_of(long_story(), language="ar"), press)
    async with open_page(680) as (page, _):
        await visit(page, edition_page(shown, press=press, newsletter=arabic))
        await page.emulate_media(media="print")
        style = await page.locator("h3 a").evaluate(
            "e => (({direction, unicodeBidi, content}) => [direction, unicodeBidi, content])"
            "(getComputedStyle(e, '::after'))"
        )
    assert style[:2] == ["ltr", "isolate"]
    assert "https://wire.example/" in style[2]


async def test_a_long_edition_takes_few_sheets(page_of: Callable[[Edition], str]) -> None:
    text = page_of(edition_of(*(long_story(n, PICTURE if n == 1 else None) for n in range(40))))
    async with open_page(800) as (page, _):
        await visit(page, text)
        printed = await page.pdf(format="A4", prefer_css_page_size=True)
    # One column takes seven.
    assert 3 < printed.count(b"/Type /Page\n") <= 5
