"""Bodies of avatars (files-and-avatars.md 2.2, 2.3)."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated

from pydantic import Field

from shipmark.avatars import actions, images
from shipmark.avatars.model import AvatarKind, NewAvatar, PhotoMissing
from shipmark.http.request_context import RequestContext
from shipmark.http.validation import OptionalText, ReadAs, RequestModel, choice_of, optional, refuse
from shipmark.infrastructure import ids
from shipmark.infrastructure.clock import now
from shipmark.infrastructure.errors import TooLarge, ValidationFailed

_UserKind = Annotated[AvatarKind, choice_of(AvatarKind)]


def _decode(text: str | None) -> bytes | None:
    """Return a photo in base64, or None for no photo. Raise `TooLarge` for one over the limit."""
    if not text:
        return None
    try:
        content = images.decode_base64(text)
        images.check(content)
    except images.ImageTooLarge:
        raise TooLarge("") from None
    except images.NotAnImage as error:
        raise refuse(str(error)) from None
    return content


#: The kind of an avatar that is not a user's.
Kind = Annotated[
    AvatarKind, choice_of(kind for kind in AvatarKind if kind is not AvatarKind.GRAVATAR)
]
#: A photo in base64; null or blank for none.
Photo = Annotated[bytes | None, ReadAs(OptionalText, _decode)]


class AvatarRequest(RequestModel):
    """The avatar of an organization, a project or a team."""

    avatar_type: Kind = Field(
        alias="avatar_type", description="Whether to show a photo or letters."
    )
    avatar_photo: Photo = optional(
        "Photo in base64: GIF, JPEG, PNG or WebP, square.", alias="avatar_photo"
    )


class UserAvatarRequest(AvatarRequest):
    """The avatar of a user."""

    avatar_type: _UserKind = Field(
        alias="avatar_type", description="Whether to show a photo, letters or Gravatar."
    )


def store_photo(context: RequestContext, kind: AvatarKind | None, photo: bytes | None) -> NewAvatar:
    """Store a photo, and return the avatar with it; without a kind, it shows the photo.

    To be called outside of a unit of work.
    """
    staged = actions.stage_photo(context.database, context.blobs, photo, now()) if photo else None
    return NewAvatar(kind=kind or AvatarKind.UPLOAD, photo=staged, ident=ids.hex32())


@contextmanager
def photo_required(kind: str = "avatar_type", photo: str = "avatar_photo") -> Iterator[None]:
    """Raise `ValidationFailed` with these names of fields for an avatar whose photo is missing."""
    try:
        yield
    except PhotoMissing:
        raise ValidationFailed({kind: [f"Cannot set {kind} to upload without {photo}"]}) from None
