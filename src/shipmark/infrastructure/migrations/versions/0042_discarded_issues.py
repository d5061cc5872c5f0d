"""Issues that were deleted for good: the hashes whose later events are discarded, and what is listed of each.

Code from before stores such events in new issues.
"""

import sqlalchemy as sa
from alembic import op

revision = "0042"
down_revision = "0041"
branch_labels = None
depends_on = None

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Take the step."""
    op.create_table(
        "discarded_issues",
        sa.Column("id", _ID, nullable=False),
        sa.Column("project_id", _ID, nullable=False),
        sa.Column("issue_id", _ID, nullable=False),
        sa.Column("number", _ID, nullable=False),
        sa.Column("type", sa.String(16), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("culprit", sa.Text(), nullable=False),
        sa.Column("level", sa.String(16), nullable=False),
        sa.Column("details", sa.Text(), nullable=False),
        sa.Column("user_id", _ID),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["project_id"],
            ["projects.id"],
            name="fk_discarded_issues_project_id",
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name="fk_discarded_issues_user_id", ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_discarded_issues"),
        sa.UniqueConstraint("issue_id", name="uq_discarded_issues_issue_id"),
        sqlite_autoincrement=True,
    )
    op.create_index(
        "ix_discarded_issues_project_id_created_at",
        "discarded_issues",
        ["project_id", "created_at", "id"],
    )
    op.create_index("ix_discarded_issues_user_id", "discarded_issues", ["user_id"])
    op.create_table(
        "discarded_hashes",
        sa.Column("project_id", _ID, nullable=False),
        sa.Column("hash", sa.String(32), nullable=False),
        sa.Column("discarded_issue_id", _ID, nullable=False),
        sa.ForeignKeyConstraint(
            ["project_id"],
            ["projects.id"],
            name="fk_discarded_hashes_project_id",
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["discarded_issue_id"],
            ["discarded_issues.id"],
            name="fk_discarded_hashes_discarded_issue_id",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("project_id", "hash", name="pk_discarded_hashes"),
    )
    op.create_index(
        "ix_discarded_hashes_discarded_issue_id", "discarded_hashes", ["discarded_issue_id"]
    )


def downgrade() -> None:
    """Take it back; later events of the issues are of new ones."""
    op.drop_index("ix_discarded_hashes_discarded_issue_id", table_name="discarded_hashes")
    op.drop_table("discarded_hashes")
    op.drop_index("ix_discarded_issues_user_id", table_name="discarded_issues")
    op.drop_index("ix_discarded_issues_project_id_created_at", table_name="discarded_issues")
    op.drop_table("discarded_issues")
