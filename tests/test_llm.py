"""One endpoint, asked over real HTTP: what it answers, and whose fault it is when it does not."""

import json
import logging
import socket
from typing import Any

import pytest

from digest.errors import SummaryError
from digest.llm import Answer, Endpoint
from digest.settings import Model
from modelpeer import KEY, Manner, busy, completion, refusing, running_model

STORY = '{"headline": "Ferry", "words": 60, "sentences": {"s1": "It sails.", "s2": "It is full."}}'
CHOSEN = '{"sentences": ["s1", "s2"]}'


def make_model(url: str, **fields: Any) -> Model:
    return Model.model_validate({"url": url, "name": "sage-1", "timeout_s": 5.0, **fields})


async def ask(
    *manners: str | Manner, patience_s: float = 30, key: str | None = KEY, **fields: Any
) -> tuple[Answer | SummaryError, list[dict[str, Any]], list[float]]:
    """The answer or the error, what was asked, and for how long was slept."""
    slept: list[float] = []

    async def sleep(seconds: float) -> None:
        slept.append(seconds)

    found: Answer | SummaryError
    async with (
        running_model(*manners) as peer,
        Endpoint(make_model(peer.url, **fields), key=key, sleep=sleep) as endpoint,
    ):
        try:
            found = await endpoint.ask("choose", STORY, patience_s=patience_s)
        except SummaryError as error:
            found = error
        return found, [asked.body for asked in peer.asked], slept


async def check_answer(*manners: str | Manner, **fields: Any) -> tuple[Answer, list[Any]]:
    found, asked, _ = await ask(*manners, **fields)
    assert isinstance(found, Answer), found
    return found, asked


async def check_error(*manners: str | Manner, words: str, **fields: Any) -> SummaryError:
    found, _, _ = await ask(*manners, **fields)
    assert isinstance(found, SummaryError), found
    assert words in str(found)
    assert KEY not in repr(found)
    assert KEY not in repr(found.__cause__)
    return found


async def test_an_answer_has_its_words_its_tokens_and_its_time() -> None:
    answer, (asked,) = await check_answer("honest")
    assert (answer.content, answer.tokens_in, answer.tokens_out) == (CHOSEN, 1000, 50)
    assert answer.latency_ms >= 0
    assert asked["model"] == "sage-1"
    assert [message["role"] for message in asked["messages"]] == ["system", "user"]
    assert asked["response_format"] == {"type": "json_object"}
    assert asked["temperature"] == 0


@pytest.mark.parametrize(
    "usage",
    [None, 7, {}, {"prompt_tokens": -3}, {"prompt_tokens": "many"}, {"prompt_tokens": True}],
)
async def test_tokens_that_are_not_counted_are_unknown(usage: object) -> None:
    told = json.loads(completion(CHOSEN).body) | {"usage": usage}
    answer, _ = await check_answer(refusing(200, json.dumps(told).encode()))
    assert (answer.tokens_in, answer.tokens_out) == (None, None)


@pytest.mark.parametrize("manner", ["knows no response_format", "knows no wishes"])
async def test_wishes_that_are_not_known_are_given_up(manner: str) -> None:
    answer, asked = await check_answer(manner)
    assert answer.content == CHOSEN
    assert len(asked) == 2
    assert "response_format" not in asked[1]


async def test_only_the_wish_that_is_named_is_given_up_and_for_good() -> None:
    async with (
        running_model("knows no response_format") as peer,
        Endpoint(make_model(peer.url)) as endpoint,
    ):
        for _ in range(2):
            await endpoint.ask("choose", STORY, patience_s=9)
        assert len(peer.asked) == 3
        assert all("temperature" in asked.body for asked in peer.asked)


async def test_a_question_that_is_refused_for_itself_keeps_its_wishes() -> None:
    async with (
        running_model(refusing(400, b'{"error": "too long"}'), refusing(400), "honest") as peer,
        Endpoint(make_model(peer.url)) as endpoint,
    ):
        with pytest.raises(SummaryError, match="answered 400"):
            await endpoint.ask("choose", STORY, patience_s=9)
        await endpoint.ask("choose", STORY, patience_s=9)
        assert "response_format" in peer.asked[-1].body


@pytest.mark.parametrize("status", [429, 500, 502, 503, 529])
async def test_a_busy_endpoint_is_asked_once_more(status: int) -> None:
    found, asked, slept = await ask(busy("2", status), "honest")
    assert isinstance(found, Answer)
    assert len(asked) == 2
    assert [round(seconds) for seconds in slept] == [2]


@pytest.mark.parametrize(
    ("wait", "seconds"),
    [
        ("7", 7),
        ("0.5", 0),
        ("", 1),
        ("soon", 1),
        ("-5", 1),
        ("Mon, 18 May 2026 04:00:09 GMT", 9),
    ],
)
async def test_the_wait_is_the_endpoint_s_own(wait: str, seconds: int) -> None:
    date = "Mon, 18 May 2026 04:00:00 GMT"
    manner = refusing(503, b"", [("Retry-After", wait), ("Date", date)])
    found, _, slept = await ask(manner, "honest")
    assert isinstance(found, Answer)
    assert [int(one + 0.01) for one in slept] == [seconds]


async def test_nobody_waits_longer_than_there_is_patience() -> None:
    found, asked, slept = await ask("429 for an hour", patience_s=60)
    assert isinstance(found, SummaryError)
    assert "left alone for 3600 s" in str(found)
    assert (len(asked), slept) == (1, [])


async def test_an_endpoint_that_stays_busy_is_asked_twice_and_no_more() -> None:
    found, asked, _ = await ask("500")
    assert isinstance(found, SummaryError)
    assert found.temporary
    assert len(asked) == 2


async def test_others_wait_too_when_one_was_asked_to() -> None:
    slept: list[float] = []

    async def sleep(seconds: float) -> None:
        slept.append(seconds)

    async with (
        running_model(busy("5"), "honest") as peer,
        Endpoint(make_model(peer.url), sleep=sleep) as endpoint,
    ):
        for _ in range(2):
            await endpoint.ask("choose", STORY, patience_s=60)
    assert len(slept) == 2


@pytest.mark.parametrize(
    ("manner", "words"),
    [
        ("401", "look at model.key"),
        ("404 with the key", "no model for Bearer (key)"),
        ("redirect", "give its new address"),
    ],
)
async def test_what_only_the_operator_can_mend_is_not_temporary(manner: str, words: str) -> None:
    error = await check_error(manner, words=words)
    assert not error.temporary


@pytest.mark.parametrize(
    ("manner", "words"),
    [
        ("HTML", "no chat completion"),
        ("another API", "no chat completion"),
        ("5 MB", "longer than 1,000,000 bytes"),
        ("compressed", "compressed"),
        ("closes mid-way", "no answer"),
        ("hangs up", "no answer"),
    ],
)
async def test_what_is_no_answer_is_an_error_that_says_so(manner: str, words: str) -> None:
    error = await check_error(manner, words=words)
    assert error.temporary


async def test_a_stalled_answer_ends_with_its_time() -> None:
    await check_error("stalls", words="no answer within 0.05 s", timeout_s=0.05)


async def test_nobody_listens() -> None:
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{held.getsockname()[1]}/v1"
        async with Endpoint(make_model(url)) as endpoint:
            with pytest.raises(SummaryError, match="look at model"):
                await endpoint.ask("choose", STORY, patience_s=9)


@pytest.mark.parametrize(
    "url", ["http://[::1", "http://exa mple/v1", "http://" + "x" * 300 + "/v1"]
)
async def test_an_address_that_is_none_is_an_error_too(url: str) -> None:
    model = Model.model_construct(**(make_model("http://a/v1").model_dump() | {"url": url}))
    async with Endpoint(model) as endpoint:
        with pytest.raises(SummaryError, match="look at model"):
            await endpoint.ask("choose", STORY, patience_s=9)


@pytest.mark.parametrize("key", ["two words", "schlüssel", "line\nbreak", "key\r\nX-Other: 1"])
def test_a_key_that_cannot_be_sent_is_refused_without_being_shown(key: str) -> None:
    with pytest.raises(SummaryError) as caught:
        Endpoint(make_model("http://a/v1"), key=key)
    assert key not in str(caught.value)


@pytest.mark.parametrize("manner", ["honest", "401", "404 with the key", "500", "HTML", "hangs up"])
async def test_the_key_is_in_no_log(
    manner: str, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    with caplog.at_level(logging.DEBUG):
        await ask(manner)
    shown = capsys.readouterr()
    assert KEY not in caplog.text + shown.out + shown.err


async def test_the_key_is_sent_and_only_where_there_is_one() -> None:
    for key, sent in ((KEY, f"Bearer {KEY}"), (None, None)):
        async with (
            running_model("honest") as peer,
            Endpoint(make_model(peer.url), key=key) as endpoint,
        ):
            await endpoint.ask("choose", STORY, patience_s=9)
            assert peer.asked[0].headers.get("authorization") == sent


@pytest.mark.parametrize(
    "words", ["\x1b]0;owned\x07 red \x9b2J", "half \ud800 a letter", "a\u202eb"]
)
async def test_what_an_endpoint_says_of_itself_moves_no_cursor_and_can_be_stored(
    words: str,
) -> None:
    body = json.dumps({"error": {"message": words}}).encode()
    error = await check_error(refusing(400, body), words="answered 400: ")
    assert str(error).isprintable()
    assert str(error).encode()
