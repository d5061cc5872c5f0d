"""The sentences for names and slugs that can't be taken; the rules are those of the API (auth-and-errors.md 8.4)."""

from shipmark.infrastructure.errors import ValidationFailed
from shipmark.organizations import slugs
from shipmark.projects.model import PLATFORM_MAX

_PATH_RULE = (
    f"Use lower case letters, digits, dashes and underscores, at most {slugs.SLUG_MAX}, "
    "and not only digits."
)
_HOST_RULE = (
    f"Use letters, digits and dashes, {slugs.SLUG_MIN} to {slugs.SLUG_MAX} of them, not only digits, "
    "and no dash at either end."
)


def name_problem(name: str, most: int) -> str | None:
    """Return the problem of a name without spaces around it, or None."""
    return None if 0 < len(name) <= most else f"Enter a name of at most {most} characters."


def organization_slug_problem(slug: str) -> str | None:
    """Return the problem of an organization's slug, or None."""
    if slug in slugs.RESERVED:
        return _reserved(slug)
    is_right = len(slug) <= slugs.SLUG_MAX and slugs.problem(slug, slug) is None
    return None if is_right else _HOST_RULE


def team_slug_problem(slug: str) -> str | None:
    """Return the problem of a team's slug, or None."""
    is_right = len(slug) <= slugs.SLUG_MAX and slugs.TEAM_PATTERN.fullmatch(slug)
    return None if is_right else _PATH_RULE


def project_slug_problem(slug: str) -> str | None:
    """Return the problem of a project's slug, or None."""
    return _reserved(slug) if slug in slugs.RESERVED_OF_PROJECTS else team_slug_problem(slug)


def platform_problem(platform: str) -> str | None:
    """Return the problem of a project's platform, which may be blank, or None."""
    is_right = len(platform) <= PLATFORM_MAX
    return None if is_right else f"Enter at most {PLATFORM_MAX} characters."


def require_none(**problems: str | None) -> None:
    """Raise `ValidationFailed` with the problem of each field that has one."""
    if found := {field: [problem] for field, problem in problems.items() if problem}:
        raise ValidationFailed(found)


def _reserved(slug: str) -> str:
    return f"The slug “{slug}” is reserved. Choose another one."
