"""The whole look: a name server and a relay on loopback, and a config.toml."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from digest import doctor
from digest.mail.dkim import load_key, make_key
from digest.mail.envelope import Offers
from digest.mail.looking import Seen
from digest.mail.records import Diagnosis, Verdict
from digest.settings import Loaded, Relay, load
from dnspeer import NameServer
from fakes import FakeRelay

NOW = datetime(2026, 5, 18, 4, tzinfo=UTC)
#: Anybody's; only the tables of the test know it.
PUBLIC = "5.6.7.8"
PEM = make_key()
KEY = load_key(PEM, selector="d2026", domain="press.example")
SHOWN = Seen(tls="TLSv1.3", offers=Offers(pipelining=True, smtputf8=True, eight_bit=True))

CONFIG = """
[site]
name = "Test Press"
base_url = "https://press.example"
[mail]
by = "smtp"
host = "mail.press.example"
from_address = "daily@press.example"
nameserver = "{nameserver}"
[returns]
address = "bounces@press.example"
leave_address = "leave@press.example"
path = "bounces"
[desk]
email = "editor@press.example"
[[dkim]]
selector = "d2026"
key = {{ env = "KEY" }}
[[newsletters]]
slug = "daily"
title = "The Daily"
"""


@pytest.fixture
async def peer() -> AsyncIterator[NameServer]:
    """All that a good domain has."""
    async with NameServer() as server:
        server.put("press.example", "TXT", "v=spf1 mx -all", "other=1")
        server.put("press.example", "MX", "10 mail.press.example.")
        server.put("mail.press.example", "A", PUBLIC)
        server.put("press.example", "A", PUBLIC)
        server.put("8.7.6.5.in-addr.arpa", "PTR", "mail.press.example.")
        server.put(KEY.name, "TXT", KEY.record)
        server.put("_dmarc.press.example", "TXT", "v=DMARC1; p=reject; rua=mailto:d@press.example")
        yield server


def loaded(folder: Path, peer: NameServer, **changes: str) -> Loaded:
    """*changes*: text to be put in the place of text."""
    text = CONFIG.format(nameserver=peer.address)
    for old, new in changes.items():
        assert old in text
        text = text.replace(old, new)
    path = folder / "config.toml"
    path.write_text(text)
    return load(path, environ={})


async def shown(relay: Relay, *, ehlo_name: str, password: str | None, base: Path) -> Seen:
    """A relay that is well."""
    return SHOWN


async def examined(case: Loaded) -> tuple[Diagnosis, ...]:
    return await doctor.examine(case, environ={"KEY": PEM.decode()}, now=NOW, look=shown)


def of(found: Sequence[Diagnosis], check: str) -> Diagnosis:
    """The gravest of a check."""
    order = list(Verdict)
    return max(
        (one for one in found if one.check == check), key=lambda one: order.index(one.verdict)
    )


def troubles(found: Sequence[Diagnosis]) -> list[Diagnosis]:
    return [one for one in found if one.verdict is not Verdict.OK]


async def test_a_good_installation_is_well(tmp_path: Path, peer: NameServer) -> None:
    found = await examined(loaded(tmp_path, peer))
    assert troubles(found) == []
    assert doctor.is_well(found)
    assert {one.check for one in found} >= {
        *("site", "from", "spf", "dkim", "alignment", "dmarc", "mx", "relay", "ptr", "ehlo"),
        *("returns", "desk"),
    }
    assert all(one.publish is None for one in found)


@pytest.mark.parametrize(
    ("changes", "check", "verdict", "words"),
    [
        ({"https://press": "http://press"}, "site", "wrong", "not https"),
        ({"https://press.example": "https://localhost"}, "site", "wrong", "nobody outside"),
        ({"daily@press.example": "daily@gmail.com"}, "from", "wrong", "gmail.com forbids"),
        ({"daily@press.example": "daily@example.org"}, "from", "wrong", "the example's"),
        ({"daily@press.example": "daily@localhost"}, "from", "wrong", "private"),
        ({"daily@press.example": "no-reply@press.example"}, "from", "weak", "nobody can answer"),
        ({"[desk]\nemail": "[desk]\n# email"}, "desk", "weak", "nobody is told"),
        ({'path = "bounces"\n': ""}, "returns", "weak", "no mailbox is read"),
        ({'address = "bounces@press.example"\n': ""}, "returns", "weak", "nobody counts"),
        ({'leave_address = "leave@press.example"\n': ""}, "leave", "weak", "Outlook.com"),
        ({'by = "smtp"\n': 'by = "embedded"\n'}, "relay", "weak", "nobody gets them"),
        ({"bounces@press": "bounces@nowhere"}, "mx", "wrong", "nothing takes its mail"),
        ({"bounces@press": "bounces@nowhere"}, "alignment", "weak", "does not speak"),
        ({"bounces@press": "bounces@nowhere"}, "spf", "wrong", "no SPF record"),
        (
            {'host = "mail': 'ehlo_name = "gone.example"\nhost = "mail'},
            "ehlo",
            "weak",
            "no address",
        ),
        ({'host = "mail.press.example"': 'host = "smtp.mailgun.org"'}, "spf", "weak", "mailgun"),
        (
            {"[mail]\n": '[mail]\nusername = "a"\npassword = { env = "NONE" }\n'},
            "relay",
            "wrong",
            "NONE is not set",
        ),
        (
            {'by = "smtp"\n': 'by = "sendmail"\ncommand = ["/nowhere/sendmail"]\n'},
            "relay",
            "wrong",
            "no program",
        ),
        (
            {'by = "smtp"\n': 'by = "postmark"\npassword = { env = "KEY" }\n'},
            "relay",
            "unknown",
            "over HTTP",
        ),
        ({'env = "KEY"': 'env = "OTHER"'}, "dkim", "wrong", "OTHER is not set"),
        (
            {'[[dkim]]\nselector = "d2026"\nkey = { env = "KEY" }\n': ""},
            "dkim",
            "weak",
            "does not sign",
        ),
        (
            {'key = { env = "KEY" }': 'key = { env = "KEY" }\ndomain = "other.example"'},
            "alignment",
            "weak",
            "signatures of other.example do not speak",
        ),
    ],
)
async def test_what_is_amiss_in_the_file_is_named(
    tmp_path: Path,
    peer: NameServer,
    changes: dict[str, str],
    check: str,
    verdict: str,
    words: str,
) -> None:
    found = of(await examined(loaded(tmp_path, peer, **changes)), check)
    assert found.verdict == verdict, found
    assert words in found.found, found
    assert found.fix or check == "relay"


async def test_what_is_amiss_in_dns_is_named_with_the_record_to_publish(
    tmp_path: Path, peer: NameServer
) -> None:
    for name in (KEY.name, "_dmarc.press.example", "press.example"):
        peer.take_out(name, "TXT")
    peer.take_out("8.7.6.5.in-addr.arpa", "PTR")
    found = await examined(loaded(tmp_path, peer))
    assert not doctor.is_well(found)
    published = {one.publish.name: one.publish.value for one in found if one.publish}
    assert published == {
        KEY.name: KEY.record,
        "_dmarc.press.example": "v=DMARC1; p=none; rua=mailto:dmarc-reports@press.example",
        "press.example": f"v=spf1 ip4:{PUBLIC} ~all",
    }
    assert of(found, "ptr").verdict is Verdict.WRONG


async def test_without_spf_and_without_a_signature_nothing_is_aligned(
    tmp_path: Path, peer: NameServer
) -> None:
    peer.take_out("press.example", "TXT")
    unsigned = {'[[dkim]]\nselector = "d2026"\nkey = { env = "KEY" }\n': ""}
    found = of(await examined(loaded(tmp_path, peer, **unsigned)), "alignment")
    assert found.verdict is Verdict.WRONG
    assert "neither passes, so DMARC fails" in found.found


async def test_a_relay_that_spf_does_not_know_is_named(tmp_path: Path, peer: NameServer) -> None:
    peer.put("press.example", "TXT", "v=spf1 ip4:192.0.2.1 -all")
    found = of(await examined(loaded(tmp_path, peer)), "spf")
    assert found.verdict is Verdict.WRONG
    assert found.publish is not None
    assert found.publish.value == f"v=spf1 ip4:{PUBLIC} ip4:192.0.2.1 -all"
    peer.put("smtp.relay.example", "A", PUBLIC)
    theirs = loaded(tmp_path, peer, **{'host = "mail.press': 'host = "smtp.relay'})
    assert of(await examined(theirs), "spf").verdict is Verdict.UNKNOWN


async def test_a_subdomain_speaks_for_its_organisation_unless_strict(
    tmp_path: Path, peer: NameServer
) -> None:
    peer.put("news.press.example", "MX", "10 mail.press.example.")
    peer.put("news.press.example", "TXT", "v=spf1 mx -all")
    below = loaded(tmp_path, peer, **{"daily@press": "daily@news.press"})
    found = await examined(below)
    # The organisation's own key: d= of the sender is not the key's.
    assert of(found, "alignment").verdict is Verdict.OK
    peer.put(
        "_dmarc.press.example",
        "TXT",
        "v=DMARC1; p=reject; aspf=s; adkim=s; rua=mailto:d@press.example",
    )
    assert of(await examined(below), "alignment").verdict is not Verdict.OK


async def test_servers_that_do_not_answer_make_nothing_wrong(
    tmp_path: Path, peer: NameServer
) -> None:
    for name in ("press.example", "_dmarc.press.example", KEY.name, "mail.press.example"):
        peer.fail(name)
    found = await examined(loaded(tmp_path, peer))
    assert doctor.is_well(found)
    unknown = {one.check for one in found if one.verdict is Verdict.UNKNOWN}
    assert unknown >= {"spf", "dkim", "dmarc", "mx", "ptr", "ehlo"}


async def test_every_relay_is_looked_at(tmp_path: Path, peer: NameServer) -> None:
    without = {'by = "smtp"\n': "", 'host = "mail.press.example"\n': ""}
    case = loaded(tmp_path, peer, **without)
    with (tmp_path / "config.toml").open("a") as file:
        for name in ("first", "second"):
            file.write(f'\n[[relays]]\nname = "{name}"\nhost = "mail.press.example"\n')
    case = load(tmp_path / "config.toml", environ={})

    async def look(relay: Relay, *, ehlo_name: str, password: str | None, base: Path) -> Seen:
        down = getattr(relay, "name", "") == "second"
        return replace(SHOWN, failed="connect", words="refused") if down else SHOWN

    found = await doctor.examine(case, environ={"KEY": PEM.decode()}, now=NOW, look=look)
    verdicts = {one.about: one.verdict for one in found if one.check == "relay"}
    assert verdicts == {"first": Verdict.OK, "second": Verdict.WRONG}


async def test_a_real_relay_is_knocked_at_and_nothing_is_sent(
    tmp_path: Path, peer: NameServer
) -> None:
    async with FakeRelay(account=("ann", "secret")) as relay:
        here = (
            f'host = "127.0.0.1"\nport = {relay.port}\ntls = "none"\n'
            'username = "ann"\npassword = { env = "PASS" }\n'
        )
        case = loaded(tmp_path, peer, **{'host = "mail.press.example"\n': here})
        environ = {"KEY": PEM.decode(), "PASS": "secret"}
        told = of(await doctor.examine(case, environ=environ, now=NOW), "relay")
        environ["PASS"] = "guessed"
        refused = of(await doctor.examine(case, environ=environ, now=NOW), "relay")
    assert told.verdict is Verdict.OK, told
    assert "signed in" in told.found
    assert refused.verdict is Verdict.WRONG
    assert "does not let us in" in refused.found
    assert not relay.heard
