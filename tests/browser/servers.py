"""Servers for browsers, and a browser that is signed in."""

import json
import re
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from subprocess import Popen
from urllib.parse import quote

from conformance.servers import shipmark
from playwright.sync_api import Page, sync_playwright
from processes import free_port, serving

CHROMIUM = Path("/usr/bin/chromium")
FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
EMAIL, PASSWORD = "ada@example.com", "correct horse battery"
RELEASES = "/api/0/organizations/acme/releases/"


@dataclass(frozen=True)
class Server:
    """A server that runs, and the token and keys to fill it."""

    address: str
    token: str
    project_id: str
    key: str
    process: "Popen[bytes]"

    def send(self, method: str, path: str, body: object, **headers: str) -> None:
        """Send JSON, as a client would."""
        request = urllib.request.Request(
            self.address + path,
            json.dumps(body).encode(),
            {"Content-Type": "application/json", "Authorization": f"Bearer {self.token}"} | headers,
            method=method,
        )
        with urllib.request.urlopen(request, timeout=10) as answer:
            assert answer.status < 300

    def publish(self, version: str, **more: object) -> None:
        """Publish a release of the project."""
        self.send("POST", RELEASES, {"version": version, "projects": ["web"]} | more)

    def deploy(self, version: str, environment: str) -> None:
        """Record a deploy of a release."""
        path = f"{RELEASES}{quote(version, safe='')}/deploys/"
        self.send("POST", path, {"environment": environment})

    def fail(self, **event: object) -> None:
        """Send an error event."""
        auth = f"Sentry sentry_version=7, sentry_key={self.key}"
        self.send("POST", f"/api/{self.project_id}/store/", event, **{"X-Sentry-Auth": auth})


@contextmanager
def running(
    data: Path, *, workers: int = 1, settings: Mapping[str, str] | None = None
) -> Iterator[Server]:
    """Run a server with the organization acme, its project web and a person."""
    port = free_port()
    address = f"http://127.0.0.1:{port}"
    person = ["--user", EMAIL, "--password", PASSWORD]
    place = ["--org", "acme", "--project", "web", "--base-url", address, "--data", str(data)]
    made = json.loads(shipmark("bootstrap", *person, *place, "--json"))
    with serving(data, port, workers=workers, settings=settings) as process:
        project = made["projects"][0]
        key = re.search(r"//([0-9a-f]+)@", project["dsn"])
        assert key is not None
        yield Server(address, made["token"], project["id"], key[1], process)


@contextmanager
def browsing(server: Server, **options: object) -> Iterator[Page]:
    """Open a browser on the server; no page may complain in its console."""
    complaints: list[str] = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=FLAGS)
        page = browser.new_page(base_url=server.address, **options)  # type: ignore[arg-type]
        page.on("console", lambda message: complaints.append(message.text))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        yield page
        browser.close()
    assert complaints == []


def sign_in(page: Page) -> None:
    """Sign in, which leads to the list of releases."""
    page.goto("/sign-in/")
    page.get_by_label("Email address").fill(EMAIL)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url("**/releases/")
