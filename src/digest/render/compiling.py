"""MJML made HTML by MRML, which writes values of attributes as Rust shows texts to programmers.

An accent that stands alone, a vowel sign, a joiner of emoji, a space that does not break: in an
attribute a reader would be told ``\\u{301}``.  So such characters go in as numeric references,
which mean the same to every mail program, whatever the author of a template thought of.
Faults of templates are not looked for here.
"""

import re
import unicodedata

from mjml import mjml2html

# A comment stays as it is, unless Outlook reads what is in it.  The title becomes an attribute too:
# the name of the whole mail.
_PLACES = re.compile(
    r"""<!--(?![\[>]).*?(?:-->|\Z)|(?<=<mj-title>)[^<]+|<[a-z](?:[^<>"']++|"[^"]*+"|'[^']*+')*+>""",
    re.DOTALL | re.IGNORECASE,
)
_VALUE = re.compile(r"""(?<==)\s*(?:"[^"]*"|'[^']*')""")
_ODD = re.compile(r"""[^ !#-\[\]-~]""")
#: Of ASCII alone.
_MAY_BE_ODD = re.compile(r"""[\\'\x00-\x1f\x7f]""")
#: Categories that Rust writes as they are: letters, digits, punctuation, symbols.
_PLAIN = ("L", "N", "P", "S")
#: Letters to Unicode; to Rust marks, or nothing to be seen.
_UNSEEN = "\u115f\u1160\u3164\uff9e\uff9f\uffa0"


def compiled(source: str) -> str:
    """The HTML of MJML *source*.

    Raises:
        ValueError: it is no MJML; in MRML's words.
    """
    # By default MRML links web fonts of another company in every mail: fonts={} forbids.
    return str(mjml2html(_PLACES.sub(_told_plainly, source), fonts={}))


def place_in(source: str, error: ValueError) -> int:
    """Which "<" of *source* an *error* of `compiled` is about, from 1; 0 if it does not say."""
    said = re.search(r"at position (\d+)", str(error))
    return _PLACES.sub(_told_plainly, source).count("<", 0, int(said[1]) + 1) if said else 0


def _told_plainly(place: re.Match[str]) -> str:
    text = place[0]
    if not text.startswith("<"):
        return _ODD.sub(_reference, text)
    # Most tags have nothing odd in them.
    if text.startswith("<!--") or (text.isascii() and not _MAY_BE_ODD.search(text)):
        return text
    return _VALUE.sub(_inside_quotes, text)


def _inside_quotes(value: re.Match[str]) -> str:
    text = value[0].lstrip()
    return text[0] + _ODD.sub(_reference, text[1:-1]) + text[-1]


def _reference(odd: re.Match[str]) -> str:
    character = odd[0]
    if character in "\t\n\r":
        return " "
    kind = unicodedata.category(character)
    if kind == "Cc":
        return ""
    known = kind.startswith(_PLAIN) and character not in _UNSEEN
    # Which of the rarer planes Rust knows depends on its age.
    if known and character not in '"\\' and character < "\U00010000":
        return character
    return f"&#{ord(character)};"
