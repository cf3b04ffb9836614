import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import html

from digest.model import Correction, Edition, Image, KeptPicture, Section
from digest.render.pages import edition_page, story_pages
from digest.render.press import Press, issue
from digest.render.shelves import Line
from digest.render.showing import Gallery, show
from digest.settings import Brand, Newsletter
from make import MORNING, make_brief, make_edition, make_item, make_story
from public_page import HOSTILE, SITE, check_page, data_of, parse, stories_of, told

PAGE = f"{SITE}/editions/daily/2026-05-18T0700/"


@pytest.fixture(scope="module")
def text(morning: Edition, press: Press, daily: Newsletter) -> str:
    return edition_page(told(morning, press), press=press, newsletter=daily)


@pytest.fixture(scope="module")
def page(text: str) -> html.HtmlElement:
    return parse(text)


# ------------------------------------------------------------------- editions


def test_a_page_stands_alone(text: str) -> None:
    check_page(text)


def test_the_same_edition_gives_the_same_pages(
    text: str, morning: Edition, press: Press, daily: Newsletter
) -> None:
    assert edition_page(told(morning, press), press=press, newsletter=daily) == text
    assert stories_of(morning, press, daily) == stories_of(morning, press, daily)


def test_the_feeds_of_editions_and_of_stories_are_announced(page: html.HtmlElement) -> None:
    feeds = [(e.get("type"), e.get("href")) for e in page.xpath("//link[@rel='alternate']")]
    assert feeds == [
        ("application/rss+xml", f"{SITE}/feeds/daily/feed.rss"),
        ("application/atom+xml", f"{SITE}/feeds/daily/feed.atom"),
        ("application/feed+json", f"{SITE}/feeds/daily/feed.json"),
        ("application/rss+xml", f"{SITE}/feeds/daily/stories/feed.rss"),
        ("application/atom+xml", f"{SITE}/feeds/daily/stories/feed.atom"),
        ("application/feed+json", f"{SITE}/feeds/daily/stories/feed.json"),
        ("text/x-opml", f"{SITE}/feeds.opml"),
    ]


def test_those_who_share_the_link_see_what_it_is(page: html.HtmlElement) -> None:
    og = {e.get("property"): e.get("content") for e in page.xpath("//meta[@property]")}
    assert og["og:url"] == page.xpath("//link[@rel='canonical']/@href")[0] == PAGE
    assert og["og:title"] == "The Daily: Harbour council votes to reopen the old ferry line"
    assert og["og:image"] == "https://pictures.example/ferry.jpg"
    assert (og["og:image:width"], og["og:image:height"]) == ("1200", "675")
    assert og["article:published_time"] == "2026-05-18T07:00:00+03:00"
    assert "Tram drivers" in og["og:description"]
    assert page.xpath("//meta[@name='twitter:card']/@content") == ["summary_large_image"]


def test_an_edition_without_pictures_is_shared_with_the_newsletters_card(
    morning: Edition, press: Press, daily: Newsletter
) -> None:
    plain = told(morning, press, show="none")
    for text in (
        edition_page(plain, press=press, newsletter=daily, card="card-daily.png"),
        next(story_pages(plain, press=press, newsletter=daily, card="card-daily.png"))[1],
    ):
        image = parse(text).xpath("//meta[@property='og:image']/@content")
        assert image == [f"{SITE}/pictures/card-daily.png"]
    bare = edition_page(plain, press=press, newsletter=daily)
    assert "og:image" not in bare


def test_machines_read_the_list_of_stories(text: str, morning: Edition) -> None:
    data = data_of(text)
    items = data["mainEntity"]["itemListElement"]
    assert data["@type"] == "CollectionPage"
    assert data["isPartOf"]["url"] == f"{SITE}/editions/daily/"
    assert [item["position"] for item in items] == [1, 2, 3, 4]
    assert [item["url"] for item in items] == [f"{PAGE}{story.id}/" for story in morning.stories]


def test_every_place_that_a_mail_links_to_exists(page: html.HtmlElement, morning: Edition) -> None:
    ids = set(page.xpath("//@id"))
    assert {f"story-{story.id}" for story in morning.stories} <= ids
    assert {f"brief-{brief.id}" for brief in morning.briefs} <= ids
    assert {"section-at-sea", "section-city", "in-brief"} <= ids
    assert {link[1:] for link in page.xpath("//a/@href") if link.startswith("#")} <= ids


def test_a_correction_leads_to_its_item_whatever_it_was(
    morning: Edition, press: Press, daily: Newsletter
) -> None:
    # Two others tell the first story, and nobody leads with them.
    items = [*morning.stories[0].items, *morning.briefs]
    assert len(items) == 5
    corrected = tuple(
        Correction(
            item_id=item.id,
            headline=item.title,
            at=MORNING,
            sentences=("It was otherwise.",),
            edition_id=morning.id,
        )
        for item in items
    )
    next_one = replace(morning, id="daily@2026-05-19T0700", corrections=corrected)
    later = show(next_one, links=press.links)
    page = parse(edition_page(told(morning, press), press=press, newsletter=daily))
    ids = page.xpath("//@id")
    for correction in later.corrections:
        before, _, place = correction.url.partition("#")
        assert before == PAGE
        assert ids.count(place) == 1, correction.url


def test_a_headline_leads_to_the_article_and_its_time_to_its_own_page(
    page: html.HtmlElement, morning: Edition
) -> None:
    at_sea, city = morning.sections
    strike = page.get_element_by_id(f"story-{city.stories[0].id}")
    ferry = page.get_element_by_id(f"story-{at_sea.stories[0].id}")
    assert ferry.xpath(".//h3/a/@href") == ["https://harbournews.example/ferry"]
    assert ferry.xpath(".//a[.//time]/@href") == [f"{PAGE}{at_sea.stories[0].id}/"]
    # It has no page at its publisher's.
    assert strike.xpath(".//h3/a/@href") == [f"{PAGE}{city.stories[0].id}/"]


def test_sections_lead_to_all_of_their_stories_where_there_is_such_a_page(
    page: html.HtmlElement, morning: Edition, press: Press, daily: Newsletter
) -> None:
    assert page.xpath("//h2/a/@href") == [
        f"{SITE}/editions/daily/section/at-sea/",
        f"{SITE}/editions/daily/section/city/",
    ]
    text = edition_page(
        told(morning, press), press=press, newsletter=daily, listed_sections=["city"]
    )
    assert parse(text).xpath("//h2/a/@href") == [f"{SITE}/editions/daily/section/city/"]


def line(hours: float, headline: str = "Gull Maiden sails") -> Line:
    at = MORNING + timedelta(hours=hours)
    return Line(edition_id=f"daily@{at:%Y-%m-%dT%H%M}", slot_at=at, headlines=(headline,))


def test_one_turns_to_the_editions_before_and_after(
    morning: Edition, press: Press, daily: Newsletter
) -> None:
    text = edition_page(
        told(morning, press),
        press=press,
        newsletter=daily,
        older=line(-24, "Storm shuts the harbour"),
        newer=line(24),
    )
    check_page(text)
    page = parse(text)
    for rel, day, headline in (
        ("prev", "Sunday, May 17, 2026", "Storm shuts the harbour"),
        ("next", "Tuesday, May 19, 2026", "Gull Maiden sails"),
    ):
        (head,) = page.xpath(f"//head/link[@rel='{rel}']/@href")
        (link,) = page.xpath(f"//nav/a[@rel='{rel}']")
        assert link.get("href") == head
        assert link.findtext("b") == day
        assert link.findtext("bdi") == headline


def test_the_first_edition_has_none_before_it(text: str) -> None:
    assert not parse(text).xpath("//*[@rel='prev' or @rel='next']")


def test_two_editions_of_a_day_are_told_apart_by_their_hours(
    morning: Edition, press: Press, daily: Newsletter
) -> None:
    text = edition_page(told(morning, press), press=press, newsletter=daily, newer=line(6))
    assert parse(text).findtext(".//nav/a[@rel='next']/b") == "Monday, May 18, 2026, 1:00\xa0PM"


def test_words_of_another_script_have_their_language_and_direction(page: html.HtmlElement) -> None:
    assert page.xpath("//h3[@lang='ar' and @dir='rtl']")


def test_a_brief_and_its_source_are_two_things(page: html.HtmlElement) -> None:
    briefs = [" ".join(p.text_content().split()) for p in page.xpath("//ol[@class='briefs']/li/p")]
    assert [brief.partition(" · ")[2] for brief in briefs] == ["wire", "bayradio.example"]


def test_times_are_for_machines_too(page: html.HtmlElement) -> None:
    assert "2026-05-17T17:00+03:00" in page.xpath("//time/@datetime")


def test_nothing_personal_is_on_a_page(
    text: str, morning: Edition, press: Press, daily: Newsletter
) -> None:
    for one in (text, stories_of(morning, press, daily)[0]):
        assert "/leave/" not in one
        assert "/preferences/" not in one
        assert "@" not in re.sub(r"<style>.*?</style>|\"@[a-z]+\"", "", one, flags=re.S)


def test_an_empty_edition_has_a_page(press: Press, daily: Newsletter) -> None:
    empty = told(replace(make_edition(), sections=()), press)
    text = edition_page(empty, press=press, newsletter=daily)
    check_page(text)
    assert "There is nothing new in this edition." in text
    assert list(story_pages(empty, press=press, newsletter=daily)) == []


# ------------------------------------------------------------------- pictures


def hosted(edition: Edition) -> Gallery:
    source = edition.stories[0].lead.image
    assert source is not None
    assert source.url is not None
    kept = KeptPicture(
        source_url=source.url,
        file="0123456789abcdef.jpg",
        media_type="image/jpeg",
        width=1088,
        height=612,
        size=9,
    )
    return Gallery(show="hosted", kept={source.url: kept})


def test_pictures_of_ours_come_from_us_alone(
    morning: Edition, press: Press, daily: Newsletter
) -> None:
    shown = issue(morning, press=press, gallery=hosted(morning))
    text = edition_page(shown, press=press, newsletter=daily)
    page = parse(text)
    assert page.xpath("//img/@src") == [f"{SITE}/pictures/0123456789abcdef.jpg"]
    policy = page.xpath("//meta[@http-equiv='Content-Security-Policy']/@content")[0]
    assert f"img-src 'self' {SITE};" in policy
    assert "form-action 'self'" in policy
    (first, *_) = [text for _, text in story_pages(shown, press=press, newsletter=daily)]
    figure = parse(first).xpath("//figure")[0]
    assert figure.xpath("./img/@alt") == ["A white ferry at a stone quay"]
    assert figure.xpath("string(figcaption)") == "Photo: A. Example"


def test_pictures_at_their_publishers_may_be_fetched_where_they_are(page: html.HtmlElement) -> None:
    policy = page.xpath("//meta[@http-equiv='Content-Security-Policy']/@content")[0]
    assert f"img-src 'self' {SITE} https:;" in policy
    assert page.xpath("//img/@referrerpolicy") == ["no-referrer"]


def test_a_caption_and_who_took_the_picture_do_not_run_together(
    press: Press, daily: Newsletter
) -> None:
    image = Image(
        url="https://pictures.example/a.jpg", alt="A quay", caption="Low water", credit="A. Example"
    )
    edition = make_edition(
        Section(slug="a", title="A", stories=(make_story(make_item(image=image)),))
    )
    for text in all_pages(edition, press, daily):
        assert parse(text).xpath("string(//figcaption)") == "Low water · Photo: A. Example"


# ---------------------------------------------------------------------- looks


def test_words_of_the_house_turn_by_themselves(
    morning: Edition, press: Press, daily: Newsletter
) -> None:
    brand = Brand(footer="Since 1974.")
    arabic = daily.model_copy(update={"language": "ar"})
    ours = replace(press, brand=brand)
    text = edition_page(told(morning, ours), press=ours, newsletter=arabic)
    lines = parse(text).xpath("//footer/p/bdi/text()")
    assert lines == ["Since 1974.", "Harbour Newsroom", "1 Lower Quay, 12345 Port Orrin"]


def test_a_page_wears_the_colours_and_fonts_of_the_brand(
    morning: Edition, press: Press, daily: Newsletter
) -> None:
    brand = Brand(accent="#0b5d3b", headline_font="Segoe UI, serif", footer="Since 1974.")
    ours = replace(press, brand=brand, logo="logo.png", logo_size=(160, 40))
    text = edition_page(told(morning, ours), press=ours, newsletter=daily)
    check_page(text)
    assert "--accent: #0b5d3b" in text
    assert '--serif: "Segoe UI", serif;' in text
    page = parse(text)
    (logo,) = page.xpath("//header//img")
    assert (logo.get("src"), logo.get("alt")) == (f"{SITE}/pictures/logo.png", "Harbour Newsroom")
    assert "Since 1974." in page.xpath("string(//footer)")
    own = daily.model_copy(update={"accent": "#1a5fb4"})
    assert "--accent: #1a5fb4" in edition_page(told(morning, ours), press=ours, newsletter=own)


def test_a_page_is_in_the_language_of_its_newsletter(
    morning: Edition, press: Press, daily: Newsletter
) -> None:
    arabic = daily.model_copy(update={"language": "ar"})
    edition = replace(morning, language="ar")
    for text in (
        edition_page(told(edition, press), press=press, newsletter=arabic),
        *stories_of(edition, press, arabic),
    ):
        check_page(text)
        page = parse(text)
        assert (page.get("lang"), page.get("dir")) == ("ar", "rtl")
        assert "الاثنين" in page.text_content()


# -------------------------------------------------------------------- hostile


def all_pages(edition: Edition, press: Press, daily: Newsletter) -> Iterator[str]:
    shown = told(edition, press)
    yield edition_page(shown, press=press, newsletter=daily)
    yield from (text for _, text in story_pages(shown, press=press, newsletter=daily))


@pytest.mark.parametrize("words", HOSTILE)
def test_hostile_words_stay_words(words: str, press: Press, daily: Newsletter) -> None:
    image = Image(url="https://pictures.example/a.jpg", alt=words, caption=words, credit=words)
    item = make_item(
        words, f"{words} and more", authors=(words,), image=image, topics=(words,), site=words
    )
    edition = make_edition(
        Section(slug="a", title=words, stories=(make_story(item, item, note=words),)),
        briefs=(make_brief(words),),
        title=words,
        intro=words,
    )
    evil = daily.model_copy(update={"title": words, "description": words})
    for text in all_pages(edition, press, evil):
        check_page(text)
        page = parse(text)
        assert len(page.xpath("//img")) == 1
        assert len(page.xpath("//script")) == 1
        assert len(page.xpath("//style")) == 2
        data_of(text)
        plain = " ".join(words.replace("\u202e", "").split())
        assert plain[:60] in " ".join(page.text_content().split())


@given(
    words=st.text(st.characters(codec="utf-8"), max_size=60)
    | st.lists(st.sampled_from(["<", "/", "script", "!--", '"', "\\", "&", "]]>"]), max_size=9).map(
        "".join
    )
)
@settings(max_examples=40, deadline=None)
def test_structured_data_never_breaks_out(words: str, press: Press, daily: Newsletter) -> None:
    item = make_item(f"A {words}", f"{words} B", topics=(words,), authors=(f"C {words}",))
    edition = make_edition(Section(slug="a", title="A", stories=(make_story(item),)))
    for text in all_pages(edition, press, daily):
        assert text.count("<script") == text.count("</script>") == 1
        data_of(text)


def test_an_enormous_item_leaves_a_page_of_common_size(press: Press, daily: Newsletter) -> None:
    words = "gull " * 1_000_000
    item = make_item(words, words, standfirst=words, topics=(words,))
    story = make_story(item, make_item(id="b" * 16, authors=(words,)))
    edition = make_edition(Section(slug="a", title="A", stories=(story,)))
    for text in all_pages(edition, press, daily):
        assert len(text) < 60_000


# ---------------------------------------------------------------- corrections


def test_corrections_have_a_place_of_their_own(
    corrected: Edition, press: Press, daily: Newsletter
) -> None:
    text = edition_page(told(corrected, press), press=press, newsletter=daily)
    check_page(text)
    page = parse(text)
    assert page.xpath("//nav//a[@href='#corrections']/text()") == ["Corrections and updates"]
    lines = page.xpath("//section[@aria-labelledby='corrections']//li")
    assert [e.xpath("string(.//strong)") for e in lines] == ["Correction", "Update", "Correction"]
    assert [e.xpath(".//time/@datetime")[0] for e in lines] == [
        "2026-05-17T22:00+03:00",
        "2026-05-18T06:40+03:00",
        "2026-05-18T07:00+03:00",
    ]
    assert lines[0].xpath(".//h3/a/@href") == ["https://wire.example/gull"]
    assert [p.text for p in lines[0].xpath("./p[not(@class)]")] == [
        "Correction: An earlier version of this article had another number.",
        "Some 90 passengers were on the “Gull Maiden”.",
    ]
    assert lines[2].xpath("./h3[@lang='ar' and @dir='rtl']")
    assert lines[2].xpath("./p[@lang='ar' and @dir='rtl']")


def test_a_page_without_corrections_does_not_name_them(text: str) -> None:
    assert 'id="corrections"' not in text
    assert "Corrections and updates" not in text


def test_an_edition_of_corrections_alone_has_a_page(
    corrected: Edition, press: Press, daily: Newsletter
) -> None:
    alone = replace(corrected, sections=(), briefs=())
    text = edition_page(told(alone, press), press=press, newsletter=daily)
    check_page(text)
    assert "There is nothing new" not in text
    described = parse(text).xpath("//meta[@name='description']/@content")[0]
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
    text = edition_page(told(edition, press), press=press, newsletter=daily)
    check_page(text)
    assert text.count("<script") == 1
    assert words in parse(text).text_content()
