"""Pushing over HTTP: who may, in what form, and what is answered."""

import json
import re
import shlex
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from httpx2 import Response
from starlette.types import Message

from digest import collect, web
from digest.app import App
from digest.reading.pushed import MOST_BYTES
from newsroom import open_newsroom, write_config
from over_http import client_of, kept, mute

HERE = "http://localhost:8025"
TOKEN = "correct-horse"
BRIDGE = {"id": "t1", "text": "The Orrin bridge is closed until noon."}
PUSHED = """
[[sources]]
id = "ticker"
kind = "push"
"""
GUIDE = Path(__file__).parents[2] / "docs" / "push.md"


@asynccontextmanager
async def opened(
    folder: Path, more: str = PUSHED, *, token: str | None = TOKEN
) -> AsyncIterator[App]:
    config = write_config(folder)
    if token is not None:
        (folder / "token").write_text(token + "\n")
        more += '[api]\ntoken = { file = "token" }\n'
    config.write_text(config.read_text() + more)
    async with open_newsroom(folder) as app:
        yield app


@pytest.fixture
async def app(tmp_path: Path) -> AsyncIterator[App]:
    async with opened(tmp_path) as newsroom:
        yield newsroom


async def post(
    app: App,
    body: object = BRIDGE,
    *,
    path: str = "/api/items",
    token: str | None = TOKEN,
    **headers: str,
) -> Response:
    sent = {"content-type": "application/json"}
    if token is not None:
        sent["authorization"] = f"Bearer {token}"
    sent |= {name.replace("_", "-"): value for name, value in headers.items()}
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    async with client_of(app) as http:
        return await http.post(path, content=content, headers=sent)


def problem(answer: Response, status: int) -> dict[str, Any]:
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    told: dict[str, Any] = answer.json()
    assert told["status"] == status
    return told


async def test_what_became_of_each_item_is_answered(app: App) -> None:
    first = await post(app, [BRIDGE, {**BRIDGE, "id": "t2"}])
    assert first.status_code == 200
    assert first.headers["cache-control"] == "no-store"
    told = first.json()
    assert re.fullmatch("[0-9a-f]{16}", told["items"][0]["item"])
    assert [(item["id"], item["state"]) for item in told["items"]] == [("t1", "new"), ("t2", "new")]
    assert (told["source"], told["new"], told["changed"], told["unchanged"]) == ("ticker", 2, 0, 0)
    again = (await post(app, {**BRIDGE, "text": "It is open again, the police said."})).json()
    assert (again["changed"], again["items"][0]["item"]) == (1, told["items"][0]["item"])
    assert (await post(app)).json()["changed"] == 1
    assert await kept(app) == 2


@pytest.mark.parametrize("token", [None, "", "wrong", TOKEN + "x", TOKEN[:-1], "tökén"])
async def test_whoever_has_not_the_token_may_not(app: App, token: str | None) -> None:
    headers: list[tuple[bytes, bytes]] = []
    if token is not None:
        headers = [(b"authorization", f"Bearer {token}".encode("latin-1"))]
    async with client_of(app) as http:
        answer = await http.post("/api/items", json=BRIDGE, headers=headers)
    told = problem(answer, 401)
    assert answer.headers["www-authenticate"].startswith('Bearer realm="digest"')
    assert TOKEN not in answer.text
    assert "Authorization: Bearer TOKEN" in told["detail"]
    assert await kept(app) == 0


async def test_another_scheme_is_no_token(app: App) -> None:
    answer = await post(app, authorization=f"Basic {TOKEN}")
    assert answer.status_code == 401
    assert (await post(app, authorization=f"bearer  {TOKEN}")).status_code == 200


async def test_without_a_token_in_the_settings_nobody_may(tmp_path: Path) -> None:
    async with opened(tmp_path, token=None) as app:
        told = problem(await post(app), 403)
        assert "DIGEST_API_TOKEN" in told["detail"]
        assert await kept(app) == 0


async def test_every_fault_is_told_at_once_and_nothing_is_kept(app: App) -> None:
    told = problem(await post(app, [BRIDGE, {"id": "t2"}, {"id": 3, "text": "A."}]), 422)
    assert told["detail"] == "2 faults; nothing was kept."
    assert [fault.partition(":")[0] for fault in told["faults"]] == ["items[1].text", "items[2].id"]
    assert problem(await post(app, b'{"id": '), 422)["faults"][0].startswith("the body is not JSON")
    assert await kept(app) == 0


@pytest.mark.parametrize(
    "headers",
    [
        {"content_type": "text/plain"},
        {"content_type": "application/x-www-form-urlencoded"},
        {"content_type": "application/json; charset=latin-1"},
        {"content_encoding": "gzip"},
    ],
)
async def test_another_form_is_refused(app: App, headers: dict[str, str]) -> None:
    problem(await post(app, **headers), 415)
    assert await kept(app) == 0


@pytest.mark.parametrize(
    "kind", ["application/json; charset=UTF-8", 'APPLICATION/JSON;charset="utf-8"']
)
async def test_json_may_be_said_in_several_ways(app: App, kind: str) -> None:
    assert (await post(app, content_type=kind)).status_code == 200


async def test_json_lines_are_taken(app: App) -> None:
    lines = b'{"id": "a", "text": "One."}\n{"id": "b", "text": "Two."}\n'
    answer = await post(app, lines, content_type="application/x-ndjson")
    assert answer.json()["new"] == 2


async def test_too_much_is_not_read_to_its_end(app: App) -> None:
    told = problem(await post(app, b" " * (MOST_BYTES + 1)), 413)
    assert "2,000,000 bytes" in told["detail"]
    read = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal read
        while True:
            read += 1
            yield b" " * 100_000

    headers = {"authorization": f"Bearer {TOKEN}", "content-type": "application/json"}
    async with client_of(app) as http:
        problem(await http.post("/api/items", content=endless(), headers=headers), 413)
    assert read <= MOST_BYTES / 100_000 + 2


async def test_a_body_that_breaks_off_keeps_nothing(app: App) -> None:
    parts: Iterator[Message] = iter(
        [
            {"type": "http.request", "body": json.dumps(BRIDGE).encode(), "more_body": True},
            {"type": "http.disconnect"},
        ]
    )
    sent: list[Message] = []

    async def receive() -> Message:
        return next(parts)

    async def send(message: Message) -> None:
        sent.append(message)

    headers = [
        (b"authorization", f"Bearer {TOKEN}".encode()),
        (b"content-type", b"application/json"),
    ]
    scope = {
        "type": "http", "method": "POST", "path": "/api/items", "query_string": b"",
        "headers": headers, "http_version": "1.1", "scheme": "http",
    }  # fmt: skip
    await web.create(app)(scope, receive, send)
    assert sent[0]["status"] == 400
    assert await kept(app) == 0


async def test_the_source_is_named_where_there_are_several(tmp_path: Path) -> None:
    async with opened(tmp_path, PUSHED + PUSHED.replace("ticker", "cms")) as app:
        assert "ticker, cms" in problem(await post(app), 404)["detail"]
        assert (await post(app, path="/api/items?source=cms")).json()["source"] == "cms"
        problem(await post(app, path="/api/items?source=desk"), 404)


async def test_a_paused_source_is_a_conflict(app: App) -> None:
    await collect.pause(app, "ticker")
    assert "is paused" in problem(await post(app), 409)["detail"]


async def test_what_cannot_be_kept_is_to_be_pushed_again_later(app: App) -> None:
    async with mute(app) as broken:
        answer = await post(broken)
    told = problem(answer, 503)
    assert "push the same again later" in told["detail"]
    assert int(answer.headers["retry-after"]) > 0
    assert (await post(app)).json()["new"] == 1


async def test_only_post_pushes(app: App) -> None:
    async with client_of(app) as http:
        headers = {"authorization": f"Bearer {TOKEN}"}
        for method in ("GET", "PUT", "DELETE", "OPTIONS"):
            answer = await http.request(method, "/api/items", headers=headers)
            assert answer.status_code in (404, 405)


async def test_the_guides_examples_work_as_they_stand(
    app: App, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = GUIDE.read_text()
    monkeypatch.chdir(tmp_path)
    files = re.findall(r"`([\w.-]+)`:\n\n```json\n(.*?)```", text, re.S)
    for name, content in files:
        Path(name).write_text(content)
    commands = re.findall(r"^curl .*?[^\\]$", text, re.S | re.M)
    assert (len(files), len(commands)) == (2, 4)
    answers = [await curl(app, command) for command in commands]
    assert [answer.status_code for answer in answers] == [200] * 4
    counts = [[one.json()[key] for key in ("new", "changed", "unchanged")] for one in answers]
    assert counts == [[1, 0, 0], [0, 1, 0], [2, 0, 0], [2, 0, 0]]


async def curl(app: App, command: str) -> Response:
    """What curl would send."""
    words = shlex.split(command.replace("\\\n", " ").replace("$DIGEST_API_TOKEN", TOKEN))
    url = next(word for word in words if word.startswith("http"))
    options = list(pairwise(words))
    headers = dict(value.split(": ", 1) for name, value in options if name == "-H")
    (body,) = (value for name, value in options if name in ("-d", "--data-binary"))
    content = Path(body[1:]).read_bytes() if body.startswith("@") else body.encode()
    async with client_of(app) as http:
        return await http.post(url, content=content, headers=headers)
