"""Pictures from outside, made ours: smaller, upright, and without what cameras write into them.

What a picture is, its octets say: JPEG, PNG, GIF (its first frame), WebP or AVIF.  Out comes
JPEG, or PNG where a picture has transparent parts or few colours, drawn anew from its pixels
alone: no place, no camera, no profile, no hidden text.  The same octets give the same octets.
Not behind the door: where a picture came from, and where it is kept.  Pure.

Pictures are hostile as any document is: `Readers` run this in a process of its own.
"""

import struct
import warnings
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from io import BytesIO
from typing import Final

from PIL import Image, ImageCms
from PIL.ExifTags import Base

from digest.errors import Fault, ParseError

#: Of one picture: 50 megapixels are 200 MB when it is unpacked.
MOST_PIXELS: Final = 50_000_000
#: Narrower pictures are icons, faces and pixels that count readers; likewise lower ones.
LEAST_WIDTH: Final = 120
LEAST_HEIGHT: Final = 60
#: A picture that is taller than so many times its width is shown less wide instead.
_TALLEST: Final = 2
#: A picture of at most so many colours was drawn, not taken: JPEG would smear it.
_FEW_COLOURS: Final = 64
#: Octets; where PNG takes more, readers are better served by a JPEG on white.
_LARGEST_PNG: Final = 400_000

_FORMATS: Final = ("JPEG", "PNG", "GIF", "WEBP", "AVIF")
#: First octets of what else comes in the place of pictures, and what it is.
_FOREIGN: Final = (
    (b"%PDF-", "a PDF"),
    (b"BM", "a Windows bitmap"),
    (b"II*\0", "a TIFF"),
    (b"MM\0*", "a TIFF"),
    (b"\0\0\1\0", "an icon"),
    (b"{", "JSON"),
)
#: What libraries for pictures raise when octets are not what they ought to be.
_BROKEN: Final = (
    OSError,
    SyntaxError,
    ValueError,
    ArithmeticError,
    LookupError,
    TypeError,
    AttributeError,
    RuntimeError,
    EOFError,
    AssertionError,
    struct.error,
    zlib.error,
)
#: EXIF orientation (TIFF 6.0, tag 274) → how the picture is made upright.
_UPRIGHT: Final = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
_LYING: Final = frozenset((5, 6, 7, 8))


@dataclass(frozen=True, slots=True, kw_only=True)
class Remade:
    """A picture that may be shown to anybody."""

    data: bytes
    media_type: str
    #: Of its file, without a dot.
    ending: str
    #: Pixels.
    width: int
    height: int


def remake(data: bytes, *, max_width: int, quality: int) -> Remade:
    """Make the picture in *data* fit to be shown: at most *max_width* wide, never enlarged.

    Args:
        quality: of JPEG, 1-95.

    Raises:
        ParseError: it is no picture, broken, too large to be unpacked, or too small to be seen.
    """
    with _opened(data) as image:
        turned = _orientation(image)
        width, height = image.size[::-1] if turned in _LYING else image.size
        if width < LEAST_WIDTH or height < LEAST_HEIGHT:
            raise ParseError(
                "",
                f"is only {width} x {height} pixels, an icon or a pixel that counts readers; "
                f"a picture has at least {LEAST_WIDTH} x {LEAST_HEIGHT}",
            )
        drawn = image.format != "JPEG" and _has_few_colours(image)
        small = _shrunk(image, _fitted((width, height), (max_width, _TALLEST * max_width)), turned)
        return _written(_clean(small), quality=quality, drawn=drawn)


def remake_logo(data: bytes, *, box: tuple[int, int]) -> Remade:
    """Make the logo in *data* fit into so many pixels, never enlarged; always PNG.

    Raises:
        ParseError: it is no picture, broken, or too large to be unpacked.
    """
    with _opened(data) as image:
        turned = _orientation(image)
        size = image.size[::-1] if turned in _LYING else image.size
        return _as_png(_clean(_shrunk(image, _fitted(size, box), turned)))


# ------------------------------------------------------------------------------- reading


@contextmanager
def _opened(data: bytes) -> Iterator[Image.Image]:
    """The picture in *data*, known by its size and not unpacked yet.

    Raises:
        ParseError: whatever is wrong with it, here and in the body of ``with``.
    """
    _refuse_others(data)
    try:
        with warnings.catch_warnings():
            # What Pillow only warns of is either too much or nothing to us.
            warnings.simplefilter("ignore")
            with Image.open(BytesIO(data), formats=_FORMATS) as image:
                width, height = image.size
                if width * height > MOST_PIXELS:
                    raise _too_large(f"{width} x {height}")
                yield image
    except Image.DecompressionBombError as error:
        raise _too_large("far too many") from error
    except _BROKEN as error:
        raise ParseError(
            "", "is no picture that can be read: it is damaged, or in a format that is not known"
        ) from error


def _too_large(told: str) -> ParseError:
    return ParseError(
        "",
        f"has {told} pixels, more than the {MOST_PIXELS // 1_000_000} million that are unpacked",
        fault=Fault.TOO_BIG,
    )


def _refuse_others(data: bytes) -> None:
    if not data:
        raise ParseError("", "is empty")
    start = data[:1_000].lstrip(b"\xef\xbb\xbf \t\r\n")
    for first, what in _FOREIGN:
        if start.startswith(first):
            raise ParseError("", f"is {what} and no picture; JPEG, PNG, GIF, WebP and AVIF are")
    if start.startswith(b"<"):
        what = "an SVG drawing, which may hold programs," if b"<svg" in start.lower() else "markup"
        raise ParseError("", f"is {what} and no picture; JPEG, PNG, GIF, WebP and AVIF are")


def _orientation(image: Image.Image) -> int:
    """How the camera was held; 1 when it does not say, or what it says cannot be read."""
    try:
        told = image.getexif().get(Base.Orientation, 1)
    except _BROKEN:
        return 1
    return told if isinstance(told, int) and told in _UPRIGHT else 1


def _has_few_colours(image: Image.Image) -> bool:
    # Of 65,536 shades of grey nobody counts.
    return not image.mode.startswith("I") and image.getcolors(_FEW_COLOURS) is not None


# ------------------------------------------------------------------------------- drawing


def _fitted(size: tuple[int, int], box: tuple[int, int]) -> tuple[int, int]:
    """*size* made to fit into *box*, never enlarged, never nothing."""
    scale = min(1.0, box[0] / size[0], box[1] / size[1])
    return max(1, round(size[0] * scale)), max(1, round(size[1] * scale))


def _shrunk(image: Image.Image, upright: tuple[int, int], turned: int) -> Image.Image:
    """*image* in *upright* pixels once it is turned, in one of RGB, RGBA and L."""
    size = upright[::-1] if turned in _LYING else upright
    # JPEG can be unpacked at a half, a quarter or an eighth, for as much less time and memory.
    image.draft(None, (size[0] * 2, size[1] * 2))
    profile = image.info.get("icc_profile")
    plain = _plain(image)
    if plain.size != size:
        plain = plain.resize(size, Image.Resampling.LANCZOS, reducing_gap=3.0)
    plain = _in_srgb(plain, profile)
    return plain.transpose(_UPRIGHT[turned]) if turned in _UPRIGHT else plain


def _plain(image: Image.Image) -> Image.Image:
    """*image* in RGB, RGBA, L, or CMYK, which only its profile can explain."""
    if image.mode.startswith("I;16"):
        # As it comes, all but the darkest 256 of 65,536 shades would become white.
        return image.point(lambda value: value * (1 / 256)).convert("L")
    if "A" in image.mode or "a" in image.mode or "transparency" in image.info:
        return image.convert("RGBA")
    if image.mode in ("RGB", "CMYK"):
        return image.copy()
    return image.convert("L" if image.mode in ("1", "L") else "RGB")


def _in_srgb(image: Image.Image, profile: object) -> Image.Image:
    """*image* in the colours that every screen has."""
    if isinstance(profile, bytes) and image.mode in ("RGB", "CMYK"):
        try:
            told = ImageCms.ImageCmsProfile(BytesIO(profile))
            changed = ImageCms.profileToProfile(image, told, _srgb(), outputMode="RGB")
        except (*_BROKEN, ImageCms.PyCMSError):
            changed = None
        if changed is not None:
            return changed
    return image.convert("RGB") if image.mode == "CMYK" else image


@lru_cache(maxsize=1)
def _srgb() -> ImageCms.ImageCmsProfile:
    return ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB"))


def _clean(image: Image.Image) -> Image.Image:
    """*image* with nothing but its pixels: Pillow hands comments on from file to file."""
    if image.mode == "RGBA" and image.getchannel("A").getextrema() == (255, 255):
        image = image.convert("RGB")
    image.info = {}
    return image


# ------------------------------------------------------------------------------- writing


def _written(image: Image.Image, *, quality: int, drawn: bool) -> Remade:
    if drawn or image.mode == "RGBA":
        png = _as_png(image, few=drawn)
        if len(png.data) <= _LARGEST_PNG:
            return png
    if image.mode == "RGBA":
        white = Image.new("RGB", image.size, "white")
        white.paste(image, mask=image.getchannel("A"))
        image = white
    octets = BytesIO()
    image.save(octets, "JPEG", quality=quality, progressive=True, optimize=True)
    return _remade(octets, image, "image/jpeg", "jpg")


def _as_png(image: Image.Image, *, few: bool = False) -> Remade:
    octets = BytesIO()
    # Only the fast way of choosing colours knows transparent ones.
    kept = image.quantize(256, Image.Quantize.FASTOCTREE) if few else image
    kept.save(octets, "PNG", optimize=True)
    return _remade(octets, image, "image/png", "png")


def _remade(octets: BytesIO, image: Image.Image, media_type: str, ending: str) -> Remade:
    width, height = image.size
    return Remade(
        data=octets.getvalue(), media_type=media_type, ending=ending, width=width, height=height
    )
