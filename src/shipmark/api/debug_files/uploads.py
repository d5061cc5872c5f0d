"""A zip of debug files, as it comes in: to a temporary file, for it is not kept itself (files-and-avatars.md 9)."""

import tempfile
from types import TracebackType
from typing import BinaryIO, Self, cast

from shipmark.debug_files import inspection
from shipmark.files.model import FILE_MAX
from shipmark.http.multipart import Part
from shipmark.infrastructure.errors import TooLarge


class ZipReceiver:
    """Takes the first part named ``file`` of a form; the temporary file is gone when the block is left."""

    def __init__(self) -> None:
        self._file = tempfile.TemporaryFile(buffering=0)  # noqa: SIM115  # the block is ours
        self._is_open = False
        self._size = 0
        self.part: Part | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._file.close()

    def begin(self, part: Part) -> None:
        """Begin a file."""
        if part.name == "file" and self.part is None:
            self.part, self._is_open = part, True

    def add(self, content: bytes) -> None:
        """More of it."""
        if self._is_open:
            self._size += len(content)
            if self._size > FILE_MAX:
                raise TooLarge(f"A file may have {FILE_MAX} bytes at most.")
            inspection.write_part(self._file.fileno(), content)

    def end(self) -> None:
        """It ends."""
        self._is_open = False

    def opened(self) -> BinaryIO:
        """Return the file, from its beginning."""
        self._file.seek(0)
        return cast("BinaryIO", self._file)
