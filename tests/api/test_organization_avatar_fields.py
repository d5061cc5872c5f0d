"""The avatar in the body that changes an organization (files-and-avatars.md 1.4.1)."""

from typing import Any

import pytest
from factories import World
from pictures import picture, sent

from shipmark.api.avatars.requests import requests
from shipmark.avatars.model import Avatar, AvatarKind
from shipmark.http.fields import Object, validate
from shipmark.http.request_context import RequestContext
from shipmark.infrastructure.blobs import Blobs
from shipmark.infrastructure.database import Database
from shipmark.infrastructure.errors import ValidationFailed
from shipmark.infrastructure.settings import Settings
from shipmark.organizations import actions as organizations
from shipmark.organizations import store

BODY = Object(requests.ORGANIZATION_FIELDS)


@pytest.fixture
def change(database: Database, blobs: Blobs, world: World) -> Any:
    """Changes acme as the body says; says how it is shown then, or null if nothing was said of that."""
    visit = RequestContext(None, database, blobs, Settings(), frozenset())  # type: ignore[arg-type]

    def changed(body: dict[str, object]) -> Avatar | None:
        new = requests.stashed_of_organization(visit, validate(BODY, body))
        if new is None:
            return None
        with database.transaction() as connection:
            acme = store.by_id(connection, world.organizations["acme"])
            assert acme is not None
            requests.saved(
                organizations.save_avatar, connection, acme, new, requests.OF_ORGANIZATION
            )
            kept = store.by_slug(connection, "acme")
        assert kept is not None
        return kept.avatar

    return changed


@pytest.mark.parametrize("body", [{}, {"avatar": None}, {"avatarType": None}, {"avatar": ""}])
def test_nothing_is_said_and_nothing_changed(change: Any, body: dict[str, object]) -> None:
    assert change(body) is None


def test_a_photo_without_a_type_is_shown(change: Any) -> None:
    shown = change({"avatar": sent(picture())})
    assert shown.kind is AvatarKind.UPLOAD
    assert shown.photo
    assert change({"avatarType": "letter_avatar"}) == Avatar(ident=shown.ident)
    assert change({"avatarType": "upload"}) == shown


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (
            {"avatarType": "upload"},
            {"avatarType": ["Cannot set avatarType to upload without avatar"]},
        ),
        ({"avatarType": "gravatar"}, {"avatarType": ['"gravatar" is not a valid choice.']}),
        ({"avatar": "x"}, {"avatar": ["Invalid image format."]}),
    ],
)
def test_what_is_wrong_is_named_as_that_body_has_it(
    change: Any, body: dict[str, object], said: object
) -> None:
    with pytest.raises(ValidationFailed) as refused:
        change(body)
    assert refused.value.fields == said
