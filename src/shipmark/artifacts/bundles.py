"""Reading and validation of artifact bundles (files-and-avatars.md 6.1).

A bundle is a zip, mostly after the eight bytes ``SYSB`` and a version: zips are read from their end. It is not
trusted. The file may be large and remote, so only its directory and the requested members are read.
"""

import re
import struct
import zipfile
import zlib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO, cast

from shipmark.artifacts import manifests
from shipmark.artifacts.manifests import BundleProblem, Manifest, ManifestEntry
from shipmark.artifacts.zip_entries import EntryLocation

#: 100,000 names of three hundred bytes. The directory is the only part that is read as a whole.
DIRECTORY_BYTES_MAX = 32 * 2**20
MEMBER_BYTES_MAX = 512 * 2**20
TOTAL_BYTES_MAX = 8 * 2**30
#: The largest compression ratio: that of source maps is twenty. Small files may be all zeros.
RATIO_MAX = 250
_RATIO_COUNTS_FROM = 2**20
PATH_BYTES_MAX = 1024
_PIECE_BYTES = 64 * 2**10
#: Zipfile reads to the end only to search for the end of the directory, which a comment may follow.
_REST_BYTES = 2**17
_MANIFEST = "manifest.json"
_DIRECTORY_ENTRY = b"PK\x01\x02"
_LOCAL_HEADER_BYTES = 30
_IS_ENCRYPTED = 0x1 | 0x40
_METHODS = frozenset({zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED})
_DRIVE = re.compile(r"[A-Za-z]:")

#: The exceptions of zipfile for an invalid zip. OSError is not one: it is a failure of the store.
_ODD = (
    zipfile.BadZipFile, zipfile.LargeZipFile, zlib.error, struct.error,
    NotImplementedError, RuntimeError, EOFError, ValueError, OverflowError, IndexError, KeyError,
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry(ManifestEntry):
    """A readable member of a bundle, from the manifest and the zip's directory."""

    place: EntryLocation

    @property
    def size_bytes(self) -> int:
        """Return the decompressed size."""
        return self.place.size_bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Bundle:
    """An open bundle, for one thread; ``entries`` are the files of the manifest that can be read."""

    manifest: Manifest
    entries: tuple[Entry, ...]
    _zip: zipfile.ZipFile

    def read(self, entry: Entry, bytes_max: int = MEMBER_BYTES_MAX) -> bytes:
        """Return the content of a member; raise `BundleProblem` if it is larger than the limit."""
        if entry.size_bytes > bytes_max:
            raise BundleProblem(f"{entry.path} is larger than {bytes_max} bytes")
        return b"".join(self.stream(entry))

    def stream(self, entry: Entry) -> Iterator[bytes]:
        """Yield a member in pieces, never more than its declared size; a wrong checksum raises at the end."""
        return pieces(self._zip, entry.path)


def open_bundle(file: BinaryIO) -> Bundle:
    """Open a bundle in a seekable file; the caller closes the file after the bundle's use."""
    archive, members = unzipped(file)
    if _MANIFEST not in members:
        raise BundleProblem("manifest.json is missing")
    if members[_MANIFEST].file_size > manifests.MANIFEST_BYTES_MAX:
        raise BundleProblem("manifest.json is too large")
    manifest = manifests.read(b"".join(pieces(archive, _MANIFEST)))
    files = [file for file in manifest.files if file.path in members]
    entries = (_entry(file, members[file.path]) for file in files if not as_bundle_error(file.path))
    return Bundle(manifest=manifest, entries=tuple(entries), _zip=archive)


def unzipped(file: BinaryIO) -> tuple[zipfile.ZipFile, dict[str, zipfile.ZipInfo]]:
    """Open any zip within the limits. Return it with its members; nothing is decompressed yet."""
    guarded = _Guarded(file)
    try:
        archive = zipfile.ZipFile(cast("BinaryIO", guarded))
    except _ODD as error:
        if guarded.failure:
            raise guarded.failure from error
        raise BundleProblem("it is not a zip file, or not a whole one") from error
    return archive, _members(archive)


class _Guarded:
    """A file that refuses reads that only a malicious zip causes: huge directories, and positions outside of it."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        #: The failure of the store, which zipfile reports as an invalid zip.
        self.failure: OSError | None = None

    def read(self, size: int = -1) -> bytes:
        """Read at most the size of a directory, and at most the entries of one."""
        requested = min(size, DIRECTORY_BYTES_MAX + 1) if size >= 0 else _REST_BYTES
        try:
            read = self._file.read(requested)
        except OSError as error:
            self.failure = error
            raise
        if len(read) > DIRECTORY_BYTES_MAX:
            raise BundleProblem(f"its directory is larger than {DIRECTORY_BYTES_MAX} bytes")
        if read.count(_DIRECTORY_ENTRY) > manifests.ENTRIES_MAX + 1:
            raise BundleProblem(f"it has more than {manifests.ENTRIES_MAX} members")
        return read

    def seek(self, offset: int, whence: int = 0) -> int:
        """Seek in the file; zipfile refuses positions before its start."""
        if offset < 0 and whence == 0:
            raise ValueError("a place before the beginning")
        return self._file.seek(offset, whence)

    def tell(self) -> int:
        """Return the position in the file."""
        return self._file.tell()

    def seekable(self) -> bool:
        """Return True, as files of the store always are."""
        return True


def _members(archive: zipfile.ZipFile) -> dict[str, zipfile.ZipInfo]:
    """Return the members, after checking the whole directory before anything is decompressed."""
    infos = archive.infolist()
    name, count = Counter(info.filename for info in infos).most_common(1)[0] if infos else ("", 0)
    if count > 1:
        raise BundleProblem(f"it has two members named {ascii(name)[:100]}")
    if sum(info.file_size for info in infos) > TOTAL_BYTES_MAX:
        raise BundleProblem(f"it would be larger than {TOTAL_BYTES_MAX} bytes")
    for info in infos:
        _check(info)
    _check_overlaps(infos, archive.start_dir)
    return {info.filename: info for info in infos}


def _check(info: zipfile.ZipInfo) -> None:
    quoted = ascii(info.filename)[:100]
    if info.flag_bits & _IS_ENCRYPTED:
        raise BundleProblem(f"its member {quoted} is encrypted")
    if info.compress_type not in _METHODS:
        raise BundleProblem(f"its member {quoted} is compressed in a way that is not supported")
    if info.file_size > MEMBER_BYTES_MAX:
        raise BundleProblem(f"its member {quoted} is larger than {MEMBER_BYTES_MAX} bytes")
    is_bomb = info.file_size > RATIO_MAX * info.compress_size
    if is_bomb and info.file_size > _RATIO_COUNTS_FROM:
        raise BundleProblem(f"its member {quoted} is compressed more than {RATIO_MAX} times")


def _check_overlaps(infos: list[zipfile.ZipInfo], directory_at: int) -> None:
    """Refuse members that share bytes: a few megabytes could then stand for petabytes."""
    in_order = sorted(infos, key=lambda info: info.header_offset)
    ends = [info.header_offset for info in in_order[1:]] + [directory_at]
    for info, end in zip(in_order, ends, strict=False):
        if info.header_offset + _LOCAL_HEADER_BYTES + info.compress_size > end:
            raise BundleProblem("its members overlap")


def _entry(file: ManifestEntry, member: zipfile.ZipInfo) -> Entry:
    is_deflated = member.compress_type == zipfile.ZIP_DEFLATED
    place = EntryLocation(
        member.header_offset, member.compress_size, member.file_size, member.CRC, is_deflated
    )
    return Entry(
        path=file.path,
        type=file.type,
        url=file.url,
        headers=file.headers,
        sent_headers=file.sent_headers,
        place=place,
    )


def as_bundle_error(path: str) -> str:
    """Return the reason why a name is unsafe, as it could be outside of a folder (5.3), or ""."""
    # Lone surrogates can be written in JSON, but not in a file name.
    encoded = path.encode("utf-8", "surrogatepass")
    if len(encoded) > PATH_BYTES_MAX:
        return "its name is too long"
    if "\\" in path or not path.isprintable():
        return "its name has letters that names must not have"
    if path.startswith("/") or _DRIVE.match(path):
        return "its name is absolute"
    if ".." in path.split("/"):
        return "its name leads out of the bundle"
    return "it is a folder" if not path or path.endswith("/") else ""


def pieces(archive: zipfile.ZipFile, path: str) -> Iterator[bytes]:
    """Yield the decompressed pieces of a member; zipfile stops at the declared size and verifies the checksum."""
    remaining = archive.getinfo(path).file_size
    try:
        with archive.open(path) as member:
            while piece := member.read(_PIECE_BYTES):
                remaining -= len(piece)
                yield piece
    except _ODD as error:
        raise BundleProblem(f"its member {path} is damaged") from error
    if remaining:
        raise BundleProblem(f"its member {path} is damaged")
