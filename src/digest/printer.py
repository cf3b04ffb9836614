"""Fills an edition for one subscriber after another: where composing meets rendering."""

import asyncio
from collections import OrderedDict
from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import datetime
from threading import Lock

from digest import editorial, hosted, pictures, render, segments
from digest.app import App
from digest.errors import NotFound, Refused, RenderError
from digest.model import Edition, Form, Frequency, Picks, Slot, Subscriber
from digest.slots import readership
from digest.store import subscribers
from digest.store.subscribers import Readers
from digest.telemetry import log

#: Variants that are kept at a time: those used last.  0.2 MB each, 0.5 MB the longest.
_KEPT = 128
#: Different wishes that are remembered.
_WISHES = 4096


async def printer_for(app: App, edition: Edition) -> "Printer":
    """A printer with the pictures that are kept of *edition*, for those who get it now."""
    gallery = await pictures.gallery(app, edition.id)
    newsletter = app.newsletter(edition.newsletter)
    # However often they want it: the variants are laid out before it is known who gets this one.
    wanting = dict.fromkeys((newsletter.slug, *newsletter.best_of), tuple(Frequency))
    readers = Readers(newsletter=newsletter.slug, wanted=wanting)
    async with app.db.read() as conn:
        wanted = await subscribers.languages_and_forms(conn, readers)
    files: Mapping[str, bytes] = {}
    if gallery.show == "embedded":
        names = {one.file for one in gallery.kept.values()} | {app.press.logo} - {""}
        files = await asyncio.to_thread(hosted.read_files, app.out_dir, names)
    return Printer(app, edition, gallery=gallery, files=files, wanted=wanted)


def readers_of(app: App, slot: Slot) -> Readers:
    """Who gets the edition of a slot: by how often they want it, and the newsletter's segment."""
    newsletter = app.newsletter(slot.newsletter)
    wanted = readership(newsletter, slot, app.settings.newsletters)
    segment = segments.parse(newsletter.segment) if newsletter.segment.strip() else None
    return Readers(newsletter=newsletter.slug, wanted=wanted, segment=segment)


class Printer:
    """Fills an edition for one subscriber after another; each variant is laid out once.

    Safe in several threads: a variant may be laid out in one while messages are filled.

    Args:
        wanted: languages and forms that its readers want: what `rehearse` lays out besides
            those of the newsletter.
    """

    def __init__(
        self,
        app: App,
        edition: Edition,
        *,
        gallery: render.Gallery,
        files: Mapping[str, bytes],
        wanted: Collection[tuple[str, Form]] = (),
    ) -> None:
        self._app = app
        self._edition = edition
        self._newsletter = app.newsletter(edition.newsletter)
        self._sections = frozenset(map(editorial.section_slug, self._newsletter.sections))
        self._gallery = gallery
        self._files = files
        self._wanted = wanted
        self._lock = Lock()
        #: What was chosen → the variant of it.
        self._picked: dict[tuple[object, ...], Picks] = {}
        #: By last use.
        self._layouts: OrderedDict[Picks, render.Layout] = OrderedDict()
        #: Arguments of the error with which a variant failed: laid out again it fails again.
        self._broken: dict[Picks, tuple[str, int | None, str]] = {}
        #: Those of them that the log knows of.
        self._told: set[Picks] = set()

    def picks(self, subscriber: Subscriber) -> Picks:
        """Which variant *subscriber* gets.

        Raises:
            NotFound: nothing of the edition is for them.
        """
        # Most people chose the same: they are not asked anew for each.
        wishes = (subscriber.sections, subscriber.briefs, subscriber.language, subscriber.form)
        known = self._picked.get(wishes)
        if known is None:
            known = self._picks(subscriber)
            if len(self._picked) >= _WISHES:
                self._picked.clear()
            self._picked[wishes] = known
        return known

    def _picks(self, subscriber: Subscriber) -> Picks:
        edition = self._edition
        picks = editorial.pick(edition, subscriber, sections=self._sections)
        briefs = picks.briefs and edition.briefs
        if not picks.sections and not briefs and not edition.corrections:
            raise NotFound("nothing in it for the sections they chose")
        return replace(
            picks,
            language=render.frame_language(subscriber.language, edition.language),
            form=subscriber.form,
        )

    def layout(self, subscriber: Subscriber) -> render.Layout:
        """The variant that *subscriber* gets.

        Raises:
            NotFound: nothing of the edition is for them.
            RenderError: a template is broken.
        """
        return self.variant(self.picks(subscriber))

    def variant(self, picks: Picks) -> render.Layout:
        """The mail of everybody with *picks*.

        Raises:
            RenderError: a template is broken.
        """
        with self._lock:
            layout = self._layouts.get(picks)
            if layout is not None:
                self._layouts.move_to_end(picks)
                return layout
            broken = self._broken.get(picks)
        if broken is not None:
            raise RenderError(*broken)
        try:
            layout = self._compile(picks)
        except RenderError as error:
            with self._lock:
                self._broken[picks] = (error.template, error.line, error.text)
            raise
        with self._lock:
            self._layouts[picks] = layout
            if len(self._layouts) > _KEPT:
                self._layouts.popitem(last=False)
        return layout

    def message(self, subscriber: Subscriber, *, sent_at: datetime) -> bytes:
        """Finished MIME for *subscriber*: the sections they chose, their own links.

        Raises:
            NotFound: nothing of the edition is for them.
            RenderError: a template is broken.
            Refused: their stored address cannot stand in a header.
        """
        return self._filled(self.picks(subscriber), subscriber, sent_at)

    async def mail(self, subscriber: Subscriber, *, sent_at: datetime) -> bytes:
        """Like `message`; a variant met first is laid out beside, while others are answered.

        A variant that is broken is told to the log, once.
        """
        picks = self.picks(subscriber)
        with self._lock:
            met = picks in self._layouts or picks in self._broken
        try:
            if not met:
                await asyncio.to_thread(self.variant, picks)
            return self._filled(picks, subscriber, sent_at)
        except RenderError as error:
            if picks not in self._told:
                self._told.add(picks)
                log.error(
                    "a variant is broken",
                    edition=self._edition.id,
                    language=picks.language or self._edition.language,
                    form=picks.form.value,
                    error=str(error),
                )
            raise

    def _filled(self, picks: Picks, subscriber: Subscriber, sent_at: datetime) -> bytes:
        layout = self.variant(picks)
        try:
            return render.fill(layout, subscriber, links=self._app.links, sent_at=sent_at)
        except RenderError as error:
            # The layout is sound: it is about this one person, and stops nobody else.
            raise Refused(0, str(error)) from error

    def rehearse(self) -> None:
        """Lay out the mail with everything in it, and the pages.

        The mail in every form in the newsletter's language, and in every other language and
        form that somebody gets.

        Raises:
            RenderError: a template is broken.
        """
        home = self._edition.language
        away = {(render.frame_language(language, home), form) for language, form in self._wanted}
        for language, form in sorted({("", form) for form in Form} | away):
            self.variant(self.everything(form=form, language=language))
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
