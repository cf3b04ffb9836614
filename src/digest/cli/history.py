"""`digest subscribers show`: what somebody got, and why they get nothing any more.

What bars them comes first: it outweighs every subscription.  All times are UTC.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any, cast

from digest import privacy, rolls
from digest.addresses import parse_address
from digest.app import App
from digest.cli import show
from digest.errors import NotFound
from digest.missing import said
from digest.model import Person
from digest.store import audit, barred
from digest.store.barred import Bar
from digest.store.subscribers import address_hash

_MOST = 10


async def tell(app: App, given: str, *, as_json: bool) -> None:
    """Say everything that is kept of an address; of one that is barred alone, just that.

    Raises:
        NotFound: it is no address, or nothing at all is kept of it.
    """
    try:
        address = parse_address(given)
    except ValueError as error:
        raise NotFound(str(error)) from error
    async with app.db.read() as conn:
        bars = await barred.bars_of(conn, address, hash_key=app.key)
    try:
        person = await rolls.show(app, address)
    except NotFound:
        if not bars:
            raise
        _tell_stranger(address, bars, as_json=as_json)
        return
    data = await privacy.data_of(app, person.subscriber.id)
    if as_json:
        show.answer({**data, "barred": [_bar(one) for one in bars]})
        return
    _tell_person(person, bars)
    await _tell_mails(app, person.subscriber.id, data)
    await _tell_acts(app, address)


def barred_words(bar: Bar, address: str = "") -> str:
    """Why mail is kept back, since when, and what lifts it."""
    whose = f"{bar.domain} and all below it" if bar.domain else "this address"
    return (
        f"never mailed: {whose}, cause {bar.cause}, since {utc(bar.since)};"
        f" lifted by: digest subscribers allow {bar.domain or address}"
    )


def utc(at: datetime | str | None) -> str:
    """An instant that is UTC, for people: with its zone."""
    if not at:
        return ""
    told = datetime.fromisoformat(at) if isinstance(at, str) else at
    return f"{told:%Y-%m-%d %H:%M} UTC"


def _bar(bar: Bar) -> dict[str, object]:
    return asdict(bar)


def _tell_stranger(address: str, bars: Sequence[Bar], *, as_json: bool) -> None:
    if as_json:
        show.answer({"address": address, "known": False, "barred": [_bar(one) for one in bars]})
        return
    show.say(f"{address}: no subscriber; nothing is kept of them but this:")
    for bar in bars:
        show.say(barred_words(bar, address))


def _tell_person(person: Person, bars: Sequence[Bar]) -> None:
    who = person.subscriber
    show.say(f"{who.email}  {who.name}".rstrip())
    for bar in bars:
        show.say(barred_words(bar, who.email))
    language = who.language or "the newsletter's language"
    show.say(f"known since {utc(person.created_at)}, {language}, {who.timezone}, {who.form}")
    if person.tags:
        show.say("tags: " + ", ".join(person.tags))
    rows = []
    for one in person.subscriptions:
        state = f"{one.state} until {utc(one.until)}" if one.until else str(one.state)
        hour = "" if one.hour is None else f", not before {one.hour}:00 {who.timezone}"
        gets = f"{one.frequency}{hour}: {', '.join(one.sections) or 'all sections'}"
        gets += "" if one.briefs else ", no briefs"
        agreed = f"{utc(one.consent.at)}, {one.consent.given}" if one.consent else "not yet"
        rows.append((one.newsletter, state, f"{utc(one.since)}, {one.cause}", gets, agreed))
    if rows:
        show.table("Newsletters", ("newsletter", "state", "since", "gets", "agreed"), rows)
    else:
        show.say("subscribed to nothing")
    changes = [(utc(one.at), one.newsletter, one.state, one.cause) for one in person.changes]
    if changes:
        show.table("Changes", ("when", "newsletter", "state", "cause"), changes)


async def _tell_mails(app: App, subscriber_id: int, data: dict[str, object]) -> None:
    sent, returns, letters = (_rows(data, name) for name in ("deliveries", "returns", "letters"))
    last = sent[-_MOST:]
    async with app.db.read() as conn:
        words = await barred.words_of(conn, subscriber_id, [one["edition_id"] for one in last])
    if last:
        title = f"The last {len(last)} of {len(sent)} deliveries"
        rows = [
            (
                utc(one["at"]),
                one["edition_id"],
                one["state"],
                said(one["code"], one["enhanced"], words.get(one["edition_id"], "")),
            )
            for one in last
        ]
        show.table(title, ("when", "edition or letter", "state", "words of the relay"), rows)
    else:
        show.say("nothing was ever sent to them")
    _tell_tries(_rows(data, "answers"), {one["edition_id"]: one["at"] for one in last})
    if returns:
        came = [
            (utc(one["at"]), one["kind"], one["status"], one["edition_id"], one["text"])
            for one in returns
        ]
        show.table("What came back", ("when", "kind", "status", "of", "words"), came)
    if letters:
        wrote = [
            (utc(one["at"]), one["kind"], one["newsletter"], utc(one["used_at"]) or "not yet")
            for one in letters
        ]
        show.table("Letters", ("when", "kind", "newsletter", "link used"), wrote)


def _tell_tries(answers: Sequence[dict[str, Any]], shown: Mapping[str, str]) -> None:
    """What was answered before the last word, of the deliveries *shown*, each with its time."""
    rows = [
        (
            utc(one["at"]),
            one["edition_id"],
            one["state"],
            said(one["code"], one["enhanced"], one["text"]),
            one["attempt"],
        )
        for one in answers
        if one["edition_id"] in shown and one["at"] != shown[one["edition_id"]]
    ]
    if rows:
        columns = ("when", "edition or letter", "it was then", "words of the relay", "try")
        show.table("Before that", columns, rows[-_MOST:])


async def _tell_acts(app: App, address: str) -> None:
    hashed = address_hash(address, key=app.key)
    async with app.db.read() as conn:
        acts = await audit.listing(conn, limit=_MOST, address_hash=hashed)
    if acts:
        rows = [(utc(one.at), one.actor, one.act, one.detail) for one in reversed(acts)]
        show.table("What the newsroom did", ("when", "who", "did", "what"), rows)


def _rows(data: dict[str, object], name: str) -> list[dict[str, Any]]:
    """A list of what `privacy.data_of` tells."""
    return cast(list[dict[str, Any]], data[name])
