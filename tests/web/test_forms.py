"""What a form says: fields, choices, networks; whatever was sent, it is understood or named."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from digest.choosing import Offer
from digest.joining import kept_network
from digest.model import Choices, Form, Frequency
from digest.web.forms import ZONES, last, not_offered, number, read_choices

NOW = Choices(sections=("harbour",), hour=7, language="uk", timezone="Europe/Kyiv")
THERE = Offer(
    sections=(("harbour", "Harbour"), ("elsewhere", "Elsewhere")),
    languages=(("en", "English"), ("uk", "Українська")),
    frequencies=(Frequency.DAILY, Frequency.WEEKDAYS),
)


def read(**fields: Any) -> tuple[Choices, set[str]]:
    told = {name: [value] if isinstance(value, str) else value for name, value in fields.items()}
    chosen, faults = read_choices(told, NOW)
    return chosen, set(faults | not_offered(chosen, THERE))


def test_a_form_with_everything_is_what_it_says() -> None:
    chosen, faults = read(
        section=["elsewhere", "harbour", "elsewhere"],
        briefs="1",
        frequency="weekdays",
        hour="18",
        language="en",
        timezone="Asia/Tokyo",
        form="text",
    )
    assert not faults
    assert chosen == Choices(
        sections=("elsewhere", "harbour"),
        briefs=True,
        frequency=Frequency.WEEKDAYS,
        hour=18,
        language="en",
        timezone="Asia/Tokyo",
        form=Form.TEXT,
    )


def test_a_small_form_leaves_everything_as_it_is() -> None:
    assert read() == (NOW, set())


def test_boxes_that_are_not_ticked_are_told_by_a_form_that_asks_for_more() -> None:
    chosen, _ = read(form="full")
    assert chosen == replace(NOW, sections=(), briefs=False)


def test_no_hour_is_an_hour_too() -> None:
    assert read(hour="")[0].hour is None
    assert read(hour=" 0 ")[0].hour == 0


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("hour", "24"), ("hour", "-1"), ("hour", "7.5"), ("hour", "٧"), ("hour", "²"),
        ("hour", "007"), ("hour", "9" * 400), ("frequency", "hourly"), ("frequency", "weekly"),
        ("frequency", ""), ("form", "big"), ("form", "FULL"), ("section", ["harbour", "nowhere"]),
        ("section", [""]), ("language", "xx"), ("language", ""), ("timezone", "Mars/Olympus"),
        ("timezone", "../../etc/passwd"), ("timezone", "localtime"), ("timezone", ""),
    ],
)  # fmt: skip
def test_what_there_is_not_is_named_by_its_field(field: str, value: Any) -> None:
    told: dict[str, Any] = {"form": "full", field: value}
    assert read(**told)[1] == {field}


_ANY = st.dictionaries(
    st.sampled_from(["section", "briefs", "frequency", "hour", "language", "timezone", "form"]),
    st.lists(st.text(max_size=30) | st.sampled_from(["daily", "7", "en", "full"]), min_size=1),
)


@settings(max_examples=40)
@given(_ANY)
def test_whatever_is_sent_is_a_choice_that_there_is_or_a_fault(fields: Any) -> None:
    chosen, faults = read_choices(fields, NOW)
    faults |= not_offered(chosen, THERE)
    if not faults:
        assert set(chosen.sections) <= {"harbour", "elsewhere"}
        assert chosen.hour is None or 0 <= chosen.hour <= 23
        assert chosen.timezone in ZONES
        assert chosen.language in ("en", "uk")


def test_the_last_of_several_fields_counts_and_no_more_than_a_line_of_it() -> None:
    assert last({"a": ["1", "2"]}, "a") == "2"
    assert last({}, "a", "none") == "none"
    assert len(last({"a": ["x" * 9_999]}, "a")) == 500


@pytest.mark.parametrize(
    ("told", "meant"),
    [("7", 7), (" 30 ", 30), ("9999", 9999), ("99999", 0), ("-7", 0), ("٧", 0), ("", 0), ("7d", 0)],
)
def test_a_number_is_a_small_one_or_none(told: str, meant: int) -> None:
    assert number({"days": [told]}, "days") == meant


@pytest.mark.parametrize(
    ("host", "network"),
    [
        ("192.0.2.77", "192.0.2.0/24"),
        ("::ffff:192.0.2.77", "192.0.2.0/24"),
        ("2001:db8:1:2:3::4", "2001:db8:1::/48"),
        ("fe80::1%eth0", "fe80::/48"),
        ("testclient", ""),
        ("", ""),
    ],
)
def test_a_client_is_counted_by_its_network(host: str, network: str) -> None:
    assert kept_network("masked", host) == network
