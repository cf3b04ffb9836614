"""Rows about words: what the text part tells, what the foot must show, what reads like spam."""

import re
from base64 import urlsafe_b64decode
from collections import Counter
from dataclasses import dataclass

from digest.render.checks.findings import Notes
from digest.render.checks.headers import mailboxes
from digest.render.checks.lists import leave_addresses
from digest.render.checks.looks import Screen
from digest.render.checks.octets import Opened
from digest.render.checks.tree import LIGHT
from digest.render.links import MAC
from digest.render.tidy import shorten

#: Shares of the HTML's words that the text part must have, and should.
_ENOUGH, _GOOD = 0.5, 0.85
#: Columns that every program shows without a break; RFC 3676 §4.2.
_WIDEST = 78
#: Pixels under which nobody calls a link visible.
_SMALLEST = 10

_TAG = re.compile(
    r"</?(?:a|b|br|div|em|font|h[1-6]|head|html|body|i|img|li|p|script|span|strong|style|table|td|"
    r"tr|ul|ol)\b[^<>]{0,200}>",
    re.IGNORECASE,
)
_ENTITY = re.compile(r"&(?:#\d{1,7}|#x[0-9a-f]{1,6}|amp|lt|gt|quot|apos|nbsp|[a-z]{2,8});", re.I)
_URL = re.compile(r"https?://[^\s<>\"]+", re.IGNORECASE)
_WORD = re.compile(r"[^\W_]+")

#: What filters count against a mail, by language.
SPAM_WORDS = (
    # English
    "act now", "buy now", "cash bonus", "click below", "congratulations you won", "double your",
    "earn extra cash", "free money", "guaranteed income", "limited time offer", "lose weight fast",
    "make money fast", "no credit check", "order now", "risk-free", "this is not spam", "viagra",
    "winner!", "100% free", "work from home and earn",
    # German
    "100% gratis", "geld verdienen", "gratis sichern", "jetzt kaufen", "jetzt zugreifen",
    "nur heute", "sie haben gewonnen", "schnell abnehmen", "kein risiko", "garantierter gewinn",
    # French
    "achetez maintenant", "argent facile", "cliquez ici", "gagnez de l’argent", "offre limitée",
    "sans engagement", "vous avez gagné", "100 % gratuit", "perdez du poids",
    # Spanish
    "compra ahora", "dinero fácil", "gana dinero", "has ganado", "oferta limitada", "sin riesgo",
    "haz clic aquí", "100 % gratis", "pierde peso",
    # Ukrainian
    "без ризику", "ви виграли", "замовляйте зараз", "легкі гроші", "тільки сьогодні",
    "купуйте зараз", "100% безкоштовно", "швидко схуднути",
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """What the two parts say."""

    plain: str
    #: All that a reader of the HTML sees, as one line; "" without an HTML part.
    shown: str
    #: Addresses of its links; of those that are counted, where they lead in the end.
    links: tuple[str, ...]


def words_of(message: Opened, screen: Screen | None) -> Words:
    plain = message.plain.text() if message.plain else ""
    if screen is None:
        return Words(plain=plain, shown="", links=())
    found = (link.attributes.get("href", "").strip() for link in screen.tree.all("a", "area"))
    links = [_uncounted(link) for link in found]
    return Words(
        plain=plain,
        shown=screen.words,
        links=tuple(dict.fromkeys(link for link in links if _URL.match(link))),
    )


def _uncounted(link: str) -> str:
    """Where *link* leads if it goes by our counter: the text part has no counted links."""
    _, go, token = link.partition("/go/")
    if not go:
        return link
    try:
        signed = urlsafe_b64decode(token + "=" * (-len(token) % 4))
        return signed[MAC:].decode().partition("\0")[2] or link
    except ValueError:  # no token of ours: a page of that name
        return link


def check_text(words: Words, notes: Notes) -> None:
    """M25."""
    plain = words.plain
    if not plain.strip():
        notes.fail("M25", "the text part is empty")
        return
    # An article may tell of tags: then the HTML shows them too.
    for said, pattern in (("a tag", _TAG), ("an entity", _ENTITY)):
        found = [odd[0] for odd in pattern.finditer(plain) if odd[0] not in words.shown]
        if found and words.shown:
            line = plain.count("\n", 0, plain.index(found[0])) + 1
            notes.fail("M25", f"line {line} of the text part has {said} of HTML: {found[0][:40]}")
    wide = [
        (number, len(line))
        for number, line in enumerate(plain.splitlines(), start=1)
        if len(line) > _WIDEST and not _URL.search(line) and " " in line.strip()
    ]
    if wide:
        number, size = wide[0]
        text = f"line {number} of the text part has {size} characters; wrap it at 76"
        notes.warn("M25", text, level="should")
    if not words.shown:
        return
    missing = [link for link in words.links if link not in _addresses(plain)]
    told = (f"the text part does not have the link {shorten(link, 90)}" for link in missing)
    notes.each("M25", told, level="should")
    _share(words, notes)


def _addresses(plain: str) -> frozenset[str]:
    found = _URL.findall(plain)
    return frozenset(found) | {url.rstrip(".,;:)]>!?'\"") for url in found}


def _share(words: Words, notes: Notes) -> None:
    shown = Counter(_WORD.findall(_URL.sub(" ", words.shown).casefold()))
    told = Counter(_WORD.findall(_URL.sub(" ", words.plain).casefold()))
    whole = sum(shown.values())
    share = sum((shown & told).values()) / whole if whole else 1.0
    text = f"the text part has {share:.0%} of the words of the HTML"
    if share < _ENOUGH:
        notes.fail("M25", f"{text}; half of them must be there")
    elif share < _GOOD:
        notes.warn("M25", f"{text}; 85% is the aim", level="should")
    notes.figure("M25", f"{text}, and its links")


def check_foot(
    message: Opened,
    screen: Screen | None,
    words: Words,
    notes: Notes,
    *,
    postal_address: str | None,
) -> None:
    """M26."""
    ways = [way for way in leave_addresses(message.root) if way.startswith("http")]
    if ways:
        if not any(way in words.plain for way in ways):
            notes.fail("M26", "the text part does not show the address to leave")
        if screen is not None:
            _shown_way_out(screen, ways, notes)
    else:
        notes.fail("M26", "no address to leave can be shown: List-Unsubscribe has none")
    parts = [("the text part", " ".join(words.plain.split()))]
    if screen is not None:
        parts.append(("the HTML", words.shown))
    reader = next((address for _, address in mailboxes(message.root.first("To"))), "")
    for name, text in parts:
        _address_shown(name, text, postal_address or "", notes)
        if reader and reader.casefold() not in text.casefold():
            said = f"{name} does not say why it comes: name the reader's address in its foot"
            notes.fail("M26", said, level="should")
    if postal_address is None:
        notes.open("M26", "whether a postal address is shown: it is not known here")
    elif not postal_address.strip():
        text = "postal_address of [site] is empty; in many countries every mail must show one"
        notes.fail("M26", text)


def _shown_way_out(screen: Screen, ways: list[str], notes: Notes) -> None:
    links = [
        link for link in screen.tree.all("a") if link.attributes.get("href", "").strip() in ways
    ]
    if not links:
        notes.fail("M26", "the HTML has no link to leave")
        return
    look = screen.looks(LIGHT)
    if all(look[link].hidden or not link.words for link in links):
        notes.fail("M26", "the link to leave cannot be seen")
    elif all(look[link].size < _SMALLEST for link in links):
        notes.fail("M26", f"the link to leave is smaller than {_SMALLEST} pixels")


def _address_shown(name: str, text: str, postal_address: str, notes: Notes) -> None:
    lines = [" ".join(line.split()) for line in postal_address.splitlines()]
    missing = [line for line in lines if line and line.casefold() not in text.casefold()]
    if missing:
        notes.fail("M26", f"{name} does not show the postal address: {missing[0]}")


def check_spam(subject: str, words: Words, notes: Notes) -> None:
    """What filters count; news may have to say it, so nothing here is a fault."""
    letters = [letter for letter in subject if letter.lower() != letter.upper()]
    if len(letters) >= 10 and sum(letter.isupper() for letter in letters) > 0.7 * len(letters):
        notes.warn("spam", f"the subject is in capitals: {shorten(subject, 80)}")
    if subject.count("!") + subject.count("！") > 1:
        notes.warn("spam", f"the subject has many exclamation marks: {shorten(subject, 80)}")
    text = words.shown or words.plain
    marks = text.count("!")
    if marks > 10 and marks * 60 > len(text.split()):
        notes.warn("spam", f"there are {marks} exclamation marks")
    first = subject.casefold()
    loud = [word for word in SPAM_WORDS if word in first]
    if loud:
        notes.warn("spam", f"the subject says “{loud[0]}”")
    said = [word for word in SPAM_WORDS if word in text.casefold()]
    if len(said) > 2:
        notes.warn("spam", f"filters dislike these: {', '.join(said[:6])}")
