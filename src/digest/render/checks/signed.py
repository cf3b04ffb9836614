"""Rows about who signed a mail, for what, and whether that speaks for the sender (M11, M15, M16).

The message alone tells what its signatures cover, whether the body is still the one that was
signed, and for which domains they speak.  Keys and policies stand in DNS, where nobody is asked
from here: `digest doctor` asks.
"""

import re
from base64 import b64decode
from binascii import Error as NotBase64
from collections.abc import Mapping, Sequence
from hashlib import sha256

from digest.render.checks.findings import Notes
from digest.render.checks.headers import mailboxes
from digest.render.checks.octets import Opened, Part

#: What requirements name besides From: RFC 6376 §5.4.1, and List-Id, Feedback-ID.
_SIGNED = (
    *("subject", "date", "to", "message-id", "mime-version", "content-type", "reply-to"),
    *("list-id", "feedback-id"),
)
_ONE_CLICK = ("list-unsubscribe", "list-unsubscribe-post")
_NEEDED = ("v", "a", "d", "s", "h", "bh", "b")


def check_signatures(message: Opened, notes: Notes, *, envelope_from: str = "") -> None:
    """M15, M16, and of M11 what is about the signature."""
    signatures = [_tags(found.raw) for found in message.root.all("DKIM-Signature")]
    for tags in signatures:
        _form(tags, notes)
        _covered(tags, message.root, notes)
        _body(tags, message.octets, notes)
    if signatures:
        notes.open("M15", "whether the key in DNS is that of the signature: `digest doctor` asks")
    else:
        fields = "From, and both List-Unsubscribe fields (RFC 8058)"
        text = "Digest does not sign (there is no [[dkim]]): the relay must"
        notes.open("M11", f"{text}, and name both List-Unsubscribe fields in h=")
        notes.open("M15", f"{text}, and cover {fields}")
    _speaking(message.root, signatures, notes, envelope_from)


def _tags(raw: str) -> dict[str, str]:
    return {
        name.strip(): "".join(value.split())
        for name, _, value in (tag.partition("=") for tag in raw.split(";"))
        if name.strip()
    }


def _form(tags: Mapping[str, str], notes: Notes) -> None:
    missing = [f"{name}=" for name in _NEEDED if not tags.get(name)]
    if missing:
        notes.fail("M15", f"the signature has no {', '.join(missing)}")
    if tags.get("a", "").lower() not in ("rsa-sha256", "ed25519-sha256"):
        notes.fail("M15", f"a={tags.get('a', '')}; sign with rsa-sha256 or ed25519-sha256")
    form = tags.get("c", "simple/simple").lower()
    if form != "relaxed/relaxed":
        text = f"c={form}: a relay that folds a line breaks it; take relaxed/relaxed"
        notes.fail("M15", text, level="should")
    if "l" in tags:
        notes.fail("M15", "l= lets anybody add to the body; leave it out")
    if not re.fullmatch(r"\d{1,12}", tags.get("t", "")):
        notes.fail("M15", "t= does not say when it was signed", level="should")


def _covered(tags: Mapping[str, str], root: Part, notes: Notes) -> None:
    signed = tags.get("h", "").lower().split(":")
    if "from" not in signed:
        notes.fail("M15", "h= does not name From")
    elif signed.count("from") < 2:
        notes.fail("M15", "h= names From once; twice keeps a second one out", level="should")
    left = [name for name in _SIGNED if root.first(name) and name not in signed]
    if left:
        notes.fail("M15", f"h= does not name {', '.join(left)}", level="should")
    missing = [name for name in _ONE_CLICK if root.first(name) and name not in signed]
    if missing:
        notes.fail("M11", f"h= of the DKIM signature does not name {', '.join(missing)}")


def _body(tags: Mapping[str, str], octets: bytes, notes: Notes) -> None:
    """Whether the body is the one that was signed; of the relaxed form only."""
    if "l" in tags or not tags.get("bh") or not tags.get("c", "").lower().endswith("/relaxed"):
        return
    try:
        wanted = b64decode(tags["bh"], validate=True)
    except (NotBase64, ValueError):
        wanted = b""
    if wanted != sha256(_relaxed(octets)).digest():
        notes.fail("M15", "the body is not the one that was signed (bh=): sign what leaves")


def _relaxed(octets: bytes) -> bytes:
    """The body as RFC 6376 §3.4.4 has it hashed."""
    _, _, body = octets.partition(b"\r\n\r\n")
    lines = [re.sub(rb"[ \t]+", b" ", line).removesuffix(b" ") for line in body.split(b"\r\n")]
    while lines and not lines[-1]:
        lines.pop()
    return b"".join(line + b"\r\n" for line in lines)


# ------------------------------------------------------------------ for whom it speaks


def _speaking(
    root: Part, signatures: Sequence[Mapping[str, str]], notes: Notes, envelope_from: str
) -> None:
    author = next((address for _, address in mailboxes(root.first("From"))), "")
    domain = _domain(author)
    if not domain:
        return
    signers = {_domain(tags.get("d", "")) for tags in signatures} - {""}
    envelope = _domain(envelope_from)
    aligned = any(_may_be_one(signer, domain) for signer in signers)
    if signers and not aligned:
        told = ", ".join(sorted(signers))
        text = f"d={told} does not speak for {domain}, which readers see"
        notes.fail("M16", f"{text}; set domain of the [[dkim]] key to {domain}")
    if envelope and not _may_be_one(envelope, domain):
        # One of the two is enough for DMARC; without a signature of ours the relay's must be it.
        text = f"the envelope's domain {envelope} does not speak for {domain}"
        needed = "" if aligned else f"; whoever signs must do so with d={domain}"
        advice = f"take an address of {domain} for [returns]{needed}"
        notes.warn("M16", f"{text}: {advice}", level="should")
    others = sorted(
        other for other in {*signers, envelope} - {"", domain} if aligned or not signers
    )
    near = [other for other in others if _may_be_one(other, domain)]
    if near:
        told = f"whether {' and '.join(near)} and {domain} are one organisation's"
        notes.open("M16", f"{told} stands in DNS: `digest doctor` asks")
    notes.open("M16", "SPF, DMARC and the keys of DKIM stand in DNS: `digest doctor` asks")


def _domain(address: str) -> str:
    name = address.rpartition("@")[2].strip().lower().rstrip(".")
    try:
        return name.encode("idna").decode("ascii") if name else ""
    except UnicodeError:
        return name


def _may_be_one(one: str, other: str) -> bool:
    """Whether two domains may belong to one organisation: the same, or under one that is no TLD.

    Where an organisation ends stands in DNS (RFC 9989 §4.10); that two have nothing in common but
    ".org" is enough to know that they are two.
    """
    return one == other or (
        one.split(".")[-2:] == other.split(".")[-2:] and min(one.count("."), other.count(".")) > 0
    )
