"""Fills an edition for one subscriber after another: where composing meets rendering."""

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from digest import editorial, hosted, pictures, render
from digest.app import App
from digest.errors import NotFound, Refused, RenderError
from digest.model import Edition, Form, Picks, Subscriber


async def printer_for(app: App, edition: Edition) -> "Printer":
    """A printer with the pictures that are kept of *edition*."""
    gallery = await pictures.gallery(app, edition.id)
    files: Mapping[str, bytes] = {}
    if gallery.show == "embedded":
        names = {one.file for one in gallery.kept.values()} | {app.press.logo} - {""}
        files = await asyncio.to_thread(hosted.read_files, app.out_dir, names)
    return Printer(app, edition, gallery=gallery, files=files)


class Printer:
    """Fills an edition for one subscriber after another; each variant is laid out once."""

    def __init__(
        self, app: App, edition: Edition, *, gallery: render.Gallery, files: Mapping[str, bytes]
    ) -> None:
        self._app = app
        self._edition = edition
        self._newsletter = app.newsletter(edition.newsletter)
        self._gallery = gallery
        self._files = files
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
        return self.variant(
            replace(
                picks,
                language=render.frame_language(subscriber.language, edition.language),
                form=subscriber.form,
            )
        )

    def variant(self, picks: Picks) -> render.Layout:
        """The mail of everybody with *picks*.

        Raises:
            RenderError: a template is broken.
        """
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
        """Lay out every form of the mail with everything in it, and the pages.

        Raises:
            RenderError: a template is broken.
        """
        for form in Form:
            self.variant(self.everything(form=form))
        issue = render.issue(self._edition, press=self._app.press, gallery=self._gallery)
        render.edition_page(issue, press=self._app.press, newsletter=self._newsletter)
        for _ in render.story_pages(issue, press=self._app.press, newsletter=self._newsletter):
            pass

    def everything(self, *, form: Form = Form.FULL, language: str = "") -> Picks:
        """All sections, as somebody gets them who chose none."""
        slugs = tuple(section.slug for section in self._edition.sections)
        return Picks(sections=slugs, form=form, language=language)

    def _compile(self, picks: Picks) -> render.Layout:
        return render.compile_layout(
            self._edition,
            picks,
            press=self._app.press,
            newsletter=self._newsletter,
            mail=self._app.settings.mail,
            gallery=self._gallery,
            files=self._files,
        )
