import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from email import message_from_bytes, policy
from email.header import decode_header, make_header
from email.message import Message
from email.utils import parseaddr, parsedate_to_datetime

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from digest.errors import RenderError
from digest.model import Edition
from digest.render import Layout, Links, fill
from digest.render.templates import split_at_holes
from digest.render.tidy import one_line
from digest.settings import Mail, Newsletter
from make import MORNING, make_edition, make_subscriber

LayOut = Callable[..., Layout]

ANN = make_subscriber(17, name="Ann Reader", email="ann@example.com")


@pytest.fixture(scope="module")
def layout(lay_out: LayOut, morning: Edition) -> Layout:
    return lay_out(morning)


@pytest.fixture(scope="module")
def raw(layout: Layout, links: Links) -> bytes:
    return fill(layout, ANN, links=links, sent_at=MORNING)


@pytest.fixture(scope="module")
def message(raw: bytes) -> Message:
    return message_from_bytes(raw)


def part_of(message: Message, subtype: str) -> str:
    for part in message.walk():
        if part.get_content_subtype() == subtype and not part.is_multipart():
            content = part.get_payload(decode=True)
            assert isinstance(content, bytes)
            return content.decode().replace("\r\n", "\n")
    raise AssertionError(f"no text/{subtype}")


def header(message: Message, name: str) -> str:
    return str(make_header(decode_header(re.sub(r"\r?\n(?=[ \t])", "", str(message[name])))))


def check_wire(raw: bytes) -> None:
    """RFC 5321 §2.3.8 and RFC 5322 §2.1.1: CRLF only, short lines, 7 bit, no dot to stuff."""
    assert b"\0" not in raw
    assert not re.search(rb"\r(?!\n)|(?<!\r)\n", raw)
    assert raw.isascii()
    head, _, body = raw.partition(b"\r\n\r\n")
    assert all(len(line) <= 998 for line in head.split(b"\r\n"))
    for line in body.split(b"\r\n"):
        assert len(line) <= 76
        assert not line.startswith((b".", b"From "))


def test_the_message_is_ready_for_the_wire(raw: bytes) -> None:
    check_wire(raw)
    assert raw.endswith(b"--\r\n")


def test_the_body_is_canonical_for_dkim_already(raw: bytes) -> None:
    body = raw.partition(b"\r\n\r\n")[2]
    # RFC 6376 §3.4.4: no white space at ends of lines, none doubled, no empty lines at the end.
    relaxed = re.sub(rb"[ \t]+", b" ", re.sub(rb"[ \t]+(?=\r\n)", b"", body))
    assert re.sub(rb"(?:\r\n)+\Z", b"\r\n", relaxed) == body


def test_each_field_is_there_once(message: Message) -> None:
    once = ["From", "To", "Subject", "Date", "Message-ID", "MIME-Version", "Content-Type"]
    once += ["List-Id", "List-Unsubscribe", "List-Unsubscribe-Post", "List-Post", "List-Archive"]
    assert sorted(message.keys()) == sorted(once)


def test_the_fields_say_who_to_whom_and_when(message: Message) -> None:
    assert parseaddr(message["From"]) == ("The Daily", "morning@news.example.org")
    assert parseaddr(message["To"]) == ("Ann Reader", "ann@example.com")
    assert header(message, "Subject") == (
        "The Daily: Harbour council votes to reopen the old ferry line"
    )
    assert parsedate_to_datetime(message["Date"]) == MORNING
    assert message["Date"] == "Mon, 18 May 2026 04:00:00 +0000"
    assert message["MIME-Version"] == "1.0"


def test_no_reply_is_made_automatic_and_no_one_else_is_addressed(message: Message) -> None:
    for name in ("Auto-Submitted", "Cc", "Bcc", "Precedence", "Reply-To", "Sender"):
        assert message[name] is None


def test_one_click_leaves_the_list(message: Message, links: Links) -> None:
    url = links.leave_url("daily", ANN)
    assert message["List-Unsubscribe"] == f"<{url}>"
    assert url.startswith("https://")
    assert message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert links.read_leave(url.rpartition("/")[2]) == ("daily", ANN.key)


def test_a_mailbox_for_leaving_is_offered_beside_it(lay_out: LayOut, morning: Edition) -> None:
    links = Links("https://news.example.org", b"k" * 32, leave_mailbox="leave@news.example.org")
    raw = fill(lay_out(morning, links=links), ANN, links=links, sent_at=MORNING)
    check_wire(raw)
    ways = re.findall(r"<([^>]*)>", message_from_bytes(raw)["List-Unsubscribe"])
    assert [way.partition(":")[0] for way in ways] == ["https", "mailto"]


def test_the_list_has_an_identity(message: Message) -> None:
    assert message["List-Id"] == "The Daily <daily.news.example.org>"
    assert message["List-Post"] == "NO"
    assert message["List-Archive"] == "<https://news.example.org/>"


def test_text_comes_before_html_and_both_read_back(
    message: Message, layout: Layout, links: Links
) -> None:
    assert message.get_content_type() == "multipart/alternative"
    parts = [part for part in message.walk() if not part.is_multipart()]
    assert [part.get_content_type() for part in parts] == ["text/plain", "text/html"]
    assert {part.get_content_charset() for part in parts} == {"utf-8"}
    assert {part["Content-Transfer-Encoding"] for part in parts} == {"quoted-printable"}
    values = {
        "greeting": "Hello Ann Reader, here is your edition.",
        "email": "ann@example.com",
        "leave_url": links.leave_url("daily", ANN),
        "preferences_url": links.preferences_url("daily", ANN),
    }
    pieces = split_at_holes(layout.html, links.nonce(layout.edition_id))
    pieces[1::2] = [values[hole] for hole in pieces[1::2]]
    assert part_of(message, "html") == "".join(pieces)
    text = part_of(message, "plain")
    assert values["greeting"] in text
    assert f"\n{values['leave_url']}\n" in text
    assert "hole-" not in text


@pytest.mark.parametrize(
    "name", ["Ann " * 40, "Wolfeschlegelsteinhausenbergerdorff " * 3, "x" * 500, "安" * 120]
)
def test_the_longest_name_fits_the_lines_of_the_text_part(
    layout: Layout, links: Links, name: str
) -> None:
    raw = fill(layout, make_subscriber(name=name), links=links, sent_at=MORNING)
    check_wire(raw)
    message = message_from_bytes(raw)
    lines = part_of(message, "plain").splitlines()
    first = next(number for number, line in enumerate(lines) if line.startswith("Hello"))
    greeting = lines[first : lines.index("", first)]
    assert max(map(len, greeting)) <= 72
    told = " ".join(greeting).removeprefix("Hello ").removesuffix(", here is your edition.")
    assert name.startswith(told.removesuffix("…").strip())
    assert 30 <= len(told) <= 61
    assert "\nhere is your edition." not in part_of(message, "html")


def test_the_standard_library_finds_no_defect(raw: bytes) -> None:
    message = message_from_bytes(raw, policy=policy.default)
    assert not [part.defects for part in message.walk() if part.defects]


def test_sending_again_is_the_same_message(layout: Layout, links: Links, raw: bytes) -> None:
    assert fill(layout, ANN, links=links, sent_at=MORNING) == raw
    later = fill(layout, ANN, links=links, sent_at=MORNING + timedelta(hours=1))
    assert message_from_bytes(later)["Message-ID"] == message_from_bytes(raw)["Message-ID"]


def test_a_time_of_any_zone_is_the_same_instant(layout: Layout, links: Links) -> None:
    local = MORNING.astimezone(timezone(timedelta(hours=9, minutes=30)))
    again = fill(layout, ANN, links=links, sent_at=local + timedelta(microseconds=999))
    assert b"Date: Mon, 18 May 2026 04:00:00 +0000\r\n" in again


def test_each_person_has_their_own_links_and_nobody_elses(layout: Layout, links: Links) -> None:
    messages = [
        fill(layout, make_subscriber(number), links=links, sent_at=MORNING)
        for number in range(1, 30)
    ]
    for number, raw in enumerate(messages, start=1):
        message = message_from_bytes(raw)
        tokens = {
            token
            for part in ("plain", "html")
            for token in re.findall(r"/leave/([\w-]+)", part_of(message, part))
        }
        tokens |= set(re.findall(r"/leave/([\w-]+)", message["List-Unsubscribe"]))
        assert {links.read_leave(token) for token in tokens} == {("daily", f"{number:032x}")}
    assert len({message_from_bytes(raw)["Message-ID"] for raw in messages}) == len(messages)


NAMES = [
    "",
    ".",
    "{{ leave_url }}",
    "[[ edition ]]",
    "{email} {0} %s",
    "<b>Ann</b> & 'Co' \"x\"",
    "Ann\r\nBcc: all@example.com",
    "Дарья Иванова",
    "=?utf-8?q?x?=",
    "x" * 2000,
    "العربية",
]


@given(st.text(st.characters(codec=None)) | st.sampled_from(NAMES))
@example("a  b")
@example("0" * 46)
def test_any_name_is_shown_as_it_is_and_does_no_harm(
    layout: Layout, links: Links, name: str
) -> None:
    person = make_subscriber(3, name=name, email="ann@example.com")
    raw = fill(layout, person, links=links, sent_at=MORNING)
    check_wire(raw)
    message = message_from_bytes(raw)
    assert "Bcc" not in message
    display, address = parseaddr(re.sub(r"\r?\n(?=[ \t])", "", str(message["To"])))
    assert address == "ann@example.com"
    expected = one_line(name)
    if len(expected) <= 120:
        assert str(make_header(decode_header(display))) == expected
        if expected:
            # A long name is wrapped, and one without a blank in it is broken.
            plain = "".join(part_of(message, "plain").split())
            assert "".join(f"Hello {expected}, here is your edition.".split()) in plain
    if not expected:
        assert "Hello, here is your edition." in part_of(message, "plain")
    assert "<b>Ann" not in part_of(message, "html")


@pytest.mark.parametrize(
    "title",
    [
        "Утренняя почта",
        'News, "daily" <x@evil.example>',
        "a.b: c",
        "Tägliche Übersicht über alles, was in der Bucht und auf den Inseln geschieht und gilt",
        "=?utf-8?b?eA==?=",
    ],
)
def test_any_title_is_a_name_of_the_sender_and_the_list(
    lay_out: LayOut, links: Links, title: str
) -> None:
    newsletter = Newsletter(slug="daily", title=title)
    layout = lay_out(make_edition(title=title), newsletter=newsletter)
    raw = fill(layout, ANN, links=links, sent_at=MORNING)
    check_wire(raw)
    message = message_from_bytes(raw)
    display, address = parseaddr(re.sub(r"\r?\n(?=[ \t])", "", str(message["From"])))
    assert address == "morning@news.example.org"
    assert str(make_header(decode_header(display))) == title
    assert header(message, "Subject").startswith(title[:80])
    assert re.search(r"<daily\.news\.example\.org>$", message["List-Id"])
    assert all(len(line) <= 76 for line in layout.head.split(b"\r\n"))


def test_a_configured_sender_and_reply_address_are_used(
    lay_out: LayOut, morning: Edition, links: Links
) -> None:
    mail = Mail(
        from_address="desk@bücher.example", from_name="The Desk", reply_to="letters@example.org"
    )
    message = message_from_bytes(
        fill(lay_out(morning, mail=mail), ANN, links=links, sent_at=MORNING)
    )
    assert message["From"] == "The Desk <desk@xn--bcher-kva.example>"
    assert message["Reply-To"] == "letters@example.org"
    assert message["Message-ID"].endswith("@xn--bcher-kva.example>")


@pytest.mark.parametrize("email", ["a@b.example, c@d.example", "a\r\nBcc: b@c.example", "nobody"])
def test_an_impossible_address_is_refused_without_being_told(
    layout: Layout, links: Links, email: str
) -> None:
    with pytest.raises(RenderError, match="subscriber 5 ") as caught:
        fill(layout, make_subscriber(5, email=email), links=links, sent_at=MORNING)
    assert email not in str(caught.value)


def test_winter_dates_and_years_are_right(layout: Layout, links: Links) -> None:
    raw = fill(layout, ANN, links=links, sent_at=datetime(2027, 1, 1, 0, 0, 5, tzinfo=UTC))
    assert message_from_bytes(raw)["Date"] == "Fri, 01 Jan 2027 00:00:05 +0000"


def test_what_fills_a_hole_is_escaped_in_html_alone(layout: Layout, links: Links) -> None:
    ann = make_subscriber(17, name="Ann <b>You</b>")
    message = message_from_bytes(fill(layout, ann, links=links, sent_at=MORNING))
    assert "Hello Ann &lt;b&gt;You&lt;/b&gt;, here" in part_of(message, "html")
    assert "Hello Ann <b>You</b>, here" in part_of(message, "plain")
    assert "hole-" not in message.as_string()
