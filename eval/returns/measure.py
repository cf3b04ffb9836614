"""How well what comes back is understood: bounces, complaints, wishes to leave, and traps.

    python eval/returns/measure.py                  the messages that nobody tunes on
    python eval/returns/measure.py --set dev        those of tests/returns/messages
    python eval/returns/measure.py --json

All messages are made up, in the shapes that servers really write.  `expected.json` beside them
says of each what it is and what is to be understood; what holds of a trap is nothing.  A return
is right when its kind and its recipient are; of a mail that asks to leave, the kind.  Exit 1 when
recall or precision of all is below its aim, or anybody is called gone who is not.

Nobody who works on the readers looks into the held-out messages, so failures there are counted
and not shown; `--show` shows them, and spends them.
"""

import argparse
import json
import sys
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any

from digest.errors import BadToken
from digest.model import Return, ReturnKind
from digest.render.links import Links
from digest.returns import understand

HELD_OUT = Path(__file__).parent
SETS: Mapping[str, Path] = MappingProxyType(
    {
        "held-out": HELD_OUT,
        "dev": HELD_OUT.parent.parent / "tests" / "returns" / "messages",
    }
)
RECALL_AIM = PRECISION_AIM = 0.95

#: What the tokens, return paths and Message-IDs of the messages were made with.
LINKS = Links("https://news.example.org", b"k" * 32)

#: Kind and recipient, folded.
Said = tuple[str, str]


@dataclass
class Tally:
    """Of one kind, or of all."""

    right: int = 0
    missed: int = 0
    false: int = 0

    @property
    def recall(self) -> float:
        return self.right / (self.right + self.missed) if self.right + self.missed else 1.0

    @property
    def precision(self) -> float:
        return self.right / (self.right + self.false) if self.right + self.false else 1.0


@dataclass
class Report:
    """Of a whole set."""

    messages: int = 0
    kinds: dict[str, Tally] = field(default_factory=dict)
    #: What of ours proves whose a return is: found, of those that the message holds.
    proofs: dict[str, list[int]] = field(default_factory=dict)
    false_hards: list[str] = field(default_factory=list)
    #: The kind is right, and it is said of somebody else.
    wrong_recipients: list[str] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)

    @property
    def all(self) -> Tally:
        every = self.kinds.values()
        return Tally(
            sum(one.right for one in every),
            sum(one.missed for one in every),
            sum(one.false for one in every),
        )

    @property
    def good(self) -> bool:
        return (
            self.all.recall >= RECALL_AIM
            and self.all.precision >= PRECISION_AIM
            and not self.false_hards
        )


def measure(folder: Path) -> Report:
    """Read every message of *folder* and compare with its ``expected.json``."""
    report = Report(kinds={kind.value: Tally() for kind in ReturnKind})
    rows = json.loads((folder / "expected.json").read_text("utf-8"))
    for name, row in sorted(rows.items()):
        report.messages += 1
        found = understand((folder / name).read_bytes()).returns
        _judge(report, name, row, found)
    return report


def _judge(report: Report, name: str, row: Mapping[str, Any], found: tuple[Return, ...]) -> None:
    wanted = Counter(_said(one["kind"], one["recipient"]) for one in row["returns"])
    given = Counter(_said(one.kind.value, one.recipient) for one in found)
    for (kind, _), count in (wanted & given).items():
        report.kinds[kind].right += count
    missed, false = wanted - given, given - wanted
    for (kind, _), count in missed.items():
        report.kinds[kind].missed += count
    for (kind, recipient), count in false.items():
        report.kinds[kind].false += count
        elsewhere = [other for wanted_kind, other in missed if wanted_kind == kind]
        if elsewhere:
            report.wrong_recipients.append(f"{name}: {recipient or '(nobody)'}, not {elsewhere[0]}")
        # Without a name it is of whoever the report is proved to be about; and an address that a
        # subscriber's mail is forwarded to may well be gone.
        gone = {"", *(one["through"] for one in row["returns"] if "through" in one)}
        harmless = elsewhere and recipient in gone
        if kind == ReturnKind.HARD and not harmless:
            report.false_hards.append(f"{name}: {recipient or '(nobody)'}")
    if missed or false:
        report.failures.append(f"{name}: {_list(wanted)} was understood as {_list(given)}")
    for one in row["returns"]:
        _prove(report, one, found)


def _said(kind: str, recipient: str) -> Said:
    # Whoever asks to leave is known by the token of the mail, and by nothing else.
    return kind, "" if kind == ReturnKind.LEAVE else recipient.casefold()


def _list(said: Counter[Said]) -> str:
    return ", ".join(f"{kind} {who}".strip() for kind, who in sorted(said.elements())) or "nothing"


def _prove(report: Report, one: Mapping[str, Any], found: tuple[Return, ...]) -> None:
    for proof in one.get("proof", ()):
        tally = report.proofs.setdefault(proof, [0, 0])
        tally[0] += any(_proves(proof, one, candidate) for candidate in found)
        tally[1] += 1


def _proves(proof: str, one: Mapping[str, Any], found: Return) -> bool:
    if proof == "message-id":
        return _read_message_id(found.message_id) == int(one["subscriber"])
    if proof == "return":
        wanted = (int(one["subscriber"]), LINKS.delivery_mark(one["edition"]))
        return any(_read_return(local) == wanted for local in found.sent_to)
    return any(_read_leave(token) == ("daily", one["key"]) for token in found.tokens)


def _read_message_id(text: str) -> int | None:
    try:
        return LINKS.read_message_id(text)[0]
    except BadToken:
        return None


def _read_return(local: str) -> tuple[int, bytes] | None:
    try:
        return LINKS.read_return(local)
    except BadToken:
        return None


def _read_leave(token: str) -> tuple[str, str] | None:
    try:
        return LINKS.read_leave(token)
    except BadToken:
        return None


def table(report: Report, *, show: bool) -> Iterator[str]:
    """The report in lines; failures by name only if *show*."""
    yield f"{report.messages} messages"
    yield f"{'kind':<12}{'right':>7}{'missed':>8}{'false':>7}{'recall':>9}{'precision':>11}"
    for name, tally in [*report.kinds.items(), ("all", report.all)]:
        yield (
            f"{name:<12}{tally.right:>7}{tally.missed:>8}{tally.false:>7}"
            f"{tally.recall:>9.3f}{tally.precision:>11.3f}"
        )
    for proof, (found, of) in sorted(report.proofs.items()):
        yield f"proved by {proof:<12} {found} of {of}"
    for title, lines in (
        ("called gone and are not", report.false_hards),
        ("somebody else's", report.wrong_recipients),
        ("failed", report.failures),
    ):
        yield f"{title}: {len(lines)}"
        yield from (f"  {line}" for line in lines if show)


def main(arguments: list[str] | None = None) -> int:
    """Print the table; 1 if an aim was missed, else 0."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--set", choices=list(SETS), default="held-out", dest="which")
    parser.add_argument("--show", action="store_true", help="failures by name; always of dev")
    parser.add_argument("--json", action="store_true", help="everything, for a program")
    options = parser.parse_args(arguments)
    report = measure(SETS[options.which])
    if options.json:
        told = {
            "messages": report.messages,
            "recall": report.all.recall,
            "precision": report.all.precision,
            "kinds": {name: asdict(tally) for name, tally in report.kinds.items()},
            "proofs": report.proofs,
            "false_hards": report.false_hards,
            "wrong_recipients": report.wrong_recipients,
            "failures": report.failures,
        }
        sys.stdout.write(json.dumps(told, ensure_ascii=False, indent=1) + "\n")
    else:
        show = options.show or options.which == "dev"
        sys.stdout.write("\n".join(table(report, show=show)) + "\n")
    return 0 if report.good else 1


if __name__ == "__main__":
    sys.exit(main())
