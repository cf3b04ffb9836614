"""What the sample day comes out as, kept in `tests/golden/` for a person to open and read.

After a change that is meant: ``pytest tests/promises/test_golden.py --update-golden``, then look
at what it did.
"""

import asyncio
import re
import shutil
from collections.abc import Mapping
from datetime import UTC, date, datetime
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default as default_policy
from pathlib import Path

import pytest

from digest import collect, compose
from digest.app import App, open_app
from digest.model import Form, Subscriber
from digest.printer import printer_for
from digest.publish import publish
from digest.settings import load
from digest.slots import slot_of
from digest.store import editions, pictures
from newsroom import SEEDS

GOLDEN = Path(__file__).parent.parent / "golden"
ID = "daily@2026-05-18T0700"
#: The hour of the edition in Dublin, and a little.
NOW = datetime(2026, 5, 18, 6, 0, 5, tzinfo=UTC)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Every golden file as it comes out now: name and content."""
    return asyncio.run(make(tmp_path_factory.mktemp("golden")))


async def make(folder: Path) -> dict[str, str]:
    shutil.copy(SEEDS.parent / "config.toml", folder)
    shutil.copytree(SEEDS, folder / "seeds")
    (folder / "data").mkdir()
    # Links are signed with it: another key, other links.
    (folder / "data" / "link.key").write_text("5a" * 32)
    async with open_app(load(folder / "config.toml", environ={}), now=lambda: NOW) as app:
        await collect.collect(app)
        slot = slot_of(app.newsletter(), date(2026, 5, 18))
        await compose.compose(app, app.newsletter(), slot, approve=True)
        await publish(app)
        return await everything(app)


async def everything(app: App) -> dict[str, str]:
    async with app.db.read() as conn:
        edition = await editions.content(conn, ID)
        kept = await pictures.kept(conn, ID)
    printer = await printer_for(app, edition)
    found = {}
    for form in Form:
        reader = Subscriber(
            id=7, email="ada@mail.example", name="Ada Quill", key="ab" * 16, form=form
        )
        message = message_from_bytes(printer.message(reader, sent_at=NOW), policy=default_policy)
        found[f"mail-{form.value}.txt"] = part(message, "plain")
        if form is not Form.TEXT:
            found[f"mail-{form.value}.html"] = part(message, "html")
    out, page = app.out_dir, app.edition_folder(ID)
    found["page.html"] = (page / "index.html").read_text()
    found["story.html"] = (page / edition.stories[0].id / "index.html").read_text()
    found["front.html"] = (out / "index.html").read_text()
    for ending in ("rss", "atom", "json"):
        found[f"feed.{ending}"] = (out / "feeds" / "daily" / f"feed.{ending}").read_text()
    stories = out / "feeds" / "daily" / "stories" / "feed.atom"
    found["stories.atom"] = stories.read_text()
    files = {one.file: url for url, one in kept.items()}
    return {name: with_seeds(text, files) for name, text in found.items()}


def part(message: EmailMessage, kind: str) -> str:
    found = message.get_body((kind,))
    assert found is not None
    text = found.get_content()
    assert isinstance(text, str)
    return text


def with_seeds(text: str, files: Mapping[str, str]) -> str:
    """*text* with the sample's own pictures in the place of ours.

    Their names are hashes of octets that another release of Pillow may write otherwise; so are
    their sizes in octets.
    """

    def original(match: re.Match[str]) -> str:
        source, _, name = files[match[1]].removeprefix("folder:").partition("/")
        return f"../../seeds/{source}/{name}"

    shown = re.sub(r"http://localhost:8025/pictures/([0-9a-f]{16}\.\w+)", original, text)
    shown = re.sub(r'length="\d+"', 'length=""', shown)
    return re.sub(r'"size_in_bytes": \d+', '"size_in_bytes": 0', shown)


NAMES = (
    *("mail-full.html", "mail-full.txt", "mail-compact.html", "mail-compact.txt", "mail-text.txt"),
    *("page.html", "story.html", "front.html"),
    *("feed.rss", "feed.atom", "feed.json", "stories.atom"),
)


@pytest.mark.parametrize("name", NAMES)
def test_the_sample_day_comes_out_as_it_was_read(
    made: dict[str, str], name: str, pytestconfig: pytest.Config
) -> None:
    path = GOLDEN / name
    if pytestconfig.getoption("--update-golden"):
        path.parent.mkdir(exist_ok=True)
        path.write_text(made[name], encoding="utf-8")
    assert made[name].splitlines() == path.read_text(encoding="utf-8").splitlines()


def test_nothing_else_is_golden() -> None:
    assert sorted(path.name for path in GOLDEN.iterdir()) == sorted(NAMES)
