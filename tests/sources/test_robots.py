"""robots.txt: what it means to us, what its absence means, and how seldom it is asked for."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from digest.errors import Fault, FetchError
from digest.model import RobotsFile
from digest.sources.robots import (
    LARGEST,
    MOST_ORIGINS,
    Robots,
    concerning,
    delay_s,
    rules_of,
)
from make import MORNING, PATIENCE_S

HERE = "https://coast.example"
CLOSED = b"User-agent: *\nDisallow: /private/\n"


class Web:
    """Answers for robots.txt by origin, a clock, and what was asked."""

    def __init__(self, *answers: tuple[int, bytes] | FetchError) -> None:
        self.answers = list(answers) or [(404, b"")]
        self.asked: list[str] = []
        self.now = MORNING
        self.before_answer: Callable[[], Awaitable[None]] | None = None
        self.robots = self.another()

    def another(self) -> Robots:
        return Robots(self.fetch, agent="Digest", now=lambda: self.now)

    async def fetch(self, url: str) -> tuple[int, bytes]:
        self.asked.append(url)
        if self.before_answer is not None:
            await self.before_answer()
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, FetchError):
            raise answer
        return answer

    def later(self, **time: float) -> None:
        self.now += timedelta(**time)

    async def allows(self, path: str) -> bool:
        try:
            await self.robots.allowed(HERE + path)
        except FetchError as error:
            if error.fault is not Fault.ROBOTS:
                raise
            return False
        return True

    async def refusal(self, path: str = "/news") -> FetchError:
        with pytest.raises(FetchError) as caught:
            await self.robots.allowed(HERE + path)
        return caught.value


def unreachable() -> FetchError:
    return FetchError("", "coast.example cannot be connected to", fault=Fault.UNREACHABLE)


async def test_a_page_that_is_closed_to_programs_is_an_error_that_says_what_to_do() -> None:
    web = Web((200, CLOSED))
    assert await web.robots.allowed(f"{HERE}/news/ferry") == 0.0
    error = await web.refusal("/private/diary")
    assert (error.fault, error.temporary) == (Fault.ROBOTS, False)
    assert "the robots.txt of coast.example asks programs to stay away from this page" in str(error)
    assert "ask its owner" in str(error)


async def test_the_group_with_our_name_outranks_the_one_for_all() -> None:
    web = Web((200, b"User-agent: *\nDisallow: /\n\nUser-Agent: DIGEST/2.0\nDisallow: /shop\n"))
    assert await web.allows("/news")
    assert not await web.allows("/shop/mugs")


@pytest.mark.parametrize("name", ["Dig", "D", "Digester", "My-Digest", "GPTBot"])
async def test_a_group_for_somebody_else_is_not_for_us(name: str) -> None:
    web = Web((200, f"User-agent: {name}\nDisallow: /\n".encode()))
    assert await web.allows("/news")


async def test_the_longest_rule_wins_and_wildcards_count() -> None:
    text = b"User-agent: *\nDisallow: /news\nAllow: /news/free\nDisallow: /*.pdf$\n"
    web = Web((200, text))
    assert not await web.allows("/news/paid")
    assert await web.allows("/news/free/ferry")
    assert not await web.allows("/reports/harbour.pdf")
    assert await web.allows("/reports/harbour.pdf?view=1")


async def test_robots_txt_itself_is_always_allowed_and_not_asked_for() -> None:
    web = Web((200, b"User-agent: *\nDisallow: /\n"))
    assert await web.allows("/robots.txt")
    assert web.asked == []


async def test_the_pause_that_a_site_wants_is_told_up_to_half_a_minute() -> None:
    web = Web((200, b"User-agent: *\nCrawl-delay: 7.5\n"))
    assert await web.robots.allowed(f"{HERE}/") == 7.5
    for told, seconds in (
        ("Crawl-delay: 86400", 30.0),
        ("Crawl-delay: -3", 0.0),
        ("Crawl-delay: nan", 0.0),
        ("Request-rate: 1/12", 12.0),
        (f"Request-rate: 1/{'9' * 400}", 30.0),
    ):
        assert delay_s(rules_of(f"User-agent: *\n{told}", "Digest"), "Digest") == seconds


@pytest.mark.parametrize("status", [400, 401, 403, 404, 410, 451])
async def test_a_site_without_robots_txt_allows_everything(status: int) -> None:
    assert await Web((status, CLOSED)).allows("/private/diary")


async def test_a_robots_txt_lost_in_redirects_is_as_good_as_none() -> None:
    lost = FetchError("", "redirects in a circle", fault=Fault.REDIRECTS)
    assert await Web(lost).allows("/private/diary")


@pytest.mark.parametrize(
    "answer",
    [
        (500, b""),
        (503, b""),
        (429, b""),
        (0, b""),
        unreachable(),
        FetchError("", "answered 502", status=502, fault=Fault.SERVER_ERROR),
    ],
)
async def test_a_site_that_cannot_say_is_left_alone_for_now(
    answer: tuple[int, bytes] | FetchError,
) -> None:
    web = Web(answer, (404, b""))
    error = await web.refusal()
    assert (error.fault, error.temporary) == (Fault.ROBOTS, True)
    assert "coast.example cannot be had" in str(error)
    web.later(minutes=59)
    await web.refusal()
    assert len(web.asked) == 1
    web.later(minutes=1)
    assert await web.allows("/news")


async def test_an_older_copy_stands_in_for_a_month_and_is_asked_for_again_each_hour() -> None:
    web = Web((200, CLOSED), unreachable())
    assert await web.allows("/news")
    web.later(hours=25)
    assert await web.allows("/news")
    assert not await web.allows("/private/diary")
    assert len(web.asked) == 2
    web.later(hours=2)
    assert await web.allows("/news")
    assert len(web.asked) == 3
    web.later(days=29)
    assert not await web.allows("/news")


async def test_a_site_that_asked_to_wait_is_not_held_to_have_no_robots_txt() -> None:
    busy = FetchError("", "asked to wait", fault=Fault.BUSY, wait_s=60)
    web = Web(busy, (200, CLOSED))
    assert (await web.refusal()).fault is Fault.BUSY
    assert await web.allows("/news")
    web.answers = [busy]
    web.later(hours=30)
    assert await web.allows("/news")
    assert not await web.allows("/private/diary")


async def test_a_private_address_is_refused_in_its_own_words() -> None:
    web = Web(FetchError("", "a private address", fault=Fault.FORBIDDEN_ADDRESS, temporary=False))
    assert (await web.refusal()).fault is Fault.FORBIDDEN_ADDRESS
    assert web.robots.take_changes() == []


@pytest.mark.parametrize("url", ["ftp://coast.example/", "coast.example/news", "https://", "x:"])
async def test_what_is_no_web_address_is_not_asked_about(url: str) -> None:
    web = Web()
    with pytest.raises(FetchError, match="no address that can be fetched"):
        await web.robots.allowed(url)
    assert web.asked == []


async def test_an_answer_is_good_for_a_day() -> None:
    web = Web((200, CLOSED), (200, b""))
    assert not await web.allows("/private/diary")
    web.later(hours=23, minutes=59)
    assert not await web.allows("/private/other")
    web.later(minutes=1)
    assert await web.allows("/private/diary")
    assert len(web.asked) == 2


async def test_many_who_ask_at_once_cost_one_request_for_each_origin() -> None:
    web = Web((200, CLOSED))
    await asyncio.gather(
        *(web.robots.allowed(f"{HERE}/news/{n}") for n in range(50)),
        *(web.robots.allowed(f"http://quay.example:8080/{n}") for n in range(50)),
    )
    assert sorted(web.asked) == [
        "http://quay.example:8080/robots.txt",
        "https://coast.example/robots.txt",
    ]


async def test_an_origin_has_one_spelling() -> None:
    web = Web()
    for url in ("https://COAST.example:443/a", "https://me:secret@coast.example/b", f"{HERE}./c"):
        await web.robots.allowed(url)
    assert web.asked == ["https://coast.example/robots.txt"]


async def test_whoever_gives_up_waiting_costs_the_others_nothing() -> None:
    web = Web((200, CLOSED))
    begun, go_on = asyncio.Event(), asyncio.Event()

    async def wait() -> None:
        begun.set()
        await go_on.wait()

    web.before_answer = wait
    first = asyncio.create_task(web.robots.allowed(f"{HERE}/a"))
    await begun.wait()
    second = asyncio.create_task(web.robots.allowed(f"{HERE}/b"))
    first.cancel()
    go_on.set()
    assert await second == 0.0
    assert first.cancelled() or await asyncio.gather(first, return_exceptions=True)


async def test_what_was_learned_is_handed_on_once_and_loaded_by_the_next_run() -> None:
    web = Web((200, b"\xef\xbb\xbf" + CLOSED + b"\0" + b"Sitemap: https://coast.example/news.xml"))
    await web.allows("/news")
    (told,) = web.robots.take_changes()
    assert (told.origin, told.status, told.fetched_at) == (HERE, 200, MORNING)
    assert "\0" not in told.text
    assert web.robots.take_changes() == []
    web.robots = web.another()
    web.robots.load([told])
    assert not await web.allows("/private/diary")
    assert len(web.asked) == 1
    assert web.robots.take_changes() == []


async def test_a_failure_is_handed_on_too_and_a_stand_in_is_not() -> None:
    web = Web(unreachable())
    await web.refusal()
    assert [(told.status, told.text) for told in web.robots.take_changes()] == [(0, "")]
    web = Web((200, CLOSED), unreachable())
    await web.allows("/news")
    web.robots.take_changes()
    web.later(days=2)
    await web.allows("/news")
    assert web.robots.take_changes() == []


async def test_a_copy_from_the_future_is_not_believed() -> None:
    web = Web((404, b""))
    ahead = RobotsFile(
        origin=HERE,
        status=200,
        text="User-agent: *\nDisallow: /",
        fetched_at=MORNING + timedelta(days=900),
    )
    web.robots.load([ahead])
    assert await web.allows("/news")


async def test_sitemaps_are_told_whoever_they_stand_under() -> None:
    text = b"User-agent: Other\nDisallow: /\nSitemap: https://coast.example/a.xml\nsitemap:/b.xml\n"
    web = Web((200, text))
    assert await web.robots.sitemaps(f"{HERE}/news") == ("https://coast.example/a.xml", "/b.xml")


async def test_what_is_no_robots_txt_forbids_nothing() -> None:
    page = b"<!doctype html><html><body><p>User-agent, what is that?</p></body></html>"
    assert await Web((200, page)).allows("/news")
    assert await Web((200, bytes(range(256)) * 8)).allows("/news")


async def test_only_the_first_half_megabyte_counts() -> None:
    filler = b"# nothing to see here\n" * (LARGEST // 22 + 1)
    assert await Web((200, filler + b"User-agent: *\nDisallow: /\n")).allows("/news")


async def test_the_memory_has_an_end() -> None:
    web = Web((200, b""))
    for n in range(MOST_ORIGINS + 3):
        await web.robots.allowed(f"https://h{n}.example/")
    await web.robots.allowed(f"https://h{MOST_ORIGINS}.example/")
    assert len(web.asked) == MOST_ORIGINS + 3
    await web.robots.allowed("https://h0.example/")
    assert len(web.asked) == MOST_ORIGINS + 4


HOSTILE = {
    "ten thousand names before ten thousand rules": "".join(
        [f"User-agent: a{n}\n" for n in range(12_000)]
        + [f"Disallow: /{n}\n" for n in range(16_000)]
    ),
    "our name ten thousand times": "User-agent: Digest\n" * 10_000 + "Disallow: /x\n" * 20_000,
    "wildcards": "User-agent: *\n" + "Disallow: /*a*a*a*a*a*b$\n" * 20_000,
    "one long rule": "User-agent: *\nDisallow: /" + "*a" * 250_000,
    "dollars": "User-agent: *\nDisallow: /" + "$" * 500_000,
    "colons": ":" * 500_000,
    "blanks": "User-agent" + " " * 500_000,
}


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE.keys())
async def test_a_robots_txt_built_to_hurt_does_not(text: str) -> None:
    web = Web((200, text.encode()))
    before = time.process_time()
    assert await web.allows("/" + "a" * 3_900)
    assert time.process_time() - before < PATIENCE_S


LINES = st.sampled_from(
    [
        "User-agent: *", "User-agent: Digest", "user agent Digest/3", "User-agent: Other",
        "User-agent:", "Disallow: /a", "Disallow:", "Allow: /a/b", "Disallow: /", "Crawl-delay: 4",
        "Sitemap: /s.xml", "# a remark", "", "Nonsense", "Clean-param: x",
    ]
)  # fmt: skip


@given(st.lists(LINES, max_size=14).map("\n".join))
@settings(max_examples=50)
def test_what_others_are_told_can_be_left_out(text: str) -> None:
    kept = concerning(text, "Digest")
    assert concerning(kept, "Digest") == kept
    assert "Other" not in kept
    whole = rules_of(text.replace("Digest/3", "Digest"), "Digest")
    for path in ("/", "/a", "/a/b", "/c"):
        url = HERE + path
        assert whole.can_fetch(url, "Digest") == rules_of(kept, "Digest").can_fetch(url, "Digest")


def test_times_are_those_of_the_clock_that_was_given() -> None:
    moments: list[datetime] = []

    def now() -> datetime:
        moments.append(MORNING)
        return MORNING

    async def fetch(url: str) -> tuple[int, bytes]:
        return 404, b""

    robots = Robots(fetch, agent="Digest", now=now)
    asyncio.run(robots.allowed(f"{HERE}/"))
    assert moments
    assert [file.fetched_at for file in robots.take_changes()] == [MORNING]
