"""Is the database what the events that were sent make it? Everything that is counted is counted again."""

import itertools
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from small_events import PROJECTS, SESSION_PACKAGE, Sent, SmallEvent, event_of, number_of

_EVENTS = """
SELECT e.id, e.event_id, p.slug, e.issue_id, e.release_id, r.version, e.environment_id, n.name, e.received_at
FROM events e JOIN projects p ON p.id = e.project_id
LEFT JOIN releases r ON r.id = e.release_id JOIN environments n ON n.id = e.environment_id
ORDER BY e.id
"""
#: The sessions of each release, in all environments and buckets.
_SESSIONS = """
SELECT r.version, CAST(sum(c.sessions) AS INTEGER)
FROM health_counts c JOIN health_series s ON s.id = c.series_id JOIN releases r ON r.id = s.release_id
WHERE c.sessions > 0 GROUP BY r.version
"""
#: Releases that have events: others are known from sessions.
_WITH_EVENTS = (
    f"release_id NOT IN (SELECT id FROM releases WHERE version LIKE '{SESSION_PACKAGE}%')"
)
_SHOWN = 5


@dataclass(frozen=True, slots=True)
class Stored:
    """A stored event, with what was sent."""

    sent: SmallEvent
    project: str
    issue_id: int
    release_id: int | None
    version: str | None
    environment_id: int
    environment: str
    received_at: Any


class Recount:
    """Counts again what a database holds; `problems` says what differs."""

    def __init__(self, connection: sa.Connection, sent: Sent) -> None:
        self._connection, self._sent = connection, sent
        rows = self._rows(_EVENTS)
        self.stored = [Stored(event_of(number_of(row[1])), *row[2:]) for row in rows]
        self._ids = [row[1] for row in rows]
        self._first: dict[int, Stored] = {}
        self._first_in: dict[tuple[int, int], Stored] = {}
        for each in self.stored:
            self._first.setdefault(each.issue_id, each)
            self._first_in.setdefault((each.issue_id, each.environment_id), each)
        self.regressions = len(
            self._rows("SELECT id FROM issue_activities WHERE type = 'set_regression'")
        )
        self.sessions = dict(self._rows(_SESSIONS))
        self._project_ids = dict(self._rows("SELECT slug, id FROM projects"))

    def problems(self) -> Iterator[str]:
        """Return a sentence for everything that is wrong."""
        yield from self._lost_and_doubled()
        yield from self._contents()
        yield from self._issues()
        yield from self._releases()
        yield from self._states()
        yield from self._sessions()
        if frames := self._rows("SELECT error FROM quarantined_frames"):
            yield f"{len(frames)} frames are set aside: {frames[0][0]}"

    def _lost_and_doubled(self) -> Iterator[str]:
        numbers = {number_of(event_id) for event_id in self._ids}
        lost = self._sent.acknowledged - numbers
        if lost:
            yield f"{len(lost)} acknowledged events are lost: {sorted(lost)[:_SHOWN]}"
        if len(numbers) < len(self._ids):
            yield f"{len(self._ids) - len(numbers)} events are stored twice"
        if unknown := {number for number in numbers if not 0 <= number < self._sent.count}:
            yield f"{len(unknown)} stored events were never sent"
        yield from self._differences(
            "accepted_events of projects",
            Counter(self._project_ids[each.project] for each in self.stored),
            self._accepted("error"),
        )

    def _contents(self) -> Iterator[str]:
        wrong = [
            each.sent.event_id
            for each in self.stored
            if (each.project, each.version, each.environment)
            != (each.sent.project, each.sent.release, each.sent.environment)
        ]
        if wrong:
            yield f"{len(wrong)} events have another project, release or environment: {wrong[:_SHOWN]}"
        groups = {(each.sent.project, each.sent.issue, each.issue_id) for each in self.stored}
        names = {(project, issue) for project, issue, _ in groups}
        if not len(groups) == len(names) == len({issue_id for *_, issue_id in groups}):
            yield f"{len(names)} kinds of errors are {len(groups)} issues"
        yield from self._differences(
            "issues",
            dict.fromkeys(self._first, 1),
            Counter(self._column("SELECT id FROM issues")),
        )
        yield from self._differences(
            "issues of hashes",
            dict.fromkeys(self._first, 1),
            Counter(self._column("SELECT DISTINCT issue_id FROM issue_hashes")),
        )
        versions = Counter(self._column("SELECT version FROM releases"))
        yield from self._differences(
            "releases",
            {it.version: 1 for it in self.stored if it.version} | dict.fromkeys(self.sessions, 1),
            versions,
        )

    def _issues(self) -> Iterator[str]:
        seen = Counter(each.issue_id for each in self.stored)
        users = defaultdict[int, set[str]](set)
        for each in self.stored:
            if each.sent.user is not None:
                users[each.issue_id].add(each.sent.user)
        tags = Counter(
            (each.issue_id, key, value)
            for each in self.stored
            for key, value in (("release", each.version), ("user", _tagged(each.sent.user)))
            if value is not None
        )
        yield from self._differences(
            "issue_tags",
            tags,
            self._keyed(
                "SELECT issue_id, key, value, event_count FROM issue_tags WHERE key IN ('release', 'user')"
            ),
        )
        expected = {
            issue_id: (count, len(users[issue_id]), self._first[issue_id].release_id)
            for issue_id, count in seen.items()
        }
        rows = self._rows("SELECT id, times_seen, user_count, first_release_id FROM issues")
        yield from self._differences(
            "times_seen, user_count and first release of issues",
            expected,
            {issue_id: tuple(rest) for issue_id, *rest in rows},
        )
        yield from self._differences(
            "issue_users",
            {issue_id: len(each) for issue_id, each in users.items() if each},
            Counter(self._column("SELECT issue_id FROM issue_users")),
        )
        numbers = self._rows("SELECT project_id, count(*), max(number) FROM issues GROUP BY 1")
        for project_id, count, highest in numbers:
            if count != highest:
                yield f"project {project_id} has {count} issues, the last has the number {highest}"

    def _releases(self) -> Iterator[str]:
        released = [each for each in self.stored if each.release_id is not None]
        places = {self._place(each) for each in released}
        new = Counter(
            self._place(each)[:2] for each in self._first.values() if each.release_id is not None
        )
        yield from self._differences(
            "new_issue_count of release_projects",
            {key: new[key] for key in {place[:2] for place in places}},
            self._keyed(
                f"SELECT release_id, project_id, new_issue_count FROM release_projects WHERE {_WITH_EVENTS}"
            ),
        )
        new_in = Counter(
            self._place(each) for each in self._first_in.values() if each.release_id is not None
        )
        yield from self._differences(
            "new_issue_count of release_environments",
            {place: new_in[place] for place in places},
            self._keyed(
                "SELECT release_id, project_id, environment_id, new_issue_count FROM release_environments"
                f" WHERE {_WITH_EVENTS}"
            ),
        )
        last: dict[Any, Any] = {}
        for each in released:
            key = each.issue_id, each.release_id, each.environment_id
            last[key] = max(each.received_at, last.get(key, each.received_at))
        yield from self._differences(
            "issue_releases",
            last,
            self._keyed(
                "SELECT issue_id, release_id, environment_id, last_seen_at FROM issue_releases"
            ),
        )
        yield from self._differences(
            "issue_environments",
            {key: each.release_id for key, each in self._first_in.items()},
            self._keyed(
                "SELECT issue_id, environment_id, first_release_id FROM issue_environments"
            ),
        )

    def _place(self, each: Stored) -> tuple[Any, Any, Any]:
        return each.release_id, self._project_ids[each.project], each.environment_id

    def _states(self) -> Iterator[str]:
        """An unresolved issue is in the inbox once; resolving and reopening take turns."""
        unresolved = self._column("SELECT id FROM issues WHERE status = 'unresolved'")
        inbox = Counter(self._column("SELECT issue_id FROM inbox"))
        yield from self._differences("inbox", dict.fromkeys(unresolved, 1), inbox)
        steps = defaultdict[int, list[str]](list)
        for issue_id, type_ in self._rows(
            "SELECT issue_id, type FROM issue_activities ORDER BY id"
        ):
            steps[issue_id].append(type_)
        for issue_id, types in steps.items():
            if any(one == other for one, other in itertools.pairwise(types)):
                yield f"the activity of issue {issue_id} has a step twice: {types[-_SHOWN:]}"

    def _sessions(self) -> Iterator[str]:
        """Each acknowledged session is counted once; of one whose connection broke that is unknown."""
        sure, unsure = self._sent.sessions, self._sent.unsure_sessions
        certain = {version: count for version, count in sure.items() if version not in unsure}
        found = {version: n for version, n in self.sessions.items() if version not in unsure}
        yield from self._differences("sessions of releases", certain, found)
        for version, most in unsure.items():
            count, least = self.sessions.get(version, 0), sure[version]
            if not least <= count <= least + most:
                yield f"sessions of {version}: {count}, not {least} to {least + most}"
        counted = {self._project_ids[PROJECTS[0]]: sum(self.sessions.values())}
        yield from self._differences("accepted sessions", counted, self._accepted("session"))

    def _accepted(self, category: str) -> dict[int, int]:
        query = (
            "SELECT project_id, CAST(sum(quantity) AS INTEGER) FROM accepted_events"
            f" WHERE category = '{category}' GROUP BY 1"
        )
        return dict(self._rows(query))

    def _differences(self, what: str, expected: Any, found: Any) -> Iterator[str]:
        wrong = [key for key in {*expected, *found} if expected.get(key) != found.get(key)]
        if wrong:
            key = wrong[0]
            yield f"{what}: {len(wrong)} differ, such as {key}: {found.get(key)}, not {expected.get(key)}"

    def _keyed(self, query: str) -> dict[Any, Any]:
        return {tuple(key): value for *key, value in self._rows(query)}

    def _column(self, query: str) -> list[Any]:
        return [value for (value,) in self._rows(query)]

    def _rows(self, query: str) -> list[Any]:
        return [tuple(row) for row in self._connection.execute(sa.text(query))]


def _tagged(user: str | None) -> str | None:
    """Return the value of the tag of a user."""
    return None if user is None else f"id:{user}"
