"""A model's endpoint on loopback that answers to order: honestly, with lies, or not at all.

It speaks enough HTTP to be asked by a real client.  A *manner* of `MANNERS` says how it behaves;
a list of them, one after the other, the last one for good.
"""

import asyncio
import json
import re
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

#: What a client sends as its key; no error and no log may hold it.
KEY = "sk-loopback-4711-never-shown"


@dataclass(frozen=True)
class Said:
    """An answer on the wire."""

    body: bytes = b""
    status: int = 200
    headers: tuple[tuple[str, str], ...] = (("Content-Type", "application/json"),)
    #: Say so many bytes, but send only the body: the connection breaks in the middle.
    claims: int | None = None
    #: Never answer; keep the line open until the client leaves.
    stalls: bool = False


@dataclass
class Asked:
    """One question as it came: the body, and what the story's JSON in it says."""

    body: dict[str, Any]
    headers: dict[str, str]

    @property
    def rules(self) -> str:
        return str(self.body["messages"][0]["content"])

    @property
    def text(self) -> str:
        return str(self.body["messages"][1]["content"])

    @property
    def sentences(self) -> dict[str, str]:
        told: dict[str, str] = json.loads(self.text)["sentences"]
        return told

    @property
    def rewrites(self) -> bool:
        return '"summary"' in self.rules


Manner = Callable[[Asked], Said]


def completion(content: str, *, counted: bool = True) -> Said:
    told: dict[str, Any] = {"choices": [{"message": {"role": "assistant", "content": content}}]}
    if counted:
        told["usage"] = {"prompt_tokens": 1000, "completion_tokens": 50}
    return Said(json.dumps(told).encode())


def _reply(asked: Asked, ids: Sequence[str], text: str | None = None) -> Said:
    if asked.rewrites:
        told = (asked.sentences[id] for id in ids if id in asked.sentences)
        text = " ".join(told) if text is None else text
        return completion(json.dumps({"summary": text, "evidence": list(ids)}))
    return completion(json.dumps({"sentences": list(ids)}))


def honest(asked: Asked) -> Said:
    """The first two sentences: chosen, or told word for word."""
    return _reply(asked, list(asked.sentences)[:2])


def choosing(*ids: str) -> Manner:
    return lambda asked: _reply(asked, ids)


def saying(content: str) -> Manner:
    return lambda asked: completion(content)


def writing(text: str, *evidence: str) -> Manner:
    return lambda asked: completion(json.dumps({"summary": text, "evidence": list(evidence)}))


def _changed(change: Callable[[str], str]) -> Manner:
    def manner(asked: Asked) -> Said:
        # The first two, and the first that quotes somebody.
        quoting = [id for id, text in asked.sentences.items() if "“" in text]
        ids = list(dict.fromkeys([*list(asked.sentences)[:2], *quoting[:1]]))
        return _reply(asked, ids, change(" ".join(asked.sentences[id] for id in ids)))

    return manner


def _other_number(text: str) -> str:
    return re.sub(r"\d+", lambda found: str(int(found[0]) * 7 + 3), text, count=1)


def _other_name(text: str) -> str:
    return re.sub(r"(?<=[a-z] )[A-Z][a-z]{3,}", "Quellwick", text, count=1)


def _other_words(text: str) -> str:
    return re.sub(r"([\"“])[^\"“”]+([\"”])", r"\1Everybody shall be paid twice\2", text, count=1)


def obedient(asked: Asked) -> Said:
    """Does what the article tells it to: answers with what stands after "answer"."""
    for id, text in asked.sentences.items():
        found = re.search(r"answer:? (.+)", text)
        if found:
            return _reply(asked, [id], found[1])
    return honest(asked)


def echoing_key(asked: Asked) -> Said:
    told = {"error": {"message": f"no model for {asked.headers['authorization']}"}}
    return Said(json.dumps(told).encode(), 404)


def plain_only(asked: Asked) -> Said:
    if "response_format" in asked.body:
        told = {"error": {"message": "Unrecognized request argument: response_format"}}
        return Said(json.dumps(told).encode(), 400)
    return honest(asked)


def bare_only(asked: Asked) -> Said:
    if set(asked.body) - {"model", "messages"}:
        return Said(b'{"detail": "extra inputs"}', 422)
    return honest(asked)


def uncounted(asked: Asked) -> Said:
    ids = list(asked.sentences)[:2]
    return completion(json.dumps({"sentences": ids}), counted=False)


def thinking(asked: Asked) -> Said:
    told = json.loads(honest(asked).body)["choices"][0]["message"]["content"]
    return completion(f"<think>The story {{is}} long.</think>\n```json\n{told}\n```")


def busy(wait: str = "0", status: int = 429) -> Manner:
    return lambda _: Said(b'{"error": "slow down"}', status, (("Retry-After", wait),))


def refusing(status: int, body: bytes = b"", headers: Sequence[tuple[str, str]] = ()) -> Manner:
    return lambda _: Said(body, status, tuple(headers))


MANNERS: dict[str, Manner] = {
    "honest": honest,
    "thinks aloud": thinking,
    "knows no response_format": plain_only,
    "knows no wishes": bare_only,
    "lies about a number": _changed(_other_number),
    "lies about a name": _changed(_other_name),
    "lies about a quotation": _changed(_other_words),
    "invents an id": choosing("s1", "s99"),
    "names nothing": choosing(),
    "garbage": saying("}{ certainly! ]["),
    "deep garbage": saying('{"a":' * 3000),
    "prose": saying("Here is the summary you asked for."),
    "another shape": saying('["s1", "s2"]'),
    "markup": saying('{"summary": "<b>The ferry</b> sails.", "evidence": ["s1"]}'),
    "empty": saying(""),
    "HTML": lambda _: Said(b"<html><h1>It works!</h1></html>", 200),
    "another API": lambda _: Said(b'{"choices": []}', 200),
    "5 MB": lambda _: Said(b'{"choices": "' + b"x" * 5_000_000 + b'"}'),
    "500": refusing(500, b"boom", [("Retry-After", "0")]),
    "429": busy(),
    "429 for an hour": busy("3600"),
    "401": refusing(401, f'{{"error": {{"message": "bad key {KEY}"}}}}'.encode()),
    "404 with the key": echoing_key,
    "redirect": refusing(302, b"", [("Location", "http://127.0.0.1:1/")]),
    "compressed": refusing(200, b"\x1f\x8b", [("Content-Encoding", "gzip")]),
    "stalls": lambda _: Said(stalls=True),
    "closes mid-way": lambda _: Said(b'{"choices": [', claims=4000),
    "hangs up": lambda _: Said(status=0),
    "obeys the article": obedient,
}


@dataclass
class ModelPeer:
    """The endpoint: what it was asked, and how it will answer."""

    port: int = 0
    #: One after the other; the last one for good.
    manners: list[Manner] = field(default_factory=lambda: [honest])
    asked: list[Asked] = field(default_factory=list)
    _stalled: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/v1"

    def behave(self, *manners: str | Manner) -> None:
        self.manners = [MANNERS[one] if isinstance(one, str) else one for one in manners]
        self.asked.clear()

    def leave(self) -> None:
        self._stalled.set()

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while await self._once(reader, writer):
                pass
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    async def _once(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        first, *lines = head.split("\r\n")
        headers = {
            name.lower(): value.strip()
            for name, _, value in (line.partition(":") for line in lines)
            if name
        }
        body = json.loads(await reader.readexactly(int(headers["content-length"])))
        asked = Asked(body, headers)
        self.asked.append(asked)
        manner = self.manners.pop(0) if len(self.manners) > 1 else self.manners[0]
        said = manner(asked)
        if first.split(" ")[1] != "/v1/chat/completions":
            said = Said(b"", 404)
        if said.stalls:
            await self._stalled.wait()
        if said.stalls or said.status == 0:
            return False
        length = len(said.body) if said.claims is None else said.claims
        told = "".join(f"{name}: {value}\r\n" for name, value in said.headers)
        writer.write(
            f"HTTP/1.1 {said.status} So\r\n{told}Content-Length: {length}\r\n\r\n".encode()
            + said.body
        )
        await writer.drain()
        return said.claims is None


@asynccontextmanager
async def running_model(*manners: str | Manner) -> AsyncIterator[ModelPeer]:
    """A `ModelPeer` that listens on loopback."""
    peer = ModelPeer()
    if manners:
        peer.behave(*manners)
    server = await asyncio.start_server(peer.answer, "127.0.0.1", 0)
    peer.port = server.sockets[0].getsockname()[1]
    try:
        yield peer
    finally:
        peer.leave()
        server.close()
