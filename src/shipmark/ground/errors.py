"""What a caller may do wrong: the refusals that rooms raise.

``serving/errors.py`` is the only place that turns a refusal into a status and a body. A bug is not a refusal:
it is an exception whose name ends in ``Error``, or a failed ``assert``.

::

    Refusal
    ├── Invalid         fields of the request's body are wrong
    ├── BadRequest      a parameter, or the request as a whole, is wrong
    ├── NotSignedIn     no credentials, or credentials that nobody knows
    ├── NotAllowed      known, but may not
    ├── NotFound        not there, or not for this caller to know
    ├── Conflict        somebody else is changing the same thing, or has it
    ├── Moved           there, under another name
    ├── TooLarge        over a limit
    └── Unsupported     a media type or an encoding that we do not read
"""

from collections.abc import Mapping


class Refusal(Exception):
    """A request that is refused, with words for the person who sent it. Nothing has been changed."""

    #: Short reason for metrics and the log; never holds anything of the request.
    reason = "refused"


class Invalid(Refusal):
    """Fields of the body are wrong: ``fields`` maps each to its messages, nested where the body nests."""

    reason = "invalid"

    def __init__(self, fields: Mapping[str, object]) -> None:
        super().__init__(", ".join(fields))
        self.fields = fields


class BadRequest(Refusal):
    """A parameter is wrong, or the body cannot be read; ``detail`` says which and how."""

    reason = "bad_request"

    def __init__(self, detail: str, *, code: str | None = None) -> None:
        super().__init__(detail)
        self.detail = detail
        self.code = code


class NotSignedIn(Refusal):
    """Credentials are missing or unknown."""

    reason = "not_signed_in"

    def __init__(self, detail: str = "Authentication credentials were not provided.") -> None:
        super().__init__(detail)
        self.detail = detail


class NotAllowed(Refusal):
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


class Moved(Refusal):
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
