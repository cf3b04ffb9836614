"""Lines of a saved page, and what one can tell of a line by looking at it alone.

Behind the door: gaps, hard-wrapped text, the corpus's furniture, the difference
between prose, headlines and leftovers.  Not behind it: what part a line plays on
its page.  Everything here goes by shape; the few word lists only break ties.
"""

import itertools
import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

#: Nothing that stands around an article (byline, card, clock) is longer, in characters.
LONGEST_SHORT = 300
#: Five megabytes of prose have fewer.
MOST_LINES = 70_000


@dataclass(frozen=True, slots=True)
class Line:
    """A line with something on it; white space folded."""

    text: str
    #: A blank line, or the page's edge, stands before or after it.
    gap_before: bool
    gap_after: bool


@dataclass(frozen=True, slots=True)
class Lines:
    """A page as lines, and the day its corpus filed it under."""

    lines: tuple[Line, ...]
    filed: date | None = None
    #: The page had more than `MOST_LINES`; the rest was left unread.
    cut: bool = False


_FILED = re.compile(r"\s*date (\d{4}-\d\d-\d\d)(?![\w-])")
#: The link for screen readers that pages begin with.
_SKIP_LINK = re.compile(
    r"(?:skip to (?:the |main )*content|zum (?:haupt)?inhalt (?:springen|wechseln)|aller au contenu"
    r"(?: principal)?|saltar al contenido|ir al contenido|vai al contenuto|przejdź do treści"
    r"|перейти до (?:основного )?(?:вмісту|контенту)|перейти к (?:содержанию|контенту)"
    r"|pular para o conteúdo|naar de inhoud|hoppa till innehåll)\s*",
    re.IGNORECASE,
)


def split_lines(text: str) -> Lines:
    """The lines of *text*, without the corpus's date and the skip link before whatever follows."""
    filed = None
    head = _FILED.match(text)
    if head:
        try:
            filed = date.fromisoformat(head[1])
        except ValueError:
            filed = None
        else:
            text = text[head.end() :]
    skip = _SKIP_LINK.match(text.lstrip())
    if skip:
        text = text.lstrip()[skip.end() :]
    rows = [_row(row) for row in text.split("\n")]
    lines = list(itertools.islice(_with_gaps(rows), MOST_LINES + 1))
    return Lines(_unwrapped(lines[:MOST_LINES]), filed, cut=len(lines) > MOST_LINES)


def _row(row: str) -> str:
    """*row* with its white space folded; a rule of dashes or stars is a gap."""
    row = " ".join(row.split())
    return "" if len(row) >= 3 and _RULE.fullmatch(row) else row


_RULE = re.compile(r"[\W_]+")


def _with_gaps(rows: list[str]) -> Iterable[Line]:
    gap = True
    last = len(rows) - 1
    for place, row in enumerate(rows):
        if row:
            yield Line(row, gap, place == last or not rows[place + 1])
        gap = not row


def _unwrapped(lines: list[Line]) -> tuple[Line, ...]:
    """Undo hard wrapping: a line ends only because the next word would not have fitted.

    Pages are rarely saved so; five such ends in a page of narrow lines are the proof.
    """
    # A line with a gap below it may be longer, as headlines are.
    width = max((len(line.text) for line in lines if not line.gap_after), default=0)
    if not 50 <= width <= 110:
        return tuple(lines)

    def runs_on(line: Line, following: Line) -> bool:
        word = following.text.split(" ", 1)[0]
        return not line.gap_after and len(line.text) + 1 + len(word) > width

    pairs = list(itertools.pairwise(lines))
    if sum(runs_on(a, b) for a, b in pairs) < max(5, sum(not a.gap_after for a, _ in pairs) // 2):
        return tuple(lines)
    joined = lines[:1]
    for line, following in pairs:
        if runs_on(line, following):
            before = joined[-1]
            text = f"{before.text} {following.text}"
            joined[-1] = Line(text, before.gap_before, following.gap_after)
        else:
            joined.append(following)
    return tuple(joined)


# ---------------------------------------------------------------- one line alone

_CLOSERS = "\"'”’»›“)]』」*_ "
_WIDE = re.compile("[\u0e00-\u0eff\u3040-\u30ff\u3400-\u9fff\uac00-\ud7a3]")
_BULLET = re.compile(r"(?:[*•‣▪◦■●○►▶+]|-)\s+(?=\S)")
_NUMBERED = re.compile(r"\d{1,2}[.)]\s+(?=\S)")
_LABEL = re.compile(r"[^\W\d_][^:.!?]{1,30}:\s")


def size(text: str) -> int:
    """Words in *text*; two characters count as one in scripts that do not part words."""
    wide = len(_WIDE.findall(text[:2000])) if not text.isascii() else 0
    return len(text.split()) + wide // 2


def ends_sentence(text: str) -> bool:
    """Whether the last thing on the line, closing marks aside, ends a sentence."""
    return text.rstrip(_CLOSERS)[-1:] in tuple(".!?…。！？؟।۔") and text != ""


def is_prose(text: str) -> bool:
    """Whether *text* reads like a paragraph: a sentence of some length, or very long."""
    if len(text) < 25:
        return False
    words = size(text)
    return words >= 40 or (words >= 8 and (ends_sentence(text) or text.endswith((":", "：", ";"))))


def is_headline(text: str) -> bool:
    """Whether *text* could be a headline: some words, not a sentence's full stop, not a list."""
    return (
        2 <= size(text) <= 35
        and not text.endswith((".", "…", "...", ",", ";", "。", "۔"))
        and (any(char.isalpha() for char in text))
    )


def unbulleted(text: str) -> str | None:
    """*text* without its bullet; None when it has none."""
    bullet = _BULLET.match(text)
    return text[bullet.end() :] if bullet else None


def unnumbered(text: str) -> str | None:
    """*text* without the number of a numbered list; None when it has none."""
    number = _NUMBERED.match(text)
    return text[number.end() :] if number else None


def is_labelled(text: str) -> bool:
    """Whether *text* is a label, a colon and something, such as "Read also: ..."."""
    return _LABEL.match(text) is not None and not ends_sentence(text)


def is_tags(text: str) -> bool:
    """Whether *text* is a row of tags: at least three short parts, or two of a word each."""
    parts = [part.strip() for part in re.split(r"[,|/•·#،]", text) if part.strip()]
    if len(parts) < 2 or ends_sentence(text):
        return False
    longest = max(size(part) for part in parts)
    return longest == 1 or (len(parts) >= 3 and longest <= 3)


_QUOTES = {'"': '"', "“": "”", "„": "“", "«": "»", "»": "«", "「": "」", "『": "』"}


def is_quotation(text: str) -> bool:
    """Whether the whole line stands between one pair of quotation marks."""
    closing = _QUOTES.get(text[:1])
    inner = text[1:-1]
    return (
        closing is not None
        and text.endswith((closing, "”" if closing == "“" else closing))
        and size(inner) >= 4
        and not any(mark in inner for mark in (text[0], closing, "”"))
    )


#: What asks the reader for something.  Only lines that end no sentence are held against it.
_PROMOTION = re.compile(
    r"\b(?:subscri|sign (?:up|in)|log in|newsletter|become a member|join (?:us|our|the)"
    r"|support (?:us|our)|donate|follow us|share (?:this|on)|read (?:also|more)|advertisement"
    r"|abonnie|abonne|jetzt lesen|werbung|anzeige|lisez aussi|à lire|suscr[ií]|boletín"
    r"|publicidad|zasubskrybuj|reklama|czytaj|підпис|підтрим|читайте|реклама|подпис|поддерж"
    r"|iscriviti|leggi anche|pubblicità|assine|leia também|lees ook|läs också|abone ol|اشترك|اقرأ)",
    re.IGNORECASE,
)


def is_promotion(text: str) -> bool:
    """Whether *text* advertises the site itself rather than tells the news."""
    return len(text) <= 160 and not ends_sentence(text) and _PROMOTION.search(text) is not None


def stems(text: str) -> set[str]:
    """What *text* is about, roughly: its longer words cut to five letters, inflection gone."""
    folded = unicodedata.normalize("NFKC", text).casefold()
    words = {word[:5] for word in re.findall(r"[^\W\d_]{4,}", folded) if not _WIDE.match(word)}
    wide = "".join(_WIDE.findall(folded))
    return words | {wide[place : place + 2] for place in range(len(wide) - 1)}
