"""States of assembling, stored for ten minutes (files-and-avatars.md 5.1)."""

from collections.abc import Collection
from datetime import datetime, timedelta

import sqlalchemy as sa

from shipmark.artifacts.model import AssembleKey, AssembleKind, AssembleState, Assembly
from shipmark.infrastructure import database as db

RETENTION = timedelta(seconds=600)


#: The time after which an unfinished assembling counts as aborted, with its process.
ASSEMBLING_LENGTH = timedelta(seconds=120)


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
    query = sa.select(
        assemblies.c.state, assemblies.c.detail, assemblies.c.reason, assemblies.c.updated_at
    ).where(*_is(assemble_key), assemblies.c.updated_at > at - RETENTION)
    row = connection.execute(query).first()
    return _assembly(*row, at) if row else None


def find_all(
    connection: sa.Connection, assemble_keys: Collection[AssembleKey], at: datetime
) -> dict[str, Assembly]:
    """Return the unexpired states by key; all keys have the same kind and scope."""
    if not assemble_keys:
        return {}
    first = next(iter(assemble_keys))
    query = (
        sa.select(
            assemblies.c.key,
            assemblies.c.state,
            assemblies.c.detail,
            assemblies.c.reason,
            assemblies.c.updated_at,
        )
        .join(_KEYS, _KEYS.c.key == assemblies.c.key)
        .where(
            assemblies.c.kind == first.kind.value,
            assemblies.c.scope_id == first.scope_id,
            assemblies.c.updated_at > at - RETENTION,
        )
    )
    result = connection.execute(
        query, db.rows_param("given_keys", ([assemble_key.key] for assemble_key in assemble_keys))
    )
    content = {
        key: _assembly(state, detail, reason, updated_at, at)
        for key, state, detail, reason, updated_at in result
    }
    return {key: assembly for key, assembly in content.items() if assembly is not None}


def _assembly(
    state: str, detail: str | None, reason: str | None, updated_at: datetime, at: datetime
) -> Assembly | None:
    is_going = state in {AssembleState.CREATED, AssembleState.ASSEMBLING}
    if is_going and updated_at <= at - ASSEMBLING_LENGTH:
        return None
    return Assembly(state=AssembleState(state), detail=detail, reason=reason)


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
    content: dict[str, object] = {"state": assembly.state.value, "detail": assembly.detail}
    content |= {"reason": assembly.reason, "updated_at": at}
    row: dict[str, object] = {"kind": assemble_key.kind.value, "scope_id": assemble_key.scope_id}
    row |= {"key": assemble_key.key, "sha1": assemble_key.sha1}
    keys = ("kind", "scope_id", "key")
    statement = db.upsert(assemblies).values(row | content)
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
    kinds = [
        assemble_kind.value
        for assemble_kind in AssembleKind
        if assemble_kind is not AssembleKind.DEBUG_FILE
    ]
    statement = sa.delete(assemblies).where(
        assemblies.c.kind.in_(kinds), assemblies.c.scope_id == organization_id
    )
    connection.execute(statement)


def delete_of_files(connection: sa.Connection, sha1s: Collection[str]) -> None:
    """Delete the states of deleted files."""
    statement = sa.delete(assemblies).where(assemblies.c.sha1.in_(sa.select(_SHA1S.c.sha1)))
    connection.execute(statement, db.rows_param("given_sha1s", ([each] for each in sorted(sha1s))))


def delete_old(connection: sa.Connection, at: datetime) -> None:
    """Delete expired states."""
    connection.execute(sa.delete(assemblies).where(assemblies.c.updated_at <= at - RETENTION))


def _is(assemble_key: AssembleKey) -> list[sa.ColumnElement[bool]]:
    return [
        assemblies.c.kind == assemble_key.kind.value,
        assemblies.c.scope_id == assemble_key.scope_id,
        assemblies.c.key == assemble_key.key,
    ]
