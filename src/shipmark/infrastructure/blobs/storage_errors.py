"""What is said when a store of blobs fails? It is full, or out of order: either way a client may try again."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from errno import EDQUOT, ENOSPC

from obstore.exceptions import BaseError

from shipmark.infrastructure.errors import StorageFull, Unavailable
from shipmark.infrastructure.telemetry import log

_REASON_MAX = 300

#: How object stores say that they are full: by the status, or by words of their own with another one.
_FULL = re.compile(
    r"\b507 Insufficient|InsufficientStorage|StorageFull|QuotaExceeded|No space left", re.IGNORECASE
)


@contextmanager
def translate_errors(key: str) -> Iterator[None]:
    """Turn what the system or the store says into `StorageFull` or `Unavailable`, and log it."""
    try:
        yield
    except (OSError, BaseError) as error:
        reason = str(error).partition("\n")[0][:_REASON_MAX]
        if is_disk_full(error):
            log.error("There is no room for blobs", **{"blob.key": key, "reason": reason})
            raise StorageFull from error
        log.error("The store of blobs is out of order", **{"blob.key": key, "reason": reason})
        raise Unavailable from error


@contextmanager
def translate_missing(key: str) -> Iterator[None]:
    """The same, where what is not there is a ``KeyError``."""
    with translate_errors(key):
        try:
            yield
        except (FileNotFoundError, NotADirectoryError):
            raise KeyError(key) from None


def is_disk_full(error: Exception) -> bool:
    """Does an error say that there is no room left, or that all that somebody may use is used?"""
    if isinstance(error, OSError):
        return error.errno in {ENOSPC, EDQUOT}
    return _FULL.search(str(error)) is not None
