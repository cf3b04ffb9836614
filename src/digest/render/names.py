"""Names in a by-line: who wrote it, unless that only says the publication's name again."""

import re
from collections.abc import Iterable

#: Words that make a name one of a desk ("Courier news desk"), not of a person.
_DESK = frozenset(
    [
        "agency",
        "bureau",
        "correspondent",
        "correspondents",
        "desk",
        "editor",
        "editorial",
        "editors",
        "journalist",
        "journalists",
        "newsdesk",
        "newsroom",
        "reporter",
        "reporters",
        "staff",
        "team",
        "writer",
        "writers",
        "redaktion",
        "redaktionsteam",
        "nachrichtenredaktion",
        "rédaction",
        "equipe",
        "équipe",
        "redacción",
        "equipo",
        "redazione",
        "σύνταξη",
        "συντακτική",
        "ομάδα",
        "редакція",
        "التحرير",
        "تحرير",
    ]
)
#: What may stand beside those; any other word with a capital may be a person's name.
_BESIDE = frozenset(
    [
        "news",
        "web",
        "online",
        "digital",
        "the",
        "and",
        "business",
        "city",
        "culture",
        "foreign",
        "local",
        "morning",
        "national",
        "night",
        "political",
        "politics",
        "sport",
        "sports",
        "world",
        "nachrichten",
        "la",
        "le",
        "il",
        "der",
        "die",
        "das",
        "el",
    ]
)
_WORD = re.compile(r"[^\W_]+(?:['’.-][^\W_]+)*")


def bylines(authors: Iterable[str], site: str) -> tuple[str, ...]:
    """Those of *authors* that tell more than *site* does, each once."""
    kept: dict[str, str] = {}
    for author in authors:
        if author and not _says_only(author, site):
            kept.setdefault(author.casefold(), author)
    return tuple(kept.values())


def _words(name: str) -> list[str]:
    """The words of *name* without a leading English article."""
    words = _WORD.findall(name)
    return words[1:] if len(words) > 1 and words[0].casefold() == "the" else words


def _says_only(author: str, site: str) -> bool:
    """Is *author* the publication, or a desk with the publication's name in it?"""
    words, name = _words(author), [word.casefold() for word in _words(site)]
    folded = [word.casefold() for word in words]
    if not name:
        return False
    if folded == name:
        return True
    for start in range(len(words) - len(name) + 1):
        if folded[start : start + len(name)] == name:
            rest = words[:start] + words[start + len(name) :]
            return _is_desk(rest)
    return False


def _is_desk(words: list[str]) -> bool:
    known = _DESK | _BESIDE
    named = any(word.casefold() not in known and word != word.lower() for word in words)
    return not named and any(word.casefold() in _DESK | {"news"} for word in words)
