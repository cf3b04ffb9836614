"""What a web page says of itself to machines: JSON-LD, OpenGraph and meta tags.

Behind the door: the shapes in which publishers write schema.org, and which of
several statements is the article's.  Not behind it: what a reader sees (see
`page`).  Pure.
"""

import html
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from selectolax.lexbor import LexborNode

from digest.model import Image
from digest.reading.hints import absolute
from digest.reading.jsonld import address, objects, people, raw, text_of, texts, types
from digest.reading.liveposts import Post, read_posts
from digest.reading.markup import one_line, pixels
from digest.reading.pagepicture import pictures_told

#: schema.org types of one piece of news, besides all that end in "Article".
_ARTICLES: Final = frozenset(
    ("article", "blogposting", "report", "liveblogposting", "socialmediaposting")
)
_SHOWN: Final = frozenset(("videoobject", "audioobject", "podcastepisode"))
_DURATION = re.compile(r"PT(?:(\d{1,2})H)?(?:(\d{1,3})M)?(?:[\d.]{1,6}S)?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Meta:
    """What a page says of itself; texts are on one line, dates as written."""

    headline: str = ""
    description: str = ""
    #: Most trusted first.
    published: tuple[str, ...] = ()
    updated: tuple[str, ...] = ()
    authors: tuple[str, ...] = ()
    #: Organisations told as authors: they signed what nobody else did.
    desks: tuple[str, ...] = ()
    site: str | None = None
    #: All names of the publication and its publisher.
    sites: tuple[str, ...] = ()
    section: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    language: str | None = None
    url: str | None = None
    image: Image | None = None
    reading_min: int | None = None
    #: The body, for pages that show it only to machines.
    body: str = ""
    posts: tuple[Post, ...] = ()
    og_title: str = ""
    #: All meta tags: lower-case name or property to contents.
    tagged: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


def read_meta(root: LexborNode, base: str | None) -> Meta:
    """What *root* says of itself; *base* is where the page came from."""
    tagged = _tags(root)
    canonical = root.css_first("link[rel=canonical]")
    canonical_url = absolute(canonical.attributes.get("href"), base) if canonical else None
    things = list(objects(root))
    article = _article(things, canonical_url or base)
    organisations = [o for o in things if types(o) & {"organization", "newsmediaorganization"}]
    publisher = people(article.get("publisher")) or people(article.get("sourceOrganization"))
    sites = (*tagged.get("og:site_name", ()), *publisher, *tagged.get("application-name", ()))
    sites += tuple(name for o in organisations for name in people(o))
    authors, desks = _authors(article, sites)
    description = (text_of(article.get("description")), *_of(tagged, _DESCRIPTIONS))
    return Meta(
        headline=text_of(article.get("headline")) or text_of(article.get("name")),
        description=next((text for text in description if text), ""),
        published=_dates(article, "datePublished", "dateCreated", "uploadDate")
        + _of(tagged, _PUBLISHED),
        updated=_dates(article, "dateModified") + _of(tagged, _UPDATED),
        authors=authors,
        desks=desks,
        site=next((site for site in sites if site), None),
        sites=sites,
        section=texts(article.get("articleSection")) or _of(tagged, ("article:section",)),
        tags=_of(tagged, ("article:tag",)) or texts(article.get("keywords")),
        language=_language(article, tagged),
        url=canonical_url or _url(article, tagged, base),
        image=_image(article, tagged, base) or pictures_told(root.css(_PICTURES), base),
        reading_min=_minutes(article.get("timeRequired")),
        body=raw(article.get("articleBody")),
        posts=read_posts(article, root, base),
        og_title=next(iter(_of(tagged, ("og:title", "twitter:title"))), ""),
        tagged=tagged,
    )


_PICTURES: Final = "[itemprop~=image], link[rel~=image_src]"
_DESCRIPTIONS: Final = ("og:description", "description", "twitter:description")
_PUBLISHED: Final = (
    *("article:published_time", "article:published", "datepublished", "og:published_time"),
    *("parsely-pub-date", "sailthru.date", "dc.date.issued", "dcterms.created", "dcterms.issued"),
    *("dc.date", "pubdate", "publishdate", "publication_date", "date"),
)
_CREATED: Final = ("datePublished", "dateCreated", "uploadDate")
_UPDATED: Final = ("article:modified_time", "article:modified", "datemodified", "og:updated_time")


def _tags(root: LexborNode) -> dict[str, tuple[str, ...]]:
    tags: dict[str, list[str]] = {}
    for node in root.css("meta[content]"):
        told = node.attributes
        name = told.get("property") or told.get("name") or told.get("itemprop") or ""
        content = one_line(told.get("content"))
        if name and content:
            # Some escape twice.
            tags.setdefault(name.strip().lower(), []).append(html.unescape(content))
    return {name: tuple(contents) for name, contents in tags.items()}


def _of(tagged: Mapping[str, tuple[str, ...]], names: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(content for name in names for content in tagged.get(name, ()))


def _authors(
    article: Mapping[str, Any], sites: tuple[str, ...]
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The people who are said to have written *article*, and the organisations."""
    told = article.get("author") or article.get("creator")
    own = {_plain(site) for site in sites}
    authors: list[str] = []
    desks: list[str] = []
    for one in told if isinstance(told, list) else [told]:
        organised = isinstance(one, dict) and any("organi" in name for name in types(one))
        for name in people(one):
            (desks if organised or _plain(name) in own else authors).append(name)
    return tuple(authors), tuple(desks)


def _plain(name: str) -> str:
    return "".join(filter(str.isalnum, name.casefold()))


def _article(things: list[dict[str, Any]], url: str | None) -> dict[str, Any]:
    found = [
        thing
        for thing in things
        if any(name in _ARTICLES or name.endswith("article") for name in types(thing))
    ]
    for thing in found:
        if url and _key(url) in {_key(u) for u in (address(thing.get(k)) for k in _PLACES) if u}:
            return thing
    headed = [thing for thing in found if thing.get("headline")]
    # A page that is about a video tells of the video only.
    shown = [thing for thing in things if types(thing) & _SHOWN] if not found else []
    return next(iter(headed or found or shown[:1]), {})


_PLACES: Final = ("url", "mainEntityOfPage", "@id")


def _key(url: str) -> str:
    return url.partition("#")[0].partition("?")[0].rstrip("/").partition("//")[2]


def _dates(thing: Mapping[str, Any], *keys: str) -> tuple[str, ...]:
    return tuple(text for key in keys if (text := text_of(thing.get(key))))


def _language(thing: Mapping[str, Any], tagged: Mapping[str, tuple[str, ...]]) -> str | None:
    told = thing.get("inLanguage")
    if isinstance(told, dict):
        told = told.get("alternateName") or told.get("name")
    locale = next(iter(_of(tagged, ("og:locale", "content-language", "language"))), "")
    for name in (told, locale):
        if isinstance(name, str) and re.fullmatch(r"[A-Za-z]{2,3}([-_][A-Za-z0-9]{2,8})*", name):
            return name.replace("_", "-")
    return None


def _url(
    thing: Mapping[str, Any], tagged: Mapping[str, tuple[str, ...]], base: str | None
) -> str | None:
    told = [*_of(tagged, ("og:url",)), *(address(thing.get(key)) for key in _PLACES)]
    return next((url for text in told if (url := absolute(text, base))), None) or base


def _image(
    thing: Mapping[str, Any], tagged: Mapping[str, tuple[str, ...]], base: str | None
) -> Image | None:
    told = thing.get("image") or thing.get("thumbnailUrl")
    told = told[0] if isinstance(told, list) and told else told
    described = told if isinstance(told, dict) else {}
    og_url = next(iter(_of(tagged, ("og:image", "og:image:url", "twitter:image"))), None)
    url = absolute(address(described.get("url") or described.get("contentUrl") or told), base)
    og_url = absolute(og_url, base)
    if not (url or og_url):
        return None
    same = url is not None and (og_url is None or url == og_url)

    def number(key: str) -> int | None:
        own = described.get(key)
        own = own.get("value") if isinstance(own, dict) else own
        og = next(iter(tagged.get(f"og:image:{key}", ())), None)
        return (pixels(str(own)) if same and own is not None else None) or pixels(og)

    return Image(
        url=og_url or url,
        alt=next(iter(_of(tagged, ("og:image:alt", "twitter:image:alt"))), None),
        caption=text_of(described.get("caption")) or None if same else None,
        credit=text_of(described.get("creditText")) or None if same else None,
        width=number("width"),
        height=number("height"),
    )


def _minutes(value: Any) -> int | None:
    found = _DURATION.fullmatch(value) if isinstance(value, str) else None
    minutes = int(found[1] or 0) * 60 + int(found[2] or 0) if found else 0
    return minutes or None
