"""What a newsroom's own theme may have wrong: each is refused, with its line and what to do."""

from collections.abc import Callable
from pathlib import Path

import pytest

from digest.errors import RenderError
from digest.model import Edition
from digest.render import Layout, Templates, default_templates
from digest.render.elements import KNOWN

LayOut = Callable[..., Layout]
Refused = Callable[..., RenderError]

#: Line 8 is where the tests write.
THEME = """\
[% set look = {"headline": "serif", "text": "serif", "label": "serif", "size": 16} %]
[% from "parts.mjml" import head, grid, foot, link with context %]
[% macro twice(text) %]
<p>[[ text ]]</p>
[% endmacro %]
<mjml lang="en" dir="ltr">[[ head() ]]<mj-body background-color="#fffefb">
<mj-section padding="4px 0"><mj-column><mj-text>
HERE
</mj-text></mj-column></mj-section>
<mj-section><mj-column><mj-text>[[ foot() ]]</mj-text></mj-column></mj-section>
</mj-body></mjml>
"""
FOOT = "[[ foot() ]]"


@pytest.fixture
def refused(lay_out: LayOut, morning: Edition, tmp_path: Path) -> Refused:
    """What is told of a theme."""
    (tmp_path / "email").mkdir()

    def refuse(source: str | bytes, name: str = "newspaper.mjml") -> RenderError:
        octets = source if isinstance(source, bytes) else source.encode()
        (tmp_path / "email" / name).write_bytes(octets)
        with pytest.raises(RenderError) as caught:
            lay_out(morning, templates=Templates([tmp_path, default_templates()]))
        return caught.value

    return refuse


@pytest.mark.parametrize(
    ("written", "says"),
    [
        ("<b>bold", "<b> is not closed"),
        ("<div>", "<div> is not closed"),
        ("<table><tr><td>a<td>b</td></tr></table>", "<td> is not closed"),
        ("bold</b>", "</b> closes nothing"),
        ("AT&T & <3", "“<3” is no whole tag; if you mean the sign, write &lt;"),
        ("<a href=x>y</a>", '<a>: write its attributes as name="value"'),
        ("<!-- note", "“<!--” is no whole tag"),
        ("[[ edition.date</p>", "[[ or [% is not closed"),
        ("[# a remark", "a remark [# is not closed"),
        ("[[ edition.dat ]]", "no attribute 'dat'"),
        ("[[ twice(edition.dat) ]]", "no attribute 'dat'"),
        ("[[ link(edition.url, edition.words.inbrief) ]]", "no attribute 'inbrief'"),
        ("[% include 'newspaper.mjml' %]", "itself without end"),
        ("[% include 'harbor.mjml' %]", "there is no template 'harbor.mjml' in"),
        ("<mj-section></mj-section>", "mj-section cannot stand in mj-text, which holds HTML"),
        ('<mj-include path="/etc/passwd" />', "mj-include is not read here; write [% include"),
        ("Dear *|FNAME|*,", "*|FNAME|* is not filled here; write {{ name }}"),
        ("<a href='*|UNSUB|*'>x</a>", "write {{ leave_url }}"),
        ("<a href='%%unsubscribe_url%%'>x</a>", "write {{ leave_url }}"),
        ("<a href='*|ARCHIVE|*'>x</a>", "write [[ edition.url ]]"),
        ("{{ UnsubscribeURL }}", "{{ UnsubscribeURL }} is not a hole; write {{ leave_url }}"),
        ("%%first_name%%", "write {{ name }}"),
        ('{% include "x" %}', "is not filled here; write [[ … ]]"),
        ("${wind}", "${wind} is not filled here; write [[ … ]]"),
        ("<%= name %>", "write {{ name }}"),
    ],
)  # fmt: skip
def test_a_fault_is_told_with_the_line_that_was_written(
    refused: Refused, written: str, says: str
) -> None:
    error = refused(THEME.replace("HERE", written))
    assert says in error.text
    assert (error.template, error.line) == ("newspaper.mjml", 8)


@pytest.mark.parametrize(
    ("right", "wrong", "line", "says"),
    [
        ("background-color=", "backgroundcolor=", 6, "did you mean background-color?"),
        ("<mj-body ", '<mj-body widht="600px" ', 6, "mj-body has no attribute widht; did you"),
        ('padding="4px', 'paddding="4px', 7, "mj-section has no attribute paddding; did you mean"),
        ("#fffefb", "reddish", 6, "background-color of mj-body is “reddish”; write a colour"),
        ('"4px 0"', '"four"', 7, "padding of mj-section is “four”; write a size, as 12px"),
        ("<mj-text>", '<mj-text align="middle">', 7, "write left or center or right or justify"),
        ("<mj-column>", "<mj-wrapper>", 7, "mj-wrapper cannot stand in mj-section; it belongs"),
        ("HERE", "[[ grid() ]]<tr><td>x</td></tr>", 9, "</mj-text> comes before <table> of parts"),
        ("<mj-section padding", "<mj-secton padding", 7, "did you mean mj-section?"),
        ("[[ head() ]]", "<mj-text></mj-text>", 6, "mj-text cannot stand in mjml; it belongs in"),
        ("HERE\n</mj-text>", "HERE\n", 7, "<mj-text> is not closed"),
    ],
)
def test_what_mjml_would_swallow_is_refused(
    refused: Refused, right: str, wrong: str, line: int, says: str
) -> None:
    source = THEME.replace(right, wrong, 1)
    if wrong == "<mj-wrapper>":
        source = source.replace("</mj-column>", "</mj-wrapper>", 1)
    error = refused(source)
    assert says in error.text
    assert (error.template, error.line) == ("newspaper.mjml", line)


@pytest.mark.parametrize(
    ("source", "line", "says"),
    [
        ("", None, "is empty"),
        ("Good morning", None, "is empty"),
        ("\n<html><body>x</body></html>", 2, "begins with <html>; a theme is MJML"),
        ("a\nb Größe".encode("latin-1"), 2, "is not UTF-8: save the file as UTF-8"),
    ],
)
def test_a_file_of_another_kind_is_told_as_that(
    refused: Refused, source: str | bytes, line: int | None, says: str
) -> None:
    error = refused(source)
    assert says in error.text
    assert (error.template, error.line) == ("newspaper.mjml", line)


def test_a_page_in_another_encoding_is_told_too(tmp_path: Path) -> None:
    (tmp_path / "pages").mkdir()
    (tmp_path / "pages" / "a.html").write_bytes("a\nGröße".encode("latin-1"))
    with pytest.raises(RenderError, match=r"a\.html:2: is not UTF-8"):
        Templates([tmp_path]).page("a.html")


def test_a_missing_template_is_named_once(tmp_path: Path) -> None:
    with pytest.raises(RenderError) as caught:
        Templates([tmp_path]).mail("harbor.mjml", nonce="abc")
    assert str(caught.value) == f"harbor.mjml: there is no such template in {tmp_path}"


@pytest.mark.parametrize(
    "way",
    [
        '<p title="{{ leave_url }}">x</p>',
        "{{ leave_url }}",
        '<a href="{{ leave_url }}"></a>',
        '<a href="[[ edition.url ]]?to={{ leave_url }}">Leave</a>',
        '<a style="display:none" href="{{ leave_url }}">Leave</a>',
        '<div style="display: none"><p><a href="{{ leave_url }}">Leave</a></p></div>',
        '<!-- <a href="{{ leave_url }}">Leave</a> -->',
    ],
)
def test_a_way_out_that_nobody_sees_is_none(refused: Refused, way: str) -> None:
    error = refused(THEME.replace("HERE", "x").replace(FOOT, way))
    assert "has no {{ leave_url }} that readers see" in error.text


def test_a_text_part_needs_the_address_whole(refused: Refused) -> None:
    error = refused("Leave: x{{ leave_url }}x", "edition.txt")
    assert "has no {{ leave_url }} that readers see" in error.text
    assert error.template == "edition.txt"


@pytest.mark.parametrize(
    "way",
    [
        '<a href="{{ leave_url }}"><b>Leave</b></a>',
        "<a href=' {{ leave_url }} '><img src='https://a.example/x.png' alt='Leave' width='9'></a>",
    ],
)
def test_a_way_out_that_can_be_seen_is_enough(
    lay_out: LayOut, morning: Edition, tmp_path: Path, way: str
) -> None:
    (tmp_path / "email").mkdir()
    source = THEME.replace("HERE", "x").replace(FOOT, way)
    (tmp_path / "email" / "newspaper.mjml").write_text(source, encoding="utf-8")
    assert "Leave" in lay_out(morning, templates=Templates([tmp_path, default_templates()])).html


def test_what_is_no_fault_is_none(lay_out: LayOut, morning: Edition, tmp_path: Path) -> None:
    (tmp_path / "email").mkdir()
    fine = (
        "[# *|FNAME|* is {{ name }} here #]<br><hr /><p>AT&T &amp; 5 % or 100 %, $5, a {brace}</p>"
        "<!-- <b> --><img alt='' width=\"9\" src='https://a.example/a.png'>"
        "</mj-text><mj-divider border-color='rgb(1, 2, 3)' /><mj-text color='Tomato'>"
    )
    source = THEME.replace("HERE", fine)
    (tmp_path / "email" / "newspaper.mjml").write_text(source, encoding="utf-8")
    assert "5 % or" in lay_out(morning, templates=Templates([tmp_path, default_templates()])).html


def test_the_table_has_every_element_that_may_be_written() -> None:
    assert {"mjml", "mj-all", "mj-class", "mj-text", "mj-carousel-image", "mj-title"} <= KNOWN
    assert "mj-include" not in KNOWN
