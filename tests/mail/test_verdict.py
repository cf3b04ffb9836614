import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.errors import Deferred, MailError, Refused, RelayDown, Unfit
from digest.mail.verdict import about_us, enhanced_status, one_line, verdict


@pytest.mark.parametrize(
    ("code", "text", "during", "expected"),
    [
        (550, "5.1.1 no such mailbox", "RCPT", Refused),
        (551, "5.1.6 has moved", "RCPT", Refused),
        (501, "5.1.3 bad address", "RCPT", Refused),
        (450, "4.2.1 busy", "RCPT", Deferred),
        (451, "4.7.1 greylisted, come back", "RCPT", Deferred),
        (452, "4.5.3 too many recipients", "RCPT", Deferred),
        (554, "5.7.1 looks like spam", "DATA", Refused),
        (550, "5.7.1 not by our policy", "RCPT", Refused),
        (552, "5.3.4 message too big", "DATA", Refused),
        (451, "4.3.0 try later", "DATA", Deferred),
        (452, "4.3.1 disk full", "DATA", Deferred),
    ],
)
def test_after_mail_a_refusal_is_about_this_one_person(
    code: int, text: str, during: str, expected: type[MailError]
) -> None:
    check(code, text, during, expected)


@pytest.mark.parametrize("during", ["AUTH", "MAIL"])
@pytest.mark.parametrize("code", [421, 450, 451, 452, 454, 530, 535, 550, 553, 554])
def test_before_rcpt_nobody_is_to_blame(code: int, during: str) -> None:
    check(code, "no", during, RelayDown)


@pytest.mark.parametrize("during", ["AUTH", "MAIL", "RCPT", "DATA"])
@pytest.mark.parametrize("code", [421, 503, 530, 535])
def test_closing_not_signed_in_and_out_of_step_are_the_relays_affair_at_any_stage(
    code: int, during: str
) -> None:
    check(code, "no", during, RelayDown)


@pytest.mark.parametrize(
    ("code", "text"),
    [
        (552, "message size exceeds fixed maximum message size"),
        (552, "no"),
        (552, "5.3.4 message file too big"),
        (552, "5.3.1 exceeded storage allocation"),
        (554, "5.3.4 error"),
        (550, "5.2.3 error"),
        (452, "4.3.1 message size exceeds what is free"),
        (452, "4.3.4 error"),
        (550, "your message is too large for us"),
        (451, "the size of this message is over our limit"),
    ],
)
def test_mail_refused_for_its_size_is_about_the_message_and_another_relay_may_take_it(
    code: int, text: str
) -> None:
    error = verdict(code, text, during="MAIL")
    assert isinstance(error, Unfit)
    assert error.ours
    assert (error.code, error.text) == (code, text)
    check(code, text, "AUTH", RelayDown)


@pytest.mark.parametrize(
    ("code", "text"),
    [
        (452, "4.3.1 insufficient system storage"),
        (452, "insufficient system storage"),
        (452, "4.5.3 too many messages on this connection"),
        (552, "5.2.2 sender over quota"),
        (552, "5.7.1 your message quota is used up"),
        (450, "4.7.0 message rate too high"),
        (550, "message limit exceeded: too large a number of messages today"),
        (421, "4.3.4 message too big"),
        (503, "5.5.1 message too big"),
        (354, "message too big"),
    ],
)
def test_what_only_sounds_like_it_is_about_us(code: int, text: str) -> None:
    check(code, text, "MAIL", RelayDown)


def test_552_at_rcpt_means_452_as_old_relays_say_it() -> None:
    check(552, "too many recipients", "RCPT", Deferred)


@pytest.mark.parametrize("code", [0, 199, 250, 354, 600])
def test_neither_yes_nor_no_is_no_relay_we_can_talk_to(code: int) -> None:
    check(code, "what", "DATA", RelayDown)


@given(st.integers(400, 599), st.text(), st.sampled_from(["AUTH", "MAIL", "RCPT", "DATA"]))
def test_every_refusal_has_exactly_one_meaning_and_keeps_its_words(
    code: int, text: str, during: str
) -> None:
    error = verdict(code, text, during=during)
    assert type(error) in (Deferred, Refused, RelayDown, Unfit)
    assert (error.code, error.text) == (code, text)
    assert error.temporary == (not isinstance(error, Refused))


@pytest.mark.parametrize(
    ("text", "status"),
    [
        ("5.1.1 no such mailbox", "5.1.1"),
        ("2.0.0", "2.0.0"),
        ("  4.7.25 come back", "4.7.25"),
        ("no such mailbox 5.1.1", ""),
        ("3.1.1 there is no class 3", ""),
        ("5.1.1.1 is not a status", ""),
        ("127.0.0.1 is blocked", ""),
        ("5.1000.1 too long", ""),
        ("", ""),
    ],
)
def test_the_enhanced_status_is_what_the_text_begins_with(text: str, status: str) -> None:
    assert enhanced_status(text) == status


@given(st.text())
def test_a_reply_folds_into_one_short_printable_line(text: str) -> None:
    folded = one_line(text)
    assert len(folded) <= 400
    assert len(folded.splitlines()) <= 1
    assert not any(ord(char) < 32 for char in folded)


def test_a_status_repeated_on_each_line_is_kept_once() -> None:
    assert one_line("5.7.1 no:\n5.7.1 see\n  our page") == "5.7.1 no: see our page"


@pytest.mark.parametrize(
    ("code", "text"),
    [
        (550, "5.7.1 not by our policy"),
        (554, "5.7.1 relay access denied"),
        (554, "relay access denied"),
        (554, "no"),
        (550, "relaying is prohibited"),
        (550, "your host is on a blocklist"),
        (550, "5.7.26 unauthenticated mail is not accepted: DMARC"),
        (553, "5.1.8 sender's domain does not resolve"),
        (550, "5.1.7 bad sender"),
        (554, "5.6.0 not this"),
        (501, "5.5.4 what?"),
        (503, "bad sequence"),
        (421, "closing"),
        (451, "4.7.1 sender not known here yet"),
    ],
)
def test_what_may_be_about_us_is_told(code: int, text: str) -> None:
    assert about_us(code, text)


@pytest.mark.parametrize(
    ("code", "text"),
    [
        (550, "5.1.1 no such mailbox"),
        (550, "no"),
        (550, "no such user here"),
        (554, "unknown user"),
        (554, "5.7.1 recipient address rejected: user unknown"),
        (550, "5.7.17 the mailbox has another owner"),
        (550, "5.2.1 account is disabled"),
        (552, "5.2.2 over quota"),
        (552, "mailbox is full"),
        (450, "4.2.1 busy"),
        (550, "5.4.4 no way to this host"),
    ],
)
def test_what_is_about_a_mailbox_is_not(code: int, text: str) -> None:
    assert not about_us(code, text)


def check(code: int, text: str, during: str, expected: type[MailError]) -> None:
    assert type(verdict(code, text, during=during)) is expected
