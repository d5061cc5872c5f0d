"""The sessions of each hour of the last day, kept with the standings of that day.

Rows of before have none. Each is computed again within a day, and until then its hours are read from the counts.
"""

import sqlalchemy as sa
from alembic import op

revision = "0032"
down_revision = "0031"
branch_labels = None
depends_on = None

_TABLE, _COLUMN = "health_standings", "sessions_by_hour"


def upgrade() -> None:
    """Take the step."""
    op.add_column(_TABLE, sa.Column(_COLUMN, sa.Text()))


def downgrade() -> None:
    """Take it back."""
    op.drop_column(_TABLE, _COLUMN)
