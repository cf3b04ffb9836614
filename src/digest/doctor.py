"""Will what is sent arrive?  A look at everything that mailbox providers look at.

`examine` reads config.toml, asks name servers and knocks at the relays; each of its judgements is
a pure function of `mail.records`, `mail.spf`, `mail.dmarc` or `mail.looking`.  It sends nothing,
opens no database and changes nothing, so it may run at any time, before the first mail too.
"""

import asyncio
import os
import shutil
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from ipaddress import ip_address
from pathlib import Path
from typing import Final, Protocol

from digest.addresses import domain_of, parse_domain
from digest.errors import ConfigError, DnsError
from digest.mail import dmarc, looking, records, spf
from digest.mail.dkim import Key
from digest.mail.dns import Dns
from digest.mail.records import Diagnosis, Remark, Verdict, diagnose
from digest.mail.signing import load_keys
from digest.settings import Loaded, Relay, Settings, reveal

#: What owners of relays want in the SPF record, by what the relay's host ends in.
_INCLUDES: Final = {
    "amazonaws.com": "include:amazonses.com",
    "mailgun.org": "include:mailgun.org",
    "postmarkapp.com": "include:spf.mtasv.net",
    "sendgrid.net": "include:sendgrid.net",
    "mailjet.com": "include:spf.mailjet.com",
    "messagingengine.com": "include:spf.messagingengine.com",
    "gmail.com": "include:_spf.google.com",
    "office365.com": "include:spf.protection.outlook.com",
}
#: The same for those that are spoken to over HTTP.
_INCLUDES_OVER_HTTP: Final = {
    "ses": "include:amazonses.com",
    "mailgun": "include:mailgun.org",
    "postmark": "include:spf.mtasv.net",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Case:
    """What there is to look at."""

    loaded: Loaded
    environ: Mapping[str, str]
    now: datetime
    dns: Dns
    look: "Look"
    keys: tuple[Key, ...] = ()

    @property
    def settings(self) -> Settings:
        return self.loaded.settings

    @property
    def sender(self) -> str:
        """Domain of From."""
        return _plain(domain_of(self.settings.mail.from_address))

    @property
    def envelope(self) -> str:
        """Domain of the envelope sender, which SPF is asked about."""
        return _plain(domain_of(self.settings.returns.address)) or self.sender

    @property
    def relays(self) -> tuple[tuple[str, Relay], ...]:
        if self.settings.relays:
            return tuple((relay.name, relay) for relay in self.settings.relays)
        return (("[mail]", self.settings.mail),)

    def ehlo_name(self, relay: Relay) -> str:
        return _plain(relay.ehlo_name) or self.sender


class Look(Protocol):
    """See `looking.look`."""

    async def __call__(
        self, relay: Relay, *, ehlo_name: str, password: str | None, base: Path
    ) -> looking.Seen: ...


async def examine(
    loaded: Loaded,
    *,
    environ: Mapping[str, str],
    now: datetime,
    look: Look = looking.look,
) -> tuple[Diagnosis, ...]:
    """Look at everything at once; the order of what comes back is that of a mail's way.

    Never fails: what cannot be known is a diagnosis too.

    Args:
        look: knocks at a relay.
    """
    keys, unusable = _keys(loaded, environ)
    case = _Case(
        loaded=loaded,
        environ=environ,
        now=now,
        dns=Dns(loaded.settings.mail.nameserver),
        look=look,
        keys=keys,
    )
    asked: list[tuple[str, str, Callable[[_Case], Awaitable[list[Diagnosis]]]]] = [
        ("spf", case.envelope, _spf),
        ("dkim", case.sender, _dkim),
        ("dmarc", case.sender, _dmarc),
        ("mx", case.sender, _mx),
        ("relay", "", _relays),
        ("ptr", "", _ptr),
        ("ehlo", "", _ehlo),
    ]
    seen = await asyncio.gather(
        *(_answered(check, about, ask(case)) for check, about, ask in asked)
    )
    found = [*_site(case.settings), *_from(case.settings), *unusable]
    for some in seen:
        found += some
    return (*found, *_coming_back(case.settings), *_desk(case.settings))


async def published(loaded: Loaded, keys: Sequence[Key]) -> tuple[Diagnosis, ...]:
    """Do name servers have the record of each of *keys*?  In their order."""
    return tuple(await _published(Dns(loaded.settings.mail.nameserver), keys))


def is_well(found: Sequence[Diagnosis]) -> bool:
    """Nothing is wrong; what is weak or unknown does not count."""
    return all(one.verdict is not Verdict.WRONG for one in found)


async def _answered(check: str, about: str, asked: Awaitable[list[Diagnosis]]) -> list[Diagnosis]:
    try:
        return await asked
    except DnsError:
        return [records.unanswered(check, about)]


def _keys(loaded: Loaded, environ: Mapping[str, str]) -> tuple[tuple[Key, ...], list[Diagnosis]]:
    try:
        return load_keys(loaded.settings, base=loaded.base, environ=environ), []
    except ConfigError as error:
        told = [Remark(Verdict.WRONG, fault, "correct the key") for fault in error.faults]
        return (), [diagnose("dkim", "[[dkim]]", told)]


# -------------------------------------------------------------------- in the file


def _site(settings: Settings) -> list[Diagnosis]:
    from digest.render.checks.hosts import parted, why_private

    url = settings.site.base_url
    parts = parted(url)
    host = (parts.hostname or "") if parts else ""
    private = why_private(host)
    if private:
        told = f"nobody outside can follow the link to leave: {private}"
        remark = Remark(Verdict.WRONG, told, "set base_url of [site] to where out/ is served")
    elif parts is None or parts.scheme != "https":
        told = "it is not https, and leaving by one click needs that (RFC 8058)"
        remark = Remark(Verdict.WRONG, told, "set base_url of [site] to https://")
    else:
        remark = Remark(Verdict.OK, "public, and https")
    return [diagnose("site", url, [remark])]


def _from(settings: Settings) -> list[Diagnosis]:
    # With it come the checks of finished mails, and a parser of HTML.
    from digest.render.checks.hosts import is_mailbox_provider, why_private

    mail = settings.mail
    local, _, given = mail.from_address.rpartition("@")
    domain = _plain(given)
    private = why_private(domain)
    if private or not domain:
        told = f"it is no domain that mail can come from: {private or given}"
        remark = Remark(Verdict.WRONG, told, "set from_address of [mail] to a domain of yours")
    elif domain in ("example.org", "example.com", "example.net"):
        told = "it is the example's, not yours"
        remark = Remark(Verdict.WRONG, told, "set from_address of [mail] to a domain of yours")
    elif is_mailbox_provider(domain):
        told = f"{domain} forbids others to send in its name (DMARC)"
        remark = Remark(Verdict.WRONG, told, "set from_address of [mail] to a domain of yours")
    elif local.lower().replace("-", "").replace("_", "") in ("noreply", "donotreply"):
        told = "nobody can answer it, and readers' answers are what makes mail wanted"
        remark = Remark(Verdict.WEAK, told, "take an address that somebody reads, or set reply_to")
        if mail.reply_to:
            remark = Remark(Verdict.OK, f"answers go to {domain_of(mail.reply_to)}")
    else:
        remark = Remark(Verdict.OK, "a domain of your own")
    return [diagnose("from", domain or given, [remark])]


def _coming_back(settings: Settings) -> list[Diagnosis]:
    returns, hooks = settings.returns, settings.hooks
    told_over_http = bool(hooks.ses_topics or hooks.postmark or hooks.mailgun or hooks.sendgrid)
    if returns.address and (returns.url or returns.path):
        remark = Remark(Verdict.OK, "bounces come back and are read")
    elif returns.address:
        told = "bounces go to the address of [returns]; no mailbox is read"
        fix = "set url or path of [returns], or pipe each mail into `digest bounces take`"
        remark = Remark(Verdict.WEAK, told, fix)
    elif told_over_http:
        remark = Remark(Verdict.OK, "the relay tells of bounces over HTTP ([hooks])")
    else:
        told = "bounces go to from_address and nobody counts them: dead addresses stay"
        remark = Remark(Verdict.WEAK, told, "set address and url of [returns], or [hooks]")
    found = [diagnose("returns", "[returns]", [remark])]
    if not returns.leave_address:
        told = "Outlook.com offers its readers to leave by mail only, and there is no address"
        leave = Remark(Verdict.WEAK, told, "set leave_address of [returns]")
        found.append(diagnose("leave", "[returns]", [leave]))
    return found


def _desk(settings: Settings) -> list[Diagnosis]:
    if settings.desk.email:
        remark = Remark(Verdict.OK, "somebody is told when something goes wrong")
    else:
        told = "nobody is told when sending pauses or a source fails"
        remark = Remark(Verdict.WEAK, told, "set email of [desk]")
    return [diagnose("desk", "[desk]", [remark])]


# ------------------------------------------------------------------ in name servers


async def _spf(case: _Case) -> list[Diagnosis]:
    read = await spf.read_spf(case.dns, case.envelope)
    senders: list[str] = []
    strange: list[str] = []
    wanted: list[str] = []
    for _, relay in case.relays:
        include = _include(relay)
        if include:
            wanted.append(include)
            continue
        own = _belongs(relay.host, (case.sender, case.envelope))
        (senders if own else strange).extend(await _public(case, relay))
    return [
        spf.judge_spf(
            read,
            senders=tuple(dict.fromkeys(senders)),
            perhaps=tuple(dict.fromkeys(strange)),
            includes=tuple(dict.fromkeys(wanted)),
        )
    ]


async def _dkim(case: _Case) -> list[Diagnosis]:
    found = []
    if not (case.settings.dkim and not case.keys):
        enough = records.judge_keys(case.keys, relay_signs=_relays_sign(case))
        found += [enough] if enough else []
    return found + await _published(case.dns, case.keys)


def _relays_sign(case: _Case) -> bool:
    """Every way out belongs to somebody who usually signs."""
    return all(_include(relay) for _, relay in case.relays)


async def _published(dns: Dns, keys: Sequence[Key]) -> list[Diagnosis]:
    async def one(key: Key) -> Diagnosis:
        try:
            return records.judge_key(key, await dns.txt(key.name))
        except DnsError:
            return records.unanswered("dkim", key.name)

    return list(await asyncio.gather(*map(one, keys)))


async def _dmarc(case: _Case) -> list[Diagnosis]:
    steps = await dmarc.walk(case.dns, case.sender)
    found = [dmarc.judge_dmarc(case.sender, steps)]
    step = dmarc.governing(steps)
    tags = step.tags if step else {}
    ours = dmarc.organisation(steps)

    async def agrees(domain: str, tag: str) -> bool:
        if domain == case.sender:
            return True
        theirs = dmarc.organisation(await dmarc.walk(case.dns, domain))
        strict = tags.get(tag, "r").lower() == "s"
        return dmarc.is_aligned(case.sender, domain, strict=strict, of_one=ours, of_other=theirs)

    signed = {key.domain: await agrees(key.domain, "adkim") for key in case.keys}
    returned = await agrees(case.envelope, "aspf")
    found += dmarc.judge_alignment(
        case.sender,
        signers=signed,
        envelope=case.envelope,
        returned=returned,
        has_spf=any(map(spf.is_record, await case.dns.txt(case.envelope))),
        relay_signs=_relays_sign(case),
    )
    return found


async def _mx(case: _Case) -> list[Diagnosis]:
    returns, mail = case.settings.returns, case.settings.mail
    wanted = {case.sender: "answers and complaints go there"}
    for address, why in (
        (mail.reply_to, "answers go there"),
        (returns.address, "bounces go there"),
        (returns.leave_address, "mails of those who want to leave go there"),
    ):
        if address:
            domain = _plain(domain_of(address))
            wanted[domain] = why
    found = []
    for domain, why in wanted.items():
        try:
            hosts = await case.dns.mx(domain)
            asked = [host for host in hosts if host] if hosts else [domain]
            addresses = {host: await case.dns.addresses(host) for host in asked}
        except DnsError:
            found.append(records.unanswered("mx", domain))
            continue
        found.append(records.judge_mx(domain, hosts, addresses=addresses, why=why))
    return found


async def _ptr(case: _Case) -> list[Diagnosis]:
    found = []
    for _, relay in case.relays:
        # An address of a provider is the provider's to name.
        for ip in () if _include(relay) else await _public(case, relay):
            names = await case.dns.names(ip)
            forward = {name: await case.dns.addresses(name) for name in names[:5]}
            found.append(records.judge_ptr(ip, names, forward=forward))
    return found


async def _ehlo(case: _Case) -> list[Diagnosis]:
    names = dict.fromkeys(
        case.ehlo_name(relay) for _, relay in case.relays if relay.by in ("smtp", "lmtp")
    )
    found = []
    for name in names:
        if await case.dns.addresses(name):
            remark = Remark(Verdict.OK, "the name that we greet with has an address")
        else:
            told = "the name that we greet with has no address; some relays refuse such"
            remark = Remark(Verdict.WEAK, told, "set ehlo_name to this machine's public name")
        found.append(diagnose("ehlo", name, [remark]))
    return found


async def _public(case: _Case, relay: Relay) -> tuple[str, ...]:
    """Addresses of a relay that the world sees; () where they cannot be known."""
    if relay.by not in ("smtp", "lmtp") or not relay.host or looking.is_near(relay):
        return ()
    found = await case.dns.addresses(relay.host)
    return tuple(ip for ip in found if ip_address(ip).is_global)


def _include(relay: Relay) -> str:
    host = relay.host.lower()
    for suffix, include in _INCLUDES.items():
        if relay.by == "smtp" and (host == suffix or host.endswith(f".{suffix}")):
            return include
    return _INCLUDES_OVER_HTTP.get(relay.by, "")


def _belongs(host: str, domains: Sequence[str]) -> bool:
    host = host.lower()
    return any(
        host == domain or host.endswith(f".{domain}") or domain.endswith(f".{host}")
        for domain in domains
    )


# ----------------------------------------------------------------------- relays


async def _relays(case: _Case) -> list[Diagnosis]:
    return list(await asyncio.gather(*(_relay(case, name, relay) for name, relay in case.relays)))


async def _relay(case: _Case, name: str, relay: Relay) -> Diagnosis:
    try:
        password = (
            reveal(relay.password, base=case.loaded.base, environ=case.environ)
            if relay.password
            else None
        )
    except ConfigError as error:
        told = [Remark(Verdict.WRONG, fault, "") for fault in error.faults]
        return diagnose("relay", name, told)
    if relay.by in ("smtp", "lmtp"):
        seen = await case.look(
            relay, ehlo_name=case.ehlo_name(relay), password=password, base=case.loaded.base
        )
        return looking.judge_relay(relay, seen, name=name, now=case.now)
    return diagnose("relay", name, [_not_smtp(relay)])


def _not_smtp(relay: Relay) -> Remark:
    if relay.by in ("embedded", "folder"):
        told = f'by = "{relay.by}" keeps mails on this machine: nobody gets them'
        return Remark(Verdict.WEAK, told, "set by and host to your relay before readers wait")
    if relay.by == "sendmail":
        program = relay.command[0]
        if shutil.which(program) and os.access(shutil.which(program) or program, os.X_OK):
            return Remark(Verdict.OK, f"{program} is there; what it does with mail, it knows")
        return Remark(Verdict.WRONG, f"there is no program {program}", "correct command")
    told = f"{relay.by} is asked over HTTP; whether it takes mail only a mail tells"
    return Remark(Verdict.UNKNOWN, told, "send a proof to yourself: digest send --to YOU@…")


def _plain(domain: str) -> str:
    """As DNS has it; what is no domain stays as it is, and is told of by `_from`."""
    try:
        return parse_domain(domain)
    except ValueError:
        return domain.lower()
