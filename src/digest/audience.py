"""The verbs of a subscriber: import, change what they get, leave, suppress."""

import csv
import io
import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from digest import editorial
from digest.app import App
from digest.errors import Conflict, NotFound
from digest.model import Form, Subscriber
from digest.render.wishes import language_choices
from digest.settings import Newsletter
from digest.store import subscribers
from digest.store.subscribers import Newcomer
from digest.telemetry import log, who

_COLUMNS = (
    *("email", "name", "language", "timezone", "sections", "form"),
    *("consent_at", "consent_from"),
)
#: No control characters, blanks, brackets, quotes or commas: nothing that could end a header
#: or an SMTP command.  Whether anybody reads it only a confirmation can tell.
_ADDRESS = re.compile(
    r"[^\s\x00-\x1f\x7f@<>()\[\],;:\\\"]{1,64}@[^\s\x00-\x1f\x7f@<>()\[\],;:\\\"]{1,255}"
)
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*")
_BATCH = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Imported:
    """What an import did."""

    rows: int
    added: int
    #: Subscribed before, or left before: untouched.
    known: int
    #: (line of the file, what is wrong and what to do).
    faults: tuple[tuple[int, str], ...] = ()


def _newcomer(row: dict[str, str], *, slugs: Sequence[str], language: str) -> Newcomer:
    """One line of the file, checked.

    Raises:
        ValueError: with what is wrong, in words.
    """
    email = row["email"].strip()
    if not _ADDRESS.fullmatch(email) or email.endswith(".") or ".." in email:
        raise ValueError(f"{email!r} is not an address")
    timezone = row.get("timezone", "").strip() or "UTC"
    try:
        ZoneInfo(timezone)
    except (KeyError, ValueError, OSError) as error:
        raise ValueError(f"{timezone!r} is not a time zone such as Europe/Dublin") from error
    language = row.get("language", "").strip() or language
    if not _LANGUAGE.fullmatch(language) or len(language) > 35:
        raise ValueError(f"{language!r} is not a language code such as en or pt-BR")
    sections = tuple(part.strip() for part in row.get("sections", "").split(";") if part.strip())
    strange = [slug for slug in sections if slug not in slugs]
    if strange:
        raise ValueError(f"no section {strange[0]!r}; there are {', '.join(slugs)}")
    form = row.get("form", "").strip() or Form.FULL
    if form not in list(Form):
        raise ValueError(f"no form {form!r}; there are {', '.join(Form)}")
    given, stated = row.get("consent_at", "").strip(), row.get("consent_from", "").strip()
    if not given or not stated:
        raise ValueError("consent_at and consent_from must say when and where they agreed")
    try:
        consent_at = datetime.fromisoformat(given)
    except ValueError as error:
        raise ValueError(f"consent_at {given!r} is not a date such as 2026-01-31") from error
    if not 1990 <= consent_at.year < 2200:
        raise ValueError(f"consent_at {given!r} is not a date on which anybody agreed")
    return Newcomer(
        email=email,
        name=" ".join(re.sub(r"[\x00-\x1f\x7f]", " ", row.get("name", "")).split()),
        language=language,
        timezone=timezone,
        sections=sections,
        form=Form(form),
        consent_at=consent_at if consent_at.tzinfo else consent_at.replace(tzinfo=UTC),
        consent_from=stated.replace("\x00", ""),
    )


async def import_csv(app: App, newsletter: Newsletter, text: str) -> Imported:
    """Subscribe the people of a CSV file; a faulty line is named and stops no other.

    Columns: email, name, language, timezone, sections (slugs, ``;`` between them), form (full,
    compact or text), consent_at and consent_from.  Only ``email`` and the two of consent must be
    filled in.

    Raises:
        NotFound: the file lacks a column that must be there.
    """
    reader = csv.DictReader(io.StringIO(text.removeprefix("\ufeff")), restval="")
    missing = {"email", "consent_at", "consent_from"} - set(reader.fieldnames or ())
    if missing:
        raise NotFound(
            f"the file has no column {', '.join(sorted(missing))}; "
            f"its first line must name columns of {', '.join(_COLUMNS)}"
        )
    slugs = [editorial.section_slug(rule) for rule in newsletter.sections]
    people: dict[str, Newcomer] = {}
    faults: list[tuple[int, str]] = []
    rows = 0
    for row in reader:
        rows += 1
        try:
            person = _newcomer(row, slugs=slugs, language=newsletter.language)
        except ValueError as error:
            faults.append((reader.line_num, str(error)))
            continue
        if person.email.casefold() in people:
            faults.append((reader.line_num, f"{person.email} stands above already"))
            continue
        people[person.email.casefold()] = person
    everyone, added = list(people.values()), 0
    # All or nothing: an import cut short leaves nothing half-done.
    async with app.db.write() as conn:
        for start in range(0, len(everyone), _BATCH):
            added += await subscribers.take_in(
                app.db, conn, newsletter.slug, everyone[start : start + _BATCH], now=app.now()
            )
    return Imported(rows=rows, added=added, known=len(everyone) - added, faults=tuple(faults))


async def suppress(app: App, email: str) -> None:
    """Never mail *email* again, at the operator's word, whatever is imported later.

    Raises:
        NotFound: it is not an address.
    """
    if not _ADDRESS.fullmatch(email):
        raise NotFound(f"{email!r} is not an address")
    async with app.db.write() as conn:
        await subscribers.suppress(
            app.db, conn, email, cause="operator", hash_key=app.key, now=app.now()
        )
    log.info("suppressed", who=who(email))


async def leave(app: App, token: str) -> bool:
    """End the subscription a link was made for; False when it had ended before.

    Raises:
        BadToken: forged, or made for another purpose.
        NotFound: nobody is subscribed by it any more.
    """
    newsletter, key = app.links.read_leave(token)
    async with app.db.write() as conn:
        person = await subscribers.by_key(conn, key, newsletter)
        ended = await subscribers.end(conn, person.id, newsletter, cause="one-click", now=app.now())
    log.info("left", newsletter=newsletter, who=who(person.email), again=not ended)
    return ended


async def language_of(app: App, newsletter: str, key: str) -> str:
    """The language of whoever a link was made for; "" of somebody who is not known any more."""
    async with app.db.read() as conn:
        try:
            return (await subscribers.by_key(conn, key, newsletter)).language
        except NotFound:
            return ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wishes:
    """What one subscriber gets of one newsletter, and what there is to choose from."""

    newsletter: Newsletter
    subscriber: Subscriber
    #: Slug and title.
    sections: tuple[tuple[str, str], ...]
    #: Tag and name.
    languages: tuple[tuple[str, str], ...]


async def wishes(app: App, token: str) -> Wishes:
    """What the subscriber whose preferences link has *token* gets.

    Raises:
        BadToken: forged, or made for another purpose.
        NotFound: nobody is subscribed by it any more, or there is no such newsletter.
    """
    slug, key = app.links.read_preferences(token)
    newsletter = app.newsletter(slug)
    async with app.db.read() as conn:
        person = await subscribers.by_key(conn, key, slug, active=True)
    return Wishes(
        newsletter=newsletter,
        subscriber=person,
        sections=tuple((editorial.section_slug(rule), rule.title) for rule in newsletter.sections),
        languages=language_choices(newsletter, person),
    )


async def change_wishes(
    app: App, token: str, *, sections: Collection[str], language: str, form: str
) -> None:
    """Send a subscriber what they want, from the next mail on; the language and the form of all
    their newsletters.

    Args:
        sections: slugs; none and all of them both mean all, also those that are to come.
        language: a tag of `Wishes.languages`.
        form: full, compact or text.

    Raises:
        BadToken: forged, or made for another purpose.
        NotFound: nobody is subscribed by it any more.
        Conflict: there is no such section, language or form; nothing is changed.
    """
    now = await wishes(app, token)
    slugs = [slug for slug, _ in now.sections]
    _one_of("section", slugs, *sorted(sections))
    _one_of("language", [tag for tag, _ in now.languages], language)
    _one_of("form", [form.value for form in Form], form)
    chosen = [slug for slug in slugs if slug in sections]
    async with app.db.write() as conn:
        await subscribers.change(
            conn,
            now.subscriber.id,
            now.newsletter.slug,
            sections=() if len(chosen) == len(slugs) else chosen,
            language=language,
            form=Form(form),
        )
    log.info("wishes", newsletter=now.newsletter.slug, who=who(now.subscriber.email))


def _one_of(what: str, known: Sequence[str], *given: str) -> None:
    strange = [one for one in given if one not in known]
    if strange:
        there = ", ".join(known) or "none"
        raise Conflict(f"there is no {what} {strange[0][:60]!r}; choose of: {there}")


def read_text(path: Path) -> str:
    """A CSV file as text: UTF-8, with or without a mark; else cp1252, as spreadsheets write."""
    stored = path.read_bytes()
    try:
        return stored.decode("utf-8-sig")
    except UnicodeDecodeError:
        return stored.decode("cp1252", errors="replace")
