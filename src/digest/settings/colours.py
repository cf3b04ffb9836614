"""Colours and their contrast, as WCAG 2.2 measures it; the palette that a brand leads to."""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import TypeGuard

#: Of text, and of large text (24 px, or 18.7 px bold): WCAG 2.2, 1.4.3.
TEXT_CONTRAST = 4.5
LARGE_CONTRAST = 3.0

_POLES = ("#000000", "#ffffff")

#: The sheet in the dark, and what is around it.
_DARK_PAPER, _DARK_GROUND = "#1c1b19", "#121110"
_DARK_INK, _DARK_BODY = "#f4f0e8", "#d9d3c8"


@dataclass(frozen=True, slots=True, kw_only=True)
class Colours:
    """One set: ``#rrggbb`` each; every kind of text reads on both grounds."""

    ink: str
    body: str
    quiet: str
    accent: str
    #: Of lines; no text.
    rule: str
    paper: str
    ground: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Palette:
    light: Colours
    dark: Colours


def is_colour(value: object) -> TypeGuard[str]:
    return isinstance(value, str) and re.fullmatch(r"#[0-9a-f]{6}", value) is not None


def _channels(colour: str) -> tuple[int, int, int]:
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)


def luminance(colour: str) -> float:
    """Relative luminance, 0 to 1 (WCAG 2.2)."""
    shares = [value / 255 for value in _channels(colour)]
    red, green, blue = (
        share / 12.92 if share <= 0.04045 else ((share + 0.055) / 1.055) ** 2.4 for share in shares
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    """From 1 (the same) to 21 (black on white)."""
    lighter, darker = sorted((luminance(one), luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def mix(one: str, other: str, share: float) -> str:
    """*one* with *share* (0 to 1) of *other* in it."""
    pairs = zip(_channels(one), _channels(other), strict=True)
    return "#" + "".join(f"{round(a + (b - a) * share):02x}" for a, b in pairs)


def legible(colour: str, *grounds: str, wanted: float = TEXT_CONTRAST) -> str | None:
    """The colour nearest to *colour*, towards black or white, that reads on all *grounds*.

    None when neither black nor white does: then *grounds* are too far apart for words.
    """
    poles = [pole for pole in _POLES if _reads(pole, grounds, wanted)]
    # At the last step each of them is there.
    found = (mix(colour, pole, step / 100) for step in range(101) for pole in poles)
    return next((one for one in found if _reads(one, grounds, wanted)), None)


def _reads(colour: str, grounds: Iterable[str], wanted: float) -> bool:
    return all(contrast(colour, ground) >= wanted for ground in grounds)


@lru_cache(maxsize=64)
def palette(*, accent: str, ink: str, paper: str, ground: str) -> Palette:
    """The two sets of a brand; the dark one is made from the same accent."""

    def quietest(strong: str, share: float, grounds: tuple[str, str]) -> str:
        return legible(mix(strong, grounds[0], share), *grounds) or strong

    def made(
        strong: str, body: str, grounds: tuple[str, str], turn: Callable[[str], str]
    ) -> Colours:
        return Colours(
            ink=strong,
            body=body,
            quiet=quietest(strong, 0.33, grounds),
            accent=turn(accent),
            rule=mix(strong, grounds[0], 0.83),
            paper=grounds[0],
            ground=grounds[1],
        )

    dark = (_DARK_PAPER, _DARK_GROUND)
    return Palette(
        light=made(ink, mix(ink, paper, 0.1), (paper, ground), lambda colour: colour),
        dark=made(
            _DARK_INK,
            _DARK_BODY,
            dark,
            lambda colour: legible(mix(colour, "#ffffff", 0.3), *dark) or _DARK_INK,
        ),
    )
