"""How often issues were seen with which values of tags. Events from before it are not counted."""

import sqlalchemy as sa
from alembic import op

revision = "0038"
down_revision = "0037"
branch_labels = None
depends_on = None

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
_TABLE = "issue_tags"


def upgrade() -> None:
    """Take the step."""
    op.create_table(
        _TABLE,
        sa.Column("issue_id", _ID, autoincrement=False, nullable=False),
        sa.Column("key", _TEXT, nullable=False),
        sa.Column("value", _TEXT, nullable=False),
        sa.Column("project_id", _ID, nullable=False),
        sa.Column("event_count", _ID, nullable=False),
        sa.Column("first_second", sa.BigInteger(), nullable=False),
        sa.Column("last_second", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("issue_id", "key", "value", name=op.f("pk_issue_tags")),
        sqlite_with_rowid=False,
        postgresql_with={"fillfactor": "80"},
    )
    op.create_index("ix_issue_tags_of_project", _TABLE, ["project_id", "key", "value", "issue_id"])


def downgrade() -> None:
    """Take it back."""
    op.drop_table(_TABLE)
