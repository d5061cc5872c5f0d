"""Merged issues: what leads their ids and short ids to the issue that has their events now.

Code from before finds no merged issue by its id, and does not know the status of one whose events are still being
moved, nor the activity of a merge: there are none before a node of this release is asked for them.
"""

import sqlalchemy as sa
from alembic import op

revision = "0040"
down_revision = "0039"
branch_labels = None
depends_on = None

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Take the step."""
    op.create_table(
        "merged_issues",
        sa.Column("id", _ID, nullable=False, autoincrement=False),
        sa.Column("issue_id", _ID, nullable=False),
        sa.Column("project_id", _ID, nullable=False),
        sa.Column("number", _ID, nullable=False),
        sa.ForeignKeyConstraint(
            ["issue_id"], ["issues.id"], name="fk_merged_issues_issue_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_merged_issues"),
        sa.UniqueConstraint("project_id", "number", name="uq_merged_issues_project_id_number"),
    )
    op.create_index("ix_merged_issues_issue_id", "merged_issues", ["issue_id"])


def downgrade() -> None:
    """Take it back; events that were not moved yet are of an archived issue of their own."""
    op.execute(
        "UPDATE issues SET status = 'ignored', substatus = 'archived_forever'"
        " WHERE status = 'pending_merge'"
    )
    op.execute("DELETE FROM issue_activities WHERE type = 'merge'")
    op.drop_index("ix_merged_issues_issue_id", table_name="merged_issues")
    op.drop_table("merged_issues")
