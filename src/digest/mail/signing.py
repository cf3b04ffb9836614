"""Every message signed, on as many threads as there are cores.

cryptography lets go of the interpreter while it computes an RSA signature (0.25 ms), so threads
help; handing over one message would cost a tenth of that again, so they go in pieces.  Behind
this door are the threads and reading keys; what a signature is, `dkim` knows.
"""

import asyncio
import os
from collections import deque
from collections.abc import Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Final

from digest.addresses import domain_of
from digest.errors import ConfigError, Conflict, RelayDown
from digest.mail import dkim
from digest.settings import Settings, reveal

#: Messages handed to a thread together.
PIECE: Final = 16
#: Pieces for one thread at once: it goes on with the second while the first is being fetched.
_AHEAD: Final = 2
#: Frames remembered; an installation has a handful a day.
_MOST_FRAMES: Final = 1024

_Waiting = tuple[bytes, asyncio.Future[bytes]]


class Signing:
    """Signs for many callers at once, in one event loop; `close` it in the end.

    Every message is signed with all keys.
    """

    def __init__(self, keys: Sequence[dkim.Key], *, threads: int) -> None:
        """*threads* 0 signs in the caller's own thread: for Ed25519 that is the fastest."""
        self._keys = tuple(keys)
        self._threads = threads
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="signing") if threads else None
        self._waiting: deque[_Waiting] = deque()
        #: Pieces that threads have in hand.
        self._out = 0
        self._woken = False
        self._closed = False
        self._frames: set[bytes] = set()

    @property
    def at_once(self) -> int:
        """How many calls of `sign` make sense at the same time: more would only wait."""
        return max(1, self._threads * PIECE * _AHEAD)

    async def sign(self, message: bytes) -> bytes:
        """Put our signatures before *message*; the same message gets the same ones.

        Raises:
            Refused: it is none that can be signed; see `dkim.sign`.
            RelayDown: `close` was called.
        """
        if self._closed:
            raise _closed()
        if self._pool is None:
            return self._sign(message)
        loop = asyncio.get_running_loop()
        signed: asyncio.Future[bytes] = loop.create_future()
        self._waiting.append((message, signed))
        if not self._woken:
            # After everybody who is ready now has asked: they share pieces.
            self._woken = True
            loop.call_soon(self._hand_out)
        return await signed

    def close(self) -> None:
        """Let the threads go, once they have finished the messages in hand (milliseconds)."""
        self._closed = True
        waiting, self._waiting = self._waiting, deque()
        for _, signed in waiting:
            if not signed.done():
                signed.set_exception(_closed())
        if self._pool is not None:
            self._pool.shutdown()

    # ------------------------------------------------------------------ pieces

    def _hand_out(self) -> None:
        self._woken = False
        pool = self._pool
        while self._waiting and pool is not None and self._out < self._threads * _AHEAD:
            # What is there is shared out evenly: no thread idles beside a full piece.
            idle = self._threads - self._out
            share = -(-len(self._waiting) // idle) if idle > 0 else PIECE
            piece: list[_Waiting] = []
            while self._waiting and len(piece) < min(share, PIECE):
                one = self._waiting.popleft()
                # Whoever was cancelled meanwhile wants no signature.
                if not one[1].done():
                    piece.append(one)
            if piece:
                self._begin(pool, piece)

    def _begin(self, pool: ThreadPoolExecutor, piece: list[_Waiting]) -> None:
        loop = asyncio.get_running_loop()
        results: list[bytes] = []
        self._out += 1

        def end(done: Future[None]) -> None:
            loop.call_soon_threadsafe(self._give_back, piece, results, done.exception())

        messages = [message for message, _ in piece]
        pool.submit(self._sign_piece, messages, results).add_done_callback(end)

    def _sign_piece(self, messages: Sequence[bytes], results: list[bytes]) -> None:
        for message in messages:
            results.append(self._sign(message))

    def _give_back(
        self, piece: list[_Waiting], results: list[bytes], error: BaseException | None
    ) -> None:
        self._out -= 1
        for (_, signed), result in zip(piece, results, strict=False):
            if not signed.done():
                signed.set_result(result)
        if error is not None:
            # The thread stopped at the message behind the last result: nobody else's fault.
            _, signed = piece[len(results)]
            if not signed.done():
                signed.set_exception(error)
            self._put_back(piece[len(results) + 1 :])
        self._hand_out()

    def _put_back(self, rest: Sequence[_Waiting]) -> None:
        if not self._closed:
            self._waiting.extendleft(reversed(rest))
            return
        for _, signed in rest:
            if not signed.done():
                signed.set_exception(_closed())

    def _sign(self, message: bytes) -> bytes:
        """Runs in any thread.

        Looking whether a body is in canonical form costs as much as hashing it.  All mails of one
        frame (a multipart's boundary is its layout's own) are filled by the same encoder, so one
        of them tells for the others.
        """
        frame = _frame(message)
        known = frame in self._frames
        if not known and frame and dkim.is_canonical(message, message.find(b"\r\n\r\n") + 4):
            if len(self._frames) >= _MOST_FRAMES:
                self._frames.clear()
            self._frames.add(frame)
            known = True
        return dkim.sign(message, self._keys, canonical=known)


def _closed() -> RelayDown:
    return RelayDown(0, "signing has stopped; nothing was sent")


def _frame(message: bytes) -> bytes:
    """The header from Content-Type on, if that names a boundary."""
    end = message.find(b"\r\n\r\n")
    start = message.rfind(b"\r\nContent-Type: multipart/", 0, end)
    if start < 0 or end < 0 or message.find(b"boundary=", start, end) < 0:
        return b""
    return message[start:end]


# ------------------------------------------------------------------------- keys


def load_keys(
    settings: Settings, *, base: Path, environ: Mapping[str, str]
) -> tuple[dkim.Key, ...]:
    """The keys of [[dkim]], in its order.

    Args:
        base: the folder of config.toml.

    Raises:
        ConfigError: keys that cannot be used, all of them, each with what to do.
    """
    keys, faults = [], []
    for row in settings.dkim:
        try:
            pem = reveal(row.key, base=base, environ=environ).encode()
            domain = row.domain or domain_of(settings.mail.from_address)
            keys.append(dkim.load_key(pem, selector=row.selector, domain=domain))
        except ConfigError as error:
            faults += [f"[[dkim]] {row.selector}: {fault}" for fault in error.faults]
    if faults:
        raise ConfigError(faults)
    return tuple(keys)


def load_signing(settings: Settings, *, base: Path, environ: Mapping[str, str]) -> Signing | None:
    """What signs as [[dkim]] says; None without a key: then the relay may sign.

    Raises:
        ConfigError: as `load_keys` does.
    """
    keys = load_keys(settings, base=base, environ=environ)
    if not keys:
        return None
    rsa = any(key.algorithm == "rsa-sha256" for key in keys)
    return Signing(keys, threads=_cores() if rsa else 0)


def _cores() -> int:
    # Those that this process may use, not those of the machine.
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def keep_key(path: Path, pem: bytes) -> None:
    """Write a new private key, readable by its owner alone, and for good.

    Raises:
        Conflict: there is a file already; a key that is in use is never written over.
        ConfigError: it cannot be written there.
    """
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(pem)
                file.flush()
                os.fsync(file.fileno())
        except OSError:
            path.unlink()
            raise
    except OSError as error:
        if isinstance(error, FileExistsError) and path.exists():
            raise Conflict(
                f"{path} is there already and may be in use; choose another --selector"
            ) from error
        why = (error.strerror or str(error)).lower()
        raise ConfigError([f"{path} cannot be written: {why}"]) from error
