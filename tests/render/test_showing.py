from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from digest.model import (
    Correction,
    Edition,
    Image,
    Origin,
    Picks,
    Section,
    Sentence,
    Story,
    Summary,
)
from digest.render import Links
from digest.render.showing import imprint, show
from digest.render.shown import Shown
from digest.revise import HEADLINE_CHARS, INTRO_CHARS, NOTE_CHARS, SUMMARY_CHARS
from digest.settings import Site
from make import MORNING, make_brief, make_edition, make_item, make_story

LINKS = Links("https://news.example.org", b"k" * 32)


def shown(*stories: Story, **fields: Any) -> Shown:
    section = Section(slug="news", title="News", stories=stories or (make_story(),))
    edition = make_edition(section)
    return show(replace(edition, **fields), links=LINKS)


def test_clocks_are_in_the_editions_zone_and_name_another_day() -> None:
    late = make_story(make_item(published_at=MORNING - timedelta(hours=7, minutes=1)))
    early = make_story(make_item(published_at=MORNING - timedelta(hours=6, minutes=59)))
    times = [story.time for story in shown(late, early).stories]
    assert times == ["Sun, May 17, 11:59\u00a0PM", "12:01\u00a0AM"]


def test_a_day_without_a_clock_shows_no_clock() -> None:
    story = shown(make_story(make_item(day_only=True))).stories[0]
    assert (story.time, story.iso) == ("Mon, May 18", "2026-05-18")


def test_dates_speak_the_editions_language() -> None:
    assert shown(language="de").date == "Montag, 18. Mai 2026"
    assert shown(language="el").words.in_brief == "Με λίγα λόγια"
    assert shown(language="en-GB").date == "Monday, 18 May 2026"


def test_each_other_source_is_named_once_and_never_the_leads_own() -> None:
    lead = make_item(url="https://www.courier.example/a")
    others = [
        make_item(id=f"{n:016x}", url=url)
        for n, url in enumerate(
            [
                "https://courier.example/b",
                "https://radio.example/1",
                "https://radio.example/2",
                "javascript:x",
            ]
        )
    ]
    story = shown(make_story(lead, *others)).stories[0]
    assert story.source == "courier.example"
    assert [(told.label, told.url) for told in story.also] == [
        ("radio.example", "https://radio.example/1"),
        ("wire", None),
    ]


def test_copies_are_never_shown_as_sources() -> None:
    story = make_story(copies=(make_item(url="https://copy.example/a"),))
    assert shown(story).stories[0].also == ()


def test_a_story_without_a_summary_shows_its_standfirst_or_its_short_text() -> None:
    assert shown(make_story(make_item(text="Short."))).stories[0].summary == "Short."
    assert shown(make_story(make_item(standfirst="Standfirst."))).stories[0].summary == (
        "Standfirst."
    )
    assert shown(make_story(make_item(text="word " * 500))).stories[0].summary == ""
    assert shown(make_story(make_item("Same", text="Same"))).stories[0].summary == ""


def test_a_summary_of_a_model_is_marked() -> None:
    item = make_item()
    sentence = Sentence(item_id=item.id, text="It runs.")
    story = make_story(item, summary=Summary(origin=Origin.MODEL, sentences=(sentence,)))
    assert shown(story).stories[0].machine


def test_a_brief_with_a_headline_begins_with_it() -> None:
    briefs = (
        make_brief("Bridge closed. It opens at noon."),
        make_brief("One sentence only."),
        make_brief("The text goes on elsewhere.", title="A headline of its own"),
        make_brief("", title="Only a headline"),
        make_brief("It was found at noon.", title='The coin had "disappeared."'),
    )
    told = [(brief.lead_in, brief.text) for brief in shown(briefs=briefs).briefs]
    assert told == [
        ("Bridge closed.", "It opens at noon."),
        ("", "One sentence only."),
        ("A headline of its own.", "The text goes on elsewhere."),
        ("", "Only a headline"),
        ('The coin had "disappeared."', "It was found at noon."),
    ]


def test_days_are_named_unless_all_briefs_are_of_the_editions_own() -> None:
    evening = make_brief(published_at=MORNING - timedelta(hours=9))
    today = make_brief(published_at=MORNING)
    assert [b.day for b in shown(briefs=(evening, evening, today)).briefs] == [
        "Sun, May 17",
        "",
        "Mon, May 18",
    ]
    assert [b.day for b in shown(briefs=(today, today)).briefs] == ["", ""]
    assert [b.day for b in shown(briefs=(evening, evening)).briefs] == ["Sun, May 17", ""]


def test_a_day_of_another_year_names_the_year() -> None:
    # The same weekday, day and month six years before: only the year tells them apart.
    old = MORNING.replace(year=2020)
    dated = shown(
        make_story(make_item(published_at=old)),
        make_story(make_item(published_at=old, day_only=True)),
        briefs=(make_brief(published_at=old), make_brief(published_at=MORNING)),
    )
    assert [story.time for story in dated.stories] == [
        "Mon, May 18, 2020, 7:00\u00a0AM",
        "Mon, May 18, 2020",
    ]
    assert [brief.day for brief in dated.briefs] == ["Mon, May 18, 2020", "Mon, May 18"]


def test_the_year_is_that_of_the_editions_zone() -> None:
    new_year = datetime(2026, 1, 1, 5, tzinfo=UTC)
    before = make_story(make_item(published_at=datetime(2025, 12, 31, 21, 59, tzinfo=UTC)))
    after = make_story(make_item(published_at=datetime(2025, 12, 31, 22, 1, tzinfo=UTC)))
    times = [story.time for story in shown(before, after, slot_at=new_year).stories]
    assert times == ["Wed, Dec 31, 2025, 11:59\u00a0PM", "12:01\u00a0AM"]


@pytest.mark.parametrize(
    ("site", "authors", "kept"),
    [
        ("Coastline Wire", ("Coastline Wire",), ""),
        ("Coastline Wire", ("COASTLINE WIRE", "Ada Roe", "Ada Roe"), "Ada Roe"),
        ("The Merrow Courier", ("The Merrow Courier news desk",), ""),
        ("The Merrow Courier", ("Merrow Courier",), ""),
        ("The Merrow Courier", ("Redaktion Merrow Courier",), ""),
        ("Merrow Courier", ("The Merrow Courier Politics Desk", "Jo Pell"), "Jo Pell"),
        ("Courier", ("Anna Courier",), "Anna Courier"),
        ("Courier", ("Anna Courier, news desk",), "Anna Courier, news desk"),
        ("The Merrow Courier", ("Bay Radio news desk",), "Bay Radio news desk"),
        (None, ("wire.example", "Ada Roe"), "Ada Roe"),
    ],
)
def test_a_by_line_does_not_say_the_publications_name_again(
    site: str | None, authors: tuple[str, ...], kept: str
) -> None:
    assert shown(make_story(make_item(site=site, authors=authors))).stories[0].authors == kept


def test_a_picture_is_described_by_the_best_words_there_are() -> None:
    def alt(**fields: Any) -> str:
        image = Image(url="https://pictures.example/a.jpg", **fields)
        picture = shown(make_story(make_item("Headline", image=image))).stories[0].picture
        assert picture
        return picture.alt

    assert alt(alt="Alt", caption="Caption") == "Alt"
    assert alt(caption="Caption") == "Caption"
    assert alt() == "Headline"


def test_an_edition_of_nothing_can_be_shown() -> None:
    empty = show(replace(make_edition(), sections=()), links=LINKS)
    assert empty.top is None
    assert empty.subject == "The Daily: May 18, 2026"


def test_the_imprint_does_not_say_the_name_twice() -> None:
    assert imprint(Site(name="Quay News", postal_address="1 Quay\nPort")) == (
        "Quay News",
        "1 Quay, Port",
    )
    assert imprint(Site(name="Quay News", postal_address="Quay News\n1 Quay")) == (
        "Quay News, 1 Quay",
    )
    assert imprint(Site(name="Quay News")) == ("Quay News",)


def test_a_correction_says_what_it_is_where_and_when(corrected: Edition) -> None:
    one, two, three = show(corrected, links=LINKS).corrections
    assert (one.mark, two.mark, three.mark) == ("Correction", "Update", "Correction")
    assert (one.url, one.source) == ("https://wire.example/gull", "Coastline Wire")
    # Without a page of its own it leads to where it stood.
    before = "https://news.example.org/editions/daily/2026-05-17T0700/"
    assert (two.url, two.source) == (f"{before}#item-{'b' * 16}", "")
    assert (three.source, three.lang, three.dir) == ("arabic.example", "ar", "rtl")
    assert (one.time, one.iso) == ("Sun, May 17, 10:00\u00a0PM", "2026-05-17T22:00+03:00")
    assert two.time == "6:40\u00a0AM"


def test_a_correction_does_not_say_its_headline_twice(corrected: Edition) -> None:
    assert show(corrected, links=LINKS).corrections[1].sentences == ("Buses go round by Merrow.",)


def test_corrections_are_for_everybody(corrected: Edition) -> None:
    nothing = Picks(sections=(), briefs=False)
    assert len(show(corrected, links=LINKS, picks=nothing).corrections) == 3


@pytest.mark.parametrize(
    ("language", "heading"),
    [
        ("en", "Corrections and updates"),
        ("de", "Korrekturen und Aktualisierungen"),
        ("fr", "Corrections et mises à jour"),
        ("es", "Correcciones y actualizaciones"),
        ("it", "Correzioni e aggiornamenti"),
        ("el", "Διορθώσεις και ενημερώσεις"),
        ("uk", "Виправлення та оновлення"),
        ("ar", "تصحيحات وتحديثات"),
    ],
)
def test_corrections_are_headed_in_the_editions_language(
    corrected: Edition, language: str, heading: str
) -> None:
    told = show(replace(corrected, language=language), links=LINKS)
    assert told.words.corrections == heading
    assert [c.mark for c in told.corrections[:2]] == [told.words.correction, told.words.update]


def test_an_edition_of_corrections_alone_has_a_preheader(
    corrections: tuple[Correction, ...],
) -> None:
    told = show(replace(make_edition(), sections=(), corrections=corrections), links=LINKS)
    assert told.subject == "The Daily: May 18, 2026"
    assert told.preheader.startswith("Gull Maiden had 90 people on board")


# --------------------------------------------------------- what an editor signs


def told_by_two() -> Story:
    first = make_item("Ferry adrift", "Twelve were hurt.", site="The Wire")
    second = make_item("Ferry lost power", "Fourteen were hurt.", hours=1, site="Bay Radio")
    said = [(first, "Twelve were hurt."), (second, "Fourteen were hurt."), (second, "It rained.")]
    sentences = tuple(Sentence(item_id=item.id, text=text) for item, text in said)
    return make_story(first, second, summary=Summary(origin=Origin.EXTRACTIVE, sentences=sentences))


def test_sources_that_differ_are_never_made_one() -> None:
    story = shown(told_by_two()).stories[0]
    assert [(part.source, part.text) for part in story.parts] == [
        ("", "Twelve were hurt."),
        ("Bay Radio", "Fourteen were hurt. It rained."),
    ]
    assert story.parts[1].time == "2:00\u00a0AM"


def test_a_summary_of_one_source_stays_whole() -> None:
    lead = make_item()
    sentences = tuple(Sentence(item_id=lead.id, text=text) for text in ("One.", "Two."))
    story = make_story(lead, summary=Summary(origin=Origin.EXTRACTIVE, sentences=sentences))
    assert [part.text for part in shown(story).stories[0].parts] == ["One. Two."]


def test_a_running_story_says_when_it_was_updated() -> None:
    story = make_story(updated_at=MORNING - timedelta(hours=1, minutes=50))
    assert shown(story).stories[0].updated == "updated 5:10\u00a0AM"
    assert shown(story, language="de").stories[0].updated == "aktualisiert 05:10"
    assert shown().stories[0].updated == ""


def test_a_story_that_was_told_before_says_update() -> None:
    assert shown(make_story(update_of="daily@2026-05-17T0700")).stories[0].update
    assert not shown().stories[0].update


def test_the_newsrooms_own_words_are_parted_into_paragraphs() -> None:
    assert shown(intro="Good morning.\n\nA  quiet day.\n\n \n\n").intro == (
        "Good morning.",
        "A quiet day.",
    )
    assert shown(make_story(note="We were\nthere.")).stories[0].note == "We were there."


def test_all_that_an_editor_may_write_is_shown() -> None:
    words = "Good morning, harbour. "
    intro = "\n\n".join([(words * 60).strip()] * 9)[:INTRO_CHARS].strip()
    assert len(intro) > INTRO_CHARS - 3
    assert "\n\n".join(shown(intro=intro).intro) == intro
    note, summary, headline = "n" * NOTE_CHARS, "s " * (SUMMARY_CHARS // 2), "h" * HEADLINE_CHARS
    sentence = Sentence(item_id="", text=summary.strip())
    edited = Summary(origin=Origin.EDITOR, sentences=(sentence,))
    story = shown(make_story(note=note, headline=headline, summary=edited)).stories[0]
    assert (story.note, story.summary, story.headline) == (note, summary.strip(), headline)


def test_an_older_intro_that_is_too_long_ends_with_a_whole_word() -> None:
    *_, last = shown(intro="Harbour " * 2000).intro
    assert last.endswith("Harbour…")
