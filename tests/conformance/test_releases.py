"""The commands for releases and deploys beyond the main journey: options, projects, ranges of commits."""

import pytest
from conformance.clients import CLI3, NEW, Client
from conformance.conftest import Connects
from conformance.git import Checkout
from conformance.servers import Organization


def test_new_with_address_and_finalize_sets_both(cli: Client) -> None:
    cli.succeeds("releases", "new", "web@1.0.0", "--url", "https://example.com/1", "--finalize")
    release = cli.organization.release("web@1.0.0")
    assert release["url"] == "https://example.com/1"
    assert release["dateReleased"] is not None


def test_new_again_is_no_failure(client: Client) -> None:
    client.does("create", "web@1.0.0")
    before = client.organization.release("web@1.0.0")
    client.does("create", "web@1.0.0")
    assert client.organization.release("web@1.0.0") == before


def test_a_release_of_several_projects_is_in_both(cli: Client) -> None:
    cli.succeeds("releases", "new", "shop@1.0.0", "-p", "web", "-p", "api")
    release = cli.organization.release("shop@1.0.0")
    assert sorted(project["slug"] for project in release["projects"]) == ["api", "web"]


def test_a_project_is_named_by_its_id_too(cli: Client) -> None:
    project = cli.organization.dsns["api"].rpartition("/")[2]
    cli.succeeds("releases", "new", "api@1.0.0", "-p", project)
    release = cli.organization.release("api@1.0.0")
    assert [it["slug"] for it in release["projects"]] == ["api"]


def test_the_newer_client_makes_a_release_of_several_projects(
    organization: Organization, connects: Connects
) -> None:
    client = connects(NEW, organization)
    client.succeeds("release", "create", "shop@1.0.0", "--project", "web,api", "--finalize")
    release = organization.release("shop@1.0.0")
    assert sorted(project["slug"] for project in release["projects"]) == ["api", "web"]
    assert release["dateReleased"] is not None


def test_finalize_takes_a_moment(cli: Client) -> None:
    cli.does("create", "web@1.0.0")
    cli.succeeds("releases", "finalize", "web@1.0.0", "--released", "1700000000")
    assert cli.organization.release("web@1.0.0")["dateReleased"] == "2023-11-14T22:13:20Z"


def test_archiving_an_unknown_release_is_refused(cli: Client) -> None:
    said = cli.run("releases", "archive", "web@1.0.0")
    # The command names no project, and a release without one would be seen by nobody.
    assert said.exit_code == 1
    assert "This list may not be empty" in said.text


def test_archive_and_restore_keep_the_projects(cli: Client) -> None:
    cli.succeeds("releases", "new", "shop@1.0.0", "-p", "web", "-p", "api")
    cli.does("archive", "shop@1.0.0")
    cli.does("restore", "shop@1.0.0")
    release = cli.organization.release("shop@1.0.0")
    assert sorted(project["slug"] for project in release["projects"]) == ["api", "web"]


def test_a_range_of_commits_moves_the_head(cli: Client, repository: Checkout) -> None:
    cli.does("create", "web@1.0.0")
    cli.organization.ask("POST", "repos/", {"name": "acme/web"})
    first, last = repository.git("rev-parse", "HEAD~2", "HEAD").split()
    cli.does("create", "web@1.1.0")

    text = cli.succeeds(
        "releases", "set-commits", "web@1.1.0", "--commit", f"acme/web@{first}..{last}"
    )

    assert f"{first[:12]} -> {last[:12]}" in text
    head = cli.succeeds("releases", "set-commits", "web@1.1.0", "--commit", f"acme/web@{last}")
    assert last[:12] in head


def test_an_unknown_repository_is_refused_by_the_client(cli: Client, repository: Checkout) -> None:
    """It looks for the name in the list of repositories, before it asks the server."""
    cli.does("create", "web@1.0.0")
    cli.does("set commits", "web@1.0.0", cwd=repository.folder)
    said = cli.run("releases", "set-commits", "web@1.0.0", "--commit", "acme/gone@abc..def")
    assert said.exit_code == 1
    assert "Unknown repo" in said.text


def test_clear_takes_the_commits_out(cli: Client, repository: Checkout) -> None:
    cli.does("create", "web@1.0.0")
    cli.does("set commits", "web@1.0.0", cwd=repository.folder)
    assert cli.organization.release("web@1.0.0")["commitCount"] == 3
    cli.succeeds("releases", "set-commits", "web@1.0.0", "--clear")
    release = cli.organization.release("web@1.0.0")
    assert release["commitCount"] == 0
    assert release["lastCommit"] is None


def test_set_commits_makes_the_release(cli: Client, repository: Checkout) -> None:
    cli.does("set commits", "web@1.0.0", cwd=repository.folder)
    assert cli.organization.release("web@1.0.0")["commitCount"] == 3


def test_a_rewritten_history_is_told_and_can_be_ignored(cli: Client, repository: Checkout) -> None:
    cli.does("set commits", "web@1.0.0", cwd=repository.folder)
    repository.git("reset", "--quiet", "--hard", "HEAD~1")
    repository.commit("Paint it red", "src/door.py", "2026-01-04T08:00:00+00:00")
    words = ("releases", "set-commits", "web@1.1.0", "--local")
    said = cli.run(*words, cwd=repository.folder)
    assert said.exit_code == 1
    assert "Could not find the SHA of the previous release in the git history" in said.text
    cli.succeeds(*words, "--ignore-missing", cwd=repository.folder)
    assert cli.organization.release("web@1.1.0")["commitCount"] == 3


def test_a_deploy_has_what_was_said(cli: Client) -> None:
    cli.does("create", "web@1.0.0")
    text = cli.succeeds(
        "deploys", "new", "--release", "web@1.0.0", "-e", "production", "-n", "Monday",
        "-u", "https://example.com/deploys/1", "--started", "1699999940", "--finished", "1700000000",
    )  # fmt: skip
    assert "Created new deploy Monday for 'production'" in text
    (deploy,) = cli.organization.get("releases/web@1.0.0/deploys/")
    assert deploy["name"] == "Monday"
    assert deploy["url"] == "https://example.com/deploys/1"
    assert deploy["dateStarted"] == "2023-11-14T22:12:20Z"
    assert deploy["dateFinished"] == "2023-11-14T22:13:20Z"
    assert "| production  | Monday | " in cli.succeeds("deploys", "list", "--release", "web@1.0.0")


def test_without_deploys_the_list_says_so(cli: Client) -> None:
    cli.does("create", "web@1.0.0")
    assert "No deploys found" in cli.succeeds("deploys", "list", "--release", "web@1.0.0")


@pytest.mark.parametrize("raw", [False, True], ids=["read", "raw"])
def test_an_event_sent_by_the_client_makes_an_issue(
    raw: bool, cli: Client, tmp_path_factory: pytest.TempPathFactory
) -> None:
    event = f'{{"event_id": "{"a1" * 16}", "message": "No door", "release": "web@2.0.0"}}'
    file = tmp_path_factory.mktemp("events") / "event.json"
    file.write_text(event, "utf8")
    words = ["send-event", str(file), *(["--raw"] if raw else [])]
    assert "dispatched" in cli.succeeds(*words, SENTRY_DSN=cli.organization.dsns["web"])
    issue = cli.organization.digested_issue()
    assert issue["title"] == "No door"
    assert issue["firstRelease"]["version"] == "web@2.0.0"


def test_a_message_sent_by_the_client_keeps_its_tags_and_hides_the_environment(
    organization: Organization, connects: Connects
) -> None:
    client = connects(CLI3, organization)
    client.succeeds(
        "send-event", "-m", "No door", "-r", "web@2.0.0", "-t", "place:shop",
        SENTRY_DSN=organization.dsns["web"],
    )  # fmt: skip
    issue = organization.digested_issue()
    assert issue["title"] == "No door"
    assert client.token not in str(issue)


def test_an_event_with_a_wrong_key_is_refused(cli: Client) -> None:
    key = cli.organization.dsns["web"].partition("//")[2].partition("@")[0]
    dsn = cli.organization.dsns["web"].replace(key, "0" * 32)
    said = cli.run("send-event", "-m", "No door", "--no-environ", SENTRY_DSN=dsn)
    assert said.exit_code == 1
    assert cli.organization.ask("GET", "issues/WEB-1/").status == 404
