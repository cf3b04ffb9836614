"""Files beside the pages: whole or not there, and the logo made once."""

import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from digest.errors import ConfigError
from digest.hosted import brand_logo, is_there, keep_file, name_of
from digest.outfolder import replace
from painted import octets, paint, seen


def given(folder: Path, data: bytes, name: str = "logo.png") -> Path:
    (folder / name).write_bytes(data)
    return folder / name


def test_a_file_is_replaced_whole_and_one_that_is_wanted_again_is_young_again(
    tmp_path: Path,
) -> None:
    name = name_of(b"picture", "jpg")
    keep_file(tmp_path, name, b"half a pic")
    keep_file(tmp_path, name, b"picture")
    path = tmp_path / "pictures" / name
    assert path.read_bytes() == b"picture"
    assert [file.name for file in path.parent.iterdir()] == [name]
    os.utime(path, (1, 1))
    keep_file(tmp_path, name, b"picture")
    assert path.stat().st_mtime > 1
    assert is_there(tmp_path, name, 7)
    assert not is_there(tmp_path, name, 8)
    assert not is_there(tmp_path, "other.jpg", 7)


@pytest.mark.parametrize(
    ("size", "hosted", "shown"),
    [
        ((2400, 800), (480, 160), (240, 80)),
        ((1000, 1000), (160, 160), (80, 80)),
        ((300, 60), (300, 60), (240, 48)),
        ((60, 40), (60, 40), (60, 40)),
        ((4000, 10), (480, 1), (240, 1)),
    ],
)
def test_a_logo_fits_its_place_on_dense_screens(
    tmp_path: Path, size: tuple[int, int], hosted: tuple[int, int], shown: tuple[int, int]
) -> None:
    name, told = brand_logo(given(tmp_path, octets(paint(*size), "PNG")), tmp_path / "out")
    assert told == shown
    assert seen((tmp_path / "out" / "pictures" / name).read_bytes()).size == hosted
    assert name.startswith("logo-")


def test_a_logo_is_made_once_and_again_when_it_changes(tmp_path: Path) -> None:
    path = given(tmp_path, octets(paint(900, 300, "RGBA"), "PNG"))
    first = brand_logo(path, tmp_path)
    made = tmp_path / "pictures" / first[0]
    os.utime(made, (1, 1))
    assert brand_logo(path, tmp_path) == first
    assert made.stat().st_mtime == 1
    # What a power cut left.
    made.write_bytes(b"")
    assert brand_logo(path, tmp_path) == first
    path.write_bytes(octets(paint(901, 300), "GIF"))
    assert brand_logo(path, tmp_path)[0] != first[0]


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (None, "cannot be read (no such file or directory)"),
        (b"<svg/>", "is an SVG drawing"),
        (b"not a picture", "is no picture that can be read"),
        (b"x" * 5_000_001, "is larger than 5 MB"),
    ],
)
def test_what_is_no_logo_is_said_before_anything_is_done(
    tmp_path: Path, data: bytes | None, words: str
) -> None:
    path = tmp_path / "logo.png" if data is None else given(tmp_path, data)
    with pytest.raises(ConfigError) as caught:
        brand_logo(path, tmp_path / "out")
    (fault,) = caught.value.faults
    assert fault.startswith(f"brand.logo: {path} ")
    assert words in fault
    assert fault.endswith("give a PNG, JPEG or GIF, or take the line out")


def test_a_logo_that_cannot_be_hosted_is_said(tmp_path: Path) -> None:
    (tmp_path / "pictures").write_text("somebody's file")
    with pytest.raises(ConfigError, match="cannot be written"):
        brand_logo(given(tmp_path, octets(paint(), "PNG")), tmp_path)


def test_two_at_once_keep_the_same_file(tmp_path: Path) -> None:
    rounds = [f"{number}.jpg" for number in range(150)]
    with ThreadPoolExecutor(2) as pool:
        for name in rounds:
            both = [pool.submit(keep_file, tmp_path, name, b"p" * 50_000) for _ in range(2)]
            for one in both:
                one.result()
    assert sorted(path.name for path in (tmp_path / "pictures").iterdir()) == sorted(rounds)


def test_a_file_that_cannot_be_written_leaves_nothing_behind(tmp_path: Path) -> None:
    (tmp_path / "pictures" / "one.jpg").mkdir(parents=True)
    with pytest.raises(IsADirectoryError):
        replace(tmp_path / "pictures" / "one.jpg", b"picture")
    assert [path.name for path in (tmp_path / "pictures").iterdir()] == ["one.jpg"]
