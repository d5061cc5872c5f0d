"""Bundles of artifacts as clients make them, and uploaded files in memory."""

import io
import json
import zipfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from shipmark.artifacts import bundles, urls
from shipmark.artifacts.artifact_lookup import (
    Artifact,
    LookupRequest,
    LookupResult,
    SimilarFile,
    Unreadable,
    UploadSummary,
)
from shipmark.artifacts.bundles import Bundle
from shipmark.artifacts.manifests import ArtifactType, lower_case

#: Made by real tools: esbuild, sentry-cli and bundler plugins.
BUILT = Path(__file__).parent / "domain/artifacts/built"
SYSB = b"SYSB\x02\x00\x00\x00"


def file(**more: object) -> dict[str, object]:
    """What a manifest says of a file."""
    return {"type": "minified_source", "url": "~/app.js", "headers": {}, **more}


def zipped(
    members: Iterable[tuple[str, bytes]], *, prefix: bytes = b"", method: int = zipfile.ZIP_DEFLATED
) -> bytes:
    """A zip with these members, behind a prefix that its offsets count."""
    held = io.BytesIO()
    held.write(prefix)
    with zipfile.ZipFile(held, "a" if prefix else "w", method) as archive:
        for name, content in members:
            archive.writestr(name, content)
    return held.getvalue()


def bundle(
    files: Mapping[str, tuple[dict[str, object], bytes]] | None = None, **said: object
) -> bytes:
    """A bundle, as sentry-cli writes it."""
    given = files if files is not None else {"files/_/_/app.js": (file(), b"x()")}
    manifest = {"files": {path: about for path, (about, _) in given.items()}, **said}
    members = [(path, content) for path, (_, content) in given.items()]
    return zipped([*members, ("manifest.json", json.dumps(manifest).encode())], prefix=SYSB)


def opened(content: bytes) -> Bundle:
    """A bundle, opened."""
    return bundles.open_bundle(io.BytesIO(content))


@dataclass
class Memory:
    """The uploaded files of one release, and how often somebody asked for them."""

    files: list[Artifact] = field(default_factory=list)
    dist: str = ""
    other_dists: list[SimilarFile] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)

    def add(
        self,
        url: str,
        content: bytes,
        *,
        type_: ArtifactType = ArtifactType.MINIFIED_SOURCE,
        size_bytes: int | None = None,
        resolved_with: str = "release",
        **headers: str,
    ) -> "Memory":
        """Keep one more file; a header's name has underscores for dashes."""
        named = lower_case({name.replace("_", "-"): value for name, value in headers.items()})
        artifact = Artifact(
            reference=content,
            type=type_,
            url=url,
            headers=named,
            size_bytes=len(content) if size_bytes is None else size_bytes,
            debug_id=named.get("debug-id"),
            resolved_with="debug-id" if "debug-id" in named else resolved_with,
        )
        self.files.append(artifact)
        return self

    def add_map(self, url: str, content: bytes, **headers: str) -> "Memory":
        """Keep a source map."""
        return self.add(url, content, type_=ArtifactType.SOURCE_MAP, **headers)

    def find(self, wanted: LookupRequest) -> LookupResult:
        self.asked.append("find")
        by_debug_id: dict[str, tuple[Artifact, ...]] = {}
        for each in self.files:
            if each.debug_id in wanted.debug_ids and each.debug_id:
                by_debug_id[each.debug_id] = (*by_debug_id.get(each.debug_id, ()), each)
        by_url = {each.url: each for each in self.files if each.url and each.url in wanted.urls}
        return LookupResult(by_debug_id=by_debug_id, by_url=by_url)

    def read(self, artifact: Artifact) -> bytes:
        self.asked.append(f"read {artifact.url}")
        if not isinstance(artifact.reference, bytes) or artifact.reference == b"gone":
            raise Unreadable("it is gone")
        return artifact.reference

    def survey(self, basenames: frozenset[str]) -> UploadSummary:
        self.asked.append("survey")
        ours = [SimilarFile(url=each.url or "", dist=self.dist or None) for each in self.files]
        named = {
            name: tuple(
                each for each in [*ours, *self.other_dists] if urls.basename(each.url) == name
            )
            for name in basenames
        }
        return UploadSummary(has_files=bool(ours or self.other_dists), similar=named)
