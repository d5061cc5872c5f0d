"""The users and tokens that recorded deploys."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection

from shipmark.accounts import store as accounts
from shipmark.accounts.model import User
from shipmark.deploys.model import ProjectDeploy
from shipmark.organizations import store as organizations
from shipmark.releases.model import ReleaseActivity
from shipmark.releases.store import activity


@dataclass(frozen=True, slots=True, kw_only=True)
class Deployer:
    """The user who recorded a deploy, or the name of the organization's token that did."""

    user: User | None = None
    token_name: str = ""


def deployers(
    connection: Connection, organization_id: int, deploys: Sequence[ProjectDeploy]
) -> Mapping[tuple[int, int], Deployer]:
    """Return the deployer of each deploy by project and deploy, if one is known."""
    moments = {(deploy.project_id, deploy.id): deploy.finished_at for deploy in deploys}
    recorded = activity.of_deploys(connection, moments)
    users = accounts.by_ids(
        connection, {each.user_id for each in recorded.values() if each.user_id}
    )
    names = token_names(connection, organization_id, recorded.values())
    known = {
        key: Deployer(
            user=users.get(each.user_id or 0),
            token_name=names.get(each.details.get("token_id"), ""),
        )
        for key, each in recorded.items()
    }
    return {key: each for key, each in known.items() if each.user or each.token_name}


def token_names(
    connection: Connection, organization_id: int, activities: Iterable[ReleaseActivity]
) -> Mapping[object, str]:
    """Return the names of the tokens by which these activities were recorded, by id."""
    ids = {each.details.get("token_id") for each in activities}
    known = [id_ for id_ in ids if isinstance(id_, int)]
    return dict(organizations.token_names(connection, organization_id, known).items())
