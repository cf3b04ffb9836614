import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from time import process_time
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import html

from digest.model import Correction, Edition, KeptPicture
from digest.render import Gallery, Links, Press, issue
from digest.render.feed_entries import (
    ENTRY_LIMIT,
    LONGEST_FULL,
    MOST_AUTHORS,
    Entry,
    Stock,
    entries_of,
    entry_id,
    feed_safe,
    week_of,
)
from digest.render.frame import frame
from feedroom import FERRY, edition_at, make_newsletter, sections_of, story_of
from make import MORNING, PATIENCE_S, make_brief, make_edition, make_item, make_story

EVIL = (
    '<script>alert(1)</script><style>p{}</style><iframe src="https://x.example"></iframe>'
    '<form action="https://x.example"><input name="a"><button>Buy</button></form>'
    '<p onclick="x()" style="color:red" class="c" id="i">Kept <a href="/relative">one</a> '
    '<a href="javascript:alert(1)">two</a> <a href="https://ok.example/ü?a=1&b=2">three</a> '
    '<a href="data:text/html,x">four</a> <a href="mailto:a@b.example">five</a></p>'
    '<img src="https://pixel.example/1.gif" width="1"><video src="x"></video>'
    "<svg><script>x</script></svg><p>]]&gt; &#27;[31m &#0; &#xFFFE; end</p>"
)


def told(
    press: Press, edition: Edition, *, full: dict[str, str] | None = None, **fields: Any
) -> list[Entry]:
    later = fields.pop("later", ())
    gallery = fields.pop("gallery", Gallery())
    sizes = fields.pop("sizes", {})
    stock = Stock(newsletter=make_newsletter(**fields), press=press, full=full or {}, sizes=sizes)
    return list(entries_of(issue(edition, press=press, gallery=gallery, later=later), stock))


def text_of(entry: Entry) -> str:
    return " ".join(html.fragment_fromstring(entry.html).text_content().split())


def story(press: Press, edition: Edition, **fields: Any) -> Entry:
    return next(entry for entry in told(press, edition, **fields) if entry.kind == "story")


# ------------------------------------------------------------------ ids and dates


@pytest.mark.parametrize(
    ("slot_at", "zone", "week"),
    [
        (MORNING, "Europe/Athens", "2026-W21"),
        (datetime(2026, 5, 17, 21, 30, tzinfo=UTC), "Europe/Athens", "2026-W21"),
        (datetime(2026, 5, 17, 21, 30, tzinfo=UTC), "UTC", "2026-W20"),
        (datetime(2027, 1, 1, 8, tzinfo=UTC), "UTC", "2026-W53"),
        (datetime(2024, 12, 30, 8, tzinfo=UTC), "UTC", "2025-W01"),
    ],
)
def test_an_edition_belongs_to_the_week_of_its_local_day(
    slot_at: datetime, zone: str, week: str
) -> None:
    assert week_of(make_edition(slot_at=slot_at, timezone=zone)) == week


def test_ids_stay_when_the_site_moves(press: Press) -> None:
    def ids(base: str) -> list[str]:
        moved = replace(press, links=Links(base, b"k" * 32))
        return [entry.id for entry in told(moved, edition_at(MORNING))]

    here = ids("https://news.example.org")
    assert here == ids("https://another.example.net/new/place")
    assert all(
        re.fullmatch(r"urn:uuid:[0-9a-f-]{13}-8[0-9a-f]{3}-[89ab][0-9a-f-]{16}", id) for id in here
    )
    assert len(set(here)) == len(here)
    assert here[0] == entry_id(edition_at(MORNING), press.links)


def test_a_clock_that_is_ahead_publishes_nothing_in_the_future(press: Press) -> None:
    ahead = story_of("From tomorrow", published_at=MORNING + timedelta(days=1))
    entry = story(press, make_edition(*sections_of((ahead,))))
    assert entry.published == entry.updated == MORNING
    added = replace(ahead, updated_at=MORNING + timedelta(days=2))
    assert story(press, make_edition(*sections_of((added,)))).updated == MORNING
    brief = make_brief(published_at=MORNING + timedelta(days=1))
    entry = told(press, make_edition(briefs=(brief,)))[-1]
    assert entry.published == entry.updated == MORNING


def test_what_a_source_added_before_the_edition_is_an_update(press: Press) -> None:
    added = replace(story_of("Ferry line reopens"), updated_at=MORNING - timedelta(hours=1))
    entry = story(press, make_edition(*sections_of((added,))))
    assert entry.published == MORNING - timedelta(hours=6)
    assert entry.updated == MORNING - timedelta(hours=1)


def test_what_another_edition_tells_again_is_the_same_entry(press: Press) -> None:
    old = edition_at(MORNING)
    again = replace(old, id="daily@2026-05-25T0700", slot_at=MORNING + timedelta(days=7))
    parts, anew = ([one.id for one in told(press, edition)[1:]] for edition in (old, again))
    assert anew == parts
    elsewhere = told(press, replace(old, newsletter="weekly", id="weekly@2026-05-18T0700"))
    assert set(parts).isdisjoint(one.id for one in elsewhere)


# ------------------------------------------------------------------------ stories


def test_a_story_leads_to_its_article_and_names_our_page_beside_it(press: Press) -> None:
    ferry, strike = (one for one in told(press, edition_at(MORNING)) if one.kind == "story")
    assert ferry.url.startswith("https://wire.example/")
    assert ferry.page_url.startswith("https://news.example.org/editions/daily/2026-05-18T0700/")
    assert strike.url.startswith("https://news.example.org/editions/daily/2026-05-18T0700/")
    assert strike.page_url == ""


def test_authors_are_named_one_by_one_and_the_source_stands_in_for_none(press: Press) -> None:
    ferry, strike = (one for one in told(press, edition_at(MORNING)) if one.kind == "story")
    assert ferry.authors == ("Ines Marrow", "Tom Vale")
    assert ferry.source == "Coastline Wire"
    assert strike.authors == (strike.source,)
    many = tuple(f"Reporter {chr(ord('A') + n)}" for n in range(7))
    assert story(press, make_edition(*sections_of((story_of("S", authors=many),)))).authors == many
    crowd = story_of("S", authors=tuple(f"Reporter {n}" for n in range(999)))
    assert len(story(press, make_edition(*sections_of((crowd,)))).authors) <= MOST_AUTHORS
    assert ferry.tags == ("ferries", "Harbour", "At sea")


def test_an_update_says_so_in_its_title(press: Press) -> None:
    again = replace(story_of("Ferry line reopens"), update_of="daily@2026-05-17T0700")
    assert story(press, make_edition(*sections_of((again,)))).title == "Update: Ferry line reopens"


def test_a_later_correction_is_told_and_moves_the_update_alone(press: Press) -> None:
    edition = edition_at(MORNING)
    corrected = Correction(
        item_id=edition.stories[0].id,
        headline="Ferry line reopens",
        corrects=True,
        at=MORNING + timedelta(hours=5),
        sentences=("Three boats run, not two.",),
        edition_id=edition.id,
    )
    before, after = story(press, edition), story(press, edition, later=[corrected])
    assert (after.id, after.published) == (before.id, before.published)
    assert after.title == f"Correction: {before.title}"
    # Nothing is marked as changed that never was.
    assert before.updated == before.published
    assert after.updated == MORNING + timedelta(hours=5)
    assert "Correction (12:00 PM): Three boats run, not two." in text_of(after).replace("\xa0", " ")
    whole = told(press, edition, later=[corrected])[0]
    assert whole.updated == after.updated
    assert "Three boats run, not two." in text_of(whole)


def test_a_corrected_brief_moves_alone(press: Press) -> None:
    edition = edition_at(MORNING)
    corrected = Correction(
        item_id=edition.briefs[0].id,
        headline="Bridge closed until noon.",
        at=MORNING + timedelta(hours=5),
        sentences=("It was closed until one.",),
        edition_id=edition.id,
    )
    whole, *stories, brief = told(press, edition, later=[corrected])
    assert brief.published == MORNING - timedelta(hours=1)
    assert brief.updated == whole.updated == corrected.at
    assert "It was closed until one." in text_of(brief)
    assert all(one.updated == one.published for one in stories)


def test_a_kept_picture_is_an_enclosure_of_known_size(press: Press) -> None:
    kept = KeptPicture(
        source_url=str(FERRY.url),
        file="abc.jpg",
        media_type="image/jpeg",
        width=1088,
        height=612,
        size=54_321,
    )
    gallery = Gallery(show="hosted", kept={str(FERRY.url): kept})
    entry = story(press, edition_at(MORNING), gallery=gallery, sizes={"abc.jpg": 54_321})
    assert entry.picture is not None
    assert entry.picture.url == "https://news.example.org/pictures/abc.jpg"
    assert (entry.picture.type, entry.picture.size) == ("image/jpeg", 54_321)
    remote = story(press, edition_at(MORNING)).picture
    assert remote is not None
    assert (remote.url, remote.size) == (FERRY.url, None)
    assert story(press, edition_at(MORNING), gallery=Gallery(show="none")).picture is None


# ----------------------------------------------------------------------- full text


def full_of(press: Press, markup: str, feed_text: str = "full") -> Entry:
    edition = edition_at(MORNING)
    lead = edition.stories[0].id
    return story(press, edition, full={lead: markup}, feed_text=feed_text)


def test_the_full_text_takes_the_place_of_the_summary_in_the_content(press: Press) -> None:
    entry = full_of(press, "<p>The whole of it.</p><blockquote>With words.</blockquote>")
    tree = html.fragment_fromstring(entry.html)
    assert tree.xpath(".//blockquote/text()") == ["With words."]
    assert "Tickets cost as before." not in text_of(entry)
    assert "Tickets cost as before." in entry.summary
    assert tree.xpath(".//a[starts-with(@href, 'https://wire.example/')]")


@pytest.mark.parametrize(
    "markup", ["", "<p> </p>", "<img src='https://x.example/1.png'>", "<p>y</p>" * LONGEST_FULL]
)
def test_without_a_usable_full_text_the_summary_is_shown(press: Press, markup: str) -> None:
    assert "Tickets cost as before." in text_of(full_of(press, markup))


def test_the_full_text_is_only_shown_when_the_newsletter_wants_it(press: Press) -> None:
    assert "Tickets cost as before." in text_of(full_of(press, "<p>All.</p>", feed_text="summary"))


def test_a_full_text_is_made_safe_once_more(press: Press) -> None:
    entry = full_of(press, EVIL)
    tree = html.fragment_fromstring(entry.html)
    names = {element.tag for element in tree.iter()}
    assert not names & {"script", "style", "iframe", "form", "input", "button", "video", "svg"}
    for element in tree.iter():
        assert set(element.attrib) <= {"href", "lang", "dir", "src", "alt", "width", "height"}
    links = {link.text: link.get("href") for link in tree.iter("a")}
    assert [links[name] for name in ("one", "two", "four", "five")] == [None] * 4
    assert links["three"] == "https://ok.example/%C3%BC?a=1&b=2"
    # The only picture is the story's own, from where [pictures] has it.
    assert tree.xpath(".//img/@src") == [FERRY.url]
    assert "\x1b" not in entry.html
    assert "Buy" not in entry.html


@settings(max_examples=40, deadline=None)
@given(
    st.lists(
        st.sampled_from(
            ["<p>", "</p>", "<a href='", "javascript:x", "https://a.example", "'>", "<script", ">",
             "</script>", "\x00", "\x1b", "]]>", "&#27;", "<svg>", "onload=x ", "<img src=//x>",
             "ü", "<table><tr><td>", "<!--", "-->", "<![CDATA["]
        ),
        max_size=12,
    ).map("".join)
)  # fmt: skip
def test_nothing_unsafe_survives_whatever_the_markup(markup: str) -> None:
    safe = feed_safe(markup)
    assert not any(mark in safe for mark in ("\x00", "\x1b", "<script", "<svg", "<img", "<!"))
    for element in html.fragment_fromstring(f"<div>{safe}</div>").iter():
        assert not [name for name in element.attrib if name.startswith("on")]
        assert element.get("href", "https://").startswith(("https://", "http://"))


def test_an_enormous_text_stops_nothing(press: Press) -> None:
    start = process_time()
    assert "Tickets cost as before." in text_of(full_of(press, "<p>" * 1_500_000))
    feed_safe("<div>" * 20_000)
    assert process_time() - start < PATIENCE_S


# -------------------------------------------------------------- editions and briefs


def test_an_edition_is_whole(press: Press) -> None:
    entry = told(press, edition_at(MORNING))[0]
    assert entry.kind == "edition"
    assert entry.title == "May 18, 2026: Ferry line reopens, 18 May"
    said = text_of(entry)
    for words in ("Two boats run", "Both sides agreed", "Buses go round by Merrow", "In brief"):
        assert words in said
    assert entry.tags == ("At sea", "City & council")


def test_an_edition_too_long_for_any_feed_says_how_much_more_there_is(press: Press) -> None:
    long = tuple(story_of(f"Story {n}", f"Longestwords{n}. " * 90, site="W") for n in range(300))
    briefs = tuple(make_brief(f"Brief {n}. " * 100) for n in range(100))
    entry = told(press, make_edition(*sections_of(long), briefs=briefs))[0]
    assert 0.5 * ENTRY_LIMIT < len(entry.html.encode()) <= ENTRY_LIMIT
    assert "more on the web" in text_of(entry)


def test_a_brief_has_a_title_its_text_and_its_time(press: Press) -> None:
    headed = make_brief(
        "Bridge closed until noon. Buses go round.", published_at=MORNING - timedelta(days=1)
    )
    linked = make_brief("One sentence alone.", url="https://wire.example/b", day_only=True)
    new, old = told(press, make_edition(briefs=(headed, linked)))[-2:]
    assert (old.title, new.title) == ("Bridge closed until noon.", "One sentence alone.")
    assert "Bridge closed until noon. Buses go round." in text_of(old)
    assert "Sun, May 17, 7:00" in text_of(old)
    assert old.url == f"https://news.example.org/editions/daily/2026-05-18T0700/#brief-{headed.id}"
    assert new.url == "https://wire.example/b"
    assert new.page_url.endswith(f"#brief-{linked.id}")


def test_a_long_brief_has_a_short_title(press: Press) -> None:
    entry = told(press, make_edition(briefs=(make_brief("word " * 300),)))[-1]
    assert len(entry.title) <= 160
    assert len(text_of(entry)) > 1_000


def test_words_in_another_script_are_marked_as_such(press: Press) -> None:
    arabic = make_story(make_item("مجلس المدينة يقرّ ميزانية", "تشمل الميزانية.", language="ar"))
    entry = story(press, make_edition(*sections_of((arabic,))))
    assert (entry.lang, entry.dir) == ("ar", "rtl")
    paragraph = html.fragment_fromstring(entry.html).xpath(".//p[@lang='ar']")[0]
    assert paragraph.get("dir") == "rtl"
    framed = story(press, replace(edition_at(MORNING), language="ar"))
    outer = html.fragment_fromstring(framed.html)
    assert (outer.get("lang"), outer.get("dir")) == ("ar", "rtl")
    assert framed.dir == "ltr"
    assert frame(press, language="ar")["dir"] == "rtl"
