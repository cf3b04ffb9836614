"""What MJML is made to HTML from says the same afterwards, whatever script it is written in."""

from collections.abc import Callable
from dataclasses import replace
from html import escape
from typing import Any

import pytest
from lxml import html as lxml_html

from digest.model import Image, Section
from digest.render import Layout, Press
from digest.render.compiling import compiled
from digest.settings import Newsletter, Site
from make import make_edition, make_item, make_story

LayOut = Callable[..., Layout]

#: A headline each in scripts whose marks, joiners or spaces are characters of their own.
SCRIPTS = {
    "French": "Macron\u00a0: «\u202fle budget\u202f» des îles, et l’été à Merrow",
    "Hindi": "नमस्ते दुनिया: नौका सेवा फिर शुरू हुई, बंदरगाह पर भीड़",
    "Arabic with its vowels": "مُحَمَّد يَقْرَأُ الكِتَابَ فِي المَدْرَسَةِ عَلَى الشَّاطِئِ",
    "Persian": "کتاب\u200cخانه\u200cهای بندر امروز باز می\u200cشوند و فردا بسته‌اند",
    "Hebrew with its vowels": "בְּרֵאשִׁית בָּרָא: הַמַּעְבֹּרֶת חוֹזֶרֶת אֶל הַנָּמָל הַיָּשָׁן",
    "Thai": "ข่าวเด่นวันนี้: เรือข้ามฟากกลับมาให้บริการที่ท่าเรือเก่า",
    "Vietnamese in parts": "Pha\u0300 cha\u0323y to\u031b\u0301i be\u0302\u0301n ca\u0309",
    "Korean in parts": "\u1112\u1161\u11ab\u1100\u1173\u11af \u1160\u3164 \uffa0 and halfwidth ｶﾞ",
    "families of emoji": "👨\u200d👩\u200d👧\u200d👦 and ❤\ufe0f and 👍🏽",
    "flags": "A 🏴\U000e0067\U000e007f and 🇺🇦 and 🇪🇺 at the quay, and at the pier",
    "paths of another system": r"C:\new\table, \u{301} and “\\server\share” are only words",
    "signs of markup": """it's "so": a < b > c & d &amp; e = 'f' --> ]]> <!-- and on""",
    "rare letters": "𠮷野家 𝔉𝔯𝔞𝔨𝔱𝔲𝔯 𐍈 stand beyond the first plane of letters",
}


def in_attributes(*values: str) -> list[str]:
    """What a reader's program reads where *values* were put."""
    told = "".join(f'<p title="{escape(value)}">.</p>' for value in values)
    page = compiled(
        "<mjml><mj-body><mj-section><mj-column><mj-text>"
        f"{told}</mj-text></mj-column></mj-section></mj-body></mjml>"
    )
    return [one.get("title", "") for one in lxml_html.fromstring(page).iter("p")]


@pytest.mark.parametrize("said", SCRIPTS.values(), ids=SCRIPTS)
@pytest.mark.parametrize("theme", ["newspaper", "plain", "brief"])
def test_all_scripts_are_read_as_they_were_written(
    lay_out: LayOut, press: Press, daily: Newsletter, site: Site, theme: str, said: str
) -> None:
    image = Image(url="https://pictures.example/a.jpg", alt=said, caption=f"{said}!")
    story = make_story(make_item(said, f"{said}.", image=image))
    others = tuple(make_story(make_item(f"{said} {n}", "Words.")) for n in range(3))
    layout = lay_out(
        make_edition(Section(slug="a", title=said, stories=(story, *others))),
        newsletter=daily.model_copy(update={"theme": theme}),
        press=replace(
            press,
            site=site.model_copy(update={"name": said}),
            logo="logo.png",
            logo_size=(100, 30),
        ),
    )
    page: Any = lxml_html.fromstring(layout.html)

    def plain(text: str | None) -> str:
        # A space before a short last word of a headline does not break.
        return " ".join((text or "").replace("\u00a0", " ").split())

    wanted = [said] if theme == "brief" else [said, said]
    assert [picture.get("alt") for picture in page.iter("img")] == wanted
    assert page.findtext(".//title") == layout.subject
    (mail,) = page.xpath("//*[@role='article']")
    assert mail.get("aria-label") == layout.subject
    assert plain(said) in plain(page.xpath("string(//body/div[1])"))
    assert plain(page.findtext(".//h2")) == plain(said)
    assert plain(page.xpath("string(//h3)")) == plain(said)
    assert plain(said) in plain(layout.text)


def test_each_character_comes_out_of_an_attribute_as_it_went_in() -> None:
    # All of the first plane, but for what cannot be written and what is no character.
    letters = [
        chr(code)
        for code in (*range(0x20, 0x7F), *range(0xA0, 0xD800), *range(0xE000, 0xFDD0))
        if chr(code) != "\u00ad"
    ]
    letters += [chr(code) for code in (0xAD, *range(0xFDF0, 0xFFFE), 0x1F600, 0x20BB7, 0xE0067)]
    # In hundreds, because elements cost more than letters.
    values = ["x".join(letters[at : at + 100]) for at in range(0, len(letters), 100)]
    assert in_attributes(*values) == values


def test_a_template_may_quote_and_break_lines_as_html_allows() -> None:
    page = compiled(
        '<mjml><mj-body><mj-raw><p title=\'a "b" e\u0301\' style="color:\n\tred"\n'
        "lang='en'>.</p></mj-raw></mj-body></mjml>"
    )
    (told,) = lxml_html.fromstring(page).iter("p")
    assert told.get("title") == 'a "b" e\u0301'
    assert told.get("style", "").split() == ["color:", "red"]
    assert told.get("lang") == "en"
    named = compiled('<mjml><mj-head><mj-title>a "b"</mj-title></mj-head><mj-body /></mjml>')
    assert 'aria-label="a &#34;b&#34;"' in named


@pytest.mark.parametrize("opens", ["<!--[if mso]>", "<!--[if !mso]><!-->"])
def test_what_only_some_programs_read_is_told_them_as_well(opens: str) -> None:
    page = compiled(
        f'<mjml><mj-body><mj-raw><p>.{opens}<b title="e\u0301 \\">.</b><![endif]--></p></mj-raw>'
        "</mj-body></mjml>"
    )
    assert '<b title="e&#769; &#92;">.</b>' in page


def test_comments_and_style_sheets_stay_as_they_are() -> None:
    comment = '<!-- It\'s <td title="e\u0301"> here -->'
    style = '.a::after { content: "\\201c\u00a0"; }'
    page = compiled(
        f"<mjml><mj-head><mj-style>{style}</mj-style></mj-head>"
        f"<mj-body><mj-raw><p>.{comment}</p></mj-raw></mj-body></mjml>"
    )
    assert comment in page
    assert style in page


def test_controls_are_not_told() -> None:
    assert in_attributes("a\x00b\x85c\x7fd\te\nf") == ["abcd e f"]
