"""How much an edition has room for: quotas, cuts, and the editor's order within them.

Pins and placed stories are always in.  Whatever goes is told why, with the figures.
"""

from collections import Counter
from collections.abc import Sequence
from zoneinfo import ZoneInfo

from digest.editorial.draft import Draft, clock
from digest.editorial.hand import hand_of
from digest.editorial.rank import outlet
from digest.model import About, Decider, Reason
from digest.settings import SectionRule

#: Of a section, from one source, where other sources have something to say.
SOURCE_SHARE = 0.4

#: What has no room, and why: a sentence.
Cut = tuple[Draft, str]
#: What waits for room, and whose it is.
_Waiting = tuple[Draft, str]


def cut_section(rule: SectionRule, drafts: Sequence[Draft]) -> tuple[list[Draft], list[Cut]]:
    """The best of a section's *drafts*; no source takes over while others have something."""
    quota = max(1, int(SOURCE_SHARE * rule.max_stories))
    ranked = sorted(drafts, key=lambda draft: draft.rank)
    chosen = [draft for draft in ranked if draft.acts.kept]
    taken: Counter[str] = Counter()
    for draft in chosen:
        taken[_least_used(draft, taken)] += 1
    waiting: list[_Waiting] = []
    for draft in ranked:
        if draft.acts.kept:
            continue
        source = _least_used(draft, taken)
        if len(chosen) < rule.max_stories and taken[source] < quota:
            taken[source] += 1
            chosen.append(draft)
        else:
            waiting.append((draft, source))
    room = max(0, rule.max_stories - len(chosen))
    chosen += [draft for draft, _ in waiting[:room]]
    taken.update(source for _, source in waiting[:room])
    gone = waiting[room:]
    free = [draft for draft in chosen if not draft.acts.kept]
    last = max(free, key=lambda draft: draft.rank, default=None)
    cuts = [
        (draft, _why_cut(rule, draft, source, last, len(chosen), taken[source]))
        for draft, source in gone
    ]
    _tell_quota(rule, free, gone)
    return sorted(chosen, key=lambda draft: draft.rank), cuts


def _least_used(draft: Draft, taken: Counter[str]) -> str:
    """Whose a story is: of those who tell it the one with the fewest, the lead's first."""
    return min(draft.outlets, key=lambda source: taken[source])


def _why_cut(
    rule: SectionRule, draft: Draft, source: str, last: Draft | None, shown: int, own: int
) -> str:
    """Args:
    source: whose *draft* was, and of whose stories *own* are among the *shown*.
    """
    if last is None:
        return (
            f"No room in section “{rule.title}”: the {shown} stories of the editor fill "
            f"its {rule.max_stories}."
        )
    if draft.rank < last.rank:
        return (
            f"Section “{rule.title}” has enough of {_site(draft, source)}: {own} of its {shown} "
            f"stories, where others have something too; its score is {draft.score:.2f}."
        )
    return (
        f"Below the cut of section “{rule.title}”: its score is {draft.score:.2f}, that of the "
        f"last of {shown} shown is {last.score:.2f}."
    )


def _site(draft: Draft, source: str) -> str:
    """What readers call *source*, which tells *draft*."""
    item = next((item for item in draft.items if outlet(item) == source), draft.lead)
    return item.site or item.source_id


def _tell_quota(rule: SectionRule, free: Sequence[Draft], gone: Sequence[_Waiting]) -> None:
    """Say so where a story is shown before a better one of a source that has enough."""
    if not gone:
        return
    best, source = min(gone, key=lambda waiting: waiting[0].rank)
    for draft in free:
        if best.rank < draft.rank:
            text = (
                f"shown before a story of {_site(best, source)} with a score of "
                f"{best.score:.2f}: no source has more than {SOURCE_SHARE:.0%} of section "
                f"“{rule.title}” while others have something"
            )
            draft.why_place += (Reason(about=About.PLACE, text=text),)


def cut_edition(shown: Sequence[Sequence[Draft]], most: int) -> tuple[list[list[Draft]], list[Cut]]:
    """The best *most* stories of all sections; 0 is no limit."""
    everything = sorted((d for drafts in shown for d in drafts), key=lambda draft: draft.rank)
    if not most or len(everything) <= most:
        return [list(drafts) for drafts in shown], []
    free = [draft for draft in everything if not draft.acts.kept]
    room = max(0, most - (len(everything) - len(free)))
    kept, gone = free[:room], free[room:]
    left = set(gone)
    if kept:
        shows = f"that of the last of {most} shown is {kept[-1].score:.2f}"
    else:
        shows = "and the editor's own stories fill it"
    cuts = [
        (
            draft,
            f"Below the cut of the edition, which has room for {most} stories: its score is "
            f"{draft.score:.2f}, {shows}.",
        )
        for draft in gone
    ]
    return [[draft for draft in drafts if draft not in left] for drafts in shown], cuts


def arrange_section(drafts: Sequence[Draft]) -> list[Draft]:
    """The editor's order: pins in the order of their numbers, then by rank; placed ones go
    where they were put, of two for one place the later."""
    ranked = sorted(drafts, key=lambda draft: draft.rank)
    pinned = [draft for draft in ranked if draft.acts.pin and not draft.acts.place]
    pinned.sort(key=lambda draft: draft.acts.pin.number if draft.acts.pin else 0)
    others = [*pinned, *(draft for draft in ranked if not draft.acts.kept)]
    placed = sorted(
        ((d.acts.place.position, -d.acts.place.number, d) for d in ranked if d.acts.place),
        key=lambda put: put[:2],
    )
    order: list[Draft] = []
    for position, _, draft in placed:
        while others and len(order) < position - 1:
            order.append(others.pop(0))
        order.append(draft)
    order += others
    for position, draft in enumerate(order, start=1):
        _tell_place(draft, position)
    return order


def _tell_place(draft: Draft, position: int) -> None:
    pin, place = draft.acts.pin, draft.acts.place
    if pin is not None:
        text = f"pinned {hand_of(pin)}: shown whatever the limits are"
        draft.why_place += (Reason(about=About.PLACE, text=text, by=Decider.EDITOR),)
    if place is not None:
        text = f"placed at {place.position} {hand_of(place)}"
        if position != place.position:
            text += f"; it stands at {position}"
        draft.why_place += (Reason(about=About.PLACE, text=text, by=Decider.EDITOR),)


def cut_briefs(briefs: Sequence[Draft], most: int, zone: ZoneInfo) -> tuple[list[Draft], list[Cut]]:
    """The latest *most* of *briefs*, oldest first; pins stay, and count."""
    ordered = sorted(briefs, key=lambda draft: (draft.lead.published_at, draft.lead.id))
    free = [draft for draft in ordered if not draft.acts.kept]
    room = max(0, most - (len(ordered) - len(free)))
    gone, kept = free[: len(free) - room], free[len(free) - room :]
    left = set(gone)
    text = f"No room: there may be {most} {'brief' if most == 1 else 'briefs'}"
    if kept:
        text += f", and the latest begin at {clock(kept[0].lead.published_at, zone)}"
    cuts = [
        (draft, f"{text}; this one is of {clock(draft.lead.published_at, zone)}.") for draft in gone
    ]
    return [draft for draft in ordered if draft not in left], cuts
