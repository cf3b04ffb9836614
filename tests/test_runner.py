"""The clock: what happens by itself, on both databases."""

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from digest import collect, compose, jobs, pipeline
from digest.app import App
from digest.model import Counts, EditionState
from digest.runner import Runner, look
from digest.slots import slot_of
from digest.store import editions, journal, placements, sources
from make import MORNING
from newsroom import accepted, open_newsroom, write_article, write_config, write_day
from site_on_loopback import entry, rss


class Clock:
    """A clock that a test moves."""

    def __init__(self, at: datetime) -> None:
        self.at = at

    def __call__(self) -> datetime:
        return self.at


@pytest.fixture
def clock() -> Clock:
    return Clock(MORNING - timedelta(hours=2))


async def ticks(runner: Runner, times: int = 3) -> None:
    """Tick until everything that is due has been done."""
    for _ in range(times):
        await runner.tick()
        await runner.idle()


async def record_of(app: App, edition_id: str) -> editions.Record | None:
    async with app.db.read() as conn:
        return await editions.find(conn, edition_id)


async def test_the_daily_edition_goes_out_at_its_hour_and_once(
    store_url: str, tmp_path: Path, clock: Clock
) -> None:
    write_config(tmp_path, store_url=store_url)
    write_day(tmp_path)
    async with open_newsroom(tmp_path, people=5, now=clock) as app:
        runner = Runner(app)
        await ticks(runner)
        assert accepted(tmp_path) == []
        clock.at = MORNING
        await ticks(runner)
        assert len(accepted(tmp_path)) == 5
        record = await record_of(app, "daily@2026-05-18T0700")
        assert record is not None
        assert record.state is EditionState.SENT
        assert (tmp_path / "out/editions/daily/2026-05-18T0700/index.html").exists()
        clock.at = MORNING + timedelta(hours=1)
        await ticks(runner)
    # A restart an hour later finds it done.
    async with open_newsroom(tmp_path, now=clock) as app:
        await ticks(Runner(app))
    assert len(accepted(tmp_path)) == 5


async def test_two_processes_make_one_edition_and_one_mail_each(
    store_url: str, tmp_path: Path, clock: Clock
) -> None:
    write_config(tmp_path, store_url=store_url)
    write_day(tmp_path)
    async with (
        open_newsroom(tmp_path, people=40, now=clock) as one,
        open_newsroom(tmp_path, now=clock) as two,
    ):
        runners = [Runner(one), Runner(two)]
        await asyncio.gather(*(runner.tick() for runner in runners))
        clock.at = MORNING
        for _ in range(4):
            await asyncio.gather(*(runner.tick() for runner in runners))
            await asyncio.gather(*(runner.idle() for runner in runners))
        async with one.db.read() as conn:
            assert len(await editions.listing(conn)) == 1
            counts = await journal.counts(conn, "daily@2026-05-18T0700")
    assert counts == Counts(planned=40, sent=40)
    assert len(accepted(tmp_path)) == len(set(accepted(tmp_path))) == 40


async def test_a_missed_edition_is_made_up_for_or_held(tmp_path: Path, clock: Clock) -> None:
    write_config(tmp_path, newsletter="catch_up_h = 3")
    write_day(tmp_path)
    async with open_newsroom(tmp_path, people=2, now=clock) as app:
        await look(app)
        clock.at = MORNING + timedelta(hours=2)
        await ticks(Runner(app))
        assert len(accepted(tmp_path)) == 2
        # The next morning nobody is running until the evening.
        write_article(tmp_path, "boats-return", "The boats came back at noon on Monday.")
        clock.at = MORNING + timedelta(days=1, hours=12)
        await ticks(Runner(app))
        record = await record_of(app, "daily@2026-05-19T0700")
        assert record is not None
        assert record.state is EditionState.HELD
        assert "its hour passed" in record.reason
    assert len(accepted(tmp_path)) == 2


async def test_an_empty_day_gives_no_mail_and_is_recorded(tmp_path: Path, clock: Clock) -> None:
    write_config(tmp_path)
    async with open_newsroom(tmp_path, people=2, now=clock) as app:
        await look(app)
        clock.at = MORNING
        await ticks(Runner(app))
        record = await record_of(app, "daily@2026-05-18T0700")
        assert record is not None
        assert (record.state, record.reason) == (EditionState.SKIPPED, "nothing new")
    assert accepted(tmp_path) == []


@pytest.mark.parametrize(
    ("day", "start"),
    [("2026-10-25", datetime(2026, 10, 24, 20, tzinfo=UTC)),
     ("2026-03-29", datetime(2026, 3, 28, 20, tzinfo=UTC))],
)  # fmt: skip
async def test_the_nights_on_which_clocks_change_give_one_edition_each(
    tmp_path: Path, clock: Clock, day: str, start: datetime
) -> None:
    write_config(tmp_path, newsletter="send_at = 03:30:00\nmax_age_h = 8760.0")
    clock.at = start
    async with open_newsroom(tmp_path, people=1, now=clock) as app:
        await look(app)
        runner = Runner(app)
        for hour in range(24):
            clock.at = start + timedelta(minutes=30 * hour)
            write_article(
                tmp_path, f"news-{hour}", f"At half hour {hour} the tide stood at {hour}."
            )
            await ticks(runner, 2)
        async with app.db.read() as conn:
            made = [record.id for record in await editions.listing(conn)]
    assert made == [f"daily@{day}T0330"]
    assert len(accepted(tmp_path)) == 1


async def test_a_draft_waits_for_approval_and_then_goes(tmp_path: Path, clock: Clock) -> None:
    write_config(tmp_path, newsletter="auto_approve = false")
    write_day(tmp_path)
    async with open_newsroom(tmp_path, people=2, now=clock) as app:
        await look(app)
        clock.at = MORNING
        await ticks(Runner(app))
        assert accepted(tmp_path) == []
        await pipeline.approve(app, "daily@2026-05-18T0700")
        await ticks(Runner(app))
    assert len(accepted(tmp_path)) == 2


async def test_a_failing_job_is_put_off_and_the_clock_goes_on(tmp_path: Path, clock: Clock) -> None:
    write_config(tmp_path, mail='by = "smtp"\nhost = "127.0.0.1"\nport = 1\ntls = "none"')
    write_day(tmp_path)
    async with open_newsroom(tmp_path, people=2, now=clock) as app:
        await look(app)
        clock.at = MORNING
        runner = Runner(app)
        await ticks(runner)
        async with app.db.read() as conn:
            counts = await journal.counts(conn, "daily@2026-05-18T0700")
            assert counts == Counts(planned=2, pending=2)
        standing = await look(app)
        assert [record.id for record in standing.moving] == ["daily@2026-05-18T0700"]


async def test_the_scheduler_ticks_by_itself(tmp_path: Path) -> None:
    write_config(tmp_path)
    write_day(tmp_path)
    async with open_newsroom(tmp_path) as app:
        runner = Runner(app)
        runner.start()
        async with asyncio.timeout(10):
            while not (await look(app)).sources:
                await asyncio.sleep(0.02)
        await runner.stop()
        assert app.stopping.is_set()


async def test_a_look_before_the_hour_that_finds_nothing_does_not_cost_the_edition(
    tmp_path: Path, clock: Clock
) -> None:
    write_config(tmp_path)
    async with open_newsroom(tmp_path, people=2, now=clock) as app:
        await look(app)
        slot = slot_of(app.newsletter(), MORNING.date())
        early = await compose.compose(app, app.newsletter(), slot)
        assert early.state is EditionState.SKIPPED
        write_day(tmp_path)
        clock.at = MORNING
        await ticks(Runner(app))
        assert len(accepted(tmp_path)) == 2


async def test_a_day_that_stays_empty_is_decided_once(tmp_path: Path, clock: Clock) -> None:
    write_config(tmp_path)
    async with open_newsroom(tmp_path, people=2, now=clock) as app:
        await look(app)
        slot = slot_of(app.newsletter(), MORNING.date())
        await compose.compose(app, app.newsletter(), slot)
        clock.at = MORNING
        await ticks(Runner(app))
        due = jobs.due(clock.at, await look(app), settings=app.settings, sources=[])
    assert due == []
    assert accepted(tmp_path) == []


async def test_a_draft_made_by_hand_is_not_approved_behind_its_makers_back(
    tmp_path: Path, clock: Clock
) -> None:
    write_config(tmp_path)
    write_day(tmp_path)
    clock.at = MORNING + timedelta(hours=3)
    async with open_newsroom(tmp_path, people=2, now=clock) as app:
        await look(app)
        await collect.collect(app)
        await compose.compose(app, app.newsletter(), slot_of(app.newsletter(), MORNING.date()))
        await ticks(Runner(app))
        record = await record_of(app, "daily@2026-05-18T0700")
        assert record is not None
        assert record.state is EditionState.DRAFT
    assert accepted(tmp_path) == []


async def test_a_draft_made_before_its_hour_takes_what_came_until_then(
    tmp_path: Path, clock: Clock
) -> None:
    write_config(tmp_path)
    write_day(tmp_path)
    async with open_newsroom(tmp_path, people=2, now=clock) as app:
        await look(app)
        await collect.collect(app)
        slot = slot_of(app.newsletter(), MORNING.date())
        await compose.compose(app, app.newsletter(), slot)
        write_article(tmp_path, "late-news", "Late on Sunday a whale was seen off Gull Light.")
        clock.at = MORNING
        await ticks(Runner(app))
        async with app.db.read() as conn:
            edition = await editions.content(conn, slot.edition_id)
    assert "Late news" in [story.headline for story in edition.stories]
    assert len(accepted(tmp_path)) == 2


async def test_an_edition_that_a_kill_left_open_with_nobody_waiting_is_closed(
    tmp_path: Path, clock: Clock
) -> None:
    write_config(tmp_path)
    write_day(tmp_path)
    async with open_newsroom(tmp_path, people=2, now=clock) as app:
        await look(app)
        clock.at = MORNING
        await ticks(Runner(app))
        async with app.db.write() as conn:
            await conn.exec_driver_sql("UPDATE edition SET state = 'sending'")
        await ticks(Runner(app))
        record = await record_of(app, "daily@2026-05-18T0700")
        assert record is not None
        assert record.state is EditionState.SENT
    assert len(accepted(tmp_path)) == 2


async def test_an_edition_nobody_has_seen_gives_its_items_back_when_cancelled(
    tmp_path: Path, clock: Clock
) -> None:
    write_config(tmp_path)
    write_day(tmp_path)
    async with open_newsroom(tmp_path, now=clock) as app:
        await collect.collect(app)
        slot = slot_of(app.newsletter(), MORNING.date())
        await compose.compose(app, app.newsletter(), slot, approve=True)
        await pipeline.cancel(app, slot.edition_id)
        async with app.db.read() as conn:
            assert len(await placements.unplaced(conn, "daily")) == 3


async def test_a_draft_whose_hour_passed_unattended_is_left_to_its_maker(
    tmp_path: Path, clock: Clock
) -> None:
    write_config(tmp_path, newsletter="catch_up_h = 1")
    write_day(tmp_path)
    async with open_newsroom(tmp_path, people=2, now=clock) as app:
        await look(app)
        await collect.collect(app)
        slot = slot_of(app.newsletter(), MORNING.date())
        await compose.compose(app, app.newsletter(), slot)
        clock.at = MORNING + timedelta(hours=5)
        await ticks(Runner(app))
        due = jobs.due(clock.at, await look(app), settings=app.settings, sources=[])
        record = await record_of(app, slot.edition_id)
    assert due == [], "it would be named again at every tick"
    assert record is not None
    assert record.state is EditionState.DRAFT
    assert accepted(tmp_path) == []


async def test_hundreds_of_sources_that_are_due_at_once_are_all_visited(
    tmp_path: Path, clock: Clock
) -> None:
    config = write_config(tmp_path)
    (tmp_path / "news.xml").write_text(rss(entry(1)))
    more = "".join(
        f'\n[[sources]]\nid = "s{n}"\nkind = "feed"\npath = "news.xml"\n' for n in range(300)
    )
    config.write_text(config.read_text() + more)
    async with open_newsroom(tmp_path, now=clock) as app:
        runner = Runner(app)
        await runner.tick()
        await runner.idle()
        async with app.db.read() as conn:
            known = await sources.known(conn)
    assert len([record for record in known.values() if record.succeeded_at]) == 301


async def test_an_edition_does_not_wait_for_a_source_for_ever() -> None:
    begun = asyncio.Event()
    ended: list[str] = []

    async def slow() -> None:
        begun.set()
        try:
            await asyncio.Event().wait()
        finally:
            ended.append("left")

    await jobs.not_longer(slow(), 0.01)
    assert begun.is_set()
    assert ended == [], "it goes on by itself"
    await jobs.leave_late()
    assert ended == ["left"]
