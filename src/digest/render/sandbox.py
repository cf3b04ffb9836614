"""Templates that end: what filling one may cost, in steps, in letters and in digits.

Jinja's sandbox keeps a template from what it must not see; it does not keep it from looping for
hours or asking for more memory than there is.  Here every loop, call and filter takes from one
purse, and what makes texts and numbers longer is asked for its length before it is done.
Lengths of time are not measured: the same template and the same values always end alike.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sized
from contextvars import ContextVar
from functools import update_wrapper, wraps
from types import BuiltinMethodType, MethodType
from typing import Any

from jinja2 import nodes
from jinja2.compiler import CodeGenerator, Frame
from jinja2.exceptions import SecurityError
from jinja2.runtime import Context, Undefined
from jinja2.sandbox import ImmutableSandboxedEnvironment

#: What one filling may take: a turn of a loop is one step, a call or a filter ten.  A mail with
#: 60 stories takes 18,000.
MOST_STEPS = 1_000_000
_CALL = 10
#: Letters of one text; a mail has 100,000.
LONGEST = 8_000_000
#: Of range(), of lists made of copies, and of columns.
MOST_ITEMS = 10_000
#: Bits of a whole number: some 1,200 digits.
_MOST_BITS = 4096
#: Letters that are copied in the time of a step, as a power of two.
_LETTERS = 6

_steps_left: ContextVar[list[int]] = ContextVar("steps_left")

#: Methods that lengthen texts in ways that are not asked here, and that no template needs.
_REFUSED = frozenset(("encode", "expandtabs", "format_map", "maketrans", "to_bytes", "translate"))
#: Methods and filters whose numbers say how long the result is.
_COLUMNS = frozenset(
    ("center", "ljust", "rjust", "zfill", "indent", "batch", "slice", "round", "tojson")
)
#: Widths in patterns: of more than four digits, or taken from a value.
_WIDE_PERCENT = re.compile(r"%[^A-Za-z%]*?(?:\d{5}|\*)")
_WIDE_BRACES = re.compile(r"\{[^{}]*:[^{}]*(?:\d{5}|\{)")


def _spend(steps: int) -> None:
    left = _steps_left.get()
    left[0] -= steps
    if left[0] < 0:
        raise SecurityError(f"loops too long: more than {MOST_STEPS:,} steps to fill one template")


def _letters(count: int) -> None:
    """Pay for a text of *count* letters."""
    if count > LONGEST:
        raise SecurityError(f"makes a text of more than {LONGEST:,} characters")
    _spend(count >> _LETTERS)


def _items(count: int) -> None:
    if count > MOST_ITEMS:
        raise SecurityError(f"makes more than {MOST_ITEMS:,} columns or copies")


def _weight(value: object) -> int:
    """Letters of a text, or of all texts of a list; at least 1."""
    if isinstance(value, str):
        return len(value) or 1
    if isinstance(value, list | tuple):
        return 1 + sum(len(one) if isinstance(one, str) else 1 for one in value)
    # What is undefined has a length only to say that it is.
    if isinstance(value, Sized) and not isinstance(value, Undefined):
        return 1 + len(value)
    # How much a generator still has nobody knows.
    return MOST_ITEMS if isinstance(value, Iterator) else 1


def _ask(name: str, value: object, arguments: Iterable[object]) -> None:
    """Pay for what *name* may make of *value*, before it does.

    The worst is that each letter or item of one is joined to the whole of the other.
    """
    times = 1
    for argument in arguments:
        if isinstance(argument, int):
            if name in _COLUMNS:
                _items(abs(argument))
            if name == "indent":
                times = max(times, argument)
        elif not callable(argument):
            times = max(times, _weight(argument))
    weight = _weight(value)
    if times * weight > LONGEST:
        _letters(times * weight)
    _spend(_CALL + (weight >> _LETTERS if isinstance(value, str) else weight))


def _paid(made: Any) -> Any:
    if isinstance(made, str | list | tuple):
        _letters(len(made))
    return made


def _guarded(name: str, filter: Callable[..., Any]) -> Callable[..., Any]:
    """*filter*, paid for."""
    first = int(hasattr(filter, "jinja_pass_arg"))

    # Wrapped, it still tells Jinja whether it wants the context first.
    @wraps(filter)
    def guarded(*args: Any, **named: Any) -> Any:
        value = args[first]
        if name == "format":
            _ask_percent(str(value), [*args[first + 1 :], *named.values()])
        _ask(name, value, [*args[first + 1 :], *named.values()])
        return _paid(filter(*args, **named))

    return guarded


def _ask_percent(pattern: str, arguments: Iterable[object]) -> None:
    if _WIDE_PERCENT.search(pattern):
        raise SecurityError("a width in a pattern is too large, or comes from a value")
    _letters(len(pattern) + pattern.count("%") * max(map(_weight, arguments), default=0))


class _Counting(CodeGenerator):
    """Compiles loops so that they are counted, and ``~`` so that its result is measured."""

    def visit_For(self, node: nodes.For, frame: Frame) -> None:
        where = {"lineno": node.lineno, "environment": self.environment}
        counter = nodes.EnvironmentAttribute("counted", **where)
        node.iter = nodes.Call(counter, [node.iter], [], None, None, **where)
        super().visit_For(node, frame)

    def visit_Concat(self, node: nodes.Concat, frame: Frame) -> None:
        self.write("environment.measured(")
        super().visit_Concat(node, frame)
        self.write(")")


def _concat(pieces: Iterable[str]) -> str:
    """What a template, a macro or a block comes to."""
    known = pieces if isinstance(pieces, list) else list(pieces)
    _letters(sum(map(len, known)))
    return "".join(known)


def _range(*bounds: int) -> range:
    numbers = range(*bounds)
    # Its length may be too large for len().
    if abs(numbers.stop - numbers.start) > MOST_ITEMS * abs(numbers.step):
        raise SecurityError(f"range() of more than {MOST_ITEMS:,} numbers")
    return numbers


def _shown(value: object) -> object:
    """A value on its way into the text; short ones are part of their loop's turn."""
    if isinstance(value, str) and len(value) > 256:
        _letters(len(value))
    return value


class Bounded(ImmutableSandboxedEnvironment):
    """Jinja's sandbox, with ends.  Filters that are added later are not paid for: use `add`."""

    code_generator_class = _Counting
    concat = staticmethod(_concat)
    intercepted_binops = frozenset(("**", "*", "%", "+"))

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, finalize=_shown, **options)
        self._safe: dict[tuple[type, str], bool] = {}
        self.globals["range"] = _range
        # Makes as much text as it is asked for.
        del self.globals["lipsum"]
        self.add(self.filters)

    def add(self, filters: Mapping[str, Callable[..., Any]]) -> None:
        """Let templates use *filters*, by name."""
        self.filters |= {name: _guarded(name, filter) for name, filter in filters.items()}

    def fill(self, name: str, values: Mapping[str, object]) -> str:
        """Fill the template *name*.

        Raises:
            SecurityError: it does not end soon, or makes too much.
            TemplateError: and all else that an expression in a template may come to.
        """
        token = _steps_left.set([MOST_STEPS])
        try:
            return self.get_template(name).render(values)
        finally:
            _steps_left.reset(token)

    def counted(self, iterable: Iterable[object]) -> Iterable[object]:
        """What a loop goes over: paid for at once if its length is known."""
        if isinstance(iterable, Sized):
            _spend(len(iterable))
            return iterable
        return self._one_by_one(iterable)

    def _one_by_one(self, iterable: Iterable[object]) -> Iterator[object]:
        for one in iterable:
            _spend(1)
            yield one

    def measured(self, text: str) -> str:
        _letters(len(text))
        return text

    def is_safe_attribute(self, obj: Any, attr: str, value: Any) -> bool:
        # Asked for every dot of a template; the answer depends on nothing but these two.
        asked = type(obj), attr
        if asked not in self._safe:
            refused = attr in _REFUSED and isinstance(obj, str | int)
            self._safe[asked] = not refused and super().is_safe_attribute(obj, attr, value)
        return self._safe[asked]

    def wrap_str_format(self, value: Any) -> Callable[..., str] | None:
        if not isinstance(value, BuiltinMethodType | MethodType):
            return None
        safe = super().wrap_str_format(value)
        if safe is None:
            return None
        pattern = str(value.__self__)
        within = safe

        def bounded(*args: Any, **named: Any) -> str:
            if _WIDE_BRACES.search(pattern):
                raise SecurityError("a width in a pattern is too large, or comes from a value")
            longest = max(map(_weight, [*args, *named.values()]), default=0)
            _letters(len(pattern) + pattern.count("{") * longest)
            made = within(*args, **named)
            _letters(len(made))
            return made

        return update_wrapper(bounded, value)

    def call(self, context: Context, obj: Any, /, *args: Any, **named: Any) -> Any:
        if isinstance(obj, BuiltinMethodType | MethodType) and isinstance(obj.__self__, str):
            # Names that begin so are Jinja's own: the variables of the loop around.
            more = [value for name, value in named.items() if not name.startswith("_")]
            _ask(obj.__name__, obj.__self__, [*args, *more])
            return _paid(super().call(context, obj, *args, **named))
        _spend(_CALL)
        return super().call(context, obj, *args, **named)

    def call_binop(self, context: Context, operator: str, left: Any, right: Any) -> Any:
        if operator == "%" and isinstance(left, str):
            _ask_percent(left, right if isinstance(right, tuple) else [right])
        elif operator == "**" and isinstance(left, int) and isinstance(right, int):
            _digits(left.bit_length() * right)
        elif operator == "*":
            _ask_times(left, right)
        return _paid(super().call_binop(context, operator, left, right))


def _ask_times(left: object, right: object) -> None:
    if isinstance(left, int) and isinstance(right, int):
        _digits(left.bit_length() + right.bit_length())
        return
    for sequence, number in ((left, right), (right, left)):
        if isinstance(number, int) and isinstance(sequence, str):
            _letters(len(sequence) * number)
        elif isinstance(number, int) and isinstance(sequence, list | tuple):
            _items(len(sequence) * number)


def _digits(bits: int) -> None:
    if bits > _MOST_BITS:
        raise SecurityError("makes a number of more than a thousand digits")
