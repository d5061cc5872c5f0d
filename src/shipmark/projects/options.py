"""Options of projects: their keys and defaults (auth-and-errors.md 8.4).

Those for scrubbing, grouping, filters and crash reports have an effect (`events/project_rules.py`), the rate limit has
(`ingest/quotas.py`), and so have the allowed domains, the criteria of verdicts, and the age at which issues are
resolved (`issues/actions/age_changes.py`); the others are stored and shown.
"""

from collections.abc import Mapping

from shipmark.organizations.options import Option, Stored

#: The hours without events after which issues are resolved, 0 for never.
RESOLVE_AGE = "resolveAge"
#: The most events that a project takes in, as ``{"count", "window"}``; ours, the reference has none.
RATE_LIMIT = "rateLimit"
#: How the releases of a project are judged, as texts (`verdicts/criteria.py`); ours, the reference has none.
VERDICT_CRITERIA = "verdictCriteria"
#: The origins of pages from which a project takes events (`ingest/allowed_origins.py`).
ALLOWED_DOMAINS = "allowedDomains"
#: The options by their names for clients and in the audit log.
OPTIONS: Mapping[str, Option] = {
    RESOLVE_AGE: Option("sentry:resolve_age", 0),
    "defaultEnvironment": Option("sentry:default_environment", None),
    "scrapeJavaScript": Option("sentry:scrape_javascript", True),
    "dataScrubber": Option("sentry:scrub_data", True),
    "dataScrubberDefaults": Option("sentry:scrub_defaults", True),
    "scrubIPAddresses": Option("sentry:scrub_ip_address", False),
    "sensitiveFields": Option("sentry:sensitive_fields", []),
    "safeFields": Option("sentry:safe_fields", []),
    "fingerprintingRules": Option("sentry:fingerprinting_rules", ""),
    "storeCrashReports": Option("sentry:store_crash_reports", None),
    RATE_LIMIT: Option("shipmark:rate_limit", None),
    VERDICT_CRITERIA: Option("shipmark:verdict_criteria", None),
    "subjectPrefix": Option("mail:subject_prefix", ""),
    "subjectTemplate": Option("mail:subject_template", "$shortID - $title"),
    ALLOWED_DOMAINS: Option("sentry:origins", ["*"]),
    "verifySSL": Option("sentry:verify_ssl", False),
    "securityToken": Option("sentry:token", ""),
    "securityTokenHeader": Option("sentry:token_header", None),
    "digestsMinDelay": Option("digests:mail:minimum_delay", 300),
    "digestsMaxDelay": Option("digests:mail:maximum_delay", 1800),
    "relayPiiConfig": Option("sentry:relay_pii_config", None),
    "filters:blacklisted_ips": Option("sentry:blacklisted_ips", []),
    "filters:releases": Option("sentry:releases", []),
    "filters:error_messages": Option("sentry:error_messages", []),
    "browser-extensions": Option("filters:browser-extensions", False),
    "localhost": Option("filters:localhost", False),
    "web-crawlers": Option("filters:web-crawlers", False),
    "legacy-browsers": Option("filters:legacy-browsers", []),
}
#: The filters with lists that clients set as texts, an entry a line.
FILTER_LISTS = ("filters:blacklisted_ips", "filters:releases", "filters:error_messages")


def values(stored: Stored) -> dict[str, object]:
    """Return the values of all options by name; those that are not set have their defaults."""
    return {name: stored.get(option.key, option.default) for name, option in OPTIONS.items()}


def lines(stored: Stored, name: str) -> list[str]:
    """Return the value of an option that is a list of texts."""
    option = OPTIONS[name]
    value = stored.get(option.key, option.default)
    return [str(line) for line in value] if isinstance(value, list) else []
