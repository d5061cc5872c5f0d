"""``/api/embed/error-page/``: the dialog of ``showReportDialog()`` on pages of browsers, and the reports it sends.

SDKs load the script with the DSN and the id of the event in the query (ingest.md 1). It posts what the user writes, as
a form, to the same address: a report of a user, as in an envelope.
"""

import json
from functools import cache
from importlib.resources import files
from urllib.parse import parse_qsl

from litestar import Response, get, post

from shipmark.http import AnyRequest
from shipmark.http.validation.errors import REQUIRED
from shipmark.infrastructure.errors import BadRequest, TooLarge, ValidationFailed
from shipmark.ingest.authorization import SenderAuthorization, dsn_parts
from shipmark.ingest.envelope import event_id_of
from shipmark.ingest.event_log import FrameType
from shipmark.ingest.receiving import ITEM_BYTES_MAX, ReportReceiver
from shipmark.ingest.reception import Reception, Taken, reception_limits
from shipmark.ingest.taking import Part, take

_PATH = ["/embed/error-page"]
#: The texts that SDKs may replace by parameters of these names.
_TEXTS = {
    "title": "It looks like we're having issues.",
    "subtitle": "Our team has been notified.",
    "subtitle2": "If you'd like to help, tell us what happened below.",
    "labelName": "Name",
    "labelEmail": "Email",
    "labelComments": "What happened?",
    "labelClose": "Close",
    "labelSubmit": "Submit crash report",
    "errorGeneric": "Your report could not be sent. Please try again.",
    "errorFormEntry": "Some fields were invalid. Please correct them and try again.",
    "successMessage": "Your feedback has been sent. Thank you!",
    # Of the user, if the page knows them.
    "name": "",
    "email": "",
}
_TEXT_MAX = 500
_FIELDS = ("name", "email", "comments")
_FIELDS_MAX = 20
_CATEGORY = "feedback"


@get(_PATH, scopes=None, sync_to_thread=True)
def get_report_dialog(request: AnyRequest) -> Response[str]:
    """Return the script that opens the dialog."""
    _about(request)
    _sender(request).project()
    parameters = request.query_params
    texts = {name: str(parameters.get(name) or text)[:_TEXT_MAX] for name, text in _TEXTS.items()}
    # Nothing of it may end an element of HTML, should a page have the script in one.
    encoded = json.dumps(texts).replace("<", "\\u003c")
    script = _script().replace("__TEXTS__", encoded, 1)
    return Response(script, media_type="text/javascript", headers={"Cache-Control": "no-store"})


@post(_PATH, status_code=200, scopes=None, streams_body=True)
async def receive_report_of_dialog(request: AnyRequest) -> Response[dict[str, str]]:
    """Receive the report of a user about an event, which may still be under way."""
    about, sender = _about(request), _sender(request)

    def take_report(request: AnyRequest, sender: SenderAuthorization, content: bytes) -> Taken:
        payload = json.dumps(_report_of(content) | {"event_id": about}).encode()
        part = Part(FrameType.USER_REPORT, payload, about, _CATEGORY)
        return take(request, sender, [part], event_id=about)

    receiver = ReportReceiver(sender, *reception_limits(request))
    await Reception("ingest.report_dialog", request, sender, receiver, take_report).run()
    return Response({})


def _about(request: AnyRequest) -> str:
    """Return the id of the event that the dialog is about. Raise `BadRequest` without one."""
    named = request.query_params.get("eventId")
    if not named:
        raise BadRequest("eventId: the id of an event is missing")
    try:
        return event_id_of(str(named))
    except BadRequest as error:
        raise BadRequest(f"eventId: {error}") from None


def _sender(request: AnyRequest) -> SenderAuthorization:
    """Return the sender by the DSN in the query. Raise `BadRequest` for none, and for what is none."""
    dsn = request.query_params.get("dsn")
    if not dsn:
        raise BadRequest("dsn: the DSN of a project is missing")
    key, project_id = dsn_parts(str(dsn))
    return SenderAuthorization(request, str(project_id), key=key)


def _report_of(content: bytes) -> dict[str, str]:
    """Return the fields of a form. Raise `ValidationFailed` if nothing is written in it."""
    if len(content) > ITEM_BYTES_MAX["user_report"]:
        raise TooLarge("a report has at most 64 KiB")
    try:
        pairs = parse_qsl(content.decode("utf-8", "replace"), max_num_fields=_FIELDS_MAX)
    except ValueError as error:
        raise BadRequest(f"invalid form: {error}") from None
    fields = {name: text for name, text in pairs if name in _FIELDS}
    if not fields.get("comments", "").strip():
        raise ValidationFailed({"comments": [REQUIRED]})
    return fields


@cache
def _script() -> str:
    return files(__package__).joinpath("report_dialog.js").read_text("utf-8")
