"""The avatar object: which picture stands for somebody or something (files-and-avatars.md 1.3.1)."""

from shipmark.api.responses import Wire
from shipmark.avatars.model import Avatar, OwnerKind, photo_path


class AvatarResponse(Wire):
    """Which picture stands for somebody. The address is of a photo that is shown, null for letters."""

    avatar_type: str = "letter_avatar"
    avatar_uuid: str | None = None
    avatar_url: str | None = None


def avatar_response(avatar: Avatar, owner: OwnerKind, address: str) -> AvatarResponse:
    """An avatar; ``address`` is where this server is reached, "" for the address of a photo without it."""
    return AvatarResponse(
        avatar_type=avatar.kind.value,
        avatar_uuid=avatar.ident,
        avatar_url=photo_url(avatar, owner, address),
    )


def photo_url(avatar: Avatar, owner: OwnerKind, address: str) -> str | None:
    """Where the photo is that is shown, if one is."""
    return address + photo_path(owner, avatar.photo) if avatar.photo else None
