"""An index of a package's releases by the date that they are compared by."""

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None

_HAS_PACKAGE = sa.text("package IS NOT NULL")


def upgrade() -> None:
    """Take the step."""
    op.create_index(
        "ix_releases_of_package_by_shipping",
        "releases",
        ["organization_id", "package", "status", "shipped_at", "created_at", "id"],
        sqlite_where=_HAS_PACKAGE,
        postgresql_where=_HAS_PACKAGE,
    )


def downgrade() -> None:
    """Take it back."""
    op.drop_index("ix_releases_of_package_by_shipping", "releases")
