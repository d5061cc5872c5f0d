"""Indexes for pages: the newest releases and deploys, and issues by when they were new, resolved, or regressed."""

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None

_RESOLVED = sa.text("resolved_at IS NOT NULL")
_REGRESSED = sa.text("substatus = 'regressed'")


def upgrade() -> None:
    """Take the step. Nodes of the release before it find the deploys of an organization by the new index."""
    op.create_index("ix_releases_newest", "releases", ["organization_id", "id"])
    op.create_index("ix_deploys_newest", "deploys", ["organization_id", "id"])
    op.drop_index("ix_deploys_organization_id", "deploys")
    op.create_index("ix_issues_new", "issues", ["project_id", "first_seen_at"])
    op.create_index(
        "ix_issues_resolved",
        "issues",
        ["project_id", "resolved_at"],
        sqlite_where=_RESOLVED,
        postgresql_where=_RESOLVED,
    )
    for owner in ("project", "organization"):
        op.create_index(
            f"ix_issues_of_{owner}_regressed",
            "issues",
            [f"{owner}_id", "status", "last_seen_at", "id"],
            sqlite_where=_REGRESSED,
            postgresql_where=_REGRESSED,
        )


def downgrade() -> None:
    """Take it back."""
    for owner in ("organization", "project"):
        op.drop_index(f"ix_issues_of_{owner}_regressed", "issues")
    op.drop_index("ix_issues_resolved", "issues")
    op.drop_index("ix_issues_new", "issues")
    op.create_index("ix_deploys_organization_id", "deploys", ["organization_id"])
    op.drop_index("ix_deploys_newest", "deploys")
    op.drop_index("ix_releases_newest", "releases")
