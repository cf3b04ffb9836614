"""Turns of phrase of mail servers' letters: it failed, it is tried again, here our mail follows.

Beside `phrases`, which say what a failure means.  Patterns look at single lines or sentences that
have been made short, with single blanks; only `QUOTED` is about the blanks before a line.
"""

import re
from typing import Final


def _any(*patterns: str) -> str:
    return f"(?:{'|'.join(patterns)})"


_MESSAGE = r"(?:message|mail|e-?mail)"

#: A line from which on it is our own mail.
RETURNED: Final = re.compile(
    r"[-=*_#<>|]* ?"
    + _any(
        rf"(?:this|below|here) is (?:a|the) copy of (?:the|your) (?:original )?{_MESSAGE}",
        r"below this line is",
        rf"(?:the )?(?:possibly truncated )?original {_MESSAGE}\b"
        r"(?!-id| (?:was|to|could|from|has|had|subject|id|date|with|sent))",
        r"unsent message",
        rf"(?:returned|undelivered|failed) {_MESSAGE}(?: follows| attached)?[ .:]*[-=*]*$",
        rf"(?:the )?(?:{_MESSAGE} )?headers?(?: of (?:the|your) (?:original )?{_MESSAGE})? follow",
        r"message headers?\b",
        r"(?:the )?headers? of the original",
        rf"included is (?:a|the) (?:copy|{_MESSAGE})",
        rf"(?:a |here is a )?copy of (?:the|your) (?:original )?{_MESSAGE}",
        r"start of returned",
        r"message text follows",
        r"begin forwarded",
        r"forwarded message",
        r"(?:begin|end of) message",
        r"received: (?:from|by|\()",
        r"return-path: ?<",
        r"dkim-signature: ",
        r"kopie (?:der|ihrer) (?:original)?nachricht",
        r"(?:der )?(?:header|kopfzeilen) der",
    ),
    re.I,
)
QUOTED: Final = re.compile(r"\s{0,3}(?:>(?!>>)|\|\s)")
#: What a mail program writes above what it quotes.
WROTE: Final = re.compile(
    r"(?:on|am|le|el|il|em|op|den) .{5,120} "
    r"(?:wrote|schrieb|a écrit|escribió|ha scritto|escreveu|schreef|skrev)[^:]{0,40}:$",
    re.I,
)
#: A sentence says that something was not delivered.
FAILED: Final = re.compile(
    _any(
        r"(?:could|can|was|has|have|were|is)(?:n't| ?not)(?: yet)?(?: been| be)?(?: successfully)? "
        r"(?:deliver|sent|reach)",
        r"(?:un)?able to (?:deliver|send|be delivered)",
        r"not (?:been )?delivered",
        r"undeliver",
        r"fail(?:ed|ure)",
        r"bounced",
        r"rejected",
        r"not accepted",
        r"delayed",
        r"did not reach",
        r"cannot deliver",
        r"delivery problem",
        r"(?:nicht|konnte nicht) (?:zugestellt|ausgeliefert)",
        r"unzustellbar",
        r"n'a pas (?:pu|été)",
        r"no (?:se )?(?:pudo|ha)",
        r"non (?:è|e) stat",
        r"не (?:был\w? |может быть )?доставлен",
        r"не вдалося",
    ),
    re.I,
)
#: What only a mail server's text has: without one of these no address has failed.
TELLS: Final = re.compile(
    _any(
        FAILED.pattern,
        r"permanent(?:ly)? (?:error|fatal)",
        r"fatal errors",
        r"\b[45]\.\d{1,3}\.\d{1,3}\b",
        r"\b[45]\d\d[ -]",
        r"unknown (?:user|recipient)",
        r"(?:user|recipient|mailbox) (?:unknown|not found)",
        r"no such user",
        r"sorry,",
        r"transcript of session",
        r"automatically rejected",
        r"does not exist",
        r"mailbox (?:is )?full",
        r"quota",
        r"unrout(?:e)?able",
        r"not (?:listed|recogni[sz]ed)",
    ),
    re.I,
)
#: It is not over yet.
LATER: Final = re.compile(
    _any(
        r"(?:will|shall|we'll)(?: (?!not\b|no\b)\w+){0,2} (?:keep|continue|be retried|retry|try)",
        r"warning message only",
        r"no action is required",
        r"not yet been delivered",
        r"(?:has|have) (?:not been delivered|been delayed) (?:yet|after|for|so far)",
        r"delivery (?:has been|is) delayed",
        r"has been delayed",
        r"still (?:undelivered|trying|being)",
        r"delivery attempts will",
        r"will be re-?tried",
        r"do not need to (?:resend|do anything)",
        r"just a warning",
        r"noch nicht zugestellt",
        r"weitere zustellversuche",
    ),
    re.I,
)
#: Machines introduce themselves.
MACHINE: Final = re.compile(
    _any(
        r"automatically (?:generated|created|produced)",
        r"(?:created|generated|erzeugt|erstellt|sent) automati[ck]",
        r"automatisch (?:erzeugt|erstellt|generiert)",
        r"automati[ck](?:ally generated)? (?:message|notification|notice|mail|reply from)",
        r"this is (?:the|an?) .{0,40}"
        r"(?:program|mail system|mail server|mailer|daemon|notification)",
        r"mail delivery (?:software|system|subsystem)",
        rf"{_MESSAGE} (?:that )?you sent",
        rf"your {_MESSAGE}.{{0,80}} (?:could not be|was not|cannot be|wasn't|couldn't be"
        r"|has not been|hasn't been|is undeliverable)",
        r"did not reach the following",
        r"the following (?:address|recipient|user)",
        r"delivery (?:to|of) .{0,80} (?:failed|delayed|aborted)",
        r"undeliverable",
        r"transcript of session",
        r"failure reasons?",
        r"delivery (?:status|failure) (?:notification|report|notice)",
        r"(?:i'm (?:afraid|sorry)|i am sorry|we're sorry|we are sorry|sorry),? .{0,40}"
        r"(?:deliver|wasn't able|was not able|have to inform)",
        r"(?:were|was|am|are) (?:unable|not able) to deliver",
        r"permanent (?:fatal )?error",
        r"giving up",
        r"nicht zugestellt",
        r"не (?:был\w? |может быть )?доставлен",
    ),
    re.I,
)
