"""A running server and the real clients. Each test has an organization of its own, so none sees another's traces."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from conformance.clients import CLI2, CLI3, NEW, Client, Kind
from conformance.git import Checkout, checkout
from conformance.servers import Organization, Server, postgresql, running

Connects = Callable[..., Client]


def pytest_configure(config: pytest.Config) -> None:
    """Tell pytest the mark for the test that takes most of the time; it is part of every run all the same."""
    config.addinivalue_line("markers", "slow: takes half a minute")


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server on SQLite."""
    with running(tmp_path_factory.mktemp("conformance") / "data") as it:
        yield it


@pytest.fixture(scope="session")
def server_on_postgresql(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server on PostgreSQL."""
    folder = tmp_path_factory.mktemp("conformance-postgresql")
    with postgresql() as url, running(folder / "data", url) as it:
        yield it


@pytest.fixture
def organization(server: Server) -> Organization:
    """A new organization."""
    return server.organization()


@pytest.fixture
def connects(tmp_path: Path) -> Connects:
    """Gives a client its credentials: those of the organization's owner, unless a token is given."""

    def connect(kind: Kind, organization: Organization, token: str | None = None) -> Client:
        home = tmp_path / f"home-{len(list(tmp_path.iterdir()))}"
        home.mkdir()
        token = token or organization.token
        return Client(kind=kind, organization=organization, home=home, token=token)

    return connect


#: What the older client sends in releases and files, the newer one sends too.
OLDER = pytest.param(CLI2, marks=pytest.mark.exhaustive)


@pytest.fixture(params=[OLDER, CLI3], ids=lambda kind: kind.name)
def cli(request: pytest.FixtureRequest, organization: Organization, connects: Connects) -> Client:
    """Each version of sentry-cli."""
    return connects(request.param, organization)


@pytest.fixture(params=[OLDER, CLI3, NEW], ids=lambda kind: kind.name)
def client(
    request: pytest.FixtureRequest, organization: Organization, connects: Connects
) -> Client:
    """Each client."""
    return connects(request.param, organization)


@pytest.fixture
def repository(tmp_path: Path) -> Checkout:
    """A git repository with three commits."""
    return checkout(tmp_path / "repository")
