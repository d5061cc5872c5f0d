"""What pages' forms send, and the sentences for what is wrong with it.

The rules of names and slugs are those of the API (auth-and-errors.md 8.4).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from shipmark.accounts.actions import PASSWORD_MIN
from shipmark.accounts.model import NAME_MAX
from shipmark.http import body_parsing
from shipmark.infrastructure.errors import BadRequest, Conflict, NotFound, ValidationFailed
from shipmark.infrastructure.ids import id_of
from shipmark.organizations import slugs
from shipmark.projects.model import PLATFORM_MAX
from shipmark.web.form_versions import ChangedMeanwhile

_PATH_RULE = (
    f"Use lower case letters, digits, dashes and underscores, at most {slugs.SLUG_MAX}, "
    "and not only digits."
)
_HOST_RULE = (
    f"Use letters, digits and dashes, {slugs.SLUG_MIN} to {slugs.SLUG_MAX} of them, not only digits, "
    "and no dash at either end."
)


def form_of(body: bytes) -> dict[str, str]:
    """Return the fields of a page's form, without NUL characters. Raise `BadRequest` if it is invalid."""
    sent = body_parsing.read(body, "application/x-www-form-urlencoded")
    if not isinstance(sent, dict):
        raise BadRequest("A form is expected.")
    return {name: str(value).replace("\x00", "") for name, value in sent.items()}


def values_of(body: bytes, name: str) -> list[str]:
    """Return all values of a field of a page's form, such as those of ticked boxes, without NUL characters."""
    sent = body_parsing.read(body, "application/x-www-form-urlencoded", lists=(name,))
    values = sent.get(name, []) if isinstance(sent, dict) else []
    return [str(value).replace("\x00", "") for value in values]


def ids_of(body: bytes, name: str, *, most: int) -> list[int]:
    """Return the ids of the rows that were ticked in a page's form, in order; other texts are ignored."""
    ids = (id_of(text) for text in values_of(body, name)[:most])
    return sorted({row_id for row_id in ids if row_id is not None})


def row_id(text: str) -> int:
    """Return the id of a row that a path names. Raise `NotFound` for any other text."""
    number = id_of(text)
    if number is None:
        raise NotFound
    return number


def number_in(text: str, most: int) -> int | None:
    """Return the number of a text of ASCII digits, or None for any other text and for one above ``most``."""
    is_number = text.isascii() and text.isdigit() and len(text) <= len(str(most))
    return int(text) if is_number and int(text) <= most else None


def problems_of(refusal: ValidationFailed) -> dict[str, str]:
    """Return the first sentence for each wrong field."""
    problems = {}
    for name, messages in refusal.fields.items():
        assert isinstance(messages, list), "fields of forms are not nested"
        problems[name] = str(messages[0])
    return problems


@dataclass(frozen=True, slots=True, kw_only=True)
class FormState:
    """A form of a page: what was sent, None for one that is shown first, and the sentence for each wrong field.

    ``is_stale`` if nothing is wrong with it, but what it changes was changed since it was shown.
    """

    sent: Mapping[str, str] | None = None
    problems: Mapping[str, str] = field(default_factory=dict)
    status: int = 200
    is_stale: bool = False

    def over(self, stored: Mapping[str, str]) -> dict[str, str]:
        """Return the values to show: those that were sent, else the stored ones."""
        return dict(stored) | dict(self.sent or {})

    @property
    def problem(self) -> str:
        """Return the sentence for the first wrong field, or ""."""
        return next(iter(self.problems.values()), "")


UNSENT = FormState()


def refused(
    sent: Mapping[str, str], refusal: ValidationFailed | BadRequest | Conflict, name: str = ""
) -> FormState:
    """Return a form that was refused; ``name`` is the wrong field if the refusal names none."""
    if isinstance(refusal, ChangedMeanwhile):
        values = dict(sent) | dict(refusal.values)
        return FormState(sent=values, problems=problems_of(refusal), status=409, is_stale=True)
    if isinstance(refusal, ValidationFailed):
        return FormState(sent=sent, problems=problems_of(refusal), status=400)
    status = 409 if isinstance(refusal, Conflict) else 400
    return FormState(sent=sent, problems={name: refusal.detail}, status=status)


#: What is wrong with the password, or the name, that a user chooses.
PASSWORD_TOO_SHORT = f"A password has at least {PASSWORD_MIN} characters."
NAME_TOO_LONG = f"A name has no more than {NAME_MAX} characters."


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
