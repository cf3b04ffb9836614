"""Letters: mails to one person that are no edition.

Behind the door: one finished message that asks whether it was they who signed up, that tells
them that they get it already, or that brings what is kept of them.  Not behind it: to whom one
may be written and how often, and what its link does (see `joining` and `audience`).
"""

import re
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime
from hashlib import blake2b
from types import MappingProxyType
from zoneinfo import ZoneInfo

from babel.dates import format_date, format_time, get_datetime_format

from digest.errors import RenderError
from digest.model import Form, LetterKind, Subscriber
from digest.render.frame import Logo, tongue
from digest.render.message import LONGEST_NAME
from digest.render.press import Press
from digest.render.quoted import LINE, address_spec, mailbox_header, quoted_printable, text_header
from digest.render.showing import content_id, imprint
from digest.render.templates import HOLES, marker
from digest.render.tidy import one_line, shorten, web_url
from digest.render.wording import (
    Words,
    frame_language,
    locale_for,
    reads_from_right,
    words_for,
)
from digest.settings import Mail, Newsletter

#: Characters of a newsletter's title, and of a sentence of consent, that a letter shows.
LONGEST_TITLE = 100
LONGEST_WORDING = 4_000

_MESSAGE_ID = re.compile(r"<[!-;=?A-~]+@[A-Za-z0-9.-]+>")
_MEDIA = MappingProxyType({"jpg": "image/jpeg", "png": "image/png", "gif": "image/gif"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """A letter, as its templates show it."""

    kind: str
    #: Subject, and title.
    subject: str
    #: Of the whole letter.
    lang: str
    dir: str
    #: The newsletter's, with its language and direction where they are not the letter's.
    title: str
    title_lang: str | None
    title_dir: str | None
    #: Whom it goes to: an address that may stand in a header.
    email: str
    #: "" without one.
    url: str
    #: The last moment of the link; "" if it has none.
    until: str
    #: What is agreed to; "" if nothing.
    wording: str
    wording_lang: str | None
    wording_dir: str | None
    words: Words


def letter(
    kind: LetterKind,
    *,
    press: Press,
    newsletter: Newsletter,
    subscriber: Subscriber,
    mail: Mail,
    url: str = "",
    until: datetime | None = None,
    wording: str = "",
    wording_language: str = "",
    attachment: bytes | None = None,
    files: Mapping[str, bytes] = MappingProxyType({}),
    message_id: str,
    sent_at: datetime,
) -> bytes:
    """Write one letter: finished MIME, CRLF, 7-bit, no line needs dot-stuffing.

    The same arguments give the same octets.  It is in the subscriber's language where we speak
    it, else in the newsletter's, and without HTML for whoever wants text only.

    Args:
        url: the page to confirm on (CONFIRM), or to choose on (KNOWN; DATA may have it).
        until: CONFIRM: when *url* ends; aware.
        wording: CONFIRM: the sentence agreed to, as it was shown; "" leaves it out.
        wording_language: of *wording*, BCP 47; "" is the letter's.
        attachment: DATA: JSON, called data.json.
        files: octets of kept pictures by name: with the logo's, it is inside the letter;
            else the letter shows it from our own pages, as editions do.
        message_id: with its angle brackets; another one makes another boundary.
        sent_at: aware; becomes Date.

    Raises:
        RenderError: a template is broken, an argument that *kind* needs is not there, or an
            address or *message_id* cannot stand in a header.
    """
    _check(kind, url=url, until=until, attachment=attachment, message_id=message_id)
    shown = _shown(kind, newsletter, subscriber, url, until, wording, wording_language)
    unique = blake2b(message_id.encode("ascii"), digest_size=12).hexdigest()
    body = _text("plain", _filled("letter.txt", shown, press, newsletter, None, message_id))
    if subscriber.form is not Form.TEXT:
        logo, octets = _logo(press, files)
        html = _filled("letter.html", shown, press, newsletter, logo, message_id)
        told = _text("html", html)
        if logo and octets and logo.url in html:
            told = _multipart("related", unique, told, _picture(press, octets))
        body = _multipart("alternative", unique, body, told)
    if attachment is not None:
        body = _multipart("mixed", unique, body, _json(attachment))
    fields = _head(kind, subscriber, mail, shown)
    moment = format_datetime(sent_at.astimezone(UTC).replace(microsecond=0))
    own = (
        f"Date: {moment}\r\nMessage-ID: {message_id}\r\n"
        # RFC 3834 §5: no holiday notice comes back.
        "Auto-Submitted: auto-generated\r\nMIME-Version: 1.0\r\n"
    )
    return fields + own.encode("ascii") + body


def _check(
    kind: LetterKind,
    *,
    url: str,
    until: datetime | None,
    attachment: bytes | None,
    message_id: str,
) -> None:
    """Refuse a letter that could not do what it is for.

    Raises:
        RenderError: as `letter`.
    """
    if (url or kind is not LetterKind.DATA) and web_url(url) is None:
        raise RenderError("letter", None, f"{kind} needs the web address of a page, not {url!r}")
    if kind is LetterKind.CONFIRM and until is None:
        raise RenderError("letter", None, f"{kind} needs the time at which its link ends")
    if kind is LetterKind.DATA and attachment is None:
        raise RenderError("letter", None, f"{kind} needs the data to attach")
    if not _MESSAGE_ID.fullmatch(message_id):
        raise RenderError("letter", None, f"{message_id!r} is no Message-ID")


def _shown(
    kind: LetterKind,
    newsletter: Newsletter,
    subscriber: Subscriber,
    url: str,
    until: datetime | None,
    wording: str,
    wording_language: str,
) -> Shown:
    spec = address_spec(subscriber.email)
    if spec is None:
        # Not the address itself: this sentence may end in a log.
        problem = f"subscriber {subscriber.id} has an address that cannot stand in a header"
        raise RenderError("letter", None, f"{problem}; correct or remove it")
    language = frame_language(subscriber.language, newsletter.language) or newsletter.language
    words = words_for(language)
    title = shorten(one_line(newsletter.title), LONGEST_TITLE)
    subjects = {
        LetterKind.CONFIRM: words.letter_confirm,
        LetterKind.KNOWN: words.letter_known,
        LetterKind.DATA: words.letter_data,
    }
    agreed = shorten(one_line(wording), LONGEST_WORDING)
    title_lang, title_dir = tongue(newsletter.language, title, language)
    wording_lang, wording_dir = tongue(wording_language, agreed, language)
    return Shown(
        kind=kind.value,
        subject=subjects[kind].format(title=title),
        lang=language,
        dir="rtl" if reads_from_right(language) else "ltr",
        title=title,
        title_lang=title_lang,
        title_dir=title_dir,
        email=spec,
        url=web_url(url) or "",
        until=_moment(until, newsletter.timezone, language) if until else "",
        wording=agreed,
        wording_lang=wording_lang,
        wording_dir=wording_dir,
        words=words,
    )


def _moment(instant: datetime, timezone: str, language: str) -> str:
    """ "May 25, 2026, 7:00 AM": without its weekday, which many languages would inflect."""
    local, locale = instant.astimezone(ZoneInfo(timezone)), locale_for(language)
    both = str(get_datetime_format("medium", locale=locale))
    day = format_date(local.date(), "long", locale=locale)
    time = format_time(local, "short", locale=locale)
    # CLDR puts a narrow no-break space before "AM"; few fonts of mail programs have it.
    return both.replace("{1}", day).replace("{0}", time).replace("\u202f", "\u00a0")


def _filled(
    template: str,
    shown: Shown,
    press: Press,
    newsletter: Newsletter,
    logo: Logo | None,
    message_id: str,
) -> str:
    nonce = press.links.nonce(message_id)
    foot = filter(None, (one_line(press.brand.footer), *imprint(press.site)))
    told = press.templates.mail(
        template,
        nonce=nonce,
        letter=shown,
        site=press.site,
        brand=press.brand,
        palette=press.palette(newsletter),
        logo=logo,
        house_dir=tongue("", one_line(press.site.name), shown.lang)[1],
        # With the direction of each line, where it is not the letter's.
        foot=tuple((line, tongue("", line, shown.lang)[1]) for line in foot),
    )
    # All of a letter is one person's: nobody fills what stands in curly brackets.
    if any(marker(nonce, hole) in told for hole in HOLES):
        raise RenderError(template, None, "has “{{ }}”; in a letter all brackets are [[ ]]")
    return told.strip("\n") + "\n"


def _logo(press: Press, files: Mapping[str, bytes]) -> tuple[Logo | None, bytes]:
    """[brand] logo, and its octets if it is to be inside the letter."""
    if not press.logo:
        return None, b""
    octets = files.get(press.logo, b"")
    inside = f"cid:{content_id(press.logo, press.links)}"
    width, height = press.logo_size
    url = inside if octets else press.links.picture_url(press.logo)
    return Logo(url=url, width=width, height=height), octets


def _head(kind: LetterKind, subscriber: Subscriber, mail: Mail, shown: Shown) -> bytes:
    sender = address_spec(mail.from_address)
    if sender is None:
        raise RenderError("mail.from_address", None, f"{mail.from_address!r} is no address")
    # Whoever fills in a form may write "name" and an address of somebody else's: a letter that
    # nobody has confirmed yet must not carry their words to a stranger.
    named = "" if kind is LetterKind.CONFIRM else shorten(one_line(subscriber.name), LONGEST_NAME)
    fields = [
        mailbox_header("From", mail.from_name or shown.title, sender),
        mailbox_header("To", named, shown.email),
        text_header("Subject", shown.subject),
    ]
    if mail.reply_to:
        reply_to = address_spec(mail.reply_to)
        if reply_to is None:
            raise RenderError("mail.reply_to", None, f"{mail.reply_to!r} is no address")
        fields.append(mailbox_header("Reply-To", "", reply_to))
    return b"".join(fields)


# ---------------------------------------------------------------------------- MIME


def _text(subtype: str, content: str) -> bytes:
    head = (
        f"Content-Type: text/{subtype}; charset=utf-8\r\n"
        "Content-Transfer-Encoding: quoted-printable\r\n\r\n"
    )
    return head.encode("ascii") + quoted_printable(content)


def _encoded(fields: str, octets: bytes) -> bytes:
    told = b64encode(octets)
    lines = (told[at : at + LINE] for at in range(0, len(told), LINE))
    head = f"{fields}Content-Transfer-Encoding: base64\r\n\r\n"
    return head.encode("ascii") + b"\r\n".join(lines) + b"\r\n"


def _json(octets: bytes) -> bytes:
    return _encoded(
        'Content-Type: application/json; name="data.json"\r\n'
        'Content-Disposition: attachment; filename="data.json"\r\n',
        octets,
    )


def _picture(press: Press, octets: bytes) -> bytes:
    media_type = _MEDIA.get(press.logo.rpartition(".")[2], "application/octet-stream")
    return _encoded(
        f"Content-Type: {media_type}\r\nContent-ID: <{content_id(press.logo, press.links)}>\r\n"
        "Content-Disposition: inline\r\n",
        octets,
    )


def _multipart(subtype: str, unique: str, *parts: bytes) -> bytes:
    # "=_" cannot occur in quoted-printable or base64, so no line can be taken for a boundary;
    # the letters at its end keep one boundary from beginning another.
    boundary = f"=_{unique}_{subtype[0]}"
    kind = f"multipart/{subtype}" + ('; type="text/html"' if subtype == "related" else "")
    whole = [f'Content-Type: {kind};\r\n boundary="{boundary}"\r\n'.encode("ascii")]
    for part in parts:
        whole += [f"\r\n--{boundary}\r\n".encode("ascii"), part]
    return b"".join([*whole, f"\r\n--{boundary}--\r\n".encode("ascii")])
