"""Query parameters of commits."""

from pydantic import Field

from shipmark.api.queries import PageQuery
from shipmark.repositories.model import SHA_MAX


class CommitListQuery(PageQuery):
    """A page of the commits of a project."""

    query: str | None = Field(
        None,
        description="The first characters of the hashes of commits; by default all.",
        examples=["a1b2"],
    )

    @property
    def prefix(self) -> str:
        """The first characters of the hashes, blank for all."""
        return (self.query or "").strip()[: SHA_MAX + 1]
