"""The lives of editions and deliveries, and sums that hold to the person."""

from dataclasses import replace

from digest.model import (
    DELIVERY_LIFE,
    EDITION_LIFE,
    Correction,
    Counts,
    DeliveryState,
    Edition,
    EditionEvent,
    EditionState,
)
from make import MORNING, make_brief, make_edition


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


def test_an_edition_is_worth_a_mail_for_news_and_for_what_was_wrong() -> None:
    def nothing_but(*corrections: Correction) -> Edition:
        return replace(make_edition(), sections=(), corrections=corrections)

    update = Correction(
        item_id="a" * 16,
        headline="Ferry carries 90",
        at=MORNING,
        sentences=("Some 90 were on board.",),
        edition_id="daily@2026-05-17T0700",
    )
    assert nothing_but().empty
    assert nothing_but(update).empty
    assert not nothing_but(update, replace(update, corrects=True)).empty
    assert not replace(make_edition(), corrections=(update,)).empty
    assert not replace(nothing_but(), briefs=(make_brief(),)).empty
