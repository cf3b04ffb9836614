"""Web pages as sites lay them out: where the article stands, and what stands around it."""

import time

import pytest

from make import PATIENCE_S
from webpages import ENGLISH, FRENCH, GERMAN, POLISH, SPANISH, UKRAINIAN, article, page, ps, texts

# --------------------------------------------------------------- pages without metadata


@pytest.mark.parametrize(
    ("lang", "site", "headline", "byline", "caption", "body"),
    [
        (
            "en", "The Quay Courier - Local News", "Ferry Runs Again After Nine Days",
            "by Ann Lee, 17 May 2004", "The ferry on Sunday, with gulls", ENGLISH,
        ),
        (
            "de", "Hafenbote - Aktuelles", "Fähre läuft nach neun Tagen wieder aus",
            "von Anna Lehner, 17. Mai 2004", "Die Fähre am Sonntag, mit Möwen", GERMAN,
        ),
        (
            "es", "El Faro - Noticias", "El transbordador vuelve a salir tras nueve días",
            "por Ana Leal, 17 de mayo de 2004", "El transbordador, con gaviotas", SPANISH,
        ),
    ],
)  # fmt: skip
@pytest.mark.parametrize(
    "headed",
    [
        "<font size=5><b>{headline}</b></font><br><font size=2><i>{byline}</i></font>",
        "<b><font size='+2'>{headline}</font></b><p><font size=1>{byline}</font></p>",
        "<div class=art_title>{headline}</div><div><small>{byline}</small></div>",
    ],
)
def test_a_page_laid_out_as_a_table_without_metadata(
    lang: str, site: str, headline: str, byline: str, caption: str, body: list[str], headed: str
) -> None:
    menu = "".join(
        f"<tr><td bgcolor=#eee><font size=2><a href=s{n}.htm>Section {n}</a></font></td></tr>"
        for n in range(12)
    )
    more = "".join(
        f"<tr><td><img src=dot.gif width=8 height=8></td><td><a href=n{n}.htm>Other story number "
        f"{n}</a><br>Something short is told of it here.</td></tr>"
        for n in range(12)
    )
    item = article(
        f"<html lang={lang}><head><title>{site}</title></head><body><table width=780>"
        f"<tr><td colspan=3><font size=6>{site}</font><br><font size=2>No. 12</font></td></tr><tr>"
        f"<td><table>{menu}</table></td><td>{headed.format(headline=headline, byline=byline)}"
        "<table align=right><tr><td><img src=img/a.jpg width=210 height=280></td></tr>"
        f"<tr><td><font size=1>{caption}</font></td></tr></table>"
        + "".join(f"<p align=justify><font size=3>{text}</font></p>" for text in body)
        + f"<hr><font size=2><a href=news.htm>Back</a></font></td><td><table>{more}</table></td>"
        "</tr><tr><td colspan=3><font size=1>You are visitor 41877.</font></td></tr></table>"
    )
    assert item.title == headline
    assert len(item.authors) == 1
    assert item.published_at is not None
    assert item.day_only
    assert item.image is not None
    assert (item.image.url, item.image.caption) == ("https://quay.example/img/a.jpg", caption)
    assert texts(item) == body


def test_a_page_that_parts_its_paragraphs_by_line_breaks_only() -> None:
    item = article(
        "<html><head><title>Hafenbote</title></head><body><table><tr><td>"
        "<a href=a>Start</a><br><a href=b>Archiv</a></td><td><b>Fähre läuft wieder aus</b><br>"
        f"Von Anna Lehner, 17. Mai 2004<br><br>{'<br><br>'.join(GERMAN)}</td></tr></table>"
    )
    assert (item.title, item.authors) == ("Fähre läuft wieder aus", ("Anna Lehner",))
    assert texts(item) == GERMAN


def test_a_masthead_in_the_title_gives_way_only_to_a_headline_above_the_text() -> None:
    item = article(
        page(
            f"<div><b>Bread from the mill</b></div><h1>Ferry runs</h1><div>{ps(ENGLISH)}</div>",
            head="<title>Quay Post</title>",
        )
    )
    assert item.title == "Ferry runs"


# ------------------------------------------------------------- short texts, long boxes


@pytest.mark.parametrize(
    ("lang", "body", "teaser"),
    [
        ("en", ENGLISH, "The full report is in tonight's news, at a quarter past nine."),
        ("pl", POLISH, "Cały materiał obejrzysz dziś w wieczornym wydaniu wiadomości."),
        ("fr", FRENCH, "Le reportage complet est à voir ce soir dans le journal du quai."),
    ],
)
@pytest.mark.parametrize(
    "card",
    [
        "<div class=x1><a href=/v/{n}><img data-src=/t/{n}.jpg><h3>Another video, {n}</h3></a>"
        "<p>{teaser}</p></div>",
        "<li><a href=/v/{n}>Another video, number {n}</a><p>{teaser}</p></li>",
        "<article class=q><h3><a href=/v/{n}>Another video, number {n}</a></h3><div><p>{teaser}</p>"
        "</div></article>",
    ],
)
def test_the_other_videos_below_a_video_are_not_its_text(
    lang: str, body: list[str], teaser: str, card: str
) -> None:
    others = "".join(card.format(n=n, teaser=teaser) for n in range(25))
    item = article(
        page(
            "<main><div class=player><video></video></div><h1>Ferry runs</h1>"
            f"<div class=d>{ps(body[:2])}</div>"
            f"<section class=zz><h2>More</h2>{others}</section></main>",
            lang=lang,
        )
    )
    assert texts(item) == body[:2]


@pytest.mark.parametrize(
    ("lang", "body", "offer", "button"),
    [
        ("en", ENGLISH, "Read on for one crown a month, and cancel whenever you want to.", "Go on"),
        ("de", GERMAN, "Lesen Sie weiter für eine Krone im Monat, jederzeit kündbar.", "Weiter"),
        ("uk", UKRAINIAN, "Читайте далі за одну крону на місяць, без жодних умов.", "Далі"),
    ],
)
@pytest.mark.parametrize(
    "box",
    [
        "<div class=k7><h3>Plus</h3>{offers}<button>{button}</button></div>",
        "<div class=k7>{offers}<div><a class='btn btn-big' href=/plus>{button}</a></div></div>",
        "<section><form>{offers}<input type=email><input type=submit></form></section>",
    ],
)
def test_an_offer_below_the_beginning_of_an_article_is_not_its_text(
    lang: str, body: list[str], offer: str, button: str, box: str
) -> None:
    boxed = box.format(offers=f"<p>{offer}</p>" * 4, button=button)
    for inside in (
        f"<div class=t>{ps(body[:2])}{boxed}</div>",
        f"<div>{ps(body[:2])}</div>{boxed}",
    ):
        item = article(page(f"<article><h1>Ferry runs</h1>{inside}</article>", lang=lang))
        assert texts(item) == body[:2]


# ------------------------------------------------------- furniture that is written as prose


@pytest.mark.parametrize(
    ("lang", "author", "body", "note"),
    [
        ("en", "Ann Lee", ENGLISH, "Ann Lee writes about ships and has been seasick on all."),
        ("de", "Anna Lehner", GERMAN, "<em>Anna Lehner schreibt über Schiffe, vom Ufer.</em>"),
        ("fr", "Anne Lenoir", FRENCH, "<i>Notre chroniqueuse Anne Lenoir vit sur une péniche.</i>"),
        ("es", "Ana Leal", SPANISH, "<em>Escriba a cartas@faro.example, y sea breve.</em>"),
        ("pl", "Anna Lis", POLISH, "Listy do redakcji: listy@latarnia.example, do 200 słów."),
        ("uk", "Анна Лис", UKRAINIAN, "<small>Листи до редакції: <a href=/l>сюди</a></small>"),
        ("en", "Ann Lee", ENGLISH, "Letters to the editor are welcome at letters@quay.example."),
    ],
)  # fmt: skip
def test_a_note_below_the_text_is_not_of_it(
    lang: str, author: str, body: list[str], note: str
) -> None:
    item = article(
        page(
            f"<article><h1>Ferry runs</h1>{ps(body)}<hr><p>{note}</p></article>",
            head=f'<meta name="author" content="{author}">',
            lang=lang,
        )
    )
    assert texts(item) == body


def test_a_biography_under_the_author_s_name_is_not_of_the_text() -> None:
    item = article(
        page(
            f"<article><h1>Ferry runs</h1>{ps(ENGLISH)}<div><h4>About Ann Lee</h4>"
            "<p>She has been lost in eleven harbours and recommends it to everybody.</p></div>",
            head='<meta name="author" content="Ann Lee">',
        )
    )
    assert texts(item) == ENGLISH


def test_a_slanted_last_paragraph_that_only_tells_the_story_stays() -> None:
    last = "<p><em>And the gulls, as ever, said nothing at all of it to anybody.</em></p>"
    item = article(page(f"<article><h1>Ferry runs</h1>{ps(ENGLISH)}{last}</article>"))
    assert len(item.blocks) == 4


@pytest.mark.parametrize(
    ("lang", "label", "body"),
    [
        ("en", "Read also", ENGLISH),
        ("de", "Lesen Sie auch", GERMAN),
        ("es", "Lea también", SPANISH),
        ("uk", "Читайте також", UKRAINIAN),
    ],
)
@pytest.mark.parametrize(
    "group",
    [
        "<p>{label}: <a href=/1>Dock gets a new gate, and a gull moves in</a></p>",
        "<p><strong>{label}:</strong></p><ul><li><a href=/1>Dock gets a gate</a></li>"
        "<li><a href=/2>The gull has left the gate again</a></li></ul>",
        "<h3>{label}</h3><ul><li><a href=/1>Dock gets a gate</a></li></ul>",
        "<div><h4>{label}</h4><div><a href=/1>Dock gets a gate</a></div></div>",
    ],
)
def test_what_else_one_should_read_is_left_out(
    lang: str, label: str, body: list[str], group: str
) -> None:
    shown = group.format(label=label)
    item = article(
        page(
            f"<article><h1>Ferry runs</h1>{ps(body[:2])}{shown}{ps(body[2:])}</article>", lang=lang
        )
    )
    assert texts(item) == body
    item = article(page(f"<article><h1>Ferry runs</h1>{ps(body)}{shown}</article>", lang=lang))
    assert texts(item) == body


@pytest.mark.parametrize(
    ("lang", "named", "body", "comment"),
    [
        ("es", "class=comentarios", SPANISH, "Yo lo vi salir, y no sonaba como dicen aquí."),
        ("de", "id=kommentare", GERMAN, "Ich habe sie auslaufen sehen und nichts klang besser."),
        ("en", "itemprop=comment itemscope itemtype=https://schema.org/Comment", ENGLISH,
         "I saw it leave, and it did not sound half as good as they say it does."),
        ("fr", "class=liste-commentaires id=comments", FRENCH,
         "Je l’ai vu partir, et il ne faisait pas un si beau bruit qu’on le dit ici."),
    ],
)  # fmt: skip
def test_what_readers_say_is_not_the_text(
    lang: str, named: str, body: list[str], comment: str
) -> None:
    said = f"<div {named}>" + f"<div><b>gull</b><p>{comment} </p></div>" * 6 + "</div>"
    for shown in (
        f"<article><h1>Ferry runs</h1><div>{ps(body)}</div>{said}</article>",
        f"<div class=c><h1>Ferry runs</h1><div id=t>{ps(body)}</div></div>{said}",
    ):
        assert texts(article(page(shown, lang=lang))) == body


@pytest.mark.parametrize(
    "story",
    [
        "<article><h1>{title}</h1>{text}</article>",
        "<div class=story><h1>{title}</h1><div class=b>{text}</div></div>",
        "<section><header><h1>{title}</h1></header><div>{text}</div></section>",
    ],
)
def test_the_next_article_below_is_not_taken_for_this_one(story: str) -> None:
    first = story.format(title="Ferry runs", text=ps(ENGLISH))
    second = story.format(title="Fähre läuft", text=ps(GERMAN * 5))
    item = article(page(f"<main>{first}{second}</main>", head="<title>Ferry runs | Q</title>"))
    assert (item.title, texts(item)) == ("Ferry runs", ENGLISH)


def test_a_text_in_several_parts_is_read_whole() -> None:
    parts = "<div class=ad></div>".join(
        f"<div class=part><p>{t}</p><p>{t}!</p></div>" for t in POLISH
    )
    item = article(page(f"<main><h1>Prom</h1><div>{parts}</div></main>", lang="pl"))
    assert [text for text in texts(item) if not text.endswith("!")] == POLISH


BUDGET = {
    "buttons": "<div>" + "<div><p>a</p><button>b</button></div>" * 30_000 + ps(ENGLISH),
    "pictures": "<div>" + "<p><img src=a.jpg><br><em>b</em>" * 30_000 + ps(ENGLISH),
    "parts": "".join(f"<div class=a><p>{ENGLISH[0]}</p></div>" for _ in range(20_000)),
    "headlines": f"<div><h1>x</h1>{ps(ENGLISH)}</div>" * 10_000,
    "line breaks": "<h1>Ferry</h1><div>" + "a.<br>" * 200_000 + "</div>" + ps(ENGLISH),
    "commas": '<script type="application/ld+json">[' + ", " * 500_000 + "]</script>" + ps(ENGLISH),
    "quotes": '<script type="application/ld+json">{"' + '\\"' * 500_000 + "</script>" + ps(ENGLISH),
    "a long caption": f"<figure><img src=a.jpg><figcaption>{'(a © ' * 200_000}</figure>"
    + ps(ENGLISH),
    "deep": ("<div>" * 150 + "<button>b</button>" + "</div>" * 150) * 200 + ps(ENGLISH),
}


@pytest.mark.parametrize("name", BUDGET)
def test_a_page_laid_out_to_hurt_costs_little(name: str) -> None:
    start = time.process_time()
    article("<!doctype html>" + BUDGET[name])
    assert time.process_time() - start < PATIENCE_S
