"""The team object (auth-and-errors.md 8.5)."""

from collections.abc import Collection
from datetime import datetime

import msgspec

from shipmark.api.wire import Wire
from shipmark.api.wire.avatar import AvatarJson, avatar_json
from shipmark.avatars.model import OwnerKind
from shipmark.organizations.model import Team


class TeamFlagsJson(msgspec.Struct):
    """How a team came to be. Nobody provides identities here."""

    is_provisioned: bool = msgspec.field(name="idp:provisioned", default=False)


class WholeTeamJson(Wire):
    """A team by itself."""

    id: str
    slug: str
    name: str
    date_created: datetime
    is_member: bool
    team_role: str | None
    flags: TeamFlagsJson
    access: list[str]
    has_access: bool
    is_pending: bool
    member_count: int
    avatar: AvatarJson
    org_role: str | None


def team_json(
    team: Team, scopes: Collection[str], address: str, *, is_member: bool, member_count: int
) -> WholeTeamJson:
    """A team as somebody with those scopes sees it; ``address`` is where this server is reached."""
    return WholeTeamJson(
        id=str(team.id),
        slug=team.slug,
        name=team.name,
        date_created=team.created_at,
        is_member=is_member,
        team_role="contributor" if is_member else None,
        flags=TeamFlagsJson(),
        access=sorted(scopes),
        has_access=True,
        is_pending=False,
        member_count=member_count,
        avatar=avatar_json(team.avatar, OwnerKind.TEAM, address),
        org_role=None,
    )
