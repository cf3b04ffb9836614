"""Layouts that share no word list: bylines in columns, bare names, tables, pages without news."""

import pytest

from saved_pages import check, says_nothing

BODY_DE = """Der Rat von Lindau-Ost hat am Montag beschlossen, den alten Wasserturm zu verkaufen.

Zwei Angebote liegen vor, eines davon von einer Gruppe, die im Turm Pilze züchten möchte.

Über den Zuschlag wird im Herbst entschieden, wenn das Gutachten zum Fundament vorliegt."""
TITLE_DE = "Lindau-Ost verkauft seinen Wasserturm an den Meistbietenden"

BODY_FR = """La commune de Saint-Orval a perdu en une nuit la moitié de ses ruches municipales.

Les apiculteurs soupçonnent un frelon, mais aucun piège n'a rien pris depuis le mois de mai.

Le maire promet de nouvelles ruches avant la floraison des tilleuls, si le budget le permet."""
TITLE_FR = "À Saint-Orval, la moitié des ruches municipales sont mortes"

BODY_EN = """The parish of Wicken Fold has voted to give its one traffic light to a museum.

Nobody could remember when it had last turned red, the clerk told a meeting on Tuesday.

A roundabout of straw bales will be tried for a month, and burnt if nobody likes it."""
TITLE_EN = "Wicken Fold gives its only traffic light to a museum"

BODY_UK = """Громада Верболози вирішила пофарбувати водонапірну вежу в кольори місцевої команди.

Фарбу подарував власник крамниці, який двадцять років не пропускав жодного матчу команди.

Роботи почнуться у вівторок, якщо не буде дощу, повідомили в сільській раді громади."""
TITLE_UK = "Верболози фарбують водонапірну вежу на честь футболістів"

BODY_ES = """El ayuntamiento de Villaseca ha prohibido las campanas entre la medianoche y el alba.

Los vecinos se quejaban de un reloj que daba trece campanadas desde la última reparación.

El relojero asegura que la culpa es de las palomas y pide un andamio para demostrarlo."""
TITLE_ES = "Villaseca calla las campanas de su reloj de trece golpes"

BODY_PL = """Gmina Kaczy Dół kupiła używany parowóz, który ma ogrzewać szkołę przez całą zimę.

Kocioł sprawdzono w sobotę, a uczniowie dostali dzień wolny, żeby popatrzeć na próby.

Jeśli zima będzie łagodna, parowóz wróci wiosną na tory jako atrakcja dla turystów."""
TITLE_PL = "Parowóz ogrzeje szkołę w Kaczym Dole przez całą zimę"


@pytest.mark.parametrize(
    ("title", "line", "body", "language", "reading"),
    [
        (TITLE_DE, "4. März 2025, 17:05 Uhr | 3 Minuten Lesezeit", BODY_DE, "de", 3),
        (TITLE_DE, "04.03.2025 · 17.05 Uhr · Lesedauer: 4 Minuten", BODY_DE, "de", 4),
        (TITLE_DE, "Di., 04.03.2025 | 17:05 Uhr | ca. 2 Min. Lesezeit", BODY_DE, "de", 2),
        (TITLE_FR, "4 mars 2025 | 17 h 05 | Lecture 3 minutes", BODY_FR, "fr", 3),
        (TITLE_FR, "4 mars 2025 · 17h05 · 2 mn", BODY_FR, "fr", 2),
        (TITLE_EN, "4 March 2025 • 5.05 pm • 6-minute read", BODY_EN, "en", 6),
        (TITLE_EN, "17:05, 4 March 2025 | 1 min", BODY_EN, "en", 1),
        (TITLE_EN, "4 March 2025 – 17:05 – Reading time: about 4 mins", BODY_EN, "en", 4),
        (TITLE_UK, "4 березня 2025 | 17:05 | Час читання: 2 хвилини", BODY_UK, "uk", 2),
        (TITLE_ES, "4 de marzo de 2025 · 17:05 h · 3 minutos de lectura", BODY_ES, "es", 3),
        (TITLE_ES, "04/03/2025 | 17:05 | Tiempo de lectura: 5 min.", BODY_ES, "es", 5),
        (TITLE_PL, "4 marca 2025 | godz. 17.05 | czas czytania: 4 minuty", BODY_PL, "pl", 4),
        (TITLE_PL, "4 marca 2025\n17:05 | 4 min czytania", BODY_PL, "pl", 4),
    ],
)
def test_day_clock_and_reading_time_in_parts_of_one_line(
    title: str, line: str, body: str, language: str, reading: int
) -> None:
    check(
        f"{title}\n\n{line}\n\n{body}\n",
        language=language,
        title=title,
        published="2025-03-04 17:05",
        day_only=False,
        reading=reading,
        authors=[],
        blocks=3,
        briefs=[],
    )


@pytest.mark.parametrize("gap", ["\n", "\n\n"])
@pytest.mark.parametrize(
    ("title", "standfirst", "byline", "body", "language"),
    [
        (
            TITLE_EN,
            "The lamp has guided nobody since the bypass opened, and the museum has promised to "
            "keep it lit",
            "By Odile Marchbank\n4 March 2025",
            BODY_EN,
            "en",
        ),
        (
            TITLE_DE,
            "Der Turm am Lindauer Bahnhof steht seit dreißig Jahren leer, nun soll er Geld bringen "
            "und vielleicht auch Pilze.",
            "Von Gesine Ahlborn\n4. März 2025",
            BODY_DE,
            "de",
        ),
        (
            TITLE_FR,
            "Un frelon est soupçonné, mais les apiculteurs de la commune n'ont rien pris dans "
            "leurs pièges",
            "Par Odile Marchand\n4 mars 2025",
            BODY_FR,
            "fr",
        ),
        (
            TITLE_ES,
            "El relojero culpa a las palomas y los vecinos al relojero, mientras el ayuntamiento "
            "pide silencio hasta el alba",
            "Por Odila Marchena\n4 de marzo de 2025",
            BODY_ES,
            "es",
        ),
    ],
)
def test_a_standfirst_right_under_the_headline(
    title: str, standfirst: str, byline: str, body: str, language: str, gap: str
) -> None:
    for above in ("", "The Fold Courier\nVillage\n"):
        check(
            f"{above}{title}{gap}{standfirst}\n\n{byline}\n\n{body}\n",
            language=language,
            title=title,
            standfirst=standfirst,
            published="2025-03-04 00:00",
            blocks=3,
        )


def test_a_kicker_stands_above_its_headline() -> None:
    check(
        f"Straßen und Lampen\nTraffic in Wicken Fold\n{TITLE_EN}\n\nBy Odile Marchbank\n"
        f"4 March 2025\n\n{BODY_EN}",
        title=TITLE_EN,
        blocks=3,
    )


@pytest.mark.parametrize(
    "score",
    [
        "Fold Wanderers 2-1 Saltby Rovers",
        "Saltby Rovers 1 : 2 Fold Wanderers (1 : 0)",
        "Fold Wanderers – Saltby Rovers 2:1 (0:1)\nGoals: 1-0 Peel (12), 1-1 Fenn (44), 2-1 Peel",
    ],
)
def test_a_score_under_the_headline_is_no_headline(score: str) -> None:
    title = "Late Peel header sends Wanderers home singing"
    check(
        f"""Sport
{title}
{score}

Bram Holloway at Mill Lane
Saturday 8 March 2025, 17:40

Fold Wanderers needed ninety minutes to find out that Peel can also head a ball, and he did.

Rovers had led since the twelfth minute, when the wind carried a corner kick into the goal.

Nobody on the terraces of Mill Lane had sung for three years, which is a long time to wait.
""",
        title=title,
        authors=["Bram Holloway"],
        published="2025-03-08 17:40",
    )


@pytest.mark.parametrize(
    ("head", "authors"),
    [
        ("\n4 March 2025, 17:05\nOdile Marchbank\n", ["Odile Marchbank"]),
        ("\nOdile Marchbank\n4 March 2025, 17:05\n", ["Odile Marchbank"]),
        ("Odile Marchbank\n\n4 March 2025, 17:05\n", ["Odile Marchbank"]),
        ("\nOdile Marchbank\n\n4 March 2025, 17:05\n", ["Odile Marchbank"]),
        ("\n4 March 2025, 17:05\n\nOdile Marchbank\n", ["Odile Marchbank"]),
        ("\nOdile Marchbank | Wicken Fold\n4 March 2025, 17:05\n", ["Odile Marchbank"]),
        ("\nOdile Marchbank, Wicken Fold\n4 March 2025, 17:05\n", ["Odile Marchbank"]),
        ("\nOdile Marchbank / Wicken Fold\n4 March 2025, 17:05\n", ["Odile Marchbank"]),
        ("\nOdile Marchbank in Wicken Fold\n4 March 2025, 17:05\n", ["Odile Marchbank"]),
        ("\nOdile Marchbank\nWicken Fold - 4 March 2025 - 17:05\n", ["Odile Marchbank"]),
        ("\nOdile Marchbank · 4 March 2025 · 17:05\n", ["Odile Marchbank"]),
        ("\nOdile Marchbank\nRoads correspondent\n4 March 2025, 17:05\n", ["Odile Marchbank"]),
        (
            "\nOdile Marchbank\nRoads Correspondent, The Fold Courier\n4 March 2025, 17:05\n",
            ["Odile Marchbank"],
        ),
        (
            "\nBy\nOdile Marchbank\nRoads correspondent, Fold Courier\n"
            "Published\n4 March 2025, 17:05\n",
            ["Odile Marchbank"],
        ),
        (
            "\nBy Odile Marchbank\nRoads and lamps, Fold Courier\n4 March 2025, 17:05\n",
            ["Odile Marchbank"],
        ),
        (
            "\nOdile Marchbank and Piers Lund\n4 March 2025, 17:05\n",
            ["Odile Marchbank", "Piers Lund"],
        ),
        ("\nPublished:\n4 March 2025, 17:05\nBy:\nOdile Marchbank\n", ["Odile Marchbank"]),
    ],
)
def test_a_name_without_a_by(head: str, authors: list[str]) -> None:
    for end in ("", "A lamp and a policeman who has nothing to do (Ines Pohl)\n"):
        check(
            f"The Fold Courier\n{TITLE_EN}\n{head}{end}\n{BODY_EN}\n",
            title=TITLE_EN,
            authors=authors,
            published="2025-03-04 17:05",
            credit="Ines Pohl" if end else None,
            blocks=3,
        )


def test_labels_on_lines_of_their_own() -> None:
    check(
        f"""{TITLE_EN}

Odile Marchbank
Fold Courier
Published
4 March 2025, 17:05
Last updated
5 March 2025, 08:10

Share
Image source, Ines Pohl
Image caption,
The lamp on its last evening at the crossroads. (Ines Pohl)

{BODY_EN}
""",
        title=TITLE_EN,
        authors=["Odile Marchbank"],
        published="2025-03-04 17:05",
        updated="2025-03-05 08:10",
        caption="The lamp on its last evening at the crossroads.",
        blocks=3,
    )


def test_a_place_under_the_headline_is_no_author() -> None:
    check(
        f"{TITLE_EN}\n\nWicken Fold\n4 March 2025, 17:05\n\n{BODY_EN}\n",
        title=TITLE_EN,
        authors=[],
        blocks=3,
    )


@pytest.mark.parametrize("line", ["Copy link", "Oldest first | Newest first", "A A A", "Hear it"])
def test_a_button_under_the_byline_is_no_caption(line: str) -> None:
    check(
        f"{TITLE_EN}\n\nBy Odile Marchbank\n4 March 2025\n{line}\n\n{BODY_EN}",
        title=TITLE_EN,
        caption=None,
        blocks=3,
    )


@pytest.mark.parametrize(
    "table",
    [
        "- 05:12 0.6 m\n- 11:31 4.9 m\n- 17:40 0.8 m\n- 23:58 5.0 m",
        "05:12 low 0.6 m\n11:31 high 4.9 m\n17:40 low 0.8 m\n23:58 high 5.0 m",
        "05:12 Wicken Fold\n05:40 Saltby Halt\n06:02 Lower Peel\n\n"
        "17:10 Lower Peel\n17:32 Saltby Halt\n18:01 Wicken Fold",
        "Monday\n- 05:12 0.6 m\n- 17:40 0.8 m\nTuesday\n- 06:02 0.5 m\n- 18:20 0.7 m",
        "09:00 – 10:30 Morning market\n11:00 – 12:00 Choir practice\n19:30 – 21:00 Parish dance",
        "* 9.00 am: doors open to the public\n* 10.30 am: the mayor speaks of lamps\n"
        "* 1 pm: lunch, with straw",
    ],
)
def test_a_table_of_clocks_is_no_ticker(table: str) -> None:
    check(
        f"{TITLE_EN}\n\nBy Odile Marchbank\n4 March 2025, 17:05\n\n{BODY_EN}\n\nThe day\n\n{table}"
        "\n\nAll times are those of the church clock, which is four minutes slow on most days.\n",
        briefs=[],
        title=TITLE_EN,
        last="n most days.",
    )


@pytest.mark.parametrize(
    "page",
    [
        "The Fold Courier\nNews Sport Weather\n404\nPage not found\n\nWe are sorry, but the page "
        "you asked for does not exist or has moved.\n\nGo back to the front page\nContact us",
        "Fold Kurier\n\nFehler 404\n\nDiese Seite gibt es leider nicht mehr. Vielleicht hilft die "
        "Suche weiter.\n\nMeistgelesen\nDer Turm ist weg\nPilze im Keller\n© 2025 Fold Kurier",
        "Oops! Something went wrong\n\nThe server could not complete your request. Please try "
        "again in a few minutes.\n\nHome",
        "Access denied\n\nYour browser has to accept cookies before this page can be shown.\n\n"
        "Reference 18.2f3a",
        "Page introuvable\nLe contenu demandé n'est plus disponible sur notre site.\n"
        "Retour à l'accueil",
    ],
)
def test_a_page_that_says_nothing_is_none(page: str) -> None:
    assert says_nothing(page)
    assert says_nothing(f" date 2025-03-04 {page}")


@pytest.mark.parametrize("rule", ["-" * 60, "=" * 40, "* * *", "_" * 72, "~~~~", "– – –"])
def test_a_rule_parts_lines_and_is_none(rule: str) -> None:
    check(
        f"THE FOLD COURIER\n{rule}\n{TITLE_EN}\n{rule}\nBy Odile Marchbank, 4 March 2025\n{rule}\n"
        f"{BODY_EN}\n{rule}\n",
        title=TITLE_EN,
        authors=["Odile Marchbank"],
        blocks=3,
    )


def test_a_rule_in_hard_wrapped_text() -> None:
    check(
        f"""THE FOLD COURIER
{"=" * 60}
{TITLE_EN}
{"-" * 60}
By Odile Marchbank
4 March 2025

The parish of Wicken Fold has voted to give its one traffic
light to a museum, where it is going to hang beside the pump.

Nobody could remember when it had last turned red, the clerk
told a meeting on Tuesday, and nobody wished to be reminded.

A roundabout of straw bales will be tried for a month, with
burning to follow if nobody likes it, the parish council has
decided, although the farmers would rather have all of their
straw back before the winter, when it is needed for the cows
and for the theatre.
""",
        title=TITLE_EN,
        authors=["Odile Marchbank"],
        blocks=3,
    )


LIVE = """01:20

Straw bales are on fire

The brigade is on its way from Saltby and has asked for somebody to open the gate.
00:15

Light goes out for the last time

Forty people clapped, and the clerk pulled the fuse with a wooden spoon.
23:40

Band arrives late

The van had stopped at a light that nobody had told it was already off."""


@pytest.mark.parametrize(
    "head",
    [
        "Live\nWicken Fold says goodbye to its traffic light\nWith Odile Marchbank\n5 March 2025\n"
        "Newest first | Oldest first\n",
        "LIVE: Wicken Fold says goodbye to its traffic light\n\n5 March 2025\nShow all\n\n",
        "Wicken Fold says goodbye to its traffic light\nUpdates by Odile Marchbank, 5 March 2025\n"
        "\nSort\n",
    ],
)
def test_a_live_ticker_without_an_article_keeps_its_first_brief(head: str) -> None:
    check(
        f" date 2025-03-05 {head}{LIVE}\nShow more\nAll about lamps on our lamp page\n",
        briefs=[
            ("Straw bales are on fire", "2025-03-05 01:20"),
            ("Light goes out for the last time", "2025-03-05 00:15"),
            ("Band arrives late", "2025-03-04 23:40"),
        ],
        blocks=0,
        caption=None,
    )


@pytest.mark.parametrize(
    "end",
    [
        "You have read your last free story this month.\nSubscribe or log in to go on\n"
        "Forgot your password?\nFrom one crown a week",
        "Most read\nGoat wins the raffle again\nHow to bake a bale\nSeven walks round the fold",
        "Related\nIs straw the new stone?\nLamp museum opens on Sunday\n12 comments",
    ],
)
def test_the_lines_in_a_heap_at_the_end_are_no_text(end: str) -> None:
    check(f"{TITLE_EN}\n\nBy Odile Marchbank\n4 March 2025\n\n{BODY_EN}\n\n{end}\n", blocks=3)


def page(head: str, *, end: str = "") -> str:
    return f"{TITLE_EN}\n\n{head}\n\n{BODY_EN}\n{end}"


def test_a_clock_line_under_the_date_is_the_bylines() -> None:
    check(
        page("Odile Marchbank\n4 March 2025\n17:05 | 2 min read"),
        published="2025-03-04 17:05",
        reading=2,
        authors=["Odile Marchbank"],
        briefs=[],
    )
