"""The posts of a live blog: schema.org LiveBlogPosting, as JSON-LD or as microdata.

Behind the door: by what a post is known again when its words have changed, and posts that are
told twice because they are pinned.  Not behind it: posts without any marking.  Pure.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from hashlib import blake2b
from typing import Any, Final

from selectolax.lexbor import LexborNode

from digest.reading.hints import absolute
from digest.reading.jsonld import address, people, raw, text_of
from digest.reading.markup import one_line

MOST_POSTS: Final = 5_000
_LONGEST_ID: Final = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class Post:
    """A post of a live blog, as told: texts and dates as written."""

    title: str = ""
    #: HTML or text.
    body: str = ""
    published: str = ""
    updated: str = ""
    url: str | None = None
    author: tuple[str, ...] = ()
    #: The same as long as it is the same post; None when nothing tells it from the others.
    id: str | None = None


def read_posts(article: Mapping[str, Any], root: LexborNode, base: str | None) -> tuple[Post, ...]:
    """The posts that *article*, a page's JSON-LD, tells; else those that *root* marks up."""
    return _identified(_of_json(article, base)) or _identified(_of_markup(root, base))


def _of_json(article: Mapping[str, Any], base: str | None) -> Iterator[Post]:
    posts = article.get("liveBlogUpdate")
    posts = posts if isinstance(posts, list) else [posts]
    for post in posts[:MOST_POSTS]:
        if not isinstance(post, dict):
            continue
        told = raw(post.get("@id")) or address(post.get("url")) or raw(post.get("identifier"))
        yield Post(
            title=text_of(post.get("headline") or post.get("name")),
            body=raw(post.get("articleBody") or post.get("text") or post.get("description")),
            published=text_of(post.get("datePublished") or post.get("dateModified")),
            updated=text_of(post.get("dateModified")),
            url=absolute(address(post.get("url") or post.get("@id")), base),
            author=people(post.get("author")),
            id=absolute(told, base) if told.startswith(("#", "/")) else told or None,
        )


def _of_markup(root: LexborNode, base: str | None) -> Iterator[Post]:
    blog = root.css_first('[itemtype$="/LiveBlogPosting"]')
    nodes = blog.css('[itemtype$="/BlogPosting"], [itemprop=liveBlogUpdate]') if blog else []
    for node in nodes[:MOST_POSTS]:
        body = _property(node, "articleBody") or _property(node, "text")
        heading = _property(node, "headline") or _property(node, "name")
        name = node.attributes.get("itemid") or _fragment(node.attributes.get("id"))
        link = _value(_property(node, "url"))
        author = _property(node, "author")
        yield Post(
            title=_value(heading),
            body=(body.inner_html or "") if body is not None else "",
            published=_value(_property(node, "datePublished"))
            or _value(_property(node, "dateModified")),
            updated=_value(_property(node, "dateModified")),
            url=absolute(link or name, base),
            author=tuple(filter(None, [_value(_property(author, "name") or author)]))
            if author
            else (),
            id=absolute(name or link, base) or name,
        )


def _fragment(name: str | None) -> str | None:
    return f"#{name}" if name else None


def _property(node: LexborNode, name: str) -> LexborNode | None:
    return node.css_first(f"[itemprop~={name}]")


def _value(node: LexborNode | None) -> str:
    """A property's value (HTML, microdata 5.2.4)."""
    if node is None:
        return ""
    told = node.attributes
    given = told.get("content") or told.get("datetime") or told.get("href")
    return one_line(given or node.text(deep=True))


def _identified(told: Iterable[Post]) -> tuple[Post, ...]:
    """*told* without repetitions, each with an id of its own.

    An id that several posts share names none of them: then, as for posts without one, what
    stays when a post is edited is when it appeared, and mostly its headline.
    """
    # A pinned post stands at the top and once more in its place.
    posts = list({(p.id, p.title, p.body, p.published): p for p in told}.values())
    shared = Counter(post.id for post in posts)
    posts = [
        replace(p, id=p.id if p.id and shared[p.id] == 1 and len(p.id) <= _LONGEST_ID else None)
        for p in posts
    ]
    derived = Counter(_derived(post) for post in posts if post.id is None)
    found = []
    for post in posts:
        name = post.id or _derived(post)
        if post.id is None and derived[name] > 1:
            # Two notes of one minute, without headlines.
            name = _hashed(name or "", post.body[:60])
        found.append(replace(post, id=name))
    return tuple(found)


def _derived(post: Post) -> str | None:
    return _hashed(post.published, post.title) if post.published or post.title else None


def _hashed(*words: str) -> str:
    return "post-" + blake2b("\0".join(words).encode("utf-8", "replace"), digest_size=8).hexdigest()
