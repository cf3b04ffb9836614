from hypothesis import given
from hypothesis import strategies as st

from digest.render.tidy import direction, host_of, one_line, picture_url, shorten, web_url

ANY_TEXT = st.text(st.characters(codec=None))


@given(ANY_TEXT)
def test_one_line_is_one_line_and_tidying_twice_changes_nothing(text: str) -> None:
    line = one_line(text)
    assert not set(line) & {"\r", "\n", "\0", "\t", "\u2028", "\u202e", "\u200b"}
    assert line == one_line(line)
    line.encode()  # no surrogate is left


def test_a_hidden_header_in_a_headline_becomes_words() -> None:
    assert one_line("Ferry\r\nBcc: all@example.com\x00") == "Ferry Bcc: all@example.com"


def test_no_break_spaces_and_joiners_stay() -> None:
    assert one_line("« Oui »\u00a0! 👨‍👩‍👧") == "« Oui »\u00a0! 👨‍👩‍👧"


def test_shortening_cuts_at_a_word_and_says_so() -> None:
    assert shorten("Ferry runs again to Lower Quay", 22) == "Ferry runs again to…"
    assert shorten("Ferry", 22) == "Ferry"


def test_a_text_without_spaces_is_cut_where_the_room_ends() -> None:
    assert shorten("港" * 50, 10) == "港" * 9 + "…"


@given(ANY_TEXT, st.integers(2, 200))
def test_a_shortened_text_fits(text: str, limit: int) -> None:
    assert len(shorten(text, limit)) <= limit


def test_links_that_are_none_are_dropped() -> None:
    hostile = ["javascript:alert(1)", "data:text/html,x", "//example.com", "ftp://example.com/a"]
    hostile += ["https://bank.example@evil.example/", "https://[broken", "https://a.example:x/", ""]
    assert [web_url(url) for url in hostile] == [None] * len(hostile)


def test_a_link_is_ascii_and_cannot_leave_its_attribute() -> None:
    url = web_url('https://пример.example/новости "a"<b>?q=я')
    assert url is not None
    assert url.isascii()
    assert not set(url) & set(' "<>')
    assert url.startswith("https://xn--e1afmkfd.example/%D0")


def test_an_escaped_address_is_not_escaped_again() -> None:
    assert web_url("https://a.example/x%20y?a=1&b=2#c") == "https://a.example/x%20y?a=1&b=2#c"


@given(ANY_TEXT)
def test_any_text_is_a_safe_link_or_none(text: str) -> None:
    url = web_url("https://a.example/" + text)
    assert url is None or (url.isascii() and not set(url) & set(' "<>\r\n'))


def test_pictures_come_from_public_https_hosts_only() -> None:
    assert picture_url("https://pictures.example/a.jpg")
    for url in (
        "http://pictures.example/a.jpg",
        "https://192.168.1.1/a.jpg",
        "https://localhost/a.jpg",
        "https://[::1]/a.jpg",
        "https://nas.local/a.jpg",
        "data:image/png;base64,AAAA",
    ):
        assert picture_url(url) is None


def test_a_host_is_named_without_www() -> None:
    assert host_of("https://www.courier.example:8443/a") == "courier.example"


def test_the_first_strong_letter_gives_the_direction() -> None:
    assert direction("2026: مجلس") == "rtl"
    assert direction("Ferry שלום") == "ltr"
    assert direction("12 %") == "ltr"
