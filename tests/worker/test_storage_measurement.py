"""The job that measures the storage of an organization."""

from artifacts import bundle, upload
from factories import Caller, World, error_event, rows, send_event
from sent_attachments import attachment_item, send_attachment
from sqlalchemy import text

from shipmark.infrastructure import jobs
from shipmark.infrastructure.clock import now
from shipmark.infrastructure.database import Database
from shipmark.infrastructure.jobs import JobKind
from shipmark.infrastructure.settings import Settings
from shipmark.usage import store
from shipmark.worker import scheduler, storage_measurement


def measure(database: Database, organization_id: int) -> None:
    details: dict[str, object] = {"organization_id": organization_id}
    with database.transaction() as connection:
        jobs.enqueue(connection, JobKind.MEASURE_STORAGE, details, now=now())
    job = scheduler.claim(database, now(), [JobKind.MEASURE_STORAGE])
    assert job is not None
    storage_measurement.run(database, Settings(), job, now())


def test_the_storage_of_an_organization_is_measured(
    alice: Caller, database: Database, world: World
) -> None:
    content = bundle()
    alice.publish("web@1.0.0", "web")
    upload(alice, content, version="web@1.0.0")
    files = "/organizations/acme/releases/web@1.0.0/files/"
    assert alice.post(files, data={"name": "x"}, files={"file": ("a", b"four")}).is_success
    for number in range(2):
        send_event(alice.client, world.keys["web"], world.projects["web"], error_event(str(number)))
    item = attachment_item(b"seven..")
    send_attachment(alice.client, world.keys["web"], world.projects["web"], "a" * 32, item)
    payloads = [len(row["payload"]) for row in rows(database, "events")]
    measure(database, world.organizations["acme"])
    measure(database, world.organizations["globex"])
    with database.snapshot() as connection:
        acme, globex = (
            store.last(connection, world.organizations[slug]) for slug in ("acme", "globex")
        )
    assert acme is not None
    assert globex is not None
    web = acme.usage.projects[world.projects["web"]]
    assert (web.bundles.count, web.bundles.bytes) == (1, len(content))
    assert (web.events.count, web.events.bytes) == (2, sum(payloads))
    assert (web.attachments.count, web.attachments.bytes) == (1, 7)
    assert web.debug_files.count == 0
    assert (acme.usage.release_files.count, acme.usage.release_files.bytes) == (1, 4)
    assert (acme.usage.blobs.count, acme.usage.blobs.bytes) == (3, len(content) + 11)
    assert (globex.usage.blobs.count, dict(globex.usage.projects)) == (0, {})


def test_an_organization_that_was_deleted_meanwhile_is_no_failure(
    database: Database, world: World
) -> None:
    with database.transaction() as connection:
        connection.execute(text("DELETE FROM jobs"))
    measure(database, 10**9)
    assert rows(database, "storage_measurements") == []
