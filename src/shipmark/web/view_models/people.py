"""People: authors of commits, with the photos of those who are members, and the menu that assigns issues."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from sqlalchemy import Connection

from shipmark.avatars.model import OwnerKind, photo_path
from shipmark.issues.people import Assignee, AssigneeType
from shipmark.issues.store import assignable
from shipmark.organizations import store as organizations
from shipmark.repositories import store as repositories
from shipmark.web.request_context import Workspace

#: The size in which photos are loaded: twice the displayed size, for high-resolution screens.
PHOTO_PIXELS = 64
#: Menus have a button for each of up to so many members and teams, and else a field with suggestions.
BUTTONS_MAX = 12
#: The most members, and teams, that the field suggests; any other can be named by the address or slug.
SUGGESTIONS_MAX = 200


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


@dataclass(frozen=True, slots=True, kw_only=True)
class AssignMenu:
    """The choices of the menu: the reader, if they are one, and others as buttons, or as suggestions of a field."""

    me: Assignee | None
    buttons: Sequence[Assignee] = ()
    suggestions: Sequence[Assignee] = ()


def assign_menu(
    connection: Connection, workspace: Workspace, project_ids: Collection[int]
) -> AssignMenu:
    """Return the menu for issues of these projects, by two statements."""
    choices = assignable.candidates(
        connection, workspace.organization, project_ids, limit=SUGGESTIONS_MAX
    )
    me = next((choice for choice in choices if _is_reader(choice, workspace)), None)
    others = [choice for choice in choices if choice is not me]
    if len(others) > BUTTONS_MAX:
        return AssignMenu(me=me, suggestions=others)
    return AssignMenu(me=me, buttons=others)


def _is_reader(choice: Assignee, workspace: Workspace) -> bool:
    return choice.type is AssigneeType.USER and choice.id == workspace.user.id
