"""The first tables: everything that a publish and an event need."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Take the step."""

    op.create_table(
        "jobs",
        sa.Column("id", _ID, nullable=False),
        sa.Column("kind", sa.String(length=64), nullable=False),
        sa.Column("key", sa.String(length=128), nullable=True),
        sa.Column("details", sa.Text(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("run_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_jobs")),
        sa.UniqueConstraint("key", name=op.f("uq_jobs_key")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_jobs_run_at", "jobs", ["run_at"], unique=False)
    op.create_table(
        "organizations",
        sa.Column("id", _ID, nullable=False),
        sa.Column("slug", sa.String(length=50), nullable=False),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("is_open", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_organizations")),
        sa.UniqueConstraint("slug", name=op.f("uq_organizations_slug")),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "users",
        sa.Column("id", _ID, nullable=False),
        sa.Column("email", sa.String(length=200), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("password", sa.Text(), nullable=True),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_login_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_users")),
        sa.UniqueConstraint("email", name=op.f("uq_users_email")),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "authors",
        sa.Column("id", _ID, nullable=False),
        sa.Column("organization_id", _ID, nullable=False),
        sa.Column("name", sa.String(length=128), nullable=True),
        sa.Column("email", sa.String(length=200), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id"],
            ["organizations.id"],
            name=op.f("fk_authors_organization_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_authors")),
        sa.UniqueConstraint(
            "organization_id", "email", name=op.f("uq_authors_organization_id_email")
        ),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "environments",
        sa.Column("id", _ID, nullable=False),
        sa.Column("organization_id", _ID, nullable=False),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id"],
            ["organizations.id"],
            name=op.f("fk_environments_organization_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_environments")),
        sa.UniqueConstraint(
            "organization_id", "name", name=op.f("uq_environments_organization_id_name")
        ),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "members",
        sa.Column("id", _ID, nullable=False),
        sa.Column("organization_id", _ID, nullable=False),
        sa.Column("user_id", _ID, nullable=False),
        sa.Column("role", sa.String(length=32), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id"],
            ["organizations.id"],
            name=op.f("fk_members_organization_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name=op.f("fk_members_user_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_members")),
        sa.UniqueConstraint(
            "organization_id", "user_id", name=op.f("uq_members_organization_id_user_id")
        ),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_members_user_id"), "members", ["user_id"], unique=False)
    op.create_table(
        "organization_tokens",
        sa.Column("id", _ID, nullable=False),
        sa.Column("organization_id", _ID, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("last_characters", sa.String(length=4), nullable=False),
        sa.Column("created_by", _ID, nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("deactivated_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["created_by"],
            ["users.id"],
            name=op.f("fk_organization_tokens_created_by"),
            ondelete="SET NULL",
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"],
            ["organizations.id"],
            name=op.f("fk_organization_tokens_organization_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_organization_tokens")),
        sa.UniqueConstraint("digest", name=op.f("uq_organization_tokens_digest")),
        sqlite_autoincrement=True,
    )
    op.create_index(
        op.f("ix_organization_tokens_created_by"),
        "organization_tokens",
        ["created_by"],
        unique=False,
    )
    op.create_index(
        op.f("ix_organization_tokens_organization_id"),
        "organization_tokens",
        ["organization_id"],
        unique=False,
    )
    op.create_table(
        "projects",
        sa.Column("id", _ID, nullable=False),
        sa.Column("organization_id", _ID, nullable=False),
        sa.Column("slug", sa.String(length=50), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("platform", sa.String(length=64), nullable=True),
        sa.Column("first_event_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("has_releases", sa.Boolean(), nullable=False),
        sa.Column("last_short_id", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id"],
            ["organizations.id"],
            name=op.f("fk_projects_organization_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_projects")),
        sa.UniqueConstraint(
            "organization_id", "slug", name=op.f("uq_projects_organization_id_slug")
        ),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "releases",
        sa.Column("id", _ID, nullable=False),
        sa.Column("organization_id", _ID, nullable=False),
        sa.Column("version", sa.String(length=250), nullable=False),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.Column("ref", sa.String(length=250), nullable=True),
        sa.Column("url", sa.String(length=200), nullable=True),
        sa.Column("owner_id", _ID, nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("released_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("commit_count", sa.Integer(), nullable=False),
        sa.Column("last_commit_id", _ID, nullable=True),
        sa.Column("author_ids", sa.Text(), nullable=False),
        sa.Column("deploy_count", sa.Integer(), nullable=False),
        sa.Column("last_deploy_id", _ID, nullable=True),
        sa.Column("user_agent", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["organization_id"],
            ["organizations.id"],
            name=op.f("fk_releases_organization_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["owner_id"], ["users.id"], name=op.f("fk_releases_owner_id"), ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_releases")),
        sa.UniqueConstraint(
            "organization_id", "version", name=op.f("uq_releases_organization_id_version")
        ),
        sqlite_autoincrement=True,
    )
    op.create_index(
        "ix_releases_organization_id_created_at",
        "releases",
        ["organization_id", "created_at", "id"],
        unique=False,
    )
    op.create_index(op.f("ix_releases_owner_id"), "releases", ["owner_id"], unique=False)
    op.create_table(
        "repositories",
        sa.Column("id", _ID, nullable=False),
        sa.Column("organization_id", _ID, nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("url", sa.String(length=200), nullable=True),
        sa.Column("provider", sa.String(length=64), nullable=True),
        sa.Column("external_id", sa.String(length=64), nullable=True),
        sa.Column("status", sa.String(length=32), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id"],
            ["organizations.id"],
            name=op.f("fk_repositories_organization_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_repositories")),
        sqlite_autoincrement=True,
    )
    op.create_index(
        "ix_repositories_organization_id_name",
        "repositories",
        ["organization_id", "name"],
        unique=False,
    )
    op.create_index(
        "uq_repositories_known_by_name",
        "repositories",
        ["organization_id", "name"],
        unique=True,
        sqlite_where=sa.text("provider IS NULL AND status = 'active'"),
        postgresql_where=sa.text("provider IS NULL AND status = 'active'"),
    )
    op.create_table(
        "sessions",
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("user_id", _ID, nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name=op.f("fk_sessions_user_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_sessions")),
    )
    op.create_index(op.f("ix_sessions_expires_at"), "sessions", ["expires_at"], unique=False)
    op.create_index(op.f("ix_sessions_user_id"), "sessions", ["user_id"], unique=False)
    op.create_table(
        "teams",
        sa.Column("id", _ID, nullable=False),
        sa.Column("organization_id", _ID, nullable=False),
        sa.Column("slug", sa.String(length=50), nullable=False),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id"],
            ["organizations.id"],
            name=op.f("fk_teams_organization_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_teams")),
        sa.UniqueConstraint("organization_id", "slug", name=op.f("uq_teams_organization_id_slug")),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "user_emails",
        sa.Column("id", _ID, nullable=False),
        sa.Column("user_id", _ID, nullable=False),
        sa.Column("email", sa.String(length=200), nullable=False),
        sa.Column("is_verified", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name=op.f("fk_user_emails_user_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_user_emails")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_user_emails_user_id"), "user_emails", ["user_id"], unique=False)
    op.create_index("uq_user_emails_email", "user_emails", ["email"], unique=True)
    op.create_table(
        "user_tokens",
        sa.Column("id", _ID, nullable=False),
        sa.Column("user_id", _ID, nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("last_characters", sa.String(length=4), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("scopes", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name=op.f("fk_user_tokens_user_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_user_tokens")),
        sa.UniqueConstraint("digest", name=op.f("uq_user_tokens_digest")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_user_tokens_user_id"), "user_tokens", ["user_id"], unique=False)
    op.create_table(
        "commits",
        sa.Column("id", _ID, nullable=False),
        sa.Column("organization_id", _ID, nullable=False),
        sa.Column("repository_id", _ID, nullable=False),
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("author_id", _ID, nullable=True),
        sa.Column("message", sa.Text(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["author_id"], ["authors.id"], name=op.f("fk_commits_author_id"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(
            ["repository_id"],
            ["repositories.id"],
            name=op.f("fk_commits_repository_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_commits")),
        sa.UniqueConstraint("repository_id", "key", name=op.f("uq_commits_repository_id_key")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_commits_author_id"), "commits", ["author_id"], unique=False)
    op.create_index(
        "ix_commits_repository_id_created_at",
        "commits",
        ["repository_id", "created_at", "id"],
        unique=False,
    )
    op.create_table(
        "deploys",
        sa.Column("id", _ID, nullable=False),
        sa.Column("organization_id", _ID, nullable=False),
        sa.Column("release_id", _ID, nullable=False),
        sa.Column("environment_id", _ID, nullable=False),
        sa.Column("name", sa.String(length=64), nullable=True),
        sa.Column("url", sa.String(length=200), nullable=True),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("is_announced", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["environment_id"],
            ["environments.id"],
            name=op.f("fk_deploys_environment_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"],
            ["organizations.id"],
            name=op.f("fk_deploys_organization_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["release_id"], ["releases.id"], name=op.f("fk_deploys_release_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_deploys")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_deploys_environment_id"), "deploys", ["environment_id"], unique=False)
    op.create_index(
        op.f("ix_deploys_organization_id"), "deploys", ["organization_id"], unique=False
    )
    op.create_index(
        "ix_deploys_release_id_finished_at",
        "deploys",
        ["release_id", "finished_at", "id"],
        unique=False,
    )
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
        "project_environments",
        sa.Column("project_id", _ID, nullable=False),
        sa.Column("environment_id", _ID, nullable=False),
        sa.ForeignKeyConstraint(
            ["environment_id"],
            ["environments.id"],
            name=op.f("fk_project_environments_environment_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["project_id"],
            ["projects.id"],
            name=op.f("fk_project_environments_project_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint(
            "project_id", "environment_id", name=op.f("pk_project_environments")
        ),
    )
    op.create_index(
        op.f("ix_project_environments_environment_id"),
        "project_environments",
        ["environment_id"],
        unique=False,
    )
    op.create_table(
        "project_keys",
        sa.Column("id", _ID, nullable=False),
        sa.Column("project_id", _ID, nullable=False),
        sa.Column("public_key", sa.String(length=32), nullable=False),
        sa.Column("secret_key", sa.String(length=32), nullable=False),
        sa.Column("label", sa.String(length=64), nullable=False),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["project_id"],
            ["projects.id"],
            name=op.f("fk_project_keys_project_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_project_keys")),
        sa.UniqueConstraint("public_key", name=op.f("uq_project_keys_public_key")),
        sqlite_autoincrement=True,
    )
    op.create_index(
        op.f("ix_project_keys_project_id"), "project_keys", ["project_id"], unique=False
    )
    op.create_table(
        "project_platforms",
        sa.Column("project_id", _ID, nullable=False),
        sa.Column("platform", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(
            ["project_id"],
            ["projects.id"],
            name=op.f("fk_project_platforms_project_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("project_id", "platform", name=op.f("pk_project_platforms")),
    )
    op.create_table(
        "project_teams",
        sa.Column("project_id", _ID, nullable=False),
        sa.Column("team_id", _ID, nullable=False),
        sa.ForeignKeyConstraint(
            ["project_id"],
            ["projects.id"],
            name=op.f("fk_project_teams_project_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["team_id"], ["teams.id"], name=op.f("fk_project_teams_team_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("project_id", "team_id", name=op.f("pk_project_teams")),
    )
    op.create_index(op.f("ix_project_teams_team_id"), "project_teams", ["team_id"], unique=False)
    op.create_table(
        "release_activities",
        sa.Column("id", _ID, nullable=False),
        sa.Column("organization_id", _ID, nullable=False),
        sa.Column("project_id", _ID, nullable=False),
        sa.Column("type", sa.String(length=32), nullable=False),
        sa.Column("version", sa.String(length=250), nullable=False),
        sa.Column("user_id", _ID, nullable=True),
        sa.Column("happened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("details", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id"],
            ["organizations.id"],
            name=op.f("fk_release_activities_organization_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["project_id"],
            ["projects.id"],
            name=op.f("fk_release_activities_project_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["user_id"],
            ["users.id"],
            name=op.f("fk_release_activities_user_id"),
            ondelete="SET NULL",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_release_activities")),
        sqlite_autoincrement=True,
    )
    op.create_index(
        "ix_release_activities_organization_id_version",
        "release_activities",
        ["organization_id", "version"],
        unique=False,
    )
    op.create_index(
        "ix_release_activities_project_id_happened_at",
        "release_activities",
        ["project_id", "happened_at"],
        unique=False,
    )
    op.create_index(
        op.f("ix_release_activities_user_id"), "release_activities", ["user_id"], unique=False
    )
    op.create_table(
        "release_environments",
        sa.Column("release_id", _ID, nullable=False),
        sa.Column("project_id", _ID, nullable=False),
        sa.Column("environment_id", _ID, nullable=False),
        sa.Column("new_issue_count", sa.Integer(), nullable=False),
        sa.Column("first_seen_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_seen_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_deploy_id", _ID, nullable=True),
        sa.ForeignKeyConstraint(
            ["environment_id"],
            ["environments.id"],
            name=op.f("fk_release_environments_environment_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["project_id"],
            ["projects.id"],
            name=op.f("fk_release_environments_project_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["release_id"],
            ["releases.id"],
            name=op.f("fk_release_environments_release_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint(
            "release_id", "project_id", "environment_id", name=op.f("pk_release_environments")
        ),
    )
    op.create_index(
        op.f("ix_release_environments_environment_id"),
        "release_environments",
        ["environment_id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_release_environments_project_id"),
        "release_environments",
        ["project_id"],
        unique=False,
    )
    op.create_table(
        "release_projects",
        sa.Column("release_id", _ID, nullable=False),
        sa.Column("project_id", _ID, nullable=False),
        sa.Column("new_issue_count", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["project_id"],
            ["projects.id"],
            name=op.f("fk_release_projects_project_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["release_id"],
            ["releases.id"],
            name=op.f("fk_release_projects_release_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("release_id", "project_id", name=op.f("pk_release_projects")),
    )
    op.create_index(
        op.f("ix_release_projects_project_id"), "release_projects", ["project_id"], unique=False
    )
    op.create_table(
        "team_members",
        sa.Column("team_id", _ID, nullable=False),
        sa.Column("member_id", _ID, nullable=False),
        sa.ForeignKeyConstraint(
            ["member_id"],
            ["members.id"],
            name=op.f("fk_team_members_member_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["team_id"], ["teams.id"], name=op.f("fk_team_members_team_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("team_id", "member_id", name=op.f("pk_team_members")),
    )
    op.create_index(op.f("ix_team_members_member_id"), "team_members", ["member_id"], unique=False)
    op.create_table(
        "changed_files",
        sa.Column("id", _ID, nullable=False),
        sa.Column("commit_id", _ID, nullable=False),
        sa.Column("filename", sa.Text(), nullable=False),
        sa.Column("change", sa.String(length=1), nullable=False),
        sa.ForeignKeyConstraint(
            ["commit_id"],
            ["commits.id"],
            name=op.f("fk_changed_files_commit_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_changed_files")),
        sa.UniqueConstraint(
            "commit_id", "filename", name=op.f("uq_changed_files_commit_id_filename")
        ),
        sqlite_autoincrement=True,
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
        "release_commits",
        sa.Column("release_id", _ID, nullable=False),
        sa.Column("commit_id", _ID, nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["commit_id"],
            ["commits.id"],
            name=op.f("fk_release_commits_commit_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["release_id"],
            ["releases.id"],
            name=op.f("fk_release_commits_release_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("release_id", "commit_id", name=op.f("pk_release_commits")),
        sa.UniqueConstraint(
            "release_id", "position", name=op.f("uq_release_commits_release_id_position")
        ),
    )
    op.create_index(
        op.f("ix_release_commits_commit_id"), "release_commits", ["commit_id"], unique=False
    )
    op.create_table(
        "release_heads",
        sa.Column("release_id", _ID, nullable=False),
        sa.Column("repository_id", _ID, nullable=False),
        sa.Column("commit_id", _ID, nullable=False),
        sa.ForeignKeyConstraint(
            ["commit_id"],
            ["commits.id"],
            name=op.f("fk_release_heads_commit_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["release_id"],
            ["releases.id"],
            name=op.f("fk_release_heads_release_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["repository_id"],
            ["repositories.id"],
            name=op.f("fk_release_heads_repository_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("release_id", "repository_id", name=op.f("pk_release_heads")),
    )
    op.create_index(
        op.f("ix_release_heads_commit_id"), "release_heads", ["commit_id"], unique=False
    )
    op.create_index(
        op.f("ix_release_heads_repository_id"), "release_heads", ["repository_id"], unique=False
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

    op.drop_index(op.f("ix_resolutions_user_id"), table_name="resolutions")
    op.drop_index(op.f("ix_resolutions_release_id"), table_name="resolutions")
    op.drop_table("resolutions")
    op.drop_index(op.f("ix_release_heads_repository_id"), table_name="release_heads")
    op.drop_index(op.f("ix_release_heads_commit_id"), table_name="release_heads")
    op.drop_table("release_heads")
    op.drop_index(op.f("ix_release_commits_commit_id"), table_name="release_commits")
    op.drop_table("release_commits")
    op.drop_table("issue_users")
    op.drop_index(op.f("ix_issue_subscriptions_user_id"), table_name="issue_subscriptions")
    op.drop_table("issue_subscriptions")
    op.drop_index(op.f("ix_issue_releases_release_id"), table_name="issue_releases")
    op.drop_index(op.f("ix_issue_releases_environment_id"), table_name="issue_releases")
    op.drop_table("issue_releases")
    op.drop_index(op.f("ix_issue_history_user_id"), table_name="issue_history")
    op.drop_index(op.f("ix_issue_history_release_id"), table_name="issue_history")
    op.drop_index("ix_issue_history_issue_id_happened_at", table_name="issue_history")
    op.drop_table("issue_history")
    op.drop_index(op.f("ix_issue_hashes_issue_id"), table_name="issue_hashes")
    op.drop_table("issue_hashes")
    op.drop_index(op.f("ix_issue_environments_first_release_id"), table_name="issue_environments")
    op.drop_index(op.f("ix_issue_environments_environment_id"), table_name="issue_environments")
    op.drop_table("issue_environments")
    op.drop_index(op.f("ix_issue_commits_commit_id"), table_name="issue_commits")
    op.drop_table("issue_commits")
    op.drop_index(op.f("ix_issue_activities_user_id"), table_name="issue_activities")
    op.drop_index("ix_issue_activities_issue_id_happened_at", table_name="issue_activities")
    op.drop_table("issue_activities")
    op.drop_index(op.f("ix_inbox_added_at"), table_name="inbox")
    op.drop_table("inbox")
    op.drop_index(op.f("ix_events_release_id"), table_name="events")
    op.drop_index("ix_events_issue_id_happened_at", table_name="events")
    op.drop_index(op.f("ix_events_environment_id"), table_name="events")
    op.drop_table("events")
    op.drop_table("changed_files")
    op.drop_index(op.f("ix_team_members_member_id"), table_name="team_members")
    op.drop_table("team_members")
    op.drop_index(op.f("ix_release_projects_project_id"), table_name="release_projects")
    op.drop_table("release_projects")
    op.drop_index(op.f("ix_release_environments_project_id"), table_name="release_environments")
    op.drop_index(op.f("ix_release_environments_environment_id"), table_name="release_environments")
    op.drop_table("release_environments")
    op.drop_index(op.f("ix_release_activities_user_id"), table_name="release_activities")
    op.drop_index("ix_release_activities_project_id_happened_at", table_name="release_activities")
    op.drop_index("ix_release_activities_organization_id_version", table_name="release_activities")
    op.drop_table("release_activities")
    op.drop_index(op.f("ix_project_teams_team_id"), table_name="project_teams")
    op.drop_table("project_teams")
    op.drop_table("project_platforms")
    op.drop_index(op.f("ix_project_keys_project_id"), table_name="project_keys")
    op.drop_table("project_keys")
    op.drop_index(op.f("ix_project_environments_environment_id"), table_name="project_environments")
    op.drop_table("project_environments")
    op.drop_index("ix_issues_project_id_last_seen_at", table_name="issues")
    op.drop_index(op.f("ix_issues_first_release_id"), table_name="issues")
    op.drop_table("issues")
    op.drop_index("ix_deploys_release_id_finished_at", table_name="deploys")
    op.drop_index(op.f("ix_deploys_organization_id"), table_name="deploys")
    op.drop_index(op.f("ix_deploys_environment_id"), table_name="deploys")
    op.drop_table("deploys")
    op.drop_index("ix_commits_repository_id_created_at", table_name="commits")
    op.drop_index(op.f("ix_commits_author_id"), table_name="commits")
    op.drop_table("commits")
    op.drop_index(op.f("ix_user_tokens_user_id"), table_name="user_tokens")
    op.drop_table("user_tokens")
    op.drop_index("uq_user_emails_email", table_name="user_emails")
    op.drop_index(op.f("ix_user_emails_user_id"), table_name="user_emails")
    op.drop_table("user_emails")
    op.drop_table("teams")
    op.drop_index(op.f("ix_sessions_user_id"), table_name="sessions")
    op.drop_index(op.f("ix_sessions_expires_at"), table_name="sessions")
    op.drop_table("sessions")
    op.drop_index(
        "uq_repositories_known_by_name",
        table_name="repositories",
        sqlite_where=sa.text("provider IS NULL AND status = 'active'"),
        postgresql_where=sa.text("provider IS NULL AND status = 'active'"),
    )
    op.drop_index("ix_repositories_organization_id_name", table_name="repositories")
    op.drop_table("repositories")
    op.drop_index(op.f("ix_releases_owner_id"), table_name="releases")
    op.drop_index("ix_releases_organization_id_created_at", table_name="releases")
    op.drop_table("releases")
    op.drop_table("projects")
    op.drop_index(op.f("ix_organization_tokens_organization_id"), table_name="organization_tokens")
    op.drop_index(op.f("ix_organization_tokens_created_by"), table_name="organization_tokens")
    op.drop_table("organization_tokens")
    op.drop_index(op.f("ix_members_user_id"), table_name="members")
    op.drop_table("members")
    op.drop_table("environments")
    op.drop_table("authors")
    op.drop_table("users")
    op.drop_table("organizations")
    op.drop_index("ix_jobs_run_at", table_name="jobs")
    op.drop_table("jobs")
