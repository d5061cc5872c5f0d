"""Links of issues to commits that users resolved them in, beside those of the messages of commits.

Code from before inserts links without the column: those are of messages.
"""

import sqlalchemy as sa
from alembic import op

revision = "0035"
down_revision = "0034"
branch_labels = None
depends_on = None

_TABLE, _COLUMN = "issue_commits", "is_by_user"


def upgrade() -> None:
    """Take the step."""
    op.add_column(
        _TABLE, sa.Column(_COLUMN, sa.Boolean(), nullable=False, server_default=sa.false())
    )


def downgrade() -> None:
    """Take it back."""
    op.drop_column(_TABLE, _COLUMN)
