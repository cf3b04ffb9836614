"""The list of sources: looked at, added once, imported whole or not at all."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from digest import collect, roster
from digest.app import App
from digest.errors import ConfigError, Conflict, NotFound, ParseError
from digest.roster import Wishes
from digest.settings import Source
from digest.sources.opml import read_opml
from newsroom import open_newsroom, write_config, write_day
from site_on_loopback import Site, entry, rss, running_site

FRONT = """<!doctype html><html><head><title>Quay News</title>
<link rel="alternate" type="application/rss+xml" title="All news" href="/feed.xml">
</head><body><h1>Quay News</h1></body></html>"""


def opml(*feeds: tuple[str, str], broken: str = "") -> bytes:
    lines = "".join(f'<outline type="rss" text="{t}" xmlUrl="{u}"/>' for t, u in feeds)
    head = "<head><title>Mine</title></head>"
    return f'<opml version="2.0">{head}<body>{lines}{broken}</body></opml>'.encode()


@pytest.fixture
async def site() -> AsyncIterator[Site]:
    async with running_site() as running:
        running.put("/", FRONT, kind="text/html; charset=utf-8")
        running.put("/feed.xml", rss(entry(3), entry(4)))
        yield running


@pytest.fixture
async def app(tmp_path: Path) -> AsyncIterator[App]:
    config = write_config(tmp_path)
    own = '\n[collect]\nallow_private = ["127.0.0.1"]\nspacing_s = 0\n'
    listed = '\n[[newsletters]]\nslug = "listed"\ntitle = "Listed"\nsources = ["desk"]\n'
    config.write_text(config.read_text() + own + listed)
    async with open_newsroom(tmp_path) as opened:
        yield opened


async def ids(app: App) -> list[str]:
    return [source.id for source in await collect.every_source(app)]


# ------------------------------------------------------------------------ adding


async def test_the_address_of_a_site_becomes_its_feed(app: App, site: Site) -> None:
    source, found = await roster.adopt(app, site.url())
    assert (source.kind, source.url) == ("feed", site.url("/feed.xml"))
    assert source.id == "wire"
    assert any("2 entries" in sentence for sentence in found.words)
    assert await ids(app) == ["desk", "wire"]
    (visit,) = await collect.collect(app, [source])
    assert visit.new == 2


async def test_wishes_are_kept(app: App, site: Site) -> None:
    wishes = Wishes(id="quay", title="The Quay", full_text=True, language="de", timezone="UTC")
    source, _ = await roster.adopt(app, site.url("/feed.xml"), wishes=wishes)
    assert (source.id, source.title, source.full_text) == ("quay", "The Quay", True)
    assert source.language == "de"


async def test_what_is_a_source_already_is_refused_however_it_is_spelled(
    app: App, site: Site
) -> None:
    await roster.adopt(app, site.url("/feed.xml"))
    for again in (site.url(), site.url("/feed.xml?utm_source=x#top")):
        with pytest.raises(Conflict, match="is the source wire already"):
            await roster.adopt(app, again)
    assert await ids(app) == ["desk", "wire"]


async def test_what_cannot_be_collected_is_not_added(app: App, site: Site) -> None:
    site.put("/report.pdf", "%PDF-1.7", kind="application/pdf")
    with pytest.raises(NotFound, match="cannot be a source"):
        await roster.adopt(app, site.url("/report.pdf"))
    assert await ids(app) == ["desk"]


@pytest.mark.parametrize(
    ("wishes", "says"),
    [
        (Wishes(id="desk"), "there is a source desk already"),
        (Wishes(id="Not A Slug"), "id: "),
        (Wishes(timezone="Mars/Olympus"), "timezone: "),
        (Wishes(follow=True), "--follow is for pages"),
    ],
)
async def test_wishes_that_cannot_be_met(app: App, site: Site, wishes: Wishes, says: str) -> None:
    with pytest.raises((Conflict, ConfigError), match=says):
        await roster.adopt(app, site.url("/feed.xml"), wishes=wishes)
    assert await ids(app) == ["desk"]


async def test_a_newsletter_that_is_none_is_named_before_anything_is_asked(
    app: App, site: Site
) -> None:
    with pytest.raises(NotFound, match="no newsletter 'weekly'"):
        await roster.adopt(app, site.url(), newsletters=["weekly"])
    assert site.asked == []


async def test_who_was_removed_and_comes_back_has_its_old_name(app: App, site: Site) -> None:
    source, _ = await roster.adopt(app, site.url(), wishes=Wishes(id="quay"))
    assert (await collect.collect(app, [source]))[0].new == 2
    await collect.remove_source(app, "quay")
    again, _ = await roster.adopt(app, site.url())
    assert again.id == "quay"
    assert (await collect.collect(app, [again]))[0].new == 0


# ------------------------------------------------------------------------ trying


async def test_a_look_at_a_source_leaves_no_trace(app: App, site: Site) -> None:
    source, _ = await roster.adopt(app, site.url())
    tried = await roster.try_out(app, source)
    assert (tried.fault, tried.documents, tried.items) == (None, 1, 2)
    assert tried.headlines == ("News number 4 of the day", "News number 3 of the day")
    assert (await collect.collect(app, [source]))[0].new == 2


async def test_a_look_that_fails_says_why(app: App, site: Site) -> None:
    source = Source(id="none", kind="feed", url=site.url("/missing"))
    tried = await roster.try_out(app, source)
    assert tried.word == "not-found"
    assert "404" in (tried.fault or "")


async def test_a_folder_can_be_tried_too(app: App) -> None:
    write_day(app.loaded.base)
    tried = await roster.try_out(app, await roster.find(app, "desk"))
    assert (tried.documents, tried.items) == (3, 3)
    with pytest.raises(NotFound, match="`digest sources` lists them"):
        await roster.find(app, "nobody")


# ------------------------------------------------------------------------- lists


async def test_a_list_is_imported_once(app: App) -> None:
    data = opml(("Wire", "https://wire.example/feed"), ("Quay", "https://quay.example/rss"))
    dry = await roster.import_opml(app, data, dry_run=True)
    assert [source.id for source in dry.added] == ["wire", "quay"]
    assert await ids(app) == ["desk"]
    done = await roster.import_opml(app, data, newsletters=["listed"])
    assert done.added == dry.added
    assert await ids(app) == ["desk", "quay", "wire"]
    again = await roster.import_opml(app, data)
    assert (again.added, [id for _, id in again.known]) == ((), ["wire", "quay"])


async def test_ids_in_a_list_are_made_different(app: App) -> None:
    feeds = [("Desk", f"https://{n}.example/feed") for n in range(3)]
    done = await roster.import_opml(app, opml(*feeds))
    assert [source.id for source in done.added] == ["desk-2", "desk-3", "desk-4"]


async def test_lines_that_cannot_be_used_are_named_and_cost_the_others_nothing(app: App) -> None:
    data = opml(
        ("Wire", "https://wire.example/feed"),
        broken='<outline type="rss" text="Bad" xmlUrl="ftp://old.example/feed"/>',
    )
    done = await roster.import_opml(app, data)
    assert [source.id for source in done.added] == ["wire"]
    assert any("ftp://old.example" in problem for problem in done.problems)


async def test_what_is_no_list_adds_nothing(app: App) -> None:
    with pytest.raises(ParseError):
        await roster.import_opml(app, rss(entry(1)).encode())
    assert await ids(app) == ["desk"]


async def test_what_is_exported_can_be_imported_elsewhere(app: App) -> None:
    data = opml(("Wire", "https://wire.example/feed"), ("Quay", "https://quay.example/rss"))
    await roster.import_opml(app, data, newsletters=["listed"])
    written, number = await roster.export_opml(app)
    told = read_opml(written)
    assert number == 2
    assert {(feed.title, feed.url) for feed in told.feeds} == {
        ("Wire", "https://wire.example/feed"),
        ("Quay", "https://quay.example/rss"),
    }
    assert {feed.categories for feed in told.feeds} == {(("Listed",),)}
