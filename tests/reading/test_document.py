"""What is this document, and how is it shown?"""

import gzip
import json
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from digest.model import BlockKind, Kind
from digest.reading import Hints, document_json, read_document
from make import PATIENCE_S

NOON = datetime(2026, 5, 18, 12, 0, tzinfo=UTC)
SCHEMA = json.loads((Path(__file__).parents[2] / "docs" / "document.schema.json").read_text())
VALIDATOR = Draft202012Validator(SCHEMA)

RSS = b"<rss><channel><title>W</title><item><title>T</title></item></channel></rss>"
HTML = (
    b"<html><body><article><h1>Ferry</h1>" + b"<p>It ran again on Sunday, says the captain.</p>" * 4
)
MAIL = b"From: Ann <ann@a.example>\nTo: b@b.example\nSubject: Hello\n\nText of the mail.\n"
NOTE = b"---\ntitle: Hello\n---\nText.\n"
PAGE = (
    b"Ferry runs again\n\nBy Ann Lee May 18, 2026 2:00 PM 2 min read\n\n"
    + b"The ferry ran again on Sunday, after nine days in dock, said the company.\n\n" * 3
)
JSON_FEED = b'{"version": "https://jsonfeed.org/version/1", "items": [{"id": "1", "title": "T"}]}'


@pytest.mark.parametrize(
    ("name", "data", "kind"),
    [
        ("a.xml", RSS, "feed"),
        ("a.txt", RSS, "feed"),
        ("a.txt", b"\xef\xbb\xbf\n" + RSS, "feed"),
        ("a.bin", gzip.compress(RSS), "feed"),
        ("a.txt", JSON_FEED, "feed"),
        ("a.html", HTML, "html"),
        ("a.txt", HTML, "html"),
        ("a.txt", b"saved from quay.example\n" + HTML, "html"),
        ("a.txt", b"<!-- saved --><div>" + HTML[12:], "html"),
        ("a.html", b"Some words first <p>" + HTML[12:], "html"),
        ("a.txt", HTML.decode().encode("utf-16"), "html"),
        ("a.eml", MAIL, "mail"),
        ("a", MAIL.replace(b"\n", b"\r\n"), "mail"),
        ("a.md", NOTE, "markdown"),
        ("a.txt", NOTE, "markdown"),
        ("a.md", b"# Hello\n\nText.", "markdown"),
        ("a.txt", b'+++\ntitle = "Hello"\n+++\nText.', "markdown"),
        ("a.txt", PAGE, "page-text"),
        ("a.html", PAGE, "page-text"),
        ("a.txt", b"", "unreadable"),
        ("a.txt", b" \n\t ", "unreadable"),
        ("a.txt", bytes(range(256)) * 9, "unreadable"),
        ("a.pdf", b"%PDF-1.7 text text", "unreadable"),
        ("a.docx", b"PK\x03\x04 text", "unreadable"),
        ("a.xml", b"<?xml version='1.0'?><opml><body/></opml>", "unreadable"),
        ("a.json", b'{"a": 1}', "unreadable"),
    ],
)
def test_content_decides_what_a_document_is(name: str, data: bytes, kind: str) -> None:
    document = read_document(name, data)
    assert (document.name, document.kind) == (name, kind), document.problems
    assert bool(document.items) == (kind != "unreadable")
    if kind == "unreadable":
        (problem,) = document.problems
        assert problem.startswith("It ")
        assert problem.endswith(".")


def check(data: bytes) -> dict[str, Any]:
    shown = document_json(read_document("name", data, Hints(url="https://a.example/")))
    VALIDATOR.validate(json.loads(json.dumps(shown)))
    return dict(shown)


def test_the_schema_is_a_schema_and_describes_every_field() -> None:
    Draft202012Validator.check_schema(SCHEMA)

    def undescribed(node: Any, path: str) -> list[str]:
        if not isinstance(node, dict):
            return []
        found = []
        for name, field in node.get("properties", {}).items():
            if "description" not in field:
                found.append(f"{path}.{name}")
            found += undescribed(field.get("items"), f"{path}.{name}")
        return found

    assert undescribed(SCHEMA, "") == []
    for name, definition in SCHEMA["$defs"].items():
        assert undescribed(definition, name) == []


@pytest.mark.parametrize("data", [RSS, JSON_FEED, HTML, MAIL, NOTE, PAGE, b"", b"\0\1\2"])
def test_what_is_shown_follows_the_schema(data: bytes) -> None:
    shown = check(data)
    assert set(shown) == set(SCHEMA["required"])


def test_articles_and_briefs_are_shown_apart() -> None:
    shown = check(
        b"<rss><channel><title>W</title><item><title>T</title><description>One &lt;p&gt;Two"
        b"</description><pubDate>Mon, 18 May 2026 14:00:00 +0200</pubDate></item>"
        b"<item><description>A note.</description></item></channel></rss>"
    )
    (article,) = shown["articles"]
    (brief,) = shown["briefs"]
    assert article["published"] == "2026-05-18T12:00:00+00:00"
    assert article["paragraphs"] == [
        {"kind": "paragraph", "text": "One"},
        {"kind": "paragraph", "text": "Two"},
    ]
    assert (brief["title"], brief["text"]) == ("", "A note.")


@settings(deadline=None)
@given(st.binary(max_size=400))
def test_any_bytes_are_a_document(data: bytes) -> None:
    check(data)


@settings(deadline=None)
@given(st.sampled_from((RSS, JSON_FEED, HTML, MAIL, NOTE, PAGE)), st.binary(max_size=40), st.data())
def test_any_damage_to_a_document_is_survived(
    whole: bytes, junk: bytes, data: st.DataObject
) -> None:
    place = data.draw(st.integers(0, len(whole)))
    end = data.draw(st.integers(place, len(whole)))
    check(whole[:place] + junk + whole[end:])


# -------------------------------------------------------------------- Markdown


def note(text: str, **hints: Any) -> Any:
    document = read_document("note.md", text.encode(), Hints(**hints))
    assert document.kind == "markdown", document.problems
    return document


def test_everything_that_front_matter_can_say() -> None:
    document = note(
        "---\ntitle: 'Tide: high'\nauthors: [Ann Lee, {name: Bo Mar}]\ndate: 2026-05-18 14:00:00\n"
        "updated: 2026-05-18T12:30:00Z\ntags:\n  - Sea\n  - 2026\nurl: https://n.example/1\n"
        "language: de\nsummary: Short.\nimage: /a.png\ncaption: C\ncredit: D\nid: n1\n---\n"
        "One *two* [three](https://x.example).\n\n## Sub\n\n- a\n- b\n\n> Said.\n",
        timezone="Europe/Berlin",
    )
    (item,) = document.items
    assert (item.title, item.authors) == ("Tide: high", ("Ann Lee", "Bo Mar"))
    assert (item.published_at, item.updated_at) == (NOON, NOON.replace(minute=30))
    assert (item.topics, item.url, item.guid) == (("Sea", "2026"), "https://n.example/1", "n1")
    assert (item.language, item.standfirst) == ("de", "Short.")
    assert (item.image.url, item.image.caption) == ("https://n.example/a.png", "C")
    assert [(block.kind, block.text) for block in item.blocks] == [
        (BlockKind.PARAGRAPH, "One two three."),
        (BlockKind.SUBHEAD, "Sub"),
        (BlockKind.LIST_ITEM, "a"),
        (BlockKind.LIST_ITEM, "b"),
        (BlockKind.QUOTATION, "Said."),
    ]


def test_toml_front_matter_and_a_bare_day() -> None:
    (item,) = note('+++\ntitle = "T"\ndate = 2026-05-18\n+++\nText.').items
    assert (item.published_at, item.day_only) == (NOON.replace(hour=0), True)


def test_a_first_heading_is_the_title_and_a_note_without_one_is_a_brief() -> None:
    (item,) = note("# Tide\n\nHigh.").items
    assert (item.title, len(item.blocks)) == ("Tide", 1)
    (item,) = note("High at noon.").items
    assert (item.kind, item.title) == (Kind.BRIEF, "")
    (item,) = note("---\nkind: brief\ntitle: Tide\n---\nHigh.").items
    assert (item.kind, item.title) == (Kind.BRIEF, "Tide")


def test_markup_in_a_note_is_harmless_and_its_headline_is_text() -> None:
    (item,) = note(
        "---\ntitle: Page shows <script>alert(1)</script>\n---\nOne <img src=x onerror=alert(1)> "
        "[two](javascript:alert(1)).\n\n<script>alert(1)</script>\n"
    ).items
    assert item.title == "Page shows <script>alert(1)</script>"
    assert "alert" not in " ".join(
        block.text.replace("javascript:alert(1)", "") for block in item.blocks
    )
    assert item.url is None


def test_a_date_that_cannot_be_read_is_a_problem_and_the_note_stays() -> None:
    document = note("---\ntitle: T\ndate: soonish\n---\nText.")
    assert document.items[0].published_at is None
    assert "“soonish” cannot be read" in document.problems[0]


@pytest.mark.parametrize(
    "front",
    [
        "title: a: b",
        "title: [",
        "- a\n- title: b",
        "a: &a {x: 1}\nb: {<<: [*a, *a]}",
        "title: " + "[" * 15_000,
        "title: x\n" * 300 + "x: " + "y" * 30_000,
        "date: 2026-99-99",
        "n: " + "9" * 5_000,
    ],
)
def test_front_matter_that_cannot_be_read_says_so(front: str) -> None:
    document = read_document("a.md", f"---\n{front}\n---\nText.".encode())
    assert document.kind == "unreadable"
    assert "front matter" in document.problems[0]


# ------------------------------------------------------------------------ mail


def mail(body: bytes, *headers: str) -> Any:
    head = ["From: Ann Lee <ann@a.example>", "To: b@b.example", "Subject: Tide", *headers]
    document = read_document("a.eml", "\n".join(head).encode() + b"\n\n" + body)
    assert document.kind == "mail"
    return document


def test_a_plain_mail() -> None:
    document = mail(
        b"One line\ngoes on.\n\n> They wrote.\n\n* a\n* b\n\nTwo words more.\n-- \nAnn\n",
        "Date: Mon, 18 May 2026 14:00:00 +0200",
        "Message-ID: <1@a.example>",
        'List-Id: "Quay Post" <quay.a.example>',
        "Archived-At: <https://a.example/1>",
    )
    (item,) = document.items
    assert (item.title, item.authors, item.guid) == ("Tide", ("Ann Lee",), "<1@a.example>")
    assert (item.published_at, item.url) == (NOON, "https://a.example/1")
    assert (document.site, document.problems) == ("Quay Post", ())
    assert [(block.kind, block.text) for block in item.blocks] == [
        (BlockKind.PARAGRAPH, "One line goes on."),
        (BlockKind.QUOTATION, "They wrote."),
        (BlockKind.LIST_ITEM, "a"),
        (BlockKind.LIST_ITEM, "b"),
        (BlockKind.PARAGRAPH, "Two words more."),
    ]


def test_names_and_subjects_that_were_encoded() -> None:
    data = (
        b"From: =?utf-8?q?Zo=C3=AB_Lind?= =?utf-8?q?g=C3=A5rd=2C_Quay?= <z@a.example>\n"
        b"To: b@b.example\nSubject: Tide =?utf-8?b?4oCT?= new\n hall =?x-none?q?a?=\n\nText.\n"
    )
    (item,) = read_document("a.eml", data).items
    assert item.authors == ("Zoë Lindgård, Quay",)
    assert item.title.startswith("Tide ")
    assert (item.published_at, item.language) == (None, None)


def multipart(*parts: tuple[str, str]) -> bytes:
    body = "".join(f"--b\nContent-Type: {kind}\n\n{text}\n" for kind, text in parts) + "--b--\n"
    return body.encode()


def test_the_html_part_is_read_when_the_text_part_is_a_stub() -> None:
    kind = 'Content-Type: multipart/alternative; boundary="b"'
    html = "<p>The whole story of the tide, told at length.</p><p>And once again.</p>"
    for stub in ("", "View online."):
        (item,) = mail(multipart(("text/plain", stub), ("text/html", html)), kind).items
        assert len(item.blocks) == 2
    whole = "The whole story of the tide, told at length."
    (item,) = mail(multipart(("text/plain", whole), ("text/html", html)), kind).items
    assert [block.text for block in item.blocks] == [whole]


@pytest.mark.parametrize("charset", ["x-none", "iso-8859-1", "utf-8"])
def test_a_body_whose_encoding_is_told_wrongly(charset: str) -> None:
    (item,) = mail("Größer.".encode(), f"Content-Type: text/plain; charset={charset}").items
    assert item.blocks[0].text == "Größer."


def test_a_mail_of_parts_in_parts_costs_little() -> None:
    nested = "".join(
        f"Content-Type: multipart/mixed; boundary=b{n}\n\n--b{n}\n" for n in range(2_000)
    )
    head = b"From: a@a.example\nTo: b\nSubject: T\n"
    flat = b"Content-Type: multipart/mixed; boundary=b\n\n" + b"--b\n\n" * 300_000
    start = time.process_time()
    read_document("a.eml", head + nested.encode())
    read_document("a.eml", head + flat)
    assert time.process_time() - start < PATIENCE_S


def test_a_text_that_only_mentions_mail_is_no_mail() -> None:
    assert read_document("a.txt", b"Subject: ferries\n\n" + PAGE).kind == "page-text"


def test_items_of_the_newsroom_s_own_systems_may_lie_in_a_folder() -> None:
    told = (
        b'[{"id": "t-1", "text": "The Orrin bridge is closed.", "published": "2026-05-18T04:00Z"}]'
    )
    document = read_document("ticker.json", told)
    assert (document.kind, document.items[0].guid) == ("pushed", "t-1")
    lines = b'{"id": "1", "text": "One."}\n{"id": "2", "text": "Two."}\n'
    assert len(read_document("ticker.jsonl", lines).items) == 2
    feed = b'{"version": "https://jsonfeed.org/version/1.1", "items": [{"id": "1", "title": "T"}]}'
    assert read_document("feed.json", feed).kind == "feed"


def test_json_that_is_neither_says_what_it_should_be() -> None:
    document = read_document("odd.json", b'{"weather": "fine"}')
    assert document.kind == "unreadable"
    assert "neither a feed nor items" in document.problems[0]
