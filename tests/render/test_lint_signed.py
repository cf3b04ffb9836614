"""The lint reads signatures: what they cover, whether the body is theirs, for whom they speak."""

from dataclasses import replace

import pytest

from digest.mail import dkim
from digest.render.checks.findings import Report
from letter import GOOD, Letter, report

DOMAIN = "news.example.org"
ENVELOPE = f"bounces+17.0a1b@{DOMAIN}"
PEM = dkim.make_key(ed25519=True)


def signed(letter: Letter = GOOD, domain: str = DOMAIN) -> bytes:
    """As it leaves, by what signs what leaves: the lint shares no code with it."""
    return dkim.sign(letter.octets(), [dkim.load_key(PEM, selector="d2026", domain=domain)])


def told(message: bytes, row: str, *, envelope: str = ENVELOPE) -> list[str]:
    found = report(message, envelope_from=envelope).of(row)
    return [f"{one.state}: {one.text}" for one in found]


def rows(found: Report, state: str) -> set[str]:
    return {one.row for one in found.findings if one.state == state}


def test_what_signs_here_covers_what_is_asked_for() -> None:
    found = report(signed(), envelope_from=ENVELOPE)
    assert [one.sentence() for one in found.having("fail", "warn")] == []
    # M11 is judged; what is left of M15 and M16 stands in DNS.
    assert rows(found, "open") == {"M12", "M15", "M16"}
    assert all("digest doctor" in one.text for row in ("M15", "M16") for one in found.of(row))


def test_without_a_key_of_ours_the_relay_is_asked_for_it() -> None:
    found = report(GOOD, envelope_from=ENVELOPE)
    for row in ("M11", "M15"):
        (text,) = [one.text for one in found.of(row) if one.state == "open"]
        assert "the relay must" in text
        assert "List-Unsubscribe" in text


def test_several_signatures_are_all_looked_at() -> None:
    keys = [
        dkim.load_key(pem, selector=selector, domain=DOMAIN)
        for selector, pem in (("d1", PEM), ("d2", dkim.make_key(bits=1024)))
    ]
    both = dkim.sign(GOOD.octets(), keys)
    assert report(both, envelope_from=ENVELOPE).having("fail", "warn") == ()
    broken = both.replace(b"a=rsa-sha256", b"a=rsa-sha1")
    assert told(broken, "M15")[0].startswith("fail: a=rsa-sha1")


@pytest.mark.parametrize(
    ("old", "new", "row", "said"),
    [
        (b"relaxed/relaxed", b"simple/relaxed", "M15", "c=simple/relaxed: a relay that folds"),
        (b" v=1;", b" v=1; l=5;", "M15", "l= lets anybody add"),
        (b" t=", b" x=", "M15", "t= does not say when"),
        (b"h=from:from:", b"h=from:", "M15", "h= names From once"),
        (b":subject", b"", "M15", "h= does not name subject"),
        (b":list-id", b"", "M15", "h= does not name list-id"),
        (b":list-unsubscribe-post", b"", "M11", "does not name list-unsubscribe-post"),
        (b" s=d2026;", b"", "M15", "the signature has no s="),
        (b"ran again on Sunday", b"sank again on Sunday", "M15", "not the one that was signed"),
        (b"d=news.example.org", b"d=news.example.net", "M16", "not speak for news.example.org"),
    ],
)
def test_what_a_signature_lacks_is_told(old: bytes, new: bytes, row: str, said: str) -> None:
    # h= is folded where it gets long; on one line each name can be found.
    message = signed().replace(b":\r\n ", b":")
    assert old in message
    faults = [one for one in told(message.replace(old, new), row) if one.startswith("fail")]
    assert any(said in fault for fault in faults), faults


@pytest.mark.parametrize("ending", ["", "\n", "\n\n\n", "a  b\t c \n"])
def test_a_body_is_known_in_whatever_form_it_is_signed(ending: str) -> None:
    letter = replace(GOOD, text=GOOD.text + ending)
    assert not [one for one in told(signed(letter), "M15") if "bh=" in one]
    raw = GOOD.octets() + ending.encode().replace(b"\n", b"\r\n")
    keys = [dkim.load_key(PEM, selector="d2026", domain=DOMAIN)]
    assert not [one for one in told(dkim.sign(raw, keys), "M15") if "bh=" in one]


@pytest.mark.parametrize(
    ("domain", "states"),
    [
        ("news.example.org", ["open"]),
        # Above it, below it, beside it: most likely, and DNS knows.
        ("example.org", ["open", "open"]),
        ("mail.news.example.org", ["open", "open"]),
        ("post.example.org", ["open", "open"]),
        ("example.net", ["fail", "open"]),
        ("news.other.org", ["fail", "open"]),
    ],
)
def test_a_signature_speaks_for_the_domain_that_readers_see(domain: str, states: list[str]) -> None:
    found = told(signed(domain=domain), "M16")
    assert [one.partition(":")[0] for one in found if not one.startswith("pass")] == states
    if "fail" in states:
        assert f"set domain of the [[dkim]] key to {DOMAIN}" in found[0]
    elif domain != DOMAIN:
        assert f"{domain} and {DOMAIN} are one organisation's" in found[-2]


def test_an_envelope_of_somebody_elses_leaves_it_to_the_signature() -> None:
    elsewhere = "bounces+17@returns.example.net"
    (weak,) = [one for one in told(signed(), "M16", envelope=elsewhere) if one.startswith("warn")]
    assert "returns.example.net does not speak for news.example.org" in weak
    assert "whoever signs" not in weak
    (weak,) = [
        one for one in told(GOOD.octets(), "M16", envelope=elsewhere) if one.startswith("warn")
    ]
    assert "whoever signs must do so with d=news.example.org" in weak


@pytest.mark.parametrize(
    "value", ["", ";;;", "v=1; h", "h=:::; bh=%%; d=\u00e4", "bh=AA; c=/relaxed"]
)
def test_a_signature_that_is_none_stops_nothing(value: str) -> None:
    message = f"DKIM-Signature: {value}\r\n".encode() + GOOD.octets()
    assert "M15" in rows(report(message, envelope_from=ENVELOPE), "fail")
