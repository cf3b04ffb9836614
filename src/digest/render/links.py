"""Addresses of pages, and links that prove who they were made for.

A link holds no address of a person and is good for one purpose only: the purpose
is part of what is signed, so a token never opens another door (RFC 8058 §6).
"""

import hmac
import re
from base64 import b32decode, b32encode, urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as NotBase64
from datetime import UTC, datetime
from hashlib import sha256
from typing import Literal
from uuid import UUID

from digest.errors import BadToken
from digest.model import Subscriber
from digest.render.tidy import web_url

FeedFormat = Literal["rss", "atom", "json"]

#: Octets that SHA-256 takes at a time.
_BLOCK = 64
#: Octets of a signature in a token: 128 bits, as RFC 8058 §3.1's "hard to forge" wants.
MAC = 16
#: Octets of a subscriber's key.
KEY = 16
#: Letters of a link that mail programs, gateways and old browsers leave whole.
LONGEST_LINK = 2_000

_NOT_ATEXT = re.compile(r"[^A-Za-z0-9-]+")


def feed_file(folder: str, format: FeedFormat, *, week: str = "", page: int = 1) -> str:
    """The path under ``out/`` of a channel's document, ``feeds/daily/stories/feed.atom``.

    Args:
        folder: of the channel, as `channels.folder` has it.
        week: of an archive document, ``2026-W21``; "" for what readers subscribe to.
        page: from 1; only JSON feeds have a second.
    """
    more = f"-{page}" if page > 1 else ""
    return f"{folder}/{week or 'feed'}{more}.{format}"


class Links:
    """All addresses of one installation.

    Args:
        base_url: where the published folder is served; no slash at the end.
        key: the installation's secret, 32 random octets or more; another key voids all links.
        leave_mailbox: an address whose mails mean "unsubscribe"; "" if there is none.
        return_mailbox: an address that bounces go to; "" if there is none.
    """

    def __init__(
        self, base_url: str, key: bytes, *, leave_mailbox: str = "", return_mailbox: str = ""
    ) -> None:
        if len(key) < 16:
            raise ValueError("the link key must have at least 16 octets")
        # ASCII, as headers and feeds need it, also where the operator wrote an IDN.
        self.base_url = (web_url(base_url) or base_url).rstrip("/")
        self.leave_mailbox = leave_mailbox
        self.return_mailbox = return_mailbox
        # HMAC (RFC 2104) by two hashes that know the key already: three links a message, and a
        # third of the time.
        padded = (sha256(key).digest() if len(key) > _BLOCK else key).ljust(_BLOCK, b"\0")
        self._inner = sha256(bytes(octet ^ 0x36 for octet in padded))
        self._outer = sha256(bytes(octet ^ 0x5C for octet in padded))

    def _sign(self, purpose: str, text: bytes) -> bytes:
        # The NUL keeps a purpose from running into what it signs.
        inner, outer = self._inner.copy(), self._outer.copy()
        inner.update(b"digest:" + purpose.encode() + b"\0" + text)
        outer.update(inner.digest())
        return outer.digest()

    def home_url(self) -> str:
        """The archive: every newsletter and its editions."""
        return f"{self.base_url}/"

    def edition_url(self, edition_id: str) -> str:
        """The page of an edition, ``daily@2026-05-18T0700`` at /editions/daily/2026-05-18T0700/."""
        newsletter, _, slot = edition_id.partition("@")
        return f"{self.base_url}/editions/{newsletter}/{slot}/"

    def story_url(self, edition_id: str, story_id: str) -> str:
        return f"{self.edition_url(edition_id)}{story_id}/"

    def newsletter_url(self, newsletter: str) -> str:
        """Everything of one newsletter: its sections, its years."""
        return f"{self.base_url}/editions/{newsletter}/"

    def year_url(self, newsletter: str, year: int) -> str:
        return f"{self.newsletter_url(newsletter)}{year}/"

    def section_url(self, newsletter: str, section: str) -> str:
        return f"{self.newsletter_url(newsletter)}section/{section}/"

    def search_url(self) -> str:
        return f"{self.base_url}/search"

    def picture_url(self, file: str) -> str:
        return f"{self.base_url}/pictures/{file}"

    def icon_url(self) -> str:
        return self.picture_url("icon.png")

    def channel_url(self, folder: str, format: FeedFormat, *, week: str = "", page: int = 1) -> str:
        """A document of the channel in *folder*: `feed_file` names it."""
        return f"{self.base_url}/{feed_file(folder, format, week=week, page=page)}"

    def feeds_url(self, newsletter: str = "") -> str:
        """The page that lists all feeds of a newsletter; without one, of the house."""
        return f"{self.base_url}/feeds/{newsletter}/" if newsletter else f"{self.base_url}/feeds/"

    def lasting_id(self, *parts: str) -> str:
        """A ``urn:uuid:`` (RFC 9562, version 8) for what has these names here.

        Made of the key, not of an address: a site may move to another domain, and feed readers
        know its entries again.
        """
        octets = bytearray(self._sign("id", "\0".join(parts).encode("utf-8", "replace"))[:16])
        octets[6] = octets[6] & 0x0F | 0x80
        octets[8] = octets[8] & 0x3F | 0x80
        return UUID(bytes=bytes(octets)).urn

    def leave_token(self, newsletter: str, subscriber: Subscriber) -> str:
        """A token that ends one subscription; always the same, old mails keep working."""
        return self._personal("leave", newsletter, subscriber)

    def leave_url(self, newsletter: str, subscriber: Subscriber) -> str:
        """GET asks, POST leaves (RFC 8058): the link of the footer and of List-Unsubscribe."""
        return f"{self.base_url}/leave/{self.leave_token(newsletter, subscriber)}"

    def preferences_token(self, newsletter: str, subscriber: Subscriber) -> str:
        """A token that changes what one subscription brings; always the same."""
        return self._personal("preferences", newsletter, subscriber)

    def preferences_url(self, newsletter: str, subscriber: Subscriber) -> str:
        """A page on which one subscriber changes what they get; the same for ever."""
        return f"{self.base_url}/preferences/{self.preferences_token(newsletter, subscriber)}"

    def leave_mailto(self, newsletter: str, subscriber: Subscriber) -> str | None:
        """The mail way out, RFC 2369 §3.2; None without a mailbox for it."""
        if not self.leave_mailbox:
            return None
        token = self.leave_token(newsletter, subscriber)
        return f"mailto:{self.leave_mailbox}?subject=leave%20{token}"

    def subscribe_url(self, newsletter: str = "") -> str:
        """The page on which anybody signs up; without *newsletter*, to choose one."""
        return f"{self.base_url}/subscribe" + (f"/{newsletter}" if newsletter else "")

    def confirm_token(self, letter: int, *, until: datetime) -> str:
        """A token that answers one letter with "yes, it was I", once, and until then."""
        body = letter.to_bytes(8, "big") + int(until.timestamp()).to_bytes(6, "big")
        return self._token("confirm", body)

    def confirm_url(self, letter: int, *, until: datetime) -> str:
        """GET asks, POST confirms: mail scanners open every link."""
        return f"{self.base_url}/confirm/{self.confirm_token(letter, until=until)}"

    def read_confirm(self, token: str, *, now: datetime) -> int:
        """Return the number of the letter that a token of `confirm_token` answers.

        Raises:
            BadToken: as `read_leave`; or its time is over.
        """
        body = self._body("confirm", token)
        if int(now.timestamp()) > int.from_bytes(body[8:], "big"):
            raise BadToken("this link was good for some days only; sign up again for a new one")
        return int.from_bytes(body[:8], "big")

    def form_stamp(self, now: datetime) -> str:
        """What a sign-up form carries to say when it was asked for."""
        return self._token("form", int(now.timestamp() * 1000).to_bytes(8, "big"))

    def read_form_stamp(self, stamp: str) -> datetime:
        """When the form with this stamp was asked for.

        Raises:
            BadToken: as `read_leave`.
        """
        body = self._body("form", stamp)
        return datetime.fromtimestamp(int.from_bytes(body, "big") / 1000, UTC)

    def return_path(self, delivery_id: str, subscriber_id: int) -> str:
        """The envelope sender of one message (VERP): what comes back says whose it is.

        ``bounces+`` and 32 small letters and digits: some servers fold the case of it, and RFC
        5321 §4.5.3.1.1 leaves 64.  "" without a mailbox for it.

        Args:
            delivery_id: of an edition, or of a letter.
        """
        if not self.return_mailbox:
            return ""
        body = subscriber_id.to_bytes(6, "big") + self.delivery_mark(delivery_id)
        signed = self._sign("return", body)[:10] + body
        local, _, domain = self.return_mailbox.rpartition("@")
        return f"{local}+{b32encode(signed).decode().lower()}@{domain}"

    def delivery_mark(self, delivery_id: str) -> bytes:
        """Four octets that stand for an edition, or a letter, in a return path."""
        return self._sign("delivery", delivery_id.encode())[:4]

    def read_return(self, address: str) -> tuple[int, bytes]:
        """Return (subscriber id, mark of the delivery) of an address that `return_path` made.

        Args:
            address: or its local part alone.

        Raises:
            BadToken: forged, or of another key.
        """
        token = address.partition("@")[0].rpartition("+")[2]
        try:
            signed = b32decode(token.upper())
        except (NotBase64, ValueError) as error:
            raise BadToken("this address is not one of ours") from error
        body = signed[10:]
        genuine = hmac.compare_digest(self._sign("return", body)[:10], signed[:10])
        if not genuine or len(body) != 10:
            raise BadToken("this address is not one of ours")
        return int.from_bytes(body[:6], "big"), body[6:]

    def read_message_id(self, message_id: str) -> tuple[int, str]:
        """Return (subscriber id, the edition's name in it) of a Message-ID, unproved.

        Whoever finds the edition proves it with `message_id`: only the true one makes the same.

        Raises:
            BadToken: it has not the form of ours.
        """
        left = message_id.strip().strip("<>").partition("@")[0]
        name, _, rest = left.rpartition(".")
        edition, _, number = name.rpartition(".")
        if not (edition and number.isascii() and number.isdigit() and len(rest) == 12):
            raise BadToken("this Message-ID is not one of ours")
        return int(number[:18]), edition

    def read_leave(self, token: str) -> tuple[str, str]:
        """Return (newsletter, subscriber key) of a token that `leave_token` made.

        Raises:
            BadToken: forged, cut short, or made for another purpose or with another key.
        """
        return self._read_personal("leave", token)

    def read_preferences(self, token: str) -> tuple[str, str]:
        """Return (newsletter, subscriber key) of a token that `preferences_token` made.

        Raises:
            BadToken: as `read_leave`.
        """
        return self._read_personal("preferences", token)

    def go_url(self, edition_id: str, url: str) -> str:
        """A link to *url* that can be counted; the address is in it, so it works for ever.

        *url* itself where it is no web address, or so long that a link around it would be cut
        on its way.
        """
        target = web_url(url)
        if target is None or "\0" in edition_id:
            return url
        token = self._token("go", f"{edition_id}\0{target}".encode())
        counted = f"{self.base_url}/go/{token}"
        return counted if len(counted) <= LONGEST_LINK else url

    def read_go(self, token: str) -> tuple[str, str]:
        """Return (edition id, web address) of a token that `go_url` made.

        Raises:
            BadToken: as `read_leave`; nobody else can have us send people anywhere.
        """
        edition_id, _, url = self._body("go", token).decode().partition("\0")
        target = web_url(url)
        if target is None:
            raise BadToken("this link leads to no web address")
        return edition_id, target

    def _personal(self, purpose: str, newsletter: str, subscriber: Subscriber) -> str:
        # Of what they subscribed to: a weekly may come to whoever has its daily.
        slug = subscriber.newsletter or newsletter
        return self._token(purpose, bytes.fromhex(subscriber.key) + slug.encode())

    def _read_personal(self, purpose: str, token: str) -> tuple[str, str]:
        body = self._body(purpose, token)
        return body[KEY:].decode(), body[:KEY].hex()

    def _token(self, purpose: str, body: bytes) -> str:
        signed = self._sign(purpose, body)[:MAC] + body
        return urlsafe_b64encode(signed).rstrip(b"=").decode("ascii")

    def _body(self, purpose: str, token: str) -> bytes:
        """What `_token` signed for *purpose*.

        Raises:
            BadToken: it did not.
        """
        try:
            signed = urlsafe_b64decode(token + "=" * (-len(token) % 4))
        except (NotBase64, ValueError) as error:
            raise BadToken("this link is not one of ours; use the one in your mail") from error
        body = signed[MAC:]
        genuine = hmac.compare_digest(self._sign(purpose, body)[:MAC], signed[:MAC])
        # Decoding is lenient; only the spelling that we write is ours.
        spelled = urlsafe_b64encode(signed).rstrip(b"=") == token.encode("ascii", "replace")
        if not (genuine and spelled):
            raise BadToken("this link is damaged or forged; use the one in your mail")
        return body

    def message_id(self, edition_id: str, subscriber: Subscriber, *, domain: str) -> str:
        """``<daily.2026-05-18T0700.17.HMAC@domain>``: a message sent again is the same message.

        Args:
            domain: the sender's; a public one (RFC 5322 §3.6.4).
        """
        text = f"{edition_id}\0{subscriber.id}".encode()
        mac = self._sign("message-id", text)[:6].hex()
        left = _NOT_ATEXT.sub(".", edition_id).strip(".")
        return f"<{left}.{subscriber.id}.{mac}@{domain}>"

    def nonce(self, edition_id: str) -> str:
        """16 hex digits that nobody outside can guess: they mark the holes of an edition."""
        return self._sign("holes", edition_id.encode())[:8].hex()
