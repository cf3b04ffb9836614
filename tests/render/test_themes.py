"""The three themes that come with Digest, and the text parts that go with them."""

import re
from collections.abc import Callable, Iterator
from dataclasses import fields, replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from lxml import html as lxml_html

from digest.model import Edition, Form, Image, Origin, Picks, Section, Sentence, Story, Summary
from digest.render import HTML_LIMIT, Layout, Press, Templates, default_templates
from digest.render.shown import Shown, ShownBrief, ShownStory
from digest.render.templates import HOLES
from digest.settings import Brand, Newsletter
from make import MORNING, make_brief, make_edition, make_item, make_story

LayOut = Callable[..., Layout]
THEMES = ("newspaper", "plain", "brief")

#: No colour of it is a default, so a colour that a theme brings itself is found.
BRAND = Brand(
    accent="#14507a",
    ink="#101820",
    paper="#fdfdfd",
    ground="#e9eef2",
    headline_font="Charter, Cambria, serif",
    text_font="Charter, Cambria, serif",
    label_font="Verdana, sans-serif",
    footer="Independent since 1974.",
)
#: What the compiler writes by itself, around the preheader.
_COMPILERS = {"#ffffff"}


def of_theme(theme: str, daily: Newsletter, edition: Edition, **wanted: Any) -> dict[str, Any]:
    """Keywords for ``lay_out``: a subscriber asks for the compact one, a newsletter for others."""
    form = Form.COMPACT if theme == "brief" else Form.FULL
    picks = Picks(sections=tuple(one.slug for one in edition.sections), form=form)
    newsletter = daily if theme == "brief" else daily.model_copy(update={"theme": theme})
    return {"newsletter": newsletter, "picks": replace(picks, **wanted)}


@pytest.fixture(scope="module")
def full(corrected: Edition) -> Edition:
    """Everything a mail can hold: intro, note, update, picture, machine, more than one source."""
    section, city = corrected.sections
    ferry, hostel = section.stories
    told = replace(
        ferry, note="We asked the harbour office.", update_of="daily@x", updated_at=MORNING
    )
    sentence = Sentence(item_id=hostel.lead.id, text="Four cottages will take guests. Soon.")
    machine = replace(hostel, summary=Summary(origin=Origin.MODEL, sentences=(sentence,)))
    picture = Image(url="https://pictures.example/tram.jpg", credit="B. Example")
    pictured = replace(city.stories[0], items=(replace(city.stories[0].lead, image=picture),))
    return replace(
        corrected,
        intro="Good morning.\n\nBe well.",
        sections=(
            replace(section, stories=(told, machine)),
            replace(city, stories=(pictured, *city.stories[1:])),
            Section(slug="sport", title="Sport", stories=(make_story(make_item("Rovers won")),)),
            Section(slug="more", title="Elsewhere", stories=(make_story(make_item("Rain")),)),
        ),
    )


@pytest.fixture(scope="module", params=THEMES)
def theme(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def layout(lay_out: LayOut, daily: Newsletter, full: Edition, theme: str) -> Layout:
    return lay_out(full, brand=BRAND, **of_theme(theme, daily, full))


def tree(layout: Layout) -> Any:
    return lxml_html.fromstring(layout.html)


def seen(layout: Layout) -> str:
    """The words of the HTML as a reader sees them."""
    body = tree(layout).find("body")
    for hidden in body.xpath(".//div[contains(@style, 'display:none')]"):
        hidden.drop_tree()
    # Two cells in a row are two words.
    return " ".join(" ".join(body.itertext()).split())


def in_one_line(text: str) -> str:
    return " ".join(text.split())


def styles(layout: Layout) -> Iterator[str]:
    """Every declaration of the body, and every rule of the head."""
    for element in tree(layout).iter("*"):
        yield from element.get("style", "").split(";")
    for block in tree(layout).iter("style"):
        yield from re.findall(r"[\w-]+\s*:[^;{}]+(?=;)", block.text or "")


def test_every_part_of_the_edition_is_told(layout: Layout, theme: str) -> None:
    wanted = [
        "The Daily",
        "Monday, May 18, 2026",
        "Read on the web",
        "Good morning.",
        "Be well.",
        "In this edition",
        "At sea",
        "Update",
        "Harbour council votes to reopen the old ferry line",
        "The council voted 14 to 9 late on Sunday.",
        "Editor’s note: We asked the harbour office.",
        "harbournews.example · 1:00 AM · updated 7:00 AM",
        "Also reported by courier.example",
        "Four cottages will take guests.",
        "Summary written by a machine",
        "City & council",
        "مجلس المدينة يقرّ ميزانية جديدة للمدارس",
        "In brief",
        "Police find the bronze heron.",
        "6:00 AM",
        "Corrections and updates",
        "Gull Maiden had 90 people on board",
        "You get this mail because",
        "Change what you get",
        "Unsubscribe",
        "All editions",
        "Independent since 1974.",
        "Harbour Newsroom",
        "1 Lower Quay, 12345 Port Orrin",
    ]
    if theme != "brief":
        wanted += ["Two boats are to run from October.", "4 min read"]
    for said in (seen(layout), in_one_line(layout.text)):
        assert [words for words in wanted if words not in said] == []


def test_the_mail_tells_how_long_it_takes_to_read(layout: Layout) -> None:
    for said in (seen(layout), in_one_line(layout.text)):
        assert "1 minute" in said


def test_the_greeting_and_the_ways_out_are_each_subscribers_own(layout: Layout) -> None:
    names = {(name, in_html) for _, name, in_html in layout.holes}
    for hole in ("greeting", "email", "leave_url", "preferences_url"):
        assert {(hole, True), (hole, False)} <= names


def test_a_compact_mail_has_one_sentence_of_each_story_and_no_picture(
    lay_out: LayOut, daily: Newsletter, full: Edition
) -> None:
    layout = lay_out(full, **of_theme("brief", daily, full))
    for said in (seen(layout), in_one_line(layout.text)):
        assert "The council voted 14 to 9 late on Sunday." in said
        assert "Two boats" not in said
    assert not list(tree(layout).iter("img"))


def test_what_another_source_says_is_attributed_in_a_compact_mail_too(
    lay_out: LayOut, daily: Newsletter
) -> None:
    lead = make_item(site="The Courier")
    other = make_item("Ferry is back", id="f" * 16, site="Bay Radio")
    summary = Summary(
        origin=Origin.EXTRACTIVE, sentences=(Sentence(item_id=other.id, text="She sailed at six."),)
    )
    edition = make_edition(
        Section(slug="a", title="A", stories=(make_story(lead, other, summary=summary),))
    )
    layout = lay_out(edition, **of_theme("brief", daily, edition))
    for said in (seen(layout), in_one_line(layout.text)):
        assert "Bay Radio, 1:00 AM: She sailed at six." in said


def test_the_list_of_contents_leads_to_the_sections_on_the_web(layout: Layout) -> None:
    page = "https://news.example.org/editions/daily/2026-05-18T0700/"
    targets = {link.get("href") for link in tree(layout).iter("a")}
    for place in ("section-at-sea", "section-city", "section-sport", "section-more", "in-brief"):
        assert f"{page}#{place}" in targets
    # Links inside a mail do not work in every program.
    assert not [target for target in targets if target.startswith("#")]


def test_a_short_edition_has_no_list_of_contents(
    lay_out: LayOut, daily: Newsletter, morning: Edition, theme: str
) -> None:
    layout = lay_out(morning, **of_theme(theme, daily, morning))
    assert "In this edition" not in seen(layout) + layout.text


def test_every_colour_is_of_the_palette(layout: Layout, daily: Newsletter) -> None:
    palette = BRAND.palette(daily.accent)
    ours = {
        getattr(colours, name)
        for colours in (palette.light, palette.dark)
        for name in ("ink", "body", "quiet", "accent", "rule", "paper", "ground")
    }
    used = set(re.findall(r"#[0-9a-fA-F]{3,8}\b", " ".join(styles(layout))))
    assert used <= ours | _COMPILERS
    named = [one for one in styles(layout) if re.search(r":\s*(white|black|red|gr[ae]y)", one)]
    assert named == []


def test_every_font_is_the_brands(layout: Layout) -> None:
    fonts = {
        one.partition(":")[2].strip() for one in styles(layout) if one.startswith("font-family")
    }
    assert fonts <= {BRAND.headline_font, BRAND.text_font, BRAND.label_font}
    assert fonts


def test_every_text_has_a_colour_that_the_dark_turns(layout: Layout) -> None:
    turned = set(re.findall(r"\.([a-z]+)(?:,[^{}]*)? \{ color", layout.html))
    assert {"ink", "txt", "quiet", "accent"} <= turned
    for element in tree(layout).iter("p", "h1", "h2", "h3", "a", "strong"):
        classes = set((element.get("class") or "").split())
        coloured = "color:" in element.get("style", "").replace("-color:", "")
        assert not coloured or classes & turned, lxml_html.tostring(element)[:200]


def test_outlooks_dark_is_answered_as_well_as_the_systems(layout: Layout) -> None:
    dark = BRAND.palette().dark
    for rule in (
        f".ink {{ color: {dark.ink} !important; }}",
        f"[data-ogsc] .ink {{ color: {dark.ink} !important; }}",
        f"[data-ogsb] .paper, [data-ogsb] .paper table {{ background-color: {dark.paper} !impo",
    ):
        assert rule in layout.html
    assert "(prefers-color-scheme: dark)" in layout.html


def test_headings_begin_at_the_title_and_skip_no_level(layout: Layout) -> None:
    levels = [int(one.tag[1]) for one in tree(layout).iter("h1", "h2", "h3", "h4", "h5", "h6")]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))


def test_tables_only_place_things(layout: Layout) -> None:
    assert {table.get("role") for table in tree(layout).iter("table")} == {"presentation"}
    assert not list(tree(layout).iter("th", "caption"))


@pytest.mark.parametrize("width", [300, 1200])
def test_every_picture_has_words_and_a_width(
    lay_out: LayOut, press: Press, daily: Newsletter, theme: str, width: int
) -> None:
    image = Image(
        url="https://pictures.example/a.jpg",
        alt="A quay",
        caption="The quay on Sunday",
        credit="A. Example",
        width=width,
        height=width // 2,
    )
    story = make_story(make_item(image=image))
    edition = make_edition(Section(slug="a", title="A", stories=(story,)))
    layout = lay_out(
        edition,
        press=replace(press, logo="logo.png", logo_size=(160, 48)),
        **of_theme(theme, daily, edition),
    )
    logo, *pictures = tree(layout).iter("img")
    assert (logo.get("alt"), logo.get("width"), logo.get("height")) == (
        "Harbour Newsroom",
        "160",
        "48",
    )
    assert logo.getparent().get("class") == "plate"
    if theme == "brief":
        assert pictures == []
        return
    (picture,) = pictures
    shown = min(width, 544)
    assert picture.get("alt") == "A quay"
    assert (picture.get("width"), picture.get("height")) == (str(shown), str(shown // 2))
    assert f"max-width:{shown}px" in picture.get("style")
    assert "The quay on Sunday · Photo: A. Example" in seen(layout)


@pytest.mark.parametrize(("width", "height"), [(600, 900), (1, 5000), (5000, 1)])
def test_no_picture_is_much_taller_than_the_words_beside_it(
    lay_out: LayOut, daily: Newsletter, width: int, height: int
) -> None:
    image = Image(url="https://pictures.example/a.jpg", width=width, height=height)
    edition = make_edition(
        Section(slug="a", title="A", stories=(make_story(make_item(image=image)),))
    )
    (picture,) = tree(lay_out(edition)).iter("img")
    assert 1 <= int(picture.get("width")) <= 544
    # One pixel is the narrowest there is.
    assert int(picture.get("height")) <= (5000 if width == 1 else 440)


def test_a_story_without_picture_weighs_little(
    lay_out: LayOut, daily: Newsletter, theme: str
) -> None:
    def weigh(count: int) -> int:
        stories = tuple(
            make_story(
                make_item(f"Headline number {n} of the day, as long as one is", "Words. " * 40)
            )
            for n in range(count)
        )
        edition = make_edition(Section(slug="a", title="A", stories=stories))
        return len(lay_out(edition, **of_theme(theme, daily, edition)).html.encode())

    few, many = weigh(2), weigh(42)
    assert (many - few) / 40 <= 1200
    assert few < 14_000


def test_sixty_stories_fit_in_one_mail(lay_out: LayOut, daily: Newsletter, theme: str) -> None:
    sections = tuple(
        Section(
            slug=f"s{s}",
            title=f"Section {s}",
            stories=tuple(make_story(make_item(f"Story {s}.{n}", hours=n)) for n in range(12)),
        )
        for s in range(5)
    )
    layout = lay_out(make_edition(*sections), **of_theme(theme, daily, make_edition(*sections)))
    assert layout.left_out == 0
    assert len(layout.html.encode()) < HTML_LIMIT * 0.8


def test_a_trimmed_mail_says_so_where_it_was_trimmed_and_at_the_end(
    lay_out: LayOut, daily: Newsletter, theme: str
) -> None:
    def stories(count: int) -> tuple[Story, ...]:
        text = "Words of the story go on and on. " * 20
        return tuple(make_story(make_item(f"Story {n}", text)) for n in range(count))

    edition = make_edition(
        Section(slug="long", title="Long", stories=stories(200)),
        briefs=tuple(
            make_brief(f"Brief number {n} is here, and has some words.", id=f"{n:016x}")
            for n in range(500)
        ),
    )
    layout = lay_out(edition, **of_theme(theme, daily, edition))
    assert layout.left_out > 0
    for said in (seen(layout), in_one_line(layout.text)):
        assert re.search(r"Long: \d+ more on the web", said)
        assert "The rest of this edition is on the web." in said


def test_an_arabic_frame_is_laid_out_from_the_right(
    lay_out: LayOut, daily: Newsletter, full: Edition, theme: str
) -> None:
    wanted = of_theme(theme, daily, full, language="ar")
    page = tree(lay_out(full, brand=BRAND, **wanted))
    assert (page.get("lang"), page.get("dir")) == ("ar", "rtl")
    title = page.find(".//h1")
    assert (title.get("lang"), title.get("dir")) == ("en", "ltr")
    section, *_ = page.iter("h2")
    assert (section.get("lang"), section.get("dir")) == ("en", "ltr")
    english, *_, arabic = [one for one in page.iter("h3") if "Gull" not in one.text_content()][:4]
    assert (english.get("lang"), english.get("dir")) == ("en", "ltr")
    assert "text-align:left" in english.get("style")
    assert (arabic.get("lang"), arabic.get("dir")) == (None, None)
    # The note's stripe is on the side where its lines begin; letters of Arabic stay joined.
    assert page.xpath("//td[contains(@style, 'border-right:3px')]")
    assert not page.xpath("//td[contains(@style, 'border-left:3px')]")
    assert not page.xpath("//*[contains(@style, 'letter-spacing')]")


def test_titles_of_sections_in_another_script_have_their_own_direction(
    lay_out: LayOut, daily: Newsletter, theme: str
) -> None:
    edition = make_edition(Section(slug="a", title="المدينة", stories=(make_story(),)))
    (section,) = tree(lay_out(edition, **of_theme(theme, daily, edition))).iter("h2")
    assert section.get("dir") == "rtl"
    assert "text-align:right" in section.get("style")
    assert "letter-spacing" not in section.get("style")


def test_an_empty_choice_is_a_mail_that_says_so(
    lay_out: LayOut, daily: Newsletter, morning: Edition, theme: str
) -> None:
    wanted = of_theme(theme, daily, morning, sections=(), briefs=False)
    layout = lay_out(morning, **wanted)
    for said in (seen(layout), in_one_line(layout.text)):
        assert "There is nothing new in this edition." in said


def test_the_text_carries_nearly_every_word_of_the_html(layout: Layout) -> None:
    words = re.findall(r"\w+", re.sub(r"hole-\S+-end", "", seen(layout)))
    said = set(re.findall(r"\w+", layout.text))
    assert sum(word in said for word in words) / len(words) >= 0.95


def test_the_text_carries_every_link_of_the_html_whole(layout: Layout) -> None:
    lines = set(re.findall(r"^(?:\[\d+\] )?(\S+)$", layout.text, re.MULTILINE))
    links = {link.get("href") for link in tree(layout).iter("a")}
    assert links <= lines


def test_the_numbers_in_the_text_run_from_one_and_each_has_its_address(layout: Layout) -> None:
    listed = re.findall(r"^\[(\d+)\] https://\S+$", layout.text, re.MULTILINE)
    assert listed == [str(n + 1) for n in range(len(listed))]
    referred = re.findall(r"\u00a0\[(\d+)\]", layout.text)
    assert sorted(referred, key=int) == listed


def test_no_line_of_the_text_is_long_but_for_an_address(layout: Layout) -> None:
    for line in layout.text.splitlines():
        assert len(line) <= 72 or "https://" in line or "hole-" in line
        assert line == line.rstrip()
    assert "\n\n\n\n" not in layout.text
    assert not re.search(r"</?[a-z]+|&[a-z]+;|&#", layout.text)


def test_words_of_a_headline_that_look_like_a_number_or_an_address_stay(
    lay_out: LayOut, daily: Newsletter, theme: str
) -> None:
    headline = "See https://example.com/" + "long/" * 30 + " [1] and <b> & more"
    edition = make_edition(Section(slug="a", title="A", stories=(make_story(make_item(headline)),)))
    layout = lay_out(edition, **of_theme(theme, daily, edition))
    assert "https://example.com/" + "long/" * 30 in layout.text
    assert "<b> & more" in layout.text
    assert "<b> & more" in seen(layout)


def test_a_copy_of_a_theme_finds_its_pieces_where_they_are(
    lay_out: LayOut, daily: Newsletter, full: Edition, theme: str, tmp_path: Path
) -> None:
    shipped = default_templates()
    source = (shipped / "email" / f"{theme}.mjml").read_text(encoding="utf-8")
    (tmp_path / "email").mkdir()
    (tmp_path / "email" / "harbour.mjml").write_text(source, encoding="utf-8")
    copied = daily.model_copy(update={"theme": "harbour"})
    original = daily.model_copy(update={"theme": theme})
    copy = lay_out(full, newsletter=copied, templates=Templates([tmp_path, shipped]))
    assert copy.html == lay_out(full, newsletter=original).html
    assert source.count("\n") <= 150


def test_the_guide_to_templates_names_every_hole_theme_and_value() -> None:
    guide = (Path(__file__).parents[2] / "docs" / "templates.md").read_text(encoding="utf-8")
    for hole in HOLES:
        assert f"{{{{ {hole} }}}}" in guide
    for theme in THEMES:
        assert f"| `{theme}` |" in guide
    # Only pages and feeds show these.
    elsewhere = {"id", "anchor", "slot_at", "published_at", "changed_at", "words", "corrections"}
    for noun in (Shown, ShownStory, ShownBrief):
        for value in fields(noun):
            if value.name not in elsewhere and not value.name.endswith(("_id", "_ids")):
                assert f"`.{value.name}`" in guide, f"{noun.__name__}.{value.name}"
