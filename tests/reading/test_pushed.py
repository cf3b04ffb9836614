"""What a program of the newsroom may push, and the words it gets when something is wrong."""

import json
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from digest.errors import ParseError
from digest.model import BlockKind, Image, Kind, RawItem
from digest.reading.hints import Hints
from digest.reading.pushed import MOST_BYTES, MOST_ITEMS, pushed_schema, read_pushed
from digest.reading.safehtml import safe_bodies
from make import PATIENCE_S

SCHEMA = Path(__file__).parents[2] / "docs" / "push.schema.json"
DUBLIN = Hints(timezone="Europe/Dublin", language="en")
BRIEF = {"id": "t1", "text": "The Orrin bridge is closed until noon."}


def read(data: object, hints: Hints = DUBLIN) -> tuple[RawItem, ...]:
    return read_pushed(data, hints).items


def one(**fields: Any) -> RawItem:
    (item,) = read({"id": "t1", **fields})
    return item


def faults(data: object) -> list[str]:
    with pytest.raises(ParseError) as caught:
        read(data)
    return str(caught.value).split("\n")


def attempt(data: object) -> tuple[RawItem, ...] | list[str]:
    """The items, or the faults."""
    try:
        return read(data)
    except ParseError as error:
        return str(error).split("\n")


def fault(**fields: Any) -> str:
    """The one fault of one item."""
    (only,) = faults({**BRIEF, **fields})
    return only


# ------------------------------------------------------------------------ shapes


@pytest.mark.parametrize(
    "data",
    [
        BRIEF,
        [BRIEF],
        {"items": [BRIEF]},
        json.dumps(BRIEF),
        json.dumps({"items": [BRIEF]}, indent=2).encode(),
        b"\xef\xbb\xbf" + json.dumps([BRIEF]).encode(),
    ],
)
def test_one_object_a_list_and_an_object_with_a_list_are_the_same(data: object) -> None:
    document = read_pushed(data, DUBLIN)
    assert document.kind == "pushed"
    (item,) = document.items
    assert (item.guid, item.kind, item.title) == ("t1", Kind.BRIEF, "")
    assert [block.text for block in item.blocks] == [BRIEF["text"]]


def test_json_lines_are_read_and_their_faults_have_line_numbers() -> None:
    two = '{"id": "a", "text": "One."}\n\n{"id": "b", "text": "Two."}\n'
    assert [item.guid for item in read(two)] == ["a", "b"]
    said = faults('{"id": "a", "text": "One."}\n\n{"id": "a", "text": "Two."}\n{"id": 3}')
    assert said[0] == "line 3: id: is that of line 1 too; give each item its own"
    assert said[1].startswith("line 4: id: wants your own id")
    assert faults('{"id": "a", "text": "One."}\n{"id":\n{')[1].startswith("line 3: is not JSON")


def test_nothing_at_all_is_no_fault() -> None:
    assert read({"items": []}) == ()


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"", "the body is empty"),
        (b"  \n ", "the body is empty"),
        (b'{"id": "caf\xe9"}', "the body is not UTF-8 (byte 11)"),
        ('{"id": "a",}', "the body is not JSON"),
        ('{"id": NaN}', "NaN is no number of JSON"),
        ("[" * 100_000, "nests too deep"),
        ('"text"', "items: wants a list"),
        ("null", "items: wants a list"),
        ({"items": {}}, "items: wants a list"),
        ({"items": [], "source": "ticker"}, "source: is not known beside items"),
        ([BRIEF, "text", 3], 'items[1]: wants an object with fields; it is "text"'),
        ([BRIEF] * (MOST_ITEMS + 1), f"items: are {MOST_ITEMS + 1}; push {MOST_ITEMS} at most"),
        (b" " * (MOST_BYTES + 1), "the body is larger than 2,000,000 bytes"),
    ],
)
def test_what_holds_no_items_is_told_so(data: object, says: str) -> None:
    assert says in faults(data)[0]


# ------------------------------------------------------------------------ fields


def test_an_article_comes_whole() -> None:
    item = one(
        title="Ferry runs again to Lower Quay",
        text="After nine days in dock the ferry ran.\n \nIt was\nearly.",
        url="https://cms.example/ferry",
        published="2026-05-18T07:30:00+01:00",
        updated="2026-05-18T07:05:00Z",
        authors=["Ada Quill", "Tom  Reed"],
        topics=["shipping"],
        standfirst="The ferry is back.",
        language="en-IE",
        image={
            "url": "https://cms.example/ferry.jpg",
            "alt": "A ferry",
            "caption": "At the quay",
            "credit": "Ada Quill",
            "width": 1200,
            "height": 800,
        },
    )
    assert item == RawItem(
        kind=Kind.ARTICLE,
        title="Ferry runs again to Lower Quay",
        guid="t1",
        url="https://cms.example/ferry",
        published_at=datetime(2026, 5, 18, 6, 30, tzinfo=UTC),
        updated_at=datetime(2026, 5, 18, 7, 5, tzinfo=UTC),
        authors=("Ada Quill", "Tom Reed"),
        topics=("shipping",),
        standfirst="The ferry is back.",
        language="en-IE",
        blocks=item.blocks,
        image=Image(
            url="https://cms.example/ferry.jpg",
            alt="A ferry",
            caption="At the quay",
            credit="Ada Quill",
            width=1200,
            height=800,
        ),
    )
    assert [block.text for block in item.blocks] == [
        "After nine days in dock the ferry ran.",
        "It was early.",
    ]


@pytest.mark.parametrize(
    ("fields", "kind"),
    [
        ({"text": "A."}, Kind.BRIEF),
        ({"title": "A", "text": "A."}, Kind.BRIEF),
        ({"text": "A.", "url": "https://cms.example/a"}, Kind.BRIEF),
        ({"title": "A", "url": "https://cms.example/a"}, Kind.ARTICLE),
        ({"title": "A", "url": "https://cms.example/a", "kind": "brief"}, Kind.BRIEF),
        ({"title": "A", "text": "A.", "kind": "article"}, Kind.ARTICLE),
    ],
)
def test_what_has_a_title_and_a_page_is_an_article_unless_it_says_otherwise(
    fields: dict[str, str], kind: Kind
) -> None:
    assert one(**fields).kind is kind


def test_html_can_be_made_safe_and_is_read_as_blocks() -> None:
    item = one(
        url="https://cms.example/a/",
        html='<h2>At sea</h2><p onclick="go()">The <a href="b">ferry</a> ran.</p>'
        '<script>alert(1)</script><img src="ferry.jpg" alt="A ferry"><form><input></form>',
    )
    assert [(block.kind, block.text) for block in item.blocks] == [
        (BlockKind.SUBHEAD, "At sea"),
        (BlockKind.PARAGRAPH, "The ferry ran."),
    ]
    (safe,) = safe_bodies([(item.html, item.html_base)])
    assert 'href="https://cms.example/a/b"' in safe
    for bad in ("script", "onclick", "alert", "<form", "<input"):
        assert bad not in safe
    assert item.image == Image(url="https://cms.example/a/ferry.jpg", alt="A ferry")


def test_markup_in_plain_text_stays_the_text_that_it_is() -> None:
    item = one(title="How <b> works", text="It is <b>bold</b> & more.")
    assert (item.title, item.html) == ("How <b> works", "")
    assert item.blocks[0].text == "It is <b>bold</b> & more."


@pytest.mark.parametrize(
    ("told", "hour", "minute"),
    [
        ("2026-05-18T07:30:00+01:00", 6, 30),
        ("2026-05-18T07:30:00+0100", 6, 30),
        ("2026-05-18t07:30z", 7, 30),
        ("2026-05-18 07:30:15.123456Z", 7, 30),
        # Without an offset: Dublin's summer time.
        ("2026-05-18T07:30", 6, 30),
    ],
)
def test_a_clock_without_a_zone_is_the_sources(told: str, hour: int, minute: int) -> None:
    at = one(text="A.", published=told).published_at
    assert at is not None
    assert (at.tzinfo, at.day, at.hour, at.minute) == (UTC, 18, hour, minute)


def test_empty_texts_and_nulls_are_as_good_as_left_out() -> None:
    blank = dict.fromkeys(("title", "html", "url", "published", "updated", "standfirst"), "")
    nothing = dict.fromkeys(("kind", "authors", "topics", "language", "image"))
    assert one(text="A.", **blank, **nothing) == one(text="A.")


# ------------------------------------------------------------------------ faults


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"id": ""}, 'id: wants your own id for it, 1 to 200 characters on one line'),
        ({"id": "x" * 201}, "(201 long)"),
        ({"id": " a"}, "id: wants your own id"),
        ({"id": "a\nb"}, "id: wants your own id"),
        ({"id": 17}, 'such as "ticker-4711"; it is 17'),
        ({"kind": "note"}, 'kind: wants "article" or "brief"'),
        ({"title": "x" * 301}, "title: wants a headline of up to 300 characters"),
        ({"text": ["a"]}, "text: wants plain text of up to 200,000 characters"),
        ({"text": "x" * 200_001}, "(200,001 long)"),
        ({"url": "/ferry"}, "url: wants the absolute http:// or https:// address of its page"),
        ({"url": "javascript:alert(1)"}, "url: wants the absolute"),
        ({"url": "https://"}, "url: wants the absolute"),
        ({"url": "https://cms.example:none/"}, "url: wants the absolute"),
        ({"published": "18.05.2026"}, "published: wants a date and clock of RFC 3339"),
        ({"published": "2026-05-18"}, 'such as "2026-05-18T07:30:00+01:00"; it is "2026-05-18"'),
        ({"published": "2026-02-30T07:30:00Z"}, "published: wants a date and clock"),
        ({"published": 1779085800}, "it is 1779085800"),
        ({"updated": "0001-01-01T00:00:00Z"}, "updated: wants a date and clock"),
        ({"authors": "Ada Quill"}, 'authors: wants a list of up to 50 names'),
        ({"authors": ["Ada", 3]}, "authors[1]: wants a list of up to 50 names"),
        ({"authors": [""]}, "authors[0]: wants a list"),
        ({"topics": ["x"] * 51}, "topics: wants a list of up to 50 categories"),
        ({"language": "english please"}, "language: wants a language tag of BCP 47"),
        ({"image": "https://cms.example/a.jpg"}, "image: wants an object with the url"),
        ({"image": {}}, "image.url: is missing; give an absolute http:// or https:// address"),
        ({"image": {"url": "ferry.jpg"}}, "image.url: wants an absolute http://"),
        ({"image": {"url": "https://a.example/", "width": "12"}}, "image.width: wants a whole"),
        ({"image": {"url": "https://a.example/", "src": "b"}}, "image.src: is not known; did you"),
        ({"headline": "A"}, "headline: is not known; did you mean title?"),
        ({"publised": "A"}, "publised: is not known; did you mean published?"),
        ({"withdrawn": True}, "withdrawn: is not known; there are id, kind, title, text,"),
        ({"a\nb": 1}, "a b: is not known"),
        ({"html": "<p>A.</p>"}, "html: stands beside text; give one of the two"),
        ({"text": "", "title": " "}, "text: is missing; an item wants a title, text or html"),
        ({"text": "\u200b"}, "text: is missing"),
        ({"kind": "article"}, "title: is missing; an article wants one"),
        ({"text": None, "html": "<script>A</script>"}, "html: holds no words"),
        ({"title": "half \ud83d"}, "title: holds half a character"),
    ],
)  # fmt: skip
def test_each_fault_says_where_it_is_and_what_to_write(fields: dict[str, Any], says: str) -> None:
    assert says in fault(**fields)


def test_a_missing_id_is_asked_for() -> None:
    (said,) = faults({"text": "A."})
    assert said.startswith("id: is missing; give your own id for it")
    assert said.endswith('such as "ticker-4711"')


def test_all_faults_of_a_request_come_at_once_and_in_its_order() -> None:
    said = faults(
        [
            BRIEF,
            {"id": "t2", "text": "A.", "published": "yesterday", "url": "nowhere"},
            {"id": "t1", "text": "B."},
            {"id": "t3"},
        ]
    )
    assert [line.partition(": ")[0] for line in said] == [
        "items[1].url", "items[1].published", "items[2].id", "items[3].text",
    ]  # fmt: skip


def test_endless_faults_are_cut_and_said_to_be() -> None:
    said = faults([{"x": n} for n in range(MOST_ITEMS)])
    assert len(said) == 101
    assert said[-1] == "there are more faults: these are the first 100"


# ----------------------------------------------------------------------- hostile


@pytest.mark.parametrize(
    "data",
    [
        json.dumps({f"key{n}": n for n in range(100_000)}),
        json.dumps([{"id": str(n), "html": "<div>" * 700} for n in range(MOST_ITEMS)]),
        json.dumps([{"id": str(n), "text": "\n \n" * 900 + "A"} for n in range(MOST_ITEMS)]),
        json.dumps({"id": "a", "html": "<a href='" * 20_000 + "words"}),
        json.dumps({"id": "a", "text": "A.", "url": "https://" + "a." * 900_000}),
        "{}\n" * 600_000,
        "\n" * 1_999_999,
        '{"a":' * 300_000,
    ],
    ids=["keys", "divs", "blanks", "anchors", "host", "lines", "newlines", "depth"],
)
def test_what_is_built_to_hurt_is_done_with_in_time(data: str) -> None:
    begun = time.process_time()
    told = attempt(data)
    assert isinstance(told, tuple) or len("".join(told)) < 100_000
    assert time.process_time() - begun < PATIENCE_S


@settings(max_examples=50, deadline=None)
@given(
    st.dictionaries(
        st.sampled_from(["id", "title", "text", "html", "url", "published", "image", "authors"]),
        st.none() | st.text(max_size=20) | st.integers() | st.lists(st.text(max_size=5)),
    )
)
def test_whatever_is_pushed_is_taken_or_told_what_is_wrong(row: dict[str, Any]) -> None:
    told = attempt(row)
    if isinstance(told, list):
        assert all(": " in line for line in told)
    else:
        assert told[0].guid == row["id"]
        assert told[0].title or told[0].blocks


# ------------------------------------------------------------------------ schema


def test_the_published_schema_is_the_code() -> None:
    assert json.loads(SCHEMA.read_text()) == pushed_schema()


def test_the_schema_and_the_reader_agree() -> None:
    checker = jsonschema.Draft202012Validator(pushed_schema())
    checker.check_schema(pushed_schema())
    whole: dict[str, Any] = {
        field: about["examples"][0]
        for field, about in pushed_schema()["$defs"]["PushedItem"]["properties"].items()
        if field != "html"
    }
    good: list[object] = [BRIEF, whole, [BRIEF], {"items": [whole]}]
    for data in good:
        checker.validate(data)
        assert read(data)
    bad: list[object] = [
        {"id": "a"},
        {"text": "A."},
        {"id": " a", "text": "A."},
        {"items": [], "more": 1},
        {**whole, "published": "2026-05-18"},
        {**whole, "url": "/ferry"},
        {**whole, "authors": "Ada"},
        {**whole, "image": {}},
        {**whole, "headline": "A"},
        [BRIEF] * (MOST_ITEMS + 1),
    ]
    for data in bad:
        assert not checker.is_valid(data)
        assert faults(data)
