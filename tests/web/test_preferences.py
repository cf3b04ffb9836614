"""Choosing what one gets: a page that shows it, a button that saves it, and no password."""

from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import urlencode

import pytest
from httpx2 import Response
from lxml import html

from digest import audience
from digest.app import App
from digest.model import Form, Subscriber
from digest.store import subscribers
from newsroom import open_newsroom, write_config
from over_http import HERE, client_of

FORM = {"Content-Type": "application/x-www-form-urlencoded"}


@pytest.fixture
async def app(tmp_path: Path) -> AsyncIterator[App]:
    """A newsroom with two readers and the sections harbour and elsewhere."""
    write_config(tmp_path)
    async with open_newsroom(tmp_path, people=2) as opened:
        yield opened


async def person_of(app: App, number: int = 1) -> Subscriber:
    async with app.db.read() as conn:
        person = await subscribers.by_email(conn, f"reader{number}@example.com", "daily")
    assert person is not None
    return person


async def path_of(app: App) -> str:
    return app.links.preferences_url("daily", await person_of(app)).removeprefix(HERE)


async def got(app: App) -> tuple[tuple[str, ...], str, Form]:
    person = await person_of(app)
    return person.sections, person.language, person.form


async def save(app: App, path: str, **fields: str | list[str]) -> Response:
    told = {"section": ["harbour"], "language": "de", "form": "compact"} | fields
    async with client_of(app) as http:
        return await http.post(path, content=urlencode(told, doseq=True), headers=FORM)


def ticked(page: html.HtmlElement) -> set[str]:
    chosen = page.xpath("//input[@checked]/@value | //option[@selected]/@value")
    return {str(value) for value in chosen}


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
    assert ticked(page) == {"harbour", "elsewhere", "full", "en"}
    assert "The Daily" in page.findtext(".//h1")
    (leave,) = page.xpath("//a[contains(@href, '/leave/')]/@href")
    assert leave == app.links.leave_url("daily", await person_of(app))
    # Whoever has the link need not know whose it is.
    assert "reader1" not in html.tostring(page, encoding="unicode").lower()
    assert await got(app) == before


async def test_what_is_chosen_is_saved_and_shown_in_the_language_that_was_chosen(
    app: App,
) -> None:
    path, other = await path_of(app), await person_of(app, 2)
    for _ in range(2):
        answer = await save(app, path)
        assert (answer.status_code, answer.headers["location"]) == (303, "?saved=1")
        assert "set-cookie" not in answer.headers
        assert await got(app) == (("harbour",), "de", Form.COMPACT)
    async with client_of(app) as http:
        answer = await http.get(f"{path}?saved=1")
    page = html.document_fromstring(answer.text)
    assert ticked(page) == {"harbour", "compact", "de"}
    assert page.get("lang") == "de"
    assert page.xpath("//*[@role='status']")
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
        ("section", ["harbour", "nonsense"], "no section 'nonsense'; choose of: harbour"),
        ("language", "xx", "no language 'xx'; choose of: en"),
        ("language", "", "no language ''"),
        ("form", "<b>big</b>", "no form '<b>big</b>'; choose of: full, compact, text"),
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
    assert await got(app) == before


async def test_a_form_without_its_fields_saves_nothing(app: App) -> None:
    before = await got(app)
    async with client_of(app) as http:
        assert (await http.post(await path_of(app), content=b"", headers=FORM)).status_code == 409
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
        assert answer.status_code == 400
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


async def test_who_has_left_chooses_nothing_any_more(app: App) -> None:
    path, before = await path_of(app), await got(app)
    await audience.leave(app, app.links.leave_token("daily", await person_of(app)))
    assert (await save(app, path)).status_code == 404
    async with client_of(app) as http:
        answer = await http.get(path)
    assert answer.status_code == 404
    assert "You are unsubscribed from The Daily." in answer.text
    assert await got(app) == before


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
            person = await subscribers.by_email(conn, "reader1@example.com", "plain")
        assert person is not None
        where = app.links.preferences_url("plain", person).removeprefix(HERE)
        answer = await save(app, where, section=[], language="uk", form="text")
        assert answer.status_code == 303
        async with client_of(app) as http:
            page = html.document_fromstring((await http.get(where)).text)
    assert not page.xpath("//input[@type='checkbox'] | //i")
    assert ticked(page) == {"text", "uk"}


async def test_saving_the_form_untouched_changes_nothing(app: App) -> None:
    person = await person_of(app)
    async with app.db.write() as conn:
        await subscribers.change(
            conn, person.id, "daily", sections=["harbour"], language="gsw-CH", form=Form.TEXT
        )
    before = await got(app)
    async with client_of(app) as http:
        page = html.document_fromstring((await http.get(await path_of(app))).text)
        form = page.forms[0]
        told = urlencode(form.form_values())
        answer = await http.post(await path_of(app), content=told, headers=FORM)
    assert answer.status_code == 303
    assert await got(app) == before
