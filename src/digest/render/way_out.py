"""Whether somebody who has a mail before them sees the way to leave.

Asked of every variant before it is sent, so it loads nothing that only a preview's checks need.
"""

import re
from collections.abc import Mapping
from html.parser import HTMLParser

from digest.render.markup import VOID


def shows_way_out(html: str, address: str) -> bool:
    """Whether a link with words in it, which nothing hides, leads to *address*."""
    reader = _Links(address)
    reader.feed(html)
    reader.close()
    return reader.found


def tells_way_out(text: str, address: str) -> bool:
    """Whether *address* stands in a text part so that programs make a link of it."""
    return re.search(rf"(?:^|[\s<(\[]){re.escape(address)}(?=$|[\s>)\]])", text) is not None


def why_hidden(attributes: Mapping[str, str], style: Mapping[str, str]) -> str:
    """Say what hides an element itself; "" if nothing does."""

    def zero(name: str) -> bool:
        return re.fullmatch(r"0+(?:\.0+)?(?:px|pt|em|%)?", style.get(name, "x")) is not None

    if "hidden" in attributes:
        return "hidden"
    if style.get("display") == "none":
        return "display:none"
    if style.get("visibility") in ("hidden", "collapse"):
        return f"visibility:{style['visibility']}"
    if zero("opacity"):
        return "opacity:0"
    if style.get("overflow") == "hidden" and any(map(zero, ("max-height", "height", "max-width"))):
        return "no height"
    if re.match(r"-\d{3,}", style.get("text-indent", "")) or (
        style.get("position") == "absolute" and re.match(r"-\d{3,}", style.get("left", ""))
    ):
        return "a place off the screen"
    return ""


class _Links(HTMLParser):
    """Looks for one visible link; what programs for mails hide is known by inline styles."""

    def __init__(self, address: str) -> None:
        super().__init__()
        self.found = False
        self._address = address
        #: Open elements: the name, whether it or one around it is hidden, whether it is the link.
        self._open: list[tuple[str, bool, bool]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = {name: value or "" for name, value in attrs}
        hidden = self._hidden or bool(why_hidden(attributes, _style(attributes.get("style", ""))))
        link = tag == "a" and attributes.get("href", "").strip() == self._address
        if tag not in VOID:
            self._open.append((tag, hidden, link))
        elif tag == "img" and not hidden:
            self.handle_data(attributes.get("alt", ""))

    def handle_endtag(self, tag: str) -> None:
        names = [name for name, _, _ in self._open]
        if tag in names:
            del self._open[len(names) - 1 - names[::-1].index(tag) :]

    def handle_data(self, data: str) -> None:
        if data.strip() and not self._hidden and any(link for _, _, link in self._open):
            self.found = True

    @property
    def _hidden(self) -> bool:
        return bool(self._open) and self._open[-1][1]


def _style(text: str) -> dict[str, str]:
    pairs = (part.partition(":") for part in text.lower().split(";"))
    return {name.strip(): value.replace("!important", "").strip() for name, _, value in pairs}
