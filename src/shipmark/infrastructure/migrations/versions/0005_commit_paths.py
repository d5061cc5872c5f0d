"""Folders that limit a project's commits, and how many commits a release has left out."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Take the step."""
    op.add_column(
        "projects",
        sa.Column("commit_paths", sa.Text(), nullable=False, server_default=sa.text("'[]'")),
    )
    op.add_column(
        "releases",
        sa.Column("left_out_count", sa.Integer(), nullable=False, server_default=sa.text("0")),
    )


def downgrade() -> None:
    """Take it back."""
    op.drop_column("releases", "left_out_count")
    op.drop_column("projects", "commit_paths")
