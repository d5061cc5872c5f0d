"""The event object: one error as it is kept, without what may hold a secret.

Left out are variables of frames, requests, extras, breadcrumbs, and contexts other than those that say what it ran on.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import msgspec

from shipmark.api.commits.responses import AuthorResponse, NobodyResponse, author_response
from shipmark.api.members.user_responses import UserResponse
from shipmark.api.releases.loading import Related
from shipmark.api.repositories.responses import RepositoryResponse, repository_response
from shipmark.api.responses import Wire
from shipmark.events import parsing, stack_lines, titles
from shipmark.events.payload import (
    Json,
    Raised,
    as_text,
    exceptions_of,
    filename_of,
    main_frames,
    object_of,
    text_of,
)
from shipmark.events.store import StoredEvent
from shipmark.issues.suspects import Committer, Suspect
from shipmark.symbolication import javascript_stacks


class SuspectCommitResponse(Wire, kw_only=True):
    """A commit, and how well its changed files match the stack."""

    id: str
    message: str | None
    date_created: datetime
    score: int
    suspect_commit_type: str = "via commit in release"
    repository: RepositoryResponse | NobodyResponse
    pull_request: None = None


class CommitterResponse(Wire):
    """A user or author with their suspect commits."""

    author: UserResponse | AuthorResponse
    commits: list[SuspectCommitResponse]


class CommittersResponse(Wire):
    """The most suspicious first."""

    committers: list[CommitterResponse]


def committers_response(committers: Sequence[Committer], related: Related) -> CommittersResponse:
    """Return committers as the API shows them, without commits of unknown authors."""
    return CommittersResponse(
        committers=[
            CommitterResponse(
                author=author_response(related.authors[committer.author_id], related),
                commits=[_commit(suspect, related) for suspect in committer.suspects],
            )
            for committer in committers
            if committer.author_id is not None
        ]
    )


def _commit(suspect: Suspect, related: Related) -> SuspectCommitResponse:
    commit = related.commits[suspect.commit_id]
    repository = related.repositories.get(commit.repository_id)
    return SuspectCommitResponse(
        id=commit.sha,
        message=commit.message,
        date_created=commit.created_at,
        score=suspect.score,
        repository=repository_response(repository) if repository else NobodyResponse(),
    )


_CONTEXTS = (
    "app", "browser", "client_os", "cloud_resource", "culture", "device", "gpu", "os", "runtime", "trace",
)  # fmt: skip
_FRAME_DATA = ("sourcemap", "symbolicated", "resolved_with")
_ERRORS_MAX = 100


class FrameResponse(Wire):
    """A call. ``context`` are lines of code with their numbers; ``vars`` are never shown."""

    filename: str | None
    abs_path: str | None
    module: str | None
    function: str | None
    platform: str | None
    line_no: int | None
    col_no: int | None
    in_app: bool
    context: list[tuple[int, str]]
    data: dict[str, object]
    vars: None = None


class StackResponse(Wire, kw_only=True):
    """A stack, the oldest call first."""

    frames: list[FrameResponse]
    frames_omitted: None = None
    has_system_frames: bool


class MechanismResponse(Wire):
    """How an exception was caught."""

    type: str | None
    handled: bool | None


class ExceptionResponse(Wire):
    """An exception. ``raw_stacktrace`` is the stack as the client sent it, where ours is another one."""

    type: str | None
    value: str | None
    mechanism: MechanismResponse | None
    stacktrace: StackResponse | None
    raw_stacktrace: StackResponse | None


class EntryResponse(Wire):
    """A part of an event: ``exception``, ``stacktrace`` or ``message``."""

    type: str
    data: dict[str, object]


class TagResponse(Wire):
    """A tag."""

    key: str
    value: str


class EventUserResponse(msgspec.Struct):
    """Whom the error happened to. The reference writes these keys in snake case."""

    id: str | None
    username: str | None
    email: str | None
    name: str | None
    ip_address: str | None


class EventReleaseResponse(Wire):
    """The release of an event, by its version."""

    version: str


class EventErrorResponse(Wire):
    """What could not be done for an event, and why: ``data["reason"]`` is exact."""

    type: str
    message: str
    data: dict[str, object]


class EventResponse(Wire):
    """One error. ``id`` is the same as ``eventID``."""

    id: str
    event_id: str = msgspec.field(name="eventID")
    group_id: str = msgspec.field(name="groupID")
    project_id: str = msgspec.field(name="projectID")
    title: str
    message: str
    culprit: str
    location: str | None
    metadata: dict[str, object]
    platform: str
    type: str
    dist: str | None
    release: EventReleaseResponse | None
    date_created: datetime
    date_received: datetime
    tags: list[TagResponse]
    user: EventUserResponse | None
    contexts: dict[str, object]
    entries: list[EntryResponse]
    errors: list[EventErrorResponse]
    previous_event_id: str | None = msgspec.field(name="previousEventID")
    next_event_id: str | None = msgspec.field(name="nextEventID")


@dataclass(frozen=True, slots=True, kw_only=True)
class NeighbourEvents:
    """The ids of the events of the issue just before and just after."""

    before: str | None
    after: str | None


def event_response(event: StoredEvent, beside: NeighbourEvents) -> EventResponse:
    """An event as its own address shows it."""
    payload = event.payload
    read = parsing.read(payload, event_id=event.event_id, received_at=event.received_at)
    return EventResponse(
        id=event.event_id,
        event_id=event.event_id,
        group_id=str(event.issue_id),
        project_id=str(event.project_id),
        title=read.title,
        message=titles.message_of(payload),
        culprit=read.culprit,
        location=read.location,
        metadata=read.metadata,
        platform=read.platform,
        type=read.type,
        dist=read.dist,
        release=EventReleaseResponse(version=read.release) if read.release else None,
        date_created=event.at,
        date_received=event.received_at,
        tags=[TagResponse(key=key.removeprefix("sentry:"), value=text) for key, text in read.tags],
        user=_user_response(object_of(payload, "user")),
        contexts={
            key: held for key in _CONTEXTS if (held := object_of(payload, "contexts").get(key))
        },
        entries=_entries(payload),
        errors=errors_response(payload),
        previous_event_id=beside.before,
        next_event_id=beside.after,
    )


def errors_response(payload: Json) -> list[EventErrorResponse]:
    """What the event says could not be done."""
    errors = payload.get("errors")
    held = errors[:_ERRORS_MAX] if isinstance(errors, list) else []
    return [
        EventErrorResponse(
            type=text_of(error, "type"),
            message=text_of(error, "message"),
            data=object_of(error, "data"),
        )
        for error in held
        if isinstance(error, dict)
    ]


def _user_response(user: Json) -> EventUserResponse | None:
    if not user:
        return None
    names = ("id", "username", "email", "name", "ip_address")
    return EventUserResponse(**{name: as_text(user.get(name)) or None for name in names})


def _entries(payload: Json) -> list[EntryResponse]:
    entries = []
    raised, sent = exceptions_of(payload), exceptions_of(javascript_stacks.raw(payload))
    before = sent if len(sent) == len(raised) else raised
    if raised:
        values = [_exception_response(new, old) for new, old in zip(raised, before, strict=True)]
        entries.append(EntryResponse(type="exception", data={"values": values}))
    frames = main_frames(payload)
    if frames and not any(exception.frames for exception in raised):
        stack = msgspec.structs.asdict(_stack_response(frames))
        data = {"frames": stack["frames"], "framesOmitted": None}
        entries.append(EntryResponse(type="stacktrace", data=data))
    if text := titles.message_of(payload):
        entries.append(EntryResponse(type="message", data={"formatted": text}))
    return entries


def _exception_response(raised: Raised, sent: Raised) -> ExceptionResponse:
    handled = raised.mechanism.get("handled")
    mechanism = MechanismResponse(
        type=text_of(raised.mechanism, "type") or None,
        handled=handled if isinstance(handled, bool) else None,
    )
    return ExceptionResponse(
        type=raised.type or None,
        value=raised.value or None,
        mechanism=mechanism if raised.mechanism else None,
        stacktrace=_stack_response(raised.frames) if raised.frames else None,
        raw_stacktrace=_stack_response(sent.frames) if sent.frames != raised.frames else None,
    )


def _stack_response(frames: Sequence[Json]) -> StackResponse:
    shown = [frame_response(frame) for frame in frames]
    return StackResponse(frames=shown, has_system_frames=len({frame.in_app for frame in shown}) > 1)


def frame_response(frame: Mapping[str, object]) -> FrameResponse:
    """A call of a stack."""
    call = dict(frame)
    data = object_of(call, "data")
    return FrameResponse(
        filename=filename_of(call) or None,
        abs_path=text_of(call, "abs_path") or None,
        module=text_of(call, "module") or None,
        function=text_of(call, "function") or None,
        platform=text_of(call, "platform") or None,
        line_no=stack_lines.number(call, "lineno"),
        col_no=stack_lines.number(call, "colno"),
        in_app=call.get("in_app") is True,
        context=[(line.number, line.text) for line in stack_lines.lines_of(call)],
        data={key: data[key] for key in _FRAME_DATA if key in data},
    )
