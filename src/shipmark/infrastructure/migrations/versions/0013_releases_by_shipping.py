"""An index of an organization's releases by the date that they are compared by."""

from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Take the step."""
    op.create_index(
        "ix_releases_by_shipping",
        "releases",
        ["organization_id", "status", "shipped_at", "created_at", "id"],
        unique=False,
    )


def downgrade() -> None:
    """Take it back."""
    op.drop_index("ix_releases_by_shipping", "releases")
