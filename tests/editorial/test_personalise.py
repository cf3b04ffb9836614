from dataclasses import replace
from datetime import UTC, datetime
from typing import Literal

import pytest

from digest.editorial import pick
from digest.model import Picks, Section
from make import make_edition, make_story, make_subscriber

#: The newsletter's; today there is no news of the last.
SLUGS = ("sea", "sport", "money", "weather")
SECTIONS = tuple(
    Section(slug=slug, title=slug.title(), stories=(make_story(),))
    for slug in ("sea", "sport", "money")
)


@pytest.mark.parametrize(
    ("chosen", "expected"),
    [
        ((), ("sea", "sport", "money")),
        (("money", "sea"), ("sea", "money")),
        (("sport", "gone"), ("sport",)),
        (("weather", "sea"), ("sea",)),
        (("weather",), ()),
        (("weather", "gone"), ()),
    ],
)
def test_a_reader_gets_the_chosen_sections_in_the_editions_order(
    chosen: tuple[str, ...], expected: tuple[str, ...]
) -> None:
    picks = pick(make_edition(*SECTIONS), make_subscriber(sections=chosen), sections=SLUGS)
    assert picks == Picks(sections=expected, briefs=True)


def test_who_chose_only_what_is_no_section_any_more_gets_everything() -> None:
    reader = make_subscriber(sections=("gone", "harbour"))
    picks = pick(make_edition(*SECTIONS), reader, sections=SLUGS)
    assert picks == Picks(sections=("sea", "sport", "money"))


def test_an_edition_composed_before_a_section_was_retitled_still_has_it() -> None:
    reader = make_subscriber(sections=("sea",))
    picks = pick(make_edition(*SECTIONS), reader, sections=("ocean", "sport", "money"))
    assert picks == Picks(sections=("sea",))


def test_a_section_is_chosen_by_the_slugs_that_it_had_too() -> None:
    # An edition of before and one of now, and choices of before, between, and now.
    renamed, now = {"sea": "ocean", "shore": "ocean"}, ("ocean", "sport", "money")
    made = [
        make_edition(replace(SECTIONS[0], slug=slug), *SECTIONS[1:]) for slug in ("sea", "ocean")
    ]
    for edition in made:
        for chosen in ("sea", "shore", "ocean"):
            reader = make_subscriber(sections=(chosen, "gone"))
            picks = pick(edition, reader, sections=now, renamed=renamed)
            assert picks.sections == (edition.sections[0].slug,)


def test_equal_choices_give_equal_picks() -> None:
    made = make_edition(*SECTIONS)
    one = pick(made, make_subscriber(1, sections=("sea", "sport")), sections=SLUGS)
    other = make_subscriber(2, sections=("sport", "sea", "gone"))
    assert one == pick(made, other, sections=SLUGS)


# ----------------------------------------------------------------------------- clocks


def zone_of(
    timezone: str,
    *,
    day: datetime = datetime(2026, 5, 18, 6, tzinfo=UTC),
    home: str = "Europe/Dublin",
    clocks: Literal["newsletter", "reader"] = "reader",
) -> str:
    """What the picks of a reader there say, of an edition of that day."""
    edition = replace(make_edition(*SECTIONS), timezone=home, slot_at=day)
    reader = make_subscriber(timezone=timezone)
    return pick(edition, reader, sections=SLUGS, clocks=clocks).timezone


def test_a_newsletter_tells_its_own_times_unless_it_says_otherwise() -> None:
    assert zone_of("Asia/Tokyo", clocks="newsletter") == ""
    reader = make_subscriber(timezone="Asia/Tokyo")
    assert pick(make_edition(*SECTIONS), reader, sections=SLUGS).timezone == ""


@pytest.mark.parametrize("timezone", ["Europe/Dublin", "Europe/London", "Europe/Lisbon"])
def test_whose_clock_shows_what_the_newsletters_does_gets_its_variant(timezone: str) -> None:
    assert zone_of(timezone) == ""


def test_people_whose_clocks_show_the_same_share_a_variant() -> None:
    east = {zone_of(zone) for zone in ("Europe/Kyiv", "Europe/Helsinki", "Europe/Istanbul")}
    assert east == {"+03:00"}
    assert zone_of("Asia/Kolkata") == "+05:30"
    assert zone_of("America/St_Johns") == "-02:30"
    assert zone_of("UTC") == "+00:00"


@pytest.mark.parametrize(
    ("day", "expected"),
    [
        # Clocks in Europe go forward at 01:00 UTC on 29 March, those of Istanbul never do.
        (datetime(2026, 3, 29, 0, 30, tzinfo=UTC), "+02:00"),
        (datetime(2026, 3, 29, 6, tzinfo=UTC), "Europe/Kyiv"),
        (datetime(2026, 4, 5, 0, 30, tzinfo=UTC), "Europe/Kyiv"),
        (datetime(2026, 4, 5, 6, tzinfo=UTC), "+03:00"),
    ],
)
def test_in_the_week_of_a_change_of_clocks_each_zone_has_its_own(
    day: datetime, expected: str
) -> None:
    assert zone_of("Europe/Kyiv", day=day) == expected
    assert zone_of("Europe/Istanbul", day=day) == "+03:00"
    # They are changed at the same moment as those of the newsletter.
    assert zone_of("Europe/London", day=day) == ""


def test_clocks_that_were_changed_some_hours_apart_are_not_the_same() -> None:
    # Those of Beirut at midnight; by the morning both show the same again.
    day = datetime(2026, 3, 29, 6, tzinfo=UTC)
    assert zone_of("Asia/Beirut", day=day, home="Europe/Kyiv") == "Asia/Beirut"
    assert zone_of("Europe/Helsinki", day=day, home="Europe/Kyiv") == ""


@pytest.mark.parametrize("timezone", ["", "Mars/Olympus", "../../etc/passwd", "Europe"])
def test_a_zone_that_there_is_no_more_is_the_newsletters(timezone: str) -> None:
    assert zone_of(timezone) == ""
