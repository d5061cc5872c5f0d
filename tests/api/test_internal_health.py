"""``internal/health/``: what is wrong with the server, for those with a token."""

import shutil
from pathlib import Path

from factories import Caller

from shipmark.infrastructure.health import BLOBS_GONE

PATH = "/internal/health/"


def test_a_server_in_order_has_no_problems(alice: Caller, organization_token: Caller) -> None:
    expected = {"problems": [], "healthy": {"Database": True, "Disk": True, "Blobs": True}}
    for caller in (alice, organization_token):
        answer = caller.get(PATH)
        assert (answer.status_code, answer.json()) == (200, expected)


def test_problems_are_told_by_part(alice: Caller, tmp_path: Path) -> None:
    shutil.rmtree(tmp_path / "blobs")
    shown = alice.get(PATH).json()
    assert shown["problems"] == [
        {"id": "Blobs", "message": BLOBS_GONE, "severity": "critical", "url": None}
    ]
    assert shown["healthy"] == {"Database": True, "Disk": True, "Blobs": False}


def test_it_needs_a_token(anonymous: Caller) -> None:
    assert anonymous.get(PATH).status_code == 401
