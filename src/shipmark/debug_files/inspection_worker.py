"""The process that reads debug files: ``python -m shipmark.debug_files.inspection_worker``, see ``inspection.py``.

Standard input is a JSON list of files, standard output a line of JSON for each. The library that reads
them may crash, or need more memory than there is: then only this process ends.
"""

import json
import resource
import sys
from dataclasses import asdict
from pathlib import Path

from shipmark.debug_files import objects
from shipmark.debug_files.objects import ObjectProblem

SECONDS_MAX = 60
#: The memory limit, besides the largest of the files, which is mapped into memory.
MEMORY_BYTES_MAX = 2**30


def main() -> None:
    """Read the requested files, one after another, within the limits."""
    requested: list[dict[str, str | None]] = json.load(sys.stdin)
    _limit(max((Path(str(file["path"])).stat().st_size for file in requested), default=0))
    for file in requested:
        fields = _inspect(Path(str(file["path"])), str(file["name"]), file["debug_id"])
        sys.stdout.write(json.dumps(fields) + "\n")
        sys.stdout.flush()


def _limit(largest_bytes: int) -> None:
    memory = MEMORY_BYTES_MAX + largest_bytes
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS_MAX, SECONDS_MAX))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _inspect(path: Path, name: str, debug_id: str | None) -> dict[str, object]:
    try:
        debug_objects = objects.objects_in(path, name, debug_id)
    except ObjectProblem as problem:
        return {"problem": str(problem)}
    return {
        "objects": [
            asdict(debug_object) | {"features": sorted(debug_object.features)}
            for debug_object in debug_objects
        ]
    }


if __name__ == "__main__":
    main()
