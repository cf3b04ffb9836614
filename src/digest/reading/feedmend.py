"""One entry of a feed that is not well-formed, written anew so that a strict parser takes it.

Behind the door: where a field ends whose end tag is missing, HTML that nobody escaped, and tags
that belong to nothing.  What was said stays, in the field that it was said in.  Pure; linear in
the size of the entry.
"""

import re
from bisect import bisect_left
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from html import escape, unescape
from itertools import islice
from typing import Final

from lxml import etree

from digest.reading.feedxml import parse_xml

_TOKEN = re.compile(
    r"<!\[CDATA\[(?:.*?\]\]>|.*)|<!--(?:.*?-->|.*)|<(/?)([A-Za-z_][\w.:-]*)([^<>]*)>", re.DOTALL
)
_CDATA: Final = "<![CDATA["
_FIELD_END = re.compile(r"</(?:[a-z]+:)?(?:title|description|encoded|content|summary)\s*>", re.I)
_SECTION = re.compile(r"<!\[CDATA\[(.*?)(?:\]\]>|\Z)", re.DOTALL)
_COMMENT = re.compile(r"<!--(?:.*?-->|.*)", re.DOTALL)
_ATTRIBUTE = re.compile(r"([A-Za-z_][\w.:-]*)\s*=\s*(?:\"([^\"]*)\"|'([^']*)'|([^\s\"'<>]+))")
_ANY_TAG = re.compile(r"</?[A-Za-z!][^<>]*>")
_NO_TAG = re.compile(r"<(?![A-Za-z/!][^<>]*>)")
_ESCAPED = re.compile(r"&lt;/?[a-z]", re.IGNORECASE)
_HTML_END = re.compile(
    r"</(?!(?:a|abbr|b|big|blockquote|br|center|cite|code|dd|del|div|dl|dt|em|figure|figcaption|font"
    r"|h[1-6]|hr|i|iframe|ins|li|ol|p|pre|q|s|section|small|span|strike|strong|sub|sup|table|tbody"
    r"|td|tfoot|th|thead|tr|tt|u|ul|script|style|video|audio|svg)\s*>)[A-Za-z][\w.:-]*\s*>",
    re.IGNORECASE,
)


#: Of one entry; those with a hundred topics have not so many.
_MOST_FIELDS: Final = 500


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


#: Elements of entries and feeds, by local name; no element of HTML that stands in a text.
_FIELDS: Final = _words(
    "author category comments content copyright created creator credit date description docs "
    "enclosure encoded generator group guid icon id identifier image isperma issued item keywords "
    "language lastbuilddate link logo managingeditor modified name origlink pubdate published "
    "rights skipdays skiphours source subject subtitle summary tagline thumbnail title ttl "
    "updated updatefrequency updateperiod webmaster"
)
_MARKED_UP: Final = _words("content copyright description encoded rights subtitle summary title")
#: What holds fields of its own.
_HOLDERS: Final = _words("author content contributor group image owner source")
_PEOPLE: Final = _words("author contributor")
_PREFIXES: Final = _words("atom content dc dcterms feedburner itunes media rdf sy")


@dataclass(frozen=True, slots=True)
class Outer:
    """What stands around every entry: the root, with its name spaces."""

    opening: str
    closing: str

    def around(self, inner: str) -> str:
        return self.opening + inner + self.closing


@dataclass(frozen=True, slots=True)
class _Field:
    name: str
    attributes: str
    #: As it stands in the document.
    inner: str


def mended_root(tag: str, opening: str, text: str) -> Outer:
    """The root element *tag*, of its attributes only what matters."""
    told = _attributes(opening)
    kept = {
        name: value
        for name, value in told.items()
        if name.startswith("xmlns") or name in ("xml:base", "xml:lang")
    }
    prefix = tag.partition(":")[0] if ":" in tag else ""
    if prefix:
        kept.setdefault(f"xmlns:{prefix}", "http://www.w3.org/1999/02/22-rdf-syntax-ns#")
    if tag.lower() == "feed" and "xmlns" not in kept:
        kept["xmlns"] = "http://www.w3.org/2005/Atom"
    return Outer(opening=f"<{tag}{_written(kept)}>", closing=f"</{tag}>")


def mended_entry(tag: str, opening: str, inner: str, outer: Outer) -> str:
    """The element *tag* with the fields that can be made out in *inner*; "" for no element."""
    fields = islice(_fields(inner), _MOST_FIELDS)
    written = "".join(_of_field(field, outer) for field in fields)
    if not tag:
        return written
    return f"<{tag}{_written(_attributes(opening))}>{written}</{tag}>"


# ------------------------------------------------------------------- taking apart


def _without_open_sections(inner: str) -> str:
    """*inner* without the marks of sections and comments that nobody closed in their field."""
    pieces: list[str] = []
    done = close = 0
    at = inner.find(_CDATA)
    while at >= 0:
        following = inner.find(_CDATA, at + 1)
        if 0 <= close < at:
            close = inner.find("]]>", at)
        runs_on = 0 <= following < close and _FIELD_END.search(inner, at, following)
        if close < 0 or runs_on:
            pieces.append(inner[done:at])
            done = at + len(_CDATA)
        at = following
    pieces.append(inner[done:])
    found = "".join(pieces)
    comment = found.rfind("<!--")
    if comment >= 0 and found.find("-->", comment) < 0:
        found = found[:comment] + found[comment + 4 :]
    return found


def _fields(inner: str) -> Iterator[_Field]:
    inner = _without_open_sections(inner)
    tokens = [match for match in _TOKEN.finditer(inner) if match[2]]
    ends: dict[str, list[int]] = {}
    starts: dict[str, list[int]] = {}
    for place, token in enumerate(tokens):
        (ends if token[1] else starts).setdefault(token[2].lower(), []).append(place)
    place = 0
    while place < len(tokens):
        token = tokens[place]
        name = token[2].lower()
        place += 1
        if token[1] or name == "channel":
            continue
        if token[3].rstrip().endswith("/"):
            yield _Field(token[2], token[3].rstrip()[:-1], "")
            continue
        end = _end(name, place, starts, ends)
        if end is None:
            end = place
            person = name.rpartition(":")[2] in _PEOPLE
            while end < len(tokens) and not _begins(tokens[end], of_person=person):
                end += 1
            following = end
        else:
            following = end + 1
        stop = tokens[end].start() if end < len(tokens) else len(inner)
        yield _Field(token[2], token[3], inner[token.end() : stop])
        place = following


def _end(
    name: str, place: int, starts: Mapping[str, list[int]], ends: Mapping[str, list[int]]
) -> int | None:
    """The token that ends the field *name*, whose inside begins at *place*; None if none does."""
    closing = _first_from(ends.get(name, ()), place)
    again = _first_from(starts.get(name, ()), place)
    return None if closing is None or (again is not None and again < closing) else closing


def _first_from(places: "list[int] | tuple[()]", place: int) -> int | None:
    found = bisect_left(places, place)
    return places[found] if found < len(places) else None


def _begins(token: re.Match[str], *, of_person: bool) -> bool:
    name = token[2].lower()
    return not token[1] and _is_field(name) and not (of_person and name == "name")


def _is_field(name: str) -> bool:
    prefix, colon, local = name.rpartition(":")
    return local in _FIELDS and (not colon or prefix in _PREFIXES)


# ------------------------------------------------------------------- writing anew


def _of_field(field: _Field, outer: Outer) -> str:
    name = field.name.lower()
    if not _is_field(name):
        return ""
    local = name.rpartition(":")[2]
    attributes = _written(_attributes(field.attributes))
    opening, closing = f"<{field.name}{attributes}>", f"</{field.name}>"
    if local in _HOLDERS and "<" in field.inner:
        whole = f"{opening}{field.inner}{closing}"
        if _stands(outer.around(whole)):
            return whole
    text = _text(field.inner)
    if local not in _MARKED_UP:
        text = unescape(_ANY_TAG.sub(" ", text)) if "<" in text else text
    return f"{opening}{escape(_HTML_END.sub('', text), quote=False)}{closing}"


def _text(inner: str) -> str:
    """What *inner* says, one layer of escaping taken off."""
    pieces: list[str] = []
    end = 0
    for section in _SECTION.finditer(inner):
        pieces += [_outside(inner[end : section.start()]), section[1]]
        end = section.end()
    pieces.append(_outside(inner[end:]))
    return "".join(pieces)


def _outside(text: str) -> str:
    text = _COMMENT.sub("", text.replace("]]>", ""))
    # HTML that stands there unescaped keeps its own references.
    marked_up = _ANY_TAG.search(text) and not _ESCAPED.search(text)
    return _NO_TAG.sub("&lt;", text if marked_up else unescape(text))


def _attributes(told: str) -> dict[str, str]:
    return {
        match[1]: unescape(match[2] or match[3] or match[4] or "")
        for match in _ATTRIBUTE.finditer(told[:20_000])
        if ":" not in match[1] or match[1].startswith(("xml", "rdf:about"))
    }


def _written(attributes: Mapping[str, str]) -> str:
    return "".join(f' {name}="{escape(value)}"' for name, value in attributes.items())


def _stands(text: str) -> bool:
    try:
        parse_xml(text)
    except etree.XMLSyntaxError:
        return False
    return True
