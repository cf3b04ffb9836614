"""Requests to an ASGI application as they are, with nothing between that would mend them."""

from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

from starlette.types import ASGIApp, Message


@dataclass(frozen=True, slots=True)
class Answer:
    """What was sent: header names in lower case; the body in the order of its pieces."""

    status: int
    headers: list[tuple[str, str]]
    pieces: list[bytes]

    @property
    def body(self) -> bytes:
        return b"".join(self.pieces)

    def __getitem__(self, name: str) -> str:
        (value,) = (value for told, value in self.headers if told == name)
        return value

    def __contains__(self, name: str) -> bool:
        return any(told == name for told, _ in self.headers)


async def ask(
    app: ASGIApp,
    path: str,
    *headers: tuple[str, str],
    method: str = "GET",
    query: bytes = b"",
) -> Answer:
    """Ask for *path* as it stands in the request's first line, percent signs and all."""
    scope: dict[str, Any] = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": method,
        "scheme": "http",
        "path": unquote(path),
        "raw_path": path.encode(),
        "root_path": "",
        "query_string": query,
        "headers": [(name.lower().encode(), value.encode("latin-1")) for name, value in headers],
        "client": ("192.0.2.7", 4711),
        "server": ("localhost", 8025),
    }
    sent: list[Message] = []

    async def receive() -> Message:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Message) -> None:
        sent.append(message)

    await app(scope, receive, send)
    start, *bodies = sent
    assert not bodies[-1].get("more_body")
    return Answer(
        status=start["status"],
        headers=[(name.decode(), value.decode("latin-1")) for name, value in start["headers"]],
        pieces=[message["body"] for message in bodies if message["body"]],
    )
