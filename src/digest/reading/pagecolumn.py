"""Where on a web page the article's text stands: the column that holds its prose.

Behind the door: which element gathers the paragraphs, a text that is parted into several, and a
page on which another article follows the first.  Not behind it: what of the column is text (see
`pagebody`).  Pure.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from selectolax.lexbor import LexborNode

from digest.reading.markup import one_line
from digest.reading.pagefurniture import Judge

#: Shorter paragraphs are labels.
_PARAGRAPH_CHARS: Final = 25
#: Text that stands in no paragraph element is taken for one from here on.
_LOOSE_CHARS: Final = 100
#: Shorter ones may be anything, and do not make one doubt.
_PROSE_CHARS: Final = 80
_MOST_LINKED: Final = 0.6
#: Of an article that says by its elements where it begins and ends.
_LEAST_ARTICLE: Final = 200
#: What stands near the headline counts more than what stands elsewhere.
_NEAR: Final = 1.5
_LOOSE: Final = "div, td, section, article, main, center, font, dd, body"
_TOP: Final = frozenset(("html", "-document"))


@dataclass(frozen=True, slots=True)
class Column:
    """The element around an article's paragraphs."""

    container: LexborNode
    #: Its children that are none of the article.
    left_out: frozenset[int]
    #: Characters of prose in it, and in all of the page that is no furniture.
    prose: int
    all_prose: int
    #: The paragraphs that are furniture, on one line.
    furniture: frozenset[str]

    @property
    def sure(self) -> float:
        """Which part of the page's prose it holds, 0 to 1."""
        return self.prose / self.all_prose if self.all_prose else 0.0


@dataclass(frozen=True, slots=True)
class _Paragraph:
    node: LexborNode
    #: What gathers it and its neighbours.
    holder: LexborNode
    text: str

    @property
    def length(self) -> int:
        return len(self.text)


def find_column(root: LexborNode, headline: LexborNode | None) -> Column | None:
    """The column of the article under *headline*; None if there is no paragraph."""
    judge = Judge(root)
    told, furniture = [], set()
    spare = []
    for one in _paragraphs(root):
        if judge.is_within(one.node):
            furniture.add(one.text)
        elif judge.is_teaser(one.node, one.length):
            spare.append(one)
        else:
            told.append(one)
    if told:
        furniture.update(one.text for one in spare)
    else:
        told = spare
    if not told:
        return None
    scope = _scope(root, headline, told)
    if scope is not None:
        inside = _Inside(scope)
        told = [one for one in told if inside.holds(one.holder)]
    container = _best(told, headline)
    marked = _marked(root, told, container)
    container, left_out = _joined(marked or container, told, judge)
    inside = _Inside(container, left_out)
    prose = [one for one in told if one.length >= _PROSE_CHARS]
    return Column(
        container=container,
        left_out=left_out,
        prose=sum(one.length for one in prose if inside.holds(one.node)),
        all_prose=sum(one.length for one in prose),
        furniture=frozenset(furniture),
    )


class _Inside:
    """Whether nodes stand in an element, but in none of those *left_out* of it."""

    def __init__(self, element: LexborNode, left_out: frozenset[int] = frozenset()) -> None:
        self._known = dict.fromkeys(left_out, False)
        self._known[element.mem_id] = True

    def holds(self, node: LexborNode | None) -> bool:
        path: list[int] = []
        found = False
        while node is not None:
            known = self._known.get(node.mem_id)
            if known is not None:
                found = known
                break
            path.append(node.mem_id)
            node = node.parent
        for name in path:
            self._known[name] = found
        return found


def _paragraphs(root: LexborNode) -> Iterator[_Paragraph]:
    for node in root.css("p, blockquote"):
        parent = node.parent
        text = one_line(node.text(deep=True))
        if len(text) < _PARAGRAPH_CHARS or parent is None:
            continue
        if node.tag == "blockquote" and node.css_first("p") is not None:
            continue
        linked = sum(len(link.text(deep=True)) for link in node.css("a"))
        if linked <= _MOST_LINKED * len(text):
            yield _Paragraph(node, parent, text)
    # Old pages part their paragraphs by <br>, new ones by <div>.
    for node in root.css(_LOOSE):
        text = node.text(deep=False)
        if len(text) < _LOOSE_CHARS or (node.tag == "font" and _in_paragraph(node)):
            continue
        text = one_line(text)
        if len(text) >= _LOOSE_CHARS:
            parent = node.parent
            alone = parent is not None and node.tag == "div" and node.css_first("br") is None
            yield _Paragraph(node, parent if alone and parent is not None else node, text)


def _in_paragraph(node: LexborNode) -> bool:
    parent = node.parent
    for _ in range(4):
        if parent is None:
            return False
        if parent.tag == "p":
            return True
        parent = parent.parent
    return False


def _scope(
    root: LexborNode, headline: LexborNode | None, told: Sequence[_Paragraph]
) -> LexborNode | None:
    """The largest element around *headline* without another one's headline, if it is an article.

    Where a page goes on with the next article, that one may be the longer of the two.
    """
    if headline is None:
        return None
    others = [node for node in root.css("h1")[:50] if node.mem_id != headline.mem_id]
    scope = found = None
    node = headline.parent
    while node is not None and node.tag not in _TOP and node.tag != "body":
        if node.tag == "article":
            found = found or node
        inside = _Inside(node)
        if any(inside.holds(other) for other in others):
            break
        scope = node
        node = node.parent
    candidates = [one for one in (found, scope if others else None) if one is not None]
    total = sum(one.length for one in told)
    for one in candidates:
        inside = _Inside(one)
        length = sum(p.length for p in told if inside.holds(p.holder))
        if length >= _LEAST_ARTICLE and (length >= 0.3 * total or others):
            return one
    return None


def _best(told: Sequence[_Paragraph], headline: LexborNode | None) -> LexborNode:
    """The element whose own paragraphs, and half of its children's, hold the most text."""
    above = headline.parent if headline is not None else None
    above = above.parent if above is not None and above.parent is not None else above
    near = _Inside(above) if above is not None else None
    scores: dict[int, float] = {}
    nodes: dict[int, LexborNode] = {}
    for one in told:
        share = float(one.length)
        if near is not None and near.holds(one.holder):
            share *= _NEAR
        node: LexborNode | None = one.holder
        for _ in range(2):
            if node is None or node.tag in _TOP:
                break
            scores[node.mem_id] = scores.get(node.mem_id, 0) + share
            nodes[node.mem_id] = node
            share /= 2
            node = node.parent
    return nodes[max(scores, key=lambda key: scores[key])]


def _marked(root: LexborNode, told: Sequence[_Paragraph], best: LexborNode) -> LexborNode | None:
    """What the page itself says is the article's body, if that may be so."""
    for node in root.css("[itemprop~=articleBody]")[:3]:
        if node.tag == "meta":
            continue
        inside = _Inside(node)
        length = sum(one.length for one in told if inside.holds(one.holder))
        if inside.holds(best) or length >= _LEAST_ARTICLE:
            return node
    return None


def _joined(
    container: LexborNode, told: Sequence[_Paragraph], judge: Judge
) -> tuple[LexborNode, frozenset[int]]:
    """*container* with those beside it that go on with its text, and what is not of them.

    They are elements like it, or paragraphs beside it.
    """
    parent = container.parent
    if parent is None or parent.tag in (*_TOP, "body") or container.tag in ("article", "main"):
        return container, frozenset()
    prose = [one.node for one in told if one.length >= _PROSE_CHARS]
    own, around = _Inside(container), _Inside(parent)
    beside = [node for node in prose if around.holds(node) and not own.holds(node)]
    if not beside:
        return container, frozenset()
    children = list(parent.iter(include_text=False))
    wanted = []
    for place, child in enumerate(children):
        inside = _Inside(child)
        if child.mem_id == container.mem_id or (
            _goes_with(child, container) and any(inside.holds(node) for node in beside)
        ):
            wanted.append(place)
    first, last = wanted[0], wanted[-1]
    if first == last:
        return container, frozenset()
    kept = {
        child.mem_id
        for place, child in enumerate(children)
        if first <= place <= last and (place in wanted or not _starts_anew(child, judge))
    }
    return parent, frozenset(child.mem_id for child in children if child.mem_id not in kept)


def _goes_with(child: LexborNode, container: LexborNode) -> bool:
    if child.tag in ("p", "blockquote"):
        return True
    same = child.attributes.get("class") == container.attributes.get("class")
    return child.tag == container.tag and same and child.css_first("h1, article, header") is None


def _starts_anew(child: LexborNode, judge: Judge) -> bool:
    return judge.is_within(child) or child.tag == "article" or child.css_first("h1") is not None
