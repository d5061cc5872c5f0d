"""What pages record after their response, so that none of them waits for the write lock."""

from shipmark.http import AnyRequest
from shipmark.web import issue_views, session_use


async def record_noted(request: AnyRequest) -> None:
    """Record what was noted while the page was made: that a session is in use, and that an issue was seen."""
    await session_use.record_noted(request)
    await issue_views.record_noted(request)
