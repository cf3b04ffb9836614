from datetime import timedelta

import pytest

from digest.model import Correction, Edition, Section
from digest.render.pages import edition_page, story_pages
from digest.render.press import Press
from digest.settings import Newsletter
from make import MORNING, make_edition, make_item, make_story
from public_page import SITE, check_page, data_of, parse, stories_of, told

PAGE = f"{SITE}/editions/daily/2026-05-18T0700/"


@pytest.fixture(scope="module")
def ferry(morning: Edition, press: Press, daily: Newsletter) -> str:
    return stories_of(morning, press, daily)[0]


def test_every_story_has_a_page_in_the_order_of_the_edition(
    morning: Edition, press: Press, daily: Newsletter
) -> None:
    pages = list(story_pages(told(morning, press), press=press, newsletter=daily))
    assert [id for id, _ in pages] == [story.id for story in morning.stories]
    for (id, text), story in zip(pages, morning.stories, strict=True):
        check_page(text)
        page = parse(text)
        assert page.findtext(".//h1") == story.headline
        assert page.xpath("//link[@rel='canonical']/@href") == [f"{PAGE}{id}/"]
        assert PAGE in page.xpath("//a/@href")


def test_a_story_leads_to_the_ones_beside_it(
    morning: Edition, press: Press, daily: Newsletter
) -> None:
    first, second, *_ = pages = [parse(text) for text in stories_of(morning, press, daily)]
    assert not first.xpath("//a[@rel='prev']")
    assert first.xpath("//a[@rel='next']/@href") == [f"{PAGE}{morning.stories[1].id}/"]
    assert second.xpath("//a[@rel='prev']/@href") == [f"{PAGE}{morning.stories[0].id}/"]
    assert not pages[-1].xpath("//a[@rel='next']")


def test_a_story_names_all_its_sources_with_their_times(ferry: str) -> None:
    page = parse(ferry)
    tellers = page.xpath("//section[@aria-labelledby='sources']/ol/li")
    assert [e.xpath("string(h3)") for e in tellers] == [
        "harbournews.example",
        "courier.example",
        "bayradio.example",
    ]
    assert [e.xpath(".//a/@href") for e in tellers] == [
        ["https://harbournews.example/ferry"],
        ["https://courier.example/story"],
        ["https://bayradio.example/story"],
    ]
    assert all(e.xpath(".//time/@datetime") == ["2026-05-18T01:00+03:00"] for e in tellers)
    (whole,) = page.xpath("//p[@class='onward']/a[@href='https://harbournews.example/ferry']")
    assert whole.text == "Read the whole article at harbournews.example"


def test_a_source_that_tells_twice_is_named_once(press: Press, daily: Newsletter) -> None:
    items = [
        make_item(f"Ferry adrift {n}", id=f"{n:016x}", url=f"https://{host}.example/{n}", hours=n)
        for n, host in enumerate(["courier", "island", "courier", "island", "island"])
    ]
    edition = make_edition(Section(slug="a", title="A", stories=(make_story(*items),)))
    (text,) = stories_of(edition, press, daily)
    check_page(text)
    sources = parse(text).xpath("//ol[@class='tellers']/li")
    assert [one.xpath("string(h3)") for one in sources] == ["courier.example", "island.example"]
    assert [one.xpath("ul/li/p[1]/a/text()") for one in sources] == [
        ["Ferry adrift 0", "Ferry adrift 2"],
        ["Ferry adrift 1", "Ferry adrift 3", "Ferry adrift 4"],
    ]


def test_a_storys_page_says_on_which_day(press: Press, daily: Newsletter) -> None:
    for hours, changed, said in (
        (0, 1, "Published Mon, May 18, 1:00\xa0AM · updated 8:00\xa0AM"),
        (-4, 1, "Published Sun, May 17, 9:00\xa0PM · updated Mon, May 18, 8:00\xa0AM"),
    ):
        item = make_item(hours=hours)
        story = make_story(item, updated_at=MORNING + timedelta(hours=changed))
        edition = make_edition(Section(slug="a", title="A", stories=(story,)))
        (text,) = stories_of(edition, press, daily)
        page = parse(text)
        assert said in page.xpath("string(//header/p[@class='meta'])")
        (beside,) = page.xpath("//ol[@class='tellers']//time/text()")
        assert beside in said
    (text,) = stories_of(
        make_edition(Section(slug="a", title="A", stories=(make_story(make_item(day_only=True)),))),
        press,
        daily,
    )
    assert parse(text).xpath("//article//time/text()")[0] == "Published Mon, May 18"


def test_a_page_about_articles_of_others_does_not_pass_for_the_article(ferry: str) -> None:
    data = data_of(ferry)
    assert data["@type"] == "WebPage"
    assert data["isPartOf"]["@id"] == PAGE
    articles = data["mainEntity"]
    assert [article["@type"] for article in articles] == ["NewsArticle"] * 3
    assert articles[0]["url"] == "https://harbournews.example/ferry"
    assert articles[0]["publisher"]["name"] == "harbournews.example"
    assert articles[0]["datePublished"] == "2026-05-18T01:00+03:00"
    assert data["primaryImageOfPage"]["creditText"] == "A. Example"


def test_machines_learn_who_wrote_it_and_what_about(press: Press, daily: Newsletter) -> None:
    item = make_item(authors=("Mara Quill", "Pal Verden"), topics=("ferries", "quays"))
    edition = make_edition(Section(slug="a", title="A", stories=(make_story(item),)))
    (text,) = stories_of(edition, press, daily)
    data = data_of(text)
    assert data["keywords"] == ["ferries", "quays"]
    assert [one["name"] for one in data["mainEntity"][0]["author"]] == ["Mara Quill", "Pal Verden"]
    assert parse(text).xpath("//ul[contains(@class, 'topics')]/li/bdi/text()") == [
        "ferries",
        "quays",
    ]


def corrected_later(morning: Edition) -> Correction:
    return Correction(
        item_id=morning.stories[0].id,
        headline="Council voted 14 to 8",
        corrects=True,
        at=MORNING + timedelta(hours=7, minutes=10),
        sentences=("The council voted 14 to 8.",),
        edition_id=morning.id,
        language="en",
    )


def test_what_was_corrected_later_is_marked_where_it_stood(
    morning: Edition, press: Press, daily: Newsletter
) -> None:
    later = [corrected_later(morning)]
    text = edition_page(told(morning, press, later=later), press=press, newsletter=daily)
    check_page(text)
    story = parse(text).get_element_by_id(f"story-{morning.stories[0].id}")
    first, *others = stories_of(morning, press, daily, later=later)
    check_page(first)
    for place in (story, parse(first)):
        (changed,) = place.xpath(".//div[@class='changed']")
        assert changed.xpath("string(.//time)") == "Corrected 2:10\xa0PM"
        assert changed.xpath("./p[not(@class)]/text()") == ["The council voted 14 to 8."]
    assert not any('class="changed"' in other for other in others)
    assert data_of(first)["correction"][0]["text"] == "The council voted 14 to 8."
    assert data_of(first)["dateModified"] == "2026-05-18T11:10:00+00:00"


def test_an_update_and_a_note_are_marked_on_the_storys_page(
    press: Press, daily: Newsletter
) -> None:
    story = make_story(update_of="daily@2026-05-17T0700", note="We asked the harbour office.")
    edition = make_edition(Section(slug="a", title="A", stories=(story,)))
    (text,) = stories_of(edition, press, daily)
    page = parse(text)
    assert page.xpath("string(//p[@class='mark'])") == "Update"
    note = page.xpath("string(//p[@class='note'])")
    assert note == "Editor’s note: We asked the harbour office."


def test_a_story_in_another_language_says_so(
    morning: Edition, press: Press, daily: Newsletter
) -> None:
    *_, text = stories_of(morning, press, daily)
    page = parse(text)
    assert page.xpath("//h1[@lang='ar' and @dir='rtl']")
    assert data_of(text)["inLanguage"] == "ar"


def test_a_story_told_by_a_thousand_names_some(press: Press, daily: Newsletter) -> None:
    items = [make_item(id=f"{n:016x}", url=f"https://s{n}.example/") for n in range(1000)]
    edition = make_edition(Section(slug="a", title="A", stories=(make_story(*items),)))
    (text,) = stories_of(edition, press, daily)
    assert len(parse(text).xpath("//ol[@class='tellers']/li")) == 40
