"""The sections of an organization in the navigation of pages."""

from collections.abc import Sequence
from dataclasses import dataclass

from shipmark.web import urls
from shipmark.web.request_context import Workspace

#: A user with one of these scopes sees the audit log.
READS_AUDIT_LOG = frozenset({"org:write"})


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
    return [
        Section(
            key="releases",
            name="Releases",
            address=urls.releases(organization),
            icon="tag",
            letter="r",
        ),
        Section(
            key="issues",
            name="Issues",
            address=urls.issues(organization),
            icon="bug",
            letter="i",
        ),
        Section(
            key="timeline",
            name="Timeline",
            address=urls.timeline(organization),
            icon="lanes",
            letter="t",
        ),
        Section(
            key="settings",
            name="Settings",
            address=urls.settings(organization, "members"),
            icon="sliders",
            letter="s",
        ),
    ]


def settings_pages(workspace: Workspace) -> Sequence[tuple[str, str]]:
    """Return name and URL of each page of the organization's settings that the user may see."""
    slug = workspace.organization.slug
    names = {"Members": "members", "Projects": "projects", "Tokens": "tokens"}
    if workspace.may(READS_AUDIT_LOG):
        names["Audit log"] = "audit-log"
    return [(name, urls.settings(slug, path)) for name, path in names.items()]
