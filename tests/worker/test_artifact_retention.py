"""What becomes of artifacts that nobody uses, and of those of an organization that goes."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from artifacts import BUNDLE_ID, bundle, upload
from bundling import zipped
from factories import (
    Caller,
    World,
    counts,
    error_event,
    on_one_database,
    rows,
    send_event,
    statements,
)
from pictures import picture, sent
from sqlalchemy import Table, update

from shipmark.artifacts import actions
from shipmark.artifacts.store import assemblies
from shipmark.artifacts.store.bundles import artifact_bundles, bundle_projects
from shipmark.artifacts.store.release_files import release_files
from shipmark.deletion import organization_deletion
from shipmark.files.model import RELEASED_RETENTION, UNUSED_RETENTION
from shipmark.files.store import garbage
from shipmark.infrastructure import jobs
from shipmark.infrastructure.blobs import Blobs
from shipmark.infrastructure.clock import now
from shipmark.infrastructure.database import Database, metadata
from shipmark.infrastructure.jobs import JobKind
from shipmark.infrastructure.settings import Settings
from shipmark.releases.store.releases import releases
from shipmark.worker import retention_jobs, scheduler
from shipmark.worker.blob_gc import collect

DAY = timedelta(days=1)
FILES = "/organizations/acme/releases/web@1.0.0/files/"
#: Makes what is kept so many days older.
Age = Callable[[int], None]


@pytest.fixture
def age(database: Database) -> Age:
    def made_older(days: int) -> None:
        columns: dict[Table, tuple[str, ...]] = {
            artifact_bundles: ("used_at",),
            bundle_projects: ("used_at",),
            release_files: ("created_at",),
            releases: ("created_at", "shipped_at"),
        }
        with database.transaction() as connection:
            for table, names in columns.items():
                values = dict.fromkeys(names, now() - days * DAY)
                connection.execute(update(table).values(values))

    return made_older


def add_file(caller: Caller, name: str = "~/app.js", content: bytes = b"x") -> None:
    assert caller.post(FILES, data={"name": name}, files={"file": ("a", content)}).is_success


def prune(database: Database, days: int = 90, at: datetime | None = None) -> None:
    """Run the errand, as often as it comes again."""
    moment = at or now()
    with database.transaction() as connection:
        jobs.enqueue(
            connection, JobKind.PRUNE_ARTIFACTS, {}, now=moment, key=JobKind.PRUNE_ARTIFACTS
        )
    while job := scheduler.claim(database, moment, [JobKind.PRUNE_ARTIFACTS]):
        retention_jobs.prune_artifacts(
            database, replace(Settings(), artifact_days=days), job, moment
        )


def kinds(database: Database) -> list[str]:
    """The kinds of the jobs that wait, but for what uploads cause."""
    found = [each["kind"] for each in rows(database, "jobs")]
    return [kind for kind in found if kind != JobKind.SYMBOLICATE_AGAIN]


def left(database: Database) -> tuple[int, int]:
    found = counts(database)
    return found["artifact_bundles"], found["release_files"]


@pytest.fixture
def filled(alice: Caller) -> None:
    alice.publish("web@1.0.0")
    upload(alice, bundle(debug_id=BUNDLE_ID))
    add_file(alice)


@pytest.mark.usefixtures("filled")
def test_what_is_old_and_unused_goes(database: Database, age: Age) -> None:
    age(89)
    prune(database)
    assert left(database) == (1, 1)
    age(91)
    prune(database)
    assert left(database) == (0, 0)
    with database.snapshot() as connection:
        assert garbage.with_wrong_ref_count(connection) == []
    assert kinds(database) == ["collect_blobs"]


@on_one_database
@pytest.mark.usefixtures("filled")
@pytest.mark.parametrize("days", [0, -5, 10**9])
def test_it_may_stay_for_ever(database: Database, age: Age, days: int) -> None:
    age(5000)
    prune(database, days)
    assert left(database) == (1, 1)


@pytest.mark.usefixtures("filled")
def test_files_of_a_release_that_still_runs_stay(
    alice: Caller, world: World, database: Database, age: Age
) -> None:
    age(200)
    event = error_event(release="web@1.0.0", environment="production")
    send_event(alice.client, world.keys["web"], world.projects["web"], event)
    prune(database)
    assert left(database) == (0, 1)


@on_one_database
@pytest.mark.usefixtures("filled")
def test_files_of_a_release_that_was_just_shipped_stay(
    alice: Caller, database: Database, age: Age
) -> None:
    age(200)
    alice.put("/organizations/acme/releases/web@1.0.0/", {"dateReleased": now().isoformat()})
    prune(database)
    assert left(database) == (0, 1)


@on_one_database
def test_a_part_goes_at_a_time_until_nothing_is_left(
    alice: Caller, database: Database, age: Age, monkeypatch: pytest.MonkeyPatch
) -> None:
    alice.publish("web@1.0.0")
    for n in range(5):
        add_file(alice, f"~/{n}.js")
    age(100)
    monkeypatch.setattr(actions, "BATCH", 1)
    monkeypatch.setattr(retention_jobs, "BATCHES_MAX", 2)
    prune(database)
    assert left(database) == (0, 0)


@on_one_database
@pytest.mark.usefixtures("filled")
def test_tidying_asks_for_it_where_something_is_old(database: Database, age: Age) -> None:
    with database.transaction() as connection:
        scheduler.tidy(connection, {}, now())
    assert kinds(database) == ["tidy"]
    age(2)
    with database.transaction() as connection:
        scheduler.tidy(connection, {}, now())
    assert JobKind.PRUNE_ARTIFACTS in kinds(database)


@on_one_database
@pytest.mark.usefixtures("filled")
def test_tidying_forgets_what_was_said_of_assembling(database: Database) -> None:
    with database.transaction() as connection:
        scheduler.tidy(connection, {}, now() + assemblies.RETENTION + DAY)
    assert counts(database)["assemblies"] == 0


def go(database: Database, name: str, world: World) -> None:
    """Delete an organization at once."""
    id_ = world.organizations[name]
    table = metadata.tables["organizations"]
    with database.transaction() as connection:
        connection.execute(update(table).where(table.c.id == id_).values(status="pending_deletion"))
        assert organization_deletion.finish(connection, id_, now())


def fill(caller: Caller, slug: str) -> None:
    """Something of every kind of file."""
    base = f"/organizations/{slug}"
    photo = {"avatar_type": "upload", "avatar_photo": sent(picture())}
    team = "core" if slug == "acme" else "sales"
    for path in (base, f"/projects/{slug}/web", f"/teams/{slug}/{team}"):
        assert caller.put(f"{path}/avatar/", photo).is_success
    body = {"version": "web@1.0.0", "projects": ["web"]}
    assert caller.post(f"{base}/releases/", body).is_success
    path = f"{base}/releases/web@1.0.0/files/"
    assert caller.post(path, files={"file": ("a.js", slug.encode())}).is_success


@pytest.mark.usefixtures("filled")
def test_an_organization_goes_with_its_files_and_no_other_s(
    alice: Caller,
    charlie: Caller,
    world: World,
    database: Database,
    blobs: Blobs,
    tmp_path: Path,
) -> None:
    fill(alice, "acme")
    mapping = zipped([("mapping.txt", b"com.acme.Cart -> a.b:\n")])
    assert alice.post("/projects/acme/web/files/dsyms/", files={"file": ("a", mapping)}).is_success
    before = counts(database)
    fill(charlie, "globex")
    with_both = counts(database)
    go(database, "globex", world)
    after = counts(database)
    kept = ("files", "avatars", "release_files", "artifact_bundles", "assemblies")
    assert [after[it] for it in kept] == [before[it] for it in kept]
    assert [with_both[it] for it in kept] != [before[it] for it in kept]
    go(database, "acme", world)
    empty = counts(database)
    assert [empty[it] for it in (*kept, "debug_files", "blob_owners")] == [0] * 7
    collect(database, blobs, now() + UNUSED_RETENTION + RELEASED_RETENTION + DAY)
    assert [it for it in (tmp_path / "blobs").rglob("*") if it.is_file()] == []
    assert (counts(database)["blobs"], counts(database)["blob_removals"]) == (0, 0)


@on_one_database
def test_many_files_go_by_as_many_statements(
    alice: Caller, charlie: Caller, world: World, database: Database
) -> None:
    fill(charlie, "globex")
    fill(alice, "acme")
    for n in range(30):
        add_file(alice, f"~/{n}.js", b"%d" % n)
    counted = []
    for name in ("globex", "acme"):
        with statements(database) as run:
            go(database, name, world)
        counted.append(run.count)
    assert counted[0] == counted[1]


@on_one_database
def test_a_team_that_is_deleted_takes_its_photo_along(alice: Caller, database: Database) -> None:
    photo = {"avatar_type": "upload", "avatar_photo": sent(picture())}
    assert alice.put("/teams/acme/core/avatar/", photo).is_success
    assert alice.delete("/teams/acme/core/").is_success
    assert (counts(database)["avatars"], counts(database)["files"]) == (0, 0)


@pytest.mark.parametrize(("days", "left"), [(30, 0), (60, 1)])
def test_a_project_is_pruned_by_the_days_of_the_request(
    alice: Caller, database: Database, world: World, age: Age, days: int, left: int
) -> None:
    upload(alice, bundle(), version="web@1.0.0")
    age(40)
    moment = now()
    with database.transaction() as connection:
        details: dict[str, object] = {"project_id": world.projects["web"], "days": days}
        kind = JobKind.PRUNE_PROJECT_ARTIFACTS
        jobs.enqueue(connection, kind, details, now=moment)
    job = scheduler.claim(database, moment, [JobKind.PRUNE_PROJECT_ARTIFACTS])
    assert job is not None
    retention_jobs.prune_project_artifacts(database, Settings(), job, moment)
    assert counts(database)["bundle_projects"] == left
    assert JobKind.PRUNE_PROJECT_ARTIFACTS not in [row["kind"] for row in rows(database, "jobs")]


def test_a_long_pruning_of_a_project_goes_on_later(
    alice: Caller, database: Database, world: World, age: Age, monkeypatch: pytest.MonkeyPatch
) -> None:
    upload(alice, bundle(), version="web@1.0.0")
    age(40)
    monkeypatch.setattr(retention_jobs, "BATCHES_MAX", 1)
    moment, kind = now(), JobKind.PRUNE_PROJECT_ARTIFACTS
    with database.transaction() as connection:
        details: dict[str, object] = {"project_id": world.projects["web"], "days": 30}
        jobs.enqueue(connection, kind, details, now=moment)
    runs = 0
    while job := scheduler.claim(database, moment, [kind]):
        retention_jobs.prune_project_artifacts(database, Settings(), job, moment)
        runs += 1
    assert (runs, counts(database)["bundle_projects"]) == (2, 0)
