"""The browser of the tests, and what a person does in it."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from browser.servers import EMAIL, PASSWORD, Server
from playwright.sync_api import Browser, BrowserContext, Page, Playwright, expect

CHROMIUM = Path("/usr/bin/chromium")
FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


#: What takes longer does not come: a machine that runs other tests too is slower than the defaults expect.
PATIENCE_MILLISECONDS = 90_000


@contextmanager
def launched(playwright: Playwright, *flags: str) -> Iterator[Browser]:
    """Run a browser with further flags until the end of the block."""
    expect.set_options(timeout=PATIENCE_MILLISECONDS)
    browser = playwright.chromium.launch(
        executable_path=str(CHROMIUM), args=[*FLAGS, *flags], timeout=PATIENCE_MILLISECONDS
    )
    yield browser
    browser.close()


def new_context(browser: Browser, server: Server, **options: object) -> BrowserContext:
    """Return a new context of the browser, for pages of the server."""
    context = browser.new_context(base_url=server.address, **options)  # type: ignore[arg-type]
    context.set_default_timeout(PATIENCE_MILLISECONDS)
    return context


def sign_in(page: Page, email: str = EMAIL) -> None:
    """Sign in, by default as the owner of acme."""
    page.goto("/sign-in/")
    page.get_by_label("Email address").fill(email)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url(lambda address: "/sign-in/" not in address)


@contextmanager
def browsing(browser: Browser, server: Server, **options: object) -> Iterator[Page]:
    """Open a page of the server until the end of the block; it may not complain in its console."""
    complaints: list[str] = []
    with new_context(browser, server, **options) as context:
        page = context.new_page()
        page.on("console", lambda message: complaints.append(message.text))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        yield page
    assert complaints == []
