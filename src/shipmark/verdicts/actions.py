"""Evaluate releases that are in use, and mark a release as healthy or regressed."""

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

from shipmark.infrastructure.telemetry import log, report_exception
from shipmark.organizations import store as organizations
from shipmark.organizations.audit import AuditEvent
from shipmark.organizations.membership import ActionContext
from shipmark.projects.model import Project
from shipmark.releases.model import ReleaseActivity, ReleaseActivityType
from shipmark.releases.store import activity
from shipmark.verdicts.base_actions import base_of
from shipmark.verdicts.evaluation import evaluate
from shipmark.verdicts.hours import Health
from shipmark.verdicts.judgement import VerdictReason, VerdictStatus
from shipmark.verdicts.model import (
    SOAK,
    STREAM_MAX,
    Evaluation,
    ReleaseVerdict,
    Stream,
)
from shipmark.verdicts.store import deploys, health, verdicts
from shipmark.verdicts.store.health import range_of

#: The releases that one run of the job evaluates; more follow at once.
BATCH = 10
#: How often a release is evaluated: in use, and when its last sessions are older than an hour.
_EVERY, _EVERY_WHEN_QUIET = timedelta(minutes=1), timedelta(minutes=10)
_EVERY_WHEN_FAILED = timedelta(hours=1)
_QUIET_AFTER = timedelta(hours=1)
#: A release is replaced without a deploy once a later one has more sessions in this time.
_CURRENT_WINDOW = timedelta(hours=24)
#: A verdict that changes and changes back within this time is no news, unless it is `regressed`.
_STEADY = timedelta(hours=1)


def evaluate_due(connection: Connection, at: datetime) -> bool:
    """Evaluate the releases that are due, in a constant number of statements but for new ones.

    Return True if there may be more.
    """
    new = [
        _first(connection, stream, at)
        for stream in verdicts.new_streams(connection, at, limit=BATCH)
    ]
    due = verdicts.due(connection, at, limit=BATCH - len(new))
    known = [_ended(verdict, at) for verdict in _replaced(connection, [*new, *due], at)]
    evaluated = [
        (_changed(verdict, evaluation, at), _due_at(verdict, at))
        if evaluation is not None
        else (verdict, at + _EVERY_WHEN_FAILED)
        for verdict, evaluation in zip(
            known, _evaluations_of_each(connection, known, at), strict=True
        )
    ]
    is_stored = [verdicts.add(connection, *each) for each in evaluated[: len(new)]]
    verdicts.update_all(connection, evaluated[len(new) :])
    is_stored += [True] * len(due)
    for before, (after, _), is_kept in zip(known, evaluated, is_stored, strict=True):
        if is_kept and _is_news(before, after, at):
            _record(connection, before, after, at)
    return len(known) >= BATCH


def of_release(
    connection: Connection,
    release_id: int,
    project_ids: Collection[int],
    at: datetime,
    environment_id: int | None = None,
) -> list[ReleaseVerdict]:
    """Return the verdicts on a release, in an environment or in all; those that no job has evaluated yet are begun.

    What is begun here is not stored: who asks may only read.
    """
    stored = verdicts.of_release(connection, release_id, project_ids)
    if environment_id is not None:
        stored = [each for each in stored if each.stream.environment_id == environment_id]
    new = verdicts.streams_without_verdict(connection, release_id, project_ids, environment_id)
    return stored + [_first(connection, stream, at) for stream in new[:BATCH]]


def evaluations(
    connection: Connection, known: Sequence[ReleaseVerdict], at: datetime
) -> list[Evaluation]:
    """Return the verdict on each stream at this moment, against its frozen base, by two statements for all."""
    ranges = []
    for index, verdict in enumerate(known):
        stream, end = verdict.stream, verdict.end(at)
        ranges.append(range_of(stream, 2 * index, stream.release_id, stream.start, end))
        if verdict.base.releases:
            base_id = verdict.base.releases[0].release_id
            ranges.append(range_of(stream, 2 * index + 1, base_id, stream.start, end))
    read = health.read(connection, ranges)
    nothing = Health([], [])
    return [
        evaluate(
            verdict.base,
            read[2 * index],
            read.get(2 * index + 1, nothing),
            start=verdict.stream.start,
            end=verdict.end(at),
            criteria=verdict.stream.criteria,
        )
        for index, verdict in enumerate(known)
    ]


def _evaluations_of_each(
    connection: Connection, known: Sequence[ReleaseVerdict], at: datetime
) -> Sequence[Evaluation | None]:
    """Return the same, and None for a stream that can't be evaluated: it must not hold up the others of its batch."""
    try:
        return evaluations(connection, known, at)
    except DBAPIError:
        raise
    except Exception as error:  # noqa: BLE001  # which it is, is found out one by one
        if len(known) > 1:
            return [_evaluations_of_each(connection, [verdict], at)[0] for verdict in known]
        stream = known[0].stream
        report_exception(
            "A release could not be evaluated",
            error,
            **{"release.version": stream.version, "release.environment": stream.environment},
        )
        return [None]


def mark(
    connection: Connection,
    context: ActionContext,
    known: Sequence[ReleaseVerdict],
    projects: Sequence[Project],
    marked: VerdictStatus | None,
) -> None:
    """Overrule the verdicts on a release in an environment, or take that back with None."""
    by_id = {project.id: project for project in projects}
    for verdict in known:
        # It may be asked for before the job has evaluated it.
        verdicts.add(connection, verdict, context.at)
        verdicts.mark(connection, verdict, marked, context.by.user_id, context.at)
        stream = verdict.stream
        happened = ReleaseActivity(
            project_id=stream.project_id,
            type=ReleaseActivityType.VERDICT_MARKED,
            version=stream.version,
            at=context.at,
            user_id=context.by.user_id,
            details={"environment": stream.environment, "verdict": marked or "unmarked"},
        )
        activity.add(connection, stream.organization_id, [happened])
        organizations.record(
            connection,
            stream.organization_id,
            AuditEvent.RELEASE_MARK,
            context.by,
            context.at,
            data={
                "version": stream.version,
                "environment": stream.environment,
                "project_slug": by_id[stream.project_id].slug,
                "marked": marked or "neither healthy nor regressed",
            },
            target_id=stream.release_id,
        )


def _first(connection: Connection, stream: Stream, at: datetime) -> ReleaseVerdict:
    return ReleaseVerdict(
        stream=stream,
        base=base_of(connection, stream),
        status=VerdictStatus.UNDECIDED,
        reason=VerdictReason.NOT_ENOUGH_DATA,
        measure=None,
        since=at,
    )


def _replaced(
    connection: Connection, known: Sequence[ReleaseVerdict], at: datetime
) -> list[ReleaseVerdict]:
    """Return the verdicts with the end of those releases that another one replaced by now."""
    if not known:
        return []
    streams = [verdict.stream for verdict in known]
    by_deploy = deploys.replacements(connection, streams)
    not_deployed = [
        stream
        for stream, (is_deployed, _) in zip(streams, by_deploy, strict=True)
        if not is_deployed
    ]
    since = at - _CURRENT_WINDOW
    by_sessions = health.replaced_by_sessions(
        connection, not_deployed, int(since.timestamp()), int(at.timestamp())
    )
    ended = []
    for verdict, (_, replaced_at) in zip(known, by_deploy, strict=True):
        if verdict.stream.series_id in by_sessions:
            ended.append(replace(verdict, ended_at=at))
        elif replaced_at is not None and replaced_at <= at:
            ended.append(replace(verdict, ended_at=replaced_at))
        else:
            ended.append(verdict)
    return ended


def _ended(verdict: ReleaseVerdict, at: datetime) -> ReleaseVerdict:
    last = verdict.stream.started_at + STREAM_MAX
    if verdict.ended_at is None and last <= at:
        return replace(verdict, ended_at=last)
    return verdict


def _changed(known: ReleaseVerdict, evaluation: Evaluation, at: datetime) -> ReleaseVerdict:
    """Return the verdict after an evaluation. `regressed` stays."""
    if known.status == VerdictStatus.REGRESSED:
        return known
    is_changed = evaluation.status != known.status
    return replace(
        known,
        status=evaluation.status,
        reason=evaluation.reason,
        measure=evaluation.measure,
        since=at if is_changed else known.since,
        regressed_at=at if evaluation.status == VerdictStatus.REGRESSED else None,
    )


def _due_at(verdict: ReleaseVerdict, at: datetime) -> datetime:
    last = datetime.fromtimestamp(verdict.stream.last_start, UTC)
    return at + (_EVERY if last >= at - _QUIET_AFTER else _EVERY_WHEN_QUIET)


def _is_news(before: ReleaseVerdict, after: ReleaseVerdict, at: datetime) -> bool:
    if after.status == before.status:
        return False
    is_first = before.since <= before.stream.started_at + 2 * SOAK
    return after.status == VerdictStatus.REGRESSED or is_first or at - before.since >= _STEADY


def _record(
    connection: Connection, before: ReleaseVerdict, after: ReleaseVerdict, at: datetime
) -> None:
    stream = after.stream
    details: dict[str, object] = {"environment": stream.environment, "verdict": after.status}
    details |= {"before": before.status, "measure": after.measure}
    happened = ReleaseActivity(
        project_id=stream.project_id,
        type=ReleaseActivityType.VERDICT_CHANGED,
        version=stream.version,
        at=at,
        details=details,
    )
    activity.add(connection, stream.organization_id, [happened])
    log.info(
        "The verdict on a release changed",
        **{
            "release.version": stream.version,
            "release.environment": stream.environment,
            "project.id": stream.project_id,
            "verdict.status": after.status,
            "verdict.measure": after.measure,
        },
    )
