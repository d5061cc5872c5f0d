"""Blobs as objects in a bucket, by obstore."""

from collections.abc import Iterator
from datetime import timedelta
from typing import TYPE_CHECKING
from urllib.parse import SplitResult, parse_qsl

import obstore
from obstore.exceptions import BaseError
from obstore.store import ObjectStore, from_url

from shipmark.infrastructure.blobs import PART_BYTES, validate_key
from shipmark.infrastructure.blobs.storage_errors import translate_errors, translate_missing

if TYPE_CHECKING:
    # These exist for type checkers only.
    from obstore.store import ClientConfig, RetryConfig, S3Config

#: The status of a store for a range behind the end.
_BEYOND = "416 Range Not Satisfiable"
#: The errors of the library that are none of the system.
_ERRORS = (BaseError,)
#: Parameters of the URL of a bucket.
_OPTIONS = {"endpoint", "region"}

# A client waits for its response: a failed store must be detected before the client gives up.
ANSWER_SECONDS = 30.0
CONNECT_SECONDS = 5.0
RETRY_SECONDS = 15.0
RETRIES = 3


class ObjectBlobs:
    """Blobs as objects of a bucket."""

    def __init__(self, store: ObjectStore) -> None:
        self._store = store

    def put(self, key: str, content: bytes) -> None:
        """Store the content, by one request: so no part of it is stored, and billed, before all of it is."""
        validate_key(key)
        with translate_errors(key, _ERRORS):
            obstore.put(self._store, key, content, use_multipart=False)

    def size(self, key: str) -> int:
        """Return the length of the content in bytes."""
        validate_key(key)
        with translate_missing(key, _ERRORS):
            return obstore.head(self._store, key)["size"]

    def read(self, key: str, *, start: int = 0, end: int | None = None) -> Iterator[bytes]:
        """Yield the bytes of the range, by a request for each mebibyte, so that slow clients exceed no timeout."""
        validate_key(key)
        first, length = self._first(key, start, end)
        return self._parts(key, first, start, length if end is None else min(end, length))

    def remove(self, key: str) -> None:
        """Delete the content."""
        validate_key(key)
        with translate_errors(key, _ERRORS):
            try:
                obstore.delete(self._store, key)
            except FileNotFoundError:
                # Some stores report a missing key, others don't.
                return

    def free_bytes(self) -> int | None:
        """Return None: the free space of a bucket is unknown."""
        return None

    def _first(self, key: str, start: int, end: int | None) -> tuple[bytes, int]:
        """Return the first part and the whole length: for most reads, this one request is enough."""
        stop = start + PART_BYTES if end is None else min(start + PART_BYTES, end)
        if start >= stop:
            return b"", self.size(key)
        with translate_missing(key, _ERRORS):
            try:
                response = obstore.get(self._store, key, options={"range": (start, stop)})
                return bytes(response.bytes()), response.meta["size"]
            except BaseError as error:
                # No content from this offset on, or none at all.
                if _BEYOND not in str(error):
                    raise
        return b"", self.size(key)

    def _parts(self, key: str, first: bytes, start: int, stop: int) -> Iterator[bytes]:
        if first:
            yield first
        for at in range(start + PART_BYTES, stop, PART_BYTES):
            with translate_missing(key, _ERRORS):
                part = obstore.get_range(self._store, key, start=at, end=min(at + PART_BYTES, stop))
            yield bytes(part)


def open_bucket(parts: SplitResult) -> ObjectBlobs:
    """Return the store of a bucket by the parts of its URL. Raise ``ValueError`` if it can't be one."""
    try:
        return ObjectBlobs(_bucket(parts))
    except BaseError as error:
        raise ValueError(str(error)) from None


def _bucket(parts: SplitResult) -> ObjectStore:
    """Return the bucket of a URL. Credentials and other options are in the environment."""
    is_strict = bool(parts.query)
    options = dict(parse_qsl(parts.query, keep_blank_values=True, strict_parsing=is_strict))
    if unknown := sorted(set(options) - (_OPTIONS if parts.scheme == "s3" else set())):
        raise ValueError(f"{parts.scheme}: addresses know no {' and no '.join(unknown)}")
    if parts.username or parts.password or parts.fragment:
        raise ValueError("credentials belong in variables of the environment")
    endpoint = options.get("endpoint", "https://")
    if not endpoint.startswith(("https://", "http://")):
        raise ValueError("the endpoint must begin with https:// or http://")
    client: ClientConfig = {
        "timeout": timedelta(seconds=ANSWER_SECONDS),
        "connect_timeout": timedelta(seconds=CONNECT_SECONDS),
        "allow_http": endpoint.startswith("http://"),
    }
    retry: RetryConfig = {"max_retries": RETRIES, "retry_timeout": timedelta(seconds=RETRY_SECONDS)}
    address = parts._replace(query="").geturl()
    if parts.scheme != "s3":
        return from_url(address, client_options=client, retry_config=retry)
    config: S3Config = {"endpoint": endpoint} if "endpoint" in options else {}
    if "region" in options:
        config["region"] = options["region"]
    return from_url(address, config=config, client_options=client, retry_config=retry)
