"""What standards and mailbox providers demand of whoever reads bounces and complaints.

Clause by clause, from a whole mail to what is acted on; the fine print of each is in the other
tests of this folder.
"""

import json
from pathlib import Path

import pytest

from bounced import ANN, MESSAGE_ID, ORIGINAL, TOKEN, US, about, found, letter, only, report
from digest.errors import BadToken
from digest.model.people import ReturnKind
from digest.render.links import Links
from digest.returns import kind_of, understand

HEAD = "Reporting-MTA: dns; mx.mail.example\n\n"
HARD, SOFT = [("hard", ANN)], [("soft", ANN)]
LINKS = Links("https://news.example.org", b"k" * 32, return_mailbox="bounces@news.example.org")
MESSAGES = Path(__file__).parent / "messages"


def said(status: str, diagnostic: str = "", *, action: str = "failed") -> list[tuple[str, str]]:
    """What a report with one recipient comes to."""
    fields = HEAD + about(status=status, action=action)
    return found(report(f"{fields}\nDiagnostic-Code: smtp; {diagnostic}" if diagnostic else fields))


def arf(kind: str, *, original: str = ORIGINAL) -> bytes:
    return report(
        f"Feedback-Type: {kind}\nUser-Agent: Loop/1\nVersion: 1\n",
        status_kind="message/feedback-report",
        report_type="feedback-report",
        original=original,
    )


# ---------------------------------------------------------------- status and reports


def test_the_first_digit_of_a_status_is_success_or_the_moment_or_for_good() -> None:
    # RFC 3463 §2.
    assert said("2.1.5") == []
    assert said("4.1.1", "450 4.1.1 user unknown") == SOFT
    assert said("5.1.1") == HARD


def test_each_recipient_of_a_report_has_a_block_of_fields() -> None:
    # RFC 3464 §2.3.
    fields = f"{HEAD}{about()}\n\n{about('bo@mail.example', '5.2.2')}"
    assert found(report(fields)) == [("hard", ANN), ("soft", "bo@mail.example")]


def test_folded_fields_are_unfolded() -> None:
    folded = f"{HEAD}Final-Recipient: rfc822;\n {ANN}\nAction:\n\tfailed\nStatus:\n 5.0.0\n"
    one = only(report(f"{folded}Diagnostic-Code: smtp;\n 550-5.1.1 user\n\tunknown"))
    assert (one.kind, one.recipient, one.diagnostic) == ("hard", ANN, "550-5.1.1 user unknown")


def test_comments_in_fields_are_no_part_of_them() -> None:
    fields = about(f"(whoever) {ANN}", "5.1.1 (gone)", action="failed (for good)")
    assert found(report(HEAD + fields)) == HARD


def test_the_case_of_fields_and_values_says_nothing() -> None:
    fields = about(action="FAILED").replace("Final-Recipient: rfc822", "FINAL-RECIPIENT: RFC822")
    assert found(report(HEAD + fields.replace("Status", "status"))) == HARD


def test_reports_about_addresses_beyond_ascii_are_read() -> None:
    # RFC 6533 §3: utf-8-addr-xtext and utf-8-addr-unitext.
    for written in ("J\\x{F6}rg@mail.example", "Jörg@mail.example"):
        fields = f"{HEAD}Final-Recipient: utf-8; {written}\nAction: failed\nStatus: 5.1.1"
        octets = report(fields, status_kind="message/global-delivery-status", original="")
        assert found(octets) == [("hard", "Jörg@mail.example")]


@pytest.mark.parametrize("action", ["delivered", "relayed", "expanded"])
def test_what_was_delivered_or_sent_on_is_no_failure(action: str) -> None:
    assert said("5.1.1", "550 user unknown", action=action) == []


def test_what_is_only_delayed_is_soft_and_on_its_way() -> None:
    one = only(report(HEAD + about(status="4.4.1", action="delayed")))
    assert (one.kind, one.delayed) == (ReturnKind.SOFT, True)
    given_up = only(report(HEAD + about(status="4.4.7")))
    assert (given_up.kind, given_up.delayed) == (ReturnKind.SOFT, False)


def test_the_diagnostic_is_taken_where_the_status_is_generic() -> None:
    one = only(report(f"{HEAD}{about(status='5.0.0')}\nDiagnostic-Code: smtp; 550 5.1.1 no"))
    assert (one.kind, one.status) == (ReturnKind.HARD, "5.1.1")
    assert said("5.0.0") == SOFT


def test_the_original_recipient_is_the_subscriber() -> None:
    fields = f"Original-Recipient: rfc822;{ANN}\n{about('elsewhere@far.example')}"
    assert found(report(HEAD + fields, original="")) == HARD


# ---------------------------------------------------------------- hard is said only when certain


def test_a_mailbox_that_is_inactive_is_gone_and_a_busy_one_is_not() -> None:
    tried = "The email account that you tried to reach is inactive."
    busy = "The user is receiving mail at a rate that prevents additional messages."
    assert said("5.2.1", f"550 5.2.1 {tried}") == HARD
    assert said("5.2.1", f"550 5.2.1 {busy}") == SOFT


@pytest.mark.parametrize(
    "status", ["5.2.2", "5.3.4", "5.7.1", "5.7.26", "5.7.133", "5.7.515", "5.7.999"]
)
def test_a_full_mailbox_a_large_mail_and_every_matter_of_policy_are_soft(status: str) -> None:
    assert said(status) == SOFT
    assert said(status, f"550 {status} user unknown") == SOFT
    assert said("5.0.0", f"550 {status} rejected") == SOFT
    assert said("5.1.1", f"550 {status} rejected") == SOFT


def test_not_every_permanent_failure_is_a_mailbox_that_is_gone() -> None:
    """Of the messages of this folder with a 5 in their status, nearly half are soft."""
    rows = json.loads((MESSAGES / "expected.json").read_text("utf-8"))
    told = [
        each
        for name in rows
        for each in understand((MESSAGES / name).read_bytes()).returns
        if each.status.startswith("5")
    ]
    soft = [each for each in told if each.kind is ReturnKind.SOFT]
    assert len(told) >= 30
    assert 0.3 < len(soft) / len(told) < 0.7


# ---------------------------------------------------------------- complaints


@pytest.mark.parametrize("kind", ["abuse", "opt-out", "fraud"])
def test_who_called_it_spam_has_complained(kind: str) -> None:
    # RFC 5965 §7.3.
    assert found(arf(kind)) == [("complaint", ANN)]


@pytest.mark.parametrize("kind", ["auth-failure", "not-spam"])
def test_reports_that_no_person_wrote_are_no_complaints(kind: str) -> None:
    assert found(arf(kind)) == []


def test_a_complaint_with_all_names_blacked_out_has_the_message_id_and_the_token() -> None:
    blacked = ORIGINAL.replace(f"To: {ANN}", "To: [redacted]").replace(US, "x@redacted.example")
    one = only(arf("abuse", original=blacked))
    assert (one.recipient, one.message_id, one.tokens) == ("", MESSAGE_ID, (TOKEN,))
    # Each of the two is enough.
    for gone, left in (("Message-ID", "tokens"), ("List-Unsubscribe", "message_id")):
        one = only(arf("abuse", original=blacked.replace(f"{gone}:", "X-Gone:")))
        assert getattr(one, left)


def test_junk_reports_of_microsoft_are_complaints_and_not_arf() -> None:
    octets = letter(
        "--j\nContent-Type: message/rfc822\n\n"
        f"X-HmXmrOriginalRecipient: {ANN}\n{ORIGINAL}\n--j--\n",
        sender="staff@junk.example",
        subject="complaint about message from 192.0.2.10",
        path="staff@junk.example",
        kind="multipart/mixed; boundary=j",
    )
    assert found(octets) == [("complaint", ANN)]
    assert understand(octets).shape == "jmrp"


# ---------------------------------------------------------------- what is no bounce


def test_bounces_of_exim_are_bounces_though_they_call_themselves_answers() -> None:
    text = (
        "A message that you sent could not be delivered to one or more of its recipients.\n"
        f"The following address(es) failed:\n\n  {ANN}\n    Unrouteable address\n"
    )
    octets = letter(text, subject="Mail delivery failed", more="Auto-Submitted: auto-replied\n")
    assert found(octets) == HARD


def test_notes_of_absence_are_no_bounces() -> None:
    # RFC 3834 §5.
    octets = letter(
        f"I am away. Your message was not delivered to me; ask\n{ANN}\n",
        sender="Kim <kim@other.example>",
        subject="Automatic reply: The daily",
        more="Auto-Submitted: auto-replied\n",
    )
    assert (found(octets), understand(octets).shape) == ([], "auto-reply")


def test_receipts_are_no_bounces() -> None:
    octets = report(
        f"Final-Recipient: rfc822; {ANN}\nDisposition: manual-action/MDN-sent-manually; displayed",
        status_kind="message/disposition-notification",
        report_type="disposition-notification",
    )
    assert (found(octets), understand(octets).shape) == ([], "receipt")


def test_people_who_quote_a_bounce_are_no_bounces() -> None:
    inner = report(HEAD + about()).decode()
    quoted = "\n".join(f"> {line}" for line in inner.split("\n"))
    for text, kind in (
        (f"What is this?\n\n{quoted}", "text/plain"),
        (f"--f\n\nWhat?\n\n--f\nContent-Type: message/rfc822\n\n{inner}\n--f--\n",
         "multipart/mixed; boundary=f"),
    ):  # fmt: skip
        octets = letter(
            text,
            sender="Kim <kim@other.example>",
            subject="Fwd: Undelivered Mail Returned to Sender",
            path="kim@other.example",
            kind=kind,
        )
        assert found(octets) == []


def test_newsletters_about_bounces_are_no_bounces() -> None:
    octets = letter(
        f"Why mail bounces. <{ANN}>: 550 5.1.1 user unknown is how it begins.",
        sender="Mail Weekly <postmaster@lists.example>",
        subject="Undelivered Mail Returned to Sender: what it means",
        more="List-Id: <weekly.lists.example>\nList-Unsubscribe: <mailto:x@lists.example>\n",
    )
    assert found(octets) == []


def test_a_mail_that_asks_to_leave_is_that_and_no_bounce() -> None:
    octets = letter(
        "", sender="Kim <kim@other.example>", subject=f"leave {TOKEN}", path="kim@other.example"
    )
    one = only(octets)
    assert (one.kind, one.tokens, one.recipient) == (ReturnKind.LEAVE, (TOKEN,), "")


# ---------------------------------------------------------------- whose it is, and who reads it


def test_the_signed_return_path_says_who_it_was_where_the_report_names_nobody() -> None:
    mark = LINKS.delivery_mark("daily@2026-05-18T0700")
    path = LINKS.return_path("daily@2026-05-18T0700", 17)
    fields = HEAD + about().replace(ANN, "[redacted]@mail.example")
    one = only(report(fields, original="").replace(US.encode(), path.encode()))
    assert [LINKS.read_return(local) for local in one.sent_to] == [(17, mark)]


def test_a_forged_return_path_proves_nothing() -> None:
    one = only(report(HEAD + about()))
    for local in one.sent_to:
        with pytest.raises(BadToken):
            LINKS.read_return(local)


def test_our_own_reading_comes_first_and_the_last_resort_after_it() -> None:
    assert understand(report(HEAD + about())).shape == "dsn"
    assert understand(letter(f"<{ANN}>: 550 5.1.1 user unknown")).shape == "text"
    odd = f"Sorry, unable to deliver your message to\n\n   at our site {ANN} for some reason.\n"
    told = understand(letter(f"{odd}\nA copy of the original message is here:\n", subject="It"))
    assert (told.shape, [each.recipient for each in told.returns]) == ("flufl", [ANN])


def test_an_error_of_the_last_resort_is_nobody_who_failed() -> None:
    # Its reader of Exchange's reports trips over an encoding that does not exist.
    octets = letter(
        "--q\nContent-Type: text/plain; charset=x\nContent-Description: Notification\n\n"
        "the postfix \xff\n--q--\n",
        kind="multipart/mixed; boundary=q",
    )
    assert understand(octets).returns == ()


def test_a_refusal_while_sending_is_judged_by_the_same_rule() -> None:
    assert kind_of("", "5.1.1 no such mailbox", code=550) is ReturnKind.HARD
    assert kind_of("", "5.7.1 blocked", code=550) is ReturnKind.SOFT
    assert kind_of("", "5.2.2 mailbox full", code=552) is ReturnKind.SOFT
