"""The event object: one error as it is stored, scrubbed again by the current rules of its project."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import msgspec

from shipmark.api.commits.responses import AuthorResponse, NobodyResponse, author_response
from shipmark.api.events.entry_responses import EntryResponse, entries_response
from shipmark.api.members.user_responses import UserResponse
from shipmark.api.releases.loading import Related
from shipmark.api.repositories.responses import RepositoryResponse, repository_response
from shipmark.api.responses import Wire
from shipmark.events import titles
from shipmark.events.parsing import Event
from shipmark.events.payload import Json, as_text, object_of, text_of
from shipmark.events.scrubbed_event import ScrubbedEvent
from shipmark.issues.suspects import Committer, Suspect


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


_ERRORS_MAX = 100


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
    data: dict[str, object] | None


class EventSdkResponse(Wire):
    """The library that sent an event."""

    name: str
    version: str


class EventReleaseResponse(Wire):
    """The release of an event, by its version."""

    version: str


class EventErrorResponse(Wire):
    """What could not be done for an event, and why: ``data["reason"]`` is exact."""

    type: str
    message: str
    data: dict[str, object]


class EventOverviewResponse(Wire, kw_only=True):
    """What an event in a list and an event at its own address share. ``id`` is the same as ``eventID``."""

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
    date_created: datetime
    tags: list[TagResponse]
    user: EventUserResponse | None


class EventSummaryResponse(EventOverviewResponse, kw_only=True):
    """An event in a list."""

    type: str = msgspec.field(name="event.type")
    crash_file: None = None


class EventResponse(EventOverviewResponse, kw_only=True):
    """One error."""

    type: str
    dist: str | None
    release: EventReleaseResponse | None
    date_received: datetime
    contexts: dict[str, object]
    context: dict[str, object]
    packages: dict[str, str]
    sdk: EventSdkResponse | None
    fingerprints: list[str]
    entries: list[EntryResponse]
    errors: list[EventErrorResponse]
    previous_event_id: str | None = msgspec.field(name="previousEventID")
    next_event_id: str | None = msgspec.field(name="nextEventID")


class EventIdResponse(Wire):
    """The event of an id, with its project and issue."""

    organization_slug: str
    project_slug: str
    group_id: str
    event_id: str
    event: EventResponse


@dataclass(frozen=True, slots=True, kw_only=True)
class NeighbourEvents:
    """The ids of the events of the issue just before and just after."""

    before: str | None
    after: str | None


def event_response(event: ScrubbedEvent, beside: NeighbourEvents) -> EventResponse:
    """Return an event as its own address shows it."""
    payload, read = event.payload, event.read
    return EventResponse(
        **msgspec.structs.asdict(_overview(event)),
        type=read.type,
        dist=read.dist,
        release=EventReleaseResponse(version=read.release) if read.release else None,
        date_received=event.stored.received_at,
        contexts=_contexts(object_of(payload, "contexts")),
        context=object_of(payload, "extra"),
        packages=_packages(object_of(payload, "modules")),
        sdk=_sdk(object_of(payload, "sdk")),
        fingerprints=list(read.hashes),
        entries=entries_response(payload),
        errors=errors_response(payload),
        previous_event_id=beside.before,
        next_event_id=beside.after,
    )


def event_summary_response(event: ScrubbedEvent) -> EventSummaryResponse:
    """Return an event in a list."""
    return EventSummaryResponse(**msgspec.structs.asdict(_overview(event)), type=event.read.type)


def _overview(event: ScrubbedEvent) -> EventOverviewResponse:
    stored, read = event.stored, event.read
    return EventOverviewResponse(
        id=stored.event_id,
        event_id=stored.event_id,
        group_id=str(stored.issue_id),
        project_id=str(stored.project_id),
        title=read.title,
        message=titles.message_of(event.payload),
        culprit=read.culprit,
        location=read.location,
        metadata=read.metadata,
        platform=read.platform,
        date_created=stored.at,
        tags=_tags(read),
        user=_user_response(object_of(event.payload, "user")),
    )


def errors_response(payload: Json) -> list[EventErrorResponse]:
    """Return what the event says could not be done."""
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


def _tags(read: Event) -> list[TagResponse]:
    return [TagResponse(key=key.removeprefix("sentry:"), value=text) for key, text in read.tags]


def _user_response(user: Json) -> EventUserResponse | None:
    if not user:
        return None
    names = ("id", "username", "email", "name", "ip_address")
    texts = {name: as_text(user.get(name)) or None for name in names}
    # What applications tell of their users beyond these, as `data` or, with newer SDKs, beside it.
    others = {name: value for name, value in user.items() if name not in {*names, "data"}}
    return EventUserResponse(**texts, data=others | object_of(user, "data") or None)


def _contexts(contexts: Json) -> dict[str, object]:
    """Contexts with their type, which is their name unless the client says more."""
    held = {name: context for name, context in contexts.items() if isinstance(context, dict)}
    return {name: {"type": name, **context} for name, context in held.items() if context}


def _packages(modules: Json) -> dict[str, str]:
    return {name: as_text(version) for name, version in modules.items()}


def _sdk(sdk: Json) -> EventSdkResponse | None:
    name, version = text_of(sdk, "name"), text_of(sdk, "version")
    return EventSdkResponse(name=name, version=version) if name or version else None
