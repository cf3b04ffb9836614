"""Items of one or two sentences: a template in common is no story in common."""

import pytest

from digest.editorial.cluster import group, weigh
from digest.editorial.text import read
from digest.model import Item
from make import make_item

Told = tuple[str, str]

APART: list[tuple[str, Told, Told]] = [
    (
        "en",
        ("Man arrested after fire in Dunnaker", "A man was arrested after a fire in Dunnaker."),
        ("Man arrested after robbery in Whinfold", "Police arrested a man in Whinfold on Monday."),
    ),
    (
        "en",
        (
            "Man arrested after fire in Dunnaker",
            "A man was arrested on Sunday after a fire at a shop in Dunnaker, Sallow Coast police "
            "said. Nobody was hurt.",
        ),
        (
            "Man arrested after robbery in Whinfold",
            "A man was arrested on Sunday after a robbery at a shop in Whinfold, Sallow Coast "
            "police said. Nobody was hurt.",
        ),
    ),
    (
        "en",
        ("Minister opens school", "The minister opened a new school in Pell."),
        ("Minister resigns", "The minister resigned after a row over expenses."),
    ),
    (
        "en",
        ("Minister opens school", "Minister Anna Kell opened a school in Pell on Sunday."),
        ("Minister resigns", "Minister Anna Kell resigned on Sunday after a row over expenses."),
    ),
    (
        "en",
        ("Rovers win in extra time", "Merrowhaven Rovers beat Athletic 2-1 in extra time."),
        (
            "Rovers to play in red next season",
            "Merrowhaven Rovers will wear red shirts from August.",
        ),
    ),
    (
        "en",
        ("Rovers win in extra time", "Rovers won. Fallow scored late."),
        ("Rovers to play in red next season", "Rovers will play in red. Fans chose the shirt."),
    ),
    (
        "en",
        ("Two hurt in crash on A12", "Two people were hurt when a car hit a tree on the A12."),
        ("Two hurt in crash on A45", "Two people were hurt when a van hit a wall on the A45."),
    ),
    (
        "en",
        ("Court jails driver from Orrin", "The court jailed Nils Arden of Orrin for 3 years."),
        ("Court jails driver from Lisle", "The court jailed Per Holm of Lisle for 5 years."),
    ),
    (
        "en",
        ("Fire closes school in Pell", "A fire closed the school in Pell. Pupils were sent home."),
        ("Flood closes school in Orrin", "A flood closed the school in Orrin. Pupils stayed home."),
    ),
    (
        "en",
        ("Dunnaker man arrested after fire", "A man from Dunnaker was arrested after a fire."),
        ("Dunnaker man arrested after theft", "A man from Dunnaker was arrested after a theft."),
    ),
    (
        "de",
        (
            "Mann nach Brand in Dunnaker festgenommen",
            "Die Polizei hat am Sonntag nach einem Brand in Dunnaker einen Mann festgenommen.",
        ),
        (
            "Mann nach Raub in Whinfold festgenommen",
            "Die Polizei hat am Sonntag nach einem Raub in Whinfold einen Mann festgenommen.",
        ),
    ),
    (
        "de",
        ("Ministerin eröffnet Schule", "Die Ministerin hat in Pell eine neue Schule eröffnet."),
        ("Ministerin tritt zurück", "Die Ministerin ist nach einem Streit zurückgetreten."),
    ),
    (
        "uk",
        (
            "Чоловіка затримали після пожежі в Оріні",
            "Поліція затримала чоловіка після пожежі в Оріні.",
        ),
        (
            "Чоловіка затримали після крадіжки в Пелі",
            "Поліція затримала чоловіка після крадіжки в Пелі.",
        ),
    ),
    (
        "uk",
        ("Міністр відкрив школу", "Міністр відкрив нову школу в Пелі."),
        ("Міністр подав у відставку", "Міністр подав у відставку після сварки в уряді."),
    ),
    (
        "en",
        (
            "Teacher suspended over exam leak in Pell",
            "A teacher in Pell was suspended after exam papers leaked, the education board said.",
        ),
        (
            "Nurse suspended over missing drugs in Pell",
            "A nurse in Pell was suspended after drugs went missing, the health board said.",
        ),
    ),
    (
        "en",
        (
            "Woman dies in house fire in Orrin",
            "A 71-year-old woman died in a house fire in Orrin, firefighters said.",
        ),
        (
            "Woman dies in car crash in Orrin",
            "A 24-year-old woman died when her car left the road near Orrin, police said.",
        ),
    ),
    (
        "en",
        (
            "Council approves budget",
            "Merrowhaven council approved its budget of 46 million crowns.",
        ),
        (
            "Council approves new bus route",
            "Merrowhaven council approved a new bus route to Lower Quay.",
        ),
    ),
    (
        "en",
        (
            "Police arrest two over Whinfold burglary",
            "Police arrested two men over a burglary in Whinfold on Sunday night.",
        ),
        (
            "Two arrested in Whinfold drug raid",
            "Police arrested two women in a drug raid in Whinfold on Sunday night.",
        ),
    ),
    (
        "en",
        (
            "Dunnaker Athletic lose 3-0",
            "Dunnaker Athletic lost 3-0 at Pell on Saturday. Kerr scored twice.",
        ),
        (
            "Dunnaker Athletic sign keeper",
            "Dunnaker Athletic signed the goalkeeper Lund on Saturday.",
        ),
    ),
    (
        "en",
        (
            "Brannock profits rise 4 per cent",
            "Brannock Preserves said profits rose 4 per cent to 12 million crowns.",
        ),
        ("Brannock recalls tins of herring", "Brannock Preserves recalled 3,000 tins of herring."),
    ),
    (
        "en",
        (
            "Boy, 12, rescued from sea off Ostrey",
            "A boy of 12 was rescued from the sea off Ostrey by the lifeboat.",
        ),
        (
            "Man, 50, rescued from cliff on Ostrey",
            "A man of 50 was rescued from a cliff on Ostrey by a helicopter.",
        ),
    ),
    (
        "de",
        (
            "Zwei Verletzte bei Unfall auf der A7",
            "Bei einem Unfall auf der A7 sind zwei Menschen verletzt worden.",
        ),
        (
            "Drei Verletzte bei Unfall auf der A1",
            "Bei einem Unfall auf der A1 sind drei Menschen verletzt worden.",
        ),
    ),
    (
        "de",
        (
            "Einbruch in Grundschule",
            "Unbekannte sind in Pell in eine Grundschule eingebrochen. Die Polizei sucht Zeugen.",
        ),
        (
            "Einbruch in Bäckerei",
            "Unbekannte sind in Orrin in eine Bäckerei eingebrochen. Die Polizei sucht Zeugen.",
        ),
    ),
    (
        "de",
        (
            "Polizei nimmt Einbrecher in Pell fest",
            "Die Polizei hat in Pell einen Einbrecher festgenommen. Der Mann ist 34 Jahre alt.",
        ),
        (
            "Einbrecher in Orrin gefasst",
            "Die Polizei hat in Orrin einen Einbrecher festgenommen. Der Mann ist 51 Jahre alt.",
        ),
    ),
    (
        "uk",
        (
            "У ДТП під Орином загинули двоє",
            "У ДТП під Орином загинули двоє людей, повідомила поліція.",
        ),
        (
            "У ДТП під Пелем загинув водій",
            "У ДТП під Пелем загинув водій вантажівки, повідомила поліція.",
        ),
    ),
    (
        "en",
        ("Arrest after fire", "Police have arrested a man after a fire in Dunnaker."),
        ("Arrest after robbery", "Police have arrested a man after a robbery in Whinfold."),
    ),
    (
        "en",
        ("Police arrest man", "A man, 34, was arrested over a fire in Dunnaker, police said."),
        (
            "Man arrested by police",
            "A man, 51, was arrested over a robbery in Whinfold, police said.",
        ),
    ),
    (
        "en",
        (
            "Man Arrested After Fire in Dunnaker",
            "A man was arrested after a fire in Dunnaker, police said.",
        ),
        (
            "Man Held by Police After Robbery in Whinfold",
            "A man was arrested after a robbery in Whinfold, police said.",
        ),
    ),
    (
        "en",
        ("Dunnaker fire: man arrested", "A man was arrested after a fire, police said."),
        ("Whinfold robbery: man arrested", "A man was arrested after a robbery, police said."),
    ),
]

TOGETHER: list[tuple[str, Told, Told]] = [
    (
        "en",
        (
            "Ferry Ardent Tern towed home after engine failure",
            "The ferry Ardent Tern was towed to Merrowhaven on Sunday with 230 people on board. "
            "Both engines had failed off Ostrey.",
        ),
        (
            "Tug tows ferry Ardent Tern to Merrowhaven after engines fail",
            "A tug brought the Ardent Tern and 230 passengers to Merrowhaven after its engines "
            "failed near Ostrey.",
        ),
    ),
    (
        "en",
        (
            "Man arrested after fire in Dunnaker",
            "A man of 34 was arrested after a fire at the Brannock cannery in Dunnaker.",
        ),
        (
            "Police hold man, 34, over Dunnaker cannery fire",
            "Police arrested a man after the fire at the Brannock cannery. Nobody was hurt.",
        ),
    ),
    (
        "en",
        (
            "Speaker Hesketh resigns over travel costs",
            "Speaker Moira Hesketh resigned on Sunday after travel costs of 41,000 crowns.",
        ),
        (
            "Moira Hesketh quits as speaker",
            "The speaker, Moira Hesketh, quit over a bill of 41,000 crowns for travel.",
        ),
    ),
    (
        "de",
        (
            "Fähre Ardent Tern nach Motorschaden in den Hafen geschleppt",
            "Die Fähre Ardent Tern ist mit 230 Reisenden nach Merrowhaven geschleppt worden.",
        ),
        (
            "Schlepper bringt Ardent Tern nach Merrowhaven",
            "Ein Schlepper hat die Fähre mit 230 Reisenden nach einem Motorschaden in den Hafen "
            "gebracht.",
        ),
    ),
    (
        "uk",
        (
            "Пором «Ардент» відбуксирували до Оріна",
            "Пором «Ардент» із 230 пасажирами відбуксирували до Оріна через поломку двигуна.",
        ),
        (
            "Буксир привів пором «Ардент» до порту Оріна",
            "Буксир привів до Оріна пором «Ардент», на якому були 230 пасажирів. Двигун зламався.",
        ),
    ),
    (
        "en",
        (
            "Five saved from sinking trawler off Dunnaker",
            "The lifeboat saved five men from the trawler Bold Heron off Dunnaker.",
        ),
        (
            "Trawler crew of five rescued off Dunnaker",
            "A crew of five was rescued when the trawler Bold Heron sank off Dunnaker.",
        ),
    ),
    (
        "en",
        (
            "Oyster beds shut at Quarrel Bay after 63 fall ill",
            "Oyster beds at Quarrel Bay are closed after 63 people fell ill with norovirus.",
        ),
        (
            "Norovirus closes Quarrel Bay oyster beds",
            "Norovirus in 63 people has closed the oyster beds of Quarrel Bay.",
        ),
    ),
    (
        "en",
        (
            "Quake of magnitude 6.1 hits Sallow Coast",
            "An earthquake of magnitude 6.1 hit the Sallow Coast at noon. No one was hurt.",
        ),
        (
            "Earthquake shakes Sallow Coast",
            "A quake of 6.1 shook the Sallow Coast at noon on Sunday; houses in Pell were damaged.",
        ),
    ),
]

FIRE = (
    "A man was arrested on Sunday after a fire at a bakery in Dunnaker, Sallow Coast police "
    "said. Firefighters from Pell needed three hours to bring the blaze under control, and "
    "smoke drifted over the harbour. The owner, Ida Kerr, said the oven had been cold since "
    "Friday. Two flats above the shop were evacuated. Inspector Joan Lisle asked anybody who "
    "saw a cyclist on Chandler Street to call her office. The suspect will appear in court on"
    " Tuesday. It was the second fire in the street this year, and neighbours had warned of "
    "old wiring."
)
ROBBERY = (
    "A man was arrested on Sunday after an armed robbery at a jeweller's in Whinfold, Sallow "
    "Coast police said. He is accused of taking watches worth 40,000 crowns from the window "
    "display and threatening a saleswoman with a hammer. A taxi driver followed him to the "
    "railway station. Sergeant Paul Holm praised the driver but warned people not to imitate "
    "him. The watches were found in a locker. The suspect will appear in court on Wednesday. "
    "Shops nearby closed early."
)
LONG = ("Man arrested after fire in Dunnaker bakery", FIRE)

#: What else a day brings.
DAY = [
    make_item(title, text, language=language, id=f"day{number}")
    for number, (language, title, text) in enumerate(
        [
            ("en", "Eels return to Lunnet Bridge", "Volunteers counted 3,460 eels in the river."),
            ("en", "Police recover stolen boat", "The police found a boat in Sallow on Monday."),
            ("en", "Council votes on sea wall", "The council will vote on a wall of 46 million."),
            ("en", "School wins choir prize", "A school in Quarrel Bay won the prize for choirs."),
            ("en", "Ferry fares to rise in July", "A ticket will cost 24 crowns from July."),
            ("en", "Library boat sails again", "The floating library leaves on Tuesday."),
            ("en", "Town clock stands still", "The clock of the market hall stopped at noon."),
            ("de", "Klappbrücke bleibt offen", "Die Brücke am Hafen lässt sich nicht schließen."),
            ("de", "Rathaus bekommt ein Dach", "Das Dach des Rathauses ist nach Jahren fertig."),
            ("uk", "Бібліотека попливе в серпні", "Плавуча бібліотека вирушить у серпні."),
            ("uk", "На ринку подорожчала риба", "Риба на ринку коштує більше, ніж торік."),
        ]
    )
]


def stories(items: list[Item]) -> list[list[int]]:
    return group(weigh([read(item) for item in items]), range(len(items)))


def pair(language: str, one: Told, other: Told) -> list[Item]:
    return [
        make_item(*one, language=language, id="one"),
        make_item(*other, language=language, id="other", source_id="post", hours=2),
    ]


@pytest.mark.parametrize("day", [[], DAY], ids=["alone", "day"])
@pytest.mark.parametrize(("language", "one", "other"), APART)
def test_news_of_one_template_stays_apart(
    language: str, one: Told, other: Told, day: list[Item]
) -> None:
    items = pair(language, one, other) + day
    assert stories(items) == [[row] for row in range(len(items))]


@pytest.mark.parametrize("day", [[], DAY], ids=["alone", "day"])
@pytest.mark.parametrize(("language", "one", "other"), TOGETHER)
def test_short_news_of_one_event_is_one_story(
    language: str, one: Told, other: Told, day: list[Item]
) -> None:
    items = pair(language, one, other) + day
    assert stories(items) == [[0, 1], *([row] for row in range(2, len(items)))]


def test_a_whole_day_of_short_news_holds_the_true_stories_only() -> None:
    apart = [APART[1], *(told for told in APART if told[0] != "en")]
    items = [
        make_item(*told, language=language, id=f"{number}{side}")
        for number, (language, *both) in enumerate(apart + TOGETHER[::2])
        for side, told in enumerate(both)
    ]
    expected = [[row] for row in range(2 * len(apart))]
    expected += [[row, row + 1] for row in range(2 * len(apart), len(items), 2)]
    assert stories(items) == expected


def test_headlines_that_name_others_part_longer_news_too() -> None:
    fire = ("Man arrested after fire in Dunnaker", FIRE)
    robbery = ("Man arrested after robbery in Whinfold", ROBBERY)
    assert stories(pair("en", fire, robbery)) == [[0], [1]]


def test_what_is_like_two_pieces_of_news_does_not_make_them_one() -> None:
    items = [make_item(*told, id=str(n)) for n, told in enumerate((*APART[1][1:], LONG))]
    assert [0, 1] not in stories(items)
    assert [0, 1, 2] not in stories(items)


@pytest.mark.parametrize("day", [[], DAY], ids=["alone", "day"])
@pytest.mark.parametrize(
    ("language", "one", "other"),
    [
        ("en", "Blaze guts Dunnaker cannery overnight", "Fire leaves Dunnaker packers jobless"),
        ("en", "Speaker Hesketh quits", "Moira Hesketh to resign on Friday"),
        ("en", "Tremor flattens houses on Sallow Coast", "Sallow Coast digs after earthquake"),
        ("de", "Streik in Merrowhaven beginnt", "Ausstand legt Merrowhaven lahm"),
        ("uk", "Землетрус стався біля Оріна", "В Оріні відчули нові поштовхи"),
    ],
)
def test_headlines_alone_are_one_story_by_name_and_notion(
    language: str, one: str, other: str, day: list[Item]
) -> None:
    items = pair(language, (one, ""), (other, "")) + day
    assert [0, 1] in stories(items)


@pytest.mark.parametrize("day", [[], DAY], ids=["alone", "day"])
@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Rovers splash out on teenager from Pell", "Rovers keeper leaves on free transfer"),
        ("Brannock delays decision on cannery", "Brannock picks Lisle as chief executive"),
        ("Fire guts hall in Pell", "Fire closes bakery in Orrin"),
    ],
)
def test_headlines_that_share_a_name_or_a_notion_only_stay_apart(
    one: str, other: str, day: list[Item]
) -> None:
    items = pair("en", (one, ""), (other, "")) + day
    assert [0, 1] not in stories(items)


def test_a_toll_that_grows_is_one_story() -> None:
    first = make_item(
        "Fire drives 280 from their homes at Orrin",
        "A fire in the reeds of Orrin drove 280 people from their homes. Nobody was hurt, mayor "
        "Ilse Brandt said. The fire brigade fought the flames from three boats.",
        id="one",
    )
    later = make_item(
        "Reed fire at Orrin: 301 people leave their homes",
        "301 people had to leave their homes when the reeds of Orrin burned. Mayor Ilse Brandt "
        "said that nobody was hurt. The fire brigade needed three boats.",
        id="two",
        source_id="post",
        hours=2,
    )
    assert stories([first, later]) == [[0, 1]]
