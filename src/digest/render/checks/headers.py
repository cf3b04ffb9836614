"""Rows about the header of a mail: its lines, its sender and reader, its subject, its encoding."""

import re
import unicodedata
from contextlib import suppress
from datetime import date, datetime
from email.utils import getaddresses

from digest.render.checks.findings import Notes
from digest.render.checks.hosts import is_local, is_mailbox_provider, why_private
from digest.render.checks.octets import Field, Opened, decode_words, word_octets

#: Octets of a line without its CRLF, RFC 5322 §2.1.1, and what it recommends.
_LONGEST_LINE, _GOOD_LINE = 998, 78
#: Of an encoded-word, and of a line that has one, RFC 2047 §2.
_LONGEST_WORD, _LONGEST_ENCODED_LINE = 75, 76

#: May stand more than once: whoever carries or signs a mail adds one.
_REPEATED = re.compile(r"received|dkim-signature|arc-.*|authentication-results|comments|keywords")
_NEEDED = ("From", "To", "Subject", "Date", "Message-ID")
#: Fields whose words have a grammar: nothing is encoded inside quotes there.
_STRUCTURED = ("from", "to", "reply-to", "sender", "cc", "list-id")

_DATE = re.compile(
    r"(?:(Mon|Tue|Wed|Thu|Fri|Sat|Sun), )?(\d{1,2}) "
    r"(Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) (\d{4}) "
    r"(\d\d):(\d\d)(?::(\d\d))? ([+-]\d{4})"
)
_MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
_DAYS = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"]
_ATEXT = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
_MESSAGE_ID = re.compile(rf"<{_ATEXT}(?:\.{_ATEXT})*@([A-Za-z0-9.-]+)>")

_WORD = re.compile(r"=\?([^?\s]*)\?([^?\s]*)\?([^?\s]*)\?=")
_QUOTED = re.compile(r'"(?:[^"\\]|\\.)*"')
_NO_REPLY = re.compile(r"(?:do[._-]?)?no[tn]?[._-]?reply.*|nepasrepondre.*|bounces?|mailer-daemon")
_COUNTER = re.compile(r"\(\d+\)")

_ANSWER = re.compile(
    r"(?:re|fwd?|aw|wg|sv|vs|antw|odp|tr|rif|rv|enc)(?:\[\d+\])?\s?:", re.IGNORECASE
)
_ENTITY = re.compile(r"&(?:#\d{1,7}|#x[0-9a-f]{1,6}|[a-z][a-z0-9]{1,30});", re.IGNORECASE)
_UNFILLED = re.compile(
    r"\{\{[^{}]*\}\}|\{%[^{}]*%\}|\[\[ ?[\w.]+ ?\]\]|\[%[^\[\]]*%\]|<%[^<>]*%>|\$\{\w+\}"
    r"|\*\|\w+\|\*|%%\w+%%|\bhole-[0-9a-f]{16}-|%\(\w+\)s"
)
#: Marks that reorder or hide text (UTS 39).  Joiners stay: Persian and emoji are written with them.
_TRICKS = re.compile(
    "[\u00ad\u061c\u115f\u1160\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\u3164\ufeff"
    "\ufff9-\ufffb\U000e0000-\U000e007f]"
)
#: UTF-8 read as Latin-1 or Windows-1252.
_MOJIBAKE = re.compile(
    "\ufffd|[ÂÃÐÑØÙ][\u0080-\u00ba\u00bc-\u00bf]|Ã[‚ƒ„…†‡ˆ‰Š‹ŒŽ‘’“”•–—˜™š›œžŸ€]|â€[™œ\u009d“”¦˜\u0080-\u00bf]"
)


def check_headers(message: Opened, notes: Notes, *, envelope_to: str = "") -> None:
    """M1 to M8 and the sizes of section 2."""
    _lines(message, notes)
    _letters(message, notes)
    _once(message, notes)
    _sizes(message, notes)
    _sender(message, notes)
    _recipient(message, notes, envelope_to)
    _when_and_which(message, notes)
    for found in message.root.fields:
        _encoded_words(found, notes)
    _subject(message, notes)


def mailboxes(found: Field | None) -> list[tuple[str, str]]:
    """(name, address) of each mailbox in an address field; the name is decoded."""
    if found is None:
        return []
    # Names are decoded one by one: what is encoded in one may hold commas.
    pairs = [(decode_words(name), address) for name, address in getaddresses([found.raw])]
    return [pair for pair in pairs if any(pair)]


def _lines(message: Opened, notes: Notes) -> None:
    octets = message.octets
    bare = re.search(rb"\r(?!\n)|(?<!\r)\n", octets)
    if bare:
        line = octets.count(b"\n", 0, bare.start()) + 1
        notes.fail("M1", f"line {line} ends in a bare CR or LF; every line ends in CRLF")
    nul = octets.find(b"\0")
    if nul >= 0:
        notes.fail("M1", f"there is a NUL at octet {nul}; take it out")
    long, unfolded = [], []
    for number, text in enumerate(octets.replace(b"\r\n", b"\n").split(b"\n"), start=1):
        if len(text) > _LONGEST_LINE:
            long.append(f"line {number} has {len(text)} octets; {_LONGEST_LINE} is the limit")
        # One address may be longer than a line should be: it cannot be folded.
        elif len(text) > _GOOD_LINE and len(max(text.split(), key=len)) < _GOOD_LINE:
            unfolded.append(f"line {number} has {len(text)} octets; fold it at {_GOOD_LINE}")
    notes.each("M1", long)
    notes.each("M1", unfolded, level="should")


def _letters(message: Opened, notes: Notes) -> None:
    for found in message.root.fields:
        octets = b"\n".join(found.lines)
        if octets.isascii():
            continue
        named = mailboxes(found) if found.key == "to" else []
        local = named[0][1].rpartition("@")[0] if named else ""
        if not local.isascii() and octets.replace(local.encode(), b"").isascii():
            notes.open("M2", "the recipient's address is not ASCII: the relay must offer SMTPUTF8")
            continue
        notes.fail("M2", f"{found.name} is not ASCII; write encoded-words (RFC 2047)")


def _once(message: Opened, notes: Notes) -> None:
    notes.each("M3", message.stray)
    fields = message.root.fields
    keys = [found.key for found in fields]
    for found in {found.key: found for found in fields}.values():
        if keys.count(found.key) > 1 and not _REPEATED.fullmatch(found.key):
            notes.fail("M3", f"{found.name} stands {keys.count(found.key)} times; write it once")
    for name in _NEEDED:
        if name.lower() not in keys:
            notes.fail("M3", f"there is no {name}")
    for name in ("bcc", "return-path"):
        if name in keys:
            notes.fail("M3", f"{name.title()} is not for recipients; leave it out")


def _sizes(message: Opened, notes: Notes) -> None:
    fields = message.root.fields
    sizes = {found: sum(len(line) + 2 for line in found.lines) for found in fields}
    if sum(sizes.values()) > 500_000:
        notes.fail("headers", f"all headers have {sum(sizes.values())} octets; Gmail takes 500,000")
    if len(fields) > 5_000:
        notes.fail("headers", f"there are {len(fields)} fields; Gmail takes 5,000")
    for found, size in sizes.items():
        if size > 32_000:
            notes.fail("headers", f"{found.name[:40]} has {size} octets; Gmail takes 32,000")
        if len(found.name) > 1_000:
            notes.fail("headers", f"the name {found.name[:40]}… is longer than 1,000 octets")
        if found.key == "subject" and len(found.text) > 998:
            notes.fail("headers", f"Subject has {len(found.text)} characters; Gmail takes 998")


def _sender(message: Opened, notes: Notes) -> None:
    found = message.root.first("From")
    senders = mailboxes(found)
    if len(senders) != 1:
        notes.fail("M4", f"From has {len(senders)} mailboxes; it must have one")
        return
    name, address = senders[0]
    local, _, domain = address.rpartition("@")
    why = why_private(domain)
    if is_local(domain):
        notes.warn("M4", "From is an address of this machine: set from_address of [mail]")
    elif not local or why:
        notes.fail("M4", f"From is no real address: {why or 'it has no local part'}")
    if is_mailbox_provider(domain):
        notes.fail("M4", f"{domain} is a mailbox provider's; send from a domain of your own")
    if _NO_REPLY.fullmatch(local.lower()):
        text = f"From is {local}@: readers cannot answer; use an address that somebody reads"
        notes.fail("M4", text, level="should")
    if not name:
        notes.fail("M4", "From has no name; set from_name of [mail]", level="should")
    reader = next((name for name, _ in mailboxes(message.root.first("To")) if name), "")
    subject = next((found.text for found in message.root.all("Subject")), "")
    notes.fail("M4", *_odd_name(name, reader, subject))


def _odd_name(name: str, reader: str, subject: str) -> list[str]:
    odd = []
    if any(unicodedata.category(letter) == "So" for letter in name):
        odd.append(f"the name of From has an emoji or mark: {name}")
    if _COUNTER.search(name):
        odd.append(f"the name of From pretends to be a conversation: {name}")
    if "@" in name:
        odd.append(f"the name of From looks like another address: {name}")
    if _TRICKS.search(name):
        odd.append("the name of From has characters that hide or reorder text")
    if len(reader) > 3 and re.search(rf"\b{re.escape(reader)}\b", name):
        odd.append("the name of From has the reader's name in it")
    if _ANSWER.match(name) or (subject and subject in name):
        odd.append("the name of From has text of the subject in it")
    return odd


def _recipient(message: Opened, notes: Notes, envelope_to: str) -> None:
    readers = mailboxes(message.root.first("To"))
    if len(readers) != 1:
        notes.fail("M5", f"To has {len(readers)} mailboxes; each reader gets a mail of their own")
    if message.root.first("Cc"):
        notes.fail("M5", "there is a Cc; each reader gets a mail of their own")
    if not envelope_to:
        notes.open("M5", "whether To is the envelope's recipient: the envelope is not known here")
    elif readers and not _same_mailbox(readers[0][1], envelope_to):
        notes.fail("M5", "To is not the recipient of the envelope")


def _same_mailbox(one: str, other: str) -> bool:
    def spelled(address: str) -> tuple[str, str]:
        local, _, domain = address.rpartition("@")
        with suppress(UnicodeError):
            domain = domain.encode("idna").decode("ascii")
        return local.strip('"'), domain.lower()

    return spelled(one) == spelled(other)


def _when_and_which(message: Opened, notes: Notes) -> None:
    raw = message.root.raw("Date")
    said = _DATE.fullmatch(raw)
    if not said:
        notes.fail("M6", f"Date is {raw!r}; it must read like Mon, 18 May 2026 04:00:00 +0000")
    else:
        try:
            day = date(int(said[4]), _MONTHS.index(said[3]) + 1, int(said[2]))
            datetime(day.year, day.month, day.day, int(said[5]), int(said[6]), int(said[7] or 0))
        except ValueError:
            notes.fail("M6", f"Date is {raw!r}, which no calendar has")
        else:
            right = _DAYS[day.weekday()]
            if said[1] not in (None, right):
                notes.fail("M6", f"Date says {said[1]}, but that day is a {right}")
    raw = message.root.raw("Message-ID")
    spelled = _MESSAGE_ID.fullmatch(raw)
    if not spelled:
        notes.fail("M6", f"Message-ID is {raw[:80]!r}; it must be <left@right>")
    elif why_private(spelled[1]):
        text = f"Message-ID: {why_private(spelled[1])}; use the domain of From"
        (notes.warn if is_local(spelled[1]) else notes.fail)("M6", text, level="should")
    if len(raw) > 500:
        notes.fail("M6", f"Message-ID has {len(raw)} octets; Gmail takes 500")


def _encoded_words(found: Field, notes: Notes) -> None:
    for line in found.lines:
        text = line.decode("ascii", "replace")
        if "=?" in text and len(line) > _LONGEST_ENCODED_LINE:
            said = f"a line of {found.name} with an encoded-word has {len(line)} octets"
            notes.fail("M7", f"{said}; {_LONGEST_ENCODED_LINE} is the limit")
    raw = found.raw
    problems = []
    for word in _WORD.finditer(raw):
        problems += _bad_word(word, raw)
    if found.key in _STRUCTURED and any("=?" in quoted for quoted in _QUOTED.findall(raw)):
        problems.append("has an encoded-word inside quotes, where nobody decodes it")
    if "=?" in _WORD.sub("", raw) and found.key in (*_STRUCTURED, "subject"):
        problems.append("has an encoded-word that does not end")
    notes.fail("M7", *(f"{found.name} {problem}" for problem in dict.fromkeys(problems)))


def _bad_word(word: re.Match[str], raw: str) -> list[str]:
    if len(word[0]) > _LONGEST_WORD:
        return [f"has an encoded-word of {len(word[0])} octets; {_LONGEST_WORD} is the limit"]
    before, after = raw[: word.start()][-1:], raw[word.end() :][:1]
    if before not in ("", " ", "\t", "(") or after not in ("", " ", "\t", ")"):
        return ["has an encoded-word that touches other text; a space must part them"]
    octets = word_octets(word[2], word[3]) if word[2] in "bBqQ" and word[2] else None
    if octets is None:
        return [f"has an encoded-word that cannot be decoded: {word[0]}"]
    if re.search(rb"[\r\n\0]", octets):
        return ["hides a line end in an encoded-word"]
    try:
        octets.decode(word[1].partition("*")[0])
    except UnicodeDecodeError:
        return [f"splits a character over two encoded-words: {word[0]}"]
    except (LookupError, ValueError):
        return [f"names a charset that nobody has: {word[1]}"]
    return []


def _subject(message: Opened, notes: Notes) -> None:
    found = message.root.first("Subject")
    if found is None:
        return
    subject = found.text
    if not subject:
        notes.fail("M8", "the subject is empty")
    for problem, pattern in (
        ("has an entity of HTML", _ENTITY),
        ("has a place that no template filled", _UNFILLED),
        ("has characters that hide or reorder text", _TRICKS),
        ("was read in the wrong charset", _MOJIBAKE),
    ):
        odd = pattern.search(subject)
        if odd:
            notes.fail("M8", f"the subject {problem}: {odd[0]!r} in “{subject[:80]}”")
    if _ANSWER.match(subject):
        notes.fail("M8", f"the subject pretends to be an answer: “{subject[:80]}”")
