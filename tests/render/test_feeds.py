import json
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import feedparser
import pytest
from defusedxml import ElementTree
from lxml import html

from digest.model import Block, Edition, Section
from digest.render import Links, Press, atom, json_feed, rss
from digest.settings import Newsletter
from make import MORNING, make_edition, make_item, make_story

Write = Callable[..., bytes]

ATOM = "{http://www.w3.org/2005/Atom}"
HOME = "https://news.example.org/"


@pytest.fixture(scope="module")
def editions(morning: Edition) -> list[Edition]:
    """Five mornings, newest first."""
    return [
        replace(morning, id=f"daily@{day:%Y-%m-%dT0700}", slot_at=day)
        for day in (MORNING - timedelta(days=n) for n in range(5))
    ]


@pytest.fixture(scope="module")
def write(daily: Newsletter, press: Press) -> Write:
    def written(format: Write, editions: list[Edition]) -> bytes:
        return format(daily, editions, press=press)

    return written


@pytest.mark.parametrize("format", [rss, atom, json_feed])
def test_two_renderings_are_the_same_octets(
    format: Write, write: Write, editions: list[Edition]
) -> None:
    assert write(format, editions) == write(format, editions)


@pytest.mark.parametrize("format", [rss, atom])
def test_readers_find_every_edition_newest_first(
    format: Write, write: Write, editions: list[Edition], links: Links
) -> None:
    feed = feedparser.parse(write(format, editions))
    assert not feed.bozo
    assert feed.feed.title == "The Daily"
    assert feed.feed.link == HOME
    assert [entry.link for entry in feed.entries] == [links.edition_url(e.id) for e in editions]
    assert feed.entries[0].title.startswith("May 18, 2026: Harbour council votes")
    assert feed.entries[0].published_parsed[:5] == (2026, 5, 18, 4, 0)
    assert len({entry.id for entry in feed.entries}) == 5
    assert {tag.term for tag in feed.entries[0].tags} == {"At sea", "City & council"}


def test_the_rss_channel_links_to_the_page_and_names_itself(
    write: Write, editions: list[Edition]
) -> None:
    channel = ElementTree.fromstring(write(rss, editions)).find("channel")
    assert channel.findtext("link") == HOME
    assert channel.findtext("description") == "What the bay talks about."
    assert channel.findtext("language") == "en"
    assert channel.findtext("lastBuildDate") == "Mon, 18 May 2026 04:00:00 +0000"
    own = channel.find(f"{ATOM}link[@rel='self']")
    assert own.get("href") == "https://news.example.org/feeds/daily/feed.rss"
    item = channel.find("item")
    assert item.find("guid").get("isPermaLink") == "false"
    assert item.findtext("{http://purl.org/dc/elements/1.1/}creator") == "Harbour Newsroom"
    assert item.findtext("author") is None
    assert "<h2>" in item.findtext("{http://purl.org/rss/1.0/modules/content/}encoded")
    assert "<" not in item.findtext("description")


def test_the_atom_feed_has_what_the_standard_demands(write: Write, editions: list[Edition]) -> None:
    feed = ElementTree.fromstring(write(atom, editions))
    assert feed.findtext(f"{ATOM}updated") == "2026-05-18T04:00:00+00:00"
    assert feed.findtext(f"{ATOM}author/{ATOM}name") == "Harbour Newsroom"
    assert [link.get("rel") for link in feed.findall(f"{ATOM}link")].count("alternate") == 1
    own = feed.find(f"{ATOM}link[@rel='self']")
    assert own.get("href") == "https://news.example.org/feeds/daily/feed.atom"
    for element in [feed, *feed.findall(f"{ATOM}entry")]:
        for name in ("id", "title", "updated"):
            assert len(element.findall(f"{ATOM}{name}")) == 1
    for entry in feed.findall(f"{ATOM}entry"):
        assert entry.find(f"{ATOM}content").get("type") == "html"
        assert len(entry.findall(f"{ATOM}link")) == 1


def test_the_json_feed_has_what_the_standard_demands(write: Write, editions: list[Edition]) -> None:
    feed = json.loads(write(json_feed, editions))
    assert feed["version"] == "https://jsonfeed.org/version/1.1"
    assert feed["home_page_url"] == HOME
    assert feed["feed_url"] == "https://news.example.org/feeds/daily/feed.json"
    assert feed["authors"] == [{"name": "Harbour Newsroom", "url": HOME}]
    assert len({item["id"] for item in feed["items"]}) == 5
    first = feed["items"][0]
    assert first["date_published"] == "2026-05-18T04:00:00+00:00"
    assert first["tags"] == ["At sea", "City & council"]
    assert first["content_html"].startswith("<div")
    assert "<" not in first["title"] + first["summary"]


def test_all_three_hold_the_same_contents(write: Write, editions: list[Edition]) -> None:
    in_json = [item["content_html"] for item in json.loads(write(json_feed, editions))["items"]]
    channel = ElementTree.fromstring(write(rss, editions)).find("channel")
    name = "{http://purl.org/rss/1.0/modules/content/}encoded"
    assert [item.findtext(name) for item in channel.findall("item")] == in_json
    feed = ElementTree.fromstring(write(atom, editions))
    assert [e.findtext(f"{ATOM}content") for e in feed.findall(f"{ATOM}entry")] == in_json


def test_contents_are_harmless_and_absolute(write: Write, editions: list[Edition]) -> None:
    content = json.loads(write(json_feed, editions))["items"][0]["content_html"]
    assert "/leave/" not in content
    assert not re.search(r"hole-|\{\{|\[\[|<script|<style|<form|style=|\son\w+=", content)
    fragment = html.fragment_fromstring(content)
    for address in fragment.xpath("//@href | //@src"):
        assert address.startswith("https://")
    assert fragment.xpath("//h3[@lang='ar']")
    assert "Police find the bronze heron." in content


@pytest.mark.parametrize("format", [rss, atom, json_feed])
@pytest.mark.parametrize(
    "words", ["a\x00b\x1b\ufffe\ud800c", "]]> </item> &amp; <b>", "{{ x }} {% y %}", "😀 العربية"]
)
def test_hostile_words_break_no_feed(format: Write, words: str, write: Write) -> None:
    blocks = (Block(text=f"{words} and more"),)
    story = make_story(replace(make_item(), title=words, blocks=blocks))
    edition = make_edition(Section(slug="a", title=words, stories=(story,)), title=words)
    raw = write(format, [edition])
    if format is json_feed:
        content = json.loads(raw)["items"][0]["content_html"]
    else:
        ElementTree.fromstring(raw)
        content = feedparser.parse(raw).entries[0].content[0].value
    assert len(html.fragment_fromstring(content).xpath("//h3")) == 1
    assert "<b>" not in content


@pytest.mark.parametrize("format", [rss, atom, json_feed])
def test_a_feed_without_editions_is_a_feed(format: Write, write: Write) -> None:
    raw = write(format, [])
    assert raw == write(format, [])
    if format is json_feed:
        assert json.loads(raw)["items"] == []
    else:
        assert ElementTree.fromstring(raw) is not None


def test_a_feed_stays_short_but_keeps_its_newest_entries(
    write: Write, editions: list[Edition]
) -> None:
    stories = tuple(make_story(make_item(f"Story {n}", "Words. " * 90)) for n in range(30))
    section = Section(slug="a", title="A", stories=stories)
    long = [
        replace(editions[0], id=f"daily@2026-04-{n:02}T0700", sections=(section,))
        for n in range(30, 0, -1)
    ]
    raw = write(json_feed, long)
    items = json.loads(raw)["items"]
    assert 5 <= len(items) < 30
    assert len(raw) < 260_000
    assert items[0]["url"].endswith("/2026-04-30T0700/")


def test_an_entry_keeps_its_id_when_the_site_moves_to_https(
    daily: Newsletter, press: Press, morning: Edition
) -> None:
    def id_at(base: str) -> str:
        raw = json_feed(daily, [morning], press=replace(press, links=Links(base, b"k" * 32)))
        return str(json.loads(raw)["items"][0]["id"])

    assert id_at("http://news.example.org:8025") == id_at("https://news.example.org/new")
    assert (
        id_at("https://news.example.org") == "tag:news.example.org,2026-05-18:daily/2026-05-18T0700"
    )


def test_corrections_are_in_every_entry_that_has_them(
    write: Write, editions: list[Edition], corrected: Edition
) -> None:
    items = json.loads(write(json_feed, [corrected, editions[1]]))["items"]
    content, without = (html.fragment_fromstring(item["content_html"]) for item in items)
    assert "Corrections and updates" in content.xpath("//h2/text()")
    assert "Corrections and updates" not in without.xpath("//h2/text()")
    assert content.xpath("//h3/a[@href='https://wire.example/gull']")
    assert content.xpath("//p[@lang='ar' and @dir='rtl']/text()") == [
        *without.xpath("//p[@lang='ar']/text()"),
        "تصحيح: عدد المدارس سبع.",
    ]
    said = " ".join(content.text_content().split())
    assert "Correction · Sun, May 17, 10:00 PM · Coastline Wire" in said
    assert "Some 90 passengers were on the “Gull Maiden”." in said
