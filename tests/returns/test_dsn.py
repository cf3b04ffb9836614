"""Delivery reports, as servers write them."""

from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from bounced import ANN, MESSAGE_ID, PATH, TOKEN, about, found, letter, only, report
from digest.returns import understand
from digest.returns.dsn import recipient_in

HEAD = "Reporting-MTA: dns; mx.mail.example\nX-Postfix-Sender: rfc822; daily@news.example.org\n\n"
HARD = [("hard", ANN)]


def test_a_report_says_whom_and_what_and_has_the_proofs_of_our_mail() -> None:
    one = only(report(HEAD + about() + "\nDiagnostic-Code: smtp; 550 5.1.1\n user unknown"))
    assert (one.kind, one.recipient, one.status) == ("hard", ANN, "5.1.1")
    assert one.diagnostic == "550 5.1.1 user unknown"
    assert (one.message_id, one.tokens, one.sent_to) == (MESSAGE_ID, (TOKEN,), (PATH,))
    assert one.reporter == "dsn"
    assert one.at == datetime(2026, 5, 18, 7, 0, 31, tzinfo=UTC)


def test_each_return_has_its_reason() -> None:
    told = understand(report(HEAD + about() + "\n\n" + about("bo@mail.example", "5.2.2")))
    assert [str(each.kind) for each in told.returns] == ["hard", "soft"]
    assert told.why == (
        "Hard: 5.1.1 means that there is no such mailbox.",
        "Soft: 5.2.2 means that the mailbox is full.",
    )


@pytest.mark.parametrize(
    "fields",
    [
        about(),
        about().upper().replace(ANN.upper(), ANN),
        about().replace("\n", "\n\n"),
        about().replace("rfc822; ", "RFC822;\n <").replace(ANN, f"{ANN}>"),
        about().replace("failed", "failed (it is gone)").replace("5.1.1", "5.1.1 (x)"),
        about().replace("rfc822; ", ""),
        about().replace("failed", "error"),
        "\n".join(reversed(about().split("\n"))),
        f"Original-Recipient: rfc822;{ANN}\n" + about("other@far.example"),
        f"X-Actual-Recipient: rfc822; {ANN}\nFinal-Recipient: x400; a/b\nAction: failed\n"
        "Status: 5.1.1",
        about(status="5.0.0") + "\nDiagnostic-Code: SMTP; 550\n 5.1.1 unknown",
    ],
)
def test_fields_are_read_however_they_are_written(fields: str) -> None:
    assert found(report(HEAD + fields, original="")) == HARD
    assert found(report(HEAD.strip() + "\n" + fields, original="")) == HARD


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("rfc822;ann+2Bnews@mail.example", "ann+news@mail.example"),
        ("rfc822;ann+3Dnews@mail.example", "ann=news@mail.example"),
        ("rfc822;ann+2024@mail.example", "ann+2024@mail.example"),
        ("rfc822;ann+40mail.example", "ann@mail.example"),
        ("utf-8; J\\x{F6}rg@mail.example", "Jörg@mail.example"),
        ("UTF-8; дмитро@пошта.example", "дмитро@пошта.example"),
        ("rfc822; (who?) <ann@mail.example>", "ann@mail.example"),
        ("LOCAL; root", ""),
        ("utf-8; \\x{110000}\\x{D800}", ""),
        ("", ""),
    ],
)
def test_addresses_are_decoded_as_far_as_they_have_to_be(written: str, meant: str) -> None:
    assert recipient_in(written) == meant


@pytest.mark.parametrize(
    "change",
    [
        lambda octets: octets.replace(b"\n", b"\r\n"),
        lambda octets: octets.replace(b"\n", b"\r\r\n"),
        lambda octets: octets.replace(b"\n", b"\r"),
        lambda octets: octets.replace(b'boundary="xx"', b'boundary="lost"'),
        lambda octets: octets.replace(b'; boundary="xx"', b""),
        lambda octets: octets.replace(b"--xx--\n", b""),
        lambda octets: b"From - Mon May 18 07:00:31 2026\n" + octets,
        lambda octets: octets.replace(b"message/delivery-status", b"text/plain"),
        lambda octets: octets.replace(b"message/delivery-status", b"application/octet-stream"),
        lambda octets: octets.replace(b"/delivery-status", b"/global-delivery-status"),
        lambda octets: octets.replace(b"report; report-type=delivery-status", b"mixed"),
        lambda octets: octets.replace(b"message/rfc822", b"text/rfc822-headers"),
    ],
)  # fmt: skip
def test_a_report_is_known_by_what_it_says_not_by_its_wrapping(
    change: Callable[[bytes], bytes],
) -> None:
    octets = change(report(HEAD + about()))
    one = only(octets)
    assert (one.kind, one.recipient, one.tokens) == ("hard", ANN, (TOKEN,))


def test_blank_lines_and_repeated_fields_part_recipients() -> None:
    two = about() + "\n" + about("bo@mail.example", "5.2.2")
    assert found(report(HEAD + two)) == [("hard", ANN), ("soft", "bo@mail.example")]
    forwarded = f"{about()}\n\nOriginal-Recipient: rfc822;bo@mail.example\n{about('far@x.example')}"
    assert found(report(HEAD + forwarded)) == [("hard", ANN), ("hard", "bo@mail.example")]


def test_one_address_for_several_has_arrived_if_one_of_them_got_it() -> None:
    original = f"Original-Recipient: rfc822;{ANN}\n"
    gone = original + about("a@far.example")
    there = original + about("b@far.example", "2.1.5", action="relayed")
    assert found(report(f"{HEAD}{gone}\n\n{there}")) == []
    full = original + about("b@far.example", "5.2.2")
    assert found(report(f"{HEAD}{gone}\n\n{full}")) == [("soft", ANN)]


def test_where_a_mail_was_sent_on_to_is_not_whom_we_wrote_to() -> None:
    text = f"The following address(es) failed:\n\n  a@far.example\n    (generated from {ANN})\n"
    assert found(report(HEAD + about("a@far.example"), text=text, original="")) == HARD
    # Our own mail has one address in To, and it is the subscriber's.
    assert found(report(HEAD + about("a@far.example"))) == HARD


def test_fields_that_say_too_little_are_helped_by_the_text() -> None:
    text = f"The following address(es) failed:\n\n  {ANN}\n    %s\n"
    bare = HEAD + about(status="5.0.0")
    assert found(report(bare, text=text % "Unrouteable address")) == HARD
    assert found(report(bare, text=text % "retry timeout exceeded")) == [("soft", ANN)]
    assert found(report(bare)) == [("soft", ANN)]


@pytest.mark.parametrize("action", ["delivered", "relayed", "expanded"])
def test_a_report_of_success_is_nothing(action: str) -> None:
    told = understand(report(HEAD + about(status="2.0.0", action=action)))
    assert (told.shape, told.returns) == ("dsn", ())
    assert told.why == (f"Nothing failed: the report says that it was {action}.",)


def test_a_delay_is_soft_and_on_its_way() -> None:
    octets = report(HEAD + about(status="4.4.1", action="Delayed (four hours)"))
    assert found(octets) == [("soft", ANN)]
    assert only(octets).delayed
    assert not only(report(HEAD + about(status="4.4.1"))).delayed


def test_a_report_without_an_action_is_of_a_delay_if_its_text_says_so() -> None:
    fields = HEAD + about(status="5.1.1").replace("Action: failed\n", "")
    later = only(report(fields, text="It has been delayed; delivery attempts will continue."))
    assert (later.kind, later.delayed) == ("soft", True)
    assert not only(report(fields)).delayed
    # What the fields say counts more than what the text does.
    assert not only(report(HEAD + about(), text="It will be retried.")).delayed


def test_of_several_places_that_an_address_leads_to_the_best_one_counts() -> None:
    original = f"Original-Recipient: rfc822;{ANN}\n"
    full = original + about("a@far.example", "4.2.2")
    late = original + about("b@far.example", "4.4.1", action="delayed")
    for fields in (f"{full}\n\n{late}", f"{late}\n\n{full}"):
        assert only(report(HEAD + fields)).delayed


def test_words_before_a_semicolon_are_a_type_only_at_the_beginning() -> None:
    said = "550 no such user; it was closed"
    for written in (said, f"smtp; {said}", f"X-Unix ;{said}"):
        one = only(report(f"{HEAD}{about(status='5.0.0')}\nDiagnostic-Code: {written}"))
        assert (one.kind, one.diagnostic) == ("hard", said)


def test_a_report_inside_somebodys_mail_is_theirs() -> None:
    inner = report(HEAD + about()).decode()
    carried = letter(
        f"--f\n\nWhat is this?\n\n--f\nContent-Type: message/rfc822\n\n{inner}\n--f--\n",
        sender="Kim <kim@other.example>",
        subject="Fwd: Undelivered Mail",
        path=None,
        kind="multipart/mixed; boundary=f",
    )
    assert found(carried) == []
    loose = inner.replace("MAILER-DAEMON@mx.mail.example", "kim@other.example")
    loose = loose.replace("report; report-type=delivery-status", "mixed")
    assert found(loose.encode()) == []


def test_as_many_recipients_as_there_may_be() -> None:
    many = "\n\n".join(about(f"a{number}@mail.example") for number in range(100_000))
    told = understand(report(HEAD + many))
    assert len(told.returns) == len(told.why) == 1_000


def test_only_so_many_words_are_weighed() -> None:
    words = "\nDiagnostic-Code: smtp; 550 " + "user, " * 600
    many = "\n\n".join(about(f"a{number}@mail.example", "5.0.0") + words for number in range(120))
    assert 20 < len(understand(report(HEAD + many)).returns) < 60
