"""People as rows: no step without consent, no two winners, nothing left of who was erased."""

import asyncio
import itertools
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select, update
from sqlalchemy.exc import IntegrityError

from digest.errors import Conflict, NotFound
from digest.model import (
    SUBSCRIPTION_LIFE,
    Barred,
    By,
    Choices,
    Consent,
    DeliveryState,
    Form,
    Frequency,
    LetterKind,
    Outcome,
    Person,
    SubscriptionEvent,
    SubscriptionState,
)
from digest.store import (
    Database,
    audit,
    forgetting,
    journal,
    kept,
    leaving,
    letters,
    people,
    schema,
    signups,
)
from make import MORNING
from store.rows import SLOT, begin, subscribe

E, S = SubscriptionEvent, SubscriptionState
KEY = b"k" * 32
DAY = timedelta(days=1)
NUMBERS = itertools.count()
CONSENT = Consent(
    at=MORNING,
    given="sign-up page",
    wording="Send me The Daily.",
    language="en",
    asked_at=MORNING - timedelta(hours=1),
    network="192.0.2.0/24",
)


async def keep(db: Database, email: str = "ann@example.com", **fields: Any) -> int:
    async with db.write() as conn:
        return await people.keep_person(db, conn, email=email, now=MORNING, **fields)


async def move(
    db: Database,
    id: int,
    event: SubscriptionEvent,
    *,
    newsletter: str = "daily",
    now: datetime = MORNING,
    until: datetime | None = MORNING + DAY,
) -> bool:
    """One event in a transaction of its own, with whatever it needs."""
    async with db.write() as conn:
        number = None
        if event is E.CONSENT:
            number = await people.note_consent(conn, id, newsletter, CONSENT)
        return await people.move(
            db, conn, id, newsletter, event, cause=By.PAGE, now=now, until=until, consent_id=number
        )


async def look(db: Database, id: int) -> Person:
    async with db.read() as conn:
        return await people.person(conn, id)


# ---------------------------------------------------------------------- who it is


async def test_one_person_has_one_row_however_the_address_is_spelled(db: Database) -> None:
    first = await keep(db, "Ann@example.com", name="Ann", language="uk")
    assert await keep(db, "ANN@EXAMPLE.COM", name="Other") == first
    person = await look(db, first)
    assert (person.subscriber.email, person.subscriber.name) == ("Ann@example.com", "Ann")
    assert (person.created_at, person.subscriptions) == (MORNING, ())
    async with db.write() as conn:
        assert await people.find(conn, "ann@Example.com") == first
        assert await people.find(conn, "bob@example.com") is None
        assert await people.keyed(conn, person.subscriber.key) == first
        assert await people.hold(conn, first)
        assert not await people.hold(conn, first + 1)
        with pytest.raises(NotFound):
            await people.keyed(conn, "0" * 32)
        with pytest.raises(NotFound):
            await people.person(conn, first + 1)


async def test_what_somebody_chose_and_agreed_to_is_read_back(db: Database) -> None:
    id = await keep(db)
    wanted = Choices(
        sections=("sport", "arts"),
        briefs=False,
        frequency=Frequency.WEEKLY,
        hour=0,
        language="pl",
        timezone="Europe/Warsaw",
        form=Form.TEXT,
    )
    async with db.write() as conn:
        assert not await people.choose(conn, id, "daily", wanted)
    await move(db, id, E.CONSENT)
    async with db.write() as conn:
        assert await people.choose(conn, id, "daily", wanted)
        await people.set_tags(db, conn, id, add=["press", "board"])
        await people.set_tags(db, conn, id, add=["press"], remove=["board", "never"])
    person = await look(db, id)
    (found,) = person.subscriptions
    assert (found.sections, found.briefs) == (("sport", "arts"), False)
    assert (found.frequency, found.hour) == (Frequency.WEEKLY, 0)
    assert (found.consent, found.cause, found.since) == (CONSENT, "page", MORNING)
    reader = person.subscriber
    assert (reader.language, reader.timezone, reader.form) == ("pl", "Europe/Warsaw", Form.TEXT)
    assert person.tags == ("press",)
    async with db.read() as conn:
        assert await people.consents_of(conn, id) == [("daily", CONSENT)]
        assert await people.newsletters_of(conn, id) == ["daily"]


# ----------------------------------------------------------------------- their life

LIVES = st.lists(st.tuples(st.sampled_from(list(E)), st.integers(0, 2)), max_size=12)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("lives")


@settings(max_examples=20)
@given(events=LIVES)
def test_no_sequence_of_events_leads_past_consent_or_off_the_table(
    events: list[tuple[SubscriptionEvent, int]], folder: Path
) -> None:
    async def live() -> None:
        db = Database("sqlite:///lives.db", base=folder)
        await db.upgrade()
        try:
            id = await keep(db, f"r{next(NUMBERS)}@example.com")
            for number, (event, days) in enumerate(events):
                now = MORNING + number * timedelta(minutes=1)
                before = (await look(db, id)).subscriptions
                moved = await move(db, id, event, now=now, until=MORNING + (1 + days) * DAY)
                after = (await look(db, id)).subscriptions
                assert moved == (before != after)
            check_chain(await look(db, id))
        finally:
            await db.close()

    asyncio.run(live())


def check_chain(person: Person) -> None:
    """Each change follows from the one before, and the last is how things stand."""
    for found in person.subscriptions:
        chain = [one for one in person.changes if one.newsletter == found.newsletter]
        assert chain[0].state in (S.PENDING, S.ACTIVE)
        for one, other in itertools.pairwise(chain):
            assert other.state in SUBSCRIPTION_LIFE[one.state].values()
        assert (chain[-1].state, chain[-1].at) == (found.state, found.since)
        if found.state in (S.ACTIVE, S.PAUSED):
            assert found.consent is not None
        assert (found.until is not None) == (found.state is S.PAUSED)


async def test_a_life_on_both_databases(db: Database) -> None:
    id = await keep(db)
    steps = [
        (E.PAUSE, False), (E.RESUME, False), (E.END, False), (E.ASK, True), (E.ASK, False),
        (E.PAUSE, False), (E.CONSENT, True), (E.CONSENT, False), (E.ASK, False), (E.PAUSE, True),
        (E.PAUSE, False), (E.RESUME, True), (E.RESUME, False), (E.END, True), (E.END, False),
        (E.ASK, False), (E.PAUSE, False), (E.CONSENT, True),
    ]  # fmt: skip
    for event, moves in steps:
        assert await move(db, id, event) is moves, event
    person = await look(db, id)
    check_chain(person)
    assert [one.state.value for one in person.changes] == [
        "pending", "active", "paused", "active", "ended", "active"
    ]  # fmt: skip
    async with db.read() as conn:
        assert await people.ended_after(conn, id, "daily", after=MORNING - DAY)
        assert not await people.ended_after(conn, id, "daily", after=MORNING)
        assert not await people.ended_after(conn, id, "weekly", after=MORNING - DAY)


async def test_nobody_is_active_or_paused_without_consent(db: Database) -> None:
    id = await keep(db)
    await move(db, id, E.ASK)
    async with db.write() as conn:
        with pytest.raises(ValueError, match="note_consent"):
            await people.move(db, conn, id, "daily", E.CONSENT, cause=By.PAGE, now=MORNING)
        with pytest.raises(ValueError, match="end"):
            await people.move(db, conn, id, "daily", E.PAUSE, cause=By.PAGE, now=MORNING)
    for state in ("active", "paused"):
        with pytest.raises(IntegrityError):
            async with db.write() as conn:
                await conn.execute(update(schema.subscription).values(state=state))


@pytest.mark.parametrize("event", [E.END, E.CONSENT, E.ASK])
async def test_of_several_at_once_one_wins(db: Database, event: SubscriptionEvent) -> None:
    id = await keep(db)
    if event is not E.ASK:
        await move(db, id, E.ASK)
    won = await asyncio.gather(*(move(db, id, event) for _ in range(5)))
    assert sorted(won) == [False, False, False, False, True]
    assert len((await look(db, id)).changes) == (1 if event is E.ASK else 2)


async def test_nothing_happens_to_who_was_erased(db: Database) -> None:
    assert not await move(db, 17, E.ASK)


# ------------------------------------------------------------------ whose time has come


async def test_a_pause_ends_on_its_day_and_not_if_it_was_moved(db: Database) -> None:
    ids = [await keep(db, f"r{number}@example.com") for number in range(3)]
    for id in ids:
        await move(db, id, E.CONSENT)
        await move(db, id, E.PAUSE, until=MORNING + DAY)
    await move(db, ids[2], E.END)
    async with db.write() as conn:
        assert await people.due_to_resume(conn, MORNING) == []
        due = await people.due_to_resume(conn, MORNING + DAY)
        assert due == [(ids[0], "daily"), (ids[1], "daily")]
    await move(db, ids[1], E.PAUSE, until=MORNING + 2 * DAY)
    async with db.write() as conn:
        woken = [await people.wake(db, conn, id, "daily", now=MORNING + DAY) for id in (*ids, 99)]
        assert woken == [True, False, False, False]
        assert await people.due_to_resume(conn, MORNING + DAY) == []
    person = await look(db, ids[0])
    assert (person.subscriptions[0].state, person.changes[-1].cause) == (S.ACTIVE, "time")


async def test_who_never_confirmed_and_who_left_long_ago_are_found(db: Database) -> None:
    asked, again, gone, back, never = [await keep(db, f"r{n}@example.com") for n in range(5)]
    for id in (asked, again):
        await move(db, id, E.ASK)
    for id in (gone, back):
        await move(db, id, E.CONSENT)
        await move(db, id, E.END)
    await move(db, back, E.CONSENT, newsletter="weekly")
    later = MORNING + 3 * DAY
    async with db.write() as conn:
        await letters.write(conn, LetterKind.CONFIRM, again, "daily", content={}, now=later)
        # Strangers go as a whole.
        assert await forgetting.expired(conn, later + DAY) == []
        for id in (asked, again):
            await people.note_consent(conn, id, "weekly", CONSENT)
        assert await forgetting.expired(conn, MORNING) == []
        assert await forgetting.expired(conn, later) == [(asked, "daily")]
        assert await forgetting.expired(conn, later, of=again) == []
        assert len(await forgetting.expired(conn, later + DAY)) == 2
        assert await forgetting.expired(conn, later + DAY, after=asked) == [(again, "daily")]
        assert await forgetting.over(conn, over(MORNING)) == []
        assert await forgetting.over(conn, over(later)) == [gone, never]
        assert await forgetting.over(conn, over(later), after=gone) == [never]
        assert await forgetting.over(conn, over(later), of=never) == [never]
        assert not await forgetting.erase(conn, back, only=over(later))
        assert await forgetting.erase(conn, gone, only=over(later))


async def test_nobody_s_time_is_over_while_they_are_asked_or_ask(db: Database) -> None:
    ids = [await keep(db, f"r{n}@example.com") for n in range(5)]
    lettered, used, formed, late, gone = ids
    for id in ids:
        await move(db, id, E.CONSENT)
        await move(db, id, E.END)
    later, before = MORNING + 3 * DAY, MORNING + DAY
    async with db.write() as conn:
        for id, at in ((lettered, later), (used, later), (late, before - DAY)):
            number = await letters.write(conn, LetterKind.CONFIRM, id, "daily", content={}, now=at)
            if id == used:
                await letters.use(conn, number, now=at)
        await signups.add(conn, email="R2@example.com", newsletter="daily", content={}, now=later)
        which = forgetting.Over(before=before, asked_since=before)
        assert await forgetting.over(conn, which) == [used, late, gone]
        assert not await forgetting.erase(conn, lettered, only=which)
        assert not await forgetting.erase(conn, formed, only=which)


async def test_strangers_are_those_who_never_agreed_whatever_became_of_it(db: Database) -> None:
    ids = [await keep(db, f"r{n}@example.com") for n in range(4)]
    pending, bounced, young, known = ids
    for id in (pending, bounced, known):
        await move(db, id, E.ASK)
    await move(db, bounced, E.END)
    await move(db, known, E.CONSENT, newsletter="weekly")
    await move(db, known, E.END, newsletter="weekly")
    await move(db, young, E.ASK, now=MORNING + DAY)
    async with db.write() as conn:
        later = MORNING + DAY
        which = forgetting.Over(before=later, asked_since=later, strangers=True)
        assert await forgetting.over(conn, which) == [pending, bounced]
        assert await forgetting.over(conn, which, after=pending, limit=1) == [bounced]
        which = forgetting.Over(before=MORNING, asked_since=MORNING, strangers=True)
        assert await forgetting.over(conn, which) == []


def over(before: datetime) -> forgetting.Over:
    return forgetting.Over(before=before, asked_since=before)


async def test_whoever_agrees_to_what_they_get_has_it_by_the_new_consent(db: Database) -> None:
    id = await keep(db)
    await move(db, id, E.CONSENT)
    async with db.write() as conn:
        anew = replace(CONSENT, at=MORNING + DAY)
        number = await people.note_consent(conn, id, "daily", anew)
        assert not await people.move(
            db, conn, id, "daily", E.CONSENT, cause=By.PAGE, now=MORNING, consent_id=number
        )
    person = await look(db, id)
    assert (person.subscriptions[0].consent, len(person.changes)) == (anew, 1)


async def test_what_brings_a_newsletter_moves_with_it(db: Database) -> None:
    id = await keep(db)
    for slug, often in (("daily", Frequency.WEEKLY), ("sea", Frequency.DAILY), ("weekly", None)):
        await move(db, id, E.CONSENT, newsletter=slug)
        async with db.write() as conn:
            if often is not None:
                await people.choose(conn, id, slug, Choices(frequency=often))
    for event, state in ((E.PAUSE, "paused"), (E.RESUME, "active"), (E.END, "ended")):
        for again in (False, True):
            async with db.write() as conn:
                moved = await leaving.move(
                    db, conn, id, "weekly", event, best_of=("daily", "sea", "none"),
                    cause=By.MAIL, now=MORNING, until=MORNING + DAY,
                )  # fmt: skip
                assert moved is not again
        found = {
            one.newsletter: (one.state, one.cause) for one in (await look(db, id)).subscriptions
        }
        assert found["daily"] == found["weekly"] == (state, "mail")
        assert found["sea"][0] == "active"
    async with db.write() as conn:
        await forgetting.erase(conn, id)
        assert not await leaving.move(
            db, conn, id, "weekly", E.END, best_of=("daily",), cause=By.MAIL, now=MORNING
        )


# ------------------------------------------------------------------ who must not be mailed


async def test_addresses_and_domains_are_barred_with_their_cause(db: Database) -> None:
    async def cause_of(address: str) -> Barred | None:
        async with db.read() as conn:
            return await people.barred(conn, address, KEY)

    async with db.write() as conn:
        for address, cause in (
            ("Ann@example.com", Barred.BOUNCE),
            ("bob@example.com", Barred.ADMIN),
            ("cy@mail.example.net", Barred.ERASED),
        ):
            await people.bar(db, conn, address, cause, hash_key=KEY, now=MORNING)
        await people.bar_domain(db, conn, "example.net", Barred.BOUNCE, now=MORNING)
    assert await cause_of("ann@EXAMPLE.com") is Barred.BOUNCE
    assert await cause_of("dan@example.com") is None
    # A domain is never freed by a reader's consent.
    assert await cause_of("cy@mail.example.net") is Barred.ADMIN
    assert await cause_of("eve@example.net") is Barred.ADMIN
    assert await cause_of("eve@anexample.net") is None
    async with db.write() as conn:
        # What lasts takes the place of what a sign-up would lift, and not the other way round.
        for cause, stands in (
            (Barred.ERASED, Barred.BOUNCE),
            (Barred.REQUEST, Barred.REQUEST),
            (Barred.BOUNCE, Barred.REQUEST),
            (Barred.COMPLAINT, Barred.REQUEST),
        ):
            await people.bar(db, conn, "ann@example.com", cause, hash_key=KEY, now=MORNING)
            assert await people.barred(conn, "ann@example.com", KEY) is stands
        assert not await people.lift(conn, "ann@example.com", KEY, [Barred.BOUNCE])
        assert await people.lift(conn, "ann@example.com", KEY)
        assert not await people.lift(conn, "ann@example.com", KEY)
        await conn.execute(update(schema.suppression).values(cause="operator"))
        assert await people.barred(conn, "bob@example.com", KEY) is Barred.ADMIN
        assert await people.lift(conn, "bob@example.com", KEY, [Barred.ADMIN])
        assert await people.unbar_domain(conn, "example.net")
        assert not await people.unbar_domain(conn, "example.net")
    assert await cause_of("eve@example.net") is None


# ------------------------------------------------------------------------------ forms


async def test_forms_wait_in_order_and_are_taken_once(db: Database) -> None:
    async with db.write() as conn:
        assert not await signups.any_waiting(conn)
        for number in range(3):
            await signups.add(
                conn, email=f"R{number}@example.com", newsletter="daily", content={"n": number},
                now=MORNING, most=3,
            )  # fmt: skip
        with pytest.raises(Conflict, match="try again later"):
            await signups.add(conn, email="r", newsletter="daily", content={}, now=MORNING, most=3)
        with pytest.raises(Conflict, match="too much"):
            big = {"name": "x" * signups.LONGEST}
            await signups.add(conn, email="r", newsletter="daily", content=big, now=MORNING)
        first, second, third = await signups.waiting(conn)
        assert (first.content, second.newsletter, third.at) == ('{"n": 0}', "daily", MORNING)
        assert await signups.waiting(conn, after=first.number, limit=1) == [second]
        # A gap is room again.
        assert await signups.take(conn, second.number)
        assert not await signups.take(conn, second.number)
        await signups.add(conn, email="r", newsletter="daily", content={}, now=MORNING, most=3)
        assert await signups.any_waiting(conn)


async def test_letters_to_one_mailbox_are_counted_whatever_its_tag(db: Database) -> None:
    later = MORNING + timedelta(hours=2)
    for email, kind, at in (
        ("ann@example.com", LetterKind.CONFIRM, MORNING),
        ("Ann+x@example.com", LetterKind.KNOWN, later),
        ("ann+y@example.com", LetterKind.CONFIRM, later),
        ("ann+z@example.com", LetterKind.DATA, later),
        ("ann+z@example.org", LetterKind.CONFIRM, later),
        ("anna@example.com", LetterKind.CONFIRM, later),
        ("a_n+y@example.com", LetterKind.CONFIRM, later),
    ):
        id = await keep(db, email)
        async with db.write() as conn:
            await letters.write(conn, kind, id, "daily", content={}, now=at)
    async with db.read() as conn:
        for address, since, number in (
            ("ann+q@example.com", MORNING - DAY, 3),
            ("ann@example.com", MORNING, 2),
            ("ann@example.com", later, 0),
            ("a_n@example.com", MORNING, 1),
            ("bob@example.com", MORNING - DAY, 0),
        ):
            assert await signups.asked_lately(conn, address, since=since) == number


# ---------------------------------------------------------------------------- forgetting


async def rows_about(db: Database, id: int) -> dict[str, int]:
    """Rows of each table that has a column for people."""
    found = {}
    async with db.read() as conn:
        for table in schema.metadata.sorted_tables:
            if "subscriber_id" in table.c:
                query = select(func.count()).where(table.c.subscriber_id == id)
                found[table.name] = int(await conn.scalar(query) or 0)
    return {name: number for name, number in found.items() if number}


async def crowd(db: Database) -> tuple[int, int]:
    """Two people with rows in every table."""
    first, second = await subscribe(db, 2)
    await begin(db, [first, second])
    async with db.write() as conn:
        for id in (first, second):
            await people.set_tags(db, conn, id, add=["press"])
            number = await letters.write(
                conn, LetterKind.DATA, id, "daily", content={}, now=MORNING
            )
            letter = f"data:{number}"
            await journal.add_chunk(conn, letter, [id])
            said = Outcome(
                subscriber_id=id, state=DeliveryState.FAILED, at=MORNING, text="<reader> unknown"
            )
            for edition in (letter, SLOT.edition_id):
                await journal.record(db, conn, edition, [said])
            await conn.execute(
                schema.bounce.insert().values(
                    fingerprint=f"{id:032x}", subscriber_id=id, kind="hard", reporter="dsn",
                    edition_id=SLOT.edition_id, at=MORNING,
                )
            )  # fmt: skip
            email = f"reader{1 if id == first else 2}@example.com"
            await signups.add(conn, email=email, newsletter="daily", content={}, now=MORNING)
        await people.move(db, conn, first, "daily", E.END, cause=By.MAIL, now=MORNING)
    return first, second


async def test_erasing_leaves_a_number_and_nobody_else_s_rows_alone(db: Database) -> None:
    first, second = await crowd(db)
    before = await rows_about(db, second)
    assert set(before) == {
        "answer", "bounce", "consent", "delivery", "letter", "subscription", "tag"
    }  # fmt: skip
    async with db.write() as conn:
        assert await forgetting.erase(conn, first)
        assert not await forgetting.erase(conn, first)
    assert await rows_about(db, first) == {"delivery": 1}
    assert await rows_about(db, second) == before
    async with db.read() as conn:
        (row,) = await journal.listing(conn, SLOT.edition_id, limit=1)
        assert (row.subscriber_id, row.text) == (first, "")
        assert len(await signups.waiting(conn)) == 1
        chunks = select(func.count()).select_from(schema.chunk)
        assert await conn.scalar(chunks) == 2


async def test_everything_else_that_is_kept_of_somebody_is_read(db: Database) -> None:
    first, _ = await crowd(db)
    async with db.read() as conn:
        sent = await kept.deliveries_of(conn, first)
        assert [one.edition_id for one in sent] == [SLOT.edition_id, "data:1"]
        assert {one.state for one in sent} == {DeliveryState.FAILED}
        assert [one.kind for one in await kept.letters_of(conn, first)] == [LetterKind.DATA]
        (returned,) = await kept.returns_of(conn, first)
        assert (returned.kind, returned.edition_id) == ("hard", SLOT.edition_id)


async def test_what_is_old_goes_in_parts_and_what_is_young_stays(db: Database) -> None:
    await crowd(db)
    later = MORNING + DAY
    async with db.write() as conn:
        assert await forgetting.drop_bounces(conn, before=MORNING) == 0
        assert await forgetting.drop_bounces(conn, before=later, limit=1) == 1
        # A letter that is yet to be sent stays.
        assert await forgetting.drop_letters(conn, before=later) == 0
        await letters.close(conn, 1, now=MORNING)
        assert await forgetting.drop_letters(conn, before=later) == 1
        assert await forgetting.old_editions(conn, later) == []
        await conn.execute(
            update(schema.edition).values(state="sent", finished_at=MORNING, planned=2)
        )
        assert await forgetting.old_editions(conn, MORNING) == []
        assert await forgetting.old_editions(conn, later) == [SLOT.edition_id]
        assert await forgetting.drop_deliveries(conn, SLOT.edition_id, limit=1) == 1
        assert await forgetting.old_editions(conn, later) == [SLOT.edition_id]
        assert await forgetting.drop_deliveries(conn, SLOT.edition_id, limit=5) == 1
        assert await forgetting.old_editions(conn, later) == []


async def test_acts_are_listed_newest_first_and_forgotten_in_time(db: Database) -> None:
    async with db.write() as conn:
        for number in range(3):
            await audit.note(
                conn, actor="x" * 99, act="add", detail=str(number),
                address_hash="ab"[number % 2], now=MORNING + number * DAY,
            )  # fmt: skip
        found = await audit.listing(conn, limit=2)
        assert [(one.detail, len(one.actor)) for one in found] == [("2", 64), ("1", 64)]
        assert [one.detail for one in await audit.listing(conn, address_hash="a")] == ["2", "0"]
        assert await audit.drop_old(conn, before=MORNING + DAY) == 1
        assert await audit.drop_old(conn, before=MORNING + 9 * DAY, limit=1) == 1
        assert [one.detail for one in await audit.listing(conn)] == ["2"]


async def test_an_act_names_nobody_by_their_address(db: Database) -> None:
    async with db.write() as conn:
        detail = "segment friends of ann@example.com, 3 people"
        await audit.note(conn, actor="ops", act="export", detail=detail, now=MORNING)
        (found,) = await audit.listing(conn)
    assert "@" not in found.detail
    assert found.detail.startswith("segment friends of (address)")


async def test_the_number_of_who_was_erased_is_never_another_s(db: Database) -> None:
    id = await keep(db)
    async with db.write() as conn:
        await forgetting.erase(conn, id)
    assert await keep(db, "bob@example.com") > id
