"""Why an edition is as it is, in words: what `compose --explain` says."""

from collections import defaultdict
from collections.abc import Mapping

from digest.cli import show
from digest.model import Decider, Edition, LeftOut, Story
from digest.store.replies import Spent


def explain(edition: Edition, titles: Mapping[str, str], spent: Spent | None = None) -> None:
    """Say every decision of *edition*: story by story, then what it does not show.

    Args:
        titles: of its items, by id.
    """
    for number, section in enumerate(edition.sections, start=1):
        show.say(f"\n{number} {section.title.upper()}")
        for place, story in enumerate(section.stories, start=1):
            _story(f"{number}.{place}", story)
    if edition.briefs:
        show.say("\nIN BRIEF")
    for place, brief in enumerate(edition.briefs, start=1):
        show.say(f"b{place} {brief.title}  [{brief.id}]")
    for told in edition.corrections:
        mark = "correction" if told.corrects else "update"
        show.say(f"\n{mark} to {told.edition_id}: {told.headline}")
    _left_out(edition.left_out, titles)
    if edition.held:
        show.say(f"\nHELD for the next edition: {', '.join(edition.held)}")
    if spent is not None and spent.answers:
        show.say(f"\nMODEL: {_spent(spent)}")


def _spent(spent: Spent) -> str:
    cost = f", {spent.cost:.4f} in your currency" if spent.cost else ""
    unknown = f"; {spent.uncounted} were not counted" if spent.uncounted else ""
    return (
        f"{spent.answers} answers in {spent.latency_ms / 1000:.1f} s, {spent.tokens_in:,} tokens "
        f"read and {spent.tokens_out:,} written{cost}{unknown}"
    )


def _story(number: str, story: Story) -> None:
    update = "update: " if story.update_of else ""
    show.say(f"{number} {update}{story.headline}  [{story.id}]")
    terms = " + ".join(f"{name} {value:g}" for name, value in story.score_terms if value)
    show.say(f"    score {story.score:.2f} = {terms}")
    for reason in story.why:
        who = "" if reason.by is Decider.RULE else f" ({reason.by})"
        show.say(f"    {reason.about}{who}: {reason.text}")


def _left_out(left_out: tuple[LeftOut, ...], titles: Mapping[str, str]) -> None:
    by_cause: dict[str, list[LeftOut]] = defaultdict(list)
    for left in left_out:
        by_cause[left.cause].append(left)
    for cause in sorted(by_cause):
        show.say(f"\nLEFT OUT, {cause} ({len(by_cause[cause])})")
        for left in by_cause[cause]:
            title = titles.get(left.item_id, "")
            show.say(f"    {title}  [{left.item_id}]")
            show.say(f"        {left.reason}")
