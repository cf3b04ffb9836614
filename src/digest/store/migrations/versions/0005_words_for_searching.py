"""Words for searching: of printed lines, folded, with an index over them

Revision 0005, after 0004.  The words are made by the program when lines are printed; those of
before are taken out, and editions marked as not printed, so that the next publishing keeps
them again.  The index itself differs by database, and no model of the tables knows it.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.exc import OperationalError

from digest.errors import StoreError

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

# Words have spaces between and nothing else in them: the plainest tokenizer is the right one.
_FTS5 = """
CREATE VIRTUAL TABLE printed_words USING fts5(
    headline_words, text_words, content='printed', content_rowid='number', tokenize='ascii'
)
"""
# Triggers, so that no statement of anybody can leave the index behind.
_TRIGGERS = (
    """
CREATE TRIGGER printed_words_in AFTER INSERT ON printed BEGIN
    INSERT INTO printed_words (rowid, headline_words, text_words)
    VALUES (new.number, new.headline_words, new.text_words);
END
""",
    """
CREATE TRIGGER printed_words_out AFTER DELETE ON printed BEGIN
    INSERT INTO printed_words (printed_words, rowid, headline_words, text_words)
    VALUES ('delete', old.number, old.headline_words, old.text_words);
END
""",
    """
CREATE TRIGGER printed_words_over
AFTER UPDATE OF number, headline_words, text_words ON printed BEGIN
    INSERT INTO printed_words (printed_words, rowid, headline_words, text_words)
    VALUES ('delete', old.number, old.headline_words, old.text_words);
    INSERT INTO printed_words (rowid, headline_words, text_words)
    VALUES (new.number, new.headline_words, new.text_words);
END
""",
)
# As store.printed writes it: an expression is looked up as it was indexed, or not at all.
_GIN = """
CREATE INDEX ix_printed_words ON printed USING gin (
    array_to_tsvector(string_to_array(btrim(headline_words || ' ' || text_words), ' '))
)
"""


def upgrade() -> None:
    op.execute("DELETE FROM printed")
    op.execute("UPDATE edition SET printed_as = ''")
    with op.batch_alter_table("printed") as batch_op:
        for name in ("headline_words", "text_words"):
            batch_op.add_column(sa.Column(name, sa.Text(), server_default="", nullable=False))
    if op.get_bind().dialect.name == "postgresql":
        op.execute(_GIN)
        return
    try:
        op.execute(_FTS5)
    except OperationalError as error:
        raise StoreError(
            "this Python's SQLite cannot search (it has no FTS5): use another build of Python, or"
            " PostgreSQL"
        ) from error
    for trigger in _TRIGGERS:
        op.execute(trigger)
