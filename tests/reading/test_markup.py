"""HTML to blocks."""

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from digest.model import BlockKind
from digest.reading.hints import absolute
from digest.reading.markup import blocks_of_html, first_sentence, images_of_html, one_line, plain
from make import PATIENCE_S

P, H, L, Q = (
    BlockKind.PARAGRAPH,
    BlockKind.SUBHEAD,
    BlockKind.LIST_ITEM,
    BlockKind.QUOTATION,
)


def check(markup: str, expected: list[tuple[BlockKind, str]]) -> None:
    assert [(block.kind, block.text) for block in blocks_of_html(markup)] == expected


def test_paragraphs_subheads_lists_and_quotations_are_told_apart() -> None:
    check(
        "<h2>Tide</h2><p>High <b>at</b>\nnoon.</p><ul><li>one<li>two</ul>"
        "<blockquote><p>Said.</p></blockquote>tail",
        [(H, "Tide"), (P, "High at noon."), (L, "one"), (L, "two"), (Q, "Said."), (P, "tail")],
    )


def test_an_empty_line_made_of_breaks_parts_paragraphs_and_one_break_does_not() -> None:
    check("one<br>two<br> <br>three", [(P, "one two three")])
    check("one<br>two<br><br>three", [(P, "one two"), (P, "three")])


def test_what_is_not_shown_is_not_read() -> None:
    check(
        "<script>alert(1)</script><style>p{}</style><p hidden>a</p><p style='display: none'>b</p>"
        "<template>c</template><noscript>d</noscript><svg><text>e</text></svg><!-- f -->"
        "<iframe>g</iframe><p onclick='h()'>shown</p>",
        [(P, "shown")],
    )


def test_cells_do_not_run_together() -> None:
    check(
        "<table><tr><td>Rovers<td>3<tr><td>Athletic<td>1</table>",
        [(P, "Rovers 3"), (P, "Athletic 1")],
    )


def test_text_without_markup_is_parted_by_empty_lines() -> None:
    check("one\nstill one\n\ntwo &amp; three", [(P, "one still one"), (P, "two & three")])


@pytest.mark.parametrize(
    ("markup", "text"),
    [
        ("R&D at AT&amp;T", "R&D at AT&T"),
        ("5 < 6 > 4", "5 < 6 > 4"),
        ("How to use <canvas>", "How to use <canvas>"),
        ("<b>Bold</b> <i>words</i>", "Bold words"),
        ("<script>alert(1)</script>Hello", "Hello"),
        ("so&shy;ft&nbsp;space\u202eed", "soft spaceed"),
        (None, ""),
    ],
)
def test_headlines_become_plain_text(markup: str | None, text: str) -> None:
    assert plain(markup) == text


@settings(deadline=None)
@given(st.text())
def test_plain_text_is_one_clean_line(text: str) -> None:
    for made in (plain(text), one_line(text)):
        assert made == " ".join(made.split())
        assert not any(char < " " for char in made)


HOSTILE = {
    "deep": "<div>" * 100_000,
    "deep and closed": "<div>" * 50_000 + "</div>" * 50_000,
    "slashed": "<div/>" * 100_000,
    "reopened": "".join(f"<font color={n}><p>" for n in range(50_000)),
    "drawings": "<svg><foreignObject><div>" * 50_000,
    "out of a drawing": "<svg><p>" + "<path/>" * 100_000,
    "comments": "<!--" * 200_000,
    "brackets": "<" * 300_000,
    "names": "<a" * 300_000,
}


@pytest.mark.parametrize("name", HOSTILE)
def test_markup_built_to_hurt_costs_little(name: str) -> None:
    start = time.process_time()
    blocks_of_html(HOSTILE[name] + "end")
    assert time.process_time() - start < PATIENCE_S


def test_drawings_with_many_shapes_are_no_attack() -> None:
    check("<p>a</p><svg>" + "<path d='M0 0'/>" * 5_000 + "</svg><p>b</p>", [(P, "a"), (P, "b")])


def test_the_first_picture_that_is_no_counting_pixel_is_taken() -> None:
    image = images_of_html(
        '<img src="https://t.example/p.gif" width="1" height="1"><img src="data:x">'
        '<img src="/a.jpg" alt="The  quay" width="640px">',
        "https://a.example/b/",
    )
    assert image is not None
    assert (image.url, image.alt, image.width) == ("https://a.example/a.jpg", "The quay", 640)


@pytest.mark.parametrize(
    ("link", "expected"),
    [
        ("x?a=1&b=2", "https://a.example/b/x?a=1&b=2"),
        ("//c.example/x", "https://c.example/x"),
        (" https://c.example/\n x ", "https://c.example/x"),
        ("javascript:alert(1)", None),
        ("java\nscript:alert(1)", None),
        ("data:text/html,x", None),
        ("mailto:a@b.example", None),
        ("http://[::1", None),
        ("", None),
    ],
)
def test_only_web_addresses_are_links(link: str, expected: str | None) -> None:
    assert absolute(link, "https://a.example/b/c") == expected


def test_the_first_sentence_ends_where_a_sentence_ends() -> None:
    assert first_sentence("Tide at 8.30 p.m. today. Then it falls.") == "Tide at 8.30 p.m. today."
    assert first_sentence("word " * 100, longest=20) == "word word word word…"
