"""What an answer, or silence, makes of a delivery."""

from datetime import timedelta

import pytest

from digest.errors import Deferred, Refused, Vanished
from digest.mail.transport import Reply
from digest.model import DeliveryState
from digest.outcomes import Rules
from digest.settings import Mail
from make import MORNING

RULES = Rules(id="daily@x", mail=Mail(attempts=4, retry_s=60.0))


def test_what_is_accepted_is_sent_in_the_relays_words() -> None:
    reply = Reply(250, "2.0.0", "2.0.0 queued as 4Bf for ann@example.org", "first")
    outcome = RULES.accepted(7, reply, attempts=2, now=MORNING)
    assert (outcome.state, outcome.code, outcome.relay) == (DeliveryState.SENT, 250, "first")
    assert outcome.attempts == 2
    # Words outlive the person.
    assert "ann@example.org" not in outcome.text


def test_waits_double_and_differ_from_person_to_person_and_are_the_same_each_time() -> None:
    error = Deferred(451, "4.3.0 later", relay="first")
    waits = []
    for attempts in (1, 2, 3):
        outcome = RULES.answered(7, error, attempts=attempts, now=MORNING)
        assert outcome == RULES.answered(7, error, attempts=attempts, now=MORNING)
        assert (outcome.state, outcome.enhanced) == (DeliveryState.DEFERRED, "4.3.0")
        assert outcome.not_before is not None
        waits.append((outcome.not_before - MORNING).total_seconds())
    assert 45 <= waits[0] <= 75
    assert 90 <= waits[1] <= 150
    assert 180 <= waits[2] <= 300
    other = RULES.answered(8, error, attempts=1, now=MORNING)
    assert other.not_before != RULES.answered(7, error, attempts=1, now=MORNING).not_before


def test_no_wait_is_longer_than_an_hour_and_a_quarter() -> None:
    patient = Rules(id="daily@x", mail=Mail(attempts=50, retry_s=60.0))
    outcome = patient.later(7, "later", attempts=49, now=MORNING)
    assert outcome.not_before is not None
    assert timedelta(minutes=45) <= outcome.not_before - MORNING <= timedelta(minutes=75)


def test_the_last_try_ends_it() -> None:
    outcome = RULES.answered(7, Deferred(451, "later"), attempts=4, now=MORNING)
    assert (outcome.state, outcome.not_before) == (DeliveryState.FAILED, None)


def test_a_try_after_the_deadline_is_not_waited_for() -> None:
    soon = Rules(id="daily@x", mail=Mail(), expires_at=MORNING + timedelta(seconds=30))
    outcome = soon.answered(7, Deferred(451, "later"), attempts=1, now=MORNING)
    assert outcome.state is DeliveryState.FAILED
    assert "no time left" in outcome.text


def test_never_is_never() -> None:
    outcome = RULES.answered(7, Refused(550, "5.1.1 unknown", relay="b"), attempts=1, now=MORNING)
    assert (outcome.state, outcome.code, outcome.enhanced, outcome.relay) == (
        DeliveryState.FAILED,
        550,
        "5.1.1",
        "b",
    )


@pytest.mark.parametrize(
    ("on_doubt", "attempts", "state"),
    [
        ("hold", 1, DeliveryState.DOUBTFUL),
        ("resend", 1, DeliveryState.DEFERRED),
        # Not for ever.
        ("resend", 4, DeliveryState.DOUBTFUL),
    ],
)
def test_silence_is_doubt_or_another_try_as_the_operator_wishes(
    on_doubt: str, attempts: int, state: DeliveryState
) -> None:
    mail = Mail.model_validate({"on_doubt": on_doubt, "attempts": 4})
    rules = Rules(id="daily@x", mail=mail)
    outcome = rules.vanished(7, Vanished(0, "no answer"), attempts=attempts, now=MORNING)
    assert outcome.state is state


@pytest.mark.parametrize(
    ("code", "state"),
    [
        (250, DeliveryState.SENT),
        (451, DeliveryState.DEFERRED),
        (550, DeliveryState.FAILED),
    ],
)
def test_an_answer_that_only_the_event_file_knows_counts(code: int, state: DeliveryState) -> None:
    outcome = RULES.noted(7, code, attempts=1, now=MORNING)
    assert (outcome.state, outcome.code) == (state, code)


def test_waiting_for_a_turn_is_no_try_and_nobody_was_asked() -> None:
    until = MORNING + timedelta(minutes=3)
    outcome = RULES.waiting(7, "waits for its turn", until=until, attempts=0, now=MORNING)
    assert (outcome.state, outcome.not_before) == (DeliveryState.DEFERRED, until)
    assert (outcome.attempts, outcome.heard) == (0, False)


def test_what_is_about_us_is_no_try_of_theirs_however_often() -> None:
    error = Deferred(554, "5.7.1 relay access denied", relay="a", tried=False)
    outcome = RULES.answered(7, error, attempts=4, now=MORNING)
    assert (outcome.state, outcome.attempts) == (DeliveryState.DEFERRED, 3)
    assert outcome.not_before is not None
    assert (outcome.code, outcome.heard) == (554, True)
