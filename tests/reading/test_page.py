"""Web pages: what is whose statement, and which holds."""

import json
import time
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from digest.errors import ParseError
from digest.model import BlockKind, Document, Kind, RawItem
from digest.reading.hints import Hints
from digest.reading.page import read_page
from make import PATIENCE_S

NOON = datetime(2026, 5, 18, 12, 0, tzinfo=UTC)
TEXT = [
    "The ferry to Lower Quay ran again on Sunday, after nine days in dock, with new bearings.",
    "Its captain said that the engine sounded better than it had in years, and that she slept.",
    "The fare stays at three crowns, as the council decided in March after a long debate.",
    "The next dock is planned for the autumn, when the islanders need the boat less often.",
]


def paragraphs(texts: list[str] = TEXT) -> str:
    return "".join(f"<p>{text}</p>" for text in texts)


def page(body: str, head: str = "", **ld: Any) -> str:
    script = ""
    if ld:
        told = {"@context": "https://schema.org", "@type": "NewsArticle"} | {
            key.replace("at_", "@"): value for key, value in ld.items()
        }
        script = f'<script type="application/ld+json">{json.dumps(told)}</script>'
    return (
        f'<!doctype html><html lang="en-GB"><head><meta charset="utf-8">{head}{script}</head>'
        f"<body><nav><ul><li><a href='/'>Home</a></ul></nav>{body}"
        "<footer><p>All rights reserved by nobody in particular, since 1953.</p></footer></body>"
    )


ARTICLE = f"<main><article><h1>Ferry runs again</h1>{paragraphs()}</article></main>"


def read(markup: str | bytes, **hints: Any) -> Document:
    data = markup.encode() if isinstance(markup, str) else markup
    return read_page(data, Hints(**({"url": "https://quay.example/ferry"} | hints)))


def article(markup: str | bytes, **hints: Any) -> RawItem:
    return read(markup, **hints).items[0]


def texts(item: RawItem) -> list[str]:
    return [block.text for block in item.blocks]


def test_a_page_that_tells_machines_everything() -> None:
    document = read(
        page(
            ARTICLE,
            head='<meta property="og:image:width" content="800">'
            '<meta property="article:section" content="Harbour">'
            '<link rel="canonical" href="/2026/ferry">',
            headline="Ferry runs again",
            description="Nine days in dock are over.",
            datePublished="2026-05-18T14:00:00+02:00",
            dateModified="2026-05-18T12:30:00Z",
            author=[{"@type": "Person", "name": "Ann Lee"}, "Bo Mar"],
            publisher={"name": "Quay Post"},
            keywords="ferry, island",
            image={"url": "/f.jpg", "width": {"value": 800}, "caption": "At the quay"},
            timeRequired="PT3M",
        )
    )
    item = document.items[0]
    assert (document.kind, document.site, document.problems) == ("html", "Quay Post", ())
    assert (item.title, item.url) == ("Ferry runs again", "https://quay.example/2026/ferry")
    assert (item.published_at, item.updated_at) == (NOON, NOON.replace(minute=30))
    assert (item.authors, item.language) == (("Ann Lee", "Bo Mar"), "en-GB")
    assert item.topics == ("Harbour", "ferry", "island")
    assert (item.standfirst, item.reading_min) == ("Nine days in dock are over.", 3)
    assert item.image is not None
    assert (item.image.url, item.image.width) == ("https://quay.example/f.jpg", 800)
    assert texts(item) == TEXT


def test_json_ld_in_a_graph_and_in_a_list_and_behind_comment_marks() -> None:
    news = {"@type": ["NewsArticle"], "headline": "H", "datePublished": "2026-05-18T12:00Z"}
    for told in (
        {"@graph": [{"@type": "WebSite"}, news]},
        [{"@type": "BreadcrumbList"}, news],
        {"@type": "WebPage", "mainEntity": news},
    ):
        script = f'<script type="application/ld+json"><!-- {json.dumps(told)} --></script>'
        assert article(page(ARTICLE, head=script)).published_at == NOON


def test_of_several_articles_in_json_ld_the_page_s_own_counts() -> None:
    told = [
        {"@type": "NewsArticle", "headline": "Other", "url": "https://quay.example/other"},
        {"@type": "Article", "headline": "Ferry", "url": "https://quay.example/ferry?x=1",
         "author": {"name": "Ann Lee"}},
    ]  # fmt: skip
    script = f'<script type="application/ld+json">{json.dumps(told)}</script>'
    assert article(page(ARTICLE, head=script)).authors == ("Ann Lee",)


def test_broken_json_ld_does_no_harm() -> None:
    for told in ("{", "[" * 50_000, '{"@type": "NewsArticle", "author": 5, "image": [[1]]}'):
        script = f'<script type="application/ld+json">{told}</script>'
        assert article(page(ARTICLE, head=script)).title == "Ferry runs again"


@pytest.mark.parametrize(
    ("head", "body", "title"),
    [
        ("<title>Ferry runs | Quay Post</title>", "<h1>Ferry runs</h1>", "Ferry runs"),
        ("<title>Quay Post - Ferry runs</title>", "<h2>Ferry runs</h2>", "Ferry runs"),
        (
            "<title>Well-kept - Quay Post</title>"
            '<meta property="og:site_name" content="Quay Post">',
            "<h1>Quay Post</h1>",
            "Well-kept",
        ),
        (
            '<meta property="og:title" content="Ferry runs — Quay Post">'
            '<title>Ferry runs — Quay Post</title>',
            "<h1>The ferry!</h1><h1>Ferry runs</h1>",
            "Ferry runs",
        ),
    ],
)  # fmt: skip
def test_the_title_is_voted_on(head: str, body: str, title: str) -> None:
    document = read(page(f"<article>{body}{paragraphs()}</article>", head=head))
    assert (document.items[0].title, document.site) == (title, "Quay Post")


def test_a_byline_that_only_readers_see() -> None:
    item = article(
        page(
            "<article><h1>Ferry</h1><div>By Ann Lee and Bo Mar</div>"
            f"<div>18 May 2026, 2 pm · 4 min read</div>{paragraphs()}</article>"
        ),
        timezone="Europe/Berlin",
    )
    assert item.authors == ("Ann Lee", "Bo Mar")
    assert (item.published_at, item.reading_min) == (NOON, 4)
    assert texts(item) == TEXT


@pytest.mark.parametrize(
    "head",
    [
        '<meta name="author" content="Ann Lee">',
        '<meta property="article:author" content="https://x.example/a">'
        '<meta name="byl" content="By Ann Lee">',
    ],
)
def test_authors_in_meta_tags(head: str) -> None:
    assert article(page(ARTICLE, head=head)).authors == ("Ann Lee",)


def test_a_clock_completes_a_bare_day() -> None:
    markup = page(
        f'<article><h1>F</h1><time datetime="2026-05-18T12:00Z">x</time>{paragraphs()}</article>',
        head='<meta name="date" content="2026-05-18">',
    )
    item = article(markup)
    assert (item.published_at, item.day_only) == (NOON, False)
    assert article(page(ARTICLE, head='<meta name="date" content="2026-05-18">')).day_only


def test_times_of_other_articles_are_not_the_article_s() -> None:
    times = "".join(f'<div><time datetime="2020-01-0{n}">x</time></div>' for n in range(1, 5))
    document = read(page(f"<div><h1>F</h1>{paragraphs()}</div>{times}"))
    assert document.items[0].published_at is None
    assert "counts as new when it is first read" in document.problems[0]


def test_caption_and_credit() -> None:
    for caption in (
        "At dawn. (Jun/Quay Post)",
        "At dawn. <span class='credit'>Jun/Quay Post</span>",
    ):
        figure = f"<figure><img src='/a.jpg'><figcaption>{caption}</figcaption></figure>"
        item = article(page(f"<article><h1>F</h1>{figure}{paragraphs()}</article>"))
        assert item.image is not None
        assert item.image.url == "https://quay.example/a.jpg"
        assert (item.image.caption, item.image.credit) == ("At dawn.", "Jun/Quay Post")
        assert texts(item) == TEXT


def test_subheads_lists_and_quotations_stay_apart() -> None:
    item = article(
        page(
            f"<article><h1>F</h1>{paragraphs(TEXT[:2])}<h2>Fares</h2>{paragraphs(TEXT[2:])}"
            "<ul><li>Three crowns for grown people</ul><blockquote>It sounds better.</blockquote>"
            "</article>"
        )
    )
    kinds = [block.kind for block in item.blocks]
    assert kinds[2] is BlockKind.SUBHEAD
    assert kinds[-2:] == [BlockKind.LIST_ITEM, BlockKind.QUOTATION]


def test_furniture_around_and_inside_the_article_is_left_out() -> None:
    item = article(
        page(
            f"<div id='content'><h1>F</h1>{paragraphs(TEXT[:2])}"
            "<aside><p>Read our other stories, of which there are a great many, here.</p></aside>"
            "<div class='share-buttons'><p>Share this story with everybody whom you know.</p></div>"
            f"{paragraphs(TEXT[2:])}<p><a href='/more'>More about ferries, boats and ships</a></p>"
            "</div><div class='comments'><p>First! A comment that nobody asked for, here.</p></div>"
        )
    )
    assert texts(item) == TEXT


def test_a_card_is_no_part_of_the_text() -> None:
    card = (
        "<figure class='kg-card kg-bookmark-card'><a href='/opinion'><div class='title'>Opinion: "
        "Boats are late</div><div class='kg-bookmark-description'>Some are later.</div>"
        "<span class='kg-bookmark-author'>Quay Post</span>"
        "<span class='kg-bookmark-publisher'>Cy Dow</span></a></figure>"
    )
    item = article(
        page(f"<article><h1>F</h1>{paragraphs(TEXT[:2])}{card}{paragraphs(TEXT[2:])}</article>")
    )
    assert texts(item) == TEXT
    (found,) = item.cards
    assert (found.kind, found.title, found.teaser) == (
        "opinion",
        "Boats are late",
        "Some are later.",
    )
    assert found.url == "https://quay.example/opinion"


def test_a_live_blog_has_an_article_and_its_posts_as_briefs() -> None:
    posts = [
        {
            "headline": "Ashore",
            "articleBody": "Everybody is <b>ashore</b>, wet and well and glad to be so.",
            "datePublished": "2026-05-18T12:00:00Z",
            "url": "#p2",
        },
        {
            "headline": "",
            "articleBody": "A line is on board, and it holds, says the harbour master.",
            "datePublished": "nonsense",
        },
        {},
        "odd",
    ]
    shown = "".join(
        f"<article><h2>{p.get('headline', '')}</h2><p>{p.get('articleBody', '')}</p></article>"
        for p in posts
        if isinstance(p, dict)
    )
    document = read(
        page(
            f"<main><h1>Night</h1>{paragraphs(TEXT[:2])}<section>{shown}</section></main>",
            at_type="LiveBlogPosting",
            headline="Night",
            liveBlogUpdate=posts,
        )
    )
    whole, *briefs = document.items
    assert texts(whole) == TEXT[:2]
    assert [brief.kind for brief in briefs] == [Kind.BRIEF, Kind.BRIEF]
    assert (briefs[0].title, briefs[0].published_at) == ("Ashore", NOON)
    assert briefs[0].url == "https://quay.example/ferry#p2"
    assert texts(briefs[0]) == ["Everybody is ashore, wet and well and glad to be so."]
    assert briefs[1].published_at is None


def test_a_body_that_only_machines_see_is_taken_for_want_of_another() -> None:
    item = article(
        page("<h1>F</h1><div id='root'></div>", headline="F", articleBody="\n\n".join(TEXT))
    )
    assert texts(item) == TEXT


def test_the_start_of_the_text_is_no_standfirst() -> None:
    head = f'<meta name="description" content="{TEXT[0][:50]}...">'
    assert article(page(ARTICLE, head=head)).standfirst is None


def test_encodings_that_only_a_meta_tag_tells() -> None:
    markup = page(ARTICLE.replace("again", "wieder, größer")).replace("utf-8", "iso-8859-2")
    assert article(markup.encode("iso-8859-2")).title == "Ferry runs wieder, größer"


def test_an_old_page_of_tables_and_fonts() -> None:
    item = article(
        "<HTML><HEAD><TITLE>Wall to rise - Terrace News</TITLE></HEAD><BODY><TABLE><TR>"
        "<TD><A HREF=a>Home</A><BR><A HREF=b>News</A><HR>Visitor 18,402</TD><TD>"
        "<H2>Wall to rise</H2><FONT SIZE=2><I>By Win Aldous, 18 May 2026, 12:00 pm</I></FONT>"
        + "".join(f"<P>{text}" for text in TEXT)
        + "<P ALIGN=center><A HREF=n>[ Back ]</A></TABLE></BODY></HTML>"
    )
    assert (item.title, item.authors, item.published_at) == ("Wall to rise", ("Win Aldous",), NOON)
    assert texts(item) == TEXT


@pytest.mark.parametrize(
    "markup",
    [
        "<html><body><div id='app'></div><script>render()</script></body></html>",
        "<html><body>" + "<div>" * 5_000 + "<p>" + TEXT[0],
        "<p>",
    ],
)
def test_a_page_without_an_article_is_an_error_that_says_what_to_do(markup: str) -> None:
    with pytest.raises(ParseError, match="save"):
        read(markup)


BUDGET = {
    "a title of separators": f"<title>{' - '.join(['word'] * 200_000)}</title>{paragraphs()}",
    "headings": "<h1>x</h1>" * 100_000 + paragraphs(),
    "teasers": "<article>" + "<aside><h2>t</h2><a href=/x>x</a></aside>" * 40_000 + paragraphs(),
    "times": "<article>" + "<time>soon</time>" * 100_000 + paragraphs(),
    "a long class": f"<div class='{'share ' * 200_000}'>{paragraphs()}</div>",
    "a long page": f"<article><h1>x</h1>{paragraphs() * 5_000}</article>",
    "objects": '<script type="application/ld+json">['
    + '{"@type": "NewsArticle"},' * 60_000
    + "{}]</script>"
    + paragraphs(),
}


@pytest.mark.parametrize("name", BUDGET)
def test_a_page_built_to_hurt_costs_little(name: str) -> None:
    start = time.process_time()
    read("<!doctype html>" + BUDGET[name])
    assert time.process_time() - start < PATIENCE_S


WHOLE = page(ARTICLE, headline="Ferry", author={"name": "Ann Lee"}).encode()


@settings(deadline=None)
@given(st.binary(max_size=200), st.integers(0, len(WHOLE)), st.integers(0, 60))
def test_any_bytes_are_a_page_or_an_error(junk: bytes, place: int, cut: int) -> None:
    try:
        read(WHOLE[:place] + junk + WHOLE[place + cut :])
    except ParseError as error:
        assert str(error)  # noqa: PT017
