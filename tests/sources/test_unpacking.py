"""Bodies, packed in every way that is asked for, and in ways that are not."""

import gzip
import importlib
import random
import sys
import tracemalloc
import zlib
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from digest.errors import Fault, FetchError
from digest.sources.unpacking import Unpacked

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

# The package brings no types.
brotli: Any = importlib.import_module("brotli")


def raw_deflate(data: bytes) -> bytes:
    made = zlib.compressobj(9, zlib.DEFLATED, -15)
    return made.compress(data) + made.flush()


PACKERS: dict[str, Any] = {
    "": bytes,
    "identity": bytes,
    "UTF-8": bytes,
    "gzip": gzip.compress,
    "x-gzip": gzip.compress,
    "deflate": zlib.compress,
    "Deflate": raw_deflate,
    "br": brotli.compress,
    "zstd": zstd.compress,
    "gzip, br": lambda data: brotli.compress(gzip.compress(data)),
    "zstd,gzip ,deflate": lambda data: zlib.compress(gzip.compress(zstd.compress(data))),
}
#: Half of it cannot be made smaller, half of it all but vanishes.
MIXED = random.Random(1).randbytes(150_000) + bytes(300_000)


def unpack(codings: str, data: bytes, *, most: int = 1_000_000, step: int = 65_536) -> bytes:
    unpacked = Unpacked(codings, host="news.example", most=most)
    for at in range(0, len(data), step):
        unpacked.take(data[at : at + step])
    return unpacked.body()


def refusal(codings: str, data: bytes, **how: Any) -> FetchError:
    with pytest.raises(FetchError) as caught:
        unpack(codings, data, **how)
    assert str(caught.value).startswith("news.example ")
    return caught.value


@pytest.mark.parametrize("codings", PACKERS)
@pytest.mark.parametrize("text", [b"", b"x", b"news " * 5_000, MIXED], ids=len)
def test_what_was_packed_is_unpacked(codings: str, text: bytes) -> None:
    packed = PACKERS[codings](text)
    assert unpack(codings, packed) == text
    assert unpack(codings, packed, step=999_999) == text


@settings(max_examples=50, deadline=None)
@given(st.sampled_from(sorted(PACKERS)), st.binary(max_size=300), st.integers(1, 9))
def test_it_does_not_matter_in_what_pieces_it_comes(codings: str, text: bytes, step: int) -> None:
    assert unpack(codings, PACKERS[codings](text), step=step) == text


@settings(max_examples=50, deadline=None)
@given(st.sampled_from(["gzip", "deflate", "br", "zstd"]), st.data())
def test_what_stops_before_its_end_is_told(codings: str, data: st.DataObject) -> None:
    packed = PACKERS[codings](b"a story that is told to the end" * 3)
    cut = data.draw(st.integers(1, len(packed) - 1))
    assert refusal(codings, packed[:cut]).fault is Fault.BROKEN


@pytest.mark.parametrize("codings", ["gzip", "deflate", "br", "zstd"])
def test_what_is_not_what_its_coding_says_is_told(codings: str) -> None:
    fault = refusal(codings, b"<rss><channel></channel></rss>")
    assert fault.fault is Fault.BROKEN
    assert "cannot be unpacked" in str(fault)


@settings(max_examples=50, deadline=None)
@given(st.sampled_from(["gzip", "deflate", "br", "zstd", "br, gzip"]), st.binary(max_size=200))
def test_noise_is_unpacked_or_told(codings: str, noise: bytes) -> None:
    with suppress(FetchError):
        unpack(codings, noise)


@pytest.mark.parametrize("codings", ["compress", "sdch, gzip", "gzip, gzip, gzip, gzip", "a" * 999])
def test_what_was_not_asked_for_is_told(codings: str) -> None:
    assert "was not asked for" in str(refusal(codings, b""))


def test_a_body_of_several_members_is_one() -> None:
    assert unpack("gzip", gzip.compress(b"a") + gzip.compress(b"b"), step=1) == b"ab"
    assert unpack("zstd", zstd.compress(b"a") + zstd.compress(b"b"), step=1) == b"ab"


@pytest.mark.parametrize("step", [1, 999])
@pytest.mark.parametrize("padding", [b"\0" * 40, b"\x1f", b"junk", b"\r\n"])
def test_what_stands_behind_the_last_member_is_padding(padding: bytes, step: int) -> None:
    assert unpack("gzip", gzip.compress(b"news") + padding, step=step) == b"news"


@pytest.mark.parametrize("coding", ["gzip", "zstd"])
def test_thousands_of_members_are_no_honest_body(coding: str) -> None:
    assert "too many" in str(refusal(coding, PACKERS[coding](b"") * 3_000))


def test_a_window_larger_than_the_standard_allows_is_refused() -> None:
    large: dict[int, int] = {zstd.CompressionParameter.window_log: 27}
    packer = zstd.ZstdCompressor(options=large)
    packed = packer.compress(MIXED) + packer.flush()
    assert refusal("zstd", packed).fault is Fault.BROKEN


def test_the_limit_is_exact() -> None:
    for codings, pack in PACKERS.items():
        assert len(unpack(codings, pack(bytes(30_000)), most=30_000)) == 30_000
        assert refusal(codings, pack(bytes(30_001)), most=30_000).fault is Fault.TOO_BIG


def test_of_what_is_too_large_the_beginning_is_at_hand() -> None:
    unpacked = Unpacked("gzip", host="news.example", most=30_000)
    with pytest.raises(FetchError):
        unpacked.take(gzip.compress(b"news " * 9_000))
    assert unpacked.so_far() == b"news " * 6_000


@pytest.mark.parametrize("codings", ["gzip", "deflate", "br", "zstd", "gzip, gzip"])
def test_a_bomb_never_holds_more_than_the_limit_and_a_piece(codings: str) -> None:
    plain = bytes(40_000_000)
    quickly: dict[str, Any] = {
        "br": lambda data: brotli.compress(data, quality=1),
        "gzip, gzip": lambda data: gzip.compress(gzip.compress(data)),
    }
    bomb = (PACKERS | quickly)[codings](plain)
    del plain
    tracemalloc.start()
    try:
        fault = refusal(codings, bomb, most=1_000_000)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert fault.fault is Fault.TOO_BIG
    assert "raise max_bytes" in str(fault)
    assert not fault.temporary
    # The body, an eighth more by which it grows in leaps, and the decoder's own.
    assert peak < 1_000_000 * 9 / 8 + 1_000_000


def test_what_is_nothing_in_the_end_may_not_be_enormous_in_between() -> None:
    # A deflate stream of empty blocks, packed very well.
    hollow = gzip.compress(b"\x00\x00\x00\xff\xff" * 2_000_000)
    assert refusal("deflate, gzip", hollow).fault is Fault.TOO_BIG
