"""``/organizations/{organization}/settings/``: a module per page."""

from shipmark.web.handlers.settings import (
    audit_log,
    data,
    general,
    jobs,
    members,
    project,
    project_code_mappings,
    project_data,
    project_keys,
    project_thresholds,
    project_webhook,
    projects,
    quarantine,
    repositories,
    storage,
    teams,
    tokens,
)

#: The modules of all pages of the settings.
modules = (
    audit_log,
    data,
    general,
    jobs,
    members,
    project,
    project_code_mappings,
    project_data,
    project_keys,
    project_thresholds,
    project_webhook,
    projects,
    quarantine,
    repositories,
    storage,
    teams,
    tokens,
)
