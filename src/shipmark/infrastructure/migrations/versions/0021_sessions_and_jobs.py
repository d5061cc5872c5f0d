"""What a session was begun with, the organization of a job, and the measured storage of organizations."""

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_MOMENT = sa.DateTime(timezone=True)
_OF_SESSIONS = (
    ("created_at", _MOMENT),
    ("last_used_at", _MOMENT),
    ("ip_address", sa.String(length=64)),
    ("user_agent", sa.String(length=512)),
)


def upgrade() -> None:
    """Take the step. Nodes of the release before it write neither the columns of sessions nor those of jobs."""
    for name, kind in _OF_SESSIONS:
        op.add_column("sessions", sa.Column(name, kind))
    op.add_column("jobs", sa.Column("organization_id", _ID))
    op.add_column("jobs", sa.Column("started_at", _MOMENT))
    op.create_index("ix_jobs_organization_id_id", "jobs", ["organization_id", "id"])
    op.create_table(
        "storage_measurements",
        sa.Column("organization_id", _ID, autoincrement=False, nullable=False),
        sa.Column("measured_at", _MOMENT, nullable=False),
        sa.Column("details", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id"],
            ["organizations.id"],
            name="fk_storage_measurements_organization_id",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("organization_id", name="pk_storage_measurements"),
    )
    op.create_index(
        "ix_release_fetches_repository_id_id", "release_fetches", ["repository_id", "id"]
    )
    op.drop_index("ix_release_fetches_repository_id", "release_fetches")


def downgrade() -> None:
    """Take it back."""
    op.create_index("ix_release_fetches_repository_id", "release_fetches", ["repository_id"])
    op.drop_index("ix_release_fetches_repository_id_id", "release_fetches")
    op.drop_table("storage_measurements")
    op.drop_index("ix_jobs_organization_id_id", "jobs")
    op.drop_column("jobs", "started_at")
    op.drop_column("jobs", "organization_id")
    for name, _ in reversed(_OF_SESSIONS):
        op.drop_column("sessions", name)
