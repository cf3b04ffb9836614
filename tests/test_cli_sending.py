"""`digest deliveries`, `missing`, `progress`, `pause`, `resume`: what is typed, shown, answered."""

import asyncio
import json
import shutil
from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console
from typer.testing import CliRunner, Result

from digest.app import App
from digest.cli import app, show
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
    shown = said("missing", ID, "--send", "--doubtful", "--yes")
    assert "Write again to 1 person; 1 of them may get a second copy." in shown
    assert "mails accepted 6 of 6" in shown
    assert "It reached everybody." in said("missing", ID)


def test_what_cannot_be_done_is_one_sentence_and_a_code(sent: Path) -> None:
    wrong: list[tuple[tuple[str, ...], int, str]] = [
        (("missing", ID, "--doubtful"), 4, "with --send"),
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
    assert "No process sends it right now; it is sending." in shown
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
        bars.counts(Counts(planned=100, sent=50, pending=50))
    shown = captured.get()
    assert "1,234 a second, 1 min 5 s left" in shown
    for line in shown.splitlines():
        assert "publishing" not in line or "a second" not in line
