"""People around issues: to whom they are assigned, who saw and bookmarked them, and an index of comments."""

import sqlalchemy as sa
from alembic import op

revision = "0037"
down_revision = "0036"
branch_labels = None
depends_on = None

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_IS_NOTE = sa.text("type = 'note'")
_MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Take the step."""
    op.create_table(
        "issue_assignments",
        sa.Column("issue_id", _ID, nullable=False),
        sa.Column("project_id", _ID, nullable=False),
        sa.Column("member_id", _ID),
        sa.Column("team_id", _ID),
        sa.Column("assigned_at", _MOMENT, nullable=False),
        _parent("issue_assignments", "issue_id", "issues"),
        _parent("issue_assignments", "member_id", "members"),
        sa.ForeignKeyConstraint(
            ["project_id", "team_id"],
            ["project_teams.project_id", "project_teams.team_id"],
            name="fk_issue_assignments_project_id_team_id",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("issue_id", name="pk_issue_assignments"),
    )
    op.create_index("ix_issue_assignments_member_id", "issue_assignments", ["member_id"])
    op.create_index(
        "ix_issue_assignments_project_id_team_id", "issue_assignments", ["project_id", "team_id"]
    )
    for name, *more in (
        ("issue_views", sa.Column("viewed_at", _MOMENT, nullable=False)),
        ("issue_bookmarks",),
    ):
        op.create_table(
            name,
            sa.Column("issue_id", _ID, nullable=False),
            sa.Column("user_id", _ID, nullable=False),
            *more,
            _parent(name, "issue_id", "issues"),
            _parent(name, "user_id", "users"),
            sa.PrimaryKeyConstraint("issue_id", "user_id", name=f"pk_{name}"),
        )
        op.create_index(f"ix_{name}_user_id", name, ["user_id"])
    op.create_index(
        "ix_issue_activities_notes",
        "issue_activities",
        ["issue_id", "happened_at", "id"],
        sqlite_where=_IS_NOTE,
        postgresql_where=_IS_NOTE,
    )


def downgrade() -> None:
    """Take it back."""
    op.drop_index("ix_issue_activities_notes", "issue_activities")
    for name in ("issue_bookmarks", "issue_views", "issue_assignments"):
        op.drop_table(name)


def _parent(child: str, column: str, parent: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        [column], [f"{parent}.id"], name=f"fk_{child}_{column}", ondelete="CASCADE"
    )
