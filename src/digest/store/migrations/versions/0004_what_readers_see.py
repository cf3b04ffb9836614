"""What readers see: printed lines, kept pictures, followed links, hubs to tell, forms of mails

Revision 0004, after 0003.  There is no way back but the backup made before: what it adds, older
versions of Digest would lose.
"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_INSTANT = sa.DateTime(timezone=True)
_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def _words(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.Text(), server_default="", nullable=False)


def _number(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.Integer(), server_default="0", nullable=False)


def upgrade() -> None:
    op.create_table(
        "printed",
        sa.Column("number", _ID, autoincrement=True, nullable=False),
        sa.Column("edition_id", sa.String(length=100), nullable=False),
        sa.Column("id", sa.String(length=16), nullable=False),
        sa.Column("newsletter", sa.String(length=64), nullable=False),
        sa.Column("section", sa.String(length=64), server_default="", nullable=False),
        _number("brief"),
        sa.Column("headline", sa.Text(), nullable=False),
        _words("text"),
        _words("source"),
        sa.Column("url", sa.Text(), nullable=True),
        sa.Column("at", _INSTANT, nullable=False),
        sa.Column("slot_at", _INSTANT, nullable=False),
        sa.Column("language", sa.String(length=35), nullable=True),
        _number("position"),
        sa.ForeignKeyConstraint(
            ["edition_id"], ["edition.id"], name=op.f("fk_printed_edition_id_edition")
        ),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_printed")),
        sa.UniqueConstraint("edition_id", "id", name=op.f("uq_printed_edition_id_id")),
    )
    op.create_index(
        op.f("ix_printed_newsletter_section_slot_at"),
        "printed",
        ["newsletter", "section", "slot_at"],
    )
    op.create_table(
        "picture",
        sa.Column("edition_id", sa.String(length=100), nullable=False),
        sa.Column("key", sa.String(length=32), nullable=False),
        sa.Column("source_url", sa.Text(), nullable=False),
        sa.Column("file", sa.String(length=80), server_default="", nullable=False),
        sa.Column("media_type", sa.String(length=32), server_default="", nullable=False),
        _number("width"),
        _number("height"),
        _number("size"),
        _words("fault"),
        sa.Column("at", _INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("edition_id", "key", name=op.f("pk_picture")),
    )
    op.create_index(op.f("ix_picture_key"), "picture", ["key"])
    op.create_table(
        "click",
        sa.Column("edition_id", sa.String(length=100), nullable=False),
        sa.Column("key", sa.String(length=32), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        _number("clicks"),
        sa.PrimaryKeyConstraint("edition_id", "key", name=op.f("pk_click")),
    )
    op.create_table(
        "ping",
        sa.Column("hub", sa.String(length=500), nullable=False),
        sa.Column("topic", sa.String(length=500), nullable=False),
        sa.Column("changed_at", _INSTANT, nullable=False),
        sa.Column("due_at", _INSTANT, nullable=False),
        _number("tries"),
        _words("fault"),
        sa.PrimaryKeyConstraint("hub", "topic", name=op.f("pk_ping")),
    )
    op.create_index(op.f("ix_ping_due_at"), "ping", ["due_at"])
    with op.batch_alter_table("edition") as batch_op:
        batch_op.add_column(
            sa.Column("printed_as", sa.String(length=32), server_default="", nullable=False)
        )
    with op.batch_alter_table("subscriber") as batch_op:
        batch_op.add_column(
            sa.Column("form", sa.String(length=8), server_default="full", nullable=False)
        )
    with op.batch_alter_table("newsletter") as batch_op:
        batch_op.add_column(
            sa.Column("printed_as", sa.String(length=32), server_default="", nullable=False)
        )
