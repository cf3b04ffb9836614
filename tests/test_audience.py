"""Importing people: consent, faults by line, nothing half-done; and what they wish."""

from pathlib import Path
from typing import Any

import pytest

from digest import audience
from digest.app import App
from digest.errors import BadToken, Conflict, NotFound
from digest.model import Form
from digest.store import subscribers
from newsroom import open_newsroom, people_csv, write_config

HEAD = "email,name,language,timezone,sections,consent_at,consent_from\n"


async def check(tmp_path: Path, text: str, *, added: int, faults: list[tuple[int, str]]) -> None:
    write_config(tmp_path)
    async with open_newsroom(tmp_path) as app:
        done = await audience.import_csv(app, app.newsletter(), text)
        assert done.added == added
        assert [line for line, _ in done.faults] == [line for line, _ in faults]
        for (_, said), (_, expected) in zip(done.faults, faults, strict=True):
            assert expected in said
        async with app.db.read() as conn:
            counts = await subscribers.count(conn, "daily")
        assert counts.get("active", 0) == added


async def test_good_lines_are_taken_in_and_bad_ones_named(tmp_path: Path) -> None:
    text = HEAD + (
        "ada@example.com,Ada,en,Europe/Dublin,harbour,2026-01-02,form\n"
        "not an address,B,en,UTC,,2026-01-02,form\n"
        "c@example.com,C,en,Mars/Base,,2026-01-02,form\n"
        "d@example.com,D,en,UTC,,,form\n"
        "e@example.com,E,en,UTC,nonsense,2026-01-02,form\n"
        "f@example.com,F,en,UTC,,last week,form\n"
        'ADA@example.com,"Ada, again",en,UTC,,2026-01-02,form\n'
        "g@example.com,Łucja,pl,Europe/Warsaw,harbour;elsewhere,2026-01-02T10:00:00+01:00,form\n"
        "h@example.com,H,not a language,UTC,,2026-01-02,form\n"
    )
    expected = [
        (3, "not an address"),
        (4, "not a time zone"),
        (5, "consent_at and consent_from must say"),
        (6, "no section 'nonsense'; there are harbour, elsewhere"),
        (7, "not a date"),
        (8, "stands above already"),
        (10, "not a language code"),
    ]
    await check(tmp_path, text, added=2, faults=expected)


@pytest.mark.parametrize(
    "address",
    ["a\r\nBcc: v@example.com", "a@b@example.com", "<a@example.com>", "a b@example.com",
     "a,b@example.com", '"a"@example.com', "a@example..com", "@example.com", "a@"],
)  # fmt: skip
async def test_an_address_that_could_end_a_header_is_refused(tmp_path: Path, address: str) -> None:
    quoted = '"' + address.replace('"', '""') + '"'
    text = f"{HEAD}{quoted},A,en,UTC,,2026-01-02,form\n"
    line = 2 + address.count("\n")
    await check(tmp_path, text, added=0, faults=[(line, "is not an address")])


async def test_importing_twice_changes_nothing(tmp_path: Path) -> None:
    write_config(tmp_path)
    async with open_newsroom(tmp_path, people=3) as app:
        again = await audience.import_csv(app, app.newsletter(), people_csv(3))
    assert (again.added, again.known) == (0, 3)


async def test_a_file_without_consent_columns_is_refused_whole(tmp_path: Path) -> None:
    write_config(tmp_path)
    async with open_newsroom(tmp_path) as app:
        with pytest.raises(NotFound, match="consent_at"):
            await audience.import_csv(app, app.newsletter(), "email\na@example.com\n")


def test_files_of_spreadsheets_are_read(tmp_path: Path) -> None:
    for content in ("email\nż@x".encode("utf-8-sig"), "email\né@x".encode("cp1252")):
        (tmp_path / "p.csv").write_bytes(content)
        assert audience.read_text(tmp_path / "p.csv").startswith("email\n")


# --------------------------------------------------------------------- wishes


async def token_of(app: App, number: int = 1) -> str:
    async with app.db.read() as conn:
        person = await subscribers.by_email(conn, f"reader{number}@example.com", "daily")
    assert person is not None
    return app.links.preferences_token("daily", person)


async def test_somebody_sees_what_they_get_and_what_there_is(tmp_path: Path) -> None:
    write_config(tmp_path)
    async with open_newsroom(tmp_path, people=1) as app:
        found = await audience.wishes(app, await token_of(app))
    assert found.newsletter.slug == "daily"
    assert found.subscriber.email == "reader1@example.com"
    assert found.sections == (("harbour", "Harbour"), ("elsewhere", "Elsewhere"))
    languages = dict(found.languages)
    assert languages["en"] == "English"
    assert {"uk", "de", "fr", "es", "pl", "ar"} <= set(languages)


async def test_wishes_are_kept_in_the_newsletter_s_order_once_and_again(
    tmp_path: Path, store_url: str
) -> None:
    path = write_config(tmp_path, store_url=store_url)
    path.write_text(
        path.read_text()
        + '\n  [[newsletters.sections]]\n  title = "Sport"\n  keywords = ["match"]\n'
    )
    async with open_newsroom(tmp_path, people=2) as app:
        token = await token_of(app)
        for _ in range(2):
            chosen = ["sport", "harbour", "sport"]
            await audience.change_wishes(app, token, sections=chosen, language="uk", form="text")
            person = (await audience.wishes(app, token)).subscriber
            assert person.sections == ("harbour", "sport")
            assert (person.language, person.form) == ("uk", Form.TEXT)
        other = (await audience.wishes(app, await token_of(app, 2))).subscriber
        assert (other.sections, other.language, other.form) == ((), "en", Form.FULL)
        # Whoever wants all of them wants those to come, too.
        everything = ["harbour", "elsewhere", "sport"]
        await audience.change_wishes(app, token, sections=everything, language="uk", form="full")
        assert (await audience.wishes(app, token)).subscriber.sections == ()


@pytest.mark.parametrize(
    ("wish", "said"),
    [
        ({"sections": ["nonsense"]}, "no section 'nonsense'; choose of: harbour, elsewhere"),
        ({"language": "Klingon"}, "no language 'Klingon'; choose of: en, "),
        ({"form": "FULL"}, "no form 'FULL'; choose of: full, compact, text"),
    ],
    ids=["section", "language", "form"],
)
async def test_a_wish_that_cannot_be_is_named_and_changes_nothing(
    tmp_path: Path, wish: dict[str, Any], said: str
) -> None:
    write_config(tmp_path)
    async with open_newsroom(tmp_path, people=1) as app:
        token = await token_of(app)
        before = await audience.wishes(app, token)
        wanted = {"sections": ["harbour"], "language": "de", "form": "text"} | wish
        with pytest.raises(Conflict, match=said):
            await audience.change_wishes(app, token, **wanted)
        assert await audience.wishes(app, token) == before


async def test_who_has_left_or_has_no_link_has_no_wishes(tmp_path: Path) -> None:
    write_config(tmp_path)
    async with open_newsroom(tmp_path, people=1) as app:
        token = await token_of(app)
        person = (await audience.wishes(app, token)).subscriber
        leave = app.links.leave_token("daily", person)
        with pytest.raises(BadToken):
            await audience.wishes(app, leave)
        with pytest.raises(BadToken):
            await audience.leave(app, token)
        await audience.leave(app, leave)
        with pytest.raises(NotFound):
            await audience.wishes(app, token)
        with pytest.raises(NotFound):
            await audience.change_wishes(app, token, sections=[], language="en", form="full")
        # Whoever leaves between reading and writing.
        with pytest.raises(NotFound):
            async with app.db.write() as conn:
                await subscribers.change(
                    conn, person.id, "daily", sections=[], language="de", form=Form.TEXT
                )
        async with app.db.read() as conn:
            assert await subscribers.by_key(conn, person.key, "daily") == person
