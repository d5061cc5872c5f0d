"""Changes of files by commits of releases, by base name.

There may be millions of changed files: queries reach them through the releases' commits and compare their base names
in the database, so that only matches are transferred.
"""

from collections.abc import Collection

from sqlalchemy import Connection, Integer, Text, bindparam, func, select

from shipmark.infrastructure.database import IDS, ids_param, json_rows, rows_param
from shipmark.releases.model import FileChange
from shipmark.releases.store.commits import release_commits
from shipmark.repositories.model import Change
from shipmark.repositories.store import changed_files, commits

#: Of a name that is everywhere, only the newest changes are read.
FILE_CHANGES_MAX = 5000

_NAMES = json_rows("names", name=Text())
_path = func.replace(changed_files.c.filename, "\\", "/")
# The folder of a path: all characters but slashes are trimmed off its end.
_folder = func.rtrim(_path, func.replace(_path, "/", ""))
_base_name = func.lower(func.substr(_path, func.length(_folder) + 1))
_OF_NAMES = (
    select(
        commits.c.id,
        commits.c.author_id,
        commits.c.created_at,
        release_commits.c.release_id,
        changed_files.c.filename,
    )
    .select_from(IDS)
    .join(release_commits, release_commits.c.release_id == IDS.c.id)
    .join(changed_files, changed_files.c.commit_id == release_commits.c.commit_id)
    .join(commits, commits.c.id == release_commits.c.commit_id)
    .where(
        _base_name.in_(select(_NAMES.c.name)),
        # A file that a commit deleted is in no later stack.
        changed_files.c.change != Change.DELETED.value,
    )
    .order_by(commits.c.created_at.desc(), commits.c.id.desc(), changed_files.c.id)
    .limit(bindparam("most", type_=Integer))
)


def of_names(
    connection: Connection, release_ids: Collection[int], names: Collection[str]
) -> list[FileChange]:
    """Return the changes to files of these names (in lower case) by commits of these releases, newest first.

    Deletions are excluded.
    """
    parameters = {
        **ids_param(release_ids),
        **rows_param("names", ([each] for each in sorted(names))),
    }
    result = connection.execute(_OF_NAMES, {**parameters, "most": FILE_CHANGES_MAX})
    return [
        FileChange(
            commit_id=commit_id,
            author_id=author_id,
            at=at,
            release_id=release_id,
            filename=filename,
        )
        for commit_id, author_id, at, release_id, filename in result
    ]
