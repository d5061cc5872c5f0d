"""Lines to copy that set a project up: the first error, the first release, and what belongs to it (pure)."""

import shlex
from collections.abc import Mapping
from dataclasses import dataclass

#: The ways to send the first error, and to publish the first release; the first of each is the default.
SDKS: Mapping[str, str] = {"python": "Python", "node": "Node.js", "browser": "Browser"}
TOOLS: Mapping[str, str] = {
    "cli": "sentry-cli",
    "github": "GitHub Actions",
    "gitlab": "GitLab CI",
    "curl": "curl",
}
#: The line that installs sentry-cli.
INSTALL = "npm install -g @sentry/cli"
TOKEN_PLACEHOLDER = "YOUR_TOKEN"  # noqa: S105  # it stands where the token goes


@dataclass(frozen=True, slots=True, kw_only=True)
class Setup:
    """What the lines name: this server, the organization, the project and its DSN, and a token if one was just made."""

    address: str
    organization: str
    project: str
    dsn: str
    token: str = ""

    @property
    def version(self) -> str:
        """Return the version of the first release."""
        return f"{self.project}@1.0.0"


def sdk_lines(setup: Setup, sdk: str) -> tuple[str, str]:
    """Return the lines that install the SDK, and those that send an error by it."""
    dsn, version = setup.dsn, setup.version
    if sdk == "node":
        program = (
            f'const sentry = require("@sentry/node"); sentry.init({{dsn: "{dsn}", '
            f'release: "{version}"}}); sentry.captureException(new Error("It works")); '
            "sentry.flush(5000);"
        )
        return "npm install @sentry/node", f"node -e '{program}'"
    if sdk == "browser":
        program = (
            'import * as Sentry from "@sentry/browser";\n\n'
            f'Sentry.init({{ dsn: "{dsn}", release: "{version}" }});\n'
            'Sentry.captureException(new Error("It works"));'
        )
        return "npm install @sentry/browser", program
    program = (
        f'import sentry_sdk; sentry_sdk.init("{dsn}", release="{version}"); '
        'raise ValueError("It works")'
    )
    return "pip install sentry-sdk", f"python3 -c '{program}'"


def settings_lines(setup: Setup) -> str:
    """Return the environment variables that point sentry-cli at this server."""
    return "\n".join(f"export {name}={shlex.quote(value)}" for name, value in _settings(setup))


def release_lines(setup: Setup, tool: str) -> str:
    """Return the lines that publish the first release: in a shell, or in the configuration of a pipeline."""
    version = setup.version
    if tool == "github":
        return _github(setup)
    if tool == "gitlab":
        return _gitlab(setup)
    if tool == "curl":
        url = f"{setup.address}/api/0/organizations/{setup.organization}/releases/"
        body = f'{{"version": "{version}", "projects": ["{setup.project}"]}}'
        return "\n".join(
            [
                f"curl {shlex.quote(url)} \\",
                f"  -H 'Authorization: Bearer {setup.token or TOKEN_PLACEHOLDER}' \\",
                f"  -H 'Content-Type: application/json' -d '{body}'",
            ]
        )
    return f"sentry-cli releases new {version}\nsentry-cli releases finalize {version}"


def commit_line(setup: Setup) -> str:
    """Return the line that sets the commits of the first release, in a git repository."""
    return f"sentry-cli releases set-commits {setup.version} --auto"


def deploy_line(setup: Setup) -> str:
    """Return the line that records a deploy of the first release."""
    return f"sentry-cli deploys new --release {setup.version} -e production"


def source_map_lines(_setup: Setup) -> str:
    """Return the lines that upload source maps, which are found by debug ids and need no version."""
    return "sentry-cli sourcemaps inject ./dist\nsentry-cli sourcemaps upload ./dist"


def session_line(setup: Setup) -> str:
    """Return the line that sends a session of the first release, as an app does at its start."""
    session = (
        '{"init":true,"status":"exited","started":"\'$(date -u +%FT%TZ)\'",'
        f'"attrs":{{"release":"{setup.version}","environment":"production"}}}}'
    )
    key, _, place = setup.dsn.partition("//")[2].partition("@")
    host, _, project_id = place.rpartition("/")
    address = f"{setup.dsn.partition('//')[0]}//{host}/api/{project_id}/envelope/?sentry_key={key}"
    return (
        "printf '%s\\n' '{}' '{\"type\":\"session\"}' '" + session + "' |\n"
        f"  curl --data-binary @- {shlex.quote(address)}"
    )


def _settings(setup: Setup) -> list[tuple[str, str]]:
    return [
        ("SENTRY_URL", setup.address),
        ("SENTRY_ORG", setup.organization),
        ("SENTRY_PROJECT", setup.project),
        ("SENTRY_AUTH_TOKEN", setup.token or TOKEN_PLACEHOLDER),
    ]


def _script(setup: Setup, commit: str) -> list[str]:
    version = f"{setup.project}@${commit}"
    return [
        f'sentry-cli releases new "{version}"',
        f'sentry-cli releases set-commits "{version}" --auto',
        f'sentry-cli releases finalize "{version}"',
        f'sentry-cli deploys new --release "{version}" -e production',
    ]


def _github(setup: Setup) -> str:
    named = [f"    {name}: {value}" for name, value in _settings(setup)[:-1]]
    script = [f"    {line}" for line in _script(setup, "GITHUB_SHA")]
    lines = [
        "- uses: actions/checkout@v4",
        "  with: { fetch-depth: 0 }",
        "- name: Publish the release",
        "  env:",
        *named,
        "    SENTRY_AUTH_TOKEN: ${{ secrets.SENTRY_AUTH_TOKEN }}",
        "  run: |",
        f"    {INSTALL}",
        *script,
    ]
    return "\n".join(lines)


def _gitlab(setup: Setup) -> str:
    named = [f"    {name}: {value}" for name, value in _settings(setup)[:-1]]
    script = [f"    - {line}" for line in _script(setup, "CI_COMMIT_SHA")]
    lines = [
        "publish-release:",
        "  image: { name: getsentry/sentry-cli, entrypoint: [''] }",
        "  variables:",
        '    GIT_DEPTH: "0"',
        *named,
        "  # SENTRY_AUTH_TOKEN is a masked variable of the project.",
        "  script:",
        *script,
    ]
    return "\n".join(lines)
