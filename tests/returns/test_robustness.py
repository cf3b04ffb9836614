"""Any octets at all have an answer, in time linear in what is looked at."""

import time
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bounced import ANN, ORIGINAL, TOKEN, about, letter, report
from digest.addresses import LONGEST
from digest.returns import Understood, understand
from digest.returns.parts import read_mail
from make import PATIENCE_S

SEEDS = [
    report(f"Reporting-MTA: dns; x\n\n{about()}\n\n{about('bo@mail.example', '5.2.2')}"),
    report("Feedback-Type: abuse", status_kind="message/feedback-report"),
    letter(f"<{ANN}>: 550 user unknown\n\n--- Below this line is a copy.\n\n{ORIGINAL}"),
    letter("", sender="kim@other.example", subject=f"leave {TOKEN}", path=None),
    *(
        path.read_bytes()
        for path in sorted((Path(__file__).parent / "messages").glob("*.eml"))[::8]
    ),
]
SPLINTERS = [
    b"\n", b"\r\n", b"\x00", b"\xff\xfe", b"--", b"<", b"@", b"=", b";", b"5.1.1",
    b"Content-Type: multipart/mixed; boundary=x\n\n--x\n", b"Content-Transfer-Encoding: base64\n",
    b"charset=utf-7", b"charset=utf-16", b"=?utf-8?q?=", b"\\x{110000}", b"Status: ", b"(" * 40,
    b"Date: Mon, 99 May 99999 99:99:99 +9999\n", b"Final-Recipient: rfc822;",
]  # fmt: skip


def sound(told: Understood) -> None:
    assert len(told.why) == max(1, len(told.returns))
    for each in told.returns:
        assert len(each.diagnostic) <= 500
        assert len(each.recipient) <= LONGEST
        text = "".join((each.recipient, each.diagnostic, each.message_id, *each.tokens))
        assert not set(text) & set("\r\n\0")
        assert text.encode("utf-8")


@settings(max_examples=40)
@given(st.data())
def test_damaged_mails_are_understood_or_not_but_never_an_error(data: st.DataObject) -> None:
    octets = bytearray(data.draw(st.sampled_from(SEEDS)))
    for _ in range(data.draw(st.integers(1, 8))):
        at = data.draw(st.integers(0, len(octets)))
        cut = data.draw(st.sampled_from([0, 0, 1, 7, 300]))
        octets[at : at + cut] = data.draw(st.sampled_from(SPLINTERS) | st.binary(max_size=6))
    sound(understand(bytes(octets)))


@settings(max_examples=40)
@given(st.binary(max_size=600))
def test_any_octets_have_an_answer(octets: bytes) -> None:
    sound(understand(octets))
    assert understand(octets) == understand(octets)


HEAD = b"Return-Path: <>\nFrom: MAILER-DAEMON@x.example\nSubject: failure notice\n"
PARTS = HEAD + b'Content-Type: multipart/report; report-type=delivery-status; boundary="b"\n\n'


@pytest.mark.parametrize(
    "octets",
    [
        b"",
        b"a" * 5_000_000,
        HEAD + b"\n" + b"a@" * 2_500_000,
        HEAD + b"\n" + b"a@b.example \n" * 400_000,
        HEAD + b"\n" + b"(expanded from " * 300_000,
        HEAD + b"\n<a@b.example>: 550 " + b"recipient address of mailbox user " * 100_000,
        HEAD + b"Content-Type: text/html\n\n" + b"<style" * 500_000,
        HEAD + b"Content-Type: text/html\n\n" + b"<p " * 1_000_000,
        HEAD + b"Subject: " + b"=?utf-8?b?" * 100_000 + b"\n\n",
        HEAD + b"X-Failed-Recipients: " + b"a@b.example," * 300_000 + b"\n\nfailed",
        HEAD + b"X: y\n" * 500_000,
        PARTS + b"--b\n\nx\n" * 100_000,
        PARTS + b"--b\nContent-Type: message/delivery-status\n\n" + b"Status: 5.1.1\n" * 300_000,
        b"Subject: unsubscribe\n\n" + b"leave " * 500_000,
        b"".join(
            b'Content-Type: multipart/mixed; boundary="b%d"\n\n--b%d\n' % (n, n)
            for n in range(20_000)
        ),
    ],
)
def test_enormous_mails_end(octets: bytes) -> None:
    sound(understand(octets))


#: Each tempts some pattern to try the same place again and again.
RUNS = (
    *(" ", "\t", ".", '"', "'", "<", "<>", ":", ";", "=", "(", "()", ",", "-", "*", "@", "+", "_"),
    *("0", "5.", "5.1.", "550 ", "a", "a ", "a, ", "a@", "a@b.example ", "=?", "=?x?q?a?= ", "&#9"),
    *("<p ", "</", "user, ", "user a, ", "unknown ", "adresse(", "no such local ", "smtp=", "to a"),
    *("recipient ", "(expanded from ", "leave_", "will a ", "delivery to ", "your mail ", "rcpt="),
)
WIDE = 64_000


def _lines(run: str, width: int, *, begin: str = "", end: str = "") -> str:
    line = begin + (run * width)[:width] + end + "\n"
    return line * (WIDE // len(line) + 1)


def _one(run: str) -> str:
    return (run * WIDE)[:WIDE]


def _in_text(run: str) -> str:
    return f"failed\n{_lines(run, 1_900)}{_lines(run, 350, begin='550 ', end=' x')}"


def _in_diagnostics(run: str) -> str:
    blocks = WIDE // 3_900 + 1
    return "\n\n".join(
        about(f"a{number}@mail.example", "5.0.0")
        + f"\nDiagnostic-Code: x{_lines(run, 3_900)[:3_900]}"
        for number in range(blocks)
    )


ENORMOUS: dict[str, Callable[[str], bytes]] = {
    "lines": lambda run: letter(_in_text(run)),
    "one line": lambda run: letter(f"failed {_one(run)}"),
    "HTML": lambda run: letter(f"failed {_one(run)}\n{_in_text(run)}", kind="text/html"),
    "fields": lambda run: letter("failed", more=_lines(run, 1_900, begin="Received: ")),
    "subject": lambda run: letter("failed", subject=f"leave{_one(run)[:8_000]}"),
    "sender": lambda run: letter("failed", sender=_one(run)[:8_000]),
    "failed": lambda run: letter("x", more=f"X-Failed-Recipients: {_one(run)[:8_000]}\n"),
    "type": lambda run: letter("failed", kind=f"multipart/mixed; {_one(run)[:8_000]}"),
    "report": lambda run: report(f"{about()}\n{_one(run)}"),
    "recipients": lambda run: report(
        "\n\n".join(about(f"{(run * 400)[:400]}{number}") for number in range(WIDE // 450))
    ),
    "diagnostics": lambda run: report(_in_diagnostics(run)),
    "complaint": lambda run: report(
        f"Feedback-Type: abuse\n{_lines(run, 900, begin='Original-Rcpt-To: ')}",
        status_kind="message/feedback-report",
        report_type="feedback-report",
    ),
    "returned": lambda run: report(about(), original=f"{ORIGINAL}\n{_one(run)}\n{_in_text(run)}"),
    "wish": lambda run: letter(_in_text(run), sender="k@x.example", subject="leave", path=None),
}


@pytest.mark.parametrize("place", ENORMOUS)
def test_long_runs_of_anything_cost_what_they_are_long(place: str) -> None:
    """Thirty lines of blanks alone once took longer than all of these together may."""
    start = time.process_time()
    for run in RUNS:
        sound(understand(ENORMOUS[place](run)))
    assert time.process_time() - start < PATIENCE_S


def test_parts_and_depth_are_bounded() -> None:
    assert len(read_mail(PARTS + b"--b\n\nx\n" * 10_000).parts) <= 100
    nested = b"".join(
        b'Content-Type: multipart/mixed; boundary="%d"\n\n--%d\n' % (n, n) for n in range(50)
    )
    assert len(read_mail(nested + b"\ntext").parts) == 1


def test_what_is_logged_by_the_last_resort_is_nothing(caplog: pytest.LogCaptureFixture) -> None:
    odd = HEAD + b"Content-Type: multipart/mixed; boundary=q\n\n--q\nContent-Type: text/plain;"
    understand(odd + b" charset=x\nContent-Description: Notification\n\nthe postfix \xff\n--q--\n")
    assert caplog.records == []
