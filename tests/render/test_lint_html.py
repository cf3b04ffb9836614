"""The lint, rule by rule: what is in the HTML, and what the text part says of it."""

import re
from dataclasses import replace

import pytest
from mjml import mjml2html

from digest.render.checks import lint
from digest.render.checks.clients import allowed, lacking, used
from digest.render.checks.findings import ROWS
from digest.render.checks.tree import Tree
from letter import BODY, GOOD, SHOWN, UNSUBSCRIBE, Change, foot, html, report, text

BROKEN: list[tuple[str, str, Change]] = [
    ("M18", "clips", foot("<p>" + "ferry " * 17_000 + "</p>")),
    ("M19", "doctype", html("<!doctype html>", "")),
    ("M19", "names no language", html('lang="en"', 'lang="und"')),
    ("M19", "ltr or rtl", html('dir="ltr"', 'dir="auto"')),
    ("M19", "other way", html('lang="en"', 'lang="ar"')),
    ("M19", "<title>", html("<title>The Daily: Ferry runs again to Lower Quay", "<title>")),
    ("M19", "charset", html("; charset=utf-8", "")),
    ("M19", "zooming", html("initial-scale=1", "user-scalable=no")),
    ("M19", "supported-color-schemes", html('name="supported-color-schemes"', 'name="x"')),
    ("M19", "the dark", html("prefers-color-scheme: dark", "min-width: 480px")),
    ("M20", "outside the head", foot("<style>p { margin: 0; }</style>")),
    ("M20", "Gmail takes", html(BODY, "body { margin: 0; }\n" * 900)),
    ("M20", "no declaration", html("margin: 0;", "margin 0;")),
    ("M20", "never closed", html(BODY, "@media print { body { margin: 0; }")),
    ("M20", "@import", html(BODY, "@import url(https://a.example/a.css);")),
    ("M20", "at-rules in", html(BODY, "@media screen { @media print { p { margin: 0 } } }")),
    ("M20", "loads a style sheet", html("<style>", '<link rel="stylesheet" href="/a.css"><style>')),
    ("M20", "loads a font", html("body {", "@font-face { src: url(https://a.example/x) } body {")),
    ("M20", "does not parse", foot('<p style="margin 0">x</p>')),
    ("M21", "<script>", foot("<script>1</script>")),
    ("M21", "<form>", foot("<form></form>")),
    ("M21", "<iframe>", foot("<iframe></iframe>")),
    ("M21", "<object>", foot("<object></object>")),
    ("M21", "onclick", foot('<p onclick="x()">ferry</p>')),
    ("M21", "script in href", foot('<a href=" java&#10;script:x()">ferry</a>')),
    ("M21", "refresh", html("<style>", '<meta http-equiv="refresh" content="0"><style>')),
    ("M21", "comment for Outlook", foot("<!--[if mso]><script>1</script><![endif]-->")),
    ("M22", "no alt", html(' alt="A white ferry"', "")),
    ("M22", "no width", html(' width="544"', "")),
    ("M22", "no text", foot('<a href="https://wire.example/ferry"></a>')),
    ("M22", "layout", html('<table role="presentation"', "<table")),
    ("M22", "must be an h1", lambda good: replace(good, html=good.html.replace("h1", "h3"))),
    ("M22", "skips a level", html("<h2", "<h4")),
    ("M22", "stands 2 times", foot('<p id="a">x</p><p id="a">y</p>')),
    ("M22", "in the light", html("color:#35312b", "color:#b0b0b0")),
    ("M22", "in the dark", html(".ink, .ink a { color: #f0f0f0", ".ink, .ink a { color: #444444")),
    ("M22", "without its style", lambda good: replace(good, html=good.html.replace(
        "body { margin: 0; }", ".x { color: #ffffff; }").replace(
        "</td>", '<p class="x" style="background-color:#222222;color:#333333">dim</p></td>'))),
    ("M22", "in the dark", html("body, .paper {", "body {")),
    ("M23", "absolute https", foot('<a href="/ferry">Ferry</a>')),
    ("M23", "nothing here is called", foot('<a href="#nowhere">Ferry</a>')),
    ("M23", "hides where", foot('<a href="https://bit.ly/3x">Ferry</a>')),
    ("M23", "private", foot('<a href="https://10.0.0.7/ferry">Ferry</a>')),
    ("M23", "user's name", foot('<a href="https://wire.example@evil.example/">Ferry</a>')),
    ("M23", "phishing", foot('<a href="https://evil.example/">wire.example</a>')),
    ("M23", "not https", html(SHOWN, SHOWN.replace("https", "http"))),
    ("M23", "data:", html(SHOWN, "data:image/png;base64,iVBORw0KGgo=")),
    ("M23", "tracking pixel", foot(f'<img src="{SHOWN}" alt="" width="1" height="1">')),
    ("M24", "no preheader", html("display:none;max-height:0px;overflow:hidden", "margin:0")),
    ("M24", "characters", html("Nine days in dock are over, and two boats run from", "In")),
    ("M24", "repeats", html("Nine days in", "The Daily: Ferry runs again to Lower Quay:")),
    ("M24", "display:none", foot('<p style="display:none">cheap ferries</p>')),
    ("M24", "font-size:0", foot('<p style="font-size:0">cheap ferries</p>')),
    ("M24", "colour of its ground", foot('<p style="color:#fefefe">cheap ferries</p>')),
    ("M24", "no height", foot('<div style="max-height:0;overflow:hidden">cheap ferries</div>')),
    ("M25", "empty", lambda good: replace(good, text=" \n")),
    ("M25", "tag of HTML", text("nine days", "<b>nine</b> days")),
    ("M25", "entity of HTML", text("nine days", "nine&nbsp;days")),
    ("M25", "have the link", text("https://wire.example/ferry", "")),
    ("M25", "half of them", foot("<p>" + "different words entirely " * 60 + "</p>")),
    ("M26", "not show the address to leave", text("/leave/AbCdEfGhIjKlMnOpQrSt", "/")),
    ("M26", "no link to leave", html("/leave/AbCdEfGhIjKlMnOpQrSt", "/account")),
    ("M26", "cannot be seen", html(UNSUBSCRIBE, 'style="display:none">Unsubscribe')),
    ("M26", "smaller", html(UNSUBSCRIBE, 'style="font-size:6px">Unsubscribe')),
    ("M26", "HTML does not show the postal", html("12345 Port Orrin", "")),
    ("M26", "text part does not show the postal", text("12345 Port Orrin", "")),
    ("M26", "why it comes", html("because ann@example.com is", "because you are")),
    ("clients", "white-space", foot('<p style="white-space:nowrap">ferry</p>')),
    ("clients", "@keyframes", html("body {", "@keyframes x { from { margin: 0 } } body {")),
    ("clients", "<video>", foot("<video></video>")),
    ("clients", "the unit rem", foot('<p style="font-size:1.5rem">ferry</p>')),
    ("clients", ":hover", html("body {", "a:hover { color: #000000 } body {")),
    ("clients", "selectors with >", html("body {", "td > p { margin: 0 } body {")),
    ("clients", "display:flex", foot('<div style="display:flex">ferry</div>')),
    ("clients", "calc()", foot('<div style="width:calc(1px + 2px)">ferry</div>')),
    ("clients", "srcset", html('alt="A white', 'srcset="https://a.example/a.jpg 2x" alt="A white')),
    ("clients", "webp", html("ab.jpg", "ab.webp")),
    ("clients", "href=#", foot('<a href="#a">In brief</a><p id="a">x</p>')),
    ("clients", "MJML cannot stand here", foot("<mj-text>ferry</mj-text>")),
    ("clients", "<ferry> “x” is no element", foot("<ferry>x</ferry>")),
    ("clients", "margin-inline", foot('<p style="margin-inline:3px">x</p>')),
]  # fmt: skip


@pytest.mark.parametrize(
    ("row", "said", "change"), BROKEN, ids=[f"{row}-{said}" for row, said, _ in BROKEN]
)
def test_what_breaks_a_row_of_html_is_told_with_that_row(
    row: str, said: str, change: Change
) -> None:
    faults = report(change(GOOD)).faults
    assert [fault for fault in faults if fault.row == row and said in fault.text], [
        fault.sentence() for fault in faults
    ]


def test_every_row_of_html_has_an_example() -> None:
    of_html = {row for row in ROWS if row[0] == "M" and int(row[1:]) >= 18} | {"clients"}
    assert {row for row, _, _ in BROKEN} == of_html


def test_what_an_empty_mjml_document_has_is_allowed_and_little_else() -> None:
    empty = Tree(str(mjml2html("<mjml><mj-body></mj-body></mjml>", fonts={})))
    assert set(used(empty)) <= allowed()
    lacked = {feature for feature in allowed() if lacking(feature)}
    assert ("property", "height") in lacked
    assert not {("property", "border-radius"), ("property", "white-space")} & lacked


@pytest.mark.parametrize(
    ("kind", "name", "programs"),
    [
        ("property", "white-space", "W"),
        ("property", "animation-name", "GWOY"),
        ("property", "grid-template-columns", "GWOY"),
        ("property", "color", ""),
        ("at", "keyframes", "GWOY"),
        ("element", "p", ""),
        ("element", "section", "WY"),
        ("unit", "px", ""),
    ],
)
def test_the_table_knows_who_lacks_what(kind: str, name: str, programs: str) -> None:
    assert lacking((kind, name)) == programs


def test_the_dark_is_judged_by_its_own_rules() -> None:
    told = report(html("color: #bbbbbb", "color: #555555")(GOOD))
    (fault,) = told.faults
    assert "#555555 on #111111 in the dark" in fault.text
    assert re.search(r"contrast \d\.\d\d, 4.5 is needed", fault.text)


def test_important_rules_win_over_inline_styles_as_in_browsers() -> None:
    weak = html(".ink, .ink a { color: #f0f0f0 !important; }", ".ink, .ink a { color: #f0f0f0; }")
    assert {fault.row for fault in report(weak(GOOD)).faults} == {"M22"}


def test_a_place_on_our_page_that_is_not_there_is_told() -> None:
    address = "https://news.example.org/editions/daily/2026-05-18T0700/"
    links = "".join(
        f'<p><a href="{address}#{place}">Read {place}</a></p>'
        for place in ("section-city", "section-gone", "caf%C3%A9")
    )
    letter = foot(links)(GOOD)
    raw = letter if isinstance(letter, bytes) else letter.octets()
    page = '<h2 id="section-city">City</h2><p id="café">Open</p>'

    def told(pages: dict[str, str]) -> list[str]:
        found = lint(raw, envelope_to="ann@example.com", pages=pages)
        return [one.text for one in found.faults if one.row == "M23"]

    (fault,) = told({address: page})
    assert "section-gone" in fault
    # Of a page that is not at hand nothing is known.
    assert told({}) == told({"https://news.example.org/": page}) == []
