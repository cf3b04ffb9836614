"""What one installation prints with, whatever it prints."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from digest.model import Correction, Edition
from digest.render.links import Links
from digest.render.showing import Gallery, show
from digest.render.shown import Shown
from digest.render.templates import Templates
from digest.settings import Brand, Newsletter, Palette, Site


@dataclass(frozen=True, slots=True, kw_only=True)
class Press:
    site: Site
    brand: Brand = field(default_factory=Brand)
    links: Links
    templates: Templates
    #: WebSub hubs that every feed names.
    hubs: tuple[str, ...] = ()
    #: Name under ``pictures/`` of the logo, and its size in pixels as shown; "" without one.
    logo: str = ""
    logo_size: tuple[int, int] = (0, 0)
    #: Slugs of the newsletters that anybody may sign up for on the pages.
    sign_up: frozenset[str] = frozenset()

    def palette(self, newsletter: Newsletter | None = None) -> Palette:
        return self.brand.palette(newsletter.accent if newsletter else "")


@dataclass(frozen=True, slots=True, kw_only=True)
class Issue:
    """A public edition, ready to be printed as pages and entries of feeds."""

    edition: Edition
    #: All of it, in the edition's own language.
    shown: Shown
    #: What later editions corrected in it, as it is shown.
    later: tuple[Correction, ...] = ()


def issue(
    edition: Edition, *, press: Press, gallery: Gallery, later: Sequence[Correction] = ()
) -> Issue:
    """Show *edition* once, for all its pages and feeds.

    Args:
        later: what later public editions have corrected in it.
    """
    shown = show(edition, links=press.links, gallery=gallery, later=later)
    return Issue(edition=edition, shown=shown, later=tuple(later))
