"""Options of projects: their keys and defaults (auth-and-errors.md 8.4). None has an effect yet."""

from collections.abc import Mapping
from dataclasses import dataclass

#: Stored options, by key.
Stored = Mapping[str, object]


@dataclass(frozen=True, slots=True, kw_only=True)
class ProjectOption:
    """An option. ``name`` is its name for clients and in the audit log."""

    name: str
    key: str
    default: object


_DEFAULTS: Mapping[str, tuple[str, object]] = {
    "resolveAge": ("sentry:resolve_age", 0),
    "defaultEnvironment": ("sentry:default_environment", None),
    "scrapeJavaScript": ("sentry:scrape_javascript", True),
    "dataScrubber": ("sentry:scrub_data", True),
    "dataScrubberDefaults": ("sentry:scrub_defaults", True),
    "scrubIPAddresses": ("sentry:scrub_ip_address", False),
    "sensitiveFields": ("sentry:sensitive_fields", []),
    "safeFields": ("sentry:safe_fields", []),
    "storeCrashReports": ("sentry:store_crash_reports", None),
    "subjectPrefix": ("mail:subject_prefix", ""),
    "subjectTemplate": ("mail:subject_template", "$shortID - $title"),
    "allowedDomains": ("sentry:origins", ["*"]),
    "verifySSL": ("sentry:verify_ssl", False),
    "securityToken": ("sentry:token", ""),
    "securityTokenHeader": ("sentry:token_header", None),
    "digestsMinDelay": ("digests:mail:minimum_delay", 300),
    "digestsMaxDelay": ("digests:mail:maximum_delay", 1800),
    "relayPiiConfig": ("sentry:relay_pii_config", None),
}
OPTIONS: Mapping[str, ProjectOption] = {
    name: ProjectOption(name=name, key=key, default=default)
    for name, (key, default) in _DEFAULTS.items()
}


def values(stored: Stored) -> dict[str, object]:
    """Return the values of all options by name; those that are not set have their defaults."""
    return {name: stored.get(option.key, option.default) for name, option in OPTIONS.items()}
