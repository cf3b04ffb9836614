"""The verbs of the newsroom on one person: add, show, choose for, end, pause, tag.

Each leaves a row in the audit log, in its own transaction.  What people do themselves is in
`audience` and `joining`; many at once in `enrol`; erasing in `privacy`.
"""

from collections.abc import Callable, Collection
from datetime import datetime, timedelta

from digest.addresses import parse_address
from digest.app import App
from digest.choosing import choices_of, chosen, offer
from digest.errors import Conflict, NotFound
from digest.model import (
    By,
    Choices,
    Consent,
    Person,
    Subscription,
    SubscriptionEvent,
    SubscriptionState,
)
from digest.render.tidy import one_line, shorten
from digest.settings import Newsletter
from digest.store import Connection, audit, barred, people
from digest.store.subscribers import address_hash
from digest.telemetry import log, who

LONGEST_TAG = 64
_LONGEST_NAME = 100
_LONGEST_GIVEN = 500
_GETTING = (SubscriptionState.ACTIVE, SubscriptionState.PAUSED)


async def add(
    app: App,
    newsletter: Newsletter,
    email: str,
    *,
    choices: Choices | None = None,
    name: str = "",
    consent_from: str,
    consent_at: datetime,
    actor: str,
) -> int:
    """Subscribe somebody who has agreed, as the newsroom states; return their number.

    Args:
        choices: None: everything, in the newsletter's language and time zone; or what they chose
            before.
        consent_from: where they agreed, in words.
        consent_at: when; aware.
        actor: who states it: a system user's name.

    Raises:
        NotFound: *email* is no address.
        Conflict: they get it already, are never to be mailed, left after that consent, a choice
            is not on offer, or nothing is stated.
    """
    address, now = _address(email), app.now()
    if not consent_from.strip() or consent_at > now:
        raise Conflict("say where they agreed, and when: not a time to come")
    there = offer(newsletter, app.settings.newsletters)
    # "": the newsletter's language, whatever it will be.
    start = Choices(language="", timezone=newsletter.timezone)
    wanted = chosen(there, choices or start)
    consent = Consent(at=consent_at, given=shorten(one_line(consent_from), _LONGEST_GIVEN))
    async with app.db.write() as conn:
        await _see_unbarred(app, conn, address)
        id = await people.keep_person(
            app.db,
            conn,
            email=address,
            now=now,
            name=shorten(one_line(name), _LONGEST_NAME),
            language=wanted.language,
            timezone=wanted.timezone,
            form=wanted.form,
        )
        state = await people.state_of(conn, id, newsletter.slug)
        if state in _GETTING:
            raise Conflict("they get it already")
        if await people.ended_after(conn, id, newsletter.slug, after=consent_at):
            raise Conflict("they have left since they agreed: only they can come back")
        given = await people.note_consent(conn, id, newsletter.slug, consent)
        event, by = SubscriptionEvent.CONSENT, By.ADMIN
        await people.move(
            app.db, conn, id, newsletter.slug, event, cause=by, now=now, consent_id=given
        )
        if choices is not None:
            await people.choose(conn, id, newsletter.slug, wanted)
        await _note(app, conn, address, actor, "add", newsletter.slug)
    log.info("added", newsletter=newsletter.slug, who=who(address))
    return id


async def show(app: App, email: str) -> Person:
    """Everything that is kept of somebody but deliveries, answers to them, letters and returns.

    Raises:
        NotFound: nobody has this address.
    """
    async with app.db.read() as conn:
        return await people.person(conn, await _find(conn, _address(email)))


async def set_choices(
    app: App,
    email: str,
    newsletter: Newsletter,
    change: Callable[[Choices], Choices],
    *,
    name: str | None = None,
    actor: str,
) -> Choices:
    """Change what somebody gets of a newsletter; return what it is now.

    Args:
        change: given what they have, says what they shall have.
        name: another name of theirs; None leaves it.

    Raises:
        NotFound: nobody has this address, or they never asked for the newsletter.
        Conflict: a choice is not on offer; nothing is changed.
    """
    address = _address(email)
    async with app.db.write() as conn:
        id = await _held(conn, address)
        person = await people.person(conn, id)
        now = choices_of(person, _subscription(person, newsletter.slug), newsletter)
        there = offer(newsletter, app.settings.newsletters, now)
        wanted = chosen(there, change(now), now)
        await people.choose(conn, id, newsletter.slug, wanted)
        if name is not None:
            await people.describe(conn, id, name=shorten(one_line(name), _LONGEST_NAME))
        await _note(app, conn, address, actor, "set", newsletter.slug)
    log.info("set", newsletter=newsletter.slug, who=who(address))
    return wanted


async def end(app: App, email: str, newsletter: str | None = None, *, actor: str) -> int:
    """End a subscription, or all of somebody's; return how many were not ended yet.

    Raises:
        NotFound: nobody has this address.
    """
    return await _move(app, email, newsletter, SubscriptionEvent.END, actor=actor)


async def pause(
    app: App, email: str, newsletter: str | None = None, *, days: int, actor: str
) -> int:
    """Send nothing of a newsletter, or of all of somebody's, for so many days; return of how many.

    Raises:
        NotFound: nobody has this address.
        Conflict: *days* is not from 1 to 365.
    """
    if not 1 <= days <= 365:
        raise Conflict(f"a pause has 1 to 365 days, not {days}")
    until = app.now() + timedelta(days=days)
    event = SubscriptionEvent.PAUSE
    return await _move(app, email, newsletter, event, actor=actor, until=until)


async def resume(app: App, email: str, newsletter: str | None = None, *, actor: str) -> int:
    """Go on with what is paused; return how many newsletters.

    Raises:
        NotFound: nobody has this address.
    """
    return await _move(app, email, newsletter, SubscriptionEvent.RESUME, actor=actor)


async def tag(
    app: App, email: str, *, add: Collection[str] = (), remove: Collection[str] = (), actor: str
) -> tuple[str, ...]:
    """Tie tags to somebody and take others off; return those they have now.

    Raises:
        NotFound: nobody has this address.
        Conflict: a tag to be added is empty, longer than 64 characters, not one plain line, or
            has an "@": tags are listed and logged, addresses are not.
    """
    for one in add:
        if not one or one != one_line(one) or len(one) > LONGEST_TAG:
            raise Conflict(f"{one[:LONGEST_TAG]!r} is no tag: 1 to {LONGEST_TAG} letters, one line")
        if "@" in one:
            raise Conflict("a tag with an @ may be an address, and those are in no tag")
    address = _address(email)
    async with app.db.write() as conn:
        id = await _held(conn, address)
        await people.set_tags(app.db, conn, id, add=add, remove=remove)
        said = [f"+{one}" for one in sorted(add)] + [f"-{one}" for one in sorted(remove)]
        await _note(app, conn, address, actor, "tag", shorten(" ".join(said), _LONGEST_GIVEN))
        return (await people.person(conn, id)).tags


# ------------------------------------------------------------------------------ parts


def _address(email: str) -> str:
    try:
        return parse_address(email)
    except ValueError as error:
        raise NotFound(str(error)) from error


async def _see_unbarred(app: App, conn: Connection, address: str) -> None:
    cause = await people.barred(conn, address, app.key)
    if cause is None:
        return
    bars = await barred.bars_of(conn, address, hash_key=app.key)
    lifts = " and ".join(f"digest subscribers allow {one.domain or address}" for one in bars)
    raise Conflict(
        f"this address is never to be mailed: {cause}; if they themselves ask for it,"
        f" lift that first: {lifts}"
    )


async def _find(conn: Connection, address: str) -> int:
    id = await people.find(conn, address)
    if id is None:
        raise NotFound("nobody with this address is known here")
    return id


async def _held(conn: Connection, address: str) -> int:
    id = await _find(conn, address)
    if not await people.hold(conn, id):
        raise NotFound("nobody with this address is known here")
    return id


def _subscription(person: Person, newsletter: str) -> Subscription:
    for one in person.subscriptions:
        if one.newsletter == newsletter:
            return one
    raise NotFound(f"they never asked for {newsletter}")


async def _move(
    app: App,
    email: str,
    newsletter: str | None,
    event: SubscriptionEvent,
    *,
    actor: str,
    until: datetime | None = None,
) -> int:
    address = _address(email)
    moved = []
    async with app.db.write() as conn:
        id = await _held(conn, address)
        for slug in [newsletter] if newsletter else await people.newsletters_of(conn, id):
            if await people.move(
                app.db, conn, id, slug, event, cause=By.ADMIN, now=app.now(), until=until
            ):
                moved.append(slug)
        if moved:
            await _note(app, conn, address, actor, event.value, ", ".join(moved))
    log.info("moved", what=event.value, newsletters=moved, who=who(address))
    return len(moved)


async def _note(
    app: App, conn: Connection, address: str, actor: str, act: str, detail: str
) -> None:
    hashed = address_hash(address, key=app.key)
    await audit.note(conn, actor=actor, act=act, detail=detail, address_hash=hashed, now=app.now())
