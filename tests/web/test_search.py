"""/search over HTTP: what was published is found, anything may be asked, and nobody is starved."""

import asyncio
from collections.abc import AsyncIterator
from datetime import date, time, timedelta
from pathlib import Path
from urllib.parse import quote_from_bytes, urlencode

import pytest
from starlette.applications import Starlette

from asgi import Answer, ask
from digest import web
from digest.app import App
from digest.model import Slot
from digest.model.printed import Printed
from digest.store import editions, printed
from digest.web.search import Turns, routes
from make import MORNING
from newsroom import open_newsroom, write_config

EDITION = "daily@2026-05-18T0700"
#: Lines that the word "tide" finds: two pages and a bit.
TIDES = 45


def make_line(id: str, headline: str, text: str = "", position: int = 0) -> Printed:
    return Printed(
        newsletter="daily",
        edition_id=EDITION,
        id=id,
        section="harbour",
        headline=headline,
        text=text,
        source="Harbour Office",
        url=f"https://desk.example/{id}",
        at=MORNING,
        slot_at=MORNING,
        position=position,
    )


@pytest.fixture
async def app(tmp_path: Path) -> AsyncIterator[App]:
    """A newsroom whose archive tells of ferries and tides."""
    write_config(tmp_path)
    slot = Slot(newsletter="daily", day=date(2026, 5, 18), clock=time(7), at=MORNING)
    async with open_newsroom(tmp_path) as opened:
        lines = [
            make_line("ferry", "Ferry runs again", "The FÉRRY left <b>at noon</b> & came back."),
            make_line("quay", "Quay closed", "A ferry hit it."),
            make_line("weir", "The weir is mended.", "The weir is mended."),
            make_line("bridge", "Die Klappbrücke", "Zwei Bässe und ein Besäufnis."),
            *(make_line(f"t{n}", f"Tide table {n}", position=n) for n in range(TIDES)),
        ]
        async with opened.db.write() as conn:
            await editions.create(opened.db, conn, slot, now=MORNING)
            await printed.keep(opened.db, conn, lines)
        yield opened


@pytest.fixture
def site(app: App) -> Starlette:
    return web.create(app)


async def search(site: Starlette, method: str = "GET", **asked: str) -> Answer:
    return await ask(site, "/search", query=urlencode(asked).encode(), method=method)


async def test_what_is_found_is_listed_best_first_and_marked(site: Starlette) -> None:
    answer = await search(site, q="ferry")
    assert answer.status == 200
    assert answer["content-type"] == "text/html; charset=utf-8"
    page = answer.body.decode()
    assert page.index("Ferry runs again") < page.index("Quay closed")
    assert "<mark>FÉRRY</mark> left &lt;b&gt;at noon&lt;/b&gt; &amp; came" in page
    assert f"/editions/daily/{EDITION.partition('@')[2]}/ferry/" in page
    assert "Tide" not in page


async def test_what_was_asked_for_is_marked_in_headlines_too(site: Starlette) -> None:
    page = (await search(site, q="runs")).body.decode()
    assert 'ferry/">Ferry <mark>runs</mark> again</a></h2>' in page


async def test_words_that_are_all_of_a_brief_are_shown_once(site: Starlette) -> None:
    page = (await search(site, q="weir")).body.decode()
    _, _, entry = page.partition('<li class="entry">')
    assert entry.count("<mark>weir</mark>") == 1
    assert "<p></p>" not in entry


async def test_umlauts_may_be_written_without_them_on_the_keyboard(site: Starlette) -> None:
    for query in ("Klappbruecke", "klappbrucke", "Klappbrücke"):
        assert "<mark>Klappbrücke</mark>" in (await search(site, q=query)).body.decode()
    assert "<mark>Bässe</mark> und ein Besä" in (await search(site, q="Baesse")).body.decode()


async def test_the_page_says_whose_it_is_and_what_may_be_typed(site: Starlette) -> None:
    page = (await search(site, q="ferry")).body.decode()
    assert "<title>ferry · Search · Test Press</title>" in page
    _, _, hint = page.partition('id="hint">')
    for sign in ("quotation marks", "-word", "begin*"):
        assert sign in hint.partition("</p>")[0]


async def test_an_answer_may_be_kept_for_a_minute_and_is_not_for_robots(site: Starlette) -> None:
    for asked in ({}, {"q": "ferry"}, {"q": "nothing of the kind"}):
        answer = await search(site, **asked)
        assert answer.status == 200
        assert answer["cache-control"] == "public, max-age=60"
        assert answer["x-robots-tag"] == "noindex"
        assert "set-cookie" not in answer
        assert answer["x-content-type-options"] == "nosniff"


async def test_head_is_get_without_a_body_and_others_are_not_allowed(site: Starlette) -> None:
    get, head = await search(site, q="ferry"), await search(site, q="ferry", method="HEAD")
    assert (head.status, head.headers, head.pieces) == (get.status, get.headers, [])
    for method in ("POST", "PUT", "DELETE"):
        answer = await search(site, q="ferry", method=method)
        assert answer.status == 405
        assert set(answer["allow"].split(", ")) == {"GET", "HEAD"}


@pytest.mark.parametrize(
    ("page", "shown"),
    [
        ("1", range(20)), ("2", range(20, 40)), ("3", range(40, TIDES)),
        # No such page: the nearest there is.
        ("4", range(40, TIDES)), ("9999", range(40, TIDES)), ("0", range(20)), ("-3", range(20)),
        ("", range(20)), ("two", range(20)), ("2.5", range(20)), ("٣", range(20)),
        ("9" * 9_000, range(20)),
    ],
)  # fmt: skip
async def test_pages_of_what_was_found(site: Starlette, page: str, shown: range) -> None:
    answer = await search(site, q="tide", page=page)
    told = answer.body.decode()
    assert answer.status == 200
    found = [n for n in range(TIDES) if f"/t{n}/" in told]
    assert found == list(shown)
    assert "45" in told


async def test_one_newsletter_is_searched_and_an_unknown_one_is_all(site: Starlette) -> None:
    for newsletter in ("daily", "", "nowhere", "../x"):
        answer = await search(site, q="quay", newsletter=newsletter)
        assert b"Quay closed" in answer.body


@pytest.mark.parametrize(
    "query",
    [
        b"q=%00", b"q=%ff%fe", b"q=%ED%A0%80", b"q=%", b"q", b"q=ferry&q=tide", b"&&&=",
        b"q=" + b"ferry+" * 5_000, b"q=%22ferry", b"q=*", b"q=-", b"q=NEAR(a+b)",
        b"q='%3B+DROP+TABLE+printed%3B--", b"q=%F0%9F%9A%A2", b"q=" + b"%D8%B3" * 300,
        b"q=%3Cscript%3Ealert(1)%3C/script%3E", b"q=%E2%80%AEferry",
        b"q=" + quote_from_bytes(bytes(range(256))).encode(),
    ],
)  # fmt: skip
async def test_anything_may_be_asked(site: Starlette, query: bytes) -> None:
    answer = await ask(site, "/search", query=query)
    assert answer.status == 200
    assert b"<script" not in answer.body.lower()
    assert b"\xe2\x80\xae" not in answer.body


async def test_only_two_hundred_characters_of_a_question_are_read(site: Starlette) -> None:
    answer = await search(site, q="ferry " + "x" * 200 + " never")
    assert b"Ferry runs" not in answer.body
    answer = await search(site, q=" " * 500 + "ferry")
    assert b"Ferry runs" in answer.body


# ------------------------------------------------------------------------ turns


async def test_a_few_at_once_the_others_in_turn_and_too_many_not_at_all() -> None:
    turns = Turns(at_once=2, most_waiting=3)
    inside: list[int] = []
    most = 0
    go_on = asyncio.Event()

    async def look(number: int) -> bool:
        nonlocal most
        async with turns.take() as mine:
            if mine:
                inside.append(number)
                most = max(most, len(inside))
                await go_on.wait()
                inside.remove(number)
            return mine

    looking = [asyncio.create_task(look(number)) for number in range(8)]
    await asyncio.sleep(0)
    assert inside == [0, 1]
    go_on.set()
    assert await asyncio.gather(*looking) == [True] * 5 + [False] * 3
    assert most == 2


async def test_who_stops_waiting_gives_the_place_back() -> None:
    turns = Turns(at_once=1, most_waiting=1)
    async with turns.take() as mine:
        assert mine
        waiting = asyncio.create_task(turns.take().__aenter__())
        await asyncio.sleep(0)
        async with turns.take() as too_many:
            assert not too_many
        waiting.cancel()
        await asyncio.wait([waiting])
    async with turns.take() as mine:
        assert mine


async def test_too_many_are_told_when_to_ask_again(app: App) -> None:
    busy = Starlette(routes=routes(Turns(at_once=1, most_waiting=0)))
    busy.state.app = app
    answer = await ask(busy, "/search", query=b"q=ferry")
    assert answer.status == 503
    assert int(answer["retry-after"]) > 0
    assert answer["cache-control"] == "no-store"


async def test_what_is_printed_later_is_found_and_what_is_dropped_is_not(
    site: Starlette, app: App
) -> None:
    assert b"Ferry runs" in (await search(site, q="noon")).body
    async with app.db.write() as conn:
        await editions.stamp(conn, EDITION, published_at=MORNING + timedelta(hours=1))
        await printed.drop(conn, EDITION)
    assert b"Ferry runs" not in (await search(site, q="noon")).body


async def test_where_no_word_is_found_its_beginning_is_tried(site: Starlette) -> None:
    answer = await search(site, q="ferries")
    assert "Ferry runs again" in answer.body.decode()
    assert "Ferry runs again" not in (await search(site, q="nowhere")).body.decode()
