"""Storage of projects, keys, environments and options, one module for each."""

from shipmark.projects.store.environments import (
    ensure_environment,
    ensure_environments,
    environment_names,
    environments,
    environments_named,
    environments_of,
    link_environments,
)
from shipmark.projects.store.keys import (
    add_key,
    change_key,
    first_keys,
    key_of,
    keys,
    keys_of,
    projects_of_keys,
    remove_key,
)
from shipmark.projects.store.options import (
    OptionRow,
    options,
    options_of,
    options_of_projects,
    options_with_organization,
    redirect,
    redirected,
    redirects,
    save_options,
    values_of_option,
)
from shipmark.projects.store.projects import (
    accessible,
    add,
    add_owner,
    by_ids,
    by_slug_or_id,
    change,
    ensure,
    ids_of_team,
    is_on_its_team,
    lock_short_ids,
    next_short_id,
    of_organization,
    of_teams,
    of_user,
    platforms_of,
    project_teams,
    projects,
    projects_of_teams,
    record_events,
    record_releases,
    remove_owner,
    set_commit_paths,
    teams_of,
)
from shipmark.projects.store.sending_keys import by_key
