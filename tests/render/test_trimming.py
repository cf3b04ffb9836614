"""What goes first when a mail has no room, how the most that fits is found, and what is told."""

import re
from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import html as lxml_html

from digest.errors import RenderError
from digest.model import Edition, Form, Picks, Section
from digest.render import HTML_LIMIT, Layout, Links, Templates
from digest.render.showing import LONGEST_INTRO, show
from digest.render.shown import Shown
from digest.render.trimming import FEW_BRIEFS, most_that_fits, trimmed
from digest.settings import Newsletter
from make import MORNING, make_brief, make_edition, make_item, make_story

LayOut = Callable[..., Layout]
THEMES = ("newspaper", "plain", "brief")


def sections(*lengths: int, text: str = "") -> tuple[Section, ...]:
    """Sections A, B, …, with stories A1, A2, …"""
    return tuple(
        Section(
            slug=name.lower(),
            title=f"Section {name}",
            stories=tuple(
                make_story(make_item(f"{name}{n}.", f"{name}{n}: {text}"))
                for n in range(1, length + 1)
            ),
        )
        for name, length in zip(_names(), lengths, strict=False)
    )


def _names() -> list[str]:
    return [f"{one}{two}" for one in ("", *"ABCDEFGH") for two in "ABCDEFGHIJKLMNOPQRSTUVWXYZ"]


def briefs(count: int) -> tuple[Any, ...]:
    return tuple(make_brief(f"Brief {n} is here.", id=f"{n:016x}") for n in range(count))


def shown(*lengths: int, **fields: Any) -> Shown:
    return show(
        replace(make_edition(), sections=sections(*lengths), **fields),
        links=Links("https://news.example.org", b"k" * 32),
    )


def names(one: Shown) -> list[str]:
    told = [story.headline.rstrip(".") for story in one.stories]
    told += [brief.text.split(" is")[0] for brief in one.briefs]
    return told + [told.headline for told in one.corrections]


def going(one: Shown) -> list[str]:
    """What goes, one by one."""
    left = [names(trimmed(one, count)) for count in range(len(names(one)) + 1)]
    return [(set(before) - set(after)).pop() for before, after in pairwise(left)]


# ---------------------------------------------------------------------- what goes first


def test_the_last_of_the_longest_section_goes_first_then_sections_from_the_last() -> None:
    assert going(shown(2, 4, 3, 1)) == ["B4", "C3", "B3", "C2", "B2", "A2", "D1", "C1", "B1", "A1"]


def test_a_section_without_a_story_is_gone_and_its_stories_are_counted() -> None:
    short = trimmed(shown(2, 4, 3, 1, briefs=briefs(2)), 8)
    assert [(one.slug, one.more) for one in short.sections] == [("a", 1), ("b", 3)]
    assert (short.more_stories, short.missing, len(short.briefs)) == (4, 8, 2)


def test_many_briefs_are_as_long_as_a_section() -> None:
    everything = shown(4, 3, briefs=briefs(12))
    # Twelve briefs are as much as three stories: they go turn by turn with the stories.
    assert going(everything)[:9] == [
        "A4", "B3", "A3", "Brief 0", "Brief 1", "Brief 2", "Brief 3", "B2", "A2"
    ]  # fmt: skip


def test_a_few_briefs_stay_longer_than_all_sections_but_the_first() -> None:
    order = going(shown(1, 1, 1, briefs=briefs(FEW_BRIEFS + 1)))
    others = [f"Brief {n}" for n in range(1, FEW_BRIEFS + 1)]
    assert order == ["Brief 0", "C1", "B1", *others, "A1"]


def test_corrections_go_after_all_news_but_the_first_and_updates_before_them(
    corrected: Edition,
) -> None:
    everything = show(corrected, links=Links("https://news.example.org", b"k" * 32))
    others = len(everything.stories) + len(everything.briefs) - 1
    assert trimmed(everything, others).corrections == everything.corrections
    one_less = trimmed(everything, others + 1)
    assert [told.corrects for told in one_less.corrections] == [True, True]
    (top,) = trimmed(everything, others + 3).stories
    assert top == everything.top
    assert trimmed(everything, others + 3).corrections == ()
    assert trimmed(everything, 99).missing == others + 4


def test_trimming_twice_is_trimming_once_by_the_sum() -> None:
    everything = shown(5, 1, 7, briefs=briefs(30))
    total = len(names(everything))
    for first in range(total + 1):
        for then in range(0, total + 1 - first, 3):
            once = trimmed(everything, first + then)
            assert trimmed(trimmed(everything, first), then) == once
            assert once.missing == first + then


def test_the_day_of_a_brief_that_goes_is_named_at_the_next() -> None:
    evening = (make_brief(f"Brief {n} is here.", id=f"{n:016x}", hours=-24) for n in range(3))
    everything = shown(1, briefs=(*evening, make_brief("Brief 3 is here.", published_at=MORNING)))
    assert [one.day for one in everything.briefs] == ["Sun, May 17", "", "", "Mon, May 18"]
    assert [one.day for one in trimmed(everything, 2).briefs] == ["Sun, May 17", "Mon, May 18"]
    assert [one.day for one in trimmed(everything, 3).briefs] == ["Mon, May 18"]


# ---------------------------------------------------------------------- the search


@given(
    frame=st.integers(0, 50),
    sizes=st.lists(st.integers(0, 60), max_size=80),
    limit=st.integers(0, 1500),
)
def test_the_most_that_fits_is_found_whatever_the_sizes(
    frame: int, sizes: list[int], limit: int
) -> None:
    def render(kept: int) -> str:
        # Two octets a letter: octets are counted, not letters.
        return "é" * (frame + sum(sizes[:kept]))

    fitting = [kept for kept in range(len(sizes) + 1) if len(render(kept).encode()) <= limit]
    found = most_that_fits(len(sizes), render, limit)
    assert found == ((fitting[-1], render(fitting[-1])) if fitting else None)


@pytest.mark.parametrize("size", [90, 1200, 5000])
@pytest.mark.parametrize("total", [60, 1000, 10_000])
def test_few_tries_find_it_however_long_the_edition(total: int, size: int) -> None:
    asked: list[int] = []

    def render(kept: int) -> str:
        asked.append(kept)
        # Some have a heading too, and from a ninth on they are half as long.
        octets = 12_000 + size * kept + 300 * min(kept, 8) - (size // 2) * max(0, kept - total // 9)
        return "x" * octets

    found = most_that_fits(total, render, HTML_LIMIT)
    assert found
    assert found[0] == total or len(render(found[0] + 1)) > HTML_LIMIT
    assert len(asked) <= 8


def test_sizes_made_to_mislead_are_no_trouble() -> None:
    asked: list[int] = []

    def render(kept: int) -> str:
        asked.append(kept)
        return "x" * (10 * kept if kept < 999 else 10_000_000)

    found = most_that_fits(1000, render, 10_000)
    assert found
    assert found[0] == 998
    assert len(asked) <= 45


# ---------------------------------------------------------------------- the mail


def lay(lay_out: LayOut, daily: Newsletter, edition: Edition, theme: str, **wanted: Any) -> Layout:
    picks = Picks(sections=tuple(one.slug for one in edition.sections), **wanted)
    return lay_out(edition, newsletter=daily.model_copy(update={"theme": theme}), picks=picks)


def headings(layout: Layout, tag: str) -> list[str]:
    return [one.text_content() for one in lxml_html.fromstring(layout.html).iter(tag)]


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("number", [60, 200])
def test_of_many_sections_as_many_stories_are_shown_as_fit(
    lay_out: LayOut, daily: Newsletter, theme: str, number: int
) -> None:
    many = sections(*[1] * number, text="Words of the story go on. " * 16)
    layout = lay(lay_out, daily, make_edition(*many), theme)
    told = headings(layout, "h3")
    assert layout.left_out == number - len(told) > 0
    assert told == [section.stories[0].headline for section in many[: len(told)]]
    # No heading and no entry in the contents for what is not there.
    assert headings(layout, "h2") == [section.title for section in many[: len(told)]]
    for part in (layout.html, layout.text):
        assert f"#section-{many[len(told) - 1].slug}" in part
        assert f"#section-{many[len(told)].slug}" not in part
        assert many[len(told)].title not in part
    # The most that fits: one more would not.
    assert HTML_LIMIT - 2500 < len(layout.html.encode()) <= HTML_LIMIT


@pytest.mark.parametrize("theme", THEMES)
def test_how_many_have_no_room_is_told_at_the_end(
    lay_out: LayOut, daily: Newsletter, theme: str
) -> None:
    edition = make_edition(*sections(*[1] * 200, text="Words of the story go on. " * 16))
    layout = lay(lay_out, daily, edition, theme)
    said = f"The rest of this edition is on the web. {layout.left_out} more on the web"
    for words in (lxml_html.fromstring(layout.html).text_content(), layout.text):
        assert said in " ".join(words.split())


def test_a_mail_that_has_room_for_nothing_does_not_say_that_nothing_is_new(
    lay_out: LayOut, daily: Newsletter
) -> None:
    long = make_item(url="https://wire.example/" + "x" * HTML_LIMIT)
    edition = make_edition(Section(slug="a", title="A", stories=(make_story(long),)))
    layout = lay(lay_out, daily, edition, "plain")
    assert layout.left_out == 1
    for part in (layout.html, layout.text):
        assert "There is nothing new" not in part
        assert "1 more on the web" in " ".join(part.split())


def test_a_feed_that_has_no_room_for_whole_sections_tells_how_many_are_missing(
    templates: Templates,
) -> None:
    short = trimmed(shown(1, 1, 1), 2)
    entry = templates.page("entry.html", edition=short, words=short.words)
    (link,) = lxml_html.fromstring(entry).xpath(".//a[. = '2 more on the web']")
    assert link.get("href") == short.url


@pytest.mark.parametrize("theme", THEMES)
def test_the_longest_intro_leaves_room_for_news(
    lay_out: LayOut, daily: Newsletter, theme: str
) -> None:
    intro = "&" * LONGEST_INTRO
    many = sections(9, 9, 9, 9, text="Words of the story go on. " * 30)
    layout = lay(lay_out, daily, make_edition(*many, intro=intro), theme)
    assert "&amp;" * LONGEST_INTRO in layout.html
    assert len(headings(layout, "h3")) > 20


def test_a_mail_that_its_intro_fills_says_so(lay_out: LayOut, daily: Newsletter) -> None:
    edition = make_edition(intro="a\n\n" * (LONGEST_INTRO // 3))
    with pytest.raises(RenderError, match="even without a story, only with its intro"):
        lay(lay_out, daily, edition, "plain")


def minutes(text: str) -> int:
    found = re.search(r"(\d+)\sminutes?\sto\sread", text)
    assert found
    return int(found[1])


@pytest.mark.parametrize(
    ("theme", "form", "words_of_a_story"),
    [("newspaper", Form.FULL, 101), ("brief", Form.FULL, 7), ("newspaper", Form.COMPACT, 7)],
)
def test_the_minutes_are_those_of_what_the_mail_shows(
    lay_out: LayOut, daily: Newsletter, theme: str, form: Form, words_of_a_story: int
) -> None:
    many = sections(*[40] * 9, text="Five words and no more. " * 20)
    layout = lay(lay_out, daily, make_edition(*many), theme, form=form)
    told = len(headings(layout, "h3"))
    assert 40 < told < 200
    wanted = told * words_of_a_story / 220
    for part in (layout.html, layout.text):
        assert abs(minutes(part) - wanted) <= 1
    whole = lay(lay_out, daily, make_edition(*many), theme, form=Form.TEXT)
    assert abs(minutes(whole.text) - 360 * 102 / 220) <= 1
