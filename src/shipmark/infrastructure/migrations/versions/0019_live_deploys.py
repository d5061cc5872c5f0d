"""Indexes for the deploys of environments: the last one in each project, and those of a time range."""

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

_DEPLOYED = sa.text("last_deploy_id IS NOT NULL")


def upgrade() -> None:
    """Take the step. Nodes of the release before it find the deploys of an environment by the new index."""
    op.create_index(
        "ix_release_environments_deployed",
        "release_environments",
        ["project_id", "environment_id", "last_deploy_id"],
        sqlite_where=_DEPLOYED,
        postgresql_where=_DEPLOYED,
    )
    op.create_index(
        "ix_deploys_environment_id_finished_at",
        "deploys",
        ["environment_id", "finished_at", "id"],
    )
    op.drop_index("ix_deploys_environment_id", "deploys")


def downgrade() -> None:
    """Take it back."""
    op.create_index("ix_deploys_environment_id", "deploys", ["environment_id"])
    op.drop_index("ix_deploys_environment_id_finished_at", "deploys")
    op.drop_index("ix_release_environments_deployed", "release_environments")
