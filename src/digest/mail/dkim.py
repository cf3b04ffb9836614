"""Pure: a domain's signature on finished octets (RFC 6376), with RSA or Ed25519 (RFC 8463).

Give it keys and a message; the message comes back with a DKIM-Signature on top for each key.  It
reads no clock: the time in the signature is the message's own Date, so that a message sent again
is the same octets.  It knows no threads (`signing` has them) and asks no name server.

Relaxed in header and body: relays re-fold headers and trim lines, and that must not break it.
No ``l=``, which would let anybody write more below the body.
"""

from base64 import b64encode
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC
from email.utils import parsedate_to_datetime
from functools import lru_cache
from hashlib import sha256
from itertools import chain
from re import compile as pattern
from typing import TYPE_CHECKING, Final, Literal

from digest.addresses import parse_domain
from digest.errors import ConfigError, Refused

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes

# cryptography's parsers weigh ten megabytes: only whoever has a key to read pays for them.

Algorithm = Literal["rsa-sha256", "ed25519-sha256"]

#: RFC 8301 §3.2: signatures with shorter keys are not believed.
SHORTEST_RSA: Final = 1024
#: What everybody recommends, and the longest whose record fits into a usual DNS answer.
USUAL_RSA: Final = 2048

#: Named once more than they stand there: a signature of ours dies when a second one is put in
#: front of the signed one, or a Reply-To where there was none.  These are what a reader sees, what
#: an answer goes to, and what decides how the body is read (RFC 6376 §8.15).  The others stay
#: open, because relays add some of them to mails that have none.
_GUARDED: Final = (b"from", b"reply-to", b"to", b"subject", b"date", b"content-type")
#: Every occurrence is signed.  RFC 8058 §4 wants both List-Unsubscribe fields among them.
_SIGNED: Final = (
    *_GUARDED,
    *(b"message-id", b"mime-version", b"content-transfer-encoding"),
    *(b"list-id", b"list-unsubscribe", b"list-unsubscribe-post"),
    *(b"list-help", b"list-post", b"list-archive", b"list-subscribe", b"list-owner"),
    *(b"feedback-id", b"auto-submitted", b"precedence"),
)
_PLACE: Final = {name: place for place, name in enumerate(_SIGNED)}
#: Guarded though it may be absent; each of the others is in every mail or not worth guarding then.
_EVEN_ABSENT: Final = frozenset((b"from", b"reply-to"))

_LINE: Final = 76
_BLANKS = pattern(rb"[ \t]+")


@dataclass(frozen=True, slots=True, eq=False)
class Key:
    """A private key, and where its public half stands in DNS."""

    selector: str
    #: d= of its signatures; ASCII.
    domain: str
    algorithm: Algorithm
    #: Of an RSA key; 256 for Ed25519.
    bits: int
    #: As p= has it: DER for RSA (RFC 6376 §3.6.1), 32 octets for Ed25519 (RFC 8463 §4).
    public: bytes = field(repr=False)
    #: Signs what the header hash is taken over.
    private: Callable[[bytes], bytes] = field(repr=False)

    @property
    def name(self) -> str:
        """Where the record stands."""
        return f"{self.selector}._domainkey.{self.domain}"

    @property
    def record(self) -> str:
        """What stands there: one TXT record."""
        kind = self.algorithm.partition("-")[0]
        return f"v=DKIM1; k={kind}; p={b64encode(self.public).decode('ascii')}"


def strings_of(record: str) -> tuple[str, ...]:
    """A TXT record in pieces of 255 octets, which is all that one string of it may hold."""
    return tuple(record[start : start + 255] for start in range(0, len(record), 255))


# ------------------------------------------------------------------------- keys


def make_key(*, ed25519: bool = False, bits: int = USUAL_RSA) -> bytes:
    """A new private key, PEM (PKCS #8).

    Raises:
        ConfigError: too few bits to be believed, or too many for a record that DNS carries.
    """
    from cryptography.hazmat.primitives.asymmetric import rsa
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.serialization import (
        Encoding,
        NoEncryption,
        PrivateFormat,
    )

    if not SHORTEST_RSA <= bits <= 2 * USUAL_RSA:
        raise ConfigError([f"an RSA key wants 1024 to 4096 bits, not {bits}; take {USUAL_RSA}"])
    private: Ed25519PrivateKey | rsa.RSAPrivateKey = (
        Ed25519PrivateKey.generate()
        if ed25519
        else rsa.generate_private_key(public_exponent=65537, key_size=bits)
    )
    return private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def load_key(pem: bytes, *, selector: str, domain: str) -> Key:
    """Read a private key.

    Args:
        domain: may be international; becomes ASCII.

    Raises:
        ConfigError: it is none, or one that nobody would believe; with what to do.
    """
    try:
        owner = parse_domain(domain)
    except ValueError as error:
        raise ConfigError([f"{error}; set domain of the key, or [mail] from_address"]) from error
    return _key(_parsed(pem), selector, owner)


def _parsed(pem: bytes) -> "PrivateKeyTypes":
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    if b"PUBLIC KEY" in pem:
        raise ConfigError(["this is the public key; give the private one that belongs to it"])
    if b"\n" not in pem:
        # In an environment variable that cannot hold lines, as many programs write them.
        pem = pem.replace(b"\\n", b"\n")
    try:
        return load_pem_private_key(pem, password=None)
    except TypeError as error:
        raise ConfigError(
            ["the key is encrypted; take its password off: openssl pkey -in OLD -out NEW"]
        ) from error
    except (ValueError, UnsupportedAlgorithm):
        # Not `from` its cause, which may quote the key.
        raise ConfigError(["this is no private key in PEM; `digest dkim new` makes one"]) from None


def _key(private: "PrivateKeyTypes", selector: str, domain: str) -> Key:
    from cryptography.hazmat.primitives.asymmetric import padding, rsa
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.hashes import SHA256
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    if isinstance(private, Ed25519PrivateKey):
        edwards = private
        return Key(
            selector,
            domain,
            "ed25519-sha256",
            256,
            edwards.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw),
            # RFC 8463 §3: the hash is what is signed.
            lambda text: edwards.sign(sha256(text).digest()),
        )
    if not isinstance(private, rsa.RSAPrivateKey):
        raise ConfigError(["DKIM knows RSA and Ed25519 keys only; `digest dkim new` makes one"])
    if private.key_size < SHORTEST_RSA:
        few = f"an RSA key of {private.key_size} bits is believed by nobody"
        raise ConfigError([f"{few}; make one of {USUAL_RSA}: digest dkim new"])
    filling, hashing, signer = padding.PKCS1v15(), SHA256(), private
    return Key(
        selector,
        domain,
        "rsa-sha256",
        private.key_size,
        private.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo),
        lambda text: signer.sign(text, filling, hashing),
    )


# ---------------------------------------------------------------------- signing


def sign(message: bytes, keys: Sequence[Key], *, canonical: bool = False) -> bytes:
    """Put one DKIM-Signature for each of *keys* before *message*, the first on top.

    The same arguments give the same octets.

    Args:
        message: finished RFC 5322 octets, every line ending in CRLF.  That the body's do is
            left to the transport, which looks for it anyway.
        canonical: the body is known to be in relaxed form; saves looking through it.

    Raises:
        Refused: it has no From, or a header that is none: no relay may send it either.
    """
    end = message.find(b"\r\n\r\n")
    head, start = (message[:end], end + 4) if end >= 0 else (message, len(message))
    fields = _relaxed_fields(head.removesuffix(b"\r\n"))
    if not fields[0]:
        raise Refused(0, "the message has no From, so nobody can sign it")
    digest = b64encode(_body_hash(message, start, canonical=canonical))
    shape = tuple(map(len, fields))
    dates = fields[_PLACE[b"date"]]
    # RFC 6376 §5.4.2: of several the lowest comes first.
    covered = b"\r\n".join(chain.from_iterable(reversed(found) for found in fields))
    date = dates[-1].partition(b":")[2] if dates else b""
    signatures = [_signature(key, shape, date, covered, digest) for key in keys]
    return b"".join((*signatures, message))


def _relaxed_fields(head: bytes) -> tuple[list[bytes], ...]:
    """The fields to be signed in relaxed form (RFC 6376 §3.4.2), by their place in `_SIGNED`."""
    if not head.count(b"\r") == head.count(b"\n") == head.count(b"\r\n"):
        raise Refused(0, "a header has a bare CR or LF: every line must end in CRLF")
    unfolded = head.replace(b"\r\n ", b" ").replace(b"\r\n\t", b" ")
    if b"  " in unfolded or b"\t" in unfolded:
        unfolded = _BLANKS.sub(b" ", unfolded)
    found: tuple[list[bytes], ...] = tuple([] for _ in _SIGNED)
    for line in unfolded.split(b"\r\n"):
        name, colon, value = line.partition(b":")
        if not colon:
            raise Refused(0, "the message has a header line without a name")
        name = name.rstrip(b" ").lower()
        place = _PLACE.get(name)
        if place is not None:
            found[place].append(b"%b:%b" % (name, value.strip(b" ")))
    return found


def _body_hash(message: bytes, start: int, *, canonical: bool) -> bytes:
    if canonical or is_canonical(message, start):
        return sha256(memoryview(message)[start:]).digest()
    return sha256(relaxed_body(message[start:])).digest()


def is_canonical(message: bytes, start: int = 0) -> bool:
    """Is the body of *message*, which begins at *start*, in relaxed form already?

    The quoted-printable of our mails is: then no octet need be copied.
    """
    if len(message) == start:
        return True
    return (
        message.endswith(b"\r\n")
        and not message.endswith(b"\r\n\r\n")
        and len(message) - start > 2
        and message.find(b"\t", start) < 0
        # From the end, which CPython does in half the time.
        and message.rfind(b"  ", start) < 0
        and message.rfind(b" \r\n", start) < 0
    )


def relaxed_body(body: bytes) -> bytes:
    """RFC 6376 §3.4.4: runs of blanks are one, none ends a line, no empty lines at the end."""
    # In this order each step is linear, however long a run of blanks is.
    squeezed = _BLANKS.sub(b" ", body).replace(b" \r\n", b"\r\n").removesuffix(b" ")
    end = len(squeezed)
    while squeezed.endswith(b"\r\n", 0, end):
        end -= 2
    return squeezed[:end] + b"\r\n" if end else b""


def _signature(
    key: Key, shape: tuple[int, ...], date: bytes, covered: bytes, digest: bytes
) -> bytes:
    begin, relaxed = _template(key, shape, date)
    value = key.private(b"%b\r\n%b%b; b=" % (covered, relaxed, digest))
    text = b64encode(value)
    room = _LINE - len(" b=")
    lines = [text[:room]]
    lines += (text[at : at + _LINE - 1] for at in range(room, len(text), _LINE - 1))
    return b"%b%b;\r\n b=%b\r\n" % (begin, digest, b"\r\n ".join(lines))


@lru_cache(maxsize=256)
def _template(key: Key, shape: tuple[int, ...], date: bytes) -> tuple[bytes, bytes]:
    """DKIM-Signature up to the body's hash: as it is written, and in relaxed form.

    Of all messages of an edition it is the same.
    """
    seconds = _seconds(date)
    names = [
        name.decode("ascii")
        for name, times in zip(_SIGNED, shape, strict=True)
        for _ in range(times + _spare(name, times))
    ]
    tags = [
        *("v=1;", f"a={key.algorithm};", "c=relaxed/relaxed;"),
        *(f"d={key.domain};", f"s={key.selector};"),
        *((f"t={seconds};",) if seconds is not None else ()),
    ]
    # Only between tags and behind a colon may a line break stand.
    listed = [*(f"{name}:" for name in names[:-1]), f"{names[-1]};"]
    lines, line = [], "DKIM-Signature:"
    for tag in tags:
        if len(line) + 1 + len(tag) > _LINE:
            lines.append(line)
            line = ""
        line += " " + tag
    lines.append(line)
    line = " h="
    for name in listed:
        if len(line) + len(name) > _LINE:
            lines.append(line)
            line = " "
        line += name
    lines += [line, " bh="]
    written = "\r\n".join(lines)
    # A fold and the blank behind it are one blank.
    value = written.partition(":")[2].replace("\r\n", "").strip()
    return written.encode("ascii"), f"dkim-signature:{value}".encode("ascii")


def _spare(name: bytes, times: int) -> int:
    return int(name in _GUARDED and (times > 0 or name in _EVEN_ABSENT))


def _seconds(date: bytes) -> int | None:
    """What t= says; None for a Date that nobody can read."""
    try:
        moment = parsedate_to_datetime(date.decode("ascii"))
    except (ValueError, TypeError):
        return None
    # "-0000" is UTC too, said by a machine that does not know where it is (RFC 5322 §3.3).
    seconds = int((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp())
    return seconds if seconds >= 0 else None
