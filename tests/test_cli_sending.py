"""`digest deliveries`, `missing`, `progress`, `pause`, `resume`: what is typed, shown, answered."""

import asyncio
import json
import os
import shutil
import signal
from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console
from rich.progress import Progress as ProgressBars
from typer.testing import CliRunner, Result

from digest.app import App
from digest.cli import app, show
from digest.cli.frame import fail, with_app
from digest.errors import Deferred, RelayDown
from digest.meter import Meter
from digest.model import Counts, DeliveryState, EditionEvent, Outcome, Progress
from digest.store import editions, journal, progress
from make import MORNING
from newsroom import open_newsroom, people_csv, write_config, write_day

ID = "daily@2026-05-18T0700"
DAY = ("--date", "2026-05-18")
S = DeliveryState


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A newsroom whose edition has gone to six readers, as files."""
    folder = tmp_path_factory.mktemp("made")
    config = ("--config", str(write_config(folder, mail='by = "folder"')))
    write_day(folder)
    (folder / "people.csv").write_text(people_csv(6))
    taken_in = digest("subscribers", "import", str(folder / "people.csv"), *config)
    assert taken_in.exit_code == 0, taken_in.output
    assert ask("run", *DAY, *config)["deliveries"]["sent"] == 6
    return folder


@pytest.fixture
def sent(made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """That newsroom, as the current folder, for one test alone."""
    folder = shutil.copytree(made, tmp_path / "newsroom")
    monkeypatch.chdir(folder)
    monkeypatch.setattr(show.out, "width", 250)
    return folder


def digest(*arguments: str) -> Result:
    return CliRunner().invoke(app, list(arguments))


def said(*arguments: str, code: int = 0) -> str:
    """What was shown, on one line."""
    result = digest(*arguments)
    assert result.exit_code == code, result.output
    return " ".join(result.output.split())


def ask(*arguments: str, code: int = 0) -> Any:
    """The answer in JSON."""
    result = digest(*arguments, "--json")
    assert result.exit_code == code, result.output
    return json.loads(result.stdout)


def within(folder: Path, work: Callable[[App], Awaitable[None]]) -> None:
    """Do *work* in the newsroom, as another process would."""

    async def opened() -> None:
        async with open_newsroom(folder) as inside:
            await work(inside)

    asyncio.run(opened())


def answered(folder: Path, *outcomes: tuple[int, S, int, str]) -> None:
    """The journal has these answers besides, one minute after the other."""

    async def work(inside: App) -> None:
        async with inside.db.write() as conn:
            for minute, (id, state, code, text) in enumerate(outcomes):
                outcome = Outcome(
                    subscriber_id=id,
                    state=state,
                    code=code,
                    text=text,
                    relay="second",
                    at=MORNING + timedelta(minutes=minute),
                    attempts=minute + 1,
                )
                await journal.record(inside.db, conn, ID, [outcome])

    within(folder, work)


TROUBLE = (
    (1, S.DEFERRED, 451, "4.7.1 greylisted"),
    (1, S.FAILED, 550, "5.1.1 no such mailbox"),
    (2, S.FAILED, 550, "5.1.1 nobody here"),
    (3, S.DOUBTFUL, 0, "the line broke"),
)


def test_deliveries_say_who_what_by_whom_and_the_sum_holds(sent: Path) -> None:
    answered(sent, *TROUBLE)
    shown = said("deliveries", ID)
    assert "6 planned = 3 sent + 2 failed + 1 doubtful" in shown
    assert "reader1@example.com failed 550 5.1.1 no such mailbox second 2 2026-05-18 04:01:00" in (
        shown
    )
    told = ask("deliveries", ID, "--state", "doubtful")
    assert told["reconciles"]
    (one,) = told["people"]
    assert (one["address"], one["state"], one["relay"]) == (
        "reader3@example.com",
        "doubtful",
        "second",
    )
    assert one["what"] == "doubtful: the line broke"
    assert len(ask("deliveries", ID, "--relay", "second")["people"]) == 3
    assert len(ask("deliveries", ID, "--relay", "second", "--state", "failed")["people"]) == 2
    assert "no relay 'third'" in said("deliveries", ID, "--relay", "third", code=3)
    assert "These are the first 1" in said("deliveries", ID, "--limit", "1")


def test_one_persons_answers_are_told_in_order(sent: Path) -> None:
    answered(sent, *TROUBLE)
    reader = "reader1@example.com"
    answers = ask("deliveries", ID, "--person", reader)["answers"]
    assert [(one["state"], one["code"], one["attempt"]) for one in answers] == [
        ("deferred", 451, 1),
        ("failed", 550, 2),
    ]
    shown = said("deliveries", ID, "--person", reader)
    assert shown.index("451 4.7.1 greylisted") < shown.index("550 5.1.1 no such mailbox")
    assert "nobody with this address" in said("deliveries", ID, "--person", "x@y.example", code=3)
    assert "only shows" in said("deliveries", ID, "--person", reader, "--close", code=4)


def test_a_persons_history_has_the_answers_before_the_last(sent: Path) -> None:
    answered(sent, *TROUBLE)
    shown = said("subscribers", "show", "reader1@example.com")
    assert "Before that" in shown
    assert f"{ID} deferred 451 4.7.1 greylisted 1" in shown
    assert shown.count("no such mailbox") == 1
    assert "Before that" not in said("subscribers", "show", "reader2@example.com")
    told = ask("subscribers", "show", "reader1@example.com")
    assert [(one["state"], one["text"]) for one in told["answers"]] == [
        ("deferred", "4.7.1 greylisted"),
        ("failed", "5.1.1 no such mailbox"),
    ]


def test_missing_shows_who_and_why_and_sends_only_when_told(sent: Path) -> None:
    answered(sent, *TROUBLE)
    mails = sent / "data" / "mails"
    before = len(list(mails.iterdir()))
    shown = said("missing", ID)
    assert "failed 2 550 5.1.1 no" in shown
    assert "doubtful (may have it) 1 the line broke" in shown
    assert "reader1@example.com; reader2@example.com" in shown
    assert "may get a second copy" in shown
    # Nobody is here to be asked.
    refused = said("missing", ID, "--send", code=4)
    assert "Write again to 2 people." in refused
    assert "--yes" in refused
    assert len(list(mails.iterdir())) == before

    done = ask("missing", ID, "--send", "--yes")
    assert [(one["why"], one["count"]) for one in done["missing"]] == [
        ("failed", 2),
        ("doubtful", 1),
    ]
    assert done["may_be_written_to"] == {"failed": 2, "doubtful": 1}
    assert (done["deliveries"]["sent"], done["deliveries"]["doubtful"]) == (5, 1)
    assert "Nobody is failed" in said("missing", ID, "--send", "--yes")
    shown = said("missing", ID, "--send", "--state", "doubtful", "--yes")
    assert "Write again to 1 person; 1 of them may get a second copy." in shown
    assert "mails accepted 6 of 6" in shown
    assert "It reached everybody." in said("missing", ID)


def test_what_cannot_be_done_is_one_sentence_and_a_code(sent: Path) -> None:
    wrong: list[tuple[tuple[str, ...], int, str]] = [
        (("missing", ID, "--state", "doubtful"), 4, "with --send"),
        (("missing", ID, "--send", "--state", "skipped"), 4, "whoever is skipped"),
        (("missing", "daily@2020-01-01T0700"), 3, "there is no edition"),
        (("progress", "daily@2020-01-01T0700"), 3, "there is no edition"),
        (("pause", ID, "--reason", "  "), 4, "--reason is empty"),
        (("pause", ID), 4, "nothing to pause"),
        (("resume", ID), 4, "nothing to resume"),
        (("deliveries", ID, "--limit", "0"), 2, "limit"),
    ]
    for arguments, code, words in wrong:
        assert words in said(*arguments, code=code)


def test_an_edition_that_nobody_was_written_to_misses_nobody(sent: Path) -> None:
    async def work(inside: App) -> None:
        async with inside.db.write() as conn:
            await journal.set_planned(conn, ID, 0)

    within(sent, work)
    assert "is sent: nobody was written to, or" in said("missing", ID)


def test_progress_is_told_once_or_followed_to_its_end(sent: Path) -> None:
    told = ask("progress", ID)
    assert (told["state"], told["counts"]["sent"], told["workers"]) == ("sent", 6, 0)
    assert f"{ID}: 6 of 6 (100 %)" in said("progress", ID)
    lines = digest("progress", ID, "--follow", "--json").stdout.splitlines()
    assert [json.loads(line)["counts"]["sent"] for line in lines] == [6]
    assert "6 planned = 6 sent" in said("progress", ID, "--follow")


def test_progress_names_relays_and_providers(sent: Path) -> None:
    async def work(inside: App) -> None:
        meter = Meter(inside.now())
        meter.heard("first", "gmail", S.SENT, inside.now())
        meter.heard("second", "outlook", S.DEFERRED, inside.now())
        async with inside.db.write() as conn:
            await editions.move(conn, ID, EditionEvent.BEGIN)
            await journal.set_planned(conn, ID, 9)
            # Whoever sent it to the six has told of itself a moment ago.
            await progress.drop(conn, ID)
            told = meter.told(inside.now())
            await progress.note(inside.db, conn, ID, "here:1", told, now=inside.now())

    within(sent, work)
    shown = said("progress", ID)
    assert "6 of 9 (66 %)" in shown
    assert f"No process is sending it: `digest send {ID}` or `digest serve` goes on." in shown
    assert "gmail 1 0 0 0 outlook 0 1 0 0" in shown


def test_a_paused_edition_says_why_until_it_is_resumed(sent: Path) -> None:
    async def work(inside: App) -> None:
        async with inside.db.write() as conn:
            await editions.move(conn, ID, EditionEvent.BEGIN)

    within(sent, work)
    assert ask("pause", ID, "--reason", "the  front page\nis wrong")["paused"] == (
        "the front page is wrong"
    )
    assert "paused: the front page is wrong" in said("progress", ID)
    answered(sent, *TROUBLE)
    assert "`digest resume" in said("missing", ID)
    assert "is paused" in said("missing", ID, "--send", "--yes", code=4)
    assert f"{ID} goes on" in said("resume", ID)
    assert ask("progress", ID)["paused"] == ""


def test_spans_are_told_coarser_as_they_grow() -> None:
    told = [show.span(seconds) for seconds in (0, 59.4, 61, 3599, 7260, 100_000)]
    assert told == ["0 s", "59 s", "1 min 1 s", "59 min 59 s", "2 h 1 min", "27 h 46 min"]


def test_the_bar_of_a_sending_shows_its_pace_and_no_other_does(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(show, "err", Console(force_terminal=True, width=120))
    with show.err.capture() as captured, show.bars(quiet=False) as bars:
        bars.step("publishing", 1, 2)
        now = Progress(
            edition_id=ID,
            at=MORNING,
            counts=Counts(planned=100, sent=40, pending=60),
            per_s=1234.5,
            left_s=65,
            workers=1,
        )
        bars.told(now)
    shown = captured.get()
    assert "1,234 a second, 1 min 5 s left" in shown
    for line in shown.splitlines():
        assert "publishing" not in line or "a second" not in line


def test_what_was_sent_before_a_crash_is_no_pace(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(show, "err", Console(force_terminal=True, width=120))
    seconds = iter([0.0, 0.2, 2.0])
    pacer = ProgressBars(console=show.err, auto_refresh=False)
    bars = show.Bars(pacer, lambda: next(seconds))
    told = []
    for sent in (20_040, 20_050, 20_080):
        bars.counts(Counts(planned=20_100, sent=sent, pending=20_100 - sent))
        told.append(pacer.tasks[0].fields["per_s"])
    # Too short a time tells nothing.
    assert told == [0.0, 0.0, 20.0]
    assert pacer.tasks[0].fields["left_s"] == 1.0


def test_a_pipe_gets_addresses_whole_and_no_empty_columns(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    address = "a.person.with.a.very.long.name@a.very.long.domain.of.theirs.example"
    words = "550 5.7.1 " + "policy " * 40
    rows = [(address, words, "", 3), ("b@c.example", "no", "", 12)]
    monkeypatch.setattr(show, "out", Console(width=80, soft_wrap=True))
    show.table("All", ("address", "words", "relay", "tries"), rows)
    title, heads, first, second = capsys.readouterr().out.splitlines()
    assert (title, heads.split()) == ("All", ["address", "words", "tries"])
    assert first.startswith(f"{address}  {words.strip()}")
    assert second.endswith(" 12")


def test_a_screen_wraps_words_and_never_an_address(monkeypatch: pytest.MonkeyPatch) -> None:
    address, id = "a.person.with.a.long.name@of.theirs.example", "daily@2026-05-18T0700"
    screen = Console(width=90, soft_wrap=True, force_terminal=True)
    monkeypatch.setattr(show, "out", screen)
    with screen.capture() as captured:
        show.table("", ("address", "edition", "words"), [(address, id, "no such mailbox " * 12)])
    lines = captured.get().splitlines()
    assert address in lines[1]
    assert id in lines[1]
    assert len(lines) > 3
    assert all(len(line) <= 100 for line in lines)


def test_a_sending_that_cannot_go_on_says_why(sent: Path) -> None:
    async def work(inside: App) -> None:
        async with inside.db.write() as conn:
            await editions.move(conn, ID, EditionEvent.BEGIN)
            await journal.set_planned(conn, ID, 9)

    within(sent, work)
    config = sent / "config.toml"
    plain = config.read_text()
    config.write_text(plain + '\n[pace]\nwindow = "02:00-02:01"\n')
    why = "nothing leaves before 02:00 UTC ([pace] window)"
    commands = ("missing", "progress")
    for command in commands:
        assert why in said(command, ID)
    assert why in said("status")
    assert f"3 wait: {why}" in said("send", ID)
    assert ask("progress", ID)["held_up"] == ask("missing", ID)["held_up"] == why

    config.write_text(plain.replace("[mail]", "[mail]\nwarm_up_from = 2999-01-01\n"))
    why = "today's share of the warm-up plan is used up (folder: 6 of 0)"
    for command in commands:
        assert why in said(command, ID)

    config.write_text(plain)
    shown = said("pause", ID)
    assert f"{ID} is paused: by hand; mails accepted: 6 of 9, 3 pending" in shown
    assert "[error]" not in shown
    why = f"paused: by hand; `digest resume {ID}`"
    for command in commands:
        assert why in said(command, ID)
    assert f"{ID} goes on: 3 wait: `digest serve` writes to them" in said("resume", ID)


def test_a_skipped_edition_has_no_progress_but_a_reason(sent: Path) -> None:
    record = ask("run", "--date", "2026-05-17", "--newsletter", "daily")
    assert record["state"] == "skipped"
    shown = said("progress", record["edition"])
    assert f"{record['edition']} is skipped: " in shown
    assert "0 of 0" not in shown


def test_a_run_tells_whom_it_missed_in_groups(sent: Path) -> None:
    answered(sent, *TROUBLE, (4, S.FAILED, 550, "5.1.1 no"), (5, S.FAILED, 550, "5.1.1 nobody"))
    shown = said("run", *DAY)
    assert "failed 4 550 5.1.1" in shown
    assert "reader1@example.com; reader2@example.com; reader4@example.com; …" in shown
    assert "reader5@example.com" not in shown
    assert len(ask("run", *DAY)["troubles"]) == 5


def test_a_dry_run_signs_as_a_sending_does(sent: Path) -> None:
    made = ask("dkim", "new", "--selector", "d1", "--ed25519")
    with (sent / "config.toml").open("a") as file:
        file.write("\n" + made["config"] + "\n")
    assert ask("send", ID, "--dry-run", "mails")["written"] == 6
    for mail in Path("mails").iterdir():
        assert mail.read_bytes().startswith(b"DKIM-Signature: ")


def test_a_relay_that_says_no_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    assert fail(Deferred(450, "4.3.0 come back", relay="second")).exit_code == 75
    assert capsys.readouterr().err == "digest: second: 450 4.3.0 come back\n"
    fail(RelayDown(0, "second does not answer", relay="second"))
    assert capsys.readouterr().err == "digest: second does not answer\n"


@pytest.mark.parametrize("watching", [True, False])
def test_only_what_has_something_to_finish_says_so_when_stopped(
    sent: Path, capsys: pytest.CaptureFixture[str], watching: bool
) -> None:
    async def work(inside: App) -> int:
        os.kill(os.getpid(), signal.SIGINT)
        await inside.stopping.wait()
        return 0

    with_app(sent / "config.toml", work, watching=watching)
    assert ("finishing what has begun" in capsys.readouterr().err) is not watching
