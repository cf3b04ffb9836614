"""Mails that mean "unsubscribe": `Links.leave_mailto` makes their subject, people change it.

Behind the door: the token of our link, in the subject or the text.  Only the token counts: who
a mail says it is from proves nothing.  Not behind it: whether the token is genuine.  Pure.
"""

import re
from typing import Final

from digest.returns.evidence import links_in
from digest.returns.parts import Mail, plain
from digest.returns.words import without_tags

#: Tokens may begin and end with _ or -: of what stands before one, only a single _ that alone
#: parts it from the word is none of its own.
_WISH = re.compile(
    r"(?<![A-Za-z0-9])(?:leave|unsubscribe)(?:(?:\s|%20|\+|[:=<\[(\"'])+|_)([A-Za-z0-9_-]{40,400})(?![A-Za-z0-9_-])",
    re.I,
)
#: In a text only on a line of its own: our own links have it in their midst.
_WISH_LINE = re.compile(
    r"^[ \t]*(?:leave|unsubscribe)(?:[ \t]|%20|\+)+([A-Za-z0-9_-]{40,400})[ \t]*$", re.I | re.M
)
_BARE_WISH = re.compile(
    r"(?:(?:re|aw|sv|antw)\s*:\s*)?(?:please\s+)?(?:unsubscribe|leave|abmelden|abbestellen|désabonnement"
    r"|desuscribir|darme de baja|відписатися|отписаться|wypisz|afmelden)(?:\s+me)?[\s.!]*",
    re.I,
)
_TOKEN_ALONE = re.compile(r"(?<![\w/-])([A-Za-z0-9_-]{40,400})(?![\w/-])")
_MOST_TEXT: Final = 65_536
#: What encodings have left in a text that nobody has decoded: no token has a = or a %.
_LEFT_OVER: Final = ((re.compile(r"[=%]5F", re.I), "_"), (re.compile(r"[=%]2D", re.I), "-"))
_BLANK_LEFT_OVER: Final = re.compile(r"(?:=|%|%25|=25)20")


def leave_tokens(mail: Mail, *, by_subject: bool = False) -> tuple[str, ...]:
    """Tokens of a mail whose writer wants to leave; () if they want nothing of the kind.

    Args:
        by_subject: only its subject counts, because a machine wrote the text.
    """
    raw = mail.head.first("subject")[:2_000]
    subject = plain(raw)[:2_000]
    # Also as it stands inside of an encoded word whose writer forgot that _ is a blank there.
    found = _wishes(_WISH, subject, *((raw,) if "=?" in raw else ()))
    if found or by_subject:
        return found
    text, markup = _own_text(mail)
    own = "\n".join(line for line in text.split("\n") if not line.lstrip().startswith((">", "|")))
    found = _wishes(_WISH_LINE, own)
    if found:
        return found
    first = next((line.strip() for line in own.split("\n") if line.strip()), "")
    if _BARE_WISH.fullmatch(subject) or _BARE_WISH.fullmatch(first[:200]):
        # Then the edition that they quote says which one.
        return (links_in(text) or links_in(markup) or tuple(_TOKEN_ALONE.findall(own)))[:1]
    return ()


def _wishes(pattern: re.Pattern[str], *texts: str) -> tuple[str, ...]:
    """The token of the first wish in each of *texts*, in each spelling that may be meant."""
    found: dict[str, None] = {}
    for text in texts:
        mended = _BLANK_LEFT_OVER.sub(" ", text.replace("=\n", ""))
        for left_over, sign in _LEFT_OVER:
            mended = left_over.sub(sign, mended)
        for each in (text, mended):
            if (wish := pattern.search(each)) is not None:
                found[wish[1]] = None
    return tuple(found)


def _own_text(mail: Mail) -> tuple[str, str]:
    """The text that somebody wrote, and the HTML that it was, if it was."""
    for part in mail.parts:
        if part.kind in ("text/plain", "text/html") and part.octets.strip():
            text = part.text()[:_MOST_TEXT]
            return (without_tags(text), text) if part.kind == "text/html" else (text, "")
    return "", ""
