"""Answers recorded from the reference server, replayed against ours: what differs is known, each with its reason.

The recordings lie beside the checkout, in ``../shared``. ``known_differences.toml`` names the steps that differ.
"""

import json
import os
import runpy
import subprocess
import sys
import tomllib
from contextlib import ExitStack, redirect_stdout
from io import StringIO
from pathlib import Path
from types import SimpleNamespace

import data_folders
import pytest
from commands import completed
from conformance.servers import postgresql, running

SHARED = Path(__file__).parents[3] / "shared"
KNOWN = Path(__file__).with_name("known_differences.toml")
#: All scenarios but those of issues, whose events can't be replayed.
SCENARIOS = "01,02,03,04,05,06,07,08,09,10,11,12,14,15,16,17,18,19,20,21,22,23,24,25,26,30,31,32,50,51,52,53"


@pytest.mark.slow
@pytest.mark.parametrize("database", ["SQLite", "PostgreSQL"])
@pytest.mark.skipif(not (SHARED / "golden").is_dir(), reason="no recordings beside the checkout")
def test_answers_are_those_of_the_reference_but_for_known_differences(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, database: str
) -> None:
    actors, report = tmp_path / "actors.json", tmp_path / "report.json"
    data = data_folders.made(tmp_path / "data")
    with ExitStack() as stack:
        url = stack.enter_context(postgresql()) if database == "PostgreSQL" else None
        actors.write_text(seeded(data, url, monkeypatch), "utf8")
        server = stack.enter_context(running(data, url))
        replay(
            "--url", server.url, "--actors", str(actors), "--only", SCENARIOS,
            "--json", str(report), str(SHARED / "golden"),
        )  # fmt: skip

    steps = json.loads(report.read_text("utf8"))["steps"]
    different = {step["step"]: step["differences"] for step in steps if step["outcome"] == "failed"}
    known = tomllib.loads(KNOWN.read_text("utf8"))["steps"]
    unknown = {step: said for step, said in different.items() if step not in known}
    assert not unknown, json.dumps(unknown, indent=1)
    gone = sorted(step for step in known if step not in different)
    assert not gone, f"These steps are as recorded now; take them out of {KNOWN.name}: {gone}"


def seeded(data: Path, database_url: str | None, monkeypatch: pytest.MonkeyPatch) -> str:
    """Make what the scenarios take as given, by the tool of the recordings; return what it prints.

    It starts a process for each of fifty commands, which import Shipmark first. These are forks of one that has.
    """
    environment = os.environ | {"SHIPMARK_LOG_LEVEL": "warning"}
    environment |= {"SHIPMARK_DATABASE_URL": database_url} if database_url else {}
    tool = runpy.run_path(str(SHARED / "tools/seed.py"))["main"]
    forks = SimpleNamespace(run=lambda words, **_: completed(*words[1:], environment=environment))
    monkeypatch.setitem(tool.__globals__, "subprocess", forks)
    monkeypatch.setattr("sys.argv", ["seed.py", "--data", str(data)])
    with redirect_stdout(StringIO()) as printed:
        assert tool() == 0
    return printed.getvalue()


def replay(*words: str) -> None:
    """Run the other tool of the recordings."""
    command = [sys.executable, str(SHARED / "tools/replay.py"), *words]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr + done.stdout
