"""What was wrong (auth-and-errors.md 5). ``http/error_responses.py`` writes these; here they are for the document."""

from collections.abc import Mapping

import msgspec

from shipmark.api.responses import Wire


class RefusalResponse(Wire):
    """What was wrong with the request, in words."""

    detail: str


class ReasonResponse(Wire):
    """What was wrong, with a code for programs."""

    code: str
    message: str
    extra: dict[str, object]


class CodedRefusalResponse(Wire):
    """What was wrong with the request, in words and with a code."""

    detail: ReasonResponse


class UnreadResponse(Wire):
    """What was wrong, as uploads and the address for builds tell it."""

    error: str


#: What uploads may be refused with besides what any request may.
UPLOAD_REFUSED: Mapping[int, object] = {
    400: UnreadResponse,
    403: RefusalResponse | UnreadResponse,
    404: RefusalResponse | UnreadResponse,
}


class NotMadeResponse(msgspec.Struct):
    """Why a repository can't be added. The reference writes the key in snake case."""

    error_type: str
    errors: dict[str, str] | msgspec.UnsetType = msgspec.UNSET


#: Fields of the body that are wrong: each with its messages, nested where the body nests.
Problems = dict[str, list[str] | dict[str, object]]
