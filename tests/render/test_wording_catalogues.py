from collections import Counter
from pathlib import Path

import pytest
from babel import Locale
from babel.messages.catalog import Catalog
from babel.messages.plurals import get_plural
from babel.messages.pofile import read_po
from hypothesis import given, settings
from hypothesis import strategies as st

from digest.render import catalogue, translating
from digest.render.wording import (
    Words,
    frame_language,
    known_languages,
    messages,
    reads_from_right,
    words_for,
    words_of,
)

LANGUAGES = catalogue.translated()
AGAIN = "python -m digest.render.translating > src/digest/locale/digest.pot"


def file_of(language: str) -> Path:
    return catalogue.FOLDER / language.replace("-", "_") / "LC_MESSAGES" / "digest.po"


def catalog(language: str) -> Catalog:
    with file_of(language).open("rb") as lines:
        return read_po(lines, abort_invalid=True)


def english_keys() -> set[tuple[str | tuple[str, ...], str]]:
    return {
        (english if isinstance(english, str) else english.forms, context)
        for _, english, context in messages()
    }


def test_the_languages_that_we_promise_are_there() -> None:
    assert {"ar", "de", "el", "es", "fr", "it", "pl", "uk"} <= set(LANGUAGES)


def test_the_template_is_what_the_source_says() -> None:
    written = (catalogue.FOLDER / "digest.pot").read_bytes()
    assert written == translating.template(), f"write it again: {AGAIN}"


def test_translators_are_told_what_every_placeholder_becomes() -> None:
    assert b"filled in by the program" not in translating.template()


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_message_is_translated_and_none_is_fuzzy_or_left_over(language: str) -> None:
    found = set()
    for message in catalog(language):
        if not message.id:
            continue
        key = message.id if isinstance(message.id, str) else tuple(message.id)
        found.add((key, message.context or ""))
        assert not message.fuzzy, message.id
        assert message.string
        forms = [message.string] if isinstance(message.string, str) else message.string
        assert all(form.strip() == form and form for form in forms), message.id
    assert found == english_keys()
    assert not catalog(language).obsolete


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_translation_has_the_placeholders_of_its_english(language: str) -> None:
    read = catalogue.read(file_of(language))
    assert read
    kinds = Counter(read.which(n) for n in range(201))
    for message in catalog(language):
        if message.id:
            assert catalogue.fault(message.id, message.string or "", kinds) == "", message.id
    assert len(read.texts) + len(read.forms) == len(english_keys())


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_catalogue_names_its_language_and_its_plurals(language: str) -> None:
    read = catalog(language)
    assert str(read.locale).replace("_", "-") == language
    assert read.num_plurals == get_plural(read.locale).num_plurals


@pytest.mark.parametrize("language", ["en", *LANGUAGES])
def test_all_sentences_can_be_said_of_all_numbers(language: str) -> None:
    words = words_for(language)
    for n in (*range(130), 1_000, 1_000_000):
        said = (
            words.more_on_web(n),
            words.minutes_read(n),
            words.edition_minutes(n),
            words.found(n, "{n} ferry"),
        )
        assert "{n} ferry" in said[-1]
        assert all("{" not in one.replace("{n} ferry", "") for one in said)


@pytest.mark.parametrize(
    ("language", "said"),
    [
        (
            "en",
            "0 minutes|1 minute|2 minutes|3 minutes|5 minutes|11 minutes|21 minutes|100 minutes",
        ),
        (
            "de",
            "0 Minuten|1 Minute|2 Minuten|3 Minuten|5 Minuten|11 Minuten|21 Minuten|100 Minuten",
        ),
        ("fr", "0 minute|1 minute|2 minutes|3 minutes|5 minutes|11 minutes|21 minutes|100 minutes"),
        ("uk", "0 хвилин|1 хвилина|2 хвилини|3 хвилини|5 хвилин|11 хвилин|21 хвилина|100 хвилин"),
        ("pl", "0 minut|1 minuta|2 minuty|3 minuty|5 minut|11 minut|21 minut|100 minut"),
        ("ar", "أقل من دقيقة|دقيقة واحدة|دقيقتان|3 دقائق|5 دقائق|11 دقيقة|21 دقيقة|100 دقيقة"),
    ],
)
def test_numbers_have_the_plural_of_their_language(language: str, said: str) -> None:
    words = words_for(language)
    for n, start in zip((0, 1, 2, 3, 5, 11, 21, 100), said.split("|"), strict=True):
        assert words.edition_minutes(n).startswith(f"{start} ")


def test_numbers_are_written_as_their_language_does() -> None:
    assert words_for("en").found(1234, "ferry") == "1,234 results for “ferry”"
    assert words_for("de").found(1234, "Fähre") == "1.234 Treffer für „Fähre“"
    assert words_for("de-CH").found(1234, "Fähre") == "1’234 Treffer für „Fähre“"
    # English words with English numbers, whatever the language was.
    assert words_for("nl").found(1234, "veer") == "1,234 results for “veer”"


def test_equal_english_may_differ_elsewhere() -> None:
    contexts = {name: context for name, _, context in messages()}
    assert (contexts["sections"], contexts["wished_sections"]) == ("", "wished_sections")


@pytest.mark.parametrize("language", ["nl", "", "junk!", "en-GB", "EN", "x-private", "de_AT"])
def test_the_frame_is_english_where_we_do_not_speak_the_language(language: str) -> None:
    assert words_for(language) == Words()


@pytest.mark.parametrize("language", ["de-AT", "DE", "de-Latn-DE", "de-DE-1996"])
def test_a_region_speaks_its_language(language: str) -> None:
    assert words_for(language).in_brief == words_for("de").in_brief == "Kurz gemeldet"


def test_words_are_looked_up_once() -> None:
    assert words_for("uk") is words_for("uk")


def test_arabic_reads_from_the_right() -> None:
    assert reads_from_right("ar")
    assert reads_from_right("ar-EG")
    assert not any(map(reads_from_right, ("en", "de", "uk", "nowhere", "")))


def test_languages_to_choose_from_are_named_in_themselves() -> None:
    known = known_languages()
    assert known[0] == ("en", "English")
    assert [tag for tag, _ in known[1:]] == list(LANGUAGES)
    assert dict(known)["fr"] == "Français"
    assert dict(known)["uk"] == "Українська"
    assert dict(known)["ar"] == "العربية"


@pytest.mark.parametrize(
    ("wanted", "home", "frame"),
    [
        ("de", "en", "de"),
        ("en", "de", "en"),
        ("EN-gb", "de", "en-GB"),
        ("pL-pl", "en", "pl-PL"),
        ("de-1996", "en", "de"),
        ("", "en", ""),
        ("en", "en", ""),
        ("de-AT", "de", ""),
        ("de", "de-AT", ""),
        ("nl", "en", ""),
        ("german", "en", ""),
        ("de_AT", "en", ""),
        ("../../etc", "en", ""),
        ("de" + "-abcde" * 99, "en", ""),
        # That newsletter's frame is English as well, but its dates are not.
        ("en", "nl", "en"),
    ],
)
def test_the_frame_speaks_what_is_wanted_if_it_can(wanted: str, home: str, frame: str) -> None:
    assert frame_language(wanted, home) == frame


@given(wanted=st.text(max_size=40))
@settings(max_examples=40)
def test_whatever_is_wanted_the_frame_has_words(wanted: str) -> None:
    tag = frame_language(wanted, "en")
    assert frame_language(tag, "en") == tag
    assert words_for(wanted).greeting


HEADER = """\
msgid ""
msgstr ""
"Language: de\\n"
"Content-Type: text/plain; charset=utf-8\\n"
"Plural-Forms: nplurals=2; plural=(n != 1);\\n"

msgid "Next page"
msgstr "Nächste Seite"

"""


def from_file(folder: Path, text: str | bytes) -> Words:
    path = folder / "digest.po"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return words_of(catalogue.read(path), Locale("de"))


@pytest.mark.parametrize(
    "said",
    [
        'msgid "Photo: {credit}"\nmsgstr "Foto: {kredit}"',
        'msgid "Photo: {credit}"\nmsgstr "Foto"',
        'msgid "Photo: {credit}"\nmsgstr "Foto: {credit"',
        'msgid "Photo: {credit}"\nmsgstr "Foto: {credit.__class__}"',
        'msgid "Photo: {credit}"\nmsgstr "Foto: {credit:>999999}"',
        'msgid "Photo: {credit}"\nmsgstr "Foto: {credit} {0}"',
        'msgid "Photo: {credit}"\nmsgstr ""',
        '#, fuzzy\nmsgid "Photo: {credit}"\nmsgstr "Foto: {credit}"',
    ],
)
def test_a_broken_translation_is_english_and_spoils_no_other(tmp_path: Path, said: str) -> None:
    words = from_file(tmp_path, HEADER + said)
    assert words.photo == "Photo: {credit}"
    assert words.next_page == "Nächste Seite"


@pytest.mark.parametrize(
    ("one", "other", "taken"),
    [
        ("{n} Minute", "{n} Minuten", True),
        ("eine Minute", "{n} Minuten", True),
        ("{n} Minute", "Minuten", False),
        ("{n} Minute", "", False),
        ("{n} {m} Minute", "{n} Minuten", False),
    ],
)
def test_only_the_form_of_one_number_may_do_without_it(
    tmp_path: Path, one: str, other: str, taken: bool
) -> None:
    words = from_file(
        tmp_path,
        HEADER
        + 'msgid "{n} minute to read"\nmsgid_plural "{n} minutes to read"\n'
        + f'msgstr[0] "{one}"\nmsgstr[1] "{other}"\n',
    )
    assert words.edition_minutes(4) == ("4 Minuten" if taken else "4 minutes to read")
    assert words.next_page == "Nächste Seite"


@pytest.mark.parametrize(
    "damage",
    [
        b"",
        b"\x00\xff\xfe",
        b'"alone"',
        b"msgstr",
        HEADER.encode() + b'msgid "Next page',
        HEADER.encode() + 'msgid "Years"\nmsgstr "Jahrgänge"'.encode("latin-1"),
        HEADER.replace("n != 1", "n ** 1").encode(),
        HEADER.replace("n != 1", "n % 0").encode(),
        HEADER.replace("nplurals=2", "nplurals=two").encode(),
        HEADER.replace("utf-8", "utf-0").encode(),
    ],
)
def test_a_damaged_catalogue_is_english(tmp_path: Path, damage: bytes) -> None:
    assert from_file(tmp_path, damage) == Words()


@given(data=st.data())
@settings(max_examples=40)
def test_no_damage_to_a_catalogue_stops_a_mail(
    data: st.DataObject, tmp_path_factory: pytest.TempPathFactory
) -> None:
    whole = file_of("ar").read_bytes().splitlines()[:120]
    gone = data.draw(st.sets(st.integers(0, len(whole) - 1), max_size=6))
    rest = b"\n".join(line for at, line in enumerate(whole) if at not in gone)
    cut = rest[: data.draw(st.integers(0, len(rest)))]
    words = from_file(tmp_path_factory.mktemp("damaged"), cut)
    assert words.greeting
    assert words.more_on_web(3)


def test_a_language_without_a_file_is_english(tmp_path: Path) -> None:
    assert catalogue.read(tmp_path / "nothing.po") is None
    assert words_of(None, Locale("de")) == Words()
