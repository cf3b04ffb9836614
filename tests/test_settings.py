import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from digest.errors import ConfigError
from digest.settings import Loaded, Mail, Newsletter, Place, Secret, Settings, Site, reveal
from digest.settings.file import in_force, load, locate

BAD_CONFIGS = sorted((Path(__file__).parent / "bad_configs").glob("*.toml"))

NEWSLETTER = '[[newsletters]]\nslug = "daily"\ntitle = "The Daily"\n'


def write(folder: Path, text: str) -> Path:
    path = folder / "config.toml"
    path.write_text(text + "\n" + NEWSLETTER, encoding="utf-8")
    return path


def faults_of(path: Path) -> tuple[str, ...]:
    with pytest.raises(ConfigError) as caught:
        load(path, environ={})
    return caught.value.faults


# ---------------------------------------------------------------- what is wrong, in words


@pytest.mark.parametrize("path", BAD_CONFIGS, ids=lambda path: path.stem)
def test_a_bad_config_is_told_all_its_faults_at_once_and_no_others(path: Path) -> None:
    lines = path.read_text(encoding="utf-8").splitlines()
    expected = [line.removeprefix("# expect: ") for line in lines if line.startswith("# expect: ")]
    faults = faults_of(path)
    assert expected
    for part in expected:
        assert any(part in fault for fault in faults), faults
    assert len(faults) == len(expected)
    assert all(fault.startswith(str(path)) for fault in faults)


def test_there_are_enough_bad_configs() -> None:
    assert len(BAD_CONFIGS) >= 25


@pytest.mark.parametrize("path", BAD_CONFIGS, ids=lambda path: path.stem)
def test_no_fault_repeats_a_password(path: Path) -> None:
    assert "hunter2" not in "\n".join(faults_of(path))


def test_a_password_in_the_wrong_place_is_not_repeated(tmp_path: Path) -> None:
    text = '[mail.host]\npassword = "hunter2"\n[serve]\nport = { password = "hunter2" }\n'
    faults = "\n".join(faults_of(write(tmp_path, text)))
    assert "mail.host wants text in quotes" in faults
    assert "it is a table" in faults
    assert "hunter2" not in faults


def test_a_password_in_a_line_that_is_not_toml_is_not_repeated(tmp_path: Path) -> None:
    (fault,) = faults_of(write(tmp_path, "[mail]\npassword = hunter2"))
    assert 'line 2: is not TOML: Invalid value; text stands in quotes: "…"' in fault
    assert "hunter2" not in fault


def test_pydantic_itself_does_not_repeat_what_was_written() -> None:
    with pytest.raises(ValidationError) as caught:
        Mail.model_validate({"password": "hunter2"})
    assert "hunter2" not in str(caught.value)


def test_faults_come_in_the_order_of_their_lines(tmp_path: Path) -> None:
    text = '[serve]\nport = "x"\n[site]\nnam = 1\n[mail]\nwindow = 0\n[output]\nfoldr = "x"'
    numbers = [
        int(found[1])
        for fault in faults_of(write(tmp_path, text))
        if (found := re.search(r"line (\d+): ", fault))
    ]
    assert numbers == [2, 4, 6, 8]


def test_a_strange_key_keeps_its_fault_on_one_line(tmp_path: Path) -> None:
    (fault,) = faults_of(write(tmp_path, '[site]\n"a\\n\\u001b[1m" = 1'))
    assert 'line 2: site."a\\n\\u001b[1m" is not known' in fault
    assert "\n" not in fault


def test_a_long_value_is_shortened(tmp_path: Path) -> None:
    (fault,) = faults_of(write(tmp_path, f'[mail]\ntls = "{"none" * 100}"'))
    assert len(fault) < len(str(tmp_path)) + 200


@pytest.mark.parametrize(
    ("content", "part"),
    [
        (b"a = 1\nb = '\xff'\n", "line 2: is not UTF-8; save the file as UTF-8"),
        (b"x = " + b"[" * 20_000, "lists or tables nest too deep"),
        (b'x = """', "is not TOML"),
        (b"x = " + b"9" * 5_000, "digits"),
    ],
)
def test_what_is_not_even_toml_gets_an_exact_error(
    tmp_path: Path, content: bytes, part: str
) -> None:
    path = tmp_path / "config.toml"
    path.write_bytes(content)
    (fault,) = faults_of(path)
    assert part in fault


def test_a_clock_without_seconds_says_what_a_clock_is(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_text("[[newsletters]]\nsend_at = 7:00\n", encoding="utf-8")
    (fault,) = faults_of(path)
    assert "line 2" in fault
    assert fault.endswith("a clock has hours, minutes and seconds: 07:00:00")


def test_a_file_that_is_not_there_says_how_to_name_one(tmp_path: Path) -> None:
    (fault,) = faults_of(tmp_path / "none.toml")
    assert fault.endswith("there is no such file; name yours with --config or DIGEST_CONFIG")


def test_a_folder_is_not_a_file(tmp_path: Path) -> None:
    (fault,) = faults_of(tmp_path)
    assert fault == f"{tmp_path} cannot be read: Is a directory"


# ---------------------------------------------------------------- what is right


@pytest.mark.parametrize(
    "text",
    [
        '[store]\nurl = "sqlite:///data/digest.db"',
        '[store]\nurl = "sqlite:////var/lib/digest/digest.db"',
        '[store]\nurl = "postgresql://digest@db.example.org:5432/digest"',
        '[store]\nurl = "postgresql:///digest"\npassword = { file = "store-password" }',
        '[mail]\nby = "smtp"\nhost = "::1"\nport = 25\ntls = "none"',
        '[mail]\nby = "smtp"\nhost = "10.0.0.1"\nusername = "a b"\npassword = { env = "P" }',
        '[mail]\nby = "folder"\nusername = "left over"',
        '[mail]\nby = "smtp"\nhost = "localhost"\ntls = "none"\nusername = "a"\n'
        'password = { env = "P" }',
        '[mail]\nby = "lmtp"\nsocket = "/run/lmtp"\ntls = "none"\nusername = "a"\n'
        'password = { env = "P" }',
        '[mail]\nby = "smtp"\nhost = "10.0.0.1"\ntls = "none"\nauth = "cram-md5"\nusername = "a"\n'
        'password = { env = "P" }',
        '[[relays]]\nname = "a"\nby = "folder"\n[[relays]]\nname = "b"\nby = "embedded"',
        '[mail]\nconnections = 8\nehlo_name = "a.b"\n[[relays]]\nname = "a"\nhost = "b.example"',
        '[[pace.lanes]]\nname = "icloud"',
        '[mail.password]\nfile = "smtp-password"',
        'mail.password.env = "P"\nmail.tls = "implicit"',
        '[site]\nbase_url = "http://localhost"\npostal_address = """1 Quay\nOrrin"""',
        '[site]\nbase_url = "https://example.org/news/today"',
        '[collect]\nallow_private = ["wiki", "a.b-c.internal", "10.0.0.0/8", "::1", "fd00::/8"]',
        '[mail]\nreply_to = "editor@example.org"\nfrom_name = "Η Καθημερινή"',
        "[mail]\ntimeout_s = 5\nretry_s = 0",
        '[[sources]]\nid = "a"\nkind = "page"\nurl = "https://example.org?q=1"',
        'sources = [{ id = "a", kind = "feed", path = "a.xml" }]',
    ],
)
def test_these_are_no_faults(tmp_path: Path, text: str) -> None:
    load(write(tmp_path, text), environ={})


def test_what_is_not_said_takes_its_default(tmp_path: Path) -> None:
    settings = load(write(tmp_path, ""), environ={}).settings
    assert settings == Settings(newsletters=(Newsletter(slug="daily", title="The Daily"),))


def test_the_file_is_taken_from_the_environment_when_none_is_named(tmp_path: Path) -> None:
    path = write(tmp_path, "")
    assert load(environ={"DIGEST_CONFIG": str(path)}).path == path


def test_the_file_is_taken_from_the_working_folder_when_nothing_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path, "")
    monkeypatch.chdir(tmp_path)
    loaded = load(environ={})
    assert loaded.path == Path("config.toml")
    assert loaded.base.samefile(tmp_path)
    assert loaded.base.is_absolute()


def test_paths_begin_at_the_folder_of_the_file(tmp_path: Path) -> None:
    loaded = load(write(tmp_path, '[output]\nfolder = "site"'), environ={})
    assert loaded.resolve(loaded.settings.output.folder) == tmp_path / "site"
    assert loaded.resolve(Path("/srv/site")) == Path("/srv/site")
    assert loaded.resolve(Path("~/site")) == Path.home() / "site"


def test_a_byte_order_mark_and_windows_line_ends_do_no_harm(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    text = '[site]\nname = "Orrin"\n' + NEWSLETTER
    path.write_bytes(b"\xef\xbb\xbf" + text.replace("\n", "\r\n").encode())
    loaded = load(path, environ={})
    assert loaded.settings.site.name == "Orrin"
    assert loaded.origin(("site", "name")) == "config.toml line 2"


def test_a_table_cannot_be_changed() -> None:
    with pytest.raises(ValidationError):
        Site().name = "Orrin"


# ---------------------------------------------------------------- what is in force


def shown_of(loaded: Loaded) -> dict[str, tuple[str, str]]:
    return {place: (value, origin) for place, value, origin in in_force(loaded)}


def test_each_value_in_force_says_where_it_came_from(tmp_path: Path) -> None:
    text = '# mine\n[serve]\nport = 80\n\n[mail]\nfrom_name = "Ada \\"A\\""\n[site]'
    rows = shown_of(load(write(tmp_path, text), environ={}))
    assert rows["serve.port"] == ("80", "config.toml line 3")
    assert rows["serve.host"] == ('"127.0.0.1"', "default")
    assert rows["mail.from_name"] == ('"Ada \\"A\\""', "config.toml line 6")
    assert rows["mail.password"] == ("not set", "default")
    assert rows["collect.max_bytes"] == ("10_000_000", "default")
    assert rows["newsletters[0].slug"] == ('"daily"', "config.toml line 9")
    assert rows["newsletters[0].send_at"] == ("[07:00:00]", "default")
    assert rows["newsletters[0].auto_approve"] == ("true", "default")
    assert rows["newsletters[0].sections"] == ("[]", "default")
    assert rows["sources"] == ("[]", "default")


def test_a_secret_in_force_is_hidden_and_says_where_it_is(tmp_path: Path) -> None:
    text = '[mail]\npassword = { env = "SMTP" }\n[store.password]\nfile = "pw"'
    rows = shown_of(load(write(tmp_path, text), environ={"SMTP": "hunter2"}))
    assert rows["mail.password"] == ("•••", "config.toml line 2, from SMTP")
    assert rows["store.password"] == ("•••", "config.toml line 3, from pw")


def test_the_user_and_password_of_an_address_in_force_are_hidden(tmp_path: Path) -> None:
    source = '[[sources]]\nid = "wire"\nkind = "feed"\nurl = "https://me:hunter2@wire.example/@me"'
    rows = shown_of(load(write(tmp_path, source), environ={}))
    assert rows["sources[0].url"][0] == '"https://•••@wire.example/@me"'


# ---------------------------------------------------------------- secrets


def test_a_secret_never_shows_what_was_written() -> None:
    secret = Secret(env="hunter2")
    settings = Settings(mail=Mail(password=secret))
    for text in (repr(secret), str(secret), f"{secret}", repr(settings), str(settings)):
        assert "hunter2" not in text
    assert repr(secret) == "Secret(•••)"


def test_a_secret_is_read_from_the_environment() -> None:
    assert reveal(Secret(env="SMTP"), base=Path(), environ={"SMTP": "horse battery"}) == (
        "horse battery"
    )


@pytest.mark.parametrize("content", ["horse", "horse\n", "horse\r\n", "\ufeffhorse\n"])
def test_a_secret_is_read_from_a_file_without_its_line_end(tmp_path: Path, content: str) -> None:
    (tmp_path / "pw").write_bytes(content.encode())
    assert reveal(Secret(file=Path("pw")), base=tmp_path, environ={}) == "horse"
    assert reveal(Secret(file=tmp_path / "pw"), base=Path("/"), environ={}) == "horse"


def test_blanks_of_a_secret_are_kept(tmp_path: Path) -> None:
    (tmp_path / "pw").write_text(" horse \n", encoding="utf-8")
    assert reveal(Secret(file=Path("pw")), base=tmp_path, environ={}) == " horse "


@pytest.mark.parametrize(
    ("secret", "part"),
    [
        (Secret(env="SMTP"), "the environment variable SMTP is not set; set it to the secret"),
        (Secret(env="EMPTY"), "the environment variable EMPTY is not set"),
        (Secret(file=Path("none")), "No such file or directory; write the secret into this file"),
        (Secret(file=Path()), "Is a directory; write the secret into this file"),
        (Secret(file=Path("empty")), "is empty; write the secret into it"),
        (Secret(file=Path("bytes")), "is not text in UTF-8; write the secret alone into it"),
        (Secret(), 'a secret has no place; give { env = "NAME" } or { file = "PATH" }'),
    ],
)
def test_a_secret_that_is_not_there_says_what_to_do(
    tmp_path: Path, secret: Secret, part: str
) -> None:
    (tmp_path / "empty").write_text("\n", encoding="utf-8")
    (tmp_path / "bytes").write_bytes(b"\xff\xfehunter2")
    with pytest.raises(ConfigError) as caught:
        reveal(secret, base=tmp_path, environ={"EMPTY": ""})
    (fault,) = caught.value.faults
    assert part in fault
    assert "hunter2" not in fault


# ---------------------------------------------------------------- lines


def places(value: object, above: Place = ()) -> Iterator[Place]:
    if above:
        yield above
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from places(inner, (*above, key))
    elif isinstance(value, list):
        for at, inner in enumerate(value):
            yield from places(inner, (*above, at))


def test_lines_are_found_in_every_form_that_toml_has() -> None:
    text = '''# a comment = 1
top.left = 1  # [not.a.table]
"top"."right [x]" = """
a = 1
"quoted""" # ""
[[list]]
x = [ 1, # one
  [ 2, 3 ],
  { y = 1979-05-27 07:32:00, z.w = [] },
]
[[list.inner]]
a = 'C:\\'
[[list.inner]]
[list.inner.deep]
b = -1.5e3
[[list]]
[[list.inner]]
c = \'\'\'
[d]\'\'\'\'\'
[other . table]
'''
    lines = locate(text)
    assert set(lines) == set(places(tomllib.loads(text)))
    assert lines == {
        ("top",): 2,
        ("top", "left"): 2,
        ("top", "right [x]"): 3,
        ("list",): 6,
        ("list", 0): 6,
        ("list", 0, "x"): 7,
        ("list", 0, "x", 0): 7,
        ("list", 0, "x", 1): 8,
        ("list", 0, "x", 1, 0): 8,
        ("list", 0, "x", 1, 1): 8,
        ("list", 0, "x", 2): 9,
        ("list", 0, "x", 2, "y"): 9,
        ("list", 0, "x", 2, "z"): 9,
        ("list", 0, "x", 2, "z", "w"): 9,
        ("list", 0, "inner"): 11,
        ("list", 0, "inner", 0): 11,
        ("list", 0, "inner", 0, "a"): 12,
        ("list", 0, "inner", 1): 13,
        ("list", 0, "inner", 1, "deep"): 14,
        ("list", 0, "inner", 1, "deep", "b"): 15,
        ("list", 1): 16,
        ("list", 1, "inner"): 17,
        ("list", 1, "inner", 0): 17,
        ("list", 1, "inner", 0, "c"): 18,
        ("other",): 20,
        ("other", "table"): 20,
    }


NASTY = st.sampled_from(
    ['""', "'x'", '"# no"', "'''\n[a]\n'''", '"""\n"\\" """', '"\\\\"', "'\\'", '"]"', "'}'"]
)
SCALARS = NASTY | st.sampled_from(["1", "-2.5", "07:00:00", "2026-05-18 07:00:00", "true", "inf"])
VALUES = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=3).map(lambda parts: "[ # [\n" + ", # ]\n".join(parts) + "\n]")
        | st.lists(SCALARS.filter(lambda part: "\n" not in part), max_size=3).map(
            lambda parts: "{ " + ", ".join(f"i{n} = {p}" for n, p in enumerate(parts)) + " }"
        )
    ),
    max_leaves=6,
)


@given(st.lists(st.tuples(st.sampled_from(["", "[t{}]", "[[l]]", "[[l.m]]"]), VALUES), max_size=8))
def test_the_lines_of_any_file_are_those_of_its_keys(parts: list[tuple[str, str]]) -> None:
    text = "[[l]]\n"
    for number, (header, value) in enumerate(parts):
        text += f"{header.format(number)} # {number}\nk{number} = {value}\n\n"
    lines = locate(text)
    assert set(lines) == set(places(tomllib.loads(text)))
    written = text.split("\n")
    for place, line in lines.items():
        if isinstance(place[-1], str):
            assert place[-1] in written[line - 1]
