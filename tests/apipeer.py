"""Providers' HTTP APIs on loopback: SES, Postmark and Mailgun, honest or misbehaving to order.

`ApiPeer` speaks HTTP/1.1 with connections that stay open, and looks at each request as the real
ones do: who may ask, and whether it is well-formed.  A *manner* says how it answers; what is not
told goes well.
"""

import asyncio
import base64
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from email.utils import parseaddr
from types import TracebackType
from typing import Any, Literal, Self

#: What clients send as their key; no error may hold it.
KEY = "key-of-the-quay-4711-never-shown"
KEY_ID = "AKIDHARBOUR"


@dataclass(frozen=True)
class Said:
    """What the peer does with a request."""

    status: int = 200
    told: Any = None
    headers: tuple[tuple[str, str], ...] = ()
    then: Literal["go on", "close", "stall"] = "go on"
    #: Close before the body is read: only the headers have come.
    early: bool = False
    #: Octets to write as they are, instead of an answer.
    raw: bytes | None = None
    until: asyncio.Event | None = None


@dataclass(frozen=True)
class Got:
    """One request whose body was heard to its end."""

    path: str
    #: Names in small letters.
    headers: dict[str, str]
    body: bytes

    @property
    def told(self) -> Any:
        return json.loads(self.body)

    def form(self) -> dict[str, bytes]:
        """The fields of a multipart form."""
        boundary = self.headers["content-type"].partition("boundary=")[2].encode()
        parts = self.body.removesuffix(b"--\r\n").split(b"--" + boundary)[1:-1]
        fields = {}
        for part in parts:
            head, _, value = part.partition(b"\r\n\r\n")
            found = re.search(rb'name="([^"]*)"', head)
            assert found is not None
            fields[found[1].decode()] = value.removesuffix(b"\r\n")
        return fields

    @property
    def to(self) -> str:
        if self.path.startswith("/v3/"):
            return self.form()["to"].decode()
        told = self.told
        if "Destination" in told:
            (one,) = told["Destination"]["ToAddresses"]
            return str(one)
        return str(told["To"])

    @property
    def message(self) -> bytes | None:
        """The octets, where the provider takes them as they are."""
        if self.path.startswith("/v3/"):
            return self.form()["message"]
        told = self.told
        return base64.b64decode(told["Content"]["Raw"]["Data"]) if "Content" in told else None


@dataclass
class ApiPeer:
    """``async with ApiPeer() as peer``, then *url*: what goes into ``api_url``."""

    host: str = "127.0.0.1"
    port: int = 0
    #: Taken, in the order of the answers.
    taken: list[Got] = field(default_factory=list)
    #: Heard to the end, whatever was answered.
    heard: list[Got] = field(default_factory=list)
    #: Requests whose headers were heard.
    asked: int = 0
    connections: int = 0
    at_once: int = 0
    most_at_once: int = 0
    _manners: list[tuple[Said, str | None, int | None]] = field(default_factory=list)
    _server: asyncio.Server | None = None
    _talks: set[asyncio.Task[None]] = field(default_factory=set)
    _changed: asyncio.Condition = field(default_factory=asyncio.Condition)

    @property
    def url(self) -> str:
        return f"http://{self.host}:{self.port}"

    def on(self, said: Said, *, to: str | None = None, times: int | None = None) -> Self:
        """Answer so: for the recipient *to* only, *times* times only, if given."""
        self._manners.append((said, to, times))
        return self

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._talk, self.host, self.port)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.stop()

    async def stop(self) -> None:
        """Listen no more, and hang up on everybody."""
        if self._server is not None:
            self._server.close()
            self._server = None
        talks = list(self._talks)
        for task in talks:
            task.cancel()
        if talks:
            await asyncio.wait(talks)

    async def has_heard(self, times: int) -> None:
        async with self._changed:
            await self._changed.wait_for(lambda: len(self.heard) >= times)

    async def has_been_asked(self, times: int) -> None:
        async with self._changed:
            await self._changed.wait_for(lambda: self.asked >= times)

    # ------------------------------------------------------------ conversation

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._talks.add(task)
        self.connections += 1
        try:
            while await self._one(reader, writer):
                pass
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass
        finally:
            self._talks.discard(task)
            writer.close()

    async def _one(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        first, *lines = head.strip().split("\r\n")
        headers = {
            name.strip().lower(): value.strip()
            for name, _, value in (line.partition(":") for line in lines)
        }
        self.asked += 1
        await self._notify()
        early = next((said for said, to, left in self._manners if said.early and left != 0), None)
        if early is not None:
            return await self._say(self._used(early), writer)
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        try:
            body = await reader.readexactly(int(headers["content-length"]))
            got = Got(first.split(" ")[1], headers, body)
            self.heard.append(got)
            await self._notify()
            said = self._said(got)
            if said.until is not None:
                await said.until.wait()
            told = said.told if isinstance(said.told, dict) else {}
            answered = said.then == "go on" and said.raw is None
            if answered and said.status < 300 and not told.get("ErrorCode"):
                self.taken.append(got)
            # A turn of the loop for others to be heard meanwhile.
            await asyncio.sleep(0)
        finally:
            self.at_once -= 1
        return await self._say(said, writer)

    async def _say(self, said: Said, writer: asyncio.StreamWriter) -> bool:
        if said.raw is not None:
            writer.write(said.raw)
        elif said.then == "go on":
            body = said.told if isinstance(said.told, bytes) else json.dumps(said.told).encode()
            lines = [f"{name}: {value}" for name, value in said.headers]
            status = f"HTTP/1.1 {said.status} Told"
            head = [status, "Content-Type: application/json", f"Content-Length: {len(body)}"]
            writer.write("\r\n".join([*head, *lines, "", ""]).encode() + body)
        await writer.drain()
        if said.then == "stall":
            await asyncio.Event().wait()
        return said.then == "go on"

    async def _notify(self) -> None:
        async with self._changed:
            self._changed.notify_all()

    # ------------------------------------------------------------------ answers

    def _used(self, said: Said) -> Said:
        for at, (told, to, left) in enumerate(self._manners):
            if told is said and left is not None:
                self._manners[at] = (told, to, left - 1)
        return said

    def _said(self, got: Got) -> Said:
        for said, to, left in self._manners:
            if left != 0 and (to is None or to == got.to):
                return self._used(said)
        return self._honest(got)

    def _honest(self, got: Got) -> Said:
        number = len(self.heard)
        if got.path == "/v2/email/outbound-emails":
            if f"Credential={KEY_ID}/" not in got.headers.get("authorization", ""):
                return ses_refusal(403, "InvalidSignatureException", "The key id is not known.")
            return Said(told={"MessageId": f"0100-{number}"})
        if got.path == "/email":
            return _postmark(got, number)
        if re.fullmatch(r"/v3/[^/]+/messages\.mime", got.path):
            account = base64.b64encode(f"api:{KEY}".encode()).decode()
            if got.headers.get("authorization") != f"Basic {account}":
                return Said(401, b"Forbidden")
            told = {"id": f"<{number}@mg.example>", "message": "Queued. Thank you."}
            return Said(told=told)
        return Said(404, {"message": "no such place"})


def _postmark(got: Got, number: int) -> Said:
    if got.headers.get("x-postmark-server-token") != KEY:
        return postmark_error(10, "No Account or Server API tokens were supplied", status=401)
    told = got.told
    if not parseaddr(told["From"])[1] or not (told.get("TextBody") or told.get("HtmlBody")):
        return postmark_error(300, "Invalid 'From' address")
    return Said(
        told={"To": told["To"], "MessageID": f"b7bc-{number}", "ErrorCode": 0, "Message": "OK"}
    )


def ses_refusal(status: int, kind: str, message: str) -> Said:
    return Said(status, {"message": message}, headers=(("x-amzn-ErrorType", f"{kind}:"),))


def postmark_error(number: int, message: str, *, status: int = 422) -> Said:
    return Said(status, {"ErrorCode": number, "Message": message})


def accounts(by: str) -> Sequence[tuple[str, str]]:
    """What a relay's table needs beside api_url."""
    return {
        "ses": [("region", "eu-west-1"), ("username", KEY_ID)],
        "postmark": [],
        "mailgun": [("domain", "mg.example")],
    }[by]
