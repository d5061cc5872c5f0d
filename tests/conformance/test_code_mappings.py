"""Code mappings as clients upload them, and what it says of uploads that are not kept."""

import json
from pathlib import Path

import pytest
from conformance.clients import CLI3, NEW, Kind
from conformance.conftest import Connects
from conformance.servers import Organization
from pictures import picture

MAPPINGS = [
    {"stackRoot": f"com/example/{name}", "sourceRoot": f"{name}/src/main/java/com/example/{name}"}
    for name in ("shop", "cart")
]


@pytest.mark.parametrize("kind", [CLI3, NEW], ids=lambda kind: kind.name)
def test_mappings_are_created_then_updated(
    kind: Kind, organization: Organization, connects: Connects, tmp_path: Path
) -> None:
    client, upload = connects(kind, organization), _upload(tmp_path)
    assert "Created: 2, Updated: 0" in client.succeeds(*upload)
    assert "Created: 0, Updated: 2" in client.succeeds(*upload)


def test_an_unknown_project_is_an_error(
    organization: Organization, connects: Connects, tmp_path: Path
) -> None:
    said = connects(CLI3, organization).run(*_upload(tmp_path), SENTRY_PROJECT="nowhere")
    # The client keeps the reason for its log.
    assert (said.exit_code, "Errors: 1" in said.text) == (1, True)


def _upload(folder: Path) -> tuple[str, ...]:
    file = folder / "mappings.json"
    file.write_text(json.dumps(MAPPINGS))
    options = ("--repo", "acme/web", "--default-branch", "main")
    return ("code-mappings", "upload", *options, str(file))


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
