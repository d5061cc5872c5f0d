"""The choice of a blob store by its URL."""

from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from shipmark.infrastructure.blobs import Blobs
from shipmark.infrastructure.blobs.filesystem import open_folder
from shipmark.infrastructure.module_loading import LateModule
from shipmark.infrastructure.settings import SettingsError

if TYPE_CHECKING:
    from shipmark.infrastructure.blobs import object_store
else:
    # Its library takes 4 MiB, which servers with a folder are spared.
    object_store = LateModule("shipmark.infrastructure.blobs.object_store")


def open_blobs(url: str) -> Blobs:
    """Return the blob store of a URL: ``file:``, ``s3:``, ``gs:`` or ``az:``. Raise `SettingsError` for others.

    A folder is created if missing. Whether a bucket exists is unknown until its first use.
    """
    try:
        parts = urlsplit(url)
        match parts.scheme:
            case "file" if not parts.netloc and parts.path.startswith("/") and not parts.query:
                return open_folder(Path(unquote(parts.path)))
            case "s3" | "gs" | "az" if parts.hostname:
                return object_store.open_bucket(parts)
    except (OSError, ValueError) as error:
        reason = str(error).partition("\n")[0]
        raise SettingsError(f"SHIPMARK_BLOBS_URL can't be used: {reason}.") from None
    raise SettingsError(
        "SHIPMARK_BLOBS_URL must be like file:///folder, s3://bucket/prefix, gs://bucket/prefix"
        f" or az://container/prefix, not {parts.scheme}:"
    )


def open_folder_url(url: str) -> Path | None:
    """Return the folder of a blob store's URL, or None for a bucket. Creates nothing."""
    parts = urlsplit(url)
    return Path(unquote(parts.path)) if parts.scheme == "file" else None
