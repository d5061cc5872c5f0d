"""What became of the deploys to an environment of several projects, at a moment."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from shipmark.delivery import store
from shipmark.delivery.classification import classify
from shipmark.delivery.model import ClassifiedDeploy
from shipmark.projects import store as projects

DEFAULT_ENVIRONMENT = "production"


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryReport:
    """The deploys by project, in the order of time, from some time before the period up to now.

    Of earlier ones than ``complete_since`` there are too many to be read with their commits.
    """

    deploys: Mapping[int, Sequence[ClassifiedDeploy]]
    complete_since: datetime


def report(
    connection: Connection,
    environment_id: int | None,
    project_ids: Collection[int],
    start: datetime,
    end: datetime,
    at: datetime,
) -> DeliveryReport:
    """Return what became of the deploys of a period, as known at a moment; none without an environment.

    What came up to `store.MARGIN` before or after the period decides, too. Deploys that are dated later than the moment
    wait.
    """
    if environment_id is None:
        return DeliveryReport(deploys={}, complete_since=start)
    until = min(end + store.MARGIN, at)
    record = store.record(connection, project_ids, environment_id, start, until)
    deploys = {
        project_id: classify(history, until) for project_id, history in record.histories.items()
    }
    return DeliveryReport(deploys=deploys, complete_since=record.complete_since)


def environment_id(connection: Connection, organization_id: int, name: str) -> int | None:
    """Return the id of the organization's environment with this name, or None."""
    named = projects.environments_named(connection, organization_id, {name})
    return named[0].id if named else None
