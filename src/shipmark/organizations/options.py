"""Options of organizations: their keys, defaults and meaning (files-and-avatars.md 1.4.2, 1.5).

An option that was never set is not stored; `value` returns its default.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from shipmark.organizations.model import Flag, Role

#: Stored options, by key.
Stored = Mapping[str, object]


@dataclass(frozen=True, slots=True, kw_only=True)
class Option:
    """An option. ``name`` is its name for clients and in the audit log."""

    name: str
    key: str
    default: object


@dataclass(frozen=True, slots=True, kw_only=True)
class Switch:
    """A flag under its name for clients, which may be the opposite of the flag."""

    name: str
    flag: Flag
    is_inverted: bool = False
    #: False for those that Shipmark does not support, which stay at their default.
    is_kept: bool = True

    def flagged(self, value: bool) -> bool:
        """Convert between the values of the switch and of the flag, in either direction."""
        return value is not self.is_inverted


_DEFAULTS: Mapping[str, tuple[str, object]] = {
    "projectRateLimit": ("sentry:project-rate-limit", 100),
    "accountRateLimit": ("sentry:account-rate-limit", 0),
    "dataScrubber": ("sentry:require_scrub_data", False),
    "dataScrubberDefaults": ("sentry:require_scrub_defaults", False),
    "sensitiveFields": ("sentry:sensitive_fields", None),
    "safeFields": ("sentry:safe_fields", None),
    "scrapeJavaScript": ("sentry:scrape_javascript", True),
    "storeCrashReports": ("sentry:store_crash_reports", 0),
    "attachmentsRole": ("sentry:attachments_role", Role.MEMBER.value),
    "debugFilesRole": ("sentry:debug_files_role", Role.ADMIN.value),
    "eventsMemberAdmin": ("sentry:events_member_admin", True),
    "alertsMemberWrite": ("sentry:alerts_member_write", True),
    "scrubIPAddresses": ("sentry:require_scrub_ip_address", False),
    "relayPiiConfig": ("sentry:relay_pii_config", None),
    "allowJoinRequests": ("sentry:join_requests", True),
    "apdexThreshold": ("sentry:apdex_threshold", None),
    "aiSuggestedSolution": ("sentry:ai_suggested_solution", True),
    "githubPRBot": ("sentry:github_pr_bot", True),
    # The following are newer.
    "githubOpenPRBot": ("sentry:github_open_pr_bot", True),
    "githubNudgeInvite": ("sentry:github_nudge_invite", True),
    "gitlabPRBot": ("sentry:gitlab_pr_bot", True),
    "hideAiFeatures": ("sentry:hide_ai_features", False),
    "issueAlertsThreadFlag": ("sentry:issue_alerts_thread_flag", True),
    "metricAlertsThreadFlag": ("sentry:metric_alerts_thread_flag", True),
    "targetSampleRate": ("sentry:target_sample_rate", None),
    "samplingMode": ("sentry:sampling_mode", None),
    "rollbackEnabled": ("sentry:rollback_enabled", True),
}
OPTIONS: Mapping[str, Option] = {
    name: Option(name=name, key=key, default=default) for name, (key, default) in _DEFAULTS.items()
}
TRUSTED_RELAYS = "sentry:trusted-relays"

SWITCHES = (
    Switch(name="openMembership", flag=Flag.ALLOW_JOINLEAVE),
    Switch(name="allowSharedIssues", flag=Flag.DISABLE_SHARED_ISSUES, is_inverted=True),
    Switch(name="enhancedPrivacy", flag=Flag.ENHANCED_PRIVACY),
    Switch(name="isEarlyAdopter", flag=Flag.EARLY_ADOPTER),
    Switch(name="codecovAccess", flag=Flag.CODECOV_ACCESS),
    Switch(name="require2FA", flag=Flag.REQUIRE_2FA),
    Switch(name="requireEmailVerification", flag=Flag.REQUIRE_EMAIL_VERIFICATION, is_kept=False),
    Switch(name="allowMemberInvite", flag=Flag.DISABLE_MEMBER_INVITE, is_inverted=True),
    Switch(
        name="allowMemberProjectCreation",
        flag=Flag.DISABLE_MEMBER_PROJECT_CREATION,
        is_inverted=True,
    ),
    Switch(name="allowSuperuserAccess", flag=Flag.PREVENT_SUPERUSER_ACCESS, is_inverted=True),
)


def value(stored: Stored, name: str) -> object:
    """Return the value of an option, or its default."""
    option = OPTIONS[name]
    return stored.get(option.key, option.default)


def is_on(stored: Stored, name: str) -> bool:
    """Return True if a boolean option is on."""
    return bool(value(stored, name))


def words(stored: Stored, name: str) -> list[str]:
    """Return the value of an option that is a list of texts, empty if not set."""
    result = value(stored, name)
    return [str(item) for item in result] if isinstance(result, list) else []


def number(stored: Stored, name: str) -> int:
    """Return the value of a numeric option. True, which older servers stored, means unlimited: -1."""
    result = value(stored, name)
    if result is True:
        return -1
    return result if isinstance(result, int) else 0


def trusted_relays(stored: Stored) -> list[dict[str, object]]:
    """Return the trusted relays, as stored."""
    result = stored.get(TRUSTED_RELAYS)
    return list(result) if isinstance(result, list) else []


def role_for_attachments(stored: Stored) -> Role:
    """Return the least role that may download attachments of events."""
    return _role(stored, "attachmentsRole")


def role_for_debug_files(stored: Stored) -> Role:
    """Return the least role that may download debug files and release files."""
    return _role(stored, "debugFilesRole")


def _role(stored: Stored, name: str) -> Role:
    return Role(str(value(stored, name)))
