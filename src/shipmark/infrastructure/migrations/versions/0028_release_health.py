"""Release health: series, counts and sketches of sessions."""

import sqlalchemy as sa
from alembic import op

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_COUNTS = (
    "sessions",
    "errored_preaggregated",
    "errored_sids",
    "crashed",
    "abnormal",
    "unhandled",
    "users",
    "users_errored",
    "users_crashed",
    "users_abnormal",
    "users_anr",
    "users_anr_foreground",
    "users_new_issue",
)


def upgrade() -> None:
    """Take the step."""
    op.create_table(
        "health_series",
        sa.Column("id", _ID, nullable=False),
        sa.Column("organization_id", _ID, nullable=False),
        sa.Column("project_id", _ID, nullable=False),
        sa.Column("environment_id", _ID, nullable=False),
        sa.Column("release_id", _ID, nullable=False),
        sa.Column("first_start", sa.BigInteger(), nullable=False),
        sa.Column("last_start", sa.BigInteger(), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True)),
        *(
            sa.ForeignKeyConstraint(
                [f"{name}_id"],
                [f"{name}s.id"],
                name=f"fk_health_series_{name}_id",
                ondelete="CASCADE",
            )
            for name in ("organization", "project", "environment")
        ),
        sa.PrimaryKeyConstraint("id", name="pk_health_series"),
        sa.UniqueConstraint(
            "project_id",
            "release_id",
            "environment_id",
            name="uq_health_series_project_id_release_id_environment_id",
        ),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_health_series_organization_id", "health_series", ["organization_id"])
    op.create_index("ix_health_series_environment_id", "health_series", ["environment_id"])
    op.create_index(
        "ix_health_series_release_id", "health_series", ["release_id", "project_id"]
    )
    op.create_index("ix_health_series_last_start", "health_series", ["last_start", "id"])
    op.create_index(
        "ix_health_series_changed_at",
        "health_series",
        ["changed_at", "id"],
        sqlite_where=sa.text("changed_at IS NOT NULL"),
        postgresql_where=sa.text("changed_at IS NOT NULL"),
    )
    op.create_table(
        "health_counts",
        *_bucket_key(),
        *(sa.Column(name, sa.BigInteger(), nullable=False) for name in _COUNTS),
        sa.PrimaryKeyConstraint("series_id", "width", "start", name="pk_health_counts"),
    )
    op.create_table(
        "health_sketches",
        *_bucket_key(),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("encoded", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint(
            "series_id", "width", "start", "kind", name="pk_health_sketches"
        ),
    )


def _bucket_key() -> list[sa.Column[int]]:
    return [
        sa.Column("series_id", _ID, nullable=False, autoincrement=False),
        sa.Column("width", sa.Integer(), nullable=False, autoincrement=False),
        sa.Column("start", sa.BigInteger(), nullable=False, autoincrement=False),
    ]


def downgrade() -> None:
    """Take it back."""
    op.drop_table("health_sketches")
    op.drop_table("health_counts")
    op.drop_table("health_series")
