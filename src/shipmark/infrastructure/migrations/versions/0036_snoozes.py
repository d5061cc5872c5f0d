"""The conditions under which ignored issues are reopened, and why issues are in the inbox.

Code from before reopens and resolves issues without deleting their snoozes, which count for ignored issues only. It
does not know the substatuses of issues that are ignored under a condition, or were reopened by one: there are none
before a node of this release is asked for them.
"""

import sqlalchemy as sa
from alembic import op

revision = "0036"
down_revision = "0035"
branch_labels = None
depends_on = None

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Take the step."""
    op.create_table(
        "snoozes",
        sa.Column("issue_id", _ID, nullable=False, autoincrement=False),
        sa.Column("user_id", _ID),
        sa.Column("created_at", _MOMENT, nullable=False),
        sa.Column("ends_at", _MOMENT),
        sa.Column("event_count", sa.Integer()),
        sa.Column("event_window_minutes", sa.Integer()),
        sa.Column("user_count", sa.Integer()),
        sa.Column("user_window_minutes", sa.Integer()),
        sa.Column("hourly_event_count", sa.Integer()),
        sa.Column("times_seen", _ID, nullable=False),
        sa.Column("users_seen", sa.Integer(), nullable=False),
        sa.Column("recent_events", sa.Text()),
        sa.Column("recent_users", sa.Text()),
        sa.ForeignKeyConstraint(
            ["issue_id"], ["issues.id"], name="fk_snoozes_issue_id", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name="fk_snoozes_user_id", ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("issue_id", name="pk_snoozes"),
    )
    op.create_index("ix_snoozes_ends_at", "snoozes", ["ends_at"])
    op.create_index("ix_snoozes_user_id", "snoozes", ["user_id"])
    op.add_column("inbox", sa.Column("details", sa.Text()))


def downgrade() -> None:
    """Take it back; issues that are ignored under a condition stay ignored."""
    op.execute(
        "UPDATE issues SET substatus = 'archived_forever'"
        " WHERE substatus = 'archived_until_condition_met'"
    )
    op.execute("UPDATE issues SET substatus = 'ongoing' WHERE substatus = 'escalating'")
    op.execute("DELETE FROM inbox WHERE reason IN (5, 6)")
    op.execute("DELETE FROM issue_activities WHERE type = 'set_escalating'")
    op.execute("DELETE FROM issue_history WHERE status = 'escalating'")
    op.drop_column("inbox", "details")
    op.drop_index("ix_snoozes_user_id", table_name="snoozes")
    op.drop_index("ix_snoozes_ends_at", table_name="snoozes")
    op.drop_table("snoozes")
