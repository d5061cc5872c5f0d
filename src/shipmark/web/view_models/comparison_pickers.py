"""The two fields of a comparison that pick releases, by their versions or short versions."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from shipmark.issues.store.release_issue_lists import IssueSelection
from shipmark.releases import actions as releases
from shipmark.releases import versions
from shipmark.releases.model import Release, ReleaseFilter, ReleaseSort
from shipmark.releases.store import lineage, list_query
from shipmark.releases.store.version_lookup import by_versions
from shipmark.web.request_context import Workspace
from shipmark.web.template_filters import package, short_version
from shipmark.web.view_models.comparison import Difference, difference
from shipmark.web.view_models.comparison_health import ComparedHealth, compared_health

#: The most releases that the fields suggest, and find by their short versions alone.
KNOWN_MAX = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Picker:
    """A field with its text; ``problem`` is the message if it names no release."""

    text: str
    release: Release | None = None
    problem: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ComparisonPage:
    """The fields, the suggested releases, and the difference if both fields name a release.

    ``health`` is None unless one of these has had sessions.
    """

    path_release: Release
    base: Picker
    head: Picker
    known: tuple[Release, ...]
    difference: Difference | None
    health: ComparedHealth | None

    @property
    def is_unknown(self) -> bool:
        """Return True if a field names a release that does not exist."""
        return bool(self.base.problem or self.head.problem)


def comparison_page(
    connection: Connection,
    workspace: Workspace,
    version: str,
    texts: tuple[str, str],
    selection: IssueSelection,
    at: datetime,
) -> ComparisonPage:
    """Return the comparison of the release of the path; ``texts`` are those of the fields for base and head.

    An empty base is the previous release, an empty head that of the path. Raise `NotFound` if the path's is unknown.
    """
    release, attached = releases.find_attached(
        connection, workspace.organization.id, version, workspace.project_ids
    )
    known = _known(connection, workspace)
    head = _picker(connection, workspace, texts[1] or version, known, near=release)
    if texts[0]:
        base = _picker(connection, workspace, texts[0], known, near=head.release or release)
    else:
        previous = lineage.previous(connection, release, set(attached) & set(workspace.project_ids))
        base = Picker(text=previous.version if previous else "", release=previous)
    shown, health = None, None
    if base.release is not None and head.release is not None:
        shown = difference(connection, workspace, base.release, head.release, selection)
        health = compared_health(connection, workspace, base.release, head.release, at)
    return ComparisonPage(
        path_release=release,
        base=base,
        head=head,
        known=tuple(known),
        difference=shown,
        health=health,
    )


def _known(connection: Connection, workspace: Workspace) -> list[Release]:
    release_filter = ReleaseFilter(
        organization_id=workspace.organization.id, project_ids=workspace.project_ids
    )
    rows = list_query.page(connection, release_filter, ReleaseSort.EFFECTIVE_DATE, limit=KNOWN_MAX)
    return [row.release for row in rows]


def _picker(
    connection: Connection,
    workspace: Workspace,
    text: str,
    known: Sequence[Release],
    *,
    near: Release,
) -> Picker:
    """Return the field with the release of this version, or of this short version: first one of the same package."""
    slugs = [project.slug for project in workspace.projects]
    packages = [package(near.version), *slugs]
    candidates = [text, *(f"{name}@{text}" for name in packages if name)]
    by_version = by_versions(
        connection, workspace.organization.id, candidates, workspace.project_ids
    )
    named = [by_version[version] for version in candidates if version in by_version]
    named += [release for release in known if short_version(release.version) == text]
    if not named:
        return Picker(text=text, problem=f"No release {text}")
    exact = [release for release in named if release.version == text]
    same = [release for release in named if _package(release) == _package(near)]
    release = (exact or same or named)[0]
    return Picker(text=release.version, release=release)


def _package(release: Release) -> str | None:
    name = versions.parse(release.version)
    return name.package if name else None
