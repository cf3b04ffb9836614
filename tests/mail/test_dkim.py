"""Signatures, read back by dkimpy, which shares no line with ours."""

import importlib
import re
from base64 import b64decode
from collections.abc import Mapping, Sequence
from email.message import EmailMessage
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)
from hypothesis import example, given, settings
from hypothesis import strategies as st

from digest.errors import ConfigError, Refused
from digest.mail.dkim import (
    Key,
    is_canonical,
    load_key,
    make_key,
    relaxed_body,
    sign,
    strings_of,
)

#: Has no types.
referee: Any = importlib.import_module("dkim")

DOMAIN = "press.example"
RSA = load_key(make_key(), selector="d2026", domain=DOMAIN)
EDWARDS = load_key(make_key(ed25519=True), selector="e2026", domain=DOMAIN)
BOTH = (RSA, EDWARDS)

HEAD = (
    b"From: The Daily <daily@press.example>\r\n"
    b"Subject: The ferry runs again\r\n"
    b"To: Reader 1 <reader1@example.com>\r\n"
    b"Date: Mon, 18 May 2026 04:00:00 +0000\r\n"
    b"Message-ID: <one@press.example>\r\n"
    b"List-Unsubscribe: <https://press.example/leave/0123456789abcdef>,\r\n"
    b" <mailto:leave@press.example>\r\n"
    b"List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n"
    b"MIME-Version: 1.0\r\n"
    b"Content-Type: text/plain; charset=utf-8\r\n"
)
MESSAGE = HEAD + b"\r\nThe ferry ran again on Sunday.\r\n"


def verified(message: bytes, keys: Sequence[Key] = BOTH) -> list[bool]:
    """What dkimpy says of each of the signatures on top of *message*."""
    records = {f"{key.name}.".encode(): key.record.encode() for key in keys}

    def answer(name: bytes, timeout: int = 5) -> bytes | None:
        return records.get(name)

    def holds(number: int) -> bool:
        try:
            return bool(referee.DKIM(message).verify(idx=number, dnsfunc=answer))
        except referee.ValidationError:  # of the body
            return False

    return [holds(number) for number in range(len(keys))]


def tags(signed: bytes) -> list[Mapping[str, str]]:
    """Tags of each signature."""
    unfolded = re.sub(rb"\r\n[ \t]+", b" ", signed.partition(b"\r\n\r\n")[0])
    rows = [line for line in unfolded.split(b"\r\n") if line.startswith(b"DKIM-Signature:")]
    return [
        {
            name.strip(): value.replace(" ", "")
            for name, _, value in (
                tag.partition("=") for tag in row.decode().partition(":")[2].split(";")
            )
        }
        for row in rows
    ]


def test_both_signatures_hold_at_once() -> None:
    signed = sign(MESSAGE, BOTH)
    assert signed.endswith(MESSAGE)
    assert verified(signed) == [True, True]


def test_a_signature_says_what_it_should_and_nothing_more() -> None:
    first, second = tags(sign(MESSAGE, BOTH))
    assert (first["a"], second["a"]) == ("rsa-sha256", "ed25519-sha256")
    assert first["c"] == "relaxed/relaxed"
    assert (first["d"], first["s"]) == (DOMAIN, "d2026")
    # The message's own Date: sent again it is the same octets.
    assert first["t"] == "1779076800"
    assert "l" not in first
    signed = first["h"].split(":")
    assert signed.count("from") == 2
    assert signed.count("reply-to") == 1
    assert {"list-unsubscribe", "list-unsubscribe-post", "message-id"} <= set(signed)


def test_no_line_of_a_signature_is_over_76() -> None:
    for header in sign(MESSAGE, BOTH).split(b"\r\n")[:20]:
        assert len(header) <= 76


def test_signing_twice_gives_the_same_octets() -> None:
    assert sign(MESSAGE, BOTH) == sign(MESSAGE, BOTH)


def test_a_message_without_a_readable_date_has_no_time() -> None:
    for date in (b"", b"Date: yesterday\r\n", b"Date: Mon, 99 May 2026 04:00:00 +0000\r\n"):
        message = re.sub(rb"Date:.*\r\n", date, MESSAGE)
        assert "t" not in tags(sign(message, [RSA]))[0]
        assert verified(sign(message, [RSA]), [RSA]) == [True]


def test_a_date_without_a_zone_is_utc() -> None:
    message = MESSAGE.replace(b"+0000", b"-0000")
    assert tags(sign(message, [RSA]))[0]["t"] == "1779076800"


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"The Daily <daily@", b"The Daily <dally@"),
        (b"runs again", b"sinks"),
        (b"on Sunday", b"on Monday"),
        (b"/leave/0123", b"/leave/4567"),
        (b"=One-Click", b"=Two-Clicks"),
        (b"Date: Mon, 18", b"Date: Tue, 19"),
        (b"To: Reader 1", b"To: Reader 2"),
        (b"<one@press", b"<two@press"),
        (b"Subject:", b"Subject: first\r\nSubject:"),
        (b"From:", b"From: other@press.example\r\nFrom:"),
        (b"MIME-Version", b"Reply-To: other@bad.example\r\nMIME-Version"),
        (b"MIME-Version", b"Content-Type: text/html\r\nMIME-Version"),
        (b"Sunday.\r\n", b"Sunday.\r\nAnd more.\r\n"),
    ],
)
def test_whoever_changes_a_mail_breaks_it(old: bytes, new: bytes) -> None:
    signed = sign(MESSAGE, BOTH)
    top = signed.removesuffix(MESSAGE)
    assert verified(top + MESSAGE.replace(old, new, 1)) == [False, False]


def test_what_relays_do_to_a_mail_leaves_it_whole() -> None:
    signed = sign(MESSAGE, BOTH)
    top = signed.removesuffix(MESSAGE)
    refolded = MESSAGE.replace(b"Subject: The ferry", b"subject:   The\r\n\tferry")
    trimmed = refolded.replace(b"ran again", b"ran  \t again").replace(b"Sunday.", b"Sunday. ")
    received = b"Received: from a by b; Mon, 18 May 2026 04:00:01 +0000\r\n"
    assert verified(received + top + trimmed + b"\r\n\r\n") == [True, True]


@pytest.mark.parametrize(
    "body",
    [b"", b"\r\n", b"\r\n\r\n\r\n", b" \r\n", b"x", b"x\r\n", b"x \r\n\r\n", b"\tx\t \r\n y"],
)
def test_bodies_of_any_shape_hold(body: bytes) -> None:
    assert verified(sign(HEAD + b"\r\n" + body, BOTH)) == [True, True]


def test_a_message_that_ends_with_its_headers_holds() -> None:
    assert verified(sign(HEAD, BOTH)) == [True, True]


_BLANKS = st.text(" \t", max_size=3)
_WORDS = st.text("abcé=.-,;:<>@\"'ß", min_size=1, max_size=12)
_VALUE = st.lists(
    st.tuples(_WORDS, st.sampled_from([" ", "  ", "\t", "\r\n ", "\r\n\t "])), max_size=6
)
_FIELDS = st.lists(
    st.tuples(
        st.sampled_from(["Subject", "to", "X-Other", "List-Id", "REPLY-TO", "Precedence"]),
        _BLANKS,
        _VALUE,
    ),
    max_size=6,
)
_LINES = st.lists(st.tuples(_BLANKS, st.one_of(st.just(""), _WORDS), _BLANKS), max_size=6)


@settings(max_examples=40)
@given(fields=_FIELDS, lines=_LINES)
@example(fields=[], lines=[("", "", "")] * 3)
def test_any_message_holds(
    fields: list[tuple[str, str, list[tuple[str, str]]]], lines: list[tuple[str, str, str]]
) -> None:
    head = "From: a@press.example\r\n" + "".join(
        f"{name}: {blanks}{''.join(word + gap for word, gap in value)}end\r\n"
        for name, blanks, value in fields
    )
    body = "".join(f"{before}{word} {word}{after}\r\n" for before, word, after in lines)
    message = f"{head}\r\n{body}".encode()
    keys = (EDWARDS,)
    assert verified(sign(message, keys), keys) == [True]


@settings(max_examples=40)
@given(lines=_LINES)
def test_what_is_called_canonical_is(lines: list[tuple[str, str, str]]) -> None:
    body = "".join(f"{before}{word}{after}\r\n" for before, word, after in lines).encode()
    assert is_canonical(body) == (relaxed_body(body) == body)
    assert is_canonical(relaxed_body(body))


def test_blanks_without_end_are_no_trap() -> None:
    # With a backtracking expression this would take hours.
    body = (b" " * 400_000 + b"x\r\n") + b" \t" * 200_000
    assert relaxed_body(body) == b" x\r\n"
    assert relaxed_body(b"\r\n" * 200_000) == b""


def test_our_own_mail_needs_no_other_form() -> None:
    body = b"--=_a\r\n\r\nA line that goes on=\r\n and ends.\r\n--=_a--\r\n"
    assert is_canonical(MESSAGE + body, len(MESSAGE))
    assert sign(MESSAGE, [RSA], canonical=True) == sign(MESSAGE, [RSA])


@pytest.mark.parametrize(
    ("message", "why"),
    [
        (b"Subject: x\r\n\r\nbody\r\n", "no From"),
        (b"\r\nbody\r\n", "without a name"),
        (b"", "without a name"),
        (b"From: a@press.example\nSubject: x\r\n\r\nbody\r\n", "bare CR or LF"),
        (b"From: a@press.example\rSubject: x\r\n\r\nbody\r\n", "bare CR or LF"),
        (b"From: a@press.example\r\nnot a header\r\n\r\nbody\r\n", "without a name"),
    ],
)
def test_what_is_no_message_is_refused(message: bytes, why: str) -> None:
    with pytest.raises(Refused, match=why):
        sign(message, [RSA])


def test_a_mail_of_the_standard_library_holds() -> None:
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = "a@press.example", "Zoë <b@example.com>", "Fähre"
    mail.set_content("Die Fähre  fährt.\n\n\n")
    octets = mail.as_bytes().replace(b"\n", b"\r\n")
    assert verified(sign(octets, BOTH)) == [True, True]


# ------------------------------------------------------------------------- keys


def test_a_record_holds_the_public_key() -> None:
    assert RSA.name == "d2026._domainkey.press.example"
    assert RSA.record.startswith("v=DKIM1; k=rsa; p=MIIB")
    assert EDWARDS.record.startswith("v=DKIM1; k=ed25519; p=")
    assert len(b64decode(EDWARDS.record.partition("p=")[2])) == 32
    assert "".join(strings_of(RSA.record)) == RSA.record
    assert [len(piece) for piece in strings_of(RSA.record)][:1] == [255]


def test_a_key_does_not_show_itself() -> None:
    assert "p=" not in repr(RSA)
    assert "private" not in repr(RSA)


def test_an_international_domain_signs_in_ascii() -> None:
    key = load_key(make_key(ed25519=True), selector="e", domain="Bücher.example")
    assert key.domain == "xn--bcher-kva.example"
    message = MESSAGE.replace(b"press.example", b"xn--bcher-kva.example")
    assert verified(sign(message, [key]), [key]) == [True]


def _pem(private: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey, password: bytes = b"") -> bytes:
    lock = BestAvailableEncryption(password) if password else NoEncryption()
    return private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, lock)


_OTHER = rsa.generate_private_key(65537, 1024)


@pytest.mark.parametrize(
    ("pem", "why"),
    [
        (b"nothing", "no private key in PEM"),
        (b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n", "no private key"),
        (_pem(_OTHER, b"secret"), "encrypted; take its password off"),
        (_pem(ec.generate_private_key(ec.SECP256R1())), "RSA and Ed25519 keys only"),
        (
            _OTHER.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo),
            "this is the public key",
        ),
    ],
)
def test_what_cannot_be_used_says_what_to_do(pem: bytes, why: str) -> None:
    with pytest.raises(ConfigError, match=why):
        load_key(pem, selector="d", domain=DOMAIN)


def test_a_short_key_is_taken_and_a_shorter_one_is_not() -> None:
    assert load_key(_pem(_OTHER), selector="d", domain=DOMAIN).bits == 1024
    with pytest.raises(ConfigError, match="1024 to 4096"):
        make_key(bits=512)


def test_a_key_may_come_on_one_line() -> None:
    pem = _pem(_OTHER).strip().replace(b"\n", b"\\n")
    assert load_key(pem, selector="d", domain=DOMAIN).algorithm == "rsa-sha256"


def test_a_domain_that_is_none_is_named() -> None:
    with pytest.raises(ConfigError, match="not a domain"):
        load_key(make_key(ed25519=True), selector="d", domain="localhost")
