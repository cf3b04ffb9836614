"""What composing remembers: editors' edits, models' replies, causes of what was left out

Revision 0003, after 0002.  There is no way back but the backup made before: what it adds, older
versions of Digest would lose.
"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "edit",
        sa.Column("edition_id", sa.String(length=100), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("target", sa.String(length=16), server_default="", nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.Column("at", _INSTANT, nullable=False),
        sa.ForeignKeyConstraint(
            ["edition_id"], ["edition.id"], name=op.f("fk_edit_edition_id_edition")
        ),
        sa.PrimaryKeyConstraint("edition_id", "number", name=op.f("pk_edit")),
    )
    op.create_table(
        "model_reply",
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("asked_at", _INSTANT, nullable=False),
        sa.Column("model", sa.Text(), nullable=False),
        sa.Column("mode", sa.String(length=8), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.Column("tokens_in", sa.Integer(), server_default="0", nullable=False),
        sa.Column("tokens_out", sa.Integer(), server_default="0", nullable=False),
        sa.Column("cost", sa.Float(), server_default="0", nullable=False),
        sa.Column("latency_ms", sa.Integer(), server_default="0", nullable=False),
        sa.Column("edition_id", sa.String(length=100), server_default="", nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_model_reply")),
    )
    op.create_index(op.f("ix_model_reply_asked_at"), "model_reply", ["asked_at"])
    op.create_index(op.f("ix_model_reply_edition_id"), "model_reply", ["edition_id"])
    with op.batch_alter_table("placement") as batch_op:
        batch_op.add_column(
            sa.Column("cause", sa.String(length=8), server_default="", nullable=False)
        )
    with op.batch_alter_table("newsletter") as batch_op:
        batch_op.add_column(sa.Column("looked_at", _INSTANT, nullable=True))
