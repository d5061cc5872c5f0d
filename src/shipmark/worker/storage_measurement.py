"""The job that measures the storage of an organization, in a unit of work that only reads."""

from datetime import datetime

from shipmark.infrastructure import jobs
from shipmark.infrastructure.database import Database
from shipmark.infrastructure.jobs import Job
from shipmark.infrastructure.settings import Settings
from shipmark.infrastructure.telemetry import span
from shipmark.organizations import store as organizations
from shipmark.usage import store


def run(database: Database, _: Settings, job: Job, at: datetime) -> None:
    """Measure the organization, store the result, and finish the job."""
    organization_id = job.details["organization_id"]
    assert isinstance(organization_id, int), "that is how it was enqueued"
    with span("storage.measure") as fields, database.snapshot() as connection:
        usage = store.measure(connection, organization_id)
        fields["blobs.bytes"] = usage.blobs.bytes
    with database.transaction() as connection:
        is_ours = jobs.finish(connection, job)
        # The organization may have been deleted meanwhile.
        if is_ours and organizations.by_id(connection, organization_id) is not None:
            store.save(connection, organization_id, usage, at)
