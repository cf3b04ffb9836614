"""Keys, mail exchangers and names of addresses, judged by tables."""

from collections.abc import Sequence

import pytest

from digest.mail.dkim import Key, load_key, make_key
from digest.mail.records import (
    Diagnosis,
    Remark,
    Verdict,
    diagnose,
    judge_key,
    judge_keys,
    judge_mx,
    judge_ptr,
    tags_of,
)

RSA = load_key(make_key(), selector="d1", domain="press.example")
SHORT = load_key(make_key(bits=1024), selector="d0", domain="press.example")
EDWARDS = load_key(make_key(ed25519=True), selector="e1", domain="press.example")
OTHER = load_key(make_key(ed25519=True), selector="e2", domain="press.example")


def check(found: Diagnosis | None, verdict: str, *words: str) -> Diagnosis:
    assert found is not None
    assert found.verdict == verdict, found
    for word in words:
        assert word in f"{found.found} -> {found.fix}", found
    return found


def test_the_gravest_remark_is_the_verdict_and_all_are_told() -> None:
    remarks = [
        Remark(Verdict.OK, "there"),
        Remark(Verdict.WRONG, "broken", "mend it"),
        Remark(Verdict.UNKNOWN, "perhaps", "mend it"),
    ]
    found = check(diagnose("x", "press.example", remarks), "wrong")
    assert found.found == "there; broken; perhaps"
    assert found.fix == "mend it"


def test_tags_are_read_as_they_stand() -> None:
    tags, odd = tags_of(" v=DKIM1 ; P = a=b ;; k=rsa; k=ed25519; nonsense")
    assert tags == {"v": "DKIM1", "p": "a=b", "k": "rsa"}
    assert odd == ("k=ed25519", "nonsense")


@pytest.mark.parametrize(
    ("key", "texts", "verdict", "words"),
    [
        (RSA, [RSA.record], "ok", ["published (RSA, 2048 bits)"]),
        (EDWARDS, [EDWARDS.record], "ok", ["Ed25519"]),
        (RSA, [RSA.record.replace("v=DKIM1; k=rsa; ", "")], "ok", []),
        (RSA, [RSA.record.replace("p=MIIB", "p=MI IB\t")], "ok", []),
        (RSA, [f"{RSA.record}; s=email; h=sha1:sha256; t=s; n=ours"], "ok", []),
        (RSA, [], "wrong", ["no such record", "publish the record"]),
        (RSA, [RSA.record, RSA.record], "wrong", ["2 TXT records"]),
        (RSA, ["v=DKIM1; k=rsa; p="], "wrong", ["revoked"]),
        (RSA, ["v=DKIM1; k=rsa"], "wrong", ["holds no key"]),
        (RSA, ["v=DKIM1; p=%%%"], "wrong", ["another key"]),
        (EDWARDS, [OTHER.record], "wrong", ["another key"]),
        (EDWARDS, [EDWARDS.record.replace("k=ed25519; ", "")], "wrong", ["k=rsa"]),
        (RSA, [RSA.record.replace("DKIM1", "DKIM2")], "wrong", ["v=DKIM1"]),
        (RSA, [f"k=rsa; {RSA.record.replace('k=rsa; ', '')}"], "wrong", ["v=DKIM1"]),
        (RSA, [f"{RSA.record}; h=sha1"], "wrong", ["sha256"]),
        (RSA, [f"{RSA.record}; s=other"], "wrong", ["does not allow mail"]),
        (RSA, [f"{RSA.record}; junk"], "wrong", ["'junk'"]),
        (RSA, [f"{RSA.record}; t=y:s"], "weak", ["testing"]),
        (SHORT, [SHORT.record], "weak", ["1024 bits", "2048"]),
    ],
)
def test_a_key_in_dns(key: Key, texts: Sequence[str], verdict: str, words: Sequence[str]) -> None:
    found = check(judge_key(key, texts), verdict, *words)
    if verdict != "ok":
        assert found.publish is not None
        assert (found.publish.name, found.publish.value) == (key.name, key.record)


def test_who_signs() -> None:
    check(judge_keys([], relay_signs=False), "weak", "digest dkim new")
    check(judge_keys([], relay_signs=True), "unknown", "dkim=pass")
    check(judge_keys([EDWARDS], relay_signs=False), "weak", "add an RSA key")
    assert judge_keys([EDWARDS, RSA], relay_signs=False) is None


@pytest.mark.parametrize(
    ("hosts", "addresses", "verdict", "words"),
    [
        (["a.example"], {"a.example": ["192.0.2.1"]}, "ok", ["a.example"]),
        (["a.example", "b.example"], {"b.example": ["192.0.2.1"]}, "weak", ["a.example has no"]),
        (["a.example"], {}, "wrong", ["have no address"]),
        ([""], {}, "wrong", ["RFC 7505", "answers go there"]),
        ([], {"press.example": ["192.0.2.1"]}, "weak", ["to the host itself"]),
        ([], {}, "wrong", ["nothing takes its mail"]),
    ],
)
def test_where_mail_goes(
    hosts: Sequence[str],
    addresses: dict[str, Sequence[str]],
    verdict: str,
    words: Sequence[str],
) -> None:
    found = judge_mx("press.example", hosts, addresses=addresses, why="answers go there")
    check(found, verdict, *words)


@pytest.mark.parametrize(
    ("ip", "names", "forward", "verdict", "words"),
    [
        ("192.0.2.7", ["mail.press.example"], {"mail.press.example": ["192.0.2.7"]}, "ok", []),
        ("2001:db8::7", ["m.example"], {"m.example": ["2001:DB8:0::7"]}, "ok", []),
        ("192.0.2.7", [], {}, "wrong", ["no name (PTR)"]),
        ("192.0.2.7", ["m.example"], {"m.example": ["192.0.2.8"]}, "wrong", ["does not lead back"]),
        ("192.0.2.7", ["m.example"], {}, "wrong", ["does not lead back"]),
        (
            "192.0.2.7",
            ["host-7.2.0.192.net.example"],
            {"host-7.2.0.192.net.example": ["192.0.2.7"]},
            "weak",
            ["any customer's"],
        ),
        ("192.0.2.7", ["ip-192-0-2-7.c"], {"ip-192-0-2-7.c": ["192.0.2.7"]}, "weak", []),
        (
            "2001:db8::7",
            ["2001-0db8-0000-0000-0000-0000-0000-0007.c"],
            {"2001-0db8-0000-0000-0000-0000-0000-0007.c": ["2001:db8::7"]},
            "weak",
            [],
        ),
    ],
)
def test_names_of_addresses(
    ip: str,
    names: Sequence[str],
    forward: dict[str, Sequence[str]],
    verdict: str,
    words: Sequence[str],
) -> None:
    check(judge_ptr(ip, names, forward=forward), verdict, *words)
