"""Inspection of untrusted debug files by ``inspection_worker.py``, in a process of its own."""

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from shipmark.debug_files.model import DebugObject
from shipmark.infrastructure.errors import StorageFull
from shipmark.infrastructure.telemetry import log

UNREADABLE = "The file could not be read"
TOO_SLOW = "The file could not be read in time"
#: The time limit of a process, and of all processes of one request.
PROCESS_SECONDS = 60.0
ALL_SECONDS = 120.0
_COMMAND = (sys.executable, "-m", "shipmark.debug_files.inspection_worker")
#: The environment variables of the process: those to import Python's modules, and no secrets.
_ENVIRONMENT = ("PATH", "PYTHONPATH", "HOME", "LANG", "TMPDIR", "VIRTUAL_ENV")
_NO_SPACE = "There is no space left for temporary files. Contact the operator of this server."


@dataclass(frozen=True, slots=True, kw_only=True)
class InspectionInput:
    """A file to inspect, with the client's name and debug id."""

    path: Path
    name: str
    debug_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class InspectionResult:
    """The objects in a file, or the problem, which is reported to the client."""

    objects: Sequence[DebugObject] = ()
    problem: str | None = None


@contextmanager
def temporary_copy(parts: Iterable[bytes]) -> Iterator[Path]:
    """Write a content to a temporary file for the duration of the block. Raise `StorageFull` if the disk is full."""
    with tempfile.TemporaryDirectory(prefix="shipmark-") as folder:
        path = Path(folder) / "file"
        write(path, parts)
        yield path


def write(path: Path, parts: Iterable[bytes]) -> None:
    """Write a temporary file. Raise `StorageFull` if the disk is full, and errors of reading the parts."""
    with path.open("wb", buffering=0) as file:
        for part in parts:
            write_part(file.fileno(), part)


def write_part(descriptor: int, part: bytes) -> None:
    """Write a part of a temporary file. Raise `StorageFull` if the disk is full."""
    remaining = memoryview(part)
    try:
        while remaining:
            remaining = remaining[os.write(descriptor, remaining) :]
    except OSError as error:
        raise StorageFull(_NO_SPACE) from error


def inspect_files(
    files: Sequence[InspectionInput], *, seconds_max: float = ALL_SECONDS
) -> list[InspectionResult]:
    """Return the result of each file: a file that crashes the process is unreadable, later files are still read."""
    outcomes: list[InspectionResult] = []
    deadline = time.monotonic() + seconds_max
    while len(outcomes) < len(files):
        remaining = deadline - time.monotonic()
        if remaining <= 0:
            outcomes += [InspectionResult(problem=TOO_SLOW)] * (len(files) - len(outcomes))
            break
        inspection_results, problem = _read(files[len(outcomes) :], min(remaining, PROCESS_SECONDS))
        outcomes += inspection_results
        if len(outcomes) < len(files):
            log.warning("A debug file could not be read", reason=problem)
            outcomes.append(InspectionResult(problem=problem))
    return outcomes


def _read(files: Sequence[InspectionInput], seconds: float) -> tuple[list[InspectionResult], str]:
    requested = [asdict(file) | {"path": str(file.path)} for file in files]
    problem = UNREADABLE
    try:
        process = subprocess.run(  # noqa: S603  # our own module, by Python itself
            _COMMAND,
            input=json.dumps(requested).encode(),
            capture_output=True,
            timeout=seconds,
            check=False,
            env={name: os.environ[name] for name in _ENVIRONMENT if name in os.environ},
        )
        output = process.stdout
    except subprocess.TimeoutExpired as late:
        output, problem = late.stdout or b"", TOO_SLOW
    # Only complete lines: a process may end within one.
    return [_outcome(json.loads(line)) for line in output.split(b"\n")[:-1]], problem


def _outcome(line: dict[str, Any]) -> InspectionResult:
    if "problem" in line:
        return InspectionResult(problem=line["problem"])
    objects = [
        DebugObject(**(fields | {"features": frozenset(fields["features"])}))
        for fields in line["objects"]
    ]
    return InspectionResult(objects=objects)
