"""Avatars, and how their owners are shown."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_OWNERS = ("users", "organizations", "teams", "projects")


def upgrade() -> None:
    """Take the step."""
    op.create_table(
        "avatars",
        sa.Column("id", _ID, nullable=False),
        sa.Column("owner_kind", sa.String(length=16), nullable=False),
        sa.Column("owner_id", _ID, nullable=False),
        sa.Column("ident", sa.String(length=32), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("file_id", _ID, nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["file_id"], ["files.id"], name=op.f("fk_avatars_file_id"), ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_avatars")),
        sa.UniqueConstraint("file_id", name=op.f("uq_avatars_file_id")),
        sa.UniqueConstraint("ident", name=op.f("uq_avatars_ident")),
        sa.UniqueConstraint(
            "owner_kind", "owner_id", name=op.f("uq_avatars_owner_kind_owner_id")
        ),
        sqlite_autoincrement=True,
    )
    for owner in _OWNERS:
        op.add_column(owner, sa.Column("avatar_kind", sa.String(length=16), nullable=True))
        op.add_column(owner, sa.Column("avatar_ident", sa.String(length=32), nullable=True))


def downgrade() -> None:
    """Take it back."""
    for owner in reversed(_OWNERS):
        op.drop_column(owner, "avatar_ident")
        op.drop_column(owner, "avatar_kind")
    op.drop_table("avatars")
