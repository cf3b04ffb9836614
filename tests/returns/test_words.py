"""Failures told in words: the shapes of the servers that write no report, or did not once."""

from pathlib import Path

import pytest

from bounced import ANN, MESSAGE_ID, ORIGINAL, PATH, TOKEN, found, letter, only
from digest.returns import understand
from digest.returns.parts import read_mail
from digest.returns.words import told

HARD, SOFT = [("hard", ANN)], [("soft", ANN)]
POSTFIX = (
    "This is the mail system at host relay.example.\n\n"
    "I'm sorry to have to inform you that your message could not\n"
    "be delivered to one or more recipients.\n\n                   The mail system\n\n<%s>: %s\n"
)
RECIPIENTS_FAILED = "Delivery to the following recipient failed permanently:\n\n     %s\n\n%s\n"


def qmail(said: str) -> str:
    return (
        "Hi. This is the qmail-send program at mx.mail.example.\n"
        "I'm afraid I wasn't able to deliver your message to the following addresses.\n"
        "This is a permanent error; I've given up. Sorry it didn't work out.\n\n"
        f"<{ANN}>:\n{said}\n\n--- Below this line is a copy of the message.\n\n{ORIGINAL}"
    )


def exim(said: str, *, to: str = ANN, original: str = ORIGINAL) -> str:
    return (
        "This message was created automatically by mail delivery software.\n\n"
        "A message that you sent could not be delivered to one or more of its\n"
        "recipients. This is a permanent error. The following address(es) failed:\n\n"
        f"  {to}\n    {said}\n\n"
        f"------ This is a copy of the message, including all the headers. ------\n\n{original}"
    )


def test_a_failure_in_words_has_the_proofs_too() -> None:
    one = only(letter(qmail("Sorry, no mailbox here by that name. (#5.1.1)")))
    assert (one.kind, one.recipient, one.status, one.reporter) == ("hard", ANN, "5.1.1", "text")
    assert (one.message_id, one.tokens, one.sent_to) == (MESSAGE_ID, (TOKEN,), (PATH,))
    assert one.at is not None


@pytest.mark.parametrize(
    ("said", "kind"),
    [
        ("Sorry, I couldn't find any host named mail.example. (#5.1.2)", "hard"),
        ("192.0.2.7 does not like recipient.\nRemote host said: 550 5.1.1 unknown user", "hard"),
        ("This address no longer accepts mail.", "hard"),
        ("CNAME lookup failed temporarily. (#4.4.3)\nI'm not going to try again.", "soft"),
        ("user is over quota", "soft"),
        ("Remote host said: 554 Client host [192.0.2.9] blocked using bl.example", "soft"),
        ("192.0.2.7 does not like recipient.\nGiving up on 192.0.2.7.", "soft"),
    ],
)
def test_qmail(said: str, kind: str) -> None:
    octets = letter(qmail(said), subject="failure notice")
    assert found(octets) == [(kind, ANN)]


@pytest.mark.parametrize(
    ("said", "kind"),
    [
        ("Unrouteable address", "hard"),
        ('unrouteable mail domain "mail.example"', "hard"),
        (f"SMTP error from remote mail server after RCPT TO:<{ANN}>:\n  550 no such user", "hard"),
        ("all relevant MX records point to non-existent hosts", "hard"),
        ("retry timeout exceeded", "soft"),
        ("mailbox is full (MTA-imposed quota exceeded while writing to file)", "soft"),
        ("host mx [192.0.2.1]: 550 This message was classified as SPAM", "soft"),
    ],
)  # fmt: skip
def test_exim_marks_its_bounces_as_answers(said: str, kind: str) -> None:
    marks = "Auto-Submitted: auto-replied\n"
    for more in (marks, f"{marks}X-Failed-Recipients: {ANN}\n"):
        octets = letter(exim(said), subject="Mail delivery failed", more=more)
        assert found(octets) == [(kind, ANN)]


def test_several_addresses_have_each_their_own_words() -> None:
    two = "user unknown\n<bo@mail.example>: mail forwarding loop for bo@mail.example"
    assert found(letter(POSTFIX % (ANN, two))) == [("hard", ANN), ("soft", "bo@mail.example")]


def test_whoever_has_their_mail_sent_on_is_the_one_we_wrote_to() -> None:
    text = exim(f"(generated from {ANN})\n    Unknown user", to="far@x.example", original="")
    more = "X-Failed-Recipients: far@x.example\n"
    assert found(letter(text, more=more)) == HARD
    expanded = f"far@x.example> (expanded from <{ANN}>)"
    assert found(letter(POSTFIX.replace("<%s>", "<%s") % (expanded, "unknown user"))) == HARD


@pytest.mark.parametrize(
    ("sender", "subject", "text", "kind"),
    [
        ("MAILER-DAEMON@mail.example", "Returned mail: see transcript for details",
         "   ----- The following addresses had permanent fatal errors -----\n<%s>\n"
         "    (reason: 550 5.1.1 <%s>... User unknown)\n\n"
         "   ----- Transcript of session follows -----\n>>> DATA\n<<< 503 5.0.0 Need RCPT\n",
         "hard"),
        ("MAILER-DAEMON@mail.example", "Returned mail: Host unknown",
         "   ----- Transcript of session follows -----\n550 5.1.2 <%s>... Host unknown\n", "hard"),
        ("MAILER-DAEMON@mail.example", "Returned mail: see transcript for details",
         "   ----- Transcript of session follows -----\n>>> RCPT To:<%s>\n"
         "<<< 550 5.7.1 Relaying denied\n550 5.1.1 <%s>... User unknown\n", "soft"),
        ("postmaster@mail.example", "Undeliverable: The daily",
         "Your message\n\n  To:      %s\n  Subject: The daily\n\n"
         "did not reach the following recipient(s):\n\n%s on Mon, 18 May 2026 07:00:01 +0000\n"
         "    The recipient name is not recognized\n", "hard"),
        ("postmaster@mail.example", "Undeliverable: The daily",
         "Delivery has failed to these recipients:\n\n%s<mailto:x>\n"
         "The recipient's e-mail address was not found in the recipient's e-mail system. Microsoft"
         " Exchange will not try to redeliver this message.\n\nGenerating server: ex.mail.example\n"
         "\n%s\n#550 5.1.1 RESOLVER.ADR.RecipNotFound; not found ##\n", "hard"),
        ("Postmaster@mail.example", "DELIVERY FAILURE: User ann not listed in Domino Directory",
         "Your message\n\n  Subject: The daily\n\nwas not delivered to:\n\n  %s\n\nbecause:\n\n"
         "  User ann (%s) not listed in Domino Directory\n", "hard"),
        ("postmaster@mail.example", "Undeliverable message",
         "------- Failure Reasons  --------\n\nUser not listed in public Name & Address Book\n%s\n"
         "\n------- Returned Message --------\n", "hard"),
        ("mailer-daemon@googlemail.example", "Delivery Status Notification (Failure)",
         "Delivery to the following recipient failed permanently:\n\n     %s\n\n"
         "The error that the other server returned was:\n550 5.1.1 no such user\n", "hard"),
        ("mailer-daemon@googlemail.example", "Delivery Status Notification (Delay)",
         "THIS IS A WARNING MESSAGE ONLY.\n\nDelivery to the following recipient has been delayed:"
         "\n\n     %s\n\nMessage will be retried for 2 more day(s)\n550 5.1.1 user unknown\n",
         "soft"),
        ("MAILER-DAEMON@yahoo.example", "Failure Notice",
         "Sorry, we were unable to deliver your message to the following address.\n\n<%s>:\n"
         "554: delivery error: dd This user doesn't have a mail.example account [0]\n", "hard"),
        ("postmaster@mail.example", "Delivery Status Notification (Failure)",
         "Delivery to the following recipients failed.\n\n       %s\n", "soft"),
        ("MDaemon@mail.example", "Permanent Delivery Failure",
         "The following addresses did NOT receive a copy of your message:\n\n> %s\n\n"
         "--- Session Transcript ---\n550 5.1.1 <%s>, Recipient unknown\n", "hard"),
        ("mailer-daemon@mail.example", "Message undeliverable: The daily",
         "The following recipient(s) could not be reached:\n\n%s\n   Error Type: SMTP\n"
         "   Remote server replied: 550 5.1.1 unknown user\n", "hard"),
        ("postmaster@mail.example", "Message Delivery Failure",
         "MailEnable: Message could not be delivered to some recipients.\n\n"
         "\tRecipient: [SMTP:%s]\n\tReason: The mailbox is disabled\n", "hard"),
        ("postmaster@mail.example", "Re: The daily",
         "Hi. This is the James mail server at mail.example.\nI'm afraid I wasn't able to deliver"
         " your message.\n\nFailed recipient(s):\n%s\n\nError message:\n550 - no such user\n",
         "hard"),
        ("postmaster@mail.example", "Mail failure",
         "We could not deliver your message to %s.\nPossible reasons: unknown user.\n", "soft"),
    ],
)  # fmt: skip
def test_other_servers(sender: str, subject: str, text: str, kind: str) -> None:
    octets = letter(text.replace("%s", ANN), sender=sender, subject=subject)
    assert found(octets) == [(kind, ANN)]


@pytest.mark.parametrize(
    ("subject", "text", "delayed"),
    [
        ("Delivery Status Notification (Delay)",
         "Delivery to the following recipient has been delayed:\n\n     %s\n\n"
         "Message will be retried for 2 more day(s)\n", True),
        ("Warning: message delayed 24 hours",
         "A message that you sent has not yet been delivered to one or more of its recipients"
         " after more than 24 hours on the queue.\n\n  %s\n    Delay reason: timed out\n\n"
         "No action is required on your part. Delivery attempts will continue.\n", True),
        ("Warning: could not send message for past 4 hours",
         "    **  THIS IS A WARNING MESSAGE ONLY  **\n\n   ----- Transient errors -----\n<%s>\n",
         True),
        ("Mail delivery failed",
         "The following address failed:\n\n  %s\n    retry timeout exceeded\n", False),
    ],
)  # fmt: skip
def test_a_warning_is_of_what_is_still_on_its_way(subject: str, text: str, delayed: bool) -> None:
    one = only(letter(text.replace("%s", ANN), subject=subject))
    assert (one.kind, one.recipient, one.delayed) == ("soft", ANN, delayed)


@pytest.mark.parametrize(
    ("name", "delayed"),
    [
        ("exim-warning-24-hours", True),
        ("gmail-rate-limited-delay", True),
        ("postfix-delayed", True),
        ("postfix-greylisted-delay", True),
        ("sendmail-warning-still-trying", True),
        ("yahoo-deferred-complaints", True),
        ("exim-retry-timeout", False),
        ("exchange-online-message-expired", False),
        ("postfix-dns-timeout-given-up", False),
    ],
)
def test_what_servers_give_up_is_told_from_what_they_try_again(name: str, delayed: bool) -> None:
    octets = (Path(__file__).parent / "messages" / f"{name}.eml").read_bytes()
    assert [each.delayed for each in understand(octets).returns] == [delayed]


def test_the_last_resort_knows_delays() -> None:
    text = (
        "This message was created automatically by mail delivery software.\nA message that you"
        " sent has not yet been delivered to:\n\n   at our site {} for some reason.\n"
    )
    one = only(letter(text.format(ANN), subject="Something"))
    assert (one.kind, one.recipient, one.delayed) == ("soft", ANN, True)


def test_idle_blanks_change_nothing() -> None:
    text = POSTFIX % (ANN, "550 user   unknown")
    wide = text.replace(" ", " " * 700).replace("\n", "\n" + " \t" * 700 + "\n")
    plain, spread = only(letter(text)), only(letter(wide))
    assert plain == spread
    words = told(read_mail(letter(wide))).words
    assert "  " not in words
    assert max(len(line) for line in words.split("\n")) <= 400


def test_html_alone_is_read_too() -> None:
    text = f"<style>p {{}}</style><p>Your message to <b>{ANN}</b> could not be delivered.</p>"
    octets = letter(text + "<p>The mailbox is full.</p>", kind="text/html")
    assert found(octets) == SOFT


def test_numbers_that_are_no_letters_are_left_out_of_html() -> None:
    text = f"<p>Your message to {ANN} could not be delivered.&#{'9' * 5_000};&#x{'f' * 5_000};</p>"
    assert found(letter(text, kind="text/html")) == SOFT


def test_where_our_mail_came_back_the_language_does_not_matter() -> None:
    text = "--m\nContent-Type: text/plain; charset=utf-8\n\nKunde inte nå brevlådan: 550 5.1.1\n\n"
    octets = letter(
        f"{text}--m\nContent-Type: message/rfc822\n\n{ORIGINAL}\n--m--\n",
        subject="Olevererbart",
        kind="multipart/mixed; boundary=m",
    )
    assert found(octets) == HARD


def test_the_last_resort_knows_shapes_that_we_do_not() -> None:
    text = (
        "Sorry, unable to deliver your message to\n\n"
        f"   at our site {ANN} for some reason.\n\nA copy of the original message is here:\n"
    )
    told = understand(letter(text, subject="Something", sender="MAILER-DAEMON@mail.example"))
    assert (told.shape, [each.recipient for each in told.returns]) == ("flufl", [ANN])


def test_addresses_of_the_report_itself_have_not_failed() -> None:
    text = f"Your message was rejected.\n\n<{PATH}@news.example.org>\n\n<{ANN}>: user unknown\n"
    assert found(letter(text)) == HARD


def test_our_own_mails_words_are_not_the_servers() -> None:
    # It says 550 and 5.1.1, and has an address: not the server's words.
    assert (
        found(letter(RECIPIENTS_FAILED % (ANN, "--- Original message ---\n\n" + ORIGINAL))) == SOFT
    )
