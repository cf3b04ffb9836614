"""Whom a report is about, as far as it proves it.

A report is a mail or a request that anybody may have written.  It counts if it carries something
that only our own mail to that person carried: its envelope sender (VERP), its leave token, its
Message-ID; or if a relay that we know has signed it.  All of them are signed by us, and none is
believed for anybody else.
"""

from dataclasses import dataclass
from datetime import timedelta
from hmac import compare_digest
from typing import Final

from digest import store
from digest.app import App
from digest.errors import BadToken, NotFound
from digest.model import Return, ReturnKind, Subscriber
from digest.store import bounces, people, subscribers

#: Reports come within days.  What was sent earlier is not looked for: its report is noted.
KNOWN_FOR: Final = timedelta(days=60)
#: Of a kind of thing in one report: nobody writes more of ours into it.
_MOST: Final = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Proved:
    """Whom a report is about, beyond doubt."""

    person: Subscriber
    #: Of an edition or a letter; "" where that is not known.
    delivery_id: str = ""
    #: Of a leave token: the newsletter to be left.
    newsletter: str = ""
    #: It is about a delivery that was so long ago that nobody knows it any more.
    too_old: bool = False


class Proof:
    """Finds out whom reports are about, as far as they prove it."""

    def __init__(self, app: App, conn: store.Connection) -> None:
        self._app = app
        self._conn = conn
        #: Mark → edition, of those that a report may be about.
        self._editions: dict[bytes, str] | None = None
        #: One mail may tell of a thousand recipients, and proves the same for each.
        self._said: dict[tuple[object, ...], Proved | None] = {}

    async def of(self, told: Return, *, proved: bool) -> Proved | None:
        """Whom *told* is about; None if it proves nothing.

        Args:
            proved: it was signed: the recipient's address alone is believed.
        """
        # Whoever wants somebody to leave must have the link that does it; or be a relay that we
        # know, which has been told by the person.
        by_link = told.kind is ReturnKind.LEAVE and not proved
        carried = (by_link, told.sent_to, told.tokens, told.message_id)
        if carried not in self._said:
            by = self._by_token if by_link else self._by_what_it_carries
            self._said[carried] = await by(told)
        found = self._said[carried]
        if found is None and proved and told.recipient:
            id = await people.find(self._conn, told.recipient)
            person = await subscribers.by_id(self._conn, id) if id is not None else None
            found = Proved(person=person) if person is not None else None
        return found

    async def _by_what_it_carries(self, told: Return) -> Proved | None:
        found = await self._by_path(told)
        if found is not None:
            return found
        found = await self._by_token(told)
        named = await self._by_message_id(told)
        # Of the same person it says more: which delivery.
        if found is None or (named is not None and named.person.id == found.person.id):
            return named
        return found

    async def _by_path(self, told: Return) -> Proved | None:
        for local in told.sent_to[:_MOST]:
            try:
                id, mark = self._app.links.read_return(local)
            except BadToken:
                continue
            person = await subscribers.by_id(self._conn, id)
            if person is not None:
                delivery_id = await self._marked(mark, id)
                return Proved(person=person, delivery_id=delivery_id, too_old=not delivery_id)
        return None

    async def _by_token(self, told: Return) -> Proved | None:
        for token in told.tokens[:_MOST]:
            try:
                newsletter, key = self._app.links.read_leave(token)
                id = await people.keyed(self._conn, key)
            except (BadToken, NotFound):
                continue
            person = await subscribers.by_id(self._conn, id)
            if person is not None:
                return Proved(person=person, newsletter=newsletter)
        return None

    async def _by_message_id(self, told: Return) -> Proved | None:
        try:
            id, _ = self._app.links.read_message_id(told.message_id)
        except BadToken:
            return None
        person = await subscribers.by_id(self._conn, id)
        if person is None:
            return None
        left = _left(told.message_id)
        marked = await self._marked_editions()
        for delivery_id in (*marked.values(), *await bounces.letters_to(self._conn, id)):
            # Its host may have been another then: what is signed stands before it.
            genuine = self._app.links.message_id(delivery_id, person, domain="any")
            if compare_digest(_left(genuine), left):
                return Proved(person=person, delivery_id=delivery_id)
        return None

    async def _marked(self, mark: bytes, subscriber_id: int) -> str:
        """The edition, or the letter to that person, that *mark* stands for; "" if none."""
        if mark in (editions := await self._marked_editions()):
            return editions[mark]
        letters = await bounces.letters_to(self._conn, subscriber_id)
        return next((id for id in letters if self._app.links.delivery_mark(id) == mark), "")

    async def _marked_editions(self) -> dict[bytes, str]:
        if self._editions is None:
            ids = await bounces.editions_since(self._conn, self._app.now() - KNOWN_FOR)
            self._editions = {self._app.links.delivery_mark(id): id for id in ids}
        return self._editions


def _left(message_id: str) -> bytes:
    return message_id.strip().strip("<>").partition("@")[0].encode("utf-8", "replace")
