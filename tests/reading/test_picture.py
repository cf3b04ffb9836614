"""Pictures remade: smaller, upright, with nothing but their pixels; whatever comes in."""

import struct
import zlib
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageCms
from PIL.PngImagePlugin import PngInfo

from digest.errors import Fault, ParseError
from digest.reading.picture import Remade, remake, remake_logo
from painted import octets, paint, seen

EXIF = Image.Exif()
EXIF[0x010E] = "The quay from the kitchen window"
EXIF[0x013B] = "Somebody's name"
EXIF.get_ifd(0x8825).update({1: "N", 2: (53.0, 20.0, 1.0), 3: "W", 4: (6.0, 15.0, 1.0)})
XMP = b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><dc:rights>Kitchen</dc:rights></x:xmpmeta>'


def remade(data: bytes, *, max_width: int = 300, quality: int = 78) -> Remade:
    return remake(data, max_width=max_width, quality=quality)


def refused(data: bytes) -> ParseError:
    with pytest.raises(ParseError) as caught:
        remade(data)
    return caught.value


def png(*chunks: tuple[bytes, bytes]) -> bytes:
    """A PNG of *chunks*, whatever they say."""
    written = b"".join(
        struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))
        for name, body in chunks
    )
    return b"\x89PNG\r\n\x1a\n" + written


def head(width: int, height: int) -> tuple[bytes, bytes]:
    return b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)


# ------------------------------------------------------------------------------ as asked


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "GIF", "WEBP", "AVIF"])
def test_every_format_that_browsers_know_is_read(kind: str) -> None:
    made = remade(octets(paint(), kind))
    assert (made.width, made.height) == (300, 188) == seen(made.data).size
    assert (made.media_type, made.ending) == ("image/jpeg", "jpg")
    assert seen(made.data).info["progressive"]


@pytest.mark.parametrize("mode", ["L", "LA", "P", "1", "CMYK", "I;16", "RGBA"])
def test_every_kind_of_pixels_is_read(mode: str) -> None:
    grey = mode in ("1", "I;16")
    image = Image.linear_gradient("L").resize((640, 400)).convert("I") if grey else paint()
    if mode == "I;16":
        image = image.point(lambda value: value * 257)
    made = remade(octets(image.convert(mode), "JPEG" if mode == "CMYK" else "PNG"))
    assert made.width == 300
    assert seen(made.data).convert("L").histogram()[:60] != [0] * 60
    if mode == "I;16":
        # Not clipped to white.
        middle = seen(made.data).convert("L").crop((150, 94, 151, 95)).tobytes()
        assert 100 < middle[0] < 156


def test_a_picture_is_never_enlarged() -> None:
    made = remade(octets(paint(200, 100)), max_width=1000)
    assert (made.width, made.height) == (200, 100)


def test_a_tall_picture_is_at_most_twice_as_high_as_it_may_be_wide() -> None:
    made = remade(octets(paint(400, 4000)), max_width=300)
    assert (made.width, made.height) == (60, 600)


def test_what_is_transparent_stays_so() -> None:
    image = paint()
    image.putalpha(Image.linear_gradient("L").resize(image.size))
    made = remade(octets(image, "PNG"))
    assert made.media_type == "image/png"
    assert seen(made.data).getchannel("A").getextrema() == (0, 255)


def test_what_is_transparent_and_would_be_huge_stands_on_white() -> None:
    noise = Image.merge("RGB", [Image.effect_noise((900, 900), 90)] * 3)
    noise.putalpha(Image.linear_gradient("L").resize(noise.size))
    made = remade(octets(noise, "PNG", compress_level=1), max_width=900)
    assert made.media_type == "image/jpeg"
    corner = seen(made.data).getpixel((0, 0))
    assert isinstance(corner, tuple)
    assert min(corner) > 240


def test_a_drawing_of_few_colours_is_not_smeared() -> None:
    chart = paint().quantize(12)
    made = remade(octets(chart, "PNG"), max_width=640)
    assert made.media_type == "image/png"
    assert len(made.data) < 20_000


def test_of_what_moves_the_first_picture_is_shown() -> None:
    frames = [paint().quantize(8), Image.new("P", (640, 400), 3)]
    made = remade(octets(frames[0], "GIF", save_all=True, append_images=frames[1:], loop=0))
    shown = seen(made.data)
    assert getattr(shown, "n_frames", 1) == 1
    assert len(shown.convert("RGB").getcolors(100_000) or ()) > 4


def test_the_same_octets_give_the_same_octets() -> None:
    data = octets(paint(), exif=EXIF)
    assert remade(data) == remade(data)


# ------------------------------------------------------------------- what cameras add


@pytest.mark.parametrize(
    ("kind", "told"),
    [
        ("JPEG", {"exif": EXIF, "comment": b"Kitchen", "xmp": XMP, "dpi": (300, 300)}),
        ("WEBP", {"exif": EXIF, "xmp": XMP}),
        ("PNG", {"exif": EXIF, "dpi": (300, 300)}),
        ("AVIF", {"exif": EXIF, "xmp": XMP}),
        ("GIF", {"comment": b"Kitchen"}),
    ],
)
def test_nothing_but_pixels_comes_through(kind: str, told: dict[str, Any]) -> None:
    if kind == "PNG":
        info = PngInfo()
        info.add_text("Author", "Kitchen")
        told = told | {"pnginfo": info}
    data = octets(paint(), kind, **told)
    assert b"itchen" in data
    made = remade(data)
    for leak in (b"itchen", b"Exif", b"GPS", b"xmpmeta", b"Somebody", b"ICC_PROFILE", b"8BIM"):
        assert leak not in made.data
    assert not seen(made.data).getexif()


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_a_drawing_in_png_says_no_more_than_its_pixels(kind: str) -> None:
    data = octets(paint().quantize(8).convert("RGB"), kind, exif=EXIF, **(
        {"lossless": True} if kind == "WEBP" else {}
    ))  # fmt: skip
    assert not seen(remade(data).data).getexif()


@pytest.mark.parametrize("turned", range(1, 9))
def test_a_picture_stands_upright(turned: int) -> None:
    # Red above, blue below, as the camera's owner saw it.
    upright = Image.new("RGB", (400, 200), "red")
    upright.paste("blue", (0, 100, 400, 200))
    undo = {
        2: Image.Transpose.FLIP_LEFT_RIGHT,
        3: Image.Transpose.ROTATE_180,
        4: Image.Transpose.FLIP_TOP_BOTTOM,
        5: Image.Transpose.TRANSPOSE,
        6: Image.Transpose.ROTATE_90,
        7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_270,
    }
    exif = Image.Exif()
    exif[0x0112] = turned
    stored = upright.transpose(undo[turned]) if turned in undo else upright
    made = remade(octets(stored, quality=95, exif=exif))
    shown = seen(made.data)
    assert (made.width, made.height) == shown.size == (300, 150)
    above, below = shown.getpixel((150, 20)), shown.getpixel((150, 130))
    assert isinstance(above, tuple)
    assert isinstance(below, tuple)
    assert above[0] > 200 > 60 > above[2]
    assert below[2] > 200 > 60 > below[0]


def test_an_orientation_that_is_nonsense_turns_nothing() -> None:
    exif = Image.Exif()
    exif[0x0112] = 77
    assert remade(octets(paint(), exif=exif)).height == 188
    assert remade(octets(paint(), exif=b"Exif\0\0MM\0*" + b"\xff" * 40)).height == 188


def test_colours_are_those_of_the_profile_and_the_profile_is_gone() -> None:
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB")).tobytes()
    broken = octets(paint(), icc_profile=b"not a profile" * 20)
    assert remade(broken).media_type == "image/jpeg"
    # A profile of another kind of colours explains nothing.
    assert remade(octets(paint(), icc_profile=profile)).media_type == "image/jpeg"
    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    assert b"ICC_PROFILE" not in remade(octets(paint(), icc_profile=srgb)).data


# ----------------------------------------------------------------------------- hostile


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "is empty"),
        (b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>", "an SVG drawing"),
        (b"\xef\xbb\xbf <?xml version='1.0'?>\n<svg/>", "an SVG drawing"),
        (b"<!doctype html><title>Log in</title>", "is markup"),
        (b"%PDF-1.7", "is a PDF"),
        (b'{"error": "expired"}', "is JSON"),
        (b"BM" + b"\0" * 90, "a Windows bitmap"),
        (b"II*\0" + b"\0" * 90, "a TIFF"),
        (b"not a picture at all", "no picture that can be read"),
        (bytes(range(256)) * 20, "no picture that can be read"),
    ],
)
def test_what_is_no_picture_is_refused_in_words(data: bytes, words: str) -> None:
    assert words in str(refused(data))


@pytest.mark.parametrize("size", [(1, 1), (119, 400), (600, 20)])
def test_icons_and_pixels_that_count_readers_are_refused(size: tuple[int, int]) -> None:
    assert "counts readers" in str(refused(octets(paint(*size), "PNG")))


@pytest.mark.parametrize(
    ("width", "height"),
    [(50_001, 1_000), (10_000, 10_000), (60_000, 60_000), (2**31 - 1, 2**31 - 1)],
)
def test_a_bomb_is_refused_before_it_is_unpacked(width: int, height: int) -> None:
    # A few octets that announce gigabytes.
    data = png(head(width, height), (b"IDAT", zlib.compress(b"\0" * 1000)), (b"IEND", b""))
    error = refused(data)
    assert error.fault is Fault.TOO_BIG
    assert "50 million" in str(error)


def test_hidden_text_that_unpacks_to_megabytes_is_not_unpacked() -> None:
    text = b"Comment\0\0" + zlib.compress(b"x" * 90_000_000)
    data = png(head(200, 200), (b"zTXt", text), (b"IDAT", zlib.compress(b"\0" * 120_200)))
    assert "no picture that can be read" in str(refused(data))


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "GIF", "WEBP", "AVIF"])
def test_half_a_picture_is_refused(kind: str) -> None:
    data = octets(paint(), kind)
    assert "no picture that can be read" in str(refused(data[: len(data) // 2]))


def test_formats_that_pillow_reads_and_browsers_do_not_are_refused() -> None:
    for kind in ("TIFF", "PPM", "TGA", "ICO", "BMP", "JPEG2000"):
        assert "picture" in str(refused(octets(paint(200, 200), kind)))


_SEEDS = [octets(paint(140, 90), kind) for kind in ("JPEG", "PNG", "GIF", "WEBP", "AVIF")]


@settings(max_examples=40, deadline=None)
@given(
    seed=st.sampled_from(_SEEDS),
    cuts=st.lists(st.tuples(st.floats(0, 1), st.binary(max_size=6)), min_size=1, max_size=8),
)
def test_damaged_octets_make_a_picture_or_a_parse_error(
    seed: bytes, cuts: list[tuple[float, bytes]]
) -> None:
    data = bytearray(seed)
    for where, piece in cuts:
        place = int(where * len(data))
        data[place : place + len(piece)] = piece
    with suppress(ParseError):
        assert remade(bytes(data)).width > 0
    with suppress(ParseError):
        assert remake_logo(bytes(data), box=(90, 90)).width > 0


@settings(max_examples=40, deadline=None)
@given(start=st.sampled_from([b"", *(seed[:12] for seed in _SEEDS)]), rest=st.binary(max_size=200))
def test_random_octets_are_a_parse_error(start: bytes, rest: bytes) -> None:
    assert str(refused(start + rest))
