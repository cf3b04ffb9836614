"""Links followed: each page read once, corrections seen, and nothing lost to a fault of ours."""

import pickle
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

import pytest

from digest.errors import Fault, FetchError, ParseError
from digest.settings import Collect, Source
from digest.sources import Fetched, Http, Known, Readers, fetch
from make import MORNING
from site_on_loopback import Site, entry, rss, running_site

P = ParamSpec("P")
T = TypeVar("T")

COLLECT = Collect(allow_private=("127.0.0.1",), timeout_s=5, spacing_s=0)
ARTICLE = """<html><body><article><h1>The {title}</h1>
<p>The harbour board met on Sunday and decided about the {title}, which had been at rest.</p>
<p>It will publish its reasons on Tuesday, and the {title} will be looked at again.</p>
{more}</article></body></html>"""
TEASER = "The harbour board met on Sunday and decided about […]"


class Stumbling(Readers):
    """Readers to which something happens over a document that has the word in it."""

    word = b""
    fault = Fault.OURS

    async def run(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        if self.word and self.word in pickle.dumps(args):
            raise ParseError("", "was not read", fault=self.fault)
        return await super().run(function, *args, **kwargs)


@dataclass
class Desk:
    """One source on a site, visited again and again, and what is kept of that."""

    site: Site
    http: Http
    readers: Stumbling
    source: Source = field(default_factory=lambda: Source(id="wire", kind="page"))
    last: Fetched | None = None
    done: set[str] = field(default_factory=set)
    now: datetime | None = MORNING

    def takes(self, path: str, **told: Any) -> None:
        self.source = Source(**({"id": "wire", "kind": "page", "url": self.site.url(path)} | told))

    async def unread(self, keys: Sequence[str]) -> frozenset[str]:
        return frozenset(keys) - self.done

    async def visit(self, **later: float) -> Fetched:
        if self.now is not None:
            self.now += timedelta(**later)
        known = Known(first=self.last is None, unread=self.unread, now=self.now)
        if self.last is not None:
            known = replace(
                known,
                validators=self.last.validators,
                fingerprint=self.last.fingerprint,
                cursor=self.last.cursor,
            )
        self.last = await fetch(self.source, self.http, self.readers, base=Path(), known=known)
        self.done |= set(self.last.done)
        return self.last

    async def titles(self, **later: float) -> list[str]:
        found = await self.visit(**later)
        return [item.title for document in found.documents for item in document.items]

    def asked(self, name: str) -> int:
        return self.site.paths().count(path_of(name))

    def put(self, *names: str, more: str = "") -> None:
        for name in names:
            page = ARTICLE.format(title=name, more=more)
            self.site.put(path_of(name), page, kind="text/html")

    def lists(self, *names: str) -> None:
        """A section page."""
        links = "".join(
            f'<article><h2><a href="{path_of(name)}">What became of the {name} at the quay on '
            f"Sunday evening</a></h2></article>"
            for name in names
        )
        self.site.put("/news", f"<html><body><main>{links}</main></body></html>", kind="text/html")

    def maps(self, dates: dict[str, str], path: str = "/map.xml") -> None:
        """A sitemap of names and when they changed."""
        told = "".join(
            f"<url><loc>{self.site.url(path_of(name))}</loc>"
            + (f"<lastmod>{at}</lastmod>" if at else "")
            + "</url>"
            for name, at in dates.items()
        )
        self.site.put(path, f'<urlset xmlns="{SITEMAPS}">{told}</urlset>')

    def feeds(self, *names: str) -> None:
        """A feed of teasers; the later in *names*, the newer."""
        entries = [
            entry(n, text=TEASER, title=f"The {name}", link=self.site.url(path_of(name)))
            for n, name in enumerate(names)
        ]
        self.site.put("/feed", rss(*entries))


SITEMAPS = "http://www.sitemaps.org/schemas/sitemap/0.9"
THREE = ("cranes", "ferries", "lanterns")


def path_of(name: str) -> str:
    return f"/2026/05/17/what-became-of-the-{name}-at-the-quay"


@pytest.fixture
async def desk() -> AsyncIterator[Desk]:
    async with (
        running_site() as site,
        Http(COLLECT, contact="") as http,
        Stumbling(processes=1, timeout_s=60) as readers,
    ):
        yield Desk(site, http, readers)


def on_pages(desk: Desk) -> None:
    desk.lists(*THREE)
    desk.takes("/news", follow=True)


def in_a_feed(desk: Desk) -> None:
    desk.feeds(*THREE)
    desk.takes("/feed", kind="feed", full_text=True)


@pytest.mark.parametrize("listed", [on_pages, in_a_feed])
async def test_a_page_that_we_failed_to_read_is_read_as_soon_as_we_can(
    desk: Desk, listed: Callable[[Desk], None]
) -> None:
    desk.put(*THREE)
    listed(desk)
    desk.readers.word = b"<h1>The ferries"
    for _ in range(3):
        found = await desk.visit()
        assert [fault.fault for fault in found.faults] == [Fault.OURS]
    desk.readers.word = b""
    assert "The ferries" in await desk.titles()
    assert [desk.asked(name) for name in THREE] == [1, 4, 1]
    assert (await desk.visit()).not_modified


@pytest.mark.parametrize("listed", [on_pages, in_a_feed])
async def test_an_unreadable_page_is_tried_twice_and_given_up(
    desk: Desk, listed: Callable[[Desk], None]
) -> None:
    desk.put(*THREE)
    listed(desk)
    desk.readers.word, desk.readers.fault = b"<h1>The ferries", Fault.UNREADABLE
    faults = [len((await desk.visit()).faults) for _ in range(3)]
    assert faults == [1, 1, 0]
    assert [desk.asked(name) for name in THREE] == [1, 2, 1]


async def test_a_page_that_is_gone_for_good_is_asked_for_once(desk: Desk) -> None:
    desk.put("cranes", "lanterns")
    desk.site.put(path_of("ferries"), status=410)
    on_pages(desk)
    assert len((await desk.visit()).faults) == 1
    desk.lists(*THREE, "buoys")
    desk.put("buoys")
    assert await desk.titles() == ["The buoys"]
    assert desk.asked("ferries") == 1


# ------------------------------------------------------------------- full texts


async def test_a_first_visit_fills_its_backlog_and_nothing_returns_later(desk: Desk) -> None:
    names = [f"pier-{n:02d}" for n in range(8)]
    desk.put(*names)
    desk.feeds(*names)
    desk.takes("/feed", kind="feed", full_text=True, backlog=3)
    first = await desk.visit()
    (document,) = first.documents
    assert [item.title for item in document.items] == [f"The {name}" for name in names]
    assert [item.truncated for item in document.items] == [True] * 5 + [False] * 3
    assert [desk.asked(name) for name in names] == [0] * 5 + [1] * 3
    assert (await desk.visit()).not_modified
    desk.put("pier-99")
    desk.feeds(*names, "pier-99")
    assert await desk.titles() == ["The pier-99"]


async def test_of_a_long_feed_no_more_than_a_visit_s_pages_are_fetched_at_first(
    desk: Desk,
) -> None:
    names = [f"pier-{n:02d}" for n in range(70)]
    desk.feeds(*names)
    desk.takes("/feed", kind="feed", full_text=True, backlog=100)
    first = await desk.visit()
    assert len(first.documents[0].items) == 70
    assert sum(path.startswith("/2026") for path in desk.site.paths()) == 60
    desk.feeds(*names, "pier-99")
    assert [item.title for item in (await desk.visit()).documents[0].items] == ["The pier-99"]


# --------------------------------------------------------------------- sitemaps


def an_index(desk: Desk, *paths: str) -> None:
    told = "".join(f"<sitemap><loc>{desk.site.url(path)}</loc></sitemap>" for path in paths)
    desk.site.put("/index.xml", f'<sitemapindex xmlns="{SITEMAPS}">{told}</sitemapindex>')
    desk.takes("/index.xml", follow=True)


@pytest.mark.parametrize(
    "broken", [{"status": 500}, {"status": 404}, {"body": "<urlset><nothing/></urlset>"}]
)
async def test_a_broken_sitemap_of_several_is_named_and_the_others_go_on(
    desk: Desk, broken: dict[str, Any]
) -> None:
    desk.put(*THREE)
    desk.maps({"cranes": ""}, "/a.xml")
    desk.site.put("/b.xml", **broken)
    desk.maps({"lanterns": ""}, "/c.xml")
    an_index(desk, "/a.xml", "/b.xml", "/c.xml")
    if broken.get("body"):
        desk.readers.word, desk.readers.fault = b"<nothing/>", Fault.UNREADABLE
    found = await desk.visit()
    assert len(found.documents) == 2
    (fault,) = found.faults
    assert f"{desk.site.port}/b.xml: " in str(fault)
    assert (found.validators, found.fingerprint) == (None, None)
    desk.readers.word = b""
    desk.maps({"ferries": ""}, "/b.xml")
    assert await desk.titles() == ["The ferries"]


async def test_where_no_sitemap_is_to_be_had_the_source_has_failed(desk: Desk) -> None:
    an_index(desk, "/a.xml", "/b.xml")
    desk.site.put("/a.xml", status=503)
    with pytest.raises(FetchError, match=r"a\.xml") as caught:
        await desk.visit()
    assert caught.value.temporary


async def test_what_a_sitemap_says_has_changed_is_read_again(desk: Desk) -> None:
    desk.put(*THREE)
    day = dict.fromkeys(THREE, "2026-05-17T10:00:00Z")
    desk.maps(day)
    desk.takes("/map.xml", follow=True)
    assert len(await desk.titles()) == 3
    desk.maps(day | {"ferries": "2026-05-17T12:00:00Z"})
    desk.put("ferries", more="<p>Correction: it was the lanterns that were at rest on Sunday.</p>")
    found = await desk.visit(minutes=30)
    (document,) = found.documents
    assert "Correction" in document.items[0].blocks[-1].text
    desk.maps(day | {"ferries": "2026-05-17T12:00:00Z", "buoys": ""})
    desk.put("buoys")
    assert await desk.titles(minutes=30) == ["The buoys"]
    assert [desk.asked(name) for name in THREE] == [1, 2, 1]


async def test_a_sitemap_that_calls_all_things_changed_is_believed_a_few_times(
    desk: Desk,
) -> None:
    desk.put(*THREE)
    desk.takes("/map.xml", follow=True)
    for hour in range(10, 20):
        desk.maps(dict.fromkeys(THREE, f"2026-05-17T{hour}:00:00Z"))
        await desk.visit(minutes=30)
    assert [desk.asked(name) for name in THREE] == [4, 4, 4]


async def test_what_a_first_visit_passed_over_is_not_read_when_it_changes(desk: Desk) -> None:
    desk.put(*THREE)
    dates = {name: f"2026-05-{17 - n}T10:00:00Z" for n, name in enumerate(THREE)}
    desk.maps(dates)
    desk.takes("/map.xml", follow=True, backlog=1)
    assert await desk.titles() == ["The cranes"]
    desk.maps(dates | {"lanterns": "2026-05-17T11:00:00Z"})
    assert await desk.titles() == []
    assert desk.asked("lanterns") == 0


# ----------------------------------------------------------------- early corrections


@pytest.mark.parametrize("grows", [False, True], ids=["unchanged", "with a new link"])
async def test_an_article_of_a_section_page_is_read_once_more_after_some_hours(
    desk: Desk, grows: bool
) -> None:
    desk.put(*THREE)
    on_pages(desk)
    assert len(await desk.titles()) == 3
    desk.put("ferries", more="<p>Correction: it was the lanterns that were at rest on Sunday.</p>")
    assert await desk.titles(hours=2) == []
    if grows:
        desk.put("buoys")
        desk.lists("buoys", *THREE)
    found = await desk.visit(hours=2)
    texts = [block.text for page in found.documents for block in page.items[0].blocks]
    assert sum("Correction" in text for text in texts) == 1
    assert not found.not_modified
    for hours in (1, 2, 19):
        await desk.visit(hours=hours)
    assert [desk.asked(name) for name in THREE] == [2, 2, 2]
    assert desk.asked("buoys") == (2 if grows else 0)


async def test_what_is_listed_no_more_or_is_a_day_old_is_not_read_again(desk: Desk) -> None:
    desk.put(*THREE, "buoys")
    on_pages(desk)
    await desk.visit()
    desk.lists("buoys", *THREE[1:])
    await desk.visit(hours=4)
    assert [desk.asked(name) for name in THREE] == [1, 2, 2]
    await desk.visit(hours=25)
    assert desk.asked("buoys") == 1


async def test_a_second_reading_that_fails_is_no_fault_and_not_tried_again(desk: Desk) -> None:
    desk.put(*THREE)
    on_pages(desk)
    await desk.visit()
    desk.site.put(path_of("ferries"), status=500)
    found = await desk.visit(hours=4)
    assert (len(found.documents), found.faults) == (2, ())
    await desk.visit(hours=1)
    assert desk.asked("ferries") == 2


@pytest.mark.parametrize(
    "cursor", [None, "", "visited", "[]", '{"again": 3}', '{"again": {"x": "y"}}']
)
async def test_a_cursor_of_something_else_is_none(desk: Desk, cursor: str | None) -> None:
    desk.put(*THREE)
    on_pages(desk)
    desk.last = Fetched(cursor=cursor)
    assert len((await desk.visit()).documents) == 3
    assert (await desk.visit(hours=1)).not_modified


async def test_without_a_clock_nothing_is_read_twice(desk: Desk) -> None:
    desk.put(*THREE)
    on_pages(desk)
    desk.now = None
    await desk.visit()
    assert (await desk.visit()).not_modified
    assert [desk.asked(name) for name in THREE] == [1, 1, 1]
