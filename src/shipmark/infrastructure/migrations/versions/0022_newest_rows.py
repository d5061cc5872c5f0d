"""Indexes for pages that follow what is new: the newest releases and deploys of an organization."""

from alembic import op

revision = "0022"
down_revision = "0019"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Take the step. Nodes of the release before it find the deploys of an organization by the new index."""
    op.create_index("ix_releases_newest", "releases", ["organization_id", "id"])
    op.create_index("ix_deploys_newest", "deploys", ["organization_id", "id"])
    op.drop_index("ix_deploys_organization_id", "deploys")


def downgrade() -> None:
    """Take it back."""
    op.create_index("ix_deploys_organization_id", "deploys", ["organization_id"])
    op.drop_index("ix_deploys_newest", "deploys")
    op.drop_index("ix_releases_newest", "releases")
