"""What all hooks read with: nothing that anybody sends may break it, or get through it."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from digest.errors import ParseError
from digest.model.people import ReturnKind
from digest.returns import mailgun, postmark, relays, sendgrid
from make import MORNING
from relaypeer import (
    PASSWORD,
    SIGNING_KEY,
    basic,
    mailgun_body,
    mailgun_failed,
    postmark_bounce,
    sendgrid_event,
)
from relaypeer import sendgrid as sendgrid_peer

JUNK = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=5,
)


def fields_of(event: dict[str, Any]) -> list[str]:
    return sorted(event)


@settings(max_examples=40, deadline=None)
@given(st.data())
def test_signed_events_of_any_shape_are_read(data: st.DataObject) -> None:
    event = data.draw(st.sampled_from([postmark_bounce(), mailgun_failed(), sendgrid_event()]))
    name = data.draw(st.sampled_from(fields_of(event)))
    event = event | {name: data.draw(JUNK)}
    if "RecordType" in event:
        body = json.dumps(event).encode()
        try:
            found = postmark.read(body, authorization=basic(), password=PASSWORD)
        except ParseError:
            found = ()
    elif "severity" in event:
        try:
            found = mailgun.read(mailgun_body(event), key=SIGNING_KEY, now=MORNING).returns
        except ParseError:
            found = ()
    else:
        body = json.dumps([event]).encode()
        signed = [*sendgrid_peer().headers(body).values()]
        key = sendgrid_peer().shown
        found = sendgrid.read(body, signature=signed[0], timestamp=signed[1], key=key, now=MORNING)
    for one in found:
        assert len(one.diagnostic) <= 500
        assert "\n" not in one.diagnostic
        one.diagnostic.encode()


@settings(max_examples=40)
@given(st.text() | st.integers() | st.none() | st.text(alphabet="\r\n\x00 a", max_size=4000))
def test_a_line_is_one_line_and_can_be_kept(value: object) -> None:
    line = relays.line({"x": value}, "x")
    assert len(line) <= 500
    assert line == line.strip()
    assert not set(line) & set("\r\n\x00\x1b\u2028")
    line.encode()


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("ann@example.com", "ann@example.com"),
        ("Ann Quay <ann@example.com>", "ann@example.com"),
        ("<ann@EXAMPLE.com>", "ann@example.com"),
        ("ann@example.com, bob@example.com", ""),
        ("ann", ""),
        ("", ""),
        ("ann@example.com\r\nBcc: bob@example.com", ""),
    ],
)
def test_one_address_or_none(text: str, wanted: str) -> None:
    assert relays.address(text) == wanted


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("<a.b@c.example>", "<a.b@c.example>"),
        ("a.b@c.example", "<a.b@c.example>"),
        (" <a.b@c.example>\r\n", "<a.b@c.example>"),
        ("<a b@c.example>", ""),
        ("<a@b> <c@d>", ""),
        ("@", ""),
        ("", ""),
        ("<" + "a" * 600 + "@b>", ""),
    ],
)
def test_one_message_id_or_none(text: str, wanted: str) -> None:
    assert relays.message_id(text) == wanted


@pytest.mark.parametrize(
    ("value", "wanted"),
    [
        (1779073204, datetime(2026, 5, 18, 3, 0, 4, tzinfo=UTC)),
        ("1779073204", datetime(2026, 5, 18, 3, 0, 4, tzinfo=UTC)),
        ("2026-05-18T06:00:04+03:00", datetime(2026, 5, 18, 3, 0, 4, tzinfo=UTC)),
        ("2026-05-18T03:00:04Z", datetime(2026, 5, 18, 3, 0, 4, tzinfo=UTC)),
        ("2026-05-18T03:00:04", datetime(2026, 5, 18, 3, 0, 4, tzinfo=UTC)),
        (1e300, None),
        (-1e300, None),
        ("9" * 5000, None),
        ("9" * 30, None),
        ("٣", None),
        ("0001-01-01T00:00:00+14:00", None),
        (True, None),
        (None, None),
        ([], None),
        ("soon", None),
    ],
)
def test_a_moment_or_none(value: object, wanted: datetime | None) -> None:
    assert relays.moment(value) == wanted


def test_the_server_is_heard_and_the_relay_is_the_limit() -> None:
    hard, soft = ReturnKind.HARD, ReturnKind.SOFT
    assert relays.bounced("", "", at_worst=hard) is hard
    assert relays.bounced("5.1.1", "", at_worst=hard) is hard
    assert relays.bounced("5.1.1", "", at_worst=soft) is soft
    assert relays.bounced("5.7.1", "", at_worst=hard) is soft
    # It says that nothing failed, to a relay that says otherwise.
    assert relays.bounced("2.0.0", "", at_worst=hard) is soft


def test_numbers_that_json_does_not_have_are_refused() -> None:
    for text in ("NaN", "[Infinity]", '{"a": -Infinity}'):
        with pytest.raises(ParseError):
            relays.read_json(text, "mailgun")
