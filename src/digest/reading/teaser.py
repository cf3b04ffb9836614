"""Does a feed tell an article, or only its beginning?

Plain marks first: an ellipsis in brackets at the end, words such as "Read more".  Then what kind
of element the words stood in: a summary alone, short and with a link, is a teaser; what a feed
calls content is the whole unless it says otherwise.  Pure.
"""

import re
from collections.abc import Sequence
from typing import Final

from digest.errors import ParseError
from digest.model import Block
from digest.reading.hints import absolute
from digest.reading.markup import one_line, parse_html
from digest.urls import canonical_url

#: A summary with this much text may be all there is.
TEASER_CHARS: Final = 400
_TEASER_BLOCKS: Final = 2
#: What is content and longer may end in an ellipsis of its author's.
_CUT_CONTENT_CHARS: Final = 1_000
_LONGEST_LABEL: Final = 60
#: "Continue reading" and a headline.
_LONGEST_INVITATION: Final = 120
#: A cut mark or a label stands within these last characters.
_TAIL: Final = 240

#: A label and its address, and what tracks them, stand within these last characters.
_LINK_TAIL: Final = 10_000
_LINK = re.compile(r"<a\s[^<>]*\bhref\b", re.IGNORECASE)

#: A line is a part of one alternation.
_MORE_WORDS: Final = "|".join(
    r"""
read (?:more|on)|read the (?:full|whole|rest|entire)\b.{0,60}
(?:continue|keep) reading.{0,160}|full (?:story|article|text)|(?:learn|see) more|more…
weiter ?lesen|mehr (?:lesen|erfahren)|lesen sie (?:mehr|weiter)\b.{0,60}
zum (?:ganzen )?artikel|lire (?:la suite|plus|l[’']article)|en savoir plus
leer (?:más|mas|artículo completo)|(?:seguir|sigue|continuar?) leyendo.{0,60}|ver más
leggi (?:tutto|di più|l[’']articolo)|continua (?:a leggere|la lettura)
(?:leia|ler|saiba) mais|continuar? (?:a ler|lendo)|lees (?:verder|meer)
läs (?:mer|hela.{0,30})|les (?:mer|hele.{0,30})|læs (?:mere|hele.{0,30})|lue lisää
czytaj (?:więcej|dalej)|(?:číst|čítať|čti) (?:dále|dál|ďalej|více|viac)|celý článek
(?:читати|читать|чытаць) (?:далі|далее|дальше|більше|больше|повністю|полностью|далей)
детальніше|докладніше|подробнее|прочети (?:още|повече)
cit(?:ește|este|eşte) (?:mai|și|si).{0,20}|(?:olvass )?tovább|(?:devamını|daha fazla) oku
διαβάστε (?:περισσότερα|τη συνέχεια)|اقرأ (?:المزيد|أيضا)
(?:لقراءة|إقرأ|تابع) (?:المزيد|القراءة)|ادامه (?:مطلب|خبر)|קרא(?:ו)? עוד
המשך (?:לקרוא|קריאה)|(?:और|आगे) पढ़ें|続きを読む|(?:もっと|全文を)読む
阅读(?:全文|更多|原文)|閱讀(?:全文|更多)|繼續閱讀
继续阅读|查看更多|더 ?(?:보기|읽기)|baca selengkapnya|đọc (?:tiếp|thêm)
""".strip().splitlines()
)
#: What may stand before them.
_AROUND: Final = " \t\n[(«<*–—-"
_MORE = re.compile(rf"[\s\[(«<*–—-]{{0,8}}(?:{_MORE_WORDS})[\s\])»>*.…→⟶➔›:!-]*$", re.IGNORECASE)


def _beginnings(patterns: str) -> frozenset[str]:
    """With which letters, in lower case, a text begins that one of *patterns* fits."""
    words: list[str] = []
    for pattern in re.split(r"\|(?![^()]*\))", patterns):
        group = re.match(r"\(\?:([^()]*)\)(\??)", pattern)
        words += group[1].split("|") if group else [pattern]
        if group and group[2]:
            words.append(pattern[group.end() :])
    return frozenset(word[:2] if word[:2].isascii() else word[:1] for word in words)


_BEGINNINGS: Final = _beginnings(_MORE_WORDS)
_FIRST: Final = frozenset(word for word in _BEGINNINGS if len(word) == 1)
_FIRST_TWO: Final = _BEGINNINGS - _FIRST
#: Such a label stands after a sentence, or alone: "she wanted to read more." is none.
_STOP = re.compile(r"[.…!?:;\])»”\"'>。！？]")
#: Stops that may stand in a label: its title may have some.
_STOPS: Final = 4
_CUT = re.compile(r"[\[(]\s?(?:…|\.{3,4}|\. \. \.)\s?[\])]\W{0,6}$")
_FINISHED = re.compile(r"[^.…][.。！？]$|[.!?][\"”»)]$")
_ELLIPSIS = re.compile(r"(?:…|\.{3,4}|\. \. \.)$")


def only_begins(
    blocks: Sequence[Block], markup: str, url: str, *, content: bool, titled: bool
) -> bool:
    """Whether *blocks* are only the beginning of what stands at *url*.

    Args:
        markup: the HTML that they were read from.
        content: the feed calls them the content, not a summary.
        titled: there is a headline; without one it is a note, and may be short.
    """
    if not blocks:
        return titled
    last = blocks[-1].text[-_TAIL:].rstrip()
    alone = len(blocks[-1].text) <= _LONGEST_INVITATION
    # Long prose that comes to its end is what most articles end with.
    if (alone or not _FINISHED.search(last[-2:])) and _invites(last, alone=alone):
        return True
    if ("]" in last or ")" in last) and _CUT.search(last[-12:]):
        return True
    length = sum([len(block.text) for block in blocks])
    trails_off = _ELLIPSIS.search(last[-6:]) is not None
    if content:
        return length < _CUT_CONTENT_CHARS and trails_off
    if trails_off or _ends_in_own_link(markup, last, url):
        return True
    return titled and length < TEASER_CHARS and len(blocks) <= _TEASER_BLOCKS


def _invites(last: str, *, alone: bool) -> bool:
    starts = [match.end() for match in _STOP.finditer(last)][-_STOPS:]
    for start in [0, *starts] if alone else starts:
        beginning = last[start : start + 12].lstrip(_AROUND).lower()
        # Hundreds of words are only tried where one of them may begin.
        if (beginning[:1] in _FIRST or beginning[:2] in _FIRST_TWO) and _MORE.match(last, start):
            return True
    return False


def _ends_in_own_link(markup: str, last: str, url: str) -> bool:
    """A short label at the end that leads to the article: in whatever language, it says "more"."""
    tail = markup[-_LINK_TAIL:]
    starts = [match.start() for match in _LINK.finditer(tail)]
    try:
        root = parse_html(tail[starts[-1] :], fragment=True) if starts else None
    except ParseError:
        return False
    link = root.css_first("a[href]") if root else None
    if link is None:
        return False
    label = one_line(link.text(deep=True)[: 2 * _LONGEST_LABEL])
    if not label or len(label) > _LONGEST_LABEL or not last.endswith(label):
        return False
    return canonical_url(absolute(link.attributes.get("href"), url)) == canonical_url(url)
