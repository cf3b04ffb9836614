"""The sample day as a new user runs it: what comes out, and what hostile text cannot do."""

import json
import shutil
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default as default_policy
from pathlib import Path

import defusedxml.ElementTree
import pytest
from lxml import html

from browser import Scheme, needs_browser, open_page
from newsroom import SEEDS, accepted, run_digest

ROOT = SEEDS.parent


@pytest.fixture(scope="module")
def day(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the sample newsroom after `make run`'s two commands."""
    folder = tmp_path_factory.mktemp("day")
    shutil.copy(ROOT / "config.toml", folder)
    shutil.copytree(SEEDS, folder / "seeds")
    done = run_digest(folder, "subscribers", "import", "seeds/subscribers.csv")
    assert done.returncode == 0, done.stderr
    done = run_digest(folder, "run", "--date", "2026-05-18", "--json")
    assert done.returncode == 0, done.stderr
    (folder / "told.json").write_text(done.stdout)
    assert run_digest(folder, "preview").returncode == 0
    return folder


def mails(day: Path) -> list[EmailMessage]:
    found = []
    for path in sorted((day / "data" / "outbox" / "new").iterdir()):
        _, _, message = path.read_bytes().partition(b"\n")
        found.append(message_from_bytes(message, policy=default_policy))
    return found


def parts(mail: EmailMessage) -> tuple[str, str]:
    """HTML and text."""
    html_part, text = mail.get_body(("html",)), mail.get_body(("plain",))
    assert html_part is not None
    assert text is not None
    return html_part.get_content(), text.get_content()


def test_the_run_reports_what_it_did(day: Path) -> None:
    told = json.loads((day / "told.json").read_text())
    assert (told["sections"], told["deliveries"]["sent"]) == (6, 25)
    assert told["stories"] >= 25
    assert told["briefs"] >= 10
    faults = [name for visit in told["sources"] for name, _ in visit["faults"]]
    assert faults == ["empty.txt", "garbage.txt"]


def test_every_reader_has_one_mail(day: Path) -> None:
    arrived = accepted(day)
    assert len(arrived) == len(set(arrived)) == 25


def test_the_same_story_is_told_once_and_names_who_else_tells_it(day: Path) -> None:
    page = (day / "preview" / "page.html").read_text()
    assert page.count("Ardent Tern was towed into Merrowhaven") == 1
    assert "Also reported by" in page


def test_text_from_outside_is_never_a_template(day: Path) -> None:
    html_part, text = parts(max(mails(day), key=lambda mail: len(mail.as_bytes())))
    page = (day / "preview" / "page.html").read_text()
    feeds = (day / "out" / "feeds" / "daily" / "feed.json").read_text()
    for shown in (html_part, text, page, feeds):
        # The text part is wrapped.
        assert "{{ subscriber.email }} in [[ edition ]]" in " ".join(shown.split())


def test_text_from_outside_is_never_a_header(day: Path) -> None:
    allowed = {
        "Date", "From", "To", "Subject", "Message-ID", "MIME-Version", "Content-Type", "List-Id",
        "List-Unsubscribe", "List-Unsubscribe-Post", "List-Post", "List-Archive", "Feedback-ID",
        "List-Help", "Precedence", "Auto-Submitted", "Reply-To",
    }  # fmt: skip
    for mail in mails(day):
        assert {name for name, _ in mail.items()} <= allowed
        assert mail["Bcc"] is None


def test_text_from_outside_is_never_live_html(day: Path) -> None:
    html_part, _ = parts(max(mails(day), key=lambda mail: len(mail.as_bytes())))
    page = (day / "preview" / "page.html").read_text()
    feed = json.loads((day / "out" / "feeds" / "daily" / "feed.json").read_text())
    fragments = [html_part, page, *(item["content_html"] for item in feed["items"])]
    for fragment in fragments:
        assert "&lt;script&gt;alert(1)" in fragment
        tree = html.fromstring(fragment)
        for script in tree.iter("script"):
            assert script.get("type") == "application/ld+json"
        for element in tree.iter():
            assert not [name for name in element.attrib if name.startswith("on")]
            for name in ("href", "src", "action"):
                assert not (element.get(name) or "").lower().startswith(("javascript:", "data:"))


def test_the_feeds_are_what_they_say(day: Path) -> None:
    folder = day / "out" / "feeds" / "daily"
    rss = defusedxml.ElementTree.parse(folder / "feed.rss").getroot()
    atom = defusedxml.ElementTree.parse(folder / "feed.atom").getroot()
    assert rss is not None
    assert atom is not None
    assert rss.tag == "rss"
    assert len(rss.findall("channel/item")) == 1
    assert atom.tag == "{http://www.w3.org/2005/Atom}feed"
    assert json.loads((folder / "feed.json").read_text())["version"].endswith("/1.1")
    for file in filter(Path.is_file, folder.rglob("*")):
        text = file.read_text()
        assert "/leave/" not in text
        assert "@example." not in text.replace("victim@example.com", "")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [375, 800])
@needs_browser
@pytest.mark.parametrize("name", ["page.html", "mail.html"])
async def test_it_fits_a_phone_and_asks_nobody_for_anything(
    day: Path, name: str, width: int, scheme: Scheme
) -> None:
    async with open_page(width, scheme) as (page, asked):
        await page.goto((day / "preview" / name).resolve().as_uri())
        assert await page.evaluate("document.documentElement.scrollWidth") <= width
        assert await page.evaluate("document.querySelectorAll('h1').length") == 1
        body = await page.evaluate("getComputedStyle(document.body).backgroundColor")
        red = int(body.removeprefix("rgb(").removeprefix("rgba(").split(",")[0])
        assert (red < 100) == (scheme == "dark"), body
        strangers = [url for url in asked if not url.startswith("file:")]
        pictures = await page.evaluate("Array.from(document.images).map(image => image.src)")
        assert set(strangers) <= set(pictures)
