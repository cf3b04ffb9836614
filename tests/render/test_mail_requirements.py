"""What standards and providers demand of a mail, M1 to M26, asked of every theme and variant.

Read with the standard library and regular expressions; our own lint is asked last and apart.
"""

import re
from base64 import b64encode
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import timedelta
from email import message_from_bytes, policy
from email.header import decode_header, make_header
from email.message import EmailMessage, Message
from email.utils import getaddresses, parsedate_to_datetime
from functools import cached_property
from html.parser import HTMLParser
from itertools import pairwise
from typing import Any
from urllib.parse import unquote, urlsplit

import pytest

from digest.model import Edition, Form, Image, KeptPicture, Picks, Section, Story, Subscriber
from digest.render import Gallery, Layout, Links, Press, default_templates, fill
from digest.render.checks import lint
from digest.render.checks.findings import Report
from digest.settings import Brand, Newsletter
from make import MORNING, make_brief, make_edition, make_item, make_story, make_subscriber

LayOut = Callable[..., Layout]

THEMES = sorted(
    path.stem
    for path in (default_templates() / "email").glob("*.mjml")
    if path.stem not in ("parts", "report")
)
_FERRY = "https://pictures.example/ferry.jpg"
_KEPT = KeptPicture(
    source_url=_FERRY, file="0a1b2c.jpg", media_type="image/jpeg", width=1088, height=612, size=300
)
_LONG = (
    "Donaudampfschifffahrtsgesellschaftskapitänskajütenschlüsselverwaltung verschoben: was der "
    "Gemeinderat, die Hafenbehörde und die Werft nach neun Tagen Streit im Trockendock nun "
    "gemeinsam mit den Bürgerinnen und Bürgern der drei Inseln und des Festlands vorhaben, und "
    "warum es trotzdem noch bis zum Herbst dauern kann, bis wieder eine Fähre anlegt"
)
_ARABIC = "مجلس المدينة يقرّ ميزانية جديدة للمدارس"
_UKRAINIAN = "Пором знову ходить до Нижньої набережної щогодини, а з жовтня — двічі"


def _one(headline: str, text: str = "", **fields: Any) -> Edition:
    story = make_story(make_item(headline, text or f"{headline}, in so many words.", **fields))
    return make_edition(Section(slug="news", title="News", stories=(story,)))


def _sixty() -> Edition:
    def story(number: int) -> Story:
        words = " ".join(f"word{n}" for n in range(number, number + 90))
        picture = Image(url=f"https://pictures.example/{number}.jpg", width=1200, height=800)
        item = make_item(f"Story {number} of a very long day", words, image=picture)
        return make_story(item)

    sections = (
        Section(
            slug=f"s{at}",
            title=f"Section {at}",
            stories=tuple(story(10 * at + n) for n in range(10)),
        )
        for at in range(6)
    )
    briefs = tuple(
        make_brief(f"Brief {n} is short.", published_at=MORNING - timedelta(minutes=n))
        for n in range(40)
    )
    return make_edition(*sections, briefs=briefs)


def _far_too_long(language: str, title: str, words: str) -> Edition:
    """Of letters that take two octets each: twice as many as a mail has room for."""
    headline = " ".join(words.split()[:6])

    def story(number: int) -> Story:
        told = " ".join([words] * 6)
        return make_story(make_item(f"{headline} {number}", f"{told}.", language=language))

    sections = (
        Section(slug=f"s{at}", title=title, stories=tuple(story(10 * at + n) for n in range(10)))
        for at in range(10)
    )
    briefs = tuple(
        make_brief(f"{words} {n}.", published_at=MORNING - timedelta(minutes=n), language=language)
        for n in range(20)
    )
    return make_edition(*sections, briefs=briefs, language=language, title=title)


#: Names of what is checked: each theme with each edition, and each variant once.
_EDITIONS: dict[str, Callable[[], Edition] | None] = {
    "rich": None,
    "sixty": _sixty,
    "one": lambda: _one("Ferry runs again to Lower Quay"),
    "empty": lambda: make_edition(Section(slug="news", title="News", stories=())),
    "long": lambda: _one(_LONG, " ".join([_LONG] * 4), language="de"),
    "hostile": lambda: _one("<b>Quay</b> & \"ferry\" 'a' \u202edab\u202c =?utf-8?q?x?= \r\nBcc: x"),
    "arabic": lambda: replace(
        _one(
            "مجلس المدينة يقرّ ميزانية جديدة للمدارس",
            "تشمل الميزانية إصلاح سبع مدارس.",
            language="ar",
        ),
        language="ar",
        title="صحيفة الميناء",
    ),
    "ukrainian": lambda: replace(
        _one(
            "Пором знову ходить до Нижньої набережної щогодини, а з жовтня — двічі", language="uk"
        ),
        language="uk",
        title="Ранкова пошта",
    ),
    "long arabic": lambda: _far_too_long("ar", "صحيفة الميناء", _ARABIC),
    "long ukrainian": lambda: _far_too_long("uk", "Ранкова пошта", _UKRAINIAN),
    # Plain letters need no encoded-words: only folding keeps the line of the subject short.
    "ascii": lambda: _one("Ferry to Lower Quay runs again after nine days in dock, twice an hour"),
    "http": lambda: _one(
        "A picture that a mail must not load",
        image=Image(url="http://pictures.example/ferry.jpg", width=1088, height=612),
    ),
}
_VARIANTS: dict[str, dict[str, Any]] = {
    "compact": {"form": Form.COMPACT},
    "compact in German": {"form": Form.COMPACT, "language": "de"},
    "text alone": {"form": Form.TEXT},
    "in Arabic": {"language": "ar"},
    "in Ukrainian": {"language": "uk"},
    "in French": {"language": "fr"},
    "in Polish": {"language": "pl"},
    "pictures inside": {},
    "logo": {},
    "counted": {},
    "another accent": {},
}
NAMES = [f"{theme}: {edition}" for theme in THEMES for edition in _EDITIONS] + list(_VARIANTS)
READERS = {
    "hostile": make_subscriber(3, name='Ann, "the <b>reader</b>" \r\nBcc: all@example.com'),
    "arabic": make_subscriber(4, name="العربية " * 4),
    "ukrainian": make_subscriber(5, name="Дарʼя Іванівна Надзвичайно-Довгопрізвищенко"),
    "one": make_subscriber(6, name=""),
}


@dataclass(frozen=True, kw_only=True)
class Sample:
    raw: bytes
    reader: Subscriber
    layout: Layout
    links: Links
    message: Message
    text: str
    #: "" of a mail without HTML.
    html: str

    @cached_property
    def report(self) -> Report:
        return lint(
            self.raw,
            envelope_to=self.reader.email,
            postal_address="1 Lower Quay\n12345 Port Orrin",
            left_out=self.layout.left_out,
        )

    @cached_property
    def page(self) -> "Page":
        return Page(self.html)


def _sample(layout: Layout, reader: Subscriber, links: Links) -> Sample:
    raw = fill(layout, reader, links=links, sent_at=MORNING + timedelta(seconds=7))
    message = message_from_bytes(raw)
    texts = {"text/plain": "", "text/html": ""}
    for part in message.walk():
        if part.get_content_maintype() == "text":
            octets = part.get_payload(decode=True)
            assert isinstance(octets, bytes)
            texts[part.get_content_type()] = octets.decode().replace("\r\n", "\n")
    return Sample(raw=raw, reader=reader, layout=layout, links=links, message=message,
                  text=texts["text/plain"], html=texts["text/html"])  # fmt: skip


@pytest.fixture(scope="module")
def samples(
    lay_out: LayOut, daily: Newsletter, corrected: Edition, press: Press
) -> Callable[[str], Sample]:
    """Makes the sample of a name, once."""
    made: dict[str, Sample] = {}
    links = Links(press.site.base_url, b"k" * 32, leave_mailbox="leave@news.example.org")
    ours = replace(press, links=links)

    def make(name: str) -> Sample:
        if name not in made:
            made[name] = _sample(_layout(name), READERS.get(_kind(name), make_subscriber()), links)
        return made[name]

    def _layout(name: str) -> Layout:
        theme, _, kind = name.rpartition(": ")
        build = _EDITIONS.get(kind)
        edition = build() if build else corrected
        everything = Picks(sections=tuple(section.slug for section in edition.sections))
        newsletter = daily.model_copy(update={"title": edition.title, "language": edition.language})
        if theme:
            newsletter = newsletter.model_copy(update={"theme": theme})
        more: dict[str, Any] = {"press": ours}
        if name == "pictures inside":
            gallery = Gallery(show="embedded", kept={_FERRY: _KEPT}, in_mail=True)
            more |= {"gallery": gallery, "files": {_KEPT.file: bytes(range(256)) * 9}}
        elif name == "logo":
            more = {"press": replace(ours, logo="logo.png", logo_size=(120, 40))}
        elif name == "counted":
            newsletter = newsletter.model_copy(update={"count_clicks": True})
        elif name == "another accent":
            brand = Brand(accent="#0b5c2e", paper="#ffffff", ground="#eef2ee")
            more = {"press": replace(ours, brand=brand)}
        picks = replace(everything, **_VARIANTS.get(name, {}))
        return lay_out(edition, newsletter=newsletter, picks=picks, **more)

    return make


def _kind(name: str) -> str:
    return name.rpartition(": ")[2]


@pytest.fixture(params=NAMES)
def sample(request: pytest.FixtureRequest, samples: Callable[[str], Sample]) -> Sample:
    return samples(request.param)


@pytest.fixture(params=[name for name in NAMES if name != "text alone"])
def html_sample(request: pytest.FixtureRequest, samples: Callable[[str], Sample]) -> Sample:
    return samples(request.param)


# ---------------------------------------------------------------------------- an independent reader

_VOID = {"area", "br", "col", "hr", "img", "input", "link", "meta", "wbr"}


@dataclass
class Seen:
    tag: str
    attributes: dict[str, str]
    #: Itself and the elements around it, outermost first; too much for a test that fails to tell.
    path: list["Seen"] = field(repr=False)
    text: str = ""

    def styles(self) -> dict[str, str]:
        pairs = (part.partition(":") for part in self.attributes.get("style", "").split(";"))
        return {name.strip().lower(): value.strip().lower() for name, _, value in pairs if value}


class Page(HTMLParser):
    """Elements in order, the text in each, and each text with the elements around it."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[Seen] = []
        self.texts: list[tuple[str, list[Seen]]] = []
        self.comments: list[str] = []
        self.declaration = ""
        self._open: list[Seen] = []
        self.feed(html)
        self.close()

    def handle_decl(self, decl: str) -> None:
        self.declaration = decl

    def handle_comment(self, data: str) -> None:
        self.comments.append(data)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        element = Seen(tag, {name: value or "" for name, value in attrs}, [])
        element.path = [*self._open, element]
        self.elements.append(element)
        if tag not in _VOID:
            self._open.append(element)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in _VOID:
            self._open.pop()

    def handle_endtag(self, tag: str) -> None:
        assert self._open, f"</{tag}> closes nothing"
        assert self._open[-1].tag == tag, f"</{tag}> closes <{self._open[-1].tag}>"
        self._open.pop()

    def handle_data(self, data: str) -> None:
        for element in self._open:
            element.text += data
        if data.strip() and not {"head", "style", "title"} & {e.tag for e in self._open}:
            self.texts.append((" ".join(data.split()), list(self._open)))

    def all(self, *tags: str) -> list[Seen]:
        return [element for element in self.elements if element.tag in tags]

    def meta(self, name: str) -> str:
        return next(
            e.attributes.get("content", "")
            for e in self.all("meta")
            if name in (e.attributes.get("name"), e.attributes.get("http-equiv", "").lower())
        )

    @property
    def css(self) -> list[str]:
        return [element.text for element in self.all("style")]

    def hidden(self) -> list[tuple[str, list[Seen]]]:
        return [one for one in self.texts if any(map(_hides, one[1]))]

    def visible(self) -> str:
        return " ".join(text for text, path in self.texts if not any(map(_hides, path)))


def _hides(element: Seen) -> bool:
    style = element.styles()
    return (
        style.get("display") == "none"
        or style.get("visibility") == "hidden"
        or style.get("opacity") == "0"
        or "hidden" in element.attributes
    )


def _headers(raw: bytes) -> list[tuple[str, str]]:
    """Names and unfolded raw values, straight from the octets."""
    head = raw.partition(b"\r\n\r\n")[0].decode("ascii")
    lines = re.sub(r"\r\n(?=[ \t])", "", head).split("\r\n")
    return [(line.partition(":")[0], line.partition(":")[2].strip()) for line in lines]


def _header(raw: bytes, name: str) -> str:
    (value,) = [value for key, value in _headers(raw) if key.lower() == name.lower()]
    return value


def _decoded(value: str) -> str:
    return str(make_header(decode_header(value)))


def _luminance(colour: str) -> float:
    channels = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def _contrast(one: str, other: str) -> float:
    light, dark = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


# ---------------------------------------------------------------------------- headers


def test_m1_lines_end_in_crlf_and_are_short(sample: Sample) -> None:
    assert not re.search(rb"\r(?!\n)|(?<!\r)\n|\0", sample.raw)
    assert sample.raw.endswith(b"\r\n")
    for line in sample.raw.split(b"\r\n"):
        # Only an address that cannot be folded may be longer than RFC 5322 recommends.
        assert len(line) <= 78 or max(map(len, line.split())) > 76
        assert len(line) <= 998


def test_m2_headers_are_ascii(sample: Sample) -> None:
    assert sample.raw.isascii()


def test_m3_fields_stand_once_and_none_is_missing(sample: Sample) -> None:
    names = [name.lower() for name, _ in _headers(sample.raw)]
    assert not [name for name, times in Counter(names).items() if times > 1]
    assert {"date", "from", "to", "subject", "message-id"} <= set(names)
    assert not {"bcc", "cc", "sender", "return-path"} & set(names)
    assert all(re.fullmatch(r"[A-Za-z-]+", name) for name in names)


def test_m4_the_sender_is_one_named_mailbox_of_its_own_domain(sample: Sample) -> None:
    ((name, address),) = getaddresses([_header(sample.raw, "From")])
    title = _decoded(name)
    assert title
    assert re.fullmatch(r"[^@\s]+@news\.example\.org", address)
    assert not re.match("no-?reply", address)
    assert not re.search(r"[\U0001f000-\U0001ffff☀-➿]|\(\d+\)|@", title)
    assert sample.layout.subject not in title
    assert not sample.reader.name or sample.reader.name not in title


def test_m5_the_one_recipient_is_the_envelopes(sample: Sample) -> None:
    ((_, address),) = getaddresses([_header(sample.raw, "To")])
    assert address == sample.reader.email
    others = [f"reader{number}@" for number in range(9) if number != sample.reader.id]
    assert not [other for other in others if other in sample.raw.decode()]


def test_m6_date_and_message_id_have_their_form(sample: Sample) -> None:
    raw = _header(sample.raw, "Date")
    assert re.fullmatch(
        r"(Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d\d [A-Z][a-z]{2} \d{4} [\d:]{8} \+0000", raw
    )
    sent_at = parsedate_to_datetime(raw)
    assert sent_at == MORNING + timedelta(seconds=7)
    assert raw[:3] == sent_at.strftime("%a")
    spelled = re.fullmatch(r"<([\w.-]+)@([\w.-]+)>", _header(sample.raw, "Message-ID"))
    assert spelled
    assert spelled[2] == "news.example.org"
    assert ".." not in spelled[1]
    assert len(spelled[0]) <= 500


def test_m7_encoded_words_are_short_and_whole(sample: Sample) -> None:
    head = sample.raw.partition(b"\r\n\r\n")[0].decode()
    for line in head.split("\r\n"):
        assert "=?" not in line or len(line) <= 76
    words = re.findall(r"=\?[^?]*\?[bq]\?[^?\s]*\?=", head)
    assert head.count("=?utf-8?") == len(words)
    for word in words:
        assert len(word) <= 75
        ((octets, charset),) = decode_header(word)
        assert isinstance(octets, bytes)
        # A character that is split over two words would not decode.
        assert not re.search(r"[\r\n\0]", octets.decode(charset or "ascii"))
    assert not [quoted for quoted in re.findall(r'"(?:[^"\\]|\\.)*"', head) if "=?" in quoted]
    assert _decoded(_header(sample.raw, "Subject")) == sample.layout.subject


def test_m8_the_subject_is_plain(sample: Sample) -> None:
    subject = _decoded(_header(sample.raw, "Subject"))
    assert subject
    assert len(subject) <= 150
    assert not re.match(r"(?i)(re|fwd?|aw|wg)\s*:", subject)
    assert not re.search(r"&#?\w+;|\{\{|\}\}|\[\[|\]\]|hole-|None", subject)
    assert not re.search(
        "[\u00ad\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufffd\r\n]", subject
    )
    assert subject.encode().decode("utf-8") == subject
    assert not re.search("[ÃÂÐ][\x80-\xbf]", subject)


# ---------------------------------------------------------------------------- MIME


def test_m9_the_parts_are_in_order_and_honestly_encoded(sample: Sample) -> None:
    parsed = message_from_bytes(sample.raw, policy=policy.default)
    assert isinstance(parsed, EmailMessage)
    assert not [part.defects for part in parsed.walk() if part.defects]
    assert parsed["MIME-Version"] == "1.0"
    kinds = [part.get_content_type() for part in parsed.walk()]
    if not sample.html:
        assert kinds == ["text/plain"]
    elif "multipart/related" in kinds:
        start = ["multipart/alternative", "text/plain", "multipart/related", "text/html"]
        assert kinds[:4] == start
        assert set(kinds[4:]) == {"image/jpeg"}
    else:
        assert kinds == ["multipart/alternative", "text/plain", "text/html"]
    for part in parsed.walk():
        if part.get_content_maintype() == "text":
            assert part.get_content_charset() == "utf-8"
            assert part["Content-Transfer-Encoding"] == "quoted-printable"


def test_m9_the_encoding_is_valid_to_the_octet(sample: Sample) -> None:
    body = sample.raw.partition(b"\r\n\r\n")[2]
    boundaries = re.findall(rb'boundary="([^"]+)"', sample.raw)
    for boundary in boundaries:
        assert re.fullmatch(rb"[0-9A-Za-z'()+_,./:=? -]{1,69}[^ ]", boundary)
        assert len(re.findall(rb"(?m)^--" + re.escape(boundary) + rb"--\r?$", body)) == 1
    if boundaries:
        pieces = re.split(
            rb"(?m)^--(?:" + b"|".join(map(re.escape, boundaries)) + rb")(?:--)?\r$", body
        )
    else:
        pieces = [b"\r\n\r\n" + body]
    for piece in pieces:
        head, _, content = piece.partition(b"\r\n\r\n")
        assert all(len(line) <= 76 for line in content.split(b"\r\n"))
        if b"base64" not in head:
            assert not re.search(rb"=(?![0-9A-F]{2}|\r\n)|[ \t]\r\n|[^\t\r\n -~]", content)


def test_m9_pictures_inside_are_those_that_are_shown(samples: Callable[[str], Sample]) -> None:
    sample = samples("pictures inside")
    inside = {
        part["Content-ID"].strip("<>"): part.get_payload(decode=True)
        for part in sample.message.walk()
        if part.get_content_maintype() == "image"
    }
    assert set(re.findall(r"cid:([^\"']+)", sample.html)) == set(inside)
    assert list(inside.values()) == [bytes(range(256)) * 9]
    assert b64encode(bytes(range(57))) in sample.raw.replace(b"\r\n", b"")


# ---------------------------------------------------------------------------- lists


def test_m10_one_https_address_and_a_mailbox_lead_out(sample: Sample) -> None:
    raw = _header(sample.raw, "List-Unsubscribe")
    ways = re.fullmatch(r"<(https://[^>\s]+)>,\s*<(mailto:[^>\s]+)>", raw)
    assert ways
    web, mailto = ways.groups()
    token = web.rpartition("/")[2]
    assert re.fullmatch(r"[\w-]{16,}", token)
    assert sample.links.read_leave(token)[1] == sample.reader.key
    for way in (web, unquote(mailto)):
        assert sample.reader.email not in way
        assert f"reader{sample.reader.id}" not in way


def test_m11_one_click_has_its_exact_words(sample: Sample) -> None:
    assert b"\r\nList-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n" in sample.raw


def test_m13_the_list_has_a_name(sample: Sample) -> None:
    assert re.fullmatch(r"(.+ )?<[\w-]+(\.[\w-]+)+>", _header(sample.raw, "List-Id"))
    assert _header(sample.raw, "List-Post") == "NO"
    assert re.fullmatch(r"<https://[^>]+>", _header(sample.raw, "List-Archive"))


def test_m14_an_edition_is_no_automatic_reply(sample: Sample) -> None:
    assert not {"auto-submitted", "precedence"} & {name.lower() for name, _ in _headers(sample.raw)}


@pytest.mark.parametrize(
    ("sender", "state"),
    [("bounce+17.0a1b@news.example.org", "pass"), ("b" * 65 + "@news.example.org", "fail")],
)
def test_m17_an_envelope_is_judged_when_it_is_known(
    samples: Callable[[str], Sample], sender: str, state: str
) -> None:
    (finding,) = lint(samples("compact").raw, envelope_from=sender).of("M17")
    assert finding.state == state


# ---------------------------------------------------------------------------- HTML


def test_m18_the_html_is_not_clipped(html_sample: Sample) -> None:
    assert len(html_sample.html.replace("\n", "\r\n").encode()) < 102_400


@pytest.mark.parametrize("theme", THEMES)
def test_m18_what_had_no_room_is_told(samples: Callable[[str], Sample], theme: str) -> None:
    sample = samples(f"{theme}: sixty")
    left_out = sample.layout.left_out
    told = [one.text for one in sample.report.of("M18")]
    assert bool(left_out) == any(text.startswith(f"{left_out} stories") for text in told)


def test_m19_the_document_says_what_it_is(html_sample: Sample) -> None:
    page = html_sample.page
    assert page.declaration.lower() == "doctype html"
    (root,) = page.all("html")
    assert re.fullmatch(r"[a-z]{2}", root.attributes["lang"])
    right = root.attributes["lang"] == "ar"
    assert root.attributes["dir"] == ("rtl" if right else "ltr")
    (title,) = page.all("title")
    assert title.text.strip()
    assert "charset=utf-8" in page.meta("content-type").lower()
    assert page.meta("viewport").replace(" ", "") == "width=device-width,initial-scale=1"
    assert page.meta("color-scheme") == page.meta("supported-color-schemes") == "light dark"
    assert "prefers-color-scheme: dark" in html_sample.html


def test_m20_style_sheets_are_short_sound_and_in_the_head(html_sample: Sample) -> None:
    page = html_sample.page
    assert page.css
    assert not page.all("link")
    for element in page.all("style"):
        assert "head" in [around.tag for around in element.path]
        assert len(element.text.encode()) <= 16_384
        assert "@import" not in element.text
        assert "@font-face" not in element.text
        assert element.text.count("{") == element.text.count("}")
    assert not re.search(r"url\(", "".join(page.css))


def test_m21_nothing_is_active(html_sample: Sample) -> None:
    page = html_sample.page
    active = "script form input button select textarea frame frameset iframe object embed applet"
    assert not page.all(*active.split(), "base", "audio", "video")
    for element in page.elements:
        assert not [name for name in element.attributes if name.startswith("on")]
        values = "".join(element.attributes.values()).lower().replace("\t", "")
        assert "javascript:" not in values
        assert element.attributes.get("http-equiv", "").lower() != "refresh"
    assert not [c for c in page.comments if re.search(r"<script|<form|<iframe|\son\w+=", c)]


def test_m22_everything_has_a_name_and_a_level(html_sample: Sample) -> None:
    page = html_sample.page
    for image in page.all("img"):
        assert image.attributes.get("alt", "").strip(), image.attributes["src"]
        assert re.fullmatch(r"\d+", image.attributes["width"])
    for link in page.all("a"):
        named = [e for e in page.all("img") if link in e.path and e.attributes["alt"]]
        assert link.text.strip() or named, link.attributes
    for table in page.all("table"):
        assert table.attributes.get("role") == "presentation"
    levels = [int(e.tag[1]) for e in page.all("h1", "h2", "h3", "h4", "h5", "h6")]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(below - above <= 1 for above, below in pairwise(levels))
    ids = [e.attributes["id"] for e in page.elements if "id" in e.attributes]
    assert len(ids) == len(set(ids))


def test_m22_inline_colours_can_be_read(html_sample: Sample) -> None:
    for text, path in html_sample.page.texts:
        if any(map(_hides, path)):
            continue
        colour, ground = "#000000", "#ffffff"
        for element in path:
            style = element.styles()
            colour = style.get("color", colour)
            painted = style.get("background-color", style.get("background", ""))
            ground = found[0] if (found := re.findall("#[0-9a-f]{6}", painted)) else ground
        assert _contrast(colour, ground) >= 4.5, (text, colour, ground)


def test_m22_dark_colours_can_be_read_on_every_dark_ground(html_sample: Sample) -> None:
    css = "".join(html_sample.page.css)
    dark = css[css.index("prefers-color-scheme: dark") :]
    # What a logo lies on stays light, and has no words.
    dark = re.sub(r"\.plate \{[^}]*\}", "", dark)
    colours = set(re.findall(r"[{;]\s*color:\s*(#[0-9a-f]{6})", dark))
    grounds = set(re.findall(r"background(?:-color)?:\s*(#[0-9a-f]{6})", dark))
    assert colours
    assert grounds
    for colour in colours:
        for ground in grounds:
            assert _contrast(colour, ground) >= 4.5, (colour, ground)


def test_m23_links_and_pictures_are_absolute_and_honest(html_sample: Sample) -> None:
    page = html_sample.page
    for link in page.all("a"):
        parts = urlsplit(link.attributes["href"])
        assert parts.scheme == "https"
        host = parts.hostname or ""
        assert re.fullmatch(r"([\w-]+\.)+[a-z]{2,}", host)
        assert parts.username is None
        shown = re.fullmatch(
            r"(?:https?://)?(?:www\.)?((?:[\w-]+\.)+[a-z]{2,})(/\S*)?", link.text.strip()
        )
        assert not shown or host == shown[1] or host.endswith(f".{shown[1]}"), link.text
    for image in page.all("img"):
        assert re.match(r"https://[\w-]+\.|cid:", image.attributes["src"])
        assert image.attributes["width"] not in ("0", "1")
        assert image.attributes.get("height") not in ("0", "1")
    assert "data:" not in html_sample.html
    assert not re.search(r"\b(bit\.ly|t\.co|tinyurl\.com)\b", html_sample.html)


def test_m24_only_the_preheader_is_hidden(html_sample: Sample) -> None:
    page = html_sample.page
    ((preheader, path),) = page.hidden()
    assert page.texts[0] == (preheader, path)
    assert 40 <= len(preheader) <= 130
    assert not preheader.startswith(html_sample.layout.subject)
    assert not re.search(
        r"font-size:\s*0[^;]*;?[^>]*>[^<\s]", html_sample.html.partition("<body")[2]
    )


def test_m25_the_text_part_tells_the_same(html_sample: Sample) -> None:
    page = html_sample.page
    shown = page.visible()
    for tag in re.findall(
        r"</?(?:a|b|p|div|span|td|br)\b[^>]*>|&(?:amp|nbsp|lt|#\d+);", html_sample.text
    ):
        # Words that a source wrote: the HTML shows them too.
        assert tag in shown
    words = [word for word in re.findall(r"[^\W_]+", shown.casefold()) if len(word) > 3]
    told = set(re.findall(r"[^\W_]+", html_sample.text.casefold()))
    assert sum(word in told for word in words) >= 0.85 * len(words)


def test_m25_the_text_part_has_the_links(
    html_sample: Sample, request: pytest.FixtureRequest
) -> None:
    text = set(re.findall(r"https?://\S+", html_sample.text))
    links = {link.attributes["href"] for link in html_sample.page.all("a")}
    counted = {link for link in links if "/go/" in link}
    assert links - counted <= text
    assert {html_sample.links.read_go(link.rpartition("/")[2])[1] for link in counted} <= text


def test_m25_the_text_part_is_narrow(sample: Sample) -> None:
    assert sample.text.strip()
    wide = [line for line in sample.text.splitlines() if len(line) > 76 and "://" not in line]
    assert not [line for line in wide if " " in line.strip()]


def test_m26_both_parts_show_the_way_out_the_address_and_why(sample: Sample) -> None:
    leave = sample.links.leave_url(sample.layout.newsletter, sample.reader)
    lines = ("1 Lower Quay", "12345 Port Orrin")
    assert leave in sample.text.split()
    told = " ".join(sample.text.split())
    assert all(line in told for line in lines)
    assert sample.reader.email in told
    if not sample.html:
        return
    page = sample.page
    shown = page.visible()
    assert all(line in shown for line in lines)
    assert sample.reader.email in shown
    visible = [
        link
        for link in page.all("a")
        if link.attributes["href"] == leave
        and link.text.strip()
        and not any(map(_hides, link.path))
    ]
    assert visible
    for link in visible:
        sizes = [e.styles()["font-size"] for e in link.path if "font-size" in e.styles()]
        assert not sizes or int(sizes[-1].removesuffix("px")) >= 11


# ---------------------------------------------------------------------------- our own lint


def test_the_lint_finds_no_fault(sample: Sample) -> None:
    assert [fault.sentence() for fault in sample.report.faults] == []


def test_the_lint_has_only_doubts_that_are_meant(sample: Sample) -> None:
    doubts = [one.sentence() for one in sample.report.having("warn") if one.row != "M18"]
    assert doubts == []
