"""Public pages: an edition, the archive, leaving.  Whole files, nothing fetched but pictures.

No script, no font, no style sheet of another host: a page stands alone in a folder
and may be kept for years.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Literal

from babel.dates import format_skeleton
from markupsafe import Markup

from digest.model import Edition
from digest.render.links import Links
from digest.render.press import Press
from digest.render.showing import Clock, imprint, show
from digest.render.shown import Shown
from digest.render.tidy import one_line, shorten
from digest.render.wording import locale_for, reads_from_right, words_for
from digest.settings import Newsletter, Site

LeaveState = Literal["ask", "done", "bad"]

#: Headlines under an edition in the archive.
HEADLINES = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class ArchiveLine:
    url: str
    date: str
    iso: str
    headlines: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ArchiveShelf:
    """One newsletter in the archive, its editions by month."""

    slug: str
    title: str
    description: str
    lang: str
    dir: str
    feeds: dict[str, str]
    months: tuple[tuple[str, tuple[ArchiveLine, ...]], ...]


def feed_addresses(newsletter: str, links: Links) -> dict[str, str]:
    return {
        "rss": links.feed_url(newsletter, "rss"),
        "atom": links.feed_url(newsletter, "atom"),
        "json": links.feed_url(newsletter, "json"),
    }


def describe(shown: Shown) -> str:
    """An edition in one sentence: its headlines, for people who see only the link."""
    headlines = [story.headline for story in shown.stories]
    headlines += [brief.lead_in or brief.text for brief in shown.briefs[: 3 - len(headlines)]]
    headlines += [correction.headline for correction in shown.corrections]
    return shorten(" · ".join(headlines[:4]) or shown.date, 200)


def edition_page(edition: Edition, *, press: Press, newsletter: Newsletter) -> str:
    """The whole of *edition* as one HTML file, for everybody.

    Raises:
        RenderError: a template is broken.
    """
    site, links = press.site, press.links
    shown = show(edition, links=links)
    return press.templates.page(
        "edition.html",
        site=site,
        imprint=imprint(site),
        newsletter=newsletter,
        edition=shown,
        words=shown.words,
        lang=shown.lang,
        dir=shown.dir,
        home_url=shown.home_url,
        feeds=feed_addresses(newsletter.slug, links),
        description=describe(shown),
        structured=_structured(shown, site, newsletter),
    )


def _structured(shown: Shown, site: Site, newsletter: Newsletter) -> Markup:
    """JSON-LD (schema.org), safe inside ``<script>``."""
    stories = [
        {"@type": "ListItem", "position": place, "name": story.headline, "url": story.url}
        for place, story in enumerate(shown.stories, start=1)
    ]
    page = {
        "@context": "https://schema.org",
        "@type": "CollectionPage",
        "@id": shown.url,
        "url": shown.url,
        "name": f"{shown.title}, {shown.date}",
        "inLanguage": shown.lang,
        "datePublished": shown.iso,
        "isPartOf": {"@type": "Periodical", "name": newsletter.title, "url": shown.home_url},
        "publisher": {"@type": "Organization", "name": site.name, "url": shown.home_url},
        "mainEntity": {
            "@type": "ItemList",
            "numberOfItems": len(stories),
            "itemListElement": stories,
        },
    }
    text = json.dumps(page, ensure_ascii=False, indent=1)
    # Inside a script element only "<" could end it or open a comment.
    return Markup(text.replace("<", "\\u003c").replace("\u2028", "\\u2028"))  # noqa: S704


def archive_page(
    newsletters: Sequence[tuple[Newsletter, Sequence[Edition]]],
    *,
    press: Press,
) -> str:
    """The front page: each newsletter with its editions, as given (newest first), by month.

    Raises:
        RenderError: a template is broken.
    """
    site, links = press.site, press.links
    language = newsletters[0][0].language if newsletters else "en"
    return press.templates.page(
        "archive.html",
        site=site,
        imprint=imprint(site),
        words=words_for(language),
        lang=language,
        dir="rtl" if reads_from_right(language) else "ltr",
        home_url=links.home_url(),
        shelves=tuple(_shelf(newsletter, editions, links) for newsletter, editions in newsletters),
    )


def _shelf(newsletter: Newsletter, editions: Sequence[Edition], links: Links) -> ArchiveShelf:
    locale = locale_for(newsletter.language)

    def month(edition: Edition) -> str:
        return format_skeleton("yMMMM", Clock(edition).local(edition.slot_at), locale=locale)

    return ArchiveShelf(
        slug=newsletter.slug,
        title=newsletter.title,
        description=one_line(newsletter.description),
        lang=newsletter.language,
        dir="rtl" if reads_from_right(newsletter.language) else "ltr",
        feeds=feed_addresses(newsletter.slug, links),
        months=tuple(
            (name, tuple(_line(edition, links) for edition in group))
            for name, group in groupby(editions, key=month)
        ),
    )


def _line(edition: Edition, links: Links) -> ArchiveLine:
    clock = Clock(edition)
    return ArchiveLine(
        url=links.edition_url(edition.id),
        date=clock.long_date,
        iso=clock.local(edition.slot_at).isoformat(),
        headlines=tuple(
            shorten(one_line(story.headline), 120) for story in edition.stories[:HEADLINES]
        ),
    )


def leave_page(
    state: LeaveState,
    *,
    press: Press,
    newsletter: Newsletter | None,
) -> str:
    """The page behind the leave link: *ask* before, *done* after, *bad* if not ours.

    Asking changes nothing, so that programs which open every link end no subscription
    (RFC 8058 §3.2); its button posts to the page's own address.

    Args:
        newsletter: None only when the link could not be read.

    Raises:
        RenderError: a template is broken.
    """
    site, links = press.site, press.links
    language = newsletter.language if newsletter else "en"
    return press.templates.page(
        "leave.html",
        site=site,
        imprint=imprint(site),
        state=state,
        title=newsletter.title if newsletter else site.name,
        words=words_for(language),
        lang=language,
        dir="rtl" if reads_from_right(language) else "ltr",
        home_url=links.home_url(),
    )
