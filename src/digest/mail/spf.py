"""Who may send in a domain's name, as its SPF record says (RFC 7208), and whether that holds.

`read_spf` asks for the whole tree of records once; everything else is pure and judges the tree.
Senders' addresses are not checked one by one as a receiver does: macros stay unknown.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Final, Protocol

from digest.errors import DnsError
from digest.mail.records import Diagnosis, Publish, Remark, Verdict, diagnose

#: RFC 7208 §4.6.4: questions that a receiver asks, and answers with nothing in them.
MOST_LOOKUPS: Final = 10
MOST_VOID: Final = 2
#: Hosts of one mx that a receiver looks at.
_MOST_MX: Final = 10
#: Where we stop: far past what any receiver does.
_PATIENCE: Final = 40

_ASKING: Final = frozenset(("include", "a", "mx", "ptr", "exists", "redirect"))
_TERM = re.compile(
    r"(?P<qualifier>[+?~-])?(?P<kind>[A-Za-z][A-Za-z0-9_.-]*)(?P<sign>[:=/])?(?P<value>.*)"
)
_SIZES = re.compile(r"(?P<host>[^/]*)(?:/(?P<four>\d{1,2}))?(?://(?P<six>\d{1,3}))?")

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network


class Asks(Protocol):
    async def txt(self, name: str) -> tuple[str, ...]: ...
    async def mx(self, domain: str) -> tuple[str, ...]: ...
    async def addresses(self, host: str) -> tuple[str, ...]: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Term:
    """One word of a record, and what it led to."""

    text: str
    qualifier: str = "+"
    #: In small letters.
    kind: str = ""
    #: Host or network; "" is the domain itself.
    value: str = ""
    networks: tuple[Network, ...] = ()
    #: Of include and redirect.
    child: "Spf | None" = None
    #: Asked, and there was nothing.
    void: bool = False
    #: It depends on who sends, or nobody answered.
    unknown: bool = False
    #: Why no receiver can follow it; "" if one can.
    fault: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Spf:
    """A domain's record, with all that it includes."""

    domain: str
    #: TXT records that call themselves SPF's; exactly one should be there.
    records: tuple[str, ...] = ()
    terms: tuple[Term, ...] = field(default=())

    @property
    def sound(self) -> bool:
        return len(self.records) == 1

    def followed(self) -> Iterator[Term]:
        """Terms that a receiver may get to: none behind "all", and no redirect beside one."""
        last = next((at for at, term in enumerate(self.terms) if term.kind == "all"), None)
        for at, term in enumerate(self.terms):
            if last is None or (at <= last and term.kind != "redirect"):
                yield term


# ---------------------------------------------------------------------- reading


async def read_spf(dns: Asks, domain: str) -> Spf:
    """Read the record of *domain* and all that it leads to.

    Raises:
        DnsError: nobody answered about the domain itself.
    """
    return await _Reading(dns).record(domain, ())


class _Reading:
    def __init__(self, dns: Asks) -> None:
        self._dns = dns
        self._left = _PATIENCE

    async def record(self, domain: str, above: tuple[str, ...]) -> Spf:
        texts = await self._dns.txt(domain)
        records = tuple(text for text in texts if is_record(text))
        if len(records) != 1:
            return Spf(domain=domain, records=records)
        spf = Spf(domain=domain, records=records, terms=parse(records[0]))
        known = {
            id(term): await self._asked(term, (*above, domain.lower())) for term in spf.followed()
        }
        return replace(spf, terms=tuple(known.get(id(term), term) for term in spf.terms))

    async def _asked(self, term: Term, path: tuple[str, ...]) -> Term:
        if term.fault or term.kind not in _ASKING:
            return term
        if term.kind in ("ptr", "exists") or "%" in term.value or self._left <= 0:
            return replace(term, unknown=True)
        self._left -= 1
        try:
            if term.kind in ("include", "redirect"):
                return await self._child(term, path)
            return await self._hosts(term, path[-1])
        except DnsError:
            return replace(term, unknown=True)

    async def _child(self, term: Term, path: tuple[str, ...]) -> Term:
        if term.value.lower().rstrip(".") in path:
            return replace(term, fault=f"{term.text} leads back to itself")
        child = await self.record(term.value.lower().rstrip("."), path)
        if child.sound:
            return replace(term, child=child)
        told = f"{len(child.records)} SPF records" if child.records else "no SPF record"
        fault = f"{term.text} leads to {told}"
        return replace(term, child=child, void=not child.records, fault=fault)

    async def _hosts(self, term: Term, domain: str) -> Term:
        found = _SIZES.fullmatch(term.value)
        if found is None:
            return replace(term, fault=f"{term.text} is no SPF")
        host = found["host"] or domain
        hosts: Sequence[str] = [host]
        if term.kind == "mx":
            hosts = [one for one in await self._dns.mx(host) if one][:_MOST_MX]
        addresses = [ip for one in hosts for ip in await self._dns.addresses(one)]
        sizes = {4: found["four"] or "32", 6: found["six"] or "128"}
        try:
            networks = tuple(
                ip_network(f"{ip}/{sizes[ip_address(ip).version]}", strict=False)
                for ip in addresses
            )
        except ValueError:
            return replace(term, fault=f"{term.text} has no such size of network")
        return replace(term, networks=networks, void=not networks)


def is_record(text: str) -> bool:
    """RFC 7208 §4.5: the version alone, or with a space behind it."""
    return text.lower() == "v=spf1" or text.lower().startswith("v=spf1 ")


def parse(record: str) -> tuple[Term, ...]:
    """The terms of a record; those that are none have a fault."""
    return tuple(_term(word) for word in record.split(" ")[1:] if word)


def _term(word: str) -> Term:
    found = _TERM.fullmatch(word)
    if found is None:
        return Term(text=word, fault=f"{word!r} is no SPF")
    kind, sign, value = found["kind"].lower(), found["sign"], found["value"]
    if sign == "=":
        # A modifier: unknown ones are allowed and mean nothing.
        fault = f"{word} names no domain" if kind == "redirect" and not value else ""
        return Term(text=word, kind=kind if kind == "redirect" else "", value=value, fault=fault)
    term = Term(
        text=word,
        qualifier=found["qualifier"] or "+",
        kind=kind,
        value=f"/{value}" if sign == "/" else value,
    )
    if kind in ("ip4", "ip6"):
        return _network(term)
    if kind in ("include", "exists") and not value:
        return replace(term, fault=f"{word} names no domain")
    if kind not in (*_ASKING, "all") or kind == "redirect":
        return replace(term, fault=f"{word!r} is no SPF")
    return term


def _network(term: Term) -> Term:
    try:
        network = ip_network(term.value, strict=False)
    except ValueError:
        return replace(term, fault=f"{term.text} is no network")
    if network.version != int(term.kind[-1]):
        return replace(term, fault=f"{term.text} is a network of the other kind")
    return replace(term, networks=(network,))


# -------------------------------------------------------------------- judgement


def lookups(spf: Spf) -> int:
    """Questions that a receiver asks at most, the record itself not counted (§4.6.4)."""
    return sum(
        1 + (lookups(term.child) if term.child else 0)
        for term in spf.followed()
        if term.kind in _ASKING
    )


def voids(spf: Spf) -> int:
    """How many of them have no answer."""
    return sum(int(term.void) + (voids(term.child) if term.child else 0) for term in spf.followed())


def faults(spf: Spf) -> tuple[str, ...]:
    """What makes receivers give the whole record up (permerror)."""
    found: list[str] = []
    # A word that is none spoils the record wherever it stands (§4.6).
    for term in spf.terms:
        if term.fault:
            found.append(term.fault)
        elif term.child:
            found += faults(term.child)
    return tuple(found)


def result(spf: Spf, ip: str) -> str | None:
    """What the record says of a sender's address: "+" pass, "-" fail, "~" softfail, "?" neutral.

    None: it cannot be known from here.
    """
    address = ip_address(ip)
    doubt = False
    for term in spf.followed():
        if term.kind == "redirect":
            continue
        matches = _matches(term, address)
        if matches is None:
            doubt = True
        elif matches:
            # Whatever came before may have said something else, but nothing better than yes.
            return None if doubt and term.qualifier != "+" else term.qualifier
    onward = next((term for term in spf.followed() if term.kind == "redirect"), None)
    if doubt or (onward is not None and onward.child is None):
        return None
    return result(onward.child, ip) if onward is not None and onward.child is not None else "?"


def _matches(term: Term, address: Address) -> bool | None:
    if term.kind == "all":
        return True
    if term.unknown:
        return None
    if term.kind == "include" and term.child is not None:
        inner = result(term.child, str(address))
        return None if inner is None else inner == "+"
    return any(address in network for network in term.networks)


def ending(spf: Spf) -> str | None:
    """What the record says of everybody else; None without an "all" or where it is unknown."""
    for term in spf.followed():
        if term.kind == "all":
            return term.qualifier
        if term.kind == "redirect":
            return ending(term.child) if term.child else None
    return None


def judge_spf(
    spf: Spf,
    *,
    senders: Sequence[str] = (),
    perhaps: Sequence[str] = (),
    includes: Sequence[str] = (),
) -> Diagnosis:
    """Is the record sound, short enough, and does it let our relays send?

    Args:
        senders: addresses that the mail comes from.
        perhaps: addresses of relays of somebody else, which may send from others.
        includes: what relays' owners want in the record, such as "include:spf.relay.example".
    """
    wanted = " ".join((*includes, *_by_address((*senders, *perhaps))))
    if not spf.records:
        told = "there is no SPF record; Gmail, Yahoo and Outlook want one"
        fix = "publish the record" + ("" if wanted else ", with your relay's address in it")
        value = f"v=spf1 {wanted or 'ip4:ADDRESS'} ~all"
        remark = Remark(Verdict.WRONG, told, fix)
        return diagnose("spf", spf.domain, [remark], Publish(name=spf.domain, value=value))
    if not spf.sound:
        told = f"{len(spf.records)} SPF records stand there, so none counts"
        value = _one_of(spf.records)
        remark = Remark(Verdict.WRONG, told, "put them into one")
        return diagnose("spf", spf.domain, [remark], Publish(name=spf.domain, value=value))
    remarks = [*_about_record(spf), *_about_length(spf), *_about_end(spf)]
    missing = [ip for ip in senders if result(spf, ip) not in ("+", None)]
    strange = [ip for ip in perhaps if result(spf, ip) not in ("+", None)]
    absent = [word for word in includes if not names(spf, word)]
    remarks += _about_senders(spf, (*senders, *perhaps), missing, strange, absent)
    publish = None
    if missing or absent or any(remark.fix.startswith("end it") for remark in remarks):
        added = (*absent, *_by_address(missing))
        publish = Publish(name=spf.domain, value=_corrected(spf, added))
    return diagnose("spf", spf.domain, remarks, publish)


def names(spf: Spf, include: str) -> bool:
    """Does the record, or one that it includes, have the word *include*?"""
    return any(
        term.text.lstrip("+").lower() == include or (term.child and names(term.child, include))
        for term in spf.followed()
    )


def _about_record(spf: Spf) -> Iterator[Remark]:
    broken = faults(spf)
    if broken:
        told = f"receivers give it up: {broken[0]}"
        yield Remark(Verdict.WRONG, told, "correct that, or take it out")
    if len(spf.records[0]) > 450:
        told = f"it has {len(spf.records[0])} characters, and long answers get lost"
        yield Remark(Verdict.WEAK, told, "make it shorter than 450")
    if any(term.kind == "ptr" for term in spf.followed()):
        yield Remark(Verdict.WEAK, "it uses ptr, which is slow and given up", "name addresses")


def _about_length(spf: Spf) -> Iterator[Remark]:
    asked, empty = lookups(spf), voids(spf)
    if asked > MOST_LOOKUPS:
        told = f"it takes {asked} lookups and receivers stop at {MOST_LOOKUPS}"
        yield Remark(Verdict.WRONG, told, "take out includes that nobody needs any more")
    elif empty > MOST_VOID:
        told = f"{empty} of its lookups find nothing and receivers stop at {MOST_VOID}"
        yield Remark(Verdict.WRONG, told, "take out what is gone")


def _about_end(spf: Spf) -> Iterator[Remark]:
    end = ending(spf)
    if end == "+":
        told = "it ends in +all: anybody may send in your name"
        yield Remark(Verdict.WRONG, told, "end it in ~all")
    elif end == "?":
        yield Remark(Verdict.WEAK, "it ends in ?all, which says nothing", "end it in ~all")
    elif end is None and not any(term.unknown for term in spf.followed()):
        yield Remark(Verdict.WEAK, "it does not say who may not send", "end it in ~all")


def _about_senders(
    spf: Spf,
    senders: Sequence[str],
    missing: Sequence[str],
    strange: Sequence[str],
    absent: Sequence[str],
) -> Iterator[Remark]:
    unsure = [ip for ip in senders if result(spf, ip) is None]
    if missing:
        told = f"it does not let {', '.join(missing)} send, and that is your relay"
        yield Remark(Verdict.WRONG, told, "publish the record")
    if absent:
        told = f"it does not have {' '.join(absent)}, which your relay's owner asks for"
        fix = "publish the record, unless bounces go to a domain of the relay's owner"
        yield Remark(Verdict.WEAK, told, fix)
    if strange:
        told = f"it does not let {', '.join(strange)} send; what your relay sends from, it knows"
        yield Remark(Verdict.UNKNOWN, told, "ask its owner what to include")
    if unsure:
        told = f"whether it lets {', '.join(unsure)} send cannot be known from here"
        yield Remark(Verdict.UNKNOWN, told, "send a proof and look for spf=pass")
    if missing or absent or strange or unsure:
        return
    asked = f"{lookups(spf)} of {MOST_LOOKUPS} lookups"
    if senders:
        yield Remark(Verdict.OK, f"it lets {', '.join(senders)} send; {asked}")
    else:
        told = "which addresses your relay sends from cannot be known from here"
        yield Remark(Verdict.OK, f"the record is sound; {told}; {asked}")


def _corrected(spf: Spf, added: Sequence[str]) -> str:
    """The record with *added* in front, and an end that says something."""
    words = [word for word in spf.records[0].split(" ")[1:] if word]
    ends = [term.text for term in spf.terms if term.kind == "all"]
    if ending(spf) in ("-", "~"):
        end = ends[:1]
    elif any(term.kind == "redirect" for term in spf.followed()):
        end = []
    else:
        end = ["~all"]
    return " ".join(("v=spf1", *added, *(word for word in words if word not in ends), *end))


def _by_address(senders: Sequence[str]) -> list[str]:
    return [f"ip{ip_address(ip).version}:{ip}" for ip in senders]


def _one_of(records: Sequence[str]) -> str:
    """Several records as one: all that each allows, and the strictest end."""
    words = dict.fromkeys(word for record in records for word in record.split(" ")[1:] if word)
    ends = [word for word in words if word.lower().lstrip("+-~?") == "all"]
    end = "-all" if "-all" in ends else "~all"
    return " ".join(("v=spf1", *(word for word in words if word not in ends), end))
