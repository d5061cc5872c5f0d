"""What does an event call itself: title, culprit, location and the text that searches look into?

The rules of ingest.md 5.4.
"""

import re
from collections.abc import Callable

from shipmark.events.payload import (
    TEXT_MAX,
    Json,
    as_text,
    crash_frame,
    filename_of,
    main_exception,
    object_of,
    text_of,
)

TITLE_MAX = 100
CULPRIT_MAX = 200
NAME_MAX = 256
METADATA_TYPE_MAX = 128
METADATA_VALUE_MAX = 1024

#: A message of percent signs must not unfold long parameters a thousand times.
PARAMETER_MAX = 200

_PRINTF = re.compile(r"%(?:\((?P<name>\w+)\))?[-+ #0-9.]{0,8}(?P<kind>[sdifrxXcgeoEGu%])")
_BRACES = re.compile(r"\{(?P<name>\w*)\}")


def metadata_of(payload: Json) -> dict[str, object]:
    """Collect what the title is made of; the issue keeps it and shows it."""
    raised = main_exception(payload)
    if raised is None:
        return {"title": _default_title(payload)}
    metadata: dict[str, object] = {"value": raised.value[:METADATA_VALUE_MAX]}
    if not raised.is_synthetic:
        metadata["type"] = raised.type[:METADATA_TYPE_MAX] or "Error"
    frame = crash_frame(payload)
    if filename := filename_of(frame):
        metadata["filename"] = filename[:NAME_MAX]
    if function := text_of(frame, "function"):
        metadata["function"] = function[:NAME_MAX]
    return metadata


def title_of(metadata: Json) -> str:
    """Make the one line that stands for the issue in every list."""
    if title := text_of(metadata, "title"):
        return title
    type_, line = text_of(metadata, "type"), _first_line(text_of(metadata, "value"))
    if type_:
        return f"{type_}: {line}" if line else type_
    return text_of(metadata, "function") or "<unknown>"


def culprit_of(payload: Json) -> str:
    """Say where it happened, in the words of the client if it has any."""
    value = text_of(payload, "culprit") or text_of(payload, "transaction")
    return (value or _frame_culprit(crash_frame(payload)))[:CULPRIT_MAX]


def location_of(metadata: Json) -> str | None:
    """Name the file of the crash."""
    return text_of(metadata, "filename") or None


def message_of(payload: Json) -> str:
    """Read the message as a person would see it, with parameters filled in."""
    template, formatted = message_parts(payload)
    return formatted or _filled(template, payload)


def message_parts(payload: Json) -> tuple[str, str]:
    """Read (template, formatted text); a plain string is formatted text (ingest.md 5)."""
    logged = _logentry(payload)
    plain_text = text_of(payload, "message") or text_of(payload, "logentry")
    formatted = text_of(logged, "formatted") or plain_text
    return text_of(logged, "message")[:TEXT_MAX], formatted[:TEXT_MAX]


def search_message_of(payload: Json, metadata: Json) -> str:
    """Join all that a search for words should find, each text once."""
    message = message_of(payload)
    for value in (*metadata.values(), text_of(payload, "transaction")):
        if isinstance(value, str) and value not in message:
            message = f"{message} {value}"
    return message.strip()[:TEXT_MAX]


def _default_title(payload: Json) -> str:
    return _first_line(message_of(payload)) or "<unlabeled event>"


def _first_line(text: str) -> str:
    lines = text.strip().splitlines()
    return _shortened(lines[0], TITLE_MAX) if lines else ""


def _shortened(text: str, length_max: int) -> str:
    return text if len(text) <= length_max else text[: length_max - 3] + "..."


def _frame_culprit(frame: Json) -> str:
    place = text_of(frame, "module") or filename_of(frame)
    return f"{place} in {text_of(frame, 'function') or '?'}" if place else ""


def _logentry(payload: Json) -> Json:
    # The oldest clients put the object under "message".
    return object_of(payload, "logentry") or object_of(payload, "message")


def _filled(template: str, payload: Json) -> str:
    """Put the parameters into a template like ``hello %s`` or ``hello {name}``."""
    params = _logentry(payload).get("params")
    if not isinstance(params, list | dict) or not params:
        return template
    pattern = _PRINTF if _PRINTF.search(template) else _BRACES
    return pattern.sub(_filler(params), template)[:TEXT_MAX]


def _filler(params: list[object] | Json) -> Callable[[re.Match[str]], str]:
    """Make the function that answers each placeholder; one without a parameter stays as it is."""
    pairs = params.items() if isinstance(params, dict) else enumerate(params)
    # Converted once each, because a template can name the same long parameter a thousand times.
    named = {str(name): as_text(value)[:PARAMETER_MAX] for name, value in pairs}
    positions = (str(position) for position in range(len(named)))

    def fill(placeholder: re.Match[str]) -> str:
        if placeholder[0].endswith("%"):
            return "%"
        name = placeholder["name"] or next(positions, "")
        return named.get(name, placeholder[0])

    return fill
