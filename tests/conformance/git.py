"""A real git repository, made by the tests."""

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

ADA = ("Ada", "ada@example.com")
BO = ("Bo", "bo@example.com")


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkout:
    """A working copy whose remote is called ``origin``."""

    folder: Path

    def commit(self, message: str, changed: str, at: str, by: tuple[str, str] = ADA) -> str:
        """Change a file and commit it; says the commit's key."""
        path = self.folder / changed
        path.parent.mkdir(exist_ok=True)
        path.write_text(f"{path.read_text('utf8') if path.exists() else ''}{message}\n", "utf8")
        self.git("add", ".")
        name, email = by
        self.git(
            "commit", "--quiet", "--message", message,
            GIT_AUTHOR_NAME=name, GIT_AUTHOR_EMAIL=email, GIT_AUTHOR_DATE=at,
            GIT_COMMITTER_NAME=name, GIT_COMMITTER_EMAIL=email, GIT_COMMITTER_DATE=at,
        )  # fmt: skip
        return self.git("rev-parse", "HEAD").strip()

    def git(self, *words: str, **variables: str) -> str:
        """Run git without any settings of the machine; says what it printed."""
        nowhere = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
        return subprocess.run(
            ["git", *words],
            cwd=self.folder,
            env={"PATH": os.environ["PATH"]} | nowhere | variables,
            capture_output=True,
            text=True,
            check=True,
        ).stdout


def checkout(folder: Path) -> Checkout:
    """Make a repository with three commits of two authors, in two time zones.

    The first is later by the clock on the wall, but earlier in truth.
    """
    folder.mkdir()
    made = Checkout(folder=folder)
    made.git("init", "--quiet", "--initial-branch", "main")
    made.git("remote", "add", "origin", "https://git.example.com/acme/web.git")
    made.commit("Open the shop", "src/shop.py", "2026-01-02T11:00:00+02:00")
    made.commit("Add a door", "src/door.py", "2026-01-02T10:00:00+00:00", BO)
    made.commit("Paint the door", "src/door.py", "2026-01-02T11:00:00+00:00", BO)
    return made
