"""What people do in a browser, without scripts: all that can be done, can be done by plain pages."""

from collections.abc import Iterator

import pytest
from browser.conftest import OpenPage
from browser.journeys.listing import JOURNEYS, Journey, journey_name
from browser.journeys.person import Person, signed_in_owner
from browser.servers import Server, empty_server
from playwright.sync_api import Browser, Page

ParameterSet = type(pytest.param())


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server of their own: they rename and delete what other tests need."""
    with empty_server(tmp_path_factory.mktemp("data")) as running:
        yield running


@pytest.fixture(scope="module")
def owner_page(chromium: Browser, server: Server) -> Iterator[Page]:
    """The page of the owner, for all journeys."""
    yield from signed_in_owner(chromium, server, has_scripts=False)


#: The journey of each module that uses most of its forms. All make the same requests as with scripts.
_EXAMPLES = {
    "account-change_the_password",
    "frame-sign_in_and_out",
    "frame-choose_a_theme",
    "issues-change_many_issues",
    "organization_settings-form_a_team",
    "project_settings-set_a_threshold",
    "releases-find_releases",
    "releases-lead_a_release_through_its_life",
}


def _marked(journey: Journey) -> ParameterSet:
    """Leave journeys to CI that are no examples."""
    name = journey_name(journey)
    marks = () if name in _EXAMPLES else pytest.mark.exhaustive
    return pytest.param(journey, id=name, marks=marks)


def test_the_examples_are_journeys() -> None:
    assert {journey_name(journey) for journey in JOURNEYS} >= _EXAMPLES


@pytest.mark.parametrize("journey", [_marked(journey) for journey in JOURNEYS])
def test_a_person_comes_to_the_end_of(
    journey: Journey, owner_page: Page, server: Server, open_page: OpenPage
) -> None:
    journey(Person(owner_page, server, False, open_page))
