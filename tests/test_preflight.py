"""The report before an edition: what is in it, when it is due, and that it is mailed once."""

import json
import re
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import date, datetime, timedelta
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default as default_policy
from pathlib import Path

import pytest

from digest import collect, preflight
from digest.app import App
from digest.errors import RelayDown
from digest.health import Word
from digest.model import HostWait, Slot
from digest.settings import Newsletter, Source
from digest.slots import slot_of
from digest.store import reports, sources
from make import MORNING
from newsroom import open_newsroom, write_config, write_day

DESK = '\n[desk]\nemail = "editor@press.example"\n'
HOSTILE = '<b>Wire & "Co"</b> {{ leave_url }} [[ site.name ]]'


def write_newsroom(folder: Path, *, more: str = DESK, mail: str = 'by = "folder"') -> None:
    path = write_config(folder, mail=mail)
    path.write_text(path.read_text() + more)


@asynccontextmanager
async def newsroom(
    folder: Path, *, now: Callable[[], datetime] = lambda: MORNING
) -> AsyncIterator[tuple[App, Newsletter, Slot]]:
    async with open_newsroom(folder, now=now) as app:
        newsletter = app.newsletter()
        yield app, newsletter, slot_of(newsletter, date(2026, 5, 18))


def mails(folder: Path) -> list[EmailMessage]:
    found = sorted((folder / "data" / "mails").rglob("*.eml"))
    return [message_from_bytes(path.read_bytes(), policy=default_policy) for path in found]


def part(message: EmailMessage, kind: str) -> str:
    body = message.get_body((kind,))
    assert body is not None
    text: str = body.get_content()
    return text


async def test_a_report_says_what_waits_and_that_all_is_well(tmp_path: Path) -> None:
    write_newsroom(tmp_path)
    write_day(tmp_path)
    async with newsroom(tmp_path) as (app, newsletter, slot):
        await collect.collect(app)
        report = await preflight.preflight(app, newsletter, slot)
    (line,) = report.lines
    assert (line.id, line.waiting, line.health.word) == ("desk", 3, Word.OK)
    assert (report.waiting, report.troubles) == (3, ())
    assert report.subject == "The Daily, 18 May: all sources are well; 3 items wait"


async def test_troubles_come_first_and_name_what_to_do(tmp_path: Path) -> None:
    write_newsroom(tmp_path)
    write_day(tmp_path)
    async with newsroom(tmp_path) as (app, newsletter, slot):
        for id in ("zebra", "aardvark"):
            await collect.add_source(app, Source(id=id, kind="folder", path=Path(id)))
        await collect.collect(app)
        await collect.pause(app, "aardvark")
        report = await preflight.preflight(app, newsletter, slot)
        lines = await preflight.survey(app)
    assert [(line.id, line.health.word) for line in report.lines] == [
        ("zebra", Word.FAILING),
        ("desk", Word.OK),
        ("aardvark", Word.PAUSED),
    ]
    assert [line.id for line in lines] == ["zebra", "desk", "aardvark"]
    assert [line.added for line in lines] == [True, False, True]
    assert "1 source needs you" in report.subject


async def test_only_the_newsletters_own_sources_are_reported(tmp_path: Path) -> None:
    path = write_config(tmp_path, newsletter='sources = ["desk"]')
    path.write_text(path.read_text() + DESK)
    async with newsroom(tmp_path) as (app, newsletter, slot):
        await collect.add_source(app, Source(id="out", kind="push"))
        await collect.add_source(app, Source(id="in", kind="push"), newsletters=["daily"])
        report = await preflight.preflight(app, newsletter, slot)
    assert {line.id for line in report.lines} == {"desk", "in"}


async def test_a_host_that_asked_for_rest_is_told_with_its_sources(tmp_path: Path) -> None:
    write_newsroom(tmp_path)
    until = MORNING + timedelta(hours=2)
    async with newsroom(tmp_path) as (app, _, _):
        for id, url in (
            ("itself", "https://busy.example/feed"),
            ("below", "https://news.busy.example/feed"),
            ("family", "https://blog.calm.example/feed"),
            ("broken", "http://[busy.example/feed"),
        ):
            await collect.add_source(app, Source(id=id, kind="feed", url=url))
        waits = [HostWait(host=host, until=until) for host in ("busy.example", ".calm.example")]
        async with app.db.write() as conn:
            await sources.keep_waits(app.db, conn, waits)
        lines = await preflight.survey(app)
    assert {line.id for line in lines if line.rests_until == until} == {"itself", "family"}


async def test_warnings_of_the_settings_and_of_an_edition_without_items(tmp_path: Path) -> None:
    write_newsroom(tmp_path)
    async with newsroom(tmp_path) as (app, newsletter, slot):
        before = await preflight.preflight(app, newsletter, slot)
        await collect.collect(app)
        after = await preflight.preflight(app, newsletter, slot)
    told = "\n".join(before.warnings)
    for words in ("base_url", "contact", "by is", "not been looked at", "Nothing waits"):
        assert words in told.replace("has been looked at yet", "not been looked at")
    assert "postal_address" not in told
    assert "looked at" not in "\n".join(after.warnings)


async def test_nobody_looks_any_more(tmp_path: Path) -> None:
    write_newsroom(tmp_path)
    clock = [MORNING - timedelta(hours=9)]
    async with newsroom(tmp_path, now=lambda: clock[0]) as (app, newsletter, slot):
        await collect.collect(app)
        clock[0] = MORNING
        report = await preflight.preflight(app, newsletter, slot)
    assert any("Nobody has looked at the sources for 9 hours" in w for w in report.warnings)


async def test_what_is_usual_is_missed_when_nothing_came(tmp_path: Path) -> None:
    write_newsroom(tmp_path)
    async with newsroom(tmp_path) as (app, newsletter, slot):
        await collect.collect(app)
        report = await preflight.preflight(app, newsletter, slot)
    (line,) = report.lines
    assert not line.missing
    assert replace(line, usual=4.0).missing
    assert not replace(line, usual=4.0, waiting=1).missing


# ----------------------------------------------------------------------- the mail


async def test_it_is_mailed_to_the_desk_once(tmp_path: Path) -> None:
    write_newsroom(tmp_path)
    write_day(tmp_path)
    async with newsroom(tmp_path) as (app, newsletter, slot):
        await collect.collect(app)
        report = await preflight.preflight(app, newsletter, slot)
        assert await preflight.send_report(app, report)
        assert not await preflight.send_report(app, report)
        async with app.db.read() as conn:
            kept = await reports.get(conn, slot.edition_id)
        assert kept is not None
        assert kept.mailed_at == MORNING
        assert await preflight.kept_report(app, slot.edition_id) == report
    (message,) = mails(tmp_path)
    assert message["To"] == "editor@press.example"
    assert message["Subject"] == report.subject
    assert message["Auto-Submitted"] == "auto-generated"
    assert "List-Unsubscribe" not in message
    assert "3 items wait" in part(message, "plain")
    assert "<strong>3 items wait</strong>" in part(message, "html")


async def test_a_relay_that_is_down_loses_no_report(tmp_path: Path) -> None:
    # Port 9 of this machine: nobody listens.
    smtp = 'by = "smtp"\nhost = "127.0.0.1"\nport = 9\ntls = "none"'
    write_newsroom(tmp_path, mail=smtp)
    async with newsroom(tmp_path) as (app, newsletter, slot):
        report = await preflight.preflight(app, newsletter, slot)
        with pytest.raises(RelayDown):
            await preflight.send_report(app, report)
        async with app.db.read() as conn:
            kept = await reports.get(conn, slot.edition_id)
    assert kept is not None
    assert kept.mailed_at is None
    config = (tmp_path / "config.toml").read_text()
    (tmp_path / "config.toml").write_text(config.replace(smtp, 'by = "folder"'))
    async with newsroom(tmp_path) as (app, _, _):
        assert await preflight.send_report(app, report)
    assert len(mails(tmp_path)) == 1


async def test_repeated_after_a_crash_it_is_the_same_message(tmp_path: Path) -> None:
    write_newsroom(tmp_path)
    async with newsroom(tmp_path) as (app, newsletter, slot):
        report = await preflight.preflight(app, newsletter, slot)
        await preflight.send_report(app, report)
        async with app.db.write() as conn:
            # As if the process had died before it was noted.
            await conn.exec_driver_sql("UPDATE report SET mailed_at = NULL")
        assert await preflight.send_report(app, report)
    ids = {message["Message-ID"] for message in mails(tmp_path)}
    assert len(ids) == 1


async def test_without_an_address_it_is_kept_and_goes_to_nobody(tmp_path: Path) -> None:
    write_newsroom(tmp_path, more="")
    async with newsroom(tmp_path) as (app, newsletter, slot):
        report = await preflight.preflight(app, newsletter, slot)
        assert not await preflight.send_report(app, report)
        assert await preflight.kept_report(app, slot.edition_id) == report
    assert mails(tmp_path) == []


async def test_text_from_outside_is_only_text(tmp_path: Path) -> None:
    write_newsroom(tmp_path)
    async with newsroom(tmp_path) as (app, newsletter, slot):
        await collect.add_source(
            app, Source(id="wire", kind="folder", path=Path("<script>"), title=HOSTILE)
        )
        await collect.collect(app)
        report = await preflight.preflight(app, newsletter, slot)
        await preflight.send_report(app, report)
    (message,) = mails(tmp_path)
    assert HOSTILE in part(message, "plain")
    html = part(message, "html")
    assert "&lt;b&gt;Wire &amp; &#34;Co&#34;&lt;/b&gt; {{ leave_url }} [[ site.name ]]" in html
    assert "<script" not in html


async def test_its_json_spells_out_who_needs_somebody(tmp_path: Path) -> None:
    write_newsroom(tmp_path)
    async with newsroom(tmp_path) as (app, newsletter, slot):
        await collect.add_source(app, Source(id="zebra", kind="folder", path=Path("none")))
        await collect.collect(app)
        told = preflight.as_plain(await preflight.preflight(app, newsletter, slot))
    assert json.loads(json.dumps(told)) == told
    assert (told["edition"], told["troubles"]) == ("daily@2026-05-18T0700", 1)
    assert [(line["id"], line["needs_you"]) for line in told["lines"]] == [
        ("zebra", True),
        ("desk", False),
    ]
    assert re.match(r"2026-05-18T04:00:00Z", told["made_at"])


# ------------------------------------------------------------------------- the hour


@pytest.mark.parametrize(
    ("minutes", "made", "due"),
    [(-61, (), False), (-60, (), True), (-1, (), True), (0, (), True), (180, (), True),
     (181, (), False), (-30, ("daily@2026-05-18T0700",), False),
     (-30, ("daily@2026-05-17T0700",), True)],
)  # fmt: skip
def test_it_is_due_before_its_hour_and_once(minutes: int, made: tuple[str, ...], due: bool) -> None:
    newsletter = Newsletter(slug="daily", title="The Daily", timezone="Europe/Athens")
    slot = slot_of(newsletter, date(2026, 5, 18))
    now = slot.at + timedelta(minutes=minutes)
    found = preflight.report_due(now, newsletter, slot=slot, made=frozenset(made), report_min=60)
    assert found is due
