"""Who reads: evidence of consent, pauses, choices, letters, tags, returns, the newsroom's acts

Revision 0006, after 0005.  There is no way back but the backup made before: what it adds, older
versions of Digest would lose.
"""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

_INSTANT = sa.DateTime(timezone=True)
_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def _id(name: str) -> sa.Column[int]:
    # Counts up by itself only where it is a primary key of its own.
    return sa.Column(name, _ID, nullable=False)


def _words(name: str, length: int = 0) -> sa.Column[str]:
    kind = sa.String(length=length) if length else sa.Text()
    return sa.Column(name, kind, server_default="", nullable=False)


def _of_subscriber(table: str) -> sa.ForeignKeyConstraint:
    name = op.f(f"fk_{table}_subscriber_id")
    return sa.ForeignKeyConstraint(["subscriber_id"], ["subscriber.id"], name=name)


def _widen() -> None:
    with op.batch_alter_table("installation") as batch_op:
        batch_op.add_column(sa.Column("tended_at", _INSTANT, nullable=True))
    with op.batch_alter_table("consent") as batch_op:
        batch_op.add_column(_words("wording"))
        batch_op.add_column(_words("language", 35))
        batch_op.add_column(sa.Column("asked_at", _INSTANT, nullable=True))
        batch_op.add_column(_words("network", 45))
    with op.batch_alter_table("subscription") as batch_op:
        batch_op.add_column(sa.Column("briefs", sa.Integer(), server_default="1", nullable=False))
        batch_op.add_column(
            sa.Column("frequency", sa.String(length=8), server_default="daily", nullable=False)
        )
        batch_op.add_column(sa.Column("hour", sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column("until", _INSTANT, nullable=True))
        batch_op.drop_constraint(op.f("ck_subscription_active_has_consent"), type_="check")
        batch_op.create_check_constraint(
            op.f("ck_subscription_active_has_consent"),
            "state NOT IN ('active', 'paused') OR consent_id IS NOT NULL",
        )
        batch_op.create_check_constraint(
            op.f("ck_subscription_state_is_known"),
            "state IN ('pending', 'active', 'paused', 'ended')",
        )
    op.create_index(
        "ix_subscription_until",
        "subscription",
        ["until"],
        sqlite_where=sa.text("until IS NOT NULL"),
        postgresql_where=sa.text("until IS NOT NULL"),
    )


_DELIVERY = """
CREATE TABLE delivery_new (
    edition_id VARCHAR(100) NOT NULL,
    subscriber_id INTEGER NOT NULL,
    state VARCHAR(8) NOT NULL,
    code INTEGER DEFAULT '0' NOT NULL,
    enhanced VARCHAR(16) DEFAULT '' NOT NULL,
    text TEXT DEFAULT '' NOT NULL,
    relay TEXT DEFAULT '' NOT NULL,
    attempts INTEGER DEFAULT '1' NOT NULL,
    at DATETIME NOT NULL,
    not_before DATETIME,
    CONSTRAINT pk_delivery PRIMARY KEY (edition_id, subscriber_id)
) WITHOUT ROWID
"""
_DELIVERY_KEPT = """
INSERT INTO delivery_new (
    edition_id, subscriber_id, state, code, enhanced, text, relay, attempts, at, not_before
) SELECT
    edition_id, subscriber_id, state, code, enhanced, text, relay, attempts, at, not_before
FROM delivery
"""


_SUBSCRIBER = """
CREATE TABLE subscriber (
    id INTEGER NOT NULL CONSTRAINT pk_subscriber PRIMARY KEY AUTOINCREMENT,
    email VARCHAR(320) NOT NULL,
    folded VARCHAR(320) NOT NULL,
    name TEXT DEFAULT '' NOT NULL,
    language VARCHAR(35) DEFAULT 'en' NOT NULL,
    timezone VARCHAR(64) DEFAULT 'UTC' NOT NULL,
    form VARCHAR(8) DEFAULT 'full' NOT NULL,
    "key" VARCHAR(32) NOT NULL,
    created_at DATETIME NOT NULL,
    CONSTRAINT uq_subscriber_folded UNIQUE (folded),
    CONSTRAINT uq_subscriber_key UNIQUE ("key")
)
"""
_SUBSCRIBER_KEPT = """
INSERT INTO subscriber (id, email, folded, name, language, timezone, form, "key", created_at)
SELECT id, email, folded, name, language, timezone, form, "key", created_at FROM subscriber_before
"""


def _never_twice() -> None:
    """Numbers of people are not given again: SQLite has to be told when the table is made."""
    if op.get_bind().dialect.name == "postgresql":
        return
    # What refers to people is judged at the end, when they are back.
    op.execute("PRAGMA defer_foreign_keys = ON")
    op.execute("CREATE TABLE subscriber_before AS SELECT * FROM subscriber")
    op.execute("DROP TABLE subscriber")
    op.execute(_SUBSCRIBER)
    op.execute(_SUBSCRIBER_KEPT)
    op.execute("DROP TABLE subscriber_before")


def _free_the_journal() -> None:
    """Chunks and deliveries may be a letter's: they do not hang on an edition any more."""
    with op.batch_alter_table("chunk") as batch_op:
        batch_op.drop_constraint(op.f("fk_chunk_edition_id"), type_="foreignkey")
        batch_op.add_column(sa.Column("not_before", _INSTANT, nullable=True))
    if op.get_bind().dialect.name == "postgresql":
        op.drop_constraint(op.f("fk_delivery_edition_id"), "delivery", type_="foreignkey")
        return
    # By hand: Alembic would make it anew with row ids.
    op.execute(_DELIVERY)
    op.execute(_DELIVERY_KEPT)
    op.execute("DROP TABLE delivery")
    op.execute("ALTER TABLE delivery_new RENAME TO delivery")
    op.execute(
        "CREATE INDEX ix_delivery_deferred ON delivery (edition_id, not_before)"
        " WHERE state = 'deferred'"
    )


def _remember() -> None:
    op.execute("UPDATE suppression SET cause = 'admin' WHERE cause = 'operator'")
    op.create_table(
        "change",
        _id("number"),
        _id("subscriber_id"),
        sa.Column("newsletter", sa.String(length=64), nullable=False),
        sa.Column("at", _INSTANT, nullable=False),
        sa.Column("state", sa.String(length=8), nullable=False),
        sa.Column("cause", sa.String(length=16), nullable=False),
        _of_subscriber("change"),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_change")),
    )
    op.create_index(op.f("ix_change_subscriber_id"), "change", ["subscriber_id"])
    # What is known of before: the last change of each.
    op.execute(
        "INSERT INTO change (subscriber_id, newsletter, at, state, cause)"
        " SELECT subscriber_id, newsletter, since, state, substr(cause, 1, 16) FROM subscription"
    )
    op.create_table(
        "tag",
        sa.Column("tag", sa.String(length=64), nullable=False),
        _id("subscriber_id"),
        _of_subscriber("tag"),
        sa.PrimaryKeyConstraint("tag", "subscriber_id", name=op.f("pk_tag")),
        sqlite_with_rowid=False,
    )
    op.create_index(op.f("ix_tag_subscriber_id"), "tag", ["subscriber_id"])
    op.create_table(
        "segment",
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("filter", sa.Text(), nullable=False),
        sa.Column("at", _INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_segment")),
    )
    op.create_table(
        "barred_domain",
        sa.Column("domain", sa.String(length=253), nullable=False),
        sa.Column("cause", sa.String(length=16), nullable=False),
        sa.Column("at", _INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("domain", name=op.f("pk_barred_domain")),
    )
    op.create_table(
        "audit",
        _id("number"),
        sa.Column("at", _INSTANT, nullable=False),
        sa.Column("actor", sa.String(length=64), nullable=False),
        sa.Column("act", sa.String(length=32), nullable=False),
        _words("address_hash", 64),
        _words("detail"),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_audit")),
    )
    op.create_index(op.f("ix_audit_address_hash"), "audit", ["address_hash"])


def _write_and_hear() -> None:
    op.create_table(
        "signup",
        _id("number"),
        sa.Column("email", sa.String(length=320), nullable=False),
        sa.Column("newsletter", sa.String(length=64), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.Column("at", _INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_signup")),
    )
    op.create_table(
        "letter",
        _id("number"),
        sa.Column("kind", sa.String(length=8), nullable=False),
        _id("subscriber_id"),
        sa.Column("newsletter", sa.String(length=64), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.Column("at", _INSTANT, nullable=False),
        sa.Column("done_at", _INSTANT, nullable=True),
        sa.Column("used_at", _INSTANT, nullable=True),
        _of_subscriber("letter"),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_letter")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_letter_subscriber_id"), "letter", ["subscriber_id"])
    op.create_index(
        "ix_letter_waiting",
        "letter",
        ["number"],
        sqlite_where=sa.text("done_at IS NULL"),
        postgresql_where=sa.text("done_at IS NULL"),
    )
    op.create_table(
        "bounce",
        _id("number"),
        sa.Column("fingerprint", sa.String(length=32), nullable=False),
        _id("subscriber_id"),
        _words("edition_id", 100),
        sa.Column("kind", sa.String(length=9), nullable=False),
        _words("status", 16),
        _words("text"),
        sa.Column("reporter", sa.String(length=16), nullable=False),
        sa.Column("at", _INSTANT, nullable=False),
        _of_subscriber("bounce"),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_bounce")),
        sa.UniqueConstraint("fingerprint", name=op.f("uq_bounce_fingerprint")),
    )
    op.create_index(op.f("ix_bounce_subscriber_id_at"), "bounce", ["subscriber_id", "at"])


def upgrade() -> None:
    _never_twice()
    _widen()
    _free_the_journal()
    _remember()
    _write_and_hear()
