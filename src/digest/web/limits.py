"""How many forms are taken: in an hour, from one network, with one stamp, and in all.

Of this process, in memory: after a start everybody begins anew.  What must hold whatever
happens, one question to an address in a day, is the database's to say (see `joining`).
"""

from collections import OrderedDict
from collections.abc import Mapping
from hashlib import blake2b
from typing import Final, Literal

#: *yes*: one more; *enough*: there were some like it, and one more would say nothing new;
#: *again*: the form is to be asked for anew; *busy*: too many.
Taken = Literal["yes", "enough", "again", "busy"]

_HOUR_S: Final = 3600.0
#: Sign-ups for one address, from one network.  What others sent in for it does not count: that
#: somebody did is nobody's business.
PER_ADDRESS: Final = 5
#: Sign-ups with one stamp: whoever mistypes goes back and tries again; a program has to fetch
#: many forms, and to wait for each.
PER_STAMP: Final = 5
#: Networks, addresses and stamps that are remembered, those of late; 100 octets each.
_MOST: Final = 50_000


class Limits:
    """Counts that fade: each is a bucket that runs empty in an hour.

    Args:
        patience_s: how long somebody has to send a form in, from its first octet to its last.
    """

    def __init__(
        self, *, network_per_hour: int, total_per_hour: int, patience_s: float = 20.0
    ) -> None:
        self.patience_s = patience_s
        self._most: Mapping[str, int] = {
            "network": network_per_hour,
            "all": total_per_hour,
            "stamp": PER_STAMP,
            "address": PER_ADDRESS,
        }
        #: By last use: how full, and when that was.
        self._buckets: OrderedDict[bytes, tuple[float, float]] = OrderedDict()

    def take(self, *, network: str, address: str, stamp: str, now_s: float) -> Taken:
        """Whether one more form is taken; one that is not, does not count.

        Args:
            now_s: seconds of a clock that never goes back.
        """
        named = {
            "network": network,
            "all": "",
            "stamp": stamp,
            "address": f"{network}\0{address.casefold()}",
        }
        keys = {
            kind: blake2b(f"{kind}\0{name}".encode("utf-8", "replace"), digest_size=16).digest()
            for kind, name in named.items()
        }
        levels = {kind: self._level(key, self._most[kind], now_s) for kind, key in keys.items()}
        full = {kind for kind, level in levels.items() if level + 1 > self._most[kind]}
        if full & {"network", "all"}:
            return "busy"
        if full:
            return "enough" if "address" in full else "again"
        for kind, key in keys.items():
            self._buckets[key] = (levels[kind] + 1, now_s)
            self._buckets.move_to_end(key)
        while len(self._buckets) > _MOST:
            self._buckets.popitem(last=False)
        return "yes"

    def _level(self, key: bytes, most: int, now_s: float) -> float:
        level, at = self._buckets.get(key, (0.0, now_s))
        return max(0.0, level - max(0.0, now_s - at) * most / _HOUR_S)
