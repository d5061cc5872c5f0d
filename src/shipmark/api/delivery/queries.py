"""Query parameters of the metrics of delivery."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import pairwise

from sqlalchemy import Connection

from shipmark.api.queries import PeriodText, ProjectQuery, TimeRangeQuery
from shipmark.delivery import reports
from shipmark.delivery.reports import DEFAULT_ENVIRONMENT
from shipmark.http import time_range
from shipmark.http.time_range import Range
from shipmark.http.validation import optional
from shipmark.infrastructure.errors import NotFound, ValidationFailed

#: The longest period. The same time as a page shows, with the time that it is compared with.
PERIOD_MAX = timedelta(days=732)
_PERIOD = timedelta(days=90)
_INTERVAL = timedelta(days=7)
_INTERVAL_MIN = timedelta(days=1)


class DeliveryQuery(ProjectQuery, TimeRangeQuery):
    """The projects, the environment and the period."""

    environment: str | None = optional(
        f"The environment, by default `{DEFAULT_ENVIRONMENT}`.", example="production"
    )
    interval: PeriodText = optional(
        "The length of the steps of the series, at least a day, by default a week.", example="1w"
    )

    def period(self, at: datetime) -> Range:
        """Return the period, by default the last 90 days; it ends now at the latest.

        Raise `ValidationFailed` if it is too long or has not begun, and `BadRequest` for one that can't be read.
        """
        start, end = self.time_range_or(_PERIOD, at)
        name = "statsPeriod" if self.is_relative else "start"
        if end - start > PERIOD_MAX:
            raise ValidationFailed({name: [f"A period has {PERIOD_MAX.days} days at most."]})
        if start >= at:
            raise ValidationFailed({name: ["The period has not begun yet."]})
        return start, min(end, at)

    def intervals(self, period: Range) -> Sequence[Range]:
        """Return the steps of the series, in whole intervals since 1970; the first and the last may be shorter."""
        starts = time_range.steps(period, self.interval, _INTERVAL)
        if len(starts) > 1 and starts[1] - starts[0] < _INTERVAL_MIN:
            raise ValidationFailed({"interval": ["An interval has a day at least."]})
        edges = [period[0], *starts[1:], period[1]]
        return list(pairwise(edges))

    def environment_id(self, connection: Connection, organization_id: int) -> int | None:
        """Return the id of the environment, None for a default that is unknown. Raise `NotFound` for another one."""
        name = self.environment or DEFAULT_ENVIRONMENT
        known = reports.environment_id(connection, organization_id, name)
        if known is None and self.environment:
            raise NotFound
        return known
