"""What is an avatar? (files-and-avatars.md 2.1)."""

from dataclasses import dataclass
from enum import StrEnum

from shipmark.files.model import StagedFile


class AvatarKind(StrEnum):
    """What is shown. Gravatars, of another service, are for users only."""

    LETTER = "letter_avatar"
    UPLOAD = "upload"
    GRAVATAR = "gravatar"


class OwnerKind(StrEnum):
    """What has an avatar."""

    ORGANIZATION = "organization"
    PROJECT = "project"
    TEAM = "team"
    USER = "user"


#: Where photos are served: outside of the API, for browsers load them (files-and-avatars.md 2.5).
FOLDERS = {
    OwnerKind.ORGANIZATION: "organization-avatar",
    OwnerKind.PROJECT: "project-avatar",
    OwnerKind.TEAM: "team-avatar",
    OwnerKind.USER: "avatar",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Owner:
    """Whose avatar it is."""

    kind: OwnerKind
    id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Avatar:
    """How something is shown. ``ident`` names the photo, if there is one, whether it is shown now or not."""

    kind: AvatarKind = AvatarKind.LETTER
    ident: str | None = None

    @property
    def photo(self) -> str | None:
        """The ident of the photo that is shown, or null for letters."""
        return self.ident if self.kind is AvatarKind.UPLOAD else None


LETTERS = Avatar()


@dataclass(frozen=True, slots=True, kw_only=True)
class NewAvatar:
    """How something is to be shown. ``photo`` is null to keep the one that is there.

    A new photo is known by ``ident``, so that what browsers have kept is never an old one.
    """

    kind: AvatarKind
    photo: StagedFile | None
    ident: str


class PhotoMissing(Exception):
    """An uploaded photo is to be shown, and there is none."""


def read_avatar(kind: str | None, ident: str | None) -> Avatar:
    """The avatar that an owner's row tells of."""
    if kind is None and ident is None:
        return LETTERS
    return Avatar(kind=AvatarKind(kind or AvatarKind.LETTER), ident=ident)


def photo_path(owner: OwnerKind, ident: str) -> str:
    """The address of a photo, without the server's."""
    return f"/{FOLDERS[owner]}/{ident}/"
