"""Rules for the slugs of organizations, teams and projects (files-and-avatars.md 1.4.1, 1.7)."""

import re
import unicodedata

SLUG_MAX = 50
SLUG_MIN = 3
#: Upper case is allowed here; the last character is no dash, and not all are digits, which would read as an id.
PATTERN = re.compile(r"(?![0-9]+$)[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?", re.ASCII)
#: The slugs of teams and projects.
TEAM_PATTERN = re.compile(r"(?![0-9]+$)[a-z0-9_-]+", re.ASCII)
RESERVED = frozenset([
    "404", "500", "_admin", "_experiment", "_static", "about", "accept", "access", "account", "accountspayable",
    "acl", "admin", "answers", "ap", "api", "app", "at", "au1", "auth", "authentication", "avatar", "billing",
    "blog", "branding", "careers", "client", "clients", "community", "contact", "corp", "customers", "de", "debug",
    "devinfra", "docs", "enterprise", "eu", "events", "expenses", "ext", "extension", "extensions", "features",
    "finance", "for", "from", "get-cli", "github-deployment-gate", "guide", "help", "ingest",
    "integration-platform", "integrations", "invoice", "invoices", "ja", "jobs", "legal", "login", "logout", "lp",
    "mail", "manage", "my", "onboarding", "organization-avatar", "organizations", "out", "payment", "payments",
    "platforms", "plugins", "policy", "pricing", "privacy", "project-avatar", "projects", "receipt", "receipts",
    "referrals", "register", "remote", "resources", "sa1", "sales", "security", "sentry-apps", "settings", "signup",
    "sponsorship", "ssh", "sso", "staff", "subscribe", "support", "team-avatar", "teams", "terms", "thanks",
    "themonitor", "trust", "us", "vs", "welcome",
])  # fmt: skip
RESERVED_OF_PROJECTS = frozenset([
    "$all", "api-keys", "audit-log", "auth", "members", "projects", "rate-limits", "repos", "settings", "teams",
    "billing", "payments", "legal", "subscription", "support", "integrations", "developer-settings", "usage",
])  # fmt: skip
NO_MATCH = "This value does not match the required pattern."


def problem(slug: str, raw: str) -> str | None:
    """Return the problem of an organization's slug, which was sent as ``raw``, or None."""
    if PATTERN.fullmatch(slug) is None:
        return NO_MATCH
    if len(slug) < SLUG_MIN:
        return f'This slug "{slug}" is too short. Minimum of {SLUG_MIN} characters.'
    if slug in RESERVED:
        return f'This slug "{slug}" is reserved and not allowed.'
    return None if raw == slug else f'The slug "{slug}" should not contain any whitespace.'


def taken(slug: str) -> str:
    """Return the message for a slug that another organization has."""
    return f'The slug "{slug}" is already in use.'


def from_name(name: str) -> str:
    """Return a slug derived from a name, without accents, or an empty text if no character of it can be used."""
    letters = unicodedata.normalize("NFKD", name.casefold())
    plain = "".join(letter for letter in letters if not unicodedata.combining(letter))
    slug = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:SLUG_MAX].strip("-")
    return f"{slug[: SLUG_MAX - 2]}-x" if slug.isdigit() else slug
