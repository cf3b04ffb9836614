"""An edition compiled to a layout: quoted-printable octets with holes for the subscriber.

Jinja and MJML run here, once for an edition and a choice of sections; `fill` only
joins octets.  An edition that would be clipped by a mailbox (Gmail: 102,400 octets
of HTML) is trimmed until it fits, and says how much more its page has.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace

from markupsafe import escape
from mjml import mjml2html

from digest.errors import RenderError
from digest.model import Edition, Form, Picks
from digest.render.elements import check_elements
from digest.render.links import Links
from digest.render.press import Press
from digest.render.quoted import address_spec, mailbox_header, segment, text_header
from digest.render.showing import Gallery, content_id, imprint, show, trimmed
from digest.render.shown import Shown
from digest.render.templates import Templates, marker, split_at_holes
from digest.settings import Mail, Newsletter

#: Octets of HTML that a mail may have: 90 % of what Gmail shows without "[Message clipped]".
HTML_LIMIT = 92_160


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """What all subscribers with equal picks share.  Made by `compile_layout`, used by `fill`."""

    edition_id: str
    newsletter: str
    subject: str
    #: As a reader's program will show them; holes are still markers.
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
) -> Layout:
    """Compile what subscribers who chose *picks* get of *edition*.

    About 5 ms for 30 stories.  The same arguments give the same octets.

    Raises:
        RenderError: a template is broken, shows no way to unsubscribe, or fills a mail
            before any story is in it.
    """
    site, links, templates = press.site, press.links, press.templates
    nonce = links.nonce(edition.id)
    gallery = replace(gallery, in_mail=True)
    everything = show(edition, links=links, picks=picks, gallery=gallery)
    frame = {
        "site": site,
        "brand": press.brand,
        "palette": press.palette(newsletter),
        "logo": _logo(press, gallery),
        "newsletter": newsletter,
        "subject": everything.subject,
        "preheader": everything.preheader,
        "imprint": imprint(site),
    }
    theme = "brief" if picks.form is Form.COMPACT else newsletter.theme
    shown, html = _fitting(everything, nonce, frame, templates, f"{theme}.mjml")
    text = templates.mail("edition.txt", nonce=nonce, **frame, edition=shown).strip("\n") + "\n"
    _check_leave_url(f"{theme}.mjml", re.sub(r"<!--.*?-->", "", html, flags=re.DOTALL), nonce)
    _check_leave_url("edition.txt", text, nonce)
    sender = address_spec(mail.from_address)
    if sender is None:
        raise RenderError("mail.from_address", None, f"{mail.from_address!r} is no address")
    boundary = f"=_{nonce}_{len(html):x}"
    words = everything.words
    body, holes = _body(text, html, nonce, boundary)
    return Layout(
        edition_id=edition.id,
        newsletter=newsletter.slug,
        subject=everything.subject,
        html=html,
        text=text,
        left_out=_count(everything) - _count(shown),
        domain=sender.rpartition("@")[2],
        greeting=words.greeting,
        greeting_named=words.greeting_named,
        head=_head(everything, newsletter, mail, sender, links),
        body=tuple(body),
        holes=tuple(holes),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Logo:
    """[brand] logo, as a template shows it."""

    url: str
    width: int
    height: int


def _logo(press: Press, gallery: Gallery) -> Logo | None:
    if not press.logo:
        return None
    url = press.links.picture_url(press.logo)
    if gallery.show == "embedded":
        url = f"cid:{content_id(press.logo, press.links)}"
    return Logo(url=url, width=press.logo_size[0], height=press.logo_size[1])


def _check_leave_url(template: str, shown: str, nonce: str) -> None:
    if marker(nonce, "leave_url") not in shown:
        text = "has no {{ leave_url }}: every mail must show a way to unsubscribe"
        raise RenderError(template, None, text)


def _count(shown: Shown) -> int:
    return len(shown.stories) + len(shown.briefs) + len(shown.corrections)


def _fitting(
    shown: Shown, nonce: str, frame: dict[str, object], templates: Templates, template: str
) -> tuple[Shown, str]:
    while True:
        html = _html(shown, nonce, frame, templates, template)
        excess = len(html.encode()) - HTML_LIMIT
        if excess <= 0:
            return shown, html
        left = _count(shown)
        if not left:
            raise RenderError(template, None, "is too long for a mail even without a story")
        # Stories are of about one size: most of the excess goes at once, the rest story by story.
        per_story = len(html.encode()) / left
        shown = trimmed(shown, min(left, max(1, int(excess / per_story))))


def _html(
    shown: Shown, nonce: str, frame: dict[str, object], templates: Templates, template: str
) -> str:
    source = templates.mail(template, nonce=nonce, **frame, edition=shown)
    check_elements(source, template, templates)
    try:
        # By default MRML links web fonts of another company in every mail: fonts={} forbids it.
        return str(mjml2html(source, fonts={}))
    except ValueError as error:
        hint = "is every element closed, and is it MJML?"
        raise RenderError(template, None, f"MJML: {error}; {hint}") from error


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


def _part(subtype: str, boundary: str) -> bytes:
    return (
        f"--{boundary}\r\n"
        f"Content-Type: text/{subtype}; charset=utf-8\r\n"
        "Content-Transfer-Encoding: quoted-printable\r\n"
        "\r\n"
    ).encode("ascii")


def _body(
    text: str, html: str, nonce: str, boundary: str
) -> tuple[list[bytes], list[tuple[int, str, bool]]]:
    """Octets and holes of the multipart body, the fields that describe it before them."""
    # "=_" cannot occur in quoted-printable text, so no line can be taken for the boundary.
    opening = (
        f'MIME-Version: 1.0\r\nContent-Type: multipart/alternative; boundary="{boundary}"\r\n\r\n'
    )
    parts = [opening.encode("ascii") + _part("plain", boundary)]
    holes: list[tuple[int, str, bool]] = []
    for content, in_html in ((text, False), (html, True)):
        if in_html:
            parts.append(b"\r\n" + _part("html", boundary))
        for place, piece in enumerate(split_at_holes(content, nonce)):
            if place % 2:
                holes.append((len(parts), piece, in_html))
                parts.append(b"")
            else:
                parts.append(segment(piece))
    parts.append(f"\r\n--{boundary}--\r\n".encode("ascii"))
    return parts, holes


def preview(layout: Layout, values: Mapping[str, str], *, links: Links) -> str:
    """The HTML of *layout* with *values* in its holes, to look at before sending.

    A hole without a value shows its own name.
    """
    pieces = split_at_holes(layout.html, links.nonce(layout.edition_id))
    pieces[1::2] = [str(escape(values.get(hole, hole))) for hole in pieces[1::2]]
    return "".join(pieces)
