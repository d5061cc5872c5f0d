"""How far the logs of events are digested, and the frames that could not be."""

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Take the step. Nodes of the release before it store events by themselves."""
    op.create_table(
        "digest_positions",
        sa.Column("log", sa.String(length=64), nullable=False),
        sa.Column("position", _ID, nullable=False),
        sa.PrimaryKeyConstraint("log", name="pk_digest_positions"),
    )
    op.create_table(
        "quarantined_frames",
        sa.Column("id", _ID, nullable=False),
        sa.Column("project_id", _ID, nullable=False),
        sa.Column("type", sa.String(length=16), nullable=False),
        sa.Column("event_id", sa.String(length=32), nullable=False),
        sa.Column("received_at", _MOMENT, nullable=False),
        sa.Column("sent_at", _MOMENT),
        sa.Column("address", sa.Text()),
        sa.Column("user_agent", sa.Text()),
        sa.Column("payload", sa.LargeBinary(), nullable=False),
        sa.Column("error", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["project_id"],
            ["projects.id"],
            name="fk_quarantined_frames_project_id",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name="pk_quarantined_frames"),
    )
    op.create_index("ix_quarantined_frames_project_id", "quarantined_frames", ["project_id"])


def downgrade() -> None:
    """Take it back."""
    op.drop_table("quarantined_frames")
    op.drop_table("digest_positions")
