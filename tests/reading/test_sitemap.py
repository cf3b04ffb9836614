"""Sitemaps: which pages they list, newest first."""

import gzip
import time
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from digest.errors import ParseError
from digest.model import Document, Link
from digest.reading.hints import Hints
from digest.reading.sitemap import MOST_LINKS, read_sitemap
from make import PATIENCE_S

SPACES = (
    'xmlns="http://www.sitemaps.org/schemas/sitemap/0.9" '
    'xmlns:news="http://www.google.com/schemas/sitemap-news/0.9" '
    'xmlns:image="http://www.google.com/schemas/sitemap-image/1.1"'
)


def read(text: str | bytes, timezone: str = "UTC") -> Document:
    data = text.encode() if isinstance(text, str) else text
    return read_sitemap(data, Hints(url="https://quay.example/sitemap.xml", timezone=timezone))


def urlset(entries: str) -> str:
    return f'<?xml version="1.0" encoding="UTF-8"?><urlset {SPACES}>{entries}</urlset>'


def url(path: str, more: str = "") -> str:
    return f"<url><loc>https://quay.example/{path}</loc>{more}</url>"


def paths(document: Document) -> list[str]:
    return [link.url.removeprefix("https://quay.example/") for link in document.links]


def test_a_news_sitemap_tells_title_and_date() -> None:
    document = read(
        urlset(
            url(
                "ferry",
                "<lastmod>2026-05-18T14:00:00Z</lastmod><news:news><news:publication>"
                "<news:name>Quay Post</news:name></news:publication><news:publication_date>"
                "2026-05-18T14:00:00+02:00</news:publication_date><news:title>Ferry &amp; crew"
                "</news:title></news:news><image:image><image:loc>https://quay.example/f.jpg"
                "</image:loc><image:title>A picture</image:title></image:image>",
            )
        )
    )
    noon = datetime(2026, 5, 18, 12, tzinfo=UTC)
    assert (document.kind, document.problems) == ("sitemap", ())
    assert document.links == (
        Link(
            url="https://quay.example/ferry",
            title="Ferry & crew",
            published_at=noon,
            changed_at=datetime(2026, 5, 18, 14, tzinfo=UTC),
        ),
    )


def test_the_newest_come_first_and_the_undated_last() -> None:
    document = read(
        urlset(
            url("about")
            + url("old", "<lastmod>2026-05-01</lastmod>")
            + url("new", "<lastmod>2026-05-18T09:30</lastmod>")
            + url("odd", "<lastmod>18 May 2026 08:00 GMT</lastmod>")
            + url("never", "<lastmod>0001-01-01T00:00:00Z</lastmod>")
            + url("new", "<lastmod>2020-01-01</lastmod>")
        ),
        timezone="Europe/Kyiv",
    )
    assert paths(document) == ["odd", "new", "old", "about", "never"]
    assert document.links[1].published_at == datetime(2026, 5, 18, 6, 30, tzinfo=UTC)
    assert document.links[2].published_at == datetime(2026, 4, 30, 21, tzinfo=UTC)


def test_an_index_names_further_sitemaps() -> None:
    document = read(
        "<sitemapindex><sitemap><loc>/a.xml</loc><lastmod>2026-05-01</lastmod></sitemap>"
        "<sitemap><loc>/b.xml.gz</loc><lastmod>2026-05-18</lastmod></sitemap></sitemapindex>"
    )
    assert document.maps == ("https://quay.example/b.xml.gz", "https://quay.example/a.xml")
    assert document.links == ()


def test_gzip_and_plain_lists_are_read() -> None:
    assert paths(read(gzip.compress(urlset(url("a")).encode()))) == ["a"]
    listed = "https://quay.example/a\r\n\r\nhttps://quay.example/b\n"
    assert paths(read(listed)) == ["a", "b"]


def test_addresses_that_are_none_are_left_out() -> None:
    found = read(
        urlset(
            "<url><loc>javascript:alert(1)</loc></url><url/><url><loc> </loc></url>"
            + url("good", "<lastmod>yesterday or so</lastmod>")
        )
    )
    assert paths(found) == ["good"]
    assert found.links[0].published_at is None


def test_broken_xml_gives_what_can_be_made_out() -> None:
    spoiled = urlset(url("a?x=1&y=2") + url("b"))
    assert paths(read(spoiled)) == ["a?x=1&y=2", "b"]
    torn = urlset(url("a") + url("b") + "<url><loc>https://quay.example/c</lo")
    document = read(torn)
    assert paths(document)[:2] == ["a", "b"]
    assert "Tell the publisher" in document.problems[0]


def test_an_empty_sitemap_says_so() -> None:
    assert read(urlset("")).problems == (
        "The sitemap lists nothing at present; look at it again later.",
    )


def test_more_than_the_protocol_allows_is_cut() -> None:
    document = read(urlset("".join(url(str(n)) for n in range(MOST_LINKS + 5))))
    assert len(document.links) == MOST_LINKS
    assert "more than" in document.problems[0]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Just some words\nand some more.",
        "<html><body><p>Not here</p></body></html>",
        '<rss version="2.0"><channel/></rss>',
        "<urlset",
    ],
)
def test_what_is_no_sitemap_is_refused_in_words(text: str) -> None:
    with pytest.raises(ParseError, match=r"sitemap|empty"):
        read(text)


def bomb() -> str:
    subset = '<!ENTITY a "aaaaaaaaaa">' + "".join(
        f'<!ENTITY {b} "{f"&{a};" * 10}">' for a, b in zip("abcdefgh", "bcdefghi", strict=True)
    )
    return f"<!DOCTYPE urlset [{subset}]>" + urlset(url("&i;"))


@pytest.mark.parametrize(
    "text",
    [
        bomb(),
        '<!DOCTYPE urlset [<!ENTITY x SYSTEM "file:///etc/passwd">]>' + urlset(url("&x;")),
        urlset("<url>" * 200_000),
        urlset("<url>" + "<loc>x</loc>" * 400_000 + "</url>"),
        urlset(url("a", "<lastmod>some day in may</lastmod>") * 60_000),
        urlset(url("a", "<lastmod>" + "9" * 4_000_000 + "</lastmod>")),
        "https://quay.example/a\n" * 200_000,
        "<urlset>" + "<!--" * 1_000_000,
    ],
)
def test_hostile_sitemaps_cost_little_and_read_no_files(text: str) -> None:
    start = time.process_time()
    try:
        document = read(text)
    except ParseError:
        pass
    else:
        assert "root:" not in str(document)
        assert len(str(document)) < 20_000_000
    assert time.process_time() - start < PATIENCE_S


@given(st.text(max_size=30), st.integers(0, 300))
@settings(max_examples=50, deadline=None)
def test_spoiled_sitemaps_give_links_or_a_parse_error(noise: str, place: int) -> None:
    text = urlset(url("a", "<lastmod>2026-05-18</lastmod>") + url("b"))
    try:
        document = read(text[:place] + noise + text[place:])
    except ParseError:
        return
    assert all(link.url.startswith(("http://", "https://")) for link in document.links)
