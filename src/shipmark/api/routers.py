"""The routers of all resources of the API."""

from shipmark.api.artifact_bundles import archive_routes as artifact_bundles_archive
from shipmark.api.artifact_bundles import assemble_routes as artifact_bundles_assemble
from shipmark.api.artifact_bundles import lookup_routes as artifact_bundles_lookup
from shipmark.api.artifact_bundles import routes as artifact_bundles
from shipmark.api.attachments import routes as attachments
from shipmark.api.audit_log import routes as audit_log
from shipmark.api.auth import routes as auth
from shipmark.api.avatars import routes as avatars
from shipmark.api.code_mappings import routes as code_mappings
from shipmark.api.commit_fetches import routes as commit_fetches
from shipmark.api.commits import routes as commits
from shipmark.api.debug_files import routes as debug_files
from shipmark.api.delivery import routes as delivery
from shipmark.api.deploys import routes as deploys
from shipmark.api.discarded_issues import routes as discarded_issues
from shipmark.api.event_counts import routes as event_counts
from shipmark.api.events import routes as events
from shipmark.api.health import routes as health
from shipmark.api.inbound_filters import routes as inbound_filters
from shipmark.api.issue_comments import routes as issue_comments
from shipmark.api.issue_hashes import routes as issue_hashes
from shipmark.api.issues import count_routes as issue_counts
from shipmark.api.issues import routes as issues
from shipmark.api.members import routes as members
from shipmark.api.members import user_routes as members_user
from shipmark.api.organizations import routes as organizations
from shipmark.api.project_keys import routes as project_keys
from shipmark.api.projects import routes as projects
from shipmark.api.quarantine import routes as quarantine
from shipmark.api.release_files import routes as release_files
from shipmark.api.release_health import routes as release_health
from shipmark.api.releases import bulk_routes as releases_bulk
from shipmark.api.releases import detail_routes as releases_detail
from shipmark.api.releases import onboarding_routes as releases_onboarding
from shipmark.api.releases import project_routes as releases_project
from shipmark.api.releases import routes as releases
from shipmark.api.releases import statistics_routes as releases_statistics
from shipmark.api.repositories import routes as repositories
from shipmark.api.shared_issues import routes as shared_issues
from shipmark.api.tags import routes as tags
from shipmark.api.teams import routes as teams
from shipmark.api.thresholds import routes as thresholds
from shipmark.api.tokens import organization_routes as tokens_organization
from shipmark.api.tokens import routes as tokens
from shipmark.api.unsupported import routes as unsupported
from shipmark.api.uploads import routes as uploads
from shipmark.api.user_reports import routes as user_reports
from shipmark.api.verdicts import routes as verdicts
from shipmark.http import endpoint

#: Endpoints at one address must share a router. The webhook and the document need no credentials: see ``app.py``.
ROUTERS = tuple(
    endpoint.router(module)
    for module in (
        uploads,
        artifact_bundles_assemble,
        debug_files,
        auth,
        health,
        organizations,
        audit_log,
        quarantine,
        tokens_organization,
        tokens,
        members,
        members_user,
        teams,
        projects,
        project_keys,
        inbound_filters,
        releases,
        releases_bulk,
        releases_detail,
        verdicts,
        release_files,
        release_health,
        artifact_bundles,
        artifact_bundles_lookup,
        artifact_bundles_archive,
        deploys,
        delivery,
        releases_project,
        commits,
        releases_onboarding,
        releases_statistics,
        thresholds,
        repositories,
        code_mappings,
        commit_fetches,
        issues,
        discarded_issues,
        issue_comments,
        issue_counts,
        issue_hashes,
        tags,
        shared_issues,
        events,
        event_counts,
        attachments,
        user_reports,
        unsupported,
        avatars,
    )
)
