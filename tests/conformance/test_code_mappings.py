"""Code mappings as sentry-cli 3 uploads them, and what it says of uploads that are not kept."""

import json
from pathlib import Path

import pytest
from conformance.clients import CLI3
from conformance.conftest import Connects
from conformance.servers import Organization
from pictures import picture

MAPPINGS = [
    {"stackRoot": f"com/example/{name}", "sourceRoot": f"{name}/src/main/java/com/example/{name}"}
    for name in ("shop", "cart")
]


def test_mappings_are_created_then_updated(
    organization: Organization, connects: Connects, tmp_path: Path
) -> None:
    file = tmp_path / "mappings.json"
    file.write_text(json.dumps(MAPPINGS))
    client = connects(CLI3, organization)
    upload = (
        "code-mappings",
        "upload",
        "--repo",
        "acme/web",
        "--default-branch",
        "main",
        str(file),
    )
    assert "Created: 2, Updated: 0, Errors: 0" in client.succeeds(*upload)
    assert "Created: 0, Updated: 2, Errors: 0" in client.succeeds(*upload)
    said = client.run(*upload, SENTRY_PROJECT="nowhere")
    # The client keeps the reason for its log.
    assert (said.exit_code, "Errors: 1" in said.text) == (1, True)


@pytest.mark.exhaustive
def test_a_build_is_refused_by_a_reason(
    organization: Organization, connects: Connects, tmp_path: Path
) -> None:
    pictures = tmp_path / "pictures"
    pictures.mkdir()
    (pictures / "page.png").write_bytes(picture())
    said = connects(CLI3, organization).run(
        "snapshots", "upload", "--app-id", "shop", str(pictures)
    )
    assert said.exit_code == 1
    assert "not kept here" in said.text
