"""Extraction of debug files from a zip, as older clients send them (files-and-avatars.md 9).

The zip is on disk, and so is each of its members while it is inspected: one process inspects all of them. Other files
are skipped, as bundles of Apple's tools contain descriptions too.
"""

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import BinaryIO

from shipmark.artifacts import bundles
from shipmark.artifacts.manifests import BundleProblem
from shipmark.debug_files import inspection
from shipmark.debug_files.assembling import NewDebugFile
from shipmark.debug_files.inspection import InspectionInput
from shipmark.files.model import FILE_MAX
from shipmark.files.staging import stage_file
from shipmark.infrastructure.blobs import Blobs
from shipmark.infrastructure.database import Database

MEMBERS_MAX = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class UnpackedArchive:
    """The staged debug files of a zip; ``problems`` are by the names of unreadable files."""

    new: Sequence[NewDebugFile]
    problems: Sequence[tuple[str, str]]


def unpack(database: Database, blobs: Blobs, file: BinaryIO, at: datetime) -> UnpackedArchive:
    """Return the debug files of a zip. Raise `BundleProblem` if it is invalid or exceeds the limits."""
    archive, members = bundles.unzipped(file)
    names = [name for name in members if not bundles.as_bundle_error(name)]
    if len(names) > MEMBERS_MAX:
        raise BundleProblem(f"it has more than {MEMBERS_MAX} files")
    if sum(members[name].file_size for name in names) > FILE_MAX:
        raise BundleProblem(f"its files have more than {FILE_MAX} bytes together")
    with tempfile.TemporaryDirectory(prefix="shipmark-") as folder:
        files = [
            InspectionInput(path=Path(folder) / str(number), name=name)
            for number, name in enumerate(names)
        ]
        for member in files:
            inspection.write(member.path, bundles.pieces(archive, member.name))
        inspected = list(zip(files, inspection.inspect_files(files), strict=True))
        new = []
        for member, result in inspected:
            if result.objects:
                with member.path.open("rb") as stream:
                    content = stage_file(database, blobs, stream.read, at)
                new.append(NewDebugFile(content=content, objects=result.objects))
        problems = [(member.name, result.problem) for member, result in inspected if result.problem]
    return UnpackedArchive(new=new, problems=problems)
