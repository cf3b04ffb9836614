"""From a site's address to what can be collected there, in few requests and plain words."""

import asyncio
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime
from typing import Any, ParamSpec, TypeVar

import pytest

from digest.errors import Fault, ParseError
from digest.settings import Collect
from digest.sources.discover import MOST_REQUESTS, Discovery, discover
from digest.sources.http import Http
from digest.sources.readers import Readers
from make import MORNING
from site_on_loopback import Site, entry, rss, running_site

P = ParamSpec("P")
T = TypeVar("T")

HTML = "text/html; charset=utf-8"
RSS = "application/rss+xml"
PROSE = " ".join(f"The harbour master said so in sentence number {n}." for n in range(30))


class Here(Readers):
    """Reads in this process: starting another one for each test takes longer than the test."""

    def __init__(self) -> None:
        super().__init__(processes=1, timeout_s=20.0)

    async def run(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        return function(*args, **kwargs)


class GivesUp(Here):
    async def run(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        raise ParseError("", "takes too long to read; leave it out")


@pytest.fixture
async def site() -> AsyncIterator[Site]:
    async with running_site() as site:
        yield site


async def look(url: str, *, readers: Readers | None = None, **limits: Any) -> Discovery:
    values: dict[str, Any] = {
        "timeout_s": 5.0,
        "spacing_s": 0,
        "allow_private": ("127.0.0.1", "localhost"),
    } | limits
    async with Http(Collect(**values), contact="", now=lambda: MORNING) as http:
        return await discover(url, http, readers or Here())


def page(head: str = "", body: str = "", title: str = "Coast") -> str:
    return (
        f"<!doctype html><html><head><title>{title}</title>{head}</head><body>{body}</body></html>"
    )


def named(href: str, title: str = "", kind: str = RSS) -> str:
    return f'<link rel="alternate" type="{kind}" title="{title}" href="{href}">'


def teasers() -> str:
    return "".join(
        f'<article><h2><a href="/2026/05/{n}/the-harbour-story-number-{n}-of-today">'
        f"The harbour story number {n} of today, as told on the quay</a></h2>"
        f"<p>What happened in the harbour, told shortly, part {n}.</p></article>"
        for n in range(10, 30)
    )


def article() -> str:
    return page(
        '<meta property="article:published_time" content="2026-05-17T18:30:00Z">'
        '<meta property="og:type" content="article">',
        f"<article><h1>Ferry back in service</h1><p>{PROSE}</p><p>{PROSE}</p></article>"
        f"<aside><h2>More of the harbour</h2>{teasers()}</aside>",
        title="Ferry back in service",
    )


def section() -> str:
    return page("", f"<main><h1>Harbour</h1>{teasers()}</main>")


def news_sitemap(site: Site) -> str:
    entries = "".join(
        f"<url><loc>{site.url(f'/2026/05/{n}/story')}</loc><news:news><news:publication>"
        "<news:name>Coast</news:name><news:language>en</news:language></news:publication>"
        f"<news:publication_date>2026-05-17T{n}:00:00Z</news:publication_date>"
        f"<news:title>Story number {n}</news:title></news:news></url>"
        for n in range(10, 20)
    )
    return (
        '<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9" '
        f'xmlns:news="http://www.google.com/schemas/sitemap-news/0.9">{entries}</urlset>'
    )


# ------------------------------------------------------------------- a feed


async def test_a_feed_is_told_with_its_entries_and_its_newest(site: Site) -> None:
    site.put("/feed", rss(entry(3), entry(9), entry(5)))
    found = await look(site.url("/feed"))
    assert (found.kind, found.url, found.title) == ("feed", site.url("/feed"), "Wire")
    assert (found.items, found.newest) == (3, datetime(2026, 5, 17, 9, tzinfo=UTC))
    assert found.words == (
        "This is an RSS feed with 3 entries, the newest of 2026-05-17 09:00 UTC.",
    )
    assert [candidate.how for candidate in found.found] == ["the address itself"]
    assert (found.follow, found.problems, found.fault) == (False, (), None)
    assert site.paths() == ["/feed"]


async def test_a_feed_says_how_it_wants_to_be_asked(site: Site) -> None:
    more = (
        '<atom:link rel="hub" href="https://hub.example/"/><ttl>90</ttl>'
        '<atom:link rel="self" href="https://wire.example/feed"/>'
        "<skipHours><hour>2</hour></skipHours>"
        '<atom:link rel="next" href="https://wire.example/feed?page=2"/>'
    )
    site.put("/feed", rss(entry(3), more=more))
    found = await look(site.url("/feed"))
    assert (found.manners.hub, found.manners.topic) == (
        "https://hub.example/",
        "https://wire.example/feed",
    )
    words = " ".join(found.words)
    assert "with 1 entry, the newest of" in words
    assert "It has a hub, so new entries arrive at once." in words
    assert "every 90 minutes at most" in words
    assert "hours or days at which it need not be read" in words
    assert "links to its older entries" in words


async def test_a_hub_in_the_header_counts_too(site: Site) -> None:
    link = '<https://hub.example/>; rel="hub", <https://wire.example/me>; rel="self"'
    site.put("/feed", rss(entry(3)), headers={"Link": link})
    found = await look(site.url("/feed"))
    assert (found.manners.hub, found.manners.topic) == (
        "https://hub.example/",
        "https://wire.example/me",
    )


async def test_a_feed_without_entries_is_a_feed(site: Site) -> None:
    site.put("/feed", rss())
    found = await look(site.url("/feed"))
    assert (found.kind, found.items, found.newest) == ("feed", 0, None)
    assert "an RSS feed without entries." in found.words[0]


async def test_a_feed_that_moved_for_good_is_told_with_its_new_address(site: Site) -> None:
    site.put("/old", status=301, headers={"Location": "/feed"})
    site.put("/feed", rss(entry(3)))
    found = await look(site.url("/old"))
    assert (found.kind, found.url) == ("feed", site.url("/feed"))
    assert found.words[0] == (
        f"The address has moved for good to {site.url('/feed')}; use that one."
    )


async def test_an_address_that_leads_elsewhere_for_now_is_kept(site: Site) -> None:
    site.put("/latest", status=302, headers={"Location": "/feed-17"})
    site.put("/feed-17", rss(entry(3)))
    found = await look(site.url("/latest"))
    assert found.url == site.url("/latest")
    assert found.words[0] == f"The address leads on to {site.url('/feed-17')}."


async def test_addresses_are_taken_as_people_type_them() -> None:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        greeting = await reader.read(1)
        # Whoever comes with TLS hears plain words, as from every server without it.
        if greeting == b"G":
            await reader.readuntil(b"\r\n\r\n")
        feed = rss(entry(3)).encode()
        head = f"HTTP/1.1 200 OK\r\nContent-Length: {len(feed)}\r\nConnection: close\r\n\r\n"
        writer.write(head.encode() + feed)
        await writer.drain()
        writer.close()

    async with await asyncio.start_server(answer, "127.0.0.1", 0) as server:
        place = f"127.0.0.1:{server.sockets[0].getsockname()[1]}/feed"
        for typed in (place, f"  feed://{place} ", f"feed:http://{place}"):
            found = await look(typed)
            assert (found.kind, found.url) == ("feed", f"http://{place}")


# ---------------------------------------------------------- a site with a feed


async def test_a_page_that_names_feeds_leads_to_the_first_that_is_none_of_comments(
    site: Site,
) -> None:
    head = named("/talk", "Coast » Comments Feed") + named("/feed", "Coast") + named("/sport")
    site.put("/", page(head, '<a href="/rss.xml">RSS</a>', "Coast &amp; Sea"), kind=HTML)
    site.put("/feed", rss(entry(3), entry(4)))
    found = await look(site.url("/"))
    assert (found.kind, found.url, found.title) == ("feed", site.url("/feed"), "Wire")
    assert site.paths() == ["/", "/feed"]
    assert found.words == (
        "This is an HTML page, “Coast & Sea”.",
        "It names 3 feeds (1 of readers' comments).",
        "It links to 1 feed, by their addresses.",
        f"{site.url('/feed')} is an RSS feed with 2 entries, the newest of 2026-05-17 04:00 UTC.",
    )
    assert [(c.url, c.title, c.how) for c in found.found] == [
        (site.url("/feed"), "Coast", "named by the page"),
        (site.url("/sport"), "", "named by the page"),
        (site.url("/rss.xml"), "RSS", "linked on the page"),
        (site.url("/talk"), "Coast » Comments Feed", "named by the page"),
    ]


async def test_a_named_feed_that_is_none_is_a_problem_and_the_next_is_tried(site: Site) -> None:
    head = named("/gone") + named("/page") + named("/feed")
    site.put("/", page(head), kind=HTML)
    site.put("/page", page(), kind=HTML)
    site.put("/feed", rss(entry(3)))
    found = await look(site.url("/"))
    assert found.url == site.url("/feed")
    assert any("answered 404" in problem for problem in found.problems)
    assert any(f"{site.url('/page')} is an HTML page, not a feed" in p for p in found.problems)


async def test_a_linked_feed_is_found_when_none_is_named(site: Site) -> None:
    site.put("/", page("", '<a href="/service/rss.xml">Subscribe</a>'), kind=HTML)
    site.put("/service/rss.xml", rss(entry(3)))
    found = await look(site.url("/"))
    assert (found.kind, found.url) == ("feed", site.url("/service/rss.xml"))
    assert found.found[0].how == "linked on the page"


async def test_a_page_may_have_its_feeds_at_its_proper_address(site: Site) -> None:
    site.put("/?ref=mail", page('<link rel="canonical" href="/news/">'), kind=HTML)
    site.put("/news/", page(named("/news/all")), kind=HTML)
    site.put("/news/all", rss(entry(3)))
    found = await look(site.url("/?ref=mail"))
    assert found.url == site.url("/news/all")
    assert f"It calls itself {site.url('/news/')}." in found.words
    assert site.paths() == ["/?ref=mail", "/news/", "/news/all"]


async def test_a_proper_address_on_another_site_is_not_believed(site: Site) -> None:
    elsewhere = f"http://localhost:{site.port}/other"
    site.put("/", page(f'<link rel="canonical" href="{elsewhere}">'), kind=HTML)
    await look(site.url("/"))
    assert "/other" not in site.paths()


# ------------------------------------------------------------------- guesses


async def test_usual_places_are_tried_in_the_folder_first(site: Site) -> None:
    site.put("/sport/", page(), kind=HTML)
    site.put("/rss.xml", rss(entry(3)))
    found = await look(site.url("/sport/"))
    assert (found.kind, found.url) == ("feed", site.url("/rss.xml"))
    assert found.found[0].how == "at a usual place"
    assert any(f"but at {site.url('/rss.xml')} there is an RSS feed" in w for w in found.words)
    asked = site.paths()
    assert asked.index("/robots.txt") < asked.index("/sport/feed") < asked.index("/feed")


async def test_a_site_without_anything_is_asked_a_dozen_times_and_no_more(site: Site) -> None:
    head = "".join(named(f"/named/{n}") for n in range(20))
    site.put("/deep/er/", page(head + '<link rel="canonical" href="/c">'), kind=HTML)
    found = await look(site.url("/deep/er/"))
    assert (found.kind, found.fault) == ("none", Fault.NOT_A_FEED)
    assert len(site.asked) <= MOST_REQUESTS
    assert found.words[-1] == "There is nothing here that Digest could collect."


async def test_robots_txt_is_asked_before_anything_is_guessed(site: Site) -> None:
    site.put("/", page(), kind=HTML)
    site.put(
        "/robots.txt", "User-agent: *\nDisallow: /feed\nDisallow: /sitemap\n", kind="text/plain"
    )
    site.put("/feed", rss(entry(3)))
    site.put("/atom.xml", rss(entry(4)))
    found = await look(site.url("/"))
    assert found.url == site.url("/atom.xml")
    assert "/feed" not in site.paths()


async def test_nothing_is_guessed_when_robots_txt_cannot_be_had(site: Site) -> None:
    site.put("/", page(), kind=HTML)
    site.put("/robots.txt", status=500)
    found = await look(site.url("/"))
    assert (found.kind, found.fault) == ("none", Fault.ROBOTS)
    assert site.paths() == ["/", "/robots.txt"]
    assert "robots.txt cannot be had" in found.words[-1]


async def test_a_guess_that_leads_off_the_site_is_no_find(site: Site) -> None:
    site.put("/", page(), kind=HTML)
    site.put("/feed", status=302, headers={"Location": f"http://localhost:{site.port}/theirs"})
    site.put("/theirs", rss(entry(3)))
    found = await look(site.url("/"))
    assert found.kind == "none"
    assert "/rss.xml" in site.paths()


async def test_a_site_that_answers_everything_with_a_page_is_not_asked_on_and_on(
    site: Site,
) -> None:
    site.put("/", page(), kind=HTML)
    for place in ("feed", "rss.xml", "atom.xml", "feed.xml", "index.xml", "rss", "feed.json"):
        site.put(f"/{place}", page("", "<p>Nothing here.</p>"), kind=HTML)
    await look(site.url("/"))
    assert "/feed.xml" not in site.paths()


async def test_a_site_that_wants_to_be_left_alone_is(site: Site) -> None:
    site.put("/", page(named("/feed") + named("/other")), kind=HTML)
    site.put("/feed", status=429, headers={"Retry-After": "600"})
    found = await look(site.url("/"))
    assert (found.kind, found.fault) == ("none", Fault.BUSY)
    assert site.paths() == ["/", "/feed"]
    assert found.words[-1] == "The site cannot be asked more now, so nothing else was tried."
    assert {candidate.url for candidate in found.found} == {site.url("/feed"), site.url("/other")}


# ------------------------------------------------- sitemaps, sections, articles


async def test_a_news_sitemap_is_followed_where_there_is_no_feed(site: Site) -> None:
    site.put("/", page(), kind=HTML)
    robots = f"Sitemap: {site.url('/all.xml')}\nSitemap: {site.url('/map-news.xml')}\n"
    site.put("/robots.txt", robots, kind="text/plain")
    site.put("/map-news.xml", news_sitemap(site))
    found = await look(site.url("/"))
    assert (found.kind, found.url, found.follow) == ("page", site.url("/map-news.xml"), True)
    assert (found.items, found.newest) == (10, datetime(2026, 5, 17, 19, tzinfo=UTC))
    assert (
        "a sitemap that lists 10 articles, the newest of 2026-05-17 19:00 UTC." in found.words[-1]
    )
    assert "/all.xml" not in site.paths()


async def test_a_sitemap_of_another_site_is_not_asked_for(site: Site) -> None:
    site.put("/", page(), kind=HTML)
    named = f"Sitemap: http://localhost:{site.port}/news.xml\n"
    site.put("/robots.txt", named, kind="text/plain")
    site.put("/news.xml", news_sitemap(site))
    found = await look(site.url("/"))
    assert found.kind == "none"
    assert "/news.xml" not in site.paths()


async def test_a_sitemap_given_by_hand_is_one(site: Site) -> None:
    site.put("/map.xml", news_sitemap(site))
    found = await look(site.url("/map.xml"))
    assert (found.kind, found.url, found.follow) == ("page", site.url("/map.xml"), True)
    assert found.words == (
        "This is a sitemap that lists 10 articles, the newest of 2026-05-17 19:00 UTC.",
    )


def index(site: Site, *names: str) -> str:
    maps = "".join(f"<sitemap><loc>{site.url(name)}</loc></sitemap>" for name in names)
    return (
        f'<sitemapindex xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">{maps}</sitemapindex>'
    )


async def test_an_index_of_sitemaps_is_looked_into(site: Site) -> None:
    site.put("/", page(), kind=HTML)
    site.put("/sitemap.xml", index(site, "/map-2026-05.xml", "/map-2026-04.xml"))
    site.put("/map-2026-05.xml", news_sitemap(site))
    site.put("/robots.txt", f"Sitemap: {site.url('/sitemap.xml')}", kind="text/plain")
    found = await look(site.url("/"))
    assert (found.kind, found.url, found.items) == ("page", site.url("/sitemap.xml"), 10)
    site.put("/sitemap.xml", index(site, "/map-2026-05.xml", "/googlenews.xml"))
    site.put("/googlenews.xml", news_sitemap(site))
    found = await look(site.url("/"))
    assert (found.url, found.follow) == (site.url("/googlenews.xml"), True)


async def test_an_index_of_sitemaps_given_by_hand_is_one(site: Site) -> None:
    site.put("/map.xml", index(site, "/a.xml", "/b.xml"))
    found = await look(site.url("/map.xml"))
    assert (found.kind, found.follow) == ("page", True)
    assert found.words == ("This is an index of 2 sitemaps; the newest can be followed.",)


async def test_a_section_page_is_followed_itself(site: Site) -> None:
    site.put("/harbour/", section(), kind=HTML)
    site.put("/news-sitemap.xml", news_sitemap(site))
    found = await look(site.url("/harbour/"))
    assert (found.kind, found.url, found.follow) == ("page", site.url("/harbour/"), True)
    assert found.items == 20
    assert found.words[-1] == "The page itself lists 20 articles, which can be followed."
    assert "/news-sitemap.xml" not in site.paths()


async def test_an_article_is_a_page(site: Site) -> None:
    site.put("/2026/05/ferry.html", article(), kind=HTML)
    found = await look(site.url("/2026/05/ferry.html"))
    assert (found.kind, found.follow, found.items) == ("page", False, 1)
    assert (found.title, found.newest) == (
        "Ferry back in service",
        datetime(2026, 5, 17, 18, 30, tzinfo=UTC),
    )
    assert found.words[-1] == "The page is an article of 2026-05-17 18:30 UTC."


async def test_a_page_that_robots_txt_closes_is_no_source(site: Site) -> None:
    site.put("/harbour/", section(), kind=HTML)
    site.put("/robots.txt", "User-agent: Digest\nDisallow: /\n", kind="text/plain")
    found = await look(site.url("/harbour/"))
    assert (found.kind, found.fault) == ("none", Fault.ROBOTS)
    assert site.paths() == ["/harbour/", "/robots.txt"]
    assert any("asks programs to stay away from this page" in p for p in found.problems)


async def test_comments_are_the_last_resort(site: Site) -> None:
    site.put("/", page(named("/comments/feed/", "Comments Feed")), kind=HTML)
    site.put("/comments/feed/", rss(entry(3)))
    found = await look(site.url("/"))
    assert (found.kind, found.url) == ("feed", site.url("/comments/feed/"))
    assert "Only its readers' comments have a feed." in found.words


# ------------------------------------------------------------------- nothing


async def test_a_site_that_cannot_be_reached_is_told_with_its_fault() -> None:
    found = await look("http://127.0.0.1:9/feed")
    assert (found.kind, found.fault) == ("none", Fault.UNREACHABLE)
    assert found.problems
    assert found.problems[0].endswith(".")


async def test_an_address_in_the_intranet_is_not_looked_at(site: Site) -> None:
    site.put("/", page(named("/feed")), kind=HTML)
    found = await look(site.url("/"), allow_private=())
    assert (found.kind, found.fault) == ("none", Fault.FORBIDDEN_ADDRESS)
    assert site.asked == []


@pytest.mark.parametrize("url", ["", "ftp://coast.example/", "http://", "http://[broken", "::"])
async def test_what_is_no_address_is_none(url: str) -> None:
    found = await look(url)
    assert found.kind == "none"
    assert found.problems


@pytest.mark.parametrize("body", ["just some words", "<opml/>", "{}", "%PDF-1.7"])
async def test_what_is_neither_feed_nor_page_says_what_it_is(site: Site, body: str) -> None:
    site.put("/x", body, kind="text/plain")
    found = await look(site.url("/x"))
    assert (found.kind, found.fault) == ("none", Fault.NOT_A_FEED)
    assert found.words == ("This is neither a feed nor an HTML page.",)
    assert found.problems[0].startswith("It is ")
    assert site.paths() == ["/x"]


async def test_a_document_that_a_reader_gives_up_is_a_problem_and_no_crash(site: Site) -> None:
    site.put("/x", rss(entry(3)))
    found = await look(site.url("/x"), readers=GivesUp())
    assert found.kind == "none"
    assert found.problems == ("It takes too long to read; leave it out.",)


async def test_reading_is_done_in_other_processes(site: Site) -> None:
    site.put("/", page(named("/feed")), kind=HTML)
    site.put("/feed", rss(entry(3)))
    async with Readers(processes=1, timeout_s=20.0) as readers:
        found = await look(site.url("/"), readers=readers)
    assert (found.kind, found.url) == ("feed", site.url("/feed"))
