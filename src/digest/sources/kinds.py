"""Kinds of source that other packages bring, by an entry point of the group "digest.sources".

Behind the door: finding such a package, and not trusting it: whatever it raises, returns or
leaves hanging is the fault of its source alone, and names the package.  How to write one is in
docs/extending.md.
"""

import asyncio
import inspect
import types
import typing
from dataclasses import fields, is_dataclass
from datetime import datetime
from functools import lru_cache
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Protocol

from digest.errors import Fault, FetchError, SourceError, StoreError
from digest.settings import KINDS_OF_PACKAGES, Source
from digest.telemetry import log

if TYPE_CHECKING:
    from digest.sources.collecting import Fetched, Known
    from digest.sources.http import Http
    from digest.sources.readers import Readers

#: Whatever a package waits for: after this time the visit is given up.
LONGEST_VISIT_S: Final = 600.0


class FetchKind(Protocol):
    """How a kind of source is visited; what must hold is in docs/extending.md."""

    async def __call__(
        self, source: Source, http: "Http", readers: "Readers", *, base: Path, known: "Known"
    ) -> "Fetched":
        """Visit *source*; *base* is the folder that its path is relative to."""
        ...


def kind_of_package(name: str, *, longest_s: float = LONGEST_VISIT_S) -> FetchKind:
    """The kind called *name*, as an installed package brings it.

    Calling it raises nothing but `SourceError` (and `StoreError`, of what `known` asks), and
    what it returns has the right types and safe HTML.

    Raises:
        SourceError: no package brings it, or its package cannot be loaded: what to do.
    """
    found, package = _found(name)
    visit = _loaded(found, package)

    async def guarded(
        source: Source, http: "Http", readers: "Readers", *, base: Path, known: "Known"
    ) -> "Fetched":
        who = f'the package {package} (kind "{name}")'
        try:
            async with asyncio.timeout(longest_s) as limit:
                answer = visit(source, http, readers, base=base, known=known)
                if not inspect.isawaitable(answer):
                    raise _ours(source.id, f"{who} brings a fetch that is not async")
                fetched = await answer
        except SourceError as error:
            error.source_id = error.source_id or source.id
            raise
        except StoreError:
            # What `known` asks of the database is none of the package's doing.
            raise
        except Exception as error:
            if isinstance(error, TimeoutError) and limit.expired():
                text = f"{who} did not end within {longest_s:g} s; it is tried again"
                raise FetchError(source.id, text, fault=Fault.TIMEOUT) from error
            log.error("kind failed", package=package, kind=name, exc_info=error)
            text = f"{who} failed with {type(error).__name__}; report it to its makers"
            raise _ours(source.id, text) from error
        if (wrong := wrong_in(fetched)) is not None:
            raise _ours(source.id, f"{who} went wrong: {wrong}; report it to its makers")
        return fetched

    return guarded


def _ours(source_id: str, text: str) -> SourceError:
    return SourceError(source_id, text, fault=Fault.OURS)


def _found(name: str) -> tuple[EntryPoint, str]:
    candidates = list(entry_points(group=KINDS_OF_PACKAGES, name=name))
    packages = sorted({found.dist.name if found.dist else found.module for found in candidates})
    if not candidates:
        raise _ours(
            "", f'no installed package brings the kind "{name}"; install it, or take the source out'
        )
    if len(packages) > 1:
        raise _ours(
            "", f'{" and ".join(packages)} both bring the kind "{name}"; uninstall all but one'
        )
    return candidates[0], packages[0]


@lru_cache
def _loaded(found: EntryPoint, package: str) -> FetchKind:
    try:
        visit = found.load()
    except (Exception, SystemExit) as error:
        text = (
            f"the package {package} cannot be loaded ({type(error).__name__}: {error}); "
            "install it again, or a version that fits this Digest"
        )
        raise _ours("", text) from error
    if not callable(visit):
        raise _ours("", f"the package {package} brings {found.value}, which cannot be called")
    kind: FetchKind = visit
    return kind


# ------------------------------------------------------------- what a package returns


def wrong_in(fetched: object) -> str | None:
    """What about *fetched* is not as `Fetched` and all that is in it declare; None if nothing."""
    # Here, and not above: collecting imports this file.
    from digest.sources.collecting import Fetched

    return _wrong(fetched, Fetched, "what it returned")


def _wrong(value: object, wanted: Any, where: str) -> str | None:
    """What about *value*, or anything in it, is not as the annotation *wanted* says."""
    origin = typing.get_origin(wanted)
    if origin in (types.UnionType, typing.Union):
        told = [_wrong(value, one, where) for one in typing.get_args(wanted)]
        return None if None in told else told[0]
    if origin in (tuple, frozenset):
        return _wrong_inside(value, wanted, where)
    if wanted is float and type(value) is int:
        return None
    # True is an int to Python, and to nobody else.
    if not isinstance(value, wanted) or (wanted is int and isinstance(value, bool)):
        return f"{where} is {_named(type(value))}, and wants {_named(wanted)}"
    if isinstance(value, datetime) and value.tzinfo is None:
        return f"{where} has no time zone"
    if is_dataclass(value):
        kind: Any = type(value)
        for name, annotation in _annotations(kind):
            wrong = _wrong(getattr(value, name), annotation, f"{where}.{name}")
            if wrong is not None:
                return wrong
    return None


def _wrong_inside(value: object, wanted: Any, where: str) -> str | None:
    kind, inside = typing.get_origin(wanted), typing.get_args(wanted)[0]
    if not isinstance(value, (tuple, frozenset)) or not isinstance(value, kind):
        return f"{where} is {_named(type(value))}, and wants {_named(kind)}"
    for number, one in enumerate(value):
        wrong = _wrong(one, inside, f"{where}[{number}]")
        if wrong is not None:
            return wrong
    return None


@lru_cache
def _annotations(kind: type) -> tuple[tuple[str, Any], ...]:
    hints = typing.get_type_hints(kind)
    return tuple((field.name, hints[field.name]) for field in fields(kind))


def _named(kind: type) -> str:
    return "None" if kind is types.NoneType else kind.__name__
