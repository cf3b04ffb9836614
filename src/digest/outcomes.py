"""Pure: what an answer, or silence, makes of a delivery."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from hashlib import blake2b

from digest.errors import Deferred, MailError, Refused
from digest.mail.transport import Reply
from digest.mail.verdict import enhanced_status
from digest.model import DELIVERY_LIFE, DeliveryEvent, DeliveryState, Outcome
from digest.settings import Mail
from digest.telemetry import masked

_BEGUN = DELIVERY_LIFE[DeliveryState.SENDING]
#: The longest wait between two tries.
_LONGEST = timedelta(hours=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """How deliveries of one errand are judged."""

    #: Of the errand: makes waits differ from person to person.
    id: str
    mail: Mail
    #: A try that would come later is not worth making; None: whenever.
    expires_at: datetime | None = None

    def accepted(self, id: int, reply: Reply, *, attempts: int, now: datetime) -> Outcome:
        return Outcome(
            subscriber_id=id,
            state=_BEGUN[DeliveryEvent.ACCEPT],
            code=reply.code,
            enhanced=reply.enhanced,
            # A relay's words may quote the address, and outlive the person.
            text=masked(reply.text),
            relay=reply.relay,
            attempts=attempts,
            at=now,
        )

    def answered(self, id: int, error: MailError, *, attempts: int, now: datetime) -> Outcome:
        """Of a `Deferred` or a `Refused`."""
        if isinstance(error, Deferred) and not error.tried:
            wait = timedelta(seconds=self.mail.retry_s) * _jitter(self.id, id, attempts)
            outcome = self.waiting(id, error.text, until=now + wait, attempts=attempts - 1, now=now)
            outcome = replace(outcome, heard=True)
        elif isinstance(error, Refused):
            outcome = self._as(DeliveryEvent.REFUSE, id, error.text, attempts, now)
        else:
            outcome = self.later(id, error.text, attempts=attempts, now=now)
        return replace(
            outcome, code=error.code, relay=error.relay, enhanced=enhanced_status(error.text)
        )

    def noted(self, id: int, code: int, *, attempts: int, now: datetime) -> Outcome:
        """Of an answer that only the event file knows: its words went with the process."""
        text = "noted before the process was killed"
        if 200 <= code < 300:
            outcome = self._as(DeliveryEvent.ACCEPT, id, text, attempts, now)
        elif code < 500:
            outcome = self.later(id, text, attempts=attempts, now=now)
        else:
            outcome = self._as(DeliveryEvent.REFUSE, id, text, attempts, now)
        return replace(outcome, code=code)

    def later(self, id: int, text: str, *, attempts: int, now: datetime) -> Outcome:
        """Asked to come back: while tries and time are left.

        The wait doubles with each try, to an hour; a quarter more or less by person and try, so
        that not everybody comes back at once, and the same each time it is worked out.
        """
        wait = timedelta(seconds=self.mail.retry_s * 2 ** min(attempts - 1, 20))
        at = now + min(wait, _LONGEST) * _jitter(self.id, id, attempts)
        if attempts >= self.mail.attempts:
            return self._as(DeliveryEvent.REFUSE, id, text, attempts, now)
        if self.expires_at is not None and at > self.expires_at:
            words = f"{text} (there is no time left for another try)"
            return self._as(DeliveryEvent.REFUSE, id, words, attempts, now)
        return replace(
            self._as(DeliveryEvent.DEFER, id, text, attempts, now),
            not_before=at,
        )

    def vanished(self, id: int, error: MailError, *, attempts: int, now: datetime) -> Outcome:
        """In doubt: held for the operator, or sent again, as `on_doubt` says."""
        if self.mail.on_doubt == "resend" and attempts < self.mail.attempts:
            outcome = self.later(id, error.text, attempts=attempts, now=now)
        else:
            outcome = self._as(DeliveryEvent.VANISH, id, error.text, attempts, now)
        return replace(outcome, relay=error.relay)

    def in_doubt(self, id: int, why: str, *, attempts: int, now: datetime) -> Outcome:
        """Nobody of this process knows: it was another's, which is gone."""
        return self._as(DeliveryEvent.VANISH, id, why, attempts, now)

    def waiting(
        self, id: int, why: str, *, until: datetime, attempts: int, now: datetime
    ) -> Outcome:
        """Nobody was asked, and it is no try of theirs: they come later, for reasons of ours."""
        outcome = self._as(DeliveryEvent.DEFER, id, why, attempts, now)
        return replace(outcome, not_before=until, heard=False)

    def skipped(self, id: int, why: str, *, now: datetime) -> Outcome:
        return Outcome(
            subscriber_id=id,
            state=DELIVERY_LIFE[DeliveryState.PENDING][DeliveryEvent.SUPPRESS],
            text=why,
            at=now,
            heard=False,
        )

    def _as(
        self, event: DeliveryEvent, id: int, text: str, attempts: int, now: datetime
    ) -> Outcome:
        return Outcome(
            subscriber_id=id, state=_BEGUN[event], text=masked(text), at=now, attempts=attempts
        )


def _jitter(errand_id: str, id: int, attempts: int) -> float:
    """0.75 to 1.25."""
    byte = blake2b(f"{errand_id} {id} {attempts}".encode(), digest_size=1).digest()[0]
    return 0.75 + byte / 510
