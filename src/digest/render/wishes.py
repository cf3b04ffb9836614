"""The page on which one subscriber changes what they get, and what there is to choose from.

Behind the door: forms without script, cookie or password, in the language that their reader
chose.  Not behind it: whose page it is, and whether a choice is allowed (see `audience`).
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Literal

from digest.model import Choices, Frequency, Subscriber, SubscriptionState
from digest.render.fields import (
    choosing,
    not_there,
    page_language,
    pauses,
    shown_address,
    shown_day,
)
from digest.render.frame import frame
from digest.render.press import Press
from digest.render.signup import consent_wording
from digest.render.tidy import one_line
from digest.render.wording import Words, known_languages, own_name, words_for
from digest.settings import Newsletter

WishState = (
    Literal["ask", "bad", "saved", "unsure"]
    | Literal["paused", "resumed", "left", "back", "data", "joined"]
)

#: Of these, mails come, or will come again.
_SUBSCRIBED = frozenset({SubscriptionState.ACTIVE, SubscriptionState.PAUSED})


def language_choices(newsletter: Newsletter, subscriber: Subscriber) -> tuple[tuple[str, str], ...]:
    """The languages that a subscriber may choose: tag, and name in the language itself.

    Those we speak, the newsletter's, and the one that is chosen now, whatever it is: saving the
    form untouched changes nothing.  Who has chosen none has "", the newsletter's own.
    """
    home = newsletter.language
    choices = dict(known_languages())
    choices.setdefault(home, own_name(home))
    if subscriber.language:
        choices.setdefault(subscriber.language, own_name(subscriber.language))
        return tuple(choices.items())
    return (("", f"{own_name(home)} · {one_line(newsletter.title)}"), *choices.items())


def preferences_page(
    state: WishState,
    *,
    press: Press,
    newsletter: Newsletter | None = None,
    subscriber: Subscriber | None = None,
    address: str = "",
    choices: Choices | None = None,
    sections: Sequence[tuple[str, str]] = (),
    frequencies: Sequence[Frequency] = (),
    languages: Sequence[tuple[str, str]] = (),
    zones: Iterable[str] = (),
    life: SubscriptionState = SubscriptionState.ACTIVE,
    until: datetime | None = None,
    others: Sequence[tuple[Newsletter, SubscriptionState | None]] = (),
    joined: Newsletter | None = None,
    leave_url: str = "",
    faults: Collection[str] = (),
    fault: str = "",
) -> str:
    """The page behind the preferences link: *ask* before, *bad* if not ours; else what was done.

    Its forms post to the page's own address, each with an "act": "save", with the fields of a
    sign-up but the address; "pause" with "days"; "resume"; "back"; "join" with "newsletter";
    "leave-all"; "data"; "forget" with "sure" and perhaps "never" (*unsure*: without "sure").

    Args:
        newsletter, subscriber: None only when the link is bad.
        address: as `addresses.half_shown` gives it.
        choices: what is chosen, or was sent and cannot be; None takes the subscriber's.
        leave_url: of the same subscription; of a *bad* link, what still can be done by it.
        others: newsletters besides this, and the state of theirs; None: never subscribed.
        faults: fields that were sent what there is not; *fault* says so in English.

    Raises:
        RenderError: a template is broken.
    """
    person = subscriber or _nobody(newsletter)
    spoken = page_language(newsletter, person.language)
    chosen = choosing(
        choices or _choices_of(person),
        language=spoken,
        sections=sections,
        frequencies=frequencies,
        languages=languages,
        zones=zones,
        faults={*faults, "forget"} if state == "unsure" else faults,
    )
    return press.templates.page(
        "preferences.html",
        **frame(press, newsletter, language=spoken),
        **_standing(state, life, press, newsletter, person),
        **_told(words_for(spoken), state, faults, fault, joined),
        **_others(others, press, person),
        paused=_paused(until, person, spoken),
        address=shown_address(address),
        leave_url=leave_url,
        chosen=chosen,
    )


def _nobody(newsletter: Newsletter | None) -> Subscriber:
    home = newsletter.language if newsletter else "en"
    return Subscriber(id=0, email="", language=home, key="")


def _standing(
    state: WishState,
    life: SubscriptionState,
    press: Press,
    newsletter: Newsletter | None,
    person: Subscriber,
) -> dict[str, object]:
    """What there is to say, and to do, in the state that the subscription is in."""
    spoken = page_language(newsletter, person.language)
    words = words_for(spoken)
    title = one_line(newsletter.title if newsletter else press.site.name)
    subscribed = life in _SUBSCRIBED
    heading = (words.wishes if subscribed else words.leave_done).format(title=title)
    # An address that says what was done may be opened again when it holds no more.
    said = {
        "saved": words.saved if subscribed else "",
        "resumed": words.resumed if subscribed else "",
        "back": words.back_done.format(title=title) if subscribed else "",
        "left": "" if subscribed else words.left_all,
        "data": words.data_done,
    }
    return {
        "state": state,
        "heading": words.leave_bad if state == "bad" else heading,
        "said": said.get(state, ""),
        "life": life.value,
        "subscribed": subscribed,
        "pauses": pauses(spoken),
        "home_lang": newsletter.language if newsletter else "en",
        "leave_said": words.leave_ask.format(title=title),
        # What "back" is kept as having been agreed to.
        "agreed": consent_wording(newsletter, person.language) if newsletter else None,
    }


def _choices_of(person: Subscriber) -> Choices:
    return Choices(
        sections=person.sections,
        briefs=person.briefs,
        language=person.language,
        timezone=person.timezone,
        form=person.form,
    )


def _paused(until: datetime | None, person: Subscriber, language: str) -> str:
    words = words_for(language)
    if until is None:
        return words.pause
    day = shown_day(until, timezone=person.timezone, language=language)
    return words.paused.format(date=day)


def _told(
    words: Words,
    state: WishState,
    faults: Collection[str],
    fault: str,
    joined: Newsletter | None,
) -> dict[str, object]:
    """What was wrong with what was sent; and which other newsletter was joined."""
    told = [("forget", words.forget_sure)] if state == "unsure" else []
    told += not_there(words, faults)
    if fault and not told:
        told = [("", words.not_there)]
    title = one_line(joined.title) if joined and state == "joined" else ""
    return {
        "told": told,
        "fault": one_line(fault),
        "joined": words.confirm_done.format(title=title) if title else "",
    }


def _others(
    others: Sequence[tuple[Newsletter, SubscriptionState | None]], press: Press, person: Subscriber
) -> dict[str, object]:
    # Their links are theirs, not of the newsletter whose best of it may be.
    themselves = replace(person, newsletter="")
    shown = [
        {
            "slug": one.slug,
            "title": one_line(one.title),
            "description": one_line(one.description),
            "lang": one.language,
            "url": press.links.preferences_url(one.slug, themselves) if life in _SUBSCRIBED else "",
            "agreed": consent_wording(one, person.language),
        }
        for one, life in others
    ]
    return {"others": shown, "everything": any(one["url"] for one in shown)}
