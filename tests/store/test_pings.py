"""Hubs to tell: noted once, due until told, given up, and never told of less than the newest."""

from datetime import timedelta

from digest.store import Database, pings
from digest.store.pings import MOST_TRIES, Ping
from make import MORNING

HUB, OTHER = "https://hub.example/", "https://other.example/push"
FEED, ATOM = "https://news.example/feeds/daily/feed.rss", "https://news.example/feed.atom"
LATER = MORNING + timedelta(minutes=5)


async def note(db: Database, *topics: str, hubs: tuple[str, ...] = (HUB,)) -> list[Ping]:
    async with db.write() as conn:
        await pings.note(db, conn, hubs, topics, now=MORNING)
        return await pings.due(conn, MORNING)


async def test_each_hub_is_to_be_told_of_each_feed_once(db: Database) -> None:
    await note(db, FEED, ATOM, FEED, hubs=(OTHER, HUB))
    due = await note(db, FEED, hubs=(HUB,))
    told = {(ping.hub, ping.topic) for ping in due}
    assert told == {(HUB, FEED), (HUB, ATOM), (OTHER, FEED), (OTHER, ATOM)}
    assert len(due) == 4
    assert all((ping.due_at, ping.tries, ping.fault) == (MORNING, 0, "") for ping in due)


async def test_without_a_hub_or_a_feed_nothing_is_noted(db: Database) -> None:
    assert await note(db, FEED, hubs=()) == []
    assert await note(db) == []
    async with db.read() as conn:
        assert await pings.any_due(conn, MORNING) is None
        assert await pings.due(conn, MORNING) == []


async def test_what_was_told_is_done(db: Database) -> None:
    (ping,) = await note(db, FEED)
    async with db.write() as conn:
        assert await pings.told(conn, ping)
        assert not await pings.told(conn, ping)
        assert await pings.standing(conn) == []


async def test_a_feed_that_changed_meanwhile_is_due_even_if_the_clock_stood_still(
    db: Database,
) -> None:
    (ping,) = await note(db, FEED)
    (again,) = await note(db, FEED)
    assert again.changed_at > ping.changed_at
    async with db.write() as conn:
        assert not await pings.told(conn, ping)
        assert not await pings.failed(conn, ping, tries=8, due_at=LATER, fault="down")
        assert await pings.due(conn, MORNING) == [again]


async def test_a_hub_that_fails_is_due_again_later_and_keeps_its_fault(db: Database) -> None:
    (ping,) = await note(db, FEED)
    async with db.write() as conn:
        assert await pings.failed(conn, ping, tries=1, due_at=LATER, fault="it is down")
        assert await pings.due(conn, LATER - timedelta(seconds=1)) == []
        assert await pings.any_due(conn, LATER - timedelta(seconds=1)) is None
        assert await pings.any_due(conn, LATER) == LATER
        (again,) = await pings.due(conn, LATER)
    assert (again.tries, again.fault, again.changed_at) == (1, "it is down", MORNING)


async def test_what_is_given_up_stands_and_is_never_due_until_the_feed_changes(
    db: Database,
) -> None:
    (ping,) = await note(db, FEED)
    async with db.write() as conn:
        await pings.failed(conn, ping, tries=MOST_TRIES, due_at=LATER, fault="it is down")
        assert await pings.any_due(conn, LATER) is None
        assert [one.fault for one in await pings.standing(conn)] == ["it is down"]
    (anew,) = await note(db, FEED)
    assert (anew.tries, anew.due_at) == (0, MORNING)


async def test_hubs_that_are_no_more_are_forgotten(db: Database) -> None:
    await note(db, FEED, ATOM, hubs=(HUB, OTHER))
    async with db.write() as conn:
        assert await pings.keep_only(conn, [HUB]) == 2
        assert {ping.hub for ping in await pings.standing(conn)} == {HUB}
        assert await pings.keep_only(conn, []) == 2
