"""When issues were resolved by age, and an index of the projects by each option.

Code from before resolves and reopens issues without this moment: it counts only where it is that of the resolution.
"""

import sqlalchemy as sa
from alembic import op

revision = "0037"
down_revision = "0036"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Take the step."""
    op.add_column("issues", sa.Column("auto_resolved_at", sa.DateTime(timezone=True)))
    op.create_index("ix_project_options_key", "project_options", ["key", "project_id"])


def downgrade() -> None:
    """Take it back; issues that were resolved by age stay resolved."""
    op.execute("DELETE FROM issue_activities WHERE type = 'set_resolved_by_age'")
    op.execute("DELETE FROM issue_history WHERE status = 'auto_resolved'")
    op.drop_index("ix_project_options_key", table_name="project_options")
    op.drop_column("issues", "auto_resolved_at")
