"""Parsing of source maps, and lookup of original positions.

The mappings are decoded by a library (decision 11); the rest of a map is parsed here, to report its errors and to
bound its size in memory.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import StrEnum
from itertools import accumulate, pairwise
from operator import itemgetter

from symbolic.exceptions import SymbolicError
from symbolic.sourcemap import SourceMapView, SourceView

from shipmark.artifacts import js_function_names, source_lines
from shipmark.artifacts.js_function_names import FunctionScopes
from shipmark.artifacts.source_lines import LineContext

MAP_BYTES_MAX = 64 * 2**20
#: The most separators of mappings and of JSON values, which bound the number of both.
PARTS_MAX = 4_000_000
SOURCES_MAX = 100_000
SECTIONS_MAX = 10_000
#: How deep sections may be within sections; tools that join joined maps write two levels.
SECTIONS_DEPTH_MAX = 10
FILE_MAX = 1024
NAME_MAX = 200
#: The default limit of source characters that are parsed for the names of functions.
NAMED_MAX = 2 * js_function_names.SOURCE_MAX
#: The limit of a map's parsed sources that are cached for further events.
SHARED_MAX = 2**20
#: Prefixes of maps that prevent their execution as scripts.
_GUARDS = (b")]}'", b")]}")


class MapErrorKind(StrEnum):
    """The error of a map, or of the lookup of one position."""

    TOO_LARGE = "too large"
    NOT_A_MAP = "not a map"
    NO_SOURCES = "no sources"
    NO_CONTENT = "no content"
    UNKNOWN_POSITION = "unknown position"
    OUT_OF_RANGE = "out of range"


class MapProblem(Exception):
    """A map can't be read; the message has the reason."""

    def __init__(self, fault: MapErrorKind, reason: str) -> None:
        super().__init__(reason)
        self.fault = fault
        self.reason = reason


@dataclass(frozen=True, slots=True, kw_only=True)
class OriginalLocation:
    """An original position: line and column count from one; ``around`` is None without the source.

    ``function`` is the function around the position, or None if unknown; ``name`` is the original name at the
    position.
    """

    file: str
    line: int
    column: int
    name: str | None
    function: str | None
    around: LineContext | None
    fault: MapErrorKind | None = None


@dataclass(slots=True)
class ReadBudget:
    """The characters of sources that may still be parsed for names; the maps of one event share the budget."""

    letters: int = NAMED_MAX

    def take(self, letters: int) -> bool:
        """Reserve characters. Return False if the budget is exceeded."""
        is_enough = letters <= self.letters
        if is_enough:
            self.letters -= letters
        return is_enough


@dataclass(frozen=True, slots=True, kw_only=True)
class _Source:
    file: str
    content: str | None


@dataclass(frozen=True, slots=True)
class _Named:
    """A source with its parsed functions; ``starts`` are the positions of its lines."""

    lines: list[str]
    scopes: FunctionScopes
    starts: list[int]


class _Sources:
    """The most recently used sources of a map that were parsed for names, up to a total size."""

    def __init__(self) -> None:
        self._named: dict[int, _Named] = {}
        self._letters = 0

    def get(self, index: int) -> _Named | None:
        """Return a parsed source, or None."""
        return self._named.get(index)

    def read(self, index: int, lines: list[str]) -> _Named:
        """Parse a source, and evict others over the limit."""
        text = "\n".join(lines)
        starts = [0, *accumulate(len(line) + 1 for line in lines)]
        source = _Named(lines, js_function_names.scopes_of(text), starts)
        if self._letters + len(text) > SHARED_MAX:
            self._named, self._letters = {}, 0
        self._named[index] = source
        self._letters += len(text)
        return source


class SourceMap:
    """A parsed map, which is expensive to parse. `for_event` returns a copy that shares its state."""

    def __init__(
        self,
        view: SourceMapView,
        sources: list[_Source],
        minified: SourceView | None,
        allowance: ReadBudget,
        read: _Sources | None = None,
    ) -> None:
        self._view = view
        self._minified = minified
        self._sources = sources
        self._read = read or _Sources()
        self._lines: dict[int, list[str]] = {}
        self._unnamed: set[int] = set()
        self._allowance = allowance

    @classmethod
    def read(
        cls, text: bytes, minified: bytes | None = None, allowance: ReadBudget | None = None
    ) -> "SourceMap":
        """Parse a map, also one with sections; raise `MapProblem` if it is invalid.

        The minified file helps to name functions if a map has no sources.
        """
        content = _parsed(text)
        sources: list[_Source] = []
        plain = _plain(content, sources)
        if not sources:
            raise MapProblem(MapErrorKind.NO_SOURCES, "it names no sources")
        try:
            view = SourceMapView.from_json_bytes(json.dumps(plain).encode())
        except SymbolicError as error:
            raise MapProblem(MapErrorKind.NOT_A_MAP, "its mappings are broken") from error
        minified_view = None if minified is None else SourceView.from_bytes(minified)
        return cls(view, sources, minified_view, allowance or ReadBudget())

    def for_event(self, allowance: ReadBudget) -> "SourceMap":
        """Return the same map with another budget. Parsed sources are shared."""
        return SourceMap(self._view, self._sources, self._minified, allowance, self._read)

    def token(self, line: int, column: int, function: str = "") -> OriginalLocation | MapErrorKind:
        """Return the original position; line and column count from one, ``function`` is the minified name."""
        if not (1 <= line < 2**32 and 1 <= column < 2**32):
            return MapErrorKind.OUT_OF_RANGE
        match = self._view.lookup(line - 1, column - 1)
        # A mapping applies up to the end of its line; the library would continue in the next one.
        if match is None or match.dst_line != line - 1 or not match.src:
            return MapErrorKind.UNKNOWN_POSITION
        token = self._token(int(match.src), match.src_line + 1, match.src_col + 1, match.name)
        if token.around is not None or self._minified is None or not function:
            return token
        original = self._view.lookup(line - 1, column - 1, function, self._minified)
        return replace(token, function=original.function_name if original else None)

    def _token(self, index: int, line: int, column: int, name: str | None) -> OriginalLocation:
        source = self._sources[index]
        lines = self._lines_of(index)
        line_context = source_lines.line_context(lines, line, column - 1) if lines else None
        if source.content is None:
            fault: MapErrorKind | None = MapErrorKind.NO_CONTENT
        else:
            fault = None if line_context else MapErrorKind.OUT_OF_RANGE
        return OriginalLocation(
            file=source.file,
            line=line,
            column=column,
            name=name[:NAME_MAX] if name else None,
            function=self._function(index, line, column) if line_context else None,
            around=line_context,
            fault=fault,
        )

    def _lines_of(self, index: int) -> list[str]:
        content = self._sources[index].content
        if content is None:
            return []
        if source := self._read.get(index):
            return source.lines
        if index not in self._lines:
            self._lines[index] = source_lines.lines_of(content)
        return self._lines[index]

    def _function(self, index: int, line: int, column: int) -> str | None:
        source = self._read.get(index)
        if source is None:
            lines = self._lines_of(index)
            letters = sum(map(len, lines)) + len(lines)
            if index in self._unnamed or not self._allowance.take(letters):
                self._unnamed.add(index)
                return None
            source = self._read.read(index, lines)
        starts = source.starts
        return source.scopes.at(min(starts[line - 1] + column - 1, starts[line] - 1))


def _parsed(text: bytes) -> dict[str, object]:
    if len(text) > MAP_BYTES_MAX:
        raise MapProblem(MapErrorKind.TOO_LARGE, f"it is larger than {MAP_BYTES_MAX} bytes")
    if text.count(b",") + text.count(b";") > PARTS_MAX:
        raise MapProblem(MapErrorKind.TOO_LARGE, f"it has more than {PARTS_MAX} mappings")
    if text.startswith(_GUARDS):
        text = text.partition(b"\n")[2]
    try:
        # Sources in other encodings get into maps as they are; all else in such a map is good.
        content = json.loads(text.decode("utf-8-sig", "replace"))
    except (ValueError, RecursionError) as error:
        raise MapProblem(MapErrorKind.NOT_A_MAP, "it is not JSON") from error
    if not isinstance(content, dict):
        raise MapProblem(MapErrorKind.NOT_A_MAP, "it is not a JSON object")
    return content


def _plain(content: dict[str, object], sources: list[_Source]) -> dict[str, object]:
    """Return a map reduced to the parts for the library: sources are replaced by their index in ``sources``."""
    if content.get("sections") is None:
        return _plain_section(content, sources)
    plain = sorted(_plain_sections(content["sections"], sources), key=itemgetter(0))
    if len(plain) > SECTIONS_MAX:
        raise MapProblem(MapErrorKind.TOO_LARGE, f"it has more than {SECTIONS_MAX} sections")
    if any(place == following for (place, _), (following, _) in pairwise(plain)):
        raise MapProblem(MapErrorKind.NOT_A_MAP, "two of its sections are at one place")
    return {
        "version": 3,
        "sections": [
            {"offset": {"line": line, "column": column}, "map": section}
            for (line, column), section in plain
        ],
    }


def _plain_sections(
    sections: object, sources: list[_Source], depth: int = 1
) -> Iterator[tuple[tuple[int, int], dict[str, object]]]:
    """Yield each section with its offset in the file, also those of sections that have sections themselves.

    The library wants them in order, which not all tools that join maps write.
    """
    if not isinstance(sections, list) or depth > SECTIONS_DEPTH_MAX:
        raise MapProblem(MapErrorKind.NOT_A_MAP, "its sections are not a list, or too deep")
    for section in sections:
        offset = section.get("offset") if isinstance(section, dict) else None
        value = section.get("map") if isinstance(section, dict) else None
        if not isinstance(offset, dict) or not isinstance(value, dict):
            raise MapProblem(MapErrorKind.NOT_A_MAP, "a section has no map in it, or no offset")
        line, column = _count(offset.get("line")), _count(offset.get("column"))
        if value.get("sections") is None:
            yield (line, column), _plain_section(value, sources)
            continue
        for inner, plain in _plain_sections(value["sections"], sources, depth + 1):
            # The column counts in the first line of the section only; the lines after it begin at zero.
            yield (line + inner[0], inner[1] + (0 if inner[0] else column)), plain


def _count(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value < 2**31:
        raise MapProblem(MapErrorKind.NOT_A_MAP, "the offset of a section is no place")
    return value


def _plain_section(parameters: dict[str, object], sources: list[_Source]) -> dict[str, object]:
    mappings = parameters.get("mappings")
    if parameters.get("version", 3) not in (3, "3") or not isinstance(mappings, str):
        raise MapProblem(MapErrorKind.NOT_A_MAP, "it is no source map of version 3")
    files = _strings(parameters, "sources")
    if len(sources) + len(files) > SOURCES_MAX:
        raise MapProblem(MapErrorKind.TOO_LARGE, f"it names more than {SOURCES_MAX} sources")
    contents = parameters.get("sourcesContent")
    value = contents if isinstance(contents, list) else []
    root = parameters.get("sourceRoot")
    first = len(sources)
    sources += [
        _Source(
            file=_rooted(file or "", root if isinstance(root, str) else ""),
            content=content if isinstance(content, str) else None,
        )
        for file, content in zip(files, value + [None] * (len(files) - len(value)), strict=False)
    ]
    return {
        "version": 3,
        "sources": [str(first + at) for at in range(len(files))],
        "names": [name or "" for name in _strings(parameters, "names")],
        "mappings": mappings,
    }


def _strings(content: dict[str, object], key: str) -> list[str | None]:
    values = content.get(key)
    if values is not None and not isinstance(values, list):
        raise MapProblem(MapErrorKind.NOT_A_MAP, f"its {key} are not a list")
    return [value if isinstance(value, str) else None for value in values or []]


def _rooted(file: str, root: str) -> str:
    """Return the file with the root prepended, unless it is absolute."""
    if not root or file.startswith("/") or "://" in file:
        return file[:FILE_MAX]
    # The slashes of ``webpack:///`` are a part of its scheme.
    folder = root[:FILE_MAX]
    return f"{folder if folder.endswith('/') else f'{folder}/'}{file}"[:FILE_MAX]
