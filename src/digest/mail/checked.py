"""Addresses of the envelope, checked before anybody is asked; whose fault it is if one is unfit."""

from digest.errors import Refused, RelayDown
from digest.mail.envelope import checked_address


def safe_recipient(to: str) -> str:
    """*to* with an ASCII domain.

    Raises:
        Refused: with code 0, for nobody was asked.
    """
    try:
        return checked_address(to)
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
        return checked_address(sender)
    except ValueError as error:
        raise RelayDown(0, f"the sender's address {error}: correct it in [mail]") from error
