"""Who gets an edition, when, and where its bounces go."""

from collections import Counter
from collections.abc import Mapping
from datetime import timedelta
from email import message_from_bytes
from email.policy import default as default_policy
from pathlib import Path
from typing import Any

from sqlalchemy import insert, update

from digest import deliver
from digest.app import App
from digest.model import Counts
from digest.store import journal, schema
from fakes import FakeRelay, say
from make import MORNING
from newsroom import Clock
from test_deliver import ID, approved, arrived


async def choose(app: App, wishes: Mapping[int, Mapping[str, Any]]) -> None:
    async with app.db.write() as conn:
        for number, values in wishes.items():
            values = dict(values)
            zone = values.pop("timezone", None)
            if zone:
                await conn.execute(
                    update(schema.subscriber)
                    .where(schema.subscriber.c.id == number)
                    .values(timezone=zone)
                )
            if values:
                await conn.execute(
                    update(schema.subscription)
                    .where(schema.subscription.c.subscriber_id == number)
                    .values(**values)
                )


async def test_everybody_gets_it_at_the_hour_they_chose(tmp_path: Path, store_url: str) -> None:
    clock = Clock()
    async with (
        FakeRelay() as relay,
        approved(tmp_path, relay, people=4, clock=clock, store_url=store_url) as app,
    ):
        # The edition is due at four o'clock UTC.
        wishes = {
            2: {"hour": 9, "timezone": "Europe/Athens"},
            3: {"hour": 8, "timezone": "America/New_York"},
            4: {"hour": 5, "timezone": "Europe/Athens"},
        }
        await choose(app, wishes)
        assert await deliver.deliver(app, ID) == Counts(planned=4, sent=2, pending=2)
        async with app.db.read() as conn:
            assert await journal.next_due(conn, ID) == MORNING + timedelta(hours=2)
        assert set(arrived(relay)) == {"reader1@example.com", "reader4@example.com"}
        clock.at = MORNING + timedelta(hours=2)
        assert await deliver.deliver(app, ID) == Counts(planned=4, sent=3, pending=1)
        clock.at = MORNING + timedelta(hours=8)
        assert await deliver.deliver(app, ID) == Counts(planned=4, sent=4)
        assert set(arrived(relay).values()) == {1}
        dates = {
            taken.to[0]: message_from_bytes(taken.message, policy=default_policy)["Date"].datetime
            for taken in relay.messages
        }
    # The Date is the hour at which it was to come, not the hour of the edition.
    assert dates["reader2@example.com"] == MORNING + timedelta(hours=2)
    assert dates["reader3@example.com"] == MORNING + timedelta(hours=8)


async def test_who_leaves_while_waiting_for_their_hour_is_not_mailed(tmp_path: Path) -> None:
    clock = Clock()
    async with FakeRelay() as relay, approved(tmp_path, relay, people=2, clock=clock) as app:
        await choose(app, {2: {"hour": 9, "timezone": "Europe/Athens"}})
        assert await deliver.deliver(app, ID) == Counts(planned=2, sent=1, pending=1)
        await choose(app, {2: {"state": "ended"}})
        clock.at = MORNING + timedelta(hours=2)
        assert await deliver.deliver(app, ID) == Counts(planned=2, sent=1, skipped=1)


async def test_only_those_who_want_this_days_edition_get_it(tmp_path: Path) -> None:
    async with FakeRelay() as relay, approved(tmp_path, relay, people=4) as app:
        # A Monday's, of the calendar; there is no weekly here.
        wishes = {2: {"frequency": "weekdays"}, 3: {"frequency": "breaking"}}
        await choose(app, wishes | {4: {"frequency": "weekly"}})
        assert await deliver.deliver(app, ID) == Counts(planned=3, sent=3)
        assert "reader3@example.com" not in arrived(relay)


async def test_a_barred_domain_is_not_mailed_nor_what_is_below_it(tmp_path: Path) -> None:
    async with FakeRelay() as relay, approved(tmp_path, relay, people=3) as app:
        async with app.db.write() as conn:
            row = {"domain": "example.com", "cause": "admin", "at": MORNING}
            await conn.execute(insert(schema.barred_domain).values(**row))
            await conn.execute(
                update(schema.subscriber)
                .where(schema.subscriber.c.id == 2)
                .values(email="two@mail.example.com", folded="two@mail.example.com")
            )
            await conn.execute(
                update(schema.subscriber)
                .where(schema.subscriber.c.id == 3)
                .values(email="three@notexample.com", folded="three@notexample.com")
            )
        assert await deliver.deliver(app, ID) == Counts(planned=3, sent=1, skipped=2)
        assert set(arrived(relay)) == {"three@notexample.com"}


async def test_each_message_has_its_own_way_back_and_a_mail_that_leaves(tmp_path: Path) -> None:
    extra = '\n[returns]\naddress = "bounces@press.example"\nleave_address = "leave@press.example"'
    async with FakeRelay() as relay, approved(tmp_path, relay, people=3, mail=extra) as app:
        relay.on("RCPT", say("451 4.7.1 later"), to="reader3@example.com", times=1)
        await deliver.deliver(app, ID)
        senders = Counter(taken.sender for taken in relay.messages)
        assert len(senders) == len(relay.messages) == 2
        for taken in relay.messages:
            local = taken.sender.partition("@")[0]
            # RFC 5321 §4.5.3.1.1.
            assert taken.sender.endswith("@press.example")
            assert len(local) <= 64
            number, mark = app.links.read_return(taken.sender.upper())
            assert taken.to[0] == f"reader{number}@example.com"
            assert mark == app.links.delivery_mark(ID)
            told = message_from_bytes(taken.message, policy=default_policy)["List-Unsubscribe"]
            assert "<mailto:leave@press.example?subject=leave%20" in told.replace("\r\n", "")
