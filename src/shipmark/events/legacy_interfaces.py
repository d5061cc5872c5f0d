"""The attributes of events as SDKs before 2018 named and placed them (raven, sentry-java 1.x)."""

from shipmark.events.payload import Json, frames_of

_PREFIX = "sentry.interfaces."
_NAMES = {
    "Exception": "exception",
    "Stacktrace": "stacktrace",
    "Message": "logentry",
    "User": "user",
    "Http": "request",
    "Breadcrumbs": "breadcrumbs",
    "Threads": "threads",
    "Contexts": "contexts",
    "Template": "template",
    "Query": "query",
    "Csp": "csp",
}


def with_current_names(payload: Json) -> Json:
    """Return the event with today's names, and a single stack within the single exception (ingest.md 5).

    An attribute that is there under today's name too stays as it is, unless it is empty.
    """
    if not any(key.startswith(_PREFIX) for key in payload) and "stacktrace" not in payload:
        return payload
    result = {key: value for key, value in payload.items() if not key.startswith(_PREFIX)}
    for key, value in payload.items():
        if not key.startswith(_PREFIX):
            continue
        name = _NAMES.get(key.removeprefix(_PREFIX), key)
        if not result.get(name):
            result[name] = value
    return _with_stack_in_exception(result)


def _with_stack_in_exception(payload: Json) -> Json:
    stack, exception = payload.get("stacktrace"), payload.get("exception")
    holder = exception.get("values", exception) if isinstance(exception, dict) else exception
    values = holder if isinstance(holder, list) else [holder]
    only = values[0] if len(values) == 1 else None
    if not isinstance(stack, dict) or not isinstance(only, dict) or frames_of(only):
        return payload
    rest = {key: value for key, value in payload.items() if key != "stacktrace"}
    return rest | {"exception": {"values": [only | {"stacktrace": stack}]}}
