"""Mails that come back, written as mail servers write them: for the tests of `returns`."""

from digest.model.people import Return
from digest.returns import understand

ANN = "ann@mail.example"
#: Where bounces go: the path that says whose it is.
PATH = "bounces+mzxw6ytboi2dkmzqgeztknzzgu3tmnbr"
US = f"{PATH}@news.example.org"
TOKEN = "Q" * 20 + "b-_9" + "x" * 24
MESSAGE_ID = "<daily.2026-05-18T0700.17.0123456789ab@news.example.org>"

#: Our own mail, as it is returned.
ORIGINAL = f"""Return-Path: <{US}>
Message-ID: {MESSAGE_ID}
From: Daily <daily@news.example.org>
To: {ANN}
Subject: The daily
List-Unsubscribe: <https://news.example.org/leave/{TOKEN}>,
 <mailto:leave@news.example.org?subject=leave%20{TOKEN}>

The council meets. Mailbox 12 stays; 550 people came, and 5.1.1 of them left.
"""


def letter(
    text: str,
    *,
    sender: str = "MAILER-DAEMON@mx.mail.example",
    subject: str = "Undelivered Mail Returned to Sender",
    path: str | None = "",
    more: str = "",
    kind: str = "text/plain",
) -> bytes:
    """A mail in words; *path* is its return path, None for a mail without one."""
    returned = "" if path is None else f"Return-Path: <{path}>\n"
    return (
        f"{returned}From: {sender}\nTo: {US}\nSubject: {subject}\n{more}MIME-Version: 1.0\n"
        f"Date: Mon, 18 May 2026 07:00:31 +0000\n"
        f"Content-Type: {kind}; charset=utf-8\n\n{text}"
    ).encode()


def report(
    fields: str,
    *,
    text: str = "The mail system tells you something.",
    status_kind: str = "message/delivery-status",
    original: str = ORIGINAL,
    report_type: str = "delivery-status",
) -> bytes:
    """A multipart/report with these fields."""
    return (
        f"From: MAILER-DAEMON@mx.mail.example\nTo: {US}\n"
        "Subject: Delivery Status Notification (Failure)\n"
        "Date: Mon, 18 May 2026 07:00:31 +0000\nMIME-Version: 1.0\n"
        f'Content-Type: multipart/report; report-type={report_type}; boundary="xx"\n\n'
        f"--xx\nContent-Type: text/plain\n\n{text}\n\n"
        f"--xx\nContent-Type: {status_kind}\n\n{fields}\n\n"
        f"--xx\nContent-Type: message/rfc822\n\n{original}\n--xx--\n"
    ).encode()


def about(recipient: str = ANN, status: str = "5.1.1", *, action: str = "failed") -> str:
    """The fields of one recipient."""
    return f"Final-Recipient: rfc822; {recipient}\nAction: {action}\nStatus: {status}"


def found(octets: bytes) -> list[tuple[str, str]]:
    """What is acted on: (kind, recipient), sorted."""
    return sorted((str(each.kind), each.recipient) for each in understand(octets).returns)


def only(octets: bytes) -> Return:
    """The one return of a mail that has one."""
    (one,) = understand(octets).returns
    return one
