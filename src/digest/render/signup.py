"""Public pages on which somebody joins: choosing a newsletter, signing up, confirming.

Behind the door: whole pages without script or cookie, in any language of the frame.  Not behind
it: whether an address is known.  No page here depends on it, and the one that answers a form is
the same for everybody.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal
from urllib.parse import quote

from digest.model import Choices, Frequency
from digest.render.fields import choosing, not_there, page_language, shown_address, typed
from digest.render.frame import About, feeds_of, frame, newsletter_feeds
from digest.render.press import Press
from digest.render.tidy import one_line
from digest.render.wording import Words, known_languages, words_for
from digest.settings import Newsletter

SignupState = Literal["ask", "again", "asked", "closed", "busy"]
ConfirmState = Literal["ask", "done", "old", "bad"]


@dataclass(frozen=True, slots=True, kw_only=True)
class SignupForm:
    """What somebody has filled in."""

    email: str = ""
    name: str = ""
    choices: Choices = field(default_factory=Choices)
    agreed: bool = False


def blank_form(newsletter: Newsletter, language: str) -> SignupForm:
    """The form as it is before anybody has typed: everything, as it comes, where its newsroom is.

    Args:
        language: of whoever reads the page; BCP 47.
    """
    tag = page_language(newsletter, language)
    # Browsers ask for "de-AT" where what can be chosen is "de".
    while tag != newsletter.language and tag not in dict(known_languages()):
        tag = tag.rpartition("-")[0] or newsletter.language
    return SignupForm(choices=Choices(language=tag, timezone=newsletter.timezone))


def consent_wording(newsletter: Newsletter, language: str) -> tuple[str, str]:
    """The sentence that whoever signs up agrees to, and its language: what is kept as evidence.

    Args:
        language: of the page, as for `signup_page`.
    """
    if newsletter.consent:
        return one_line(newsletter.consent), newsletter.language
    spoken = page_language(newsletter, language)
    return words_for(spoken).consent.format(title=one_line(newsletter.title)), spoken


def signup_page(
    state: SignupState,
    *,
    press: Press,
    newsletter: Newsletter,
    sections: Sequence[tuple[str, str]] = (),
    frequencies: Sequence[Frequency] = (),
    languages: Sequence[tuple[str, str]] = (),
    zones: Iterable[str] = (),
    form: SignupForm | None = None,
    stamp: str = "",
    faults: Collection[str] = (),
    language: str = "",
) -> str:
    """The page on which somebody signs up for *newsletter*.

    Its button posts to the page's own address: "email", "name", "section" (any number), "briefs",
    "frequency", "hour", "language", "timezone", "form", "consent", "stamp" and "website", which
    people never see and leave empty.

    Args:
        state: *ask* before; *again*: filled in elsewhere, or too fast, to be sent once more;
            *asked* after, the same whoever it was; *closed*: nobody can; *busy*: too many did.
        sections: slug and title.
        languages: tag, and name in the language itself.
        zones: IANA names.
        form: what was typed; None shows `blank_form`.  *asked* shows its address, so that
            somebody who mistyped it sees so, whether it is known or not.
        stamp: see `Links.form_stamp`.
        faults: "consent", fields of choices that were sent what there is not, and, of "email",
            "address": it is none, or "domain": it cannot sign up here.
        language: the reader's; the newsletter's where we have no words in it.

    Raises:
        RenderError: a template is broken.
    """
    form = form or blank_form(newsletter, language)
    chosen = choosing(
        form.choices,
        language=page_language(newsletter, language),
        sections=sections,
        frequencies=frequencies,
        languages=languages,
        zones=zones,
        faults=_faulty_fields(faults),
    )
    return press.templates.page(
        "subscribe.html",
        **_filled_in(form, newsletter, faults, language),
        **_surroundings(state, press, newsletter, faults, language),
        stamp=stamp,
        chosen=chosen,
    )


def _surroundings(
    state: SignupState,
    press: Press,
    newsletter: Newsletter,
    faults: Collection[str],
    language: str,
) -> dict[str, object]:
    spoken = page_language(newsletter, language)
    words = words_for(spoken)
    about = About(
        title=words.subscribe_to.format(title=one_line(newsletter.title)),
        description=one_line(newsletter.description) or consent_wording(newsletter, language)[0],
        url=press.links.subscribe_url(newsletter.slug),
    )
    headings = {"again": words.once_more, "asked": words.asked}
    return {
        **frame(press, newsletter, language=spoken, feeds=feeds_of(newsletter, press.links)),
        # What answers a form is of no use to a search engine.
        **({"about": about} if state == "ask" and not faults else {}),
        "state": state,
        "heading": headings.get(state, about.title),
        "home_lang": newsletter.language,
        "form_url": f"{about.url}?lang={quote(spoken)}",
        "told": _told(words, faults, busy=state == "busy"),
    }


def _filled_in(
    form: SignupForm, newsletter: Newsletter, faults: Collection[str], language: str
) -> dict[str, object]:
    words = words_for(page_language(newsletter, language))
    wording, wording_language = consent_wording(newsletter, language)
    folded = _faulty_fields(faults) - {"email", "consent"}
    differs = form.choices != blank_form(newsletter, language).choices
    return {
        "address": shown_address(typed(form.email)),
        "form": replace(form, email=typed(form.email), name=typed(form.name)),
        "email_fault": words.not_domain if "domain" in faults else words.not_address,
        "wording": wording,
        "wording_lang": wording_language,
        # Nobody has to look for what they chose, or for what is wrong with it.
        "open": differs or bool(form.name or folded),
    }


def _faulty_fields(faults: Collection[str]) -> frozenset[str]:
    return frozenset("email" if one in ("address", "domain") else one for one in faults)


def _told(words: Words, faults: Collection[str], *, busy: bool) -> list[tuple[str, str]]:
    """What is wrong, in the order of the fields: the field's id, and what to do."""
    told = [("", words.too_many)] if busy else []
    if "address" in faults:
        told.append(("email", words.not_address))
    if "domain" in faults:
        told.append(("email", words.not_domain))
    if "consent" in faults:
        told.append(("consent", words.not_agreed))
    return told + not_there(words, faults)


def choose_page(*, press: Press, newsletters: Sequence[Newsletter], language: str = "") -> str:
    """Every newsletter that anybody may sign up for, each with a link to its page.

    Args:
        newsletters: those that are offered; none at all is said so.
        language: the reader's; the first newsletter's where we have no words in it.

    Raises:
        RenderError: a template is broken.
    """
    spoken = page_language(newsletters[0] if newsletters else None, language)
    words = words_for(spoken)
    about = About(
        title=words.subscribe_any,
        description=" · ".join(one_line(one.title) for one in newsletters) or words.closed,
        url=press.links.subscribe_url(),
    )
    return press.templates.page(
        "choose.html",
        **frame(
            press,
            language=spoken,
            feeds=[newsletter_feeds(one, press.links) for one in newsletters],
        ),
        about=about,
        heading=words.subscribe_any,
        offered=[
            {
                "title": one_line(one.title),
                "description": one_line(one.description),
                "lang": one.language,
                "url": press.links.subscribe_url(one.slug),
            }
            for one in newsletters
        ],
    )


def confirm_page(
    state: ConfirmState,
    *,
    press: Press,
    newsletter: Newsletter | None = None,
    wording: str = "",
    wording_language: str = "",
    address: str = "",
    language: str = "",
) -> str:
    """The page behind the link of the mail that asks: opening it changes nothing.

    Its button posts to the page's own address.

    Args:
        state: *ask* before, *done* after; *old*: of a link whose time is over, or that was used;
            *bad*: of one that is not ours.
        newsletter: None when the link could not be read, or when there is none any more.
        wording, wording_language: what they agree to, as it was shown to them.
        address: as `addresses.half_shown` gives it.
        language: the reader's; the newsletter's where we have no words in it.

    Raises:
        RenderError: a template is broken.
    """
    spoken = page_language(newsletter, language)
    words = words_for(spoken)
    title = one_line(newsletter.title if newsletter else press.site.name)
    headings = {
        "ask": words.confirm_ask.format(title=title),
        "done": words.confirm_done.format(title=title),
        "old": words.link_old,
        "bad": words.leave_bad,
    }
    around = frame(press, newsletter, language=spoken)
    # Of a newsletter that nobody can sign up for any more, or that is not known: what there is.
    elsewhere = press.links.subscribe_url() if press.sign_up else ""
    return press.templates.page(
        "confirm.html",
        **around,
        state=state,
        heading=headings[state],
        wording=one_line(wording),
        wording_lang=wording_language or spoken,
        address=shown_address(address),
        again_url=around["subscribe_url"] or elsewhere,
    )
