"""The JavaScript frames of an event, their positions, and the original frame of a minified one.

Reading and writing of stacks within a payload, in all forms that clients send (ingest.md 5.3).
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from urllib.parse import urlsplit

from shipmark.artifacts import debug_ids, urls
from shipmark.artifacts.source_lines import LineContext
from shipmark.artifacts.source_maps import OriginalLocation
from shipmark.events.payload import FRAMES_MAX, Json, all_frames, object_of, text_of
from shipmark.events.scanning import storable
from shipmark.events.stack_lines import number

IMAGES_MAX = 1000
_SOURCE_MAP = "sourcemap"
_PLATFORMS = frozenset({"javascript", "node"})
_NO_FILES = ("node:", "internal/", "native", "[native", "<", "blob:", "data:", "eval ", "wasm:")
#: Firefox adds it to the file whose code evaluates a text; lines are of the text.
_EVALUATED = (" > eval", " > Function")
_EXTENSIONS = ("chrome-extension:", "moz-extension:", "safari-extension:", "safari-web-extension:")
#: Schemes of built files; those of a server may be sources.
_BUILT = frozenset({"http", "https", "app", "capacitor", "ionic"})
_ORIGIN = re.compile(r"^[A-Za-z][A-Za-z0-9+.-]*://[^/]*/")
#: webpack writes ``webpack:///./src/shop.ts``.
_HERE = re.compile(r"^/?\./")
_LIBRARIES = re.compile(
    r"(?:^|/)node_modules/|^(?:webpack|\(webpack\))/|/webpack/(?:bootstrap|runtime)"
)
_EXTENSION = re.compile(r"\.(?:[cm]?[jt]sx?|vue|svelte)$")
_BEFORE_MODULE = re.compile(r"^(?:\.{0,2}/|~/)+")


@dataclass(frozen=True, slots=True, kw_only=True)
class ScriptFile:
    """The file of frames, and its debug id in the event; ``is_in_browser`` is True for an event of a browser."""

    url: str
    debug_id: str | None
    is_in_browser: bool = False

    @property
    def is_built(self) -> bool:
        """Return True if a missing upload of the file is a problem."""
        if self.debug_id is not None:
            return True
        # Electron and Cordova load what was built from files, too.
        scheme = _scheme(self.url)
        return scheme in _BUILT or (scheme == "file" and self.is_in_browser)


@dataclass(frozen=True, slots=True, kw_only=True)
class CodePosition:
    """The position of a frame: line and column count from one."""

    url: str
    line: int
    column: int


def position_of(frame: Json, platform: str) -> CodePosition | None:
    """Return the position of a JavaScript frame; None for others, and for files that can't be uploaded."""
    # Other languages send no columns: a look tells most frames apart.
    if frame.get("colno") is None or (text_of(frame, "platform") or platform) not in _PLATFORMS:
        return None
    if object_of(frame, "data").get("symbolicated") is True:
        return None
    url = urls.normalize_url(text_of(frame, "abs_path") or text_of(frame, "filename"))
    line, column = _count(number(frame, "lineno")), _count(number(frame, "colno"))
    if not url or line is None or column is None or _is_of_the_engine(url):
        return None
    return CodePosition(url=url, line=line, column=column)


def _count(value: int | None) -> int | None:
    return value if value is not None and 1 <= value < 2**31 else None


def _is_of_the_engine(url: str) -> bool:
    """Return True for code of the browser or of node, which old versions name without a folder, and evaluated texts."""
    # React Native names its only file without a folder, too.
    has_folder = "/" in url or "\\" in url or url.endswith("bundle")
    return url.startswith(_NO_FILES) or not has_folder or url.endswith(_EVALUATED)


def _scheme(url: str) -> str:
    try:
        return urlsplit(url).scheme
    except ValueError:
        return url.partition(":")[0].lower()


def files_of(payload: Json) -> dict[str, ScriptFile]:
    """Return the files of all frames by URL, in the order of the frames."""
    platform = text_of(payload, "platform")
    frames = all_frames(payload)
    positions = [position for frame in frames if (position := position_of(frame, platform))]
    if not positions:
        return {}
    ids = _DebugIds(payload)
    files = {position.url: ids.of(position.url) for position in reversed(positions)}
    return {
        url: ScriptFile(url=url, debug_id=debug_id, is_in_browser=platform == "javascript")
        for url, debug_id in files.items()
        # Other extensions of the browser are no part of the release, whatever their files are called.
        if debug_id is not None or not url.startswith(_EXTENSIONS)
    }


class _DebugIds:
    """The debug ids that the client reports for files."""

    def __init__(self, payload: Json) -> None:
        self._by_url: dict[str, str] = {}
        images = object_of(payload, "debug_meta").get("images")
        for image in images[:IMAGES_MAX] if isinstance(images, list) else ():
            # Some clients leave out the type of the only images that they send.
            if not isinstance(image, dict) or (image.get("type") or _SOURCE_MAP) != _SOURCE_MAP:
                continue
            debug_id = debug_ids.normalize(text_of(image, "debug_id"))
            url = urls.normalize_url(text_of(image, "code_file"))
            if debug_id is not None and url:
                self._by_url.setdefault(url, debug_id)

    def of(self, url: str) -> str | None:
        """Return the debug id of a file, also of one whose URL is spelled in another way, such as percent-encoded."""
        if found := self._by_url.get(url):
            return found
        named = {id_ for name in urls.candidates(url) for id_ in self._by_name.get(name, ())}
        # Which of two files with one path on two hosts is meant is unknown.
        return named.pop() if len(named) == 1 else None

    @cached_property
    def _by_name(self) -> dict[str, set[str]]:
        ids: dict[str, set[str]] = {}
        for url, debug_id in self._by_url.items():
            for name in urls.candidates(url):
                ids.setdefault(name, set()).add(debug_id)
        return ids


def replaced(payload: Json, change: Callable[[Json], Json]) -> Json:
    """Return a copy of a payload with each frame changed; the old stack of a changed one is ``raw_stacktrace``."""
    return _with_holders(payload, lambda holder: _holder(holder, change))


def raw(payload: Json) -> Json:
    """Return a copy of a payload with each stack as the client sent it."""
    return _with_holders(payload, _raw_holder)


def _with_holders(payload: Json, change: Callable[[Json], Json]) -> Json:
    """Return a copy of a payload with each object that may have a stack changed, and itself at last."""
    copy = dict(payload)
    for key in ("exception", "threads"):
        if key in payload:
            copy[key] = _each(payload[key], change)
    return change(copy)


def _raw_holder(holder: Json) -> Json:
    stack = holder.get("raw_stacktrace")
    if not isinstance(stack, dict) or not isinstance(stack.get("frames"), list):
        return holder
    rest = {key: value for key, value in holder.items() if key != "raw_stacktrace"}
    return {**rest, "stacktrace": stack}


def symbolicated_count(payload: Json) -> int:
    """Return the number of symbolicated frames."""
    datas = (object_of(frame, "data") for frame in all_frames(payload))
    return sum(data.get("symbolicated") is True for data in datas)


def _each(value: object, change: Callable[[Json], Json]) -> object:
    if isinstance(value, list):
        return [change(item) if isinstance(item, dict) else item for item in value]
    if not isinstance(value, dict):
        return value
    if "values" in value:
        is_list = isinstance(value["values"], list)
        return {**value, "values": _each(value["values"], change)} if is_list else value
    return change(value)


def _holder(holder: Json, change: Callable[[Json], Json]) -> Json:
    stack = object_of(holder, "stacktrace")
    frames = stack.get("frames")
    if not isinstance(frames, list):
        return holder
    last = [change(frame) if isinstance(frame, dict) else frame for frame in frames[-FRAMES_MAX:]]
    changed = [*frames[:-FRAMES_MAX], *last]
    if changed == frames:
        return holder
    return {**holder, "raw_stacktrace": stack, "stacktrace": {**stack, "frames": changed}}


def original_frame(
    frame: Json, token: OriginalLocation, *, script_url: str, map_url: str, resolved_with: str
) -> Json:
    """Return the frame at its original position, as the map with this URL has it."""
    function = token.function or text_of(frame, "function")
    has_origin = _ORIGIN.match(token.file) is not None
    resolved: Json = {
        "filename": _HERE.sub("", _ORIGIN.sub("", token.file)) or token.file,
        # The URL that the source would have beside the built file.
        "abs_path": token.file if has_origin else urls.resolve_url(script_url, token.file),
        "lineno": token.line,
        "colno": token.column,
        "in_app": _is_in_app(frame, token.file),
        "data": {
            **object_of(frame, "data"),
            "sourcemap": map_url,
            "symbolicated": True,
            "resolved_with": resolved_with,
        },
    }
    if function:
        resolved["function"] = function
    if module := _module(token.file):
        resolved["module"] = module
    if token.around:
        resolved |= context_lines(token.around)
    # Sources may contain characters that databases can't store.
    return {**frame, **storable(resolved)}


def context_lines(context: LineContext) -> Json:
    """Return the code of a position as a frame has it."""
    return {
        "pre_context": list(context.before),
        "context_line": context.line,
        "post_context": list(context.after),
    }


def _is_in_app(frame: Json, file: str) -> bool:
    if _LIBRARIES.search(_ORIGIN.sub("", file)):
        return False
    content = frame.get("in_app")
    return content if isinstance(content, bool) else True


def _module(file: str) -> str:
    """Return the module: the path in the sources without its extension."""
    path = _BEFORE_MODULE.sub("", _ORIGIN.sub("", file).split("?", 1)[0])
    return _EXTENSION.sub("", path.rpartition("node_modules/")[2])
