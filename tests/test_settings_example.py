"""The annotated example: config.toml names every key, tells true defaults, and can be taken."""

import re
import tomllib
from collections.abc import Iterator
from datetime import time
from pathlib import Path
from typing import Any

import pytest

from digest.settings import Secret, Settings, Table
from digest.settings.file import in_force, load
from digest.settings.naming import shown, tables
from digest.settings.sending import Relay

EXAMPLE = Path(__file__).parent.parent / "config.toml"
TABLES = {
    ".".join(map(str, place)): table for place, table in tables(Settings) if table is not Secret
}

#: The example shows lists of tables that it does not have: `# [[relays]]`, and keys below.
UNSET_TABLE = re.compile(r"# \[\[([\w.]+)\]\]")


def keys_of_the_example() -> Iterator[tuple[str, str, str]]:
    """Table, key, and the line when it is commented out, else ''."""
    header = ""
    for line in EXAMPLE.read_text(encoding="utf-8").splitlines():
        if found := UNSET_TABLE.match(line) or re.match(r"\s*\[\[?([\w.]+)\]", line):
            header = found[1]
        elif found := re.match(r"\s*(# )?([a-z_]+) = ", line):
            yield header, found[2], line.strip()[2:] if found[1] else ""


def with_its_tables(text: str) -> str:
    """The example with the tables that it only shows, every key of them set."""
    lines, shown_only = [], False
    for line in text.splitlines():
        if not line or re.match(r"\s*\[", line):
            shown_only = False
        shown_only = shown_only or UNSET_TABLE.match(line) is not None
        lines.append(line.removeprefix("# ") if shown_only else line)
    return "\n".join(lines).replace('by = "smtp"', 'by = "smtp"\nhost = "relay.example"')


def test_the_example_has_no_faults_and_its_sources_are_there() -> None:
    loaded = load(EXAMPLE, environ={})
    (newsletter,) = loaded.settings.newsletters
    assert newsletter.send_at == (time(7, 0),)
    for source in loaded.settings.sources:
        assert source.path is not None
        assert loaded.resolve(source.path).exists(), source.id


def test_the_example_names_every_key_of_every_table() -> None:
    named = {(header, key) for header, key, _ in keys_of_the_example()}
    # Told once, in [mail].
    named |= {("relays", key) for key in Relay.model_fields}
    missing = [
        f"{header}.{key}"
        for header, table in TABLES.items()
        for key in table.model_fields
        if header and (header, key) not in named and f"{header}.{key}" not in TABLES
    ]
    assert missing == []


def test_the_example_tells_true_defaults() -> None:
    seen = 0
    for header, key, line in keys_of_the_example():
        if not line:
            continue
        info = TABLES[header].model_fields[key]
        default = info.default
        if info.is_required() and info.examples:
            assert tomllib.loads(line)[key] == info.examples[0], line
        elif default is None:
            assert "# not set" in line, line
        else:
            assert shown(tomllib.loads(line)[key]) == shown(default), line
        seen += 1
    assert seen > 40


def test_the_example_means_the_same_with_its_defaults_written_out(tmp_path: Path) -> None:
    written, shown_only = [], False
    for line in EXAMPLE.read_text(encoding="utf-8").splitlines():
        unset = re.match(r"(\s*)# ([a-z_]+ = .*)", line)
        shown_only = (shown_only or UNSET_TABLE.match(line) is not None) and bool(line)
        plain = unset and not shown_only and "# not set" not in line
        written.append(unset[1] + unset[2] if unset and plain else line)
    path = tmp_path / "config.toml"
    path.write_text("\n".join(written), encoding="utf-8")
    assert load(path, environ={}).settings == load(EXAMPLE, environ={}).settings


def test_the_tables_that_the_example_only_shows_would_be_taken(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_text(with_its_tables(EXAMPLE.read_text(encoding="utf-8")), encoding="utf-8")
    settings = load(path, environ={}).settings
    assert [relay.name for relay in settings.relays] == ["first"]
    assert [lane.name for lane in settings.pace.lanes] == ["gmail"]
    assert [key.selector for key in settings.dkim] == ["d2026"]


def test_the_example_stays_narrow() -> None:
    text = EXAMPLE.read_text(encoding="utf-8")
    assert max(map(len, text.splitlines())) <= 100


#: Of tables, which have examples of their own.
LISTS = {header.rpartition(".")[2] for header in TABLES}


@pytest.mark.parametrize("table", TABLES.values(), ids=lambda table: table.__name__)
def test_every_key_without_a_telling_default_has_an_example_that_fits(table: type[Table]) -> None:
    samples: dict[str, Any] = {
        key: info.examples[0] for key, info in table.model_fields.items() if info.examples
    }
    for key, info in table.model_fields.items():
        default = info.default
        inner = isinstance(default, Table) or key in LISTS
        assert inner or key in samples or default not in (None, "", ()), key
    table.model_validate(samples)


def test_what_is_in_force_names_every_key(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_text(with_its_tables(EXAMPLE.read_text(encoding="utf-8")), encoding="utf-8")
    named = {re.sub(r"\[\d+\]", "", place) for place, _, _ in in_force(load(path, environ={}))}
    assert named == {
        f"{header}.{key}".removeprefix(".")
        for header, table in TABLES.items()
        for key in table.model_fields
        if f"{header}.{key}".removeprefix(".") not in TABLES
    }
