"""Settings and the audit log of organizations, use of tokens, settings and former slugs of projects."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Take the step."""
    _add_columns()
    _add_options()
    _add_audit_log()
    op.create_table(
        "project_redirects",
        sa.Column("organization_id", _ID, autoincrement=False, nullable=False),
        sa.Column("slug", sa.String(length=50), nullable=False),
        sa.Column("project_id", _ID, nullable=False),
        _key("project_redirects", "organization_id", "organizations"),
        _key("project_redirects", "project_id", "projects"),
        sa.PrimaryKeyConstraint("organization_id", "slug", name=op.f("pk_project_redirects")),
    )
    op.create_index(op.f("ix_project_redirects_project_id"), "project_redirects", ["project_id"])


def downgrade() -> None:
    """Take it back."""
    for table in ("project_redirects", "audit_log", "project_options", "organization_options"):
        op.drop_table(table)
    for column in ("details", "rate_limit_window", "rate_limit_count"):
        op.drop_column("project_keys", column)
    for column in ("last_project_id", "last_used_at"):
        op.drop_column("organization_tokens", column)
    for column in ("writes_alerts", "deletes_events", "flags", "default_role", "status"):
        op.drop_column("organizations", column)


def _add_columns() -> None:
    for name, kind, default in (
        ("status", sa.String(length=24), sa.text("'active'")),
        ("default_role", sa.String(length=32), sa.text("'member'")),
        ("flags", sa.Integer(), sa.text("0")),
        ("deletes_events", sa.Boolean(), sa.true()),
        ("writes_alerts", sa.Boolean(), sa.true()),
    ):
        op.add_column(
            "organizations", sa.Column(name, kind, nullable=False, server_default=default)
        )
    op.add_column("organization_tokens", sa.Column("last_used_at", _MOMENT, nullable=True))
    op.add_column("organization_tokens", sa.Column("last_project_id", _ID, nullable=True))
    for name in ("rate_limit_count", "rate_limit_window"):
        op.add_column("project_keys", sa.Column(name, sa.Integer(), nullable=True))
    op.add_column(
        "project_keys",
        sa.Column("details", sa.Text(), nullable=False, server_default=sa.text("'{}'")),
    )


def _add_options() -> None:
    for owner in ("organization", "project"):
        table = f"{owner}_options"
        op.create_table(
            table,
            sa.Column(f"{owner}_id", _ID, autoincrement=False, nullable=False),
            sa.Column("key", sa.String(length=64), nullable=False),
            sa.Column("value", sa.Text(), nullable=False),
            _key(table, f"{owner}_id", f"{owner}s"),
            sa.PrimaryKeyConstraint(f"{owner}_id", "key", name=op.f(f"pk_{table}")),
        )


def _add_audit_log() -> None:
    op.create_table(
        "audit_log",
        sa.Column("id", _ID, nullable=False),
        sa.Column("organization_id", _ID, nullable=False),
        sa.Column("event", sa.Integer(), nullable=False),
        sa.Column("actor_id", _ID, nullable=True),
        sa.Column("actor_label", sa.Text(), nullable=False),
        sa.Column("ip_address", sa.String(length=64), nullable=True),
        sa.Column("target_id", _ID, nullable=True),
        sa.Column("target_user_id", _ID, nullable=True),
        sa.Column("data", sa.Text(), nullable=False),
        sa.Column("created_at", _MOMENT, nullable=False),
        _key("audit_log", "organization_id", "organizations"),
        _key("audit_log", "actor_id", "users", ondelete="SET NULL"),
        _key("audit_log", "target_user_id", "users", ondelete="SET NULL"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_log")),
        sqlite_autoincrement=True,
    )
    op.create_index(
        "ix_audit_log_organization_id_created_at",
        "audit_log",
        ["organization_id", "created_at", "id"],
    )
    for column in ("actor_id", "target_user_id"):
        op.create_index(op.f(f"ix_audit_log_{column}"), "audit_log", [column])


def _key(
    table: str, column: str, target: str, ondelete: str = "CASCADE"
) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        [column], [f"{target}.id"], name=op.f(f"fk_{table}_{column}"), ondelete=ondelete
    )
