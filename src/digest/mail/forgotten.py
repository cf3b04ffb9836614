"""Mails that were kept, not delivered, and that are to go with the person they were for."""

from collections.abc import Collection, Iterator
from contextlib import suppress
from email import policy
from email.parser import BytesHeaderParser
from pathlib import Path
from typing import Final

from digest.addresses import folded

#: A header of ours ends well before; of a file that another program put there, the rest is not
#: looked at.
_HEAD: Final = 65_536
_DELIVERED: Final = b"delivered-to"
_PARSER: Final = BytesHeaderParser(policy=policy.compat32)


def drop_mails(folder: Path, addresses: Collection[str]) -> int:
    """Remove the mails to *addresses* from what `EmbeddedRelay` or `FolderTransport` has kept.

    Args:
        folder: a Maildir, or a folder of .eml files; there may be none.

    Returns:
        How many went.  One that another program moves meanwhile is passed over.
    """
    wanted = {folded(address) for address in addresses}
    gone = 0
    for path in _files(folder):
        with suppress(FileNotFoundError):
            with path.open("rb") as file:
                head = file.read(_HEAD)
            if wanted & _recipients(head):
                path.unlink()
                gone += 1
    return gone


def _files(folder: Path) -> Iterator[Path]:
    yield from folder.glob("*.eml")
    for part in ("tmp", "new", "cur"):
        yield from (path for path in (folder / part).glob("*") if path.is_file())


def _recipients(head: bytes) -> set[str]:
    """Envelope recipient as the Maildir has it, or else what "To" names, folded."""
    name, _, value = head.partition(b"\n")[0].partition(b":")
    if name.lower() == _DELIVERED:
        return {folded(value.strip().decode("utf-8", "replace"))}
    # One mailbox in angle brackets, or bare: what our messages have.
    fields = _PARSER.parsebytes(head).get_all("To", [])
    return {folded(str(to).rpartition("<")[2].strip(" \t\r\n>")) for to in fields}
