"""What the newsroom does to one person, and that each act leaves a row behind."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from digest import audience, rolls
from digest.app import App
from digest.errors import Conflict, NotFound
from digest.model import Barred, Choices, Form, Frequency, SubscriptionState
from digest.store import audit, people
from digest.store.subscribers import address_hash
from make import MORNING
from newsroom import open_newsroom, take_in, write_config

ANN = "Ann@example.com"
AGREED = datetime(2026, 1, 2, tzinfo=UTC)


async def add(app: App, **fields: Any) -> int:
    values: dict[str, Any] = {
        "email": ANN,
        "consent_from": "the fair in Merrow",
        "consent_at": AGREED,
        "actor": "ops",
    }
    values |= fields
    return await rolls.add(app, app.newsletter(), values.pop("email"), **values)


async def acts(app: App, address: str = ANN) -> list[str]:
    hashed = address_hash(address, key=app.key)
    async with app.db.read() as conn:
        found = await audit.listing(conn, address_hash=hashed)
    assert all(act.actor == "ops" and "@" not in act.detail for act in found)
    return [f"{act.act} {act.detail}" for act in reversed(found)]


async def test_somebody_is_added_with_the_consent_that_is_stated(
    tmp_path: Path, store_url: str
) -> None:
    write_config(tmp_path, store_url=store_url)
    async with open_newsroom(tmp_path) as app:
        wanted = Choices(sections=("harbour",), language="uk", form=Form.COMPACT, hour=6)
        id = await add(app, name="Ann\r\nBcc: x", choices=wanted)
        person = await rolls.show(app, "ANN@example.com")
        assert (person.subscriber.id, person.subscriber.name) == (id, "Ann Bcc: x")
        (subscription,) = person.subscriptions
        assert (subscription.state, subscription.cause) == (SubscriptionState.ACTIVE, "admin")
        assert (subscription.sections, subscription.hour) == (("harbour",), 6)
        consent = subscription.consent
        assert consent is not None
        assert (consent.at, consent.given) == (AGREED, "the fair in Merrow")
        with pytest.raises(Conflict, match="get it already"):
            await add(app)
        assert await acts(app) == ["add daily"]


async def test_of_whom_no_zone_is_said_is_where_the_newsletter_is(tmp_path: Path) -> None:
    write_config(tmp_path)
    async with open_newsroom(tmp_path) as app:
        await add(app)
        await take_in(app, "email,consent_at,consent_from\nben@example.com,2026-01-02,form\n")
        for email in (ANN, "ben@example.com"):
            assert (await rolls.show(app, email)).subscriber.timezone == "Europe/Athens"


async def test_who_has_left_or_is_suppressed_is_not_added(tmp_path: Path) -> None:
    write_config(tmp_path)
    async with open_newsroom(tmp_path) as app:
        await add(app)
        assert await rolls.end(app, ANN, actor="ops") == 1
        assert await rolls.end(app, ANN, "daily", actor="ops") == 0
        with pytest.raises(Conflict, match="have left since"):
            await add(app)
        # A consent of after that is another matter; what they chose before stays.
        await add(app, consent_at=MORNING)
        for number, cause in enumerate(Barred):
            email = f"r{number}@example.com"
            await audience.suppress(app, email, cause)
            with pytest.raises(Conflict, match=f"never to be mailed: {cause}"):
                await add(app, email=email)
            with pytest.raises(NotFound):
                await rolls.show(app, email)
        assert await acts(app) == ["add daily", "end daily", "add daily"]


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"consent_from": "  "}, "where they agreed"),
        ({"consent_at": MORNING + timedelta(seconds=1)}, "not a time to come"),
        ({"choices": Choices(sections=("nonsense",))}, "no section"),
        ({"choices": Choices(timezone="Mars/Base")}, "no time zone"),
    ],
)
async def test_what_is_wrong_adds_nobody(tmp_path: Path, fields: dict[str, Any], said: str) -> None:
    write_config(tmp_path)
    async with open_newsroom(tmp_path) as app:
        with pytest.raises(Conflict, match=said):
            await add(app, **fields)
        with pytest.raises(NotFound, match="not an address"):
            await add(app, email="a\r\nBcc: x@example.com")
        async with app.db.read() as conn:
            assert await people.find(conn, ANN) is None
            assert await audit.listing(conn) == []


async def test_choices_are_set_pauses_made_and_tags_tied(tmp_path: Path) -> None:
    write_config(tmp_path)
    async with open_newsroom(tmp_path) as app:
        await add(app)
        daily = app.newsletter()
        now = await rolls.set_choices(
            app,
            ANN,
            daily,
            lambda now: replace(now, language="pl", hour=8),
            name="Ann",
            actor="ops",
        )
        assert (now.language, now.hour) == ("pl", 8)
        with pytest.raises(Conflict, match="no frequency"):
            weekly = Frequency.WEEKLY
            await rolls.set_choices(
                app, ANN, daily, lambda now: replace(now, frequency=weekly), actor="ops"
            )
        assert await rolls.pause(app, ANN, days=3, actor="ops") == 1
        with pytest.raises(Conflict, match="1 to 365"):
            await rolls.pause(app, ANN, days=0, actor="ops")
        assert await rolls.resume(app, ANN, "daily", actor="ops") == 1
        assert await rolls.resume(app, ANN, actor="ops") == 0
        assert await rolls.tag(app, ANN, add=["press", "b"], actor="ops") == ("b", "press")
        assert await rolls.tag(app, ANN, remove=["b"], actor="ops") == ("press",)
        for bad in ("", " x", "x\ny", "x" * 65):
            with pytest.raises(Conflict, match="is no tag"):
                await rolls.tag(app, ANN, add=[bad], actor="ops")
        person = await rolls.show(app, ANN)
        assert (person.subscriber.name, person.tags) == ("Ann", ("press",))
        assert await acts(app) == [
            "add daily", "set daily", "pause daily", "resume daily", "tag +b +press", "tag -b"
        ]  # fmt: skip


async def test_nothing_is_done_to_somebody_who_is_not_known(tmp_path: Path) -> None:
    write_config(tmp_path)
    async with open_newsroom(tmp_path, people=1) as app:
        for doing in (
            rolls.show(app, ANN),
            rolls.end(app, ANN, actor="ops"),
            rolls.tag(app, ANN, add=["x"], actor="ops"),
            rolls.set_choices(app, ANN, app.newsletter(), lambda now: now, actor="ops"),
        ):
            with pytest.raises(NotFound, match="nobody with this address"):
                await doing
        other = app.newsletter().model_copy(update={"slug": "weekly"})
        with pytest.raises(NotFound, match="never asked for weekly"):
            await rolls.set_choices(app, "reader1@example.com", other, lambda now: now, actor="ops")


async def test_an_address_is_no_tag(tmp_path: Path) -> None:
    write_config(tmp_path)
    async with open_newsroom(tmp_path) as app:
        await add(app)
        with pytest.raises(Conflict, match="may be an address"):
            await rolls.tag(app, ANN, add=["friend of bob@example.com"], actor="ops")
        # One of before can be taken off; what is noted of it names nobody.
        assert await rolls.tag(app, ANN, remove=["bob@example.com"], actor="ops") == ()
        assert (await acts(app))[-1] == "tag (address)"
