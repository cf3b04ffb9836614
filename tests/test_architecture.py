"""The shape of the house: sizes, names, floors, and papers that tell the truth."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from digest.model import DELIVERY_LIFE, EDITION_LIFE

ROOT = Path(__file__).parent.parent
SOURCE = ROOT / "src" / "digest"
FILES = sorted(
    path for path in SOURCE.rglob("*.py") if "migrations" not in path.relative_to(SOURCE).parts
)


def functions(path: Path) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(SOURCE)))
def test_files_and_functions_keep_the_house_sizes(path: Path) -> None:
    lines = path.read_text().count("\n")
    assert lines <= 500, f"{lines} lines"
    for function in functions(path):
        length = (function.end_lineno or 0) - function.lineno + 1
        # A frame that only holds an inner function is not counted for it.
        inner = sum(
            (node.end_lineno or 0) - node.lineno + 1
            for node in ast.walk(function)
            if node is not function and isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        )
        assert length - inner <= 60, f"{function.name} has {length} lines"


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(SOURCE)))
def test_every_file_says_what_is_in_it(path: Path) -> None:
    assert ast.get_docstring(ast.parse(path.read_text()))


def test_nothing_has_a_name_that_says_nothing() -> None:
    for path in FILES:
        assert not re.fullmatch(r"utils?|helpers?|manager|services?|base|common|misc", path.stem)


def test_only_errors_defines_errors_and_only_store_speaks_sql() -> None:
    for path in FILES:
        room = path.relative_to(SOURCE).parts[0]
        text = path.read_text()
        if room != "errors.py":
            public = re.findall(r"^class ([A-Z]\w*)\(.*(?:Error|Exception)\)", text, re.M)
            assert not public, f"{path.name} defines {public}"
        if room != "store":
            assert not re.search(r"^(from|import) sqlalchemy", text, re.M), path.name


def test_the_quiet_rooms_do_not_ask_the_time_nor_roll_dice() -> None:
    forbidden = re.compile(
        r"\b(datetime\.now|date\.today|time\.time|monotonic\(|utcnow|import random|import secrets"
        r"|uuid4|os\.urandom|async def|await )"
    )
    quiet = [
        path
        for room in ("editorial", "reading", "render", "returns")
        for path in (SOURCE / room).rglob("*.py")
    ]
    ground = ("visits", "health", "urls", "addresses", "segments", "choosing", "slots")
    for path in (*quiet, *(SOURCE / f"{name}.py" for name in ground)):
        assert not forbidden.search(path.read_text()), path.name


def test_the_glossary_has_the_words_of_the_lives() -> None:
    text = (ROOT / "docs" / "glossary.md").read_text() + (ROOT / "ARCHITECTURE.md").read_text()
    for state in (*EDITION_LIFE, *DELIVERY_LIFE):
        assert state.value in text or state.value in (
            "pending", "deferred", "failed", "bounced",
        )  # fmt: skip


def test_the_drawing_names_every_room() -> None:
    drawing = (ROOT / "ARCHITECTURE.md").read_text()
    for place in SOURCE.iterdir():
        name = place.stem
        if name.startswith("__") or name in ("py", "templates") or place.suffix == ".typed":
            continue
        assert re.search(rf"\b{name}\b", drawing), f"ARCHITECTURE.md does not draw {name}"


def test_the_project_speaks_only_of_itself() -> None:
    strangers = re.compile(r"/(root|home/\w+|Users/\w+)/")
    for path in (*FILES, *ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), ROOT / "Makefile"):
        assert not strangers.search(path.read_text()), path
