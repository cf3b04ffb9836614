"""The row about mail programs: which features of HTML and CSS are used that one of them lacks.

Whatever MRML writes by itself is allowed, and the few things that other rows ask for.
"""

import re
from collections.abc import Iterator
from functools import cache

from mjml import mjml2html

from digest.render.checks.css import Declaration
from digest.render.checks.findings import Notes
from digest.render.checks.hosts import parted
from digest.render.checks.tree import Element, Tree
from digest.render.checks.unsupported import PROGRAMS, UNSUPPORTED

#: (kind, name) as in the table.
Feature = tuple[str, str]

#: The dark colours of M19: programs without them show the light ones.
_ASKED_FOR: frozenset[Feature] = frozenset(
    (
        ("media", "prefers-color-scheme"),
        ("property", "color-scheme"),
        ("element", "meta:color-scheme"),
    )
)
#: A document with every element that a theme is made of, and nothing in them.
_EMPTY = (
    '<mjml lang="en" dir="ltr"><mj-head><mj-title>T</mj-title><mj-preview>P</mj-preview></mj-head>'
    "<mj-body><mj-wrapper><mj-section><mj-column><mj-text></mj-text><mj-spacer /><mj-divider />"
    '<mj-image src="https://a.example/a.png" /></mj-column></mj-section></mj-wrapper>'
    "</mj-body></mjml>"
)

_FUNCTION = re.compile(r"([a-z-]+)\(", re.IGNORECASE)
_UNIT = re.compile(r"(?<![\w#.-])\d*\.?\d+(ch|rem|vh|vw|vmin|vmax)\b", re.IGNORECASE)
_KEYWORD = re.compile(r"(?<![\w-])([a-z]+(?:-[a-z]+)*)(?![\w(-])", re.IGNORECASE)
_PSEUDO = re.compile(r"::?([a-z-]+)", re.IGNORECASE)
_CHAINED = re.compile(r"[.#][\w-]+[.#][\w-]")
#: All but the hooks by which Outlook.com's own dark colours are met; others ignore such rules.
_ATTRIBUTE = re.compile(r"\[(?!data-ogs[bc]\])[^\]]*\]")
_FEATURE_OF_MEDIA = re.compile(r"\(\s*(?:min-|max-)?(-?[a-z-]+)", re.IGNORECASE)


@cache
def _table() -> dict[Feature, str]:
    return {
        (kind, name): programs
        for kind, by_programs in UNSUPPORTED.items()
        for programs, names in by_programs.items()
        for name in names.split()
    }


def lacking(feature: Feature) -> str:
    """Letters of the programs that do not know *feature*; "" if all do."""
    kind, name = feature
    found = _table().get(feature)
    while not found and "-" in name:
        name = name.rpartition("-")[0]
        found = _table().get((kind, f"{name}-*"))
    return found or ""


@cache
def allowed() -> frozenset[Feature]:
    """What every mail made of MJML has, whatever is in it."""
    tree = Tree(str(mjml2html(_EMPTY, fonts={})))
    return frozenset(used(tree)) | _ASKED_FOR


def check_clients(tree: Tree, notes: Notes) -> None:
    """The rule of section 5."""
    told = []
    for feature, place in used(tree).items():
        programs = lacking(feature)
        if programs and feature not in allowed():
            names = ", ".join(PROGRAMS[letter] for letter in programs)
            where = place.told() if isinstance(place, Element) else place
            told.append(f"{_spelled(feature)} in {where}: not shown by {names}; do without it")
    notes.each("clients", told, most=16)


def _spelled(feature: Feature) -> str:
    kind, name = feature
    forms = {
        "at": f"@{name}",
        "media": f"@media ({name})",
        "function": f"{name}()",
        "selector": f"selectors with {name}",
        "pseudo": f":{name}",
        "unit": f"the unit {name}",
        "element": f"<{name}>",
        "attribute": f"the attribute {name}",
        "image": f"a {name} picture",
    }
    return forms.get(kind, name)


def used(tree: Tree) -> dict[Feature, Element | str]:
    """Every feature that *tree* uses, with the first place of each."""
    found: dict[Feature, Element | str] = {}
    for element in tree.elements:
        for feature in _of_element(element):
            found.setdefault(feature, element)
    for _, sheet in tree.sheets:
        for statement in sheet.statements:
            found.setdefault(("at", statement[1:].split(" ")[0].lower()), "a style sheet")
        for rule in sheet.rules:
            where = f"the rule {', '.join(rule.selectors)}"
            for around in rule.around:
                for feature in _of_at_rule(around):
                    found.setdefault(feature, where)
            for selector in rule.selectors:
                for feature in _of_selector(selector):
                    found.setdefault(feature, where)
            for declaration in rule.declarations:
                for feature in _of_declaration(declaration):
                    found.setdefault(feature, where)
    return found


def _of_element(element: Element) -> Iterator[Feature]:
    attributes = element.attributes
    yield "element", element.tag
    if element.tag == "meta":
        yield "element", f"meta:{attributes.get('name', '').lower()}"
    for name in attributes:
        yield "attribute", name
    if element.tag == "a" and attributes.get("href", "").startswith("#"):
        yield "attribute", "href=#"
    source = attributes.get("src", "") if element.tag == "img" else ""
    if source.lower().startswith("data:"):
        yield "image", "data:"
    elif source:
        yield "image", _ending(source)
    for declaration in element.style:
        yield from _of_declaration(declaration)


def _ending(source: str) -> str:
    parts = parted(source)
    return parts.path.rpartition(".")[2].lower() if parts else ""


def _of_declaration(declaration: Declaration) -> Iterator[Feature]:
    name, value = declaration.name, declaration.value.lower()
    if name.startswith("--"):
        yield "function", "var"
        return
    yield "property", name
    yield "value", f"{name}:{value}"
    for function in _FUNCTION.findall(value):
        yield "function", function
    for unit in _UNIT.findall(value):
        yield "unit", unit.lower()
    for keyword in _KEYWORD.findall(value):
        yield "keyword", keyword


def _of_at_rule(around: str) -> Iterator[Feature]:
    name = around[1:].split(" ")[0].split("(")[0].lower()
    yield "at", name
    if name == "media":
        for feature in _FEATURE_OF_MEDIA.findall(around):
            yield "media", feature.lower()


def _of_selector(selector: str) -> Iterator[Feature]:
    if selector.startswith("@"):
        yield "at", selector[1:].split(" ")[0].lower()
        return
    plain = _ATTRIBUTE.sub("", selector)
    if plain != selector:
        yield "selector", "[]"
    for sign in "*+>~":
        if sign in plain:
            yield "selector", sign
    if _CHAINED.search(plain):
        yield "selector", ".a.b"
    if "&" in plain:
        yield "selector", "nesting"
    for pseudo in _PSEUDO.findall(plain):
        yield "pseudo", pseudo.lower()
