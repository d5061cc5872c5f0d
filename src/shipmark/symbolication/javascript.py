"""Symbolication of stacks of minified JavaScript.

Pure: from the payload, and the uploaded files of an ``ArtifactLookup``, to a payload with the original stack. A
file is looked up by its debug id, else by its name in the event's release and dist; its map by the same debug id, else
by the file's reference, else by the usual name, which is the file's with ``.map`` behind it: hidden maps have no
reference, some references are wrong, and some upload maps alone. There are two lookups for any number of frames.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from itertools import chain, islice

from shipmark.artifacts import source_lines, uploaded_texts, urls
from shipmark.artifacts.artifact_lookup import (
    Artifact,
    ArtifactLookup,
    LookupRequest,
    LookupResult,
    Unreadable,
    UploadSummary,
)
from shipmark.artifacts.manifests import ArtifactType
from shipmark.artifacts.source_map_cache import SourceMapCache
from shipmark.artifacts.source_maps import (
    MAP_BYTES_MAX,
    NAMED_MAX,
    MapErrorKind,
    MapProblem,
    OriginalLocation,
    ReadBudget,
    SourceMap,
)
from shipmark.events.payload import Json, text_of
from shipmark.events.scanning import storable
from shipmark.symbolication import javascript_stacks, problems
from shipmark.symbolication.javascript_stacks import (
    CodePosition,
    ScriptFile,
    context_lines,
    original_frame,
)
from shipmark.symbolication.problems import Problem

#: The most files of an event; each may need a map.
FILES_MAX = 50
EVENT_BYTES_MAX = 128 * 2**20
MINIFIED_BYTES_MAX = 32 * 2**20
PROBLEMS_MAX = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Symbolicated:
    """The symbolicated payload; the same payload if there were no files, or none were needed."""

    payload: Json
    problems: tuple[Problem, ...] = ()
    files: tuple["KnownFile", ...] = ()


@dataclass(slots=True)
class KnownFile:
    """A file with its uploads; ``read`` is its parsed map or None."""

    file: ScriptFile
    minified: Artifact | None = None
    map: Artifact | None = None
    inline_map: str = ""
    map_url: str = ""
    lines: list[str] = field(default_factory=list)
    read: SourceMap | None = None

    @property
    def built_url(self) -> str:
        """Return the name of the uploaded script, else the file's URL."""
        return (self.minified.url if self.minified else None) or self.file.url

    @property
    def resolved_with(self) -> str:
        """Return how the map, or the file, was found."""
        artifact = self.map or self.minified
        return artifact.resolved_with if artifact else ""


def symbolicate(
    payload: Json, sources: ArtifactLookup, maps: SourceMapCache | None = None
) -> Symbolicated:
    """Return an event with its original stack, as far as uploads allow, and the problems.

    ``maps`` is the cache of earlier events' maps.
    """
    files = list(javascript_stacks.files_of(payload).values())[:FILES_MAX]
    if not files:
        return Symbolicated(payload=payload)
    search = _Search(payload, sources, maps or SourceMapCache(0))
    scripts = search.find_all(files)
    platform = text_of(payload, "platform")

    def change(frame: Json) -> Json:
        position = javascript_stacks.position_of(frame, platform)
        script = scripts.get(position.url) if position else None
        return search.frame(frame, position, script) if position and script else frame

    changed = javascript_stacks.replaced(payload, change)
    if search.find_sources():
        changed = javascript_stacks.replaced(payload, change)
    problems = tuple(search.problems.values())[:PROBLEMS_MAX]
    return Symbolicated(payload=changed, problems=problems, files=tuple(scripts.values()))


class _Search:
    """One event's search for its files, with its remaining budget."""

    def __init__(self, payload: Json, sources: ArtifactLookup, maps: SourceMapCache) -> None:
        self.problems: dict[tuple[str, object, object], Problem] = {}
        self._sources = sources
        self._maps = maps
        self._release = text_of(payload, "release")
        self._dist = text_of(payload, "dist")
        self._bytes_left = EVENT_BYTES_MAX
        self._allowance = ReadBudget(4 * NAMED_MAX)
        self._contents: dict[int, bytes | None] = {}
        #: The lines of uploaded sources that maps don't hold, by URL; None for what was not uploaded.
        self._source_lines: dict[str, list[str] | None] = {}
        self._missing_sources: dict[str, KnownFile] = {}

    def find_all(self, files: list[ScriptFile]) -> dict[str, KnownFile]:
        """Return all files by URL, with their maps looked up and parsed."""
        scripts = {file.url: KnownFile(file=file) for file in files}
        self._find_files(scripts.values())
        self._find_maps(scripts.values())
        self._explain_missing(
            [script for script in scripts.values() if not (script.minified or script.map)]
        )
        for script in scripts.values():
            self._read_map(script)
        return scripts

    def _add_problem(self, problem: Problem) -> None:
        self.problems.setdefault(problem.key, problem)

    def _find_files(self, scripts: Iterable[KnownFile]) -> None:
        ids = frozenset(script.file.debug_id for script in scripts if script.file.debug_id)
        file_urls = [script.file.url for script in scripts]
        names = _candidates([*file_urls, *map(_usual_map, file_urls)])
        result = self._sources.find(LookupRequest(debug_ids=ids, urls=names))
        for script in scripts:
            with_id = result.by_debug_id.get(script.file.debug_id or "", ())
            minified = _of_type(with_id, ArtifactType.MINIFIED_SOURCE, script.file.url)
            script.minified = minified or _by_name(result, script.file.url)
            script.map = _of_type(with_id, ArtifactType.SOURCE_MAP, _map_url(script))
            if not (script.minified or script.map):
                script.map = _by_name(result, _usual_map(script.file.url))

    def _find_maps(self, scripts: Iterable[KnownFile]) -> None:
        """Look up the maps that files refer to, or that have the debug id of a file that was looked up by name."""
        waiting = [script for script in scripts if script.minified and not script.map]
        for script in waiting:
            self._read_reference(script)
        ids = frozenset(_debug_id(script) for script in waiting) - {""}
        map_urls = {
            script.file.url: _map_urls(script)
            for script in waiting
            if not self._is_unreadable(script)
        }
        names = _candidates(chain.from_iterable(map_urls.values()))
        if not (ids or names):
            return
        result = self._sources.find(LookupRequest(debug_ids=ids, urls=names))
        for script in waiting:
            with_id = result.by_debug_id.get(_debug_id(script), ())
            source_map = _of_type(with_id, ArtifactType.SOURCE_MAP, _map_url(script))
            named = (_by_name(result, url) for url in map_urls.get(script.file.url, ()))
            script.map = source_map or next(filter(None, named), None)

    def _read_reference(self, script: KnownFile) -> None:
        """Read the reference to the map; a file with a header for it is not read."""
        assert script.minified, "only files that were found"
        header = urls.source_map_reference(script.minified.headers, b"")
        content = b"" if header else self._minified(script)
        reference = header or urls.source_map_reference({}, content or b"") or ""
        if urls.is_data(reference):
            script.inline_map = reference
        elif reference:
            script.map_url = urls.resolve_url(script.built_url, reference)

    def _explain_missing(self, missing: list[KnownFile]) -> None:
        files = [script.file for script in missing if script.file.is_built]
        if not files:
            return
        names = frozenset(urls.basename(file.url) for file in files if not file.debug_id)
        is_asked = bool(names and self._release)
        survey = self._sources.survey(names) if is_asked else UploadSummary(has_files=False)
        for file in files:
            self._add_problem(problems.missing(file, self._release, self._dist, survey))

    def _read_map(self, script: KnownFile) -> None:
        try:
            script.read = self._uploaded_map(script) if script.map else self._inline_map(script)
        except MapProblem as error:
            problem = problems.broken_map(script.file, script.map_url, error.fault, error.reason)
            self._add_problem(problem)

    def _uploaded_map(self, script: KnownFile) -> SourceMap | None:
        assert script.map, "only maps that were found"
        script.map_url = script.map.url or script.map_url
        if source_map := self._maps.get(script.map.content_key, self._allowance):
            return source_map
        text = self._content(script, script.map, MAP_BYTES_MAX, is_map=True)
        if text is None:
            return None
        minified = self._minified_for_names(script, text)
        return self._maps.read(script.map.content_key, text, minified, self._allowance)

    def _inline_map(self, script: KnownFile) -> SourceMap | None:
        if not script.inline_map:
            self._explain_no_map(script)
            return None
        script.map_url = script.built_url
        text = urls.data_of(script.inline_map) or b""
        return SourceMap.read(text, self._minified_for_names(script, text), self._allowance)

    def _minified_for_names(self, script: KnownFile, text: bytes) -> bytes | None:
        """Return the minified file if a map has no sources to name functions by, else None."""
        has_sources = b'"sourcesContent"' in text or script.minified is None
        return None if has_sources else self._minified(script)

    def _explain_no_map(self, script: KnownFile) -> None:
        """Record the reason for a missing map; files that are not minified need none."""
        if script.minified is None or script.minified.type is ArtifactType.SOURCE:
            return
        if self._is_unreadable(script):
            return
        if script.map_url:
            self._add_problem(problems.map_not_there(script.file, script.map_url))
        elif debug_id := _debug_id(script):
            self._add_problem(problems.no_map_for_debug_id(script.file, debug_id))
        else:
            self._add_problem(problems.no_reference(script.file))

    def _is_unreadable(self, script: KnownFile) -> bool:
        """Return whether the script can't be read, which was recorded; so its reference is unknown."""
        return self._contents.get(id(script.minified), b"") is None

    def _minified(self, script: KnownFile) -> bytes | None:
        assert script.minified, "only files that were found"
        return self._content(script, script.minified, MINIFIED_BYTES_MAX, is_map=False)

    def _content(
        self, script: KnownFile, artifact: Artifact, bytes_max: int, *, is_map: bool
    ) -> bytes | None:
        """Read a file once, within the budget of the event."""
        if id(artifact) in self._contents:
            return self._contents[id(artifact)]
        content: bytes | None = None
        size, size_max = artifact.size_bytes, min(bytes_max, self._bytes_left)
        if size <= size_max:
            try:
                content = uploaded_texts.unpacked(self._sources.read(artifact), size_max)
            except Unreadable as error:
                self._add_problem(problems.unreadable(script.file, str(error), is_map=is_map))
            size = max(size, len(content or b""))
            self._bytes_left -= min(size, size_max)
        if size > size_max:
            self._add_problem(problems.too_large(script.file, size))
            content = None
        self._contents[id(artifact)] = content
        return content

    def find_sources(self) -> bool:
        """Read the sources that the frames so far need and maps don't hold. Return True if there are any."""
        self._source_lines = dict.fromkeys(self._missing_sources)
        missing = dict(islice(self._missing_sources.items(), FILES_MAX))
        if not missing:
            return False
        result = self._sources.find(LookupRequest(urls=_candidates(missing)))
        for url, script in missing.items():
            source = _by_name(result, url)
            # Built files may have the names of their sources.
            if source and source.url not in {script.map_url, script.built_url}:
                content = self._content(script, source, MINIFIED_BYTES_MAX, is_map=False) or b""
                lines = source_lines.lines_of(content.decode("utf-8", "replace"))
                self._source_lines[url] = lines
        return True

    def _with_uploaded_source(self, token: OriginalLocation, script: KnownFile) -> OriginalLocation:
        """Return the position with the code of an uploaded source; one that was not looked up yet is noted for that."""
        url = urls.resolve_url(script.map_url, token.file)
        if url not in self._source_lines:
            self._missing_sources.setdefault(url, script)
            return token
        lines = self._source_lines[url]
        if lines is None:
            self._add_problem(problems.without_content(script.file, script.map_url, token.file))
            return token
        around = source_lines.line_context(lines, token.line, token.column - 1)
        return replace(token, around=around, fault=None if around else MapErrorKind.OUT_OF_RANGE)

    def frame(self, frame: Json, position: CodePosition, script: KnownFile) -> Json:
        """Return the original frame, or the minified one with its line of code."""
        if script.read:
            line, column = position.line, position.column
            token = script.read.token(line, column, text_of(frame, "function"))
            if isinstance(token, OriginalLocation) and token.fault is MapErrorKind.NO_CONTENT:
                token = self._with_uploaded_source(token, script)
            elif not isinstance(token, OriginalLocation) or token.fault:
                unknown = problems.unknown_place(script.file, script.map_url, line, column)
                self._add_problem(unknown)
            if isinstance(token, OriginalLocation):
                return original_frame(
                    frame,
                    token,
                    script_url=script.file.url,
                    map_url=script.map_url,
                    resolved_with=script.resolved_with,
                )
        return self._with_minified_line(frame, position, script)

    def _with_minified_line(self, frame: Json, position: CodePosition, script: KnownFile) -> Json:
        if script.minified is None or text_of(frame, "context_line"):
            return frame
        if not script.lines:
            content = self._minified(script) or b""
            script.lines = source_lines.lines_of(content.decode("utf-8", "replace"))
        context = source_lines.line_context(script.lines, position.line, position.column - 1)
        if context is None or not context.line:
            return frame
        return {**frame, **storable(context_lines(context))}


def _of_type(artifacts: Iterable[Artifact], type_: ArtifactType, url: str) -> Artifact | None:
    """Return the file of this type: of several with one debug id the one with this name, else the first."""
    candidates = [artifact for artifact in artifacts if artifact.type is type_]
    names = urls.candidates(url) if len(candidates) > 1 else ()
    named = (artifact for artifact in candidates if artifact.url in names)
    return next(named, candidates[0] if candidates else None)


def _map_url(script: KnownFile) -> str:
    """Return the name that the map of a file has by its reference, or else usually."""
    if script.map_url or script.minified is None:
        return script.map_url or _usual_map(script.file.url)
    reference = urls.source_map_reference(script.minified.headers, b"")
    url = script.built_url
    return urls.resolve_url(url, reference) if reference else _usual_map(url)


def _map_urls(script: KnownFile) -> tuple[str, str, str]:
    """Return the names of the map of an uploaded file: by its reference, and the usual one of script and frame.

    Tools rename maps after the reference was written, and scripts of tools have references of others in texts.
    """
    return _map_url(script), _usual_map(script.built_url), _usual_map(script.file.url)


def _candidates(file_urls: Iterable[str]) -> frozenset[str]:
    """Return all names by which files with these URLs may have been uploaded."""
    return frozenset(name for url in file_urls for name in urls.candidates(url))


def _usual_map(url: str) -> str:
    """Return the name that bundlers give the map of a file."""
    return f"{re.split('[?#]', url, maxsplit=1)[0]}.map"


def _by_name(result: LookupResult, url: str) -> Artifact | None:
    names = (result.by_url.get(name) for name in urls.candidates(url))
    return next((artifact for artifact in names if artifact), None)


def _debug_id(script: KnownFile) -> str:
    """Return the debug id that a file shares with its map."""
    of_upload = script.minified.debug_id if script.minified else None
    return of_upload or script.file.debug_id or ""
