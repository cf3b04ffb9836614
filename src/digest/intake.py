"""The verb of pushing: what a program or a person of the newsroom hands in becomes items.

All of a request is kept, or nothing; the caller's own ids make it harmless to push twice, and
what is pushed again in other words is a revision.  What may stand in a request is
`reading.pushed`'s to say, what becomes of the items `collect`'s.
"""

import asyncio
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from digest import collect, editorial, reading, store
from digest.app import App
from digest.errors import Conflict, NotFound, ParseError
from digest.model import IdentityRule, RawItem
from digest.reading import read_pushed
from digest.settings import Source
from digest.telemetry import log

State = Literal["new", "changed", "unchanged"]

#: A clock or a zone may be wrong by hours, not by more.
_AHEAD = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Became:
    """What became of one pushed item."""

    #: The caller's own.
    id: str
    #: Of the `Item` that it is.
    item: str
    state: State


@dataclass(frozen=True, slots=True, kw_only=True)
class Pushed:
    """What became of a request: the three numbers add up to its items."""

    source: str
    new: int = 0
    #: Known, in other words than before: a revision.
    changed: int = 0
    unchanged: int = 0
    #: In the order of the request.
    items: tuple[Became, ...] = ()


async def push(app: App, source_id: str | None, data: object) -> Pushed:
    """Keep the items in *data*: JSON as bytes or str, or the values that it stands for.

    Pushing the same again changes nothing.  It is committed when this returns.

    Args:
        source_id: a source of kind push; None takes the only one.

    Raises:
        NotFound: there is no such source.
        Conflict: the source is paused; nothing is kept.
        ParseError: nothing is kept; each line of the message is one fault.
        StoreError: nothing is kept; the same may be pushed again.
    """
    source = await _push_source(app, source_id)
    async with app.db.read() as conn:
        record = await store.sources.find(conn, source.id)
    if record is not None and record.paused_at is not None:
        raise Conflict(
            f"the source {source.id} is paused and takes nothing; "
            f"`digest sources resume {source.id}`, then push again"
        )
    hints = reading.Hints(language=source.language, timezone=source.timezone)
    # Bytes come from outside; values were made in this process, by a command.
    outside = isinstance(data, bytes | str)
    run = app.readers.run if outside else asyncio.to_thread
    document = await run(read_pushed, data, hints)
    faults = await asyncio.to_thread(lambda: list(_unfit(document.items, source, app.now())))
    if faults:
        raise ParseError(source.id, "\n".join(faults))
    visit = await collect.take(app, source, [document] if document.items else [], known=record)
    rule = IdentityRule(record.identity) if record else IdentityRule.GUID
    ids = editorial.identify(document.items, source_id=source.id, rule=rule)
    new, changed = frozenset(visit.new_ids), frozenset(visit.changed_ids)

    def state(id: str) -> State:
        return "new" if id in new else "changed" if id in changed else "unchanged"

    items = tuple(
        Became(id=raw.guid or "", item=id, state=state(id))
        for raw, id in zip(document.items, ids, strict=True)
    )
    log.info("items pushed", source=source.id, new=visit.new, changed=visit.changed)
    return Pushed(
        source=source.id,
        new=visit.new,
        changed=visit.changed,
        unchanged=len(items) - visit.new - visit.changed,
        items=items,
    )


async def _push_source(app: App, source_id: str | None) -> Source:
    found = [source for source in await collect.every_source(app) if source.kind == "push"]
    if not found:
        raise NotFound(
            "there is no source to push to; add one to config.toml: "
            '[[sources]] with id = "ticker" and kind = "push"'
        )
    names = ", ".join(source.id for source in found)
    if source_id is None and len(found) > 1:
        raise NotFound(f"there are several sources to push to; name one of {names}")
    for source in found:
        if source_id in (None, source.id):
            return source
    raise NotFound(f"there is no source {source_id!r} to push to; there is {names}")


def _unfit(items: Sequence[RawItem], source: Source, now: datetime) -> Iterator[str]:
    """What collecting would mend or leave out without a word: whoever pushes can do better."""
    for raw in items:
        name = json.dumps(raw.guid, ensure_ascii=False)
        for field, at in (("published", raw.published_at), ("updated", raw.updated_at)):
            if at is not None and at - now > _AHEAD:
                yield (
                    f"{field} of {name}: is more than a day ahead ({at.isoformat()}); "
                    "push it when readers may see it"
                )
        try:
            editorial.clean(raw, source_id=source.id, seen_at=now)
        except ParseError:
            yield f"title of {name}: holds nothing that can be seen, nor does the text"
