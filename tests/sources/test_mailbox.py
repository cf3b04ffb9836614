"""Newsletters from IMAP and Maildir: taken once, never touched, and no mail stops another."""

import asyncio
import os
import ssl
import subprocess
from collections.abc import AsyncIterator, Sequence
from itertools import chain
from pathlib import Path

import pytest

from digest.errors import Fault, FetchError
from digest.settings import Source
from digest.sources.letterhead import Mailbox, read_letterhead
from digest.sources.mailbox import read_mailbox, wait_for_mail
from imappeer import PASSWORD, Folder, ImapPeer


def mail(
    subject: str = "Ferry news",
    *,
    sender: str = "The Tide <news@tide.example>",
    of_a_list: bool = True,
    extra: str = "",
    body: str = "The ferry sails again.",
) -> bytes:
    head = (
        f"Message-ID: <{subject}@tide.example>\nDate: Mon, 18 May 2026 06:00:00 +0000\n"
        f"From: {sender}\nSubject: {subject}\n"
    )
    if of_a_list:
        head += "List-ID: The Tide <tide.example>\n"
    return (head + extra + "\n" + body + "\n").replace("\n", "\r\n").encode()


class Memory:
    """What the store would keep between visits, when all mails could be read."""

    def __init__(self) -> None:
        self.cursor: str | None = None
        self.done: set[str] = set()

    async def unread(self, keys: Sequence[str]) -> frozenset[str]:
        return frozenset(keys) - self.done

    def keep(self, box: Mailbox) -> None:
        self.cursor = box.cursor
        self.done |= {key for key, _ in box.messages} | set(box.done)


def imap_source(
    peer: ImapPeer, *, scheme: str = "imap", folder: str = "", backlog: int = 100
) -> Source:
    url = f"{scheme}://letters%40press.example@127.0.0.1:{peer.port}/{folder}"
    return Source(id="letters", kind="mailbox", url=url, backlog=backlog)


async def visit(
    source: Source,
    memory: Memory | None = None,
    *,
    base: Path = Path(),
    password: str | None = PASSWORD,
    max_bytes: int = 100_000,
    timeout_s: float = 20.0,
    tls: ssl.SSLContext | None = None,
) -> Mailbox:
    memory = memory or Memory()
    box = await read_mailbox(
        source,
        base=base,
        password=password,
        cursor=memory.cursor,
        unread=memory.unread,
        max_bytes=max_bytes,
        timeout_s=timeout_s,
        tls=tls,
    )
    memory.keep(box)
    return box


def subjects(box: Mailbox) -> list[str]:
    lines = (data.decode().split("Subject: ")[1].split("\r\n")[0] for _, data in box.messages)
    return list(lines)


@pytest.fixture
async def peer() -> AsyncIterator[ImapPeer]:
    async with ImapPeer() as peer:
        yield peer


# ------------------------------------------------------------------------- IMAP


async def test_each_mail_is_taken_once_as_it_is_and_nothing_is_marked(peer: ImapPeer) -> None:
    memory, source = Memory(), imap_source(peer)
    peer.deliver(mail("One"))
    peer.deliver(mail("Two"))
    first = await visit(source, memory)
    assert [data for _, data in first.messages] == [mail("One"), mail("Two")]
    peer.deliver(mail("Three"))
    assert subjects(await visit(source, memory)) == ["Three"]
    assert subjects(await visit(source, memory)) == []
    assert "SELECT" not in peer.commands()
    assert not any("BODY[" in line for line in peer.heard)
    assert peer.commands().count("LOGOUT") == 3


async def test_a_folder_may_be_named_and_one_that_is_not_there_is_told(peer: ImapPeer) -> None:
    peer.folders["Press/News letters"] = Folder()
    peer.deliver(mail("Here"), folder="Press/News letters")
    assert subjects(await visit(imap_source(peer, folder="Press/News%20letters"))) == ["Here"]
    with pytest.raises(FetchError, match="it has INBOX, Press/News letters") as caught:
        await visit(imap_source(peer, folder="Newsletters"))
    assert (caught.value.fault, caught.value.temporary) == (Fault.NO_ACCESS, False)


async def test_the_first_visit_takes_the_newest_and_the_older_count_as_taken(
    peer: ImapPeer,
) -> None:
    memory, source = Memory(), imap_source(peer, backlog=2)
    for name in ("One", "Two", "Three", "Four"):
        peer.deliver(mail(name))
    assert subjects(await visit(source, memory)) == ["Three", "Four"]
    peer.deliver(mail("Five"))
    assert subjects(await visit(source, memory)) == ["Five"]


async def test_an_empty_mailbox_is_no_fault(peer: ImapPeer) -> None:
    memory = Memory()
    assert await visit(imap_source(peer), memory) == Mailbox(cursor=memory.cursor)
    peer.deliver(mail("One"))
    assert subjects(await visit(imap_source(peer), memory)) == ["One"]


async def test_one_visit_takes_no_more_than_its_share_and_the_next_goes_on(peer: ImapPeer) -> None:
    memory, source = Memory(), imap_source(peer, backlog=1_000)
    for number in range(450):
        peer.deliver(mail(f"No {number}"))
    taken = [subjects(await visit(source, memory)) for _ in range(4)]
    assert [len(each) for each in taken] == [200, 200, 50, 0]
    assert list(chain(*taken)) == [f"No {number}" for number in range(450)]


async def test_when_all_numbers_change_nothing_is_taken_again(peer: ImapPeer) -> None:
    memory, source = Memory(), imap_source(peer)
    for name in ("One", "Two"):
        peer.deliver(mail(name))
    await visit(source, memory)
    peer.renumber()
    peer.deliver(mail("Three"))
    assert subjects(await visit(source, memory)) == ["Three"]


async def test_a_mail_without_a_message_id_is_known_by_what_it_says_of_itself(
    peer: ImapPeer,
) -> None:
    memory, source = Memory(), imap_source(peer)
    plain = b"\r\n".join(mail("One").split(b"\r\n")[1:])
    peer.deliver(plain)
    assert len((await visit(source, memory)).messages) == 1
    peer.renumber()
    assert not (await visit(source, memory)).messages


async def test_a_mail_that_lies_there_twice_is_one_mail(peer: ImapPeer) -> None:
    peer.deliver(mail("One"))
    peer.deliver(mail("One"))
    assert subjects(await visit(imap_source(peer))) == ["One"]


async def test_a_mail_that_is_too_large_is_told_once_and_never_fetched(peer: ImapPeer) -> None:
    memory, source = Memory(), imap_source(peer)
    peer.deliver(mail("Huge", body="x" * 200_000))
    peer.deliver(mail("Small"))
    box = await visit(source, memory)
    assert subjects(box) == ["Small"]
    (fault,) = box.faults
    assert fault.fault is Fault.TOO_BIG
    assert str(fault).startswith('"Huge" from The Tide is larger than 100000 bytes')
    assert not any(line.startswith("UID-FETCH 1 ") for line in peer.heard)
    assert not (await visit(source, memory)).faults


async def test_a_server_that_lies_about_a_size_is_not_believed(peer: ImapPeer) -> None:
    peer.deliver(mail("Huge", body="x" * 50_000_000), size=100)
    peer.deliver(mail("Small"))
    box = await visit(imap_source(peer))
    assert subjects(box) == ["Small"]
    assert [fault.fault for fault in box.faults] == [Fault.TOO_BIG]


async def test_a_mail_that_breaks_the_line_twice_is_given_up_and_the_rest_is_read(
    peer: ImapPeer,
) -> None:
    memory, source = Memory(), imap_source(peer)
    for name in ("One", "Two", "Three"):
        peer.deliver(mail(name))
    peer.cuts_at = {2}
    first, second, third = [await visit(source, memory) for _ in range(3)]
    assert (subjects(first), subjects(second), subjects(third)) == (["One"], [], ["Three"])
    assert [fault.fault for fault in first.faults] == [Fault.BROKEN]
    assert 'Two" from The Tide was given up' in str(second.faults[0])
    assert not third.faults


async def test_a_line_that_broke_once_costs_no_mail(peer: ImapPeer) -> None:
    memory, source = Memory(), imap_source(peer)
    peer.deliver(mail("One"))
    peer.cuts_at = {1}
    await visit(source, memory)
    peer.cuts_at = set()
    assert subjects(await visit(source, memory)) == ["One"]


async def test_a_mail_that_the_server_cannot_hand_out_is_tried_twice(peer: ImapPeer) -> None:
    memory, source = Memory(), imap_source(peer)
    peer.deliver(mail("One"))
    peer.deliver(mail("Two"))
    peer.refuses_mail = {1}
    first, second, third = [await visit(source, memory) for _ in range(3)]
    assert [fault.fault for fault in first.faults] == [Fault.BUSY]
    assert "given up" in str(second.faults[0])
    assert subjects(third) == ["Two"]


async def test_a_mail_that_could_not_be_read_comes_again_and_alone(peer: ImapPeer) -> None:
    memory, source = Memory(), imap_source(peer)
    for name in ("One", "Two", "Three"):
        peer.deliver(mail(name))
    box = await visit(source, memory)
    two = box.messages[1][0]
    memory.done.discard(two)
    memory.cursor = box.before[two]
    # It does not count as arriving, or it would be fetched again at once.
    assert not await wait_for_mail(source, PASSWORD, timeout_s=0.05, cursor=memory.cursor)
    peer.deliver(mail("Four"))
    assert await wait_for_mail(source, PASSWORD, timeout_s=60, cursor=memory.cursor)
    assert subjects(await visit(source, memory)) == ["Two", "Four"]
    assert subjects(await visit(source, memory)) == []


async def test_behind_a_mail_that_comes_again_and_again_nothing_is_out_of_sight(
    peer: ImapPeer,
) -> None:
    memory, source = Memory(), imap_source(peer, backlog=1_000)
    peer.deliver(mail("Bad"))
    for number in range(250):
        peer.deliver(mail(f"No {number}"))
    taken = []
    for _ in range(3):
        box = await visit(source, memory)
        bad = box.messages[0][0]
        memory.done.discard(bad)
        memory.cursor = box.before[bad]
        taken.append(subjects(box))
    assert [names[0] for names in taken] == ["Bad"] * 3
    assert [len(names) for names in taken] == [200, 52, 1]
    peer.deliver(mail("New"))
    assert subjects(await visit(source, memory)) == ["Bad", "New"]


async def test_a_wrong_password_is_refused_for_good_without_naming_anybody(peer: ImapPeer) -> None:
    with pytest.raises(FetchError, match=r"127\.0\.0\.1 did not let us in") as caught:
        await visit(imap_source(peer), password="wrong")
    assert (caught.value.fault, caught.value.temporary) == (Fault.REFUSED, False)
    assert "@" not in str(caught.value)
    assert "wrong words" in str(caught.value)


async def test_a_server_that_is_busy_is_asked_again(peer: ImapPeer) -> None:
    peer.refuses = "NO [UNAVAILABLE] too many at once"
    with pytest.raises(FetchError, match="it is tried again") as caught:
        await visit(imap_source(peer))
    assert (caught.value.fault, caught.value.temporary) == (Fault.BUSY, True)


async def test_without_a_password_or_a_user_the_settings_are_named(peer: ImapPeer) -> None:
    with pytest.raises(FetchError, match="DIGEST_MAILBOX_PASSWORD"):
        await visit(imap_source(peer), password=None)
    nobody = Source(id="letters", kind="mailbox", url=f"imap://127.0.0.1:{peer.port}/")
    with pytest.raises(FetchError, match="imaps://USER@HOST/FOLDER"):
        await visit(nobody)
    assert not peer.heard


async def test_a_server_that_knows_only_login_is_logged_in_to() -> None:
    async with ImapPeer(capabilities="IDLE") as peer:
        peer.deliver(mail("One"))
        assert subjects(await visit(imap_source(peer))) == ["One"]
        assert "LOGIN" in peer.commands()


@pytest.mark.parametrize(
    "stage", ["greeting", "CAPABILITY", "AUTHENTICATE", "EXAMINE", "UID-SEARCH"]
)
async def test_a_server_that_hangs_is_left(peer: ImapPeer, stage: str) -> None:
    peer.hangs = {stage}
    peer.deliver(mail("One"))
    with pytest.raises(FetchError, match="did not answer in time") as caught:
        await visit(imap_source(peer), timeout_s=0.2)
    assert (caught.value.fault, caught.value.temporary) == (Fault.TIMEOUT, True)


async def test_a_visit_that_is_cancelled_lets_go_of_the_server(peer: ImapPeer) -> None:
    peer.hangs = {"UID-SEARCH"}
    peer.deliver(mail("One"))
    visiting = asyncio.create_task(visit(imap_source(peer)))
    while "UID-SEARCH" not in peer.commands():
        await asyncio.sleep(0)
    visiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await visiting


async def test_where_nobody_listens_the_mailbox_is_unreachable(peer: ImapPeer) -> None:
    async with ImapPeer() as gone:
        source = imap_source(gone)
    with pytest.raises(FetchError, match="cannot be reached") as caught:
        await visit(source)
    assert caught.value.fault is Fault.UNREACHABLE


async def test_a_server_that_speaks_something_else_is_said_to() -> None:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 mail.example ESMTP\r\n")
        await reader.readline()
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        source = Source(id="letters", kind="mailbox", url=f"imap://me@127.0.0.1:{port}/")
        with pytest.raises(FetchError, match=r"127\.0\.0\.1") as caught:
            await visit(source, timeout_s=1)
    assert caught.value.fault in (Fault.BROKEN, Fault.TIMEOUT)


# ------------------------------------------------------------------- encryption


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("tls")
    key, cert, both = (folder / name for name in ("key.pem", "cert.pem", "both.pem"))
    subprocess.run(
        [
            *("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"),
            *("-nodes", "-days", "2", "-subj", "/CN=mail.example"),
            *("-addext", "subjectAltName=IP:127.0.0.1", "-keyout", key, "-out", cert),
        ],
        check=True,
        capture_output=True,
    )
    both.write_bytes(key.read_bytes() + cert.read_bytes())
    return both


@pytest.fixture
def server_tls(certificate: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    return context


@pytest.fixture
def client_tls(certificate: Path) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=certificate)


async def test_imaps_is_encrypted_from_the_start(
    server_tls: ssl.SSLContext, client_tls: ssl.SSLContext
) -> None:
    async with ImapPeer(tls=server_tls) as peer:
        peer.deliver(mail("One"))
        assert subjects(await visit(imap_source(peer, scheme="imaps"), tls=client_tls)) == ["One"]


async def test_imap_is_encrypted_before_anybody_logs_in(
    server_tls: ssl.SSLContext, client_tls: ssl.SSLContext
) -> None:
    async with ImapPeer(starttls=server_tls) as peer:
        peer.deliver(mail("One"))
        assert subjects(await visit(imap_source(peer), tls=client_tls)) == ["One"]
        assert peer.commands().index("STARTTLS") < peer.commands().index("AUTHENTICATE")


@pytest.mark.parametrize("scheme", ["imap", "imaps"])
async def test_a_certificate_that_nobody_trusts_ends_it(
    server_tls: ssl.SSLContext, scheme: str
) -> None:
    peer = ImapPeer(tls=server_tls) if scheme == "imaps" else ImapPeer(starttls=server_tls)
    async with peer:
        with pytest.raises(FetchError, match="no encryption that can be trusted") as caught:
            await visit(imap_source(peer, scheme=scheme))
    assert caught.value.fault is Fault.TLS
    assert "AUTHENTICATE" not in peer.commands()


# ------------------------------------------------------------------- what is no news


async def test_requests_to_confirm_are_told_to_the_operator_and_are_no_news(peer: ImapPeer) -> None:
    memory, source = Memory(), imap_source(peer)
    peer.deliver(mail("Please confirm your subscription", of_a_list=False))
    peer.deliver(mail("Confirmed: the ferry sails"))
    peer.deliver(mail("Bin im Urlaub", of_a_list=False, extra="Auto-Submitted: auto-replied\n"))
    box = await visit(source, memory)
    assert subjects(box) == ["Confirmed: the ferry sails"]
    assert [fault.fault for fault in box.faults] == [Fault.REFUSED, Fault.REFUSED]
    assert str(box.faults[0]).startswith('"Please confirm your subscription" from The Tide seems')
    assert "automatic answer" in str(box.faults[1])
    peer.renumber()
    assert not (await visit(source, memory)).faults


@pytest.mark.parametrize(
    ("subject", "is_news"),
    [
        ("Bitte bestätigen Sie Ihre Anmeldung", False),
        ("=?utf-8?q?Confirmez_votre_adresse?=", False),
        ("Підтвердьте підписку", False),
        ("Potwierdź adres", False),
        ("Ministers unconfirmed", True),
        ("The morning tide", True),
        ("", True),
    ],
)
def test_a_confirmation_is_known_in_other_languages(subject: str, is_news: bool) -> None:
    letter = read_letterhead(mail(subject, of_a_list=False))
    assert (letter.no_news is None) == is_news


@pytest.mark.parametrize(
    ("head", "shown"),
    [
        (b"", "a mail without a subject"),
        (b"Subject: =?bad?q?x?=\r\nFrom: =?utf-8?b?!!?= <a@b.example>", '"=?bad?q?x?="'),
        (
            b"Subject: " + b"long " * 50 + b"\r\nFrom: me@tide.example",
            '…" from tide.example',
        ),
        (b"Subject: \xff\xfe\x00\r\n", '"'),
        (b"\x00" * 70_000, "a mail without a subject"),
        (b"From: " + b'"<(' * 20_000, "a mail without a subject"),
        (b'Subject: a\r\n b\x1b[31m\r\nFrom: "x@y.example" <x@y.example>', "from y.example"),
    ],
)
def test_a_broken_head_is_shown_on_one_line_without_an_address(head: bytes, shown: str) -> None:
    letter = read_letterhead(head)
    assert shown in letter.shown
    assert letter.shown.isprintable()
    assert "@" not in letter.shown
    assert letter.key


# --------------------------------------------------------------------- waiting


async def test_waiting_ends_when_the_server_tells_of_mail(peer: ImapPeer) -> None:
    peer.deliver(mail("One"))
    waiting = asyncio.create_task(wait_for_mail(imap_source(peer), PASSWORD, timeout_s=60))
    await peer.idling.wait()
    peer.deliver(mail("Two"))
    assert await waiting


async def test_waiting_ends_in_its_time(peer: ImapPeer) -> None:
    peer.on_idle = [b"* OK still here\r\n"]
    assert not await wait_for_mail(imap_source(peer), PASSWORD, timeout_s=0.05)


async def test_a_mail_that_was_deleted_is_no_arrival(peer: ImapPeer) -> None:
    peer.deliver(mail("One"))
    peer.deliver(mail("Two"))
    peer.on_idle = [b"* 1 EXPUNGE\r\n* 1 EXISTS\r\n"]
    assert not await wait_for_mail(imap_source(peer), PASSWORD, timeout_s=0.05)


async def test_mail_that_came_before_the_waiting_counts_as_arriving_now(peer: ImapPeer) -> None:
    memory, source = Memory(), imap_source(peer)
    await visit(source, memory)
    peer.deliver(mail("One"))
    waited = wait_for_mail(source, PASSWORD, timeout_s=60, cursor=memory.cursor)
    assert await waited
    await visit(source, memory)
    again = wait_for_mail(source, PASSWORD, timeout_s=0.05, cursor=memory.cursor)
    assert not await again


async def test_a_server_without_idle_is_asked() -> None:
    async with ImapPeer(capabilities="AUTH=PLAIN") as peer:
        assert not await wait_for_mail(imap_source(peer), PASSWORD, timeout_s=0.05)
        assert "NOOP" in peer.commands()
        assert "IDLE" not in peer.commands()


async def test_waiting_can_be_cancelled(peer: ImapPeer) -> None:
    waiting = asyncio.create_task(wait_for_mail(imap_source(peer), PASSWORD, timeout_s=60))
    await peer.idling.wait()
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting


# --------------------------------------------------------------------- a Maildir


def maildir(folder: Path) -> Path:
    for name in ("new", "cur", "tmp"):
        (folder / "Maildir" / name).mkdir(parents=True)
    return folder / "Maildir"


def put(box: Path, name: str, octets: bytes, *, at: int, where: str = "new") -> Path:
    path = box / where / name
    path.write_bytes(octets)
    os.utime(path, (at, at))
    return path


def maildir_source(backlog: int = 100) -> Source:
    return Source(id="letters", kind="mailbox", path=Path("Maildir"), backlog=backlog)


async def test_a_maildir_is_read_oldest_first_and_left_as_it_was(tmp_path: Path) -> None:
    box, memory = maildir(tmp_path), Memory()
    put(box, "2.tide", mail("Two"), at=200)
    put(box, "1.tide:2,S", mail("One"), at=100, where="cur")
    put(box, "3.tide", mail("Half"), at=300, where="tmp")
    put(box, ".hidden", mail("Hidden"), at=300)
    before = sorted(str(path) for path in box.rglob("*"))
    first = await visit(maildir_source(), memory, base=tmp_path)
    assert subjects(first) == ["One", "Two"]
    assert [key for key, _ in first.messages] == ["1.tide", "2.tide"]
    assert sorted(str(path) for path in box.rglob("*")) == before
    (box / "new" / "2.tide").rename(box / "cur" / "2.tide:2,RS")
    put(box, "4.tide", mail("Four"), at=400)
    assert subjects(await visit(maildir_source(), memory, base=tmp_path)) == ["Four"]


async def test_the_first_visit_of_a_maildir_takes_the_newest(tmp_path: Path) -> None:
    box, memory = maildir(tmp_path), Memory()
    for number in range(5):
        put(box, f"{number}.tide", mail(f"No {number}"), at=100 + number)
    assert subjects(await visit(maildir_source(2), memory, base=tmp_path)) == ["No 3", "No 4"]
    assert subjects(await visit(maildir_source(2), memory, base=tmp_path)) == []


async def test_of_a_maildir_too_a_large_mail_is_told_once(tmp_path: Path) -> None:
    box, memory = maildir(tmp_path), Memory()
    put(box, "1.tide", mail("Huge", body="x" * 200_000), at=100)
    put(box, "2.tide", mail("Verify your address", of_a_list=False), at=200)
    put(box, "3.tide", mail("Small"), at=300)
    first = await visit(maildir_source(), memory, base=tmp_path)
    assert subjects(first) == ["Small"]
    assert [fault.fault for fault in first.faults] == [Fault.TOO_BIG, Fault.REFUSED]
    assert not (await visit(maildir_source(), memory, base=tmp_path)).faults


async def test_a_mail_that_vanishes_meanwhile_is_no_fault(tmp_path: Path) -> None:
    box, memory = maildir(tmp_path), Memory()
    put(box, "1.tide", mail("One"), at=100)
    path = put(box, "2.tide", mail("Two"), at=200)

    class Deleting(Memory):
        async def unread(self, keys: Sequence[str]) -> frozenset[str]:
            path.unlink(missing_ok=True)
            return await super().unread(keys)

    found = await visit(maildir_source(), Deleting(), base=tmp_path)
    assert (subjects(found), found.faults) == (["One"], ())
    assert subjects(await visit(maildir_source(), memory, base=tmp_path)) == ["One"]


async def test_links_and_pipes_in_a_maildir_are_not_opened(tmp_path: Path) -> None:
    box = maildir(tmp_path)
    (tmp_path / "secret").write_bytes(mail("Secret"))
    (box / "new" / "1.link").symlink_to(tmp_path / "secret")
    os.mkfifo(box / "new" / "2.pipe")
    assert await visit(maildir_source(), base=tmp_path) == Mailbox(cursor="visited")


async def test_a_folder_that_is_no_maildir_is_said_to_be_none(tmp_path: Path) -> None:
    with pytest.raises(FetchError, match="is no Maildir") as caught:
        await visit(maildir_source(), base=tmp_path)
    assert (caught.value.fault, caught.value.temporary) == (Fault.NO_ACCESS, False)
