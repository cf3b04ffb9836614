"""Pictures in folders: no documents, but what documents name."""

from pathlib import Path

import pytest

from digest.errors import Fault, SourceError
from digest.sources import read_folder
from digest.sources.folder import picture_names, read_picture


def fill(folder: Path, *names: str) -> Path:
    for name in names:
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(b"picture")
    return folder


def refused(folder: Path, name: str) -> SourceError:
    with pytest.raises(SourceError) as caught:
        read_picture(folder, name, max_bytes=100, source_id="notes")
    assert caught.value.source_id == "notes"
    return caught.value


def test_pictures_are_no_documents_and_no_faults(tmp_path: Path) -> None:
    fill(tmp_path, "a.md", "a.jpg", "sub/b.PNG", "sub/c.webp", "d.jpeg", "e.gif", "f.avif")
    assert [name for name, _ in read_folder(tmp_path)] == ["a.md"]
    names = {"a.jpg", "sub/b.PNG", "sub/c.webp", "d.jpeg", "e.gif", "f.avif"}
    assert picture_names(tmp_path) == names
    assert {read_picture(tmp_path, name, max_bytes=100) for name in names} == {b"picture"}


def test_hidden_pictures_and_linked_folders_are_not_named(tmp_path: Path) -> None:
    inside = fill(tmp_path / "in", ".thumb.jpg", ".cache/a.jpg", "b.jpg")
    fill(tmp_path / "out", "secret.jpg")
    (inside / "elsewhere").symlink_to(tmp_path / "out")
    assert picture_names(inside) == {"b.jpg"}


def test_a_single_file_and_a_folder_that_is_gone_have_none(tmp_path: Path) -> None:
    fill(tmp_path, "a.md", "a.jpg")
    assert picture_names(tmp_path / "a.md") == frozenset()
    assert picture_names(tmp_path / "gone") == frozenset()


def test_a_picture_is_read_from_its_folder_and_from_nowhere_else(tmp_path: Path) -> None:
    inside = fill(tmp_path / "in", "a.jpg", "notes.md", "large.jpg")
    fill(tmp_path, "secret.jpg")
    (inside / "link.jpg").symlink_to(tmp_path / "secret.jpg")
    (inside / "circle.jpg").symlink_to(inside / "circle.jpg")
    (inside / "folder.jpg").mkdir()
    (inside / "large.jpg").write_bytes(b"x" * 101)
    for name in ("../secret.jpg", "link.jpg", str(tmp_path / "secret.jpg")):
        assert "leads out of the folder" in str(refused(inside, name))
    assert "is no picture's name" in str(refused(inside, "notes.md"))
    assert "not a regular file" in str(refused(inside, "folder.jpg"))
    assert refused(inside, "large.jpg").fault is Fault.TOO_BIG
    for name in ("gone.jpg", "circle.jpg", "a.jpg/b.jpg", "nul\0.jpg"):
        assert refused(inside, name).fault is Fault.NO_ACCESS
