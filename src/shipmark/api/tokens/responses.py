"""The objects of tokens of users and organizations (auth-and-errors.md 1)."""

from datetime import datetime

import msgspec

from shipmark.accounts.model import UserTokenSummary
from shipmark.api.responses import Wire
from shipmark.organizations.actions import CI_SCOPES
from shipmark.organizations.model import ListedToken


class ApiTokenResponse(Wire):
    """A user token; ``token`` is shown once, in the response to its creation.

    Applications and refresh tokens are not supported: their keys are null.
    """

    id: str
    name: str
    scopes: list[str]
    token_last_characters: str
    date_created: datetime
    expires_at: datetime | None
    application: None = None
    state: None = None
    token: str | msgspec.UnsetType = msgspec.UNSET
    refresh_token: msgspec.UnsetType | None = msgspec.UNSET


class MissingTokenResponse(Wire):
    """The response to a deletion that names no token: a blank, as in the protocol."""

    token: str


class OrgTokenResponse(Wire):
    """A token for pipelines; ``token`` is shown once, in the response to its creation."""

    id: str
    name: str
    scopes: list[str]
    token_last_characters: str
    date_created: datetime
    date_last_used: datetime | None
    project_last_used_id: str | None
    token: str | msgspec.UnsetType = msgspec.UNSET


class BadNameResponse(Wire):
    """The reason why a token can't have a name. The protocol has a list here."""

    detail: list[str]


def api_token_response(token: UserTokenSummary, secret: str | None = None) -> ApiTokenResponse:
    """Return a token as the API shows it, with its secret if it was just created."""
    return ApiTokenResponse(
        id=str(token.id),
        name=token.name,
        scopes=sorted(token.scopes),
        token_last_characters=token.last_characters,
        date_created=token.created_at,
        expires_at=token.expires_at,
        token=secret or msgspec.UNSET,
        refresh_token=None if secret else msgspec.UNSET,
    )


def org_token_response(token: ListedToken, secret: str | None = None) -> OrgTokenResponse:
    """Return a token as the API shows it, with its text if it was just created."""
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
