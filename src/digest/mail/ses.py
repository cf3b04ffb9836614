"""Amazon SES, API v2: a message as it is, signed with Signature Version 4.  Pure but for the clock.

SES takes the finished octets and writes its own Date, Message-ID and envelope sender into them, so
a bounce does not come back to ours: it comes back through SNS (`returns.ses`), which repeats the
headers that we wrote.  FeedbackForwardingEmailAddress stays unset for that reason, and because an
address that is not verified there would have every message refused.
"""

import base64
import hmac
import json
import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from hashlib import sha256
from typing import Final
from urllib.parse import urlsplit

from digest import settings
from digest.errors import MailError, RelayDown
from digest.mail.mime import header_of
from digest.mail.over_http import Answer, Request, address_refused

_PATH: Final = "/v2/email/outbound-emails"
#: What SES says of an address that is none; of From it cannot be, which is in the settings.
_NO_ADDRESS: Final = re.compile(
    r"local address|missing (final|local)|domain (contains|starts|ends|name)|illegal address"
    r"|invalid domain|address length|recipient",
    re.IGNORECASE,
)
_DAILY: Final = re.compile(r"daily|24.hour", re.IGNORECASE)


def _utc_now() -> datetime:
    return datetime.now(UTC)


class Ses:
    """See `over_http.Provider`; the key is the secret access key, `username` its id."""

    def __init__(self, relay: settings.Relay, *, now: Callable[[], datetime] = _utc_now) -> None:
        self._relay = relay
        self._now = now
        root = relay.api_url or f"https://email.{relay.region}.amazonaws.com"
        self._url = root + _PATH

    def request(self, message: bytes, *, to: str, key: str) -> Request:
        content: dict[str, object] = {
            # Whoever is in the envelope gets it; the headers only say so.
            "Destination": {"ToAddresses": [to]},
            "Content": {"Raw": {"Data": base64.b64encode(message).decode()}},
        }
        if author := header_of(message, "From"):
            content["FromEmailAddress"] = author
        body = json.dumps(content).encode()
        headers = {"Content-Type": "application/json"}
        signed = signature_v4(
            "POST", self._url, headers, body,
            key_id=self._relay.username, key=key, region=self._relay.region, service="ses",
            at=self._now(),
        )  # fmt: skip
        return Request(url=self._url, headers=headers | signed, body=body)

    def taken(self, answer: Answer) -> str:
        id = answer.told.get("MessageId")
        return id if isinstance(id, str) else ""

    def refusal(self, answer: Answer) -> MailError | None:
        kind = answer.headers.get("x-amzn-errortype", "").partition(":")[0]
        said = f"HTTP {answer.status}: {kind} {answer.words}"
        if answer.status == 429 and _DAILY.search(answer.words):
            # Tomorrow, not in a minute: nobody's tries are used up for it.
            return RelayDown(454, f"{said}; the day's share of this account is used up")
        if answer.status in (400, 404):
            if kind in ("BadRequestException", "") and _NO_ADDRESS.search(answer.words):
                return address_refused(said)
            if kind not in ("BadRequestException", ""):
                return RelayDown(554, f"{said}; look at the account and its identities")
        if answer.status == 403 and "xpired" in answer.words:
            return RelayDown(535, f"{said}; look at the clock of this machine")
        return None


def signature_v4(
    method: str,
    url: str,
    headers: Mapping[str, str],
    body: bytes,
    *,
    key_id: str,
    key: str,
    region: str,
    service: str,
    at: datetime,
) -> dict[str, str]:
    """The headers that sign a request without a query: Host, X-Amz-Date and Authorization.

    All of *headers* are signed too.  AWS, "Signature Version 4 signing process".
    """
    moment = at.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")
    parts = urlsplit(url)
    added = {"Host": parts.netloc, "X-Amz-Date": moment}
    told = {name.lower(): " ".join(value.split()) for name, value in {**headers, **added}.items()}
    names = ";".join(sorted(told))
    canonical = "\n".join(
        [
            method,
            parts.path or "/",
            "",
            *(f"{name}:{told[name]}" for name in sorted(told)),
            "",
            names,
            sha256(body).hexdigest(),
        ]
    )
    scope = f"{moment[:8]}/{region}/{service}/aws4_request"
    to_sign = "\n".join(["AWS4-HMAC-SHA256", moment, scope, sha256(canonical.encode()).hexdigest()])
    signing_key = b"AWS4" + key.encode()
    for part in scope.split("/"):
        signing_key = hmac.digest(signing_key, part.encode(), "sha256")
    signature = hmac.digest(signing_key, to_sign.encode(), "sha256").hex()
    told_as = f"AWS4-HMAC-SHA256 Credential={key_id}/{scope}, SignedHeaders={names}"
    return {**added, "Authorization": f"{told_as}, Signature={signature}"}
