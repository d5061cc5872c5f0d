"""The priorities that users have set on issues, and the addresses at which issues are public.

The priority of other issues follows from their level, so that none is filled.
"""

import sqlalchemy as sa
from alembic import op

revision = "0041"
down_revision = "0040"
branch_labels = None
depends_on = None

_IS_SHARED = sa.text("share_id IS NOT NULL")


def upgrade() -> None:
    """Take the step."""
    op.add_column("issues", sa.Column("chosen_priority", sa.String(8)))
    op.add_column("issues", sa.Column("priority_locked_at", sa.DateTime(timezone=True)))
    op.add_column("issues", sa.Column("share_id", sa.String(32)))
    op.create_index(
        "ix_issues_share_id",
        "issues",
        ["share_id"],
        unique=True,
        sqlite_where=_IS_SHARED,
        postgresql_where=_IS_SHARED,
    )


def downgrade() -> None:
    """Take it back; shared issues are shared no longer."""
    op.execute(
        "DELETE FROM issue_activities WHERE type IN ('set_priority', 'set_public', 'set_private')"
    )
    op.drop_index("ix_issues_share_id", table_name="issues")
    op.drop_column("issues", "share_id")
    op.drop_column("issues", "priority_locked_at")
    op.drop_column("issues", "chosen_priority")
