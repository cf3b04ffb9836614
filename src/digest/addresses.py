"""Mail addresses: which text is one, which two are the same person, how one is shown.

Ground: pure, and known to every room.  Whether anybody reads an address only a confirmation
can tell: nothing is asked of any server here.
"""

import re
import unicodedata
from typing import Final

import idna

#: RFC 5321 §4.5.3.1: of the part before the @, in octets.
LONGEST_LOCAL: Final = 64
#: Of a whole address, in octets: what a path of 256 leaves (RFC 5321 §4.5.3.1.3).
LONGEST: Final = 254

# The dot-atom of RFC 5322 §3.2.3, and RFC 6531's letters beyond ASCII.  A quoted local part,
# comments and address literals are legal and nobody subscribes with them: nothing that could
# end a header or an SMTP command gets through.
_ATOM = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~\-\u00a1-\U0010ffff]+"
_ADDRESS = re.compile(rf"({_ATOM}(?:\.{_ATOM})*)@([A-Za-z0-9\u00a1-\U0010ffff.\-]{{1,253}})")
_DOMAIN = re.compile(
    r"(?=.{1,253}\Z)(?:[a-z0-9](?:[a-z0-9\-]{0,61}[a-z0-9])?\.)+"
    r"(?:[a-z](?:[a-z0-9\-]{0,61}[a-z0-9])?)\Z"
)
#: Seen, they change what an address looks like, and are part of none.
_UNSEEN = re.compile(
    r"[\s\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202f\u205f-\u206f\ufeff\ufff9-\ufffb]"
)


def parse_address(text: str) -> str:
    """The one bare address that *text* is: spaces around it go, its domain is in small ASCII.

    What stands before the @ is composed (NFC), as RFC 6532 §3.1 wants it: one keyboard writes "é"
    as one character, another as two.

    Raises:
        ValueError: it is none; with what is wrong, in words that name no more than was given.
    """
    given = unicodedata.normalize("NFC", text.strip())
    shown = given if len(given) <= 80 else f"{given[:79]}…"
    found = _ADDRESS.fullmatch(given)
    if found is None or _UNSEEN.search(given):
        raise ValueError(f"{shown!r} is not an address such as ann@example.org")
    local, domain = found[1], parse_domain(found[2])
    if len(local.encode()) > LONGEST_LOCAL or len(local.encode()) + len(domain) >= LONGEST:
        raise ValueError(f"{shown!r} is too long for an address")
    return f"{local}@{domain}"


def parse_domain(text: str) -> str:
    """A domain as DNS has it: small letters, A-labels of an IDN (RFC 5891).

    Raises:
        ValueError: it is no name that mail could go to.
    """
    domain = text.strip().lower()
    if not domain.isascii():
        try:
            domain = idna.encode(domain, uts46=True).decode("ascii")
        except idna.IDNAError as error:
            raise ValueError(
                f"{text.strip()[:80]!r} is not a domain such as example.org"
            ) from error
    if _DOMAIN.match(domain) is None:
        raise ValueError(f"{text.strip()[:80]!r} is not a domain such as example.org")
    return domain


def folded(address: str) -> str:
    """What two spellings of one person's address have in common; addresses are kept by it."""
    if address.isascii():
        return address.lower()
    # Folding takes letters apart, and what is composed may fold once more.
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", address).casefold())


def domain_of(address: str) -> str:
    """What stands behind the last @."""
    return address.rpartition("@")[2].lower()


def domains_above(domain: str) -> tuple[str, ...]:
    """*domain* and those it belongs to, itself first: ``a.b.example``, ``b.example`` …"""
    labels = domain.split(".")
    return tuple(".".join(labels[start:]) for start in range(len(labels)))


def half_shown(address: str) -> str:
    """Enough for its owner to know it, not for anybody else: ``a•••@example.org``."""
    local, _, domain = address.rpartition("@")
    return f"{local[:1]}•••@{domain}"
