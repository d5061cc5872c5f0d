"""The time zones that a reader can choose for absolute times."""

from collections.abc import Mapping, Sequence
from datetime import UTC, tzinfo
from functools import cache
from zoneinfo import ZoneInfo, available_timezones

from shipmark.infrastructure.groups import grouped

#: The reader's own zone, which only the browser knows: the server writes UTC, and a script shows the zone's time.
BROWSER = "browser"
UTC_NAME = "UTC"
#: The regions with the current names of zones; others have former names and fixed distances from UTC.
_REGIONS = frozenset(
    {
        "Africa", "America", "Antarctica", "Arctic", "Asia", "Atlantic", "Australia", "Europe",
        "Indian", "Pacific",
    }
)  # fmt: skip


@cache
def zones_by_region() -> Mapping[str, Sequence[str]]:
    """Return the names of zones, such as "Europe/Berlin", by region."""
    names = sorted(available_timezones())
    regions = ((name.partition("/")[0], name) for name in names)
    return grouped((region, name) for region, name in regions if region in _REGIONS)


def zone_name(text: str | None) -> str:
    """Return the name of a zone that can be chosen, or else `BROWSER`."""
    name = text or BROWSER
    is_known = name == UTC_NAME or name in zones_by_region().get(name.partition("/")[0], ())
    return name if is_known else BROWSER


def zone(name: str) -> tzinfo:
    """Return the zone in which the server writes times."""
    return UTC if name in {BROWSER, UTC_NAME} else ZoneInfo(name)
