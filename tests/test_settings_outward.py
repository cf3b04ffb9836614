"""Rules about sending: whatever stands in the file they say what is wrong, and never fall over."""

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from digest.mail.lanes import Families
from digest.settings import Dkim, Lane, Mail, NamedRelay, Pace, Table
from digest.settings.naming import dotted
from digest.settings.outward import sending_faults

VALUES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-1, 300),
    st.sampled_from(["", "smtp", "ses", "none", "cram-md5", "localhost", "::1", "gmail", "a@b.c"]),
    st.just({"env": "P"}),
    st.lists(st.sampled_from(["a.example", 1]), max_size=2),
)


def rows(table: type[Table]) -> st.SearchStrategy[dict[str, Any]]:
    return st.dictionaries(st.sampled_from(sorted(table.model_fields)), VALUES, max_size=6)


DOCUMENTS = st.fixed_dictionaries(
    {},
    optional={
        "mail": rows(Mail) | VALUES,
        "relays": st.lists(rows(NamedRelay) | VALUES, max_size=3) | VALUES,
        "dkim": st.lists(rows(Dkim), max_size=3) | VALUES,
        "pace": st.builds(
            lambda pace, lanes: pace | {"lanes": lanes},
            rows(Pace),
            st.lists(rows(Lane) | VALUES, max_size=3) | VALUES,
        )
        | VALUES,
    },
)


@given(DOCUMENTS)
@settings(max_examples=150)
def test_whatever_stands_there_each_fault_has_a_place_and_a_sentence(document: Any) -> None:
    for fault in sending_faults(document):
        assert dotted(fault.place)
        assert fault.text.strip() == fault.text != ""


def told(document: Any) -> list[str]:
    return [f"{dotted(fault.place)} {fault.text}" for fault in sending_faults(document)]


def test_a_password_in_clear_is_told_of_relays_that_are_elsewhere_only() -> None:
    row = {"by": "smtp", "tls": "none", "username": "a", "password": {"env": "P"}}
    for host in ("localhost", "relay.localhost", "127.0.0.1", "127.8.8.8", "::1"):
        assert told({"mail": row | {"host": host}}) == []
    for host in ("localhost.example", "10.0.0.1", "relay", "::2"):
        (fault,) = told({"mail": row | {"host": host}})
        assert f"to {host} in clear text" in fault


def test_what_is_not_read_is_told_only_where_it_says_something() -> None:
    relays = [{"name": "first", "host": "one.example"}]
    usual = {name: info.default for name, info in Mail.model_fields.items()}
    assert told({"mail": usual, "relays": relays}) == []
    (fault,) = told({"mail": usual | {"max_per_minute": 60}, "relays": relays})
    assert fault.startswith("mail.max_per_minute is not read beside [[relays]]")
    assert told({"mail": usual | {"attempts": 9}, "relays": relays}) == []


def test_of_a_relay_that_nothing_goes_by_nothing_is_wanted() -> None:
    relays = [{"name": "first", "host": "one.example"}]
    (fault,) = told({"mail": {"by": "mailgun"}, "relays": relays})
    assert fault.startswith("mail.by is not read")


def test_known_lanes_are_those_that_have_a_pace_by_themselves() -> None:
    families = Families()
    known = {
        families.of_domain(domain)
        for domain in ("gmail.com", "outlook.com", "yahoo.com", "icloud.com")
    }
    lanes = [{"name": name, "max_per_minute": 60} for name in sorted(known)]
    assert told({"pace": {"lanes": lanes}}) == []
    assert "is nobody's lane" in told({"pace": {"lanes": [{"name": "mail"}]}})[0]
