"""Rows about the HTML as a document: its weight, its head, its style sheets, what acts in it."""

import re
from collections.abc import Iterator

from digest.render.checks.css import Sheet, read_declarations
from digest.render.checks.findings import Notes
from digest.render.checks.tree import Element, Tree

#: Octets of HTML at which Gmail clips (observed), and what we aim for.
CLIPPED, AIM = 102_400, 92_160
#: Of a style element, after which Gmail ignores it.
_LONGEST_SHEET = 16_384

_LANG = re.compile(r"[a-z]{2,3}(?:-[A-Za-z0-9]{2,8})*")
_FROM_RIGHT = re.compile(r"(?:ar|he|fa|ur|ps|sd|ckb|dv|yi|ug)(?:-|$)")
_ACTIVE = frozenset(
    ("script", "form", "input", "button", "select", "textarea", "option", "frame", "frameset",
     "iframe", "object", "embed", "applet", "base", "audio", "video", "canvas", "dialog", "portal")
)  # fmt: skip
_SCHEME = re.compile(r"(?:javascript|vbscript|livescript):", re.IGNORECASE)
_ACTIVE_STYLE = re.compile(r"expression\s*\(|-moz-binding|behavior\s*:|javascript:", re.IGNORECASE)
_IN_COMMENT = re.compile(
    r"<\s*(script|form|iframe|object|embed)\b|\son[a-z]+\s*=|javascript:", re.IGNORECASE
)

#: Elements of HTML, old ones too.
_HTML_NAMES = (
    "a abbr acronym address applet area article aside audio b base basefont bdi bdo big "
    "blockquote body br button canvas caption center cite code col colgroup data datalist dd del "
    "details dfn dialog dir div dl dt em embed fieldset figcaption figure font footer form frame "
    "frameset h1 h2 h3 h4 h5 h6 head header hgroup hr html i iframe img input ins kbd label legend "
    "li link main map mark marquee math menu meta meter nav noframes noscript object ol optgroup "
    "option output p param picture portal pre progress q rb rp rt rtc ruby s samp script search "
    "section select slot small source span strike strong style sub summary sup svg table tbody td "
    "template textarea tfoot th thead time title tr track tt u ul var video wbr"
)
_HTML = frozenset(_HTML_NAMES.split())


def check_document(tree: Tree, notes: Notes, *, left_out: int = 0) -> None:
    """M18 to M21, and of the rule of section 5 that every element is one of HTML."""
    _weight(tree.markup, left_out, notes)
    notes.fail("M19", *_head(tree))
    notes.fail("M20", *_sheets(tree))
    notes.each("M21", _active(tree))
    notes.each("clients", _foreign(tree))


def _weight(markup: str, left_out: int, notes: Notes) -> None:
    octets = len(markup.encode())
    # Lines end in CRLF on the wire, and nobody knows how Gmail counts.
    on_the_wire = octets + markup.count("\n")
    if on_the_wire > CLIPPED:
        notes.fail("M18", f"the HTML has {on_the_wire:,} octets; Gmail clips at {CLIPPED:,}: "
                   "leave out stories")  # fmt: skip
    elif octets > AIM:
        text = f"the HTML has {octets:,} octets, near the {CLIPPED:,} at which Gmail clips"
        notes.warn("M18", text, level="house")
    if left_out:
        text = f"{left_out} stories, briefs or corrections had no room and are only on the web"
        notes.warn("M18", text, level="house")
    notes.figure("M18", f"the HTML has {octets:,} octets; Gmail clips at {CLIPPED:,}")


def _head(tree: Tree) -> Iterator[str]:
    if not re.match(r"\s*<!doctype html", tree.markup, re.IGNORECASE):
        yield "there is no <!doctype html> at the beginning"
    html = tree.first("html")
    lang, way = (html.attributes.get(name, "") if html else "" for name in ("lang", "dir"))
    if not _LANG.fullmatch(lang) or lang == "und":
        yield f'<html lang="{lang}"> names no language'
    if way not in ("ltr", "rtl"):
        yield f'<html dir="{way}">: say ltr or rtl'
    elif (way == "rtl") != bool(_FROM_RIGHT.match(lang)) and lang:
        yield f'<html lang="{lang}" dir="{way}">: that language is written the other way'
    title = tree.first("title")
    if title is None or not title.words:
        yield "there is no <title>"
    metas = {
        (meta.attributes.get("name") or meta.attributes.get("http-equiv", "")).lower(): (
            meta.attributes.get("content", "")
        )
        for meta in reversed(tree.all("meta"))
    }
    charsets = [meta.attributes.get("charset", "") for meta in tree.all("meta")]
    if not re.search("utf-8", "".join(charsets) + metas.get("content-type", ""), re.IGNORECASE):
        yield 'no <meta> names the charset; say <meta charset="utf-8">'
    viewport = metas.get("viewport", "").replace(" ", "").lower()
    if "width=device-width" not in viewport:
        yield "no viewport of the device's width: phones show it small"
    if re.search(r"user-scalable=(?:no|0)|maximum-scale=", viewport):
        yield "the viewport locks zooming: leave out user-scalable and maximum-scale"
    for name in ("color-scheme", "supported-color-schemes"):
        if metas.get(name, "").split() != ["light", "dark"]:
            yield f'there is no <meta name="{name}" content="light dark">'
    if not any(
        rule.declarations and any("prefers-color-scheme:dark" in _packed(a) for a in rule.around)
        for _, sheet in tree.sheets
        for rule in sheet.rules
    ):
        yield "there are no rules for the dark: @media (prefers-color-scheme: dark)"


def _packed(text: str) -> str:
    return text.lower().replace(" ", "")


def _sheets(tree: Tree) -> Iterator[str]:
    for number, (element, sheet) in enumerate(tree.sheets, start=1):
        name = f"style sheet {number}"
        size = len("".join(text.text for text in element.texts).encode())
        if not any(above.tag == "head" for above in element.ancestors()):
            yield f"{name} stands outside the head, where Gmail drops it"
        if size > _LONGEST_SHEET:
            yield f"{name} has {size:,} octets; Gmail takes {_LONGEST_SHEET:,}"
        yield from (f"{name}: {problem}" for problem in sheet.problems[:4])
        yield from _at_rules(sheet, name, 2 if element.attributes.get("media") else 1)
    for link in tree.all("link"):
        if "stylesheet" in link.attributes.get("rel", "").lower():
            yield f"{link.told()} loads a style sheet; write it into the head"
    for element in tree.elements:
        problems = read_declarations(element.attributes.get("style", ""))[1]
        if problems:
            yield f"the style of {element.told()} does not parse: {'; '.join(problems)}"


def _at_rules(sheet: Sheet, name: str, deepest: int) -> Iterator[str]:
    for said in sheet.statements:
        if said.lower().startswith("@import"):
            yield f"{name} loads another: {said[:60]}; write it in"
    if any(len(rule.around) > deepest for rule in sheet.rules):
        yield f"{name} has at-rules in at-rules, which Gmail drops"
    for rule in sheet.rules:
        if rule.selectors[0].lower().startswith("@font-face"):
            yield f"{name} loads a font; name one that readers have"


def _active(tree: Tree) -> Iterator[str]:
    for element in tree.elements:
        yield from _acts(element)
    for _, sheet in tree.sheets:
        for rule in sheet.rules:
            told = ";".join(f"{d.name}:{d.value}" for d in rule.declarations)
            if _ACTIVE_STYLE.search(told):
                yield f"the rule {', '.join(rule.selectors)} acts"
    for comment in tree.comments:
        odd = _IN_COMMENT.search(comment)
        if odd:
            yield f"a comment for Outlook has {odd[0].strip()}"


def _foreign(tree: Tree) -> Iterator[str]:
    for element in tree.elements:
        # What an <svg> holds goes with it.
        if element.tag not in _HTML and not any(e.tag == "svg" for e in element.ancestors()):
            of_mjml = "; it was not compiled: MJML cannot stand here"
            more = of_mjml if element.tag.startswith("mj") else ""
            yield f"{element.told()} is no element of HTML{more}"


def _acts(element: Element) -> Iterator[str]:
    if element.tag in _ACTIVE:
        yield f"{element.told()} does not belong in a mail"
    if element.attributes.get("http-equiv", "").lower() == "refresh":
        yield "<meta http-equiv=refresh> leads readers away"
    for name, value in element.attributes.items():
        if name.startswith("on"):
            yield f"{element.told()} has {name}; programs strip it"
        elif _SCHEME.match(re.sub(r"[\x00-\x20]", "", value)):
            yield f"{element.told()} has a script in {name}"
        elif name == "style" and _ACTIVE_STYLE.search(value):
            yield f"the style of {element.told()} acts"
