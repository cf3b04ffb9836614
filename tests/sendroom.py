"""An edition on its way to a `Sink`: laid out at the hour of now, sent by processes of its own."""

import asyncio
import atexit
import random
import shutil
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from subprocess import CompletedProcess
from zoneinfo import ZoneInfo

from digest import collect, compose, deliver, pipeline, publish
from digest.app import utc_now
from digest.errors import MailError
from digest.model import Counts, DeliveryState, Outcome
from digest.slots import slot_of
from digest.store import journal, subscribers
from forked import Forked
from newsroom import open_newsroom, take_in, write_config
from sink import FATES, LOST_IN_DOUBT, Sink, fate

ARTICLE = """---
title: The ferry runs again
date: {date}
url: https://desk.example/ferry
---
The ferry ran again on Sunday, the harbour said.
"""
#: Nobody asks a name server in a test.
TABLES = "\n[pace]\nresolve_mx = false\n"
#: Of each process, in every test.
CONNECTIONS = 4

DOUBTFUL, FAILED, SENT = DeliveryState.DOUBTFUL, DeliveryState.FAILED, DeliveryState.SENT


def cast(dice: random.Random, **numbers: int) -> list[str]:
    """Addresses of so many people of each fate (`sink.FATES`), mixed; few share a domain."""
    people = [
        f"{kind}-{n}@{kind}{n % 9}.example" for kind, many in numbers.items() for n in range(many)
    ]
    dice.shuffle(people)
    # They are written to in the order of their addresses.
    return [f"{place:04}.{who}" for place, who in enumerate(people)]


def by_way_of(sink: Sink) -> str:
    """Lines of [mail] or [[relays]]."""
    return f'by = "smtp"\nhost = "{sink.host}"\nport = {sink.port}\ntls = "none"\n'


@dataclass(frozen=True, slots=True)
class Found:
    """What the journal says of an edition."""

    counts: Counts
    rows: dict[str, Outcome]

    def all(self, state: DeliveryState) -> set[str]:
        return {to for to, row in self.rows.items() if row.state is state}


@dataclass(frozen=True, slots=True, kw_only=True)
class Room:
    """A newsroom with one approved and published edition."""

    folder: Path
    #: Of the edition.
    id: str
    people: tuple[str, ...]

    def sending(self, *, file_bytes: int = 0) -> Forked:
        """``digest send``, begun."""
        return Forked(self.folder, "send", self.id, "--json", file_bytes=file_bytes)

    def send(self, kill_when: Callable[[], bool] | None = None) -> CompletedProcess[str]:
        """``digest send`` to its end, or until *kill_when* says that it dies."""
        with self.sending() as sending:
            if kill_when is not None:
                sending.until(kill_when)
                sending.kill()
            return sending.ended()

    def settle_doubts(self, how: str) -> CompletedProcess[str]:
        """``digest deliveries --close`` or ``--resend``."""
        with Forked(self.folder, "deliveries", self.id, how, "--json") as settling:
            return settling.ended()

    async def finish(self, *, step: timedelta = timedelta(minutes=2), rounds: int = 60) -> None:
        """Go on until nobody is pending; the clock goes ahead by *step* after each round."""
        ahead = timedelta()

        def now() -> datetime:
            return utc_now() + ahead

        async with open_newsroom(self.folder, now=now) as app:
            for _ in range(rounds):
                with suppress(MailError):
                    await deliver.deliver(app, self.id)
                if not (await deliver.stands(app, self.id)).pending:
                    return
                ahead += step
        raise AssertionError(f"after {rounds} rounds somebody is still pending")

    async def found(self) -> Found:
        """Where everybody stands."""
        async with open_newsroom(self.folder, now=utc_now) as app, app.db.read() as conn:
            counts = await journal.counts(conn, self.id)
            rows = await journal.listing(conn, self.id, limit=100_000)
            names = await subscribers.names(conn, [row.subscriber_id for row in rows])
        return Found(counts, {names[row.subscriber_id]: row for row in rows})


#: People → a newsroom as `_make` leaves it: copied for each test.
_MADE: dict[tuple[str, ...], tuple[Path, str]] = {}


async def lay_out(
    folder: Path,
    people: Sequence[str],
    mail: str,
    *,
    tables: str = TABLES,
    store_url: str = "sqlite:///data/digest.db",
) -> Room:
    """A newsroom with these people and one edition, approved and published a moment ago."""
    known = tuple(people)
    if not store_url.startswith("sqlite"):
        id = await _make(folder, known, store_url)
    else:
        if known not in _MADE:
            home = Path(tempfile.mkdtemp())
            atexit.register(shutil.rmtree, home)
            _MADE[known] = (home, await _make(home, known, store_url))
        home, id = _MADE[known]
        await asyncio.to_thread(shutil.copytree, home, folder, dirs_exist_ok=True)
    write_config(folder, store_url=store_url, mail=mail + tables)
    return Room(folder=folder, id=id, people=known)


async def _make(folder: Path, people: Sequence[str], store_url: str) -> str:
    write_config(folder, store_url=store_url)
    now = utc_now()
    (folder / "desk" / "ferry.md").write_text(ARTICLE.format(date=f"{now:%Y-%m-%dT%H:%M}"))
    lines = ["email,consent_at,consent_from", *(f"{to},2026-01-02,form" for to in people)]
    async with open_newsroom(folder, now=utc_now) as app:
        await take_in(app, "\n".join(lines) + "\n")
        await collect.collect(app)
        daily = app.newsletter()
        local = now.astimezone(ZoneInfo(daily.timezone))
        slot = slot_of(daily, local.date(), clock=local.time().replace(second=0, microsecond=0))
        record = await compose.compose(app, daily, slot)
        await pipeline.approve(app, record.id)
        await publish.publish(app, early=(record.id,))
    return record.id


def after(seconds: float) -> Callable[[], bool]:
    end = time.monotonic() + seconds
    return lambda: time.monotonic() >= end


def once(sink: Sink, *, more: int) -> Callable[[], bool]:
    """When the sink has taken so many more messages than now."""
    many = sink.count() + more
    return lambda: sink.count() >= many


# ------------------------------------------------------------------------ the books


def expected_doubts(people: Sequence[str]) -> set[str]:
    """Who is in doubt by what the sink does to them, kills or not."""
    return {to for to in people if FATES[fate(to)] == "doubtful"}


def check_books(room: Room, found: Found, copies: Counter[str], *, doubts: int) -> None:
    """Doubts are held: the journal and the sink's log agree about everybody.

    Args:
        doubts: who may be in doubt at most, besides those whose fate it is.
    """
    assert found.counts.reconciles, found.counts
    assert found.counts.planned == len(room.people) == len(found.rows)
    assert not found.counts.pending, found.counts
    twice = {to for to, number in copies.items() if number > 1}
    assert not twice, "somebody got it twice"
    assert set(copies) <= set(room.people)
    for to, row in found.rows.items():
        kind = fate(to)
        if row.state is SENT:
            assert copies[to] == 1, f"{to}: sent, and nothing arrived"
        elif row.state is not DOUBTFUL:
            assert copies[to] == 0, f"{to}: {row.state}, and it arrived"
        if FATES[kind] == "doubtful":
            assert row.state is DOUBTFUL, f"{to}: {row.state} {row.text}"
        else:
            assert row.state in (DeliveryState(FATES[kind]), DOUBTFUL), f"{to}: {row.text}"
        if kind in LOST_IN_DOUBT:
            assert copies[to] == 0
    besides = found.all(DOUBTFUL) - expected_doubts(room.people)
    assert len(besides) <= doubts, f"{len(besides)} more in doubt; {doubts} were in flight"


def check_all_sent(room: Room, found: Found, copies: Counter[str]) -> None:
    """Nobody was refused, nobody is in doubt, and everybody has one copy."""
    assert found.counts == Counts(planned=len(room.people), sent=len(room.people))
    assert copies == Counter(room.people)
