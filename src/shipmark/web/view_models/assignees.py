"""The menu that assigns issues."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection

from shipmark.issues.people import Assignee, AssigneeType
from shipmark.issues.store import assignable
from shipmark.web.request_context import Workspace

#: Menus have a button for each of up to so many members and teams, and else a field with suggestions.
BUTTONS_MAX = 12
#: The most members, and teams, that the field suggests; any other can be named by the address or slug.
SUGGESTIONS_MAX = 200


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
