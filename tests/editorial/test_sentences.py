import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.editorial import split_sentences
from make import PATIENCE_S


def check(expected: list[str], text: str | None = None, language: str | None = "en") -> None:
    whole = " ".join(expected) if text is None else text
    assert [whole[a:b] for a, b in split_sentences(whole, language)] == expected


@pytest.mark.parametrize(
    "sentences",
    [
        ["Mr. Ode met Dr. Vale at 9 a.m. Monday.", "Nobody knew."],
        ["The train left at 5 p.m.", "Police watched it go."],
        ["The U.S. Army left.", "He lives in the U.S.", "The war ended."],
        ["Lt. Gen. Oskar Vey of the 3rd Corps spoke.", "Gov. Ann Lisle did not."],
        ["J. R. Torl wrote it with A. Berg.", "It cost 3.5 million."],
        ["No. 5 won.", "She said no.", "Then she left."],
        ["Pell Inc. The firm is old."],
        ["Pell Inc. bought the yard on Oct. 18 for 4.2 million."],
        ["Wow!", "Really?", "Yes…", "And no."],
        ["Yes... and no.", "Maybe..."],
        ["The shop (it sells rope.) is shut.", "It rains."],
        ["(All of it is true.)", "So is this."],
        ["Rope is dear 🎉.", "🎉 Rope is cheap.", "Done."],
        ["1. Smith won.", "2. Jones lost."],
    ],
)
def test_a_full_stop_is_not_always_the_end(sentences: list[str]) -> None:
    if sentences == ["Pell Inc. The firm is old."]:
        sentences = ["Pell Inc.", "The firm is old."]
    check(sentences)


@pytest.mark.parametrize(
    "sentences",
    [
        ['"We lost it all. It is over," Anna Berg said.', "She left."],
        ["“We lost it all. It is over,” Anna Berg said.", "She left."],
        ["'We lost it all. It is over,' he said.", "The boys' club won."],
        ['Anna Berg said: "We lost. It is over."', "She left."],
        ['"Why?" Anna Berg asked.', "Nobody knew."],
        ['"Why?" asked Anna Berg.', "Nobody knew."],
        ["«Nous avons perdu. C'est fini», a dit Anna Berg.", "Elle est partie."],
        ["„Wir haben verloren. Es ist aus“, sagte Anna Berg.", "Dann ging sie."],
        ["「行こう。早く。」と彼は言った。", "そして去った。"],
    ],
)
def test_a_quotation_of_several_sentences_stays_with_its_speaker(sentences: list[str]) -> None:
    check(sentences, language=None)


def test_a_mark_that_is_never_closed_swallows_nothing() -> None:
    check(['An open "mark.', "Goes on.", "And on."])


@pytest.mark.parametrize(
    ("language", "sentences"),
    [
        ("en", ["At 9 a.m. Gov. Lisle left.", "Doors open at 6:30 p.m.", "Bring a chair."]),
        ("en", ["They chose plan B.", "Nobody liked it.", "J.M. Reyes did."]),
        ("en", ["He died at 14 Elm St.", "The house is St. Orrin's now.", "It is No. 9."]),
        ("en", ["Sales of the phone fell.", "iPhone sales rose."]),
        ("en", ["It makes rope, twine, etc.", "Orders at Pell Inc.", "Shares fell in Aug."]),
        ("de", ["Am 18. Mai kam er z. B. mit dem Rad.", "Es endete 3:2.", "Danach ging er."]),
        ("de", ["Hr. Maier feierte in der 2. Bundesliga.", "Gut so."]),
        ("de", ["Der Umsatz stieg um 2,5 Mio. Euro, d. h. um 4 Prozent.", "2027 steigt er nicht."]),
        ("de", ["Nach § 5 Abs. 2 i. V. m. § 7 ist das verboten.", "Es gilt ab dem 3. Juni."]),
        ("de", ["Urban XIV. kam im XIX. Jahrhundert.", "Er wohnte in der Hafenstr. 14."]),
        ("fr", ["M. Le Goff et MM. Roux et Duval sont partis.", "J.-P. Morel est resté."]),
        ("fr", ["Né en 50 av. J.-C., il régna.", "Cf. l’art. 5.", "Quoi ?", "Vraiment !"]),
        (
            "es",
            ["El Sr. Vega llegó a las 9 a. m. del martes.", "¿Quién?", "Nadie en EE. UU. lo sabe."],
        ),
        (
            "pl",
            [
                "W 2025 r. Rada odrzuciła wniosek.",
                "Budowa trwała do 1998 r.",
                "Kosztowała 3 tys. zł.",
            ],
        ),
        ("pl", ["Firma Halm Sp. z o.o. ma długi, czynsz itp.", "Syndyk milczy."]),
        ("it", ["Il dott. Rossi, l’on. Verdi e l’ing. Neri ci sono.", "La Halm S.p.A. no."]),
        ("pt", ["O Sr. Duarte mora na Av. do Porto, n.º 5.", "A Dra. Vega, no séc. XV, não."]),
        ("nl", ["Dhr. De Vries en mevr. Bakker kwamen o.a. om 9 uur.", "Zie blz. 5."]),
        ("el", ["Ο κ. Παππάς έφτασε στις 9 π.μ. την Τρίτη.", "Ποιος πληρώνει;", "Κανείς."]),
        ("uk", ["Одеська обл. чекає.", "На вул. Портовій тихо.", "У 2024 р. Кабмін мовчав."]),
        (
            "uk",
            ["Довжина — 5 м.", "У м. Вишгора це знають, воду дають і т. д.", "Він помер у 1901 р."],
        ),
        ("ru", ["В г. Вымышленск прибыл И. И. Петров.", "Он молчал."]),
        ("ar", ["وصلت العبارة.", "هل تأخرت؟", "نعم تأخرت."]),
        ("ar", ["قال د. سامر حداد إن الميناء مغلق.", "تأسس عام 1445 هـ.", "وسكنه البحارة."]),
        ("ja", ["船が着いた。", "遅れた？", "はい！"]),
        ("hi", ["नाव आ गई।", "वह देर से आई।"]),
        ("sv", ["Hon kom kl. 9.", "Hptm. Holm gick."]),
    ],
)
def test_other_languages_end_their_sentences_their_way(language: str, sentences: list[str]) -> None:
    check(sentences, language=language)


@pytest.mark.parametrize(
    "sentences",
    [
        ['He called it "a scar."', "The council disagreed."],
        ["Il a dit : « C’est fini. »", "Elle est partie."],
        ["« Pourquoi ? » a demandé Jean Roux.", "Personne n’a répondu."],
        ["»Ich bin müde.«", "Dann ging sie."],
        ["„Warum jetzt?“, fragte Ruck.", "Niemand antwortete."],
        ["– Dlaczego? – zapytał sędzia.", "Nikt nie wie."],
        ["«Чому?» — Коваль мовчав.", "Він пішов."],
        ["‘Het is voorbij. We gaan naar huis’, zei Voss.", "Ze ging."],
        ["«من سيدفع؟» سأل الصحفي.", "لم يجب أحد."],
        ["The shop (it sells rope. And twine.) is shut.", "(Two were absent.)", "It rains."],
        ["Er bekam 5 (!) Autos.", "So geht das [...] Tag für Tag."],
    ],
)
def test_a_closing_mark_ends_a_sentence_unless_the_speaker_follows(sentences: list[str]) -> None:
    check(sentences, language=None)


def test_a_newsroom_adds_its_own_abbreviations() -> None:
    text = "The Obkom. Secretary met the Vice. Adm. Vey. She left."
    assert len(split_sentences(text, "en")) == 4
    own = frozenset({"Obkom.", "Vice. Adm."})
    found = [text[a:b] for a, b in split_sentences(text, "en", own)]
    assert found == ["The Obkom. Secretary met the Vice. Adm. Vey.", "She left."]


def test_where_no_language_is_given_the_text_tells() -> None:
    check(["Hr. Maier wohnt mit der Familie z. B. in der Hafenstr. 14.", "Gut so."], language=None)


def test_a_blank_line_ends_a_sentence_and_a_line_break_does_not() -> None:
    check(["One\nline", "Two."], text="One\nline\n \n Two. ")


@pytest.mark.parametrize("text", ["", " ", "\n\n\n", "\u2003"])
def test_nothing_has_no_sentences(text: str) -> None:
    assert split_sentences(text) == []


WORDS = [
    "Mr.",
    "The",
    "sea",
    "U.S.",
    '"',
    "“",
    "”",
    "'",
    "?",
    "!",
    ".",
    "\n\n",
    "\n",
    "3.",
    "🎉",
    "船。",
    "«",
    "»",
]


@given(st.one_of(st.text(max_size=120), st.lists(st.sampled_from(WORDS)).map(" ".join)))
def test_spans_cover_the_text_in_order_and_do_not_overlap(text: str) -> None:
    spans = split_sentences(text, "en")
    at = 0
    for start, end in spans:
        assert at <= start < end <= len(text)
        assert not text[at:start].strip()
        assert text[start:end] == text[start:end].strip()
        at = end
    assert not text[at:].strip()


@pytest.mark.parametrize(
    "piece",
    [
        "The cat sat on the old quay and looked at the sea. ",
        '"a ',
        "'a ",
        ".",
        "“a. ",
        "([",
        "\n \n",
        "«a «b» ",
        "9 a.m. Mon ",
        "в 5 р. Ка ",
        '"Why?" Anna b ',
        "?» ",
    ],
)
def test_a_megabyte_takes_a_moment_whatever_it_is_made_of(piece: str) -> None:
    text = piece * (1_000_000 // len(piece))
    began = time.process_time()
    split_sentences(text)
    assert time.process_time() - began < PATIENCE_S
