"""What was answered: every try is kept beside the delivery's row, and goes with it."""

from datetime import datetime, timedelta
from typing import Any

from digest.model import DeliveryState, Outcome
from digest.store import Connection, Database, answers, forgetting, journal, progress
from make import MORNING
from store.rows import SLOT, begin, subscribe

ID = SLOT.edition_id
S = DeliveryState


def at(minutes: int) -> datetime:
    return MORNING + timedelta(minutes=minutes)


def make_outcome(id: int, state: S, minutes: int = 0, **fields: Any) -> Outcome:
    values: dict[str, Any] = {
        "subscriber_id": id,
        "state": state,
        "code": {S.SENT: 250, S.DEFERRED: 451, S.FAILED: 550}.get(state, 0),
        "text": f"{state} after {minutes}",
        "relay": "first",
        "at": at(minutes),
    }
    return Outcome(**(values | fields))


async def story(
    conn: Connection, id: int, edition_id: str = ID
) -> list[tuple[str, int, datetime, str]]:
    told, _ = await answers.of_delivery(conn, edition_id, id)
    return [(one.state, one.attempt, one.at, one.text) for one in told]


async def test_every_try_is_told_in_order_and_the_last_word_comes_last(db: Database) -> None:
    (one,) = await subscribe(db, 1)
    await begin(db, [one])
    async with db.write() as conn:
        for minutes in (0, 5):
            later = make_outcome(
                one, S.DEFERRED, minutes, attempts=1 + minutes // 5, not_before=at(minutes + 1)
            )
            await journal.record(db, conn, ID, [later])
        assert [state for state, *_ in await story(conn, one)] == ["deferred", "deferred"]
        await journal.record(db, conn, ID, [make_outcome(one, S.SENT, 20, attempts=3)])
        assert await story(conn, one) == [
            ("deferred", 1, at(0), "deferred after 0"),
            ("deferred", 2, at(5), "deferred after 5"),
            ("sent", 3, at(20), "sent after 20"),
        ]
        told, stands = await answers.of_delivery(conn, ID, one)
    assert {answer.relay for answer in told} == {"first"}
    assert stands is not None
    assert stands.state is S.SENT


async def test_the_rows_own_words_are_not_told_twice(db: Database) -> None:
    (one,) = await subscribe(db, 1)
    await begin(db, [one])
    async with db.write() as conn:
        await journal.record(db, conn, ID, [make_outcome(one, S.FAILED)])
        assert [state for state, *_ in await story(conn, one)] == ["failed"]
        # Queued again by hand: nobody has answered anything since.
        await journal.requeue(conn, ID, [S.FAILED], now=None)
        assert [state for state, *_ in await story(conn, one)] == ["failed"]
        doubt = make_outcome(one, S.DOUBTFUL, 7, attempts=2)
        await journal.record(db, conn, ID, [doubt])
        await journal.close_doubts(conn, ID, now=at(9))
        assert [(state, when) for state, _, when, _ in await story(conn, one)] == [
            ("failed", at(0)),
            ("doubtful", at(7)),
            ("sent", at(9)),
        ]


async def test_who_was_accepted_at_once_or_skipped_costs_no_row(db: Database) -> None:
    ids = await subscribe(db, 3)
    await begin(db, ids)
    async with db.write() as conn:
        sent, gone, turn = ids
        quiet = [
            make_outcome(sent, S.SENT),
            make_outcome(gone, S.SKIPPED, heard=False),
            make_outcome(turn, S.DEFERRED, heard=False, not_before=at(1)),
        ]
        await journal.record(db, conn, ID, quiet)
        for id in ids:
            assert await answers.of_person(conn, id) == []
            assert len(await story(conn, id)) == 1
        assert await answers.of_delivery(conn, ID, 4711) == ([], None)


async def test_deliveries_are_found_by_state_and_relay_page_by_page(db: Database) -> None:
    ids = await subscribe(db, 5)
    await begin(db, ids)
    async with db.write() as conn:
        said = [make_outcome(id, S.SENT) for id in ids[:2]]
        said += [make_outcome(id, S.FAILED, relay="second") for id in ids[2:]]
        await journal.record(db, conn, ID, said)

        async def found(**wanted: Any) -> list[int]:
            rows = await answers.deliveries(conn, ID, **({"limit": 10} | wanted))
            return [row.subscriber_id for row in rows]

        assert await found() == ids
        assert await found(states=[S.FAILED]) == ids[2:]
        assert await found(relay="first") == ids[:2]
        assert await found(relay="second", states=[S.SENT]) == []
        assert await found(limit=2, after=ids[1]) == ids[2:4]
        assert await answers.relays(conn, ID) == ["first", "second"]


async def test_answers_go_with_their_person_and_with_their_edition(db: Database) -> None:
    ann, bob = await subscribe(db, 2)
    await begin(db, [ann, bob])
    letter = "confirm:1"
    async with db.write() as conn:
        for edition_id in (ID, letter, "other@2026-05-18T0700"):
            both = [make_outcome(id, S.DEFERRED, not_before=at(1)) for id in (ann, bob)]
            await journal.record(db, conn, edition_id, both)
        await progress.note(db, conn, ID, "here:1", "{}", now=MORNING)

        assert await forgetting.erase(conn, ann)
        assert await answers.of_person(conn, ann) == []
        assert len(await answers.of_person(conn, bob)) == 3

        assert await forgetting.drop_deliveries(conn, ID, limit=1) == 1
        assert await forgetting.drop_deliveries(conn, ID, limit=1) == 1
        assert await forgetting.drop_deliveries(conn, ID, limit=1) == 0
        assert [one.edition_id for one in await answers.of_person(conn, bob)] == [
            letter,
            "other@2026-05-18T0700",
        ]
        assert await progress.read(conn, ID) == []

        await answers.forget_editions(conn, [letter])
        assert await answers.drop_old(conn, before=MORNING) == 0
        assert await answers.drop_old(conn, before=at(1)) == 1
        assert await answers.of_person(conn, bob) == []
