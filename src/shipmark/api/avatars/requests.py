"""What may be sent as an avatar, and what it becomes (files-and-avatars.md 2.2, 2.3)."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from sqlalchemy import Connection

from shipmark.avatars import actions, images
from shipmark.avatars.model import AvatarKind, NewAvatar, PhotoMissing
from shipmark.http.fields import Choice, Field, FieldError, Fields, Object, Text, documented_as
from shipmark.http.request_context import RequestContext
from shipmark.infrastructure import ids
from shipmark.infrastructure.clock import now
from shipmark.infrastructure.errors import TooLarge, ValidationFailed

T = TypeVar("T")

_NO_CHOICE = '"{}" is not a valid choice.'
_KINDS = {it.value: it for it in AvatarKind}
_BASE64 = Text(is_blank_ok=True, is_null_ok=True)

KIND = Choice(
    {name: it for name, it in _KINDS.items() if it is not AvatarKind.GRAVATAR}, _NO_CHOICE
)
KIND_OF_USER = Choice(_KINDS, _NO_CHOICE)


@documented_as(_BASE64)
def photo(value: object) -> bytes | None:
    """A photo in base64, or null for none. Raises `TooLarge` for one over the limit."""
    text = _BASE64(value)
    if not text:
        return None
    try:
        content = images.decode_base64(text)
        images.check(content)
    except images.ImageTooLarge:
        raise TooLarge("") from None
    except images.NotAnImage as error:
        raise FieldError([str(error)]) from None
    return content


NEW = Object({"avatar_type": Field(KIND, is_required=True), "avatar_photo": Field(photo)})
NEW_OF_USER = Object(
    {"avatar_type": Field(KIND_OF_USER, is_required=True), "avatar_photo": Field(photo)}
)


@documented_as(Text(is_null_ok=True))
def kind_or_none(value: object) -> AvatarKind | None:
    """What is to be shown of an organization, or null for what was shown before."""
    return None if value is None else KIND(value)


#: What the body that changes an organization has besides (files-and-avatars.md 1.4.1).
ORGANIZATION_FIELDS: dict[str, Field[object]] = {
    "avatarType": Field(kind_or_none),
    "avatar": Field(photo),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Keys:
    """What the two fields are called in a body; other bodies than those of ``avatar/`` have them too."""

    kind: str = "avatar_type"
    photo: str = "avatar_photo"

    @property
    def missing(self) -> ValidationFailed:
        """The refusal to show a photo where there is none."""
        return ValidationFailed(
            {self.kind: [f"Cannot set {self.kind} to upload without {self.photo}"]}
        )


#: The keys in the body that changes an organization.
OF_ORGANIZATION = Keys(kind="avatarType", photo="avatar")


def stashed(context: RequestContext, fields: Fields, keys: Keys = Keys()) -> NewAvatar:
    """What a body wants to be shown, its photo written already; to be called outside of a unit of work.

    Without a kind, a photo is to be shown.
    """
    content = fields.get(keys.photo)
    written = (
        actions.stage_photo(context.database, context.blobs, content, now()) if content else None
    )
    kind = fields.get(keys.kind) or AvatarKind.UPLOAD
    return NewAvatar(kind=kind, photo=written, ident=ids.hex32())


def stashed_of_organization(context: RequestContext, fields: Fields) -> NewAvatar | None:
    """The same of a body that changes an organization, or null where it says nothing of the avatar."""
    if not (fields.get("avatar") or fields.get("avatarType")):
        return None
    return stashed(context, fields, OF_ORGANIZATION)


def saved(
    save: Callable[[Connection, T, NewAvatar, datetime], T],
    connection: Connection,
    owner: T,
    new: NewAvatar,
    keys: Keys = Keys(),
) -> T:
    """The owner, shown so from now on by what its room offers; raises `ValidationFailed` where there is no photo."""
    try:
        return save(connection, owner, new, now())
    except PhotoMissing:
        raise keys.missing from None
