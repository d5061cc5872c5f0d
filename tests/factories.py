"""What is given in tests: the people, builders for what they send, and ways to look at what came of it."""

import itertools
import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from httpx import Client, Response
from sqlalchemy import Connection, Table, event, func, select

from shipmark.accounts import actions as accounts
from shipmark.accounts import store as account_store
from shipmark.accounts.model import ALL_SCOPES
from shipmark.events import store as events
from shipmark.events.parsing import Event
from shipmark.events.store import PackedEvent
from shipmark.infrastructure.database import Database, metadata
from shipmark.issues.actions import ingest_events
from shipmark.issues.actions.arrivals import Arrival
from shipmark.issues.actions.ingest_events import IngestResult
from shipmark.organizations import actions as organizations
from shipmark.organizations import store as organization_store
from shipmark.organizations.model import Role
from shipmark.projects import actions as projects
from shipmark.projects.model import Project
from shipmark.publishing.model import PublishContext
from shipmark.releases.model import Release
from shipmark.releases.store.environments import SeenRelease, record_events
from shipmark.symbolication import waits

ADDRESS = "https://ship.example.com"
BEGINNING = datetime(2026, 1, 5, 9, tzinfo=UTC)

ALICE = "alice@example.com"
BOB = "bob@example.com"
CHARLIE = "charlie@example.com"
PASSWORD = "correct horse battery"

#: For facts that no database has a say in: one is enough.
on_one_database = pytest.mark.parametrize("kind", ["sqlite"])

NO_CREDENTIALS = {"detail": "Authentication credentials were not provided."}
NOT_ALLOWED = {"detail": "You do not have permission to perform this action."}
NOT_FOUND = {"detail": "The requested resource does not exist"}


@dataclass(frozen=True, slots=True)
class World:
    """What every database of the tests begins with; ``tokens`` are by the address of their owner.

    Alice owns acme, Bob is a member on its team core, which owns its projects web and mobile; nobody's team owns
    its project tools. Charlie owns globex, which has a project web too, and is a stranger to acme.
    """

    tokens: Mapping[str, str]
    organization_token: str
    users: Mapping[str, int]
    organizations: Mapping[str, int]
    projects: Mapping[str, int]
    keys: Mapping[str, str]


def settle(connection: Connection) -> World:
    """Make the people, organizations and projects that every test may count on."""
    users = {
        email: accounts.create_user(
            connection, email, email.partition("@")[0].capitalize(), PASSWORD, BEGINNING
        )
        for email in (ALICE, BOB, CHARLIE)
    }
    acme = organizations.create(connection, "acme", "Acme", BEGINNING)
    globex = organizations.create(connection, "globex", "Globex", BEGINNING)
    core = organizations.create_team(connection, acme, "core", "Core", BEGINNING)
    sales = organizations.create_team(connection, globex, "sales", "Sales", BEGINNING)
    members = (
        (acme, ALICE, Role.OWNER, []),
        (acme, BOB, Role.MEMBER, ["core"]),
        (globex, CHARLIE, Role.OWNER, ["sales"]),
    )
    for organization, email, role, teams in members:
        organizations.add_member(connection, organization, users[email], role, teams, BEGINNING)
    made = {
        name: projects.create(
            connection,
            organization,
            slug=name.rpartition("/")[2],
            name="",
            platform=None,
            teams=teams,
            key=(f"{number:032x}", f"{number + 16:032x}"),
            at=BEGINNING,
        )
        for number, (name, organization, teams) in enumerate(
            [
                ("web", acme, [core]),
                ("mobile", acme, [core]),
                ("tools", acme, []),
                ("globex/web", globex, [sales]),
            ],
            start=1,
        )
    }
    return World(
        tokens={
            email: accounts.add_token(
                connection, user, ALL_SCOPES, "tests", str(number) * 64, BEGINNING
            )[1]
            for number, (email, user) in enumerate(users.items())
        },
        organization_token=organizations.add_token(
            connection,
            acme,
            name="tests",
            address=ADDRESS,
            secret=b"t" * 32,
            by=users[ALICE],
            at=BEGINNING,
        )[1],
        users={email: user.id for email, user in users.items()},
        organizations={"acme": acme.id, "globex": globex.id},
        projects={name: project.id for name, project in made.items()},
        keys={name: f"{number:032x}" for number, name in enumerate(made, start=1)},
    )


@dataclass(frozen=True, slots=True)
class Caller:
    """Somebody who calls the API: with a token, or without credentials where it is null. Paths begin in ``/api/0``."""

    client: Client
    token: str | None = None

    @property
    def headers(self) -> dict[str, str]:
        """What the caller says of themselves in each request."""
        return {"Authorization": f"Bearer {self.token}"} if self.token else {}

    def get(self, path: str, **more: Any) -> Response:
        """Ask."""
        return self._request("GET", path, **more)

    def post(self, path: str, body: object = None, **more: Any) -> Response:
        """Send a JSON body, or ``content=`` as it is."""
        return self._request("POST", path, body, **more)

    def put(self, path: str, body: object = None, **more: Any) -> Response:
        """Send a JSON body, or ``content=`` as it is."""
        return self._request("PUT", path, body, **more)

    def delete(self, path: str, **more: Any) -> Response:
        """Delete."""
        return self._request("DELETE", path, **more)

    def publish(self, version: str, *projects: str, **more: object) -> dict[str, Any]:
        """Publish a release of acme, in project web unless others are named; says what was answered."""
        answer = self.post(RELEASES, release(version, *projects, **more))
        assert answer.status_code in {201, 208}, answer.text
        shown: dict[str, Any] = answer.json()
        return shown

    def _request(self, method: str, path: str, body: object = None, **more: Any) -> Response:
        headers = self.headers | more.pop("headers", {})
        if body is not None:
            more["content"] = json.dumps(body)
            headers = {"Content-Type": "application/json"} | headers
        return self.client.request(method, f"/api/0{path}", headers=headers, **more)


#: Makes a caller with a fresh token of few scopes: ``bearer(scopes=[...], user=BOB)``.
Bearer = Callable[..., Caller]

RELEASES = "/organizations/acme/releases/"
REPOSITORIES = "/organizations/acme/repos/"
WEB_RELEASES = "/projects/acme/web/releases/"


def release_path(version: str, child: str = "", organization: str = "acme") -> str:
    """The address of a release, or of something below it."""
    return f"/organizations/{organization}/releases/{version}/{child}"


def release(version: str = "web@1.0.0", *projects: str, **more: object) -> dict[str, object]:
    """The body that publishes a release, in project web unless others are named."""
    return {"version": version, "projects": list(projects or ["web"]), **more}


def commit(key: str = "a" * 40, **more: object) -> dict[str, object]:
    """A commit as ``set-commits`` sends it; ``key="7"`` is spread to 40 digits. Null leaves a field out."""
    given: dict[str, object] = {
        "id": key.ljust(40, "f") if len(key) < 8 else key,
        "repository": "acme/web",
        "author_name": "Ada",
        "author_email": "ada@example.com",
        "timestamp": "2026-01-04T10:00:00Z",
        "message": "Tidy up",
    }
    return {name: value for name, value in (given | more).items() if value is not None}


def ago(**length: int) -> datetime:
    """A moment in the last weeks, without microseconds: events that are older count as of now (ingest.md 2)."""
    return datetime.now(UTC).replace(microsecond=0) - timedelta(**length)


def written(moment: datetime) -> str:
    """A moment as answers write it."""
    return moment.isoformat().replace("+00:00", "Z")


_event_ids = itertools.count(1)


def error_event(value: str = "boom", **more: object) -> dict[str, object]:
    """An error event as an SDK sends it; events with one ``value`` are of one issue."""
    given: dict[str, object] = {
        "event_id": f"{next(_event_ids):032x}",
        "platform": "python",
        "exception": {"values": [{"type": "ValueError", "value": value}]},
        "fingerprint": [value],
    }
    return given | more


def envelope(payload: Mapping[str, object], *items: bytes, **headers: object) -> bytes:
    """An envelope with one event, and other items as they are."""
    body = json.dumps(payload).encode()
    head = json.dumps({"event_id": payload.get("event_id"), **headers}).encode()
    item = json.dumps({"type": "event", "length": len(body)}).encode()
    return b"\n".join([head, item, body, *items])


def arrival(project: Project, event: Event, payload: dict[str, object] | None = None) -> Arrival:
    """An event that comes in for a project, with its payload where that counts."""
    content = payload or {}
    awaited = waits.keys_of(event.release, content)
    packed = PackedEvent(event, events.packed(events.encoded(content)), awaited)
    return Arrival(project=project, packed=packed)


def ingest(
    connection: Connection,
    project: Project,
    event: Event,
    payload: dict[str, object] | None = None,
) -> IngestResult:
    """Ingest a single event."""
    return ingest_events.ingest(connection, [arrival(project, event, payload)]).results[0]


def publish_context(database: Database, world: World, at: datetime) -> PublishContext:
    """Return the context of a publish by Alice in acme."""
    with database.snapshot() as connection:
        organization = organization_store.by_slug(connection, "acme")
    assert organization is not None
    return PublishContext(
        organization=organization, user_id=world.users[ALICE], host="ship.example.com", now=at
    )


def record_event(
    connection: Connection, release: Release, project_id: int, environment_id: int, at: datetime
) -> None:
    """Record that a release was seen in an environment of a project."""
    seen = SeenRelease(
        release=release,
        project_id=project_id,
        environment_id=environment_id,
        first_at=at,
        last_at=at,
    )
    record_events(connection, [seen])


def send_event(client: Client, dsn_key: str, project_id: int, event: Mapping[str, object]) -> str:
    """Let an SDK send an event, which must be accepted; says its id."""
    answer = client.post(
        f"/api/{project_id}/envelope/",
        content=envelope(event),
        headers={"X-Sentry-Auth": f"Sentry sentry_version=7, sentry_key={dsn_key}"},
    )
    assert answer.status_code == 200, answer.text
    event_id: str = answer.json()["id"]
    return event_id


Row = tuple[object, ...]


def dump(database: Database) -> dict[str, list[Row]]:
    """All rows of all tables."""
    with database.snapshot() as connection:
        return {
            table.name: [tuple(row) for row in connection.execute(_in_order(table))]
            for table in _tables()
        }


def counts(database: Database) -> Counter[str]:
    """How many rows each table has."""
    with database.snapshot() as connection:
        return Counter(
            {
                table.name: connection.execute(select(func.count()).select_from(table)).scalar_one()
                for table in _tables()
            }
        )


def rows(database: Database, name: str) -> list[dict[str, Any]]:
    """The rows of a table, in the order of its key."""
    table = metadata.tables[name]
    with database.snapshot() as connection:
        return [dict(row._mapping) for row in connection.execute(_in_order(table))]


def _tables() -> list[Table]:
    """The tables of what there is. How far logs were read says nothing of it."""
    return [table for table in metadata.sorted_tables if table.name != "digest_positions"]


def _in_order(table: Table) -> Any:
    query = select(table).order_by(*table.primary_key.columns)
    return query.execution_options(is_any_order=True)


@dataclass(slots=True)
class Statements:
    """The SQL statements of a block."""

    texts: list[str] = field(default_factory=list)

    @property
    def count(self) -> int:
        """How many there were."""
        return len(self.texts)


@contextmanager
def statements(database: Database) -> Iterator[Statements]:
    """Count the SQL statements that the block causes; beginning and ending transactions are none."""
    found = Statements()

    def note(_c: object, _k: object, statement: str, *_: object) -> None:
        if not statement.startswith("BEGIN"):
            found.texts.append(statement)

    event.listen(database.engine, "before_cursor_execute", note)
    try:
        yield found
    finally:
        event.remove(database.engine, "before_cursor_execute", note)


MASK = "<masked>"


def masked(value: Any, *names: str) -> Any:
    """The answer with the values of those keys masked, at any depth."""
    if isinstance(value, dict):
        return {
            key: MASK if key in names and it is not None else masked(it, *names)
            for key, it in value.items()
        }
    if isinstance(value, list):
        return [masked(it, *names) for it in value]
    return value


def slugs(shown: Mapping[str, Any]) -> list[str]:
    """The projects of a release that was answered, sorted."""
    return sorted(project["slug"] for project in shown["projects"])


def give_user_token(
    database: Database, email: str, scopes: Sequence[str], secret: str, at: datetime
) -> str:
    """Make a token of a known user."""
    with database.transaction() as connection:
        user = account_store.by_email(connection, email)
        assert user is not None
        return accounts.add_token(connection, user, scopes, "few", secret, at)[1]


def give_role(database: Database, world: World, email: str, role: Role) -> None:
    """Let somebody of acme have another role."""
    with database.transaction() as connection:
        acme = world.organizations["acme"]
        member = organization_store.member_who_is(connection, acme, world.users[email])
        assert member is not None
        organization_store.set_role(connection, member.id, role)
