"""The view model of the organization's jobs."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from shipmark.events.quarantine import store as quarantine_store
from shipmark.infrastructure import job_records
from shipmark.infrastructure.job_records import JobRecord, JobState
from shipmark.infrastructure.jobs import JobKind
from shipmark.releases.model import Fetch
from shipmark.releases.store import fetches, releases
from shipmark.releases.store import projects as release_projects
from shipmark.repositories import store as repositories
from shipmark.repositories.model import Repository
from shipmark.web.request_context import Workspace

ROWS_PER_PAGE = 50
_TITLES = {
    JobKind.FETCH_COMMITS: "Fetch commits",
    JobKind.REMOVE_REPOSITORY: "Delete a repository",
    JobKind.REMOVE_PROJECT: "Delete a project",
    JobKind.REMOVE_ORGANIZATION: "Delete the organization",
    JobKind.MEASURE_STORAGE: "Measure the storage",
    JobKind.PRUNE_PROJECT_ARTIFACTS: "Delete unused artifacts",
    JobKind.SYMBOLICATE_AGAIN: "Look up minified stacks again",
    JobKind.MERGE_ISSUES: "Move the events of merged issues",
    JobKind.REMOVE_ISSUES: "Delete issues",
    JobKind.COUNT_RELEASE_ISSUES: "Count the issues of releases",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class JobRow:
    """A job in words: what it does, and to what. ``version`` is that of its release, if the user may see it."""

    job: JobRecord
    title: str
    subject: str
    version: str | None
    state: JobState

    @property
    def may_run_now(self) -> bool:
        """Return True if the job failed, so that running it now is of use."""
        return self.state in {JobState.RETRYING, JobState.FAILED}

    @property
    def may_be_discarded(self) -> bool:
        """Return True if the job will not run again by itself."""
        return self.state is JobState.FAILED


@dataclass(frozen=True, slots=True, kw_only=True)
class JobsPage:
    """A page of the jobs, newest first."""

    rows: Sequence[JobRow]
    number: int
    has_more: bool
    quarantined_count: int


def jobs_page(connection: Connection, workspace: Workspace, number: int, at: datetime) -> JobsPage:
    """Return the requested page, by a constant number of statements."""
    jobs = job_records.page_of(
        connection,
        workspace.organization.id,
        limit=ROWS_PER_PAGE + 1,
        offset=(number - 1) * ROWS_PER_PAGE,
    )
    shown = jobs[:ROWS_PER_PAGE]
    subjects = _subjects(connection, workspace, shown)
    rows = []
    for job in shown:
        subject, version = subjects.get(job.id, ("", None))
        title = _TITLES.get(JobKind(job.kind), job.kind) if job.kind in set(JobKind) else job.kind
        rows.append(
            JobRow(job=job, title=title, subject=subject, version=version, state=job.state(at))
        )
    return JobsPage(
        rows=rows,
        number=number,
        has_more=len(jobs) > ROWS_PER_PAGE,
        quarantined_count=quarantine_store.count_of(connection, workspace.organization.id),
    )


def _subjects(
    connection: Connection, workspace: Workspace, jobs: Sequence[JobRecord]
) -> Mapping[int, tuple[str, str | None]]:
    """Return the names of what each job is about, and the version of its release."""
    by_job = _fetches(connection, jobs)
    every = [fetch for of_job in by_job.values() for fetch in of_job]
    repository_ids = {fetch.repository_id for fetch in every}
    repository_ids |= {id_ for job in jobs for id_ in _ids([job.details.get("repository_id")])}
    repository_by_id = repositories.by_ids(connection, repository_ids)
    versions = _versions(connection, workspace, {fetch.release_id for fetch in every})
    result: dict[int, tuple[str, str | None]] = {}
    for job in jobs:
        of_job = by_job[job.id]
        names = _repository_names(job, of_job, repository_by_id)
        project = workspace.projects_by_id.get(job.details.get("project_id", 0))
        names += [project.slug] if project else []
        version = versions.get(of_job[0].release_id) if of_job else None
        result[job.id] = (", ".join(dict.fromkeys(names)), version)
    return result


def _fetches(connection: Connection, jobs: Sequence[JobRecord]) -> Mapping[int, list[Fetch]]:
    """Return the fetches of each job that are still there."""
    ids = {job.id: _ids(job.details.get("fetches")) for job in jobs}
    known = fetches.by_ids(connection, {id_ for of_job in ids.values() for id_ in of_job})
    by_id = {fetch.id: fetch for fetch in known}
    return {
        job_id: [by_id[id_] for id_ in of_job if id_ in by_id] for job_id, of_job in ids.items()
    }


def _repository_names(
    job: JobRecord, of_job: Sequence[Fetch], repository_by_id: Mapping[int, Repository]
) -> list[str]:
    """Return the names of the repositories that a job fetches from, or is about."""
    named = [fetch.repository_id for fetch in of_job]
    named += _ids([job.details.get("repository_id")])
    return [repository_by_id[id_].name for id_ in named if id_ in repository_by_id]


def _versions(
    connection: Connection, workspace: Workspace, release_ids: Collection[int]
) -> Mapping[int, str]:
    """Return the versions of the releases that the user may see."""
    attached = release_projects.of_releases(connection, release_ids)
    visible = set(workspace.project_ids)
    return {
        id_: release.version
        for id_, release in releases.by_ids(connection, release_ids).items()
        if visible & {each.project_id for each in attached.get(id_, ())}
    }


def _ids(values: object) -> list[int]:
    """Return the ids of a job's details; details of an unknown shape have none."""
    return [id_ for id_ in values if isinstance(id_, int)] if isinstance(values, list) else []
