from pathlib import Path

import pytest

from digest.errors import RelayDown
from digest.mail import FolderTransport, MemoryTransport, Transport

MAIL = b"To: bo@example.org\r\n\r\n.a dot\r\nCaf\xc3\xa9\r\n"


async def hand(transport: Transport, to: str, message: bytes = MAIL) -> list[str]:
    """Send one; return what was called, in order."""
    calls: list[str] = []
    await transport.send(
        message, sender="news@example.org", to=to, started=lambda: calls.append("started")
    )
    return calls


def files(folder: Path) -> list[Path]:
    return sorted(folder.iterdir())


async def test_a_folder_gets_one_whole_file_a_message_octet_for_octet(tmp_path: Path) -> None:
    async with FolderTransport(tmp_path / "out") as folder:
        assert await hand(folder, "bo@example.org") == ["started"]
        assert await hand(folder, "cy@example.org", b"To: cy\r\n\r\nhi\r\n") == ["started"]
    first, second = files(tmp_path / "out")
    assert first.name.startswith("0001-")
    assert second.name.startswith("0002-")
    assert first.read_bytes() == MAIL
    assert second.read_bytes() == b"To: cy\r\n\r\nhi\r\n"


async def test_numbers_go_on_and_the_same_mail_has_the_same_mark(tmp_path: Path) -> None:
    for _ in range(2):
        async with FolderTransport(tmp_path) as folder:
            await hand(folder, "bo@example.org")
    async with FolderTransport(tmp_path) as folder:
        await hand(folder, "cy@example.org")
    numbers, marks = zip(*(path.stem.split("-") for path in files(tmp_path)), strict=True)
    assert numbers == ("0001", "0002", "0003")
    assert marks[0] == marks[1] != marks[2]


async def test_the_address_is_not_in_the_name(tmp_path: Path) -> None:
    async with FolderTransport(tmp_path) as folder:
        await hand(folder, "bo@example.org")
    assert all("bo" not in path.name for path in files(tmp_path))


async def test_until_started_there_is_no_file_to_find(tmp_path: Path) -> None:
    seen: list[list[Path]] = []
    async with FolderTransport(tmp_path) as folder:
        await folder.send(
            MAIL,
            sender="",
            to="bo@example.org",
            started=lambda: seen.append(list(tmp_path.glob("*.eml"))),
        )
    assert seen == [[]]


async def test_a_failing_start_leaves_nothing_behind(tmp_path: Path) -> None:
    def failing() -> None:
        raise ZeroDivisionError

    async with FolderTransport(tmp_path) as folder:
        with pytest.raises(ZeroDivisionError):
            await folder.send(MAIL, sender="", to="bo@example.org", started=failing)
    assert files(tmp_path) == []


async def test_a_folder_that_cannot_be_used_stops_before_anything_starts(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(RelayDown, match="cannot use"):
        async with FolderTransport(tmp_path / "file"):
            pass


async def test_a_folder_that_vanishes_is_the_relay_being_down(tmp_path: Path) -> None:
    async with FolderTransport(tmp_path / "out") as folder:
        (tmp_path / "out").rmdir()
        started: list[int] = []
        with pytest.raises(RelayDown, match="cannot write 0001-"):
            await folder.send(
                MAIL, sender="", to="bo@example.org", started=lambda: started.append(1)
            )
        assert started == []


async def test_memory_keeps_what_it_was_given_in_order() -> None:
    async with MemoryTransport() as memory:
        assert await hand(memory, "bo@example.org") == ["started"]
        await hand(memory, "cy@example.org")
    assert [sent.to for sent in memory.sent] == ["bo@example.org", "cy@example.org"]
    assert memory.sent[0].message == MAIL
    assert memory.sent[0].sender == "news@example.org"
