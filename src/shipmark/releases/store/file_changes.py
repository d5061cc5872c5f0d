"""Changes of files by commits of releases, by base name.

There may be millions of changed files: queries reach them through the releases' commits and compare their base names
in the database, so that only matches are transferred.
"""

from collections.abc import Collection

import sqlalchemy as sa

from shipmark.infrastructure.database import IDS, ids_param, json_rows, values_param
from shipmark.infrastructure.row_reader import RowReader
from shipmark.infrastructure.text_search import lower_case
from shipmark.releases.model import FileChange
from shipmark.releases.store.commits import release_commits
from shipmark.repositories.model import Change
from shipmark.repositories.store import changed_files, commits

#: Of a name that is everywhere, only the newest changes are read.
FILE_CHANGES_MAX = 5000

_NAMES = json_rows("names", name=sa.Text())
_path = sa.func.replace(changed_files.c.filename, "\\", "/")
# The folder of a path: all characters but slashes are trimmed off its end.
_folder = sa.func.rtrim(_path, sa.func.replace(_path, "/", ""))
_base_name: sa.ColumnElement[str] = sa.func.substr(_path, sa.func.length(_folder) + 1)
_FILE_CHANGE = RowReader(
    FileChange,
    commits,
    commit_id=commits.c.id,
    at=commits.c.created_at,
    release_id=release_commits.c.release_id,
    filename=changed_files.c.filename,
)
_OF_COMMITS = (
    _FILE_CHANGE.select()
    .select_from(IDS)
    .join(release_commits, release_commits.c.release_id == IDS.c.id)
    .join(changed_files, changed_files.c.commit_id == release_commits.c.commit_id)
    .join(commits, commits.c.id == release_commits.c.commit_id)
    # A file that a commit deleted is in no later stack.
    .where(changed_files.c.change != Change.DELETED.value)
    .order_by(commits.c.created_at.desc(), commits.c.id.desc(), changed_files.c.id)
    .limit(sa.bindparam("most", type_=sa.Integer))
)
_OF_NAMES = _OF_COMMITS.where(lower_case(_base_name).in_(sa.select(_NAMES.c.name)))
_OF_ASCII_NAMES = _OF_COMMITS.where(sa.func.lower(_base_name).in_(sa.select(_NAMES.c.name)))


def of_names(
    connection: sa.Connection, release_ids: Collection[int], names: Collection[str]
) -> list[FileChange]:
    """Return the changes to files of these names (in lower case) by commits of these releases, newest first.

    Deletions are excluded.
    """
    rows = values_param("names", names)
    parameters = {**ids_param(release_ids), **rows, "most": FILE_CHANGES_MAX}
    query = _OF_ASCII_NAMES if all(map(str.isascii, names)) else _OF_NAMES
    return _FILE_CHANGE.all(connection, query, parameters)
