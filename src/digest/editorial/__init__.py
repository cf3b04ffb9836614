"""The composing room, quiet: which items are one story, in what order, in how many words.

Give it items and limits; it returns values.  It never asks the time, the network or the
database, so an edition can be composed again tomorrow from the same items and come out the
same, byte for byte.  Every decision leaves its reason in the edition.

It does not know where items come from, how an edition looks, or who was sent what.
"""

from digest.editorial.arrange import compose
from digest.editorial.clean import canonical_url, clean
from digest.editorial.personalise import pick
from digest.editorial.sections import section_slug
from digest.editorial.sentences import split_sentences
from digest.editorial.summarize import summarize, summarize_story

__all__ = [
    "canonical_url",
    "clean",
    "compose",
    "pick",
    "section_slug",
    "split_sentences",
    "summarize",
    "summarize_story",
]
