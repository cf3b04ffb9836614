"""What of a newsletter may be chosen, and whether a choice is one of it.  Pure.

Behind the door: sections, frequencies, hours, zones, languages and forms.  Not behind it: who
chooses, and where it is kept.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import chain
from zoneinfo import ZoneInfo

from digest import editorial
from digest.errors import Conflict
from digest.model import Choices, Form, Frequency, Person, Subscriber, Subscription
from digest.render.wishes import language_choices
from digest.settings import Newsletter
from digest.slots import frequencies

_LONGEST_SHOWN = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """What there is to choose from."""

    #: Slug and title.
    sections: tuple[tuple[str, str], ...]
    #: Tag and name.
    languages: tuple[tuple[str, str], ...]
    frequencies: tuple[Frequency, ...]
    #: What sections were called before, and are now.
    renamed: Mapping[str, str] = field(default_factory=dict)


def sections_of(newsletter: Newsletter) -> tuple[tuple[str, str], ...]:
    """Slug and title of each section, in order."""
    return tuple((editorial.section_slug(rule), rule.title) for rule in newsletter.sections)


def offer(
    newsletter: Newsletter, newsletters: Sequence[Newsletter], now: Choices | None = None
) -> Offer:
    """What somebody may choose of *newsletter*.

    Args:
        newsletters: all that there are.
        now: what they have; it stays on offer, so that saving a form untouched changes nothing.
    """
    tag = now.language if now else newsletter.language
    reader = Subscriber(id=0, email="", language=tag, key="")
    often = frequencies(newsletter, newsletters)
    if now and now.frequency not in often:
        often = (*often, now.frequency)
    return Offer(
        sections=sections_of(newsletter),
        languages=language_choices(newsletter, reader),
        frequencies=often,
        renamed=editorial.renamed(newsletter.sections),
    )


def choices_of(person: Person, subscription: Subscription, newsletter: Newsletter) -> Choices:
    """What somebody has now of *newsletter*, their *subscription*; sections as they are called."""
    renamed = editorial.renamed(newsletter.sections)
    return Choices(
        sections=_as_called(subscription.sections, renamed),
        briefs=subscription.briefs,
        frequency=subscription.frequency,
        hour=subscription.hour,
        language=person.subscriber.language,
        timezone=person.subscriber.timezone,
        form=person.subscriber.form,
    )


def _as_called(sections: Iterable[str], renamed: Mapping[str, str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(renamed.get(slug, slug) for slug in sections))


def chosen(there: Offer, wanted: Choices, now: Choices | None = None) -> Choices:
    """*wanted* in the newsletter's order; none and all of the sections both mean all.

    Raises:
        Conflict: some of it is not on offer, and not in force either.
    """
    slugs = [slug for slug, _ in there.sections]
    _one_of("section", slugs, *sorted(wanted.sections))
    if wanted.language:
        _one_of("language", [tag for tag, _ in there.languages], wanted.language)
    _one_of("frequency", [often.value for often in there.frequencies], str(wanted.frequency))
    _one_of("form", [form.value for form in Form], str(wanted.form))
    if wanted.hour is not None and not 0 <= wanted.hour <= 23:
        raise Conflict(f"there is no hour {wanted.hour}; choose 0 to 23, or none")
    if now is None or wanted.timezone != now.timezone:
        check_zone(wanted.timezone)
    sections = tuple(slug for slug in slugs if slug in wanted.sections)
    return replace(
        wanted,
        sections=() if len(sections) == len(slugs) else sections,
        frequency=Frequency(wanted.frequency),
        form=Form(wanted.form),
    )


def still_chosen(there: Offer, wanted: Choices) -> Choices:
    """What of *wanted* is on offer: a form may be older than the newsletter's settings."""
    called = _as_called(wanted.sections, there.renamed)
    sections = tuple(slug for slug, _ in there.sections if slug in called)
    tags = [tag for tag, _ in there.languages]
    return replace(
        wanted,
        sections=() if len(sections) == len(there.sections) else sections,
        frequency=wanted.frequency if wanted.frequency in there.frequencies else Frequency.DAILY,
        language=wanted.language if wanted.language in tags else tags[0],
    )


def gone_sections(
    newsletter: Newsletter, chosen: Mapping[tuple[str, ...], int]
) -> tuple[tuple[str, ...], int]:
    """Slugs that people chose and no section of *newsletter* has or had; how many people.

    Args:
        chosen: what was chosen together, and how often.
    """
    known = {editorial.section_slug(rule) for rule in newsletter.sections}
    known |= editorial.renamed(newsletter.sections).keys()
    lost = {slugs: number for slugs, number in chosen.items() if not known.issuperset(slugs)}
    return tuple(sorted({*chain(*lost)} - known)), sum(lost.values())


def check_zone(name: str) -> None:
    """Raise `Conflict` unless *name* is a time zone."""
    try:
        # A name, never a path: ZoneInfo refuses those that lead out of its folder.
        if len(name) > 64:
            raise ValueError
        ZoneInfo(name)
    except (KeyError, ValueError, OSError) as error:
        raise Conflict(
            f"there is no time zone {name[:_LONGEST_SHOWN]!r}; give one such as Europe/Dublin"
        ) from error


def _one_of(what: str, known: Sequence[str], *given: str) -> None:
    strange = [one for one in given if one not in known]
    if strange:
        there = ", ".join(known) or "none"
        raise Conflict(f"there is no {what} {strange[0][:_LONGEST_SHOWN]!r}; choose of: {there}")
