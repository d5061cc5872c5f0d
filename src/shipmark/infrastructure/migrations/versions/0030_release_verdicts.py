"""Verdicts on releases."""

import sqlalchemy as sa
from alembic import op

revision = "0030"
down_revision = "0029"
branch_labels = None
depends_on = None

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_TABLE = "release_verdicts"


def upgrade() -> None:
    """Take the step."""
    op.create_table(
        _TABLE,
        sa.Column("organization_id", _ID, nullable=False),
        sa.Column("project_id", _ID, nullable=False, autoincrement=False),
        sa.Column("environment_id", _ID, nullable=False, autoincrement=False),
        sa.Column("release_id", _ID, nullable=False, autoincrement=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True)),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("base", sa.Text(), nullable=False),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.Column("reason", sa.String(length=32), nullable=False),
        sa.Column("measure", sa.String(length=32)),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("regressed_at", sa.DateTime(timezone=True)),
        sa.Column("marked", sa.String(length=16)),
        sa.Column("marked_by", _ID),
        sa.Column("marked_at", sa.DateTime(timezone=True)),
        *(
            sa.ForeignKeyConstraint(
                [f"{name}_id"],
                [f"{name}s.id"],
                name=f"fk_release_verdicts_{name}_id",
                ondelete="CASCADE",
            )
            for name in ("organization", "project", "environment", "release")
        ),
        sa.ForeignKeyConstraint(
            ["marked_by"], ["users.id"], name="fk_release_verdicts_marked_by", ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint(
            "project_id", "environment_id", "release_id", name="pk_release_verdicts"
        ),
    )
    for name in ("organization_id", "environment_id", "release_id", "marked_by"):
        op.create_index(f"ix_release_verdicts_{name}", _TABLE, [name])
    op.create_index(
        "ix_release_verdicts_started_at",
        _TABLE,
        ["project_id", "environment_id", "started_at", "release_id"],
    )
    op.create_index(
        "ix_release_verdicts_due_at",
        _TABLE,
        ["due_at", "release_id"],
        sqlite_where=sa.text("ended_at IS NULL"),
        postgresql_where=sa.text("ended_at IS NULL"),
    )
    op.create_index(
        "ix_health_series_last_used",
        "health_series",
        ["project_id", "environment_id", "last_start", "id"],
    )


def downgrade() -> None:
    """Take it back."""
    op.drop_index("ix_health_series_last_used", "health_series")
    op.drop_table(_TABLE)
