"""``kill -9`` at any moment of `digest run`, then `digest run` again: nobody lost, nobody twice."""

import json
import random
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from newsroom import accepted, people_csv, run_digest, write_config, write_day

CONNECTIONS = 3
PEOPLE = 60


def set_up(folder: Path, store_url: str) -> None:
    mail = f"connections = {CONNECTIONS}\nwindow = 20"
    write_config(folder, store_url=store_url, mail=mail)
    write_day(folder)
    (folder / "people.csv").write_text(people_csv(PEOPLE))
    done = run_digest(folder, "subscribers", "import", "people.csv")
    assert done.returncode == 0, done.stderr


def after(seconds: float) -> Callable[[], bool]:
    end = time.monotonic() + seconds
    return lambda: time.monotonic() >= end


def once_accepted(folder: Path, mails: int) -> Callable[[], bool]:
    new = folder / "data" / "outbox" / "new"
    return lambda: new.exists() and sum(1 for _ in new.iterdir()) >= mails


def kill_five_times(folder: Path, dice: random.Random) -> int:
    """Kill five runs: some at any moment at all, most while mails go out.  How many died."""
    died = 0
    for _ in range(5):
        if dice.random() < 0.3:
            moment = after(dice.uniform(0.05, 2.0))
        else:
            moment = once_accepted(folder, len(accepted(folder)) + dice.randint(1, 20))
        done = run_digest(folder, "run", "--date", "2026-05-18", "--json", kill_when=moment)
        died += done.returncode == -9
    return died


def check_nobody_lost_nobody_twice(folder: Path, killed: int) -> None:
    done = run_digest(folder, "run", "--date", "2026-05-18", "--json")
    assert done.returncode == 0, done.stderr
    counts = json.loads(done.stdout)["deliveries"]
    arrived = accepted(folder)
    assert len(arrived) == len(set(arrived)), "somebody got it twice"
    shown = run_digest(folder, "deliveries", "--state", "sent", "--state", "doubtful", "--json")
    people = json.loads(shown.stdout)["people"]
    sent = {row["address"] for row in people if row["what"].startswith("sent")}
    doubtful = {row["address"] for row in people if row["what"].startswith("doubtful")}
    assert sent <= set(arrived), "the journal says sent, and nothing arrived"
    assert set(arrived) <= sent | doubtful, "something arrived that the journal does not know of"
    assert len(sent) + len(doubtful) == PEOPLE == counts["planned"], counts
    assert counts["pending"] == counts["failed"] == 0, counts
    assert len(doubtful) <= CONNECTIONS * killed, "more in doubt than was in flight"
    covered = run_digest(folder, "coverage")
    assert covered.returncode == 0, covered.stdout


@pytest.mark.parametrize("series", range(6))
def test_thirty_kills_lose_nobody_and_double_nobody(series: int, tmp_path: Path) -> None:
    dice = random.Random(series)
    set_up(tmp_path, "sqlite:///data/digest.db")
    killed = kill_five_times(tmp_path, dice)
    check_nobody_lost_nobody_twice(tmp_path, killed)


def test_it_is_the_same_on_postgresql(postgres_url: str, tmp_path: Path) -> None:
    dice = random.Random(99)
    set_up(tmp_path, postgres_url)
    killed = kill_five_times(tmp_path, dice)
    check_nobody_lost_nobody_twice(tmp_path, killed)
