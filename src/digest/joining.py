"""The verbs of joining: ask, look at what was asked, confirm, give up.

Asking writes one row and answers the same to everybody.  A job looks at the row later: whoever
is new gets a letter with a question, whoever gets the newsletter already a letter that says so,
and nobody more than one of them a day.  Nothing that was chosen holds before it is confirmed.

A CONFIRM letter's content: ``choices``, ``name``, ``wording``, ``wording_language``, ``given``,
``asked_at``, ``network``; a KNOWN letter has none.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from ipaddress import IPv6Address, ip_address, ip_network
from typing import Any, Final, Literal

from digest.addresses import (
    domain_of,
    domains_above,
    half_shown,
    parse_address,
)
from digest.app import App
from digest.choosing import chosen, offer, still_chosen
from digest.errors import BadToken, Conflict, NotFound
from digest.model import (
    LIFTED_BY_CONSENT,
    By,
    Choices,
    Consent,
    Form,
    Frequency,
    Letter,
    LetterKind,
    SubscriptionEvent,
    SubscriptionState,
)
from digest.privacy import forget_strangers
from digest.render.tidy import one_line, shorten
from digest.settings import Newsletter
from digest.store import Connection, forgetting, letters, people, signups, subscribers
from digest.store.signups import Signup
from digest.telemetry import log, who

#: Between two letters of this kind to one address.
LETTER_EVERY: Final = timedelta(hours=24)
#: Letters in that time to one mailbox, whatever stands behind a "+" in its addresses.
MOST_TO_MAILBOX: Final = 3
#: Characters of what somebody, or a page, says.
LONGEST_NAME: Final = 100
_LONGEST_WORDING: Final = 4_000
_LONGEST_GIVEN: Final = 500
_ASKING: Final = (LetterKind.CONFIRM, LetterKind.KNOWN)
_GETTING: Final = (SubscriptionState.ACTIVE, SubscriptionState.PAUSED)
_USED: Final = "this link was used before, or is of somebody who was forgotten"


# ------------------------------------------------------------------------------ ask


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A sign-up form, as it was sent in."""

    email: str
    #: Its slug.
    newsletter: str
    name: str = ""
    choices: Choices
    #: The sentence they agreed to, as it was shown, and its language.
    wording: str
    wording_language: str
    #: Where, in words: "sign-up page", "form on https://…".
    given: str
    #: The network address that they asked from; of it is kept what [audience] says.
    network: str = ""


def refused(app: App, newsletter: Newsletter, email: str) -> Literal["", "address", "domain"]:
    """Why an address may not sign up, whoever it is: it is none, or its domain is not let in."""
    try:
        domain = domain_of(parse_address(email))
    except ValueError:
        return "address"
    wanted = app.settings.audience
    above = set(domains_above(domain))
    blocked = above & set(wanted.block_domains)
    outside = wanted.allow_domains and not above & set(wanted.allow_domains)
    return "domain" if blocked or outside else ""


async def ask(app: App, asked: Asked) -> None:
    """Take a form in.  What it leads to is the same for the caller, whoever it is about.

    Raises:
        NotFound: there is no such newsletter.
        Conflict: nobody can sign up for it, a choice is not on offer, the address is `refused`,
            or too many forms wait.
    """
    newsletter = app.newsletter(asked.newsletter)
    if newsletter.slug not in app.offered:
        raise Conflict("nobody can sign up here now")
    if refused(app, newsletter, asked.email):
        raise Conflict("this address cannot sign up here")
    there = offer(newsletter, app.settings.newsletters)
    content = {
        "email": parse_address(asked.email),
        # Cut first: what hides in five megabytes is not looked for.
        "name": shorten(one_line(asked.name[: 4 * LONGEST_NAME]), LONGEST_NAME),
        "choices": _choices_as_json(chosen(there, asked.choices)),
        "wording": one_line(asked.wording[:_LONGEST_WORDING]),
        "wording_language": asked.wording_language[:35],
        "given": shorten(one_line(asked.given[: 4 * _LONGEST_GIVEN]), _LONGEST_GIVEN),
        "asked_at": app.now().isoformat(),
        "network": kept_network(app.settings.audience.keep_network, asked.network),
    }
    async with app.db.write() as conn:
        await signups.add(
            conn,
            email=str(content["email"]),
            newsletter=newsletter.slug,
            content=content,
            now=app.now(),
        )


def kept_network(keep: Literal["none", "masked", "full"], address: str) -> str:
    """What [audience] keep_network leaves of a network address; "" of what is none."""
    if keep == "none":
        return ""
    try:
        found = ip_address(address.strip().partition("/")[0].partition("%")[0])
    except ValueError:
        return ""
    if isinstance(found, IPv6Address) and found.ipv4_mapped is not None:
        found = found.ipv4_mapped
    if keep == "full":
        return str(found)
    # As wide as what sign-ups are counted by.
    return str(ip_network((found, 24 if found.version == 4 else 48), strict=False))


def _choices_as_json(choices: Choices) -> dict[str, Any]:
    return asdict(choices) | {"sections": list(choices.sections)}


def _choices_from(values: Mapping[str, Any]) -> Choices:
    return Choices(
        sections=tuple(str(slug) for slug in values["sections"]),
        briefs=bool(values["briefs"]),
        frequency=Frequency(values["frequency"]),
        hour=None if values["hour"] is None else int(values["hour"]),
        language=str(values["language"]),
        timezone=str(values["timezone"]),
        form=Form(values["form"]),
    )


# ------------------------------------------------------------------------- look at it


async def take_signups(app: App) -> int:
    """Look at the forms that wait; return how many were done with.

    Each in a transaction that also takes it out of the queue: a crash anywhere leaves it to be
    looked at again, or done.  One that cannot be read stops no other.
    """
    done = after = 0
    async with app.db.lease("signups") as mine:
        while mine:
            async with app.db.read() as conn:
                batch = await signups.waiting(conn, after=after)
            if not batch:
                break
            for signup in batch:
                if app.stopping.is_set():
                    return done
                after = signup.number
                done += await _take(app, signup)
    return done


async def _take(app: App, signup: Signup) -> bool:
    try:
        async with app.db.write() as conn:
            if not await signups.take(conn, signup.number):
                return False
            await _answer(app, conn, signup)
    except (ValueError, KeyError, TypeError, NotFound, *signups.FAULTS) as error:
        # Said without its words: they may have the address in them.
        log.warning("sign-up dropped", number=signup.number, why=type(error).__name__)
        async with app.db.write() as conn:
            return await signups.take(conn, signup.number)
    return True


async def _answer(app: App, conn: Connection, signup: Signup) -> None:
    """Write what follows from one form.

    Raises:
        ValueError, KeyError, TypeError: it cannot be read.
        NotFound: its newsletter is not published any more.
    """
    content = json.loads(signup.content)
    choices = _choices_from(content["choices"])
    email = parse_address(content["email"])
    newsletter = app.newsletter(signup.newsletter)
    cause = await people.barred(conn, email, app.key)
    if refused(app, newsletter, email) or (cause and cause not in LIFTED_BY_CONSENT):
        log.info("sign-up not answered", newsletter=newsletter.slug, who=who(email))
        return
    since = app.now() - LETTER_EVERY
    if await signups.asked_lately(conn, email, since=since) >= MOST_TO_MAILBOX:
        log.info("sign-up not answered", newsletter=newsletter.slug, who=who(email))
        return
    person = await people.keep_person(
        app.db,
        conn,
        email=email,
        now=app.now(),
        language=choices.language,
        timezone=choices.timezone,
        form=choices.form,
    )
    if await letters.written_since(conn, person, _ASKING, since=since):
        return
    state = await people.state_of(conn, person, newsletter.slug)
    # What bars them is lifted by their answer: as it is they get nothing.
    if state in _GETTING and cause is None:
        kind, content = LetterKind.KNOWN, {}
    else:
        kind = LetterKind.CONFIRM
        content.pop("email")
        await _pend(app, conn, person, newsletter.slug, choices)
    await letters.write(conn, kind, person, newsletter.slug, content=content, now=app.now())
    log.info("sign-up answered", newsletter=newsletter.slug, who=who(email))


async def _pend(
    app: App, conn: Connection, subscriber_id: int, newsletter: str, choices: Choices
) -> None:
    """Note that somebody asks; the letter is in the language that they asked in."""
    event = SubscriptionEvent.ASK
    await people.move(app.db, conn, subscriber_id, newsletter, event, cause=By.FORM, now=app.now())
    if not await people.confirmed(conn, subscriber_id):
        await people.describe(
            conn, subscriber_id, language=choices.language, form=choices.form.value
        )


# --------------------------------------------------------------------------- confirm


@dataclass(frozen=True, slots=True, kw_only=True)
class Confirmation:
    """What somebody is asked, or has just answered."""

    newsletter: Newsletter | None
    #: Whose it is, for their eyes: most of the address is hidden.
    half_address: str
    #: What they agree to, as it was shown, and the language that it is in.
    wording: str
    wording_language: str
    #: The one that they asked for, of the page.
    language: str
    #: They are subscribed.
    done: bool


async def confirmation(app: App, token: str) -> Confirmation:
    """What a confirmation link is about; changes nothing.

    Of one that was used it says so, as long as it holds: people press twice, and open mails again.

    Raises:
        BadToken: forged, or too old.
        NotFound: used, of somebody who left since or was forgotten, or of a newsletter that
            there is no more.
    """
    number = app.links.read_confirm(token, now=app.now())
    async with app.db.read() as conn:
        letter = await letters.get(conn, number)
        newsletter, email = await _askable(app, conn, letter)
        if letter.used_at is not None:
            await _still_holds(app, conn, letter, email)
    return _confirmation(letter, newsletter, email, done=letter.used_at is not None)


async def confirm(app: App, token: str) -> Confirmation:
    """Subscribe whoever a confirmation link was sent to, once; again it changes nothing.

    Raises:
        BadToken, NotFound: as `confirmation`; nothing is changed.
    """
    number = app.links.read_confirm(token, now=app.now())
    async with app.db.write() as conn:
        # The person first, as everywhere: whoever else changes them waits, or is waited for.
        subscriber_id = (await letters.get(conn, number)).subscriber_id
        if not await people.hold(conn, subscriber_id):
            raise NotFound(_USED)
        letter = await letters.get(conn, number, lock=True)
        newsletter, email = await _askable(app, conn, letter)
        if letter.used_at is not None:
            await _still_holds(app, conn, letter, email)
            return _confirmation(letter, newsletter, email, done=True)
        await letters.use(conn, number, now=app.now())
        state = await people.state_of(conn, subscriber_id, newsletter.slug)
        lifted = await people.lift(conn, email, app.key, LIFTED_BY_CONSENT)
        # Another letter of theirs may have been answered before: one consent is enough.
        if lifted or state not in _GETTING:
            await _agree(app, conn, letter, newsletter)
    log.info("confirmed", newsletter=newsletter.slug, who=who(email), again=state in _GETTING)
    return _confirmation(letter, newsletter, email, done=True)


async def _still_holds(app: App, conn: Connection, letter: Letter, email: str) -> None:
    """Raise `NotFound` unless what a used link began goes on."""
    state = await people.state_of(conn, letter.subscriber_id, letter.newsletter)
    # Whoever is barred since gets nothing, and a link is good for one answer.
    if state not in _GETTING or await people.barred(conn, email, app.key):
        raise NotFound(_USED)


async def _askable(app: App, conn: Connection, letter: Letter) -> tuple[Newsletter, str]:
    """The newsletter and the address of a letter whose link may be used.

    Raises:
        NotFound: it may not.
    """
    if letter.kind is not LetterKind.CONFIRM:
        raise BadToken("this link is not one of a confirmation")
    newsletter = app.newsletter(letter.newsletter)
    if await people.ended_after(conn, letter.subscriber_id, newsletter.slug, after=letter.at):
        raise NotFound("this link is of before you left; sign up once more for a new one")
    email = (await subscribers.names(conn, [letter.subscriber_id])).get(letter.subscriber_id)
    if email is None:
        raise NotFound(_USED)
    cause = await people.barred(conn, email, app.key)
    if cause and cause not in LIFTED_BY_CONSENT:
        raise NotFound("nothing is ever mailed to this address; write to us if that is wrong")
    return newsletter, email


async def _agree(app: App, conn: Connection, letter: Letter, newsletter: Newsletter) -> None:
    """Keep the consent that a letter asked for, and begin what it is about."""
    content, now = letter.content, app.now()
    consent = Consent(
        at=now,
        given=content["given"],
        wording=content["wording"],
        language=content["wording_language"],
        asked_at=datetime.fromisoformat(content["asked_at"]),
        network=content["network"],
    )
    person = letter.subscriber_id
    number = await people.note_consent(conn, person, newsletter.slug, consent)
    await people.move(
        app.db,
        conn,
        person,
        newsletter.slug,
        SubscriptionEvent.CONSENT,
        cause=By.CONFIRMED,
        now=now,
        consent_id=number,
    )
    there = offer(newsletter, app.settings.newsletters)
    choices = still_chosen(there, _choices_from(content["choices"]))
    await people.choose(conn, person, newsletter.slug, choices)
    if content["name"]:
        await people.describe(conn, person, name=content["name"])


def _confirmation(
    letter: Letter, newsletter: Newsletter, email: str, *, done: bool
) -> Confirmation:
    content = letter.content
    return Confirmation(
        newsletter=newsletter,
        half_address=half_shown(email),
        wording=content["wording"],
        wording_language=content["wording_language"],
        language=content["choices"]["language"],
        done=done,
    )


# ---------------------------------------------------------------------------- give up


async def expire(app: App) -> int:
    """End what nobody has confirmed in time, and forget whoever never confirmed anything.

    The files are cleaned of them by `privacy.clean`.

    Return how many subscriptions ended, and people were forgotten.
    """
    before = app.now() - timedelta(days=app.settings.audience.confirm_days)
    gone, after = await forget_strangers(app, before), 0
    while not app.stopping.is_set():
        async with app.db.read() as conn:
            found = await forgetting.expired(conn, before, after=after)
        if not found:
            break
        for after in sorted({id for id, _ in found}):
            gone += await _expire(app, after, before)
    if gone:
        log.info("expired", number=gone)
    return gone


async def _expire(app: App, subscriber_id: int, before: datetime) -> int:
    ended, end = 0, SubscriptionEvent.END
    async with app.db.write() as conn:
        if not await people.hold(conn, subscriber_id):
            return 0
        # Asked again: they may have confirmed, or asked anew, meanwhile.
        for _, slug in await forgetting.expired(conn, before, of=subscriber_id):
            ended += await people.move(
                app.db, conn, subscriber_id, slug, end, cause=By.EXPIRED, now=app.now()
            )
    return ended
