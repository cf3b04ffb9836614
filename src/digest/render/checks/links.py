"""The row about where links and pictures lead: absolute, https, public, and where they say."""

import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from urllib.parse import unquote

from digest.render.checks.findings import Notes
from digest.render.checks.hosts import is_local, is_shortener, parted, why_private
from digest.render.checks.tree import Element, Tree
from digest.render.tidy import shorten

#: Text that readers take for an address.
_SHOWN = re.compile(r"(?:https?://)?((?:[\w-]+\.)+[a-z]{2,24})(?:[/?#]\S*)?", re.IGNORECASE)
_IN_STYLE = re.compile(r"url\(\s*['\"]?([^'\")]+)", re.IGNORECASE)


def check_links(tree: Tree, notes: Notes, *, pages: Mapping[str, str]) -> None:
    """M23.

    Args:
        pages: as `lint` has them.
    """
    plain: list[str] = []
    local: list[str] = []
    for link in tree.all("a", "area"):
        if "href" in link.attributes:
            _link(link, tree, notes, plain, local)
    if plain:
        more = f" and {len(plain) - 1} more" if len(plain) > 1 else ""
        notes.warn(
            "M23", f"{plain[0]}{more}: http, where anybody on the way reads along", level="should"
        )
    if local:
        text = f"{len(local)} links lead to this machine, such as {local[0]}"
        notes.warn("M23", f"{text}: set base_url before readers get mail")
    notes.each("M23", _lost_places(tree, pages))
    notes.each("M23", _pictures(tree))
    notes.each("M23", _dishonest(tree), level="should")


def _link(link: Element, tree: Tree, notes: Notes, plain: list[str], local: list[str]) -> None:
    href = link.attributes["href"].strip()
    parts = parted(href)
    if parts is None:
        notes.fail("M23", f"{link.told()} leads nowhere: that is no address")
        return
    host = parts.hostname or ""
    if parts.scheme == "mailto":
        return
    if href.startswith("#"):
        names = {e.attributes.get(name) for e in tree.elements for name in ("id", "name")}
        if not href[1:] or href[1:] not in names:
            notes.fail("M23", f"{link.told()} leads nowhere: nothing here is called {href}")
    elif parts.scheme not in ("http", "https"):
        notes.fail("M23", f"{link.told()} must lead to an absolute https address")
    elif is_local(host):
        local.append(link.told())
    elif why_private(host):
        notes.fail("M23", f"{link.told()}: {why_private(host)}")
    elif parts.username is not None:
        notes.fail("M23", f"{link.told()} has a user's name before its host")
    elif is_shortener(host):
        notes.fail("M23", f"{link.told()}: {host} hides where it leads; link the page itself")
    elif parts.scheme == "http":
        plain.append(link.told())


def _lost_places(tree: Tree, pages: Mapping[str, str]) -> Iterator[str]:
    places = {
        address: {element.attributes.get("id", "") for element in Tree(page).elements}
        for address, page in pages.items()
    }
    for link in tree.all("a", "area"):
        address, _, place = link.attributes.get("href", "").strip().partition("#")
        if place and unquote(place) not in places.get(address, {unquote(place)}):
            yield f"{link.told()} leads to the top of its page, which has no place called {place}"


def _pictures(tree: Tree) -> Iterator[str]:
    for element in tree.elements:
        sources = [element.attributes[name] for name in ("src", "background", "poster")
                   if name in element.attributes]  # fmt: skip
        sources += [part.split()[0] for part in element.attributes.get("srcset", "").split(",")
                    if part.split()]  # fmt: skip
        sources += _IN_STYLE.findall(element.attributes.get("style", ""))
        for source in sources:
            yield from _picture(source.strip(), element.told())
        if element.tag == "img":
            yield from _pixel(element)
    for _, sheet in tree.sheets:
        for rule in sheet.rules:
            for declaration in rule.declarations:
                for source in _IN_STYLE.findall(declaration.value):
                    yield from _picture(source.strip(), f"{declaration.name} in a style sheet")


def _picture(source: str, where: str) -> Iterator[str]:
    if source.lower().startswith("cid:"):
        return
    if source.lower().startswith("data:"):
        yield f"{where} has its picture in its address (data:), which Gmail drops"
        return
    parts = parted(source)
    if parts is None:
        yield f"{where}: {shorten(source, 60)} is no address"
        return
    host = parts.hostname or ""
    if parts.scheme != "https" and not is_local(host):
        yield f"{where}: {shorten(source, 60)} is not https"
    elif not is_local(host) and why_private(host):
        yield f"{where}: {why_private(host)}"
    elif is_shortener(host):
        yield f"{where}: {host} hides whose picture it is"


def _pixel(picture: Element) -> Iterator[str]:
    sizes = [picture.attributes.get(name, "") for name in ("width", "height")]
    if any(size in ("0", "1", "0px", "1px") for size in sizes):
        yield f"{picture.told()} is a tracking pixel; Digest sends none"


def _dishonest(tree: Tree) -> Iterator[str]:
    for link in tree.all("a"):
        shown = _SHOWN.fullmatch(link.words)
        if not shown:
            continue
        parts = parted(link.attributes.get("href", ""))
        host = ((parts.hostname if parts else "") or "").removeprefix("www.")
        said = shown[1].lower().removeprefix("www.")
        with suppress(UnicodeError):
            said = said.encode("idna").decode("ascii")
        if host and host != said and not host.endswith(f".{said}"):
            yield f"{link.told()} says {said} and leads to {host}; filters take that for phishing"
