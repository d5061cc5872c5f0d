"""The users who recorded deploys."""

from collections.abc import Mapping, Sequence

from sqlalchemy import Connection

from shipmark.accounts import store as accounts
from shipmark.accounts.model import User
from shipmark.deploys.model import ProjectDeploy
from shipmark.releases.store import activity


def deployers(
    connection: Connection, deploys: Sequence[ProjectDeploy]
) -> Mapping[tuple[int, int], User]:
    """Return the user of each deploy by project and deploy; none for those of a token that is no user's."""
    moments = {(deploy.project_id, deploy.id): deploy.finished_at for deploy in deploys}
    user_ids = activity.users_of_deploys(connection, moments)
    users = accounts.by_ids(connection, set(user_ids.values()))
    return {key: users[user_id] for key, user_id in user_ids.items() if user_id in users}
