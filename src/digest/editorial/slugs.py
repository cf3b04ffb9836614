"""What sections are called where only letters, digits and hyphens will do."""

import re
import unicodedata
from collections.abc import Iterable
from hashlib import blake2b

from digest.settings import SectionRule


def section_slug(rule: SectionRule) -> str:
    """What subscribers' choices and feeds are stored under: at most 63 of a-z, 0-9 and "-".

    A title without any Latin letter gets a slug that is stable but not readable; give
    `slug` in config.toml to have a better one.
    """
    if rule.slug:
        return rule.slug
    letters = unicodedata.normalize("NFKD", rule.title).encode("ascii", "ignore").decode()
    slug = re.sub(r"[^a-z0-9]+", "-", letters.lower())[:63].strip("-")
    digest = blake2b(rule.title.encode(), digest_size=4).hexdigest()
    return slug if any(letter.isalpha() for letter in slug) else f"section-{digest}"


def renamed(rules: Iterable[SectionRule]) -> dict[str, str]:
    """What sections were called before (`was`), each to the slug that it has now."""
    return {old: section_slug(rule) for rule in rules for old in rule.was}
