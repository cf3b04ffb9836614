"""One newsroom for every test of the rendering room, and a rich edition of its newsletter."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
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
from digest.render import Layout, Links, Press, Templates, compile_layout, default_templates
from digest.settings import Mail, Newsletter, Site
from make import MORNING, make_brief, make_edition, make_item, make_story

_OF_PRESS = ("site", "links", "templates", "brand", "logo")


@pytest.fixture(scope="session")
def site() -> Site:
    return Site(
        name="Harbour Newsroom",
        base_url="https://news.example.org",
        postal_address="1 Lower Quay\n12345 Port Orrin",
    )


@pytest.fixture(scope="session")
def daily() -> Newsletter:
    return Newsletter(
        slug="daily",
        title="The Daily",
        description="What the bay talks about.",
        timezone="Europe/Athens",
    )


@pytest.fixture(scope="session")
def mail() -> Mail:
    return Mail(from_address="morning@news.example.org")


@pytest.fixture(scope="session")
def links(site: Site) -> Links:
    return Links(site.base_url, b"k" * 32)


@pytest.fixture(scope="session")
def templates() -> Templates:
    return Templates([default_templates()])


@pytest.fixture(scope="session")
def press(site: Site, links: Links, templates: Templates) -> Press:
    return Press(site=site, links=links, templates=templates)


@pytest.fixture(scope="session")
def lay_out(press: Press, daily: Newsletter, mail: Mail) -> Callable[..., Layout]:
    """``lay_out(edition)`` compiles all of it; keywords replace what a test is about."""

    def build(edition: Edition, **changed: Any) -> Layout:
        everything = Picks(sections=tuple(section.slug for section in edition.sections))
        values: dict[str, Any] = {
            "picks": everything,
            "newsletter": daily,
            "mail": mail,
        }
        # What belongs to the press may be named alone.
        parts = {name: changed.pop(name) for name in _OF_PRESS if name in changed}
        values["press"] = replace(press, **parts)
        return compile_layout(edition, **(values | changed))

    return build


def told(headline: str, text: str, *hosts: str, **fields: Any) -> Story:
    lead = make_item(headline, text, **fields)
    others = tuple(
        make_item(f"{headline} too", text, id=f"{n:016x}", url=f"https://{host}/story")
        for n, host in enumerate(hosts)
    )
    sentence = Sentence(item_id=lead.id, text=text)
    summary = Summary(origin=Origin.EXTRACTIVE, sentences=(sentence,))
    return make_story(lead, *others, summary=summary)


@pytest.fixture(scope="session")
def morning() -> Edition:
    ferry = told(
        "Harbour council votes to reopen the old ferry line",
        "The council voted 14 to 9 late on Sunday. Two boats are to run from October.",
        "courier.example",
        "bayradio.example",
        url="https://harbournews.example/ferry",
        reading_min=4,
        image=Image(
            url="https://pictures.example/ferry.jpg",
            alt="A white ferry at a stone quay",
            credit="A. Example",
            width=1200,
            height=675,
        ),
    )
    hostel = told(
        "Lighthouse keepers’ cottages to become a hostel",
        "Four cottages under the light will take guests from next spring.",
        hours=-8,
        url="https://courier.example/hostel",
    )
    strike = told(
        "Tram drivers call off Friday’s strike",
        "Both sides agreed on a rise of 4.1 per cent.",
        hours=3,
        url=None,
    )
    schools = told(
        "مجلس المدينة يقرّ ميزانية جديدة للمدارس",
        "تشمل الميزانية إصلاح سبع مدارس.",
        language="ar",
        url="https://arabic.example/budget",
    )
    return make_edition(
        Section(slug="at-sea", title="At sea", stories=(ferry, hostel)),
        Section(slug="city", title="City & council", stories=(strike, schools)),
        briefs=(
            make_brief(published_at=MORNING - timedelta(hours=9)),
            make_brief(
                "Police find the bronze heron. It stood in a garden, painted green.",
                published_at=MORNING - timedelta(hours=1),
                url="https://bayradio.example/heron",
            ),
        ),
    )


@pytest.fixture(scope="session")
def corrections() -> tuple[Correction, ...]:
    """One that owns up, one of an item without a page, one in another script."""
    before = "daily@2026-05-17T0700"
    return (
        Correction(
            item_id="a" * 16,
            headline="Gull Maiden had 90 people on board",
            url="https://wire.example/gull",
            corrects=True,
            at=MORNING - timedelta(hours=9),
            sentences=(
                "Correction: An earlier version of this article had another number.",
                "Some 90 passengers were on the “Gull Maiden”.",
            ),
            edition_id=before,
            site="Coastline Wire",
            language="en",
        ),
        Correction(
            item_id="b" * 16,
            headline="Orrin bridge stays closed until Friday.",
            at=MORNING - timedelta(minutes=20),
            sentences=("Orrin bridge stays closed until Friday.", "Buses go round by Merrow."),
            edition_id=before,
        ),
        Correction(
            item_id="c" * 16,
            headline="المدينة تصلح سبع مدارس",
            url="https://arabic.example/budget",
            corrects=True,
            at=MORNING,
            sentences=("تصحيح: عدد المدارس سبع.",),
            edition_id=before,
            language="ar",
        ),
    )


@pytest.fixture(scope="session")
def corrected(morning: Edition, corrections: tuple[Correction, ...]) -> Edition:
    return replace(morning, corrections=corrections)
