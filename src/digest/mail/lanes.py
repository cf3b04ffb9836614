"""Pure: who shares a pace, and how one pace gives way and comes back.

A *lane* is people whose mail ends at one provider.  `Families` says whose it is; `Flow` is how
fast one lane, or one relay, is used now: its limit, how much it was slowed down, its queue.
Seconds are arguments, of a clock that may jump (see `pace`).
"""

import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Annotated, Final

from pydantic import Field

from digest import settings
from digest.addresses import domains_above
from digest.mail.pace import Pace

# ------------------------------------------------------------------ whose lane it is


@dataclass(frozen=True, slots=True)
class _Family:
    """A provider that people know by several domains."""

    #: Of addresses, whole.
    domains: tuple[str, ...] = ()
    #: First labels of its domains in many countries: yahoo.com, yahoo.co.uk, yahoo.fr.
    brands: tuple[str, ...] = ()
    #: What the names of its mail exchangers end in.
    mx: tuple[str, ...] = ()


_KNOWN: Final = {
    "gmail": _Family(("gmail.com", "googlemail.com"), (), ("google.com", "googlemail.com")),
    "outlook": _Family(
        ("msn.com", "windowslive.com", "passport.com"),
        ("outlook", "hotmail", "live"),
        ("protection.outlook.com", "olc.protection.outlook.com", "hotmail.com"),
    ),
    "yahoo": _Family(
        ("ymail.com", "rocketmail.com", "aim.com", "verizon.net"),
        ("yahoo", "aol"),
        ("yahoodns.net",),
    ),
    "icloud": _Family(("icloud.com", "me.com", "mac.com"), (), ("icloud.com",)),
}
#: A brand is a family's under com, a country, or a country's com, co, net.
_BRANDED: Final = re.compile(r"([a-z]+)\.(?:com|(?:com?\.|net\.)?[a-z]{2})\Z")
#: Another company of that name, with servers of its own.
_STRANGERS: Final = frozenset({"yahoo.co.jp"})


class Families:
    """Which lane a domain goes in: the newsroom's own lanes first, then the known providers."""

    def __init__(self, lanes: Iterable[settings.Lane] = ()) -> None:
        self._domains: dict[str, str] = {}
        self._brands: dict[str, str] = {}
        self._mx: dict[str, str] = {}
        for name, family in _KNOWN.items():
            self._domains |= dict.fromkeys(family.domains, name)
            self._brands |= dict.fromkeys(family.brands, name)
            self._mx |= dict.fromkeys(family.mx, name)
        # Later ones overrule the known, and of two that name one thing the first has it.
        for lane in reversed(tuple(lanes)):
            self._domains |= dict.fromkeys(lane.domains, lane.name)
            self._mx |= dict.fromkeys(lane.mx, lane.name)

    def of_domain(self, domain: str) -> str:
        """The lane of a domain of addresses, in small letters; "" when it belongs to none."""
        found = self._domains.get(domain)
        if found is not None:
            return found
        brand = domain[: domain.find(".")]
        if brand in self._brands and _BRANDED.match(domain) and domain not in _STRANGERS:
            return self._brands[brand]
        return ""

    def of_mx(self, hosts: Sequence[str]) -> str:
        """The lane of whoever has these mail exchangers, best first; "" when it is none.

        The best alone tells: a spare one may be anybody's.
        """
        for above in domains_above(hosts[0].lower().rstrip(".")) if hosts else ():
            if above in self._mx:
                return self._mx[above]
        return ""


# ------------------------------------------------------------------ when to give way

_THROTTLING: Final = re.compile(
    r"rate.?limit|throttl|unusual rate|slow down|server (is )?busy|temporarily deferred"
    r"|too many (messages|mails|emails|connections|concurrent|sessions|requests)"
    r"|(limit|quota|rate)( has been| was)? exceeded|exceed\w* .{0,30}(rate|limit|quota)"
    r"|(sending|message|connection) (rate|limit)",
    re.IGNORECASE,
)
#: A server that has not met us yet asks everybody to come back: less haste would not help.
_GREYLISTED: Final = re.compile(r"gr[ae]y.?list", re.IGNORECASE)


def throttled(code: int, enhanced: str, text: str) -> bool:
    """Whether an answer asks for less haste.

    421 (RFC 5321 §3.8), 450, 451 and 452 with 4.7.x or 4.3.2 (RFC 3463), or in words.  What is
    said of one mailbox (4.2.x: full, receiving too much) asks nothing of the others.
    """
    if not 400 <= code < 600 or enhanced[:4] in ("4.2.", "5.2."):
        return False
    if greylisted(code, text):
        return False
    if code == 421:
        return True
    if code in (450, 451, 452) and (enhanced.startswith("4.7.") or enhanced == "4.3.2"):
        return True
    return _THROTTLING.search(text) is not None


def greylisted(code: int, text: str) -> bool:
    """Whether an answer asks everybody who is new to come back once."""
    return 400 <= code < 500 and _GREYLISTED.search(text) is not None


@dataclass(frozen=True, slots=True)
class Rule:
    """How a flow gives way and comes back; rates in mails a minute."""

    #: Never slower than that.
    floor: float
    #: Nothing goes so long after the first "slower"; each further one doubles it.
    hold_s: float


#: Of the people of one provider.
LANE: Final = Rule(floor=6.0, hold_s=5.0)
#: Of a relay, which is ours and recovers in seconds.
RELAY: Final = Rule(floor=300.0, hold_s=1.0)

LONGEST_HOLD_S: Final = 30.0
#: Trouble again within so many seconds of a hold: the next one is longer.
_SOON_S: Final = 300.0
#: Acceptances and no trouble for so long: it may go faster again, by so much.
_QUIET_S: Final = 60.0
_GROWTH: Final = 1.5
_GROWTH_PER_S: Final = math.log(_GROWTH) / _QUIET_S
#: So many times what it did before the trouble, and a flow without a limit has none again.
_WELL: Final = 4.0

_Rate = Annotated[float, Field(gt=0, le=1e9, allow_inf_nan=False)]
At = Annotated[float, Field(ge=0, le=1e11, allow_inf_nan=False)]
_Seconds = Annotated[float, Field(ge=0, le=LONGEST_HOLD_S, allow_inf_nan=False)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Slowed:
    """What an automatic slow-down has come to.  Rates in mails a minute."""

    per_minute: _Rate
    #: What it did before the trouble began.
    before: _Rate
    #: Nothing goes before, and answers to what was on its way do not count again.
    until: At
    hold_s: _Seconds
    #: Since when nobody has asked for less haste, or since it last grew.
    quiet_since: At
    #: Whether anything was accepted since then.
    accepted: bool = False
    #: In the words of whoever asked for it.
    why: Annotated[str, Field(max_length=1000)] = ""

    def hold(self, now: float) -> float:
        """Seconds for which nothing may go; a time that lies too far ahead is not believed."""
        left = self.until - now
        return left if 0 < left <= LONGEST_HOLD_S else 0.0

    def eased(self, now: float, limit: float) -> "Slowed | None":
        """After an acceptance: the same, faster, or None when it is over."""
        if now < self.quiet_since:
            # The clock was put back: what is quiet is counted from now.
            return replace(self, quiet_since=now, accepted=True)
        if now - self.quiet_since < _QUIET_S:
            return self if self.accepted else replace(self, accepted=True)
        faster = self.per_minute * _GROWTH
        if faster >= (limit or self.before * _WELL):
            return None
        return replace(self, per_minute=faster, quiet_since=now, accepted=False)

    def shared(self, share: float) -> "Slowed":
        """The part of one of several processes; with 1 / share what all of them have."""
        return replace(self, per_minute=self.per_minute * share, before=self.before * share)


def slowed(
    was: Slowed | None, *, lately: float, limit: float, now: float, why: str, rule: Rule
) -> Slowed:
    """Half of what it did *lately* (mails a minute), and nothing for a moment.

    Called for each answer that asks for it; at most one step down for each hold, so that a
    burst of answers counts once.
    """
    if was is not None and was.hold(now):
        return replace(was, quiet_since=now, accepted=False)
    most = min(was.per_minute if was else math.inf, limit or math.inf)
    did = min(most, max(lately, rule.floor))
    again = was is not None and abs(now - was.until) < _SOON_S
    hold_s = min(LONGEST_HOLD_S, 2 * was.hold_s) if was is not None and again else rule.hold_s
    return Slowed(
        per_minute=max(min(rule.floor, most), did / 2),
        before=was.before if was else max(lately, rule.floor),
        until=now + hold_s,
        hold_s=hold_s,
        quiet_since=now,
        why=why,
    )


# ------------------------------------------------------------------ one lane, or one relay

#: A wait below that is none: clocks and sleeps are no finer.
_NONE_S: Final = 0.001
#: Of those who come back late, as many are given a moment each as can go in so many seconds.
_CROWD_S: Final = 2.0
#: A slow flow may be well again by then: nobody need stay away for longer.
_PATIENT_S: Final = 120.0
#: So many who are late are no crowd.
_FEW: Final = 8


class Flow:
    """How fast one lane or one relay is used now.

    There are two buckets of one size.  Of the first a permission is taken whenever a mail goes:
    the limit.  Of the second a place is taken by whoever comes for the first time, goes or waits:
    the order.  Whoever comes back at their place finds a permission, as nobody else was given it.
    """

    __slots__ = ("_away", "_crowd_to", "_pace", "_places", "_used_at", "limit", "rule", "slowed")

    def __init__(self, limit: float, rule: Rule = LANE, *, used_at: float | None = None) -> None:
        """*limit*: mails a minute, 0 for none.  *used_at*: when somebody else may have used it."""
        self.limit = limit
        self.rule = rule
        self.slowed: Slowed | None = None
        self._pace: Pace | None = None
        self._places: Pace | None = None
        #: Those who came back too late to be alone are told a moment each, up to this one.
        self._crowd_to = 0.0
        #: Places given to people who have not come back for their turn; some never will.
        self._away = 0.0
        self._used_at = used_at

    def rate(self, most: float = math.inf) -> float:
        """Mails a minute, now; infinity when nothing bounds it."""
        rate = min(self.limit or math.inf, most)
        return rate if self.slowed is None else min(rate, self.slowed.per_minute)

    def hold(self, now: float) -> float:
        return 0.0 if self.slowed is None else self.slowed.hold(now)

    def turn(self, now: float, *, waited: bool) -> float:
        """Seconds until one's own turn; 0: it is now, and taken.

        That is what `place` would say now; of whoever *waited*, until a permission is free.
        """
        pace = self._bucket(now)
        if pace is None:
            return 0.0
        if waited:
            return self._turn_of_waiting(now, pace)
        places = self._to_give(now, pace)
        wait = max(self.hold(now), self._until_free(places, now))
        if wait > _NONE_S:
            return wait
        self._pace, self._places = pace.take(now)[1], places.take(now)[1]
        return 0.0

    def _turn_of_waiting(self, now: float, pace: Pace) -> float:
        hold = self.hold(now)
        if hold:
            return hold
        wait = pace.wait(now)
        if wait <= _NONE_S:
            self._pace = pace.take(now)[1]
            self._away = max(0.0, self._away - 1)
            return 0.0
        # One moment for each: of many who are told the same one, most would come in vain.
        behind = self._crowd_s(now)
        wait = max(wait, behind + _spacing(pace)) if behind else wait
        if wait <= _CROWD_S:
            self._crowd_to = now + wait
            return wait
        places = self._to_give(now, pace)
        if self._away + places.saved > _FEW + 2 * _CROWD_S / _spacing(pace):
            # Many were kept from coming while their places went by: they are given others.
            self._places = places.take(now)[1]
            return max(wait, self._until_free(places, now))
        if self.slowed is None:
            return wait
        # The pace did not come to what was hoped: to ask all the time would not help.
        at_this_pace = min(_PATIENT_S, self._away * _spacing(pace) / 4)
        return max(wait, at_this_pace, self._until_free(places, now) / 4)

    def promise(self, now: float, most: float = math.inf) -> float:
        """Take a permission; seconds to wait before using it.  *most*: a limit for now."""
        pace = self._bucket(now, most)
        if pace is None:
            return self.hold(now)
        wait, self._pace = pace.take(now)
        return max(wait, self.hold(now))

    def place(self, now: float) -> float:
        """Seconds until the next place, which is given away by that."""
        pace = self._bucket(now)
        if pace is None:
            return self.hold(now)
        places = self._to_give(now, pace)
        self._places = places.take(now)[1]
        self._away += 1
        return max(self.hold(now), self._until_free(places, now))

    def slow_down(self, now: float, *, lately: float, why: str) -> bool:
        """Give way; whether it was a step down, not one more answer of the same moment."""
        before, pace = self.slowed, self._bucket(now)
        self.slowed = slowed(
            before, lately=lately, limit=self.limit, now=now, why=why, rule=self.rule
        )
        stepped = before is None or self.slowed.until != before.until
        if stepped:
            # One goes when the hold is over, the others at the new pace after it.
            rate, until = self.rate(), self.slowed.until
            saved = 1.0 if pace is None else min(1.0, pace.at_rate(rate, now).saved)
            self._pace = Pace(rate, saved, until)
            if self._places is not None:
                ahead = self._places.at_rate(rate, now).saved
                self._places = Pace(rate, min(saved, ahead), until)
        return stepped

    def ease(self, now: float) -> bool:
        """Something was accepted; whether that changed anything worth keeping."""
        if self.slowed is None:
            return False
        before, self.slowed = self.slowed, self.slowed.eased(now, self.limit)
        return self.slowed is not before

    def is_idle(self, now: float) -> bool:
        """Nothing would be forgotten by forgetting it."""
        if self.slowed is not None or self.waiting(now):
            return False
        return self._pace is None or self._pace.is_full(now)

    def waiting(self, now: float) -> float:
        """Places that were given away and are still to come."""
        pace = self._bucket(now)
        self._places = None if pace is None else self._to_give(now, pace)
        return self.queue

    @property
    def queue(self) -> float:
        """As `waiting`, at `queue_at`, when places were looked at last."""
        return 0.0 if self._places is None else max(0.0, -self._places.saved)

    @property
    def queue_at(self) -> float:
        return 0.0 if self._places is None else max(0.0, self._places.at)

    def bucket(self) -> Pace | None:
        return self._pace

    def resume(self, pace: Pace | None, queue: float, queue_at: float) -> None:
        """Go on from what was kept."""
        self._pace = pace
        rate = self.rate()
        self._places = Pace(rate, -queue, queue_at) if queue and rate < math.inf else None
        self._away = max(self._away, queue)

    def _bucket(self, now: float, most: float = math.inf) -> Pace | None:
        rate = self.rate(most)
        if rate == math.inf:
            self._pace = self._places = None
            self._away = 0.0
        elif self._pace is None:
            # Whoever used it last may have emptied the bucket.
            used_at, self._used_at = self._used_at, None
            self._pace = Pace.start(rate, now) if used_at is None else Pace(rate, 0.0, used_at)
        elif self._pace.per_minute != rate:
            self._pace = self._pace.at_rate(rate, now)
        return self._pace

    def _to_give(self, now: float, pace: Pace) -> Pace:
        """The bucket of places, as it is now: no more than there will be permissions for."""
        left = pace.at_rate(pace.per_minute, now)
        places = (self._places or pace).at_rate(pace.per_minute, now)
        saved = min(left.saved, places.saved)
        behind = self._crowd_s(now)
        if behind:
            saved = min(saved, -behind / _spacing(pace))
        return places if saved == places.saved else replace(places, saved=saved)

    def _crowd_s(self, now: float) -> float:
        """Seconds for which permissions are spoken for by a crowd of those who waited."""
        left = self._crowd_to - now
        # (Further ahead than was ever told: the clock was put back.)
        return left if 0 < left <= _CROWD_S else 0.0

    def _until_free(self, places: Pace, now: float) -> float:
        """Seconds until there is a place."""
        if places.saved >= 1:
            return 0.0
        return self._seconds_for(1 - places.saved) + max(0.0, places.at - now)

    def _seconds_for(self, number: float) -> float:
        """How long *number* mails will take.

        A flow that was slowed down is taken to recover as fast as it may: places spaced at
        today's worst minute would lie days ahead of the minute when all is well again.
        """
        rate = _per_s(self.rate())
        if self.slowed is None:
            return number / rate
        slow, well = rate, _per_s(self.limit or self.slowed.before * _WELL)
        growing_s = max(0.0, math.log(well / slow)) / _GROWTH_PER_S
        meanwhile = slow * math.expm1(_GROWTH_PER_S * growing_s) / _GROWTH_PER_S
        if number <= meanwhile:
            return math.log1p(number * _GROWTH_PER_S / slow) / _GROWTH_PER_S
        return growing_s + (number - meanwhile) / well if self.limit else growing_s


def _spacing(pace: Pace) -> float:
    """Seconds from one permission to the next."""
    return 1 / _per_s(pace.per_minute)


def _per_s(per_minute: float) -> float:
    """Permissions a second: somewhat less than the limit, see `Pace`."""
    return 1 / Pace(per_minute, 0.0, 0.0).wait(0.0)
