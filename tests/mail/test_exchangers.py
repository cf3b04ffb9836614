"""Which lane a domain goes in, by whose mail servers it has."""

import asyncio
from collections.abc import Callable, Mapping

import pytest

from digest.errors import DnsError
from digest.mail.exchangers import Exchangers
from digest.mail.lanes import Families

WORKSPACE = ("aspmx.l.google.com",)


class Names:
    """DNS as a test wants it; a domain that is not in it has no mail exchanger."""

    def __init__(self, hosts: Mapping[str, tuple[str, ...]] | None = None) -> None:
        self.hosts = hosts or {}
        self.asked: list[str] = []
        self.now = self.most = 0
        self.goes = asyncio.Event()
        self.goes.set()
        self.error: Exception | None = None

    async def __call__(self, domain: str) -> tuple[str, ...]:
        self.asked.append(domain)
        self.now += 1
        self.most = max(self.most, self.now)
        try:
            await self.goes.wait()
            if self.error is not None:
                raise self.error
            return self.hosts.get(domain, ())
        finally:
            self.now -= 1


async def until(true: Callable[[], bool]) -> None:
    for _ in range(1000):
        if true():
            return
        await asyncio.sleep(0)
    pytest.fail("it does not come to that")


async def test_a_domain_goes_with_the_provider_that_has_its_mail() -> None:
    names = Names({"firm.example": WORKSPACE})
    met = Exchangers(Families(), names)
    assert met.lane("firm.example") == "firm.example"
    met.meet(["firm.example", "own.example"])
    await until(lambda: met.lane("firm.example") == "gmail" and not names.now)
    assert met.lane("own.example") == "own.example"


async def test_nobody_waits_and_only_eight_are_asked_about_at_once() -> None:
    names = Names()
    names.goes.clear()
    met = Exchangers(Families(), names)
    met.meet(f"d{number}.example" for number in range(100))
    await until(lambda: names.now == 8)
    met.meet(["more.example"])
    assert met.lane("d99.example") == "d99.example"
    names.goes.set()
    await until(lambda: len(names.asked) == 101 and not names.now)
    assert names.most == 8


async def test_each_domain_is_asked_about_once_and_known_ones_never() -> None:
    names = Names({"firm.example": WORKSPACE})
    met = Exchangers(Families(), names)
    met.meet(["firm.example", "firm.example", "gmail.com", "yahoo.fr"])
    met.meet(["firm.example"])
    await until(lambda: met.lane("firm.example") == "gmail")
    met.meet(["firm.example", "gmail.com"])
    await asyncio.sleep(0)
    assert names.asked == ["firm.example"]


async def test_a_name_server_that_does_not_answer_is_left_alone_for_an_hour() -> None:
    names = Names({"firm.example": WORKSPACE})
    names.error = DnsError("no name server answers")
    met = Exchangers(Families(), names)
    met.meet(["firm.example"])
    await until(lambda: len(names.asked) == 1 and not names.now)
    names.error = None
    for _ in range(5):
        met.meet(["firm.example"])
        await asyncio.sleep(0)
    assert len(names.asked) == 1
    assert met.lane("firm.example") == "firm.example"


async def test_without_dns_every_domain_is_its_own() -> None:
    met = Exchangers(Families(), None)
    met.meet(["firm.example"])
    assert met.lane("firm.example") == "firm.example"


async def test_closing_stops_what_is_being_looked_up() -> None:
    names = Names()
    names.goes.clear()
    met = Exchangers(Families(), names)
    met.meet(f"d{number}.example" for number in range(20))
    await until(lambda: names.now == 8)
    await met.close()
    assert (names.now, len(names.asked)) == (0, 8)
