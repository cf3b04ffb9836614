"""The piece for nginx in the manual, in a real nginx: it serves what `digest serve` serves."""

import asyncio
import os
import re
import shutil
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from grp import getgrgid
from http.client import HTTPConnection
from pathlib import Path
from pwd import getpwuid
from typing import NamedTuple
from urllib.parse import urlsplit

import pytest

from browser import needs_browser, open_page
from digest import collect, compose
from digest import publish as publishing
from digest.slots import slot_of
from newsroom import SEEDS, open_newsroom, write_config, write_day
from site_served import served

#: Debian keeps it where only root looks; `make referees` unpacks it, so that nothing is started.
_PLACES = ("/usr/sbin", "/usr/local/sbin", SEEDS.parent / "build/referees/nginx/usr/sbin")
NGINX = shutil.which("nginx", path=":".join(map(str, (os.environ.get("PATH", ""), *_PLACES))))
MANUAL = SEEDS.parent / "docs" / "operating.md"
FEED = "/feeds/daily/feed.atom"
BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
READER = "application/atom+xml, application/rss+xml;q=0.9, text/html;q=0.1"

pytestmark = pytest.mark.skipif(not NGINX, reason="no nginx is here: `make referees`")


class Answer(NamedTuple):
    status: int
    headers: list[tuple[str, str]]
    body: bytes

    def all(self, name: str) -> list[str]:
        """Every value of a header, part by part."""
        lines = (value for known, value in self.headers if known.lower() == name)
        return sorted(part.strip() for line in lines for part in line.split(","))


def ask(site: str, path: str, method: str = "GET", **headers: str) -> Answer:
    there = urlsplit(site)
    assert there.hostname is not None
    line = HTTPConnection(there.hostname, there.port, timeout=30)
    line.request(method, path, headers={name.replace("_", "-"): v for name, v in headers.items()})
    answer = line.getresponse()
    told = Answer(answer.status, answer.getheaders(), answer.read())
    line.close()
    return told


def piece(*, port: int, root: Path, program: str) -> str:
    """What the manual says, for this place: without TLS, which needs a certificate."""
    found = [text for text in MANUAL.read_text().split("```") if "map $http_accept" in text]
    assert len(found) == 1
    text = re.sub(r"\n *ssl_certificate[^;]*;", "", found[0])
    for written, here in {
        "listen 443 ssl;": f"listen 127.0.0.1:{port};",
        "root /srv/digest/out;": f"root {root};",
        "proxy_pass http://127.0.0.1:8025;": f"proxy_pass {program};",
    }.items():
        assert text.count(written) == 1, written
        text = text.replace(written, here)
    return text


def me() -> str:
    """User and group: of root's, nginx's workers would be others, who may not look in here."""
    return f"{getpwuid(os.getuid()).pw_name} {getgrgid(os.getgid()).gr_name}"


@contextmanager
def nginx(folder: Path, *, root: Path, program: str) -> Iterator[str]:
    assert NGINX is not None
    folder.mkdir()
    temporary = "".join(
        f"{name}_temp_path {folder};" for name in ("fastcgi", "uwsgi", "scgi", "proxy")
    )
    with socket.create_server(("127.0.0.1", 0)) as here:
        port = here.getsockname()[1]
        config = folder / "nginx.conf"
        config.write_text(
            f"daemon off; user {me()}; pid {folder}/pid; error_log {folder}/errors;\n"
            f"events {{}}\nhttp {{ access_log off; client_body_temp_path {folder}; {temporary}\n"
            f"{piece(port=port, root=root, program=program)}\n}}\n"
        )
        # It goes on with a socket that is open already, as at an upgrade: nobody has to wait
        # until it listens, and nobody else can take the port.
        process = subprocess.Popen(
            [NGINX, "-e", folder / "errors", "-c", config],
            env=os.environ | {"NGINX": f"{here.fileno()};"},
            pass_fds=[here.fileno()],
        )
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(30)


class Both(NamedTuple):
    out: Path
    nginx: str
    program: str


async def publish(folder: Path) -> None:
    write_config(folder)
    write_day(folder)
    async with open_newsroom(folder) as app:
        await collect.collect(app)
        newsletter = app.newsletter()
        slot = slot_of(newsletter, date(2026, 5, 18))
        await compose.compose(app, newsletter, slot, approve=True)
        await publishing.publish(app)


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Both]:
    folder = tmp_path_factory.mktemp("nginx") / "newsroom"
    asyncio.run(publish(folder))
    pictures = folder / "out" / "pictures"
    pictures.mkdir(exist_ok=True)
    for ending in ("jpg", "jpeg", "png", "webp", "gif", "avif"):
        (pictures / f"0a.{ending}").write_bytes(b"picture" * 200)
    with (
        served(folder) as site,
        nginx(folder.parent / "nginx", root=folder / "out", program=site.url) as url,
    ):
        yield Both(folder / "out", url, site.url)


def paths(out: Path) -> Iterator[str]:
    for file in sorted(path for path in out.rglob("*") if path.is_file()):
        name = f"/{file.relative_to(out)}"
        if name != "/404.html":
            yield name.removesuffix("index.html") if name.endswith("/index.html") else name


@pytest.mark.parametrize("accept", [BROWSER, READER, "*/*"])
def test_every_file_is_what_digest_serves_and_so_are_its_headers(both: Both, accept: str) -> None:
    asked = list(paths(both.out))
    assert len({Path(path).suffix for path in asked}) >= 12
    for path in asked:
        theirs, ours = (ask(site, path, Accept=accept) for site in (both.nginx, both.program))
        assert (theirs.status, theirs.body) == (ours.status, ours.body) == (200, ours.body), path
        for name in ("content-type", "cache-control", "vary", "x-content-type-options"):
            assert theirs.all(name) == ours.all(name), (path, name)


def test_h1_and_h3_codings_have_their_tags_and_vary_also_in_a_304(both: Both) -> None:
    plain = ask(both.nginx, FEED, Accept_Encoding="gzip;q=0")
    coded = ask(both.nginx, FEED, Accept_Encoding="gzip")
    assert coded.all("content-encoding") == ["gzip"]
    assert coded.all("etag") != plain.all("etag")
    assert coded.all("vary") == plain.all("vary") == ["Accept", "Accept-Encoding"]
    for answer in (plain, coded):
        (tag,) = answer.all("etag")
        again = ask(both.nginx, FEED, If_None_Match=tag, Accept_Encoding="gzip")
        assert (again.status, again.body) == (304, b"")
        assert again.all("vary") == ["Accept", "Accept-Encoding"]
        assert again.all("cache-control") == ["max-age=300", "public"]


def test_h4_only_reading_is_allowed_and_what_is_missing_has_its_page(both: Both) -> None:
    head = ask(both.nginx, FEED, "HEAD", Accept=READER)
    assert (head.status, head.body) == (200, b"")
    assert head.all("content-type") == ["application/atom+xml; charset=utf-8"]
    assert ask(both.nginx, FEED, "POST").status == 405
    missing = (both.out / "404.html").read_bytes()
    for path in ("/nothing", "/feeds/daily/nothing.atom"):
        for accept in (BROWSER, READER):
            answer = ask(both.nginx, path, Accept=accept)
            assert (answer.status, answer.body) == (404, missing)
            assert answer.all("content-type") == ["text/html; charset=utf-8"]


@pytest.mark.parametrize(
    "path", ["/search?q=ferry", "/subscribe/daily", "/leave/forged", "/preferences/forged"]
)
def test_what_needs_the_program_comes_from_there_and_nothing_is_added(
    both: Both, path: str
) -> None:
    theirs, ours = (ask(site, path, Accept=BROWSER) for site in (both.nginx, both.program))
    assert theirs.status == ours.status
    for name in ("content-type", "cache-control", "vary", "x-content-type-options"):
        assert theirs.all(name) == ours.all(name)


@needs_browser
@pytest.mark.parametrize("ending", ["atom", "rss"])
async def test_a_browser_shows_a_feed_as_a_page(both: Both, ending: str) -> None:
    links = []
    for site in (both.nginx, both.program):
        async with open_page(800) as (page, _):
            await page.goto(f"{site}/feeds/daily/feed.{ending}")
            links.append(await page.evaluate("document.querySelectorAll('a').length"))
    assert links[0] == links[1] > 0
