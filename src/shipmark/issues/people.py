"""People around issues: to whom they are assigned, and who comments on them."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Self

from shipmark.accounts.model import EMAIL_MAX, User
from shipmark.avatars.model import LETTERS, Avatar
from shipmark.organizations.model import Team

#: The first character of a team's slug where an assignee is named.
TEAM_SIGN = "#"
#: The longest name of an assignee is an address.
ASSIGNEE_MAX = EMAIL_MAX


class AssigneeType(StrEnum):
    """What issues are assigned to, with the protocol's names (groups-api.md 3.1)."""

    USER = "user"
    TEAM = "team"


@dataclass(frozen=True, slots=True, kw_only=True)
class Assignee:
    """The user or the team that an issue is assigned to. The name of a team is its slug."""

    type: AssigneeType
    id: int
    name: str
    email: str | None = None
    avatar: Avatar = LETTERS

    @classmethod
    def of_user(cls, user: User) -> Self:
        """Return the user as an assignee."""
        return cls(
            type=AssigneeType.USER,
            id=user.id,
            name=user.display_name,
            email=user.email,
            avatar=user.avatar,
        )

    @classmethod
    def of_team(cls, team: Team) -> Self:
        """Return the team as an assignee."""
        return cls(type=AssigneeType.TEAM, id=team.id, name=team.slug, avatar=team.avatar)

    @property
    def identifier(self) -> str:
        """Return the text by which a request names the assignee."""
        return f"{self.type.value}:{self.id}"


@dataclass(frozen=True, slots=True, kw_only=True)
class IssuePeople:
    """People around one issue, the number of their comments, and what a reader does with it.

    ``seen_at`` is when the reader saw it last, or None. ``subscribed_for`` is the number of the reason for which the
    reader is subscribed, or None.
    """

    assignee: Assignee | None
    comment_count: int
    seen_at: datetime | None
    is_bookmarked: bool
    subscribed_for: int | None

    @property
    def has_seen(self) -> bool:
        """Return True if the reader has seen the issue."""
        return self.seen_at is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class PeopleChange:
    """A change of the people around issues, as requested by a user. A value that is None stays.

    ``assigned_to`` names a user or a team (`assign.find_assignee`); an empty text removes assignees. The other values
    are of the acting user.
    """

    assigned_to: str | None = None
    has_seen: bool | None = None
    is_bookmarked: bool | None = None
    is_subscribed: bool | None = None


NO_PEOPLE_CHANGE = PeopleChange()


@dataclass(frozen=True, slots=True, kw_only=True)
class UserCondition:
    """Issues that one of these users has bookmarked, or is subscribed to; negated, all other issues."""

    user_ids: frozenset[int]
    is_negated: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class AssignmentCondition:
    """Issues that are assigned to one of these members or teams, or have no assignee; negated, all other issues."""

    member_ids: frozenset[int] = frozenset()
    team_ids: frozenset[int] = frozenset()
    includes_unassigned: bool = False
    is_negated: bool = False

    @property
    def names_any(self) -> bool:
        """Return True if it names members or teams."""
        return bool(self.member_ids or self.team_ids)

    @property
    def finds_assigned_only(self) -> bool:
        """Return True if unassigned issues don't match, so that lists begin at the assignments."""
        return self.is_negated is self.includes_unassigned
