"""Who wrote it: names out of bylines, author lines and bios.

Behind the door: conjunctions of many languages, desks with a conjunction in
their name, roles, the words for "by".  Not behind it: which line is a byline.
"""

import re
from functools import lru_cache


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_CONJUNCTIONS = {
    "en": "and & with",
    "de": "und & sowie",
    "fr": "et &",
    "es": "y e",
    "it": "e ed",
    "pt": "e",
    "pl": "i oraz",
    "uk": "та і й",
    "ru": "и",
    "be": "і ды",
    "bg": "и",
    "sr": "и i",
    "hr": "i",
    "cs": "a",
    "sk": "a",
    "nl": "en",
    "sv": "och",
    "da": "og",
    "no": "og",
    "fi": "ja",
    "et": "ja",
    "hu": "és",
    "ro": "și şi",
    "tr": "ve",
    "el": "και",
    "ar": "و",
    "he": "ו",
    "id": "dan",
}
#: For a page of no known language; "a" and "with" are too common to be asked of every one.
_ANY_CONJUNCTION = sorted(
    {word for words in _CONJUNCTIONS.values() for word in words.split()} - {"a", "with", "ו"}
)
_BY = (
    "by|written by|words by|reporting by|story by|von|par|por|przez|door|av|af|di|scritto da|da|"
    "автор|автори|авторы|текст|text|texte|texto|testo|od|napsal|írta|yazan|skrevet av|"
    "γράφει|του|της|от|بقلم|كتب|كتبت|מאת|oleh|autor|autora"
)
_BY_WORD = re.compile(rf"(?:{_BY})(?:\s*:\s*|\s+(?=\S))", re.IGNORECASE)
_BARE_BY = re.compile(rf"(?:{_BY})\s*:?", re.IGNORECASE)
_AUTHOR_LABELS = _words(
    """author authors autor autora autoren autorin autores autorzy auteur auteurs auteure autrice
    autore autori author(s) autor(en) auteur(s) autor(es) autore/i автор автори авторы авторка аўтар
    аўтары writer writers reporter reporters journalist byline
    interview written_by text_by story_by reporting_by rédaction redaktion redakteur autor:in
    autor:innen
    autor*in forfatter författare skribent
    kirjoittaja toimittaja szerző szerzők yazar yazarlar συντάκτης συγγραφέας المؤلف المؤلفون
    الكاتب الكاتبة الكتاب כותב כותבת מאת 作者 記者 记者 著者 執筆 기자 글 penulis reporter/in"""
)
_LABELLED = re.compile(r"([^\W\d_][^:：]{0,24}?)\s*[:：]\s*(.*)$")

#: Lower-case words inside names.
_PARTICLES = _words(
    """van von der den de del della di da dos das do du la le el al bin bint ibn ben abu ter ten af
    av zu zur y e i o' d' und and"""
)
#: Last words of desks and teams; any lower-case last word after "The" does as well.
_DESKS = _words(
    """desk team staff newsroom bureau agency service correspondents reporters editors office unit
    redaktion nachrichtenredaktion rédaction redacción redação redazione redakcja redakce
    redaktsioon redactie redaktionen редакція редакция редакції редакции
    служба агентство toimitus szerkesztőség redacția haber_merkezi التحرير تحرير 編集部 편집부"""
)


def split_names(text: str, language: str | None = None) -> tuple[str, ...]:
    """The authors that *text* lists: parted by commas and the last conjunction.

    "Ann Lee, Bo Mar and Science and Health desk" is three: a conjunction inside a desk's name
    stays.  Roles in lower case ("political reporter") and what stands in brackets go.
    """
    text = re.sub(r"\s*[(\[][^()\[\]]*[)\]]", "", text)
    conjunction = _conjunction(language)
    parts = [part.strip() for part in re.split(r"\s*[,،、;|]\s*", text) if part.strip()]
    names: list[str] = []
    held = ""
    for place, part in enumerate(parts):
        part = (
            conjunction.sub("", f" {part}", count=1).strip() if _opens(part, conjunction) else part
        )
        following = parts[place + 1] if place + 1 < len(parts) else ""
        # "Science, Health and Climate desk" is one desk.
        if size_of(part) == 1 and is_desk(following) and conjunction.search(following):
            held += f"{part}, "
            continue
        names += _parted(held + part, conjunction)
        held = ""
    cleaned = (name.strip(" .,:–—-•·*_") if not _initial_ends(name) else name for name in names)
    return tuple(dict.fromkeys(name for name in cleaned if _is_somebody(name)))


def is_names(text: str, *, introduced: bool = False) -> bool:
    """Whether *text* can be nothing but names; *introduced* says that a "by" stood before it."""
    if not text or len(text) > 200 or any(char.isdigit() for char in text):
        return False
    if re.search(r"[:!?…\"“„«@]|[.][\s]*$", text) and not _initial_ends(text):
        return False
    parts = [part for part in re.split(r"\s*[,،、;&]\s*|\s+(?:and|und|et|та|і|и)\s+", text) if part]
    return 0 < len(parts) <= 12 and all(_like_a_name(part, introduced) for part in parts)


def is_person(text: str) -> bool:
    """Two to five words, each capitalised or a particle, and no desk."""
    words = text.split()
    return (
        2 <= len(words) <= 5
        and "," not in text
        and words[0] != "The"
        and not is_desk(text)
        and all(word.lower() in _PARTICLES - {"and", "und"} or _capital(word) for word in words)
    )


_PARTS = re.compile(r"\s*[|•·/]\s*|\s[–—-]\s")
#: Names in scripts without capitals and without blanks, and the word for what they do.
_WIDE_NAME = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7a3]{3,6}(?:\s(?:기자|記者|记者))?")
_PLACED = re.compile(r"(.{3,60}?)\s[^\W\d_]{1,3}\s(?P<place>.{2,60})")


def named_first(text: str, language: str | None = None) -> tuple[str, ...]:
    """The names that a line without a "by" begins with: "Ann Lee | Port Selby", "Ann Lee at
    Cannery Lane", "Ann Lee, trade reporter"; () if it begins with none."""
    if len(text) > 120 or re.search(r"[\d:!?…\"“„«@>]", text) or is_role(text):
        return ()
    if text.endswith(".") and not _initial_ends(text):
        return ()
    if _WIDE_NAME.fullmatch(text):
        return (text.split()[0],)
    first, *others = _PARTS.split(goes_on(text, language) or text)
    if any(size_of(part) > 5 for part in others):
        return ()
    names = split_names(first, language)
    if names and all(is_person(name) or is_desk(name) for name in names) and is_names(first):
        return names
    if "," in first and names and is_person(names[0]) and size_of(first) <= 10:
        return names[:1]
    placed = _PLACED.fullmatch(first)
    if placed and is_person(placed[1]) and all(map(_capital, placed["place"].split())):
        return (placed[1],)
    return ()


#: Words for what people are; they break ties between a name and a job in capitals.
_ROLE = re.compile(
    r"\b(?:reporter|journalist|correspondent|editor|columnist|author|writes|covers|Reporterin"
    r"|Redakteur|Korrespondent|journaliste|periodista|giornalista|dziennikar|журналіст|журналист"
    r"|кореспондент|корреспондент|редактор)",
    re.IGNORECASE,
)


def is_role(text: str) -> bool:
    """Whether *text* says what somebody does for a living."""
    return _ROLE.search(text) is not None


def is_desk(text: str) -> bool:
    """Whether *text* names a desk or team by its last word."""
    words = text.split()
    if not words:
        return False
    last = words[-1].casefold()
    if last in _DESKS or last.endswith("redaktion") or words[0].casefold() in _DESKS:
        return True
    return words[0] == "The" and last.islower() and words[-1].islower() and len(words) > 2


def site_of_desk(name: str) -> str | None:
    """The publication in a desk's name: what stands before its lower-case words."""
    words = name.split()
    if not is_desk(name):
        return None
    while words and (words[-1].islower() or words[-1].casefold() in (*_DESKS, "news", "editorial")):
        words.pop()
    return " ".join(words) or None


def after_by(text: str) -> str | None:
    """What follows a leading "by" in any of its languages; None when there is none."""
    match = _BY_WORD.match(text)
    return text[match.end() :] if match else None


def is_bare_by(text: str) -> bool:
    """Whether the line is only the word "by"."""
    return _BARE_BY.fullmatch(text) is not None


def is_bare_conjunction(text: str) -> bool:
    """Whether the line is only a conjunction, or the comma of a list set in a column."""
    return text.lower() in _ANY_CONJUNCTION or text in (",", "،", "·")


def author_line(text: str) -> str | None:
    """The names of an "Authors: ..." line, perhaps ""; None for any other line."""
    if len(text) > 300:
        return None
    match = _LABELLED.match(text)
    if match is None:
        return None
    label = match[1].casefold().strip()
    return (
        match[2] if label in _AUTHOR_LABELS or label.replace(" ", "_") in _AUTHOR_LABELS else None
    )


def size_of(text: str) -> int:
    """Words in a name."""
    return len(text.split())


@lru_cache(maxsize=64)
def _conjunction(language: str | None) -> re.Pattern[str]:
    own = _CONJUNCTIONS.get((language or "").split("-")[0].lower())
    words = [*own.split(), "and", "&"] if own else _ANY_CONJUNCTION
    plain = "|".join(re.escape(word) for word in words if word != "و")
    # In Arabic "and" is written together with the word after it.
    attached = r"|\s+و\s*(?=[^\W\d_]{2,}\s+[^\W\d_])" if "و" in words else ""
    return re.compile(rf"\s+(?:{plain})\s+{attached}")


def goes_on(text: str, language: str | None = None) -> str | None:
    """What follows the conjunction that *text* begins with; None if it begins with none."""
    opening = _conjunction(language).match(f" {text}")
    return text[opening.end() - 1 :] if opening else None


def _opens(part: str, conjunction: re.Pattern[str]) -> bool:
    """Whether the conjunction stands first: the comma before "and" of some styles."""
    return conjunction.match(f" {part}") is not None


def _parted(text: str, conjunction: re.Pattern[str]) -> list[str]:
    for match in reversed(list(conjunction.finditer(text))):
        left, right = text[: match.start()].strip(), text[match.end() :].strip()
        if not left or not right:
            continue
        inside = is_desk(right) and not right.startswith("The ") and not is_person(left)
        if inside and not is_desk(left):
            continue
        if "و" in match[0] and size_of(left) < 2:
            continue
        return [*_parted(left, conjunction), right]
    return [text]


def _is_somebody(name: str) -> bool:
    if not any(char.isalpha() for char in name) or "@" in name or len(name) > 120:
        return False
    return is_desk(name) or any(_capital(word) for word in name.split())


def _capital(word: str) -> bool:
    """Capitalised, or of a script without capitals."""
    first = next((char for char in word if char.isalpha()), "")
    return bool(first) and not first.islower()


def _like_a_name(part: str, introduced: bool) -> bool:
    words = part.split()
    if not words or len(words) > (9 if is_desk(part) else 6):
        return False
    if is_desk(part):
        return True
    if introduced:
        return _capital(words[0]) or words[0].lower() in _PARTICLES
    if not _capital(words[0]) and words[0].lower() not in _PARTICLES:
        return False
    return all(_capital(word) or word.lower() in _PARTICLES for word in words)


def _initial_ends(text: str) -> bool:
    """ "Ann B." and "Jr." end in a full stop that ends no sentence."""
    return re.search(r"(?:^|[\s.])(?:[^\W\d_]|Jr|Sr|Dr)\.$", text) is not None
