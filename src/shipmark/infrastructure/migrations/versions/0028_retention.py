"""Retention of events: their age, and how many of an issue are stored."""

import sqlalchemy as sa
from alembic import op

revision = "0028"
down_revision = "0025"
branch_labels = None
depends_on = None

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Take the step. Nodes of the release before it don't count stored events: an issue has more of them for a while."""
    op.create_index("ix_events_received_at", "events", ["received_at"])
    op.create_table(
        "stored_event_counts",
        sa.Column("issue_id", _ID, autoincrement=False, nullable=False),
        sa.Column("event_count", _ID, nullable=False),
        _parent("stored_event_counts", "issue_id", "issues"),
        sa.PrimaryKeyConstraint("issue_id", name="pk_stored_event_counts"),
    )
    op.create_index(
        "ix_stored_event_counts_event_count", "stored_event_counts", ["event_count"]
    )
    # Until now all events were stored.
    op.execute(
        "INSERT INTO stored_event_counts (issue_id, event_count)"
        " SELECT id, times_seen - times_seen % 100 FROM issues WHERE times_seen >= 100"
    )
    op.create_table(
        "thinned_event_counts",
        sa.Column("id", _ID, nullable=False),
        sa.Column("issue_id", _ID, nullable=False),
        sa.Column("project_id", _ID, nullable=False),
        sa.Column("release_id", _ID),
        sa.Column("environment_id", _ID),
        sa.Column("minute", _MOMENT, nullable=False),
        sa.Column("event_count", _ID, nullable=False),
        _parent("thinned_event_counts", "issue_id", "issues"),
        sa.PrimaryKeyConstraint("id", name="pk_thinned_event_counts"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_thinned_event_counts_minute", "thinned_event_counts", ["minute"])
    op.create_index(
        "ix_thinned_event_counts_issue_id_minute", "thinned_event_counts", ["issue_id", "minute"]
    )
    op.create_index(
        "ix_thinned_event_counts_release_id_minute",
        "thinned_event_counts",
        ["release_id", "project_id", "minute"],
    )


def downgrade() -> None:
    """Take it back."""
    op.drop_table("thinned_event_counts")
    op.drop_table("stored_event_counts")
    op.drop_index("ix_events_received_at", "events")


def _parent(child: str, column: str, parent: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        [column], [f"{parent}.id"], name=f"fk_{child}_{column}", ondelete="CASCADE"
    )
