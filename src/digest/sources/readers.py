"""Reading, in processes of its own: a document that is slow, huge or deadly costs only itself.

Behind the door: how many processes, when they are started and renewed, what one document may
take of time and memory, and the words for a reader that did not survive it.  Not behind it:
what is read, and how; that is `reading`'s, or whoever's function it is.  Loud: processes.
"""

import asyncio
import multiprocessing
import os
import pickle
import signal
import sys
import threading
import traceback
from asyncio.futures import wrap_future
from collections.abc import Callable, Mapping
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from multiprocessing import resource_tracker
from pathlib import Path
from types import TracebackType
from typing import Any, Final, ParamSpec, Self, TypeVar

import pebble

from digest import reading
from digest.errors import Fault, ParseError, SourceError
from digest.telemetry import log

P = ParamSpec("P")
T = TypeVar("T")

#: Documents that a process reads before it is renewed: what leaks in parsers is given back.
_RENEWED_AFTER: Final = 500
#: What one document may take over what the process has already.
_MEMORY_MB: Final = 1_500
#: After its time-out a reader is killed by us; this much later it kills itself.
_GRACE_S: Final = 5.0
#: An answer smaller than this is unpacked on the event loop.
_SMALL: Final = 64_000
#: Pools that may break under one document before it is given up.
_TRIES: Final = 3

# Readers do not listen to SIGTERM, so waiting for them to obey it only delays the others.
pebble.CONSTS.term_timeout = 0.02


@dataclass(frozen=True, slots=True)
class _Failed:
    """What a function raised, in values that always survive the way between two processes."""

    text: str
    fault: Fault
    source_id: str = ""
    #: Of what ought not to happen: where it did.
    trace: str = ""


class Readers:
    """Worker processes that read documents, one at a time each.

    They are started by the first `run`, and end with ``async with`` or with this process,
    however it ends.  One object serves one event loop.
    """

    def __init__(self, *, processes: int, timeout_s: float, memory_mb: int = _MEMORY_MB) -> None:
        """Nothing is started yet.

        Args:
            processes: 0 takes one for each core, four at most.
            timeout_s: of one document, from when a process takes it up.
            memory_mb: address space that one document may take; only Linux can limit it.
        """
        self._processes = processes or min(4, os.cpu_count() or 1)
        self._timeout_s = timeout_s
        self._memory_mb = memory_mb
        self._pool: pebble.ProcessPool | None = None
        self._starting = asyncio.Lock()
        # As many as are read, and as many again, so that no process waits for its next.
        self._room = asyncio.Semaphore(2 * self._processes)
        #: A pool that is silent for so long has lost its lock to a process that was killed.
        self._patience_s = 3 * (timeout_s + _GRACE_S)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """End the processes, if any were started."""
        if self._pool is not None:
            await self._discard(self._pool)

    async def run(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Call *function* in one of the processes and return what it returns.

        It must be found under its name in a module, and arguments and result must be
        picklable.  Cancelling kills the process that is at it.

        Raises:
            ParseError: raised by *function*; or the call took too long, too much memory, or
                killed its process.  No other document is concerned.
        """
        task = (function, args, kwargs, self._timeout_s, self._memory_mb)
        async with self._room:
            answer = await self._ask(task)
        result = (
            _unpack(answer) if len(answer) < _SMALL else await asyncio.to_thread(_unpack, answer)
        )
        if not isinstance(result, _Failed):
            returned: T = result
            return returned
        if result.trace:
            log.error("reader failed", function=function.__qualname__, trace=result.trace)
        raise ParseError(result.source_id, result.text, fault=result.fault)

    async def _ask(self, task: tuple[object, ...]) -> bytes:
        for _ in range(_TRIES):
            try:
                pool = await self._started()
            except (BrokenProcessPool, OSError) as error:
                raise _no_readers() from error
            try:
                future = pool.schedule(_read, args=task, timeout=self._timeout_s)
            except RuntimeError:
                await self._discard(pool)
                continue
            try:
                async with asyncio.timeout(self._patience_s):
                    return await wrap_future(future)
            except BrokenProcessPool:
                # Somebody killed a process that had nothing to do: nothing of this document's.
                await self._discard(pool)
            except TimeoutError as error:
                if future.cancelled():
                    await self._discard(pool)
                    break
                raise self._too_slow() from error
            except pebble.ProcessExpired as error:
                if error.exitcode == -signal.SIGALRM:
                    raise self._too_slow() from error
                raise ParseError(
                    "",
                    f"killed the process that read it ({_ending(error.exitcode)}); leave it out",
                    fault=Fault.UNREADABLE,
                ) from error
        raise _no_readers()

    def _too_slow(self) -> ParseError:
        return ParseError(
            "",
            f"took longer than {self._timeout_s:g} s to read and was given up; "
            "leave it out, or raise reading_s in [collect]",
            fault=Fault.UNREADABLE,
        )

    async def _started(self) -> pebble.ProcessPool:
        async with self._starting:
            if self._pool is None:
                self._pool = await asyncio.to_thread(_start, self._processes)
            return self._pool

    async def _discard(self, pool: pebble.ProcessPool) -> None:
        if self._pool is pool:
            self._pool = None
        await asyncio.to_thread(_end, pool)


def _start(processes: int) -> pebble.ProcessPool:
    """A pool whose processes are forked from a server that has imported the readers already.

    Measured: a process is ready after 8 ms with 5 MB of its own; spawned, after 250 ms with
    20 MB.  Forking ourselves is out: this process has threads.
    """
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([_read.__module__, *reading.MODULES])
    pool = pebble.ProcessPool(
        max_workers=processes, max_tasks=_RENEWED_AFTER, initializer=_prepare, context=context
    )
    # The server and all that it forks inherit what is blocked here: a signal sent to the whole
    # group or unit is for us alone, and the documents that are being read are read to the end.
    # The tracker comes first, because its start unblocks them.
    resource_tracker.ensure_running()
    blocked = signal.pthread_sigmask(
        signal.SIG_BLOCK, (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
    )
    try:
        # `active` starts the processes of a new pool.
        _ = pool.active
    except BaseException:
        _end(pool)
        raise
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, blocked)
    return pool


def _end(pool: pebble.ProcessPool) -> None:
    # Their `stop` has no annotations.
    stop: Callable[[], None] = pool.stop
    stop()
    pool.join()


def _no_readers() -> ParseError:
    return ParseError(
        "",
        "was not read: the processes that read do not start or do not answer; see that the machine "
        "has memory and processes left, and try again",
        fault=Fault.OURS,
    )


def _ending(exitcode: int) -> str:
    if exitcode < 0:
        return f"signal {signal.Signals(-exitcode).name}"
    return f"exit code {exitcode}"


def _unpack(answer: bytes) -> Any:
    # Written by `_read`, in a process of ours.
    return pickle.loads(answer)  # noqa: S301


# ------------------------------------------------------------- inside a reading process


def _prepare() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        threading.Thread(target=_end_with, args=(parent,), daemon=True).start()


def _end_with(parent: multiprocessing.process.BaseProcess) -> None:
    parent.join()
    os._exit(1)


def _read(
    function: Callable[..., object],
    args: tuple[Any, ...],
    kwargs: Mapping[str, Any],
    timeout_s: float,
    memory_mb: int,
) -> bytes:
    """Call *function*; the pickled answer, for what cannot be pickled must fail here."""
    # The kernel keeps this one, also while C code holds the interpreter and when our parent,
    # who keeps the time otherwise, is dead.
    signal.setitimer(signal.ITIMER_REAL, timeout_s + _GRACE_S)
    unlimited = _limit_memory(memory_mb)
    try:
        return pickle.dumps(function(*args, **kwargs), pickle.HIGHEST_PROTOCOL)
    except SourceError as error:
        failed = _Failed(str(error), error.fault, error.source_id)
    except MemoryError:
        failed = _Failed(
            f"needs more than {memory_mb} MB of memory to be read; leave it out", Fault.UNREADABLE
        )
    except RecursionError:
        failed = _Failed("is nested too deeply to be read; leave it out", Fault.UNREADABLE)
    except Exception as error:  # noqa: BLE001 - the outermost frame of a process: nothing is lost
        name = type(error).__name__
        # Without the error's own text, which may quote the document.
        trace = "".join(traceback.format_tb(error.__traceback__)) + name
        failed = _Failed(
            f"could not be read because Digest failed ({name}); please report it",
            Fault.OURS,
            trace=trace,
        )
    finally:
        _restore_memory(unlimited)
        signal.setitimer(signal.ITIMER_REAL, 0)
    return pickle.dumps(failed)


if sys.platform == "linux":
    import resource

    def _limit_memory(memory_mb: int) -> tuple[int, int]:
        unlimited = resource.getrlimit(resource.RLIMIT_AS)
        pages = int(Path("/proc/self/statm").read_bytes().split()[0])
        most = pages * resource.getpagesize() + memory_mb * 1_000_000
        if unlimited[0] == resource.RLIM_INFINITY or most < unlimited[0]:
            resource.setrlimit(resource.RLIMIT_AS, (most, unlimited[1]))
        return unlimited

    def _restore_memory(unlimited: tuple[int, int]) -> None:
        resource.setrlimit(resource.RLIMIT_AS, unlimited)

else:

    def _limit_memory(memory_mb: int) -> None:
        """Elsewhere the limit is not kept, or breaks the system's own libraries."""

    def _restore_memory(unlimited: None) -> None:
        pass
