"""Who sends loads what sending takes: every package more is memory of every helping process."""

import ast
import subprocess
import sys
from importlib import import_module, resources
from pathlib import Path

import pytest

ROOMS = ("editorial", "mail", "render", "returns", "sources", "store")

#: What none of it is needed for: pictures, pages, feeds, visits, other ways out, the face.
HEAVY = (
    *("PIL", "lxml", "feedgen", "selectolax", "nh3", "trafilatura", "numpy", "scipy"),
    *("httpx2", "httpcore2", "pebble", "imap_tools", "publicsuffixlist", "protego"),
    *("aiosmtpd", "cryptography", "dns", "flufl", "alembic", "typer", "rich", "structlog"),
    *("uvicorn", "starlette", "apscheduler"),
)

SENDER = """
import asyncio, sys
from pathlib import Path
from digest import deliver
from digest.app import open_app
from digest.settings import load

async def main():
    async with open_app(load(Path("config.toml"), environ={}), environ={}):
        print(*sorted({name.partition(".")[0] for name in sys.modules}))

asyncio.run(main())
"""

CONFIG = """
[site]
name = "Harbour Newsroom"
base_url = "https://news.example.org"

[mail]
by = "smtp"
host = "127.0.0.1"
tls = "none"
from_address = "morning@news.example.org"

[[newsletters]]
slug = "daily"
title = "The Daily"
"""


def loaded_by(code: str, folder: Path) -> set[str]:
    command = [sys.executable, "-c", code]
    told = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True)
    return set(told.stdout.split())


def test_a_process_that_sends_loads_nothing_that_reads_prints_or_serves(tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text(CONFIG)
    # The first makes the database, the second finds it as it should be.
    loaded_by(SENDER, tmp_path)
    loaded = loaded_by(SENDER, tmp_path)
    assert "sqlalchemy" in loaded
    assert loaded.isdisjoint(HEAVY), sorted(loaded.intersection(HEAVY))


@pytest.mark.parametrize("room", ROOMS)
def test_a_door_gives_out_what_its_imports_say(room: str) -> None:
    door = import_module(f"digest.{room}")
    source = resources.files(door).joinpath("__init__.py").read_text()
    declared = [
        (line.module, alias.name)
        for block in ast.parse(source).body
        if isinstance(block, ast.If)
        for line in block.body
        if isinstance(line, ast.ImportFrom) and line.module
        for alias in line.names
    ]
    assert declared
    for module, name in declared:
        whole = module == door.__name__
        meant = import_module(f"{module}.{name}") if whole else getattr(import_module(module), name)
        assert getattr(door, name) is meant, name


def test_a_door_has_nothing_else() -> None:
    door = import_module("digest.render")
    with pytest.raises(AttributeError, match="has no attribute 'nothing'"):
        _ = door.nothing
