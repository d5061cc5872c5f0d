"""A server for the browser, filled as a small company would fill it, or with names that are hard to show."""

import json
import re
import time
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from subprocess import Popen
from typing import Any
from urllib.error import HTTPError
from urllib.parse import quote
from uuid import uuid4

import data_folders
from conformance.servers import DIGEST_SECONDS, shipmark
from pictures import picture
from processes import free_port, serving

#: The User-Agent of the browser in which the events are said to have happened.
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:131.0) Gecko/20100101 Firefox/131.0"
EMAIL, PASSWORD = "ada@example.com", "correct horse battery"
RELEASES = "/api/0/organizations/acme/releases/"
_AUTHORS = (
    ("Nora Klein", "nora@example.com"),
    ("Chloé Martin", "chloe@example.com"),
    ("Łukasz Wójcik", "lukasz@example.com"),
    ("dependabot[bot]", "bot@example.com"),
)
_MESSAGES = (
    "feat: move the order summary to the new cart store",
    "fix(checkout): round totals half up",
    "perf: cache prices",
    "chore: bump vite from 7.1.2 to 7.1.4",
    "Translate checkout to Portuguese",
    "docs: describe the payment flow",
)
_ERRORS = (
    ("TypeError", "Cannot read properties of undefined"),
    ("ChunkLoadError", "Loading chunk 418 failed"),
    ("RangeError", "Invalid time value"),
)
_VERSIONS = ("1.14.0", "1.15.0", "1.16.0", "1.17.0", "2.0.0", "2.1.0-rc.1")
#: Names that need care: without a place to break a line, from right to left, without spaces between words.
LONG_NAME = "Extraordinarily-long-name-that-no-line-has-place-f"
HEBREW_NAME = "הזמנות ותשלומים"
CHINESE_NAME = "订单与支付服务平台"
LONG_VERSION = f"web@1.0.0-{'alpha.' * 30}1"


@dataclass(frozen=True)
class Server:
    """A server that runs, and the token and keys to fill it."""

    address: str
    token: str
    project_id: str
    key: str
    process: "Popen[bytes]"
    data: Path

    def send(self, method: str, path: str, body: object = None, **headers: str) -> Any:
        """Send JSON, as a client would; return the answer's."""
        request = urllib.request.Request(
            self.address + path,
            None if body is None else json.dumps(body).encode(),
            {"Content-Type": "application/json", "Authorization": f"Bearer {self.token}"} | headers,
            method=method,
        )
        with urllib.request.urlopen(request, timeout=120) as answer:
            content = answer.read()
        return json.loads(content) if content else None

    def fail(self, version: str, kind: str, value: str, **more: object) -> None:
        """Send an error event of a browser, and wait until it is digested."""
        self._wait_for(self.fail_soon(version, kind, value, **more))

    def fail_soon(self, version: str, kind: str, value: str, **more: object) -> str:
        """Send an error event of a browser; return its id. It is digested before those that are sent later."""
        frames = [
            {"function": "dispatch", "filename": "node_modules/kit/core.js", "lineno": 7},
            {
                "function": "totalOf",
                "filename": "src/checkout/summary.ts",
                "lineno": 41,
                "in_app": True,
                "pre_context": ["function totalOf(order) {", "  const lines = order.lines;"],
                "context_line": "  return lines.length ? sum(lines) : 0;",
                "post_context": ["}"],
                "vars": {"order": {"id": 7, "lines": None}},
            },
        ]
        event = {
            "platform": "javascript",
            "release": version,
            "environment": "production",
            "exception": {
                "values": [{"type": kind, "value": value, "stacktrace": {"frames": frames}}]
            },
            "tags": {"checkout": "express"},
            "user": {"id": "7", "email": "customer@example.com"},
            "request": {"url": "https://shop.example.com/checkout", "method": "GET"},
            "breadcrumbs": {"values": [{"category": "ui.click", "message": "button.pay"}]},
        }
        return self._store(event | more)

    def send_event(self, **event: object) -> None:
        """Send an event, and wait until it is digested."""
        self._wait_for(self._store(event))

    def _store(self, event: dict[str, object]) -> str:
        auth = f"Sentry sentry_version=7, sentry_key={self.key}"
        path = f"/api/{self.project_id}/store/"
        headers = {"X-Sentry-Auth": auth, "User-Agent": FIREFOX}
        event_id: str = self.send("POST", path, event, **headers)["id"]
        return event_id

    def _wait_for(self, event_id: str) -> None:
        for _ in range(DIGEST_SECONDS * 50):
            try:
                self.send("GET", f"/api/0/projects/acme/{self.project_id}/events/{event_id}/")
            except HTTPError as error:
                assert error.code == 404  # until it is digested
                time.sleep(0.02)
            else:
                return
        raise AssertionError("The event is not digested")

    def attach(self, event_id: str, name: str, content: bytes, content_type: str) -> None:
        """Send a file of an event that is there, and wait until it is digested."""
        head = {"type": "attachment", "length": len(content), "filename": name}
        head |= {"content_type": content_type}
        lines = [json.dumps({"event_id": event_id}).encode(), json.dumps(head).encode(), content]
        request = urllib.request.Request(
            f"{self.address}/api/{self.project_id}/envelope/?sentry_key={self.key}",
            b"\n".join(lines),
        )
        with urllib.request.urlopen(request, timeout=120):
            pass
        path = f"/api/0/projects/acme/{self.project_id}/events/{event_id}/attachments/"
        for _ in range(DIGEST_SECONDS * 50):
            if name in [shown["name"] for shown in self.send("GET", path)]:
                return
            time.sleep(0.02)
        raise AssertionError("The attachment is not digested")

    def key_of(self, project: str) -> tuple[str, str]:
        """Return the id of a project and its first public key."""
        [key] = self.send("GET", f"/api/0/projects/acme/{project}/keys/")
        return str(key["projectId"]), str(key["public"])

    def publish(self, version: str, *, project: str = "web", **more: object) -> None:
        """Publish a release of a project."""
        self.send("POST", RELEASES, {"version": version, "projects": [project]} | more)

    def deploy(self, version: str, environment: str, *, at: datetime | None = None) -> None:
        """Record a deploy, now unless another time is given."""
        path = f"{RELEASES}{quote(version, safe='')}/deploys/"
        body = {"environment": environment, "name": "build 1042"}
        self.send("POST", path, body | ({"dateFinished": at.isoformat()} if at else {}))


@contextmanager
def empty_server(
    data: Path, *, workers: int = 1, settings: Mapping[str, str] | None = None
) -> Iterator[Server]:
    """Run a server with the organization ``acme``, the project ``web`` and one user, until the end of the block."""
    data_folders.made(data)
    port = free_port()
    address = f"http://127.0.0.1:{port}"
    user = ["--user", EMAIL, "--password", PASSWORD]
    place = ["--org", "acme", "--project", "web", "--base-url", address, "--data", str(data)]
    made = json.loads(shipmark("bootstrap", *user, *place, "--json"))
    with serving(data, port, "--base-url", address, workers=workers, settings=settings) as process:
        project = made["projects"][0]
        key = re.search(r"//([0-9a-f]+)@", project["dsn"])
        assert key is not None
        yield Server(address, made["token"], project["id"], key[1], process, data)


def fill(server: Server) -> None:
    """Two weeks of releases with commits and deploys, and issues: new, regressed and resolved."""
    server.send("POST", "/api/0/teams/acme/acme/projects/", {"name": "api"})
    now = datetime.now(UTC)
    for number, version in enumerate(_VERSIONS):
        at = now - timedelta(days=2 * (len(_VERSIONS) - number))
        _ship(server, f"web@{version}", number, at)
        if number % 2:
            server.publish(f"api@1.{number}.0", project="api", dateReleased=at.isoformat())
            server.deploy(f"api@1.{number}.0", "production", at=at)
        if number == 1:
            error = {"transaction": "checkout", "timestamp": (at + timedelta(hours=5)).timestamp()}
            server.fail("web@1.15.0", "TypeError", "Cannot read properties of undefined", **error)
    live_since = now - timedelta(days=4)
    for number in range(40):
        at = live_since + timedelta(hours=2.3 * number, minutes=17 * number % 90)
        error = {"timestamp": at.timestamp(), "user": {"id": str(number % 9)}}
        kind, value = _ERRORS[number % 7 % len(_ERRORS)]
        server.fail_soon("web@2.0.0", kind, value, **error)
    server.fail("web@2.1.0-rc.1", "QuotaExceededError", "The quota has been exceeded")
    newest = server.send("GET", "/api/0/organizations/acme/issues/WEB-1/events/latest/")
    server.attach(newest["eventID"], "screenshot.png", picture("PNG", 300, 200), "image/png")
    server.attach(newest["eventID"], "app.log", b"before the crash", "text/plain")
    server.send("PUT", f"{RELEASES}web%401.14.0/", {"status": "archived"})


def _ship(server: Server, version: str, number: int, at: datetime) -> None:
    """Publish a release with some commits, and deploy it to staging, and to production if it is no preview."""
    commits = [commit(index, at - timedelta(hours=index)) for index in range(6 + 5 * number)]
    if version == "web@1.16.0":
        commits[0]["message"] = "fix: guard against empty orders\n\nFixes WEB-1"
    is_preview = "rc" in version
    more = {} if is_preview else {"dateReleased": at.isoformat()}
    server.publish(version, commits=commits, **more)
    server.deploy(version, "staging", at=at - timedelta(hours=6))
    if not is_preview:
        server.deploy(version, "production", at=at)


def fill_with_awkward_names(server: Server) -> None:
    """Names of 200 characters, forty environments, names from right to left and in Chinese."""
    for name in (LONG_NAME, HEBREW_NAME, CHINESE_NAME):
        slug = f"p{uuid4().hex[:12]}"
        server.send("POST", "/api/0/teams/acme/acme/projects/", {"name": name, "slug": slug})
    author = {"author_name": HEBREW_NAME, "author_email": f"{'x' * 60}@example.com"}
    odd = {"id": "b" * 40, "repository": f"acme/{'deep/' * 11}web", "message": CHINESE_NAME * 30}
    server.publish(LONG_VERSION, ref="main")
    server.publish("web@1.0.0")
    server.send(
        "PUT",
        f"{RELEASES}web%401.0.0/",
        {
            "commits": [odd | author],
            "ref": "ref-" * 40,
            "url": "https://example.com/" + "u" * 180,
        },
    )
    server.publish(f"web@{CHINESE_NAME}")
    for number in range(40):
        server.deploy("web@1.0.0", f"{CHINESE_NAME if number % 7 == 0 else 'region'}-{number:02}")
    for number in range(2):  # the first two in the order of names, which a list shows
        server.deploy("web@1.0.0", f"a-region-of-the-world-{number}")
    server.fail("web@1.0.0", HEBREW_NAME, CHINESE_NAME * 20)
    named = uuid4().hex
    server.fail("web@1.0.0", "E" * 120, "w" * 400, transaction="t" * 200, event_id=named)
    server.attach(named, "n" * 250 + ".log", b"x", "application/octet-stream")


def commit(number: int, at: datetime) -> dict[str, object]:
    """Return a commit for `Server.publish`; numbers of a release differ."""
    name, email = _AUTHORS[number % len(_AUTHORS)]
    return {
        "id": uuid4().hex + "00000000",
        "repository": "acme/web" if number % 5 else "acme/design-tokens",
        "message": _MESSAGES[number % len(_MESSAGES)],
        "author_name": name,
        "author_email": email,
        "timestamp": at.isoformat(),
        "patch_set": [{"path": f"src/checkout/part{number % 3}.ts", "type": "M"}],
    }
