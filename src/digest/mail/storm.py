"""Pure: does a relay refuse people, or us?

One dead address is that person's end; fifty people who are told the same "no" are told
something about the sender, and whoever goes on throws readers away.  What is said of one
mailbox (unknown, full) counts only when a relay says it of everybody.
"""

import re
from collections import Counter, deque
from dataclasses import dataclass, field
from typing import Final

from digest.mail.verdict import about_us
from digest.telemetry import masked

#: RFC 3463 §3.2, §3.3: about a mailbox.  X.1.7 and X.1.8 are about the sender's address.
_OF_A_MAILBOX: Final = re.compile(r"[45]\.(1\.(?:[0-6]|9|10)|2\.\d{1,3})\Z")
_SAYS_LITTLE: Final = re.compile(r"([45]\.0\.0)?\Z")
_MAILBOX_WORDS: Final = re.compile(
    r"(user|mailbox|recipient|address|account)\b.{0,40}\b"
    r"(unknown|not found|does not exist|doesn't exist|no longer|disabled|inactive|is full|invalid)"
    r"|(no such|unknown|invalid|over ?quota|full) (local )?(user|mailbox|recipient|address|account)"
    r"|mailbox (is )?(over|full)|over quota",
    re.IGNORECASE,
)
_CHANGING: Final = re.compile(r"[0-9a-f]*\d[0-9a-z]*", re.IGNORECASE)
#: Letters of an answer that are shown.
_SHOWN: Final = 200
#: So many people one after the other, told the same of us, are enough where nobody was taken.
_FEW: Final = 8
#: Different words weigh less: many small troubles at once are less likely one big one.
_VARIED: Final = 0.5


def of_a_mailbox(code: int, enhanced: str, text: str) -> bool:
    """Whether an answer is about one mailbox, as far as it says what it is about."""
    if not _SAYS_LITTLE.match(enhanced):
        return _OF_A_MAILBOX.match(enhanced) is not None
    return code >= 400 and _MAILBOX_WORDS.search(text) is not None


def spoken(code: int, enhanced: str, text: str) -> str:
    """An answer as an operator is shown it: one line, nobody's address in it."""
    status = "" if not enhanced or text.startswith(enhanced) else enhanced
    parts = (str(code) if code else "", status, masked(text) or "no words")
    return " ".join(" ".join(parts).split())[:_SHOWN]


def pattern(words: str) -> str:
    """What *words* have in common with the same answer to somebody else: no numbers, no ids."""
    return _CHANGING.sub("#", words.replace("(address)", "").lower())


@dataclass(slots=True)
class Watch:
    """The last answers of one relay.

    A storm: *share* of the last *after* answers were "no" or "later" in the same words; or more,
    half-way from *share* to all, in different words; or *after* people one after the other were
    told that they do not exist.  A relay that has taken nothing lately need not be asked so
    often: eight refused one after the other, for the same fault of ours, are all there may be.
    Over when the share is less than half of that.
    """

    after: int
    share: float
    #: Counted since the beginning, those about one mailbox apart.
    answers: int = 0
    #: Of those not "yes": the number of each, its pattern, and its words.
    bad: deque[tuple[int, str, str]] = field(default_factory=deque)
    #: About one mailbox each, since the last "yes".
    dead: int = 0
    #: Refused for what we are, one after the other in the same words; and the pattern of those.
    ours: int = 0
    ours_alike: str = ""
    #: In words; "" while there is none.
    reason: str = ""

    def yes(self) -> None:
        self.answers += 1
        self.dead = self.ours = 0
        if self.reason:
            self._forget_old()
            if len(self.bad) < self.share * self.after / 2:
                self.reason = ""

    def no(self, code: int, enhanced: str, text: str, *, takes: bool = True) -> None:
        """Note a "no" or "later"; *code* is 0 when no answer was heard.

        *takes*: it has accepted something lately.
        """
        words = spoken(code, enhanced, text)
        if of_a_mailbox(code, enhanced, text):
            self.dead += 1
            if self.dead >= self.after:
                self.reason = (
                    f"the last {self.dead} people were all said to have no mailbox: {words}"
                )
            return
        self.answers += 1
        alike = pattern(words)
        self.bad.append((self.answers, alike, words))
        self._forget_old()
        self._judge()
        told = text if not enhanced or text.startswith(enhanced) else f"{enhanced} {text}"
        if code < 500 or not about_us(code, told):
            self.ours = 0
            return
        self.ours = self.ours + 1 if alike == self.ours_alike else 1
        self.ours_alike = alike
        if not self.reason and not takes and self.ours >= min(self.after, _FEW):
            self.reason = (
                f"nothing was accepted lately, and the last {self.ours} people were all refused"
                f" for what we are: {words}"
            )

    def calm(self) -> None:
        """Begin anew: somebody has looked at it."""
        self.bad.clear()
        self.dead = self.ours = 0
        self.reason = ""

    def _forget_old(self) -> None:
        while self.bad and self.bad[0][0] <= self.answers - self.after:
            self.bad.popleft()

    def _judge(self) -> None:
        number = len(self.bad)
        if number < self.share * self.after:
            return
        common, times = Counter(same for _, same, _ in self.bad).most_common(1)[0]
        alike = times >= number / 2
        if not alike and number < (self.share + (1 - self.share) * _VARIED) * self.after:
            return
        shown = next(words for _, same, words in reversed(self.bad) if same == common)
        seen = min(self.after, self.answers)
        self.reason = (
            f'{number} of the last {seen} answers were "no" or "later", {times} of them: {shown}'
        )
