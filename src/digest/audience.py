"""The verbs of a subscriber, by the links of their mails: choose, pause, leave, come back.

A link is all there is to know: no cookie, no password.  Whoever has a preferences link may do
everything here; a leave link ends, pauses and takes back.  What the newsroom does to people is
in `rolls`, erasing in `privacy`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from digest import privacy
from digest.addresses import half_shown, parse_address, parse_domain
from digest.app import App
from digest.choosing import Offer, choices_of, chosen, offer
from digest.errors import BadToken, Conflict, NotFound
from digest.model import (
    LIFTED_BY_CONSENT,
    Barred,
    By,
    Choices,
    Consent,
    Frequency,
    LetterKind,
    Person,
    Subscriber,
    Subscription,
    SubscriptionEvent,
    SubscriptionState,
)
from digest.render.signup import consent_wording
from digest.settings import Newsletter
from digest.store import Connection, audit, leaving, letters, people, subscribers
from digest.store.subscribers import address_hash
from digest.telemetry import log, who

#: Between two letters with somebody's data.
DATA_EVERY = timedelta(hours=24)
LONGEST_PAUSE = 365
#: How long after leaving an old link brings somebody back.
BACK_FOR = timedelta(days=30)
_GETTING = (SubscriptionState.ACTIVE, SubscriptionState.PAUSED)


# ------------------------------------------------------------------------ whose link


async def _by_key(conn: Connection, key: str) -> Person:
    """The person whose links have *key*.

    Raises:
        NotFound: they were forgotten.
    """
    return await people.person(conn, await people.keyed(conn, key))


def _either(app: App, token: str) -> tuple[str, str]:
    """Newsletter and key of a preferences link, or of a leave link."""
    try:
        return app.links.read_preferences(token)
    except BadToken:
        return app.links.read_leave(token)


async def language_of(app: App, newsletter: str, key: str) -> str:
    """The language of whoever a link was made for; "" of somebody who is not known any more."""
    async with app.db.read() as conn:
        try:
            return (await subscribers.by_key(conn, key, newsletter)).language
        except NotFound:
            return ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Leaver:
    """Whoever has a leave link, as its page speaks to them."""

    subscriber: Subscriber
    #: For their eyes: most of the address is hidden.
    half_address: str
    state: SubscriptionState
    #: Of a paused subscription: active again from then on.
    until: datetime | None


async def leaver(app: App, token: str) -> Leaver:
    """Whose leave link it is.

    Raises:
        BadToken: forged, or made for another purpose.
        NotFound: they were forgotten, or never subscribed to it.
    """
    slug, key = app.links.read_leave(token)
    async with app.db.read() as conn:
        person = await _by_key(conn, key)
    for one in person.subscriptions:
        if one.newsletter == slug:
            return Leaver(
                subscriber=person.subscriber,
                half_address=half_shown(person.subscriber.email),
                state=one.state,
                until=one.until,
            )
    raise NotFound("nobody is subscribed by this link any more")


# ---------------------------------------------------------------------------- choose


@dataclass(frozen=True, slots=True, kw_only=True)
class Other:
    """Another newsletter, and how somebody stands with it."""

    newsletter: Newsletter
    #: None: they never asked for it.
    state: SubscriptionState | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Wishes:
    """What one subscriber gets of one newsletter, and what there is to choose from."""

    newsletter: Newsletter
    subscriber: Subscriber
    #: For their eyes: most of the address is hidden.
    half_address: str
    #: Slug and title.
    sections: tuple[tuple[str, str], ...]
    #: Tag and name.
    languages: tuple[tuple[str, str], ...]
    frequencies: tuple[Frequency, ...]
    choices: Choices
    #: Only ACTIVE and PAUSED can be changed; others can subscribe again.
    state: SubscriptionState
    #: Of PAUSED: active again from then on.
    until: datetime | None
    #: Newsletters that they may join, or get already.
    others: tuple[Other, ...]


async def wishes(app: App, token: str) -> Wishes:
    """What the subscriber whose preferences link has *token* gets, or got before they left.

    Raises:
        BadToken: forged, or made for another purpose.
        NotFound: they were forgotten, or there is no such newsletter.
    """
    slug, key = app.links.read_preferences(token)
    newsletter = app.newsletter(slug)
    async with app.db.read() as conn:
        person = await _by_key(conn, key)
    found = {one.newsletter: one for one in person.subscriptions}
    if slug not in found:
        raise NotFound("nobody is subscribed by this link any more")
    now = choices_of(person, found[slug], newsletter)
    there = offer(newsletter, app.settings.newsletters, now)
    return Wishes(
        newsletter=newsletter,
        subscriber=_as_reader(person, now),
        half_address=half_shown(person.subscriber.email),
        sections=there.sections,
        languages=there.languages,
        frequencies=there.frequencies,
        choices=now,
        state=found[slug].state,
        until=found[slug].until,
        others=_others(app, slug, found),
    )


def _as_reader(person: Person, now: Choices) -> Subscriber:
    return replace(person.subscriber, sections=now.sections, briefs=now.briefs)


def _others(app: App, slug: str, found: Mapping[str, Subscription]) -> tuple[Other, ...]:
    return tuple(
        Other(newsletter=one, state=found[one.slug].state if one.slug in found else None)
        for one in app.settings.newsletters
        if one.slug != slug and (one.slug in app.offered or one.slug in found)
    )


async def change_wishes(app: App, token: str, choices: Choices) -> None:
    """Send a subscriber what they want, from the next mail on; language, time zone and form of
    all their newsletters.

    Args:
        choices: no section and all of them both mean all, also those that are to come.

    Raises:
        BadToken: forged, or made for another purpose.
        NotFound: nobody is subscribed by it any more.
        Conflict: some of it is not on offer; nothing is changed.
    """
    now = await wishes(app, token)
    there = Offer(sections=now.sections, languages=now.languages, frequencies=now.frequencies)
    wanted = chosen(there, choices, now.choices)
    slug, reader = now.newsletter.slug, now.subscriber
    async with app.db.write() as conn:
        await people.hold(conn, reader.id)
        if await people.state_of(conn, reader.id, slug) not in _GETTING:
            raise NotFound("nobody is subscribed by this link any more")
        await people.choose(conn, reader.id, slug, wanted)
    log.info("wishes", newsletter=slug, who=who(reader.email))


# ------------------------------------------------------------------- leave, and pause


async def leave(app: App, token: str, *, cause: By = By.ONE_CLICK) -> bool:
    """End all that brings somebody the newsletter of a link; False when nothing did.

    Whoever gets it as the best of another ends that too: it brings them nothing else.

    Raises:
        BadToken: forged, or made for another purpose.
        NotFound: nobody is subscribed by it any more.
    """
    newsletter, key = app.links.read_leave(token)
    async with app.db.write() as conn:
        person = await subscribers.by_key(conn, key, newsletter)
        ended = await _move(app, conn, person.id, newsletter, SubscriptionEvent.END, cause=cause)
    log.info("left", newsletter=newsletter, who=who(person.email), again=not ended)
    return ended


async def leave_all(app: App, token: str) -> int:
    """End every subscription of whoever has the link; return how many were not ended yet.

    Raises:
        BadToken, NotFound: as `leave`; a leave link will do as well.
    """
    (_, key), end = _either(app, token), SubscriptionEvent.END
    async with app.db.write() as conn:
        id = await people.keyed(conn, key)
        await people.hold(conn, id)
        ended = 0
        for slug in await people.newsletters_of(conn, id):
            ended += await people.move(app.db, conn, id, slug, end, cause=By.PAGE, now=app.now())
    log.info("left all", subscriptions=ended)
    return ended


async def pause(app: App, token: str, days: int) -> None:
    """Send nothing of a newsletter, whatever brings it, for so many days; then it goes on.

    Raises:
        BadToken: forged, or made for another purpose; a leave link will do as well.
        NotFound: nobody is subscribed by it any more.
        Conflict: *days* is not from 1 to 365.
    """
    newsletter, key = _either(app, token)
    if not 1 <= days <= LONGEST_PAUSE:
        raise Conflict(f"a pause has 1 to {LONGEST_PAUSE} days, not {days}")
    until = app.now() + timedelta(days=days)
    async with app.db.write() as conn:
        person = await subscribers.by_key(conn, key, newsletter)
        event = SubscriptionEvent.PAUSE
        moved = await _move(app, conn, person.id, newsletter, event, cause=By.PAGE, until=until)
        if not moved and await people.state_of(conn, person.id, newsletter) not in _GETTING:
            raise NotFound("nobody is subscribed by this link any more")
    log.info("paused", newsletter=newsletter, who=who(person.email), days=days)


async def resume(app: App, token: str) -> None:
    """Go on with a paused newsletter now; harmless when it is not paused.

    Raises:
        BadToken: forged, or made for another purpose; a leave link will do as well.
        NotFound: nobody is subscribed by it any more.
    """
    newsletter, key = _either(app, token)
    async with app.db.write() as conn:
        person = await subscribers.by_key(conn, key, newsletter)
        event = SubscriptionEvent.RESUME
        moved = await _move(app, conn, person.id, newsletter, event, cause=By.PAGE)
        if not moved and await people.state_of(conn, person.id, newsletter) not in _GETTING:
            raise NotFound("nobody is subscribed by this link any more")
    log.info("resumed", newsletter=newsletter, who=who(person.email))


async def resume_due(app: App) -> int:
    """Go on with the newsletters whose pause is over; return how many."""
    resumed = 0
    while not app.stopping.is_set():
        async with app.db.read() as conn:
            due = await people.due_to_resume(conn, app.now())
        if not due:
            break
        async with app.db.write() as conn:
            for id, newsletter in due:
                resumed += await people.wake(app.db, conn, id, newsletter, now=app.now())
    return resumed


async def _move(
    app: App,
    conn: Connection,
    subscriber_id: int,
    newsletter: str,
    event: SubscriptionEvent,
    *,
    cause: By,
    until: datetime | None = None,
) -> bool:
    # A link outlives its newsletter.
    of = next((one.best_of for one in app.settings.newsletters if one.slug == newsletter), ())
    which, now = (subscriber_id, newsletter, event), app.now()
    return await leaving.move(app.db, conn, *which, best_of=of, cause=cause, now=now, until=until)


# ------------------------------------------------------------------- come back, and join


async def back(app: App, token: str) -> None:
    """Subscribe whoever has left again, with a new consent; harmless if they get it.

    Raises:
        BadToken: forged, or made for another purpose; a leave link will do as well.
        NotFound: they were forgotten, or there is no such newsletter any more.
        Conflict: nothing is ever mailed to them, or they left too long ago.
    """
    slug, key = _either(app, token)
    async with app.db.write() as conn:
        # Whoever never subscribed to it has no such link.
        _left_lately(app, await _by_key(conn, key), slug)
        await _agree(app, conn, key, app.newsletter(slug), given="link in a mail")


def _left_lately(app: App, person: Person, newsletter: str) -> None:
    """Raise unless an old link may still bring somebody back: mails are passed on, and found."""
    for one in person.subscriptions:
        if one.newsletter == newsletter:
            if one.state is SubscriptionState.ENDED and one.since < app.now() - BACK_FOR:
                raise Conflict("you left too long ago for this link: sign up again")
            return
    raise NotFound("nobody is subscribed by this link any more")


async def join(app: App, token: str, newsletter_slug: str) -> None:
    """Subscribe to another newsletter, by the preferences link of one; harmless if they get it.

    Raises:
        BadToken: forged, or made for another purpose.
        NotFound: they were forgotten, or there is no such newsletter.
        Conflict: nobody can sign up for it, or nothing is ever mailed to them; or it is the
            link's own, and they left it too long ago.
    """
    slug, key = app.links.read_preferences(token)
    newsletter = app.newsletter(newsletter_slug)
    async with app.db.write() as conn:
        id = await people.keyed(conn, key)
        state = await people.state_of(conn, id, newsletter.slug)
        if newsletter.slug not in app.offered and state is None:
            raise Conflict("nobody can sign up for this newsletter")
        if newsletter.slug == slug:
            _left_lately(app, await _by_key(conn, key), slug)
        await _agree(app, conn, key, newsletter, given="preferences page")


async def _agree(
    app: App, conn: Connection, key: str, newsletter: Newsletter, *, given: str
) -> None:
    """Note a consent given by somebody whose address is proved by their link, and begin."""
    id = await people.keyed(conn, key)
    if not await people.hold(conn, id):
        raise NotFound("nobody is known by this link any more")
    person = await people.person(conn, id)
    reader = person.subscriber
    cause = await people.barred(conn, reader.email, app.key)
    if cause and cause not in LIFTED_BY_CONSENT:
        raise Conflict("nothing is ever mailed to this address; write to us if that is wrong")
    # Before all else: what bars them bars all that they get.
    lifted = await people.lift(conn, reader.email, app.key, LIFTED_BY_CONSENT)
    if not lifted and await people.state_of(conn, id, newsletter.slug) in _GETTING:
        return
    wording, language = consent_wording(newsletter, reader.language)
    consent = Consent(at=app.now(), given=given, wording=wording, language=language)
    await people.move(
        app.db,
        conn,
        id,
        newsletter.slug,
        SubscriptionEvent.CONSENT,
        cause=By.PAGE,
        now=app.now(),
        consent_id=await people.note_consent(conn, id, newsletter.slug, consent),
    )
    log.info("subscribed by link", newsletter=newsletter.slug, who=who(reader.email))


# --------------------------------------------------------------------- what is kept


async def send_data(app: App, token: str) -> bool:
    """Mail somebody what is kept of them; False if they got such a letter within 24 hours.

    Raises:
        BadToken: forged, or made for another purpose.
        NotFound: they were forgotten.
    """
    newsletter, key = app.links.read_preferences(token)
    kinds, since = (LetterKind.DATA,), app.now() - DATA_EVERY
    async with app.db.read() as conn:
        id = await people.keyed(conn, key)
        if await letters.written_since(conn, id, kinds, since=since):
            return False
    data = await privacy.data_of(app, id)
    async with app.db.write() as conn:
        if not await people.hold(conn, id):
            raise NotFound("nobody is known by this link any more")
        # Asked again: the button may have been pressed twice.
        if await letters.written_since(conn, id, kinds, since=since):
            return False
        content = {"data": data}
        await letters.write(conn, LetterKind.DATA, id, newsletter, content=content, now=app.now())
    log.info("data asked for", newsletter=newsletter)
    return True


async def forget(app: App, token: str, *, never: bool) -> None:
    """Forget whoever has the preferences link: see `privacy.erase`.

    Args:
        never: write to them never again, even if somebody signs up with their address.

    Raises:
        BadToken: forged, or made for another purpose.
        NotFound: they were forgotten before.
    """
    _, key = app.links.read_preferences(token)
    async with app.db.read() as conn:
        id = await people.keyed(conn, key)
    await privacy.erase(app, id, barred=Barred.REQUEST if never else Barred.ERASED)


# ------------------------------------------------------------------------- suppression


async def suppress(
    app: App, address_or_domain: str, cause: Barred = Barred.ADMIN, *, actor: str = ""
) -> None:
    """Never mail an address again, or a domain and all below it, whatever is imported later.

    Args:
        actor: who of the newsroom does it, for the audit log; "" leaves no row.

    Raises:
        NotFound: it is neither.
    """
    address, domain = _address_or_domain(address_or_domain)
    async with app.db.write() as conn:
        if address:
            await people.bar(app.db, conn, address, cause, hash_key=app.key, now=app.now())
        else:
            await people.bar_domain(app.db, conn, domain, cause, now=app.now())
        await _note(app, conn, actor, "suppress", address, domain or cause.value)
    log.info("suppressed", who=who(address), domain=domain)


async def allow(app: App, address_or_domain: str, *, actor: str = "") -> bool:
    """Take an address or a domain off the suppression list; False if it was not on it.

    Raises:
        NotFound: it is neither.
    """
    address, domain = _address_or_domain(address_or_domain)
    async with app.db.write() as conn:
        if address:
            freed = await people.lift(conn, address, app.key)
        else:
            freed = await people.unbar_domain(conn, domain)
        if freed:
            await _note(app, conn, actor, "allow", address, domain)
    log.info("allowed", who=who(address), domain=domain, again=not freed)
    return freed


def _address_or_domain(text: str) -> tuple[str, str]:
    try:
        return (parse_address(text), "") if "@" in text else ("", parse_domain(text))
    except ValueError as error:
        raise NotFound(str(error)) from error


async def _note(
    app: App, conn: Connection, actor: str, act: str, address: str, detail: str
) -> None:
    if actor:
        hashed = address_hash(address, key=app.key) if address else ""
        await audit.note(
            conn, actor=actor, act=act, detail=detail, address_hash=hashed, now=app.now()
        )
