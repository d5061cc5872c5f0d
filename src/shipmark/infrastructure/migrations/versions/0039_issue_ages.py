"""When issues were resolved by age, and indexes of the projects by each option and of the issues that become ongoing.

Code from before resolves and reopens issues without this moment: it counts only where it is that of the resolution.
"""

import sqlalchemy as sa
from alembic import op

revision = "0039"
down_revision = "0038"
branch_labels = None
depends_on = None

_IS_NOT_ONGOING = sa.text("status = 'unresolved' AND substatus <> 'ongoing'")


def upgrade() -> None:
    """Take the step."""
    op.add_column("issues", sa.Column("auto_resolved_at", sa.DateTime(timezone=True)))
    op.create_index("ix_project_options_key", "project_options", ["key", "project_id"])
    op.create_index(
        "ix_issues_not_ongoing",
        "issues",
        ["active_at", "id"],
        sqlite_where=_IS_NOT_ONGOING,
        postgresql_where=_IS_NOT_ONGOING,
    )


def downgrade() -> None:
    """Take it back; issues that were resolved by age stay resolved."""
    op.execute("DELETE FROM issue_activities WHERE type = 'set_resolved_by_age'")
    op.execute("DELETE FROM issue_history WHERE status = 'auto_resolved'")
    op.execute("DELETE FROM issue_history WHERE status = 'ongoing'")
    op.drop_index("ix_issues_not_ongoing", table_name="issues")
    op.drop_index("ix_project_options_key", table_name="project_options")
    op.drop_column("issues", "auto_resolved_at")
