"""Mails that ask to leave: only the token counts."""

from collections.abc import Callable, Iterator

import pytest

from bounced import ORIGINAL, TOKEN, letter, only
from digest.model import Subscriber
from digest.render.links import Links
from digest.returns import understand
from digest.returns.understood import Understood


def wish(subject: str, text: str = "", *, more: str = "", kind: str = "text/plain") -> Understood:
    return understand(
        letter(
            text, sender="Kim <kim@other.example>", subject=subject, path=None, more=more, kind=kind
        )
    )


LINK = f"https://news.example.org/leave/{TOKEN}"


@pytest.mark.parametrize(
    ("subject", "text", "kind"),
    [
        (f"leave {TOKEN}", "", "text/plain"),
        (f"Leave%20{TOKEN}", "Sent from my telephone", "text/plain"),
        (f"leave+{TOKEN}", "", "text/plain"),
        (f"\n leave\n {TOKEN}", "", "text/plain"),
        (f"Re: leave {TOKEN}", "", "text/plain"),
        (f"=?utf-8?Q?leave_{TOKEN.replace('_', '=5F')}?=", "", "text/plain"),
        ("hello", f"\nleave {TOKEN}\n", "text/plain"),
        ("unsubscribe", f"please, now\n\n> Leave: {LINK}\n", "text/plain"),
        ("unsubscribe me!", f'<p>please</p><a href="{LINK}">leave</a>', "text/html"),
        ("Re: The daily", f"Unsubscribe\n\n> Leave: {LINK}\n", "text/plain"),
        ("unsubscribe", TOKEN, "text/plain"),
    ],
)
def test_somebody_wants_to_leave(subject: str, text: str, kind: str) -> None:
    told = wish(subject, text, kind=kind)
    assert told.shape == "leave"
    assert [(str(each.kind), each.recipient, each.tokens) for each in told.returns] == [
        ("leave", "", (TOKEN,))
    ]


@pytest.mark.parametrize(
    ("subject", "text"),
    [
        ("unsubscribe", "please"),
        ("leave", ""),
        ("Annual leave", "I am away until June"),
        ("leave it", f"> {LINK}"),
        ("Re: The daily", f"Good piece!\n\n> Leave: {LINK}\n"),
        ("look at this", f"see\n\n{ORIGINAL}"),
        ("leave short-token", ""),
    ],
)
def test_nobody_wants_to_leave(subject: str, text: str) -> None:
    assert wish(subject, text).returns == ()


def test_a_machine_may_ask_for_its_owner_but_not_answer_for_them() -> None:
    subject = f"leave {TOKEN}"
    assert wish(subject, more="Auto-Submitted: auto-generated\n").shape == "leave"
    assert wish(subject, more="Auto-Submitted: auto-replied\n").returns == ()
    assert wish(f"Automatic reply: {subject}").returns == ()


def test_who_it_says_it_is_from_is_not_told() -> None:
    octets = letter("", sender="ann@mail.example", subject=f"leave {TOKEN}", path=None)
    assert only(octets).recipient == ""


def test_our_link_in_what_comes_back_is_no_wish() -> None:
    octets = letter(f"Could not be delivered:\n\n{ORIGINAL}", subject="failure notice")
    assert all(each.kind != "leave" for each in understand(octets).returns)


# --------------------------------------------------------------- every spelling of a token

KEY = bytes(range(32))
LINKS = Links("https://news.example.org", KEY, leave_mailbox="leave@news.example.org")


def tokens() -> Iterator[str]:
    """Many, among them all that begin or end oddly."""
    for number in range(2_000):
        reader = Subscriber(id=number, email="", key=f"{number:032x}")
        token = LINKS.leave_token(("daily", "weekly-2", "a~o~")[number % 3], reader)
        if number < 50 or token[0] in "_-" or token[:2] in ("20", "2D", "5F") or token[-1] in "_-":
            yield token


def in_q(token: str) -> str:
    return token.replace("_", "=5F")


@pytest.mark.parametrize(
    "spell",
    [
        lambda token: f"leave {token}",
        lambda token: f"leave%20{token}",
        lambda token: f"leave%2520{token}",
        lambda token: f"leave+{token}",
        lambda token: f"leave: <{token}>.",
        lambda token: f"leave_{token}",
        lambda token: f"Re: leave {token}",
        lambda token: f"AW: Re: Leave\n {token}",
        lambda token: f"leave=20{in_q(token)}",
        lambda token: f"leave {in_q(token)}",
        lambda token: f"leave={token}",
        lambda token: f"=?utf-8?Q?leave_{in_q(token)}?=",
        lambda token: f"=?utf-8?Q?leave_{token}?=",
        lambda token: f"=?utf-8?Q?Re:_leave_{token.replace('-', '=2D')}?=",
    ],
)
def test_no_token_of_ours_is_lost_however_it_is_spelled(spell: Callable[[str], str]) -> None:
    begun = set()
    for token in tokens():
        told = wish(spell(token))
        assert [each.kind for each in told.returns] == ["leave"], token
        assert token in told.returns[0].tokens, token
        begun.add(token[0])
    assert {"_", "-"} <= begun


def test_no_token_of_ours_is_lost_in_a_text() -> None:
    for token in tokens():
        assert wish("hello", f"leave {token}\n").returns[0].tokens[0] == token
        assert token in wish("hello", f"leave {token[:30]}=\n{token[30:]}\n").returns[0].tokens
        assert wish("unsubscribe", f"{token}\n").returns[0].tokens == (token,)
        link = f"> https://news.example.org/leave/{token}\n"
        assert wish("unsubscribe", link).returns[0].tokens == (token,)


def test_what_is_written_by_hand_is_left_to_the_newsroom() -> None:
    assert wish("please unsubscribe me", "I have had enough.").by_hand
    assert not wish("hello", "news", more="List-Id: <news.other.example>\n").by_hand
    assert not wish("hello", "news", more="Auto-Submitted: auto-generated\n").by_hand
    assert not wish("Automatic reply: hello", "news").by_hand
    assert not wish(f"leave {TOKEN}").by_hand
