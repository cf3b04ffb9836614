"""Web pages: who wrote an article, its picture and what is under that, and broken JSON-LD."""

import pytest

from webpages import ENGLISH, FRENCH, GERMAN, POLISH, SPANISH, UKRAINIAN, article, page, ps, texts

# ---------------------------------------------------------------------- who wrote it


@pytest.mark.parametrize(
    ("lang", "byline", "authors", "body"),
    [
        ("es", "<p class=firma>Ana Leal / Muelle Bajo</p>", ("Ana Leal",), SPANISH),
        ("ja", "<p class=kiji-writer>［記者］早川かなえ</p>", ("早川かなえ",), ENGLISH),
        ("de", "<div class=autor>Anna Lehner</div>", ("Anna Lehner",), GERMAN),
        ("fr", "<div><i>Anne Lenoir</i></div><div>17 mai 2026 à 14h05</div>", ("Anne Lenoir",),
         FRENCH),
        ("uk", "<div>Анна Лис</div><time>17 травня 2026, 14:05</time>", ("Анна Лис",), UKRAINIAN),
        ("en", "<div>Ann Lee<br>17 May 2026, 2:05 pm</div>", ("Ann Lee",), ENGLISH),
        ("en", "<div><a href=/people/ann-lee>Ann Lee</a></div><div>17 May 2026</div>", ("Ann Lee",),
         ENGLISH),
        ("pl", "<span class='article-author'>Anna Lis, Jan Kos</span>", ("Anna Lis", "Jan Kos"),
         POLISH),
        # A section beside a date is nobody's name.
        ("en", "<div><a href=/north>North Quay</a></div><div>17 May 2026</div>", (), ENGLISH),
        ("en", "<figure><img src=a.jpg></figure><div>17 May 2026</div>", (), ENGLISH),
    ],
)  # fmt: skip
def test_a_byline_without_a_word_for_by(
    lang: str, byline: str, authors: tuple[str, ...], body: list[str]
) -> None:
    item = article(
        page(f"<main><h1>Ferry runs</h1>{byline}<div class=t>{ps(body)}</div></main>", lang=lang)
    )
    assert item.authors == authors
    assert texts(item) == body


def told(author: str) -> str:
    return (
        '<script type="application/ld+json">{"@type": "NewsArticle", "headline": "Ferry runs", '
        f'"author": {author}, "publisher": {{"@type": "Organization", "name": "Quay Post"}}}}'
        "</script>"
    )


ORGANISED = '{"@type": "Organization", "name": "Quay Post"}'


@pytest.mark.parametrize(
    ("author", "byline", "authors"),
    [
        (f'[{{"@type": "Person", "name": "Ann Lee"}}, {ORGANISED}]', "", ("Ann Lee",)),
        (ORGANISED, "<p>By Ann Lee</p>", ("Ann Lee",)),
        ('"Quay Post"', "<p>Von Anna Lehner | 17. Mai 2026</p>", ("Anna Lehner",)),
        ('{"@type": "NewsMediaOrganization", "name": "QP Media"}', "<p>Par Anne Lenoir</p>",
         ("Anne Lenoir",)),
        ('{"name": "Quay Post"}', "<a rel=author href=/a>Ana Leal</a>", ("Ana Leal",)),
        # Nobody else signed.
        ('{"@type": "Organization", "name": "Coast Wire"}', "", ("Coast Wire",)),
    ],
)  # fmt: skip
def test_a_publisher_is_no_author_where_a_person_signed(
    author: str, byline: str, authors: tuple[str, ...]
) -> None:
    item = article(
        page(f"<article><h1>Ferry runs</h1>{byline}{ps(ENGLISH)}</article>", head=told(author))
    )
    assert item.authors == authors


# --------------------------------------------------------------------------- pictures


@pytest.mark.parametrize(
    "picture",
    [
        "<img src='data:image/gif;base64,R0' data-src=/p/a.jpg>",
        "<img src=/img/placeholder.gif data-original=/p/a.jpg>",
        "<img src=/img/lazyload.png data-srcset='/p/s.jpg 480w, /p/a.jpg 1440w'>",
        "<picture><source srcset='/p/a.jpg 1200w'><img alt=Ferry></picture>",
        "<amp-img src=/p/a.jpg width=800 height=600 layout=responsive></amp-img>",
        "<img src=/logo.png width=40 height=40><img src=/p/a.jpg width=800>",
    ],
)
@pytest.mark.parametrize("place", ["<div class=t>{}{}</div>", "{}<div class=t>{}</div>"])
def test_a_picture_that_only_stands_in_the_page(picture: str, place: str) -> None:
    shown = place.format(picture, ps(GERMAN))
    item = article(page(f"<main><h1>Fähre</h1>{shown}</main><img src=/app/qr.png>", lang="de"))
    assert item.image is not None
    assert item.image.url == "https://quay.example/p/a.jpg"
    assert texts(item) == GERMAN


@pytest.mark.parametrize(
    "told",
    [
        "<meta itemprop=image content=/p/a.jpg>",
        "<div itemprop=image itemscope><meta itemprop=url content=/p/a.jpg></div>",
        "<link rel=image_src href=/p/a.jpg>",
        "<img itemprop='image contentUrl' data-src=/p/a.jpg>",
    ],
)
def test_a_picture_in_microdata(told: str) -> None:
    item = article(page(f"<article>{told}<h1>Bac</h1>{ps(FRENCH)}</article>", lang="fr"))
    assert item.image is not None
    assert item.image.url == "https://quay.example/p/a.jpg"


@pytest.mark.parametrize(
    "figure",
    [
        "<div class=foto><img src=/p/a.jpg><div class=pie>{}</div></div>",
        "<div class=foto><a href=/p/a.jpg><img src=/p/a.jpg></a><p class=cap>{}</p></div>",
        "<figure><amp-img src=/p/a.jpg></amp-img><figcaption>{}</figcaption></figure>",
        "<p><img src=/p/a.jpg><br><small>{}</small></p>",
        "<div><img src=/p/a.jpg></div><p><em>{}</em></p>",
        "<img class=hero src=/p/a.jpg width=1600><p class=hero-caption>{}</p>",
    ],
)
@pytest.mark.parametrize(
    ("words", "caption", "credit"),
    [
        ("The ferry, on Sunday. Photo: Jo Venn / Wire", "The ferry, on Sunday.", "Jo Venn / Wire"),
        ("Die Fähre am Sonntag. Foto: Jo Venn/dpq", "Die Fähre am Sonntag.", "Jo Venn/dpq"),
        ("El barco, ayer. / Ciro Paz", "El barco, ayer.", "Ciro Paz"),
        ("Пором у неділю. Фото: Іван Лис", "Пором у неділю.", "Іван Лис"),
        ("Le bac dimanche. © Anne Lenoir", "Le bac dimanche.", "Anne Lenoir"),
        ("Prom w niedzielę (Jan Kos/Agencja)", "Prom w niedzielę", "Jan Kos/Agencja"),
        ("The captain and her gull (right)", "The captain and her gull (right)", None),
        ("The ferry at its quay. Jo Venn / Quay Post", "The ferry at its quay.",
         "Jo Venn / Quay Post"),
    ],
)  # fmt: skip
def test_captions_and_credits_wherever_they_stand(
    figure: str, words: str, caption: str, credit: str | None
) -> None:
    for head in ("", '<meta property="og:image" content="/p/a.jpg">'):
        item = article(
            page(f"<article><h1>Ferry</h1>{figure.format(words)}{ps(ENGLISH)}</article>", head=head)
        )
        assert item.image is not None
        assert (item.image.caption, item.image.credit) == (caption, credit)
        assert texts(item) == ENGLISH


def test_a_paragraph_beside_a_picture_is_no_caption() -> None:
    item = article(page(f"<article><h1>F</h1><p><img src=a.jpg>{ENGLISH[0]}</p>{ps(ENGLISH[1:])}"))
    assert texts(item) == ENGLISH
    assert item.image is not None
    assert item.image.caption is None


# ----------------------------------------------------------------------------- JSON-LD


@pytest.mark.parametrize(
    "script",
    [
        '{"@type": "NewsArticle", "headline": "F", "datePublished": "2026-05-18T12:00Z",}',
        '[{"@type": "NewsArticle", "headline": "x,}", "datePublished": "2026-05-18T12:00Z"},]',
        '<!--\n{"@type": "NewsArticle", "datePublished": "2026-05-18T12:00Z"}\n//-->',
        '//<![CDATA[\n{"@type": "NewsArticle", "datePublished": "2026-05-18T12:00Z"}\n//]]>',
        '{"@type": "NewsArticle", "description": "two\nlines \\\' here", '
        '"datePublished": "2026-05-18T12:00Z"};',
        '{"@type": "WebSite"}{"@type": "NewsArticle", "datePublished": "2026-05-18T12:00Z"}',
        "{&quot;@type&quot;: &quot;NewsArticle&quot;, "
        "&quot;datePublished&quot;: &quot;2026-05-18T12:00Z&quot;}",
    ],
)
def test_json_ld_with_a_fault_that_is_easily_mended(script: str) -> None:
    item = article(
        page(
            f"<article><h1>Ferry runs</h1>{ps(ENGLISH)}</article>",
            head=f'<script type="application/ld+json">{script}</script>',
        )
    )
    assert item.published_at is not None
    assert item.published_at.hour == 12


def test_a_page_about_a_video_tells_when_that_appeared() -> None:
    item = article(
        page(
            f"<main><h1>Prom</h1><div>{ps(POLISH[:2])}</div></main>",
            head='<script type="application/ld+json">{"@type": "VideoObject", "name": "Prom", '
            '"uploadDate": "2026-05-18T12:00Z", "thumbnailUrl": ["/p/a.jpg"]}</script>',
        )
    )
    assert item.published_at is not None
    assert item.image is not None
    assert item.image.url == "https://quay.example/p/a.jpg"
