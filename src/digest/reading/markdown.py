"""Markdown with front matter: a note that somebody wrote for the newsroom.

Front matter is YAML between lines of ``---`` or TOML between lines of ``+++``:
title, author or authors, date, updated, topics or tags, url, language, summary,
image, kind ("brief" or "article").  None of it is required.  Pure.
"""

import importlib
import re
import tomllib
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from frontmatter.default_handlers import YAMLHandler
from markdown_it import MarkdownIt

from digest.errors import ParseError
from digest.model import BlockKind, Document, Image, Kind, RawItem
from digest.reading.beside import Beside
from digest.reading.dates import Moment, read_date
from digest.reading.entry import BRIEF_CHARS, names, text_as_html
from digest.reading.hints import Hints, absolute
from digest.reading.markup import (
    blocks_of_html,
    first_sentence,
    images_of_html,
    one_line,
    plain,
    text_blocks,
)
from digest.reading.safehtml import LARGEST_TOLD

#: The Markdown reader takes 3 s for a million characters, and is quadratic in brackets;
#: longer notes are read as plain text.
_LARGEST: Final = 100_000
_LARGEST_FRONT: Final = 20_000
_FRONT_YAML = re.compile(r"---[ \t]*\n((?:[^\n]*\n){0,400}?)(?:---|\.\.\.)[ \t]*(?:\n|$)")
_FRONT_TOML = re.compile(r"\+\+\+[ \t]*\n((?:[^\n]*\n){0,400}?)\+\+\+[ \t]*(?:\n|$)")
#: Merging mappings into mappings makes gigabytes of a few lines.
_MERGE_KEY = re.compile(r"(?:^|[\s{,])[\"']?<<[\"']?\s*:", re.MULTILINE)
_FIRST_HEADING = re.compile(r"\s*<h1>.{0,1000}?</h1>", re.DOTALL)
_KEY_LINE = re.compile(r"^\s*[\w-]+\s*[:=]", re.MULTILINE)

#: PyYAML comes with python-frontmatter and without types.
_YAML: Final[Any] = importlib.import_module("yaml")
_HANDLER: Final = YAMLHandler()
_READER: Final = MarkdownIt("commonmark").enable("table")


def has_front_matter(text: str) -> bool:
    """Whether *text* opens with a block that can only be front matter."""
    found = _FRONT_YAML.match(text) or _FRONT_TOML.match(text)
    return found is not None and _KEY_LINE.search(found[0]) is not None


def read_markdown(text: str, hints: Hints, *, name: str = "") -> Document:
    """Read a note.

    Args:
        name: what the document is called in its Document.

    Raises:
        ParseError: the front matter cannot be read, or there is neither title nor text.
    """
    told, content = _front(text)
    language = _text(told, "language", "lang") or hints.language
    rendered = _READER.render(content) if len(content) <= _LARGEST else ""
    blocks = blocks_of_html(rendered) if rendered else text_blocks(content)
    title = _text(told, "title", "headline")
    if (
        not title
        and blocks
        and blocks[0].kind is BlockKind.SUBHEAD
        and content.lstrip()[:2] == "# "
    ):
        title, blocks = blocks[0].text, blocks[1:]
    if not title and not blocks:
        raise ParseError("", "has neither a title nor a text; write one of them")
    length = sum(len(block.text) for block in blocks)
    brief = _text(told, "kind", "type").lower() == "brief" or (not title and length <= BRIEF_CHARS)
    published, problems = _moment(told, ("date", "published", "pubdate"), hints, language)
    updated, more = _moment(told, ("updated", "lastmod", "modified"), hints, language)
    url = absolute(_text(told, "url", "link", "canonical"), hints.url)
    markup = _without_title(rendered, title)[:LARGEST_TOLD]
    item = RawItem(
        kind=Kind.BRIEF if brief else Kind.ARTICLE,
        title=title or ("" if brief else first_sentence(blocks[0].text)),
        guid=_text(told, "id", "guid") or None,
        url=url,
        published_at=published.at if published else None,
        day_only=published.day_only if published else False,
        updated_at=updated.at if updated else None,
        authors=names(map(text_as_html, _list(told, "authors", "author", "byline")), language),
        language=language,
        standfirst=_text(told, "summary", "description", "standfirst") or None,
        blocks=blocks,
        topics=_list(told, "topics", "tags", "categories", "category"),
        image=_image(told, rendered, url or hints.url, hints.beside),
        html=markup,
        html_base=url or hints.url if markup else None,
    )
    return Document(
        name=name or hints.url or "",
        kind="markdown",
        items=(item,),
        problems=(*problems, *more),
        site=_text(told, "site") or None,
    )


def _without_title(rendered: str, title: str) -> str:
    """*rendered* without its first heading, if that became the title."""
    heading = _FIRST_HEADING.match(rendered)
    if heading is None or plain(heading[0]) != title:
        return rendered
    return rendered[heading.end() :]


def _front(text: str) -> tuple[Mapping[str, Any], str]:
    """The front matter, keys in lower case, and the rest."""
    toml = _FRONT_TOML.match(text)
    found = toml or _FRONT_YAML.match(text)
    if found is None:
        return {}, text
    if found.end() > _LARGEST_FRONT:
        raise ParseError("", f"has front matter of more than {_LARGEST_FRONT} bytes; shorten it")
    try:
        if toml:
            told: Mapping[str, Any] = tomllib.loads(found[1])
        elif _MERGE_KEY.search(found[0]):
            raise ValueError("merge keys (<<) are not read here, write the values out")
        else:
            # Not the loader in C: forty thousand brackets overflow its stack, and the process dies.
            told = _HANDLER.load(found[1], Loader=_YAML.SafeLoader) or {}
    except tomllib.TOMLDecodeError as error:
        raise ParseError(
            "", f"has front matter that is not TOML: {one_line(str(error))}"
        ) from error
    except (_YAML.YAMLError, ValueError, TypeError, AttributeError, RecursionError) as error:
        reason = one_line(str(error))[:200]
        raise ParseError(
            "",
            f"has front matter that is not YAML: {reason}; put quotes around values with a colon",
        ) from error
    if not isinstance(told, dict):
        raise ParseError("", "has front matter without keys; write lines such as title: Headline")
    return {str(key).strip().lower(): value for key, value in told.items()}, text[found.end() :]


def _text(told: Mapping[str, Any], *keys: str) -> str:
    for key in keys:
        value = told.get(key)
        if isinstance(value, (str, int, float)) and not isinstance(value, bool):
            text = one_line(str(value))
            if text:
                return text
    return ""


def _list(told: Mapping[str, Any], *keys: str) -> tuple[str, ...]:
    for key in keys:
        value = told.get(key)
        values = value if isinstance(value, list) else [value]
        found = []
        for one in values[:100]:
            one = one.get("name") if isinstance(one, dict) else one
            text = one_line(str(one)) if isinstance(one, (str, int, float)) else ""
            if text:
                found.append(text)
        if found:
            return tuple(dict.fromkeys(found))
    return ()


def _moment(
    told: Mapping[str, Any], keys: tuple[str, ...], hints: Hints, language: str | None
) -> tuple[Moment | None, tuple[str, ...]]:
    """The first of *keys* that is there.  YAML and TOML have dates of their own."""
    home = ZoneInfo(hints.timezone)
    for key in keys:
        value = told.get(key)
        if value is None or value == "":
            continue
        if isinstance(value, datetime):
            aware = value if value.tzinfo else value.replace(tzinfo=home)
            return Moment(at=aware.astimezone(UTC)), ()
        if isinstance(value, date):
            midnight = datetime(value.year, value.month, value.day, tzinfo=home)
            return Moment(at=midnight.astimezone(UTC), day_only=True), ()
        moment = read_date(str(value), timezone=hints.timezone, language=language)
        if moment is not None:
            return moment, ()
        written = one_line(str(value))[:60]
        return None, (f"The {key} “{written}” cannot be read; write it as 2026-05-18 10:30.",)
    return None, ()


def _image(
    told: Mapping[str, Any], rendered: str, base: str | None, beside: Beside | None
) -> Image | None:
    named = _text(told, "image", "cover")
    url = (beside.find(named) if beside else None) or absolute(named, base)
    image = Image(url=url) if url else images_of_html(rendered, base, beside)
    return image and replace(
        image,
        alt=_text(told, "image_alt") or image.alt,
        caption=_text(told, "caption") or None,
        credit=_text(told, "credit") or None,
    )
