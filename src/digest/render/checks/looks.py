"""What a reader sees of each text of a mail: its colour, its ground, its size, or nothing."""

import re
from bisect import bisect
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from digest.render.checks.css import Colour, read_colour
from digest.render.checks.tree import DARK, LIGHT, Element, Text, Tree
from digest.render.way_out import why_hidden

#: Pixels of the usual text, and shares of it of what has a size of its own.
_SIZE = 16.0
_SIZES = {"h1": 2.0, "h2": 1.5, "h3": 1.17, "h5": 0.83, "h6": 0.67, "small": 0.83}
_NAMED = {"xx-small": 9, "x-small": 10, "small": 13, "medium": 16, "large": 18, "x-large": 24,
          "xx-large": 32}  # fmt: skip
_BOLD = frozenset(("h1", "h2", "h3", "h4", "h5", "h6", "b", "strong", "th"))
_LENGTH = re.compile(r"([\d.]+)(px|pt|em|rem|%)?")
_PX = {"px": 1.0, "pt": 4 / 3, "": 1.0}

#: What browsers paint and write with where nobody says.
_CANVAS = {False: (255.0, 255.0, 255.0, 1.0), True: (18.0, 18.0, 18.0, 1.0)}
_INK = {False: (0.0, 0.0, 0.0, 1.0), True: (255.0, 255.0, 255.0, 1.0)}
_LINK = {False: (0.0, 0.0, 238.0, 1.0), True: (158.0, 158.0, 255.0, 1.0)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """Of one element, and so of the texts directly in it."""

    colour: Colour
    #: Opaque.
    ground: Colour
    #: Pixels.
    size: float
    bold: bool
    #: Why nobody sees it, and the element that hides it.
    hidden: str = ""
    hider: Element | None = None

    @property
    def is_large(self) -> bool:
        """Large text, as WCAG 2.2 has it: 24 px, or 18.7 px bold."""
        return self.size >= 24 or (self.bold and self.size >= 18.66)


class Screen:
    """A tree, and what a reader sees of it in each of `VIEWS`; worked out once."""

    def __init__(self, tree: Tree) -> None:
        self.tree = tree
        self._looks: dict[str, dict[Element, Look]] = {}

    def looks(self, view: str) -> dict[Element, Look]:
        """The look of every element."""
        if view not in self._looks:
            self._looks[view] = _looks(self.tree, view)
        return self._looks[view]

    def seen(self, view: str) -> list[tuple[Text, Look]]:
        """The texts of the body in their order, hidden ones too."""
        looks = self.looks(view)
        return [(text, looks[text.parent]) for text in self.tree.words]

    @cached_property
    def words(self) -> str:
        """All that a reader sees in the light, as one line.

        Elements part words unless they stand inside one.
        """
        breaks = [element.place for element in self.tree.all("br")]
        pieces: list[str] = []
        last: Text | None = None
        for text, look in self.seen(LIGHT):
            if look.hidden:
                continue
            if last is not None:
                broken = bisect(breaks, text.place) > bisect(breaks, last.place)
                if broken or _block(last.parent) is not _block(text.parent):
                    pieces.append(" ")
            pieces.append(text.text)
            last = text
        return " ".join("".join(pieces).split())


_INLINE = frozenset(
    ("a", "abbr", "b", "bdo", "cite", "code", "em", "font", "i", "q", "s", "small", "span",
     "strong", "sub", "sup", "u")
)  # fmt: skip


def _block(element: Element) -> Element:
    return next(e for e in element.ancestors() if e.tag not in _INLINE or not e.parent)


def _looks(tree: Tree, view: str) -> dict[Element, Look]:
    declared = tree.declared(view)
    dark = view == DARK and _follows_the_dark(tree)
    start = Look(colour=_INK[dark], ground=_CANVAS[dark], size=_SIZE, bold=False)
    found: dict[Element, Look] = {}
    for element in tree.elements:
        above = found[element.parent] if element.parent else start
        found[element] = _look(element, above, declared.get(element, {}), dark)
    return found


def _follows_the_dark(tree: Tree) -> bool:
    return any(
        "dark" in meta.attributes.get("content", "")
        for meta in tree.all("meta")
        if meta.attributes.get("name", "").lower() == "color-scheme"
    )


def _look(element: Element, above: Look, style: Mapping[str, str], dark: bool) -> Look:
    colour = above.colour
    if element.tag == "a" and "href" in element.attributes:
        colour = _LINK[dark]
    named = element.attributes.get("color") if element.tag == "font" else None
    own = read_colour(named.lower()) if named else None
    said = style.get("color", "")
    if said.lower() in ("inherit", "currentcolor"):
        own = above.colour
    elif said:
        own = read_colour(said) or above.colour
    colour = own or colour
    ground = above.ground
    paint = style.get("background-color") or element.attributes.get("bgcolor", "")
    painted = read_colour(paint) if paint else None
    if painted:
        ground = over(painted, ground)
    hidden, hider = above.hidden, above.hider
    size = _size(element, above.size, style.get("font-size", ""))
    if not hidden:
        hidden = why_hidden(element.attributes, style)
        hider = element if hidden else None
    return Look(
        colour=over(colour, ground),
        ground=ground,
        size=size,
        bold=_bold(element, above.bold, style.get("font-weight", "")),
        hidden=hidden,
        hider=hider,
    )


def over(colour: Colour, ground: Colour) -> Colour:
    """*colour* as it looks on an opaque *ground*."""
    red, green, blue = (
        above * colour[3] + below * (1 - colour[3])
        for above, below in zip(colour[:3], ground[:3], strict=True)
    )
    return red, green, blue, 1.0


def _size(element: Element, above: float, said: str) -> float:
    said = said.lower().strip()
    if said in _NAMED:
        return float(_NAMED[said])
    length = _LENGTH.fullmatch(said)
    if not length or length[1].count(".") > 1 or length[1] == ".":
        return above * _SIZES.get(element.tag, 1.0)
    number, unit = float(length[1]), length[2] or ""
    if unit in ("em", "%"):
        return above * number / (100 if unit == "%" else 1)
    return number * (_SIZE if unit == "rem" else _PX[unit])


def _bold(element: Element, above: bool, said: str) -> bool:
    if said in ("bold", "bolder"):
        return True
    if said.isdigit():
        return int(said) >= 700
    return said != "normal" and (above or element.tag in _BOLD)
