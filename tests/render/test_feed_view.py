"""A feed in a real browser: what people see who follow its link."""

import pytest
from playwright.async_api import Route

from browser import Scheme, needs_browser, open_page
from digest.render import Press
from digest.render.feeds import view_files
from feedroom import SITE, make_newsletter, mornings, write_feeds

pytestmark = needs_browser

#: What Chromium shows as a page; the feeds' own media types it shows as source.
_TYPES = {"css": "text/css", "rss": "application/xml", "atom": "application/xml"}


@pytest.mark.parametrize(
    ("path", "width", "scheme", "language"),
    [
        ("feed.atom", 375, "dark", "en"),
        ("stories/feed.rss", 1280, "light", "ar"),
    ],
)
async def test_a_browser_shows_a_feed_as_a_page(
    press: Press, path: str, width: int, scheme: Scheme, language: str
) -> None:
    newsletter = make_newsletter(language=language)
    files = {
        **write_feeds(press, mornings(3), newsletter=newsletter).files,
        **dict(view_files(press)),
    }

    async def answer(route: Route) -> None:
        asked = route.request.url.removeprefix(f"{SITE}/")
        if asked in files:
            kind = _TYPES[asked.rpartition(".")[2]]
            await route.fulfill(body=files[asked], content_type=f"{kind}; charset=utf-8")
        else:
            await route.fulfill(body="<h1>A page</h1>", content_type="text/html")

    async with open_page(width, scheme) as (page, asked):
        await page.route("**/*", answer)
        address = f"{SITE}/feeds/daily/{path}"
        await page.goto(address)
        shown = await page.evaluate(
            """() => {
                const drawn = [...document.querySelectorAll('*')].filter(
                    e => !e.childElementCount && e.textContent.trim() && e.getClientRects().length);
                const style = e => getComputedStyle(e);
                return {
                    words: drawn.map(e => e.textContent.trim()),
                    ground: style(document.documentElement).backgroundColor,
                    direction: style(document.querySelector('h1')).direction,
                    sideways: document.documentElement.scrollWidth > innerWidth,
                    links: document.querySelectorAll('a').length,
                };
            }"""
        )
        assert address in shown["words"]
        assert any("Ferry line reopens, 18 May" in words for words in shown["words"])
        # The title of an edition says its date; a story's does not.
        dates = await page.locator("ol span").count()
        assert dates == (0 if path == "feed.atom" else await page.locator("ol a").count())
        # Nothing of the feed itself: no id, no markup.
        assert not [words for words in shown["words"] if "tag:" in words or "<p>" in words]
        assert shown["links"] >= 5
        assert shown["sideways"] is False
        assert shown["direction"] == ("rtl" if language == "ar" else "ltr")
        assert shown["ground"] == ("rgb(18, 17, 16)" if scheme == "dark" else "rgb(241, 238, 230)")
        await page.locator("a").nth(0).click()
        assert page.url == f"{SITE}/editions/daily/"
    assert {url for url in asked if "favicon" not in url} == {
        address,
        f"{SITE}/feeds/feed.css",
        f"{SITE}/editions/daily/",
    }
