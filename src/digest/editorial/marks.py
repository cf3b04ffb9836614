"""Which quotation marks belong together: “…”, „…“, «…», »…«, "…", ‘…’, '…', 「…」.

Spans only; who speaks is found in `quotations`.
"""

import re

_DOUBLE = re.compile('["“”„‟«»‹›「」『』]')
_SINGLE = re.compile("['’‘‚‛]")
_ANY = re.compile(_DOUBLE.pattern[:-1] + _SINGLE.pattern[1:])
#: Before the words of one quotation, or where a quotation cannot begin.
_BEFORE = '([{—–-/"“„«»‹›‘¿¡'
_PAIRS = {
    "“": "”\"", "„": "“”\"", "‟": "”", "«": "»", "»": "«»", "‹": "›", "›": "‹›", '"': '"',
    "「": "」", "『": "』", "”": "”",
}  # fmt: skip
_ALWAYS_OPEN = frozenset("„‟「『")
_PARAGRAPH_END = re.compile(r"\n[^\S\n]*\n\s*")
#: A quotation inside a quotation is merged at its end: «They built the «Gull», — said Voss.
_REMARK = re.compile(r"[,.]?\s*[—–]\s")
_SENTENCE_END = re.compile(r"[.!?…]\s")
#: 'em, 'n', 's avonds, '90s: letters left out, no quotation.
_ELIDED = re.compile(r"(?:em|tis|twas|til|cause|n|s|t|k|round|bout)(?!\w)|\d", re.IGNORECASE)
#: Longer than this it is no quotation but a mark that was never closed.
LONGEST_QUOTATION = 1500
_DEEPEST = 6

Span = tuple[int, int]


def quotations(text: str, begin: int = 0, end: int | None = None) -> list[Span]:
    """Spans of the quotations in *text*, marks included, in order; not those inside others.

    A mark that is not closed in its paragraph (a blank line ends one) opens nothing.
    """
    end = len(text) if end is None else end
    spans: list[Span] = []
    if not _ANY.search(text, begin, end):
        return spans
    while begin < end:
        gap = _PARAGRAPH_END.search(text, begin, end)
        stop = gap.start() if gap else end
        doubles = _doubles(text, begin, stop)
        spans += _with_singles(text, begin, stop, doubles)
        begin = gap.end() if gap else end
    return spans


def _doubles(text: str, begin: int, end: int) -> list[Span]:
    closed: list[Span] = []
    opened: list[tuple[str, int]] = []
    for found in _DOUBLE.finditer(text, begin, end):
        mark, at = found.group(), found.start()
        depth = None if mark in _ALWAYS_OPEN else _closes(text, mark, at, begin, end, opened)
        if depth is not None:
            if at + 1 - opened[depth][1] <= LONGEST_QUOTATION:
                closed.append((opened[depth][1], at + 1))
            del opened[depth:]
        elif mark in _ALWAYS_OPEN or mark in "“«" or _opens(text, at, begin, end):
            if mark not in "」』" and len(opened) < _DEEPEST:
                opened.append((mark, at))
            elif mark not in "」』":
                opened = [(mark, at)]
    if opened and opened[-1][0] == "«" and closed and closed[-1][0] > opened[-1][1]:
        outer = (opened[-1][1], closed[-1][1])
        if outer[1] - outer[0] <= LONGEST_QUOTATION and _REMARK.match(text, outer[1], end):
            closed.append(outer)
    return _outermost(closed)


def _closes(
    text: str, mark: str, at: int, begin: int, end: int, opened: list[tuple[str, int]]
) -> int | None:
    """The place in *opened* of what *mark* closes; None if it closes nothing."""
    both_ways = mark in '"«»‹›'
    if both_ways and _opens(text, at, begin, end) and mark not in "»›":
        return None
    for depth in range(len(opened) - 1, -1, -1):
        if mark in _PAIRS[opened[depth][0]]:
            # »Vi går.» closes as it opens; « one » and « two » do not.
            if mark == opened[depth][0] and mark in "»›" and _opens(text, at, begin, end):
                return None
            return depth
    return None


def _opens(text: str, at: int, begin: int, end: int) -> bool:
    """Could the mark at *at* open a quotation?  Its neighbours tell."""
    before = text[at - 1] if at > begin else " "
    after = text[at + 1] if at + 1 < end else " "
    return (before.isspace() or before in _BEFORE) and not after.isspace()


def _outermost(spans: list[Span]) -> list[Span]:
    kept: list[Span] = []
    for span in sorted(spans, key=lambda one: (one[0], -one[1])):
        if not kept or span[0] >= kept[-1][1]:
            kept.append(span)
    return kept


def _with_singles(text: str, begin: int, end: int, doubles: list[Span]) -> list[Span]:
    """*doubles* and the quotations in single marks outside them, or around them."""
    singles: list[Span] = []
    opened: tuple[str, int] | None = None
    weak: int | None = None
    inside = 0
    for found in _SINGLE.finditer(text, begin, end):
        mark, at = found.group(), found.start()
        while inside < len(doubles) and doubles[inside][1] <= at:
            inside += 1
        if inside < len(doubles) and doubles[inside][0] < at:
            continue
        if opened and _single_closes(text, mark, at, begin, end, opened):
            if not _possessive(text, at):
                singles.append((opened[1], at + 1))
                opened = weak = None
            elif weak is None:
                weak = at
        elif _single_opens(text, mark, at, begin, end):
            if opened and weak is not None:
                singles.append((opened[1], weak + 1))
            opened, weak = (mark, at), None
    if opened and weak is not None:
        singles.append((opened[1], weak + 1))
    singles = [span for span in singles if _believable(text, span)]
    return _outermost(doubles + singles) if singles else doubles


def _single_opens(text: str, mark: str, at: int, begin: int, end: int) -> bool:
    if mark == "’" or not _opens(text, at, begin, end):
        return False
    return mark == "‚" or not _ELIDED.match(text, at + 1, end)


def _single_closes(
    text: str, mark: str, at: int, begin: int, end: int, opened: tuple[str, int]
) -> bool:
    if mark == "‚" or (mark in "‘‛" and opened[0] != "‚"):
        return False
    after = text[at + 1] if at + 1 < end else " "
    return at > opened[1] + 1 and not text[at - 1].isspace() and not after.isalnum()


def _possessive(text: str, at: int) -> bool:
    """The mark after "the boys" may be an apostrophe."""
    return text[at - 1] in "sSxzXZ" or text[at - 1].isdigit()


def _believable(text: str, span: Span) -> bool:
    """Several sentences only where the closing mark stands at a stop: apostrophes deceive."""
    start, end = span
    if end - start > LONGEST_QUOTATION:
        return False
    stops = text[end - 2] in ",.!?…;" or text[end : end + 1] in (",", ".", ";")
    return stops or not _SENTENCE_END.search(text, start, end)
