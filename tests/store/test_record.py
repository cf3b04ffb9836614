"""What the record of an edition tells by itself."""

from datetime import datetime, timedelta

import pytest

from digest.model import EditionState
from digest.store.editions import Record
from make import MORNING
from store.rows import SLOT


def record(*, approved: float | None, published: float | None) -> Record:
    """An edition due at seven; hours from then."""

    def at(hours: float | None) -> datetime | None:
        return None if hours is None else MORNING + timedelta(hours=hours)

    return Record(
        id=SLOT.edition_id,
        newsletter=SLOT.newsletter,
        day=SLOT.day,
        clock="0700",
        slot_at=MORNING,
        state=EditionState.SENDING,
        reason="",
        repeats=None,
        planned=3,
        paused="",
        expires_at=None,
        created_at=MORNING - timedelta(hours=11),
        approved_at=at(approved),
        published_at=at(published),
        finished_at=None,
    )


@pytest.mark.parametrize(
    ("approved", "published", "dated"),
    [
        pytest.param(-10, None, 0, id="approved in the evening, sent at its hour"),
        pytest.param(-10, 0.01, 0, id="approved in the evening, on its page"),
        pytest.param(2, 2.1, 2, id="approved after its hour"),
        pytest.param(2, None, 2, id="approved after its hour, on no page yet"),
        pytest.param(-3, -2.9, -3, id="sent before its hour"),
        pytest.param(None, 0.01, 0, id="of a time when approvals were not noted"),
    ],
)
def test_an_edition_has_one_date_whenever_it_is_asked(
    approved: float | None, published: float | None, dated: float
) -> None:
    one = record(approved=approved, published=published)
    for hours in (0, 0.5, 30):
        assert one.dated(now=MORNING + timedelta(hours=hours)) == MORNING + timedelta(hours=dated)


@pytest.mark.parametrize("published", [None, -1.9])
def test_no_edition_is_dated_in_the_future(published: float | None) -> None:
    one = record(approved=-2, published=published)
    now = MORNING - timedelta(hours=1.8)
    assert one.dated(now=now) == MORNING - timedelta(hours=2)
