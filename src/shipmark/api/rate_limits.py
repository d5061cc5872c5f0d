"""The rate limits of keys and projects, as requests set and responses show them."""

from typing import Annotated

from pydantic import BeforeValidator, Field

from shipmark.api.responses import Wire
from shipmark.http.validation import Integer, RequestModel
from shipmark.projects.model import RATE_COUNT_MAX, RATE_WINDOW_SECONDS_MAX


class RateLimitRequest(RequestModel):
    """The number of events to accept in a number of seconds; 0 of either for no limit."""

    count: Annotated[int, Integer(maximum=RATE_COUNT_MAX)] = Field(
        description="Number of events, 0 for no limit."
    )
    window: Annotated[int, Integer(maximum=RATE_WINDOW_SECONDS_MAX)] = Field(
        description="Number of seconds, 0 for no limit."
    )

    @property
    def is_limit(self) -> bool:
        """Return True unless it stands for no limit."""
        return bool(self.count and self.window)


#: A limit that may be null, or an empty object, for none.
OptionalRateLimit = Annotated[RateLimitRequest | None, BeforeValidator(lambda value: value or None)]


class RateLimitResponse(Wire):
    """The number of events to accept in a number of seconds."""

    window: int
    count: int
