"""The lint, rule by rule: a good message keeps every row, and each way to break one is told.

What is about HTML is in test_lint_html, about signatures in test_lint_signed.
"""

import re
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from digest.render.checks import lint
from digest.render.checks.findings import ROWS
from letter import (
    ADDRESS,
    GOOD,
    LEAVE,
    PICTURE,
    SHOWN,
    TEXT,
    TOKEN,
    Change,
    Letter,
    alone,
    foot,
    head,
    html,
    octets,
    report,
    sender,
    signed,
    subject,
    text,
)


def test_a_good_message_has_no_fault_and_no_doubt() -> None:
    told = report(GOOD, envelope_from="bounce+17.0a1b@news.example.org")
    assert told.having("fail", "warn") == ()
    assert {finding.row for finding in told.having("open")} == {"M11", "M12", "M15", "M16"}


def test_every_row_is_in_every_report_in_order() -> None:
    for message in (b"", b"\r\n", b"nothing", GOOD.octets()):
        rows = [finding.row for finding in lint(message).findings]
        assert list(dict.fromkeys(rows)) == list(ROWS)


BROKEN: list[tuple[str, str, Change]] = [
    ("M1", "bare", octets(b"List-Post: NO\r\n", b"List-Post: NO\n")),
    ("M1", "NUL", octets(b"ferry", b"fer\0y")),
    ("M1", "998", head("List-Post: NO", "X-Long: " + "x" * 1000)),
    ("M1", "fold it", head("List-Post: NO", "X-Long:" + " word" * 20)),
    ("M2", "encoded-words", head("The Daily <", "Die Tägliche <")),
    ("M3", "stands 2 times", head("List-Post: NO", "Subject: another one")),
    ("M3", "no Message-ID", head("Message-ID:", "X-ID:")),
    ("M3", "Bcc", head("List-Post: NO", "Bcc: all@example.com")),
    ("M3", "no field", head("List-Post: NO", "no colon here")),
    ("M4", "2 mailboxes", sender("A <a@news.example.org>, B <b@news.example.org>")),
    ("M4", "no name", sender("morning@news.example.org")),
    ("M4", "provider's", sender("The Daily <thedaily@gmail.com>")),
    ("M4", "cannot answer", sender("The Daily <no-reply@news.example.org>")),
    ("M4", "private", sender("The Daily <morning@mailhost.local>")),
    ("M4", "emoji", sender("=?utf-8?q?=E2=9C=85_The_Daily?= <morning@news.example.org>")),
    ("M4", "conversation", sender('"The Daily (2)" <morning@news.example.org>')),
    ("M4", "reader's name", sender('"For Ann Reader" <morning@news.example.org>')),
    ("M5", "2 mailboxes", head("<ann@example.com>", "<ann@example.com>, bo@example.com")),
    ("M5", "Cc", head("List-Post: NO", "Cc: bo@example.com")),
    ("M5", "not the recipient", head("<ann@example.com>", "<ann@example.net>")),
    ("M6", "is a Mon", head("Mon, 18 May", "Tue, 18 May")),
    ("M6", "no calendar", head("Mon, 18 May", "31 Feb")),
    ("M6", "must read like", head("+0000", "GMT")),
    ("M6", "left@right", head("<daily.2026-05-18T0700.17.0a1b2c3d4e5f@", "<")),
    ("M6", "private", head("0a1b2c3d4e5f@news.example.org", "0a1b@buildhost")),
    ("M7", "octets; 75", subject("=?utf-8?q?" + "a" * 70 + "?=")),
    ("M7", "octets; 76", head("Subject: The", "Subject: " + "word " * 12 + "=?utf-8?q?The?=")),
    ("M7", "splits a character", subject("=?utf-8?q?f=C3?= =?utf-8?q?=BCr?=")),
    ("M7", "inside quotes", sender('"=?utf-8?q?T=C3=A4?=" <morning@news.example.org>')),
    ("M7", "hides a line end", subject("=?utf-8?q?a=0D=0ABcc:_b?=")),
    ("M7", "touches", subject("a=?utf-8?q?=C3=BC?=b")),
    ("M7", "cannot be decoded", subject("=?utf-8?b?@@@?=")),
    ("M7", "charset", subject("=?no-such?q?a?=")),
    ("M7", "does not end", subject("=?utf-8?q?ferry")),
    ("M8", "entity", subject("Ferry &amp; quay")),
    ("M8", "template", subject("Hello {{ name }}")),
    ("M8", "template", subject("Hello hole-0123456789abcdef-name-end")),
    ("M8", "answer", subject("Re: your ferry")),
    ("M8", "answer", subject("AW: Ihre Fähre".replace("ä", "ae"))),
    ("M8", "hide or reorder", subject("=?utf-8?q?Fer=E2=80=AEry?=")),
    ("M8", "wrong charset", subject("=?utf-8?q?F=C3=83=C2=A4hre?=")),
    ("M8", "empty", subject("")),
    ("M9", "MIME-Version", head("MIME-Version: 1.0", "MIME-Version: 1.1")),
    ("M9", "then text/html", octets(b"text/html", b"text/enriched")),
    ("M9", "no text/plain part", octets(b"text/plain", b"text/x-amp")),
    ("M9", "never closed", octets(b"--=_a--", b"--=_b--")),
    ("M9", "no legal boundary", octets(b'boundary="=_a"', b'boundary="<a>"')),
    ("M9", "no charset", octets(b"text/plain; charset=utf-8", b"text/plain")),
    ("M9", "nobody has", octets(b"charset=utf-8", b"charset=utf-99")),
    ("M9", "calls itself", octets(b"charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable"
                                  b"\r\n\r\nThe", b"charset=utf-8\r\nContent-Transfer-Encoding:"
                                  b" quoted-printable\r\n\r\n=E4The")),
    ("M9", "quoted-printable", octets(b"Lower Quay ran", b"Lower =quay ran")),
    ("M9", "76", octets(b"The ferry to Lower", b"The ferry to Lower" + b" word" * 12)),
    ("M9", "7bit", octets(b"quoted-printable\r\n\r\nThe Daily", b"7bit\r\n\r\nThe D\xc3\xa4ily")),
    ("M9", "8bit", octets(b"quoted-printable\r\n\r\nThe Daily", b"8bit\r\n\r\nThe Daily")),
    ("M9", "no part is called", html(SHOWN, "cid:x@a.example")),
    ("M9", "nothing shows", lambda good: replace(good, pictures=(PICTURE,))),
    ("M10", "no List-Unsubscribe", head("List-Unsubscribe: <", "X-Leave: <")),
    ("M10", "no list of", head(LEAVE, "leave us")),
    ("M10", "not https", head("<https://news.example.org/leave", "<http://news.example.org/leave")),
    ("M10", "0 web addresses", head(f"{LEAVE},\n", "")),
    ("M10", "token of 16", head(TOKEN, "leave/17>")),
    ("M10", "reader's address", head(TOKEN, "leave/ann@example.com?t=abcdefghijklmnop>")),
    ("M10", "reader's address", head(TOKEN, "leave/YW5uQGV4YW1wbGUuY29t>")),
    ("M11", "no List-Unsubscribe-Post", head("List-Unsubscribe-Post", "X-Post")),
    ("M11", "must be", head("=One-Click", "=One-click")),
    ("M11", "does not name", signed("a=rsa-sha256; h=from:from")),
    ("M13", "no List-Id", head("List-Id", "X-List-Id")),
    ("M13", "label.domain", head("<daily.news.example.org>", "daily.news.example.org")),
    ("M13", "NO or", head("List-Post: NO", "List-Post: no posts")),
    ("M14", "answers nobody", head("List-Post: NO", "Auto-Submitted: auto-replied")),
    ("M15", "once", signed("a=rsa-sha256; h=from:subject")),
    ("M15", "rsa-sha1", signed("a=rsa-sha1; h=from:from")),
    ("M15", "add to the body", signed("a=rsa-sha256; l=5; h=from:from")),
    ("headers", "32,000", head("List-Post: NO", "X-Long:" + "\n words words words words" * 1500)),
    ("headers", "998", subject(" ".join(["word"] * 12 + ["\n word word word word"] * 60))),
]  # fmt: skip


@pytest.mark.parametrize(
    ("row", "said", "change"), BROKEN, ids=[f"{row}-{said}" for row, said, _ in BROKEN]
)
def test_what_breaks_a_row_is_told_with_that_row(row: str, said: str, change: Change) -> None:
    faults = report(change(GOOD)).faults
    assert [fault for fault in faults if fault.row == row and said in fault.text], [
        fault.sentence() for fault in faults
    ]


def test_every_row_of_the_wire_has_an_example() -> None:
    # M12 and M16 are asked of the web server and of DNS.
    of_wire = {f"M{number}" for number in range(1, 16)} - {"M12"} | {"headers"}
    assert {row for row, _, _ in BROKEN} == of_wire


@pytest.mark.parametrize(
    ("envelope_from", "state"),
    [
        ("bounce+17.0a1b@news.example.org", "pass"),
        ("morning@news.example.org", "warn"),
        ("x" * 65 + "@news.example.org", "fail"),
        ("bounce+17@localhost", "fail"),
        ("", "open"),
    ],
)
def test_an_envelope_sender_tells_whose_bounce_it_is(envelope_from: str, state: str) -> None:
    (finding,) = report(GOOD, envelope_from=envelope_from).of("M17")
    assert finding.state == state


DOUBTFUL: list[tuple[str, str, Change]] = [
    ("M10", "no mailto", lambda good: replace(good, head=re.sub(r",\n <m.*>", "", good.head))),
    ("M10", "base_url", head("<https://news.example.org/leave", "<http://localhost:8080/leave")),
    ("M18", "near the", foot("<p>" + "ferry " * 15_200 + "</p>")),
    ("M22", "where it leads", foot('<a href="https://wire.example/ferry">Click here</a>')),
    ("M23", "reads along", foot('<a href="http://wire.example/ferry">Ferry</a>')),
    ("M25", "wrap it", text("nine days in dock.", "nine days in dock. " * 5)),
    ("M25", "85%", foot("<p>" + "different words " * 12 + "</p>")),
    ("spam", "capitals", subject("FERRY RUNS AGAIN TO LOWER QUAY")),
    ("spam", "many exclamation marks", subject("Ferry runs again!!")),
    ("spam", "says", subject("Limited time offer: ferry")),
]  # fmt: skip


@pytest.mark.parametrize(("row", "said", "change"), DOUBTFUL)
def test_what_may_have_a_reason_is_a_doubt_and_no_fault(
    row: str, said: str, change: Change
) -> None:
    told = report(change(GOOD))
    assert [one for one in told.of(row) if one.state == "warn" and said in one.text]
    assert not [one for one in told.of(row) if one.state == "fail"]


HARMLESS: list[tuple[str, Change]] = [
    ("embedded", lambda good: replace(
        good,
        html=good.html.replace(SHOWN, "cid:ab-png@news.example.org"),
        pictures=(PICTURE,),
    )),
    ("encoded", subject("=?utf-8?q?The_Daily=3A_F=C3=A4hre_f=C3=A4hrt?=\n =?utf-8?q?_wieder?=")),
    ("words of HTML that an article is about", lambda good: replace(
        good,
        html=good.html.replace("nine days", "nine &lt;b&gt; days &amp;amp;"),
        text=good.text.replace("nine days", "nine <b> days &amp;"),
    )),
    ("quotation marks in a style", foot("<p style=\"font-family:'Segoe UI',Arial\">a; b</p>")),
    ("a brand", foot('<a href="https://www.wire.example/">wire.example</a>')),
    ("a deeper host", foot('<a href="https://news.wire.example/">Wire.example</a>')),
    ("exact as WCAG wants", html("color:#35312b", "color:#767676")),
    ("large and lighter", html("font-size:32px;color:#1d1b18", "font-size:32px;color:#949494")),
    ("Outlook's comments", foot("<!--[if mso]><table><tr><td><![endif]--><p>x</p>")),
    ("filler after the preheader", html("October.", "October." + "&#847;&zwnj;&nbsp;" * 90)),
    ("a reader's name in brackets", head("Ann Reader <", '"Reader, Ann (Quay)" <')),
    ("hooks of Outlook.com", html("body {", "[data-ogsc] .ink { color: #f0f0f0 } body {")),
]  # fmt: skip


@pytest.mark.parametrize("change", [change for _, change in HARMLESS], ids=[n for n, _ in HARMLESS])
def test_what_only_looks_odd_is_no_fault(change: Change) -> None:
    links = ("https://www.wire.example/", "https://news.wire.example/")
    letter = change(GOOD)
    assert isinstance(letter, Letter)
    letter = replace(letter, text=letter.text + "\n".join(links))
    assert [fault.sentence() for fault in report(letter).faults] == []


def test_a_mail_of_text_alone_keeps_the_rows_about_html() -> None:
    raw = GOOD.head.replace("\n", "\r\n").encode() + alone("plain", TEXT)
    told = lint(raw, envelope_to="ann@example.com", postal_address=ADDRESS)
    assert told.faults == ()
    assert [told.of(row)[0].text for row in ("M18", "M22", "clients")] == ["no HTML"] * 3


def test_a_postal_address_is_wanted_and_compared_where_it_is_known() -> None:
    def states(postal_address: str | None) -> list[str]:
        return [one.state for one in lint(GOOD.octets(), postal_address=postal_address).of("M26")]

    assert states(ADDRESS) == ["pass"]
    assert states(None) == ["pass", "open"]
    assert states("") == ["fail"]
    assert states("9 Elsewhere") == ["fail", "fail"]


def test_trying_it_out_on_one_machine_is_a_doubt() -> None:
    letter = replace(
        GOOD,
        head=GOOD.head.replace("https://news.example.org", "http://localhost:8080").replace(
            "news.example.org", "localhost"
        ),
        html=GOOD.html.replace("https://news.example.org", "http://localhost:8080"),
        text=GOOD.text.replace("https://news.example.org", "http://localhost:8080"),
    )
    told = report(letter)
    assert told.faults == ()
    assert {one.row for one in told.having("warn")} == {"M4", "M6", "M10", "M23"}


def test_what_had_no_room_is_told() -> None:
    (finding,) = lint(GOOD.octets(), left_out=7).of("M18")
    assert finding.state == "warn"
    assert finding.text.startswith("7 stories")


def test_many_faults_of_one_kind_are_told_once_with_their_number() -> None:
    told = report(foot('<img src="https://a.example/a.png" width="9">' * 3
                       + '<img src="https://a.example/b.png" width="9">' * 30)(GOOD))  # fmt: skip
    texts = [fault.text for fault in told.faults if "alt" in fault.text]
    assert len(texts) == 2
    many = report(foot("".join(f'<p id="x{n}" onclick="a">b</p>' for n in range(30)))(GOOD))
    assert [fault.text for fault in many.faults][-1] == "and 26 more of this kind"


def test_sentences_begin_with_what_is_worst() -> None:
    told = report(head("=One-Click", "=No")(GOOD)).sentences()
    assert told[0].startswith("M11 (must) fail: List-Unsubscribe-Post is")
    assert re.match(r"M\d+ \(\w+\) open: ", told[-1])


def test_a_report_is_the_same_each_time() -> None:
    assert report(GOOD) == report(GOOD)


@pytest.mark.parametrize(
    "change",
    [
        head(LEAVE, "<https://[news.example.org/leave>"),
        html("https://wire.example/ferry", "https://[wire.example/"),
        html(SHOWN, "https://[news.example.org/a.png"),
        octets(b'boundary="=_a"', b'boundary="other"'),
        octets(b"charset=utf-8", b"charset=idna"),
        subject("=?idna?q?a?="),
        html("color:#35312b", "color:rgba(.,.,.);font-size:1.e.5px"),
    ],
)
def test_what_is_no_address_charset_or_colour_is_told_and_stops_nothing(change: Change) -> None:
    assert {finding.row for finding in report(change(GOOD)).findings} == set(ROWS)


@settings(max_examples=40)
@given(st.data())
def test_no_octets_stop_the_lint(data: st.DataObject) -> None:
    raw = bytearray(GOOD.octets())
    for _ in range(data.draw(st.integers(1, 12))):
        at = data.draw(st.integers(0, len(raw) - 1))
        raw[at : at + data.draw(st.integers(0, 40))] = data.draw(st.binary(max_size=6))
    rows = {finding.row for finding in lint(bytes(raw), envelope_to="ann@example.com").findings}
    assert rows == set(ROWS)


@pytest.mark.parametrize(
    "markup",
    ["<div>" * 3000, "<style>" + "a{" * 20000, "<p style='" + "(" * 50000, "&" * 100000,
     "<a href='" + "x." * 40000 + "'>" + "x." * 40000 + "</a>", "<!--" * 20000],
    ids=["deep", "blocks", "brackets", "ampersands", "hosts", "comments"],
)  # fmt: skip
def test_hostile_markup_does_not_stop_the_lint(markup: str) -> None:
    assert report(foot(markup)(GOOD)).findings
