"""``/organizations/{organization}/settings/``: a module per page."""

from shipmark.web.handlers.settings import (
    audit_log,
    deletion,
    general,
    jobs,
    members,
    project,
    project_data,
    project_keys,
    project_thresholds,
    project_webhook,
    projects,
    quarantine,
    repositories,
    repository,
    storage,
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
    *project.handlers,
    *project_data.handlers,
    *project_keys.handlers,
    *project_thresholds.handlers,
    *project_webhook.handlers,
    *repositories.handlers,
    *repository.handlers,
    *tokens.handlers,
    *storage.handlers,
    *jobs.handlers,
    *quarantine.handlers,
    *audit_log.handlers,
]
