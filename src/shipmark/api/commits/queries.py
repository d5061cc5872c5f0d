"""Query parameters of commits."""

from shipmark.api.queries import PageQuery
from shipmark.http.validation import optional
from shipmark.repositories.model import SHA_MAX


class CommitListQuery(PageQuery):
    """A page of the commits of a project."""

    query: str | None = optional(
        "The first characters of the hashes of commits; by default all.", example="a1b2"
    )

    @property
    def prefix(self) -> str:
        """The first characters of the hashes, blank for all."""
        return (self.query or "").strip()[: SHA_MAX + 1]
