import contextlib
import re
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.model import Form, Frequency, SubscriptionState
from digest.segments import (
    FIELDS,
    WORDS,
    And,
    Comparison,
    Filter,
    Not,
    Operator,
    Or,
    Value,
    check,
    parse,
)


def one(field: str, operator: Operator, *values: Value) -> Filter:
    return Comparison(field=field, operator=operator, values=values)


def test_the_filter_of_the_manual_says_what_it_seems_to_say() -> None:
    assert parse('language = "uk" and section in ("sport") and joined > 2026-01-01') == And(
        parts=(
            one("language", "=", "uk"),
            one("section", "in", "sport"),
            one("joined", ">", date(2026, 1, 1)),
        )
    )


def test_and_binds_closer_than_or_and_not_closer_than_both() -> None:
    told = parse('not tag = "a" and hour <= 8 or briefs = TRUE')
    assert told == Or(
        parts=(
            And(parts=(Not(part=one("tag", "=", "a")), one("hour", "<=", 8))),
            one("briefs", "=", True),
        )
    )
    assert parse('tag = "a" and (hour = 1 OR hour = 2)') == And(
        parts=(one("tag", "=", "a"), Or(parts=(one("hour", "=", 1), one("hour", "=", 2))))
    )


def test_text_may_hold_quotation_marks_and_words_of_the_language() -> None:
    assert parse(r"name = 'O\'Neill and \"not\" co'") == one("name", "=", 'O\'Neill and "not" co')
    assert parse('tag not in ("x", "y; DROP TABLE subscriber")') == one(
        "tag", "not in", "x", "y; DROP TABLE subscriber"
    )


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "at 1: expected a field, not the end"),
        ('langauge = "uk"', 'did you mean "language"?'),
        ('zzz = "uk"', "there are language, timezone"),
        ("language = uk", 'at 12: language is compared with text, as in "uk", not uk'),
        ('hour = "8"', 'at 8: hour is compared with a number, not "8"'),
        ("joined > 2026-02-30", "at 10: expected a day of the calendar, not 2026-02-30"),
        ('joined > "2026-02-01"', "joined is compared with a date"),
        ("hour = true", "hour is compared with a number, not true"),
        ("briefs = 1", "briefs is compared with true or false, not 1"),
        ('language < "uk"', 'at 10: expected "=", "!=", "in" or "not in", not <'),
        ("hour ~ 3", "at 6: '~' is not understood"),
        ('tag = "a" tag = "b"', 'at 11: expected "and", "or" or the end, not tag'),
        ('tag in "a"', "at 8: expected '('"),
        ('tag in ("a" "b")', "at 13: expected ')'"),
        ("tag in ()", "at 9: tag is compared with text"),
        ('(tag = "a"', "at 11: expected ')', not the end"),
        ('tag = "a', "the text that begins here has no end"),
        ("tag = “a”", "write straight quotation marks"),
        ("tag", 'at 4: expected "=", "!=", "in" or "not in", not the end'),
        ("(" * 60 + 'tag = "a"' + ")" * 60, "more than 40 brackets"),
        ("not " * 60 + 'tag = "a"', "more than 40 brackets"),
        ("x" * 5000, "4000 letters at most"),
        ("tag in (" + ", ".join(['"a"'] * 600) + ")", "more than 500 values"),
    ],
)
def test_what_is_wrong_is_told_with_its_place(text: str, told: str) -> None:
    with pytest.raises(ValueError, match=re.escape(told)):
        parse(text)


@given(st.text(max_size=60) | st.text(alphabet='tag="a" ()andornot<>!1-', max_size=60))
def test_any_text_is_a_filter_or_a_value_error(text: str) -> None:
    with contextlib.suppress(ValueError):
        parse(text)


def said(wanted: Filter) -> str:
    match wanted:
        case And(parts=parts):
            return " and ".join(f"({said(part)})" for part in parts)
        case Or(parts=parts):
            return " or ".join(f"({said(part)})" for part in parts)
        case Not(part=part):
            return f"not ({said(part)})"
        case Comparison(field=field, operator=operator, values=values):
            words = [_value(value) for value in values]
            listed = f"({', '.join(words)})" if "in" in operator else words[0]
            return f"{field} {operator} {listed}"


def _value(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
    return str(value)


_VALUES: dict[type, st.SearchStrategy[Value]] = {
    str: st.text(max_size=8),
    int: st.integers(0, 23),
    bool: st.booleans(),
    date: st.dates(date(1990, 1, 1), date(2100, 1, 1)),
}


@st.composite
def comparisons(draw: st.DrawFn) -> Filter:
    field = draw(st.sampled_from(sorted(FIELDS)))
    kind = FIELDS[field]
    ordered: list[Operator] = ["<", "<=", ">", ">="] if kind in (int, date) else []
    operators: list[Operator] = ["=", "!=", "in", "not in", *ordered]
    operator = draw(st.sampled_from(operators))
    most = 3 if "in" in operator else 1
    values = draw(st.lists(_VALUES[kind], min_size=1, max_size=most))
    return one(field, operator, *values)


filters = st.recursive(
    comparisons(),
    lambda inner: (
        st.builds(lambda part: Not(part=part), inner)
        | st.builds(lambda parts: And(parts=tuple(parts)), st.lists(inner, min_size=2, max_size=3))
        | st.builds(lambda parts: Or(parts=tuple(parts)), st.lists(inner, min_size=2, max_size=3))
    ),
    max_leaves=6,
)


@given(filters)
def test_what_a_filter_says_is_read_as_the_filter(wanted: Filter) -> None:
    assert parse(said(wanted)) == wanted


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ('section = "sprot"', 'there is no section "sprot"; did you mean "sport"?'),
        ('tag = "x" or not section in ("sport", "zz")', 'no section "zz"; there are arts, sport'),
        ('newsletter != "dayly"', 'there is no newsletter "dayly"; did you mean "daily"?'),
        ('state = "Active"', 'there is no state "Active"; did you mean "active"?'),
        ('frequency = "dayly"', 'did you mean "daily"?'),
        ('form = "ful"', 'did you mean "full"?'),
    ],
)
def test_a_name_that_nothing_has_is_told_with_what_may_be_meant(text: str, why: str) -> None:
    with pytest.raises(ValueError, match=re.escape(why)):
        check(parse(text), sections={"sport", "arts"}, newsletters={"daily"})


def test_what_is_there_and_what_anybody_may_have_is_not_objected_to() -> None:
    told = 'section = "sport" and newsletter in ("daily") and state = "ended" or tag = "any"'
    check(parse(told), sections={"sport"}, newsletters={"daily"})
    with pytest.raises(ValueError, match="nor any other"):
        check(parse(told), sections=(), newsletters={"daily"})


def test_the_words_of_filters_are_those_of_the_rows() -> None:
    kinds = {"state": SubscriptionState, "frequency": Frequency, "form": Form}
    assert {name: tuple(kind) for name, kind in kinds.items()} == dict(WORDS)
