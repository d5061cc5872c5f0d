"""A real Chromium, on real servers. A worker starts each once, and stops them when it goes on to another folder.

Playwright runs an event loop in the thread of the tests, which lets no other one begin: it may not outlive the folder.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest
from browser.chromium import CHROMIUM, launched, new_context
from browser.filling import Places, fill_all, fill_all_awkwardly
from browser.servers import Server, empty_server
from playwright.sync_api import Browser, Page, Playwright, sync_playwright

#: Opens a page of a browser; options are those of a context.
OpenPage = Callable[..., Page]


@dataclass(frozen=True)
class FilledServer:
    """A server that has something to show on every page, and the ids that addresses have there."""

    server: Server
    places: Places


@pytest.fixture(scope="package")
def playwright() -> Iterator[Playwright]:
    """What starts browsers: there can be only one in a thread."""
    if not CHROMIUM.exists():
        pytest.skip(f"there is no {CHROMIUM}")
    with sync_playwright() as started:
        yield started


@pytest.fixture(scope="package")
def chromium(playwright: Playwright) -> Iterator[Browser]:
    """The browser; each test has pages of its own in it."""
    with launched(playwright) as browser:
        yield browser


@pytest.fixture(scope="package")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server with an organization, for modules whose releases and repositories have names of their own."""
    with empty_server(tmp_path_factory.mktemp("data")) as running:
        yield running


@pytest.fixture(scope="package")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FilledServer]:
    """A server that is filled as a small company would fill it. Tests change nothing there."""
    with empty_server(tmp_path_factory.mktemp("filled")) as running:
        yield FilledServer(running, fill_all(running))


@pytest.fixture(scope="package")
def filled_awkwardly(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FilledServer]:
    """A server with names that are hard to show. Tests change nothing there."""
    with empty_server(tmp_path_factory.mktemp("awkward")) as running:
        yield FilledServer(running, fill_all_awkwardly(running))


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
