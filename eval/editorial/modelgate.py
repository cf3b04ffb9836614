"""Part "model gate": what a model may not get past us.

Lies are planted into true sentences, one at a time, and the gate is asked; so are true extracts
and true shortenings, which it should let through.  Then an endpoint that lies, stalls and
returns garbage is asked about an edition, and what leaves is looked at.
"""

import asyncio
import random
import re
import sys
from calendar import month_name
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from digest.editorial.gate import faults
from digest.editorial.passages import passages
from digest.model import Item, Kind

# isort: split
from shared import items_of

#: Where the fake endpoint and the builders are.
_TESTS = Path(__file__).parents[2] / "tests"
#: Sentences of a true extract.
_SENTENCES = 3
_NAMES = ("Quellwick", "Tarnholt", "Vesperling", "Okonide", "Brassard", "Mirowana", "Feldspar")
_FOREIGN = {
    "uk": ("Квельвик", "Тарнгольт", "Веспрій", "Оконіде"),
    "ar": ("كويلويك", "تارنهولت"),
}
_DAY = re.compile(
    r"\b(?:Monday|Tuesday|Wednesday|Thursday|Friday|Saturday|Sunday|Montag|Dienstag|Mittwoch"
    r"|Donnerstag|Freitag|Samstag|Sonntag|lundi|mardi|mercredi|jeudi|vendredi|samedi|dimanche"
    r"|lunes|martes|miércoles|jueves|viernes|sábado|domingo|lunedì|martedì|mercoledì|giovedì"
    r"|venerdì|sabato|domenica|понеділок|вівторок|середу|четвер|п’ятницю|суботу|неділю)\b"
    r"|\b\d{1,2}(?=\.? (?:January|February|March|April|May|June|July|Mai|mai|de mayo|maja|maggio"
    r"|травня)\b)|(?<=\bMay )\d{1,2}\b"
)
_DAYS = {
    "en": "Monday Tuesday Wednesday Thursday Friday Saturday Sunday",
    "de": "Montag Dienstag Mittwoch Donnerstag Freitag Samstag Sonntag",
    "fr": "lundi mardi mercredi jeudi vendredi samedi dimanche",
    "es": "lunes martes miércoles jueves viernes sábado domingo",
    "it": "lunedì martedì mercoledì giovedì venerdì sabato domenica",
    "uk": "понеділок вівторок середу четвер п’ятницю суботу неділю",
}
_MONTHS = frozenset(month_name)
_QUOTED = re.compile(r"[\"“„«]([^\"“”„«»]{12,})[\"”“»]")
_RUN = re.compile(
    r"(?<=[^\W_] )[A-ZÀ-ÞА-ЯЇІЄ][a-zß-ÿа-яїієґ’]{2,}(?: [A-ZÀ-ÞА-ЯЇІЄ][a-zß-ÿа-яїієґ’]{2,})*"
)
_AUXILIARY = re.compile(
    r"\b(?:was|were|is|are|has|have|had|will|would|can|could|must|should)\b(?! not)"
)
_DENIAL = re.compile(r" (?:not|nicht|не|nie|non|no)\b(?=[ ,])")

Lie = tuple[str, str]


def lies(sentence: str, item: Item, dice: random.Random) -> Iterator[Lie]:
    """False versions of *sentence*, each with its kind."""
    yield from _numbers(sentence, item, dice)
    for found in _one(_DAY.finditer(sentence), dice):
        if found[0].isdecimal():
            yield "date", _cut(sentence, found, str((int(found[0]) + dice.randint(1, 9)) % 28 + 1))
        else:
            others = _DAYS.get((item.language or "en")[:2], "").split()
            if found[0] in others:
                yield (
                    "date",
                    _cut(sentence, found, dice.choice([d for d in others if d != found[0]])),
                )
    yield from _names(sentence, item, dice)
    for found in _one(_QUOTED.finditer(sentence), dice):
        said = re.findall(r"[^\W\d_]{4,}", found[1])
        others = [w for w in re.findall(r"\b[a-zа-яїієґß-ÿ]{4,}\b", item.text) if w not in found[0]]
        if said and others:
            word = dice.choice(said)
            changed = found[0].replace(word, dice.choice(others), 1)
            yield "quotation", sentence[: found.start()] + changed + sentence[found.end() :]
    if (item.language or "").startswith("en"):
        for found in _one(_AUXILIARY.finditer(_QUOTED.sub("", sentence)), dice):
            yield "negation added", sentence.replace(found[0], f"{found[0]} not", 1)
    for found in _one(_DENIAL.finditer(sentence), dice):
        yield "negation dropped", _cut(sentence, found, "")


def _numbers(sentence: str, item: Item, dice: random.Random) -> Iterator[Lie]:
    for found in _one(re.finditer(r"\b\d+(?:[.,]\d+)*\b", sentence), dice):
        digits = list(found[0])
        at = dice.choice([n for n, digit in enumerate(digits) if digit.isdecimal()])
        digits[at] = str((int(digits[at]) + dice.randint(1, 8)) % 9 + (at == 0))
        if "".join(digits) != found[0]:
            yield "number", _cut(sentence, found, "".join(digits))
        others = [n for n in re.findall(r"\b\d+(?:[.,]\d+)*\b", item.text) if n not in sentence]
        if others:
            yield "number from elsewhere", _cut(sentence, found, dice.choice(others))


def _names(sentence: str, item: Item, dice: random.Random) -> Iterator[Lie]:
    if (item.language or "").startswith("de"):
        return  # every noun would be one
    runs = [m for m in _RUN.finditer(sentence) if not _DAY.search(m[0]) and m[0] not in _MONTHS]
    for found in _one(iter(runs), dice):
        foreign = _FOREIGN.get((item.language or "")[:2], _NAMES)
        yield "name", _cut(sentence, found, dice.choice(foreign))
        others = [m[0] for m in _RUN.finditer(item.text) if m[0] not in sentence]
        others = [name for name in others if not _DAY.search(name) and name not in _MONTHS]
        if others:
            yield "name from elsewhere", _cut(sentence, found, dice.choice(others))
    different = {m[0]: m for m in runs}
    if len(different) > 1:
        one, other = sorted(dice.sample(sorted(different), 2), key=lambda n: different[n].start())
        first, second = different[one], different[other]
        yield (
            "names swapped",
            sentence[: first.start()] + other + sentence[first.end() : second.start()]
            + one + sentence[second.end() :],
        )  # fmt: skip


def _one(found: Iterator[re.Match[str]], dice: random.Random) -> Iterator[re.Match[str]]:
    every = list(found)
    if every:
        yield dice.choice(every)


def _cut(sentence: str, found: re.Match[str], put: str) -> str:
    return sentence[: found.start()] + put + sentence[found.end() :]


def shortened(sentence: str) -> str:
    """A true shorter version of *sentence*, or itself: asides and what merely says who says go."""
    short = re.sub(r" \([^()]{2,80}\)", "", sentence)
    short = re.sub(r",? (?:who|which) [^,\"“”]{4,60},", "", short, count=1)
    short = re.sub(r", [^,\"“”]{3,40} said\.$", ".", short)
    opening = re.match(r"(?:On|In|At|After|Early|Late) [^,]{3,30}, (?=[a-z])", short)
    if opening:
        short = short[opening.end() :]
        short = short[0].upper() + short[1:]
    return short


def score(split: str) -> dict[str, Any]:
    """Shares caught by kind of lie, in verbatim and in shortened sentences; wrong refusals."""
    tried: dict[str, Counter[str]] = defaultdict(Counter)
    caught: dict[str, Counter[str]] = defaultdict(Counter)
    refused: list[str] = []
    missed: list[tuple[str, str]] = []
    true: Counter[str] = Counter()
    wrong: Counter[str] = Counter()
    for item, row in items_of(f"day-{split}"):
        if item.kind is not Kind.ARTICLE:
            continue
        if row["reference"]:
            true["an editor's abstract"] += 1
            if found := faults(row["reference"], [item]):
                wrong["an editor's abstract"] += 1
                refused.append(f"{item.id} abstract: {found}")
        told = [passage.text for passage in passages(item) if passage.is_whole][:8]
        dice = random.Random(f"{item.id} {item.title}")
        for form in ("verbatim", "shortened"):
            texts = [shortened(text) for text in told] if form == "shortened" else told
            if form == "shortened" and texts == told:
                continue
            text = " ".join(texts[:_SENTENCES])
            true[form] += 1
            if faults(text, [item]):
                wrong[form] += 1
                refused.append(f"{item.id} {form}: {faults(text, [item])[0]}")
            for at, sentence in enumerate(texts):
                for kind, lie in lies(sentence, item, dice):
                    tried[form][kind] += 1
                    said = " ".join([*texts[max(0, at - 1) : at], lie])
                    if faults(said, [item]):
                        caught[form][kind] += 1
                    else:
                        missed.append((kind, lie))
    return {
        "caught": {
            form: {
                kind: {"share": round(caught[form][kind] / number, 3), "tried": number}
                for kind, number in sorted(kinds.items())
            }
            for form, kinds in tried.items()
        },
        "wrongly refused": {
            form: {"share": round(wrong[form] / number, 3), "tried": number}
            for form, number in true.items()
        },
        "refused": refused,
        "missed": missed,
        "behaviour": _behaviour(),
    }


def _behaviour() -> list[dict[str, str]]:
    sys.path.append(str(_TESTS))
    from modelbehaviour import behaviour

    return asyncio.run(behaviour())


def main(arguments: Sequence[str]) -> None:
    found = score(arguments[0] if arguments else "dev")
    for form, kinds in found["caught"].items():
        for kind, figure in kinds.items():
            print(f"{form:10} {kind:24} {figure['share']:6.1%} of {figure['tried']}")
    print("wrongly refused", found["wrongly refused"])
    for row in found["behaviour"]:
        print(f"{row['mode']:8} {row['manner']:26} {row['whose']:12} {row['reason'][:150]}")
    if "-v" in arguments:
        print(*found["refused"], sep="\n")
        print(*(f"{kind}: {lie}" for kind, lie in found["missed"]), sep="\n")


if __name__ == "__main__":
    main(sys.argv[1:])
