"""The modules of the server's processes: what all load costs time at each start, and memory as long as they run."""

import json
import os
import subprocess
import sys
from pathlib import Path

import data_folders
import pytest
from processes import environment, free_port, serving, wait_until

#: What only some installations or requests need.
SPARED = (
    "PIL", "cryptography", "dulwich", "joserfc", "obstore", "paramiko", "pydantic.v1", "rich", "ua_parser", "urllib3",
)  # fmt: skip
STARTING = """
import asyncio, json, sys
from shipmark import app
from shipmark.cli import serve
from shipmark.infrastructure.settings import from_environment

async def run_lifespan():
    async with app.assembled(settings).lifespan():
        pass

settings = from_environment()
app.preload(settings)
loaded = set(sys.modules)
app.create()
asyncio.run(run_lifespan())
print(json.dumps([sorted(loaded), sorted(set(sys.modules) - loaded)]))
"""
USING = """
import sys
from shipmark.infrastructure.module_loading import LateModule, hidden

fractions = LateModule("fractions")
assert "fractions" not in sys.modules
assert fractions.Fraction(1, 2) == 0.5
assert "fractions" in sys.modules

with hidden("fractions", "colorsys"):
    for name in ("fractions", "colorsys"):
        try:
            __import__(name)
        except ModuleNotFoundError:
            continue
        raise AssertionError(name)
import colorsys
assert sys.modules["fractions"].Fraction is fractions.Fraction
"""


@pytest.fixture(scope="module")
def modules(tmp_path_factory: pytest.TempPathFactory) -> tuple[set[str], set[str]]:
    """What the main process loads before it forks, and what a worker loads after that as it starts."""
    folder = tmp_path_factory.mktemp("modules") / "data"
    variables = environment() | {"SHIPMARK_DATA": str(data_folders.made(folder))}
    output = subprocess.check_output([sys.executable, "-c", STARTING], env=variables, text=True)
    before, after = json.loads(output)
    return set(before), set(after)


def libraries_of(pid: int) -> str:
    """Return the files that a process has mapped."""
    return Path(f"/proc/{pid}/maps").read_text()


def processes_of(pid: int) -> list[int]:
    tasks = Path(f"/proc/{pid}/task").iterdir()
    children = [int(word) for task in tasks for word in (task / "children").read_text().split()]
    return [pid, *children]


def test_what_few_need_is_not_loaded(modules: tuple[set[str], set[str]]) -> None:
    before, after = modules
    assert before.isdisjoint(SPARED)
    assert after.isdisjoint(SPARED)


def test_a_worker_that_starts_loads_no_module_of_its_own(
    modules: tuple[set[str], set[str]],
) -> None:
    _, after = modules
    assert after == set()


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_no_process_of_a_server_has_libraries_of_cryptography_pictures_and_buckets(
    tmp_path: Path,
) -> None:
    with serving(tmp_path / "data", free_port()) as process:
        wait_until(lambda: len(processes_of(process.pid)) == 4)
        for pid in processes_of(process.pid):
            mapped = libraries_of(pid)
            assert f"{os.sep}pydantic_core{os.sep}" in mapped
            for library in ("cryptography", "PIL", "obstore", "nacl", "dulwich", "ua_parser_rs"):
                assert f"{os.sep}{library}{os.sep}" not in mapped


def test_a_late_module_is_loaded_at_its_first_use_and_a_hidden_one_comes_back() -> None:
    subprocess.run([sys.executable, "-c", USING], check=True)
