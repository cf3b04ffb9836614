"""Killed while letters go out: nobody is asked twice, and nobody is left unasked in silence."""

import asyncio
import random
from collections.abc import Callable
from pathlib import Path

from digest import letters
from digest.model import DeliveryState, LetterKind, Outcome
from digest.store import journal
from digest.store import letters as rows
from newsroom import accepted, open_newsroom, run_python, write_config

PEOPLE = 30
KILLS = 5
POST = """
import asyncio
from pathlib import Path
from digest import letters
from newsroom import open_newsroom

async def post():
    async with open_newsroom(Path(".")) as app:
        await letters.post(app)

asyncio.run(post())
"""


async def test_five_kills_ask_nobody_twice_and_name_who_is_in_doubt(tmp_path: Path) -> None:
    write_config(tmp_path)
    async with open_newsroom(tmp_path, people=PEOPLE) as app, app.db.write() as conn:
        for number in range(1, PEOPLE + 1):
            content = {"wording": "Send me The Daily."}
            kind = LetterKind.CONFIRM
            await rows.write(conn, kind, number, "daily", content=content, now=app.now())

    def enough(mails: int) -> Callable[[], bool]:
        return lambda: len(accepted(tmp_path)) >= mails

    dice, killed = random.Random(5), 0
    for _ in range(KILLS):
        until = len(accepted(tmp_path)) + dice.randint(1, 6)
        done = await asyncio.to_thread(run_python, tmp_path, "-c", POST, kill_when=enough(until))
        assert done.returncode in (0, -9), done.stderr
        killed += done.returncode == -9
    assert killed
    async with open_newsroom(tmp_path) as app:
        await letters.post(app)
        async with app.db.read() as conn:
            assert await rows.waiting(conn) == []
            found: dict[int, Outcome] = {}
            for number in range(1, PEOPLE + 1):
                # Letters were written in the order of their people.
                found |= await journal.known(conn, f"confirm:{number}", [number])
    arrived = accepted(tmp_path)
    assert len(arrived) == len(set(arrived)), "somebody was asked twice"
    states = [found[number].state for number in range(1, PEOPLE + 1)]
    doubtful = states.count(DeliveryState.DOUBTFUL)
    assert states.count(DeliveryState.SENT) + doubtful == PEOPLE
    assert doubtful <= killed, "more in doubt than was in flight"
    assert PEOPLE - doubtful <= len(arrived) <= PEOPLE
