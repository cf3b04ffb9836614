"""Telling hubs of changes: what they are sent, and what becomes of those that fail."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from digest import announce
from digest.app import App
from digest.store.pings import MOST_TRIES
from hubpeer import Hub, a_hub, newsroom, standing
from make import MORNING

FEED = "http://localhost:8025/feeds/daily/feed.rss"
ATOM = "http://localhost:8025/feeds/daily/feed.atom"
MANY = tuple(f"http://localhost:8025/feeds/daily/section/{n:02}/feed.json" for n in range(20))
#: Nobody listens there.
DEAD = "http://127.0.0.1:1/hub"


@pytest.fixture
async def hub() -> AsyncIterator[Hub]:
    async with a_hub() as made:
        yield made


@pytest.fixture
async def app(tmp_path: Path, hub: Hub) -> AsyncIterator[App]:
    async with newsroom(tmp_path, hub.url) as opened:
        yield opened


async def note(app: App, *topics: str) -> None:
    async with announce.changing(app, topics):
        """They have changed."""


def later(app: App, **time: float) -> App:
    return replace(app, now=lambda: MORNING + timedelta(**time))


async def test_a_hub_is_told_the_address_of_each_changed_feed_word_for_word(
    app: App, hub: Hub
) -> None:
    await note(app, FEED, ATOM)
    assert await announce.announce(app) == 2
    assert hub.asked == [
        ("POST", "/hub", [("hub.mode", "publish"), ("hub.url", ATOM)]),
        ("POST", "/hub", [("hub.mode", "publish"), ("hub.url", FEED)]),
    ]
    assert await standing(app) == []
    assert await announce.announce(app) == 0
    assert len(hub.asked) == 2


async def test_without_hubs_nothing_is_noted(tmp_path: Path) -> None:
    async with newsroom(tmp_path) as app:
        await note(app, FEED)
        assert await standing(app) == []
        assert await announce.announce(app) == 0


async def test_an_address_that_no_row_can_hold_does_not_hold_up_publishing(app: App) -> None:
    await note(app, FEED, "http://localhost:8025/" + "a" * 500)
    assert [ping.topic for ping in await standing(app)] == [FEED]


async def test_a_hub_that_fails_is_asked_again_ever_later_and_then_given_up(
    app: App, hub: Hub
) -> None:
    hub.status = 500
    await note(app, FEED)
    minutes, waits = 0.0, []
    for number in range(1, MOST_TRIES + 1):
        assert await announce.announce(later(app, minutes=minutes)) == 0
        (ping,) = await standing(app)
        assert (ping.tries, len(hub.asked)) == (number, number)
        assert "answered 500 Internal Server Error" in ping.fault
        waits.append((ping.due_at - MORNING).total_seconds() / 60 - minutes)
        # Not a moment earlier than it is due.
        await announce.announce(later(app, minutes=minutes + waits[-1] - 0.1))
        assert len(hub.asked) == number
        minutes += waits[-1]
    assert waits[:-1] == [1, 5, 30, 120, 360, 360, 360]
    hub.status = 202
    assert await announce.announce(later(app, days=30)) == 0
    assert len(hub.asked) == MOST_TRIES
    # The next change is a new beginning.
    await note(app, FEED)
    assert await announce.announce(app) == 1
    assert await standing(app) == []


async def test_a_hub_that_comes_back_is_told(app: App, hub: Hub) -> None:
    hub.status = 503
    await note(app, FEED)
    await announce.announce(app)
    hub.status = 200
    assert await announce.announce(later(app, minutes=1)) == 1
    assert await standing(app) == []


async def test_a_hub_that_is_gone_is_given_up_at_once_with_what_to_do(app: App, hub: Hub) -> None:
    hub.status = 410
    await note(app, FEED)
    await announce.announce(app)
    (ping,) = await standing(app)
    assert ping.tries == MOST_TRIES
    assert "410 Gone; take it out of [output] hubs" in ping.fault
    await announce.announce(later(app, days=1))
    assert len(hub.asked) == 1


async def test_a_redirect_that_would_lose_the_form_is_a_failure(app: App, hub: Hub) -> None:
    hub.status, hub.headers = 302, "Location: /elsewhere\r\n"
    await note(app, FEED)
    assert await announce.announce(app) == 0
    assert [ping.tries for ping in await standing(app)] == [1]
    assert len(hub.asked) == 1


@pytest.mark.parametrize("status", [429, 503])
async def test_a_hub_that_asks_for_time_gets_it_also_from_the_next_process(
    tmp_path: Path, hub: Hub, status: int
) -> None:
    hub.status, hub.headers = status, "Retry-After: 7200\r\n"
    async with newsroom(tmp_path, hub.url) as app:
        await note(app, FEED, ATOM)
        await announce.announce(app)
        # The second was not even asked.
        assert len(hub.asked) == 1
    async with newsroom(tmp_path, hub.url) as app:
        hub.status, hub.headers = 200, ""
        for minutes in (1, 10, 119):
            assert await announce.announce(later(app, minutes=minutes)) == 0
        assert len(hub.asked) == 1
        # Waiting as it asked is no try.
        assert max(ping.tries for ping in await standing(app)) == 1
    async with newsroom(tmp_path, hub.url) as app:
        assert await announce.announce(later(app, minutes=121)) == 2


async def test_a_hub_that_hangs_costs_one_time_out_and_no_other_hub_anything(
    tmp_path: Path, hub: Hub
) -> None:
    async with a_hub() as hanging:
        hanging.status = None
        async with newsroom(tmp_path, hanging.url, hub.url, DEAD, timeout_s=0.3) as app:
            await note(app, FEED, ATOM)
            assert await announce.announce(app) == 2
            assert (len(hanging.asked), len(hub.asked)) == (1, 2)
            # Whoever was not asked has not failed, and waits all the same.
            left = {(ping.hub, ping.topic, ping.tries) for ping in await standing(app)}
            assert left == {
                (url, topic, tries)
                for url in (hanging.url, DEAD)
                for topic, tries in ((ATOM, 1), (FEED, 0))
            }
            soon = MORNING + timedelta(minutes=1)
            assert {ping.due_at for ping in await standing(app)} == {soon}


async def test_a_hub_that_is_dead_is_asked_one_question_at_a_time_and_given_up_for_all_feeds(
    tmp_path: Path,
) -> None:
    async with newsroom(tmp_path, DEAD) as app:
        await note(app, FEED, ATOM)
        minutes = 0.0
        for number in range(1, MOST_TRIES + 1):
            assert await announce.announce(later(app, minutes=minutes)) == 0
            tries = sorted(ping.tries for ping in await standing(app))
            assert tries == ([MOST_TRIES] * 2 if number == MOST_TRIES else [0, number])
            (due_at,) = {ping.due_at for ping in await standing(app)}
            minutes = (due_at - MORNING) / timedelta(minutes=1)


async def test_who_has_no_patience_leaves_what_is_not_answered_for_later(
    app: App, hub: Hub
) -> None:
    hub.status = None
    await note(app, FEED)
    assert await announce.announce(app, patience_s=0.1) == 0
    (ping,) = await standing(app)
    assert (ping.tries, ping.due_at) == (1, MORNING + timedelta(minutes=1))
    assert "did not answer in the time there was" in ping.fault
    # Whoever was not asked has not failed.
    await note(app, FEED)
    assert await announce.announce(app, patience_s=0) == 0
    assert [ping.tries for ping in await standing(app)] == [0]
    assert len(hub.asked) == 1


async def test_of_many_feeds_those_that_were_not_asked_for_want_of_time_are_as_they_were(
    app: App, hub: Hub
) -> None:
    hub.status = None
    before = MORNING - timedelta(hours=1)
    await note(replace(app, now=lambda: before), *MANY)
    assert await announce.announce(app, patience_s=0.1) == 0
    first, *others = sorted(await standing(app), key=lambda ping: -ping.tries)
    assert (first.topic, first.tries) == (MANY[0], 1)
    assert {(ping.tries, ping.due_at, ping.fault) for ping in others} == {(0, before, "")}


async def test_hubs_are_told_a_few_feeds_at_once_and_not_kept_waiting_between(
    tmp_path: Path, hub: Hub
) -> None:
    four, go_on = asyncio.Event(), asyncio.Event()

    async def wait() -> None:
        # The first is asked alone.
        if len(hub.asked) == 5:
            four.set()
        if len(hub.asked) > 1:
            await go_on.wait()

    hub.meanwhile = wait
    async with newsroom(tmp_path, hub.url, spacing_s=60) as app:
        await note(app, *MANY)
        telling = asyncio.create_task(announce.announce(app))
        await asyncio.wait_for(four.wait(), 10)
        for _ in range(20):
            # Time enough for a fifth to come.
            assert len(await standing(app)) == len(MANY) - 1
        assert len(hub.asked) == 5
        go_on.set()
        assert await asyncio.wait_for(telling, 10) == len(MANY)
    assert sorted(hub.topics) == list(MANY)


async def test_the_feeds_that_wait_longest_are_told_first(app: App, hub: Hub) -> None:
    yesterday = replace(app, now=lambda: MORNING - timedelta(days=1))
    await note(yesterday, MANY[-1])
    # Told of again, it goes on waiting.
    await note(app, *MANY)
    assert await announce.announce(app) == len(MANY)
    assert hub.topics[0] == MANY[-1]


async def test_no_hub_is_told_of_a_feed_before_it_is_there(app: App, hub: Hub) -> None:
    yesterday = replace(app, now=lambda: MORNING - timedelta(days=1))
    await note(yesterday, FEED)
    async with announce.changing(app, [FEED]):
        assert await announce.announce(app) == 0
    assert hub.asked == []
    assert await announce.announce(app) == 1


async def test_what_a_kill_leaves_half_done_is_told_a_minute_later(app: App, hub: Hub) -> None:
    with pytest.raises(KeyboardInterrupt):
        async with announce.changing(app, [FEED]):
            raise KeyboardInterrupt
    assert await announce.announce(later(app, seconds=59)) == 0
    assert await announce.announce(later(app, seconds=60)) == 1


async def test_a_feed_that_takes_longer_to_write_is_told_of_again(app: App, hub: Hub) -> None:
    async with announce.changing(app, [FEED]):
        assert await announce.announce(later(app, minutes=2)) == 1
    assert await announce.announce(app) == 1


async def test_a_change_while_a_hub_is_told_is_told_again(app: App, hub: Hub) -> None:
    hub.meanwhile = lambda: note(app, FEED)
    await note(app, FEED)
    assert await announce.announce(app) == 1
    (ping,) = await standing(app)
    assert (ping.tries, ping.due_at) == (0, MORNING)
    hub.meanwhile = None
    assert await announce.announce(app) == 1
    assert await standing(app) == []


async def test_a_kill_before_the_answer_is_kept_has_the_hub_told_again(app: App, hub: Hub) -> None:
    await note(app, FEED, ATOM)
    telling = asyncio.create_task(announce.announce(app))

    async def kill() -> None:
        if len(hub.asked) == 2:
            telling.cancel()

    hub.meanwhile = kill
    with pytest.raises(asyncio.CancelledError):
        await telling
    assert [ping.topic for ping in await standing(app)] == [FEED]
    hub.meanwhile = None
    assert await announce.announce(app) == 1
    assert hub.topics == [ATOM, FEED, FEED]


async def test_one_process_tells_at_a_time(app: App, hub: Hub) -> None:
    await note(app, FEED)
    async with app.db.lease("announce") as mine:
        assert mine
        assert await announce.announce(app) == 0
    assert hub.asked == []
    assert await announce.announce(app) == 1


async def test_who_is_asked_to_stop_begins_nothing_new(app: App, hub: Hub) -> None:
    async def stop() -> None:
        app.stopping.set()

    hub.meanwhile = stop
    await note(app, FEED, ATOM)
    assert await announce.announce(app) == 1
    assert [ping.topic for ping in await standing(app)] == [FEED]


async def test_a_hub_inside_is_not_asked_unless_it_is_allowed(tmp_path: Path, hub: Hub) -> None:
    async with newsroom(tmp_path, hub.url, private="[]") as app:
        await note(app, FEED)
        assert await announce.announce(app) == 0
        assert hub.asked == []
        (ping,) = await standing(app)
        assert ping.tries == MOST_TRIES
        assert "allow_private" in ping.fault


async def test_a_hub_that_is_taken_out_of_the_settings_is_forgotten(
    tmp_path: Path, hub: Hub
) -> None:
    async with newsroom(tmp_path, DEAD, hub.url) as app:
        await note(app, FEED)
    async with newsroom(tmp_path, hub.url) as app:
        assert await announce.announce(app) == 1
        assert await standing(app) == []
