"""Folders, and what people put into them."""

import os
from pathlib import Path

import pytest

from digest.errors import FetchError, SourceError
from digest.sources import read_folder


def fill(folder: Path, *names: str) -> Path:
    for name in names:
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(name)
    return folder


def found(path: Path, max_bytes: int = 10_000) -> dict[str, str]:
    return {
        name: str(data) if isinstance(data, SourceError) else data.decode()
        for name, data in read_folder(path, max_bytes=max_bytes, source_id="notes")
    }


def test_documents_come_by_name_from_every_depth(tmp_path: Path) -> None:
    fill(tmp_path, "b.md", "a/z.txt", "a/b/c.html", "a.txt")
    assert list(found(tmp_path)) == ["a/b/c.html", "a/z.txt", "a.txt", "b.md"]


def test_only_files_that_are_named_are_opened(tmp_path: Path) -> None:
    fill(tmp_path, "a.md", "b/c.md")
    (tmp_path / "large.md").write_bytes(b"x" * 101)
    names = [name for name, _ in read_folder(tmp_path, max_bytes=100, only={"b/c.md"})]
    assert names == ["b/c.md"]


def test_hidden_files_readmes_and_tables_are_no_documents(tmp_path: Path) -> None:
    fill(tmp_path, "a.md", ".hidden", ".git/config", "README.md", "sub/readme.txt", "people.csv")
    assert list(found(tmp_path)) == ["a.md"]


def test_a_file_named_by_itself_is_read_whatever_it_is_called(tmp_path: Path) -> None:
    fill(tmp_path, "README.md")
    assert found(tmp_path / "README.md") == {"README.md": "README.md"}


def test_a_large_file_is_a_fault_and_the_others_go_on(tmp_path: Path) -> None:
    fill(tmp_path, "a.md", "c.md")
    (tmp_path / "b.md").write_bytes(b"x" * 101)
    got = found(tmp_path, max_bytes=100)
    assert list(got) == ["a.md", "b.md", "c.md"]
    assert "larger than 100 bytes" in got["b.md"]


def test_a_link_out_of_the_folder_is_a_fault(tmp_path: Path) -> None:
    secret = tmp_path / "secret.txt"
    secret.write_text("secret")
    inside = fill(tmp_path / "in", "a.md")
    (inside / "b.md").symlink_to(secret)
    (inside / "c").symlink_to(tmp_path, target_is_directory=True)
    got = found(inside)
    assert list(got) == ["a.md", "b.md"]
    assert "leads out of the folder" in got["b.md"]


def test_a_link_that_stays_inside_is_read_and_one_to_nowhere_is_a_fault(tmp_path: Path) -> None:
    fill(tmp_path, "a.md")
    (tmp_path / "b.md").symlink_to("a.md")
    (tmp_path / "c.md").symlink_to("nowhere")
    (tmp_path / "loop").symlink_to("loop")
    got = found(tmp_path)
    assert got["b.md"] == "a.md"
    assert "cannot be read" in got["c.md"]
    assert "cannot be read" in got["loop"]


def test_a_pipe_is_a_fault_and_nobody_waits_for_it(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    assert "not a regular file" in found(tmp_path)["pipe"]


def test_a_folder_that_is_not_there_is_an_error_that_names_it(tmp_path: Path) -> None:
    with pytest.raises(FetchError, match="no such file") as caught:
        list(read_folder(tmp_path / "gone", source_id="notes"))
    assert caught.value.source_id == "notes"
