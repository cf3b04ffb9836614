"""What of a web page is not its article: menus, boxes, comments, teasers for other articles.

Behind the door: what an element is called, what it asks of its readers, and whether it is one of
several alike that each lead elsewhere.  Not behind it: single paragraphs of the article (see
`pagetail`).  Pure.
"""

import re
from collections.abc import Iterator
from typing import Final

from selectolax.lexbor import LexborNode

from digest.reading.markup import concealed

_NEVER_BODY: Final = frozenset(("nav", "aside", "footer", "menu"))
_INLINE: Final = frozenset(("a", "b", "em", "i", "strong", "u", "br", "mark", "sub", "sup"))
_TOP: Final = frozenset(("body", "html", "-document"))
_NAMED_SO: Final = (
    # what is done with an article
    "share|sharing|social|sns|redes|toolbar|print|tools|actions|bookmark-card",
    # what is told about it
    "breadcrumbs?|byline|author|authors|bio|tags|caption|credit|dateline|timestamp|entry-meta"
    "|post-meta|article-meta|meta|notice|disclaimer|disclosure",
    # other articles
    "related|relacionad[ao]s?|recommended|recommendations?|teasers?|most-?read|recirc|read-?more"
    "|read-?also|playlist|up-?next|outbrain|taboola|ranking|correlati|similaires|verwandte",
    # what is sold
    "newsletter|subscribe|subscription|signup|promo|advert|ads?|ad-slot|paywall|regwall|offers?"
    "|sponsored|publicidad|werbung|anzeige|reklama",
    # what readers say
    "comments?|comments-area|comentarios?|coment[aá]rios?|commentaires?|kommentare?|commenti"
    "|komentarze?|komentari|yorumlar|reacties|disqus|respond|responses",
    # what every page has
    "cookies?|consent|sidebar|nav|navigation|menu|footer|sr-only|visually-hidden"
    "|screen-reader-text",
)
_FURNITURE = re.compile(
    rf"(?:^|[-_\s])(?:{'|'.join(_NAMED_SO)})(?:$|[-_\s])",
    re.IGNORECASE,
)
_COMMENTS = re.compile(rf"(?:^|[-_\s])(?:{_NAMED_SO[4]})(?:$|[-_\s])", re.IGNORECASE)
_ROLES: Final = frozenset(
    ("navigation", "complementary", "contentinfo", "search", "dialog", "alertdialog", "banner")
)
_THINGS: Final = (
    *("/comment", "/usercomments", "/wpadblock", "/wpsidebar", "/wpfooter"),
    "/sitenavigationelement",
)
#: What a reader is to click or to fill in.
_CALLS: Final = (
    "button, input:not([type=hidden]), select, textarea, [role=button], a[class*=btn], "
    "a[class*=button], a[class*=cta]"
)
_MOST_CALLS: Final = 60
_MOST_OPENINGS: Final = 200
_OPENING_CHARS: Final = 60
_BOX_CHARS: Final = 600
_BOX_PARAGRAPHS: Final = 4
#: A paragraph that is longer is no teaser.
_TEASER_CHARS: Final = 220
_LINK_CHARS: Final = 12


class Judge:
    """Says which elements under one root are furniture, and remembers what it said."""

    def __init__(self, root: LexborNode) -> None:
        self._paragraphs = len(root.css("p"))
        self._root = root.mem_id
        self._said: dict[int, bool] = {}
        self._within: dict[int, bool] = {}
        self._lists: dict[int, bool | None] = {}
        self._boxes = set(_boxes(root)) - _around_opening(root)

    def is_furniture(self, node: LexborNode) -> bool:
        """Whether *node* itself is none of the article."""
        if node.tag in _INLINE or node.tag in _TOP:
            return False
        if node.tag in _NEVER_BODY:
            return True
        name = node.mem_id
        said = self._said.get(name)
        if said is None:
            said = self._said[name] = self._judge(node)
        return said

    def _judge(self, node: LexborNode) -> bool:
        told = node.attributes
        named = f"{told.get('class') or ''} {told.get('id') or ''}" if told else ""
        if node.mem_id == self._root:
            return False
        if node.mem_id in self._boxes:
            return True
        if not (
            (len(named) > 1 and _FURNITURE.search(named))
            or told.get("role") in _ROLES
            or (told.get("itemtype") or "").rstrip("/").lower().endswith(_THINGS)
        ):
            return False
        if node.tag == "p":
            return True
        # A wrapper around the article is no furniture, whatever it is called.
        if 2 * len(node.css("p")) < max(self._paragraphs, 1):
            return True
        own = node.css_first("h1, [itemprop~=articleBody]")
        return own is None and bool(_COMMENTS.search(named))

    def is_within(self, node: LexborNode | None) -> bool:
        """Whether *node* is furniture, or unseen, or stands in what is."""
        path: list[int] = []
        found = False
        while node is not None and node.tag not in _TOP:
            known = self._within.get(node.mem_id)
            if known is not None:
                found = known
                break
            path.append(node.mem_id)
            if self.is_furniture(node) or concealed(node):
                found = True
                break
            node = node.parent
        for name in path:
            self._within[name] = found
        return found

    def is_teaser(self, paragraph: LexborNode, length: int) -> bool:
        """Whether *paragraph* introduces another article.

        What it stands in then leads elsewhere, and has others like itself beside it.
        """
        if length > _TEASER_CHARS:
            return False
        box = paragraph.parent
        for _ in range(3):
            if box is None or box.tag in _TOP or box.tag == "main":
                return False
            name = box.mem_id
            if name not in self._lists:
                self._lists[name] = _leads_elsewhere(box)
            said = self._lists[name]
            if said is not None:
                return said
            box = box.parent
        return False


def _leads_elsewhere(box: LexborNode) -> bool | None:
    """Whether *box* is one of several teasers; None where what is around it may tell."""
    if len(box.css("p")) > 2:
        return False
    links = [link for link in box.css("a[href]")[:10] if not _in_paragraph(link)]
    if not any(len(link.text(deep=True).strip()) >= _LINK_CHARS for link in links):
        return None
    alike = sum(1 for other in _beside(box) if _alike(box, other))
    return True if alike >= 2 else None


def _in_paragraph(link: LexborNode) -> bool:
    node = link.parent
    for _ in range(3):
        if node is None:
            return False
        if node.tag == "p":
            return True
        node = node.parent
    return False


def _beside(box: LexborNode) -> Iterator[LexborNode]:
    for step in ("next", "prev"):
        node = getattr(box, step)
        for _ in range(8):
            if node is None:
                break
            yield node
            node = getattr(node, step)


def _alike(box: LexborNode, other: LexborNode) -> bool:
    return (
        other.tag == box.tag
        and other.attributes.get("class") == box.attributes.get("class")
        and other.css_first("a[href]") is not None
    )


def _around_opening(root: LexborNode) -> set[int]:
    """What holds the first paragraph below the headline: no box, whatever buttons are in it."""
    headed = root.css_first("h1") is None
    for node in root.css("h1, p")[:_MOST_OPENINGS]:
        if node.tag == "h1":
            headed = True
        elif headed and len(node.text(deep=True)) >= _OPENING_CHARS:
            around: set[int] = set()
            parent = node.parent
            while parent is not None:
                around.add(parent.mem_id)
                parent = parent.parent
            return around
    return set()


def _boxes(root: LexborNode) -> Iterator[int]:
    """The elements that are about a form or a button and a few words that ask for its use."""
    seen: dict[int, tuple[int, bool]] = {}
    for call in root.css(_CALLS)[:_MOST_CALLS]:
        box = call.parent
        for _ in range(4):
            if box is None or box.tag in _TOP or box.mem_id == root.mem_id:
                break
            name = box.mem_id
            if name not in seen:
                seen[name] = (len(box.text(deep=True).strip()), _is_small(box))
            length, small = seen[name]
            if length > _BOX_CHARS or not small:
                break
            if length - len(call.text(deep=True)) >= 20:
                yield name
                break
            box = box.parent


def _is_small(box: LexborNode) -> bool:
    return len(box.css("p")) <= _BOX_PARAGRAPHS and box.css_first("h1, figure, article") is None
