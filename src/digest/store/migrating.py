"""Alembic, on a connection that is open already."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.util import CommandError
from sqlalchemy import Connection

from digest.errors import StoreError

MIGRATIONS = Path(__file__).parent / "migrations"


def is_modelled(name: str | None, _kind: str, _parents: object) -> bool:
    """Whether `schema` tells of it: the index for searching differs by database, and it does not.

    For Alembic, as its ``include_name``.
    """
    return "printed_words" not in (name or "")


def alembic_config() -> Config:
    """No alembic.ini: the scripts lie in the package, the connection is handed over."""
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.set_main_option("path_separator", "os")
    return config


def upgrade(connection: Connection, current: str | None) -> None:
    """Run what lies between *current* and the newest revision.

    Raises:
        StoreError: *current* is of a newer Digest, or of something else.
    """
    config = alembic_config()
    config.attributes["connection"] = connection
    try:
        command.upgrade(config, "head")
    except CommandError as error:
        raise StoreError(
            f"the database is of another Digest ({current}): upgrade Digest, or give it its own"
        ) from error
