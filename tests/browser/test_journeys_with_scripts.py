"""What people do in a browser, with scripts."""

from collections.abc import Iterator

import pytest
from browser.conftest import OpenPage
from browser.journeys.listing import JOURNEYS, Journey, journey_name
from browser.journeys.person import Person, signed_in_owner
from browser.servers import Server, empty_server
from fuzzing import some_in_each_run
from playwright.sync_api import Browser, Page


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server of their own: they rename and delete what other tests need."""
    with empty_server(tmp_path_factory.mktemp("data")) as running:
        yield running


@pytest.fixture(scope="module")
def owner_page(chromium: Browser, server: Server) -> Iterator[Page]:
    """The page of the owner, for all journeys."""
    yield from signed_in_owner(chromium, server, has_scripts=True)


@pytest.mark.parametrize("journey", some_in_each_run(JOURNEYS, one_in=2), ids=journey_name)
def test_a_person_comes_to_the_end_of(
    journey: Journey, owner_page: Page, server: Server, open_page: OpenPage
) -> None:
    journey(Person(owner_page, server, True, open_page))
