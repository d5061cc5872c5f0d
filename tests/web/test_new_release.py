"""The form that creates a release."""

import pytest

from shipmark.organizations.model import Role
from shipmark.releases.store import projects as release_projects
from shipmark.releases.store import releases

FORM = "/organizations/acme/new-release/"
OWN = {"sec-fetch-site": "same-origin"}
GOOD = {"version": "web@1.0.0", "project": "web", "ref": "main", "url": "https://ci.example.com/7"}


def _send(browser, **fields):
    return browser.post(FORM, data=GOOD | fields, headers=OWN)


def _stored(house, version="web@1.0.0"):
    with house.database.snapshot() as connection:
        return releases.by_version(connection, house.organization.id, version)


def test_the_list_leads_to_the_form(house, owner):
    house.publish("web@0.9.0")
    assert f'href="{FORM}"' in owner.get("/organizations/acme/releases/").text
    assert 'value="web" checked' in owner.get(FORM).text


def test_a_release_is_created_in_its_projects(house, owner):
    api = house.extra_project("api")
    answer = _send(owner, project=["web", "api"])
    assert answer.status_code == 303
    assert answer.headers["location"] == "/organizations/acme/releases/web%401.0.0/"
    release = _stored(house)
    assert (release.ref, release.url, release.released_at) == (GOOD["ref"], GOOD["url"], None)
    with house.database.snapshot() as connection:
        attached = release_projects.of_releases(connection, [release.id])[release.id]
    assert {each.project_id for each in attached} == {house.project.id, api.id}


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("version", " ", "Enter a version"),
        ("version", "web/1.0", "no slashes"),
        ("version", "latest", "neither"),
        ("version", "v" * 201, "no more than 200 characters"),
        ("project", "unknown", "Choose at least one project"),
        ("ref", "r" * 201, "no more than 200 characters"),
        ("url", "javascript:alert(1)", "Enter a full URL"),
        ("url", "https://example.com/" + "x" * 200, "no more than 200 characters"),
    ],
)
def test_a_wrong_field_is_named_and_typed_values_stay(house, owner, field, value, message):
    answer = _send(owner, **{field: value})
    assert answer.status_code == 400
    name = "projects" if field == "project" else field
    assert (
        message in answer.text.partition(f'class="wrong" id="{name}-note" role="alert">')[2][:120]
    )
    assert answer.text.count('class="wrong"') == 1
    typed = {"ref": "main", "url": GOOD["url"], "version": "web@1.0.0"} | {field: value.strip()}
    assert all(f'value="{typed[each]}"' in answer.text for each in ("ref", "url", "version"))
    assert _stored(house) is None


def test_an_existing_version_is_refused(house, owner):
    house.publish("web@1.0.0")
    answer = _send(owner, ref="other")
    assert answer.status_code == 400
    assert "exists already" in answer.text
    assert _stored(house).ref is None


def test_typed_values_are_shown_as_text(owner):
    answer = _send(owner, version='"><script>alert(1)</script>', ref="<b>")
    assert "<script>alert" not in answer.text
    assert 'value="&lt;b&gt;"' in answer.text


def test_an_anonymous_reader_is_sent_to_sign_in(browser):
    for answer in (browser.get(FORM), _send(browser)):
        assert answer.headers["location"].startswith("/sign-in/")


def test_a_stranger_finds_nothing(house, browser):
    house.sign_in(browser, house.person("stranger@example.com", None))
    assert [browser.get(FORM).status_code, _send(browser).status_code] == [404, 404]
    assert _stored(house) is None


def test_a_member_chooses_among_the_projects_of_their_teams(house, browser):
    house.extra_project("api")
    house.close()
    house.sign_in(browser, house.person("m@example.com", Role.MEMBER, teams=("crew",)))
    assert 'value="api"' not in browser.get(FORM).text
    assert _send(browser, project="api").status_code == 400
    assert _send(browser).status_code == 303


def test_another_site_creates_nothing(house, owner):
    assert owner.post(FORM, data=GOOD).status_code == 403
    assert _stored(house) is None
