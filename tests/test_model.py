"""The lives of editions and deliveries, and sums that hold to the person."""

from digest.model import (
    DELIVERY_LIFE,
    EDITION_LIFE,
    Counts,
    DeliveryState,
    EditionEvent,
    EditionState,
)


def test_every_state_has_a_row_in_its_table() -> None:
    assert set(EDITION_LIFE) == set(EditionState)
    assert set(DELIVERY_LIFE) == set(DeliveryState)


def test_nothing_that_was_sent_can_be_composed_again() -> None:
    for state in (EditionState.APPROVED, EditionState.SENDING, EditionState.SENT):
        assert EditionEvent.COMPOSE not in EDITION_LIFE[state]


def test_a_skipped_or_cancelled_delivery_is_never_begun() -> None:
    assert not DELIVERY_LIFE[DeliveryState.SKIPPED]
    assert not EDITION_LIFE[EditionState.CANCELLED]


def test_counts_reconcile_to_the_person() -> None:
    whole = Counts(planned=10, sent=5, failed=1, skipped=1, doubtful=1, pending=1, bounced=1)
    assert whole.reconciles
    assert not Counts(planned=10, sent=9).reconciles
    assert not Counts(planned=1, sent=2, pending=-1).reconciles
