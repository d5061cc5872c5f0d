"""The object of a token of an organization (auth-and-errors.md 1.2)."""

from datetime import datetime

import msgspec

from shipmark.api.responses import Wire
from shipmark.organizations.actions import CI_SCOPES
from shipmark.organizations.model import ListedToken


class OrgTokenResponse(Wire):
    """A token for pipelines; ``token`` is shown once, when it is made."""

    id: str
    name: str
    scopes: list[str]
    token_last_characters: str
    date_created: datetime
    date_last_used: datetime | None
    project_last_used_id: str | None
    token: str | msgspec.UnsetType = msgspec.UNSET


class BadNameResponse(Wire):
    """Why a token can't have that name. The reference gives a list here."""

    detail: list[str]


def org_token_response(token: ListedToken, secret: str | None = None) -> OrgTokenResponse:
    """A token as the API shows it, with its text where it was made just now."""
    project_id = token.last_project_id
    return OrgTokenResponse(
        id=str(token.id),
        name=token.name,
        scopes=sorted(CI_SCOPES),
        token_last_characters=token.last_characters,
        date_created=token.created_at,
        date_last_used=token.last_used_at,
        project_last_used_id=None if project_id is None else str(project_id),
        token=secret or msgspec.UNSET,
    )
