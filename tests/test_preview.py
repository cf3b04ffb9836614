"""The verb preview: the mail as it will leave, signatures and all."""

from datetime import date
from pathlib import Path

import pytest

from digest import collect, compose, preview
from digest.app import App
from digest.errors import ConfigError, Conflict, NotFound, StoreError
from digest.mail import dkim
from digest.settings import load
from digest.slots import slot_of
from newsroom import open_newsroom, write_config, write_day

DKIM = '\n[[dkim]]\nselector = "d2026"\nkey = { file = "d2026.pem" }\n'
SHOWN = ("M11", "M15", "M16")


async def previewed(app: App, timezone: str = "") -> preview.Previewed:
    await collect.collect(app)
    newsletter = app.newsletter()
    edition = await compose.compose(app, newsletter, slot_of(newsletter, date(2026, 5, 18)))
    folder = app.loaded.base / "preview"
    return await preview.preview(app, edition.id, folder, timezone=timezone, shots=False)


async def test_a_mail_is_shown_and_checked_as_it_is_signed(tmp_path: Path) -> None:
    write_config(tmp_path, mail=DKIM)
    write_day(tmp_path)
    pem = dkim.make_key(ed25519=True)
    (tmp_path / "d2026.pem").write_bytes(pem)
    async with open_newsroom(tmp_path) as app:
        seen = await previewed(app)
    message = (tmp_path / "preview" / "mail.eml").read_bytes()
    assert message.startswith(b"DKIM-Signature: v=1; a=ed25519-sha256; c=relaxed/relaxed;")
    assert [one.state for one in seen.lint.of("M11")] == ["pass"]
    assert [one for row in SHOWN for one in seen.lint.of(row) if one.state == "fail"] == []
    assert not [one for one in seen.lint.findings if "does not sign" in one.text]


async def test_without_a_key_the_lint_says_what_the_relay_must_do(tmp_path: Path) -> None:
    write_config(tmp_path)
    write_day(tmp_path)
    async with open_newsroom(tmp_path) as app:
        seen = await previewed(app)
    told = {one.row: one.text for one in seen.lint.having("open")}
    assert "the relay must" in told["M11"]
    assert "the relay must" in told["M15"]
    assert "digest doctor" in told["M16"]


async def test_an_edition_is_seen_as_a_reader_of_another_zone_gets_it(tmp_path: Path) -> None:
    write_config(tmp_path, newsletter='clocks = "reader"')
    write_day(tmp_path)
    async with open_newsroom(tmp_path) as app:
        here = await previewed(app)
        there = await previewed(app, timezone="Asia/Tokyo")
        with pytest.raises(Conflict, match="no time zone 'Mars/Base'"):
            await previewed(app, timezone="Mars/Base")
    # Of the evening before, in Athens: there lives the reader who is made up.
    assert "May 17, 9:00\u00a0PM" in here.text
    assert "3:00\u00a0AM" in there.text
    assert "May 17" not in there.text


async def test_of_a_newsletter_with_its_own_times_no_other_can_be_seen(tmp_path: Path) -> None:
    write_config(tmp_path)
    write_day(tmp_path)
    async with open_newsroom(tmp_path) as app:
        with pytest.raises(Conflict, match=r'times of Europe/Athens; `clocks = "reader"`'):
            await previewed(app, timezone="Asia/Tokyo")


async def test_the_weight_of_the_mail_is_one_number(tmp_path: Path) -> None:
    write_config(tmp_path)
    write_day(tmp_path)
    async with open_newsroom(tmp_path) as app:
        seen = await previewed(app)
    (told,) = (one.text for one in seen.lint.of("M18"))
    assert f"the HTML has {seen.html_bytes:,} octets" in told
    assert b"\r" not in (tmp_path / "preview" / "mail.html").read_bytes()


async def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    write_config(tmp_path)
    write_day(tmp_path)
    (tmp_path / "preview").write_text("a file")
    async with open_newsroom(tmp_path) as app:
        with pytest.raises(StoreError, match=r"preview cannot be written: .*; name a folder"):
            await previewed(app)


async def test_a_language_without_words_is_refused_for_the_frame_only(tmp_path: Path) -> None:
    write_config(tmp_path)
    write_day(tmp_path)
    async with open_newsroom(tmp_path) as app:
        await previewed(app)
        with pytest.raises(NotFound, match=r"no words in 'nl'.*stories may be in any language"):
            await preview.preview(
                app, "daily@2026-05-18T0700", tmp_path / "p", language="nl", shots=False
            )


@pytest.mark.parametrize("language", ["en", "en-IE", "uk", "de-CH", "ar"])
def test_of_a_language_that_we_speak_nothing_is_said(language: str) -> None:
    assert preview.unspoken(language) == ""


def test_of_a_language_that_we_do_not_speak_it_is_said_what_there_is() -> None:
    told = preview.unspoken("nl")
    assert "are English" in told
    assert "en, ar, de, " in told
    assert "docs/languages.md" in told


@pytest.mark.parametrize("drawing", [None, "<svg xmlns='http://www.w3.org/2000/svg'/>"])
def test_a_logo_that_mails_cannot_show_is_found_before_anything_is_made(
    tmp_path: Path, drawing: str | None
) -> None:
    path = write_config(tmp_path)
    path.write_text(path.read_text() + '\n[brand]\nlogo = "logo.svg"\n')
    if drawing:
        (tmp_path / "logo.svg").write_text(drawing)
    loaded = load(path, environ={})
    with pytest.raises(ConfigError, match=r"brand.logo: .*logo.svg .*give a PNG, JPEG or GIF"):
        preview.check_looks(loaded)
    assert not (tmp_path / "out").exists()
