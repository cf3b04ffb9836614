"""Variants of one edition's mail: form, language, where pictures are, and whether links count."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default as default_policy
from typing import Any

import pytest

from digest.model import Edition, Form, KeptPicture, Picks, Section, Subscriber
from digest.render import Gallery, Layout, Links, Press, fill
from digest.render.showing import show
from digest.render.shown import Shown
from digest.settings import Newsletter
from make import make_brief, make_edition, make_item, make_story

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


# ----------------------------------------------------------------------------- clocks


def shown_to(edition: Edition, links: Links, timezone: str, language: str = "") -> Shown:
    return show(edition, links=links, picks=picks(edition, timezone=timezone, language=language))


@pytest.mark.parametrize(
    ("timezone", "at", "iso"),
    [
        ("", "1:00\u00a0AM", "2026-05-18T01:00+03:00"),
        ("+09:00", "7:00\u00a0AM", "2026-05-18T07:00+09:00"),
        ("-02:30", "Sun, May 17, 7:30\u00a0PM", "2026-05-17T19:30-02:30"),
        ("America/New_York", "Sun, May 17, 6:00\u00a0PM", "2026-05-17T18:00-04:00"),
    ],
)
def test_a_time_is_told_by_the_readers_clock_with_its_day_if_that_is_another(
    morning: Edition, links: Links, timezone: str, at: str, iso: str
) -> None:
    ferry = shown_to(morning, links, timezone).stories[0]
    assert (ferry.time, ferry.iso) == (at, iso)


def test_briefs_are_parted_by_the_readers_days(morning: Edition, links: Links) -> None:
    days = {
        zone: [(brief.day, brief.time) for brief in shown_to(morning, links, zone).briefs]
        for zone in ("", "+09:00", "-11:00")
    }
    assert days[""] == [("Sun, May 17", "10:00\u00a0PM"), ("Mon, May 18", "6:00\u00a0AM")]
    assert days["+09:00"] == [("", "4:00\u00a0AM"), ("", "12:00\u00a0PM")]
    assert days["-11:00"] == [("Sun, May 17", "8:00\u00a0AM"), ("", "4:00\u00a0PM")]


def test_the_day_of_an_edition_is_its_newsletters_wherever_it_is_read(
    morning: Edition, links: Links
) -> None:
    here, there = (shown_to(morning, links, zone) for zone in ("", "-11:00"))
    assert (there.date, there.short_date, there.iso) == (here.date, here.short_date, here.iso)
    assert there.subject == here.subject


def test_a_day_without_a_clock_is_the_same_day_everywhere(links: Links) -> None:
    # The newsroom's midnight, in Athens.
    midnight = datetime(2026, 5, 17, 21, tzinfo=UTC)
    item = make_item(published_at=midnight, day_only=True)
    brief = make_brief(published_at=midnight, day_only=True)
    edition = make_edition(Section(slug="news", title="News", stories=(make_story(item),)))
    there = shown_to(replace(edition, briefs=(brief,)), links, "-11:00")
    (story,), (brief_there,) = there.stories, there.briefs
    assert (story.time, story.iso) == ("Mon, May 18", "2026-05-18")
    assert (brief_there.day, brief_there.time, brief_there.iso) == ("", "", "2026-05-18")


@pytest.mark.parametrize(
    ("timezone", "language", "told"),
    [
        ("+03:00", "", "All times are in your time zone, GMT+3."),
        ("+05:30", "de", "Alle Uhrzeiten sind in Ihrer Zeitzone angegeben: GMT+5:30."),
        ("-02:30", "fr", "Toutes les heures sont données dans votre fuseau horaire, UTC-2:30."),
        ("+00:00", "pl", "Wszystkie godziny podano w Państwa strefie czasowej: GMT."),
        ("+14:00", "ar", "جميع الأوقات بتوقيت منطقتكم الزمنية، غرينتش+14."),
        ("America/New_York", "uk", "Час усюди вказано за вашим часовим поясом: GMT-4."),
        ("", "uk", ""),
    ],
)
def test_a_reader_is_told_that_the_times_are_theirs(
    morning: Edition, links: Links, timezone: str, language: str, told: str
) -> None:
    assert shown_to(morning, links, timezone, language).clocks == told


@pytest.mark.parametrize("theme", ["newspaper", "plain", "brief"])
@pytest.mark.parametrize("form", list(Form))
def test_every_form_says_whose_times_these_are(
    lay_out: LayOut, morning: Edition, daily: Newsletter, form: Form, theme: str
) -> None:
    newsletter = daily.model_copy(update={"theme": theme})
    there = lay_out(
        morning, picks=picks(morning, form=form, timezone="+09:00"), newsletter=newsletter
    )
    here = lay_out(morning, picks=picks(morning, form=form), newsletter=newsletter)
    for text in filter(None, (there.html, there.text)):
        assert "All times are in your time zone, GMT+9." in text
        assert "12:00\u00a0PM" in text
    assert "time zone" not in here.html + here.text
