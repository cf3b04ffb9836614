"""The tables of those who read: people, what they want and agreed to, what came back of whom."""

from sqlalchemy import (
    JSON,
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Integer,
    String,
    Table,
    Text,
)

from digest.store.columns import Id, Instant, metadata, partial

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
    # Deliveries and return paths have the number: one who is erased must not lend it to another.
    sqlite_autoincrement=True,
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
    # What they agreed to, as it was shown, and in which language.
    Column("wording", Text, nullable=False, server_default=""),
    Column("language", String(35), nullable=False, server_default=""),
    Column("asked_at", Instant),
    Column("network", String(45), nullable=False, server_default=""),
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
    Column("briefs", Integer, nullable=False, server_default="1"),
    Column("frequency", String(8), nullable=False, server_default="daily"),
    # Of their own clock, 0 to 23; null: as soon as the edition is there.
    Column("hour", Integer),
    # Of "paused": active again from then on.
    Column("until", Instant),
    CheckConstraint(
        "state NOT IN ('active', 'paused') OR consent_id IS NOT NULL", name="active_has_consent"
    ),
    CheckConstraint("state IN ('pending', 'active', 'paused', 'ended')", name="state_is_known"),
    Index(None, "newsletter", "state", "subscriber_id"),
    partial("ix_subscription_until", "until", where="until IS NOT NULL"),
)

# Each change of a subscription, oldest first by number.
change = Table(
    "change",
    metadata,
    Column("number", Id, primary_key=True, autoincrement=True),
    Column("subscriber_id", Id, ForeignKey("subscriber.id"), nullable=False, index=True),
    Column("newsletter", String(64), nullable=False),
    Column("at", Instant, nullable=False),
    Column("state", String(8), nullable=False),
    Column("cause", String(16), nullable=False),
)

tag = Table(
    "tag",
    metadata,
    Column("tag", String(64), primary_key=True),
    Column("subscriber_id", Id, ForeignKey("subscriber.id"), primary_key=True, index=True),
    sqlite_with_rowid=False,
)

# Filters with a name.
segment = Table(
    "segment",
    metadata,
    Column("name", String(64), primary_key=True),
    Column("filter", Text, nullable=False),
    Column("at", Instant, nullable=False),
)

suppression = Table(
    "suppression",
    metadata,
    # Keyed hash of the folded address: outlives the person's erasure.
    Column("address_hash", String(64), primary_key=True),
    Column("cause", String(16), nullable=False),
    Column("at", Instant, nullable=False),
)

# Domains, and all below them, that are never mailed.
barred_domain = Table(
    "barred_domain",
    metadata,
    Column("domain", String(253), primary_key=True),
    Column("cause", String(16), nullable=False),
    Column("at", Instant, nullable=False),
)

# Forms that were sent in and that nobody has looked at: what a page answers is the same for all.
signup = Table(
    "signup",
    metadata,
    Column("number", Id, primary_key=True, autoincrement=True),
    Column("email", String(320), nullable=False),
    Column("newsletter", String(64), nullable=False),
    # Name, choices, wording, form, network: as JSON.
    Column("content", Text, nullable=False),
    Column("at", Instant, nullable=False),
)

# Mails to one person that are no editions; the journal has what became of each.
letter = Table(
    "letter",
    metadata,
    Column("number", Id, primary_key=True, autoincrement=True),
    Column("kind", String(8), nullable=False),
    Column("subscriber_id", Id, ForeignKey("subscriber.id"), nullable=False, index=True),
    Column("newsletter", String(64), nullable=False),
    # As JSON.
    Column("content", Text, nullable=False),
    Column("at", Instant, nullable=False),
    # Nothing is left to be sent.
    Column("done_at", Instant),
    # Its link was used, and is good no more.
    Column("used_at", Instant),
    partial("ix_letter_waiting", "number", where="done_at IS NULL"),
    # A number is in links: one that was erased must not be another's.
    sqlite_autoincrement=True,
)

# What came back, of whom.
bounce = Table(
    "bounce",
    metadata,
    Column("number", Id, primary_key=True, autoincrement=True),
    # Of the report: one that is read twice counts once.
    Column("fingerprint", String(32), nullable=False, unique=True),
    Column("subscriber_id", Id, ForeignKey("subscriber.id"), nullable=False),
    Column("edition_id", String(100), nullable=False, server_default=""),
    Column("kind", String(9), nullable=False),
    Column("status", String(16), nullable=False, server_default=""),
    # The server's words, without addresses.
    Column("text", Text, nullable=False, server_default=""),
    Column("reporter", String(16), nullable=False),
    Column("at", Instant, nullable=False),
    Index(None, "subscriber_id", "at"),
)

# What the newsroom did to a person.
audit = Table(
    "audit",
    metadata,
    Column("number", Id, primary_key=True, autoincrement=True),
    Column("at", Instant, nullable=False),
    # Who: a system user's name.
    Column("actor", String(64), nullable=False),
    Column("act", String(32), nullable=False),
    # Keyed hash of the address, as on the suppression list; "" of an act on many.
    Column("address_hash", String(64), nullable=False, server_default="", index=True),
    # In words, without addresses.
    Column("detail", Text, nullable=False, server_default=""),
)
