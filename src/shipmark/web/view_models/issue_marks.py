"""The releases of an issue's project in a range of time, which the chart of its events marks."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from shipmark.deploys.store.live_deploys import between
from shipmark.issues.model import IssueActivityType
from shipmark.releases.model import ReleaseFilter, ReleaseSort
from shipmark.releases.store import list_query
from shipmark.web.template_filters import short_version
from shipmark.web.view_models.issue import IssuePage
from shipmark.web.view_models.live_now import production_first

#: Marks of a chart: the newest, after those that the issue was first seen, resolved or regressed in.
MARKS_MAX = 12
#: Deploys, or releases where there is none, that are read at most: the newest.
_DEPLOYS_MAX = 200
_RELEASES_MAX = 50
_WORDS = {
    IssueActivityType.SET_REGRESSION: "regressed",
    IssueActivityType.SET_RESOLVED_IN_RELEASE: "resolved",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleaseMark:
    """When a release came to where its project runs, and ``event`` in words.

    ``word`` is what it did to the issue, if it did something.
    """

    version: str
    at: datetime
    event: str
    word: str

    @property
    def label(self) -> str:
        """Return the release, and what it did."""
        return f"{short_version(self.version)} {self.word}".strip()


def release_marks(
    connection: Connection, content: IssuePage, start: datetime, end: datetime
) -> list[ReleaseMark]:
    """Return the releases that came in the range, by two statements: those of the issue first, then the newest.

    They are those that were deployed; of a project without deploys in the range, those that were created or released.
    """
    words = _words(content)
    moments = _deployed(connection, content, start, end)
    created = _created(connection, content, start)
    marks = [
        ReleaseMark(version=version, at=at, event=event, word=words.get(version, ""))
        for version, (at, event) in (moments or created).items()
        if start <= at <= end
    ]
    marks.sort(key=lambda mark: (bool(mark.word), mark.at), reverse=True)
    return marks[:MARKS_MAX]


def _words(content: IssuePage) -> Mapping[str, str]:
    """Return what releases did to the issue last, by their versions."""
    words = dict[str, str]()
    for item in content.activity:
        if item.version and item.type in _WORDS:
            words.setdefault(item.version, _WORDS[item.type])
    if content.first_release:
        words.setdefault(content.first_release.version, "first seen")
    return words


def _deployed(
    connection: Connection, content: IssuePage, start: datetime, end: datetime
) -> Mapping[str, tuple[datetime, str]]:
    """Return the first deploy of each release, to production if it came there."""
    issue = content.issue
    ids = [content.project.id]
    deploys = between(connection, issue.organization_id, ids, start, end, limit=_DEPLOYS_MAX)
    moments = dict[str, tuple[datetime, str]]()
    for deploy in sorted(deploys, key=lambda each: (production_first(each)[0], each.finished_at)):
        event = f"deployed to {deploy.environment}"
        moments.setdefault(deploy.version, (deploy.finished_at, event))
    return moments


def _created(
    connection: Connection, content: IssuePage, start: datetime
) -> Mapping[str, tuple[datetime, str]]:
    created_since = ReleaseFilter(
        organization_id=content.issue.organization_id,
        project_ids=(content.project.id,),
        status=None,
        shipped_from=start,
    )
    rows = list_query.page(
        connection, created_since, ReleaseSort.EFFECTIVE_DATE, limit=_RELEASES_MAX
    )
    return {
        row.release.version: (
            row.release.shipped_at,
            "released" if row.release.released_at else "created",
        )
        for row in rows
    }
