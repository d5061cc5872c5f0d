"""The processes of a server, as Linux shows them: which they are, and how much memory they take."""

import contextlib
import os
from pathlib import Path


def children_of(pid: int) -> list[int]:
    """Return the processes that any thread of a process has started and that have not ended.

    The digester is started by a thread of its own, and is not among the children of the main one.
    """
    children = set[int]()
    with contextlib.suppress(OSError):
        for task in Path(f"/proc/{pid}/task").iterdir():
            with contextlib.suppress(OSError):
                children |= {int(child) for child in (task / "children").read_text().split()}
    return sorted(child for child in children if is_alive(child))


def tree_of(pid: int) -> list[int]:
    """Return a process and all below it."""
    return [pid, *(below for child in children_of(pid) for below in tree_of(child))]


def digester_of(pid: int) -> int | None:
    """Return the child that has the lock of the digester, or None."""
    return next((child for child in children_of(pid) if _holds_lock(child)), None)


def is_alive(pid: int) -> bool:
    """Return False for a process that has ended, also while its parent has not noticed."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes() != b""
    except OSError:
        return False


def digesting_processes(pid: int) -> set[int]:
    """Return the digester of a server and the readers beside it."""
    digester = digester_of(pid)
    return set() if digester is None else set(tree_of(digester))


def processor_seconds(pid: int) -> float:
    """Return the processor time that a process has used."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def tree_mebibytes(pid: int) -> float:
    """Return the memory of a process and all below it: the sum of their proportional shares (PSS)."""
    return sum(map(mebibytes, tree_of(pid)))


def mebibytes(pid: int) -> float:
    """Return the memory of a process: its proportional share (PSS)."""
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text("ascii").splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1]) / 1024
    raise ValueError(f"no Pss of process {pid}")


def _holds_lock(pid: int) -> bool:
    try:
        links = [link.readlink().name for link in Path(f"/proc/{pid}/fd").iterdir()]
    except OSError:
        return False
    return "digester.lock" in links
