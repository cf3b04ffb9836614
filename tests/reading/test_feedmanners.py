"""How feeds say that they want to be asked, and whether they tell articles or teasers."""

import json
from typing import Any

import pytest

from digest.model import FeedManners, RawItem
from digest.reading.feed import read_feed
from digest.reading.hints import Hints

HERE = Hints(url="https://wire.example/feeds/all.xml")
SPACES = (
    'xmlns:atom="http://www.w3.org/2005/Atom" '
    'xmlns:sy="http://purl.org/rss/1.0/modules/syndication/" '
    'xmlns:content="http://purl.org/rss/1.0/modules/content/"'
)
ITEM = "<item><title>Ferry runs again</title></item>"


def manners(channel: str, more: str = "") -> FeedManners:
    text = f"<rss {SPACES}><channel><title>Wire</title>{channel}{ITEM}{more}</channel></rss>"
    return read_feed(text.encode(), HERE).manners


def in_every_reading(channel: str, **expected: Any) -> None:
    """*channel* says *expected* to the strict reader, to the mended one and to the loose ones."""
    wanted = FeedManners(**expected)
    assert manners(channel) == wanted
    assert manners(channel + "<copyright>Fish & Sons</copyright>") == wanted
    assert manners(channel, "<item><title>Torn</i></title></item>") == wanted
    # So many open elements that it is read in pieces.
    assert manners(channel, "<item><title>Torn" + "<b>" * 1_500 + "</title></item>") == wanted


def test_ttl_and_the_hours_and_days_to_skip() -> None:
    in_every_reading(
        "<ttl>90</ttl><skipHours><hour>0</hour><hour> 5 </hour><hour>24</hour><hour>25</hour>"
        "</skipHours><skipDays><day>Saturday</day><day>sunday</day><day>Someday</day></skipDays>",
        ttl_min=90,
        skip_hours=frozenset({0, 5}),
        skip_days=frozenset({5, 6}),
    )


@pytest.mark.parametrize(
    ("period", "minutes"),
    [
        ("<sy:updatePeriod>hourly</sy:updatePeriod>", 60),
        (
            "<sy:updatePeriod> Daily </sy:updatePeriod><sy:updateFrequency>4</sy:updateFrequency>",
            360,
        ),
        ("<sy:updateFrequency>2</sy:updateFrequency>", 720),
        ("<sy:updatePeriod>weekly</sy:updatePeriod><ttl>15</ttl>", 15),
        ("<sy:updatePeriod>often</sy:updatePeriod>", None),
        ("<ttl>0</ttl>", None),
        ("<ttl>soon</ttl>", None),
    ],
)
def test_the_period_of_the_syndication_module(period: str, minutes: int | None) -> None:
    in_every_reading(period, ttl_min=minutes)


def test_who_asks_never_to_be_asked_is_not_believed() -> None:
    hours = "".join(f"<hour>{n}</hour>" for n in range(24))
    in_every_reading(f"<skipHours>{hours}</skipHours>")


def test_hub_self_and_older_entries() -> None:
    in_every_reading(
        '<atom:link rel="hub" href="https://hub.example/"/>'
        '<atom:link rel="self" href="https://wire.example/feeds/all.xml?a=1&amp;b=2"/>'
        '<atom:link rel="next" href="?page=2"/><atom:link rel="prev-archive" href="/2026/04.xml"/>',
        hub="https://hub.example/",
        topic="https://wire.example/feeds/all.xml?a=1&b=2",
        older="https://wire.example/2026/04.xml",
    )
    in_every_reading(
        '<atom:link rel="next" href="?page=2"/><atom:link rel="hub" href="javascript:x"/>',
        older="https://wire.example/feeds/all.xml?page=2",
    )


def test_a_next_page_that_is_this_one_is_none() -> None:
    in_every_reading('<atom:link rel="next" href="all.xml"/>')


def test_atom_and_json_feeds_tell_it_in_their_ways() -> None:
    atom = (
        '<feed xmlns="http://www.w3.org/2005/Atom"><title>W</title>'
        '<link rel="hub self" href="https://hub.example/"/><link rel="next" href="/2"/>'
        "<entry><title>A</title></entry></feed>"
    )
    told = FeedManners(
        hub="https://hub.example/",
        topic="https://hub.example/",
        older="https://wire.example/2",
    )
    assert read_feed(atom.encode(), HERE).manners == told
    feed = {
        "version": "https://jsonfeed.org/version/1.1",
        "title": "W",
        "feed_url": "https://wire.example/feed.json",
        "next_url": "https://wire.example/feed.json?p=2",
        "hubs": [{"type": "rssCloud", "url": "https://no.example/"}, 5,
                 {"type": "WebSub", "url": "https://hub.example/"}],
        "items": [{"id": 1, "title": "A"}],
    }  # fmt: skip
    assert read_feed(json.dumps(feed).encode(), HERE).manners == FeedManners(
        hub="https://hub.example/",
        topic="https://wire.example/feed.json",
        older="https://wire.example/feed.json?p=2",
    )


# ---------------------------------------------------------------------- teasers

PROSE = "The ferry ran again on Sunday, and nobody was seasick but the mate. "
LONG = PROSE * 8


def item(
    *, description: str = "", content: str = "", title: str = "Ferry", link: bool = True
) -> RawItem:
    told = f"<title>{title}</title>" if title else ""
    told += "<link>https://wire.example/ferry</link>" if link else ""
    told += f"<description><![CDATA[{description}]]></description>" if description else ""
    told += f"<content:encoded><![CDATA[{content}]]></content:encoded>" if content else ""
    text = f"<rss {SPACES}><channel><item>{told}</item></channel></rss>"
    return read_feed(text.encode(), HERE).items[0]


@pytest.mark.parametrize(
    "end",
    [
        *("[…]", "[...]", "(…)", "and then…", "and then ...", "[&hellip;]"),
        *("… Read more", "Read more...", "<p>Read more »</p>", "<a href='/ferry'>→</a>"),
        *("[…] Continue reading <a href='/ferry'>Ferry</a> →", "<p>Weiterlesen</p>"),
        *("<p>Lire la suite</p>", "<p>Leer más</p>", "<p>Читати далі</p>", "<p>Czytaj dalej</p>"),
        *("<p>اقرأ المزيد</p>", "<p>続きを読む</p>", "<p>Continua a leggere</p>"),
        '<p><a href="https://wire.example/ferry?utm_source=rss">Mehr dazu im Blatt</a></p>',
    ],
)
def test_a_text_that_ends_in_a_mark_or_an_invitation_is_a_teaser(end: str) -> None:
    assert item(description=f"<p>{LONG}{end}").truncated
    assert not item(description=f"<p>{LONG}{end}", link=False).truncated


@pytest.mark.parametrize("end", ["[…]", "<p>Read more</p>", "… Continue reading “Ferry”"])
def test_even_what_is_called_content_may_say_that_it_is_not_all(end: str) -> None:
    assert item(content=f"<p>{LONG}{end}").truncated


def test_a_short_summary_alone_is_a_teaser_and_a_long_one_or_several_paragraphs_are_not() -> None:
    assert item(description=PROSE).truncated
    assert item().truncated
    assert not item(description=LONG).truncated
    assert not item(description=f"<p>{PROSE}</p><p>{PROSE}</p><p>{PROSE}</p>").truncated


def test_content_is_whole_however_short() -> None:
    assert not item(content=PROSE).truncated
    assert not item(description=PROSE, content=f"<p>{LONG}</p>").truncated
    feed = {"version": "https://jsonfeed.org/version/1", "title": "W", "items": [
        {"id": "1", "title": "A", "url": "https://wire.example/1", "content_text": PROSE},
        {"id": "2", "title": "B", "url": "https://wire.example/2", "summary": PROSE},
    ]}  # fmt: skip
    found = read_feed(json.dumps(feed).encode(), HERE).items
    assert [one.truncated for one in found] == [False, True]


def test_a_note_without_a_headline_may_be_short() -> None:
    assert not item(title="", description=PROSE).truncated
    assert item(title="", description=PROSE + "[…]").truncated


@pytest.mark.parametrize(
    "end",
    [
        "She wanted to read more.",
        "He opened the full text.",
        "“I do not know…” said the mate, and looked at the sea.",
        "Ask <a href='/about'>the office</a>.",
        "See <a href='/ferry'>the timetable</a> before you go.",
    ],
)
def test_prose_that_only_sounds_like_it_is_whole(end: str) -> None:
    assert not item(description=f"<p>{LONG}{end}</p>").truncated
