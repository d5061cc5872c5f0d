"""Standings of releases by their sessions, and when releases were adopted."""

import sqlalchemy as sa
from alembic import op

revision = "0029"
down_revision = "0028"
branch_labels = None
depends_on = None

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_SORTED = ("sessions", "users", "crash_rate_sessions", "crash_rate_users")
_NUMBERS = (
    "sessions",
    "crashed",
    "errored",
    "abnormal",
    "users",
    "users_crashed",
    "users_errored",
)


def upgrade() -> None:
    """Take the step."""
    op.create_table(
        "health_standings",
        sa.Column("release_id", _ID, nullable=False, autoincrement=False),
        sa.Column("project_id", _ID, nullable=False),
        sa.Column("environment_id", _ID, nullable=False, autoincrement=False),
        sa.Column("hours", sa.Integer(), nullable=False, autoincrement=False),
        sa.Column("organization_id", _ID, nullable=False),
        *(sa.Column(name, sa.BigInteger(), nullable=False) for name in _NUMBERS),
        sa.Column("crash_rate_sessions", sa.Double()),
        sa.Column("crash_rate_users", sa.Double()),
        sa.Column("due_at", sa.BigInteger(), nullable=False),
        *(
            sa.ForeignKeyConstraint(
                [f"{name}_id"],
                [f"{name}s.id"],
                name=f"fk_health_standings_{name}_id",
                ondelete="CASCADE",
            )
            for name in ("organization", "project")
        ),
        sa.PrimaryKeyConstraint(
            "release_id", "project_id", "environment_id", "hours", name="pk_health_standings"
        ),
    )
    for name in _SORTED:
        op.create_index(
            f"ix_health_standings_{name}",
            "health_standings",
            ["organization_id", "environment_id", "hours", name, "release_id", "project_id"],
        )
    op.create_index("ix_health_standings_due_at", "health_standings", ["due_at"])
    op.create_index("ix_health_standings_project_id", "health_standings", ["project_id"])
    for name in ("adopted_at", "unadopted_at"):
        op.add_column("release_environments", sa.Column(name, sa.DateTime(timezone=True)))
    op.create_index(
        "ix_release_environments_adopted",
        "release_environments",
        ["project_id", "environment_id", "adopted_at", "release_id"],
        sqlite_where=sa.text("adopted_at IS NOT NULL"),
        postgresql_where=sa.text("adopted_at IS NOT NULL"),
    )


def downgrade() -> None:
    """Take it back."""
    op.drop_index("ix_release_environments_adopted", "release_environments")
    for name in ("unadopted_at", "adopted_at"):
        op.drop_column("release_environments", name)
    op.drop_table("health_standings")
