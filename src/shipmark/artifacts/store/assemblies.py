"""States of assembling, stored for ten minutes (files-and-avatars.md 5.1)."""

from collections.abc import Collection
from dataclasses import asdict
from datetime import datetime, timedelta

import sqlalchemy as sa

from shipmark.artifacts.model import AssembleKey, AssembleKind, AssembleState, Assembly
from shipmark.infrastructure import database as db

RETENTION = timedelta(seconds=600)
#: The time after which an unfinished assembling counts as aborted, with its process.
ASSEMBLING_LENGTH = timedelta(seconds=120)
_UNFINISHED = (AssembleState.CREATED.value, AssembleState.ASSEMBLING.value)


class AssemblyColumns(sa.TypedColumns):
    """The state of an assembling; ``scope_id`` is an organization or a project, ``key`` a digest of the request."""

    kind = sa.Column(sa.String(40), primary_key=True)
    scope_id = sa.Column(db.Id, primary_key=True)
    key = sa.Column(sa.String(40), primary_key=True)
    sha1 = sa.Column(sa.String(40), nullable=False, index=True)
    state = sa.Column(sa.String(16), nullable=False)
    detail = sa.Column(sa.Text)
    reason = sa.Column(sa.Text)
    updated_at = sa.Column(db.UtcDateTime, nullable=False, index=True)


assemblies = sa.Table("assemblies", db.metadata, AssemblyColumns)
_SHA1S = db.json_rows("given_sha1s", sha1=sa.Text())
_KEYS = db.json_rows("given_keys", key=sa.Text())


def find(connection: sa.Connection, assemble_key: AssembleKey, at: datetime) -> Assembly | None:
    """Return the state of the assembling, or None if it is missing or expired."""
    return find_all(connection, [assemble_key], at).get(assemble_key.key)


def find_all(
    connection: sa.Connection, assemble_keys: Collection[AssembleKey], at: datetime
) -> dict[str, Assembly]:
    """Return the unexpired states by key; all keys have the same kind and scope."""
    if not assemble_keys:
        return {}
    first = next(iter(assemble_keys))
    columns = assemblies.c
    query = (
        sa.select(columns.key, columns.state, columns.detail, columns.reason)
        .join(_KEYS, _KEYS.c.key == columns.key)
        .where(columns.kind == first.kind.value, columns.scope_id == first.scope_id)
        .where(columns.updated_at > at - RETENTION)
        .where(columns.state.not_in(_UNFINISHED) | (columns.updated_at > at - ASSEMBLING_LENGTH))
    )
    parameters = db.rows_param("given_keys", ([key.key] for key in assemble_keys))
    return {
        key: Assembly(state=AssembleState(state), detail=detail, reason=reason)
        for key, state, detail, reason in connection.execute(query, parameters)
    }


def begin(connection: sa.Connection, assemble_key: AssembleKey, at: datetime) -> bool:
    """Mark a file as being assembled. Return False if another request is assembling it."""
    current = find(connection, assemble_key, at)
    if current is not None and current.state is AssembleState.ASSEMBLING:
        return False
    record(connection, assemble_key, Assembly(state=AssembleState.ASSEMBLING), at)
    return True


def record(
    connection: sa.Connection, assemble_key: AssembleKey, assembly: Assembly, at: datetime
) -> None:
    """Store the state of an assembling."""
    content = asdict(assembly) | {"state": assembly.state.value, "updated_at": at}
    row = asdict(assemble_key) | {"kind": assemble_key.kind.value} | content
    keys = ("kind", "scope_id", "key")
    statement = db.upsert(assemblies).values(row)
    connection.execute(statement.on_conflict_do_update(index_elements=keys, set_=content))


def delete_one(connection: sa.Connection, assemble_key: AssembleKey) -> None:
    """Delete a state, so that the client can try again at once."""
    connection.execute(sa.delete(assemblies).where(*_is(assemble_key)))


def delete_all(connection: sa.Connection, kind: AssembleKind, scope_id: int) -> None:
    """Delete all states of a kind in a scope, as their files may be deleted."""
    statement = sa.delete(assemblies).where(
        assemblies.c.kind == kind.value, assemblies.c.scope_id == scope_id
    )
    connection.execute(statement)


def delete_of_organization(connection: sa.Connection, organization_id: int) -> None:
    """Delete the states of an organization; those of its projects expire in ten minutes."""
    kinds = [kind.value for kind in AssembleKind if kind is not AssembleKind.DEBUG_FILE]
    statement = sa.delete(assemblies).where(
        assemblies.c.kind.in_(kinds), assemblies.c.scope_id == organization_id
    )
    connection.execute(statement)


def delete_of_files(connection: sa.Connection, sha1s: Collection[str]) -> None:
    """Delete the states of deleted files."""
    statement = sa.delete(assemblies).where(assemblies.c.sha1.in_(sa.select(_SHA1S.c.sha1)))
    connection.execute(statement, db.values_param("given_sha1s", sha1s))


def delete_old(connection: sa.Connection, at: datetime) -> None:
    """Delete expired states."""
    connection.execute(sa.delete(assemblies).where(assemblies.c.updated_at <= at - RETENTION))


def _is(assemble_key: AssembleKey) -> list[sa.ColumnElement[bool]]:
    return [
        assemblies.c.kind == assemble_key.kind.value,
        assemblies.c.scope_id == assemble_key.scope_id,
        assemblies.c.key == assemble_key.key,
    ]
