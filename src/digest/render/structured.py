"""What machines read of a page: JSON-LD in the words of schema.org, safe inside ``<script>``.

Honest about whose work it is: an edition is a collection of ours, a story's page is a page of
ours about articles of others, and each article names its publisher and who wrote it.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

from digest.render.shown import Shown, ShownCorrection, ShownStory
from digest.render.tidy import one_line
from digest.settings import Newsletter, Site


@dataclass(frozen=True, slots=True, kw_only=True)
class Teller:
    """One of the items that tell a story, as its page lists them."""

    source: str
    headline: str
    #: None for an item that has no page of its own.
    url: str | None
    #: With the day, always; and as `ShownStory.iso`.
    time: str
    iso: str
    authors: tuple[str, ...]
    language: str | None
    #: Only where they differ from the page's.
    lang: str | None
    dir: str | None


def script(data: dict[str, Any]) -> Markup:
    """*data* as the content of a ``<script type="application/ld+json">``."""
    text = json.dumps(_without_nothing(data), ensure_ascii=False, indent=1)
    # Inside a script element only "<" could end it or open a comment; the two separators
    # are line ends to old readers of JavaScript.
    safe = text.replace("<", "\\u003c").replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")
    return Markup(safe)  # noqa: S704


def _without_nothing(value: Any) -> Any:
    """Leave out what is not known: empty texts, lists and objects, None."""
    if isinstance(value, dict):
        pairs = ((key, _without_nothing(one)) for key, one in value.items())
        return {key: one for key, one in pairs if one not in (None, "", [], {})}
    if isinstance(value, list):
        return [_without_nothing(one) for one in value]
    return value


def _house(site: Site, home_url: str) -> dict[str, Any]:
    return {"@type": "Organization", "name": one_line(site.name), "url": home_url}


def edition_data(shown: Shown, *, site: Site, newsletter: Newsletter, url: str) -> dict[str, Any]:
    """An edition: a collection of the pages of its stories.

    Args:
        url: of the newsletter's own page.
    """
    return {
        "@context": "https://schema.org",
        "@type": "CollectionPage",
        "@id": shown.url,
        "url": shown.url,
        "name": f"{shown.title}, {shown.date}",
        "inLanguage": shown.lang,
        "datePublished": shown.iso,
        "dateModified": shown.changed_at.isoformat(),
        "isPartOf": {"@type": "Periodical", "name": one_line(newsletter.title), "url": url},
        "publisher": _house(site, shown.home_url),
        "mainEntity": {
            "@type": "ItemList",
            "numberOfItems": len(shown.stories),
            "itemListElement": [
                {
                    "@type": "ListItem",
                    "position": place,
                    "name": story.headline,
                    "url": story.page_url,
                }
                for place, story in enumerate(shown.stories, start=1)
            ],
        },
    }


def story_data(
    story: ShownStory, tellers: Sequence[Teller], *, shown: Shown, site: Site
) -> dict[str, Any]:
    """A story: a page of ours, and the articles of others that it is about."""
    picture = story.picture
    return {
        "@context": "https://schema.org",
        "@type": "WebPage",
        "@id": story.page_url,
        "url": story.page_url,
        "name": story.headline,
        "description": story.summary,
        "inLanguage": story.lang or shown.lang,
        "datePublished": shown.iso,
        "dateModified": max(shown.slot_at, story.changed_at).isoformat(),
        "keywords": list(story.topics),
        "isPartOf": {
            "@type": "CollectionPage",
            "@id": shown.url,
            "name": f"{shown.title}, {shown.date}",
        },
        "publisher": _house(site, shown.home_url),
        "primaryImageOfPage": {
            "@type": "ImageObject",
            "url": picture.url,
            "width": picture.width,
            "height": picture.height,
            "caption": picture.caption or picture.alt,
            "creditText": picture.credit,
        }
        if picture
        else None,
        "correction": [_correction(told) for told in story.corrections],
        "mainEntity": [_article(teller) for teller in tellers],
    }


def _article(teller: Teller) -> dict[str, Any]:
    return {
        "@type": "NewsArticle",
        "headline": teller.headline,
        "url": teller.url,
        "inLanguage": teller.language,
        "datePublished": teller.iso,
        "publisher": {"@type": "Organization", "name": teller.source},
        "author": [{"@type": "Person", "name": name} for name in teller.authors],
    }


def _correction(told: ShownCorrection) -> dict[str, Any]:
    return {
        "@type": "CorrectionComment",
        "text": " ".join(told.sentences) or told.headline,
        "datePublished": told.iso,
    }
