"""Web pages: HTML bytes to a Document with one article and, for a live blog, its posts.

Behind the door: what of a page is whose statement, and which holds.  Not behind
it: fetching, and pages saved as plain text (see `pagetext`).  Pure.
"""

import html
import re
from collections.abc import Sequence
from typing import Final

from selectolax.lexbor import LexborNode

from digest.errors import ParseError
from digest.model import Block, BlockKind, Document, Kind, RawItem
from digest.reading.dates import read_date
from digest.reading.entry import names
from digest.reading.hints import Hints
from digest.reading.liveposts import Post
from digest.reading.markup import (
    blocks_of_html,
    first_sentence,
    parse_html,
    runs_of_node,
    text_blocks,
)
from digest.reading.pagebody import html_of_body, read_body
from digest.reading.pagehead import (
    head_of,
    headline_of,
    key,
    marked_authors,
    read_cards,
    read_head,
    read_moments,
    vote_on_title,
)
from digest.reading.pagemeta import Meta, read_meta
from digest.reading.pagepicture import read_image
from digest.reading.pagetail import without_tail
from digest.reading.pagetext_byline import read_byline
from digest.reading.repair import to_text
from digest.reading.safehtml import LARGEST_TOLD

#: Where a headline and byline are looked for.
_HEAD_RUNS: Final = 1_500
_HEADLINE_CHARS: Final = 1_000
#: Shorter paragraphs at the top are bylines, dates, labels.
_OPENING_CHARS: Final = 80
_META_CHARSET = re.compile(rb"<meta[^>]{0,300}?charset\s*=\s*[\"']?([A-Za-z0-9_:.-]{2,40})", re.I)


def read_page(data: bytes, hints: Hints, *, name: str = "") -> Document:
    """Read a web page.

    Args:
        name: what the document is called in its Document; the hints' URL if empty.

    Raises:
        ParseError: there is no article in it, or it is no text at all.
    """
    declared = _META_CHARSET.search(data[:4_096])
    markup = to_text(data, hints.content_type, declared=declared[1].decode() if declared else None)
    root = parse_html(markup)
    if root is None:
        raise ParseError("", "holds no HTML element; save the page again")
    meta = read_meta(root, hints.url)
    base = hints.url or meta.url
    told = root.attributes.get("lang") or root.attributes.get("xml:lang") or meta.language
    language = told or hints.language
    posts = tuple(brief for post in meta.posts if (brief := _brief(post, hints, language, base)))
    article, named_site = _article(root, markup, meta, posts, hints, language)
    if not article.blocks and not posts and not (article.title and meta.description):
        raise ParseError(
            "",
            "is a web page without an article: no paragraphs were found; "
            "if a script writes the text, save the page from a browser",
        )
    return Document(
        name=name or hints.url or "",
        kind="html",
        items=_shown(article, posts),
        problems=_problems(article, posts),
        site=meta.site or named_site,
    )


def _article(
    root: LexborNode,
    markup: str,
    meta: Meta,
    posts: Sequence[RawItem],
    hints: Hints,
    language: str | None,
) -> tuple[RawItem, str | None]:
    """The article of the page, perhaps without a text, and the publication's name in its title."""
    base = hints.url or meta.url
    title, named_site = vote_on_title(root, meta)
    headline = headline_of(root, title)
    body = read_body(root, markup, headline=headline, all_of_it=bool(posts))
    head = head_of(root, headline, body.container)
    title, byline, top = read_head(
        runs_of_node(head, most=_HEAD_RUNS),
        title,
        _opening(body.blocks, title),
        named=headline is not None or bool(meta.og_title or meta.headline),
        language=language,
    )
    published, updated = read_moments(root, meta, byline, hints, language)
    authors = (
        names(map(html.escape, marked_authors(root, meta)), language)
        or _people(byline.authors, meta)
        or names(map(html.escape, meta.desks), language)
    )
    cards = read_cards(root, base)
    image, under = read_image(meta.image, head, body.container, base, hints.beside)
    # Some print what a picture shows a second time for those who do not see it.
    around = {under or title, image.alt or title if image else title}
    blocks = _body(body.blocks, meta, title, top | around, posts)
    blocks = _without_teasers(blocks, [t for c in cards for t in (c.title, c.teaser) if t])
    blocks = without_tail(blocks, body.runs, authors)
    # Last: it uses the page's tree up.
    markup_of_body = html_of_body(body, blocks)
    article = RawItem(
        kind=Kind.ARTICLE,
        title=title or first_sentence(_first_words(blocks, posts)),
        url=meta.url or hints.url,
        published_at=published.at if published else None,
        day_only=published.day_only if published else False,
        updated_at=updated,
        authors=authors,
        language=language.replace("_", "-") if language else None,
        standfirst=_standfirst(meta.description, blocks),
        blocks=tuple(blocks),
        topics=tuple(dict.fromkeys((*meta.section, *meta.tags))),
        image=image,
        cards=cards,
        reading_min=byline.reading_min or meta.reading_min,
        html=markup_of_body,
        html_base=base if markup_of_body else None,
    )
    return article, named_site


def _first_words(blocks: Sequence[Block], posts: Sequence[RawItem]) -> str:
    return blocks[0].text if blocks else posts[0].title if posts else ""


def _shown(article: RawItem, posts: Sequence[RawItem]) -> tuple[RawItem, ...]:
    """The posts of a live blog alone, where the page says nothing besides."""
    bare = posts and not article.blocks and not article.standfirst
    return tuple(posts) if bare else (article, *posts)


def _problems(article: RawItem, posts: Sequence[RawItem]) -> tuple[str, ...]:
    problems = []
    if article.published_at is None and not posts:
        problems.append(
            f"No date was found beside “{article.title}”: "
            "the article counts as new when it is first read."
        )
    if not article.blocks and not posts:
        problems.append(f"No text was found under “{article.title}”: save the whole page.")
    return tuple(problems)


def _opening(blocks: Sequence[Block], title: str) -> str:
    """The first paragraph that is long enough to be one."""
    headline = key(title)
    texts = [block.text for block in blocks if key(block.text[:_HEADLINE_CHARS]) != headline]
    return next((text for text in texts if len(text) >= _OPENING_CHARS), next(iter(texts), ""))


def _people(printed: tuple[str, ...], meta: Meta) -> tuple[str, ...]:
    """The names *printed* in a byline, less the town and the section that stand there too."""
    others = {key(topic) for topic in (*meta.section, *meta.tags, *meta.sites)}
    return tuple(name for name in printed if key(name) not in others)


def _brief(post: Post, hints: Hints, language: str | None, base: str | None) -> RawItem | None:
    blocks = (
        blocks_of_html(post.body) if "<" in post.body else text_blocks(html.unescape(post.body))
    )
    if not post.title and not blocks:
        return None
    moment = read_date(post.published, timezone=hints.timezone, language=language)
    changed = read_date(post.updated, timezone=hints.timezone, language=language)
    later = changed is not None and moment is not None and changed.at > moment.at
    return RawItem(
        kind=Kind.BRIEF,
        title=post.title,
        guid=post.id,
        url=post.url,
        published_at=moment.at if moment else None,
        day_only=moment.day_only if moment else False,
        updated_at=changed.at if changed and later else None,
        authors=names(map(html.escape, post.author), language),
        language=language,
        blocks=blocks,
        html=post.body[:LARGEST_TOLD] if "<" in post.body else "",
        html_base=base if "<" in post.body else None,
    )


def _body(
    found: Sequence[Block], meta: Meta, title: str, top: frozenset[str], posts: Sequence[RawItem]
) -> list[Block]:
    """*found* without headline, byline and what the posts of a live blog say."""
    elsewhere = {key(text) for text in top} | {key(title)}
    for post in posts:
        elsewhere |= {key(post.title), *(key(block.text) for block in post.blocks)}
        elsewhere.add(key(post.title + "".join(block.text for block in post.blocks)))
    elsewhere.discard("")
    headline = key(title)
    for place, block in enumerate(found[: len(found) // 2 + 1][:_HEAD_RUNS]):
        if key(block.text) == headline:
            found = found[place + 1 :]
            break
    # Making keys of a long article's every paragraph would cost more than reading it.
    longest = 2 * max(map(len, elsewhere), default=0) + 40
    blocks = [b for b in found if len(b.text) > longest or key(b.text) not in elsewhere]
    while blocks and len(blocks[0].text) < 120 and read_byline(blocks[0].text) is not None:
        del blocks[0]
    while blocks and blocks[-1].kind is BlockKind.SUBHEAD:
        # A heading of what was left out below it.
        del blocks[-1]
    told = meta.body if not posts else ""
    shown = sum(len(block.text) for block in blocks)
    # trafilatura, too, falls back on what only machines are told, and runs it together.
    if told and (shown * 3 < len(told) or (len(blocks) == 1 and key(blocks[0].text) == key(told))):
        return list(blocks_of_html(told) if "<" in told else text_blocks(html.unescape(told)))
    return blocks


def _without_teasers(blocks: list[Block], teasers: Sequence[str]) -> list[Block]:
    cut = {key(text) for text in teasers}
    return [block for block in blocks if key(block.text) not in cut] if cut else blocks


def _standfirst(description: str, blocks: Sequence[Block]) -> str | None:
    """What the publisher wrote to introduce the article, unless it is the article's own start."""
    if not description:
        return None
    start = "".join(key(block.text) for block in blocks[:3])
    opening = key(description.rstrip(" .…[]"))
    return None if opening and start.startswith(opening) else description
