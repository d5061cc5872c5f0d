"""Retention of events, by age and number, retries of frames in quarantine, and symbolicating again."""

import sqlalchemy as sa
from alembic import op

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Take the step. Nodes of the release before it don't count stored events: an issue has more of them for a while."""
    _count_events()
    _retry_quarantined_frames()
    _symbolicate_again()


def _count_events() -> None:
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


def _retry_quarantined_frames() -> None:
    op.add_column("quarantined_frames", sa.Column("organization_id", _ID))
    op.add_column(
        "quarantined_frames",
        sa.Column("attempts", sa.Integer(), nullable=False, server_default=sa.text("1")),
    )
    op.execute(
        "UPDATE quarantined_frames SET organization_id ="
        " (SELECT organization_id FROM projects WHERE projects.id = quarantined_frames.project_id)"
    )
    op.create_index(
        "ix_quarantined_frames_organization_id_id", "quarantined_frames", ["organization_id", "id"]
    )
    op.create_index("ix_quarantined_frames_received_at", "quarantined_frames", ["received_at"])
    op.create_table(
        "quarantine_retries",
        sa.Column("frame_id", _ID, autoincrement=False, nullable=False),
        sa.Column("requested_at", _MOMENT, nullable=False),
        _parent("quarantine_retries", "frame_id", "quarantined_frames"),
        sa.PrimaryKeyConstraint("frame_id", name="pk_quarantine_retries"),
    )


def _symbolicate_again() -> None:
    op.add_column("events", sa.Column("symbolicated_at", _MOMENT))
    op.create_table(
        "symbolication_waits",
        sa.Column("project_id", _ID, autoincrement=False, nullable=False),
        sa.Column("key", sa.String(length=256), nullable=False),
        sa.Column("issue_id", _ID, autoincrement=False, nullable=False),
        sa.Column("event_row_id", _ID, nullable=False),
        _parent("symbolication_waits", "event_row_id", "events"),
        sa.PrimaryKeyConstraint(
            "project_id", "key", "issue_id", "event_row_id", name="pk_symbolication_waits"
        ),
    )
    op.create_index(
        "ix_symbolication_waits_event_row_id", "symbolication_waits", ["event_row_id"]
    )
    op.create_table(
        "late_symbolications",
        sa.Column("release_id", _ID, autoincrement=False, nullable=False),
        sa.Column("event_count", _ID, nullable=False),
        sa.Column("last_at", _MOMENT, nullable=False),
        _parent("late_symbolications", "release_id", "releases"),
        sa.PrimaryKeyConstraint("release_id", name="pk_late_symbolications"),
    )


def downgrade() -> None:
    """Take it back."""
    op.drop_table("late_symbolications")
    op.drop_table("symbolication_waits")
    op.drop_column("events", "symbolicated_at")
    op.drop_table("quarantine_retries")
    op.drop_index("ix_quarantined_frames_received_at", "quarantined_frames")
    op.drop_index("ix_quarantined_frames_organization_id_id", "quarantined_frames")
    op.drop_column("quarantined_frames", "attempts")
    op.drop_column("quarantined_frames", "organization_id")
    op.drop_table("thinned_event_counts")
    op.drop_table("stored_event_counts")
    op.drop_index("ix_events_received_at", "events")


def _parent(child: str, column: str, parent: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        [column], [f"{parent}.id"], name=f"fk_{child}_{column}", ondelete="CASCADE"
    )
