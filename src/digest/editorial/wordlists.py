"""How lists of words are written down in this room: as text, parted by blanks or by bars.

They come out case folded, as the words they are compared with: "heißt" is "heisst" then, and a
Greek word ends in "σ".
"""


def words(text: str) -> frozenset[str]:
    return frozenset(text.casefold().split())


def phrases(text: str) -> tuple[str, ...]:
    """The phrases between the bars, on one line each, in their order."""
    parts = (" ".join(phrase.split()) for phrase in text.casefold().split("|"))
    return tuple(filter(None, parts))
