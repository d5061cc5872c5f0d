"""The remote of a repository; the reference has integrations instead."""

from shipmark.api.responses import Wire


class RemoteResponse(Wire):
    """Where a repository's commits are fetched. ``source`` says who chose it: "repository" or "settings"."""

    url: str
    username: str | None
    has_secret: bool
    source: str
