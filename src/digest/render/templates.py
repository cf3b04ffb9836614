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
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
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
    UndefinedError,
)

from digest.errors import RenderError
from digest.render.markup import check_text, lined, ours_for, unclosed_bracket
from digest.render.sandbox import Bounded
from digest.render.tidy import direction

#: What a subscriber may put into a mail: the only names between curly brackets.
HOLES = ("name", "greeting", "email", "leave_url", "preferences_url")

#: Columns of the text part.
TEXT_WIDTH = 72

#: What an expression in a template may come to.
_FAULTS = (
    *(TemplateError, TypeError, ValueError, ArithmeticError, LookupError, AttributeError),
    # RecursionError is one; the last is Python's, of brackets or blocks nested too deep.
    *(RuntimeError, SyntaxError, MemoryError),
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


#: Width of a letter of a bold headline, as a share of its size.
_LETTER = 0.57
#: Of a headline, in pixels; smaller than the words under it none may be.
_SMALLEST = 15
#: Between two of these no line ends; scripts without spaces may break anywhere.
_WORD = re.compile(
    r"[^\s\u00ad\u0e00-\u109f\u1780-\u17ff\u2010-\u2015\u2e80-\ud7ff\uff00-\uffef/-]+"
)


def longest(text: str) -> int:
    """Letters of the longest word of *text*: no line may end in it."""
    return max(map(len, _WORD.findall(text)), default=0)


def fits(text: str, size: int, room: int) -> int:
    """The size in which the longest word of *text* still has *room*, in pixels; *size* at most."""
    return min(size, max(_SMALLEST, int(room / (_LETTER * (longest(text) or 1)))))


def unbroken(text: str) -> str:
    """*text* with its last word, if it is short, held to the one before it."""
    rest, _, last = text.rpartition(" ")
    more, _, before = rest.rpartition(" ")
    return f"{rest}\u00a0{last}" if more and len(last) <= 4 and len(before) <= 12 else text


@lru_cache(maxsize=256)
def _digest(path: Path, changed_ns: int, size: int) -> bytes:
    """Of a file's octets; read again only when it has changed: the clock asks at every tick."""
    return blake2b(path.read_bytes(), digest_size=16).digest()


class _Files(FileSystemLoader):
    """Loads template files; says which line of one is not UTF-8."""

    def get_source(
        self, environment: Environment, template: str
    ) -> tuple[str, str, Callable[[], bool]]:
        try:
            return super().get_source(environment, template)
        except UnicodeDecodeError as error:
            line = error.object.count(b"\n", 0, error.start) + 1
            raise RenderError(template, line, "is not UTF-8: save the file as UTF-8") from error


class _WithHoles(BaseLoader):
    """Loads mail templates; turns curly brackets into lookups of markers, line for line.

    Args:
        lines: tell behind each tag where it stands, as `markup.lined` does.
    """

    def __init__(self, files: FileSystemLoader, *, lines: bool = False) -> None:
        self._files = files
        self._lines = lines

    def get_source(
        self, environment: Environment, template: str
    ) -> tuple[str, str | None, Callable[[], bool] | None]:
        source, path, fresh = self._files.get_source(environment, template)
        check_text(source, template)

        def to_marker(match: re.Match[str]) -> str:
            if match[1] in HOLES:
                return f"[[ hole.{match[1]} ]]"
            line = source.count("\n", 0, match.start()) + 1
            known = ", ".join(HOLES)
            said = f"{{{{ {match[1]} }}}} is not a hole" if match[1] else "“{{” opens no hole"
            ours = ours_for(match[1] or "")
            hint = f"write {ours}" if ours else f"there are: {known}"
            raise RenderError(template, line, f"{said}; {hint}")

        filled = _CURLY.sub(to_marker, source)
        return lined(filled, template) if self._lines else filled, path, fresh


_FILTERS: Mapping[str, Callable[..., object]] = {
    "wrap": wrap,
    "fits": fits,
    "longest": longest,
    "unbroken": unbroken,
    "direction": direction,
}


def _mail_environment(loader: BaseLoader) -> Bounded:
    environment = Bounded(
        loader=loader,
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
    environment.add(_FILTERS)
    return environment


class Templates:
    """All templates of one installation.

    Args:
        folders: asked in this order for ``email/NAME`` and ``pages/NAME``.
    """

    def __init__(self, folders: Sequence[Path]) -> None:
        self._folders = tuple(folders)
        files = _Files([folder / "email" for folder in folders])
        self._mail = _mail_environment(_WithHoles(files))
        # Only asked when a mail cannot be made: then each tag tells where it is from.
        self._lined = _mail_environment(_WithHoles(files, lines=True))
        self._pages = Bounded(
            loader=_Files([folder / "pages" for folder in folders]),
            undefined=StrictUndefined,
            autoescape=True,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._pages.add(_FILTERS)

    def mail(self, name: str, *, nonce: str, **values: object) -> str:
        """Fill ``email/NAME`` once for an edition; its holes are left as markers.

        Raises:
            RenderError: the template is broken; it says where.
        """
        return self._filled(self._mail, name, values | {"hole": _holes(nonce)})

    def lined_mail(self, name: str, *, nonce: str, **values: object) -> str:
        """Fill ``email/NAME`` as `mail` does, but `markup.lined`: to find a fault in it."""
        return self._filled(self._lined, name, values | {"hole": _holes(nonce)})

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

    def page(self, name: str, **values: object) -> str:
        """Fill ``pages/NAME``.

        Raises:
            RenderError: the template is broken; it says where.
        """
        return self._filled(self._pages, name, values)

    def _filled(self, environment: Bounded, name: str, values: dict[str, object]) -> str:
        try:
            return environment.fill(name, values)
        except TemplateNotFound as error:
            looked = " or ".join(str(folder) for folder in self._folders)
            wanted = error.name or name
            if wanted == name:
                raise RenderError(name, None, f"there is no such template in {looked}") from error
            where, line = self._place(error, name)
            text = f"there is no template {wanted!r} in {looked}"
            raise RenderError(where, line, text) from error
        except TemplateSyntaxError as error:
            raise self._misspelt(environment, error, name) from error
        except _FAULTS as error:
            where, line = self._place(error, name)
            raise RenderError(where, line, _told(error)) from error

    def _misspelt(self, environment: Bounded, error: TemplateSyntaxError, name: str) -> RenderError:
        # Of some errors Jinja tells the path as the name.
        where, line, text = Path(error.name or name).name, error.lineno, error.message or "broken"
        # Jinja trips over what comes after a bracket that nobody closed.
        opening = environment.variable_start_string, environment.block_start_string
        closing = environment.variable_end_string, environment.block_end_string
        open_at = unclosed_bracket(error.source or "", opening, closing)
        if open_at is not None and open_at <= line:
            line, text = open_at, f"{opening[0]} or {opening[1]} is not closed"
        return RenderError(where, line, text)

    def _place(self, error: BaseException, name: str) -> tuple[str, int | None]:
        """The template line to mend: Jinja keeps those on the way to *error* in its traceback.

        That is the innermost, but for two: a name that is missing may only be used in a macro,
        and written where that is called; a file that includes itself fails anywhere.
        """
        places = [
            (Path(frame.filename), frame.lineno or 0)
            for frame in traceback.extract_tb(error.__traceback__)
            if any(Path(frame.filename).is_relative_to(folder) for folder in self._folders)
        ]
        if not places:
            return name, None
        path, line = places[-1]
        if isinstance(error, RecursionError):
            (path, line), _ = Counter(places).most_common(1)[0]
        elif isinstance(error, UndefinedError):
            missing = re.findall(r"'(\w+)'", str(error))[-1:]
            written = [place for place in places if missing and missing[0] in _words(*place)]
            path, line = written[-1] if written else places[-1]
        return path.name, line


def _holes(nonce: str) -> dict[str, str]:
    return {hole: marker(nonce, hole) for hole in HOLES}


def _told(error: BaseException) -> str:
    if isinstance(error, RecursionError):
        return "it includes or calls itself without end, or is nested too deep"
    if isinstance(error, MemoryError):
        return "it needs more memory than there is"
    return str(error)


def _words(path: Path, line: int) -> list[str]:
    """The words of one line of a file."""
    lines = path.read_text(encoding="utf-8").splitlines()[line - 1 : line]
    return re.findall(r"\w+", lines[0]) if lines else []
