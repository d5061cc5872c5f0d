"""What did a stack of minified JavaScript look like before it was built?

Pure: from the payload, and the uploaded files that ``ArtifactLookup`` gives, to a payload with the original stack. A
file is found by its debug id, else by its name in the event's release and dist; its map by the same debug id, else by
what the file names. All that is looked for goes in two questions, however many frames there are.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from shipmark.artifacts import source_lines, urls
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
from shipmark.events.payload import Json, object_of, storable, text_of
from shipmark.symbolication import javascript_stacks, problems
from shipmark.symbolication.javascript_stacks import CodePosition, ScriptFile
from shipmark.symbolication.problems import Problem

#: Frames of one event are in few files; each may cost a map.
FILES_MAX = 50
EVENT_BYTES_MAX = 128 * 2**20
MINIFIED_BYTES_MAX = 32 * 2**20
PROBLEMS_MAX = 50

_ORIGIN = re.compile(r"^[A-Za-z][A-Za-z0-9+.-]*://[^/]*/")
#: webpack writes ``webpack:///./src/shop.ts``.
_HERE = re.compile(r"^/?\./")
_LIBRARIES = re.compile(
    r"(?:^|/)node_modules/|^(?:webpack|\(webpack\))/|/webpack/(?:bootstrap|runtime)"
)
_EXTENSION = re.compile(r"\.(?:[cm]?[jt]sx?|vue|svelte)$")
_BEFORE_MODULE = re.compile(r"^(?:\.{0,2}/|~/)+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Symbolicated:
    """The payload with what was found; the same payload if nothing was, or nothing was needed."""

    payload: Json
    problems: tuple[Problem, ...] = ()
    files: tuple["KnownFile", ...] = ()


@dataclass(slots=True)
class KnownFile:
    """What is known of a file: what was uploaded, and what became of reading it; ``read`` is None without a map."""

    file: ScriptFile
    minified: Artifact | None = None
    map: Artifact | None = None
    inline_map: str = ""
    map_url: str = ""
    lines: list[str] = field(default_factory=list)
    read: SourceMap | None = None

    @property
    def resolved_with(self) -> str:
        """How the map, or the file, was found."""
        artifact = self.map or self.minified
        return artifact.resolved_with if artifact else ""


def symbolicate(
    payload: Json, sources: ArtifactLookup, maps: SourceMapCache | None = None
) -> Symbolicated:
    """Give an event its original stack, as far as uploads allow, and say what they lack.

    ``maps`` are those that earlier events needed.
    """
    files = list(javascript_stacks.files_of(payload).values())[:FILES_MAX]
    if not files:
        return Symbolicated(payload=payload)
    search = _Search(payload, sources, maps or SourceMapCache(0))
    known = search.known(files)
    platform = text_of(payload, "platform")

    def change(frame: Json) -> Json:
        place = javascript_stacks.position_of(frame, platform)
        of_file = known.get(place.url) if place else None
        return search.frame(frame, place, of_file) if place and of_file else frame

    changed = javascript_stacks.replaced(payload, change)
    problems = tuple(search.problems.values())[:PROBLEMS_MAX]
    return Symbolicated(payload=changed, problems=problems, files=tuple(known.values()))


class _Search:
    """One event's search for its files, with what it may still read."""

    def __init__(self, payload: Json, sources: ArtifactLookup, maps: SourceMapCache) -> None:
        self.problems: dict[tuple[str, object, object], Problem] = {}
        self._sources = sources
        self._maps = maps
        self._release = text_of(payload, "release")
        self._dist = text_of(payload, "dist")
        self._bytes_left = EVENT_BYTES_MAX
        self._allowance = ReadBudget(4 * NAMED_MAX)
        self._contents: dict[int, bytes | None] = {}

    def known(self, files: list[ScriptFile]) -> dict[str, KnownFile]:
        """Find all files and their maps, and read them."""
        known = {file.url: KnownFile(file=file) for file in files}
        self._find_files(known.values())
        self._find_maps(known.values())
        self._explain_missing([each for each in known.values() if not (each.minified or each.map)])
        for each in known.values():
            self._read_map(each)
        return known

    def _tell(self, problem: Problem) -> None:
        self.problems.setdefault(problem.key, problem)

    def _find_files(self, known: Iterable[KnownFile]) -> None:
        ids = frozenset(each.file.debug_id for each in known if each.file.debug_id)
        names = frozenset(name for each in known for name in urls.candidates(each.file.url))
        lookup_result = self._sources.find(LookupRequest(debug_ids=ids, urls=names))
        for each in known:
            with_id = lookup_result.by_debug_id.get(each.file.debug_id or "", ())
            each.map = _of_type(with_id, ArtifactType.SOURCE_MAP)
            each.minified = _of_type(with_id, ArtifactType.MINIFIED_SOURCE) or _by_name(
                lookup_result, each.file.url
            )

    def _find_maps(self, known: Iterable[KnownFile]) -> None:
        """Find the maps that files name, or that have the same debug id as the file that was found by name."""
        waiting = [each for each in known if each.minified and not each.map]
        for each in waiting:
            self._read_reference(each)
        ids = frozenset(_debug_id(each) for each in waiting) - {""}
        names = frozenset(name for each in waiting for name in urls.candidates(each.map_url))
        if not (ids or names):
            return
        lookup_result = self._sources.find(LookupRequest(debug_ids=ids, urls=names))
        for each in waiting:
            with_id = lookup_result.by_debug_id.get(_debug_id(each), ())
            each.map = _of_type(with_id, ArtifactType.SOURCE_MAP) or _by_name(
                lookup_result, each.map_url
            )

    def _read_reference(self, known: KnownFile) -> None:
        """Read where the map is; a file whose header tells it need not be read for that."""
        assert known.minified, "only files that were found"
        header = urls.source_map_reference(known.minified.headers, b"")
        content = b"" if header else self._minified(known)
        reference = header or urls.source_map_reference({}, content or b"") or ""
        if urls.is_data(reference):
            known.inline_map = reference
        elif reference:
            known.map_url = urls.resolve_url(known.minified.url or known.file.url, reference)

    def _explain_missing(self, missing: list[KnownFile]) -> None:
        files = [each.file for each in missing if each.file.is_built]
        if not files:
            return
        names = frozenset(urls.basename(file.url) for file in files if not file.debug_id)
        is_asked = bool(names and self._release)
        survey = self._sources.survey(names) if is_asked else UploadSummary(has_files=False)
        for file in files:
            self._tell(problems.missing(file, self._release, self._dist, survey))

    def _read_map(self, known: KnownFile) -> None:
        try:
            known.read = self._uploaded_map(known) if known.map else self._inline_map(known)
        except MapProblem as problem:
            self._tell(
                problems.broken_map(known.file, known.map_url, problem.fault, problem.reason)
            )

    def _uploaded_map(self, known: KnownFile) -> SourceMap | None:
        assert known.map, "only maps that were found"
        known.map_url = known.map.url or known.map_url
        if source_map := self._maps.get(known.map.content_key, self._allowance):
            return source_map
        text = self._content(known, known.map, MAP_BYTES_MAX, is_map=True)
        if text is None:
            return None
        minified = self._minified_for_names(known, text)
        return self._maps.read(known.map.content_key, text, minified, self._allowance)

    def _inline_map(self, known: KnownFile) -> SourceMap | None:
        if not known.inline_map:
            self._explain_no_map(known)
            return None
        known.map_url = known.minified.url or known.file.url if known.minified else ""
        text = urls.data_of(known.inline_map) or b""
        return SourceMap.read(text, self._minified_for_names(known, text), self._allowance)

    def _minified_for_names(self, known: KnownFile, text: bytes) -> bytes | None:
        """Functions are named by the sources in a map; where there are none, by the minified file."""
        has_sources = b'"sourcesContent"' in text or known.minified is None
        return None if has_sources else self._minified(known)

    def _explain_no_map(self, known: KnownFile) -> None:
        """Say why there is none; files that are no minified ones need none."""
        if known.minified is None or known.minified.type is ArtifactType.SOURCE:
            return
        if self._contents.get(id(known.minified), b"") is None:
            # It could not be read, which was told; what it names nobody knows.
            return
        if known.map_url:
            self._tell(problems.map_not_there(known.file, known.map_url))
        elif debug_id := _debug_id(known):
            self._tell(problems.no_map_for_debug_id(known.file, debug_id))
        else:
            self._tell(problems.no_reference(known.file))

    def _minified(self, known: KnownFile) -> bytes | None:
        assert known.minified, "only files that were found"
        return self._content(known, known.minified, MINIFIED_BYTES_MAX, is_map=False)

    def _content(
        self, known: KnownFile, artifact: Artifact, bytes_max: int, *, is_map: bool
    ) -> bytes | None:
        """Read a file once, within what an event may cost."""
        if id(artifact) in self._contents:
            return self._contents[id(artifact)]
        content: bytes | None = None
        if artifact.size_bytes > min(bytes_max, self._bytes_left):
            self._tell(problems.too_large(known.file, artifact.size_bytes))
        else:
            self._bytes_left -= artifact.size_bytes
            try:
                content = self._sources.read(artifact)
            except Unreadable as error:
                self._tell(problems.unreadable(known.file, str(error), is_map=is_map))
        self._contents[id(artifact)] = content
        return content

    def frame(self, frame: Json, place: CodePosition, known: KnownFile) -> Json:
        """Make the original frame, or put the minified line to one that stays."""
        if known.read:
            token = known.read.token(place.line, place.column, text_of(frame, "function"))
            if isinstance(token, OriginalLocation):
                self._tell_of_token(known, token, place)
                return _resolved(frame, token, known)
            self._tell(problems.unknown_place(known.file, known.map_url, place.line, place.column))
        return self._with_minified_line(frame, place, known)

    def _tell_of_token(
        self, known: KnownFile, token: OriginalLocation, place: CodePosition
    ) -> None:
        if token.fault is MapErrorKind.NO_CONTENT:
            self._tell(problems.without_content(known.file, known.map_url, token.file))
        elif token.fault:
            self._tell(problems.unknown_place(known.file, known.map_url, place.line, place.column))

    def _with_minified_line(self, frame: Json, place: CodePosition, known: KnownFile) -> Json:
        if known.minified is None or text_of(frame, "context_line"):
            return frame
        if not known.lines:
            content = self._minified(known) or b""
            known.lines = source_lines.lines_of(content.decode("utf-8", "replace"))
        line_context = source_lines.line_context(known.lines, place.line, place.column - 1)
        if line_context is None or not line_context.line:
            return frame
        lines: Json = {
            "pre_context": list(line_context.before),
            "context_line": line_context.line,
            "post_context": list(line_context.after),
        }
        return {**frame, **storable(lines)}


def _of_type(artifacts: Iterable[Artifact], type_: ArtifactType) -> Artifact | None:
    return next((artifact for artifact in artifacts if artifact.type is type_), None)


def _by_name(found: LookupResult, url: str) -> Artifact | None:
    names = (found.by_url.get(name) for name in urls.candidates(url))
    return next((artifact for artifact in names if artifact), None)


def _debug_id(known: KnownFile) -> str:
    """The debug id that a file's map has too."""
    of_upload = known.minified.debug_id if known.minified else None
    return of_upload or known.file.debug_id or ""


def _resolved(frame: Json, token: OriginalLocation, known: KnownFile) -> Json:
    function = token.function or text_of(frame, "function")
    resolved: Json = {
        "filename": _HERE.sub("", _ORIGIN.sub("", token.file)) or token.file,
        "abs_path": _abs_path(token.file, known),
        "lineno": token.line,
        "colno": token.column,
        "in_app": _is_in_app(frame, token.file),
        "data": {
            **object_of(frame, "data"),
            "sourcemap": known.map_url,
            "symbolicated": True,
            "resolved_with": known.resolved_with,
        },
    }
    if function:
        resolved["function"] = function
    if module := _module(token.file):
        resolved["module"] = module
    if token.around:
        resolved["pre_context"] = list(token.around.before)
        resolved["context_line"] = token.around.line
        resolved["post_context"] = list(token.around.after)
    # Sources may hold what no database can.
    return {**frame, **storable(resolved)}


def _abs_path(file: str, known: KnownFile) -> str:
    """Where the source would be, were it served beside the file that was built of it."""
    return file if _ORIGIN.match(file) else urls.resolve_url(known.file.url, file)


def _is_in_app(frame: Json, file: str) -> bool:
    if _LIBRARIES.search(_ORIGIN.sub("", file)):
        return False
    content = frame.get("in_app")
    return content if isinstance(content, bool) else True


def _module(file: str) -> str:
    """Name the module by its path, as it is in the sources and without the ending."""
    path = _BEFORE_MODULE.sub("", _ORIGIN.sub("", file).split("?", 1)[0])
    return _EXTENSION.sub("", path.rpartition("node_modules/")[2])
