"""`digest run` and its steps: collect, compose, approve, cancel, publish, send."""

import re
from collections.abc import Sequence
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import Annotated

import typer

from digest import announce, deliver, pipeline, proof
from digest import collect as collecting
from digest import compose as composing
from digest import publish as publishing
from digest.app import App
from digest.cli import report, show, why
from digest.cli.frame import (
    CONFIG,
    Config,
    Day,
    EditionId,
    Json,
    Which,
    slot_by_hand,
    with_app,
)
from digest.errors import AskedToStop, Conflict, DigestError, NotFound
from digest.model import Edition, EditionState, Slot
from digest.settings import Newsletter, Source
from digest.shelf import Visit
from digest.slots import release_at
from digest.store import Connection, editions, placements, replies, subscribers
from digest.store.editions import Record

#: Given to the hubs by a command; what they have not heard by then, `serve` or the next command
#: tells them.
_HUBS_S = 3.0
#: Whoever's turn, or second try, comes so soon is waited for; `serve` writes to the others.
_LINGER_S = 10.0

Named = Annotated[
    list[str] | None,
    typer.Option("--source", "-s", help="A folder, file or http(s) address, by hand; repeatable."),
]
Again = Annotated[
    bool, typer.Option("--again", help="A further edition today: its items again, and what is new.")
]
DryRun = Annotated[
    Path | None,
    typer.Option("--dry-run", help="Send nothing: write the messages as files into this folder."),
]


def named_source(given: str, newsletter: Newsletter) -> Source:
    """A source that a person names instead of config.toml; its clocks are the newsletter's.

    Raises:
        NotFound: there is no such file or folder.
    """
    slug = re.sub(r"[^a-z0-9]+", "-", given.lower()).strip("-")[-50:].strip("-") or "here"
    id = f"{composing.BY_HAND}{slug}"
    if given.startswith(("http://", "https://")):
        return Source(id=id, kind="page", url=given, timezone=newsletter.timezone)
    path = Path(given).resolve()
    if not path.exists():
        raise NotFound(f"there is no file or folder {given}")
    return Source(id=id, kind="folder", path=path, timezone=newsletter.timezone)


async def _found(app: App, named: Source) -> Source:
    """*named* as what stands at its address: a feed, a page, or a page that lists articles."""
    if named.url is None:
        return named
    from digest.sources.discover import discover

    found = await discover(named.url, app.http, app.readers)
    if found.kind == "none":
        # The visit says what is wrong.
        return named
    return named.model_copy(update={"kind": found.kind, "url": found.url, "follow": found.follow})


async def _collect(
    app: App, newsletter: Newsletter, named: Sequence[str] | None, bars: show.Bars
) -> list[Visit]:
    chosen = [await _found(app, named_source(given, newsletter)) for given in named or ()] or None
    return await collecting.collect(app, chosen, progress=bars.step)


async def _slot(app: App, newsletter: Newsletter, day: str | None, *, again: bool) -> Slot:
    slot = slot_by_hand(app, newsletter, day, again=again)
    while again:
        async with app.db.read() as conn:
            if await editions.find(conn, slot.edition_id) is None:
                break
        later = (slot.clock.hour * 60 + slot.clock.minute + 1) % (24 * 60)
        clock = slot.clock.replace(hour=later // 60, minute=later % 60)
        slot = Slot(
            newsletter=slot.newsletter, day=slot.day, clock=clock, at=slot.at + timedelta(minutes=1)
        )
    return slot


async def _compose(
    app: App, newsletter: Newsletter, slot: Slot, named: Sequence[str] | None, *, again: bool
) -> Record:
    repeats = await _latest(app, newsletter) if again else None
    given = [named_source(name, newsletter) for name in named or ()]
    also = [source.id for source in given]
    return await composing.compose(app, newsletter, slot, repeats=repeats, also=also, named=given)


async def _latest(app: App, newsletter: Newsletter) -> str | None:
    """Id of the newest edition that readers have seen."""
    async with app.db.read() as conn:
        public = await editions.listing(conn, newsletter=newsletter.slug, states=editions.PUBLIC)
    begun = (EditionState.SENDING, EditionState.SENT)
    seen = (one for one in public if one.state in begun or one.published_at is not None)
    return next((one.id for one in seen), None)


async def resolve(app: App, given: str | None, *, draft: bool = False) -> Record:
    """The edition a person means: by id, or the latest.

    Args:
        draft: the only one that is still open; of several a person must name one.

    Raises:
        NotFound: there is none.
        Conflict: several drafts are open.
    """
    async with app.db.read() as conn:
        if given is not None:
            return await editions.get(conn, given)
        if draft and (found := await only_draft(conn)):
            return found
        latest = await editions.listing(conn, limit=1)
    if not latest:
        raise NotFound("there is no edition yet; `digest run` makes one")
    return latest[0]


async def only_draft(conn: Connection) -> Record | None:
    """The draft that is open, if there is one.

    Raises:
        Conflict: there are several; which one is meant?
    """
    drafts = await editions.listing(conn, states=(EditionState.DRAFT,))
    if len(drafts) > 1:
        ids = ", ".join(record.id for record in drafts)
        raise Conflict(f"several drafts are open: {ids}; name the one you mean")
    return drafts[0] if drafts else None


def run(
    config: Config = CONFIG,
    source: Named = None,
    newsletter: Which = None,
    date: Day = None,
    again: Again = False,
    dry_run: DryRun = None,
    as_json: Json = False,
) -> None:
    """Collect, compose, publish and send today's edition; nothing is done twice."""

    async def work(app: App) -> int:
        chosen = app.newsletter(newsletter)
        # First: a date that is none must not cost a visit to every source.
        slot = await _slot(app, chosen, date, again=again)
        with show.bars(quiet=as_json) as bars:
            visits = await _collect(app, chosen, source, bars)
            if dry_run is not None:
                repeats = await _latest(app, chosen) if again else None
                edition = await _as_it_would_be(app, chosen, slot, source, repeats)
                written = await proof.rehearse(app, edition, dry_run)
                report.show_rehearsal(edition, visits, written, dry_run, as_json=as_json)
                return 0
            async with app.db.read() as conn:
                before = await editions.find(conn, slot.edition_id)
            record = await _compose(app, chosen, slot, source, again=again)
            trouble = await _let_out(app, chosen, record, bars)
        told = await report.look_back(app, record.id, before, visits)
        report.show_run(told, as_json=as_json)
        if trouble is not None:
            raise trouble
        return 0

    with_app(config, work)


async def _as_it_would_be(
    app: App,
    newsletter: Newsletter,
    slot: Slot,
    named: Sequence[str] | None,
    repeats: str | None,
) -> Edition:
    """The edition of *slot*: as it is when it is past its draft, else as composed now."""
    async with app.db.read() as conn:
        record = await editions.find(conn, slot.edition_id)
        if record is not None and record.state not in editions.OPEN:
            return await editions.content(conn, record.id)
    also = [named_source(given, newsletter).id for given in named or ()]
    return (await composing.sketch(app, newsletter, slot, repeats=repeats, also=also)).edition


async def _let_out(
    app: App, newsletter: Newsletter, record: Record, bars: show.Bars
) -> DigestError | None:
    """Approve if that is automatic, publish, send; what went wrong, for after the report."""
    try:
        if app.stopping.is_set():
            raise AskedToStop("asked to stop; `digest run` goes on from here")
        # One that says why it waits is too short: a person decides.
        if record.state is EditionState.DRAFT and newsletter.auto_approve and not record.reason:
            with suppress(Conflict):  # another process was faster: the same edition goes out
                await pipeline.approve(app, record.id)
        if app.stopping.is_set():
            raise AskedToStop("asked to stop; `digest run` goes on from here")
        await publishing.publish(app, early=(record.id,), progress=bars.step)
        async with app.db.read() as conn:
            record = await editions.get(conn, record.id)
            readers = (await subscribers.count(conn, newsletter.slug)).get("active", 0)
        moving = record.state in (EditionState.APPROVED, EditionState.SENDING)
        if moving and (readers or record.planned):
            await deliver.deliver(
                app, record.id, progress=bars.counts, linger_s=_LINGER_S, by_hand=True
            )
        # After the mails: a hub that hangs holds up nobody.
        await announce.announce(app, patience_s=_HUBS_S)
    except DigestError as error:
        return error
    return None


def collect(config: Config = CONFIG, source: Named = None, as_json: Json = False) -> None:
    """Look at the sources now, whether they are due or not, and keep what is new."""

    async def work(app: App) -> int:
        with show.bars(quiet=as_json) as bars:
            visits = await _collect(app, app.newsletter(), source, bars)
        if as_json:
            show.answer({"sources": visits})
        else:
            report.visits_table(visits)
        return 0

    with_app(config, work)


def compose(
    config: Config = CONFIG,
    newsletter: Which = None,
    date: Day = None,
    again: Again = False,
    explain: Annotated[
        bool, typer.Option("--explain", help="Say why everything is where it is.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Make the draft of an edition from what no edition has taken yet.

    An edition that is past its draft stays as it is: --explain then says why it was made so.
    """

    async def work(app: App) -> int:
        chosen = app.newsletter(newsletter)
        slot = await _slot(app, chosen, date, again=again)
        record = await _compose(app, chosen, slot, None, again=again)
        edition = None
        if record.state is not EditionState.SKIPPED:
            async with app.db.read() as conn:
                edition = await editions.content(conn, record.id)
                left = await placements.count(conn, chosen.slug)
                spent = await replies.spent(conn, record.id)
                taken = await placements.of_edition(conn, record.id)
                titles = {item.id: item.title for item in taken}
        if as_json:
            told = {"edition": record.id, "state": record.state, "content": edition}
            show.answer(told | ({"model": spent} if explain and edition else {}))
            return 0
        show.say(f"{record.id}: {report.state_words(record)}")
        if edition and explain:
            why.explain(edition, titles, spent)
        elif edition:
            rows = [
                (section.title, story.headline, len(story.items), f"{story.score:.2f}")
                for section in edition.sections
                for story in section.stories
            ]
            show.table("Stories", ("section", "headline", "told by", "score"), rows)
            counts = ", ".join(f"{number} {part}" for part, number in sorted(left.items()))
            show.say(
                f"{len(edition.briefs)} briefs; of all items of {chosen.slug} so far: {counts}"
            )
        return 0

    with_app(config, work)


def approve(edition: EditionId = None, config: Config = CONFIG, as_json: Json = False) -> None:
    """Let a draft go out: at its hour by `digest serve`, or now by `digest send`."""

    async def work(app: App) -> int:
        record = await pipeline.approve(app, (await resolve(app, edition, draft=True)).id)
        await publishing.publish(app)
        if as_json:
            show.answer(record)
        elif (at := release_at(app.newsletter(record.newsletter), record.slot)) > app.now():
            told = f"`digest serve` sends it at {show.local(at)}, `send` at once"
            show.say(f"{record.id} is approved; {told}")
        else:
            show.say(f"{record.id} is approved and published")
        # After the answer, here and below: a hub that hangs holds up nobody.
        await announce.announce(app, patience_s=_HUBS_S)
        return 0

    with_app(config, work)


def cancel(edition: EditionId = None, config: Config = CONFIG, as_json: Json = False) -> None:
    """Stop an edition: nothing more of it leaves."""

    async def work(app: App) -> int:
        record = await pipeline.cancel(app, (await resolve(app, edition)).id)
        await publishing.publish(app)
        show.answer(record) if as_json else show.say(f"{record.id} is cancelled")
        await announce.announce(app, patience_s=_HUBS_S)
        return 0

    with_app(config, work)


def publish(
    config: Config = CONFIG,
    anew: Annotated[
        bool, typer.Option("--all", help="Make every page again, also those that stand.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Write the pages and feeds of every approved edition to the output folder."""

    async def work(app: App) -> int:
        with show.bars(quiet=as_json) as bars:
            changed = await publishing.publish(app, anew=anew, progress=bars.step)
        if as_json:
            show.answer({"changed": changed, "folder": app.out_dir})
        else:
            show.say(f"{len(changed)} files changed in {app.out_dir}")
        await announce.announce(app, patience_s=_HUBS_S)
        return 0

    with_app(config, work)


def send(
    edition: EditionId = None,
    config: Config = CONFIG,
    to: Annotated[
        str | None, typer.Option("--to", help="One proof copy to this address; no delivery.")
    ] = None,
    dry_run: DryRun = None,
    as_json: Json = False,
) -> None:
    """Send an approved edition to whoever has not had it yet."""

    async def work(app: App) -> int:
        record = await resolve(app, edition)
        if to is not None:
            reply = await proof.send_one(app, record.id, to)
            show.answer({"to": to, "reply": reply}) if as_json else show.say(f"{to}: {reply}")
            return 0
        if dry_run is not None:
            async with app.db.read() as conn:
                content = await editions.content(conn, record.id)
            written = await proof.rehearse(app, content, dry_run)
            if as_json:
                show.answer({"written": written, "folder": dry_run})
            else:
                show.say(f"{written} messages are in {dry_run}; nothing was sent")
            return 0
        if record.state is EditionState.DRAFT:
            raise Conflict(f"{record.id} is a draft: `digest approve {record.id}` first")
        with show.bars(quiet=as_json) as bars:
            if record.published_at is None:
                # The mail leads to its page.
                await publishing.publish(app, early=(record.id,), progress=bars.step)
            counts = await deliver.deliver(
                app, record.id, progress=bars.counts, linger_s=_LINGER_S, by_hand=True
            )
        if as_json:
            show.answer({"edition": record.id, "deliveries": counts})
        else:
            before = " (before)" if record.state is EditionState.SENT else ""
            show.say(f"{record.id}: mails accepted {report.mail_words(counts)}{before}")
            await report.say_held_up(app, record.id, counts)
        await announce.announce(app, patience_s=_HUBS_S)
        return 0

    with_app(config, work)


def help_send(edition: Annotated[str, typer.Argument()], config: Config = CONFIG) -> None:
    """Carry chunks of an edition that another process is sending ([mail] processes)."""

    async def work(app: App) -> int:
        await deliver.deliver(app, edition, by_hand=True)
        return 0

    with_app(config, work, helping=True)


def add_to(app: typer.Typer) -> None:
    """Register the commands of this file."""
    for command in (run, collect, compose, approve, cancel, publish, send):
        app.command()(command)
    app.command(hidden=True)(help_send)
