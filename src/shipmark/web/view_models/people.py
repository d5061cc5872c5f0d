"""Authors of commits, with the photos of those who are members."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from sqlalchemy import Connection

from shipmark.avatars.model import OwnerKind, photo_path
from shipmark.organizations import store as organizations
from shipmark.repositories import store as repositories

#: The size in which photos are loaded: twice the displayed size, for high-resolution screens.
PHOTO_PIXELS = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """An author; ``photo`` is the URL of a photo or None."""

    id: int
    name: str | None
    email: str
    photo: str | None


def people(
    connection: Connection,
    organization_id: int,
    author_ids: Collection[int | None],
    known: Mapping[int, Person] = MappingProxyType({}),
) -> Mapping[int, Person]:
    """Return the authors with these ids, of which None are left out, by two statements; none if all are known."""
    ids = {id_ for id_ in author_ids if id_ is not None}
    if ids <= known.keys():
        return known
    authors = repositories.authors_by_ids(connection, ids).values()
    addresses = {author.email for author in authors}
    avatars = organizations.avatars_by_email(connection, organization_id, addresses)
    photos = {email: photo_of(avatar.photo, OwnerKind.USER) for email, avatar in avatars.items()}
    return {
        author.id: Person(
            id=author.id, name=author.name, email=author.email, photo=photos.get(author.email)
        )
        for author in authors
    }


def photo_of(ident: str | None, owner: OwnerKind, pixels: int = PHOTO_PIXELS) -> str | None:
    """Return the URL of a small photo, or None if there is none."""
    return f"{photo_path(owner, ident)}?s={pixels}" if ident else None
