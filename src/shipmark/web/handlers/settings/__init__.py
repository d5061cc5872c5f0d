"""``/organizations/{organization}/settings/``: a module per page."""

from shipmark.web.handlers.settings import (
    audit_log,
    deletion,
    general,
    members,
    projects,
    team,
    teams,
    tokens,
)

#: The handlers of all pages of the settings.
handlers = [
    *general.handlers,
    *deletion.handlers,
    *members.handlers,
    *teams.handlers,
    *team.handlers,
    *projects.handlers,
    *tokens.handlers,
    *audit_log.handlers,
]
