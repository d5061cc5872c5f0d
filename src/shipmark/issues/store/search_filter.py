"""The filter of a list of issues for a search, whose versions and environments are looked up."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Generic, NamedTuple, TypeVar

from sqlalchemy import Connection, Select

from shipmark.issues.model import IssueFilter, ReleaseCondition
from shipmark.issues.people import UserCondition
from shipmark.issues.search import IssueSearch, IssueTerm, NamesTerm, ReleaseTerm
from shipmark.issues.store import named_issues, release_filter
from shipmark.issues.store.assignee_filter import assignment_conditions
from shipmark.issues.store.few_issues import ids_if_few
from shipmark.issues.store.named_members import user_conditions
from shipmark.issues.store.tagged_issues import with_tag
from shipmark.issues.store.user_conditions import bookmarked_by, subscribed_to
from shipmark.issues.tags import TagCondition
from shipmark.organizations.model import Access
from shipmark.projects import store as projects
from shipmark.releases.store import shipping_order, version_lookup
from shipmark.releases.versions import LATEST

C = TypeVar("C", TagCondition, UserCondition, ReleaseCondition)
#: Those of which `_conditions` looks up the issues.
U = TypeVar("U", TagCondition, UserCondition)


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
    project_ids = _narrowed_projects(connection, project_ids, search.projects)
    environments = _environments(connection, organization_id, search.environments, environment_ids)
    tags = _tags(connection, project_ids, search.tags)
    releases = _releases(connection, organization_id, project_ids, search, environments)
    named = _named_issues(connection, organization_id, search.named)
    bookmarks = _of_users(connection, access, search.bookmarks, bookmarked_by)
    subscriptions = _of_users(connection, access, search.subscriptions, subscribed_to)
    return IssueFilter(
        project_ids=tuple(project_ids),
        ids=_in_all(tags.ids, releases.ids, named.ids, bookmarks.ids, subscriptions.ids),
        excluded_ids=named.excluded_ids,
        status=search.status,
        substatus=search.substatus,
        excluded_statuses=frozenset(search.excluded_statuses),
        excluded_substatuses=frozenset(search.excluded_substatuses),
        is_for_review=search.is_for_review,
        text=search.text,
        releases=releases.conditions,
        environment_ids=environments.ids,
        excluded_environment_ids=environments.excluded_ids,
        conditions=tuple(search.conditions),
        assignments=assignment_conditions(connection, access, search.assignees),
        bookmarks=bookmarks.conditions,
        subscriptions=subscriptions.conditions,
        tags=tags.conditions,
        texts=tuple(search.texts),
    )


def _in_all(*ids: set[int] | None) -> tuple[int, ...] | None:
    """Return the ids that are in all of the sets, where None is all ids."""
    known = [each for each in ids if each is not None]
    return tuple(sorted(set.intersection(*known))) if known else None


class _Conditions(NamedTuple, Generic[C]):
    """Conditions to look up for each issue, and the ids of the issues that fulfil the others; None without others."""

    conditions: tuple[C, ...]
    ids: set[int] | None


def _conditions(
    connection: Connection, terms: Iterable[U], issues_of: Callable[[U], Select[int]]
) -> _Conditions[U]:
    """Return the conditions, of which those that few issues fulfil are looked up here."""
    looked_up: list[U] = []
    ids: set[int] | None = None
    for condition in terms:
        few = None if condition.is_negated else ids_if_few(connection, issues_of(condition))
        if few is None:
            looked_up.append(condition)
        else:
            ids = few if ids is None else ids & few
    return _Conditions(tuple(looked_up), ids)


def _tags(
    connection: Connection, project_ids: Sequence[int], tags: Sequence[TagCondition]
) -> _Conditions[TagCondition]:
    terms = tags if project_ids else ()
    return _conditions(connection, terms, lambda tag: with_tag(project_ids, tag))


def _of_users(
    connection: Connection,
    access: Access,
    terms: Sequence[NamesTerm],
    issues_of: Callable[[UserCondition], Select[int]],
) -> _Conditions[UserCondition]:
    return _conditions(connection, user_conditions(connection, access, terms), issues_of)


def _releases(
    connection: Connection,
    organization_id: int,
    project_ids: Sequence[int],
    search: IssueSearch,
    environments: "_Environments",
) -> _Conditions[ReleaseCondition]:
    """Return the conditions of releases that are named, and of those that are searched for."""
    conditions = _release_conditions(connection, organization_id, project_ids, search.releases)
    if search.seen_in is None:
        return _Conditions(tuple(conditions), None)
    found = release_filter.found_by(
        connection, organization_id, project_ids, search.seen_in, environments.ids
    )
    return _Conditions((*conditions, found.condition), found.issue_ids)


def _narrowed_projects(
    connection: Connection, project_ids: Sequence[int], terms: Sequence[NamesTerm]
) -> Sequence[int]:
    """Return those of the projects that the terms mean, by slug or id."""
    if not terms:
        return project_ids
    known = projects.by_ids(connection, project_ids)

    def matches(project_id: int, term: NamesTerm) -> bool:
        is_named = not {known[project_id].slug, str(project_id)}.isdisjoint(term.names)
        return is_named is not term.is_negated

    return [each for each in project_ids if all(matches(each, term) for term in terms)]


class _NamedIssues(NamedTuple):
    """The ids of the issues that a search names, None if it names none, and of those that it excludes."""

    ids: set[int] | None
    excluded_ids: tuple[int, ...]


def _named_issues(
    connection: Connection, organization_id: int, terms: Sequence[IssueTerm]
) -> _NamedIssues:
    """Return the issues of the terms; unknown ones match nothing. Issues of other projects may be among them."""
    short_ids = {short_id for term in terms for short_id in term.short_ids}
    known = named_issues.ids_of_short_ids(connection, organization_id, short_ids)
    named_ids = {issue_id for term in terms for issue_id in term.ids}
    known_ids = named_issues.ids_in_organization(connection, organization_id, named_ids)
    ids, excluded = None, set[int]()
    for term in terms:
        of_term = {known[each] for each in term.short_ids if each in known}
        of_term |= {known_ids[each] for each in term.ids if each in known_ids}
        if term.is_negated:
            excluded |= of_term
        else:
            ids = of_term if ids is None else ids & of_term
    return _NamedIssues(ids, tuple(sorted(excluded)))


class _Environments(NamedTuple):
    """The environments that count, None for all, and the excluded ones."""

    ids: tuple[int, ...] | None
    excluded_ids: tuple[int, ...]


def _environments(
    connection: Connection,
    organization_id: int,
    terms: Sequence[NamesTerm],
    ids: tuple[int, ...] | None,
) -> _Environments:
    """Return the environments with these ids, narrowed by the terms."""
    named = _environment_ids(connection, organization_id, terms)
    excluded = set[int]()
    for term in terms:
        of_term = {named[name] for name in term.names if name in named}
        if term.is_negated:
            excluded |= of_term
        else:
            ids = tuple(sorted(of_term.intersection(of_term if ids is None else ids)))
    return _Environments(ids, tuple(sorted(excluded)))


def _environment_ids(
    connection: Connection, organization_id: int, terms: Sequence[NamesTerm]
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
