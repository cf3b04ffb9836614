"""Saved pages in many layouts and languages; every place and person is made up."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.errors import ParseError
from digest.model import Block, BlockKind, Kind
from digest.reading.pagetext import read_page_text
from digest.reading.pagetext_names import split_names
from saved_pages import check

BODY = """The harbour office of Port Selby closed the north quay on Friday after an accident.

Nobody was hurt, but two fishing boats lost their moorings and drifted towards the lighthouse.

"We heard it before we saw it," said the harbour master, Lena Ostrow, who was on the night shift.

The quay will stay closed until engineers have looked at the other four cranes, which are as old."""

TITLE = "Port Selby closes its north quay after crane drops container"

FIRST = "The harbour office of Port Selby closed the north quay on Friday"


CARD = """Why old cranes lean
Rust is patient, and the winter storms are not…
The Selby PostMiro Kant"""

TICKER = """4:11 PM

Second crane found to be cracked.

Inspectors marked it with red paint and went home.
10:10 AM

Ferry to Low Island runs again.

The first boat left with nine passengers and a goat."""

BRIEFS = [
    ("Second crane found to be cracked.", "2024-05-04 16:11"),
    ("Ferry to Low Island runs again.", "2024-05-04 10:10"),
]


def test_the_whole_shape() -> None:
    check(
        f""" date 2024-05-04 Skip to content
{TITLE}

by Ana Brandt and The Selby Post news desk May 4, 2024 11:09 PM 2 min read
The fallen container on the north quay, on May 3, 2024. (Ivo Lind/Archive (Selby)/Coast Pictures)
{BODY}

Opinion: {CARD}
Authors: Ana Brandt, The Selby Post news desk
{TICKER}
""",
        title=TITLE,
        authors=["Ana Brandt", "The Selby Post news desk"],
        published="2024-05-04 23:09",
        day_only=False,
        reading=2,
        caption="The fallen container on the north quay, on May 3, 2024.",
        credit="Ivo Lind/Archive (Selby)/Coast Pictures",
        blocks=4,
        first=FIRST,
        cards=[("opinion", "Why old cranes lean", "Miro Kant", "The Selby Post")],
        briefs=BRIEFS,
        site="The Selby Post",
        problems=0,
    )


def test_furniture_of_every_kind_stands_above_the_headline() -> None:
    for top in (
        " date 2024-05-04 Keep local reporting alive, from 3 crowns a month\nHarbour, Cranes\n",
        "News Feed\n\nHarbour\n",
        "Avatar\nEdit post\n",
        " date 2024-05-04 Economy\n",
        "Skip to main content\nSubscribe to our morning letter\n\n",
        " date 2024-05-04 ",
    ):
        check(
            f"{top}{TITLE}\n\nby Ana Brandt May 4, 2024 11:09 PM\n\n{BODY}\n",
            title=TITLE,
            authors=["Ana Brandt"],
            published="2024-05-04 23:09",
            blocks=4,
        )


def test_tags_and_a_standfirst_between_headline_and_byline() -> None:
    check(
        f"""{TITLE}
Two boats drifted in the night, and the town wants to know why nobody looked at the cranes.
Harbour, Cranes, Selby
by Ana Brandt May 4, 2024 11:09 PM

{BODY}""",
        title=TITLE,
        standfirst="Two boats drifted in the night, and the town wants to know why nobody looked "
        "at the cranes.",
        authors=["Ana Brandt"],
        blocks=4,
    )


@pytest.mark.parametrize(
    ("byline", "expected"),
    [
        ("by Ana Brandt May 4, 2024", (["Ana Brandt"], "2024-05-04 00:00", True, None)),
        ("May 4, 2024 11:09 PM", ([], "2024-05-04 23:09", False, None)),
        (
            "Ana Brandt, Ivo Lind | 4 May 2024, 23:09",
            (["Ana Brandt", "Ivo Lind"], "2024-05-04 23:09", False, None),
        ),
        (
            "Ana Brandt\nMay 4, 2024\n11:09 PM\n3 min read",
            (["Ana Brandt"], "2024-05-04 23:09", False, 3),
        ),
        (
            "By Ana Brandt\n\nPublished: 4 May 2024 23:09\n\n3 minutes read",
            (["Ana Brandt"], "2024-05-04 23:09", False, 3),
        ),
        (
            "by\nAna Brandt\n,\nIvo Lind\nand\nMia Roe\nMay 4, 2024",
            (["Ana Brandt", "Ivo Lind", "Mia Roe"], "2024-05-04 00:00", True, None),
        ),
        ("Written by Ana Brandt", (["Ana Brandt"], None, False, None)),
        (
            "Author: Ana Brandt\nMay 4, 2024 11:09 PM",
            (["Ana Brandt"], "2024-05-04 23:09", False, None),
        ),
        (
            "May 4, 2024 11:09 PM\nAuthor: Ana Brandt",
            (["Ana Brandt"], "2024-05-04 23:09", False, None),
        ),
        (
            "Ana Brandt — Saturday, 4 May 2024, 23:09",
            (["Ana Brandt"], "2024-05-04 23:09", False, None),
        ),
        ("Harbour | Ana Brandt | 04.05.2024", (["Ana Brandt"], "2024-05-04 00:00", True, None)),
        ("Ana Brandt\n4 May 2024", (["Ana Brandt"], "2024-05-04 00:00", True, None)),
        (
            "10:46 GMT 04.05.2024 (Updated: 11:02 GMT 05.05.2024)",
            ([], "2024-05-04 10:46", False, None),
        ),
        ("Last Updated : May 04 2024 | 2:34 PM UTC", ([], "2024-05-04 14:34", False, None)),
        (
            "2 min read · Ana Brandt · 2024-05-04 23:09",
            (["Ana Brandt"], "2024-05-04 23:09", False, 2),
        ),
        ("Posted on May 4, 2024 by Ana Brandt", (["Ana Brandt"], "2024-05-04 00:00", True, None)),
        (
            "Ana Brandt and Science and Health desk May 4, 2024",
            (["Ana Brandt", "Science and Health desk"], "2024-05-04 00:00", True, None),
        ),
        (
            "by Ana van der Meer, J. R. Oduya and Harbour staff May 4, 2024",
            (["Ana van der Meer", "J. R. Oduya", "Harbour staff"], "2024-05-04 00:00", True, None),
        ),
    ],
)
def test_a_byline_in_many_forms(byline: str, expected: tuple[Any, ...]) -> None:
    authors, published, day_only, reading = expected
    check(
        f"{TITLE}\n\n{byline}\n\n{BODY}\n",
        title=TITLE,
        authors=authors,
        published=published,
        day_only=day_only,
        reading=reading,
        blocks=4,
        first=FIRST,
    )


def test_a_byline_repeated_below_the_caption_is_no_paragraph() -> None:
    check(
        f"""{TITLE}

by Ana Brandt May 4, 2024 2 min read
The north quay seen from the lighthouse
by Ana Brandt May 4, 2024 11:09 PM 2 min read

{BODY}""",
        caption="The north quay seen from the lighthouse",
        published="2024-05-04 23:09",
        blocks=4,
        first=FIRST,
    )


def test_the_author_line_overrules_the_byline() -> None:
    check(
        f"{TITLE}\n\nby Selby desk May 4, 2024\n\n{BODY}\nAuthors: Ana Brandt, Ivo Lind\n",
        authors=["Ana Brandt", "Ivo Lind"],
        blocks=4,
    )


def test_without_a_byline_the_author_line_and_the_corpus_day_remain() -> None:
    check(
        f" date 2024-05-04 Skip to content\n{TITLE}\n\n{BODY}\nAuthor(s): Ana Brandt\n{TICKER}\n",
        title=TITLE,
        authors=["Ana Brandt"],
        published="2024-05-04 00:00",
        day_only=True,
        blocks=4,
        briefs=BRIEFS,
    )


def test_the_author_only_stands_in_the_bio() -> None:
    check(
        f"{TITLE}\n\nMay 4, 2024\n\n{BODY}\n\nAna Brandt\nAna Brandt has reported from the coast "
        "since 2009 and keeps bees on the roof of the newsroom.\n",
        authors=["Ana Brandt"],
        blocks=4,
        last=" are as old.",
    )


def test_an_occupation_may_stand_between_the_name_and_the_bio() -> None:
    check(
        f"{TITLE}\n\nMay 4, 2024\n\n{BODY}\n\nAna Brandt\nReporter"
        f"\nAna Brandt likes boats, and has "
        "worked at the paper for nine years.\nShow more\n",
        authors=["Ana Brandt"],
        blocks=4,
    )


def test_a_first_paragraph_right_under_the_byline_is_no_caption() -> None:
    body = BODY.replace("after an accident", "after a crane dropped a container")
    check(f"{TITLE}\n\nby Ana Brandt May 4, 2024\n{body}", caption=None, blocks=4)


def test_a_caption_without_a_bracket_stands_right_under_the_byline() -> None:
    check(
        f"{TITLE}\n\nby Ana Brandt May 4, 2024\nThe quay at dawn, with four cranes.\n\n{BODY}",
        caption="The quay at dawn, with four cranes.",
        credit=None,
        blocks=4,
    )


def test_no_picture_no_caption() -> None:
    check(f"{TITLE}\n\nby Ana Brandt May 4, 2024\n\n{BODY}", caption=None, credit=None, blocks=4)


def test_a_paragraph_that_ends_in_a_bracket_is_no_caption() -> None:
    text = BODY.replace("as old.", "as old (and as rusty).")
    check(f"{TITLE}\n\nby Ana Brandt May 4, 2024\n\n{text}", caption=None, blocks=4)


def test_cards_of_every_prefix_and_teaser() -> None:
    check(
        f"""{TITLE}

by Ana Brandt May 4, 2024

{BODY}

Explainer: What a crane weighs
* The arm alone is eleven tonnes
* The cabin is heated
Coast TimesHarbour and Trade desk
Ten quays to see before they close
Some are older than the town, others only look it.
Bring shoes that may get wet
Coast TimesMia Roe
A crane is a bird
Coast TimesJo McDuff
Authors: Ana Brandt
""",
        cards=[
            ("related", "Explainer: What a crane weighs", "Harbour and Trade desk", "Coast Times"),
            ("related", "Ten quays to see before they close", "Mia Roe", "Coast Times"),
            ("related", "A crane is a bird", "Jo McDuff", "Coast Times"),
        ],
        blocks=4,
        site="Coast Times",
    )


def test_a_card_in_the_middle_of_the_body() -> None:
    first, rest = BODY.split("\n\n", 1)
    check(
        f"{TITLE}\n\nby Ana Brandt May 4, 2024 11:09 PM\n\n{first}\n\n{CARD}\n{rest}\n\n"
        f"Authors: Ana Brandt\n{TICKER}",
        blocks=4,
        cards=[("related", "Why old cranes lean", "Miro Kant", "The Selby Post")],
        briefs=BRIEFS,
    )


def test_a_card_glued_to_the_body_begins_at_its_headline() -> None:
    check(
        f"{TITLE}\n\nby Ana Brandt May 4, 2024\n\n{BODY}\n{CARD}\nAuthors: Ana Brandt",
        blocks=4,
        cards=[("related", "Why old cranes lean", "Miro Kant", "The Selby Post")],
    )


def test_names_with_a_seam_of_their_own_are_no_glue() -> None:
    check(
        f"{TITLE}\n\nby Ana Brandt May 4, 2024\n\n{BODY}\n\nRon DeVries\n\nYouTube Music\n",
        cards=[],
        blocks=4,
        site=None,
    )


def test_briefs_before_the_article() -> None:
    check(
        f" date 2024-05-04 Skip to content\n{TICKER}\n\n{TITLE}\n\n"
        f"by Ana Brandt May 4, 2024 11:09 PM\n\n{BODY}\nAuthors: Ana Brandt\n",
        title=TITLE,
        blocks=4,
        briefs=BRIEFS,
    )


def test_briefs_run_backwards_over_midnight() -> None:
    check(
        f"""{TITLE}

by Ana Brandt May 4, 2024 1:20 AM

{BODY}
Authors: Ana Brandt
11:40 PM

Lights out in the old town.

A cable was cut by a digger, the works said.
9:15 PM

Choir wins a cup.

It was the only choir.
10:05 PM

Bakery burns down.

The baker was asleep elsewhere.
""",
        briefs=[
            ("Lights out in the old town.", "2024-05-03 23:40"),
            ("Choir wins a cup.", "2024-05-03 21:15"),
            ("Bakery burns down.", "2024-05-02 22:05"),
        ],
    )


def test_briefs_that_lack_a_headline_or_a_time() -> None:
    check(
        f"""{TITLE}

by Ana Brandt May 4, 2024 11:09 PM

{BODY}
Authors: Ana Brandt
4:11 PM

The second crane was marked with red paint and comes down on Monday.
2:00 PM

Mayor visits the quay.

She brought a cake and left with a list.
Lighthouse lamp replaced.

The old one goes to the museum, which already has three.
10:10 AM

Ferry runs again.

The first boat left with nine passengers.
Show More
""",
        briefs=[
            ("", "2024-05-04 16:11"),
            ("Mayor visits the quay.", "2024-05-04 14:00"),
            ("Lighthouse lamp replaced.", None),
            ("Ferry runs again.", "2024-05-04 10:10"),
        ],
        texts=[
            ["The second crane was marked with red paint and comes down on Monday."],
            ["She brought a cake and left with a list."],
            ["The old one goes to the museum, which already has three."],
            ["The first boat left with nine passengers."],
        ],
    )


@pytest.mark.parametrize("end", ["", "Authors: Ana Brandt\n", f"{CARD}\n"])
def test_a_timeline_in_the_body_is_no_ticker(end: str) -> None:
    timeline = """9:15 PM

The crane begins to lean and the night shift calls the office.

9:40 PM

The container falls on the quay, and two ropes are cut by it.

10:30 PM

Both boats are towed back by the pilot, who had been at a wedding."""
    check(
        f"{TITLE}\n\nby Ana Brandt May 4, 2024\n\n{BODY}\n\n{timeline}\n\n"
        f"The inquiry opens on Monday in the town hall, the mayor said.\n\n{end}",
        briefs=[],
        last=" mayor said.",
    )


def test_a_timeline_above_a_ticker_stays_body() -> None:
    timeline = "9:15 PM\n\nThe crane begins to lean and the night shift calls the office.\n\n" * 1
    check(
        f"{TITLE}\n\nby Ana Brandt May 4, 2024 11:09 PM\n\n{timeline}{BODY}\n"
        f"Authors: Ana Brandt\n{TICKER}",
        briefs=BRIEFS,
    )


@pytest.mark.parametrize(
    "lines",
    [
        "19:30 Uhr | Kran wird abgebaut\n18:05 Uhr | Fähre fährt wieder\n22:40 Uhr | Strom ist weg",
        "+++ 19:30 Kran wird abgebaut +++\n+++ 18:05 Fähre fährt wieder +++\n"
        "+++ 22:40 Strom ist weg +++",
        "19:30 - 04.05.2024 Kran wird abgebaut\n18:05 - 04.05.2024 Fähre fährt wieder\n"
        "22:40 - 03.05.2024 Strom ist weg",
        "19.30 Uhr: Kran wird abgebaut\n18.05 Uhr: Fähre fährt wieder\n22.40 Uhr: Strom ist weg",
        "19:30 Kran wird abgebaut\n18:05 Fähre fährt wieder\n22:40 Strom ist weg",
        "04.05.2024 19:30 – Kran wird abgebaut\n04.05.2024 18:05 – Fähre fährt wieder\n"
        "03.05.2024 22:40 – Strom ist weg",
    ],
)
def test_briefs_of_one_line_in_german(lines: str) -> None:
    check(
        f"""Hafen sperrt Nordkai, nachdem ein Container vom Kran gefallen ist

Von Anke Brandt und Jost Lindner 4. Mai 2024, 20:15 Uhr Lesezeit: 3 Min.
Der Nordkai am Freitag (Foto: Ilse Roth/Selbyer Bote)
Das Hafenamt hat den Nordkai am Freitag gesperrt, weil ein Container vom Kran gefallen ist.

Verletzt wurde niemand, doch zwei Kutter rissen sich los und trieben auf den Leuchtturm zu.

Der Kai bleibt gesperrt, bis die vier anderen Kräne geprüft sind.
Autoren: Anke Brandt, Jost Lindner
{lines}
""",
        language="de",
        title="Hafen sperrt Nordkai, nachdem ein Container vom Kran gefallen ist",
        authors=["Anke Brandt", "Jost Lindner"],
        published="2024-05-04 20:15",
        reading=3,
        credit="Foto: Ilse Roth/Selbyer Bote",
        blocks=3,
        briefs=[
            ("Kran wird abgebaut", "2024-05-04 19:30"),
            ("Fähre fährt wieder", "2024-05-04 18:05"),
            ("Strom ist weg", "2024-05-03 22:40"),
        ],
    )


def test_a_ukrainian_page_in_its_own_zone() -> None:
    check(
        """ date 2024-05-04 Перейти до вмісту
Порт закрив північний причал після падіння контейнера

Олена Гай та Іван Верес 4 травня 2024, 23:09 2 хв читання
Північний причал у п’ятницю (Ірина Лоза/Берегова правда)
Управління порту закрило північний причал у п’ятницю, бо з крана впав контейнер.

Ніхто не постраждав, але два човни зірвало з якорів і понесло до маяка.

Причал не працюватиме, доки інженери не перевірять решту кранів порту.

Думка: Чому старі крани хиляться
Іржа терпляча, а зимові шторми ні…
Берегова правдаСтепан Кант
Автори: Олена Гай, Іван Верес
16:11

Знайдено тріщину у другому крані.

Інспектори позначили його червоною фарбою і пішли додому.
""",
        language="uk",
        timezone="Europe/Kyiv",
        title="Порт закрив північний причал після падіння контейнера",
        authors=["Олена Гай", "Іван Верес"],
        published="2024-05-04 20:09",
        reading=2,
        blocks=3,
        cards=[("opinion", "Чому старі крани хиляться", "Степан Кант", "Берегова правда")],
        briefs=[("Знайдено тріщину у другому крані.", "2024-05-04 13:11")],
        site="Берегова правда",
    )


def test_a_french_page() -> None:
    check(
        """Accueil
Le port ferme son quai nord après la chute d’un conteneur

Par Aline Brandt et Yves Lindon
Publié le 4 mai 2024 à 23h09, mis à jour le 5 mai 2024 à 08h30
Temps de lecture : 3 min
Le quai nord, vendredi. (Inès Roche/Le Courrier du Phare)
Le bureau du port a fermé le quai nord vendredi, après la chute d’un conteneur.

Personne n’a été blessé, mais deux bateaux ont dérivé vers le phare pendant la nuit.

« On l’a entendu avant de le voir », a dit la capitaine du port.
Auteurs : Aline Brandt, Yves Lindon
16 h 11

Une deuxième grue est fissurée.

Les inspecteurs l’ont marquée de peinture rouge avant de rentrer chez eux.
10 h 10

Le bac circule de nouveau.

Le premier est parti avec neuf passagers et une chèvre.
""",
        language="fr",
        title="Le port ferme son quai nord après la chute d’un conteneur",
        authors=["Aline Brandt", "Yves Lindon"],
        published="2024-05-04 23:09",
        updated="2024-05-05 08:30",
        reading=3,
        caption="Le quai nord, vendredi.",
        blocks=3,
        briefs=[
            ("Une deuxième grue est fissurée.", "2024-05-04 16:11"),
            ("Le bac circule de nouveau.", "2024-05-04 10:10"),
        ],
    )


def test_a_spanish_page() -> None:
    check(
        """El puerto cierra su muelle norte tras la caída de un contenedor

Por Ana Brando y Luis Ortega 4 de mayo de 2024, 23:09 h
El muelle norte, el viernes. (Inés Roca / Diario del Faro)
La oficina del puerto cerró el muelle norte el viernes, tras la caída de un contenedor.

No hubo heridos, pero dos barcos perdieron las amarras y derivaron hacia el faro.

El muelle seguirá cerrado hasta que se revisen las otras grúas del puerto.
Autores: Ana Brando, Luis Ortega
""",
        language="es",
        authors=["Ana Brando", "Luis Ortega"],
        published="2024-05-04 23:09",
        credit="Inés Roca / Diario del Faro",
        blocks=3,
    )


def test_an_arabic_page() -> None:
    check(
        """الميناء يغلق الرصيف الشمالي بعد سقوط حاوية من رافعة

بقلم ليلى حداد وسامي نصار 4 مايو 2024 11:09 مساء
الرصيف الشمالي صباح الجمعة (دانا خوري/صحيفة المنارة)
أغلق مكتب الميناء الرصيف الشمالي يوم الجمعة بعد أن سقطت حاوية من رافعة قديمة.

لم يصب أحد بأذى، لكن قاربين انجرفا نحو المنارة خلال الليل، كما قال المكتب.

سيبقى الرصيف مغلقا حتى يفحص المهندسون الرافعات الأربع الأخرى في الميناء.
الكاتب: ليلى حداد، سامي نصار
4:11 م

العثور على شق في رافعة ثانية

وضع المفتشون عليها علامة حمراء ثم عادوا إلى بيوتهم قبل المغرب بقليل.
""",
        language="ar",
        title="الميناء يغلق الرصيف الشمالي بعد سقوط حاوية من رافعة",
        authors=["ليلى حداد", "سامي نصار"],
        published="2024-05-04 23:09",
        credit="دانا خوري/صحيفة المنارة",
        blocks=3,
        briefs=[("العثور على شق في رافعة ثانية", "2024-05-04 16:11")],
    )


def test_a_japanese_page() -> None:
    check(
        """港、コンテナ落下で北埠頭を閉鎖

2024年5月4日 23時09分
金曜日の北埠頭（灯台新聞）
港湾事務所は金曜日、古いクレーンからコンテナが落下したため北埠頭を閉鎖した。

けが人はいなかったが、漁船二隻が係留を失い、夜のうちに灯台の方へ流された。

技術者がほかの四基のクレーンを調べ終えるまで、埠頭は閉鎖される見通しだ。
""",
        language="ja",
        title="港、コンテナ落下で北埠頭を閉鎖",
        published="2024-05-04 23:09",
        credit="灯台新聞",
        blocks=3,
    )


def test_a_masthead_date_above_the_headline_is_not_the_byline() -> None:
    check(
        f"Saturday, May 4, 2024\nSelby Post\n{TITLE}\n"
        f"\nby Ana Brandt May 3, 2024 9:00 PM\n\n{BODY}",
        title=TITLE,
        published="2024-05-03 21:00",
        blocks=4,
    )


def test_a_date_above_the_headline_and_a_by_below_it() -> None:
    check(
        f"May 4, 2024 11:09 PM\n{TITLE}\nby Ana Brandt\n\n{BODY}",
        title=TITLE,
        authors=["Ana Brandt"],
        published="2024-05-04 23:09",
        blocks=4,
    )


def test_a_byline_at_the_foot() -> None:
    check(
        f"{TITLE}\n\n{BODY}\n\nAna Brandt, May 4, 2024 11:09 PM\n",
        title=TITLE,
        authors=["Ana Brandt"],
        published="2024-05-04 23:09",
        blocks=4,
        first=FIRST,
    )


def test_a_ticker_alone_is_a_page_of_briefs() -> None:
    check(f" date 2024-05-04 News Feed\n{TICKER}", title=None, briefs=BRIEFS, problems=0)


def test_briefs_without_any_day_have_no_time_and_a_problem_says_so() -> None:
    page = read_page_text(TICKER)
    assert [item.published_at for item in page.items] == [None, None]
    assert "names no day" in page.problems[0]


def test_a_day_without_a_year_is_of_the_year_the_page_was_filed_in() -> None:
    check(
        f" date 2024-05-04 {TITLE}\n\nAna Brandt — 4 May, 23:09\n\n{BODY}",
        title=TITLE,
        authors=["Ana Brandt"],
        published="2024-05-04 23:09",
    )


def test_the_corpus_date_may_stand_before_a_clock() -> None:
    check(
        f" date 2024-05-04 {TICKER}\n\n{TITLE}\n\nby Ana Brandt May 4, 2024 11:09 PM\n\n{BODY}",
        title=TITLE,
        briefs=BRIEFS,
        blocks=4,
    )


def test_the_byline_may_stand_above_the_headline() -> None:
    check(
        f" date 2024-05-04 by Ana Brandt May 4, 2024 11:09 PM\n{TITLE}\n\n{BODY}",
        title=TITLE,
        authors=["Ana Brandt"],
        blocks=4,
        caption=None,
    )


def test_paragraphs_without_blank_lines_between_them() -> None:
    body = BODY.replace("\n\n", "\n")
    top = f"{TITLE}\nby Ana Brandt May 4, 2024\nThe north quay (Ivo Lind)\n"
    page = f"{top}{body}\nAuthors: Ana Brandt"
    check(page, title=TITLE, caption="The north quay", credit="Ivo Lind", blocks=4)
    check(page.replace("The north quay (Ivo Lind)\n", ""), caption=None, blocks=4)


@pytest.mark.parametrize("gap", ["\n", "\n\n"])
def test_a_ticker_without_any_divider(gap: str) -> None:
    check(
        f"{TITLE}\n\nby Ana Brandt May 4, 2024 11:09 PM\n\n{BODY}{gap}{TICKER}",
        blocks=4,
        briefs=BRIEFS,
    )


def test_a_ticker_of_one_brief() -> None:
    one = TICKER.split("\n10:10")[0]
    check(
        f"{TITLE}\n\nby Ana Brandt May 4, 2024 11:09 PM\n\n{BODY}\n{one}",
        blocks=4,
        briefs=BRIEFS[:1],
    )
    check(
        f"{TITLE}\n\nby Ana Brandt May 4, 2024 11:09 PM\n\n{BODY}\nLatest news\n{one}",
        blocks=4,
        briefs=BRIEFS[:1],
    )


def test_one_clock_in_an_embedded_post_is_no_brief() -> None:
    first, rest = BODY.split("\n\n", 1)
    check(
        f"{TITLE}\n\nby Ana Brandt May 4, 2024\n\n{first}\n\nSelby @selbyport\n\n9:41 AM\n\n"
        f"{rest}\n\nAuthors: Ana Brandt\n{TICKER}",
        briefs=BRIEFS,
        cards=[],
    )


def test_a_card_whose_lines_stand_apart_and_a_card_between_briefs() -> None:
    apart = CARD.replace("\n", "\n\n")
    first, second = TICKER.split("\n10:10")
    check(
        f"{TITLE}\n\nby Ana Brandt May 4, 2024 11:09 PM\n\n{BODY}\n\n{apart}\n\n"
        f"Authors: Ana Brandt\n{first}\nTwo towns, one goat"
        f"\nNobody knows who owns it, least of all the goat…\n"
        f"The Selby PostAna Brandt\n10:10{second}",
        blocks=4,
        briefs=BRIEFS,
        cards=[
            ("related", "Why old cranes lean", "Miro Kant", "The Selby Post"),
            ("related", "Two towns, one goat", "Ana Brandt", "The Selby Post"),
        ],
    )


def test_a_site_whose_name_ends_in_capitals() -> None:
    check(
        f"{TITLE}\n\nby Ana Brandt May 4, 2024\nThe quay. (Ivo Lind/Radio SPB)\n{BODY}\n\n"
        "Why old cranes lean\nRust is patient…\nRadio SPBMiro Kant\n",
        cards=[("related", "Why old cranes lean", "Miro Kant", "Radio SPB")],
        site="Radio SPB",
    )


def test_a_site_in_a_script_without_capitals_is_known_from_the_credit() -> None:
    check(
        """الميناء يغلق الرصيف الشمالي بعد سقوط حاوية من رافعة

4 مايو 2024
الرصيف الشمالي صباح الجمعة (دانا خوري/صحيفة المنارة)
أغلق مكتب الميناء الرصيف الشمالي يوم الجمعة بعد أن سقطت حاوية من رافعة قديمة.

سيبقى الرصيف مغلقا حتى يفحص المهندسون الرافعات الأربع الأخرى في الميناء.

لماذا تميل الرافعات القديمة
الصدأ صبور والعواصف ليست كذلك…
صحيفة المنارةسامي نصار
""",
        language="ar",
        cards=[("related", "لماذا تميل الرافعات القديمة", "سامي نصار", "صحيفة المنارة")],
        site="صحيفة المنارة",
        blocks=2,
    )


def test_ticker_lines_with_text_below_them() -> None:
    check(
        f"""{TITLE}

by Ana Brandt May 4, 2024 11:09 PM

{BODY}

+++ 22:12 Zweiter Kran gesperrt +++
Die Prüfer fanden am Abend einen Riss im Ausleger.
+++ 21:40 Fähre fährt wieder +++
Das erste Boot legte mit neun Leuten ab.

Mehr laden
""",
        blocks=4,
        briefs=[
            ("Zweiter Kran gesperrt", "2024-05-04 22:12"),
            ("Fähre fährt wieder", "2024-05-04 21:40"),
        ],
        texts=[
            ["Die Prüfer fanden am Abend einen Riss im Ausleger."],
            ["Das erste Boot legte mit neun Leuten ab."],
        ],
    )


def test_a_page_that_is_far_too_long_says_so() -> None:
    page = read_page_text(f"{TITLE}\n\nby Ana Brandt May 4, 2024\n\n{BODY}\n" + "Goat\n" * 120_000)
    assert "save it in pieces" in page.problems[0]
    assert len(page.items[0].blocks) == 4


def test_hard_wrapped_text_is_joined() -> None:
    wrapped = """The harbour office of Port Selby closed the north quay on Friday
after a crane dropped a container.

Nobody was hurt, but two fishing boats lost their moorings and
drifted towards the lighthouse, where the keeper was asleep.

The quay will stay closed until engineers have looked at the
other four cranes, which are as old, and which were painted last
summer so that nobody could see the rust, the harbour master
said on the quay."""
    check(
        f"{TITLE}\n\nby Ana Brandt May 4, 2024\n\n{wrapped}\n",
        title=TITLE,
        blocks=3,
        last="on the quay.",
    )


def test_blocks_keep_their_kinds() -> None:
    page = read_page_text(f"""{TITLE}

by Ana Brandt May 4, 2024

{BODY}

What happens next

* The cranes are weighed on Monday.
* The quay opens in June

> A crane is only as good as its bolts.

“Nobody ever thanks a bolt”

— Lena Ostrow

Share
It was over by ten.

Read also: Ten quays to see before they close

Show More
""")
    assert page.items[0].blocks[4:] == (
        Block(kind=BlockKind.SUBHEAD, text="What happens next"),
        Block(kind=BlockKind.LIST_ITEM, text="The cranes are weighed on Monday."),
        Block(kind=BlockKind.LIST_ITEM, text="The quay opens in June"),
        Block(kind=BlockKind.QUOTATION, text="A crane is only as good as its bolts."),
        Block(kind=BlockKind.QUOTATION, text="“Nobody ever thanks a bolt” — Lena Ostrow"),
        Block(text="It was over by ten."),
    )


def test_line_ends_of_every_system_read_alike() -> None:
    text = f"{TITLE}\n\nby Ana Brandt May 4, 2024\n\n{BODY}\n"
    assert read_page_text(text.replace("\n", "\r\n")) == read_page_text(text)
    assert read_page_text(text.replace("\n", "\r")) == read_page_text(text)


@pytest.mark.parametrize(
    ("text", "language", "names"),
    [
        (
            "Ana Brandt, Ivo Lind and The Selby Post news desk",
            None,
            ["Ana Brandt", "Ivo Lind", "The Selby Post news desk"],
        ),
        ("Science and Health desk", None, ["Science and Health desk"]),
        ("Science, Health and Climate desk", None, ["Science, Health and Climate desk"]),
        ("Ana Brandt, Ivo Lind, and Mia Roe", None, ["Ana Brandt", "Ivo Lind", "Mia Roe"]),
        ("Ana Brandt & Ivo Lind", None, ["Ana Brandt", "Ivo Lind"]),
        ("Anke Brandt und Jost Lindner", "de", ["Anke Brandt", "Jost Lindner"]),
        ("Olga Brand i Jan Lis", "pl", ["Olga Brand", "Jan Lis"]),
        ("Santi Puig i Cadafalch", "de", ["Santi Puig i Cadafalch"]),
        ("Олена Гай та Іван Верес", "uk", ["Олена Гай", "Іван Верес"]),
        ("Ana Brandt, political reporter", None, ["Ana Brandt"]),
        ("Ana Brandt (Port Selby)", None, ["Ana Brandt"]),
        ("Science and Health desk and Ana Brandt", None, ["Science and Health desk", "Ana Brandt"]),
        (
            "Coast Wire and The Selby Post news desk",
            None,
            ["Coast Wire", "The Selby Post news desk"],
        ),
        ("Ana Brandt, Ana Brandt", None, ["Ana Brandt"]),
    ],
)
def test_authors_are_told_apart(text: str, language: str | None, names: list[str]) -> None:
    assert list(split_names(text, language)) == names


@pytest.mark.parametrize(
    "text", ["", "   \n \n", "hello", "4:11 PM", "a b c\nd e f", "((((((", "2024-05-04"]
)
def test_what_is_no_page_is_refused_with_advice(text: str) -> None:
    with pytest.raises(ParseError, match="save the whole page"):
        read_page_text(text)


PIECES = st.sampled_from(
    [
        " date 2024-05-04 Skip to content",
        TITLE,
        "by Ana Brandt May 4, 2024 11:09 PM",
        "",
        "",
        "4:11 PM",
        "+++ 22:12 Kran +++",
        "Authors: Ana Brandt",
        "Authors:",
        "The Selby PostMiro Kant",
        *BODY.split("\n\n"),
        "* item",
        "Share",
        "(",
        "A (b) (c)",
        "“quoted words stand here alone”",
        "19:21 - 13.12.2025 headline",
        "by",
        "and",
        "May 4, 2024",
        "— Ana",
        "> ",
        "Opinion: x",
    ]
)


@given(st.one_of(st.text(max_size=400), st.lists(PIECES, max_size=25).map("\n".join)))
def test_any_text_gives_a_page_or_a_parse_error(text: str) -> None:
    try:
        page = read_page_text(text, language="en", timezone="Europe/Kyiv")
    except ParseError:
        return
    assert page.items
    for item in page.items:
        assert item.title or item.blocks
        assert all(block.text and "\n" not in block.text for block in item.blocks)
    assert all(item.kind is Kind.BRIEF for item in page.items[1:])


@given(st.lists(st.integers(0, 24 * 60 - 1), min_size=2, max_size=12, unique=True))
def test_briefs_never_run_forward(minutes: list[int]) -> None:
    clocks = [f"{m // 60}:{m % 60:02}" for m in minutes]
    ticker = "\n".join(f"{clock}\n\nGoat seen at {clock} sharp.\n\nIt ate." for clock in clocks)
    page = read_page_text(
        f"{TITLE}\n\nby Ana Brandt May 4, 2024\n\n{BODY}\nAuthors: Ana Brandt\n{ticker}"
    )
    times = [item.published_at for item in page.items[1:]]
    assert len(times) == len(minutes)
    for above, below in pairwise(times):
        assert above is not None
        assert below is not None
        assert timedelta() < above - below < timedelta(days=1)
    assert times[0] is not None
    assert times[0].date() == datetime(2024, 5, 4, tzinfo=UTC).date()
