"""OPML: lists as other programs write them, hostile ones, our own; and ids made of titles."""

import re
import time
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from digest.errors import ParseError
from digest.sources.opml import LARGEST, MOST_OUTLINES, OpmlFeed, read_opml, slug_for, write_opml
from make import MORNING, PATIENCE_S

DECLARED = "<?xml version='1.0' encoding='UTF-8'?>"


def opml(body: str, *, head: str = "<title>Desk</title>", start: str = DECLARED) -> bytes:
    text = f'{start}<opml version="2.0"><head>{head}</head><body>{body}</body></opml>'
    return text.encode()


def feed(url: str, text: str = "A feed", more: str = "") -> str:
    return f'<outline type="rss" text="{text}" xmlUrl="{url}" {more}/>'


def test_feeds_come_with_their_titles_and_addresses() -> None:
    told = read_opml(
        opml(
            feed("https://a.example/f?x=1&amp;y=2", "Küste &amp; Meer") + feed("http://b.example/")
        )
    )
    assert told.title == "Desk"
    assert told.problems == ()
    assert told.feeds == (
        OpmlFeed(title="Küste & Meer", url="https://a.example/f?x=1&y=2"),
        OpmlFeed(title="A feed", url="http://b.example/"),
    )


def test_nested_folders_and_written_categories_are_where_a_feed_is_filed() -> None:
    inner = feed("https://a.example/", more='category="/Weather/Gales,local"')
    body = f'<outline text="Coast"><outline text="North">{inner}</outline></outline>'
    (told,) = read_opml(opml(body)).feeds
    assert set(told.categories) == {("Coast", "North"), ("Weather", "Gales"), ("local",)}


def test_a_feed_named_twice_is_one_and_in_both_folders() -> None:
    body = (
        f'<outline text="A">{feed("https://a.example/f", "First")}</outline>'
        f'<outline text="B">{feed("HTTPS://A.example:443/f#top", "Second")}</outline>'
        f'<outline text="C">{feed("https://a.example/f", "Third")}</outline>'
    )
    (told,) = read_opml(opml(body)).feeds
    assert (told.title, told.url) == ("First", "https://a.example/f")
    assert set(told.categories) == {("A",), ("B",), ("C",)}


def test_a_feed_without_a_title_is_called_by_its_host() -> None:
    (told,) = read_opml(opml('<outline xmlUrl="https://www.a.example/f"/>')).feeds
    assert told.title == "a.example"


def test_spellings_of_other_programs_are_understood() -> None:
    body = (
        '<outline TITLE="Shouted" XMLURL="https://a.example/"/>'
        '<outline text="" title="Elsewhere" xmlurl=" https://b.example/ "/>'
        '<outline text="Scheme" xmlUrl="feed:https://c.example/"/>'
        '<outline text="Scheme" xmlUrl="feed://d.example/f"/>'
    )
    told = read_opml(opml(body))
    assert [(f.title, f.url) for f in told.feeds] == [
        ("Shouted", "https://a.example/"),
        ("Elsewhere", "https://b.example/"),
        ("Scheme", "https://c.example/"),
        ("Scheme", "http://d.example/f"),
    ]


def test_what_is_no_feed_is_named_with_what_to_do() -> None:
    body = (
        '<outline text="Quay" htmlUrl="https://quay.example/"/>'
        '<outline type="include" text="More" url="https://lists.example/more.opml"/>'
        + feed("javascript:alert(1)")
        + feed("file:///etc/passwd")
        + feed("https://good.example/")
    )
    told = read_opml(opml(body))
    assert [f.url for f in told.feeds] == ["https://good.example/"]
    words = " ".join(told.problems)
    assert "Quay has no feed address, only a page: digest sources check https://quay" in words
    assert "another list, https://lists.example/more.opml; import that one" in words
    assert "javascript:alert(1) is no address that can be fetched" in words
    assert "file:///etc/passwd is no address that can be fetched" in words


def test_a_list_without_feeds_says_so() -> None:
    assert "names no feed" in read_opml(opml("")).problems[0]


@pytest.mark.parametrize("name", ["utf-8", "utf-16", "utf-8-sig"])
def test_encodings_are_found_out(name: str) -> None:
    text = opml(feed("https://a.example/", "Берег — ф"), start="<?xml version='1.0'?>").decode()
    assert read_opml(text.encode(name)).feeds[0].title == "Берег — ф"


def test_a_declared_encoding_counts() -> None:
    start = "<?xml version='1.0' encoding='windows-1251'?>"
    text = opml(feed("https://a.example/", "Берег"), start=start).decode()
    assert read_opml(text.encode("cp1251")).feeds[0].title == "Берег"


def test_ill_formed_lists_give_what_can_be_read() -> None:
    body = feed("https://a.example/f?a=1&b=2", "R&D") + feed("https://b.example/")
    told = read_opml(opml(body))
    assert [f.title for f in told.feeds] == ["R&D", "A feed"]
    assert told.feeds[0].url == "https://a.example/f?a=1&b=2"
    assert told.problems == ()
    told = read_opml(opml(body + "<outline text='open'>"))
    assert len(told.feeds) == 2
    assert "no well-formed XML" in told.problems[0]
    told = read_opml(opml(body).partition(b"</body>")[0])
    assert len(told.feeds) == 2


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"", "is empty"),
        (b"\x00\x01\x02" * 100, "binary"),
        (b"<rss version='2.0'><channel/></rss>", "is a feed, not a list"),
        (b"<html><body><p>x</p></body></html>", "is an HTML page, not an OPML list"),
        (b"https://a.example/\nhttps://b.example/", "is not an OPML list"),
        (b"<urlset/>", "is not an OPML list"),
        (b"https://a.example/feed", "is not an OPML list"),
    ],
)
def test_what_is_no_list_is_an_error_that_says_what_it_is(data: bytes, says: str) -> None:
    with pytest.raises(ParseError, match=says):
        read_opml(data)


def test_entities_are_not_expanded_and_files_not_read() -> None:
    start = (
        '<?xml version="1.0"?><!DOCTYPE opml [<!ENTITY a "aaaaaaaaaa">'
        '<!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;"><!ENTITY f SYSTEM "file:///etc/passwd">]>'
    )
    told = read_opml(
        opml(feed("https://a.example/", "&b;") + feed("https://b.example/", "&f;"), start=start)
    )
    assert [f.url for f in told.feeds] == ["https://a.example/", "https://b.example/"]
    assert "aaaa" not in repr(told)
    assert "root:" not in repr(told)


def test_folders_without_end_have_one() -> None:
    told = read_opml(opml("<outline text='f'>" * 100 + feed("https://a.example/")))
    assert told.feeds == ()
    assert any("more than 12 deep" in problem for problem in told.problems)


def test_a_list_without_end_has_one() -> None:
    body = "".join(f'<outline xmlUrl="http://a.example/{n}"/>' for n in range(MOST_OUTLINES + 5))
    told = read_opml(opml(body))
    assert len(told.feeds) == MOST_OUTLINES
    assert any(f"more than {MOST_OUTLINES} lines" in problem for problem in told.problems)
    with pytest.raises(ParseError, match="larger than"):
        read_opml(b" " * (LARGEST + 1))


def test_problems_are_counted_when_there_are_too_many() -> None:
    told = read_opml(opml("".join(feed(f"mailto:a{n}") for n in range(300))))
    assert len(told.problems) == 51
    assert "251 more" in told.problems[-1]


OPEN = "<opml><head/><body>"
HOSTILE = {
    "one feed in many folders": OPEN
    + "".join(f"<outline text='f{n}'>{feed('http://a.example/')}</outline>" for n in range(30_000)),
    "deep": OPEN + "<outline text='a'>" * 160_000,
    "categories": OPEN
    + feed("http://a.example/", more="category='" + ",".join(map(str, range(400_000))) + "'"),
    "attributes": OPEN + "<outline " + " ".join(f"a{n}='1'" for n in range(200_000)) + "/>",
    "spaces": OPEN + "".join(f"<outline xmlns:a{n}='u'/>" for n in range(90_000)),
    "ampersands": OPEN + "&" * 2_900_000,
    "angles": OPEN + "<" * 2_900_000,
    "a long title": OPEN + feed("http://a.example/", "a&#768;" * 400_000),
}


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE.keys())
def test_a_list_built_to_hurt_does_not(text: str) -> None:
    data = text.encode()
    assert len(data) <= LARGEST
    before = time.process_time()
    read_opml(data)
    assert time.process_time() - before < PATIENCE_S


# -------------------------------------------------------------------- writing


def test_a_written_list_is_opml_two_with_folders() -> None:
    told = write_opml(
        "Our “desk”",
        [
            OpmlFeed(title="A <b>", url="https://a.example/?x=1&y=2", categories=(("N", "M"),)),
            OpmlFeed(title="B", url="https://b.example/", categories=(("N",), ("O",))),
            OpmlFeed(title="", url="https://www.c.example/"),
        ],
        made_at=MORNING.astimezone(timezone(timedelta(hours=3))),
    )
    assert (
        told.decode()
        == """<?xml version='1.0' encoding='utf-8'?>
<opml version="2.0">
  <head>
    <title>Our “desk”</title>
    <dateCreated>Mon, 18 May 2026 04:00:00 GMT</dateCreated>
  </head>
  <body>
    <outline text="N" title="N">
      <outline text="M" title="M">
        <outline type="rss" text="A &lt;b&gt;" title="A &lt;b&gt;" xmlUrl="https://a.example/?x=1&amp;y=2"/>
      </outline>
      <outline type="rss" text="B" title="B" xmlUrl="https://b.example/"/>
    </outline>
    <outline text="O" title="O">
      <outline type="rss" text="B" title="B" xmlUrl="https://b.example/"/>
    </outline>
    <outline type="rss" text="c.example" title="c.example" xmlUrl="https://www.c.example/"/>
  </body>
</opml>
"""
    )


def test_characters_that_xml_forbids_do_not_stop_the_list() -> None:
    feeds = [OpmlFeed(title="A\x00\x1b\ud800b", url="https://a.example/", categories=(("c\x07",),))]
    told = read_opml(write_opml("t\x01", feeds, made_at=MORNING))
    assert told.title == "t"
    assert told.feeds == (OpmlFeed(title="Ab", url="https://a.example/", categories=(("c",),)),)


def test_folders_and_feeds_of_one_name_do_not_meet() -> None:
    feeds = [
        OpmlFeed(title="x", url="https://a.example/", categories=(("https://a.example/",),)),
        OpmlFeed(title="feed:y", url="https://b.example/", categories=(("feed:y",),)),
    ]
    assert read_opml(write_opml("", feeds, made_at=MORNING)).feeds == tuple(feeds)


NAMES = st.text(
    st.characters(categories=["L", "N", "P", "S"], exclude_characters="\u200c\u200d"),
    min_size=1,
    max_size=12,
).map(lambda name: " ".join(read_name(name).split()))


def read_name(name: str) -> str:
    """As it comes back: composed, and cleaned of what nobody sees."""
    data = opml("", head="<title>" + "".join(f"&#{ord(char)};" for char in name) + "</title>")
    return read_opml(data).title


PATHS = st.lists(NAMES.filter(bool), min_size=1, max_size=3).map(tuple)
FEEDS = st.lists(
    st.builds(
        lambda n, title, paths: OpmlFeed(
            title=title, url=f"https://h{n}.example/f?a=1&b=é", categories=tuple(paths)
        ),
        st.integers(0, 99),
        NAMES.filter(bool),
        st.lists(PATHS, max_size=3, unique=True),
    ),
    max_size=6,
    unique_by=lambda feed: feed.url,
)


@given(NAMES, FEEDS)
@settings(max_examples=50, deadline=None)
def test_what_is_written_is_read_again(title: str, feeds: list[OpmlFeed]) -> None:
    written = write_opml(title, feeds, made_at=MORNING)
    assert write_opml(title, feeds, made_at=MORNING) == written
    told = read_opml(written)
    assert told.title == title

    def sets(feeds: list[OpmlFeed]) -> dict[str, tuple[str, set[tuple[str, ...]]]]:
        return {feed.url: (feed.title, set(feed.categories)) for feed in feeds}

    assert sets(list(told.feeds)) == sets(feeds)
    # Filed by folder once, the order is the list's own.
    again = read_opml(write_opml(title, told.feeds, made_at=MORNING))
    assert sets(list(again.feeds)) == sets(feeds)


# ------------------------------------------------------------------------ ids


@pytest.mark.parametrize(
    ("title", "slug"),
    [
        ("The Coast Daily", "the-coast-daily"),
        ("  --Küstenblatt: Häfen & Straßen!  ", "kustenblatt-hafen-and-strassen"),
        ("Łódź, Ærø, Þór", "lodz-aero-thor"),
        ("Узбережжя: новини", "uzberezhzhia-novyny"),
        ("Ｗｉｄｅ ①", "wide-1"),
        ("港の新聞", "coast"),
        ("", "coast"),
        ("!!!", "coast"),
        ("a" * 100, "a" * 63),
        ("a" * 62 + " bc", "a" * 62),
    ],
)
def test_an_id_is_made_of_the_title_or_of_the_host(title: str, slug: str) -> None:
    made = slug_for(title, "https://www.coast/feed", ())
    assert made == slug


def test_an_id_of_nothing_is_still_one() -> None:
    assert slug_for("", "", ()) == "source"
    assert slug_for("", "http://[", ()) == "source"


def test_a_taken_id_gets_a_number_and_stays_short_enough() -> None:
    assert slug_for("Coast", "", {"coast", "coast-2", "coast-3"}) == "coast-4"
    long = "a" * 63
    assert slug_for(long, "", {long}) == "a" * 61 + "-2"


@given(st.text(max_size=90), st.sets(st.sampled_from(["source", "a", "b", "1", "a-2"])))
@settings(max_examples=50)
def test_every_id_fits_the_settings_and_is_new(title: str, taken: set[str]) -> None:
    made = slug_for(title, "https://é.example/", taken)
    assert re.fullmatch("[a-z0-9][a-z0-9-]{0,62}", made)
    assert made not in taken


def test_the_clock_of_a_list_is_the_one_that_was_given() -> None:
    told = write_opml("", [], made_at=datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC))
    assert b"Fri, 02 Jan 2026 03:04:05 GMT" in told
