"""The mailbox that bounces end in: each mail is taken once, whatever happens; none is touched."""

import logging
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from digest import telemetry
from digest.cli.bounces import sentence
from digest.errors import Fault, FetchError
from digest.mailbag import MAILBOX, Fetched, fetch, take_mail
from digest.returns import Understood, understand
from digest.store import sources
from imappeer import PASSWORD, Folder, ImapPeer
from returned import Room, open_room

ENDED = "ended: bounce, suppressed: bounce"
ACTIVE = "active: import"

REPORT = """\
Return-Path: <>
Received: by mx.press.example (Postfix) id {number:06}; Mon, 18 May 2026 06:00:00 +0000
Date: Mon, 18 May 2026 06:00:00 +0000
From: MAILER-DAEMON@mx.example.com (Mail Delivery System)
To: {to}
Subject: Undelivered Mail Returned to Sender
Auto-Submitted: auto-replied
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="b"

--b
Content-Type: text/plain

Your message could not be delivered.

--b
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example.com

Final-Recipient: rfc822; {recipient}
Action: failed
Status: {status}
Diagnostic-Code: smtp; 550 {status} {words}

--b--
"""


def report(room: Room, delivery_id: str, id: int = 1, *, status: str = "5.1.1") -> bytes:
    """A delivery report without a Message-ID, as some servers write them."""
    text = REPORT.format(
        number=id,
        to=room.app.links.return_path(delivery_id, id),
        recipient=f"reader{id}@example.com",
        status=status,
        words="no such user" if status == "5.1.1" else "mailbox full",
    )
    return text.replace("\n", "\r\n").encode()


async def wish(room: Room, id: int = 1) -> bytes:
    token = await room.token(id)
    text = (
        "Message-ID: <wish@example.com>\nDate: Mon, 18 May 2026 06:00:00 +0000\n"
        f"From: reader{id}@example.com\nTo: leave@press.example\nSubject: leave {token}\n\n\n"
    )
    return text.replace("\n", "\r\n").encode()


VACATION = (
    b"Message-ID: <away@example.com>\r\nFrom: reader1@example.com\r\nSubject: Away\r\n"
    b"Auto-Submitted: auto-replied\r\n\r\nBack on Monday.\r\n"
)


class Maildir:
    def __init__(self, path: Path) -> None:
        self.path = path
        for name in ("new", "cur", "tmp"):
            (path / name).mkdir(parents=True)

    def deliver(self, name: str, octets: bytes) -> None:
        (self.path / "new" / name).write_bytes(octets)

    def names(self) -> list[str]:
        return sorted(str(file.relative_to(self.path)) for file in self.path.glob("*/*"))


@pytest.fixture
async def room(tmp_path: Path) -> AsyncIterator[Room]:
    async with open_room(tmp_path, returns='path = "bounces"\n') as room:
        yield room


@pytest.fixture
def maildir(tmp_path: Path) -> Maildir:
    return Maildir(tmp_path / "bounces")


@pytest.fixture
async def peer() -> AsyncIterator[ImapPeer]:
    async with ImapPeer() as peer:
        yield peer


@pytest.fixture
async def imap_room(tmp_path: Path, peer: ImapPeer) -> AsyncIterator[Room]:
    (tmp_path / "secret").write_text(PASSWORD)
    url = f"imap://letters%40press.example@127.0.0.1:{peer.port}/INBOX"
    more = f'url = "{url}"\npassword = {{ file = "secret" }}\n'
    async with open_room(tmp_path, returns=more) as room:
        yield room


async def forget_place(room: Room, *, done: bool) -> None:
    """As after a kill before the place was noted, or, with *done*, a database of before."""
    async with room.app.db.write() as conn:
        await conn.exec_driver_sql("DELETE FROM source")
        if done:
            await conn.exec_driver_sql("DELETE FROM done")


# ------------------------------------------------------------------------ one mail


async def test_a_bounce_from_a_pipe_is_acted_on_once(room: Room) -> None:
    edition = await room.send()
    taken = await take_mail(room.app, report(room, edition))
    assert (taken.understood.shape, taken.acted, taken.unproved) == ("dsn", 1, 0)
    assert await room.state() == ENDED
    again = await take_mail(room.app, report(room, edition))
    assert (again.acted, again.repeated) == (0, 1)


async def test_a_mail_that_asks_to_leave_is_obeyed(room: Room) -> None:
    taken = await take_mail(room.app, await wish(room))
    assert (taken.understood.shape, taken.acted) == ("leave", 1)
    assert await room.state() == "ended: mail"


async def test_a_forged_bounce_changes_nothing(room: Room) -> None:
    edition = await room.send()
    forged = report(room, edition).replace(b"To: bounces+", b"To: bounces+aa")
    taken = await take_mail(room.app, forged)
    assert (taken.acted, taken.unproved) == (0, 1)
    assert await room.state() == ACTIVE


async def test_of_an_address_that_sends_on_to_several_the_mildest_counts(room: Room) -> None:
    edition = await room.send()
    blocks = (
        "Final-Recipient: rfc822; old@example.net\r\nAction: failed\r\nStatus: 5.1.1\r\n\r\n"
        "Final-Recipient: rfc822; new@example.net\r\nAction: failed\r\nStatus: 4.2.2\r\n\r\n"
    )
    octets = report(room, edition).replace(b"Final-Recipient: rfc822; reader1", b"X-Was: reader1")
    octets = octets.replace(b"\r\nX-Was: ", f"\r\n{blocks}X-Was: ".encode())
    taken = await take_mail(room.app, octets)
    assert taken.acted == 1
    assert await room.state() == ACTIVE


# ------------------------------------------------------------------------ a Maildir


async def test_every_mail_of_a_maildir_is_taken_once_and_stays_as_it_was(
    room: Room, maildir: Maildir
) -> None:
    edition = await room.send()
    maildir.deliver("1.a", report(room, edition, 1))
    maildir.deliver("2.a", report(room, edition, 2, status="4.2.2"))
    maildir.deliver("3.a", VACATION)
    maildir.deliver("4.a", await wish(room, 3))
    names = maildir.names()
    assert await fetch(room.app) == Fetched(mails=4, acted=3)
    assert [await room.state(id) for id in (1, 2, 3)] == [ENDED, ACTIVE, "ended: mail"]
    assert await fetch(room.app) == Fetched()
    assert maildir.names() == names


async def test_what_came_between_a_kill_and_its_note_is_read_again_and_does_nothing(
    room: Room, maildir: Maildir
) -> None:
    edition = await room.send()
    maildir.deliver("1.a", report(room, edition, 1))
    maildir.deliver("2.a", await wish(room, 2))
    await fetch(room.app)
    await room.agree(1)
    await room.agree(2)
    await forget_place(room, done=True)
    assert await fetch(room.app) == Fetched(mails=2, repeated=2)
    assert await room.state(1) == await room.state(2) == "active: confirmed"


async def test_a_mail_that_breaks_the_reader_stops_no_other(room: Room, maildir: Maildir) -> None:
    edition = await room.send()
    maildir.deliver("1.a", b"Subject: poison\r\n\r\n")
    maildir.deliver("2.a", report(room, edition))

    def fragile(octets: bytes) -> Understood:
        if b"poison" in octets:
            raise RecursionError("too deep")
        return understand(octets)

    assert await fetch(room.app, reading=fragile) == Fetched(mails=2, acted=1, unclear=1)
    assert await room.state() == ENDED


async def test_a_mail_of_any_length_is_read_as_far_as_it_matters(
    room: Room, maildir: Maildir
) -> None:
    edition = await room.send()
    maildir.deliver("1.a", report(room, edition) + b"x" * 2_000_000)
    assert (await fetch(room.app)).acted == 1


async def test_a_full_maildir_is_emptied_visit_by_visit(room: Room, maildir: Maildir) -> None:
    for number in range(230):
        maildir.deliver(f"{number:03}.a", VACATION)
    assert (await fetch(room.app)).mails == 230


async def test_without_a_mailbox_nothing_is_done(tmp_path: Path) -> None:
    async with open_room(tmp_path) as room:
        assert await fetch(room.app) == Fetched()


async def test_a_mailbox_that_is_not_there_is_told_and_remembered(room: Room) -> None:
    for failures in (1, 2):
        with pytest.raises(FetchError, match="is no Maildir") as caught:
            await fetch(room.app)
        assert caught.value.fault is Fault.NO_ACCESS
        async with room.app.db.read() as conn:
            record = await sources.find(conn, MAILBOX)
        assert record is not None
        assert (record.failures, record.checked_at) == (failures, room.clock.now)


async def test_while_another_process_looks_nobody_else_does(room: Room, maildir: Maildir) -> None:
    maildir.deliver("1.a", VACATION)
    async with room.app.db.lease("returns") as mine:
        assert mine
        assert await fetch(room.app) == Fetched()
    assert (await fetch(room.app)).mails == 1


BY_HAND = (
    b"Message-ID: <hand@example.com>\r\nFrom: reader1@example.com\r\nSubject: your mails\r\n\r\n"
    b"Please unsubscribe me.\r\n"
)


async def test_what_a_person_writes_by_hand_is_counted_and_told_without_an_address(
    room: Room, maildir: Maildir, capsys: pytest.CaptureFixture[str]
) -> None:
    telemetry.set_up(level=logging.INFO)
    maildir.deliver("1.a", BY_HAND)
    maildir.deliver("2.a", VACATION)
    maildir.deliver("3.a", BY_HAND.replace(b"Subject:", b"List-Id: <l.example>\r\nSubject:"))
    maildir.deliver("4.a", await wish(room))
    assert await fetch(room.app) == Fetched(mails=4, acted=1, unclear=1)
    taken = await take_mail(room.app, BY_HAND)
    assert taken.unclear == 1
    assert "not understood: read it" in sentence(taken)
    logged = capsys.readouterr().err
    assert logged.count("mails were not understood") == 2
    assert "@" not in logged


async def test_one_sentence_says_what_became_of_a_mail(room: Room) -> None:
    edition = await room.send()
    octets = report(room, edition)
    assert sentence(await take_mail(room.app, octets)) == "dsn: 1 report, hard; acted on"
    assert sentence(await take_mail(room.app, octets)) == "dsn: 1 report, hard; known before"
    forged = octets.replace(b"To: bounces+", b"To: bounces+aa")
    assert "1 report, hard; not proved" in sentence(await take_mail(room.app, forged))
    assert "auto-reply: nothing to act on" in sentence(await take_mail(room.app, VACATION))
    room.clock.move_to(day=70)
    late = await take_mail(room.app, report(room, edition, 2))
    assert (late.acted, late.too_old) == (1, 1)
    assert "too long ago to act on" in sentence(late)
    assert await room.state(2) == ACTIVE


# ---------------------------------------------------------------------------- IMAP


async def test_every_mail_of_an_imap_folder_is_taken_once(imap_room: Room, peer: ImapPeer) -> None:
    room = imap_room
    edition = await room.send()
    # Of one second, alike in all that a server must write, and without a Message-ID.
    peer.deliver(report(room, edition, 1))
    peer.deliver(report(room, edition, 2))
    peer.deliver(VACATION)
    assert await fetch(room.app) == Fetched(mails=3, acted=2)
    assert await room.state(1) == await room.state(2) == ENDED
    peer.deliver(await wish(room, 3))
    assert await fetch(room.app) == Fetched(mails=1, acted=1)
    assert await fetch(room.app) == Fetched()
    assert "SELECT" not in peer.commands()
    assert not any("BODY[" in line or "STORE" in line for line in peer.heard)


async def test_a_visit_from_an_old_place_takes_nothing_twice(
    imap_room: Room, peer: ImapPeer
) -> None:
    room = imap_room
    edition = await room.send()
    peer.deliver(report(room, edition))
    await fetch(room.app)
    await room.agree()
    # Killed after the mails were acted on, and before the place was noted.
    await forget_place(room, done=False)
    assert await fetch(room.app) == Fetched()
    await forget_place(room, done=True)
    assert await fetch(room.app) == Fetched(mails=1, repeated=1)
    # The folder was made anew, and its numbers with it.
    peer.folders["INBOX"] = Folder(validity=2)
    peer.deliver(report(room, edition))
    assert await fetch(room.app) == Fetched()
    assert await room.state() == "active: confirmed"


async def test_a_mail_that_breaks_the_connection_is_given_up_and_the_next_is_read(
    imap_room: Room, peer: ImapPeer
) -> None:
    room = imap_room
    edition = await room.send()
    peer.cuts_at = {peer.deliver(VACATION)}
    peer.deliver(report(room, edition))
    found = [await fetch(room.app) for _ in range(2)]
    assert [len(one.faults) for one in found] == [1, 1]
    assert "given up" in found[1].faults[0]
    assert (await fetch(room.app)).mails + sum(one.mails for one in found) == 1
    assert await room.state() == ENDED


async def test_a_mailbox_without_its_password_says_what_to_do(
    tmp_path: Path, peer: ImapPeer
) -> None:
    url = f"imap://letters%40press.example@127.0.0.1:{peer.port}/INBOX"
    more = f'url = "{url}"\npassword = {{ env = "DIGEST_RETURNS_PASSWORD" }}\n'
    async with open_room(tmp_path, returns=more) as room:
        with pytest.raises(
            FetchError, match=r"to \[returns\] password = .*DIGEST_RETURNS_PASSWORD"
        ):
            await fetch(room.app)
