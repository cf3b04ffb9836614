"""What comes to such a mailbox and is nothing to act on."""

import pytest

from bounced import ANN, about, letter, report
from digest.returns import understand

BOUNCE = (
    "This is the mail system at host relay.example.\n\n"
    f"<{ANN}>: host mx.mail.example said: 550 5.1.1 user unknown\n"
)
KIM = "Kim <kim@other.example>"


@pytest.mark.parametrize(
    ("subject", "more", "text"),
    [
        ("Out of office: The daily", "Auto-Submitted: auto-replied\n",
         "I am away. Your message was not delivered to me; write to\nbo@mail.example"),
        ("Thanks", "Auto-Submitted: auto-replied\nPrecedence: bulk\n",
         "I left the company; failed mails go to\nbo@mail.example\n"),
        ("Gone fishing", "",
         "My mailbox is full and your message was not delivered. Write to\nbo@mail.example\n"),
        ("Abwesenheitsnotiz: unzustellbar", "X-Autoreply: yes\n", "550 5.1.1\nbo@mail.example"),
        ("Please confirm your message", "Auto-Submitted: auto-replied\n",
         f"Your message to {ANN} could not be delivered until you click."),
        ("Automatic reply: The daily", "", "This mailbox does not exist any more."),
    ],
)  # fmt: skip
def test_notes_of_absence_are_no_bounces(subject: str, more: str, text: str) -> None:
    for path in ("", "kim@other.example", None):
        octets = letter(text, sender=KIM, subject=subject, more=more, path=path)
        assert understand(octets).returns == ()


def test_a_marked_answer_is_called_one() -> None:
    octets = letter("Away.", sender=KIM, subject="Hi", more="Auto-Submitted: auto-replied\n")
    assert understand(octets).shape == "auto-reply"


@pytest.mark.parametrize(
    ("sender", "subject", "more", "path", "text"),
    [
        (KIM, "Fwd: Undelivered Mail Returned to Sender", "", None, f"see:\n\n{BOUNCE}"),
        (KIM, "Re: Delivery Status Notification (Failure)", "", "kim@other.example", BOUNCE),
        (KIM, "Undelivered mail from you?", "", None,
         "I tried to write to bo@mail.example and it failed with 550 5.1.1 user unknown.\nKim"),
        (KIM, "Undelivered mail", "User-Agent: Post/1\n", None, BOUNCE),
        (KIM, "Mail delivery failed: what now?", "", "news-bounce@other.example", BOUNCE),
        (KIM, "Undeliverable!", "List-Id: <x.example>\n", "", BOUNCE),
        ("postmaster@lists.example", "Digest", "List-Post: <mailto:x@lists.example>\n", "", BOUNCE),
        ("reports@relay.example", "Delivery report of the week", "", None, BOUNCE),
        ("Postmaster <postmaster@other.example>", "Your newsletter", "", "postmaster@other.example",
         f"Please stop. Mail to {ANN} will be rejected from June.\nhelp@mail.example"),
        ("postmaster@mail.example", "Message quarantined", "", "", "It has been quarantined."),
        ("list-bounces@mail.example", "Your message awaits approval", "", "",
         "Your mail to 'list' is being held until the moderator can review it.\n"),
        ("postmaster@mail.example", "Delivered: The daily", "", "",
         f"Your message was delivered to the following recipients:\n\n  {ANN}\n"),
        ("Mail Delivery System <noreply@evil.example>", "Undelivered Mail", "", None,
         "You have 3 undelivered mails for kim@news.example.org. Click here."),
        ("MAILER-DAEMON@mx.mail.example", "Re: hello", "", "", f"> <{ANN}>: 550 user unknown\n"),
    ],
)  # fmt: skip
def test_people_lists_and_deceivers_are_no_mail_servers(
    sender: str, subject: str, more: str, path: str | None, text: str
) -> None:
    octets = letter(text, sender=sender, subject=subject, more=more, path=path)
    assert understand(octets).returns == ()


def test_a_read_receipt_is_no_bounce() -> None:
    fields = f"Final-Recipient: rfc822; {ANN}\nDisposition: automatic-action; deleted"
    octets = report(
        fields,
        text="Your message was deleted without being read. It failed to interest.",
        status_kind="message/disposition-notification",
        report_type="disposition-notification",
    )
    assert (understand(octets).shape, understand(octets).returns) == ("receipt", ())


def test_a_rejection_that_is_dressed_as_a_receipt_is_one() -> None:
    octets = report(
        f"Final-Recipient: rfc822; {ANN}\nDisposition: automatic-action; deleted",
        text=f"Your message to <{ANN}> was automatically rejected:\nQuota exceeded",
        status_kind="message/disposition-notification",
        report_type="disposition-notification",
    )
    assert [(str(each.kind), each.recipient) for each in understand(octets).returns] == [
        ("soft", ANN)
    ]


def test_reports_of_other_kinds_are_none() -> None:
    octets = report(about(), status_kind="application/tlsrpt+gzip", report_type="tlsrpt")
    assert understand(octets).returns == ()
