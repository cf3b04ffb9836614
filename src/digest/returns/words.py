"""Failures told in words: Postfix, Exim, qmail, sendmail, Exchange, Domino, Gmail, Yahoo, others.

Behind the door: the addresses that a mail server's text names as failed, and the words it has for
each.  All of those texts do one of three things: an address opens a line, a label stands before
it, or a sentence has it.  What comes after the line that announces the returned message is not
the server's, nor is what is quoted.  Not behind it: what the words mean (`kinds`).  Pure.
"""

import html
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from digest.addresses import folded
from digest.returns.evidence import address_in
from digest.returns.notices import FAILED, LATER, MACHINE, QUOTED, RETURNED, TELLS, WROTE
from digest.returns.parts import Mail, printable

_LONGEST_TEXT: Final = 65_536
_MOST_LINES: Final = 1_500
_LONGEST_LINE: Final = 400
_LONGEST_WORDS: Final = 3_000
_MOST_FAILURES: Final = 200

_ADDRESS = r"[^\s<>()\[\]\",;:\\@']{1,64}@[^\s<>()\[\]\",;:\\@']{1,253}"

#: Each finds the address that a line is about.  Lines come without blanks at their ends and with
#: single ones inside, so no pattern has to ask for more: two of them side by side would try every
#: way to share out a run of blanks.
_ABOUT = (
    re.compile(rf"(?:[*•-] |\d+[.)] )?<({_ADDRESS})>(?:[:.,;]| |$)"),
    re.compile(rf"(?:[*•-] |\d+[.)] )?'?({_ADDRESS})'?(?: ?[:;]|$| [-–(]|\.\.\.)"),
    # Exchange 5.5.
    re.compile(rf"(?:[^\s<>@]+ )?\(?({_ADDRESS})\)? on (?:mon|tue|wed|thu|fri|sat|sun|\d)", re.I),
    re.compile(rf".{{0,80}}?\b(?:smtp|rcpt)=\[?({_ADDRESS})(?:[\];]|$)", re.I),
    # A line of an SMTP dialogue: the address first, or last.
    re.compile(rf"[45]\d\d[ -](?:#?\d\.\d{{1,3}}\.\d{{1,3}} )?<?({_ADDRESS})>?(?:\.\.\.|:)"),
    re.compile(rf">>> rcpt to: ?<?({_ADDRESS})>?", re.I),
    re.compile(rf"[45]\d\d[ -].{{1,120}}[ :<(]({_ADDRESS})[>)]?[.]?$"),
    # A label before it.
    re.compile(
        r"[-*•>]* ?(?:the )?(?:(?:failed|failing|final|original|intended|undeliverable|unknown"
        r"|invalid|bad|destination|rejected) ?)?"
        r"(?:recipients?|address(?:es)?|user|mailbox|empfänger|destinataire|destinatario|получатель)"
        r"(?:'?s)?(?: (?:address|e-?mail|name))?(?:\(s\))? ?[:=] ?"
        rf"(?:\[?(?:smtp|rfc822)[:;] ?)?<?({_ADDRESS})>?",
        re.I,
    ),
)
_EXPANDED = re.compile(
    r"\((?:expanded|(?:ultimately )?generated|redirected|forwarded) from:? "
    rf"<?({_ADDRESS})>?\)",
    re.I,
)
_SENTENCE_END = re.compile(r"\n{2,}|(?<=[.!?])\s(?=[A-ZА-ЯÀ-Ü])")
_HEADER = re.compile(r"[A-Za-z][A-Za-z0-9-]{1,40}: ?\S")
_TO_ADDRESS = re.compile(
    rf"\b(?:to|for|recipient|address|user|mailbox|an|à|a) ['\"<\[(]{{0,2}}({_ADDRESS})", re.I
)


@dataclass(frozen=True, slots=True)
class Told:
    """A mail server's text: its own words, in lines without idle blanks, and what it returned."""

    words: str
    returned: str = ""

    @property
    def passing(self) -> bool:
        """Whether it will try again by itself."""
        return LATER.search(self.words) is not None

    @property
    def mechanical(self) -> bool:
        """Whether it speaks as mail servers do."""
        return MACHINE.search(" ".join(self.words[:8_000].split())) is not None


@dataclass(frozen=True, slots=True)
class Failure:
    """One address that the text names as failed, with its words for it."""

    recipient: str
    words: str
    #: Where the mail for them was sent on to; "" if nowhere.
    final: str = ""
    #: It is tried again, whatever the words are.
    delayed: bool = False


def told(mail: Mail) -> Told:
    """The text that a person would read first, cut where our own mail begins in it."""
    whole = ""
    for kind in ("text/plain", "text/html"):
        for part in mail.parts[:10]:
            if part.kind == kind and part.octets.strip():
                text = part.text()[: 4 * _LONGEST_TEXT]
                whole = text if kind == "text/plain" else without_tags(text)
                break
        if whole:
            break
    lines = whole[:_LONGEST_TEXT].replace("\r", "\n").split("\n", _MOST_LINES)
    own: list[str] = []
    spoken = False
    for number, line in enumerate(lines):
        # Servers set out their letters with blanks; every pattern here looks at single ones.
        flat = " ".join(line.split())[:_LONGEST_LINE].rstrip()
        if (spoken and RETURNED.match(flat)) or WROTE.match(flat):
            return Told("\n".join(own), _from_header(lines[number:]))
        if not QUOTED.match(line):
            own.append(flat)
            spoken = spoken or bool(flat)
    return Told("\n".join(own))


def _from_header(lines: list[str]) -> str:
    """*lines* from the first on that looks like a field: what announces it may be long."""
    first = next((number for number, line in enumerate(lines[:15]) if _HEADER.match(line)), 0)
    return "\n".join(lines[first:])


def failures(
    text: Told,
    *,
    failed: str = "",
    own: frozenset[str] = frozenset(),
    to: str = "",
    sure: bool = False,
    loosely: bool = True,
) -> tuple[Failure, ...]:
    """Who failed, in the order of the text.

    Args:
        failed: the header X-Failed-Recipients, if there is one.
        own: folded addresses that the report itself went to; nobody fails at those.
        to: whom our mail was to, if it came back: it failed there, in whatever language.
        sure: it is a mail server's report, also if the words are not known.
        loosely: also addresses in the middle of sentences.
    """
    if not (failed or sure or TELLS.search(text.words)):
        return ()
    found: dict[str, list[str]] = {}
    finals: dict[str, str] = {}
    name = ""
    for address, final, line in _by_address(text.words, own):
        if address and (address in found or len(found) < _MOST_FAILURES):
            name = address
            found.setdefault(name, [])
            finals.setdefault(name, final)
        if name:
            found[name].append(line)
    listed = _listed(failed, own)
    if not listed and not found:
        sentences = _in_sentences(text.words, own) if loosely else []
        listed = [to] if to and TELLS.search(text.words) else sentences
    if listed:
        same = {folded(final): address for address, final in finals.items()}
        same |= {folded(address): address for address in found}
        found = {same.get(folded(each), each): [] for each in listed} | {
            address: lines
            for address, lines in found.items()
            if {folded(address), folded(finals[address])} & {folded(each) for each in listed}
        }
    alone = len(found) == 1
    return tuple(
        Failure(address, _said(lines, text.words, alone=alone), finals.get(address, ""))
        for address, lines in found.items()
    )


def by_recipient(text: Told) -> dict[str, Failure]:
    """What *text* says of each, by folded address, also by that of where it was sent on to."""
    named = failures(text)
    return {folded(each.final): each for each in named if each.final} | {
        folded(each.recipient): each for each in named
    }


def without_tags(markup: str) -> str:
    """The text of HTML, line for line: enough to find addresses and phrases in."""
    for tag in ("style", "script", "head"):
        markup = _without(markup, tag)
    broken = re.sub(r"<(?:br|p|div|tr|li|h[1-6]|table|td)\b[^<>]{0,500}>", "\n", markup, flags=re.I)
    bare = re.sub(r"<[/!a-zA-Z][^<>]{0,2000}>", "", broken)
    # Python refuses to read a number of thousands of digits; no letter has one of eight.
    return html.unescape(re.sub(r"&#\d{8,}", "&#", bare))


def _without(markup: str, tag: str) -> str:
    kept: list[str] = []
    position = 0
    small = markup.lower()
    while (start := small.find(f"<{tag}", position)) >= 0:
        kept.append(markup[position:start])
        stop = small.find(f"</{tag}", start)
        if stop < 0:
            return "".join(kept)
        position = stop
    kept.append(markup[position:])
    return "".join(kept)


def _by_address(words: str, own: frozenset[str]) -> Iterator[tuple[str, str, str]]:
    """Each line, with the address that it opens a passage about, and where that was sent on to.

    Both are "" where it opens none.
    """
    lines = words.split("\n")
    for number, line in enumerate(lines):
        address = _about(line)
        # "a@x (generated from b@y)": we wrote to b.
        around = f"{line} {lines[number + 1]}" if number + 1 < len(lines) else line
        source = _EXPANDED.search(around) if address else None
        meant = address_in(source[1]) if source else ""
        if not address or folded(meant or address) in own:
            yield "", "", line
        else:
            yield meant or address, address if meant else "", line


def _about(line: str) -> str:
    """The address that *line* is about, or ""."""
    for pattern in _ABOUT:
        match = pattern.match(line)
        address = address_in(match[1]) if match else ""
        if address:
            return address
    return ""


def _listed(failed: str, own: frozenset[str]) -> list[str]:
    named = [address_in(each) for each in failed[:20_000].split(",")[:_MOST_FAILURES]]
    return [each for each in dict.fromkeys(named) if each and folded(each) not in own]


def _in_sentences(words: str, own: frozenset[str]) -> list[str]:
    """Addresses in sentences that say of something that it failed."""
    found: dict[str, None] = {}
    for sentence in _SENTENCE_END.split(words)[:300]:
        flat = " ".join(sentence.split())[:1_000]
        if not FAILED.search(flat):
            continue
        for match in _TO_ADDRESS.finditer(flat):
            address = address_in(match[1].rstrip(".!?"))
            if address and folded(address) not in own:
                found.setdefault(address)
    return list(found)[:10]


def _said(lines: list[str], words: str, *, alone: bool) -> str:
    passage = printable(" ".join(lines))[:_LONGEST_WORDS]
    # One who stands alone in the text is meant by all of it, also by what stands before.
    if alone and not TELLS.search(passage):
        return printable(words)[:_LONGEST_WORDS]
    return passage
