"""What a failure means: hard only when it is certain."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from digest.model.people import ReturnKind
from digest.returns.kinds import judged, kind_of, telling_status

HARD, SOFT = ReturnKind.HARD, ReturnKind.SOFT


@pytest.mark.parametrize(
    ("status", "said"),
    [
        ("5.1.1", ""),
        ("5.1.1", "smtp; 550 5.1.1 <ann@mail.example> User unknown"),
        ("5.0.0", "smtp; 550 5.1.1 User unknown in relay recipient table"),
        ("5.1.0", "5.1.0 - Unknown address error 550-'5.1.1 no such user'"),
        ("", "550-5.1.1 The email account that you tried to reach does not exist. Please try\n"
             "550-5.1.1 double-checking the address"),
        ("5.1.2", "550 Host unknown"),
        ("5.1.2", "DNS Hard Error looking up mail.example (MX): NXDomain"),
        ("5.1.10", "550 5.1.10 RESOLVER.ADR.RecipientNotFound; not found by address lookup"),
        ("5.4.4", "Host or domain name not found. Name service error for name=mail.example type=A:"
                  " Host not found"),
        ("5.1.0", "Domain mail.example does not accept mail (nullMX)"),
        ("5.2.1", "550 5.2.1 The email account that you tried to reach is inactive"),
        ("5.2.1", "550 5.2.1 This mailbox has been blocked due to inactivity"),
        ("5.2.1", "550 5.2.1 The email account that you tried to reach is disabled."),
        ("5.5.0", "550 5.5.0 Requested action not taken: mailbox unavailable"),
        ("5.0.0", "554 delivery error: dd This user doesn't have a mail.example account [0]"),
        ("", "552 1 Requested mail action aborted, mailbox not found"),
        ("", "This mailbox is disabled (554.30)"),
        ("", "User ann (ann@mail.example) not listed in Domino Directory"),
        ("", "Unrouteable address"),
        ("", "Sorry, no mailbox here by that name."),
        ("", "550 unknown local part ann in <ann@mail.example>"),
        ("", "550 No such a user here"),
        ("", "Empfänger unbekannt"),
        ("", "该用户不存在"),
    ],
)  # fmt: skip
def test_there_is_no_such_mailbox(status: str, said: str) -> None:
    assert kind_of(status, said, action="failed") is HARD


@pytest.mark.parametrize(
    ("status", "said"),
    [
        ("5.0.0", ""),
        ("5.2.1", ""),
        ("5.2.1", "550 5.2.1 The user you are trying to contact is receiving mail at a rate that"
                  " prevents additional messages from being delivered."),
        ("5.2.1", "550 5.2.1 mailbox temporarily disabled"),
        ("5.2.2", "552 5.2.2 over quota and inactive"),
        ("5.1.1", "User is over quota"),
        ("5.3.4", "message too big"),
        ("5.7.1", "550 5.7.1 user unknown"),
        ("5.1.1", "550 5.7.1 rejected"),
        ("5.1.1", "554 blocked by our policy"),
        ("5.7.26", "550 5.7.26 this mail has been blocked because the sender is unauthenticated"),
        ("", "550 5.7.515 Access denied, sending domain does not meet the required level"),
        ("5.4.1", "550 5.4.1 Recipient address rejected: Access denied"),
        ("5.1.8", "550 5.1.8 <daily@news.example>: Sender address rejected: Domain not found"),
        ("", "550 <mx.news.example>: Helo command rejected: Host not found"),
        ("", "550-Sender verify failed 550 no such user"),
        ("", "554 5.7.1 <ann@mail.example>: Relay access denied"),
        ("5.3.0", "5.1.0 - Unknown address error 554-'5.7.1 You are not welcome'"),
        ("5.1.1", "450 4.1.1 unverified address: user unknown"),
        ("4.4.7", "550 4.4.7 message expired; user unknown"),
        ("4.4.3", "Host or domain name not found. Host not found, try again"),
        ("5.4.4", "Name service error for name=mail.example type=A: Host found but no data record"),
        ("5.0.0", "'mx' lookup of mail.example responded with code NOERROR 'a' lookup of"
                  " mx.mail.example. responded with code NXDOMAIN"),
        ("", "550 #5.1.0 Address rejected."),
        ("", "550 Mailbox unavailable"),
        ("", "The address couldn't be found, or is unable to receive mail."),
        ("", "Possible reasons: unknown user, or the network is down"),
        ("", "The recipient's address may be unknown"),
        ("", "550 account suspended"),
        ("", "550"),
        ("5.1.351", "unknown recipient or mailbox unavailable -> 550 5.7.1 no"),
    ],
)  # fmt: skip
def test_the_mailbox_may_well_be_there(status: str, said: str) -> None:
    assert kind_of(status, said, action="failed") is SOFT


@pytest.mark.parametrize("action", ["delivered", "relayed", "expanded", "Relayed (to a fax)"])
def test_what_arrived_is_no_failure(action: str) -> None:
    assert kind_of("5.1.1", "550 5.1.1 user unknown", action=action) is None


def test_a_success_is_no_failure() -> None:
    assert kind_of("2.1.5", "250 2.1.5 ok") is None
    assert kind_of("", "250 accepted", code=250) is None


def test_what_is_delayed_is_soft_whatever_it_says() -> None:
    assert kind_of("5.1.1", "user unknown", action="delayed") is SOFT


@pytest.mark.parametrize(
    ("code", "said", "kind"),
    [
        (550, "5.1.1 no such mailbox", HARD),
        (550, "Requested action not taken: mailbox unavailable", HARD),
        (553, "Requested action not taken: mailbox unavailable", SOFT),
        (550, "5.7.1 blocked", SOFT),
        (554, "Transaction failed", SOFT),
        (552, "mailbox full", SOFT),
        (450, "user unknown", SOFT),
        (530, "5.7.0 authentication required", SOFT),
    ],
)
def test_a_reply_at_send_time_is_the_same_event(code: int, said: str, kind: ReturnKind) -> None:
    assert kind_of("", said, code=code) is kind


def test_an_ip_address_is_no_status() -> None:
    assert kind_of("5.0.0", "550 host 5.1.1.2 said no") is SOFT


def test_the_code_that_says_most_is_told() -> None:
    assert telling_status("5.0.0", "smtp; 550 5.1.1 no") == "5.1.1"
    assert telling_status("5.2.1 (inactive)", "550 5.1.1") == "5.2.1"


@settings(max_examples=40)
@given(st.text(max_size=300), st.text(max_size=300), st.integers(0, 999), st.text(max_size=20))
def test_any_words_have_a_verdict_and_a_reason(
    status: str, said: str, code: int, action: str
) -> None:
    assert judged(status, said, code=code, action=action).why


@settings(max_examples=40)
@given(st.text(max_size=60))
def test_no_words_make_a_matter_of_policy_hard(said: str) -> None:
    assert kind_of("5.7.1", f"user unknown {said}") is not HARD
    assert kind_of("5.2.2", f"{said} no such user") is not HARD
