"""``kill -9`` at any moment of an editor's act: what is stored is what is shown."""

import json
import random
import sqlite3
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from newsroom import run_digest, write_config, write_day

ID = "daily@2026-05-18T0700"


def after(seconds: float) -> Callable[[], bool]:
    end = time.monotonic() + seconds
    return lambda: time.monotonic() >= end


def shown(folder: Path) -> tuple[str, list[str]]:
    """The first story's headline, and the headlines that acts gave it, as they are stored."""
    with closing(sqlite3.connect(folder / "data" / "digest.db")) as database:
        (content,) = database.execute("SELECT content FROM edition").fetchone()
        acts = database.execute("SELECT content FROM edit ORDER BY number").fetchall()
    edits = [json.loads(act) for (act,) in acts]
    headlines = [edit["text"] for edit in edits if edit["kind"] == "headline"]
    return json.loads(content)["sections"][0]["stories"][0]["headline"], headlines


def test_ten_kills_leave_both_the_act_and_its_draft_or_neither(tmp_path: Path) -> None:
    dice = random.Random(5)
    write_config(tmp_path)
    write_day(tmp_path)
    for command in (
        ("collect",),
        ("compose", "--date", "2026-05-18"),
        ("edit", "pin", "1.1", "-e", ID),
    ):
        assert run_digest(tmp_path, *command).returncode == 0
    before: list[str] = []
    died = 0
    for number in range(10):
        words = f"Headline {number}"
        moment = after(dice.uniform(0.5, 1.8))
        done = run_digest(tmp_path, "edit", "headline", "1.1", words, "-e", ID, kill_when=moment)
        died += done.returncode == -9
        headline, acts = shown(tmp_path)
        assert acts[: len(before)] == before, "an act that was done is gone"
        assert len(acts) <= len(before) + 1
        assert not acts or headline == acts[-1], "what is stored is not what is shown"
        assert done.returncode == -9 or headline == words
        before = acts
    assert died
    covered = run_digest(tmp_path, "coverage")
    assert covered.returncode == 0, covered.stdout
