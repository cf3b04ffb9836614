import json
import re
from dataclasses import replace
from datetime import timedelta
from itertools import pairwise

import pytest
from lxml import html

from digest.model import Edition, Image, Section
from digest.render import (
    LeaveState,
    Press,
    archive_page,
    edition_page,
    leave_page,
)
from digest.settings import Newsletter
from make import MORNING, make_brief, make_edition, make_item, make_story

PAGE = "https://news.example.org/editions/daily/2026-05-18T0700/"


@pytest.fixture(scope="module")
def text(morning: Edition, press: Press, daily: Newsletter) -> str:
    return edition_page(morning, press=press, newsletter=daily)


@pytest.fixture(scope="module")
def page(text: str) -> html.HtmlElement:
    return html.document_fromstring(text)


def check_page(text: str) -> None:
    """What holds for every page: it stands alone, says its language, and runs nothing."""
    page = html.document_fromstring(text)
    assert text.startswith("<!doctype html>\n<html lang=")
    assert page.get("dir") in ("ltr", "rtl")
    assert page.findtext(".//title")
    assert len(page.findall(".//h1")) == 1
    assert len(page.findall(".//main")) == 1
    for script in page.iter("script"):
        assert script.get("type") == "application/ld+json"
    assert not page.xpath("//link[@rel='stylesheet'] | //iframe | //object | //embed")
    assert not page.xpath("//@*[starts-with(name(), 'on')]")
    assert "@import" not in text
    assert "url(" not in text
    ids = page.xpath("//@id")
    assert len(ids) == len(set(ids))
    for link in page.iter("a"):
        assert link.text_content().strip()
        assert re.match(r"https?://|#", link.get("href"))
    levels = [int(heading.tag[1]) for heading in page.xpath("//h1 | //h2 | //h3 | //h4")]
    assert all(after <= before + 1 for before, after in pairwise(levels))


def test_a_page_stands_alone(text: str) -> None:
    check_page(text)


def test_the_same_edition_gives_the_same_page(
    text: str, morning: Edition, press: Press, daily: Newsletter
) -> None:
    again = edition_page(morning, press=press, newsletter=daily)
    assert again == text


def test_all_three_feeds_are_announced(page: html.HtmlElement) -> None:
    feeds = {e.get("type"): e.get("href") for e in page.xpath("//link[@rel='alternate']")}
    assert feeds == {
        "application/rss+xml": "https://news.example.org/feeds/daily/feed.rss",
        "application/atom+xml": "https://news.example.org/feeds/daily/feed.atom",
        "application/feed+json": "https://news.example.org/feeds/daily/feed.json",
    }


def test_those_who_share_the_link_see_what_it_is(page: html.HtmlElement) -> None:
    og = {e.get("property"): e.get("content") for e in page.xpath("//meta[@property]")}
    assert og["og:url"] == page.xpath("//link[@rel='canonical']/@href")[0] == PAGE
    assert og["og:title"] == "The Daily: Harbour council votes to reopen the old ferry line"
    assert og["og:image"] == "https://pictures.example/ferry.jpg"
    assert og["article:published_time"] == "2026-05-18T07:00:00+03:00"
    assert "Tram drivers" in og["og:description"]


def test_machines_read_the_list_of_stories(page: html.HtmlElement) -> None:
    data = json.loads(page.xpath("//script/text()")[0])
    items = data["mainEntity"]["itemListElement"]
    assert data["@type"] == "CollectionPage"
    assert [item["position"] for item in items] == [1, 2, 3, 4]
    assert items[0]["url"] == "https://harbournews.example/ferry"
    assert all(item["url"].startswith("https://") for item in items)


def test_every_place_that_a_mail_links_to_exists(page: html.HtmlElement, morning: Edition) -> None:
    ids = set(page.xpath("//@id"))
    assert {f"story-{story.id}" for story in morning.stories} <= ids
    assert {"section-at-sea", "section-city", "in-brief"} <= ids
    assert {link[1:] for link in page.xpath("//a/@href") if link.startswith("#")} <= ids


def test_words_of_another_script_have_their_language_and_direction(page: html.HtmlElement) -> None:
    assert page.xpath("//h3[@lang='ar' and @dir='rtl']")


def test_times_are_for_machines_too(page: html.HtmlElement) -> None:
    assert "2026-05-17T17:00+03:00" in page.xpath("//time/@datetime")


def test_nothing_personal_is_on_a_page(text: str) -> None:
    assert "/leave/" not in text
    assert "@" not in re.sub(r"<style>.*?</style>|\"@[a-z]+\"", "", text, flags=re.S)


@pytest.mark.parametrize(
    "words",
    [
        "{{ site }} {% raw %}",
        "</script><script>alert(1)</script>",
        "<!--<script>",
        '"><img src=x onerror=alert(1)>',
        "]]> &amp;",
        "العنوان " * 30,
        "x" * 300,
        "a\r\nb\u2028c",
    ],
)
def test_hostile_words_stay_words(words: str, press: Press, daily: Newsletter) -> None:
    image = Image(url="https://pictures.example/a.jpg", alt=words, caption=words, credit=words)
    item = make_item(words, f"{words} and more", authors=(words,), image=image)
    edition = make_edition(
        Section(slug="a", title=words, stories=(make_story(item),)),
        briefs=(make_brief(words),),
        title=words,
    )
    text = edition_page(edition, press=press, newsletter=daily)
    check_page(text)
    page = html.document_fromstring(text)
    assert len(page.xpath("//img")) == 1
    assert len(page.xpath("//script")) == 1
    name = json.loads(page.xpath("//script/text()")[0])["mainEntity"]["itemListElement"][0]["name"]
    assert name[:20] == " ".join(words.split())[:20]
    assert " ".join(words.split())[:60] in page.text_content()


def test_an_empty_edition_has_a_page(press: Press, daily: Newsletter) -> None:
    empty = replace(make_edition(), sections=())
    text = edition_page(empty, press=press, newsletter=daily)
    check_page(text)
    assert "There is nothing new in this edition." in text


def test_the_archive_lists_editions_by_month(
    morning: Edition, press: Press, daily: Newsletter
) -> None:
    editions = [
        replace(morning, id=f"daily@{day:%Y-%m-%dT0700}", slot_at=day)
        for day in (MORNING - timedelta(days=n) for n in range(40))
    ]
    weekly = Newsletter(slug="weekly", title="Week", language="ar")
    text = archive_page([(daily, editions), (weekly, [])], press=press)
    check_page(text)
    page = html.document_fromstring(text)
    assert [e.text for e in page.xpath("//h3")] == ["May 2026", "April 2026"]
    assert len(page.xpath("//ul[@class='editions']/li")) == 40
    assert page.xpath("//ul[@class='editions']//a/@href")[0] == PAGE
    assert page.xpath("//section[@lang='ar' and @dir='rtl']")
    assert len(page.xpath("//link[@rel='alternate']")) == 6


def test_an_archive_of_nothing_is_a_page(press: Press) -> None:
    check_page(archive_page([], press=press))


@pytest.mark.parametrize(
    ("state", "says", "buttons"),
    [
        ("ask", "Unsubscribe from The Daily?", 1),
        ("done", "You are unsubscribed from The Daily.", 0),
        ("bad", "This link does not work.", 0),
    ],
)
def test_leaving_takes_one_button_and_no_script(
    state: LeaveState,
    says: str,
    buttons: int,
    press: Press,
    daily: Newsletter,
) -> None:
    text = leave_page(state, press=press, newsletter=daily)
    check_page(text)
    page = html.document_fromstring(text)
    assert page.findtext(".//h1") == says
    assert len(page.xpath("//form[@method='post' and not(@action)]//button")) == buttons
    assert page.xpath("//meta[@name='robots']/@content") == ["noindex"]


def test_a_link_of_nobody_has_a_page_too(press: Press) -> None:
    check_page(leave_page("bad", press=press, newsletter=None))


def test_corrections_have_a_place_of_their_own(
    corrected: Edition, press: Press, daily: Newsletter
) -> None:
    text = edition_page(corrected, press=press, newsletter=daily)
    check_page(text)
    page = html.document_fromstring(text)
    assert page.xpath("//nav//a[@href='#corrections']/text()") == ["Corrections and updates"]
    told = page.xpath("//section[@aria-labelledby='corrections']//li")
    assert [e.xpath("string(.//strong)") for e in told] == ["Correction", "Update", "Correction"]
    assert [e.xpath(".//time/@datetime")[0] for e in told] == [
        "2026-05-17T22:00+03:00",
        "2026-05-18T06:40+03:00",
        "2026-05-18T07:00+03:00",
    ]
    assert told[0].xpath(".//h3/a/@href") == ["https://wire.example/gull"]
    assert [p.text for p in told[0].xpath("./p[not(@class)]")] == [
        "Correction: An earlier version of this article had another number.",
        "Some 90 passengers were on the “Gull Maiden”.",
    ]
    assert told[2].xpath("./h3[@lang='ar' and @dir='rtl']")
    assert told[2].xpath("./p[@lang='ar' and @dir='rtl']")


def test_a_page_without_corrections_does_not_name_them(text: str) -> None:
    assert 'id="corrections"' not in text
    assert "Corrections and updates" not in text


def test_an_edition_of_corrections_alone_has_a_page(
    corrected: Edition, press: Press, daily: Newsletter
) -> None:
    alone = replace(corrected, sections=(), briefs=())
    text = edition_page(alone, press=press, newsletter=daily)
    check_page(text)
    assert "There is nothing new" not in text
    described = html.document_fromstring(text).xpath("//meta[@name='description']/@content")[0]
    assert described.startswith("Gull Maiden had 90 people on board")


def test_hostile_corrections_stay_words_on_a_page(
    corrected: Edition, press: Press, daily: Newsletter
) -> None:
    words = '</h3><script>alert(1)</script>"><img src=x onerror=alert(1)>{{ site }}'
    evil = replace(
        corrected.corrections[0],
        headline=words,
        sentences=(f"{words} again",),
        site=words,
        language='"><b>',
        url="javascript:alert(1)",
    )
    edition = replace(corrected, corrections=(evil,))
    text = edition_page(edition, press=press, newsletter=daily)
    check_page(text)
    assert text.count("<script") == 1
    assert words in html.document_fromstring(text).text_content()
