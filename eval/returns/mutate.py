"""What no server would write: damaged messages, and what reading them costs.

    python eval/returns/mutate.py --runs 100000 --seed 1
    python eval/returns/mutate.py --seed 1 --replay 4711 > damaged.eml

Each run takes one of the messages of both sets and damages it in up to four ways; the run's number
and the seed decide everything, not the process that does it.  Exit 1 if any input raised, was held
longer than `--patience`, or gave a return that breaks a promise of `model.Return`.
"""

import argparse
import random
import re
import signal
import sys
import time
import traceback
from base64 import encodebytes
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from functools import cache, partial
from pathlib import Path
from types import FrameType, TracebackType

from digest.model import Return
from digest.returns import understand

FOLDERS = (
    Path(__file__).parent,
    Path(__file__).parent.parent.parent / "tests" / "returns" / "messages",
)
#: CPU seconds that any input may cost.
SLOW_S = 2.0
#: Wall-clock seconds after which an input counts as having stopped us.
STOPPED_S = 60
#: Octets that one damage may add.
MORE = 600_000
RUNS_AT_ONCE = 250

#: Names that are charsets nowhere, or only in Python, or of another kind of codec.
CHARSETS = (
    b"utf-16 utf-7 idna punycode rot13 hex zlib base64 unicode_escape raw_unicode_escape undefined"
    b" x-unknown mbcs cp65001 utf-8;utf-8 \xff\xfe iso-2022-jp hz utf-32 us-ascii koi8-r uu"
).split(b" ")
ENCODINGS = b"base64 quoted-printable 7bit 8bit binary x-uuencode uuencode none BASE64;".split(b" ")
TYPES = (
    b"multipart/report multipart/mixed multipart/digest multipart/ message/rfc822 message/"
    b" message/delivery-status message/feedback-report message/global message/partial text/html"
    b" message/external-body application/octet-stream text/ / x"
).split(b" ")
#: Stuff that rules and decoders stumble over, alone or many times in a row.
NASTY = (
    *(b"\0", b"\r", b"\n", b"\r\n\r\n", b"\xff", b"\xed\xa0\x80", b"\xef\xbb\xbf", b"\t", b" "),
    *(b"<", b">", b"<>", b"@", b"a@", b"a@b.example ", b"(", b"((", b"\\", b'"', b";", b",", b":"),
    *(b"=", b"=?", b"=?utf-8?b?", b"=?utf-8?q?=ff?=", b"=?x?q?a?= ", b"&#", b"&#xD800;", b"&lt;"),
    *(b"5.1.1 ", b"550-", b"550 5.", b"5" * 40, b"99999999999999999999", b"-1", b"\x1b$B", b"%00"),
    *(b"--", b"> ", b"<p>", b"<!--", b"<table><tr><td>", b"</", b"\\x{D800}", b"\\x{FFFFFFFF}"),
    *(
        b"Final-Recipient: rfc822; a@b.example\n",
        b"Status: 5.1.1\n",
        b"\nAction: failed\n",
        b"\n\n",
    ),
    *(b"Content-Type: multipart/mixed; boundary=x\n\n--x\n", b"From nobody\n", b"leave ", b"\xe2"),
    # Whole lines too: what costs the square of a line's length shows when there are many of them.
    *(
        piece * (1900 // len(piece)) + b"\n"
        for piece in (b" ", b"a", b"<", b"a@", b"5.", b"-", b"a ")
    ),
)

Damage = Callable[[random.Random, bytes], bytes]


@dataclass
class Finding:
    """Of some runs."""

    octets: int = 0
    seconds: float = 0.0
    slowest_s: float = 0.0
    slowest: int = -1
    #: What went wrong: the number of a run that shows it, and how often it was seen.
    wrong: dict[str, tuple[int, int]] = field(default_factory=dict)

    def add(self, other: "Finding") -> None:
        self.octets += other.octets
        self.seconds += other.seconds
        if other.slowest_s > self.slowest_s:
            self.slowest_s, self.slowest = other.slowest_s, other.slowest
        for words, (run, count) in other.wrong.items():
            first, before = self.wrong.get(words, (run, 0))
            self.wrong[words] = min(first, run), before + count


class Caught:
    """Takes whatever is raised inside, so that the next run may go on."""

    error: BaseException | None = None

    def __enter__(self) -> "Caught":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> bool:
        self.error = error
        return isinstance(error, Exception)


def damaged(seed: int, run: int) -> bytes:
    """The input of one run."""
    chance = random.Random(f"{seed}:{run}")
    octets = chance.choice(_messages())
    for _ in range(chance.randint(1, 4)):
        octets = chance.choice(DAMAGES)(chance, octets)
    return octets


def search(seed: int, patience_s: float, runs: range) -> Finding:
    """Do *runs*, one after the other."""
    signal.signal(signal.SIGALRM, _stopped)
    found = Finding()
    for run in runs:
        octets = damaged(seed, run)
        signal.alarm(STOPPED_S)
        began = time.process_time()
        returns: tuple[Return, ...] = ()
        with Caught() as caught:
            returns = understand(octets).returns
        took = time.process_time() - began
        signal.alarm(0)
        one = Finding(len(octets), took, took, run)
        if took > patience_s:
            one.wrong[f"slower than {patience_s:g} s"] = run, 1
        for words in _wrong(caught.error, returns):
            one.wrong[words] = run, 1
        found.add(one)
    return found


def _stopped(number: int, frame: FrameType | None) -> None:
    raise TimeoutError(f"still reading after {STOPPED_S} s")


def _wrong(error: BaseException | None, returns: tuple[Return, ...]) -> Iterator[str]:
    if error is not None:
        place = traceback.extract_tb(error.__traceback__)[-1]
        yield f"{type(error).__name__} in {Path(place.filename).name}:{place.lineno}: {error}"[:200]
    if len(returns) > 1000:
        yield "more than a thousand returns"
    for one in returns:
        if len(one.diagnostic) > 500 or len(one.diagnostic.splitlines()) > 1:
            yield "a diagnostic of more than one line, or more than 500 characters"
        if one.recipient and not re.fullmatch(r"[^\s<>]+@[^\s<>@]+", one.recipient):
            yield "a recipient that is no address"
        if one.status and not re.fullmatch(r"[245]\.\d{1,3}\.\d{1,3}", one.status):
            yield "a status that is none"
        if one.at is not None and one.at.tzinfo is None:
            yield "a time without a zone"


@cache
def _messages() -> tuple[bytes, ...]:
    return tuple(path.read_bytes() for one in FOLDERS for path in sorted(one.glob("*.eml")))


# --- damages: each takes any octets, and gives other ones ------------------------------------


def _flip(chance: random.Random, octets: bytes) -> bytes:
    flipped = bytearray(octets)
    for _ in range(chance.randint(1, 24) if flipped else 0):
        flipped[chance.randrange(len(flipped))] ^= 1 << chance.randrange(8)
    return bytes(flipped)


def _truncate(chance: random.Random, octets: bytes) -> bytes:
    return octets[: chance.randint(0, len(octets))]


def _cut(chance: random.Random, octets: bytes) -> bytes:
    begin = chance.randint(0, len(octets))
    return octets[:begin] + octets[begin + chance.randint(1, 400) :]


def _lines(chance: random.Random, octets: bytes) -> bytes:
    """Some lines go, come twice, or change places."""
    lines = octets.splitlines(keepends=True)
    for _ in range(chance.randint(1, 6) if lines else 0):
        at, to = chance.randrange(len(lines)), chance.randrange(len(lines))
        match chance.randrange(3):
            case 0:
                lines[at] = b""
            case 1:
                lines.insert(to, lines[at])
            case _:
                lines[at], lines[to] = lines[to], lines[at]
    return b"".join(lines)


def _shuffle(chance: random.Random, octets: bytes) -> bytes:
    """The header's lines in any order, continuations too."""
    lines = octets.splitlines(keepends=True)
    end = chance.randint(1, 40)
    head = lines[:end]
    chance.shuffle(head)
    return b"".join(head + lines[end:])


def _boundary(chance: random.Random, octets: bytes) -> bytes:
    found = re.findall(rb"(?i)boundary=\"?([^\"\r\n;]{1,80})", octets)
    if not found:
        return octets
    name = chance.choice(found)
    other = chance.choice([name[:-1], name + b"x", b"", name.upper(), b'"', *found])
    return octets.replace(name, other, chance.randint(1, 4))


def _relabel(words: tuple[bytes, ...], name: bytes, chance: random.Random, octets: bytes) -> bytes:
    """A charset, an encoding or a type is told that is not so."""
    label = re.compile(rb"(?i)(" + name + rb")[^\s;\"]+")
    return label.sub(lambda found: found[1] + chance.choice(words), octets, chance.randint(0, 3))


def _nest(chance: random.Random, octets: bytes) -> bytes:
    """In another message, up to eighty deep."""
    kind = chance.choice(TYPES)
    for depth in range(chance.choice((1, 2, 5, 80))):
        mark = b"n%d" % depth
        octets = (
            b"From: MAILER-DAEMON@deep.example\nMIME-Version: 1.0\nContent-Type: "
            + (b'multipart/report; report-type=delivery-status; boundary="' + mark + b'"\n\n--')
            + (mark + b"\nContent-Type: " + kind + b"\n\n" + octets + b"\n--" + mark + b"--\n")
        )
    return octets[:MORE]


def _splice(chance: random.Random, octets: bytes) -> bytes:
    """The beginning of one, the end of another; or one in the middle of another."""
    other = chance.choice(_messages())
    at, to = chance.randint(0, len(octets)), chance.randint(0, len(other))
    return octets[:at] + other[to:] + (octets[at:] if chance.random() < 0.5 else b"")


def _repeat(chance: random.Random, octets: bytes) -> bytes:
    """A piece of it many times."""
    at = chance.randint(0, len(octets))
    piece = octets[at : at + chance.choice((1, 5, 80, 2000))] or b"x"
    return octets[:at] + piece * _times(chance, len(piece)) + octets[at:]


def _stuff(chance: random.Random, octets: bytes) -> bytes:
    """Something nasty, once or many times, anywhere or behind a field's name."""
    at = chance.randint(0, len(octets))
    fields = [found.end() for found in re.finditer(rb"(?m)^[A-Za-z-]{2,40}:", octets)]
    if fields and chance.random() < 0.6:
        at = chance.choice(fields)
    piece = chance.choice(NASTY)
    return octets[:at] + piece * _times(chance, len(piece)) + octets[at:]


def _times(chance: random.Random, size: int) -> int:
    # Few are huge: a hundred thousand runs are to end on the day they were begun.
    bound = chance.choices((1, 100, 20_000, MORE), (40, 38, 18, 4))[0]
    return max(1, min(bound, MORE) // size)


def _line_ends(chance: random.Random, octets: bytes) -> bytes:
    plain = octets.replace(b"\r\n", b"\n")
    return plain.replace(b"\n", chance.choice((b"\r\n", b"\r", b"\n\r", b"\r\r\n", b"\n \n")))


def _fold(chance: random.Random, octets: bytes) -> bytes:
    at = chance.randint(0, len(octets))
    return octets[:at] + chance.choice((b"\n ", b"\r\n\t", b"\n\t\n ")) + octets[at:]


def _numbers(chance: random.Random, octets: bytes) -> bytes:
    """Some of the numbers are others: of dates, of codes."""
    others = (b"0", b"99", b"9999", b"000000000001", b"-5", b"99999999999", b"\xd9\xa3", b"")
    return re.sub(
        rb"\d+",
        lambda found: chance.choice(others) if chance.random() < 0.1 else found[0],
        octets[:60_000],
    )


def _encode(chance: random.Random, octets: bytes) -> bytes:
    """The body in base64, and nothing says so, or it is said twice."""
    head, gap, body = octets.partition(b"\n\n")
    told = b"Content-Transfer-Encoding: base64\n" * chance.randint(0, 2)
    return told + head + gap + encodebytes(body[:60_000])


DAMAGES: tuple[Damage, ...] = (
    *(_flip, _truncate, _cut, _lines, _shuffle, _boundary, _nest, _splice, _repeat, _stuff),
    *(_line_ends, _fold, _numbers, _encode),
    partial(_relabel, tuple(CHARSETS), rb"charset=\"?"),
    partial(_relabel, tuple(ENCODINGS), rb"transfer-encoding:\s*"),
    partial(_relabel, tuple(TYPES), rb"content-type:\s*"),
)


def main(arguments: list[str] | None = None) -> int:
    """Print what was found; 1 if anything went wrong, else 0."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--runs", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--patience", type=float, default=SLOW_S, metavar="CPU_S")
    parser.add_argument("--replay", type=int, metavar="RUN", help="write the input of this run")
    options = parser.parse_args(arguments)
    if options.replay is not None:
        sys.stdout.buffer.write(damaged(options.seed, options.replay))
        return 0
    found = Finding()
    parts = [
        range(begin, min(begin + RUNS_AT_ONCE, options.runs))
        for begin in range(0, options.runs, RUNS_AT_ONCE)
    ]
    with ProcessPoolExecutor(options.processes) as pool:
        for one in pool.map(partial(search, options.seed, options.patience), parts):
            found.add(one)
    rate = found.octets / found.seconds if found.seconds else 0.0
    sys.stdout.write(
        f"{options.runs} runs of seed {options.seed}, {found.octets:,} octets\n"
        f"slowest: {found.slowest_s:.3f} s, run {found.slowest}\n"
        f"rate: {rate:,.0f} octets a CPU second\n"
        f"went wrong: {len(found.wrong)}\n"
    )
    for words, (run, count) in sorted(found.wrong.items(), key=lambda one: -one[1][1]):
        sys.stdout.write(f"  {count} times, as in run {run}: {words}\n")
    return 1 if found.wrong else 0


if __name__ == "__main__":
    sys.exit(main())
