"""The verbs of privacy: what is kept of somebody, forgetting them, and forgetting in time.

Erasing leaves of a person the number of theirs in old deliveries, which nobody else ever gets,
and, unless nothing is to be remembered, a keyed hash of the address that keeps imports from
bringing them back.  Each of these may be run twice, or again after a crash.
"""

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import asdict
from datetime import date, datetime, timedelta
from typing import Any, Final

from digest.app import App
from digest.errors import StoreError
from digest.mail.forgotten import drop_mails
from digest.model import Answer, Barred, Consent
from digest.store import (
    Connection,
    Database,
    answers,
    audit,
    forget_ledgers,
    forgetting,
    kept,
    people,
    progress,
    scrubbing,
    subscribers,
)
from digest.store.forgetting import Over
from digest.store.subscribers import address_hash
from digest.telemetry import log

#: People erased in one transaction, by the clock.
_BATCH: Final = 100
#: A letter is looked up by what comes back of it, and by its link; longer than both.
_LETTERS: Final = timedelta(days=30)


# -------------------------------------------------------------------------- erasing


async def erase(
    app: App,
    subscriber_id: int,
    *,
    barred: Barred | None,
    actor: str = "",
) -> None:
    """Forget somebody: every row, every kept mail, in all files; harmless if they are gone.

    Args:
        barred: why they are never to be imported again (ERASED), or never to be written to
            (REQUEST); None remembers nothing, of somebody who never confirmed.
        actor: who of the newsroom does it; "" is they themselves.
    """
    if await _erase_all(app, [subscriber_id], barred=barred, actor=actor):
        log.info("erased", by=actor or "themselves")
        # What takes too long is left to the clock: nobody waits for it.
        await _clean(app, scrubbing.clean)


async def clean(app: App) -> bool:
    """Have who was erased be in no file of the database; False if it has to be tried again.

    Is due once an hour while `scrubbing.unclean_since` says so: a large file takes a while.
    """
    return await _clean(app, scrubbing.clean_all)


async def _clean(app: App, how: Callable[[Database], Coroutine[Any, Any, bool]]) -> bool:
    try:
        done = await how(app.db)
    except StoreError as error:
        # They are gone, and that is what was asked for.
        log.warning("the files of the database are not clean yet", reason=str(error))
        return False
    if not done:
        log.info("the files of the database are not clean yet", reason="large, or being read")
    return done


async def _erase_all(
    app: App,
    ids: Sequence[int],
    *,
    barred: Barred | None,
    actor: str = "",
    only: Over | None = None,
) -> int:
    async with app.db.read() as conn:
        addresses = await subscribers.names(conn, ids)
    if not addresses:
        return 0
    # Before their rows, or nobody would know the address after a crash; and again after, for
    # what was on its way meanwhile.
    await _drop_mails(app, list(addresses.values()))
    scrubbing.mark(app.db, app.now())
    erased = 0
    async with app.db.write() as conn:
        for id, address in sorted(addresses.items()):
            if not await forgetting.erase(conn, id, only=only):
                continue
            erased += 1
            if barred is not None:
                await people.bar(app.db, conn, address, barred, hash_key=app.key, now=app.now())
            if actor:
                hashed = address_hash(address, key=app.key)
                detail = f"suppressed as {barred}" if barred else ""
                await audit.note(
                    conn,
                    actor=actor,
                    act="erase",
                    detail=detail,
                    address_hash=hashed,
                    now=app.now(),
                )
    await _drop_mails(app, list(addresses.values()))
    return erased


async def _drop_mails(app: App, addresses: Sequence[str]) -> None:
    for folder in (app.outbox, app.data_dir / "mails"):
        await asyncio.to_thread(drop_mails, folder, addresses)


# ------------------------------------------------------------------------- my data


async def data_of(app: App, subscriber_id: int) -> dict[str, object]:
    """Everything that is kept of somebody, as JSON has it; nothing of anybody else.

    Raises:
        NotFound: they were erased.
    """
    async with app.db.read() as conn:
        person = await people.person(conn, subscriber_id)
        consents = await people.consents_of(conn, subscriber_id)
        letters = await kept.letters_of(conn, subscriber_id)
        deliveries = await kept.deliveries_of(conn, subscriber_id)
        said = await answers.of_person(conn, subscriber_id)
        returns = await kept.returns_of(conn, subscriber_id)
        barred = await people.barred(conn, person.subscriber.email, app.key)
        hashed = address_hash(person.subscriber.email, key=app.key)
        acts = await audit.listing(conn, limit=1000, address_hash=hashed)
    reader = person.subscriber
    told: dict[str, object] = {
        "address": reader.email,
        "name": reader.name,
        "language": reader.language,
        "timezone": reader.timezone,
        "form": reader.form,
        "known_since": person.created_at,
        "number": reader.id,
        "subscriptions": [_subscription(asdict(one)) for one in person.subscriptions],
        "consents": [_consent(slug, consent) for slug, consent in consents],
        "changes": [asdict(change) for change in person.changes],
        "tags": person.tags,
        "letters": [asdict(one) for one in letters],
        "deliveries": [asdict(one) for one in deliveries],
        "answers": [_answer(one) for one in said],
        "returns": [asdict(one) for one in returns],
        "suppressed": barred,
        # Who it was is somebody else's data.
        "acts_of_the_newsroom": [
            {"at": act.at, "act": act.act, "detail": act.detail} for act in reversed(acts)
        ],
    }
    return {name: _plain(value) for name, value in told.items()}


def _subscription(values: dict[str, Any]) -> dict[str, Any]:
    # Consents stand in a list of their own, also those of before.
    values.pop("consent")
    return values


def _consent(newsletter: str, consent: Consent) -> dict[str, Any]:
    return {"newsletter": newsletter, **asdict(consent)}


def _answer(answer: Answer) -> dict[str, Any]:
    # Which of the newsroom's relays it was tells nothing of them, nor their number here again.
    told = asdict(answer)
    return {name: told[name] for name in told if name not in ("relay", "subscriber_id")}


def _plain(value: Any) -> object:
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, dict):
        return {str(name): _plain(part) for name, part in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(part) for part in value]
    return str(value) if isinstance(value, str) else value


# ------------------------------------------------------------------------- in time


async def forget_old(app: App) -> dict[str, int]:
    """Delete what is older than [privacy] lets it be; return how much of each kind went."""
    wanted, now = app.settings.privacy, app.now()
    letters = max(_LETTERS, timedelta(days=app.settings.audience.confirm_days + 1))

    def before(days: int) -> datetime:
        return now - timedelta(days=days)

    async def bounces(conn: Connection) -> int:
        return await forgetting.drop_bounces(conn, before=before(wanted.keep_bounces_days))

    async def acts(conn: Connection) -> int:
        return await audit.drop_old(conn, before=before(wanted.keep_audit_days))

    async def old_letters(conn: Connection) -> int:
        return await forgetting.drop_letters(conn, before=now - letters)

    ended = before(wanted.keep_ended_days)
    confirm = before(app.settings.audience.confirm_days)
    over = Over(before=ended, asked_since=confirm)
    gone = {
        "people": await _forget_people(app, over, barred=Barred.ERASED),
        "deliveries": await _forget_deliveries(app, before(wanted.keep_deliveries_days)),
        "bounces": await _until_none(app, bounces),
        "letters": await _until_none(app, old_letters),
        "audit": await _until_none(app, acts),
    }
    # Also when nothing went: whoever was killed between deleting and this has left it to us.
    await clean(app)
    log.info("forgotten", **gone)
    return gone


async def forget_strangers(app: App, before: datetime) -> int:
    """Forget who asked before and never agreed to anything; return how many.

    Nothing is remembered of them: they may sign up any time.  The files are not cleaned:
    `clean`, or `forget_old`, does.
    """
    over = Over(before=before, asked_since=before, strangers=True)
    return await _forget_people(app, over, barred=None)


async def _forget_people(app: App, over: Over, *, barred: Barred | None) -> int:
    erased, after = 0, 0
    while not app.stopping.is_set():
        async with app.db.read() as conn:
            ids = await forgetting.over(conn, over, after=after, limit=_BATCH)
        if not ids:
            break
        erased += await _erase_all(app, ids, barred=barred, only=over)
        after = ids[-1]
    return erased


async def _forget_deliveries(app: App, before: datetime) -> int:
    async with app.db.read() as conn:
        editions = await forgetting.old_editions(conn, before)
    gone = 0
    for edition_id in editions:

        async def some(conn: Connection, edition_id: str = edition_id) -> int:
            return await forgetting.drop_deliveries(conn, edition_id)

        gone += await _until_none(app, some)

    async def said(conn: Connection) -> int:
        # Of editions that never ended, and of letters too.
        return await answers.drop_old(conn, before=before)

    await _until_none(app, said)
    async with app.db.write() as conn:
        await progress.drop_old(conn, before=before)
    # No backup of so long ago is restored.
    folder = app.data_dir / "events"
    await asyncio.to_thread(forget_ledgers, folder, before=before.timestamp())
    return gone


async def _until_none(app: App, drop: Callable[[Connection], Coroutine[Any, Any, int]]) -> int:
    """Call *drop*, each time in a transaction of its own, until nothing is left."""
    gone = 0
    while not app.stopping.is_set():
        async with app.db.write() as conn:
            some = await drop(conn)
        if not some:
            break
        gone += some
    return gone
