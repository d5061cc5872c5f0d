"""The issues commands of sentry-cli: list, resolve, mute and unresolve."""

import json
from http.client import HTTPConnection
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

import pytest
from conformance.clients import Client
from conformance.servers import Organization


@pytest.fixture
def _failing(organization: Organization) -> None:
    """Two issues of project web."""
    for number, value in enumerate(("one", "two"), 1):
        fail(organization, value)
        organization.digested_issue(number)


def fail(organization: Organization, value: str, **more: object) -> None:
    dsn = urlsplit(organization.dsns["web"])
    event = {"event_id": uuid4().hex, "message": value, "fingerprint": [value], **more}
    connection = HTTPConnection(str(dsn.hostname), dsn.port, timeout=120)
    headers = {"X-Sentry-Auth": f"Sentry sentry_version=7, sentry_key={dsn.username}"}
    connection.request("POST", f"/api{dsn.path}/store/", json.dumps(event), headers)
    assert connection.getresponse().status == 200
    connection.close()


def issue(organization: Organization, number: int = 1) -> Any:
    return organization.get(f"issues/WEB-{number}/")


def states(organization: Organization) -> list[str]:
    return [issue(organization, number)["status"] for number in (1, 2)]


@pytest.mark.usefixtures("_failing")
def test_an_issue_is_resolved_and_opened_again(cli: Client) -> None:
    found = issue(cli.organization)
    text = cli.succeeds("issues", "resolve", "-i", found["id"])
    assert "Updated matching issues" in text
    assert states(cli.organization) == ["resolved", "unresolved"]
    cli.succeeds("issues", "unresolve", "-i", found["id"])
    assert states(cli.organization) == ["unresolved", "unresolved"]


@pytest.mark.usefixtures("_failing")
def test_an_issue_is_resolved_in_the_next_release(cli: Client) -> None:
    cli.does("create", "web@1.0.0")
    found = issue(cli.organization)
    cli.succeeds("issues", "resolve", "-i", found["id"], "--next-release")
    assert issue(cli.organization)["statusDetails"]["inNextRelease"] is True
    cli.does("create", "web@1.1.0")
    assert issue(cli.organization)["statusDetails"]["inRelease"] == "web@1.1.0"


@pytest.mark.usefixtures("_failing")
def test_without_a_release_there_is_no_next_one(cli: Client) -> None:
    said = cli.run("issues", "resolve", "-i", issue(cli.organization)["id"], "--next-release")
    assert said.exit_code != 0
    assert states(cli.organization) == ["unresolved", "unresolved"]


@pytest.mark.usefixtures("_failing")
def test_all_issues_are_muted_and_opened_again(cli: Client) -> None:
    cli.succeeds("issues", "mute", "-a")
    assert states(cli.organization) == ["ignored", "ignored"]
    cli.succeeds("issues", "unresolve", "-s", "muted")
    assert states(cli.organization) == ["unresolved", "unresolved"]
    # There is nothing left to be done: 204, which the client takes for good.
    cli.succeeds("issues", "unresolve", "-s", "muted")


@pytest.mark.usefixtures("_failing")
def test_issues_are_listed(cli: Client) -> None:
    cli.succeeds("issues", "resolve", "-i", issue(cli.organization)["id"])
    text = cli.succeeds("issues", "list", "--query", "is:unresolved")
    assert "WEB-2" in text
    assert "WEB-1" not in text


@pytest.mark.usefixtures("_failing")
def test_events_are_listed(cli: Client) -> None:
    text = cli.succeeds("events", "list", "--show-user", "--show-tags")
    assert "| one " in text
    assert "| two " in text
    assert "level: error" in text
