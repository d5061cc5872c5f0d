"""The static files of pages, read once when the server starts."""

from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

_FOLDER = Path(__file__).parent / "static"
_MEDIA_TYPES = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}


@dataclass(frozen=True, slots=True, kw_only=True)
class StaticFile:
    """A static file. ``mark`` changes with the content."""

    content: bytes
    media_type: str
    mark: str


def _read(path: Path) -> StaticFile:
    content = path.read_bytes()
    return StaticFile(
        content=content, media_type=_MEDIA_TYPES[path.suffix], mark=sha256(content).hexdigest()[:16]
    )


FILES = {
    path.name: _read(path) for path in sorted(_FOLDER.iterdir()) if path.suffix in _MEDIA_TYPES
}


def file_address(name: str) -> str:
    """Return the URL of the file, which changes with its content, so that browsers can cache it for long."""
    return f"/static/{name}?v={FILES[name].mark}"
