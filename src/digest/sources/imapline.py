"""A connection to an IMAP server (RFC 3501, 9051) that leaves no trace in the folder it reads.

Behind the door: TLS, logging in, EXAMINE and PEEK, IDLE, limits of time and size, and the words
for what a server can refuse.  Each connection is spoken to from one thread of its own and can
be cut from outside at any time.  Not behind it: what was taken already.  Loud: the network.
"""

import asyncio
import imaplib
import re
import socket
import ssl
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from ipaddress import ip_address
from types import TracebackType
from typing import Any, Final, Self, TypeVar
from urllib.parse import unquote, urlsplit

from imap_tools import BaseMailBox
from imap_tools.errors import (
    ImapToolsError,
    MailboxFolderSelectError,
    MailboxLoginError,
    UnexpectedCommandStatusError,
)

from digest.errors import Fault, FetchError
from digest.settings import Source
from digest.sources.letterhead import FIELDS, FIELDS_OF_ALL, Letterhead, read_letterhead
from digest.telemetry import masked

T = TypeVar("T")

#: A whole visit may take so many steps' time.
_STEPS: Final = 10
#: No head of a mail, and no other literal but a mail itself, is longer.
_LONGEST_LITERAL: Final = 4_000_000
_FOLDERS_SHOWN: Final = 20
_LONGEST_SAYING: Final = 200
#: Refusals that pass by themselves (RFC 5530).
_PASSING = re.compile(r"\[(?:UNAVAILABLE|INUSE|LIMIT|SERVERBUG|CONTACTADMIN)\b", re.IGNORECASE)
_CHANGE = re.compile(rb"\* (\d{1,10}) (EXISTS|EXPUNGE)\b", re.IGNORECASE)
_UID = re.compile(rb"\bUID (\d{1,10})\b")
_SIZE = re.compile(rb"\bRFC822\.SIZE (\d{1,15})\b")


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where the folder is, and how to get in."""

    source_id: str
    host: str
    port: int
    #: imaps: from the first octet; else STARTTLS, which only a server on this machine may lack.
    implicit_tls: bool
    user: str
    password: str
    folder: str
    backlog: int
    timeout_s: float
    tls: ssl.SSLContext | None
    #: Every mail is wanted, also one that is no news, or too long: its beginning.
    everything: bool = False

    @classmethod
    def of(
        cls,
        source: Source,
        password: str | None,
        *,
        timeout_s: float,
        tls: ssl.SSLContext | None,
        everything: bool = False,
    ) -> "Place":
        """The place that *source* names.

        Raises:
            FetchError: something is missing in the settings.
        """
        parts = urlsplit(source.url or "")
        user = unquote(parts.username or "")
        folder = unquote(parts.path.strip("/")) or "INBOX"
        if not parts.hostname or not user:
            raise _unusable(source.id, "names no mailbox; write url = imaps://USER@HOST/FOLDER")
        if not password:
            # The mailbox that bounces end in is no source, and has a table of its own.
            where = "to [returns] " if everything else ""
            name = "DIGEST_RETURNS_PASSWORD" if everything else "DIGEST_MAILBOX_PASSWORD"
            raise _unusable(
                source.id,
                "has no password for its mailbox; "
                f'add {where}password = {{ env = "{name}" }} and set that variable',
            )
        if not (user + folder).isprintable():
            raise _unusable(source.id, "has control characters in its url; take them out")
        implicit = parts.scheme == "imaps"
        return cls(
            source_id=source.id,
            host=parts.hostname,
            port=parts.port or (993 if implicit else 143),
            implicit_tls=implicit,
            user=user,
            password=password,
            folder=folder,
            backlog=source.backlog,
            timeout_s=timeout_s,
            tls=tls,
            everything=everything,
        )


def _unusable(source_id: str, text: str) -> FetchError:
    return FetchError(source_id, text, temporary=False, fault=Fault.NO_ACCESS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    uid: int
    #: As the server tells it.
    size: int
    letter: Letterhead


class Line:
    """One connection.  What is not awaited here runs in its thread, inside `do`."""

    def __init__(self, place: Place, *, longest: int = 0) -> None:
        self.place = place
        #: On the loop's clock; None is without end.
        self.until: float | None = asyncio.get_running_loop().time() + _STEPS * place.timeout_s
        self.validity = 0
        #: The highest UID that was ever given out; 0 if the server does not say.
        self.highest = 0
        self._exists = 0
        self._longest = max(longest, _LONGEST_LITERAL)
        self._box: _Box | None = None
        self._cut = False
        self._lane = ThreadPoolExecutor(max_workers=1, thread_name_prefix="mailbox")

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._box is not None and not self._cut:
            with suppress(FetchError):
                await self.do(self._box.logout)
        self._lane.submit(self._close)
        self._lane.shutdown(wait=False)

    async def do(self, step: Callable[[], T]) -> T:
        """Run *step* in the line's thread; whatever goes wrong, the line is cut.

        Raises:
            FetchError: in words for the operator.
        """
        loop = asyncio.get_running_loop()
        try:
            with _in_words(self.place):
                async with asyncio.timeout_at(self.until):
                    return await loop.run_in_executor(self._lane, step)
        except BaseException:
            # The thread must not wait for an answer that nobody waits for.
            self._cut = True
            if self._box is not None:
                with suppress(OSError):
                    # Not the TLS socket's own, which would take itself apart under the thread.
                    socket.socket.shutdown(self._box.client.sock, socket.SHUT_RDWR)
            raise

    def _close(self) -> None:
        if self._box is not None:
            with suppress(OSError):
                self._box.client.shutdown()

    def open(self) -> int:
        """Connect, log in and open the folder for reading alone; how many mails it has."""
        self._box = box = _Box(_connect(self.place, self._longest))
        _log_in(box, self.place)
        try:
            answer = box.folder.set(self.place.folder, readonly=True)
        except MailboxFolderSelectError as error:
            raise _no_folder(box, self.place, error) from error
        self._exists = _number(answer[1])
        self.validity = _number(box.client.response("UIDVALIDITY")[1])
        self.highest = max(0, _number(box.client.response("UIDNEXT")[1]) - 1)
        return self._exists

    @property
    def _client(self) -> imaplib.IMAP4:
        if self._box is None:
            raise imaplib.IMAP4.abort("no connection")
        return self._box.client

    def uids(self, criteria: str) -> list[int]:
        answer, data = self._client.uid("SEARCH", criteria)
        _agreed(answer, data)
        told = data[0] if data else None
        found = [int(uid) for uid in told.split() if uid.isdigit()] if told else []
        self.highest = max(self.highest, *found, 0)
        return found

    def heads(self, uids: Sequence[int]) -> tuple[Head, ...]:
        """Size and headers of mails, by UID; those that are gone by now are missing."""
        if not uids:
            return ()
        everything = self.place.everything
        fields = " ".join(FIELDS_OF_ALL if everything else FIELDS).upper()
        answer, data = self._client.uid(
            "FETCH",
            ",".join(map(str, uids)),
            f"(UID RFC822.SIZE BODY.PEEK[HEADER.FIELDS ({fields})])",
        )
        _agreed(answer, data)
        found = {}
        for told, head in _answers(data):
            uid, size = _UID.search(told), _SIZE.search(told)
            if uid and size:
                number = int(uid[1])
                letter = read_letterhead(head, everything=everything)
                found[number] = Head(uid=number, size=int(size[1]), letter=letter)
        return tuple(found[uid] for uid in uids if uid in found)

    def fetch(self, uid: int, longest: int) -> bytes | str | None:
        """A mail's first *longest* octets; why the server refuses it; None if it is gone."""
        answer, data = self._client.uid("FETCH", str(uid), f"(UID BODY.PEEK[]<0.{longest}>)")
        if answer != "OK":
            return _said(data)
        for told, octets in _answers(data):
            found = _UID.search(told)
            if octets and found and int(found[1]) == uid:
                return octets
        return None

    def offers_idle(self) -> bool:
        # Many servers tell it only to whom has logged in.
        _, data = self._client.capability()
        return b"IDLE" in b" ".join(part for part in data if part).upper().split()

    def idle(self, pause_s: float) -> bool:
        """Whether a mail arrived within *pause_s*, as the server tells by itself."""
        client = self._client
        client.untagged_responses.pop("EXISTS", None)
        if self._box is None:
            return False
        waiting = self._box.idle
        with waiting:
            arrived = self._arrived(self._heard_already())
            if not arrived:
                arrived = self._arrived(waiting.poll(timeout=pause_s))
        return arrived or self._told_since()

    def _heard_already(self) -> list[bytes]:
        """Lines that came together with the answer: no poll of the socket would show them."""
        client = self._client
        lines = []
        client.sock.settimeout(0)
        try:
            while line := client.readline():
                lines.append(line)
        except OSError:
            # Nothing more is here, which is what a socket without patience says.
            pass
        finally:
            client.sock.settimeout(self.place.timeout_s)
        return lines

    def _arrived(self, lines: Sequence[bytes]) -> bool:
        arrived = False
        for line in lines:
            told = _CHANGE.match(line)
            if told and told[2].upper() == b"EXPUNGE":
                self._exists -= 1
            elif told:
                arrived |= self._grown(int(told[1]))
        return arrived

    def ask_again(self) -> bool:
        """Whether a mail arrived since the last time."""
        client = self._client
        client.untagged_responses.pop("EXISTS", None)
        answer, data = client.noop()
        _agreed(answer, data)
        return self._told_since()

    def _told_since(self) -> bool:
        told = self._client.untagged_responses.pop("EXISTS", None)
        return bool(told) and self._grown(_number(told))

    def _grown(self, exists: int) -> bool:
        before, self._exists = self._exists, exists
        return exists > before


class _Box(BaseMailBox):
    """imap_tools' commands on a connection of our own making."""

    def __init__(self, client: imaplib.IMAP4) -> None:
        self._made = client
        super().__init__()

    def _get_mailbox_client(self) -> imaplib.IMAP4:
        return self._made


class _Plain(imaplib.IMAP4):
    """Takes no literal that is longer than anything we ask for."""

    longest = _LONGEST_LITERAL

    def read(self, size: int) -> bytes:
        if size > self.longest:
            raise self.abort(f"{size} octets announced")
        return super().read(size)


class _Tls(imaplib.IMAP4_SSL):
    longest = _LONGEST_LITERAL

    def read(self, size: int) -> bytes:
        if size > self.longest:
            raise self.abort(f"{size} octets announced")
        return super().read(size)


def _connect(place: Place, longest: int) -> imaplib.IMAP4:
    tls = place.tls or ssl.create_default_context()
    client: _Plain | _Tls
    if place.implicit_tls:
        client = _Tls(place.host, place.port, ssl_context=tls, timeout=place.timeout_s)
    else:
        client = _Plain(place.host, place.port, timeout=place.timeout_s)
        if "STARTTLS" in client.capabilities or not _is_here(place.host):
            try:
                client.starttls(tls)
            except BaseException:
                with suppress(OSError):
                    client.shutdown()
                raise
    client.longest = longest
    return client


def _is_here(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _log_in(box: _Box, place: Place) -> None:
    try:
        if "AUTH=PLAIN" in box.client.capabilities:
            box.login_utf8(place.user, place.password, None)
        else:
            box.login(place.user, place.password, None)
    except imaplib.IMAP4.abort:
        raise
    except UnicodeEncodeError as error:
        raise FetchError(
            place.source_id,
            f"{place.host} takes no letters beyond ASCII in user and password; change them there",
            temporary=False,
            fault=Fault.REFUSED,
        ) from error
    except (MailboxLoginError, imaplib.IMAP4.error) as error:
        said = _words(error)
        passing = passes_by_itself(said)
        raise FetchError(
            place.source_id,
            f"{place.host} did not let us in ({said}); "
            + ("it is tried again" if passing else "check the user in url, and the password"),
            temporary=passing,
            fault=Fault.BUSY if passing else Fault.REFUSED,
        ) from error


def _no_folder(box: _Box, place: Place, error: MailboxFolderSelectError) -> FetchError:
    said = _words(error)
    if passes_by_itself(said):
        text = f"{place.host} did not open the folder just now ({said}); it is tried again"
        return FetchError(place.source_id, text, fault=Fault.BUSY)
    names: list[str] = []
    with suppress(ImapToolsError, imaplib.IMAP4.error, ValueError, AttributeError):
        names = [_printable(folder.name) for folder in box.folder.list()]
    listed = ", ".join(names[:_FOLDERS_SHOWN]) + (", …" if len(names) > _FOLDERS_SHOWN else "")
    has = f"; it has {listed}" if names else ""
    return FetchError(
        place.source_id,
        f"{place.host} has no folder {place.folder} that may be read ({said}){has}; "
        "name one of its folders in url",
        temporary=False,
        fault=Fault.NO_ACCESS,
    )


# ----------------------------------------------------------------- what servers say


def _answers(data: Sequence[Any]) -> Iterator[tuple[bytes, bytes]]:
    """What FETCH told of each mail, and the literal in it.

    imaplib gives a pair for what stands before the literal and the literal itself, and then
    what stands behind it; a mail without a literal is one plain string.
    """
    for number, part in enumerate(data):
        if isinstance(part, tuple):
            behind = data[number + 1] if number + 1 < len(data) else b""
            yield part[0] + b" " + (behind if isinstance(behind, bytes) else b""), part[1]
        elif isinstance(part, bytes) and _SIZE.search(part):
            yield part, b""


def _number(data: Sequence[Any] | None) -> int:
    last = data[-1] if data else None
    return int(last) if isinstance(last, bytes) and last.isdigit() else 0


def _agreed(answer: str, data: Sequence[Any]) -> None:
    if answer != "OK":
        raise imaplib.IMAP4.error(_said(data))


def _said(data: Sequence[Any] | None) -> str:
    last = data[-1] if data else b""
    text = last.decode("utf-8", "replace") if isinstance(last, bytes) else str(last or "")
    return _printable(masked(text))[:_LONGEST_SAYING] or "without a reason"


def passes_by_itself(said: str) -> bool:
    """Whether a server refuses for now, in its own words."""
    return _PASSING.search(said) is not None


def _printable(text: str) -> str:
    return "".join(sign for sign in " ".join(text.split()) if sign.isprintable())


def _words(error: Exception) -> str:
    """The server's own, out of what the libraries made of them."""
    if isinstance(error, UnexpectedCommandStatusError):
        return _said(error.command_result[1])
    return _said([str(error).encode()])


@contextmanager
def _in_words(place: Place) -> Iterator[None]:
    """Turn what libraries raise into the error that says what to do."""

    def error(text: str, fault: Fault) -> FetchError:
        return FetchError(place.source_id, f"{place.host} {text}", fault=fault)

    try:
        yield
    except TimeoutError as slow:
        text = f"did not answer in time (port {place.port}); it is tried again"
        raise error(text, Fault.TIMEOUT) from slow
    except ssl.SSLError as refused:
        text = f"offers no encryption that can be trusted ({_printable(str(refused.reason))})"
        raise error(f"{text}; check its certificate", Fault.TLS) from refused
    except socket.gaierror as unknown:
        text = "is not known by that name; check the host in url"
        raise error(text, Fault.UNREACHABLE) from unknown
    except imaplib.IMAP4.abort as broken:
        text = f"broke off the conversation ({_words(broken)}); it is tried again"
        raise error(text, Fault.BROKEN) from broken
    except imaplib.IMAP4.error as refused:
        if "TLS" in str(refused):
            text = "offers no encryption; write imaps:// if it has a port for that"
            raise error(text, Fault.TLS) from refused
        text = f"refused what we asked ({_words(refused)}); it is tried again"
        raise error(text, Fault.BROKEN) from refused
    except OSError as broken:
        reason = (broken.strerror or "no reason given").lower()
        text = f"cannot be reached at port {place.port} ({reason}); check host and port"
        raise error(text, Fault.UNREACHABLE) from broken
    except (ImapToolsError, ValueError) as odd:
        text = "answered what no IMAP server would; check the port in url"
        raise error(text, Fault.BROKEN) from odd
