"""Joining: one question, asked once a day, and nothing before it is answered."""

import asyncio
import itertools
import random
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import insert, select

from digest import audience, joining, privacy
from digest.app import App
from digest.errors import BadToken, Conflict, NotFound
from digest.joining import Asked
from digest.model import (
    LIFTED_BY_CONSENT,
    Barred,
    By,
    Choices,
    Form,
    Frequency,
    Letter,
    LetterKind,
    Person,
    Return,
    ReturnKind,
    SubscriptionEvent,
    SubscriptionState,
)
from digest.returning import take
from digest.store import letters, people, schema, signups
from make import MORNING
from newsroom import MORE_NEWSLETTERS, open_newsroom, write_config

S = SubscriptionState
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
ANN = "Ann@example.com"
WORDING = "Send me The Daily by mail."


@dataclass
class Clock:
    """Stands still until it is told."""

    now: datetime = MORNING
    app: App = field(init=False)


@asynccontextmanager
async def newsroom(
    folder: Path, *, people: int = 0, store_url: str = "sqlite:///data/digest.db", more: str = ""
) -> AsyncIterator[Clock]:
    path = write_config(folder, store_url=store_url)
    path.write_text(f"{path.read_text()}\n[audience]\n{more}\n{MORE_NEWSLETTERS}")
    clock = Clock()
    async with open_newsroom(folder, people=people, now=lambda: clock.now) as app:
        clock.app = app
        yield clock


def asked(**fields: Any) -> Asked:
    values: dict[str, Any] = {
        "email": ANN,
        "newsletter": "daily",
        "choices": Choices(),
        "wording": WORDING,
        "wording_language": "en",
        "given": "sign-up page",
        "network": "192.0.2.77",
    }
    return Asked(**(values | fields))


async def sign_up(app: App, **fields: Any) -> None:
    await joining.ask(app, asked(**fields))
    await joining.take_signups(app)


async def written(app: App) -> list[Letter]:
    async with app.db.read() as conn:
        return await letters.waiting(conn)


def link(app: App, letter: Letter) -> str:
    """The token that a confirmation letter carries."""
    days = timedelta(days=app.settings.audience.confirm_days)
    return app.links.confirm_token(letter.number, until=letter.at + days)


async def known(app: App, email: str = ANN) -> Person | None:
    async with app.db.read() as conn:
        id = await people.find(conn, email)
        return None if id is None else await people.person(conn, id)


async def state(app: App, email: str = ANN, newsletter: str = "daily") -> str:
    person = await known(app, email)
    found = {one.newsletter: one.state.value for one in person.subscriptions} if person else {}
    return found.get(newsletter, "")


# ------------------------------------------------------------------------- the way in


async def test_the_whole_way_in(tmp_path: Path, store_url: str) -> None:
    async with newsroom(tmp_path, store_url=store_url, more='keep_network = "masked"') as clock:
        app = clock.app
        wanted = Choices(
            sections=("elsewhere",),
            briefs=False,
            frequency=Frequency.WEEKLY,
            hour=18,
            language="uk",
            timezone="Europe/Kyiv",
            form=Form.TEXT,
        )
        await joining.ask(app, asked(name="  Ann \r\nBcc: x ", choices=wanted))
        assert await known(app) is None
        clock.now += HOUR
        assert await joining.take_signups(app) == 1
        assert await joining.take_signups(app) == 0
        (letter,) = await written(app)
        assert (letter.kind, letter.newsletter) == (LetterKind.CONFIRM, "daily")
        # Nothing holds yet but the language that the letter is written in.
        person = await known(app)
        assert person is not None
        (subscription,) = person.subscriptions
        assert (subscription.state, subscription.sections) == (S.PENDING, ())
        assert (subscription.consent, subscription.frequency) == (None, Frequency.DAILY)
        assert (person.subscriber.name, person.subscriber.language) == ("", "uk")

        clock.now += DAY
        token = link(app, letter)
        for _ in range(2):
            shown = await joining.confirmation(app, token)
            assert not shown.done
            assert await state(app) == "pending"
        assert (shown.half_address, shown.wording) == ("A•••@example.com", WORDING)
        assert shown.newsletter is app.newsletter("daily")
        assert (shown.wording_language, shown.language) == ("en", "uk")
        assert (await joining.confirm(app, token)).done

        person = await known(app)
        assert person is not None
        (subscription,) = person.subscriptions
        assert (subscription.state, subscription.cause) == (S.ACTIVE, By.CONFIRMED)
        assert (subscription.sections, subscription.briefs) == (("elsewhere",), False)
        assert (subscription.frequency, subscription.hour) == (Frequency.WEEKLY, 18)
        reader = person.subscriber
        assert (reader.name, reader.timezone) == ("Ann Bcc: x", "Europe/Kyiv")
        assert (reader.email, reader.form) == (ANN, Form.TEXT)
        consent = subscription.consent
        assert consent is not None
        assert (consent.at, consent.asked_at) == (clock.now, MORNING)
        assert (consent.wording, consent.language) == (WORDING, "en")
        assert (consent.given, consent.network) == ("sign-up page", "192.0.2.0/24")
        assert [change.cause for change in person.changes] == ["form", "confirmed"]


async def test_a_link_is_good_once_and_for_its_days(tmp_path: Path) -> None:
    async with newsroom(tmp_path, more="confirm_days = 3") as clock:
        app = clock.app
        await sign_up(app)
        (letter,) = await written(app)
        token = link(app, letter)
        for bad in (token[:-1], token[:-1] + ("A" if token[-1] != "A" else "B"), "", "x" * 500):
            for verb in (joining.confirmation, joining.confirm):
                with pytest.raises(BadToken):
                    await verb(app, bad)
        person = await known(app)
        assert person is not None
        with pytest.raises(BadToken):
            await joining.confirm(app, app.links.leave_token("daily", person.subscriber))
        clock.now += 3 * DAY + timedelta(seconds=1)
        with pytest.raises(BadToken, match="some days only"):
            await joining.confirm(app, token)
        clock.now -= HOUR
        await joining.confirm(app, token)
        before = await known(app)
        # People press twice, and open the mail again.
        for verb in (joining.confirmation, joining.confirm):
            assert (await verb(app, token)).done
        assert await known(app) == before
        assert await state(app) == "active"


async def test_a_link_of_another_letter_confirms_nothing(tmp_path: Path) -> None:
    async with newsroom(tmp_path, people=1) as clock:
        app = clock.app
        async with app.db.write() as conn:
            kind = LetterKind.DATA
            number = await letters.write(conn, kind, 1, "daily", content={}, now=clock.now)
        with pytest.raises(BadToken, match="confirmation"):
            await joining.confirm(app, app.links.confirm_token(number, until=clock.now + DAY))


async def test_two_confirm_at_once_and_one_consent_is_kept(tmp_path: Path, store_url: str) -> None:
    async with newsroom(tmp_path, store_url=store_url) as clock:
        app = clock.app
        await sign_up(app)
        clock.now += DAY
        await sign_up(app)
        # Two links, each pressed twice, all at once.
        tokens = [link(app, letter) for letter in await written(app)]
        assert len(tokens) == 2
        pressed = (joining.confirm(app, token) for token in tokens * 2)
        done = await asyncio.gather(*pressed)
        assert [one.done for one in done] == [True] * 4
        person = await known(app)
        assert person is not None
        assert [change.state for change in person.changes] == [S.PENDING, S.ACTIVE]
        async with app.db.read() as conn:
            assert len(await people.consents_of(conn, person.subscriber.id)) == 1


# --------------------------------------------------------------- what nobody can misuse


async def test_one_address_gets_one_letter_a_day(tmp_path: Path) -> None:
    async with newsroom(tmp_path) as clock:
        app = clock.app
        for _ in range(2):
            await sign_up(app)
            await sign_up(app, email="aNN@Example.com")
            await sign_up(app, newsletter="weekly", choices=Choices())
        assert len(await written(app)) == 1
        # Of two newsletters asked for in a day, the second is as if it had not been.
        assert await state(app, newsletter="weekly") == ""
        clock.now += DAY - timedelta(seconds=1)
        await sign_up(app)
        assert len(await written(app)) == 1
        clock.now += timedelta(seconds=1)
        await sign_up(app)
        first, second = await written(app)
        # The older link is as good as the new one, until one of them is used.
        await joining.confirmation(app, link(app, first))
        await joining.confirm(app, link(app, second))
        assert (await joining.confirm(app, link(app, first))).done
        assert await state(app) == "active"


async def test_one_mailbox_gets_few_letters_whatever_its_tags(tmp_path: Path) -> None:
    async with newsroom(tmp_path) as clock:
        for number in range(6):
            await sign_up(clock.app, email=f"ann+{number}@example.com")
        assert len(await written(clock.app)) == joining.MOST_TO_MAILBOX
        assert await known(clock.app, "ann+5@example.com") is None


async def test_who_gets_it_is_told_so_and_nothing_is_changed(tmp_path: Path) -> None:
    async with newsroom(tmp_path, people=2) as clock:
        app = clock.app
        before = [await known(app, f"reader{number}@example.com") for number in (1, 2)]
        async with app.db.write() as conn:
            until = clock.now + DAY
            event = SubscriptionEvent.PAUSE
            await people.move(
                app.db, conn, 2, "daily", event, cause=By.PAGE, now=clock.now, until=until
            )
        for number in (1, 2):
            wanted = Choices(language="de", form=Form.TEXT)
            await sign_up(app, email=f"READER{number}@example.com", name="Eve", choices=wanted)
        assert [letter.kind for letter in await written(app)] == [LetterKind.KNOWN] * 2
        assert await known(app, "reader1@example.com") == before[0]
        assert await state(app, "reader2@example.com") == "paused"
        # Not even a second newsletter makes a second letter.
        await sign_up(app, email="reader1@example.com", newsletter="weekly")
        assert len(await written(app)) == 2


async def test_asking_costs_and_writes_the_same_whoever_it_is_about(tmp_path: Path) -> None:
    async with newsroom(tmp_path, people=1) as clock:
        app = clock.app
        async with app.db.write() as conn:
            await people.bar(app.db, conn, ANN, Barred.REQUEST, hash_key=app.key, now=clock.now)
        for email in ("reader1@example.com", "stranger@example.com", ANN):
            await joining.ask(app, asked(email=email))
        async with app.db.read() as conn:
            rows = list(await conn.execute(select(schema.signup)))
            assert len(rows) == 3
            assert await letters.waiting(conn) == []


@pytest.mark.parametrize("cause", list(Barred))
async def test_only_bounces_and_erasures_are_lifted_by_a_confirmed_sign_up(
    tmp_path: Path, cause: Barred
) -> None:
    async with newsroom(tmp_path) as clock:
        app = clock.app

        async def bar() -> None:
            async with app.db.write() as conn:
                await people.bar(app.db, conn, ANN, cause, hash_key=app.key, now=clock.now)

        await bar()
        await sign_up(app)
        if cause not in LIFTED_BY_CONSENT:
            assert (await written(app), await known(app)) == ([], None)
            return
        (letter,) = await written(app)
        async with app.db.read() as conn:
            assert await people.barred(conn, ANN, app.key) is cause
        await joining.confirm(app, link(app, letter))
        async with app.db.read() as conn:
            assert await people.barred(conn, ANN, app.key) is None


@pytest.mark.parametrize("cause", sorted(LIFTED_BY_CONSENT))
async def test_who_gets_it_but_is_barred_is_asked_and_let_go_by_the_answer(
    tmp_path: Path, cause: Barred
) -> None:
    async with newsroom(tmp_path, people=1) as clock:
        app, email = clock.app, "reader1@example.com"
        await audience.suppress(app, email, cause)
        await sign_up(app, email=email, choices=Choices(hour=9))
        (letter,) = await written(app)
        assert letter.kind is LetterKind.CONFIRM
        clock.now += HOUR
        await joining.confirm(app, link(app, letter))
        assert not await audience.allow(app, email)
        person = await known(app, email)
        assert person is not None
        (subscription,) = person.subscriptions
        assert subscription.consent is not None
        # The one that they stand on: what comes back of before is about the past.
        assert (subscription.state, subscription.hour) == (S.ACTIVE, 9)
        assert (subscription.consent.at, subscription.consent.wording) == (clock.now, WORDING)
        assert (await joining.confirm(app, link(app, letter))).done
        # The link has done its work: it lifts nothing a second time, and does not say it did.
        await audience.suppress(app, email, cause)
        for verb in (joining.confirm, joining.confirmation):
            with pytest.raises(NotFound, match="used before"):
                await verb(app, link(app, letter))
        clock.now += DAY
        await sign_up(app, email=email)
        assert [one.kind for one in await written(app)] == [LetterKind.CONFIRM] * 2


async def test_who_is_suppressed_after_asking_cannot_confirm(tmp_path: Path) -> None:
    async with newsroom(tmp_path) as clock:
        app = clock.app
        await sign_up(app)
        (letter,) = await written(app)
        await audience.suppress(app, "example.com")
        with pytest.raises(NotFound, match="nothing is ever mailed"):
            await joining.confirm(app, link(app, letter))
        assert await state(app) == "pending"
        await audience.allow(app, "example.com")
        await joining.confirm(app, link(app, letter))


async def test_an_old_link_brings_nobody_back_who_has_left_or_was_forgotten(
    tmp_path: Path,
) -> None:
    async with newsroom(tmp_path) as clock:
        app = clock.app
        await sign_up(app)
        clock.now += DAY
        await sign_up(app)
        first, second = await written(app)
        await joining.confirm(app, link(app, second))
        person = await known(app)
        assert person is not None
        clock.now += HOUR
        await audience.leave(app, app.links.leave_token("daily", person.subscriber))
        for verb in (joining.confirmation, joining.confirm):
            with pytest.raises(NotFound, match="before you left"):
                await verb(app, link(app, first))
        assert await state(app) == "ended"
        # Asked anew, they come back.
        clock.now += DAY
        await sign_up(app)
        newest = (await written(app))[-1]
        await joining.confirm(app, link(app, newest))
        assert await state(app) == "active"

        clock.now += DAY
        await sign_up(app, newsletter="weekly")
        waiting = (await written(app))[-1]
        await privacy.erase(app, person.subscriber.id, barred=Barred.ERASED)
        with pytest.raises(NotFound, match="forgotten"):
            await joining.confirm(app, link(app, waiting))
        assert await known(app) is None


# ---------------------------------------------------------------------- what is refused


@pytest.mark.parametrize(
    ("email", "why"),
    [
        ("ann@example.com", ""),
        ("ann@mail.good.example", ""),
        ("ann@good.example", ""),
        ("ann@bad.good.example", "domain"),
        ("ann@sub.bad.good.example", "domain"),
        ("ann@other.example", "domain"),
        ("ann@verygood.example", "domain"),
        ("ann", "address"),
        ("ann@example.com\r\nBcc: bob@example.com", "address"),
        ("", "address"),
        ("a" * 5_000_000, "address"),
    ],
)
async def test_what_may_sign_up_is_said_by_its_form_and_domain(
    tmp_path: Path, email: str, why: str
) -> None:
    lists = 'allow_domains = ["good.example", "example.com"]\nblock_domains = ["bad.good.example"]'
    async with newsroom(tmp_path, more=lists) as clock:
        app = clock.app
        assert joining.refused(app, app.newsletter(), email) == why
        if why:
            with pytest.raises(Conflict) as caught:
                await joining.ask(app, asked(email=email))
            assert "@" not in str(caught.value)
        else:
            await joining.ask(app, asked(email=email))


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"newsletter": "inside"}, "nobody can sign up"),
        ({"choices": Choices(sections=("nonsense",))}, "no section 'nonsense'"),
        ({"choices": Choices(language="xx")}, "no language 'xx'"),
        ({"choices": Choices(frequency=Frequency.BREAKING)}, "no frequency 'breaking'"),
        ({"choices": Choices(timezone="../../etc/passwd")}, "no time zone"),
        ({"choices": Choices(timezone="Mars/Base")}, "Europe/Dublin"),
        ({"choices": Choices(hour=24)}, "no hour 24"),
    ],
    ids=["closed", "section", "language", "frequency", "path", "zone", "hour"],
)
async def test_what_is_not_on_offer_is_refused_before_anything_is_written(
    tmp_path: Path, fields: dict[str, Any], said: str
) -> None:
    async with newsroom(tmp_path) as clock:
        with pytest.raises(Conflict, match=said):
            await joining.ask(clock.app, asked(**fields))
        async with clock.app.db.read() as conn:
            assert not await signups.any_waiting(conn)


async def test_a_closed_house_takes_nobody_and_no_newsletter_is_invented(tmp_path: Path) -> None:
    async with newsroom(tmp_path, more="sign_up = false") as clock:
        with pytest.raises(Conflict, match="nobody can sign up"):
            await joining.ask(clock.app, asked())
        with pytest.raises(NotFound, match="no newsletter 'none'"):
            await joining.ask(clock.app, asked(newsletter="none"))


async def test_what_is_enormous_is_cut(tmp_path: Path) -> None:
    async with newsroom(tmp_path) as clock:
        app = clock.app
        big = "\u202e☃\n" * 2_000_000
        await sign_up(app, name=big, wording=big, given=big, wording_language=big, network=big)
        (letter,) = await written(app)
        assert len(letter.content["name"]) <= joining.LONGEST_NAME
        assert "\u202e" not in letter.content["name"]
        assert len(str(letter.content)) < 8_000
        assert letter.content["network"] == ""


@pytest.mark.parametrize(
    ("keep", "address", "kept"),
    [
        ("none", "192.0.2.77", ""),
        ("masked", "192.0.2.77", "192.0.2.0/24"),
        ("masked", "192.0.2.0/24", "192.0.2.0/24"),
        ("masked", "::ffff:192.0.2.77", "192.0.2.0/24"),
        ("masked", "2001:db8:1:2::3", "2001:db8:1::/48"),
        ("masked", "fe80::1%eth0", "fe80::/48"),
        ("full", "2001:db8:1:2::3", "2001:db8:1:2::3"),
        ("full", "::ffff:192.0.2.77", "192.0.2.77"),
        ("full", "nonsense", ""),
        ("masked", "", ""),
    ],
)
def test_of_the_network_address_is_kept_what_was_said(keep: Any, address: str, kept: str) -> None:
    assert joining.kept_network(keep, address) == kept


# ----------------------------------------------------------------------- what goes wrong


async def test_a_form_that_cannot_be_read_stops_no_other(tmp_path: Path) -> None:
    async with newsroom(tmp_path) as clock:
        app = clock.app
        await joining.ask(app, asked())
        async with app.db.write() as conn:
            for content in ("", "[]", "{}", '{"choices": 1, "email": "x"}', "null"):
                row = {"email": "x", "newsletter": "daily", "content": content, "at": MORNING}
                await conn.execute(insert(schema.signup).values(row))
        await joining.ask(app, asked(email="bob@example.com"))
        # Of a newsletter that was taken out since.
        async with app.db.write() as conn:
            gone = {"choices": joining._choices_as_json(Choices()), "email": "cy@example.com"}
            await signups.add(conn, email="cy", newsletter="gone", content=gone, now=MORNING)
        assert await joining.take_signups(app) == 8
        assert len(await written(app)) == 2
        async with app.db.read() as conn:
            assert not await signups.any_waiting(conn)


async def test_two_who_look_at_once_answer_each_form_once(tmp_path: Path, store_url: str) -> None:
    async with newsroom(tmp_path, store_url=store_url) as clock:
        app = clock.app
        for number in range(5):
            await joining.ask(app, asked(email=f"r{number}@example.com"))
        done = await asyncio.gather(*(joining.take_signups(app) for _ in range(3)))
        assert sum(done) == 5
        assert len(await written(app)) == 5


async def test_what_was_cut_short_is_looked_at_again(tmp_path: Path) -> None:
    async with newsroom(tmp_path) as clock:
        app = clock.app
        await joining.ask(app, asked())
        async with app.db.read() as conn:
            (signup,) = await signups.waiting(conn)
        with pytest.raises(asyncio.CancelledError):
            async with app.db.write() as conn:
                await signups.take(conn, signup.number)
                await joining._answer(app, conn, signup)
                # The process dies before its commit.
                raise asyncio.CancelledError
        assert (await written(app), await known(app)) == ([], None)
        assert await joining.take_signups(app) == 1
        assert len(await written(app)) == 1


async def test_a_process_that_is_to_stop_begins_no_other_form(tmp_path: Path) -> None:
    async with newsroom(tmp_path) as clock:
        await joining.ask(clock.app, asked())
        clock.app.stopping.set()
        assert await joining.take_signups(clock.app) == 0
        assert await joining.expire(clock.app) == 0


async def test_a_choice_that_is_gone_by_the_time_of_confirming_is_left_out(tmp_path: Path) -> None:
    async with newsroom(tmp_path) as clock:
        await sign_up(clock.app, choices=Choices(sections=("harbour",), frequency=Frequency.WEEKLY))
        (letter,) = await written(clock.app)
        token = link(clock.app, letter)
    path = tmp_path / "config.toml"
    path.write_text(
        path.read_text()
        .replace('title = "Harbour"', 'title = "Port"')
        .replace('best_of = ["daily"]', "")
    )
    async with open_newsroom(tmp_path, now=lambda: clock.now) as app:
        await joining.confirm(app, token)
        person = await known(app)
        assert person is not None
        assert person.subscriptions[0].sections == ()
        assert person.subscriptions[0].frequency is Frequency.DAILY


# ------------------------------------------------------------------------------ give up


async def test_who_never_confirms_is_forgotten(tmp_path: Path, store_url: str) -> None:
    async with newsroom(tmp_path, people=1, store_url=store_url) as clock:
        app = clock.app
        await sign_up(app)
        await sign_up(app, email="reader1@example.com", newsletter="weekly")
        await sign_up(app, email="bob@example.com")
        clock.now += 7 * DAY
        assert await joining.expire(app) == 0
        # Whoever asks again has the time of the new letter.
        await sign_up(app, email="bob@example.com")
        clock.now += timedelta(seconds=1)
        assert await joining.expire(app) == 2
        assert await joining.expire(app) == 0
        assert await known(app) is None
        # Of somebody who is known otherwise only this comes to its end.
        assert await state(app, "reader1@example.com", "weekly") == "ended"
        assert await state(app, "reader1@example.com") == "active"
        assert await state(app, "bob@example.com") == "pending"
        async with app.db.read() as conn:
            assert await people.barred(conn, ANN, app.key) is None
        # And may ask again, as anybody.
        await sign_up(app)
        await joining.confirm(app, link(app, (await written(app))[-1]))
        assert await state(app) == "active"


async def test_a_stranger_whose_question_bounced_is_forgotten_as_one(tmp_path: Path) -> None:
    async with newsroom(tmp_path) as clock:
        app = clock.app
        await sign_up(app)
        told = Return(kind=ReturnKind.HARD, recipient=ANN, status="5.1.1", reporter="ses")
        await take(app, [told], proved=True)
        assert await state(app) == "ended"
        clock.now += 7 * DAY
        assert await joining.expire(app) == 0
        clock.now += timedelta(seconds=1)
        assert await joining.expire(app) == 1
        assert await known(app) is None
        async with app.db.read() as conn:
            assert await people.barred(conn, ANN, app.key) is Barred.BOUNCE


async def test_a_stranger_who_was_ended_and_not_yet_erased_is_found_again(tmp_path: Path) -> None:
    """As a version that did it in two steps left them when it was killed in between."""
    async with newsroom(tmp_path) as clock:
        app = clock.app
        await sign_up(app)
        async with app.db.write() as conn:
            await people.move(
                app.db, conn, 1, "daily", SubscriptionEvent.END, cause=By.EXPIRED, now=clock.now
            )
        clock.now += 7 * DAY + timedelta(seconds=1)
        assert await joining.expire(app) == 1
        assert await known(app) is None
        async with app.db.read() as conn:
            assert await people.barred(conn, ANN, app.key) is None


async def test_many_strangers_are_forgotten_in_one_go_and_the_files_cleaned_once(
    tmp_path: Path,
) -> None:
    async with newsroom(tmp_path) as clock:
        app = clock.app
        for number in range(12):
            await joining.ask(app, asked(email=f"stranger{number}@example.com"))
        await joining.take_signups(app)
        clock.now += 7 * DAY + timedelta(seconds=1)
        assert await joining.expire(app) == 12
        # Marked once, for all of them; the end of the daily round cleans.
        assert len(list((tmp_path / "data").glob("*unclean*"))) == 1
        await privacy.forget_old(app)
        assert list((tmp_path / "data").glob("*unclean*")) == []
        for path in (tmp_path / "data").rglob("*"):
            assert not path.is_file() or b"stranger" not in path.read_bytes()


# ---------------------------------------------------------------------- whatever happens


ACTS = st.lists(
    st.sampled_from(["ask", "confirm", "old link", "leave", "expire", "day", "suppress", "erase"]),
    max_size=10,
)
NUMBERS = itertools.count()


@pytest.fixture(scope="module")
def lasting(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("lasting")


@settings(max_examples=12)
@given(acts=ACTS)
def test_whatever_happens_nobody_is_active_without_a_consent_that_is_theirs(
    acts: list[str], lasting: Path
) -> None:
    async def live() -> None:
        email = f"ann{next(NUMBERS)}@example.com"
        async with newsroom(lasting) as clock:
            for act in acts:
                clock.now += timedelta(minutes=1)
                await do(clock, act, email)
                await check(clock.app, email)

    asyncio.run(live())


async def do(clock: Clock, act: str, email: str) -> None:
    app = clock.app
    person = await known(app, email)
    theirs = [
        one for one in await written(app) if person and one.subscriber_id == person.subscriber.id
    ]
    if act == "ask":
        await sign_up(app, email=email)
    elif act in ("confirm", "old link") and theirs:
        letter = theirs[-1] if act == "confirm" else theirs[0]
        try:
            await joining.confirm(app, link(app, letter))
        except (NotFound, BadToken):
            return
        assert not await subscribed_before(app, email, letter.at)
    elif act == "leave" and person:
        await audience.leave(app, app.links.leave_token("daily", person.subscriber))
    elif act == "expire":
        clock.now += 8 * DAY
        await joining.expire(app)
    elif act == "day":
        clock.now += DAY
    elif act == "suppress":
        await audience.suppress(app, email)
    elif act == "erase" and person:
        await privacy.erase(app, person.subscriber.id, barred=Barred.ERASED)
        assert await known(app, email) is None


async def subscribed_before(app: App, email: str, at: datetime) -> bool:
    """Whether somebody came back by a letter of before they left."""
    person = await known(app, email)
    assert person is not None
    return any(one.state is S.ENDED and one.at > at for one in person.changes)


async def check(app: App, email: str) -> None:
    person = await known(app, email)
    if person is None:
        return
    async with app.db.read() as conn:
        consents = await people.consents_of(conn, person.subscriber.id)
    began, before = 0, dict.fromkeys(("daily", "weekly"), S.ENDED)
    for one in person.changes:
        # To go on after a pause asks for no new consent.
        began += one.state is S.ACTIVE and before[one.newsletter] is not S.PAUSED
        before[one.newsletter] = one.state
    assert len(consents) == began
    for subscription in person.subscriptions:
        getting = subscription.state in (S.ACTIVE, S.PAUSED)
        assert not getting or subscription.consent is not None


async def test_nobody_waits_in_a_circle_whoever_does_what_at_once(
    tmp_path: Path, store_url: str
) -> None:
    async with newsroom(tmp_path, store_url=store_url) as clock:
        app, dice = clock.app, random.Random(0)
        for _ in range(8):
            clock.now += DAY + timedelta(seconds=1)
            await joining.ask(app, asked())
            doing = await everything(app, dice)
            for one in await asyncio.gather(*doing, return_exceptions=True):
                assert one is None or isinstance(one, bool | int | joining.Confirmation | NotFound)
            await check(app, ANN)


async def everything(app: App, dice: random.Random) -> list[Coroutine[Any, Any, object]]:
    """All that can happen to somebody, in any order."""
    doing: list[Coroutine[Any, Any, object]] = [joining.take_signups(app), joining.expire(app)]
    person = await known(app)
    if person is not None:
        leave = app.links.leave_token("daily", person.subscriber)
        wishes = app.links.preferences_token("daily", person.subscriber)
        told = Return(kind=ReturnKind.SOFT, recipient=ANN, status="4.2.2", reporter="ses")
        doing += [
            audience.leave(app, leave),
            audience.back(app, leave),
            audience.pause(app, wishes, 3),
            audience.resume(app, wishes),
            audience.join(app, wishes, "weekly"),
            audience.leave_all(app, wishes),
            audience.send_data(app, wishes),
            audience.resume_due(app),
            take(app, [told], proved=True),
        ]
        doing += [
            joining.confirm(app, link(app, letter))
            for letter in (await written(app))[-2:]
            if letter.kind is LetterKind.CONFIRM
        ]
        if dice.random() < 0.4:
            doing.append(privacy.erase(app, person.subscriber.id, barred=Barred.ERASED))
    dice.shuffle(doing)
    return doing
