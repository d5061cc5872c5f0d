"""The static files of pages, read once when the server starts."""

import gzip
import re
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

_FOLDER = Path(__file__).parent / "static"
_MEDIA_TYPES = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}
_IMPORT = re.compile(r'^(import .*?)"\./(\w+\.js)";$', re.MULTILINE)


@dataclass(frozen=True, slots=True, kw_only=True)
class StaticFile:
    """A static file, as it is and packed by gzip. ``mark`` changes with the content."""

    content: bytes
    packed: bytes
    media_type: str
    mark: str


def _read_all() -> dict[str, StaticFile]:
    """Return the files by name."""
    files: dict[str, StaticFile] = {}
    for path in sorted(_FOLDER.iterdir()):
        if path.suffix in _MEDIA_TYPES:
            _read(path.name, files)
    return files


def _read(name: str, files: dict[str, StaticFile]) -> StaticFile:
    """Add a file after the modules that it imports, by the URLs under which browsers keep them."""
    if name not in files:
        path = _FOLDER / name
        text = _IMPORT.sub(
            lambda match: f'{match[1]}"./{match[2]}?v={_read(match[2], files).mark}";',
            path.read_text(encoding="utf-8"),
        )
        content = text.encode()
        files[name] = StaticFile(
            content=content,
            packed=gzip.compress(content, mtime=0),
            media_type=_MEDIA_TYPES[path.suffix],
            mark=sha256(content).hexdigest()[:16],
        )
    return files[name]


FILES = _read_all()


def file_address(name: str) -> str:
    """Return the URL of the file, which changes with its content, so that browsers can cache it for long."""
    return f"/static/{name}?v={FILES[name].mark}"
