"""The jobs of the organization: list them, run a failed one again, discard it."""

from litestar import get, post
from litestar.params import FromPath, RawBody

from shipmark.http.scopes import ORGANIZATION_CHANGE
from shipmark.infrastructure import job_records
from shipmark.infrastructure.clock import now
from shipmark.infrastructure.errors import BadRequest
from shipmark.infrastructure.jobs import JobKind
from shipmark.publishing import commit_fetch_requests
from shipmark.web.forms import form_of, row_id
from shipmark.web.rendering import Answer, page, redirect
from shipmark.web.request_context import InjectedWebRequest
from shipmark.web.urls import SETTINGS_PATH as PATH
from shipmark.web.view_models.settings.jobs import jobs_page


@get(PATH + "jobs/", scopes=None, sync_to_thread=True)
def list_jobs(web_request: InjectedWebRequest) -> Answer:
    """Show the jobs that wait, run or failed. Those of the whole server are left to `shipmark check`."""
    with web_request.view(scopes=ORGANIZATION_CHANGE) as (connection, workspace):
        number = web_request.page_number()
        jobs = jobs_page(connection, workspace, number, now())
    return page(web_request, "settings/jobs.html", workspace=workspace, jobs=jobs)


@post(PATH + "jobs/{job:str}/", scopes=None, sync_to_thread=True)
def change_job(web_request: InjectedWebRequest, job: FromPath[str], body: RawBody) -> Answer:
    """Run a job now, or discard one that failed; the fetches of a discarded one fail too."""
    action = form_of(body).get("action")
    with web_request.change(scopes=ORGANIZATION_CHANGE) as (connection, workspace):
        organization_id, at = workspace.organization.id, now()
        match action:
            case "run":
                job_records.run_now(connection, organization_id, row_id(job), at)
            case "discard":
                discarded = job_records.discard(connection, organization_id, row_id(job), at)
                if discarded.kind == JobKind.FETCH_COMMITS:
                    fetch_ids = discarded.details["fetches"]
                    commit_fetch_requests.abandon(connection, fetch_ids, at)
            case _:
                raise BadRequest("The action must be run or discard.")
    return redirect(web_request.settings_url("jobs"))
