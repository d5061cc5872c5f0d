"""The orders of lists of issues: by first event, number of events, number of users, and the inbox."""

from alembic import op

revision = "0033"
down_revision = "0032"
branch_labels = None
depends_on = None

_OWNERS = ("project", "organization")
_ORDERS = ("first_seen_at", "times_seen", "user_count")
_INBOX = "ix_inbox_added_at"


def upgrade() -> None:
    """Take the step."""
    for owner in _OWNERS:
        for order in _ORDERS:
            columns = [f"{owner}_id", "status", order, "id"]
            op.create_index(f"ix_issues_of_{owner}_{order}", "issues", columns)
    op.drop_index(_INBOX, "inbox")
    op.create_index(_INBOX, "inbox", ["added_at", "issue_id"])


def downgrade() -> None:
    """Take it back."""
    op.drop_index(_INBOX, "inbox")
    op.create_index(_INBOX, "inbox", ["added_at"])
    for owner in _OWNERS:
        for order in _ORDERS:
            op.drop_index(f"ix_issues_of_{owner}_{order}", "issues")
