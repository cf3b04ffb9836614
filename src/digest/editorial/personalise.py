"""What one subscriber gets of an edition; whom a filter means by what they chose."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from functools import lru_cache
from types import MappingProxyType
from typing import Final, Literal
from zoneinfo import ZoneInfo

from digest.editorial.slugs import section_slug
from digest.model import Edition, Picks, Subscriber
from digest.segments import And, Comparison, Filter, Not, Or
from digest.settings import Newsletter

_NOTHING: Final[Mapping[str, str]] = MappingProxyType({})


def pick(
    edition: Edition,
    subscriber: Subscriber,
    *,
    sections: Collection[str],
    renamed: Mapping[str, str] = _NOTHING,
    clocks: Literal["newsletter", "reader"] = "newsletter",
) -> Picks:
    """The sections of *edition* that *subscriber* chose, in the edition's order.

    No choice means all.  A choice that there is no more, because the section was taken out, or
    has another slug and does not tell the one that it had, is no choice: who has no other gets
    everything again, not nothing for ever.
    Briefs are for everybody who wants them: who chose only sections that are not in this
    edition still gets them.

    Args:
        sections: slugs of those that the newsletter has now, with or without news today.
        renamed: slugs that sections had before, to those of now: see `slugs.renamed`.
        clocks: whose times are told.
    """
    slugs = tuple(section.slug for section in edition.sections)
    # What was composed before config.toml changed still has the sections of then.
    called = {slug: renamed.get(slug, slug) for slug in (*slugs, *subscriber.sections)}
    there = {*sections, *map(called.__getitem__, slugs)}
    chosen = {called[slug] for slug in subscriber.sections} & there
    wanted = tuple(slug for slug in slugs if not chosen or called[slug] in chosen)
    zone = ""
    if clocks == "reader":
        zone = _clocks_of(subscriber.timezone, edition.slot_at, edition.timezone)
    return Picks(sections=wanted, briefs=subscriber.briefs, timezone=zone)


@lru_cache(maxsize=1024)
def _clocks_of(timezone: str, slot_at: datetime, home: str) -> str:
    """What `Picks` calls the zone of a reader of an edition that is due at *slot_at* in *home*.

    People share a variant when their clocks have shown the same in the week that it tells of,
    whatever their zones are called.  When clocks were changed in that week, only those of one
    zone are sure to.
    """
    if timezone == home:
        return ""
    try:
        zone = ZoneInfo(timezone)
    except (KeyError, ValueError, OSError):
        # Chosen when there was such a zone.
        return ""
    week = [slot_at - timedelta(hours=hour) for hour in range(7 * 24 + 1)]
    theirs = [at.astimezone(zone).utcoffset() for at in week]
    if theirs == [at.astimezone(ZoneInfo(home)).utcoffset() for at in week]:
        return ""
    if len(set(theirs)) > 1:
        return timezone
    return slot_at.astimezone(zone).isoformat(timespec="minutes")[-len("+03:00") :]


# ----------------------------------------------------------------------------- filters


def as_kept(wanted: Filter, newsletters: Sequence[Newsletter]) -> Filter:
    """*wanted*, in terms of what is kept of people.

    Kept is no language of those who chose none: they read the newsletter's.  And kept are the
    slugs that sections had when they were chosen.
    """
    match wanted:
        case And(parts=parts):
            return And(parts=tuple(as_kept(part, newsletters) for part in parts))
        case Or(parts=parts):
            return Or(parts=tuple(as_kept(part, newsletters) for part in parts))
        case Not(part=part):
            return Not(part=as_kept(part, newsletters))
        case Comparison(field="language", values=values):
            besides = _without_language(tuple(map(str, values)), newsletters)
        case Comparison(field="section", values=values):
            besides = _called_otherwise(tuple(map(str, values)), newsletters)
        case _:
            return wanted
    if not besides:
        return wanted
    positive = replace(wanted, operator="=" if len(values) == 1 else "in")
    meant = Or(parts=(positive, *besides))
    return Not(part=meant) if wanted.operator in ("!=", "not in") else meant


def _without_language(tags: tuple[str, ...], newsletters: Sequence[Newsletter]) -> list[Filter]:
    begun = tuple(f"{tag.lower()}-" for tag in tags if tag)
    slugs = tuple(
        one.slug for one in newsletters if f"{one.language.lower()}-".startswith(begun or "-")
    )
    return [And(parts=(_among("newsletter", slugs), _among("language", ("",))))] if slugs else []


def _called_otherwise(slugs: tuple[str, ...], newsletters: Sequence[Newsletter]) -> list[Filter]:
    found: list[Filter] = []
    for one in newsletters:
        for rule in one.sections:
            names = {section_slug(rule), *rule.was}
            others = tuple(sorted(names.difference(slugs)))
            if others and not names.isdisjoint(slugs):
                parts = (_among("newsletter", (one.slug,)), _among("section", others))
                found.append(And(parts=parts))
    return found


def _among(name: str, values: tuple[str, ...]) -> Comparison:
    return Comparison(field=name, operator="in", values=values)
