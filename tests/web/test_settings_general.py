"""The page of the organization's name, slug, options and avatar, and its deletion."""

import re

import pytest
from pictures import picture

from shipmark.infrastructure.clock import now
from shipmark.organizations import actions as organizations
from shipmark.organizations import store
from shipmark.organizations.model import Role

SETTINGS = "/organizations/acme/settings/"
GENERAL = f"{SETTINGS}general/"
DELETE = f"{SETTINGS}delete/"
AVATAR = f"{SETTINGS}avatar/"
OWN = {"Sec-Fetch-Site": "same-origin"}
FORM = {
    "name": "Acme",
    "slug": "acme",
    "open_membership": "1",
    "shared_issues": "1",
    "events_member_admin": "1",
    "alerts_member_write": "1",
    "debug_files": "admin",
}


def save(client, **changes):
    data = {field: value for field, value in (FORM | changes).items() if value is not None}
    return client.post(GENERAL, data=data, headers=OWN)


def stored(house):
    with house.database.snapshot() as connection:
        return store.by_id(connection, house.organization.id)


def notes(house):
    with house.database.snapshot() as connection:
        entries = store.entries_of(
            connection, house.organization.id, store.AuditFilter(), None, limit=50
        )
    return [entry.note for entry in entries]


def test_the_settings_lead_to_the_first_page(owner, browser):
    assert owner.get(SETTINGS).headers["location"] == GENERAL
    assert f'href="{GENERAL}" title="Settings"' in owner.get(GENERAL).text


@pytest.mark.parametrize("path", [SETTINGS, GENERAL, DELETE])
def test_strangers_see_nothing(house, browser, path):
    assert browser.get(path).headers["location"].startswith("/sign-in/")
    house.sign_in(browser, house.person("eve@example.com", None))
    assert browser.get(path).status_code == 404


def test_name_and_options_change_with_an_entry_in_the_audit_log(house, owner):
    answer = save(owner, name="Acme <b>", open_membership=None, debug_files="owner")
    assert answer.headers["location"] == f"{GENERAL}?changed=settings"
    assert (stored(house).name, stored(house).is_open) == ("Acme <b>", False)
    assert "name from Acme to Acme <b>" in notes(house)[0]
    assert "debugFilesRole to owner" in notes(house)[0]
    text = owner.get(answer.headers["location"]).text
    assert "Saved the settings." in text
    assert 'value="Acme &lt;b&gt;"' in text
    assert '<option value="owner" selected>' in text


def test_saving_what_is_stored_changes_nothing(house, owner):
    save(owner)
    before = len(notes(house))
    assert save(owner).status_code == 303
    assert len(notes(house)) == before


def test_members_keep_alerts_only_if_they_may(house, owner):
    save(owner, alerts_member_write=None)
    assert stored(house).writes_alerts is False
    assert stored(house).deletes_events is True


def test_sharing_with_the_public_is_turned_off_and_on(house, owner):
    save(owner, shared_issues=None)
    assert stored(house).shares_issues is False
    assert not re.search(r'name="shared_issues"[^>]* checked', owner.get(GENERAL).text)
    save(owner)
    assert stored(house).shares_issues is True
    assert re.search(r'name="shared_issues"[^>]* checked', owner.get(GENERAL).text)


def test_a_new_slug_is_the_new_address(owner):
    answer = save(owner, slug="acme-two")
    assert (
        answer.headers["location"] == "/organizations/acme-two/settings/general/?changed=settings"
    )
    assert owner.get(answer.headers["location"]).status_code == 200
    assert owner.get(GENERAL).status_code == 404


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"name": " "}, "Enter a name of at most 64 characters."),
        ({"name": "x" * 65}, "Enter a name of at most 64 characters."),
        ({"slug": "a b"}, "Use letters, digits and dashes"),
        ({"slug": "ab"}, "Use letters, digits and dashes"),
        ({"slug": "x" * 51}, "Use letters, digits and dashes"),
        ({"slug": "123"}, "Use letters, digits and dashes"),
        ({"slug": "api"}, "The slug “api” is reserved."),
        ({"debug_files": "<i>"}, "Select a role."),
    ],
)
def test_what_is_wrong_is_said_and_what_was_typed_stays(house, owner, changes, problem):
    answer = save(owner, open_membership=None, **changes)
    assert answer.status_code == 400
    assert problem in answer.text
    field = next(iter(changes))
    assert f'aria-describedby="{field}-problem' in answer.text
    assert 'name="open_membership" value="1" aria' in answer.text
    assert (stored(house).name, stored(house).slug) == ("Acme", "acme")


def test_a_slug_of_another_organization_is_refused(house, owner):
    with house.database.transaction() as connection:
        organizations.create(connection, "other", "Other", now())
    answer = save(owner, slug="other")
    assert answer.status_code == 400
    assert "already in use" in answer.text


def test_a_member_sees_values_and_no_form(member):
    text = member.get(GENERAL).text
    assert "Profile and options" in text
    assert "<textarea" not in text
    assert f'action="{GENERAL}"' not in text
    assert save(member).status_code == 403
    assert member.get(DELETE).status_code == 403


def upload(client, path=AVATAR, kind="upload", photo=None):
    files = {"photo": ("photo.png", photo, "image/png")} if photo is not None else None
    # Without a file, httpx would send another media type.
    return client.post(path, data={"kind": kind}, files=files or {"other": b""}, headers=OWN)


@pytest.mark.parametrize(
    ("path", "folder", "done"),
    [
        (AVATAR, "organization-avatar", f"{GENERAL}?changed=avatar"),
        ("/account/avatar/", "avatar", "/account/?changed=avatar"),
    ],
)
def test_a_photo_is_shown_everywhere_until_it_is_not(owner, path, folder, done):
    answer = upload(owner, path, photo=picture())
    assert answer.headers["location"] == done
    text = owner.get(done).text
    assert text.count("Saved the avatar.") == 1
    assert f'src="/{folder}/' in owner.get("/organizations/acme/releases/").text
    assert upload(owner, path, kind="letter_avatar").status_code == 303
    assert f'src="/{folder}/' not in owner.get(done).text
    assert "Show the former photo" in owner.get(done).text
    assert upload(owner, path).status_code == 303
    assert f'src="/{folder}/' in owner.get(done).text


@pytest.mark.parametrize("path", [AVATAR, "/account/avatar/"])
@pytest.mark.parametrize(
    ("kind", "photo", "status", "problem"),
    [
        ("upload", b"", 400, "Choose a photo."),
        ("upload", b"no photo", 400, "Invalid image format."),
        ("upload", picture(width=100), 400, "Invalid image dimensions."),
        ("upload", picture(width=300, height=301), 400, "Invalid image dimensions."),
        ("upload", b"x" * 5_000_001, 413, "The photo is larger than 5 MB."),
        ("gravatar", b"", 400, "Select what to show."),
    ],
)
def test_a_photo_that_cannot_be_taken_is_refused_at_its_field(
    owner, path, kind, photo, status, problem
):
    answer = upload(owner, path, kind=kind, photo=photo)
    assert answer.status_code == status
    assert f'id="photo-problem" role="alert">{problem}' in answer.text
    assert 'aria-describedby="photo-problem photo-hint"' in answer.text
    assert "<img" not in answer.text


def test_a_member_changes_no_avatar_of_the_organization(member):
    assert upload(member, photo=picture()).status_code == 403


def test_another_site_cannot_send_a_photo(owner):
    files = {"photo": ("photo.png", picture(), "image/png")}
    headers = {"Sec-Fetch-Site": "cross-site"}
    answer = owner.post(AVATAR, data={"kind": "upload"}, files=files, headers=headers)
    assert answer.status_code == 403


@pytest.fixture
def second(house, owner):
    """Another organization of the owner, which may be deleted: the first one may not."""
    with house.database.transaction() as connection:
        made = organizations.create(connection, "second", "Second", now())
        organizations.add_member(connection, made, house.owner, Role.OWNER, [], now())
    return "/organizations/second/settings/"


def test_an_organization_is_deleted_and_restored(house, owner, second):
    assert f'href="{second}delete/"' in owner.get(f"{second}general/").text
    assert "will lose access" in owner.get(f"{second}delete/").text
    data = {"action": "delete", "confirmation": "second"}
    answer = owner.post(f"{second}delete/", data=data, headers=OWN)
    assert answer.headers["location"] == f"{second}general/"
    text = owner.get(f"{second}general/").text
    assert "The deletion of this organization was requested" in text
    assert f'href="{second}delete/"' not in text
    answer = owner.post(f"{second}delete/", data={"action": "restore"}, headers=OWN)
    assert "Restored the organization." in owner.get(answer.headers["location"]).text


@pytest.mark.parametrize("typed", ["", "Second", "other"])
def test_an_organization_is_deleted_only_by_its_slug(owner, second, typed):
    answer = owner.post(f"{second}delete/", data={"confirmation": typed}, headers=OWN)
    assert answer.status_code == 400
    assert "Type second to delete the organization." in answer.text
    assert "was requested" not in owner.get(f"{second}general/").text


def test_the_first_organization_stays(owner):
    assert "Delete organization" not in owner.get(GENERAL).text
    answer = owner.post(DELETE, data={"confirmation": "acme"}, headers=OWN)
    assert answer.status_code == 400
    assert "You cannot remove the default organization." in answer.text


def test_only_owners_delete(house, browser):
    house.sign_in(browser, house.person("max@example.com", Role.MANAGER))
    assert "Delete organization" not in browser.get(GENERAL).text
    assert browser.get(DELETE).status_code == 403
    assert browser.post(DELETE, data={"confirmation": "acme"}, headers=OWN).status_code == 403
