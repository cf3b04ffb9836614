"""HTML from outside, made safe: what stays, what goes, and that it stays as it is."""

import time
from html import escape

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from selectolax.lexbor import LexborHTMLParser

from digest.model import Block, BlockKind, RawItem
from digest.reading.feed import read_feed
from digest.reading.hints import Hints
from digest.reading.mailfile import read_mail
from digest.reading.markdown import read_markdown
from digest.reading.page import read_page
from digest.reading.safehtml import LARGEST_HTML, html_of_blocks, safe_bodies, safe_html
from make import PATIENCE_S

BASE = "https://quay.example/news/"
ALLOWED = (
    "p br h2 h3 h4 h5 h6 ul ol li blockquote em strong b i sub sup code pre a img figure "
    "figcaption table caption colgroup col thead tbody tfoot tr td th hr"
)
TAGS = set(ALLOWED.split())
ATTRIBUTES = {
    "a": {"href", "rel"},
    "img": {"src", "alt", "width", "height"},
    "td": {"colspan", "rowspan"},
    "th": {"colspan", "rowspan", "scope"},
    "ol": {"start"},
}


def check(fragment: str, expected: str) -> None:
    found = safe_html(fragment, BASE)
    assert found == expected
    check_safe(found)


def check_safe(found: str) -> None:
    assert safe_html(found, BASE) == found
    root = LexborHTMLParser(found)
    for node in root.css("body *, head *"):
        assert node.tag in TAGS
        for name, value in node.attributes.items():
            assert name in ATTRIBUTES.get(node.tag, set())
            schemes = {"href": ("http://", "https://", "mailto:"), "src": ("http://", "https://")}
            assert (value or "").startswith(schemes.get(name, ""))


def link(href: str, text: str = "there") -> str:
    return f'<a href="{href}" rel="nofollow noopener">{text}</a>'


def test_text_keeps_its_marks_and_loses_everything_else() -> None:
    check(
        '<h1 id="top">Ferry</h1><p class="x" style="color:red" onclick="go()">It <em>ran</em>'
        "<script>alert(1)</script> again<!-- not --><style>p{}</style>.</p>"
        "<template><p>no</p></template><iframe src='/x'>no</iframe><noscript>no</noscript>",
        "<h2>Ferry</h2><p>It <em>ran</em> again.</p>",
    )


def test_what_was_parted_by_elements_that_go_stays_parted() -> None:
    check("<div>One</div><div>Two</div>", "<p>One</p><p>Two</p>")
    check("<dl><dt>Fare</dt><dd>Three crowns</dd></dl>", "<p>Fare</p><p>Three crowns</p>")
    check("<div><div>One <b></b>wo<i></i>rd</div></div>", "<p>One word</p>")
    check(
        "<table><tr><td><table><tr><td>One</td><td>Two</td></tr></table></td></tr></table>",
        "<p>One</p><p>Two</p>",
    )


def test_a_table_of_figures_stays_a_table() -> None:
    check(
        "<table border=1><tr><th scope=col width=3>Day<td colspan=2>Fares</table>",
        '<table><tbody><tr><th scope="col">Day</th><td colspan="2">Fares</td></tr></tbody></table>',
    )


@pytest.mark.parametrize(
    ("href", "expected"),
    [
        ("../ferry?id=7&amp;utm_source=rss", "https://quay.example/ferry?id=7"),
        ("//port.example/a", "https://port.example/a"),
        ("https://www.google.com/url?q=https%3A%2F%2Fport.example%2Fa", "https://port.example/a"),
        ("mailto:desk@quay.example?subject=Buy&amp;body=now", "mailto:desk@quay.example"),
        ("#note-1", "https://quay.example/news/#note-1"),
    ],
)
def test_a_link_leads_where_it_really_leads(href: str, expected: str) -> None:
    check(f'<p><a href="{href}" target="_blank" rel="me">there</a></p>', f"<p>{link(expected)}</p>")


@pytest.mark.parametrize(
    "href",
    ["javascript:alert(1)", " java\nscript:alert(1)", "data:text/html,x", "ftp://x.example", ""],
)
def test_a_link_that_leads_nowhere_good_is_only_its_words(href: str) -> None:
    check(f'<p>go <a href="{href}">there</a></p>', "<p>go there</p>")


def test_relative_links_without_a_base_are_only_their_words() -> None:
    assert safe_html('<a href="/x">there</a><img src="/x.jpg">', None) == "there"


@pytest.mark.parametrize(
    ("image", "expected"),
    [
        (
            '<img src="/a.jpg" alt="The quay" width="640px" height="auto" loading="lazy">',
            '<img src="https://quay.example/a.jpg" alt="The quay" width="640">',
        ),
        (
            '<img src="data:image/gif;base64,R0" data-src="/a.jpg">',
            '<img src="https://quay.example/a.jpg">',
        ),
        ('<img data-lazy-src="a.jpg">', '<img src="https://quay.example/news/a.jpg">'),
        (
            '<img src="/img/placeholder.png" srcset="/s.jpg 320w, /m.jpg 1200w, /l.jpg 4000w">',
            '<img src="https://quay.example/m.jpg">',
        ),
        ('<img srcset="/a,b.jpg 1x,/c.jpg 2x">', '<img src="https://quay.example/c.jpg">'),
        (
            '<picture><source srcset="/w.webp 2x"><img alt="Quay"></picture>',
            '<img alt="Quay" src="https://quay.example/w.webp">',
        ),
        ('<img src="/a.gif" width="1" height="1">', ""),
        ('<img src="/a.gif" style="width:1px;height:1px">', ""),
        ('<img src="/a.gif" style="display:none">', ""),
        ('<img src="https://pixel.quay.example/b.gif?id=3">', ""),
        ('<img src="https://quay.us1.list-manage.com/track/open.php?u=1">', ""),
        ('<img src="cid:part1">', ""),
        ("<img>", ""),
        ('<img src=x onerror="alert(1)">', '<img src="https://quay.example/news/x">'),
    ],
)
def test_pictures_are_found_and_counting_pixels_go(image: str, expected: str) -> None:
    check(f"<p>One{image}</p>", f"<p>One{expected}</p>")


def test_what_nobody_sees_does_not_come_out() -> None:
    check('<div style="display: none">Preview</div><p hidden>x</p><p>Seen</p>', "<p>Seen</p>")
    check("<p>a\u202eb\u200e\u2066c</p>", "<p>abc</p>")


def test_text_that_is_no_html() -> None:
    check("Fish & chips", "Fish &amp; chips")
    check("3 < 4 & 5 > 4", "3 &lt; 4 &amp; 5 &gt; 4")
    check("", "")


def test_a_long_text_is_cut_between_paragraphs() -> None:
    found = safe_html("<p>Ebb and flow — again.</p>" * 20_000, BASE)
    assert LARGEST_HTML * 0.9 < len(found.encode()) <= LARGEST_HTML
    assert found.endswith("again.</p>")
    check_safe(found)


PIECES = [
    *(f"<{tag}>" for tag in sorted(TAGS)),
    *(f"</{tag}>" for tag in sorted(TAGS)),
    *(
        "<div>",
        "</div>",
        "<svg>",
        "<math>",
        "<mtext>",
        "<style>",
        "</style>",
        "<table>",
        "<object>",
    ),
    *("<template>", "<noscript>", "<xmp>", "<plaintext>", "<title>", "<form>", "<select>", "<h1>"),
    *(
        "<center>",
        "</center>",
        "<font>",
        "<menu>",
        "<image>",
        "<foreignObject>",
        "<script>",
        "<!--",
    ),
    *(
        "-->",
        "<![CDATA[",
        "]]>",
        "<?x",
        "\r",
        "\n\n",
        "&#13;",
        "&lt;script&gt;",
        "\u0338",
        "&nbsp;",
    ),
    *('<a href="javascript:x">', '<a href="/x?utm_source=1">', '<img src="/a" onerror=x>', "<a"),
    *('<img alt="--><img src=x onerror=y>">', '<p title="</p><script>">', "<p style='x'", "words"),
]


@given(st.lists(st.one_of(st.sampled_from(PIECES), st.text(max_size=5)), max_size=25).map("".join))
@settings(max_examples=50, deadline=None)
def test_whatever_goes_in_only_what_is_allowed_comes_out(fragment: str) -> None:
    check_safe(safe_html(fragment, BASE))


@pytest.mark.parametrize(
    "fragment",
    [
        "<div>" * 100_000,
        "<b>" * 2_000 + "<p>" * 20_000,
        "<table><tr><td>" * 60_000,
        "<a href='https://quay.example/?utm_source=x'>" * 100_000,
        "<img srcset='" + "a 1x, " * 500_000,
        "<p>" + " " * 5_000_000,
        "<p></p>" * 700_000,
        "<" * 5_000_000,
        "<pre>" + "\n" * 5_000_000,
        "<i><b>" * 50 + "</b></i>" * 50 + "<!--" * 1_000_000,
    ],
)
def test_hostile_html_costs_little(fragment: str) -> None:
    start = time.process_time()
    check_safe(safe_html(fragment, BASE))
    assert time.process_time() - start < PATIENCE_S


def test_blocks_as_html() -> None:
    blocks = [
        Block(text="Fares & times"),
        Block(kind=BlockKind.SUBHEAD, text="Fares"),
        Block(kind=BlockKind.LIST_ITEM, text="adults"),
        Block(kind=BlockKind.LIST_ITEM, text="dogs"),
        Block(kind=BlockKind.QUOTATION, text="<Dear>, she said."),
    ]
    assert html_of_blocks(blocks) == (
        "<p>Fares &amp; times</p><h3>Fares</h3><ul><li>adults</li><li>dogs</li></ul>"
        "<blockquote><p>&lt;Dear&gt;, she said.</p></blockquote>"
    )


def test_the_bodies_of_a_document_are_made_safe_each_by_itself() -> None:
    told = [("<p>It <a href='t'>ran</a>.", BASE), ("R&D", None), ("<script>x()</script>", BASE)]
    assert safe_bodies(told) == [
        f"<p>It {link('https://quay.example/news/t', 'ran')}.</p>",
        "R&amp;D",
        "",
    ]


def test_of_more_markup_than_a_thousand_articles_have_the_words_are_kept() -> None:
    body = "<b>ran</b> " * 30_000
    marked, more, words = safe_bodies([(body, None)] * 2 + [("<p>It <i>ran</i>.</p>", None)])
    assert "<b>" in marked
    assert "<b>" not in more
    assert more.startswith("<p>ran ran")
    assert words == "<p>It ran .</p>"


# -------------------------------------------------------- where it comes from


def safe(item: RawItem) -> str:
    (found,) = safe_bodies([(item.html, item.html_base)])
    check_safe(found)
    return found


def test_a_feed_s_body_is_kept_as_html_and_its_plain_text_is_not() -> None:
    body = escape('<p>It <a href="/t?fbclid=1">ran</a>.</p><img src="/p.gif" width="1">')
    feed = (
        "<rss><channel><title>Quay</title><link>https://quay.example/</link>"
        f"<item><title>One</title><description>{body}</description></item>"
        "<item><title>Two</title><description>Only words &amp;amp; no marks.</description></item>"
        "</channel></rss>"
    )
    marked, bare = read_feed(feed.encode(), Hints()).items
    assert safe(marked) == f"<p>It {link('https://quay.example/t', 'ran')}.</p>"
    assert bare.html == ""


def test_what_blog_software_writes_below_an_entry_is_not_part_of_it() -> None:
    feed = (
        '<rss xmlns:content="http://purl.org/rss/1.0/modules/content/"><channel><item>'
        "<title>Ferry</title><content:encoded><![CDATA[<p>It ran.</p><p>The post <a href='/f'>"
        "Ferry</a> appeared first on <a href='/'>Quay</a>.</p>]]></content:encoded>"
        "</item></channel></rss>"
    )
    assert safe(read_feed(feed.encode(), Hints(url=BASE)).items[0]) == "<p>It ran.</p>"


def test_markup_that_is_nested_to_hurt_is_kept_as_its_words() -> None:
    deep = escape("<div>" * 3_000 + "The ferry ran.")
    item = f"<item><title>One</title><description>{deep}</description></item>"
    feed = f"<rss><channel>{item}</channel></rss>"
    assert safe(read_feed(feed.encode(), Hints()).items[0]) == "<p>The ferry ran.</p>"


TEXT = [
    f"Paragraph {n} tells at some length what the harbour office said, and why nobody agreed."
    for n in range(6)
]


def test_a_page_s_html_has_the_words_of_its_blocks_and_the_links_and_pictures_among_them() -> None:
    told = "".join(f"<p>{text}</p>" for text in TEXT[:3])
    rest = "".join(f'<p>{text} <a href="/more">More</a></p>' for text in TEXT[3:])
    page = (
        "<html><body><nav><a href='/'>Home</a></nav><article><h1>Ferry runs</h1>"
        "<p class='byline'>By Ann Lee</p><div class='share'>Share this</div>"
        f"{told}<figure><img src='/f.jpg' alt='Quay'><figcaption>At the quay</figcaption></figure>"
        f"{rest}<aside><p>Another story altogether, about herring.</p></aside></article>"
    )
    item = read_page(page.encode(), Hints(url=BASE)).items[0]
    root = LexborHTMLParser(safe(item))
    assert [p.text() for p in root.css("p")] == [block.text for block in item.blocks]
    assert len(root.css("a[href='https://quay.example/more']")) == 3
    assert [img.attributes["src"] for img in root.css("figure img")] == [
        "https://quay.example/f.jpg"
    ]
    assert "Share" not in safe(item)
    assert "herring" not in safe(item)


def test_a_note_s_html_is_its_markdown_without_the_title() -> None:
    item = read_markdown("# Ferry\n\nIt *ran* to [Lower Quay](/lq).\n", Hints(url=BASE)).items[0]
    assert (
        safe(item) == f"<p>It <em>ran</em> to {link('https://quay.example/lq', 'Lower Quay')}.</p>"
    )


MAIL = (
    "From: Desk <desk@quay.example>\nSubject: Ferry\nDate: Mon, 18 May 2026 12:00:00 +0000\n"
    "Message-ID: <1@quay.example>\nArchived-At: <https://www.google.com/url?q=https://quay.example/1>\n"
)
WRAPPED = (
    "https://nam02.safelinks.protection.outlook.com/?url=https%3A%2F%2Fquay.example%2Ft&amp;data=1"
)


def test_the_links_of_a_mail_are_unwrapped() -> None:
    html = MAIL + f"Content-Type: text/html\n\n<p>See <a href='{WRAPPED}'>times</a>.</p>"
    item = read_mail(html.encode(), Hints()).items[0]
    assert safe(item) == f"<p>See {link('https://quay.example/t', 'times')}.</p>"
    assert item.url == "https://quay.example/1"
    text = MAIL + f"\nSee the times ({WRAPPED.replace('&amp;', '&')}).\n"
    item = read_mail(text.encode(), Hints()).items[0]
    assert item.blocks[0].text == "See the times (https://quay.example/t)."
    assert item.html == ""
