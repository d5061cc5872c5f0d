"""The organization object, its details (files-and-avatars.md 1.3.2)."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from shipmark.api.members.responses import (
    RoleNameResponse,
    RoleResponse,
    TeamRoleResponse,
    role_names,
    roles_of,
    team_roles,
)
from shipmark.api.organizations.responses import OrganizationResponse, organization_response
from shipmark.api.projects.responses import ProjectResponse
from shipmark.api.responses import Wire
from shipmark.api.teams.responses import TeamDetailsResponse
from shipmark.organizations import options
from shipmark.organizations.model import Access, Flag
from shipmark.organizations.options import Stored


class QuotaResponse(Wire, kw_only=True):
    """How many events are taken in: there is no limit here."""

    max_rate: int | None = None
    max_rate_interval: int = 60
    account_limit: int
    project_limit: int


class TrustedRelayResponse(Wire):
    """A relay whose events are trusted."""

    name: str
    public_key: str
    created: str
    last_modified: str
    description: str | msgspec.UnsetType = msgspec.UNSET


class OrganizationDetailsResponse(OrganizationResponse, kw_only=True):
    """An organization with its settings; a token of the organization itself is shown the base part only."""

    # Fields of other products of the reference, such as this one, are constant.
    experiments: dict[str, object] = msgspec.field(default_factory=dict)
    quota: QuotaResponse
    is_default: bool
    default_role: str
    available_roles: list[RoleNameResponse]
    org_role_list: list[RoleResponse]
    team_role_list: list[TeamRoleResponse]
    open_membership: bool
    allow_shared_issues: bool
    enhanced_privacy: bool
    data_scrubber: bool
    data_scrubber_defaults: bool
    sensitive_fields: list[str]
    safe_fields: list[str]
    store_crash_reports: int
    attachments_role: str
    debug_files_role: str
    events_member_admin: bool
    alerts_member_write: bool
    scrub_ip_addresses: bool = msgspec.field(name="scrubIPAddresses")
    scrape_java_script: bool
    allow_join_requests: bool
    relay_pii_config: str | None
    codecov_access: bool
    ai_suggested_solution: bool
    github_pr_bot: bool = msgspec.field(name="githubPRBot")
    github_open_pr_bot: bool = msgspec.field(name="githubOpenPRBot")
    github_nudge_invite: bool
    gitlab_pr_bot: bool = msgspec.field(name="gitlabPRBot")
    hide_ai_features: bool
    aggregated_data_consent: bool = False
    gen_ai_consent: bool = msgspec.field(name="genAIConsent", default=False)
    issue_alerts_thread_flag: bool
    metric_alerts_thread_flag: bool
    requires_sso: bool = False
    rollback_enabled: bool
    streamline_only: bool | None = None
    trusted_relays: list[TrustedRelayResponse]
    access: list[str]
    pending_access_requests: int = 0
    onboarding_tasks: Sequence[object] = ()
    is_dynamically_sampled: bool = False
    role: str | msgspec.UnsetType = msgspec.UNSET
    org_role: str | msgspec.UnsetType = msgspec.UNSET
    target_sample_rate: float | msgspec.UnsetType = msgspec.UNSET
    sampling_mode: str | msgspec.UnsetType = msgspec.UNSET
    teams: list[TeamDetailsResponse] | msgspec.UnsetType = msgspec.UNSET
    projects: list[ProjectResponse] | msgspec.UnsetType = msgspec.UNSET


@dataclass(frozen=True, slots=True, kw_only=True)
class OrganizationContext:
    """All teams and projects of an organization."""

    teams: Sequence[TeamDetailsResponse]
    projects: Sequence[ProjectResponse]


def organization_details_response(
    access: Access,
    stored: Stored,
    address: str,
    *,
    is_default: bool,
    context: OrganizationContext | None,
) -> OrganizationDetailsResponse:
    """Return an organization with its settings as the caller sees it, with teams and projects unless None."""
    base = organization_response(access.organization, address)
    role = access.role.value if access.role else msgspec.UNSET
    return OrganizationDetailsResponse(
        **msgspec.structs.asdict(base),
        **_settings(access, stored),
        quota=QuotaResponse(
            account_limit=options.number(stored, "accountRateLimit"),
            project_limit=options.number(stored, "projectRateLimit"),
        ),
        is_default=is_default,
        default_role=access.organization.default_role.value,
        available_roles=role_names(),
        org_role_list=roles_of(access.organization),
        team_role_list=team_roles(),
        trusted_relays=[_relay_response(relay) for relay in options.trusted_relays(stored)],
        access=sorted(access.scopes),
        role=role,
        org_role=role,
        teams=msgspec.UNSET if context is None else list(context.teams),
        projects=msgspec.UNSET if context is None else list(context.projects),
    )


#: The fields of settings that are booleans, by their name in `options.OPTIONS`.
_SWITCHES = {
    field.encode_name: field.name
    for field in msgspec.structs.fields(OrganizationDetailsResponse)
    if field.encode_name in options.OPTIONS
    and isinstance(options.OPTIONS[field.encode_name].default, bool)
}


def _settings(access: Access, stored: Stored) -> dict[str, Any]:
    """Return the settings: flags, and options that are set or have their default."""
    organization = access.organization
    rate = options.value(stored, "targetSampleRate")
    mode = options.value(stored, "samplingMode")
    return {
        **{key: options.is_on(stored, name) for name, key in _SWITCHES.items()},
        "open_membership": organization.is_open,
        "allow_shared_issues": organization.shares_issues,
        "enhanced_privacy": organization.has(Flag.ENHANCED_PRIVACY),
        "codecov_access": organization.has(Flag.CODECOV_ACCESS),
        "sensitive_fields": options.words(stored, "sensitiveFields"),
        "safe_fields": options.words(stored, "safeFields"),
        "store_crash_reports": options.number(stored, "storeCrashReports"),
        "attachments_role": options.role_for_attachments(stored).value,
        "debug_files_role": options.role_for_debug_files(stored).value,
        "relay_pii_config": options.value(stored, "relayPiiConfig") or None,
        "target_sample_rate": msgspec.UNSET if rate is None else rate,
        "sampling_mode": msgspec.UNSET if mode is None else mode,
    }


def _relay_response(relay: dict[str, object]) -> TrustedRelayResponse:
    description = relay.get("description")
    return TrustedRelayResponse(
        name=str(relay["name"]),
        public_key=str(relay["public_key"]),
        created=str(relay["created"]),
        last_modified=str(relay["last_modified"]),
        description=msgspec.UNSET if description is None else str(description),
    )
