"""When the deletion of a project was requested. Nodes of the release before show it until they are upgraded."""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Take the step."""
    op.add_column("projects", sa.Column("deletion_requested_at", sa.DateTime(timezone=True)))


def downgrade() -> None:
    """Take it back."""
    op.drop_column("projects", "deletion_requested_at")
