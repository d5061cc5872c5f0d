"""The process of a check of a connection: JSON comes from standard input, and its result goes to standard output."""

import json
import sys
from pathlib import Path
from typing import Any

from shipmark.repositories.git.addresses import Address, Credentials, Remote
from shipmark.repositories.git.backends import FetchPolicy, open_source
from shipmark.repositories.git.connection_check import TOO_SLOW
from shipmark.repositories.git.egress_guard import EgressGuard
from shipmark.repositories.git.errors import RemoteProblem
from shipmark.repositories.git.known_hosts import KnownHosts

_BRANCHES = b"refs/heads/"


def check(requested: dict[str, Any]) -> dict[str, object]:
    """Return the number of branches of the requested remote, or the problem."""
    remote = Remote(
        address=Address(**requested["address"]),
        credentials=Credentials(**requested["credentials"]),
    )
    with EgressGuard(
        allow_private=requested["allow_private"],
        seconds_max=requested["seconds_max"],
        bytes_max=requested["bytes_max"],
    ) as outgoing:
        policy = FetchPolicy(
            allow_files=requested["allow_files"],
            hosts=KnownHosts(Path(requested["known_hosts"])),
            outgoing=outgoing,
        )
        try:
            with open_source(remote, policy) as source:
                names = source.refs()
        except RemoteProblem as problem:
            return {"problem": TOO_SLOW if outgoing.is_over else problem.sentence}
    return {"branch_count": sum(name.startswith(_BRANCHES) for name in names)}


if __name__ == "__main__":
    print(json.dumps(check(json.load(sys.stdin))))  # noqa: T201  # the parent reads it
