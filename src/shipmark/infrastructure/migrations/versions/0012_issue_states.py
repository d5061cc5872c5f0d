"""Resolutions that wait for the next release, what is left of deleted ones, and numbers of regressed issues."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")

_COUNT_REGRESSED = """
UPDATE release_projects SET regressed_issue_count = (
    SELECT count(DISTINCT issue_history.issue_id)
    FROM issue_history JOIN issues ON issues.id = issue_history.issue_id
    WHERE issue_history.release_id = release_projects.release_id
    AND issue_history.status = 'regressed'
    AND issues.project_id = release_projects.project_id
)
WHERE release_id IN (SELECT release_id FROM issue_history WHERE status = 'regressed')
"""


def upgrade() -> None:
    """Take the step. Code from before it leaves all of these columns out."""
    op.add_column("resolutions", sa.Column("pending_project_id", _ID))
    op.add_column("resolutions", sa.Column("current_version", sa.String(length=250)))
    pending = sa.text("pending_project_id IS NOT NULL")
    op.create_index(
        "ix_resolutions_pending",
        "resolutions",
        ["pending_project_id"],
        unique=False,
        sqlite_where=pending,
        postgresql_where=pending,
    )
    op.add_column("issues", sa.Column("deleted_fix", sa.Text()))
    op.add_column(
        "release_projects",
        sa.Column("regressed_issue_count", sa.Integer(), server_default=sa.text("0"), nullable=False),
    )
    op.execute(_COUNT_REGRESSED)


def downgrade() -> None:
    """Take it back."""
    op.drop_index("ix_resolutions_pending", "resolutions")
    op.drop_column("release_projects", "regressed_issue_count")
    op.drop_column("issues", "deleted_fix")
    op.drop_column("resolutions", "current_version")
    op.drop_column("resolutions", "pending_project_id")
