"""Commands of Shipmark in processes of their own, forked from one that has imported it: importing takes seconds."""

import multiprocessing
import os
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from subprocess import CompletedProcess

from shipmark.cli import main

WAIT_SECONDS = 180.0

_forks = multiprocessing.get_context("forkserver")
# Of pytest, too: a process imports the main module of the one that it works for.
_forks.set_forkserver_preload(["pytest", "shipmark.cli.main", "shipmark.cli.serve"])


def completed(
    *words: str, environment: Mapping[str, str], umask: int | None = None
) -> CompletedProcess[str]:
    """Run a command until it ends, with these variables; give its exit status and what it printed."""
    with tempfile.TemporaryDirectory() as folder:
        printed = [Path(folder, name) for name in ("stdout", "stderr")]
        process = _forks.Process(target=_run, args=(words, dict(environment), umask, printed))
        process.start()
        process.join(WAIT_SECONDS)
        status = process.exitcode
        if status is None:
            process.kill()
            process.join()
        process.close()
        stdout, stderr = (path.read_text("utf8") for path in printed)
    assert status is not None, f"It still runs after {WAIT_SECONDS} s:\n{stdout}{stderr}"
    return CompletedProcess(words, status, stdout, stderr)


def _run(
    words: tuple[str, ...], environment: dict[str, str], umask: int | None, printed: list[Path]
) -> None:
    for descriptor, path in enumerate(printed, start=1):
        file = os.open(path, os.O_WRONLY | os.O_CREAT)
        os.dup2(file, descriptor)
        os.close(file)
    os.environ.clear()
    os.environ.update(environment)
    if umask is not None:
        os.umask(umask)
    sys.argv = ["shipmark", *words]
    main.main()
