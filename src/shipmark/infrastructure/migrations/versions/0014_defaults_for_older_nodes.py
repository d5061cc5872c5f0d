"""Defaults for columns that the code before 0004 does not write, so that nodes of that age go on while others are newer."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

_BYTEWISE = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
_MOMENT = sa.DateTime(timezone=True)
_NOW = sa.text("CURRENT_TIMESTAMP")
_OPEN = sa.text("'open'")


def upgrade() -> None:
    """Take the step. `shipmark check` mends what such nodes leave out of date."""
    _alter(is_with_defaults=True)


def downgrade() -> None:
    """Take it back."""
    _alter(is_with_defaults=False)


def _alter(*, is_with_defaults: bool) -> None:
    def default(it: sa.TextClause) -> sa.TextClause | None:
        return it if is_with_defaults else None

    for name in ("release_projects", "release_environments"):
        with op.batch_alter_table(name) as table:
            table.alter_column("status", existing_type=sa.String(16), server_default=default(_OPEN))
            table.alter_column("created_at", existing_type=_MOMENT, server_default=default(_NOW))
            if name == "release_projects":
                table.alter_column("shipped_at", existing_type=_MOMENT, server_default=default(_NOW))
                table.alter_column(
                    "version_key", existing_type=_BYTEWISE, server_default=default(sa.text("''"))
                )
