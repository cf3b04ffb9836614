"""Draws the pictures of the sample day: `python seeds/draw_pictures.py`.

Flat colours and gradients, drawn at twice the size and made smaller.  Nothing here was ever
photographed; the same Pillow draws the same files.
"""

import math
import random
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

from PIL import Image, ImageChops, ImageDraw, ImageFilter

WIDTH, HEIGHT = 1200, 800
SCALE = 2
HERE = Path(__file__).parent

Colour = tuple[int, int, int]
Point = tuple[float, float]


def rgb(text: str) -> Colour:
    return int(text[0:2], 16), int(text[2:4], 16), int(text[4:6], 16)


def mix(one: Colour, other: Colour, share: float) -> Colour:
    red, green, blue = (round(a + (b - a) * share) for a, b in zip(one, other, strict=True))
    return red, green, blue


class Sheet:
    """A picture in units of 1200 x 800."""

    def __init__(self, seed: int) -> None:
        self.image = Image.new("RGB", (WIDTH * SCALE, HEIGHT * SCALE))
        self.draw = ImageDraw.Draw(self.image)
        # The same strokes each time.
        self.chance = random.Random(seed)  # noqa: S311

    def sky(self, *stops: tuple[float, str]) -> None:
        """A gradient from top to bottom through *stops*: (height, colour)."""
        for (top, one), (bottom, other) in pairwise(stops):
            first, last = round(top * SCALE), round(bottom * SCALE)
            for y in range(first, last):
                colour = mix(rgb(one), rgb(other), (y - first) / max(1, last - first))
                self.draw.line((0, y, WIDTH * SCALE, y), fill=colour)

    def shape(self, points: Sequence[Point], colour: str) -> None:
        self.draw.polygon([(x * SCALE, y * SCALE) for x, y in points], fill=rgb(colour))

    def box(self, left: float, top: float, right: float, bottom: float, colour: str) -> None:
        corners = (left * SCALE, top * SCALE, right * SCALE - 1, bottom * SCALE - 1)
        self.draw.rectangle(corners, fill=rgb(colour))

    def disc(self, x: float, y: float, radius: float, colour: str) -> None:
        corners = ((x - radius) * SCALE, (y - radius) * SCALE)
        self.draw.ellipse((*corners, (x + radius) * SCALE, (y + radius) * SCALE), fill=rgb(colour))

    def line(self, points: Sequence[Point], colour: str, width: float) -> None:
        scaled = [(x * SCALE, y * SCALE) for x, y in points]
        self.draw.line(scaled, fill=rgb(colour), width=round(width * SCALE), joint="curve")

    def glow(self, x: float, y: float, radius: float, colour: str, strength: float = 0.8) -> None:
        """Light around a lamp: added to what is there."""
        light = Image.new("RGB", self.image.size)
        shade = mix((0, 0, 0), rgb(colour), strength)
        corners = [(x - radius / 2) * SCALE, (y - radius / 2) * SCALE]
        corners += [(x + radius / 2) * SCALE, (y + radius / 2) * SCALE]
        ImageDraw.Draw(light).ellipse(corners, fill=shade)
        light = light.resize((WIDTH // 4, HEIGHT // 4)).filter(
            ImageFilter.GaussianBlur(radius / 10)
        )
        self.image.paste(ImageChops.screen(self.image, light.resize(self.image.size)))

    def hills(self, base: float, height: float, colour: str, *, waves: float, shift: float) -> None:
        points: list[Point] = [(0, HEIGHT)]
        for x in range(0, WIDTH + 12, 12):
            turn = x / WIDTH * math.tau * waves + shift
            points.append((x, base - height * (0.6 * math.sin(turn) + 0.4 * math.sin(turn * 2.3))))
        self.shape([*points, (WIDTH, HEIGHT)], colour)

    def ripples(self, top: float, colour: str, number: int, *, longest: float = 130) -> None:
        """Short lines on water, longer and further apart towards the reader."""
        for _ in range(number):
            share = self.chance.random()
            y = top + (HEIGHT - top) * share**1.4
            length = longest * (0.25 + 0.75 * share) * self.chance.uniform(0.4, 1)
            x = self.chance.uniform(-60, WIDTH)
            self.line([(x, y), (x + length, y)], colour, 1.2 + 2.2 * share)

    def stars(self, number: int, lowest: float) -> None:
        for _ in range(number):
            x, y = self.chance.uniform(0, WIDTH), self.chance.uniform(0, lowest)
            self.disc(x, y, self.chance.choice((0.8, 1.1, 1.6)), "dfe6ee")

    def gull(self, x: float, y: float, size: float, colour: str) -> None:
        for side in (-1, 1):
            wing = [
                (x + side * size * t, y - size * 0.42 * math.sin(t * math.pi * 0.8))
                for t in (0, 0.2, 0.4, 0.6, 0.8, 1)
            ]
            self.line(wing, colour, max(1.5, size / 9))

    def person(self, x: float, foot: float, tall: float, colour: str) -> None:
        """Somebody from far away."""
        self.disc(x, foot - tall * 0.88, tall * 0.115, colour)
        self.shape(
            [
                (x - tall * 0.13, foot - tall * 0.72), (x + tall * 0.13, foot - tall * 0.72),
                (x + tall * 0.16, foot - tall * 0.3), (x - tall * 0.16, foot - tall * 0.3),
            ],
            colour,
        )  # fmt: skip
        for step in (-1, 1):
            self.line(
                [(x + step * tall * 0.05, foot - tall * 0.32), (x + step * tall * 0.1, foot)],
                colour,
                tall * 0.09,
            )

    def save(self, name: str) -> None:
        path = HERE / name
        path.parent.mkdir(exist_ok=True)
        small = self.image.resize((WIDTH, HEIGHT), Image.Resampling.LANCZOS)
        small.save(path, "JPEG", quality=84, progressive=True, optimize=True)


def ferry() -> None:
    """The Ardent Tern, dark, is eased alongside at night."""
    sheet = Sheet(1)
    sheet.sky((0, "0c1830"), (300, "1b3352"), (470, "3d5a73"))
    sheet.stars(90, 330)
    sheet.glow(930, 130, 190, "c9d6df", 0.5)
    sheet.disc(930, 130, 44, "f3efdc")
    sheet.hills(430, 26, "14263c", waves=1.6, shift=0.6)
    sheet.sky((470, "2b4862"), (800, "0b1a2c"))
    sheet.ripples(478, "4a6a84", 90)
    for x in (70, 190, 310):
        sheet.box(x - 3, 360, x + 3, 500, "0a1420")
        sheet.glow(x, 356, 150, "ffc976", 0.75)
        sheet.disc(x, 356, 8, "ffe3ad")
        for n in range(9):
            wide = 26 - n * 2
            y = 580 + n * 24
            sheet.line([(x - wide, y), (x + wide, y)], "b98a4e" if n % 2 else "8a6d4a", 4)
    sheet.shape([(0, 470), (400, 470), (420, 520), (0, 545)], "101c2a")
    sheet.box(0, 490, 408, 560, "0d1824")
    for x in range(30, 400, 74):
        sheet.box(x, 520, x + 14, 600, "0a121c")
    hull = [(440, 500), (1030, 500), (1085, 430), (1100, 430), (1060, 578), (470, 578)]
    sheet.shape(hull, "1f3346")
    sheet.shape([(455, 540), (1072, 540), (1060, 578), (470, 578)], "7d2226")
    sheet.box(500, 440, 1000, 502, "d8dcd8")
    sheet.box(540, 388, 940, 442, "c3cac9")
    sheet.box(820, 336, 930, 390, "d8dcd8")
    sheet.box(620, 316, 700, 390, "7d2226")
    sheet.box(620, 330, 700, 346, "d8dcd8")
    for x in range(520, 990, 34):
        sheet.box(x, 458, x + 20, 480, "27394b")
    for x in range(556, 800, 34):
        sheet.box(x, 404, x + 20, 424, "27394b")
    sheet.box(832, 350, 920, 370, "27394b")
    sheet.line([(875, 336), (875, 268)], "0d1824", 4)
    sheet.shape([(1098, 556), (1190, 556), (1182, 606), (1112, 606)], "0d1824")
    sheet.box(1120, 510, 1166, 558, "b8452f")
    sheet.box(1130, 520, 1156, 536, "ffe3ad")
    sheet.glow(1143, 526, 130, "ffb760", 0.8)
    sheet.line([(1112, 572), (1062, 548)], "8fa2b0", 2)
    sheet.line([(470, 548), (392, 500)], "8fa2b0", 2)
    for x, tall in ((96, 44), (128, 48), (232, 46), (262, 38), (350, 47)):
        sheet.person(x, 484, tall, "05090f")
    sheet.save("pages/courier-ferry-adrift.jpg")


def town_hall() -> None:
    """The council's house after the vote, and somebody on its steps."""
    sheet = Sheet(2)
    sheet.sky((0, "8fb4cf"), (330, "d7dfd4"), (560, "f2dfbd"))
    for x, y, wide in ((190, 150, 150), (300, 168, 110), (960, 110, 170), (1070, 132, 120)):
        sheet.shape(
            [(x - wide / 2, y), (x - wide / 4, y - 20), (x + wide / 4, y - 14), (x + wide / 2, y)],
            "eef1ea",
        )
    sheet.hills(540, 18, "b7bda3", waves=2, shift=2)
    for left, top, right, colour in (
        (0, 380, 130, "b98f72"), (130, 420, 240, "a67c66"),
        (965, 400, 1080, "a67c66"), (1080, 360, 1200, "b98f72"),
    ):  # fmt: skip
        sheet.box(left, top, right, 640, colour)
        middle = (left + right) / 2
        sheet.shape([(left - 8, top), (middle, top - 58), (right + 8, top)], "6c4a44")
        for x in range(left + 18, right - 20, 42):
            for y in range(top + 34, 600, 62):
                sheet.box(x, y, x + 20, y + 30, "f0d9a8" if (x + y) % 3 else "5d6a72")
    sheet.box(240, 330, 960, 640, "e6dcc6")
    sheet.shape([(215, 330), (600, 190), (985, 330)], "d2c4a6")
    sheet.shape([(285, 318), (600, 206), (915, 318)], "e6dcc6")
    sheet.disc(600, 272, 30, "6f8795")
    sheet.disc(600, 272, 24, "f4efe0")
    sheet.line([(600, 272), (600, 254)], "3a4148", 3)
    sheet.line([(600, 272), (613, 279)], "3a4148", 3)
    sheet.box(225, 326, 975, 346, "c1b292")
    for x in range(268, 950, 96):
        if not 540 < x < 650:
            sheet.box(x, 346, x + 34, 624, "f4ecd9")
            sheet.box(x + 24, 346, x + 34, 624, "d2c4a6")
            sheet.box(x - 7, 616, x + 41, 640, "c1b292")
    sheet.box(546, 400, 654, 640, "5b3f36")
    sheet.box(556, 410, 644, 640, "f7d48c")
    sheet.glow(600, 540, 200, "ffcf80", 0.3)
    for n in range(5):
        sheet.box(470 - n * 40, 640 + n * 26, 730 + n * 40, 666 + n * 26, "dccfb4")
        sheet.box(470 - n * 40, 660 + n * 26, 730 + n * 40, 666 + n * 26, "b5a684")
    sheet.box(0, 770, WIDTH, 800, "8a8272")
    for left, right in ((0, 470), (730, 1200)):
        sheet.shape([(left, 640), (right, 640), (right, 770), (left, 770)], "a79c84")
    for n in range(5):
        sheet.box(470 - n * 40, 640 + n * 26, 730 + n * 40, 666 + n * 26, "dccfb4")
        sheet.box(470 - n * 40, 660 + n * 26, 730 + n * 40, 666 + n * 26, "b5a684")
    sheet.line([(600, 190), (600, 96)], "4f4a43", 5)
    sheet.shape([(602, 100), (690, 112), (602, 146)], "2f6f8f")
    sheet.shape([(602, 116), (640, 121), (602, 131)], "f4efe0")
    sheet.person(618, 712, 108, "2a2b33")
    for x, foot, tall in ((330, 742, 92), (362, 748, 88), (866, 744, 90), (902, 750, 84)):
        sheet.person(x, foot, tall, "41424c")
    sheet.save("pages/courier-sea-wall-vote.jpg")


def cannery() -> None:
    """The early shift leaves."""
    sheet = Sheet(3)
    sheet.sky((0, "f0b67f"), (220, "f4cf9d"), (420, "f9e5c4"), (560, "e9d3b8"))
    sheet.glow(250, 380, 300, "fff0c4", 0.9)
    sheet.disc(250, 390, 58, "fff6dd")
    sheet.hills(520, 30, "c99f86", waves=1.2, shift=1)
    for x, y, size in ((420, 170, 22), (470, 196, 16), (360, 214, 14), (1010, 150, 18)):
        sheet.gull(x, y, size, "5d4a48")
    for x, top in ((760, 150), (850, 190)):
        sheet.shape([(x - 20, 520), (x - 13, top), (x + 13, top), (x + 20, 520)], "7c4038")
        sheet.box(x - 16, top, x + 16, top + 12, "5a2d29")
        sheet.box(x - 15, top + 40, x + 15, top + 52, "e8d9c3")
    for n in range(6):
        left = 470 + n * 110
        sheet.shape([(left, 440), (left, 350), (left + 110, 440)], "8f4a3c")
        sheet.shape([(left + 8, 432), (left + 8, 368), (left + 86, 432)], "c7dbe0")
    sheet.box(470, 440, 1130, 640, "a4573f")
    sheet.box(470, 440, 1130, 452, "7c4038")
    for x in range(500, 1110, 62):
        if not 760 < x < 900:
            sheet.box(x, 480, x + 36, 540, "5d3a34")
            sheet.box(x + 3, 483, x + 33, 537, "f3d9a0")
            sheet.box(x + 16, 483, x + 19, 537, "5d3a34")
    sheet.box(770, 490, 880, 640, "40302c")
    sheet.box(780, 500, 870, 640, "2d211f")
    sheet.sky((640, "b99478"), (800, "8d6d58"))
    sheet.shape([(0, 560), (330, 590), (330, 640), (0, 640)], "7a98a3")
    sheet.ripples(640, "a88468", 26, longest=160)
    sheet.box(0, 636, 470, 650, "6a5145")
    for x in range(20, 470, 70):
        sheet.box(x, 610, x + 8, 640, "4d3b34")
    sheet.line([(20, 612), (470, 612)], "4d3b34", 4)
    crowd = [(824, 668, 78), (790, 690, 90), (858, 704, 96), (730, 722, 104), (800, 742, 112)]
    crowd += [(660, 748, 112), (900, 738, 110), (560, 766, 120), (700, 784, 124)]
    for x, foot, tall in crowd:
        sheet.shape(
            [(x, foot), (x + tall * 0.9, foot + 5), (x + tall * 0.95, foot), (x + 8, foot - 4)],
            "7d5f4d",
        )
        sheet.person(x, foot, tall, "35282a" if tall % 4 else "46343a")
    sheet.save("pages/courier-cannery-closes.jpg")


def oyster_shed() -> None:
    """Empty trays on the shore of a bay."""
    sheet = Sheet(4)
    sheet.sky((0, "9fb9bd"), (240, "c5d3cf"), (400, "dfe2d6"))
    sheet.hills(380, 42, "8fa6a0", waves=1.1, shift=3)
    sheet.hills(398, 22, "728c84", waves=1.9, shift=1)
    sheet.sky((400, "a9c3c4"), (640, "7fa3a8"), (800, "6d949b"))
    sheet.ripples(410, "c6d8d6", 70)
    sheet.shape(
        [(0, 640), (300, 610), (640, 630), (900, 680), (1200, 660), (1200, 800), (0, 800)],
        "9a8f78",
    )
    sheet.shape([(0, 700), (420, 690), (800, 730), (1200, 720), (1200, 800), (0, 800)], "857a65")
    for x in (640, 720, 800, 880, 960, 1040, 1120):
        sheet.box(x, 500, x + 12, 690, "4a4038")
        sheet.line([(x + 6, 692), (x + 6, 712)], "6e6557", 10)
    sheet.box(600, 486, 1180, 506, "5c4f43")
    sheet.box(660, 330, 1140, 488, "54707a")
    for x in range(660, 1140, 24):
        sheet.line([(x, 330), (x, 488)], "48626c", 2)
    sheet.shape([(630, 334), (700, 236), (1100, 236), (1170, 334)], "8c3f34")
    for y in range(254, 334, 20):
        sheet.line([(690 - (y - 254) * 0.7, y), (1110 + (y - 254) * 0.7, y)], "7a352c", 2)
    sheet.box(720, 380, 790, 488, "2f3f46")
    for x in (840, 940, 1040):
        sheet.box(x, 370, x + 60, 430, "e9ead9")
        sheet.box(x + 4, 374, x + 56, 426, "33474f")
        sheet.line([(x + 30, 374), (x + 30, 426)], "e9ead9", 3)
    for row, (y, size) in enumerate(((616, 74), (656, 92), (706, 116))):
        for n in range(4):
            left = 40 + row * 14 + n * size * 1.28
            deep = size * 0.42
            sheet.shape(
                [
                    (left, y),
                    (left + size, y),
                    (left + size * 1.14, y + deep),
                    (left + size * 0.02, y + deep),
                ],
                "3c3a33",
            )
            sheet.shape(
                [
                    (left + 7, y + 5), (left + size - 6, y + 5),
                    (left + size * 1.14 - 9, y + deep - 6), (left + size * 0.02 + 8, y + deep - 6),
                ],
                "b7b09a",
            )  # fmt: skip
            for part in (0.25, 0.5, 0.75):
                sheet.line(
                    [(left + size * part, y + 4), (left + size * part * 1.14, y + deep - 3)],
                    "6b6656",
                    2,
                )
    for x, y, size in ((230, 210, 24), (300, 180, 18), (520, 230, 14)):
        sheet.gull(x, y, size, "f4f4ee")
    sheet.save("pages/courier-oysters.jpg")


def clock_tower() -> None:
    """The slow clock of Whinfold above its market."""
    sheet = Sheet(5)
    sheet.sky((0, "f3c9a3"), (300, "f6ddc0"), (560, "f4ead8"))
    sheet.hills(520, 40, "d9bfa0", waves=1.4, shift=0.4)
    colours = ("c27f66", "d69f74", "a86a5c", "c99474", "b67862")
    for n, left in enumerate(range(-20, 1220, 124)):
        if 440 < left < 700:
            continue
        top = 380 + (n * 37) % 60
        sheet.box(left, top, left + 118, 640, colours[n % 5])
        sheet.shape([(left - 6, top), (left + 59, top - 62), (left + 124, top)], "7c4b45")
        for x in (left + 20, left + 70):
            for y in (top + 36, top + 100):
                sheet.box(x, y, x + 28, y + 38, "f6e7c8")
                sheet.box(x + 12, y, x + 15, y + 38, colours[(n + 1) % 5])
    sheet.box(500, 190, 700, 640, "cbb795")
    sheet.box(660, 190, 700, 640, "b49f7c")
    sheet.box(486, 180, 714, 202, "a28d6b")
    sheet.shape([(486, 180), (600, 40), (714, 180)], "4f6b6b")
    sheet.shape([(600, 40), (714, 180), (640, 180)], "3f5858")
    sheet.line([(600, 44), (600, 12)], "3f4a4a", 4)
    sheet.gull(600, 16, 18, "3f4a4a")
    sheet.disc(592, 300, 84, "8f7b5b")
    sheet.disc(592, 300, 75, "faf4e4")
    for n in range(12):
        turn = n / 12 * math.tau
        near, far = (54, 68) if n % 3 else (48, 68)
        spoke = [(592 + r * math.sin(turn), 300 - r * math.cos(turn)) for r in (near, far)]
        sheet.line(spoke, "4b4238", 4 if n % 3 else 6)
    for turn, length, width in ((math.tau * 0.815, 40, 8), (math.tau * 0.78, 60, 5)):
        hand = (592 + length * math.sin(turn), 300 - length * math.cos(turn))
        sheet.line([(592, 300), hand], "8e2d2a", width)
    sheet.disc(592, 300, 7, "8e2d2a")
    for x in (540, 610):
        sheet.box(x, 430, x + 34, 500, "5f5546")
        sheet.disc(x + 17, 430, 17, "5f5546")
    sheet.box(548, 560, 640, 640, "5a4234")
    sheet.sky((640, "cdb598"), (800, "a98f74"))
    for n, left in enumerate((20, 250, 720, 950)):
        top = 560 + (n % 2) * 14
        sheet.box(left + 8, top + 40, left + 14, 744, "5a4234")
        sheet.box(left + 196, top + 40, left + 202, 744, "5a4234")
        for stripe in range(6):
            x = left + stripe * 35
            colour = ("8e2d2a", "2f6f6f", "c08a2e", "3f5f8a")[n] if stripe % 2 else "f8f1e2"
            sheet.shape([(x + 8, top), (x + 35, top), (x + 35, top + 54), (x, top + 54)], colour)
            sheet.disc(x + 17.5, top + 54, 17.5, colour)
        sheet.box(left, 680, left + 210, 700, "7a5a44")
        sheet.box(left + 8, 700, left + 202, 744, "96755a")
        for x in range(left + 16, left + 196, 22):
            colour = ("c9562f", "7d9a3c", "d8a93a", "b8434a")[(x // 22 + n) % 4]
            sheet.disc(x, 674, 11, colour)
            sheet.disc(x + 11, 664, 10, colour)
    for x, foot, tall in ((490, 730, 96), (528, 738, 90), (690, 726, 94), (660, 752, 66)):
        sheet.person(x, foot, tall, "43353a")
    sheet.save("pages/courier-whinfold-clock.jpg")


def eel_bridge() -> None:
    """Lunnet Bridge at the new moon, and one torch."""
    sheet = Sheet(6)
    sheet.sky((0, "10202b"), (280, "1d3a45"), (470, "34565b"))
    sheet.stars(160, 380)
    sheet.hills(430, 40, "142a30", waves=1.3, shift=2.2)
    sheet.hills(452, 18, "10242a", waves=2.4, shift=0.5)
    sheet.sky((470, "24464d"), (800, "0d1f26"))
    sheet.ripples(480, "3f6a70", 80)
    sheet.box(0, 372, WIDTH, 430, "2d3b3d")
    sheet.box(0, 360, WIDTH, 374, "3b4c4d")
    for x in range(0, WIDTH, 60):
        sheet.line([(x, 374), (x, 430)], "263335", 2)
    for x in (110, 410, 710, 1010):
        sheet.shape([(x, 430), (x + 84, 430), (x + 96, 640), (x - 12, 640)], "2d3b3d")
        sheet.shape([(x + 60, 430), (x + 84, 430), (x + 96, 640), (x + 66, 640)], "243032")
    for x in (194, 494, 794):
        arch: list[Point] = [(x, 430), (x + 216, 430)]
        arch += [
            (x + 108 + 108 * math.cos(t / 12 * math.pi), 500 - 70 * math.sin(t / 12 * math.pi))
            for t in range(13)
        ]
        sheet.shape([(x, 430), (x + 216, 430), (x + 216, 500), *arch[2:], (x, 500)], "2d3b3d")
    sheet.box(690, 610, 830, 640, "6b4f36")
    sheet.box(700, 580, 760, 612, "8a6743")
    sheet.line([(700, 596), (760, 596)], "5d432c", 3)
    sheet.person(796, 612, 118, "0a1519")
    sheet.glow(790, 500, 260, "ffdf9e", 0.55)
    sheet.disc(788, 499, 7, "fff3cf")
    beam = Image.new("RGB", sheet.image.size)
    ImageDraw.Draw(beam).polygon(
        [(784 * SCALE, 500 * SCALE), (470 * SCALE, 700 * SCALE), (690 * SCALE, 760 * SCALE)],
        fill=(66, 62, 40),
    )
    beam = beam.resize((300, 200)).filter(ImageFilter.GaussianBlur(3)).resize(beam.size)
    sheet.image.paste(ImageChops.screen(sheet.image, beam))
    for n in range(26):
        x, y = 440 + (n * 53) % 300, 640 + (n * 37) % 120
        eel = [(x + t * 7, y + 4 * math.sin(t * 1.1 + n)) for t in range(8)]
        sheet.line(eel, "cfd8b0" if n % 3 else "9fb59a", 3)
    sheet.save("notes/pictures/lunnet-bridge.jpg")


def dredger() -> None:
    """The Patience at work in the approach."""
    sheet = Sheet(7)
    sheet.sky((0, "5f93b0"), (260, "a9c8cf"), (470, "f0e3c2"))
    sheet.glow(1010, 330, 260, "fff1c9", 0.7)
    sheet.disc(1010, 340, 40, "fff8e2")
    for x, y, wide in ((200, 120, 200), (340, 140, 130), (760, 90, 180)):
        sheet.shape(
            [(x - wide / 2, y), (x - wide / 5, y - 24), (x + wide / 5, y - 18), (x + wide / 2, y)],
            "e6eeea",
        )
    sheet.hills(446, 24, "7f9a92", waves=1.5, shift=4)
    sheet.shape([(90, 440), (112, 300), (138, 300), (160, 440)], "f1ede0")
    sheet.box(104, 340, 146, 366, "b8452f")
    sheet.box(98, 400, 153, 424, "b8452f")
    sheet.box(106, 280, 144, 302, "3d4a50")
    sheet.shape([(100, 282), (125, 258), (150, 282)], "b8452f")
    sheet.disc(125, 291, 7, "ffe9a8")
    sheet.hills(462, 14, "66827c", waves=1, shift=5.2)
    sheet.sky((470, "5f97a3"), (800, "2f6577"))
    sheet.ripples(480, "a8cbcc", 100)
    sheet.shape([(310, 540), (900, 540), (940, 500), (960, 500), (920, 622), (340, 622)], "263b46")
    sheet.shape([(322, 584), (932, 584), (920, 622), (340, 622)], "a8402f")
    sheet.box(350, 430, 480, 542, "f0eadb")
    sheet.box(366, 384, 464, 432, "f0eadb")
    sheet.box(374, 396, 456, 416, "35505c")
    for x in range(362, 470, 28):
        sheet.box(x, 456, x + 16, 474, "35505c")
    sheet.box(402, 330, 432, 386, "d9a02f")
    sheet.box(402, 342, 432, 352, "263b46")
    for left, right in (((560, 540), (620, 330)), ((680, 540), (620, 330))):
        sheet.line([left, right], "d9a02f", 12)
    sheet.line([(588, 440), (652, 440)], "d9a02f", 8)
    sheet.line([(620, 336), (880, 520)], "c28d24", 14)
    sheet.line([(600, 350), (868, 560)], "c28d24", 10)
    for n in range(9):
        x, y = 622 + n * 31, 330 + round(n * 22.4)
        sheet.shape([(x, y), (x + 26, y + 4), (x + 18, y + 26), (x - 4, y + 20)], "3d4a50")
        sheet.shape([(x + 2, y - 4), (x + 24, y), (x + 24, y + 6), (x, y + 2)], "7a6a4f")
    sheet.shape([(700, 545), (860, 545), (840, 516), (780, 500), (726, 520)], "7a6a4f")
    sheet.shape([(924, 600), (1010, 592), (1040, 622), (900, 628)], "9dc3c4")
    for x, y, size in ((520, 230, 22), (570, 206, 16), (720, 190, 20), (812, 240, 14)):
        sheet.gull(x, y, size, "f8f6ee")
    sheet.person(520, 540, 52, "22303a")
    sheet.person(660, 540, 50, "22303a")
    sheet.ripples(640, "86b3b8", 30, longest=200)
    sheet.save("notes/pictures/dredger.jpg")


if __name__ == "__main__":
    for picture in (ferry, town_hall, cannery, oyster_shed, clock_tower, eel_bridge, dredger):
        picture()
