"""Resolving an issue in a release or a commit that the user names, from its page."""

import re
from html import unescape

import pytest
from sqlalchemy import delete

from shipmark.organizations.model import Role
from shipmark.releases.store.projects import release_projects

ISSUES = "/organizations/acme/issues/"
RESOLVE = f"{ISSUES}WEB-1/resolve/"
SAME_ORIGIN = {"Sec-Fetch-Site": "same-origin"}
IN_RELEASE = {"action": "resolve-in-release"}
IN_COMMIT = {"action": "resolve-in-commit"}


@pytest.fixture(autouse=True)
def _broken(house):
    house.fail("web@1.0.0")


def send(client, **fields):
    return client.post(RESOLVE, data=fields, headers=SAME_ORIGIN)


def wrong(answer):
    return {
        name: unescape(sentence)
        for name, sentence in re.findall(
            r'class="wrong break" id="(\w+)-problem"[^>]*>([^<]*)<', answer.text
        )
    }


def test_the_menu_leads_to_a_page_that_suggests_versions_and_repositories(house, owner):
    house.publish("web@1.1.0")
    menu = owner.get(f"{ISSUES}WEB-1/?period=90d").text
    assert f'href="{RESOLVE}?period=90d#in-release">In another release…' in menu
    assert f'href="{RESOLVE}?period=90d#in-commit">In a commit…' in menu
    page = owner.get(f"{RESOLVE}?period=90d").text
    for suggested in ("web@1.1.0", "web@1.0.0", "acme/web"):
        assert f'<option value="{suggested}">' in page
    assert f'action="{RESOLVE}?period=90d"' in page


def test_an_issue_is_resolved_in_the_named_release(house, owner):
    house.publish("web@1.1.0")
    house.publish("web@1.2.0")
    answer = owner.post(
        f"{RESOLVE}?period=90d", data=IN_RELEASE | {"version": " web@1.1.0 "}, headers=SAME_ORIGIN
    )
    assert (answer.status_code, answer.headers["location"]) == (303, f"{ISSUES}WEB-1/?period=90d")
    shown = owner.get(f"{ISSUES}WEB-1/").text
    assert re.search(r"<dd>Resolved in <a [^>]*>1\.1\.0</a>", shown)


def test_an_issue_is_resolved_in_the_named_commit(house, owner):
    sha = "ab" * 20
    house.publish("web@1.1.0", sha=sha)
    answer = send(owner, **IN_COMMIT, repository="acme/web", commit=sha)
    assert (answer.status_code, answer.headers["location"]) == (303, f"{ISSUES}WEB-1/")
    assert f'resolved it with <code class="sha" title="{sha}">' in owner.get(f"{ISSUES}WEB-1/").text


@pytest.mark.parametrize(
    ("sent", "problems"),
    [
        ({**IN_RELEASE, "version": " "}, {"version": "Enter a version."}),
        (
            {**IN_RELEASE, "version": "web@9.9.9"},
            {"version": "The project has no release with this version."},
        ),
        (
            IN_COMMIT,
            {"repository": "Enter a repository.", "commit": "Enter the hash of a commit."},
        ),
        (
            {**IN_COMMIT, "repository": "acme/other", "commit": "ab" * 20},
            {"repository": "There is no repository with this name."},
        ),
        (
            {**IN_COMMIT, "repository": "acme/web", "commit": "cd" * 20},
            {"commit": "The repository has no commit with this hash. Enter all of its characters."},
        ),
    ],
)
def test_what_is_wrong_is_said_beside_its_field(house, owner, sent, problems):
    house.publish("web@1.1.0")
    answer = send(owner, **sent)
    assert (answer.status_code, wrong(answer)) == (400, problems)
    for name in ("version", "repository", "commit"):
        assert f'name="{name}" value="{sent.get(name, "")}"' in answer.text
    assert "Unresolved" in owner.get(f"{ISSUES}WEB-1/").text


def test_a_project_without_releases_says_so(house, owner):
    with house.database.transaction() as connection:
        connection.execute(delete(release_projects))
    answer = send(owner, **IN_RELEASE, version="latest")
    problems = {"version": "The project has no release yet."}
    assert (answer.status_code, wrong(answer)) == (400, problems)


def test_an_unknown_button_is_refused(owner):
    assert send(owner, action="resolve-later").status_code == 400
    assert "Unresolved" in owner.get(f"{ISSUES}WEB-1/").text


def test_strangers_see_no_such_page(house, browser):
    house.sign_in(browser, house.person("eve@example.com", None))
    assert browser.get(RESOLVE).status_code == 404
    assert send(browser, **IN_RELEASE, version="web@1.0.0").status_code == 404


def test_unknown_issues_are_not_found(owner):
    assert owner.get(f"{ISSUES}WEB-9/resolve/").status_code == 404
    assert (
        owner.post(f"{ISSUES}WEB-9/resolve/", data=IN_RELEASE, headers=SAME_ORIGIN).status_code
        == 404
    )


def test_members_resolve_issues_too(house, browser):
    house.sign_in(browser, house.person("bob@example.com", Role.MEMBER, teams=("crew",)))
    assert send(browser, **IN_RELEASE, version="web@1.0.0").status_code == 303
