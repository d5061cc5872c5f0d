"""Options of organizations: their keys, defaults and meaning (files-and-avatars.md 1.4.2, 1.5).

An option that was never set is not stored; `value` returns its default.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from shipmark.organizations.model import Flag, Role

#: Stored options, by key.
Stored = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Option:
    """An option: the key that it is stored by, and its default."""

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


#: The options by their names for clients and in the audit log.
OPTIONS: Mapping[str, Option] = {
    "projectRateLimit": Option("sentry:project-rate-limit", 100),
    "accountRateLimit": Option("sentry:account-rate-limit", 0),
    "dataScrubber": Option("sentry:require_scrub_data", False),
    "dataScrubberDefaults": Option("sentry:require_scrub_defaults", False),
    "sensitiveFields": Option("sentry:sensitive_fields", None),
    "safeFields": Option("sentry:safe_fields", None),
    "scrapeJavaScript": Option("sentry:scrape_javascript", True),
    "storeCrashReports": Option("sentry:store_crash_reports", 0),
    "attachmentsRole": Option("sentry:attachments_role", Role.MEMBER.value),
    "debugFilesRole": Option("sentry:debug_files_role", Role.ADMIN.value),
    "eventsMemberAdmin": Option("sentry:events_member_admin", True),
    "alertsMemberWrite": Option("sentry:alerts_member_write", True),
    "scrubIPAddresses": Option("sentry:require_scrub_ip_address", False),
    "relayPiiConfig": Option("sentry:relay_pii_config", None),
    "allowJoinRequests": Option("sentry:join_requests", True),
    "apdexThreshold": Option("sentry:apdex_threshold", None),
    "aiSuggestedSolution": Option("sentry:ai_suggested_solution", True),
    "githubPRBot": Option("sentry:github_pr_bot", True),
    # The following are newer.
    "githubOpenPRBot": Option("sentry:github_open_pr_bot", True),
    "githubNudgeInvite": Option("sentry:github_nudge_invite", True),
    "gitlabPRBot": Option("sentry:gitlab_pr_bot", True),
    "hideAiFeatures": Option("sentry:hide_ai_features", False),
    "issueAlertsThreadFlag": Option("sentry:issue_alerts_thread_flag", True),
    "metricAlertsThreadFlag": Option("sentry:metric_alerts_thread_flag", True),
    "targetSampleRate": Option("sentry:target_sample_rate", None),
    "samplingMode": Option("sentry:sampling_mode", None),
    "rollbackEnabled": Option("sentry:rollback_enabled", True),
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
    return Role(str(value(stored, "attachmentsRole")))


def may_download_attachments(stored: Stored, role: Role | None) -> bool:
    """Return True if a caller with this role may; tokens of organizations have none, and may not."""
    return role is not None and role.rank >= role_for_attachments(stored).rank


def role_for_debug_files(stored: Stored) -> Role:
    """Return the least role that may download debug files and release files."""
    return Role(str(value(stored, "debugFilesRole")))
