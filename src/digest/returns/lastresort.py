"""flufl.bounce, for the shapes that our own readers do not know.

It gives addresses and no reason, raises on odd mail, searches each line with dozens of patterns
that are quadratic in its length, and logs what it meets: it is given little, of short lines, and
whatever it raises means that it found nobody.
"""

import logging
from email import message_from_bytes
from email.errors import MessageError
from email.policy import compat32
from typing import Final

from digest.returns.evidence import address_in

_MOST_OCTETS: Final = 16_384
_LONGEST_LINE: Final = 160
_MOST_BOUNDARIES: Final = 40
_MOST_FOUND: Final = 100

# Its errors are ours to answer, and a log must not have what a mail says.
logging.getLogger("flufl.bounce").setLevel(logging.CRITICAL + 1)


def failures(octets: bytes) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Addresses that a mail says have failed: (for now, for good), each sorted."""
    lines = octets[: 4 * _MOST_OCTETS].replace(b"\r\n", b"\n").split(b"\n")
    little = b"\n".join(line[:_LONGEST_LINE] for line in lines)[:_MOST_OCTETS]
    if little.count(b"\n--") > _MOST_BOUNDARIES:
        return (), ()
    # Two dozen modules, for what nothing else has understood.
    from flufl.bounce import all_failures

    try:
        passing, lasting = all_failures(message_from_bytes(little, policy=compat32))
    except (
        ArithmeticError,
        AssertionError,
        AttributeError,
        LookupError,
        MessageError,
        RuntimeError,
        TypeError,
        ValueError,
    ):
        return (), ()
    return _named(passing), _named(lasting)


def _named(addresses: frozenset[bytes]) -> tuple[str, ...]:
    found = {address_in(each.decode("latin-1")) for each in addresses} - {""}
    return tuple(sorted(found))[:_MOST_FOUND]
