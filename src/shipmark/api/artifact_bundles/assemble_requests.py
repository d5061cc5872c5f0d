"""What may be sent to the routes that assemble? JSON schemas, as the protocol has them (files-and-avatars.md 5.3)."""

from shipmark.artifacts.model import DIST_MAX, VERSION_MAX
from shipmark.files.model import FILE_MAX, NAME_MAX, PIECE_BYTES
from shipmark.http.json_schema import Schema

#: A file of the largest size in chunks far smaller than any client makes.
CHUNKS_MAX = FILE_MAX // (PIECE_BYTES // 16)
PROJECTS_MAX = 1000
#: Debug files that one request may ask for.
DEBUG_FILES_MAX = 1000

_SHA1: Schema = {"type": "string", "pattern": "^[0-9a-f]{40}$"}
_CHUNKS: Schema = {"type": "array", "maxItems": CHUNKS_MAX, "items": _SHA1}

RELEASE_BUNDLE: Schema = {
    "type": "object",
    "required": ["checksum", "chunks"],
    "properties": {"checksum": _SHA1, "chunks": _CHUNKS},
    "additionalProperties": False,
}
ARTIFACT_BUNDLE: Schema = {
    "type": "object",
    "required": ["checksum", "chunks", "projects"],
    "properties": {
        "checksum": _SHA1,
        "chunks": _CHUNKS,
        "projects": {"type": "array", "maxItems": PROJECTS_MAX, "items": {"type": "string"}},
        "version": {"type": "string", "maxLength": VERSION_MAX, "pattern": "^[^/]+$"},
        # Plugins of bundlers send it as it is configured, which may be a number.
        "dist": {"type": ["string", "integer"], "maxLength": DIST_MAX},
    },
    "additionalProperties": False,
}
DEBUG_FILES: Schema = {
    "type": "object",
    "maxProperties": DEBUG_FILES_MAX,
    "patternProperties": {
        "^[0-9a-f]{40}$": {
            "type": "object",
            "required": ["name", "chunks"],
            "properties": {
                "name": {"type": "string", "maxLength": NAME_MAX},
                "debug_id": {"type": "string", "maxLength": 100},
                "chunks": _CHUNKS,
            },
        }
    },
    "additionalProperties": False,
}
#: What else clients say of a build is passed over, as nothing is tied to builds.
ASSOCIATE: Schema = {
    "type": "object",
    "properties": {
        "checksums": {"type": "array", "maxItems": DEBUG_FILES_MAX, "items": {"type": "string"}}
    },
}
