"""The verb preview: the mail as it will leave, signatures and all."""

from datetime import date
from pathlib import Path

from digest import collect, compose, preview
from digest.app import App
from digest.mail import dkim
from digest.slots import slot_of
from newsroom import open_newsroom, write_config, write_day

DKIM = '\n[[dkim]]\nselector = "d2026"\nkey = { file = "d2026.pem" }\n'
SHOWN = ("M11", "M15", "M16")


async def previewed(app: App) -> preview.Previewed:
    await collect.collect(app)
    newsletter = app.newsletter()
    edition = await compose.compose(app, newsletter, slot_of(newsletter, date(2026, 5, 18)))
    return await preview.preview(app, edition.id, app.loaded.base / "preview", shots=False)


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
