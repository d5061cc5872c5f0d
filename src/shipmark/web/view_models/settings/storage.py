"""The view model of the organization's storage, and of the artifacts that would be deleted."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection

from shipmark.debug_files.store import usage as artifact_usage
from shipmark.debug_files.store.usage import Sum
from shipmark.infrastructure import job_records
from shipmark.infrastructure.ids import id_of
from shipmark.infrastructure.job_records import JobState
from shipmark.projects.model import Project
from shipmark.usage import actions, store
from shipmark.usage.model import NOTHING, Amount, Measurement, ProjectUsage
from shipmark.web.request_context import Workspace

DAYS_MAX = 36_500
#: A measurement is not repeated earlier.
_PAUSE = timedelta(minutes=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class StoragePage:
    """The last measurement, with the projects that the user sees; the largest first."""

    measurement: Measurement | None
    rows: Sequence[tuple[Project, ProjectUsage]]
    events: Amount
    is_being_measured: bool
    may_be_measured: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class PruneForm:
    """The project and the days as typed, and the problems of the fields by name."""

    project: Project | None
    slug: str
    days: str
    problems: Mapping[str, str]

    @property
    def day_count(self) -> int:
        """Return the number of days. The form has no problems."""
        return int(self.days)


@dataclass(frozen=True, slots=True, kw_only=True)
class PrunePreview:
    """The artifacts that would be deleted."""

    bundles: Sum
    single: Sum

    @property
    def count(self) -> int:
        """Return the number of bundles and files."""
        return self.bundles.count + self.single.count


def storage_page(connection: Connection, workspace: Workspace, at: datetime) -> StoragePage:
    """Return the last measurement: pages don't measure, as that reads all rows."""
    organization_id = workspace.organization.id
    measurement = store.last(connection, organization_id)
    job = job_records.by_key(connection, actions.measurement_key(organization_id))
    is_being_measured = job is not None and job.state(at) is not JobState.FAILED
    is_recent = measurement is not None and at - measurement.measured_at < _PAUSE
    by_project = measurement.usage.projects if measurement else {}
    rows = [(each, by_project.get(each.id, ProjectUsage())) for each in workspace.projects]
    return StoragePage(
        measurement=measurement,
        rows=sorted(rows, key=lambda row: -_bytes(row[1])),
        events=measurement.usage.events if measurement else NOTHING,
        is_being_measured=is_being_measured,
        may_be_measured=not is_being_measured and not is_recent,
    )


def read_prune_form(workspace: Workspace, slug: str, days: str) -> PruneForm:
    """Return the form as sent."""
    project = next((each for each in workspace.projects if each.slug == slug), None)
    number = id_of(days.strip())
    problems = {}
    if project is None:
        problems["project"] = "Select a project."
    if number is None or not 0 < number <= DAYS_MAX:
        problems["days"] = f"Enter a number of days from 1 to {DAYS_MAX:,}."
    return PruneForm(project=project, slug=slug, days=days.strip(), problems=problems)


def prune_preview(connection: Connection, form: PruneForm, at: datetime) -> PrunePreview:
    """Return what the form would delete, by the rule of `artifacts.actions.remove_unused`."""
    assert form.project is not None, "the form has no problems"
    before = at - timedelta(days=form.day_count)
    return PrunePreview(
        bundles=artifact_usage.unused_bundles(connection, before, form.project.id),
        single=artifact_usage.unused_files(connection, before, form.project.id),
    )


def _bytes(usage: ProjectUsage) -> int:
    amounts = (usage.bundles, usage.debug_files, usage.events, usage.attachments)
    return sum(amount.bytes for amount in amounts)
