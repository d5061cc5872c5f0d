"""Refusals: the errors of callers that domain packages raise.

``http/error_responses.py`` is the only place that turns a refusal into a status and a body. A bug is not a refusal:
it is an exception whose name ends in ``Error``, or a failed ``assert``.

::

    Refusal
    ├── ValidationFailed  fields of the request's body are wrong
    ├── BadRequest        a parameter, or the request as a whole, is wrong
    ├── BadUpload         an upload is wrong, for which the protocol has another shape of answers
    ├── Unauthenticated   credentials are missing or unknown
    ├── Forbidden         the caller is known, but lacks permission
    ├── NotFound          the object does not exist, or must not be revealed to this caller
    ├── Conflict          another transaction is changing the object, or the name is taken
    ├── Renamed           the object has another name now
    ├── TooLarge          a limit is exceeded
    ├── Unsupported       the media type is not supported
    ├── TooManyRequests   the server or the caller is at its limit; retry later
    ├── RequestTimeout    the rest of the body did not arrive in time
    ├── Unavailable       a service that Shipmark depends on has failed; retry later
    └── StorageFull       the upload can't be stored: the blob store is full
"""

from collections.abc import Mapping


class Refusal(Exception):
    """A request is refused, with a message for the client. Nothing was changed."""

    #: Short reason for metrics and the log; never contains data of the request.
    reason = "refused"


class DetailedRefusal(Refusal):
    """A refusal with a sentence for the client; ``detail`` is the reason."""

    def __init__(self, detail: str) -> None:
        super().__init__(detail)
        self.detail = detail


class ValidationFailed(Refusal):
    """Fields of the body are wrong: ``fields`` maps each to its messages, nested like the body."""

    reason = "invalid"

    def __init__(self, fields: Mapping[str, object]) -> None:
        super().__init__(", ".join(fields))
        self.fields = fields


class BadRequest(DetailedRefusal):
    """A parameter is wrong, or the body cannot be parsed; ``detail`` is the reason."""

    reason = "bad_request"

    def __init__(
        self, detail: str, *, code: str | None = None, extra: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(detail)
        self.code = code
        self.extra = {"context": ""} if extra is None else extra


class BadUpload(DetailedRefusal):
    """A chunk, or a file assembled of chunks, is wrong; ``detail`` is the reason (auth-and-errors.md 5).

    ``like`` is the equivalent refusal outside of uploads.
    """

    reason = "bad_upload"

    def __init__(self, detail: str, *, like: type[Refusal] = BadRequest) -> None:
        super().__init__(detail)
        self.like = like


class Unauthenticated(DetailedRefusal):
    """Credentials are missing or unknown."""

    reason = "not_signed_in"

    def __init__(self, detail: str = "Authentication credentials were not provided.") -> None:
        super().__init__(detail)


class Forbidden(DetailedRefusal):
    """The caller is known, but lacks permission."""

    reason = "not_allowed"

    def __init__(self, detail: str = "You do not have permission to perform this action.") -> None:
        super().__init__(detail)


class NotFound(DetailedRefusal):
    """The object does not exist, or must not be revealed to this caller."""

    reason = "not_found"

    def __init__(self, detail: str = "The requested resource does not exist") -> None:
        super().__init__(detail)


class Conflict(DetailedRefusal):
    """Another transaction is changing the object, or the name is taken; ``fields`` has the messages by field."""

    reason = "conflict"

    def __init__(self, detail: str, fields: Mapping[str, object] | None = None) -> None:
        super().__init__(detail)
        self.fields = fields or {}


class Renamed(Refusal):
    """The object has another name now; ``part`` is the parameter of the path, ``slug`` its new value."""

    reason = "moved"

    def __init__(self, part: str, slug: str) -> None:
        super().__init__(slug)
        self.part = part
        self.slug = slug


class TooLarge(DetailedRefusal):
    """A limit is exceeded; ``detail`` names it."""

    reason = "too_large"


class Unsupported(DetailedRefusal):
    """The media type is not supported."""

    reason = "unsupported"


class TooManyRequests(DetailedRefusal):
    """The server is at its limit; the same request may succeed after ``retry_after_seconds``.

    ``limits`` are those that SDKs respect, "" for one of everything.
    """

    reason = "too_many_requests"

    def __init__(self, detail: str, *, retry_after_seconds: int, limits: str = "") -> None:
        super().__init__(detail)
        self.retry_after_seconds, self.limits = retry_after_seconds, limits


class RequestTimeout(DetailedRefusal):
    """The client did not send the rest of the body in time."""

    reason = "stalled"

    def __init__(
        self, detail: str = "The rest of the request's body did not come in time."
    ) -> None:
        super().__init__(detail)


class Unavailable(DetailedRefusal):
    """A service that Shipmark depends on has failed. The caller may retry."""

    reason = "unavailable"

    def __init__(
        self, detail: str = "The store of files is out of order. Try again later."
    ) -> None:
        super().__init__(detail)


class StorageFull(DetailedRefusal):
    """The blob store is full, and the upload was not stored."""

    reason = "no_room"

    def __init__(
        self,
        detail: str = "There is no space left to store files. Contact the operator of this server.",
    ) -> None:
        super().__init__(detail)
