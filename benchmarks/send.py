"""What sending costs: a whole edition, journaled and personal, beside postfix's own generator.

    python benchmarks/send.py --people 100000       everything, as in docs/performance.md
    python benchmarks/send.py                       the same with 20,000 people
    python benchmarks/send.py --only wire --rounds 5
    python benchmarks/send.py --only million        planned, sent to a null relay, reconciled
    python benchmarks/send.py --json                for a machine

wire: `digest.deliver.deliver` of a real newsroom (SQLite, event files, every answer kept) into
postfix's smtp-sink on 10 connections: unsigned, signed, in one process and in two.  Beside it, in
the same round, smtp-source sends one of the same messages again and again on 10 sessions.

peers: the same personal mails by aiosmtplib, smtplib, Django and nodemailer into the same sink,
fewer of them, without any journal.

distance: the same over a line on which every answer takes 20 ms longer, on 10 connections, beside
aiosmtplib's sendmail; then with a relay that offers CHUNKING.

million: a 4 KB edition for as many into a sink that only counts, whose count must be theirs: rate,
memory over time, octets of journal; and the time a message beside that of 10,000 people.

Rounds go through all senders in turn, so that a busy machine hurts all; figures are medians of
the rounds, ratios are of the same round.  What is not to be had is said and left out.  Wants
smtp-sink and smtp-source (Debian: apt-get install postfix), node and npm, and pip for Django.
"""

import argparse
import functools
import json
import shutil
import sqlite3
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT))

from benchmarks.sending import peers, sinks  # noqa: E402
from benchmarks.sending.room import SIZES, MailTable, Room, Size, content_of, make_room  # noqa: E402
from benchmarks.sending.telling import Figure, machine, middle, table  # noqa: E402
from benchmarks.sending.watching import growth, run_watched  # noqa: E402

OURS = Path(__file__).parent / "sending" / "ours.py"
BUILD = ROOT / "build" / "peers"
RTT_S = 0.020
#: The small audience beside the million.
_FEW = 10_000


class Bench:
    """What all parts share: a folder, newsrooms made once, what could not be measured."""

    def __init__(self, folder: Path, asked: argparse.Namespace) -> None:
        self.folder = folder
        self.people: int = asked.people
        self.million: int = asked.million
        self.rounds: int = asked.rounds
        self.peer_messages: int = asked.peer_messages
        self.sizes = [SIZES[kb] for kb in asked.kb]
        self.missing: list[str] = []
        self._rooms: dict[tuple[int, int], Room] = {}
        self._runs = 0

    def room(self, size: Size, people: int) -> Room:
        key = (size.kb, people)
        if key not in self._rooms:
            _say(f"making a newsroom of {people:,} people")
            self._rooms[key] = make_room(self.folder / f"room{size.kb}-{people}", people, size)
        return self._rooms[key]

    def message(self, size: Size) -> Path:
        """One message of that size as lines of a file, for smtp-source."""
        path = self.folder / f"message{size.kb}"
        if not path.exists():
            path.write_bytes(content_of(size).message.replace(b"\r\n", b"\n"))
        return path

    def template(self, size: Size) -> Path:
        """What peers make their messages from."""
        path = self.folder / f"template{size.kb}.json"
        if not path.exists():
            made = content_of(size)
            told = {"subject": made.subject, "text": made.text, "html": made.html}
            path.write_text(json.dumps(told))
        return path

    @contextmanager
    def copy(self, room: Room, mail: MailTable) -> Iterator[Room]:
        """A newsroom of one's own, gone afterwards."""
        self._runs += 1
        made = room.copy(self.folder / f"run{self._runs}", mail)
        try:
            yield made
        finally:
            shutil.rmtree(made.folder)

    def ours(self, room: Room, figure: dict[str, Any]) -> Figure:
        """Send with Digest.

        Raises:
            NotHere: it failed, or did not reach everybody.
        """
        command = [sys.executable, str(OURS), str(room.folder), room.edition_id]
        line, memory = run_watched(command, log=room.folder / "log")
        told = json.loads(line)
        counts, sent = told["counts"], told["send"]
        if counts["sent"] != room.people or not counts["reconciles"]:
            raise sinks.NotHere(f"not everybody was reached: {counts}")
        spent = memory.between(told["begun"], told["ended"])
        return Figure(
            **figure,
            messages=room.people,
            per_s=room.people / sent["s"],
            cpu_us=1e6 * sent["cpu_s"] / room.people,
            # Of all its processes at one moment; a short run may be over between two looks.
            peak_mb=max([told["peak_mb"], *(mb for _, mb in spent)]),
            more={
                "freeze_per_s": round(room.people / told["freeze"]["s"]),
                "freeze_s": round(told["freeze"]["s"], 3),
                "send_s": round(sent["s"], 3),
                "from_first": told.get("from_first"),
                "growth_mb": round(growth(spent), 1),
                "processes": memory.processes,
                "memory": _thinned(spent),
            },
        )

    @functools.cache  # noqa: B019 - there is one bench, as long as the process
    def rehearse(self, signatures: Sequence[str]) -> None:
        """See with one's own eyes that a mail is personal, and signed as it is said to be.

        Raises:
            NotHere: it is not.
        """
        told = self.folder / f"told{len(signatures)}-{'-'.join(signatures)}"
        with (
            sinks.cheap_sink(transcript=told) as sink,
            self.copy(self.room(SIZES[40], 20), MailTable(sink.port, 1, signatures)) as run,
        ):
            self.ours(run, {"part": "rehearsal", "kb": 40, "who": "Digest"})
        mail = told.read_bytes().partition(b"\r\nDATA\r\n")[2]
        head, _, body = mail.partition(b"\r\n\r\n")
        name = head.partition(b"\r\nTo: ")[2].split()[0].strip(b'"')
        link = head.partition(b"List-Unsubscribe: <")[2].partition(b">")[0]
        found = {
            "its signatures": head.lower().count(b"dkim-signature:") == len(signatures),
            "the name in its body": name in body,
            # What quoted-printable makes of it.
            "the link to leave in its body": link[-24:] in body.replace(b"=\r\n", b""),
            "List-Unsubscribe": bool(link),
        }
        for what, there in found.items():
            if not there:
                raise sinks.NotHere(f"a mail lacks {what}: the figures would not be what they say")

    def fail(self, part: str, error: Exception) -> None:
        words = f"{part}: {error}"
        if words not in self.missing:
            self.missing.append(words)
            _say(words)


def _say(words: str) -> None:
    print(f"  {words}", file=sys.stderr, flush=True)


def _thinned(samples: list[tuple[float, float]]) -> list[tuple[float, float]]:
    """Eleven looks at memory, from beginning to end."""
    if not samples:
        return []
    at = [samples[round(n * (len(samples) - 1) / 10)] for n in range(11)]
    return [(round(share, 2), round(mb, 1)) for share, mb in at]


def _beside(figures: list[Figure], yardstick: float) -> list[Figure]:
    """The figures of one round with their ratios."""
    if not yardstick:
        return figures
    return [replace(one, ratio=one.per_s / yardstick) for one in figures]


# ------------------------------------------------------------------------ wire

VARIANTS = tuple(
    (
        f"Digest, {what}, {processes} process{'es' if processes > 1 else ''}",
        signatures,
        processes,
    )
    for what, signatures in (
        ("unsigned", ()),
        ("RSA-2048", ("rsa",)),
        ("Ed25519", ("ed25519",)),
    )
    for processes in (1, 2)
)


def wire(bench: Bench) -> list[Figure]:
    found: list[Figure] = []
    variants = []
    for who, signatures, processes in VARIANTS:
        try:
            bench.rehearse(signatures)
            variants.append((who, signatures, processes))
        except sinks.NotHere as error:
            bench.fail(who, error)
    for _ in range(bench.rounds):
        for size in bench.sizes:
            found += _wire_round(bench, size, variants)
    return found


def _wire_round(
    bench: Bench, size: Size, variants: Sequence[tuple[str, Sequence[str], int]]
) -> list[Figure]:
    room = bench.room(size, bench.people)
    with sinks.smtp_sink() as sink:
        before = _source(bench, size, sink)
        figures = []
        for who, signatures, processes in variants:
            mail = MailTable(
                port=sink.port, signatures=signatures, more={"processes": str(processes)}
            )
            try:
                with bench.copy(room, mail) as run:
                    figures.append(bench.ours(run, {"part": "wire", "kb": size.kb, "who": who}))
            except sinks.NotHere as error:
                bench.fail(who, error)
        after = _source(bench, size, sink)
    # At both ends of the round: a machine that gets busier meanwhile is seen.
    yardstick = statistics.mean([before.per_s, after.per_s])
    return _beside([before, after, *figures], yardstick)


def _source(bench: Bench, size: Size, sink: sinks.Sink) -> Figure:
    spent = sinks.smtp_source(sink.port, bench.message(size), messages=bench.people)
    return Figure(
        part="wire",
        kb=size.kb,
        who="smtp-source, one fixed message, 10 sessions",
        messages=bench.people,
        per_s=bench.people / spent.seconds,
        cpu_us=1e6 * spent.cpu_s / bench.people,
    )


# ----------------------------------------------------------------------- peers


def beside_peers(bench: Bench) -> list[Figure]:
    commands = {}
    for name in peers.NAMES:
        try:
            commands[name] = peers.command_of(name, BUILD)
        except peers.Missing as error:
            bench.fail(name, error)
    found: list[Figure] = []
    for _ in range(bench.rounds):
        for size in bench.sizes:
            found += _peers_round(bench, size, commands)
    return found


def _peers_round(bench: Bench, size: Size, commands: dict[str, list[str]]) -> list[Figure]:
    with sinks.smtp_sink() as sink:
        figures = []
        with bench.copy(bench.room(size, bench.people), MailTable(port=sink.port)) as run:
            # Once a round, whatever the number of peers.
            us = bench.ours(run, {"part": "peers", "kb": size.kb, "who": "Digest, one process"})
        for name, command in commands.items():
            try:
                figures.append(_peer(bench, size, sink, name, command))
            except sinks.NotHere as error:
                bench.fail(name, error)
    # The other way round: how many times as fast Digest is.
    return [us, *(replace(one, ratio=us.per_s / one.per_s) for one in figures)]


def _peer(
    bench: Bench, size: Size, sink: sinks.Sink, name: str, command: list[str], part: str = "peers"
) -> Figure:
    many = bench.peer_messages
    log = bench.folder / f"{name}.log"
    given = [*command, str(sink.port), str(many), str(bench.template(size))]
    line, memory = run_watched(given, log=log)
    told = json.loads(line)
    return Figure(
        part=part,
        kb=size.kb,
        who=peers.NAMES[name],
        messages=many,
        per_s=many / told["s"],
        cpu_us=1e6 * told["cpu_s"] / many,
        peak_mb=memory.peak_mb,
    )


# -------------------------------------------------------------------- distance

#: People enough for some seconds each, whatever --people says.
_FAR = {"one at a time": 400, "pipelined": 5_000, "chunks": 20_000}


def distance(bench: Bench) -> list[Figure]:
    found: list[Figure] = []
    for _ in range(bench.rounds):
        for size in bench.sizes:
            try:
                found += _distance_round(bench, size)
            except sinks.NotHere as error:
                bench.fail("distance", error)
    return found


def _distance_round(bench: Bench, size: Size) -> list[Figure]:
    with sinks.cheap_sink() as sink, sinks.slow_line(sink, RTT_S) as far:
        command = peers.command_of("aiosmtplib-octets", BUILD)
        kept, bench.peer_messages = bench.peer_messages, _FAR["one at a time"]
        try:
            them = _peer(bench, size, far, "aiosmtplib-octets", command, part="distance")
        finally:
            bench.peer_messages = kept
        figures = [_far(bench, size, far, "pipelined", "Digest, PIPELINING", "0")]
    with sinks.cheap_sink(chunking=True) as sink, sinks.slow_line(sink, RTT_S) as far:
        for window in (4, 8):
            who = f"Digest, CHUNKING, bdat_window = {window}"
            figures.append(_far(bench, size, far, "chunks", who, str(window)))
    return _beside([them, *figures], them.per_s)


def _far(bench: Bench, size: Size, far: sinks.Sink, how: str, who: str, window: str) -> Figure:
    mail = MailTable(port=far.port, more={"bdat_window": window})
    with bench.copy(bench.room(size, _FAR[how]), mail) as run:
        return bench.ours(run, {"part": "distance", "kb": size.kb, "who": who})


# --------------------------------------------------------------------- million


def million(bench: Bench) -> list[Figure]:
    """A large audience, between several sends to a small one; the ratio is time a message.

    The small one is over in a second, of which a part goes into beginning: each is measured from
    where the first people have been settled, and both are told whole besides.
    """
    few: list[tuple[Figure, float]] = []
    for _ in range(bench.rounds):
        few.append(_many(bench, _FEW))
    large, each = _many(bench, bench.million)
    for _ in range(bench.rounds):
        few.append(_many(bench, _FEW))
    small = statistics.median(seconds for _, seconds in few)
    whole = statistics.median(1 / figure.per_s for figure, _ in few)
    told = {"us_each": round(1e6 * each, 1), "whole": round(1 / large.per_s / whole, 3)}
    found = [
        replace(figure, more=figure.more | {"us_each": round(1e6 * seconds, 1)})
        for figure, seconds in few
    ]
    return [*found, replace(large, ratio=each / small, more=large.more | told)]


def _many(bench: Bench, people: int) -> tuple[Figure, float]:
    """Send to so many, reconcile with the sink's own count; the figure, and seconds a message."""
    size = SIZES[4]
    with sinks.cheap_sink() as sink:
        mail = MailTable(port=sink.port)
        with bench.copy(bench.room(size, people), mail) as run:
            before = _tables(run.database)
            who = f"Digest to a null relay, {people:,} people"
            figure = bench.ours(run, {"part": "million", "kb": size.kb, "who": who})
            after = _tables(run.database)
        if sink.taken() != people:
            raise sinks.NotHere(f"the sink has counted {sink.taken():,} messages, not {people:,}")
    kept = {name: after[name] - before.get(name, 0) for name in after}
    each = {name: round(octets / people, 1) for name, octets in kept.items() if octets > 0}
    figure.more["journal_octets"] = round(sum(kept.values()) / people, 1)
    figure.more["journal"] = {name: size for name, size in each.items() if size >= 0.1}
    first = figure.more["from_first"]
    seconds = figure.more["send_s"] / people
    if first and first["messages"]:
        seconds = first["s"] / first["messages"]
    return figure, seconds


def _tables(database: Path) -> dict[str, int]:
    """Octets of each table and index; of the whole file where SQLite cannot tell."""
    db = sqlite3.connect(database)
    try:
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        rows = db.execute("SELECT name, sum(pgsize) FROM dbstat GROUP BY name")
        return {name: int(size) for name, size in rows}
    except sqlite3.OperationalError:
        return {"file": database.stat().st_size}
    finally:
        db.close()


# ------------------------------------------------------------------------ telling

PARTS: dict[str, Callable[[Bench], list[Figure]]] = {
    "wire": wire,
    "peers": beside_peers,
    "distance": distance,
    "million": million,
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--only", choices=PARTS, action="append")
    parser.add_argument("--people", type=int, default=20_000)
    parser.add_argument("--million", type=int, default=1_000_000, help="people of that part")
    parser.add_argument("--peer-messages", type=int, default=2_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--kb", type=int, choices=sorted(SIZES), action="append")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--folder", type=Path, help="where newsrooms are made (default: /tmp)")
    asked = parser.parse_args()
    asked.kb = asked.kb or sorted(SIZES, reverse=True)
    begun = time.perf_counter()
    told: dict[str, Any] = {"machine": machine(), "people": asked.people, "rounds": asked.rounds}
    found: dict[str, list[Figure]] = {}
    with tempfile.TemporaryDirectory(prefix="digest-send-", dir=asked.folder) as name:
        bench = Bench(Path(name), asked)
        for part in asked.only or PARTS:
            try:
                found[part] = middle(PARTS[part](bench))
            except (sinks.NotHere, OSError) as error:
                # One part that cannot be measured keeps no other from it.
                bench.fail(part, error)
        told["octets"] = {size.kb: content_of(size).octets for size in bench.sizes}
    told |= {"minutes": round((time.perf_counter() - begun) / 60, 1), "missing": bench.missing}
    if asked.json:
        told["figures"] = [asdict(one) for figures in found.values() for one in figures]
        print(json.dumps(told, indent=1))
        return
    here = told["machine"]
    print(
        f"{here['cores']} cores of {here['cpu']}, {here['system']}, Python {here['python']}, "
        f"SQLite {here['sqlite']}, load {here['load']} before; medians of {asked.rounds} rounds; "
        f"messages of {' and '.join(f'{octets:,}' for octets in told['octets'].values())} octets"
    )
    for part, figures in found.items():
        print("\n" + table(part, figures))
    for words in bench.missing:
        print(f"\nnot measured: {words}")


if __name__ == "__main__":
    main()
