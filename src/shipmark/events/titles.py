"""Title, culprit, location and search text of events.

The rules of ingest.md 5.4.
"""

import re
from collections.abc import Callable

from shipmark.events import security_reports
from shipmark.events.grouping_names import function_name
from shipmark.events.payload import (
    TEXT_MAX,
    Json,
    Raised,
    filename_of,
    object_of,
    text_of,
    text_or_json,
)

#: The attribute of an event with the fingerprint rule that fits it.
RULE = "_fingerprint_info"
TITLE_MAX = 100
CULPRIT_MAX = 200
NAME_MAX = 256
METADATA_TYPE_MAX = 128
METADATA_VALUE_MAX = 1024
#: The most characters of a parameter, as a template may repeat a long one a thousand times.
PARAMETER_MAX = 200
#: Of C and Python, Go (``%v``), JavaScript (``%O``) and Apple (``%@``), without the flag " ": in "100% of %s" the first
#: is none.
_PRINTF = re.compile(
    r"%(?:\((?P<name>\w+)\)|(?P<number>[1-9]\d?)\$)?[-+#0-9.]{0,8}(?:hh?|ll?|[zLq](?=[diuoxXfeg]))?"
    r"[sdifFrxXcgeoEGuaAvwqtTpOj@%]"
)
#: With the sign of Serilog before the name and the format of .NET behind it, if any.
_BRACES = re.compile(r"\{[@$]?(?P<name>[\w.]*)(?:[,:][^{}]{0,32})?\}(?P<number>)")

#: Colors of terminals, which loggers and bundlers write into messages.
_COLOR = re.compile(r"\x1b\[[0-9;]*m")


def without_colors(text: str) -> str:
    """Return a text without the sequences by which terminals color it."""
    return _COLOR.sub("", text) if "\x1b" in text else text


def metadata_of(payload: Json, raised: Raised | None, frame: Json) -> dict[str, object]:
    """Return the parts of the title, which the issue stores and shows.

    Given are the event's `main_exception` and its `crash_frame`.
    """
    if title := _first_line(text_of(object_of(payload, RULE), "title")):
        return {**_metadata(payload, raised, frame), "title": title}
    return _metadata(payload, raised, frame)


def _metadata(payload: Json, raised: Raised | None, frame: Json) -> dict[str, object]:
    if raised is None:
        if report := security_reports.metadata_of(payload):
            return report
        return {"title": _first_line(message_of(payload)) or "<unlabeled event>"}
    is_named = bool(raised.type) and not raised.is_synthetic
    value = raised.value or ("" if is_named else message_of(payload))
    metadata: dict[str, object] = {"value": value[:METADATA_VALUE_MAX]}
    if not raised.is_synthetic:
        metadata["type"] = raised.type[:METADATA_TYPE_MAX] or "Error"
    if filename := filename_of(frame):
        metadata["filename"] = filename[:NAME_MAX]
    function = text_of(frame, "function")
    if function:
        metadata["function"] = function[:NAME_MAX]
    if raised.is_synthetic and raised.type and not value and not function_name(function):
        metadata["type"] = raised.type[:METADATA_TYPE_MAX]  # it is all that is known
    return metadata


def title_of(metadata: Json) -> str:
    """Return the title of the issue, one line."""
    if title := text_of(metadata, "title") or _first_line(text_of(metadata, "message")):
        return title
    type_ = " ".join(text_of(metadata, "type").split())
    line = _first_line(text_of(metadata, "value"))
    if type_:
        return f"{type_}: {line}" if line else type_
    # A synthetic exception has no type that tells anything: its text is what happened, not where.
    return line or text_of(metadata, "function") or "<unknown>"


def culprit_of(payload: Json, frame: Json) -> str:
    """Return the place of the error, by the client's own name if it sends one, else by the `crash_frame`."""
    value = text_of(payload, "culprit") or text_of(payload, "transaction")
    return (value or _frame_culprit(frame) or security_reports.culprit_of(payload))[:CULPRIT_MAX]


def message_of(payload: Json) -> str:
    """Return the message with its parameters filled in; of a report of a browser, what it says."""
    template, formatted = message_parts(payload)
    return formatted or _filled(template, payload) or security_reports.message_of(payload)


def message_parts(payload: Json) -> tuple[str, str]:
    """Return (template, formatted text); a plain string is formatted text (ingest.md 5)."""
    logged = _logentry(payload)
    plain_text = text_of(payload, "message") or text_of(payload, "logentry")
    template = text_of(logged, "message")
    # raven sends the template as the event's message too.
    formatted = text_of(logged, "formatted") or (plain_text if plain_text != template else "")
    return template[:TEXT_MAX], formatted[:TEXT_MAX]


def message_params(payload: Json) -> list[object] | Json:
    """Return the parameters of the message, empty for none."""
    params = _logentry(payload).get("params")
    return params if isinstance(params, list | dict) else []


def search_message_of(payload: Json, metadata: Json) -> str:
    """Return all texts for searches, each once."""
    message = message_of(payload)
    for value in (*metadata.values(), text_of(payload, "transaction")):
        if isinstance(value, str) and value not in message:
            message = f"{message} {value}"
    return without_colors(message).strip()[:TEXT_MAX]


def _first_line(text: str) -> str:
    line = next(iter(without_colors(text).strip().splitlines()), "")
    return line if len(line) <= TITLE_MAX else line[: TITLE_MAX - 3] + "..."


def _frame_culprit(frame: Json) -> str:
    # Native code without debug files, and functions of the browser itself, have no file.
    code, function = text_of(frame, "module") or filename_of(frame), text_of(frame, "function")
    return f"{code} in {function or '?'}" if code else function


def _logentry(payload: Json) -> Json:
    # The oldest clients put the object under "message".
    return object_of(payload, "logentry") or object_of(payload, "message")


def _filled(template: str, payload: Json) -> str:
    """Return a template like ``hello %s`` or ``hello {name}`` with its parameters filled in."""
    params = message_params(payload)
    if not params:
        return template
    pattern = _PRINTF if _PRINTF.search(template) else _BRACES
    return pattern.sub(_filler(params), template)[:TEXT_MAX]


def _filler(params: list[object] | Json) -> Callable[[re.Match[str]], str]:
    """Return the function that replaces each placeholder; one without a parameter stays."""
    pairs = params.items() if isinstance(params, dict) else enumerate(params)
    # Converted once each, because a template can repeat the same long parameter a thousand times.
    texts = {
        str(name): "None" if value is None else text_or_json(value)[:PARAMETER_MAX]
        for name, value in pairs
    }
    if isinstance(params, dict):
        # Python's logging takes an object as the only parameter, too.
        texts.setdefault("0", text_or_json(params)[:PARAMETER_MAX])
    positions = (str(position) for position in range(len(texts)))

    def fill(placeholder: re.Match[str]) -> str:
        if placeholder[0].endswith("%"):
            return "%"
        # Java and PHP count from one.
        numbered = str(int(placeholder["number"]) - 1) if placeholder["number"] else ""
        name = placeholder["name"] or numbered
        # Loggers of .NET name the parameters of a list, which are in the order of the names.
        if not name or (isinstance(params, list) and not name.isdecimal()):
            name = next(positions, "")
        return texts.get(name, placeholder[0])

    return fill
