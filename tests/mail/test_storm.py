import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from digest.mail.storm import Watch, of_a_mailbox, pattern, spoken

BLOCKED = (554, "5.7.1", "5.7.1 Sending address blocked")
UNKNOWN = (550, "5.1.1", "5.1.1 <ann@gone.example>: user unknown")


def watch(after: int = 20, share: float = 0.5) -> Watch:
    return Watch(after, share)


def hear(one: Watch, *answers: tuple[int, str, str] | None) -> str:
    for answer in answers:
        if answer is None:
            one.yes()
        else:
            one.no(*answer)
    return one.reason


@pytest.mark.parametrize(
    ("answer", "is_so"),
    [
        ((550, "5.1.1", "no such user"), True),
        ((550, "5.1.10", "recipient not found"), True),
        ((452, "4.2.2", "mailbox full"), True),
        ((550, "", "User unknown in virtual mailbox table"), True),
        ((550, "5.0.0", "mailbox is over quota"), True),
        ((550, "", "No such user here"), True),
        ((553, "5.1.8", "sender address does not exist"), False),
        ((550, "5.1.7", "bad sender"), False),
        ((554, "5.7.1", "recipient address rejected: unknown user of list"), False),
        ((554, "", "blocked, see our page"), False),
        ((451, "4.3.0", "try again"), False),
        ((0, "", ""), False),
    ],
)
def test_what_is_about_one_mailbox(answer: tuple[int, str, str], is_so: bool) -> None:
    assert of_a_mailbox(*answer) is is_so


def test_the_same_refusal_of_many_people_is_a_storm() -> None:
    told = hear(watch(), *[BLOCKED] * 9)
    assert told == ""
    told = hear(watch(), *[BLOCKED] * 10)
    assert told == (
        '10 of the last 10 answers were "no" or "later", 10 of them:'
        " 554 5.7.1 Sending address blocked"
    )


def test_a_share_of_the_last_answers_counts_not_of_all() -> None:
    one = watch()
    assert hear(one, *[None] * 500, *[BLOCKED, None] * 9) == ""
    assert hear(one, BLOCKED).startswith("10 of the last 20 answers")


def test_refusals_long_ago_do_not_count() -> None:
    one = watch()
    assert hear(one, *[BLOCKED] * 9, *[None] * 20, *[BLOCKED] * 9) == ""


def test_a_list_with_many_dead_addresses_is_no_storm() -> None:
    one = watch()
    assert hear(one, *([UNKNOWN] * 4 + [None]) * 100) == ""


def test_whoever_says_of_everybody_that_they_are_unknown_refuses_us() -> None:
    one = watch()
    assert hear(one, None, *[UNKNOWN] * 19) == ""
    assert hear(one, UNKNOWN) == (
        "the last 20 people were all said to have no mailbox: 550 5.1.1 <(address)>: user unknown"
    )
    assert hear(one, None) == ""


def test_dead_addresses_between_do_not_thin_a_storm_out() -> None:
    assert hear(watch(), *[UNKNOWN, UNKNOWN, None, BLOCKED] * 12)


def test_different_words_must_be_more() -> None:
    words = ["moon", "wind", "rain", "snow", "hail", "dust", "sand", "salt", "fog", "dew"]
    varied = [(451, "4.3.0", f"4.3.0 {word}") for word in words * 2]
    assert hear(watch(), *varied[:14]) == ""
    assert hear(watch(), *varied[:15]) != ""


def nobody_taken(one: Watch, *answers: tuple[int, str, str]) -> str:
    for answer in answers:
        one.no(*answer, takes=False)
    return one.reason


def test_where_nothing_is_taken_eight_alike_are_enough() -> None:
    assert nobody_taken(watch(), *[BLOCKED] * 7) == ""
    assert nobody_taken(watch(), *[BLOCKED] * 8).startswith("nothing was accepted lately")
    assert hear(watch(), *[BLOCKED] * 8) == ""


@pytest.mark.parametrize(
    "between",
    [(554, "5.7.1", "5.7.1 another reason"), (451, "4.3.0", "4.3.0 later"), (0, "", "")],
)
def test_eight_are_not_enough_with_something_else_between(between: tuple[int, str, str]) -> None:
    assert nobody_taken(watch(), *[BLOCKED] * 4, between, *[BLOCKED] * 4) == ""


def test_dead_mailboxes_between_do_not_count_either_way() -> None:
    assert nobody_taken(watch(), *[BLOCKED] * 4, *[UNKNOWN] * 5, *[BLOCKED] * 4)


@pytest.mark.parametrize(
    "answer", [UNKNOWN, (451, "4.7.1", "4.7.1 policy"), (550, "5.7.13", "5.7.13 closed")]
)
def test_what_is_not_a_refusal_of_us_is_not_counted_so(answer: tuple[int, str, str]) -> None:
    assert nobody_taken(watch(), *[answer] * 9) == ""


def test_numbers_and_addresses_make_no_difference_to_words() -> None:
    first = spoken(451, "4.7.0", "4.7.0 <ann@a.example> 7F3A09 from 192.0.2.7, try in 30 s")
    second = spoken(451, "4.7.0", "4.7.0 <bo@b.example> 11BC42 from 192.0.2.8, try in 300 s")
    assert pattern(first) == pattern(second)
    assert "@" not in first + second


def test_an_answer_is_shown_on_one_line_and_without_an_end() -> None:
    assert spoken(451, "4.7.0", "busy\r\n\tnow") == "451 4.7.0 busy now"
    assert spoken(0, "", "") == "no words"
    assert len(spoken(451, "", "x" * 5000)) == 200


def test_it_is_over_when_most_are_accepted_again() -> None:
    one = watch()
    assert hear(one, *[BLOCKED] * 10)
    assert hear(one, *[None] * 14)
    assert hear(one, *[None] * 6) == ""


def test_calm_begins_anew() -> None:
    one = watch()
    hear(one, *[BLOCKED] * 30)
    one.calm()
    assert one.reason == ""
    assert hear(one, *[BLOCKED] * 9) == ""
    assert hear(one, BLOCKED) != ""


@settings(max_examples=40)
@given(
    st.integers(10, 200),
    st.floats(0.05, 1),
    st.lists(st.sampled_from([None, BLOCKED, UNKNOWN]), max_size=400),
)
def test_a_storm_is_what_it_says(
    after: int, share: float, answers: list[tuple[int, str, str] | None]
) -> None:
    one = watch(after, share)
    heard: list[bool] = []
    for answer in answers:
        hear(one, answer)
        if answer is not UNKNOWN:
            heard.append(answer is None)
        assert len(one.bad) <= after
        if answer is BLOCKED:
            assert bool(one.reason) or heard[-after:].count(False) < share * after
