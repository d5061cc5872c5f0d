"""A server in process with an organization, and people who may see it, or not."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from applications import Portal, application, running_portal
from database_fixtures import Copies
from factories import ingest
from litestar.testing import TestClient
from sessions import aggregates, fold, health_aggregates
from sqlalchemy import event as sqlalchemy_event

from shipmark.accounts import actions as accounts
from shipmark.accounts.model import User
from shipmark.deploys import actions as deploys
from shipmark.deploys.model import NewDeploy
from shipmark.events import parsing
from shipmark.infrastructure.blobs import Blobs
from shipmark.infrastructure.clock import now
from shipmark.infrastructure.database import Database, metadata
from shipmark.infrastructure.ids import hex32
from shipmark.infrastructure.settings import Settings
from shipmark.ingest.standing_refresh import refresh_some
from shipmark.organizations import actions as organizations
from shipmark.organizations import store as organization_store
from shipmark.organizations.model import Organization, Role
from shipmark.projects import actions as projects
from shipmark.projects.model import Project
from shipmark.publishing import actions as publishing
from shipmark.publishing.actions import PublishContext
from shipmark.publishing.model import CommitsAndRefs, ReleaseInput
from shipmark.releases.model import Release
from shipmark.releases.store import projects as release_projects
from shipmark.repositories.model import Change, CommitInput
from shipmark.verdicts import actions as verdicts

PASSWORD = "correct horse battery"
COOKIE = "shipmark_session"

OpenBrowser = Callable[..., TestClient[Any]]


@dataclass
class House:
    """The organization ``acme`` with its project ``web``, and what tests do to it."""

    database: Database
    organization: Organization
    project: Project
    owner: User

    def person(self, email: str, role: Role | None, *, teams: tuple[str, ...] = ()) -> User:
        """Somebody with an account, and with a role a member."""
        with self.database.transaction() as connection:
            user = accounts.create_user(connection, email, "", None, now())
            if role is not None:
                organizations.add_member(
                    connection, self.organization, user, role, list(teams), now()
                )
        return user

    def extra_project(self, slug: str) -> Project:
        """A project of nobody's team."""
        with self.database.transaction() as connection:
            return projects.create(
                connection,
                self.organization,
                slug=slug,
                name=slug.title(),
                platform=None,
                teams=[],
                key=(hex32(), hex32()),
                at=now(),
            )

    def close(self) -> None:
        """End open membership."""
        with self.database.engine.begin() as connection:
            connection.exec_driver_sql("UPDATE organizations SET is_open = 0")

    def publish(
        self,
        version: str,
        *,
        project: Project | None = None,
        at: datetime | None = None,
        **said: Any,
    ) -> Release:
        """Publish a release with a commit."""
        message = said.pop("message", "Do something")
        commit = CommitInput(
            sha=said.pop("sha", uuid4().hex),
            repository="acme/web",
            message=message,
            author_name=said.pop("author_name", "Ada Lovelace"),
            author_email=said.pop("author_email", "ada@example.com"),
            at=now(),
            changes=(("shop/cart.py", Change.MODIFIED),),
        )
        publication = ReleaseInput(
            version=version,
            projects=(project or self.project,),
            code=CommitsAndRefs(commits=(commit,)),
            released_at=said.pop("released_at", now()),
            **said,
        )
        around = PublishContext(
            organization=self.organization,
            user_id=self.owner.id,
            host="testserver.local",
            now=at or now(),
        )
        with self.database.transaction() as connection:
            return publishing.publish(connection, publication, around).release

    def deploy(self, release: Release, environment: str) -> None:
        """Record a deploy to all of the release's projects."""
        with self.database.transaction() as connection:
            attached = release_projects.of_releases(connection, [release.id])[release.id]
            new = NewDeploy(environment=environment, finished_at=now())
            deploys.record(connection, release, new, [it.project_id for it in attached], None)

    def fail(self, version: str, value: str = "something is None", **payload: Any) -> int:
        """Take in an error event; says the issue's id."""
        at = now() - timedelta(minutes=1)
        frames = [
            {"function": "run", "filename": "server.py", "lineno": 7, "in_app": False},
            {"function": "checkout", "filename": "shop/cart.py", "lineno": 41, "in_app": True}
            | {"vars": {"password": "hunter2"}},
        ]
        raised = {"type": "ValueError", "value": value, "stacktrace": {"frames": frames}}
        sent = {"release": version, "timestamp": at.timestamp(), "platform": "python"}
        sent |= {"exception": {"values": [raised]}, "extra": {"environ": "hunter2"}} | payload
        event = parsing.read(sent, event_id=hex32(), received_at=now(), drift=timedelta())
        with self.database.transaction() as connection:
            taken = ingest(connection, self.project, event, sent)
        assert taken.issue_id is not None
        return taken.issue_id

    def use(
        self,
        version: str,
        sessions: int,
        crashed: int = 0,
        *,
        hours: Iterable[float] = (1,),
        users: int = 0,
        unhandled: int = 0,
        environment: str = "production",
        project: Project | None = None,
    ) -> None:
        """Count sessions of each of some hours ago: of unknown users, or evenly of some, the last with the crashes."""
        exited = sessions - crashed - unhandled
        entries = [{"exited": exited, "crashed": crashed, "unhandled": unhandled}]
        if users:
            entries = [
                {"did": f"user-{number}", "exited": sessions // users} for number in range(users)
            ]
            entries[-1] |= {"exited": sessions // users - crashed, "crashed": crashed}
        sent = aggregates(*entries, release=version, environment=environment)
        at = now()
        updates = [
            update
            for before in hours
            for update in health_aggregates(sent, at - timedelta(hours=before))
        ]
        with self.database.transaction() as connection:
            fold(connection, (project or self.project).id, updates, at)
        while refresh_some(self.database, at):
            pass

    def regress(self, environment: str = "production", *, project: Project | None = None) -> None:
        """Let web@2.0.0 crash in an environment in which web@1.0.0 did not, and judge it."""
        place: Any = {"environment": environment, "project": project}
        self.use("web@1.0.0", 2_000, 10, hours=range(2, 42), **place)
        self.use("web@2.0.0", 400, 60, **place)
        self.judge()

    def judge(self) -> None:
        """Store the verdicts on all releases, as a job does each minute."""
        with self.database.transaction() as connection:
            while verdicts.evaluate_due(connection, now()):
                pass

    def newest_note(self) -> str:
        """What the newest entry of the audit log says."""
        with self.database.snapshot() as connection:
            entries = organization_store.entries_of(
                connection, self.organization.id, organization_store.AuditFilter(), None, limit=1
            )
        return entries[0].note

    def sign_in(self, client: TestClient[Any], user: User) -> None:
        """Give the client a session of the user, without the slow check of a password."""
        secret = uuid4().hex
        with self.database.transaction() as connection:
            accounts.sign_in(connection, user.id, secret, now())
        client.cookies.set(COOKIE, secret)


@pytest.fixture(scope="session")
def first_house(tmp_path_factory: pytest.TempPathFactory) -> House:
    """The house as it is before each test, in a file that is copied."""
    database = Database(f"sqlite:///{tmp_path_factory.mktemp('web') / 'first.db'}")
    metadata.create_all(database.engine)
    made = _made(database)
    database.close()
    return made


@pytest.fixture
def house(first_house: House, copies: Copies) -> Iterator[House]:
    """The organization and its people, fresh for each test."""
    with copies("sqlite", template=first_house.database.url) as database:
        yield replace(first_house, database=database)


@pytest.fixture(scope="session")
def threads() -> Iterator[Portal]:
    """Where the application runs; one for all tests, for the sake of speed."""
    with running_portal() as portal:
        yield portal


@pytest.fixture
def open_browser(house: House, blobs: Blobs, threads: Portal) -> OpenBrowser:
    """Opens browsers on a server with some settings, which runs no jobs."""

    def opened(**settings: Any) -> TestClient[Any]:
        server = application(Settings(**settings))
        server.state.database = house.database
        server.state.blobs = blobs
        client = TestClient(server, raise_server_exceptions=False)
        client.follow_redirects = False
        client.blocking_portal = threads
        return client

    return opened


@pytest.fixture
def member(house: House, open_browser: OpenBrowser) -> TestClient[Any]:
    """The browser of a member without further rights."""
    client = open_browser()
    house.sign_in(client, house.person("mia@example.com", Role.MEMBER))
    return client


@pytest.fixture
def browser(open_browser: OpenBrowser) -> TestClient[Any]:
    """A browser that is not signed in and follows no redirects."""
    return open_browser()


@pytest.fixture
def owner(house: House, browser: TestClient[Any]) -> TestClient[Any]:
    """The browser of the organization's owner."""
    house.sign_in(browser, house.owner)
    return browser


@pytest.fixture
def statements(house: House) -> Iterator[list[str]]:
    """The statements that the database was asked to run, as they come."""
    seen: list[str] = []

    def note(_c: Any, _u: Any, statement: str, *_: Any) -> None:
        seen.append(statement)

    # The engine outlives the test.
    sqlalchemy_event.listen(house.database.engine, "before_cursor_execute", note)
    yield seen
    sqlalchemy_event.remove(house.database.engine, "before_cursor_execute", note)


def _made(database: Database) -> House:
    at = now()
    with database.transaction() as connection:
        organization = organizations.create(connection, "acme", "Acme", at)
        team = organizations.create_team(connection, organization, "crew", "Crew", at)
        owner = accounts.create_user(connection, "owner@example.com", "Olive", PASSWORD, at)
        organizations.add_member(connection, organization, owner, Role.OWNER, ["crew"], at)
        project = projects.create(
            connection,
            organization,
            slug="web",
            name="Web",
            platform=None,
            teams=[team],
            key=(hex32(), hex32()),
            at=at,
        )
    return House(database, organization, project, owner)
