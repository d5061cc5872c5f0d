"""Links from the frames of an event to their lines in the repository, by the code mappings of its project."""

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import Connection

from shipmark.events.payload import Json, paths_of, text_of
from shipmark.releases.store import release_repositories, releases
from shipmark.repositories import store as repositories
from shipmark.repositories.code_mappings import NO_MAPPINGS, SourceFinder
from shipmark.repositories.model import Repository
from shipmark.web.repository_links import file_url


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceLinks:
    """The code mappings, with their repositories and the commits of these in the event's release, by repository."""

    sources: SourceFinder
    repositories: Mapping[int, Repository]
    commits: Mapping[int, str]

    def of(self, frame: Json, line: int | None) -> str | None:
        """Return the URL of a frame's line as of the event's release, else on the default branch, or None."""
        found = self.sources.find(paths_of(frame))
        if found is None:
            return None
        repository_id = found.mapping.repository_id
        revision = self.commits.get(repository_id) or found.mapping.default_branch
        return file_url(self.repositories.get(repository_id), found.path, line, revision)


#: For an event of a project without code mappings.
NO_LINKS = SourceLinks(sources=NO_MAPPINGS, repositories={}, commits={})


def source_links(
    connection: Connection, organization_id: int, payload: Json, sources: SourceFinder
) -> SourceLinks:
    """Return what makes links of an event's frames; without mappings, without a statement."""
    repository_ids = sources.repository_ids
    if not repository_ids:
        return NO_LINKS
    version = text_of(payload, "release")
    release = releases.by_version(connection, organization_id, version) if version else None
    heads = release_repositories.heads(connection, [release.id]) if release else {}
    return SourceLinks(
        sources=sources,
        repositories=repositories.by_ids(connection, repository_ids),
        commits={repository_id: sha for (_, repository_id), sha in heads.items()},
    )
