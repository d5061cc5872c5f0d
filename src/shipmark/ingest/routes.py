"""``/api/{project}/envelope/`` and ``/store/``: what SDKs send (ingest.md 1).

An event is kept before it is answered: the answer 200 means that it is in the database. Stacks of minified JavaScript
become the original ones first, so that issues are told apart by what people wrote. What can't be kept yet
(sessions, transactions, attachments …) is counted and named in the log, and answered with 200, so that SDKs work.
"""

from collections import Counter

from litestar import Request, Response, Router, post
from litestar.datastructures import State
from litestar.params import FromPath, RawBody
from sqlalchemy import Connection

from shipmark.ground.clock import now
from shipmark.ground.database import Database
from shipmark.ground.errors import BadRequest, NotAllowed, Refusal, TooLarge
from shipmark.ground.settings import Settings
from shipmark.ground.telemetry import counted, log, timed
from shipmark.ingest import encodings, envelope
from shipmark.ingest.digest import EVENT, digest, event_object, id_of
from shipmark.ingest.envelope import Envelope
from shipmark.ingest.keys import dsn_parts, public_key
from shipmark.issues import original_stacks
from shipmark.issues.original_stacks import Uploads
from shipmark.projects import store as projects
from shipmark.projects.model import Project
from shipmark.serving.errors import refusal_answer

AnyRequest = Request[object, object, State]

#: What an envelope may hold one of at the most (ingest.md 2).
_EVENT_LIKE = {EVENT, "transaction", "security", "raw_security", "feedback"}
_REJECTED = "event submission rejected with_reason: ProjectId"


@post(["/{project:str}/envelope"], status_code=200, scopes=None, sync_to_thread=True)
def receive_envelope(request: AnyRequest, project: FromPath[str], body: RawBody) -> dict[str, str]:
    """Take in an envelope."""
    with timed("ingest.envelope") as tags:
        settings: Settings = request.app.state.settings
        content = _decoded(request, body, settings.envelope_max_bytes)
        received = envelope.parse(content)
        payload = _event_of(received, settings)
        event_id = received.event_id if payload is None else id_of(payload, received)
        key = _key(request, project, received.dsn)
        payload = payload and _symbolicated(request, project, key, payload)
        with request.app.state.database.transaction() as connection:
            found = _project(connection, project, key)
            tags["project"] = found.slug
            if payload is not None and event_id is not None:
                digest(connection, found, payload, received, event_id=event_id, at=now())
        _report_others(found, received)
    return {"id": event_id} if event_id else {}


@post(["/{project:str}/store"], status_code=200, scopes=None, sync_to_thread=True)
def receive_event(request: AnyRequest, project: FromPath[str], body: RawBody) -> dict[str, str]:
    """Take in one event, as older SDKs send it."""
    with timed("ingest.store") as tags:
        settings: Settings = request.app.state.settings
        content = _decoded(request, body, settings.event_max_bytes)
        if not content:
            raise BadRequest("empty request body")
        if not content.lstrip().startswith(b"{"):
            content = encodings.legacy_store_body(content, settings.event_max_bytes)
        key = _key(request, project, None)
        payload = event_object(content)
        received = Envelope(headers={}, event_id=None, sent_at=None, dsn=None, items=())
        event_id = id_of(payload, received)
        payload = _symbolicated(request, project, key, payload)
        with request.app.state.database.transaction() as connection:
            found = _project(connection, project, key)
            tags["project"] = found.slug
            digest(connection, found, payload, received, event_id=event_id, at=now())
    return {"id": event_id}


def _decoded(request: AnyRequest, body: bytes, most: int) -> bytes:
    return encodings.decoded(body, request.headers.get("content-encoding", ""), most)


def _event_of(received: Envelope, settings: Settings) -> dict[str, object] | None:
    """The error event of the envelope, if it has one."""
    likes = [item for item in received.items if item.type in _EVENT_LIKE]
    if len(likes) > 1:
        raise BadRequest("an envelope holds one event at the most")
    for item in likes:
        if len(item.payload) > settings.event_max_bytes:
            limit = settings.event_max_bytes
            raise TooLarge(f"envelope exceeded size limits: an event has at most {limit} bytes")
        if item.type == EVENT:
            return event_object(item.payload)
    return None


def _symbolicated(
    request: AnyRequest, project: str, key: str, payload: dict[str, object]
) -> dict[str, object]:
    """The event with its original stack, looked up before the transaction begins: maps may take long to read."""
    if not original_stacks.is_wanted(payload):
        return payload
    database: Database = request.app.state.database
    with database.glance() as connection:
        found = _project(connection, project, key)
    uploads = Uploads(
        database=database,
        blobs=request.app.state.blobs,
        organization_id=found.organization_id,
        project_id=found.id,
        at=now(),
    )
    return original_stacks.symbolicated(payload, uploads)


def _key(request: AnyRequest, project: str, dsn: str | None) -> str:
    if not (project.isascii() and project.isdigit()):
        raise BadRequest("bad project path parameter")
    if dsn is not None and dsn_parts(dsn)[1] != int(project):
        raise BadRequest("the project of the DSN is not the one of the address")
    query = {name: str(value) for name, value in request.query_params.items()}
    return public_key(dict(request.headers.items()), query, dsn)


def _project(connection: Connection, project: str, key: str) -> Project:
    found = projects.by_key(connection, key)
    if found is None or str(found.id) != project:
        raise NotAllowed(_REJECTED)
    return found


def _report_others(project: Project, received: Envelope) -> None:
    """Say what was not kept: nothing pretends to."""
    kinds = Counter(item.type for item in received.items if item.type != EVENT)
    for kind, number in kinds.items():
        counted("items_not_stored", kind if kind in _KNOWN else "unknown", number)
    if kinds:
        log.info("Items of an envelope are not stored yet", project=project.slug, items=dict(kinds))


_KNOWN = _EVENT_LIKE | {
    "session", "sessions", "attachment", "user_report", "client_report", "check_in", "replay_event",
    "replay_recording", "replay_video", "profile", "profile_chunk", "statsd", "metric_meta", "span", "log",
    "trace_metric", "nel", "otel_span",
}  # fmt: skip


def ingest_refusal(request: AnyRequest, refusal: Refusal) -> Response[object]:
    """The answer to a refused envelope: SDKs look for the reason in a header too (ingest.md 1.1)."""
    answer = refusal_answer(request, refusal)
    answer.headers["X-Sentry-Error"] = (
        str(refusal).encode("ascii", "replace").decode().replace("\n", " ")
    )
    return answer


def router(body_max_bytes: int) -> Router:
    """The routes, with the limit of a body as it is sent."""
    return Router(
        "/api",
        route_handlers=[receive_envelope, receive_event],
        exception_handlers={Refusal: ingest_refusal},
        request_max_body_size=body_max_bytes,
    )
