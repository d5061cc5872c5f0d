"""Debug files, and the objects in them (files-and-avatars.md 5.5)."""

from dataclasses import dataclass

from shipmark.files.model import File


@dataclass(frozen=True, slots=True)
class DebugObject:
    """One object in a file; ``features`` are its uses, ``kind`` is the compiler's name for its type."""

    debug_id: str
    code_id: str | None
    cpu_name: str
    symbol_type: str
    object_name: str
    kind: str | None = None
    features: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class DebugFile:
    """A debug file of a project; a file with several objects is several debug files."""

    id: int
    project_id: int
    object: DebugObject
    file: File
