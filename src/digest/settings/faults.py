"""What is wrong with a configuration, in words that say what to write instead.

Pure: give it what TOML held; it returns settings or faults.  Here are the choice of words and
the rules between keys, but those about sending, which are in `outward`.  What one key may be is in
`tables` and its neighbours; files and lines are in `file`.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from zoneinfo import available_timezones

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from digest.settings.colours import TEXT_CONTRAST, contrast, is_colour, legible, mix
from digest.settings.looks import Brand
from digest.settings.naming import (
    SECRETS,
    TABLES,
    Fault,
    Row,
    brief,
    dotted,
    every_at,
    example,
    field_at,
    header,
    literals,
    nearest,
    repeated,
    rows_of,
    shown,
    table_at,
    texts_of,
    value_at,
)
from digest.settings.outward import sending_faults
from digest.settings.parts import Place, Secret
from digest.settings.readers import Returns
from digest.settings.tables import Settings


def check(document: Row) -> tuple[Settings | None, list[Fault]]:
    """Make settings of what TOML held, or find everything that is wrong with it.

    The rules between keys look at *document* itself, so that a fault of one key hides none of
    another.
    """
    settings: Settings | None = None
    faults: list[Fault] = []
    try:
        settings = Settings.model_validate(document)
    except ValidationError as error:
        faults += _explain(error.errors(include_url=False))
    faults += _contradictions(document)
    return (None if faults else settings), faults


_WANTS = {
    "string_type": "text in quotes",
    "string_too_short": "some text",
    "int_type": "a whole number",
    "int_from_float": "a whole number",
    "float_type": "a number",
    "finite_number": "a number that has an end",
    "bool_type": "true or false, without quotes",
    "tuple_type": "a list",
    "path_type": "a path in quotes",
    "time_type": "a clock without quotes",
    "too_short": "at least one",
    "greater_than": "more than {gt:g}",
    "greater_than_equal": "{ge:g} or more",
    "less_than_equal": "{le:g} or less",
    "literal_error": "{expected}",
}


def _explain(errors: Iterable[ErrorDetails]) -> Iterator[Fault]:
    for error in errors:
        place, kind, given = error["loc"], error["type"], error["input"]
        if place[-2:-1] == ("send_at",):
            # One clock may stand without brackets: what is wrong is the clock, not an element.
            place = place[:-1]
        # Elements that have faults of their own do not count for pydantic.
        if kind == "too_short" and (given or table_at(place)):
            continue
        if kind == "extra_forbidden":
            yield Fault(place, _unknown(place))
        elif kind == "missing":
            yield Fault(place, f"is missing; add {example(place)}")
        elif kind == "model_type" or (kind == "tuple_type" and table_at(place)):
            yield Fault(place, _not_a_table(place, given))
        else:
            context = error.get("ctx", {})
            wants = _WANTS[kind].format(**context) if kind in _WANTS else error["msg"]
            said = str(context["error"]) if kind == "value_error" else f"wants {wants}"
            said = said.replace("'", '"')
            hint = _meant(place, given) if kind in ("literal_error", "value_error") else ""
            told = kind == "literal_error" or " such as " in said
            sample = "" if told else f", such as {example(place)}"
            quoted = "" if table_at(place[:-1]) is Secret else f"; it is {brief(given)}"
            yield Fault(place, f"{said}{sample}{quoted}{hint}")


def _not_a_table(place: Place, given: object) -> str:
    if table_at(place) is Secret:
        return (
            "is a secret, which is never written here; write"
            f' {example(place)} or {{ file = "…" }} and keep it there'
        )
    written = header(place)
    many = written.startswith("[[")
    if isinstance(given, dict | list):
        return f"wants {'double' if many else 'single'} brackets: write {written}"
    return f"is a table; write {written} and its keys on the lines below"


def _unknown(place: Place) -> str:
    *above, name = place
    table = table_at(above)
    known = list(table.model_fields) if table else []
    near = nearest(str(name), known)
    if near is not None:
        means = f"`{near}`" if above else header((near,))
        return f"is not known; did you mean {means}?"
    homes = [header(home) for home, other in TABLES.items() if name in other.model_fields and home]
    if homes:
        return f"is not known here; it belongs under {' or '.join(homes)}"
    named = known if above else [header((name,)) for name in known]
    return f"is not known; what can stand here: {', '.join(named)}"


def _meant(place: Place, given: object) -> str:
    """Ask whether the nearest of a small choice was meant."""
    info = field_at(place)
    if not isinstance(given, str) or info is None:
        return ""
    choice = [word for word in literals(info.annotation) if isinstance(word, str)]
    if place[-1] == "timezone":
        choice = _zones()
    near = nearest(given, choice)
    return f"; did you mean {shown(near)}?" if near is not None else ""


@cache
def _zones() -> list[str]:
    # Read from the disk: too slow for every fault anew.
    return sorted(available_timezones())


# ------------------------------------------------------------------ rules between keys


def _contradictions(document: Row) -> Iterator[Fault]:
    sources, newsletters = rows_of(document, "sources"), rows_of(document, "newsletters")
    ids = [id for _, row in sources if isinstance(id := row.get("id"), str)]
    for place, row in sources:
        yield from _source_place(place, row)
    yield from repeated(((*place, "id"), row.get("id")) for place, row in sources)
    yield from repeated(((*place, "slug"), row.get("slug")) for place, row in newsletters)
    if document.get("newsletters", []) == []:
        yield Fault(
            ("newsletters",), "is empty; add [[newsletters]] with a slug and a title below it"
        )
    slugs = [slug for _, row in newsletters if isinstance(slug := row.get("slug"), str)]
    for place, row in newsletters:
        yield from _newsletter(place, row, ids)
        yield from _calendar(place, row, slugs)
    for above in SECRETS:
        for place, secret in every_at(document, above):
            if isinstance(secret, dict) and len(secret.keys() & {"env", "file"}) != 1:
                yield Fault(place, 'wants either { env = "…" } or { file = "…" }')
    yield from sending_faults(document)
    yield from _returns(value_at(document, ("returns",)))
    yield from _model(value_at(document, ("model",)))
    yield from _store_url(value_at(document, ("store", "url")))
    yield from _contrast(document, newsletters)


def _section_name(place: Place, row: Row) -> tuple[Place, object]:
    title = row.get("title")
    if "slug" in row or not isinstance(title, str):
        return (*place, "slug"), row.get("slug")
    # Titles that differ in signs alone would be made into one slug.
    return (*place, "title"), "-".join(re.findall(r"[^\W_]+", title.casefold()))


def _source_place(place: Place, row: Row) -> Iterator[Fault]:
    has_url, has_path = "url" in row, "path" in row
    match row.get("kind"):
        case "feed" if has_url and has_path:
            yield Fault(place, "has both url and path; keep one")
        case "feed" if not (has_url or has_path):
            yield Fault(place, f"is a feed and needs {example((*place, 'url'))} or a path")
        case "page" if not has_url:
            yield Fault(place, f"is a page and needs {example((*place, 'url'))}")
        case "folder" if not has_path:
            yield Fault(place, f"is a folder and needs {example((*place, 'path'))}")
        case "mailbox" if has_url == has_path:
            yield Fault(
                place,
                "is a mailbox and needs one of the two: "
                'url = "imaps://USER@HOST/FOLDER" or the path of a Maildir',
            )
        case "push" if has_url or has_path:
            yield Fault(place, "is pushed to and has neither url nor path; take it out")
    yield from _source_url(place, row)
    if row.get("kind") == "page" and has_path:
        yield Fault((*place, "path"), 'is not read for a page; take it out or use kind = "folder"')
    if row.get("kind") == "folder" and has_url:
        yield Fault((*place, "url"), 'is not read for a folder; take it out or use kind = "feed"')


def _source_url(place: Place, row: Row) -> Iterator[Fault]:
    url, kind = row.get("url"), row.get("kind")
    if not isinstance(url, str):
        return
    is_mailbox = url.startswith(("imap://", "imaps://"))
    if kind == "mailbox" and not is_mailbox:
        yield Fault((*place, "url"), 'wants a mailbox, such as "imaps://USER@HOST/FOLDER"')
    elif kind in ("feed", "page") and is_mailbox:
        yield Fault((*place, "url"), 'is a mailbox; write kind = "mailbox"')
    elif kind == "mailbox" and ":" in url.partition("://")[2].rpartition("@")[0]:
        secret = (*place, "password")
        yield Fault((*place, "url"), f"holds a password; take it out and add {example(secret)}")


def _newsletter(place: Place, row: Row, ids: Sequence[str]) -> Iterator[Fault]:
    yield from _unknown_sources(place, row, ids)
    sections = rows_of(row, "sections", place)
    former = [
        ((*at, "was", number), old)
        for at, section in sections
        for number, old in enumerate(texts_of(section, "was"))
    ]
    yield from repeated([*(_section_name(at, section) for at, section in sections), *former])
    chosen = texts_of(row, "sources")
    takes_all: Place | None = None
    for at, section in sections:
        yield from _unknown_sources(at, section, ids)
        for source in texts_of(section, "sources"):
            if chosen and source in ids and source not in chosen:
                yield Fault(
                    (*at, "sources"),
                    f"names {shown(source)}, which this newsletter does not use;"
                    f" add it to {dotted(place)}.sources",
                )
        if any(section.get(rule) for rule in ("topics", "sources", "keywords")):
            continue
        if takes_all is not None:
            yield Fault(
                at,
                f"has no topics, sources or keywords, nor has {dotted(takes_all)};"
                " only one section can take what no other wants",
            )
        takes_all = takes_all or at


def _unknown_sources(place: Place, row: Row, ids: Sequence[str]) -> Iterator[Fault]:
    for source in texts_of(row, "sources"):
        if source not in ids:
            near = nearest(source, ids)
            hint = f"did you mean {shown(near)}?" if near else "declare it under [[sources]]"
            yield Fault(
                (*place, "sources"), f"names {shown(source)}, which is no source's id; {hint}"
            )


def _calendar(place: Place, row: Row, slugs: Sequence[str]) -> Iterator[Fault]:
    for other in texts_of(row, "best_of"):
        if other == row.get("slug"):
            yield Fault((*place, "best_of"), "names the newsletter itself; take it out")
        elif other not in slugs:
            near = nearest(other, slugs)
            hint = f"did you mean {shown(near)}?" if near else "declare it under [[newsletters]]"
            yield Fault(
                (*place, "best_of"), f"names {shown(other)}, which is no newsletter's slug; {hint}"
            )
    if row.get("deadline_min") and row.get("auto_approve", True) is True:
        yield Fault(
            (*place, "deadline_min"),
            "is for editions that wait; add auto_approve = false, or take it out",
        )
    clocks = row.get("send_at")
    if row.get("ahead_h") and isinstance(clocks, list) and len(clocks) > 1:
        yield Fault(
            (*place, "ahead_h"),
            "is for newsletters with one clock: a reader's own hour cannot mean all of"
            f" {len(clocks)}; leave one in send_at, or take ahead_h out",
        )
    elif row.get("ahead_h") and row.get("days") == []:
        yield Fault(
            (*place, "ahead_h"),
            "is for editions of a calendar, and days is empty; name days, or take it out",
        )


def _model(model: object) -> Iterator[Fault]:
    if not isinstance(model, dict):
        return
    for name, other in (("url", "name"), ("name", "url")):
        if model.get(name) and not model.get(other):
            place = ("model", other)
            yield Fault(place, f"is missing; model.{name} is of no use alone: add {example(place)}")


def _returns(returns: object) -> Iterator[Fault]:
    if not isinstance(returns, dict):
        return
    days, within = (
        returns.get(name, Returns.model_fields[name].default)
        for name in ("soft_days", "within_days")
    )
    if isinstance(days, int) and isinstance(within, int) and days > within:
        name = "soft_days" if "soft_days" in returns else "within_days"
        yield Fault(
            ("returns", name),
            f"leaves no room: soft bounces on {days} days (soft_days) do not fit into"
            f" {within} days (within_days)",
        )
    url, secret = returns.get("url"), ("returns", "password")
    if not (url and isinstance(url, str)):
        return
    if "path" in returns:
        yield Fault(("returns",), "has both url and path; keep one")
    if ":" in url.partition("://")[2].rpartition("@")[0]:
        yield Fault(("returns", "url"), f"holds a password; take it out and add {example(secret)}")
    elif "password" not in returns and "path" not in returns:
        yield Fault(
            secret, f"is missing; the mailbox of returns.url wants it: add {example(secret)}"
        )


def _contrast(document: Row, newsletters: Sequence[tuple[Place, Row]]) -> Iterator[Fault]:
    """Find colours of words that do not stand out from what is behind them."""
    given = value_at(document, ("brand",))
    brand = given if isinstance(given, dict) else {}
    colours = {
        name: brand.get(name, Brand.model_fields[name].default)
        for name in ("accent", "ink", "paper", "ground")
    }
    words: list[tuple[Place, object]] = [
        (("brand", name), colours[name]) for name in ("accent", "ink")
    ]
    words += [
        ((*place, "accent"), row["accent"]) for place, row in newsletters if row.get("accent")
    ]
    grounds = (colours["paper"], colours["ground"])
    if not all(is_colour(ground) for ground in grounds):
        return
    nearer = _nearer(*grounds)
    if nearer:
        text = f"is too far from paper, which is {shown(grounds[0])}: nothing can be read on both"
        yield Fault(("brand", "ground"), f"{text}; change ground, to {shown(nearer)} perhaps")
        return
    for place, colour in dict(words).items():
        if not is_colour(colour):
            continue
        ratio, ground = min((contrast(colour, ground), ground) for ground in grounds)
        if ratio < TEXT_CONTRAST:
            text = f"is hard to read on {ground}: a contrast of {ratio:.1f}, where {TEXT_CONTRAST}"
            yield Fault(place, f"{text} is needed; {legible(colour, *grounds)} would do")


def _nearer(paper: str, ground: str) -> str:
    """A ground for *paper* with which words can be read on both; "" if *ground* is one."""
    if legible(paper, paper, ground):
        return ""
    # About as far from it as the ground that comes with Digest.
    shade = mix(paper, ground, 0.06)
    return shade if legible(paper, paper, shade) else paper


def _store_url(url: object) -> Iterator[Fault]:
    """Find faults of a database's URL.  They never quote it: it may hold a password."""
    if not isinstance(url, str):
        return
    place = ("store", "url")
    scheme, _, rest = url.partition("://")
    user, _, _ = rest.rpartition("@")
    if ":" in user or re.search(r"[?&](ssl)?password=", rest):
        secret = ("store", "password")
        yield Fault(place, f"holds a password; take it out and add {example(secret)}")
    if scheme == "sqlite" and not re.match(r"/[^/]|//[^/]", rest):
        yield Fault(place, f"wants three slashes and a path, such as {example(place)}")
    elif scheme not in ("sqlite", "postgresql"):
        yield Fault(place, "wants sqlite:///PATH or postgresql://USER@HOST/NAME")
