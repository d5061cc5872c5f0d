"""Files, the blobs that they are made of, and who has sent them."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Take the step."""
    _blobs()
    _files()


def _blobs() -> None:
    op.create_table(
        "blobs",
        sa.Column("id", _ID, nullable=False),
        sa.Column("sha1", sa.String(length=40), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("key", sa.String(length=80), nullable=False),
        sa.Column("uses", sa.Integer(), nullable=False),
        sa.Column("kept_until", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("uses >= 0", name=op.f("ck_blobs_uses")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_blobs")),
        sa.UniqueConstraint("sha1", name=op.f("uq_blobs_sha1")),
        sqlite_autoincrement=True,
    )
    op.create_index(
        "ix_blobs_unused",
        "blobs",
        ["kept_until"],
        unique=False,
        sqlite_where=sa.text("uses = 0"),
        postgresql_where=sa.text("uses = 0"),
    )
    op.create_table(
        "blob_removals",
        sa.Column("key", sa.String(length=80), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("is_final", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_blob_removals")),
    )
    op.create_index(op.f("ix_blob_removals_due_at"), "blob_removals", ["due_at"], unique=False)
    op.create_table(
        "blob_owners",
        sa.Column("organization_id", _ID, nullable=False),
        sa.Column("blob_id", _ID, nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id"],
            ["organizations.id"],
            name=op.f("fk_blob_owners_organization_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["blob_id"], ["blobs.id"], name=op.f("fk_blob_owners_blob_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("organization_id", "blob_id", name=op.f("pk_blob_owners")),
    )
    op.create_index(op.f("ix_blob_owners_blob_id"), "blob_owners", ["blob_id"], unique=False)


def _files() -> None:
    op.create_table(
        "files",
        sa.Column("id", _ID, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("kind", sa.String(length=64), nullable=False),
        sa.Column("headers", sa.Text(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("sha1", sa.String(length=40), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_files")),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "file_pieces",
        sa.Column("file_id", _ID, nullable=False),
        sa.Column("offset", sa.BigInteger(), nullable=False),
        sa.Column("blob_id", _ID, nullable=False),
        sa.ForeignKeyConstraint(
            ["file_id"], ["files.id"], name=op.f("fk_file_pieces_file_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["blob_id"], ["blobs.id"], name=op.f("fk_file_pieces_blob_id")
        ),
        sa.PrimaryKeyConstraint("file_id", "offset", name=op.f("pk_file_pieces")),
    )
    op.create_index(op.f("ix_file_pieces_blob_id"), "file_pieces", ["blob_id"], unique=False)


def downgrade() -> None:
    """Take the step back."""
    for table in ("file_pieces", "files", "blob_owners", "blob_removals", "blobs"):
        op.drop_table(table)
