"""Doors of rooms, opened name by name: a file is loaded when something of it is first asked for.

Who sends mail has no use for what prints pages, nor who asks for the status for what reads
feeds.  A room's `__init__` imports its names under `TYPE_CHECKING`, for people and type
checkers, and tells `door` the same for the run (PEP 562); a test compares the two.
"""

import sys
from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any


def door(room: str, names: Mapping[str, str], *, files: str = "") -> Callable[[str], Any]:
    """The `__getattr__` of a package.

    A name that is also a file's cannot be given out: importing the file would take its place.

    Args:
        room: the package's own name.
        names: file → what is given out of it, with blanks between.
        files: those that are given out whole, with blanks between.
    """
    where = {name: f"{room}.{file}" for file, given in names.items() for name in given.split()}
    whole = frozenset(files.split())

    def opened(name: str) -> Any:
        if name in whole:
            return import_module(f"{room}.{name}")
        if name not in where:
            raise AttributeError(f"module {room!r} has no attribute {name!r}")
        value = getattr(import_module(where[name]), name)
        # Found without us from now on.
        setattr(sys.modules[room], name, value)
        return value

    return opened
