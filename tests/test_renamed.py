"""A section that has another slug, a newsletter that has another language: readers keep theirs."""

import re
from datetime import UTC, datetime
from pathlib import Path

import pytest

from digest import audience, choosing, editorial, rolls
from digest.app import App
from digest.errors import ConfigError
from digest.model import Choices
from digest.printer import readers_of
from digest.segments import parse
from digest.settings import load
from digest.slots import slot_of
from digest.store import segments, subscribers
from make import MORNING
from newsroom import open_newsroom, take_in, write_config

HEAD = "email,name,language,timezone,sections,consent_at,consent_from\n"
ROW = "{name}@example.com,,{language},,{sections},2026-01-02,form\n"
SECOND = '\n[[newsletters]]\nslug = "abend"\ntitle = "Der Abend"\nlanguage = "de-AT"\n'


def rename(folder: Path, was: str = 'was = ["wharf", "harbour"]') -> None:
    path = folder / "config.toml"
    path.write_text(path.read_text().replace('title = "Harbour"', f'title = "At sea"\n  {was}'))


def table(*people: tuple[str, str, str]) -> str:
    rows = (ROW.format(name=name, language=tag, sections=slugs) for name, tag, slugs in people)
    return HEAD + "".join(rows)


async def count(app: App, text: str) -> int:
    wanted = editorial.as_kept(parse(text), app.settings.newsletters)
    return await segments.count(app.db, wanted)


async def reader_of(app: App, name: str) -> str:
    """The token of somebody's preferences."""
    person = await rolls.show(app, f"{name}@example.com")
    return app.links.preferences_token("daily", person.subscriber)


PEOPLE = table(("sea", "", "harbour"), ("land", "", "elsewhere"), ("all", "", ""))


async def test_a_choice_of_the_old_slug_is_one_of_the_section(
    tmp_path: Path, store_url: str
) -> None:
    write_config(tmp_path, store_url=store_url)
    async with open_newsroom(tmp_path) as app:
        await take_in(app, PEOPLE)
    rename(tmp_path)
    async with open_newsroom(tmp_path) as app:
        found = await audience.wishes(app, await reader_of(app, "sea"))
        assert found.choices.sections == found.subscriber.sections == ("at-sea",)
        # Saved as it is shown, it is kept as it is called now.
        assert choosing.chosen(
            choosing.offer(found.newsletter, app.settings.newsletters), found.choices
        ).sections == ("at-sea",)
        for filter in ('section = "at-sea"', 'section in ("wharf")', 'section = "harbour"'):
            assert await count(app, filter) == 2
        assert await count(app, 'section != "at-sea"') == 1
        assert await count(app, 'section not in ("at-sea", "elsewhere")') == 0


async def test_a_table_of_before_is_still_taken_in(tmp_path: Path) -> None:
    write_config(tmp_path)
    rename(tmp_path)
    async with open_newsroom(tmp_path) as app:
        assert (await take_in(app, PEOPLE)).added == 3
        assert (await rolls.show(app, "sea@example.com")).subscriptions[0].sections == ("at-sea",)


async def test_the_segment_of_a_newsletter_goes_by_either_slug(tmp_path: Path) -> None:
    write_config(tmp_path, newsletter="segment = \"section = 'harbour'\"")
    async with open_newsroom(tmp_path) as app:
        await take_in(app, PEOPLE)
    rename(tmp_path)
    async with open_newsroom(tmp_path) as app:
        readers = readers_of(app, slot_of(app.newsletter(), MORNING.date()))
        async with app.db.read() as conn:
            assert len(await subscribers.languages_and_forms(conn, readers)) == 1
        assert readers.segment is not None
        assert await segments.count(app.db, readers.segment) == 2


def test_a_sign_up_from_before_is_confirmed_for_the_section(tmp_path: Path) -> None:
    write_config(tmp_path)
    rename(tmp_path)
    newsletters = load(tmp_path / "config.toml", environ={}).settings.newsletters
    there = choosing.offer(newsletters[0], newsletters)
    assert choosing.still_chosen(there, Choices(sections=("harbour",))).sections == ("at-sea",)


def test_a_choice_of_what_is_nowhere_any_more_is_counted(tmp_path: Path) -> None:
    write_config(tmp_path)
    rename(tmp_path)
    (newsletter,) = load(tmp_path / "config.toml", environ={}).settings.newsletters
    chosen = {("harbour",): 5, ("wharf", "gone"): 3, ("lost", "at-sea"): 2}
    assert choosing.gone_sections(newsletter, chosen) == (("gone", "lost"), 5)
    assert choosing.gone_sections(newsletter, {("elsewhere",): 9}) == ((), 0)


async def test_the_database_counts_what_those_who_get_it_chose(
    tmp_path: Path, store_url: str
) -> None:
    write_config(tmp_path, store_url=store_url)
    async with open_newsroom(tmp_path) as app:
        await take_in(app, PEOPLE + ROW.format(name="too", language="", sections="harbour"))
        await rolls.end(app, "land@example.com", actor="ops")
        async with app.db.read() as conn:
            assert await subscribers.sections_chosen(conn, "daily") == {("harbour",): 2}


@pytest.mark.parametrize("was", ['was = ["elsewhere"]', 'was = ["at-sea"]', 'was = ["a", "a"]'])
def test_a_slug_of_before_is_of_one_section_only(tmp_path: Path, was: str) -> None:
    write_config(tmp_path)
    rename(tmp_path, was)
    with pytest.raises(ConfigError, match=re.escape("sections[0].")):
        load(tmp_path / "config.toml", environ={})


# --------------------------------------------------------------------------- language


async def test_who_said_no_language_reads_the_newsletter_s_whatever_it_is(
    tmp_path: Path, store_url: str
) -> None:
    write_config(tmp_path, store_url=store_url)
    async with open_newsroom(tmp_path) as app:
        await take_in(app, table(("ann", "", ""), ("bo", "uk", "")))
        await rolls.add(
            app,
            app.newsletter(),
            "cy@example.com",
            consent_from="the fair in Merrow",
            consent_at=datetime(2026, 1, 2, tzinfo=UTC),
            actor="ops",
        )
        kept = [
            (await rolls.show(app, f"{name}@example.com")).subscriber.language
            for name in ("ann", "bo", "cy")
        ]
        assert kept == ["", "uk", ""]
        assert await count(app, 'language = "en"') == 2
        assert await count(app, 'language in ("uk", "en")') == 3
        assert await count(app, 'language != "en"') == 1
    path = tmp_path / "config.toml"
    path.write_text(path.read_text().replace('slug = "daily"', 'slug = "daily"\nlanguage = "de"'))
    async with open_newsroom(tmp_path) as app:
        assert await count(app, 'language = "en"') == 0
        assert await count(app, 'language = "de"') == 2


async def test_a_filter_by_language_asks_each_newsletter_for_its_own(tmp_path: Path) -> None:
    path = write_config(tmp_path)
    path.write_text(path.read_text() + SECOND)
    async with open_newsroom(tmp_path) as app:
        await take_in(app, table(("ann", "", "")))
        for language in ("de", "de-AT", "en"):
            wanted = editorial.as_kept(parse(f'language = "{language}"'), app.settings.newsletters)
            there = await segments.count(app.db, wanted, newsletter="daily")
            assert there == (1 if language == "en" else 0)
            assert await segments.count(app.db, wanted, newsletter="abend") == 0


async def test_the_preferences_page_keeps_that_nothing_was_chosen(tmp_path: Path) -> None:
    write_config(tmp_path)
    async with open_newsroom(tmp_path) as app:
        await take_in(app, table(("ann", "", "")))
        token = await reader_of(app, "ann")
        found = await audience.wishes(app, token)
        assert found.languages[0] == ("", "English · The Daily")
        assert "en" in dict(found.languages)
        await audience.change_wishes(app, token, found.choices)
        assert (await rolls.show(app, "ann@example.com")).subscriber.language == ""
        # The newsroom may choose for them, and take it back.
        for language in ("en", "de", ""):

            def speak(now: Choices, language: str = language) -> Choices:
                return Choices(language=language, timezone=now.timezone)

            await rolls.set_choices(app, "ann@example.com", app.newsletter(), speak, actor="ops")
            assert (await rolls.show(app, "ann@example.com")).subscriber.language == language
