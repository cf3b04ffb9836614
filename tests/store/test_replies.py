"""What models answered: kept once, found again, and added up."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

from digest.store import Database, replies
from digest.store.replies import Reply, Spent, reply_key
from make import MORNING

ASKED = {"url": "http://localhost:1/v1", "model": "sage-1", "mode": "choose", "rules": "r"}


def make_reply(text: str = "one", **fields: Any) -> Reply:
    values: dict[str, Any] = {
        "key": reply_key(**ASKED, text=text),
        "asked_at": MORNING,
        "model": "sage-1",
        "mode": "choose",
        "content": '{"sentences": ["s1"]}',
        "tokens_in": 900,
        "tokens_out": 40,
        "cost": 0.5,
        "latency_ms": 700,
        "edition_id": "daily@2026-05-18T0700",
    }
    return Reply(**(values | fields))


async def test_a_reply_is_found_again_as_it_was(db: Database) -> None:
    # PostgreSQL keeps neither of the two characters at the end as they are.
    reply = make_reply(content='{"summary": "Рада ✓"}\x00\ud83d')
    async with db.write() as conn:
        await replies.keep(db, conn, reply)
        assert await replies.find(conn, [reply.key, "0" * 64]) == {reply.key: reply}


async def test_the_first_reply_to_a_question_stays(db: Database) -> None:
    first = make_reply()
    async with db.write() as conn:
        await replies.keep(db, conn, first)
        await replies.keep(db, conn, replace(first, content="{}", cost=9.0))
        assert await replies.find(conn, [first.key]) == {first.key: first}


async def test_many_keys_are_looked_up_at_once(db: Database) -> None:
    keys = [reply_key(**ASKED, text=str(number)) for number in range(1000)]
    async with db.write() as conn:
        await replies.keep(db, conn, make_reply("999"))
        assert set(await replies.find(conn, keys)) == {keys[999]}
        assert await replies.find(conn, []) == {}


async def test_an_edition_s_answers_are_added_up(db: Database) -> None:
    async with db.write() as conn:
        assert await replies.spent(conn, "daily@2026-05-18T0700") == Spent()
        await replies.keep(db, conn, make_reply("a"))
        await replies.keep(db, conn, make_reply("b", tokens_in=0, tokens_out=0, cost=0.0))
        await replies.keep(db, conn, make_reply("c", edition_id="weekly@2026-05-17T0900"))
        assert await replies.spent(conn, "daily@2026-05-18T0700") == Spent(
            answers=2, uncounted=1, tokens_in=900, tokens_out=40, cost=0.5, latency_ms=1400
        )


def test_another_question_model_address_or_mode_has_another_key() -> None:
    keys = {
        reply_key(**(ASKED | {"text": "one"} | {name: "other"}))
        for name in ("url", "model", "mode", "rules", "text", "text")
    }
    assert len(keys | {reply_key(**ASKED, text="one")}) == 6


async def test_what_was_answered_long_ago_is_forgotten(db: Database) -> None:
    old, late = make_reply(), make_reply("two", asked_at=MORNING + timedelta(days=1))
    async with db.write() as conn:
        await replies.keep(db, conn, old)
        await replies.keep(db, conn, late)
        assert await replies.purge(conn, before=MORNING + timedelta(hours=1)) == 1
        assert await replies.find(conn, [old.key, late.key]) == {late.key: late}
