"""What tables of config.toml are made of: checked kinds of text, the table itself, secrets."""

import re
from collections.abc import Iterable, Mapping
from datetime import time
from importlib.metadata import entry_points
from ipaddress import ip_network
from pathlib import Path
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

from digest import segments
from digest.errors import ConfigError

Day = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]

EVERY_DAY: tuple[Day, ...] = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")

#: Stands where a secret would.
HIDDEN = "•••"

#: Keys and list positions from the top of the file: ("newsletters", 0, "send_at").
Place = tuple[str | int, ...]


def fits(pattern: str, wants: str) -> AfterValidator:
    """Text that is *pattern* from end to end; *wants* says so in words."""
    whole = re.compile(pattern)

    def check(text: str) -> str:
        if whole.fullmatch(text) is None:
            raise ValueError(f"wants {wants}")
        return text

    return AfterValidator(check)


def _zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError) as error:
        raise ValueError("wants the IANA name of a time zone") from error
    return name


def _own(name: str) -> str:
    if re.fullmatch(r"(?=.*[^\d.])\w[\w-]*(\.\w[\w-]*)*", name):
        return name
    try:
        ip_network(name, strict=False)
    except ValueError as error:
        raise ValueError("wants a host name without a port, an address or a network") from error
    return name


Zone = Annotated[str, AfterValidator(_zone)]
Slug = Annotated[
    str, fits(r"[a-z0-9][a-z0-9-]{0,62}", "small letters, digits and hyphens, 63 at most")
]
Language = Annotated[str, fits(r"[a-zA-Z]{2,3}(-[a-zA-Z0-9]{2,8})*", "a language tag of BCP 47")]
#: Goes into a header, a subject or a title.
Line = Annotated[str, fits(r"[^\x00-\x1f\x7f\x85\u2028\u2029]*", "text on one line")]
Host = Annotated[
    str,
    fits(
        r"[^\s/:\[\]]*|[0-9a-fA-F.]*:[0-9a-fA-F.]*:[0-9a-fA-F.:]*",
        "a host name or address alone, without a scheme or port",
    ),
]


def _segment(text: str) -> str:
    if text.strip():
        segments.parse(text)
    return text


#: Who matches, in words that `segments` reads; "" matches everybody.
Segment = Annotated[str, AfterValidator(_segment)]
ADDRESS = r"[^\s@<>\x00-\x1f\x7f]+@[^\s@<>\x00-\x1f\x7f]+"
WEB = r"https?://[^\s/]+"
Own = Annotated[str, AfterValidator(_own)]


def _clocks(given: object) -> object:
    return given if isinstance(given, list | tuple) else (given,)


def _ordered(clocks: tuple[time, ...]) -> tuple[time, ...]:
    minutes = [(clock.hour, clock.minute) for clock in clocks]
    if len(set(minutes)) < len(minutes):
        raise ValueError("wants each clock once")
    return tuple(sorted(clocks))


#: One clock, or a list of them.
Clocks = Annotated[
    tuple[time, ...],
    Field(min_length=1, strict=False),
    BeforeValidator(_clocks),
    AfterValidator(_ordered),
]


#: The kinds of source that come with Digest; a package may bring more, under this entry point.
KINDS = ("feed", "page", "folder", "mailbox", "push")
KINDS_OF_PACKAGES = "digest.sources"


def kind_of(name: str) -> str:
    if name in KINDS or name in {found.name for found in entry_points(group=KINDS_OF_PACKAGES)}:
        return name
    listed = ", ".join(f'"{kind}"' for kind in KINDS)
    raise ValueError(f"wants {listed}, or a kind that an installed package brings")


class Table(BaseModel):
    """A table of config.toml: frozen, strict, and unknown keys are faults."""

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        strict=True,
        allow_inf_nan=False,
        # A password written in the wrong place must not come out in an error.
        hide_input_in_errors=True,
    )


class Secret(Table):
    """A secret is never in config.toml: exactly one of the two names the place where it is."""

    env: (
        Annotated[str, fits(r"[A-Za-z_][A-Za-z0-9_]*", "the name of an environment variable")]
        | None
    ) = Field(default=None, examples=["DIGEST_SMTP_PASSWORD"])
    file: Path | None = Field(default=None, strict=False, examples=["smtp-password"])

    def __repr__(self) -> str:
        # Somebody may have put the secret itself where its name belongs.
        return f"Secret({HIDDEN})"

    def __repr_args__(self) -> Iterable[tuple[str | None, Any]]:
        return ((None, HIDDEN),)

    __str__ = __repr__


def reveal(secret: Secret, *, base: Path, environ: Mapping[str, str]) -> str:
    """Read *secret* from where it is kept, without the line end that editors add.

    Args:
        base: the folder of config.toml; a relative `file` starts there.

    Raises:
        ConfigError: there is nothing at that place, with what to do about it.
    """
    if secret.env is not None:
        value = environ.get(secret.env, "").rstrip("\r\n")
        if not value:
            raise ConfigError(
                [f"the environment variable {secret.env} is not set; set it to the secret"]
            )
        return value
    if secret.file is None:
        raise ConfigError(['a secret has no place; give { env = "NAME" } or { file = "PATH" }'])
    path = base / secret.file.expanduser()
    try:
        value = path.read_text(encoding="utf-8-sig").rstrip("\r\n")
    except OSError as error:
        why = error.strerror or "it cannot be read"
        raise ConfigError(
            [f"{path}: {why}; write the secret into this file, readable by Digest"]
        ) from error
    except UnicodeDecodeError:
        # Not `from` its cause, which holds the bytes.
        raise ConfigError(
            [f"{path} is not text in UTF-8; write the secret alone into it"]
        ) from None
    if not value:
        raise ConfigError([f"{path} is empty; write the secret into it"])
    return value
