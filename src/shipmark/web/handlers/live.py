"""``/organizations/{organization}/live/``: a stream of server-sent events for pages that follow what is new.

An event says only that a release or a deploy came or went; the page then loads its own content again, with the rights
of its user. The id of an event is a mark of the state (`deploys.store.newest`), so that a browser that connects again
learns of what changed meanwhile.
"""

from collections.abc import AsyncIterator
from time import monotonic

from litestar import get
from litestar.concurrency import sync_to_thread
from litestar.response import Stream

from shipmark.infrastructure.errors import Forbidden, NotFound, Refusal, Unauthenticated
from shipmark.web.live_updates import LiveUpdates
from shipmark.web.rendering import HEADERS
from shipmark.web.request_context import InjectedWebRequest, WebRequest, Workspace

#: The pause after which a silent connection is used, so that no proxy takes it for dead.
HEARTBEAT_SECONDS = 15.0
#: How long a stream goes on after its user has lost access or signed out, at most.
AUTHORIZED_SECONDS = 15.0
_MARK_MAX = 100
#: How long browsers wait before they connect again, and headers that keep proxies from collecting the answer.
_RETRY = "retry: 2000\n\n"
_HEADERS = HEADERS | {"X-Accel-Buffering": "no"}


@get("/organizations/{organization:str}/live/", scopes=None)
async def follow_changes(web_request: InjectedWebRequest) -> Stream:
    """Send an event for each change of the organization's releases and deploys, and comments in between."""
    workspace = await sync_to_thread(web_request.authorized)
    live: LiveUpdates = web_request.request.app.state.live
    mark = web_request.request.headers.get("last-event-id") or web_request.parameter("after")
    live.require_capacity(workspace.user.id)
    events = _events(web_request, workspace, live, mark[:_MARK_MAX])
    return Stream(events, headers=_HEADERS, media_type="text/event-stream")


async def _events(
    web_request: WebRequest, workspace: Workspace, live: LiveUpdates, mark: str
) -> AsyncIterator[str]:
    """Yield the text of the stream. It is opened here, as what never begins would not be closed either."""
    organization = workspace.organization
    follower = live.open(web_request.database, workspace.user.id, organization.id, mark)
    try:
        yield _RETRY
        checked_at = monotonic()
        while not follower.is_over:
            is_changed = await follower.wait(HEARTBEAT_SECONDS)
            if follower.is_over:
                return
            if monotonic() - checked_at >= AUTHORIZED_SECONDS:
                if not await sync_to_thread(_is_authorized, web_request):
                    return
                checked_at = monotonic()
            yield f"id: {follower.mark}\ndata: changed\n\n" if is_changed else ":\n\n"
    finally:
        live.close(follower)


def _is_authorized(web_request: WebRequest) -> bool:
    """Return False if the user may not see the organization any more; while the database is away, it is not known."""
    try:
        web_request.authorized()
    except (Unauthenticated, Forbidden, NotFound):
        return False
    except Refusal:
        return True
    return True
