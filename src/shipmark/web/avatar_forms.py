"""The form of an avatar: a photo, received as it comes in, and whether to show it (files-and-avatars.md 2.3)."""

from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy import Connection

from shipmark.avatars import actions, images
from shipmark.avatars.model import AvatarKind, NewAvatar, PhotoMissing
from shipmark.http import multipart
from shipmark.http.multipart import Part
from shipmark.infrastructure.clock import now
from shipmark.infrastructure.errors import BadRequest, TooLarge
from shipmark.infrastructure.ids import hex32
from shipmark.infrastructure.settings import MEBIBYTE
from shipmark.web.forms import FormState
from shipmark.web.request_context import WebRequest

#: A body may be much larger than a photo, so that a photo over its limit is refused beside its field.
BODY_MAX = 48 * MEBIBYTE
PHOTO_MISSING = "Choose a photo."
TOO_LARGE = f"The photo is larger than {images.BYTES_MAX // 1_000_000} MB."
_KINDS = {kind.value: kind for kind in AvatarKind if kind is not AvatarKind.GRAVATAR}


@dataclass(frozen=True, slots=True, kw_only=True)
class AvatarForm:
    """A form of an avatar as it was sent; ``photo`` is empty for none, and ``is_too_large`` if it was cut off."""

    kind: str
    photo: bytes
    is_too_large: bool


class _PhotoReceiver:
    """Keeps the part named ``photo``, up to the limit; the rest is read and dropped."""

    def __init__(self) -> None:
        self.content = bytearray()
        self.is_too_large = False
        self._is_photo = False

    def begin(self, part: Part) -> None:
        """Begin a file."""
        self._is_photo = part.name == "photo"

    def add(self, content: bytes) -> None:
        """Keep more of the photo."""
        if self._is_photo and not self.is_too_large:
            self.content.extend(content)
            self.is_too_large = len(self.content) > images.BYTES_MAX

    def end(self) -> None:
        """End the file."""
        self._is_photo = False


async def receive(web_request: WebRequest) -> AvatarForm:
    """Receive the form of a request whose user may change the avatar."""
    receiver = _PhotoReceiver()
    fields = dict(await multipart.receive(web_request.request, receiver))
    return AvatarForm(
        kind=fields.get("kind", ""),
        photo=bytes(receiver.content),
        is_too_large=receiver.is_too_large,
    )


def save(
    web_request: WebRequest, form: AvatarForm, store: Callable[[Connection, NewAvatar], object]
) -> FormState | None:
    """Check the photo, and have ``store`` keep the avatar in a transaction. Return what is wrong, if anything."""
    try:
        new = _stage(web_request, form)
        with web_request.database.transaction() as connection:
            store(connection, new)
    except PhotoMissing:
        return FormState(problems={"photo": PHOTO_MISSING}, status=400)
    except (BadRequest, TooLarge) as refusal:
        status = 413 if isinstance(refusal, TooLarge) else 400
        return FormState(problems={"photo": refusal.detail}, status=status)
    return None


def _stage(web_request: WebRequest, form: AvatarForm) -> NewAvatar:
    """Check and store the photo, outside of a unit of work, and return the avatar.

    Raise `TooLarge` for a photo over the limit, and `BadRequest` for one that is no photo or of a wrong size.
    """
    kind = _KINDS.get(form.kind)
    if kind is None:
        raise BadRequest("Select what to show.")
    if form.is_too_large:
        raise TooLarge(TOO_LARGE)
    staged = None
    if form.photo and kind is AvatarKind.UPLOAD:
        try:
            images.check(form.photo)
        except images.NotAnImage as error:
            raise BadRequest(str(error)) from None
        staged = actions.stage_photo(web_request.database, web_request.blobs, form.photo, now())
    return NewAvatar(kind=kind, photo=staged, ident=hex32())
