"""The sections of an organization in the navigation of pages."""

from collections.abc import Sequence
from dataclasses import dataclass

from shipmark.web import urls


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
            key="settings",
            name="Settings",
            address=urls.settings(organization, "members"),
            icon="sliders",
            letter="s",
        ),
    ]


def settings_pages(organization: str) -> Sequence[tuple[str, str]]:
    """Return name and URL of each page of the organization's settings."""
    return [
        (name, urls.settings(organization, name.lower()))
        for name in ("Members", "Projects", "Tokens")
    ]
