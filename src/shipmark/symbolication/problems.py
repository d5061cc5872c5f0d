"""The reasons why a stack stays minified, with their remedies.

There are a dozen reasons, each with its own remedy. ``type`` is a known event error of the
protocol if one fits, ``data["reason"]`` is the exact one.
"""

from dataclasses import dataclass, field

from shipmark.artifacts import urls
from shipmark.artifacts.artifact_lookup import SimilarFile, UploadSummary
from shipmark.artifacts.source_maps import MapErrorKind
from shipmark.events.payload import plain
from shipmark.events.scanning import storable
from shipmark.symbolication.javascript_stacks import ScriptFile

_SHOWN_MAX = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One reason for one file, or for the whole event; equal problems have the same key."""

    type: str
    message: str
    data: dict[str, object] = field(default_factory=dict)

    @property
    def key(self) -> tuple[str, object, object]:
        """Return the key by which problems are deduplicated."""
        return self.type, self.data.get("reason"), self.data.get("url")


def _problem(type_: str, reason: str, message: str, **data: object) -> Problem:
    return Problem(type=type_, message=plain(message), data=storable({"reason": reason, **data}))


def missing(file: ScriptFile, release: str, dist: str, survey: UploadSummary) -> Problem:
    """Return the problem of a file that was not uploaded, neither with its debug id nor with its name."""
    if file.debug_id is not None:
        message = (
            f"No uploaded file has the debug id {file.debug_id} of {_quoted(file.url)}."
            " Upload the files of the very build that is served."
        )
        data = {"url": file.url, "debug_id": file.debug_id}
        return _problem("js_missing_source", "unknown_debug_id", message, **data)
    if not release:
        message = (
            "The event has neither debug ids nor a release, so no uploaded file can belong to it."
            " Inject debug ids before files are uploaded, or set the release in the SDK."
        )
        return _problem("js_no_source", "no_debug_id_and_no_release", message)
    if not survey.has_files:
        message = f"Nothing was uploaded for the release {release}, and the event has no debug ids."
        return _problem("js_no_source", "release_without_files", message, release=release)
    return _not_in_release(file, release, dist, survey)


def _not_in_release(file: ScriptFile, release: str, dist: str, survey: UploadSummary) -> Problem:
    names = urls.candidates(file.url)
    similar = survey.similar.get(urls.basename(file.url), ())
    expected = next((name for name in names if name.startswith("~")), names[0] if names else "")
    data: dict[str, object] = {"url": file.url, "expected": expected}
    if other := next((known for known in similar if known.url in names), None):
        return _other_dist(file, other, dist)
    same_dist = [known for known in similar if (known.dist or "") == dist]
    if other := next(iter(same_dist or similar), None):
        message = (
            f"The event needs {_quoted(expected)}, and the release has {_quoted(other.url)}."
            " Upload with the prefix under which the file is served."
        )
        return _problem("js_missing_source", "other_url", message, **data, found=other.url)
    message = f"The release {release} has files, but none that is called {_quoted(expected)}."
    return _problem("js_missing_source", "not_in_release", message, **data, release=release)


def _other_dist(file: ScriptFile, other: SimilarFile, dist: str) -> Problem:
    theirs = f"for the dist {other.dist}" if other.dist else "without a dist"
    ours = f"has the dist {dist}" if dist else "has none"
    message = f"{_quoted(other.url)} was uploaded {theirs}, and the event {ours}."
    dists = {"found_dist": other.dist, "event_dist": dist or None}
    return _problem("js_missing_source", "other_dist", message, url=file.url, **dists)


def no_map_for_debug_id(file: ScriptFile, debug_id: str) -> Problem:
    """Return the problem of a file uploaded with its debug id, but without its map."""
    message = f"The file with the debug id {debug_id} was uploaded without its source map."
    data = {"url": file.url, "debug_id": debug_id}
    return _problem("js_missing_sourcemap", "no_map_for_debug_id", message, **data)


def no_reference(file: ScriptFile) -> Problem:
    """Return the problem of a file without a reference to its map."""
    message = (
        f"{_quoted(file.url)} was uploaded, but it names no source map:"
        " there is neither a sourceMappingURL at its end nor a Sourcemap header."
    )
    return _problem("js_no_sourcemap", "no_reference", message, url=file.url)


def map_not_there(file: ScriptFile, map_url: str) -> Problem:
    """Return the problem of a referenced map that was not uploaded under this name."""
    message = (
        f"{_quoted(file.url)} has its source map at {_quoted(map_url)}, which was not uploaded."
    )
    data = {"url": file.url, "sourcemap": map_url}
    return _problem("js_missing_sourcemap", "map_not_there", message, **data)


def unreadable(file: ScriptFile, reason: str, *, is_map: bool) -> Problem:
    """Return the problem of a file whose content is unavailable."""
    kind = "source map of" if is_map else "uploaded file for"
    message = f"The {kind} {_quoted(file.url)} cannot be read: {reason}."
    type_ = "js_invalid_sourcemap" if is_map else "js_invalid_source"
    return _problem(type_, "unreadable", message, url=file.url)


def too_large(file: ScriptFile, size_bytes: int) -> Problem:
    """Return the problem of a file, or of all files together, over the size limit of an event."""
    message = f"What was uploaded for {_quoted(file.url)} is too large to be read for an event."
    return _problem("js_too_large", "too_large", message, url=file.url, size_bytes=size_bytes)


def not_tried(reason: str, message: str) -> Problem:
    """Return the problem of an event that was not symbolicated for reasons other than itself or uploads."""
    return _problem("js_not_tried", reason, message)


def broken_map(file: ScriptFile, map_url: str, fault: MapErrorKind, reason: str) -> Problem:
    """Return the problem of an invalid map."""
    type_ = "js_too_large" if fault is MapErrorKind.TOO_LARGE else "js_invalid_sourcemap"
    message = f"The source map {_quoted(map_url)} cannot be used: {reason}."
    return _problem(type_, fault.name.lower(), message, url=file.url, sourcemap=map_url)


def without_content(file: ScriptFile, map_url: str, source: str) -> Problem:
    """Return the problem of a map without the content of its sources."""
    message = (
        f"The source map {_quoted(map_url)} does not hold the content of {_quoted(source)}."
        " Build it with sourcesContent."
    )
    data = {"url": file.url, "sourcemap": map_url, "source": source}
    return _problem("js_missing_sources_content", "no_content", message, **data)


def unknown_place(file: ScriptFile, map_url: str, line: int, column: int) -> Problem:
    """Return the problem of a position that is not in the map: often the map of another build."""
    message = (
        f"The source map {_quoted(map_url)} knows nothing of line {line}, column {column}."
        " It may be of another build."
    )
    data = {"url": file.url, "sourcemap": map_url, "line": line, "column": column}
    return _problem("js_invalid_sourcemap_location", "unknown_position", message, **data)


def _quoted(text: str) -> str:
    return text if len(text) <= _SHOWN_MAX else f"{text[: _SHOWN_MAX - 3]}..."
