"""A draft edition: copies out, stories together, ranked, in their sections, within limits.

Every item that comes in is accounted for once: in a story, as a copy in one, as a brief, held
for the next edition, or left out with the reason.  Where the editor has laid a hand on it,
that counts before any rule.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from types import MappingProxyType
from zoneinfo import ZoneInfo

from digest.editorial.before import FRESH, Before
from digest.editorial.day import Day, group_day, read_day
from digest.editorial.draft import Draft, called, clock
from digest.editorial.hand import Acts, Group, acts_on, hand_of, introduction, regroup, rescued
from digest.editorial.learning import SectionModel
from digest.editorial.limits import arrange_section, cut_briefs, cut_edition, cut_section
from digest.editorial.rank import choose_lead, score_terms
from digest.editorial.sections import Sections
from digest.editorial.slugs import section_slug
from digest.editorial.text import Reading, fold_space
from digest.editorial.write import write_story
from digest.model import (
    About,
    Cause,
    Correction,
    Decider,
    Edit,
    Edition,
    EditKind,
    Item,
    Kind,
    Reason,
    Section,
    Story,
    Told,
)
from digest.settings import Newsletter, SectionRule

#: Stories of a newsletter that has no sections.
_UNSECTIONED_STORIES = 20
#: Corrections and updates of an edition: a note at its end, not its contents.
MOST_CORRECTIONS = 8
#: Words of a summary where no newsletter says.
_STORY_WORDS = 60

_NO_FIGURES: Mapping[str, float] = MappingProxyType({})


def compose(
    items: Sequence[Item],
    *,
    edition_id: str,
    newsletter: Newsletter,
    slot_at: datetime,
    weights: Mapping[str, float] = _NO_FIGURES,
    corrections: Sequence[Correction] = (),
    edits: Sequence[Edit] = (),
    told: Sequence[Told] = (),
    oldest: datetime | None = None,
    ageless: frozenset[str] = frozenset(),
    carried: Mapping[str, float] = _NO_FIGURES,
    learned: SectionModel | None = None,
) -> Edition:
    """Make *items* an edition of *newsletter*; of two with one id the later state counts.

    The order of *items*, *corrections* and *told* changes nothing.

    Args:
        slot_at: the instant the edition is due; stored, never compared with anything.
        weights: of sources, by id; 1 for those not named.
        corrections: to items of earlier editions; the eight that matter most are kept, one for
            each item, and none for an item that this edition shows anyway.
        edits: the editor's hand; one whose story is gone has no effect.
        told: what earlier editions of it showed; that returns only with something new.
        oldest: items published before are too old, ...
        ageless: ... unless they or their sources are named here, or an editor asks for them.
        carried: item id → what the editions of other newsletters gave it.
        learned: what the newsroom's archive has taught about sections.

    1,000 articles of 400 words take less than two CPU seconds.
    """
    rules = _rules(newsletter)
    day = read_day(items, oldest=oldest, ageless=ageless, asked=rescued(edits))
    groups = regroup(group_day(day), edits, name=day.name)
    acts = acts_on(groups, edits, [section_slug(rule) for rule in rules])
    drafts = [_draft(day, one, act, weights) for one, act in zip(groups, acts, strict=True)]
    before = Before(told, [day.readings[id] for id in day.row])
    drafts = [draft for draft in drafts if not _is_settled(day, draft, before)]
    stories = [draft for draft in drafts if not draft.is_brief]
    _judge(day, stories, Sections(rules, learned=learned), newsletter.fading_h, weights, carried)
    shown, returned = _fit(day, rules, stories, newsletter.max_stories)
    sections = _write(day, rules, shown, newsletter)
    returned += (draft for draft in drafts if draft.is_brief)
    block = _settle_briefs(day, returned, newsletter)
    return Edition(
        id=edition_id,
        newsletter=newsletter.slug,
        title=newsletter.title,
        slot_at=slot_at,
        timezone=newsletter.timezone,
        language=newsletter.language,
        sections=sections,
        briefs=block,
        corrections=_choose_corrections(corrections, sections, block),
        intro=introduction(edits),
        left_out=tuple(day.left_out[id] for id in sorted(day.left_out)),
        held=tuple(sorted(day.held)),
    )


def stories(
    items: Sequence[Item], *, weights: Mapping[str, float] = _NO_FIGURES
) -> tuple[Story, ...]:
    """*items* as stories, best first: copies out, no sections and no limits.

    A brief that no article tells is a story, too.
    """
    day = read_day(items)
    drafts = [_draft(day, one, Acts(), weights) for one in group_day(day)]
    newest = day.newest
    for draft in drafts:
        draft.terms = score_terms(
            draft.items,
            newest=newest or draft.lead.published_at,
            weights=weights,
            section=(1, 1),
        )
    drafts.sort(key=lambda draft: draft.rank)
    return tuple(_story(day, draft, _STORY_WORDS, ZoneInfo("UTC")) for draft in drafts)


# ------------------------------------------------------------------------- drafts


def _draft(day: Day, group: Group, acts: Acts, weights: Mapping[str, float]) -> Draft:
    readings = sorted((day.readings[id] for id in group.originals), key=_by_time)
    lead = choose_lead([reading.item for reading in readings], weights)
    copies = sorted((day.readings[id] for id in group.copies), key=_by_time)
    briefs_only = all(reading.item.kind is Kind.BRIEF for reading in readings)
    made_story = acts.move is not None or (group.merged and len(readings) > 1)
    return Draft(
        readings=tuple(sorted(readings, key=lambda reading: reading.item.id != lead.id)),
        copies=tuple(copies),
        copy_of={copy: day.readings[original] for copy, original in group.copies.items()},
        why_copied=day.why_copied,
        acts=acts,
        why_together=group.why,
        is_brief=briefs_only and not made_story,
    )


def _by_time(reading: Reading) -> tuple[datetime, str]:
    return reading.item.published_at, reading.item.id


def _is_settled(day: Day, draft: Draft, before: Before) -> bool:
    """Killed, held, or told before: decided, and accounted for."""
    fate = draft.acts.fate
    everyone = [*draft.items, *(copy.item for copy in draft.copies)]
    if fate is not None and fate.kind is EditKind.HOLD:
        day.held.update(item.id for item in everyone)
        return True
    if fate is not None and fate.kind is EditKind.KILL:
        known = {fate.target, *fate.items}
        for item in everyone:
            newcomer = bool(fate.items) and item.id not in known
            text = f"Killed {hand_of(fate)}."
            if newcomer:
                text = f"It joined the story of {day.name(fate.target)}, killed {hand_of(fate)}."
            day.leave(item, Cause.KILLED, text)
        return True
    draft.earlier = before.judge(item.id for item in draft.items)
    if draft.earlier is None or draft.earlier.fresh >= FRESH or draft.acts.kept:
        return False
    text = (
        f"{draft.earlier.edition_id} told it: {draft.earlier.fresh:.0%} of its word triples are "
        f"new, less than {FRESH:.0%}."
    )
    for item in draft.items:
        day.leave(item, Cause.TOLD, text)
    _leave_copies(day, draft, f"left out: {draft.earlier.edition_id} told it")
    return True


def _leave_copies(day: Day, draft: Draft, fate: str) -> None:
    for copy in draft.copies:
        original = draft.copy_of[copy.item.id].item
        day.leave(copy.item, Cause.COPY, f"A copy of {called(original)}, which is {fate}.")


# ------------------------------------------------------------- sections and limits


def _rules(newsletter: Newsletter) -> tuple[SectionRule, ...]:
    alone = SectionRule(
        title=newsletter.title, slug=newsletter.slug, max_stories=_UNSECTIONED_STORIES
    )
    return newsletter.sections or (alone,)


def _judge(
    day: Day,
    drafts: Iterable[Draft],
    sections: Sections,
    fading_h: float,
    weights: Mapping[str, float],
    carried: Mapping[str, float],
) -> None:
    """Give each of *drafts* its section and its score."""
    slugs = [section_slug(rule) for rule in sections.rules]
    newest = day.newest
    for draft in drafts:
        placing = sections.place(draft.readings)
        draft.section = placing.index
        draft.why_section = (Reason(about=About.SECTION, text=placing.reason),)
        for edit in draft.acts.astray:
            text = (
                f"not moved to “{fold_space(edit.text)}” {hand_of(edit)}: the newsletter has no "
                "such section"
            )
            draft.why_section += (Reason(about=About.SECTION, text=text, by=Decider.EDITOR),)
        if move := draft.acts.move:
            draft.section = slugs.index(move.text)
            did = "moved to" if move.kind is EditKind.MOVE else "merged in"
            text = f"{did} {sections.rules[draft.section].title} {hand_of(move)}"
            draft.why_section += (Reason(about=About.SECTION, text=text, by=Decider.EDITOR),)
        everyone = [*draft.items, *(copy.item for copy in draft.copies)]
        draft.terms = score_terms(
            draft.items,
            newest=newest or draft.lead.published_at,
            weights=weights,
            section=(draft.section, len(sections.rules)),
            keywords=placing.keywords if draft.section == placing.index else 0.0,
            fading_h=fading_h,
            carried=max(carried.get(item.id, 0.0) for item in everyone),
            told=1 - draft.earlier.fresh if draft.earlier else 0.0,
        )


def _fit(
    day: Day, rules: Sequence[SectionRule], drafts: Sequence[Draft], most: int
) -> tuple[list[list[Draft]], list[Draft]]:
    """What each section shows, in its order; and the briefs of stories that have no room."""
    within: list[list[Draft]] = [[] for _ in rules]
    for draft in drafts:
        within[draft.section].append(draft)
    cuts = []
    for index, rule in enumerate(rules):
        within[index], gone = cut_section(rule, within[index])
        cuts += gone
    within, gone = cut_edition(within, most)
    returned = []
    for draft, reason in (*cuts, *gone):
        returned += _cut(day, draft, reason)
    return [arrange_section(section) for section in within], returned


def _cut(day: Day, draft: Draft, reason: str) -> list[Draft]:
    """Leave out what has no room; its briefs go back among the briefs."""
    briefs = [reading for reading in draft.readings if reading.item.kind is Kind.BRIEF]
    going = {reading.item.id for reading in briefs}
    for item in draft.items:
        if item.id not in going:
            told = "" if item is draft.lead else f" It is of the story {called(draft.lead)}."
            day.leave(item, Cause.CUT, f"{reason}{told}")
    own = [copy for copy in draft.copies if draft.copy_of[copy.item.id].item.id in going]
    draft.copies = tuple(copy for copy in draft.copies if copy not in own)
    _leave_copies(day, draft, "left out: it has no room")
    chains: dict[str, list[Reading]] = {}
    for brief in sorted(briefs, key=_by_time, reverse=True):
        chains.setdefault(day.chain[brief.item.id], []).append(brief)
    return [
        Draft(
            readings=tuple(chain),
            copies=tuple(c for c in own if draft.copy_of[c.item.id] in chain),
            copy_of=draft.copy_of,
            why_copied=draft.why_copied,
            is_brief=True,
        )
        for chain in chains.values()
    ]


def _settle_briefs(day: Day, briefs: Sequence[Draft], newsletter: Newsletter) -> tuple[Item, ...]:
    """The block of briefs, oldest first; of those that tell one event the latest."""
    zone = ZoneInfo(newsletter.timezone)
    kept, cuts = cut_briefs(briefs, newsletter.max_briefs, zone)
    for draft, reason in cuts:
        for item in draft.items:
            day.leave(item, Cause.CUT, reason)
        _leave_copies(day, draft, "left out: it has no room")
    for draft in kept:
        for item in draft.items[1:]:
            text = f"Retold at {clock(draft.lead.published_at, zone)} by {called(draft.lead)}."
            day.leave(item, Cause.RETOLD, text)
        _leave_copies(day, draft, "among the briefs")
    return tuple(draft.lead for draft in kept)


# ------------------------------------------------------------------------ writing


def _write(
    day: Day,
    rules: Sequence[SectionRule],
    shown: Sequence[Sequence[Draft]],
    newsletter: Newsletter,
) -> tuple[Section, ...]:
    zone = ZoneInfo(newsletter.timezone)
    abbreviations = frozenset(newsletter.abbreviations)
    sections: list[Section] = []
    for rule, drafts in zip(rules, shown, strict=True):
        if not drafts:
            continue
        told: list[Story] = []
        for draft in drafts:
            top = not sections and not told
            words = (
                newsletter.lead_words if top or len(draft.outlets) > 1 else newsletter.story_words
            )
            told.append(_story(day, draft, words, zone, abbreviations))
        section = Section(slug=section_slug(rule), title=rule.title, stories=tuple(told))
        sections.append(section)
    return tuple(sections)


def _story(
    day: Day,
    draft: Draft,
    words: int,
    zone: ZoneInfo,
    abbreviations: frozenset[str] = frozenset(),
) -> Story:
    together = _why_together(day, draft)
    return write_story(
        draft, words=words, together=together, zone=zone, abbreviations=abbreviations
    )


def _why_together(day: Day, draft: Draft) -> list[Reason]:
    ids = {item.id for item in draft.items}
    articles = sorted(item.id for item in draft.items if item.kind is Kind.ARTICLE)
    rows = [day.row[id] for id in articles if id in day.row]
    reasons = []
    if len(rows) > 1:
        likeness = day.space.likeness(rows, rows)
        mean = (likeness.sum() - likeness.trace()) / (len(rows) * (len(rows) - 1))
        reasons.append(f"{len(rows)} articles tell one event: mean likeness {mean:.2f}")
    for brief in draft.items:
        article, share = day.told.get(brief.id, ("", 0.0))
        if article in ids:
            reasons.append(
                f"{called(brief)} is told by {day.name(article)}: {share:.0%} of it stands there"
            )
    return [Reason(about=About.TOGETHER, text=text) for text in reasons]


def _choose_corrections(
    corrections: Iterable[Correction], sections: Sequence[Section], briefs: Sequence[Item]
) -> tuple[Correction, ...]:
    """Corrections before updates, then the newest; what is kept, oldest first."""
    stories = [story for section in sections for story in section.stories]
    shown = {item.id for story in stories for item in (*story.items, *story.copies)}
    shown.update(brief.id for brief in briefs)
    best: dict[str, Correction] = {}
    for told in sorted(corrections, key=_weight, reverse=True):
        if told.item_id not in shown:
            best.setdefault(told.item_id, told)
    kept = list(best.values())[:MOST_CORRECTIONS]
    return tuple(sorted(kept, key=lambda told: (told.at, told.item_id)))


def _weight(told: Correction) -> tuple[bool, float, str]:
    return told.corrects, told.at.timestamp(), repr(told)
