"""The outbox: the page on which a newcomer sees the first mails, for everybody's eyes."""

from base64 import b64decode
from collections.abc import AsyncIterator
from email.message import EmailMessage
from pathlib import Path

import pytest
from lxml import html

from browser import AXE, Scheme, needs_axe, needs_browser, open_page
from digest.app import App
from newsroom import open_newsroom, write_config
from over_http import client_of
from site_served import served

OVER = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
LONG = "Ferry " + "Donaudampfschifffahrtsgesellschaftskapitän" * 4
PIXEL = b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)


def mail(subject: str, *, with_html: bool = True) -> bytes:
    made = EmailMessage()
    made["Subject"] = subject
    made["Date"] = "Mon, 18 May 2026 04:00:00 +0000"
    made["To"] = "Ann <ann@example.com>"
    made.set_content("The ferry runs.")
    if with_html:
        made.add_alternative('<p>The ferry <b>runs</b>.</p><img src="cid:a.1" alt="">', "html")
        shown = made.get_body(("html",))
        assert shown is not None
        shown.add_related(PIXEL, "image", "png", cid="<a.1>")
    return made.as_bytes()


def put(outbox: Path, second: int, octets: bytes, *, to: str = "ann@example.com") -> None:
    """As the relay keeps it; of another program without *to*."""
    (outbox / "new").mkdir(parents=True, exist_ok=True)
    first = f"Delivered-To: {to}\r\n".encode() if to else b""
    (outbox / "new" / f"{second}.M1P1Q1.digest").write_bytes(first + octets)


@pytest.fixture
async def app(tmp_path: Path) -> AsyncIterator[App]:
    write_config(tmp_path)
    async with open_newsroom(tmp_path) as opened:
        yield opened


async def page_of(app: App) -> html.HtmlElement:
    async with client_of(app, client="127.0.0.1") as http:
        answer = await http.get("/outbox")
    assert (answer.status_code, answer.headers["cache-control"]) == (200, "no-store")
    return html.document_fromstring(answer.text)


async def test_the_newest_mail_comes_first_and_says_what_to_whom_and_when(app: App) -> None:
    put(app.outbox, 100, mail("Monday <1>"))
    put(app.outbox, 300, mail("Wednesday"), to="cem@example.com")
    put(app.outbox, 200, mail("Tuesday", with_html=False), to="bo@example.com")
    page = await page_of(app)
    rows = page.xpath("//main/ul/li")
    assert [row.xpath("string(h2)") for row in rows] == ["Wednesday", "Tuesday", "Monday <1>"]
    assert [row.xpath("string(.//dd[1])") for row in rows] == [
        f"{name}@example.com" for name in ("cem", "bo", "ann")
    ]
    assert set(page.xpath("//time/@datetime")) == {"2026-05-18T04:00:00+00:00"}
    forms = [[link.text for link in row.xpath("ul//a")] for row in rows]
    assert forms == [
        ["As HTML", "As text", "Source"],
        ["As text", "Source"],
        ["As HTML", "As text", "Source"],
    ]
    assert "3 mails" in page.xpath("string(//header)")
    async with client_of(app, client="127.0.0.1") as http:
        for link in page.xpath("//main//a/@href"):
            assert (await http.get(f"/{link}")).status_code == 200


async def test_pictures_inside_a_mail_are_shown_with_it(app: App) -> None:
    put(app.outbox, 100, mail("Monday"))
    async with client_of(app, client="127.0.0.1") as http:
        shown = (await http.get("/outbox/100.M1P1Q1.digest/html")).text
    assert "cid:" not in shown
    assert '<img src="data:image/png;base64,iVBOR' in shown


async def test_what_another_program_put_there_is_shown_as_far_as_it_can_be(app: App) -> None:
    put(app.outbox, 100, b"Subject: caf\xe9 \xff\r\nDate: never\r\n\r\nhello", to="")
    put(app.outbox, 200, b"", to="")
    page = await page_of(app)
    nameless, odd = page.xpath("//main/ul/li")
    assert nameless.xpath("string(h2)") == "(no subject)"
    assert odd.xpath("string(h2)").startswith("caf")
    assert page.xpath("//time") == []


async def test_before_the_first_mail_the_page_says_how_there_will_be_one(app: App) -> None:
    page = await page_of(app)
    assert "digest run" in page.xpath("string(//main)")
    assert "No mails" in page.xpath("string(//header)")


async def test_of_very_many_the_newest_are_shown(app: App) -> None:
    octets = mail("Monday", with_html=False)
    for number in range(201):
        put(app.outbox, 1000 + number, octets)
    page = await page_of(app)
    assert len(page.xpath("//main/ul/li")) == 200
    assert "The newest 200 mails" in page.xpath("string(//header)")


@needs_browser
@needs_axe
async def test_axe_finds_nothing_and_nothing_scrolls_sideways(tmp_path: Path) -> None:
    write_config(tmp_path)
    for number, subject in enumerate(("The Daily", LONG, "العبّارة تبحر من جديد", "Ще раз")):
        put(tmp_path / "data" / "outbox", 100 + number, mail(subject))
    found: dict[str, list[str]] = {}
    schemes: tuple[Scheme, ...] = ("light", "dark")
    with served(tmp_path) as site:
        for scheme in schemes:
            async with open_page(375, scheme) as (page, _):
                await page.goto(f"{site.url}/outbox")
                assert await page.locator("main > ul > li").count() == 4
                await page.evaluate(AXE.read_text())
                told = await page.evaluate("axe.run(document)")
                found[scheme] = [one["id"] for one in told["violations"]]
                for width in (320, 375, 1280):
                    await page.set_viewport_size({"width": width, "height": 900})
                    if await page.evaluate(OVER) > 0:
                        found[f"{scheme} {width}"] = ["it scrolls sideways"]
    assert {name: faults for name, faults in found.items() if faults} == {}
