"""Attachments of events."""

import sqlalchemy as sa
from alembic import op

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Take the step."""
    op.create_table(
        "event_attachments",
        sa.Column("id", _ID, nullable=False),
        sa.Column("project_id", _ID, nullable=False),
        sa.Column("event_id", sa.String(length=32), nullable=False),
        sa.Column("issue_id", _ID),
        sa.Column("file_id", _ID, nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("type", sa.String(length=64), nullable=False),
        sa.Column("content_type", sa.String(length=255), nullable=False),
        sa.Column("sha1", sa.String(length=40), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["project_id"],
            ["projects.id"],
            name="fk_event_attachments_project_id",
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["issue_id"], ["issues.id"], name="fk_event_attachments_issue_id", ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(
            ["file_id"], ["files.id"], name="fk_event_attachments_file_id"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_event_attachments"),
        sa.UniqueConstraint(
            "project_id",
            "event_id",
            "name",
            "type",
            "sha1",
            name="uq_event_attachments_project_id_event_id_name_type_sha1",
        ),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_event_attachments_file_id", "event_attachments", ["file_id"])
    op.create_index(
        "ix_event_attachments_issue_id_created_at",
        "event_attachments",
        ["issue_id", "created_at", "id"],
    )
    op.create_index(
        "ix_event_attachments_created_at", "event_attachments", ["created_at", "id"]
    )


def downgrade() -> None:
    """Take it back."""
    op.drop_table("event_attachments")
