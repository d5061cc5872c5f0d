"""Does a resolution still cover an event's release? (releases.md 4.3, ingest.md 10.1)"""

from datetime import UTC, datetime, timedelta
from itertools import count

import pytest

from shipmark.issues.regression import predates_fix
from shipmark.releases.model import Release, ReleaseStatus

_ids = count(1)
DAY = timedelta(days=1)
BEGINNING = datetime(2026, 1, 1, tzinfo=UTC)

SEMVER = ["web@1.1.0", "web@1.0.0", "web@0.9.0"]
HASHES = ["abc", "def", "012"]


def a_release(version: str, day: int = 0, released: int | None = None) -> Release:
    return Release(
        id=next(_ids),
        organization_id=1,
        version=version,
        status=ReleaseStatus.OPEN,
        ref=None,
        url=None,
        owner_id=None,
        created_at=BEGINNING + day * DAY,
        released_at=None if released is None else BEGINNING + released * DAY,
        commit_count=0,
        last_commit_id=None,
        author_ids=(),
        deploy_count=0,
        last_deploy_id=None,
        user_agent=None,
    )


def test_an_event_without_a_release_is_covered() -> None:
    assert predates_fix(a_release("web@1.1.0"), None, SEMVER)


@pytest.mark.parametrize("newest", [SEMVER, HASHES])
def test_an_event_in_the_resolving_release_is_not_covered(newest: list[str]) -> None:
    fixed = a_release("web@1.1.0")
    assert not predates_fix(fixed, fixed, newest)


@pytest.mark.parametrize(
    ("seen", "is_covered"),
    [
        ("web@1.0.9", True),
        ("web@1.1.0-rc.1", True),
        ("web@1.1.0+1", False),
        ("web@1.1", False),
        ("web@1.1.1", False),
        ("web@2", False),
        ("ios@1.0.0", True),
        ("ios@2.0.0", False),
    ],
)
def test_semver_decides_where_the_project_follows_it(seen: str, is_covered: bool) -> None:
    """Whatever the dates; packages are not told apart."""
    fixed = a_release("web@1.1.0", day=5)
    for day in (0, 5, 9):
        assert predates_fix(fixed, a_release(seen, day=day), SEMVER) is is_covered


@pytest.mark.parametrize("newest", [HASHES, ["abc", *SEMVER[:1]], []])
@pytest.mark.parametrize(("day", "is_covered"), [(0, True), (5, True), (6, False)])
def test_dates_decide_where_it_does_not(newest: list[str], day: int, is_covered: bool) -> None:
    fixed = a_release("web@1.1.0", day=5)
    assert predates_fix(fixed, a_release("web@9.0.0", day=day), newest) is is_covered


def test_dates_decide_where_a_version_can_not_be_compared() -> None:
    fixed = a_release("abcdef", day=5)
    assert predates_fix(fixed, a_release("web@9.0.0", day=4), SEMVER)
    assert not predates_fix(fixed, a_release("web@0.1.0", day=6), SEMVER)
    assert predates_fix(a_release("web@1.1.0", day=5), a_release("abcdef", day=4), SEMVER)


def test_the_date_of_release_counts_before_that_of_creation() -> None:
    fixed = a_release("one", day=5, released=1)
    assert not predates_fix(fixed, a_release("two", day=2), HASHES)
    assert predates_fix(a_release("one", day=1, released=5), a_release("two", day=2), HASHES)
