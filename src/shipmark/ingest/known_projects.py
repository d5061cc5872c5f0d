"""What the digester knows of projects: they are read again after a short time, not for each batch."""

from collections.abc import Collection
from dataclasses import dataclass

from cachetools import TTLCache

from shipmark.events.project_rules import ProjectRules, rules_from
from shipmark.infrastructure.database import Database
from shipmark.projects import store as projects
from shipmark.projects.model import Project
from shipmark.projects.store.options import OptionRow

#: A project that is deleted, or whose options change, is known as it was for so long.
_SECONDS = 2.0
_PROJECTS_MAX = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownProject:
    """A project, the stored options of it and its organization, and what follows from these."""

    project: Project
    options: tuple[OptionRow, ...]
    rules: ProjectRules


class KnownProjects:
    """Remembers projects for two seconds. For one thread."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._known: TTLCache[int, KnownProject] = TTLCache(_PROJECTS_MAX, _SECONDS)

    def of(self, ids: Collection[int]) -> dict[int, KnownProject]:
        """Return those of the projects that there are."""
        # Not looked up twice: one may be forgotten in between.
        known = {id_: found for id_ in ids if (found := self._known.get(id_)) is not None}
        if missing := set(ids) - known.keys():
            known |= self._read(missing)
        return known

    def _read(self, ids: Collection[int]) -> dict[int, KnownProject]:
        read = {}
        with self._database.autocommit_read() as connection:
            for id_, project in projects.by_ids(connection, ids).items():
                options = projects.options_with_organization(
                    connection, project.organization_id, id_
                )
                read[id_] = KnownProject(
                    project=project, options=options, rules=rules_from(options)
                )
        self._known.update(read)
        return read
