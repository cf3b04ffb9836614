"""Choosing what one gets: a page that shows it, a button that saves it, and no password."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from httpx2 import Response
from lxml import html

from digest import audience
from digest.app import App
from digest.model import Choices, Form, Subscriber
from digest.store import people
from newsroom import by_email, open_newsroom, write_config
from over_http import HERE, client_of
from signing_up import desk

FORM = {"Content-Type": "application/x-www-form-urlencoded"}


@pytest.fixture
async def app(tmp_path: Path) -> AsyncIterator[App]:
    """A newsroom with two readers and the sections harbour and elsewhere."""
    write_config(tmp_path)
    async with open_newsroom(tmp_path, people=2) as opened:
        yield opened


async def person_of(app: App, number: int = 1) -> Subscriber:
    async with app.db.read() as conn:
        person = await by_email(conn, f"reader{number}@example.com", "daily")
    assert person is not None
    return person


async def path_of(app: App) -> str:
    return app.links.preferences_url("daily", await person_of(app)).removeprefix(HERE)


async def state_of(app: App, newsletter: str = "daily") -> str:
    async with app.db.read() as conn:
        person = await people.person(conn, (await person_of(app)).id)
    return {one.newsletter: one.state.value for one in person.subscriptions}.get(newsletter, "")


async def got(app: App) -> tuple[tuple[str, ...], str, Form]:
    person = await person_of(app)
    return person.sections, person.language, person.form


async def save(app: App, path: str, **fields: Any) -> Response:
    told = {"act": "save", "section": ["harbour"], "language": "de", "form": "compact"} | fields
    async with client_of(app) as http:
        return await http.post(path, content=urlencode(told, doseq=True), headers=FORM)


def ticked(page: html.HtmlElement) -> set[str]:
    chosen = page.xpath("//input[@checked]/@value | //option[@selected]/@value")
    return {str(value) for value in chosen if value}


async def test_the_page_shows_what_somebody_gets_and_changes_nothing(app: App) -> None:
    before = await got(app)
    async with client_of(app) as http:
        for method in ("GET", "HEAD"):
            answer = await http.request(method, await path_of(app))
            assert answer.status_code == 200
            assert answer.headers["cache-control"] == "no-store"
            assert answer.headers["x-robots-tag"] == "noindex"
            assert answer.headers["referrer-policy"] == "no-referrer"
            assert "set-cookie" not in answer.headers
        page = html.document_fromstring((await http.get(await path_of(app))).text)
    # Two boxes of briefs and sections, and nothing said about the hour.
    assert ticked(page) == {"harbour", "elsewhere", "1", "daily", "full", "en", "UTC"}
    assert "The Daily" in page.findtext(".//h1")
    (leave,) = page.xpath("//a[contains(@href, '/leave/')]/@href")
    assert leave == app.links.leave_url("daily", await person_of(app))
    # Enough of the address for its owner to know it, and for nobody else.
    assert "r•••@example.com" in page.text_content()
    assert "reader1" not in html.tostring(page, encoding="unicode").lower()
    assert await got(app) == before


async def test_what_is_chosen_is_saved_and_shown_in_the_language_that_was_chosen(
    app: App,
) -> None:
    path, other = await path_of(app), await person_of(app, 2)
    for _ in range(2):
        answer = await save(app, path)
        assert (answer.status_code, answer.headers["location"]) == (303, "?done=save")
        assert "set-cookie" not in answer.headers
        assert await got(app) == (("harbour",), "de", Form.COMPACT)
    async with client_of(app) as http:
        answer = await http.get(f"{path}?done=save")
    page = html.document_fromstring(answer.text)
    assert ticked(page) == {"harbour", "daily", "compact", "de", "UTC"}
    assert page.get("lang") == "de"
    (said,) = page.xpath("//*[@role='status']")
    assert said.text_content() == "Gespeichert. Die nächste Ausgabe kommt in dieser Form."
    assert await person_of(app, 2) == other


@pytest.mark.parametrize("sections", [[], ["elsewhere", "harbour"], ["harbour", "elsewhere"]])
async def test_all_sections_and_none_both_mean_all(app: App, sections: list[str]) -> None:
    path = await path_of(app)
    await save(app, path)
    await save(app, path, section=sections)
    assert (await got(app))[0] == ()


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("section", ["harbour", "nonsense"], "Sections: This choice is not there any more."),
        ("language", "xx", "Language of the words around the stories: This choice"),
        ("language", "", "Language of the words around the stories: This choice"),
        ("form", "<b>big</b>", "Form: This choice"),
        ("frequency", "weekly", "How often: This choice"),
        ("hour", "24", "Not before: This choice"),
        ("timezone", "Mars/Base", "Time zone: This choice"),
    ],
)
async def test_what_there_is_not_is_named_and_nothing_is_saved(
    app: App, field: str, value: str | list[str], said: str
) -> None:
    before = await got(app)
    answer = await save(app, await path_of(app), **{field: value})
    assert answer.status_code == 409
    assert answer.headers["cache-control"] == "no-store"
    page = html.document_fromstring(answer.text)
    assert said in page.xpath("//*[@role='alert']")[0].text_content()
    # The rest of what they chose is still there to be sent again.
    assert ("compact" in ticked(page)) == (field != "form")
    assert "<b>big" not in answer.text
    assert await got(app) == before


@pytest.mark.parametrize("body", [b"", b"act=", b"act=nonsense", b"section=harbour", b"act=save"])
async def test_a_form_without_its_fields_changes_nothing(app: App, body: bytes) -> None:
    before = await got(app)
    async with client_of(app) as http:
        answer = await http.post(await path_of(app), content=body, headers=FORM)
    # "save" and nothing else is a wish for what there is.
    assert answer.status_code == (303 if body == b"act=save" else 409)
    assert await got(app) == before


async def test_what_is_no_form_or_too_much_is_refused(app: App) -> None:
    before, path = await got(app), await path_of(app)
    good = urlencode({"section": "harbour", "language": "de", "form": "text"}).encode()
    async with client_of(app) as http:
        for kind in ("application/json", "multipart/form-data; boundary=x", "text/plain"):
            answer = await http.post(path, content=good, headers={"Content-Type": kind})
            assert (answer.status_code, kind) == (415, kind)
        answer = await http.post(path, content=good, headers=FORM | {"Content-Encoding": "gzip"})
        assert answer.status_code == 415
        answer = await http.post(path, content=good + b"&x=" + b"a" * 16_384, headers=FORM)
        assert answer.status_code == 413
        answer = await http.post(path, content=good + b"&a=b" * 400, headers=FORM)
        assert answer.status_code == 413
        assert await got(app) == before
        kind = "Application/X-WWW-Form-Urlencoded; charset=UTF-8"
        answer = await http.post(path, content=good, headers={"Content-Type": kind})
        assert answer.status_code == 303
    assert await got(app) == (("harbour",), "de", Form.TEXT)


async def test_only_its_own_link_opens_it(app: App) -> None:
    before, person = await got(app), await person_of(app)
    mine = app.links.preferences_token("daily", person)
    leave = app.links.leave_token("daily", person)
    last = "A" if mine[-1] != "A" else "B"
    other = app.links.preferences_token("weekly", person)
    for token in (leave, mine[:-1] + last, mine[:-4], "%C3%BC%00", other):
        answer = await save(app, f"/preferences/{token}")
        assert answer.status_code == 404
        async with client_of(app) as http:
            answer = await http.get(f"/preferences/{token}")
        assert answer.status_code == 404
        assert answer.headers["cache-control"] == "no-store"
        assert "<form" not in answer.text
    # And it opens nothing else.
    async with client_of(app) as http:
        assert (await http.post(f"/leave/{mine}")).status_code == 404
    assert await got(app) == before


async def test_who_has_left_chooses_nothing_and_may_subscribe_again(app: App) -> None:
    path = await path_of(app)
    await save(app, path)
    before = await got(app)
    await audience.leave(app, app.links.leave_token("daily", await person_of(app)))
    assert (await save(app, path, section=["elsewhere"])).status_code == 409
    async with client_of(app) as http:
        answer = await http.get(path)
        assert answer.status_code == 200
        page = html.document_fromstring(answer.text)
        assert page.findtext(".//h1") == "„The Daily“ ist abbestellt."
        acts = [dict(form.form_values()).get("act") for form in page.forms]
        assert acts == ["back", "data", "forget"]
        assert await got(app) == before
        answer = await http.post(path, content="act=back", headers=FORM)
        assert (answer.status_code, answer.headers["location"]) == (303, "?done=back")
        answer = await http.get(f"{path}?done=back")
    # As it was when they left.
    assert "harbour" in ticked(html.document_fromstring(answer.text))
    assert await got(app) == before
    assert await state_of(app) == "active"


async def test_the_page_of_leaving_speaks_the_readers_language(app: App) -> None:
    path = await path_of(app)
    everything = [("language", "de"), ("form", "full")]
    async with client_of(app) as http:
        page = await http.get(path)
        assert page.status_code == 200
        kind = {"content-type": "application/x-www-form-urlencoded"}
        await http.post(path, content=urlencode(everything), headers=kind)
        leave = app.links.leave_token("daily", await person_of(app))
        answer = await http.get(f"/leave/{leave}")
    assert '<html lang="de"' in answer.text
    assert "„The Daily“ abbestellen?" in answer.text


async def test_a_newsletter_without_sections_asks_for_none_and_words_are_words(
    tmp_path: Path,
) -> None:
    path = write_config(tmp_path)
    text = path.read_text().partition("  [[newsletters.sections]]")[0]
    path.write_text(text.replace("The Daily", "<i>The & Daily</i>").replace('"daily"', '"plain"'))
    async with open_newsroom(tmp_path, people=1) as app:
        async with app.db.read() as conn:
            person = await by_email(conn, "reader1@example.com", "plain")
        assert person is not None
        where = app.links.preferences_url("plain", person).removeprefix(HERE)
        answer = await save(app, where, section=[], language="uk", form="text")
        assert answer.status_code == 303
        async with client_of(app) as http:
            page = html.document_fromstring((await http.get(where)).text)
    assert not page.xpath("//input[@name='section'] | //i")
    assert ticked(page) == {"text", "uk", "daily", "UTC"}


async def test_saving_the_form_untouched_changes_nothing(app: App) -> None:
    person = await person_of(app)
    async with app.db.write() as conn:
        wished = Choices(sections=("harbour",), language="gsw-CH", form=Form.TEXT)
        await people.choose(conn, person.id, "daily", wished)
    before = await got(app)
    async with client_of(app) as http:
        page = html.document_fromstring((await http.get(await path_of(app))).text)
        (form,) = [one for one in page.forms if dict(one.form_values()).get("act") == "save"]
        told = urlencode(form.form_values())
        answer = await http.post(await path_of(app), content=told, headers=FORM)
    assert answer.status_code == 303
    assert await got(app) == before


@pytest.mark.parametrize(
    ("body", "state", "said"),
    [
        ("act=pause&days=30", "paused", "June 17, 2026"),
        ("act=leave-all", "ended", "You are unsubscribed"),
        ("act=data", "active", "A mail with your data is on its way."),
        ("act=resume", "active", "It goes on: the next edition will be yours."),
    ],
)
async def test_each_button_does_what_it_says_once_however_often_it_is_pressed(
    app: App, body: str, state: str, said: str
) -> None:
    path = await path_of(app)
    async with client_of(app) as http:
        for _ in range(2):
            answer = await http.post(path, content=body, headers=FORM)
            assert answer.status_code == 303
            where = answer.headers["location"]
            assert where == "?done=" + body.partition("&")[0].removeprefix("act=")
            assert await state_of(app) == state
        page = html.document_fromstring((await http.get(path + where)).text)
    assert said in page.text_content()


async def test_a_pause_goes_on_by_a_button_and_nonsense_is_no_pause(app: App) -> None:
    path = await path_of(app)
    async with client_of(app) as http:
        for days in ("0", "366", "", "-3", "x"):
            answer = await http.post(path, content=f"act=pause&days={days}", headers=FORM)
            assert answer.status_code == 409
            assert await state_of(app) == "active"
        await http.post(path, content="act=pause&days=365", headers=FORM)
        assert await state_of(app) == "paused"
        page = html.document_fromstring((await http.get(path)).text)
        acts = [dict(form.form_values()).get("act") for form in page.forms]
        assert acts[:3] == ["resume", "save", "pause"]
        await http.post(path, content="act=resume", headers=FORM)
    assert await state_of(app) == "active"


async def test_who_is_not_sure_is_not_forgotten(app: App) -> None:
    path = await path_of(app)
    async with client_of(app) as http:
        answer = await http.post(path, content="act=forget&never=1", headers=FORM)
        assert answer.status_code == 409
        assert html.document_fromstring(answer.text).xpath("//*[@role='alert']")
        assert await state_of(app) == "active"
        answer = await http.post(path, content="act=forget&sure=1", headers=FORM)
        assert answer.status_code == 200
        assert answer.headers["cache-control"] == "no-store"
        assert "<form" not in answer.text
        assert (await http.get(path)).status_code == 404
        assert (await http.post(path, content="act=forget&sure=1", headers=FORM)).status_code == 404
    async with app.db.read() as conn:
        assert await by_email(conn, "reader1@example.com", "daily") is None


async def test_other_newsletters_are_joined_from_here_and_only_those_that_are_offered(
    tmp_path: Path,
) -> None:
    async with desk(tmp_path, people=1) as room:
        path = await path_of(room.app)
        page = html.document_fromstring((await room.http.get(path)).text)
        offered = page.xpath("//input[@name='newsletter']/@value")
        assert offered == ["weekly"]
        for slug, status in (("inside", 409), ("nothing", 409), ("", 409), ("weekly", 303)):
            answer = await room.http.post(path, content=f"act=join&newsletter={slug}", headers=FORM)
            assert (answer.status_code, slug) == (status, slug)
        assert answer.headers["location"] == "?done=join&joined=weekly"
        assert await state_of(room.app, "weekly") == "active"
        told = (await room.http.get(path + answer.headers["location"])).text
        assert "You are subscribed to The Weekly." in told
        for strange in ("?done=nonsense", "?done=join&joined=<b>", "?done=bad", "?done="):
            answer = await room.http.get(path + strange)
            assert answer.status_code == 200
            assert "<b>" not in answer.text


async def test_no_other_site_has_a_browser_press_a_button(app: App) -> None:
    path, before = await path_of(app), await got(app)
    elsewhere = FORM | {"Sec-Fetch-Site": "cross-site"}
    acts = (
        *("save&form=text", "pause&days=7", "resume", "back", "join&newsletter=daily"),
        *("leave-all", "data", "forget&sure=1", "nonsense"),
    )
    async with client_of(app) as http:
        for act in acts:
            answer = await http.post(path, content=f"act={act}", headers=elsewhere)
            assert (answer.status_code, act) == (403, act)
            assert html.document_fromstring(answer.text).xpath("//*[@role='alert']")
            assert answer.headers["cache-control"] == "no-store"
        assert (await state_of(app), await got(app)) == ("active", before)
        ours = FORM | {"Sec-Fetch-Site": "same-origin"}
        answer = await http.post(path, content="act=pause&days=180", headers=ours)
        assert (answer.status_code, await state_of(app)) == (303, "paused")


async def test_the_sentence_beside_the_button_is_the_one_that_is_kept(tmp_path: Path) -> None:
    async with desk(tmp_path, people=1) as room:
        path = await path_of(room.app)
        await save(room.app, path, language="fr")
        page = html.document_fromstring((await room.http.get(path)).text)
        (item,) = page.xpath("//ul[@class='others']/li")
        await room.http.post(path, content="act=join&newsletter=weekly", headers=FORM)
        person = await room.person("reader1@example.com")
    assert person is not None
    (consent,) = [one.consent for one in person.subscriptions if one.newsletter == "weekly"]
    assert consent is not None
    assert consent.language == "fr"
    assert consent.wording in item.text_content()
