"""Mailgun: a message as it is, as a file of a form.  Pure but for the boundary.

Mailgun keeps our Message-ID and writes its own envelope sender; what comes back is told to our
webhook (`returns.mailgun`).
"""

import base64
import secrets
from typing import Final

from digest import settings
from digest.errors import MailError
from digest.mail.over_http import Answer, Request, address_refused

_USUAL: Final = "https://api.mailgun.net"
#: Links and opens are our newsroom's business, or nobody's.
_WISHES: Final = {"o:tracking": "no", "o:tracking-clicks": "no", "o:tracking-opens": "no"}


class Mailgun:
    """See `over_http.Provider`; the key is a sending key of `domain`."""

    def __init__(self, relay: settings.Relay) -> None:
        self._url = f"{relay.api_url or _USUAL}/v3/{relay.domain}/messages.mime"

    def request(self, message: bytes, *, to: str, key: str) -> Request:
        # Not made of the message: whoever writes into one could guess where a part ends.
        boundary = secrets.token_hex(16)
        parts = [
            f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
            for name, value in {"to": to, **_WISHES}.items()
        ]
        file = (
            f'--{boundary}\r\nContent-Disposition: form-data; name="message"; '
            'filename="message.eml"\r\nContent-Type: message/rfc822\r\n\r\n'
        )
        head = "".join([*parts, file]).encode()
        account = base64.b64encode(f"api:{key}".encode()).decode()
        return Request(
            url=self._url,
            headers={
                "Content-Type": f"multipart/form-data; boundary={boundary}",
                "Authorization": f"Basic {account}",
            },
            body=b"".join([head, message, f"\r\n--{boundary}--\r\n".encode()]),
        )

    def taken(self, answer: Answer) -> str:
        id = answer.told.get("id")
        return id if isinstance(id, str) else ""

    def refusal(self, answer: Answer) -> MailError | None:
        words = answer.words.lower()
        about_to = "'to'" in words or "to parameter" in words or "recipient" in words
        if answer.status in (400, 422) and about_to:
            return address_refused(f"HTTP {answer.status}: {answer.words}")
        return None
