"""The verb preview: an edition on disk as readers would get it, looked at and checked.

Nothing here is a delivery, and nothing leaves: the journal is not touched.
"""

import asyncio
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from email import message_from_bytes
from email.policy import default as default_policy
from pathlib import Path
from tempfile import TemporaryDirectory

from digest import hosted, pictures, render, screens
from digest.app import App
from digest.choosing import check_zone
from digest.errors import BrowserError, Conflict, NotFound, StoreError
from digest.model import Edition, Form, Subscriber
from digest.printer import printer_for
from digest.settings import Loaded, Newsletter
from digest.store import editions
from digest.store import pictures as noted

#: CSS pixels of a telephone, and of a window on a desk.
WIDTHS = (375, 800)
_READER = Subscriber(id=0, email="reader@example.org", key="0" * 32)


@dataclass(frozen=True, slots=True, kw_only=True)
class Previewed:
    """An edition on disk, as a reader would get it."""

    files: tuple[Path, ...]
    #: Pictures of the mail and the page; () without a browser.
    shots: tuple[Path, ...]
    #: Why there are none; "" if there are.
    no_shots: str
    subject: str
    text: str
    #: As it leaves; in `files` its pictures have other, shorter addresses.
    html_bytes: int
    #: Stories, briefs and corrections that had no room in the mail.
    left_out: int
    lint: render.Report
    #: Of pictures that could not be had.
    missing: tuple[str, ...]


async def preview(
    app: App,
    edition_id: str,
    folder: Path,
    *,
    form: Form = Form.FULL,
    language: str = "",
    timezone: str = "",
    shots: bool = True,
) -> Previewed:
    """Write page, mail, text, message, lint and pictures of screens into *folder*.

    The reader is made up, with every section; the links in it lead nowhere personal.

    Args:
        language: of the words around the stories; "" takes the newsletter's.
        timezone: of the reader, an IANA name; "" takes the newsletter's.

    Raises:
        NotFound: there is no such edition, or no such language.
        Conflict: there is no such zone, or the newsletter tells everybody its own times.
        RenderError: a template is broken.
        Refused: it cannot be signed.
        StoreError: *folder* cannot be written.
    """
    async with app.db.read() as conn:
        edition = await editions.content(conn, edition_id)
        faults = await noted.faults(conn, edition_id)
    language = _frame(language, edition.language)
    timezone = _zone(timezone, app.newsletter(edition.newsletter)) or edition.timezone
    reader = replace(_READER, form=form, language=language, timezone=timezone)
    printer = await printer_for(app, edition)
    layout = printer.layout(reader)
    message = printer.message(reader, sent_at=app.now())
    if app.signing is not None:
        # As it will leave: what a signature covers can be read from it.
        message = await app.signing.sign(message)
    page = await _page(app, edition)
    lint = await asyncio.to_thread(
        _checked, app, edition_id, message, reader.email, layout.left_out, page
    )
    html, text = _parts(message)
    files: dict[str, str | bytes] = {"page.html": page}
    if html:
        files["mail.html"] = _local(app, html)
    files |= {"mail.txt": text, "mail.eml": message, "lint.txt": "\n".join(lint.sentences()) + "\n"}
    await _keep(app, edition.id, folder, files)
    taken, why = await _photographed(folder, files) if shots else ((), "not asked for")
    return Previewed(
        files=tuple(folder / name for name in files),
        shots=taken,
        no_shots=why,
        subject=layout.subject,
        text=text,
        html_bytes=len(html.encode()),
        left_out=layout.left_out,
        lint=lint,
        missing=tuple(f"{url}: {fault}" for url, fault in faults.items()),
    )


def _checked(
    app: App, edition_id: str, message: bytes, to: str, left_out: int, page: str
) -> render.Report:
    return render.lint(
        message,
        envelope_to=to,
        # As that of any reader's.
        envelope_from=app.links.return_path(edition_id, 1) or app.settings.mail.from_address,
        postal_address=app.settings.site.postal_address,
        left_out=left_out,
        pages={app.links.edition_url(edition_id): page},
    )


def unspoken(language: str) -> str:
    """What to say of a newsletter in a language that we do not speak; "" of one that we do."""
    if render.frame_language(language, home=""):
        return ""
    return (
        f"the words around the stories are English: in {language!r} there are none, only in"
        f" {_spoken()}; docs/languages.md says how to add a language"
    )


def _spoken() -> str:
    return ", ".join(tag for tag, _ in render.known_languages())


def check_looks(loaded: Loaded) -> None:
    """See that what config.toml names of an edition's looks can be had; nothing is written.

    Raises:
        ConfigError: the logo cannot be read, or is no picture that mails can show.
    """
    logo = loaded.settings.brand.logo
    if logo is not None:
        with TemporaryDirectory() as folder:
            hosted.brand_logo(loaded.resolve(logo), Path(folder))


def _frame(wanted: str, home: str) -> str:
    """The language of the words around the stories.

    Raises:
        NotFound: there are no words in *wanted*.
    """
    frame = render.frame_language(wanted, home)
    if wanted and not frame and not home.startswith(wanted):
        raise NotFound(
            f"there are no words in {wanted!r} for what is around the stories, only in"
            f" {_spoken()}; stories may be in any language"
        )
    return frame or home


def _zone(wanted: str, newsletter: Newsletter) -> str:
    if wanted:
        check_zone(wanted)
        if newsletter.clocks != "reader":
            raise Conflict(
                f"{newsletter.slug} tells everybody the times of {newsletter.timezone};"
                ' `clocks = "reader"` in its [[newsletters]] tells each reader their own'
            )
    return wanted


async def _page(app: App, edition: Edition) -> str:
    gallery = await pictures.gallery(app, edition.id)
    issue = render.issue(edition, press=app.press, gallery=gallery)
    newsletter = app.newsletter(edition.newsletter)
    return _local(app, render.edition_page(issue, press=app.press, newsletter=newsletter))


def _parts(message: bytes) -> tuple[str, str]:
    """HTML ("" of a mail without) and text of a finished message."""
    parsed = message_from_bytes(message, policy=default_policy)
    bodies = (parsed.get_body((kind,)) for kind in ("html", "plain"))
    # Lines end in CRLF on the wire only; so the checks count them, too.
    html, text = (body.get_content().replace("\r\n", "\n") if body else "" for body in bodies)
    return html, text


def _local(app: App, page: str) -> str:
    """*page* with our pictures beside it: they may not be published yet."""
    page = page.replace(app.links.picture_url(""), "pictures/")
    return render.without_content_ids(page)


async def _keep(app: App, edition_id: str, folder: Path, files: dict[str, str | bytes]) -> None:
    """Write *files*, and the pictures beside them.

    Raises:
        StoreError: *folder* cannot be written.
    """
    kept = {one.file for one in (await pictures.gallery(app, edition_id)).kept.values()}
    octets = await asyncio.to_thread(hosted.read_files, app.out_dir, kept | {app.press.logo} - {""})
    try:
        await asyncio.to_thread(_write, folder, files, octets)
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise StoreError(f"{folder} cannot be written: {reason}; name a folder of yours") from error


def _write(folder: Path, files: dict[str, str | bytes], octets: dict[str, bytes]) -> None:
    (folder / "pictures").mkdir(parents=True, exist_ok=True)
    for stale in (*folder.glob("mail*"), *folder.glob("page*.png")):
        stale.unlink()
    for name, content in files.items():
        (folder / name).write_bytes(content.encode() if isinstance(content, str) else content)
    for name, picture in octets.items():
        (folder / "pictures" / name).write_bytes(picture)


async def _photographed(folder: Path, files: Iterable[str]) -> tuple[tuple[Path, ...], str]:
    browser = screens.find_browser()
    if browser is None:
        return (), "no Chromium is installed here: `apt-get install chromium` brings one"
    shots = [shot for name in files if name.endswith(".html") for shot in _shots(folder / name)]
    try:
        await asyncio.to_thread(screens.photograph, browser, shots)
    except BrowserError as error:
        return (), str(error)
    return tuple(shot.into for shot in shots), ""


def _shots(page: Path) -> Iterator[screens.Shot]:
    for width in WIDTHS:
        for dark in (False, True):
            name = f"{page.stem}-{width}-{'dark' if dark else 'light'}.png"
            yield screens.Shot(page=page, width=width, dark=dark, into=page.with_name(name))
