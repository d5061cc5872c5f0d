"""The object of a user token (auth-and-errors.md 1.1)."""

from datetime import datetime

import msgspec

from shipmark.accounts.model import UserTokenSummary
from shipmark.api.responses import Wire


class ApiTokenResponse(Wire):
    """A user token; ``token`` is shown once, in the answer to its creation.

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
    """The answer to a deletion that names no token: a blank, as in the reference."""

    token: str


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
