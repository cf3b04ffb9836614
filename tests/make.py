"""Builders: one per noun, everything defaulted, so that a test names only what it is about."""

from datetime import UTC, datetime, timedelta
from hashlib import blake2b
from typing import Any

from digest.model import (
    Block,
    Edition,
    Item,
    Kind,
    Origin,
    RawItem,
    Section,
    Story,
    Subscriber,
    Summary,
)

#: The morning on which nearly every test happens.
MORNING = datetime(2026, 5, 18, 4, 0, tzinfo=UTC)

#: CPU seconds after which hostile input counts as having stopped us.  Not a speed: cost that
#: grows with the square of the input takes minutes here, honest cost a second.
PATIENCE_S = 30


def make_raw(
    title: str = "Ferry runs again to Lower Quay", text: str = "", **fields: Any
) -> RawItem:
    values: dict[str, Any] = {
        "kind": Kind.ARTICLE,
        "title": title,
        "published_at": MORNING - timedelta(hours=6),
        "blocks": tuple(Block(text=part) for part in text.split("\n\n") if part),
    }
    return RawItem(**(values | fields))


def make_item(
    title: str = "Ferry runs again to Lower Quay",
    text: str = "The ferry to Lower Quay ran again on Sunday after nine days in dock.",
    *,
    hours: float = 0,
    **fields: Any,
) -> Item:
    """An article of the evening before `MORNING`, moved by *hours*."""
    identity = str(
        fields.get("id", blake2b(f"{title}|{text}|{hours}".encode(), digest_size=8).hexdigest())
    )
    values: dict[str, Any] = {
        "id": identity,
        "source_id": "wire",
        "kind": Kind.ARTICLE,
        "title": title,
        "url": f"https://wire.example/{identity}",
        "published_at": MORNING - timedelta(hours=6) + timedelta(hours=hours),
        "seen_at": MORNING,
        "language": "en",
        "blocks": tuple(Block(text=part) for part in text.split("\n\n") if part),
    }
    return Item(**(values | fields))


def make_brief(text: str = "The Orrin bridge is closed until noon.", **fields: Any) -> Item:
    values: dict[str, Any] = {"kind": Kind.BRIEF, "url": None, "title": text.split(".")[0] + "."}
    return make_item(text=text, **(values | fields))


def make_story(*items: Item, **fields: Any) -> Story:
    told = items or (make_item(),)
    values: dict[str, Any] = {
        "id": told[0].id,
        "headline": told[0].title,
        "items": told,
        "summary": Summary(origin=Origin.WHOLE),
    }
    return Story(**(values | fields))


def make_edition(*sections: Section, **fields: Any) -> Edition:
    values: dict[str, Any] = {
        "id": "daily@2026-05-18T0700",
        "newsletter": "daily",
        "title": "The Daily",
        "slot_at": MORNING,
        "timezone": "Europe/Athens",
        "sections": sections or (Section(slug="news", title="News", stories=(make_story(),)),),
    }
    return Edition(**(values | fields))


def make_subscriber(id: int = 1, **fields: Any) -> Subscriber:
    values: dict[str, Any] = {
        "id": id,
        "email": f"reader{id}@example.com",
        "name": f"Reader {id}",
        "key": f"{id:032x}",
    }
    return Subscriber(**(values | fields))
