"""The rules by which the events of a project are changed or dropped, from the options of project and organization."""

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache

from sqlalchemy import Connection

from shipmark.events import fingerprint_rules
from shipmark.events.fingerprint_rules import FingerprintRule, FingerprintRuleError
from shipmark.events.inbound_filters import (
    NO_FILTERS,
    InboundFilters,
    networks_of,
    pattern_of,
)
from shipmark.events.scrubbing import ScrubbingRules
from shipmark.organizations import options as organization_options
from shipmark.projects import options as project_options
from shipmark.projects import store as projects
from shipmark.projects.store.options import OptionRow


@dataclass(frozen=True, slots=True, kw_only=True)
class ProjectRules:
    """What applies to the events of a project.

    ``crash_reports_max`` is the number of crash reports that are kept of an issue, None for all.
    """

    scrubbing: ScrubbingRules = field(default_factory=ScrubbingRules)
    fingerprints: tuple[FingerprintRule, ...] = ()
    filters: InboundFilters = NO_FILTERS
    crash_reports_max: int | None = None


def scrubbing_of_project(
    connection: Connection, organization_id: int, project_id: int
) -> ScrubbingRules:
    """Return what the rules of a project remove from its events."""
    options = projects.options_with_organization(connection, organization_id, project_id)
    return rules_from(options).scrubbing


@lru_cache(256)
def rules_from(rows: tuple[OptionRow, ...]) -> ProjectRules:
    """Return the rules of stored options; the same options are compiled once.

    What the organization turns on is on in all projects, and its fields are added to theirs.
    """
    organization, project = _values(rows, is_project=False), _values(rows, is_project=True)
    return ProjectRules(
        scrubbing=_scrubbing(organization, project),
        fingerprints=_fingerprints(project),
        filters=_filters(project),
        crash_reports_max=_crash_reports_max(organization, project),
    )


def _values(rows: Iterable[OptionRow], *, is_project: bool) -> Mapping[str, object]:
    return {row.key: json.loads(row.value) for row in rows if row.is_project is is_project}


def _filters(project: organization_options.Stored) -> InboundFilters:
    """Return the filters of the project; they were validated before they were stored."""
    chosen = project_options.values(project)
    addresses, releases, messages = (
        project_options.lines(project, name) for name in project_options.FILTER_LISTS
    )
    return InboundFilters(
        has_extensions=chosen["browser-extensions"] is True,
        has_localhost=chosen["localhost"] is True,
        has_crawlers=chosen["web-crawlers"] is True,
        browsers=frozenset(project_options.lines(project, "legacy-browsers")),
        networks=networks_of(addresses),
        releases=pattern_of(releases),
        messages=pattern_of(messages, re.IGNORECASE),
    )


def _crash_reports_max(
    organization: organization_options.Stored, project: organization_options.Stored
) -> int | None:
    """Return the limit of the project, else that of the organization, whose 0 (the default) and -1 are no limit."""
    own = project_options.values(project)["storeCrashReports"]
    if isinstance(own, int):
        return own if own >= 0 else None
    shared = organization_options.number(organization, "storeCrashReports")
    return shared if shared > 0 else None


def _fingerprints(project: organization_options.Stored) -> tuple[FingerprintRule, ...]:
    """Return the rules of the project; they were validated before they were stored."""
    try:
        return fingerprint_rules.parse(str(project_options.values(project)["fingerprintingRules"]))
    except FingerprintRuleError:
        return ()


def _scrubbing(
    organization: organization_options.Stored, project: organization_options.Stored
) -> ScrubbingRules:
    chosen = project_options.values(project)

    def is_on(name: str) -> bool:
        return organization_options.is_on(organization, name) or bool(chosen[name])

    def fields(name: str) -> tuple[str, ...]:
        own = chosen[name]
        words = [str(word) for word in own] if isinstance(own, list) else []
        return tuple(dict.fromkeys([*organization_options.words(organization, name), *words]))

    return ScrubbingRules(
        is_on=is_on("dataScrubber"),
        has_defaults=is_on("dataScrubberDefaults"),
        sensitive_fields=fields("sensitiveFields"),
        safe_fields=fields("safeFields"),
        removes_addresses=is_on("scrubIPAddresses"),
    )
