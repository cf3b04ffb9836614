"""Moving in: whole files, of ours and of others; dry runs, kills, duplicates, the suppressed."""

import asyncio
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, insert, select, text

from digest import enrol
from digest.app import App
from digest.enrol import Enrolled, Suppressed
from digest.errors import Conflict, NotFound, ParseError
from digest.model import Barred
from digest.store import audit, schema, subscribers
from make import MORNING
from newsroom import SEEDS, by_email, open_newsroom, write_config

HEAD = "email,name,language,timezone,sections,consent_at,consent_from\n"


async def take_in(app: App, text: str | bytes, *, name: str = "p.csv", **fields: Any) -> Enrolled:
    path = app.data_dir / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return await enrol.enrol(app, app.newsletter(), path, actor="ines", **fields)


async def active(app: App) -> int:
    async with app.db.read() as conn:
        return (await subscribers.count(conn, "daily")).get("active", 0)


async def rows_in(app: App, table: Any) -> int:
    async with app.db.read() as conn:
        return int(await conn.scalar(select(func.count()).select_from(table)) or 0)


def numbered(number: int) -> str:
    return HEAD + "".join(
        f"reader{n}@example.com,Reader {n},en,UTC,,2026-01-02,sign-up form\n" for n in range(number)
    )


# ------------------------------------------------------------------------ our own


async def test_the_sample_people_come_in(tmp_path: Path, store_url: str) -> None:
    write_config(tmp_path, store_url=store_url)
    path = tmp_path / "config.toml"
    for title in ("Politics", "Business", "Science", "Sport"):
        more = f'\n  [[newsletters.sections]]\n  title = "{title}"\n  keywords = ["x"]\n'
        path.write_text(path.read_text() + more)
    async with open_newsroom(tmp_path) as app:
        path = SEEDS / "subscribers.csv"
        done = await enrol.enrol(app, app.newsletter(), path, actor="ines")
        assert (done.rows, done.added, done.faults) == (25, 25, ())
        assert (done.peer, done.encoding, done.delimiter) == ("", "utf-8", ",")
        again = await enrol.enrol(app, app.newsletter(), path, actor="ines")
        assert (again.added, again.known) == (0, 25)
        assert await active(app) == 25


async def test_good_lines_are_taken_in_and_bad_ones_named(tmp_path: Path) -> None:
    write_config(tmp_path)
    text = HEAD + (
        "ada@example.com,Ada,en,Europe/Dublin,harbour,2026-01-02,form\n"
        "not an address,B,en,UTC,,2026-01-02,form\n"
        'ADA@example.com,"Ada, again",en,UTC,,2026-01-02,form\n'
        'e@example.com,"E\nE",en,UTC,nonsense,2026-01-02,form\n'
        "g@example.com,Łucja,pl,Europe/Warsaw,harbour,2026-01-02,form\n"
        '"h@example.com\r\nBcc: i@example.com",H,en,UTC,,2026-01-02,form\n'
    )
    async with open_newsroom(tmp_path) as app:
        done = await take_in(app, text)
        assert await active(app) == 2
    assert (done.rows, done.added, done.duplicates, done.fault_count) == (6, 2, 1, 3)
    assert [line for line, _ in done.faults] == [3, 4, 5, 8]
    assert done.faults[1] == (4, "stands on line 2 already")
    assert "no section 'nonsense'" in done.faults[2][1]


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "cp1251"])
async def test_files_of_spreadsheets_are_read(tmp_path: Path, encoding: str) -> None:
    write_config(tmp_path)
    text = HEAD.replace(",", ";") + "o@example.com;Олена Маринко;uk;;;2026-01-02;форма\r\n"
    async with open_newsroom(tmp_path) as app:
        done = await take_in(app, text.encode(encoding))
        assert (done.added, done.delimiter) == (1, ";")
        async with app.db.read() as conn:
            person = await by_email(conn, "o@example.com", "daily")
        assert person is not None
        assert person.name == "Олена Маринко"


async def test_a_dry_run_says_the_same_and_keeps_nothing(tmp_path: Path, store_url: str) -> None:
    write_config(tmp_path, store_url=store_url)
    text = numbered(5) + "x\n" + "READER2@example.com,,,,,2026-01-02,form\n"
    async with open_newsroom(tmp_path) as app:
        dry = await take_in(app, text, dry_run=True, tags=["press"])
        for table in (schema.subscriber, schema.consent, schema.tag, schema.audit):
            assert await rows_in(app, table) == 0
        done = await take_in(app, text, tags=["press"])
        assert dry == replace(done, dry_run=True)
        assert (done.added, done.duplicates, done.fault_count) == (5, 1, 1)
        assert await rows_in(app, schema.tag) == 5
        async with app.db.read() as conn:
            (act,) = await audit.listing(conn)
        assert (act.actor, act.act) == ("ines", "import")
        assert act.detail.startswith("daily: 7 rows, 5 added")


async def test_more_than_a_batch_comes_in_and_duplicates_are_found_across(
    tmp_path: Path, store_url: str
) -> None:
    write_config(tmp_path, store_url=store_url)
    number = enrol.BATCH + 500
    seen: list[tuple[int, int]] = []
    async with open_newsroom(tmp_path) as app:
        text = numbered(number) + "Reader7@example.com,,,,,2026-01-02,form\n"
        done = await take_in(app, text, progress=lambda *at: seen.append(at))
        assert (done.added, done.duplicates) == (number, 1)
        assert done.faults == ((number + 2, "stands on line 9 already"),)
        assert await active(app) == number
    assert seen == sorted(seen)
    assert seen[-1] == (len(text), len(text))


async def test_many_faults_are_counted_and_a_thousand_are_named(tmp_path: Path) -> None:
    write_config(tmp_path)
    async with open_newsroom(tmp_path) as app:
        done = await take_in(app, HEAD + "nobody\n" * 12_345)
    assert (done.rows, done.fault_count, len(done.faults)) == (12_345, 12_345, 1_000)


async def test_consent_can_be_stated_for_all(tmp_path: Path) -> None:
    write_config(tmp_path)
    async with open_newsroom(tmp_path) as app:
        with pytest.raises(NotFound, match="no column consent_at"):
            await take_in(app, "email\na@example.com\n")
        done = await take_in(
            app,
            "email,consent_from\na@example.com,\nb@example.com,form\n",
            consent_from="reader  event",
            consent_at=MORNING.replace(tzinfo=None),
        )
        assert done.added == 2
        async with app.db.read() as conn:
            rows = await conn.execute(
                select(schema.consent.c.given, schema.consent.c.at).order_by(schema.consent.c.id)
            )
        assert [tuple(row) for row in rows] == [("reader event", MORNING), ("form", MORNING)]


async def test_the_suppressed_and_the_barred_stay_out(tmp_path: Path, store_url: str) -> None:
    write_config(tmp_path, store_url=store_url)
    async with open_newsroom(tmp_path) as app:
        (app.data_dir / "out.csv").write_text("reader1@example.com\nREADER3@EXAMPLE.com\n")
        await enrol.suppress_file(app, app.data_dir / "out.csv", Barred.COMPLAINT)
        async with app.db.write() as conn:
            row = {"domain": "mail.example", "cause": "admin", "at": MORNING}
            await conn.execute(insert(schema.barred_domain).values(row))
        text = numbered(5) + "a@in.mail.example,,,,,2026-01-02,form\n"
        done = await take_in(app, text)
        assert (done.added, done.suppressed) == (3, 3)
        assert await rows_in(app, schema.subscriber) == 3


async def test_who_left_elsewhere_is_not_brought_back_by_a_later_file(tmp_path: Path) -> None:
    write_config(tmp_path)
    gone = "email,status,consent_at,consent_from\n" + "".join(
        f"{who}@example.com,{state},2026-01-02,form\n"
        for who, state in (
            ("a", "subscribed"), ("b", "unsubscribed"), ("c", "cleaned"), ("d", "pending"),
        )
    )  # fmt: skip
    async with open_newsroom(tmp_path) as app:
        first = await take_in(app, gone)
        assert (first.added, first.passed_over, first.barred) == (1, 3, 2)
        everyone = HEAD + "".join(f"{who}@example.com,,,,,2026-01-02,form\n" for who in "abcde")
        second = await take_in(app, everyone)
        assert (second.added, second.known, second.suppressed) == (2, 1, 2)


OURS = "email,newsletter,state,cause,consent_at,consent_from\n"


async def test_our_own_export_brings_back_nobody_and_silences_nobody(
    tmp_path: Path, store_url: str
) -> None:
    write_config(tmp_path, store_url=store_url)
    table = OURS + (
        "a@example.com,daily,ended,one-click,2026-01-02,form\n"
        "a@example.com,weekly,active,form,2026-01-02,form\n"
        "b@example.com,daily,ended,bounce,2026-01-02,form\n"
        "c@example.com,daily,ended,complaint,,\n"
        "d@example.com,daily,active,form,2026-01-02,form\n"
    )
    async with open_newsroom(tmp_path) as app:
        dry = await take_in(app, table, dry_run=True)
        done = await take_in(app, table)
        assert dry == replace(done, dry_run=True)
        assert (done.added, done.passed_over, done.barred, done.ended) == (1, 4, 2, 1)
        async with app.db.read() as conn:
            causes = await conn.scalars(select(schema.suppression.c.cause))
            assert sorted(causes) == ["bounce", "complaint"]
            (left,) = await conn.execute(
                select(schema.subscription.c.cause, schema.subscription.c.consent_id).where(
                    schema.subscription.c.state == "ended"
                )
            )
        assert tuple(left) == ("import", None)
        again = await take_in(app, HEAD + "A@example.com,,,,,2026-05-02,form\n")
        assert (again.added, again.known) == (0, 1)


async def test_two_spellings_of_one_letter_are_one_person(tmp_path: Path) -> None:
    write_config(tmp_path)
    composed, apart = "ren\u00e9@example.com", "Rene\u0301@example.com"
    async with open_newsroom(tmp_path) as app:
        done = await take_in(
            app, HEAD + "".join(f"{one},,,,,2026-01-02,form\n" for one in (apart, composed))
        )
        assert (done.added, done.duplicates) == (1, 1)
        gone = OURS + f"{apart},daily,ended,bounce,,\n"
        assert (await take_in(app, gone)).barred == 1
        assert (await take_in(app, HEAD + f"{composed},,,,,2026-01-02,form\n")).suppressed == 1


async def test_a_second_import_at_once_is_told_to_wait(tmp_path: Path, store_url: str) -> None:
    write_config(tmp_path, store_url=store_url)
    async with open_newsroom(tmp_path) as app:
        async with app.db.lease("import"):
            with pytest.raises(Conflict, match="another import is running"):
                await take_in(app, numbered(1))
            (app.data_dir / "out.csv").write_text("a@example.com\n")
            with pytest.raises(Conflict, match="another import is running"):
                await enrol.suppress_file(app, app.data_dir / "out.csv", Barred.REQUEST)
        assert (await take_in(app, numbered(1))).added == 1


async def test_an_export_of_another_product_comes_in(tmp_path: Path) -> None:
    write_config(tmp_path)
    text = (
        "uuid,email,name,attributes,status,created_at,updated_at\n"
        'u1,a@example.com,Ada,"{""city"": ""Lower Quay""}",enabled,2023-05-01 10:11:12 +0000 UTC,\n'
        "u2,b@example.com,B,{},blocklisted,2023-05-01 10:11:12 +0000 UTC,\n"
    )
    async with open_newsroom(tmp_path) as app:
        with pytest.raises(NotFound, match="listmonk's export has no column consent_from"):
            await take_in(app, text)
        done = await take_in(app, text, consent_from="our form", dry_run=True)
    assert (done.peer, done.added, done.passed_over, done.barred) == ("listmonk", 1, 1, 1)
    assert "does not say who left a list" in done.advice
    assert dict(done.columns) == {
        "uuid": "",
        "email": "email",
        "name": "name",
        "attributes": "",
        "status": "state",
        "created_at": "consent_at",
        "updated_at": "",
    }


# ----------------------------------------------------------------- nothing half-done


KILLED = """
import asyncio, os, signal, sys
from pathlib import Path
from digest import enrol
from digest.app import open_app
from digest.settings import load

def kill(done, total):
    # At 1 all is written, and nothing is committed.
    if done >= total * float(sys.argv[2]):
        os.kill(os.getpid(), signal.SIGKILL)

async def main():
    folder = Path(sys.argv[1])
    async with open_app(load(folder / "config.toml", environ={}), environ={}) as app:
        await enrol.enrol(app, app.newsletter(), folder / "many.csv", progress=kill)

asyncio.run(main())
"""


@pytest.mark.parametrize("share", ["0.5", "1"])
async def test_an_import_that_is_killed_leaves_nothing_and_can_be_done_again(
    tmp_path: Path, share: str
) -> None:
    write_config(tmp_path)
    number = enrol.BATCH + 10
    (tmp_path / "many.csv").write_text(numbered(number))
    async with open_newsroom(tmp_path) as app:
        await take_in(app, HEAD + "first@example.com,,,,,2026-01-02,form\n")
    command = [sys.executable, "-c", KILLED, str(tmp_path), share]
    killed = await asyncio.to_thread(subprocess.run, command, capture_output=True)
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    async with open_newsroom(tmp_path) as app:
        assert await rows_in(app, schema.subscriber) == 1
        assert await rows_in(app, schema.consent) == 1
        done = await enrol.enrol(app, app.newsletter(), tmp_path / "many.csv")
        assert (done.added, await active(app)) == (number, number + 1)


async def test_a_file_that_breaks_off_in_the_middle_leaves_nothing(tmp_path: Path) -> None:
    write_config(tmp_path)
    broken = "".join(
        f'x,"y\n{"z" * 100_000}\n{"z" * 100_000}\n{"z" * 90_000}\n' for _ in range(101)
    )
    async with open_newsroom(tmp_path) as app:
        with pytest.raises(ParseError, match="quotes that are not closed"):
            await take_in(app, numbered(enrol.BATCH + 1) + broken)
        assert await rows_in(app, schema.subscriber) == 0
        # And the database takes the next one.
        assert (await take_in(app, numbered(2))).added == 2


async def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    write_config(tmp_path)
    async with open_newsroom(tmp_path) as app:
        for path in (tmp_path / "none.csv", tmp_path):
            with pytest.raises(NotFound, match="cannot be read"):
                await enrol.enrol(app, app.newsletter(), path)
        with pytest.raises(NotFound, match="is no tag"):
            await take_in(app, numbered(1), tags=["a;b"])


async def test_nobody_s_address_is_in_a_log(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_config(tmp_path)
    async with open_newsroom(tmp_path) as app:
        await take_in(app, numbered(3) + "bad address@example.com\n")
    out, err = capsys.readouterr()
    assert "@" not in out + err


async def test_what_went_through_the_log_of_the_database_does_not_stay_there(
    tmp_path: Path,
) -> None:
    write_config(tmp_path)
    async with open_newsroom(tmp_path) as app:
        await take_in(app, numbered(3_000))
        size = (app.data_dir / "digest.db-wal").stat().st_size
        async with app.db.read() as conn:
            assert await conn.scalar(text("PRAGMA integrity_check")) == "ok"
            assert [*await conn.execute(text("PRAGMA foreign_key_check"))] == []
    assert size < 100_000


# --------------------------------------------------------------- the suppression list


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a@example.com\nb@example.com\n", Suppressed(rows=2, added=2)),
        ("Email,Reason\na@example.com,full\n", Suppressed(rows=1, added=1, column="Email")),
        ("1;a@example.com\n2;A@example.com\n", Suppressed(rows=2, added=1)),
        (
            "email\nnobody\na@example.com\n\n",
            Suppressed(
                rows=2,
                added=1,
                column="email",
                fault_count=1,
                faults=((2, "'nobody' is not an address such as ann@example.org"),),
            ),
        ),
    ],
)
async def test_a_file_of_addresses_goes_onto_the_suppression_list(
    tmp_path: Path, text: str, expected: Suppressed
) -> None:
    write_config(tmp_path)
    async with open_newsroom(tmp_path) as app:
        path = tmp_path / "out.csv"
        path.write_text(text)
        assert await enrol.suppress_file(app, path, Barred.REQUEST, actor="ines") == expected
        again = await enrol.suppress_file(app, path, Barred.REQUEST, actor="ines")
        assert again == replace(expected, added=0)
        async with app.db.read() as conn:
            acts = await audit.listing(conn)
        assert [act.act for act in acts] == ["suppress", "suppress"]
        assert "@" not in acts[0].detail


async def test_a_file_without_addresses_suppresses_nobody(tmp_path: Path) -> None:
    write_config(tmp_path)
    (tmp_path / "out.csv").write_text("name,town\nAda,Lower Quay\n")
    async with open_newsroom(tmp_path) as app:
        with pytest.raises(NotFound, match="no column email"):
            await enrol.suppress_file(app, tmp_path / "out.csv", Barred.BOUNCE)
