"""Catalogues: what translators wrote of the frame's words, as gettext's .po files.

Behind the door: the files of ``digest/locale``, read by Babel at first use and kept, each message
checked; and sentences with a number.  What the English says is in `wording`.  Nobody waits for a
translator: a message that is missing, fuzzy or broken is as if it were not there, and so is a
file that cannot be read.
"""

import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from gettext import c2py
from pathlib import Path
from string import Formatter

from babel import Locale, UnknownLocaleError
from babel.messages.catalog import Catalog
from babel.messages.pofile import PoFileError, read_po
from babel.numbers import format_decimal

from digest.telemetry import log

#: One folder a language, named as gettext does (pt_BR), with LC_MESSAGES/digest.po.
FOLDER = Path(__file__).resolve().parents[1] / "locale"

#: BCP 47: language, extended language, script, region, and what else may follow.
_TAG = re.compile(
    r"([a-z]{2,3})(?:-[a-z]{3}){0,3}(?:-([a-z]{4}))?(?:-([a-z]{2}|[0-9]{3}))?(?:-[a-z0-9]{1,8})*",
    re.IGNORECASE,
)
_LONGEST_TAG = 35

ENGLISH = Locale("en")

#: Enough of them to meet every form of every language.
_NUMBERS = (*range(1000), *(10**power for power in range(3, 10)))

#: Babel's reader checks little: damage shows as whatever fails first.
_DAMAGE = (ValueError, LookupError, TypeError, AttributeError, AssertionError, ArithmeticError)


def _one_or_more(n: int) -> int:
    return int(n != 1)


@dataclass(frozen=True, slots=True)
class Counted:
    """A sentence with a number, in each form that its language has for numbers."""

    #: English has two, for 1 and for all others; ``{n}`` is the number.
    forms: tuple[str, ...]
    #: Which of the forms a number takes.
    which: Callable[[int], int] = _one_or_more
    locale: Locale = ENGLISH

    def of(self, n: int, **values: str) -> str:
        """The sentence for *n*, written as its language writes numbers."""
        return self.forms[self.which(n)].format(n=format_decimal(n, locale=self.locale), **values)


@dataclass(frozen=True, slots=True)
class Catalogue:
    """One language, as far as it is translated; keys are what English says, and the context."""

    texts: Mapping[tuple[str, str], str]
    forms: Mapping[tuple[str, str], tuple[str, ...]]
    which: Callable[[int], int]

    def text(self, english: str, context: str) -> str:
        return self.texts.get((english, context), english)

    def counted(self, english: Counted, context: str, locale: Locale) -> Counted:
        forms = self.forms.get((english.forms[-1], context))
        # English words take English numbers.
        return Counted(forms, self.which, locale) if forms else english


def read(path: Path) -> Catalogue | None:
    """What *path* translates; None if there is nothing that can be read."""
    try:
        with path.open("rb") as lines:
            catalog = read_po(lines, abort_invalid=True)
        return _sound(catalog, path)
    except FileNotFoundError:
        return None
    except (PoFileError, OSError, *_DAMAGE) as error:
        log.warning("catalogue cannot be read; English is used", file=str(path), why=str(error))
        return None


def _sound(catalog: Catalog, path: Path) -> Catalogue:
    which = c2py(catalog.plural_expr)
    kinds = Counter(which(n) for n in _NUMBERS)
    texts, forms = {}, {}
    for message in catalog:
        said = message.string or ""
        if not message.id or message.fuzzy or not any(said):
            continue
        context = message.context or ""
        english = message.id if isinstance(message.id, str) else message.id[-1]
        wrong = fault(message.id, said, kinds)
        if wrong:
            log.warning("translation left out", file=str(path), text=english, why=wrong)
        elif isinstance(message.id, str):
            texts[english, context] = str(said)
        else:
            forms[english, context] = tuple(said)
    return Catalogue(texts, forms, which)


def fault(english: str | Sequence[str], said: str | Sequence[str], kinds: Mapping[int, int]) -> str:
    """What is wrong with *said*, a translation or all forms of one; "" if nothing is.

    A translation has the placeholders of its English.  A form that stands for one number only
    may say that number in a word ("one more").

    Args:
        kinds: of each form of the language, how many numbers take it.
    """
    if isinstance(english, str) or isinstance(said, str):
        return _strays(english if isinstance(english, str) else english[-1], str(said), set())
    if not set(kinds) <= set(range(len(said))):
        return f"{len(said)} forms are too few"
    found = (
        _strays(english[-1], form, {"n"} if kinds.get(place) == 1 else set())
        for place, form in enumerate(said)
    )
    return next(filter(None, found), "")


def _strays(english: str, said: str, may_lack: set[str]) -> str:
    if not said.strip():
        return "it is empty"
    wanted = placeholders(english)
    try:
        given = placeholders(said)
    except ValueError as error:
        return str(error)
    wrong = (wanted - given - may_lack) | (given - wanted)
    return f"placeholders differ: {', '.join(sorted(wrong))}" if wrong else ""


def placeholders(text: str) -> set[str]:
    """The names between braces, with whatever stands beside them.

    Raises:
        ValueError: a brace is alone.
    """
    return {
        name + (f"!{conversion}" if conversion else "") + (f":{spec}" if spec else "")
        for _, name, spec, conversion in Formatter().parse(text)
        if name is not None
    }


def normal_tag(language: str) -> str:
    """*language* as BCP 47 writes it (``pt-BR``), without variants; "" if it is no tag."""
    match = _TAG.fullmatch(language) if len(language) <= _LONGEST_TAG else None
    if not match:
        return ""
    parts = (match[1].lower(), (match[2] or "").title(), (match[3] or "").upper())
    return "-".join(filter(None, parts))


@lru_cache(maxsize=256)
def locale_for(language: str) -> Locale:
    """Babel's locale for a BCP 47 *language*, its nearest parent, or English."""
    for tag in (language, language.partition("-")[0]):
        try:
            return Locale.parse(tag, sep="-")
        except (UnknownLocaleError, ValueError):
            continue
    return ENGLISH


@lru_cache(maxsize=1)
def translated() -> tuple[str, ...]:
    """The tags of all catalogues, in their order."""
    return tuple(
        sorted(path.parts[-3].replace("_", "-") for path in FOLDER.glob("*/LC_MESSAGES/digest.po"))
    )


def nearest(language: str) -> str:
    """The tag of the catalogue for *language*: its own, or of a parent; "" if there is none."""
    tag = normal_tag(language)
    while tag and tag not in translated():
        tag = tag.rpartition("-")[0]
    return tag


@lru_cache(maxsize=64)
def catalogue_of(tag: str) -> Catalogue | None:
    """The catalogue of a *tag* that `translated` names, read at first use."""
    return read(FOLDER / tag.replace("-", "_") / "LC_MESSAGES" / "digest.po")
