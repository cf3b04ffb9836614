"""For translators: the template of all catalogues, made from the English and its comments.

``python -m digest.render.translating > src/digest/locale/digest.pot`` writes it again after a
text has changed; docs/languages.md says how the catalogues follow.  No mail or page needs this.
"""

import inspect
import re
import sys
from collections.abc import Iterator
from io import BytesIO

from babel.messages.catalog import Catalog
from babel.messages.pofile import write_po

from digest.render.catalogue import placeholders
from digest.render.wording import Words, messages

#: What stands in a text where the braces are.
PLACEHOLDERS = {
    "address": "a mail address",
    "credit": "who took the picture",
    "date": "a date, written as the language does",
    "email": "the subscriber's address",
    "host": "name of a web site",
    "n": "a number, written as the language does; a form for one number only may do without",
    "name": "the subscriber's name",
    "page": "the number of this page",
    "pages": "how many pages there are",
    "query": "what was searched for",
    "source": "name of the publisher",
    "time": "a time, sometimes with its date, written as the language does",
    "title": "name of the newsletter",
    "topic": "a topic, as the publisher named it",
    "zone": "a time zone, by its distance from Greenwich: GMT+3",
}

_WIDTH = 100

# Without dates: the same words make the same octets.
_HEADER = """\
# The words around the news in Digest. The English is in src/digest/render/wording.py, of which
# python -m digest.render.translating makes digest.pot; translations are in digest.po.
#
# Newspaper language; formal address where your language has it. Numbers come written.
# Lines with "#." tell where a text is seen and what its {placeholders} become; keep those.
#
msgid ""
msgstr ""
"Project-Id-Version: Digest\\n"
"Language: \\n"
"MIME-Version: 1.0\\n"
"Content-Type: text/plain; charset=utf-8\\n"
"Content-Transfer-Encoding: 8bit\\n"

"""

_SEEN = re.compile(r"    # (.+)")
_NOTE = re.compile(r"    #: (.+)")
_TEXT = re.compile(r"    (\w+): (?:str|Counted) =")


def _notes() -> dict[str, list[str]]:
    """The comments of `Words` by field: where it is seen, and what is said beside it."""
    notes: dict[str, list[str]] = {}
    seen, beside = "", ""
    for line in inspect.getsource(Words).splitlines():
        if match := _SEEN.fullmatch(line):
            seen = match[1]
        elif match := _NOTE.fullmatch(line):
            beside = f"{beside} {match[1]}".strip()
        elif match := _TEXT.match(line):
            notes[match[1]] = [note for note in (seen, beside) if note]
            beside = ""
    return notes


def _braces(*texts: str) -> Iterator[str]:
    for name in sorted(set().union(*map(placeholders, texts))):
        yield f"{{{name}}}: {PLACEHOLDERS.get(name, 'filled in by the program')}."


def template() -> bytes:
    """The template of the catalogues (.pot), as the source has it now."""
    catalog, notes = Catalog(), _notes()
    for name, english, context in messages():
        texts = (english,) if isinstance(english, str) else english.forms
        catalog.add(
            texts[0] if len(texts) == 1 else texts,
            context=context or None,
            auto_comments=[f"words.{name}", *notes[name], *_braces(*texts)],
        )
    written = BytesIO()
    write_po(written, catalog, width=_WIDTH, omit_header=True)
    return _HEADER.encode() + written.getvalue()


if __name__ == "__main__":
    sys.stdout.buffer.write(template())
