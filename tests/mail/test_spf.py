"""SPF: whole trees of records, read from a table and judged."""

from collections.abc import Sequence

import pytest

from digest.errors import DnsError
from digest.mail.records import Diagnosis
from digest.mail.spf import ending, faults, judge_spf, lookups, parse, read_spf, result, voids

ME = "press.example"


class Zone:
    """Name servers as a table: (name, kind) or name alone for TXT."""

    def __init__(self, **records: Sequence[str] | None) -> None:
        self.txts: dict[str, Sequence[str] | None] = {}
        self.hosts: dict[str, Sequence[str]] = {}
        self.mxs: dict[str, Sequence[str]] = {}
        for name, texts in records.items():
            self.txts[name.replace("_", ".") if name != "ME" else ME] = texts

    async def txt(self, name: str) -> tuple[str, ...]:
        found = self.txts.get(name, ())
        if found is None:
            raise DnsError("nobody")
        return tuple(found)

    async def mx(self, domain: str) -> tuple[str, ...]:
        return tuple(self.mxs.get(domain, ()))

    async def addresses(self, host: str) -> tuple[str, ...]:
        return tuple(self.hosts.get(host, ()))


def zone(record: str, **others: Sequence[str] | None) -> Zone:
    made = Zone(ME=[record], **others)
    made.hosts = {ME: ["192.0.2.1"], "mail.example": ["192.0.2.25", "2001:db8::25"]}
    made.mxs = {ME: ["mail.example"], "null.example": [""]}
    return made


@pytest.mark.parametrize(
    ("record", "ip", "says"),
    [
        ("v=spf1 -all", "192.0.2.1", "-"),
        ("v=spf1", "192.0.2.1", "?"),
        ("v=spf1 a -all", "192.0.2.1", "+"),
        ("v=spf1 a -all", "192.0.2.2", "-"),
        ("v=spf1 a/24 -all", "192.0.2.200", "+"),
        ("v=spf1 a:mail.example//64 -all", "2001:db8::99", "+"),
        ("v=spf1 a:mail.example/24//64 -all", "192.0.2.99", "+"),
        ("v=spf1 MX ~ALL", "192.0.2.25", "+"),
        ("v=spf1 -mx +all", "192.0.2.25", "-"),
        ("v=spf1 mx:null.example -all", "192.0.2.25", "-"),
        ("v=spf1 ip4:198.51.100.0/24 ?all", "198.51.100.7", "+"),
        ("v=spf1 ip6:2001:db8::/32 ?all", "2001:db8:1::1", "+"),
        ("v=spf1 ip4:198.51.100.0/24 ?all", "2001:db8:1::1", "?"),
        ("v=spf1 include:ok.example -all", "203.0.113.5", "+"),
        ("v=spf1 include:no.example ~all", "203.0.113.5", "~"),
        ("v=spf1 redirect=ok.example", "203.0.113.5", "+"),
        ("v=spf1 redirect=ok.example", "203.0.113.99", "?"),
        ("v=spf1 redirect=ok.example -all", "203.0.113.5", "-"),
        ("v=spf1 exists:%{i}.x.example -all", "192.0.2.1", None),
        ("v=spf1 ptr -all", "192.0.2.1", None),
        ("v=spf1 exists:%{i}.x.example a -all", "192.0.2.1", "+"),
        ("v=spf1 include:down.example -all", "192.0.2.1", None),
        ("v=spf1 include:down.example ip4:192.0.2.1 -all", "192.0.2.1", "+"),
        ("v=spf1 redirect=down.example", "192.0.2.1", None),
    ],
)
async def test_who_may_send(record: str, ip: str, says: str | None) -> None:
    others: dict[str, Sequence[str] | None] = {
        "ok_example": ["v=spf1 ip4:203.0.113.5 ?all"],
        "no_example": ["v=spf1 -all"],
        "down_example": None,
    }
    assert result(await read_spf(zone(record, **others), ME), ip) == says


@pytest.mark.parametrize(
    ("record", "number"),
    [
        ("v=spf1 -all", 0),
        ("v=spf1 ip4:192.0.2.1 a mx ptr exists:x.example -all", 4),
        ("v=spf1 include:ok.example -all", 3),
        ("v=spf1 include:ok.example include:ok.example -all", 6),
        ("v=spf1 redirect=ok.example", 3),
        ("v=spf1 redirect=ok.example ~all", 0),
        ("v=spf1 -all include:ok.example", 0),
    ],
)
async def test_lookups_are_counted_through_the_whole_tree(record: str, number: int) -> None:
    others = {"ok_example": ["v=spf1 a:mail.example mx:mail.example -all"]}
    assert lookups(await read_spf(zone(record, **others), ME)) == number


async def test_a_record_that_leads_to_itself_ends() -> None:
    looped = zone("v=spf1 include:b.example -all", b_example=[f"v=spf1 include:{ME} -all"])
    (fault,) = faults(await read_spf(looped, ME))
    assert "leads back to itself" in fault


async def test_a_tree_without_end_is_left_in_time() -> None:
    deep = zone("v=spf1 include:n0.example -all")
    for number in range(500):
        deep.txts[f"n{number}.example"] = [f"v=spf1 include:n{number + 1}.example -all"]
    spf = await read_spf(deep, ME)
    assert 10 < lookups(spf) < 100


@pytest.mark.parametrize(
    ("word", "fault"),
    [
        ("include:", "names no domain"),
        ("exists", "names no domain"),
        ("redirect=", "names no domain"),
        ("ip4:300.1.1.1", "no network"),
        ("ip4:2001:db8::1", "other kind"),
        ("ip6:192.0.2.1", "other kind"),
        ("a:mail.example/64", "no such size"),
        ("a:mail.example/x", "is no SPF"),
        ("ipv4:192.0.2.1", "is no SPF"),
        ("redirect:ok.example", "is no SPF"),
        ("?", "is no SPF"),
        ("include:none.example", "leads to no SPF record"),
        ("include:two.example", "leads to 2 SPF records"),
    ],
)
async def test_what_no_receiver_can_follow(word: str, fault: str) -> None:
    others = {"two_example": ["v=spf1 -all", "v=spf1 +all"]}
    spf = await read_spf(zone(f"v=spf1 {word} -all", **others), ME)
    assert fault in " ".join(faults(spf))


def test_unknown_modifiers_mean_nothing() -> None:
    assert [term.fault for term in parse("v=spf1 exp=x.example v2=y -all")] == ["", "", ""]


async def test_answers_without_anything_are_counted() -> None:
    spf = await read_spf(zone("v=spf1 a:gone.example mx:gone.example a:gone2.example -all"), ME)
    assert voids(spf) == 3


async def test_the_end_may_stand_in_another_record() -> None:
    others = {"ok_example": ["v=spf1 ~all"], "open_example": ["v=spf1 mx"]}
    for record, end in (
        ("v=spf1 -all", "-"),
        ("v=spf1 all", "+"),
        ("v=spf1 redirect=ok.example", "~"),
        ("v=spf1 redirect=open.example", None),
        ("v=spf1 mx", None),
    ):
        assert ending(await read_spf(zone(record, **others), ME)) == end


# -------------------------------------------------------------------- judgement


async def judged(record: str | None, senders: Sequence[str] = (), **others: object) -> Diagnosis:
    found = zone(record or "x", ok_example=["v=spf1 ip4:203.0.113.5 ~all"])
    if record is None:
        found.txts[ME] = ["not spf"]
    perhaps, includes = others.get("perhaps", ()), others.get("includes", ())
    assert isinstance(perhaps, tuple)
    assert isinstance(includes, tuple)
    spf = await read_spf(found, ME)
    return judge_spf(spf, senders=senders, perhaps=perhaps, includes=includes)


RELAY = "198.51.100.7"


@pytest.mark.parametrize(
    ("record", "verdict", "words", "publish"),
    [
        (f"v=spf1 ip4:{RELAY} ~all", "ok", f"lets {RELAY} send; 0 of 10", None),
        (None, "wrong", "no SPF record", f"v=spf1 ip4:{RELAY} ~all"),
        ("v=spf1 mx -all", "wrong", "does not let", f"v=spf1 ip4:{RELAY} mx -all"),
        (f"v=spf1 ip4:{RELAY} +all", "wrong", "anybody may", f"v=spf1 ip4:{RELAY} ~all"),
        (f"v=spf1 ip4:{RELAY} all", "wrong", "anybody may", f"v=spf1 ip4:{RELAY} ~all"),
        (f"v=spf1 ip4:{RELAY} ?all", "weak", "says nothing", f"v=spf1 ip4:{RELAY} ~all"),
        (f"v=spf1 ip4:{RELAY}", "weak", "who may not", f"v=spf1 ip4:{RELAY} ~all"),
        (f"v=spf1 ip4:{RELAY} mix ~all", "wrong", "'mix' is no SPF", None),
        (f"v=spf1 ip4:{RELAY} ptr ~all", "weak", "given up", None),
        ("v=spf1 exists:%{i}.x.example ~all", "unknown", "cannot be known", None),
        (
            f"v=spf1 ip4:{RELAY} {'include:ok.example ' * 11}~all",
            "wrong",
            "11 lookups and receivers stop at 10",
            None,
        ),
        (
            f"v=spf1 ip4:{RELAY} a:g1.example a:g2.example a:g3.example ~all",
            "wrong",
            "3 of its lookups find nothing",
            None,
        ),
        (f"v=spf1 ip4:{RELAY} {'ip4:192.0.2.1 ' * 40}~all", "weak", "characters", None),
    ],
)
async def test_a_record(record: str | None, verdict: str, words: str, publish: str | None) -> None:
    found = await judged(record, [RELAY])
    assert found.verdict == verdict, found
    assert words in found.found, found
    assert (found.publish.value if found.publish else None) == publish


async def test_two_records_become_one() -> None:
    both = Zone(ME=["v=spf1 mx ~all", "v=spf1 mx ip4:192.0.2.1 -all"])
    found = judge_spf(await read_spf(both, ME))
    assert found.verdict == "wrong"
    assert found.publish is not None
    assert found.publish.value == "v=spf1 mx ip4:192.0.2.1 -all"


async def test_a_relay_of_somebody_else_may_send_from_elsewhere() -> None:
    found = await judged("v=spf1 mx ~all", perhaps=(RELAY,))
    assert found.verdict == "unknown"
    assert "ask its owner" in found.fix
    assert found.publish is None


async def test_what_a_relays_owner_asks_for_is_looked_for_in_the_whole_tree() -> None:
    include = "include:spf.relay.example"
    found = await judged("v=spf1 mx ~all", includes=(include,))
    assert found.verdict == "weak"
    assert found.publish is not None
    assert found.publish.value == f"v=spf1 {include} mx ~all"
    nested = zone("v=spf1 include:ok.example ~all", ok_example=[f"v=spf1 {include} ~all"])
    nested.txts["spf.relay.example"] = ["v=spf1 ip4:192.0.2.0/24 ~all"]
    assert judge_spf(await read_spf(nested, ME), includes=(include,)).verdict == "ok"


async def test_a_relay_that_nobody_knows_is_left_to_the_operator() -> None:
    assert (await judged(None)).publish is not None
    found = await judged("v=spf1 mx ~all")
    assert found.verdict == "ok"
    assert "cannot be known from here" in found.found
