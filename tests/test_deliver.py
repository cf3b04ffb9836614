"""Sending to a relay that misbehaves: everybody ends in the right state, nobody twice."""

import asyncio
import errno
import os
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import date, timedelta
from email import message_from_bytes
from email.policy import default as default_policy
from pathlib import Path

import pytest

from digest import audience, collect, compose, deliver, pipeline, proof
from digest.app import App
from digest.errors import Conflict, MailError, RelayDown, RenderError, StoreError
from digest.model import Barred, Counts, DeliveryState, EditionState
from digest.slots import slot_of
from digest.store import editions, journal, people, read_events
from fakes import FakeRelay, drop, hold, say
from make import MORNING
from newsroom import Clock, by_email, open_newsroom, take_in, write_config, write_day

ID = "daily@2026-05-18T0700"


@asynccontextmanager
async def approved(
    folder: Path,
    relay: FakeRelay,
    *,
    people: int,
    store_url: str = "sqlite:///data/digest.db",
    clock: Clock | None = None,
    mail: str = "",
) -> AsyncIterator[App]:
    """A newsroom with one approved edition, and *relay* to send it through."""
    mail = f'by = "smtp"\nhost = "{relay.host}"\nport = {relay.port}\ntls = "none"\n{mail}'
    write_config(folder, store_url=store_url, mail=mail)
    write_day(folder)
    async with open_newsroom(folder, people=people, now=clock or Clock()) as app:
        await collect.collect(app)
        record = await compose.compose(
            app, app.newsletter(), slot_of(app.newsletter(), date(2026, 5, 18))
        )
        await pipeline.approve(app, record.id)
        yield app


def arrived(relay: FakeRelay) -> Counter[str]:
    return Counter(taken.to[0] for taken in relay.messages)


async def state_of(app: App) -> EditionState:
    async with app.db.read() as conn:
        return (await editions.get(conn, ID)).state


async def test_everybody_gets_exactly_one(store_url: str, tmp_path: Path) -> None:
    async with (
        FakeRelay() as relay,
        approved(tmp_path, relay, people=25, store_url=store_url, mail="window = 4") as app,
    ):
        assert await deliver.deliver(app, ID) == Counts(planned=25, sent=25)
        assert await deliver.deliver(app, ID) == Counts(planned=25, sent=25)
        assert await state_of(app) is EditionState.SENT
    assert len(arrived(relay)) == 25
    assert set(arrived(relay).values()) == {1}


async def test_several_at_once_freeze_and_queue_nobody_twice(
    store_url: str, tmp_path: Path
) -> None:
    clock = Clock()
    async with (
        FakeRelay() as relay,
        approved(tmp_path, relay, people=30, store_url=store_url, clock=clock) as one,
        open_newsroom(tmp_path, now=clock) as two,
    ):
        relay.on("RCPT", say("451 4.7.1 later"), to="reader7@example.com", times=1)
        relay.on("RCPT", say("451 4.7.1 later"), to="reader8@example.com", times=1)
        for _ in range(2):
            await asyncio.gather(*(deliver.deliver(app, ID) for app in (one, two, one, two)))
            clock.at += timedelta(minutes=5)
        await asyncio.gather(*(deliver.deliver(app, ID) for app in (one, two)))
        assert await deliver.stands(one, ID) == Counts(planned=30, sent=30)
        assert await state_of(one) is EditionState.SENT
    assert len(arrived(relay)) == 30
    assert set(arrived(relay).values()) == {1}


async def test_each_message_is_the_persons_own(tmp_path: Path) -> None:
    async with FakeRelay() as relay, approved(tmp_path, relay, people=2) as app:
        await deliver.deliver(app, ID)
    ids, links = set(), set()
    for taken in relay.messages:
        parsed = message_from_bytes(taken.message)
        assert taken.to[0] in parsed["To"]
        assert parsed["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
        assert parsed["List-Id"] == "The Daily <daily.press.example>"
        assert taken.to[0] not in parsed["List-Unsubscribe"]
        ids.add(parsed["Message-ID"])
        links.add(parsed["List-Unsubscribe"])
    assert len(ids) == len(links) == 2


async def test_a_refused_person_fails_and_stops_nobody(tmp_path: Path) -> None:
    async with FakeRelay() as relay, approved(tmp_path, relay, people=5) as app:
        relay.on("RCPT", say("550 5.1.1 no such mailbox"), to="reader3@example.com")
        assert await deliver.deliver(app, ID) == Counts(planned=5, sent=4, failed=1)
        assert await state_of(app) is EditionState.SENT
        ((who, why),) = await deliver.listing(app, ID)
    assert who == "reader3@example.com"
    assert "failed: 550" in why
    assert "no such mailbox" in why


async def test_who_is_asked_to_wait_is_tried_again_when_the_time_has_come(tmp_path: Path) -> None:
    clock = Clock()
    async with FakeRelay() as relay, approved(tmp_path, relay, people=3, clock=clock) as app:
        relay.on("RCPT", say("451 4.7.1 come back later"), to="reader2@example.com", times=1)
        assert await deliver.deliver(app, ID) == Counts(planned=3, sent=2, pending=1)
        assert await deliver.deliver(app, ID) == Counts(planned=3, sent=2, pending=1)
        assert await state_of(app) is EditionState.SENDING
        clock.at += timedelta(minutes=2)
        assert await deliver.deliver(app, ID) == Counts(planned=3, sent=3)
        assert await state_of(app) is EditionState.SENT
    assert set(arrived(relay).values()) == {1}


async def test_patience_ends_with_the_last_try(tmp_path: Path) -> None:
    clock = Clock()
    mail = "attempts = 3\nretry_s = 60.0"
    async with (
        FakeRelay() as relay,
        approved(tmp_path, relay, people=2, clock=clock, mail=mail) as app,
    ):
        relay.on("dot", say("452 4.2.2 mailbox full"), to="reader2@example.com")
        waits = []
        for _ in range(3):
            counts = await deliver.deliver(app, ID)
            async with app.db.read() as conn:
                due = await journal.next_due(conn, ID)
            if due is not None:
                waits.append((due - clock.at).total_seconds())
                clock.at = due
        assert counts == Counts(planned=2, sent=1, failed=1)
    assert 45 <= waits[0] <= 75
    assert 90 <= waits[1] <= 150


async def test_a_relay_that_refuses_us_blames_nobody(tmp_path: Path) -> None:
    async with FakeRelay() as relay, approved(tmp_path, relay, people=10) as app:
        relay.on("MAIL", say("550 5.7.1 not you"), times=1)
        with pytest.raises(RelayDown):
            await deliver.deliver(app, ID)
        assert await deliver.stands(app, ID) == Counts(planned=10, pending=10)
        assert await deliver.deliver(app, ID) == Counts(planned=10, sent=10)
    assert set(arrived(relay).values()) == {1}


async def test_a_relay_that_says_goodbye_midway_is_gone_on_with_later(tmp_path: Path) -> None:
    mail = "window = 5\nconnections = 2"
    clock = Clock()
    async with (
        FakeRelay() as relay,
        approved(tmp_path, relay, people=20, mail=mail, clock=clock) as app,
    ):
        relay.on("RCPT", drop("421 4.3.2 shutting down"), to="reader9@example.com", times=2)
        rounds = 0
        while (await deliver.stands(app, ID)).sent < 20 and rounds < 5:
            rounds += 1
            with suppress(RelayDown):
                await deliver.deliver(app, ID)
            clock.at += timedelta(minutes=2)
        assert await deliver.stands(app, ID) == Counts(planned=20, sent=20)
    assert set(arrived(relay).values()) == {1}


async def test_a_line_that_breaks_after_the_content_leaves_a_doubt(tmp_path: Path) -> None:
    clock = Clock()
    async with FakeRelay() as relay, approved(tmp_path, relay, people=4, clock=clock) as app:
        relay.on("dot", drop(), to="reader2@example.com", times=1)
        assert await deliver.deliver(app, ID) == Counts(planned=4, sent=3, doubtful=1)
        ((who, why),) = await deliver.listing(app, ID)
        assert (who, why.split(":")[0]) == ("reader2@example.com", "doubtful")
        # Held: running again does not write to them.
        assert (await deliver.deliver(app, ID)).doubtful == 1
        assert arrived(relay)["reader2@example.com"] == 0
        # One command does, whenever it is given: with the same Message-ID, date and words.
        clock.at += timedelta(days=1, minutes=7)
        assert await deliver.resend(app, ID, [DeliveryState.DOUBTFUL]) == 1
        assert await deliver.deliver(app, ID) == Counts(planned=4, sent=4)
    first, second = (t.message for t in relay.heard if t.to == ("reader2@example.com",))
    assert first == second


async def test_doubts_can_be_closed_instead(tmp_path: Path) -> None:
    async with FakeRelay() as relay, approved(tmp_path, relay, people=2) as app:
        relay.on("dot", drop(), to="reader2@example.com", times=1)
        await deliver.deliver(app, ID)
        assert await deliver.close_doubts(app, ID) == 1
        assert await deliver.stands(app, ID) == Counts(planned=2, sent=2)


async def test_who_leaves_or_is_suppressed_in_between_is_skipped(tmp_path: Path) -> None:
    async with FakeRelay() as relay, approved(tmp_path, relay, people=4) as app:
        assert await deliver.freeze(app, ID) == 4
        async with app.db.write() as conn:
            one = await by_email(conn, "reader1@example.com", "daily")
            assert one is not None
            cause = Barred.COMPLAINT
            await people.bar(
                app.db, conn, "reader2@example.com", cause, hash_key=app.key, now=MORNING
            )
        await audience.leave(app, app.links.leave_token("daily", one))
        assert await deliver.deliver(app, ID) == Counts(planned=4, sent=2, skipped=2)
    assert set(arrived(relay)) == {"reader3@example.com", "reader4@example.com"}


async def test_who_joins_after_the_freeze_gets_the_next_edition(tmp_path: Path) -> None:
    async with FakeRelay() as relay, approved(tmp_path, relay, people=2) as app:
        await deliver.freeze(app, ID)
        text = (
            "email,consent_at,consent_from\n"
            "late@example.com,2026-05-18,form\n"
        )  # fmt: skip
        await take_in(app, text)
        assert await deliver.deliver(app, ID) == Counts(planned=2, sent=2)
    assert "late@example.com" not in arrived(relay)


async def test_chosen_sections_are_honoured_and_none_left_means_no_mail(tmp_path: Path) -> None:
    async with FakeRelay() as relay, approved(tmp_path, relay, people=0) as app:
        head = "email,sections,consent_at,consent_from\n"
        text = (
            head + "harbour@example.com,harbour,2026-01-02,form\nall@example.com,,2026-01-02,form\n"
        )
        await take_in(app, text)
        assert (await deliver.deliver(app, ID)).sent == 2
    texts = {}
    for taken in relay.messages:
        parsed = message_from_bytes(taken.message, policy=default_policy)
        body = parsed.get_body(("plain",))
        assert body is not None
        texts[taken.to[0]] = body.get_content()
    assert "Bridge will close" in texts["all@example.com"]
    assert "Ferry runs again" in texts["harbour@example.com"]
    assert "Bridge will close" not in texts["harbour@example.com"]


async def test_only_an_approved_edition_is_sent(tmp_path: Path) -> None:
    async with FakeRelay() as relay, approved(tmp_path, relay, people=1) as app:
        slot = slot_of(app.newsletter(), date(2026, 5, 19))
        async with app.db.write() as conn:
            await editions.create(app.db, conn, slot, now=MORNING)
        with pytest.raises(Conflict, match="only an approved one"):
            await deliver.deliver(app, slot.edition_id)


async def test_cancelling_midway_stops_and_keeps_what_is_known(tmp_path: Path) -> None:
    gate = asyncio.Event()
    mail = "window = 2\nconnections = 1"
    async with FakeRelay() as relay, approved(tmp_path, relay, people=6, mail=mail) as app:
        relay.on("dot", hold(gate), to="reader3@example.com")
        sending = asyncio.create_task(deliver.deliver(app, ID))
        await relay.reached("dot", 3)
        await pipeline.cancel(app, ID)
        # Nothing more is begun; what has begun is waited for.
        await asyncio.sleep(1.0)
        gate.set()
        with pytest.raises(Conflict, match="was stopped"):
            await sending
        assert await deliver.stands(app, ID) == Counts(planned=6, sent=3, pending=3)
    assert len(relay.messages) == 3


async def test_being_asked_to_stop_finishes_what_has_begun(tmp_path: Path) -> None:
    gate = asyncio.Event()
    mail = "window = 10\nconnections = 1"
    async with FakeRelay() as relay, approved(tmp_path, relay, people=6, mail=mail) as app:
        relay.on("dot", hold(gate), to="reader2@example.com")
        sending = asyncio.create_task(deliver.deliver(app, ID))
        await relay.reached("dot", 2)
        app.stopping.set()
        gate.set()
        with pytest.raises(Conflict):
            await sending
        assert await deliver.stands(app, ID) == Counts(planned=6, sent=2, pending=4)
        app.stopping.clear()
        assert await deliver.deliver(app, ID) == Counts(planned=6, sent=6)
    assert set(arrived(relay).values()) == {1}


async def test_a_broken_address_in_the_database_fails_alone(tmp_path: Path) -> None:
    async with FakeRelay() as relay, approved(tmp_path, relay, people=3) as app:
        async with app.db.write() as conn:
            await conn.exec_driver_sql(
                "UPDATE subscriber SET email = 'a b@example.com' "
                "WHERE folded = 'reader2@example.com'"
            )
        assert await deliver.deliver(app, ID) == Counts(planned=3, sent=2, failed=1)


async def test_a_broken_template_stops_the_edition_and_blames_nobody(tmp_path: Path) -> None:
    async with FakeRelay() as relay, approved(tmp_path, relay, people=3) as app:
        own = tmp_path / "templates" / "email"
        own.mkdir(parents=True)
        (own / "edition.txt").write_text("line one\n[% if %]\n")
        async with open_newsroom(tmp_path) as again:
            with pytest.raises(RenderError, match=r"edition\.txt:2"):
                await deliver.deliver(again, ID)
        assert await deliver.stands(app, ID) == Counts(planned=3, pending=3)
    assert relay.messages == []


async def test_a_proof_is_no_delivery(tmp_path: Path) -> None:
    async with FakeRelay() as relay, approved(tmp_path, relay, people=2) as app:
        assert (await proof.send_one(app, ID, "editor@example.com")).startswith("250")
        with pytest.raises(MailError):
            await proof.send_one(app, ID, "not an address")
        assert await deliver.stands(app, ID) == Counts()
    assert list(arrived(relay)) == ["editor@example.com"]


async def test_a_rehearsal_writes_files_and_sends_nothing(tmp_path: Path) -> None:
    async with FakeRelay() as relay, approved(tmp_path, relay, people=3) as app:
        async with app.db.read() as conn:
            edition = await editions.content(conn, ID)
        assert await proof.rehearse(app, edition, tmp_path / "mails") == 3
        assert len(list((tmp_path / "mails").glob("*.eml"))) == 3
        assert await deliver.stands(app, ID) == Counts()
    assert relay.messages == []


async def test_progress_is_told_from_what_is_committed(tmp_path: Path) -> None:
    seen: list[Counts] = []
    async with FakeRelay() as relay, approved(tmp_path, relay, people=9, mail="window = 4") as app:
        await deliver.deliver(app, ID, progress=seen.append)
    told = [counts.sent for counts in seen]
    assert told == sorted(told)
    assert (told[0], told[-1]) == (0, 9)
    assert all(counts.reconciles for counts in seen)


async def test_a_full_disk_stops_every_sender_before_anybody_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = os.write
    noted = 0

    def write(handle: int, octets: bytes) -> int:
        nonlocal noted
        if len(octets) == 16:
            noted += 1
            if noted == 7:
                raise OSError(errno.ENOSPC, "no space left on device")
        return real(handle, octets)

    async with FakeRelay() as relay, approved(tmp_path, relay, people=30) as app:
        with monkeypatch.context() as patched:
            patched.setattr(os, "write", write)
            with pytest.raises(StoreError, match="no space"):
                await deliver.deliver(app, ID)
        heard = len(relay.heard)
        assert heard < 30
        counts = await deliver.deliver(app, ID)
        assert counts.sent + counts.doubtful == 30
        assert counts.doubtful <= app.settings.mail.connections
    assert set(arrived(relay).values()) == {1}


async def test_a_window_whose_sender_is_alive_is_not_taken(tmp_path: Path) -> None:
    gate = asyncio.Event()
    async with FakeRelay() as relay, approved(tmp_path, relay, people=4) as app:
        relay.on("dot", hold(gate), to="reader1@example.com")
        sending = asyncio.create_task(deliver.deliver(app, ID))
        await relay.reached("dot", 1)
        async with app.db.write() as conn:
            held = await journal.claim(conn, ID, 1)
        assert held is not None
        # Its lease is taken for lost; what it has not begun yet it may begin any moment.
        with pytest.raises(Conflict, match="another's hands"):
            read_events(app.data_dir / "events", ID, 1, held.opened_by)
        gate.set()
        with pytest.raises(Conflict, match="other hands"):
            await sending
        assert (await deliver.deliver(app, ID)).sent == 4
    assert set(arrived(relay).values()) == {1}


async def test_only_the_doubtful_and_the_failed_are_written_to_again(tmp_path: Path) -> None:
    async with FakeRelay() as relay, approved(tmp_path, relay, people=2) as app:
        await deliver.deliver(app, ID)
        for state in (DeliveryState.SENT, DeliveryState.SKIPPED, DeliveryState.BOUNCED):
            with pytest.raises(Conflict, match="not written to again"):
                await deliver.resend(app, ID, [state])


async def test_doubts_are_sent_again_by_themselves_if_that_is_wanted(tmp_path: Path) -> None:
    clock = Clock()
    mail = 'on_doubt = "resend"'
    async with (
        FakeRelay() as relay,
        approved(tmp_path, relay, people=3, clock=clock, mail=mail) as app,
    ):
        relay.on("dot", drop(), to="reader2@example.com", times=1)
        assert await deliver.deliver(app, ID) == Counts(planned=3, sent=2, pending=1)
        clock.at += timedelta(minutes=2)
        assert await deliver.deliver(app, ID) == Counts(planned=3, sent=3)
    first, second = (t.message for t in relay.heard if t.to == ("reader2@example.com",))
    assert first == second


async def test_two_proofs_and_the_real_mail_are_three_messages(tmp_path: Path) -> None:
    async with FakeRelay() as relay, approved(tmp_path, relay, people=1) as app:
        await proof.send_one(app, ID, "reader1@example.com")
        await proof.send_one(app, ID, "reader1@example.com")
        await deliver.deliver(app, ID)
    parsed = [message_from_bytes(taken.message) for taken in relay.messages]
    assert len({message["Message-ID"] for message in parsed}) == 3
    assert len({message["List-Unsubscribe"] for message in parsed}) == 2
