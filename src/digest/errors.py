"""One tree of errors; each answers one question: may the same call succeed later?

Rooms raise the most exact one, with the words the operator needs to act, `from`
its cause.  Verbs catch only what they can answer; faces translate (see `cli`
and `web`).

    DigestError
    ├── ConfigError              lists every fault at once
    ├── NotFound · Conflict      no such thing · it exists, or moved on since you looked
    │   └── AskedToStop          this process ends; the next one goes on
    ├── SourceError              one source; the others go on
    │   ├── FetchError           network, status, size, robots.txt
    │   └── ParseError           the bytes are not what the kind promised
    ├── SummaryError             the model's endpoint gave no answer; the summary stays
    ├── RenderError              a template is broken: where, and how
    ├── BrowserError             the browser that takes pictures of pages failed
    ├── MailError
    │   ├── Deferred             4xx, time-out: same address, later
    │   ├── Refused              5xx at RCPT or DATA: not again for this edition
    │   │   └── Unfit            this way out cannot carry it; another may
    │   └── RelayDown            they refuse *us*; no subscriber is to blame; stop
    ├── DnsError                 no name server answered
    ├── BadToken                 forged, expired, or made for another purpose
    └── StoreError               locked too long, or a schema of another version
"""

from collections.abc import Sequence
from enum import StrEnum


class DigestError(Exception):
    """Anything Digest itself raises."""

    #: May the same call succeed later, with nothing changed by a person?
    temporary: bool = False


class ConfigError(DigestError):
    """The configuration cannot be used; `faults` names every reason, one a line."""

    def __init__(self, faults: Sequence[str]) -> None:
        super().__init__("\n".join(faults))
        self.faults = tuple(faults)


class NotFound(DigestError):
    """There is no such thing."""


class Conflict(DigestError):
    """It exists already, or has moved on since you looked."""


class AskedToStop(Conflict):
    """This process was asked to end: what is left is done by the next one."""

    temporary = True


class Fault(StrEnum):
    """What is wrong with a source, in one word."""

    #: The name leads nowhere, or nobody listens there.
    UNREACHABLE = "unreachable"
    TIMEOUT = "timeout"
    #: The certificate is not believed, or no encryption could be agreed on.
    TLS = "tls"
    #: The connection broke in the middle, or what came is no HTTP.
    BROKEN = "broken"
    #: A private address, or one that cannot be fetched at all.
    FORBIDDEN_ADDRESS = "forbidden-address"
    TOO_BIG = "too-big"
    REDIRECTS = "redirects"
    #: 401, 402, 403, 407, 451; or a page that wants a cookie or a human first.
    REFUSED = "refused"
    NOT_FOUND = "not-found"
    GONE = "gone"
    #: 429 or 503 with Retry-After: asked to wait.
    BUSY = "busy"
    SERVER_ERROR = "server-error"
    #: robots.txt does not allow it.
    ROBOTS = "robots"
    NOT_A_FEED = "not-a-feed"
    #: A document of the right kind in which nothing could be read.
    UNREADABLE = "unreadable"
    #: A file, folder or mailbox that is not there or may not be read.
    NO_ACCESS = "no-access"
    #: Digest itself failed on it.
    OURS = "ours"


class SourceError(DigestError):
    """One source, or one document of it, could not be used; the others go on."""

    fault: Fault = Fault.UNREADABLE

    def __init__(self, source_id: str, text: str, *, fault: Fault | None = None) -> None:
        super().__init__(text)
        self.source_id = source_id
        if fault is not None:
            self.fault = fault


class FetchError(SourceError):
    """Network, status, size or robots.txt.  `temporary` unless the site said never."""

    fault = Fault.UNREACHABLE

    def __init__(
        self,
        source_id: str,
        text: str,
        *,
        temporary: bool = True,
        status: int | None = None,
        fault: Fault | None = None,
        wait_s: float | None = None,
    ) -> None:
        super().__init__(source_id, text, fault=fault)
        self.temporary = temporary
        #: HTTP status, where there was one.
        self.status = status
        #: Seconds that the server asked us to stay away (Retry-After).
        self.wait_s = wait_s


class ParseError(SourceError):
    """The bytes are not what the kind promised: the message says what to do."""


class SummaryError(DigestError):
    """A model's endpoint gave no answer; summaries stay as they are without one.

    `temporary` unless asking again would get the same: a key refused, a model unknown.
    """

    def __init__(self, text: str, *, temporary: bool = True) -> None:
        super().__init__(text)
        self.temporary = temporary


class RenderError(DigestError):
    """A template is broken."""

    def __init__(self, template: str, line: int | None, text: str) -> None:
        where = f"{template}:{line}" if line else template
        super().__init__(f"{where}: {text}")
        self.template = template
        self.line = line
        self.text = text


class BrowserError(DigestError):
    """The browser that takes pictures of pages failed."""

    temporary = True


class MailError(DigestError):
    """A negative SMTP reply, or none: `code` is 0 when no reply was heard."""

    def __init__(self, code: int, text: str, *, relay: str = "") -> None:
        super().__init__(f"{code} {text}" if code else text)
        #: Three-digit reply, RFC 5321 §4.2.1.
        self.code = code
        self.text = text
        #: Name of the relay that said it; "" when it is not known.
        self.relay = relay


class Deferred(MailError):
    """4xx or time-out before the content left: the same address, later."""

    temporary = True

    def __init__(self, code: int, text: str, *, relay: str = "", tried: bool = True) -> None:
        super().__init__(code, text, relay=relay)
        #: It is about the person; False: about us, or about nobody: no try of theirs.
        self.tried = tried


class Refused(MailError):
    """5xx at RCPT or DATA: not again for this edition."""


class Unfit(Refused):
    """This way out cannot carry it, whatever it is asked; another may.  Nothing was begun."""

    def __init__(self, code: int, text: str, *, relay: str = "", ours: bool) -> None:
        super().__init__(code, text, relay=relay)
        #: It is about the message, which all people of a variant get; False: about one address.
        self.ours = ours


class RelayDown(MailError):
    """They refuse us, not a subscriber: connection, AUTH, MAIL, 421.  Stop; nobody is blamed."""

    temporary = True


class Vanished(MailError):
    """The content was started and no answer was heard: the subscriber may have it, or not."""


class DnsError(DigestError):
    """A name server gave no answer, which is not the same as: there is nothing."""

    temporary = True


class BadToken(DigestError):
    """A link that is forged, expired, or made for another purpose."""


class StoreError(DigestError):
    """The database is locked too long, unreachable, or of another version."""

    temporary = True
