"""The HTML of a mail as a tree: elements in order, their words, and what styles make of them."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from selectolax.lexbor import LexborHTMLParser, SelectolaxError

from digest.render.checks.css import Declaration, Sheet, read_declarations, read_sheet
from digest.render.tidy import shorten

#: Depending on what a reader does, or not an element at all.
_NEVER_NOW = re.compile(r":(?:hover|active|focus|visited|target|checked)\b|::|:(?:before|after)\b")
_NO_WORDS = frozenset(("style", "script", "title", "template", "noscript"))

#: Which rules hold: all but the dark ones, those too, or none but inline styles.
LIGHT, DARK, BARE = "in the light", "in the dark", "without its style sheet"
VIEWS = (LIGHT, DARK, BARE)


@dataclass(slots=True, eq=False)
class Element:
    tag: str
    attributes: dict[str, str]
    parent: "Element | None"
    #: Among elements and texts, from the top.
    place: int
    children: list["Element"] = field(default_factory=list)
    #: The texts directly in it.
    texts: list["Text"] = field(default_factory=list)

    @property
    def classes(self) -> list[str]:
        return self.attributes.get("class", "").split()

    @property
    def style(self) -> tuple[Declaration, ...]:
        return read_declarations(self.attributes.get("style", ""))[0]

    def ancestors(self) -> Iterator["Element"]:
        """Itself, its parent, and so on."""
        element: Element | None = self
        while element:
            yield element
            element = element.parent

    def walk(self) -> Iterator["Element"]:
        """Itself and all in it, from the top."""
        waiting = [self]
        while waiting:
            element = waiting.pop()
            yield element
            waiting.extend(reversed(element.children))

    @property
    def words(self) -> str:
        """All text in it, as one line."""
        texts = [text for element in self.walk() for text in element.texts]
        joined = "".join(text.text for text in sorted(texts, key=lambda text: text.place))
        return " ".join(joined.split())

    def told(self) -> str:
        """The element as a person finds it: its tag, what marks it, its first words."""
        marks = [
            f' {name}="{shorten(self.attributes[name], 60)}"'
            for name in ("id", "class", "href", "src", "name")
            if self.attributes.get(name)
        ]
        words = shorten(self.words, 40)
        return f"<{self.tag}{''.join(marks[:2])}>" + (f" “{words}”" if words else "")


@dataclass(slots=True, eq=False)
class Text:
    text: str
    parent: Element
    place: int


class Tree:
    """One HTML document, read as browsers read it."""

    def __init__(self, markup: str) -> None:
        self.markup = markup
        self._parser = LexborHTMLParser(markup)
        self._by_id: dict[int, Element] = {}
        self.elements: list[Element] = []
        self.texts: list[Text] = []
        #: What stands in comments; Outlook for Windows reads some of them.
        self.comments: list[str] = []
        root = self._parser.root
        for place, node in enumerate(root.traverse(include_text=True) if root else ()):
            parent = self._by_id.get(node.parent.mem_id) if node.parent else None
            tag = node.tag or ""
            if tag == "-comment":
                self.comments.append((node.html or "")[4:-3])
            elif tag == "-text" and parent:
                text = Text(node.text(deep=False), parent, place)
                parent.texts.append(text)
                self.texts.append(text)
            elif tag and not tag.startswith("-"):
                attributes = {name.lower(): value or "" for name, value in node.attributes.items()}
                element = Element(tag, attributes, parent, place)
                self._by_id[node.mem_id] = element
                self.elements.append(element)
                if parent:
                    parent.children.append(element)

    def all(self, *tags: str) -> list[Element]:
        return [element for element in self.elements if element.tag in tags]

    def first(self, tag: str) -> Element | None:
        return next((element for element in self.elements if element.tag == tag), None)

    @cached_property
    def sheets(self) -> list[tuple[Element, Sheet]]:
        return [
            (element, read_sheet(_content(element), element.attributes.get("media", "")))
            for element in self.all("style")
        ]

    @cached_property
    def words(self) -> list[Text]:
        """Texts that are words of the body, in order; whether they are hidden is not asked."""
        return [
            text
            for text in self.texts
            if text.text.strip()
            and not any(e.tag in (*_NO_WORDS, "head") for e in text.parent.ancestors())
        ]

    def declared(self, view: str) -> dict[Element, dict[str, str]]:
        """What the cascade declares for each element in *view*; nothing is inherited yet."""
        ranked: dict[Element, list[tuple[tuple[int, ...], Declaration]]] = {}
        if view != BARE:
            for order, (selector, declarations) in enumerate(self._rules(dark=view == DARK)):
                weight = _specificity(selector)
                for element in self._matching(selector):
                    ranked.setdefault(element, []).extend(
                        ((int(d.important), 0, *weight, order), d) for d in declarations
                    )
        for element in self.elements:
            own = [((int(d.important), 1), d) for d in element.style]
            if own:
                ranked.setdefault(element, []).extend(own)
        return {
            element: _settled(sorted(found, key=lambda pair: pair[0]))
            for element, found in ranked.items()
        }

    def _rules(self, *, dark: bool) -> Iterator[tuple[str, tuple[Declaration, ...]]]:
        for _, sheet in self.sheets:
            for rule in sheet.rules:
                if all(_holds(around, dark=dark) for around in rule.around):
                    for selector in rule.selectors:
                        yield selector, rule.declarations

    def _matching(self, selector: str) -> list[Element]:
        if _NEVER_NOW.search(selector):
            return []
        try:
            nodes = self._parser.css(selector)
        except SelectolaxError:
            return []
        return [self._by_id[node.mem_id] for node in nodes if node.mem_id in self._by_id]


def _content(element: Element) -> str:
    return "".join(text.text for text in element.texts)


def _holds(around: str, *, dark: bool) -> bool:
    """Does the at-rule hold on a wide screen of the wanted scheme?"""
    said = around.lower()
    if not said.startswith("@media"):
        return False
    if "print" in said or "not " in said:
        return False
    for condition in re.findall(r"\(([^()]*)\)", said):
        name, _, value = (part.strip() for part in condition.partition(":"))
        if name == "prefers-color-scheme":
            if value != ("dark" if dark else "light"):
                return False
        elif name != "min-width":
            return False
    return True


def _specificity(selector: str) -> tuple[int, int, int]:
    ids = len(re.findall(r"#[\w-]", selector))
    classes = len(re.findall(r"\.[\w-]|\[|(?<!:):(?!:)[a-z]", selector))
    types = len(re.findall(r"(?:^|[\s>+~])[a-z]", selector, re.IGNORECASE))
    return ids, classes, types


def _settled(ranked: Sequence[tuple[tuple[int, ...], Declaration]]) -> dict[str, str]:
    settled: dict[str, str] = {}
    for _, declaration in ranked:
        name = "background-color" if declaration.name == "background" else declaration.name
        settled[name] = declaration.value
    return settled
