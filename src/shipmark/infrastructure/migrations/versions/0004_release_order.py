"""What lists of releases are ordered and searched by, stored and indexed."""

import re

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_BYTEWISE = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
_ROWS = 1000
_COLUMNS = {
    "releases": ("package", "version_key", "build_code", "build_number", "shipped_at"),
    "release_projects": ("status", "created_at", "shipped_at", "version_key", "build_number"),
    "release_environments": ("status", "created_at"),
}
_INDEXES = (
    ("ix_releases_by_date", "releases"),
    ("ix_releases_by_version", "releases"),
    ("ix_releases_by_build", "releases"),
    ("ix_releases_of_package_by_date", "releases"),
    ("ix_releases_of_package_by_version", "releases"),
    ("ix_releases_with_commits", "releases"),
    ("ix_release_projects_by_date", "release_projects"),
    ("ix_release_projects_by_version", "release_projects"),
    ("ix_release_projects_by_build", "release_projects"),
    ("ix_release_projects_by_shipping", "release_projects"),
    ("ix_release_environments_by_date", "release_environments"),
)

# The rules as they were when this step was taken: a step must not change when they do.
_REFUSED = re.compile(r"[\x00-\x1f\x7f/\\]")
_HASH = re.compile(r"(?:[0-9A-Fa-f]{12}|[0-9A-Fa-f]{16}|[0-9A-Fa-f]{20}|[0-9A-Fa-f]{32}|[0-9A-Fa-f]{40}|[0-9A-Fa-f]{64})")
_IDENTIFIER = r"(?:0|[1-9][0-9]*|[0-9]*[A-Za-z-][0-9A-Za-z-]*)"
_VERSION = re.compile(
    r"(?P<numbers>[0-9]+(?:\.[0-9]+){0,3})"
    rf"(?:-(?P<dashed>{_IDENTIFIER}(?:\.{_IDENTIFIER})*)?|(?P<attached>[a-z][0-9A-Za-z-]*(?:\.{_IDENTIFIER})*))?"
    r"(?:\+(?P<build>[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*))?"
)


def upgrade() -> None:
    """Take the step."""
    _add_columns()
    _fill_releases()
    _fill_copies()
    with op.batch_alter_table("release_projects") as table:
        table.alter_column("status", existing_type=sa.String(16), nullable=False)
        table.alter_column("created_at", existing_type=sa.DateTime(timezone=True), nullable=False)
        table.alter_column("shipped_at", existing_type=sa.DateTime(timezone=True), nullable=False)
        table.alter_column("version_key", existing_type=_BYTEWISE, nullable=False)
    with op.batch_alter_table("release_environments") as table:
        table.alter_column("status", existing_type=sa.String(16), nullable=False)
        table.alter_column("created_at", existing_type=sa.DateTime(timezone=True), nullable=False)
    _add_indexes()


def _add_columns() -> None:
    op.add_column("releases", sa.Column("package", sa.Text()))
    op.add_column(
        "releases", sa.Column("version_key", _BYTEWISE, nullable=False, server_default=sa.text("''"))
    )
    op.add_column("releases", sa.Column("build_code", sa.Text()))
    op.add_column("releases", sa.Column("build_number", sa.BigInteger()))
    op.add_column("releases", sa.Column("shipped_at", sa.DateTime(timezone=True)))
    for table in ("release_projects", "release_environments"):
        op.add_column(table, sa.Column("status", sa.String(16)))
        op.add_column(table, sa.Column("created_at", sa.DateTime(timezone=True)))
    op.add_column("release_projects", sa.Column("shipped_at", sa.DateTime(timezone=True)))
    op.add_column("release_projects", sa.Column("version_key", _BYTEWISE))
    op.add_column("release_projects", sa.Column("build_number", sa.BigInteger()))


def _fill_releases() -> None:
    connection = op.get_bind()
    releases = sa.table(
        "releases",
        *(sa.column(name) for name in ("id", "version", "package", "version_key", "build_code", "build_number")),
    )
    connection.execute(sa.text("UPDATE releases SET shipped_at = coalesce(released_at, created_at)"))
    query = sa.select(releases.c.id, releases.c.version).order_by(releases.c.id).limit(_ROWS)
    change = (
        sa.update(releases)
        .where(releases.c.id == sa.bindparam("release"))
        .values(
            package=sa.bindparam("given_package"),
            version_key=sa.bindparam("given_key"),
            build_code=sa.bindparam("given_build"),
            build_number=sa.bindparam("given_number"),
        )
    )
    last = 0
    while rows := connection.execute(query.where(releases.c.id > last)).all():
        last = rows[-1][0]
        given = [{"release": i} | known for i, version in rows if (known := _semver(version))]
        if given:
            connection.execute(change, given)


def _fill_copies() -> None:
    connection = op.get_bind()
    for table in ("release_projects", "release_environments"):
        names = _COLUMNS[table]
        values = ", ".join(
            f"{name} = (SELECT r.{name} FROM releases AS r WHERE r.id = {table}.release_id)" for name in names
        )
        connection.execute(sa.text(f"UPDATE {table} SET {values}"))


def _semver(name: str) -> dict[str, object] | None:
    if _REFUSED.search(name):
        return None
    name = name.strip()
    start = 1 if name.startswith("@") else 0
    at = name.find("@", start)
    if at <= start or len(name.encode("utf-8", "surrogatepass")) > 200:
        return None
    raw = name[at + 1 :]
    match = _VERSION.fullmatch(raw)
    if match is None or _HASH.fullmatch(raw):
        return None
    numbers = [int(part) for part in match["numbers"].split(".")]
    if (match["attached"] and len(numbers) == 1) or max(numbers) > 2**63 - 1:
        return None
    numbers += [0] * (4 - len(numbers))
    build = match["build"]
    number = int(build) if build is not None and build.isdigit() else None
    return {
        "given_package": name[:at],
        "given_key": "".join(map(_number_key, numbers)) + _pre_key(match["dashed"] or match["attached"]),
        "given_build": build,
        "given_number": number if number is not None and number <= 2**63 - 1 else None,
    }


def _number_key(number: int) -> str:
    digits = str(number)
    return chr(ord("a") + len(digits) - 1) + digits


def _pre_key(pre: str | None) -> str:
    if pre is None:
        return "~"
    return "-" + "".join(f"0{len(it):03}{it} " if it.isdigit() else f"1{it} " for it in pre.split("."))


def _add_indexes() -> None:
    op.drop_index("ix_releases_organization_id_created_at", "releases")
    op.drop_index(op.f("ix_release_projects_project_id"), "release_projects")
    op.drop_index(op.f("ix_release_environments_environment_id"), "release_environments")
    end = ["created_at", "id"]
    _index("ix_releases_by_date", "releases", ["organization_id", "status", *end])
    _index("ix_releases_by_version", "releases", ["organization_id", "status", "version_key", *end])
    _index(
        "ix_releases_by_build",
        "releases",
        ["organization_id", "status", "build_number", *end],
        "build_number IS NOT NULL",
    )
    _index(
        "ix_releases_of_package_by_date",
        "releases",
        ["organization_id", "package", "status", *end],
        "package IS NOT NULL",
    )
    _index(
        "ix_releases_of_package_by_version",
        "releases",
        ["organization_id", "package", "status", "version_key", *end],
        "package IS NOT NULL",
    )
    _index(
        "ix_releases_with_commits",
        "releases",
        ["organization_id", "shipped_at", "id"],
        "last_commit_id IS NOT NULL",
    )
    start, end = ["project_id", "status"], ["created_at", "release_id"]
    _index("ix_release_projects_by_date", "release_projects", [*start, *end])
    _index("ix_release_projects_by_version", "release_projects", [*start, "version_key", *end])
    _index(
        "ix_release_projects_by_build",
        "release_projects",
        [*start, "build_number", *end],
        "build_number IS NOT NULL",
    )
    _index("ix_release_projects_by_shipping", "release_projects", [*start, "shipped_at", *end])
    _index(
        "ix_release_environments_by_date",
        "release_environments",
        ["environment_id", "project_id", "status", "created_at", "release_id"],
    )


def _index(name: str, table: str, columns: list[str], where: str | None = None) -> None:
    condition = sa.text(where) if where else None
    op.create_index(name, table, columns, sqlite_where=condition, postgresql_where=condition)


def downgrade() -> None:
    """Take it back."""
    for name, table in _INDEXES:
        op.drop_index(name, table)
    op.create_index(
        "ix_releases_organization_id_created_at", "releases", ["organization_id", "created_at", "id"]
    )
    op.create_index(op.f("ix_release_projects_project_id"), "release_projects", ["project_id"])
    op.create_index(
        op.f("ix_release_environments_environment_id"), "release_environments", ["environment_id"]
    )
    for table, names in _COLUMNS.items():
        for name in names:
            op.drop_column(table, name)
