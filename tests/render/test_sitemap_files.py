from datetime import UTC, datetime, timedelta, timezone

import defusedxml.ElementTree
import pytest

from digest.render.links import Links
from digest.render.press import Press
from digest.render.sitemap import robots, sitemap, sitemap_files
from make import MORNING

SPACE = "{http://www.sitemaps.org/schemas/sitemap/0.9}"


def read(content: bytes) -> tuple[str, list[tuple[str, str]]]:
    """The kind of a sitemap file, and its addresses with their dates."""
    root = defusedxml.ElementTree.fromstring(content)
    lines = [(e.findtext(f"{SPACE}loc"), e.findtext(f"{SPACE}lastmod")) for e in root]
    return root.tag.removeprefix(SPACE), lines


def pages(count: int) -> list[tuple[str, datetime]]:
    return [(f"https://news.example.org/{n}/", MORNING + timedelta(hours=n)) for n in range(count)]


def test_a_sitemap_tells_each_page_and_when_it_changed() -> None:
    east = timezone(timedelta(hours=3))
    kind, lines = read(
        sitemap(
            [
                ("https://news.example.org/?a=1&b=2", MORNING),
                ("https://news.example.org/x/", datetime(2026, 5, 18, 1, 30, tzinfo=east)),
            ]
        )
    )
    assert kind == "urlset"
    assert lines == [
        ("https://news.example.org/?a=1&b=2", "2026-05-18T04:00:00Z"),
        ("https://news.example.org/x/", "2026-05-17T22:30:00Z"),
    ]


def test_an_empty_archive_has_a_sitemap() -> None:
    assert read(sitemap([])) == ("urlset", [])


def test_one_file_holds_fifty_thousand_pages_and_no_more() -> None:
    many = [("https://news.example.org/", MORNING)] * 50_001
    assert len(sitemap(many[1:])) < 50_000_000
    with pytest.raises(ValueError, match="50000 addresses, not 50001"):
        sitemap(many)


def test_a_small_archive_has_one_file(press: Press) -> None:
    files = sitemap_files(pages(3), press=press)
    assert list(files) == ["sitemap.xml"]
    assert files["sitemap.xml"] == sitemap(pages(3))


def test_a_large_archive_has_an_index_that_names_its_files(press: Press) -> None:
    files = sitemap_files(pages(7), press=press, most=3)
    kind, lines = read(files.pop("sitemap.xml"))
    assert kind == "sitemapindex"
    assert lines == [
        ("https://news.example.org/sitemap-1.xml", "2026-05-18T06:00:00Z"),
        ("https://news.example.org/sitemap-2.xml", "2026-05-18T09:00:00Z"),
        ("https://news.example.org/sitemap-3.xml", "2026-05-18T10:00:00Z"),
    ]
    told = [url for content in files.values() for url, _ in read(content)[1]]
    assert told == [url for url, _ in pages(7)]


def test_a_new_page_changes_the_last_file_only(press: Press) -> None:
    before = sitemap_files(pages(7), press=press, most=3)
    after = sitemap_files(pages(8), press=press, most=3)
    changed = {name for name in after if after[name] != before.get(name)}
    assert changed == {"sitemap-3.xml"} | {"sitemap.xml"}


def test_robots_may_read_all_but_what_is_one_persons(press: Press) -> None:
    text = robots(press=press).decode()
    assert text.startswith("User-agent: *\n")
    assert "Disallow: /leave/\n" in text
    assert "Disallow: /preferences/\n" in text
    assert "Disallow: /search\n" in text
    assert "Disallow: /\n" not in text
    assert text.endswith("Sitemap: https://news.example.org/sitemap.xml\n")


def test_a_site_in_a_folder_refuses_only_what_is_its_own(press: Press) -> None:
    links = Links("https://example.org/press/daily", b"k" * 32)
    moved = Press(site=press.site, links=links, templates=press.templates)
    text = robots(press=moved).decode()
    assert "Disallow: /press/daily/leave/\n" in text
    assert "Sitemap: https://example.org/press/daily/sitemap.xml\n" in text
    files = sitemap_files(
        [("https://example.org/a", datetime(2026, 1, 1, tzinfo=UTC))] * 2, press=moved, most=1
    )
    assert read(files["sitemap.xml"])[1][0][0] == "https://example.org/press/daily/sitemap-1.xml"
