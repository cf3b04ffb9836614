"""HTML read without a tree: the same as with one."""

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from digest.model import Image
from digest.reading.feedhtml import escaped_once, read_fragment, simple_blocks
from digest.reading.markup import blocks_of_html
from make import PATIENCE_S

SIMPLE = {
    "paragraphs": "<p>One <b>two</b>.</p>\n<p class='x'>Three</p>",
    "text around": "before<p>One</p>between<p>Two</p>after",
    "breaks": "one<br>two<br/><br />three<br>\n<br>four<br> <br>five",
    "lists": "<ul><li>one<li>two <p>more</p></li></ul><ol><li><ul><li>in</ul></ol>",
    "quotations": "<blockquote><p>Said.</p>and<ul><li>item</ul></blockquote><p>after",
    "heads": "<h2>Tide</h2>text<h3>Ebb <em>tide</em></h3><div><h4>x</h4></div>",
    "open paragraphs": "<p>one<p>two<div>three<p>four</div>five</p>six",
    "captions": "<figure><img src='a.jpg'><figcaption>Quay <b>x</b></figcaption></figure>text",
    "a caption in a paragraph": "<p>one<figcaption>no<br>body</figcaption>two</p>",
    "references": "R&amp;D &lt;b&gt; &nbsp;&eacute; &notit; &#8217;x &unknown; &",
    "comments": "one<!-- more -->two<p>three</p>",
    "a rule": "one<hr>two<p>three<hr/>four</p>",
    "code": "<pre>one\n  two</pre><p>three</p>",
}


@pytest.mark.parametrize("name", SIMPLE)
def test_what_feeds_write_is_read_without_a_tree_as_with_one(name: str) -> None:
    found = simple_blocks(SIMPLE[name])
    assert found is not None
    assert tuple(found) == blocks_of_html(SIMPLE[name])


@pytest.mark.parametrize(
    "markup",
    [
        "<table><tr><td>one</td></tr></table>",
        "<p>5 < 6</p>",
        "<p title='a > b'>one</p>",
        "<P>loud</P>",
        "<script>x()</script>",
        "<p hidden>one</p>",
        "<p style='display: none'>one</p>",
        "<div>one</p></section>",
        "<ul><div><li>one</div></ul>",
        "<h2>one<h3>two</h3></h2>",
        "<figcaption>never ends",
        "one</br>two",
        "AT&<b>amp;</b>T",
        "<p>cut <a href='x",
        "<div>" * 60 + "deep",
    ],
)
def test_where_there_is_doubt_the_parser_decides(markup: str) -> None:
    assert simple_blocks(markup) is None
    assert read_fragment(markup).blocks == blocks_of_html(markup)


TAGS = (
    "p /p div /div ul /ul ol /ol li /li h2 /h2 h3 /h3 br hr b /b em /em blockquote /blockquote "
    "figure /figure figcaption /figcaption section /section /a pre /pre"
)
PIECES = st.sampled_from(
    [
        *(f"<{name}>" for name in TAGS.split()),
        *("<a href='x'>", "<img src='a.jpg'>", "one", "two", "&amp;", "&lt;", "ebb."),
    ]
)


@given(st.lists(st.tuples(PIECES, st.sampled_from(["", "x", " y "])), max_size=14))
@settings(max_examples=50, deadline=None)
def test_both_ways_of_reading_agree(pieces: list[tuple[str, str]]) -> None:
    markup = "".join(tag + text for tag, text in pieces)
    found = simple_blocks(markup)
    assert found is None or tuple(found) == blocks_of_html(markup)


def test_the_first_picture_that_is_no_counting_pixel_is_found_without_a_tree() -> None:
    told = read_fragment(
        '<p>One</p><img src="https://t.example/p.gif" width="1" height="1">'
        "<img class=wide alt='A &amp; B' src='/a.jpg?x=1&amp;y=2' width=640>"
    )
    assert told.root is None
    assert told.image("https://quay.example/n/") == Image(
        url="https://quay.example/a.jpg?x=1&y=2", alt="A & B", width=640
    )


@pytest.mark.parametrize(
    ("markup", "expected"),
    [
        ("&lt;p&gt;It ran.&lt;/p&gt;", "<p>It ran.</p>"),
        ("&lt;p&gt;It ran.&lt;/p&gt; Read on", "<p>It ran.</p> Read on"),
        (
            "It &lt;a href=&quot;/t&quot;&gt;ran&lt;/a&gt; &lt;a href='/u'&gt;on&lt;/a&gt;.",
            "It <a href=\"/t\">ran</a> <a href='/u'>on</a>.",
        ),
        ("&lt;img src='/a.jpg' /&gt;Text", "<img src='/a.jpg' />Text"),
        ("How to use &lt;canvas&gt; and &lt;p&gt;", None),
        ("Write &lt;b&gt;bold&lt;/b&gt; for bold.", None),
        ("<p>&lt;p&gt;shown&lt;/p&gt;</p>", None),
        ("5 &lt; 6", None),
    ],
)
def test_what_was_escaped_twice_is_read_once_more(markup: str, expected: str | None) -> None:
    assert escaped_once(markup) == (markup if expected is None else expected)


@pytest.mark.parametrize(
    "markup",
    [
        "<p>" * 500_000,
        "<p " * 500_000,
        "<img " + "a " * 500_000 + ">",
        "<img>" * 500_000,
        "<p>" + "&lt;" * 500_000,
        "a<br>" * 500_000,
        "<p><!--" * 300_000,
        "<li>" * 30 + "<p>x</p>" * 300_000,
        "<p hidde" * 300_000,
    ],
)
def test_fragments_built_to_hurt_cost_little(markup: str) -> None:
    start = time.process_time()
    read_fragment(escaped_once(markup)).image(None)
    assert time.process_time() - start < PATIENCE_S
