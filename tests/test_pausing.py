"""Sending waits for a person and goes on; the desk hears of it once."""

from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default as default_policy
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from digest import pausing, pipeline
from digest.app import App
from digest.cli.report import state_words
from digest.errors import Conflict, NotFound
from digest.freezing import freeze
from digest.model import EditionState
from digest.store import editions
from digest.store.editions import Record
from make import MORNING
from newsroom import Clock
from test_freezing import HOUR, ID, approved

DESK = '\n[desk]\nemail = "editor@press.example"\n'
WHY = "half of the last 50 answers of relay.example were refusals"


async def record_of(app: App) -> Record:
    async with app.db.read() as conn:
        return await editions.get(conn, ID)


def notices(folder: Path) -> list[EmailMessage]:
    """What the embedded relay has taken."""
    found = sorted((folder / "data" / "outbox" / "new").glob("*"))
    return [message_from_bytes(path.read_bytes(), policy=default_policy) for path in found]


async def test_it_waits_with_its_reason_and_the_desk_is_told_once(
    tmp_path: Path, store_url: str
) -> None:
    async with approved(tmp_path, Clock(), more=DESK, store_url=store_url) as app:
        await pausing.pause(app, ID, WHY)
        await pausing.pause(app, ID, "again")
        record = await record_of(app)
        assert record.paused == WHY
        assert state_words(record) == f"approved; paused: {WHY}"
        await pausing.resume(app, ID)
        assert (await record_of(app)).paused == ""
        with pytest.raises(Conflict, match="is not paused"):
            await pausing.resume(app, ID)
    (notice,) = notices(tmp_path)
    assert notice["Subject"] == f"Sending of {ID} is paused"
    assert notice["To"] == "editor@press.example"
    assert notice["From"] == "Test Press <daily@press.example>"
    assert notice["Auto-Submitted"] == "auto-generated"
    assert notice["Date"].datetime == MORNING
    body = notice.get_content()
    assert WHY in body
    assert f"digest resume {ID}" in body


async def test_resumed_out_of_date_it_has_its_time_again(tmp_path: Path) -> None:
    clock = Clock()
    async with approved(tmp_path, clock, newsletter="expires_h = 5") as app:
        await freeze(app, ID)
        await pausing.pause(app, ID, WHY)
        await pausing.resume(app, ID)
        assert (await record_of(app)).expires_at == MORNING + 5 * HOUR
        await pausing.pause(app, ID, WHY)
        clock.at = MORNING + 30 * HOUR
        await pausing.resume(app, ID)
        assert (await record_of(app)).expires_at == MORNING + 35 * HOUR


async def test_what_is_over_is_neither_paused_nor_resumed(tmp_path: Path) -> None:
    async with approved(tmp_path, Clock(), more=DESK) as app:
        await pausing.pause(app, ID, WHY)
        await pipeline.cancel(app, ID)
        with pytest.raises(Conflict, match="is cancelled: there is nothing to pause"):
            await pausing.pause(app, ID, WHY)
        with pytest.raises(Conflict, match="is cancelled: there is nothing to resume"):
            await pausing.resume(app, ID)
        for act in (pausing.resume(app, "daily@1999"), pausing.pause(app, "daily@1999", WHY)):
            with pytest.raises(NotFound):
                await act
        assert (await record_of(app)).state is EditionState.CANCELLED
    assert len(notices(tmp_path)) == 1


_NOBODY_LISTENS = 'by = "smtp"\nhost = "127.0.0.1"\nport = 9\ntls = "none"'


@pytest.mark.parametrize(
    ("more", "mail", "told"),
    [
        (DESK, _NOBODY_LISTENS, True),
        ('\n[desk]\nemail = "nobody@[broken"\n', "", True),
        # There is no desk.
        ("", _NOBODY_LISTENS, False),
    ],
)
async def test_a_desk_that_cannot_be_told_stops_nothing(
    tmp_path: Path, more: str, mail: str, told: bool
) -> None:
    async with approved(tmp_path, Clock(), more=more, mail=mail) as app:
        with capture_logs() as logs:
            await pausing.pause(app, ID, WHY)
        assert (await record_of(app)).paused == WHY
    # That a relay is down is said, too, where it is met.
    logs = [entry for entry in logs if entry["event"] != "a relay is down"]
    assert [entry["log_level"] for entry in logs] == ["error"] * (2 if told else 1)
    assert logs[0] == {
        "event": "sending is paused", "log_level": "error", "edition": ID, "reason": WHY,
    }  # fmt: skip
    assert "nobody@" not in str(logs)
    assert notices(tmp_path) == []
