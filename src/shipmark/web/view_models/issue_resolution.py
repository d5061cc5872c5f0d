"""The page that resolves an issue in a release or a commit that the user names."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection

from shipmark.infrastructure.errors import BadRequest, ValidationFailed
from shipmark.issues.actions.resolve_in_commit import (
    UNKNOWN_COMMIT,
    UNKNOWN_REPOSITORY,
    require_commit,
)
from shipmark.issues.actions.update_issue import NO_RELEASE
from shipmark.issues.model import Issue, IssueStatus, StatusChange
from shipmark.releases.store import releases
from shipmark.web.forms import require_none
from shipmark.web.request_context import Workspace
from shipmark.web.view_models.repository_names import suggested_repositories

IN_RELEASE, IN_COMMIT = "resolve-in-release", "resolve-in-commit"
_VERSIONS_MAX = 100
_UNKNOWN_RELEASE = "The project has no release with this version."
_SENTENCES = {
    UNKNOWN_REPOSITORY: "There is no repository with this name.",
    UNKNOWN_COMMIT: "The repository has no commit with this hash. Enter all of its characters.",
    NO_RELEASE: "The project has no release yet.",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ResolutionPage:
    """The versions and the repositories that the fields suggest, the newest and the first by name."""

    versions: Sequence[str]
    repositories: Sequence[str]


def resolution_page(connection: Connection, workspace: Workspace, issue: Issue) -> ResolutionPage:
    """Return what the fields of the page suggest."""
    return ResolutionPage(
        versions=releases.newest_versions(connection, issue.project_id, _VERSIONS_MAX),
        repositories=suggested_repositories(connection, workspace),
    )


def requested_resolution(
    connection: Connection, workspace: Workspace, sent: Mapping[str, str]
) -> StatusChange:
    """Return the change that the form asks for.

    Raise `ValidationFailed` for blank fields and an unknown commit, `BadRequest` for an unknown button.
    """
    version, repository, commit = (
        sent.get(name, "").strip() for name in ("version", "repository", "commit")
    )
    match sent.get("action"):
        case "resolve-in-release":
            require_none(version=None if version else "Enter a version.")
            return StatusChange(status=IssueStatus.RESOLVED, in_release=version)
        case "resolve-in-commit":
            require_none(
                repository=None if repository else "Enter a repository.",
                commit=None if commit else "Enter the hash of a commit.",
            )
            named = require_commit(connection, workspace.access, repository=repository, sha=commit)
            return StatusChange(status=IssueStatus.RESOLVED, in_commit=named)
        case _:
            raise BadRequest(f"The action must be one of {IN_RELEASE}, {IN_COMMIT}.")


def in_words(refusal: ValidationFailed) -> ValidationFailed:
    """Return the refusal of a resolution by the fields of the page."""
    match refusal.fields:
        case {"statusDetails": {"inRelease": [str(sentence), *_]}}:
            return ValidationFailed({"version": [_SENTENCES.get(sentence, _UNKNOWN_RELEASE)]})
        case {"statusDetails": {"inCommit": dict(fields)}}:
            return ValidationFailed(
                {name: [_SENTENCES[str(messages[0])]] for name, messages in fields.items()}
            )
        case _:
            return refusal
