"""The order of the events of a project, for their list."""

from alembic import op

revision = "0031"
down_revision = "0030"
branch_labels = None
depends_on = None

_NAME = "ix_events_project_id_happened_at"


def upgrade() -> None:
    """Take the step."""
    op.create_index(_NAME, "events", ["project_id", "happened_at", "id"])


def downgrade() -> None:
    """Take it back."""
    op.drop_index(_NAME, "events")
