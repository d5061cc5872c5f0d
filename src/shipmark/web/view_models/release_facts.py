"""Facts in the right column of a release: its deploys, thresholds, and what has not been sent yet."""

import shlex
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection

from shipmark.artifacts.store.version_listing import Count
from shipmark.deploys import store as deploys
from shipmark.deploys.model import Deploy
from shipmark.deploys.store.live_deploys import environments_of_releases
from shipmark.issues.actions import evaluate_thresholds
from shipmark.projects.model import Project
from shipmark.releases.model import Release
from shipmark.releases.store import thresholds
from shipmark.releases.thresholds import RATES, THRESHOLDS_MAX, Finding
from shipmark.web.request_context import Workspace
from shipmark.web.threshold_names import TYPE_NAMES

DEPLOYS_MAX = 50
_STEPS = (("week", 604_800), ("day", 86_400), ("hour", 3_600), ("minute", 60), ("second", 1))


@dataclass(frozen=True, slots=True, kw_only=True)
class DeployLine:
    """A deploy; it is live if it is the latest one of its environment."""

    deploy: Deploy
    is_live: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ThresholdLine:
    """The state of a threshold of one of the release's projects."""

    finding: Finding
    project: Project

    @property
    def name(self) -> str:
        """Return the name of the metric."""
        return TYPE_NAMES[self.finding.watch.threshold.type]

    @property
    def is_rate(self) -> bool:
        """Return whether the metric is percent."""
        return self.finding.watch.threshold.type in RATES

    @property
    def window(self) -> str:
        """Return the length of the window in words, in its largest whole unit."""
        seconds = self.finding.watch.threshold.window_seconds
        unit, length = next(step for step in _STEPS if seconds % step[1] == 0)
        count = seconds // length
        return f"{count} {unit}" if count == 1 else f"{count} {unit}s"


@dataclass(frozen=True, slots=True, kw_only=True)
class MissingPart:
    """A part of the release that has not been sent yet, with the command that sends it."""

    name: str
    command: str


def deploy_lines(
    connection: Connection, workspace: Workspace, release: Release
) -> tuple[DeployLine, ...]:
    """Return the deploys, the last one first. Of several to an environment only the last can be live."""
    if not release.deploy_count:
        return ()
    listed = deploys.page_of(connection, release.id, limit=DEPLOYS_MAX, offset=0)
    visible_ids = set(workspace.project_ids)
    live = {
        deployed.environment
        for deployed in environments_of_releases(connection, [release.id]).get(release.id, ())
        if deployed.is_live and deployed.project_id in visible_ids
    }
    lines = []
    for deploy in listed:
        lines.append(DeployLine(deploy=deploy, is_live=deploy.environment in live))
        live.discard(deploy.environment)
    return tuple(lines)


def threshold_lines(
    connection: Connection, release: Release, projects: Sequence[Project]
) -> tuple[ThresholdLine, ...]:
    """Return the thresholds of these projects with their findings for the release."""
    by_id = {project.id: project for project in projects}
    known = thresholds.page_of(connection, by_id, limit=THRESHOLDS_MAX)
    shipped = [(release, project_id) for project_id in by_id]
    findings = evaluate_thresholds.evaluate(connection, shipped, known) if known else []
    return tuple(
        ThresholdLine(finding=finding, project=by_id[finding.watch.threshold.project_id])
        for finding in findings
    )


def missing_parts(
    release: Release,
    artifacts: Count,
    server: str,
    scope: tuple[str, str],
    *,
    is_waiting_for_commits: bool,
) -> tuple[MissingPart, ...]:
    """Return the commits, deploy and source maps that are missing; ``scope`` is organization and project."""
    organization, project = scope
    named = ["--org", organization, "--project", project]
    cli, version = ["sentry-cli", "--url", server], release.version
    parts = []
    if not release.commit_count and not is_waiting_for_commits:
        words = [*cli, "releases", "set-commits", *named, "--auto", "--", version]
        parts.append(MissingPart(name="Commits", command=shlex.join(words)))
    if not release.deploy_count:
        words = [*cli, "deploys", "new", *named, f"--release={version}", "--env=production"]
        parts.append(MissingPart(name="Deploy", command=shlex.join(words)))
    if not artifacts.files:
        upload = upload_command(server, scope, version)
        parts.append(MissingPart(name="Source maps", command=upload))
    return tuple(parts)


def upload_command(server: str, scope: tuple[str, str], version: str) -> str:
    """Return the command that uploads source maps; ``scope`` is organization and project."""
    cli = ["sentry-cli", "--url", server, "sourcemaps", "upload"]
    named = ["--org", scope[0], "--project", scope[1], f"--release={version}"]
    return shlex.join([*cli, *named, "./dist"])
