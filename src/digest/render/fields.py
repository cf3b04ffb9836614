"""What there is to choose from when somebody subscribes, and later: in words, and what is chosen.

Behind the door: the rows of the two forms, of signing up and of the preferences: sections, how
often, from which hour of whose clock, language, form.  Not behind it: whether a choice is allowed
(see `audience`), and the pages themselves (`signup`, `wishes`, `leaving`).
"""

import unicodedata
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from types import MappingProxyType
from typing import Final

from babel.core import get_global
from markupsafe import Markup

from digest.model import Choices, Form, Frequency
from digest.render.frame import Calendar
from digest.render.tidy import one_line, shorten
from digest.render.wording import Words, frame_language, locale_for, words_for
from digest.settings import Newsletter

#: How long somebody may pause, in days.
PAUSES: Final = (7, 14, 30, 60, 90, 180, 365)
#: Letters of a text that somebody typed, as far as a form shows it again.
_MOST_TYPED: Final = 320

#: Names that CLDR still has by their former spelling (its zone ids never change).
_FORMER: Final = MappingProxyType(
    {
        "Africa/Asmara": "Africa/Asmera",
        "America/Argentina/Buenos_Aires": "America/Buenos_Aires",
        "America/Argentina/Catamarca": "America/Catamarca",
        "America/Argentina/Cordoba": "America/Cordoba",
        "America/Argentina/Jujuy": "America/Jujuy",
        "America/Argentina/Mendoza": "America/Mendoza",
        "America/Atikokan": "America/Coral_Harbour",
        "America/Indiana/Indianapolis": "America/Indianapolis",
        "America/Kentucky/Louisville": "America/Louisville",
        "America/Nuuk": "America/Godthab",
        "Asia/Ho_Chi_Minh": "Asia/Saigon",
        "Asia/Kathmandu": "Asia/Katmandu",
        "Asia/Kolkata": "Asia/Calcutta",
        "Asia/Yangon": "Asia/Rangoon",
        "Atlantic/Faroe": "Atlantic/Faeroe",
        "Europe/Kyiv": "Europe/Kiev",
        "Pacific/Chuuk": "Pacific/Truk",
        "Pacific/Pohnpei": "Pacific/Ponape",
    }
)

_LATER: Final = MappingProxyType({former: now for now, former in _FORMER.items()})

# The areas of tz as CLDR's world has them (UN M49), for their names: there are none for oceans.
_AREAS: Final = MappingProxyType(
    {
        **{"Africa": "002", "America": "019", "Antarctica": "AQ", "Arctic": "150"},
        **{"Asia": "142", "Australia": "009", "Europe": "150", "Pacific": "009"},
    }
)
_ISLANDS: Final = MappingProxyType(
    {
        **dict.fromkeys(("Bermuda", "South_Georgia", "Stanley"), "019"),
        **dict.fromkeys(("Azores", "Canary", "Faroe", "Madeira", "Reykjavik"), "150"),
        **dict.fromkeys(("Chagos", "Christmas", "Cocos", "Maldives"), "142"),
    }
)

Group = tuple[str, tuple[tuple[str, str], ...]]


def page_language(newsletter: Newsletter | None, wanted: str) -> str:
    """The language of a page: *wanted*, where we have its words, else the newsletter's."""
    home = newsletter.language if newsletter else "en"
    return frame_language(wanted, home) or home


def choosing(
    choices: Choices,
    *,
    language: str,
    sections: Sequence[tuple[str, str]],
    frequencies: Iterable[Frequency],
    languages: Iterable[tuple[str, str]],
    zones: Iterable[str],
    faults: Collection[str] = (),
) -> Mapping[str, object]:
    """What ``fields.html`` shows: every choice that there is, and which is made.

    Args:
        language: the page's.
        sections: slug and title.
        languages: tag, and name in the language itself.
        zones: IANA names, see `zone_groups`; the one that is chosen is offered whether it is
            among them or not.  Without any, neither the zone nor the hour is asked for.
        faults: names of fields that what was sent cannot be taken for.
    """
    words = words_for(language)
    # Nothing chosen means everything, and is shown so; so is what is no section any more.
    chosen = {slug for slug, _ in sections if slug in choices.sections}
    groups = zone_groups(frozenset(zones), language)
    offered = [(one.value, title) for one, title in _frequencies(words) if one in {*frequencies}]
    return {
        "sections": [
            {"slug": slug, "title": one_line(title), "wanted": slug in chosen or not chosen}
            for slug, title in sections
        ],
        "briefs": choices.briefs,
        # A choice of one is none.
        "frequencies": _marked(offered, choices.frequency) if len(offered) > 1 else [],
        "hours": _marked(_hours(language), "" if choices.hour is None else str(choices.hour)),
        "zone": (choices.timezone, zone_name(choices.timezone, language)),
        "zone_groups": groups,
        "languages": _marked(languages, choices.language),
        "forms": _marked(_forms(words), choices.form),
        "faults": frozenset(faults),
    }


def _marked(choices: Iterable[tuple[str, str]], wanted: str) -> list[dict[str, object]]:
    return [{"value": value, "title": title, "wanted": value == wanted} for value, title in choices]


def _forms(words: Words) -> tuple[tuple[str, str], ...]:
    return (
        (Form.FULL.value, words.form_full),
        (Form.COMPACT.value, words.form_compact),
        (Form.TEXT.value, words.form_text),
    )


def _frequencies(words: Words) -> tuple[tuple[Frequency, str], ...]:
    return (
        (Frequency.DAILY, words.daily),
        (Frequency.WEEKDAYS, words.weekdays),
        (Frequency.WEEKLY, words.weekly),
        (Frequency.BREAKING, words.breaking),
    )


@lru_cache(maxsize=64)
def _hours(language: str) -> tuple[tuple[str, str], ...]:
    calendar = Calendar("UTC", language)
    every = [(str(hour), calendar.hour(hour)) for hour in range(24)]
    return (("", words_for(language).hour_any), *every)


def pauses(language: str) -> tuple[tuple[int, str], ...]:
    """How long somebody may pause: days, and "30 days"."""
    words = words_for(language)
    return tuple((days, words.days(days)) for days in PAUSES)


def zone_name(zone: str, language: str) -> str:
    """What the place of an IANA *zone* is called: "Wien"; of no known place, the name itself."""
    known = locale_for(language).time_zones.get(_FORMER.get(zone, zone), {})
    # tz has no blanks in its names, and English needs no translation of most of them.
    said = known.get("city") or zone.rpartition("/")[2].replace("_", " ")
    return shorten(one_line(said), _MOST_TYPED)


@lru_cache(maxsize=32)
def zone_groups(zones: frozenset[str], language: str) -> tuple[Group, ...]:
    """The places among *zones* by the part of the world: its name, and IANA name and place of each.

    Each place once: former names of it, and zones that are none (EST, Etc/GMT+5), are left out;
    UTC comes last, under no name.
    """
    territories = locale_for(language).territories
    aliases = get_global("zone_aliases")
    found: dict[str, list[tuple[str, str]]] = {}
    for zone in zones:
        part = _part(zone)
        former = zone in aliases or _LATER.get(zone) in zones
        if zone == "UTC" or (part and not former):
            title = territories.get(part, part)
            found.setdefault(title, []).append((zone, zone_name(zone, language)))
    order = sorted(found, key=lambda title: (not title, _sortable(title)))
    return tuple(
        (title, tuple(sorted(found[title], key=lambda one: (_sortable(one[1]), one[0]))))
        for title in order
    )


def _part(zone: str) -> str:
    area, _, place = zone.partition("/")
    if area in ("Atlantic", "Indian"):
        # Those that are left lie off Africa.
        return _ISLANDS.get(place, "002")
    return _AREAS.get(area, "") if place else ""


def _sortable(name: str) -> str:
    # Letters with marks among their plain sisters: enough for a list that is looked through.
    return "".join(
        letter
        for letter in unicodedata.normalize("NFKD", name).casefold()
        if not unicodedata.combining(letter)
    )


def typed(text: str) -> str:
    """What somebody typed, fit to be shown to them again in a field of one line."""
    return one_line(text[: 4 * _MOST_TYPED])[:_MOST_TYPED]


def not_there(words: Words, faults: Collection[str]) -> list[tuple[str, str]]:
    """For the list of what is wrong: each field that was sent what there is not, and what to do.

    Args:
        faults: names of fields; those of other fields are left to the page.
    """
    fields = {
        "section": words.wished_sections,
        "frequency": words.wished_frequency,
        "hour": words.wished_hour,
        "timezone": words.wished_zone,
        "form": words.wished_form,
        "language": words.wished_language,
    }
    return [
        (name, f"{label}: {words.not_there}") for name, label in fields.items() if name in faults
    ]


def shown_address(address: str) -> Markup:
    """An address inside a sentence of any direction, escaped; "" of none."""
    return Markup('<bdi dir="ltr">{}</bdi>').format(one_line(address)) if address else Markup()


def shown_day(instant: datetime, *, timezone: str, language: str) -> str:
    """ "Monday, May 18, 2026", where *timezone* is."""
    return Calendar(timezone, language).day(instant)
