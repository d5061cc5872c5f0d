"""Indexes for lists of issues of a project or an organization: by status, the last seen first."""

from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Take the step. Nodes of the release before it find the issues of a project by the new index."""
    for owner in ("project", "organization"):
        op.create_index(
            f"ix_issues_of_{owner}_last_seen",
            "issues",
            [f"{owner}_id", "status", "last_seen_at", "id"],
        )
    op.drop_index("ix_issues_project_id_last_seen_at", "issues")


def downgrade() -> None:
    """Take it back."""
    op.create_index(
        "ix_issues_project_id_last_seen_at", "issues", ["project_id", "last_seen_at", "id"]
    )
    for owner in ("organization", "project"):
        op.drop_index(f"ix_issues_of_{owner}_last_seen", "issues")
