"""One journey of a person through a real server, in a real browser."""

import json
import re
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import pytest
from conformance.servers import shipmark
from playwright.sync_api import Locator, Page, expect, sync_playwright
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
#: All that is odd in an address, and text that must not be decoded twice.
VERSION = "web@1.1.0 é+%2F#1?"
MESSAGE = "Don't fail on empty carts"

pytestmark = pytest.mark.skipif(not CHROMIUM.exists(), reason="there is no /usr/bin/chromium")


@dataclass(frozen=True)
class Server:
    """A server that runs, and the token and keys to fill it."""

    address: str
    token: str
    project_id: str
    key: str

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


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    data = tmp_path_factory.mktemp("data")
    port = free_port()
    address = f"http://127.0.0.1:{port}"
    person = ["--user", EMAIL, "--password", PASSWORD]
    place = ["--org", "acme", "--project", "web", "--base-url", address, "--data", str(data)]
    made = json.loads(shipmark("bootstrap", *person, *place, "--json"))
    with serving(data, port, workers=1):
        project = made["projects"][0]
        key = re.search(r"//([0-9a-f]+)@", project["dsn"])
        assert key is not None
        yield Server(address, made["token"], project["id"], key[1])


@pytest.fixture
def page(server: Server) -> Iterator[Page]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=FLAGS)
        yield browser.new_page(base_url=server.address)
        browser.close()


def test_a_person_signs_in_and_follows_a_release_to_the_issue_that_it_fixed(
    server: Server, page: Page
) -> None:
    _fail_and_mend(server)
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text))

    page.goto("/")
    page.get_by_label("Email address").fill(EMAIL)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()

    expect(page.get_by_role("heading", name="Releases")).to_be_visible()
    row = page.get_by_role("row").filter(has_text=VERSION)
    expect(row).to_contain_text("production")
    assert _lines_of(row.locator(".env", has_text="production")) == 1
    row.get_by_role("link", name=VERSION).click()

    expect(page.get_by_text(MESSAGE, exact=True)).to_be_visible()
    page.get_by_text("1 changed file", exact=True).click()
    expect(page.get_by_text("shop/cart.py").first).to_be_visible()
    page.get_by_role("link", name="Resolved 1").click()
    resolved = page.get_by_role("region", name="Issues")
    expect(resolved).to_contain_text("WEB-1")
    resolved.get_by_role("link", name="ValueError: the cart is empty").click()

    expect(page.get_by_role("heading", level=1)).to_have_text("ValueError: the cart is empty")
    expect(page.get_by_role("region", name="Latest event")).to_contain_text("shop/cart.py:41")
    expect(page.get_by_role("region", name="Activity")).to_contain_text("resolved it in")

    page.get_by_role("button", name="Reopen").click()
    expect(page.get_by_role("region", name="Activity")).to_contain_text("reopened it")
    page.get_by_role("button", name="Resolve", exact=True).click()
    expect(page.get_by_text("Resolved", exact=True).first).to_be_visible()
    page.goto("/nothing/")
    page.get_by_label("Organization").get_by_role("link", name="Releases").click()
    expect(page.get_by_role("heading", name="Releases")).to_be_visible()

    page.get_by_title("Account").click()
    page.get_by_role("button", name="Sign out").first.click()
    expect(page.get_by_role("heading", name="Sign in to Shipmark")).to_be_visible()
    # The page that is not there is told by the browser too.
    assert [it for it in complaints if "404" not in it] == []


def _lines_of(element: Locator) -> int:
    """Return how many lines of text an element has."""
    height = "it => it.getBoundingClientRect().height / parseFloat(getComputedStyle(it).lineHeight)"
    return int(element.evaluate(height))


def _fail_and_mend(server: Server) -> None:
    frame = {"function": "total", "filename": "shop/cart.py", "lineno": 41, "in_app": True}
    raised = {"type": "ValueError", "value": "the cart is empty"}
    event = {
        "platform": "python",
        "release": "web@1.0.0",
        "exception": {"values": [raised | {"stacktrace": {"frames": [frame]}}]},
    }
    auth = f"Sentry sentry_version=7, sentry_key={server.key}"
    server.send("POST", f"/api/{server.project_id}/store/", event, **{"X-Sentry-Auth": auth})
    commit = {
        "id": "a" * 40,
        "message": f"{MESSAGE}\n\nFixes WEB-1",
        "author_name": "Ada Lovelace",
        "author_email": EMAIL,
        "patch_set": [{"path": "shop/cart.py", "type": "M"}],
    }
    releases = "/api/0/organizations/acme/releases/"
    server.send("POST", releases, {"version": VERSION, "projects": ["web"], "commits": [commit]})
    deploys = f"{releases}{quote(VERSION, safe='')}/deploys/"
    server.send("POST", deploys, {"environment": "production"})
