"""What one visit to a source means for the next: pure decisions on its record.

When to look again, when a move counts as a move, when a source is retired.  Nothing here
asks the time or rolls dice: *now* and *chance* are arguments.
"""

from dataclasses import replace
from datetime import datetime, timedelta
from hashlib import blake2b
from typing import Final
from urllib.parse import urlsplit

from digest import sources
from digest.errors import Fault, FetchError, SourceError
from digest.model import FeedManners
from digest.settings import Source
from digest.store.sources import SourceRecord

#: No header can make a source be looked at less often: one bad max-age would mute it for ever.
LONGEST_REST: Final = timedelta(hours=12)
#: Between two visits to a source that fails: reached after a few days, and never given up.
LONGEST_BACKOFF: Final = timedelta(days=1)
#: A source that answered 410 is looked at once more, in case somebody pressed the wrong button.
RETIRED_REST: Final = timedelta(days=7)
#: While a hub tells of new entries, polling is only the safety net.
HUB_REST: Final = timedelta(hours=4)
#: A permanent redirect is believed when as many visits in a row, over as long, said the same:
#: a hotel's log-in page is one, too.
MOVES_BELIEVED: Final = 3
MOVED_FOR: Final = timedelta(days=1)
#: What skipHours and skipDays together may leave out.
_LONGEST_SKIP_H: Final = 48
#: Of the interval: sources that were added together drift apart.
_JITTER: Final = 0.1


def reset(source: Source, record: SourceRecord | None) -> SourceRecord:
    """The record of *source*, without what belonged to another address than it has now."""
    # No database takes a NUL, and no file system either.
    configured = source.url or (str(source.path).replace("\0", "") if source.path else None)
    if record is None:
        return SourceRecord(id=source.id, configured=configured)
    if record.configured in (None, configured):
        return replace(record, configured=configured)
    return SourceRecord(
        id=source.id,
        configured=configured,
        succeeded_at=record.succeeded_at,
        new_at=record.new_at,
        paused_at=record.paused_at,
        identity=record.identity,
        declared=record.declared,
        newsletters=record.newsletters,
    )


def is_due(record: SourceRecord | None, now: datetime) -> bool:
    """Whether it is time for a visit; never while somebody has paused the source."""
    if record is None:
        return True
    return record.paused_at is None and (record.next_at is None or record.next_at <= now)


def may_ask(record: SourceRecord | None, now: datetime) -> bool:
    """Whether an edition that is about to be made may have the source looked at early.

    Not when it is retired or has asked for rest, nor a minute after the last look.
    """
    if record is None or is_due(record, now):
        return True
    if record.paused_at is not None or record.gone_at is not None or record.failures:
        return False
    return record.checked_at is None or now - record.checked_at >= timedelta(minutes=5)


def to_ask(record: SourceRecord) -> str | None:
    """The address to ask instead of the source's own; None for its own.

    While what it moved to fails, both are asked in turns; the one that answers is kept.
    """
    return record.address if record.failures % 2 == 0 else None


def succeeded(
    source: Source,
    record: SourceRecord,
    fetched: "sources.Fetched",
    *,
    now: datetime,
    chance: float,
    fault: str | None = None,
) -> SourceRecord:
    """The record after a visit that went well.

    Args:
        chance: 0 to 1, from the caller's dice.
        fault: what could not be read although the visit went well.
    """
    validators = fetched.validators or sources.Validators()
    manners = fetched.manners
    hub, topic = (manners.hub, manners.topic) if manners else (record.hub, record.topic)
    if (hub, topic) != (record.hub, record.topic):
        record = replace(record, hub_secret=None, hub_asked_at=None, hub_until=None)
    record = replace(
        record,
        etag=validators.etag,
        last_modified=validators.last_modified,
        validators_url=validators.url,
        fingerprint=fetched.fingerprint,
        cursor=fetched.cursor if fetched.cursor is not None else record.cursor,
        checked_at=now,
        succeeded_at=now,
        first_at=record.first_at or now,
        failures=0,
        failing_since=None,
        fault=(fault or "")[:2000] or None,
        word=None,
        status=fetched.status,
        gone_at=None,
        hub=hub,
        topic=topic,
        address=fetched.found_at or record.address,
    )
    record = _moved(record, fetched.moved_to, now)
    return replace(
        record,
        next_at=_next_visit(source, record, fetched.fresh_s, manners, now=now, chance=chance),
    )


def _moved(record: SourceRecord, target: str | None, now: datetime) -> SourceRecord:
    if target is None and record.moved_to is None:
        # Since when it lives at another address stays on record.
        return record
    if target is None or target != record.moved_to:
        visits = 1 if target else 0
        since = now if target else None
        return replace(record, moved_to=target, moved_since=since, moved_visits=visits)
    record = replace(record, moved_visits=record.moved_visits + 1)
    since = record.moved_since or now
    if record.moved_visits < MOVES_BELIEVED or now - since < MOVED_FOR:
        return record
    # The validators are the old address's.
    return replace(
        record, address=target, moved_to=None, moved_visits=0, etag=None, last_modified=None
    )


def failed(
    source: Source, record: SourceRecord, error: SourceError, *, now: datetime, chance: float
) -> SourceRecord:
    """The record after a visit that went wrong: the next one waits longer, and always comes.

    The wait doubles with each failure, up to a day, and is stretched by a part that differs
    from domain to domain and one that differs from source to source: whatever failed together
    does not come back together.
    """
    wait_s = error.wait_s if isinstance(error, FetchError) else None
    status = error.status if isinstance(error, FetchError) else None
    backoff = timedelta(minutes=source.every_min * 2 ** min(record.failures, 12))
    wait = min(backoff, LONGEST_BACKOFF) * (
        1 + 0.25 * _phase(source, record.failures) + 0.25 * chance
    )
    record = _failing(record, error, status, now)
    # Gone where it moved to; what the newsroom wrote down is asked next.
    if error.fault is Fault.GONE and (record.address is None or record.failures > 1):
        record = replace(record, gone_at=record.gone_at or now)
        wait = RETIRED_REST
    if wait_s is not None:
        wait = max(wait, timedelta(seconds=wait_s))
    return replace(record, next_at=now + wait)


def _failing(
    record: SourceRecord, error: SourceError, status: int | None, now: datetime
) -> SourceRecord:
    return replace(
        record,
        checked_at=now,
        failures=record.failures + 1,
        failing_since=record.failing_since or now,
        fault=str(error)[:2000],
        word=error.fault.value,
        status=status,
        moved_to=None,
        moved_since=None,
        moved_visits=0,
    )


def put_off(record: SourceRecord, *, until: datetime, reason: str) -> SourceRecord:
    """The record of a source that was not visited: its host had asked to be left alone."""
    return replace(record, next_at=until, fault=reason[:2000], word=Fault.BUSY.value)


def _phase(source: Source, failures: int) -> float:
    # With the list of public suffixes.
    from digest.sources.hosts import domain_of

    host = (urlsplit(source.url).hostname or "") if source.url else ""
    told = f"{domain_of(host)}\0{failures}".encode()
    return int.from_bytes(blake2b(told, digest_size=4).digest()) / 2**32


def _next_visit(
    source: Source,
    record: SourceRecord,
    fresh_s: float | None,
    manners: FeedManners | None,
    *,
    now: datetime,
    chance: float,
) -> datetime:
    rest = timedelta(minutes=source.every_min)
    told = timedelta(seconds=fresh_s or 0)
    if manners and manners.ttl_min:
        told = max(told, timedelta(minutes=manners.ttl_min))
    rest = max(rest, min(told, LONGEST_REST))
    if record.hub_until is not None and record.hub_until > now:
        rest = max(rest, HUB_REST)
    at = now + rest * (1 + _JITTER * chance)
    return _not_skipped(at, manners) if manners else at


def _not_skipped(at: datetime, manners: FeedManners) -> datetime:
    """The first hour from *at* that the feed does not ask to skip (RSS 2.0 skipHours, skipDays)."""
    # A weekend of hours; a feed that skips more is not taken at its word.
    for hours in range(_LONGEST_SKIP_H + 1):
        later = at + timedelta(hours=hours)
        if later.hour not in manners.skip_hours and later.weekday() not in manners.skip_days:
            return later if hours == 0 else later.replace(minute=0, second=0, microsecond=0)
    return at
