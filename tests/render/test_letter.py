"""Letters: what standards demand of a mail, asked of every kind in every language.

Read with the standard library; our own lint is asked last, of the rows that are not a list's.
"""

import re
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import timedelta
from email import message_from_bytes, policy
from email.header import decode_header, make_header
from email.message import EmailMessage
from email.utils import getaddresses, parsedate_to_datetime
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from digest.errors import RenderError
from digest.model import Form, LetterKind, Subscriber
from digest.render import Links, Press, Templates, default_templates
from digest.render.checks import lint
from digest.render.letter import LONGEST_TITLE, LONGEST_WORDING, letter
from digest.render.wording import known_languages, words_for
from digest.settings import Brand, Mail, Newsletter, Site
from make import MORNING, make_subscriber

Write = Callable[..., bytes]

UNTIL = MORNING + timedelta(days=7)
CONFIRM = "https://news.example.org/confirm/AbCd" + "eF0_-9" * 12
PREFERENCES = "https://news.example.org/preferences/" + "xY1-_z" * 12
WORDING = "Send me The Daily by mail. I can unsubscribe at any time."
JSON = b'{\n  "name": "Caf\xc3\xa9",\n  "delivered": []\n}\n' * 30
LANGUAGES = [tag for tag, _ in known_languages()]
HOSTILE = (
    'Quay\r\nBcc: all@example.com\r\n\r\n<b onclick="x()">&amp; {{ email }} [[ 7*7 ]] {title} '
    "=?utf-8?q?x?= \u202edab\u202c\x00 https://evil.example/x"
)
_OF_KIND: Mapping[LetterKind, Mapping[str, Any]] = {
    LetterKind.CONFIRM: {"url": CONFIRM, "until": UNTIL, "wording": WORDING},
    LetterKind.KNOWN: {"url": PREFERENCES},
    LetterKind.DATA: {"attachment": JSON},
}
#: A letter comes from no list, brings a file, and hides nothing.
_OF_LISTS = {"M10", "M11", "M13"}
_NOT_OF_LETTERS = (
    "there is no preheader: inboxes show whatever comes first",
    "no address to leave can be shown: List-Unsubscribe has none",
    "it is multipart/mixed; it must be multipart/alternative",
    "its parts are multipart/alternative, application/json; text/plain, then text/html must be",
)


@pytest.fixture(scope="module")
def write(press: Press, daily: Newsletter, mail: Mail) -> Write:
    """``write(kind)`` writes a letter; keywords replace what a test is about."""

    def build(kind: LetterKind, language: str = "en", **changed: Any) -> bytes:
        values: dict[str, Any] = {
            "press": press,
            "newsletter": daily,
            "subscriber": make_subscriber(language=language),
            "mail": mail,
            "message_id": f"<{kind}.17.0a1b2c3d4e5f@news.example.org>",
            "sent_at": MORNING,
        }
        return letter(kind, **(values | dict(_OF_KIND[kind]) | changed))

    return build


class Page(HTMLParser):
    """Elements in order, and the words that are seen."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[tuple[str, dict[str, str]]] = []
        self.title = ""
        self.words = ""
        self._within = ""
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, {name: value or "" for name, value in attrs}))
        self._within = tag

    def handle_data(self, data: str) -> None:
        if self._within == "title":
            self.title, self._within = data, ""
        elif self._within != "style":
            self.words += data

    def all(self, *tags: str) -> list[dict[str, str]]:
        return [attributes for tag, attributes in self.elements if tag in tags]


def opened(raw: bytes) -> EmailMessage:
    message = message_from_bytes(raw, policy=policy.default)
    assert isinstance(message, EmailMessage)
    assert not [part.defects for part in message.walk() if part.defects]
    return message


def told(raw: bytes, kind: str) -> str:
    """The words of the first part of *kind*, "plain" or "html"; lines end in a newline."""
    for part in message_from_bytes(raw).walk():
        if part.get_content_type() == f"text/{kind}":
            octets = part.get_payload(decode=True)
            assert isinstance(octets, bytes)
            return octets.decode().replace("\r\n", "\n")
    return ""


def header(raw: bytes, name: str) -> str:
    """A raw field, unfolded; straight from the octets."""
    head = raw.partition(b"\r\n\r\n")[0].decode()
    lines = re.sub(r"\r\n(?=[ \t])", "", head).split("\r\n")
    (value,) = [line.partition(": ")[2] for line in lines if line.startswith(f"{name}:")]
    return value


def decoded(value: str) -> str:
    return str(make_header(decode_header(value)))


def flat(text: str) -> str:
    return " ".join(text.split())


def check(raw: bytes, subscriber: Subscriber) -> None:
    """What must hold of the octets, whatever was put into them."""
    assert raw.isascii()
    assert not re.search(rb"\r(?!\n)|(?<!\r)\n|\0", raw)
    assert raw.endswith(b"\r\n")
    head, _, body = raw.partition(b"\r\n\r\n")
    # Only one address that cannot be folded may be longer.
    assert all(len(line) <= 78 or b" " not in line.strip() for line in head.split(b"\r\n"))
    assert all(len(line) <= 76 and not line.startswith(b".") for line in body.split(b"\r\n"))
    names = [line.partition(b":")[0].lower() for line in re.split(rb"\r\n(?![ \t])", head)]
    assert not [name for name, times in Counter(names).items() if times > 1]
    assert set(names) - {b"reply-to", b"content-transfer-encoding"} == {
        *(b"from", b"to", b"subject", b"date", b"message-id", b"auto-submitted"),
        *(b"mime-version", b"content-type"),
    }
    ((_, address),) = getaddresses([header(raw, "To")])
    assert address == subscriber.email
    ((name, sender),) = getaddresses([header(raw, "From")])
    assert name
    assert sender == "morning@news.example.org"
    for word in re.findall(r"=\?[^?]*\?[bq]\?[^?\s]*\?=", head.decode()):
        ((octets, charset),) = decode_header(word)
        assert isinstance(octets, bytes)
        assert not re.search(r"[\r\n\0]", octets.decode(charset or "ascii"))
    opened(raw)


def faults(raw: bytes, site: Site, **known: Any) -> list[str]:
    report = lint(raw, postal_address=site.postal_address, **known)
    return [
        finding.sentence()
        for finding in report.having("fail", "warn")
        if finding.row not in _OF_LISTS and finding.text not in _NOT_OF_LETTERS
    ]


# ---------------------------------------------------------------------------- every letter


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("kind", LetterKind)
def test_every_letter_keeps_what_standards_demand(
    write: Write, kind: LetterKind, language: str, site: Site
) -> None:
    raw = write(kind, language)
    check(raw, make_subscriber())
    assert faults(raw, site, envelope_to="reader1@example.com") == []
    subject = decoded(header(raw, "Subject"))
    page = Page(told(raw, "html"))
    ((root),) = page.all("html")
    assert root["lang"] == language
    assert root["dir"] == ("rtl" if language == "ar" else "ltr")
    assert flat(page.title) == flat(subject)
    assert header(raw, "Auto-Submitted") == "auto-generated"
    assert header(raw, "MIME-Version") == "1.0"
    assert "{" not in subject + told(raw, "plain")
    for line in ("1 Lower Quay, 12345 Port Orrin", "Harbour Newsroom", "reader1@example.com"):
        assert line in told(raw, "plain")
        assert line in page.words


@pytest.mark.parametrize("kind", LetterKind)
def test_a_letter_is_no_mail_of_a_list(write: Write, kind: LetterKind) -> None:
    assert not re.search(rb"(?im)^(list-|precedence)", write(kind))


@pytest.mark.parametrize("kind", LetterKind)
def test_nothing_of_a_letter_is_active_hidden_or_fetched(write: Write, kind: LetterKind) -> None:
    html = told(write(kind), "html")
    page = Page(html)
    assert not page.all("img", "link", "script", "form", "input", "button", "iframe", "object")
    assert not re.search(r"url\(|@import|@font-face|display:\s*none|font-size:\s*0|hidden", html)
    assert not re.search(r"\son\w+=", html)
    wanted = _OF_KIND[kind].get("url")
    assert [link["href"] for link in page.all("a")] == ([wanted] if wanted else [])
    for table in page.all("table"):
        assert table["role"] == "presentation"


@pytest.mark.parametrize("kind", LetterKind)
def test_a_letter_is_readable_in_the_dark(write: Write, kind: LetterKind, press: Press) -> None:
    html = told(write(kind), "html")
    assert '<meta name="color-scheme" content="light dark">' in html
    dark = press.palette().dark
    rules = html[html.index("prefers-color-scheme: dark") :]
    for colour in (dark.ground, dark.paper, dark.body, dark.ink, dark.quiet, dark.accent):
        assert colour in rules


@pytest.mark.parametrize("kind", LetterKind)
def test_the_date_and_the_message_id_are_those_that_are_given(
    write: Write, kind: LetterKind
) -> None:
    raw = write(kind, message_id="<known.3.abc@news.example.org>", sent_at=MORNING)
    assert header(raw, "Message-ID") == "<known.3.abc@news.example.org>"
    assert header(raw, "Date") == "Mon, 18 May 2026 04:00:00 +0000"
    assert parsedate_to_datetime(header(raw, "Date")) == MORNING


@pytest.mark.parametrize("kind", LetterKind)
def test_the_same_arguments_give_the_same_octets(write: Write, kind: LetterKind) -> None:
    raw = write(kind)
    assert raw == write(kind)
    other = write(kind, message_id="<other.1.abc@news.example.org>")
    boundaries = [set(re.findall(rb'boundary="([^"]+)"', one)) for one in (raw, other)]
    assert all(boundaries)
    assert not boundaries[0] & boundaries[1]


@pytest.mark.parametrize("kind", LetterKind)
def test_whoever_wants_text_gets_text(write: Write, kind: LetterKind) -> None:
    raw = write(kind, subscriber=make_subscriber(form=Form.TEXT))
    check(raw, make_subscriber())
    assert told(raw, "html") == ""
    assert told(raw, "plain") == told(write(kind), "plain")


def test_a_letter_speaks_the_newsletters_language_to_whom_we_cannot_speak(
    write: Write, daily: Newsletter
) -> None:
    german = daily.model_copy(update={"language": "de"})
    raw = write(LetterKind.KNOWN, "tlh", newsletter=german)
    assert Page(told(raw, "html")).all("html")[0]["lang"] == "de"
    assert words_for("de").letter_known.format(title="The Daily") == decoded(header(raw, "Subject"))


# ---------------------------------------------------------------------------- kinds


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_confirmation_says_who_asks_what_until_when_and_what_is_agreed_to(
    write: Write, language: str
) -> None:
    raw = write(LetterKind.CONFIRM, language)
    words = words_for(language)
    plain, html = told(raw, "plain"), told(raw, "html")
    page = Page(html)
    for text in (flat(plain), flat(page.words)):
        assert flat(words.letter_confirm_text.format(title="The Daily")) in text
        assert flat(words.agreed_to) in text
        assert WORDING in text
        assert flat(words.letter_confirm_end.partition("{date}")[0]) in text
        assert "2026" in text
    assert CONFIRM in plain.splitlines()
    assert flat(page.words).count(words.letter_confirm_button) >= 1


@pytest.mark.parametrize(
    ("language", "moment"),
    [
        ("en", "May 25, 2026, 7:00 AM"),
        ("de", "25. Mai 2026, 07:00"),
        ("fr", "25 mai 2026, 07:00"),
        ("pl", "25 maja 2026, 07:00"),
        ("uk", "25 травня 2026 р., 07:00"),
        ("ar", "25 مايو 2026، 7:00 ص"),
    ],
)
def test_a_link_ends_by_the_newsletters_clock_in_the_readers_language(
    write: Write, language: str, moment: str
) -> None:
    assert moment in flat(told(write(LetterKind.CONFIRM, language), "plain"))


def test_a_confirmation_does_not_need_a_sentence_of_consent(write: Write) -> None:
    raw = write(LetterKind.CONFIRM, wording="")
    check(raw, make_subscriber())
    assert words_for("en").agreed_to not in told(raw, "plain") + told(raw, "html")


def test_a_sentence_in_another_language_says_so(write: Write) -> None:
    arabic = "أرسلوا إليّ الجريدة."
    html = told(write(LetterKind.CONFIRM, wording=arabic, wording_language="ar"), "html")
    (sentence,) = [one for one in Page(html).all("p") if one.get("lang") == "ar"]
    assert sentence["dir"] == "rtl"


@pytest.mark.parametrize("language", LANGUAGES)
def test_whoever_gets_it_already_is_led_to_their_choices(write: Write, language: str) -> None:
    raw = write(LetterKind.KNOWN, language)
    words = words_for(language)
    for text in (flat(told(raw, "plain")), flat(Page(told(raw, "html")).words)):
        assert flat(words.letter_known_text.format(title="The Daily")) in text
        assert flat(words.letter_known_end) in text
    assert PREFERENCES in told(raw, "plain").splitlines()


@pytest.mark.parametrize("form", Form)
def test_what_is_kept_comes_as_a_file(write: Write, form: Form) -> None:
    message = opened(write(LetterKind.DATA, subscriber=make_subscriber(form=form)))
    assert message.get_content_type() == "multipart/mixed"
    (file,) = message.iter_attachments()
    assert file.get_content_type() == "application/json"
    assert file.get_filename() == "data.json"
    assert file.get_content() == JSON


@pytest.mark.parametrize("attachment", [b"", b"x" * 400_000, bytes(range(256)) * 3])
def test_a_file_of_any_size_comes_as_it_was(write: Write, attachment: bytes) -> None:
    raw = write(LetterKind.DATA, attachment=attachment)
    check(raw, make_subscriber())
    (file,) = opened(raw).iter_attachments()
    assert file.get_content() == attachment


# ---------------------------------------------------------------------------- the house


def test_a_letter_has_the_houses_colours_and_foot(write: Write, press: Press) -> None:
    brand = Brand(accent="#0b5c2e", paper="#ffffff", footer="Independent since 1974.")
    raw = write(LetterKind.CONFIRM, press=replace(press, brand=brand))
    assert "#0b5c2e" in told(raw, "html")
    for kind in ("plain", "html"):
        assert "Independent since 1974." in told(raw, kind)


def test_the_logo_stands_on_our_pages(write: Write, press: Press, site: Site) -> None:
    raw = write(LetterKind.CONFIRM, press=replace(press, logo="logo.png", logo_size=(120, 40)))
    (logo,) = Page(told(raw, "html")).all("img")
    assert logo["src"] == "https://news.example.org/pictures/logo.png"
    assert (logo["alt"], logo["width"], logo["height"]) == ("Harbour Newsroom", "120", "40")
    assert faults(raw, site) == []


@pytest.mark.parametrize("kind", LetterKind)
def test_a_logo_whose_octets_are_there_is_inside_the_letter(
    write: Write, press: Press, site: Site, kind: LetterKind
) -> None:
    ours = replace(press, logo="logo.png", logo_size=(120, 40))
    octets = bytes(range(256)) * 9
    raw = write(kind, press=ours, files={"logo.png": octets})
    check(raw, make_subscriber())
    assert faults(raw, site) == []
    (logo,) = Page(told(raw, "html")).all("img")
    (picture,) = [part for part in opened(raw).walk() if part.get_content_maintype() == "image"]
    assert picture["Content-ID"] == f"<{logo['src'].removeprefix('cid:')}>"
    assert picture.get_content() == octets


def test_answers_go_where_the_house_wants_them(write: Write, mail: Mail) -> None:
    ours = mail.model_copy(update={"reply_to": "desk@news.example.org", "from_name": "The desk"})
    raw = write(LetterKind.KNOWN, mail=ours)
    assert header(raw, "Reply-To") == "desk@news.example.org"
    assert header(raw, "From") == "The desk <morning@news.example.org>"


@pytest.mark.parametrize("language", ["en", "ar"])
def test_names_of_another_direction_do_not_turn_the_words_around_them(
    write: Write, daily: Newsletter, site: Site, language: str
) -> None:
    named = daily.model_copy(update={"title": "صحيفة الميناء", "language": "ar"})
    html = told(write(LetterKind.CONFIRM, language, newsletter=named), "html")
    turned = '<span lang="ar" dir="rtl">صحيفة الميناء</span>'
    assert html.count(turned) == (2 if language == "en" else 0)
    assert ('<span dir="ltr">reader1@example.com</span>') in html


# ---------------------------------------------------------------------------- hostile


@pytest.mark.parametrize("kind", LetterKind)
def test_what_others_wrote_stays_text(
    write: Write, daily: Newsletter, site: Site, kind: LetterKind
) -> None:
    # Settings refuse such a title; another way in may not.
    named = daily.model_copy(update={"title": HOSTILE})
    reader = make_subscriber(name=HOSTILE)
    more = {"wording": HOSTILE} if kind is LetterKind.CONFIRM else {}
    raw = write(kind, newsletter=named, subscriber=reader, **more)
    check(raw, reader)
    html = told(raw, "html")
    assert "<b " not in html
    assert "hole-" not in html + told(raw, "plain")
    assert len(Page(html).all("a")) == (kind is not LetterKind.DATA)
    if kind is not LetterKind.DATA:
        for text in (told(raw, "plain"), Page(html).words):
            assert "<b onclick" in text
            assert "{{ email }} [[ 7*7 ]] {title}" in flat(text)
            assert "\u202e" not in text


def test_a_name_that_a_stranger_may_have_typed_is_in_no_confirmation(write: Write) -> None:
    reader = make_subscriber(name="Buy now at evil.example")
    assert b"evil" not in write(LetterKind.CONFIRM, subscriber=reader)
    assert b"evil" in write(LetterKind.KNOWN, subscriber=reader)


@pytest.mark.parametrize("kind", LetterKind)
def test_endless_words_make_a_letter_of_the_usual_length(
    write: Write, daily: Newsletter, site: Site, kind: LetterKind
) -> None:
    named = daily.model_copy(update={"title": "Donaudampfschifffahrt " * 90_000})
    reader = make_subscriber(name="Ann" * 90_000)
    more = {"wording": "yes " * 900_000} if kind is LetterKind.CONFIRM else {}
    raw = write(kind, newsletter=named, subscriber=reader, **more)
    check(raw, reader)
    assert len(decoded(header(raw, "Subject"))) < LONGEST_TITLE + 60
    assert len(raw) < 40_000 + 4 * LONGEST_WORDING
    assert faults(raw, site) == []


@given(title=st.text(min_size=1, max_size=150), name=st.text(max_size=150), said=st.text())
@example(title="\r\n", name="a\r\nBcc: b@example.org", said="\u2028")
@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_words_break_a_letter(
    write: Write, daily: Newsletter, title: str, name: str, said: str
) -> None:
    named = daily.model_copy(update={"title": f"The {title}"})
    reader = make_subscriber(name=name)
    for kind in (LetterKind.CONFIRM, LetterKind.KNOWN):
        more = {"wording": said} if kind is LetterKind.CONFIRM else {}
        check(write(kind, newsletter=named, subscriber=reader, **more), reader)


@pytest.mark.parametrize(
    ("kind", "changed", "said"),
    [
        (LetterKind.CONFIRM, {"url": ""}, "confirm needs the web address of a page, not ''"),
        (LetterKind.KNOWN, {"url": "javascript:alert(1)"}, "known needs the web address"),
        (LetterKind.DATA, {"url": "nowhere"}, "data needs the web address"),
        (LetterKind.CONFIRM, {"until": None}, "confirm needs the time at which its link ends"),
        (LetterKind.DATA, {"attachment": None}, "data needs the data to attach"),
        (LetterKind.DATA, {"message_id": "<a@b>\r\nBcc: c@d"}, "is no Message-ID"),
        (LetterKind.DATA, {"message_id": "<a@b@c>"}, "is no Message-ID"),
        (LetterKind.DATA, {"message_id": "a@b"}, "is no Message-ID"),
        (
            LetterKind.KNOWN,
            {"subscriber": make_subscriber(9, email="a@b\r\nBcc: c@d")},
            "subscriber 9 has an address that cannot stand in a header; correct or remove it",
        ),
        (LetterKind.KNOWN, {"mail": Mail().model_copy(update={"from_address": "x"})}, "no address"),
        (LetterKind.KNOWN, {"mail": Mail().model_copy(update={"reply_to": "x"})}, "no address"),
    ],
)
def test_a_letter_that_could_not_do_what_it_is_for_is_refused(
    write: Write, kind: LetterKind, changed: dict[str, Any], said: str
) -> None:
    with pytest.raises(RenderError, match=re.escape(said)):
        write(kind, **changed)


def test_a_template_of_the_operators_that_is_for_editions_is_told_so(
    write: Write, press: Press, links: Links, tmp_path: Path
) -> None:
    (tmp_path / "email").mkdir()
    (tmp_path / "email" / "letter.txt").write_text("Hello {{ name }}")
    own = replace(press, templates=Templates([tmp_path, default_templates()]))
    with pytest.raises(RenderError, match=re.escape("letter.txt: has “{{ }}”")):
        write(LetterKind.KNOWN, press=own)
