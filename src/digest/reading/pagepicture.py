"""The picture of a web page's article, and the words under it.

Behind the door: where lazy pages keep the address, which element is a caption, and where in it
the photographer's name begins.  Not behind it: what pages say of it to machines (see
`pagemeta`).  Pure.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Final

from selectolax.lexbor import LexborNode

from digest.model import Image
from digest.reading.beside import Beside
from digest.reading.hints import absolute
from digest.reading.markup import one_line, pixels
from digest.reading.pagetext_byline import bracket_start
from digest.reading.pagetext_names import is_person

IMAGES: Final = "img, amp-img"
_SOURCES: Final = ("data-src", "data-original", "data-lazy-src", "data-orig-file", "data-image")
_SETS: Final = ("srcset", "data-srcset", "data-lazy-srcset")
_BETWEEN_SOURCES = re.compile(r"(?<=[wx]),\s*|,\s+")
_SIZE = re.compile(r"(\d{1,5})(?:\.\d{1,3})?([wx])")
_STAND_IN = re.compile(
    r"^data:|(?:^|[/_-])(?:placeholder|lazy(?:load)?|preload|loading|spacer|blank|transparent|pixel"
    r"|gr[ae]y|dummy|1x1)[\w-]*\.(?:gif|png|jpe?g|svg|webp)",
    re.IGNORECASE,
)
#: Smaller pictures are icons and faces; most pictures do not tell their size.
_LEAST_PIXELS: Final = 100
_MOST_IMAGES: Final = 60
_CAPTION_CHARS: Final = 400
#: Elements between a picture and its caption: a link, a cell, a row, a table.
_NESTED: Final = 5
_SMALL: Final = frozenset(("small", "em", "i", "figcaption", "font"))
_NAMED_CAPTION = re.compile(
    r"(?:^|[-_\s])(?:(?:img|image|photo|media|pic|wp)?-?(?:caption|cap|legende?|leyenda|pie"
    r"|bildtext|bildunterschrift|bu|didascalia|podpis|opis|cutline|credits?|copyright)"
    r"(?:-?text)?)(?:$|[-_\s])",
    re.IGNORECASE,
)
_NAMED_CREDIT = re.compile(
    r"(?:^|[-_\s])(?:cred(?:its?)?|copyright|source|photographer|autor|author|agency|quelle"
    r"|creditline|credito|photo-credit|image-credit)(?:$|[-_\s])|credit|copyright",
    re.IGNORECASE,
)
_HEADINGS: Final = "h1, h2, h3, h4, p ~ p, ul, ol"


def read_image(
    meta: Image | None,
    scope: LexborNode,
    body: LexborNode | None,
    base: str | None,
    beside: Beside | None = None,
) -> tuple[Image | None, str | None]:
    """The page's picture with what is written under it, and the words of that as they stand.

    Args:
        meta: the picture that the page tells machines of; its address holds.
        scope: what holds the article with its headline.
        body: what holds its text.
        beside: the pictures that lie in the page's folder.
    """
    shown = _meant(scope, meta, base, beside) if meta is not None else None
    if shown is None:
        shown = _first(_above(scope, body), scope, base, beside)
    if shown is None:
        return meta, None
    node, image = shown
    caption, credit, words = None, None, None
    under = caption_of(node)
    if under is not None:
        words = one_line(under.text(deep=True))
        caption, credit = _told(under, words)
    if meta is not None:
        image = replace(meta, alt=meta.alt or image.alt)
        caption, credit = caption or meta.caption, credit or meta.credit
    return replace(image, caption=caption, credit=credit), words


_Shown = tuple[LexborNode, Image]


def _meant(
    scope: LexborNode, meta: Image, base: str | None, beside: Beside | None
) -> _Shown | None:
    """The picture in *scope* that *meta* means, perhaps in another size."""
    wanted = _stem(meta.url)
    for node in scope.css(IMAGES)[:_MOST_IMAGES]:
        image = _image(node, base, beside)
        if image is not None and _stem(image.url) == wanted and not _is_elsewhere(node, scope):
            return node, image
    return None


def _first(
    nodes: Iterable[LexborNode], scope: LexborNode, base: str | None, beside: Beside | None
) -> _Shown | None:
    for node in nodes:
        image = _image(node, base, beside)
        if image is None or _is_elsewhere(node, scope):
            continue
        if not _SIGNS.search((image.url or "").rpartition("/")[2]):
            return node, image
    return None


def _above(scope: LexborNode, body: LexborNode | None) -> Iterator[LexborNode]:
    """The pictures in *scope* down to the end of *body*, not those below it."""
    if body is None:
        yield from scope.css("article figure img, main figure img, figure amp-img")[:_MOST_IMAGES]
        return
    above: list[LexborNode] = []
    node: LexborNode | None = body
    while node is not None and node.mem_id != scope.mem_id:
        before = node.prev
        while before is not None and len(above) < _MOST_IMAGES:
            if before.tag not in ("-text", "-comment"):
                found = before.css(IMAGES) if before.tag not in ("img", "amp-img") else [before]
                above.extend(reversed(found))
            before = before.prev
        node = node.parent
    yield from reversed(above[:_MOST_IMAGES])
    yield from body.css(IMAGES)[:_MOST_IMAGES]


_ELSEWHERE: Final = frozenset(("aside", "nav", "footer", "li"))
_NO_PICTURE = re.compile(
    r"(?:^|[-_\s])(?:avatar|author|byline|bio|logo|icon|related|teaser|card|sidebar|comments?"
    r"|playlist|recommended|promo|ad|share|social|sns)(?:$|[-_\s])",
    re.IGNORECASE,
)


def _is_elsewhere(node: LexborNode | None, scope: LexborNode) -> bool:
    """Whether a picture belongs to something else in *scope*: an author, another article."""
    for _ in range(8):
        if node is None or node.mem_id == scope.mem_id:
            return False
        if node.tag in _ELSEWHERE:
            return True
        told = node.attributes
        if _NO_PICTURE.search(f"{told.get('class') or ''} {told.get('id') or ''}"):
            return True
        node = node.parent
    return False


_SIGNS = re.compile(r"(?:^|[-_.])(?:qr-?code|qr|logo|icons?|avatar|sprite|badge|button)", re.I)
_VARIANT = re.compile(r"[\W_]*(?:\d+[xX_]?\d*|ogp?|large|small|medium|thumb|[lsm])(?=[\W_]|$)")


def _stem(url: str | None) -> str:
    """The name of a picture without its size."""
    name = (url or "").partition("?")[0].rpartition("/")[2].rpartition(".")[0]
    return _VARIANT.sub("", name).strip("-_") or name


def _image(node: LexborNode, base: str | None, beside: Beside | None = None) -> Image | None:
    told = node.attributes
    width, height = pixels(told.get("width")), pixels(told.get("height"))
    if min(width or _LEAST_PIXELS, height or _LEAST_PIXELS) < _LEAST_PIXELS:
        return None
    url = (beside.find(told.get("src")) if beside else None) or source_of(node, base)
    if url is None:
        return None
    return Image(url=url, alt=one_line(told.get("alt")) or None, width=width, height=height)


def source_of(node: LexborNode, base: str | None) -> str | None:
    """The address of the picture in an element, wherever the page keeps it until it is seen."""
    told = node.attributes
    for name in _SOURCES:
        url = absolute(told.get(name), base)
        if url:
            return url
    src = told.get("src") or ""
    url = None if _STAND_IN.search(src[:500]) else absolute(src, base)
    return url or next((found for one in _sets(node, told) if (found := _best(one, base))), None)


def _sets(node: LexborNode, told: Mapping[str, str | None]) -> Iterator[str]:
    parent = node.parent
    sources = parent.css("source")[:5] if parent is not None and parent.tag == "picture" else []
    for attributes in (told, *(source.attributes for source in sources)):
        for name in _SETS:
            value = attributes.get(name)
            if value:
                yield value[:20_000]


def _best(sources: str, base: str | None) -> str | None:
    """The largest picture of a srcset (HTML 4.8.4.2.1)."""
    found: list[tuple[int, str]] = []
    for part in _BETWEEN_SOURCES.split(sources)[:50]:
        link, _, size = part.strip().rstrip(",").partition(" ")
        url = absolute(link, base)
        told = _SIZE.fullmatch(size.strip())
        if url and not url.startswith("data:"):
            found.append((int(told[1]) if told else 1, url))
    return max(found, key=lambda one: one[0])[1] if found else None


# ------------------------------------------------------------------------------ captions


def captions_in(container: LexborNode) -> frozenset[int]:
    """The elements in *container* that are captions of pictures, besides <figcaption>."""
    found = (caption_of(node) for node in container.css(IMAGES)[:_MOST_IMAGES])
    return frozenset(
        node.mem_id for node in found if node is not None and node.mem_id != container.mem_id
    )


def caption_of(image: LexborNode) -> LexborNode | None:
    """What is written under *image*: in its figure, in a box around it alone, or right after it."""
    node = image
    for _ in range(_NESTED):
        parent = node.parent
        if parent is None or parent.tag in ("body", "html", "-document"):
            return None
        if parent.tag == "figure":
            told = parent.css_first("figcaption")
            if told is not None:
                return told
        after = _after(node)
        if after is not None:
            return after if _is_caption(after) else None
        if parent.css_first("h1, h2, article") is not None or len(parent.css(IMAGES)) > 2:
            return None
        node = parent
    return None


def _after(node: LexborNode) -> LexborNode | None:
    """The element after *node*, over line breaks; *node*'s parent if bare text follows."""
    following = node.next
    for _ in range(6):
        if following is None:
            return None
        if following.tag == "-text":
            if (following.text_content or "").strip():
                return node.parent
        elif following.tag not in _WORDLESS and following.text(deep=True).strip():
            return following
        following = following.next
    return None


_WORDLESS: Final = frozenset(("br", "source", "noscript", "amp-img", "img", "script", "style"))


def _is_caption(node: LexborNode) -> bool:
    words = one_line(node.text(deep=True)[: 2 * _CAPTION_CHARS])
    if not words or len(words) > _CAPTION_CHARS or node.css_first(_HEADINGS) is not None:
        return False
    told = node.attributes
    if node.tag == "figcaption":
        return True
    if _NAMED_CAPTION.search(f"{told.get('class') or ''} {told.get('id') or ''}"):
        return True
    if told.get("itemprop") in ("caption", "description"):
        return True
    if node.tag in ("h1", "h2", "h3", "h4", "a", "ul", "ol", "nav", "form", "button", "time"):
        return False
    return _is_small(node) or (_alone_with_picture(node) and split_credit(words)[1] is not None)


def _is_small(node: LexborNode) -> bool:
    """Whether all words of *node* are set smaller than, or aslant beside, the text."""
    if node.tag in _SMALL:
        return node.tag != "font" or _is_small_font(node)
    inner = [child for child in node.iter(include_text=True) if _has_words(child)]
    if len(inner) == 1 and inner[0].tag != "-text":
        return inner[0].tag not in ("b", "strong", "a") and _is_small(inner[0])
    return False


def _is_small_font(node: LexborNode) -> bool:
    size = (node.attributes.get("size") or "").strip()
    return size in ("1", "2", "-1", "-2")


def _has_words(node: LexborNode) -> bool:
    if node.tag == "-text":
        return bool((node.text_content or "").strip())
    return node.tag not in ("script", "style", "noscript") and bool(node.text(deep=True).strip())


def _alone_with_picture(node: LexborNode) -> bool:
    parent = node.parent
    return parent is not None and len(parent.css("p, div, td, span")) <= 4


def _told(node: LexborNode, whole: str) -> tuple[str | None, str | None]:
    """Caption and credit in the element *node*, whose words are *whole*."""
    for part in node.css("[class], [itemprop]"):
        if part.mem_id == node.mem_id:
            continue
        told = part.attributes
        if _NAMED_CREDIT.search(f"{told.get('class') or ''} {told.get('itemprop') or ''}"):
            credit = one_line(part.text(deep=True))
            if credit and credit != whole and credit in whole:
                rest = whole.replace(credit, "", 1).strip(" ()/|—–-")
                return rest or None, _without_label(credit)
    return split_credit(whole)


_PICTURES: Final = (
    "photo(?:graph)?s?|photographs?|foto(?:grafie|graf[ií]a)?s?|photographie|bild(?:er)?|image[mn]?s?"
    "|imagens|picture|pic|illustration|grafik|cr[eé]dit(?:o|s|os)?(?: (?:photo|foto))?|credits?"
    "|quelle|source|fonte|fuente|zdj(?:\\.|ęcie)|fot\\.|foto\\.|fotó|kuva|kép|fotoğraf|фото|світлина"
    "|снимка|сн\\.|джерело|источник|صورة|تصوير|المصدر|写真|撮影|照片|图片|图|사진|צילום"
)
_LABEL = re.compile(
    rf"(?:(?:{_PICTURES})\s*(?:[:：/／]|\b(?:by|von|de|di|par)\b|©|\(c\)|-\s)|©|\(c\)\s)"
    r"\s*(?:(?:by|von|de|di|par)\s)?\s*",
    re.IGNORECASE,
)
_ENDING_LABEL = re.compile(
    rf"(?:^|[\s.!?…。|/(\[–—-])(?P<label>{_LABEL.pattern})(?P<name>[^.!?:]{{2,100}}?\.?)[)\]]?$",
    re.IGNORECASE,
)
_AFTER_SENTENCE = re.compile(r"[.!?…。»”\"]\s*[/|–—]\s*([^./|!?]{2,60}(?:/[^./|!?]{2,60})?)\.?$")
_BY_SLASH = re.compile(r"[.!?…。]\s+([^./!?…:]{2,60}/\s?[^/!?…:]{2,60}?)\.?$")
_AFTER_BAR = re.compile(r"\s[|]\s*([^|]{2,80})$")


def split_credit(text: str) -> tuple[str | None, str | None]:
    """Caption and credit of *text*, by what parts them: a label, a bracket, a bar, a slash."""
    labelled = _ENDING_LABEL.search(text[-160:])
    start = bracket_start(text)
    if start is not None:
        inside = text[start + 1 : -1].strip()
        label = _LABEL.match(inside)
        if label or _names_somebody(inside):
            return text[:start].strip(" |–—-") or None, _without_label(inside) or None
    if labelled:
        place = len(text) - len(text[-160:]) + labelled.start("label")
        return text[:place].strip(" |/(–—-[") or None, labelled["name"].strip(" .") or None
    for pattern in (_AFTER_SENTENCE, _BY_SLASH, _AFTER_BAR):
        found = pattern.search(text[-160:])
        if found and _names_somebody(found[1].strip()):
            place = len(text) - len(text[-160:]) + found.start(1)
            return text[:place].rstrip(" |/–—-") or None, found[1].strip()
    return text or None, None


def _names_somebody(text: str) -> bool:
    """Whether *text* can be a photographer or an agency rather than "left" or "in 2019"."""
    if not text or len(text) > 90 or any(char.isdigit() for char in text[:1]):
        return False
    parts = [part.strip() for part in re.split(r"[/|,]| via ", text)]
    return all(part and (not part[0].islower() or is_person(part)) for part in parts)


def _without_label(credit: str) -> str:
    credit = credit.strip(" ()[]|/–—-")
    label = _LABEL.match(credit)
    return credit[label.end() :].strip() if label and label.end() < len(credit) else credit


def pictures_told(tags: Iterable[LexborNode], base: str | None) -> Image | None:
    """The picture that microdata (``itemprop=image``) or ``link rel=image_src`` tells of."""
    for node in tags:
        told = node.attributes
        link = told.get("content") or told.get("href")
        if node.tag in ("img", "amp-img"):
            image = _image(node, base)
            if image is not None:
                return image
            continue
        inner = node.css_first("[itemprop=url], [itemprop=contentUrl], img, amp-img")
        if not link and inner is not None:
            own = inner.attributes
            link = own.get("content") or own.get("href") or source_of(inner, base)
        url = absolute(link, base)
        if url:
            return Image(url=url)
    return None
