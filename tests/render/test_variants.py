"""Variants of one edition's mail: form, language, where pictures are, and whether links count."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default as default_policy
from typing import Any

import pytest

from digest.model import Edition, Form, KeptPicture, Picks, Subscriber
from digest.render import Gallery, Layout, Links, Press, fill
from digest.settings import Newsletter

LayOut = Callable[..., Layout]
SENT_AT = datetime(2026, 5, 18, 4, 1, tzinfo=UTC)
READER = Subscriber(id=7, email="reader@mail.example", name="Ada Quill", key="ab" * 16)
FERRY = "https://pictures.example/ferry.jpg"
KEPT = KeptPicture(
    source_url=FERRY, file="0a1b2c.jpg", media_type="image/jpeg", width=1088, height=612, size=3000
)
OCTETS = bytes(range(256)) * 12


def message(layout: Layout, links: Links) -> EmailMessage:
    octets = fill(layout, READER, links=links, sent_at=SENT_AT)
    parsed = message_from_bytes(octets, policy=default_policy)
    assert isinstance(parsed, EmailMessage)
    assert not parsed.defects
    return parsed


def picks(edition: Edition, **fields: Any) -> Picks:
    everything = Picks(sections=tuple(section.slug for section in edition.sections))
    return replace(everything, **fields)


def test_who_wants_text_only_gets_one_part(lay_out: LayOut, morning: Edition, links: Links) -> None:
    mail = message(lay_out(morning, picks=picks(morning, form=Form.TEXT)), links)
    assert mail.get_content_type() == "text/plain"
    text = mail.get_content()
    assert "Harbour council votes to reopen the old ferry line" in text
    assert "/leave/" in text
    assert "<" not in text


def test_who_wants_it_short_gets_a_sentence_a_story(
    lay_out: LayOut, morning: Edition, links: Links
) -> None:
    full = lay_out(morning)
    short = lay_out(morning, picks=picks(morning, form=Form.COMPACT))
    assert "The council voted 14 to 9 late on Sunday." in short.html
    assert "Two boats are to run from October." in full.html
    assert "Two boats are to run from October." not in short.html
    assert len(short.html) < len(full.html)


@pytest.mark.parametrize(
    ("language", "leave", "direction"),
    [("de", "Abbestellen", "ltr"), ("uk", "Відписатися", "ltr"), ("ar", "إلغاء الاشتراك", "rtl")],
)
def test_the_frame_may_be_in_the_readers_language(
    lay_out: LayOut, morning: Edition, language: str, leave: str, direction: str
) -> None:
    layout = lay_out(morning, picks=picks(morning, language=language))
    assert leave in layout.html
    assert leave in layout.text
    assert f'lang="{language}"' in layout.html
    assert f'dir="{direction}"' in layout.html
    assert "Harbour council votes" in layout.html


def test_pictures_may_be_inside_the_mail(lay_out: LayOut, morning: Edition, links: Links) -> None:
    gallery = Gallery(show="embedded", kept={FERRY: KEPT})
    mail = message(lay_out(morning, gallery=gallery, files={KEPT.file: OCTETS}), links)
    assert mail.get_content_type() == "multipart/alternative"
    text, related = mail.iter_parts()
    assert text.get_content_type() == "text/plain"
    assert related.get_content_type() == "multipart/related"
    html, picture = related.iter_parts()
    assert picture.get_content() == OCTETS
    assert picture["Content-ID"] == "<0a1b2c-jpg@news.example.org>"
    assert 'src="cid:0a1b2c-jpg@news.example.org"' in html.get_content()


def test_a_picture_inside_several_variants_is_in_memory_once(
    lay_out: LayOut, morning: Edition
) -> None:
    gallery = Gallery(show="embedded", kept={FERRY: KEPT})
    layouts = [
        lay_out(
            morning, picks=picks(morning, language=tag), gallery=gallery, files={KEPT.file: OCTETS}
        )
        for tag in ("", "de")
    ]
    one, other = (
        [part for part in layout.body if b"Content-ID: <0a1b2c" in part] for layout in layouts
    )
    assert len(one) == len(other) == 1
    assert one[0] is other[0]


def test_a_picture_whose_octets_are_gone_is_not_named(
    lay_out: LayOut, morning: Edition, links: Links
) -> None:
    gallery = Gallery(show="embedded", kept={FERRY: KEPT})
    mail = message(lay_out(morning, gallery=gallery, files={}), links)
    assert [part.get_content_type() for part in mail.iter_parts()] == ["text/plain", "text/html"]
    assert "cid:" not in mail.as_string()


def test_hosted_pictures_come_from_us_alone(lay_out: LayOut, morning: Edition) -> None:
    layout = lay_out(morning, gallery=Gallery(show="hosted", kept={FERRY: KEPT}))
    assert "https://news.example.org/pictures/0a1b2c.jpg" in layout.html
    assert "pictures.example" not in layout.html


@pytest.mark.parametrize("show", ["hosted", "embedded", "none"])
def test_a_picture_that_is_not_kept_is_not_shown(
    lay_out: LayOut, morning: Edition, show: Any
) -> None:
    assert "pictures.example" not in lay_out(morning, gallery=Gallery(show=show)).html


def test_links_go_by_the_counter_only_when_asked(
    lay_out: LayOut, morning: Edition, daily: Newsletter, links: Links
) -> None:
    plain = lay_out(morning)
    counted = lay_out(morning, newsletter=daily.model_copy(update={"count_clicks": True}))
    go = links.go_url(morning.id, "https://harbournews.example/ferry")
    assert "/go/" not in plain.html
    assert f'href="{go}"' in counted.html
    assert 'href="https://harbournews.example/ferry"' not in counted.html
    # Whoever reads the text sees where a link leads.
    assert "/go/" not in counted.text
    # What leads to us needs no counter.
    assert f'href="{links.edition_url(morning.id)}"' in counted.html


def test_a_logo_is_shown_with_its_size(lay_out: LayOut, morning: Edition, press: Press) -> None:
    branded = replace(press, logo="1f.png", logo_size=(240, 60))
    html = lay_out(morning, press=branded).html
    assert 'src="https://news.example.org/pictures/1f.png"' in html
    assert 'width="240"' in html
