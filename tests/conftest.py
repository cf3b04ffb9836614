"""Fixtures: a database of each kind, an App on a temporary folder, a clock that stands still."""

import asyncio
import itertools
import os
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import hypothesis
import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine

from digest.store import Database
from postgres import find_binaries, running_postgres
from ready import lay_ready, make_ready

_NUMBERS = itertools.count()

# The same examples at each run, however slow the machine: what fails here fails everywhere.
# `HYPOTHESIS_PROFILE=default pytest` looks for new ones.
hypothesis.settings.register_profile("steady", derandomize=True, deadline=None, database=None)
hypothesis.settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "steady"))


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--update-golden", action="store_true", help="Write tests/golden/ anew, for you to read."
    )


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """URL of a server that lives as long as the test run."""
    if find_binaries() is None:
        pytest.skip("no PostgreSQL here: set PG_BIN to a folder with initdb and postgres")
    with running_postgres() as url:
        yield url


async def _create(server: str, name: str, template: str = "") -> str:
    """A new database on the server; its URL."""
    engine = create_async_engine(
        server.replace("postgresql://", "postgresql+asyncpg://"), isolation_level="AUTOCOMMIT"
    )
    async with engine.connect() as connection:
        await connection.execute(text(f"CREATE DATABASE {name} {template}"))
    await engine.dispose()
    return server.replace("/postgres?", f"/{name}?")


@pytest.fixture(scope="session")
def postgres_ready(postgres: str) -> str:
    """The name of a database with tables, to be copied."""
    make_ready(asyncio.run(_create(postgres, "ready")))
    return "ready"


@pytest.fixture
async def postgres_url(postgres: str, postgres_ready: str) -> str:
    """A new database on the server, with its tables and nothing in them."""
    return await _create(postgres, f"digest_{next(_NUMBERS)}", f"TEMPLATE {postgres_ready}")


@pytest.fixture(params=["sqlite", "postgresql"])
async def bare_url(request: pytest.FixtureRequest) -> str:
    """A database without any table, once of each kind."""
    if request.param == "sqlite":
        return "sqlite:///data/digest.db"
    server: str = request.getfixturevalue("postgres")
    return await _create(server, f"digest_{next(_NUMBERS)}")


@pytest.fixture(params=["sqlite", "postgresql"])
def store_url(request: pytest.FixtureRequest) -> str:
    """A database, once of each kind: a relative SQLite file, a new PostgreSQL database."""
    if request.param == "sqlite":
        return "sqlite:///data/digest.db"
    url: str = request.getfixturevalue("postgres_url")
    return url


@pytest.fixture
async def db(store_url: str, tmp_path: Path) -> AsyncIterator[Database]:
    """An open database with its tables, once of each kind."""
    if store_url.startswith("sqlite"):
        lay_ready(tmp_path / "data" / "digest.db")
    database = Database(store_url, base=tmp_path)
    await database.upgrade()
    yield database
    await database.close()
