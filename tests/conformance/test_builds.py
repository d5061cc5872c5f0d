"""Real bundlers with the plugins build an app, and node runs it with the SDK: from build to error (clients.md 8)."""

import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest
from conformance.built import bundles, files, looked_up
from conformance.clients import PACKAGES
from conformance.git import Checkout
from conformance.servers import Organization

APP = Path(__file__).parent / "app"
VERSION = "shop@1.0.0"


@dataclass(frozen=True, slots=True, kw_only=True)
class Builder:
    """A bundler with a plugin, and the program that it makes."""

    plugin: str
    command: tuple[str, ...]
    program: str
    #: It runs sentry-cli 2; the newer plugins have the newer client in them.
    is_old: bool = False


VITE = ("node_modules/.bin/vite", "build", "--configLoader", "native")
BUILDERS = [
    Builder(plugin="vite-plugin-5", command=VITE, program="dist/main.js", is_old=True),
    Builder(plugin="vite-plugin-11", command=VITE, program="dist/main.js"),
    Builder(plugin="webpack-plugin-11", command=("node", "webpack.mjs"), program="dist/main.cjs"),
]
#: The newest bundler in each run, the others in CI.
SOME_BUILDERS = [
    *(pytest.param(builder, marks=pytest.mark.exhaustive) for builder in BUILDERS[:-1]),
    BUILDERS[-1],
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Shop:
    """The app in a folder of its own, with a builder and an organization."""

    builder: Builder
    organization: Organization
    repository: Checkout

    def build(self, *projects: str) -> str:
        """Build it; says what was printed."""
        done = self.try_to_build(*projects, token=self.organization.token)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout + done.stderr

    def try_to_build(self, *projects: str, token: str) -> "subprocess.CompletedProcess[str]":
        """Build it with this token; it may fail."""
        return self._run(
            *self.builder.command,
            SHOP_PLUGIN=self.builder.plugin,
            SHOP_RELEASE=VERSION,
            SHOP_DIST="7",
            SHOP_PROJECTS=",".join(projects),
            SENTRY_URL=self.organization.url,
            SENTRY_ORG=self.organization.slug,
            SENTRY_AUTH_TOKEN=token,
            SENTRY_CONFIG_DIR=str(self.repository.folder.parent / "settings"),
        )

    def open(self) -> None:
        """Run it: it ends with an error, which the SDK reports."""
        done = self._run("node", self.builder.program, SENTRY_DSN=self.organization.dsns["web"])
        assert done.returncode == 1, done.stdout + done.stderr
        assert "RangeError: no money for Größe 42" in done.stderr

    def _run(self, *words: str, **variables: str) -> "subprocess.CompletedProcess[str]":
        kept = {
            # A node that was installed beside the packages goes before the machine's.
            "PATH": f"{PACKAGES / '.bin'}:{os.environ['PATH']}",
            "HOME": str(self.repository.folder.parent),
            "LANG": "C.UTF-8",
            "NO_COLOR": "1",
        }
        return subprocess.run(
            words,
            cwd=self.repository.folder,
            env=kept | variables,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=240,
            check=False,
        )


@pytest.fixture(params=SOME_BUILDERS, ids=lambda builder: builder.plugin)
def shop(request: pytest.FixtureRequest, organization: Organization, repository: Checkout) -> Shop:
    """The app with each builder, in a checkout of a repository that the organization has."""
    shutil.copytree(APP, repository.folder, dirs_exist_ok=True)
    (repository.folder / "node_modules").symlink_to(PACKAGES)
    body = {"name": "acme/web", "url": "https://git.example.com/acme/web"}
    assert organization.ask("POST", "repos/", body).status == 201
    return Shop(builder=request.param, organization=organization, repository=repository)


def test_a_build_ships_a_release_whose_errors_are_readable(shop: Shop) -> None:
    said = shop.build("web", "api")
    assert "Successfully uploaded source maps to Sentry" in said
    check_the_release(shop)
    check_the_bundles(shop.organization)
    shop.open()
    check_the_issue(shop.organization)
    check_the_stack(shop.organization)


@pytest.mark.parametrize(
    "shop", SOME_BUILDERS[:2], indirect=True, ids=lambda builder: builder.plugin
)
def test_a_build_that_is_refused_says_so(shop: Shop) -> None:
    done = shop.try_to_build("web", token="0" * 64)
    assert done.returncode == 1
    assert "401" in done.stdout + done.stderr
    assert shop.organization.get("releases/") == []
    assert bundles(shop.organization) == []


def check_the_release(shop: Shop) -> None:
    """It is finalized and deployed, with the commits as far as the client sends them."""
    release = shop.organization.release(VERSION)
    named = sorted(project["slug"] for project in release["projects"])
    # The older plugin runs sentry-cli 2, which makes a release for the first project only.
    assert named == (["web"] if shop.builder.is_old else ["api", "web"])
    assert release["dateReleased"] is not None
    assert release["lastDeploy"]["environment"] == "production"
    assert release["commitCount"] == (3 if shop.builder.is_old else 0)


def check_the_bundles(organization: Organization) -> None:
    """Each project has the script and its map, under one debug id."""
    for project in ("web", "api"):
        [bundle] = bundles(organization, project)
        assert bundle["associations"] == [{"release": VERSION, "dist": "7"}]
        held = files(organization, bundle, project)
        [debug_id] = {it["debugId"] for it in held.values()}
        assert set(held) == {f"~/{debug_id}-0.js", f"~/{debug_id}-0.js.map"}
        assert looked_up(organization, f"debug_id={debug_id}", project) == ["debug-id"]


def check_the_issue(organization: Organization) -> None:
    """The SDK knows the release without being told: the plugin has written it into the program."""
    issue = organization.digested_issue()
    assert issue["title"] == "RangeError: no money for Größe 42"
    assert issue["firstRelease"]["version"] == VERSION


def check_the_stack(organization: Organization) -> None:
    """The event has the frames of the source, not of what was built, with the code around them."""
    event = organization.get("issues/WEB-1/events/latest/")
    [error] = next(it["data"]["values"] for it in event["entries"] if it["type"] == "exception")
    opened, thrown = error["stacktrace"]["frames"][-2:]
    for frame, function, line in ((opened, "openShop", 19), (thrown, "Shop.sell", 11)):
        assert frame["filename"].endswith("src/shop.ts")
        assert (frame["function"], frame["lineNo"], frame["inApp"]) == (function, line, True)
    code = (APP / "src/shop.ts").read_text("utf8").splitlines()
    assert dict(thrown["context"]) == {n: code[n - 1] for n in range(6, 17)}
    # The program was minified: nothing of the kind is in what node saw.
    assert error["rawStacktrace"]["frames"][-1]["lineNo"] == 1
