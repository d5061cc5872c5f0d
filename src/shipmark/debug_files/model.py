"""Debug files, and the objects in them (files-and-avatars.md 5.5)."""

from dataclasses import dataclass

from shipmark.files.model import File


@dataclass(frozen=True, slots=True, kw_only=True)
class DebugObject:
    """What is known of one object in a file; ``features`` are what it can be used for, ``kind`` its compiler's word."""

    debug_id: str
    code_id: str | None
    cpu_name: str
    symbol_type: str
    object_name: str
    kind: str | None = None
    features: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class DebugFile:
    """A file with debug information of a project; one with several objects is several debug files."""

    id: int
    project_id: int
    object: DebugObject
    file: File
