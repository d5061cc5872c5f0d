"""Counts of failed attempts to sign in, by account and by client address."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Take the step."""
    op.create_table(
        "sign_in_attempts",
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("last_attempt_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("blocked_until", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_sign_in_attempts")),
    )
    op.create_index(
        op.f("ix_sign_in_attempts_last_attempt_at"),
        "sign_in_attempts",
        ["last_attempt_at"],
        unique=False,
    )


def downgrade() -> None:
    """Take it back."""
    op.drop_index(op.f("ix_sign_in_attempts_last_attempt_at"), "sign_in_attempts")
    op.drop_table("sign_in_attempts")
