"""The tables: one schema for SQLite and PostgreSQL."""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    CheckConstraint,
    Column,
    Date,
    DateTime,
    Dialect,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    TypeDecorator,
    UniqueConstraint,
    text,
)

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)


class Instant(TypeDecorator[datetime]):
    """An aware datetime, kept in UTC; SQLite has no zones, so it gets them back on reading."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a datetime without a zone was about to be stored")
        in_utc = value.astimezone(UTC)
        return in_utc.replace(tzinfo=None) if dialect.name == "sqlite" else in_utc

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        known: datetime = value
        return known.replace(tzinfo=UTC) if known.tzinfo is None else known.astimezone(UTC)


#: SQLite numbers rows only in a column declared INTEGER.
Id = BigInteger().with_variant(Integer, "sqlite")

installation = Table(
    "installation",
    metadata,
    # One row.
    Column("id", Integer, primary_key=True),
    # Of the key that signs links and hides suppressed addresses.
    Column("key_fingerprint", String(16), nullable=False),
)

newsletter = Table(
    "newsletter",
    metadata,
    Column("slug", String(64), primary_key=True),
    # Slots before this instant were never promised to anybody.
    Column("first_seen_at", Instant, nullable=False),
    # When what it has not taken was last looked through for breaking news.
    Column("looked_at", Instant),
    # The look that its lists and feeds were last made with, as a hash; "": to be made again.
    Column("printed_as", String(32), nullable=False, server_default=""),
)

source = Table(
    "source",
    metadata,
    Column("id", String(64), primary_key=True),
    # Verbatim, as the server gave them (RFC 9110 §8.8).
    Column("etag", Text),
    Column("last_modified", Text),
    Column("checked_at", Instant),
    Column("next_at", Instant),
    Column("succeeded_at", Instant),
    Column("failures", Integer, nullable=False, server_default="0"),
    Column("fault", Text),
    Column("word", String(24)),
    Column("status", Integer),
    Column("failing_since", Instant),
    Column("fingerprint", String(32)),
    Column("first_at", Instant),
    Column("new_at", Instant),
    Column("validators_url", Text),
    Column("configured", Text),
    Column("address", Text),
    Column("moved_to", Text),
    Column("moved_since", Instant),
    Column("moved_visits", Integer, nullable=False, server_default="0"),
    Column("gone_at", Instant),
    Column("paused_at", Instant),
    Column("identity", String(16), nullable=False, server_default="guid"),
    Column("cursor", Text),
    Column("gap", Text),
    Column("hub", Text),
    Column("topic", Text),
    Column("hub_secret", String(64)),
    Column("hub_asked_at", Instant),
    Column("hub_until", Instant),
    # A whole settings.Source as JSON: added by command, not in config.toml.
    Column("declared", Text),
    Column("newsletters", JSON),
)

# What a source's kind has done with and need not read again: files by content, links, mails.
done = Table(
    "done",
    metadata,
    Column("source_id", String(64), primary_key=True),
    Column("key", String(32), primary_key=True),
    Column("at", Instant, nullable=False),
    sqlite_with_rowid=False,
)

host_wait = Table(
    "host_wait",
    metadata,
    Column("host", String(255), primary_key=True),
    Column("until", Instant, nullable=False),
    Column("reason", Text, nullable=False, server_default=""),
)

robots = Table(
    "robots",
    metadata,
    Column("origin", String(300), primary_key=True),
    Column("status", Integer, nullable=False),
    Column("text", Text, nullable=False),
    Column("fetched_at", Instant, nullable=False),
)

report = Table(
    "report",
    metadata,
    # Newsletter and slot it was made for: one each.
    Column("edition_id", String(100), primary_key=True),
    Column("at", Instant, nullable=False),
    # As JSON.
    Column("content", Text, nullable=False),
    Column("mailed_at", Instant),
)

item = Table(
    "item",
    metadata,
    Column("id", String(16), primary_key=True),
    Column("source_id", String(64), nullable=False),
    Column("published_at", Instant, nullable=False),
    Column("seen_at", Instant, nullable=False),
    # The whole Item as JSON: it is read whole or not at all.
    Column("content", Text, nullable=False),
    # Of the content less the times: tells a changed item from one seen again.
    Column("fingerprint", String(32), nullable=False),
    # Canonical: one article has one, whatever source it came by.
    Column("url", Text),
    # The item of another source that had this address first.
    Column("same_as", String(16)),
    # Safe HTML of the body; "" when it was told in plain text.
    Column("html", Text, nullable=False, server_default=""),
    # How often its words have changed; the older ones are in `revision`.
    Column("revision", Integer, nullable=False, server_default="0"),
    Column("changed_at", Instant),
    # A tombstone: *content* is "" and stays so, and it never returns as new.
    Column("purged_at", Instant),
    Index(None, "source_id", "seen_at"),
    Index(None, "seen_at"),
    Index(None, "url"),
    Index(None, "changed_at"),
)

revision = Table(
    "revision",
    metadata,
    Column("item_id", String(16), ForeignKey("item.id"), primary_key=True),
    # 0 is what was first met; the newest is in `item`.
    Column("number", Integer, primary_key=True),
    # When it was superseded.
    Column("at", Instant, nullable=False),
    Column("content", Text, nullable=False),
)

# Ids that items would have under the identity rule that their source is judged by now.
alias = Table(
    "alias",
    metadata,
    Column("id", String(16), primary_key=True),
    Column("item_id", String(16), ForeignKey("item.id"), nullable=False),
)

edition = Table(
    "edition",
    metadata,
    Column("id", String(100), primary_key=True),
    Column("newsletter", String(64), nullable=False),
    Column("day", Date, nullable=False),
    # Local clock, "0700".
    Column("clock", String(4), nullable=False),
    Column("slot_at", Instant, nullable=False),
    Column("state", String(12), nullable=False),
    # Why it is held, skipped or cancelled.
    Column("reason", Text, nullable=False, server_default=""),
    Column("repeats", String(100), ForeignKey("edition.id")),
    # The whole Edition as JSON; "" until composed.
    Column("content", Text, nullable=False, server_default=""),
    Column("planned", Integer, nullable=False, server_default="0"),
    # When it was last composed, or found empty.
    Column("created_at", Instant, nullable=False),
    Column("approved_at", Instant),
    Column("published_at", Instant),
    Column("finished_at", Instant),
    # What its pages were last made from, as a hash: publishing leaves them alone while it holds.
    Column("printed_as", String(32), nullable=False, server_default=""),
    UniqueConstraint("newsletter", "day", "clock"),
)

# The stories and briefs that public editions show: for lists of a section, and for searching.
printed = Table(
    "printed",
    metadata,
    Column("number", Id, primary_key=True, autoincrement=True),
    Column("edition_id", String(100), ForeignKey("edition.id"), nullable=False),
    Column("id", String(16), nullable=False),
    Column("newsletter", String(64), nullable=False),
    Column("section", String(64), nullable=False, server_default=""),
    Column("brief", Integer, nullable=False, server_default="0"),
    Column("headline", Text, nullable=False),
    Column("text", Text, nullable=False, server_default=""),
    Column("source", Text, nullable=False, server_default=""),
    Column("url", Text),
    Column("at", Instant, nullable=False),
    Column("slot_at", Instant, nullable=False),
    Column("language", String(35)),
    Column("position", Integer, nullable=False, server_default="0"),
    # Folded, with a space between: what the index of revision 0005 is made from.  Its triggers
    # go with this table: a revision that makes the table anew must make them anew too.
    Column("headline_words", Text, nullable=False, server_default=""),
    Column("text_words", Text, nullable=False, server_default=""),
    UniqueConstraint("edition_id", "id"),
    Index(None, "newsletter", "section", "slot_at"),
)

# Pictures of an edition's stories: kept, or why not.
picture = Table(
    "picture",
    metadata,
    # Pictures are fetched before their edition is kept.
    Column("edition_id", String(100), primary_key=True),
    # Hash of its publisher's address.
    Column("key", String(32), primary_key=True),
    Column("source_url", Text, nullable=False),
    # Under pictures/ of the output folder; "" when it could not be had.
    Column("file", String(80), nullable=False, server_default=""),
    Column("media_type", String(32), nullable=False, server_default=""),
    Column("width", Integer, nullable=False, server_default="0"),
    Column("height", Integer, nullable=False, server_default="0"),
    Column("size", Integer, nullable=False, server_default="0"),
    Column("fault", Text, nullable=False, server_default=""),
    Column("at", Instant, nullable=False),
    Index(None, "key"),
)

# How often links of mails were followed; of whom, nobody knows.
click = Table(
    "click",
    metadata,
    Column("edition_id", String(100), primary_key=True),
    Column("key", String(32), primary_key=True),
    Column("url", Text, nullable=False),
    Column("clicks", Integer, nullable=False, server_default="0"),
)

# Hubs that are yet to be told of a change of a feed.
ping = Table(
    "ping",
    metadata,
    Column("hub", String(500), primary_key=True),
    Column("topic", String(500), primary_key=True),
    # When it changed last; a change while a hub is being told is told again.
    Column("changed_at", Instant, nullable=False),
    Column("due_at", Instant, nullable=False),
    Column("tries", Integer, nullable=False, server_default="0"),
    Column("fault", Text, nullable=False, server_default=""),
    Index(None, "due_at"),
)

placement = Table(
    "placement",
    metadata,
    Column("newsletter", String(64), primary_key=True),
    Column("item_id", String(16), ForeignKey("item.id"), primary_key=True),
    Column("edition_id", String(100), ForeignKey("edition.id"), nullable=False),
    # story, copy, brief or dropped; and for the last, why.
    Column("part", String(8), nullable=False),
    Column("cause", String(8), nullable=False, server_default=""),
    Column("reason", Text, nullable=False, server_default=""),
    # Of the item's words that the edition carries.
    Column("revision", Integer, nullable=False, server_default="0"),
    Index(None, "edition_id"),
)

# Which edition told of an item's later revisions.
correction = Table(
    "correction",
    metadata,
    Column("newsletter", String(64), primary_key=True),
    Column("item_id", String(16), ForeignKey("item.id"), primary_key=True),
    Column("revision", Integer, primary_key=True),
    Column("edition_id", String(100), ForeignKey("edition.id"), nullable=False),
    # Shown, or why not.
    Column("reason", Text, nullable=False, server_default=""),
    Index(None, "edition_id"),
)

# What editors did to an edition while it was a draft.
edit = Table(
    "edit",
    metadata,
    Column("edition_id", String(100), ForeignKey("edition.id"), primary_key=True),
    # From 1, in the order in which they were made.
    Column("number", Integer, primary_key=True),
    Column("kind", String(12), nullable=False),
    Column("target", String(16), nullable=False, server_default=""),
    # The whole Edit as JSON.
    Column("content", Text, nullable=False),
    Column("at", Instant, nullable=False),
)

# What a model answered, and what that cost: the same question is asked once.
model_reply = Table(
    "model_reply",
    metadata,
    # Hash of the model's name, its address, the mode and the question.
    Column("key", String(64), primary_key=True),
    Column("asked_at", Instant, nullable=False),
    Column("model", Text, nullable=False),
    Column("mode", String(8), nullable=False),
    # The reply as JSON.
    Column("content", Text, nullable=False),
    Column("tokens_in", Integer, nullable=False, server_default="0"),
    Column("tokens_out", Integer, nullable=False, server_default="0"),
    Column("cost", Float, nullable=False, server_default="0"),
    Column("latency_ms", Integer, nullable=False, server_default="0"),
    # For which it was asked first.
    Column("edition_id", String(100), nullable=False, server_default=""),
    Index(None, "edition_id"),
    Index(None, "asked_at"),
)

subscriber = Table(
    "subscriber",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=True),
    Column("email", String(320), nullable=False),
    # Case-folded: one person, one row.
    Column("folded", String(320), nullable=False, unique=True),
    Column("name", Text, nullable=False, server_default=""),
    Column("language", String(35), nullable=False, server_default="en"),
    Column("timezone", String(64), nullable=False, server_default="UTC"),
    # full, compact or text.
    Column("form", String(8), nullable=False, server_default="full"),
    Column("key", String(32), nullable=False, unique=True),
    Column("created_at", Instant, nullable=False),
)

consent = Table(
    "consent",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=True),
    Column("subscriber_id", Id, ForeignKey("subscriber.id"), nullable=False, index=True),
    Column("newsletter", String(64), nullable=False),
    Column("at", Instant, nullable=False),
    # Where it was given: a form, an import with its stated origin.
    Column("given", Text, nullable=False),
)

subscription = Table(
    "subscription",
    metadata,
    Column("subscriber_id", Id, ForeignKey("subscriber.id"), primary_key=True),
    Column("newsletter", String(64), primary_key=True),
    Column("state", String(8), nullable=False),
    Column("sections", JSON, nullable=False),
    Column("consent_id", Id, ForeignKey("consent.id")),
    Column("since", Instant, nullable=False),
    Column("cause", Text, nullable=False, server_default=""),
    CheckConstraint("state <> 'active' OR consent_id IS NOT NULL", name="active_has_consent"),
    Index(None, "newsletter", "state", "subscriber_id"),
)

suppression = Table(
    "suppression",
    metadata,
    # Keyed hash of the folded address: outlives the person's erasure.
    Column("address_hash", String(64), primary_key=True),
    Column("cause", String(16), nullable=False),
    Column("at", Instant, nullable=False),
)

chunk = Table(
    "chunk",
    metadata,
    Column("edition_id", String(100), ForeignKey("edition.id"), primary_key=True),
    Column("seq", Integer, primary_key=True),
    # "first" for the frozen audience; "again" for people tried before.
    Column("kind", String(8), nullable=False),
    # Subscriber ids, 8 bytes each, big endian: the audience as frozen.
    Column("ids", LargeBinary, nullable=False),
    # Positions in *ids*: before *cursor* all is settled; from *window_to* nothing has left.
    Column("cursor", Integer, nullable=False, server_default="0"),
    Column("window_to", Integer, nullable=False, server_default="0"),
    # Raised by each claim: a commit with an older one is refused.
    Column("fence", Integer, nullable=False, server_default="0"),
    # The fence under which the open window was opened: its event file tells of it.
    Column("opened_by", Integer, nullable=False, server_default="0"),
    Column("done", Integer, nullable=False, server_default="0"),
)

delivery = Table(
    "delivery",
    metadata,
    Column("edition_id", String(100), ForeignKey("edition.id"), primary_key=True),
    Column("subscriber_id", Id, primary_key=True),
    Column("state", String(8), nullable=False),
    Column("code", Integer, nullable=False, server_default="0"),
    Column("enhanced", String(16), nullable=False, server_default=""),
    Column("text", Text, nullable=False, server_default=""),
    Column("relay", Text, nullable=False, server_default=""),
    Column("attempts", Integer, nullable=False, server_default="1"),
    Column("at", Instant, nullable=False),
    Column("not_before", Instant),
    Index(
        "ix_delivery_deferred",
        "edition_id",
        "not_before",
        sqlite_where=text("state = 'deferred'"),
        postgresql_where=text("state = 'deferred'"),
    ),
    sqlite_with_rowid=False,
)
