"""What holds for every page of the archive, whichever it is."""

import json
import re
from itertools import pairwise
from typing import Any

from lxml import html

from digest.model import Edition
from digest.render.pages import story_pages
from digest.render.press import Issue, Press, issue
from digest.render.showing import Gallery
from digest.settings import Newsletter

SITE = "https://news.example.org"

#: Words that break out of careless templates.
HOSTILE = [
    "{{ site }} {% raw %}",
    "</script><script>alert(1)</script>",
    "</style><style>*{display:none}",
    "<!--<script>",
    '"><img src=x onerror=alert(1)>',
    "' onmouseover='alert(1)",
    "]]> &amp;",
    "العنوان " * 30,
    "x" * 300,
    "a\r\nb\u2028c\u202ed",
]


def parse(text: str) -> html.HtmlElement:
    return html.document_fromstring(text)


def told(edition: Edition, press: Press, **gallery: Any) -> Issue:
    later = gallery.pop("later", ())
    return issue(edition, press=press, gallery=Gallery(**gallery), later=later)


def stories_of(edition: Edition, press: Press, daily: Newsletter, **how: Any) -> list[str]:
    pages = story_pages(told(edition, press, **how), press=press, newsletter=daily)
    return [text for _, text in pages]


def data_of(text: str) -> dict[str, Any]:
    found = json.loads(parse(text).xpath("//script/text()")[0])
    assert isinstance(found, dict)
    return found


def check_page(text: str, *, private: bool = False) -> None:
    """What holds for every page: it stands alone, says its language, and runs nothing.

    Args:
        private: made for one person, so nothing leads around the archive.
    """
    page = parse(text)
    assert text.startswith("<!doctype html>\n<html lang=")
    assert page.get("dir") in ("ltr", "rtl")
    assert page.findtext(".//title")
    assert len(page.findall(".//h1")) == 1
    assert len(page.findall(".//main")) == 1
    for script in page.iter("script"):
        assert script.get("type") == "application/ld+json"
    assert not page.xpath("//link[@rel='stylesheet'] | //iframe | //object | //embed")
    assert not page.xpath("//@*[starts-with(name(), 'on')]")
    assert "@import" not in text
    assert "url(" not in text
    ids = page.xpath("//@id")
    assert len(ids) == len(set(ids))
    for place in page.xpath("//@aria-labelledby | //@aria-describedby | //label/@for"):
        assert place in ids
    for link in page.iter("a"):
        assert link.text_content().strip() or link.xpath(".//img[@alt]")
        assert re.match(r"https?://|#", link.get("href"))
    levels = [int(heading.tag[1]) for heading in page.xpath("//h1 | //h2 | //h3 | //h4")]
    assert levels[0] == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))
    if not private:
        assert page.xpath("//a[@href='#main'][@class='skip']")
        assert len(page.xpath("//form[@role='search'][@action]//input[@name='q']")) == 1
        assert page.xpath("//footer")
        assert page.xpath("//link[@type='text/x-opml']/@href") == [f"{SITE}/feeds.opml"]
