"""The lint: one finished message against every row of what standards and providers demand.

Give it the octets that `render.fill` returns; it tells row by row what holds, what is wrong
and what to do about it.  It looks at nothing but the message, signed as it will leave: what stands
in DNS, what an address answers and what a relay signs later is told as open.
"""

from collections.abc import Mapping
from types import MappingProxyType

from digest.render.checks.access import check_access, check_hidden
from digest.render.checks.clients import check_clients
from digest.render.checks.findings import Notes, Report
from digest.render.checks.headers import check_headers
from digest.render.checks.html import check_document
from digest.render.checks.links import check_links
from digest.render.checks.lists import check_list
from digest.render.checks.looks import Screen
from digest.render.checks.mime import check_mime
from digest.render.checks.octets import open_message
from digest.render.checks.signed import check_signatures
from digest.render.checks.text import check_foot, check_spam, check_text, words_of
from digest.render.checks.tree import Tree

#: Rows about HTML: a mail without any keeps them all.
_OF_HTML = ("M18", "M19", "M20", "M21", "M22", "M23", "M24", "clients")


def lint(
    message: bytes,
    *,
    envelope_to: str = "",
    envelope_from: str = "",
    postal_address: str | None = None,
    left_out: int = 0,
    pages: Mapping[str, str] = MappingProxyType({}),
) -> Report:
    """Check one finished message.

    About 50 ms for 60 KB of HTML.  The same octets give the same report, whatever they are.

    Args:
        envelope_to: the recipient named to the relay; "" if not known.
        envelope_from: the envelope sender; "" if not known.
        postal_address: of [site], by lines; None if it is not known.
        left_out: what had no room in the mail, as `Layout.left_out` has it.
        pages: HTML of pages of ours, by address: places in them that links name must be there.
    """
    notes = Notes()
    opened = open_message(message)
    check_headers(opened, notes, envelope_to=envelope_to)
    check_list(opened, notes, envelope_from=envelope_from)
    check_signatures(opened, notes, envelope_from=envelope_from)
    check_mime(opened, notes)
    found = opened.root.first("Subject")
    subject = found.text if found else ""
    screen = Screen(Tree(opened.html.text())) if opened.html else None
    if screen is None:
        for row in _OF_HTML:
            notes.figure(row, "no HTML")
    else:
        check_document(screen.tree, notes, left_out=left_out)
        check_access(screen, notes)
        check_hidden(screen, notes, subject=subject)
        check_links(screen.tree, notes, pages=pages)
        check_clients(screen.tree, notes)
    words = words_of(opened, screen)
    check_text(words, notes)
    check_foot(opened, screen, words, notes, postal_address=postal_address)
    check_spam(subject, words, notes)
    return notes.report()
