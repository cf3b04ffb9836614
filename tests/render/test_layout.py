import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path

import pytest
from lxml import html as lxml_html

from digest.errors import RenderError
from digest.model import Correction, Edition, Image, Picks, Section, Story
from digest.render import HTML_LIMIT, Layout, Templates, default_templates
from digest.settings import Mail, Newsletter, Site
from make import MORNING, make_brief, make_edition, make_item, make_story

LayOut = Callable[..., Layout]

HOSTILE = [
    "{{ name }} and {% raw %}",
    "[[ edition.id ]] [% if x %]",
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "</mj-text></mj-column><mj-raw><b>out</b></mj-raw>",
    "<!-- ]]> <![CDATA[ --> &amp; &lt;",
    "Ferry\r\nBcc: all@example.com",
    "quotes ' and \" and `",
    "emoji 👨‍👩‍👧 and combining e\u0301",
    "\u202eevil\u202c",
    "=2E=3D =?utf-8?q?x?=",
    ". a dot",
    "العنوان الرئيسي",
    "word " * 60,
    "x" * 300,
    "]] }} %] #] --> ${x} %(x)s {0} {name}",
]


class Page(HTMLParser):
    """What a mail program sees: tags with attributes, and the text of each heading."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.headings: list[tuple[str, str]] = []
        self._open = ""
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if re.fullmatch("h[1-6]", tag):
            self._open = tag
            self.headings.append((tag, ""))

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)

    def handle_endtag(self, tag: str) -> None:
        if tag == self._open:
            self._open = ""

    def handle_data(self, data: str) -> None:
        if self._open:
            tag, text = self.headings[-1]
            self.headings[-1] = (tag, text + data)

    def every(self, tag: str) -> Iterator[dict[str, str | None]]:
        return (attrs for name, attrs in self.tags if name == tag)


@pytest.fixture(scope="module")
def layout(lay_out: LayOut, morning: Edition) -> Layout:
    return lay_out(morning)


@pytest.fixture(scope="module")
def page(layout: Layout) -> Page:
    return Page(layout.html)


def test_the_same_arguments_give_the_same_layout(lay_out: LayOut, morning: Edition) -> None:
    assert lay_out(morning) == lay_out(morning)


def test_the_frame_says_language_direction_title_and_colour_schemes(layout: Layout) -> None:
    assert layout.html.lower().startswith("<!doctype html>")
    assert '<html lang="en" dir="ltr"' in layout.html
    assert "<title>The Daily: Harbour council votes to reopen the old ferry line</title>" in (
        layout.html
    )
    assert 'name="color-scheme" content="light dark"' in layout.html
    assert 'name="supported-color-schemes" content="light dark"' in layout.html
    assert "prefers-color-scheme: dark" in layout.html
    assert 'content="width=device-width, initial-scale=1"' in layout.html


def test_nothing_is_fetched_but_the_picture_of_the_top_story(page: Page, layout: Layout) -> None:
    assert [image["src"] for image in page.every("img")] == ["https://pictures.example/ferry.jpg"]
    assert not list(page.every("link"))
    assert "@import" not in layout.html
    assert "url(" not in layout.html
    assert "fonts.googleapis" not in layout.html


def test_no_element_is_there_that_mail_programs_strip(page: Page) -> None:
    forbidden = {"script", "form", "frame", "iframe", "object", "embed", "input", "base"}
    assert not forbidden & {tag for tag, _ in page.tags}
    assert not [a for _, attrs in page.tags for a in attrs if a.startswith("on")]
    assert all((m.get("http-equiv") or "").lower() != "refresh" for m in page.every("meta"))


def test_style_blocks_are_in_the_head_and_short(layout: Layout) -> None:
    head, _, body = layout.html.partition("<body")
    assert "<style" not in body
    assert all(len(block) < 16_384 for block in re.findall(r"<style.*?</style>", head, re.S))


def test_headings_go_down_one_step_at_a_time(page: Page) -> None:
    levels = [int(tag[1]) for tag, _ in page.headings]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))
    assert ("h2", "City & council") in page.headings
    assert ("h2", "In brief") in page.headings


def test_tables_are_for_layout_and_pictures_are_described(page: Page) -> None:
    assert {table.get("role") for table in page.every("table")} == {"presentation"}
    assert [image["alt"] for image in page.every("img")] == ["A white ferry at a stone quay"]


def test_each_link_has_words_and_an_absolute_address(layout: Layout) -> None:
    for link in lxml_html.fromstring(layout.html).iter("a"):
        assert link.text_content().strip()
        assert re.match("https?://|hole-", link.get("href"))


def test_a_headline_leads_to_the_article_or_to_its_place_on_the_page(page: Page) -> None:
    targets = {link["href"] for link in page.every("a")}
    assert "https://harbournews.example/ferry" in targets
    own = [t for t in targets if t and t.startswith("https://news.example.org/") and "#story-" in t]
    assert len(own) == 1


def test_other_sources_and_times_are_told(layout: Layout) -> None:
    assert "Also reported by" in layout.html
    assert 'href="https://courier.example/story"' in layout.html
    # 22:00 UTC the evening before is one in the morning in Athens.
    assert "1:00\u00a0AM" in layout.html
    assert "Sun, May 17, 5:00\u00a0PM" in layout.html


def test_text_of_another_script_has_its_own_direction(layout: Layout) -> None:
    assert '<h3 class="ink" lang="ar" dir="rtl" style="text-align:right;' in layout.html


def test_the_preheader_goes_on_where_the_subject_ends(layout: Layout) -> None:
    hidden = re.findall(r'<div style="display:none[^>]*>(.*?)</div>', layout.html)
    assert len(hidden) == 1
    assert 40 <= len(hidden[0]) <= 130
    assert hidden[0].startswith("Lighthouse keepers")
    assert hidden[0] not in layout.subject


def test_a_lean_edition_still_has_a_preheader(lay_out: LayOut) -> None:
    lean = lay_out(make_edition(Section(slug="a", title="A", stories=(make_story(),))))
    hidden = re.findall(r'<div style="display:none[^>]*>(.*?)</div>', lean.html)[0]
    assert 40 <= len(hidden) <= 130


def test_the_foot_says_why_who_where_and_how_to_leave(layout: Layout) -> None:
    for part in (layout.html, layout.text):
        assert "is subscribed to The Daily" in " ".join(part.split())
        assert "Unsubscribe" in part
        assert "Harbour Newsroom" in part
        assert "1 Lower Quay, 12345 Port Orrin" in part
        assert "https://news.example.org/editions/daily/2026-05-18T0700/" in part


def test_the_text_part_says_the_same_without_markup(layout: Layout) -> None:
    assert not re.search(r"<[a-z/]|&[a-z]+;|&#", layout.text)
    words = set(re.findall(r"\w+", lxml_html.fromstring(layout.html).text_content()))
    said = set(re.findall(r"\w+", layout.text))
    visible = {word for word in words if word in layout.text}
    assert len(said & visible) / len(visible) > 0.85
    for line in layout.text.splitlines():
        assert len(line) <= 76 or "https://" in line or line.startswith("hole-")
        # A link stands whole on a line of its own; before it there is at most its number.
        assert "://" not in line or re.fullmatch(r"(\[\d+\] )?https://\S+", line)


def test_the_text_part_names_each_other_source_and_links_it(lay_out: LayOut) -> None:
    others = (
        make_item(id="1" * 16, site="Bay Radio", url="https://radio.example/1"),
        make_item(id="2" * 16, site="Coastline Wire", url=None),
    )
    story = make_story(make_item(), *others)
    text = lay_out(make_edition(Section(slug="a", title="A", stories=(story,)))).text
    assert "Also reported by Bay Radio\u00a0[2], Coastline Wire\n" in text
    assert "\n[2] https://radio.example/1\n" in text


def test_only_the_chosen_sections_are_in_it(lay_out: LayOut, morning: Edition) -> None:
    city = lay_out(morning, picks=Picks(sections=("city",), briefs=False))
    for part in (city.html, city.text):
        assert "Tram drivers" in part
        assert "Harbour council" not in part
        assert "In brief" not in part
    assert city.subject == "The Daily: Tram drivers call off Friday’s strike"


def test_an_empty_choice_is_a_mail_that_says_so(lay_out: LayOut, morning: Edition) -> None:
    empty = lay_out(morning, picks=Picks(sections=(), briefs=False))
    assert "There is nothing new in this edition." in empty.html
    assert empty.subject == "The Daily: May 18, 2026"


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_words_stay_words(lay_out: LayOut, text: str) -> None:
    item = make_item(
        text,
        f"{text} and more",
        authors=(text,),
        language='en" onload="x',
        image=Image(url="https://pictures.example/a.jpg", alt=text, credit=text),
    )
    clean = make_item(image=Image(url="https://pictures.example/a.jpg", credit="A"))
    hostile = make_edition(
        Section(slug="a", title=text, stories=(make_story(item, headline=text),)),
        briefs=(make_brief(text),),
        title=text[:40],
    )
    harmless = make_edition(
        Section(slug="a", title="A", stories=(make_story(clean),)), briefs=(make_brief(),)
    )
    layout = lay_out(hostile)
    expected = [tag for tag, _ in Page(lay_out(harmless).html).tags]
    found = Page(layout.html)
    # A brief with a lead-in has one more strong, a source of another direction a span of its own;
    # nothing else may differ.
    small = {"strong", "span"}
    assert [t for t, _ in found.tags if t not in small] == [t for t in expected if t not in small]
    assert not [name for _, attrs in found.tags for name in attrs if name.startswith("on")]
    shown = " ".join(text.replace("\u202e", "").replace("\u202c", "").split())[:80]
    assert shown in lxml_html.fromstring(layout.html).text_content()
    assert shown.split()[0][:40] in layout.text
    assert layout.holes == lay_out(harmless).holes
    assert b"\nBcc" not in layout.head
    assert len(layout.subject) <= 120


def test_right_to_left_editions_are_laid_out_from_the_right(
    lay_out: LayOut, morning: Edition
) -> None:
    arabic = lay_out(replace(morning, language="ar"))
    assert '<html lang="ar" dir="rtl"' in arabic.html
    assert "direction:rtl" in arabic.html
    assert "إلغاء الاشتراك" in arabic.html
    assert 'dir="ltr" style="text-align:left;' in arabic.html


def test_an_unknown_language_falls_back_to_english_words(lay_out: LayOut, morning: Edition) -> None:
    assert "Monday, May 18, 2026" in lay_out(replace(morning, language="xx-YY")).text


def test_a_long_edition_is_trimmed_until_it_fits_and_says_so(lay_out: LayOut) -> None:
    def stories(prefix: str, count: int) -> tuple[Story, ...]:
        return tuple(
            make_story(make_item(f"{prefix} {n}", "Words of the story. " * 20))
            for n in range(count)
        )

    edition = make_edition(
        Section(slug="long", title="Long", stories=stories("Long", 120)),
        Section(slug="short", title="Short", stories=stories("Short", 3)),
    )
    layout = lay_out(edition)
    assert len(layout.html.encode()) <= HTML_LIMIT
    assert len(layout.html.encode()) > HTML_LIMIT * 0.9
    assert all(f"Short {n}" in layout.html for n in range(3))
    assert "Long 0" in layout.html
    for part in (layout.html, layout.text):
        assert f"{layout.left_out} more on the web" in part
        assert "https://news.example.org/editions/daily/2026-05-18T0700/#section-long" in part


def test_a_thousand_briefs_are_trimmed_from_the_oldest(lay_out: LayOut) -> None:
    briefs = tuple(make_brief(f"Brief number {n} is here.", id=f"{n:016x}") for n in range(1000))
    layout = lay_out(make_edition(briefs=briefs))
    assert len(layout.html.encode()) <= HTML_LIMIT
    block = layout.html.partition("<h2")[2]
    assert "Brief number 999 is here." in block
    assert "Brief number 0 is here." not in block
    assert "more on the web" in layout.html


def test_a_trimmed_day_is_still_named(lay_out: LayOut) -> None:
    briefs = tuple(
        make_brief(f"Brief number {n} is here.", id=f"{n:016x}", hours=-24) for n in range(1000)
    )
    layout = lay_out(make_edition(briefs=briefs))
    assert "Brief number 0 is here." not in layout.text
    for part in (layout.html, layout.text):
        assert part.count("Sun, May 17") == 1


def mjml(words: str) -> str:
    before, after = "<mj-section><mj-column><mj-text>", "</mj-text></mj-column></mj-section>"
    return f"<mjml><mj-body>{before}{words}{after}</mj-body></mjml>"


def broken(tmp_path: Path, source: str, name: str = "newspaper.mjml") -> Templates:
    (tmp_path / "email").mkdir()
    (tmp_path / "email" / name).write_text(source, encoding="utf-8")
    return Templates([tmp_path, default_templates()])


@pytest.mark.parametrize(
    ("right", "wrong", "line", "says"),
    [
        ("mj-text", "mj-txet", 4, "mj-txet is no MJML element; did you mean mj-text?"),
        ("mj-section", "mj-sectionx", 3, "mj-sectionx is no MJML element; did you mean mj-section"),
        ("mj-head", "mj-hed", 2, "mj-hed is no MJML element; did you mean mj-head?"),
        ("mj-text", "mjtext", 4, "mjtext is no MJML element; did you mean mj-text?"),
        ("mj-text", "mj-quux-zyzzy", 4, "mj-quux-zyzzy is no MJML element$"),
    ],
)
def test_a_misspelt_element_is_a_render_error(
    lay_out: LayOut, morning: Edition, tmp_path: Path, right: str, wrong: str, line: int, says: str
) -> None:
    source = (
        "<mjml>[# <mj-txet> #]\n<mj-head></mj-head><mj-body><!-- <mj-txet> -->\n"
        "<mj-section><mj-column>\n<mj-text>{{ leave_url }}</mj-text></mj-column></mj-section>"
        "</mj-body></mjml>"
    )
    body = re.sub(rf"(</?){right}(?=>)", rf"\1{wrong}", source)
    with pytest.raises(RenderError, match=says) as caught:
        lay_out(morning, templates=broken(tmp_path, body))
    assert (caught.value.template, caught.value.line) == ("newspaper.mjml", line)


def test_a_misspelt_element_of_an_included_file_is_told_with_that_file(
    lay_out: LayOut, morning: Edition, tmp_path: Path
) -> None:
    templates = broken(tmp_path, "<mjml><mj-body>[% include 'foot.mjml' %]</mj-body></mjml>")
    (tmp_path / "email" / "foot.mjml").write_text("<mj-sectoin></mj-sectoin>", encoding="utf-8")
    with pytest.raises(RenderError, match="mj-section") as caught:
        lay_out(morning, templates=templates)
    assert (caught.value.template, caught.value.line) == ("foot.mjml", 1)


@pytest.mark.parametrize(
    ("name", "source"),
    [
        ("edition.txt", "[[ edition.title ]]"),
        (
            "newspaper.mjml",
            mjml("[[ edition.title ]]"),
        ),
        (
            "newspaper.mjml",
            mjml("a<!-- {{ leave_url }} -->"),
        ),
    ],
)
def test_a_mail_that_shows_no_way_to_unsubscribe_is_a_render_error(
    lay_out: LayOut, morning: Edition, tmp_path: Path, name: str, source: str
) -> None:
    with pytest.raises(RenderError, match=r"has no \{\{ leave_url \}\}") as caught:
        lay_out(morning, templates=broken(tmp_path, source, name))
    assert caught.value.template == name


def test_a_template_that_is_too_long_by_itself_is_a_render_error(
    lay_out: LayOut, morning: Edition, tmp_path: Path
) -> None:
    padding = "x" * (HTML_LIMIT + 1)
    source = mjml(padding)
    with pytest.raises(RenderError, match="too long"):
        lay_out(morning, templates=broken(tmp_path, source))


def test_a_sender_that_is_no_address_is_a_render_error(lay_out: LayOut, morning: Edition) -> None:
    with pytest.raises(RenderError, match="from_address"):
        lay_out(morning, mail=Mail(from_address="a;b@ü..example"))


def test_pictures_that_are_not_https_are_left_out(
    lay_out: LayOut, site: Site, daily: Newsletter
) -> None:
    item = make_item(image=Image(url="http://pictures.example/a.jpg"))
    section = Section(slug="a", title="A", stories=(make_story(item),))
    assert "<img" not in lay_out(make_edition(section)).html


def test_corrections_stand_after_the_briefs_in_both_parts(
    lay_out: LayOut, corrected: Edition
) -> None:
    layout = lay_out(corrected)
    for part in (layout.html, layout.text):
        said = [
            "In brief",
            "Corrections and updates",
            "Correction: An earlier version of this article had another number.",
            "Some 90 passengers were on the “Gull Maiden”.",
            "Buses go round by Merrow.",
            "تصحيح: عدد المدارس سبع.",
            "is subscribed",
        ]
        places = [part.index(words) for words in said]
        assert places == sorted(places)
        assert "https://wire.example/gull" in part
        assert "Sun, May 17, 10:00\u00a0PM" in part
        assert part.count("Orrin bridge stays closed until Friday.") == 1
    assert ("h2", "Corrections and updates") in Page(layout.html).headings
    assert ("h3", "Gull Maiden had 90 people on board") in Page(layout.html).headings
    assert 'lang="ar" dir="rtl" style="text-align:right;"><h3' in layout.html


def test_nothing_is_said_of_corrections_where_there_are_none(
    lay_out: LayOut, morning: Edition
) -> None:
    layout = lay_out(morning)
    assert "Corrections" not in layout.html + layout.text


def test_who_chose_other_sections_gets_the_corrections_too(
    lay_out: LayOut, corrected: Edition
) -> None:
    layout = lay_out(corrected, picks=Picks(sections=(), briefs=False))
    assert "Some 90 passengers" in layout.html
    assert "Some 90 passengers" in layout.text
    assert "There is nothing new in this edition." not in layout.html + layout.text


def test_corrections_of_a_right_to_left_edition_are_laid_out_from_the_right(
    lay_out: LayOut, corrected: Edition
) -> None:
    arabic = lay_out(replace(corrected, language="ar")).html
    assert "تصحيحات وتحديثات" in arabic
    assert '<span dir="ltr">Coastline Wire</span>' in arabic
    assert 'lang="en" dir="ltr" style="text-align:left;"><h3' in arabic


def hostile_correction(text: str, number: int = 0) -> Correction:
    return Correction(
        item_id=f"{number:016x}",
        headline=text,
        url="javascript:alert(1)",
        corrects=number % 2 == 0,
        at=MORNING,
        sentences=(f"{text} and more", text, f"more {text}"),
        edition_id="daily@2026-05-17T0700",
        site=text,
        language='en" onload="x',
    )


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_corrections_stay_words(lay_out: LayOut, text: str) -> None:
    hostile = lay_out(make_edition(corrections=(hostile_correction(text),)))
    harmless = lay_out(make_edition(corrections=(hostile_correction("A harmless headline"),)))
    found = Page(hostile.html)
    expected = [tag for tag, _ in Page(harmless.html).tags if tag != "span"]
    assert [tag for tag, _ in found.tags if tag != "span"] == expected
    assert not [name for _, attrs in found.tags for name in attrs if name.startswith("on")]
    assert "javascript:" not in hostile.html + hostile.text
    assert hostile.holes == harmless.holes


def test_endless_corrections_do_not_make_a_mail_that_cannot_be_sent(lay_out: LayOut) -> None:
    corrections = tuple(hostile_correction("&" * 50_000, n) for n in range(8))
    layout = lay_out(make_edition(corrections=corrections))
    assert len(layout.html.encode()) <= HTML_LIMIT
    assert layout.left_out > 0


@pytest.mark.parametrize("text", HOSTILE)
def test_what_an_editor_writes_stays_words_too(lay_out: LayOut, text: str) -> None:
    def written(words: str) -> Edition:
        story = make_story(note=words, update_of="daily@x", updated_at=MORNING)
        return make_edition(Section(slug="a", title="A", stories=(story,)), intro=words)

    hostile, harmless = lay_out(written(text)), lay_out(written("Harmless words"))
    found = Page(hostile.html)
    assert [tag for tag, _ in found.tags] == [tag for tag, _ in Page(harmless.html).tags]
    assert not [name for _, attrs in found.tags for name in attrs if name.startswith("on")]
    assert hostile.holes == harmless.holes


def test_mail_and_text_tell_the_update_the_note_and_the_intro(lay_out: LayOut) -> None:
    story = make_story(note="We were there.", update_of="daily@x", updated_at=MORNING)
    edition = make_edition(
        Section(slug="a", title="A", stories=(story,)), intro="Good morning.\n\nBe well."
    )
    layout = lay_out(edition)
    for part in (layout.html, layout.text):
        for words in ("Update", "updated 7:00", "We were there.", "Good morning.", "Be well."):
            assert words in part, words
