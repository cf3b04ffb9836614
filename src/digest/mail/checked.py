"""Addresses of the envelope, checked before anybody is asked; whose fault it is if one is unfit."""

import re

from digest.errors import Refused, RelayDown

#: Where no address may be written as it is: what could end the path, the line, or the command.
_UNSAFE = re.compile(r"[\x00-\x20\x7f-\x9f\s]")
_BRACKET = re.compile(r"[<>]")


def safe_recipient(to: str) -> str:
    """*to* with an ASCII domain.

    Raises:
        Refused: with code 0, for nobody was asked.
    """
    try:
        return _checked(to)
    except ValueError as error:
        raise Refused(0, f"the address {error}: correct it, or remove the subscriber") from error


def safe_sender(sender: str) -> str:
    """*sender* with an ASCII domain; "" stays what it is, the sender of no answers.

    Raises:
        RelayDown: it is in our settings, and nobody's fault who is written to.
    """
    if not sender:
        return ""
    try:
        return _checked(sender)
    except ValueError as error:
        raise RelayDown(0, f"the sender's address {error}: correct it in [mail]") from error


def ascii_domain(domain: str) -> str:
    """As DNS has it; `UnicodeError` when there is no such form."""
    return domain if domain.isascii() else domain.encode("idna").decode("ascii")


def _checked(address: str) -> str:
    """The address with an ASCII domain; the rest of a `ValueError`'s sentence if it is unfit.

    An address is written into a command line: what could end the line, or the path in it, would
    let whoever subscribed give commands to the relay.
    """
    if _UNSAFE.search(address):
        raise ValueError("has a space or control character in it")
    if _BRACKET.search(address):
        raise ValueError("has an angle bracket in it")
    local, at, domain = address.rpartition("@")
    if not (local and at and domain):
        raise ValueError("is not of the form name@domain")
    if address.isascii():
        return address
    try:
        safe = f"{local}@{ascii_domain(domain)}"
        safe.encode()
    except UnicodeError as error:
        raise ValueError("has characters that cannot be sent") from error
    return safe
