"""Fills an edition for one subscriber after another: where composing meets rendering."""

import asyncio
from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import datetime
from threading import Lock

from digest import editorial, hosted, pictures, render, segments
from digest.app import App
from digest.errors import NotFound, Refused, RenderError
from digest.model import Edition, Form, Frequency, Picks, Slot, Subscriber
from digest.render.packing import Layouts
from digest.slots import readership
from digest.store import subscribers
from digest.store.subscribers import Readers
from digest.telemetry import log

#: Different wishes that are remembered.
_WISHES = 4096
#: A zone that no newsletter is in: `rehearse` tells its times.
_FAR = "-12:00"


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
    text, every = newsletter.segment, app.settings.newsletters
    segment = editorial.as_kept(segments.parse(text), every) if text.strip() else None
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
        self._renamed = editorial.renamed(self._newsletter.sections)
        self._gallery = gallery
        self._files = files
        self._wanted = wanted
        #: Held for what is quick; and for laying out, by one thread at a time.
        self._lock, self._compiling = Lock(), Lock()
        #: What was chosen → the variant of it.
        self._picked: dict[tuple[object, ...], Picks] = {}
        self._layouts = Layouts()
        #: How many variants were laid out until now.
        self.laid_out = 0
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
        zone = subscriber.timezone if self._newsletter.clocks == "reader" else ""
        of_words = (subscriber.language, subscriber.form, zone)
        wishes = (subscriber.sections, subscriber.briefs, *of_words)
        known = self._picked.get(wishes)
        if known is None:
            known = self._picks(subscriber)
            if len(self._picked) >= _WISHES:
                self._picked.clear()
            self._picked[wishes] = known
        return known

    def _picks(self, subscriber: Subscriber) -> Picks:
        edition = self._edition
        clocks = self._newsletter.clocks
        picks = editorial.pick(
            edition, subscriber, sections=self._sections, renamed=self._renamed, clocks=clocks
        )
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
        """The mail of everybody with *picks*; its `html` and `text` are not kept.

        Raises:
            RenderError: a template is broken.
        """
        layout = self._known(picks)
        if layout is None:
            with self._compiling:
                # Whoever has waited for the same variant finds it.
                layout = self._known(picks) or self._lay_out(picks)
        return layout

    def _known(self, picks: Picks) -> render.Layout | None:
        with self._lock:
            layout = self._layouts.get(picks)
            broken = self._broken.get(picks)
        if broken is not None:
            raise RenderError(*broken)
        return layout

    def _lay_out(self, picks: Picks) -> render.Layout:
        self.laid_out += 1
        try:
            layout = self._compile(picks)
        except RenderError as error:
            with self._lock:
                self._broken[picks] = (error.template, error.line, error.text)
            raise
        with self._lock:
            return self._layouts.put(picks, layout)

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
        form that somebody gets; and in every form with the times of another zone, if readers
        are told theirs.

        Raises:
            RenderError: a template is broken.
        """
        home = self._edition.language
        away = {(render.frame_language(language, home), form) for language, form in self._wanted}
        for language, form in sorted({("", form) for form in Form} | away):
            self.variant(self.everything(form=form, language=language))
        if self._newsletter.clocks == "reader":
            for form in Form:
                self.variant(self.everything(form=form, timezone=_FAR))
        issue = render.issue(self._edition, press=self._app.press, gallery=self._gallery)
        render.edition_page(issue, press=self._app.press, newsletter=self._newsletter)
        for _ in render.story_pages(issue, press=self._app.press, newsletter=self._newsletter):
            pass

    def everything(
        self, *, form: Form = Form.FULL, language: str = "", timezone: str = ""
    ) -> Picks:
        """All sections, as somebody gets them who chose none."""
        slugs = tuple(section.slug for section in self._edition.sections)
        return Picks(sections=slugs, form=form, language=language, timezone=timezone)

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
