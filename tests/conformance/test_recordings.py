"""Answers recorded from the reference server, replayed against ours: what differs is known, each with its reason.

The recordings lie beside the checkout, in ``../shared``. ``known_differences.toml`` names the steps that differ.
"""

import json
import os
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from conformance.servers import running

SHARED = Path(__file__).parents[3] / "shared"
KNOWN = Path(__file__).with_name("known_differences.toml")
#: All scenarios but those of issues, whose events can't be replayed.
SCENARIOS = "01,02,03,04,05,06,07,08,09,10,11,12,14,15,16,17,18,19,20,21,22,23,24,25,26,30,31,32,50,51,52,53"


@pytest.mark.slow
@pytest.mark.skipif(not (SHARED / "golden").is_dir(), reason="no recordings beside the checkout")
def test_answers_are_those_of_the_reference_but_for_known_differences(tmp_path: Path) -> None:
    actors, report = tmp_path / "actors.json", tmp_path / "report.json"
    data = tmp_path / "data"
    shipmark = f"{sys.executable} -m shipmark"
    actors.write_text(tool("seed.py", "--data", str(data), "--shipmark", shipmark), "utf8")
    with running(data) as server:
        tool(
            "replay.py", "--url", server.url, "--actors", str(actors), "--only", SCENARIOS,
            "--json", str(report), str(SHARED / "golden"),
        )  # fmt: skip

    steps = json.loads(report.read_text("utf8"))["steps"]
    different = {step["step"]: step["differences"] for step in steps if step["outcome"] == "failed"}
    known = tomllib.loads(KNOWN.read_text("utf8"))["steps"]
    unknown = {step: said for step, said in different.items() if step not in known}
    assert not unknown, json.dumps(unknown, indent=1)
    gone = sorted(step for step in known if step not in different)
    assert not gone, f"These steps are as recorded now; take them out of {KNOWN.name}: {gone}"


def tool(name: str, *words: str) -> str:
    """Run a tool of the recordings; says what it printed."""
    command = [sys.executable, str(SHARED / "tools" / name), *words]
    environment = os.environ | {"SHIPMARK_LOG_LEVEL": "warning"}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr + done.stdout
    return done.stdout
