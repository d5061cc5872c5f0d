"""What a caller may do wrong: the refusals that rooms raise.

``http/error_responses.py`` is the only place that turns a refusal into a status and a body. A bug is not a refusal:
it is an exception whose name ends in ``Error``, or a failed ``assert``.

::

    Refusal
    ├── Invalid         fields of the request's body are wrong
    ├── BadRequest      a parameter, or the request as a whole, is wrong
    ├── BadUpload       the same, where the protocol says it in another shape
    ├── NotSignedIn     no credentials, or credentials that nobody knows
    ├── NotAllowed      known, but may not
    ├── NotFound        not there, or not for this caller to know
    ├── Conflict        somebody else is changing the same thing, or has it
    ├── Moved           there, under another name
    ├── TooLarge        over a limit
    ├── Unsupported     a media type or an encoding that we do not read
    ├── TooManyRequests more than this server takes on at the moment; to be tried again
    ├── Stalled         the rest of a body did not come in time
    ├── Unavailable     something that we rely on is out of order; to be tried again
    └── NoRoom          what was sent can't be kept: the store of files is full
"""

from collections.abc import Mapping


class Refusal(Exception):
    """A request that is refused, with words for the person who sent it. Nothing has been changed."""

    #: Short reason for metrics and the log; never holds anything of the request.
    reason = "refused"


class ValidationFailed(Refusal):
    """Fields of the body are wrong: ``fields`` maps each to its messages, nested where the body nests."""

    reason = "invalid"

    def __init__(self, fields: Mapping[str, object]) -> None:
        super().__init__(", ".join(fields))
        self.fields = fields


class BadRequest(Refusal):
    """A parameter is wrong, or the body cannot be read; ``detail`` says which and how."""

    reason = "bad_request"

    def __init__(
        self, detail: str, *, code: str | None = None, extra: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(detail)
        self.detail = detail
        self.code = code
        self.extra = {"context": ""} if extra is None else extra


class BadUpload(Refusal):
    """A chunk, or what is made of chunks, is wrong; ``detail`` says which and how (auth-and-errors.md 5).

    ``like`` is the refusal that it would be elsewhere.
    """

    reason = "bad_upload"

    def __init__(self, detail: str, *, like: type[Refusal] = BadRequest) -> None:
        super().__init__(detail)
        self.detail = detail
        self.like = like


class Unauthenticated(Refusal):
    """Credentials are missing or unknown."""

    reason = "not_signed_in"

    def __init__(self, detail: str = "Authentication credentials were not provided.") -> None:
        super().__init__(detail)
        self.detail = detail


class Forbidden(Refusal):
    """The caller is known and may not do this."""

    reason = "not_allowed"

    def __init__(self, detail: str = "You do not have permission to perform this action.") -> None:
        super().__init__(detail)
        self.detail = detail


class NotFound(Refusal):
    """The thing does not exist, or the caller must not learn that it does."""

    reason = "not_found"

    def __init__(self, detail: str = "The requested resource does not exist") -> None:
        super().__init__(detail)
        self.detail = detail


class Conflict(Refusal):
    """Somebody else is changing the same thing, or has what is asked for; ``fields`` says it once more, by field."""

    reason = "conflict"

    def __init__(self, detail: str, fields: Mapping[str, object] | None = None) -> None:
        super().__init__(detail)
        self.detail = detail
        self.fields = fields or {}


class Renamed(Refusal):
    """The thing has another name now; ``part`` is what the address calls it, ``slug`` what it should."""

    reason = "moved"

    def __init__(self, part: str, slug: str) -> None:
        super().__init__(slug)
        self.part = part
        self.slug = slug


class TooLarge(Refusal):
    """Something is over its limit; ``detail`` names the limit."""

    reason = "too_large"

    def __init__(self, detail: str) -> None:
        super().__init__(detail)
        self.detail = detail


class Unsupported(Refusal):
    """A media type or content encoding that we do not read."""

    reason = "unsupported"

    def __init__(self, detail: str) -> None:
        super().__init__(detail)
        self.detail = detail


class TooManyRequests(Refusal):
    """More than this server takes on at the moment; the same request may pass after ``retry_after_seconds``."""

    reason = "too_many_requests"

    def __init__(self, detail: str, *, retry_after_seconds: int) -> None:
        super().__init__(detail)
        self.detail = detail
        self.retry_after_seconds = retry_after_seconds


class RequestTimeout(Refusal):
    """The client did not send the rest of its body in time."""

    reason = "stalled"

    def __init__(
        self, detail: str = "The rest of the request's body did not come in time."
    ) -> None:
        super().__init__(detail)
        self.detail = detail


class Unavailable(Refusal):
    """Something that we rely on is out of order. It is no fault of the caller, who may try again."""

    reason = "unavailable"

    def __init__(
        self, detail: str = "The store of files is out of order. Try again later."
    ) -> None:
        super().__init__(detail)
        self.detail = detail


class StorageFull(Refusal):
    """The store of files is full, and what was sent is not kept."""

    reason = "no_room"

    def __init__(
        self, detail: str = "There is no room left to store files. Tell who runs this server."
    ) -> None:
        super().__init__(detail)
        self.detail = detail
