import json
import re
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from lxml import html

from digest.model import Correction, Edition
from digest.render import Press
from digest.render.feeds import view_files
from digest.settings import Brand
from feedroom import (
    ATOM,
    CONTENT,
    SITE,
    WEEKS,
    Feeds,
    edition_at,
    hostile_edition,
    make_newsletter,
    mornings,
    sections_of,
    story_of,
    write_archive,
    write_feeds,
)
from make import MORNING, make_edition

FORMATS = ("rss", "atom", "json")


@pytest.fixture(scope="module")
def editions() -> list[Edition]:
    return mornings()


@pytest.fixture(scope="module")
def feeds(press: Press, editions: list[Edition]) -> Feeds:
    return write_feeds(press, editions, weeks=WEEKS)


def items_of(feeds: Feeds, path: str) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = json.loads(feeds.files[f"feeds/daily/{path}"])["items"]
    return items


def test_every_channel_is_written_in_every_format(feeds: Feeds) -> None:
    folders = ["", "stories/", "briefs/", "corrections/", "section/at-sea/", "section/city/",
               "topic/ferries/", "source/wire/", "source/courier/"]  # fmt: skip
    assert sorted(feeds.files) == sorted(
        f"feeds/daily/{folder}feed.{format}" for folder in folders for format in FORMATS
    )


def test_two_renderings_are_the_same_octets(press: Press, editions: list[Edition]) -> None:
    first = write_feeds(press, editions, weeks=WEEKS)
    assert write_feeds(press, editions, weeks=WEEKS).files == first.files


@pytest.mark.parametrize("format", ["rss", "atom"])
def test_readers_find_every_edition_newest_first(
    feeds: Feeds, editions: list[Edition], format: str
) -> None:
    feed = feeds.parsed(f"feed.{format}")
    assert feed.feed.title == "The Daily"
    assert feed.feed.link == f"{SITE}/editions/daily/"
    days = [f"{SITE}/editions/daily/{e.id.partition('@')[2]}/" for e in editions]
    assert [entry.link for entry in feed.entries] == days
    assert feed.entries[0].title == "May 18, 2026: Ferry line reopens, 18 May"
    assert feed.entries[0].published_parsed[:5] == (2026, 5, 18, 4, 0)
    assert {tag.term for tag in feed.entries[0].tags} == {"At sea", "City & council"}


@pytest.mark.parametrize("format", ["rss", "atom"])
def test_readers_find_a_story_with_all_that_belongs_to_it(feeds: Feeds, format: str) -> None:
    entry = feeds.parsed(f"stories/feed.{format}").entries[0]
    assert entry.title == "Ferry line reopens, 18 May"
    assert entry.link.startswith("https://wire.example/")
    assert [author.name for author in entry.authors] == ["Ines Marrow", "Tom Vale"]
    assert {tag.term for tag in entry.tags} == {"ferries", "Harbour", "At sea"}
    assert entry.summary.startswith("Two boats run from October, said on 18 May.")
    assert entry.published_parsed[:5] == (2026, 5, 17, 22, 0)
    assert entry.media_content[0]["url"] == "https://pictures.example/ferry.jpg"
    assert entry.media_thumbnail[0]["url"] == "https://pictures.example/ferry.jpg"
    assert entry.publisher == "Coastline Wire"
    assert "Two boats run" in entry.content[0].value


def test_a_json_reader_finds_the_same(feeds: Feeds) -> None:
    story = items_of(feeds, "stories/feed.json")[0]
    assert story["external_url"].startswith("https://wire.example/")
    assert story["url"].startswith(f"{SITE}/editions/daily/2026-05-18T0700/")
    assert story["image"] == "https://pictures.example/ferry.jpg"
    assert story["authors"] == [{"name": "Ines Marrow"}, {"name": "Tom Vale"}]
    assert story["tags"] == ["ferries", "Harbour", "At sea"]
    assert story["date_published"] == "2026-05-17T22:00:00+00:00"
    assert story["date_modified"] == story["date_published"]
    assert story["attachments"] == [
        {"url": "https://pictures.example/ferry.jpg", "mime_type": "image/jpeg"}
    ]


def test_each_channel_has_what_it_promises(feeds: Feeds) -> None:
    def titles(folder: str) -> set[str]:
        return {
            re.sub(r",? (on )?\d.*", "", item["title"])
            for item in items_of(feeds, f"{folder}/feed.json")
        }

    assert titles("stories") == {"Ferry line reopens", "Tram strike is off"}
    assert titles("section/at-sea") == titles("topic/ferries") == {"Ferry line reopens"}
    assert titles("section/city") == {"Tram strike is off"}
    assert titles("briefs") == {"Bridge closed until noon."}
    # Told first by another, and by it too.
    assert titles("source/courier") == {"Ferry line reopens", "Tram strike is off"}
    assert titles("source/wire") == {"Ferry line reopens", "Bridge closed until noon."}


def test_all_formats_hold_the_same_contents(feeds: Feeds) -> None:
    for path in list(feeds.paths(".json")):
        stem = path.removesuffix(".json")
        in_json = [item["content_html"] for item in items_of(feeds, path)]
        in_rss = [item.findtext(CONTENT) for item in feeds.xml(f"{stem}.rss").iter("item")]
        in_atom = [
            entry.findtext(f"{ATOM}content")
            for entry in feeds.xml(f"{stem}.atom").iter(f"{ATOM}entry")
        ]
        assert in_rss == in_atom == in_json
        ids = [item["id"] for item in items_of(feeds, path)]
        assert [item.findtext("guid") for item in feeds.xml(f"{stem}.rss").iter("item")] == ids


def test_a_story_told_in_two_editions_is_there_once_as_the_newer_has_it(press: Press) -> None:
    story = story_of("Ferry line reopens")
    old = edition_at(MORNING - timedelta(days=1), *sections_of((story,)))
    new = edition_at(MORNING, *sections_of((replace(story, headline="Ferry line is back"),)))
    items = items_of(write_feeds(press, [new, old]), "stories/feed.json")
    assert [item["title"] for item in items] == ["Ferry line is back"]


def test_a_correction_keeps_the_id_so_that_nothing_is_announced_again(press: Press) -> None:
    edition = edition_at(MORNING)
    correction = Correction(
        item_id=edition.stories[0].id,
        headline="Ferry line reopens",
        corrects=True,
        at=MORNING + timedelta(hours=5),
        sentences=("Three boats run, not two.",),
        edition_id=edition.id,
    )
    before, after = (
        write_feeds(press, [edition], later=later).parsed("stories/feed.atom").entries[0]
        for later in ([], [correction])
    )
    assert (after.id, after.published) == (before.id, before.published)
    assert after.updated > before.updated
    assert "Three boats run, not two." in after.content[0].value


def test_rss_marks_what_was_corrected_as_atom_does(press: Press) -> None:
    edition = edition_at(MORNING)
    correction = Correction(
        item_id=edition.stories[0].id,
        headline="Ferry line reopens",
        at=MORNING + timedelta(hours=5),
        sentences=("Three boats run, not two.",),
        edition_id=edition.id,
    )
    feeds = write_feeds(press, [edition], later=[correction])
    items = list(feeds.xml("stories/feed.rss").iter("item"))
    assert [item.findtext(f"{ATOM}updated") for item in items] == [
        "2026-05-18T09:00:00+00:00",
        None,
    ]
    assert feeds.parsed("stories/feed.rss").entries[0].updated == "2026-05-18T09:00:00+00:00"


def test_corrections_have_a_feed_of_their_own(press: Press) -> None:
    old = edition_at(MORNING - timedelta(days=1))

    def corrected(part: int, **fields: Any) -> Correction:
        return Correction(
            item_id=old.stories[part].id,
            headline=old.stories[part].headline,
            at=MORNING - timedelta(hours=2 - part),
            sentences=(f"It was door {part}.",),
            edition_id=old.id,
            **fields,
        )

    first = corrected(0, corrects=True, url="https://wire.example/a", site="Coastline Wire")
    new = edition_at(MORNING, corrections=(first, corrected(1)))
    feeds = write_feeds(press, [new, old])
    strike, ferry = feeds.parsed("corrections/feed.atom").entries
    assert ferry.title == "Correction: Ferry line reopens, 17 May"
    assert strike.title == "Update: Tram strike is off, 17 May"
    assert ferry.summary == "It was door 0."
    assert "It was door 0." in ferry.content[0].value
    assert ferry.link == "https://wire.example/a"
    assert ferry.author == "Coastline Wire"
    assert strike.link.startswith(f"{SITE}/editions/daily/2026-05-17T0700/#")
    assert strike.author == "Harbour Newsroom"
    assert ferry.published == ferry.updated == "2026-05-18T02:00:00+00:00"
    items = items_of(feeds, "corrections/feed.json")
    assert [item["title"] for item in items] == [strike.title, ferry.title]
    assert items[1]["url"] == f"{SITE}/editions/daily/2026-05-18T0700/"
    # It is no story, and what it is about is not told again.
    ids = {item["id"] for item in items_of(feeds, "stories/feed.json")}
    assert ids.isdisjoint(item["id"] for item in items)
    assert items_of(feeds, "source/courier/feed.json")[0]["title"] == "Ferry line reopens, 18 May"


# -------------------------------------------------------------------- hostile words


@pytest.mark.parametrize(
    "words",
    [
        "a\x00b\x1b\ufffe\ud800c",
        "]]> </item> &amp; <b> -- -->",
        "<script>alert(1)</script>",
        "{{ x }} {% y %} [[ z ]]",
        "😀 العربية \u202etxt.exe",
        "AT&T 5 < 6",
        "word " * 5_000,
        "x" * 4_000,
        '" onload="x()',
    ],
    ids=["control", "cdata", "script", "template", "bidi", "signs", "long", "unbroken", "quote"],
)
def test_hostile_words_break_no_feed(press: Press, words: str) -> None:
    feeds = write_feeds(
        press, [hostile_edition(words)], newsletter=make_newsletter(feed_topics=(words,))
    )
    for path in [*feeds.paths(".rss"), *feeds.paths(".atom")]:
        for entry in feeds.parsed(path).entries:
            assert entry.title.strip()
    stories = items_of(feeds, "stories/feed.json")
    (item,) = stories
    tree = html.fragment_fromstring(item["content_html"])
    assert not tree.xpath(".//script | .//b[contains(., 'alert')]")
    assert not re.search(r"[\x00-\x08\x0b\x0c\x0e-\x1f\u202e]", item["content_html"])
    for element in tree.iter():
        assert not [name for name in element.attrib if name.startswith("on")]
    description = feeds.xml("stories/feed.rss").find("channel/item/description").text
    # It is HTML: what was text is still text in it.
    assert html.fragment_fromstring(description, create_parent="p").xpath("count(.//*)") == 0


def test_a_comment_for_people_cannot_be_ended_by_a_title(press: Press) -> None:
    newsletter = make_newsletter(title="A --> <x> -- B ---")
    feeds = write_feeds(press, mornings(1), newsletter=newsletter)
    assert feeds.xml("feed.rss").findtext("channel/title") == "A --> <x> -- B ---"
    assert feeds.parsed("feed.atom").feed.title == "A --> <x> -- B ---"


# --------------------------------------------------------------------- empty, long


@pytest.mark.parametrize("issues", [0, 1])
def test_a_feed_without_entries_is_a_feed(press: Press, issues: int) -> None:
    # An edition of nothing but corrections has no stories and no briefs.
    bare = make_edition(sections=()) if issues else None
    feeds = write_feeds(press, [bare] if bare else [])
    assert feeds.files == write_feeds(press, [bare] if bare else []).files
    for format in ("rss", "atom"):
        assert feeds.parsed(f"stories/feed.{format}").entries == []
    assert items_of(feeds, "stories/feed.json") == []
    assert feeds.xml("briefs/feed.atom").findtext(f"{ATOM}updated") == "2000-01-01T00:00:00+00:00"


def heavy(days: int) -> list[Edition]:
    """An edition a day, of some 60 KB."""
    stories = tuple(story_of(f"Story {n}", f"Longestwords{n}. " * 100, site="W") for n in range(30))
    return [
        edition_at(
            day,
            *sections_of(tuple(replace(s, id=f"{day:%d}{n:014}") for n, s in enumerate(stories))),
        )
        for day in (MORNING - timedelta(days=n) for n in range(days))
    ]


def test_a_feed_stays_short_but_keeps_what_no_archive_has(press: Press) -> None:
    feeds = write_feeds(press, heavy(9), weeks=WEEKS)
    items = items_of(feeds, "feed.json")
    assert 1 < len(items) < 9
    assert items[0]["url"].endswith("/2026-05-18T0700/")
    # The same days, none of them in an archive.
    whole = write_feeds(press, heavy(9))
    assert len(whole.parsed("feed.rss").entries) == 9
    assert len(whole.parsed("feed.atom").entries) == 9


def test_a_long_json_feed_goes_on_in_further_pages(press: Press) -> None:
    feeds = write_feeds(press, heavy(9), weeks={"2026-W18": ["daily@2026-05-01T0700"]})
    seen: list[str] = []
    address, pages = f"{SITE}/feeds/daily/feed.json", 0
    while address.removeprefix(f"{SITE}/") in feeds.files:
        raw = feeds.files[address.removeprefix(f"{SITE}/")]
        assert len(raw) < 250_000
        page = json.loads(raw)
        assert page["feed_url"] == f"{SITE}/feeds/daily/feed.json"
        seen += [item["url"] for item in page["items"]]
        address, pages = page["next_url"], pages + 1
    assert address == f"{SITE}/feeds/daily/2026-W18.json"
    assert pages > 1
    assert len(seen) == len(set(seen)) == 9
    assert seen == sorted(seen, reverse=True)


def test_an_old_story_that_is_corrected_is_in_the_feed_however_long_that_is(press: Press) -> None:
    teller, *between, old = heavy(9)
    wrong = old.stories[7]
    told = Correction(
        item_id=wrong.lead.id,
        headline=wrong.headline,
        at=MORNING,
        sentences=("It was door nine.",),
        edition_id=old.id,
    )
    editions = [replace(teller, corrections=(told,)), *between, old]
    feeds = write_feeds(press, editions, weeks=WEEKS, later=[told])
    stories = feeds.parsed("stories/feed.atom").entries
    (found,) = [one for one in stories if wrong.id in one.links[1].href]
    assert "It was door nine." in found.content[0].value
    # Nothing else of its edition.
    assert len([one for one in stories if "/2026-05-10T0700/" in one.links[1].href]) == 1
    days = [one.link.split("/")[5] for one in feeds.parsed("feed.atom").entries]
    # What there is room for is the newest.
    assert days[0] == "2026-05-18T0700"
    assert days[-1] == "2026-05-10T0700"
    assert days[1:-1] == [f"2026-05-{17 - n}T0700" for n in range(len(days) - 2)]
    assert len(days) < len(editions)


def test_the_next_json_items_are_those_that_the_feed_has_not(press: Press) -> None:
    def next_of(editions: list[Edition], folder: str = "", **more: Any) -> str:
        page = json.loads(
            write_feeds(press, editions, weeks=WEEKS, **more).files[
                f"feeds/daily/{folder}feed.json"
            ]
        )
        return str(page.get("next_url", "")).rpartition("/")[2]

    days = mornings()
    assert next_of(days) == ""
    # Of the first of two weeks nothing is known, and of a part of the second.
    assert next_of(days[:8]) == "2026-W19.json"
    assert next_of(days[:7]) == "2026-W20.json"
    # All is known, and there is no room.
    assert next_of(heavy(9)) == "2026-W20.json"
    assert next_of(heavy(9), "section/city/") == ""


def test_a_week_of_archive_goes_on_in_further_pages_too(press: Press) -> None:
    feeds = write_archive(press, "2026-W20", heavy(8)[1:], older="2026-W19")
    assert all(len(raw) < 250_000 for path, raw in feeds.files.items() if path.endswith(".json"))
    assert "feeds/daily/2026-W20-2.json" in feeds.files
    first = json.loads(feeds.files["feeds/daily/2026-W20.json"])
    assert first["next_url"] == f"{SITE}/feeds/daily/2026-W20-2.json"


# -------------------------------------------------------------------------- people


def test_people_who_open_a_feed_are_told_what_it_is(feeds: Feeds, press: Press) -> None:
    ((path, style),) = view_files(press)
    for format in ("rss", "atom"):
        raw = feeds.files[f"feeds/daily/stories/feed.{format}"].decode()
        assert f'<?xml-stylesheet type="text/css" href="{SITE}/{path}"?>' in raw
        # For browsers that show the source alone.
        assert "This is a feed. Copy its address" in raw.partition("-->")[0]
        page = feeds.xml(f"stories/feed.{format}").find(".//{http://www.w3.org/1999/xhtml}div")
        links = [link.get("href") for link in page.iter("{http://www.w3.org/1999/xhtml}a")]
        assert links[:2] == [f"{SITE}/editions/daily/", f"{SITE}/feeds/daily/"]
        assert links[2].startswith("https://wire.example/")
        code = page.find(".//{http://www.w3.org/1999/xhtml}code")
        assert code.text == f"{SITE}/feeds/daily/stories/feed.{format}"
    assert b"prefers-color-scheme: dark" in style
    assert b"url(" not in style.replace(b'@namespace h url("http://www.w3.org/1999/xhtml");', b"")


def test_the_view_has_the_brands_colours_and_fonts(press: Press) -> None:
    brand = Brand(accent="#1a5fb4", headline_font="Gill Sans, serif")
    ((_, style),) = view_files(replace(press, brand=brand))
    assert b"--accent: #1a5fb4" in style
    assert b'"Gill Sans", serif' in style


def test_archive_documents_are_no_pages(press: Press) -> None:
    feeds = write_archive(press, "2026-W20", mornings()[1:8])
    assert b"xml-stylesheet" not in feeds.files["feeds/daily/2026-W20.atom"]
    assert b"xhtml" not in feeds.files["feeds/daily/2026-W20.rss"]
