"""What is in debug files, read where it can do no harm: by ``reading_objects.py``, in a process of its own."""

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from shipmark.debug_files.model import DebugObject
from shipmark.infrastructure.errors import StorageFull
from shipmark.infrastructure.telemetry import log

UNREADABLE = "The file could not be read"
TOO_SLOW = "The file could not be read in time"
#: How long a process may take, and all that one request causes together.
PROCESS_SECONDS = 60.0
ALL_SECONDS = 120.0

_COMMAND = (sys.executable, "-m", "shipmark.debug_files.inspection_worker")
#: It needs to find Python's modules, and no secret of ours.
_ENVIRONMENT = ("PATH", "PYTHONPATH", "HOME", "LANG", "TMPDIR", "VIRTUAL_ENV")
_NO_ROOM = "There is no room left for temporary files. Tell who runs this server."


@dataclass(frozen=True, slots=True, kw_only=True)
class InspectionInput:
    """A file to be read, and what its client says of it."""

    path: Path
    name: str
    debug_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class InspectionResult:
    """What is in a file, or why nobody can tell; ``problem`` is for whoever uploaded it."""

    objects: Sequence[DebugObject] = ()
    problem: str | None = None


@contextmanager
def temporary_copy(parts: Iterable[bytes]) -> Iterator[Path]:
    """A content as a file on the disk, for as long as the block takes. Raises `StorageFull` where that is full."""
    with tempfile.TemporaryDirectory(prefix="shipmark-") as folder:
        path = Path(folder) / "file"
        write(path, parts)
        yield path


def write(path: Path, parts: Iterable[bytes]) -> None:
    """Write a temporary file. Raises `StorageFull` where the disk is full; what reads the parts may raise too."""
    with path.open("wb", buffering=0) as file:
        for part in parts:
            write_part(file.fileno(), part)


def write_part(descriptor: int, part: bytes) -> None:
    """Write a part of a temporary file. Raises `StorageFull` where the disk is full."""
    left = memoryview(part)
    try:
        while left:
            left = left[os.write(descriptor, left) :]
    except OSError as error:
        raise StorageFull(_NO_ROOM) from error


def inspect_files(
    files: Sequence[InspectionInput], *, seconds_max: float = ALL_SECONDS
) -> list[InspectionResult]:
    """Read files, one outcome for each: a file that ends the process is unreadable, and those behind it are read."""
    outcomes: list[InspectionResult] = []
    deadline = time.monotonic() + seconds_max
    while len(outcomes) < len(files):
        left = deadline - time.monotonic()
        if left <= 0:
            outcomes += [InspectionResult(problem=TOO_SLOW)] * (len(files) - len(outcomes))
            break
        inspection_results, problem = _read(files[len(outcomes) :], min(left, PROCESS_SECONDS))
        outcomes += inspection_results
        if len(outcomes) < len(files):
            log.warning("A debug file could not be read", reason=problem)
            outcomes.append(InspectionResult(problem=problem))
    return outcomes


def _read(files: Sequence[InspectionInput], seconds: float) -> tuple[list[InspectionResult], str]:
    requested = [
        {
            "path": str(inspection_input.path),
            "name": inspection_input.name,
            "debug_id": inspection_input.debug_id,
        }
        for inspection_input in files
    ]
    problem = UNREADABLE
    try:
        done = subprocess.run(  # noqa: S603  # our own module, by Python itself
            _COMMAND,
            input=json.dumps(requested).encode(),
            capture_output=True,
            timeout=seconds,
            check=False,
            env={name: os.environ[name] for name in _ENVIRONMENT if name in os.environ},
        )
        output = done.stdout
    except subprocess.TimeoutExpired as late:
        output, problem = late.stdout or b"", TOO_SLOW
    return [_outcome(json.loads(line)) for line in _whole_lines(output)], problem


def _whole_lines(output: bytes) -> list[bytes]:
    """The lines that were ended: a process may end within one."""
    return output.split(b"\n")[:-1]


def _outcome(told: dict[str, Any]) -> InspectionResult:
    if "problem" in told:
        return InspectionResult(problem=told["problem"])
    return InspectionResult(
        objects=[
            DebugObject(**(item | {"features": frozenset(item["features"])}))
            for item in told["objects"]
        ]
    )
