"""Feeds that are not well-formed: every entry is there, or there is a sentence about it."""

import contextlib
import time
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from digest.errors import ParseError
from digest.model import RawItem
from digest.reading.feed import read_feed
from digest.reading.hints import Hints
from make import PATIENCE_S


def item(number: int) -> str:
    return (
        f"<item><title>Ferry {number} runs</title><link>https://quay.example/{number}</link>"
        f"<guid>g{number}</guid><category>Tides</category>"
        f"<pubDate>Mon, 18 May 2026 1{number}:00:00 GMT</pubDate>"
        f"<description><![CDATA[<p>Ferry {number} ran to <b>Lower Quay</b>.</p>]]></description>"
        "<author>Ann Lee</author></item>"
    )


HEAD = (
    '<?xml version="1.0"?><rss version="2.0"><channel><title>Quay</title>'
    "<link>https://quay.example/</link><description>All of it</description>"
)
RSS = HEAD + "".join(map(item, range(4))) + "</channel></rss>"
ATOM = (
    '<feed xmlns="http://www.w3.org/2005/Atom"><title>Quay</title><id>q</id>'
    "<author><name>The desk</name></author>"
    + "".join(
        f'<entry><title type="html">Ferry {n} runs</title><link href="https://quay.example/{n}"/>'
        f"<id>g{n}</id><author><name>Ann Lee</name></author>"
        f'<updated>2026-05-18T1{n}:00:00Z</updated><content type="xhtml">'
        f'<div xmlns="http://www.w3.org/1999/xhtml"><p>Ferry {n} ran to <b>Lower Quay</b>.</p>'
        "</div></content></entry>"
        for n in range(4)
    )
    + "</feed>"
)


def read(text: str) -> tuple[RawItem, ...]:
    document = read_feed(text.encode(), Hints())
    assert document.problems == ()
    return document.items


def told(one: RawItem) -> tuple[object, ...]:
    words = " ".join(block.text for block in one.blocks)
    return one.guid, one.title, one.url, one.published_at, one.authors, words


SOUND = [
    (
        f"g{n}",
        f"Ferry {n} runs",
        f"https://quay.example/{n}",
        datetime(2026, 5, 18, 10 + n, tzinfo=UTC),
        ("Ann Lee",),
        f"Ferry {n} ran to Lower Quay.",
    )
    for n in range(4)
]

BROKEN = {
    "a title without an end": ("1 runs</title>", "1 runs"),
    "a link without an end": ("example/1</link>", "example/1"),
    "a description without an end": ("]]></description>", "]]>"),
    "a section without an end": ("]]></description>", "</description>"),
    "an entry without an end": ("</item><item><title>Ferry 2", "<item><title>Ferry 2"),
    "an entry without a beginning": ("<item><title>Ferry 2", "<title>Ferry 2"),
    "the feed's description without an end": ("All of it</description>", "All of it"),
    "an end that is another's": ("1 runs</title>", "1 runs</titel>"),
    "tags that nobody opened": ("<category>", "</b></i><category>"),
    "a bare break": ("<category>", "<br><category>"),
    "a comment without an end": ("<category>", "<!-- <category>"),
    "an attribute without quotes": ('<rss version="2.0"', "<rss version=2.0"),
    "an attribute twice": ("<guid>g2", "<guid a='1' a='2'>g2"),
    "an entity nobody knows in a tag": ("<guid>g2", "<guid a='&'>g2"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_fault_costs_no_entry_and_no_word(name: str) -> None:
    sound, broken = BROKEN[name]
    assert sound in RSS
    assert list(map(told, read(RSS.replace(sound, broken, 1)))) == SOUND
    assert list(map(told, read(RSS.replace(sound, broken)))) == SOUND


@pytest.mark.parametrize(
    "end",
    ["</title>", "</id>", "</name>", "</author>", "</updated>", "</p>", "</div>", "</content>"],
)
def test_an_atom_feed_without_some_ends_says_the_same(end: str) -> None:
    assert list(map(told, read(ATOM))) == SOUND
    at = ATOM.index(end, ATOM.index("Ferry 2"))
    assert list(map(told, read(ATOM[:at] + ATOM[at + len(end) :]))) == SOUND


@pytest.mark.parametrize(
    ("description", "texts"),
    [
        ("One<br>two", ["One two"]),
        ("<p>One <b>two <i>three</b></i></p><p>Four", ["One two three", "Four"]),
        ("&lt;p&gt;One<br>two&lt;/p&gt;&lt;p&gt;R&amp;amp;D", ["One two", "R&D"]),
        ("5 <6 and <b>seven", ["5 <6 and seven"]),
        ("<![CDATA[<p>One</p>]]> and <b>two", ["One", "and two"]),
        ("<div>One</div></div><p>two</p>", ["One", "two"]),
    ],
)
def test_html_that_nobody_escaped_is_the_body_all_the_same(
    description: str, texts: list[str]
) -> None:
    entry = f"<item><title>Ferry</title><description>{description}</description></item>"
    one, two = read(f"{HEAD}{entry}{entry}</channel></rss>")
    assert [block.text for block in one.blocks] == texts
    assert one == two


def test_a_section_that_ends_with_a_later_entry_s_takes_none_along() -> None:
    swallowed = RSS.replace("]]></description>", "</description>", 1)
    assert [one.guid for one in read(swallowed)] == ["g0", "g1", "g2", "g3"]


def test_a_feed_that_breaks_off_is_read_as_far_as_it_goes() -> None:
    cut = RSS[: RSS.index("<b>", RSS.index("Ferry 3 ran")) + 2]
    items = read(cut)
    assert list(map(told, items))[:3] == SOUND[:3]
    assert [block.text for block in items[3].blocks] == ["Ferry 3 ran to"]


def test_what_cannot_be_read_is_named() -> None:
    document = read_feed(RSS.replace("</channel>", "<item><b></item></channel>").encode(), Hints())
    assert len(document.items) == 4
    assert document.problems == (
        "Entry 5 has neither a title nor a text; it was left out. Tell the publisher.",
    )
    with pytest.raises(ParseError, match="no entry can be made out"):
        read_feed(b"<rss><channel><item><b></item></channel></rss>", Hints())


ENDS = [at for at in range(len(RSS)) if RSS.startswith("</", at) and at > len(HEAD)]


@given(st.sets(st.sampled_from(ENDS), min_size=1, max_size=4))
@settings(max_examples=50, deadline=None)
def test_whatever_ends_are_missing_every_entry_is_there(missing: set[int]) -> None:
    text = RSS
    for at in sorted(missing, reverse=True):
        text = text[:at] + text[text.index(">", at) + 1 :]
    assert [one.guid for one in read(text)] == ["g0", "g1", "g2", "g3"]


HOSTILE = {
    "titles": "<item>" + "<title>" * 300_000,
    "titles and ends": "<item>" + "<title></titel>" * 200_000,
    "sections": "<item><b><![CDATA[</description></item><item>" * 60_000,
    "sections with one end": "<item><b>" + "<![CDATA[</title>" * 200_000 + "]]>",
    "comments": "<item><b><!--</item><item>" * 80_000,
    "ends": "<item><b>" + "</item>" * 400_000,
    "people": "<item><b>" + "<author><name>" * 150_000,
    "groups": "<item><b>" + "<media:group><b></media:group>" * 100_000,
    "attributes": "<item><b>" + "<guid " + "a='1' " * 400_000 + ">",
    "brackets": "<item><title>" + "<" * 2_000_000,
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_broken_feed_built_to_hurt_costs_little(name: str) -> None:
    start = time.process_time()
    with contextlib.suppress(ParseError):
        read_feed(b"<rss><channel>" + HOSTILE[name].encode(), Hints())
    assert time.process_time() - start < PATIENCE_S
