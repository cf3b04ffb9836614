"""HTML from outside, made safe to show: the last thing that happens to it.

Behind the door: what may stay of it, where its links really lead, which pictures are counting
pixels, and what lazy pages hide in other attributes.  The tree is put in order first, by hand;
then `nh3` decides, and nothing comes after it but `nh3` again.  Not behind it: which part of a
page is the article (see `pagebody`).  Pure.
"""

import html
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Final

import nh3
from selectolax.lexbor import LexborNode

from digest.errors import ParseError
from digest.model import Block, BlockKind
from digest.reading.hints import absolute
from digest.reading.markup import (
    blocks_of_html,
    concealed,
    parse_html,
    pixels,
    tagless,
    text_blocks,
)
from digest.urls import untracked

#: Bytes of UTF-8 that come out at most; of more, the beginning.
LARGEST_HTML: Final = 200_000
#: Characters that are looked at; markup that is thrown away counts too.
LARGEST_TOLD: Final = 4 * LARGEST_HTML
#: Links and pictures of one text; further ones are dropped, their words stay.
_MOST_LINKS: Final = 2_000
_MOST_IMAGES: Final = 500
_MOST_ROUNDS: Final = 6
#: Of all bodies of one document.
_MOST_TAGS: Final = 100_000


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_TAGS: Final = _words(
    "p br h2 h3 h4 h5 h6 ul ol li blockquote em strong b i sub sup code pre a img figure "
    "figcaption table caption colgroup col thead tbody tfoot tr td th hr"
)
_ATTRIBUTES: Final[dict[str, set[str]]] = {
    "*": set(),
    "a": {"href"},
    "img": {"src", "alt", "width", "height"},
    "td": {"colspan", "rowspan"},
    "th": {"colspan", "rowspan"},
    "ol": {"start"},
}
#: Gone with all that is in them.
_GONE: Final = _words(
    "applet audio button canvas dialog embed frameset head iframe input map marquee math meter nav "
    "noembed noframes noscript object option plaintext progress script select style svg template "
    "textarea title video xmp"
)
#: Block elements of which only the break between two texts is kept.
_BREAKS: Final = (
    "address|article|aside|center|dd|details|div|dl|dt|fieldset|footer|form|header|hgroup|legend"
    "|listing|main|optgroup|search|section|summary"
)
_LAYOUT: Final = "|table|caption|colgroup|col|thead|tbody|tfoot|tr|td|th"
_RENAMED: Final = {"h1": "h2", "menu": "ul", "dir": "ul"}

#: Where these are all there is, taking out nothing is easy.
_PLAIN: Final = _TAGS - _words("table caption colgroup col thead tbody tfoot tr td th pre")
_NAME = re.compile(r"<([a-z][^\s/>]*)", re.IGNORECASE)
_RENAME = re.compile(r"<(/?)(h1|menu|dir)\b", re.IGNORECASE)


def _breaks(names: str) -> tuple[re.Pattern[str], re.Pattern[str]]:
    """Beginnings and ends, many in a row as one; a parsed tree is written in lower case."""
    return re.compile(rf"(?:<(?:{names})\b[^<>]*>\s*)+"), re.compile(rf"(?:</(?:{names})>\s*)+")


_BREAK: Final = _breaks(_BREAKS)
_LAYOUT_BREAK: Final = _breaks(_BREAKS + _LAYOUT)
_EMPTY = re.compile(
    r"<(?:(p|li|h[2-6]|figure|figcaption|blockquote|ul|ol)|(em|strong|b|i|sub|sup|a\b[^<>]*))>"
    r"((?:\s|&nbsp;|<br>)*)</(?:\1|\2|a)>"
)
#: Left where the two parsers read differently: a picture of nothing, a link to nowhere.
_NO_PICTURE = re.compile(r"<img(?: (?:alt|width|height)=\"[^\"]*\")*>")
_NO_LINK = re.compile(r"<a rel=\"[a-z ]*\">(.*?)</a>", re.DOTALL)
_PRE = re.compile(r"<pre>\n+")
#: What shows nothing, or turns the direction of what follows.
_UNSEEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\xad\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb"
    "\ud800-\udfff]"
)
_SIZE = re.compile(r"\d{1,5}")
_MAIL = re.compile(r"mailto:([^\s@?<>\"']{1,100}@[^\s@?<>\"']{1,200})(?:\?.*)?", re.I | re.S)
_COUNTING_STYLE = re.compile(r"(?:^|;)\s*(?:width|height)\s*:\s*[012](?:px)?\s*(?:;|$)", re.I)
#: What has the size of a picture and only reports that somebody reads.
_BEACON = re.compile(
    r"//(?:pixel|beacon|stats|counter|metrics|track(?:ing)?|analytics)\d?\."
    r"|//[^/]*(?:feedburner\.com/~(?:r|ff|a)/|feeds\.feedburner\.com/~|doubleclick\.net/"
    r"|google-analytics\.com/|scorecardresearch\.com/|quantserve\.com/|met\.vgwort\.de/"
    r"|\.ioam\.de/|\.xiti\.com/|facebook\.com/tr\b|feedsportal\.com/.*/mf\.gif)"
    r"|/(?:__ptq|__utm|pixel|beacon|spacer|blank|clear|transparent|1x1|open)\.(?:gif|png|php)\b"
    r"|/track/open\b|/wf/open\b|/e/o/|/o/eJ[\w-]{20}",
    re.IGNORECASE,
)
_PLACEHOLDER = re.compile(
    r"^data:|(?:^|[/_-])(?:placeholder|lazy(?:load)?|loading|spacer|blank|transparent|gr[ae]y|dummy"
    r"|1x1|pixel)[\w-]*\.(?:gif|png|jpe?g|svg|webp)",
    re.IGNORECASE,
)
_REAL_SOURCES: Final = ("data-src", "data-lazy-src", "data-original", "data-orig-file")
_SETS: Final = ("srcset", "data-srcset", "data-lazy-srcset")
_BETWEEN_SOURCES = re.compile(r"(?<=[wx]),|,\s+")
#: Pixels: of several sizes the largest that is not larger, else the smallest.
_WIDEST: Final = 1_600


def _allowed(tag: str, name: str, value: str) -> str | None:
    if name in ("href", "src"):
        fits = value.startswith(("https://", "http://", "mailto:"))
        return value if fits and (name == "href" or not value.startswith("mailto:")) else None
    if name in ("width", "height", "colspan", "rowspan", "start"):
        return value if _SIZE.fullmatch(value) else None
    return value


_CLEANER: Final = nh3.Cleaner(
    tags=set(_TAGS),
    clean_content_tags=set(_GONE),
    attributes={tag: set(names) for tag, names in _ATTRIBUTES.items()},
    attribute_filter=_allowed,
    tag_attribute_values={"th": {"scope": {"col", "row"}}},
    link_rel="nofollow noopener",
    url_schemes={"http", "https", "mailto"},
    url_relative="deny",
)


def safe_bodies(told: Sequence[tuple[str, str | None]]) -> list[str]:
    """What `safe_html` makes of each of *told*: HTML as `RawItem` has it, and its base.

    To be called in a reading process, for all of one document.  Where they have more markup
    together than a thousand articles, only the words are kept of those that follow.
    """
    left = _MOST_TAGS
    found: list[str] = []
    for fragment, base in told:
        left -= fragment.count("<", 0, LARGEST_TOLD)
        found.append(safe_html(fragment, base) if left >= 0 else _words_of(fragment))
    return found


def safe_html(fragment: str, base: str | None) -> str:
    """*fragment* with nothing left that could do harm; the same again if given its own result.

    Links are absolute (http, https or mailto), unwrapped and without tracking parameters;
    pictures keep address, size and alternative text; counting pixels go.  At most
    `LARGEST_HTML` bytes.

    Args:
        base: what relative links count from; without it they lose their target.
    """
    if "<" not in fragment:
        return _settled(fragment)
    cut = fragment[:LARGEST_TOLD]
    try:
        root = parse_html(cut, fragment=True)
    except ParseError:
        # Nested as only attacks are.
        return _words_of(cut)
    return _finished(_mended(root, base)) if root is not None else ""


def _words_of(fragment: str) -> str:
    """*fragment* without any of its markup: what costs little, whatever it is."""
    return html_of_blocks(text_blocks(tagless(fragment[:LARGEST_TOLD])))


@dataclass(frozen=True, slots=True)
class _Mended:
    """HTML put in order, not yet safe; its tree may go before `_finished` makes it so.

    Freeing the tree first saves a third of the time: memory is not taken and given back in turns.
    """

    markup: str
    #: Nothing will have to be taken out of it.
    simple: bool = False


def _mended(root: LexborNode, base: str | None) -> _Mended:
    """What is under *root*, its links and pictures mended; *root* is used up."""
    markup = root.inner_html or ""
    names = set(_NAME.findall(markup))
    if "a" in names or "img" in names or " style" in markup or " hidden" in markup:
        _mend(root, base)
        markup = root.inner_html or ""
    markup = markup[:LARGEST_TOLD]
    if names <= _PLAIN:
        return _Mended(markup, simple=True)
    laid_out = root.css_first("table table, table[role=presentation], table[role=none]") is not None
    opens, closes = _LAYOUT_BREAK if laid_out else _BREAK
    markup = closes.sub("</p>", opens.sub("<p>", markup))
    return _Mended(_RENAME.sub(lambda m: f"<{m[1]}{_RENAMED[m[2].lower()]}", markup))


def _finished(told: _Mended) -> str:
    """*told* made safe."""
    if not told.simple:
        return _settled(told.markup)
    found = _CLEANER.clean(told.markup.strip())
    tidied = _tidied(found)
    # A parser wrote it and nothing was taken out: it would be read the same again.
    return found if tidied == found else _settled(tidied)


def _mend(root: LexborNode, base: str | None) -> None:
    # From the end: what is inside goes before what it is in.
    for node in reversed(root.css("[hidden], [style]")):
        if concealed(node):
            node.decompose()
    _mend_images(root, base)
    _mend_links(root, base)


def html_of_blocks(blocks: Iterable[Block]) -> str:
    """*blocks* as safe HTML: paragraphs, subheads, lists and quotations."""
    pieces: list[str] = []
    for kind, group in groupby(blocks, key=lambda block: block.kind):
        tag = _BLOCK_TAGS[kind]
        told = [f"<{tag}>{html.escape(block.text, quote=False)}</{tag}>" for block in group]
        if kind is BlockKind.LIST_ITEM:
            told = ["<ul>", *told, "</ul>"]
        elif kind is BlockKind.QUOTATION:
            told = ["<blockquote>", *told, "</blockquote>"]
        pieces += told
    return _settled("".join(pieces))


_BLOCK_TAGS: Final = {
    BlockKind.PARAGRAPH: "p",
    BlockKind.SUBHEAD: "h3",
    BlockKind.LIST_ITEM: "li",
    BlockKind.QUOTATION: "p",
}


def _settled(markup: str) -> str:
    """*markup* through `nh3` until it stays as it is.

    What is taken out changes how the rest would be read: a list item in a list item, once
    what stood between them is gone.
    """
    found = _CLEANER.clean(markup)
    for _ in range(_MOST_ROUNDS):
        tidied = _tidied(found)
        cleaned = _CLEANER.clean(tidied)
        if cleaned == tidied:
            return cleaned
        found = cleaned
    words = nh3.clean(" ".join(block.text for block in blocks_of_html(found)), tags=set())
    return _CLEANER.clean(_shortened(words))


def _tidied(markup: str) -> str:
    markup = _UNSEEN.sub("", markup)
    if "<pre>" in markup:
        markup = _PRE.sub("<pre>", markup)
    if "<img" in markup:
        markup = _NO_PICTURE.sub("", markup)
    if "<a rel" in markup:
        markup = _NO_LINK.sub(r"\1", markup)
    emptied = _EMPTY.sub(_gap, markup)
    while emptied != markup:
        markup, emptied = emptied, _EMPTY.sub(_gap, emptied)
    return _shortened(markup).strip()


def _gap(match: re.Match[str]) -> str:
    """What is left of an empty element: it must not glue two words together, nor part one."""
    return "\n" if match[1] else " " if match[3] else ""


def _shortened(markup: str) -> str:
    """*markup*, which is well-formed, as far as `LARGEST_HTML` allows."""
    if len(markup) * 4 <= LARGEST_HTML:
        return markup
    told = markup.encode("utf-8", "replace")
    if len(told) <= LARGEST_HTML:
        return markup
    # What is open at the cut is closed again, in a few bytes.
    whole = told[: LARGEST_HTML - 2_000].decode("utf-8", "ignore")
    end = max(whole.rfind("</p>") + 4, whole.rfind("</li>") + 5)
    return whole[:end] if end > len(whole) // 2 else whole[: whole.rfind("<")]


# -------------------------------------------------------------- links and pictures


def _mend_links(root: LexborNode, base: str | None) -> None:
    for number, node in enumerate(root.css("a")):
        told = node.attributes
        href = _link(told.get("href"), base) if number < _MOST_LINKS else None
        if href is None:
            node.unwrap()
        elif href != told.get("href"):
            node.attrs["href"] = href


def _link(href: str | None, base: str | None) -> str | None:
    if not href:
        return None
    found = absolute(href, base)
    if found:
        return untracked(found)
    mail = _MAIL.fullmatch(href.strip()) if "@" in href else None
    return f"mailto:{mail[1]}" if mail else None


def _mend_images(root: LexborNode, base: str | None) -> None:
    for number, node in enumerate(root.css("img")):
        src = None if number >= _MOST_IMAGES or _counts(node) else _source(node, base)
        if src is None:
            node.decompose()
            continue
        told = node.attributes
        if src != told.get("src"):
            node.attrs["src"] = src
        for side in ("width", "height"):
            size = pixels(told.get(side))
            if size and told[side] != str(size):
                node.attrs[side] = str(size)


def _counts(node: LexborNode) -> bool:
    """Whether the picture is only there to be asked for."""
    told = node.attributes
    for side in ("width", "height"):
        size = pixels(told.get(side))
        if size is not None and size <= 2:
            return True
    if concealed(node) or _COUNTING_STYLE.search(told.get("style") or ""):
        return True
    src = told.get("src") or ""
    return bool(_BEACON.search(src[:500])) and not any(told.get(name) for name in _REAL_SOURCES)


def _source(node: LexborNode, base: str | None) -> str | None:
    told = node.attributes
    for name in _REAL_SOURCES:
        found = absolute(told.get(name), base)
        if found:
            return untracked(found)
    src = told.get("src") or ""
    found = None if _PLACEHOLDER.search(src[:500]) else absolute(src, base)
    if found:
        return untracked(found)
    parent = node.parent
    sets = [told.get(name) for name in _SETS]
    if parent is not None and parent.tag == "picture":
        sets += [s.attributes.get(name) for s in parent.css("source")[:5] for name in _SETS]
    return next((url for one in sets if one and (url := _of_set(one, base))), None)


def _of_set(told: str, base: str | None) -> str | None:
    """The best picture of a srcset (HTML 4.8.4.2.1)."""
    sized = [(width, url) for width, url in _candidates(told) if absolute(url, base)]
    if not sized:
        return None
    fitting = [one for one in sized if one[0] <= _WIDEST]
    best = max(fitting, key=lambda one: one[0]) if fitting else min(sized)
    url = absolute(best[1], base)
    return untracked(url) if url else None


def _candidates(told: str) -> Iterator[tuple[float, str]]:
    parts: Sequence[str] = _BETWEEN_SOURCES.split(told[:20_000])
    for part in parts[:50]:
        url, _, size = part.strip().rstrip(",").partition(" ")
        match = re.fullmatch(r"(\d{1,5}(?:\.\d{1,3})?)([wx])", size.strip())
        yield (float(match[1]) * (1 if match[2] == "w" else 500) if match else 500.0), url
