"""``/organizations/{organization}/settings/``: a module per page."""

from shipmark.web.handlers.settings import audit_log, members, projects, tokens

#: The handlers of all pages of the settings.
handlers = [*members.handlers, *projects.handlers, *tokens.handlers, *audit_log.handlers]
