"""Pure: what the records that receivers look at say, and how that is.

`Diagnosis` is one judgement in plain words, with the record to publish.  Here are the shorter
ones: DKIM keys, mail exchangers, names of addresses.  SPF is in `spf`, DMARC in `dmarc`.  Nothing
here asks anybody: what name servers said is an argument.
"""

import re
from base64 import b64decode
from binascii import Error as NotBase64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from ipaddress import ip_address
from typing import Final

from digest.mail.dkim import USUAL_RSA, Key


class Verdict(StrEnum):
    OK = "ok"
    #: It works, and somebody will trust it less than they could.
    WEAK = "weak"
    #: Mail is refused, goes to spam, or is lost.
    WRONG = "wrong"
    #: Nobody answered, or it cannot be known from here.
    UNKNOWN = "unknown"


#: The worse one counts.
_GRAVITY: Final = (Verdict.OK, Verdict.UNKNOWN, Verdict.WEAK, Verdict.WRONG)


@dataclass(frozen=True, slots=True, kw_only=True)
class Publish:
    """A record as it is to stand in DNS, in place of what stands there."""

    name: str
    value: str
    kind: str = "TXT"


@dataclass(frozen=True, slots=True, kw_only=True)
class Diagnosis:
    """What was looked at, what was found there, and what to do about it."""

    #: A word for programs: "spf", "dkim", "relay" …
    check: str
    #: The domain, host or relay that it is about.
    about: str
    verdict: Verdict
    found: str
    #: "" when there is nothing to do.
    fix: str = ""
    publish: Publish | None = None


@dataclass(frozen=True, slots=True)
class Remark:
    """One thing found; several make a `Diagnosis`."""

    verdict: Verdict
    found: str
    fix: str = ""


def diagnose(
    check: str, about: str, remarks: Sequence[Remark], publish: Publish | None = None
) -> Diagnosis:
    """One diagnosis of several remarks: the gravest verdict, all that was found, all fixes."""
    worst = max((one.verdict for one in remarks), key=_GRAVITY.index)
    return Diagnosis(
        check=check,
        about=about,
        verdict=worst,
        found="; ".join(dict.fromkeys(one.found for one in remarks if one.found)),
        fix="; ".join(dict.fromkeys(one.fix for one in remarks if one.fix)),
        publish=publish,
    )


def unanswered(check: str, about: str) -> Diagnosis:
    """Nobody said anything about it."""
    return Diagnosis(
        check=check,
        about=about,
        verdict=Verdict.UNKNOWN,
        found="no name server answered",
        fix="try again, or name another `nameserver` in [mail]",
    )


def tags_of(text: str) -> tuple[dict[str, str], tuple[str, ...]]:
    """Tags of a DKIM or DMARC record in their order, and what in it is none.

    Of a name that comes twice the first is kept: RFC 6376 §3.2 calls such a record broken, and
    readers differ.
    """
    tags: dict[str, str] = {}
    odd = []
    for part in text.split(";"):
        name, equals, value = part.partition("=")
        name = name.strip().lower()
        if not part.strip():
            continue
        if not equals or not re.fullmatch(r"[a-z][a-z0-9_]*", name) or name in tags:
            odd.append(part.strip()[:60])
            continue
        tags[name] = value.strip()
    return tags, tuple(odd)


# ------------------------------------------------------------------------- DKIM


def judge_key(key: Key, texts: Sequence[str]) -> Diagnosis:
    """Does the record of a key say what the key wants (RFC 6376 §3.6.1)?

    Args:
        texts: TXT records at `Key.name`.
    """
    publish = Publish(name=key.name, value=key.record)
    if not texts:
        remark = Remark(
            Verdict.WRONG,
            "there is no such record, so our signatures cannot be believed",
            "publish the record",
        )
        return diagnose("dkim", key.name, [remark], publish)
    if len(texts) > 1:
        remark = Remark(
            Verdict.WRONG,
            f"{len(texts)} TXT records stand there and only one may",
            "leave only ours",
        )
        return diagnose("dkim", key.name, [remark], publish)
    tags, odd = tags_of(texts[0])
    remarks = list(_about_record(key, tags, odd))
    if remarks:
        return diagnose("dkim", key.name, remarks, publish)
    kind = "Ed25519" if key.algorithm == "ed25519-sha256" else f"RSA, {key.bits} bits"
    return diagnose("dkim", key.name, [Remark(Verdict.OK, f"our key is published ({kind})")])


def _about_record(key: Key, tags: Mapping[str, str], odd: Sequence[str]) -> list[Remark]:
    wrong = Verdict.WRONG
    remarks = []
    if tags.get("v", "DKIM1") != "DKIM1" or ("v" in tags and next(iter(tags)) != "v"):
        remarks.append(Remark(wrong, 'it does not begin with "v=DKIM1"', "publish ours instead"))
    if odd:
        remarks.append(Remark(wrong, f"it has {odd[0]!r} in it", "publish ours instead"))
    if "p" not in tags:
        remarks.append(Remark(wrong, "it holds no key", "publish ours instead"))
    elif not tags["p"]:
        told = "the key is revoked (p= is empty)"
        remarks.append(Remark(wrong, told, "make a new one: digest dkim new"))
    elif _octets(tags["p"]) != key.public:
        told = "another key stands there than the one that signs"
        remarks.append(Remark(wrong, told, "publish ours, or sign with the key that belongs to it"))
    if tags.get("k", "rsa") != key.algorithm.partition("-")[0]:
        remarks.append(Remark(wrong, f"it says k={tags.get('k', 'rsa')}", "publish ours instead"))
    if "sha256" not in _listed(tags.get("h", "sha256")):
        remarks.append(Remark(wrong, "its h= does not allow sha256", "take h= out"))
    if not {"*", "email"} & _listed(tags.get("s", "*")):
        remarks.append(Remark(wrong, "its s= does not allow mail", "take s= out"))
    if "y" in _listed(tags.get("t", "")):
        told = "it says t=y: we are testing, treat our mail as if it were not signed"
        remarks.append(Remark(Verdict.WEAK, told, "take t=y out"))
    if key.algorithm == "rsa-sha256" and key.bits < USUAL_RSA:
        told = f"the key has {key.bits} bits"
        fix = f"make one of {USUAL_RSA}, publish it, then sign with it: digest dkim new"
        remarks.append(Remark(Verdict.WEAK, told, fix))
    return remarks


def _listed(value: str) -> set[str]:
    return {one.strip().lower() for one in value.split(":")}


def _octets(text: str) -> bytes:
    try:
        return b64decode("".join(text.split()), validate=True)
    except (NotBase64, ValueError):
        return b""


def judge_keys(keys: Sequence[Key], *, relay_signs: bool) -> Diagnosis | None:
    """Is what signs enough?  None: it is.

    Args:
        relay_signs: every way out belongs to somebody who signs by themselves.
    """
    if not keys and relay_signs:
        return Diagnosis(
            check="dkim",
            about="[[dkim]]",
            verdict=Verdict.UNKNOWN,
            found="Digest does not sign; whoever takes its mail usually does",
            fix="send a proof to yourself and look for dkim=pass in Authentication-Results",
        )
    if not keys:
        return Diagnosis(
            check="dkim",
            about="[[dkim]]",
            verdict=Verdict.WEAK,
            found="Digest does not sign; Gmail, Yahoo and Outlook want it signed",
            fix="let the relay sign, with d= of your From domain, or make a key: digest dkim new",
        )
    if all(key.algorithm == "ed25519-sha256" for key in keys):
        return Diagnosis(
            check="dkim",
            about="[[dkim]]",
            verdict=Verdict.WEAK,
            found="there are only Ed25519 keys, and the large providers do not check those yet",
            fix="add an RSA key: digest dkim new",
        )
    return None


# --------------------------------------------------------------------------- MX


def judge_mx(
    domain: str,
    hosts: Sequence[str],
    *,
    addresses: Mapping[str, Sequence[str]],
    why: str,
) -> Diagnosis:
    """Can mail to *domain* arrive?

    Args:
        hosts: as `Dns.mx` gives them.
        addresses: of each of the hosts; of the domain itself where there are none.
        why: what mail goes there, for the sentence.
    """
    if tuple(hosts) == ("",):
        told = f"it says that it takes no mail (RFC 7505), and {why}"
        remark = Remark(Verdict.WRONG, told, "publish an MX record, or choose another domain")
        return diagnose("mx", domain, [remark])
    if not hosts and addresses.get(domain):
        told = f"there is no MX record; {why}, to the host itself"
        return diagnose("mx", domain, [Remark(Verdict.WEAK, told, "publish an MX record")])
    if not hosts:
        told = f"nothing takes its mail, and {why}"
        remark = Remark(Verdict.WRONG, told, "publish an MX record, or choose another domain")
        return diagnose("mx", domain, [remark])
    deaf = [host for host in hosts if not addresses.get(host)]
    if len(deaf) == len(hosts):
        told = f"its mail exchangers have no address ({', '.join(deaf)}), and {why}"
        return diagnose("mx", domain, [Remark(Verdict.WRONG, told, "correct the MX record")])
    remarks = [Remark(Verdict.OK, f"mail goes to {', '.join(hosts)}")]
    if deaf:
        told = f"{', '.join(deaf)} has no address"
        remarks.append(Remark(Verdict.WEAK, told, "take it out of the MX records"))
    return diagnose("mx", domain, remarks)


# -------------------------------------------------------------------------- PTR


def judge_ptr(ip: str, names: Sequence[str], *, forward: Mapping[str, Sequence[str]]) -> Diagnosis:
    """Has an address a name that leads back to it, and one of its own?

    Args:
        forward: addresses of each of *names*.
    """
    owner = "whoever gives you the address sets it: ask them for the relay's host name"
    if not names:
        told = "this address has no name (PTR), and Gmail refuses mail from such"
        return diagnose("ptr", ip, [Remark(Verdict.WRONG, told, owner)])
    back = [name for name in names if ip_address(ip) in map(ip_address, forward.get(name, ()))]
    if not back:
        told = f"its name {names[0]} does not lead back to it"
        fix = "publish an address record of that name, or have the name changed"
        return diagnose("ptr", ip, [Remark(Verdict.WRONG, told, fix)])
    if all(_is_generic(name, ip) for name in back):
        told = f"its name {back[0]} looks like any customer's of the network, and Yahoo minds"
        return diagnose("ptr", ip, [Remark(Verdict.WEAK, told, owner)])
    return diagnose("ptr", ip, [Remark(Verdict.OK, f"its name is {back[0]}, and leads back")])


def _is_generic(name: str, ip: str) -> bool:
    address = ip_address(ip)
    if address.version == 6:
        return address.exploded.replace(":", "") in name.replace("-", "").replace(".", "")
    parts = [str(int(part)) for part in re.findall(r"\d+", name)]
    octets = ip.split(".")
    return any(parts[at : at + 4] in (octets, octets[::-1]) for at in range(len(parts) - 3))
