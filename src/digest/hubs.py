"""WebSub: hubs bring what is new at once; polling goes on, so that a silent hub loses nothing.

Behind the door: which feeds' hubs to ask and when, the address at which a hub finds us, and
what to believe of what comes there.  Not behind it: what is said to a hub and what its
signatures are (see `sources.websub`), and what becomes of the items (see `collect`).
"""

import asyncio
import hmac
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from ipaddress import ip_address
from urllib.parse import urlsplit

from digest import collect, reading, store
from digest.app import App
from digest.errors import FetchError, NotFound, ParseError
from digest.settings import Source
from digest.shelf import Visit
from digest.sources import websub
from digest.store.sources import SourceRecord
from digest.telemetry import log

#: What a hub granted is renewed so long before it ends.
_AHEAD = timedelta(days=1)
#: Between two requests about one source: a hub may take a while to come back with its question.
_BETWEEN = timedelta(hours=1)
#: After a hub said no.
_REFUSED = timedelta(days=7)
#: What a hub brings and cannot be used has the feed polled, so long after the last look at it.
_POLLED_ANEW = timedelta(minutes=5)


def callback_url(app: App, source_id: str) -> str:
    """Where a hub brings news of one source: nobody can guess it, and it is always the same."""
    return f"{app.links.base_url}/hub/{source_id}/{_signed(app, 'hub', source_id)[:32]}"


def check_callback(app: App, source_id: str, token: str) -> None:
    """Raise `NotFound` unless `callback_url` made *token* for *source_id*."""
    right = _signed(app, "hub", source_id)[:32]
    if not hmac.compare_digest(right.encode(), token.encode("utf-8", "replace")):
        raise NotFound("no hub was given this address")


def _signed(app: App, *parts: str) -> str:
    text = "\0".join(("digest:websub", *parts)).encode("utf-8", "surrogatepass")
    return hmac.digest(app.key, text, "sha256").hex()


def reachable(base_url: str) -> bool:
    """Whether a hub somewhere on the net could reach *base_url*, and nobody read along."""
    parts = urlsplit(base_url)
    host = (parts.hostname or "").rstrip(".")
    if parts.scheme != "https" or host.endswith((".localhost", ".local", ".internal", ".test")):
        return False
    try:
        return ip_address(host).is_global
    except ValueError:
        return "." in host


# --------------------------------------------------------------------- asking


async def subscribe_where_due(app: App) -> None:
    """Ask the hubs of feeds that name one, where nothing is agreed or what is agreed ends soon.

    At most once an hour for one source, whatever becomes of it; only with [collect] websub and
    a public https base_url.  A hub that fails costs no other source anything.
    """
    if not app.settings.collect.websub or not reachable(app.settings.site.base_url):
        return
    # Two processes that ask with two secrets would take each other's news for forged.
    async with app.db.lease("hubs") as mine:
        if mine:
            await asyncio.gather(*(_ask(app, record) for record in await _claimed(app)))


def _due(record: SourceRecord, now: datetime) -> bool:
    if not record.hub or not record.topic or record.paused_at or record.gone_at:
        return False
    if record.hub_asked_at is not None and now - record.hub_asked_at < _BETWEEN:
        return False
    return record.hub_until is None or record.hub_until - now < _AHEAD


def any_due(app: App, records: Iterable[SourceRecord]) -> bool:
    """Whether `subscribe_where_due` has something to do now."""
    if not app.settings.collect.websub or not reachable(app.settings.site.base_url):
        return False
    return bool(_all_due(app, list(records)))


def _all_due(app: App, records: Sequence[SourceRecord]) -> list[str]:
    """Ids of feeds; of one that was taken away, the record may still be there."""
    feeds = {source.id for source in collect.sources_of(app, records) if source.kind == "feed"}
    now = app.now()
    return [record.id for record in records if record.id in feeds and _due(record, now)]


async def _claimed(app: App) -> list[SourceRecord]:
    """Records whose hubs are to be asked now; that they were asked is committed first.

    A hub may come back with its question before it has answered ours.
    """
    now = app.now()
    async with app.db.read() as conn:
        records = await store.sources.known(conn)
    due = _all_due(app, list(records.values()))
    if not due:
        return []
    claimed = []
    async with app.db.write() as conn:
        # Whoever locks several does it in this order.
        for id in sorted(due):
            record = await store.sources.find(conn, id, lock=True)
            if record is not None and _due(record, now):
                secret = _signed(app, "secret", id, record.hub or "", record.topic or "")[:40]
                record = replace(record, hub_asked_at=now, hub_secret=secret)
                await store.sources.visited(app.db, conn, record)
                claimed.append(record)
    return claimed


async def _ask(app: App, record: SourceRecord) -> None:
    try:
        await websub.ask(
            app.http,
            hub=record.hub or "",
            topic=record.topic or "",
            callback=callback_url(app, record.id),
            secret=record.hub_secret or "",
        )
    except FetchError as error:
        log.warning("hub not subscribed to", source=record.id, reason=str(error))
        if not error.temporary:
            await _not_before(app, record.id, app.now() + _REFUSED)
    else:
        log.info("hub asked", source=record.id)


async def _not_before(app: App, source_id: str, at: datetime) -> None:
    """Ask no hub about a source before *at*: as if we had asked an hour before that."""
    async with app.db.write() as conn:
        record = await store.sources.find(conn, source_id, lock=True)
        if record is not None:
            record = replace(record, hub_asked_at=at - _BETWEEN, hub_until=None)
            await store.sources.visited(app.db, conn, record)


# ------------------------------------------------------------------ being told


async def confirm(app: App, source_id: str, params: Mapping[str, str]) -> str:
    """What to answer a hub that asks whether we meant it, or says that it will not serve us.

    Raises:
        NotFound: we did not ask for this.
    """
    await _feed(app, source_id)
    async with app.db.read() as conn:
        record = await store.sources.find(conn, source_id)
    if record is None or record.topic is None or record.hub_asked_at is None:
        raise NotFound(f"no hub was asked about {source_id}")
    reason = websub.denied(params, topic=record.topic)
    if reason is not None:
        log.warning("hub refused", source=source_id, reason=reason or "it gives none")
        await _not_before(app, source_id, app.now() + _REFUSED)
        return ""
    challenge = websub.verify_intent(params, topic=record.topic)
    until = app.now() + timedelta(seconds=websub.granted_s(params))
    async with app.db.write() as conn:
        # Read again: a visit may have been noted since.
        record = await store.sources.find(conn, source_id, lock=True) or record
        await store.sources.visited(app.db, conn, replace(record, hub_until=until))
    log.info("hub subscribed to", source=source_id, until=until.isoformat())
    return challenge


async def receive(
    app: App,
    source_id: str,
    body: bytes,
    *,
    content_type: str | None = None,
    signature: str | None = None,
) -> Visit | None:
    """Take in what a hub brought; it is kept when this returns.

    What is not signed with the secret that the hub was given is thrown away, and whoever sent
    it is not told so (WebSub, section 7.1): None.

    Args:
        signature: X-Hub-Signature.

    Raises:
        NotFound: no hub was asked about this source; it may forget us.
        StoreError: nothing is kept; the hub may bring it again.
    """
    source = await _feed(app, source_id)
    async with app.db.read() as conn:
        record = await store.sources.find(conn, source_id)
    if record is None or not record.hub_secret or not record.topic:
        raise NotFound(f"no hub was asked about {source_id}")
    if not websub.signed(body, signature, record.hub_secret):
        log.warning("what a hub brought is not signed by it", source=source_id)
        return None
    if record.paused_at:
        return None
    if source.full_text:
        # Following the links to the pages is a visit's work.
        await _poll_soon(app, source_id)
        return None
    hints = reading.Hints(
        url=record.topic,
        content_type=content_type,
        language=source.language,
        timezone=source.timezone,
    )
    try:
        document = await app.readers.run(reading.read_feed, body, hints)
    except ParseError as error:
        log.warning("what a hub brought cannot be read", source=source_id, reason=str(error))
        await _poll_soon(app, source_id)
        return None
    return await collect.take(app, source, [document], known=record)


async def _feed(app: App, source_id: str) -> Source:
    for source in await collect.every_source(app):
        if source.id == source_id and source.kind == "feed":
            return source
    raise NotFound(f"there is no feed {source_id}")


async def _poll_soon(app: App, source_id: str) -> None:
    async with app.db.write() as conn:
        record = await store.sources.find(conn, source_id, lock=True)
        if record is None or record.next_at is None:
            return
        at = app.now()
        if record.checked_at is not None:
            at = max(at, record.checked_at + _POLLED_ANEW)
        if at < record.next_at:
            await store.sources.visited(app.db, conn, replace(record, next_at=at))
