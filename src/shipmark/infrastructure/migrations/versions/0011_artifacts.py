"""Release files, artifact bundles, debug files, and what is being assembled."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Take the step."""
    _bundles()
    _files()


def _bundles() -> None:
    op.create_table(
        "artifact_bundles",
        sa.Column("id", _ID, nullable=False),
        sa.Column("organization_id", _ID, nullable=False),
        sa.Column("bundle_id", sa.String(length=36), nullable=False),
        sa.Column("file_id", _ID, nullable=False),
        sa.Column("file_count", sa.Integer(), nullable=False),
        sa.Column("uploaded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["organization_id"], ["organizations.id"], name=op.f("fk_artifact_bundles_organization_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["file_id"], ["files.id"], name=op.f("fk_artifact_bundles_file_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_artifact_bundles")),
        sa.UniqueConstraint("organization_id", "bundle_id", name=op.f("uq_artifact_bundles_organization_id_bundle_id")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_artifact_bundles_file_id", "artifact_bundles", ["file_id"], unique=False)
    op.create_index("ix_artifact_bundles_used_at", "artifact_bundles", ["used_at"], unique=False)
    op.create_table(
        "bundle_projects",
        sa.Column("bundle_id", _ID, nullable=False),
        sa.Column("project_id", _ID, nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["bundle_id"], ["artifact_bundles.id"], name=op.f("fk_bundle_projects_bundle_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["project_id"], ["projects.id"], name=op.f("fk_bundle_projects_project_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("bundle_id", "project_id", name=op.f("pk_bundle_projects")),
    )
    op.create_index("ix_bundle_projects_project_id_changed_at", "bundle_projects", ["project_id", "changed_at", "bundle_id"], unique=False)
    op.create_index("ix_bundle_projects_project_id_used_at", "bundle_projects", ["project_id", "used_at", "bundle_id"], unique=False)
    op.create_table(
        "bundle_releases",
        sa.Column("bundle_id", _ID, nullable=False),
        sa.Column("version", sa.String(length=250), nullable=False),
        sa.Column("dist", sa.String(length=64), nullable=False),
        sa.Column("organization_id", _ID, nullable=False),
        sa.Column("release_id", _ID, nullable=True),
        sa.ForeignKeyConstraint(["organization_id"], ["organizations.id"], name=op.f("fk_bundle_releases_organization_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["bundle_id"], ["artifact_bundles.id"], name=op.f("fk_bundle_releases_bundle_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["release_id"], ["releases.id"], name=op.f("fk_bundle_releases_release_id")),
        sa.PrimaryKeyConstraint("bundle_id", "version", "dist", name=op.f("pk_bundle_releases")),
    )
    op.create_index("ix_bundle_releases_release_id", "bundle_releases", ["release_id"], unique=False)
    op.create_index("ix_bundle_releases_version", "bundle_releases", ["organization_id", "version", "dist", "bundle_id"], unique=False)
    op.create_table(
        "bundle_entries",
        sa.Column("bundle_id", _ID, nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("path", sa.Text(), nullable=False),
        sa.Column("url", sa.Text(), nullable=True),
        sa.Column("url_key", sa.String(length=16), nullable=True),
        sa.Column("base_key", sa.String(length=16), nullable=True),
        sa.Column("debug_id", sa.String(length=60), nullable=True),
        sa.Column("type", sa.Integer(), nullable=True),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("sha1", sa.String(length=40), nullable=True),
        sa.Column("headers", sa.Text(), nullable=False),
        sa.Column("offset", sa.BigInteger(), nullable=False),
        sa.Column("compressed", sa.BigInteger(), nullable=False),
        sa.Column("crc", sa.BigInteger(), nullable=False),
        sa.Column("is_deflated", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["bundle_id"], ["artifact_bundles.id"], name=op.f("fk_bundle_entries_bundle_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("bundle_id", "number", name=op.f("pk_bundle_entries")),
    )
    op.create_index("ix_bundle_entries_base_key", "bundle_entries", ["bundle_id", "base_key"], unique=False)
    op.create_index("ix_bundle_entries_debug_id", "bundle_entries", ["debug_id", "bundle_id"], unique=False, sqlite_where=sa.text("debug_id IS NOT NULL"), postgresql_where=sa.text("debug_id IS NOT NULL"))
    op.create_index("ix_bundle_entries_url_key", "bundle_entries", ["bundle_id", "url_key"], unique=False)


def _files() -> None:
    op.create_table(
        "release_files",
        sa.Column("id", _ID, nullable=False),
        sa.Column("release_id", _ID, nullable=False),
        sa.Column("file_id", _ID, nullable=False),
        sa.Column("ident", sa.String(length=40), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("dist", sa.String(length=64), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["file_id"], ["files.id"], name=op.f("fk_release_files_file_id")),
        sa.ForeignKeyConstraint(["release_id"], ["releases.id"], name=op.f("fk_release_files_release_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_release_files")),
        sa.UniqueConstraint("release_id", "ident", name=op.f("uq_release_files_release_id_ident")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_release_files_created_at", "release_files", ["created_at"], unique=False)
    op.create_index("ix_release_files_file_id", "release_files", ["file_id"], unique=False)
    op.create_table(
        "debug_files",
        sa.Column("id", _ID, nullable=False),
        sa.Column("project_id", _ID, nullable=False),
        sa.Column("file_id", _ID, nullable=False),
        sa.Column("sha1", sa.String(length=40), nullable=False),
        sa.Column("debug_id", sa.String(length=64), nullable=False),
        sa.Column("code_id", sa.String(length=64), nullable=True),
        sa.Column("cpu_name", sa.String(length=40), nullable=False),
        sa.Column("symbol_type", sa.String(length=40), nullable=False),
        sa.Column("object_name", sa.Text(), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=True),
        sa.Column("features", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["file_id"], ["files.id"], name=op.f("fk_debug_files_file_id")),
        sa.ForeignKeyConstraint(["project_id"], ["projects.id"], name=op.f("fk_debug_files_project_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_debug_files")),
        sa.UniqueConstraint("project_id", "sha1", "debug_id", name=op.f("uq_debug_files_project_id_sha1_debug_id")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_debug_files_file_id", "debug_files", ["file_id"], unique=False)
    op.create_index("ix_debug_files_project_id_code_id", "debug_files", ["project_id", "code_id"], unique=False)
    op.create_index("ix_debug_files_project_id_debug_id", "debug_files", ["project_id", "debug_id"], unique=False)
    op.create_index("ix_debug_files_project_id_id", "debug_files", ["project_id", "id"], unique=False)
    op.create_table(
        "proguard_releases",
        sa.Column("project_id", _ID, nullable=False),
        sa.Column("version", sa.String(length=250), nullable=False),
        sa.Column("debug_file_id", _ID, nullable=False),
        sa.Column("debug_id", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(["debug_file_id"], ["debug_files.id"], name=op.f("fk_proguard_releases_debug_file_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["project_id"], ["projects.id"], name=op.f("fk_proguard_releases_project_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("project_id", "version", "debug_id", name=op.f("pk_proguard_releases")),
    )
    op.create_index("ix_proguard_releases_debug_file_id", "proguard_releases", ["debug_file_id"], unique=False)
    op.create_table(
        "assemblies",
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("scope_id", _ID, nullable=False),
        sa.Column("key", sa.String(length=40), nullable=False),
        sa.Column("sha1", sa.String(length=40), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("detail", sa.Text(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("kind", "scope_id", "key", name=op.f("pk_assemblies")),
    )
    op.create_index("ix_assemblies_sha1", "assemblies", ["sha1"], unique=False)
    op.create_index("ix_assemblies_updated_at", "assemblies", ["updated_at"], unique=False)


def downgrade() -> None:
    """Take the step back."""
    for table in (
        "assemblies",
        "proguard_releases",
        "debug_files",
        "release_files",
        "bundle_entries",
        "bundle_releases",
        "bundle_projects",
        "artifact_bundles",
    ):
        op.drop_table(table)
