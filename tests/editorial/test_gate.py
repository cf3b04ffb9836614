"""What a model's text says and its source does not: lies are caught, the source's words pass."""

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from digest.editorial.claims import Kind, read
from digest.editorial.figures import value_of
from digest.editorial.gate import faults
from digest.editorial.passages import passages
from make import PATIENCE_S, make_item

FERRY = make_item(
    "Ferry Halvard runs again to Lower Quay",
    "The ferry Halvard ran again to Lower Quay on Sunday after nine days in dock, the harbour "
    "office said. Some 214 passengers were on board when it left at 07:10, and 3 of them were "
    "hurt. “Nobody asked us before the sale,” said Berit Lomas, who speaks for the crews. The "
    "repair cost 1.2 million crowns, or 14% more than planned. The council did not approve the "
    "money before May 12, its treasurer Ivo Praske said. Mara Voss beat Ivo Praske in the vote.",
)
DAMM = make_item(
    "Deich in Norderau hält",
    "Der Deich in Norderau hält, sagte Bürgermeisterin Inga Tamm am Montag. Rund 1.200 Menschen "
    "durften nach drei Tagen zurück in ihre Häuser. Das Wasser ist am Dienstag nicht gestiegen. "
    "Die Schäden kosten 7,50 Millionen Kronen, schätzt die Behörde.",
    language="de",
)
BRIDGE = make_item(
    "Звіт",
    "Міністерка Олена Грушко сказала у вівторок, що міст не відкриють до 12 травня.",
    language="uk",
)
SOURCES = {"en": FERRY, "de": DAMM, "uk": BRIDGE}


@pytest.mark.parametrize(
    "text",
    [
        "The ferry Halvard runs again to Lower Quay, the harbour office said.",
        "The ferry ran again on Sunday. It had been in dock for nine days.",
        "Three of the 214 passengers were hurt.",
        "“Nobody asked us,” Berit Lomas said.",
        "The repair of the Halvard cost 1.2 million crowns, 14 per cent more than planned.",
        "The council has not approved the money, Praske said.",
        "Residents of Lower Quay have their ferry back.",
    ],
)
def test_what_the_source_says_passes_in_other_words_too(text: str) -> None:
    assert faults(text, [FERRY]) == ()


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("Some 241 passengers were on board when it left.", "the number «241»"),
        ("Some 214 passengers were on board, and 13 were hurt.", "the number «13»"),
        ("Four of the 214 passengers were hurt.", "the number «Four»"),
        ("Some 3 passengers were on board when it left at 07:10.", "another number than 3"),
        ("The repair cost 1.2 billion crowns.", "the number «1.2 billion»"),
        ("The ferry ran again on Monday after nine days in dock.", "the name «Monday»"),
        ("The ferry runs to Port Quellwick again.", "the name «Quellwick»"),
        ("Karlsen said that the ferry runs again.", "the name «Karlsen»"),
        ("The treasurer Ivo Lomas said so.", "no source names «ivo lomas»"),
        ("Ivo Praske beat Mara Voss in the vote.", "names stand the other way round"),
        ("“Nobody paid us before the sale,” said Berit Lomas.", "nobody is quoted"),
        ("“Nobody asked us before the sale,” said Ivo Praske.", "somebody else said"),
        ("“Ran again to Lower Quay,” said Berit Lomas.", "nobody is quoted"),
        ("“Nobody asked us before the sale, said Berit Lomas.", "not closed"),
        ("The council did approve the money, its treasurer said.", "the source denies it"),
        ("The ferry never ran again to Lower Quay on Sunday.", "no source denies it so"),
        ("Cheap loans for everybody, call our friendly advisers.", "not the source's"),
        ("La nave è tornata a Lower Quay e non si sa perché, ma è così per tutti.", "language"),
    ],
)
def test_what_the_source_does_not_say_is_named(text: str, fault: str) -> None:
    found = faults(text, [FERRY])
    assert any(fault in one for one in found), found


@pytest.mark.parametrize(
    "text",
    [
        "<b>The ferry</b> ran again.",
        "The ferry ran again &mdash; at last.",
        "The ferry ran again, see https://ads.example/x.",
        "The ferry ran again, see www.ads.com.",
        "The ferry ran again, see ads.example/now.",
        "Write to us@ferry.example about the ferry.",
        "The [ferry](x) ran again.",
        "**The ferry** ran again.",
        "The ferry {{ unsubscribe }} ran again.",
        "The ferry\u202e ran again.",
        "The ferry\x00 ran again.",
    ],
)
def test_markup_addresses_and_hidden_characters_are_refused(text: str) -> None:
    assert any("it holds" in one for one in faults(text, [FERRY]))


@pytest.mark.parametrize(
    ("text", "language", "fault"),
    [
        ("Rund 1200 Menschen durften nach drei Tagen zurück in ihre Häuser.", "de", ""),
        ("In Norderau hält der Deich, wie die Bürgermeisterin sagt.", "de", ""),
        ("Die Schäden kosten 7,5 Millionen Kronen, so die Behörde.", "de", ""),
        ("Rund 12.000 Menschen durften zurück in ihre Häuser.", "de", "12.000"),
        ("Rund 1.200 Menschen durften nach vier Tagen zurück.", "de", "vier"),
        ("Das Wasser ist am Dienstag gestiegen.", "de", "denies"),
        ("Der Deich in Süderau hält, sagte Inga Tamm.", "de", "Süderau"),
        ("Міст не відкриють до 12 травня, сказала Грушко.", "uk", ""),
        ("Міст не відкриють до 17 травня, сказала Грушко.", "uk", "17"),
        ("Міст не відкриють до 12 червня, сказала Грушко.", "uk", "червня"),
        ("Міст відкриють до 12 травня, сказала Грушко.", "uk", "denies"),
        ("Міст не відкриють до 12 травня, сказав Квельвик.", "uk", "Квельвик"),
    ],
)
def test_other_languages_have_their_own_numbers_days_and_denials(
    text: str, language: str, fault: str
) -> None:
    found = faults(text, [SOURCES[language]])
    assert (found == ()) if not fault else any(fault in one for one in found), found


@pytest.mark.parametrize("language", sorted(SOURCES))
def test_any_run_of_the_source_s_sentences_passes(language: str) -> None:
    source = SOURCES[language]
    told = [passage.text for passage in passages(source)]
    for begin in range(len(told)):
        for end in range(begin + 1, len(told) + 1):
            assert faults(" ".join(told[begin:end]), [source]) == ()


def test_several_sources_vouch_together() -> None:
    other = make_item("Crews wait", "The crews of the Resolve wait for 88 parts.")
    text = "The ferry Halvard ran again on Sunday. The crews of the Resolve wait for 88 parts."
    assert faults(text, [FERRY, other]) == ()
    assert faults(text, [FERRY]) != ()


@pytest.mark.parametrize(
    ("written", "language", "value"),
    [
        ("1,200", "en", "1200"),
        ("1.200", "de", "1200"),
        ("1 200", "fr", "1200"),
        ("1\u202f200\u202f000", "fr", "1200000"),
        ("1'200", "de", "1200"),
        ("1.200", "en", "1.2"),
        ("1,2", "de", "1.2"),
        ("1.200,50", "de", "1200.5"),
        ("1,200.50", "en", "1200.5"),
        ("07:10", "en", "7:10"),
        ("3–1", "en", "3-1"),
        ("18.05.2026", "de", "18.5.2026"),
        ("١٢٠", "ar", "120"),
        ("0", None, "0"),
        ("007", None, "7"),
    ],
)
def test_numbers_are_what_they_say(written: str, language: str | None, value: str) -> None:
    assert value_of(written, language) == value


def test_words_have_their_kinds() -> None:
    found = {word.folded: word.kind for word in read("Some 6.2bn or three million for Voss", "en")}
    assert found["3 m"] is Kind.NUMBER
    assert found["voss"] is Kind.NAME
    assert found["or"] is Kind.STOP


@settings(max_examples=40, deadline=None)
@given(st.text(max_size=300))
def test_any_text_gets_the_same_verdict_twice(text: str) -> None:
    assert faults(text, [FERRY]) == faults(text, [FERRY])


@settings(max_examples=30, deadline=None)
@given(st.text(max_size=300))
def test_a_source_of_any_text_is_read(text: str) -> None:
    faults("The ferry ran again on Sunday, 214 people said.", [make_item("Ferry", text)])


@pytest.mark.parametrize(
    "text",
    ["1.1" * 100_000 + "x", "111 " * 100_000 + "x", "“a " * 100_000, "not " * 200_000,
     "A b. " * 200_000, "ا" * 900_000, "Mara Voss " * 100_000, "9" * 1_000_000],
)  # fmt: skip
def test_enormous_texts_stay_cheap(text: str) -> None:
    started = time.process_time()
    faults(text[:20_000], [make_item("Ferry", text)])
    assert faults(text, [FERRY]) != ()
    assert time.process_time() - started < PATIENCE_S
