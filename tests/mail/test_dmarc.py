"""DMARC: the walk up the tree of names, whose organisation it is, and what a record is worth."""

from collections.abc import Mapping, Sequence

import pytest

from digest.errors import DnsError
from digest.mail.dmarc import (
    Step,
    governing,
    is_aligned,
    is_record,
    judge_alignment,
    judge_dmarc,
    organisation,
    walk,
    walk_names,
)

ME = "news.press.example"
#: Whatever it is.
ANY = "any"


class Zone:
    def __init__(self, records: Mapping[str, Sequence[str]]) -> None:
        self.records = records
        self.asked: list[str] = []

    async def txt(self, name: str) -> tuple[str, ...]:
        self.asked.append(name)
        if name == "_dmarc.down.example":
            raise DnsError("nobody")
        return tuple(self.records.get(name.removeprefix("_dmarc."), ()))


async def steps_of(domain: str = ME, /, **records: str) -> tuple[Step, ...]:
    """Of records by name, with _ for the dots."""
    rows = {name.replace("_", "."): [text] for name, text in records.items()}
    return await walk(Zone(rows), domain)


def test_the_walk_asks_eight_names_at_most() -> None:
    assert walk_names("example") == ("example",)
    assert walk_names("a.b.c.d.e.f.g.example")[1] == "b.c.d.e.f.g.example"
    # The example of RFC 9989 §4.10.
    assert walk_names("a.b.c.d.e.f.g.h.i.j.mail.example.com") == (
        "a.b.c.d.e.f.g.h.i.j.mail.example.com",
        "g.h.i.j.mail.example.com",
        "h.i.j.mail.example.com",
        "i.j.mail.example.com",
        "j.mail.example.com",
        "mail.example.com",
        "example.com",
        "com",
    )


async def test_the_walk_stops_where_a_record_parts_the_tree() -> None:
    zone = Zone({"press.example": ["v=DMARC1; p=reject; psd=n"]})
    await walk(zone, ME)
    assert zone.asked == ["_dmarc.news.press.example", "_dmarc.press.example"]


async def test_a_name_that_nobody_answers_about_ends_it() -> None:
    with pytest.raises(DnsError):
        await walk(Zone({}), "news.down.example")


def test_only_what_begins_as_dmarc_is_a_record() -> None:
    assert is_record("v=DMARC1; p=none")
    assert is_record("v = DMARC1")
    assert not is_record("v=dmarc1; p=none")
    assert not is_record(" v=DMARC1; p=none")
    assert not is_record("v=DMARC10; p=none")
    assert not is_record("p=none; v=DMARC1")


@pytest.mark.parametrize(
    ("records", "ours", "where"),
    [
        ({}, ME, None),
        ({"news_press_example": "v=DMARC1; p=none"}, ME, ME),
        ({"press_example": "v=DMARC1; p=none"}, "press.example", "press.example"),
        (
            {"news_press_example": "v=DMARC1; p=none", "press_example": "v=DMARC1; p=reject"},
            "press.example",
            ME,
        ),
        ({"news_press_example": "v=DMARC1; psd=n", "press_example": "v=DMARC1"}, ME, ME),
        # The registry's record counts only where the organisation has none.
        ({"example": "v=DMARC1; p=reject; psd=y"}, "press.example", "example"),
        (
            {"example": "v=DMARC1; p=reject; psd=y", "press_example": "v=DMARC1; p=none"},
            "press.example",
            "press.example",
        ),
        ({"news_press_example": "v=DMARC1; p=none; psd=y"}, ME, ME),
        # A record in between that is neither ours nor the organisation's.
        (
            {"press_example": "v=DMARC1; p=none", "example": "v=DMARC1; p=none"},
            "example",
            "example",
        ),
    ],
)
async def test_whose_it_is(records: dict[str, str], ours: str, where: str | None) -> None:
    steps = await steps_of(**records)
    step = governing(steps)
    assert organisation(steps) == ours
    assert (step.name if step else None) == where


@pytest.mark.parametrize(
    ("record", "verdict", "words", "publish"),
    [
        ("v=DMARC1; p=reject; rua=mailto:d@press.example", "ok", "p=reject", None),
        ("v=DMARC1;p=quarantine;rua=mailto:d@press.example!10m", "ok", "p=quarantine", None),
        ("v=DMARC1; p=none; rua=mailto:d@press.example", "ok", "quarantine or reject", None),
        (
            "v=DMARC1; p=none; pct=50; rf=afrf; ri=86400; rua=mailto:d@press.example; adkim=s",
            "weak",
            "pct=, rf=, ri= is no word of DMARC any more",
            "v=DMARC1; p=none; rua=mailto:d@press.example; adkim=s",
        ),
        (
            "v=DMARC1; p=reject; pct=0; rua=mailto:d@press.example",
            "weak",
            "pct",
            "v=DMARC1; p=reject; rua=mailto:d@press.example; t=y",
        ),
        (
            "v=DMARC1; p=reject",
            "weak",
            "no rua=",
            "v=DMARC1; p=reject; rua=mailto:dmarc-reports@press.example",
        ),
        ("v=DMARC1; p=reject; t=y; rua=mailto:d@press.example", "weak", "not to follow", ANY),
        ("v=DMARC1; p=none; psd=y; rua=mailto:d@press.example", "weak", "registry", ANY),
        (
            "v=DMARC1; p=never; rua=mailto:d@press.example",
            "weak",
            "counts as p=none",
            "v=DMARC1; p=none; rua=mailto:d@press.example",
        ),
        ("v=DMARC1; p=none; sp=x", "wrong", "does not count at all", ANY),
        ("v=DMARC1", "wrong", "p= is missing", ANY),
        (
            "v=DMARC1; p=none; aspf=q; rua=mailto:d@press.example",
            "weak",
            "aspf=q means nothing",
            "v=DMARC1; p=none; rua=mailto:d@press.example",
        ),
        ("v=DMARC1; p=none; junk; rua=mailto:d@press.example", "weak", "'junk'", ANY),
        ("v=DMARC1; p=none; rua=https://d.example", "weak", "no rua=", ANY),
    ],
)
async def test_what_a_record_is_worth(
    record: str, verdict: str, words: str, publish: str | None
) -> None:
    found = judge_dmarc("press.example", await steps_of("press.example", press_example=record))
    assert found.verdict == verdict, found
    assert words in f"{found.found} -> {found.fix}", found
    if publish != ANY:
        assert (found.publish.value if found.publish else None) == publish
    if found.publish:
        assert found.publish.name == "_dmarc.press.example"
        assert "pct" not in found.publish.value


async def test_without_a_record_one_is_given() -> None:
    found = judge_dmarc("press.example", await steps_of("press.example"))
    assert found.verdict == "wrong"
    assert found.publish is not None
    assert found.publish.value == "v=DMARC1; p=none; rua=mailto:dmarc-reports@press.example"


async def test_of_two_records_none_counts() -> None:
    zone = Zone({"press.example": ["v=DMARC1; p=none", "v=DMARC1; p=reject"]})
    found = judge_dmarc("press.example", await walk(zone, "press.example"))
    assert found.verdict == "wrong"
    assert "2 records" in found.found


async def test_a_domain_below_gets_what_its_organisation_says_of_such() -> None:
    record = "v=DMARC1; p=reject; sp=none; rua=mailto:d@press.example"
    found = judge_dmarc(ME, await steps_of(press_example=record))
    assert found.verdict == "ok"
    assert "sp=none, of press.example" in found.found


def test_domains_are_aligned_by_name_or_by_organisation() -> None:
    one, two = "press.example", "mail.press.example"
    assert is_aligned(one, one, strict=True, of_one=one, of_other=one)
    assert is_aligned(one, two, strict=False, of_one=one, of_other=one)
    assert not is_aligned(one, two, strict=True, of_one=one, of_other=one)
    assert not is_aligned(one, "b.example", strict=False, of_one=one, of_other="b.example")


@pytest.mark.parametrize(
    ("signers", "returned", "verdicts"),
    [
        ({"press.example": True}, True, ["ok", "ok"]),
        ({}, True, ["ok"]),
        ({}, False, ["weak"]),
        ({"other.example": False}, True, ["weak", "ok"]),
        ({"other.example": False}, False, ["wrong", "wrong"]),
        ({"press.example": True}, False, ["ok", "weak"]),
    ],
)
def test_one_of_signature_and_envelope_must_speak_for_the_sender(
    signers: dict[str, bool], returned: bool, verdicts: list[str]
) -> None:
    found = judge_alignment(
        "press.example", signers=signers, envelope="bounces.example", returned=returned
    )
    assert [one.verdict for one in found] == verdicts


@pytest.mark.parametrize(
    ("signers", "relay_signs", "verdicts"),
    [
        ({}, False, ["wrong"]),
        ({}, True, ["weak"]),
        ({"press.example": True}, False, ["ok", "weak"]),
        ({"other.example": False}, False, ["wrong", "wrong"]),
    ],
)
def test_an_envelope_without_spf_speaks_for_nobody(
    signers: dict[str, bool], relay_signs: bool, verdicts: list[str]
) -> None:
    found = judge_alignment(
        "press.example",
        signers=signers,
        envelope="press.example",
        returned=True,
        has_spf=False,
        relay_signs=relay_signs,
    )
    assert [one.verdict for one in found] == verdicts
    assert "has no SPF record" in found[-1].found
    assert found[-1].fix
