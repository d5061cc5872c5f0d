"""A real Chromium, on real servers."""

from collections.abc import Callable, Iterator

import pytest
from browser.chromium import CHROMIUM, launched, new_context
from browser.servers import Server, empty_server
from playwright.sync_api import Browser, Page

#: Opens a page of a browser; options are those of a context.
OpenPage = Callable[..., Page]


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """The browser; each test has pages of its own in it."""
    if not CHROMIUM.exists():
        pytest.skip(f"there is no {CHROMIUM}")
    with launched() as browser:
        yield browser


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server with an organization that has nothing yet."""
    with empty_server(tmp_path_factory.mktemp("data")) as running:
        yield running


@pytest.fixture
def open_page(chromium: Browser, server: Server) -> Iterator[OpenPage]:
    """Opens pages on the server, which are closed after the test."""
    contexts = []

    def opened(**options: object) -> Page:
        contexts.append(new_context(chromium, server, **options))
        return contexts[-1].new_page()

    yield opened
    for context in contexts:
        context.close()


@pytest.fixture
def page(open_page: OpenPage) -> Page:
    """A page that is not signed in."""
    return open_page()
