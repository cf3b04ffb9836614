"""What a table says of people: who may be mailed, who must not, and what they agreed to.

Behind the door: every check of a row, and the words for what is wrong with it.  Not behind it:
octets and quotes (`sheet`), what columns are (`exported`), who is known already.  Pure: time is an
argument.
"""

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from operator import itemgetter
from typing import Final, Literal, NamedTuple
from zoneinfo import ZoneInfo

from digest.addresses import domain_of, domains_above, folded, parse_address
from digest.errors import NotFound
from digest.model import Barred, Form, Frequency, SubscriptionState
from digest.reading.decode import clean_text
from digest.reading.exported import CAUSES, LEFT, STATES, Columns, Said

LONGEST_NAME: Final = 200
LONGEST_TAG: Final = 64
LONGEST_ORIGIN: Final = 500
#: Different cells whose meaning is remembered: most people of a table chose alike.
_REMEMBERED: Final = 5_000

#: Columns in which many cells are equal.
_OPTIONS: Final = (
    *("language", "timezone", "form", "sections", "frequency", "hour", "briefs"),
    *("tags", "consent_from"),
)
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*")
#: Nobody agreed to a newsletter before.
_NEVER_BEFORE: Final = datetime(1990, 1, 1, tzinfo=UTC)
#: What our exports put an apostrophe before, so that no spreadsheet takes it for a formula.
_GUARDED = re.compile("'+[=+\\-@\t\r\n\uff1d\uff0b\uff0d\uff20]")
#: Go writes "2026-01-31 09:15:00.123456789 +0000 UTC".
_GO_TIME = re.compile(r"(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d)(\.\d+)? ([+-]\d{4})( \S+)?( m=\S+)?")
_YES = frozenset({"1", "true", "t", "yes", "y"})
_NO = frozenset({"0", "false", "f", "no", "n"})


class Person(NamedTuple):
    """Somebody who may be mailed, with the consent they gave."""

    line: int
    email: str
    folded: str
    name: str
    #: "" if the table does not say: then it is the newsletter's.
    language: str
    timezone: str
    form: str
    sections: tuple[str, ...]
    tags: tuple[str, ...]
    frequency: str
    hour: int | None
    briefs: bool
    state: str
    until: datetime | None
    consent_at: datetime
    consent_from: str


class Passed(NamedTuple):
    """Somebody who is not subscribed where the table comes from."""

    line: int
    #: "" of somebody who may sign up, or be imported, tomorrow.
    email: str
    #: What keeps them out of everything; ENDED: out of this newsletter, which they left.
    cause: Barred | Literal[SubscriptionState.ENDED] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What a table does not say, or must agree with."""

    newsletter: str
    slugs: Sequence[str]
    timezone: str
    now: datetime
    #: Of everybody of whom the table says no other.
    consent_at: datetime | None = None
    consent_from: str = ""
    tags: tuple[str, ...] = ()
    barred_domains: Collection[str] = ()
    #: What sections were called before: older tables name them so.
    renamed: Mapping[str, str] = field(default_factory=dict)
    #: Those that the newsletter offers.
    frequencies: Sequence[Frequency] = tuple(Frequency)


def unguarded(cell: str) -> str:
    """A cell as it was before an export made it safe for spreadsheets."""
    return cell[1:] if cell[:1] == "'" and _GUARDED.match(cell) else cell


class People:
    """The rows of one table, read as people.

    Raises:
        NotFound: neither the table nor *terms* say when and where anybody agreed.
    """

    def __init__(self, columns: Columns, terms: Terms) -> None:
        self._columns, self._terms = columns, terms
        self._places = columns.places
        self._peer = columns.peer
        self._width = len(columns.named)
        self._options: dict[tuple[str, ...], _Options] = {}
        self._domains: dict[str, bool] = {}
        self._origin = terms.consent_from or (self._peer.origin if self._peer else "")
        self._check_consent()
        there = [field for field in _OPTIONS if field in self._places]
        self._option_fields = there
        # Of one or none it gives no tuple: the address is taken with them, and left out again.
        self._option_cells = itemgetter(
            *(self._places[field][0] for field in there), *self._places["email"] * 2
        )
        #: When they agreed; without that, when they asked.
        self._date_places = [
            place for field in ("consent_at", "asked_at") for place in self._places.get(field, ())
        ]
        # A day's grace, for zones and for clocks.
        self._latest = terms.now + timedelta(days=1)
        self._name_places = self._places.get("name", ())
        self._email_place = self._places["email"][0]
        #: Fields that say something of being subscribed; most tables have none.
        self._telling = {"state", "yes", "no", "gone_at", "bounced_at", "newsletter"} & set(
            self._places
        )
        self._not_subscribed = columns.file_says is not SubscriptionState.ACTIVE

    def _check_consent(self) -> None:
        terms, places = self._terms, self._places
        if self._columns.file_says is not SubscriptionState.ACTIVE:
            return
        if "consent_at" not in places and "asked_at" not in places and terms.consent_at is None:
            raise NotFound(
                "the file has no column consent_at: say when they agreed, for all of them, with"
                ' --consent-at 2026-01-31; or which column has it: --map consent_at="COLUMN"'
            )
        if "consent_from" not in places and not self._origin:
            whose = f"{self._peer.name}'s export" if self._peer else "the file"
            raise NotFound(
                f"{whose} has no column consent_from: say where they agreed, for all of them, with"
                ' --consent-from "sign-up form"; or which column has it:'
                ' --map consent_from="COLUMN"'
            )

    def read(self, line: int, cells: Sequence[str]) -> Person | Passed:
        """Whom one row is about.

        Raises:
            ValueError: with what is wrong with it, in words.
        """
        if len(cells) != self._width:
            cells = self._fitted(cells)
        email = parse_address(unguarded(cells[self._email_place]))
        state, until = "active", None
        if self._telling or self._not_subscribed:
            said = self._said(cells)
            if said is None or isinstance(said, Barred) or said is SubscriptionState.ENDED:
                return Passed(line, "" if said is None else email, said)
            if said is SubscriptionState.PAUSED:
                state, until = self._pause(cells)
        raw = self._option_cells(cells)[:-2]
        options = self._options.get(raw)
        if options is None:
            if len(self._options) >= _REMEMBERED:
                self._options.clear()
            options = self._options[raw] = self._read_options(raw)
        return Person(
            line,
            email,
            folded(email),
            self._name(cells) if self._name_places else "",
            options.language,
            options.timezone,
            options.form,
            options.sections,
            options.tags,
            options.frequency,
            options.hour,
            options.briefs,
            state,
            until,
            self._agreed_at(cells),
            options.consent_from,
        )

    def is_barred(self, email: str) -> bool:
        """Whether the address is of a domain that is never mailed, or below one."""
        if not self._terms.barred_domains:
            return False
        domain = domain_of(email)
        known = self._domains.get(domain)
        if known is None:
            if len(self._domains) >= _REMEMBERED:
                self._domains.clear()
            known = any(above in self._terms.barred_domains for above in domains_above(domain))
            self._domains[domain] = known
        return known

    # ------------------------------------------------------------------ cells

    def _cell(self, field: str, cells: Sequence[str]) -> str:
        places = self._places.get(field)
        return unguarded(cells[places[0]]).strip() if places else ""

    def _fitted(self, cells: Sequence[str]) -> list[str]:
        if any(cell.strip() for cell in cells[self._width :]):
            raise ValueError(
                f"{len(cells)} cells under {self._width} columns: is one to be quoted?"
            )
        return [*cells[: self._width], *[""] * (self._width - len(cells))]

    def _said(self, cells: Sequence[str]) -> Said:
        """Whether the row is of somebody who may be mailed; if not, what keeps them out."""
        if self._not_subscribed:
            said = self._columns.file_says
            return self._why_left(cells) if said is LEFT else said
        slug = self._cell("newsletter", cells)
        if slug and slug != self._terms.newsletter:
            return None
        if self._cell("bounced_at", cells):
            return Barred.BOUNCE
        if self._cell("gone_at", cells):
            return self._why_left(cells)
        if "yes" in self._places:
            word = self._cell("yes", cells)
            if not _truth(word, "subscribed"):
                return LEFT if word else None
        if "no" in self._places and _truth(self._cell("no", cells), "email_disabled"):
            return LEFT
        word = self._cell("state", cells).casefold()
        if word not in STATES:
            raise ValueError(f"no state {word[:40]!r}; known are active, unsubscribed, pending, …")
        said = STATES[word]
        if said is not LEFT:
            return said
        why = self._why_left(cells)
        # Whoever left one newsletter of ours may be reading another.
        return SubscriptionState.ENDED if why is LEFT and self._columns.are_ours else why

    def _why_left(self, cells: Sequence[str]) -> Barred:
        reason = self._cell("reason", cells).casefold()
        if "abuse" in reason or "spam" in reason:
            return Barred.COMPLAINT
        return CAUSES.get(self._cell("cause", cells), LEFT)

    def _pause(self, cells: Sequence[str]) -> tuple[str, datetime | None]:
        until = _moment(self._cell("until", cells), "until")
        if until is None:
            raise ValueError("paused, and no column until says how long")
        # A pause that is over is none.
        return ("paused", until) if until > self._terms.now else ("active", None)

    def _name(self, cells: Sequence[str]) -> str:
        parts = [unguarded(cells[place]) for place in self._name_places]
        given = parts[0] if len(parts) == 1 else " ".join(parts)
        if len(given) > LONGEST_NAME or ("\n" in given and "@" in given):
            raise ValueError(
                f"a name of {len(given)} characters; at most {LONGEST_NAME}, on one line: is a"
                " quote not closed?"
            )
        if given.isascii() and given.isprintable() and "  " not in given:
            return given.strip()
        return " ".join(clean_text(given).split())

    def _agreed_at(self, cells: Sequence[str]) -> datetime:
        at, given = None, ""
        for place in self._date_places:
            given = cells[place].strip()
            if given:
                at = _moment(unguarded(given), "consent_at")
                break
        else:
            at = self._terms.consent_at
            given = str(at)
        if at is None:
            raise ValueError("consent_at and consent_from must say when and where they agreed")
        if not _NEVER_BEFORE <= at <= self._latest:
            raise ValueError(f"consent_at {given[:40]!r} is not a date on which anybody agreed")
        return at

    def _origin_of(self, stated: str) -> str:
        if not stated and not self._origin:
            raise ValueError("consent_at and consent_from must say when and where they agreed")
        if len(stated) > LONGEST_ORIGIN:
            raise ValueError(f"consent_from has more than {LONGEST_ORIGIN} characters")
        return " ".join(clean_text(stated).split()) or self._origin

    def _read_options(self, raw: tuple[str, ...]) -> "_Options":
        said = dict.fromkeys(_OPTIONS, "")
        for option, cell in zip(self._option_fields, raw, strict=True):
            said[option] = unguarded(cell).strip()
        language, timezone, form, sections, frequency, hour, briefs, tags, stated = said.values()
        terms = self._terms
        named = (terms.renamed.get(slug, slug) for slug in _parts(sections))
        chosen = tuple(dict.fromkeys(named))
        strange = [slug for slug in chosen if slug not in terms.slugs]
        if strange:
            there = ", ".join(terms.slugs) or "none"
            raise ValueError(f"no section {strange[0][:60]!r}; there are {there}")
        if hour and not (hour.isascii() and hour.isdigit() and len(hour) < 4 and int(hour) < 24):
            raise ValueError(f"no hour {hour[:20]!r}; there are 0 to 23")
        # Not the newsletter's: that may change, and another one may have another.
        if language and (not _LANGUAGE.fullmatch(language[:40]) or len(language) > 35):
            raise ValueError(f"{language[:40]!r} is not a language code such as en or pt-BR")
        own = _tags(tags, lenient=self._peer is not None)
        return _Options(
            language=language,
            timezone=_zone(timezone or terms.timezone),
            form=_one_of("form", form, [*Form], Form.FULL),
            sections=() if set(chosen) == set(terms.slugs) else chosen,
            frequency=_one_of("frequency", frequency, [*terms.frequencies], Frequency.DAILY),
            hour=int(hour) if hour else None,
            briefs=not briefs or _truth(briefs, "briefs"),
            tags=tuple(dict.fromkeys((*own, *terms.tags))),
            consent_from=self._origin_of(stated),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Options:
    """What many people of a table have in common."""

    language: str
    timezone: str
    form: str
    sections: tuple[str, ...]
    frequency: str
    hour: int | None
    briefs: bool
    tags: tuple[str, ...]
    consent_from: str


def _parts(text: str, separator: str = ";") -> Iterator[str]:
    return (part.strip() for part in text.split(separator) if part.strip())


def _one_of(what: str, word: str, known: Sequence[str], otherwise: str) -> str:
    if word and word not in known:
        raise ValueError(f"no {what} {word[:40]!r}; there are {', '.join(known)}")
    return str(word or otherwise)


def _truth(word: str, what: str) -> bool:
    small = word.casefold()
    if small and small not in _YES and small not in _NO:
        raise ValueError(f"{what} is {word[:40]!r}, which is neither yes nor no")
    return small in _YES


def _zone(name: str) -> str:
    if name == "UTC":
        return name
    try:
        ZoneInfo(name[:64])
    except (KeyError, ValueError, OSError) as error:
        raise ValueError(f"{name[:64]!r} is not a time zone such as Europe/Dublin") from error
    return name


def parse_tag(text: str) -> str:
    """A tag as it is kept.

    Raises:
        ValueError: it is none.
    """
    tag = " ".join(clean_text(text).split())
    if not 0 < len(tag) <= LONGEST_TAG or ";" in tag or '"' in tag:
        raise ValueError(
            f"{tag[:80]!r} is no tag: 1 to {LONGEST_TAG} characters, no semicolon, no quote"
        )
    return tag


def _tags(text: str, *, lenient: bool) -> tuple[str, ...]:
    if not text:
        return ()
    if not lenient:
        return tuple(parse_tag(part) for part in _parts(text))
    # Others put commas between them, and some of them quotes around each.
    bare = (part.strip(' "').replace(";", ",").replace('"', "'") for part in text.split(","))
    return tuple(parse_tag(part[:LONGEST_TAG]) for part in bare if part.strip())


def _moment(text: str, what: str) -> datetime | None:
    """A date or a moment; without a zone it is UTC's.  None of nothing."""
    if not text:
        return None
    try:
        at = datetime.fromisoformat(text)
    except ValueError as error:
        go = _GO_TIME.fullmatch(text)
        if go is None:
            raise ValueError(f"{what} {text[:40]!r} is not a date such as 2026-01-31") from error
        at = datetime.fromisoformat(f"{go[1]}{(go[2] or '')[:7]}{go[3]}")
    return at if at.tzinfo else at.replace(tzinfo=UTC)
