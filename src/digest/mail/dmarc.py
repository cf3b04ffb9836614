"""Whose wish counts when a mail's signature or sender fails: DMARC, as RFC 9989 has it.

The organisation a domain belongs to is found by walking up the tree of names, not by a list.
Judging is pure; only `walk` asks, whatever behaves like `Dns`.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from digest.mail.records import Diagnosis, Publish, Remark, Verdict, diagnose, tags_of

#: RFC 9989 §4.10: names that are asked at most.
MOST_NAMES: Final = 8

_POLICIES: Final = ("none", "quarantine", "reject")
#: Tags of RFC 7489 that are none any more.
_OBSOLETE: Final = ("pct", "rf", "ri")
_ALLOWED: Final = {
    "p": _POLICIES,
    "sp": _POLICIES,
    "np": _POLICIES,
    "psd": ("y", "n", "u"),
    "t": ("y", "n"),
    "adkim": ("r", "s"),
    "aspf": ("r", "s"),
}
_REPORTS_TO = re.compile(r"mailto:[^\s@,]+@[^\s@,!]+(![0-9]+[kmgt]?)?", re.IGNORECASE)


class Asks(Protocol):
    async def txt(self, name: str) -> tuple[str, ...]: ...


@dataclass(frozen=True, slots=True)
class Step:
    """What stands at ``_dmarc.NAME``, one step of the walk."""

    name: str
    #: TXT records that call themselves DMARC's.
    records: tuple[str, ...]

    @property
    def tags(self) -> dict[str, str]:
        """Of the one record; of several all are discarded (§4.10)."""
        return tags_of(self.records[0])[0] if len(self.records) == 1 else {}


def walk_names(domain: str) -> tuple[str, ...]:
    """The names to ask, the domain first (RFC 9989 §4.10).

    >>> walk_names("news.press.example")
    ('news.press.example', 'press.example', 'example')
    """
    labels = domain.split(".")
    rest = min(len(labels) - 1, MOST_NAMES - 1)
    return (domain, *(".".join(labels[-left:]) for left in range(rest, 0, -1)))


async def walk(dns: Asks, domain: str) -> tuple[Step, ...]:
    """Walk up from *domain*, to where a record says that the tree parts there.

    Raises:
        DnsError: nobody answered about one of the names; then nothing can be concluded.
    """
    steps = []
    for name in walk_names(domain):
        texts = await dns.txt(f"_dmarc.{name}")
        steps.append(Step(name, tuple(text for text in texts if is_record(text))))
        if steps[-1].tags.get("psd", "").lower() in ("y", "n"):
            break
    return tuple(steps)


def is_record(text: str) -> bool:
    """§4.8: "v" comes first; it alone is case-sensitive."""
    return re.match(r"v[ \t]*=[ \t]*DMARC1[ \t]*(;|$)", text) is not None


def organisation(steps: Sequence[Step]) -> str:
    """The organisational domain of where the walk began (§4.10.2)."""
    start = steps[0].name
    known = [step for step in steps if step.tags]
    for step in known:
        psd = step.tags.get("psd", "").lower()
        if psd == "n":
            return step.name
        if psd == "y" and step.name != start:
            # A registry's: ours is the domain one label below it.
            labels = start.split(".")
            return ".".join(labels[-(step.name.count(".") + 2) :])
    return known[-1].name if known else start


def governing(steps: Sequence[Step]) -> Step | None:
    """The record that counts for where the walk began: its own, its organisation's, its registry's
    (§4.10.1)."""
    ours = {steps[0].name, organisation(steps)}
    for step in steps:
        if step.tags and (step.name in ours or step.tags.get("psd", "").lower() == "y"):
            return step
    return None


# --------------------------------------------------------------------- judgement


def judge_dmarc(domain: str, steps: Sequence[Step]) -> Diagnosis:
    """How mail from *domain* is protected, by the steps of its walk."""
    usual = Publish(
        name=f"_dmarc.{domain}", value=f"v=DMARC1; p=none; rua=mailto:dmarc-reports@{domain}"
    )
    doubled = [step for step in steps if len(step.records) > 1]
    step = governing(steps)
    if doubled and (step is None or doubled[0].name == domain):
        told = f"{len(doubled[0].records)} records stand at _dmarc.{doubled[0].name}: none counts"
        remark = Remark(Verdict.WRONG, told, "leave one")
        return diagnose("dmarc", domain, [remark], usual)
    if step is None:
        told = "there is no record; Gmail, Yahoo and Outlook want one of whoever sends many mails"
        fix = "publish the record, with a mailbox of yours for the reports"
        return diagnose("dmarc", domain, [Remark(Verdict.WRONG, told, fix)], usual)
    tags, odd = tags_of(step.records[0])
    remarks = [
        *_about_policy(domain, step, tags),
        *_about_words(tags, odd),
    ]
    better = _corrected(domain, step, tags)
    told_ok = all(remark.verdict is Verdict.OK for remark in remarks)
    return diagnose("dmarc", domain, remarks, None if told_ok else better)


def _about_policy(domain: str, step: Step, tags: dict[str, str]) -> list[Remark]:
    where = "" if step.name == domain else f", of {step.name}"
    broken = [name for name in ("p", "sp", "np") if not _sound(tags, name)]
    if "p" not in tags or broken:
        wrong = (
            f"its {broken[0]}= is none of none, quarantine, reject" if broken else "p= is missing"
        )
        if _reports(tags):
            told = f"{wrong}, so it counts as p=none"
            return [Remark(Verdict.WEAK, told, "correct it")]
        told = f"{wrong} and there is no rua=, so it does not count at all"
        return [Remark(Verdict.WRONG, told, "correct it")]
    own = step.name == domain
    name = "p" if own or "sp" not in tags else "sp"
    policy = tags[name].lower()
    told = f"{name}={policy}{where}"
    if policy == "none":
        better = (
            "it may stay so; once reports show that all your mail passes, quarantine or reject "
            "keeps others from writing in your name"
        )
        return [Remark(Verdict.OK, f"{told}, which is what the large providers ask for", better)]
    if tags.get("t", "").lower() == "y":
        told = f"{told}, but t=y asks receivers not to follow it yet"
        return [Remark(Verdict.WEAK, told, "take t=y out once reports show that your mail passes")]
    return [Remark(Verdict.OK, told)]


def _about_words(tags: dict[str, str], odd: Sequence[str]) -> list[Remark]:
    weak = Verdict.WEAK
    remarks = []
    gone = [name for name in _OBSOLETE if name in tags]
    if gone:
        told = f"{', '.join(f'{name}=' for name in gone)} is no word of DMARC any more (RFC 9989)"
        remarks.append(Remark(weak, told, f"take {', '.join(gone)} out"))
    if not _reports(tags):
        told = "nobody is told what passes and what fails (no rua=)"
        fix = "add rua=mailto: and a mailbox of yours; Yahoo asks for it"
        remarks.append(Remark(weak, told, fix))
    if tags.get("psd", "").lower() == "y":
        told = "psd=y says that this is a registry like .com"
        remarks.append(Remark(weak, told, "take psd=y out"))
    for name in ("psd", "t", "adkim", "aspf"):
        if not _sound(tags, name):
            remarks.append(Remark(weak, f"{name}={tags[name]} means nothing", f"correct {name}="))
    if odd:
        remarks.append(Remark(weak, f"it has {odd[0]!r} in it", "take that out"))
    return remarks


def _sound(tags: dict[str, str], name: str) -> bool:
    return name not in tags or name not in _ALLOWED or tags[name].lower() in _ALLOWED[name]


def _reports(tags: dict[str, str]) -> bool:
    return any(_REPORTS_TO.fullmatch(uri.strip()) for uri in tags.get("rua", "").split(","))


def _corrected(domain: str, step: Step, tags: dict[str, str]) -> Publish:
    """The record as it should be: what is sound in it stays."""
    kept = {
        name: value
        for name, value in tags.items()
        if name not in (*_OBSOLETE, "v", "p") and _sound(tags, name)
    }
    if tags.get("pct") == "0":
        # What it was used for, in the words of RFC 9989.
        kept.setdefault("t", "y")
    if kept.get("psd", "").lower() == "y":
        del kept["psd"]
    if not _reports(tags):
        kept["rua"] = f"mailto:dmarc-reports@{step.name}"
    policy = tags["p"] if "p" in tags and _sound(tags, "p") else "none"
    # Readers of RFC 7489 want p= to come second.
    parts = ["v=DMARC1", f"p={policy}", *(f"{name}={value}" for name, value in kept.items())]
    return Publish(name=f"_dmarc.{step.name}", value="; ".join(parts))


def is_aligned(one: str, other: str, *, strict: bool, of_one: str, of_other: str) -> bool:
    """RFC 9989 §4.4: the same domain, or, relaxed, the same organisation.

    Args:
        of_one: the organisational domain of *one*.
    """
    return one == other or (not strict and of_one == of_other)


def judge_alignment(
    domain: str,
    *,
    signers: Mapping[str, bool],
    envelope: str,
    returned: bool,
    has_spf: bool = True,
    relay_signs: bool = False,
) -> list[Diagnosis]:
    """Do signature and envelope speak for the domain that readers see?  One of them must.

    Args:
        domain: of From.
        signers: d= of each key, and whether it is aligned; empty: somebody else may sign.
        envelope: domain of the envelope sender; *returned* says whether it is aligned.
        has_spf: the envelope's domain has an SPF record; without one it passes nowhere, whatever
            it is called.
        relay_signs: every way out belongs to somebody who signs by themselves.
    """
    found = []
    grave = Verdict.WEAK if returned and has_spf else Verdict.WRONG
    for signer, aligned in signers.items():
        if aligned:
            remark = Remark(Verdict.OK, f"signatures of {signer} speak for {domain}")
        else:
            told = f"signatures of {signer} do not speak for {domain}, which readers see"
            remark = Remark(grave, told, f"set domain of the key to {domain}")
        found.append(diagnose("alignment", signer, [remark]))
    signed = any(signers.values())
    if returned and has_spf:
        remark = Remark(Verdict.OK, f"the envelope's domain speaks for {domain}")
    elif returned:
        remark = _without_spf(domain, envelope, signed=signed, perhaps=relay_signs and not signers)
    else:
        told = f"the envelope's domain {envelope} does not speak for {domain}"
        grave = Verdict.WEAK if signed or not signers else Verdict.WRONG
        remark = Remark(grave, told, f"take an address of {domain} for [returns]")
    return [*found, diagnose("alignment", envelope, [remark])]


def _without_spf(domain: str, envelope: str, *, signed: bool, perhaps: bool) -> Remark:
    """The envelope would speak for the sender, but SPF has nothing to say of it."""
    fix = "publish the SPF record"
    if signed:
        told = f"{envelope} has no SPF record: only our signature speaks for {domain}"
        return Remark(Verdict.WEAK, told, fix)
    if perhaps:
        told = (
            f"{envelope} has no SPF record: only a signature of your relay can speak for {domain}"
        )
        return Remark(Verdict.WEAK, told, f"{fix}, and let the relay sign with d={domain}")
    told = (
        f"{envelope} has no SPF record and no signature of ours speaks for {domain}: "
        "neither passes, so DMARC fails"
    )
    return Remark(Verdict.WRONG, told, f"{fix}, and sign: digest dkim new")
