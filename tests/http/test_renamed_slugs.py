"""What has another name now is answered with where it is (auth-and-errors.md 4)."""

import json

import pytest
from litestar import Request

from shipmark.http.error_responses import body_of, refusal_response
from shipmark.infrastructure.errors import Conflict, Renamed


def answered(path: str, part: str, slug: str, query: str = "") -> tuple[int, str, object]:
    scope = {"type": "http", "method": "GET", "headers": [], "path": path}
    scope |= {"raw_path": path.encode(), "query_string": query.encode()}
    answer = refusal_response(Request(scope), Renamed(part, slug))  # type: ignore[arg-type]
    return answer.status_code, answer.headers["Location"], answer.content


@pytest.mark.parametrize(
    ("path", "query", "there"),
    [
        ("/api/0/projects/acme/web/", "", "/api/0/projects/acme/site/"),
        ("/api/0/projects/acme/web/", "a=1", "/api/0/projects/acme/site/?a=1"),
        ("/api/0/projects/web/web/", "", "/api/0/projects/web/site/"),
        ("/api/0/projects/acme/web/releases/web/", "", "/api/0/projects/acme/site/releases/web/"),
        ("/api/0/projects/acme/w%65b/", "", "/api/0/projects/acme/site/"),
        (
            "/api/0/projects/acme/web/releases/web%401%2F2/",
            "q=%2F&q=",
            "/api/0/projects/acme/site/releases/web%401%2F2/?q=%2F&q=",
        ),
    ],
)
def test_only_the_name_is_exchanged(path: str, query: str, there: str) -> None:
    status, location, content = answered(path, "web", "site", query)
    assert (status, location) == (302, there)
    assert json.loads(json.dumps(content))["detail"]["extra"] == {"url": there, "slug": "site"}


def test_a_conflict_may_name_fields() -> None:
    assert body_of(Conflict("Taken.")) == {"detail": "Taken."}
    assert body_of(Conflict("Taken.", {"slug": ["Taken."]})) == {
        "slug": ["Taken."],
        "detail": "Taken.",
    }
