"""A template ends, whatever is in it, and says which line did not."""

from collections.abc import Callable
from pathlib import Path

import pytest

from digest.errors import RenderError
from digest.render import Templates
from digest.render.sandbox import LONGEST

Page = Callable[..., str]


@pytest.fixture
def page(tmp_path: Path) -> Page:
    (tmp_path / "pages").mkdir()

    def fill(source: str, **values: object) -> str:
        (tmp_path / "pages" / "a.html").write_text(f"first\n{source}", encoding="utf-8")
        return Templates([tmp_path]).page("a.html", **values).removeprefix("first\n")

    return fill


LONG = f"{{% set x = 'a' * {LONGEST - 9} %}}"
GROWING = (
    "{% set ns = namespace(x=START) %}{% for _ in range(60) %}{% set ns.x = MORE %}{% endfor %}"
)

ENDLESS = [
    ("{{ 9**(9**9) }}", "thousand digits"),
    ("{% if 9**(9**9) > 1 %}{% endif %}", "thousand digits"),
    (GROWING.replace("START", "7").replace("MORE", "ns.x * ns.x"), "thousand digits"),
    ("{{ 10.0**400 }}", "out of range"),
    ("{{ 'a' * 10**10 }}", "8,000,000 characters"),
    ("{{ 10**10 * 'a' }}", "8,000,000 characters"),
    ("{{ [1] * 10**9 }}", "10,000 columns or copies"),
    ("{{ '%010000000000d'|format(1) }}", "a width"),
    ("{{ '%010000000000d' % 1 }}", "a width"),
    ("{{ '%*d' % (10**9, 1) }}", "a width"),
    ("{{ '{:1000000000}'.format(1) }}", "a width"),
    ("{{ '{:{}}'.format(1, 10**9) }}", "a width"),
    (LONG + "{{ '{0}{0}'.format(x) }}", "8,000,000 characters"),
    (LONG + "{{ '%s%s' % (x, x) }}", "8,000,000 characters"),
    (LONG + "{{ '%s%s'|format(x, x) }}", "8,000,000 characters"),
    ("{{ 'a'|center(10**9) }}", "10,000 columns"),
    ("{{ 'a'.ljust(10**9) }}", "10,000 columns"),
    ("{{ 'a'|indent(10**9, true) }}", "10,000 columns"),
    ("{{ 5|round(10**9, 'floor') }}", "10,000 columns"),
    ("{{ range(9)|batch(10**9, 'x')|list }}", "10,000 columns"),
    ("{{ range(9999)|map('center', 9999)|join|length }}", "characters|too long"),
    (LONG + "{{ x.replace('', x) }}", "8,000,000 characters"),
    (LONG + "{{ x|replace('a', x) }}", "8,000,000 characters"),
    (LONG + "{{ ([x] * 9999)|join }}", "8,000,000 characters"),
    (LONG + "{{ x.join(range(9999)|map('string')) }}", "8,000,000 characters"),
    (LONG + "{% for _ in range(9999) %}{{ x }}{% endfor %}", "loops too long"),
    (GROWING.replace("START", "'a'").replace("MORE", "ns.x ~ ns.x"), "8,000,000 characters"),
    (GROWING.replace("START", "'a'").replace("MORE", "ns.x + ns.x"), "8,000,000 characters"),
    ("{{ 'a'.expandtabs(10**10) }}", "unsafe"),
    ("{{ 'a'.encode() }}", "unsafe"),
    ("{{ (1).to_bytes(10**10, 'big') }}", "unsafe"),
    ("{{ lipsum(10**9) }}", "'lipsum' is undefined"),
    ("{% for _ in range(99999) %}{% endfor %}", "10,000 numbers"),
    ("{{ range(10**30)|list }}", "10,000 numbers"),
    (
        "{% for _ in range(9999) %}{% for _ in range(9999) %}{% endfor %}{% endfor %}",
        "loops too long: more than 1,000,000 steps",
    ),
    (
        "{% for _ in range(9999) %}{% for _ in range(9999)|map('int') %}{% endfor %}{% endfor %}",
        "loops too long",
    ),
    ("{% for _ in range(9999) %}{{ range(9999)|sort|length }}{% endfor %}", "loops too long"),
    (
        "{% macro m(n) %}{% if n %}{{ m(n-1) }}{{ m(n-1) }}{% endif %}{% endmacro %}{{ m(60) }}",
        "loops too long",
    ),
]


@pytest.mark.parametrize(("source", "says"), ENDLESS, ids=[source[:60] for source, _ in ENDLESS])
def test_what_would_not_end_is_an_error_with_its_line(page: Page, source: str, says: str) -> None:
    with pytest.raises(RenderError, match=says) as caught:
        page(source)
    assert (caught.value.template, caught.value.line) == ("a.html", 2)


@pytest.mark.parametrize(
    ("source", "made"),
    [
        ("{{ 2**10 }} {{ 2**-1 }} {{ 7 % 3 }} {{ 3 * 4 }}", "1024 0.5 1 12"),
        ("{{ '%5d' % 3 }}|{{ '%s-%s'|format(1, 2) }}|{{ '%(a)s'|format(a=4) }}", "    3|1-2|4"),
        ("{{ 'by: {a} at: {b:>3}'.format(a=1, b=2) }}", "by: 1 at:   2"),
        ("{{ 'a b'|replace(' ', '_') }} {{ ['a', 'b']|join(', ') }} {{ '-'.join('ab') }}",
         "a_b a, b a-b"),
        ("{{ '-' * 3 }}{{ 'a' ~ 1 }}{{ [1] + [2] }}", "---a1[1, 2]"),
        ("{{ sign ~ '<b>'|safe }}", "&lt;<b>"),
        ("{{ nobody|default('x') }}", "x"),
        ("{% for x in 'ab' %}{{ loop.index }}/{{ loop.length }}{{ loop.last }} {% endfor %}",
         "1/2False 2/2True "),
        ("{% for x in [1, 2]|map('string') %}{{ x }}/{{ loop.length }} {% endfor %}", "1/2 2/2 "),
        ("{% for x in [] %}x{% else %}none{% endfor %}", "none"),
        ("{% for x in tree recursive %}{{ x.n }}{{ loop(x.more) }}{% endfor %}", "12"),
        ("{{ range(5)|list }}{{ range(9, 0, -4)|list }}", "[0, 1, 2, 3, 4][9, 5, 1]"),
    ],
)  # fmt: skip
def test_what_templates_do_every_day_is_done_as_before(page: Page, source: str, made: str) -> None:
    assert page(source, sign="<", tree=[{"n": 1, "more": [{"n": 2, "more": []}]}]) == made


def test_each_filling_has_steps_of_its_own(page: Page) -> None:
    source = "{% for _ in range(9999) %}{% for _ in range(60) %}{% endfor %}{% endfor %}x"
    assert [page(source) for _ in range(2)] == ["x", "x"]


def test_a_loop_in_a_mail_ends_too(tmp_path: Path) -> None:
    (tmp_path / "email").mkdir()
    source = "[% for _ in range(9999) %]\n[% for _ in range(9999) %][% endfor %][% endfor %]"
    (tmp_path / "email" / "a.txt").write_text(source, encoding="utf-8")
    with pytest.raises(RenderError, match=r"a\.txt:2: loops too long"):
        Templates([tmp_path]).mail("a.txt", nonce="abc")
