"""The table of authors of commits."""

from collections.abc import Collection

import sqlalchemy as sa

from shipmark.infrastructure import database as db
from shipmark.infrastructure.inserts import insert_rows
from shipmark.infrastructure.row_reader import RowReader
from shipmark.infrastructure.schema import parent, table
from shipmark.infrastructure.text_search import contains
from shipmark.organizations.store import MEMBER_ADDRESSES
from shipmark.repositories.model import Author


class AuthorColumns(sa.TypedColumns):
    """An author, by address in lower case."""

    id = sa.Column(db.Id, primary_key=True)
    organization_id = parent("organizations")
    name = sa.Column(sa.String(128))
    email = sa.Column(sa.String(200), nullable=False)


authors = table("authors", AuthorColumns, sa.UniqueConstraint("organization_id", "email"))

#: How many authors of an organization a search reads at most: no index knows the middle of names.
SEARCHED_MAX = 10_000

_INSERT = insert_rows(authors, "people", ("email", "name"), shared=("organization_id",))
_ENSURE_AUTHORS = _INSERT.on_conflict_do_update(
    index_elements=["organization_id", "email"],
    set_={"name": sa.func.coalesce(_INSERT.excluded.name, authors.c.name)},
).returning(authors.c.email, authors.c.id)
_AUTHOR = RowReader(Author, authors)
_AUTHORS_BY_IDS = _AUTHOR.select().join(db.IDS, db.IDS.c.id == authors.c.id)
#: The active members with the addresses that they have verified.
AUTHOR_MEMBERS = MEMBER_ADDRESSES.subquery("author_members")
_WITH_MEMBERS = _AUTHORS_BY_IDS.add_columns(AUTHOR_MEMBERS.c.user_id).outerjoin(
    AUTHOR_MEMBERS, AUTHOR_MEMBERS.c.email == authors.c.email
)


def ensure_authors(
    connection: sa.Connection, organization_id: int, names: dict[str, str | None]
) -> dict[str, int]:
    """Return the id of the author of each address, created if missing; a name replaces the stored one."""
    if not names:
        return {}
    rows = db.rows_param("people", sorted(names.items()))
    result = connection.execute(_ENSURE_AUTHORS, rows | {"organization_id": organization_id})
    return {email: author_id for email, author_id in result}


def authors_by_ids(connection: sa.Connection, author_ids: Collection[int]) -> dict[int, Author]:
    """Return the authors with these ids, by id."""
    return _AUTHOR.by_ids(connection, _AUTHORS_BY_IDS, author_ids)


def authors_like(
    connection: sa.Connection, organization_id: int, text: str, *, limit: int
) -> list[Author]:
    """Return authors whose name or address contains the text, in any case, of the first `SEARCHED_MAX` by address."""
    searched = (
        sa.select(authors)
        .where(authors.c.organization_id == organization_id)
        .order_by(authors.c.email)
        .limit(SEARCHED_MAX)
        .subquery("found")
    )
    query = (
        sa.select(*(searched.c[column.name] for column in _AUTHOR.columns))
        .where(sa.or_(contains(searched.c.email, text), contains(searched.c.name, text)))
        .limit(limit)
    )
    # Which authors are searched in a large organization matters little, and only the index's own order reads no more.
    return _AUTHOR.all(connection, query.execution_options(is_any_order=True))


def authors_with_members(
    connection: sa.Connection, organization_id: int, author_ids: Collection[int]
) -> tuple[dict[int, Author], dict[str, int]]:
    """Return the authors by id, and by email address the active members who have verified it, in one statement."""
    if not author_ids:
        return {}, {}
    parameters = db.ids_param(author_ids) | {"organization_id": organization_id}
    rows = connection.execute(_WITH_MEMBERS, parameters).all()
    return (
        {row[0]: _AUTHOR(row) for row in rows},
        {row.email: row.user_id for row in rows if row.user_id is not None},
    )
