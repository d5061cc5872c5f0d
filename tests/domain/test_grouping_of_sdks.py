"""Events as SDKs of seven languages send them, with the hashes that they have had since they were written down.

Each file has an event, the same error of a later release (other lines, folders, hashes in names, numbers of lambdas),
and another error of the same program.
"""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from shipmark.events.grouping import VERSIONS, Variants, Version, hashes_of
from shipmark.events.payload import Json, Raised

FILES = sorted((Path(__file__).parent / "sdk_events").glob("*.json"))


@pytest.fixture(params=FILES, ids=lambda path: path.stem)
def recorded(request: pytest.FixtureRequest) -> Any:
    """A file's events, and the hashes of the first."""
    return json.loads(request.param.read_text("utf8"))


def test_hashes_are_what_they_have_always_been(recorded: Any) -> None:
    """Else each stored issue would be opened a second time: a change of the rules needs a version of its own."""
    assert list(hashes_of(recorded["event"])) == recorded["hashes"]


def test_a_later_release_has_the_same_hashes(recorded: Any) -> None:
    assert list(hashes_of(recorded["later"])) == recorded["hashes"]


def test_another_error_has_other_hashes(recorded: Any) -> None:
    assert not set(hashes_of(recorded["another"])) & set(recorded["hashes"])


def test_a_new_version_of_the_rules_finds_old_issues(recorded: Any) -> None:
    def by_platform(payload: Json, chain: Sequence[Raised]) -> Variants:
        names = [f"{payload['platform']}:{raised.type}" for raised in chain]
        return names, names

    hashes = hashes_of(recorded["event"], versions=(Version(by_platform), *VERSIONS))
    assert list(hashes[1:]) == recorded["hashes"]
    assert hashes[0] not in recorded["hashes"]
