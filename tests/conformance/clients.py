"""The real clients, from ``.clients/`` of the checkout, and the words in which each is told the same things."""

import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from conformance.servers import Organization

CLIENTS = Path(__file__).parents[2] / ".clients"
#: The newer client, the SDK for JavaScript, bundlers and their plugins.
PACKAGES = CLIENTS / "npm/node_modules"
MISSING = "The client {} is missing. Run tests/conformance/install_clients.sh, which installs it."

Verb = Literal[
    "create", "set commits", "finalize", "deploy", "list deploys", "list", "show", "archive",
    "restore", "delete",
]  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """A client: its program, and for each verb the words to say and the text that it then prints."""

    name: str
    program: Path
    commands: dict[Verb, tuple[str, str]]
    #: What runs the program, if not the system.
    interpreter: tuple[str, ...] = ()
    #: The newer client sends only the first line of a commit's message, no changed files, another repository name.
    is_new: bool = False


_OF_SENTRY_CLI: dict[Verb, tuple[str, str]] = {
    "create": ("releases new {v}", "Created release {v}"),
    "set commits": ("releases set-commits {v} --local", "Success! Set commits for release {v}"),
    "finalize": ("releases finalize {v}", "Finalized release {v}"),
    "deploy": ("deploys new --release {v} -e production", "Created new deploy unnamed for 'production'"),
    "list deploys": ("deploys list --release {v}", "| production  | unnamed | "),
    "list": ("releases list", "| {v} "),
    "show": ("releases info {v} -P -C", "| {v} "),
    "archive": ("releases archive {v}", "Archived release {v}"),
    "restore": ("releases restore {v}", "Restored release {v}"),
    "delete": ("releases delete {v}", "Deleted release {v}!"),
}  # fmt: skip
_OF_NEW: dict[Verb, tuple[str, str]] = {
    "create": ("release create {v} --project web", "Release Created: {v}"),
    "set commits": ("release set-commits {v} --local", "Commits Set: {v}"),
    "finalize": ("release finalize {v}", "Release Finalized: {v}"),
    "deploy": ("release deploy {v} production", "Deploy Created"),
    "list deploys": ("release deploys {v}", "│ production  │"),
    "list": ("release list {o}/web", "│ {v} "),
    "show": ("release view {v}", "Release {v}"),
    "archive": ("release archive {v}", "Release Archived: {v}"),
    "restore": ("release restore {v}", "Release Restored: {v}"),
    "delete": ("release delete {v} --yes", "Release {v} deleted from {o}."),
}

CLI2 = Kind(name="sentry-cli 2", program=CLIENTS / "cli2/bin/sentry-cli", commands=_OF_SENTRY_CLI)
CLI3 = Kind(name="sentry-cli 3", program=CLIENTS / "cli3/bin/sentry-cli", commands=_OF_SENTRY_CLI)
NEW = Kind(
    name="sentry",
    program=PACKAGES / ".bin/sentry",
    commands=_OF_NEW,
    # Compiling its WebAssembly for speed takes half of the time of a command, which ends before that pays.
    interpreter=("node", "--liftoff-only"),
    is_new=True,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """How a command ended and what it printed, both streams together."""

    exit_code: int
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Client:
    """A client with the credentials of an organization, at home in a folder of its own."""

    kind: Kind
    organization: Organization
    home: Path
    token: str

    def does(self, verb: Verb, version: str, *, cwd: Path | None = None) -> str:
        """Say the verb in the client's words; it must succeed and print what it always prints."""
        words, wanted = self.kind.commands[verb]
        of = {"v": version, "o": self.organization.slug}
        text = self.succeeds(*(word.format(**of) for word in words.split()), cwd=cwd)
        assert wanted.format(**of) in text, text
        return text

    def succeeds(self, *words: str, cwd: Path | None = None, **variables: str | None) -> str:
        """Run a command that must end with 0; says what it printed."""
        said = self.run(*words, cwd=cwd, **variables)
        assert said.exit_code == 0, said.text
        return said.text

    def run(self, *words: str, cwd: Path | None = None, **variables: str | None) -> Said:
        """Run a command with an environment that knows nothing but this server; a variable that is null is left out."""
        if not self.kind.program.exists():
            raise FileNotFoundError(MISSING.format(self.kind.program))
        done = subprocess.run(
            [*self.kind.interpreter, self.kind.program, *words],
            cwd=cwd or self.home,
            env={k: v for k, v in (self._environment() | variables).items() if v is not None},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=240,
            check=False,
        )
        return Said(exit_code=done.returncode, text=done.stdout + done.stderr)

    def _environment(self) -> dict[str, str]:
        # The newer client keeps answers in this folder and would give them again.
        settings = self.home / "settings"
        shutil.rmtree(settings, ignore_errors=True)
        settings.mkdir()
        return {
            # A node that was installed beside the client goes before the machine's.
            "PATH": f"{self.kind.program.parent}:{os.environ['PATH']}",
            "LANG": "C.UTF-8",
            "NO_COLOR": "1",
            "HOME": str(self.home),
            "SENTRY_URL": self.organization.url,
            "SENTRY_HOST": self.organization.url,
            "SENTRY_ORG": self.organization.slug,
            "SENTRY_PROJECT": "web",
            "SENTRY_AUTH_TOKEN": self.token,
            # Nothing reaches the network: else the newer client asks a host of its own for a newer version.
            "SENTRY_DISABLE_UPDATE_CHECK": "1",
            "SENTRY_CLI_NO_UPDATE_CHECK": "1",
            "SENTRY_CONFIG_DIR": str(settings),
            "SENTRY_CLI_NO_TELEMETRY": "1",
        }
