"""``/organizations/{organization}/settings/``: a module per page."""

from shipmark.web.handlers.settings import (
    audit_log,
    jobs,
    members,
    projects,
    repositories,
    repository,
    storage,
    tokens,
)

#: The handlers of all pages of the settings.
handlers = [
    *members.handlers,
    *projects.handlers,
    *repositories.handlers,
    *repository.handlers,
    *tokens.handlers,
    *storage.handlers,
    *jobs.handlers,
    *audit_log.handlers,
]
