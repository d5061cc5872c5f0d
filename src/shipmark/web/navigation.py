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
            key="timeline",
            name="Timeline",
            address=urls.timeline(organization),
            icon="lanes",
            letter="t",
        ),
    ]
