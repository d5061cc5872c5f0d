"""Avatars and their owners (files-and-avatars.md 2.1)."""

from dataclasses import dataclass
from enum import StrEnum

from shipmark.files.model import StagedFile


class AvatarKind(StrEnum):
    """Kind of an avatar. Gravatars, of another service, are for users only."""

    LETTER = "letter_avatar"
    UPLOAD = "upload"
    GRAVATAR = "gravatar"


class OwnerKind(StrEnum):
    """Kind of an owner of avatars."""

    ORGANIZATION = "organization"
    PROJECT = "project"
    TEAM = "team"
    USER = "user"


#: Paths of photos: outside of the API, because browsers load them (files-and-avatars.md 2.5).
FOLDERS = {
    OwnerKind.ORGANIZATION: "organization-avatar",
    OwnerKind.PROJECT: "project-avatar",
    OwnerKind.TEAM: "team-avatar",
    OwnerKind.USER: "avatar",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Owner:
    """The owner of an avatar."""

    kind: OwnerKind
    id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Avatar:
    """An avatar. ``ident`` names the photo, if there is one, whether in use or not."""

    kind: AvatarKind = AvatarKind.LETTER
    ident: str | None = None

    @property
    def photo(self) -> str | None:
        """Ident of the photo in use, or None for other kinds."""
        return self.ident if self.kind is AvatarKind.UPLOAD else None


LETTERS = Avatar()


@dataclass(frozen=True, slots=True, kw_only=True)
class NewAvatar:
    """Values of a changed avatar. ``photo`` is None to keep the stored one.

    A new photo gets a new ``ident``, so that browsers never show a cached old one.
    """

    kind: AvatarKind
    photo: StagedFile | None
    ident: str


class PhotoMissing(Exception):
    """An avatar of kind upload has no photo."""


def read_avatar(kind: str | None, ident: str | None) -> Avatar:
    """Return the avatar from the columns of an owner's row."""
    if kind is None and ident is None:
        return LETTERS
    return Avatar(kind=AvatarKind(kind or AvatarKind.LETTER), ident=ident)


def photo_path(owner: OwnerKind, ident: str) -> str:
    """Return the path of a photo."""
    return f"/{FOLDERS[owner]}/{ident}/"
