"""The rows about readers who hear, enlarge or cannot tell colours, and about what is hidden."""

import re
from collections import Counter
from collections.abc import Iterator

from digest.render.checks.css import Colour
from digest.render.checks.findings import Notes
from digest.render.checks.looks import Look, Screen
from digest.render.checks.tree import LIGHT, VIEWS, Element, Tree
from digest.render.tidy import shorten
from digest.settings.colours import LARGE_CONTRAST, TEXT_CONTRAST, contrast

_SAYS_NOTHING = re.compile(
    r"(?:click )?here|this|link|more|read more|hier|ici|cliquez ici|aquí|тут|هنا|https?://.*",
    re.IGNORECASE,
)
#: Contrast under which text cannot be seen at all, and so counts as hidden.
_UNSEEN = 1.15


def check_access(screen: Screen, notes: Notes) -> None:
    """M22."""
    tree = screen.tree
    notes.each("M22", _nameless_pictures(tree))
    notes.each("M22", _nameless_links(tree))
    notes.each("M22", _tables(tree), level="should")
    notes.each("M22", _headings(tree))
    notes.each("M22", _doubled(tree))
    notes.each("M22", _faint(screen), most=8)
    vague = [
        link.told()
        for link in tree.all("a")
        if _SAYS_NOTHING.fullmatch(link.words) and "://" not in link.words
    ]
    if vague:
        notes.warn("M22", f"{vague[0]} does not say where it leads", level="should")


def _nameless_pictures(tree: Tree) -> Iterator[str]:
    for picture in tree.all("img"):
        if "alt" not in picture.attributes:
            yield f'{picture.told()} has no alt; describe it, or write alt="" if it adds nothing'
        if not re.fullmatch(r"\d+", picture.attributes.get("width", "")):
            yield f"{picture.told()} has no width in pixels; Outlook for Windows shows it full size"


def _nameless_links(tree: Tree) -> Iterator[str]:
    for link in tree.all("a"):
        names = [link.words, link.attributes.get("aria-label", "")]
        names += [e.attributes.get("alt", "") for e in link.walk() if e.tag == "img"]
        if "href" in link.attributes and not any(name.strip() for name in names):
            yield f"{link.told()} has no text; nobody hears where it leads"


def _tables(tree: Tree) -> Iterator[str]:
    for table in tree.all("table"):
        headed = any(e.tag in ("th", "caption") for e in table.walk())
        if table.attributes.get("role") not in ("presentation", "none") and not headed:
            yield f'{table.told()} is for layout: give it role="presentation"'


def _headings(tree: Tree) -> Iterator[str]:
    headings = tree.all("h1", "h2", "h3", "h4", "h5", "h6")
    if not headings:
        yield "there is no heading; the title of the edition is the h1"
        return
    if headings[0].tag != "h1":
        yield f"the first heading is {headings[0].told()}; it must be an h1"
    level = 1
    for heading in headings:
        if int(heading.tag[1]) > level + 1:
            yield f"{heading.told()} skips a level after h{level}"
        level = int(heading.tag[1])
        if not heading.words and not any(e.attributes.get("alt") for e in heading.walk()):
            yield f"<{heading.tag}> is empty"
    if sum(heading.tag == "h1" for heading in headings) > 1:
        yield "there are several h1; one is the title"


def _doubled(tree: Tree) -> Iterator[str]:
    ids = Counter(e.attributes["id"] for e in tree.elements if e.attributes.get("id"))
    for name, times in ids.items():
        if times > 1:
            yield f'id="{name}" stands {times} times; an id is one element\'s'


def _faint(screen: Screen) -> Iterator[str]:
    for view in VIEWS:
        told: set[tuple[Colour, Colour, bool]] = set()
        for text, look in screen.seen(view):
            kind = (look.colour, look.ground, look.is_large)
            if look.hidden or look.size < 1 or kind in told:
                continue
            told.add(kind)
            wanted = LARGE_CONTRAST if look.is_large else TEXT_CONTRAST
            ratio = contrast(_spelled(look.colour), _spelled(look.ground))
            # Rounded down: 4.49 is not enough, and 4.5 must not be told as too little.
            if ratio < wanted:
                where = f"“{shorten(text.text.strip(), 40)}” in {_tag(text.parent)}"
                colours = f"{_spelled(look.colour)} on {_spelled(look.ground)}"
                yield (f"{where} is {colours} {view}: contrast {int(ratio * 100) / 100:.2f}, "
                       f"{wanted} is needed")  # fmt: skip


def _spelled(colour: Colour) -> str:
    return "#" + "".join(f"{round(channel):02x}" for channel in colour[:3])


def _tag(element: Element) -> str:
    name = element.attributes.get("class", "")
    return f'<{element.tag} class="{name}">' if name else f"<{element.tag}>"


def check_hidden(screen: Screen, notes: Notes, *, subject: str) -> None:
    """M24."""
    hidden = _hidden_texts(screen)
    preheader = ""
    if hidden and hidden[0][0] in screen.tree.words[0].parent.ancestors():
        preheader = hidden.pop(0)[2]
    told = [f"{_tag(element)} hides “{shorten(text, 60)}” ({why})" for element, why, text in hidden]
    notes.each("M24", told, level="must")
    size = len(preheader)
    if not preheader:
        notes.fail("M24", "there is no preheader: inboxes show whatever comes first")
    elif not 40 <= size <= 130:
        notes.fail("M24", f"the preheader has {size} characters; 40 to 130 are shown: "
                   f"“{shorten(preheader, 60)}”")  # fmt: skip
    if subject and preheader.casefold().startswith(subject.casefold().rstrip("…")):
        notes.fail("M24", "the preheader repeats the subject; inboxes show both side by side")
    notes.figure("M24", f"the preheader has {size} characters, and nothing else is hidden")


#: What keeps the words after a preheader out of the inbox.
_FILLER = re.compile("[\u034f\u00ad\u200b-\u200f\u2007\u2060\ufeff]+")


def _hidden_texts(screen: Screen) -> list[tuple[Element, str, str]]:
    """Each element that hides text in the light: why, and the text."""
    found: dict[Element, tuple[str, list[str]]] = {}
    for text, look in screen.seen(LIGHT):
        element, why = _unseen(text.parent, look)
        if why and element:
            found.setdefault(element, (why, []))[1].append(text.text)
    texts = [
        (element, why, " ".join(_FILLER.sub("", "".join(pieces)).split()))
        for element, (why, pieces) in found.items()
    ]
    return [told for told in texts if told[2]]


def _unseen(parent: Element, look: Look) -> tuple[Element | None, str]:
    if look.hidden:
        return look.hider, look.hidden
    if look.size < 4:
        return parent, f"font-size:{look.size:g}px"
    if contrast(_spelled(look.colour), _spelled(look.ground)) < _UNSEEN:
        return parent, "the colour of its ground"
    return None, ""
