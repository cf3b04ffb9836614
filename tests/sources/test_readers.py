"""Reading processes: whatever a document does to one, it does to itself alone."""

import asyncio
import json
import multiprocessing
import os
import re
import select
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from typing import NoReturn

import pytest

from digest.errors import Fault, ParseError
from digest.sources.readers import Readers

# ------------------------------------------------------- read in the processes


def shout(text: str, *, mark: str = "!") -> str:
    return text.upper() + mark


def refuse() -> None:
    raise ParseError("wire", "is no feed; give its address", fault=Fault.NOT_A_FEED)


def stumble(secret: str) -> str:
    return {"a": "b"}[secret]


def dive(depth: int = 0) -> int:
    return dive(depth + 1) + 1


def never_end() -> None:
    signal.pause()


def hold_the_interpreter() -> bool:
    return re.fullmatch(r"(a+)+b", "a" * 60) is not None


def crash() -> None:
    os.kill(os.getpid(), signal.SIGSEGV)


def leave() -> NoReturn:
    os._exit(7)


def swallow(megabytes: int) -> int:
    return len(bytearray(megabytes * 1_000_000))


def give_a_function() -> object:
    return lambda: None


class Trap:
    """Travels well and cannot be unpacked."""

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return int, ("no number",)


def set_a_trap() -> Trap:
    return Trap()


def worker() -> int:
    return os.getpid()


# ---------------------------------------------------------------------- the cases


@pytest.fixture
async def readers() -> AsyncIterator[Readers]:
    async with Readers(processes=1, timeout_s=20) as started:
        yield started


async def test_what_a_function_returns_comes_back(readers: Readers) -> None:
    assert await readers.run(shout, "ferry", mark="?") == "FERRY?"


async def test_a_parse_error_comes_out_with_its_fault_and_its_source(readers: Readers) -> None:
    with pytest.raises(ParseError, match="is no feed; give its address") as caught:
        await readers.run(refuse)
    assert (caught.value.fault, caught.value.source_id) == (Fault.NOT_A_FEED, "wire")


async def test_a_bug_is_ours_and_does_not_quote_the_document(readers: Readers) -> None:
    with pytest.raises(ParseError, match="KeyError") as caught:
        await readers.run(stumble, "private words")
    assert caught.value.fault is Fault.OURS
    assert "private" not in str(caught.value)
    assert await readers.run(shout, "on") == "ON!"


async def test_what_is_nested_too_deeply_is_unreadable(readers: Readers) -> None:
    with pytest.raises(ParseError, match="nested too deeply") as caught:
        await readers.run(dive)
    assert caught.value.fault is Fault.UNREADABLE


@pytest.mark.parametrize("deadly", [crash, leave])
async def test_a_document_that_kills_its_process_costs_no_other_document(deadly: object) -> None:
    assert callable(deadly)
    async with Readers(processes=2, timeout_s=20) as readers:
        told = await asyncio.gather(
            readers.run(shout, "one"),
            readers.run(deadly),
            *(readers.run(shout, str(n)) for n in range(20)),
            return_exceptions=True,
        )
    assert isinstance(told[1], ParseError)
    assert re.search("SIGSEGV|exit code 7", str(told[1]))
    assert [told[0], *told[2:]] == ["ONE!", *(f"{n}!" for n in range(20))]


@pytest.mark.parametrize("slow", [never_end, hold_the_interpreter])
async def test_a_document_that_takes_too_long_is_given_up(slow: object) -> None:
    assert callable(slow)
    async with Readers(processes=1, timeout_s=0.3) as readers:
        with pytest.raises(ParseError, match=r"longer than 0\.3 s to read") as caught:
            await readers.run(slow)
        assert caught.value.fault is Fault.UNREADABLE
        assert await readers.run(shout, "next") == "NEXT!"


async def test_a_document_that_wants_too_much_memory_is_unreadable() -> None:
    async with Readers(processes=1, timeout_s=20, memory_mb=200) as readers:
        with pytest.raises(ParseError, match="more than 200 MB"):
            await readers.run(swallow, 400)
        assert await readers.run(swallow, 100) == 100_000_000


async def test_an_answer_that_cannot_travel_is_a_fault_of_that_document(readers: Readers) -> None:
    with pytest.raises(ParseError, match="Digest failed") as caught:
        await readers.run(give_a_function)
    assert caught.value.fault is Fault.OURS
    assert await readers.run(shout, "on") == "ON!"


async def test_an_answer_that_cannot_be_unpacked_breaks_nothing(readers: Readers) -> None:
    with pytest.raises(ValueError, match="no number"):
        await readers.run(set_a_trap)
    assert await readers.run(shout, "on") == "ON!"


async def test_nothing_is_started_before_the_first_document() -> None:
    async with Readers(processes=2, timeout_s=20) as readers:
        assert not multiprocessing.active_children()
        await readers.run(shout, "now")
        assert len(multiprocessing.active_children()) == 2
    assert not multiprocessing.active_children()


async def test_whoever_is_cancelled_leaves_the_process_to_others(readers: Readers) -> None:
    await readers.run(shout, "warm")
    reading = asyncio.create_task(readers.run(never_end))
    for _ in range(3):
        await asyncio.sleep(0)
    reading.cancel()
    with pytest.raises(asyncio.CancelledError):
        await reading
    assert await readers.run(shout, "next") == "NEXT!"


async def test_a_process_that_somebody_killed_while_idle_is_replaced(readers: Readers) -> None:
    first = await readers.run(worker)
    os.kill(first, signal.SIGKILL)
    assert await readers.run(worker) != first


async def test_a_signal_to_the_whole_group_interrupts_no_reading(readers: Readers) -> None:
    first, server = await readers.run(worker), await readers.run(os.getppid)
    for meant_for_us in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        os.kill(first, meant_for_us)
        os.kill(server, meant_for_us)
    assert await readers.run(worker) == first
    assert await readers.run(os.getppid) == server


KILLED_IN_THE_MIDDLE = """
import asyncio, json, multiprocessing
from digest.sources.readers import Readers
import test_readers

async def main():
    readers = Readers(processes=2, timeout_s=600)
    await readers.run(test_readers.shout, "warm")
    pids = [child.pid for child in multiprocessing.active_children()]
    server = multiprocessing.forkserver._forkserver._forkserver_pid
    reading = asyncio.gather(*(readers.run(test_readers.never_end) for _ in pids))
    print(json.dumps([*pids, server]), flush=True)
    await reading

if __name__ == "__main__":
    asyncio.run(main())
"""


def test_no_process_survives_a_parent_that_was_killed() -> None:
    where = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    with subprocess.Popen(
        [sys.executable, "-c", KILLED_IN_THE_MIDDLE], stdout=subprocess.PIPE, env=where, text=True
    ) as parent:
        assert parent.stdout is not None
        watched = [os.pidfd_open(pid) for pid in json.loads(parent.stdout.readline())]
        parent.kill()
    try:
        for descriptor in watched:
            assert select.select([descriptor], [], [], 60)[0], "still alive after a minute"
    finally:
        for descriptor in watched:
            os.close(descriptor)


NO_PROCESSES = """
import asyncio, multiprocessing
from digest.errors import ParseError
from digest.sources.readers import Readers

async def main():
    async with Readers(processes=1, timeout_s=20) as readers:
        try:
            await readers.run(len, b"words")
        except ParseError as error:
            print(error.fault, error)

if __name__ == "__main__":
    multiprocessing.set_executable("/nowhere/python")
    asyncio.run(main())
"""


def test_where_no_process_can_be_started_documents_are_not_read_and_it_is_told() -> None:
    command = [sys.executable, "-c", NO_PROCESSES]
    told = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True).stdout
    assert told.startswith("ours was not read: the processes that read do not start")
