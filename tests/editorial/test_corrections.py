import random
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from digest.editorial import Change, ChangeKind, compare, correction, noteworthy
from digest.editorial.admissions import admits
from digest.editorial.noise import fold
from digest.model import Block, BlockKind, Card, Image, Item
from make import MORNING, make_brief, make_item

TEXT = """The ferry to Lower Quay ran again on Sunday after nine days in dock. Captain Nils Arden \
said the hull was sound. He thanked the yard.

Some 80 passengers were on the first crossing, the harbour office said. The council will vote on \
the budget on 12 May at 14:00.

Tickets cost $5. They are sold on the quay."""

NONE, NOISE, UPDATE, CORRECTION = ChangeKind


def item(text: str = TEXT, title: str = "Ferry runs again to Lower Quay", **fields: Any) -> Item:
    return make_item(title, text, id="a" * 16, **fields)


def change(old: str, new: str, **fields: Any) -> Change:
    return compare(item(old, **fields), item(new, **fields))


def edited(old: str, new: str, text: str = TEXT) -> Change:
    assert old in text
    return change(text, text.replace(old, new))


# ---------------------------------------------------------------------- noise


def test_a_revision_that_changes_nothing_visible_is_none() -> None:
    again = item(seen_at=MORNING + timedelta(hours=1), updated_at=MORNING, position=7, guid="7")
    assert compare(item(), again) == Change(kind=NONE)


STAMPS = [
    ("Updated 12 May 2026, 14:05", "Updated 13 May 2026, 09:15"),
    ("Last updated: May 12, 2026 at 2:05 p.m. EST", "Last updated: May 13, 2026 at 9:15 a.m. EST"),
    ("3 minutes ago", "2 hours ago"),
    ("12 comments · 1,234 views", "15 comments · 2.1K views"),
    ("5 min read", "6 min read"),
    ("Aktualisiert am 12. Mai 2026 um 14:05 Uhr", "Aktualisiert am 13. Mai 2026 um 9:15 Uhr"),
    ("Stand: 12. Mai, 14.05 Uhr", "Stand: 13. Mai, 9.15 Uhr"),
    ("vor 3 Minuten", "vor einer Stunde"),
    ("12 Kommentare", "15 Kommentare"),
    ("Mis à jour le 12 mai 2026 à 14h05", "Mis à jour le 13 mai 2026 à 9h15"),
    ("il y a 3 minutes", "il y a une heure"),
    ("12 commentaires", "15 commentaires"),
    ("Actualizado el 12 de mayo de 2026 a las 14:05", "Actualizado el 13 de mayo de 2026, 9:15"),
    ("hace 3 minutos", "hace una hora"),
    ("12 comentarios", "15 comentarios"),
    ("Aggiornato il 12 maggio 2026 alle 14.05", "Aggiornato il 13 maggio 2026 alle 9.15"),
    ("3 minuti fa", "un'ora fa"),
    ("Zaktualizowano 12 maja 2026, 14:05", "Zaktualizowano 13 maja 2026, 9:15"),
    ("3 minuty temu", "godzinę temu"),
    ("12 komentarzy", "15 komentarzy"),
    ("Оновлено 12 травня 2026, 14:05", "Оновлено 13 травня 2026, 09:15"),
    ("3 хвилини тому", "годину тому"),
    ("12 коментарів", "15 коментарів"),
    ("πριν από 3 λεπτά", "πριν από μία ώρα"),
    ("12 σχόλια", "15 σχόλια"),
    ("آخر تحديث 12 مايو 2026 الساعة 14:05", "آخر تحديث 13 مايو 2026 الساعة 09:15"),
    ("منذ ٣ دقائق", "منذ ساعة"),
    ("12 تعليق", "15 تعليق"),
]


@pytest.mark.parametrize(("old", "new"), STAMPS)
def test_a_clock_a_counter_or_a_stamp_of_the_page_is_noise(old: str, new: str) -> None:
    assert change(f"{old}\n\n{TEXT}", f"{new}\n\n{TEXT}") == Change(kind=NOISE)
    assert change(f"{TEXT}\n\n{old}", TEXT) == Change(kind=NOISE)
    assert change(TEXT, f"{TEXT}\n\n{new}") == Change(kind=NOISE)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("14:05 Tug alongside", "14:35 Tug alongside"),
        ("Tug alongside (14:05)", "Tug alongside (14:35)"),
        ("As of 10:30, 12 people are missing.", "As of 11:45, 12 people are missing."),
        ("Станом на 10:30 зникли 12 людей.", "Станом на 11:45 зникли 12 людей."),
        ("The tug sank 3 hours ago off Orrin.", "The tug sank 4 hours ago off Orrin."),
        ("KYIV, May 12 (Wire) — The tug sank.", "KYIV, May 13 (Wire) — The tug sank."),
        ("UPDATE: The tug sank.", "The tug sank."),
        ('"It runs," he said - at last...', "“It runs”, he said – at last …"),
        ("Don't panic", "Don’t panic"),
        (
            "See https://wire.example/map?s=1 for the map.",
            "See https://wire.example/map for the map.",
        ),
        ("وصلت العبارة إلى الميناء أمس.", "وصلت العباره الى الميناء أمس."),
        ("The harbour  office said so .", "The harbour office said so."),
    ],
)
def test_what_surrounds_or_spells_a_sentence_is_noise(old: str, new: str) -> None:
    assert change(f"{TEXT}\n\n{old}", f"{TEXT}\n\n{new}") == Change(kind=NOISE)


@pytest.mark.parametrize(
    "line",
    [
        "Read more: A tug that never sank",
        "Sign up to our newsletter and get the morning in one mail.",
        "Tags: ferry, harbour",
        "Subscribe",
        "Photo: A. Example",
        "Читайте також: Буксир, що не тонув",
        "Lesen Sie auch: Ein Schlepper",
        "Abonnez-vous à notre lettre",
        "اقرأ أيضا: قاطرة لا تغرق",
    ],
)
def test_invitations_come_and_go_unnoticed(line: str) -> None:
    assert change(TEXT, f"{TEXT}\n\n{line}") == Change(kind=NOISE)
    assert change(f"{line}\n\n{TEXT}", TEXT) == Change(kind=NOISE)


def test_pictures_tags_and_addresses_change_without_news() -> None:
    for fields in (
        {"image": Image(url="https://wire.example/b.jpg")},
        {"topics": ("sea", "harbour")},
        {"url": "https://wire.example/ferry?edition=2"},
        {"cards": (Card(title="A tug that never sank"),)},
        {"published_at": MORNING},
    ):
        assert compare(item(topics=("harbour", "sea")), item(**fields)) == Change(kind=NOISE)


def test_sentences_that_moved_were_joined_or_split_are_not_new() -> None:
    assert change(TEXT, "\n\n".join(reversed(TEXT.split("\n\n")))) == Change(kind=NOISE)
    assert change(TEXT, TEXT.replace("\n\n", " ")) == Change(kind=NOISE)
    straight = 'He said: "It runs. It floats." Then he left the quay for good.'
    assert change(straight, straight.replace('"', "”")) == Change(kind=NOISE)
    first = TEXT.partition(". ")[0] + "."
    assert compare(item(), item(standfirst=first)) == Change(kind=NOISE)


@pytest.mark.parametrize(
    ("wrong", "right"),
    [
        ("passngers", "passengers"),
        ("crosing", "crossing"),
        ("teh quay", "the quay"),
        ("the the", "the"),
    ],
)
def test_a_mended_misspelling_is_noise(wrong: str, right: str) -> None:
    text = TEXT.replace("the first", "the the first") if wrong == "the the" else TEXT
    text = text if wrong == "the the" else text.replace(right, wrong)
    assert change(text, TEXT) == Change(kind=NOISE)


def test_a_text_that_was_cut_off_and_its_whole_are_one() -> None:
    cut = "The ferry to Lower Quay ran again on Sunday after nine…"
    assert change(TEXT, cut) == Change(kind=NOISE)
    assert change(cut, TEXT) == Change(kind=NOISE)
    assert compare(item(), item(text="", blocks=())) == Change(kind=NOISE)
    note = "Correction: An earlier version of this story had another captain."
    assert change(cut, f"{TEXT}\n\n{note}") == Change(kind=CORRECTION, sentences=(note,))


# --------------------------------------------------------------------- updates


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        (
            "Some 80",
            "Some 90",
            "Some 90 passengers were on the first crossing, the harbour office said.",
        ),
        ("Nils Arden", "Nils Ardern", "Captain Nils Ardern said the hull was sound."),
        ("was sound", "was not sound", "Captain Nils Arden said the hull was not sound."),
        ("$5", "€5", "Tickets cost €5."),
        ("$5", "$-5", "Tickets cost $-5."),
        ("12 May", "12 June", "The council will vote on the budget on 12 June at 14:00."),
        ("14:00", "15:00", "The council will vote on the budget on 12 May at 15:00."),
        (
            "Sunday",
            "Monday",
            "The ferry to Lower Quay ran again on Monday after nine days in dock.",
        ),
    ],
)
def test_a_changed_figure_name_or_not_is_told(old: str, new: str, told: str) -> None:
    assert edited(old, new) == Change(kind=UPDATE, sentences=(told,))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("Orrin bridge closes in June for all.", "Orrin bridge closes in July for all."),
        ("Repairs cost one million in all.", "Repairs cost one billion in all."),
        ("El puente se cierra en junio, dijo.", "El puente se cierra en julio, dijo."),
        ("Міст закриють у березня числі.", "Міст закриють у вересня числі."),
        ("The court called a sale possible.", "The court called a sale impossible."),
        ("The yard is now open to us all.", "The yard is not open to us all."),
        ("Die Rede hielt Frau Meierling.", "Die Rede hielt Frau Meyerling."),
        ("وصل الرئيس عبدالله إلى الميناء.", "وصل الرئيس عبدالإله إلى الميناء."),
        ("The prize is 4.1 million.", "The prize is 41 million."),
    ],
)
def test_a_letter_that_makes_other_news_is_no_misspelling(old: str, new: str) -> None:
    assert change(f"{TEXT}\n\n{old}", f"{TEXT}\n\n{new}").sentences == (new,)


def test_what_a_text_tells_further_is_told_in_its_order_and_no_more_than_three() -> None:
    first, *_ = TEXT.split("\n\n")
    told = change(first, TEXT)
    assert told.kind is UPDATE
    assert told.sentences == (
        "Some 80 passengers were on the first crossing, the harbour office said.",
        "The council will vote on the budget on 12 May at 14:00.",
        "Tickets cost $5.",
    )


def test_a_changed_headline_counts_and_its_typography_does_not() -> None:
    new = compare(item(), item(title="Ferry is back after nine days"))
    assert new == Change(kind=UPDATE, sentences=("Ferry is back after nine days",))
    for title in ("Ferry runs again to ‘Lower Quay’", "LIVE: Ferry runs again to Lower Quay"):
        assert compare(item(), item(title=title)) == Change(kind=NOISE)


def test_a_brief_whose_first_sentence_is_its_headline_tells_it_once() -> None:
    old = make_brief("The Orrin bridge is closed until noon.", id="b" * 16)
    new = make_brief("The Orrin bridge is closed until Friday.", id="b" * 16)
    assert compare(old, new).sentences == ("The Orrin bridge is closed until Friday.",)


def test_a_sentence_that_leans_brings_the_one_before_it() -> None:
    assert edited("He thanked", "He blamed").sentences == (
        "Captain Nils Arden said the hull was sound.",
        "He blamed the yard.",
    )
    across = edited("Tickets cost $5. They", "But tickets cost $5. They")
    assert across.sentences == (
        "The council will vote on the budget on 12 May at 14:00.",
        "But tickets cost $5.",
    )


def test_a_sentence_that_would_dangle_is_left_out_for_one_that_does_not() -> None:
    chain = "The yard has closed. It was old. It was small. It was in debt. It owed 3 million."
    new = chain.replace("3 million", "4 million") + " Orrin town will buy the yard in June."
    assert change(chain, new).sentences == ("Orrin town will buy the yard in June.",)
    alone = change(chain, chain.replace("3 million", "4 million")).sentences
    assert alone == ("It was small.", "It was in debt.", "It owed 4 million.")


def test_where_we_know_no_openings_the_sentence_before_comes_along() -> None:
    old = "Lautta kulkee taas satamaan. Matka maksaa 5 euroa aikuisille. Se on halpa hinta siitä."
    told = change(old, old.replace("5", "6"), title="Lautta kulkee", language="fi").sentences
    assert told == ("Lautta kulkee taas satamaan.", "Matka maksaa 6 euroa aikuisille.")


def test_polish_and_arabic_sentences_lean_too() -> None:
    polish = "Prom z Orrinu był w niedzielę pełny ludzi. Jednak nie było na nim 80 osób."
    told = change(polish, polish.replace("80", "90"), title="Prom z Orrinu", language="pl")
    assert len(told.sentences) == 2
    arabic = "وصلت العبارة إلى الميناء يوم الأحد. وقال القبطان إن عدد الركاب كان 80."
    told = change(
        arabic, arabic.replace("80", "90"), title="وصلت العبارة إلى الميناء", language="ar"
    )
    assert len(told.sentences) == 2


def test_what_was_only_taken_out_is_an_update_without_a_sentence() -> None:
    less = item("\n\n".join(TEXT.split("\n\n")[:2]))
    assert compare(item(), less) == Change(kind=UPDATE)
    assert noteworthy(item(), less)
    assert correction(item(), less, edition_id="daily@x", at=MORNING) is None


def test_a_claim_that_loses_its_denial_is_told() -> None:
    told = change("Police deny that the mayor has left.", "The mayor has left.")
    assert told.sentences == ("The mayor has left.",)


def test_subheads_are_told_only_where_nothing_else_is_new() -> None:
    head = Block(kind=BlockKind.SUBHEAD, text="What 12 people saw")
    body = item().blocks
    more = Block(text="Two tugs will follow in June.")
    both = compare(item(), item(blocks=(*body, head, more)))
    assert both.sentences == ("Two tugs will follow in June.",)
    alone = compare(item(), item(blocks=(*body, head)))
    assert alone.sentences == ("What 12 people saw",)


# ----------------------------------------------------------------- corrections

ADMISSIONS = [
    "Correction: Some 90 passengers were on board.",
    "CORRECTED-Ferry carries 90",
    "Correction (12 May): Some 90 passengers were on board.",
    "An earlier version of this article gave another number.",
    "This story has been corrected to show that 90 were on board.",
    "Clarification: The ferry is the harbour's own.",
    "Korrektur: Es waren 90 Menschen an Bord.",
    "In einer früheren Version dieses Artikels hieß es, 80 seien an Bord gewesen.",
    "Rectificatif : ils étaient 90 à bord.",
    "Une version précédente de cet article parlait de 80 passagers.",
    "Corrección: eran 90 los pasajeros.",
    "Una versión anterior de este artículo hablaba de 80 pasajeros.",
    "Este artículo ha sido corregido.",
    "Correzione: i passeggeri erano 90.",
    "Una versione precedente di questo articolo parlava di 80 passeggeri.",
    "Questo articolo è stato corretto.",
    "Sprostowanie: na pokładzie było 90 osób.",
    "We wcześniejszej wersji artykułu podaliśmy liczbę 80.",
    "Виправлення: на борту було 90 людей.",
    "Уточнення. На борту було 90 людей.",
    "У попередній версії новини йшлося про 80 пасажирів.",
    "В предыдущей версии статьи говорилось о 80 пассажирах.",
    "Διόρθωση: επέβαιναν 90 άτομα.",
    "تصحيح: كان على متنها 90 راكبا.",
    "ذكرت نسخة سابقة من هذا الخبر أن عدد الركاب 80.",
]


@pytest.mark.parametrize("note", ADMISSIONS)
def test_a_source_that_owns_up_is_believed_and_heard_first(note: str) -> None:
    assert admits(note)
    told = change(TEXT, TEXT.replace("Some 80", "Some 90") + f"\n\n{note}")
    assert told.kind is CORRECTION
    assert told.sentences[0] in note
    assert any("Some 90" in sentence for sentence in told.sentences)
    assert change(f"{TEXT}\n\n{note}", f"{TEXT}\n\n{note}\n\nA tug came in June.").kind is UPDATE


@pytest.mark.parametrize(
    "sentence",
    [
        "Correction officers left the prison on Monday.",
        "An earlier version of the bill was voted down.",
        "The article of the law was amended.",
        "In einer früheren Version der Software fehlte das.",
        "Dans une version précédente du projet, le pont était plus long.",
        "Una versión anterior del plan costaba más.",
        "У попередній версії законопроєкту цього не було.",
        "Уточнення до бюджету ухвалять у червні.",
        "A market correction is due.",
        "The yard corrected its figures.",
        "",
    ],
)
def test_news_about_corrections_is_no_correction(sentence: str) -> None:
    assert not admits(sentence)


def test_a_label_may_say_of_when_it_is() -> None:
    assert admits("Korrektur vom 12. Mai: Es waren 90 Menschen an Bord.")
    assert admits("Correction, May 12: Some 90 passengers were on board.")
    assert admits("Corrected on 12 May to show that 90 were on board.")


def test_a_label_stands_for_what_is_said_under_it() -> None:
    note = "The number of passengers was wrong."
    told = change(TEXT, f"{TEXT.replace('80', '90')}\n\nCorrection\n\n{note}")
    assert told.kind is CORRECTION
    assert told.sentences[0] == note
    assert "Correction" not in told.sentences


def test_what_a_correction_goes_on_to_say_stays_with_it() -> None:
    note = "Correction: An earlier version of this article had another number. It was 80."
    told = change(TEXT, f"{TEXT.replace('80', '90')}\n\n{note}")
    assert told.sentences == (
        "Correction: An earlier version of this article had another number.",
        "It was 80.",
        "Some 90 passengers were on the first crossing, the harbour office said.",
    )


def test_an_editions_correction_carries_what_a_reader_needs() -> None:
    after = item(TEXT.replace("80", "90"), title="Ferry carries 90", site="Coastline Wire")
    told = correction(item(), after, edition_id="daily@2026-05-17T0700", at=MORNING)
    assert told is not None
    assert (told.item_id, told.headline, told.url) == (after.id, "Ferry carries 90", after.url)
    assert (told.corrects, told.at, told.edition_id) == (False, MORNING, "daily@2026-05-17T0700")
    assert (told.site, told.language) == ("Coastline Wire", "en")
    assert told.sentences[0] == "Ferry carries 90"
    owned = item(f"{TEXT}\n\nCorrection: It was 90.")
    owns_up = correction(item(), owned, edition_id="x", at=MORNING)
    assert owns_up is not None
    assert owns_up.corrects
    assert correction(item(), item(topics=("sea",)), edition_id="x", at=MORNING) is None
    assert not noteworthy(item(), item(topics=("sea",)))


# ------------------------------------------------------------------ properties

SENTENCES = [
    "The tug Bold Heron is in.", "He said so.", "But 12 stayed.", "3 minutes ago",
    "Correction: It was 90.", "Correction", "A tugg came in June.", "A tug came in June.", "…",
    "Read more: Tugs", "The yard owes $4 million and…", "“It floats,” she said.", "Пором пішов.",
    "وصلت العبارة.", "港の船。",
]  # fmt: skip
TEXTS = st.lists(
    st.lists(st.sampled_from(SENTENCES), min_size=1, max_size=4).map(" ".join), max_size=4
).map("\n\n".join)


@settings(max_examples=50, deadline=None)
@given(TEXTS, TEXTS)
def test_any_change_is_told_in_whole_sentences_of_the_newer_text(old: str, new: str) -> None:
    before, after = item(old), item(new)
    told = compare(before, after)
    assert told == compare(before, after)
    assert len(told.sentences) <= 3
    assert len(set(told.sentences)) == len(told.sentences)
    assert all(sentence in new for sentence in told.sentences)
    assert bool(told.sentences) <= (told.kind in (UPDATE, CORRECTION))
    assert (told.kind is CORRECTION) <= admits(told.sentences[0] if told.sentences else "") or (
        "Correction" in new
    )
    assert compare(after, after).kind is NONE


@settings(max_examples=50, deadline=None)
@given(TEXTS, st.randoms())
def test_paragraphs_may_stand_in_any_order(text: str, pick: random.Random) -> None:
    parts = text.split("\n\n")
    pick.shuffle(parts)
    assert compare(item(text), item("\n\n".join(parts))).sentences == ()


@settings(max_examples=50, deadline=None)
@given(st.text(max_size=60))
def test_any_text_folds_alike_whatever_its_spaces(text: str) -> None:
    assert fold(" ".join(text.split())) == fold("  ".join(text.split()))
