"""Any list of commits, published (releases.md 3.4)."""

from datetime import UTC, datetime, timedelta

import pytest
from database_fixtures import Copies
from factories import ALICE, World, dump, on_one_database, rows
from fuzzing import examples
from hypothesis import given, settings
from hypothesis import strategies as st

from shipmark.infrastructure.database import Database
from shipmark.organizations import store as organizations
from shipmark.projects import store as projects
from shipmark.publishing import actions
from shipmark.publishing.actions import PublishContext
from shipmark.publishing.model import CommitsAndRefs, ReleaseInput
from shipmark.releases.model import Release
from shipmark.repositories.model import CommitInput

AT = datetime(2026, 2, 1, 12, tzinfo=UTC)
FEW = settings(max_examples=examples(15), deadline=None)

COMMITS = st.builds(
    CommitInput,
    sha=st.text("abcdef0123456789", min_size=1, max_size=2),
    repository=st.sampled_from(["acme/web", "acme/api", None]),
    message=st.sampled_from(["Tidy up", "Fixes WEB-1", "Bump #skipsentry", "", None]),
    author_email=st.sampled_from(["ada@example.com", "grace@example.com", None]),
    at=st.none() | st.integers(-5, 5).map(lambda hours: AT + timedelta(hours=hours)),
)
LISTS = st.lists(COMMITS, min_size=1, max_size=12)
UNIQUE = st.lists(
    COMMITS, min_size=1, max_size=12, unique_by=lambda it: (it.sha, it.repository)
).map(tuple)


def publish(database: Database, world: World, commits: tuple[CommitInput, ...]) -> Release:
    with database.transaction() as connection:
        organization = organizations.by_slug(connection, "acme")
        assert organization is not None
        found = projects.by_ids(connection, [world.projects["web"]])
        publication = ReleaseInput(
            version="web@1.0.0",
            projects=tuple(found.values()),
            code=CommitsAndRefs(commits=commits),
        )
        around = PublishContext(
            organization=organization,
            user_id=world.users[ALICE],
            host="ship.example.com",
            now=AT,
        )
        return actions.publish(connection, publication, around).release


def bound(database: Database) -> list[str]:
    keys = {it["id"]: it["key"] for it in rows(database, "commits")}
    held = sorted(rows(database, "release_commits"), key=lambda it: it["position"])
    return [keys[it["commit_id"]] for it in held]


def in_order(commits: tuple[CommitInput, ...]) -> list[CommitInput]:
    """Newest first; those without a moment are the oldest, and equals stay in the order they came in."""
    kept = [it for it in commits if not it.is_skipped]
    return sorted(kept, key=lambda it: (it.at is None, -it.at.timestamp() if it.at else 0))


@on_one_database
@pytest.mark.usefixtures("kind")
def test_unique_commits_are_all_kept_newest_first(copies: Copies, world: World) -> None:
    @FEW
    @given(UNIQUE)
    def holds(commits: tuple[CommitInput, ...]) -> None:
        with copies("sqlite", is_settled=True) as database:
            publish(database, world, commits)
            assert bound(database) == [it.sha for it in in_order(commits)]

    holds()


@on_one_database
@pytest.mark.usefixtures("kind")
def test_the_count_is_of_all_that_are_not_skipped(copies: Copies, world: World) -> None:
    @FEW
    @given(LISTS.map(tuple))
    def holds(commits: tuple[CommitInput, ...]) -> None:
        with copies("sqlite", is_settled=True) as database:
            release = publish(database, world, commits)
            kept = in_order(commits)
            assert release.commit_count == len(kept)
            assert (release.last_commit_id is None) == (not kept)
            assert len(bound(database)) == len({(it.sha, it.repository) for it in kept})

    holds()


@on_one_database
@pytest.mark.usefixtures("kind")
def test_publishing_the_same_again_changes_nothing(copies: Copies, world: World) -> None:
    @FEW
    @given(LISTS.map(tuple))
    def holds(commits: tuple[CommitInput, ...]) -> None:
        with copies("sqlite", is_settled=True) as database:
            first = publish(database, world, commits)
            before = dump(database)
            assert publish(database, world, commits) == first
            assert dump(database) == before

    holds()
