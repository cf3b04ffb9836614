from pathlib import Path

import pytest

from digest.errors import RenderError
from digest.render import HOLES, Templates, default_templates
from digest.render.templates import marker, split_at_holes, wrap


def write(folder: Path, **files: str) -> Templates:
    for kind in ("email", "pages"):
        (folder / kind).mkdir(exist_ok=True)
    for name, text in files.items():
        kind, _, stem = name.partition("_")
        (folder / kind / f"{stem}.html").write_text(text, encoding="utf-8")
    return Templates([folder])


def test_square_brackets_are_filled_now_and_curly_ones_later(tmp_path: Path) -> None:
    templates = write(tmp_path, email_a="[[ headline ]] for {{ name }}!")
    text = templates.mail("a.html", nonce="abc", headline="Ferry")
    assert split_at_holes(text, "abc") == ["Ferry for ", "name", "!"]


def test_brackets_inside_a_headline_stay_text(tmp_path: Path) -> None:
    templates = write(tmp_path, email_a="[[ headline ]]")
    hostile = "{{ leave_url }} [[ 7 * 7 ]] {% raw %} [% if x %] " + marker("guess", "name")
    text = templates.mail("a.html", nonce="abc", headline=hostile)
    assert text == hostile
    assert split_at_holes(text, "abc") == [text]


def test_every_hole_is_found_again(tmp_path: Path) -> None:
    templates = write(tmp_path, email_a="".join(f"{{{{{hole}}}}}," for hole in HOLES))
    pieces = split_at_holes(templates.mail("a.html", nonce="00ff"), "00ff")
    assert pieces[1::2] == list(HOLES)
    assert pieces[2::2] == [","] * len(HOLES)


@pytest.mark.parametrize(
    ("source", "line", "says"),
    [
        ("one\n{{ password }}", 2, "not a hole"),
        ("one\n\n{{ name|upper }}", 3, "no hole"),
        ("[% if %]", 1, "Expected an expression"),
        ("a\nb\n[[ nobody ]]", 3, "'nobody' is undefined"),
        ("a\n[[ 1 / 0 ]]", 2, "division by zero"),
        ("a\n[[ ''.__class__.__mro__ ]]", 2, "unsafe"),
        ("a\n[% endfor %]", 2, "endfor"),
        ("a\n[[ [5]|wrap ]]", 2, "no attribute"),
        ("a\n[[ cycler() ]]", 2, "at least one item"),
        ("a\n[% macro m() %][[ m() ]][% endmacro %][[ m() ]]", 2, "itself without end"),
        ("a\n[% include 'a.html' %]", 2, "itself without end"),
    ],
)
def test_a_broken_template_says_where(tmp_path: Path, source: str, line: int, says: str) -> None:
    with pytest.raises(RenderError, match=says) as caught:
        write(tmp_path, email_a=source).mail("a.html", nonce="abc")
    assert (caught.value.template, caught.value.line) == ("a.html", line)


def test_a_template_that_is_nested_too_deep_is_broken(tmp_path: Path) -> None:
    deep = "[% for a in x %]" * 30 + "[% endfor %]" * 30
    with pytest.raises(RenderError, match="nested"):
        write(tmp_path, email_a=deep).mail("a.html", nonce="abc", x="a")


def test_a_broken_page_says_where(tmp_path: Path) -> None:
    templates = write(tmp_path, pages_a="x\n{% include 'b.html' %}", pages_b="y\n\n{{ nobody }}")
    with pytest.raises(RenderError) as caught:
        templates.page("a.html")
    assert (caught.value.template, caught.value.line) == ("b.html", 3)


def test_a_missing_template_says_where_it_was_looked_for(tmp_path: Path) -> None:
    with pytest.raises(RenderError, match=str(tmp_path)):
        write(tmp_path).page("absent.html")


def test_the_operators_folder_comes_first(tmp_path: Path) -> None:
    write(tmp_path, pages_leave="ours")
    templates = Templates([tmp_path, default_templates()])
    assert templates.page("leave.html") == "ours"


def test_pages_escape_what_they_are_given(tmp_path: Path) -> None:
    assert write(tmp_path, pages_a="{{ x }}").page("a.html", x="<b>&'") == "&lt;b&gt;&amp;&#39;"


def test_text_wraps_between_words_and_never_inside_an_address() -> None:
    address = "https://news.example.org/" + "a" * 90
    assert all(len(line) <= 72 for line in wrap("word " * 60).splitlines())
    assert address in wrap(f"See {address} for more").splitlines()
    assert all(len(line) <= 72 for line in wrap("港" * 200).splitlines())


def test_the_shipped_templates_are_found() -> None:
    assert (default_templates() / "email" / "newspaper.mjml").is_file()
    assert (default_templates() / "pages" / "edition.html").is_file()
