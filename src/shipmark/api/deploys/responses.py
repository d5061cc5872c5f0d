"""The deploy object (releases.md 2.1)."""

from datetime import datetime

from shipmark.api.responses import Wire
from shipmark.deploys.model import Deploy


class DeployResponse(Wire):
    """A release put into an environment."""

    id: str
    environment: str
    date_started: datetime | None
    date_finished: datetime
    name: str | None
    url: str | None


def deploy_response(deploy: Deploy) -> DeployResponse:
    """Return a deploy as the API shows it."""
    return DeployResponse(
        id=str(deploy.id),
        environment=deploy.environment,
        date_started=deploy.started_at,
        date_finished=deploy.finished_at,
        name=deploy.name,
        url=deploy.url,
    )
