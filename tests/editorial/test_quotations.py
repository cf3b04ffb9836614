import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from digest.editorial.quotations import quotations, spoken
from make import PATIENCE_S


def check(text: str, language: str, expected: list[tuple[str, str | None]]) -> None:
    """Each quotation without its marks, and its speaker."""
    found = [
        (
            text[one.start + 1 : one.end - 1].strip(),
            text[slice(*one.speaker)] if one.speaker else None,
        )
        for one in spoken(text, language)
    ]
    assert found == expected


@pytest.mark.parametrize(
    ("text", "inside"),
    [
        ('She said "go" and "stay".', ["go", "stay"]),
        ("“Go,” she said. „Bleib“, „zostań”, »hier«, «là», ‹ici›.", None),
        ("「行こう」『はい』", ["行こう", "はい"]),
        ("« Pars ! » et «viens»", ["Pars !", "viens"]),
        ("”Vi går”, sade hon. »Nu», sade han.", ["Vi går", "Nu"]),
        (
            "‘The boys’ club isn’t open,’ he said of the miners’ union.",
            ["The boys’ club isn’t open,"],
        ),
        ("'I saw it. I ran,' he said. The boys' club won.", ["I saw it. I ran,"]),
        ("The 'old' quay in the '90s, rock 'n' roll", ["old"]),
        ("\"He called it 'a scar' and left,\" she said.", ["He called it 'a scar' and left,"]),
        ("‘He called it “a scar” and left,’ she said.", ["He called it “a scar” and left,"]),
        ("«ПрАТ «Порт» зупинено», — каже він", ["ПрАТ «Порт» зупинено"]),
        ("«Робота в ПрАТ «Порт», — каже він", ["Робота в ПрАТ «Порт"]),
        ("„Er sagte ‚nein‘ und ging“, hieß es", ["Er sagte ‚nein‘ und ging"]),
    ],
)
def test_marks_of_many_kinds_belong_together(text: str, inside: list[str] | None) -> None:
    wanted = ["Go,", "Bleib", "zostań", "hier", "là", "ici"] if inside is None else inside
    assert [text[a + 1 : b - 1].strip() for a, b in quotations(text)] == wanted


@pytest.mark.parametrize(
    "text",
    [
        "",
        "No marks at all.",
        'An open "mark that never closes.',
        'It closes" only.',
        "The boys' club and the girls' club don't mind.",
        "L’homme d’Orrin n’a pas l’air.",
        'It opens "here\n\nand closes" in the next paragraph.',
        '"' + "word " * 400 + '"',
    ],
)
def test_an_apostrophe_or_a_loose_mark_is_no_quotation(text: str) -> None:
    assert quotations(text) == []


def test_a_part_of_the_text_is_read_by_itself() -> None:
    text = '"One," she said. "Two," he said.'
    assert quotations(text, 16) == [(17, 23)]
    assert quotations(text, 1, 10) == []


@pytest.mark.parametrize(
    ("language", "text", "expected"),
    [
        ("en", '"We go," said Mara Voss, 43.', [("We go,", "Mara Voss")]),
        ("en", '"We go," harbour master Mara Voss said.', [("We go,", "Mara Voss")]),
        ("en", 'Voss told reporters: "We go."', [("We go.", "Voss")]),
        (
            "en",
            '"We go," Voss said, "and you stay."',
            [("We go,", "Voss"), ("and you stay.", "Voss")],
        ),
        ("en", '"We go," Voss said. "You stay."', [("We go,", "Voss"), ("You stay.", "Voss")]),
        ("en", 'According to Ida Holm, it is "a shame".', [("a shame", "Ida Holm")]),
        ("en", '"We go," a spokesman for the port said.', [("We go,", "a spokesman for the port")]),
        ("en", '"We go," says its author, Cosima Hale.', [("We go,", "Cosima Hale")]),
        ("en", '"We go," laughed skipper Tom Ruck.', [("We go,", "Tom Ruck")]),
        ("en", 'Ida Holm left. "I was asleep," she said.', [("I was asleep,", "Ida Holm")]),
        ("en", '"It sank," says the judge, Ann Ode.', [("It sank,", "Ann Ode")]),
        ("en", 'It sank, says Bernard Quill, "and we swam".', [("and we swam", "Bernard Quill")]),
        (
            "en",
            'Voss called it "a shame", adding: "We go."',
            [("a shame", "Voss"), ("We go.", "Voss")],
        ),
        ("uk", "«Йдемо», — сказала мерка Ганна Берег.", [("Йдемо", "Ганна Берег")]),
        ("uk", "За словами мера Юста Лана, це «кінець».", [("кінець", "Юста Лана")]),
        ("uk", "«Світла не буде», — попередили в компанії.", [("Світла не буде", "компанії")]),
        ("ru", "«Уходим», — сказал мэр Иван Громов.", [("Уходим", "Иван Громов")]),
        ("de", "„Wir gehen“, sagte der Rentner Karl Menz.", [("Wir gehen", "Karl Menz")]),
        ("de", "Laut Polizei war es „ein Unfall“.", [("ein Unfall", "Polizei")]),
        ("fr", "« C’est fini », a déclaré Luc Roux.", [("C’est fini", "Luc Roux")]),
        ("fr", "Selon le maire, Josse Prat, c’est « un gel ».", [("un gel", "Josse Prat")]),
        ("es", "«Nos vamos», anunció la portavoz Lucía Mora.", [("Nos vamos", "Lucía Mora")]),
        ("pl", "„To koniec” – powiedziała Anna Lis.", [("To koniec", "Anna Lis")]),
        ("it", "«Basta», ha detto il sindaco Marco Fiori.", [("Basta", "Marco Fiori")]),
        ("pt", "“Vamos”, disse a prefeita Ana Lobo.", [("Vamos", "Ana Lobo")]),
        ("nl", "‘We gaan’, zei burgemeester Piet de Boer.", [("We gaan", "Piet de Boer")]),
        ("el", "«Φεύγουμε», δήλωσε ο δήμαρχος Νίκος Λάμπρου.", [("Φεύγουμε", "Νίκος Λάμπρου")]),
        ("ar", "قال القبطان هشام مرلان: «تعطلت المضخات».", [("تعطلت المضخات", "هشام مرلان")]),
        ("ar", "«لا تعليق»، قالت وزيرة الصحة ليلى عمر.", [("لا تعليق", "ليلى عمر")]),
    ],
)
def test_the_words_beside_a_quotation_tell_whose_it_is(
    language: str, text: str, expected: list[tuple[str, str | None]]
) -> None:
    check(text, language, expected)


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("en", 'The so-called "free" zone is closed, according to the audit office.'),
        ("en", 'The ship, the "Aurora", left on Monday.'),
        ("en", 'The stand will be named "The Gull".'),
        ("en", 'The "temporary" bridge turned 30.'),
        ("en", '"I was asleep," she said.'),
        ("en", '"A disgrace," read one banner.'),
        ("de", "Das sogenannte „Wunder“ jährt sich."),
        ("fr", "La zone dite « franche » a coûté cher."),
        ("it", "La cosiddetta zona “franca” è cara."),
        ("uk", "Так звана «вільна» зона закрита."),
        ("pl", "Statek „Wicher” wypłynął z portu."),
    ],
)
def test_words_that_nobody_speaks_have_no_speaker(language: str, text: str) -> None:
    assert [one.speaker for one in spoken(text, language)] == [None]


def test_a_quotation_that_runs_over_paragraphs_keeps_its_speaker() -> None:
    text = (
        "Mara Voss spoke for an hour, she said it all.\n\n"
        "“First they came for the rope.\n\n“Then for the twine.\n\n“Now we go,” Voss said."
    )
    found = spoken(text, "en")
    assert [text[one.start : one.end] for one in found] == [
        "“First they came for the rope.",
        "“Then for the twine.",
        "“Now we go,”",
    ]
    assert found[2].speaker is not None


@settings(max_examples=40)
@given(
    st.lists(
        st.sampled_from(
            ['"', "“", "”", "«", "»", "'", "’", " said ", "Ida Holm", ", ", ". ", "\n\n"]
        )
    ).map("".join),
    st.sampled_from(["en", "uk", "ar", "xx", None]),
)
def test_quotations_lie_in_order_and_inside_the_text(text: str, language: str | None) -> None:
    at = 0
    for one in spoken(text, language):
        assert at <= one.start < one.end <= len(text)
        at = one.end
        if one.speaker:
            assert text[slice(*one.speaker)].strip()


@pytest.mark.parametrize("piece", ['"a ', "«a «b» ", "' ", '"Why?" Anna b ', "» . "])
def test_hostile_marks_take_a_moment(piece: str) -> None:
    text = piece * (300_000 // len(piece))
    began = time.process_time()
    spoken(text, "en")
    assert time.process_time() - began < PATIENCE_S
