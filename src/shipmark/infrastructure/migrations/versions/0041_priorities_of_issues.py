"""The priorities that users have set on issues; that of other issues follows from their level."""

import sqlalchemy as sa
from alembic import op

revision = "0041"
down_revision = "0039"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Take the step."""
    op.add_column("issues", sa.Column("chosen_priority", sa.String(8)))
    op.add_column("issues", sa.Column("priority_locked_at", sa.DateTime(timezone=True)))


def downgrade() -> None:
    """Take it back."""
    op.execute("DELETE FROM issue_activities WHERE type = 'set_priority'")
    op.drop_column("issues", "priority_locked_at")
    op.drop_column("issues", "chosen_priority")
