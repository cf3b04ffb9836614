"""Template files: two kinds of brackets, and errors that name the line.

A mail template is filled twice: ``[[ ]]`` and ``[% %]`` once per edition, ``{{ }}``
once per subscriber.  When a file is loaded, each ``{{ name }}`` becomes a marker
made of a nonce, so a headline that contains ``{{ name }}`` stays text.  Page
templates are plain Jinja: ``{{ }}`` and ``{% %}``, everything escaped.

The operator's folder comes first, then the shipped one; both have the folders
``email`` and ``pages``.
"""

import re
import textwrap
import traceback
from collections.abc import Callable, Sequence
from functools import lru_cache
from hashlib import blake2b
from pathlib import Path
from typing import Literal

from jinja2 import (
    BaseLoader,
    Environment,
    FileSystemLoader,
    StrictUndefined,
    TemplateError,
    TemplateNotFound,
    TemplateSyntaxError,
)
from jinja2.sandbox import ImmutableSandboxedEnvironment

from digest.errors import RenderError

#: What a subscriber may put into a mail: the only names between curly brackets.
HOLES = ("name", "greeting", "email", "leave_url", "preferences_url")

#: Columns of the text part.
TEXT_WIDTH = 72

#: What an expression in a template may come to.
_FAULTS = (
    *(TemplateError, TypeError, ValueError, ArithmeticError, LookupError, AttributeError),
    # RecursionError is one; the last is Python's, of brackets or blocks nested too deep.
    *(RuntimeError, SyntaxError),
)

_CURLY = re.compile(r"\{\{(?:-?\s*([A-Za-z_]\w*)\s*-?\}\})?")


def default_templates() -> Path:
    """The folder that ships with Digest: inside the wheel, or at the root of a checkout."""
    package = Path(__file__).resolve().parents[1]
    shipped = package / "templates"
    return shipped if shipped.is_dir() else package.parents[1] / "templates"


def marker(nonce: str, hole: str) -> str:
    """What stands for a hole between compiling and filling: letters, digits, hyphens."""
    return f"hole-{nonce}-{hole.replace('_', '-')}-end"


def split_at_holes(text: str, nonce: str) -> list[str]:
    """Cut *text* at its markers: texts at even places, names of holes at odd ones."""
    names = "|".join(hole.replace("_", "-") for hole in HOLES)
    pieces = re.split(f"hole-{re.escape(nonce)}-({names})-end", text)
    pieces[1::2] = [name.replace("-", "_") for name in pieces[1::2]]
    return pieces


def wrap(text: str, indent: str = "", first: str | None = None, width: int = TEXT_WIDTH) -> str:
    """Wrap for the text part; *first* starts the first line, *indent* all others."""
    return textwrap.fill(
        text,
        width,
        initial_indent=indent if first is None else first,
        subsequent_indent=indent,
        # A web address must stay whole; scripts without spaces must not.
        break_long_words="://" not in text,
        break_on_hyphens=False,
    )


@lru_cache(maxsize=256)
def _digest(path: Path, changed_ns: int, size: int) -> bytes:
    """Of a file's octets; read again only when it has changed: the clock asks at every tick."""
    return blake2b(path.read_bytes(), digest_size=16).digest()


class _WithHoles(BaseLoader):
    """Loads mail templates; turns curly brackets into lookups of markers, line for line."""

    def __init__(self, files: FileSystemLoader) -> None:
        self._files = files

    def get_source(
        self, environment: Environment, template: str
    ) -> tuple[str, str | None, Callable[[], bool] | None]:
        source, path, fresh = self._files.get_source(environment, template)

        def to_marker(match: re.Match[str]) -> str:
            if match[1] in HOLES:
                return f"[[ hole.{match[1]} ]]"
            line = source.count("\n", 0, match.start()) + 1
            known = ", ".join(HOLES)
            said = f"{{{{ {match[1]} }}}} is not a hole" if match[1] else "“{{” opens no hole"
            raise RenderError(template, line, f"{said}; there are: {known}")

        return _CURLY.sub(to_marker, source), path, fresh


class Templates:
    """All templates of one installation.

    Args:
        folders: asked in this order for ``email/NAME`` and ``pages/NAME``.
    """

    def __init__(self, folders: Sequence[Path]) -> None:
        self._folders = tuple(folders)
        self._mail_files = FileSystemLoader([folder / "email" for folder in folders])
        self._mail = ImmutableSandboxedEnvironment(
            loader=_WithHoles(self._mail_files),
            undefined=StrictUndefined,
            autoescape=lambda name: not (name or "").endswith(".txt"),
            variable_start_string="[[",
            variable_end_string="]]",
            block_start_string="[%",
            block_end_string="%]",
            comment_start_string="[#",
            comment_end_string="#]",
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._pages = ImmutableSandboxedEnvironment(
            loader=FileSystemLoader([folder / "pages" for folder in folders]),
            undefined=StrictUndefined,
            autoescape=True,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        for environment in (self._mail, self._pages):
            environment.filters["wrap"] = wrap

    def mail(self, name: str, *, nonce: str, **values: object) -> str:
        """Fill ``email/NAME`` once for an edition; its holes are left as markers.

        Raises:
            RenderError: the template is broken; it says where.
        """
        holes = {hole: marker(nonce, hole) for hole in HOLES}
        return self._filled(self._mail, name, values | {"hole": holes})

    def files(self, kind: Literal["email", "pages"]) -> dict[str, Path]:
        """The templates in force: name, and the file that it is."""
        found: dict[str, Path] = {}
        for folder in reversed(self._folders):
            found |= {
                path.name: path for path in sorted((folder / kind).glob("*")) if path.is_file()
            }
        return found

    def fingerprint(self, kind: Literal["email", "pages"]) -> str:
        """A hash of the templates in force: what was made with others may look otherwise."""
        told = blake2b(digest_size=16)
        for name, path in sorted(self.files(kind).items()):
            state = path.stat()
            told.update(f"{name}\0".encode() + _digest(path, state.st_mtime_ns, state.st_size))
        return told.hexdigest()

    def mail_source(self, name: str) -> str:
        """The text of ``email/NAME`` as its author wrote it."""
        return self._mail_files.get_source(self._mail, name)[0]

    def page(self, name: str, **values: object) -> str:
        """Fill ``pages/NAME``.

        Raises:
            RenderError: the template is broken; it says where.
        """
        return self._filled(self._pages, name, values)

    def _filled(self, environment: Environment, name: str, values: dict[str, object]) -> str:
        try:
            return environment.get_template(name).render(values)
        except TemplateNotFound as error:
            looked = ", ".join(str(folder) for folder in self._folders)
            raise RenderError(str(error), None, f"there is no such template in {looked}") from error
        except TemplateSyntaxError as error:
            raise RenderError(
                error.name or name, error.lineno, error.message or "broken"
            ) from error
        except _FAULTS as error:
            where, line = self._place(error, name)
            text = str(error)
            if isinstance(error, RecursionError):
                text = "it includes or calls itself without end, or is nested too deep"
            raise RenderError(where, line, text) from error

    def _place(self, error: BaseException, name: str) -> tuple[str, int | None]:
        """The innermost template line on the way to *error*: Jinja keeps it in the traceback."""
        for frame in reversed(traceback.extract_tb(error.__traceback__)):
            for folder in self._folders:
                if Path(frame.filename).is_relative_to(folder):
                    return Path(frame.filename).name, frame.lineno
        return name, None
