"""Feeds of every format and in every state."""

import contextlib
import gzip
import json
import time
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from digest.errors import ParseError
from digest.model import BlockKind, Document, Kind, RawItem
from digest.reading.feed import MOST_ENTRIES, read_feed
from digest.reading.hints import Hints
from make import PATIENCE_S

NOON = datetime(2026, 5, 18, 12, 0, tzinfo=UTC)
HERE = Hints(url="https://wire.example/feeds/all.xml", timezone="UTC")


def rss(items: str, *, head: str = "", channel: str = "", spaces: str = "") -> bytes:
    return (
        f'<?xml version="1.0" encoding="utf-8"?>{head}<rss version="2.0" {spaces}><channel>'
        f"<title>Quay Wire</title><link>https://wire.example/</link>{channel}{items}"
        "</channel></rss>"
    ).encode()


def read(data: bytes | str, hints: Hints = HERE) -> Document:
    return read_feed(data.encode() if isinstance(data, str) else data, hints)


def only(data: bytes | str, hints: Hints = HERE) -> RawItem:
    document = read(data, hints)
    assert document.problems == ()
    (item,) = document.items
    return item


def texts(item: RawItem) -> list[str]:
    return [block.text for block in item.blocks]


ITEM = (
    "<item><title>Ferry runs again</title><link>https://wire.example/ferry</link>"
    "<guid>ferry-1</guid><pubDate>Mon, 18 May 2026 12:00:00 GMT</pubDate>"
    "<description>&lt;p&gt;It ran.&lt;/p&gt;&lt;h3&gt;Again&lt;/h3&gt;</description></item>"
)


def check(data: bytes | str, **expected: Any) -> None:
    """The only entry of *data* has the *expected* attributes."""
    item = only(data)
    assert {name: getattr(item, name) for name in expected} == expected


def test_rss_2() -> None:
    item = only(rss(ITEM))
    assert (item.kind, item.title, item.guid) == (Kind.ARTICLE, "Ferry runs again", "ferry-1")
    assert (item.url, item.published_at) == ("https://wire.example/ferry", NOON)
    assert [block.kind for block in item.blocks] == [BlockKind.PARAGRAPH, BlockKind.SUBHEAD]
    assert read(rss(ITEM)).site == "Quay Wire"


def test_rss_without_a_version_and_with_its_items_outside_the_channel() -> None:
    check(
        "<rss><channel><title>Old</title></channel><item><title>Late</title></item></rss>",
        title="Late",
    )


def test_rss_1() -> None:
    check(
        """<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"
        xmlns="http://purl.org/rss/1.0/" xmlns:dc="http://purl.org/dc/elements/1.1/">
        <channel rdf:about="https://r.example/"><title>R</title></channel>
        <item rdf:about="https://r.example/1"><title>One</title><link>https://r.example/1</link>
        <dc:date>2026-05-18T21:00+09:00</dc:date><dc:creator>Ann Lee</dc:creator>
        <dc:subject>Tides</dc:subject></item></rdf:RDF>""",
        guid="https://r.example/1",
        published_at=NOON,
        authors=("Ann Lee",),
        topics=("Tides",),
    )


ATOM = """<feed xmlns="http://www.w3.org/2005/Atom" xml:lang="de" xml:base="https://b.example/x/">
<title>Bote</title><author><name>Die Redaktion</name></author><entry>
<title type="html">Rat &amp;amp; &lt;b&gt;Tat&lt;/b&gt;</title><id>tag:b.example,2026:1</id>
<link rel="replies" href="r"/><link rel="alternate" href="e1"/>
<link rel="enclosure" type="image/png" href="/i.png"/><category term="t" label="Hafen"/>
%s<updated>2026-05-18T12:30:00Z</updated>
<content type="xhtml"><x:div xmlns:x="http://www.w3.org/1999/xhtml"><x:p>Eins</x:p>
<x:p>2 &lt; 3</x:p></x:div></content><summary>Kurz.</summary></entry></feed>"""


def test_atom_with_relative_links_and_xhtml() -> None:
    item = only(ATOM % "<published>2026-05-18T14:00:00+02:00</published>")
    assert (item.title, item.guid) == ("Rat & Tat", "tag:b.example,2026:1")
    assert (item.url, item.language) == ("https://b.example/x/e1", "de")
    assert (item.published_at, item.updated_at) == (NOON, NOON.replace(minute=30))
    assert (item.authors, item.topics) == (("Die Redaktion",), ("Hafen",))
    assert (texts(item), item.standfirst) == (["Eins", "2 < 3"], "Kurz.")
    assert item.image is not None
    assert item.image.url == "https://b.example/i.png"


def test_atom_that_only_says_when_it_changed_appeared_then() -> None:
    check(ATOM % "", published_at=NOON.replace(minute=30), updated_at=None)


def test_a_single_atom_entry_is_a_feed_of_one() -> None:
    check('<entry xmlns="http://www.w3.org/2005/Atom"><title>Alone</title></entry>', title="Alone")


def test_atom_links_and_podcast_pictures_inside_rss() -> None:
    item = only(
        rss(
            '<item><title>T</title><a:link href="https://wire.example/t" rel="alternate"/>'
            '<i:image href="/cover.jpg"/></item>',
            spaces='xmlns:a="http://www.w3.org/2005/Atom" '
            'xmlns:i="http://www.itunes.com/DTDs/Podcast-1.0.dtd"',
        )
    )
    assert item.url == "https://wire.example/t"
    assert item.image is not None
    assert item.image.url == "https://wire.example/cover.jpg"


def test_the_fuller_text_is_the_body_and_the_shorter_one_the_standfirst() -> None:
    item = only(
        rss(
            "<item><title>T</title><description>What it is about.</description>"
            "<c:encoded><![CDATA[<p>The whole story, told at length.</p>]]></c:encoded>"
            "<d:creator>Ann Lee</d:creator><d:creator>Bo Mar</d:creator></item>",
            spaces='xmlns:c="http://purl.org/rss/1.0/modules/content/" '
            'xmlns:d="http://purl.org/dc/elements/1.1/"',
        )
    )
    assert texts(item) == ["The whole story, told at length."]
    assert item.standfirst == "What it is about."
    assert item.authors == ("Ann Lee", "Bo Mar")


def test_the_first_words_of_the_body_are_no_standfirst() -> None:
    check(
        rss(
            "<item><title>T</title><description>The whole story, told […]</description>"
            "<content:encoded>The whole story, told at length.</content:encoded></item>"
        ),
        standfirst=None,
    )


@pytest.mark.parametrize(
    ("told", "names"),
    [
        ("<author>desk@wire.example (Ann Lee)</author>", ("Ann Lee",)),
        ("<author>Ann Lee &lt;ann@wire.example&gt;</author>", ("Ann Lee",)),
        ("<author>ann@wire.example</author>", ()),
        ("<author>By Ann Lee and Bo Mar</author>", ("Ann Lee", "Bo Mar")),
        ("<author>Lee, Ann</author>", ("Lee, Ann",)),
    ],
)
def test_authors_are_names(told: str, names: tuple[str, ...]) -> None:
    check(rss(f"<item><title>T</title>{told}</item>"), authors=names)


def test_a_guid_is_the_link_only_where_it_is_a_permalink() -> None:
    url = "https://wire.example/g"
    check(rss(f"<item><title>T</title><guid>{url}</guid></item>"), url=url, guid=url)
    check(rss(f'<item><title>T</title><guid isPermaLink="false">{url}</guid></item>'), url=None)


def test_dates_that_cannot_be_read_fall_through_and_year_one_is_none() -> None:
    unread = (
        "<item><title>T</title><pubDate>Someday</pubDate>"
        "<dc:date>2026-05-18T12:00Z</dc:date></item>"
    )
    check(rss(unread), published_at=NOON)
    check(
        rss("<item><title>T</title><pubDate>0001-01-01T00:00:00Z</pubDate></item>"),
        published_at=None,
    )
    document = read(rss("<item><title>T</title><pubDate>31 Febtober</pubDate></item>"))
    assert document.items[0].published_at is None
    assert "“31 Febtober” cannot be read" in document.problems[0]


def test_zones_by_their_names_and_clocks_without_one() -> None:
    item = "<item><title>T</title><pubDate>Mon, 18 May 2026 15:00:00 {}</pubDate></item>"
    kyiv = Hints(timezone="Europe/Kyiv")
    assert only(rss(item.format("EEST")), kyiv).published_at == NOON
    assert only(rss(item.format("")), kyiv).published_at == NOON


def test_an_entry_without_a_title_is_a_brief_when_short_and_else_takes_its_first_sentence() -> None:
    check(rss("<item><description>Bridge shut.</description></item>"), kind=Kind.BRIEF, title="")
    long = "The bridge is shut. " + "It will stay so for a while. " * 40
    check(
        rss(f"<item><description>{long}</description></item>"),
        kind=Kind.ARTICLE,
        title="The bridge is shut.",
    )


def test_a_broken_entry_is_named_and_the_others_stay() -> None:
    document = read(rss(ITEM + "<item><link>https://wire.example/x</link></item>" + ITEM))
    assert len(document.items) == 2
    assert document.problems == (
        "Entry 2 has neither a title nor a text; it was left out. Tell the publisher.",
    )


def test_many_broken_entries_make_few_sentences() -> None:
    assert len(read(rss(ITEM + "<item/>" * 500)).problems) < 12


def test_an_empty_feed_says_so() -> None:
    assert "no entries" in read(rss("")).problems[0]


# ------------------------------------------------------------------ ill-formed

LIKE_ITEM = {"title": "Ferry runs again", "guid": "ferry-1", "published_at": NOON}

REPAIRED = {
    "gzip": gzip.compress(rss(ITEM)),
    "a byte order mark": b"\xef\xbb\xbf" + rss(ITEM),
    "UTF-16": rss(ITEM).decode().encode("utf-16"),
    "UTF-16 declared on UTF-8": rss(ITEM).replace(b'"utf-8"', b'"utf-16"', 1),
    "an encoding nobody knows": rss(ITEM).replace(b'"utf-8"', b'"x-fancy"', 1),
    "a blank before the declaration": b"\r\n  " + rss(ITEM),
    "a warning before the declaration": b"Warning: disk full\n" + rss(ITEM),
    "a NUL": rss(ITEM.replace("again", "aga\0in")),
    "a control character": rss(ITEM.replace("again", "aga\x0bin")).replace(b"\x0b", b"\x02"),
    "a warning as HTML": b"<br />\n<b>Notice</b>: x in <b>/a.php</b> on line <b>3</b><br />\n"
    + rss(ITEM),
    "many warnings as HTML": b"<br /><b>Notice</b>: x<br />\n" * 60 + rss(ITEM),
    "a warning as HTML and no declaration": b"<p>Deprecated: x</p>" + rss(ITEM).partition(b"?>")[2],
    "a prefix nobody knows": rss(ITEM.replace("<guid>", "<shop:id x:y='1'>1</shop:id><guid>")),
    "no end": rss(ITEM)[: -len("</channel></rss>")],
    "junk after the end": rss(ITEM) + b"<!-- served --><script>x()</script>",
    "an illegal reference": rss(ITEM.replace("again", "again&#0;&#xD800;")),
}


@pytest.mark.parametrize("name", REPAIRED)
def test_a_feed_with_a_fault_is_read_all_the_same(name: str) -> None:
    check(REPAIRED[name], **LIKE_ITEM)


@pytest.mark.parametrize("declared", ["iso-8859-1", "utf-8"])
@pytest.mark.parametrize("actual", ["utf-8", "cp1252"])
def test_an_encoding_that_is_declared_wrongly_does_no_harm(declared: str, actual: str) -> None:
    text = rss("<item><title>Café “Zur Fähre” — größer</title></item>").decode()
    check(
        text.replace('"utf-8"', f'"{declared}"', 1).encode(actual),
        title="Café “Zur Fähre” — größer",
    )


def test_bare_ampersands_and_html_entities_lose_no_text() -> None:
    item = only(
        rss(
            "<item><title>R&D at AT&T &eacute; &nbsp;&mdash; &unknown;</title>"
            "<link>https://wire.example/?a=1&b=2</link><guid><![CDATA[a&b]]></guid></item>"
        )
    )
    assert item.title == "R&D at AT&T é — &unknown;"
    assert (item.url, item.guid) == ("https://wire.example/?a=1&b=2", "a&b")


def test_name_spaces_that_nobody_declared_are_known_all_the_same() -> None:
    check(
        rss(
            "<item><title>T</title><dc:creator>Ann Lee</dc:creator>"
            "<media:thumbnail url='/t.png'/></item>"
        ),
        authors=("Ann Lee",),
    )


def test_html_that_was_not_escaped_is_read_where_it_is_well_formed() -> None:
    item = only(rss("<item><title>T</title><description>A <b>b</b><p>c</p></description></item>"))
    assert texts(item) == ["A b", "c"]


def test_elements_closed_wrongly_are_read_loosely() -> None:
    broken = ITEM.replace("Ferry runs again", "Ferry <b>runs again")
    document = read(rss(broken + ITEM))
    assert [item.title for item in document.items] == ["Ferry runs again", "Ferry runs again"]
    assert document.items[0].published_at == NOON


def test_of_a_large_broken_feed_every_entry_stays() -> None:
    broken = ITEM.replace("</description>", "")
    document = read(rss(ITEM * 6_000 + broken + ITEM * 100))
    assert document.items == (document.items[0],) * 6_101
    assert (document.site, document.problems) == ("Quay Wire", ())


# --------------------------------------------------------------------- hostile


def test_entities_that_grow_are_not_expanded() -> None:
    levels = "".join(f'<!ENTITY b{n} "{f"&b{n - 1};" * 10}">' for n in range(1, 9))
    bomb = f'<!DOCTYPE rss [<!-- ] > --><!ENTITY b0 "ha">{levels}]>'
    start = time.process_time()
    check(rss("<item><title>x&b8;y</title></item>", head=bomb), title="xy")
    assert time.process_time() - start < PATIENCE_S


def test_nothing_outside_the_document_is_read(tmp_path: Any) -> None:
    secret = tmp_path / "secret"
    secret.write_text("secret")
    head = f'<!DOCTYPE rss SYSTEM "{secret.as_uri()}" [<!ENTITY e SYSTEM "{secret.as_uri()}">]>'
    check(rss("<item><title>a&e;b</title></item>", head=head), title="ab")
    with pytest.raises(ParseError):
        read(str(secret))


def test_scripts_and_odd_links_are_left_behind() -> None:
    item = only(
        rss(
            "<item><title>&lt;script&gt;x()&lt;/script&gt;Hi</title><link>javascript:x()</link>"
            "<description>&lt;script&gt;x()&lt;/script&gt;&lt;p onclick='x()'&gt;Text&lt;/p&gt;"
            "&lt;img src='data:x'&gt;</description></item>"
        )
    )
    assert (item.title, item.url, texts(item), item.image) == ("Hi", None, ["Text"], None)


def test_line_ends_in_a_headline_become_blanks() -> None:
    item = only(
        json.dumps(
            {
                "version": "https://jsonfeed.org/version/1.1",
                "items": [{"id": "1", "title": "Tide\r\nBcc: x@y.example"}],
            }
        )
    )
    assert item.title == "Tide Bcc: x@y.example"


BUDGET = {
    "nested": b"<rss><channel>" + b"<item>" * 500_000,
    "unclosed marks": b"<rss><channel><item><title>" + b"<b>" * 500_000,
    "ampersands": b"<rss><channel><item><title>" + b"&" * 2_000_000,
    "sections": b"<rss><channel>" + b"<![CDATA[" * 200_000,
    "comments": b"<rss><!DOCTYPE x [" + b"<!--" * 400_000,
    "quotes": b"<!DOCTYPE rss [" + b"\"'" * 700_000,
    "instructions": b"<?a ?>" * 200_000 + b"<rss/>",
    "one long text": rss("<item><title>T</title><description>" + "&lt;p&gt;Word. " * 150_000)
    + b"</description></item></channel></rss>",
    "odd dates": rss("<item><title>T</title><pubDate>the 9th or so</pubDate></item>" * 10_000),
}


@pytest.mark.parametrize("name", BUDGET)
def test_a_feed_built_to_hurt_costs_little(name: str) -> None:
    start = time.process_time()
    with contextlib.suppress(ParseError):
        read(BUDGET[name])
    assert time.process_time() - start < PATIENCE_S


def test_entries_beyond_all_measure_are_not_read() -> None:
    document = read(rss("<item><title>T</title></item>" * (MOST_ENTRIES + 5)))
    assert len(document.items) == MOST_ENTRIES
    assert "the rest was not read" in document.problems[-1]


# -------------------------------------------------------------------- no feeds

NO_FEEDS = {
    "HTML page": (b"<!doctype html><title>x</title><p>Hello", 'kind "page"'),
    "its feed instead": (
        b'<html><head><link rel="alternate" type="application/rss+xml" href="/f.xml"></head>',
        "https://wire.example/f.xml",
    ),
    "OPML": (b'<?xml version="1.0"?><opml version="2.0"><body/></opml>', "source of its own"),
    "sitemap": (b'<urlset xmlns="http://s.example"><url/></urlset>', "the site's feed"),
    "root <note>": (b"<note>x</note>", "check the address"),
    "is empty": (b" \n", "check where"),
    "binary": (bytes(range(256)) * 8, "not text"),
    "plain text": (b"Page not found", "check the address"),
    "not a JSON Feed": (b'{"error": "not found"}', "check the address"),
    "not valid JSON": (b'{"items": [', "tell the publisher"),
    "too deep": (b'{"items": ' + b"[" * 100_000, "no JSON Feed"),
    "damaged": (gzip.compress(b"x" * 100)[:20].replace(b"\x00", b"\xff", 1), "again"),
    "broken XML": (b"<rss><channel><item", "tell the publisher"),
}


@pytest.mark.parametrize("name", NO_FEEDS)
def test_what_is_no_feed_is_named_with_what_to_do(name: str) -> None:
    data, advice = NO_FEEDS[name]
    with pytest.raises(ParseError) as caught:
        read(data)
    if name != "damaged":
        assert name in str(caught.value)
        assert advice in str(caught.value)


# ------------------------------------------------------------------- JSON Feed


def json_feed(*items: Any, **feed: Any) -> str:
    return json.dumps(
        {"version": "https://jsonfeed.org/version/1", "title": "Valley", "items": items} | feed
    )


def test_json_feed_1_1() -> None:
    item = only(
        json_feed(
            {
                "id": "a1",
                "url": "/a1",
                "title": "Tom & <b>Jerry</b>",
                "summary": "About it.",
                "content_html": "<p>One.</p><p>Two &amp; three.</p>",
                "image": "/i.png",
                "date_published": "2026-05-18T14:00:00+02:00",
                "date_modified": "2026-05-18T15:00:00+02:00",
                "authors": [{"name": "Ann Lee"}, {"url": "https://x.example"}],
                "tags": ["Tides"],
                "language": "en-GB",
            },
            home_page_url="https://valley.example/",
        )
    )
    assert (item.guid, item.url) == ("a1", "https://valley.example/a1")
    assert item.title == "Tom & <b>Jerry</b>"
    assert (texts(item), item.standfirst) == (["One.", "Two & three."], "About it.")
    assert (item.published_at, item.updated_at) == (NOON, NOON.replace(hour=13))
    assert (item.authors, item.topics, item.language) == (("Ann Lee",), ("Tides",), "en-GB")
    assert item.image is not None
    assert item.image.url == "https://valley.example/i.png"


def test_json_feed_1_0_with_one_author_and_text() -> None:
    item = only(
        json_feed({"id": 7, "content_text": "One <1>.\n\nTwo."}, author={"name": "The desk"})
    )
    assert (item.guid, texts(item), item.authors) == ("7", ["One <1>.", "Two."], ("The desk",))
    assert item.kind is Kind.BRIEF


def test_entries_of_a_json_feed_that_are_none_are_named() -> None:
    document = read(json_feed(None, {"id": "1", "title": "T", "tags": "x", "authors": 5}, []))
    assert [item.title for item in document.items] == ["T"]
    assert [problem[:7] for problem in document.problems] == ["Entry 1", "Entry 3"]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(("id", "title", "content_html", "authors", "name", "tags", "image"))
            | st.text(max_size=5),
            inner,
            max_size=5,
        )
    ),
    max_leaves=20,
)


@settings(deadline=None)
@given(JSON)
def test_any_json_is_a_feed_or_an_error(value: Any) -> None:
    document = read(json_feed(value, {"id": "1", "title": "T", "attachments": value}))
    assert len(document.items) >= 1


@settings(deadline=None)
@given(st.binary(max_size=300), st.integers(0, 800))
def test_any_bytes_are_a_feed_or_an_error(junk: bytes, place: int) -> None:
    whole = rss(ITEM * 2)
    try:
        read(whole[:place] + junk + whole[place:])
    except ParseError as error:
        assert str(error)  # noqa: PT017
