"""Issues and the events that they group."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")

_TABLES = (
    "issues",
    "events",
    "inbox",
    "issue_activities",
    "issue_commits",
    "issue_environments",
    "issue_hashes",
    "issue_history",
    "issue_releases",
    "issue_subscriptions",
    "issue_users",
    "resolutions",
)


def upgrade() -> None:
    """Take the step."""
    op.create_table(
        "issues",
        sa.Column("id", _ID, nullable=False),
        sa.Column("organization_id", _ID, nullable=False),
        sa.Column("project_id", _ID, nullable=False),
        sa.Column("number", _ID, nullable=False),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.Column("substatus", sa.String(length=32), nullable=True),
        sa.Column("type", sa.String(length=16), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("culprit", sa.Text(), nullable=False),
        sa.Column("location", sa.Text(), nullable=True),
        sa.Column("level", sa.String(length=16), nullable=False),
        sa.Column("logger", sa.Text(), nullable=True),
        sa.Column("platform", sa.String(length=64), nullable=True),
        sa.Column("message", sa.Text(), nullable=False),
        sa.Column("details", sa.Text(), nullable=False),
        sa.Column("is_unhandled", sa.Boolean(), nullable=False),
        sa.Column("times_seen", _ID, nullable=False),
        sa.Column("user_count", sa.Integer(), nullable=False),
        sa.Column("first_release_id", _ID, nullable=True),
        sa.Column("first_seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("active_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("resolved_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["first_release_id"], ["releases.id"], name=op.f("fk_issues_first_release_id")
        ),
        sa.ForeignKeyConstraint(
            ["project_id"], ["projects.id"], name=op.f("fk_issues_project_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_issues")),
        sa.UniqueConstraint("project_id", "number", name=op.f("uq_issues_project_id_number")),
        sqlite_autoincrement=True,
    )
    op.create_index(
        op.f("ix_issues_first_release_id"), "issues", ["first_release_id"], unique=False
    )
    op.create_index(
        "ix_issues_project_id_last_seen_at",
        "issues",
        ["project_id", "last_seen_at", "id"],
        unique=False,
    )
    op.create_table(
        "events",
        sa.Column("id", _ID, nullable=False),
        sa.Column("project_id", _ID, nullable=False),
        sa.Column("event_id", sa.String(length=32), nullable=False),
        sa.Column("issue_id", _ID, nullable=False),
        sa.Column("release_id", _ID, nullable=True),
        sa.Column("environment_id", _ID, nullable=True),
        sa.Column("happened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("payload", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["environment_id"],
            ["environments.id"],
            name=op.f("fk_events_environment_id"),
            ondelete="SET NULL",
        ),
        sa.ForeignKeyConstraint(
            ["issue_id"], ["issues.id"], name=op.f("fk_events_issue_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["project_id"], ["projects.id"], name=op.f("fk_events_project_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["release_id"], ["releases.id"], name=op.f("fk_events_release_id"), ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_events")),
        sa.UniqueConstraint("project_id", "event_id", name=op.f("uq_events_project_id_event_id")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_events_environment_id"), "events", ["environment_id"], unique=False)
    op.create_index(
        "ix_events_issue_id_happened_at", "events", ["issue_id", "happened_at", "id"], unique=False
    )
    op.create_index(op.f("ix_events_release_id"), "events", ["release_id"], unique=False)
    op.create_table(
        "inbox",
        sa.Column("issue_id", _ID, nullable=False),
        sa.Column("reason", sa.Integer(), nullable=False),
        sa.Column("added_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["issue_id"], ["issues.id"], name=op.f("fk_inbox_issue_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("issue_id", name=op.f("pk_inbox")),
    )
    op.create_index(op.f("ix_inbox_added_at"), "inbox", ["added_at"], unique=False)
    op.create_table(
        "issue_activities",
        sa.Column("id", _ID, nullable=False),
        sa.Column("issue_id", _ID, nullable=False),
        sa.Column("type", sa.String(length=32), nullable=False),
        sa.Column("ident", sa.String(length=64), nullable=True),
        sa.Column("user_id", _ID, nullable=True),
        sa.Column("happened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("details", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["issue_id"],
            ["issues.id"],
            name=op.f("fk_issue_activities_issue_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name=op.f("fk_issue_activities_user_id"), ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_issue_activities")),
        sqlite_autoincrement=True,
    )
    op.create_index(
        "ix_issue_activities_issue_id_happened_at",
        "issue_activities",
        ["issue_id", "happened_at", "id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_issue_activities_user_id"), "issue_activities", ["user_id"], unique=False
    )
    op.create_table(
        "issue_commits",
        sa.Column("issue_id", _ID, nullable=False),
        sa.Column("commit_id", _ID, nullable=False),
        sa.Column("linked_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["commit_id"],
            ["commits.id"],
            name=op.f("fk_issue_commits_commit_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["issue_id"], ["issues.id"], name=op.f("fk_issue_commits_issue_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("issue_id", "commit_id", name=op.f("pk_issue_commits")),
    )
    op.create_index(
        op.f("ix_issue_commits_commit_id"), "issue_commits", ["commit_id"], unique=False
    )
    op.create_table(
        "issue_environments",
        sa.Column("issue_id", _ID, nullable=False),
        sa.Column("environment_id", _ID, nullable=False),
        sa.Column("first_release_id", _ID, nullable=True),
        sa.Column("first_seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["environment_id"],
            ["environments.id"],
            name=op.f("fk_issue_environments_environment_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["first_release_id"],
            ["releases.id"],
            name=op.f("fk_issue_environments_first_release_id"),
            ondelete="SET NULL",
        ),
        sa.ForeignKeyConstraint(
            ["issue_id"],
            ["issues.id"],
            name=op.f("fk_issue_environments_issue_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("issue_id", "environment_id", name=op.f("pk_issue_environments")),
    )
    op.create_index(
        op.f("ix_issue_environments_environment_id"),
        "issue_environments",
        ["environment_id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_issue_environments_first_release_id"),
        "issue_environments",
        ["first_release_id"],
        unique=False,
    )
    op.create_table(
        "issue_hashes",
        sa.Column("project_id", _ID, nullable=False),
        sa.Column("hash", sa.String(length=32), nullable=False),
        sa.Column("issue_id", _ID, nullable=False),
        sa.ForeignKeyConstraint(
            ["issue_id"], ["issues.id"], name=op.f("fk_issue_hashes_issue_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["project_id"],
            ["projects.id"],
            name=op.f("fk_issue_hashes_project_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("project_id", "hash", name=op.f("pk_issue_hashes")),
    )
    op.create_index(op.f("ix_issue_hashes_issue_id"), "issue_hashes", ["issue_id"], unique=False)
    op.create_table(
        "issue_history",
        sa.Column("id", _ID, nullable=False),
        sa.Column("issue_id", _ID, nullable=False),
        sa.Column("status", sa.String(length=32), nullable=False),
        sa.Column("release_id", _ID, nullable=True),
        sa.Column("user_id", _ID, nullable=True),
        sa.Column("happened_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["issue_id"], ["issues.id"], name=op.f("fk_issue_history_issue_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["release_id"],
            ["releases.id"],
            name=op.f("fk_issue_history_release_id"),
            ondelete="SET NULL",
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name=op.f("fk_issue_history_user_id"), ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_issue_history")),
        sqlite_autoincrement=True,
    )
    op.create_index(
        "ix_issue_history_issue_id_happened_at",
        "issue_history",
        ["issue_id", "happened_at", "id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_issue_history_release_id"), "issue_history", ["release_id"], unique=False
    )
    op.create_index(op.f("ix_issue_history_user_id"), "issue_history", ["user_id"], unique=False)
    op.create_table(
        "issue_releases",
        sa.Column("issue_id", _ID, nullable=False),
        sa.Column("release_id", _ID, nullable=False),
        sa.Column("environment_id", _ID, nullable=False),
        sa.Column("first_seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["environment_id"],
            ["environments.id"],
            name=op.f("fk_issue_releases_environment_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["issue_id"], ["issues.id"], name=op.f("fk_issue_releases_issue_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["release_id"],
            ["releases.id"],
            name=op.f("fk_issue_releases_release_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint(
            "issue_id", "release_id", "environment_id", name=op.f("pk_issue_releases")
        ),
    )
    op.create_index(
        op.f("ix_issue_releases_environment_id"), "issue_releases", ["environment_id"], unique=False
    )
    op.create_index(
        op.f("ix_issue_releases_release_id"), "issue_releases", ["release_id"], unique=False
    )
    op.create_table(
        "issue_subscriptions",
        sa.Column("issue_id", _ID, nullable=False),
        sa.Column("user_id", _ID, nullable=False),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.Column("reason", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["issue_id"],
            ["issues.id"],
            name=op.f("fk_issue_subscriptions_issue_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["user_id"],
            ["users.id"],
            name=op.f("fk_issue_subscriptions_user_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("issue_id", "user_id", name=op.f("pk_issue_subscriptions")),
    )
    op.create_index(
        op.f("ix_issue_subscriptions_user_id"), "issue_subscriptions", ["user_id"], unique=False
    )
    op.create_table(
        "issue_users",
        sa.Column("issue_id", _ID, nullable=False),
        sa.Column("user_hash", sa.String(length=32), nullable=False),
        sa.ForeignKeyConstraint(
            ["issue_id"], ["issues.id"], name=op.f("fk_issue_users_issue_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("issue_id", "user_hash", name=op.f("pk_issue_users")),
    )
    op.create_table(
        "resolutions",
        sa.Column("id", _ID, nullable=False),
        sa.Column("issue_id", _ID, nullable=False),
        sa.Column("release_id", _ID, nullable=False),
        sa.Column("type", sa.String(length=16), nullable=False),
        sa.Column("user_id", _ID, nullable=True),
        sa.Column("resolved_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["issue_id"], ["issues.id"], name=op.f("fk_resolutions_issue_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["release_id"],
            ["releases.id"],
            name=op.f("fk_resolutions_release_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name=op.f("fk_resolutions_user_id"), ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_resolutions")),
        sa.UniqueConstraint("issue_id", name=op.f("uq_resolutions_issue_id")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_resolutions_release_id"), "resolutions", ["release_id"], unique=False)
    op.create_index(op.f("ix_resolutions_user_id"), "resolutions", ["user_id"], unique=False)


def downgrade() -> None:
    """Take it back."""
    for table in reversed(_TABLES):
        op.drop_table(table)
