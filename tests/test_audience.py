"""Importing people; and what they do by the links of their mails: choose, leave, come back."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from digest import audience
from digest.app import App
from digest.errors import BadToken, Conflict, NotFound
from digest.model import (
    LIFTED_BY_CONSENT,
    Barred,
    By,
    Choices,
    Form,
    Frequency,
    LetterKind,
    Person,
    SubscriptionState,
)
from digest.store import audit, letters, people
from make import MORNING
from newsroom import MORE_NEWSLETTERS, Clock, open_newsroom, write_config

S = SubscriptionState


# --------------------------------------------------------------------- wishes


@asynccontextmanager
async def newsroom(
    folder: Path, *, people: int = 1, store_url: str = "sqlite:///data/digest.db", more: str = ""
) -> AsyncIterator[tuple[App, Clock]]:
    path, clock = write_config(folder, store_url=store_url), Clock()
    path.write_text(path.read_text() + MORE_NEWSLETTERS + more)
    async with open_newsroom(folder, people=people, now=clock) as app:
        yield app, clock


async def reader(app: App, number: int = 1) -> Person:
    async with app.db.read() as conn:
        id = await people.find(conn, f"reader{number}@example.com")
        assert id is not None
        return await people.person(conn, id)


async def token_of(app: App, number: int = 1) -> str:
    return app.links.preferences_token("daily", (await reader(app, number)).subscriber)


async def leave_token_of(app: App, number: int = 1) -> str:
    return app.links.leave_token("daily", (await reader(app, number)).subscriber)


async def state(app: App, newsletter: str = "daily", number: int = 1) -> str:
    found = (await reader(app, number)).subscriptions
    return next((one.state.value for one in found if one.newsletter == newsletter), "")


async def test_somebody_sees_what_they_get_and_what_there_is(tmp_path: Path) -> None:
    async with newsroom(tmp_path) as (app, _):
        found = await audience.wishes(app, await token_of(app))
    assert found.newsletter.slug == "daily"
    assert found.subscriber.email == "reader1@example.com"
    assert found.half_address == "r•••@example.com"
    assert found.sections == (("harbour", "Harbour"), ("elsewhere", "Elsewhere"))
    languages = dict(found.languages)
    assert languages["en"] == "English"
    assert {"uk", "de", "fr", "es", "pl", "ar"} <= set(languages)
    assert found.frequencies == (Frequency.DAILY, Frequency.WEEKDAYS, Frequency.WEEKLY)
    assert (found.choices, found.state, found.until) == (Choices(), S.ACTIVE, None)
    # Nobody can sign up for the third.
    assert [(other.newsletter.slug, other.state) for other in found.others] == [("weekly", None)]


async def test_wishes_are_kept_in_the_newsletter_s_order_once_and_again(
    tmp_path: Path, store_url: str
) -> None:
    async with newsroom(tmp_path, people=2, store_url=store_url) as (app, _):
        token = await token_of(app)
        wanted = Choices(
            sections=("elsewhere", "elsewhere"),
            briefs=False,
            frequency=Frequency.WEEKDAYS,
            hour=23,
            language="uk",
            timezone="Europe/Kyiv",
            form=Form.TEXT,
        )
        for _ in range(2):
            await audience.change_wishes(app, token, wanted)
            found = await audience.wishes(app, token)
            assert found.choices == replace(wanted, sections=("elsewhere",))
            assert (found.subscriber.sections, found.subscriber.briefs) == (("elsewhere",), False)
        assert (await audience.wishes(app, await token_of(app, 2))).choices == Choices()
        # Whoever wants all of them wants those to come, too.
        everything = replace(wanted, sections=("elsewhere", "harbour"))
        await audience.change_wishes(app, token, everything)
        assert (await audience.wishes(app, token)).choices.sections == ()


@pytest.mark.parametrize(
    ("wish", "said"),
    [
        ({"sections": ("nonsense",)}, "no section 'nonsense'; choose of: harbour, elsewhere"),
        ({"language": "Klingon"}, "no language 'Klingon'; choose of: en, "),
        ({"form": "FULL"}, "no form 'FULL'; choose of: full, compact, text"),
        ({"frequency": Frequency.BREAKING}, "no frequency 'breaking'; choose of: daily, weekdays"),
        ({"hour": 24}, "no hour 24"),
        ({"hour": -1}, "no hour -1"),
        ({"timezone": "Mars/Base"}, "no time zone 'Mars/Base'"),
        ({"timezone": "x" * 5_000_000}, "Europe/Dublin"),
    ],
    ids=["section", "language", "form", "frequency", "late", "early", "zone", "enormous"],
)
async def test_a_wish_that_cannot_be_is_named_and_changes_nothing(
    tmp_path: Path, wish: dict[str, Any], said: str
) -> None:
    async with newsroom(tmp_path) as (app, _):
        token = await token_of(app)
        before = await audience.wishes(app, token)
        wanted = {"sections": ("harbour",), "language": "de", "form": Form.TEXT} | wish
        with pytest.raises(Conflict, match=said) as caught:
            await audience.change_wishes(app, token, Choices(**wanted))
        assert len(str(caught.value)) < 300
        assert await audience.wishes(app, token) == before


async def test_a_choice_that_is_in_force_stays_allowed(tmp_path: Path) -> None:
    async with newsroom(tmp_path) as (app, _):
        token = await token_of(app)
        # What was offered once, or imported.
        old = Choices(frequency=Frequency.BREAKING, language="tlh", timezone="Old/Zone")
        async with app.db.write() as conn:
            await people.choose(conn, 1, "daily", old)
        found = await audience.wishes(app, token)
        assert found.frequencies[-1] is Frequency.BREAKING
        await audience.change_wishes(app, token, replace(found.choices, hour=7))
        assert (await audience.wishes(app, token)).choices == replace(old, hour=7)


async def test_a_link_is_good_for_its_purpose_and_its_person(tmp_path: Path) -> None:
    async with newsroom(tmp_path, people=2) as (app, _):
        token, leave = await token_of(app), await leave_token_of(app)
        for verb in (audience.wishes, audience.send_data):
            for bad in (leave, "", "x" * 100_000, token[:-2], token + "A"):
                with pytest.raises(BadToken):
                    await verb(app, bad)
        for bad in (token, "", leave[:-2]):
            with pytest.raises(BadToken):
                await audience.leave(app, bad)
        with pytest.raises(BadToken):
            await audience.forget(app, leave, never=False)
        with pytest.raises(BadToken):
            await audience.join(app, leave, "weekly")
        with pytest.raises(BadToken):
            await audience.change_wishes(app, leave, Choices())
        nobody = replace((await reader(app)).subscriber, key="0" * 32)
        for gone in (
            audience.wishes(app, app.links.preferences_token("daily", nobody)),
            audience.leave(app, app.links.leave_token("daily", nobody)),
            audience.leave_all(app, app.links.leave_token("daily", nobody)),
            audience.back(app, app.links.leave_token("daily", nobody)),
            audience.forget(app, app.links.preferences_token("daily", nobody), never=True),
        ):
            with pytest.raises(NotFound):
                await gone
        # A link of a newsletter that somebody has never asked for.
        other = app.links.preferences_token("weekly", (await reader(app)).subscriber)
        for unasked in (audience.wishes(app, other), audience.back(app, other)):
            with pytest.raises(NotFound):
                await unasked
        assert [await state(app, number=number) for number in (1, 2)] == ["active", "active"]


# ---------------------------------------------------------------- leaving and pausing


async def test_leaving_twice_is_fine_and_then_there_is_nothing_to_choose(
    tmp_path: Path, store_url: str
) -> None:
    async with newsroom(tmp_path, store_url=store_url) as (app, _):
        token, leave = await token_of(app), await leave_token_of(app)
        assert await audience.leave(app, leave)
        assert not await audience.leave(app, leave, cause=By.MAIL)
        person = await reader(app)
        assert [change.cause for change in person.changes][-1] == "one-click"
        # The page shows what can be done; nothing can be chosen.
        assert (await audience.wishes(app, token)).state is S.ENDED
        for changing in (
            audience.change_wishes(app, token, Choices()),
            audience.pause(app, token, 7),
            audience.resume(app, token),
        ):
            with pytest.raises(NotFound):
                await changing


async def test_a_pause_has_an_end(tmp_path: Path, store_url: str) -> None:
    async with newsroom(tmp_path, people=2, store_url=store_url) as (app, clock):
        token = await token_of(app)
        for days in (0, 366, -1, 10**12):
            with pytest.raises(Conflict, match="1 to 365"):
                await audience.pause(app, token, days)
        await audience.pause(app, token, 7)
        await audience.pause(app, token, 7)
        # A leave link will do: the page after leaving offers it.
        await audience.pause(app, await leave_token_of(app, 2), 30)
        found = await audience.wishes(app, token)
        assert (found.state, found.until) == (S.PAUSED, MORNING + timedelta(days=7))
        await audience.change_wishes(app, token, replace(found.choices, hour=9))
        clock.at += timedelta(days=7) - timedelta(seconds=1)
        assert await audience.resume_due(app) == 0
        clock.at += timedelta(seconds=1)
        assert await audience.resume_due(app) == 1
        assert await audience.resume_due(app) == 0
        assert [await state(app, number=number) for number in (1, 2)] == ["active", "paused"]
        await audience.resume(app, await leave_token_of(app, 2))
        await audience.resume(app, await leave_token_of(app, 2))
        assert await state(app, number=2) == "active"
        assert (await audience.wishes(app, token)).choices.hour == 9


async def test_what_is_left_comes_by_no_other_subscription_either(
    tmp_path: Path, store_url: str
) -> None:
    async with newsroom(tmp_path, people=2, store_url=store_url) as (app, _):
        weekly = {}
        for number, often in ((1, Frequency.WEEKLY), (2, Frequency.DAILY)):
            token = await token_of(app, number)
            await audience.join(app, token, "weekly")
            await audience.change_wishes(app, token, Choices(frequency=often))
            person = (await reader(app, number)).subscriber
            weekly[number] = app.links.leave_token("weekly", person)
        await audience.pause(app, weekly[1], 7)
        assert (await state(app), await state(app, "weekly")) == ("paused", "paused")
        await audience.resume(app, weekly[1])
        assert (await state(app), await state(app, "weekly")) == ("active", "active")
        for link in weekly.values():
            assert await audience.leave(app, link)
            assert not await audience.leave(app, link)
        assert (await state(app), await state(app, "weekly")) == ("ended", "ended")
        assert {change.cause for change in (await reader(app)).changes[-2:]} == {"one-click"}
        # Who gets every edition of the other keeps it.
        assert (await state(app, number=2), await state(app, "weekly", 2)) == ("active", "ended")


# --------------------------------------------------------------- coming back, and joining


async def test_an_old_link_brings_back_for_thirty_days(tmp_path: Path) -> None:
    async with newsroom(tmp_path) as (app, clock):
        token, leave = await token_of(app), await leave_token_of(app)
        await audience.leave(app, leave)
        clock.at += timedelta(days=30)
        await audience.back(app, leave)
        await audience.leave(app, leave)
        clock.at += timedelta(days=30, seconds=1)
        for coming in (
            audience.back(app, leave),
            audience.back(app, token),
            audience.join(app, token, "daily"),
        ):
            with pytest.raises(Conflict, match="sign up again"):
                await coming
        assert await state(app) == "ended"
        # Another one is joined by it all the same.
        await audience.join(app, token, "weekly")
        assert await state(app, "weekly") == "active"


@pytest.mark.parametrize("cause", sorted(LIFTED_BY_CONSENT))
async def test_who_gets_it_but_is_barred_is_let_go_by_agreeing_anew(
    tmp_path: Path, cause: Barred
) -> None:
    async with newsroom(tmp_path) as (app, clock):
        token = await token_of(app)
        for number, verb in enumerate(
            (audience.back(app, token), audience.join(app, token, "daily"))
        ):
            await audience.suppress(app, "reader1@example.com", cause)
            clock.at += timedelta(minutes=1)
            await verb
            assert not await audience.allow(app, "reader1@example.com")
            person = await reader(app)
            consent = person.subscriptions[0].consent
            assert consent is not None
            assert (consent.at, len(person.changes)) == (clock.at, 1)
            async with app.db.read() as conn:
                assert len(await people.consents_of(conn, 1)) == number + 2


async def test_who_comes_back_agrees_anew(tmp_path: Path, store_url: str) -> None:
    async with newsroom(tmp_path, store_url=store_url) as (app, clock):
        token, leave = await token_of(app), await leave_token_of(app)
        for link in (leave, token):
            await audience.leave(app, leave)
            clock.at += timedelta(minutes=1)
            for _ in range(2):
                await audience.back(app, link)
        person = await reader(app)
        (subscription,) = person.subscriptions
        assert (subscription.state, subscription.cause) == (S.ACTIVE, "page")
        consent = subscription.consent
        assert consent is not None
        assert (consent.at, consent.given) == (clock.at, "link in a mail")
        assert consent.wording == "Send me The Daily by mail. I can unsubscribe at any time."
        async with app.db.read() as conn:
            assert len(await people.consents_of(conn, 1)) == 3


async def test_another_newsletter_is_joined_by_the_link_of_one(tmp_path: Path) -> None:
    more = """
[[newsletters]]
slug = "sea"
title = "At Sea"
language = "de"
consent = "Ja, ich will."
"""
    async with newsroom(tmp_path, more=more) as (app, _):
        token = await token_of(app)
        for _ in range(2):
            await audience.join(app, token, "sea")
        found = {one.newsletter: one for one in (await reader(app)).subscriptions}
        consent = found["sea"].consent
        assert consent is not None
        assert (consent.given, consent.wording) == ("preferences page", "Ja, ich will.")
        assert consent.language == "de"
        with pytest.raises(Conflict, match="nobody can sign up"):
            await audience.join(app, token, "inside")
        with pytest.raises(NotFound, match="no newsletter 'none'"):
            await audience.join(app, token, "none")
        others = (await audience.wishes(app, token)).others
        assert [(one.newsletter.slug, one.state) for one in others] == [
            ("weekly", None), ("sea", S.ACTIVE)
        ]  # fmt: skip
        # Everything ends at once, and once.
        assert await audience.leave_all(app, token) == 2
        assert await audience.leave_all(app, await leave_token_of(app)) == 0
        assert (await state(app), await state(app, "sea")) == ("ended", "ended")


@pytest.mark.parametrize("cause", list(Barred))
async def test_only_bounces_are_lifted_by_coming_back(tmp_path: Path, cause: Barred) -> None:
    async with newsroom(tmp_path) as (app, _):
        token = await token_of(app)
        await audience.leave(app, await leave_token_of(app))
        await audience.suppress(app, "Reader1@example.com", cause)
        if cause in LIFTED_BY_CONSENT:
            await audience.back(app, token)
            assert not await audience.allow(app, "reader1@example.com")
            return
        for coming in (audience.back(app, token), audience.join(app, token, "weekly")):
            with pytest.raises(Conflict, match="nothing is ever mailed"):
                await coming
        assert await state(app) == "ended"


# -------------------------------------------------------------------------- what is kept


async def test_somebody_s_data_is_mailed_once_a_day(tmp_path: Path) -> None:
    async with newsroom(tmp_path, people=2) as (app, clock):
        token = await token_of(app)
        done = await asyncio.gather(*(audience.send_data(app, token) for _ in range(3)))
        assert sorted(done) == [False, False, True]
        clock.at += timedelta(hours=23)
        assert not await audience.send_data(app, token)
        clock.at += timedelta(hours=1)
        # Also of somebody who has left.
        await audience.leave(app, await leave_token_of(app))
        assert await audience.send_data(app, token)
        async with app.db.read() as conn:
            first, second = await letters.waiting(conn)
        assert (first.kind, first.subscriber_id) == (LetterKind.DATA, 1)
        assert "reader1@example.com" in json.dumps(first.content["data"])
        assert "reader2" not in json.dumps(second.content["data"])


@pytest.mark.parametrize(("never", "cause"), [(False, Barred.ERASED), (True, Barred.REQUEST)])
async def test_who_is_forgotten_is_not_imported_again(
    tmp_path: Path, never: bool, cause: Barred
) -> None:
    async with newsroom(tmp_path) as (app, _):
        token, leave = await token_of(app), await leave_token_of(app)
        await audience.suppress(app, "reader1@example.com", Barred.BOUNCE)
        await audience.forget(app, token, never=never)
        for verb in (audience.wishes, audience.leave, audience.send_data):
            with pytest.raises(NotFound):
                await verb(app, leave if verb is audience.leave else token)
        with pytest.raises(NotFound):
            await audience.forget(app, token, never=never)
        assert await audience.language_of(app, "daily", "0" * 32) == ""
        async with app.db.read() as conn:
            found = await people.barred(conn, "READER1@example.com", app.key)
        # The stronger cause stays: what a sign-up would lift is not enough for "never".
        assert found is (cause if never else Barred.BOUNCE)


async def test_an_address_or_a_domain_is_suppressed_and_let_go(tmp_path: Path) -> None:
    async with newsroom(tmp_path, people=0) as (app, _):
        for bad in ("a b@example.com", "nothing", "@", ""):
            with pytest.raises(NotFound, match="is not"):
                await audience.suppress(app, bad)
            with pytest.raises(NotFound, match="is not"):
                await audience.allow(app, bad)
        await audience.suppress(app, "Mail.Example", Barred.ADMIN, actor="ops")
        await audience.suppress(app, "ann@example.com", Barred.COMPLAINT, actor="ops")
        async with app.db.read() as conn:
            assert await people.barred(conn, "x@sub.mail.example", app.key) is Barred.ADMIN
            assert await people.barred(conn, "ann@example.com", app.key) is Barred.COMPLAINT
        assert await audience.allow(app, "mail.example", actor="ops")
        assert await audience.allow(app, "ANN@example.com", actor="ops")
        assert not await audience.allow(app, "ann@example.com", actor="ops")
        async with app.db.read() as conn:
            acts = await audit.listing(conn)
            assert [act.act for act in acts] == ["allow", "allow", "suppress", "suppress"]
            assert [bool(act.address_hash) for act in acts] == [True, False, True, False]
            assert "ann" not in str(acts)
