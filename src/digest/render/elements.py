"""Names of MJML elements: MRML lets a misspelt one through, as raw text of the mail."""

import re
from difflib import get_close_matches

from digest.errors import RenderError
from digest.render.templates import Templates

#: What MRML compiles, all but ``mjml`` with ``mj-`` before it.
KNOWN = frozenset(
    ["mjml"]
    + [
        f"mj-{name}"
        for name in [
            "accordion",
            "accordion-element",
            "accordion-text",
            "accordion-title",
            "all",
            "attributes",
            "body",
            "breakpoint",
            "button",
            "carousel",
            "carousel-image",
            "class",
            "column",
            "divider",
            "font",
            "group",
            "head",
            "hero",
            "image",
            "include",
            "navbar",
            "navbar-link",
            "preview",
            "raw",
            "section",
            "social",
            "social-element",
            "spacer",
            "style",
            "table",
            "text",
            "title",
            "wrapper",
        ]
    ]
)

# No element of HTML begins with these two letters.
_OPENED = re.compile(r"</?(mj[\w:.-]*)", re.IGNORECASE)
_COMMENT = re.compile(r"<!--.*?-->|\[#.*?#\]", re.DOTALL)


def check_elements(source: str, name: str, templates: Templates) -> None:
    """Check the MJML *source* that the mail template *name* was filled to.

    Raises:
        RenderError: it has an element that is none of MJML's; says where, and what was meant.
    """
    opened = _OPENED.findall(re.sub(r"<!--.*?-->", "", source, flags=re.DOTALL))
    unknown = next((element for element in opened if element not in KNOWN), None)
    if unknown is None:
        return
    meant = get_close_matches(unknown.lower(), sorted(KNOWN), n=1)
    hint = f"; did you mean {meant[0]}?" if meant else ""
    line = _line(templates.mail_source(name), unknown)
    raise RenderError(name, line, f"{unknown} is no MJML element{hint}")


def _line(template: str, element: str) -> int | None:
    """Where *template* itself opens *element*; None if an included file or a value does."""
    # Comments go, their lines stay.
    text = _COMMENT.sub(lambda comment: "\n" * comment[0].count("\n"), template)
    found = re.search(rf"</?{re.escape(element)}(?![\w:.-])", text)
    return text.count("\n", 0, found.start()) + 1 if found else None
