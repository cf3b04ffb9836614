"""The page on which one subscriber changes what they get, and what there is to choose from.

Behind the door: a form without script, cookie or password, in the language that its reader
chose.  Not behind it: whose page it is, and whether a choice is allowed (see `audience`).
"""

from collections.abc import Sequence
from typing import Literal

from digest.model import Form, Subscriber
from digest.render.frame import frame
from digest.render.press import Press
from digest.render.tidy import one_line
from digest.render.wording import (
    Words,
    frame_language,
    known_languages,
    own_name,
    words_for,
)
from digest.settings import Newsletter

WishState = Literal["ask", "saved", "bad"]


def language_choices(newsletter: Newsletter, subscriber: Subscriber) -> tuple[tuple[str, str], ...]:
    """The languages that a subscriber may choose: tag, and name in the language itself.

    Those we speak, the newsletter's, and the one that is chosen now, whatever it is: saving the
    form untouched changes nothing.
    """
    choices = dict(known_languages())
    for tag in (newsletter.language, subscriber.language):
        choices.setdefault(tag, own_name(tag))
    return tuple(choices.items())


def _forms(words: Words, wanted: Form) -> list[dict[str, object]]:
    titles = {
        Form.FULL: words.form_full,
        Form.COMPACT: words.form_compact,
        Form.TEXT: words.form_text,
    }
    return [
        {"value": form.value, "title": title, "wanted": form is wanted}
        for form, title in titles.items()
    ]


def preferences_page(
    state: WishState,
    *,
    press: Press,
    newsletter: Newsletter | None = None,
    subscriber: Subscriber | None = None,
    sections: Sequence[tuple[str, str]] = (),
    languages: Sequence[tuple[str, str]] = (),
    leave_url: str = "",
    fault: str = "",
) -> str:
    """The page behind the preferences link: *ask* before, *saved* after, *bad* if not ours.

    Its button posts to the page's own address: "section" (any number), "language" and "form".

    Args:
        newsletter: None, like *subscriber*, only when the link is bad.
        sections: of the newsletter: slug and title.
        languages: tag and name, see `language_choices`.
        fault: what was wrong with a choice, in English; nothing of it was saved.

    Raises:
        RenderError: a template is broken.
    """
    home = newsletter.language if newsletter else "en"
    person = subscriber or Subscriber(id=0, email="", language=home, key="")
    language = frame_language(person.language, home) or home
    # Nothing chosen means everything, and is shown so; so is what is no section any more.
    chosen = {slug for slug, _ in sections if slug in person.sections}
    return press.templates.page(
        "preferences.html",
        **frame(press, newsletter, language=language),
        state=state,
        fault=fault,
        title=one_line(newsletter.title if newsletter else press.site.name),
        home_lang=home,
        leave_url=leave_url,
        sections=[
            {"slug": slug, "title": title, "wanted": slug in chosen or not chosen}
            for slug, title in sections
        ],
        forms=_forms(words_for(language), person.form),
        languages=[
            {"tag": tag, "name": name, "wanted": tag == person.language} for tag, name in languages
        ],
    )
