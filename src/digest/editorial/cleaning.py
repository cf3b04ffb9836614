"""What a source told, made safe to show: plain text on one line, canonical address, stable id.

Judges nothing: whether an item is news is decided behind other doors.  Markup that came as
text stays the text that it is; the HTML of a raw item stays with the raw item.
"""

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime

from digest.editorial.identities import identity
from digest.editorial.plain import (
    TITLE_CHARS,
    believable,
    headline_of,
    language_tag,
    plain,
    plain_blocks,
)
from digest.editorial.text import fold_space
from digest.errors import ParseError
from digest.model import Card, Image, Item, RawItem
from digest.urls import canonical_url

#: Authors and topics longer than this are no names.
_NAME_CHARS = 120
#: A guid is kept for people who look into it; the id has been made of all of it.
_GUID_CHARS = 1_000


def clean(
    raw: RawItem,
    *,
    source_id: str,
    seen_at: datetime,
    position: int = 0,
    language: str | None = None,
    id: str | None = None,
    in_folder: bool = False,
) -> Item:
    """Make *raw* an item: safe to show, and known again when it is met again.

    Args:
        seen_at: when we met it; aware.  Stands in for a date that is missing, or more than
            a day ahead.
        position: place in its source when read, from 0.
        language: BCP 47 of the source, for items that do not say.
        id: as `identify` gave it for the whole document; None makes it of this entry alone,
            by the source's guid.
        in_folder: the source is a folder of ours: its pictures may lie there.

    Raises:
        ParseError: there is neither a headline nor text.
    """
    blocks = plain_blocks(raw)
    standfirst = plain(raw.standfirst or "") or None
    tongue = language_tag(raw.language, language)
    title = headline_of(raw, blocks, tongue)
    if not title:
        raise ParseError(
            source_id,
            f"item {position + 1} has neither a headline nor text; open the source in a browser "
            "and remove it from config.toml if it has none there either",
        )
    seen = seen_at.astimezone(UTC)
    published = believable(raw.published_at, seen)
    return Item(
        id=id or identity(raw, source_id=source_id, seen_at=seen, language=language),
        source_id=source_id,
        kind=raw.kind,
        title=_shorten(title),
        url=canonical_url(raw.url),
        published_at=published or seen,
        day_only=raw.day_only and published is not None,
        updated_at=believable(raw.updated_at, seen),
        seen_at=seen,
        authors=_names(raw.authors),
        language=tongue,
        standfirst=standfirst,
        blocks=blocks,
        topics=_names(raw.topics),
        image=_image(raw.image, f"folder:{source_id}/" if in_folder else None),
        cards=tuple(card for card in map(_card, raw.cards) if card.title),
        reading_min=raw.reading_min if raw.reading_min and raw.reading_min > 0 else None,
        site=plain(raw.site)[:80] or None if raw.site else None,
        guid=plain(raw.guid or "")[:_GUID_CHARS] or None,
        position=position,
    )


def _shorten(title: str) -> str:
    if len(title) <= TITLE_CHARS:
        return title
    head = title[:TITLE_CHARS]
    cut = head.rfind(" ")
    return head[: cut if cut > TITLE_CHARS // 2 else TITLE_CHARS - 1].rstrip(" ,;:-–—") + "…"


def _names(names: Iterable[str]) -> tuple[str, ...]:
    """Cleaned, without the empty, the endless and the repeated, in order."""
    found = dict.fromkeys(fold_space(plain(name)) for name in names)
    return tuple(name for name in found if name and len(name) <= _NAME_CHARS)


def _image(image: Image | None, folder: str | None) -> Image | None:
    """*image* with words and address made safe; *folder* begins those of pictures on our disk."""
    if image is None:
        return None
    url = image.url
    lies_here = folder is not None and url is not None and url.startswith(folder)
    cleaned = replace(
        image,
        url=url if lies_here else canonical_url(url),
        alt=plain(image.alt or "") or None,
        caption=plain(image.caption or "") or None,
        credit=plain(image.credit or "") or None,
    )
    return cleaned if cleaned.url or cleaned.caption or cleaned.credit else None


def _card(card: Card) -> Card:
    return replace(
        card,
        title=_shorten(plain(card.title)),
        teaser=plain(card.teaser),
        author=plain(card.author or "") or None,
        site=plain(card.site or "") or None,
        url=canonical_url(card.url),
    )
