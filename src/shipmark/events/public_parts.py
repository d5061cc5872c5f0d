"""What anyone may see of an event whose issue is public: what went wrong, and where in the code (pure)."""

from shipmark.events.payload import Json

_SHOWN = ("exception", "threads", "stacktrace", "logentry", "message", "platform", "level")
#: What is left out of these: values of variables and parameters, and what SDKs add, such as the state of a form.
_LEFT_OUT = frozenset({"vars", "params", "data", "meta", "raw_stacktrace"})


def public_parts(payload: Json) -> Json:
    """Return the public parts of a payload, which is scrubbed already."""
    return {name: _reduced(payload[name]) for name in _SHOWN if name in payload}


def _reduced(value: object) -> object:
    if isinstance(value, list):
        return [_reduced(each) for each in value]
    if not isinstance(value, dict):
        return value
    reduced: Json = {key: _reduced(each) for key, each in value.items() if key not in _LEFT_OUT}
    return reduced
