"""Layouts of one edition at hand: those used last as they are, the others packed.

Filling needs neither the HTML nor the text as somebody would see them, and the octets of mails
become a third or less when they are packed.  Who gets which layout is not known here, nor how one
is made.
"""

import zlib
from collections import OrderedDict
from collections.abc import Hashable
from dataclasses import dataclass, replace
from itertools import accumulate, pairwise

from digest.render.layout import Layout

#: Layouts that are kept as they are: 0.1 MB each, 0.2 MB the longest.
READY = 64
#: Octets of all that are packed: some thousands of layouts.
PACKED = 64 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class _Packed:
    #: All of it but the body.
    rest: Layout
    octets: bytes
    #: Where each part of the body ends in *octets*, once they are unpacked.
    ends: tuple[int, ...]
    #: Place in the body, and octets, of what is kept as it is: all variants share it.
    shared: tuple[tuple[int, bytes], ...]


def bare(layout: Layout) -> Layout:
    """*layout* with what `fill` needs, and no more."""
    return replace(layout, html="", text="")


def _is_shared(part: bytes) -> bool:
    # Pictures inside mails begin with their fields, and are in memory once (layout._picture).  A
    # text that begins like this is kept unpacked; no harm is done.
    return part.startswith(b"Content-Type: ") and not part.startswith(b"Content-Type: text/")


def _pack(layout: Layout) -> _Packed:
    shared = tuple((place, part) for place, part in enumerate(layout.body) if _is_shared(part))
    places = {place for place, _ in shared}
    parts = [b"" if place in places else part for place, part in enumerate(layout.body)]
    return _Packed(
        rest=replace(layout, html="", text="", body=()),
        octets=zlib.compress(b"".join(parts), 1),
        ends=tuple(accumulate(map(len, parts))),
        shared=shared,
    )


def _unpack(packed: _Packed) -> Layout:
    octets = zlib.decompress(packed.octets)
    body = [octets[start:end] for start, end in pairwise((0, *packed.ends))]
    for place, part in packed.shared:
        body[place] = part
    return replace(packed.rest, body=tuple(body))


class Layouts:
    """Layouts by what they are for; without their `html` and `text`.

    Not for several threads at once.

    Args:
        ready: so many, those used last, are kept as they are; the others are packed.
        packed: octets that these may have; what was packed or used longest ago is forgotten.
    """

    def __init__(self, *, ready: int = READY, packed: int = PACKED) -> None:
        self._most_ready, self._most_packed = ready, packed
        #: By last use.
        self._ready: OrderedDict[Hashable, Layout] = OrderedDict()
        #: Stays when it is unpacked: it need not be packed again.
        self._packed: OrderedDict[Hashable, _Packed] = OrderedDict()
        self._octets = 0

    def __contains__(self, key: Hashable) -> bool:
        return key in self._ready or key in self._packed

    def get(self, key: Hashable) -> Layout | None:
        """The layout of *key*; None if it was never put here, or is forgotten."""
        layout = self._ready.get(key)
        if layout is not None:
            self._ready.move_to_end(key)
            return layout
        packed = self._packed.get(key)
        if packed is None:
            return None
        self._packed.move_to_end(key)
        return self._keep(key, _unpack(packed))

    def put(self, key: Hashable, layout: Layout) -> Layout:
        """Keep *layout*; return it as it is kept."""
        return self._keep(key, bare(layout))

    def _keep(self, key: Hashable, layout: Layout) -> Layout:
        self._ready[key] = layout
        if len(self._ready) > self._most_ready:
            idle, used_long_ago = self._ready.popitem(last=False)
            if idle not in self._packed:
                packed = self._packed[idle] = _pack(used_long_ago)
                self._octets += len(packed.octets)
        while self._octets > self._most_packed:
            _, forgotten = self._packed.popitem(last=False)
            self._octets -= len(forgotten.octets)
        return layout
