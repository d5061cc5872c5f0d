"""PUT and DELETE of many releases at once."""

import pytest
from factories import (
    NOT_ALLOWED,
    RELEASES,
    Caller,
    World,
    error_event,
    on_one_database,
    release_path,
    rows,
    send_event,
    statements,
)

from shipmark.api.releases import bulk_routes
from shipmark.infrastructure.database import Database

BULK = "/organizations/acme/bulk-releases/"
ALL = "query=release:*&project=-1"


def versions(caller: Caller, query: str = "status=&project=-1") -> list[str]:
    return [it["version"] for it in caller.get(f"{RELEASES}?{query}").json()]


def put(caller: Caller, query: str, status: str = "archived"):  # type: ignore[no-untyped-def]
    return caller.put(f"{BULK}?{query}", {"status": status})


@pytest.fixture
def _published(alice: Caller) -> None:
    for number in range(4):
        alice.publish(f"web@{number}")
    alice.publish("nightly", "tools")


@pytest.mark.usefixtures("_published")
def test_nothing_changes_until_it_is_said_so(alice: Caller) -> None:
    for answer in (
        put(alice, "query=release.version:<2"),
        alice.delete(f"{BULK}?query=release.version:<2&dryRun=1"),
    ):
        assert answer.status_code == 200, answer.text
        assert answer.json() == {
            "isDryRun": True,
            "count": 2,
            "versions": ["web@0", "web@1"],
            "kept": [],
            "hasMore": False,
            "nextCursor": None,
        }
    assert versions(alice, "project=-1") == ["nightly", "web@3", "web@2", "web@1", "web@0"]


@pytest.mark.usefixtures("_published")
def test_releases_are_archived_and_reopened(alice: Caller, world: World) -> None:
    done = put(alice, "query=release.version:<2&dryRun=0").json()
    assert (done["count"], done["isDryRun"]) == (2, False)
    assert versions(alice, "project=-1") == ["nightly", "web@3", "web@2"]
    web = world.projects["web"]
    assert versions(alice, f"project={web}&status=archived") == ["web@1", "web@0"]
    assert put(alice, "query=release.version:<2&dryRun=0").json()["count"] == 0
    again = put(alice, f"{ALL}&status=&dryRun=0", "open").json()
    assert again["versions"] == ["web@0", "web@1"]
    assert len(versions(alice, "project=-1")) == 5


def test_the_list_of_an_environment_follows(alice: Caller) -> None:
    alice.publish("web@1")
    alice.post(release_path("web@1", "deploys/"), {"environment": "production"})
    put(alice, "environment=production&dryRun=0")
    assert versions(alice, "environment=production") == []
    assert versions(alice, "environment=production&status=archived") == ["web@1"]


@pytest.mark.usefixtures("_published")
def test_releases_are_deleted_but_those_that_issues_began_in(
    alice: Caller, world: World, database: Database
) -> None:
    event = error_event("1", release="web@1")
    send_event(alice.client, world.keys["web"], world.projects["web"], event)
    done = alice.delete(f"{BULK}?query=release.version:<3&dryRun=0").json()
    assert done["versions"] == ["web@0", "web@2"]
    reason = "This release is referenced by active issues and cannot be removed."
    assert done["kept"] == [{"version": "web@1", "reason": reason}]
    assert versions(alice) == ["nightly", "web@3", "web@1"]
    forced = alice.delete(f"{BULK}?query=release.version:<3&dryRun=0&force=1").json()
    assert (forced["versions"], forced["kept"]) == (["web@1"], [])
    told = [row["version"] for row in rows(database, "release_activities")]
    assert told == ["web@0", "web@2", "web@1"]


@pytest.mark.usefixtures("_published")
def test_age_is_a_term_like_others(alice: Caller) -> None:
    assert put(alice, "query=release.created:%2B1h&dryRun=0").json()["count"] == 0
    assert put(alice, "query=release.created:-1h+release:web*&dryRun=0").json()["count"] == 4
    assert put(alice, "statsPeriod=1h&dryRun=0").json()["count"] == 1


@pytest.mark.usefixtures("_published")
def test_only_what_one_may_see_is_changed(alice: Caller, bob: Caller, database: Database) -> None:
    alice.publish("both@1", "web", "tools")
    with database.transaction() as connection:
        connection.exec_driver_sql("UPDATE organizations SET is_open = false")
    done = put(bob, "query=release:*&dryRun=0").json()
    assert done["count"] == 4
    reason = "It is also in projects that you have no access to."
    assert done["kept"] == [{"version": "both@1", "reason": reason}]
    assert versions(alice, "project=-1") == ["both@1", "nightly"]


@pytest.mark.parametrize(
    ("query", "body", "status", "told"),
    [
        (
            "dryRun=0",
            {"status": "archived"},
            400,
            {"detail": "Say which releases: by query, environment, statsPeriod, or start and end."},
        ),
        (
            "query=%20&dryRun=0&project=-1",
            {"status": "archived"},
            400,
            {"detail": "Say which releases: by query, environment, statsPeriod, or start and end."},
        ),
        (ALL, {}, 400, {"status": ["This field is required."]}),
        (ALL, {"status": "gone"}, 400, {"status": ["Invalid status gone"]}),
        (
            f"{ALL}&dryRun=perhaps",
            {"status": "open"},
            400,
            {"detail": "Invalid dryRun parameter. Use 1 or 0."},
        ),
        *(
            (
                f"{ALL}&{blank}",
                {"status": "open"},
                400,
                {"detail": "Invalid dryRun parameter. Use 1 or 0."},
            )
            for blank in ("dryRun=", "dryRun", "dryRun=0&dryRun=", "dryRun=%20")
        ),
        ("query=release:", {"status": "open"}, 400, {"detail": "Empty string after 'release:'"}),
        (f"{ALL}&project=99999", {"status": "open"}, 403, NOT_ALLOWED),
    ],
)
@on_one_database
def test_bad_requests_change_nothing(
    alice: Caller, query: str, body: dict[str, str], status: int, told: dict[str, object]
) -> None:
    alice.publish("web@1")
    query = query.replace("&project=-1&project", "&project")
    answer = alice.put(f"{BULK}?{query}", body)
    assert (answer.status_code, answer.json()) == (status, told)
    if body.get("status") == "open":
        answer = alice.delete(f"{BULK}?{query}")
        assert (answer.status_code, answer.json()) == (status, told)
    assert versions(alice) == ["web@1"]


@on_one_database
def test_a_blank_flag_never_means_the_harmless_or_the_harmful(alice: Caller) -> None:
    """`?dryRun=$DRY_RUN` of a script whose variable is not set must delete nothing."""
    alice.publish("web@1")
    refused = {"detail": "Invalid force parameter. Use 1 or 0."}
    for path in (f"{BULK}?{ALL}&dryRun=0&force=", f"{release_path('web@1')}?force="):
        answer = alice.delete(path)
        assert (answer.status_code, answer.json()) == (400, refused)
    assert versions(alice) == ["web@1"]


def test_a_walk_goes_past_those_that_stay(
    alice: Caller, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The oldest matches may be held by issues; the request after must not meet them again."""
    monkeypatch.setattr(bulk_routes, "BULK_MAX", 2)
    for number in range(6):
        alice.publish(f"web@{number}")
    for number in (0, 1, 3):
        event = error_event(str(number), release=f"web@{number}")
        send_event(alice.client, world.keys["web"], world.projects["web"], event)
    deleted, kept, cursor = [], [], ""
    for _ in range(3):
        done = alice.delete(f"{BULK}?{ALL}&dryRun=0&cursor={cursor}").json()
        deleted += done["versions"]
        kept += [it["version"] for it in done["kept"]]
        assert done["hasMore"] is (done["nextCursor"] is not None)
        cursor = done["nextCursor"]
    assert cursor is None
    assert (deleted, kept) == (["web@2", "web@4", "web@5"], ["web@0", "web@1", "web@3"])
    assert versions(alice) == ["web@3", "web@1", "web@0"]


def test_a_walk_over_what_needs_no_change_ends(
    alice: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bulk_routes, "BULK_MAX", 2)
    for number in range(5):
        alice.publish(f"web@{number}", status="archived" if number < 3 else "open")
    changed, cursor = [], ""
    for _ in range(3):
        done = put(alice, f"{ALL}&status=&dryRun=0&cursor={cursor}").json()
        changed += done["versions"]
        cursor = done["nextCursor"]
    assert (changed, cursor) == (["web@3", "web@4"], None)


@on_one_database
def test_who_may(
    bob: Caller, charlie: Caller, anonymous: Caller, organization_token: Caller
) -> None:
    bob.publish("web@1")
    for caller, statuses in (
        (anonymous, (401, 401)),
        (charlie, (403, 403)),
        (organization_token, (200, 403)),
    ):
        found = (put(caller, ALL).status_code, caller.delete(f"{BULK}?{ALL}").status_code)
        assert found == statuses
    assert bob.delete(f"{BULK}?{ALL}&force=1").status_code == 403


def test_the_number_of_statements_does_not_grow(alice: Caller, database: Database) -> None:
    counted = []
    for number in (1, 8):
        for index in range(number):
            alice.publish(f"web@{number}.{index}", commits=[{"id": f"{number}{index}"}])
        with statements(database) as archiving:
            put(alice, f"query=release.version:{number}.*&dryRun=0")
        with statements(database) as deleting:
            alice.delete(f"{BULK}?query=release.version:{number}.*&status=archived&dryRun=0")
        counted.append((archiving.count, deleting.count))
    assert counted[0] == counted[1]
    assert versions(alice) == []
