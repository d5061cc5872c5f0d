"""The project object, its details (auth-and-errors.md 8.4)."""

from typing import Any

import msgspec

from shipmark.api.organizations.responses import OrganizationJson
from shipmark.api.projects.responses import ProjectContext, ProjectJson, shown
from shipmark.organizations.model import Access
from shipmark.projects import options
from shipmark.projects.model import Project


class OwnedProjectJson(ProjectJson):
    """A project with its organization."""

    organization: OrganizationJson


class ProjectDetailsJson(OwnedProjectJson):
    """A project with its settings."""

    options: dict[str, object]
    digests_min_delay: int
    digests_max_delay: int
    subject_prefix: str
    subject_template: str
    allowed_domains: list[str]
    resolve_age: int
    data_scrubber: bool
    data_scrubber_defaults: bool
    safe_fields: list[str]
    sensitive_fields: list[str]
    store_crash_reports: int | None
    security_token: str
    security_token_header: str | None
    verify_ssl: bool = msgspec.field(name="verifySSL")
    scrub_ip_addresses: bool = msgspec.field(name="scrubIPAddresses")
    scrape_java_script: bool
    default_environment: str | None
    relay_pii_config: str | None
    grouping_config: str
    grouping_enhancements: str
    grouping_enhancements_base: str | None
    secondary_grouping_expiry: int
    secondary_grouping_config: str | None
    grouping_auto_update: bool
    fingerprinting_rules: str
    plugins: list[object]
    processing_issues: int
    builtin_symbol_sources: list[str]
    symbol_sources: str
    dynamic_sampling_biases: list[object]
    recap_server_url: str | None


#: Options in the object, by their name in `options.OPTIONS`.
_FIELDS = {
    "resolveAge": "resolve_age",
    "defaultEnvironment": "default_environment",
    "scrapeJavaScript": "scrape_java_script",
    "dataScrubber": "data_scrubber",
    "dataScrubberDefaults": "data_scrubber_defaults",
    "scrubIPAddresses": "scrub_ip_addresses",
    "sensitiveFields": "sensitive_fields",
    "safeFields": "safe_fields",
    "storeCrashReports": "store_crash_reports",
    "subjectPrefix": "subject_prefix",
    "subjectTemplate": "subject_template",
    "allowedDomains": "allowed_domains",
    "verifySSL": "verify_ssl",
    "securityToken": "security_token",
    "securityTokenHeader": "security_token_header",
    "digestsMinDelay": "digests_min_delay",
    "digestsMaxDelay": "digests_max_delay",
    "relayPiiConfig": "relay_pii_config",
}

#: What is of parts of the reference that are not here.
_ABSENT: dict[str, Any] = {
    "options": {},
    "grouping_config": "",
    "grouping_enhancements": "",
    "grouping_enhancements_base": None,
    "secondary_grouping_expiry": 0,
    "secondary_grouping_config": None,
    "grouping_auto_update": False,
    "fingerprinting_rules": "",
    "plugins": [],
    "processing_issues": 0,
    "builtin_symbol_sources": [],
    "symbol_sources": "[]",
    "dynamic_sampling_biases": [],
    "recap_server_url": None,
}


def owned_project_json(
    project: Project, access: Access, around: ProjectContext, organization: OrganizationJson
) -> OwnedProjectJson:
    """A project with its organization, as a caller sees it."""
    return OwnedProjectJson(**shown(project, access, around), organization=organization)


def project_details_json(
    project: Project,
    access: Access,
    around: ProjectContext,
    organization: OrganizationJson,
    stored: options.Stored,
) -> ProjectDetailsJson:
    """A project with its settings, as a caller sees it."""
    set_to: dict[str, Any] = {
        _FIELDS[name]: value for name, value in options.values(stored).items()
    }
    if access.user is None or "project:write" not in access.scopes:
        # A secret of the project's own servers: pipelines and readers have no use for it.
        set_to["security_token"] = ""
    return ProjectDetailsJson(
        **shown(project, access, around), **_ABSENT, **set_to, organization=organization
    )
