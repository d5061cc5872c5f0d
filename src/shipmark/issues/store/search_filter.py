"""The filter of a list of issues for a search, whose versions and environments are looked up."""

from collections.abc import Mapping, Sequence

from sqlalchemy import Connection

from shipmark.issues.model import LATEST, IssueFilter, ReleaseCondition
from shipmark.issues.people import BookmarkCondition
from shipmark.issues.search import EnvironmentTerm, IssueSearch, ReleaseTerm
from shipmark.issues.store import release_filter
from shipmark.issues.store.assignee_filter import assignment_conditions
from shipmark.issues.store.few_issues import ids_if_few
from shipmark.issues.store.tagged_issues import with_tag
from shipmark.issues.tags import TagCondition
from shipmark.organizations.model import Access
from shipmark.projects import store as projects
from shipmark.releases.store import shipping_order, version_lookup


def filter_of(
    connection: Connection,
    access: Access,
    project_ids: Sequence[int],
    search: IssueSearch,
    environment_ids: tuple[int, ...] | None = None,
) -> IssueFilter:
    """Return the filter for a search of the caller in these projects.

    An unknown release matches nothing (groups-api.md 2.3), nor does an unknown environment or assignee. A term of
    environments narrows those that are given besides.
    """
    organization_id = access.organization.id
    named = _environment_ids(connection, organization_id, search.environments)
    excluded = set[int]()
    for term in search.environments:
        ids = {named[name] for name in term.names if name in named}
        if term.is_negated:
            excluded |= ids
        else:
            environment_ids = tuple(
                sorted(ids.intersection(ids if environment_ids is None else environment_ids))
            )
    tags, issue_ids = _tag_conditions(connection, project_ids, search.tags)
    releases = _release_conditions(connection, organization_id, project_ids, search.releases)
    if search.seen_in is not None:
        found = release_filter.found_by(
            connection, organization_id, project_ids, search.seen_in, environment_ids
        )
        releases.append(found.condition)
        issue_ids = _narrowed(issue_ids, found.issue_ids)
    return IssueFilter(
        project_ids=tuple(project_ids),
        ids=None if issue_ids is None else tuple(sorted(issue_ids)),
        status=search.status,
        substatus=search.substatus,
        is_for_review=search.is_for_review,
        text=search.text,
        releases=tuple(releases),
        environment_ids=environment_ids,
        excluded_environment_ids=tuple(sorted(excluded)),
        conditions=tuple(search.conditions),
        assignments=assignment_conditions(connection, access, search.assignees),
        bookmarks=tuple(
            BookmarkCondition(user_id=access.user_id, is_negated=is_negated)
            for is_negated in search.bookmarks
        ),
        tags=tags,
    )


def _tag_conditions(
    connection: Connection, project_ids: Sequence[int], conditions: Sequence[TagCondition]
) -> tuple[tuple[TagCondition, ...], set[int] | None]:
    """Return the conditions to look up for each issue, and the ids of the issues that fulfil the others, or None."""
    looked_up: list[TagCondition] = []
    ids: set[int] | None = None
    for condition in conditions:
        few = None
        if not condition.is_negated and project_ids:
            few = ids_if_few(connection, with_tag(project_ids, condition))
        if few is None:
            looked_up.append(condition)
        else:
            ids = _narrowed(ids, few)
    return tuple(looked_up), ids


def _narrowed(ids: set[int] | None, further: set[int] | None) -> set[int] | None:
    """Return the ids that are in both, where None is all."""
    if ids is None or further is None:
        return further if ids is None else ids
    return ids & further


def _environment_ids(
    connection: Connection, organization_id: int, terms: Sequence[EnvironmentTerm]
) -> Mapping[str, int]:
    if not terms:
        return {}
    names = {name for term in terms for name in term.names}
    known = projects.environments_named(connection, organization_id, names)
    return {environment.name: environment.id for environment in known}


def _release_conditions(
    connection: Connection,
    organization_id: int,
    project_ids: Sequence[int],
    terms: Sequence[ReleaseTerm],
) -> list[ReleaseCondition]:
    """Return the conditions of the terms, by one statement for versions and one for the latest."""
    versions = {version for term in terms for version in term.versions}
    latest: Mapping[int, int] = {}
    if LATEST in versions:
        latest = shipping_order.latest_ids(connection, project_ids)
    known = {}
    if named := versions - {LATEST}:
        known = version_lookup.by_versions(connection, organization_id, named, project_ids)

    def releases_of(version: str) -> Mapping[int, int]:
        if version == LATEST:
            return latest
        release = known.get(version)
        return dict.fromkeys(project_ids, release.id) if release else {}

    return [
        ReleaseCondition(
            tie=term.tie,
            releases=frozenset(
                pair for version in term.versions for pair in releases_of(version).items()
            ),
            is_negated=term.is_negated,
        )
        for term in terms
    ]
