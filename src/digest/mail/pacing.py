"""How fast each relay and each lane may be used now: what was heard decides.

`Pacing` is asked before a mail goes and told after it was answered.  It waits for nobody and
reads no clock but the one it is given; only `meet` has names looked up, behind everybody's back.
What it knows outlives a restart as short texts that somebody else keeps (`changed`, `restore`).
The rules are in `pace`, `lanes`, `warmup` and `storm`.
"""

from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Annotated, Final

from pydantic import Field, TypeAdapter

from digest.addresses import domain_of
from digest.mail.exchangers import Exchangers
from digest.mail.lanes import LANE, At, Families, Flow, Slowed, greylisted, throttled
from digest.mail.relayuse import RelayUse, part, stricter
from digest.mail.standing import Standing, of_lane, of_relay
from digest.mail.storm import spoken
from digest.mail.verdict import enhanced_status
from digest.settings import Relay, Settings
from digest.telemetry import log, masked

#: A relay that refused nearly everybody is asked again after so long.
_STORM_S: Final = 3600.0
#: Lanes that are counted in one minute, and those slowed down that are remembered.
_COUNTED: Final = 4096
_REMEMBERED: Final = 10_000
#: Letters of a key that the table takes.
_LONGEST_KEY: Final = 255
#: Letters of a reason that are kept.
_LONGEST_WHY: Final = 400
#: Where it stands when limited lanes were used last.
_USE: Final = "lanes"

_Count = Annotated[float, Field(ge=0, le=1e12, allow_inf_nan=False)]


@dataclass(frozen=True, slots=True, kw_only=True)
class _KeptLane:
    """What outlives a restart; rates and counts are of all processes together."""

    slowed: Slowed | None = None
    queue: _Count = 0.0
    queue_at: At = 0.0
    reset_at: At = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class _KeptUse:
    used_at: At = 0.0


_LANES: Final = TypeAdapter(_KeptLane)
_USES: Final = TypeAdapter(_KeptUse)


class Pacing:
    """See the module.  One for each process; to be used in one thread."""

    def __init__(
        self,
        settings: Settings,
        *,
        mx: Callable[[str], Awaitable[tuple[str, ...]]] | None = None,
        share: float = 1.0,
    ) -> None:
        """Begin with nothing known.

        Args:
            mx: the hosts that take a domain's mail, best first; raises an error of ours when
                nobody answers.  None: nobody is asked.
            share: of every limit, where several processes send at the same time.
        """
        pace = settings.pace
        self._settings, self._share = settings, share
        families = Families(pace.lanes)
        self._exchangers = Exchangers(families, mx if pace.resolve_mx else None)
        self._limits = {lane.name: part(lane.max_per_minute, share) for lane in pace.lanes}
        self._per_domain = part(pace.per_domain_per_minute, share)
        self._is_limited = bool(self._per_domain) or any(self._limits.values())
        self._slow_start_s = pace.slow_start_min * 60
        self._rule = replace(LANE, floor=max(1.0, LANE.floor * share))
        self._ways: dict[str, RelayUse] = {}
        #: Lanes with a limit or a slow-down that were used; all others have no state.
        self._live: dict[str, Flow] = {}
        self._sweep_at = _COUNTED
        #: Mails accepted by lane, in this minute and the last.
        self._counts: dict[str, int] = {}
        self._last: dict[str, int] = {}
        self._minute_from = self._minute_to = 0.0
        #: As we were last told.
        self._now = datetime.fromtimestamp(0, UTC)
        #: When a limited lane was used last; and before we began, by whoever was before us.
        self._used_at = 0.0
        self._used_before: float | None = None
        #: Lanes whose state is to be kept anew; and what stands in the table, as far as we know.
        self._changed: set[str] = set()
        self._told: dict[str, str] = {}
        #: When a person had a lane forgotten.
        self._resets: dict[str, float] = {}

    # ------------------------------------------------------------------ lanes

    def lane_of(self, email: str) -> str:
        """The lane of an address: a provider's, one of [[pace.lanes]], or its domain."""
        return self._exchangers.lane(domain_of(email))

    async def meet(self, emails: Iterable[str]) -> None:
        """Have the mail exchangers of new domains looked up; returns at once."""
        self._exchangers.meet(map(domain_of, emails))

    async def close(self) -> None:
        """Stop looking up."""
        await self._exchangers.close()

    def turn(self, lane: str, now: datetime, *, waited: bool = False) -> float:
        """0.0: go, a permission of *lane* is taken.  More: nothing is taken, it is not their turn.

        Of who comes for the first time, the seconds until the place that `later` would give now.
        Who comes back from such a place says *waited*, and keeps the turn: seconds until a
        permission is free for them, then to ask again: no other place is to be taken.
        """
        self._now = now
        flow = self._live.get(lane)
        if flow is None:
            if not self._is_limited:
                return 0.0
            flow = self._limited(lane, now.timestamp())
            if flow is None:
                return 0.0
        at = now.timestamp()
        wait = flow.turn(at, waited=waited)
        if not wait:
            self._used_at = at
        return wait

    def later(self, lane: str, now: datetime) -> datetime:
        """When to come back, as one who *waited*: a place of one's own, at the lane's pace.

        It is taken for good: who asks again is given another, behind it.
        """
        at = now.timestamp()
        flow = self._live.get(lane) or self._limited(lane, at)
        if flow is None:
            return now
        self._changed.add(lane)
        return now + timedelta(seconds=flow.place(at))

    def _limited(self, lane: str, at: float) -> Flow | None:
        """The flow of a lane that is used for the first time; None when it has no limit."""
        limit = self._limits.get(lane, self._per_domain if "." in lane else 0.0)
        return self._open(lane, limit, at) if limit else None

    def _open(self, lane: str, limit: float, at: float) -> Flow:
        if len(self._live) >= self._sweep_at:
            self._sweep(at)
        flow = Flow(limit, self._rule, used_at=self._used_before)
        self._live[lane] = flow
        return flow

    def _sweep(self, at: float) -> None:
        """Forget lanes that have nothing to tell; and the oldest of too many small ones."""
        gone = [lane for lane, flow in self._live.items() if flow.is_idle(at)]
        slow = [name for name, flow in self._live.items() if flow.slowed and not flow.limit]
        for lane in gone + slow[: max(0, len(slow) - _REMEMBERED)]:
            del self._live[lane]
            self._changed.add(lane)
        self._sweep_at = max(_COUNTED, 2 * len(self._live))

    # ------------------------------------------------------------------ relays

    def relay_wait(self, relay: str, now: datetime) -> float:
        """Take a permission to give *relay* a mail; seconds to wait before using it.

        Infinity: nothing was taken, its warm-up plan allows no more for now: see `spent`.
        """
        self._now = now
        way = self._ways.get(relay) or self._way(relay)
        return way.take(now.timestamp(), self._slow_start_s)

    def give_back(self, relay: str) -> None:
        """A permission of `relay_wait` was used for nothing, and `heard` will hear of nothing."""
        self._way(relay).give_back()

    def spent(self, relay: str, now: datetime) -> str:
        """Why *relay* may be given no more today, in words.

        "" when it may; also while as many are on their way as are left: some of them may not be
        accepted, so `relay_wait` is to be asked again in a moment.
        """
        return self._way(relay).spent(now.timestamp())

    def down(
        self, relay: str, why: str, until: datetime | None, *, now: datetime | None = None
    ) -> None:
        """Note that *relay* cannot be used, because of *why*, and is tried again at *until*.

        Args:
            until: None: it is up again.
            now: as last told to any of these functions, if it is not told here.
        """
        heard = self._now if self._now.timestamp() else until
        at = (now or heard or self._now).timestamp()
        shown = masked(why)[:_LONGEST_WHY] or "no words" if until else ""
        if self._way(relay).stand(shown, at, until.timestamp() if until else 0.0):
            self._tell_of(relay, shown)

    def _tell_of(self, relay: str, why: str) -> None:
        if why:
            log.warning("a relay is down", relay=relay, why=why)
        else:
            log.info("a relay is up again", relay=relay)

    def storm(self, relay: str) -> str:
        """Why *relay* is taken to refuse us, not people, in words; "" while it is not.

        Until it accepts again, `calm`, or for an hour, when it may be tried anew.
        """
        way = self._ways.get(relay)
        if way is None or not way.watch.reason:
            return ""
        if self._now.timestamp() - way.storm_at > _STORM_S:
            way.watch.calm()
        return way.watch.reason

    def calm(self, relay: str) -> None:
        """Count *relay*'s answers anew: sending was paused for its storm, or goes on after it."""
        self._way(relay).watch.calm()

    def trusted(self, relay: str) -> bool:
        """Whether it has accepted mail lately: what it refuses is about the person.

        Lately: one of its last 50 answers, within an hour.
        """
        way = self._ways.get(relay)
        return way is not None and way.trusted

    def _way(self, name: str) -> RelayUse:
        way = self._ways.get(name)
        if way is None:
            relays = {relay.name: relay for relay in self._settings.relays}
            # Without [[relays]] there is one way out, whatever it is called.
            relay = relays.get(name, Relay()) if relays else self._settings.mail
            way = self._ways[name] = RelayUse(name, relay, self._settings, self._share)
        return way

    # ------------------------------------------------------------------ answers

    def heard(
        self,
        *,
        relay: str,
        lane: str,
        code: int,
        enhanced: str = "",
        text: str = "",
        now: datetime,
    ) -> None:
        """Learn from an answer, "yes" too.

        Args:
            lane: of the recipient; "" when it was not about one (connect, AUTH, MAIL).
            code: 0 when no answer came: silence tells nothing of pace.
        """
        at = now.timestamp()
        self._now = now
        if not self._minute_from <= at < self._minute_to:
            self._next_minute(at)
        way = self._ways.get(relay) or self._way(relay)
        if not way.day_from <= at < way.day_to:
            way.new_day(at)
        if not 200 <= code < 300:
            way.no(at, code)
            if code:
                self._heard_no(way, lane, code, enhanced or enhanced_status(text), text, at)
            return
        was_down = way.down
        way.yes(at)
        if was_down and not way.down:
            self._tell_of(way.name, "")
        counts = self._counts
        counts[lane] = counts.get(lane, 0) + 1
        if len(counts) > _COUNTED:
            self._counts = _thinned(counts)
        if lane in self._live and self._live[lane].ease(at):
            self._eased(lane)

    def _heard_no(
        self, way: RelayUse, lane: str, code: int, enhanced: str, text: str, at: float
    ) -> None:
        if greylisted(code, text):
            return
        if throttled(code, enhanced, text) and not self._give_way(
            way, lane, code, enhanced, text, at
        ):
            # The burst of answers that meets a limit is one answer, not fifty.
            return
        if way.judge(at, code, enhanced, text):
            log.warning("a relay refuses nearly everybody", relay=way.name, why=way.storm)

    def _give_way(
        self, way: RelayUse, lane: str, code: int, enhanced: str, text: str, at: float
    ) -> bool:
        """Slow down whoever asked for it; whether it was a step down for any of them."""
        words = spoken(code, enhanced, text)
        # A plain 421 is the relay's own: it shuts down, or has too many connections.
        own = code == 421 and not throttled(450, enhanced, text)
        if own and not way.closes_often():
            return False
        stepped = False
        if lane and not own:
            stepped = self._slow_down(lane, words, at)
        by_itself = code == 421 or not lane or way.asks_itself(lane, words)
        if by_itself and way.slow_down(at, self._minute_from, words):
            stepped = True
            pace = round(way.flow.rate())
            log.info("a relay is slowed down", relay=way.name, per_minute=pace, why=words)
        return stepped

    def _slow_down(self, lane: str, words: str, at: float) -> bool:
        flow = self._live.get(lane) or self._limited(lane, at) or self._open(lane, 0.0, at)
        passed = min(1.0, (at - self._minute_from) / 60)
        lately = self._counts.get(lane, 0) + self._last.get(lane, 0) * (1 - passed)
        stepped = flow.slow_down(at, lately=lately, why=words)
        # Of a domain of its own there may be thousands, and its name may be a person's.
        if stepped and "." not in lane:
            log.info("a lane is slowed down", lane=lane, per_minute=round(flow.rate()))
        self._changed.add(lane)
        return stepped

    def _eased(self, lane: str) -> None:
        self._changed.add(lane)
        flow = self._live[lane]
        if flow.slowed is None and not flow.limit:
            del self._live[lane]

    def _next_minute(self, at: float) -> None:
        minute = at // 60 * 60
        follows = minute == self._minute_to
        self._last, self._counts = (self._counts if follows else {}), {}
        for way in self._ways.values():
            way.new_minute(follows=follows)
        self._minute_from, self._minute_to = minute, minute + 60

    # ------------------------------------------------------------------ kept

    def restore(self, kept: Mapping[str, str]) -> None:
        """Go on from what stands in the table; it may be called again at any time.

        What another process wrote there is taken over: the slower pace, the larger count, and
        what a person had forgotten (`reset`).  What cannot be read is left alone.
        """
        # First when lanes were used last: their buckets may be empty.
        for key in sorted(kept, key=_USE.__ne__):
            text = kept[key]
            if self._told.get(key) == text:
                continue
            self._told[key] = text
            try:
                self._adopt(key, text)
            except ValueError:
                log.warning(
                    "a pace that was kept cannot be read and is begun anew", key=masked(key)
                )

    def changed(self) -> dict[str, str]:
        """What is to be kept, by key; only what changed since last asked.  "": nothing more."""
        found: dict[str, str] = {}
        for way in self._ways.values():
            if way.is_changed:
                way.is_changed = False
                found[f"relay:{way.name}"] = way.kept()
        for lane in self._changed:
            found[f"lane:{lane}"] = self._kept_lane(lane)
        self._changed.clear()
        if self._used_at:
            found[_USE] = _USES.dump_json(_KeptUse(used_at=self._used_at)).decode()
        found = {
            key: text
            for key, text in found.items()
            if self._told.get(key, "") != text and len(key) <= _LONGEST_KEY
        }
        self._told |= found
        for key in [key for key, text in found.items() if not text]:
            del self._told[key]
        return found

    def _kept_lane(self, lane: str) -> str:
        flow, whole = self._live.get(lane), 1 / self._share
        state = _KeptLane(reset_at=self._resets.get(lane, 0.0))
        if flow is not None and (flow.slowed or flow.queue):
            slow = flow.slowed and flow.slowed.shared(whole)
            queue = flow.queue * whole
            state = replace(state, slowed=slow, queue=queue, queue_at=flow.queue_at)
        elif not state.reset_at:
            return ""
        return _LANES.dump_json(state, exclude_defaults=True).decode()

    def _adopt(self, key: str, text: str) -> None:
        kind, _, name = key.partition(":")
        if kind == "relay":
            self._way(name).adopt(text)
        elif key == _USE:
            used_at = _USES.validate_json(text).used_at
            if not self._used_at:
                self._used_before = max(self._used_before or 0.0, used_at)
        elif kind == "lane":
            kept = _LANES.validate_json(text)
            if kept.reset_at > self._resets.get(name, 0.0):
                self._resets[name] = kept.reset_at
                self._live.pop(name, None)
            if not (kept.slowed or kept.queue):
                return
            at = kept.queue_at or (kept.slowed.quiet_since if kept.slowed else 0.0)
            flow = self._live.get(name) or self._limited(name, at) or self._open(name, 0.0, at)
            flow.slowed = stricter(flow.slowed, kept.slowed, self._share)
            if kept.queue * self._share > flow.queue:
                flow.resume(flow.bucket(), kept.queue * self._share, kept.queue_at)

    def reset(self, name: str, now: datetime) -> None:
        """Forget what was learned of the relay and of the lane of this name.

        It is a thing to be kept like others, so that processes that are sending hear of it.
        """
        if name in self._ways:
            self._ways[name].forget(now.timestamp())
        if self._live.pop(name, None) or f"lane:{name}" in self._told:
            self._resets[name] = now.timestamp()
            self._changed.add(name)

    # ------------------------------------------------------------------ shown

    def standings(self, now: datetime, *, unused: bool = False) -> Iterator[Standing]:
        """All relays, and lanes with something to tell: relays first, as configured.

        *unused*: also relays that are not configured any more, of which something is known.
        """
        at, whole = now.timestamp(), 1 / self._share
        mail = self._settings.mail
        names = [relay.name for relay in self._settings.relays] or (
            [mail.host if mail.by in ("smtp", "lmtp") and mail.host else mail.by]
        )
        for name in dict.fromkeys([*names, *(self._ways if unused else ())]):
            yield of_relay(self._way(name), at, whole)
        limited = [name for name, limit in self._limits.items() if limit]
        for name in dict.fromkeys([*limited, *self._live]):
            flow = self._live.get(name) or Flow(self._limits.get(name, 0.0))
            yield of_lane(name, flow, at, whole)


def _thinned(counts: dict[str, int]) -> dict[str, int]:
    """The busier half: what a lane that is hardly used did lately is below any floor."""
    middle = sorted(counts.values())[len(counts) // 2]
    return {lane: number for lane, number in counts.items() if number > middle}
