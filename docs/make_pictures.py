"""Make the pictures of the documents from the sample day: ``make pictures``."""

import asyncio
import subprocess
import sys
from pathlib import Path

from PIL import Image

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT / "tests"))

from browser import Scheme, picture  # noqa: E402

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


async def main() -> None:
    edition = "editions/daily/2026-05-18T0700"
    preview()
    await take(PREVIEW / "mail.html", "mail-phone", 375)
    await take(PREVIEW / "mail.html", "mail-phone-dark", 375, "dark")
    await take(PREVIEW / "page.html", "page", 800)
    preview("--form", "compact")
    await take(PREVIEW / "mail.html", "mail-brief", 375)
    preview("--language", "ar")
    await take(PREVIEW / "mail.html", "mail-arabic", 375)
    await take(beside(ROOT / "out" / "index.html"), "front", 800)
    story = next((ROOT / "out" / edition).glob("*/index.html"))
    await take(beside(story), "story", 800)
    config = ROOT / "config.toml"
    before = config.read_text(encoding="utf-8")
    plain = before.replace('# theme = "newspaper"', 'theme = "plain"')
    try:
        config.write_text(plain, encoding="utf-8")
        preview()
    finally:
        config.write_text(before, encoding="utf-8")
    await take(PREVIEW / "mail.html", "mail-plain", 375)


if __name__ == "__main__":
    asyncio.run(main())
