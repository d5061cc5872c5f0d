"""Every route of the API says which scopes open it."""

from collections.abc import Iterator

import pytest
from httpx import Client
from litestar.handlers import HTTPRouteHandler

from shipmark.accounts.model import ALL_SCOPES
from shipmark.app import assemble
from shipmark.infrastructure.database import Database
from shipmark.infrastructure.settings import Settings

#: What anybody may ask who has a token, or none.
OPEN = {
    "get_root",
    "get_internal_health",
    "get_shared_issue",
    "get_user",
    "get_user_avatar",
    "set_user_avatar",
    "list_api_tokens",
    "create_api_token",
    "delete_api_token",
}

#: What probes of gateways ask: it is below the API by its address only.
_LIVENESS = "/api/0/relays/live"


def handlers() -> Iterator[tuple[str, HTTPRouteHandler]]:
    app = assemble(Settings(), Database("sqlite:///never-opened.db"))
    for route in app.routes:
        if not route.path.startswith("/api/0") or route.path == _LIVENESS:
            continue
        for handler in route.route_handlers:  # type: ignore[union-attr]
            if isinstance(handler, HTTPRouteHandler) and handler.http_methods != {"OPTIONS"}:
                yield route.path, handler


@pytest.mark.filterwarnings("ignore::litestar.exceptions.LitestarDeprecationWarning")
def test_every_route_of_the_api_demands_a_scope() -> None:
    found = list(handlers())
    assert len(found) > 30
    for path, handler in found:
        scopes = handler.opt.get("scopes")
        assert scopes is not None, (path, handler.handler_name)
        assert scopes <= set(ALL_SCOPES), (path, handler.handler_name)
        assert scopes or handler.handler_name in OPEN, (path, handler.handler_name)


@pytest.mark.parametrize("kind", ["sqlite"])
def test_nothing_else_is_served_below_the_api(client: Client) -> None:
    answer = client.get("/api/0/nothing/here/")
    assert (answer.status_code, answer.json()) == (
        404,
        {"detail": "The requested resource does not exist"},
    )
