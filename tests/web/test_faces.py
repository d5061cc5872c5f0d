"""Whom and what do pages show by a photo?"""

import re
from typing import Any

import pytest
from pictures import picture

from shipmark.accounts import actions as accounts
from shipmark.avatars import actions as avatars
from shipmark.avatars.model import AvatarKind, NewAvatar
from shipmark.infrastructure.blobs import Blobs
from shipmark.infrastructure.clock import now
from shipmark.infrastructure.ids import hex32
from shipmark.organizations import actions as organizations
from shipmark.projects import actions as projects

RELEASES = "/organizations/acme/releases/"
RELEASE = f"{RELEASES}web%401.0.0/"


@pytest.fixture
def photograph(house: Any, blobs: Blobs) -> Any:
    """Gives somebody or something a photo; says its ident."""

    def given(save: Any, owner: Any, kind: AvatarKind = AvatarKind.UPLOAD) -> str:
        photo = avatars.stage_photo(house.database, blobs, picture(), now())
        new = NewAvatar(kind=kind, photo=photo, ident=hex32())
        with house.database.transaction() as connection:
            save(connection, owner, new, now())
        return new.ident

    return given


def photos(text: str, folder: str) -> set[str]:
    return set(re.findall(rf'<img class="[a-z ]+" src="/{folder}/([0-9a-f]{{32}})/\?s=64"', text))


def by_owner(house: Any) -> None:
    house.publish("web@1.0.0", author_name="Olivia", author_email=house.owner.email.upper())


@pytest.mark.parametrize("path", [RELEASES, RELEASE, f"{RELEASE}compare/?base=web%400.9.0"])
def test_authors_who_are_members_are_shown_by_their_photo(house, owner, photograph, path):
    house.publish("web@0.9.0")
    by_owner(house)
    before = owner.get(path).text
    ident = photograph(accounts.save_avatar, house.owner)
    text = owner.get(path).text
    assert not photos(before, "avatar")
    assert photos(text, "avatar") == {ident}
    # The group of faces has a label, so that the picture needs no text of its own.
    assert 'role="img" aria-label="Olivia' in text


def test_who_prefers_letters_is_shown_by_letters(house, owner, photograph):
    by_owner(house)
    photograph(accounts.save_avatar, house.owner, AvatarKind.LETTER)
    assert "<img" not in owner.get(RELEASES).text


def test_a_gravatar_is_not_loaded_from_elsewhere(house, owner, photograph):
    """It would tell another service who looks at what; pages load what is ours alone."""
    by_owner(house)
    photograph(accounts.save_avatar, house.owner, AvatarKind.GRAVATAR)
    text = owner.get(RELEASES).text
    assert "gravatar" not in text
    assert "<img" not in text


def test_the_organization_and_projects_have_theirs(house, owner, photograph):
    by_owner(house)
    acme = photograph(organizations.save_avatar, house.organization)
    web = photograph(projects.save_avatar, house.project)
    text = owner.get(RELEASES).text
    assert photos(text, "organization-avatar") == {acme}
    assert photos(text, "project-avatar") == {web}
    assert photos(owner.get(RELEASE).text, "project-avatar") == {web}


def test_photos_can_be_loaded_by_pages(house, owner, photograph):
    by_owner(house)
    photograph(accounts.save_avatar, house.owner)
    for address in re.findall(r'<img[^>]*src="([^"]*)"', owner.get(RELEASES).text):
        answer = owner.get(address)
        assert (answer.status_code, answer.headers["content-type"]) == (200, "image/png")


def test_every_photo_has_a_text_or_stands_beside_its_name(house, owner, photograph):
    by_owner(house)
    photograph(accounts.save_avatar, house.owner)
    photograph(organizations.save_avatar, house.organization)
    shown = re.findall(r"<img[^>]*>", owner.get(RELEASES).text)
    assert shown
    assert all(re.search(r'\salt="', it) for it in shown)
