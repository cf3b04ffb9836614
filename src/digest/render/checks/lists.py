"""Rows about what makes a mail one of a list: how to leave it, its name, where bounces go."""

import re
from base64 import urlsafe_b64decode
from binascii import Error as NotBase64
from urllib.parse import unquote

from digest.render.checks.findings import Notes
from digest.render.checks.headers import mailboxes
from digest.render.checks.hosts import is_local, parted, why_private
from digest.render.checks.octets import Opened, Part

_URIS = re.compile(r"<[^<>\s]+>(?:\s*,\s*<[^<>\s]+>)*")
_LIST_ID = re.compile(r"(?:[^<>]*\s)?<([A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+)+)>")
_MAILTO = re.compile(r"mailto:[^\s@?]+@[^\s@?]+(?:\?\S*)?", re.IGNORECASE)
_TOKEN = re.compile(r"[A-Za-z0-9_~.-]{16,}")
_OTHER_LIST_FIELDS = ("List-Archive", "List-Help", "List-Owner", "List-Subscribe")


def leave_addresses(root: Part) -> tuple[str, ...]:
    """What List-Unsubscribe names, in its order."""
    return tuple(re.findall(r"<([^<>\s]+)>", root.raw("List-Unsubscribe")))


def check_list(message: Opened, notes: Notes, *, envelope_from: str = "") -> None:
    """M10 to M17, but what is about the signature: see `signed`."""
    _leaving(message.root, notes)
    _one_click(message.root, notes)
    notes.open("M12", "what the address of List-Unsubscribe does with GET and POST: ask it")
    _identity(message.root, notes)
    _automatic(message.root, notes)
    _bounces(notes, envelope_from)


def _leaving(root: Part, notes: Notes) -> None:
    raw = root.raw("List-Unsubscribe")
    if not raw:
        notes.fail("M10", "there is no List-Unsubscribe; Gmail and Yahoo refuse lists without it")
        return
    if not _URIS.fullmatch(raw):
        notes.fail("M10", f"List-Unsubscribe is no list of <addresses>: {raw[:80]}")
    ways = leave_addresses(root)
    web = [way for way in ways if way.lower().startswith(("https:", "http:"))]
    mails = [way for way in ways if way.lower().startswith("mailto:")]
    if len(web) != 1:
        notes.fail("M10", f"List-Unsubscribe has {len(web)} web addresses; it must have one")
    for way in web:
        _leave_address(way, root, notes)
    if not mails:
        text = "no mailto: in List-Unsubscribe, and Outlook.com knows no other way"
        notes.warn("M10", f"{text}; set leave_address of [returns]", level="should")
    for way in mails:
        if not _MAILTO.fullmatch(way):
            notes.fail("M10", f"{way[:80]} in List-Unsubscribe is no mailto: address")


def _leave_address(way: str, root: Part, notes: Notes) -> None:
    parts = parted(way)
    if parts is None:
        notes.fail("M10", f"{way[:80]} is no address")
        return
    host = parts.hostname or ""
    if parts.scheme == "http" and is_local(host):
        notes.warn("M10", "base_url is not https: set it before readers get mail")
    elif parts.scheme == "http":
        notes.fail("M10", f"{way[:80]} is not https; one-click needs it: set base_url to https")
    elif why_private(host):
        notes.fail("M10", f"nobody outside can leave: {why_private(host)}; set base_url of [site]")
    tokens = _TOKEN.findall(f"{parts.path.rpartition('/')[2]}?{parts.query}")
    if not tokens:
        notes.fail("M10", "the address to leave has no token of 16 characters or more")
    shown = unquote(way) + "".join(map(_unwrapped, tokens))
    reader = next((address for _, address in mailboxes(root.first("To"))), "")
    if "@" in shown.partition("://")[2] or (reader and reader.lower() in shown.lower()):
        notes.fail("M10", "the address to leave has the reader's address in it; use a token")


def _unwrapped(token: str) -> str:
    try:
        octets = urlsafe_b64decode(token + "=" * (-len(token) % 4))
    except (NotBase64, ValueError):
        return ""
    # Random octets hold an "@" now and then; only whole text is an address.
    return octets.decode("ascii") if octets.isascii() and octets.decode().isprintable() else ""


def _one_click(root: Part, notes: Notes) -> None:
    said = root.first("List-Unsubscribe-Post")
    if said is None:
        notes.fail("M11", "there is no List-Unsubscribe-Post: List-Unsubscribe=One-Click")
    elif said.raw != "List-Unsubscribe=One-Click":
        text = "it must be List-Unsubscribe=One-Click"
        notes.fail("M11", f"List-Unsubscribe-Post is {said.raw[:80]!r}; {text}")


def _identity(root: Part, notes: Notes) -> None:
    raw = root.raw("List-Id")
    if not raw:
        notes.fail("M13", "there is no List-Id; readers sort their mail by it")
    elif not _LIST_ID.fullmatch(raw) or len(raw) > 255:
        notes.fail("M13", f"List-Id is {raw[:80]!r}; it must be Name <label.domain>", level="must")
    post = root.first("List-Post")
    if post and not re.fullmatch(r"NO(?:\s*\(.*\))?", post.raw) and not _URIS.fullmatch(post.raw):
        notes.fail("M13", f"List-Post is {post.raw[:80]!r}; it must be NO or <address>")
    for name in _OTHER_LIST_FIELDS:
        found = root.first(name)
        if found and not _URIS.fullmatch(found.raw):
            notes.fail("M13", f"{name} is no list of <addresses>: {found.raw[:80]}", level="must")


def _automatic(root: Part, notes: Notes) -> None:
    said = root.raw("Auto-Submitted").lower()
    if said not in ("", "no", "auto-generated"):
        notes.fail(
            "M14", f"Auto-Submitted is {said[:40]!r}; an edition answers nobody: leave it out"
        )
    if root.raw("Precedence").lower() in ("junk", "auto_reply"):
        notes.fail("M14", "Precedence calls this mail junk or a reply; leave it out")


def _bounces(notes: Notes, envelope_from: str) -> None:
    if not envelope_from:
        notes.open("M17", "the envelope sender is not known here")
        return
    local, _, domain = envelope_from.rpartition("@")
    if not local or len(local) > 64:
        notes.fail(
            "M17", f"the envelope sender's local part has {len(local)} octets; 1 to 64 may be"
        )
    elif why_private(domain):
        notes.fail("M17", f"bounces reach nobody: {why_private(domain)}")
    elif not re.search(r"[+=-].*\w", local):
        text = "the envelope sender is the same for everybody: bounces do not tell whose they are"
        notes.warn("M17", f"{text}; set address of [returns]", level="should")
