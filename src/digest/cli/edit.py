"""`digest edit`: the editor's hand on a draft, one command for each act."""

import asyncio
import getpass
import sys
from collections.abc import Awaitable, Callable, Iterator, Sequence
from typing import Annotated, Any

import typer

from digest import revise
from digest.app import App
from digest.cli import show
from digest.cli.edition import only_draft
from digest.cli.frame import CONFIG, Config, Json, with_app
from digest.errors import NotFound
from digest.model import Edit, EditionState, EditKind, Item, Kind
from digest.revise import Draft, Revised
from digest.store import editions

edit = typer.Typer(
    help="Work on a draft: show, pin, hold, kill, move, place, headline, summary, note, intro, "
    "merge, split, undo.  What is done survives composing again.",
    no_args_is_help=True,
)

#: Characters of a headline in the words of an act.
_SHORT = 60

Target = Annotated[
    str,
    typer.Argument(help="2.3: third story of the second section; b4: fourth brief; or an id."),
]
Text = Annotated[str, typer.Argument(help='The words; "" takes them away, - reads standard input.')]
Which = Annotated[
    str | None, typer.Option("--edition", "-e", help="Id of the edition; else the open draft.")
]
By = Annotated[str | None, typer.Option("--by", help="Who does it; else your login name.")]

_Verb = Callable[[App, str, str], Awaitable[Revised]]


@edit.command(name="show")
def show_(
    edition: Annotated[
        str | None, typer.Argument(help="Id such as daily@2026-05-18T0700; else the open draft.")
    ] = None,
    which: Which = None,
    config: Config = CONFIG,
    as_json: Json = False,
) -> None:
    """List a draft with the numbers to edit it by: sections, briefs, what is left out, edits."""

    async def work(app: App) -> int:
        draft = await revise.look(app, await _draft(app, edition or which))
        show.answer(_plain(draft)) if as_json else _show(draft)
        return 0

    with_app(config, work)


@edit.command()
def pin(
    target: Target,
    edition: Which = None,
    by: By = None,
    config: Config = CONFIG,
    as_json: Json = False,
) -> None:
    """Show it whatever the limits, first in its section; also what was left out or held."""
    _do(lambda app, id, who: revise.pin(app, id, target, by=who), edition, by, config, as_json)


@edit.command()
def hold(
    target: Target,
    edition: Which = None,
    by: By = None,
    config: Config = CONFIG,
    as_json: Json = False,
) -> None:
    """Keep it for the next edition."""
    _do(lambda app, id, who: revise.hold(app, id, target, by=who), edition, by, config, as_json)


@edit.command()
def kill(
    target: Target,
    edition: Which = None,
    by: By = None,
    config: Config = CONFIG,
    as_json: Json = False,
) -> None:
    """Never show it in this newsletter."""
    _do(lambda app, id, who: revise.kill(app, id, target, by=who), edition, by, config, as_json)


@edit.command()
def move(
    target: Target,
    section: Annotated[str, typer.Argument(help="Slug or title of the section.")],
    edition: Which = None,
    by: By = None,
    config: Config = CONFIG,
    as_json: Json = False,
) -> None:
    """Move it to another section; a brief becomes a story of it."""

    def verb(app: App, id: str, who: str) -> Awaitable[Revised]:
        return revise.move(app, id, target, section, by=who)

    _do(verb, edition, by, config, as_json)


@edit.command()
def place(
    target: Target,
    position: Annotated[int, typer.Argument(help="From 1.", min=1)],
    edition: Which = None,
    by: By = None,
    config: Config = CONFIG,
    as_json: Json = False,
) -> None:
    """Give a story a place in its section."""

    def verb(app: App, id: str, who: str) -> Awaitable[Revised]:
        return revise.place(app, id, target, position, by=who)

    _do(verb, edition, by, config, as_json)


@edit.command()
def headline(
    target: Target,
    text: Text,
    edition: Which = None,
    by: By = None,
    config: Config = CONFIG,
    as_json: Json = False,
) -> None:
    """Give a story another headline."""
    _rewrite(revise.headline, target, text, edition, by, config, as_json)


@edit.command()
def summary(
    target: Target,
    text: Text,
    edition: Which = None,
    by: By = None,
    config: Config = CONFIG,
    as_json: Json = False,
) -> None:
    """Give a story another summary."""
    _rewrite(revise.summary, target, text, edition, by, config, as_json)


@edit.command()
def note(
    target: Target,
    text: Text,
    edition: Which = None,
    by: By = None,
    config: Config = CONFIG,
    as_json: Json = False,
) -> None:
    """Add a note of the newsroom to a story."""
    _rewrite(revise.note, target, text, edition, by, config, as_json)


@edit.command()
def intro(
    text: Text,
    edition: Which = None,
    by: By = None,
    config: Config = CONFIG,
    as_json: Json = False,
) -> None:
    """Begin the edition with the newsroom's own words; blank lines part paragraphs."""
    words = _words(text)
    _do(lambda app, id, who: revise.intro(app, id, words, by=who), edition, by, config, as_json)


@edit.command()
def merge(
    targets: Annotated[
        list[str], typer.Argument(help="Stories or briefs, two or more, as 1.1 2.3 b4 or ids.")
    ],
    edition: Which = None,
    by: By = None,
    config: Config = CONFIG,
    as_json: Json = False,
) -> None:
    """Make several stories one, which stands where the first of them stands."""
    _do(lambda app, id, who: revise.merge(app, id, targets, by=who), edition, by, config, as_json)


@edit.command()
def split(
    item: Annotated[
        str, typer.Argument(help="Id of an item or copy in a story; or 2.3: its lead.")
    ],
    edition: Which = None,
    by: By = None,
    config: Config = CONFIG,
    as_json: Json = False,
) -> None:
    """Let one item leave its story and stand alone."""
    _do(lambda app, id, who: revise.split(app, id, item, by=who), edition, by, config, as_json)


@edit.command()
def undo(
    what: Annotated[
        str | None,
        typer.Argument(help="Number of the edit, or a story or item: its last; else the last."),
    ] = None,
    edition: Which = None,
    by: By = None,
    config: Config = CONFIG,
    as_json: Json = False,
) -> None:
    """Take an edit back."""
    # Longer ones are beginnings of ids.
    meant = int(what) if what is not None and what.isdecimal() and len(what) < 4 else what

    def verb(app: App, id: str, who: str) -> Awaitable[Revised]:
        return revise.undo(app, id, meant, by=who)

    _do(verb, edition, by, config, as_json, back=True)


# -------------------------------------------------------------------- one act


def _rewrite(
    verb: Callable[..., Awaitable[Revised]],
    target: str,
    text: str,
    edition: str | None,
    by: str | None,
    config: Config,
    as_json: bool,
) -> None:
    words = _words(text)
    _do(lambda app, id, who: verb(app, id, target, words, by=who), edition, by, config, as_json)


def _words(text: str) -> str:
    return sys.stdin.read() if text == "-" else text


def _do(
    verb: _Verb,
    edition: str | None,
    by: str | None,
    config: Config,
    as_json: bool,
    *,
    back: bool = False,
) -> None:
    who = by if by is not None else _login()

    async def work(app: App) -> int:
        # Once begun it comes to its end: an act is short.
        revised = await asyncio.shield(
            asyncio.ensure_future(verb(app, await _draft(app, edition, skipped=back), who))
        )
        if as_json:
            show.answer(
                {
                    "edition": revised.edition.id,
                    "state": revised.state,
                    "edit": revised.edit,
                    "taken_back": back,
                    "changes": revised.changes,
                    "content": revised.edition,
                }
            )
            return 0
        done = "taken back" if back else "done"
        show.say(f"{revised.edition.id}: {_act(revised.edit)} {done}")
        for change in revised.changes or ("nothing is otherwise than it was",):
            show.say(f"  {change}")
        if revised.state is not EditionState.DRAFT:
            show.say(f"the edition is {revised.state} now")
        return 0

    with_app(config, work)


async def _draft(app: App, given: str | None, *, skipped: bool = False) -> str:
    """Id of the edition that is meant: *given*, or the draft that is open."""
    if given is not None:
        return given
    async with app.db.read() as conn:
        draft = await only_draft(conn)
        latest = [draft] if draft else []
        if not latest and skipped:
            latest = await editions.listing(conn, states=(EditionState.SKIPPED,), limit=1)
    if not latest:
        raise NotFound("there is no open draft; `digest compose` makes one")
    return latest[0].id


def _login() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        # A process without a user's name.
        return ""


def _act(edit: Edit) -> str:
    words = f"edit {edit.number}, {edit.kind}"
    if edit.kind is EditKind.PLACE:
        words += f" at {edit.position}"
    if edit.text:
        text = edit.text if len(edit.text) <= _SHORT else f"{edit.text[:_SHORT]}…"
        words += f" “{' '.join(text.split())}”"
    return words


# -------------------------------------------------------------------- the list


def _show(draft: Draft) -> None:
    edition = draft.edition
    show.say(f"{edition.id}: {draft.record.state}, {edition.title}")
    if edition.intro:
        show.say(f"Intro: {edition.intro}")
    for place, section in enumerate(edition.sections, start=1):
        rows = []
        for number, story in enumerate(section.stories, start=1):
            rows.append((f"{place}.{number}", story.id, story.headline, _told_by(story.items)))
            # Copies and further items have ids of their own to split them off by.
            rows += [("", item.id, f"  + {item.title}", _source(item)) for item in story.items[1:]]
            rows += [("", copy.id, f"  = {copy.title}", _source(copy)) for copy in story.copies]
            if story.note:
                rows.append(("", "", f"  note: {story.note}", ""))
        show.table(f"{place} {section.title} ({section.slug})", ("", "id", "", ""), rows)
    if edition.briefs:
        briefs = [
            (f"b{number}", brief.id, brief.title, _source(brief))
            for number, brief in enumerate(edition.briefs, start=1)
        ]
        show.table("Briefs", ("", "id", "", ""), briefs)
    if edition.left_out:
        left = [(one.item_id, _title(draft, one.item_id), one.reason) for one in edition.left_out]
        show.table("Left out", ("id", "", "because"), left)
    if edition.held:
        held = [(id, _title(draft, id)) for id in edition.held]
        show.table("Held for the next edition", ("id", ""), held)
    if draft.edits:
        show.table("Edits", ("", "act", "on", "by", "at"), list(_edit_rows(draft)))
    show.say("+ told by it, too; = the same text again")


def _told_by(items: Sequence[Item]) -> str:
    return _source(items[0]) if len(items) == 1 else f"{len(items)} items"


def _source(item: Item) -> str:
    return item.site or item.source_id


def _title(draft: Draft, id: str) -> str:
    item = draft.items.get(id)
    if item is None:
        return ""
    return f"brief: {item.title}" if item.kind is Kind.BRIEF else item.title


def _edit_rows(draft: Draft) -> Iterator[tuple[object, ...]]:
    for edit in draft.edits:
        others = "".join(f" + {_title(draft, id) or id}" for id in edit.others)
        on = _title(draft, edit.target) or edit.target
        act = _act(edit).partition(", ")[2]
        yield edit.number, act, on + others, edit.by, show.local(edit.at)


def _plain(draft: Draft) -> dict[str, Any]:
    """The list as a program gets it: the numbers of the list beside what they mean."""
    edition = draft.edition
    return {
        "edition": edition.id,
        "state": draft.record.state,
        "intro": edition.intro,
        "sections": [
            {
                "number": place,
                "slug": section.slug,
                "title": section.title,
                "stories": [
                    {
                        "number": f"{place}.{number}",
                        "id": story.id,
                        "headline": story.headline,
                        "summary": story.summary.text,
                        "note": story.note,
                        "items": [_item(item) for item in story.items],
                        "copies": [_item(copy) for copy in story.copies],
                        "why": story.why,
                    }
                    for number, story in enumerate(section.stories, start=1)
                ],
            }
            for place, section in enumerate(edition.sections, start=1)
        ],
        "briefs": [
            {"number": f"b{number}", **_item(brief)}
            for number, brief in enumerate(edition.briefs, start=1)
        ],
        "left_out": [
            {"title": _title(draft, left.item_id), **show.plain(left)} for left in edition.left_out
        ],
        "held": [{"id": id, "title": _title(draft, id)} for id in edition.held],
        "edits": draft.edits,
    }


def _item(item: Item) -> dict[str, Any]:
    return {
        "id": item.id,
        "title": item.title,
        "source": item.source_id,
        "site": item.site,
        "published_at": item.published_at,
    }


def add_to(app: typer.Typer) -> None:
    """Register the commands of this file."""
    app.add_typer(edit, name="edit")
