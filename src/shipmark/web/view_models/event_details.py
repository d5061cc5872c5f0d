"""What surrounds the error of an event: breadcrumbs, request, user, contexts and tags; or the report that it is.

The event is scrubbed by the rules of its project. Beyond that, what may be secret is left out or filtered: headers,
cookies, bodies, sensitive values of queries, extras, and data of breadcrumbs.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from shipmark.events import parsing, request_parts, security_reports
from shipmark.events.limits import BREADCRUMBS_MAX
from shipmark.events.payload import Json, as_text, breadcrumb_level, object_of, objects_of, text_of
from shipmark.events.security_reports import CSP
from shipmark.events.store import StoredEvent
from shipmark.events.titles import without_colors
from shipmark.infrastructure.clock import moment_of
from shipmark.web.view_models.facts import TEXT_MAX, Fact, facts
from shipmark.web.view_models.redaction import FILTERED, is_sensitive, redacted, redacted_url

_TAGS_MAX = 100

_USER = {
    "id": "ID",
    "username": "Username",
    "email": "Email",
    "name": "Name",
    "ip_address": "IP address",
}
#: The contexts that say what the program ran on, by their names on the page.
_CONTEXTS = {
    "browser": "Browser",
    "client_os": "Client OS",
    "os": "OS",
    "device": "Device",
    "runtime": "Runtime",
    "app": "App",
    "gpu": "GPU",
}
#: Parameters of queries by which people sign in, beside those with a telling name.
_SECRET_PARAMETERS = frozenset(
    {"auth", "code", "hash", "jwt", "key", "otp", "pin", "sid", "sig", "signature", "state"}
)
_NAME_KEYS = ("name", "model", "app_name")
_VERSION_KEYS = ("version", "app_version")
#: Policies are long, and the directive that was violated may be at their end.
_POLICY_MAX = 8000
_LIST_MAX = 10
#: The values of other reports, by their names on the page.
_OF_HOSTS = {
    "port": "Port",
    "noted_hostname": "Noted host",
    "include_subdomains": "Includes subdomains",
    "failure_mode": "Failure mode",
    "response_status": "Response status",
    "cert_status": "Certificate status",
    "date_time": "Reported at",
    "effective_expiration_date": "Expires at",
    "test_report": "Test report",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Breadcrumb:
    """Something that happened before the event."""

    at: datetime | None
    category: str
    text: str
    level: str


@dataclass(frozen=True, slots=True, kw_only=True)
class EventDetails:
    """The parts of an event around its stack; an empty part was not sent."""

    breadcrumbs: tuple[Breadcrumb, ...]
    request: tuple[Fact, ...]
    user: tuple[Fact, ...]
    contexts: tuple[Fact, ...]
    tags: tuple[Fact, ...]
    report: tuple[Fact, ...]


def event_details(event: StoredEvent) -> EventDetails:
    """Return the details of the event, of which any value may have the wrong type."""
    payload = event.payload
    read = parsing.read(payload, event_id=event.event_id, received_at=event.received_at)
    return EventDetails(
        breadcrumbs=_breadcrumbs(payload),
        request=_request(object_of(payload, "request")),
        user=_user(object_of(payload, "user")),
        contexts=_contexts(object_of(payload, "contexts")),
        tags=_tags(read.tags),
        report=report_facts(payload),
    )


def _breadcrumbs(payload: Json) -> tuple[Breadcrumb, ...]:
    sent = objects_of(payload, "breadcrumbs")[-BREADCRUMBS_MAX:]
    read = [_breadcrumb(breadcrumb) for breadcrumb in sent]
    return tuple(breadcrumb for breadcrumb in read if breadcrumb.category or breadcrumb.text)


def _breadcrumb(breadcrumb: Json) -> Breadcrumb:
    return Breadcrumb(
        at=moment_of(breadcrumb.get("timestamp")),
        category=(text_of(breadcrumb, "category") or text_of(breadcrumb, "type"))[:TEXT_MAX],
        text=_breadcrumb_text(breadcrumb),
        level=breadcrumb_level(breadcrumb),
    )


def _breadcrumb_text(breadcrumb: Json) -> str:
    """Return the message, or else what requests and navigations have instead; all other data is left out."""
    if message := text_of(breadcrumb, "message")[:TEXT_MAX]:
        return redacted(without_colors(message))
    data = object_of(breadcrumb, "data")
    method, url = text_of(data, "method"), text_of(data, "url")
    origin, target = text_of(data, "from"), text_of(data, "to")
    if url:
        words = (method, redacted_url(url[:TEXT_MAX]), as_text(data.get("status_code")))
        return " ".join(word for word in words if word)[:TEXT_MAX]
    return " → ".join(redacted_url(path[:TEXT_MAX]) for path in (origin, target) if path)


def _request(request: Json) -> tuple[Fact, ...]:
    url = redacted_url(text_of(request, "url")[:TEXT_MAX]).partition("?")[0]
    query = "&".join(
        f"{name}={FILTERED if _is_secret(name) else redacted(value[:TEXT_MAX])}"
        for name, value in request_parts.query(request)
    )
    headers = request_parts.headers(request)
    has_cookies = request_parts.cookies(request) or request_parts.value_of(headers, "cookie")
    return facts(
        [
            ("Method", text_of(request, "method").upper()),
            ("URL", url),
            ("Query", query),
            ("Referrer", redacted_url(request_parts.value_of(headers, "referer")[:TEXT_MAX])),
            ("Cookies", FILTERED if has_cookies else ""),
        ]
    )


def _is_secret(parameter: str) -> bool:
    return parameter.lower() in _SECRET_PARAMETERS or is_sensitive(parameter)


def _user(user: Json) -> tuple[Fact, ...]:
    return facts((label, as_text(user.get(key))) for key, label in _USER.items())


def _contexts(contexts: Json) -> tuple[Fact, ...]:
    known = [(label, _context(object_of(contexts, key))) for key, label in _CONTEXTS.items()]
    return facts([*known, ("Trace", text_of(object_of(contexts, "trace"), "trace_id"))])


def _context(context: Json) -> str:
    name, version = _first_of(context, _NAME_KEYS), _first_of(context, _VERSION_KEYS)
    return f"{name} {version}".strip()


def _first_of(context: Json, keys: Sequence[str]) -> str:
    return next((text for key in keys if (text := as_text(context.get(key)))), "")


def _tags(tags: Iterable[tuple[str, str]]) -> tuple[Fact, ...]:
    named = [(key.removeprefix("sentry:"), value) for key, value in tags][:_TAGS_MAX]
    return facts((key, FILTERED if is_sensitive(key) else value) for key, value in named)


def report_facts(payload: Json) -> tuple[Fact, ...]:
    """Return the facts of an event's report, none without one. Queries of URLs are left out."""
    name = security_reports.type_of(payload)
    report = object_of(payload, name)
    return _policy_facts(report) if name == CSP else _host_facts(report)


def _policy_facts(report: Json) -> tuple[Fact, ...]:
    return facts(
        [
            ("Blocked", redacted_url(_part(report, "blocked_uri")) or "code within the page"),
            ("Page", redacted_url(_part(report, "document_uri"))),
            ("Directive", security_reports.directive_of(report)),
            ("Violated", text_of(report, "violated_directive")),
            ("Source", _position(report)),
            ("Sample", redacted(_part(report, "script_sample"))),
            ("Disposition", text_of(report, "disposition")),
            ("Status", as_text(report.get("status_code"))),
            ("Policy", text_of(report, "original_policy")),
        ],
        most=_POLICY_MAX,
    )


def _part(report: Json, name: str) -> str:
    return text_of(report, name)[:_POLICY_MAX]


def _position(report: Json) -> str:
    file = redacted_url(_part(report, "source_file"))
    numbers = (as_text(report.get(name)) for name in ("line_number", "column_number"))
    return ":".join([file, *filter(None, numbers)]) if file else ""


def _host_facts(report: Json) -> tuple[Fact, ...]:
    known = [(label, _text(report.get(name))) for name, label in _OF_HOSTS.items()]
    pins = report.get("known_pins")
    listed = "\n".join(_texts(pins if isinstance(pins, list) else []))
    return facts([("Host", text_of(report, "hostname")), *known, ("Known pins", listed)])


def _text(value: object) -> str:
    return ("yes" if value else "no") if isinstance(value, bool) else as_text(value)


def _texts(values: Sequence[object]) -> list[str]:
    return [text for value in values[:_LIST_MAX] if (text := as_text(value))]
