"""An edition made ahead of its hour: to each at their own clock, on its date, once."""

from collections import Counter
from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from email import message_from_bytes
from email.policy import default as default_policy
from pathlib import Path

import pytest

from digest import compose, jobs, pausing, pipeline
from digest.app import App
from digest.freezing import freeze
from digest.model import EditionState
from digest.runner import Runner, look
from digest.slots import slot_now, slot_of
from digest.store import editions, journal, placements
from digest.store.editions import Record
from make import MORNING
from newsroom import Clock, accepted, open_newsroom, take_in, write_article, write_config, write_day
from test_freezing import seat

HOUR = timedelta(hours=1)
ID = "daily@2026-05-18T0700"

#: All want it at seven of their own clock.
ZONES = (
    "Pacific/Kiritimati", "Pacific/Auckland", "Asia/Kathmandu", "Europe/Dublin",
    "America/New_York", "Pacific/Niue",
)  # fmt: skip


async def tick(runner: Runner, times: int = 3) -> None:
    """Tick until everything that is due has been done."""
    for _ in range(times):
        await runner.tick()
        await runner.idle()


async def record_of(app: App, edition_id: str = ID) -> Record:
    async with app.db.read() as conn:
        return await editions.get(conn, edition_id)


def dates(folder: Path) -> dict[str, datetime]:
    """Recipient → Date of what they got."""
    found = {}
    for path in (folder / "data" / "outbox" / "new").iterdir():
        message = message_from_bytes(path.read_bytes(), policy=default_policy)
        found[str(message["Delivered-To"])] = message["Date"].datetime
    return found


def readers(numbers: Iterable[int]) -> list[str]:
    return sorted(f"reader{n}@example.com" for n in numbers)


@pytest.mark.parametrize(
    ("day", "hours"),
    [
        # UTC, of each zone above, from the midnight on which the edition's date begins.
        (date(2026, 5, 18), (-7, -5, 1.25, 6, 11, 18)),
        # Clocks go forward in Dublin; Auckland still has summer time.
        (date(2026, 3, 29), (-7, -6, 1.25, 6, 11, 18)),
        # Back in Auckland, that very morning.
        (date(2026, 4, 5), (-7, -5, 1.25, 6, 11, 18)),
        # Back in Dublin, and in New York a week later.
        (date(2026, 10, 25), (-7, -6, 1.25, 7, 11, 18)),
        (date(2026, 11, 1), (-7, -6, 1.25, 7, 12, 18)),
    ],
)
async def test_each_zone_has_it_at_seven_on_its_date_and_once(
    tmp_path: Path, day: date, hours: tuple[float, ...]
) -> None:
    settings = f'ahead_h = 26\nmax_age_h = 8760.0\ndays = ["{day:%a}"]'.lower()
    path = write_config(tmp_path, newsletter=settings)
    path.write_text(path.read_text().replace("Europe/Athens", "Europe/Dublin"))
    write_day(tmp_path)
    clock = Clock()
    midnight = datetime(day.year, day.month, day.day, tzinfo=UTC)
    moments = [midnight + hour * HOUR for hour in hours]
    async with open_newsroom(tmp_path, now=clock) as app:
        await seat(app, *((7, zone) for zone in ZONES))
        runner = Runner(app)
        clock.at = slot_of(app.newsletter(), day).at - 26 * HOUR
        await look(app)
        await tick(runner)
        assert accepted(tmp_path) == []
        made = (await record_of(app, f"daily@{day}T0700")).created_at
        assert made == clock.at
        for number, moment in enumerate(moments):
            for clock.at, got in ((moment - timedelta(seconds=1), number), (moment, number + 1)):
                await tick(runner, 1)
                assert accepted(tmp_path) == readers(range(got)), (number, clock.at)
        assert (await record_of(app, f"daily@{day}T0700")).state is EditionState.SENT
        assert dates(tmp_path) == {
            f"reader{n}@example.com": moment for n, moment in enumerate(moments)
        }


async def test_it_is_composed_approved_and_shown_ahead_and_not_again_at_its_hour(
    tmp_path: Path, store_url: str
) -> None:
    write_config(tmp_path, store_url=store_url, newsletter="ahead_h = 10\ndraft_min = 60")
    write_day(tmp_path)
    clock = Clock()
    clock.at = MORNING - 12 * HOUR
    async with open_newsroom(tmp_path, now=clock) as app:
        await seat(app, (None, "UTC"), (7, "Asia/Kathmandu"))
        runner = Runner(app)
        await tick(runner)
        clock.at = MORNING - 11 * HOUR
        await tick(runner)
        assert (await record_of(app)).state is EditionState.DRAFT
        clock.at = MORNING - 10 * HOUR
        await tick(runner)
        record = await record_of(app)
        assert record.state is EditionState.SENDING
        assert (record.approved_at, record.published_at) == (clock.at, clock.at)
        assert (tmp_path / "out/editions/daily/2026-05-18T0700/index.html").exists()
        # What comes meanwhile is the next one's, and who comes too.
        write_article(tmp_path, "late-news", "Late on Sunday a whale was seen off Gull Light.")
        await take_in(app, "email,consent_at,consent_from\nlate@example.com,2026-01-02,form\n")
        clock.at = MORNING - timedelta(hours=2, minutes=45)
        await tick(runner)
        assert accepted(tmp_path) == readers([1])
        clock.at = MORNING
        await tick(runner)
        async with app.db.read() as conn:
            waiting = await placements.unplaced(conn, "daily")
        assert [item.title for item in waiting] == ["Late news"]
        assert accepted(tmp_path) == readers([0, 1])
        assert (await record_of(app)).state is EditionState.SENT
        # And the next day's has it.
        clock.at = MORNING + 14 * HOUR
        await tick(runner)
        assert (await record_of(app, "daily@2026-05-19T0700")).planned == 3
    assert set(Counter(accepted(tmp_path)).values()) == {1}


async def test_news_may_be_older_than_the_edition_before_by_what_that_was_ahead(
    tmp_path: Path,
) -> None:
    write_config(tmp_path, newsletter="ahead_h = 24\nmax_age_h = 1.0")
    # Of three hours before the hour of Monday's, which was made the day before.
    write_article(tmp_path, "late-news", "A whale was seen off Gull Light.", clock="22:00")
    clock = Clock()
    clock.at = MORNING
    async with open_newsroom(tmp_path, people=1, now=clock) as app:
        await look(app)
        await tick(Runner(app))
        made = await record_of(app, "daily@2026-05-19T0700")
    assert made.state is EditionState.SENDING


async def test_breaking_news_after_it_does_not_tell_it_again(tmp_path: Path) -> None:
    write_config(tmp_path, newsletter="ahead_h = 10\nbreaking_sources = 2")
    write_day(tmp_path)
    clock = Clock()
    clock.at = MORNING - 10 * HOUR
    async with open_newsroom(tmp_path, people=1, now=clock) as app:
        await look(app)
        await tick(Runner(app))
        assert (await record_of(app)).state is EditionState.SENDING
        # The same again, from a source that comes later.
        write_article(tmp_path, "ferry-runs-once-more", "The ferry ran again, the harbour said.")
        clock.at += HOUR
        await jobs.HANDLERS["collect"](app, source="desk")
        slot = slot_now(app.newsletter(), clock.at)
        draft = await compose.sketch(app, app.newsletter(), slot)
    assert [story.update_of for story in draft.edition.stories] == [ID]


# ----------------------------------------------------------------- overdue and shut


async def approved_yesterday(app: App) -> None:
    """As a machine leaves it that goes down in the evening."""
    await jobs.HANDLERS["collect"](app, source="desk")
    slot = slot_of(app.newsletter(), MORNING.date())
    await compose.compose(app, app.newsletter(), slot)
    await pipeline.approve(app, ID)


async def test_what_is_overdue_waits_for_a_person_and_is_not_shown(tmp_path: Path) -> None:
    path = write_config(tmp_path)
    path.write_text(path.read_text() + '\n[desk]\nemail = "editor@press.example"\n')
    write_day(tmp_path)
    clock = Clock()
    clock.at = MORNING - 9 * HOUR
    async with open_newsroom(tmp_path, people=2, now=clock) as app:
        await look(app)
        await approved_yesterday(app)
        clock.at = MORNING + 11 * HOUR
        runner = Runner(app)
        await tick(runner, 4)
        record = await record_of(app)
        assert record.state is EditionState.APPROVED
        assert record.published_at is None
        assert record.paused.startswith("it was approved, but its hour passed 11 hours ago")
        assert accepted(tmp_path) == ["editor@press.example"]
        await pausing.resume(app, ID)
        await tick(runner, 4)
        assert (await record_of(app)).state is EditionState.SENT
    assert accepted(tmp_path) == sorted(["editor@press.example", *readers([1, 2])])


async def test_nothing_leaves_while_the_window_is_shut(tmp_path: Path) -> None:
    path = write_config(tmp_path)
    path.write_text(
        path.read_text() + '\n[pace]\nwindow = "08:30-22:00"\ntimezone = "Europe/Athens"\n'
    )
    write_day(tmp_path)
    clock = Clock()
    clock.at = MORNING - HOUR
    async with open_newsroom(tmp_path, people=2, now=clock) as app:
        runner = Runner(app)
        await tick(runner)
        clock.at = MORNING
        await tick(runner)
        record = await record_of(app)
        assert (record.state, record.planned) == (EditionState.SENDING, 2)
        assert record.published_at == MORNING
        assert accepted(tmp_path) == []
        await take_in(app, "email,consent_at,consent_from\nlate@example.com,2026-01-02,form\n")
        clock.at = MORNING + timedelta(minutes=90)
        await tick(runner)
        assert (await record_of(app)).state is EditionState.SENT
    assert accepted(tmp_path) == readers([1, 2])


async def test_the_sum_holds_while_people_wait_for_their_hours(tmp_path: Path) -> None:
    write_config(tmp_path, newsletter='ahead_h = 10\nquiet_hours = "21:00-07:00"')
    write_day(tmp_path)
    clock = Clock()
    clock.at = MORNING - 10 * HOUR
    async with open_newsroom(tmp_path, now=clock) as app:
        await look(app)
        await approved_yesterday(app)
        await seat(app, *((hour, zone) for zone in ZONES for hour in (None, 3, 7, 22)))
        assert await freeze(app, ID) == 24
        async with app.db.read() as conn:
            counts = await journal.counts(conn, ID)
            first = await journal.next_due(conn, ID)
    assert counts.reconciles
    assert counts.pending == 24
    # Seven in Auckland is the first morning after it was made.
    assert first == MORNING - 9 * HOUR
