"""The whole way of a reader in a real browser: in, about, out and back, and forgotten."""

import asyncio
import re
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from email import message_from_bytes
from email.message import Message
from itertools import product
from pathlib import Path

import uvicorn
from httpx2 import AsyncClient
from playwright.async_api import Page
from starlette.applications import Starlette
from starlette.responses import HTMLResponse
from starlette.routing import Route
from starlette.types import ASGIApp

from browser import AXE, Scheme, needs_axe, needs_browser, open_page
from digest import collect, compose, deliver, joining, letters, pipeline, publish, web
from digest.app import App
from digest.slots import slot_of
from digest.store import people
from make import MORNING
from newsroom import open_newsroom, write_article, write_config
from over_http import HERE
from signing_up import FORM, desk, path_in, text_of

pytestmark = needs_browser

ANN = "ann.marlow@readers.example"
BEFORE = timedelta(seconds=10)


class _Server(uvicorn.Server):
    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """The signals are pytest's."""
        yield


def listening() -> socket.socket:
    here = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    here.bind(("127.0.0.1", 0))
    # From here on whoever connects is kept waiting, not turned away.
    here.listen(128)
    return here


@asynccontextmanager
async def served(site: ASGIApp, at: socket.socket) -> AsyncIterator[None]:
    server = _Server(uvicorn.Config(site, log_level="error", lifespan="off"))
    task = asyncio.create_task(server.serve(sockets=[at]))
    try:
        yield
    finally:
        server.should_exit = True
        await task


@dataclass
class House:
    """A newsroom that is served, with a clock that stands still."""

    url: str
    folder: Path
    now: datetime = MORNING
    app: App = field(init=False)

    async def tick(self) -> None:
        """What the clock does after a form was sent in."""
        await joining.take_signups(self.app)
        await letters.post(self.app)

    async def edition(self, day: int) -> None:
        """A morning: an edition with both sections, published and sent."""
        self.now = MORNING + timedelta(days=day - 18)
        for slug, text in (
            (f"ferry-runs-on-day-{day}", f"The ferry ran on day {day}."),
            (f"school-wins-prize-{day}", f"A school in Merrow won prize {day}."),
        ):
            write_article(self.folder, slug, text)
            file = self.folder / "desk" / f"{slug}.md"
            file.write_text(file.read_text().replace("2026-05-17", f"2026-05-{day - 1}"))
        await collect.collect(self.app)
        daily = self.app.newsletter()
        record = await compose.compose(self.app, daily, slot_of(daily, date(2026, 5, day)))
        await pipeline.approve(self.app, record.id)
        await publish.publish(self.app)
        await deliver.deliver(self.app, record.id)

    def mails(self) -> list[Message]:
        """What the embedded relay was given, in order."""
        new = self.folder / "data" / "outbox" / "new"
        paths = sorted(new.iterdir(), key=lambda path: path.stat().st_mtime_ns)
        return [message_from_bytes(path.read_bytes()) for path in paths]

    def link(self, mail: Message, page: str) -> str:
        found = re.search(rf"{self.url}/{page}/[A-Za-z0-9_-]+", text_of(mail))
        assert found is not None
        return found[0]

    async def state(self) -> str:
        async with self.app.db.read() as conn:
            id = await people.find(conn, ANN)
            if id is None:
                return "unknown"
            (one,) = (await people.person(conn, id)).subscriptions
        return one.state.value


@asynccontextmanager
async def house(folder: Path, *, embed_on: str = "") -> AsyncIterator[House]:
    at = listening()
    url = f"http://127.0.0.1:{at.getsockname()[1]}"
    config = write_config(folder)
    text = config.read_text().replace(HERE, url)
    config.write_text(f'{text}\n[audience]\nembed_on = ["{embed_on}"]\n' if embed_on else text)
    opened = House(url, folder)
    async with open_newsroom(folder, now=lambda: opened.now) as app:
        opened.app = app
        async with served(web.create(app), at):
            yield opened


async def heading(page: Page) -> str:
    return (await page.locator("h1").inner_text()).strip()


def files_with(folder: Path, word: str) -> list[str]:
    """Files that have *word* in them."""
    return [
        path.name
        for path in sorted(folder.rglob("*"))
        if path.is_file() and word.lower().encode() in path.read_bytes().lower()
    ]


async def test_the_whole_way_in_about_out_and_back_without_a_script(tmp_path: Path) -> None:
    async with house(tmp_path) as opened, open_page(375, scripts=False) as (page, asked):
        await opened.edition(18)
        assert not (tmp_path / "data" / "outbox").exists()

        # In: by the link on the front page, and the button of a mail that asks.
        await page.goto(f"{opened.url}/")
        await page.get_by_role("link", name="Subscribe").first.click()
        assert page.url == f"{opened.url}/subscribe/daily"
        await page.get_by_label("Mail address").fill(ANN)
        await page.get_by_role("checkbox", name="Send me The Daily by mail.").check()
        opened.now += BEFORE
        await page.get_by_role("button", name="Subscribe").first.click()
        assert await heading(page) == "Look into your mailbox"
        assert await opened.state() == "unknown"
        await opened.tick()
        (question,) = opened.mails()
        assert question["To"] == ANN
        for _ in range(2):
            await page.goto(opened.link(question, "confirm"))
            assert await heading(page) == "Subscribe to The Daily?"
            assert await opened.state() == "pending"
        await page.get_by_role("button").click()
        assert await heading(page) == "You are subscribed to The Daily."
        assert await opened.state() == "active"

        # About: the next edition has both sections, and the one after it what was chosen.
        await opened.edition(19)
        everything = opened.mails()[-1]
        assert "Ferry runs on day 19" in text_of(everything)
        assert "School wins prize 19" in text_of(everything)
        await page.goto(opened.link(everything, "preferences"))
        assert ANN not in await page.content()
        await page.get_by_role("checkbox", name="Elsewhere").uncheck()
        await page.get_by_role("button", name="Save").click()
        assert page.url.endswith("?done=save")
        assert not await page.get_by_role("checkbox", name="Elsewhere").is_checked()
        await opened.edition(20)
        chosen = opened.mails()[-1]
        assert "Ferry runs on day 20" in text_of(chosen)
        assert "School wins prize 20" not in text_of(chosen)
        assert len(opened.mails()) == 3

        # Out: as a mail program does it, with nothing but the address in the header.
        (way_out,) = re.findall(r"<(http[^>]+)>", str(chosen["List-Unsubscribe"]))
        async with AsyncClient() as http:
            for _ in range(2):
                answer = await http.post(
                    way_out, content=str(chosen["List-Unsubscribe-Post"]), headers=FORM
                )
                assert answer.status_code == 200
        assert await opened.state() == "ended"
        await opened.edition(21)
        assert len(opened.mails()) == 3

        # Back: by the link of the same mail, and with what was chosen.
        await page.goto(opened.link(chosen, "leave"))
        assert await heading(page) == "You are unsubscribed from The Daily."
        await page.get_by_role("button", name="Subscribe again").click()
        assert await heading(page) == "You are subscribed to The Daily again."
        assert await opened.state() == "active"
        await opened.edition(22)
        again = opened.mails()[-1]
        assert len(opened.mails()) == 4
        assert "Ferry runs on day 22" in text_of(again)
        assert "School wins prize 22" not in text_of(again)

        # Forgotten: in no row, no mail, no file.
        assert files_with(tmp_path, ANN)
        await page.goto(opened.link(again, "preferences"))
        await page.locator("summary", has_text="Forget me").click()
        await page.locator("input[name=sure]").check()
        await page.get_by_role("button", name="Forget me").click()
        assert await page.get_by_role("status").count() == 1
        assert await opened.state() == "unknown"
        assert opened.mails() == []
        await opened.edition(23)
        assert opened.mails() == []
    assert files_with(tmp_path, ANN) == []
    assert [one for one in asked if not one.startswith(opened.url)] == []


# ------------------------------------------------------------------- how the pages look

_PLACES = re.compile(r"<optgroup.*</optgroup>", re.DOTALL)


async def pages(folder: Path) -> dict[str, str]:
    """Every page of joining and leaving: its name, and its HTML."""
    found: dict[str, str] = {}
    async with desk(folder, people=1) as room:
        http = room.http
        found["choose"] = (await http.get("/subscribe")).text
        found["subscribe"] = (await http.get("/subscribe/daily")).text
        found["all that can be chosen"] = found["subscribe"].replace("<details ", "<details open ")
        found["closed"] = (await http.get("/subscribe/inside")).text
        found["wrong"] = (await room.send(email="x", consent=None, hour="99", form="y")).text
        found["once more"] = (await room.send(stamp=None, name="Ann")).text
        found["asked"] = (await room.send()).text
        (mail,) = await room.mails()
        path = path_in(mail, "confirm")
        for name, method in (("confirm", "GET"), ("confirmed", "POST"), ("used", "GET")):
            found[name] = (await http.request(method, path)).text
        preferences, leave = await room.preferences_path(), await room.leave_path()
        found["preferences"] = (await http.get(preferences)).text
        found["not saved"] = await _post(http, preferences, "act=save&form=y&hour=99&timezone=x")
        found["arabic"] = (await http.get("/subscribe/daily?lang=ar")).text
        found["leave"] = (await http.get(leave)).text
        found["pause"] = await _post(http, leave, "act=pause&days=7")
        found["paused"] = (await http.get(preferences)).text
        found["left"] = await _post(http, leave, "")
        found["ended"] = (await http.get(preferences)).text
        found["no such link"] = (await http.get("/leave/x")).text
        found["unsure"] = await _post(http, preferences, "act=forget")
        found["forgotten"] = await _post(http, preferences, "act=forget&sure=1")
    # One list of all places of the world is enough: looking at twelve takes its time.
    few = {name: _PLACES.sub("", html) for name, html in found.items() if name != "subscribe"}
    return found | few


async def _post(http: AsyncClient, path: str, body: str) -> str:
    return (await http.post(path, content=body, headers=FORM)).text


@needs_axe
async def test_axe_finds_nothing_and_nothing_scrolls_sideways_on_the_way(tmp_path: Path) -> None:
    schemes: tuple[Scheme, ...] = ("light", "dark")
    over = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    faults = []
    async with open_page(375) as (page, asked):
        for name, html in (await pages(tmp_path)).items():
            file = tmp_path / "page.html"
            file.write_text(html)
            await page.goto(file.as_uri())
            await page.evaluate(AXE.read_text())
            for width, scheme in product((375, 1280), schemes):
                await page.set_viewport_size({"width": width, "height": 900})
                await page.emulate_media(color_scheme=scheme)
                told = await page.evaluate("axe.run(document, { resultTypes: ['violations'] })")
                faults += [
                    f"{name}, {width}, {scheme}: {one['id']}: {one['nodes'][0]['html'][:90]}"
                    for one in told["violations"]
                ]
                if await page.evaluate(over) > 0:
                    faults.append(f"{name}, {width}: scrolls sideways")
    assert faults == []
    assert {one for one in asked if not one.startswith("file:")} <= {f"{HERE}/pictures/icon.png"}


# -------------------------------------------------------------- in a page of another site

_ASKS = """async url => {
    const form = await (await fetch(url, { headers: { Accept: "application/json" } })).json();
    return [form.consent, form.stamp];
}"""
_SENDS = """async ([url, email, stamp]) => {
    const body = new URLSearchParams({ email, consent: "1", stamp });
    const asked = { method: "POST", headers: { Accept: "application/json" }, body };
    const answer = await fetch(url, asked);
    return [answer.status, (await answer.json()).asked];
}"""


def partner(url: str) -> Starlette:
    """Somebody else's page, with a form of its own that leads here."""
    form = f"""<!doctype html><title>Partner</title><form method="post" action="{url}">
    <input name="email" value="zoe@readers.example"><input name="consent" value="1"><button>Go
    </button></form>"""

    async def page(_: object) -> HTMLResponse:
        return HTMLResponse(form)

    return Starlette(routes=[Route("/", page)])


async def test_a_page_of_another_site_shows_the_form_if_it_may(tmp_path: Path) -> None:
    theirs = listening()
    port = theirs.getsockname()[1]
    allowed, stranger = f"http://127.0.0.1:{port}", f"http://localhost:{port}"
    async with house(tmp_path, embed_on=allowed) as opened:
        url = f"{opened.url}/subscribe/daily"
        async with served(partner(url), theirs), open_page(800) as (page, _):
            await page.goto(allowed)
            consent, stamp = await page.evaluate(_ASKS, url)
            assert consent.startswith("Send me The Daily")
            opened.now += BEFORE
            assert await page.evaluate(_SENDS, [url, ANN, stamp]) == [202, True]
            # What is wrong can be read there too.
            assert await page.evaluate(_SENDS, [url, "nobody", stamp]) == [422, False]
            await opened.tick()
            (mail,) = opened.mails()
            assert mail["To"] == ANN

            # Another name of the same machine is another site.
            await page.goto(stranger)
            told = "error => error.name + ': ' + error.message"
            for script, given in ((_ASKS, url), (_SENDS, [url, "zoe@readers.example", stamp])):
                failed = f"given => ({script})(given).catch({told})"
                assert await page.evaluate(failed, given) == "TypeError: Failed to fetch"
            await opened.tick()
            assert len(opened.mails()) == 1
            # Its plain form is shown once more, on our page, and sent from there.
            await page.get_by_role("button").click()
            assert page.url == url
            assert await heading(page) == "One more click"
            assert await page.get_by_label("Mail address").input_value() == "zoe@readers.example"
            opened.now += BEFORE
            await page.get_by_role("button", name="Subscribe").first.click()
            assert await heading(page) == "Look into your mailbox"
            await opened.tick()
            assert len(opened.mails()) == 2
