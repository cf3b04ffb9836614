"""How many forms are taken, by a clock that a test moves."""

from digest.web.limits import PER_ADDRESS, PER_STAMP, Limits, Taken


def limits(*, network: int = 3, total: int = 100) -> Limits:
    return Limits(network_per_hour=network, total_per_hour=total)


def take(
    of: Limits,
    *,
    network: str = "192.0.2.0/24",
    address: str = "ann@example.com",
    stamp: str = "s",
    at: float = 0.0,
) -> Taken:
    return of.take(network=network, address=address, stamp=stamp, now_s=at)


def test_a_network_has_so_many_forms_an_hour_and_others_have_theirs() -> None:
    of = limits(network=3)
    assert [take(of, address=f"{n}@example.com") for n in range(4)] == [*["yes"] * 3, "busy"]
    assert take(of, network="198.51.100.0/24") == "yes"


def test_what_is_taken_fades_within_the_hour() -> None:
    of = limits(network=3)
    for n in range(3):
        assert take(of, address=f"{n}@example.com") == "yes"
    assert take(of, at=1199.0) == "busy"
    assert take(of, at=1201.0) == "yes"
    assert take(of, at=1202.0) == "busy"
    later = [take(of, address=f"{n}@example.com", stamp="t", at=9000.0) for n in range(4)]
    assert later == [*["yes"] * 3, "busy"]


def test_what_is_refused_does_not_count() -> None:
    of = limits(network=1)
    assert take(of) == "yes"
    for _ in range(50):
        assert take(of, at=10.0) == "busy"
    assert take(of, at=3601.0) == "yes"


def test_all_together_have_an_end() -> None:
    of = limits(total=5)
    told = [take(of, network=f"192.0.{n}.0/24", address=f"{n}@example.com") for n in range(6)]
    assert told == [*["yes"] * 5, "busy"]


def test_an_address_has_enough_after_a_few_however_it_is_spelled() -> None:
    of = limits(network=100)
    spellings = ["ann@example.com", "ANN@example.com", "Ann@Example.COM"] * 4
    told = [take(of, address=one, stamp=str(n)) for n, one in enumerate(spellings)]
    assert told == ["yes"] * PER_ADDRESS + ["enough"] * (len(spellings) - PER_ADDRESS)


def test_what_others_sent_in_for_an_address_is_not_to_be_seen() -> None:
    of = limits(network=100)
    for n in range(20):
        take(of, stamp=str(n))
    assert take(of, network="198.51.100.0/24", stamp="other") == "yes"


def test_a_stamp_is_good_for_a_few_forms() -> None:
    of = limits(network=100)
    told = [take(of, address=f"{n}@example.com") for n in range(PER_STAMP + 2)]
    assert told == ["yes"] * PER_STAMP + ["again"] * 2
    assert take(of, address="zoe@example.com", stamp="another") == "yes"


def test_a_clock_that_stands_still_and_one_that_goes_back_do_no_harm() -> None:
    of = limits(network=2)
    assert [take(of, at=at) for at in (100.0, 100.0, 50.0)] == ["yes", "yes", "busy"]


def test_whatever_is_forgotten_in_a_flood_the_end_of_all_together_holds() -> None:
    of = limits(total=20_000)
    for n in range(20_000):
        assert take(of, network=str(n), address=f"{n}@example.com", stamp=str(n)) == "yes"
    assert take(of, network="new", address="new@example.com", stamp="new") == "busy"
