"""The top of a web page as a reader sees it: headline, byline, dates, picture, teasers.

Behind the door: the vote on the title, the byline between the headline and the
first paragraph, the figure of the article.  What pages say to machines is in
`pagemeta`.  Pure.
"""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from selectolax.lexbor import LexborNode

from digest.model import Card, Image
from digest.reading.dates import Moment, moment_of, read_date
from digest.reading.hints import Hints, absolute
from digest.reading.markup import Run, first_image, one_line
from digest.reading.pagemeta import Meta
from digest.reading.pagetext_byline import Byline, read_byline, split_caption

_NO_WORD = re.compile(r"[\W_]+")
_SEPARATOR = re.compile(r"\s+[|–—·•»«:-]+\s+|\s*[|»]\s*")
#: More is no headline.
_LONGEST_TITLE: Final = 1_000
#: Runs of text below a headline among which a byline may stand, and the length of a paragraph.
_HEAD_RUNS: Final = 10
_PROSE_CHARS: Final = 140
_CREDIT = re.compile(r"credit|copyright|source|photographer", re.IGNORECASE)
_CARD = re.compile(r"(?:^|[-_\s])(?:card|related|bookmark|teaser|promo|embed)(?:$|[-_\s])", re.I)
_OPINION = re.compile(r"(opinion)\s*:\s*", re.IGNORECASE)
_MOST_CARDS: Final = 12
_MOST_ELEMENTS: Final = 2_000
_CARD_CHARS: Final = 800


def key(text: str) -> str:
    """What two spellings of one headline have in common."""
    return _NO_WORD.sub("", text.casefold())


def vote_on_title(root: LexborNode, meta: Meta) -> tuple[str, str | None]:
    """The headline, and the publication's name where the page's <title> gives it away.

    Voters: every <h1>, og:title, JSON-LD's headline, <title>; the last three without the
    publication's name.  A tie goes to the first of them.
    """
    heads = [text for node in root.css("h1")[:10] if (text := _text(node))]
    seconds = [text for node in root.css("h2")[:10] if (text := _text(node))]
    node = root.css_first("head title") or root.css_first("title")
    named = _text(node) if node else ""
    shown = {key(text) for text in (*heads, *seconds, meta.headline, meta.og_title)}
    named, site = _without_site(named, meta.site, shown)
    og_title, og_site = _without_site(
        meta.og_title, meta.site or site, shown - {key(meta.og_title)}
    )
    site = site or og_site
    # The masthead is often an <h1>.
    heads = [head for head in heads if key(head) != key(meta.site or site or "")]
    votes = [*heads, og_title, meta.headline, named]
    votes = [vote for vote in votes if vote]
    if not votes:
        return "", site
    counted = Counter(key(vote) for vote in votes)
    best = max(counted, key=lambda one: (counted[one], -[key(v) for v in votes].index(one)))
    return next(vote for vote in votes if key(vote) == best), site


def _text(node: LexborNode) -> str:
    return one_line(node.text(deep=True)[:_LONGEST_TITLE])


def _without_site(text: str, site: str | None, shown: Iterable[str]) -> tuple[str, str | None]:
    """*text* without a trailing or leading publication's name, and that name."""
    known, shown = key(site or ""), set(shown)
    for match in reversed(list(_SEPARATOR.finditer(text))):
        before, after = text[: match.start()].strip(), text[match.end() :].strip()
        if not before or not after:
            continue
        if key(after) == known or key(before) in shown:
            return before, after
        if key(before) == known or key(after) in shown:
            return after, before
    return text, None


def read_head(
    runs: Sequence[Run], title: str, *, language: str | None
) -> tuple[Byline, frozenset[str]]:
    """The byline around *title*, and the texts that belong to it and not to the article."""
    wanted = key(title)
    start = next((i for i, run in enumerate(runs) if key(run.block.text) == wanted), None)
    if start is None:
        return Byline(), frozenset()
    byline, texts = Byline(), {title}
    for run in runs[start + 1 : start + 1 + _HEAD_RUNS]:
        text = run.block.text
        if len(text) >= _PROSE_CHARS:
            break
        found = read_byline(text, language=language)
        if found is not None:
            byline = byline.joined(found)
            texts.add(text)
    return byline, frozenset(texts)


def read_moments(
    root: LexborNode, meta: Meta, byline: Byline, hints: Hints, language: str | None
) -> tuple[Moment | None, datetime | None]:
    """When the page appeared, and when it was changed.

    What it says to machines first; a clock found elsewhere completes a bare day.
    """

    def first(texts: Iterable[str]) -> list[Moment]:
        read = (read_date(t, timezone=hints.timezone, language=language) for t in texts)
        return [moment for moment in read if moment is not None and moment.at.year > 1970]

    home = ZoneInfo(hints.timezone)
    printed = [moment_of(byline.published, home)] if byline.published else []
    found = [*first(meta.published[:10]), *first(_times(root)), *printed]
    published = found[0] if found else None
    if published is not None and published.day_only:
        day = published.at.astimezone(home).date()
        clocks = [m for m in found if not m.day_only and m.at.astimezone(home).date() == day]
        published = clocks[0] if clocks else published
    changed = first(meta.updated[:10])
    if byline.updated:
        changed.append(moment_of(byline.updated, home))
    updated = changed[0].at if changed and not changed[0].day_only else None
    if published is None:
        return (Moment(at=updated) if updated else None), None
    return published, updated if updated and updated > published.at else None


def _times(root: LexborNode) -> list[str]:
    """What <time> elements of the article say; those of a list of other articles do not count."""
    for selector in (
        "[itemprop=datePublished]",
        "time[pubdate]",
        "article header time, main header time",
        "article time, main time",
    ):
        nodes = root.css(selector)
        if nodes:
            return [_time(node) for node in nodes[:2]]
    nodes = root.css("time")
    return [_time(nodes[0])] if len(nodes) == 1 else []


def _time(node: LexborNode) -> str:
    told = node.attributes
    return told.get("datetime") or told.get("content") or one_line(node.text(deep=True))


def marked_authors(root: LexborNode, meta: Meta) -> tuple[str, ...]:
    """Authors in JSON-LD, in meta tags, in links to an author's page; the first kind wins."""
    if meta.authors:
        return meta.authors
    for name in ("author", "article:author", "byl", "parsely-author", "sailthru.author"):
        told = tuple(t for t in meta.tagged.get(name, ()) if not t.startswith(("http", "/")))
        if told:
            return told
    for selector in ("[itemprop=author] [itemprop=name]", "[rel=author]", "[itemprop=author]"):
        texts = (one_line(node.text(deep=True)) for node in root.css(selector)[:10])
        found = tuple(text for text in texts if text and len(text) < 100)
        if found:
            return found
    return ()


def read_image(root: LexborNode, meta: Meta, base: str | None) -> Image | None:
    """The page's picture, with the caption and credit of the article's first figure."""
    figure = next(
        (
            node
            for node in root.css("article figure, main figure, figure")[:10]
            if node.css_first("figcaption") and node.css_first("img")
        ),
        None,
    )
    if figure is None:
        return meta.image
    shown = first_image(figure.css("img"), base)
    caption, credit = _caption(figure)
    image = meta.image or shown
    if image is None:
        return Image(caption=caption, credit=credit) if caption or credit else None
    return replace(
        image,
        alt=image.alt or (shown.alt if shown else None),
        caption=caption or image.caption,
        credit=credit or image.credit,
    )


def _caption(figure: LexborNode) -> tuple[str | None, str | None]:
    node = figure.css_first("figcaption")
    if node is None:
        return None, None
    whole = one_line(node.text(deep=True))
    for part in node.css("[class], [itemprop]"):
        told = part.attributes
        if _CREDIT.search(f"{told.get('class') or ''} {told.get('itemprop') or ''}"):
            credit = one_line(part.text(deep=True))
            if credit and credit != whole and credit in whole:
                return whole.replace(credit, "").strip(" ()/|—–-") or None, credit.strip(" ()")
    return split_caption(whole)


def read_cards(root: LexborNode, base: str | None) -> tuple[Card, ...]:
    """Teasers for single other articles inside the article; lists of links are none."""
    cards: dict[str, Card] = {}
    nodes = root.css("article aside, article [class], main aside, main figure[class]")
    for node in nodes[:_MOST_ELEMENTS]:
        if len(cards) >= _MOST_CARDS:
            break
        if node.tag != "aside" and not _CARD.search(node.attributes.get("class") or ""):
            continue
        card = _card(node, base)
        if card is not None and card.url:
            cards.setdefault(card.url, card)
    return tuple(cards.values())


def _card(node: LexborNode, base: str | None) -> Card | None:
    links = node.css("a[href]") or ([node] if node.tag == "a" else [])
    urls = {url for link in links if (url := absolute(link.attributes.get("href"), base))}
    if len(urls) != 1 or len(node.text(deep=True)) > _CARD_CHARS:
        return None
    heading = node.css_first("h2, h3, h4, h5, strong, [class*=title], [class*=headline]")
    title = one_line(heading.text(deep=True)) if heading else ""
    teaser = node.css_first("p, [class*=description], [class*=excerpt]")
    words = one_line(teaser.text(deep=True)) if teaser else ""
    if not title or key(title) == key(words):
        return None

    def text_of(selector: str) -> str | None:
        found = node.css_first(selector)
        return (one_line(found.text(deep=True)) or None) if found else None

    opinion = _OPINION.match(title)
    return Card(
        kind="opinion" if opinion else "related",
        title=title[opinion.end() :] if opinion else title,
        teaser=words,
        author=text_of("[class*=author], [rel=author]"),
        site=text_of("[class*=publisher], [class*=site-name]"),
        url=next(iter(urls)),
    )
