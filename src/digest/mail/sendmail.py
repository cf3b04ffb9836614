"""The way out through a program of this machine: one process a message, told on its standard input.

Behind the door: starting it without a shell, feeding it, waiting, and what its exit status means.
Not behind it: where the program takes the mail.  What it accepts is in its queue; what becomes of
it afterwards comes back as a mail.  Loud: processes.
"""

import asyncio
import contextlib
import os
import signal
import tempfile
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import Callable
from typing import IO, Final

from digest import settings
from digest.errors import Deferred, MailError, Refused, RelayDown, Vanished
from digest.mail.checked import safe_recipient, safe_sender
from digest.mail.transport import Reply, Unopened
from digest.mail.verdict import one_line

#: As much of what a program says of itself as is looked at.
_MOST_BYTES: Final = 4096
#: Statuses of sysexits.h that are about the recipient, with RFC 3463's numbers for them.
_ABOUT_RECIPIENT: Final = {
    os.EX_DATAERR: "5.1.3",
    os.EX_NOUSER: "5.1.1",
    os.EX_NOHOST: "5.1.2",
}


class SendmailTransport(Unopened):
    """Sends through `command`, which understands ``-f SENDER -- RECIPIENT``; see `Transport`.

    Lines end in LF on their way in, as with every program of Unix: some that are called sendmail
    write CRLF into the mail as CR CR LF, and none needs it, for each makes CRLF of LF when it
    speaks SMTP.
    """

    def __init__(self, relay: settings.Relay, *, name: str) -> None:
        self._command = relay.command
        self._timeout_s = relay.timeout_s
        self._name = name
        self._most = relay.connections
        self._slots = asyncio.Semaphore(relay.connections)

    @property
    def at_once(self) -> int:
        return self._most

    async def send(
        self, message: bytes, *, sender: str, to: str, started: Callable[[], None]
    ) -> Reply:
        """See `Transport.send`; `timeout_s` is for the whole run of the program."""
        safe_to = safe_recipient(to)
        # "<>" is what every sendmail takes for nobody; an empty argument is not.
        envelope = safe_sender(sender) or "<>"
        # After "--" nothing is an option, and what follows -f is its argument whatever it
        # begins with: an address that begins with a hyphen gives no orders.
        arguments = (*self._command, "-f", envelope, "--", safe_to)
        async with self._slots:
            # A file, not a pipe: a program that goes on delivering in the background keeps its
            # end open, and we would wait for that.
            with tempfile.TemporaryFile() as words:
                begun, status = await self._run(arguments, message, words, started)
                words.seek(0)
                said = one_line(words.read(_MOST_BYTES).decode(errors="replace"))
        if status == os.EX_OK and begun:
            return Reply(250, "", said or "taken", self._name)
        error = _verdict(status, said, begun=begun)
        error.relay = self._name
        raise error

    async def _run(
        self,
        arguments: tuple[str, ...],
        message: bytes,
        words: IO[bytes],
        started: Callable[[], None],
    ) -> tuple[bool, int | None]:
        """Whether it was given the whole message, and its exit status; None: it did not end."""
        try:
            process = await _start(arguments, words)
        except (OSError, ValueError) as error:
            raise RelayDown(
                0, f"cannot start {arguments[0]}: {error}; look at command", relay=self._name
            ) from error
        try:
            started()
            async with asyncio.timeout(self._timeout_s):
                fed = await _feed(process, message.replace(b"\r\n", b"\n"))
                return fed, await process.wait()
        except TimeoutError:
            return True, None
        finally:
            await _end(process)


async def _start(arguments: tuple[str, ...], words: IO[bytes]) -> Process:
    starting = asyncio.ensure_future(
        asyncio.create_subprocess_exec(
            *arguments,
            stdin=PIPE,
            stdout=DEVNULL,
            stderr=words,
            # A Ctrl-C in our terminal is not for it: what it has begun it should finish.
            start_new_session=True,
        )
    )
    try:
        return await asyncio.shield(starting)
    except asyncio.CancelledError:
        # asyncio itself would kill the program alone, and wait for its children to end.
        with contextlib.suppress(OSError, ValueError):
            await _end(await starting)
        raise


async def _feed(process: Process, content: bytes) -> bool:
    """Whether the program has read to the end: one that had enough has closed its side."""
    pipe = process.stdin
    if pipe is None:
        return False
    try:
        pipe.write(content)
        await pipe.drain()
        pipe.close()
        await pipe.wait_closed()
    except (BrokenPipeError, ConnectionResetError):
        return False
    return True


async def _end(process: Process) -> None:
    """Leave no process behind, whatever happened."""
    if process.stdin is not None:
        process.stdin.close()
    if process.returncode is None:
        with contextlib.suppress(ProcessLookupError):
            # Its own session, so its children too.
            os.killpg(process.pid, signal.SIGKILL)
        await process.wait()


def _verdict(status: int | None, said: str, *, begun: bool) -> MailError:
    """What the end of a program means, after sysexits.h.

    Args:
        status: None: it was killed by us; negative: by a signal.
        begun: it has read the whole message.
    """
    told = f": {said}" if said else ""
    if status is None:
        return Vanished(0, f"the program did not end in time{told}")
    if status < 0:
        return Vanished(0, f"the program was killed by signal {-status}{told}")
    if status == os.EX_OK:
        return Vanished(0, f"the program ended well without reading the whole message{told}")
    if status == os.EX_TEMPFAIL:
        return Deferred(451, f"4.3.0 exit status {status}{told}")
    if status in _ABOUT_RECIPIENT:
        return Refused(550, f"{_ABOUT_RECIPIENT[status]} exit status {status}{told}")
    # EX_UNAVAILABLE, EX_CONFIG, EX_NOPERM and the rest: it is not the recipient's fault, and
    # what is no status of sysexits.h may be the shell's for "not found".
    return RelayDown(554, f"exit status {status}{told}; look at command and at its log")
