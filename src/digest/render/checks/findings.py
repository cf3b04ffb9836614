"""What a check of a finished mail says: one finding or more for every row of the requirements."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

Level = Literal["must", "should", "house"]
State = Literal["pass", "fail", "warn", "open"]

#: Findings of one kind that are told one by one.
_MOST = 4

#: Every row, in the order of a report: how grave a fault in it is, and what holds without one.
ROWS: Mapping[str, tuple[Level, str]] = {
    "M1": ("must", "lines end in CRLF and are short"),
    "M2": ("must", "headers are ASCII"),
    "M3": ("must", "each header field that may stand once stands once"),
    "M4": ("must", "From is one mailbox with a name"),
    "M5": ("must", "To names one recipient, and nobody else sees the mail"),
    "M6": ("must", "Date and Message-ID have their form"),
    "M7": ("must", "encoded-words are short and whole"),
    "M8": ("must", "the subject is plain"),
    "M9": ("must", "the MIME structure is sound"),
    "M10": ("must", "List-Unsubscribe has one https address"),
    "M11": ("must", "List-Unsubscribe-Post is the one-click form"),
    "M12": ("must", "leaving takes one POST"),
    "M13": ("should", "List-Id and the other List- fields have their form"),
    "M14": ("should", "it does not say that it is an automatic reply"),
    "M15": ("must", "the DKIM signature covers what it must"),
    "M16": ("must", "SPF, DKIM and DMARC are aligned"),
    "M17": ("must", "the envelope sender takes bounces of this one recipient"),
    "M18": ("must", "the HTML is short enough not to be clipped"),
    "M19": ("must", "the HTML says its language, direction, title and colour schemes"),
    "M20": ("must", "style sheets are short, sound and in the head"),
    "M21": ("must", "there is nothing active in the HTML"),
    "M22": ("must", "pictures, links, tables, headings and colours can be read by everybody"),
    "M23": ("must", "links and pictures are absolute, https and honest"),
    "M24": ("should", "the preheader is the only hidden text"),
    "M25": ("must", "the text part tells what the HTML tells"),
    "M26": ("must", "both parts show how to leave, who sends it and why"),
    "headers": ("must", "headers keep within Gmail's limits"),
    "clients": ("must", "nothing is used that a common mail program does not show"),
    "spam": ("house", "nothing reads like spam"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    #: "M1" to "M26", or "headers", "clients", "spam".
    row: str
    level: Level
    #: open: the message alone does not tell.
    state: State
    #: What is wrong, where, and what to do.
    text: str

    def sentence(self) -> str:
        return f"{self.row} ({self.level}) {self.state}: {self.text}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    #: In the order of `ROWS`; every row is there at least once.
    findings: tuple[Finding, ...]

    @property
    def faults(self) -> tuple[Finding, ...]:
        return self.having("fail")

    def having(self, *states: State) -> tuple[Finding, ...]:
        return tuple(finding for finding in self.findings if finding.state in states)

    def of(self, row: str) -> tuple[Finding, ...]:
        return tuple(finding for finding in self.findings if finding.row == row)

    def sentences(self) -> tuple[str, ...]:
        """What a person should read: faults first, then doubts, then what cannot be told here."""
        return tuple(
            finding.sentence()
            for state in ("fail", "warn", "open")
            for finding in self.findings
            if finding.state == state
        )


class Notes:
    """Findings while a message is looked at."""

    def __init__(self) -> None:
        self._found: list[Finding] = []
        #: Told by rows in which nothing is wrong.
        self._figures: dict[str, str] = {}

    def fail(self, row: str, *texts: str, level: Level | None = None) -> None:
        self._add(row, "fail", texts, level)

    def warn(self, row: str, *texts: str, level: Level | None = None) -> None:
        self._add(row, "warn", texts, level)

    def open(self, row: str, text: str) -> None:
        self._add(row, "open", (text,), None)

    def figure(self, row: str, text: str) -> None:
        """Tell *text* with the row if nothing is wrong in it."""
        self._figures[row] = text

    def each(
        self, row: str, texts: Iterable[str], *, level: Level | None = None, most: int = _MOST
    ) -> None:
        """A fault for each of *texts*; of many that are of one kind, the first and their number."""
        told = list(dict.fromkeys(texts))
        if len(told) > most:
            told[most:] = [f"and {len(told) - most} more of this kind"]
        self.fail(row, *told, level=level)

    def report(self) -> Report:
        findings = []
        for row, (level, promise) in ROWS.items():
            mine = [finding for finding in self._found if finding.row == row]
            if all(finding.state == "open" for finding in mine) and not (
                mine and row in _JUDGED_ELSEWHERE
            ):
                text = self._figures.get(row, promise)
                findings.append(Finding(row=row, level=level, state="pass", text=text))
            findings += mine
        return Report(findings=tuple(findings))

    def _add(self, row: str, state: State, texts: tuple[str, ...], level: Level | None) -> None:
        usual = ROWS[row][0]
        self._found += [
            Finding(row=row, level=level or usual, state=state, text=text) for text in texts
        ]


#: Rows about which a message says nothing unless it is signed, or its envelope known.
_JUDGED_ELSEWHERE = frozenset(("M12", "M15", "M16", "M17"))
