"""Programs with real SDKs of all ages, and what the API then says of their error (ingest.md 5)."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from http.client import HTTPConnection
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

import pytest
from browser.chromium import CHROMIUM, PATIENCE_MILLISECONDS, launched
from conformance.clients import CLIENTS, PACKAGES, Client
from conformance.servers import Organization
from playwright.sync_api import Browser, sync_playwright

PROGRAMS = Path(__file__).parent / "sdks"
PYTHON = "ValueError: order 7 has no lines"
JAVASCRIPT = "TypeError: order 7 has no lines"
#: The SDK of 2019 has names that Python has moved since.
AS_IN_2019 = (
    "import collections, collections.abc, runpy, sys; collections.Mapping = collections.abc.Mapping; "
    "sys.argv = sys.argv[1:]; runpy.run_path(sys.argv[0], run_name='__main__')"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Program:
    """A program with an SDK, which ends with an error, and what the event of the error has then."""

    name: str
    command: tuple[str | Path, ...]
    libraries: str = "python"
    #: The beginning of the SDK's name, or "" where it does not say.
    sdk: str
    title: str = PYTHON
    tags: Mapping[str, str] = field(default_factory=dict)
    url: str = ""

    def run(self, dsn: str) -> None:
        """Run it to its end."""
        path = os.pathsep.join([str(CLIENTS / self.libraries), str(PROGRAMS)])
        words = [str(word) for word in self.command]
        done = subprocess.run(
            [words[0], *words[1:2], dsn, *words[2:]] if words[0] == "node" else [*words, dsn],
            env=os.environ | {"PYTHONPATH": path, "PYTHONWARNINGS": "ignore"},
            capture_output=True,
            text=True,
            timeout=240,
            check=False,
        )
        # An error that nothing handles ends a program with 1, after it was sent.
        assert done.returncode in {0, 1}, done.stderr
        assert done.returncode == 0 or "order 7 has no lines" in done.stderr, done.stderr


def python(program: str) -> tuple[str | Path, ...]:
    return sys.executable, PROGRAMS / f"{program}.py"


def node(program: str, package: str) -> tuple[str | Path, ...]:
    return "node", PROGRAMS / program, PACKAGES / package


UNHANDLED = {"handled": "no"}
HANDLED = {"handled": "yes"}
PROGRAMS_RUN = [
    Program(name="python", command=python("plain"), sdk="sentry.python", tags=UNHANDLED),
    Program(name="python 1.0", command=python("plain"), libraries="sdk-1.0", sdk="sentry.python"),
    Program(
        name="python 0.10",
        command=(sys.executable, "-c", AS_IN_2019, PROGRAMS / "plain.py"),
        libraries="sdk-0.10",
        sdk="sentry.python",
        tags=UNHANDLED,
    ),
    Program(
        name="asyncio",
        command=python("of_asyncio"),
        sdk="sentry.python",
        tags=UNHANDLED | {"mechanism": "asyncio"},
    ),
    Program(
        name="django",
        command=python("of_django"),
        sdk="sentry.python",
        tags=UNHANDLED | {"transaction": "/checkout/{order}/", "browser.name": "Firefox"},
        url="http://shop.example.com/checkout/7/",
    ),
    Program(
        name="fastapi",
        command=python("of_fastapi"),
        sdk="sentry.python",
        tags=UNHANDLED | {"transaction": "/checkout/{order}", "browser.name": "Firefox"},
        url="https://shop.example.com/checkout/7",
    ),
    Program(
        name="celery",
        command=python("of_celery"),
        sdk="sentry.python",
        tags=UNHANDLED | {"transaction": "shop.charge", "mechanism": "celery"},
    ),
    Program(name="raven", command=python("of_raven"), libraries="raven", sdk="raven-python"),
    Program(
        name="node 11",
        command=node("node.mjs", "@sentry/node/build/cjs/index.js"),
        sdk="sentry.javascript.node",
        title=JAVASCRIPT,
        tags=HANDLED,
    ),
    Program(
        name="node 8",
        command=node("node.mjs", "node-8/build/cjs/index.js"),
        sdk="sentry.javascript.node",
        title=JAVASCRIPT,
        tags=HANDLED,
    ),
    Program(
        name="node 7",
        command=node("node.mjs", "node-7/cjs/index.js"),
        sdk="sentry.javascript.node",
        title=JAVASCRIPT,
        tags=HANDLED,
    ),
    Program(name="raven-node", command=node("raven.cjs", "raven"), sdk="", title=JAVASCRIPT),
]


@pytest.mark.parametrize("program", PROGRAMS_RUN, ids=lambda program: program.name)
def test_an_error_is_stored_as_the_program_sent_it(
    program: Program, organization: Organization
) -> None:
    program.run(organization.dsns["web"])
    event = only_event(organization)
    assert event["title"] == program.title
    check(event, program.tags, function="charge")
    assert (event["sdk"] or {"name": ""})["name"].startswith(program.sdk)
    if program.url:
        [request] = [it["data"] for it in event["entries"] if it["type"] == "request"]
        assert request["url"] == program.url
        assert "4242424242424242" not in json.dumps(event)


@pytest.mark.parametrize(
    ("command", "sessions"),
    [
        (python("of_sessions"), {"healthy": (3, 0), "crashed": (1, 0), "errored": (1, 0)}),
        (
            node("sessions.cjs", "@sentry/node/build/cjs/index.js"),
            {"healthy": (1, 0), "crashed": (1, 0)},
        ),
        (node("node.mjs", "@sentry/node/build/cjs/index.js"), {"errored": (1, 1)}),
        (node("node.mjs", "node-8/build/cjs/index.js"), {"errored": (1, 1)}),
    ],
    ids=["requests of python", "requests of node 11", "a process of node 11", "one of node 8"],
)
def test_sessions_are_counted(
    command: tuple[str | Path, ...],
    sessions: dict[str, tuple[int, int]],
    organization: Organization,
) -> None:
    """Requests to servers are sent as aggregates, without users; a process is one session."""
    Program(name="", command=command, sdk="").run(organization.dsns["web"])
    number = sum(each for each, _ in sessions.values())
    assert organization.digested_sessions(number) == sessions


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """A real browser."""
    if not CHROMIUM.exists():
        pytest.skip(f"there is no {CHROMIUM}")
    with sync_playwright() as playwright, launched(playwright) as browser:
        yield browser


@contextmanager
def serving_files(folder: Path) -> Iterator[str]:
    """Serve the files of a folder, from an origin of their own; gives its address.

    A page from elsewhere may not send to a server of the loopback.
    """
    handler = partial(SimpleHTTPRequestHandler, directory=folder)
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def current_script(folder: Path) -> list[str]:
    """Return the scripts of a page with the current SDK, from a bundler."""
    (folder / "node_modules").symlink_to(PACKAGES)
    shutil.copy(PROGRAMS / "browser.js", folder)
    words = ("browser.js", "--file", "app.js", "--format", "iife")
    subprocess.run(
        [PACKAGES / ".bin/rolldown", *words], cwd=folder, capture_output=True, check=True
    )
    return [(folder / "app.js").read_text("utf8")]


def raven_scripts(folder: Path) -> list[str]:
    """Return the scripts of a page of years ago."""
    files = (PACKAGES / "raven-js/dist/raven.min.js", PROGRAMS / "raven-browser.js")
    return [path.read_text("utf8") for path in files]


@pytest.mark.parametrize(
    ("scripts", "sdk"),
    [(current_script, "sentry.javascript.browser"), (raven_scripts, "")],
    ids=["browser 11", "raven-js"],
)
def test_an_error_of_a_page_is_stored(
    scripts: Any, sdk: str, organization: Organization, chromium: Browser, tmp_path: Path
) -> None:
    contents = scripts(tmp_path)
    tags = "".join(f"<script>{content}</script>" for content in contents)
    start = f"<script>window.dsn = {json.dumps(organization.dsns['web'])}</script>"
    (tmp_path / "checkout.html").write_text(f"<!doctype html>{start}{tags}", "utf8")

    page = chromium.new_page()
    page.set_default_timeout(PATIENCE_MILLISECONDS)
    with serving_files(tmp_path) as address:
        page.goto(f"{address}/checkout.html?step=2")
        event = only_event(organization)
    page.close()
    if sdk:
        # What is not handled does not end a page: it is no crash.
        assert organization.digested_sessions(1) == {"errored": (1, 1)}

    assert event["title"] == JAVASCRIPT
    browser = {"browser.name": "HeadlessChrome", "os.name": "Linux"}
    check(event, browser | {"url": f"{address}/checkout.html"}, function="charge")
    assert (event["sdk"] or {"name": ""})["name"] == sdk  # one of the SDKs does not say


def test_an_event_of_the_command_line(cli: Client) -> None:
    words = ("send-event", "-m", "Backup failed: %s", "-a", "disk full", "-r", "web@1.2.3")
    words += ("-E", "production", "-t", "region:eu-1", "-u", "id:7", "-u", "email:dee@example.com")
    cli.succeeds(*words, "-l", "warning", SENTRY_DSN=cli.organization.dsns["web"])
    event = only_event(cli.organization)
    assert event["title"] == "Backup failed: disk full"
    check(event, {"level": "warning"})


def test_an_envelope_of_the_command_line(cli: Client) -> None:
    event_id = uuid4().hex
    sent = {
        "release": "web@1.2.3",
        "environment": "production",
        "message": "Backup failed",
        "tags": {"region": "eu-1"},
        "user": {"id": "7", "email": "dee@example.com"},
    }
    lines = ({"event_id": event_id}, {"type": "event"}, sent)
    (cli.home / "backup.envelope").write_text("\n".join(map(json.dumps, lines)), "utf8")
    cli.succeeds("send-envelope", "backup.envelope", SENTRY_DSN=cli.organization.dsns["web"])
    event = only_event(cli.organization)
    assert (event["eventID"], event["title"]) == (event_id, "Backup failed")
    check(event, {})


def test_a_script_that_the_hook_of_bash_watches(cli: Client) -> None:
    script = cli.home / "backup.sh"
    hook = cli.succeeds("bash-hook", SENTRY_DSN=cli.organization.dsns["web"])
    script.write_text(f"{hook}\nsave() {{\n  cp missing-file elsewhere\n}}\nsave\n", "utf8")
    done = subprocess.run(
        ["bash", script],
        env={
            "PATH": f"{cli.kind.program.parent}:{os.environ['PATH']}",
            "HOME": str(cli.home),
            "SENTRY_DSN": cli.organization.dsns["web"],
            "SENTRY_RELEASE": "web@1.2.3",
            "SENTRY_ENVIRONMENT": "production",
        },
        cwd=cli.home,
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    assert done.returncode != 0, done.stdout
    event = only_event(cli.organization)
    assert "cp missing-file elsewhere" in event["title"]
    assert event["release"]["version"] == "web@1.2.3"
    assert "save" in functions_of(event)


def test_what_was_sent_is_read_at_once(organization: Organization) -> None:
    """A test of a client, or a pipeline, asks for the event that it has just sent."""
    dsn = urlsplit(organization.dsns["web"])
    connection = HTTPConnection(str(dsn.hostname), dsn.port, timeout=120)
    path = f"/api{dsn.path}/store/?sentry_key={dsn.username}"
    for number in range(5):
        body = {"message": f"Backup {'I' * number} failed", "release": f"web@1.0.{number}"}
        connection.request("POST", path, json.dumps(body))
        event_id = json.loads(connection.getresponse().read())["id"]
        event = organization.of_project(f"events/{event_id}/")
        assert event["title"] == body["message"]
        assert organization.release(body["release"])["newGroups"] == 1
        assert len(organization.of_project("issues/?query=")) == number + 1
    connection.close()


def only_event(organization: Organization) -> Any:
    """Return the event of the only issue, once it is digested."""
    organization.digested_issue()
    [issue] = organization.of_project("issues/?query=")
    assert issue["count"] == "1"
    return organization.get(f"issues/{issue['id']}/events/latest/")


def check(event: Any, tags: Mapping[str, str], function: str = "") -> None:
    """Check what all programs send alike, these tags, and the function where it happened."""
    found = {tag["key"]: tag["value"] for tag in event["tags"]}
    expected = {"region": "eu-1", "environment": "production", "release": "web@1.2.3"}
    assert found.items() >= (expected | {"user": "id:7"} | dict(tags)).items(), found
    assert event["release"]["version"] == "web@1.2.3"
    assert (event["user"]["id"], event["user"]["email"]) == ("7", "dee@example.com")
    # A page has no source maps here, of which the event says so.
    assert [error for error in event["errors"] if error["type"] != "js_no_source"] == []
    if function:
        assert functions_of(event)[-1] == function


def functions_of(event: Any) -> list[str]:
    """Return the functions of the stack, the oldest call first."""
    [exception] = [it["data"] for it in event["entries"] if it["type"] == "exception"]
    frames = exception["values"][-1]["stacktrace"]["frames"]
    return [frame["function"] for frame in frames]
