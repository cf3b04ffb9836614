"""A small IMAP server on loopback that speaks the real protocol and misbehaves to order.

    async with ImapPeer() as peer:
        peer.deliver(b"Subject: ...")
        peer.cuts_at = {3}

It keeps one folder per name, remembers every command line that it heard (without what was said
to log in), and knows LOGIN, AUTHENTICATE PLAIN, STARTTLS, SELECT, EXAMINE, SEARCH, FETCH, LIST,
NOOP, IDLE and LOGOUT: what a client needs that only reads.
"""

import asyncio
import base64
import re
import ssl
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self

USER, PASSWORD = "letters@press.example", "open sesame"

_WORDS = re.compile(r'"((?:[^"\\]|\\.)*)"|(\S+)')
_FIELDS = re.compile(r"BODY\.PEEK\[HEADER\.FIELDS \(([^)]*)\)\]")
_WHOLE = re.compile(r"BODY\.PEEK\[\](?:<(\d+)\.(\d+)>)?")


@dataclass
class Mail:
    uid: int
    octets: bytes
    #: What RFC822.SIZE says, if it lies.
    size: int | None = None


@dataclass
class Folder:
    validity: int = 1
    mails: list[Mail] = field(default_factory=list)
    next_uid: int = 1


class ImapPeer:
    """In the test's own loop; what is not told goes well."""

    def __init__(
        self,
        *,
        tls: ssl.SSLContext | None = None,
        starttls: ssl.SSLContext | None = None,
        capabilities: str = "AUTH=PLAIN IDLE",
    ) -> None:
        self.folders: dict[str, Folder] = {"INBOX": Folder()}
        self.heard: list[str] = []
        self.capabilities = capabilities
        self.port = 0
        #: How it refuses to let anybody in, such as "NO [UNAVAILABLE] later".
        self.refuses = ""
        #: Commands, by their first word, that get no answer.
        self.hangs: set[str] = set()
        #: UIDs in whose text the connection ends, or which the server cannot hand out.
        self.cuts_at: set[int] = set()
        self.refuses_mail: set[int] = set()
        #: Sent, once, when somebody begins to IDLE.
        self.on_idle: list[bytes] = []
        #: Set once somebody waits.
        self.idling = asyncio.Event()
        self._tls, self._starttls = tls, starttls
        self._open: set[asyncio.StreamWriter] = set()
        self._waiting: set[asyncio.StreamWriter] = set()
        self._end = asyncio.Event()

    def deliver(
        self,
        octets: bytes,
        *,
        folder: str = "INBOX",
        size: int | None = None,
    ) -> int:
        """Put a mail into a folder; whoever is in IDLE hears of it.  Its UID."""
        box = self.folders[folder]
        box.mails.append(Mail(box.next_uid, octets, size))
        box.next_uid += 1
        for writer in self._waiting:
            writer.write(b"* %d EXISTS\r\n" % len(box.mails))
        return box.next_uid - 1

    def renumber(self, folder: str = "INBOX") -> None:
        """As after a move to another server: other UIDs, another UIDVALIDITY."""
        box = self.folders[folder]
        box.validity += 1
        for mail in box.mails:
            mail.uid += 1_000
        box.next_uid += 1_000

    def commands(self) -> list[str]:
        """The first words of what was heard."""
        return [line.split(" ", 1)[0] for line in self.heard]

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._talk, "127.0.0.1", 0, ssl=self._tls)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._end.set()
        self._server.close()
        for writer in tuple(self._open):
            writer.close()
        await self._server.wait_closed()

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._open.add(writer)
        try:
            if "greeting" in self.hangs:
                await self._end.wait()
            writer.write(b"* OK ready\r\n")
            await _Talk(self, reader, writer).run()
        except (asyncio.IncompleteReadError, ConnectionError, ssl.SSLError):
            pass
        finally:
            self._open.discard(writer)
            self._waiting.discard(writer)
            writer.close()

    def offered(self, *, encrypted: bool) -> str:
        starttls = " STARTTLS" if self._starttls and not encrypted else ""
        return f"IMAP4rev1 {self.capabilities}{starttls}"

    async def wait_for_end(self) -> None:
        await self._end.wait()

    async def encrypt(self, writer: asyncio.StreamWriter) -> None:
        assert self._starttls is not None
        await writer.start_tls(self._starttls)

    def begin_idle(self, writer: asyncio.StreamWriter) -> None:
        self._waiting.add(writer)
        while self.on_idle:
            writer.write(self.on_idle.pop(0))
        self.idling.set()

    def end_idle(self, writer: asyncio.StreamWriter) -> None:
        self._waiting.discard(writer)


class _Talk:
    """One connection."""

    def __init__(
        self, peer: ImapPeer, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        self.peer, self.reader, self.writer = peer, reader, writer
        self.folder = Folder()
        self.inside = False

    def say(self, line: str) -> None:
        self.writer.write(line.encode() + b"\r\n")

    async def run(self) -> None:
        while line := (await self.reader.readline()).decode().rstrip("\r\n"):
            tag, _, command = line.partition(" ")
            word, _, rest = command.partition(" ")
            word = word.upper()
            if word == "UID":
                word, _, rest = rest.partition(" ")
                word = f"UID-{word.upper()}"
            shown = word if word in ("LOGIN", "AUTHENTICATE") else f"{word} {rest}".strip()
            self.peer.heard.append(shown)
            if word in self.peer.hangs:
                await self.peer.wait_for_end()
            if word == "LOGOUT":
                self.say("* BYE good day")
                self.say(f"{tag} OK done")
                await self.writer.drain()
                return
            await self._obey(tag, word, rest)
            await self.writer.drain()

    async def _obey(self, tag: str, word: str, rest: str) -> None:
        match word:
            case "CAPABILITY":
                encrypted = self.writer.get_extra_info("sslcontext") is not None
                self.say(f"* CAPABILITY {self.peer.offered(encrypted=encrypted)}")
                self.say(f"{tag} OK done")
            case "STARTTLS":
                self.say(f"{tag} OK go ahead")
                await self.writer.drain()
                await self.peer.encrypt(self.writer)
            case "LOGIN":
                words = [quoted or plain for quoted, plain in _WORDS.findall(rest)]
                self._let_in(tag, words == [USER, PASSWORD])
            case "AUTHENTICATE":
                self.say("+ ")
                told = base64.b64decode(await self.reader.readline()).decode()
                self._let_in(tag, told == f"\0{USER}\0{PASSWORD}")
            case "LIST":
                for name in self.peer.folders:
                    self.say(f'* LIST () "/" "{name}"')
                self.say(f"{tag} OK done")
            case "NOOP":
                self.say(f"* {len(self.folder.mails)} EXISTS")
                self.say(f"{tag} OK done")
            case "IDLE":
                self.say("+ waiting")
                self.peer.begin_idle(self.writer)
                await self.reader.readline()
                self.peer.end_idle(self.writer)
                self.say(f"{tag} OK done")
            case "SELECT" | "EXAMINE":
                self._open_folder(tag, word, rest)
            case "UID-SEARCH":
                uids = " ".join(str(mail.uid) for mail in self._search(rest))
                self.say(f"* SEARCH {uids}".rstrip())
                self.say(f"{tag} OK done")
            case "UID-FETCH":
                await self._fetch(tag, rest)
            case _:
                self.say(f"{tag} BAD what is that")

    def _let_in(self, tag: str, right: bool) -> None:
        if self.peer.refuses:
            self.say(f"{tag} {self.peer.refuses}")
        elif right:
            self.inside = True
            self.say(f"{tag} OK welcome")
        else:
            self.say(f"{tag} NO [AUTHENTICATIONFAILED] wrong words from {USER}")

    def _open_folder(self, tag: str, word: str, rest: str) -> None:
        folder = self.peer.folders.get(rest.strip('"'))
        if folder is None or not self.inside:
            self.say(f"{tag} NO [NONEXISTENT] no such folder")
            return
        self.folder = folder
        self.say(f"* {len(folder.mails)} EXISTS")
        self.say(f"* OK [UIDVALIDITY {folder.validity}] numbers stand")
        self.say(f"* OK [UIDNEXT {folder.next_uid}] the next")
        mode = "READ-ONLY" if word == "EXAMINE" else "READ-WRITE"
        self.say(f"{tag} OK [{mode}] done")

    def _search(self, criteria: str) -> list[Mail]:
        mails = self.folder.mails
        if criteria.startswith("UID "):
            first = int(criteria[4:].split(":")[0])
            # "n:*" always has the last mail in it.
            return [mail for mail in mails if mail.uid >= first] or mails[-1:]
        first, last = (int(number) for number in criteria.split(":"))
        return mails[first - 1 : last]

    async def _fetch(self, tag: str, rest: str) -> None:
        numbers, _, wanted = rest.partition(" ")
        uids = {int(number) for number in numbers.split(",")}
        for position, mail in enumerate(self.folder.mails, 1):
            if mail.uid not in uids:
                continue
            if fields := _FIELDS.search(wanted):
                head = _only(mail.octets, fields[1].upper().split())
                size = len(mail.octets) if mail.size is None else mail.size
                # The UID behind the literal, as some servers have it.
                self.writer.write(
                    b"* %d FETCH (RFC822.SIZE %d BODY[HEADER.FIELDS (X)] {%d}\r\n"
                    % (position, size, len(head))
                    + head
                    + b" UID %d)\r\n" % mail.uid
                )
            elif whole := _WHOLE.search(wanted):
                if mail.uid in self.peer.refuses_mail:
                    self.say(f"{tag} NO [SERVERBUG] cannot be read")
                    return
                octets = mail.octets[: int(whole[2])] if whole[2] else mail.octets
                opening = b"* %d FETCH (UID %d BODY[]<0> {%d}\r\n"
                self.writer.write(opening % (position, mail.uid, len(octets)))
                if mail.uid in self.peer.cuts_at:
                    self.writer.write(octets[: len(octets) // 2])
                    await self.writer.drain()
                    raise ConnectionResetError
                self.writer.write(octets + b")\r\n")
        self.say(f"{tag} OK done")


def _only(octets: bytes, names: list[str]) -> bytes:
    """The headers of these names, as RFC 3501 wants them: with the blank line."""
    head = octets.split(b"\r\n\r\n", 1)[0]
    fields = re.split(rb"\r\n(?![ \t])", head)
    kept = [one for one in fields if one.split(b":")[0].decode().upper() in names]
    return b"\r\n".join([*kept, b"", b""])
