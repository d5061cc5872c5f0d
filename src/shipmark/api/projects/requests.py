"""Bodies and query parameters of projects (auth-and-errors.md 8.4)."""

from collections.abc import Mapping
from typing import Annotated

from pydantic import AfterValidator, Field

from shipmark.api.queries import Bit, PageQuery, ProjectQuery, one_of
from shipmark.api.rate_limits import OptionalRateLimit
from shipmark.api.teams.routes import TeamSlug
from shipmark.api.verdict_criteria import VerdictCriteriaRequest
from shipmark.events import fingerprint_rules
from shipmark.events.fingerprint_rules import TEXT_MAX, FingerprintRuleError
from shipmark.events.inbound_filters import FilterListError, entries_of
from shipmark.http.validation import (
    Integer,
    Items,
    ListOf,
    Omittable,
    OmittableBoolean,
    RequestModel,
    Text,
    TrimmedText,
    optional,
    refuse,
    require,
)
from shipmark.infrastructure.errors import ValidationFailed
from shipmark.organizations import slugs
from shipmark.projects import options
from shipmark.projects.commit_paths import PATHS_MAX, normalize_path, problem_of
from shipmark.projects.model import ENVIRONMENT_MAX, NAME_MAX, PLATFORM_MAX, RESOLVE_AGE_MAX
from shipmark.projects.options import FILTER_LISTS, RATE_LIMIT, VERDICT_CRITERIA
from shipmark.projects.settings import ProjectUpdate

_TEXT_MAX = 200
_CONFIG_MAX = 100_000
_PERIODS = ("", "1h", "24h", "7d", "14d", "30d")
_VISIBILITIES = ("all", "hidden", "visible")
_IS_VISIBILITY = require(
    lambda visibility: visibility in {None, *_VISIBILITIES},
    f"Invalid value for 'visibility', valid values are: {list(_VISIBILITIES)}",
)


def _normalize_path(path: str) -> str:
    if problem := problem_of(path):
        raise refuse(problem)
    normalized = normalize_path(path)
    assert normalized is not None, "a path without a problem can be normalized"
    return normalized


def _check_fingerprint_rules(text: str | None) -> str:
    try:
        fingerprint_rules.parse(text or "")
    except FingerprintRuleError as problem:
        raise refuse(str(problem)) from None
    return text or ""


def _filter_lists(sent: Mapping[str, object]) -> dict[str, object]:
    """Return the entries of each list of filters that was sent; other options are ignored, as in the reference."""
    return {name: _entries(name, sent[name]) for name in FILTER_LISTS if name in sent}


def _entries(name: str, value: object) -> list[str]:
    if value is not None and not isinstance(value, str):
        raise refuse(f"{name}: not a text.")
    try:
        return entries_of(name, value or "")
    except FilterListError as problem:
        raise refuse(f"{name}: {problem}") from None


_Slug = Annotated[
    TeamSlug,
    require(
        lambda slug: slug not in slugs.RESERVED_OF_PROJECTS,
        'The slug "{}" is reserved and not allowed.',
    ),
]
_Delay = Omittable[Annotated[int, Integer(minimum=60, maximum=3600)]]
_OptionalText = Annotated[str, Text(max_length=_TEXT_MAX, blank=True)] | None
_TextOrBlank = Annotated[_OptionalText, AfterValidator(lambda text: text or "")]
_Words = Omittable[ListOf[TrimmedText]]
_FingerprintRules = Annotated[
    Annotated[str, Text(max_length=TEXT_MAX, blank=True)] | None,
    AfterValidator(_check_fingerprint_rules),
]
_FilterOptions = Annotated[dict[str, object], AfterValidator(_filter_lists)]
_Path = Annotated[str, Text(), AfterValidator(_normalize_path)]


class _FilterQuery(PageQuery):
    query: str | None = optional(
        "Text in slugs or names, or terms such as `slug:web`, `platform:python` and `!team:core`.",
        example="we",
    )


class OwnProjectListQuery(_FilterQuery):
    """A page of the projects of a user."""

    status: Annotated[str | None, one_of("active", "deleted", "")] = optional(
        "Only projects with this status: all are active.", example="active"
    )


class EnvironmentListQuery(RequestModel):
    """Which environments to list."""

    visibility: Annotated[str | None, _IS_VISIBILITY, one_of(*_VISIBILITIES)] = optional(
        "`hidden` lists none: environments can't be hidden.", example="visible"
    )

    @property
    def is_hidden(self) -> bool:
        """Return True if only hidden environments are asked for."""
        return self.visibility == "hidden"


class OrganizationEnvironmentListQuery(EnvironmentListQuery, ProjectQuery):
    """Which environments of which projects to list."""


class ProjectListQuery(_FilterQuery):
    """A page of the projects of an organization."""

    stats_period: Annotated[str | None, one_of(*_PERIODS)] = optional(
        "Ignored: projects show no statistics.", example="14d"
    )
    all_projects: Bit = optional("`1` shows all on one page.", alias="all_projects", example="1")

    def check_period(self) -> None:
        """Raise `ValidationFailed` for an unknown period."""
        if (self.stats_period or "") not in _PERIODS:
            message = "Invalid stats_period. Valid choices are '', '1h', '24h', '7d', '14d', '30d'."
            raise ValidationFailed({"error": {"params": {"stats_period": {"message": message}}}})


class ProjectUpdateRequest(RequestModel):
    """Changes of a project and its settings."""

    name: Omittable[Annotated[str, Text(max_length=NAME_MAX)]] = optional("Name of the project.")
    slug: Omittable[_Slug] = optional(
        "Slug, unique in the organization; the former one leads to the project."
    )
    platform: Annotated[str, Text(max_length=PLATFORM_MAX, blank=True)] | None = optional(
        "Platform of the project, such as `python`."
    )
    resolve_age: Omittable[Annotated[int, Integer(maximum=RESOLVE_AGE_MAX)]] = optional(
        "Hours without events until an issue is resolved; 0 for never."
    )
    default_environment: Annotated[str, Text(max_length=ENVIRONMENT_MAX, blank=True)] | None = (
        optional("Environment that is shown first.")
    )
    scrape_java_script: OmittableBoolean = optional(
        "Whether to fetch sources and source maps from their URLs."
    )
    data_scrubber: OmittableBoolean = optional("Whether to remove sensitive data.")
    data_scrubber_defaults: OmittableBoolean = optional(
        "Whether to remove the fields that are sensitive by default."
    )
    scrub_ip_addresses: OmittableBoolean = optional(
        "Whether to remove IP addresses.", alias="scrubIPAddresses"
    )
    verify_ssl: OmittableBoolean = optional(
        "Whether to verify certificates when fetching.", alias="verifySSL"
    )
    sensitive_fields: _Words = optional("Further fields to remove.")
    safe_fields: _Words = optional("Fields that are never removed.")
    options: Omittable[_FilterOptions] = optional(
        "Filters, an entry a line: `filters:blacklisted_ips`, `filters:releases`, `filters:error_messages`."
    )
    fingerprinting_rules: _FingerprintRules = optional(
        "Rules that group events by a fingerprint of your own, one a line."
    )
    store_crash_reports: Annotated[int, Integer(minimum=-1, maximum=100)] | None = optional(
        "Crash reports to keep per issue; -1 for all, null for as many as the organization says."
    )
    rate_limit: OptionalRateLimit = optional(
        "Most events of the project that are accepted in a window, with all keys together; null for no limit."
    )
    verdict_criteria: VerdictCriteriaRequest | None = optional(
        "How the releases of the project are judged; null for the default."
    )
    subject_prefix: _TextOrBlank = optional("Prefix of the subjects of mails.")
    subject_template: Omittable[Annotated[str, Text(max_length=_TEXT_MAX)]] = optional(
        "Template of the subjects of mails."
    )
    allowed_domains: _Words = optional(
        "Domains from which browsers may send events, such as `*.example.com`; `*` for all."
    )
    security_token: _TextOrBlank = optional("Token that is sent with requests for sources.")
    security_token_header: _OptionalText = optional("Name of the header with the token.")
    digests_min_delay: _Delay = optional("Minimum number of seconds between digests.")
    digests_max_delay: _Delay = optional("Maximum number of seconds between digests.")
    relay_pii_config: Annotated[str, Text(max_length=_CONFIG_MAX, blank=True)] | None = optional(
        "Rules for the removal of personal data, as JSON."
    )

    def to_input(self) -> ProjectUpdate:
        """Return the changes for the domain: those that were sent."""
        sent = self.sent()
        sent |= sent.pop("options", None) or {}
        if (limit := sent.get(RATE_LIMIT)) is not None:
            sent[RATE_LIMIT] = limit.model_dump() if limit.is_limit else None
        if (criteria := sent.get(VERDICT_CRITERIA)) is not None:
            sent[VERDICT_CRITERIA] = criteria.to_option()
        return ProjectUpdate(
            columns={
                name: value or None for name, value in sent.items() if name not in options.OPTIONS
            },
            options={name: value for name, value in sent.items() if name in options.OPTIONS},
        )


class CommitPathsRequest(RequestModel):
    """The folders whose commits belong to a project."""

    paths: Annotated[list[_Path], Items(max_length=PATHS_MAX)] = Field(
        description="Folders, from the root of a repository; none for all commits."
    )
