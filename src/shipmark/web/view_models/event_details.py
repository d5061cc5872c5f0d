"""What surrounds the error of an event: breadcrumbs, request, user, contexts and tags; or the report that it is.

The event is scrubbed by the rules of its project. Beyond that, what may be secret is left out or filtered: headers,
cookies, bodies, sensitive values of queries, extras, and data of breadcrumbs.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from shipmark.events import parsing, request_parts
from shipmark.events.limits import BREADCRUMBS_MAX
from shipmark.events.payload import Json, as_text, level_of, object_of, objects_of, text_of
from shipmark.events.store import StoredEvent
from shipmark.infrastructure.clock import moment_of
from shipmark.web.view_models.facts import TEXT_MAX, Fact, facts
from shipmark.web.view_models.redaction import FILTERED, is_sensitive, redacted, redacted_url
from shipmark.web.view_models.security_report import report_facts

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
        level=level_of(breadcrumb) if text_of(breadcrumb, "level") else "info",
    )


def _breadcrumb_text(breadcrumb: Json) -> str:
    """Return the message, or else what requests and navigations have instead; all other data is left out."""
    if message := text_of(breadcrumb, "message")[:TEXT_MAX]:
        return redacted(message)
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
