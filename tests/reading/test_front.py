"""Section pages: which of their links are articles."""

import contextlib
import json
import time
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from digest.errors import ParseError
from digest.model import Document, Link
from digest.reading.front import FEWEST_LINKS, MOST_LINKS, read_front
from digest.reading.hints import Hints
from digest.urls import canonical_url
from make import PATIENCE_S

FRONTS = Path(__file__).parent / "fronts"
TRUTH: dict[str, dict[str, Any]] = json.loads((FRONTS / "truth.json").read_text(encoding="utf-8"))
HERE = "https://quay.example/news"
HEADLINES = (
    "Ferry runs again to Lower Quay",
    "Council puts off the sea wall",
    "Night bus returns to the north shore",
    "Seal on the runway delays the plane",
)


def links(markup: str, url: str | None = HERE) -> tuple[Link, ...]:
    return read_front(markup.encode(), Hints(url=url)).links


def addresses(markup: str, url: str | None = HERE) -> list[str]:
    return [link.url.removeprefix("https://quay.example") for link in links(markup, url)]


def slug(headline: str) -> str:
    return "/2026/" + headline.lower().replace(" ", "-")


def listed(wrap: str = "<li>{}</li>") -> str:
    return "".join(wrap.format(f'<a href="{slug(h)}">{h}</a>') for h in HEADLINES)


def front(name: str) -> Document:
    told = TRUTH[name]
    hints = Hints(url=told["url"], timezone=told["timezone"])
    return read_front((FRONTS / f"{name}.html").read_bytes(), hints)


@pytest.mark.parametrize("name", TRUTH)
def test_an_invented_section_page_is_read_as_a_person_reads_it(name: str) -> None:
    told, document = TRUTH[name], front(name)
    wanted = [canonical_url(url) for url in told["articles"]]
    found: dict[str | None, Link] = {link.url: link for link in document.links}
    assert document.kind == "front"
    assert [url for url in found if url in wanted] == wanted
    for url, title in told["titles"].items():
        assert found[canonical_url(url)].title == title
    for url, at in told["times"].items():
        assert found[canonical_url(url)].published_at == datetime.fromisoformat(at)


def test_of_all_invented_section_pages_hardly_a_link_is_wrong() -> None:
    wanted = {(name, canonical_url(url)) for name in TRUTH for url in TRUTH[name]["articles"]}
    found = {(name, link.url) for name in TRUTH for link in front(name).links}
    right = len(wanted & found)
    assert right / len(found) >= 0.98
    assert right / len(wanted) >= 0.98


def test_menus_small_print_and_side_columns_are_no_articles() -> None:
    for aside in ("nav", "footer", "aside", 'div class="site-footer"', 'div role="navigation"'):
        other = "<a href='/2026/how-to-read-our-paper-abroad'>How to read our paper abroad</a>"
        page = f"<{aside}>{other}</{aside.split()[0]}><main><ul>{listed()}</ul></main>"
        assert addresses(page) == [slug(h) for h in HEADLINES]


def test_other_sites_files_and_the_page_itself_are_left_out() -> None:
    more = (
        f"<li><a href='{HERE}#top'>Back to the top of this page</a></li>"
        "<li><a href='https://other.example/2026/a-story-of-others'>A story of others</a></li>"
        "<li><a href='https://notquay.example/2026/a-story-of-ours'>A story from elsewhere</a></li>"
        "<li><a href='/2026/annual-report-of-the-harbour.pdf'>Annual report of the harbour</a></li>"
        "<li><a href='mailto:desk@quay.example'>Write to the people of the desk</a></li>"
    )
    assert addresses(f"<ul>{listed()}{more}</ul>") == [slug(h) for h in HEADLINES]


@pytest.mark.parametrize(
    ("host", "many"),
    [
        *(("www.quay.example", 4), ("quay.example", 4), ("sport.news.quay.example", 4)),
        *(("sport.quay.example", 0), ("example", 0)),
    ],
)
def test_hosts_above_and_below_are_the_same_site_and_others_are_not(host: str, many: int) -> None:
    page = listed() + listed().replace('href="', f'href="https://{host}')
    found = links(f"<ul>{page}</ul>", "https://news.quay.example/")
    assert sum(link.url.startswith(f"https://{host}/") for link in found) == many


def test_links_are_tidied_and_each_page_comes_once() -> None:
    twice = listed() + listed().replace('">', '?utm_source=front#comments">')
    assert addresses(f"<ul>{twice}</ul>") == [slug(h) for h in HEADLINES]


def test_links_count_from_the_base_that_the_page_names() -> None:
    page = listed().replace('href="/', 'href="')
    found = addresses(f'<head><base href="/old/"></head><ul>{page}</ul>')
    assert found == ["/old" + slug(h) for h in HEADLINES]


def test_the_date_beside_a_link_is_its_own() -> None:
    rows = "".join(
        f'<div><time datetime="2026-05-{18 - n}T08:00:00Z">{18 - n} May</time>'
        f'<h3><a href="{slug(h)}">{h}</a></h3></div>'
        for n, h in enumerate(HEADLINES)
    )
    found = links(f"<time datetime='2020-01-01T00:00Z'>A day</time><main>{rows}</main>")
    assert [link.published_at and link.published_at.day for link in found] == [18, 17, 16, 15]


def test_what_only_machines_are_told_counts_too() -> None:
    entries = [
        {"@type": "ListItem", "url": f"/x/{n}", "name": headline}
        for n, headline in enumerate(HEADLINES)
    ]
    told = json.dumps({"@type": "ItemList", "itemListElement": entries})
    page = f'<body><script type="application/ld+json">{told}</script></body>'
    assert [link.title for link in links(page)] == list(HEADLINES)
    crumbs = told.replace("ItemList", "BreadcrumbList")
    with pytest.raises(ParseError):
        links(page.replace(told, crumbs))


@pytest.mark.parametrize(
    "page",
    [
        "",
        "<p>Nothing but words, and no list of anything.</p>",
        "<ul><li><a href='/a'>Home</a><li><a href='/b'>News</a><li><a href='/c'>Sport</a></ul>",
        f"<ul>{listed()}</ul>".replace("quay", "x").replace('href="/', 'href="https://o.example/'),
    ],
)
def test_a_page_that_lists_nothing_says_what_to_do(page: str) -> None:
    with pytest.raises(ParseError, match=r"feed|empty"):
        links(page)
    assert FEWEST_LINKS == 3


def test_a_page_of_unknown_address_has_no_site_of_its_own() -> None:
    with pytest.raises(ParseError):
        links(f"<ul>{listed()}</ul>", None)
    canonical = f'<link rel="canonical" href="{HERE}">'
    assert len(links(f"<head>{canonical}</head><ul>{listed()}</ul>", None)) == len(HEADLINES)


def test_an_endless_list_is_cut() -> None:
    rows = "".join(
        f'<li><a href="/2026/a-story-of-the-day-{n}">A story of the day, number {n}</a></li>'
        for n in range(2 * MOST_LINKS)
    )
    assert len(links(f"<ul>{rows}</ul>")) == MOST_LINKS


@pytest.mark.parametrize(
    "markup",
    [
        "<div>" * 190 + "<a href='/x'>y</a>" * 100_000,
        "<div class='nav menu'>" * 190
        + '<a href="/2026/a-b-c-d-1">A headline of four words</a>' * 60_000,
        "<ul>" + "".join(f"<li><a href='/{n}'>x</a>" for n in range(200_000)),
        "<ul>"
        + "".join(f"<li><h3><a href='/a-b-c-{n}'>A headline of words</a>" for n in range(60_000)),
        "<a href=/x-y-z-w>" + "<b>words </b>" * 300_000,
        "<time>" * 190 + "<a href='/a-b-c-d'>A headline of four words</a>" * 50_000,
    ],
)
def test_hostile_pages_cost_little(markup: str) -> None:
    start = time.process_time()
    with contextlib.suppress(ParseError):
        links(markup)
    assert time.process_time() - start < PATIENCE_S


@given(st.text(max_size=200), st.integers(0, 400))
@settings(max_examples=50, deadline=None)
def test_spoiled_pages_give_links_or_a_parse_error(noise: str, place: int) -> None:
    page = f"<html><body><ul>{listed()}</ul></body></html>"
    try:
        found = links(page[:place] + noise + page[place:])
    except ParseError:
        return
    assert all(link.url.startswith("https://") and link.title for link in found)
