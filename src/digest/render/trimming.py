"""What is left out of a mail that has no room for all of its edition."""

from dataclasses import replace

from digest.render.shown import Shown


def trimmed(shown: Shown, count: int) -> Shown:
    """Leave out *count* stories or briefs: the last of the longest section first.

    Each section keeps one story while there are briefs to spare; what is left out
    is counted, so that the mail can say how much more the page has.  Corrections go
    when there is nothing else left.
    """
    sections = list(shown.sections)
    briefs, more_briefs = shown.briefs, shown.more_briefs
    corrections, more_corrections = shown.corrections, shown.more_corrections
    for _ in range(count):
        longest = max(range(len(sections)), key=lambda i: len(sections[i].stories), default=-1)
        left = len(sections[longest].stories) if sections else 0
        if left > 1 or (left == 1 and not briefs):
            section = sections[longest]
            sections[longest] = replace(
                section, stories=section.stories[:-1], more=section.more + 1
            )
        elif briefs:
            # The oldest go: the newest are what a reader has not heard.
            gone, *rest = briefs
            if gone.day and rest and not rest[0].day:
                rest[0] = replace(rest[0], day=gone.day)
            briefs, more_briefs = tuple(rest), more_briefs + 1
        elif corrections:
            least = min(corrections, key=lambda told: told.corrects)
            corrections = tuple(told for told in corrections if told is not least)
            more_corrections += 1
    return replace(
        shown,
        sections=tuple(sections),
        briefs=briefs,
        more_briefs=more_briefs,
        more_corrections=more_corrections,
        corrections=corrections,
    )
