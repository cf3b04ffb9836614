"""Signing up and confirming over HTTP: pages for people, JSON for pages of other sites."""

import json
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from sqlalchemy import select

from digest.model import Form, Frequency
from digest.store import schema
from over_http import HERE
from signing_up import (
    AFTER,
    ANN,
    FORM,
    JSON,
    Desk,
    alerts,
    desk,
    dump,
    page_of,
    path_in,
    text_of,
)

PARTNER = "https://www.partner.example"
ELSEWHERE = "https://elsewhere.example"


@pytest.fixture
async def room(tmp_path: Path) -> AsyncIterator[Desk]:
    async with desk(tmp_path, people=1, audience=f'embed_on = ["{PARTNER}"]') as opened:
        yield opened


async def test_the_page_asks_for_an_address_and_an_agreement_and_changes_nothing(
    room: Desk,
) -> None:
    before = await dump(room.app)
    for method in ("GET", "HEAD"):
        answer = await room.http.request(method, "/subscribe/daily")
        assert answer.status_code == 200
        assert answer.headers["cache-control"] == "no-store"
        assert "set-cookie" not in answer.headers
    page = page_of(await room.http.get("/subscribe/daily"))
    form = page.forms[0]
    assert (form.method, form.action) == ("POST", None)
    assert {name for name, _ in form.form_values()} == {
        *("email", "name", "stamp", "section", "briefs", "frequency", "hour"),
        *("timezone", "form", "language"),
    }
    assert {"consent", "website"} <= set(form.fields)
    assert not page.xpath("//script | //iframe")
    assert await dump(room.app) == before


async def test_the_whole_way_in_by_the_form_as_a_browser_sends_it(room: Desk) -> None:
    page = page_of(await room.http.get("/subscribe/daily?lang=de"))
    assert page.get("lang") == "de"
    form = page.forms[0]
    form.fields = {**form.fields, "email": f"  {ANN} ", "name": "Ann"}
    form.inputs["consent"].checked = True
    form.inputs["section"].value = ["elsewhere"]
    form.inputs["form"].value = "text"
    form.inputs["hour"].value = "6"
    room.now += AFTER
    body = urlencode(form.form_values())
    answer = await room.http.post("/subscribe/daily?lang=de", content=body, headers=FORM)
    assert answer.status_code == 200
    assert page_of(answer).get("lang") == "de"
    assert page_of(answer).xpath("//*[@role='status']")
    assert await room.person() is None

    (mail,) = await room.mails()
    assert mail["To"] == ANN
    assert "The Daily" in text_of(mail)
    path = path_in(mail, "confirm")
    before = await dump(room.app)
    for method in ("GET", "HEAD"):
        asked = await room.http.request(method, path)
        assert asked.status_code == 200
    assert await dump(room.app) == before
    page = page_of(await room.http.get(path))
    assert page.get("lang") == "de"
    assert len(page.forms) == 1
    text = page.text_content()
    assert "a•••@readers.example" in text
    assert ANN not in text
    for name, value in (
        ("cache-control", "no-store"),
        ("x-robots-tag", "noindex"),
        ("referrer-policy", "no-referrer"),
    ):
        assert asked.headers[name] == value

    done = await room.http.post(path)
    assert done.status_code == 200
    assert await room.states() == {"daily": "active"}
    person = await room.person()
    assert person is not None
    (subscription,) = person.subscriptions
    reader = person.subscriber
    assert (subscription.sections, subscription.hour) == (("elsewhere",), 6)
    assert (reader.language, reader.form, reader.name) == ("de", Form.TEXT, "Ann")
    assert subscription.consent is not None
    assert subscription.consent.given == "sign-up page"
    assert "The Daily" in subscription.consent.wording
    assert subscription.consent.language == "de"


async def test_without_a_newsletter_there_is_a_choice_where_there_is_one(tmp_path: Path) -> None:
    async with desk(tmp_path / "two") as room:
        answer = await room.http.get("/subscribe")
        assert answer.status_code == 200
        links = page_of(answer).xpath("//a[contains(@href, '/subscribe/')]/@href")
        assert links == [f"{HERE}/subscribe/daily", f"{HERE}/subscribe/weekly"]
    async with desk(tmp_path / "one", weekly=False) as room:
        answer = await room.http.get("/subscribe?lang=uk")
        assert answer.status_code == 302
        assert answer.headers["location"] == "subscribe/daily?lang=uk"
        assert answer.headers["cache-control"] == "no-store"
    async with desk(tmp_path / "none", audience="sign_up = false") as room:
        answer = await room.http.get("/subscribe")
        assert answer.status_code == 404
        assert "Nobody can sign up here now." in answer.text


async def test_what_nobody_can_sign_up_for_says_so_kindly(room: Desk) -> None:
    before = await dump(room.app)
    for path in ("/subscribe/inside", "/subscribe/nothing"):
        for method in ("GET", "POST"):
            answer = await room.http.request(method, path)
            assert answer.status_code == 404
            assert answer.headers["content-type"].startswith("text/html")
            assert "<form" not in answer.text
            told = await room.http.request(method, path, headers=JSON)
            assert (told.status_code, told.json()["faults"]) == (404, ["closed"])
    assert "Nobody can sign up here now." in (await room.http.get("/subscribe/inside")).text
    assert f"{HERE}/subscribe/daily" in (await room.http.get("/subscribe/nothing")).text
    assert await dump(room.app) == before


async def test_the_language_of_the_address_stays_through_the_form(room: Desk) -> None:
    lang, path = "ar", "/subscribe/daily?lang=ar"
    other = {"Accept-Language": "fr"}
    shown = await room.http.get(path, headers=other)
    wrong = await room.send(to=path, headers=other, email="nonsense")
    done = await room.send(to=path, headers=other)
    assert [page_of(one).get("lang") for one in (shown, wrong, done)] == [lang] * 3
    async with room.app.db.read() as conn:
        row = (await conn.execute(select(schema.signup.c.content))).scalar_one()
    content = json.loads(row)
    assert (content["wording_language"], content["choices"]["language"]) == (lang, lang)


async def test_a_browser_s_language_is_taken_where_the_address_names_none(room: Desk) -> None:
    for accepted, spoken in (("pl,en;q=0.8", "pl"), ("xx", "en"), ("", "en"), ("*", "en")):
        headers = {"Accept-Language": accepted}
        answer = await room.http.get("/subscribe/daily", headers=headers)
        assert page_of(answer).get("lang") == spoken
        assert "accept-language" in answer.headers["vary"].lower()


_FAULTS: tuple[tuple[dict[str, Any], str], ...] = (
    ({"email": "ann"}, "This is not a mail address."),
    ({"email": None}, "This is not a mail address."),
    ({"email": "ann@blocked.example"}, "This address cannot sign up here."),
    ({"consent": None}, "Nothing can be sent to you unless you agree."),
    ({"form": "big"}, "Form: This choice is not there any more."),
    ({"form": "full", "section": ["sport"]}, "Sections: This choice"),
    ({"hour": "25"}, "Not before: This choice"),
    ({"timezone": "Mars/Base"}, "Time zone: This choice"),
    ({"language": "tlh"}, "Language"),
    ({"frequency": "hourly"}, "How often: This choice"),
)


async def test_what_is_wrong_is_said_beside_what_was_typed_and_nothing_is_kept(
    tmp_path: Path,
) -> None:
    async with desk(tmp_path, audience='block_domains = ["blocked.example"]') as room:
        for fields, said in _FAULTS:
            answer = await room.send(name="Ann of the Quay", **fields)
            assert answer.status_code == 422
            assert said in alerts(answer)
            assert "Ann of the Quay" in answer.text
            assert answer.headers["cache-control"] == "no-store"
            told = await room.send(headers=JSON, **fields)
            assert (told.status_code, told.json()["asked"]) == (422, False)
            assert len(told.json()["faults"]) == 1
        assert await room.waiting() == 0


async def test_every_fault_is_told_at_once(room: Desk) -> None:
    told = await room.send(headers=JSON, email="", consent=None, hour="x", form="y")
    assert told.json()["faults"] == ["address", "consent", "form", "hour"]


async def test_too_fast_too_late_or_without_a_stamp_is_shown_once_more_as_it_was(
    room: Desk,
) -> None:
    links = room.app.links
    fast = links.form_stamp(room.now - timedelta(seconds=1))
    late = links.form_stamp(room.now - timedelta(days=1, seconds=1))
    early = links.form_stamp(room.now + timedelta(seconds=9))
    for stamp in (fast, late, early, "", None, "nonsense", links.confirm_token(1, until=room.now)):
        answer = await room.send(
            stamp=stamp, name="Ann", form="text", section=["harbour"], timezone="Asia/Tokyo"
        )
        assert answer.status_code == 200
        assert "One more click" in answer.text
        told = await room.send(stamp=stamp, headers=JSON)
        assert (told.status_code, told.json()["faults"]) == (422, ["stamp"])
    assert await room.waiting() == 0
    # One more click, after a look at it, and it is done.
    form = page_of(answer).forms[0]
    values = dict(form.form_values())
    assert (values["email"], values["name"], values["form"]) == (ANN, "Ann", "text")
    assert (values["timezone"], values["section"], values["consent"]) == (
        "Asia/Tokyo", "harbour", "1",
    )  # fmt: skip
    room.now += AFTER
    body = urlencode(form.form_values())
    again = await room.http.post("/subscribe/daily", content=body, headers=FORM)
    assert "One more click" not in again.text
    assert await room.waiting() == 1


async def test_a_small_form_of_another_page_needs_an_address_and_an_agreement_alone(
    room: Desk,
) -> None:
    await room.join(name=None, website=None)
    person = await room.person()
    assert person is not None
    (subscription,) = person.subscriptions
    assert (subscription.sections, subscription.briefs) == ((), True)
    assert subscription.frequency is Frequency.DAILY
    # Whoever does not say where they are is where the newsletter is.
    assert person.subscriber.timezone == "Europe/Athens"


async def test_too_many_of_one_network_are_asked_to_come_later(room: Desk) -> None:
    room.patient(network_per_hour=2)
    for n in range(2):
        assert (await room.send(email=f"a{n}@readers.example")).status_code == 200
    answer = await room.send(name="Ann")
    assert answer.status_code == 429
    assert answer.headers["retry-after"] == "600"
    assert "Too many forms were sent just now." in alerts(answer)
    assert "Ann" in answer.text
    told = await room.send(headers=JSON)
    assert (told.status_code, told.json()) == (429, {"asked": False, "faults": ["busy"]})
    assert await room.waiting() == 2
    async with room.client("198.51.100.9") as http:
        assert (await room.send(http=http)).status_code == 200


async def test_who_sends_it_again_and_again_is_told_the_same(room: Desk) -> None:
    answers = [await room.send() for _ in range(8)]
    assert {answer.status_code for answer in answers} == {200}
    assert {page_of(one).findtext(".//h1") for one in answers} == {
        page_of(answers[0]).findtext(".//h1")
    }
    assert await room.waiting() == 5


async def test_a_queue_that_is_full_is_a_busy_page(room: Desk) -> None:
    row = {"email": "x", "newsletter": "daily", "content": "{}", "at": room.now}
    async with room.app.db.write() as conn:
        await conn.execute(schema.signup.insert(), [row] * 50_000)
    answer = await room.send()
    assert answer.status_code == 429
    assert (await room.send(headers=JSON)).json()["faults"] == ["busy"]


# ------------------------------------------------------------- pages of other sites


async def test_a_configured_site_draws_the_form_itself(room: Desk) -> None:
    headers = JSON | {"Origin": PARTNER, "Sec-Fetch-Site": "cross-site"}
    form = await room.http.get("/subscribe/daily?lang=de", headers=headers)
    assert form.headers["access-control-allow-origin"] == PARTNER
    assert "access-control-allow-credentials" not in form.headers
    told = form.json()
    assert (told["newsletter"], told["title"]) == ("daily", "The Daily")
    assert [one["slug"] for one in told["sections"]] == ["harbour", "elsewhere"]
    room.now += timedelta(seconds=told["quickest_s"])
    sent = await room.send(headers=headers, stamp=told["stamp"], to="/subscribe/daily?lang=de")
    assert (sent.status_code, sent.json()) == (202, {"asked": True})
    assert sent.headers["access-control-allow-origin"] == PARTNER
    (mail,) = await room.mails()
    await room.http.post(path_in(mail, "confirm"))
    person = await room.person()
    assert person is not None
    consent = person.subscriptions[0].consent
    assert consent is not None
    assert (consent.given, consent.wording) == (f"form on {PARTNER}", told["consent"])


async def test_only_configured_sites_may_read_an_answer_whatever_it_is(room: Desk) -> None:
    requests = [
        ("GET", "/subscribe/daily", {}, 200),
        ("POST", "/subscribe/daily", FORM, 422),
        ("POST", "/subscribe/daily", {"Content-Type": "text/plain"}, 415),
        ("POST", "/subscribe/daily", FORM | {"Content-Length": "99999999"}, 413),
        ("GET", "/subscribe/nothing", {}, 404),
        ("OPTIONS", "/subscribe/daily", {}, 204),
        ("DELETE", "/subscribe/daily", {}, 405),
    ]
    strangers = (ELSEWHERE, "null", f"{PARTNER}.evil.example", PARTNER.upper(), f"{PARTNER}:444")
    for method, path, headers, status in requests:
        for accept in ({}, JSON):
            allowed = headers | accept | {"Origin": PARTNER}
            answer = await room.http.request(method, path, headers=allowed)
            assert (answer.status_code, method) == (status, method)
            assert answer.headers["access-control-allow-origin"] == PARTNER
            assert "origin" in answer.headers["vary"].lower()
            for origin in strangers:
                answer = await room.http.request(method, path, headers=allowed | {"Origin": origin})
                assert "access-control-allow-origin" not in answer.headers
                assert "origin" in answer.headers["vary"].lower()


async def test_a_browser_that_asks_first_is_told_what_may_be_sent(room: Desk) -> None:
    asked = {
        "Origin": PARTNER,
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "accept",
    }
    answer = await room.http.options("/subscribe/daily", headers=asked)
    assert (answer.status_code, answer.content) == (204, b"")
    assert "POST" in answer.headers["access-control-allow-methods"]
    assert "Accept" in answer.headers["access-control-allow-headers"]
    assert answer.headers["allow"] == "GET, HEAD, POST, OPTIONS"
    answer = await room.http.options("/subscribe/daily", headers=asked | {"Origin": ELSEWHERE})
    assert not [name for name in answer.headers if name.startswith("access-control")]


async def test_no_other_page_can_be_read_by_another_site(room: Desk) -> None:
    await room.join()
    paths = [
        *("/subscribe", "/", "/confirm/x", "/health"),
        *(await room.leave_path(), await room.preferences_path()),
    ]
    for path in paths:
        answer = await room.http.get(path, headers=JSON | {"Origin": PARTNER})
        assert "access-control-allow-origin" not in answer.headers


async def test_a_site_is_known_however_the_operator_wrote_it(tmp_path: Path) -> None:
    sites = {
        "https://WWW.Partner.example": "https://www.partner.example",
        "https://shop.partner.example:443": "https://shop.partner.example",
        "http://localhost:8080": "http://localhost:8080",
        "https://b\u00fccher.example": "https://xn--bcher-kva.example",
    }
    async with desk(tmp_path, audience=f"embed_on = {json.dumps([*sites])}") as room:
        for sent in sites.values():
            answer = await room.http.get("/subscribe/daily", headers=JSON | {"Origin": sent})
            assert answer.headers["access-control-allow-origin"] == sent


# ---------------------------------------------------------------------- confirming


async def test_a_link_that_is_used_or_too_old_says_how_to_get_a_new_one(room: Desk) -> None:
    path = await room.confirm_path()
    room.now += timedelta(days=8)
    before = await dump(room.app)
    for answer in (await room.http.get(path), await room.http.post(path)):
        assert answer.status_code == 404
        assert "too old" in answer.text
        assert f"{HERE}/subscribe" in answer.text
        assert answer.headers["cache-control"] == "no-store"
    assert await dump(room.app) == before
    room.now -= timedelta(days=7)
    assert (await room.http.post(path)).status_code == 200
    before = await dump(room.app)
    await room.http.post(path)
    assert await dump(room.app) == before


async def test_a_link_that_is_none_speaks_the_browser_s_language(room: Desk) -> None:
    for page in ("confirm", "leave", "preferences"):
        for method in ("GET", "POST"):
            answer = await room.http.request(
                method, f"/{page}/nonsense", headers=FORM | {"Accept-Language": "de"}
            )
            assert answer.status_code == 404
            assert page_of(answer).get("lang") == "de"
            assert "<form" not in answer.text


async def test_the_page_speaks_its_reader_s_language_whatever_the_wording_s_is(
    tmp_path: Path,
) -> None:
    own = 'consent = "I want The Daily, and Test Press may write to me."'
    async with desk(tmp_path, newsletter=own) as room:
        path = await room.confirm_path(to="/subscribe/daily?lang=uk")
        for method in ("GET", "POST"):
            page = page_of(await room.http.request(method, path))
            assert page.get("lang") == "uk"
        person = await room.person()
        assert person is not None
        consent = person.subscriptions[0].consent
        assert consent is not None
        assert (consent.language, consent.wording[:6]) == ("en", "I want")


# ------------------------------------------------------------------- other methods


async def test_a_method_that_there_is_not_is_named_with_those_that_are(room: Desk) -> None:
    for path, allowed in (
        ("/subscribe", "GET, HEAD, OPTIONS"),
        ("/subscribe/daily", "GET, HEAD, POST, OPTIONS"),
        ("/confirm/x", "GET, HEAD, POST, OPTIONS"),
        ("/leave/x", "GET, HEAD, POST, OPTIONS"),
        ("/preferences/x", "GET, HEAD, POST, OPTIONS"),
    ):
        for method in ("PUT", "DELETE", "PATCH"):
            answer = await room.http.request(method, path)
            assert (answer.status_code, answer.headers["allow"]) == (405, allowed)
        answer = await room.http.options(path)
        assert (answer.status_code, answer.headers["allow"]) == (204, allowed)
    assert (await room.http.post("/subscribe")).status_code == 405


async def test_below_the_path_of_base_url_the_whole_way_goes(tmp_path: Path) -> None:
    async with desk(tmp_path, path="/news/digest", weekly=False) as room:
        answer = await room.http.get("/news/digest/subscribe")
        assert (answer.status_code, answer.headers["location"]) == (302, "subscribe/daily")
        for prefix in ("", "/news/digest"):
            room.now += timedelta(days=2)
            answer = await room.send(to=f"{prefix}/subscribe/daily")
            assert answer.status_code == 200
            path = path_in((await room.mails())[-1], "news/digest/confirm")
            path = path.removeprefix("/news/digest")
            assert (await room.http.get(prefix + path)).status_code == 200
        assert (await room.http.post(prefix + path)).status_code == 200
        assert await room.states() == {"daily": "active"}
        for path in (await room.leave_path(), await room.preferences_path()):
            assert path.startswith("/news/digest/")
            assert (await room.http.get(path)).status_code == 200
        answer = await room.http.post(
            await room.preferences_path(), content="act=pause&days=7", headers=FORM
        )
        assert (answer.status_code, answer.headers["location"]) == (303, "?done=pause")
