"""The model's endpoint: one question out, one answer in, over an OpenAI-compatible API.

Behind the door: the request, the time and the size that an answer may take, one further try
where the endpoint asks for it, and errors that say what to do.  Not behind it: what is asked, what
an answer is worth, and whether it was asked before.  The address is the operator's own word, so a
private one is as good as any.  Loud: the network.
"""

import asyncio
import json
import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from types import TracebackType
from typing import Any, Final, Protocol, Self

import httpx2

from digest.errors import SummaryError
from digest.settings import Model
from digest.telemetry import log

#: A chat completion is a few thousand; a model that thinks aloud sends its thoughts too.
_MOST_BYTES: Final = 1_000_000
#: Enough for an answer after long thought; what babbles on is cut off.
_MOST_TOKENS: Final = 4_000
#: Before the second try, where the endpoint does not say.
_WAIT_S: Final = 1.0
#: What a server says of itself, as far as it is repeated to the operator.
_TOLD_CHARS: Final = 200
#: Wishes that some endpoints do not know, and then refuse the whole question for.
_WISHES: Final[Mapping[str, Any]] = {
    "response_format": {"type": "json_object"},
    # The likeliest words each time: the same question is to get the same answer.
    "temperature": 0,
    "max_tokens": _MOST_TOKENS,
}
_TRIES: Final = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a model said, and what it took."""

    #: Its words as they came: nobody has looked at them.
    content: str
    #: None when the endpoint does not count them.
    tokens_in: int | None
    tokens_out: int | None
    #: From the question to the end of the answer, waiting for a second try included.
    latency_ms: int


class Asker(Protocol):
    """Whoever asks a model: `Endpoint.ask`, or a test."""

    async def __call__(self, rules: str, text: str, /, *, patience_s: float) -> Answer:
        """Ask *text* under *rules*, within *patience_s* seconds.

        Raises:
            SummaryError: there was no answer.
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class _Refusal:
    """Any answer but 200."""

    error: SummaryError
    #: The server's words, for us alone: they may hold the key.
    told: str = ""
    #: 429 or 5xx: seconds until another try is worth it.
    wait_s: float | None = None
    #: 400 or 422: perhaps one of the wishes is not known.
    unwanted: bool = False


class Endpoint:
    """A client of the endpoint in [model]: open it once, ask from as many tasks as you like.

    Args:
        model: with a url.
        key: sent as a Bearer token; it is in no error and no log.
        sleep: waits before a second try.

    Raises:
        SummaryError: the key cannot be sent.
    """

    def __init__(
        self,
        model: Model,
        *,
        key: str | None = None,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        if key is not None and not re.fullmatch(r"[!-~]+", key):
            raise SummaryError(
                "model.key holds blanks or letters that cannot be sent; write the key alone",
                temporary=False,
            )
        self._model = model
        self._key = key
        self._sleep = sleep
        self._wishes = dict(_WISHES)
        #: By the loop's clock: the endpoint asked to be left alone until then.
        self._not_before = 0.0
        headers = {"Accept": "application/json", "Accept-Encoding": "identity"}
        if key:
            headers["Authorization"] = f"Bearer {key}"
        self._client = httpx2.AsyncClient(
            headers=headers,
            timeout=None,
            limits=httpx2.Limits(max_connections=model.in_flight),
            # A proxy or a .netrc of the machine must not see the newsroom's texts and its key.
            trust_env=False,
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._client.aclose()

    async def ask(self, rules: str, text: str, /, *, patience_s: float) -> Answer:
        """Ask the model; a second time where the endpoint was busy and there is time for it.

        Args:
            patience_s: for all of it; each try has `timeout_s` of the settings.

        Raises:
            SummaryError: no answer; says why.
        """
        loop = asyncio.get_running_loop()
        started = loop.time()
        deadline = started + patience_s
        messages = [{"role": "system", "content": rules}, {"role": "user", "content": text}]
        found: bytes | _Refusal = b""
        for tried in range(1, _TRIES + 1):
            await self._turn(deadline)
            found = await self._post(messages)
            if isinstance(found, bytes) or found.wait_s is None:
                break
            self._not_before = max(self._not_before, loop.time() + found.wait_s)
            if tried < _TRIES:
                log.info("model busy, asking again", wait_s=round(found.wait_s, 1))
        if isinstance(found, _Refusal):
            raise found.error
        return self._answer(found, round(1000 * (loop.time() - started)))

    async def _turn(self, deadline: float) -> None:
        """Wait as long as the endpoint has asked for, if there is so much time."""
        loop = asyncio.get_running_loop()
        wait_s = self._not_before - loop.time()
        if wait_s <= 0:
            return
        if self._not_before >= deadline:
            raise SummaryError(
                f"the endpoint asks to be left alone for {wait_s:.0f} s, longer than patience_s "
                "leaves"
            )
        await self._sleep(wait_s)

    async def _post(self, messages: list[dict[str, str]]) -> bytes | _Refusal:
        """The answer; wishes without which it was given are not told again."""
        wishes = dict(self._wishes)
        while True:
            question = {"model": self._model.name, "messages": messages, **wishes}
            found = await self._send(json.dumps(question).encode())
            if isinstance(found, bytes):
                self._wishes = wishes
                return found
            if not (found.unwanted and wishes):
                return found
            for name in [name for name in wishes if name in found.told] or list(wishes):
                del wishes[name]

    async def _send(self, question: bytes) -> bytes | _Refusal:
        model = self._model
        headers = {"Content-Type": "application/json"}
        try:
            async with (
                asyncio.timeout(model.timeout_s),
                self._client.stream(
                    "POST", f"{model.url}/chat/completions", content=question, headers=headers
                ) as response,
            ):
                body = await self._body(response)
                return body if response.status_code == 200 else self._refusal(response, body)
        except TimeoutError as error:
            raise SummaryError(f"no answer within {model.timeout_s:g} s") from error
        # What is wrong with an address shows in four kinds of errors.
        except (httpx2.HTTPError, httpx2.InvalidURL, OSError, ValueError) as error:
            said = self._tellable(str(error)) or type(error).__name__
            raise SummaryError(f"no answer, look at model.url: {said}") from None

    async def _body(self, response: httpx2.Response) -> bytes:
        if response.headers.get("content-encoding", "identity") != "identity":
            raise SummaryError("the answer came compressed, which nobody asked for")
        parts, length = [], 0
        async for part in response.aiter_raw():
            parts.append(part)
            length += len(part)
            if length > _MOST_BYTES:
                raise SummaryError(f"the answer is longer than {_MOST_BYTES:,} bytes")
        return b"".join(parts)

    def _refusal(self, response: httpx2.Response, body: bytes) -> _Refusal:
        status = response.status_code
        if status in (401, 403):
            # Its words may repeat the key, or a part of it.
            error = SummaryError(f"answered {status}: look at model.key", temporary=False)
            return _Refusal(error=error)
        if 300 <= status < 400:
            text = f"answered {status}, it has moved: give its new address as model.url"
            return _Refusal(error=SummaryError(text, temporary=False))
        told = _complaint(body)
        said = self._tellable(told)[:_TOLD_CHARS]
        busy = status == 429 or status >= 500
        text = f"answered {status}" + (f": {said}" if said else "")
        return _Refusal(
            error=SummaryError(text, temporary=busy or status == 408),
            told=told,
            wait_s=_retry_after(response.headers) if busy else None,
            unwanted=status in (400, 422),
        )

    def _tellable(self, text: str) -> str:
        """*text* as it may be shown and stored: on one line, without the key.

        A server may send what moves a terminal's cursor, and halves of characters.
        """
        masked = text.replace(self._key, "(key)") if self._key else text
        return " ".join("".join(c if c.isprintable() else " " for c in masked).split())

    def _answer(self, body: bytes, latency_ms: int) -> Answer:
        try:
            told = json.loads(body)
            content = told["choices"][0]["message"]["content"]
        except (ValueError, RecursionError, LookupError, TypeError):
            raise SummaryError("the answer is no chat completion; look at model.url") from None
        if not isinstance(content, str):
            content = ""
        usage = told.get("usage")
        return Answer(
            content=content,
            tokens_in=_count(usage, "prompt_tokens"),
            tokens_out=_count(usage, "completion_tokens"),
            latency_ms=latency_ms,
        )


def _count(usage: object, name: str) -> int | None:
    number = usage.get(name) if isinstance(usage, dict) else None
    sound = isinstance(number, int) and not isinstance(number, bool) and 0 <= number < 2**31
    return number if sound else None


def _complaint(body: bytes) -> str:
    """What the server says is wrong: {"error": {"message": ...}} in most dialects."""
    try:
        told: Any = json.loads(body)
    except (ValueError, RecursionError):
        return ""
    for name in ("error", "message", "detail"):
        if isinstance(told, dict) and name in told:
            told = told[name]
    return told if isinstance(told, str) else json.dumps(told)[:2000] if told else ""


def _retry_after(headers: httpx2.Headers) -> float:
    """Seconds that the endpoint asks for (RFC 9110, 10.2.3); a date counts by its own clock."""
    said = headers.get("retry-after", "").strip()
    if re.fullmatch(r"\d{1,9}(\.\d{1,9})?", said, re.ASCII):
        return float(said)
    try:
        until = parsedate_to_datetime(said)
        return max(0.0, (until - parsedate_to_datetime(headers["date"])).total_seconds())
    except (ValueError, TypeError, KeyError):
        return _WAIT_S
