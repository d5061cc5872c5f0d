"""Bodies of tokens (auth-and-errors.md 1)."""

from typing import Annotated

from pydantic import Field

from shipmark.accounts.model import ALL_SCOPES
from shipmark.http.validation import (
    Integer,
    Items,
    Omittable,
    RequestModel,
    Text,
    choice_of,
    optional,
)

_NAME_MAX = 255
_TEXT_MAX = 1000
_Name = Annotated[str, Text(max_length=_NAME_MAX, blank=True)] | None
_Scope = Annotated[str, choice_of(ALL_SCOPES)]


class ApiTokenRequest(RequestModel):
    """A new token of the user."""

    scopes: Annotated[list[_Scope], Items(empty=False, max_length=len(ALL_SCOPES))] = Field(
        description="Scopes, all of which the calling token has too."
    )
    name: _Name = optional("Name of the token.")


class ApiTokenDeletionRequest(RequestModel):
    """The token of the user to delete."""

    token_id: Omittable[Annotated[int, Integer(maximum=2**63 - 1)]] = optional("Id of the token.")
    token: Omittable[Annotated[str, Text(max_length=_TEXT_MAX)]] = optional(
        "Text of the token; ignored beside `tokenId`."
    )


class OrgTokenRequest(RequestModel):
    """The name of a token of an organization."""

    name: _Name = optional("Name of the token; required, and not blank.")
