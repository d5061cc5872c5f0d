"""What the metrics of delivery are computed from: deploys, commits, verdicts and fixes, by a few statements.

All are read by indexes: the environment's deploys of the time, their releases, and the commits of these.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from shipmark.delivery.model import DeployVerdict, LaneDeploy, LaneHistory, ShippedCommit
from shipmark.deploys.store import live_deploys
from shipmark.deploys.store.deploys import deploys
from shipmark.infrastructure import database as db
from shipmark.infrastructure.groups import grouped
from shipmark.infrastructure.row_reader import RowReader, optional
from shipmark.issues.model import HistoryStatus
from shipmark.issues.store.activity import history
from shipmark.issues.store.commit_links import commit_links
from shipmark.issues.store.issues import issues
from shipmark.issues.store.occurrences import issue_environments
from shipmark.releases.store.commits import release_commits
from shipmark.releases.store.environments import release_environments
from shipmark.releases.store.releases import releases
from shipmark.repositories.store import commits
from shipmark.verdicts.judgement import VerdictStatus
from shipmark.verdicts.store.verdicts import release_verdicts

#: How long before a period and after it deploys are read: what a fix fixes, and what recovers a failed change.
MARGIN = timedelta(days=30)
#: Deploys, and commits of their releases, that are read at most: the newest ones.
DEPLOYS_MAX = 10_000
COMMITS_MAX = 50_000

_ENVIRONMENT = sa.bindparam("environment_id", type_=db.Id)


def _there(environment_id: sa.ColumnElement[int]) -> sa.ColumnElement[bool]:
    """Return the condition on the environment for what is found by its release.

    As a sum, it keeps SQLite from the index of the environment, which has all its deploys.
    """
    return environment_id + 0 == _ENVIRONMENT


_other = deploys.alias("other")


def _first(column: sa.ColumnElement[Any]) -> sa.ScalarSelect[Any]:
    """Return a column of the first deploy of the release to the environment."""
    # A value and no join, which PostgreSQL would begin with all deploys to the environment.
    return (
        sa.select(column)
        .where(_other.c.release_id == deploys.c.release_id, _there(_other.c.environment_id))
        .order_by(_other.c.finished_at, _other.c.id)
        .limit(1)
        .correlate(deploys)
        .scalar_subquery()
    )


# A deploy with a later id than the project's last one there names other projects.
_of_project = sa.and_(
    release_environments.c.release_id == deploys.c.release_id,
    release_environments.c.environment_id == deploys.c.environment_id,
    release_environments.c.last_deploy_id >= deploys.c.id,
)
_DEPLOY = RowReader(
    LaneDeploy,
    deploys,
    project_id=release_environments.c.project_id,
    version=releases.c.version,
    commit_count=releases.c.commit_count,
    first_id=_first(_other.c.id),
    first_at=sa.type_coerce(_first(_other.c.finished_at), db.UtcDateTime()),
)
_DEPLOYS = (
    _DEPLOY.select()
    .select_from(deploys)
    .join(release_environments, _of_project)
    .join(releases, releases.c.id == deploys.c.release_id)
)
_BETWEEN = (
    _DEPLOYS.where(
        deploys.c.environment_id == _ENVIRONMENT,
        deploys.c.finished_at >= sa.bindparam("start", type_=db.UtcDateTime()),
        deploys.c.finished_at <= sa.bindparam("end", type_=db.UtcDateTime()),
        release_environments.c.project_id.in_(sa.select(db.IDS.c.id)),
    )
    .order_by(deploys.c.finished_at.desc(), deploys.c.id.desc())
    .limit(sa.bindparam("most", type_=sa.Integer))
)
_CHOSEN = db.json_rows("chosen", project_id=db.Id, deploy_id=db.Id)
_CHOSEN_DEPLOYS = _DEPLOYS.join(
    _CHOSEN,
    sa.and_(
        _CHOSEN.c.deploy_id == deploys.c.id,
        _CHOSEN.c.project_id == release_environments.c.project_id,
    ),
)
_SHIPPED = db.json_rows("shipped", project_id=db.Id, release_id=db.Id)
_holding = release_commits.alias("holding")
# A value and no join, so that both databases look it up by its whole key.
_last_of_holding = (
    sa.select(release_environments.c.last_deploy_id)
    .where(
        release_environments.c.release_id == _holding.c.release_id,
        release_environments.c.project_id == _SHIPPED.c.project_id,
        release_environments.c.environment_id == _ENVIRONMENT,
    )
    .correlate(_holding, _SHIPPED)
    .scalar_subquery()
)
_first_at = (
    sa.select(sa.func.min(_other.c.finished_at))
    .select_from(_holding)
    .join(_other, _other.c.release_id == _holding.c.release_id)
    .where(
        _holding.c.commit_id == release_commits.c.commit_id,
        _there(_other.c.environment_id),
        _other.c.id <= _last_of_holding,
    )
    .correlate(release_commits, _SHIPPED)
    .scalar_subquery()
)
_COMMIT = RowReader(ShippedCommit, commits, first_at=sa.type_coerce(_first_at, db.UtcDateTime()))
_COMMITS = (
    _COMMIT.select(_SHIPPED.c.project_id, _SHIPPED.c.release_id)
    .select_from(_SHIPPED)
    .join(release_commits, release_commits.c.release_id == _SHIPPED.c.release_id)
    .join(commits, commits.c.id == release_commits.c.commit_id)
)
_FIXED = (
    sa.select(_SHIPPED.c.project_id, commit_links.c.commit_id, commit_links.c.issue_id)
    .join(release_commits, release_commits.c.release_id == _SHIPPED.c.release_id)
    .join(commit_links, commit_links.c.commit_id == release_commits.c.commit_id)
)
_BROUGHT = (
    sa.select(issues.c.project_id, issue_environments.c.first_release_id, issues.c.id)
    .join(db.IDS, db.IDS.c.id == issue_environments.c.issue_id)
    .join(issues, issues.c.id == issue_environments.c.issue_id)
    .where(
        _there(issue_environments.c.environment_id),
        issue_environments.c.first_release_id.is_not(None),
    )
)
_REOPENED = (
    sa.select(issues.c.project_id, history.c.release_id, issues.c.id)
    .join(db.IDS, db.IDS.c.id == history.c.issue_id)
    .join(issues, issues.c.id == history.c.issue_id)
    .where(history.c.status == HistoryStatus.REGRESSED.value, history.c.release_id.is_not(None))
)
# By the whole key: SQLite would read all verdicts of the environment otherwise.
_JUDGED = db.json_rows("judged", project_id=db.Id, environment_id=db.Id, release_id=db.Id)
_VERDICT = RowReader(
    DeployVerdict, release_verdicts, status=VerdictStatus, marked=optional(VerdictStatus)
)
_VERDICTS = _VERDICT.select(release_verdicts.c.project_id, release_verdicts.c.release_id).join(
    _JUDGED,
    sa.and_(
        _JUDGED.c.project_id == release_verdicts.c.project_id,
        _JUDGED.c.environment_id == release_verdicts.c.environment_id,
        _JUDGED.c.release_id == release_verdicts.c.release_id,
    ),
)

#: A project and a release.
_Key = tuple[int, int]
#: Issues by project, and by commit or release.
_IssuesOf = dict[int, dict[int, frozenset[int]]]


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryRecord:
    """The histories of an environment by project, and the time from which on nothing is left out."""

    histories: Mapping[int, LaneHistory]
    complete_since: datetime


def record(
    connection: sa.Connection,
    project_ids: Collection[int],
    environment_id: int,
    start: datetime,
    end: datetime,
) -> DeliveryRecord:
    """Return the deploys to an environment from `MARGIN` before the start up to the end, by at most nine statements."""
    since = start - MARGIN
    listed = _between(connection, project_ids, environment_id, since, end)
    is_cut = len(listed) >= DEPLOYS_MAX
    since = min(deploy.finished_at for deploy in listed) if is_cut else since
    previous = _previous(
        connection, {deploy.project_id for deploy in listed}, environment_id, since
    )
    new, commits_since = _first_shipped(listed, since)
    keys = {(deploy.project_id, deploy.release_id) for deploy in listed}
    fixed, broken = _fixes(connection, environment_id, new)
    commits_of = _commits(connection, environment_id, new)
    verdicts_of = _verdicts(connection, environment_id, keys)
    by_project = grouped((deploy.project_id, deploy) for deploy in listed)
    histories = {
        project_id: LaneHistory(
            deploys=of_project,
            previous=previous.get(project_id),
            commits=commits_of.get(project_id, {}),
            verdicts=verdicts_of.get(project_id, {}),
            broken=broken.get(project_id, {}),
            fixed=fixed.get(project_id, {}),
        )
        for project_id, of_project in by_project.items()
    }
    complete_since = max(commits_since, since)
    return DeliveryRecord(histories=histories, complete_since=complete_since)


def _between(
    connection: sa.Connection,
    project_ids: Collection[int],
    environment_id: int,
    start: datetime,
    end: datetime,
) -> list[LaneDeploy]:
    if not project_ids:
        return []
    parameters: dict[str, object] = {
        "environment_id": environment_id,
        "start": start,
        "end": end,
        "most": DEPLOYS_MAX,
    }
    return _DEPLOY.all(connection, _BETWEEN, db.ids_param(project_ids) | parameters)


def _previous(
    connection: sa.Connection, project_ids: Collection[int], environment_id: int, before: datetime
) -> dict[int, LaneDeploy]:
    """Return the last deploy of each project before a moment."""
    lanes = {(project_id, environment_id) for project_id in project_ids}
    last = live_deploys.last_before(connection, lanes, before)
    if not last:
        return {}
    chosen = [(deploy.project_id, deploy.id) for deploy in last]
    parameters = db.rows_param("chosen", chosen) | {"environment_id": environment_id}
    previous = _DEPLOY.all(connection, _CHOSEN_DEPLOYS, parameters)
    return {deploy.project_id: deploy for deploy in previous}


def _first_shipped(listed: Sequence[LaneDeploy], since: datetime) -> tuple[list[_Key], datetime]:
    """Return the releases first deployed in the time, the newest, while their commits are not too many to be read.

    With the time from which on all are among them.
    """
    keys, count = list[_Key](), 0
    for deploy in listed:
        if not deploy.is_first_of_release:
            continue
        count += deploy.commit_count
        if count > COMMITS_MAX:
            return keys, deploy.finished_at + timedelta(microseconds=1)
        keys.append((deploy.project_id, deploy.release_id))
    return keys, since


def _commits(
    connection: sa.Connection, environment_id: int, shipped: Collection[_Key]
) -> dict[int, dict[int, list[ShippedCommit]]]:
    """Return the commits of releases, by project and release."""
    if not shipped:
        return {}
    rows = connection.execute(
        _COMMITS, db.rows_param("shipped", sorted(shipped)) | {"environment_id": environment_id}
    )
    found: dict[int, dict[int, list[ShippedCommit]]] = {}
    for row in rows:
        *_, project_id, release_id = row
        found.setdefault(project_id, {}).setdefault(release_id, []).append(_COMMIT(row))
    return found


def _fixes(
    connection: sa.Connection, environment_id: int, shipped: Collection[_Key]
) -> tuple[_IssuesOf, _IssuesOf]:
    """Return the issues that commits resolve, by commit, and those of them that releases brought or reopened."""
    if not shipped:
        return {}, {}
    rows = connection.execute(_FIXED, db.rows_param("shipped", sorted(shipped))).all()
    if not rows:
        return {}, {}
    ids = db.ids_param({issue_id for _, _, issue_id in rows})
    brought = connection.execute(_BROUGHT, ids | {"environment_id": environment_id}).all()
    reopened = connection.execute(_REOPENED, ids).all()
    return _by_project(rows), _by_project([*brought, *reopened])


def _by_project(rows: Iterable[Sequence[int]]) -> _IssuesOf:
    """Return issues by project, and by the commit or release in the middle of each row."""
    by_project = grouped((project_id, (key, issue_id)) for project_id, key, issue_id in rows)
    return {
        project_id: {key: frozenset(ids) for key, ids in grouped(pairs).items()}
        for project_id, pairs in by_project.items()
    }


def _verdicts(
    connection: sa.Connection, environment_id: int, keys: Collection[_Key]
) -> dict[int, dict[int, DeployVerdict]]:
    """Return the verdicts on releases, by project and release."""
    if not keys:
        return {}
    judged = ((project_id, environment_id, release_id) for project_id, release_id in sorted(keys))
    rows = connection.execute(_VERDICTS, db.rows_param("judged", judged))
    found: dict[int, dict[int, DeployVerdict]] = {}
    for row in rows:
        *_, project_id, release_id = row
        found.setdefault(project_id, {})[release_id] = _VERDICT(row)
    return found
