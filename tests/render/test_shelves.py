from dataclasses import replace
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from digest.model import Edition, Found, Printed
from digest.render.links import Links
from digest.render.press import Press, issue
from digest.render.shelves import (
    Front,
    Line,
    front_page,
    missing_page,
    newsletter_page,
    search_page,
    section_page,
    year_page,
)
from digest.render.showing import Gallery
from digest.settings import Newsletter, SectionRule
from make import MORNING
from public_page import HOSTILE, SITE, check_page, parse

YEARS = (2026, 2025)
SECTIONS = (("at-sea", "At sea"), ("city", "City & council"))


def lines(count: int, *, every: int = 24, headline: str = "Gull Maiden sails") -> tuple[Line, ...]:
    """Editions before `MORNING`, the newest first."""
    slots = [MORNING - timedelta(hours=every * n) for n in range(1, count + 1)]
    return tuple(
        Line(edition_id=f"daily@{at:%Y-%m-%dT%H%M}", slot_at=at, headlines=(headline, "More"))
        for at in slots
    )


@pytest.fixture(scope="module")
def front(morning: Edition, press: Press, daily: Newsletter) -> Front:
    shown = issue(morning, press=press, gallery=Gallery())
    return Front(newsletter=daily, latest=shown, lines=lines(40))


def printed(n: int = 1, **fields: Any) -> Printed:
    values: dict[str, Any] = {
        "newsletter": "daily",
        "edition_id": "daily@2026-05-18T0700",
        "id": f"{n:016x}",
        "section": "at-sea",
        "headline": f"Ferry runs again {n}",
        "text": "The council voted 14 to 9.",
        "source": "Harbour News",
        "url": "https://harbournews.example/ferry",
        "at": MORNING - timedelta(hours=3),
        "slot_at": MORNING,
        "language": "en",
    }
    return Printed(**(values | fields))


# ---------------------------------------------------------------------- front


def test_the_front_page_of_one_newsletter_is_its_latest_edition(
    front: Front, press: Press, morning: Edition
) -> None:
    text = front_page([front], press=press)
    check_page(text)
    page = parse(text)
    assert page.findtext(".//h1") == "The Daily"
    # The first brief has no page at its publisher's, the second has.
    sources = page.xpath("//ol[@class='briefs']//span[@class='from']")
    assert [one.text_content() for one in sources] == ["·\xa0wire", "·\xa0bayradio.example"]
    latest = page.xpath("//section[@aria-labelledby='latest']")[0]
    # The first of each section, before the second of any.
    assert latest.xpath(".//article//h3//text()") == [
        morning.sections[0].stories[0].headline,
        morning.sections[1].stories[0].headline,
        morning.sections[0].stories[1].headline,
        morning.sections[1].stories[1].headline,
    ]
    assert len(latest.xpath(".//ol[@class='briefs']/li")) == 2
    assert f"{SITE}/editions/daily/2026-05-18T0700/" in latest.xpath(".//a/@href")
    assert page.xpath("//meta[@property='og:image']/@content") == [
        "https://pictures.example/ferry.jpg"
    ]


def test_older_editions_stand_by_month_and_the_rest_a_click_away(
    front: Front, press: Press
) -> None:
    page = parse(front_page([front], press=press))
    months = page.xpath("//section[@class='month']")
    assert [month.findtext("h3") for month in months] == ["May 2026", "April 2026"]
    editions = page.xpath("//ul[@class='editions']/li")
    assert len(editions) == 31
    assert editions[0].xpath("./a/@href") == [f"{SITE}/editions/daily/2026-05-17T0400/"]
    assert editions[0].xpath("string(./a/time)") == "Sun, May 17"
    assert editions[0].xpath("./p/bdi/text()") == ["Gull Maiden sails", "More"]
    assert page.xpath("//h2/a[@href='https://news.example.org/editions/daily/']/text()") == [
        "All editions"
    ]


def test_several_newsletters_share_the_front_page(front: Front, press: Press) -> None:
    weekly = Newsletter(slug="weekly", title="الأسبوع", language="ar")
    text = front_page([front, Front(newsletter=weekly, latest=None, lines=())], press=press)
    check_page(text)
    page = parse(text)
    assert page.findtext(".//h1") == "Harbour Newsroom"
    assert [h.xpath("string()") for h in page.xpath("//h2")] == ["The Daily", "الأسبوع"]
    assert page.xpath("//section[@lang='ar' and @dir='rtl']")
    assert len(page.xpath("//ul[@class='editions']/li")) == 4
    feeds = page.xpath("//link[@type='application/rss+xml']/@href")
    assert feeds == [f"{SITE}/feeds/daily/feed.rss", f"{SITE}/feeds/weekly/feed.rss"]


def test_a_house_that_has_published_nothing_has_a_front_page(
    press: Press, daily: Newsletter
) -> None:
    check_page(front_page([], press=press))
    text = front_page([Front(newsletter=daily, latest=None, lines=())], press=press)
    check_page(text)
    assert "There is nothing new in this edition." in text


def test_the_front_page_takes_the_card_where_no_story_has_a_picture(
    morning: Edition, press: Press, daily: Newsletter
) -> None:
    shown = issue(morning, press=press, gallery=Gallery(show="none"))
    front = Front(newsletter=daily, latest=shown, lines=())
    page = parse(front_page([front], press=press, card="card-daily.png"))
    assert page.xpath("//meta[@property='og:image']/@content") == [
        f"{SITE}/pictures/card-daily.png"
    ]


# ----------------------------------------------------------------- newsletter


def test_a_newsletter_leads_to_its_years_sections_editions_and_feeds(
    front: Front, press: Press
) -> None:
    text = newsletter_page(front, press=press, years=YEARS, sections=SECTIONS)
    check_page(text)
    page = parse(text)
    assert page.xpath("//link[@rel='canonical']/@href") == [f"{SITE}/editions/daily/"]
    assert page.xpath("//nav[@aria-labelledby='years']//a/@href") == [
        f"{SITE}/editions/daily/2026/",
        f"{SITE}/editions/daily/2025/",
    ]
    sections = page.xpath("//nav[@aria-labelledby='sections']//a")
    assert [(a.text, a.get("href")) for a in sections] == [
        ("At sea", f"{SITE}/editions/daily/section/at-sea/"),
        ("City & council", f"{SITE}/editions/daily/section/city/"),
    ]
    assert len(page.xpath("//ul[@class='editions']/li")) == 40
    assert f"{SITE}/feeds/daily/" in page.xpath("//footer//a/@href")


def test_a_newsletter_before_its_first_edition_has_a_page(press: Press, daily: Newsletter) -> None:
    front = Front(newsletter=daily, latest=None, lines=())
    text = newsletter_page(front, press=press, years=(), sections=())
    check_page(text)
    assert '<nav class="section"' not in text


# ----------------------------------------------------------------------- year


def test_a_year_shows_each_month_as_a_calendar_and_a_list(press: Press, daily: Newsletter) -> None:
    text = year_page(daily, 2026, lines(40), press=press, years=YEARS)
    check_page(text)
    page = parse(text)
    assert page.findtext(".//h1") == "2026"
    assert [h.text for h in page.xpath("//h2")] == ["May", "April"]
    (may, _) = page.xpath("//table")
    assert may.xpath(".//th/abbr/@title")[0] == "Monday"
    assert len(may.xpath(".//th[@scope='col']")) == 7
    days = may.xpath(".//td//a")
    assert [a.text for a in days] == [str(day) for day in range(1, 18)]
    assert days[0].get("href") == f"{SITE}/editions/daily/2026-05-01T0400/"
    assert days[0].get("aria-label") == "Friday, May 1, 2026"
    # Its 31 days, parted by weeks: 1 May 2026 is a Friday.
    assert may.xpath("string(.//tr[td][1]/td[5])") == "1"
    assert len(may.xpath(".//td[normalize-space()]")) == 31
    assert page.xpath("//nav//b[@aria-current='page']/text()") == ["2026"]


def test_the_week_begins_where_the_language_has_it_begin(press: Press, daily: Newsletter) -> None:
    arabic = daily.model_copy(update={"language": "ar-EG"})
    page = parse(year_page(arabic, 2026, lines(9), press=press, years=(2026,)))
    assert page.xpath("//table[1]//th[1]/abbr/@title") == ["السبت"]


def test_a_day_with_several_editions_leads_to_the_list_of_them(
    press: Press, daily: Newsletter
) -> None:
    text = year_page(daily, 2026, lines(6, every=8), press=press, years=(2026,))
    check_page(text)
    page = parse(text)
    assert "#day-2026-05-17" in page.xpath("//table//a/@href")
    day = page.get_element_by_id("day-2026-05-17")
    assert day.xpath("string(.//time)") == "Sun, May 17, 11:00\xa0PM"


def test_an_edition_stands_in_the_month_of_its_own_zone(press: Press, daily: Newsletter) -> None:
    at = MORNING.replace(day=31, hour=22)
    late = Line(edition_id="daily@2026-06-01T0100", slot_at=at, headlines=())
    page = parse(year_page(daily, 2026, [late], press=press, years=(2026,)))
    assert [h.text for h in page.xpath("//h2")] == ["June"]


def test_a_year_of_nothing_is_a_page(press: Press, daily: Newsletter) -> None:
    check_page(year_page(daily, 2024, [], press=press, years=()))


# -------------------------------------------------------------------- section


def section(press: Press, daily: Newsletter, *told: Printed, page: int = 1, pages: int = 1) -> str:
    text = section_page(daily, SECTIONS[0], told, press=press, page=page, pages=pages)
    check_page(text)
    return text


def test_a_section_lists_its_stories_by_edition(press: Press, daily: Newsletter) -> None:
    before = printed(3, edition_id="daily@2026-05-17T0700", slot_at=MORNING - timedelta(days=1))
    page = parse(section(press, daily, printed(1), printed(2), before))
    assert page.findtext(".//h1") == "At sea"
    dates = page.xpath("//h2")
    assert [h.xpath("string()") for h in dates] == ["Monday, May 18, 2026", "Sunday, May 17, 2026"]
    assert dates[0].xpath("./a/@href") == [f"{SITE}/editions/daily/2026-05-18T0700/"]
    first = page.xpath("//article")[0]
    assert first.xpath("./h3/a/@href") == [
        f"{SITE}/editions/daily/2026-05-18T0700/0000000000000001/"
    ]
    assert "https://harbournews.example/ferry" in first.xpath(".//a/@href")


def test_a_section_has_feeds_of_its_own_before_those_of_the_newsletter(
    press: Press, daily: Newsletter
) -> None:
    page = parse(section(press, daily, printed()))
    feeds = page.xpath("//link[@rel='alternate'][contains(@type, 'rss') or contains(@type, 'j')]")
    assert [(e.get("title"), e.get("href")) for e in feeds[:3]] == [
        ("The Daily · At sea (RSS)", f"{SITE}/feeds/daily/section/at-sea/feed.rss"),
        ("The Daily · At sea (JSON Feed)", f"{SITE}/feeds/daily/section/at-sea/feed.json"),
        ("The Daily (RSS)", f"{SITE}/feeds/daily/feed.rss"),
    ]


@pytest.mark.parametrize(
    ("number", "before", "after"),
    [(1, "", "2/"), (2, "at-sea/", "3/"), (3, "2/", "")],
)
def test_one_turns_the_pages_of_a_section(
    number: int, before: str, after: str, press: Press, daily: Newsletter
) -> None:
    page = parse(section(press, daily, printed(), page=number, pages=3))
    for rel, end in (("prev", before), ("next", after)):
        links = page.xpath(f"//nav//a[@rel='{rel}']/@href")
        assert links == page.xpath(f"//head/link[@rel='{rel}']/@href")
        assert bool(links) == bool(end)
        assert all(link.endswith(f"/{end}") for link in links)
    own = page.xpath("//link[@rel='canonical']/@href")[0]
    assert own.endswith("/section/at-sea/" if number == 1 else f"/section/at-sea/{number}/")
    assert f"Page {number} of 3" in page.text_content()
    assert ("Page" in page.findtext(".//title")) == (number > 1)


def test_a_section_of_one_page_has_nothing_to_turn(press: Press, daily: Newsletter) -> None:
    assert "Page 1 of 1" not in section(press, daily, printed())


# --------------------------------------------------------------------- search


def search(
    press: Press, *newsletters: Newsletter, found: tuple[Found, ...] = (), **how: Any
) -> str:
    values: dict[str, Any] = {"newsletter": "", "page": 1, "pages": 1, "total": len(found)}
    query = how.pop("query", "ferry")
    text = search_page(query, found, press=press, newsletters=newsletters, **(values | how))
    check_page(text)
    return text


def test_a_search_shows_what_it_found_and_where(press: Press, daily: Newsletter) -> None:
    ours = daily.model_copy(update={"sections": (SectionRule(title="At sea", slug="at-sea"),)})
    excerpt = (("The old ", False), ("ferry", True), (" line.", False))
    brief = printed(2, brief=True, section="", url=None)
    text = search(
        press,
        ours,
        found=(Found(printed=printed(), excerpt=excerpt), Found(printed=brief, excerpt=())),
    )
    page = parse(text)
    story, short = page.xpath("//ol[@class='results']/li")
    assert story.xpath("string(./p[mark])") == "The old ferry line."
    assert story.xpath(".//mark/text()") == ["ferry"]
    assert "At sea" in story.text_content()
    assert story.xpath("./h2/a/@href")[0].endswith("/2026-05-18T0700/0000000000000001/")
    # A brief has a place on its edition's page.
    assert short.xpath("./h2/a/@href")[0].endswith("/2026-05-18T0700/#brief-0000000000000002")
    assert page.xpath("string(//p[@role='status'])") == "2 results for “ferry”"
    assert page.xpath("//meta[@name='robots']/@content") == ["noindex"]


def test_a_search_is_a_form_that_needs_no_script(press: Press, daily: Newsletter) -> None:
    weekly = Newsletter(slug="weekly", title="The Week")
    page = parse(search(press, daily, weekly, newsletter="weekly", query='"old ferry"'))
    (form,) = page.xpath("//form[@role='search']")
    assert (form.get("action"), form.get("method", "get")) == (f"{SITE}/search", "get")
    assert form.xpath(".//input[@name='q']/@value") == ['"old ferry"']
    assert form.xpath(".//option/@value") == ["", "daily", "weekly"]
    assert form.xpath(".//option[@selected]/@value") == ["weekly"]


def test_nothing_found_is_said_and_nothing_asked_is_not(press: Press, daily: Newsletter) -> None:
    assert "Nothing found for “ferry”." in search(press, daily)
    assert "Nothing found" not in search(press, daily, query="")


def test_the_next_page_of_a_search_asks_the_same(press: Press, daily: Newsletter) -> None:
    found = (Found(printed=printed(), excerpt=()),)
    text = search(
        press, daily, found=found, query="a & b=c", newsletter="daily", page=2, pages=3, total=21
    )
    (after,) = parse(text).xpath("//nav//a[@rel='next']/@href")
    assert parse_qs(urlsplit(after).query) == {
        "q": ["a & b=c"],
        "newsletter": ["daily"],
        "page": ["3"],
    }


def test_a_newsletter_that_is_no_more_is_found_too(press: Press, daily: Newsletter) -> None:
    gone = printed(newsletter="gone", edition_id="gone@2026-05-18T0700")
    text = search(press, daily, found=(Found(printed=gone, excerpt=()),), newsletter="gone")
    assert f"{SITE}/editions/gone/2026-05-18T0700/" in text


def test_a_house_without_newsletters_can_be_asked(press: Press) -> None:
    search(press)


# -------------------------------------------------------------------- missing


def test_what_is_missing_has_a_page_with_ways_on(press: Press, daily: Newsletter) -> None:
    german = Newsletter(slug="morgen", title="Küstenmorgen", language="de")
    text = missing_page(press=press, newsletters=[german, daily])
    check_page(text)
    page = parse(text)
    assert page.get("lang") == "de"
    ways = page.xpath("//main//a/@href")
    assert ways == [f"{SITE}/", f"{SITE}/editions/morgen/", f"{SITE}/editions/daily/"]
    assert page.xpath("//meta[@name='robots']/@content") == ["noindex"]
    assert page.findtext(".//title").endswith(" · Harbour Newsroom")
    check_page(missing_page(press=press))


# -------------------------------------------------------------------- all


def every_list(press: Press, daily: Newsletter, front: Front, words: str) -> list[str]:
    evil = daily.model_copy(update={"title": words or "x", "description": words})
    told = printed(
        headline=words, text=words, source=words, url="javascript:alert(1)", language='"><b>'
    )
    short = Front(newsletter=evil, latest=front.latest, lines=lines(3, headline=words))
    return [
        front_page([short], press=press),
        front_page([short, front], press=press),
        newsletter_page(short, press=press, years=YEARS, sections=[("a", words)]),
        year_page(evil, 2026, short.lines, press=press, years=YEARS),
        section_page(evil, ("a", words), [told], press=press, page=2, pages=3),
        search_page(
            words,
            [Found(printed=told, excerpt=((words, False), (words, True)))],
            press=press,
            newsletters=[evil, daily],
            newsletter="",
            page=1,
            pages=2,
            total=1,
        ),
        missing_page(press=press, newsletters=[evil]),
    ]


@pytest.mark.parametrize("words", HOSTILE)
def test_hostile_words_stay_words_in_every_list(
    words: str, press: Press, daily: Newsletter, front: Front
) -> None:
    two = replace(front, newsletter=daily.model_copy(update={"slug": "second"}))
    for text in every_list(press, daily, two, words):
        # Two newsletters of one slug cannot be; here they must not be either.
        check_page(text)
        page = parse(text)
        assert not page.xpath("//script")
        assert len(page.xpath("//style")) == 2
        assert not page.xpath("//*[@onerror or @onmouseover]")
        assert "javascript:" not in " ".join(page.xpath("//@href"))
        plain = " ".join(words.replace("\u202e", "").split())
        assert plain[:60] in " ".join(page.text_content().split())


@given(pieces=st.lists(st.tuples(st.text(max_size=12), st.booleans()), max_size=6))
@settings(max_examples=40, deadline=None)
def test_an_excerpt_never_makes_markup(
    pieces: list[tuple[str, bool]], press: Press, daily: Newsletter
) -> None:
    found = (Found(printed=printed(), excerpt=tuple(pieces)),)
    page = parse(search(press, daily, found=found))
    assert len(page.xpath("//mark")) == sum(asked for _, asked in pieces)
    assert not page.xpath("//ol//script | //ol//img")


def test_the_same_lists_give_the_same_pages(press: Press, daily: Newsletter, front: Front) -> None:
    two = replace(front, newsletter=daily.model_copy(update={"slug": "second"}))
    assert every_list(press, daily, two, "a") == every_list(press, daily, two, "a")


def test_a_house_in_a_folder_leads_nowhere_else(
    press: Press, daily: Newsletter, morning: Edition
) -> None:
    moved = replace(press, links=Links(f"{SITE}/press", b"k" * 32))
    shown = issue(morning, press=moved, gallery=Gallery(show="none"))
    front = Front(newsletter=daily, latest=shown, lines=lines(2))
    for text in every_list(moved, daily, front, "a"):
        for address in parse(text).xpath("//@href | //@action"):
            if address.startswith(SITE):
                assert address.startswith(f"{SITE}/press/")


def test_enormous_words_leave_a_list_of_common_size(
    press: Press, daily: Newsletter, front: Front
) -> None:
    words = "gull " * 1_000_000
    told = printed(headline=words, text=words, source=words)
    text = section_page(daily, SECTIONS[0], [told], press=press, page=1, pages=1)
    assert len(text) < 60_000
    found = Found(printed=told, excerpt=((words, False), (words, True)))
    assert len(search(press, daily, found=(found,), query=words)) < 60_000
    lines_ = lines(3, headline=words)
    assert len(year_page(daily, 2026, lines_, press=press, years=YEARS)) < 60_000
