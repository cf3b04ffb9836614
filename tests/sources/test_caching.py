"""What response heads say: dates, freshness, waiting, links."""

from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from digest.sources.caching import Head, freshness, http_date, links, retry_after

NOON = datetime(2026, 5, 18, 12, tzinfo=UTC)
#: Half an hour slow, as servers are.
SERVER = "Mon, 18 May 2026 11:30:00 GMT"


def head(*fields: tuple[str, str]) -> Head:
    return Head([(name.encode(), value.encode("latin-1")) for name, value in fields])


def check_fresh(wanted: float | None, *fields: tuple[str, str]) -> None:
    assert freshness(head(*fields), NOON) == wanted


@pytest.mark.parametrize(
    "text",
    [
        "Mon, 18 May 2026 12:00:00 GMT",
        "Monday, 18-May-26 12:00:00 GMT",
        "Mon May 18 12:00:00 2026",
        "Mon, 18 May 2026 14:00:00 +0200",
        "18 May 2026 12:00:00 UTC",
    ],
)
def test_a_date_in_any_of_its_forms_is_read(text: str) -> None:
    assert http_date(text) == NOON


@pytest.mark.parametrize(
    "text", [None, "", "0", "-1", "never", "Mon, 31 Feb 2026 12:00:00 GMT", "x" * 9_000]
)
def test_what_is_no_date_is_none(text: str | None) -> None:
    assert http_date(text) is None


def test_who_says_nothing_says_nothing() -> None:
    check_fresh(None)
    check_fresh(None, ("Cache-Control", "public, must-revalidate"))
    check_fresh(None, ("Date", SERVER), ("Age", "10"))


def test_max_age_counts_less_the_age() -> None:
    check_fresh(600, ("Cache-Control", "public, max-age=600"))
    check_fresh(450, ("Cache-Control", "MAX-AGE=600"), ("Age", "150"))
    check_fresh(0, ("Cache-Control", "max-age=600"), ("Age", "900"))


def test_max_age_outranks_expires_and_what_shared_caches_are_told() -> None:
    told = ("Cache-Control", "s-maxage=9, max-age=600")
    check_fresh(600, told, ("Expires", SERVER), ("Date", SERVER))


def test_expires_is_relative_to_the_clock_of_the_server() -> None:
    at_noon = ("Expires", "Mon, 18 May 2026 12:00:00 GMT")
    check_fresh(1800, at_noon, ("Date", SERVER))
    check_fresh(0, at_noon)


@pytest.mark.parametrize("expires", ["0", "-1", "Thu, 01 Jan 1970 00:00:00 GMT", "tomorrow"])
def test_what_has_expired_or_cannot_be_read_is_not_fresh(expires: str) -> None:
    check_fresh(0, ("Expires", expires), ("Date", SERVER))


@pytest.mark.parametrize(
    "control", ["no-cache", "no-store", "no-cache, max-age=600", "max-age=-5", "max-age=soon"]
)
def test_what_is_not_to_be_kept_is_not_fresh(control: str) -> None:
    check_fresh(0, ("Cache-Control", control))


def test_only_a_field_that_is_not_to_be_kept_leaves_the_rest_fresh() -> None:
    check_fresh(60, ("Cache-Control", 'no-cache="Set-Cookie, X", max-age=60'))


def test_several_fields_are_one_and_the_first_directive_counts() -> None:
    check_fresh(60, ("Cache-Control", "public"), ("cache-control", 'max-age="60", max-age=9'))


def test_an_eternity_is_sixty_eight_years() -> None:
    check_fresh(2**31, ("Cache-Control", "max-age=" + "9" * 300))


@pytest.mark.parametrize(
    ("told", "seconds"),
    [
        ("120", 120),
        (" 120 ", 120),
        ("0", 0),
        ("Mon, 18 May 2026 11:45:00 GMT", 900),
        ("Mon, 18 May 2026 10:00:00 GMT", 0),
        ("soon", None),
        ("-5", None),
        ("1.5", None),
        ("٣", None),
    ],
)
def test_how_long_to_wait(told: str, seconds: float | None) -> None:
    fields = [(b"Retry-After", told.encode()), (b"Date", SERVER.encode())]
    assert retry_after(Head(fields), NOON) == seconds


def test_without_a_clock_of_its_own_ours_counts() -> None:
    assert retry_after(head(("Retry-After", "Mon, 18 May 2026 12:10:00 GMT")), NOON) == 600
    assert retry_after(head(), NOON) is None


BASE = "https://news.example/feeds/all"


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("", {}),
        ('<https://hub.example/>; rel="hub"', {"hub": "https://hub.example/"}),
        ("<../x>; rel=self", {"self": "https://news.example/x"}),
        ("</a,b;c>; rel=self", {"self": "https://news.example/a,b;c"}),
        ('</1>; rel="Next PREV"', dict.fromkeys(("next", "prev"), "https://news.example/1")),
        ("</1>; rel=hub, </2>; rel=hub", {"hub": "https://news.example/1"}),
        ("</1>; rel=a; rel=b", {"a": "https://news.example/1"}),
        ('</1>; title="a, <b>; rel=c"; rel=d', {"d": "https://news.example/1"}),
        ('</1>; rel=hub; anchor="/other", </2>; rel=self', {"self": "https://news.example/2"}),
        ("<javascript:alert(1)>; rel=hub, <ftp://a.example/>; rel=hub", {}),
        ("<http://[::1>; rel=hub", {}),
        ("</1>", {}),
        ("no links at all", {}),
    ],
)
def test_links_are_read_with_their_relations(text: str, found: dict[str, str]) -> None:
    assert links(text, BASE) == found


def test_an_address_in_utf_8_is_read_as_such() -> None:
    fields = [(b"Location", "/süd".encode()), (b"Link", "/süd".encode("latin-1"))]
    assert Head(fields).address(b"location") == "/süd"
    assert Head(fields).addresses(b"link") == "/süd"


@settings(max_examples=50, deadline=None)
@given(st.text(st.sampled_from('<>;,="\\ a/rel-0:\t'), max_size=200), st.text(max_size=60))
def test_whatever_stands_there_nothing_breaks(odd: str, other: str) -> None:
    raw = other.encode("utf-8", "replace")
    fields = [(name, raw) for name in (b"expires", b"date", b"age", b"retry-after")]
    made = Head([*fields, (b"cache-control", odd.encode())])
    assert (freshness(made, NOON) or 0) >= 0
    assert (retry_after(made, NOON) or 0) >= 0
    assert all(url.startswith("http") for url in links(odd, BASE).values())


def test_a_hostile_field_of_any_size_costs_next_to_nothing() -> None:
    for odd in ("<" * 60_000, '<a>;a="' * 9_000, "a=" * 30_000, ";;;;" * 15_000, '\\"' * 30_000):
        links(odd, BASE)
        freshness(Head([(b"cache-control", odd.encode())]), NOON)
