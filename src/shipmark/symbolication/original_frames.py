"""The original frame of a minified one: its file, module, and code."""

import re

from shipmark.artifacts import urls
from shipmark.artifacts.source_lines import LineContext
from shipmark.artifacts.source_maps import OriginalLocation
from shipmark.events.payload import Json, object_of, text_of
from shipmark.events.scanning import storable

_ORIGIN = re.compile(r"^[A-Za-z][A-Za-z0-9+.-]*://[^/]*/")
#: webpack writes ``webpack:///./src/shop.ts``.
_HERE = re.compile(r"^/?\./")
_LIBRARIES = re.compile(
    r"(?:^|/)node_modules/|^(?:webpack|\(webpack\))/|/webpack/(?:bootstrap|runtime)"
)
_EXTENSION = re.compile(r"\.(?:[cm]?[jt]sx?|vue|svelte)$")
_BEFORE_MODULE = re.compile(r"^(?:\.{0,2}/|~/)+")


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
