"""What one subscriber gets of an edition."""

from collections.abc import Collection

from digest.model import Edition, Picks, Subscriber


def pick(edition: Edition, subscriber: Subscriber, *, sections: Collection[str]) -> Picks:
    """The sections of *edition* that *subscriber* chose, in the edition's order.

    No choice means all.  A choice that there is no more, because the section was retitled or
    taken out, is no choice: who has no other gets everything again, not nothing for ever.
    Briefs are for everybody who wants them: who chose only sections that are not in this
    edition still gets them.

    Args:
        sections: slugs of those that the newsletter has now, with or without news today.
    """
    slugs = tuple(section.slug for section in edition.sections)
    # What was composed before config.toml changed still has the sections of then.
    chosen = [slug for slug in subscriber.sections if slug in sections or slug in slugs]
    wanted = tuple(slug for slug in slugs if not chosen or slug in chosen)
    return Picks(sections=wanted, briefs=subscriber.briefs)
