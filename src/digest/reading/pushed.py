"""What a program of the newsroom pushes: JSON in, a `Document` out, or every fault at once.

Behind the door: which fields there are, what each may be, and the words for what is wrong.
`pushed_schema` is the same in JSON Schema.  Not behind it: who may push (see `web.api`), and
whether an item is new (see `collect`).  Pure.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from difflib import get_close_matches
from itertools import islice
from typing import Annotated, Any, Final, Literal
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator
from pydantic_core import ErrorDetails

from digest.errors import ParseError
from digest.model import Document, Image, Kind, RawItem
from digest.reading.decode import clean_text
from digest.reading.hints import Hints, absolute
from digest.reading.markup import blocks_of_html, images_of_html, one_line, text_blocks
from digest.reading.safehtml import LARGEST_TOLD
from digest.urls import LONGEST_URL, canonical_url

#: Of one request.
MOST_ITEMS: Final = 500
MOST_BYTES: Final = 2_000_000
#: Characters of one body, as text or as HTML.
MOST_TEXT: Final = 200_000
#: Nobody mends more at a time.
_MOST_FAULTS: Final = 100

_ID = r"^[^\s\x00-\x1f\x7f](?:[^\x00-\x1f\x7f\u0085\u2028\u2029]*[^\s\x00-\x1f\x7f])?$"
_WHEN = (
    r"^(?:19|20)[0-9]{2}-[0-9]{2}-[0-9]{2}[Tt ][0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]{1,9})?)?"
    r"(?:[Zz]|[+-][0-9]{2}:?[0-9]{2})?$"
)
_WEB = r"^[Hh][Tt][Tt][Pp][Ss]?://[^\s/]+(?:/\S*)?$"
_LANGUAGE = r"^[a-zA-Z]{2,3}(?:-[a-zA-Z0-9]{2,8})*$"


def _address(text: str) -> str:
    if canonical_url(text) is None:
        raise ValueError
    return text


def _instant(text: str) -> str:
    datetime.fromisoformat(text.upper())
    return text


#: A name that fits a line: editorial leaves out longer ones, and nothing is left out unsaid.
_Name = Annotated[str, Field(min_length=1, max_length=120)]
_Url = Annotated[str, Field(max_length=LONGEST_URL, pattern=_WEB), AfterValidator(_address)]
_When = Annotated[str, Field(pattern=_WHEN), AfterValidator(_instant)]
_Pixels = Annotated[int, Field(ge=1, le=100_000)]


class _Told(BaseModel):
    """An object of the request: strict, and unknown fields are faults."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, hide_input_in_errors=True)

    @model_validator(mode="before")
    @classmethod
    def _empty_is_absent(cls, told: Any) -> Any:
        """Templates of content systems write "" for what an article does not have."""
        if not isinstance(told, dict):
            return told
        return {
            key: None if isinstance(value, str) and not value.strip() and key != "id" else value
            for key, value in told.items()
        }


class PushedImage(_Told):
    """The picture of an item."""

    url: _Url = Field(
        description="an absolute http:// or https:// address",
        examples=["https://cms.example/ferry.jpg"],
    )
    alt: str | None = Field(
        None,
        max_length=1_000,
        description="up to 1,000 characters that say what it shows",
        examples=["A white ferry at the quay"],
    )
    caption: str | None = Field(
        None,
        max_length=1_000,
        description="up to 1,000 characters",
        examples=["The ferry on Sunday"],
    )
    credit: str | None = Field(
        None, max_length=1_000, description="up to 1,000 characters", examples=["Ada Quill"]
    )
    width: _Pixels | None = Field(None, description="a whole number of pixels", examples=[1200])
    height: _Pixels | None = Field(None, description="a whole number of pixels", examples=[800])


class PushedItem(_Told):
    """One article or brief.  All text is plain except *html*."""

    id: str = Field(
        min_length=1,
        max_length=200,
        pattern=_ID,
        description="your own id for it, 1 to 200 characters on one line: pushed again under the"
        " same id, it is the same item",
        examples=["ticker-4711"],
    )
    kind: Literal["article", "brief"] | None = Field(
        None,
        description='"article" or "brief"; without it, what has a title and a url is an article',
        examples=["brief"],
    )
    title: str | None = Field(
        None,
        max_length=300,
        description="a headline of up to 300 characters; a brief needs none",
        examples=["Ferry runs again to Lower Quay"],
    )
    text: str | None = Field(
        None,
        max_length=MOST_TEXT,
        description="plain text of up to 200,000 characters; blank lines part paragraphs",
        examples=["The ferry ran again on Sunday."],
    )
    html: str | None = Field(
        None,
        max_length=MOST_TEXT,
        description="HTML of up to 200,000 characters, instead of text; scripts, forms and"
        " styles are taken out",
        examples=["<p>The ferry ran again on Sunday.</p>"],
    )
    url: _Url | None = Field(
        None,
        description="the absolute http:// or https:// address of its page",
        examples=["https://cms.example/ferry-runs-again"],
    )
    published: _When | None = Field(
        None,
        description="a date and clock of RFC 3339; without an offset, in the source's zone",
        examples=["2026-05-18T07:30:00+01:00"],
    )
    updated: _When | None = Field(
        None,
        description="a date and clock of RFC 3339; without an offset, in the source's zone",
        examples=["2026-05-18T08:05:00+01:00"],
    )
    authors: Annotated[list[_Name], Field(max_length=50)] | None = Field(
        None,
        description="a list of up to 50 names, of up to 120 characters each",
        examples=[["Ada Quill"]],
    )
    topics: Annotated[list[_Name], Field(max_length=50)] | None = Field(
        None,
        description="a list of up to 50 categories and tags, of up to 120 characters each",
        examples=[["shipping", "harbour"]],
    )
    standfirst: str | None = Field(
        None,
        max_length=2_000,
        description="your own summary, up to 2,000 characters",
        examples=["After nine days in dock the ferry is back."],
    )
    language: Annotated[str, Field(pattern=_LANGUAGE)] | None = Field(
        None,
        description="a language tag of BCP 47; without it, the source's language",
        examples=["en"],
    )
    image: PushedImage | None = Field(
        None,
        description="an object with the url of a picture",
        examples=[{"url": "https://cms.example/ferry.jpg"}],
    )


#: What other interfaces call our fields.
_MEANT: Final = {
    "guid": "id", "uid": "id", "uuid": "id", "_id": "id", "slug": "id",
    "headline": "title", "name": "title",
    "body": "text", "content": "text", "content_text": "text", "content_html": "html",
    "link": "url", "href": "url", "permalink": "url", "src": "url",
    "date": "published", "date_published": "published", "published_at": "published",
    "pubdate": "published", "time": "published",
    "date_modified": "updated", "updated_at": "updated", "modified": "updated",
    "author": "authors", "byline": "authors",
    "tags": "topics", "categories": "topics", "keywords": "topics",
    "summary": "standfirst", "description": "standfirst", "lead": "standfirst",
    "teaser": "standfirst", "lang": "language", "picture": "image", "photo": "image",
    "type": "kind",
}  # fmt: skip

#: A row and the name of its place: "items[3]", "line 4", or "" of a single object.
_Row = tuple[str, object]


def read_pushed(data: object, hints: Hints, *, name: str = "pushed") -> Document:
    """Read items that were pushed: one object, a list, ``{"items": [...]}``, or JSON Lines.

    Args:
        data: JSON in UTF-8 as bytes or str, or the values that it stands for.
        hints: language and zone of the source; its URL is the base of links in HTML.

    Raises:
        ParseError: nothing of it is taken.  Each line of the message is one fault, beginning
            with its place: ``items[3].published: wants …, such as …; it is …``.
    """
    rows = _rows_of_text(data) if isinstance(data, bytes | str) else _rows(data)
    _check_number(rows)
    told: list[PushedItem] = []
    _refuse(_faults(rows, told))
    home = ZoneInfo(hints.timezone)
    return Document(
        name=name, kind="pushed", items=tuple(_raw_item(item, hints, home) for item in told)
    )


def pushed_schema() -> dict[str, Any]:
    """What `read_pushed` takes, in JSON Schema 2020-12: docs/push.schema.json."""
    item = PushedItem.model_json_schema(ref_template="#/$defs/{model}")
    nested = item.pop("$defs")
    item["anyOf"] = [{"required": [field]} for field in ("title", "text", "html")]
    listed = {"type": "array", "items": {"$ref": "#/$defs/PushedItem"}, "maxItems": MOST_ITEMS}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": "https://digest.example/push.schema.json",
        "title": "What may be pushed to Digest",
        "description": "The body of POST /api/items and the file of `digest push`: one item, a"
        " list, or an object with a list. Beyond this schema: ids are not repeated in one"
        " request, text and html exclude each other, an article has a title.",
        "anyOf": [
            {"$ref": "#/$defs/PushedItem"},
            listed,
            {
                "type": "object",
                "properties": {"items": listed},
                "required": ["items"],
                "additionalProperties": False,
            },
        ],
        "$defs": {**nested, "PushedItem": item},
    }


# ---------------------------------------------------------------------- values


def _refuse(faults: Iterator[str]) -> None:
    """Take nothing if there is any fault; name them all."""
    found = list(islice(faults, _MOST_FAULTS + 1))
    if len(found) > _MOST_FAULTS:
        found[_MOST_FAULTS:] = [f"there are more faults: these are the first {_MOST_FAULTS}"]
    if found:
        raise ParseError("", "\n".join(found))


def _rows_of_text(data: bytes | str) -> Sequence[_Row]:
    if len(data) > MOST_BYTES:
        raise ParseError("", f"the body is larger than {MOST_BYTES:,} bytes; push it in parts")
    if isinstance(data, bytes):
        try:
            data = data.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            text = f"the body is not UTF-8 (byte {error.start}); write the JSON in UTF-8"
            raise ParseError("", text) from error
    if not data.strip():
        raise ParseError("", 'the body is empty; push JSON such as {"items": [...]}')
    lines = [(f"line {n}", line) for n, line in enumerate(data.split("\n"), 1) if line.strip()]
    if len(lines) > 1 and _holds_object(lines[0][1]):
        _check_number(lines)
        rows: list[_Row] = []
        _refuse(_unread(lines, rows))
        return rows
    return _rows(_json(data, at="the body"))


def _check_number(rows: Sequence[object]) -> None:
    if len(rows) > MOST_ITEMS:
        raise ParseError("", f"items: are {len(rows)}; push {MOST_ITEMS} at most at once")


def _unread(lines: Sequence[tuple[str, str]], rows: list[_Row]) -> Iterator[str]:
    """What is wrong with JSON Lines; those that can be read are added to *rows*."""
    for place, line in lines:
        try:
            rows.append((place, _json(line, at=f"{place}:")))
        except ParseError as error:
            yield str(error)


def _holds_object(line: str) -> bool:
    try:
        return isinstance(_json(line, at=""), dict)
    except ParseError:
        return False


def _json(text: str, *, at: str) -> object:
    try:
        return json.loads(text, parse_constant=_no_number)
    except RecursionError as error:
        raise ParseError("", f"{at} nests too deep; no item has so many levels") from error
    except ValueError as error:
        raise ParseError("", f"{at} is not JSON: {error}; mend it there and push again") from error


def _no_number(name: str) -> float:
    raise ValueError(f"{name} is no number of JSON")


def _rows(value: object) -> Sequence[_Row]:
    """Each item of a request with its place."""
    if isinstance(value, Mapping) and "items" not in value:
        return [("", value)]
    return [(f"items[{n}]", row) for n, row in enumerate(_listed(value))]


def _listed(value: object) -> list[object]:
    if isinstance(value, Mapping):
        others = [_shown_key(key) for key in islice(value, 20) if key != "items"]
        if others:
            text = f"{others[0]}: is not known beside items; fields stand in the items"
            raise ParseError("", text)
        value = value["items"]
    if not isinstance(value, list):
        text = f'items: wants a list, such as {{"items": [{{"id": "…"}}]}}; it is {_shown(value)}'
        raise ParseError("", text)
    return value


# ---------------------------------------------------------------------- faults


def _faults(rows: Sequence[_Row], told: list[PushedItem]) -> Iterator[str]:
    """Everything that is wrong, in the order of the request; what is right is added to *told*."""
    met: dict[str, str] = {}
    for place, row in rows:
        if not isinstance(row, Mapping):
            yield f"{place}: wants an object with fields; it is {_shown(row)}"
            continue
        try:
            told.append(PushedItem.model_validate(row))
        except ValidationError as error:
            listed = error.errors(include_url=False)
            yield from (_explained(place, wrong) for wrong in listed)
        yield from (_at(place, *fault) for fault in _contradictions(row))
        id = row.get("id")
        if isinstance(id, str) and met.setdefault(id, place) != place:
            yield _at(place, "id", f"is that of {met[id]} too; give each item its own")


def _at(place: str, field: str, text: str) -> str:
    if not place:
        return f"{field}: {text}"
    return f"{place}{': ' if place.startswith('line') else '.'}{field}: {text}"


def _explained(place: str, error: ErrorDetails) -> str:
    *above, last = error["loc"] or ("",)
    model: type[_Told] = PushedImage if above[:1] == ["image"] else PushedItem
    path = "".join(
        f"[{part}]" if isinstance(part, int) else f".{_shown_key(part)}" for part in error["loc"]
    ).lstrip(".")
    if error["type"] == "extra_forbidden":
        return _at(place, path, _unknown(str(last), list(model.model_fields)))
    # Of an element of a list, the list has the words.
    name = next(part for part in reversed(error["loc"]) if isinstance(part, str))
    info = model.model_fields[name]
    sample = json.dumps((info.examples or [""])[0], ensure_ascii=False)
    if error["type"] == "missing":
        return _at(place, path, f"is missing; give {info.description}, such as {sample}")
    if error["type"] == "string_unicode":
        return _at(place, path, "holds half a character (a lone surrogate); write it whole")
    given = _shown(error["input"])
    return _at(place, path, f"wants {info.description}, such as {sample}; it is {given}")


def _unknown(name: str, known: Sequence[str]) -> str:
    near = get_close_matches(name.casefold()[:40], known, 1, 0.75)
    meant = _MEANT.get(name.casefold()) or next(iter(near), None)
    if meant in known:
        return f"is not known; did you mean {meant}?"
    return f"is not known; there are {', '.join(known)}"


def _contradictions(row: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    title, text, html = (_words(row.get(key)) for key in ("title", "text", "html"))
    if text and html:
        yield "html", "stands beside text; give one of the two"
    if row.get("kind") == "article" and not title:
        yield "title", "is missing; an article wants one"
    elif not (title or text or html):
        yield "text", "is missing; an item wants a title, text or html with words in it"
    elif html and not title and not blocks_of_html(html):
        yield "html", "holds no words; give some, or a title"


def _words(value: object) -> str:
    """*value* as a reader would see it; a value of a wrong type is a fault of its own."""
    if isinstance(value, str):
        return one_line(value)
    return "…" if value else ""


def _shown(value: object) -> str:
    """*value*, short and on one line."""
    if isinstance(value, dict | list | tuple):
        return "an object" if isinstance(value, dict) else f"a list of {len(value)}"
    if isinstance(value, str):
        if len(value) > 60:
            return f"{json.dumps(one_line(value[:40]), ensure_ascii=False)}… ({len(value):,} long)"
        return json.dumps(one_line(value), ensure_ascii=False)
    return json.dumps(value) if isinstance(value, bool | int | float | None) else "something else"


def _shown_key(key: object) -> str:
    return one_line(str(key)[:40]) or '""'


# ----------------------------------------------------------------------- items


def _raw_item(item: PushedItem, hints: Hints, home: ZoneInfo) -> RawItem:
    base = item.url or hints.url
    html = clean_text(item.html) if item.html else ""
    kind = item.kind or ("article" if item.title and item.url else "brief")
    return RawItem(
        kind=Kind(kind),
        title=one_line(item.title),
        guid=item.id,
        url=absolute(item.url, None),
        published_at=_moment(item.published, home),
        updated_at=_moment(item.updated, home),
        authors=tuple(map(one_line, item.authors or ())),
        language=item.language or hints.language,
        standfirst=one_line(item.standfirst) or None,
        blocks=blocks_of_html(html) if html else text_blocks(item.text or ""),
        topics=tuple(map(one_line, item.topics or ())),
        image=_image(item.image) if item.image else images_of_html(html, base),
        html=html[:LARGEST_TOLD],
        html_base=base if html else None,
    )


def _image(told: PushedImage) -> Image:
    return Image(
        url=absolute(told.url, None),
        alt=one_line(told.alt) or None,
        caption=one_line(told.caption) or None,
        credit=one_line(told.credit) or None,
        width=told.width,
        height=told.height,
    )


def _moment(text: str | None, home: ZoneInfo) -> datetime | None:
    if text is None:
        return None
    moment = datetime.fromisoformat(text.upper())
    return (moment if moment.tzinfo else moment.replace(tzinfo=home)).astimezone(UTC)
