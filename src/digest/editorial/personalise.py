"""What one subscriber gets of an edition."""

from digest.model import Edition, Picks, Subscriber


def pick(edition: Edition, subscriber: Subscriber) -> Picks:
    """The sections of *edition* that *subscriber* chose, in the edition's order.

    No choice means all.  Briefs are for everybody: who chose only sections that are not in
    this edition still gets them.
    """
    chosen = frozenset(subscriber.sections)
    slugs = (section.slug for section in edition.sections)
    return Picks(sections=tuple(slug for slug in slugs if not chosen or slug in chosen))
