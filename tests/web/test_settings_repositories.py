"""The pages of repositories, their remotes, and the test of a connection."""

import re

import pytest
from dulwich.objects import Commit, Tree
from dulwich.repo import Repo
from page_forms import post

from shipmark.infrastructure.clock import now
from shipmark.releases.model import FetchMode, NewFetch
from shipmark.releases.store import fetches
from shipmark.repositories import store
from shipmark.repositories.git import connection_check

PATH = "/organizations/acme/settings/repositories/"
SECRET = "hunter2-very-secret"


@pytest.fixture
def owner(house, open_browser, tmp_path):
    """The browser of the owner, at a server with a data folder of its own."""
    client = open_browser(data=tmp_path, git_allow_files=True)
    client.cookies.clear()
    house.sign_in(client, house.owner)
    return client


@pytest.fixture
def repository(house):
    """The address of a repository with a commit."""
    house.publish("web@1.0.0")
    with house.database.snapshot() as connection:
        return f"{PATH}{store.ids_by_name(connection, house.organization.id, ['acme/web'])['acme/web']}/"


def audit(house):
    with house.database.snapshot() as connection:
        rows = connection.exec_driver_sql("SELECT event, data FROM audit_log ORDER BY id").all()
    return [(event, data) for event, data in rows if event >= 10_030]


def test_a_repository_is_added_and_opened(house, owner):
    data = {"name": "acme/<b>x", "url": "https://git.example.com/acme/x"}
    answer = post(owner, PATH, **data)
    assert re.fullmatch(rf"{PATH}\d+/", answer.headers["location"])
    for path in (PATH, answer.headers["location"]):
        assert "acme/&lt;b&gt;x" in owner.get(path).text
    assert [event for event, _ in audit(house)] == [10_030]


@pytest.mark.parametrize(
    ("name", "url", "problem"),
    [
        ("", "", "Enter a name of at most 200 characters."),
        ("x" * 201, "", "Enter a name of at most 200 characters."),
        ("x", "javascript:alert(1)", "Enter a URL such as"),
        ("x", "https://example.com/" + "x" * 200, "Enter a URL such as"),
    ],
)
def test_what_a_repository_needs_is_said(owner, repository, name, url, problem):
    answers = [post(owner, PATH, name=name, url=url)]
    answers.append(post(owner, repository, action="edit", name=name, url=url))
    for answer in answers:
        assert answer.status_code == 400
        assert problem in answer.text
        assert 'aria-invalid="true"' in answer.text


def test_it_is_renamed_unless_the_name_is_taken(house, owner, repository):
    post(owner, PATH, name="acme/other")
    answer = post(owner, repository, action="edit", name="acme/other", url="")
    assert answer.status_code == 400
    assert "Another active repository has that name." in answer.text
    answer = post(owner, repository, action="edit", name="acme/site", url="https://example.com/s")
    assert answer.headers["location"] == repository
    assert "acme/site" in owner.get(PATH).text
    assert audit(house)[-1][0] == 10_031


def test_hiding_it_keeps_its_commits(owner, repository):
    assert post(owner, repository, action="hide").status_code == 303
    assert "Hidden" in owner.get(PATH).text
    assert "Show repository" in owner.get(repository).text
    assert post(owner, repository, action="show").status_code == 303
    assert "Hide repository" in owner.get(repository).text


def test_a_remote_is_stored_without_ever_showing_its_secret(house, owner, repository):
    address = "https://git.example.com/acme/web.git"
    data = {"remote": address, "username": "deploy", "password": SECRET, "ssh_key": ""}
    assert post(owner, repository, action="set-remote", **data).status_code == 303
    text = owner.get(repository).text
    assert address in text
    assert "stored, never shown" in text
    assert SECRET not in text
    assert address in owner.get(PATH).text
    with house.database.snapshot() as connection:
        [remote] = store.remotes_of(connection, [int(repository.split("/")[-2])]).values()
    assert (remote.url, remote.username) == (address, "deploy")
    assert SECRET.encode() not in remote.secret
    event, logged = audit(house)[-1]
    assert event == 10_041
    assert SECRET not in logged
    assert post(owner, repository, action="remove-remote").status_code == 303
    assert "clients send the commits themselves" in owner.get(repository).text
    assert post(owner, repository, action="remove-remote").status_code == 404


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        ({"remote": ""}, "https://"),
        ({"remote": "nowhere"}, "Use https://"),
        ({"remote": "https://example.com/x", "ssh_key": "key"}, "Only SSH has keys"),
        ({"remote": "https://example.com/x", "username": "x" * 201}, "Use at most 200 characters."),
    ],
)
def test_a_wrong_remote_is_refused_with_what_was_typed(owner, repository, data, problem):
    answer = post(owner, repository, action="set-remote", password=SECRET, **data)
    assert answer.status_code == 400
    assert problem in answer.text
    assert f'value="{data["remote"]}"' in answer.text
    assert SECRET not in answer.text


def test_the_connection_is_tested(owner, repository, tmp_path, house, statements):
    """With a folder as the remote: the process, its guard and the git code are those of all remotes."""
    folder = tmp_path / "origin.git"
    make_origin(folder, branches=2)
    post(owner, repository, action="set-remote", remote=f"file://{folder}")
    statements.clear()
    answer = post(owner, repository, action="test")
    assert answer.status_code == 200
    assert "Connected. The remote has 2 branches." in answer.text
    assert not [statement for statement in statements if "IMMEDIATE" in statement]


def make_origin(folder, branches):
    folder.mkdir()
    with Repo.init_bare(str(folder)) as repo:
        tree = Tree()
        commit = Commit()
        commit.tree, commit.author, commit.committer = tree.id, b"A <a@b.c>", b"A <a@b.c>"
        commit.author_time = commit.commit_time = 1
        commit.author_timezone = commit.commit_timezone = 0
        commit.message = b"x"
        repo.object_store.add_objects([(tree, None), (commit, None)])
        for number in range(branches):
            repo.refs[f"refs/heads/b{number}".encode()] = commit.id


@pytest.mark.parametrize(
    ("remote", "problem"),
    [
        ("https://localhost:1/x.git", "private address"),
        ("file:///nonexistent/x", "no such git repository"),
    ],
)
def test_a_connection_that_fails_says_why(owner, repository, remote, problem):
    post(owner, repository, action="set-remote", remote=remote)
    answer = post(owner, repository, action="test")
    assert answer.status_code == 200
    assert "The connection failed." in answer.text
    assert problem in answer.text


def test_few_connections_are_tested_at_once(owner, repository, monkeypatch):
    post(owner, repository, action="set-remote", remote="https://localhost:1/x.git")
    for _ in range(2):
        assert connection_check._slots.acquire(blocking=False)
    try:
        answer = post(owner, repository, action="test")
    finally:
        connection_check._slots.release(2)
    assert answer.status_code == 429
    assert "Other connections are being tested." in answer.text


def test_a_repository_without_a_remote_has_no_connection(owner, repository):
    assert post(owner, repository, action="test").status_code == 404


def test_a_failed_fetch_is_shown_and_can_be_retried(house, owner, repository):
    release = house.publish("web@2.0.0")
    repository_id = int(repository.split("/")[-2])
    new = NewFetch(repository_id=repository_id, commit="main", previous=None, mode=FetchMode.RANGE)
    with house.database.transaction() as connection:
        fetches.add(connection, release, [new], None, now(), error="An old one.")
        fetches.add(connection, release, [new], None, now(), error="It is <b>away</b>.")
    assert "Failed" in owner.get(PATH).text
    text = owner.get(repository).text
    assert "It is &lt;b&gt;away&lt;/b&gt;." in text
    assert "An old one." not in text
    action = '/organizations/acme/releases/web%402.0.0/"><button class="btn small" name="action" value="fetch">'
    assert action in text


def test_a_deletion_is_confirmed_and_requested(house, owner, repository):
    assert "It has no commits" not in owner.get(f"{repository}delete/").text
    assert post(owner, f"{repository}delete/").headers["location"] == PATH
    assert "Being deleted" in owner.get(PATH).text
    assert "Set a remote" not in owner.get(repository).text
    for path, data in ((repository, {"action": "hide"}), (f"{repository}delete/", {})):
        assert post(owner, path, **data).status_code == 409
    with house.database.snapshot() as connection:
        [(kind, organization)] = connection.exec_driver_sql(
            "SELECT kind, organization_id FROM jobs"
        ).all()
    assert (kind, organization) == ("remove_repository", house.organization.id)
    assert audit(house)[-1][0] == 10_032


def test_a_member_adds_repositories_and_changes_none(member, repository):
    assert post(member, PATH, name="acme/new").status_code == 303
    text = member.get(repository).text
    assert "Save remote" not in text
    assert "Delete repository" not in text
    for data in (
        {"action": "hide"},
        {"action": "edit", "name": "x"},
        {"action": "edit", "name": ""},
        {"action": "set-remote", "remote": "https://example.com/x"},
        {"action": "set-remote", "remote": ""},
        {"action": "remove-remote"},
        {"action": "test"},
    ):
        assert post(member, repository, **data).status_code == 403, data
    assert member.get(f"{repository}delete/").status_code == 403
    assert post(member, f"{repository}delete/").status_code == 403


def test_a_closed_organization_hides_repositories_of_other_teams(house, member, repository):
    house.close()
    assert f'{repository}"' not in member.get(PATH).text
    assert member.get(repository).status_code == 404
    assert post(member, PATH, name="acme/web").status_code == 403


def test_strangers_see_nothing(house, browser, repository):
    paths = (PATH, repository, f"{repository}delete/")
    for path in paths:
        assert browser.get(path).headers["location"].startswith("/sign-in/")
    house.sign_in(browser, house.person("eve@example.com", None))
    for path in paths:
        assert browser.get(path).status_code == 404
        assert post(browser, path, action="hide").status_code == 404


@pytest.mark.parametrize("number", ["0", "x", "9" * 30])
def test_an_unknown_repository_is_not_found(owner, number):
    assert owner.get(f"{PATH}{number}/").status_code == 404
    assert post(owner, f"{PATH}{number}/", action="hide").status_code == 404


def test_an_unknown_action_is_refused(owner, repository):
    assert post(owner, repository, action="explode").status_code == 400


def test_the_list_is_searched_and_takes_the_same_statements_for_any_number(owner, statements):
    post(owner, PATH, name="acme/a0")
    statements.clear()
    owner.get(PATH)
    few = len(statements)
    for number in range(1, 6):
        post(owner, PATH, name=f"acme/a{number}")
    statements.clear()
    text = owner.get(PATH).text
    assert len(statements) == few
    assert "acme/a5" in text
    text = owner.get(f"{PATH}?query=a3").text
    assert "acme/a3" in text
    assert "acme/a5" not in text
    assert "No matching repositories" in owner.get(f"{PATH}?query=zzz").text
