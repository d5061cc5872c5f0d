"""Query parameters of events."""

from typing import Annotated

from pydantic import BeforeValidator, Field

from shipmark.http.validation import Integer, RequestModel, optional
from shipmark.http.validation.errors import BAD_INTEGER, invalid


def _check_digits(text: str) -> str:
    if not (text.isascii() and text.isdigit()):
        raise invalid(BAD_INTEGER)
    return text


_Index = Annotated[int, Integer(maximum=99_999), BeforeValidator(_check_digits)]
_FrameLimit = Annotated[
    int, Integer(minimum=1, maximum=999_999_999), BeforeValidator(_check_digits)
]


class CommittersQuery(RequestModel):
    """The part of a stack that suspect commits are searched by."""

    frame_limit: _FrameLimit = Field(
        25, description="The frames of the stack to look at.", examples=[5]
    )


class SourceMapDebugQuery(RequestModel):
    """The frames to explain."""

    exception_idx: _Index | None = optional(
        "Only the frames of this exception, counted from 0 as in the event.",
        alias="exception_idx",
        example=0,
    )
    frame_idx: _Index | None = optional(
        "Only the frames with this index in their stack, counted from 0.",
        alias="frame_idx",
        example=0,
    )

    @property
    def selects_frames(self) -> bool:
        """Whether only some frames are explained."""
        return self.exception_idx is not None or self.frame_idx is not None

    def selects(self, exception_idx: int | None, frame_idx: int) -> bool:
        """Return True for a frame to explain."""
        return self.exception_idx in {None, exception_idx} and self.frame_idx in {None, frame_idx}
