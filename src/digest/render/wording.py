"""The words of the frame: English here, every other language in a catalogue of ``digest/locale``.

A new text is a field with its English; it works at once, in English everywhere, until somebody
has translated it (docs/languages.md).  The comments beside a field are what translators read.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field, fields
from functools import lru_cache
from typing import Any

from babel import Locale

from digest.render import catalogue
from digest.render.catalogue import Catalogue, Counted, locale_for

__all__ = (
    "Words",
    "frame_language",
    "known_languages",
    "locale_for",
    "messages",
    "reads_from_right",
    "words_for",
    "words_of",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """One language; the caller fills the braces, except in sentences with a number."""

    # Around the stories of an edition: mails and pages.
    greeting: str = "Hello, here is your edition."
    greeting_named: str = "Hello {name}, here is your edition."
    #: Title of the short reports.
    in_brief: str = "In brief"
    #: Heads what sources changed in items of earlier editions; the marks of each.
    corrections: str = "Corrections and updates"
    correction: str = "Correction"
    update: str = "Update"
    #: Of a running story.
    updated: str = "updated {time}"
    #: Before what the newsroom adds to a story.
    note: str = "Editor’s note"
    #: Before the names of publishers.
    also: str = "Also reported by"
    #: Shown under a summary that a model wrote.
    machine: str = "Summary written by a machine and checked against the source"
    photo: str = "Photo: {credit}"
    #: A link in the mail, to the same edition as a page.
    view: str = "Read on the web"
    why: str = "You get this mail because {email} is subscribed to {title}."
    #: Said to readers whose clocks show another time than the newsroom’s.
    clocks: str = "All times are in your time zone, {zone}."
    #: A link, and the button that it leads to.
    leave: str = "Unsubscribe"
    nothing: str = "There is nothing new in this edition."
    #: Title of the table of contents.
    contents: str = "In this edition"
    #: A link, and the title of the list that it leads to.
    archive: str = "All editions"
    # The page that ends a subscription.
    leave_ask: str = "Unsubscribe from {title}?"
    leave_note: str = "One click, no password, no questions."
    leave_done: str = "You are unsubscribed from {title}."
    leave_done_note: str = "No further edition will be sent to you."
    #: Before a list of the other newsletters of whoever has just left one.
    leave_others: str = "You still get:"
    leave_bad: str = "This link does not work."
    leave_bad_note: str = (
        "It may have been cut in two. Use the whole link at the foot of your mail. If everything"
        " about you has been deleted meanwhile, nothing is sent to you any more."
    )
    # Mails.
    #: A link to the page where the subscriber chooses sections, language and form.
    preferences: str = "Change what you get"
    #: Where a mail that would be too long ends.
    rest: str = "The rest of this edition is on the web."
    # Pages of the archive.
    skip: str = "Skip to the content"
    older: str = "Previous edition"
    newer: str = "Next edition"
    latest: str = "Latest edition"
    #: The date comes with its day of the week.
    edition_of: str = "Edition of {date}"
    whole_article: str = "Read the whole article at {source}"
    published: str = "Published {time}"
    corrected: str = "Corrected {time}"
    sections: str = "Sections"
    years: str = "Years"
    next_page: str = "Next page"
    page_before: str = "Previous page"
    missing: str = "There is nothing at this address."
    #: The first page of the whole site.
    front: str = "Front page"
    #: Said by screen readers of the path to this page: front page, newsletter, year.
    here: str = "You are here"
    whole_edition: str = "Read the whole edition"
    story_before: str = "Previous story"
    story_after: str = "Next story"
    sources: str = "Sources"
    topics: str = "Topics"
    pages: str = "Pages"
    page_of: str = "Page {page} of {pages}"
    # Searching.
    #: A button, and the title of its page.
    search: str = "Search"
    search_label: str = "Search all editions"
    search_none: str = "Nothing found for “{query}”."
    #: Label of a choice: which newsletter to search.
    search_in: str = "Newsletter"
    search_all: str = "All newsletters"
    #: "-word" and "begin*": as they are typed, with words of your own in their place.
    search_hint: str = (
        "All words must occur; words in quotation marks stand together; "
        "-word must not occur; begin* finds every word that begins so."
    )
    # Feeds.
    feeds: str = "Feeds"
    stories: str = "Stories"
    editions: str = "Editions"
    feed_note: str = "This is a feed. Copy its address into a feed reader to follow it."
    #: Above the list of all feeds.
    feeds_note: str = "Copy the address of a feed into a feed reader to follow it."
    #: Title of a feed: everything about one topic.
    topic: str = "Topic: {topic}"
    #: Title of a feed: everything that one publisher told.
    told_by: str = "Source: {source}"
    # Preferences.
    #: Title of the page.
    wishes: str = "What you get of {title}"
    #: Title of the choice of sections.
    wished_sections: str = "Sections"
    wished_all: str = "None chosen means all of them."
    wished_language: str = "Language of the words around the stories"
    #: Title of the choice between the three that follow.
    wished_form: str = "Form"
    form_full: str = "With pictures and summaries"
    form_compact: str = "Compact: headlines and a sentence each"
    form_text: str = "Text only"
    save: str = "Save"
    saved: str = "Saved. The next edition comes like this."
    #: A choice beside the sections.
    wished_briefs: str = "With news in brief"
    #: Title of the choice between the four that follow.
    wished_frequency: str = "How often"
    daily: str = "Every edition"
    weekdays: str = "Monday to Friday"
    weekly: str = "Once a week: the best of it"
    breaking: str = "Only news that cannot wait"
    #: Label of a choice of 24 hours, or of the next.
    wished_hour: str = "Not before"
    hour_any: str = "As soon as it is there"
    wished_zone: str = "Time zone"
    #: On a page most of the address is hidden: a•••@example.org; in a letter it is whole.
    whose: str = "For {address}"
    # Pausing.
    #: Title, and button.
    pause: str = "Pause"
    pause_note: str = "Nothing is sent for so long; then it goes on by itself."
    paused: str = "Paused until {date}."
    #: A button.
    resume: str = "Go on now"
    resumed: str = "It goes on: the next edition will be yours."
    #: Title of a list.
    other_newsletters: str = "Other newsletters"
    leave_all: str = "Unsubscribe from everything"
    left_all: str = "You are unsubscribed from everything."
    #: Beside the next, a button, after somebody has unsubscribed.
    back_note: str = "Was that a mistake?"
    back: str = "Subscribe again"
    back_done: str = "You are subscribed to {title} again."
    # What is kept of somebody.
    #: Title.
    your_data: str = "Your data"
    #: A button.
    data: str = "Send me my data"
    data_note: str = "You get a mail with everything that is kept about you."
    data_done: str = "A mail with your data is on its way."
    #: Title, and button.
    forget: str = "Forget me"
    forget_note: str = (
        "Everything that is kept about you is deleted. No import of addresses brings you back."
    )
    #: A choice.
    forget_never: str = "Never write to me again, even if somebody signs up with my address."
    #: A choice that must be made.
    forget_sure: str = "Yes, delete everything about me."
    forget_done: str = "You are forgotten."
    forget_done_note: str = "Everything about you is deleted here."
    # Signing up.
    #: A button, and a link to its page.
    subscribe: str = "Subscribe"
    subscribe_to: str = "Get {title} by mail"
    #: Title of a page with several newsletters to choose from.
    subscribe_any: str = "Newsletters by mail"
    address: str = "Mail address"
    name: str = "Name (not needed)"
    #: What is agreed to; beside a box to tick.
    consent: str = "Send me {title} by mail. I can unsubscribe at any time."
    #: A field that only programs see.
    trap: str = "Leave this empty"
    #: After a form was sent, whoever sent it.
    asked: str = "Look into your mailbox"
    asked_note: str = (
        "If this address can get the newsletter, a mail is on its way to it. Open the link in"
        " the mail to confirm."
    )
    asked_hint: str = "Nothing there? Look where spam is kept. You can ask again tomorrow."
    #: Text of a link, below the address that was typed.
    asked_wrong: str = "Is the address wrong? Fill in the form again."
    #: A form that came from another site is shown once more.
    once_more: str = "One more click"
    once_more_note: str = "Please look whether this is right, and send it."
    closed: str = "Nobody can sign up here now."
    too_many: str = "Too many forms were sent just now. Please try again in an hour."
    not_address: str = "This is not a mail address."
    not_domain: str = "This address cannot sign up here. Please use another one."
    not_agreed: str = "Nothing can be sent to you unless you agree."
    not_there: str = "This choice is not there any more. Please choose again."
    # Confirming.
    confirm_ask: str = "Subscribe to {title}?"
    #: A button.
    confirm: str = "Yes, subscribe me"
    #: Before the sentence of consent.
    agreed_to: str = "With this you agree:"
    confirm_done: str = "You are subscribed to {title}."
    confirm_done_note: str = "The next edition will be yours."
    link_old: str = "This link is too old, or was used before."
    link_old_note: str = "Sign up once more, and use the link in the new mail."
    # Letters: mails to one person.
    #: Subject, and title.
    letter_confirm: str = "Please confirm: {title}"
    letter_confirm_text: str = (
        "Somebody, probably you, has asked to get {title} at this address. Open this page and"
        " press its button to confirm:"
    )
    #: Text of a link.
    letter_confirm_button: str = "Confirm"
    letter_confirm_end: str = (
        "If it was not you, do nothing: nothing else will be sent. The link is good until {date}."
    )
    #: Subject, and title.
    letter_known: str = "You get it already: {title}"
    letter_known_text: str = (
        "Somebody, probably you, has asked to get {title} at this address, which gets it already."
        " On this page you can change what you get:"
    )
    letter_known_end: str = "If it was not you, do nothing: nothing has changed."
    #: Subject, and title.
    letter_data: str = "What is kept about you"
    letter_data_text: str = (
        "You asked for everything that is kept about you here. It is in the file with this mail,"
        " as JSON."
    )
    # Sentences with a number.
    #: A choice: how long to pause.
    counted_days: Counted = field(default=Counted(("{n} day", "{n} days")))
    #: After a section's title: so many of its news are only on the web, not in the mail.
    counted_more: Counted = field(default=Counted(("{n} more on the web", "{n} more on the web")))
    #: How long one story takes.
    counted_minutes: Counted = field(default=Counted(("{n} min read", "{n} min read")))
    #: How long the whole edition takes.
    counted_edition: Counted = field(default=Counted(("{n} minute to read", "{n} minutes to read")))
    counted_found: Counted = field(
        default=Counted(("{n} result for “{query}”", "{n} results for “{query}”"))
    )

    # Numbers have their own grammar in each language.

    def credited(self, credit: str) -> str:
        """ "Photo: A. Example"; as it is where the credit says itself what it is."""
        return credit if ":" in credit else self.photo.format(credit=credit)

    def more_on_web(self, n: int) -> str:
        """ "3 more on the web"."""
        return self.counted_more.of(n)

    def minutes_read(self, n: int) -> str:
        """ "4 min read", of one story."""
        return self.counted_minutes.of(n)

    def edition_minutes(self, n: int) -> str:
        """ "4 minutes to read", of the whole edition."""
        return self.counted_edition.of(n)

    def days(self, n: int) -> str:
        """ "30 days"."""
        return self.counted_days.of(n)

    def found(self, n: int, query: str) -> str:
        """ "3 results for “ferry”"."""
        return self.counted_found.of(n, query=query)


_ENGLISH = Words()


def messages() -> Iterator[tuple[str, str | Counted, str]]:
    """Every field of `Words` with its English and its context in the catalogues.

    The first field with an English text has the context ""; another one that says the same in
    English, and perhaps something else elsewhere, has its own name.
    """
    met = set()
    for text in fields(Words):
        english: str | Counted = getattr(_ENGLISH, text.name)
        key = english if isinstance(english, str) else english.forms[-1]
        yield text.name, english, text.name if key in met else ""
        met.add(key)


@lru_cache(maxsize=256)
def words_for(language: str) -> Words:
    """The words of a BCP 47 *language*; English if we do not speak it.

    The first call for a language reads its catalogue (some milliseconds).
    """
    tag = catalogue.nearest(language)
    return words_of(catalogue.catalogue_of(tag) if tag else None, locale_for(language))


def words_of(translated: Catalogue | None, locale: Locale) -> Words:
    """English, with what is *translated* in its place; numbers are written as in *locale*."""
    if not translated:
        return _ENGLISH
    said: dict[str, Any] = {
        name: translated.text(english, context)
        if isinstance(english, str)
        else translated.counted(english, context, locale)
        for name, english, context in messages()
    }
    return Words(**said)


def reads_from_right(language: str) -> bool:
    return locale_for(language).text_direction == "rtl"


def frame_language(wanted: str, home: str) -> str:
    """Which language the frame of one subscriber's mail has: a tag, or "" for the newsletter's.

    Args:
        wanted: by the subscriber, as a tag; anything else, or one that we do not speak, is
            as if nothing were wanted.
        home: the newsletter's language; its frame is never replaced by a sister of the same
            language (en-GB for en).
    """
    tag = catalogue.normal_tag(wanted)
    base, _, _ = tag.partition("-")
    if base == catalogue.normal_tag(home).partition("-")[0]:
        return ""
    return tag if base == "en" or catalogue.nearest(tag) else ""


@lru_cache(maxsize=1)
def known_languages() -> tuple[tuple[str, str], ...]:
    """The languages that a frame can have: tag, and name in the language itself; English first."""
    return tuple((tag, own_name(tag)) for tag in ("en", *catalogue.translated()))


def own_name(tag: str) -> str:
    """What a language is called in itself; one that nobody here knows goes by its tag."""
    locale = locale_for(tag)
    if locale.language != tag.partition("-")[0].lower():
        return tag
    name = locale.get_display_name() or tag
    # Title case, not upper: Georgian has letters that only whole lines of capitals use.
    return name[:1].title() + name[1:]
