"""Thresholds and tokens of releases, and indexes for what is asked by moment."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Take the step."""
    op.create_table(
        "release_tokens",
        sa.Column("project_id", _ID, nullable=False),
        sa.Column("token", sa.String(length=32), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["project_id"],
            ["projects.id"],
            name=op.f("fk_release_tokens_project_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("project_id", name=op.f("pk_release_tokens")),
    )
    op.create_table(
        "release_thresholds",
        sa.Column("id", _ID, nullable=False),
        sa.Column("project_id", _ID, nullable=False),
        sa.Column("environment_id", _ID, nullable=True),
        sa.Column("type", sa.String(length=32), nullable=False),
        sa.Column("trigger_type", sa.String(length=16), nullable=False),
        sa.Column("value", _ID, nullable=False),
        sa.Column("window_seconds", _ID, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["environment_id"],
            ["environments.id"],
            name=op.f("fk_release_thresholds_environment_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["project_id"],
            ["projects.id"],
            name=op.f("fk_release_thresholds_project_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_release_thresholds")),
        sqlite_autoincrement=True,
    )
    op.create_index(
        "ix_release_thresholds_project_id_created_at",
        "release_thresholds",
        ["project_id", "created_at", "id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_release_thresholds_environment_id"),
        "release_thresholds",
        ["environment_id"],
        unique=False,
    )
    op.create_index(
        "ix_commits_organization_id_created_at",
        "commits",
        ["organization_id", "created_at", "id"],
        unique=False,
    )
    # Each takes the place of one that begins alike: lists by moment need no more indexes than there were.
    op.drop_index(op.f("ix_events_release_id"), table_name="events")
    op.create_index(
        "ix_events_release_id_happened_at",
        "events",
        ["release_id", "project_id", "happened_at"],
        unique=False,
    )
    op.drop_index(op.f("ix_release_environments_project_id"), table_name="release_environments")
    op.create_index(
        "ix_release_environments_project_id_first_seen_at",
        "release_environments",
        ["project_id", "first_seen_at"],
        unique=False,
    )


def downgrade() -> None:
    """Take it back."""
    op.drop_index(
        "ix_release_environments_project_id_first_seen_at", table_name="release_environments"
    )
    op.create_index(
        op.f("ix_release_environments_project_id"),
        "release_environments",
        ["project_id"],
        unique=False,
    )
    op.drop_index("ix_events_release_id_happened_at", table_name="events")
    op.create_index(op.f("ix_events_release_id"), "events", ["release_id"], unique=False)
    op.drop_index("ix_commits_organization_id_created_at", table_name="commits")
    op.drop_table("release_thresholds")
    op.drop_table("release_tokens")
