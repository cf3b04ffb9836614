"""Pages on which somebody goes: leaving one newsletter, and having been forgotten.

Behind the door: what is said, and the buttons.  Not behind it: whose link it was, and what a
button does (see `audience`).
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Literal

from digest.render.fields import page_language, pauses, shown_address, shown_day
from digest.render.frame import frame
from digest.render.press import Press
from digest.render.signup import consent_wording
from digest.render.tidy import one_line
from digest.render.wording import Words, words_for
from digest.settings import Newsletter

LeaveState = Literal["ask", "done", "all", "back", "paused", "bad"]


def leave_page(
    state: LeaveState,
    *,
    press: Press,
    newsletter: Newsletter | None,
    language: str = "",
    address: str = "",
    preferences_url: str = "",
    until: datetime | None = None,
    timezone: str = "UTC",
    others: Sequence[Newsletter] = (),
    fault: str = "",
) -> str:
    """The page behind the leave link: *ask* before, *done* or *all* after, *bad* if not ours.

    Asking changes nothing, so that programs which open every link end no subscription
    (RFC 8058 §3.2); its button posts to the page's own address.  More forms do so with an
    "act": "pause" with "days", and, once they have left, "back" and "leave-all".

    Args:
        state: *back*, *paused* and *all* are what those forms lead to.
        newsletter: None when the link could not be read, or when there is no such newsletter
            any more: the page then speaks English and names the house.
        language: the reader's own; the newsletter's where we have no words in it.
        address: as `addresses.half_shown` gives it.
        preferences_url: of the same subscription; "" offers no way to it.
        until: of *paused*: when it goes on.
        timezone: IANA name: of the day that *until* is.
        others: what goes on after *done*.
        fault: why nothing was done, in English, for whoever is told of it.

    Raises:
        RenderError: a template is broken.
    """
    spoken = page_language(newsletter, language)
    words = words_for(spoken)
    title = one_line(newsletter.title if newsletter else press.site.name)
    day = shown_day(until, timezone=timezone, language=spoken) if until else ""
    known = state != "bad"
    return press.templates.page(
        "leave.html",
        **frame(press, newsletter, language=spoken),
        state=state,
        heading=_heading(state, words, title, day),
        address=shown_address(address if known else ""),
        preferences_url=preferences_url if known and newsletter else "",
        pauses=pauses(spoken),
        others=[(one_line(one.title), one.language) for one in others],
        # What "back" is kept as having been agreed to.
        agreed=consent_wording(newsletter, language) if newsletter else None,
        told=[("", words.not_there)] if fault else [],
        fault=one_line(fault),
    )


def _heading(state: LeaveState, words: Words, title: str, day: str) -> str:
    headings: dict[LeaveState, str] = {
        "ask": words.leave_ask.format(title=title),
        "done": words.leave_done.format(title=title),
        "all": words.left_all,
        "back": words.back_done.format(title=title),
        "paused": words.paused.format(date=day) if day else words.pause,
        "bad": words.leave_bad,
    }
    return headings[state]


def forgotten_page(*, press: Press, newsletter: Newsletter | None, language: str = "") -> str:
    """What whoever asked to be forgotten sees, once: their link opens nothing any more.

    Raises:
        RenderError: a template is broken.
    """
    spoken = page_language(newsletter, language)
    return press.templates.page(
        "forget.html",
        **frame(press, newsletter, language=spoken),
        heading=words_for(spoken).forget_done,
    )
