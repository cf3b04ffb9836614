"""Feeds and archives of made-up weeks: however corrections come, a walk finds the truth."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from digest.model import Correction, Edition
from digest.render import Gallery, Press, channels_of, issue
from digest.render.feeds import archive_files, feed_files
from digest.render.press import Issue
from digest.reprints import Weeks
from feedroom import ATOM, CONTENT, SITE, Feeds, edition_at, make_newsletter
from make import MORNING

DAYS = 35
#: Editions that the feed has beside those of the open week.
MOST = 3
FOLDERS = ("", "stories/", "briefs/", "corrections/", "topic/ferries/")


def correction(carrier: Edition, part: int, teller: Edition, number: int) -> Correction:
    items = (*(story.lead for story in carrier.stories), *carrier.briefs)
    return Correction(
        item_id=items[part].id,
        headline=items[part].title,
        corrects=number % 2 == 0,
        at=teller.slot_at - timedelta(hours=1),
        sentences=(f"It was door {number}, not a gate.",),
        edition_id=carrier.id,
    )


@st.composite
def newsletters(draw: st.DrawFn) -> list[Edition]:
    """Editions of some weeks, oldest first, each correcting what it likes in earlier ones."""
    days = sorted(draw(st.sets(st.integers(0, DAYS - 1), min_size=2, max_size=9)))
    editions = [edition_at(MORNING + timedelta(days=day)) for day in days]
    number = 0
    for place, teller in enumerate(editions[1:], start=1):
        told = draw(st.lists(st.tuples(st.integers(0, place - 1), st.integers(0, 2)), max_size=3))
        made = [
            correction(editions[at], part, teller, number + extra)
            for extra, (at, part) in enumerate(told)
        ]
        number += len(made)
        editions[place] = replace(teller, corrections=tuple(made))
    return editions


@dataclass(frozen=True)
class House:
    """What a publisher does with editions, oldest first, without a database."""

    press: Press
    editions: Sequence[Edition]

    @property
    def weeks(self) -> Weeks:
        days = {edition.id: edition.slot.day for edition in self.editions}
        tellers = {
            edition.id: [
                teller.id
                for teller in self.editions
                if any(told.edition_id == edition.id for told in teller.corrections)
            ]
            for edition in self.editions
        }
        return Weeks(days, tellers)

    def issue(self, edition: Edition, until: str = "") -> Issue:
        by_id = {one.id: one for one in self.editions}
        later = [
            told
            for teller in self.weeks.tellers(edition.id, until)
            for told in by_id[teller].corrections
            if told.edition_id == edition.id
        ]
        return issue(edition, press=self.press, gallery=Gallery(), later=later)

    def archive(self, week: str, newer: str | None = None) -> dict[str, bytes]:
        weeks, newsletter = self.weeks, make_newsletter(feed_sources=())
        told = [one for one in reversed(self.editions) if one.id in weeks.of(week)]
        before = [one for one in weeks.archived if one < week]
        files = archive_files(
            newsletter,
            channels_of(newsletter),
            week,
            [self.issue(one, week) for one in told],
            press=self.press,
            older=before[-1] if before else None,
            newer=newer,
        )
        return dict(files)

    def feed(self) -> dict[str, bytes]:
        weeks, newsletter = self.weeks, make_newsletter(feed_sources=())
        wanted = [
            one
            for place, one in enumerate(reversed(self.editions))
            if place < MOST or one.id in weeks.of(weeks.newest)
        ]
        files = feed_files(
            newsletter,
            channels_of(newsletter),
            [self.issue(one) for one in wanted],
            press=self.press,
            weeks={week: weeks.of(week) for week in weeks.archived},
        )
        return dict(files)


def walk(feeds: Feeds, folder: str, format: str) -> Iterator[tuple[str, str, datetime, datetime]]:
    """Id, contents, and when published and updated, as met from the newest document on."""
    address = f"{SITE}/feeds/daily/{folder}feed.{format}"
    while address:
        path = address.removeprefix(f"{SITE}/feeds/daily/")
        if format == "json":
            page = json.loads(feeds.files[f"feeds/daily/{path}"])
            for item in page["items"]:
                dates = (item["date_published"], item["date_modified"])
                yield item["id"], item["content_html"], *map(datetime.fromisoformat, dates)
            address = page.get("next_url", "")
            continue
        root = feeds.xml(path)
        parts = list(root.iter(f"{ATOM}entry", "item"))
        assert len({id_of(one) for one in parts}) == len(parts)
        for one in parts:
            if format == "rss":
                published = parsedate_to_datetime(one.findtext("pubDate"))
                text, updated = one.findtext(CONTENT), one.findtext(f"{ATOM}updated")
            else:
                published = datetime.fromisoformat(one.findtext(f"{ATOM}published"))
                text, updated = one.findtext(f"{ATOM}content"), one.findtext(f"{ATOM}updated")
            # RSS has it where something was corrected only.
            yield id_of(one), text, published, datetime.fromisoformat(updated or str(published))
        links = root.iter(f"{ATOM}link")
        address = next((e.get("href") for e in links if e.get("rel") == "prev-archive"), "")


def id_of(entry: Any) -> str:
    return entry.findtext("guid") or str(entry.findtext(f"{ATOM}id"))


def truth(house: House) -> dict[str, tuple[str, datetime]]:
    """Of each entry, what it says now and since when, whatever document that is in."""
    newsletter = make_newsletter(feed_sources=())
    every = [house.issue(edition) for edition in reversed(house.editions)]
    files = feed_files(newsletter, channels_of(newsletter), every, press=house.press)
    feeds = Feeds(dict(files))
    return {
        entry.findtext(f"{ATOM}id"): (
            entry.findtext(f"{ATOM}content"),
            datetime.fromisoformat(entry.findtext(f"{ATOM}updated")),
        )
        for folder in FOLDERS
        for entry in feeds.xml(f"{folder}feed.atom").iter(f"{ATOM}entry")
    }


@settings(max_examples=12, deadline=None)
@given(newsletters())
def test_a_walk_from_the_newest_finds_the_truth_of_every_entry_first(
    press: Press, editions: list[Edition]
) -> None:
    house = House(press, editions)
    archived = house.weeks.archived
    files = house.feed()
    for place, week in enumerate(archived):
        files |= house.archive(week, next(iter(archived[place + 1 :]), None))
    known, feeds = truth(house), Feeds(files)
    for format in ("rss", "atom", "json"):
        met = {folder: list(walk(feeds, folder, format)) for folder in FOLDERS}
        assert {id for some in met.values() for id, *_ in some} == set(known)
        for some in met.values():
            first: dict[str, str] = {}
            newest: dict[str, datetime] = {}
            for id, content, published, updated in some:
                assert updated >= published
                first.setdefault(id, content)
                newest.setdefault(id, updated)
                # A version that is met later never looks newer: whoever goes by the date is right.
                assert updated <= newest[id]
            assert first == {id: known[id][0] for id in first}
            assert newest == {id: known[id][1] for id in newest}


@settings(max_examples=12, deadline=None)
@given(newsletters())
def test_an_archived_week_says_the_same_for_ever(press: Press, editions: list[Edition]) -> None:
    at_the_end = House(press, editions)
    for week in at_the_end.weeks.archived:
        ended = next(
            place
            for place in range(len(editions))
            if House(press, editions[: place + 1]).weeks.newest > week
        )
        assert House(press, editions[: ended + 1]).archive(week) == at_the_end.archive(week)


# ---------------------------------------------------------------------------- weeks

TELLERS = {
    "daily@2026-04-30T0700": ["daily@2026-05-01T0700", "daily@2026-05-05T0700"],
    "daily@2026-03-26T0700": ["daily@2026-05-01T0700"],
}
ALL = ["2026-03-26", "2026-04-30", "2026-05-01", "2026-05-05", "2026-05-12"]


@pytest.fixture
def weeks() -> Weeks:
    return Weeks({f"daily@{day}T0700": date.fromisoformat(day) for day in ALL}, TELLERS)


def test_a_week_has_its_editions_and_those_that_they_corrected(weeks: Weeks) -> None:
    assert weeks.archived == ["2026-W13", "2026-W18", "2026-W19"]
    assert weeks.newest == "2026-W20"
    assert weeks.of("2026-W13") == {"daily@2026-03-26T0700"}
    assert weeks.of("2026-W18") == {f"daily@{day}T0700" for day in ALL[:3]}
    assert weeks.of("2026-W19") == {"daily@2026-04-30T0700", "daily@2026-05-05T0700"}
    assert weeks.of("2026-W20") == {"daily@2026-05-12T0700"}


def test_what_was_corrected_by_the_end_of_a_week_is_known(weeks: Weeks) -> None:
    known = weeks.tellers("daily@2026-04-30T0700", until="2026-W18")
    assert known == ["daily@2026-05-01T0700"]
    assert len(weeks.tellers("daily@2026-04-30T0700")) == 2
    assert weeks.tellers("daily@2026-03-26T0700", until="2026-W13") == []
    assert Weeks({}, {}).newest == ""
