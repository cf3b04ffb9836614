"""An edition compiled to a layout: quoted-printable octets with holes for the subscriber.

Jinja and MJML run here, once for an edition and a variant; `fill` only joins octets.  An
edition that would be clipped by a mailbox (Gmail: 102,400 octets of HTML) is trimmed until it
fits, and says how much more its page has.
"""

from base64 import b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from types import MappingProxyType

from digest.errors import RenderError
from digest.model import Edition, Form, Picks
from digest.render.compiling import compiled, place_in
from digest.render.elements import fault_of, sound
from digest.render.links import Links
from digest.render.press import Press
from digest.render.quoted import LINE, address_spec, mailbox_header, segment, text_header
from digest.render.showing import Gallery, content_id, imprint, reading_min, show
from digest.render.shown import Shown, ShownStory
from digest.render.templates import marker, split_at_holes
from digest.render.trimming import most_that_fits, trimmed
from digest.render.way_out import shows_way_out, tells_way_out
from digest.settings import Mail, Newsletter

#: Octets of HTML that a mail may have: 90 % of what Gmail shows without "[Message clipped]".
HTML_LIMIT = 92_160


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """What all subscribers with equal picks share.  Made by `compile_layout`, used by `fill`."""

    edition_id: str
    newsletter: str
    subject: str
    #: As a reader's program will show them; holes are still markers.  "" of a text-only mail.
    html: str
    text: str
    #: Stories, briefs and corrections that had no room and are only on the page.
    left_out: int
    #: Of Message-ID.
    domain: str
    greeting: str
    greeting_named: str
    #: Header fields that are the same for everybody; the others go between the two.
    head: bytes
    #: From the last header fields to the closing boundary, in order; a hole is empty octets.
    body: tuple[bytes, ...]
    #: Place in *body*, name, and whether the value stands in HTML.
    holes: tuple[tuple[int, str, bool], ...]


def compile_layout(
    edition: Edition,
    picks: Picks,
    *,
    press: Press,
    newsletter: Newsletter,
    mail: Mail,
    gallery: Gallery = Gallery(),  # noqa: B008 - a frozen value
    files: Mapping[str, bytes] = MappingProxyType({}),
) -> Layout:
    """Compile what subscribers who chose *picks* get of *edition*.

    About 5 ms for 30 stories.  The same arguments give the same octets.

    Args:
        files: octets of kept pictures by name, when they are to be inside the mail; one that is
            not here leaves its story without a picture.

    Raises:
        RenderError: a template is broken, shows no way to unsubscribe, or fills a mail
            before any story is in it.
    """
    links = press.links
    nonce = links.nonce(edition.id)
    everything = show(edition, links=links, picks=picks, gallery=_in_mail(gallery, files))
    sender = address_spec(mail.from_address)
    if sender is None:
        raise RenderError("mail.from_address", None, f"{mail.from_address!r} is no address")
    frame = _Frame(press, newsletter, everything, _logo(press, files), nonce)
    compact = picks.form is Form.COMPACT
    theme = "brief" if compact else newsletter.theme
    shown, html = everything, ""
    if picks.form is not Form.TEXT:
        shown, html = frame.fit(everything, theme, short=theme == "brief")
    text = frame.text(shown, "brief.txt" if compact else "edition.txt")
    inside = _embedded(html, shown, press, files)
    body, holes = _body(text, html, inside, nonce)
    words = everything.words
    return Layout(
        edition_id=edition.id,
        newsletter=newsletter.slug,
        subject=everything.subject,
        html=html,
        text=text,
        left_out=shown.missing,
        domain=sender.rpartition("@")[2],
        greeting=words.greeting,
        greeting_named=words.greeting_named,
        head=_head(everything, newsletter, mail, sender, links),
        body=tuple(body),
        holes=tuple(holes),
    )


def _in_mail(gallery: Gallery, files: Mapping[str, bytes]) -> Gallery:
    """Pictures whose octets are not at hand are not shown: a mail must not name what it lacks."""
    if gallery.show != "embedded":
        return gallery
    kept = {url: one for url, one in gallery.kept.items() if one.file in files}
    return replace(gallery, kept=kept, in_mail=True)


class _Frame:
    """What the templates of one variant are filled with, besides the edition."""

    def __init__(
        self,
        press: Press,
        newsletter: Newsletter,
        everything: Shown,
        logo: "Logo | None",
        nonce: str,
    ) -> None:
        self._templates = press.templates
        self._nonce = nonce
        self._leave = marker(nonce, "leave_url")
        self._links = press.links
        self._counts = newsletter.count_clicks
        self._values: dict[str, object] = {
            "site": press.site,
            "brand": press.brand,
            "palette": press.palette(newsletter),
            "logo": logo,
            "newsletter": newsletter,
            "subject": everything.subject,
            "preheader": everything.preheader,
            "imprint": imprint(press.site),
        }

    def text(self, shown: Shown, template: str) -> str:
        filled = self._templates.mail(template, nonce=self._nonce, **self._values, edition=shown)
        text = filled.strip("\n") + "\n"
        self._check(template, tells_way_out(text, self._leave))
        return text

    def fit(self, everything: Shown, theme: str, *, short: bool) -> tuple[Shown, str]:
        """HTML of as much of *everything* as a mail may hold, and what that is.

        What is shown keeps its own links; in the HTML they may go by the counter.

        Args:
            short: the theme shows only the first sentences: they are what takes time to read.
        """
        template = f"{theme}.mjml"
        total = _count(everything)

        def cut(kept: int) -> Shown:
            shown = trimmed(everything, total - kept)
            return replace(shown, reading_min=reading_min(shown, short=short))

        found = most_that_fits(total, lambda kept: self._html(cut(kept), template), HTML_LIMIT)
        if found is None:
            also = ", only with its intro" if everything.intro else ""
            text = f"is too long for a mail even without a story{also}"
            raise RenderError(template, None, text)
        kept, html = found
        self._check(template, shows_way_out(html, self._leave))
        return cut(kept), html

    def _html(self, shown: Shown, template: str) -> str:
        if self._counts:
            shown = counted(shown, self._links)
        values = self._values | {"edition": shown}
        source = self._templates.mail(template, nonce=self._nonce, **values)
        said, cause, nth = "is no MJML", None, 0
        if sound(source):
            try:
                return compiled(source)
            except ValueError as error:
                said, cause, nth = f"MJML: {error}", error, place_in(source, error)
        lined = self._templates.lined_mail(template, nonce=self._nonce, **values)
        raise fault_of(lined, template, said, nth) from cause

    def _check(self, template: str, shows: bool) -> None:
        if not shows:
            text = (
                "has no {{ leave_url }} that readers see: every mail must show a way to "
                "unsubscribe; a link in the HTML, the address in the text part"
            )
            raise RenderError(template, None, text)


def counted(shown: Shown, links: Links) -> Shown:
    """*shown* with its links to articles going by our counter.

    Those to our pages stay, and those that name a host: a link must lead where it says.
    """

    def go(url: str, label: str = "") -> str:
        names_host = "." in label and " " not in label
        ours = url.startswith(links.home_url())
        return url if ours or names_host else links.go_url(shown.id, url)

    def story(one: ShownStory) -> ShownStory:
        also = tuple(
            replace(told, url=go(told.url, told.label) if told.url else None) for told in one.also
        )
        article = go(one.article_url) if one.article_url else None
        return replace(one, url=go(one.url), article_url=article, also=also)

    sections = tuple(
        replace(section, stories=tuple(map(story, section.stories))) for section in shown.sections
    )
    briefs = tuple(
        replace(one, url=go(one.url, one.source) if one.url else None) for one in shown.briefs
    )
    return replace(shown, sections=sections, briefs=briefs)


@dataclass(frozen=True, slots=True, kw_only=True)
class Logo:
    """[brand] logo, as a template shows it."""

    url: str
    width: int
    height: int


def _logo(press: Press, files: Mapping[str, bytes]) -> Logo | None:
    if not press.logo:
        return None
    url = press.links.picture_url(press.logo)
    if press.logo in files:
        url = f"cid:{content_id(press.logo, press.links)}"
    return Logo(url=url, width=press.logo_size[0], height=press.logo_size[1])


def _count(shown: Shown) -> int:
    return len(shown.stories) + len(shown.briefs) + len(shown.corrections)


def _head(shown: Shown, newsletter: Newsletter, mail: Mail, sender: str, links: Links) -> bytes:
    fields = [
        mailbox_header("From", mail.from_name or newsletter.title, sender),
        text_header("Subject", shown.subject),
    ]
    if mail.reply_to:
        reply_to = address_spec(mail.reply_to)
        if reply_to is None:
            raise RenderError("mail.reply_to", None, f"{mail.reply_to!r} is no address")
        fields.append(mailbox_header("Reply-To", "", reply_to))
    list_id = f"{newsletter.slug}.{sender.rpartition('@')[2]}"
    fields += [
        mailbox_header("List-Id", newsletter.title, list_id),
        # Nobody can write to a newsletter (RFC 2369 §3.4).
        b"List-Post: NO\r\n",
        f"List-Archive: <{links.home_url()}>\r\n".encode("ascii"),
    ]
    return b"".join(fields)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Inside:
    """A picture inside the mail."""

    content_id: str
    media_type: str
    octets: bytes


_MEDIA = {".jpg": "image/jpeg", ".png": "image/png", ".gif": "image/gif", ".webp": "image/webp"}


def _embedded(
    html: str, shown: Shown, press: Press, files: Mapping[str, bytes]
) -> tuple[_Inside, ...]:
    """The pictures that *html* itself names, once each: what no element shows stays out."""
    pictures = (story.picture.file for story in shown.stories if story.picture)
    inside = {}
    for file in (press.logo, *pictures):
        id = content_id(file, press.links)
        if file in files and f"cid:{id}" in html:
            media_type = _MEDIA.get(f".{file.rpartition('.')[2]}", "application/octet-stream")
            inside[file] = _Inside(content_id=id, media_type=media_type, octets=files[file])
    return tuple(inside.values())


class _Body:
    """Octets of a body as it grows, and the places of its holes in them."""

    def __init__(self, nonce: str) -> None:
        self._nonce = nonce
        self.parts: list[bytes] = []
        self.holes: list[tuple[int, str, bool]] = []

    def put(self, octets: bytes) -> None:
        self.parts.append(octets)

    def put_text(self, content: str, subtype: str) -> None:
        self.put(
            f"Content-Type: text/{subtype}; charset=utf-8\r\n"
            "Content-Transfer-Encoding: quoted-printable\r\n\r\n".encode("ascii")
        )
        for place, piece in enumerate(split_at_holes(content, self._nonce)):
            if place % 2:
                self.holes.append((len(self.parts), piece, subtype == "html"))
                self.put(b"")
            else:
                self.put(segment(piece))


@lru_cache(maxsize=64)
def _picture(picture: _Inside) -> bytes:
    """The part that is *picture*: the same octets in memory for all variants that show it."""
    octets = b64encode(picture.octets)
    lines = (octets[at : at + LINE] for at in range(0, len(octets), LINE))
    head = (
        f"Content-Type: {picture.media_type}\r\nContent-Transfer-Encoding: base64\r\n"
        f"Content-ID: <{picture.content_id}>\r\nContent-Disposition: inline\r\n\r\n"
    )
    return head.encode("ascii") + b"\r\n".join(lines)


def _body(
    text: str, html: str, inside: Sequence[_Inside], nonce: str
) -> tuple[list[bytes], list[tuple[int, str, bool]]]:
    """Octets and holes of the body, the fields that describe it before them."""
    body = _Body(nonce)
    body.put(b"MIME-Version: 1.0\r\n")
    if not html:
        body.put_text(text, "plain")
        return body.parts, body.holes
    # "=_" cannot occur in quoted-printable or base64: no line can be taken for a boundary.
    outer, inner = f"=_{nonce}_{len(html):x}", f"=_{nonce}_{len(html):x}r"
    body.put(f'Content-Type: multipart/alternative; boundary="{outer}"\r\n\r\n'.encode())
    body.put(f"--{outer}\r\n".encode())
    body.put_text(text, "plain")
    body.put(f"\r\n--{outer}\r\n".encode())
    if inside:
        kind = f'multipart/related; type="text/html";\r\n boundary="{inner}"'
        body.put(f"Content-Type: {kind}\r\n\r\n--{inner}\r\n".encode())
    body.put_text(html, "html")
    for picture in inside:
        body.put(f"\r\n--{inner}\r\n".encode())
        body.put(_picture(picture))
    if inside:
        body.put(f"\r\n--{inner}--\r\n".encode())
    body.put(f"\r\n--{outer}--\r\n".encode())
    return body.parts, body.holes
