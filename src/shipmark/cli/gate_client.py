"""Requests of the gate to a server, by the standard library."""

import json
from collections.abc import Sequence
from http.client import HTTPException, HTTPMessage
from typing import IO, Any
from urllib.error import HTTPError, URLError
from urllib.parse import quote, urlencode, urlsplit
from urllib.request import HTTPRedirectHandler, Request, build_opener

from shipmark import __version__
from shipmark.verdicts.judgement import VerdictStatus

TIMEOUT_SECONDS = 30.0
_BODY_MAX = 4_000_000
#: What the gate reads.
_FIELDS = frozenset(
    {"verdict", "reason", "reasons", "release", "environment", "base", "final", "rollback"}
    | {"newIssues", "newIssueCount"}
)
#: A list, because what an answer holds may not be hashable.
_VERDICTS = list(VerdictStatus)
_TRY_AGAIN = frozenset({409, 429, 500, 502, 503, 504})
_REASONS = {
    401: "The token is missing or unknown.",
    403: "The token may not read releases of this organization or project.",
    404: "There is no such organization or release, or the token may not see it.",
}


class RequestError(Exception):
    """The verdict can't be had."""


class TryAgainError(RequestError):
    """The server did not answer, or is busy: a later request may succeed."""


class _NoRedirects(HTTPRedirectHandler):
    """Follows no redirect, which would send the token to another address."""

    def redirect_request(
        self, req: Request, fp: IO[bytes], code: int, msg: str, headers: HTTPMessage, newurl: str
    ) -> None:
        """Refuse."""
        del req, fp, code, msg, headers, newurl


class GateClient:
    """A server, with a token for one of its organizations."""

    def __init__(self, url: str, token: str, organization: str) -> None:
        """Raise `RequestError` for an address that is not one of HTTP, and for what can't be a token."""
        if not _is_http(url):
            raise RequestError(f"{url} is no address that begins with http:// or https://.")
        if not (token.isascii() and token.isprintable()):
            raise RequestError("The token has characters that no token has, such as a line break.")
        self._address = f"{url.rstrip('/')}/api/0/organizations/{_quoted(organization)}"
        self._token = token
        self._opener = build_opener(_NoRedirects)

    def verdict(self, version: str, parameters: Sequence[tuple[str, str]]) -> dict[str, Any]:
        """Return the verdict on a release. Raise `RequestError` if it can't be had."""
        query = urlencode(parameters, errors="surrogateescape")
        path = f"/releases/{_quoted(version)}/verdict/?{query}"
        headers = {
            "Authorization": f"Bearer {self._token}",
            "User-Agent": f"shipmark-gate/{__version__}",
        }
        request = Request(self._address + path, headers=headers)  # noqa: S310  # HTTP only, see above
        try:
            with self._opener.open(request, timeout=TIMEOUT_SECONDS) as response:
                verdict: dict[str, Any] = json.loads(response.read(_BODY_MAX))
        except HTTPError as error:
            with error:
                raise _refused(error) from None
        except (URLError, HTTPException, OSError) as error:
            raise TryAgainError(f"The server can't be reached: {error}") from None
        except (ValueError, RecursionError):
            raise RequestError("The server's answer is no JSON: is the address right?") from None
        if not _is_verdict(verdict):
            raise RequestError("The server's answer is no verdict: is the address right?")
        return verdict


def _is_http(url: str) -> bool:
    try:
        return urlsplit(url).scheme in {"http", "https"}
    except ValueError:
        return False


def _quoted(text: str) -> str:
    """Return a text as a segment of a path; bytes that are not UTF-8 as they were given."""
    return quote(text, safe="", errors="surrogateescape")


def _is_verdict(answer: object) -> bool:
    """Return whether an answer has what the gate reads, in the types that it reads."""
    if not isinstance(answer, dict) or not _FIELDS.issubset(answer):
        return False
    return (
        answer["verdict"] in _VERDICTS
        and isinstance(answer["newIssueCount"], int)
        and isinstance(answer["reasons"], list)
        and bool(answer["reasons"])
        and isinstance(answer["newIssues"], list)
        and all(map(_is_issue, answer["newIssues"]))
    )


def _is_issue(issue: object) -> bool:
    return isinstance(issue, dict) and {"shortId", "title"}.issubset(issue)


def _refused(error: HTTPError) -> RequestError:
    if error.code in _TRY_AGAIN:
        return TryAgainError(f"The server answers {error.code}.")
    if error.code in _REASONS:
        return RequestError(_REASONS[error.code])
    if location := error.headers.get("Location"):
        return RequestError(f"The server redirects to {location}: give that address.")
    return RequestError(f"The server answers {error.code}: {_details(error)}")


def _details(error: HTTPError) -> str:
    try:
        body = json.loads(error.read(_BODY_MAX))
    except (ValueError, RecursionError, HTTPException, OSError):
        return str(error.reason)
    if not isinstance(body, dict):
        return str(body)
    return "; ".join(
        f"{name}: {' '.join(map(str, value)) if isinstance(value, list) else value}"
        for name, value in body.items()
    )
