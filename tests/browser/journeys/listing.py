"""All journeys: each is a function of a person, and asserts what the pages then say."""

from collections.abc import Callable

from browser.journeys import (
    account,
    frame,
    issues,
    organization_settings,
    project_settings,
    releases,
)
from browser.journeys.person import Person

Journey = Callable[[Person], None]
JOURNEYS: list[Journey] = [
    *frame.JOURNEYS,
    *releases.JOURNEYS,
    *issues.JOURNEYS,
    *organization_settings.JOURNEYS,
    *project_settings.JOURNEYS,
    *account.JOURNEYS,
]


def journey_name(journey: Journey) -> str:
    """Return the name of a journey, for the tests."""
    return f"{journey.__module__.rpartition('.')[2]}-{journey.__name__}"
