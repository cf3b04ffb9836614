import pytest
from defusedxml import ElementTree
from lxml import html

from digest.render import Press
from digest.render.channels import (
    Channel,
    channel_page,
    channels_of,
    every_channel_page,
    folder,
    opml,
    topic_key,
    topic_slug,
)
from feedroom import SECTIONS, SITE, SOURCES, make_newsletter


def test_a_newsletter_has_a_feed_for_everything_that_people_may_want_alone() -> None:
    own = channels_of(make_newsletter(), sections=SECTIONS, sources=SOURCES)
    assert [(folder(channel), channel.title) for channel in own] == [
        ("feeds/daily", "The Daily"),
        ("feeds/daily/stories", "The Daily · Stories"),
        ("feeds/daily/briefs", "The Daily · In brief"),
        ("feeds/daily/corrections", "The Daily · Corrections and updates"),
        ("feeds/daily/section/at-sea", "The Daily · At sea"),
        ("feeds/daily/section/city", "The Daily · City & council"),
        ("feeds/daily/topic/ferries", "The Daily · Topic: Ferries"),
        ("feeds/daily/source/wire", "The Daily · Source: Coastline Wire"),
        ("feeds/daily/source/courier", "The Daily · Source: courier"),
    ]


def test_no_two_feeds_lie_in_one_folder() -> None:
    spelled = make_newsletter(feed_topics=("Sea ferries", "sea-ferries", "!!", "C", "C++", "C#"))
    found = [folder(channel) for channel in channels_of(spelled)]
    assert len(found) == len(set(found))
    assert "feeds/daily/topic/sea-ferries" in found


@pytest.mark.parametrize(
    ("topic", "slug"),
    [
        ("Ferries", "ferries"),
        ("#sea_ferries", "sea-ferries"),
        ("Café", "cafe-2d03c5d6"),
        ("Море", "6dfce300"),
        ("../../etc", "etc"),
        ("x" * 80, "x" * 54 + "-01adf0f9"),
    ],
)
def test_the_folder_of_a_topic_is_readable_where_it_can_be(topic: str, slug: str) -> None:
    assert topic_slug(topic) == slug
    assert topic_slug(topic.upper()) == slug
    assert topic_key(topic.upper()) == topic_key(topic)


def test_topics_that_lose_the_same_letters_stay_apart() -> None:
    assert (
        len({topic_slug(topic) for topic in ["Море", "Горе", "море и суша", "Cafe", "Café"]}) == 5
    )


def test_titles_are_in_the_newsletters_language() -> None:
    german = channels_of(make_newsletter(language="de"), sections=SECTIONS)
    assert german[2].title == "The Daily · Kurz gemeldet"


def test_opml_lists_every_feed_once(press: Press) -> None:
    daily, weekly = make_newsletter(), make_newsletter(slug="weekly", title="A & B <Weekly>")
    shelves = [(one, channels_of(one, sections=SECTIONS)) for one in (daily, weekly)]
    raw = opml(shelves, press=press)
    assert raw == opml(shelves, press=press)
    root = ElementTree.fromstring(raw)
    assert root.get("version") == "2.0"
    assert root.findtext("head/title") == "Harbour Newsroom"
    assert [group.get("text") for group in root.findall("body/outline")] == [
        "The Daily",
        "A & B <Weekly>",
    ]
    feeds = root.findall("body/outline/outline")
    assert len(feeds) == 18
    assert {feed.get("type") for feed in feeds} == {"rss"}
    assert len({feed.get("xmlUrl") for feed in feeds}) == 18
    for feed in feeds:
        assert feed.get("xmlUrl").startswith(f"{SITE}/feeds/")
        assert feed.get("htmlUrl").startswith(f"{SITE}/editions/")
        assert feed.get("text") == feed.get("title") != ""


def test_people_find_every_address_on_one_page(press: Press) -> None:
    newsletter = make_newsletter(title="<Daily> & co")
    own = channels_of(newsletter, sections=SECTIONS, sources=SOURCES)
    page = html.document_fromstring(channel_page(newsletter, own, press=press))
    written = [code.text_content() for code in page.xpath("//dd/code")]
    assert len(written) == 3 * len(own)
    assert page.xpath("//dt/a/@href") == written
    announced = page.xpath("//link[@rel='alternate' and contains(@href, '/feeds/')]/@href")
    assert len(announced) == len(set(announced)) == len(written)
    assert set(announced) == set(written)
    assert [h.text for h in page.xpath("//h2")] == [channel.name for channel in own]
    assert not page.xpath("//script[not(@type='application/ld+json')]")


def test_above_the_feeds_of_several_newsletters_is_a_page_that_leads_to_each(press: Press) -> None:
    daily, weekly = make_newsletter(), make_newsletter(slug="weekly", title="Wöchentlich")
    shelves = [(one, channels_of(one, sections=SECTIONS)) for one in (daily, weekly)]
    page = html.document_fromstring(every_channel_page(shelves, press=press))
    folders = ("daily", "daily/stories", "weekly", "weekly/stories")
    formats = ("rss", "atom", "json")
    wanted = [f"{SITE}/feeds/{where}/feed.{ending}" for where in folders for ending in formats]
    assert page.xpath("//dt/a/@href") == wanted
    announced = page.xpath("//link[@rel='alternate' and contains(@href, '/feeds/')]/@href")
    assert sorted(announced) == sorted(wanted)
    headings = page.xpath("//h2/a/@href")
    assert list(dict.fromkeys(headings)) == [f"{SITE}/feeds/daily/", f"{SITE}/feeds/weekly/"]
    assert page.xpath("//link[@rel='canonical']/@href") == [f"{SITE}/feeds/"]


def test_above_the_feeds_of_one_newsletter_is_its_own_page(press: Press) -> None:
    newsletter = make_newsletter()
    own = channels_of(newsletter, sections=SECTIONS)
    alone = every_channel_page([(newsletter, own)], press=press)
    assert alone == channel_page(newsletter, own, press=press)


def test_a_section_leads_to_its_own_page(press: Press) -> None:
    section = Channel(
        newsletter="daily",
        kind="section",
        value="at-sea",
        title="The Daily · At sea",
        name="At sea",
    )
    raw = opml([(make_newsletter(), [section])], press=press)
    outline = ElementTree.fromstring(raw).find("body/outline/outline")
    assert outline.get("htmlUrl") == f"{SITE}/editions/daily/section/at-sea/"
