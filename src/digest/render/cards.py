"""The card that others show where a page of ours is linked: title and colours, nothing else.

Drawn, not photographed: the same title and colours give the same octets with the same Pillow.
"""

from functools import lru_cache
from io import BytesIO
from itertools import cycle
from typing import Final, cast

from PIL import Image, ImageDraw, ImageFont

from digest.render.frame import CARD_HEIGHT as HEIGHT
from digest.render.frame import CARD_WIDTH as WIDTH
from digest.render.tidy import one_line, shorten

_MARGIN: Final = 90
_BAND: Final = 28
#: Sizes of the title's letters that are tried, in pixels, until it fits.
_SIZES: Final = (108, 92, 78, 66, 56)
_MOST_LINES: Final = 3
_LONGEST: Final = 120
#: Columns of a sheet, as shares of its width that their lines fill; the first is a picture.
_LINES: Final = (
    (1.0, 0.96, 1.0, 0.58),
    (0.98, 1.0, 0.94, 0.99, 1.0, 0.41),
    (1.0, 0.95, 0.99, 1.0, 0.93, 0.72),
)

_Font = ImageFont.FreeTypeFont


@lru_cache(maxsize=32)
def card(title: str, *, accent: str, paper: str, ink: str) -> bytes:
    """A PNG of `CARD_WIDTH` x `CARD_HEIGHT` with *title*, in colours such as ``#9b1d20``.

    Pillow's own font has Latin letters without accents; a title in other letters is left out,
    and the sheet stands for itself.
    """
    image = Image.new("RGB", (WIDTH, HEIGHT), paper)
    draw = ImageDraw.Draw(image)
    draw.rectangle((0, 0, WIDTH, _BAND - 1), fill=accent)
    draw.rectangle((0, HEIGHT - 9, WIDTH, HEIGHT), fill=accent)
    words = shorten(one_line(title), _LONGEST).replace("…", "...")
    readable = words and _has_letters(words)
    top = _title(draw, words, ink) if readable else _masthead(draw, accent)
    _sheet(draw, top, accent=accent, paper=paper, ink=ink)
    octets = BytesIO()
    image.quantize(64, Image.Quantize.MEDIANCUT).save(octets, "PNG", optimize=True)
    return octets.getvalue()


@lru_cache(maxsize=8)
def icon(accent: str, paper: str) -> bytes:
    """A PNG of 512 x 512: a folded sheet, for tabs of browsers and lists of feed readers."""
    image = Image.new("RGB", (512, 512), accent)
    draw = ImageDraw.Draw(image)
    draw.rectangle((96, 80, 416, 432), fill=paper)
    draw.rectangle((136, 120, 376, 168), fill=accent)
    for top in range(208, 400, 48):
        draw.rectangle((136, top, 376 if top < 350 else 280, top + 16), fill=accent)
    octets = BytesIO()
    image.quantize(4).save(octets, "PNG", optimize=True)
    return octets.getvalue()


def _title(draw: ImageDraw.ImageDraw, words: str, ink: str) -> int:
    """Write *words* in the upper part; return where the rest begins."""
    font, lines = _set(words)
    height = round(font.size * 1.18)
    top = _BAND + 56
    for number, line in enumerate(lines):
        draw.text((_MARGIN, top + number * height), line, font=font, fill=ink)
    return top + len(lines) * height + 40


def _masthead(draw: ImageDraw.ImageDraw, accent: str) -> int:
    """Where no title can be written, the shape of one; return where the rest begins."""
    top, bottom = _BAND + 56, _BAND + 126
    draw.rectangle((_MARGIN, top, _MARGIN + (WIDTH - 2 * _MARGIN) * 2 // 3, bottom), fill=accent)
    return bottom + 40


def _set(words: str) -> tuple[_Font, list[str]]:
    """The largest letters in which *words* fit, and their lines."""
    for size in _SIZES:
        font = _font(size)
        lines = _wrapped(words, font)
        if len(lines) <= _MOST_LINES and all(_fits(line, font) for line in lines):
            return font, lines
    if len(lines) > _MOST_LINES:
        lines = [*lines[: _MOST_LINES - 1], lines[_MOST_LINES - 1] + "..."]
    return font, [_cut(line, font) for line in lines]


def _wrapped(words: str, font: _Font) -> list[str]:
    lines: list[str] = []
    for word in words.split():
        longer = f"{lines[-1]} {word}" if lines else word
        if lines and _fits(longer, font):
            lines[-1] = longer
        else:
            lines.append(word)
    return lines


def _fits(line: str, font: _Font) -> bool:
    return font.getlength(line) <= WIDTH - 2 * _MARGIN


def _cut(line: str, font: _Font) -> str:
    while not _fits(line, font):
        line = line.removesuffix("...")[:-1] + "..."
    return line


def _sheet(draw: ImageDraw.ImageDraw, top: int, *, accent: str, paper: str, ink: str) -> None:
    """A front page from far away: a rule, a picture, columns of lines."""
    draw.rectangle((_MARGIN, top, WIDTH - _MARGIN, top + 3), fill=ink)
    grey, pale = _between(paper, ink, 0.22), _between(paper, accent, 0.3)
    top += 44
    gap, step, thick = 48, 38, 16
    width = (WIDTH - 2 * _MARGIN - 2 * gap) // 3
    for number, lines in enumerate(_LINES):
        left, y = _MARGIN + number * (width + gap), top
        if number == 0:
            tall = (HEIGHT - top) // 2 // step * step - (step - thick)
            draw.rectangle((left, y, left + width, y + tall), fill=pale)
            y += tall + step - thick
        for share in cycle(lines):
            if y + thick > HEIGHT - 30:
                break
            draw.rectangle((left, y, left + round(width * share), y + thick), fill=grey)
            y += step


def _between(one: str, other: str, share: float) -> tuple[int, int, int]:
    """The colour that is *share* of the way from *one* to *other*."""
    pairs = [(int(one[n : n + 2], 16), int(other[n : n + 2], 16)) for n in (1, 3, 5)]
    red, green, blue = (round(a + (b - a) * share) for a, b in pairs)
    return red, green, blue


def _font(size: int) -> _Font:
    font = cast("_Font", ImageFont.load_default(size))
    # Other layout engines differ from machine to machine.
    return font.font_variant(layout_engine=ImageFont.Layout.BASIC)


def _has_letters(words: str) -> bool:
    """Whether the font has a shape for every letter, and not the box that stands for none."""
    if not isinstance(ImageFont.load_default(_SIZES[-1]), _Font):
        # A Pillow that was built without FreeType.
        return False
    font = _font(_SIZES[-1])
    box = bytes(font.getmask("\uffff"))
    return all(letter == " " or bytes(font.getmask(letter)) != box for letter in set(words))
