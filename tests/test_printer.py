"""Variants of one edition: who gets which, and what becomes of the others when one is broken."""

import random
from asyncio import gather
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import date, datetime, timedelta
from email import message_from_bytes
from email.policy import default as default_policy
from itertools import combinations
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from digest import collect, compose, deliver, pipeline, printer, proof
from digest.app import App
from digest.errors import RenderError
from digest.model import Counts, DeliveryState, Edition, EditionState, Form, Picks, Section
from digest.render import default_templates
from digest.slots import slot_of
from digest.store import editions, journal
from make import MORNING, make_edition, make_story, make_subscriber
from newsroom import open_newsroom, take_in, write_article, write_config, write_day

ID = "daily@2026-05-18T0700"
HEAD = "email,language,form,sections,consent_at,consent_from"
GERMAN = '[% if edition.lang[:2] == "de" %][[ edition.nobody.knows ]][% endif %]'


class Clock:
    """A clock that a test moves."""

    at = MORNING

    def __call__(self) -> datetime:
        return self.at


def people(*rows: tuple[str, str, str, str]) -> str:
    """A file of subscribers: name, language, form and sections of each."""
    lines = [
        f"{name}@example.com,{language},{form},{sections},2026-01-02,sign-up form"
        for name, language, form, sections in rows
    ]
    return "\n".join([HEAD, *lines]) + "\n"


def write_room(folder: Path) -> Path:
    mail = 'by = "folder"\nattempts = 3'
    path = write_config(folder, mail=mail, newsletter='theme = "plain"')
    write_day(folder)
    return path


def break_theme(folder: Path, fault: str) -> None:
    own = folder / "templates" / "email"
    own.mkdir(parents=True)
    source = (default_templates() / "email" / "plain.mjml").read_text()
    (own / "plain.mjml").write_text(source.replace("<mj-body", f"{fault}<mj-body", 1))


async def draft(app: App, *, day: int = 18) -> str:
    await collect.collect(app)
    newsletter = app.newsletter()
    slot = slot_of(newsletter, date(2026, 5, day))
    return (await compose.compose(app, newsletter, slot)).id


@asynccontextmanager
async def approved(folder: Path, *rows: tuple[str, str, str, str]) -> AsyncIterator[App]:
    """A newsroom with these subscribers and one approved edition."""
    write_room(folder)
    async with open_newsroom(folder) as app:
        await take_in(app, people(*rows))
        await pipeline.approve(app, await draft(app))
        yield app


def texts(app: App) -> dict[str, str]:
    """The text of each message in the folder, by the first part of the address."""
    found = {}
    for path in sorted((app.data_dir / "mails").glob("*.eml")):
        message = message_from_bytes(path.read_bytes(), policy=default_policy)
        body = message.get_body(("plain",))
        assert body is not None
        found[str(message["To"]).partition("@")[0].strip("<")] = body.get_content()
    return found


# -------------------------------------------------------------------- sections


async def test_who_chose_a_section_that_was_retitled_goes_on_getting_mail(tmp_path: Path) -> None:
    rows = [("picky", "en", "full", "harbour"), ("other", "en", "full", "elsewhere")]
    async with approved(tmp_path, *rows) as app:
        assert (await deliver.deliver(app, ID)).sent == 2
        assert "Bridge will close" not in texts(app)["picky"]
    config = tmp_path / "config.toml"
    config.write_text(config.read_text().replace('title = "Harbour"', 'title = "Port and sea"'))
    write_article(tmp_path, "ferry-stops-again", "The ferry stopped again.", clock="23:00")
    write_article(tmp_path, "library-opens", "The library of Merrow opens.", clock="23:10")
    async with open_newsroom(tmp_path, now=lambda: MORNING + timedelta(days=1)) as app:
        id = await draft(app, day=19)
        await pipeline.approve(app, id)
        assert await deliver.deliver(app, id) == Counts(planned=2, sent=2)
        now = texts(app)
    assert "Ferry stops again" in now["picky"]
    assert "Library opens" in now["picky"]
    assert "Ferry stops again" not in now["other"]


async def test_who_chose_a_section_without_news_today_gets_no_mail(tmp_path: Path) -> None:
    write_room(tmp_path)
    (tmp_path / "desk" / "ferry-runs-again.md").unlink()
    async with open_newsroom(tmp_path) as app:
        rows = [("picky", "en", "full", "harbour"), ("all", "en", "full", "")]
        await take_in(app, people(*rows))
        await pipeline.approve(app, await draft(app))
        assert await deliver.deliver(app, ID) == Counts(planned=2, sent=1, skipped=1)


# ------------------------------------------------------------ a broken variant


READERS = [
    ("ann", "en", "full", ""),
    ("bert", "de", "full", ""),
    ("carla", "de", "full", ""),
    ("dora", "de", "compact", ""),
    ("emil", "uk", "text", ""),
    ("fay", "en", "full", "harbour"),
]


async def test_a_variant_that_is_broken_stops_nobody_else_and_loses_nobody(
    tmp_path: Path,
) -> None:
    async with approved(tmp_path, *READERS):
        pass
    break_theme(tmp_path, GERMAN)
    clock = Clock()
    async with open_newsroom(tmp_path, now=clock) as app:
        with capture_logs() as logs:
            assert await deliver.deliver(app, ID) == Counts(planned=6, sent=4, pending=2)
        assert set(texts(app)) == {"ann", "dora", "emil", "fay"}
        told = [line for line in logs if line["log_level"] == "error"]
        assert [(line["event"], line["language"], line["form"]) for line in told] == [
            ("a variant is broken", "de", "full")
        ]
        assert "plain.mjml" in told[0]["error"]
        waiting = await deliver.listing(app, ID)
        assert [who for who, _ in waiting] == ["bert@example.com", "carla@example.com"]
        assert all(why.startswith("deferred: plain.mjml:") for _, why in waiting)
        # Not before the time has come, and then with the mended template.
        assert (await deliver.deliver(app, ID)).pending == 2
        (tmp_path / "templates" / "email" / "plain.mjml").unlink()
        clock.at += timedelta(minutes=2)
        assert await deliver.deliver(app, ID) == Counts(planned=6, sent=6)
        async with app.db.read() as conn:
            assert (await editions.get(conn, ID)).state is EditionState.SENT


async def test_a_variant_that_stays_broken_is_given_up_by_name(tmp_path: Path) -> None:
    async with approved(tmp_path, *READERS):
        pass
    break_theme(tmp_path, GERMAN)
    clock = Clock()
    async with open_newsroom(tmp_path, now=clock) as app:
        due: datetime | None = MORNING
        while due is not None:
            clock.at = due
            counts = await deliver.deliver(app, ID)
            assert counts.reconciles
            async with app.db.read() as conn:
                due = await journal.next_due(conn, ID)
        assert clock.at < MORNING + timedelta(hours=1)
        assert counts == Counts(planned=6, sent=4, failed=2)
        rows = await deliver.listing(app, ID)
        assert [(who, why[:18]) for who, why in rows] == [
            ("bert@example.com", "failed: plain.mjml"),
            ("carla@example.com", "failed: plain.mjml"),
        ]
        # They can still be reached.
        (tmp_path / "templates" / "email" / "plain.mjml").unlink()
        assert await deliver.resend(app, ID, [DeliveryState.FAILED]) == 2
        assert await deliver.deliver(app, ID) == Counts(planned=6, sent=6)


@pytest.mark.parametrize(
    ("readers", "says"),
    [
        ([("ann", "en", "full", "")], ""),
        ([("ann", "en", "full", ""), ("bert", "de", "text", "")], ""),
        # Nobody speaks Volapük here: they get the newsletter's language.
        ([("ann", "vo", "full", "")], ""),
        ([("ann", "en", "full", ""), ("bert", "de", "full", "")], "plain.mjml"),
        ([("ann", "en", "full", ""), ("bert", "de-AT", "full", "")], "plain.mjml"),
    ],
)
async def test_what_somebody_would_get_is_laid_out_before_anybody_is_promised_anything(
    tmp_path: Path, readers: Sequence[tuple[str, str, str, str]], says: str
) -> None:
    write_room(tmp_path)
    break_theme(tmp_path, GERMAN)
    async with open_newsroom(tmp_path) as app:
        await take_in(app, people(*readers))
        id = await draft(app)
        if says:
            with pytest.raises(RenderError, match=says):
                await pipeline.approve(app, id)
        async with app.db.read() as conn:
            assert (await editions.get(conn, id)).state is EditionState.DRAFT
        if not says:
            await pipeline.approve(app, id)


# ----------------------------------------------------------------------- clocks


def write_room_of_the_world(folder: Path) -> None:
    mail = 'by = "folder"\nattempts = 3'
    write_config(folder, mail=mail, newsletter='theme = "plain"\nclocks = "reader"')
    write_day(folder)


async def test_each_reader_is_told_the_times_of_the_zone_they_chose(tmp_path: Path) -> None:
    write_room_of_the_world(tmp_path)
    zones = {"ann": "", "bert": "Europe/Kyiv", "carla": "Asia/Tokyo", "dora": "Asia/Seoul"}
    rows = [f"{name}@example.com,{zone},2026-01-02,form" for name, zone in zones.items()]
    async with open_newsroom(tmp_path) as app:
        await take_in(app, "\n".join(["email,timezone,consent_at,consent_from", *rows]) + "\n")
        await pipeline.approve(app, await draft(app))
        assert (await deliver.deliver(app, ID)).sent == 4
        # Whoever made it lives where the newsletter is.
        await proof.send_one(app, ID, "editor@example.com")
        told = texts(app)
    for name in ("ann", "bert", "editor"):
        assert "May 17, 9:00\u00a0PM" in told[name]
        assert "time zone" not in told[name]
    for name in ("carla", "dora"):
        assert "3:00\u00a0AM" in told[name]
        assert "May 17" not in told[name]
        assert "GMT+9" in told[name]


async def test_readers_whose_clocks_show_the_same_share_one_variant(tmp_path: Path) -> None:
    write_room_of_the_world(tmp_path)
    zones = ["Europe/Athens", "Europe/Kyiv", "Asia/Tokyo", "Asia/Seoul", "Asia/Tokyo"]
    async with open_newsroom(tmp_path) as app:
        printing = await printer.printer_for(app, many_sections())
        for id, zone in enumerate(zones):
            printing.message(make_subscriber(id, timezone=zone), sent_at=MORNING)
        assert printing.laid_out == 2


async def test_a_template_that_breaks_for_readers_elsewhere_is_met_before_anybody_is_mailed(
    tmp_path: Path,
) -> None:
    write_room_of_the_world(tmp_path)
    break_theme(tmp_path, "[% if edition.clocks %][[ edition.nobody.knows ]][% endif %]")
    async with open_newsroom(tmp_path) as app:
        with pytest.raises(RenderError, match=r"plain\.mjml"):
            await pipeline.approve(app, await draft(app))


# ----------------------------------------------------------------------- memory


def many_sections() -> Edition:
    sections = tuple(
        Section(slug=f"s{n}", title=f"S{n}", stories=(make_story(),)) for n in range(8)
    )
    return make_edition(*sections)


async def test_variants_used_long_ago_are_packed_and_come_out_the_same(tmp_path: Path) -> None:
    write_room(tmp_path)
    async with open_newsroom(tmp_path) as app:
        printing = await printer.printer_for(app, many_sections())
        slugs = [f"s{n}" for n in range(8)]
        chosen = [some for number in (1, 2, 3, 4) for some in combinations(slugs, number)]
        whole = printing.variant(printing.everything())
        first = printing.variant(Picks(sections=chosen[0], form=Form.TEXT))
        for some in chosen[1:130]:
            printing.variant(Picks(sections=some, form=Form.TEXT))
            # What most people get is never laid out twice.
            assert printing.variant(printing.everything()) is whole
        again = printing.variant(Picks(sections=chosen[0], form=Form.TEXT))
        assert again is not first
        assert again == first


async def test_each_of_many_variants_is_laid_out_once_in_whatever_order(tmp_path: Path) -> None:
    write_room(tmp_path)
    slugs = [f"s{n}" for n in range(8)]
    chosen = [some for number in range(1, 9) for some in combinations(slugs, number)]
    assert len(chosen) == 255
    wanted = [(some, language) for some in chosen for language in ("en", "de")][:300]
    readers = [
        make_subscriber(id, sections=some, language=language, form=Form.TEXT)
        for id, (some, language) in enumerate(wanted * 3)
    ]
    random.Random(1).shuffle(readers)
    async with open_newsroom(tmp_path) as app:
        printing = await printer.printer_for(app, many_sections())
        for reader in readers:
            printing.message(reader, sent_at=MORNING)
        assert printing.laid_out == 300


async def test_a_variant_that_many_ask_for_at_once_is_laid_out_once(tmp_path: Path) -> None:
    write_room(tmp_path)
    async with open_newsroom(tmp_path) as app:
        printing = await printer.printer_for(app, many_sections())
        readers = [make_subscriber(id) for id in range(1, 21)]
        mails = await gather(*(printing.mail(one, sent_at=MORNING) for one in readers))
        assert len(set(mails)) == 20
        assert printing.laid_out == 1


async def test_a_message_is_the_same_whoever_lays_it_out(tmp_path: Path) -> None:
    write_room(tmp_path)
    async with open_newsroom(tmp_path) as app:
        printing = await printer.printer_for(app, many_sections())
        reader = make_subscriber(name="Ann", language="de")
        beside = await printing.mail(reader, sent_at=MORNING)
        assert beside == printing.message(reader, sent_at=MORNING)
