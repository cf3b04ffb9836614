"""The headline of a story: one of those given, verbatim, and why it was taken."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.editorial.headline import judge_headlines
from digest.editorial.text import read
from make import make_brief, make_item

BODY = "The Gull Maiden ran onto a sandbank off Orrin in fog with 80 passengers on board."
GOOD = "Gull Maiden on sandbank off Orrin"


def headline(*titles: str) -> str:
    return judge_headlines([read(make_item(title, BODY)) for title in titles]).text


def reason(*titles: str) -> str:
    return judge_headlines([read(make_item(title, BODY)) for title in titles]).reason


@pytest.mark.parametrize(
    ("poor", "flaw"),
    [
        ("LIVE: Gull Maiden on sandbank off Orrin in fog", "it announces instead of telling"),
        ("Watch - Gull Maiden on sandbank off Orrin in fog", "it announces instead of telling"),
        ("+++ Liveticker: Gull Maiden on sandbank off Orrin", "it announces instead of telling"),
        ("Наживо: Gull Maiden on sandbank off Orrin", "it announces instead of telling"),
        ("GULL MAIDEN ON SANDBANK OFF ORRIN IN FOG", "it is all in capitals"),
        ("GULL MAIDEN ON SANDBANK OFF ORRIN in fog", "it is all in capitals"),
        ("Is Gull Maiden on sandbank off Orrin in fog?", "it asks or breaks off"),
        ("“Is Gull Maiden on sandbank off Orrin in fog?”", "it asks or breaks off"),
        ("هل جنحت Gull Maiden off Orrin in fog؟", "it asks or breaks off"),
        ("Gull Maiden on sandbank off Orrin: what we…", "it asks or breaks off"),
        ("It is the Gull Maiden on the sandbank off Orrin", "it leans on something said before"),
        ("Gull Maiden aground", "it has 3 words"),
        ("Gull Maiden " + "on sandbank off Orrin in fog with passengers " * 3, "it has 26 words"),
    ],
)
def test_a_poor_headline_gives_way_to_another_one_verbatim(poor: str, flaw: str) -> None:
    assert headline(poor, GOOD) == GOOD
    assert reason(poor, GOOD).endswith(f"the lead's is not taken: {flaw}")
    assert headline(poor) == poor
    assert headline(poor, poor) == poor
    assert reason(poor, poor) == f"the lead's own, although {flaw}: no other is better"


@pytest.mark.parametrize(
    "fine",
    [
        "Photo-sharing ferry Gull Maiden on sandbank off Orrin",
        "Live music on the Gull Maiden on sandbank off Orrin",
        "NASA and ESA see Gull Maiden on sandbank off Orrin",
    ],
)
def test_what_only_looks_like_a_flaw_is_none(fine: str) -> None:
    assert headline(fine, "Night of waiting in the harbour of Lisle") == fine


def test_the_headline_of_the_lead_stays_when_it_is_nearly_as_good() -> None:
    lead = "Gull Maiden on sandbank in fog"
    assert headline(lead, "Fog: Gull Maiden on sandbank") == lead
    assert reason(GOOD) == "the lead's own"
    assert reason(GOOD, "Nobody knew where they were going").startswith(
        "the lead's own, nearest to what all tell"
    )


def test_a_headline_that_is_nearer_to_what_all_tell_is_taken_with_the_figures() -> None:
    chosen = judge_headlines(
        [read(make_item("A long night ends well at last", BODY)), read(make_item(GOOD, BODY))]
    )
    assert (chosen.text, chosen.item.title) == (GOOD, GOOD)
    assert chosen.reason.startswith("nearest to what all tell (")
    assert "the lead's 0." in chosen.reason


def test_no_headline_is_a_briefs_while_an_article_has_one() -> None:
    article = make_item("Night of the long wait at sea ends well", BODY)
    brief = make_brief(BODY, title=GOOD)
    assert judge_headlines([read(article), read(brief)]).text == article.title


@given(st.lists(st.text(max_size=60).filter(str.strip), min_size=1, max_size=5))
def test_it_is_always_one_of_those_given_whatever_they_are(titles: list[str]) -> None:
    assert headline(*titles) in titles
