"""What a web page says of itself to machines: JSON-LD, OpenGraph and meta tags.

Behind the door: the shapes in which publishers write schema.org, and which of
several statements is the article's.  Not behind it: what a reader sees (see
`page`).  Pure.
"""

import html
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from selectolax.lexbor import LexborNode

from digest.model import Image
from digest.sources.hints import absolute
from digest.sources.markup import one_line, pixels, plain

#: schema.org types of one piece of news, besides all that end in "Article".
_ARTICLES: Final = frozenset(
    ("article", "blogposting", "report", "liveblogposting", "socialmediaposting")
)
#: Objects looked at; real pages have a dozen.
_MOST_OBJECTS: Final = 5_000
_DURATION = re.compile(r"PT(?:(\d{1,2})H)?(?:(\d{1,3})M)?(?:[\d.]{1,6}S)?")
_COMMENTED = re.compile(r"^\s*(?:<!--|//\s*<!\[CDATA\[|<!\[CDATA\[|/\*.{0,40}?\*/)|-->\s*$")


@dataclass(frozen=True, slots=True, kw_only=True)
class Post:
    """A post of a live blog, as told: texts and dates as written."""

    title: str = ""
    #: HTML or text.
    body: str = ""
    published: str = ""
    url: str | None = None
    author: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Meta:
    """What a page says of itself; texts are on one line, dates as written."""

    headline: str = ""
    description: str = ""
    #: Most trusted first.
    published: tuple[str, ...] = ()
    updated: tuple[str, ...] = ()
    authors: tuple[str, ...] = ()
    site: str | None = None
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
    objects = list(_objects(root))
    article = _article(objects, canonical_url or base)
    organisations = [o for o in objects if _types(o) & {"organization", "newsmediaorganization"}]
    publisher = _names(article.get("publisher")) or _names(article.get("sourceOrganization"))
    sites = (*tagged.get("og:site_name", ()), *publisher, *tagged.get("application-name", ()))
    sites += tuple(name for o in organisations for name in _names(o))
    description = (_text(article.get("description")), *_of(tagged, _DESCRIPTIONS))
    return Meta(
        headline=_text(article.get("headline")) or _text(article.get("name")),
        description=next((text for text in description if text), ""),
        published=_dates(article, "datePublished", "dateCreated") + _of(tagged, _PUBLISHED),
        updated=_dates(article, "dateModified") + _of(tagged, _UPDATED),
        authors=_names(article.get("author")) or _names(article.get("creator")),
        site=next((site for site in sites if site), None),
        section=_list(article.get("articleSection")) or _of(tagged, ("article:section",)),
        tags=_of(tagged, ("article:tag",)) or _list(article.get("keywords")),
        language=_language(article, tagged),
        url=canonical_url or _url(article, tagged, base),
        image=_image(article, tagged, base),
        reading_min=_minutes(article.get("timeRequired")),
        body=_raw(article.get("articleBody")),
        posts=tuple(_posts(article, base)),
        og_title=next(iter(_of(tagged, ("og:title", "twitter:title"))), ""),
        tagged=tagged,
    )


_DESCRIPTIONS: Final = ("og:description", "description", "twitter:description")
_PUBLISHED: Final = (
    *("article:published_time", "article:published", "datepublished", "og:published_time"),
    *("parsely-pub-date", "sailthru.date", "dc.date.issued", "dcterms.created", "dcterms.issued"),
    *("dc.date", "pubdate", "publishdate", "publication_date", "date"),
)
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


def _objects(root: LexborNode) -> Iterator[dict[str, Any]]:
    """Every JSON-LD object that stands on its own or in a list, a graph or as a main entity."""
    waiting: list[Any] = []
    for script in root.css('script[type="application/ld+json"]'):
        text = script.text(deep=True)
        try:
            waiting.append(json.loads(_COMMENTED.sub("", text).strip().rstrip(";"), strict=False))
        except (ValueError, RecursionError):
            # Broken JSON-LD is common; the page has other ways to say the same.
            continue
    seen = 0
    while waiting and seen < _MOST_OBJECTS:
        thing = waiting.pop(0)
        seen += 1
        if isinstance(thing, list):
            waiting.extend(thing[:_MOST_OBJECTS])
        elif isinstance(thing, dict):
            yield thing
            waiting.extend(thing[k] for k in ("@graph", "mainEntity", "hasPart") if k in thing)


def _types(thing: Mapping[str, Any]) -> set[str]:
    told = thing.get("@type")
    types = told if isinstance(told, list) else [told]
    return {str(name).rpartition("/")[2].lower() for name in types if isinstance(name, str)}


def _article(objects: list[dict[str, Any]], url: str | None) -> dict[str, Any]:
    found = [
        thing
        for thing in objects
        if any(name in _ARTICLES or name.endswith("article") for name in _types(thing))
    ]
    for thing in found:
        if url and _key(url) in {_key(u) for u in (_id(thing.get(k)) for k in _PLACES) if u}:
            return thing
    headed = [thing for thing in found if thing.get("headline")]
    return next(iter(headed or found), {})


_PLACES: Final = ("url", "mainEntityOfPage", "@id")


def _key(url: str) -> str:
    return url.partition("#")[0].partition("?")[0].rstrip("/").partition("//")[2]


def _id(value: Any) -> str | None:
    if isinstance(value, dict):
        value = value.get("@id") or value.get("url")
    return value if isinstance(value, str) else None


def _text(value: Any) -> str:
    if isinstance(value, list):
        value = next((one for one in value if one), "")
    if isinstance(value, dict):
        value = value.get("@value") or value.get("name")
    return plain(value) if isinstance(value, str) else ""


def _raw(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _list(value: Any) -> tuple[str, ...]:
    if isinstance(value, str):
        value = value.split(",") if "," in value else [value]
    if not isinstance(value, list):
        return ()
    return tuple(text for text in map(_text, value[:50]) if text)


def _names(value: Any) -> tuple[str, ...]:
    people = value if isinstance(value, list) else [value]
    found: list[str] = []
    for person in people[:50]:
        name = person.get("name") if isinstance(person, dict) else person
        for one in name if isinstance(name, list) else [name]:
            text = plain(one) if isinstance(one, str) else ""
            if text and not text.startswith(("http:", "https:")):
                found.append(text)
    return tuple(found)


def _dates(thing: Mapping[str, Any], *keys: str) -> tuple[str, ...]:
    return tuple(text for key in keys if (text := _text(thing.get(key))))


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
    told = [*_of(tagged, ("og:url",)), *(_id(thing.get(key)) for key in _PLACES)]
    return next((url for text in told if (url := absolute(text, base))), None) or base


def _image(
    thing: Mapping[str, Any], tagged: Mapping[str, tuple[str, ...]], base: str | None
) -> Image | None:
    told = thing.get("image")
    told = told[0] if isinstance(told, list) and told else told
    described = told if isinstance(told, dict) else {}
    og_url = next(iter(_of(tagged, ("og:image", "og:image:url", "twitter:image"))), None)
    url = absolute(_id(described.get("url") or described.get("contentUrl") or told), base)
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
        caption=_text(described.get("caption")) or None if same else None,
        credit=_text(described.get("creditText")) or None if same else None,
        width=number("width"),
        height=number("height"),
    )


def _minutes(value: Any) -> int | None:
    found = _DURATION.fullmatch(value) if isinstance(value, str) else None
    minutes = int(found[1] or 0) * 60 + int(found[2] or 0) if found else 0
    return minutes or None


def _posts(thing: Mapping[str, Any], base: str | None) -> Iterator[Post]:
    posts = thing.get("liveBlogUpdate")
    posts = posts if isinstance(posts, list) else [posts]
    for post in posts[:_MOST_OBJECTS]:
        if isinstance(post, dict):
            yield Post(
                title=_text(post.get("headline") or post.get("name")),
                body=_raw(post.get("articleBody") or post.get("text") or post.get("description")),
                published=_text(post.get("datePublished") or post.get("dateModified")),
                url=absolute(_id(post.get("url") or post.get("@id")), base),
                author=_names(post.get("author")),
            )
