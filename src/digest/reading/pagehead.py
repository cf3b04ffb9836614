"""The top of a web page as a reader sees it: headline, byline, dates, picture, teasers.

Behind the door: the vote on the title, the byline between the headline and the
first paragraph, the figure of the article.  What pages say to machines is in
`pagemeta`.  Pure.
"""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from selectolax.lexbor import LexborNode

from digest.model import Card
from digest.reading.dates import Moment, moment_of, read_date
from digest.reading.hints import Hints, absolute
from digest.reading.markup import Run, one_line
from digest.reading.pagelines import headline_by_looks, lines_of, read_lines
from digest.reading.pagemeta import Meta
from digest.reading.pagetext_byline import Byline

_NO_WORD = re.compile(r"[\W_]+")
_SEPARATOR = re.compile(r"\s+[|–—·•»«:-]+\s+|\s*[|»]\s*")
#: More is no headline.
_LONGEST_TITLE: Final = 1_000
#: Runs of text from the first paragraph on among which dates may still stand.
_BELOW: Final = 8
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


def headline_of(root: LexborNode, title: str) -> LexborNode | None:
    """The element that shows *title*, or part of it, as a headline."""
    wanted = key(title)
    if not wanted:
        return None
    for selector in _HEADLINES:
        for node in root.css(selector)[:20]:
            if key(_text(node)) == wanted:
                return node
    return root.css_first("h1")


_HEADLINES: Final = ("h1", "h2", "[itemprop~=headline], [class*=headline], [class*=title]")


def head_of(root: LexborNode, headline: LexborNode | None, body: LexborNode | None) -> LexborNode:
    """What holds both *headline* and *body*, as narrowly as it may be: the whole of the article."""
    if body is None:
        return root.css_first("body") or root
    if headline is None:
        return _around(body)
    above = set()
    node: LexborNode | None = body
    while node is not None:
        above.add(node.mem_id)
        node = node.parent
    node = headline
    while node is not None and node.mem_id not in above:
        node = node.parent
    return node or root


def _around(body: LexborNode) -> LexborNode:
    """Where no element is the headline, it stands in the cell of the text or a little above."""
    node = body
    for _ in range(3):
        parent = node.parent
        if parent is None or parent.tag in ("html", "-document"):
            break
        node = parent
        if node.tag in ("article", "main", "body"):
            break
    return node


def read_head(
    runs: Sequence[Run], title: str, first: str, *, named: bool, language: str | None
) -> tuple[str, Byline, frozenset[str]]:
    """The headline, the byline below it, and the texts that belong to them and not to the text.

    Args:
        runs: of the element around headline and text.
        first: the first paragraph of the text.
        named: the page calls *title* its headline; else what looks like one may be it.
    """
    end = next((place for place, run in enumerate(runs) if run.block.text == first), None)
    above = lines_of(runs[:end])
    # A lead may stand above the byline.
    below = lines_of(runs[end : end + _BELOW]) if end is not None else []
    wanted = key(title)
    start = next((place for place, line in enumerate(above) if key(line.text) == wanted), None)
    if not named and end is not None:
        start = headline_by_looks(above, start)
        title = above[start].text if start is not None else title
    if start is None:
        return title, Byline(), frozenset()
    byline, texts = read_lines(above[start + 1 :], below, language=language)
    return title, byline, texts | {title}


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
    """Authors in JSON-LD, in meta tags, in links to an author's page; the first kind wins.

    The publication itself is none.
    """
    if meta.authors:
        return meta.authors
    sites = {key(site) for site in meta.sites}
    for name in ("author", "article:author", "byl", "parsely-author", "sailthru.author"):
        told = tuple(
            text
            for text in meta.tagged.get(name, ())
            if not text.startswith(("http", "/")) and key(text) not in sites
        )
        if told:
            return told
    for selector in ("[itemprop=author] [itemprop=name]", "[rel=author]", "[itemprop=author]"):
        nodes = [node for node in root.css(selector)[:10] if not _of_reader(node)]
        texts = (
            # Some sign in full before they sign: "News Desk By News Desk".
            one_line(node.attributes.get("content") or node.text(deep=True)).rpartition(" By ")[2]
            for node in nodes
        )
        found = tuple(t for t in texts if t and len(t) < 100 and key(t) not in sites)
        if found:
            return found
    return ()


_OF_READERS = re.compile(
    r"(?:^|[-_/\s])(?:(?:user)?comments?|comentarios?|coment[aá]rios?|commentaires?|kommentare?|related"
    r"|teasers?|cards?)(?:$|[-_\s])",
    re.IGNORECASE,
)


def _of_reader(node: LexborNode | None) -> bool:
    """Whether *node* names who wrote a comment, or another article."""
    for _ in range(8):
        if node is None or node.tag in ("body", "main"):
            return False
        told = node.attributes
        named = (told.get("class"), told.get("id"), told.get("itemtype"), told.get("itemprop"))
        if node.tag == "aside" or _OF_READERS.search(" ".join(one or "" for one in named)):
            return True
        node = node.parent
    return False


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
