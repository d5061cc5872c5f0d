"""Reports of users about events, and counts of what was not stored."""

import sqlalchemy as sa
from alembic import op

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Take the step."""
    op.create_table(
        "user_reports",
        sa.Column("id", _ID, nullable=False),
        sa.Column("project_id", _ID, nullable=False),
        sa.Column("report_key", sa.String(length=32), nullable=False),
        sa.Column("event_id", sa.String(length=32), nullable=False),
        sa.Column("issue_id", _ID),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("email", sa.Text(), nullable=False),
        sa.Column("comments", sa.Text(), nullable=False),
        sa.Column("created_at", _MOMENT, nullable=False),
        _parent("user_reports", "project_id", "projects"),
        _parent("user_reports", "issue_id", "issues"),
        sa.PrimaryKeyConstraint("id", name="pk_user_reports"),
        sa.UniqueConstraint(
            "project_id", "report_key", name="uq_user_reports_project_id_report_key"
        ),
        sqlite_autoincrement=True,
    )
    op.create_index(
        "ix_user_reports_project_id_event_id", "user_reports", ["project_id", "event_id"]
    )
    op.create_index(
        "ix_user_reports_project_id_created_at", "user_reports", ["project_id", "created_at", "id"]
    )
    op.create_index(
        "ix_user_reports_issue_id_created_at", "user_reports", ["issue_id", "created_at", "id"]
    )
    op.create_table(
        "discards",
        sa.Column("project_id", _ID, nullable=False),
        sa.Column("day", _MOMENT, nullable=False),
        sa.Column("outcome", sa.String(length=16), nullable=False),
        sa.Column("reason", sa.String(length=64), nullable=False),
        sa.Column("category", sa.String(length=32), nullable=False),
        sa.Column("quantity", _ID, nullable=False),
        _parent("discards", "project_id", "projects"),
        sa.PrimaryKeyConstraint(
            "project_id", "day", "outcome", "reason", "category", name="pk_discards"
        ),
    )
    op.create_index("ix_discards_day", "discards", ["day"])


def downgrade() -> None:
    """Take it back."""
    op.drop_table("discards")
    op.drop_table("user_reports")


def _parent(child: str, column: str, parent: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        [column], [f"{parent}.id"], name=f"fk_{child}_{column}", ondelete="CASCADE"
    )
