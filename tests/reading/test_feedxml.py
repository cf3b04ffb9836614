"""What stands where in an XML feed, and for whom it counts."""

import pytest

from digest.errors import ParseError
from digest.model import RawItem
from digest.reading.feed import read_feed
from digest.reading.hints import Hints


def rss(items: str, *, head: str = "") -> str:
    return f"{head}<rss version='2.0'><channel><title>Quay</title>{items}</channel></rss>"


def read(text: str) -> tuple[RawItem, ...]:
    document = read_feed(text.encode(), Hints(url="https://wire.example/feeds/all.xml"))
    assert document.problems == ()
    return document.items


def only(text: str) -> RawItem:
    (item,) = read(text)
    return item


def test_a_base_counts_for_the_element_that_has_it() -> None:
    item = only(
        '<feed xmlns="http://www.w3.org/2005/Atom" xml:base="https://b.example/"><entry>'
        '<title>T</title><link href="one"/><content type="html" xml:base="/texts/">'
        '&lt;p&gt;&lt;a href="t"&gt;T&lt;/a&gt;&lt;img src="i.jpg"&gt;&lt;/p&gt;</content>'
        "</entry></feed>"
    )
    assert (item.url, item.html_base) == ("https://b.example/one", "https://b.example/texts/")
    assert item.image is not None
    assert item.image.url == "https://b.example/texts/i.jpg"
    item = only(
        '<feed xmlns="http://www.w3.org/2005/Atom"><entry xml:base="a/"><title>T</title>'
        '<link href="one"/><content type="xhtml"><div xmlns="http://www.w3.org/1999/xhtml" '
        'xml:base="b/"><p>It ran.</p></div></content></entry></feed>'
    )
    assert item.url == "https://wire.example/feeds/a/one"
    assert item.html_base == "https://wire.example/feeds/a/b/"


def test_an_entry_from_elsewhere_is_by_whoever_wrote_there() -> None:
    entry = (
        "<entry><title>T</title>%s<source><title>S</title><author><name>Ann Lee</name></author>"
        "</source></entry>"
    )
    feed = (
        '<feed xmlns="http://www.w3.org/2005/Atom"><author><name>The desk</name></author>'
        f"{entry % ''}{entry % '<author><name>Bo Mar</name></author>'}"
        "<entry><title>T</title></entry></feed>"
    )
    assert [item.authors for item in read(feed)] == [("Ann Lee",), ("Bo Mar",), ("The desk",)]


def test_html_that_was_escaped_twice_is_html() -> None:
    told = "<item><title>T</title><description><![CDATA[&lt;p&gt;It ran.&lt;/p&gt;]]></description>"
    item = only(rss(f"{told}</item>"))
    assert ([block.text for block in item.blocks], item.html) == (["It ran."], "<p>It ran.</p>")


def test_media_with_caption_and_credit() -> None:
    item = only(
        rss(
            "<item><title>T</title><media:group><media:content medium='video' url='/v.mp4'/>"
            "<media:content medium='image' url='/a.jpg' width='1200' height='800'>"
            "<media:description>The quay.</media:description><media:credit>Jun</media:credit>"
            "</media:content></media:group></item>"
        )
    )
    assert item.image is not None
    assert (item.image.url, item.image.width) == ("https://wire.example/a.jpg", 1200)
    assert (item.image.caption, item.image.credit) == ("The quay.", "Jun")


@pytest.mark.parametrize(
    ("widths", "taken"),
    [((300, 1200, 640), 1), ((None, 150, None), 0), ((None, 800), 1), ((150, None), 1)],
)
def test_of_several_sizes_the_largest_is_taken(widths: tuple[int | None, ...], taken: int) -> None:
    sizes = (f"width='{width}'" if width else "" for width in widths)
    media = "".join(
        f"<media:content url='https://wire.example/{n}.jpg' {size}/>"
        for n, size in enumerate(sizes)
    )
    for told in (media, f"<media:group>{media}</media:group>"):
        image = only(rss(f"<item><title>T</title>{told}</item>")).image
        assert image is not None
        assert image.url == f"https://wire.example/{taken}.jpg"


def test_short_texts_that_a_feed_declares_are_put_in() -> None:
    head = '<!DOCTYPE rss [<!ENTITY cafe "Caf&#233;"><!ENTITY firm "&cafe; &amp; Sons">]>'
    item = only(
        rss("<item><title>&cafe; on the weir</title><author>&firm;</author></item>", head=head)
    )
    assert (item.title, item.authors) == ("Café on the weir", ("Café & Sons",))


def test_a_long_text_of_many_declared_ones_is_not_made() -> None:
    head = f'<!DOCTYPE rss [<!ENTITY a "{"ha " * 90}">]>'
    title = only(rss(f"<item><title>T{'&a;' * 100_000}</title></item>", head=head)).title
    assert len(title) < 1_100_000


def test_a_page_with_a_feed_s_words_in_it_is_no_feed() -> None:
    for page in ("<p>See our feed: &lt;rss&gt;</p>", "<div><h1>rss</h1><p>feed</p></div>"):
        with pytest.raises(ParseError, match="HTML page"):
            read(page)
