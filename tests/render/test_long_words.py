"""Long words, long addresses, and names of another direction, in all themes."""

import re
from collections.abc import Callable
from dataclasses import replace
from email import message_from_bytes, policy
from typing import Any

import pytest
from lxml import html as lxml_html

from digest.model import Edition, Form, Image, Picks, Section
from digest.render import Layout, Links, fill, known_languages
from digest.render.templates import fits, longest, unbroken
from digest.settings import Brand, Newsletter
from make import MORNING, make_brief, make_edition, make_item, make_story, make_subscriber

LayOut = Callable[..., Layout]
THEMES = ("newspaper", "plain", "brief")
LANGUAGES = ["en", *(tag for tag, _ in known_languages() if tag != "en")]


@pytest.fixture(params=THEMES)
def themed(request: pytest.FixtureRequest, daily: Newsletter) -> Newsletter:
    return daily.model_copy(update={"theme": request.param})


def tree(layout: Layout) -> Any:
    return lxml_html.fromstring(layout.html)


def picks(edition: Edition, **wanted: Any) -> Picks:
    return replace(Picks(sections=tuple(one.slug for one in edition.sections)), **wanted)


def worded(element: Any) -> str:
    return " ".join("".join(element.itertext()).split())


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("form", [Form.FULL, Form.COMPACT])
def test_no_line_of_the_text_is_too_wide_for_an_address_of_sixty_letters(
    lay_out: LayOut, links: Links, morning: Edition, language: str, form: Form
) -> None:
    address = "a-very-long-name.of-a-reader@a-long-name.of-a-host.example.org"
    layout = lay_out(morning, picks=picks(morning, language=language, form=form))
    reader = make_subscriber(email=address, name="A name of sixty letters " + "and more " * 4)
    parsed = message_from_bytes(
        fill(layout, reader, links=links, sent_at=MORNING), policy=policy.default
    )
    part = parsed.get_body(("plain",))
    assert part is not None
    lines = part.get_content().splitlines()
    assert address in lines
    assert [line for line in lines if len(line) > 72 and "://" not in line] == []


def test_the_foot_of_an_arabic_mail_turns_no_line_of_another_script(
    lay_out: LayOut, themed: Newsletter, morning: Edition
) -> None:
    layout = lay_out(
        morning,
        newsletter=themed,
        picks=picks(morning, language="ar"),
        brand=Brand(footer="Independent since 1974."),
    )
    turned = {worded(one) for one in tree(layout).xpath("//span[@dir='ltr']")}
    assert {"Independent since 1974.", "1 Lower Quay, 12345 Port Orrin"} <= turned
    # The address that it goes to, and the title, stand in an Arabic sentence.
    assert "The Daily" in turned
    assert any(one.startswith("hole-") and "-email-" in one for one in turned)


def test_the_foot_of_an_arabic_newsroom_is_not_turned(
    lay_out: LayOut, themed: Newsletter, morning: Edition
) -> None:
    brand = Brand(footer="مستقلة منذ 1974.")
    english = tree(lay_out(morning, newsletter=themed, brand=brand))
    assert "مستقلة منذ 1974." in {worded(one) for one in english.xpath("//span[@dir='rtl']")}
    arabic = tree(
        lay_out(morning, newsletter=themed, brand=brand, picks=picks(morning, language="ar"))
    )
    assert "مستقلة منذ 1974." not in {worded(one) for one in arabic.xpath("//span")}


def test_names_in_a_list_of_another_direction_stand_for_themselves(
    lay_out: LayOut, themed: Newsletter
) -> None:
    sections = tuple(
        Section(slug=f"s{n}", title=f"Section {n}", stories=(make_story(make_item(f"Story {n}")),))
        for n in range(5)
    )
    edition = make_edition(*sections)
    layout = lay_out(edition, newsletter=themed, picks=picks(edition, language="ar"))
    turned = [worded(one) for one in tree(layout).xpath("//a/span[@dir='ltr']")]
    assert turned[:5] == [f"Section {n}" for n in range(5)]


@pytest.mark.parametrize(
    ("text", "size", "room", "told"),
    [
        ("The Daily", 44, 544, 44),
        ("Küstenkreisnachrichtenüberblick", 44, 544, 30),
        ("Küstenkreisnachrichtenüberblick", 32, 335, 18),
        # Not smaller than the words under it.
        ("x" * 300, 44, 335, 15),
        # A line may end at a hyphen, and between any two of these.
        ("Küsten-Kreis-Nachrichten-Überblick", 32, 335, 32),
        ("港湾市議会が古い渡し船の航路の再開を可決し十月から運航する", 32, 335, 32),
        ("ข่าวเด่นวันนี้เรือข้ามฟากกลับมาให้บริการที่ท่าเรือเก่า", 32, 335, 32),
        ("", 32, 335, 32),
    ],
)
def test_a_heading_is_as_large_as_its_longest_word_has_room(
    text: str, size: int, room: int, told: int
) -> None:
    assert fits(text, size, room) == told


def test_long_words_make_titles_and_headlines_smaller(lay_out: LayOut, themed: Newsletter) -> None:
    title, word = "Küstenkreisnachrichtenüberblick", "Parkplatzbewirtschaftungskonzeptes"
    edition = make_edition(
        Section(slug="a", title="A", stories=(make_story(make_item(f"Streit des {word} wegen")),)),
        title=title,
    )
    layout = lay_out(edition, newsletter=themed)

    def size(tag: str) -> int:
        return int(re.findall(r"font-size:(\d+)px", tree(layout).find(f".//{tag}").get("style"))[0])

    assert size("h1") <= 544 / (0.55 * len(title))
    assert size("h3") <= 335 / (0.55 * len(word))
    assert "top" not in tree(layout).find(".//h3").get("class").split()
    (phone,) = re.findall(r"\.title \{ font-size: (\d+)px", layout.html)
    assert int(phone) <= 335 / (0.55 * len(title))
    assert "title" in tree(layout).find(".//h1").get("class").split()


def test_the_brief_theme_puts_no_long_word_into_its_margin(
    lay_out: LayOut, daily: Newsletter
) -> None:
    def margin(title: str) -> str | None:
        edition = make_edition(Section(slug="a", title=title, stories=(make_story(),)))
        layout = lay_out(edition, newsletter=daily.model_copy(update={"theme": "brief"}))
        (heading,) = tree(layout).iter("h2")
        width: str | None = heading.getparent().get("width")
        return width

    assert margin("Harbour and sea") == "116"
    assert margin("Wirtschaft und Fremdenverkehrsförderung") is None
    assert longest("Wirtschaft und Fremdenverkehrsförderung") == 24


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("a tug brings it home", "a tug brings it\u00a0home"),
        ("tenders open on June 8.", "tenders open on June\u00a08."),
        ("a levy for the breakwater", "a levy for the breakwater"),
        ("Streit um Parkplatzkonzepte nun", "Streit um Parkplatzkonzepte nun"),
        ("Long 7", "Long 7"),
        ("Rain", "Rain"),
        ("", ""),
    ],
)
def test_a_short_last_word_does_not_stand_alone(text: str, told: str) -> None:
    assert unbroken(text) == told


def test_a_brief_and_its_source_are_not_one_sentence(lay_out: LayOut, themed: Newsletter) -> None:
    brief = make_brief("Crab boats must land in the outer harbour", title="", site="The Bote")
    layout = lay_out(make_edition(briefs=(brief,)), newsletter=themed)
    told = "Crab boats must land in the outer harbour · The Bote"
    assert told in worded(tree(layout).find("body"))
    assert told in " ".join(layout.text.split())


def test_a_picture_stands_beside_few_words_and_above_many(
    lay_out: LayOut, daily: Newsletter
) -> None:
    def width(words: int) -> str:
        image = Image(url="https://pictures.example/a.jpg", width=900, height=600)
        told = make_story(make_item("Councillors vote", "word " * words, image=image))
        edition = make_edition(
            Section(slug="a", title="A", stories=(make_story(make_item("First")),)),
            Section(slug="b", title="B", stories=(told,)),
        )
        (picture,) = tree(lay_out(edition)).iter("img")
        return str(picture.get("width"))

    assert width(40) == "200"
    assert width(90) == "544"


def test_the_contents_name_only_what_is_in_the_mail(lay_out: LayOut, themed: Newsletter) -> None:
    words = ". ".join(f"Words of a story that goes on, number {n}" for n in range(30))
    edition = make_edition(
        *(
            Section(
                slug=f"s{n}", title=f"Room {n}.", stories=(make_story(make_item(f"{n}", words)),)
            )
            for n in range(300)
        )
    )
    layout = lay_out(edition, newsletter=themed)
    page = tree(layout)
    titles = [worded(one) for one in page.iter("h2")]
    assert 40 < len(titles) < 300
    listed = [worded(one) for one in page.iter("a") if "#section-" in one.get("href")]
    assert [one for one in listed if "more" not in one] == titles
    assert " ".join(layout.text.split()).count("Room ") == 2 * len(titles)
