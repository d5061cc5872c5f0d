"""What does a person see when something is refused or goes wrong?"""

from collections.abc import Mapping

from litestar import Response
from litestar.exceptions import HTTPException

from shipmark.ground.errors import NotAllowed, NotSignedIn, Refusal
from shipmark.serving.errors import failure_answer, refusal_answer
from shipmark.web import addresses
from shipmark.web.given import AnyRequest, asked_for
from shipmark.web.rendering import Answer, leading_to, page

_NOT_FOUND = (
    "There is nothing here",
    "The address may be mistyped, or what was here is gone, or it is not for your account to see.",
)
_OTHER = ("This did not work", "The server could not do what the request asks for.")


def refusal_page(request: AnyRequest, refusal: Refusal) -> Answer:
    """The page for a refused request; somebody who is not signed in is asked to."""
    if isinstance(refusal, NotSignedIn):
        return leading_to(addresses.sign_in(asked_for(request)))
    status = refusal_answer(request, refusal).status_code or 400
    if isinstance(refusal, NotAllowed):
        return _page(status, ("This request was refused", refusal.detail))
    return _page(status, _NOT_FOUND if status == 404 else _OTHER)


def http_page(_: AnyRequest, error: HTTPException) -> Answer:
    """The page for what the framework refuses, such as a body over the limit."""
    return _page(error.status_code, _NOT_FOUND if error.status_code == 404 else _OTHER)


def failure_page(request: AnyRequest, error: Exception) -> Answer:
    """The page for a bug: an id to find it in the log by, and nothing of its inside."""
    told = _told(failure_answer(request, error))
    words = f"It is not your fault. The server's log has more about it under {told}."
    return _page(500, ("Something broke on our side", words))


def _told(answer: Response[object]) -> str:
    content = answer.content
    assert isinstance(content, Mapping), "the answer to a bug is an object"
    return str(content["errorId"])


def _page(status: int, words: tuple[str, str]) -> Answer:
    title, text = words
    return page("refused.html", status=status, code=status, title=title, text=text)
