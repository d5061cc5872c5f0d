"""The page of a project's code mappings."""

import pytest

from shipmark.infrastructure.clock import now
from shipmark.organizations.model import Role
from shipmark.repositories import store as repositories
from shipmark.repositories.code_mappings import MAPPINGS_MAX
from shipmark.repositories.store import code_mappings

PATH = "/organizations/acme/settings/projects/web/code-mappings/"
OWN = {"Sec-Fetch-Site": "same-origin"}
SHOP = {
    "stack_root": "app/",
    "source_root": "services/shop/src",
    "repository": "acme/web",
    "branch": "main",
}


def post(client, path=PATH, **more):
    return client.post(path, data=SHOP | more, headers=OWN)


def stored(house):
    with house.database.snapshot() as connection:
        return code_mappings.of_project(connection, house.project.id)


def test_a_member_adds_a_mapping_and_changes_it(house, member):
    assert "No code mappings yet" in member.get(PATH).text
    assert post(member).headers["location"] == PATH
    post(member, branch="trunk")
    [mapping] = stored(house)
    assert (mapping.stack_root, mapping.source_root) == ("app/", "services/shop/src")
    assert mapping.default_branch == "trunk"
    text = member.get(PATH).text
    assert ">services/shop/src</code>" in text
    assert '<option value="acme/web">' in text
    assert "Remove code mapping" not in text


def test_an_owner_removes_a_mapping(house, owner):
    post(owner)
    [mapping] = stored(house)
    assert "Remove code mapping" in owner.get(PATH).text
    assert owner.post(f"{PATH}{mapping.id}/", headers=OWN).headers["location"] == PATH
    assert stored(house) == []
    assert owner.post(f"{PATH}{mapping.id}/", headers=OWN).status_code == 404


@pytest.mark.usefixtures("house")
@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("stack_root", ""),
        ("stack_root", "s" * 256),
        ("source_root", "s" * 256),
        ("repository", ""),
        ("repository", "r" * 201),
        ("branch", "b" * 256),
    ],
)
def test_a_wrong_field_is_named_and_all_are_kept(owner, field, value):
    answer = post(owner, **{field: value})
    assert answer.status_code == 400
    assert f'id="{field}-problem" role="alert">Enter ' in answer.text
    for name, typed in (SHOP | {field: value}).items():
        assert f'id="{name}" name="{name}" value="{typed}"' in answer.text


def test_a_project_has_a_most_of_mappings(house, owner):
    with house.database.transaction() as connection:
        at = now()
        ids = repositories.ensure_named(connection, house.organization.id, ["acme/web"], at)
        roots = [(f"{number:04}/", "") for number in range(MAPPINGS_MAX)]
        code_mappings.save(
            connection, house.project.id, ids["acme/web"], roots, default_branch=None, at=at
        )
    answer = post(owner)
    assert answer.status_code == 400
    assert "A project has at most 1,000 code mappings." in answer.text
    second = owner.get(f"{PATH}?page=2").text
    assert ">0050/</code>" in second
    assert 'rel="prev"' in second


def test_mappings_of_a_hidden_repository_are_refused(house, open_browser, owner):
    post(owner, repository="acme/secret")
    house.close()
    mia = open_browser()
    house.sign_in(mia, house.person("mia@example.com", Role.MEMBER, teams=("crew",)))
    assert post(mia, repository="acme/secret").status_code == 403
    assert "acme/secret" not in mia.get(PATH).text.partition("<datalist")[2]
    assert post(mia, repository="acme/other").status_code == 303
