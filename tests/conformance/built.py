"""An app as a bundler leaves it: a script without line breaks, and the map that leads back to its source."""

import json
from pathlib import Path
from typing import Any

from conformance.servers import Organization

SOURCE = "export function count(coins) {\n  return coins.length\n}\n"
SCRIPT = "export function count(n){return n.length}\n//# sourceMappingURL=app.js.map\n"
MAP = {
    "version": 3,
    "file": "app.js",
    "sources": ["../src/app.js"],
    "sourcesContent": [SOURCE],
    "names": ["coins"],
    "mappings": "AAAA,OAAO,SAAS,MAAMA,GACpB,OAAOA,EAAM",
}


def build(folder: Path) -> Path:
    """Put the app into ``dist`` of the folder."""
    dist = folder / "dist"
    dist.mkdir()
    (dist / "app.js").write_text(SCRIPT, "utf8")
    (dist / "app.js.map").write_text(json.dumps(MAP), "utf8")
    return dist


def bundles(organization: Organization, project: str = "web") -> list[Any]:
    """The artifact bundles of a project, the newest first."""
    found: list[Any] = organization.of_project("files/artifact-bundles/", project)
    return found


def files(organization: Organization, bundle: Any, project: str = "web") -> dict[str, Any]:
    """The files of a bundle by their URL."""
    found = organization.of_project(f"artifact-bundles/{bundle['bundleId']}/files/", project)
    return {it["filePath"]: it for it in found["files"]}


def looked_up(organization: Organization, query: str, project: str = "web") -> list[str]:
    """How each thing was found that a look-up gives."""
    found = organization.of_project(f"artifact-lookup/?{query}", project)
    return [it["resolved_with"] for it in found]
