"""The verb of what comes back: bounces, complaints, mails that ask to leave, and what follows.

No such mailbox, or called spam: every subscription of the person ends and the address is
suppressed.  Not this time: noted, until it has gone on for days.  Wants to leave: that
subscription ends.  A report that proves nothing (see `proving`) changes nothing, and every
report counts once, however often it is read.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from digest import store
from digest.addresses import folded
from digest.app import App
from digest.mail.verdict import enhanced_status
from digest.model import (
    Barred,
    By,
    DeliveryState,
    Outcome,
    Return,
    ReturnKind,
    Subscriber,
    SubscriptionEvent,
)
from digest.proving import KNOWN_FOR, Proof, Proved
from digest.store import bounces, journal, leaving, people
from digest.store.bounces import Came, Listed, Sent
from digest.telemetry import log, masked, who

#: Relays try to get rid of a message for so long, at most, before they give it back.
_LONGEST_WAY: Final = timedelta(days=14)
#: Reports of one transaction, so that nobody waits for it.
_BATCH: Final = 100
#: Letters of a server's words that are kept, and of those that are looked at.
_LONGEST: Final = 500
_READ: Final = 1_000
#: Statuses of RFC 3463 that speak of an address, a mailbox or the way to it; 1.7 and 1.8 are of
#: the sender's.  Not counted: what is about the message, or about us, such as policy.
_OF_A_MAILBOX: Final = re.compile(r"[45]\.(?:1\.(?![78]$)|[24]\.)\d{1,3}")
#: Before the words of a report of a mail that is still on its way.
_DELAYED: Final = "delayed: "
_VAGUE: Final = re.compile(r"(?:[45]\.[03]\.\d{1,3})?")
#: What servers say of a mailbox that nobody empties, where the status does not.
_FULL: Final = re.compile(r"\b(?:full|quota|storage|disk space|inactive|suspended)\b", re.I)


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """What became of reports."""

    #: Proved, and new to us.
    acted: int = 0
    #: Read before.
    repeated: int = 0
    #: Of nobody, or forged.
    unproved: int = 0
    #: Of *acted*: failures of what was sent so long ago that they were noted, no more.
    too_old: int = 0

    def __add__(self, other: "Tally") -> "Tally":
        return Tally(
            acted=self.acted + other.acted,
            repeated=self.repeated + other.repeated,
            unproved=self.unproved + other.unproved,
            too_old=self.too_old + other.too_old,
        )


# ------------------------------------------------------------------------- what came in


async def take(app: App, returns: Sequence[Return], *, proved: bool, mark: str = "") -> int:
    """Act on reports; how many of them were proved and new.

    Args:
        proved: a relay that we know has signed them: then the recipient's address is enough.
        mark: stands for the report they are from, if it can be read twice; else the day does.
    """
    acted = 0
    # What one report says of one person is weighed together; requests bring many reports.
    size = len(returns) if mark else _BATCH
    for start in range(0, len(returns), max(size, 1)):
        told = [(one, mark) for one in returns[start : start + size]]
        async with app.db.write() as conn:
            acted += (await take_all(app, conn, told, proved=proved)).acted
    return acted


async def take_all(
    app: App, conn: store.Connection, told: Sequence[tuple[Return, str]], *, proved: bool
) -> Tally:
    """As `take`, of many reports, each with its mark, in the caller's transaction."""
    proof = Proof(app, conn)
    found, unproved = [], 0
    for one, mark in told:
        whose = await proof.of(one, proved=proved)
        if whose is None:
            unproved += 1
        else:
            found.append((whose, one, mark))
    if unproved:
        log.info("reports prove nothing", reports=unproved, signed=proved)
    # Always in one order: two that hold the same people must not wait for each other.
    found = sorted(_one_of_each(found), key=lambda one: one[0].person.id)
    acted = too_old = 0
    for whose, one, mark in found:
        if await people.hold(conn, whose.person.id) and await _act(app, conn, whose, one, mark):
            acted += 1
            too_old += whose.too_old and one.kind in (ReturnKind.HARD, ReturnKind.SOFT)
    repeated = len(found) - acted
    return Tally(acted=acted, repeated=repeated, unproved=unproved, too_old=too_old)


def _one_of_each(
    found: Sequence[tuple[Proved, Return, str]],
) -> Iterator[tuple[Proved, Return, str]]:
    """Of what one report says of one person, what counts.

    Their address may send mail on to several, of which only some failed: what is said of the
    address itself, else the mildest.
    """
    groups: dict[tuple[int, str], list[tuple[Proved, Return, str]]] = {}
    for number, one in enumerate(found):
        # Without a mark each is a report of its own.
        groups.setdefault((one[0].person.id, one[2] or f"no mark {number}"), []).append(one)
    for group in groups.values():
        yield min(
            group,
            key=lambda one: (
                folded(one[1].recipient) != folded(one[0].person.email),
                one[1].kind is not ReturnKind.SOFT,
            ),
        )


def _refused(outcomes: Sequence[Outcome]) -> dict[int, Outcome]:
    return {
        one.subscriber_id: one
        for one in outcomes
        if one.state is DeliveryState.FAILED and one.code >= 400
    }


async def hold_refused(conn: store.Connection, outcomes: Sequence[Outcome]) -> None:
    """Lock the people whom `settle_refusals` will be about, before their deliveries are."""
    if failed := _refused(outcomes):
        await bounces.hold_all(conn, failed)


async def settle_refusals(
    app: App, conn: store.Connection, delivery_id: str, outcomes: Sequence[Outcome]
) -> None:
    """What the relay refused for good while it was being sent: the same as if it came back.

    Call it in the transaction that writes *outcomes*.  Tries that ran out at 4xx are soft.
    """
    failed = _refused(outcomes)
    if not failed:
        return
    for person in await bounces.hold_all(conn, failed):
        told = _refusal(failed[person.id])
        if told is not None:
            await _act(app, conn, Proved(person=person, delivery_id=delivery_id), told, "")


def _refusal(outcome: Outcome) -> Return | None:
    # With all the phrases of servers, which only a refusal needs.
    from digest.returns.kinds import kind_of

    status = outcome.enhanced or enhanced_status(outcome.text)
    kind = kind_of(status, outcome.text, code=outcome.code)
    if kind is None:
        return None
    return Return(
        kind=kind if outcome.code >= 500 else ReturnKind.SOFT,
        status=status,
        diagnostic=f"{outcome.code} {outcome.text}",
        reporter="smtp",
        at=outcome.at,
    )


async def listing(app: App, *, limit: int) -> list[Listed]:
    """What came back lately, the newest first, with whose it is: for the operator's eyes."""
    async with app.db.read() as conn:
        return await bounces.latest(conn, limit=limit)


# ------------------------------------------------------------------------ what follows


async def _act(app: App, conn: store.Connection, whose: Proved, told: Return, mark: str) -> bool:
    """Note a report of a person who is held, and do what it asks for; False if it is known."""
    person, now = whose.person, app.now()
    # Clocks go wrong, and people write what they like.
    at = max(min(told.at or now, now), now - KNOWN_FOR)
    came = Came(
        subscriber_id=person.id,
        delivery_id=whose.delivery_id,
        kind=told.kind,
        status=_one_line(told.status),
        text=(_DELAYED if told.delayed else "") + _words(told.diagnostic),
        reporter=_one_line(told.reporter),
        at=at,
    )
    if not await bounces.keep(
        app.db, conn, came, fingerprint=_fingerprint(whose, came, told, mark)
    ):
        return False
    log.info("a report", kind=str(told.kind), reporter=came.reporter, who=who(person.email))
    if told.kind is ReturnKind.LEAVE:
        for newsletter in await _meant(app, conn, whose):
            which = (person.id, newsletter, SubscriptionEvent.END)
            of = next(
                (one.best_of for one in app.settings.newsletters if one.slug == newsletter), ()
            )
            await leaving.move(app.db, conn, *which, best_of=of, cause=By.MAIL, now=now)
    elif told.kind is ReturnKind.COMPLAINT:
        await _end_all(app, conn, person, by=By.COMPLAINT, barred=Barred.COMPLAINT)
    else:
        await _undelivered(app, conn, whose, came)
    return True


async def _meant(app: App, conn: store.Connection, whose: Proved) -> list[str]:
    """What somebody leaves: of a link, or of the edition they answered; else all they get."""
    if whose.newsletter:
        return [whose.newsletter]
    theirs = await people.newsletters_of(conn, whose.person.id)
    sent = whose.delivery_id.partition("@")[0]
    # Whoever has the daily gets the best of it by the daily's subscription.
    best_of = [one.best_of for one in app.settings.newsletters if one.slug == sent]
    named = {sent, *(slug for of in best_of for slug in of)} & set(theirs)
    return [sent] if sent in named else sorted(named) or theirs


def _fingerprint(whose: Proved, came: Came, told: Return, mark: str) -> str:
    """Of one delivery a status counts once, whoever tells it, and however often."""
    if came.delivery_id:
        about: tuple[object, ...] = (came.delivery_id,)
    else:
        day = (told.at or came.at).astimezone(UTC).date()
        about = ("", told.message_id, whose.newsletter, mark or day)
    return bounces.fingerprint(came.subscriber_id, came.kind, came.status, *about)


async def _undelivered(app: App, conn: store.Connection, whose: Proved, came: Came) -> None:
    if came.kind is ReturnKind.SOFT and not _counts(came):
        return
    row = None
    if whose.delivery_id:
        rows = await journal.known(conn, whose.delivery_id, [whose.person.id])
        row = rows.get(whose.person.id)
    hard = came.kind is ReturnKind.HARD
    agreed = await bounces.agreed_at(conn, whose.person.id)
    sent_at = row.at if row is not None else came.at
    # Whoever has agreed since has an address that works: the report is about its past.
    is_past = whose.too_old or (agreed is not None and sent_at < agreed)
    if not (hard or is_past) and await _is_given_up(app, conn, whose.person.id, agreed):
        hard = True
        settings = app.settings.returns
        words = f"soft on {settings.soft_days} days, and nothing delivered in between"
        given_up = Came(
            subscriber_id=came.subscriber_id,
            delivery_id=came.delivery_id,
            kind=ReturnKind.HARD,
            status=came.status,
            text=words,
            reporter="days",
            at=came.at,
        )
        mark = bounces.fingerprint("given up", came.subscriber_id, came.delivery_id, came.at)
        await bounces.keep(app.db, conn, given_up, fingerprint=mark)
    if not hard:
        return
    if whose.delivery_id:
        await bounces.returned(app.db, conn, came, state=row.state if row is not None else None)
    if not is_past:
        await _end_all(app, conn, whose.person, by=By.BOUNCE, barred=Barred.BOUNCE)


async def _end_all(
    app: App, conn: store.Connection, person: Subscriber, *, by: By, barred: Barred
) -> None:
    now, end = app.now(), SubscriptionEvent.END
    for newsletter in await people.newsletters_of(conn, person.id):
        await people.move(app.db, conn, person.id, newsletter, end, cause=by, now=now)
    await people.bar(app.db, conn, person.email, barred, hash_key=app.key, now=now)


async def _is_given_up(
    app: App, conn: store.Connection, subscriber_id: int, agreed: datetime | None
) -> bool:
    settings = app.settings.returns
    since = app.now() - timedelta(days=settings.within_days)
    if agreed is not None:
        since = max(since, agreed)
    came = await bounces.of_person(conn, subscriber_id, since=since)
    days = settings.soft_days
    # Nearly always it is not so many: then the journal need not be asked.
    if len({_day(one.at) for one in came if _counts(one)}) < days:
        return False
    sent = await bounces.sent_to(conn, subscriber_id, since=since - _LONGEST_WAY)
    return is_given_up(came, sent, days=days, since=since)


def is_given_up(came: Sequence[Came], sent: Sequence[Sent], *, days: int, since: datetime) -> bool:
    """Whether soft bounces have gone on for so long that the mailbox is as good as gone.

    They have if they came on so many days (UTC), of deliveries later than the last that reached
    its reader.  Reached: accepted, not come back, and not later than the last that did come
    back; of what was sent after that nobody knows yet, for relays try for days.  A soft bounce
    counts if it speaks of the mailbox or the way to it; one that is about the message or about
    us is on no reader's account.

    Args:
        came: what came back since *since*, of one person.
        sent: deliveries to them, those of *came* among them.
    """
    back = {one.delivery_id for one in came if not one.text.startswith(_DELAYED)}
    times = {one.delivery_id: one.at for one in sent}
    soft = [(one, times.get(one.delivery_id, one.at)) for one in came if _counts(one)]
    newest = max((sent_at for _, sent_at in soft), default=since)
    reached = [
        one.at
        for one in sent
        if one.state is DeliveryState.SENT and one.delivery_id not in back and one.at <= newest
    ]
    begin = max([since, *reached])
    return len({_day(one.at) for one, sent_at in soft if sent_at >= begin}) >= days


def _counts(one: Came) -> bool:
    """Whether a report is a soft bounce that speaks of the mailbox or the way to it."""
    if one.kind is not ReturnKind.SOFT or one.text.startswith(_DELAYED):
        return False
    if _OF_A_MAILBOX.fullmatch(one.status):
        return True
    return bool(_VAGUE.fullmatch(one.status) and _FULL.search(one.text))


def _day(at: datetime) -> str:
    return at.astimezone(UTC).date().isoformat()


def _words(text: str) -> str:
    """A server's words, as they are kept: without addresses, nor what is left of one cut off."""
    whole = _one_line(text)
    whole = whole if len(text) <= _READ else whole.rpartition(" ")[0]
    return masked(whole)[:_LONGEST]


def _one_line(text: str) -> str:
    """Fit to be kept: no NUL, no half of a character, no line end."""
    cut = text[:_READ].encode("utf-8", "replace").decode("utf-8")
    return " ".join("".join(sign if sign.isprintable() else " " for sign in cut).split())
