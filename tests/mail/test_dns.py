"""What name servers say, over a real socket."""

from collections.abc import AsyncIterator

import pytest

from digest.errors import DnsError
from digest.mail.dns import Dns
from dnspeer import NameServer

#: Far more than loopback needs, and what a silent server costs a test.
TIMEOUT_S = 0.2


@pytest.fixture
async def peer() -> AsyncIterator[NameServer]:
    async with NameServer() as server:
        yield server


@pytest.fixture
def dns(peer: NameServer) -> Dns:
    return Dns(peer.address, timeout_s=TIMEOUT_S)


async def test_the_strings_of_a_txt_record_are_joined(peer: NameServer, dns: Dns) -> None:
    peer.put_raw("press.example", "TXT", '"v=spf1 mx " "-all"', '"other"')
    assert sorted(await dns.txt("press.example")) == ["other", "v=spf1 mx -all"]


async def test_what_is_not_there_is_nothing(peer: NameServer, dns: Dns) -> None:
    peer.put("press.example", "A", "192.0.2.1")
    assert await dns.txt("press.example") == ()
    assert await dns.txt("nothing.example") == ()
    assert await dns.mx("nothing.example") == ()
    assert await dns.addresses("nothing.example") == ()
    assert await dns.names("192.0.2.9") == ()


@pytest.mark.parametrize(
    "name", ["", ".", "a..b", f"{'a' * 64}.example", "x." * 130, "\u2024.example"]
)
async def test_a_name_that_can_be_none_is_nothing(dns: Dns, name: str) -> None:
    assert await dns.txt(name) == ()


async def test_mail_exchangers_come_by_preference_in_small_letters(
    peer: NameServer, dns: Dns
) -> None:
    peer.put(
        "press.example", "MX", "20 B.Mail.Example.", "5 a.mail.example.", "20 a2.mail.example."
    )
    assert await dns.mx("press.example") == ("a.mail.example", "a2.mail.example", "b.mail.example")


async def test_a_null_mx_is_told_apart_from_none(peer: NameServer, dns: Dns) -> None:
    peer.put("press.example", "MX", "0 .")
    assert await dns.mx("press.example") == ("",)


async def test_addresses_are_both_kinds_and_an_address_is_itself(
    peer: NameServer, dns: Dns
) -> None:
    peer.put("mail.example", "A", "192.0.2.2", "192.0.2.1").put(
        "mail.example", "AAAA", "2001:db8::1"
    )
    assert await dns.addresses("mail.example") == ("192.0.2.1", "192.0.2.2", "2001:db8::1")
    assert await dns.addresses("2001:DB8::0:7") == ("2001:db8::7",)
    assert peer.asked.total() == 2


async def test_addresses_have_names(peer: NameServer, dns: Dns) -> None:
    peer.put("1.2.0.192.in-addr.arpa", "PTR", "Mail.Example.")
    assert await dns.names("192.0.2.1") == ("mail.example",)


async def test_an_international_domain_is_asked_in_ascii(peer: NameServer, dns: Dns) -> None:
    peer.put("_dmarc.xn--bcher-kva.example", "TXT", "v=DMARC1; p=none")
    assert await dns.txt("_dmarc.Bücher.example") == ("v=DMARC1; p=none",)


async def test_a_long_answer_is_fetched_over_tcp(peer: NameServer, dns: Dns) -> None:
    long = "v=DKIM1; p=" + "A" * 3000
    peer.put("d1._domainkey.press.example", "TXT", long)
    assert await dns.txt("d1._domainkey.press.example") == (long,)
    assert peer.asked["d1._domainkey.press.example", "TXT", "tcp"] == 1


async def test_a_broken_server_is_no_answer(peer: NameServer, dns: Dns) -> None:
    peer.fail("press.example")
    with pytest.raises(DnsError, match="no name server answered about press") as caught:
        await dns.txt("press.example")
    assert caught.value.temporary


async def test_silence_is_no_answer_after_two_tries(peer: NameServer) -> None:
    peer.keep_silent("press.example")
    with pytest.raises(DnsError):
        await Dns(peer.address, timeout_s=0.05).mx("press.example")
    assert peer.asked["press.example", "MX", "udp"] in (1, 2)


async def test_half_an_answer_about_addresses_is_one(peer: NameServer, dns: Dns) -> None:
    peer.put("mail.example", "A", "192.0.2.1").fail("mail.example", "AAAA")
    assert await dns.addresses("mail.example") == ("192.0.2.1",)
    peer.fail("mail.example", "A")
    with pytest.raises(DnsError):
        await dns.addresses("mail.example")


@pytest.mark.parametrize(
    "nameserver", ["127.0.0.1:none", "no such host.invalid:53", "127.0.0.1:99999"]
)
async def test_a_name_server_that_cannot_be_one_is_named(nameserver: str) -> None:
    with pytest.raises(DnsError, match="nameserver"):
        await Dns(nameserver, timeout_s=TIMEOUT_S).txt("press.example")


async def test_a_name_server_may_be_a_host_name(peer: NameServer) -> None:
    peer.put("press.example", "TXT", "v=spf1 -all")
    assert await Dns(f"localhost:{peer.port}", timeout_s=1).txt("press.example") == ("v=spf1 -all",)
