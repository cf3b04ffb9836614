"""Cards: teasers for other articles, and the name of the site that they give away.

A card is a title line, a teaser, and a glue line: the site's name and right
behind it, with no blank, an author.  Which name is the site's is learned from
the page: it comes back on other cards, in a desk's name, in a credit.
"""

import re
from collections import Counter
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass

from digest.model import Card
from digest.reading.pagetext_lines import Line, ends_sentence, is_headline, size, unbulleted
from digest.reading.pagetext_names import is_desk, is_names, is_person, site_of_desk, split_names

#: Lines above the glue that a card may have.
TALLEST_CARD = 8
#: Seams worth weighing; a page has a dozen cards at most.
MOST_GUESSES = 60

_LETTERS = [chr(code) for code in (*range(0x41, 0x250), *range(0x370, 0x530))]
_SMALL = "".join(char for char in _LETTERS if char.islower())
_GREAT = "".join(char for char in _LETTERS if char.isupper())
#: "HeraldJane" or "BBCJane".
_SEAM = re.compile(rf"(?<=[{_SMALL}0-9])(?=[{_GREAT}])|(?<=[{_GREAT}])(?=[{_GREAT}][{_SMALL}])")
#: Beginnings of names that carry a seam of their own: McDonald, DeSantis, LaGuardia, FitzGerald.
_INNER = frozenset(
    {"mc", "mac", "de", "la", "le", "di", "du", "da", "van", "o", "fitz", "al", "el"}
)
_OPINION = re.compile(
    r"(?:opinion|op-ed|commentary|column|editorial|meinung|kommentar|gastbeitrag|tribune|opinión"
    r"|opinião|opinione|opinia|felieton|komentarz|думка|погляд|колонка|мнение|názor|åsikt|mening"
    r"|görüş|γνώμη|رأي|观点|社説)\s*[:|：]\s*",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Glue:
    """A line that ends a card."""

    index: int
    site: str
    author: str


@dataclass(frozen=True, slots=True)
class Placed:
    """A card and the lines it takes."""

    first: int
    last: int
    card: Card


def find_glue(
    lines: Sequence[Line], text: str, desks: Sequence[str], credits: Sequence[str]
) -> list[Glue]:
    """The glue lines of a page, top to bottom.

    Args:
        text: the whole page, to see what comes back in it.
        desks: names of authors found so far.
        credits: what stands in brackets under pictures.
    """
    known = known_sites(text, desks, credits)
    guesses: list[Glue] = []
    glue: dict[int, Glue] = {}
    for index, line in enumerate(lines):
        if index == 0 or len(line.text) > 120 or size(line.text) > 14:
            continue
        sure = _with_known_site(index, line.text, known)
        if sure:
            glue[index] = sure
        elif len(guesses) < MOST_GUESSES and _SEAM.search(line.text):
            guesses += _seams(index, line.text)
    repeated = Counter(guess.site for guess in guesses)
    best: dict[int, tuple[int, Glue]] = {}
    counted = {part: text.count(part) for guess in guesses for part in (guess.site, guess.author)}
    for guess in guesses:
        weight = _weight(guess, lines, counted, repeated)
        if weight >= 2 and weight > best.get(guess.index, (0, guess))[0]:
            best[guess.index] = (weight, guess)
    glue |= {index: guess for index, (_, guess) in best.items()}
    # A site learned from one card is known on all.
    learned = {one.site for one in glue.values()}
    for guess in guesses:
        if guess.site in learned:
            glue.setdefault(guess.index, guess)
    return [glue[index] for index in sorted(glue)]


def known_sites(text: str, desks: Sequence[str], credits: Sequence[str]) -> list[str]:
    """Names that are the publication's beyond doubt, the likeliest first."""
    sites: Counter[str] = Counter()
    for desk in desks:
        site = site_of_desk(desk)
        if site and (site.startswith("The ") or text.count(site) > text.count(desk)):
            sites[site] += 2
    for credit in credits:
        tail = re.split(r"[/|]", credit)[-1].strip()
        # The agency that sold a picture is named once, the house's own name everywhere.
        if 3 <= len(tail) <= 60 and "/" in credit and text.count(tail) > 1:
            sites[tail] += 1
    return [site for site, _ in sites.most_common()]


def _with_known_site(index: int, text: str, known: Sequence[str]) -> Glue | None:
    for site in known:
        author = text[len(site) :]
        glued = text.startswith(site) and author[:1].isalpha() and not author[0].islower()
        if glued and is_names(author):
            return Glue(index, site, author)
    return None


def _seams(index: int, text: str) -> list[Glue]:
    found = []
    for seam in _SEAM.finditer(text):
        site, author = text[: seam.start()], text[seam.start() :]
        stub = site.split()[-1]
        if stub.lower() in _INNER or not site[0].isupper() or len(site) < 3:
            continue
        if ends_sentence(text):
            continue
        if is_person(author) or is_desk(author) or (is_names(author) and len(author.split()) > 1):
            found.append(Glue(index, site, author))
    return found


def _weight(
    guess: Glue, lines: Sequence[Line], counted: Mapping[str, int], repeated: Counter[str]
) -> int:
    weight = 3 if repeated[guess.site] > 1 else 0
    weight += 2 if counted[guess.site] > 1 else 0
    weight += 2 if counted[guess.author] > 1 else 0
    # Right under a teaser, as cards are.
    if not lines[guess.index].gap_before and guess.index >= 2:
        above = lines[guess.index - 1]
        under_teaser = not above.gap_before and (
            size(above.text) >= 6 or bool(unbulleted(above.text))
        )
        weight += 1 if under_teaser else 0
    weight += 1 if len(guess.site) >= 5 and len(guess.author.split()) > 1 else 0
    return weight


def build_card(lines: Sequence[Line], glue: Glue, *, floor: int, taken: Set[int]) -> Placed | None:
    """The card that ends at *glue*, looking up no further than *floor* and lines not *taken*."""
    top = _top(lines, glue.index, floor, taken)
    if top is None:
        return None
    title = lines[top].text
    opinion = _OPINION.match(title)
    teaser = " ".join(unbulleted(line.text) or line.text for line in lines[top + 1 : glue.index])
    authors = split_names(glue.author)
    card = Card(
        kind="opinion" if opinion else "related",
        title=title[opinion.end() :].strip() if opinion else title,
        teaser=teaser,
        author=", ".join(authors) or glue.author,
        site=glue.site,
    )
    return Placed(top, glue.index, card)


def _top(lines: Sequence[Line], glue: int, floor: int, taken: Set[int]) -> int | None:
    """Where the card begins: its run of lines without a gap, or the headline in that run."""
    free: list[int] = []
    for index in range(glue - 1, max(floor, glue - 1 - TALLEST_CARD) - 1, -1):
        if index in taken:
            break
        free.append(index)
    if not free:
        return None
    run = [glue - 1]
    for index in free[1:]:
        if lines[index + 1].gap_before:
            break
        run.append(index)
    whole = lines[run[-1]].gap_before or run[-1] - 1 in taken or run[-1] == floor
    if lines[glue].gap_before or (len(run) == 1 and not is_headline(lines[glue - 1].text)):
        # Every line of this card stands alone.
        return _headline_above(lines, free)
    if len(run) == 1:
        return run[0]
    first = lines[run[-1]].text
    if whole and (is_headline(first) or (len(run) == 2 and size(first) <= 30)):
        return run[-1]
    return _headline_above(lines, run)


def _headline_above(lines: Sequence[Line], candidates: Sequence[int]) -> int | None:
    """The lowest headline with at least one line of teaser under it; *candidates* run upwards."""
    for index in candidates[1:]:
        text = lines[index].text
        if unbulleted(text) is None and is_headline(text) and len(text) <= 250:
            return index
    alone = lines[candidates[0]].text
    return candidates[0] if is_headline(alone) and unbulleted(alone) is None else None
