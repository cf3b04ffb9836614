"""A draft becomes a story: its words are chosen, and every decision gets its sentence.

Costly, so only for what is shown.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from digest.editorial.before import FRESH, Triple, fresh_share, triples
from digest.editorial.differences import differences
from digest.editorial.draft import Draft, called, clock
from digest.editorial.hand import hand_of
from digest.editorial.headline import judge_headlines
from digest.editorial.passages import telling
from digest.editorial.summary import one_line, summarize, summarize_story, why_summary
from digest.editorial.text import Reading, count_words, fold_space, tokens
from digest.model import (
    About,
    Decider,
    Edit,
    Item,
    Kind,
    Origin,
    Reason,
    Sentence,
    Story,
    Summary,
)

#: What comes sooner after the lead is of the same hour, no update.
LATER = timedelta(minutes=30)
#: Share of a sentence's words that a summary has not, for it to say more.
_SAYS_MORE = 0.3


def write_story(
    draft: Draft,
    *,
    words: int,
    together: Iterable[Reason],
    zone: ZoneInfo,
    abbreviations: frozenset[str] = frozenset(),
) -> Story:
    """The story of *draft* in about *words* words.

    Args:
        together: why its items are one story.
        zone: of the clocks in reasons.
        abbreviations: of the newsroom, which end no sentence.
    """
    headline, why_headline = _headline(draft)
    summary, by_editor = _summary(draft, words, abbreviations)
    addition = _latest_addition(draft)
    if addition is not None:
        told = _told_too(summary, addition, draft.lead)
        addition, summary = (addition, told) if told is not None else (None, summary)
    note = fold_space(draft.acts.note.text) if draft.acts.note else ""
    why = [
        *together,
        *draft.why_together,
        *_why_copies(draft),
        *_why_told(draft),
        *_why_updated(addition, zone),
        *draft.why_section,
        *draft.why_place,
        why_headline,
        by_editor or Reason(about=About.SUMMARY, text=why_summary(summary, draft.items)),
        *_why_differing(draft, zone),
    ]
    if draft.acts.note:
        why.append(_by(draft.acts.note, About.NOTE, f"written {hand_of(draft.acts.note)}"))
    return Story(
        id=draft.lead.id,
        headline=headline,
        items=draft.items,
        copies=tuple(copy.item for copy in draft.copies),
        summary=summary,
        score_terms=draft.terms,
        why=tuple(why),
        updated_at=addition.at if addition else None,
        update_of=_update_of(draft),
        note=note,
    )


def _by(edit: Edit, about: About, text: str) -> Reason:
    return Reason(about=about, text=text, by=Decider.EDITOR)


# ---------------------------------------------------------------- headline, summary


def _headline(draft: Draft) -> tuple[str, Reason]:
    edit = draft.acts.headline
    if edit is not None:
        return fold_space(edit.text), _by(edit, About.HEADLINE, f"written {hand_of(edit)}")
    chosen = judge_headlines(draft.readings)
    text = chosen.reason
    if chosen.item is not draft.lead:
        text = f"that of {called(chosen.item)}: {text}"
    return chosen.text, Reason(about=About.HEADLINE, text=text)


def _summary(
    draft: Draft, words: int, abbreviations: frozenset[str]
) -> tuple[Summary, Reason | None]:
    edit = draft.acts.summary
    if edit is not None:
        written = Sentence(item_id="", text=fold_space(edit.text))
        summary = Summary(origin=Origin.EDITOR, sentences=(written,))
        return summary, _by(edit, About.SUMMARY, f"written {hand_of(edit)}")
    if all(item.kind is Kind.BRIEF for item in draft.items):
        summary = _whole_briefs(draft.items, words)
    else:
        summary = summarize_story(draft.items, words=words, abbreviations=abbreviations)
    return summary, None


def _why_differing(draft: Draft, zone: ZoneInfo) -> list[Reason]:
    """Figures that the sources give differently: the newsroom decides whom to believe."""
    reasons = []
    for found in differences(draft.items):
        told = "; ".join(
            f"{account.source} at {clock(account.at, zone)}: {account.words}"
            for account in found.accounts
        )
        reasons.append(
            Reason(about=About.DIFFERENCE, text=f"the sources differ on {found.about}: {told}")
        )
    return reasons


def _whole_briefs(items: Sequence[Item], words: int) -> Summary:
    """The lead and what else has room, each brief whole, in order of time."""
    chosen = {items[0].id: summarize(items[0], words=words)}
    room = words - count_words(chosen[items[0].id].text)
    for item in reversed(items[1:]):
        whole = summarize(item, words=words)
        if count_words(whole.text) <= room and whole.text:
            room -= count_words(whole.text)
            chosen[item.id] = whole
    ordered = sorted(items, key=lambda item: (item.published_at, item.id))
    told = [chosen[item.id] for item in ordered if item.id in chosen]
    return Summary(
        origin=Origin.WHOLE, sentences=tuple(s for whole in told for s in whole.sentences)
    )


# ------------------------------------------------------------------- copies, updates


def _why_copies(draft: Draft) -> list[Reason]:
    reasons = []
    for copy in draft.copies:
        original = draft.copy_of[copy.item.id]
        text = f"{called(copy.item)} is a copy of {called(original.item)}"
        if why := draft.why_copied.get((copy.item.id, original.item.id)):
            text += f": {why}"
        reasons.append(Reason(about=About.COPY, text=text))
    return reasons


def _update_of(draft: Draft) -> str:
    """A repetition that an editor wants is told to no reader as something new."""
    told = draft.earlier
    return told.edition_id if told and told.fresh >= FRESH else ""


def _why_told(draft: Draft) -> list[Reason]:
    if draft.earlier is None:
        return []
    told = draft.earlier
    text = f"{told.edition_id} told it: {told.fresh:.0%} of its word triples are new, "
    if told.fresh >= FRESH:
        text += f"{FRESH:.0%} make it an update"
    else:
        did = "pinned" if draft.acts.pin else "placed"
        text += f"less than {FRESH:.0%}; it is shown because an editor {did} it"
    return [Reason(about=About.UPDATE, text=text)]


@dataclass(frozen=True, slots=True)
class _Addition:
    """The latest thing that a running story got."""

    item: Item
    at: datetime


def _latest_addition(draft: Draft) -> _Addition | None:
    """What a running story got last that it did not have half an hour before.

    A day without a clock says nothing about hours.
    """
    lead = draft.lead
    after = [r for r in draft.readings if _last_change(r.item) - lead.published_at >= LATER]
    if lead.day_only or not after:
        return None
    found: list[Reading] = []
    known: set[Triple] = set()
    for reading in sorted(draft.readings, key=lambda r: (r.item.published_at, r.item.id)):
        item = reading.item
        adds = item.kind is Kind.BRIEF or fresh_share(reading, known) >= FRESH
        known |= triples(reading)
        if reading in after and adds and not item.day_only:
            found.append(reading)
    if not found:
        return None
    latest = max((reading.item for reading in found), key=lambda i: (_last_change(i), i.id))
    return _Addition(latest, _last_change(latest))


def _told_too(summary: Summary, addition: _Addition, lead: Item) -> Summary | None:
    """*summary* with a sentence of what was added; None where nothing new can be said of it.

    A reader who sees "updated" must find what was.
    """
    item = addition.item
    by_hand = summary.origin in (Origin.EDITOR, Origin.MODEL)
    if by_hand or item is lead or any(one.item_id == item.id for one in summary.sentences):
        return summary
    line = one_line(item)
    if line is None:
        return None
    said, known = set(telling(tokens(line.text))), set(telling(tokens(summary.text)))
    if len(said - known) < _SAYS_MORE * len(said):
        return None
    return Summary(origin=Origin.EXTRACTIVE, sentences=(*summary.sentences, line))


def _why_updated(addition: _Addition | None, zone: ZoneInfo) -> list[Reason]:
    if addition is None:
        return []
    did = "changed" if addition.at > addition.item.published_at else "came"
    text = f"updated {clock(addition.at, zone)}: {called(addition.item)} {did} and adds to it"
    return [Reason(about=About.UPDATE, text=text)]


def _last_change(item: Item) -> datetime:
    return max(item.published_at, item.updated_at or item.published_at)
