"""Repositories, releases and deploys."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")

_TABLES = (
    "changed_files",
    "release_commits",
    "authors",
    "releases",
    "repositories",
    "commits",
    "deploys",
    "release_activities",
    "release_environments",
    "release_projects",
    "release_heads",
)


def upgrade() -> None:
    """Take the step."""
    op.create_table(
        "changed_files",
        sa.Column("id", _ID, nullable=False),
        sa.Column("commit_id", _ID, nullable=False),
        sa.Column("filename", sa.Text(), nullable=False),
        sa.Column("change", sa.String(length=1), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_changed_files")),
        sa.UniqueConstraint(
            "commit_id", "filename", name=op.f("uq_changed_files_commit_id_filename")
        ),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "release_commits",
        sa.Column("release_id", _ID, nullable=False),
        sa.Column("commit_id", _ID, nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("release_id", "commit_id", name=op.f("pk_release_commits")),
        sa.UniqueConstraint(
            "release_id", "position", name=op.f("uq_release_commits_release_id_position")
        ),
    )
    op.create_index(
        op.f("ix_release_commits_commit_id"), "release_commits", ["commit_id"], unique=False
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
        "commits",
        sa.Column("id", _ID, nullable=False),
        sa.Column("organization_id", _ID, nullable=False),
        sa.Column("repository_id", _ID, nullable=False),
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("author_id", _ID, nullable=True),
        sa.Column("message", sa.Text(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
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


def downgrade() -> None:
    """Take it back."""
    for table in reversed(_TABLES):
        op.drop_table(table)
