"""Loud room: messages out.

Give a transport finished octets, an envelope sender and one recipient; it says what the relay
answered, or raises the error that says whose fault it is and whether the message may have
arrived.  It knows nothing of editions, subscribers or the journal, never tries again by itself
and decides no pace: `Pace` is a pure answer to "how long must I wait?" for whoever sends.

A transport is anything that behaves like `Transport`; ours are `SmtpTransport` for a relay,
`FolderTransport` for files to look at and `MemoryTransport` for tests.  `EmbeddedRelay` is a
relay of our own that keeps mails in a Maildir instead of delivering them.
"""

from typing import TYPE_CHECKING

from digest.doors import door

if TYPE_CHECKING:
    from digest.mail.pace import Pace
    from digest.mail.relay import EmbeddedRelay, Kept
    from digest.mail.sinks import FolderTransport, MemoryTransport, Sent
    from digest.mail.smtp import SmtpTransport
    from digest.mail.transport import Reply, Transport
else:
    __getattr__ = door(
        __name__,
        {
            "pace": "Pace",
            "relay": "EmbeddedRelay Kept",
            "sinks": "FolderTransport MemoryTransport Sent",
            "smtp": "SmtpTransport",
            "transport": "Reply Transport",
        },
    )
