"""The avatar object (files-and-avatars.md 1.3.1)."""

from shipmark.api.responses import Wire
from shipmark.avatars.model import Avatar, OwnerKind, photo_path


class AvatarResponse(Wire):
    """The avatar of an organization, project, team or user. The URL is that of a photo, null for letters."""

    avatar_type: str = "letter_avatar"
    avatar_uuid: str | None = None
    avatar_url: str | None = None


def avatar_response(avatar: Avatar, owner: OwnerKind, address: str) -> AvatarResponse:
    """Return an avatar; with "" as ``address`` of this server, the URL of a photo is relative."""
    return AvatarResponse(
        avatar_type=avatar.kind.value,
        avatar_uuid=avatar.ident,
        avatar_url=photo_url(avatar, owner, address),
    )


def photo_url(avatar: Avatar, owner: OwnerKind, address: str) -> str | None:
    """Return the URL of the photo that the avatar shows, or None."""
    return address + photo_path(owner, avatar.photo) if avatar.photo else None
