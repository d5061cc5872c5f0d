"""What the clients show of a server: who is there, organizations, projects, repositories."""

from conformance.clients import CLI3, NEW, Client
from conformance.conftest import Connects
from conformance.servers import Organization


def test_info_shows_whose_token_it_is(cli: Client) -> None:
    text = cli.succeeds("info")
    assert f"Sentry Server: {cli.organization.url}" in text
    assert f"User: {cli.organization.email}" in text
    assert "- project:releases" in text


def test_info_as_json_says_that_the_token_is_good(cli: Client) -> None:
    assert '"successful": true' in cli.succeeds("info", "--config-status-json")


def test_login_accepts_the_token(cli: Client) -> None:
    text = cli.succeeds("login", "--auth-token", cli.token, "--global")
    assert f"Valid token for user {cli.organization.email}" in text


def test_organizations_are_listed(cli: Client) -> None:
    assert f" {cli.organization.slug} " in cli.succeeds("organizations", "list")


def test_projects_are_listed(cli: Client) -> None:
    text = cli.succeeds("projects", "list")
    assert "| web  |" in text
    assert "| api  |" in text


def test_without_repositories_the_list_says_so(cli: Client) -> None:
    assert "No repos found" in cli.succeeds("repos", "list")


def test_repositories_of_commits_are_listed_without_provider(cli: Client) -> None:
    publish(cli.organization, "web@1.0.0", "acme/web")
    assert "| acme/web | Unknown Provider | -   |" in cli.succeeds("repos", "list")


def test_there_are_no_monitors_and_no_logs(cli: Client) -> None:
    assert cli.succeeds("monitors", "list") == ""
    assert "No logs found" in cli.succeeds("logs", "list")


def test_a_project_without_releases_is_listed_in_silence(cli: Client) -> None:
    assert cli.succeeds("releases", "list") == ""


def test_releases_are_listed_one_a_line(cli: Client) -> None:
    publish(cli.organization, "web@1.0.0", "acme/web")
    publish(cli.organization, "web@1.1.0", "acme/web")
    assert cli.succeeds("releases", "list", "-R").split() == ["web@1.1.0", "web@1.0.0"]


def test_releases_of_all_projects_are_listed_without_a_project(cli: Client) -> None:
    publish(cli.organization, "web@1.0.0", "acme/web")
    publish(cli.organization, "api@1.0.0", "acme/api", project="api")
    listed = cli.succeeds("releases", "list", "-R", SENTRY_PROJECT=None).split()
    assert listed == ["api@1.0.0", "web@1.0.0"]
    assert cli.succeeds("releases", "list", "-R", SENTRY_PROJECT="api").split() == ["api@1.0.0"]


def test_an_organization_token_is_nobodys(organization: Organization, connects: Connects) -> None:
    client = connects(CLI3, organization, organization.organization_token)
    assert "Valid org token" in client.succeeds("login", "--auth-token", client.token, "--global")
    text = client.succeeds("info")
    assert "User:" not in text
    assert "- org:ci" in text


def test_an_organization_token_knows_organization_and_server(
    organization: Organization, connects: Connects
) -> None:
    client = connects(CLI3, organization, organization.organization_token)
    client.succeeds("releases", "new", "web@1.0.0", SENTRY_ORG=None, SENTRY_URL=None)
    assert organization.release("web@1.0.0")["version"] == "web@1.0.0"


def test_the_newer_client_shows_the_same(organization: Organization, connects: Connects) -> None:
    client = connects(NEW, organization)
    publish(organization, "web@1.0.0", "acme/web")
    assert f"User: {organization.email}" in client.succeeds("info")
    assert organization.slug in client.succeeds("org", "list")
    assert "│ web     │" in client.succeeds("project", "list")
    assert "acme/web" in client.succeeds("repo", "list")


def publish(
    organization: Organization, version: str, repository: str, project: str = "web"
) -> None:
    """Publish a release with one commit of the repository."""
    body = {
        "version": version,
        "projects": [project],
        "commits": [{"id": "a" * 40, "repository": repository, "message": "Open the shop"}],
    }
    assert organization.ask("POST", "releases/", body).status == 201
