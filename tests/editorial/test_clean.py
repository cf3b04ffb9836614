import unicodedata
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.editorial import clean
from digest.editorial.plain import TITLE_CHARS, plain
from digest.errors import ParseError
from digest.model import Card, Image, Item, Kind, RawItem
from digest.urls import canonical_url
from make import MORNING, make_raw


def tidy(raw: RawItem, *, source_id: str = "wire", language: str | None = None) -> Item:
    return clean(raw, source_id=source_id, seen_at=MORNING, language=language)


@pytest.mark.parametrize(
    ("given_", "expected"),
    [
        (
            "HTTPS://Quay.Example/News?utm_source=x&id=7&fbclid=1#top",
            "https://quay.example/News?id=7",
        ),
        ("http://quay.example:80/a", "http://quay.example/a"),
        ("https://quay.example:443", "https://quay.example/"),
        ("https://quay.example:8443/a", "https://quay.example:8443/a"),
        ("https://reader:secret@quay.example/a", "https://quay.example/a"),
        ("  https://quay.example/a\r\n", "https://quay.example/a"),
        ("https://quay.example/a b", "https://quay.example/a%20b"),
        ("https://bücher.example/straße", "https://xn--bcher-kva.example/stra%C3%9Fe"),
        ("https://quay.example/?gclid=1", "https://quay.example/"),
        ("https://[2001:db8::1]:443/a", "https://[2001:db8::1]/a"),
        ("javascript:alert(1)", None),
        ("mailto:desk@quay.example", None),
        ("/relative", None),
        ("https://", None),
        ("https://quay.example:port/a", None),
        ("https://[broken/a", None),
        ("https://quay.example/" + "a" * 5000, None),
        ("", None),
        (None, None),
    ],
)
def test_two_links_to_one_page_have_one_address(given_: str | None, expected: str | None) -> None:
    assert canonical_url(given_) == expected


@given(st.text(max_size=60))
def test_any_text_gives_an_address_or_none_and_an_address_stays_as_it_is(text: str) -> None:
    for url in (canonical_url(text), canonical_url("https://quay.example/" + text)):
        assert url is None or (url.isascii() and canonical_url(url) == url)


@pytest.mark.parametrize(
    ("given_", "expected"),
    [
        ("Ferry late\r\nBcc: a@b.example", "Ferry late Bcc: a@b.example"),
        ("Ferry\u2028late\x00 again\x85", "Ferry late again"),
        ("evil\u202egnp.exe", "evilgnp.exe"),
        ("zero\u200bwidth\ufeff soft\u00adhyphen", "zerowidth softhyphen"),
        ("<b>Bold</b> &amp; plain", "<b>Bold</b> &amp; plain"),
        ("family 👨\u200d👩\u200d👧 stays", "family 👨\u200d👩\u200d👧 stays"),
        ("می\u200cخواهم", "می\u200cخواهم"),
        ("pay\u200dpal", "paypal"),
        ("cafe\u0301", "café"),
        ("lone \ud800 surrogate", "lone surrogate"),
    ],
)
def test_text_is_what_a_reader_can_see(given_: str, expected: str) -> None:
    assert plain(given_) == expected


@given(st.text(max_size=200))
def test_no_headline_holds_a_control_character_or_a_line_break(text: str) -> None:
    title = tidy(make_raw("Quay " + text, text="Some words.")).title
    assert len(title.splitlines()) == 1
    assert not any(unicodedata.category(c) in ("Cc", "Cs", "Zl", "Zp") for c in title)
    assert len(title) <= TITLE_CHARS
    assert plain(title) == title


def test_a_brief_without_headline_takes_its_first_sentence() -> None:
    item = tidy(make_raw("", text="Mr. Ode shut the bridge. It opens at noon.", kind=Kind.BRIEF))
    assert item.title == "Mr. Ode shut the bridge."


@pytest.mark.parametrize("text", ["", " \u200b\n", "\x00"])
def test_nothing_to_show_is_an_error_of_its_source(text: str) -> None:
    with pytest.raises(ParseError) as raised:
        tidy(make_raw(text, text=text))
    assert raised.value.source_id == "wire"


def test_an_endless_headline_is_cut_at_a_word() -> None:
    title = tidy(make_raw("quay " * 200)).title
    assert title.endswith("quay…")
    assert len(title) <= TITLE_CHARS


def test_a_headline_without_blanks_is_cut_all_the_same() -> None:
    assert len(tidy(make_raw("港" * 900)).title) == TITLE_CHARS


@pytest.mark.parametrize(
    ("published", "expected"),
    [
        (None, MORNING),
        (MORNING + timedelta(hours=5), MORNING + timedelta(hours=5)),
        (MORNING + timedelta(days=2), MORNING),
        (datetime(1, 1, 1, tzinfo=UTC), MORNING),
        (datetime(1, 1, 1, tzinfo=timezone(timedelta(hours=3))), MORNING),
        (
            datetime(2026, 5, 18, 5, tzinfo=timezone(timedelta(hours=3))),
            MORNING - timedelta(hours=2),
        ),
    ],
)
def test_a_date_that_cannot_be_is_the_hour_we_met_it(
    published: datetime | None, expected: datetime
) -> None:
    item = tidy(make_raw(published_at=published, day_only=True))
    assert item.published_at == expected
    assert item.published_at.utcoffset() == timedelta(0)


def test_a_missing_date_is_no_whole_day() -> None:
    assert tidy(make_raw(published_at=None, day_only=True)).day_only is False


def test_an_item_is_known_again_by_its_guid_else_its_address_else_its_words() -> None:
    def same(one: RawItem, other: RawItem) -> bool:
        return tidy(one).id == tidy(other).id

    assert same(make_raw("A", guid="7"), make_raw("B", guid=" 7 "))
    assert not same(make_raw("A", guid="7"), make_raw("A", guid="8"))
    plain_url = make_raw("A", url="https://quay.example/a")
    assert same(plain_url, make_raw("B", url="https://quay.example/a?utm_source=mail#x"))
    assert not same(make_raw("A"), make_raw("B"))
    assert same(make_raw("A", text="One."), make_raw("A", text="Two."))
    undated = {"published_at": None}
    assert not same(make_raw("A", text="One.", **undated), make_raw("A", text="Two.", **undated))
    assert tidy(make_raw("A")).id != tidy(make_raw("A"), source_id="post").id
    assert len(tidy(make_raw()).id) == 16


def test_briefs_that_share_the_address_of_their_page_are_different_items() -> None:
    page = {"kind": Kind.BRIEF, "url": "https://quay.example/live"}
    assert tidy(make_raw("Tug alongside", **page)).id != tidy(make_raw("Ashore", **page)).id


def test_what_hangs_on_an_item_is_cleaned_too() -> None:
    item = tidy(
        make_raw(
            text="One.\n\n \u200b \n\nTwo\nlines.",
            authors=(" Ida\r\nBerg ", "", "Ida Berg", "x" * 500),
            topics=("Sea", "Sea "),
            standfirst=" \n ",
            language="en_GB",
            image=Image(url="javascript:1", caption="A\tcaption"),
            cards=(Card(title=""), Card(title="More\nhere", url="file:///etc/passwd")),
            reading_min=0,
            site="The\nCourier ",
        )
    )
    assert item.text == "One.\n\nTwo lines."
    assert (item.authors, item.topics, item.standfirst) == (("Ida Berg",), ("Sea",), None)
    assert item.language == "en-GB"
    assert item.image == Image(caption="A caption")
    assert item.cards == (Card(title="More here"),)
    assert (item.reading_min, item.site) == (None, "The Courier")


def test_the_source_speaks_for_items_that_do_not_tell_their_language() -> None:
    assert tidy(make_raw(language="not a tag!"), language="uk").language == "uk"


def test_the_sources_own_identifier_is_kept_as_told_on_one_line() -> None:
    assert tidy(make_raw(guid=" tag:quay,7\r\n")).guid == "tag:quay,7"
    assert tidy(make_raw(guid=" \x00")).guid is None
    assert tidy(make_raw()).guid is None
    assert len(tidy(make_raw(guid="7" * 5_000)).guid or "") == 1_000


def test_an_id_that_was_found_for_the_whole_document_is_taken() -> None:
    item = clean(make_raw(guid="7"), source_id="wire", seen_at=MORNING, id="0123456789abcdef")
    assert (item.id, item.guid) == ("0123456789abcdef", "7")


def test_the_html_of_what_was_read_is_no_part_of_an_item() -> None:
    raw = make_raw("A", guid="7", text="One.")
    assert tidy(replace(raw, html="<p>One.</p>", truncated=True)) == tidy(raw)
