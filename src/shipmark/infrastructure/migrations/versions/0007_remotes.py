"""Remotes of repositories, and the commits that releases wait for from them."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Take the step."""
    op.create_table(
        "repository_remotes",
        sa.Column("repository_id", _ID, autoincrement=False, nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("username", sa.String(length=200), nullable=True),
        sa.Column("secret", sa.LargeBinary(), nullable=True),
        sa.Column("created_at", _MOMENT, nullable=False),
        sa.Column("updated_at", _MOMENT, nullable=False),
        sa.ForeignKeyConstraint(
            ["repository_id"],
            ["repositories.id"],
            name=op.f("fk_repository_remotes_repository_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("repository_id", name=op.f("pk_repository_remotes")),
    )
    op.create_table(
        "release_fetches",
        sa.Column("id", _ID, nullable=False),
        sa.Column("organization_id", _ID, nullable=False),
        sa.Column("release_id", _ID, nullable=False),
        sa.Column("repository_id", _ID, nullable=False),
        sa.Column("commit_key", sa.String(length=64), nullable=False),
        sa.Column("previous_key", sa.String(length=64), nullable=True),
        sa.Column("mode", sa.String(length=16), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("commit_count", sa.Integer(), nullable=True),
        sa.Column("requested_by", _ID, nullable=True),
        sa.Column("created_at", _MOMENT, nullable=False),
        sa.Column("updated_at", _MOMENT, nullable=False),
        sa.Column("next_at", _MOMENT, nullable=True),
        *(
            sa.ForeignKeyConstraint(
                [column],
                [f"{table}.id"],
                name=op.f(f"fk_release_fetches_{column}"),
                ondelete=ondelete,
            )
            for column, table, ondelete in (
                ("organization_id", "organizations", "CASCADE"),
                ("release_id", "releases", "CASCADE"),
                ("repository_id", "repositories", "CASCADE"),
                ("requested_by", "users", "SET NULL"),
            )
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_release_fetches")),
        sqlite_autoincrement=True,
    )
    op.create_index(
        op.f("ix_release_fetches_organization_id_id"), "release_fetches", ["organization_id", "id"]
    )
    for column in ("release_id", "repository_id", "requested_by", "state"):
        op.create_index(op.f(f"ix_release_fetches_{column}"), "release_fetches", [column])


def downgrade() -> None:
    """Take it back."""
    op.drop_table("release_fetches")
    op.drop_table("repository_remotes")
