import base64
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from digest.errors import BadToken
from digest.render import Links
from digest.render.tidy import web_url
from make import make_subscriber

ANN = make_subscriber(17, key="00112233445566778899aabbccddeeff")
LINKS = Links("https://news.example.org/", b"k" * 32)


def test_pages_and_feeds_have_the_addresses_that_are_published() -> None:
    page = "https://news.example.org/editions/daily/2026-05-18T0700/"
    assert LINKS.edition_url("daily@2026-05-18T0700") == page
    assert (
        LINKS.channel_url("feeds/daily", "rss") == "https://news.example.org/feeds/daily/feed.rss"
    )
    assert (
        LINKS.channel_url("feeds/daily", "atom") == "https://news.example.org/feeds/daily/feed.atom"
    )
    assert (
        LINKS.channel_url("feeds/daily", "json") == "https://news.example.org/feeds/daily/feed.json"
    )
    assert LINKS.home_url() == "https://news.example.org/"


@given(
    st.binary(min_size=16, max_size=16), st.from_regex(r"[a-z0-9][a-z0-9-]{0,62}", fullmatch=True)
)
def test_a_leave_link_says_who_leaves_what(key: bytes, newsletter: str) -> None:
    token = LINKS.leave_token(newsletter, replace(ANN, key=key.hex()))
    assert LINKS.read_leave(token) == (newsletter, key.hex())
    assert token.isascii()
    assert len(token) >= 43


def test_a_leave_link_holds_no_address_and_no_name() -> None:
    token = LINKS.leave_url("daily", ANN).rpartition("/")[2]
    inside = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4))
    assert b"@" not in inside
    assert b"reader" not in inside.lower()


def test_a_token_changed_anywhere_is_refused() -> None:
    token = LINKS.leave_token("daily", ANN)
    for place, letter in enumerate(token):
        other = "A" if letter != "A" else "B"
        with pytest.raises(BadToken):
            LINKS.read_leave(token[:place] + other + token[place + 1 :])


@given(st.text(st.characters(codec=None)))
def test_any_text_is_refused_and_nothing_worse(text: str) -> None:
    with pytest.raises(BadToken):
        LINKS.read_leave(text)


@pytest.mark.parametrize("suffix", ["=", "==", "\n", " ", "A", "?"])
def test_only_our_own_spelling_of_a_token_counts(suffix: str) -> None:
    with pytest.raises(BadToken):
        LINKS.read_leave(LINKS.leave_token("daily", ANN) + suffix)


def test_another_installation_cannot_read_our_links() -> None:
    with pytest.raises(BadToken):
        Links("https://news.example.org", b"x" * 32).read_leave(LINKS.leave_token("daily", ANN))


def test_a_token_of_another_purpose_is_refused() -> None:
    body = bytes.fromhex(ANN.key) + b"daily"
    for purpose in ("confirm", "holes", "message-id"):
        forged = LINKS._sign(purpose, body)[:16] + body
        with pytest.raises(BadToken):
            LINKS.read_leave(base64.urlsafe_b64encode(forged).rstrip(b"=").decode())


SLUGS = st.from_regex(r"[a-z0-9][a-z0-9-]{0,62}", fullmatch=True)


@settings(max_examples=40)
@given(st.binary(min_size=16, max_size=16), SLUGS)
def test_a_token_never_opens_the_door_of_another_purpose(key: bytes, newsletter: str) -> None:
    person = replace(ANN, key=key.hex())
    tokens = {
        LINKS.read_leave: LINKS.leave_token(newsletter, person),
        LINKS.read_preferences: LINKS.preferences_token(newsletter, person),
        LINKS.read_go: LINKS.go_url(newsletter, "https://wire.example/").rpartition("/")[2],
    }
    for read in tokens:
        for made_for, token in tokens.items():
            if made_for is read:
                read(token)
            else:
                with pytest.raises(BadToken):
                    read(token)


@settings(max_examples=40)
@given(st.binary(min_size=16, max_size=16), SLUGS)
def test_a_preferences_link_says_who_wants_what(key: bytes, newsletter: str) -> None:
    url = LINKS.preferences_url(newsletter, replace(ANN, key=key.hex()))
    base, _, token = url.rpartition("/")
    assert base == "https://news.example.org/preferences"
    assert LINKS.read_preferences(token) == (newsletter, key.hex())


@settings(max_examples=40)
@given(st.text(st.characters(codec="utf-8"), max_size=60))
def test_a_counted_link_leads_where_it_was_made_to_lead(path: str) -> None:
    url = web_url(f"https://wire.example/{path}")
    if url is None:
        return
    edition = "daily@2026-05-18T0700"
    counted = LINKS.go_url(edition, url)
    assert counted == LINKS.go_url(edition, url)
    base, _, token = counted.rpartition("/")
    assert base == "https://news.example.org/go"
    assert LINKS.read_go(token) == (edition, url)


def test_a_counted_link_changed_anywhere_is_refused() -> None:
    token = LINKS.go_url("daily@2026-05-18T0700", "https://wire.example/").rpartition("/")[2]
    for place, letter in enumerate(token):
        other = "A" if letter != "A" else "B"
        with pytest.raises(BadToken):
            LINKS.read_go(token[:place] + other + token[place + 1 :])
    for suffix in ("=", "\n", " ", "A"):
        with pytest.raises(BadToken):
            LINKS.read_go(token + suffix)


@pytest.mark.parametrize(
    "url",
    ["mailto:a@b.example", "javascript:alert(1)", "", "https://wire.example/" + "a" * 1_500],
)
def test_what_cannot_be_counted_stays_as_it_is(url: str) -> None:
    assert LINKS.go_url("daily@2026-05-18T0700", url) == url


@settings(max_examples=40)
@given(st.text(st.characters(codec=None)))
def test_any_text_is_no_counted_link_and_no_preferences(text: str) -> None:
    for read in (LINKS.read_go, LINKS.read_preferences):
        with pytest.raises(BadToken):
            read(text)


def test_a_message_keeps_its_id_and_no_other_has_it() -> None:
    def id_of(edition: str, number: int) -> str:
        return LINKS.message_id(edition, make_subscriber(number), domain="news.example.org")

    first = id_of("daily@2026-05-18T0700", 17)
    assert first == id_of("daily@2026-05-18T0700", 17)
    assert first.startswith("<daily.2026-05-18T0700.17.")
    assert first.endswith("@news.example.org>")
    assert len({first, id_of("daily@2026-05-19T0700", 17), id_of("daily@2026-05-18T0700", 18)}) == 3


def test_a_mail_way_out_exists_only_with_a_mailbox() -> None:
    assert LINKS.leave_mailto("daily", ANN) is None
    links = Links("https://news.example.org", b"k" * 32, leave_mailbox="leave@news.example.org")
    mailto = links.leave_mailto("daily", ANN)
    assert mailto == "mailto:leave@news.example.org?subject=leave%20" + links.leave_token(
        "daily", ANN
    )


def test_an_international_base_becomes_ascii() -> None:
    assert Links("https://bücher.example/я/", b"k" * 32).home_url() == (
        "https://xn--bcher-kva.example/%D1%8F/"
    )


def test_a_short_key_is_refused() -> None:
    with pytest.raises(ValueError, match="16 octets"):
        Links("https://news.example.org", b"short")
