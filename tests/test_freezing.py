"""For whom an edition is, when each of them gets it, and until when."""

import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import insert, select, update

from digest.app import App
from digest.errors import Conflict
from digest.freezing import freeze, is_out, overdue, timetable
from digest.model import EditionState
from digest.settings import Newsletter
from digest.slots import release_at, slot_of
from digest.store import editions, schema
from digest.store.editions import Record
from make import MORNING
from newsroom import Clock, open_newsroom, take_in, write_config

ID = "daily@2026-05-18T0700"
HOUR = timedelta(hours=1)


def letter(**fields: Any) -> Newsletter:
    return Newsletter(
        **({"slug": "daily", "title": "The Daily", "timezone": "Europe/Athens"} | fields)
    )


def record(**fields: Any) -> Record:
    values: dict[str, Any] = {
        "id": ID, "newsletter": "daily", "day": date(2026, 5, 18), "clock": "0700",
        "slot_at": MORNING, "state": EditionState.APPROVED, "reason": "", "repeats": None,
        "planned": 0, "paused": "", "expires_at": None, "created_at": MORNING,
        "approved_at": MORNING, "published_at": None, "finished_at": None,
    }  # fmt: skip
    return Record(**(values | fields))


@asynccontextmanager
async def approved(
    folder: Path,
    clock: Clock,
    *,
    newsletter: str = "",
    mail: str = "",
    more: str = "",
    store_url: str = "sqlite:///data/digest.db",
) -> AsyncIterator[App]:
    """A newsroom with an edition approved at that hour, and nobody to read it."""
    path = write_config(folder, newsletter=newsletter, mail=mail, store_url=store_url)
    path.write_text(path.read_text() + more)
    async with open_newsroom(folder, now=clock) as app:
        slot = slot_of(app.newsletter(), date(2026, 5, 18))
        async with app.db.write() as conn:
            await editions.create(app.db, conn, slot, now=clock.at, state=EditionState.APPROVED)
            await editions.stamp(conn, ID, approved_at=clock.at)
        yield app


async def seat(app: App, *people: tuple[int | None, str]) -> None:
    """Subscribe one person for each (hour, zone)."""
    lines = ["email,name,language,timezone,sections,consent_at,consent_from"]
    lines += [
        f"reader{n}@example.com,R,en,{zone},,2026-01-02,form" for n, (_, zone) in enumerate(people)
    ]
    await take_in(app, "\n".join(lines) + "\n")
    async with app.db.write() as conn:
        for number, (hour, _) in enumerate(people, 1):
            await conn.execute(
                update(schema.subscription)
                .where(schema.subscription.c.subscriber_id == number)
                .values(hour=hour)
            )


async def frozen(app: App) -> dict[datetime | None, list[int]]:
    """When → ids of those who wait for it; None: now."""
    found: dict[datetime | None, list[int]] = {}
    async with app.db.read() as conn:
        for row in await conn.execute(select(schema.chunk).order_by(schema.chunk.c.seq)):
            ids = struct.unpack(f">{len(row.ids) // 8}Q", row.ids)
            found.setdefault(row.not_before, []).extend(ids)
    return found


async def expires_at(app: App) -> datetime | None:
    async with app.db.read() as conn:
        return (await editions.get(conn, ID)).expires_at


# -------------------------------------------------------------------------- freeze


async def test_each_waits_for_their_own_hour_and_who_chose_none_does_not(
    tmp_path: Path, store_url: str
) -> None:
    async with approved(tmp_path, Clock(), store_url=store_url) as app:
        people = [
            (None, "UTC"), (9, "Europe/Athens"), (5, "Europe/Athens"), (9, "Europe/Athens"),
        ]  # fmt: skip
        await seat(app, *people)
        assert await freeze(app, ID) == 4
        assert await frozen(app) == {None: [1, 3], MORNING + 2 * HOUR: [2, 4]}
        # The last is due at six, and the newsletter gives twenty hours.
        assert await expires_at(app) == MORNING + 22 * HOUR
        async with app.db.read() as conn:
            assert (await editions.get(conn, ID)).state is EditionState.SENDING
        # Once and for all: nobody who joins meanwhile is in it.
        await take_in(app, "email,consent_at,consent_from\nlate@example.com,2026-01-02,form\n")
        assert await freeze(app, ID) == 4


async def test_made_ahead_it_reaches_the_east_before_its_own_hour(tmp_path: Path) -> None:
    clock = Clock()
    clock.at = MORNING - 12 * HOUR
    async with approved(tmp_path, clock, newsletter="ahead_h = 12") as app:
        people = [
            (None, "Asia/Kathmandu"),
            (7, "Pacific/Auckland"), (7, "Asia/Kathmandu"), (7, "Europe/Athens"),
            (7, "America/New_York"), (2, "Pacific/Kiritimati"), (22, "Pacific/Niue"),
        ]  # fmt: skip
        await seat(app, *people)
        assert await freeze(app, ID) == 7
        utc = datetime(2026, 5, 18, tzinfo=UTC)
        assert await frozen(app) == {
            # Seven in Auckland is seven in the evening of the day before.
            utc - timedelta(hours=5): [2],
            utc + timedelta(hours=1, minutes=15): [3],
            MORNING: [1, 4],
            utc + timedelta(hours=11): [5],
            # Two o'clock on Kiritimati had passed when it was made.
            None: [6],
            utc + timedelta(hours=33): [7],
        }
        assert await expires_at(app) == utc + timedelta(hours=53)


async def test_what_a_person_sends_before_its_time_goes_at_once(tmp_path: Path) -> None:
    clock = Clock()
    clock.at = MORNING - 14 * HOUR
    async with approved(tmp_path, clock, newsletter="ahead_h = 12") as app:
        await seat(app, (None, "UTC"), (7, "Pacific/Auckland"), (21, "Europe/Athens"))
        await freeze(app, ID)
        # Of the day that it is now: one in the morning there, five in the afternoon in Athens.
        utc = datetime(2026, 5, 17, tzinfo=UTC)
        assert await frozen(app) == {None: [1], utc + 18 * HOUR: [3], utc + 19 * HOUR: [2]}


async def test_nobody_is_mailed_in_their_quiet_hours(tmp_path: Path) -> None:
    quiet = 'quiet_hours = "22:00-06:00"'
    async with approved(tmp_path, Clock(), newsletter=quiet) as app:
        people = [
            (None, "Europe/Athens"), (None, "America/New_York"), (5, "Asia/Tbilisi"),
            (23, "America/New_York"), (None, "Europe/Dublin"),
        ]  # fmt: skip
        await seat(app, *people)
        await freeze(app, ID)
        assert await frozen(app) == {
            None: [1, 3],
            # Midnight in New York: it waits until six, as does who asked for eleven at night.
            MORNING + 6 * HOUR: [2],
            MORNING + 30 * HOUR: [4],
            MORNING + HOUR: [5],
        }


async def test_sent_late_at_night_by_hand_it_lets_people_sleep(tmp_path: Path) -> None:
    clock = Clock()
    async with approved(tmp_path, clock, newsletter='quiet_hours = "22:00-06:00"') as app:
        await seat(app, (None, "Europe/Athens"), (9, "Europe/Athens"), (None, "America/New_York"))
        clock.at = MORNING + 17 * HOUR
        await freeze(app, ID)
        assert await frozen(app) == {MORNING + 23 * HOUR: [1, 2], None: [3]}
        assert await expires_at(app) == MORNING + 43 * HOUR


async def test_late_as_it_is_it_has_its_time_from_then_on(tmp_path: Path) -> None:
    clock = Clock()
    more = '\n[pace]\nwindow = "08:00-20:00"\ntimezone = "Europe/Athens"\n'
    async with approved(tmp_path, clock, newsletter="expires_h = 2", more=more) as app:
        await seat(app, (None, "UTC"))
        clock.at = MORNING + timedelta(days=3, hours=14)
        await freeze(app, ID)
        # It is nine in the evening: nothing leaves before eight in the morning.
        assert await expires_at(app) == MORNING + timedelta(days=4, hours=3)


async def test_a_paused_edition_is_not_frozen(tmp_path: Path) -> None:
    async with approved(tmp_path, Clock()) as app:
        async with app.db.write() as conn:
            await editions.set_paused(conn, ID, "by hand")
        with pytest.raises(Conflict, match="is paused: by hand"):
            await freeze(app, ID)


async def test_many_are_frozen_in_full_chunks_of_one_moment(tmp_path: Path) -> None:
    async with approved(tmp_path, Clock()) as app:
        await seat(app, (None, "UTC"))
        number = 6500
        async with app.db.write() as conn:
            person = (await conn.execute(select(schema.subscriber))).one()._asdict()
            row = (await conn.execute(select(schema.subscription))).one()._asdict()
            consent = (await conn.execute(select(schema.consent))).one()._asdict()
            people, consents, rows = [], [], []
            for n in range(2, number + 1):
                email = f"reader{n}@example.com"
                people.append(person | {"id": n, "key": f"k{n}", "email": email, "folded": email})
                consents.append(consent | {"id": n + 10, "subscriber_id": n})
                hour = 9 if n % 2 else None
                rows.append(row | {"subscriber_id": n, "consent_id": n + 10, "hour": hour})
            await conn.execute(insert(schema.subscriber), people)
            await conn.execute(insert(schema.consent), consents)
            await conn.execute(insert(schema.subscription), rows)
        assert await freeze(app, ID) == number
        found = await frozen(app)
        async with app.db.read() as conn:
            sizes = [len(ids) // 8 for ids in await conn.scalars(select(schema.chunk.c.ids))]
    assert set(found) == {None, MORNING + 5 * HOUR}
    assert sorted(id for ids in found.values() for id in ids) == list(range(1, number + 1))
    assert sorted(sizes) == [249, 251, *[1000] * 6]


# ----------------------------------------------------------------------- timetable


def test_the_timetable_is_the_same_whenever_it_is_asked_for() -> None:
    ahead = letter(ahead_h=12)
    opens = MORNING - 12 * HOUR
    made = record(created_at=opens, approved_at=opens)
    first = timetable(made, ahead, now=opens)
    assert (first.opens, first.at, first.day) == (opens, MORNING, date(2026, 5, 18))
    shown = record(created_at=opens, approved_at=opens, published_at=opens)
    for hours in (0, 3, 12, 40):
        assert timetable(shown, ahead, now=opens + hours * HOUR) == first


def test_no_mail_is_dated_before_its_edition_was_approved() -> None:
    ahead = letter(ahead_h=12)
    for hours in (-5, 2):
        at = MORNING + hours * HOUR
        found = timetable(record(approved_at=at, published_at=at), ahead, now=at)
        assert found.opens == at
        assert found.at == max(at, MORNING)
        assert found.moment(7, "Pacific/Auckland") == at


def test_without_anything_ahead_it_is_dated_as_ever() -> None:
    evening = MORNING - 9 * HOUR
    found = timetable(record(approved_at=evening), letter(), now=MORNING)
    assert (found.opens, found.at, found.day) == (MORNING, MORNING, None)


# ------------------------------------------------------------------- out, overdue


def test_an_edition_is_shown_from_its_release_on() -> None:
    ahead = letter(ahead_h=12)
    opens = release_at(ahead, slot_of(ahead, date(2026, 5, 18)))
    just_before = opens - timedelta(seconds=1)
    assert not is_out(record(), ahead, just_before)
    assert is_out(record(), ahead, opens)
    assert not is_out(record(), letter(), opens)
    assert not is_out(record(paused="by hand"), ahead, opens)
    # What was seen once is not taken back.
    assert is_out(record(paused="by hand", published_at=opens), ahead, just_before)
    assert is_out(record(state=EditionState.SENT), ahead, just_before)


def test_what_nobody_began_in_time_asks_for_a_person() -> None:
    late = MORNING + 30 * HOUR
    why = overdue(record(), letter(), late, begun=False)
    assert why == (
        "it was approved, but its hour passed 30 hours ago while nothing ran; "
        f"`digest resume {ID}` sends it, `digest cancel {ID}` drops it"
    )
    for hours, word in ((0, ""), (3, ""), (3.1, "it was approved")):
        found = overdue(record(), letter(), MORNING + hours * HOUR, begun=False)
        assert found.startswith(word), hours
        assert bool(found) is bool(word), hours


def test_what_is_approved_late_is_not_late_and_what_a_person_wants_goes() -> None:
    late = MORNING + 30 * HOUR
    assert not overdue(record(approved_at=late - HOUR), letter(), late, begun=False)
    assert overdue(record(approved_at=late - 4 * HOUR), letter(), late, begun=False)
    # Resumed, until that is long ago, too.
    resumed = record(expires_at=late + HOUR)
    assert not overdue(resumed, letter(), late, begun=False)
    assert overdue(resumed, letter(), late + 2 * HOUR, begun=False)


@pytest.mark.parametrize("catch_up_h", [0, 3])
def test_a_clock_that_ticks_a_moment_after_the_hour_is_in_time(catch_up_h: float) -> None:
    newsletter = letter(catch_up_h=catch_up_h)
    assert not overdue(record(), newsletter, MORNING + timedelta(seconds=9), begun=False)
    # Ahead of its hour nothing is.
    assert not overdue(record(), letter(ahead_h=12), MORNING - HOUR, begun=False)


def test_what_is_out_of_date_with_people_untouched_asks_for_a_person() -> None:
    sending = record(state=EditionState.SENDING, expires_at=MORNING + 20 * HOUR)
    assert not overdue(sending, letter(), MORNING + 19 * HOUR, begun=False)
    late = MORNING + 44 * HOUR
    why = overdue(sending, letter(), late, begun=False)
    assert why.startswith("its time was over 24 hours ago, and some of those")
    # Who is left was tried: that ends by itself.
    assert not overdue(sending, letter(), late, begun=True)
    assert not overdue(record(state=EditionState.SENT), letter(), late, begun=False)
    assert not overdue(record(state=EditionState.SENDING), letter(), late, begun=False)
