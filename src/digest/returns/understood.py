"""The door: one mail that came back, and what it says of whom.

Behind it: delivery reports, complaints, failures told in words, mails that ask to leave; and all
that comes to such a mailbox and is none of these.  Nothing is ever decided by who a mail says it
is from.  Not behind it: whether it is about us and about whom, which the key proves, and what is
done about it.  Pure; any octets at all give an answer, in time linear in what is looked at.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final, Literal

from digest.addresses import folded
from digest.model.people import Return, ReturnKind
from digest.returns import dsn, feedback, lastresort, words
from digest.returns.evidence import address_in, gathered, moment
from digest.returns.kinds import Verdict, judged, telling_status
from digest.returns.leaving import leave_tokens
from digest.returns.parts import Mail, printable, read_mail
from digest.returns.signs import Signs, signs

Shape = Literal["dsn", "arf", "jmrp", "text", "flufl", "auto-reply", "receipt", "leave", "none"]

_LONGEST_DIAGNOSTIC: Final = 500
#: Of all words about all recipients of a report: ours go to one, and weighing words costs most.
_MOST_WORDS: Final = 128 * 1024


@dataclass(frozen=True, slots=True)
class Understood:
    """What a mail is, what it says, and why it was taken so."""

    shape: Shape
    #: Nothing to act on: empty.
    returns: tuple[Return, ...]
    #: One sentence for each of *returns*; one for the mail where there are none.
    why: tuple[str, ...]
    #: Not understood, and a person may have written it: somebody should read it.
    by_hand: bool = False


def understand(octets: bytes) -> Understood:
    """Read one mail that came to where bounces, complaints and wishes to leave go.

    Half a megabyte of it is looked at.  Returns are at most a thousand, fewer if their servers
    have very much to say.
    """
    mail = read_mail(octets)
    seen = signs(mail)
    return (
        _complaint(mail)
        or _receipt(mail)
        or _report(mail, seen)
        or _leave(mail, seen)
        or _in_words(mail, seen, octets)
        or _nothing(mail, seen)
    )


def _complaint(mail: Mail) -> Understood | None:
    told = feedback.arf(mail)
    shape: Shape = "arf"
    if told is None:
        told, shape = feedback.jmrp(mail), "jmrp"
    if told is None:
        return None
    if not told.complaint:
        kind = told.type or "unnamed"
        why = f"It is a report of type {kind}: nobody has complained."
        return Understood(shape, (), (why,))
    seen = gathered(mail, told=told.fields)
    at = moment(told.first("arrival-date", "received-date"), mail.head.first("date"))
    called = "unwanted" if told.type.startswith("opt-out") else "spam"
    why = f"The person called the mail {called} ({told.type})."
    return Understood(
        shape,
        tuple(
            Return(
                kind=ReturnKind.COMPLAINT,
                recipient=recipient,
                diagnostic=told.type,
                message_id=seen.message_id,
                tokens=seen.tokens,
                sent_to=seen.sent_to,
                reporter=shape,
                at=at,
            )
            for recipient in told.recipients
        ),
        (why,) * len(told.recipients),
    )


def _receipt(mail: Mail) -> Understood | None:
    told = mail.report == "disposition-notification" or any(
        part.kind in ("message/disposition-notification", "message/global-disposition-notification")
        for part in mail.parts
    )
    if not told:
        return None
    # Old Dovecot says so, of all ways, that a mailbox is full.
    text = words.told(mail)
    if "automatically rejected" in text.words.lower():
        return _worded(mail, text, words.failures(text, own=_own(mail)), "text")
    return Understood("receipt", (), ("It says that a mail was shown or deleted; it did arrive.",))


def _report(mail: Mail, seen: Signs) -> Understood | None:
    report = dsn.status_report(mail, trusted=seen.server)
    if report is None:
        return None
    text = words.told(mail)
    told = words.by_recipient(text)
    judgements: dict[str, tuple[dsn.Block, str, Verdict]] = {}
    passing, weighed = text.passing, 0
    for block in report.blocks:
        if weighed > _MOST_WORDS:
            break
        diagnostic, said = _verdict(block, told, passing=passing)
        weighed += len(diagnostic)
        name = folded(block.recipient)
        before = judgements.get(name)
        # One address may have been sent on to several: if one of them got it, it arrived.
        if before is None or _milder(said, before[2]):
            judgements[name] = (block, diagnostic, said)
    proof = gathered(mail, told=report.about, quoted=text.returned)
    found = [each for each in judgements.values() if each[2].kind is not None]
    if not found:
        first = next(iter(judgements.values()))[2]
        return Understood("dsn", (), (f"Nothing failed: {first.why}.",))
    sent = moment(mail.head.first("date"))
    # Whoever has their mail sent on is known by what we wrote to, not by where it went.
    meant = proof.to if len(judgements) == 1 else ""
    returns = tuple(
        Return(
            kind=said.kind,
            recipient=block.original or _source(block, told) or meant or block.recipient,
            status=telling_status(block.status, diagnostic),
            diagnostic=diagnostic[:_LONGEST_DIAGNOSTIC],
            message_id=proof.message_id,
            tokens=proof.tokens,
            sent_to=proof.sent_to,
            reporter="dsn",
            at=moment(block.get("last-attempt-date")) or sent,
            delayed=said.delayed,
        )
        for block, diagnostic, said in found
        if said.kind is not None
    )
    return Understood("dsn", returns, tuple(_sentence(said) for _, _, said in found))


def _source(block: dsn.Block, told: Mapping[str, words.Failure]) -> str:
    """Whom the text says the mail was for that failed elsewhere; "" if it names nobody."""
    named = told.get(folded(block.final))
    return named.recipient if named and named.final else ""


def _verdict(
    block: dsn.Block, told: Mapping[str, words.Failure], *, passing: bool
) -> tuple[str, Verdict]:
    """What was said of a recipient, in the fields or in the text, and what it means.

    Args:
        passing: the text says that it is tried again; heard where the fields name no action.
    """
    if not (block.action or block.status or block.diagnostic):
        return "", Verdict(None, "the report does not say that anything failed")
    diagnostic = block.diagnostic
    action = block.action or ("delayed" if passing else "")
    said = judged(block.status, diagnostic, action=action)
    if said.kind is ReturnKind.SOFT and not diagnostic and not said.delayed:
        # Exim's and others' fields say only that it failed; their text says why.
        about = told.get(folded(block.recipient)) or told.get(folded(block.final))
        if about:
            return about.words, judged(block.status, about.words, action=action)
    return diagnostic, said


def _milder(one: Verdict, other: Verdict) -> bool:
    return _weight(one) < _weight(other)


def _weight(said: Verdict) -> int:
    if said.kind is None:
        return 0
    return 1 if said.delayed else 2 if said.kind is ReturnKind.SOFT else 3


def _leave(mail: Mail, seen: Signs) -> Understood | None:
    if seen.auto_replied or seen.away:
        return None
    # What came back may have our link in it; a mail program's own wish has it in the subject.
    tokens = leave_tokens(mail, by_subject=seen.server)
    if not tokens:
        return None
    wish = Return(
        kind=ReturnKind.LEAVE,
        tokens=tokens,
        reporter="leave",
        at=moment(mail.head.first("date")),
    )
    return Understood("leave", (wish,), ("The mail asks to leave, and has the token of a link.",))


def _in_words(mail: Mail, seen: Signs, octets: bytes) -> Understood | None:
    if not seen.likely:
        return None
    text = words.told(mail)
    # One sign may be chance: a person's subject, a postmaster who writes himself.
    if seen.strength + text.mechanical < 2:
        return None
    own = _own(mail)
    to = gathered(mail, quoted=text.returned).to
    found = words.failures(
        text,
        failed=seen.failed,
        own=own,
        to=to,
        sure=seen.failure_subject and seen.strength >= 3,
        loosely=seen.no_return or bool(text.returned),
    )
    if not (seen.failed or seen.daemon or (seen.failure_subject and seen.no_return)):
        # <> is the return path of notes of absence too, and those name colleagues; a subject
        # about failures may be a relay's weekly letter.  Our mail, come back, is neither.
        return _worded(mail, text, [each for each in found if each.recipient == to], "text")
    if found:
        return _worded(mail, text, found, "text")
    passing, lasting = lastresort.failures(octets)
    whole = printable(text.words)[:3_000]
    named = [
        words.Failure(each, whole, delayed=each not in lasting)
        for each in dict.fromkeys((*passing, *lasting))
        if folded(each) not in own
    ]
    return _worded(mail, text, named, "flufl")


def _worded(
    mail: Mail, text: words.Told, found: Iterable[words.Failure], shape: Shape
) -> Understood | None:
    found = tuple(found)
    proof = gathered(mail, quoted=text.returned)
    meant = proof.to if len(found) == 1 else ""
    at, passing = moment(mail.head.first("date")), text.passing
    returns: list[Return] = []
    why: list[str] = []
    for each in found:
        said = judged("", each.words, action="delayed" if passing or each.delayed else "")
        if said.kind is None:
            continue
        why.append(_sentence(said))
        returns.append(
            Return(
                kind=said.kind,
                recipient=meant or each.recipient,
                status=telling_status("", each.words),
                diagnostic=each.words[:_LONGEST_DIAGNOSTIC],
                message_id=proof.message_id,
                tokens=proof.tokens,
                sent_to=proof.sent_to,
                reporter=shape,
                at=at,
                delayed=said.delayed,
            )
        )
    return Understood(shape, tuple(returns), tuple(why)) if returns else None


def _nothing(mail: Mail, seen: Signs) -> Understood:
    if seen.away or seen.auto_replied:
        return Understood("auto-reply", (), ("A machine answers for somebody; the mail arrived.",))
    if seen.listed:
        return Understood("none", (), ("It is a mail of a list, whatever it is about.",))
    # Machines that answer nothing: RFC 3834 §5, and mail servers.
    machine = seen.server or mail.head.first("auto-submitted").lower() not in ("", "no")
    why = "It is no report of a mail, and has no token of a link to leave."
    return Understood("none", (), (why,), by_hand=not machine)


def _own(mail: Mail) -> frozenset[str]:
    """Where the report went to, folded: it names those too, and they did not fail."""
    given = mail.head.every("to", "delivered-to", "x-original-to", "envelope-to", "from")
    return frozenset(folded(address) for value in given[:50] if (address := address_in(value)))


def _sentence(said: Verdict) -> str:
    kind = {ReturnKind.HARD: "Hard", ReturnKind.SOFT: "Soft"}.get(said.kind or ReturnKind.SOFT, "")
    return f"{kind}: {said.why}."
