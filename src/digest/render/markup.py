"""Faults of a theme as text: brackets of other programs, tags that are not closed, no way out.

Which elements MJML has, and where they may stand, is told in `elements`.  Where a fault of what
a theme was filled to came from is known because it is filled once more, each tag with its file
and line behind it; that costs nothing as long as all is well.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from digest.errors import RenderError
from digest.render.tidy import shorten

#: Around the file and line behind a tag: characters for private use, which no text has.
_OPEN, _CLOSE = "\ue000", "\ue001"
_WHERE = rf"(?:{_OPEN}([^{_CLOSE}]*){_CLOSE})?"

#: Template code of ours, which is no text.
_CODE = r"\[\[.*?\]\]|\[%.*?%\]|\[#.*?#\]"
_TO_LINE = re.compile(
    rf"{_CODE}|(</?[A-Za-z][\w:.-]*+(?!\[\[|\[%)|<!--|<(?![!?/A-Za-z]))", re.DOTALL
)

_REMARK = re.compile(r"\[#.*?#\]", re.DOTALL)
_OPENED_TWICE = re.compile(r"\[#(?:(?!#\]).)*?\[#", re.DOTALL)
#: How Mailchimp, Ghost, Brevo, Mailjet, our own pages and scripts say that a value comes here.
_FOREIGN = re.compile(
    r"\*\|[^|\n]{1,60}\|\*|%%[^%\s]{1,60}%%|\$\{[^}\n]{0,60}\}|\{[%#][^\n]{0,60}?[%#]\}|\{%"
    r"|<%.{0,60}?%>"
)
#: What stands in our brackets for what others call so, letters only.
_OURS = {
    "{{ name }}": "name fname firstname first fullname merge1",
    "{{ email }}": "email emailaddress contactemail",
    "{{ greeting }}": "greeting",
    "{{ leave_url }}": "unsub unsubscribe unsubscribeurl unsubscribelink unsublink",
    "{{ preferences_url }}": "updateprofile preferences preferencesurl managepreferences",
    "[[ edition.url ]]": "archive archivelink viewinbrowser mirror webversion posturl browserurl",
    "[[ subject ]]": "subject mcsubject",
    "[[ edition.date ]]": "date currentdate",
    "[[ newsletter.title ]]": "listcompany listname sitetitle",
}
_MEANT = {word: ours for ours, words in _OURS.items() for word in words.split()}


def check_text(source: str, name: str) -> None:
    """Check the text of the mail template *name* as its author wrote it.

    Raises:
        RenderError: it has a remark without an end, or brackets that only other programs fill.
    """
    # Remarks go, their lines stay.
    text = _REMARK.sub(lambda remark: "\n" * remark[0].count("\n"), source)
    swallowed = _OPENED_TWICE.search(source)
    left = swallowed.start() if swallowed else text.find("[#")
    if left >= 0:
        line = line_of(source if swallowed else text, left)
        raise RenderError(name, line, "a remark [# is not closed")
    foreign = _FOREIGN.search(text)
    if foreign:
        hint = ours_for(foreign[0])
        said = f"{foreign[0]} is not filled here"
        instead = f"write {hint}" if hint else "write [[ … ]], [% … %] or one of the holes"
        raise RenderError(name, line_of(text, foreign.start()), f"{said}; {instead}")


def ours_for(foreign: str) -> str:
    """What stands here for *foreign*, a value in the brackets of another program; or ""."""
    letters = re.sub(r"[^a-z0-9]", "", foreign.lower())
    return _MEANT.get(letters, "")


def line_of(text: str, place: int) -> int:
    return text.count("\n", 0, place) + 1


def unclosed_bracket(source: str, opening: tuple[str, str], closing: tuple[str, str]) -> int | None:
    """The line of the first bracket of template code that is open when the next one opens."""
    pattern = "|".join(map(re.escape, (*opening, *closing)))
    begun: tuple[int, str] | None = None
    ends = dict(zip(closing, opening, strict=True))
    for bracket in re.finditer(pattern, source):
        if bracket[0] in opening:
            if begun:
                return begun[0]
            begun = line_of(source, bracket.start()), bracket[0]
        elif begun and ends[bracket[0]] == begun[1]:
            begun = None
    return begun[0] if begun else None


def lined(source: str, name: str) -> str:
    """The text of template *name*, each tag with its file and line behind its name."""

    def tell(tag: re.Match[str]) -> str:
        if not tag[1]:
            return tag[0]
        return f"{tag[1]}{_OPEN}{name}:{line_of(source, tag.start())}{_CLOSE}"

    return _TO_LINE.sub(tell, source)


@dataclass(frozen=True, slots=True, kw_only=True)
class Tag:
    """One tag of a source, or a "<" that begins none: then its name is empty."""

    name: str
    closing: bool
    #: Between its name and its end.
    rest: str
    #: It has no content.
    empty: bool
    #: Its template and line; "" and None if not known.
    template: str
    line: int | None
    #: What it begins with.
    text: str


_TAG = re.compile(
    rf"""<!--{_WHERE}.*?(?:-->|(\Z))"""
    rf"""|<(/?)([A-Za-z][\w:.-]*){_WHERE}((?:[^<>"']++|"[^"]*"|'[^']*')*+)>"""
    rf"""|<(?![!?]){_WHERE}([^\n<{_OPEN}]{{0,24}}){_WHERE}""",
    re.DOTALL,
)


def tags(source: str) -> Iterator[Tag]:
    """All tags of *source*, which may be `lined`; what stands in comments is none."""
    for found in _TAG.finditer(source):
        if found[0].startswith("<!--") and found[2] is None:
            continue
        where = found[1] or found[5] or found[7] or found[9] or ""
        template, _, line = where.rpartition(":")
        name, rest = found[4] or "", found[6] or ""
        yield Tag(
            name=name,
            closing=bool(found[3]),
            rest=rest.removesuffix("/"),
            empty=rest.endswith("/") or name.lower() in VOID,
            template=template,
            line=int(line) if line else None,
            text=f"<{found[8]}" if found[8] is not None else found[0][:4],
        )


_MJML_TAG = re.compile(
    rf"""<!--.*?-->|<(/?)([Mm][Jj][\w:.-]*){_WHERE}((?:[^<>"']++|"[^"]*"|'[^']*')*+)>""", re.DOTALL
)


def mjml_tags(source: str) -> Iterator[Tag]:
    """Those of *source* whose names begin as no element of HTML does."""
    for found in _MJML_TAG.finditer(source):
        if found[2]:
            template, _, line = (found[3] or "").rpartition(":")
            yield Tag(
                name=found[2],
                closing=bool(found[1]),
                rest=found[4].removesuffix("/"),
                empty=found[4].endswith("/"),
                template=template,
                line=int(line) if line else None,
                text=f"<{found[2]}",
            )


#: Elements without an end (HTML 13.1.2).
VOID = frozenset(
    ("area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "param",
     "source", "track", "wbr")
)  # fmt: skip
_WRITTEN = re.compile(r"""(?:\s+[^\s=<>"'/]+(?:\s*=\s*(?:"[^"<]*"|'[^'<]*'))?)*\s*""")


def unbalanced(source: str, theme: str) -> RenderError | None:
    """The first fault of the tags of a `lined` *source*, which *theme* was filled to."""
    opened: list[Tag] = []
    found = list(tags(source))
    if not found:
        return RenderError(theme, None, "is empty: a theme begins with <mjml>")
    if found[0].name != "mjml":
        said = f"begins with <{found[0].name}>" if found[0].name else "does not begin with a tag"
        return RenderError(theme, found[0].line, f"{said}; a theme is MJML and begins with <mjml>")
    for tag in found:
        if not tag.name:
            return told_at(tag, theme, f"“{shorten(tag.text, 24)}” is no whole tag; "
                       "if you mean the sign, write &lt;")  # fmt: skip
        if not _WRITTEN.fullmatch(tag.rest):
            return told_at(tag, theme, f'<{tag.name}>: write its attributes as name="value"')
        if not tag.closing:
            if not tag.empty:
                opened.append(tag)
            continue
        if opened and opened[-1].name.lower() == tag.name.lower():
            opened.pop()
        elif tag.name.lower() in VOID:
            continue
        else:
            return _mismatch(opened, tag, theme)
    return told_at(opened[-1], theme, f"<{opened[-1].name}> is not closed") if opened else None


def _mismatch(opened: list[Tag], tag: Tag, theme: str) -> RenderError:
    if not any(one.name.lower() == tag.name.lower() for one in opened):
        return told_at(tag, theme, f"</{tag.name}> closes nothing")
    left = opened[-1]
    if left.template not in ("", theme) and tag.template == theme:
        # Opened by a macro of another file: what its user must mend is in their own.
        said = f"</{tag.name}> comes before <{left.name}> of {left.template}:{left.line} is closed"
        return told_at(tag, theme, said)
    return told_at(left, theme, f"<{left.name}> is not closed")


def told_at(tag: Tag, theme: str, text: str) -> RenderError:
    """*text* about *tag* of a source that *theme* was filled to."""
    return RenderError(tag.template or theme, tag.line, text)


def line_at(source: str, nth: int) -> tuple[str, int | None]:
    """The template and line of the *nth* "<" of a `lined` *source*, from 1; ("", None) if none."""
    places = [match.start() for match in re.finditer("<", source)][:nth]
    if not places:
        return "", None
    told = re.findall(f"{_OPEN}([^{_CLOSE}]*):(\\d+){_CLOSE}", source[: places[-1] + 200])
    return (told[-1][0], int(told[-1][1])) if told else ("", None)
