"""The verb of breaking news: an edition as soon as enough independent sources tell one story."""

import asyncio
from datetime import datetime, timedelta

from digest import editorial, store
from digest.app import App
from digest.collect import sources_for, sources_of
from digest.compose import compose, sketch
from digest.model import Slot
from digest.settings import Newsletter
from digest.slots import slot_now, slots
from digest.store import editions, placements
from digest.store.editions import Record

#: What was met earlier than this breaks nothing any more.
_BREAKS_FOR = timedelta(hours=12)
#: Minutes in which a free one is looked for.
_MINUTES = 180


async def break_news(app: App, newsletter: Newsletter) -> Record | None:
    """Make an edition of the stories that enough independent sources tell, if there are any.

    Looks at what was met in the last twelve hours and no edition of *newsletter* has taken.
    The rest waits: for more sources, or until it is too old.  What the newsletter has told, or
    has in a draft, breaks no second time.
    """
    now = app.now()
    async with app.db.read() as conn:
        known = await store.sources.known(conn)
        every = sources_of(app, known.values())
        named = [source.id for source in sources_for(newsletter, every, known)]
        waiting = await placements.unplaced(
            conn,
            newsletter.slug,
            sources=named if newsletter.sources else (),
            since=now - _BREAKS_FOR,
        )
        slot = await _free_slot(conn, newsletter, now)
    # Of the same reading as the items: what is kept later is looked at later.
    came = max((record.new_at for record in known.values() if record.new_at), default=now)
    weights = {source.id: source.weight for source in every}
    found = await asyncio.to_thread(editorial.stories, waiting, weights=weights)
    only = {
        item.id
        for story in found
        if editorial.independent(story.items) >= newsletter.breaking_sources
        for item in (*story.items, *story.copies)
    }
    record = None
    if only and slot is not None:
        draft = await sketch(app, newsletter, slot, only=only)
        if any(not story.update_of for story in draft.edition.stories):
            record = await compose(
                app, newsletter, slot, only=only, approve=newsletter.auto_approve
            )
    async with app.db.write() as conn:
        await editions.note_look(conn, newsletter.slug, at=came)
    return record


async def _free_slot(conn: store.Connection, newsletter: Newsletter, now: datetime) -> Slot | None:
    """The next minute that neither the calendar nor another edition has."""
    for minutes in range(_MINUTES):
        slot = slot_now(newsletter, now + timedelta(minutes=minutes))
        due = slots(newsletter, after=slot.at - timedelta(microseconds=1), until=slot.at)
        if any(one.edition_id == slot.edition_id for one in due):
            continue
        if await editions.find(conn, slot.edition_id) is None:
            return slot
    return None
