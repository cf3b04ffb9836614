"""The ways to abuse a newsletter's pages, each by its name, and what becomes of the attempt."""

import asyncio
import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from email.utils import getaddresses
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from httpx2 import Response
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from starlette.types import Message

from digest import audience, joining
from digest.model import Barred
from digest.render.links import Links
from over_http import HERE
from signing_up import (
    AFTER,
    ANN,
    FORM,
    JSON,
    Desk,
    desk,
    dump,
    page_of,
    path_in,
    sent,
    statements,
    text_of,
)

PARTNER = "https://www.partner.example"
EVIL = "evil.example"


@pytest.fixture
async def room(tmp_path: Path) -> AsyncIterator[Desk]:
    async with desk(tmp_path, people=3, audience=f'embed_on = ["{PARTNER}"]') as opened:
        yield opened


READER, OTHER = "reader1@example.com", "reader2@example.com"


async def every_token(room: Desk, links: Links) -> dict[str, str]:
    """A genuine token for each door, and of the purposes that have no door here."""
    reader = await room.reader(READER)
    return {
        "leave": links.leave_token("daily", reader),
        "preferences": links.preferences_token("daily", reader),
        "confirm": links.confirm_token(1, until=room.now + timedelta(days=7)),
        "form": links.form_stamp(room.now - AFTER),
        "go": links.go_url("daily@2026-05-18T0700", "https://desk.example/a").split("/")[-1],
    }


DOORS = ("leave", "preferences", "confirm")
BODIES = (b"List-Unsubscribe=One-Click", b"act=leave-all", b"act=forget&sure=1", b"act=back", b"")


async def knock(room: Desk, door: str, token: str) -> set[int]:
    """All that can be done at a door; the statuses that it is answered with."""
    path = f"/{door}/{token}"
    answers = [await room.http.post(path, content=body, headers=FORM) for body in BODIES]
    return {answer.status_code for answer in [*answers, await room.http.get(path)]}


# --------------------------------------------------------------- token forgery and reuse


async def test_token_reuse_a_token_of_one_purpose_opens_no_other_door(room: Desk) -> None:
    await room.confirm_path()
    tokens = await every_token(room, room.app.links)
    before = await dump(room.app)
    for door, (purpose, token) in product(DOORS, tokens.items()):
        if door != purpose:
            assert await knock(room, door, token) == {404}, (door, purpose)
    # Nor is one of them a stamp.
    for purpose, token in tokens.items():
        if purpose != "form":
            assert "One more click" in (await room.send(stamp=token)).text
    assert await dump(room.app) == before


async def test_token_forgery_no_bit_of_a_token_can_be_changed(room: Desk) -> None:
    await room.confirm_path()
    tokens = await every_token(room, room.app.links)
    before = await dump(room.app)
    for door in DOORS:
        octets = bytearray(urlsafe_b64decode(tokens[door] + "=" * (-len(tokens[door]) % 4)))
        for place in range(len(octets)):
            octets[place] ^= 1 << place % 8
            forged = urlsafe_b64encode(octets).rstrip(b"=").decode()
            octets[place] ^= 1 << place % 8
            answer = await room.http.post(f"/{door}/{forged}", content=BODIES[2], headers=FORM)
            assert answer.status_code == 404
    assert await dump(room.app) == before


async def test_token_forgery_only_the_spelling_that_was_mailed_is_a_token(room: Desk) -> None:
    tokens = await every_token(room, room.app.links)
    before = await dump(room.app)
    for door in ("leave", "preferences"):
        token = tokens[door]
        spellings = (
            *(f"{token}=", f"{token}==", f"{token}A", token[:-1], token.swapcase(), token[::-1]),
            *(f"%20{token}", f"{token}%0A", f"{token}%00", f"{token}/"),
            "A" * 9_000,
            token.replace("-", "+").replace("_", "%2F") + "%3D",
        )  # fmt: skip
        for spelled in spellings:
            assert await knock(room, door, spelled) <= {404, 405}, (door, spelled)
    assert await dump(room.app) == before


async def test_token_forgery_another_installation_s_key_opens_nothing(room: Desk) -> None:
    tokens = await every_token(room, Links(HERE, b"another key of another house"))
    before = await dump(room.app)
    for door in DOORS:
        assert await knock(room, door, tokens[door]) == {404}
    assert await dump(room.app) == before


async def test_token_reuse_one_person_s_link_reaches_nobody_else(room: Desk) -> None:
    before = (await dump(room.app))["subscription"]
    path = await room.preferences_path(READER)
    for body in (b"act=save&form=text&language=uk", b"act=pause&days=9", b"act=leave-all"):
        # Whatever else the form names, the link alone says who it is.
        more = f"&email={OTHER}&id=2&subscriber_id=2&newsletter=daily".encode()
        await room.http.post(path, content=body + more, headers=FORM)
    await room.http.post(path, content=b"act=forget&sure=1", headers=FORM)
    assert await room.person(READER) is None
    assert await room.states(OTHER) == {"daily": "active"}
    assert len(set(before) & set((await dump(room.app))["subscription"])) == 2


async def test_token_reuse_a_confirmation_is_good_once_and_for_its_days(room: Desk) -> None:
    path = await room.confirm_path()
    # Pressed twice it says the same and does nothing more.
    for later, status, does in ((8, 404, 0), (0, 200, 1), (0, 200, 0), (8, 404, 0)):
        room.now += timedelta(days=later)
        before = await dump(room.app)
        assert (await room.http.post(path)).status_code == status
        assert (await dump(room.app) == before) == (not does)
        room.now -= timedelta(days=later)
    # Whoever has left since is not brought back by it.
    await room.http.post(await room.leave_path())
    assert (await room.http.post(path)).status_code == 404
    assert await room.states() == {"daily": "ended"}


async def test_token_reuse_no_link_outlives_who_was_forgotten(room: Desk) -> None:
    confirm = await room.confirm_path(email=READER, to="/subscribe/weekly")
    tokens = {
        "leave": (await room.leave_path(READER)).split("/")[-1],
        "preferences": (await room.preferences_path(READER)).split("/")[-1],
        "confirm": confirm.split("/")[-1],
    }
    path = f"/preferences/{tokens['preferences']}"
    await room.http.post(path, content=b"act=forget&sure=1", headers=FORM)
    before = await dump(room.app)
    for door, token in tokens.items():
        # To leave is what they have done.
        assert await knock(room, door, token) <= ({200, 404} if door == "leave" else {404})
    assert await dump(room.app) == before
    # And whoever comes next has links of their own.
    await room.join("zoe@readers.example")
    for door, token in tokens.items():
        await knock(room, door, token)
    assert await room.states("zoe@readers.example") == {"daily": "active"}


async def test_token_reuse_an_old_letter_confirms_no_new_person(room: Desk) -> None:
    path = await room.confirm_path()
    await audience.suppress(room.app, ANN, Barred.REQUEST)
    assert (await room.http.post(path)).status_code == 404
    assert await room.states() == {"daily": "pending"}


# ------------------------------------------------------------------------ stamp replay


async def test_stamp_replay_one_stamp_is_good_for_a_few_forms(room: Desk) -> None:
    stamp = room.stamp()
    answers = [await room.send(stamp=stamp, email=f"a{n}@readers.example") for n in range(9)]
    assert ["One more click" in answer.text for answer in answers] == [False] * 5 + [True] * 4
    assert await room.waiting() == 5
    room.now += timedelta(days=2)
    assert "One more click" in (await room.send(stamp=stamp)).text
    assert await room.waiting() == 5


# -------------------------------------------------------------------- header injection

_NASTY = (
    "Ann\r\nBcc: victim@readers.example",
    "Ann\nX-Injected: 1\n\nbody",
    "Ann\rX-Injected: 1",
    "Ann\x0b\x0c\x1c\x1d\x85\u2028\u2029X-Injected: 1",
    "=?utf-8?Q?Ann=0D=0ABcc=3A_victim=40readers.example?=",
    '"Ann" <victim@readers.example>, ',
    "Ann\x00\x1b]0;\x7f",
    "\u202eexe.nnA\u200b\u200d",
    "{{ subscriber.email }}[[ key ]]",
    "A" * 5_000,
)


async def test_header_injection_by_name(room: Desk) -> None:
    for n, name in enumerate(_NASTY):
        room.now += timedelta(days=2)
        await room.join(f"ann{n}@readers.example", name=name)
        room.patient()
        body = b"act=data"
        path = await room.preferences_path(f"ann{n}@readers.example")
        await room.http.post(path, content=body, headers=FORM)
    mails = await room.mails()
    assert len(mails) == 2 * len(_NASTY)
    for mail in mails:
        assert set(map(str.lower, mail.keys())) <= {
            *("from", "to", "subject", "date", "message-id", "mime-version", "content-type"),
            *("auto-submitted", "content-transfer-encoding", "reply-to", "list-id", "feedback-id"),
            *("x-auto-response-suppress", "precedence", "dkim-signature"),
        }
        # Of a name that looks like more there is a name left, and one address.
        ((_, address),) = getaddresses([str(mail["To"])])
        assert re.fullmatch(r"ann\d@readers\.example", address)
        del mail["To"]
        assert "victim" not in " ".join(str(value) for value in mail.values())


async def test_header_injection_by_address(room: Desk) -> None:
    addresses = (
        "ann@readers.example\r\nBcc: victim@readers.example",
        "ann@readers.example\nRCPT TO:<victim@readers.example>",
        "ann@readers.example%0aBcc:victim@readers.example",
        "ann@readers.example, victim@readers.example",
        "<ann@readers.example>",
        '"ann\r\nBcc: victim"@readers.example',
        "=?utf-8?q?ann?=@readers.example\r\n",
        "ann@readers.example\x00",
        "ann@[127.0.0.1]",
        "ann@localhost",
        "ann@readers.example\u2028x",
        "ann\u202e@readers.example",
    )  # fmt: skip
    for address in addresses:
        answer = await room.send(email=address)
        # What is only spaces around an address is no part of it.
        assert answer.status_code in (200, 422), address
        assert "victim" not in str(answer.headers)
    mails = await room.mails()
    assert [mail["To"] for mail in mails] == ["=?utf-8?q?ann?=@readers.example"] * len(mails)
    for mail in mails:
        assert "Bcc" not in mail
        assert "victim" not in str(mail)


async def test_header_injection_by_language_newsletter_or_path(room: Desk) -> None:
    for path in (
        "/subscribe?lang=de%0d%0aSet-Cookie:%20a=b",
        "/subscribe/daily?lang=de%0d%0aX-Injected:%201",
        "/subscribe/daily%0d%0aX-Injected:%201",
        "/leave/x%0d%0aX-Injected:%201",
        f"{await room.preferences_path(READER)}?done=join&joined=x%0d%0aX-Injected:%201",
    ):
        answer = await room.http.get(path)
        assert "x-injected" not in answer.headers
        assert "set-cookie" not in answer.headers
    body = "act=join&newsletter=weekly%0d%0aX-Injected:%201"
    answer = await room.http.post(await room.preferences_path(READER), content=body, headers=FORM)
    assert answer.status_code == 409
    assert "x-injected" not in answer.headers


# ------------------------------------------------------------------------------- CSRF


async def test_csrf_a_form_sent_by_another_site_is_shown_once_more(room: Desk) -> None:
    strangers: tuple[dict[str, str], ...] = (
        {"Sec-Fetch-Site": "cross-site", "Origin": f"https://{EVIL}"},
        {"Sec-Fetch-Site": "cross-site", "Origin": "null"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Origin": f"https://{EVIL}"},
        {"Origin": f"http://localhost:8025.{EVIL}"},
    )
    before = await dump(room.app)
    for headers in strangers:
        answer = await room.send(headers=headers)
        assert (answer.status_code, "One more click" in answer.text) == (200, True)
        assert "set-cookie" not in answer.headers
    assert await dump(room.app) == before
    # Our own page, as browsers of today and of before send it; behind a proxy, too.
    for n, own in enumerate(
        (
            {"Sec-Fetch-Site": "same-origin", "Origin": "null"},
            {"Origin": "null"},
            {"Origin": HERE},
            {"Origin": HERE, "Host": "127.0.0.1:8025"},
            {"Origin": "http://quay.example", "Host": "quay.example"},
            {"Sec-Fetch-Site": "cross-site", "Origin": PARTNER},
        )
    ):
        answer = await room.send(headers=own, email=f"a{n}@readers.example")
        assert "One more click" not in answer.text, own
    assert await room.waiting() == 6


async def test_csrf_pages_behind_a_link_hold_no_cookie_and_need_none(room: Desk) -> None:
    confirm = await room.confirm_path()
    paths = (await room.leave_path(READER), await room.preferences_path(READER), confirm)
    for path in paths:
        answer = await room.http.get(path, headers={"Cookie": "session=1"})
        assert "set-cookie" not in answer.headers
        assert "cookie" not in answer.headers.get("vary", "").lower()
        # No other page can show it in a frame, or learn its address from a link on it.
        assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]
        assert answer.headers["referrer-policy"] == "no-referrer"
        # Nothing but the link says who it is: without it there is nothing to send to.
        bare = path.rpartition("/")[0]
        for bare_path in (bare, f"{bare}/"):
            answer = await room.http.post(bare_path, content=BODIES[2], headers=FORM)
            assert answer.status_code in (404, 405)


# ----------------------------------------------------------------------- open redirect


async def test_open_redirect_no_answer_leads_to_another_site(tmp_path: Path) -> None:
    async with desk(tmp_path, people=1, weekly=False) as room:
        preferences = await room.preferences_path(READER)
        leave = await room.leave_path(READER)
        more = (
            f"next=https://{EVIL}/&lang=//{EVIL}&newsletter=//{EVIL}&joined=//{EVIL}&url=//{EVIL}"
        )
        paths = [
            *("/subscribe", f"/subscribe?{more}", f"/subscribe?//{EVIL}", f"//{EVIL}/subscribe"),
            *(f"/subscribe/{EVIL}", f"/subscribe//{EVIL}", f"/subscribe/https://{EVIL}"),
            *(f"/subscribe/%2f%2f{EVIL}", f"/subscribe/daily?{more}", "/subscribe/daily/"),
            *(f"{leave}?{more}", f"{preferences}?{more}", f"{preferences}/", f"/confirm/x?{more}"),
            *(f"//{EVIL}/%2e%2e", f"/%5c{EVIL}", f"/leave//{EVIL}", f"/preferences/..//{EVIL}"),
        ]
        bodies = (b"", b"act=resume", f"act=join&newsletter=//{EVIL}".encode(), more.encode())
        seen = []
        for path, host in product(paths, ("localhost:8025", EVIL, f"localhost@{EVIL}")):
            headers = {"Host": host, "X-Forwarded-Host": EVIL, "Referer": f"https://{EVIL}/"}
            answers = [await room.http.get(HERE + path, headers=headers)]
            for body in bodies:
                answers.append(
                    await room.http.post(HERE + path, content=body, headers=headers | FORM)
                )
            seen += [one.headers["location"] for one in answers if "location" in one.headers]
        assert seen
        for where in seen:
            # A query, or a path from where they are: no scheme, no host, no backslash.
            assert re.fullmatch(r"\?done=[a-z-]+(&joined=[a-z-]+)?|subscribe/daily(\?.*)?", where)


# ------------------------------------------------------------------------- enumeration


def seen_of(answer: Response, typed: str) -> tuple[int, dict[str, str], str]:
    """Everything that an answer tells, but for the stamp that every form has its own of.

    Args:
        typed: the address, which is shown as it was sent, whoever's it is.
    """
    text = re.sub(r'name="stamp" value="[^"]*"', "", answer.text).replace(typed, "")
    headers = {name: said for name, said in answer.headers.items() if name != "content-length"}
    return answer.status_code, headers, text


async def everybody(room: Desk) -> list[str]:
    """Addresses that stand in every way that there is, and one that nobody knows."""
    app = room.app
    for n, kind in enumerate(("pending", "paused", "ended", "left", "forgotten")):
        email = f"{kind}@readers.example"
        if kind == "pending":
            room.patient()
            await room.send(email=email)
            continue
        await room.join(email)
        path = await room.preferences_path(email)
        acts = {"paused": "act=pause&days=9", "forgotten": "act=forget&sure=1"}
        body = acts.get(kind, "act=leave-all")
        assert (await room.http.post(path, content=body, headers=FORM)).status_code in (200, 303)
        room.now += timedelta(minutes=n)
    await room.mails()
    causes = [cause for cause in Barred if cause is not Barred.ERASED]
    for cause in causes:
        await audience.suppress(app, f"{cause}@readers.example", cause)
    await audience.suppress(app, "barred.example", Barred.ADMIN)
    room.patient()
    room.now += timedelta(days=2)
    known = ["pending", "paused", "ended", "left", "forgotten", *causes]
    return [
        "nobody@readers.example",
        *(f"{one}@readers.example" for one in known),
        *(READER, READER.upper(), "ann@barred.example", "ann@below.barred.example"),
    ]


async def test_enumeration_every_address_is_answered_the_same(room: Desk) -> None:
    addresses = await everybody(room)
    before = await room.waiting()
    for headers in ({}, JSON):
        pages = set()
        for address in addresses:
            room.patient()
            answer = await room.send(email=address, headers=headers)
            status, told, text = seen_of(answer, address)
            pages.add((status, tuple(told.items()), text))
        assert len(pages) == 1
    assert await room.waiting() == before + 2 * len(addresses)


async def test_enumeration_by_timing_every_address_costs_the_same_statements(room: Desk) -> None:
    addresses = await everybody(room)
    costs: dict[str, list[str]] = {}
    rows = []
    for address in addresses:
        room.patient()
        before = await dump(room.app)
        with statements() as told:
            assert (await room.send(email=address)).status_code == 200
        costs[address] = list(told)
        after = await dump(room.app)
        rows.append({name: len(after[name]) - len(before[name]) for name in after})
    # One row in one table, by the same words to the database, in the same order.
    assert set(map(tuple, costs.values())) == {tuple(costs[addresses[0]])}
    assert 0 < len(costs[addresses[0]]) < 12
    assert all(row == rows[0] for row in rows)
    assert {name: n for name, n in rows[0].items() if n} == {"signup": 1}


async def test_enumeration_what_others_sent_in_is_not_to_be_seen(room: Desk) -> None:
    async with room.client("198.51.100.7") as http:
        for _ in range(9):
            await room.send(http=http)
    nobody = "nobody@readers.example"
    told = seen_of(await room.send(), ANN)
    assert seen_of(await room.send(email=nobody), nobody) == told


async def test_enumeration_faults_are_of_the_form_and_not_of_the_person(room: Desk) -> None:
    addresses = await everybody(room)
    wrong: tuple[dict[str, Any], ...] = (
        *({"consent": None}, {"hour": "99"}, {"stamp": ""}, {"website": "x"}),
    )
    for fields in wrong:
        seen = set()
        for address in addresses:
            room.patient()
            status, _, text = seen_of(await room.send(email=address, **fields), address)
            seen.add((status, text))
        assert len(seen) == 1


# ----------------------------------------------------------------------------- bombing


async def test_bombing_a_hundred_forms_for_one_address_are_one_letter(room: Desk) -> None:
    room.patient(network_per_hour=1000)
    spellings = ("victim@readers.example", "VICTIM@Readers.Example", " Victim@readers.EXAMPLE ")
    for n in range(100):
        async with room.client(f"198.51.{n}.7") as http:
            newsletter = ("daily", "weekly")[n % 2]
            await room.send(email=spellings[n % 3], http=http, to=f"/subscribe/{newsletter}")
    assert await room.waiting() == 100
    assert len(await room.mails()) == 1
    # Nor does asking what comes of it again and again within the day.
    for _ in range(5):
        room.now += timedelta(hours=4)
        await room.send(email=spellings[0])
        assert len(await room.mails()) == 1


async def test_bombing_tags_make_no_other_mailbox(room: Desk) -> None:
    for n in range(40):
        async with room.client(f"198.51.{n}.7") as http:
            await room.send(email=f"victim+{n}@readers.example", http=http)
    assert len(await room.mails()) == joining.MOST_TO_MAILBOX


async def test_bombing_from_one_network_ends_soon(room: Desk) -> None:
    statuses = []
    for n in range(25):
        async with room.client(f"192.0.2.{n}") as http:
            statuses.append((await room.send(email=f"a{n}@readers.example", http=http)).status_code)
    assert statuses == [200] * 20 + [429] * 5
    assert await room.waiting() == 20


# ------------------------------------------------------- oversized and slow requests


def _post(room: Desk, body: bytes, headers: dict[str, str], path: str) -> Any:
    return room.http.post(path, content=body, headers=headers)


async def test_oversized_forms_are_refused_and_change_nothing(room: Desk) -> None:
    good = f"email={ANN}&consent=1&stamp={room.stamp()}".encode()
    preferences = await room.preferences_path(READER)
    requests = [
        (good + b"&name=" + b"x" * 20_000, {}, 413),
        (good, {"Content-Length": "9" * 30}, 413),
        (good, {"Content-Length": "16385"}, 413),
        (good + b"&section=harbour" * 400, {}, 413),
        (good + b"&a" * 2_000, {}, 413),
        (good + b"&" * 16_000, {}, 413),
        (good + b"&name=" + b"%25" * 5_500, {}, 413),
        (good, {"Content-Type": "multipart/form-data; boundary=x"}, 415),
        (good, {"Content-Type": "application/json"}, 415),
        (good, {"Content-Encoding": "gzip"}, 415),
        (b"\x1f\x8b" + b"\0" * 100, {"Content-Encoding": "deflate"}, 415),
    ]
    before = await dump(room.app)
    for path in ("/subscribe/daily", preferences):
        for body, headers, status in requests:
            answer = await _post(room, body, FORM | headers, path)
            assert (answer.status_code, body[-20:]) == (status, body[-20:])
            told = await _post(room, body, FORM | JSON | headers, path)
            assert told.status_code == status
    assert await dump(room.app) == before


async def test_deep_percent_encoding_is_undone_once(room: Desk) -> None:
    deep = "%25" * 4_000 + "0d%0a"
    for path in ("/subscribe/daily", await room.preferences_path(READER)):
        body = f"email=ann%2525252540readers.example&consent=1&name={deep}&act=%2573ave"
        answer = await room.http.post(path, content=body[:16_000], headers=FORM)
        assert answer.status_code in (409, 422)
    assert await room.waiting() == 0


class Slow:
    """A client that sends a body by and by."""

    def __init__(self, room: Desk, path: str, *, length: int | None = None) -> None:
        self._room = room
        headers = [(b"host", b"localhost"), (b"content-type", FORM["Content-Type"].encode())]
        if length is not None:
            headers.append((b"content-length", str(length).encode()))
        self._scope = {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "method": "POST",
            "scheme": "http",
            "path": path,
            "raw_path": path.encode(),
            "root_path": "",
            "query_string": b"",
            "headers": headers,
            "client": ("192.0.2.7", 4711),
            "server": ("localhost", 8025),
        }
        self.asked = 0

    async def status(self, part: Callable[[int], Message | None]) -> int:
        """What is answered; *part* gives the n-th piece, or None to say nothing any more."""
        said: list[Message] = []

        async def receive() -> Message:
            self.asked += 1
            message = part(self.asked)
            if message is None:
                await asyncio.Event().wait()
            assert message is not None
            return message

        async def send(message: Message) -> None:
            said.append(message)

        await self._room.site(self._scope, receive, send)
        return int(said[0]["status"])


def _piece(body: bytes) -> Message:
    return {"type": "http.request", "body": body, "more_body": True}


async def test_a_body_that_never_ends_is_not_read_to_its_end(room: Desk) -> None:
    for path in ("/subscribe/daily", await room.preferences_path(READER)):
        endless = Slow(room, path)
        assert await endless.status(lambda _: _piece(b"a" * 1_000)) == 413
        assert endless.asked < 20


async def test_a_body_that_does_not_come_is_not_waited_for(room: Desk) -> None:
    room.patient(patience_s=0.02)
    before = await dump(room.app)
    paths = (
        "/subscribe/daily",
        await room.preferences_path(READER),
        await room.leave_path(READER),
    )
    hung_up: Message = {"type": "http.disconnect"}
    for path in paths:
        slow = Slow(room, path, length=30)
        assert await slow.status(lambda n: _piece(b"act=l") if n == 1 else None) == 408
        gone = Slow(room, path, length=30)
        assert await gone.status(lambda n: _piece(b"act=l") if n == 1 else hung_up) == 400
    assert await dump(room.app) == before


# ---------------------------------------------------------------------------- honeypot


async def test_honeypot_a_program_that_fills_in_everything_is_told_the_same(room: Desk) -> None:
    ann, bot = "ann@readers.example", "bot@readers.example"
    honest = seen_of(await room.send(email=ann), ann)
    caught = seen_of(await room.send(email=bot, website="https://spam.example"), bot)
    assert caught == honest
    assert await room.waiting() == 1
    # It counts all the same: whoever goes on is stopped.
    room.patient(network_per_hour=3)
    statuses = [
        (await room.send(email=f"b{n}@readers.example", website="x")).status_code for n in range(4)
    ]
    assert statuses == [200, 200, 200, 429]


# ---------------------------------------------------------------------------- escaping

_SCRIPT = "\"'><script>alert(1)</script><img src=x onerror=alert(1)>&amp;{{7*7}}"
_FIELDS = (
    *("email", "name", "section", "briefs", "frequency", "hour", "language", "timezone"),
    *("form", "consent", "stamp", "website"),
)


async def test_html_escaping_of_every_field_of_the_form_that_is_shown_once_more(
    room: Desk,
) -> None:
    everything: dict[str, Any] = dict.fromkeys(_FIELDS, _SCRIPT)
    texts = [(await room.send(**everything)).text]
    for field in _FIELDS:
        one: dict[str, Any] = {field: _SCRIPT}
        texts.append((await room.send(**one)).text)
    # As the form of another site sends it, to be looked at: the name is what anybody may type.
    again = await room.send(stamp=None, name=_SCRIPT)
    assert "One more click" in again.text
    form = page_of(again).forms[0]
    assert dict(form.form_values())["name"] == _SCRIPT
    path = f"/subscribe/daily?lang={_SCRIPT}"
    texts += [again.text, (await room.http.get(path)).text, (await room.send(to=path)).text]
    saved = await room.http.post(
        await room.preferences_path(READER),
        content="&".join(f"{field}=%22%3E%3Cscript%3Ealert(1)%3C/script%3E" for field in _FIELDS)
        + "&act=save",
        headers=FORM,
    )
    assert saved.status_code == 409
    texts.append(saved.text)
    for text in texts:
        assert "<script" not in text
        assert "<img src=x" not in text
        assert "49" not in re.findall(r'value="([^"]*7\*7[^"]*|49)"', text)


async def test_html_escaping_of_a_name_in_what_is_mailed(room: Desk) -> None:
    await room.join(name=_SCRIPT)
    await room.http.post(await room.preferences_path(), content="act=data", headers=FORM)
    for mail in await room.mails():
        for part in mail.walk():
            if part.get_content_type() == "text/html":
                body = part.get_payload(decode=True)
                assert isinstance(body, bytes)
                assert b"<script" not in body
                assert b"onerror" not in body
        assert "alert" not in text_of(mail)


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.dictionaries(st.sampled_from(_FIELDS), st.text(max_size=40), max_size=6))
async def test_whatever_is_typed_the_page_stays_one(room: Desk, fields: dict[str, Any]) -> None:
    room.patient(network_per_hour=10_000)
    answer = await room.send(**fields)
    assert answer.status_code in (200, 422)
    page = page_of(answer)
    assert len(page.xpath("//form")) <= 1
    assert not page.xpath("//script | //iframe | //img | //*[@onerror]")
    assert "location" not in answer.headers


async def test_no_address_is_in_an_answer_that_is_not_its_owner_s(room: Desk) -> None:
    path = await room.confirm_path()
    leave, preferences = await room.leave_path(READER), await room.preferences_path(READER)
    for page in (path, leave, preferences):
        text = (await room.http.get(page)).text
        assert ANN not in text
        assert READER not in text
    assert len(sent(room.app)) == 1
    assert path_in(sent(room.app)[0], "confirm") == path
