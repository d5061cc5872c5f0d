"""The release that the charts of its page are about, beside the one before it."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo

from shipmark.releases.model import Release
from shipmark.web.template_filters import short_version
from shipmark.web.view_models.release_facts import DeployLine


@dataclass(frozen=True, slots=True, kw_only=True)
class ChartedRelease:
    """A release, in the projects that the user sees, until now; ``deploys`` are marked in its charts.

    Times are written in the ``zone`` of the user.
    """

    release: Release
    previous: Release | None
    project_ids: Collection[int]
    deploys: Sequence[DeployLine]
    now: datetime
    zone: tzinfo

    @property
    def compared(self) -> list[Release]:
        """Return the release, followed by the one before it if there is one."""
        return [self.release] if self.previous is None else [self.release, self.previous]

    @property
    def names(self) -> list[str]:
        """Return the short versions of both."""
        return [short_version(release.version) for release in self.compared]

    def time(self, moment: datetime) -> str:
        """Return a moment in words."""
        return f"{moment.astimezone(self.zone):%d %b %H:%M %Z}"
