"""Code mappings: which folder of a repository the files in a project's stacks are in."""

import sqlalchemy as sa
from alembic import op

revision = "0043"
down_revision = "0042"
branch_labels = None
depends_on = None

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Take the step."""
    op.create_table(
        "code_mappings",
        sa.Column("id", _ID, nullable=False),
        sa.Column("project_id", _ID, nullable=False),
        sa.Column("repository_id", _ID, nullable=False),
        sa.Column("stack_root", sa.String(255), nullable=False),
        sa.Column("source_root", sa.String(255), nullable=False),
        sa.Column("default_branch", sa.String(255)),
        sa.Column("created_at", _MOMENT, nullable=False),
        sa.Column("updated_at", _MOMENT, nullable=False),
        sa.ForeignKeyConstraint(
            ["project_id"],
            ["projects.id"],
            name="fk_code_mappings_project_id",
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["repository_id"],
            ["repositories.id"],
            name="fk_code_mappings_repository_id",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name="pk_code_mappings"),
        sa.UniqueConstraint(
            "project_id",
            "stack_root",
            "source_root",
            name="uq_code_mappings_project_id_stack_root_source_root",
        ),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_code_mappings_repository_id", "code_mappings", ["repository_id"])


def downgrade() -> None:
    """Take it back."""
    op.drop_table("code_mappings")
