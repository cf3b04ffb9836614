"""Sends that are killed again and again, into a relay that misbehaves: who was lost, who got two?

    python benchmarks/chaos.py                      200 kills over sends of 20,000
    python benchmarks/chaos.py --kills 20 --people 5000 --seed 7
    python benchmarks/chaos.py --only "hold, two processes"
    python benchmarks/chaos.py --json

Each send is `digest send` in a process group of its own, killed with SIGKILL at random moments:
while it starts, while it recovers, mostly while mails go out; sometimes only one of its processes
dies.  Then it is started again, until nobody is left to write to.  The relay, a process of its
own that is never killed, records every message that it has heard before it answers 250; what it
does to each recipient is in the recipient's name (tests/sink.py): refuses, puts off, says 421,
answers half or not at all, takes the message and hangs up.  It also ends every connection after
some hundred messages.

In the end relay and journal are compared, person by person.  What must hold:

    lost       nobody whom the journal calls sent is without a message, and nobody is left over
    twice      "hold": nobody at all; "resend": never more than were in doubt, and each second
               copy is the first one again, octet for octet
    in doubt   beyond those whom the relay itself left in doubt, at most connections x kills
               (x bdat_window with CHUNKING, where a connection has so many under way)
    state      whoever is always refused has failed, whoever is put off for a while was sent

Ends with 1 when something of it does not.
"""

import argparse
import itertools
import json
import os
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

from benchmarks.sending.room import SIZES, MailTable, Room, make_room  # noqa: E402
from benchmarks.sending.telling import machine  # noqa: E402
from benchmarks.sending.watching import family  # noqa: E402

from sink import FATES, LOST_IN_DOUBT, TAKEN_IN_DOUBT, Orders, Sink, Taken  # noqa: E402

CONNECTIONS, WINDOW = 8, 4
#: Of a thousand people; all others are "ok".  Few keep a connection waiting for its time-out.
SHARES = {"no": 4, "bad": 4, "busy2": 4, "wait2": 4, "late": 2, "close": 2, "junk": 1, "drop": 2,
          "half": 1, "noise": 1, "lost": 2, "reset": 1}  # fmt: skip
RARE = ("halt", "stall")
#: What ends a connection, or leaves it waiting for its end.
BREAKING = (*TAKEN_IN_DOUBT, *LOST_IN_DOUBT, "close", "junk")
#: A send in which nobody gets anything for so long does not come to its end.
_PATIENCE_S = 300.0


@dataclass(frozen=True, slots=True)
class Kind:
    """How a send is set up."""

    name: str
    on_doubt: str = "hold"
    processes: int = 1
    #: `digest send` said so often at once.
    commands: int = 1
    chunking: bool = False

    @property
    def at_once(self) -> int:
        """Messages that one killed process may leave in doubt."""
        return CONNECTIONS * (WINDOW if self.chunking else 1)


KINDS = (
    Kind("hold"),
    Kind("resend", on_doubt="resend"),
    Kind("hold, two processes", processes=2),
    Kind("resend, two processes", on_doubt="resend", processes=2),
    Kind("hold, two commands at once", commands=2),
    Kind("hold, CHUNKING", chunking=True),
)


@dataclass(slots=True, kw_only=True)
class Told:
    """What became of one send, or of all sends of a kind."""

    kind: str
    sends: int = 1
    kills: int = 0
    #: Senders that died of them: one kill may end two processes.
    killed: int = 0
    #: How often `digest send` was said: it also ends by itself when the relay breaks off.
    starts: int = 0
    people: int = 0
    #: Messages that the relay has heard, second copies among them.
    heard: int = 0
    sent: int = 0
    failed: int = 0
    #: In doubt because the relay left it so, and because of kills.
    doubt_relay: int = 0
    doubt_kills: int = 0
    doubt_allowed: int = 0
    lost: int = 0
    twice: int = 0
    twice_allowed: int = 0
    wrong: int = 0
    seconds: float = 0.0
    #: Broken promises, in words.
    broken: list[str] = field(default_factory=list)

    def add(self, other: "Told") -> None:
        for name in self.__slots__:
            if name != "kind":
                setattr(self, name, getattr(self, name) + getattr(other, name))


def names(people: int, dice: random.Random) -> Iterator[str]:
    """What the relay will do to each of so many, in no order."""
    fates = [fate for fate, share in SHARES.items() for _ in range(round(share * people / 1000))]
    fates += [fate for fate in RARE for _ in range(2)]
    fates += ["ok"] * (people - len(fates))
    dice.shuffle(fates)
    yield from fates


def mix(room: Room, dice: random.Random) -> None:
    """Put people in no order: taken in by address, all who are refused would come one by one."""
    with sqlite3.connect(room.database) as db:
        rows = db.execute("SELECT id, email, folded, name FROM subscriber").fetchall()
        ids = [row[0] for row in rows]
        dice.shuffle(ids)
        db.execute("UPDATE subscriber SET folded = 'moving ' || id")
        db.executemany(
            "UPDATE subscriber SET email = ?, folded = ?, name = ? WHERE id = ?",
            [(*row[1:], id) for id, row in zip(ids, rows, strict=True)],
        )


# ---------------------------------------------------------------------- killing


class Send:
    """One edition, sent under fire."""

    def __init__(self, room: Room, sink: Sink, kind: Kind, dice: random.Random) -> None:
        self._room = room
        self._sink = sink
        self._kind = kind
        self._dice = dice
        self.kills = 0
        self.killed = 0
        self.starts = 0
        self._running: list[subprocess.Popen[bytes]] = []
        #: Process groups that were begun.
        self._groups: list[int] = []

    def under_fire(self, kills: int) -> None:
        """Start and kill until so many have died, or everybody has been written to."""
        while self.kills < kills and not self.done():
            self._start()
            while self._alive() and self.kills < kills:
                if self._moment():
                    self._kill()
            for one in self._running:
                if one.poll() is None:
                    # The last kill is done: what still runs may finish.
                    one.wait(timeout=_PATIENCE_S)
        self._running.clear()

    def to_its_end(self) -> None:
        """Start until nobody is left; what is put off comes when its time has come.

        Raises:
            TimeoutError: it does not come to its end.
        """
        left, until = self._left(), time.monotonic() + _PATIENCE_S
        while left:
            self._start()
            for one in self._running:
                one.wait(timeout=_PATIENCE_S)
            time.sleep(0.1)
            before, left = left, self._left()
            if left < before:
                until = time.monotonic() + _PATIENCE_S
            elif time.monotonic() > until:
                raise TimeoutError(f"{left} are pending, and nothing moves; see {self._log}")

    def clear(self) -> None:
        """End what outlived the command that had started it."""
        for group in self._groups:
            with suppress(ProcessLookupError):
                os.killpg(group, signal.SIGKILL)

    def done(self) -> bool:
        return self._left() == 0

    @property
    def _log(self) -> Path:
        return self._room.folder / "log"

    def _start(self) -> None:
        command = [sys.executable, "-m", "digest", "send", self._room.edition_id]
        with self._log.open("ab") as log:
            self._running = [
                subprocess.Popen(
                    command, cwd=self._room.folder, stdout=log, stderr=log, start_new_session=True
                )
                for _ in range(self._kind.commands)
            ]
        self._groups += [one.pid for one in self._running]
        self.starts += 1

    def _alive(self) -> list[subprocess.Popen[bytes]]:
        return [one for one in self._running if one.poll() is None]

    def _moment(self) -> bool:
        """Wait for a moment to kill; False when everything ended before it came.

        Mostly once so many more messages have been heard, sometimes at any time at all.
        """
        heard = self._sink.log.stat().st_size if self._sink.log.exists() else 0
        # A line of its log is about 130 octets.
        goal, at = heard + 130 * self._dice.randint(1, self._room.people // 8), float("inf")
        if self._dice.random() < 0.2:
            at = time.monotonic() + self._dice.uniform(0.0, 3.0)
        while self._alive():
            now = self._sink.log.stat().st_size if self._sink.log.exists() else 0
            if now >= goal or time.monotonic() >= at:
                return True
            time.sleep(0.001)
        return False

    def _kill(self) -> None:
        """SIGKILL for one running command and all its processes, or for one of them alone."""
        alive = self._alive()
        if not alive:
            return
        command = self._dice.choice(alive)
        each = list(family(command.pid))
        if len(each) > 1 and self._dice.random() < 0.4:
            # The others go on, beside whoever is started next.
            try:
                os.kill(self._dice.choice(each), signal.SIGKILL)
            except ProcessLookupError:
                return
            self.kills += 1
            self.killed += 1
            return
        try:
            os.killpg(command.pid, signal.SIGKILL)
        except ProcessLookupError:
            return
        if command.wait() == -signal.SIGKILL:
            self.kills += 1
            # Each of its processes had connections of its own.
            self.killed += self._kind.processes

    def _left(self) -> int:
        """Who is neither sent nor given up nor in doubt, by the journal."""
        final = "('sent', 'failed', 'skipped', 'doubtful', 'bounced')"
        with sqlite3.connect(self._room.database, timeout=20) as db:
            (settled,) = db.execute(
                f"SELECT count(*) FROM delivery WHERE state IN {final}"
            ).fetchone()
        return self._room.people - int(settled)


# --------------------------------------------------------------------- comparing


def states(room: Room) -> dict[str, str]:
    """What the journal says of each address."""
    query = """SELECT s.email, coalesce(d.state, 'none') FROM subscriber s
        LEFT JOIN delivery d ON d.subscriber_id = s.id AND d.edition_id = ?"""
    with sqlite3.connect(room.database, timeout=20) as db:
        return dict(db.execute(query, (room.edition_id,)).fetchall())


def misled(room: Room) -> int:
    """How many are in doubt because the newsroom takes itself for a restored backup."""
    query = "SELECT count(*) FROM delivery WHERE state = 'doubtful' AND text LIKE '%backup%'"
    with sqlite3.connect(room.database, timeout=20) as db:
        return int(db.execute(query).fetchone()[0])


def compare(kind: Kind, journal: Mapping[str, str], heard: Sequence[Taken], killed: int) -> Told:
    """Relay and journal side by side, person by person."""
    copies: dict[str, list[Taken]] = {}
    for one in heard:
        copies.setdefault(one.to, []).append(one)
    told = Told(kind=kind.name, killed=killed, people=len(journal), heard=len(heard))
    wrong: list[str] = []
    fates: Counter[str] = Counter()
    for address, state in journal.items():
        fate, got = _fate(address), copies.get(address, [])
        fates[fate] += 1
        told.sent += state == "sent"
        told.failed += state == "failed"
        if state == "doubtful":
            by_relay = FATES[fate] == "doubtful"
            told.doubt_relay += by_relay
            told.doubt_kills += not by_relay
        if (state == "sent" and not got) or state not in ("sent", "failed", "doubtful"):
            told.lost += 1
            wrong.append(f"{address} is {state} and has {len(got)} copies")
        elif not _fits(kind, fate, state, len(got)):
            told.wrong += 1
            wrong.append(f"{address} is {state} and has {len(got)} copies")
        told.twice += max(0, len(got) - 1)
        if len({(one.message_id, one.sha) for one in got}) > 1:
            told.broken.append(f"the copies of {address} are not the same message")
    broken_lines = sum(fates[fate] for fate in BREAKING)
    told.doubt_allowed = kind.at_once * killed
    if kind.chunking:
        # What was under way on a connection that the relay broke is in doubt, too.
        told.doubt_allowed += WINDOW * broken_lines
    if kind.on_doubt == "resend":
        # A message that was heard and not answered comes again.
        unanswered = sum(fates[fate] for fate in TAKEN_IN_DOUBT)
        told.twice_allowed = told.doubt_allowed + unanswered
    told.broken += _broken(told, [one for one in heard if one.to not in journal], wrong)
    return told


def _fate(address: str) -> str:
    return address.partition("-")[0]


def _fits(kind: Kind, fate: str, state: str, copies: int) -> bool:
    """Whether a person may end like this; how many may be in doubt is counted elsewhere."""
    meant = FATES[fate]
    if state == "failed":
        return meant == "failed" and not copies
    if state == "sent":
        return meant == "sent" or (meant == "doubtful" and kind.on_doubt == "resend")
    # Refused at RCPT, its content is not begun, unless it goes along with the envelope.
    return kind.chunking or fate not in ("no", "late")


def _broken(told: Told, strangers: Sequence[Taken], wrong: Sequence[str]) -> list[str]:
    found = []
    if told.lost or told.wrong:
        found.append(f"{told.lost} lost, {told.wrong} in a wrong state: {', '.join(wrong[:5])}")
    if told.twice > told.twice_allowed:
        found.append(f"{told.twice} second copies, and no more than {told.twice_allowed} may be")
    if told.doubt_kills > told.doubt_allowed:
        found.append(f"{told.doubt_kills} in doubt, no more than {told.doubt_allowed} may be")
    if strangers:
        found.append(f"{len(strangers)} messages to people whom nobody meant")
    return found


# ------------------------------------------------------------------------- all


def mail_of(kind: Kind, port: int) -> MailTable:
    """Quick to try again, and not put off by so much misbehaviour that it would be a storm."""
    more = {"on_doubt": f'"{kind.on_doubt}"', "processes": str(kind.processes), "timeout_s": "3.0"}
    more |= {"attempts": "6", "retry_s": "0.05", "bdat_window": str(WINDOW)}
    return MailTable(port, CONNECTIONS, (), more, {"storm_after": "1000", "storm_share": "1.0"})


def one_send(room: Room, folder: Path, kind: Kind, kills: int, dice: random.Random) -> Told:
    begun = time.perf_counter()
    orders = Orders(chunking=kind.chunking, per_connection=dice.randint(300, 900))
    with Sink(folder / "taken.log", orders) as sink:
        run = room.copy(folder / "room", mail_of(kind, sink.port))
        send = Send(run, sink, kind, dice)
        send.under_fire(kills)
        stuck = []
        try:
            send.to_its_end()
        except (TimeoutError, subprocess.TimeoutExpired) as error:
            stuck = [str(error)]
        finally:
            send.clear()
        told = compare(kind, states(run), sink.taken(), send.killed)
    if number := misled(run):
        told.broken.append(f"{number} are in doubt for a backup that nobody has restored")
    told.kills, told.starts = send.kills, send.starts
    told.broken += stuck
    told.seconds = time.perf_counter() - begun
    return told


def fight(asked: argparse.Namespace, kinds: Sequence[Kind], folder: Path) -> Iterable[Told]:
    """Sends of all kinds in turns, until there were enough kills."""
    dice = random.Random(asked.seed)
    room = make_room(folder / "room", asked.people, SIZES[4], locals_of=names(asked.people, dice))
    mix(room, dice)
    kills = 0
    for number, kind in enumerate(itertools.cycle(kinds)):
        left = asked.kills - kills
        if left <= 0:
            return
        place = folder / f"send{number}"
        place.mkdir()
        told = one_send(room, place, kind, min(left, asked.kills_a_send), dice)
        kills += told.kills
        kept = " (its folder is kept)" if told.broken else ""
        print(
            f"  {told.kind}: {told.kills} kills ({kills} of {asked.kills}), {told.starts} starts, "
            f"{told.heard} heard, "
            f"{told.doubt_kills} in doubt, {told.seconds:.0f} s{kept}",
            file=sys.stderr,
        )
        for words in told.broken:
            print(f"  BROKEN: {words}", file=sys.stderr)
        if told.broken:
            shutil.copytree(place, asked.keep / place.name, dirs_exist_ok=True)
        shutil.rmtree(place)
        yield told


def table(together: Iterable[Told]) -> str:
    head = ["sends that are", "sends", "kills", "starts", "people", "heard", "sent", "failed"]
    head += [
        "lost",
        "twice",
        "at most",
        "in doubt by kills",
        "at most",
        "by the relay",
        "wrong state",
    ]
    lines = [f"| {' | '.join(head)} |", "|---|" + "---:|" * (len(head) - 1)]
    for one in together:
        cells = [one.sends, one.kills, one.starts, one.people, one.heard, one.sent, one.failed]
        cells += [one.lost, one.twice, one.twice_allowed, one.doubt_kills, one.doubt_allowed]
        cells += [one.doubt_relay, one.wrong]
        lines.append(f"| {one.kind} | {' | '.join(f'{cell:,}' for cell in cells)} |")
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--kills-a-send", type=int, default=10)
    parser.add_argument("--people", type=int, default=20_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", choices=[kind.name for kind in KINDS], action="append")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--keep", type=Path, default=Path("build/chaos"), help="for broken ones")
    asked = parser.parse_args()
    kinds = [kind for kind in KINDS if not asked.only or kind.name in asked.only]
    together: dict[str, Told] = {}
    begun = time.perf_counter()
    with tempfile.TemporaryDirectory(prefix="digest-chaos-") as name:
        for told in fight(asked, kinds, Path(name)):
            if told.kind in together:
                together[told.kind].add(told)
            else:
                together[told.kind] = told
    broken = [f"{one.kind}: {words}" for one in together.values() for words in one.broken]
    minutes = round((time.perf_counter() - begun) / 60, 1)
    if asked.json:
        found: dict[str, Any] = {"machine": machine(), "minutes": minutes, "seed": asked.seed}
        found |= {"kinds": [asdict(one) for one in together.values()], "broken": broken}
        print(json.dumps(found, indent=1))
    else:
        print(f"{CONNECTIONS} connections a process, seed {asked.seed}, {minutes} minutes\n")
        print(table(together.values()))
        for words in broken or ["everything held"]:
            print(f"\n{words}")
    sys.exit(1 if broken else 0)


if __name__ == "__main__":
    main()
