"""What collecting remembers: validators' companions, revisions, tombstones, hosts, reports

Revision 0002, after 0001.  There is no way back but the backup made before: what it adds, older
versions of Digest would lose.
"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    with op.batch_alter_table("source") as batch_op:
        for column in (
            sa.Column("word", sa.String(length=24), nullable=True),
            sa.Column("status", sa.Integer(), nullable=True),
            sa.Column("failing_since", _INSTANT, nullable=True),
            sa.Column("fingerprint", sa.String(length=32), nullable=True),
            sa.Column("first_at", _INSTANT, nullable=True),
            sa.Column("new_at", _INSTANT, nullable=True),
            sa.Column("validators_url", sa.Text(), nullable=True),
            sa.Column("configured", sa.Text(), nullable=True),
            sa.Column("address", sa.Text(), nullable=True),
            sa.Column("moved_to", sa.Text(), nullable=True),
            sa.Column("moved_since", _INSTANT, nullable=True),
            sa.Column("moved_visits", sa.Integer(), server_default="0", nullable=False),
            sa.Column("gone_at", _INSTANT, nullable=True),
            sa.Column("paused_at", _INSTANT, nullable=True),
            sa.Column("identity", sa.String(length=16), server_default="guid", nullable=False),
            sa.Column("cursor", sa.Text(), nullable=True),
            sa.Column("gap", sa.Text(), nullable=True),
            sa.Column("hub", sa.Text(), nullable=True),
            sa.Column("topic", sa.Text(), nullable=True),
            sa.Column("hub_secret", sa.String(length=64), nullable=True),
            sa.Column("hub_asked_at", _INSTANT, nullable=True),
            sa.Column("hub_until", _INSTANT, nullable=True),
            sa.Column("declared", sa.Text(), nullable=True),
            sa.Column("newsletters", sa.JSON(), nullable=True),
        ):
            batch_op.add_column(column)
    # What was collected already is no first visit any more.
    op.execute("UPDATE source SET first_at = succeeded_at, new_at = succeeded_at")
    with op.batch_alter_table("item") as batch_op:
        for column in (
            sa.Column("url", sa.Text(), nullable=True),
            sa.Column("same_as", sa.String(length=16), nullable=True),
            sa.Column("html", sa.Text(), server_default="", nullable=False),
            sa.Column("revision", sa.Integer(), server_default="0", nullable=False),
            sa.Column("changed_at", _INSTANT, nullable=True),
            sa.Column("purged_at", _INSTANT, nullable=True),
        ):
            batch_op.add_column(column)
        batch_op.drop_index("ix_item_source_id")
        batch_op.create_index("ix_item_source_id_seen_at", ["source_id", "seen_at"])
        batch_op.create_index("ix_item_seen_at", ["seen_at"])
        batch_op.create_index("ix_item_url", ["url"])
        batch_op.create_index("ix_item_changed_at", ["changed_at"])
    _fill_addresses()
    with op.batch_alter_table("placement") as batch_op:
        batch_op.add_column(sa.Column("revision", sa.Integer(), server_default="0", nullable=False))
    _make_tables()


def _fill_addresses() -> None:
    """Items of before know their addresses only in their JSON."""
    if op.get_bind().dialect.name == "postgresql":
        op.execute("UPDATE item SET url = content::json ->> 'url'")
    else:
        op.execute("UPDATE item SET url = json_extract(content, '$.url')")


def _make_tables() -> None:
    op.create_table(
        "done",
        sa.Column("source_id", sa.String(length=64), nullable=False),
        sa.Column("key", sa.String(length=32), nullable=False),
        sa.Column("at", _INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("source_id", "key", name="pk_done"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "host_wait",
        sa.Column("host", sa.String(length=255), nullable=False),
        sa.Column("until", _INSTANT, nullable=False),
        sa.Column("reason", sa.Text(), server_default="", nullable=False),
        sa.PrimaryKeyConstraint("host", name="pk_host_wait"),
    )
    op.create_table(
        "robots",
        sa.Column("origin", sa.String(length=300), nullable=False),
        sa.Column("status", sa.Integer(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("fetched_at", _INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("origin", name="pk_robots"),
    )
    op.create_table(
        "report",
        sa.Column("edition_id", sa.String(length=100), nullable=False),
        sa.Column("at", _INSTANT, nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.Column("mailed_at", _INSTANT, nullable=True),
        sa.PrimaryKeyConstraint("edition_id", name="pk_report"),
    )
    op.create_table(
        "revision",
        sa.Column("item_id", sa.String(length=16), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("at", _INSTANT, nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["item_id"], ["item.id"], name="fk_revision_item_id"),
        sa.PrimaryKeyConstraint("item_id", "number", name="pk_revision"),
    )
    op.create_table(
        "alias",
        sa.Column("id", sa.String(length=16), nullable=False),
        sa.Column("item_id", sa.String(length=16), nullable=False),
        sa.ForeignKeyConstraint(["item_id"], ["item.id"], name="fk_alias_item_id"),
        sa.PrimaryKeyConstraint("id", name="pk_alias"),
    )
    op.create_table(
        "correction",
        sa.Column("newsletter", sa.String(length=64), nullable=False),
        sa.Column("item_id", sa.String(length=16), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("edition_id", sa.String(length=100), nullable=False),
        sa.Column("reason", sa.Text(), server_default="", nullable=False),
        sa.ForeignKeyConstraint(["item_id"], ["item.id"], name="fk_correction_item_id"),
        sa.ForeignKeyConstraint(["edition_id"], ["edition.id"], name="fk_correction_edition_id"),
        sa.PrimaryKeyConstraint("newsletter", "item_id", "revision", name="pk_correction"),
    )
    op.create_index("ix_correction_edition_id", "correction", ["edition_id"])
