"""The tables: one schema for SQLite and PostgreSQL."""

from sqlalchemy import (
    JSON,
    Column,
    Date,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    Text,
    UniqueConstraint,
)

from digest.store.columns import Id, Instant, metadata, partial
from digest.store.schema_people import (
    audit,
    barred_domain,
    bounce,
    change,
    consent,
    letter,
    segment,
    signup,
    subscriber,
    subscription,
    suppression,
    tag,
)

__all__ = [
    "Id",
    "Instant",
    "alias",
    "audit",
    "barred_domain",
    "bounce",
    "change",
    "chunk",
    "click",
    "consent",
    "correction",
    "delivery",
    "done",
    "edit",
    "edition",
    "host_wait",
    "installation",
    "item",
    "letter",
    "metadata",
    "model_reply",
    "newsletter",
    "picture",
    "ping",
    "placement",
    "printed",
    "report",
    "revision",
    "robots",
    "segment",
    "signup",
    "source",
    "subscriber",
    "subscription",
    "suppression",
    "tag",
]

installation = Table(
    "installation",
    metadata,
    # One row.
    Column("id", Integer, primary_key=True),
    # Of the key that signs links and hides suppressed addresses.
    Column("key_fingerprint", String(16), nullable=False),
    # When what is kept of people was last looked through for what is too old.
    Column("tended_at", Instant),
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
    # Why its sending waits for a person; "" while it does not.
    Column("paused", Text, nullable=False, server_default=""),
    # From then on nobody more gets it; known once its audience is frozen.
    Column("expires_at", Instant),
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

chunk = Table(
    "chunk",
    metadata,
    # Of an edition; or a letter's.
    Column("edition_id", String(100), primary_key=True),
    Column("seq", Integer, primary_key=True),
    # "first" for the frozen audience; "again" for people tried before.
    Column("kind", String(8), nullable=False),
    # Subscriber ids, 8 bytes each, big endian: the audience as frozen.
    Column("ids", LargeBinary, nullable=False),
    # Positions in *ids*: before *cursor* all is settled; from *window_to* nothing has left.
    Column("cursor", Integer, nullable=False, server_default="0"),
    Column("window_to", Integer, nullable=False, server_default="0"),
    # How far windows were ever opened, and how often: neither goes back, as *window_to* does.
    Column("reached", Integer, nullable=False, server_default="0"),
    Column("steps", Integer, nullable=False, server_default="0"),
    # Raised by each claim: a commit with an older one is refused.
    Column("fence", Integer, nullable=False, server_default="0"),
    # The fence under which the open window was opened: its event file tells of it.
    Column("opened_by", Integer, nullable=False, server_default="0"),
    Column("done", Integer, nullable=False, server_default="0"),
    # Whoever is in it chose a later hour.
    Column("not_before", Instant),
    # Work that is left: the only chunks that anybody looks for.
    partial("ix_chunk_open", "edition_id", "seq", where="done = 0"),
)

delivery = Table(
    "delivery",
    metadata,
    # Or a letter's: whatever is mailed to anybody has its row here.
    Column("edition_id", String(100), primary_key=True),
    Column("subscriber_id", Id, primary_key=True),
    Column("state", String(8), nullable=False),
    Column("code", Integer, nullable=False, server_default="0"),
    Column("enhanced", String(16), nullable=False, server_default=""),
    Column("text", Text, nullable=False, server_default=""),
    Column("relay", Text, nullable=False, server_default=""),
    Column("attempts", Integer, nullable=False, server_default="1"),
    Column("at", Instant, nullable=False),
    Column("not_before", Instant),
    partial("ix_delivery_deferred", "edition_id", "not_before", where="state = 'deferred'"),
    sqlite_with_rowid=False,
)

# What a relay said to each try that was not the last word: the last one is the delivery's own.
answer = Table(
    "answer",
    metadata,
    Column("number", Id, primary_key=True, autoincrement=True),
    Column("edition_id", String(100), nullable=False),
    Column("subscriber_id", Id, nullable=False),
    # What it made of the delivery.
    Column("state", String(8), nullable=False),
    Column("code", Integer, nullable=False, server_default="0"),
    Column("enhanced", String(16), nullable=False, server_default=""),
    Column("text", Text, nullable=False, server_default=""),
    Column("relay", Text, nullable=False, server_default=""),
    Column("attempt", Integer, nullable=False, server_default="0"),
    Column("at", Instant, nullable=False),
    Index("ix_answer_delivery", "edition_id", "subscriber_id"),
    Index("ix_answer_subscriber", "subscriber_id"),
    Index("ix_answer_at", "at"),
)

# How fast each relay and each lane is used now, as its rule wrote it down: outlives a restart.
pace = Table(
    "pace",
    metadata,
    # "relay:NAME" or "lane:NAME".
    Column("key", String(255), primary_key=True),
    # JSON.
    Column("state", Text, nullable=False),
    Column("at", Instant, nullable=False),
)

# What each process that sends an edition has to tell of itself.
progress = Table(
    "progress",
    metadata,
    Column("edition_id", String(100), primary_key=True),
    Column("worker", String(64), primary_key=True),
    # JSON.
    Column("told", Text, nullable=False),
    Column("at", Instant, nullable=False),
)
