"""The table of authors of commits."""

from collections.abc import Collection

from sqlalchemy import (
    Column,
    Connection,
    ForeignKey,
    String,
    Table,
    Text,
    TypedColumns,
    UniqueConstraint,
    bindparam,
    func,
    select,
)

from shipmark.infrastructure.database import (
    IDS,
    Id,
    ids_param,
    json_rows,
    metadata,
    rows_param,
    upsert,
)
from shipmark.organizations.store import MEMBER_ADDRESSES
from shipmark.repositories.model import Author


class AuthorColumns(TypedColumns):
    """An author, by address in lower case."""

    id = Column(Id, primary_key=True)
    organization_id = Column(Id, ForeignKey("organizations.id", ondelete="CASCADE"), nullable=False)
    name = Column(String(128))
    email = Column(String(200), nullable=False)


authors = Table(
    "authors",
    metadata,
    AuthorColumns,
    UniqueConstraint("organization_id", "email"),
    sqlite_autoincrement=True,
)

_PEOPLE = json_rows("people", email=Text(), name=Text())

_GIVEN_AUTHORS = upsert(authors).from_select(
    ["organization_id", "email", "name"],
    select(bindparam("organization_id", type_=Id), _PEOPLE.c.email, _PEOPLE.c.name).order_by(
        _PEOPLE.c.email
    ),
)
_ENSURE_AUTHORS = _GIVEN_AUTHORS.on_conflict_do_update(
    index_elements=["organization_id", "email"],
    set_={"name": func.coalesce(_GIVEN_AUTHORS.excluded.name, authors.c.name)},
).returning(authors.c.email, authors.c.id)
_AUTHORS_BY_IDS = select(authors.c.id, authors.c.name, authors.c.email).join(
    IDS, IDS.c.id == authors.c.id
)

_MEMBERS = MEMBER_ADDRESSES.subquery("author_members")
_WITH_MEMBERS = _AUTHORS_BY_IDS.add_columns(_MEMBERS.c.user_id).outerjoin(
    _MEMBERS, _MEMBERS.c.email == authors.c.email
)


def ensure_authors(
    connection: Connection, organization_id: int, names: dict[str, str | None]
) -> dict[str, int]:
    """Return the id of the author of each address, created if missing; a name replaces the stored one."""
    if not names:
        return {}
    parameters = rows_param("people", sorted(names.items())) | {"organization_id": organization_id}
    result = connection.execute(_ENSURE_AUTHORS, parameters)
    return {email: author_id for email, author_id in result}


def authors_by_ids(connection: Connection, author_ids: Collection[int]) -> dict[int, Author]:
    """Return the authors with these ids, by id."""
    if not author_ids:
        return {}
    rows = connection.execute(_AUTHORS_BY_IDS, ids_param(author_ids))
    return {row[0]: Author(id=row[0], name=row[1], email=row[2]) for row in rows}


def authors_with_members(
    connection: Connection, organization_id: int, author_ids: Collection[int]
) -> tuple[dict[int, Author], dict[str, int]]:
    """Return the authors by id, and by email address the active members who have verified it, in one statement."""
    if not author_ids:
        return {}, {}
    parameters = ids_param(author_ids) | {"organization_id": organization_id}
    rows = connection.execute(_WITH_MEMBERS, parameters).all()
    return (
        {id_: Author(id=id_, name=name, email=email) for id_, name, email, _ in rows},
        {email: user_id for _, _, email, user_id in rows if user_id is not None},
    )
