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


def test_equal_choices_give_equal_picks() -> None:
    made = make_edition(*SECTIONS)
    one = pick(made, make_subscriber(1, sections=("sea", "sport")), sections=SLUGS)
    other = make_subscriber(2, sections=("sport", "sea", "gone"))
    assert one == pick(made, other, sections=SLUGS)
