"""Collecting as a whole: nothing lost, nothing twice, and manners."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from digest import collect, compose, store
from digest.app import App
from digest.errors import Conflict, NotFound
from digest.model import Document, Edition, Item
from digest.settings import Source
from digest.shelf import Visit
from digest.slots import slot_of
from digest.store import editions, placements
from make import MORNING, make_raw
from newsroom import open_newsroom, write_article, write_config
from site_on_loopback import Site, entry, rss, running_site


class Clock:
    def __init__(self) -> None:
        self.now = MORNING

    def __call__(self) -> datetime:
        return self.now

    def go(self, **told: float) -> None:
        self.now += timedelta(**told)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def site() -> AsyncIterator[Site]:
    async with running_site() as running:
        yield running


@pytest.fixture
async def app(tmp_path: Path, clock: Clock) -> AsyncIterator[App]:
    config = write_config(tmp_path)
    text = config.read_text()
    config.write_text(text + '\n[collect]\nallow_private = ["127.0.0.1"]\nspacing_s = 0\n')
    async with open_newsroom(tmp_path, now=clock) as opened:
        yield opened


def wire(site: Site, path: str = "/feed", **told: Any) -> Source:
    return Source(**({"id": "wire", "kind": "feed", "url": site.url(path)} | told))


async def visit(app: App, source: Source) -> Visit:
    (found,) = await collect.collect(app, [source])
    return found


async def record(app: App, id: str = "wire") -> store.sources.SourceRecord:
    async with app.db.read() as conn:
        found = await store.sources.find(conn, id)
    assert found is not None
    return found


async def waiting(app: App) -> list[Item]:
    async with app.db.read() as conn:
        return await placements.unplaced(conn, "daily")


async def edition(app: App, day: int) -> Edition:
    newsletter = app.newsletter()
    slot = slot_of(newsletter, MORNING.date().replace(day=day))
    made = await compose.compose(app, newsletter, slot, approve=True)
    async with app.db.read() as conn:
        return await editions.content(conn, made.id)


async def test_an_item_is_new_once_and_not_modified_costs_nothing(app: App, site: Site) -> None:
    site.put("/feed", rss(entry(1), entry(2)))
    assert (await visit(app, wire(site))).new == 2
    again = await visit(app, wire(site))
    assert (again.new, again.unchanged) == (0, True)
    assert [status for _, status in site.asked] == [200, 304]


async def test_the_same_body_again_is_not_read_again(app: App, site: Site) -> None:
    site.put("/feed", rss(entry(1)), validated=False)
    await visit(app, wire(site))
    again = await visit(app, wire(site))
    assert (again.unchanged, again.documents) == (True, 0)


async def test_a_freshness_is_honoured_on_not_modified_too(
    app: App, site: Site, clock: Clock
) -> None:
    site.put("/feed", rss(entry(1)), headers={"Cache-Control": "max-age=7200"})
    for _ in range(2):
        await visit(app, wire(site))
        next_at = (await record(app)).next_at
        assert next_at is not None
        assert next_at - clock.now >= timedelta(hours=2)


async def test_a_changed_item_is_a_revision_and_not_a_new_one(app: App, site: Site) -> None:
    site.put("/feed", rss(entry(1, text="Two boats sank off the pier, the harbour office said.")))
    await visit(app, wire(site))
    site.put("/feed", rss(entry(1, text="Three boats sank off the pier, the harbour office said.")))
    changed = await visit(app, wire(site))
    assert (changed.new, changed.changed) == (0, 1)
    (item,) = await waiting(app)
    assert item.revision == 1
    assert "Three boats" in item.text


async def test_a_clock_in_the_text_is_no_change(app: App, site: Site) -> None:
    for minute in range(3):
        text = f"Two boats sank off the pier. Updated {minute} minutes ago, 12:0{minute}."
        site.put("/feed", rss(entry(1, text=text)))
        told = await visit(app, wire(site))
        assert told.changed == 0


async def test_what_changed_after_an_edition_is_told_in_the_next(
    app: App, site: Site, clock: Clock
) -> None:
    site.put("/feed", rss(entry(1, title="Boats sink", text="Two boats sank off the Orrin pier.")))
    await visit(app, wire(site))
    first = await edition(app, 18)
    clock.go(hours=3)
    told = "Correction: three boats sank off the Orrin pier, not two."
    site.put("/feed", rss(entry(1, title="Boats sink", text=told), entry(5, title="Bridge opens")))
    await visit(app, wire(site))
    clock.go(hours=21)
    second = await edition(app, 19)
    (correction,) = second.corrections
    assert correction.edition_id == first.id
    assert correction.corrects
    assert "three boats" in " ".join(correction.sentences)
    assert [story.headline for story in second.stories] == ["Bridge opens"]
    clock.go(hours=1)
    site.put("/feed", rss(entry(6, title="Mill burns down")))
    await visit(app, wire(site))
    clock.go(hours=23)
    assert (await edition(app, 20)).corrections == ()


async def test_one_article_from_two_sources_is_in_one_edition(
    app: App, site: Site, clock: Clock
) -> None:
    link = "https://wire.example/boats"
    site.put("/feed", rss(entry(1, title="Boats sink", link=link)))
    site.put("/other", rss(entry(9, guid="other", title="Boats sink", link=link + "?utm_source=x")))
    await visit(app, wire(site))
    first = await edition(app, 18)
    clock.go(days=1)
    await visit(app, wire(site, "/other", id="other"))
    site.put("/feed", rss(entry(2, title="Bridge opens")))
    await visit(app, wire(site))
    second = await edition(app, 19)
    assert [story.headline for story in second.stories] == ["Bridge opens"]
    (left,) = second.left_out
    reason = left.reason
    assert first.id in reason
    assert await waiting(app) == []


async def test_a_first_visit_takes_a_bounded_backlog(app: App, site: Site) -> None:
    site.put("/feed", rss(*(entry(n) for n in range(1, 21))))
    found = await visit(app, wire(site, backlog=5))
    assert (found.new, found.passed_over) == (5, 15)
    assert len(await waiting(app)) == 5
    site.put("/feed", rss(*(entry(n) for n in range(1, 22))))
    assert (await visit(app, wire(site, backlog=5))).new == 1


async def test_guids_that_are_worth_nothing_are_trusted_no_longer_and_nothing_returns(
    app: App, site: Site
) -> None:
    site.put("/feed", rss(*(entry(n) for n in range(1, 6))))
    await visit(app, wire(site))
    # The publisher's new software gives every entry one guid.
    site.put("/feed", rss(*(entry(n, guid="same") for n in range(1, 8))))
    found = await visit(app, wire(site))
    assert found.new == 2
    assert (await record(app)).identity == "link"
    assert len(await waiting(app)) == 7


async def test_what_scrolled_off_between_two_visits_is_fetched_from_the_archive(
    app: App, site: Site, clock: Clock
) -> None:
    def older(n: int) -> str:
        return f'<atom:link rel="prev-archive" href="{site.url(f"/old{n}")}"/>'

    site.put("/feed", rss(entry(1), entry(2)))
    await visit(app, wire(site))
    clock.go(days=2)
    site.put("/feed", rss(entry(9), entry(8), more=older(1)))
    site.put("/old1", rss(entry(7), entry(6), more=older(2)))
    site.put("/old2", rss(entry(5), entry(4), entry(2), more=older(3)))
    site.put("/old3", rss(entry(3)))
    assert (await visit(app, wire(site))).new == 6
    assert "/old3" not in site.paths(), "a known entry ends the walk"


async def test_the_archive_is_not_walked_when_nothing_can_be_missing(app: App, site: Site) -> None:
    more = f'<atom:link rel="prev-archive" href="{site.url("/old")}"/>'
    site.put("/feed", rss(entry(1), more=more))
    await visit(app, wire(site))
    site.put("/feed", rss(entry(2), entry(1), more=more))
    await visit(app, wire(site))
    assert "/old" not in site.paths()


async def test_one_source_failing_costs_no_other_anything(app: App, site: Site) -> None:
    site.put("/feed", rss(entry(1)))
    broken = [wire(site, f"/{word}", id=word) for word in ("gone", "missing", "html", "garbage")]
    # Last: while its host rests, nobody asks there.
    busy = wire(site, "/busy", id="busy")
    site.put("/gone", status=410)
    site.put("/html", "<!doctype html><html><body><p>Hello</p></body></html>", kind="text/html")
    site.put("/garbage", "\x00\x01", kind="application/octet-stream")
    site.put("/busy", status=503, headers={"Retry-After": "600"})
    nowhere = Source(id="nowhere", kind="folder", path=Path("nowhere"))
    sources = [*broken, wire(site), nowhere, busy]
    visits = {visit.source_id: visit for visit in await collect.collect(app, sources)}
    assert visits["wire"].new == 1
    words = {id: visit.word for id, visit in visits.items()}
    assert words == {
        "gone": "gone",
        "missing": "not-found",
        "html": "not-a-feed",
        "garbage": "not-a-feed",
        "busy": "busy",
        "wire": None,
        "nowhere": "no-access",
    }
    for id, visit in visits.items():
        if id != "wire":
            ((_, sentence),) = visit.faults
            assert len(sentence) > 20, f"{id}: {sentence}"


async def test_a_host_that_asked_for_rest_is_left_alone(app: App, site: Site, clock: Clock) -> None:
    site.put("/busy", status=503, headers={"Retry-After": "600"})
    site.put("/feed", rss(entry(1)))
    await visit(app, wire(site, "/busy", id="busy"))
    asked = len(site.asked)
    left = await visit(app, wire(site))
    assert (left.word, len(site.asked)) == ("busy", asked)
    known = await record(app)
    assert known.failures == 0, "it is not this source's fault"
    assert known.next_at == clock.now + timedelta(seconds=600)
    clock.go(minutes=11)
    assert (await visit(app, wire(site))).new == 1


async def test_the_rest_that_a_host_asked_for_outlives_the_process(
    tmp_path: Path, app: App, site: Site, clock: Clock
) -> None:
    site.put("/busy", status=429, headers={"Retry-After": "600"})
    site.put("/feed", rss(entry(1)))
    await visit(app, wire(site, "/busy", id="busy"))
    asked = len(site.asked)
    async with open_newsroom(tmp_path, now=clock) as another:
        assert (await visit(another, wire(site))).word == "busy"
    assert len(site.asked) == asked


async def test_a_site_s_address_is_enough_for_a_feed(app: App, site: Site) -> None:
    link = '<link rel="alternate" type="application/rss+xml" href="/feed">'
    site.put("/", f"<html><head>{link}</head><body><p>Hi</p></body></html>", kind="text/html")
    site.put("/feed", rss(entry(1)))
    assert (await visit(app, wire(site, "/"))).new == 1
    assert (await record(app)).address == site.url("/feed")
    before = len(site.asked)
    await visit(app, wire(site, "/"))
    assert site.asked[before:] == [("/feed", 304)], "the page is not asked again"


ARTICLE = """<!doctype html><html lang="en"><head><title>{title}</title></head><body><article>
<h1>{title}</h1><time datetime="2026-05-17T18:00:00Z">17 May</time>
<p>The harbour board met on Sunday and decided about {title} after a long debate.</p>
<p>It will publish its reasons on Tuesday, the chair of the board told reporters.</p>
<p>Two members voted against, and one of them has since left the board.</p>
</article></body></html>"""


def front(*slugs: str) -> str:
    rows = "".join(
        f'<li><h2><a href="/2026/05/17/{slug}">The board decides about {slug} at last</a></h2></li>'
        for slug in slugs
    )
    return f"<!doctype html><html><body><main><ul>{rows}</ul></main></body></html>"


def put_articles(site: Site, *slugs: str) -> None:
    for slug in slugs:
        page = ARTICLE.format(title=slug.replace("-", " "))
        site.put(f"/2026/05/17/{slug}", page, kind="text/html")


async def test_a_section_page_s_new_articles_are_read_once(app: App, site: Site) -> None:
    slugs = [f"the-quay-and-its-{n}-cranes" for n in ("two", "three", "four", "five")]
    put_articles(site, *slugs)
    source = wire(site, "/news", id="news", kind="page", follow=True)
    site.put("/news", front(*slugs[:3]), kind="text/html")
    assert (await visit(app, source)).new == 3
    site.put("/news", front(*reversed(slugs)), kind="text/html")
    assert (await visit(app, source)).new == 1
    articles = [path for path in site.paths() if path.startswith("/2026")]
    assert len(articles) == len(set(articles)) == 4


async def test_a_page_that_is_not_to_be_had_today_is_tried_again(app: App, site: Site) -> None:
    slugs = [f"the-quay-and-its-{n}-cranes" for n in ("two", "three", "four")]
    put_articles(site, *slugs[:2])
    site.put(f"/2026/05/17/{slugs[2]}", status=500)
    site.put("/news", front(*slugs), kind="text/html")
    source = wire(site, "/news", id="news", kind="page", follow=True)
    first = await visit(app, source)
    assert (first.new, len(first.faults)) == (2, 1)
    put_articles(site, slugs[2])
    assert (await visit(app, source)).new == 1


async def test_robots_txt_is_obeyed_for_pages_and_not_asked_for_feeds(app: App, site: Site) -> None:
    site.put("/robots.txt", "User-agent: *\nDisallow: /private/", kind="text/plain")
    site.put("/private/page", ARTICLE.format(title="cranes"), kind="text/html")
    site.put("/private/feed", rss(entry(1)))
    assert (await visit(app, wire(site, "/private/feed"))).new == 1
    assert "/robots.txt" not in site.paths()
    refused = await visit(app, wire(site, "/private/page", id="page", kind="page"))
    assert refused.word == "robots"
    assert "/private/page" not in site.paths()


async def test_full_text_is_read_where_the_feed_tells_a_beginning(app: App, site: Site) -> None:
    put_articles(site, "cranes")
    teaser = "The harbour board met on Sunday and decided about […]"
    link = site.url("/2026/05/17/cranes")
    site.put("/feed", rss(entry(1, text=teaser, link=link)))
    await visit(app, wire(site, full_text=True))
    (item,) = await waiting(app)
    assert "publish its reasons on Tuesday" in item.text
    # The feed grows; the page was read and the teaser is no change.
    site.put("/feed", rss(entry(2), entry(1, text=teaser, link=link)))
    again = await visit(app, wire(site, full_text=True))
    assert (again.new, again.changed) == (1, 0)
    assert site.paths().count("/2026/05/17/cranes") == 1


async def test_a_folder_s_files_are_known_by_their_words(app: App, tmp_path: Path) -> None:
    desk = app.settings.sources[0]
    write_article(tmp_path, "cranes-fall", "Two cranes fell on the quay on Sunday.")
    first = await visit(app, desk)
    assert (first.documents, first.new) == (1, 1)
    (tmp_path / "desk" / "cranes-fall.md").rename(tmp_path / "desk" / "b.md")
    again = await visit(app, desk)
    assert (again.documents, again.unchanged) == (0, True)


async def test_a_source_that_was_added_is_visited_until_it_is_removed(app: App, site: Site) -> None:
    site.put("/feed", rss(entry(1)))
    added = wire(site, id="added", title="Wire")
    await collect.add_source(app, added)
    assert [source.id for source in await collect.every_source(app)] == ["desk", "added"]
    with pytest.raises(Conflict):
        await collect.add_source(app, added)
    with pytest.raises(Conflict):
        await collect.add_source(app, wire(site, id="desk"))
    assert {visit.source_id for visit in await collect.collect(app)} == {"desk", "added"}
    await collect.pause(app, "added")
    assert [visit.source_id for visit in await collect.collect(app)] == ["desk"]
    await collect.pause(app, "added", paused=False)
    assert len(await collect.collect(app)) == 2
    await collect.remove_source(app, "added")
    assert len(await collect.every_source(app)) == 1
    with pytest.raises(NotFound):
        await collect.remove_source(app, "added")
    with pytest.raises(Conflict):
        await collect.remove_source(app, "desk")
    # Added again, it knows what it has read.
    await collect.add_source(app, added)
    assert (await visit(app, added)).new == 0


async def test_all_sources_of_a_list_are_added_or_none(app: App, site: Site) -> None:
    with pytest.raises(Conflict):
        await collect.add_sources(app, [wire(site, id="a"), wire(site, id="desk")])
    assert [source.id for source in await collect.every_source(app)] == ["desk"]


async def test_what_the_operator_did_during_a_visit_stands(app: App, site: Site) -> None:
    site.put("/feed", rss(entry(1)))
    await collect.add_source(app, wire(site))
    await asyncio.gather(visit(app, wire(site)), collect.pause(app, "wire"))
    assert (await record(app)).paused_at is not None


async def test_two_visits_at_once_keep_each_item_once(app: App, site: Site) -> None:
    site.put("/feed", rss(entry(1), entry(2)))
    found = await asyncio.gather(*(visit(app, wire(site)) for _ in range(4)))
    assert sum(one.new for one in found) == 2
    assert len(await waiting(app)) == 2


async def test_pushed_items_do_not_move_the_next_visit(app: App, site: Site) -> None:
    site.put("/feed", rss(entry(1)))
    await visit(app, wire(site))
    before = await record(app)
    told = Document(name="hub", kind="feed", items=(make_raw("Cranes fall", guid="x"),))
    assert (await collect.take(app, wire(site), [told], known=before)).new == 1
    after = await record(app)
    same = replace(after, succeeded_at=before.succeeded_at, new_at=before.new_at)
    assert same == before


async def test_old_words_are_swept_and_stay_known(app: App, site: Site, clock: Clock) -> None:
    site.put("/feed", rss(entry(1)), validated=False)
    await visit(app, wire(site))
    clock.go(days=401)
    assert await collect.sweep(app) == 1
    site.put("/feed", rss(entry(1), entry(2)))
    assert (await visit(app, wire(site))).new == 1


async def test_a_hub_that_does_not_tell_is_not_relied_on(app: App, site: Site) -> None:
    hub = '<atom:link rel="hub" href="https://hub.example/"/><atom:link rel="self" href="t"/>'
    site.put("/feed", rss(entry(1), more=hub))
    await visit(app, wire(site))
    promised = replace(await record(app), hub_until=MORNING + timedelta(days=9))
    async with app.db.write() as conn:
        await store.sources.visited(app.db, conn, promised)
    await visit(app, wire(site))
    assert (await record(app)).hub_until is not None, "nothing was to be told"
    told = Document(name="hub", kind="feed", items=(make_raw("Cranes fall", guid="x"),))
    await collect.take(app, wire(site), [told], known=await record(app))
    assert (await record(app)).hub_until is not None, "it told"
    site.put("/feed", rss(entry(2), entry(1), more=hub))
    await visit(app, wire(site))
    assert (await record(app)).hub_until is None


async def test_html_is_made_safe_before_it_is_kept(app: App, site: Site) -> None:
    told = (
        "&lt;p&gt;Boats &lt;a href='/x?utm_source=rss'&gt;sank&lt;/a&gt;.&lt;/p&gt;"
        "&lt;script&gt;alert(1)&lt;/script&gt;"
    )
    site.put("/feed", rss(entry(1, text=told), entry(2)))
    await visit(app, wire(site))
    known = await waiting(app)
    async with app.db.read() as conn:
        kept = await store.items.html_of(conn, [item.id for item in known])
    (html,) = kept.values()
    assert "<script" not in html
    assert "alert" not in html
    assert "utm_source" not in html
    assert '<a href="https://wire.example/x"' in html or site.url("/x") in html


async def test_one_bad_moment_does_not_cost_a_feed_that_was_found(
    app: App, site: Site, clock: Clock
) -> None:
    link = '<link rel="alternate" type="application/rss+xml" href="/feed">'
    site.put("/", f"<html><head>{link}</head><body><p>Hi</p></body></html>", kind="text/html")
    site.put("/feed", rss(entry(1)))
    await visit(app, wire(site, "/"))
    feed = site.pages.pop("/feed")
    assert (await visit(app, wire(site, "/"))).word == "not-found"
    site.pages["/feed"] = feed
    for _ in range(2):
        clock.go(days=2)
        await visit(app, wire(site, "/"))
    known = await record(app)
    assert (known.address, known.failures) == (site.url("/feed"), 0)


async def test_a_feed_that_was_found_and_moved_within_its_site_is_found_again(
    app: App, site: Site, clock: Clock
) -> None:
    def home(path: str) -> str:
        link = f'<link rel="alternate" type="application/rss+xml" href="{path}">'
        return f"<html><head>{link}</head><body><p>Hi</p></body></html>"

    site.put("/", home("/feed"), kind="text/html")
    site.put("/feed", rss(entry(1)))
    await visit(app, wire(site, "/"))
    site.pages.pop("/feed")
    site.put("/", home("/news.xml"), kind="text/html")
    site.put("/news.xml", rss(entry(1), entry(2)))
    for _ in range(2):
        found = await visit(app, wire(site, "/"))
        clock.go(days=2)
    assert found.new == 1
    assert (await record(app)).address == site.url("/news.xml")


async def test_a_part_of_the_archive_that_cannot_be_had_today_is_fetched_later(
    app: App, site: Site, clock: Clock
) -> None:
    def older(n: int) -> str:
        return f'<atom:link rel="prev-archive" href="{site.url(f"/old{n}")}"/>'

    site.put("/feed", rss(entry(1)))
    await visit(app, wire(site))
    site.put("/feed", rss(entry(9), more=older(1)))
    site.put("/old1", rss(entry(7), more=older(2)))
    site.put("/old2", status=500)
    assert (await visit(app, wire(site))).new == 2
    clock.go(hours=1)
    site.put("/old2", rss(entry(5), entry(1)))
    assert (await visit(app, wire(site))).new == 1, "although the feed itself is not modified"
    assert (await record(app)).gap is None


async def test_what_was_passed_over_stays_so_when_guids_are_trusted_no_longer(
    app: App, site: Site
) -> None:
    site.put("/feed", rss(*(entry(n) for n in range(1, 21))))
    assert (await visit(app, wire(site, backlog=5))).new == 5
    site.put("/feed", rss(*(entry(n, guid="") for n in range(1, 22))))
    assert (await visit(app, wire(site, backlog=5))).new == 1
    assert (await record(app)).identity == "link"


async def test_two_items_of_one_page_stay_two_when_guids_are_trusted_no_longer(
    app: App, site: Site
) -> None:
    live = "https://wire.example/live"

    def told(guid: str | None) -> str:
        shared = [entry(n, link=live, guid=guid) for n in (21, 22)]
        return rss(*(entry(n, guid=guid) for n in range(1, 20)), *shared)

    site.put("/feed", told(None))
    assert (await visit(app, wire(site))).new == 21
    site.put("/feed", told(""))
    assert (await visit(app, wire(site))).new == 0
    assert len(await waiting(app)) == 21


async def test_a_bug_met_while_keeping_a_failure_does_not_stop_the_source(
    app: App, site: Site
) -> None:
    site.put("/feed", rss(entry(1)))
    # No database takes a NUL.
    broken = wire(site, id="broken", title="Wire")
    await collect.add_source(app, broken)
    async with app.db.write() as conn:
        known = await store.sources.find(conn, "broken")
        assert known is not None
        await store.sources.visited(app.db, conn, replace(known, identity="nonsense"))
    assert (await visit(app, broken)).word == "ours"
    assert (await record(app, "broken")).next_at is not None
