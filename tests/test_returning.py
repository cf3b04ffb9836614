"""What comes back: proved or refused, counted once, and never against a reader's will."""

import logging
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from digest import returning, telemetry
from digest.model import (
    By,
    Choices,
    DeliveryState,
    Frequency,
    LetterKind,
    Outcome,
    Return,
    ReturnKind,
    SubscriptionEvent,
)
from digest.returning import is_given_up, settle_refusals, take
from digest.store import journal, letters, people
from digest.store.bounces import Came, Sent
from make import MORNING
from returned import Room, open_room

ENDED = "ended: bounce, suppressed: bounce"
COMPLAINED = "ended: complaint, suppressed: complaint"


@pytest.fixture
async def room(tmp_path: Path) -> AsyncIterator[Room]:
    async with open_room(tmp_path) as room:
        yield room


@pytest.fixture
async def either(tmp_path: Path, store_url: str) -> AsyncIterator[Room]:
    """On each kind of database."""
    async with open_room(tmp_path, store_url=store_url) as room:
        yield room


# ---------------------------------------------------------------------- what follows


async def test_no_such_mailbox_ends_every_subscription_and_bars_the_address(either: Room) -> None:
    edition = await either.send()
    await either.agree(newsletter="weekly")
    report = either.report("hard", edition)
    either.clock.move_to(day=1)
    # A weekly that was agreed to in the same moment as the delivery is no newer.
    assert await take(either.app, [report], proved=False) == 1
    assert await either.state() == ENDED
    assert await either.state(newsletter="weekly") == ENDED
    assert await either.state(2) == "active: import"
    counts = await either.counts(edition)
    assert (counts.sent, counts.bounced) == (2, 1)


async def test_a_complaint_ends_every_subscription_and_no_sign_up_lifts_it(room: Room) -> None:
    edition = await room.send()
    await take(room.app, [room.report("hard", edition)], proved=False)
    assert await take(room.app, [room.report("complaint", edition)], proved=False) == 1
    assert (await room.state()).endswith("suppressed: complaint")
    assert await take(room.app, [room.report("complaint", edition, 2)], proved=False) == 1
    assert await room.state(2) == COMPLAINED
    # It did arrive.
    assert (await room.counts(edition)).sent == 2


async def test_a_mail_that_asks_to_leave_ends_the_one_subscription_of_its_token(
    either: Room,
) -> None:
    await either.agree(newsletter="weekly")
    wish = Return(kind=ReturnKind.LEAVE, tokens=(await either.token(),), reporter="mail")
    assert await take(either.app, [wish], proved=False, mark="first") == 1
    assert await either.state() == "ended: mail"
    assert await either.state(newsletter="weekly") == "active: confirmed"
    # Read again after they came back: it is the same wish; another mail is another.
    await either.agree()
    assert await take(either.app, [wish], proved=False, mark="first") == 0
    assert await either.state() == "active: confirmed"
    assert await take(either.app, [wish], proved=False, mark="second") == 1
    assert await either.state() == "ended: mail"


async def test_a_mail_that_leaves_a_weekly_ends_the_daily_that_brings_nothing_else(
    tmp_path: Path,
) -> None:
    weekly = '\n[[newsletters]]\nslug = "weekly"\ntitle = "The Weekly"\nbest_of = ["daily"]\n'
    async with open_room(tmp_path, returns=weekly) as room:
        for id in (1, 2):
            await room.agree(id, newsletter="weekly")
        async with room.app.db.write() as conn:
            await people.choose(conn, 1, "daily", Choices(frequency=Frequency.WEEKLY))
        wishes = [
            Return(
                kind=ReturnKind.LEAVE,
                tokens=(await room.token(id, newsletter="weekly"),),
                reporter="leave",
            )
            for id in (1, 2)
        ]
        assert await take(room.app, wishes, proved=False) == 2
        for id in (1, 2):
            assert await room.state(id, newsletter="weekly") == "ended: mail"
        assert await room.state(1) == "ended: mail"
        assert await room.state(2) == "active: import"


async def test_a_soft_bounce_is_noted_and_listed_and_ends_nothing(room: Room) -> None:
    edition = await room.send()
    # By the clock of somebody who lives in the future.
    report = room.report("soft", edition, at=MORNING + timedelta(days=900))
    assert await take(room.app, [report], proved=False) == 1
    assert await take(room.app, [room.report("soft", edition, 2)], proved=False) == 1
    assert await room.state() == "active: import"
    assert (await room.counts(edition)).sent == 3
    came = (await room.came())[0]
    assert (came.kind, came.status, came.delivery_id) == (ReturnKind.SOFT, "4.2.2", edition)
    assert came.at == MORNING
    listed = await returning.listing(room.app, limit=10)
    assert [one.email for one in listed] == ["reader2@example.com", "reader1@example.com"]
    assert len(await returning.listing(room.app, limit=1)) == 1


async def test_soft_bounces_on_enough_days_give_a_mailbox_up(room: Room) -> None:
    for day in range(3):
        assert await room.state() == "active: import"
        edition = await room.send(day=day)
        await take(room.app, [room.report("soft", edition)], proved=False)
    assert await room.state() == ENDED
    assert (await room.came())[-1].text == "soft on 3 days, and nothing delivered in between"
    assert (await room.counts(edition)).bounced == 1


async def test_what_was_delivered_in_between_begins_the_count_anew(room: Room) -> None:
    for day in range(6):
        edition = await room.send(day=day)
        if day != 2:
            await take(room.app, [room.report("soft", edition)], proved=False)
        assert await room.state() == ("active: import" if day < 5 else ENDED)


async def test_many_soft_bounces_on_one_day_are_one_day(room: Room) -> None:
    sent = [await room.send(day=day) for day in range(4)]
    # Given back by the relay together, after days.
    for edition in sent:
        await take(room.app, [room.report("soft", edition)], proved=False)
    assert await room.state() == "active: import"


async def test_policy_is_on_no_readers_account(room: Room) -> None:
    for day in range(5):
        edition = await room.send(day=day)
        report = room.report("soft", edition, status="5.7.26", diagnostic="fails DMARC")
        await take(room.app, [report], proved=False)
        report = room.report("soft", edition, 2, status="", diagnostic="relaying denied")
        await take(room.app, [report], proved=False)
    assert await room.state() == await room.state(2) == "active: import"


async def test_a_letter_that_comes_back_is_known_too(room: Room) -> None:
    async with room.app.db.write() as conn:
        number = await letters.write(
            conn, LetterKind.DATA, 1, "daily", content={}, now=room.clock.now
        )
        id = f"data:{number}"
        sent = Outcome(subscriber_id=1, state=DeliveryState.SENT, at=room.clock.now)
        await journal.record(room.app.db, conn, id, [sent])
    assert await take(room.app, [room.report("hard", id)], proved=False) == 1
    assert await room.state() == ENDED
    async with room.app.db.read() as conn:
        assert (await journal.known(conn, id, [1]))[1].state is DeliveryState.BOUNCED


# ------------------------------------------------------------------------- proof


async def test_forged_reports_change_nothing(room: Room) -> None:
    edition = await room.send()
    true = room.report("hard", edition)
    (local,) = true.sent_to
    token, message_id = await room.token(), await room.message_id(edition)
    wrong = "a" if local[-1] != "a" else "b"
    forged = [
        # An address alone; a return path, a Message-ID and a token changed by a sign.
        replace(true, sent_to=(), recipient="reader1@example.com"),
        replace(true, sent_to=(local[:-1] + wrong,)),
        replace(true, sent_to=(f"bounces+{'a' * 32}", "", "bounces", "\ud800+ä", "+" * 50)),
        replace(true, sent_to=(), message_id=message_id.replace(".1.", ".2.")),
        replace(
            true, sent_to=(), message_id="<daily.2026-05-18T0700.1.000000000000@press.example>"
        ),
        replace(true, sent_to=(), tokens=(token[:-2], "x" * 400, "ä")),
        # Of another purpose.
        replace(true, kind=ReturnKind.LEAVE, sent_to=true.sent_to, tokens=(local,)),
        # A return path does not say that anybody wants to leave.
        replace(true, kind=ReturnKind.LEAVE),
    ]
    for kind in (ReturnKind.HARD, ReturnKind.COMPLAINT):
        told = [one if one.kind is ReturnKind.LEAVE else replace(one, kind=kind) for one in forged]
        assert await take(room.app, told, proved=False) == 0
    assert [await room.state(id) for id in (1, 2, 3)] == ["active: import"] * 3
    assert await room.came() == []


async def test_our_message_id_and_our_leave_token_are_proof_too(room: Room) -> None:
    edition = await room.send()
    # A Message-ID says which delivery, whatever host it had.
    old = (await room.message_id(edition)).replace("press.example", "mail.old.example")
    tokens = (await room.token(),)
    report = room.report("hard", edition, sent_to=(), message_id=old, tokens=tokens)
    assert await take(room.app, [report], proved=False) == 1
    assert await room.state() == ENDED
    assert (await room.counts(edition)).bounced == 1
    report = room.report("complaint", edition, sent_to=())
    by_id = replace(report, message_id=await room.message_id(edition, 2))
    by_token = replace(report, tokens=(await room.token(3),))
    assert await take(room.app, [by_id, by_token], proved=False) == 2
    assert await room.state(2) == await room.state(3) == COMPLAINED


async def test_what_is_signed_for_one_person_is_never_believed_for_another(room: Room) -> None:
    edition = await room.send()
    # The path is of 1, everything else names others: an address that forwards, a mail quoted.
    report = room.report(
        "hard", edition, recipient="reader2@example.com", tokens=(await room.token(3),)
    )
    assert await take(room.app, [report], proved=False) == 1
    assert await room.state(1) == ENDED
    assert await room.state(2) == await room.state(3) == "active: import"


async def test_a_signed_report_is_believed_for_the_address_that_it_names(room: Room) -> None:
    edition = await room.send()
    report = room.report("hard", edition, sent_to=(), recipient="READER2@example.com")
    assert await take(room.app, [report], proved=True) == 1
    assert await room.state(2) == ENDED
    stranger = replace(report, recipient="nobody@example.net")
    assert await take(room.app, [stranger], proved=True) == 0
    # A wish to leave wants its token, unless a relay that we know was told of it.
    wish = replace(report, kind=ReturnKind.LEAVE, recipient="reader3@example.com")
    assert await take(room.app, [wish], proved=False) == 0
    assert await room.state(3) == "active: import"
    assert await take(room.app, [wish], proved=True) == 1
    assert await room.state(3) == "ended: mail"


async def test_a_report_of_a_delay_is_noted_and_gives_nobody_up(room: Room) -> None:
    for day in range(8):
        edition = await room.send(day=day)
        late = replace(room.report("soft", edition, status="4.4.1"), delayed=True)
        assert await take(room.app, [late], proved=False) == 1
    assert await room.state() == "active: import"
    assert len(await room.came()) == 8


async def test_a_report_counts_once_however_often_and_by_whom_it_is_told(room: Room) -> None:
    edition = await room.send()
    report = room.report("soft", edition)
    assert await take(room.app, [report, report], proved=False) == 1
    room.clock.move_to(day=3)
    again = replace(report, reporter="ses", diagnostic="still full", recipient="x@example.com")
    assert await take(room.app, [again], proved=True) == 0
    assert len(await room.came()) == 1


async def test_whoever_agreed_after_the_delivery_stays(room: Room) -> None:
    edition = await room.send()
    await take(room.app, [room.report("hard", edition)], proved=False)
    room.clock.move_to(day=2)
    await room.agree()
    # Another of its kind comes late; the path of what was sent since is another.
    late = room.report("hard", edition, status="5.1.10")
    assert await take(room.app, [late], proved=False) == 1
    assert await room.state() == "active: confirmed"
    newer = await room.send(day=3)
    await take(room.app, [room.report("hard", newer)], proved=False)
    assert await room.state() == ENDED


async def test_soft_bounces_from_before_they_agreed_do_not_count(room: Room) -> None:
    for day in range(2):
        edition = await room.send(day=day)
        await take(room.app, [room.report("soft", edition)], proved=False)
    room.clock.move_to(day=1.5)
    async with room.app.db.write() as conn:
        await people.move(
            room.app.db,
            conn,
            1,
            "daily",
            SubscriptionEvent.END,
            cause=By.PAGE,
            now=room.clock.now,
        )
    await room.agree()
    edition = await room.send(day=2)
    await take(room.app, [room.report("soft", edition)], proved=False)
    assert await room.state() == "active: confirmed"


async def test_a_report_of_what_nobody_remembers_is_noted_and_changes_nothing(room: Room) -> None:
    edition = await room.send()
    room.clock.move_to(day=70)
    assert await take(room.app, [room.report("hard", edition)], proved=False) == 1
    assert await room.state() == "active: import"
    assert [came.delivery_id for came in await room.came()] == [""]


async def test_a_report_that_is_faster_than_the_journal_is_not_lost(room: Room) -> None:
    edition = await room.send(to=())
    async with room.app.db.write() as conn:
        await journal.add_chunk(conn, edition, [1, 2])
        await journal.set_planned(conn, edition, 2)
        held = await journal.claim(conn, edition, 2)
        assert held is not None
        held = await journal.settle(room.app.db, conn, held, [], cursor=0, window_to=1)
    # 1 is being written to; 2 is not yet, and nothing can have come back.
    await take(room.app, [room.report("hard", edition, id) for id in (1, 2)], proved=False)
    async with room.app.db.read() as conn:
        rows = await journal.known(conn, edition, [1, 2])
        assert {id: row.state for id, row in rows.items()} == {1: DeliveryState.BOUNCED}
        assert (await journal.counts(conn, edition)).reconciles


# ---------------------------------------------------------- refused while being sent


async def refuse(room: Room, edition: str, *told: tuple[int, int, str]) -> None:
    """Subscriber, code and words."""
    outcomes = [
        Outcome(
            subscriber_id=id,
            state=DeliveryState.FAILED if code else DeliveryState.SENT,
            code=code or 250,
            text=words,
            at=room.clock.now,
        )
        for id, code, words in told
    ]
    async with room.app.db.write() as conn:
        await journal.record(room.app.db, conn, edition, outcomes)
        await settle_refusals(room.app, conn, edition, outcomes)


async def test_what_the_relay_refuses_at_once_is_the_same_as_what_comes_back(
    either: Room,
) -> None:
    edition = await either.send(state="deferred")
    await refuse(
        either,
        edition,
        (1, 550, "5.1.1 <reader1@example.com>: Recipient address rejected: User unknown"),
        (2, 550, "5.7.1 rejected by policy"),
        (3, 452, "4.2.2 mailbox full"),
    )
    assert await either.state(1) == ENDED
    assert await either.state(2) == await either.state(3) == "active: import"
    assert (await either.counts(edition)).failed == 3
    came = {one.subscriber_id: one for one in await either.came()}
    assert [str(came[id].kind) for id in (1, 2, 3)] == ["hard", "soft", "soft"]
    assert came[1].text == "550 5.1.1 <(address)>: Recipient address rejected: User unknown"
    # The report that the relay sends besides is the same one.
    assert await take(either.app, [either.report("hard", edition)], proved=False) == 0
    # No answer of a server is no bounce.
    ours = Outcome(subscriber_id=2, state=DeliveryState.FAILED, text="no header", at=MORNING)
    async with either.app.db.write() as conn:
        await settle_refusals(either.app, conn, edition, [ours])
    assert len(await either.came()) == 3


async def test_a_mailbox_that_is_full_for_days_is_given_up_while_being_sent(room: Room) -> None:
    for day in range(3):
        assert await room.state() == "active: import"
        edition = await room.send(day=day, state="deferred")
        await refuse(room, edition, (1, 552, "5.2.2 mailbox full"), (2, 0, "ok"))
    assert await room.state() == ENDED
    assert await room.state(2) == "active: import"


# --------------------------------------------------------------------- what is kept


async def test_no_address_is_kept_with_a_report_nor_logged(
    room: Room, capsys: pytest.CaptureFixture[str]
) -> None:
    telemetry.set_up(level=logging.INFO)
    edition = await room.send()
    words = "smtp; 550 <reader1@example.com>\x00 un\ud800known\r\nTo: reader1@example.com" * 30
    report = room.report("hard", edition, status="5.1.1\x00", diagnostic=words, reporter="d\x00n")
    forged = replace(report, sent_to=(), recipient="reader2@example.com")
    await take(room.app, [report, forged], proved=False)
    (came,) = await room.came()
    assert "example.com" not in came.text
    assert came.text.isprintable()
    assert len(came.text) <= 500
    logged = capsys.readouterr().err
    assert "reports prove nothing" in logged
    assert "@" not in logged
    assert await room.state() == ENDED


# ------------------------------------------------------------------- the rule by itself


def came_on(day: float, *, of: float, status: str = "4.2.2", text: str = "") -> Came:
    """A soft bounce on one day of the delivery of another."""
    return Came(
        subscriber_id=1,
        delivery_id=f"d{of}",
        kind=ReturnKind.SOFT,
        status=status,
        text=text,
        reporter="dsn",
        at=MORNING + timedelta(days=day),
    )


def sent_on(*days: float) -> list[Sent]:
    return [Sent(f"d{day}", DeliveryState.SENT, MORNING + timedelta(days=day)) for day in days]


def test_what_is_still_on_its_way_does_not_count_as_delivered() -> None:
    # Each comes back five days after it was sent; five are on their way.
    came = [came_on(day + 5, of=day) for day in range(5)]
    assert is_given_up(came, sent_on(*range(10)), days=5, since=MORNING)
    assert not is_given_up(came[:4], sent_on(*range(10)), days=5, since=MORNING)


@pytest.mark.parametrize(
    ("status", "text", "counts"),
    [
        ("4.2.2", "", True),
        ("5.2.1", "", True),
        ("4.4.7", "", True),
        ("4.1.1", "", True),
        ("5.1.8", "sender rejected", False),
        ("5.7.1", "quota", False),
        ("4.3.0", "", False),
        ("5.3.4", "too large", False),
        ("5.0.0", "over Quota", True),
        ("", "mailbox full", True),
        ("", "rejected, see our page", False),
        ("nonsense", "mailbox full", False),
    ],
)
def test_only_what_speaks_of_the_mailbox_counts(status: str, text: str, counts: bool) -> None:
    came = [came_on(day, of=day, status=status, text=text) for day in range(5)]
    assert is_given_up(came, sent_on(*range(5)), days=5, since=MORNING) is counts


@settings(max_examples=40)
@given(st.sets(st.integers(0, 20)), st.integers(1, 6))
def test_nobody_is_given_up_whom_something_reached_within_the_days(
    back: set[int], days: int
) -> None:
    came = [came_on(day, of=day) for day in sorted(back)]
    given_up = is_given_up(came, sent_on(*range(21)), days=days, since=MORNING)
    newest = max(back, default=-1)
    streak = 0
    while newest - streak in back:
        streak += 1
    assert given_up is (streak >= days)
