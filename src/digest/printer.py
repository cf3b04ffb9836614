"""Fills an edition for one subscriber after another: where composing meets rendering."""

from datetime import datetime

from digest import editorial, render
from digest.app import App
from digest.errors import NotFound, Refused, RenderError
from digest.model import Edition, Picks, Subscriber


class Printer:
    """Fills an edition for one subscriber after another; each variant is laid out once."""

    def __init__(self, app: App, edition: Edition) -> None:
        self._app = app
        self._edition = edition
        self._newsletter = app.newsletter(edition.newsletter)
        self._layouts: dict[Picks, render.Layout] = {}

    def layout(self, subscriber: Subscriber) -> render.Layout:
        """The variant that *subscriber* gets.

        Raises:
            NotFound: nothing of the edition is for them.
            RenderError: a template is broken.
        """
        picks = editorial.pick(self._edition, subscriber)
        edition = self._edition
        briefs = picks.briefs and edition.briefs
        if not picks.sections and not briefs and not edition.corrections:
            raise NotFound("nothing in it for the sections they chose")
        layout = self._layouts.get(picks)
        if layout is None:
            layout = self._layouts[picks] = self._compile(picks)
        return layout

    def message(self, subscriber: Subscriber, *, sent_at: datetime) -> bytes:
        """Finished MIME for *subscriber*: the sections they chose, their own links.

        Raises:
            NotFound: nothing of the edition is for them.
            RenderError: a template is broken.
            Refused: their stored address cannot stand in a header.
        """
        layout = self.layout(subscriber)
        try:
            return render.fill(layout, subscriber, links=self._app.links, sent_at=sent_at)
        except RenderError as error:
            # The layout is sound: it is about this one person, and stops nobody else.
            raise Refused(0, str(error)) from error

    def rehearse(self) -> None:
        """Lay out the mail with everything in it, and the page.

        Raises:
            RenderError: a template is broken.
        """
        everything = Picks(sections=tuple(section.slug for section in self._edition.sections))
        self._layouts[everything] = self._compile(everything)
        render.edition_page(
            self._edition,
            press=self._app.press,
            newsletter=self._newsletter,
        )

    def _compile(self, picks: Picks) -> render.Layout:
        return render.compile_layout(
            self._edition,
            picks,
            press=self._app.press,
            newsletter=self._newsletter,
            mail=self._app.settings.mail,
        )
