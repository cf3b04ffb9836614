"""Feeds on a page: which links lead to one, in which order, and where to guess."""

import time
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from digest.errors import ParseError
from digest.reading.feedlinks import (
    MOST_LINKS,
    FeedLink,
    feed_links,
    is_comments,
    look,
    same_site,
    usual_places,
)
from digest.reading.hints import Hints
from make import PATIENCE_S

SITE = "https://www.coast.example/news/"
HERE = Hints(url=SITE, content_type="text/html; charset=utf-8")


def page(head: str = "", body: str = "<p>Nothing new on the quay today.</p>") -> bytes:
    text = f"<!doctype html><html><head><title>Coast</title>{head}</head><body>{body}</body></html>"
    return text.encode()


def named(kind: str, href: str, title: str = "", rel: str = "alternate") -> str:
    return f'<link rel="{rel}" type="{kind}" title="{title}" href="{href}">'


def urls(data: bytes, hints: Hints = HERE) -> list[str]:
    return [link.url for link in feed_links(data, hints)]


RSS, ATOM, JSON = "application/rss+xml", "application/atom+xml", "application/feed+json"


def test_a_page_names_its_feeds_in_its_own_order() -> None:
    head = (
        named(ATOM, "/a.xml", "Alle &amp; alles") + named(RSS, "b") + named(JSON, "//c.example/c")
    )
    assert feed_links(page(head), HERE) == (
        FeedLink(url="https://www.coast.example/a.xml", title="Alle & alles"),
        FeedLink(url="https://www.coast.example/news/b"),
        FeedLink(url="https://c.example/c"),
    )


@pytest.mark.parametrize(
    "tag",
    [
        named("Application/RSS+XML; charset=utf-8", "/f"),
        named("text/rss", "/f"),
        named("application/rdf+xml", "/f"),
        named("application/x.atom+xml", "/f"),
        named(RSS, "/f", rel="ALTERNATE home"),
        named(RSS, "/f", rel="feed"),
        "<link href=/f type=application/rss+xml rel=alternate />",
    ],
)
def test_feeds_are_named_in_many_spellings(tag: str) -> None:
    assert urls(page(tag)) == ["https://www.coast.example/f"]


@pytest.mark.parametrize(
    "tag",
    [
        named("text/html", "/de/", rel="alternate"),
        '<link rel="alternate" hreflang="de" href="/de/">',
        named("application/json", "/wp-json/wp/v2/pages/2"),
        named("application/json+oembed", "/oembed?url=x"),
        named("text/xml+oembed", "/oembed?format=xml"),
        named("application/json", "/manifest.json"),
        named("application/opensearchdescription+xml", "/rss.xml", rel="search"),
        named("text/css", "/feed.css", rel="alternate stylesheet"),
        named(RSS, "javascript:alert(1)"),
        named(RSS, ""),
        named(RSS, "https://"),
        named(RSS, "http://[broken/"),
        "<!-- " + named(RSS, "/commented-out") + " -->",
        "<script>'" + named(RSS, "/in-a-script") + "'</script>",
    ],
)
def test_other_alternates_are_no_feeds(tag: str) -> None:
    assert urls(page(tag)) == []


def test_a_vague_type_counts_if_the_address_looks_like_a_feed() -> None:
    head = named("application/json", "/feed.json") + named("text/xml", "/rss")
    assert urls(page(head)) == [
        "https://www.coast.example/feed.json",
        "https://www.coast.example/rss",
    ]


@pytest.mark.parametrize(
    "href",
    [
        "/feed", "/feed/", "/rss", "/news/rss.xml", "/atom.xml", "feed.json", "/index.xml",
        "/index.rdf", "/rss/all.xml", "/rss/world", "/newsfeed.php", "/blog.rss", "/x.atom",
        "/?feed=rss2", "/list?section=3&format=rss", "/feeds/posts/default", "/feed/atom/",
        "https://coast.example/feed", "https://feeds.coast.example/rss",
    ],
)  # fmt: skip
def test_links_for_people_are_known_by_their_addresses(href: str) -> None:
    (link,) = feed_links(page(body=f'<p><a href="{href}">here</a></p>'), HERE)
    assert link.how == "linked"


@pytest.mark.parametrize(
    "href",
    [
        "/feedback", "/news/feed-the-birds", "/rss-explained.html", "/rss/help.html",
        "/sitemap.xml", "/news-sitemap.xml", "/feeds.opml", "/atomic/power", "#feed", "mailto:a@b",
        "https://elsewhere.example/feed", "https://evilcoast.example/feed", "/wp-json/feed",
        "/data.xml", "",
    ],
)  # fmt: skip
def test_other_links_are_left_alone(href: str) -> None:
    assert urls(page(body=f'<p><a href="{href}">here</a></p>')) == []


def test_links_are_known_by_their_words_and_types_too() -> None:
    body = (
        '<a href="/service/17">RSS</a><a href="/service/18">Atom feed</a>'
        '<a href="/service/19" type="application/rss+xml">All of it</a>'
        '<a href="/service/20">How RSS came to be, a history</a>'
    )
    assert urls(page(body=body)) == [f"https://www.coast.example/service/{n}" for n in (17, 18, 19)]


def test_comments_come_last_whoever_names_them() -> None:
    head = (
        named(RSS, "/comments/feed/", "Coast » Comments Feed")
        + named(RSS, "/a/", "Gale warning Comments feed")
        + named(RSS, "/b", "Kommentare")
        + named(RSS, "/main")
    )
    links = feed_links(page(head, '<a href="/rss">RSS</a>'), HERE)
    assert [
        (link.url.removeprefix("https://www.coast.example"), link.comments) for link in links
    ] == [
        ("/main", False),
        ("/rss", False),
        ("/comments/feed/", True),
        ("/a/", True),
        ("/b", True),
    ]
    assert not is_comments("https://coast.example/comment-is-free/rss", "Comment and opinion")


def test_each_feed_is_told_once_where_it_was_named_first() -> None:
    head = named(RSS, "/feed#top", "First") + named(RSS, "https://WWW.coast.example:443/feed")
    (link,) = feed_links(page(head, '<a href="/feed?utm_source=footer">RSS</a>'), HERE)
    assert (link.url, link.title, link.how) == ("https://www.coast.example/feed", "First", "named")


def test_a_base_of_its_own_counts() -> None:
    head = '<base href="https://static.example/x/">' + named(RSS, "f.xml")
    assert urls(page(head)) == ["https://static.example/x/f.xml"]
    assert urls(page('<base href="data:x">' + named(RSS, "f.xml"))) == [SITE + "f.xml"]


def test_without_an_address_only_whole_links_can_be_told() -> None:
    body = '<a href="/rss">RSS</a><a href="https://coast.example/rss">RSS</a>'
    head = named(RSS, "/f") + named(RSS, "https://coast.example/f")
    assert urls(page(head, body), Hints()) == ["https://coast.example/f"]


def test_titles_and_addresses_are_fit_to_be_shown() -> None:
    head = named(RSS, "/f", "A\x1b[2J\n  b" + "c" * 900) + named(RSS, "/g\x1b]0;x\x07h")
    links = feed_links(page(head), HERE)
    assert all(link.title.isprintable() and len(link.title) <= 200 for link in links)
    assert all(link.url.isprintable() for link in links)


def test_a_page_of_ten_thousand_feeds_names_fifty() -> None:
    assert len(urls(page("".join(named(RSS, f"/{n}") for n in range(10_000))))) == MOST_LINKS


def test_no_page_at_all_is_an_error() -> None:
    with pytest.raises(ParseError, match="empty"):
        feed_links(b"", HERE)


# ------------------------------------------------------------- what is this?


def test_a_feed_is_summed_up() -> None:
    data = b"""<?xml version="1.0"?><feed xmlns="http://www.w3.org/2005/Atom"><title>Coast</title>
    <entry><id>1</id><title>Gale</title><updated>2026-05-17T20:00:00Z</updated></entry>
    <entry><id>2</id><title>Calm</title><published>2026-05-18T04:10:00Z</published></entry>
    </feed>"""
    seen = look(data, Hints(url="https://coast.example/atom"))
    assert seen.kind == "feed"
    assert seen.feed is not None
    assert (seen.feed.flavour, seen.feed.title, seen.feed.items) == ("an Atom feed", "Coast", 2)
    assert seen.feed.newest == datetime(2026, 5, 18, 4, 10, tzinfo=UTC)


@pytest.mark.parametrize(
    ("data", "flavour"),
    [
        (b"<rss version='2.0'><channel><title>x</title></channel></rss>", "an RSS feed"),
        (b"<rdf:RDF xmlns:rdf='http://www.w3.org/1999/02/22-rdf-syntax-ns#'/>", "an RSS 1.0 feed"),
        (
            b'{"version": "https://jsonfeed.org/version/1.1", "title": "x", "items": []}',
            "a JSON feed",
        ),
        ("<rss><channel><title>x</title></channel></rss>".encode("utf-16"), "an RSS feed"),
    ],
)
def test_each_kind_of_feed_has_its_name(data: bytes, flavour: str) -> None:
    feed = look(data, Hints()).feed
    assert feed is not None
    assert (feed.flavour, feed.items, feed.newest) == (flavour, 0, None)


def test_a_page_is_told_with_its_title_and_the_address_it_gives_itself() -> None:
    seen = look(page('<link rel="canonical" href="/">' + named(RSS, "/f")), HERE)
    assert (seen.kind, seen.title) == ("html", "Coast")
    assert seen.canonical == "https://www.coast.example/"
    assert [link.url for link in seen.links] == ["https://www.coast.example/f"]
    assert "is an HTML page, not a feed" in seen.why


@pytest.mark.parametrize(
    ("head", "article"),
    [
        ('<meta property="og:type" content="Article">', True),
        ('<meta property="article:published_time" content="2026-05-17">', True),
        ('<meta property="og:type" content="website">', False),
        ('<meta property="og:type">', False),
        ("", False),
    ],
)
def test_a_page_may_say_that_it_is_one_article(head: str, article: bool) -> None:
    assert look(page(head), HERE).article is article


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (b"<urlset xmlns='http://www.sitemaps.org/schemas/sitemap/0.9'></urlset>", "sitemap"),
        (b"<sitemapindex/>", "sitemap"),
        (b"<opml version='2.0'><body><outline text='a'/></body></opml>", "other"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'><circle/></svg>", "other"),
        (b"just some words", "other"),
        (b'{"a": 1}', "other"),
        (b"", "other"),
        (bytes(range(256)) * 9, "other"),
        (b"\x1f\x8bbroken", "other"),
        (b"<p>Hello <a href='/rss'>RSS</a>", "html"),
        (b"<html>" + b"<div>" * 5_000, "html"),
    ],
)
def test_everything_else_is_something_and_says_why_it_is_no_feed(data: bytes, kind: str) -> None:
    seen = look(data, HERE)
    assert (seen.kind, seen.feed) == (kind, None)
    assert seen.why


@given(st.binary(max_size=200) | st.text(max_size=200).map(lambda text: page(text, text)))
@settings(max_examples=50, deadline=None)
def test_looking_never_fails(data: bytes) -> None:
    assert look(data, HERE).kind in ("feed", "html", "sitemap", "other")


HOSTILE = {
    "slashes": "<a href='" + "/feed" * 790 + "/x.html'>a</a>",
    "names": "<a href='/" + "rss" * 1_300 + "'>a</a>",
    "words": "<a href='/b'>" + "-" * 4_000 + "</a>",
    "comments": '<link rel=alternate type=text/rss href=/f title="' + "comment " * 500 + '">',
    "bases": "<base href='/" + "a/" * 1_900 + "'>",
}


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE.keys())
def test_a_page_built_to_hurt_does_not(text: str) -> None:
    data = page(body=text * (5_000_000 // len(text)))
    before = time.process_time()
    look(data, HERE)
    assert time.process_time() - before < PATIENCE_S


# -------------------------------------------------------------------- guesses


def test_guesses_begin_in_the_folder_of_the_page() -> None:
    places = usual_places("https://coast.example/sport/?page=2#top")
    assert places[:4] == (
        "https://coast.example/sport/feed",
        "https://coast.example/sport/index.xml",
        "https://coast.example/sport/rss",
        "https://coast.example/feed",
    )
    assert usual_places("https://coast.example/sport") == places
    assert usual_places("https://coast.example/sport/table.html") == places


def test_guesses_at_the_root_are_those_that_sites_use() -> None:
    places = usual_places("http://coast.example:8080")
    assert len(places) == 8
    assert {"feed", "rss", "atom.xml", "rss.xml", "feed.xml", "index.xml", "feed.json"} <= {
        place.removeprefix("http://coast.example:8080/") for place in places
    }


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("https://coast.example/a", "http://www.coast.example:81/b", True),
        ("https://feeds.coast.example/", "https://www.coast.example/", True),
        ("https://COAST.example./", "https://coast.example/", True),
        ("https://coast.example/", "https://evilcoast.example/", False),
        ("https://a.example/", "https://b.example/", False),
        ("https://[broken/", "https://b.example/", False),
        ("", "", False),
    ],
)
def test_a_site_is_a_host_and_what_is_beneath_it(one: str, other: str, same: bool) -> None:
    assert same_site(one, other) is same
    assert same_site(other, one) is same
