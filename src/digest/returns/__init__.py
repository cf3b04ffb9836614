"""Quiet room: what comes back, by mail and from relays, as `Return` values.

Give it the octets of one mail; it says what failed, who complained, who wants to leave, and why
it thinks so.  It asks neither the network nor the time, and knows no key: whose report it is,
and what is done about it, is the verb's (`returning`).
"""

from typing import TYPE_CHECKING

from digest.doors import door

if TYPE_CHECKING:
    from digest.returns.kinds import Verdict, judged, kind_of
    from digest.returns.understood import Understood, understand
else:
    __getattr__ = door(
        __name__,
        {
            "kinds": "Verdict judged kind_of",
            "understood": "Understood understand",
        },
    )
