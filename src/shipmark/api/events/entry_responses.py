"""The parts of an event, which the protocol calls entries, each with the data of its type."""

from collections.abc import Sequence

import msgspec

from shipmark.api.responses import Wire
from shipmark.events import request_parts, stack_lines, titles
from shipmark.events.limits import BREADCRUMBS_MAX
from shipmark.events.payload import (
    THREADS_MAX,
    Json,
    Raised,
    as_text,
    breadcrumb_level,
    exceptions_of,
    filename_of,
    frames_of,
    object_of,
    objects_of,
    text_of,
)
from shipmark.infrastructure.clock import moment_of, wire_text
from shipmark.symbolication import javascript_stacks

_JSON = "application/json"
_FORM = "application/x-www-form-urlencoded"


def request_data(request: Json) -> dict[str, object] | None:
    """Return the data of the entry ``request``; None without a request."""
    if not request:
        return None
    base, _, fragment = request_parts.split_url(request)
    headers = request_parts.headers(request)
    body = request.get("data")
    return {
        "url": base or None,
        "method": text_of(request, "method").upper() or None,
        "query": request_parts.query(request),
        "fragment": text_of(request, "fragment") or fragment or None,
        "headers": sorted(headers),
        "cookies": request_parts.cookies(request),
        "data": body if body is not None and body != "" else None,
        "env": object_of(request, "env") or None,
        "inferredContentType": _content_type(headers, body),
        "apiTarget": text_of(request, "api_target") or None,
    }


def _content_type(headers: list[request_parts.Pair], body: object) -> str | None:
    if sent := request_parts.value_of(headers, "content-type"):
        return sent.partition(";")[0].strip()
    if isinstance(body, dict | list):
        return _JSON
    return _FORM if isinstance(body, str) and "=" in body and not body.startswith("{") else None


_IMAGES_MAX = 1000
_FRAME_DATA = ("sourcemap", "symbolicated", "resolved_with")
_REPORTS = ("csp", "hpkp", "expectct", "expectstaple", "template")


class FrameResponse(Wire):
    """A call. ``context`` are lines of code with their numbers."""

    filename: str | None
    abs_path: str | None
    module: str | None
    package: str | None
    function: str | None
    raw_function: str | None
    platform: str | None
    instruction_addr: str | None
    line_no: int | None
    col_no: int | None
    in_app: bool
    context: list[tuple[int, str]]
    data: dict[str, object]
    vars: dict[str, object] | None


class StackResponse(Wire, kw_only=True):
    """A stack, the oldest call first."""

    frames: list[FrameResponse]
    frames_omitted: None = None
    has_system_frames: bool


class MechanismResponse(Wire, kw_only=True):
    """How an exception was caught. The reference writes these keys in snake case."""

    type: str | None
    handled: bool | None
    synthetic: bool | None = None
    description: str | None = None
    help_link: str | None = msgspec.field(name="help_link", default=None)
    source: str | None = None
    exception_id: int | None = msgspec.field(name="exception_id", default=None)
    parent_id: int | None = msgspec.field(name="parent_id", default=None)
    is_exception_group: bool | None = msgspec.field(name="is_exception_group", default=None)
    data: dict[str, object] | None = None
    meta: dict[str, object] | None = None


class ExceptionResponse(Wire):
    """An exception. ``raw_stacktrace`` is the stack as the client sent it, where ours is another one."""

    type: str | None
    value: str | None
    module: str | None
    thread_id: str | None
    mechanism: MechanismResponse | None
    stacktrace: StackResponse | None
    raw_stacktrace: StackResponse | None


class ThreadResponse(Wire):
    """A thread. ``raw_stacktrace`` is the stack as the client sent it, where ours is another one."""

    id: str | None
    name: str | None
    crashed: bool | None
    current: bool | None
    state: str | None
    stacktrace: StackResponse | None
    raw_stacktrace: StackResponse | None


class BreadcrumbResponse(Wire):
    """Something that happened before the event."""

    type: str
    timestamp: str | None
    level: str
    message: str | None
    category: str | None
    data: dict[str, object] | None
    event_id: str | None = msgspec.field(name="event_id")


class EntryResponse(Wire):
    """A part of an event, such as ``exception``, ``threads``, ``message``, ``breadcrumbs`` or ``request``."""

    type: str
    data: dict[str, object]


def entries_response(payload: Json) -> list[EntryResponse]:
    """Return the parts that the event has."""
    sent = javascript_stacks.raw(payload)
    parts: list[tuple[str, dict[str, object] | None]] = [
        ("exception", _exception_data(payload, sent)),
        ("stacktrace", _stack_data(payload)),
        ("threads", _threads_data(payload, sent)),
        ("message", _message_data(payload)),
        ("breadcrumbs", _breadcrumbs_data(payload)),
        ("request", request_data(object_of(payload, "request"))),
        *((name, object_of(payload, name)) for name in _REPORTS),
        ("debugmeta", _debug_data(payload)),
    ]
    return [EntryResponse(type=name, data=data) for name, data in parts if data]


def _exception_data(payload: Json, before_symbolication: Json) -> dict[str, object] | None:
    raised, sent = exceptions_of(payload), exceptions_of(before_symbolication)
    if not raised:
        return None
    before = sent if len(sent) == len(raised) else raised
    values = [_exception(new, old) for new, old in zip(raised, before, strict=True)]
    stacks = [value.stacktrace for value in values if value.stacktrace]
    has_system_frames = any(stack.has_system_frames for stack in stacks)
    return {"values": values, "excOmitted": None, "hasSystemFrames": has_system_frames}


def _exception(raised: Raised, sent: Raised) -> ExceptionResponse:
    return ExceptionResponse(
        type=raised.type or None,
        value=raised.value or None,
        module=raised.module or None,
        thread_id=raised.thread_id or None,
        mechanism=_mechanism(raised.mechanism) if raised.mechanism else None,
        stacktrace=_stack(raised.frames),
        raw_stacktrace=_stack(sent.frames) if sent.frames != raised.frames else None,
    )


def _mechanism(mechanism: Json) -> MechanismResponse:
    return MechanismResponse(
        type=_text(mechanism, "type"),
        handled=_flag(mechanism, "handled"),
        synthetic=_flag(mechanism, "synthetic"),
        description=_text(mechanism, "description"),
        help_link=_text(mechanism, "help_link"),
        source=_text(mechanism, "source"),
        exception_id=stack_lines.number(mechanism, "exception_id"),
        parent_id=stack_lines.number(mechanism, "parent_id"),
        is_exception_group=_flag(mechanism, "is_exception_group"),
        data=object_of(mechanism, "data") or None,
        meta=object_of(mechanism, "meta") or None,
    )


def _stack_data(payload: Json) -> dict[str, object] | None:
    """Return the stack of an event in which neither an exception nor a thread has one."""
    threads = objects_of(payload, "threads")
    has_other = any(raised.frames for raised in exceptions_of(payload)) or any(
        map(frames_of, threads)
    )
    stack = None if has_other else _stack(frames_of(payload))
    if stack is None:
        return None
    return {
        "frames": stack.frames,
        "framesOmitted": None,
        "hasSystemFrames": stack.has_system_frames,
    }


def _threads_data(payload: Json, before_symbolication: Json) -> dict[str, object] | None:
    threads, sent = objects_of(payload, "threads"), objects_of(before_symbolication, "threads")
    pairs = zip(threads[-THREADS_MAX:], sent[-THREADS_MAX:], strict=True)
    values = [_thread(thread, frames_of(old)) for thread, old in pairs]
    return {"values": values} if values else None


def _thread(thread: Json, sent: Sequence[Json]) -> ThreadResponse:
    frames = frames_of(thread)
    return ThreadResponse(
        id=as_text(thread.get("id")) or None,
        name=_text(thread, "name"),
        crashed=_flag(thread, "crashed"),
        current=_flag(thread, "current"),
        state=_text(thread, "state"),
        stacktrace=_stack(frames),
        raw_stacktrace=_stack(sent) if tuple(sent) != frames else None,
    )


def _message_data(payload: Json) -> dict[str, object] | None:
    text = titles.message_of(payload)
    template, _ = titles.message_parts(payload)
    params = titles.message_params(payload)
    shown: dict[str, object] = {"formatted": text}
    if template:
        shown["message"] = template
    if params:
        shown["params"] = params
    return shown if text else None


def _breadcrumbs_data(payload: Json) -> dict[str, object] | None:
    values = [_breadcrumb(crumb) for crumb in objects_of(payload, "breadcrumbs")[-BREADCRUMBS_MAX:]]
    return {"values": values} if values else None


def _breadcrumb(breadcrumb: Json) -> BreadcrumbResponse:
    at = moment_of(breadcrumb.get("timestamp"))
    return BreadcrumbResponse(
        type=text_of(breadcrumb, "type") or "default",
        timestamp=wire_text(at) if at else None,
        level=breadcrumb_level(breadcrumb),
        message=_text(breadcrumb, "message"),
        category=_text(breadcrumb, "category"),
        data=object_of(breadcrumb, "data") or None,
        event_id=_text(breadcrumb, "event_id"),
    )


def _debug_data(payload: Json) -> dict[str, object] | None:
    images = object_of(payload, "debug_meta").get("images")
    held = images if isinstance(images, list) else []
    shown = [image for image in held if isinstance(image, dict)][:_IMAGES_MAX]
    return {"images": shown} if shown else None


def _stack(frames: Sequence[Json]) -> StackResponse | None:
    if not frames:
        return None
    shown = [_frame(frame) for frame in frames]
    return StackResponse(frames=shown, has_system_frames=len({frame.in_app for frame in shown}) > 1)


def _frame(frame: Json) -> FrameResponse:
    data = object_of(frame, "data")
    return FrameResponse(
        filename=filename_of(frame) or None,
        abs_path=_text(frame, "abs_path"),
        module=_text(frame, "module"),
        package=_text(frame, "package"),
        function=_text(frame, "function"),
        raw_function=_text(frame, "raw_function"),
        platform=_text(frame, "platform"),
        instruction_addr=_text(frame, "instruction_addr"),
        line_no=stack_lines.number(frame, "lineno"),
        col_no=stack_lines.number(frame, "colno"),
        in_app=frame.get("in_app") is True,
        context=[(line.number, line.text) for line in stack_lines.lines_of(frame)],
        data={key: data[key] for key in _FRAME_DATA if key in data},
        vars=object_of(frame, "vars") or None,
    )


def _flag(holder: Json, name: str) -> bool | None:
    value = holder.get(name)
    return value if isinstance(value, bool) else None


def _text(holder: Json, name: str) -> str | None:
    return text_of(holder, name) or None
