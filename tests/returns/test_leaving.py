"""Mails that ask to leave: only the token counts."""

import pytest

from bounced import ORIGINAL, TOKEN, letter, only
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
