"""What a real browser reports about a violated policy becomes an issue (ingest.md 1)."""

import time
from pathlib import Path
from typing import Any

from browser.chromium import launched
from browser.https_servers import certificate, page_server, proxy
from browser.servers import Server
from playwright.sync_api import Browser, Playwright

#: What the policy of the page blocks: an image of another host, and a script within the page.
PAGE = (
    b"<!doctype html><img src='http://tracker.example.org/pixel.gif'>"
    b"<script>document.title = 'changed'</script>"
)
POLICY = "default-src 'self'; img-src 'self'"
TITLES = {"Blocked 'image' from 'tracker.example.org'", "Blocked unsafe inline 'script'"}
WAIT_SECONDS = 120


def issues(server: Server, release: str) -> dict[str, dict[str, Any]]:
    """Return the issues of a release by their titles, as soon as there are two."""
    deadline = time.monotonic() + WAIT_SECONDS
    while time.monotonic() < deadline:
        path = f"/api/0/organizations/acme/issues/?query=release:{release}"
        found = {issue["title"]: issue for issue in server.send("GET", path)}
        if len(found) >= len(TITLES):
            return found
        time.sleep(0.2)
    raise AssertionError("The browser has reported nothing")


def endpoint(server: Server, origin: str, release: str) -> str:
    query = f"sentry_key={server.key}&sentry_release={release}&sentry_environment=production"
    return f"{origin}/api/{server.project_id}/security/?{query}"


def check(server: Server, release: str, page: str) -> None:
    """Wait for the issues, and look at the report of the image."""
    found = issues(server, release)
    assert set(found) == TITLES
    assert {issue["type"] for issue in found.values()} == {"csp"}
    issue = found["Blocked 'image' from 'tracker.example.org'"]
    assert issue["culprit"].split()[0] == "img-src"
    event = server.send("GET", f"/api/0/issues/{issue['id']}/events/latest/")
    tags = {tag["key"]: tag["value"] for tag in event["tags"]}
    assert tags["environment"] == "production"
    assert "Chrome" in tags["browser.name"]
    [report] = [entry["data"] for entry in event["entries"] if entry["type"] == "csp"]
    assert report["document_uri"] == page
    assert report["original_policy"].startswith(POLICY)


def test_a_violation_that_report_uri_sends_becomes_an_issue(
    chromium: Browser, server: Server
) -> None:
    address = endpoint(server, server.address, "uri@1.0.0")
    headers = {"Content-Security-Policy": f"{POLICY}; report-uri {address}"}
    with page_server(PAGE, headers) as origin, chromium.new_context() as context:
        context.new_page().goto(f"{origin}/checkout?step=2")
        check(server, "uri@1.0.0", f"{origin}/checkout?step=2")


def test_a_violation_that_the_reporting_api_sends_becomes_an_issue(
    playwright: Playwright, server: Server, tmp_path: Path
) -> None:
    own = certificate(tmp_path)
    # Else the browser gathers reports for a minute.
    flags = ("--short-reporting-delay", own.flag)
    with proxy(server.address, own) as reports:
        address = endpoint(server, reports, "to@1.0.0")
        headers = {
            "Content-Security-Policy": f"{POLICY}; report-to csp",
            "Reporting-Endpoints": f'csp="{address}"',
        }
        with (
            page_server(PAGE, headers, own) as origin,
            launched(playwright, *flags) as browser,
        ):
            browser.new_page().goto(f"{origin}/checkout?step=2")
            check(server, "to@1.0.0", f"{origin}/checkout?step=2")
