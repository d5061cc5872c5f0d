"""Handlers of pages: a module per page or group of pages."""

from litestar import Router
from litestar.di import Provide
from litestar.exceptions import HTTPException

from shipmark.http.endpoint import handlers_of
from shipmark.infrastructure.errors import Refusal
from shipmark.web.after_response import record_noted
from shipmark.web.csrf import require_own_page
from shipmark.web.error_pages import failure_page, http_page, refusal_page
from shipmark.web.handlers import (
    account,
    avatars,
    bulk_releases,
    client_links,
    delivery,
    documentation,
    getting_started,
    invitations,
    issues,
    live,
    new_release,
    preferences,
    release_actions,
    release_notes,
    releases,
    search,
    settings,
    shared_issues,
    sign_in,
    single_sign_on,
    static,
    timeline,
    verdicts,
)
from shipmark.web.request_context import provide_web_request

#: Forms hold a few short fields.
_BODY_MAX_BYTES = 64 * 1024

_MODULES = (
    account,
    avatars,
    bulk_releases,
    client_links,
    delivery,
    documentation,
    getting_started,
    invitations,
    live,
    new_release,
    preferences,
    release_actions,
    release_notes,
    releases,
    search,
    shared_issues,
    sign_in,
    single_sign_on,
    static,
    timeline,
    verdicts,
    *issues.modules,
    *settings.modules,
)

router = Router(
    "/",
    route_handlers=[
        *(handler for module in _MODULES for handler in handlers_of(module)),
        *avatars.show_photos,
    ],
    dependencies={"web_request": Provide(provide_web_request)},
    guards=[require_own_page],
    after_response=record_noted,
    exception_handlers={Refusal: refusal_page, HTTPException: http_page, Exception: failure_page},
    request_max_body_size=_BODY_MAX_BYTES,
    include_in_schema=False,
)
