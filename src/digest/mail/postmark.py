"""Postmark: a message taken apart into JSON, for its API takes none as it is.  Pure.

Postmark writes the message anew, with its own signature and envelope sender: ours are not told.
The Message-ID stays ours, and what comes back is told to our webhook (`returns.postmark`) or to
the mailbox of the stream.
"""

import json
from typing import Any, Final

from digest import settings
from digest.errors import MailError, Refused, RelayDown
from digest.mail.mime import Parts, taken_apart
from digest.mail.over_http import Answer, Request, address_refused

_USUAL: Final = "https://api.postmarkapp.com"
#: They have names of their own in the JSON, or are written by Postmark.
_ELSEWHERE: Final = frozenset(
    {
        "from", "to", "cc", "bcc", "subject", "reply-to", "date", "sender", "return-path",
        "received", "mime-version", "dkim-signature",
    }
)  # fmt: skip
_INVALID_REQUEST: Final = 300
_INACTIVE: Final = 406


class Postmark:
    """See `over_http.Provider`; the key is the token of a server."""

    def __init__(self, relay: settings.Relay) -> None:
        self._url = f"{relay.api_url or _USUAL}/email"
        self._stream = relay.stream

    def request(self, message: bytes, *, to: str, key: str) -> Request:
        return Request(
            url=self._url,
            headers={"Content-Type": "application/json", "X-Postmark-Server-Token": key},
            body=json.dumps(self._told(taken_apart(message), to)).encode(),
        )

    def _told(self, parts: Parts, to: str) -> dict[str, Any]:
        headers = [
            {"Name": name, "Value": value}
            for name, value in parts.headers
            if name.lower() not in _ELSEWHERE and not name.lower().startswith("content-")
        ]
        # Without it our Message-ID would be kept under another name, and nothing that comes back
        # could be told apart by it.
        headers.append({"Name": "X-PM-KeepID", "Value": "true"})
        told: dict[str, Any] = {
            "From": parts.author,
            "To": to,
            "Subject": parts.subject,
            "Headers": headers,
            "MessageStream": self._stream,
            "TrackOpens": False,
            "TrackLinks": "None",
        }
        if parts.reply_to:
            told["ReplyTo"] = parts.reply_to
        if parts.text:
            told["TextBody"] = parts.text
        if parts.html:
            told["HtmlBody"] = parts.html
        if parts.files:
            told["Attachments"] = [
                {
                    "Name": file.name,
                    "Content": file.base64,
                    "ContentType": file.media_type,
                    **({"ContentID": f"cid:{file.content_id}"} if file.content_id else {}),
                }
                for file in parts.files
            ]
        return told

    def taken(self, answer: Answer) -> str:
        id = answer.told.get("MessageID")
        return id if isinstance(id, str) and answer.told.get("ErrorCode") == 0 else ""

    def refusal(self, answer: Answer) -> MailError | None:
        number = answer.told.get("ErrorCode")
        if not isinstance(number, int) or number == 0 or answer.status >= 429:
            return None
        said = f"HTTP {answer.status}, error {number}: {answer.words}"
        if number == _INACTIVE:
            # A hard bounce or a complaint of before; Postmark does not say here which.
            return Refused(550, f"5.2.1 {said}")
        if number == _INVALID_REQUEST and "from" not in answer.words.lower():
            return address_refused(said)
        if number == _INVALID_REQUEST:
            return RelayDown(554, f"{said}; look at [mail] from_address")
        if answer.status in (200, 422):
            # All others are about the account, the stream, or what we ask for.
            return RelayDown(554, f"{said}; look at the server and its message streams")
        return None
