"""Make the pictures of the documents from the sample day: ``make pictures``."""

import asyncio
import subprocess
import sys
from email import message_from_bytes
from email.policy import default as default_policy
from pathlib import Path
from zoneinfo import available_timezones

from PIL import Image

from digest.app import open_app
from digest.choosing import offer
from digest.model import Choices, LetterKind, Subscriber
from digest.render.letter import letter
from digest.render.signup import SignupForm, consent_wording, signup_page
from digest.settings import load

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT / "tests"))

from browser import Scheme, picture  # noqa: E402
from make import MORNING  # noqa: E402

IMAGES = ROOT / "docs" / "images"
PREVIEW = ROOT / "preview"
ADDRESS = "http://localhost:8025/"


def preview(*given: str) -> None:
    """Write the sample edition as one reader gets it."""
    command = [sys.executable, "-m", "digest", "preview", "--no-screens", *given]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)  # noqa: S603


async def take(file: Path, name: str, width: int, scheme: Scheme = "light") -> None:
    into = IMAGES / f"{name}.png"
    await picture(file, into, width, scheme, height=760)
    # Flat colours and a drawing: 128 colours show no difference, and a third of the octets.
    Image.open(into).convert("RGB").quantize(128).save(into, optimize=True)


def beside(page: Path) -> Path:
    """*page* of the archive with addresses of files, as a browser without a server wants them."""
    copy = PREVIEW / "archive.html"
    out = (ROOT / "out").as_uri()
    copy.write_text(page.read_text(encoding="utf-8").replace(ADDRESS, f"{out}/"), encoding="utf-8")
    return copy


async def joining() -> None:
    """The page to sign up, and the mail that asks whether it was you."""
    async with open_app(load(ROOT / "config.toml", environ={}), environ={}) as app:
        newsletter = app.newsletter()
        there = offer(newsletter, app.settings.newsletters)
        form = SignupForm(
            email="ann@example.org",
            choices=Choices(sections=("harbour", "sport"), hour=8, timezone="Europe/Dublin"),
            agreed=True,
        )
        page = signup_page(
            "ask",
            press=app.press,
            newsletter=newsletter,
            sections=there.sections,
            frequencies=there.frequencies,
            languages=there.languages,
            zones=sorted(available_timezones()),
            form=form,
            stamp="",
        )
        asking = letter(
            LetterKind.CONFIRM,
            press=app.press,
            newsletter=newsletter,
            subscriber=Subscriber(id=1, email="ann@example.org", key="0" * 32),
            mail=app.settings.mail,
            url=app.links.confirm_url(1, until=MORNING),
            until=MORNING,
            wording=consent_wording(newsletter, "en")[0],
            message_id="<1@skerry.example>",
            sent_at=MORNING,
        )
    html = message_from_bytes(asking, policy=default_policy).get_body(("html",))
    assert html is not None
    for name, text in (("subscribe", page), ("confirm", html.get_content())):
        (PREVIEW / f"{name}.html").write_text(text, encoding="utf-8")
        await take(PREVIEW / f"{name}.html", name, 375)


async def main() -> None:
    edition = "editions/daily/2026-05-18T0700"
    preview()
    await take(PREVIEW / "mail.html", "mail-phone", 375)
    await take(PREVIEW / "mail.html", "mail-phone-dark", 375, "dark")
    await take(PREVIEW / "page.html", "page", 800)
    preview("--language", "ar")
    await take(PREVIEW / "mail.html", "mail-arabic", 375)
    await take(beside(ROOT / "out" / "index.html"), "front", 800)
    story = next((ROOT / "out" / edition).glob("*/index.html"))
    await take(beside(story), "story", 800)
    config = ROOT / "config.toml"
    before = config.read_text(encoding="utf-8")
    try:
        for theme in ("plain", "brief"):
            chosen = before.replace('# theme = "newspaper"', f'theme = "{theme}"')
            config.write_text(chosen, encoding="utf-8")
            preview()
            await take(PREVIEW / "mail.html", f"mail-{theme}", 375)
    finally:
        config.write_text(before, encoding="utf-8")
    await joining()


if __name__ == "__main__":
    asyncio.run(main())
