"""Leaving over HTTP: requirements.md M10, M12 and M14 from the mail to the database, and back."""

import asyncio
import re
from collections.abc import AsyncIterator
from datetime import date, timedelta
from email.message import Message
from pathlib import Path

import pytest
from httpx2 import Response
from sqlalchemy import text, update
from starlette.types import Message as Event

from digest import audience, collect, compose, deliver, pipeline
from digest.model import Barred
from digest.slots import slot_of
from digest.store import schema
from newsroom import write_day
from over_http import HERE
from signing_up import ANN, FORM, Desk, alerts, desk, dump, page_of, path_in, sent

ONE_CLICK = b"List-Unsubscribe=One-Click"


@pytest.fixture
async def room(tmp_path: Path) -> AsyncIterator[Desk]:
    """Ann gets the daily and the weekly, and so does somebody else."""
    async with desk(tmp_path, people=1) as opened:
        await opened.join()
        await audience.join(opened.app, (await opened.preferences_path()).split("/")[-1], "weekly")
        yield opened


async def edition(room: Desk, folder: Path) -> list[Message]:
    """Send an edition; the mails of it."""
    before = len(sent(room.app))
    write_day(folder)
    await collect.collect(room.app)
    daily = room.app.newsletter()
    record = await compose.compose(room.app, daily, slot_of(daily, date(2026, 5, 18)))
    await pipeline.approve(room.app, record.id)
    await deliver.deliver(room.app, record.id)
    return sent(room.app)[before:]


def way_out(mail: Message) -> str:
    """The path of the one https address of List-Unsubscribe."""
    told = str(mail["List-Unsubscribe"]).replace("\r\n", "").replace("\n", "")
    (url,) = re.findall(r"<(http[^>]+)>", told)
    return str(url).removeprefix(HERE)


async def click(room: Desk, path: str, **headers: str) -> Response:
    """What a mail program sends: the one field, no cookie, nothing else."""
    return await room.http.post(path, content=ONE_CLICK, headers=FORM | headers)


# --------------------------------------------------------------- requirements.md, by name


async def test_m10_the_address_in_the_header_of_the_mail_ends_that_subscription(
    room: Desk, tmp_path: Path
) -> None:
    mails = await edition(room, tmp_path)
    (mail,) = [one for one in mails if one["To"] == ANN]
    path = way_out(mail)
    token = path.rpartition("/")[2]
    assert len(token) >= 16
    assert "ann" not in token.lower()
    # The same as in both parts of the mail, where a person finds it.
    assert path_in(mail, "leave") == path
    answer = await click(room, path)
    assert answer.status_code == 200
    assert await room.states() == {"daily": "ended", "weekly": "active"}
    assert await room.states("reader1@example.com") == {"daily": "active"}


async def test_m12_get_and_head_change_nothing_on_any_page(room: Desk) -> None:
    confirm = await room.confirm_path(email="zoe@readers.example")
    paths = [
        await room.leave_path(),
        await room.preferences_path(),
        f"{await room.preferences_path()}?done=leave-all&act=leave-all&act=forget&sure=1",
        f"{await room.leave_path()}?List-Unsubscribe=One-Click",
        f"{await room.leave_path()}?act=back",
        f"{confirm}?act=confirm",
        confirm,
        f"/subscribe/daily?email={ANN}&consent=1&stamp={room.stamp()}",
        "/subscribe",
    ]
    before = await dump(room.app)
    for path in paths:
        for method in ("GET", "HEAD", "OPTIONS"):
            answer = await room.http.request(method, path)
            assert answer.status_code in (200, 204), (method, path)
            assert "set-cookie" not in answer.headers
        # A scanner that also says what it got.
        await room.http.request("GET", path, content=ONE_CLICK, headers=FORM)
    assert await dump(room.app) == before


_MULTIPART = (
    b'--x\r\nContent-Disposition: form-data; name="List-Unsubscribe"\r\n\r\nOne-Click\r\n--x--\r\n'
)


_BODIES = (
    ("application/x-www-form-urlencoded", ONE_CLICK),
    ("application/x-www-form-urlencoded; charset=UTF-8", ONE_CLICK),
    ("Application/X-WWW-Form-Urlencoded", ONE_CLICK.lower()),
    ("multipart/form-data; boundary=x", _MULTIPART),
    ("multipart/form-data", b"no boundary"),
    ("multipart/form-data; boundary=x", _MULTIPART[:40]),
    ("text/plain", ONE_CLICK),
    ("application/json", b'{"List-Unsubscribe": "One-Click"}'),
    ("", ONE_CLICK),
    ("", b""),
    ("application/x-www-form-urlencoded", b""),
    ("application/x-www-form-urlencoded", b"\xff\xfe%00%zz&&&==&%"),
    ("application/x-www-form-urlencoded", b"a=b&" * 400),
    ("application/x-www-form-urlencoded", b"a" * 100_000),
    ("application/octet-stream", b"\0" * 100_000),
)


async def test_m12_whatever_body_is_posted_it_leaves(room: Desk) -> None:
    path = await room.leave_path()
    for kind, body in _BODIES:
        headers = {"Content-Type": kind} if kind else {}
        answer = await room.http.post(path, content=body, headers=headers)
        assert (answer.status_code, kind, body[:40]) == (200, kind, body[:40])
        assert (await room.states())["daily"] == "ended"
        await audience.back(room.app, path.split("/")[-1])


async def test_m12_neither_cookie_nor_context_is_asked_for_and_nothing_redirects(
    room: Desk,
) -> None:
    path = await room.leave_path()
    strange = {
        "Origin": "https://mail.provider.example",
        "Referer": "https://mail.provider.example/inbox",
        "Cookie": "a=b",
        "User-Agent": "",
        "Accept": "*/*",
        "Sec-Fetch-Site": "cross-site",
        "Host": "mail-gateway.example",
    }
    for headers in ({}, strange):
        answer = await click(room, path, **headers)
        assert (answer.status_code, answer.is_redirect) == (200, False)
        assert "location" not in answer.headers
        assert "set-cookie" not in answer.headers
        assert answer.headers["cache-control"] == "no-store"
    async with room.client("2001:db8::77") as http:
        assert (await http.post(path, content=ONE_CLICK, headers=FORM)).status_code == 200


async def test_m12_twice_and_both_at_once_is_the_same_as_once(room: Desk) -> None:
    path = await room.leave_path()
    answers = await asyncio.gather(*(click(room, path) for _ in range(4)))
    assert {answer.status_code for answer in answers} == {200}
    once = await dump(room.app)
    answer = await click(room, path)
    assert answer.status_code == 200
    assert await dump(room.app) == once
    person = await room.person()
    assert person is not None
    ends = [one for one in person.changes if (one.newsletter, one.state) == ("daily", "ended")]
    assert [one.cause for one in ends] == ["one-click"]


async def test_m12_a_forged_token_changes_nothing_and_says_what_to_do(room: Desk) -> None:
    path = await room.leave_path()
    other = type(room.app.links)(HERE, b"x" * 32)
    before = await dump(room.app)
    for forged in (
        path[:-3],
        path[:-1] + ("A" if path[-1] != "A" else "B"),
        path[:7] + path[7:].swapcase(),
        "/leave/" + (await room.preferences_path()).split("/")[-1],
        f"/leave/{other.leave_token('daily', await room.reader())}",
        "/leave/%00%ff",
    ):
        for answer in (await click(room, forged), await room.http.get(forged)):
            assert answer.status_code == 404
            assert "Use the whole link at the foot of your mail." in answer.text
            assert answer.headers["cache-control"] == "no-store"
    assert await dump(room.app) == before


async def test_m14_letters_say_that_a_program_wrote_them_and_editions_do_not(
    room: Desk, tmp_path: Path
) -> None:
    await room.send(email="zoe@readers.example")
    # Somebody who gets it already, and somebody who asks what is kept.
    room.now += timedelta(days=2)
    await room.send(email=ANN)
    await room.http.post(await room.preferences_path(), content="act=data", headers=FORM)
    letters = await room.mails()
    assert len(letters) == 4
    for mail in letters:
        assert mail["Auto-Submitted"] == "auto-generated"
        assert "List-Unsubscribe" not in mail
    for mail in await edition(room, tmp_path):
        assert mail["Auto-Submitted"] in (None, "no")


# ------------------------------------------------------------------ the page of leaving


async def test_one_click_needs_the_subscription_alone(room: Desk) -> None:
    # Whatever is chosen, and whatever there is to choose from, is not looked at first.
    path = await room.leave_path()
    broken = {"sections": '["gone", "sport"]', "frequency": "daily"}
    async with room.app.db.write() as conn:
        await conn.execute(update(schema.subscription).values(**broken))
        await conn.execute(text("UPDATE subscriber SET language = 'xx', timezone = 'UTC'"))
    assert (await click(room, path)).status_code == 200
    assert (await room.states())["daily"] == "ended"


async def test_a_person_s_click_and_a_mail_program_s_are_told_apart(room: Desk) -> None:
    page = page_of(await room.http.get(await room.leave_path()))
    assert [form.method for form in page.forms] == ["POST", "POST"]
    answer = await click(room, await room.leave_path(), **{"Sec-Fetch-Mode": "navigate"})
    assert "You are unsubscribed from The Daily." in answer.text
    person = await room.person()
    assert person is not None
    assert person.changes[-1].cause == "page"


async def test_who_has_left_sees_so_and_may_come_back(room: Desk) -> None:
    path = await room.leave_path()
    await click(room, path)
    page = page_of(await room.http.get(path))
    assert "You are unsubscribed from The Daily." in page.findtext(".//h1")
    # The weekly goes on, and is said to.
    assert "The Weekly" in page.xpath("//*[@role='status']")[0].text_content()
    assert [dict(form.form_values())["act"] for form in page.forms] == ["leave-all", "back"]
    shown = page.find(".//main").text_content()
    answer = await room.http.post(path, content="act=back", headers=FORM)
    assert answer.status_code == 200
    assert "You are subscribed to The Daily again." in answer.text
    assert (await room.states())["daily"] == "active"
    person = await room.person()
    assert person is not None
    consent = person.subscriptions[0].consent
    assert consent is not None
    assert consent.given == "link in a mail"
    # What is kept as evidence is what stood beside the button.
    assert consent.wording in shown


async def test_who_has_left_one_leaves_all_by_one_more_button_however_often(room: Desk) -> None:
    path = await room.leave_path()
    await click(room, path)
    for _ in range(2):
        answer = await room.http.post(path, content="act=leave-all", headers=FORM)
        assert answer.status_code == 200
        assert "You are unsubscribed from everything." in answer.text
        assert await room.states() == {"daily": "ended", "weekly": "ended"}
    page = page_of(await room.http.get(path))
    assert "No further edition will be sent to you." in page.text_content()
    assert [dict(form.form_values())["act"] for form in page.forms] == ["back"]
    assert await room.states("reader1@example.com") == {"daily": "active"}


async def test_no_other_site_has_a_browser_press_a_button_but_the_one_that_leaves(
    room: Desk,
) -> None:
    path, before = await room.leave_path(), await dump(room.app)
    elsewhere = FORM | {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate"}
    for act in ("pause&days=7", "leave-all", "back"):
        answer = await room.http.post(path, content=f"act={act}", headers=elsewhere)
        assert answer.status_code == 403
        assert "a page of another site" in alerts(answer)
        assert await dump(room.app) == before
    assert (await room.http.post(path, content=ONE_CLICK, headers=elsewhere)).status_code == 200
    assert (await room.states())["daily"] == "ended"


async def test_a_pause_is_an_answer_too(room: Desk) -> None:
    path = await room.leave_path()
    answer = await room.http.post(path, content="act=pause&days=30", headers=FORM)
    assert answer.status_code == 200
    assert "June 17, 2026" in answer.text
    assert (await room.states())["daily"] == "paused"


async def test_no_pause_is_made_of_nonsense_and_nobody_leaves_by_it(room: Desk) -> None:
    before = await dump(room.app)
    path = await room.leave_path()
    for days in ("", "0", "366", "-5", "1e2", "99999", "x" * 400):
        answer = await room.http.post(path, content=f"act=pause&days={days}", headers=FORM)
        assert answer.status_code == 409
        assert "1 to 365 days" in alerts(answer)
    assert await dump(room.app) == before


async def test_who_has_left_cannot_pause_and_is_told_how_things_are(room: Desk) -> None:
    path = await room.leave_path()
    await click(room, path)
    answer = await room.http.post(path, content="act=pause&days=7", headers=FORM)
    assert answer.status_code == 409
    assert "You are unsubscribed from The Daily." in answer.text
    assert (await room.states())["daily"] == "ended"


async def test_who_is_never_to_be_mailed_is_told_why_they_cannot_come_back(room: Desk) -> None:
    path = await room.leave_path()
    await click(room, path)
    await audience.suppress(room.app, ANN, Barred.COMPLAINT)
    before = await dump(room.app)
    answer = await room.http.post(path, content="act=back", headers=FORM)
    assert answer.status_code == 409
    assert "nothing is ever mailed to this address" in alerts(answer)
    assert await dump(room.app) == before


async def test_a_newsletter_that_is_no_more_is_left_and_not_come_back_to(room: Desk) -> None:
    gone = room.app.links.leave_url("gone", await room.reader()).removeprefix(HERE)
    # Never subscribed to it: whoever asks to leave it has left it.
    assert (await click(room, gone)).status_code == 200
    assert (await room.http.get(gone)).status_code == 404
    async with room.app.db.write() as conn:
        await conn.execute(text("PRAGMA defer_foreign_keys = ON"))
        for table in (schema.subscription, schema.change, schema.consent):
            of_daily = update(table).where(table.c.newsletter == "daily")
            await conn.execute(of_daily.values(newsletter="gone"))
    page = await room.http.get(gone)
    assert (page.status_code, len(page_of(page).forms)) == (200, 1)
    # Its preferences cannot be shown; leaving is still a click away.
    wishes = room.app.links.preferences_url("gone", await room.reader()).removeprefix(HERE)
    answer = await room.http.get(wishes)
    assert answer.status_code == 404
    assert page_of(answer).xpath("//main//a[@class='button']/@href") == [f"{HERE}{gone}"]
    assert (await click(room, gone)).status_code == 200
    assert (await room.states())["gone"] == "ended"
    answer = await room.http.post(gone, content="act=back", headers=FORM)
    assert answer.status_code == 409
    assert (await room.states())["gone"] == "ended"


async def test_who_was_forgotten_has_left_by_every_link_and_is_not_there(room: Desk) -> None:
    leave, preferences = await room.leave_path(), await room.preferences_path()
    answer = await room.http.post(preferences, content="act=forget&sure=1", headers=FORM)
    assert answer.status_code == 200
    before = await dump(room.app)
    assert (await room.http.get(leave)).status_code == 404
    answer = await click(room, leave)
    assert answer.status_code == 200
    assert "/preferences/" not in answer.text
    assert "<form" not in answer.text
    assert (await room.http.post(leave, content="act=leave-all", headers=FORM)).status_code == 200
    for content in ("act=back", "act=pause&days=7"):
        answer = await room.http.post(leave, content=content, headers=FORM)
        assert answer.status_code == 404
    for content in ("act=save", "act=back", "act=data", "act=forget&sure=1", ""):
        answer = await room.http.post(preferences, content=content, headers=FORM)
        assert answer.status_code == 404
    assert await dump(room.app) == before


async def test_a_body_that_breaks_off_or_never_ends_is_no_click(room: Desk) -> None:
    path = await room.leave_path()
    room.patient(patience_s=0.02)
    before = await dump(room.app)
    for ends in (False, True):
        status, _ = await post_slowly(room, path, b"List-Unsub", ends=ends)
        assert status == (400 if ends else 408)
    assert await dump(room.app) == before


async def post_slowly(room: Desk, path: str, begun: bytes, *, ends: bool) -> tuple[int, bytes]:
    """A body of which more is to come: nothing comes, or (*ends*) the client hangs up."""
    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": "POST",
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "root_path": "",
        "query_string": b"",
        "headers": [(b"host", b"localhost"), (b"content-type", FORM["Content-Type"].encode())],
        "client": ("192.0.2.7", 4711),
        "server": ("localhost", 8025),
    }
    told: list[Event] = [{"type": "http.request", "body": begun, "more_body": True}]
    if ends:
        told.append({"type": "http.disconnect"})
    said: list[Event] = []

    async def receive() -> Event:
        if not told:
            await asyncio.Event().wait()
        return told.pop(0)

    async def send(event: Event) -> None:
        said.append(event)

    await room.site(scope, receive, send)
    headers = dict(said[0]["headers"])
    assert headers[b"connection"] == b"close"
    return said[0]["status"], said[1]["body"]


async def test_mails_sent_to_who_left_do_not_come_any_more(room: Desk, tmp_path: Path) -> None:
    await click(room, await room.leave_path())
    (mail,) = await edition(room, tmp_path)
    assert mail["To"] == "Reader 1 <reader1@example.com>"
