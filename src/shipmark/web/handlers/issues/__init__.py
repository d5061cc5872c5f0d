"""``/organizations/{organization}/issues/``: a module per page or group of pages."""

from shipmark.web.handlers.issues import (
    attachments,
    comments,
    deletion,
    events,
    issue,
    issue_list,
    resolution,
)

#: The modules of all pages of issues.
modules = (
    attachments,
    comments,
    deletion,
    events,
    issue,
    issue_list,
    resolution,
)
