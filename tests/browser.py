"""A real browser: Debian's Chromium (or `$CHROMIUM`), driven by Playwright."""

import os
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Literal

import pytest
from playwright.async_api import Page, async_playwright

Scheme = Literal["light", "dark"]

#: Without the network flags Chromium asks its maker's hosts at every start.
_FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--hide-scrollbars",
]


def find_chromium() -> str | None:
    """Path of a Chromium, or None."""
    names = ("chromium", "chromium-browser", "google-chrome")
    return os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, names)), None)


needs_browser = pytest.mark.skipif(
    find_chromium() is None,
    reason="no Chromium is installed here: `make browser`, or set CHROMIUM",
)
#: Who looks whether everybody can read a page.
AXE = Path(__file__).parents[1] / "build" / "referees" / "node_modules" / "axe-core" / "axe.min.js"
needs_axe = pytest.mark.skipif(not AXE.exists(), reason="axe is not installed: `make referees`")


@asynccontextmanager
async def open_page(
    width: int, scheme: Scheme = "light", *, height: int = 900, scripts: bool = True
) -> AsyncIterator[tuple[Page, list[str]]]:
    """A page of *width* px, and the list that every address it asks for is written to.

    Args:
        scripts: whether the pages' own may run.
    """
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=find_chromium(), args=_FLAGS)
        page = await browser.new_page(
            viewport={"width": width, "height": height},
            color_scheme=scheme,
            java_script_enabled=scripts,
        )
        asked: list[str] = []
        page.on("request", lambda request: asked.append(request.url))
        yield page, asked
        await browser.close()


async def picture(file: Path, into: Path, width: int, scheme: Scheme, *, height: int) -> None:
    """A screenshot of the top of a local page."""
    async with open_page(width, scheme, height=height) as (page, _):
        await page.goto(file.resolve().as_uri())
        await page.screenshot(path=into)
