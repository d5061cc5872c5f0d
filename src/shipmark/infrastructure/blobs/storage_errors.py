"""Translation of errors of blob stores: a store is full or has failed, and in either case a client may retry."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from errno import EDQUOT, ENOSPC

from shipmark.infrastructure.errors import StorageFull, Unavailable
from shipmark.infrastructure.telemetry import log

_REASON_MAX = 300
#: Reports of full object stores: the status 507, or a message of the store with another status.
_FULL = re.compile(
    r"\b507 Insufficient|InsufficientStorage|StorageFull|QuotaExceeded|No space left", re.IGNORECASE
)


@contextmanager
def translate_errors(key: str, of_store: tuple[type[Exception], ...] = ()) -> Iterator[None]:
    """Turn errors of the system and of the store into `StorageFull` or `Unavailable`, and log them."""
    errors: tuple[type[Exception], ...] = (OSError, *of_store)
    try:
        yield
    except errors as error:
        reason = str(error).partition("\n")[0][:_REASON_MAX]
        if is_disk_full(error):
            log.error("There is no space for blobs", **{"blob.key": key, "reason": reason})
            raise StorageFull from error
        log.error("The store of blobs is out of order", **{"blob.key": key, "reason": reason})
        raise Unavailable from error


@contextmanager
def translate_missing(key: str, of_store: tuple[type[Exception], ...] = ()) -> Iterator[None]:
    """Translate errors as `translate_errors` does, and those of missing keys into ``KeyError``."""
    with translate_errors(key, of_store):
        try:
            yield
        except (FileNotFoundError, NotADirectoryError):
            raise KeyError(key) from None


def is_disk_full(error: Exception) -> bool:
    """Return True if an error means that the store is full, or its quota exceeded."""
    if isinstance(error, OSError):
        return error.errno in {ENOSPC, EDQUOT}
    return _FULL.search(str(error)) is not None
