"""Requests of the gate to a server, by the standard library."""

import json
from collections.abc import Sequence
from http.client import HTTPException, HTTPMessage
from typing import IO, Any
from urllib.error import HTTPError, URLError
from urllib.parse import quote, urlencode, urlsplit
from urllib.request import HTTPRedirectHandler, Request, build_opener

from shipmark import __version__

TIMEOUT_SECONDS = 30.0
_BODY_MAX = 4_000_000
#: What the gate reads.
_FIELDS = frozenset(
    {"verdict", "reason", "reasons", "release", "environment", "base", "final", "rollback"}
    | {"newIssues", "newIssueCount"}
)
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
        """Raise `RequestError` for an address that is not one of HTTP."""
        if urlsplit(url).scheme not in {"http", "https"}:
            raise RequestError(f"{url} is no address that begins with http:// or https://.")
        self._address = f"{url.rstrip('/')}/api/0/organizations/{quote(organization, safe='')}"
        self._token = token
        self._opener = build_opener(_NoRedirects)

    def verdict(self, version: str, parameters: Sequence[tuple[str, str]]) -> dict[str, Any]:
        """Return the verdict on a release. Raise `RequestError` if it can't be had."""
        path = f"/releases/{quote(version, safe='')}/verdict/?{urlencode(parameters)}"
        headers = {
            "Authorization": f"Bearer {self._token}",
            "User-Agent": f"shipmark-gate/{__version__}",
        }
        request = Request(self._address + path, headers=headers)  # noqa: S310  # HTTP only, see above
        try:
            with self._opener.open(request, timeout=TIMEOUT_SECONDS) as response:
                verdict: dict[str, object] = json.loads(response.read(_BODY_MAX))
        except HTTPError as error:
            with error:
                raise _refused(error) from None
        except (URLError, HTTPException, OSError) as error:
            raise TryAgainError(f"The server can't be reached: {error}") from None
        except ValueError:
            raise RequestError("The server's answer is no JSON: is the address right?") from None
        if not isinstance(verdict, dict) or not _FIELDS.issubset(verdict):
            raise RequestError("The server's answer is no verdict: is the address right?")
        return verdict


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
    except ValueError:
        return str(error.reason)
    if not isinstance(body, dict):
        return str(body)
    return "; ".join(
        f"{name}: {' '.join(map(str, value)) if isinstance(value, list) else value}"
        for name, value in body.items()
    )
