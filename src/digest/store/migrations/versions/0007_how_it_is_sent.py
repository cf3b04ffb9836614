"""How it is sent: every answer of a relay, pauses and deadlines, paces that outlive a restart

Revision 0007, after 0006.  There is no way back but the backup made before.
"""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

_INSTANT = sa.DateTime(timezone=True)
_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def _words(name: str, length: int = 0) -> sa.Column[str]:
    kind = sa.String(length=length) if length else sa.Text()
    return sa.Column(name, kind, server_default="", nullable=False)


def _number(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.Integer(), server_default="0", nullable=False)


def upgrade() -> None:
    with op.batch_alter_table("edition") as batch_op:
        batch_op.add_column(_words("paused"))
        batch_op.add_column(sa.Column("expires_at", _INSTANT, nullable=True))
    with op.batch_alter_table("chunk") as batch_op:
        batch_op.add_column(_number("reached"))
        batch_op.add_column(_number("steps"))
    op.execute("UPDATE chunk SET reached = window_to")
    op.create_index(
        "ix_chunk_open",
        "chunk",
        ["edition_id", "seq"],
        sqlite_where=sa.text("done = 0"),
        postgresql_where=sa.text("done = 0"),
    )
    op.create_table(
        "answer",
        sa.Column("number", _ID, autoincrement=True, nullable=False),
        sa.Column("edition_id", sa.String(length=100), nullable=False),
        sa.Column("subscriber_id", _ID, nullable=False),
        sa.Column("state", sa.String(length=8), nullable=False),
        _number("code"),
        _words("enhanced", 16),
        _words("text"),
        _words("relay"),
        _number("attempt"),
        sa.Column("at", _INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_answer")),
    )
    op.create_index("ix_answer_delivery", "answer", ["edition_id", "subscriber_id"])
    op.create_index("ix_answer_subscriber", "answer", ["subscriber_id"])
    op.create_index("ix_answer_at", "answer", ["at"])
    op.create_table(
        "pace",
        sa.Column("key", sa.String(length=255), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("at", _INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_pace")),
    )
    op.create_table(
        "progress",
        sa.Column("edition_id", sa.String(length=100), nullable=False),
        sa.Column("worker", sa.String(length=64), nullable=False),
        sa.Column("told", sa.Text(), nullable=False),
        sa.Column("at", _INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("edition_id", "worker", name=op.f("pk_progress")),
    )
