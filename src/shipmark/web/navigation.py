"""The sections of an organization in the navigation of pages."""

from collections.abc import Sequence
from dataclasses import dataclass

from shipmark.http.scopes import (
    AUDIT_READ,
    ORGANIZATION_CHANGE,
    ORGANIZATION_READ,
    RELEASE_TOKEN,
    REPOSITORY,
)
from shipmark.projects.model import Project
from shipmark.web import urls
from shipmark.web.request_context import Workspace


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """A section: its name, URL, icon, and the letter that opens it after G."""

    key: str
    name: str
    address: str
    icon: str
    letter: str


def sections(organization: str) -> Sequence[Section]:
    """Return the sections of the organization with this slug."""
    listed = (
        ("Releases", urls.releases(organization), "tag", "r"),
        ("Issues", urls.issues(organization), "bug", "i"),
        ("Timeline", urls.timeline(organization), "lanes", "t"),
        ("Delivery", urls.delivery(organization), "pulse", "d"),
        ("Settings", urls.settings(organization, "general"), "sliders", "s"),
    )
    return [
        Section(key=name.lower(), name=name, address=address, icon=icon, letter=letter)
        for name, address, icon, letter in listed
    ]


def needs_guide(workspace: Workspace) -> bool:
    """Return True if no project has both an event and a release: then the navigation has the guide.

    Pages without an organization do not load its projects, and so do not offer it.
    """
    projects = workspace.projects
    return bool(projects) and not any(
        each.first_event_at and each.has_releases for each in projects
    )


def settings_pages(workspace: Workspace) -> Sequence[tuple[str, str]]:
    """Return name and URL of each page of the organization's settings that the user may see."""
    slug = workspace.organization.slug
    names = {
        "General": "general",
        "Members": "members",
        "Teams": "teams",
        "Projects": "projects",
        "Data": "data",
    }
    if workspace.may(REPOSITORY):
        names["Repositories"] = "repositories"
    names["Tokens"] = "tokens"
    if workspace.may(ORGANIZATION_READ):
        names["Storage"] = "storage"
    if workspace.may(ORGANIZATION_CHANGE):
        names["Jobs"] = "jobs"
        names["Quarantine"] = "quarantine"
    if workspace.may(AUDIT_READ):
        names["Audit log"] = "audit-log"
    return [(name, urls.settings(slug, path)) for name, path in names.items()]


def project_tabs(workspace: Workspace, project: Project) -> Sequence[tuple[str, str]]:
    """Return name and URL of each page of a project's settings that the user may see."""
    names: dict[str, tuple[str, ...]] = {
        "General": (),
        "Client keys (DSN)": ("keys",),
        "Data": ("data",),
        "Release thresholds": ("thresholds",),
        "Code mappings": ("code-mappings",),
    }
    if workspace.may(RELEASE_TOKEN):
        names["Release webhook"] = ("webhook",)
    slug = workspace.organization.slug
    return [
        (name, urls.settings(slug, "projects", project.slug, *path)) for name, path in names.items()
    ]
