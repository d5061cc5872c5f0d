"""``organizations/{org}/releases/{version}/verdict/``: is a release worse than those before it? (verdict.md 1.9)"""

from collections.abc import Sequence
from dataclasses import replace

from sqlalchemy import Connection

from shipmark.api.issues.loading import serialize_issues
from shipmark.api.releases.path_release import EditableRelease, ReleaseInProjects, VisibleRelease
from shipmark.api.verdicts.requests import EnvironmentOfVerdictQuery, MarkRequest, VerdictQuery
from shipmark.api.verdicts.responses import (
    JudgedProject,
    VerdictResponse,
    project_response,
    unknown_response,
    verdict_response,
)
from shipmark.http import endpoint
from shipmark.http.request_context import RequestContext
from shipmark.http.scopes import RELEASE_READ, RELEASE_WRITE
from shipmark.infrastructure.clock import now
from shipmark.infrastructure.errors import NotFound, ValidationFailed
from shipmark.issues.store import release_issues
from shipmark.issues.store.release_issues import NO_ISSUES, IssueSummary
from shipmark.projects import store as projects
from shipmark.releases import actions as releases
from shipmark.verdicts import actions
from shipmark.verdicts.base_actions import named_bases
from shipmark.verdicts.judgement import VerdictStatus
from shipmark.verdicts.model import Criteria, ReleaseVerdict
from shipmark.verdicts.store import verdicts

BASE_PATH = "/api/0/organizations/{organization:str}/releases/{version:str}"
#: The new and the regressed issues that an answer names, the last seen first.
ISSUES_MAX = 20

_UNKNOWN_BASE = "There is no release with this version."
_OWN_BASE = "A release can't be compared with itself."


@endpoint.get("/verdict/", scopes=RELEASE_READ)
def get_verdict(
    context: RequestContext, release: VisibleRelease, query: VerdictQuery
) -> VerdictResponse:
    """Return the verdict on a release in an environment.

    Evaluated now: a release that regressed stays so, unless the query has criteria or a base of its own, or a person
    marked it otherwise. A release of several projects has the worst of their verdicts.
    """
    environment = query.required_environment
    query.criteria(Criteria())
    with context.database.snapshot() as connection:
        return _verdict(context, connection, release, query, environment)


@endpoint.put("/verdict/", scopes=RELEASE_WRITE, step="verdict.validate")
def mark_release(
    context: RequestContext,
    release: EditableRelease,
    query: EnvironmentOfVerdictQuery,
    body: MarkRequest,
) -> VerdictResponse:
    """Mark a release as healthy or regressed in an environment, whatever was measured; null takes it back."""
    environment, marked = query.required_environment, body.status()
    with context.database.transaction() as connection:
        known = _known(context, connection, release, environment)
        if not known:
            raise NotFound
        actions.mark(connection, context.action_context(), known, release.selected, marked)
    with context.database.snapshot() as connection:
        return _verdict(context, connection, release, VerdictQuery(), environment)


def _verdict(
    context: RequestContext,
    connection: Connection,
    release: ReleaseInProjects,
    query: VerdictQuery,
    environment: str,
) -> VerdictResponse:
    known = _known(context, connection, release, environment)
    # Before another base is set: it is any release, maybe a regressed one.
    rollbacks = verdicts.rollbacks(connection, known)
    if query.base:
        known = _with_base(connection, release, known, query.base)
    known = [_with_criteria(verdict, query) for verdict in known]
    at = now()
    slugs = {project.id: project.slug for project in release.selected}
    evaluations = actions.evaluations(connection, known, at)
    judged = [
        JudgedProject(
            slug=slugs[verdict.stream.project_id],
            verdict=verdict,
            evaluation=evaluation,
            is_default=query.is_default,
            rollback=rollbacks.get(verdict.stream.lane),
        )
        for verdict, evaluation in zip(known, evaluations, strict=True)
    ]
    order = list(VerdictStatus)
    judged.sort(key=lambda each: order.index(each.status))
    responses = [project_response(each, at) for each in judged]
    worst = responses[0] if responses else unknown_response(release.release.version, environment)
    new, regressed = _issues(connection, release, known)
    serialized = serialize_issues(context, connection, [*new.issues, *regressed.issues])
    number = len(new.issues)
    return verdict_response(
        worst,
        responses,
        new=(serialized[:number], new.count),
        regressed=(serialized[number:], regressed.count),
    )


def _known(
    context: RequestContext, connection: Connection, release: ReleaseInProjects, environment: str
) -> Sequence[ReleaseVerdict]:
    """Return the verdicts of the selected projects: none before the first session."""
    named = projects.environments_named(connection, context.organization_id, {environment})
    ids = [project.id for project in release.selected]
    return [
        verdict
        for row in named
        for verdict in actions.of_release(connection, release.release.id, ids, now(), row.id)
    ]


def _with_base(
    connection: Connection,
    release: ReleaseInProjects,
    known: Sequence[ReleaseVerdict],
    version: str,
) -> Sequence[ReleaseVerdict]:
    """Return the verdicts with another base. Raise `ValidationFailed` if the caller sees none with this version."""
    ids = {project.id for project in release.visible}
    try:
        base = releases.find(connection, release.release.organization_id, version, ids)
    except NotFound:
        raise ValidationFailed({"base": [_UNKNOWN_BASE]}) from None
    if base.id == release.release.id:
        raise ValidationFailed({"base": [_OWN_BASE]})
    bases = named_bases(connection, [verdict.stream for verdict in known], base)
    return [replace(verdict, base=each) for verdict, each in zip(known, bases, strict=True)]


def _with_criteria(verdict: ReleaseVerdict, query: VerdictQuery) -> ReleaseVerdict:
    """Return the verdict with the project's criteria, but for those of the query."""
    criteria = query.criteria(verdict.stream.criteria)
    return replace(verdict, stream=replace(verdict.stream, criteria=criteria))


def _issues(
    connection: Connection, release: ReleaseInProjects, known: Sequence[ReleaseVerdict]
) -> tuple[IssueSummary, IssueSummary]:
    """Return the issues that the release brought to the environment, and those that regressed in it."""
    ids = [project.id for project in release.selected]
    if not known:
        return NO_ISSUES, NO_ISSUES
    new = release_issues.introduced_in(
        connection, release.release.id, known[0].stream.environment_id, ids, limit=ISSUES_MAX
    )
    regressed = release_issues.regressed_in(connection, release.release.id, ids, limit=ISSUES_MAX)
    return new, regressed
