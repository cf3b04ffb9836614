"""Complaints, and reports that are none."""

import pytest

from bounced import ANN, MESSAGE_ID, ORIGINAL, PATH, TOKEN, US, found, letter, only, report
from digest.returns import understand


def arf(kind: str, *, more: str = "", original: str = ORIGINAL) -> bytes:
    return report(
        f"Feedback-Type: {kind}\nUser-Agent: Loop/1\nVersion: 1\n{more}",
        status_kind="message/feedback-report",
        report_type="feedback-report",
        original=original,
    )


@pytest.mark.parametrize("kind", ["abuse", "opt-out", "fraud", "Abuse (spam)"])
def test_a_person_complained(kind: str) -> None:
    one = only(arf(kind, more=f"Original-Rcpt-To: <{ANN}>\nOriginal-Mail-From: <{US}>\n"))
    assert (one.kind, one.recipient, one.reporter) == ("complaint", ANN, "arf")
    assert (one.message_id, one.tokens, one.sent_to) == (MESSAGE_ID, (TOKEN,), (PATH,))


@pytest.mark.parametrize("kind", ["auth-failure", "not-spam", "virus", "other", "dkim", ""])
def test_nobody_complained(kind: str) -> None:
    told = understand(arf(kind, more=f"Original-Rcpt-To: {ANN}\n"))
    assert (told.shape, told.returns, len(told.why)) == ("arf", (), 1)


def test_a_report_without_names_still_has_the_token() -> None:
    blacked_out = ORIGINAL.replace(ANN, "[redacted]").replace(US, "redacted@redacted.example")
    one = only(arf("abuse", more="Original-Rcpt-To: redacted@mail.example\n", original=blacked_out))
    assert (one.recipient, one.tokens, one.message_id) == ("", (TOKEN,), MESSAGE_ID)


def test_where_the_headers_way_out_was_taken_away_the_texts_is_read() -> None:
    head, _, body = ORIGINAL.partition("List-Unsubscribe:")
    quoted = f"Leave: https://news.example.org/leave/{TOKEN[:20]}=\n{TOKEN[20:]}\n"
    assert body
    assert only(arf("abuse", original=f"{head}X-Gone: 1\n\n{quoted}")).tokens == (TOKEN,)


def test_several_who_complained_are_several() -> None:
    more = f"Original-Rcpt-To: {ANN}\nOriginal-Rcpt-To: bo@mail.example\n"
    assert found(arf("abuse", more=more)) == [("complaint", ANN), ("complaint", "bo@mail.example")]


@pytest.mark.parametrize("wrapped", [True, False])
def test_junk_reports_that_are_not_arf(wrapped: bool) -> None:
    marked = f"X-HmXmrOriginalRecipient: {ANN}\n{ORIGINAL}"
    if wrapped:
        octets = letter(
            f"--j\nContent-Type: message/rfc822\n\n{marked}\n--j--\n",
            sender="staff@junk.example",
            subject="complaint about message from 192.0.2.10",
            path="staff@junk.example",
            kind="multipart/mixed; boundary=j",
        )
    else:
        octets = marked.encode()
    one = only(octets)
    assert (one.kind, one.recipient, one.reporter) == ("complaint", ANN, "jmrp")
    assert (one.message_id, one.tokens) == (MESSAGE_ID, (TOKEN,))


def test_a_report_under_a_wrong_type_is_known_by_its_field() -> None:
    octets = arf("abuse", more=f"Original-Rcpt-To: {ANN}\n")
    assert found(octets.replace(b"message/feedback-report", b"text/plain")) == [("complaint", ANN)]
